#!/usr/bin/env bash
# How long a whole forecast takes: 200 draws of the coefficients in six modes, APF simulated in three, advice; for the outage's workload and
# for one of forty classes, at 5,000 nodes. There is no peer that answers this question.
#
# usage: PLIMSOLL=BINARY bench/preflight-predict.sh
set -euo pipefail
PLIMSOLL=${PLIMSOLL:?the binary to measure}
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
head='apiVersion: plimsoll/v1
kind: Profile
workload: {kind: DaemonSet, namespace: monitoring, serviceAccount: agent}
recorded: {source: declared}
requests:'
poll='on: period, every: 60s, verb: list, resource: pods, resourceVersion: "0"'
{ echo "$head"; echo "- {id: poll, $poll}"; } >"$WORK/one.yaml"
{ echo "$head"; for number in $(seq 40); do echo "- {id: poll-$number, $poll, limit: $((number * 10))}"; done; } >"$WORK/forty.yaml"
for profile in one forty; do
    for _ in 1 2 3 4 5; do
        begun=$(date +%s%N)
        "$PLIMSOLL" preflight predict "$WORK/$profile.yaml" --nodes 5000 --output json >/dev/null || [ $? -le 3 ]
        echo $((($(date +%s%N) - begun) / 1000000))
    done | sort -n | awk -v p="$profile" '{v[NR] = $1} END {printf "%-6s classes: %d ms (median of 5)\n", p, v[3]}'
done

#!/usr/bin/env bash
# A real collapse beside its forecast: an API server with one core (GOMAXPROCS) gets more and more LISTs of all pods, as more and more
# nodes would send one a minute each, and renewals of a lease are timed. The predicted number of nodes is `loadLine.collapse` of
# `preflight predict` with coefficients calibrated on this very server; the measured one is the first step at which the 99th
# percentile of the renewals passes ten seconds (a renewal that is refused or takes longer than fifteen counts as fifteen).
#
# usage: PLIMSOLL=BINARY bench/preflight-collapse.sh [PODS]
set -euo pipefail
cd "$(dirname "$0")/.."
PLIMSOLL=$(realpath "${PLIMSOLL:?the binary to measure}")
PODS=${1:-3000} STEP_SECONDS=${STEP_SECONDS:-60}
WORK=$(mktemp -d)
testbed() { testbed/testbed --dir "$WORK/tb" "$@"; }
stop_all() { kill $(jobs -p) 2>/dev/null || true; }
trap 'stop_all; testbed down >/dev/null 2>&1; rm -rf "$WORK"' EXIT
APISERVER_GOMAXPROCS=1 testbed up --nodes 100 --pods "$PODS" --no-kubelet 2>&1 | tail -1
source "$WORK/tb/env"
kubectl() { testbed kubectl "$@"; }
# The API server counts its objects once a minute.
sleep 100
"$PLIMSOLL" preflight calibrate --kubeconfig "$KUBECONFIG" --out "$WORK/model.yaml" --seconds 120 2>&1 | tail -1 || [ -s "$WORK/model.yaml" ]

cat >"$WORK/profile.yaml" <<'TEXT'
apiVersion: plimsoll/v1
kind: Profile
workload: {kind: DaemonSet, namespace: collapse, serviceAccount: agent}
recorded: {source: declared}
requests:
- {id: poll, on: period, every: 60s, jitter: 60s, verb: list, resource: pods, resourceVersion: "0", accept: json}
TEXT
"$PLIMSOLL" preflight predict "$WORK/profile.yaml" --kubeconfig "$KUBECONFIG" --model "$WORK/model.yaml" --write-cluster "$WORK/cluster.yaml" --nodes 100 \
    --output json >/dev/null 2>&1 || [ $? -le 3 ]
# The pods stay as many as they are: the nodes that ask are played. What the cluster does by itself stays as well.
base=$(awk '/^baseCpu:/ {print $2}' "$WORK/cluster.yaml" | tr -d '"' | awk -F'[*]' '{print $1 * 100}')
awk -v pods="$PODS" -v base="$base" '/^  [a-z]/ {mine = /^  pods:/} mine && /objects:/ {print "    objects: " pods; next} /^baseCpu:/ {print "baseCpu: " base; next} {print}' "$WORK/cluster.yaml" >"$WORK/fixed.yaml"
predicted=$("$PLIMSOLL" preflight predict "$WORK/profile.yaml" --cluster "$WORK/fixed.yaml" --model "$WORK/model.yaml" --nodes 100 --output json | jq '.loadLine.collapse.p50 | round' || true)
echo "# predicted: the CPU is used up at $predicted nodes (base $base cores)"

kubectl create namespace collapse >/dev/null
kubectl -n collapse create serviceaccount agent >/dev/null
kubectl create clusterrolebinding collapse-agent --clusterrole view --serviceaccount collapse:agent >/dev/null
TOKEN=$(kubectl -n collapse create token agent)
ADMIN=$(awk -F, '$2 == "admin" {print $1}' "$WORK/tb/tokens.csv")
# Renewals come as a kubelet's do: its group, and so its priority level.
kubelet=(-H "Authorization: Bearer $ADMIN" -H "Impersonate-User: system:node:collapse" -H "Impersonate-Group: system:nodes")
curl -sk -o /dev/null -H "Authorization: Bearer $ADMIN" -H 'Content-Type: application/json' "$APISERVER/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases" \
    -d '{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"collapse"},"spec":{"holderIdentity":"collapse"}}'
renew() {
    curl -sk -o /dev/null --max-time 15 -w '%{http_code} %{time_total}\n' "${kubelet[@]}" -X PATCH -H 'Content-Type: application/merge-patch+json' \
        "$APISERVER/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/collapse" -d '{"spec":{"leaseDurationSeconds":'$((40 + RANDOM % 9))'}}' || true
}
# Open loop: nodes do not wait for each other. NODES SECONDS
lists() {
    local pause
    pause=$(awk -v n="$1" 'BEGIN {print 60 / n}')
    local until=$((SECONDS + $2))
    while [ "$SECONDS" -lt "$until" ]; do
        curl -sk -o /dev/null --max-time 60 -H "Authorization: Bearer $TOKEN" "$APISERVER/api/v1/pods?resourceVersion=0" &
        sleep "$pause"
    done
}
cpu() { awk '{print ($14 + $15) / 100}' "/proc/$APISERVER_PID/stat"; }
measured=
for percent in 50 75 90 100 110 125 150 200; do
    nodes=$((predicted * percent / 100))
    lists "$nodes" "$STEP_SECONDS" 2>/dev/null &
    crowd=$!
    : >"$WORK/renewals"
    before=$(cpu) begun=$SECONDS
    until=$((SECONDS + STEP_SECONDS))
    while [ "$SECONDS" -lt "$until" ]; do renew >>"$WORK/renewals" & sleep 0.5; done
    used=$(awk -v a="$before" -v b="$(cpu)" -v s="$((SECONDS - begun))" 'BEGIN {printf "%.2f", (b - a) / s}')
    wait "$crowd" || true
    sleep 16
    pkill -f 'api/v1/pods.resourceVersion=0' 2>/dev/null || true
    p99=$(awk '{print ($1 == 200) ? $2 : 15}' "$WORK/renewals" | sort -n | awk '{v[NR] = $1} END {print v[int(NR * 0.99) < 1 ? 1 : int(NR * 0.99)]}')
    printf '%4d nodes (%3d %% of predicted): %s cores used, p99 of %d renewals %s s\n' "$nodes" "$percent" "$used" "$(wc -l <"$WORK/renewals")" "$p99"
    if awk -v p="$p99" 'BEGIN {exit !(p >= 10)}'; then measured=$nodes; break; fi
    sleep 20
done
[ -n "$measured" ] && awk -v p="$predicted" -v m="$measured" 'BEGIN {printf "predicted %d nodes, measured %d nodes, ratio %.2f\n", p, m, p / m}' ||
    echo "no collapse up to twice the predicted number of nodes"

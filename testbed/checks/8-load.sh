#!/usr/bin/env bash
# The live forecast on a real API server with its audit webhook, on a testbed of its own: a quiet cluster raises nothing, then a
# workload on "every node" begins to list all pods, and the hub says who it is, that it grows with the square, and how soon.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
export TESTBED_DIR=${LOAD_DIR:-${TMPDIR:-/tmp}/plimsoll-load-$$}
export AUDIT_WEBHOOK=127.0.0.1:$((30000 + RANDOM % 2000))
QUIET_SECONDS=${QUIET_SECONDS:-120}
PIDS=()
down() { kill "${PIDS[@]}" 2>/dev/null || true; "$ROOT/testbed/testbed" --dir "$TESTBED_DIR" down >/dev/null 2>&1; }
trap down EXIT
"$ROOT/testbed/testbed" --dir "$TESTBED_DIR" up --nodes 20 --pods 600 --no-kubelet 2>&1 | tail -1
source "$(dirname "$0")/lib.sh"

begin "live forecast"
TELEMETRY=127.0.0.1:$((32000 + RANDOM % 700))
"$PLIMSOLL" hub --kubeconfig "$HUB_KUBECONFIG" --port 0 --telemetry-port "${TELEMETRY##*:}" --load-watch --audit-listen "$AUDIT_WEBHOOK" >"$WORK/hub.log" 2>&1 &
PIDS+=($!)
top() { "$PLIMSOLL" top --hub "$TELEMETRY" "$@"; }
field() { top --output json | grep -m1 "\"$1\"" | tr -dc '0-9.'; }
has_read() { [ "$(field nodes | cut -d. -f1)" -ge 20 ]; } 2>/dev/null
alerts() { top --output json | sed -n '/"alerts"/,/]/p'; }
within 100 "the API server counts its objects once a minute: 20 nodes" has_read
audited() { top --output json | grep -q '"who": "plimsoll/plimsoll-hub"'; }
within 30 "audit events have names" audited

for _ in $(seq $((QUIET_SECONDS / 10))); do sleep 10; alerts >>"$WORK/quiet"; done
expect "quiet for $QUIET_SECONDS s: no alert" test "$(grep -c '"name"' "$WORK/quiet" || true)" = 0

kubectl create namespace telemetry >/dev/null
kubectl -n telemetry create serviceaccount agent >/dev/null
kubectl create clusterrolebinding telemetry-agent --clusterrole view --serviceaccount telemetry:agent >/dev/null
TOKEN=$(kubectl -n telemetry create token agent)
list_forever() { while :; do curl -sk -o /dev/null --max-time 20 --interface "127.0.0.$1" -H "Authorization: Bearer $TOKEN" "$APISERVER/api/v1/pods?resourceVersion=0"; sleep 1; done; }
for node in $(seq 20); do list_forever $((node + 1)) & PIDS+=($!); done
named() { alerts | grep -A1 ApiserverCostChanged | grep -q telemetry/agent; }
within 31 "20 nodes list all pods every second: ApiserverCostChanged of telemetry/agent" named
sleep 10
top --once
# "apiserverCores" and "exponent" of the row after its name.
row() { top --output json | grep -A6 '"who": "telemetry/agent"' | grep "\"$1\"" | tr -dc '0-9.'; }
expect "its cost grows with the square of the nodes ($(row exponent))" awk -v e="$(row exponent)" 'BEGIN {exit !(e > 1.8 && e < 2.2)}'
expect "it has 20 copies" test "$(row copies)" = 20
awk -v a="$(row apiserverCores)" -v m="$(field apiserverCores)" 'BEGIN {printf "priced %.3f cores of %.3f that the API server uses in all\n", a, m}'
for metric in measured predicted limit; do
    expect "plimsoll_loadline_$metric" test "$(count "http://$TELEMETRY/metrics" "^plimsoll_loadline_$metric\{dimension=\"cpu\"\}")" = 1
done
requests=$(grep -c '"requestURI":"/metrics"' "$AUDIT_LOG" || true)
expect "it reads the API server's metrics once in 7.5 s ($requests lines in the audit log)" test "$requests" -lt 200
finish

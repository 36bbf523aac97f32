#!/usr/bin/env bash
# Rollouts on a real API server with real processes, on a testbed of its own. A first install whose processes list all pods is
# stopped on its first node by the hub's own attribution. Then, in mid-trial of a good one, API server and hub are killed: its
# node goes back alone, by its deadline.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
export TESTBED_DIR=${ROLLOUT_DIR:-${TMPDIR:-/tmp}/plimsoll-rollout-$$}
export AUDIT_WEBHOOK=127.0.0.1:$((30000 + RANDOM % 2000))
NODES=20
PIDS=()
down() { kill "${PIDS[@]}" 2>/dev/null || true; "$ROOT/testbed/testbed" --dir "$TESTBED_DIR" down >/dev/null 2>&1; }
trap down EXIT
"$ROOT/testbed/testbed" --dir "$TESTBED_DIR" up --nodes $NODES --pods 600 --no-kubelet 2>&1 | tail -1
source "$(dirname "$0")/lib.sh"

begin "rollouts"
TELEMETRY=127.0.0.1:$(testbed port) AGENTS=127.0.0.1:$(testbed port)
"$PLIMSOLL" rollout keygen "$WORK/keys" >/dev/null
mkdir -p "$WORK/rollouts"
"$PLIMSOLL" hub --kubeconfig "$HUB_KUBECONFIG" --port 0 --telemetry-port "${TELEMETRY##*:}" --load-watch --audit-listen "$AUDIT_WEBHOOK" \
    --agents-listen "$AGENTS" --insecure-loopback --rollouts-dir "$WORK/rollouts" --rollouts-state-dir "$WORK/rollout-state" \
    --rollouts-key "$WORK/keys/rollout.key" >"$WORK/hub.log" 2>&1 &
HUB=$!
PIDS+=("$HUB")
number=1
for node in $(kubectl get nodes -o 'jsonpath={.items[*].metadata.name}'); do
    number=$((number + 1))
    "$PLIMSOLL" agent --node-name "$node" --listen 127.0.0.1:0 --hub "$AGENTS" --insecure-loopback --gate-keys "$WORK/keys/rollout.pub" \
        --gate-state-dir "$WORK/state-$node" --gate-run-dir "$WORK/run-$node" >"$WORK/agent-$node.log" 2>&1 &
    PIDS+=($!)
    # Each of the workload's processes has an address of its own, as on nodes of their own.
    ADDRESS=127.0.0.$number "$PLIMSOLL" gate --name agent --gate-dir "$WORK/run-$node/gate" >"$WORK/gate-$node.log" 2>&1 &
    PIDS+=($!)
done

kubectl create namespace telemetry >/dev/null
kubectl -n telemetry create serviceaccount agent >/dev/null
kubectl create clusterrolebinding telemetry-agent --clusterrole view --serviceaccount telemetry:agent >/dev/null
TOKEN=$(kubectl -n telemetry create token agent)

# apply COMMAND: the document of a rollout whose revision is this shell command.
apply() {
    cat >"$WORK/rollouts/new" <<DOCUMENT
apiVersion: plimsoll.dev/v1alpha1
kind: DaemonRollout
metadata: { name: agent, namespace: telemetry }
spec:
  workload: agent
  revision: { command: [sh, -c, '$1'] }
  maskingHorizon: 0s
  confirm: { timeout: 60s, startSpread: 0s, revertSpread: 10s }
  strategy: { canary: { steps: [{ setNodes: 1 }, { bake: {} }, { setNodes: 4 }, { setNodes: 100% }] } }
  gates:
    - name: api-cost
      metric: { url: 'http://$TELEMETRY/metrics', series: 'plimsoll_load_cores{who="telemetry/agent"}', absent: 0 }
      max: 0.5
      predict: true
      failureLimit: 2
    - name: api-health
      metric: { url: 'http://$TELEMETRY/metrics', series: plimsoll_load_age_seconds }
      max: 30
      failureLimit: 1
DOCUMENT
    mv "$WORK/rollouts/new" "$WORK/rollouts/agent.yaml"
}
field() { "$PLIMSOLL" rollout --hub "$TELEMETRY" list --json | grep -m1 "\"$1\"" | tr -d ' ",' | cut -d: -f2; }
is() { [ "$(field "$1")" = "$2" ]; }
# p99 of 200 GETs of the administrator, in milliseconds.
p99() {
    for _ in $(seq 200); do
        curl -sk -o /dev/null --max-time 20 -w '%{time_total}\n' -H "Authorization: Bearer $TOKEN" "$APISERVER/api/v1/namespaces/default"
    done | sort -n | awk '{all[NR] = $1 * 1000} END {printf "%.1f\n", all[int(NR * 0.99)]}'
}
# Before the API server has counted its objects, which it does once a minute, a LIST of them has the price of none.
has_counted() { [ "$("$PLIMSOLL" top --hub "$TELEMETRY" --output json | grep -m1 '"nodes"' | tr -dc '0-9.' | cut -d. -f1)" -ge $NODES ]; }
within 100 "the API server has counted its objects" has_counted
before=$(p99)

apply "while :; do curl -sk -o /dev/null --max-time 20 --interface \$ADDRESS -H \"Authorization: Bearer $TOKEN\" $APISERVER/api/v1/pods; sleep 0.3; done"
within 60 "a first install that lists all pods: one node runs it" is activeNodes 1
within 60 "it is stopped" is phase Degraded
"$PLIMSOLL" rollout --hub "$TELEMETRY" explain telemetry/agent
expect "by what it would cost with all nodes or does cost ($(field reason))" grep -qE 'PredictedOverBudget|MeasuredOverBudget' <(field reason)
within 30 "no node runs it" is activeNodes 0
tries=0
for dir in "$WORK"/run-*; do
    # What a node stopped by a directive in mid-trial it counts as given up.
    if "$PLIMSOLL" node --run-dir "$dir" status 2>/dev/null | grep -q ' failed'; then tries=$((tries + 1)); fi
done
expect "nodes that tried it: $tries of $NODES" test "$tries" = 1
after=$(p99)
expect "p99 of a GET: $before ms before, $after ms after" awk -v a="$after" -v b="$before" 'BEGIN {exit !(a < 2 * b + 20)}'

apply "exec sleep 100000"
within 60 "a good one: one node tries it" is activeNodes 1
tried=
for dir in "$WORK"/run-*; do
    if "$PLIMSOLL" node --run-dir "$dir" status 2>/dev/null | grep -q ' Trial '; then tried=$dir; fi
done
testbed kill apiserver
kill -9 "$HUB"
"$PLIMSOLL" node --run-dir "$tried" status
is_back() { "$PLIMSOLL" node --run-dir "$tried" status | grep -qE '^agent +Idle'; }
expect "API server and hub killed: it is on trial" test -n "$tried"
within 140 "it is gone by its deadline" is_back
"$PLIMSOLL" node --run-dir "$tried" status
finish

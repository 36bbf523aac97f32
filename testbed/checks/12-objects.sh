#!/usr/bin/env bash
# Rollouts as objects of a real API server, on a testbed of its own: the kinds and their rules, a hub that steers with no more
# rights than deploy/ gives it, people's verbs, a takeover by a hub with an empty disk, what is written meanwhile. And the
# cluster's DNS (a real CoreDNS) dies behind a cache that answers for 20 minutes: a rollout sees it all the same.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
export TESTBED_DIR=${OBJECTS_DIR:-${TMPDIR:-/tmp}/plimsoll-objects-$$}
PIDS=()
down() { kill "${PIDS[@]}" 2>/dev/null || true; "$ROOT/testbed/testbed" --dir "$TESTBED_DIR" down >/dev/null 2>&1; }
trap down EXIT
"$ROOT/testbed/testbed" --dir "$TESTBED_DIR" up --nodes 3 --pods 3 --no-kubelet 2>&1 | tail -1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/dns.sh"

begin "rollouts as objects"
TELEMETRY=127.0.0.1:$(testbed port)
AGENTS=127.0.0.1:$(testbed port) PAGE=$(testbed port)
"$PLIMSOLL" rollout keygen "$WORK/keys" >/dev/null
kubectl apply -f "$ROOT/deploy/rollout/crds.yaml" -f "$ROOT/deploy/rollout/hub-rollouts.yaml" >/dev/null
kubectl wait --for condition=Established crd/daemonrollouts.plimsoll.dev crd/loadlines.plimsoll.dev --timeout=30s >/dev/null
kubectl create namespace logs >/dev/null

HUB=
hub() { # hub NAME: with a folder of its own
    "$PLIMSOLL" hub --kubeconfig "$HUB_KUBECONFIG" --port 0 --telemetry-port "${TELEMETRY##*:}" --agents-listen "$AGENTS" --insecure-loopback \
        --rollouts-objects --rollouts-state-dir "$WORK/$1" --rollouts-key "$WORK/keys/rollout.key" \
        --dns-probe "127.0.0.1:$COREDNS_PORT" >"$WORK/$1.log" 2>&1 &
    HUB=$!
    PIDS+=("$HUB")
}
# A page for the gate to ask that outlives the hubs.
mkdir -p "$WORK/page"
echo "cost 1" >"$WORK/page/metrics"
(cd "$WORK/page" && exec busybox httpd -f -p "127.0.0.1:$PAGE") &
PIDS+=($!)
ensure_coredns
# As kubeadm has it but for the TTL: caches may hold what it says for 20 minutes.
sed -i 's/ttl 30/ttl 1200/; s/cache 30/cache 1200/' "$WORK/Corefile"
testbed kill coredns
testbed start coredns
reload
hub first
for node in $(kubectl get nodes -o 'jsonpath={.items[*].metadata.name}'); do
    "$PLIMSOLL" agent --node-name "$node" --listen 127.0.0.1:0 --hub "$AGENTS" --insecure-loopback --gate-keys "$WORK/keys/rollout.pub" \
        --gate-state-dir "$WORK/state-$node" --gate-run-dir "$WORK/run-$node" >"$WORK/agent-$node.log" 2>&1 &
    PIDS+=($!)
    "$PLIMSOLL" gate --name vector --gate-dir "$WORK/run-$node/gate" >"$WORK/gate-$node.log" 2>&1 &
    PIDS+=($!)
done

# document [STEP] [GATE]: with something in their place.
document() {
    cat <<DOCUMENT
apiVersion: plimsoll.dev/v1alpha1
kind: DaemonRollout
metadata: { name: vector, namespace: logs }
spec:
  workload: vector
  revision: { command: [sleep, "1000"] }
  maskingHorizon: 0s
  confirm: { startSpread: 0s, revertSpread: 1s }
  strategy: { canary: { steps: [${1:-{ setNodes: 1 \}}, { pause: {} }, { setNodes: 100% }] } }
  gates: [{ name: cost, metric: { url: "http://127.0.0.1:$PAGE/metrics", series: cost }, ${2:-max: 10}, interval: 1, failureLimit: 2 }]
DOCUMENT
}
refuses() { local said; said=$(document "$1" "$2" | kubectl apply -f - 2>&1) && return 1; grep -q "$3" <<<"$said"; }
expect "a step of two kinds is refused by the API server" refuses '{ setNodes: 1, pause: {} }' 'max: 10' 'exactly one of setNodes'
expect "a gate without a limit is refused by the API server" refuses '{ setNodes: 1 }' 'interval: 2' 'exactly one of max and min'
status() { kubectl -n logs get daemonrollout vector -o "jsonpath={.status.$1}"; }
is() { [ "$(status "$1")" = "$2" ]; }
verb() { "$PLIMSOLL" rollout --kubeconfig "$KUBECONFIG" "$@" 2>/dev/null; }

document | kubectl apply -f - >/dev/null
mark=$(wc -l <"$AUDIT_LOG")
within 60 "the first node runs it" is activeNodes 1
within 120 "the rollout pauses" is phase Paused
kill -9 "$HUB"
hub second
verb promote logs/vector >/dev/null
within 120 "another hub, with nothing on its disk, goes on: all nodes run it" is activeNodes 3
expect "it did not begin again" test "$(status currentStepIndex)" -gt 3
within 120 "it is healthy" is phase Healthy
expect "kubectl can wait for it" kubectl -n logs wait --for condition=Healthy daemonrollout/vector --timeout=1s
expect "plimsoll rollout status ends with 0" verb status logs/vector
good=$(status updateRevision)
document | sed 's/"1000"/"2000"/' | kubectl apply -f - >/dev/null
is_tried() { [ "$(status updateRevision)" != "$good" ] && is activeNodes 1; }
within 60 "another revision: the first node tries it" is_tried
verb undo logs/vector >/dev/null
is_undone() { is updateRevision "$good" && is activeNodes 3; }
within 60 "undo: all nodes run what was healthy before" is_undone
expect "its history has three entries" test "$(verb history logs/vector | tail -n +2 | wc -l)" = 3
verb abort logs/vector >/dev/null
within 30 "an abort: no node runs it" is activeNodes 0
within 30 "and the object says so" is phase Degraded
verb retry vector -n nobody >/dev/null && not_ok "an object that is not there" || ok "an object that is not there is an error"
expect "events, one for each reason" test "$(kubectl -n logs get events -o name | wc -l)" -le 6
kubectl -n logs get events -o 'custom-columns=REASON:.reason,COUNT:.count,MESSAGE:.message' --no-headers | sed 's/^/        /'
writes() { tail -n "+$mark" "$AUDIT_LOG" | jq -r --arg hub "$HUB_USER" "select(.user.username == \$hub and .stage == \"ResponseComplete\" and (.verb | test(\"patch|create|update|delete\"))) | .objectRef.resource + \"/\" + (.objectRef.subresource // \"\")" | sort | uniq -c; }
echo "        the hub's writes, by kind:"
writes | sed 's/^/        /'
expect "the hub's writes of rollouts' states: fewer than 60" test "$(writes | awk '/daemonrollouts/ {n += $1} END {print n + 0}')" -lt 60
expect "none was refused" test "$(tail -n "+$mark" "$AUDIT_LOG" | jq -r --arg hub "$HUB_USER" 'select(.user.username == $hub and .responseStatus.code == 403) | .requestURI' | wc -l)" = 0

# --- cluster DNS dies behind a cache
verb undo logs/vector --clear >/dev/null
CACHE=127.0.0.1:$(testbed port)
cat >"$WORK/cache.conf" <<CONFIG
server:
    interface: ${CACHE%:*}@${CACHE##*:}
    do-not-query-localhost: no
    module-config: "iterator"
    local-zone: "local." transparent
    use-syslog: no
    username: ""
    chroot: ""
    pidfile: ""
    directory: "$WORK"
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@$COREDNS_PORT
CONFIG
unbound -d -c "$WORK/cache.conf" >"$WORK/cache.log" 2>&1 &
PIDS+=($!)
cached() { dig +short +time=2 +tries=1 "@${CACHE%:*}" -p "${CACHE##*:}" kubernetes.default.svc.cluster.local | grep -q .; }
within 20 "a cache in front of the cluster's DNS answers" cached
with_dns() {
    document | sed 's/"1000"/"3000"/; s/^  workload: vector/&\n  aborted: false/' | sed "s#^  gates: \[#&{ name: dns, metric: { url: 'http://$TELEMETRY/metrics', series: 'plimsoll_dns_probe_success{proto=\"udp\"}' }, min: 1, interval: 2, failureLimit: 1 }, #"
}
with_dns | kubectl apply -f - >/dev/null
is_third() { [ "$(status updateRevision)" != "$good" ] && is activeNodes 1 && is phase Progressing; }
within 90 "a revision with a gate on the cluster's DNS: the first node runs it" is_third
testbed kill coredns
expect "the cache goes on answering" cached
within 30 "cluster DNS dead behind a cache: the rollout has stopped" is phase Degraded
expect "no further node was given it" test "$(status assignedNodes)" -le 1
expect "the cache still answers" cached
within 60 "no node runs it any more" is activeNodes 0
finish

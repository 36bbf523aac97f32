#!/usr/bin/env bash
# The fuse on a real kubelet's pods: their traffic to the real API server is counted, limited, cut and let through again, and
# nobody else's is touched. The API server listens on loopback: a DNAT rule of this check leads pods to it, as kube-proxy's
# rules lead them to an endpoint.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

PORT=${APISERVER##*:}
GATEWAY=${POD_SUBNET%.0/24}.1
RUN=$WORK/run-fuse
AGENT=
FUSE_HUB=
FUSE_TELEMETRY=127.0.0.1:$(testbed port)
FUSE_AGENTS=127.0.0.1:$(testbed port)
NEIGHBOUR_GROUP=
fuse() { "$PLIMSOLL" node --run-dir "$RUN" fuse "$@" 2>/dev/null; }
down() {
    [ -z "$FUSE_HUB" ] || kill "$FUSE_HUB" 2>/dev/null || true
    [ -z "$AGENT" ] || kill -9 "$AGENT" 2>/dev/null || true
    kubectl -n real delete daemonset neighbour --wait=false >/dev/null 2>&1 || true
    nft delete table ip plimsoll-check 2>/dev/null || true
    nft delete table inet plimsoll-fuse 2>/dev/null || true
}
trap down EXIT

start_agent() {
    "$PLIMSOLL" agent --node-name "$NODE" --listen 127.0.0.1:0 --pods-api-socket "$PODS_API_SOCK" --cri-socket "$CONTAINERD_SOCK" \
        --kubelet-read-only-port 0 --hub "$FUSE_AGENTS" --insecure-loopback --fuse --fuse-run-dir "$RUN/fuse" --fuse-api-server "127.0.0.1:$PORT" >"$WORK/fuse-agent.log" 2>&1 &
    AGENT=$!
}
# field WORKLOAD NAME: of the fuse's status.
field() { fuse status --json | jq -r --arg workload "$1" ".workloads[\$workload].$2"; }
is() { [ "$(field "$1" "$2")" = "$3" ]; }
armed() { fuse status --json | jq -e '.isArmed and .workloads["real/Deployment/talker"].places == 2' >/dev/null; }
container() { kubectl -n real get pods -l "app=$1" -o "jsonpath={.items[$2].status.containerStatuses[0].containerID}" | sed 's#.*//##'; }
# The process of a container: the one in its group.
process_of() { head -n 1 "$(find /sys/fs/cgroup/memory /sys/fs/cgroup -maxdepth 6 -type d -name "*$1*" 2>/dev/null | head -n 1)/cgroup.procs"; }

# A node's neighbour: a pod that shares the node's network, as collectors do.
kubectl -n real apply -f - >/dev/null <<DOCUMENT
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: neighbour, namespace: real }
spec:
  selector: { matchLabels: { app: neighbour } }
  template:
    metadata: { labels: { app: neighbour } }
    spec:
      hostNetwork: true
      nodeSelector: { plimsoll.dev/testbed: node }
      terminationGracePeriodSeconds: 1
      automountServiceAccountToken: false
      containers: [{ name: idle, image: localhost/busybox:1, imagePullPolicy: Never, command: [/busybox, sleep, "100000"] }]
DOCUMENT

rm -rf "$RUN"
nft delete table inet plimsoll-fuse 2>/dev/null || true
mkdir -p "$RUN"
begin "the fuse on $NODE"
before=$(nft list ruleset | sort)
sysctl -qw "net.ipv4.conf.$CNI_BRIDGE.route_localnet=1"
nft -f - <<RULES
table ip plimsoll-check {
  chain to_server { type nat hook prerouting priority dstnat; iifname "$CNI_BRIDGE" ip daddr $GATEWAY tcp dport 6443 dnat to 127.0.0.1:$PORT; }
}
RULES
kubectl -n real rollout status daemonset/neighbour --timeout=60s >/dev/null
kubectl -n real create serviceaccount reader --dry-run=client -o yaml | kubectl apply -f - >/dev/null
kubectl create clusterrolebinding fuse-reader --clusterrole cluster-admin --serviceaccount real:reader --dry-run=client -o yaml |
    kubectl apply -f - >/dev/null
TOKEN=$(kubectl -n real create token reader --duration 1h)
ONE=$(process_of "$(container talker 0)")
OTHER=$(process_of "$(container talker 1)")
NEIGHBOUR=$(process_of "$(container neighbour 0)")
NEIGHBOUR_GROUP=$(sed -n 's/^0:://p' "/proc/$NEIGHBOUR/cgroup")
UNIFIED=/sys/fs/cgroup
[ ! -d /sys/fs/cgroup/unified ] || UNIFIED=/sys/fs/cgroup/unified

# A document of some megabytes, from the API server's memory.
in_pod() { local process=$1; shift; nsenter --target "$process" --net -- curl -sk -H "Authorization: Bearer $TOKEN" "$@"; }
PAGE=https://$GATEWAY:6443/openapi/v2
as_neighbour() { bash -c 'echo $$ >"$0/cgroup.procs"; exec curl -sk -H "Authorization: Bearer $1" "${@:2}"' "$UNIFIED$NEIGHBOUR_GROUP" "$TOKEN" "$@"; }
received() { nsenter --target "$1" --net -- awk -F'[: ]+' '/eth0/ {print $3}' /proc/net/dev; }
retransmitted() { nsenter --target "$1" --net -- awk '/^Tcp:/ && $2 ~ /[0-9]/ {print $13}' /proc/net/snmp; }
lease() { kubectl -n kube-node-lease get lease "$NODE" -o 'jsonpath={.spec.renewTime}'; }
about() { awk -v is="$1" -v low="$2" -v high="$3" 'BEGIN {exit !(is >= low && is <= high)}'; }

"$PLIMSOLL" rollout keygen "$RUN/keys" >/dev/null
mkdir -p "$RUN/documents"
cat >"$RUN/documents/line.yaml" <<DOCUMENT
apiVersion: plimsoll.dev/v1alpha1
kind: LoadLine
metadata: { name: neighbour }
spec:
  workloadRef: { namespace: real, kind: DaemonSet, name: neighbour }
  budget: { responseBytesPerSecond: 100Gi, connectionsPerSecond: 100000 }
DOCUMENT
"$PLIMSOLL" hub --kubeconfig "$HUB_KUBECONFIG" --port 0 --telemetry-port "${FUSE_TELEMETRY##*:}" --agents-listen "$FUSE_AGENTS" \
    --insecure-loopback --rollouts-dir "$RUN/documents" --rollouts-state-dir "$RUN/hub" --rollouts-key "$RUN/keys/rollout.key" \
    >"$WORK/fuse-hub.log" 2>&1 &
FUSE_HUB=$!
start_agent
within 30 "the fuse is armed and knows the pods" armed

# --- counts
sent=$(in_pod "$ONE" -o /dev/null -w '%{size_download}' "$PAGE")
counted() { about "$(field real/Deployment/talker downBytes)" "$sent" "$((sent * 11 / 10))"; }
within 10 "what a pod received ($sent bytes) is counted, with its headers, within 10 %" counted
sent=$(as_neighbour -o /dev/null -w '%{size_download}' "$APISERVER/openapi/v2")
neighbour_counted() { about "$(field real/DaemonSet/neighbour downBytes)" "$sent" "$((sent * 11 / 10))"; }
within 10 "what a pod in the host's network received ($sent bytes) is counted by its cgroup" neighbour_counted
expect "only workloads are counted: the kubelet is none" test "$(fuse status --json | jq -r '.workloads | keys[]' | grep -vc '^real/')" = 0

# --- limits: one Deployment's two pods share a limit, so the neighbour is the one that is not limited
rate=1000000
fuse limit real/Deployment/talker --bytes-per-second $rate --why check >/dev/null
is real/Deployment/talker mode limit || not_ok "the order is followed"
leased=$(lease)
loads=()
for _ in 1 2 3 4; do
    (while :; do in_pod "$ONE" -o /dev/null --max-time 60 "$PAGE" || true; done) &
    loads+=($!)
done
sleep 3
from=$(received "$ONE") begun=$(milliseconds)
failures=0 others=0
while [ $(($(milliseconds) - begun)) -lt 20000 ]; do
    as_neighbour -o /dev/null --max-time 5 "$APISERVER/openapi/v2" || failures=$((failures + 1))
    others=$((others + 1))
done
bytes=$(($(received "$ONE") - from)) took=$(($(milliseconds) - begun))
kill "${loads[@]}" 2>/dev/null || true
pkill -f "$PAGE" 2>/dev/null || true
wait "${loads[@]}" 2>/dev/null || true
measured=$((bytes * 1000 / took))
echo "        limit $rate bytes/s, measured at the pod's interface over $took ms: $measured bytes/s"
expect "the limit is held within 10 %" about "$measured" $((rate * 9 / 10)) $((rate * 11 / 10))
expect "a neighbour in the host's network made $others requests meanwhile, $failures failed" test "$failures" = 0
expect "nothing of the neighbour's was dropped" is real/DaemonSet/neighbour droppedBytes 0
expect "the kubelet renewed its lease" test "$(lease)" != "$leased"
fuse restore real/Deployment/talker >/dev/null

fleet() { get "http://$FUSE_TELEMETRY/metrics" | grep -F 'plimsoll_fleet_api_bytes_per_second{' | grep -F "workload=\"$1\"" | awk '{print $NF}'; }
adds_up() { awk -v bytes="$(fleet talker)" 'BEGIN {exit !(bytes > 100000)}'; }
within 30 "the hub knows what a workload exchanges on all nodes" adds_up
has_share() { [ "$(field real/DaemonSet/neighbour share.connectionsPerSecond)" -gt 0 ]; }
within 30 "a LoadLine at the hub is a share on the node" has_share

# --- nobody else is touched: the other workload is limited, this one loses not a packet
fuse limit real/DaemonSet/neighbour --bytes-per-second 50000 >/dev/null
lost=$(retransmitted "$OTHER")
(while :; do as_neighbour -o /dev/null --max-time 60 "$APISERVER/openapi/v2" || true; done) &
load=$!
sleep 2
failures=0
for _ in $(seq 50); do in_pod "$OTHER" -o /dev/null --max-time 5 "$PAGE" || failures=$((failures + 1)); done
kill "$load" 2>/dev/null || true
pkill -f "$APISERVER/openapi/v2" 2>/dev/null || true
wait "$load" 2>/dev/null || true
expect "50 requests of another workload: $failures failed, no segment was sent twice" test "$failures $(retransmitted "$OTHER")" = "0 $lost"
expect "nothing of it was dropped" is real/Deployment/talker droppedBytes "$(field real/Deployment/talker droppedBytes)"
fuse restore real/DaemonSet/neighbour >/dev/null

# --- a share trips by itself
sleep 12
fuse share real/Deployment/talker --bytes-per-second 300000 --connections-per-second 50 >/dev/null
expect "under a share nothing is limited yet" is real/Deployment/talker mode observe
(while :; do in_pod "$ONE" -o /dev/null --max-time 60 "$PAGE" || true; done) &
load=$!
within 30 "a workload that uses more than its share is limited, by itself" is real/Deployment/talker reason overShare
kill "$load" 2>/dev/null || true
pkill -f "$PAGE" 2>/dev/null || true
wait "$load" 2>/dev/null || true
fuse exempt real/Deployment/talker >/dev/null

# --- cuts
(in_pod "$ONE" -N -o /dev/null "https://$GATEWAY:6443/api/v1/pods?watch=true" || true) &
watch=$!
sleep 2
expect "a watch is open" test "$(ss -Htn state established "sport = :$PORT" | grep -c "${GATEWAY%.1}")" -gt 0
fuse cut real/Deployment/talker --why check >/dev/null
# The API server learns of it when it has something to say: a change makes it speak.
kubectl -n real label pods -l app=neighbour "check=$RANDOM" --overwrite >/dev/null
open_connections() { ss -Htn state established "sport = :$PORT and dst $(address_of "$ONE")" | wc -l; }
address_of() { nsenter --target "$1" --net -- ip -4 -o addr show eth0 | awk '{sub("/.*", "", $4); print $4}'; }
none_is_open() { [ "$(open_connections)" = 0 ]; }
within 15 "a cut ends an open watch on the API server's side" none_is_open
kill "$watch" 2>/dev/null || true
refused() { ! in_pod "$ONE" -o /dev/null --max-time 3 "https://$GATEWAY:6443/readyz"; }
passes() { in_pod "$ONE" -o /dev/null --max-time 3 "https://$GATEWAY:6443/readyz"; }
expect "a cut lets no new connection through" refused
leased=$(lease)
{ kill -9 "$AGENT"; wait "$AGENT"; } 2>/dev/null || true
expect "a cut outlives its agent" refused
start_agent
sleep 5
expect "an agent that comes back keeps it" refused
lease_is_new() { [ "$(lease)" != "$leased" ]; }
within 20 "the kubelet renews its lease all the same" lease_is_new
expect "kube-system is not cut by a slip of the hand" test "$("$PLIMSOLL" node --run-dir "$RUN" fuse cut kube-system/DaemonSet/cni >/dev/null 2>&1; echo $?)" = 64
fuse cut real/Deployment/talker --seconds 12 >/dev/null
{ kill -9 "$AGENT"; wait "$AGENT"; } 2>/dev/null || true
within 20 "without an agent the kernel itself ends a cut of 12 s" passes
fuse cut real/Deployment/talker --seconds 0 >/dev/null || true
expect "an order without an agent changes nothing, and waits" passes

# --- gone
"$PLIMSOLL" node --run-dir "$RUN" fuse remove >"$WORK/removed" 2>&1 || sleep 20
"$PLIMSOLL" node --run-dir "$RUN" fuse remove >"$WORK/removed" 2>&1 || true
nft delete table ip plimsoll-check
expect "removed: the machine's rules are what they were" test "$(nft list ruleset | sort)" = "$before"
finish

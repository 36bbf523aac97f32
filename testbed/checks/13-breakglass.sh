#!/usr/bin/env bash
# The way in, on a testbed of its own: a real kubelet's pods list all pods from 40 clients at once, an API server of 2 cores
# drowns. What people get through a lifeboat and through APF's exemption; how soon each lever of the ladder makes the API server
# well, beside doing nothing and beside kubectl; every lever pulled, its own effect seen, and taken back.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
export TESTBED_DIR=${BREAKGLASS_DIR:-${TMPDIR:-/tmp}/plimsoll-way-in-$$}
PLIMSOLL=${PLIMSOLL:-$ROOT/target/release/plimsoll}
CLIENTS=${CLIENTS:-40} PODS_LISTED=${PODS_LISTED:-6000} TRIES=${TRIES:-500} EXEMPT_TRIES=${EXEMPT_TRIES:-10}
OWN=$(mktemp -d)
PIDS=()
down() {
    pkill -f 'crowd=1' 2>/dev/null || true
    kill "${PIDS[@]}" 2>/dev/null || true
    nft delete table ip plimsoll-check 2>/dev/null || true
    nft delete table inet plimsoll-fuse 2>/dev/null || true
    nft delete table inet plimsoll-lifeboat 2>/dev/null || true
    "$ROOT/testbed/testbed" --dir "$TESTBED_DIR" down >/dev/null 2>&1
    rm -rf "$OWN"
}
trap down EXIT

# --- beforehand: an authority that the API server trusts, a person's key, the jail, a lifeboat
echo 'correct horse battery staple' >"$OWN/passphrase"
export PLIMSOLL_BREAKGLASS_DIR=$OWN/breakglass
breakglass() { "$PLIMSOLL" breakglass "$@"; }
opened=(--passphrase-file "$OWN/passphrase")
breakglass init "${opened[@]}" >/dev/null
APISERVER_CLIENT_CA=$PLIMSOLL_BREAKGLASS_DIR/authority.crt "$ROOT/testbed/testbed" --dir "$TESTBED_DIR" up --nodes 0 --pods 0 2>&1 | tail -1
source "$(dirname "$0")/lib.sh"

begin "the way in: $CLIENTS clients list $PODS_LISTED pods"
PORT=${APISERVER##*:}
GATEWAY=${POD_SUBNET%.0/24}.1
LIFEBOAT_PORT=$(testbed port)
CLUSTER=$(kubectl get namespace kube-system -o 'jsonpath={.metadata.uid}')
breakglass install --kubeconfig "$KUBECONFIG" >/dev/null 2>&1
breakglass lifeboat certify --address 127.0.0.1 --out-dir "$OWN/lifeboat" "${opened[@]}" >/dev/null
breakglass lifeboat render --running --of-port "$PORT" --out-dir "$OWN/unit" --folder "$OWN/lifeboat" --port "$LIFEBOAT_PORT" --allow 10.99.0.0/16 >/dev/null 2>&1
# What systemd would do with the unit: its command, its environment, its nice, its memory.
unit() { sed -n "s/^$1=//p" "$OWN/unit/kube-apiserver-lifeboat.service"; }
mapfile -t command < <(sed -n '/^ExecStart=/,/[^\\]$/p' "$OWN/unit/kube-apiserver-lifeboat.service" | sed 's/^ExecStart=//; s/^ *//; s/ \\$//')
# The testbed gives a component its group: the limit is what the unit says.
limit() {
    local group=/sys/fs/cgroup/memory file=memory.limit_in_bytes
    [ -d "$group" ] || { group=/sys/fs/cgroup file=memory.max; }
    group=$(find "$group" -maxdepth 6 -type d -path "*plimsoll-testbed-*/lifeboat" | head -n 1)
    echo "$1" >"$group/$file" 2>/dev/null || true
}
testbed run lifeboat env "$(unit Environment)" nice -n "$(unit Nice)" "${command[@]}"
limit "$(unit MemoryMax)"
nft -f "$OWN/unit/lifeboat.nft"
# issue NAME FILE [FLAG...]
issue() {
    breakglass issue --name "$1" --reason "a check" --server "main=$APISERVER" --server "lifeboat-1=https://127.0.0.1:$LIFEBOAT_PORT" \
        --server-ca "$APISERVER_CA" --out "$OWN/$2" "${opened[@]}" "${@:3}" >/dev/null 2>&1
}
issue ann kubeconfig --ttl 2h
# These are looked at when the first has expired.
issue late expired --ttl 1m
PLIMSOLL_BREAKGLASS_DIR=$OWN/another breakglass init "${opened[@]}" >/dev/null
PLIMSOLL_BREAKGLASS_DIR=$OWN/another issue eve foreign
export PLIMSOLL_BREAKGLASS_KUBECONFIG=$OWN/kubeconfig
line=$(breakglass signer ann --out "$OWN/ann.key" "${opened[@]}" 2>/dev/null)
line_of_bob=$(breakglass signer bob --out "$OWN/bob.key" "${opened[@]}" 2>/dev/null)
printf 'cluster %s\nthreshold 2\n%s\n%s\n' "$CLUSTER" "$line" "$line_of_bob" >"$OWN/roster"

TELEMETRY=127.0.0.1:$(testbed port) AGENTS=127.0.0.1:$(testbed port) RUN=$WORK/run
"$PLIMSOLL" rollout keygen "$OWN/keys" >/dev/null
"$PLIMSOLL" hub --kubeconfig "$HUB_KUBECONFIG" --port 0 --telemetry-port "${TELEMETRY##*:}" --agents-listen "$AGENTS" --insecure-loopback \
    --order-roster "$OWN/roster" --order-state-dir "$OWN" --breakglass-kubeconfig "$OWN/kubeconfig" --breakglass-every 10 >"$WORK/hub.log" 2>&1 &
PIDS+=($!)
"$PLIMSOLL" agent --node-name "$NODE" --listen 127.0.0.1:0 --pods-api-socket "$PODS_API_SOCK" --cri-socket "$CONTAINERD_SOCK" \
    --kubelet-read-only-port 0 --hub "$AGENTS" --insecure-loopback --fuse --fuse-run-dir "$RUN/fuse" --fuse-api-server "127.0.0.1:$PORT" \
    --gate-state-dir "$WORK/gates" --gate-run-dir "$RUN" --gate-keys "$OWN/keys/rollout.pub" --cluster-uid "$CLUSTER" --node-uid n1 \
    --order-roster "$OWN/roster" --order-state-dir "$WORK/orders" >"$WORK/agent.log" 2>&1 &
PIDS+=($!)
"$PLIMSOLL" gate --name collector --gate-dir "$RUN/gate" >"$WORK/gate.log" 2>&1 &
PIDS+=($!)

# order PURPOSE SUBJECT [FLAG...]: signed by both; prints its file.
order() {
    local file=$OWN/order-$RANDOM$RANDOM
    breakglass order new "$1" ${2:+"$2"} --roster "$OWN/roster" --reason "a check" --ttl 20m --out "$file" "${@:3}" >/dev/null
    breakglass order sign "$file" --key "$OWN/ann.key" "${opened[@]}" >/dev/null 2>&1
    breakglass order sign "$file" --key "$OWN/bob.key" "${opened[@]}" >/dev/null 2>&1
    echo "$file"
}

# --- a rehearsal
ready() { curl -sf --cacert "$OWN/lifeboat/authority.crt" -o /dev/null -m 2 "https://127.0.0.1:$LIFEBOAT_PORT/livez" || [ "$(curl -sk -o /dev/null -m 2 -w '%{http_code}' "https://127.0.0.1:$LIFEBOAT_PORT/livez")" = 401 ]; }
within 60 "the lifeboat answers, and knows nobody without a certificate" ready
drill() { breakglass drill --order "$1" --hub "$TELEMETRY" --run-dir "$RUN" >"$WORK/drill.txt"; }
within 30 "a rehearsal of all of it passes" drill "$(order cut '' --test)"
sed 's/^/        /' "$WORK/drill.txt"
rehearsed() { jq -e '.[-1].result == "rehearsed"' "$RUN/orders/outcomes.json"; }
within 10 "the node has rehearsed the order, and done nothing" rehearsed

by_the_hub() { get "http://$TELEMETRY/metrics" | grep -q '^plimsoll_breakglass_rehearsal_age_seconds '; }
within 60 "the hub rehearses by itself, and says how long ago" by_the_hub

# --- the crowd: a DaemonSet's pod, its account, and a server full of pods
kubectl -n real create serviceaccount crowd >/dev/null
kubectl create clusterrolebinding crowd --clusterrole view --serviceaccount real:crowd >/dev/null
kubectl -n real create serviceaccount ordinary >/dev/null
kubectl create clusterrolebinding ordinary --clusterrole view --serviceaccount real:ordinary >/dev/null
TOKEN=$(kubectl -n real create token crowd --duration 2h)
ORDINARY=$(kubectl -n real create token ordinary --duration 2h)
daemon_set() {
    kubectl -n real apply -f - >/dev/null <<DOCUMENT
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: crowd, namespace: real }
spec:
  selector: { matchLabels: { app: crowd } }
  template:
    metadata: { labels: { app: crowd } }
    spec:
      serviceAccountName: crowd
      nodeSelector: { plimsoll.dev/testbed: node }
      terminationGracePeriodSeconds: 1
      automountServiceAccountToken: false
      containers: [{ name: idle, image: localhost/busybox:1, imagePullPolicy: Never, command: [/busybox, sleep, "100000"] }]
DOCUMENT
    kubectl -n real rollout status daemonset/crowd --timeout=120s >/dev/null
}
daemon_set
sysctl -qw "net.ipv4.conf.$CNI_BRIDGE.route_localnet=1"
nft -f - <<RULES
table ip plimsoll-check {
  chain to_server { type nat hook prerouting priority dstnat; iifname "$CNI_BRIDGE" ip daddr $GATEWAY tcp dport 6443 dnat to 127.0.0.1:$PORT; }
}
RULES
kubectl create namespace heap >/dev/null
ADMIN=$(awk -F, '$2 == "admin" {print $1}' "$TESTBED_DIR/tokens.csv")
# fill FROM TO: pods of 5 KB that nobody runs.
fill() {
    local padding number
    padding=$(head -c 4500 /dev/zero | tr '\0' x)
    for ((number = $1; number < $2; number++)); do
        echo "next"; echo "url = \"$APISERVER/api/v1/namespaces/heap/pods\""; echo "cacert = \"$APISERVER_CA\""; echo 'silent'; echo 'output = "/dev/null"'
        echo 'header = "Content-Type: application/json"'; echo "header = \"Authorization: Bearer $ADMIN\""
        echo "data = \"{\\\"apiVersion\\\":\\\"v1\\\",\\\"kind\\\":\\\"Pod\\\",\\\"metadata\\\":{\\\"name\\\":\\\"p$number\\\",\\\"annotations\\\":{\\\"padding\\\":\\\"$padding\\\"}},\\\"spec\\\":{\\\"schedulerName\\\":\\\"nobody\\\",\\\"automountServiceAccountToken\\\":false,\\\"containers\\\":[{\\\"name\\\":\\\"c\\\",\\\"image\\\":\\\"none\\\"}]}}\""
    done | sed 1d | curl -K -
}
sleep 2
for part in 0 1 2 3; do fill $((PODS_LISTED * part / 4)) $((PODS_LISTED * (part + 1) / 4)) & PARTS[part]=$!; done
wait "${PARTS[@]}"
LIST="/api/v1/pods?resourceVersion=0"
begun=$(milliseconds)
size=$(curl -sf --cacert "$APISERVER_CA" -H "Authorization: Bearer $TOKEN" -o /dev/null -w '%{size_download}' "$APISERVER$LIST")
echo "        one LIST alone: $size bytes, $(($(milliseconds) - begun)) ms; two cores carry two at a time, the crowd is $CLIENTS"

container() { kubectl -n real get pods -l app=crowd --field-selector status.phase=Running -o 'jsonpath={.items[0].status.containerStatuses[0].containerID}' | sed 's#.*//##'; }
process_of() { head -n 1 "$(find /sys/fs/cgroup/memory /sys/fs/cgroup -maxdepth 6 -type d -name "*$1*" 2>/dev/null | head -n 1)/cgroup.procs"; }
# In the pod's network and among its processes: what ends the pod ends them. At the lowest priority: what they cost is not measured.
crowd_on() {
    local process
    process=$(process_of "$(container)")
    for _ in $(seq "$CLIENTS"); do
        nice -n 19 nsenter --target "$process" --net --pid -- bash -c \
            'while :; do curl -sfk --connect-timeout 5 --max-time 60 -o /dev/null -H "Authorization: Bearer $0" "$1" || sleep 1; done' \
            "$TOKEN" "https://$GATEWAY:6443$LIST&crowd=1" >/dev/null 2>&1 &
        disown
    done
}
crowd_off() { pkill -9 -f 'crowd=1' 2>/dev/null || true; }

# An ordinary client asks five times a second, a new connection each time: time, code, seconds.
(while :; do
    echo "$(milliseconds) $(curl -s --max-time 10 --cacert "$APISERVER_CA" -H "Authorization: Bearer $ORDINARY" -o /dev/null -w '%{http_code} %{time_total}' "$APISERVER/api/v1/namespaces/default" || true)"
    sleep 0.2
done) >"$WORK/ordinary.txt" &
PIDS+=($!)
# well_since MILLISECONDS: seconds until the first of 20 good answers in a row; nothing if there are none.
well_since() {
    awk -v from="$1" '$1 >= from { if ($2 == 200 && $3 < 0.1) { if (!run++) first = $1; if (run == 20) { printf "%.1f", (first - from) / 1000; exit } } else run = 0 }' "$WORK/ordinary.txt"
}
is_well_since() { [ -n "$(well_since "$1")" ]; }
drowns() { tail -n 10 "$WORK/ordinary.txt" | awk '$2 != 200 || $3 > 0.5 {bad++} END {exit !(bad >= 3)}'; }
calm() { local from; from=$(milliseconds); within 120 "the API server is well without the crowd" is_well_since "$from"; }
drown() { crowd_on; within 60 "the crowd drowns the API server" drowns; sleep 10; }

# --- people under the crowd
drown
breakglass lifeboat verify --context lifeboat-1 --tries "$TRIES" --json >"$WORK/lifeboat.json" 2>/dev/null || true
breakglass lifeboat verify --context main --tries "$EXEMPT_TRIES" --json >"$WORK/exempt.json" 2>/dev/null || true
for which in lifeboat exempt; do
    jq -r --arg which "$which" '.[0] | "        \($which): \(.tries) tries, \(.failed) failed; GET p50 \(.getP50 // 0 | . * 1000 | round) ms, p99 \(.getP99 // 0 | . * 1000 | round) ms; PATCH p50 \(.patchP50 // 0 | . * 1000 | round) ms, p99 \(.patchP99 // 0 | . * 1000 | round) ms"' "$WORK/$which.json"
done
expect "through the lifeboat: no failure, p99 of GET and PATCH under 100 ms" jq -e '.[0].failed == 0 and .[0].getP99 < 0.1 and .[0].patchP99 < 0.1' "$WORK/lifeboat.json"
echo "        the lifeboat has $(awk '/VmRSS/ {print int($2 / 1024)}' "/proc/$(pgrep -f 'lifeboat-tokens.pub' | head -n 1)/status") MiB, the API server $(awk '/VmRSS/ {print int($2 / 1024)}' "/proc/$(cat "$TESTBED_DIR/run/kube-apiserver.pid")/status") MiB"
refused() { [ "$(curl -sk -o /dev/null -m 5 -w '%{http_code}' -H "Authorization: Bearer $TOKEN" "https://127.0.0.1:$LIFEBOAT_PORT/api/v1/namespaces")" = 401 ]; }
expect "the crowd's own token is nobody's there" refused

# --- levers against the crowd: seconds from engaging to the first of 20 good GETs of an ordinary client
against=(--against real/DaemonSet/crowd)
# engaged NAME LIMIT COMMAND...: a limit of 0 is only looked at.
engaged() {
    local name=$1 limit=$2 from
    shift 2
    from=$(milliseconds)
    "$@" >"$WORK/engage-$name.txt" 2>&1 || true
    while ! is_well_since "$from" && [ $(($(milliseconds) - from)) -lt 90000 ]; do sleep 1; done
    local took
    took=$(well_since "$from")
    echo "        $name: the API server is well after ${took:-more than 90} s"
    [ "$limit" = 0 ] || expect "$name: within $limit s" at_most "${took:-999}" "$limit"
}
engaged nothing 0 sleep 40
engaged fuse 45 breakglass engage "${against[@]}" --lever cut --order "$(order cut real/DaemonSet/crowd)" --hub "$TELEMETRY"
sed 's/^/        | /' "$WORK/engage-fuse.txt"
breakglass order send "$(order restore real/DaemonSet/crowd)" --hub "$TELEMETRY" >/dev/null 2>&1
breakglass disengage >/dev/null 2>&1
within 60 "an order to restore lets the crowd back" drowns
sleep 10
engaged jail 90 breakglass engage "${against[@]}" --lever jail
sed 's/^/        | /' "$WORK/engage-jail.txt"
# A level without seats still runs one request at a time: the API server lets the first one in (`fairqueuing/queueset`).
mostly_refused() {
    local of=20
    seq $of | xargs -P $of -I{} curl -sk -o /dev/null -m 10 -w '%{http_code}\n' -H "Authorization: Bearer $TOKEN" "$APISERVER$LIST" | grep -c 429 >"$WORK/refused.txt" || true
    echo "        of $of LISTs at once $(cat "$WORK/refused.txt") were refused (429)"
    at_least "$(cat "$WORK/refused.txt")" $((of - 2))
}
jailed() { [ "$(curl -sk -o /dev/null -m 5 -w '%{http_code}' -H "Authorization: Bearer $TOKEN" "$APISERVER/api/v1/namespaces")" = "$1" ]; }
expect "in the jail all but one request at a time are refused" mostly_refused
crowd_off
breakglass disengage >/dev/null 2>&1
within 10 "out of the jail it is 200 again" jailed 200
calm
drown
engaged kubectl 0 kubectl -n real delete daemonset crowd --request-timeout=60s
crowd_off
calm
kubectl -n real delete daemonset crowd --ignore-not-found >/dev/null
daemon_set

# --- the dearer levers, each with its own effect, and taken back
lever() { breakglass engage "${against[@]}" --force --lever "$1" >"$WORK/lever-$1.txt" 2>&1 || true; }
back() { "$PLIMSOLL" breakglass disengage --kubeconfig "$KUBECONFIG" >"$WORK/back.txt" 2>&1; }
lever rbac
within 10 "without its binding it is 403" jailed 403
expect "an administrator takes that back with the same log" back
within 10 "and it is 200 again" jailed 200
lever selector
no_pods() { [ "$(kubectl -n real get pods -l app=crowd -o name | wc -l)" = 0 ]; }
within 60 "with a node selector that no node has, its pods are gone" no_pods
expect "taken back" back
has_pods() { kubectl -n real rollout status daemonset/crowd --timeout=5s; }
within 60 "its pods are back" has_pods
lever delete
gone() { ! kubectl -n real get daemonset crowd; }
within 60 "it is deleted" gone
expect "taken back" back
within 60 "it is there again, with its pods" has_pods
printf -- '- {name: touch, command: [touch, %s], undo: [rm, %s]}\n' "$OWN/hooked" "$OWN/hooked" >"$PLIMSOLL_BREAKGLASS_DIR/hooks.yaml"
lever hook
expect "a hook has run" test -f "$OWN/hooked"
back || true
expect "and was undone" test ! -f "$OWN/hooked"
breakglass order send "$(order stop collector)" --hub "$TELEMETRY" >/dev/null 2>&1
held() { "$PLIMSOLL" node --run-dir "$RUN" status --json 2>/dev/null | jq -e '.[0].phase == "Held"'; }
within 15 "an order to stop holds a gated workload" held
"$PLIMSOLL" node --run-dir "$RUN" allow collector >/dev/null 2>&1
is_free() { ! held; }
within 15 "and \`node allow\` lets it go" is_free
file=$(order freeze '')
expect "an order by hand, without any hub" "$PLIMSOLL" node --run-dir "$RUN" order "$file"
expect "the same order again is not followed again" test "$("$PLIMSOLL" node --run-dir "$RUN" order "$file" 2>/dev/null | grep -c 'done before')" = 1
status_of() { "$@" >/dev/null 2>&1; echo $?; }
expect "whom the cluster needs is not engaged by a slip" test "$(status_of breakglass engage --against kube-system/DaemonSet/kube-proxy)" = 64

# --- credentials that are refused: by the API server, and by the lifeboat
with_certificate() { # with_certificate FILE CODE
    local server
    jq -r '.users[0].user."client-certificate-data"' "$OWN/$1" | base64 -d >"$OWN/client.crt"
    jq -r '.users[0].user."client-key-data"' "$OWN/$1" | base64 -d >"$OWN/client.key"
    for server in "$APISERVER" "https://127.0.0.1:$LIFEBOAT_PORT"; do
        [ "$(curl -sk -o /dev/null -m 5 -w '%{http_code}' --cert "$OWN/client.crt" --key "$OWN/client.key" "$server/api/v1/namespaces/kube-system")" = "$2" ] || return 1
    done
}
expect "a certificate of the authority is let in" with_certificate kubeconfig 200
expect "one that has expired is not" with_certificate expired 401
expect "one of another authority is not" with_certificate foreign 401

# --- standing protection
protect() { "$PLIMSOLL" protect "$@" --kubeconfig "$KUBECONFIG"; }
# An agent that asks API servers: its token is mounted. It runs nowhere; its account is one that can be asked with.
kubectl -n real apply -f - >/dev/null <<DOCUMENT
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent, namespace: real }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec: { serviceAccountName: crowd, nodeSelector: { nowhere: "true" }, containers: [{ name: idle, image: none }] }
DOCUMENT
protect plan >"$WORK/plan.txt" 2>/dev/null
sed 's/^/        | /' "$WORK/plan.txt"
protect apply --confirm >/dev/null 2>&1
level_of() { curl -sk -o /dev/null -D - -H "Authorization: Bearer $TOKEN" "$APISERVER/api/v1/namespaces" | tr -d '\r' | awk -F': ' 'tolower($1) == "x-kubernetes-pf-prioritylevel-uid" {print $2}'; }
is_metered() { [ "$(level_of)" = "$(kubectl get prioritylevelconfiguration plimsoll-agents -o 'jsonpath={.metadata.uid}')" ]; }
within 15 "a DaemonSet's account is on the level of agents" is_metered
expect "nothing is left to propose" grep -q 'nothing to propose' <(protect plan 2>/dev/null)
protect undo >/dev/null 2>&1
is_as_before() { ! kubectl get prioritylevelconfiguration plimsoll-agents && ! is_metered; }
within 15 "and all of it is taken back" is_as_before

# --- a cold restart: clients that want everything at once, wait so long for it, and come again as client-go does
client() {
    local pause=800
    until curl -sfk --max-time "$PATIENCE" -o /dev/null -H "Authorization: Bearer $TOKEN" "$APISERVER$LIST&crowd=1"; do
        sleep "$(awk -v ms=$((pause + RANDOM % pause)) 'BEGIN {print ms / 1000}')"
        pause=$((pause * 2 > 30000 ? 30000 : pause * 2))
    done
    touch "$WORK/synced/$1"
}
synced() { find "$WORK/synced" -type f | wc -l; }
# restart SECONDS COMMAND...: the API server is killed and started, all clients come at once, the command runs beside; then how
# many have what they want, after how long.
restart() {
    local limit=$1 number began
    shift
    rm -rf "$WORK/synced" && mkdir -p "$WORK/synced"
    testbed kill apiserver >/dev/null 2>&1
    testbed start apiserver >/dev/null 2>&1
    began=$(milliseconds)
    for number in $(seq "$RETURNING"); do client "$number" >/dev/null 2>&1 & CLIENTS_PIDS[number]=$!; done
    "$@" >"$WORK/recover.txt" 2>&1 &
    local beside=$!
    while [ "$(synced)" -lt "$RETURNING" ] && [ $(($(milliseconds) - began)) -lt $((limit * 1000)) ]; do sleep 1; done
    SYNCED=$(synced) TOOK=$((($(milliseconds) - began) / 1000))
    { kill "${CLIENTS_PIDS[@]}"; crowd_off; wait "${CLIENTS_PIDS[@]}"; } 2>/dev/null || true
    wait "$beside" || RECOVERED=$?
}
RETURNING=${RETURNING:-80} PATIENCE=${PATIENCE:-5} RECOVERED=0 CLIENTS_PIDS=()
restart 120 true
ALONE=$SYNCED
echo "        client-go's backoff alone: $SYNCED of $RETURNING clients have their state after $TOOK s"
from=$(milliseconds)
while ! is_well_since "$from" && [ $(($(milliseconds) - from)) -lt 90000 ]; do sleep 1; done
restart 280 timeout 300 "$PLIMSOLL" recover
echo "        with a recovery: $SYNCED of $RETURNING after $TOOK s"
sed 's/^/        | /' "$WORK/recover.txt"
expect "with a recovery all clients are back in under 5 min" test "$SYNCED $RECOVERED" = "$RETURNING 0"
empty() { [ -z "$(kubectl get flowschemas plimsoll-shed plimsoll-recovery -o 'jsonpath={.items[*].spec.rules}')" ]; }
expect "nothing of it is left" empty

# --- etcd is what is dead
testbed kill etcd >/dev/null 2>&1
says_so() { { breakglass drill --context lifeboat-1 || true; } | grep -q 'etcd is what is dead'; }
within 15 "with etcd dead the lifeboat says so" says_so
testbed start etcd >/dev/null 2>&1
breakglass audit verify >"$WORK/audit.txt" && ok "the audit log's chain holds: $(cat "$WORK/audit.txt")"
expect "a record that was changed is found" bash -c "sed 's/a check/another check/' '$PLIMSOLL_BREAKGLASS_DIR/audit.jsonl' >'$OWN/audit.jsonl'; ! '$PLIMSOLL' breakglass --dir '$OWN' audit verify 2>/dev/null"
replayed() { "$PLIMSOLL" breakglass audit replay --kubeconfig "$KUBECONFIG" && [ "$(kubectl -n plimsoll get configmap plimsoll-breakglass -o 'jsonpath={.data.tainted}')" = true ]; }
within 60 "the log is in the cluster, which is tainted" replayed
finish

#!/usr/bin/env bash
# What it costs the API server to bring the hub up, beside kube-state-metrics v2.20.0 on the same cluster with the same
# kinds, in one run: CPU seconds of the API server (its own process_cpu_seconds_total) and bytes that each received
# from it. Three rows: kube-state-metrics starts, the hub starts without a snapshot, the hub restarts with one.
#
# usage: TESTBED_DIR=DIR PLIMSOLL=BINARY bench/start-cost.sh [ROUNDS]
set -euo pipefail
source "$(dirname "$0")/../testbed/checks/lib.sh"
source "$(dirname "$0")/../testbed/checks/processes.sh"
# A garbage collection of the API server takes a second of CPU and lands on whoever starts just then; the median of five rounds leaves out
# two of them.
ROUNDS=${1:-5}
KINDS=pods,nodes,namespaces,deployments,replicasets,daemonsets,statefulsets,jobs
# How long each start is watched. Both are done much sooner; the same window takes the same background into both figures.
WINDOW=${WINDOW:-10}

api() { curl -sf --cacert "$APISERVER_CA" -H "Authorization: Bearer $TOKEN" "$APISERVER$1"; }
apiserver_cpu() { api /metrics | awk '/^process_cpu_seconds_total/ {print $2}'; }

# Bytes that a process received on the connections that it has now: the kernel's count, no matter what the body says.
# Both clients keep their connections, so nothing is lost with closed ones.
received() {
    ss -Htnpi "dport = :${APISERVER##*:}" | awk -v pid="pid=$1," '
        /^[A-Z]/ { mine = index($0, pid) }
        mine && match($0, /bytes_received:[0-9]+/) { n += substr($0, RSTART + 15, RLENGTH - 15) }
        END { printf "%d\n", n }'
}

# The cluster's own hum (200 leases every ten seconds, for one) is several times what is measured: it stands still meanwhile.
hum() {
    local name
    for name in kwok kubelet kube-controller-manager kube-scheduler; do
        kill "-$1" "$(cat "$TESTBED_DIR/run/$name.pid" 2>/dev/null)" 2>/dev/null || true
    done
}

# measure COMPONENT READY: watches one window of the cluster without it, starts it, watches one with it; prints "cpu bytes
# seconds-until-ready own-cpu". The CPU is the second window's less the first's: neighbours in time hum alike.
measure() {
    local name=$1 ready=$2 first before begun took pid
    first=$(apiserver_cpu)
    sleep "$WINDOW"
    before=$(apiserver_cpu)
    begun=$(milliseconds)
    testbed start "$name" 2>/dev/null
    until "$ready" >/dev/null 2>&1; do sleep 0.05; [ $(($(milliseconds) - begun)) -lt 120000 ] || { echo "$name is not ready" >&2; exit 1; }; done
    took=$(($(milliseconds) - begun))
    sleep "$(awk -v w="$WINDOW" -v t="$took" 'BEGIN { print (w > t / 1000) ? w - t / 1000 : 0 }')"
    reload
    pid=$(cat "$TESTBED_DIR/run/$name.pid")
    awk -v i="$first" -v a="$before" -v b="$(apiserver_cpu)" -v bytes="$(received "$pid")" -v t="$took" -v own="$(cpu_seconds "$pid")" \
        'BEGIN { printf "%.3f %d %.2f %.2f\n", (b - a) - (a - i), bytes, t / 1000, own }'
}

stop() { testbed kill "$1" 2>/dev/null || true; sleep 2; }

ksm_is_ready() { [ "$(count "$KUBE_STATE_METRICS/metrics" '^kube_pod_info\{')" -ge "$PODS" ]; }
hub_has_all() { get "$BENCH_TELEMETRY/readyz" && [ "$(count "$BENCH_METRICS/metrics" '^kube_pod_info\{')" -ge "$PODS" ]; }

# A hub of its own: same kinds as kube-state-metrics, nothing more. Its snapshot is in $WORK/bench-data.
# define_hub NAME [FLAG...]
define_hub() {
    local name=$1 port telemetry
    shift
    port=$(testbed port) telemetry=$(testbed port)
    BENCH_METRICS=http://127.0.0.1:$port BENCH_TELEMETRY=http://127.0.0.1:$telemetry
    testbed run "$name" "$PLIMSOLL" hub --kubeconfig "$HUB_KUBECONFIG" --port "$port" --telemetry-port "$telemetry" \
        --data-dir "$WORK/bench-data" --resources "$KINDS" "$@"
    stop "$name"
}

# median of a column of the lines given
column() { sort -n -k"$1,$1" | awk -v c="$1" '{v[NR] = $c} END {print v[int((NR + 1) / 2)]}'; }
row() {
    local name=$1 lines=$2
    printf '%-34s %14.3f %16d %12.2f %10.2f\n' "$name" "$(column 1 <<<"$lines")" "$(column 2 <<<"$lines")" \
        "$(column 3 <<<"$lines")" "$(column 4 <<<"$lines")"
}
ratio() {
    awk -v t="$(column 1 <<<"$2")" -v o="$(column 1 <<<"$3")" -v tb="$(column 2 <<<"$2")" -v ob="$(column 2 <<<"$3")" -v name="$1" \
        'BEGIN { printf "%s / kube-state-metrics: CPU %.2f, bytes %.3f\n", name, o / t, ob / tb }'
}
# costs_at_most OURS THEIRS FACTOR [COLUMN]
costs_at_most() { awk -v o="$(column "${4:-1}" <<<"$1")" -v t="$(column "${4:-1}" <<<"$2")" -v f="$3" 'BEGIN { exit !(o <= f * t) }'; }

begin "start-cost: $PODS pods, $((NODES + 1)) nodes, median of $ROUNDS, windows of $WINDOW s"
TOKEN=$(awk -F, '$2 == "admin" {print $1}' "$TESTBED_DIR/tokens.csv")
testbed peers
reload
stop kube-state-metrics
define_hub bench-hub-plain --api-gzip=false
PLAIN_METRICS=$BENCH_METRICS PLAIN_TELEMETRY=$BENCH_TELEMETRY
define_hub bench-hub
plain_hub_has_all() { BENCH_METRICS=$PLAIN_METRICS BENCH_TELEMETRY=$PLAIN_TELEMETRY hub_has_all; }
hum STOP
trap 'hum CONT' EXIT
sleep 5
theirs='' cold='' warm='' plain=''
for _ in $(seq "$ROUNDS"); do
    theirs+=$(measure kube-state-metrics ksm_is_ready)$'\n'
    stop kube-state-metrics
    rm -rf "$WORK/bench-data"
    plain+=$(measure bench-hub-plain plain_hub_has_all)$'\n'
    stop bench-hub-plain
    rm -rf "$WORK/bench-data"
    cold+=$(measure bench-hub hub_has_all)$'\n'
    until find "$WORK/bench-data" -type f -size +1k | grep -q .; do sleep 0.5; done
    stop bench-hub
    mark=$(audit_mark)
    warm+=$(measure bench-hub hub_has_all)$'\n'
    costly=$(audit_since "$mark" plimsoll | jq -r --arg hub "$HUB_USER" 'select(.user.username == $hub and
        (.verb == "list" or (.requestURI | test("sendInitialEvents=true")))) | .requestURI' | wc -l)
    echo "        restart with a snapshot: $costly LISTs and watches with initial events in the audit log"
    [ "$costly" = 0 ] || FAILED=1
    stop bench-hub
done
theirs=${theirs%$'\n'} cold=${cold%$'\n'} warm=${warm%$'\n'} plain=${plain%$'\n'}
printf '%-34s %14s %16s %12s %10s\n' "" "API server CPU" "bytes received" "ready after" "own CPU"
row "kube-state-metrics v2.20.0, start" "$theirs"
row "plimsoll hub, first start" "$cold"
row "the same, --api-gzip=false" "$plain"
row "plimsoll hub, restart, snapshot" "$warm"
ratio "first start" "$theirs" "$cold"
ratio "first start with --api-gzip=false" "$theirs" "$plain"
ratio "restart" "$theirs" "$warm"
expect "a first start costs the API server no more CPU" costs_at_most "$cold" "$theirs" 1
# Both get the same gzip of the same objects; the API server flushes it a little differently each time.
expect "a first start takes no more bytes, but for a hundredth" costs_at_most "$cold" "$theirs" 1.01 2
expect "a restart costs it a tenth at most" costs_at_most "$warm" "$theirs" 0.1
finish

#!/usr/bin/env bash
# What `plimsoll preflight predict` says one request costs, beside what it costs: API-server CPU seconds (the kernel's count of
# its process) and bytes of the answer, on the testbed's real API server. Twelve shapes, calibrated and with the shipped
# coefficients; then mixes of shapes that calibration did not ask for, drawn with a fixed seed.
#
# usage: TESTBED_DIR=DIR PLIMSOLL=BINARY bench/preflight-shapes.sh [SEED]
set -euo pipefail
source "$(dirname "$0")/../testbed/checks/lib.sh"
SEED=${1:-7}
ROUNDS=${ROUNDS:-7}
SHAPES=$WORK/shapes
mkdir -p "$SHAPES"
LABELLED="labelSelector=app.kubernetes.io%2Fname%3Dapp-7"
INITIAL="watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=6"

# The cluster's own hum is several times what is measured: it stands still meanwhile.
hum() {
    local name
    for name in kwok kubelet kube-controller-manager kube-scheduler; do
        kill "-$1" "$(cat "$TESTBED_DIR/run/$name.pid" 2>/dev/null)" 2>/dev/null || true
    done
}
trap 'hum CONT' EXIT

ticks() { awk '{print $14 + $15}' "/proc/$(cat "$TESTBED_DIR/run/kube-apiserver.pid")/stat"; }
token() { awk -F, '$2 == "admin" {print $1}' "$TESTBED_DIR/tokens.csv"; }
# As a program calls itself: for curl the API server would indent its JSON.
ask() { curl -sf -A bench/1 --cacert "$APISERVER_CA" -H "Authorization: Bearer $TOKEN" "$@"; }

# again TIMES PATH CURL-ARGUMENTS...: over one connection; prints the bytes of the last answer.
again() {
    local times=$1 path=$2 urls=() number
    shift 2
    for ((number = 0; number < times; number++)); do urls+=("$APISERVER$path" -o /dev/null); done
    # A watch that its own end cuts off is no error here.
    ask "$@" -w '%{size_download}\n' "${urls[@]}" | tail -1
}

# What the API server says of its collector: CPU seconds, bytes allocated.
collector() {
    ask "$APISERVER/metrics" | awk '/^go_cpu_classes_gc_total_cpu_seconds_total / {cpu = $2} /^go_gc_heap_allocs_bytes_total / {bytes = $2} END {printf "%.9f %.0f\n", cpu, bytes}'
}

# sample NAME TIMES COMMAND...: for one request, CPU milliseconds without idling and without the collector, and bytes allocated;
# then the bytes that the command prints; then what all of it took, with whatever of the collector fell into it.
# A cycle of the collector takes seconds and falls on whoever asks just then: its CPU comes back in proportion, in "settle".
sample() {
    local name=$1 times=$2 before after begun ended printed first last
    shift 2
    first=$(collector)
    begun=$(milliseconds) before=$(ticks)
    printed=$("$@")
    sleep 0.3
    after=$(ticks) ended=$(milliseconds)
    last=$(collector)
    awk -v n="$name" -v times="$times" -v b="$before" -v a="$after" -v i="$IDLE_TICKS" -v ms=$((ended - begun)) -v first="$first" -v last="$last" -v reading="$READING_BYTES" -v bytes="$printed" '
        BEGIN { split(first, f, " "); split(last, l, " "); all = (a - b) - i * ms / 1000; collected = (l[1] - f[1]) * 100
            printf "%s %.4f %.0f %d %.1f %d\n", n, (all - collected) * 10 / times, (l[2] - f[2] - reading) / times, bytes, all * 10, times }'
}

# settle SAMPLES: of each name the median over the rounds, with the collector's part: name, CPU milliseconds, bytes.
settle() {
    sort -s -k1,1 "$1" | awk -v each="$COLLECTOR_MS_PER_BYTE" '
        function median(of,  i, j, held) {
            for (i = 2; i <= count; i++) for (j = i; j > 1 && of[j] < of[j - 1]; j--) { held = of[j]; of[j] = of[j - 1]; of[j - 1] = held }
            return (of[int((count + 1) / 2)] + of[int(count / 2) + 1]) / 2
        }
        function flush() { if (count) printf "%s %.4f %d\n", name, median(cpu) + each * median(heap), wire; count = 0 }
        $1 != name { flush(); name = $1 }
        { count++; cpu[count] = $2 + 0; heap[count] = $3 + 0; wire = $4 }
        END { flush() }'
}

patches() {
    local number
    for ((number = 0; number < $1; number++)); do
        echo "next"; echo "url = \"$APISERVER/api/v1/namespaces/default/configmaps/shapes\""; echo 'request = "PATCH"'
        echo 'header = "Content-Type: application/merge-patch+json"'; echo "cacert = \"$APISERVER_CA\""; echo 'silent'; echo 'user-agent = "bench/1"'
        echo "header = \"Authorization: Bearer $TOKEN\""; echo "data = \"{\\\"data\\\":{\\\"turn\\\":\\\"$RANDOM$number\\\"}}\""; echo 'output = "/dev/null"'
    done | sed 1d | curl -K - >/dev/null
    ask "$APISERVER/api/v1/namespaces/default/configmaps/shapes" | wc -c
}

events() {
    local number
    for ((number = 0; number < $1; number++)); do
        echo "next"; echo "url = \"$APISERVER/api/v1/namespaces/default/events\""; echo "cacert = \"$APISERVER_CA\""; echo 'silent'; echo 'user-agent = "bench/1"'
        echo "header = \"Authorization: Bearer $TOKEN\""; echo 'header = "Content-Type: application/json"'; echo 'output = "/dev/null"'
        echo "data = \"{\\\"metadata\\\":{\\\"generateName\\\":\\\"shapes-\\\"},\\\"involvedObject\\\":{\\\"kind\\\":\\\"ConfigMap\\\",\\\"namespace\\\":\\\"default\\\",\\\"name\\\":\\\"shapes\\\"},\\\"reason\\\":\\\"Measured\\\",\\\"message\\\":\\\"as a workload would write it\\\",\\\"type\\\":\\\"Normal\\\"}\""
    done | sed 1d | curl -K - >/dev/null
    echo 600
}

class() { printf -- '- {id: %s, on: startup, actor: cluster, verb: %s, resource: %s%s}\n' "$1" "$2" "$3" "${4:+, $4}"; }
PODS_SHARE() { awk -v n="$1" -v all="$ALL_PODS" 'BEGIN {printf "{share: %.8f}", n / all}'; }

TOKEN=$(token)
ALL_PODS=$(ask "$APISERVER/api/v1/pods?limit=1" | jq '.metadata.remainingItemCount + 1')
NODE_NAME=$(ask "$APISERVER/api/v1/namespaces/load-3/pods?limit=1" | jq -r '.items[0].spec.nodeName')
ON_NODE=$(ask "$APISERVER/api/v1/pods?fieldSelector=spec.nodeName%3D$NODE_NAME&resourceVersion=0" | jq '.items | length')
LABELLED_PODS=$(ask "$APISERVER/api/v1/pods?$LABELLED&resourceVersion=0" | jq '.items | length')
POD=$(ask "$APISERVER/api/v1/namespaces/load-3/pods?limit=1" | jq -r '.items[0].metadata.name')
ask -X POST -H 'Content-Type: application/json' -d '{"metadata":{"name":"shapes"}}' "$APISERVER/api/v1/namespaces/default/configmaps" >/dev/null || true
PROTOBUF=(-H 'Accept: application/vnd.kubernetes.protobuf')
METADATA=(-H 'Accept: application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1')
TABLE=(-H 'Accept: application/json;as=Table;g=meta.k8s.io;v=v1')

hum STOP
sleep 3
echo "# calibrating on $ALL_PODS pods" >&2
"$PLIMSOLL" preflight calibrate --kubeconfig "$KUBECONFIG" --out "$SHAPES/model.yaml" --write-namespace default >"$SHAPES/calibration" 2>"$SHAPES/calibration.log" || true
begun=$(ticks)
sleep 8
IDLE_TICKS=$(awk -v a="$begun" -v b="$(ticks)" 'BEGIN {print (b - a) / 8}')

profile_head() {
    printf 'apiVersion: plimsoll/v1\nkind: Profile\nworkload: {kind: Deployment, namespace: bench, replicas: 1}\nrecorded: {source: declared}\nrequests:\n'
}
{
    profile_head
    class list-json list pods 'rv: "0"'
    class list-protobuf list pods 'rv: "0", accept: protobuf'
    class list-page list pods 'limit: 500'
    class node-cached list pods "rv: \"0\", fieldSelector: spec.nodeName=\$NODE, returns: $(PODS_SHARE "$ON_NODE")"
    class node-consistent list pods "fieldSelector: spec.nodeName=\$NODE, returns: $(PODS_SHARE "$ON_NODE")"
    class label list pods "rv: \"0\", labelSelector: app, returns: $(PODS_SHARE "$LABELLED_PODS")"
    class metadata list pods 'rv: "0", accept: metadata-protobuf'
    class table list pods 'rv: "0", accept: table'
    class watch-list watch pods 'sendInitialEvents: true, accept: protobuf'
    class get get pods 'namespaced: true'
    class patch patch configmaps 'namespaced: true, observed: {responseBytes: 290}'
    class event create events 'namespaced: true, bodyBytes: 300, observed: {responseBytes: 600}'
} >"$SHAPES/profile.yaml"

# All shapes in turn, round after round: a machine that is slower for a while is so for each of them.
READING_BYTES=$( { collector; collector; } | awk 'NR == 1 {first = $2} NR == 2 {print $2 - first}')
collector_begun=$(collector)
for _ in $(seq "$ROUNDS"); do
    sample list-json 2 again 2 '/api/v1/pods?resourceVersion=0'
    sample list-protobuf 2 again 2 '/api/v1/pods?resourceVersion=0' "${PROTOBUF[@]}"
    sample list-page 20 again 20 '/api/v1/pods?limit=500'
    sample node-cached 80 again 80 "/api/v1/pods?resourceVersion=0&fieldSelector=spec.nodeName%3D$NODE_NAME"
    sample node-consistent 80 again 80 "/api/v1/pods?fieldSelector=spec.nodeName%3D$NODE_NAME"
    sample label 12 again 12 "/api/v1/pods?resourceVersion=0&$LABELLED"
    sample metadata 3 again 3 '/api/v1/pods?resourceVersion=0' "${METADATA[@]}"
    sample table 2 again 2 '/api/v1/pods?resourceVersion=0' "${TABLE[@]}"
    sample watch-list 2 again 2 "/api/v1/pods?$INITIAL" -H 'Accept: application/vnd.kubernetes.protobuf;stream=watch'
    sample get 200 again 200 "/api/v1/namespaces/load-3/pods/$POD"
    sample patch 100 patches 100
    sample event 100 events 100
done >"$SHAPES/samples"
COLLECTOR_MS_PER_BYTE=$(awk -v first="$collector_begun" -v last="$(collector)" 'BEGIN {split(first, f, " "); split(last, l, " "); printf "%.12f", (l[1] - f[1]) * 1000 / (l[2] - f[2])}')
settle "$SHAPES/samples" >"$SHAPES/measured"

predicted() { "$PLIMSOLL" preflight predict "$1" --kubeconfig "$KUBECONFIG" "${@:2}" --output json 2>/dev/null | jq -r '.requests[] | "\(.id) \(.apiserverCpuSeconds * 1000) \(.responseBytes) \(.seats)"' || true; }
predicted "$SHAPES/profile.yaml" --model "$SHAPES/model.yaml" >"$SHAPES/calibrated"
predicted "$SHAPES/profile.yaml" >"$SHAPES/shipped"

# compare: measured, calibrated and shipped side by side.
compare() {
    awk '
        FILENAME == ARGV[1] { cpu[$1] = $2; bytes[$1] = $3; order[++n] = $1 }
        FILENAME == ARGV[2] { fit[$1] = $2; wire[$1] = $3 }
        FILENAME == ARGV[3] { usual[$1] = $2 }
        END {
            printf "%-18s%14s%14s%8s%14s%8s%14s%8s\n", "one request", "CPU ms", "calibrated", "ratio", "shipped", "ratio", "bytes", "ratio"
            for (i = 1; i <= n; i++) { s = order[i]
                printf "%-18s%14.3f%14.3f%8.2f%14.3f%8.2f%14d%8.2f\n", s, cpu[s], fit[s], fit[s] / cpu[s], usual[s], usual[s] / cpu[s], bytes[s], bytes[s] ? wire[s] / bytes[s] : 1
            }
        }' "$@"
}
compare "$SHAPES/measured" "$SHAPES/calibrated" "$SHAPES/shipped"
# Everything that was asked, beside what the process took meanwhile: cycles of the collector as they fell.
awk 'FILENAME == ARGV[1] { each[$1] = $2 } FILENAME == ARGV[2] { usual[$1] = $2 }
    FILENAME == ARGV[3] { took += $5; sum += each[$1] * $6; shipped += usual[$1] * $6 }
    END { printf "%-18s%14.0f%14.0f%8.2f%14.0f%8.2f\n", "all of them", took, sum, sum / took, shipped, shipped / took }' \
    "$SHAPES/calibrated" "$SHAPES/shipped" "$SHAPES/samples"

# Mixes: each line is a shape that calibration does not use; how often each comes is drawn.
MIX=(
    'ns-json|list|pods|namespaced: true, rv: "0"|/api/v1/namespaces/load-5/pods?resourceVersion=0|'
    'ns-protobuf|list|pods|namespaced: true, rv: "0", accept: protobuf|/api/v1/namespaces/load-8/pods?resourceVersion=0|protobuf'
    'page-100|list|pods|limit: 100|/api/v1/pods?limit=100|'
    'page-1000-protobuf|list|pods|limit: 1000, accept: protobuf|/api/v1/pods?limit=1000|protobuf'
    'label-protobuf|list|pods|labelSelector: app, accept: protobuf|/api/v1/pods?'"$LABELLED"'|protobuf'
    'nodes-json|list|nodes|rv: "0"|/api/v1/nodes?resourceVersion=0|'
    'nodes-protobuf|list|nodes|accept: protobuf|/api/v1/nodes|protobuf'
    'leases-json|list|leases|group: coordination.k8s.io, rv: "0"|/apis/coordination.k8s.io/v1/leases?resourceVersion=0|'
    'replicasets|list|replicasets|group: apps, rv: "0"|/apis/apps/v1/replicasets?resourceVersion=0|'
    'get-node|get|nodes|rv: "0"|/api/v1/nodes/'"$NODE_NAME"'?resourceVersion=0|'
)
RANDOM=$SEED
{ profile_head; for line in "${MIX[@]}"; do
    IFS='|' read -r id verb resource fields path accept <<<"$line"
    case $id in ns-*) fields="$fields, returns: $(PODS_SHARE "$(ask "$APISERVER${path%\?*}?limit=1" | jq '.metadata.remainingItemCount + 1')")" ;;
        label-*) fields="$fields, returns: $(PODS_SHARE "$LABELLED_PODS")" ;; esac
    class "$id" "$verb" "$resource" "$fields"
done; } >"$SHAPES/mix.yaml"
predicted "$SHAPES/mix.yaml" --model "$SHAPES/model.yaml" >"$SHAPES/mix-calibrated"
printf '\n%-18s%14s%14s%8s   (seed %s)\n' mix "CPU ms" calibrated ratio "$SEED"
for mix in 1 2 3 4; do
    : >"$SHAPES/mix-$mix"
    for line in "${MIX[@]}"; do
        [ $((RANDOM % 2)) = 1 ] || continue
        IFS='|' read -r id _ _ _ path accept <<<"$line"
        echo "$id $((1 + RANDOM % 12)) $path $accept" >>"$SHAPES/mix-$mix"
    done
    run_mix() { while read -r _ times path accept; do
        if [ "$accept" = protobuf ]; then again "$times" "$path" "${PROTOBUF[@]}"; else again "$times" "$path"; fi
    done <"$SHAPES/mix-$mix" | tail -1; }
    for _ in $(seq "$ROUNDS"); do sample "mix-$mix" 1 run_mix; done >"$SHAPES/mix-samples"
    settle "$SHAPES/mix-samples" >"$SHAPES/mix-measured"
    awk 'FILENAME == ARGV[1] { each[$1] = $2 } FILENAME == ARGV[2] { sum += each[$1] * $2 } FILENAME == ARGV[3] { printf "%-18s%14.1f%14.1f%8.2f\n", $1, $2, sum, sum / $2 }' \
        "$SHAPES/mix-calibrated" "$SHAPES/mix-$mix" "$SHAPES/mix-measured"
done

#!/usr/bin/env bash
# Resident memory with 10,000 services and 100,000 endpoints: CoreDNS v1.15.0 and `plimsoll dns` on one API server, at rest
# and at its highest while everything is read anew (CoreDNS: its watches end with 410 Gone, as after an API server's restart;
# ours: the hub is killed and comes back without a snapshot). Then the time from start to the first right answer, from the
# snapshot on disk, with hub and API server dead.
#
# usage: PLIMSOLL=BINARY bench/dns-memory.sh [SERVICES] [ENDPOINTS]
set -euo pipefail
source "$(dirname "$0")/dns-servers.sh"
SERVICES=${1:-10000} ENDPOINTS=${2:-100000}
need dig curl
# Longer than any batch, flush or collection of garbage.
REST_SECONDS=${REST_SECONDS:-20}

# The kernel's high-water mark begins anew.
forget_peak() { echo 5 >"/proc/${PID[$1]}/clear_refs"; }
megabytes() { awk -v k="$1" 'BEGIN { printf "%.1f", k / 1024 }'; }

# first_answer NAME COMMAND...: TOOK is the seconds from its start until it knows the last name, or nothing.
first_answer() {
    local name=$1 begun seen
    shift
    xtask dns-seen "127.0.0.1:${PORT[$name]}" "$LAST" 60 >"$WORK/seen" &
    seen=$!
    sleep 0.2
    begun=$(now)
    "$@"
    TOOK=
    ! wait "$seen" || TOOK=$(awk -v a="$begun" -v b="$(cat "$WORK/seen")" 'BEGIN { printf "%.3f", b - a }')
}

say "# dns-memory: $SERVICES services, $ENDPOINTS endpoints"
start_cluster "$SERVICES" "$ENDPOINTS"
start_coredns
start_hub
start_ours
sleep "$REST_SECONDS"
declare -A REST RESYNC
for server in coredns ours; do REST[$server]=$(resident_kib "${PID[$server]}"); forget_peak "$server"; done
curl -sf -X POST "$ADMIN/expire-versions" >/dev/null
quit hub
restart_hub
sleep "$REST_SECONDS"
for server in coredns ours; do RESYNC[$server]=$(peak_kib "${PID[$server]}"); done
# Its disk must have all of it; then nobody is left that it could ask.
sleep 5
quit ours
quit hub
quit coredns
first_answer coredns restart_coredns
warm=$TOOK
quit apiserver
first_answer ours restart_ours
ready=$TOOK
printf '%-10s %16s %20s %22s\n' "" "MB at rest" "MB at most, resync" "s to first answer"
printf '%-10s %16s %20s %22s\n' coredns "$(megabytes "${REST[coredns]}")" "$(megabytes "${RESYNC[coredns]}")" "$warm (API up)"
printf '%-10s %16s %20s %22s\n' ours "$(megabytes "${REST[ours]}")" "$(megabytes "${RESYNC[ours]}")" "${ready:-never} (all dead)"
say "ours / coredns: at rest $(ratio "${REST[ours]}" "${REST[coredns]}"), during a resync $(ratio "${RESYNC[ours]}" "${RESYNC[coredns]}")"
bar "at rest at most a third of CoreDNS's" at_most "$((${REST[ours]} * 3))" "${REST[coredns]}"
bar "during a resync at most a third of CoreDNS's" at_most "$((${RESYNC[ours]} * 3))" "${RESYNC[coredns]}"
bar "ready from the snapshot in under 1 s" at_most "${ready:-99}" 1
finish

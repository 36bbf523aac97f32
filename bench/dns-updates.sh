#!/usr/bin/env bash
# How soon a change of one EndpointSlice shows in the answers, at 1,000 changes a second over 10,000 services with 100,000
# endpoints: from the API server's answer to the write to the first answer with the new address. CoreDNS v1.15.0 without its
# cache plugin (with it, the cache's TTL would be measured), then `plimsoll dns`, one after the other on one API server.
#
# usage: PLIMSOLL=BINARY bench/dns-updates.sh [RATE] [SECONDS] [SERVICES] [ENDPOINTS]
set -euo pipefail
source "$(dirname "$0")/dns-servers.sh"
RATE=${1:-1000} TIME=${2:-20} SERVICES=${3:-10000} ENDPOINTS=${4:-100000}
# The issue's bar.
VISIBLE_MS_MAX=50
need dig curl

value() { tr ' ' '\n' <<<"$1" | sed -n "s/^$2=//p"; }
row() { printf '%-10s %12s %10s %10s %10s %10s %8s\n' "$@"; }
measure() { xtask dns-updates "$API" "$SERVICES" "$ENDPOINTS" "$RATE" "$TIME" "127.0.0.1:${PORT[$1]}"; }
line() { row "$1" "$(value "$2" rate)" "$(value "$2" samples)" "$(value "$2" p50_ms)" "$(value "$2" p99_ms)" "$(value "$2" max_ms)" "$(value "$2" lost)"; }

say "# dns-updates: $RATE changes a second for $TIME s, $SERVICES services, $ENDPOINTS endpoints"
start_cluster "$SERVICES" "$ENDPOINTS"
start_coredns ""
theirs=$(measure coredns)
quit coredns
start_hub
start_ours
ours=$(measure ours)
row "" "changes/s" "samples" "p50 ms" "p99 ms" "max ms" "lost"
line coredns "$theirs"
line ours "$ours"
say "ours / coredns: p50 $(ratio "$(value "$ours" p50_ms)" "$(value "$theirs" p50_ms)"), p99 $(ratio "$(value "$ours" p99_ms)" "$(value "$theirs" p99_ms)")"
bar "$RATE changes a second were made" at_least "$(value "$ours" rate)" "$((RATE * 95 / 100))"
bar "visible in under $VISIBLE_MS_MAX ms (99 of 100)" at_most "$(value "$ours" p99_ms)" "$VISIBLE_MS_MAX"
bar "none lost" test "$(value "$ours" lost)" = 0
finish

#!/usr/bin/env bash
# Answered queries per CPU second of the server, and latency at half of its own peak: CoreDNS v1.15.0 (kubernetes and
# cache), unbound and Knot DNS (the same names as local data) and `plimsoll dns`, one after the other in each round. Two of
# three queries hit one of the services, one is an NXDOMAIN. CPU is the server's user and system time from /proc: it does
# not depend on how fast the client is. Every server has one core, the client another one.
#
# usage: PLIMSOLL=BINARY bench/dns-qps.sh [ROUNDS] [SECONDS] [SERVER...]
set -euo pipefail
source "$(dirname "$0")/dns-servers.sh"
ROUNDS=${1:-3} TIME=${2:-10}
shift $(($# > 2 ? 2 : $#))
SERVERS=("$@")
[ ${#SERVERS[@]} -gt 0 ] || SERVERS=(coredns unbound knot ours)
SERVICES=1000
need dnsperf dig unbound knotd taskset

# one NAME: "queries-per-cpu-second qps lost p99-microseconds"
one() {
    local before after counts peak
    load "$1" -l 2 -c 16 -q 200 >/dev/null
    before=$(cpu_seconds "${PID[$1]}")
    counts=$(load "$1" -l "$TIME" -c 16 -q 200)
    after=$(cpu_seconds "${PID[$1]}")
    peak=$(cut -d' ' -f4 <<<"$counts")
    awk -v a="$before" -v b="$after" -v p99="$(latency "$1" "$peak")" '{ printf "%.0f %.0f %d %.0f\n", $1 / (b - a), $4, $2, p99 }' <<<"$counts"
}

# latency NAME PEAK: the 99th percentile in microseconds at half of that. By the kernel's stamps of the answers: dnsperf can say
# it only by writing a line for each query, and on its one core that takes longer than the server does, the more the faster
# the server is. A lost query counts as a second.
latency() {
    local rate got
    rate=$(awk -v p="$2" 'BEGIN { print int(p / 2) }')
    got=$(xtask_on_client_core dns-latency "127.0.0.1:${PORT[$1]}" "$WORK/queries" "$rate" "$TIME")
    # A client that does not keep up measures a lower rate.
    awk -v rate="$rate" '{ if ($1 < 0.98 * rate) print "NOT AT THE RATE" > "/dev/stderr"; print $4 }' <<<"$got"
}

median() { sort -n -k"$1,$1" | awk -v c="$1" '{ v[NR] = $c } END { print v[int((NR + 1) / 2)] }'; }

say "# dns-qps: $SERVICES services, 2/3 hits and 1/3 NXDOMAIN, median of $ROUNDS rounds of $TIME s"
start_cluster $((SERVICES * 10 / 9 + 1)) 0
write_queries
declare -A RESULT QPS P99
for server in "${SERVERS[@]}"; do
    case $server in
        ours) start_hub; start_ours ;;
        *) "start_$server" ;;
    esac
done
for _ in $(seq "$ROUNDS"); do
    for server in "${SERVERS[@]}"; do RESULT[$server]+=$(one "$server")$'\n'; done
done
printf '%-10s %22s %14s %14s %12s %8s\n' "" "queries/CPU second" "us CPU/query" "peak qps" "p99 us @half" "lost"
for server in "${SERVERS[@]}"; do
    lines=${RESULT[$server]%$'\n'}
    QPS[$server]=$(median 1 <<<"$lines") P99[$server]=$(median 4 <<<"$lines")
    printf '%-10s %22s %14s %14s %12s %8s\n' "$server" "${QPS[$server]}" "$(ratio 1000000 "${QPS[$server]}")" \
        "$(median 2 <<<"$lines")" "${P99[$server]}" "$(median 3 <<<"$lines")"
done
[ -n "${QPS[ours]:-}" ] || exit 0
for server in "${SERVERS[@]}"; do
    [ "$server" = ours ] || say "ours / $server: queries per CPU second $(ratio "${QPS[ours]}" "${QPS[$server]}"), p99 $(ratio "${P99[ours]}" "${P99[$server]}")"
done
# A server that was left out has no bar.
against() { [ -z "${QPS[$1]:-}" ] || bar "${@:2}"; }
against coredns "at least 5 times CoreDNS's queries per CPU second" at_least "${QPS[ours]}" "$((${QPS[coredns]:-0} * 5))"
against unbound "ahead of unbound" at_least "${QPS[ours]}" "$((${QPS[unbound]:-0} + 1))"
against knot "ahead of Knot DNS" at_least "${QPS[ours]}" "$((${QPS[knot]:-0} + 1))"
against unbound "p99 at half of the own peak no worse than unbound's" at_most "${P99[ours]}" "${P99[unbound]:-0}"
finish

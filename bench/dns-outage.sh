#!/usr/bin/env bash
# API server and hub killed: how many of the names that were known are answered, rightly, for as long as that lasts, and after
# restarts of the DNS server in the middle of it. `plimsoll dns` is killed and started five times, CoreDNS v1.15.0 once. Without
# root and on the embedded API server; testbed/checks/6-dns.sh does the same with a real one and etcd.
#
# usage: PLIMSOLL=BINARY bench/dns-outage.sh [SECONDS]
set -euo pipefail
source "$(dirname "$0")/dns-servers.sh"
TIME=${1:-60}
RESTARTS=5
need dig dnsperf

# right NAME: how many of the names have the address that they should have.
right() {
    cut -d' ' -f1 "$WORK/names" >"$WORK/questions"
    dig -f "$WORK/questions" @127.0.0.1 -p "${PORT[$1]}" +noall +answer +tries=1 +time=1 2>/dev/null |
        awk '$4 == "A" { sub(/\.$/, "", $1); print $1, $5 }' | sort | comm -12 - <(sort "$WORK/names") | wc -l
}
percent() { awk -v a="$1" -v b="$KNOWN" 'BEGIN { printf "%.1f", a * 100 / b }'; }
row() { printf '%-34s %10s %10s\n' "$@"; }

say "# dns-outage: API server and hub dead for $TIME s"
start_cluster 500 0
KNOWN=$(wc -l <"$WORK/names")
awk '{ print $1, "A" }' "$WORK/names" >"$WORK/queries"
start_coredns
start_hub
start_ours
# Its disk must have all of it.
sleep 5
quit apiserver
quit hub
begun=$SECONDS
counts=$(load ours -l $((TIME / 2)) -Q 2000 -t 2)
asked=$(awk '/Queries sent:/ { print $3 }' "$WORK/dnsperf-ours.log")
noerror=$(awk '/Response codes:/ { for (i = 3; i < NF; i++) if ($i == "NOERROR") print $(i + 1) }' "$WORK/dnsperf-ours.log")
row "" "CoreDNS" "ours"
row "% right, processes untouched" "$(percent "$(right coredns)")" "$(percent "$(right ours)")"
least=$KNOWN
for _ in $(seq "$RESTARTS"); do
    quit ours
    restart_ours
    until_true 10 "plimsoll dns, from disk" knows ours "$LAST"
    now_right=$(right ours)
    [ "$now_right" -ge "$least" ] || least=$now_right
done
quit coredns
restart_coredns
while [ $((SECONDS - begun)) -lt "$TIME" ]; do sleep 1; done
theirs=$(right coredns) ours=$(right ours)
row "% right after restarts, at worst" "$(percent "$theirs")" "$(percent "$least")"
row "% right at the end" "$(percent "$theirs")" "$(percent "$ours")"
say "ours / coredns, after a restart: $least / $theirs names; asked all the time: $asked, answered NOERROR: $noerror, lost: $(cut -d' ' -f2 <<<"$counts")"
bar "every query answered" test "$asked" = "$noerror"
bar "every name right after each of $RESTARTS restarts" test "$least" = "$KNOWN"
bar "every name right after $((SECONDS - begun)) s" test "$ours" = "$KNOWN"
finish

#!/usr/bin/env bash
# An upgrade under load: 20,000 queries a second, and in the middle of it the server is replaced, twice: `plimsoll dns` by
# starting another one with the same flags (the new one takes the sockets, the old one drains and ends). CoreDNS v1.15.0
# beside it, by its graceful reload (SIGUSR1) and by what a Deployment does to one replica, SIGTERM and a new process.
#
# usage: PLIMSOLL=BINARY bench/dns-upgrade.sh [RATE] [SECONDS]
set -euo pipefail
source "$(dirname "$0")/dns-servers.sh"
RATE=${1:-20000} TIME=${2:-20}
# A query that nobody took is lost after this long.
LOST_SECONDS=2
need dnsperf dig

# under_load NAME CHANGE: changes at a quarter and at a half of the time; COUNTS is "completed lost seconds qps".
under_load() {
    local loading
    load "$1" -l "$TIME" -c 16 -q 2000 -Q "$RATE" -t "$LOST_SECONDS" >"$WORK/counts" &
    loading=$!
    sleep $((TIME / 4))
    "$2"
    sleep $((TIME / 4))
    "$2"
    wait "$loading"
    COUNTS=$(cat "$WORK/counts")
}

replace_ours() {
    local old=${PID[ours]} begun
    begun=$(now)
    restart_ours
    while kill -0 "$old" 2>/dev/null; do
        sleep 0.05
        [ "${EPOCHREALTIME%.*}" -lt $((${begun%.*} + 10)) ] || { say "the old process ($old) does not end"; FAILED=1; kill -KILL "$old"; }
    done
    kill -0 "${PID[ours]}" 2>/dev/null || { say "the new process did not live:"; tail -n 3 "$WORK/ours.log"; FAILED=1; }
    say "        replaced in $(since "$begun") s"
}
reload_coredns() { kill -USR1 "${PID[coredns]}"; }
replace_coredns() {
    local old=${PID[coredns]}
    kill -TERM "$old"
    while kill -0 "$old" 2>/dev/null; do sleep 0.05; done
    restart_coredns
}

row() { printf '%-28s %12s %10s %10s\n' "$@"; }
line() { awk -v n="$1" '{ printf "%-28s %12d %10d %10.0f\n", n, $1, $2, $4 }' <<<"$2"; }

say "# dns-upgrade: $RATE queries a second for $TIME s, the server replaced twice"
start_cluster 1112 0
write_queries
start_coredns
under_load coredns reload_coredns
reloaded=$COUNTS
under_load coredns replace_coredns
replaced=$COUNTS
quit coredns
start_hub
start_ours
under_load ours replace_ours
ours=$COUNTS
row "" "answered" "lost" "qps"
line "CoreDNS, SIGUSR1" "$reloaded"
line "CoreDNS, SIGTERM and start" "$replaced"
line "plimsoll dns, hand-over" "$ours"
lost=$(cut -d' ' -f2 <<<"$ours")
say "lost: ours $lost, CoreDNS reloaded $(cut -d' ' -f2 <<<"$reloaded"), CoreDNS restarted $(cut -d' ' -f2 <<<"$replaced"); ours / restarted $(ratio "$lost" "$(cut -d' ' -f2 <<<"$replaced")")"
bar "0 lost" test "$lost" = 0
bar "as many as asked for" at_least "$(cut -d' ' -f4 <<<"$ours")" "$((RATE * 98 / 100))"
finish

#!/usr/bin/env bash
# What the recording proxy adds: the time of a small GET (p50), the time of a large LIST, and its memory with 10,000 watches open.
# Both ends are on this machine and share its cores with it. The embedded API server answers a LIST several times faster than a
# real one; with a testbed the real one is asked, and the watches, which would be a measurement of its memory, are left out.
#
# usage: PLIMSOLL=BINARY bench/preflight-proxy.sh [WATCHES]
#        TESTBED_DIR=DIR PLIMSOLL=BINARY bench/preflight-proxy.sh
set -euo pipefail
cd "$(dirname "$0")/.."
PLIMSOLL=${PLIMSOLL:?the binary to measure}
WATCHES=${1:-10000}
[ -z "${TESTBED_DIR:-}" ] || WATCHES=0
WORK=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$WORK"' EXIT
[ "$(ulimit -n)" -ge $((WATCHES + 500)) ] || ulimit -n $((WATCHES + 500))
[ "$WATCHES" = 0 ] || cargo build --release --quiet --package xtask

AS=()
if [ -n "${TESTBED_DIR:-}" ]; then
    # shellcheck source=/dev/null
    source "$TESTBED_DIR/env"
    DIRECT=$APISERVER
    AS=(-H "Authorization: Bearer $(awk -F, '$2 == "admin" {print $1}' "$TESTBED_DIR/tokens.csv")")
else
    KUBECONFIG=$WORK/kubeconfig
    "$PLIMSOLL" fake-apiserver --tls --nodes 300 --churn 1 --listen 127.0.0.1:0 --write-kubeconfig "$KUBECONFIG" >"$WORK/server.log" 2>&1 &
    until [ -s "$KUBECONFIG" ]; do sleep 0.2; done
    DIRECT=$(sed -n 's/.*server: *"\{0,1\}\(https[^" ]*\).*/\1/p' "$KUBECONFIG" | head -1)
fi
"$PLIMSOLL" preflight record --kubeconfig "$KUBECONFIG" --out "$WORK/profile.yaml" >"$WORK/proxy.log" 2>&1 &
PROXY_PID=$!
until grep -q '^recording: ' "$WORK/proxy.log"; do sleep 0.2; done
PROXY=$(awk '/^recording: / {print $2}' "$WORK/proxy.log")

# times COUNT PATH BASE: milliseconds of each answer over one connection, sorted.
times() {
    local urls=() number
    for ((number = 0; number < $1; number++)); do urls+=("$3$2" -o /dev/null); done
    curl -sfk -A bench/1 "${AS[@]+"${AS[@]}"}" -w '%{time_total}\n' "${urls[@]}" | awk '{print $1 * 1000}' | sort -n
}
median() { awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
sum() { awk '{n += $1} END {print n}'; }

GET=/api/v1/namespaces/default
LIST='/api/v1/pods?resourceVersion=0'
times 50 "$GET" "$DIRECT" >/dev/null; times 50 "$GET" "$PROXY" >/dev/null
printf '%-34s%12s%12s%12s\n' "" direct proxied difference
# In turns: the machine is not equally fast all the time.
for _ in 1 2 3 4 5 6; do times 200 "$GET" "$DIRECT" >>"$WORK/small-direct"; times 200 "$GET" "$PROXY" >>"$WORK/small-proxied"; done
awk -v a="$(sort -n "$WORK/small-direct" | median)" -v b="$(sort -n "$WORK/small-proxied" | median)" 'BEGIN {printf "%-34s%9.3f ms%9.3f ms%9.3f ms\n", "small GET, p50", a, b, b - a}'
for _ in 1 2 3 4 5 6 7; do times 3 "$LIST" "$DIRECT" | sum >>"$WORK/direct"; times 3 "$LIST" "$PROXY" | sum >>"$WORK/proxied"; done
awk -v a="$(sort -n "$WORK/direct" | median)" -v b="$(sort -n "$WORK/proxied" | median)" 'BEGIN {printf "%-34s%9.0f ms%9.0f ms%10.1f %%\n", "large LIST, three in a row", a, b, (b / a - 1) * 100}'
[ "$WATCHES" -gt 0 ] || exit 0
before=$(awk '/^VmRSS/ {print $2}' "/proc/$PROXY_PID/status")
target/release/xtask http-watches "${PROXY#http://}" '/api/v1/namespaces?watch=true&resourceVersion=0' "$WATCHES" 5 >"$WORK/watches" &
until [ -s "$WORK/watches" ]; do kill -0 $! || exit 1; sleep 0.5; done
awk -v n="$WATCHES" -v b="$before" -v a="$(awk '/^VmRSS/ {print $2}' "/proc/$PROXY_PID/status")" 'BEGIN {printf "%-34s%9.0f MB, before them %.0f MB\n", n " watches through it: memory", a / 1024, b / 1024}'

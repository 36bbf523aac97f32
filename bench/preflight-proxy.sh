#!/usr/bin/env bash
# What the recording proxy adds: the time of a small GET (p50), the time of a large LIST, and its memory with 10,000 watches open.
# Both ends are on this machine and share its cores with it.
#
# usage: PLIMSOLL=BINARY bench/preflight-proxy.sh [WATCHES]
set -euo pipefail
cd "$(dirname "$0")/.."
PLIMSOLL=${PLIMSOLL:?the binary to measure}
WATCHES=${1:-10000}
WORK=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$WORK"' EXIT
[ "$(ulimit -n)" -ge $((WATCHES + 500)) ] || ulimit -n $((WATCHES + 500))
cargo build --release --quiet --package xtask

"$PLIMSOLL" fake-apiserver --tls --nodes 300 --churn 1 --listen 127.0.0.1:0 --write-kubeconfig "$WORK/kubeconfig" >"$WORK/server.log" 2>&1 &
until [ -s "$WORK/kubeconfig" ]; do sleep 0.2; done
DIRECT=$(sed -n 's/.*server: *"\{0,1\}\(https[^" ]*\).*/\1/p' "$WORK/kubeconfig" | head -1)
"$PLIMSOLL" preflight record --kubeconfig "$WORK/kubeconfig" --out "$WORK/profile.yaml" >"$WORK/proxy.log" 2>&1 &
PROXY_PID=$!
until grep -q '^recording: ' "$WORK/proxy.log"; do sleep 0.2; done
PROXY=$(awk '/^recording: / {print $2}' "$WORK/proxy.log")

# times COUNT PATH BASE: milliseconds of each answer over one connection, sorted.
times() {
    local urls=() number
    for ((number = 0; number < $1; number++)); do urls+=("$3$2" -o /dev/null); done
    curl -sfk -A bench/1 -w '%{time_total}\n' "${urls[@]}" | awk '{print $1 * 1000}' | sort -n
}
median() { awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
sum() { awk '{n += $1} END {print n}'; }

GET=/api/v1/namespaces/default
LIST='/api/v1/pods?resourceVersion=0'
times 50 "$GET" "$DIRECT" >/dev/null; times 50 "$GET" "$PROXY" >/dev/null
printf '%-34s%12s%12s%12s\n' "" direct proxied difference
small() { for _ in 1 2 3; do times 500 "$GET" "$1"; done | sort -n | median; }
a=$(small "$DIRECT") b=$(small "$PROXY")
awk -v a="$a" -v b="$b" 'BEGIN {printf "%-34s%9.3f ms%9.3f ms%9.3f ms\n", "small GET, p50", a, b, b - a}'
# In turns: the machine is not equally fast all the time.
for _ in 1 2 3 4 5; do times 3 "$LIST" "$DIRECT" | sum >>"$WORK/direct"; times 3 "$LIST" "$PROXY" | sum >>"$WORK/proxied"; done
awk -v a="$(sort -n "$WORK/direct" | median)" -v b="$(sort -n "$WORK/proxied" | median)" 'BEGIN {printf "%-34s%9.0f ms%9.0f ms%10.1f %%\n", "large LIST, three in a row", a, b, (b / a - 1) * 100}'
before=$(awk '/^VmRSS/ {print $2}' "/proc/$PROXY_PID/status")
target/release/xtask http-watches "${PROXY#http://}" '/api/v1/namespaces?watch=true&resourceVersion=0' "$WATCHES" 5 >"$WORK/watches" &
until [ -s "$WORK/watches" ]; do kill -0 $! || exit 1; sleep 0.5; done
awk -v n="$WATCHES" -v b="$before" -v a="$(awk '/^VmRSS/ {print $2}' "/proc/$PROXY_PID/status")" 'BEGIN {printf "%-34s%9.0f MB, before them %.0f MB\n", n " watches through it: memory", a / 1024, b / 1024}'

#!/usr/bin/env bash
# What the fuse costs a node with 200 pods, each a workload of its own, beside iptables rules that count the same: the CPU of
# its loop, with the programs that it starts, as a share of one core; and the machine's CPU for each gigabyte that a pod
# fetches from an API server's address through the node's network namespace, without anything, with iptables, with the fuse.
#
#   bench/fuse-cost.sh [SECONDS] [ROUNDS]
#
# Needs root, nftables, iptables, iproute2.
set -euo pipefail
cd "$(dirname "$0")/.."
SECONDS_EACH=${1:-60} ROUNDS=${2:-5} PODS=200 GIGABYTES=4
SERVER=10.77.1.2:6443 POD=10.77.2.2

cargo build --release --quiet --package fuse --example cost
COST=$PWD/target/release/examples/cost
NAMES=(fuse-api fuse-node fuse-pod)
down() {
    kill "${SERVE:-}" 2>/dev/null || true
    for name in "${NAMES[@]}"; do ip netns del "$name" 2>/dev/null || true; done
}
trap down EXIT
down
for name in "${NAMES[@]}"; do
    ip netns add "$name"
    ip -n "$name" link set lo up
done
inside() { local name=$1; shift; nsenter --net="/run/netns/fuse-$name" -- "$@"; }
wire() { # wire NAME NODE_ADDRESS ADDRESS
    ip -n fuse-node link add "to-$1" type veth peer name eth0 netns "fuse-$1"
    ip -n fuse-node addr add "$2/24" dev "to-$1"
    ip -n "fuse-$1" addr add "$3/24" dev eth0
    ip -n fuse-node link set "to-$1" up
    ip -n "fuse-$1" link set eth0 up
    ip -n "fuse-$1" route add default via "$2"
}
wire api 10.77.1.1 10.77.1.2
wire pod 10.77.2.1 $POD
inside node sysctl -qw net.ipv4.ip_forward=1
inside api "$COST" serve $SERVER >/dev/null 2>&1 &
SERVE=$!
sleep 0.5

# Of this shell's children so far, in seconds.
children() { awk '{print ($16 + $17) / 100}' "/proc/$$/stat"; }
# The machine's busy time, in hundredths of a second: forwarding is charged to whoever runs at that moment.
busy() { awk '/^cpu / {print $2 + $3 + $4 + $6 + $7 + $8}' /proc/stat; }
per_gigabyte() {
    local begun
    begun=$(busy)
    inside pod "$COST" fetch $SERVER $((GIGABYTES * 1000000000))
    echo $(($(busy) - begun)) | awk -v gigabytes=$GIGABYTES '{printf "%.4f\n", $1 / 100 / gigabytes}'
}
median() { sort -n | awk '{all[NR] = $1} END {print all[int((NR + 1) / 2)]}'; }

rules() { # as many counting rules as the fuse has counters of bytes: to and from each pod
    echo "*filter"
    for number in $(seq 1 $((PODS - 1))) own; do
        address=10.99.0.$number
        [ "$number" != own ] || address=$POD
        echo "-A FORWARD -s $address -d ${SERVER%:*} -p tcp --dport ${SERVER#*:}"
        echo "-A FORWARD -d $address -s ${SERVER%:*} -p tcp --sport ${SERVER#*:}"
    done
    echo COMMIT
}
poll_iptables() { for _ in $(seq $((SECONDS_EACH / 2))); do inside node iptables-save -c >/dev/null; sleep 2; done; }

echo "loop, $PODS pods, $SECONDS_EACH s each:"
begun=$(children)
inside node "$COST" loop "$SECONDS_EACH" $PODS $SERVER $POD >/dev/null
fuse=$(awk -v a="$begun" -v b="$(children)" -v s="$SECONDS_EACH" 'BEGIN {printf "%.3f", (b - a) / s * 100}')
rules | inside node iptables-restore
begun=$(children)
poll_iptables
iptables=$(awk -v a="$begun" -v b="$(children)" -v s="$SECONDS_EACH" 'BEGIN {printf "%.3f", (b - a) / s * 100}')
inside node iptables -F
awk -v fuse="$fuse" -v iptables="$iptables" 'BEGIN {
    printf "  fuse %s %% of a core, iptables-save every 2 s %s %%, ratio %.2f\n", fuse, iptables, fuse / (iptables ? iptables : 0.001)}'

for round in $(seq "$ROUNDS"); do
    per_gigabyte >>"${TMPDIR:-/tmp}/fuse-cost.nothing.$$"
    rules | inside node iptables-restore
    per_gigabyte >>"${TMPDIR:-/tmp}/fuse-cost.iptables.$$"
    inside node iptables -F
    inside node "$COST" loop 20 $PODS $SERVER $POD >/dev/null &
    loop=$!
    sleep 3
    per_gigabyte >>"${TMPDIR:-/tmp}/fuse-cost.fuse.$$"
    wait "$loop"
    inside node nft delete table inet plimsoll-fuse
    echo "  round $round"
done
echo "forwarding, CPU seconds of the machine for each GB, medians of $ROUNDS rounds:"
for kind in nothing iptables fuse; do
    eval "$kind=$(median <"${TMPDIR:-/tmp}/fuse-cost.$kind.$$")"
    rm "${TMPDIR:-/tmp}/fuse-cost.$kind.$$"
done
# shellcheck disable=SC2154
awk -v nothing="$nothing" -v iptables="$iptables" -v fuse="$fuse" 'BEGIN {
    printf "  nothing %.3f, iptables %.3f (ratio %.2f), fuse %.3f (ratio %.2f)\n", nothing, iptables, iptables / nothing, fuse, fuse / nothing}'

#!/usr/bin/env bash
# The agent's CPU seconds per scrape and its memory, beside node_exporter plus the kubelet's own cadvisor endpoint, on
# the same machine with the same pods, in one run. The kubelet is a large process that works all the time: what it costs
# without scrapes, in as long a time, is taken off.
#
# usage: TESTBED_DIR=DIR PLIMSOLL=BINARY bench/agent-cost.sh [SCRAPES]
set -euo pipefail
source "$(dirname "$0")/../testbed/checks/lib.sh"
source "$(dirname "$0")/../testbed/checks/processes.sh"
SCRAPES=${1:-30}
# One a second: caches of a second's life are as old for one side as for the other.
PAUSE=1

# cost PID URL: CPU milliseconds per scrape beyond what the process takes anyway.
cost() {
    local pid=$1 url=$2 begun idle busy i
    begun=$(cpu_seconds "$pid")
    for i in $(seq "$SCRAPES"); do sleep "$PAUSE"; done
    idle=$(awk -v a="$begun" -v b="$(cpu_seconds "$pid")" 'BEGIN { print b - a }')
    begun=$(cpu_seconds "$pid")
    for i in $(seq "$SCRAPES"); do get -o /dev/null "$url"; sleep "$PAUSE"; done
    busy=$(awk -v a="$begun" -v b="$(cpu_seconds "$pid")" 'BEGIN { print b - a }')
    awk -v i="$idle" -v b="$busy" -v n="$SCRAPES" 'BEGIN { d = (b - i) * 1000 / n; printf "%.2f\n", (d > 0 ? d : 0) }'
}

families() { get "$1" | grep -c "^# TYPE $2" || true; }
samples() { get "$1" | grep -cE "^$2" || true; }
row() { printf '%-28s %12s %12s %10s %10s\n' "$@"; }

start_agent() {
    local port
    port=$(testbed port)
    AGENT=http://127.0.0.1:$port/metrics
    testbed run bench-agent "$PLIMSOLL" agent --node-name "$NODE" --listen "127.0.0.1:$port" \
        --pods-api-socket "$PODS_API_SOCK" --cri-socket "$CONTAINERD_SOCK" --kubelet-read-only-port 0
    reload
    within 30 "the agent knows the containers" sh -c "curl -sf '$AGENT' | grep '^container_cpu_usage_seconds_total' | grep -q talker"
}

begin "agent-cost: $(get "http://127.0.0.1:$KUBELET_READONLY_PORT/pods" | jq '.items | length') pods on this node, $SCRAPES scrapes"
testbed peers
start_agent
CADVISOR=http://127.0.0.1:$KUBELET_READONLY_PORT/metrics/cadvisor
# The lowest memory and the first scrape's one-time costs are nobody's steady state.
for url in "$AGENT" "$NODE_EXPORTER/metrics" "$CADVISOR"; do get -o /dev/null "$url"; done
agent=$(cost "$BENCH_AGENT_PID" "$AGENT")
exporter=$(cost "$NODE_EXPORTER_PID" "$NODE_EXPORTER/metrics")
cadvisor=$(cost "$KUBELET_PID" "$CADVISOR")
row "" "ms CPU/scrape" "RSS KiB" "node_*" "container_*"
row "plimsoll agent" "$agent" "$(resident_kib "$BENCH_AGENT_PID")" "$(families "$AGENT" node_)" "$(families "$AGENT" container_)"
row "node_exporter" "$exporter" "$(resident_kib "$NODE_EXPORTER_PID")" "$(families "$NODE_EXPORTER/metrics" node_)" 0
row "kubelet /metrics/cadvisor" "$cadvisor" "(kubelet)" 0 "$(families "$CADVISOR" container_)"
echo "samples of containers: agent $(samples "$AGENT" container_), kubelet $(samples "$CADVISOR" container_)"
awk -v a="$agent" -v t="$exporter" -v c="$cadvisor" \
    'BEGIN { printf "agent / (node_exporter + cadvisor): CPU per scrape %.2f (bar: at most 0.5)\n", a / (t + c) }'
expect "at most half of both" at_most "$agent" "$(awk -v t="$exporter" -v c="$cadvisor" 'BEGIN { print (t + c) / 2 }')"
expect "at most 15 MB resident" at_most "$(resident_kib "$BENCH_AGENT_PID")" 14648
testbed kill bench-agent
finish

#!/usr/bin/env bash
# Does the API server feel the number of agents? One hub each with 1, 10 and 1,000 agents (real processes, real sockets,
# mTLS), at the same time, each hub with an account of its own; then the API server's audit log is counted by account.
# A hub is watched from its start: with watches of 290 to 590 seconds, ten minutes hold one renewal of each.
#
# usage: TESTBED_DIR=DIR PLIMSOLL=BINARY bench/agents-audit.sh [MINUTES] [COUNT...]
# A thousand agents take some 10 GB: the testbed should be small (up --nodes 1000 --pods 3000).
set -euo pipefail
source "$(dirname "$0")/../testbed/checks/lib.sh"
source "$(dirname "$0")/../testbed/checks/processes.sh"
source "$(dirname "$0")/../testbed/checks/agent-pod.sh"
source "$(dirname "$0")/../testbed/lib/identities.sh"
MINUTES=${1:-10}
shift || true
COUNTS=("$@")
[ ${#COUNTS[@]} -gt 0 ] || COUNTS=(1 10 1000)

# make_account COUNT: a hub's rights under another name.
make_account() {
    kubectl -n plimsoll create serviceaccount "hub-$1" --dry-run=client -o yaml | kubectl apply -f - >/dev/null
    kubectl create clusterrolebinding "hub-$1" --clusterrole plimsoll-hub --serviceaccount "plimsoll:hub-$1" \
        --dry-run=client -o yaml | kubectl apply -f - >/dev/null
    # write_kubeconfig is the testbed's and wants its names.
    DIR=$TESTBED_DIR write_kubeconfig "$WORK/hub-$1" hub "$(kubectl -n plimsoll create token "hub-$1" --duration=2h)"
}

start_side() {
    local count=$1 agents telemetry
    agents=127.0.0.1:$(testbed port) telemetry=$(testbed port)
    testbed run "hub-$count" "$PLIMSOLL" hub --kubeconfig "$WORK/hub-$count" --port "$(testbed port)" \
        --telemetry-port "$telemetry" --agents-listen "$agents" --tls-dir "$WORK/tls"
    echo "$telemetry" >"$WORK/hub-$count.port"
    # Names of KWOK's nodes. No kubelet, no runtime: a thousand agents on one machine would ask one kubelet for the same.
    # shellcheck disable=SC2016
    testbed run "agents-$count" sh -c 'i=0
        while [ $i -lt "$1" ]; do
            "$2" agent --node-name "$(printf kwok-%04d $i)" --hub "$3" --tls-dir "$4" --listen 127.0.0.1:0 \
                --pods-api-socket /nowhere --cri-socket /nowhere --kubelet-read-only-port 0 >/dev/null &
            i=$((i + 1)); [ $((i % 20)) != 0 ] || sleep 0.5
        done; wait' agents "$count" "$PLIMSOLL" "$agents" "$WORK/tls"
}

connected() { get "http://127.0.0.1:$(cat "$WORK/hub-$1.port")/metrics" | awk '/^plimsoll_fanout_agents_connected / {n += $NF} END {print n + 0}'; }
all_connected() { [ "$(connected "$1")" -ge "$1" ]; }

# The whole session of the component: its agents are its children.
stop_side() {
    local name
    for name in "agents-$1" "hub-$1"; do kill -KILL -- "-$(cat "$TESTBED_DIR/run/$name.pid")" 2>/dev/null || true; done
}

requests() { audit_since "$mark" plimsoll | jq -r --arg user "system:serviceaccount:plimsoll:hub-$1" 'select(.user.username == $user) | .verb' | wc -l; }

begin "agents-audit: ${COUNTS[*]} agents, $MINUTES minutes"
ensure_certificates
mark=$(audit_mark)
trap 'for count in "${COUNTS[@]}"; do stop_side "$count"; done' EXIT
for count in "${COUNTS[@]}"; do make_account "$count"; start_side "$count"; done
begun=$SECONDS
for count in "${COUNTS[@]}"; do within 180 "$count agents are connected" all_connected "$count"; done
sleep $((MINUTES * 60 - (SECONDS - begun) > 0 ? MINUTES * 60 - (SECONDS - begun) : 0))
first=
for count in "${COUNTS[@]}"; do
    made=$(requests "$count")
    first=${first:-$made}
    echo "        $count agents ($(connected "$count") connected): $made requests of the hub"
    expect "within 5 % of the hub with ${COUNTS[0]}" awk -v a="$made" -v b="$first" 'BEGIN { exit !(b > 0 && a / b >= 0.95 && a / b <= 1.05) }'
done
expect "requests by an agent: $(agent_requests "$mark")" test "$(agent_requests "$mark")" = 0
finish

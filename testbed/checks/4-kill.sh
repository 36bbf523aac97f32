#!/usr/bin/env bash
# kill -9 of the API server, etcd, the hub and the agent in turn. What is known outlives all of them.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/processes.sh"
source "$(dirname "$0")/agent-pod.sh"

pods_known() { [ "$(count "$HUB_METRICS/metrics" '^kube_pod_info\{')" = "$1" ]; }
age() { sum "$HUB_TELEMETRY/metrics" '^plimsoll_state_age_seconds\{.*resource="pods"'; }
older_than() { at_least "$(age)" "$1"; }
younger_than() { at_most "$(age)" "$1"; }
watching_all() {
    [ "$(count "$HUB_TELEMETRY/metrics" '^plimsoll_api_resource_phase\{.*phase="watching"\} 1')" -ge 11 ]
}
snapshot_since() { find "$WORK/hub-data" -type f -newer "$1" | grep -q .; }
agent_knows() { get "$AGENT_METRICS/metrics" | grep -E '^container_cpu_usage_seconds_total\{' | grep -q 'pod="talker-'; }
agent_scale() { get "$AGENT_METRICS/metrics" | grep -E '^container_cpu_usage_seconds_total\{' | grep -c 'namespace="real"'; }

without_apiserver() {
    local pods
    pods=$(count "$HUB_METRICS/metrics" '^kube_pod_info\{')
    testbed kill apiserver
    sleep 6
    expect "API server gone: the hub serves all $pods pods" pods_known "$pods"
    within 20 "API server gone: the hub says how old that is (plimsoll_state_age_seconds)" older_than 5
    expect "API server gone: the hub lives" get -o /dev/null "$HUB_TELEMETRY/livez"
    expect "API server gone: the agent goes on" agent_knows
    hub_restart_during_outage "$pods"
    testbed start apiserver
    within 60 "API server back: the hub's state is young again" younger_than 4
}

# The snapshot alone: the worst moment to restart.
hub_restart_during_outage() {
    # Five seconds of silence, and the hub writes what it has not written yet at its next look, five seconds later at most.
    within 20 "API server gone: silent for long enough that all is on disk" older_than 11
    testbed kill hub
    restart_hub
    within 10 "API server gone, hub killed and started: all $1 pods from the snapshot" pods_known "$1"
}

without_etcd() {
    local pods
    pods=$(count "$HUB_METRICS/metrics" '^kube_pod_info\{')
    testbed kill etcd
    sleep 5
    expect "etcd gone: the hub serves all $pods pods" pods_known "$pods"
    expect "etcd gone: the hub lives" get -o /dev/null "$HUB_TELEMETRY/livez"
    testbed start etcd
    within 60 "etcd back: the API server is ready" kubectl get --raw /readyz
    # Nothing may happen to a pod for minutes, and the first bookmark after an outage takes as long: something is made to happen.
    kubectl annotate pods -n real --all --overwrite "plimsoll-check=$RANDOM" >/dev/null
    within 60 "etcd back: a change reaches the hub, and its state is young again" younger_than 4
    # The API server begins its history anew, kind by kind as its own watches of etcd come back: each is read once more, and
    # what was on disk before is of no use to a hub that starts now.
    sleep 30
    within 60 "etcd back: every kind is watched" watching_all
    touch "$WORK/watching"
    within 60 "etcd back: that is on disk" snapshot_since "$WORK/watching"
}

without_hub() {
    local mark requests
    testbed kill hub
    sleep 2
    expect "hub gone: the agent goes on" agent_knows
    mark=$(audit_mark)
    restart_hub
    within 10 "hub back: ready" hub_is_ready
    sleep 5
    requests=$(audit_since "$mark" plimsoll | jq -c --arg hub "$HUB_USER" 'select(.user.username == $hub)')
    # A long-running watch is in the log when it begins: the policy leaves out only "request received".
    echo "        requests of the hub since its restart: $(grep -c . <<<"$requests" || true)"
    expect "hub back from its snapshot: 0 LISTs" no_such_request "$requests" '.verb == "list"'
    expect "hub back from its snapshot: 0 watches with initial events" no_such_request "$requests" '.requestURI | test("sendInitialEvents=true")'
}

no_such_request() { [ "$(jq -c "select($2)" <<<"$1" | grep -c . || true)" = 0 ]; }

without_agent() {
    local pid
    pid=$(agent_pid)
    kill -KILL "$pid"
    within 60 "agent killed: the kubelet started it again and it knows its pods" agent_knows
    expect "agent killed: it is another process" test "$(agent_pid)" != "$pid"
}

begin "kill -9 of API server, etcd, hub and agent in turn"
ensure_hub
within 120 "the hub is ready" hub_is_ready
if [ -z "${AGENT_METRICS:-}" ]; then deploy_agent; within 120 "the agent's pod is ready" agent_pod_is_ready; fi
# A snapshot on disk is a promise of the data directory, not of a clean stop.
within 120 "a snapshot is on disk" sh -c "find '$WORK/hub-data' -type f -size +1k | grep -q ."
mark=$(audit_mark)
without_apiserver
without_etcd
without_hub
without_agent
expect "no request by an agent in all of that" test "$(agent_requests "$mark")" = 0
finish

#!/usr/bin/env bash
# The agent as a pod of a DaemonSet from deploy/, built from a static binary, on a real kubelet.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/processes.sh"
source "$(dirname "$0")/agent-pod.sh"

has() { get "$AGENT_METRICS/metrics" | grep -E "$1" | grep -qE "$2"; }
container_known() { has "^$1\{" "namespace=\"real\".*pod=\"talker-|pod=\"talker-.*namespace=\"real\""; }

# From the moment that the kubelet itself reports the pod's containers as running.
new_pod_is_seen() {
    local begun
    begun=$(milliseconds)
    kubectl -n real run newcomer --image localhost/busybox:1 --image-pull-policy Never --restart Never \
        --overrides '{"spec": {"nodeName": "'"$NODE"'", "terminationGracePeriodSeconds": 1}}' --command -- /busybox sleep 600 >/dev/null
    until kubelet_says_running newcomer; do
        sleep 0.05
        [ $(($(milliseconds) - begun)) -lt 60000 ] || { not_ok "the kubelet starts a new pod within 60 s"; return 0; }
    done
    within 1 "a new pod's container is in the agent's metrics (from when the kubelet says so)" \
        has '^container_memory_working_set_bytes\{' 'pod="newcomer"'
    kubectl -n real delete pod newcomer --wait=false >/dev/null
    within 15 "a deleted pod is gone" gone newcomer
}

kubelet_says_running() {
    get "http://127.0.0.1:$KUBELET_READONLY_PORT/pods" |
        jq -e --arg name "$1" '.items[] | select(.metadata.name == $name) | .status.containerStatuses[0].state.running' >/dev/null
}
gone() { [ "$(count "$AGENT_METRICS/metrics" "pod=\"$1\"")" = 0 ]; }

begin "the agent as a DaemonSet pod on $NODE"
ensure_hub
within 120 "the hub is ready" hub_is_ready
mark=$(audit_mark)
deploy_agent
within 120 "the pod is ready" agent_pod_is_ready
reload
for family in container_cpu_usage_seconds_total container_memory_working_set_bytes container_memory_rss \
    container_spec_memory_limit_bytes container_network_receive_bytes_total; do
    within 30 "$family of the pod's containers" container_known "$family"
done
for family in node_cpu_seconds_total node_memory_MemAvailable_bytes node_load1 node_filesystem_avail_bytes \
    node_network_receive_bytes_total node_uname_info; do
    within 5 "$family" has "^$family" .
done
within 30 "both containers have names" has '^container_memory_working_set_bytes\{' 'container="idle"'
within 30 "the owning workload is a label" has '^container_memory_working_set_bytes\{.*pod="talker-' 'workload="talker"'
new_pod_is_seen
echo "        agent: $(agent_pid) $(resident_kib "$(agent_pid)") KiB resident," \
    "$(get "$AGENT_METRICS/metrics" | grep -c '^# TYPE') families, $(get "$AGENT_METRICS/metrics" | grep -vc '^#') samples"
expect "the pod has no token mounted" token_is_absent
expect "no request by the agent's account or program in the audit log since its pod was made" \
    test "$(agent_requests "$mark")" = 0
finish

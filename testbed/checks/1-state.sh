#!/usr/bin/env bash
# The hub against a real API server: it knows what kubectl knows, and hears of changes in seconds.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/processes.sh"

counts_agree() {
    local nodes pods
    nodes=$(kubectl get nodes --no-headers | wc -l)
    pods=$(kubectl get pods -A --no-headers | wc -l)
    [ "$(count "$HUB_METRICS/metrics" '^kube_node_info\{')" = "$nodes" ] &&
        [ "$(count "$HUB_METRICS/metrics" '^kube_pod_info\{')" = "$pods" ]
}

scraped() { [ "$(sum "$HUB_METRICS/metrics" "$1")" = "$2" ]; }
gone() { [ "$(count "$HUB_METRICS/metrics" "$1")" = 0 ]; }

begin "the hub on $NODES KWOK nodes, one real node, $PODS pods"
ensure_hub
within 120 "ready" hub_is_ready
echo "        memory: $(resident_kib "$HUB_PID") KiB, peak $(peak_kib "$HUB_PID") KiB; CPU so far: $(cpu_seconds "$HUB_PID") s"
within 30 "as many nodes and pods as kubectl counts" counts_agree
echo "        nodes: $(count "$HUB_METRICS/metrics" '^kube_node_info\{'), pods: $(count "$HUB_METRICS/metrics" '^kube_pod_info\{')"

scale='^kube_deployment_spec_replicas\{.*deployment="app-7"'
before=$(sum "$HUB_METRICS/metrics" "$scale")
kubectl -n load-7 scale deployment app-7 --replicas $((before + 5)) >/dev/null
within 5 "scale: spec.replicas $before -> $((before + 5))" scraped "$scale" $((before + 5))
within 30 "scale: so many replicas are ready" scraped '^kube_deployment_status_replicas_ready\{.*deployment="app-7"' $((before + 5))
kubectl -n load-7 scale deployment app-7 --replicas "$before" >/dev/null
within 5 "scale back" scraped "$scale" "$before"

node=kwok-0000
kubectl cordon "$node" >/dev/null
within 5 "cordon" scraped "^kube_node_spec_unschedulable\{node=\"$node\"" 1
kubectl uncordon "$node" >/dev/null
within 5 "uncordon" scraped "^kube_node_spec_unschedulable\{node=\"$node\"" 0

kubectl create namespace short-lived >/dev/null
within 5 "a new namespace" scraped '^kube_namespace_created\{namespace="short-lived"\}' "$(date -d "$(kubectl get ns short-lived -o 'jsonpath={.metadata.creationTimestamp}')" +%s)"
kubectl delete namespace short-lived >/dev/null
within 5 "a deleted namespace" gone 'namespace="short-lived"'

pod=$(kubectl -n load-3 get pods -o 'jsonpath={.items[0].metadata.name}')
kubectl -n load-3 delete pod "$pod" --wait=false >/dev/null
within 10 "a deleted pod" gone "pod=\"$pod\""
finish

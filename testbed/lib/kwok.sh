# Nodes that exist only in the API server, and the pods on them: KWOK plays their kubelets.

WORKLOADS=60

# KWOK's own stages, taken from its module: what "Running" looks like is theirs to say.
write_kwok_config() {
    local module stage
    module=$(cd "$HERE/kwok" && go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)/kustomize/stage
    cat >"$DIR/kwok.yaml" <<'TEXT'
apiVersion: config.kwok.x-k8s.io/v1alpha1
kind: KwokConfiguration
options: {podPlayStageParallelism: 64, nodePlayStageParallelism: 16, nodeLeaseParallelism: 4}
TEXT
    for stage in "$module"/node/fast/node-*.yaml "$module"/node/heartbeat-with-lease/node-*.yaml "$module"/pod/fast/pod-*.yaml; do
        echo "---" >>"$DIR/kwok.yaml"
        cat "$stage" >>"$DIR/kwok.yaml"
    done
}

start_kwok() {
    write_kwok_config
    define kwok "$(binary kwok)" --kubeconfig "$DIR/identities/kwok" --config "$DIR/kwok.yaml" --manage-all-nodes=false \
        --manage-nodes-with-label-selector type=kwok --node-lease-duration-seconds 40 --cidr 10.128.0.0/9 --node-ip 10.127.0.1
    start kwok
    kwok_nodes "$NODES" | kubectl create -f - >/dev/null
    wait_until 120 "$NODES KWOK nodes" kwok_nodes_ready "$NODES"
}

start_workloads() {
    workloads "$PODS" | kubectl apply -f - >/dev/null
    # 20 pods a second is slower than anything that was seen; a minute on top for a busy machine.
    wait_until $((PODS / 20 + 60)) "$PODS pods" workloads_run "$PODS"
    kubectl apply -f "$HERE/manifests/other-kinds.yaml" >/dev/null
    wait_until 120 "the jobs" kubectl -n other wait --for=condition=complete --timeout=1s job --all
}

kwok_nodes() {
    local i
    for i in $(seq -f %04g 0 $(($1 - 1))); do
        cat <<TEXT
---
apiVersion: v1
kind: Node
metadata:
  name: kwok-$i
  labels: {type: kwok, kubernetes.io/hostname: kwok-$i, kubernetes.io/os: linux, kubernetes.io/arch: amd64, topology.kubernetes.io/zone: zone-$((10#$i % 3)), node.kubernetes.io/instance-type: m7.large}
  annotations: {kwok.x-k8s.io/node: fake}
spec: {taints: [{key: kwok.x-k8s.io/node, value: fake, effect: NoSchedule}]}
status:
  allocatable: {cpu: "32", memory: 256Gi, pods: "110"}
  capacity: {cpu: "32", memory: 256Gi, pods: "110"}
  nodeInfo: {architecture: amd64, operatingSystem: linux, kubeletVersion: fake, bootID: "", machineID: "", systemUUID: "", kernelVersion: "", osImage: "", containerRuntimeVersion: "", kubeProxyVersion: fake}
TEXT
    done
}

kwok_nodes_ready() {
    must_live kwok
    [ "$(kubectl get nodes -l type=kwok --no-headers | awk '$2 == "Ready"' | wc -l)" -ge "$1" ]
}

# The pods in 60 Deployments of 10 namespaces; the first takes what does not divide.
workloads() {
    local i replicas
    for i in $(seq 0 9); do printf -- '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: load-%s, labels: {team: team-%s}}\n' "$i" "$((i % 4))"; done
    for i in $(seq 0 $((WORKLOADS - 1))); do
        replicas=$(($1 / WORKLOADS))
        [ "$i" -gt 0 ] || replicas=$((replicas + $1 % WORKLOADS))
        sed "s/NAMESPACE/load-$((i % 10))/; s/NAME/app-$i/; s/REPLICAS/$replicas/" "$HERE/manifests/workload.yaml"
    done
}

# Of the Deployments' own status: 60 small objects, not thousands of pods, for every look.
workloads_run() {
    [ "$(kubectl get deployments -A -l testbed=load -o 'jsonpath={range .items[*]}{.status.readyReplicas}{"\n"}{end}' |
        awk '{n += $1} END {print n + 0}')" -ge "$1" ]
}

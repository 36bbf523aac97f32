# A real node: containerd and the kubelet in a mount namespace of their own. There "/" is a shared mount, as containerd
# wants it, without changing the machine's; and whatever they mount goes away with the last of their processes.

define_node() {
    local port=$1 healthz=$2 readonly_port=$3
    mkdir -p "$DIR/kubelet"
    choose_pods_place
    write_containerd_config
    write_kubelet_config "$port" "$healthz" "$readonly_port"
    define mount-namespace unshare --mount --propagation slave sh -c 'mount --make-rshared / && exec sleep infinity'
    define containerd nsenter --target MOUNT_NAMESPACE_PID --mount -- containerd --config "$DIR/containerd.toml"
    define kubelet nsenter --target MOUNT_NAMESPACE_PID --mount -- "$CONTROLPLANE" kubelet --config "$DIR/kubelet.yaml" \
        --kubeconfig "$DIR/identities/kubelet" --root-dir "$DIR/kubelet" --cert-dir "$DIR/pki/kubelet" \
        --hostname-override "$NODE" --node-labels "plimsoll.dev/testbed=node"
}

choose_pods_place() {
    POD_GROUP=$(choose_pod_group)
    [ "$POD_GROUP" = / ] || make_pod_group "$POD_GROUP"
    remember POD_GROUP "$POD_GROUP"
    SUBNET=$(choose_subnet)
    write_cni
    remember CNI_BRIDGE "$(bridge)"
    remember POD_SUBNET "$SUBNET.0/24"
}

write_containerd_config() {
    cat >"$DIR/containerd.toml" <<TEXT
version = 2
root = "$DIR/containerd/root"
state = "$DIR/containerd/state"
[grpc]
  address = "$DIR/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$DIR/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  # Without it runc dies with "can't get final child's PID from pipe".
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "$DIR/net.d"
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  BinaryName = "$(command -v runc)"
TEXT
}

write_kubelet_config() {
    cat >"$DIR/kubelet.yaml" <<TEXT
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: "$POD_GROUP"
containerRuntimeEndpoint: "unix://$DIR/containerd.sock"
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
address: 127.0.0.1
port: $1
healthzPort: $2
readOnlyPort: $3
podLogsDir: "$DIR/pod-logs"
cgroupsPerQOS: true
enforceNodeAllocatable: []
failSwapOn: false
# The machine's own tables stay as they are: no services are routed here.
makeIPTablesUtilChains: false
evictionHard: {}
# Nobody could pull an image again that a full disk took away.
imageGCHighThresholdPercent: 100
serializeImagePulls: false
registryPullQPS: 0
kubeAPIQPS: 100
kubeAPIBurst: 200
TEXT
}

# The namespace's process is known only once it runs.
start_in_namespace() {
    sed -i "s/--target [A-Z_0-9]*/--target $(pid_of mount-namespace)/" "$DIR/run/$1"
    start "$1"
}

start_node() {
    define_node "$(free_port)" "$(free_port)" "$KUBELET_READONLY_PORT"
    start mount-namespace
    wait_until 5 "the mount namespace" namespace_is_made
    start_in_namespace containerd
    wait_until 30 "containerd" containerd_answers
    make_image localhost/pause:1 --command '"/busybox","sleep","2147483647"' /bin/busybox
    make_image localhost/busybox:1 /bin/busybox
    start_in_namespace kubelet
    wait_until 90 "the kubelet" node_is_ready "$NODE"
    wait_until 60 "the Pods API" test -S "$PODS_API_SOCK"
    kubectl apply -f "$HERE/manifests/real-pods.yaml" >/dev/null
    wait_until 90 "pods of the real node" kubectl -n real rollout status deployment/talker --timeout=1s
}

namespace_is_made() {
    [ "$(readlink "/proc/$(pid_of mount-namespace)/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ] &&
        grep -qx sleep "/proc/$(pid_of mount-namespace)/comm"
}
containerd_answers() { must_live containerd; ctr -a "$DIR/containerd.sock" version; }
node_is_ready() { must_live kubelet; kubectl get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' | grep -q True; }

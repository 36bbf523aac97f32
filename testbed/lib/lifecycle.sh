# up and down.

up() {
    NODES=200 PODS=6000 KUBELET=1
    while [ $# -gt 0 ]; do
        case "$1" in
            --nodes) NODES=${2:?}; shift 2 ;;
            --pods) PODS=${2:?}; shift 2 ;;
            --no-kubelet) KUBELET=; shift ;;
            *) die "up: unknown option $1" ;;
        esac
    done
    [ "$(id -u)" = 0 ] || die "needs root: control groups, namespaces, a bridge"
    [ ! -f "$DIR/env" ] || die "something is up in $DIR already (or crashed): testbed down --dir $DIR"
    local begun=$SECONDS
    stage "binaries" build_all
    mkdir -p "$DIR"
    chmod 711 "$DIR"
    trap 'failed_to_start' EXIT
    settle_names
    write_identities
    stage "control plane" start_control_plane
    [ -z "$KUBELET" ] || stage "real node" start_node
    if [ "$NODES" -gt 0 ]; then
        stage "$NODES KWOK nodes" start_kwok
        stage "$PODS pods" start_workloads
    fi
    remember READY yes
    trap - EXIT
    say "ready in $((SECONDS - begun)) s: source $DIR/env"
}

failed_to_start() {
    local script
    for script in "$DIR"/run/*.pid; do
        script=${script%.pid}
        alive "${script##*/}" || { say "has died: ${script##*/}; the end of its log:"; tail -n 15 "$DIR/log/${script##*/}.log" >&3; }
    done
    say "could not start; what there is stays for a look: testbed status, the logs in $DIR/log, then testbed down (--dir $DIR)"
}

settle_names() {
    NODE=real-$ID
    CONTROLPLANE=$(binary controlplane)
    APISERVER=https://127.0.0.1:$(free_port)
    KUBELET_READONLY_PORT=$(free_port)
    PODS_API_SOCK=$DIR/kubelet/pods-api/pods-api.sock
    remember TESTBED_DIR "$DIR"
    remember KUBECONFIG "$DIR/kubeconfig"
    remember CONTROLPLANE "$CONTROLPLANE"
    remember APISERVER "$APISERVER"
    remember APISERVER_CA "$DIR/pki/apiserver.crt"
    remember AUDIT_LOG "$DIR/audit.log"
    remember NODE "$NODE"
    remember NODES "$NODES"
    remember PODS "$PODS"
    remember KUBELET_ROOT "$DIR/kubelet"
    remember PODS_API_SOCK "$PODS_API_SOCK"
    remember CONTAINERD_SOCK "$DIR/containerd.sock"
    remember KUBELET_READONLY_PORT "$KUBELET_READONLY_PORT"
}

# Works on whatever is left: nothing here needs DIR/env, and nothing that is missing is an error.
down() {
    local root
    root=$(tracking_root)
    stop_pod_processes
    [ ! -d "$root" ] || kill_below "$root"
    remove_network
    [ ! -d "$root" ] || find "$root" -depth -type d -exec rmdir {} + 2>/dev/null || true
    unmount_below "$DIR"
    remove_folder
    say "down: $DIR"
}

# Containers live in the kubelet's groups. With its usual root these are nobody else's: "up" took them only when they were free.
stop_pod_processes() {
    local group=plimsoll-testbed-pods-$ID
    [ -d "$MEMORY_TREE/$group" ] || group=kubepods
    [ "$group" != kubepods ] || owns_kubepods || return 0
    # The kubelet and containerd first, or they start again what is killed here.
    local name
    for name in kubelet containerd; do ! alive "$name" || kill_component "$name"; done
    [ ! -d "$MEMORY_TREE/$group" ] || kill_below "$MEMORY_TREE/$group"
    remove_groups "$group" || true
}

owns_kubepods() { grep -qs '^POD_GROUP=/$' "$DIR/env"; }

unmount_below() {
    local mounts
    mounts=$(awk -v below="$1/" 'index($2, below) == 1 {print $2}' /proc/self/mounts | sort -r)
    # shellcheck disable=SC2086
    [ -z "$mounts" ] || umount -l $mounts
}

remove_folder() {
    [ -d "$DIR" ] || return 0
    ! rmdir "$DIR" 2>/dev/null || return 0
    # Only a folder that "up" made: a wrong --dir must not cost anybody a home directory.
    [ -f "$DIR/env" ] || [ -d "$DIR/run" ] || die "not a testbed's folder: $DIR"
    rm -rf --one-file-system "$DIR"
}

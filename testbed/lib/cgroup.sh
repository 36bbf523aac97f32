# Control groups, v1 (or hybrid) and v2. Two uses: a limit on the API server's memory, and finding every process that a
# copy started, whatever it forked (containerd's shims leave its session and its process tree).

V1=; [ -d /sys/fs/cgroup/memory ] && V1=1
MEMORY_TREE=/sys/fs/cgroup${V1:+/memory}

# Below the group that we were started in: what watches that group goes on seeing all of ours.
own_group() { echo "$MEMORY_TREE$(sed -n "s/^[0-9]*:${V1:+memory}://p" /proc/self/cgroup | head -n 1 | sed 's#/$##')"; }

tracking_root() {
    # Found again by name, since "down" may be called from elsewhere.
    local found
    found=$(find "$MEMORY_TREE" -maxdepth 4 -type d -name "plimsoll-testbed-$ID" 2>/dev/null | head -n 1)
    echo "${found:-$(own_group)/plimsoll-testbed-$ID}"
}

tracking_group() { echo "$(tracking_root)/$1"; }

make_tracking_group() {
    local group
    group=$(tracking_group "$1")
    mkdir -p "$group"
}

# limit_memory NAME BYTES
limit_memory() {
    local group
    make_tracking_group "$1"
    group=$(tracking_group "$1")
    if [ -n "$V1" ]; then echo "$2" >"$group/memory.limit_in_bytes"; return; fi
    echo +memory >"${group%/*}/cgroup.subtree_control" 2>/dev/null || true
    echo "$2" >"$group/memory.max" 2>/dev/null || say "no memory controller for $1: only GOMEMLIMIT bounds it"
}

trees() { if [ -n "$V1" ]; then echo /sys/fs/cgroup/*/; else echo /sys/fs/cgroup/; fi; }

processes_below() { [ ! -d "$1" ] || find "$1" -name cgroup.procs -exec cat {} + 2>/dev/null; }

# The kubelet's root group. "/" gives the usual /kubepods, which agents look for; only one kubelet at a time can have it,
# since each removes the groups of pods that it does not know.
choose_pod_group() {
    local taken="$MEMORY_TREE/kubepods"
    if [ ! -d "$taken" ]; then echo /; return; fi
    if [ -z "$(processes_below "$taken")" ] && remove_groups kubepods; then echo /; return; fi
    echo "/plimsoll-testbed-pods-$ID"
}

make_pod_group() {
    local tree
    for tree in $(trees); do
        mkdir -p "$tree$1" 2>/dev/null || true
        # A new cpuset has no processors, and nothing can join it.
        if [ -f "$tree$1/cpuset.cpus" ]; then
            cat "$tree/cpuset.cpus" >"$tree$1/cpuset.cpus"
            cat "$tree/cpuset.mems" >"$tree$1/cpuset.mems"
        fi
    done
}

# kill_below GROUP: everything in it, until nothing is left or ten seconds have passed.
kill_below() {
    local tries pids
    for tries in $(seq 100); do
        pids=$(processes_below "$1")
        [ -n "$pids" ] || return 0
        # shellcheck disable=SC2086
        kill -KILL $pids 2>/dev/null || true
        sleep 0.1
    done
    say "still there after $tries tries, in $1: $pids"
}

# remove_groups NAME: the group of that name at the top of every tree.
remove_groups() {
    local tree
    for tree in $(trees); do
        [ ! -d "$tree$1" ] || find "$tree$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
    [ ! -d "$MEMORY_TREE/$1" ]
}

# Components: each has a script in DIR/run that runs it, so that "start" after "kill" uses the same flags, a file with its
# process id, a log, and a control group that outlives it and tells what it left behind.

# component NAME: the short names of the command line to the names of the processes.
component() {
    case "$1" in
        apiserver | controller-manager | scheduler) echo "kube-$1" ;;
        *) echo "$1" ;;
    esac
}

# define NAME COMMAND...: writes the script that runs it. COMPONENT_ENV may hold NAME=VALUE words.
define() {
    local name=$1
    shift
    mkdir -p "$DIR/run" "$DIR/log"
    {
        # bash: "%q" writes what has line breaks in bash's own way.
        echo '#!/usr/bin/env bash'
        echo "echo \$\$ >$(tracking_group "$name")/cgroup.procs || exit 1"
        # The score of a daemon that must go before the engineer's own shell does.
        echo 'echo 500 >/proc/self/oom_score_adj'
        printf 'exec env %s' "${COMPONENT_ENV:-}"
        printf ' %q' "$@"
        echo
    } >"$DIR/run/$name"
    chmod +x "$DIR/run/$name"
}

start() {
    local name=$1
    make_tracking_group "$name"
    setsid nohup "$DIR/run/$name" </dev/null >>"$DIR/log/$name.log" 2>&1 3>&- &
    echo $! >"$DIR/run/$name.pid"
    disown
    local tries
    for tries in $(seq 50); do ! alive "$name" || break; sleep 0.02; done
    remember "$(pid_variable "$name")" "$!"
}

# KUBE_APISERVER_PID is what it would be; APISERVER_PID is what a reader expects.
pid_variable() { echo "${1#kube-}_PID" | tr 'a-z-' 'A-Z_'; }

pid_of() { cat "$DIR/run/$1.pid" 2>/dev/null || true; }

# A process id alone is no proof: on a busy machine the kernel has soon given it to somebody else. Ours are in our group.
alive() {
    local pid
    pid=$(pid_of "$1")
    [ -n "$pid" ] && grep -qsx "$pid" "$(tracking_group "$1")/cgroup.procs"
}

kill_component() {
    local name=$1 pid
    [ -f "$DIR/run/$name" ] || die "no such component in $DIR: $name"
    alive "$name" || { say "$name does not run"; return; }
    pid=$(pid_of "$name")
    kill -KILL "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    say "killed $name ($pid)"
}

start_again() {
    local name=$1
    [ -f "$DIR/run/$name" ] || die "no such component in $DIR: $name"
    ! alive "$name" || { say "$name runs already ($(pid_of "$name"))"; return; }
    start "$name"
    say "started $name ($(pid_of "$name"))"
}

# run_component NAME COMMAND...: the program under test, as one of us.
run_component() {
    local name=${1:?which name?}
    shift
    recall
    ! alive "$name" || die "$name runs already ($(pid_of "$name"))"
    define "$name" "$@"
    start "$name"
}

# Ends the start early, instead of waiting for something that has died ("failed_to_start" shows its log).
must_live() { alive "$1" || exit 1; }

status() {
    recall
    local script name
    for script in "$DIR"/run/*; do
        name=${script##*/}
        case "$name" in *.pid) continue ;; esac
        if alive "$name"; then echo "$name: runs, pid $(pid_of "$name")"; else echo "$name: does not run"; fi
    done
}

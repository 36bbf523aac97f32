# Words, waiting and time: what every other part uses.

# The real standard error: a command whose output is thrown away can still say why it gives up.
exec 3>&2
say() { printf 'testbed: %s\n' "$*" >&3; }
die() { printf 'testbed: %s\n' "$*" >&3; exit 1; }

# One folder holds all state of one copy; its name also gives the copy's id.
settle_folder() {
    DIR=${DIR:-${TESTBED_DIR:-${TMPDIR:-/tmp}/plimsoll-testbed}}
    case "$DIR" in /*) ;; *) DIR=$PWD/$DIR ;; esac
    # A Unix socket's path has room for 107 bytes, and the Pods API's is the longest below the folder.
    [ ${#DIR} -le 60 ] || die "the folder's path is too long for the sockets below it: $DIR"
    ID=$(printf '%s' "$DIR" | cksum | awk '{printf "%04x", $1 % 65536}')
}

# stage NAME COMMAND...: runs it and says how long it took.
stage() {
    local name=$1 begun=$SECONDS
    shift
    say "$name ..."
    "$@"
    say "$name: $((SECONDS - begun)) s"
}

# wait_until SECONDS WHAT COMMAND...: a line every ten seconds, and the reason on failure.
wait_until() {
    local limit=$1 what=$2 begun=$SECONDS told=0 waited
    shift 2
    until "$@" >/dev/null 2>&1; do
        waited=$((SECONDS - begun))
        [ "$waited" -lt "$limit" ] || { say "not within $limit s: $what"; return 1; }
        if [ $((waited / 10)) -gt "$told" ]; then told=$((waited / 10)); say "  waiting for $what ($waited s)"; fi
        sleep 0.3
    done
}

# A port that nobody listens on, below the range that the kernel gives to clients, and never the same one twice in one run.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 10000))
        ! ss -Hltn "sport = :$port" | grep -q . || continue
        ! grep -qsx "$port" "$DIR/ports" || continue
        echo "$port" >>"$DIR/ports"
        echo "$port"
        return
    done
}

# remember NAME VALUE: a line of DIR/env, which a shell can source. A second value replaces the first.
remember() {
    touch "$DIR/env"
    sed -i "/^$1=/d" "$DIR/env"
    printf '%s=%q\n' "$1" "$2" >>"$DIR/env"
}

recall() {
    [ -f "$DIR/env" ] || die "nothing is up in $DIR"
    # shellcheck source=/dev/null
    source "$DIR/env"
}

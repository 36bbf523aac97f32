# The servers that the DNS measurements compare: CoreDNS, unbound and Knot DNS beside `plimsoll dns`, each on a free port of
# loopback with the same names. Sourced by bench/dns-*.sh; needs `testbed/testbed install`, Go, and a binary in $PLIMSOLL.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PLIMSOLL=${PLIMSOLL:-$ROOT/target/release/plimsoll}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/plimsoll-dns.XXXXXX")
# shellcheck source=/dev/null
source "$ROOT/testbed/checks/processes.sh"
declare -A PID PORT
FAILED=0

say() { printf '%s\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 2; }
need() { local tool; for tool in "$@"; do command -v "$tool" >/dev/null || die "needs $tool: testbed/testbed install"; done; }
[ -x "$PLIMSOLL" ] || die "no binary at $PLIMSOLL (cargo build --release, or set PLIMSOLL)"

# What a bar says; the status of the whole script.
bar() {
    local what=$1
    shift
    if "$@"; then say "holds      $what"; else say "NOT HELD   $what"; FAILED=1; fi
}
finish() { [ "$FAILED" = 0 ] || exit 1; }
at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b) }'; }
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a <= b) }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "-" }'; }
now() { echo "$EPOCHREALTIME"; }
since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f", b - a }'; }

# The xtask binary, built once: cargo itself would be part of what is timed.
build_xtask() {
    if [ -z "${XTASK:-}" ]; then
        (cd "$ROOT" && cargo build --quiet --release --package xtask)
        XTASK=${CARGO_TARGET_DIR:-$ROOT/target}/release/xtask
    fi
}
xtask() {
    build_xtask
    "$XTASK" "$@"
}
xtask_on_client_core() {
    build_xtask
    "${ON_CLIENT_CORE[@]}" "$XTASK" "$@"
}

# The servers have the first core, everything else the second: nobody's cycles are taken for somebody else's.
ON_SERVER_CORE=(env) ON_CLIENT_CORE=(env)
if [ "$(nproc --all)" -gt 1 ]; then ON_SERVER_CORE=(taskset -c 0) ON_CLIENT_CORE=(taskset -c 1); fi

free_port() {
    local port
    while :; do
        port=$((30000 + RANDOM % 2700))
        ! ss -Hlntu "sport = :$port" | grep -q . || continue
        ! grep -qsx "$port" "$WORK/ports" || continue
        echo "$port" >>"$WORK/ports"
        echo "$port"
        return
    done
}

# launch NAME COMMAND...
launch() {
    local name=$1
    shift
    "$@" >"$WORK/$name.log" 2>&1 </dev/null &
    PID[$name]=$!
    disown
}
quit() {
    [ -n "${PID[$1]:-}" ] || return 0
    kill -KILL "${PID[$1]}" 2>/dev/null || true
    while kill -0 "${PID[$1]}" 2>/dev/null; do sleep 0.02; done
    unset "PID[$1]"
}
stop_all() {
    local name
    for name in "${!PID[@]}"; do kill -KILL "${PID[$name]}" 2>/dev/null || true; done
    [ -n "${KEEP:-}" ] || rm -rf "$WORK"
}
trap stop_all EXIT

# until_true SECONDS WHAT COMMAND...
until_true() {
    local limit=$1 what=$2 begun=$SECONDS
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $((SECONDS - begun)) -lt "$limit" ] || { tail -n 5 "$WORK"/*.log >&2; die "not within $limit s: $what"; }
        sleep 0.2
    done
}

ask() { dig +short +tries=1 +time=1 -p "${PORT[$1]}" @127.0.0.1 "${@:2}"; }
knows() { [ -n "$(ask "$1" "$2" A | grep -v '^;')" ]; }

# start_cluster SERVICES ENDPOINTS: the embedded API server with so many, their names and addresses in $WORK/names.
start_cluster() {
    local api admin
    api=$(free_port) admin=$(free_port)
    API=http://127.0.0.1:$api ADMIN=http://127.0.0.1:$admin
    launch apiserver "$PLIMSOLL" fake-apiserver --nodes 0 --pods-per-node 0 --churn 0 --listen "127.0.0.1:$api" \
        --admin-listen "127.0.0.1:$admin" --write-kubeconfig "$WORK/kubeconfig"
    until_true 30 "the API server" curl -sf "$API/readyz"
    xtask dns-fill "$API" "$1" "$2" "$WORK/names"
    FIRST=$(head -n 1 "$WORK/names" | cut -d' ' -f1) LAST=$(tail -n 1 "$WORK/names" | cut -d' ' -f1)
}

start_hub() {
    HUB=127.0.0.1:$(free_port)
    restart_hub
}
restart_hub() {
    launch hub "${ON_CLIENT_CORE[@]}" "$PLIMSOLL" hub --kubeconfig "$WORK/kubeconfig" --port 0 --telemetry-port 0 \
        --agents-listen "$HUB" --insecure-loopback
}

# start_ours [FLAG...]: its zone from the hub, its data in $WORK/data.
start_ours() {
    PORT[ours]=$(free_port) METRICS=127.0.0.1:$(free_port)
    restart_ours "$@"
    until_true 60 "plimsoll dns" knows ours "$LAST"
}
restart_ours() {
    launch ours "${ON_SERVER_CORE[@]}" "$PLIMSOLL" dns --hub "$HUB" --insecure-loopback --listen "127.0.0.1:${PORT[ours]}" \
        --metrics-listen "$METRICS" --data-dir "$WORK/data" "$@"
}

coredns_binary() { (HERE=$ROOT/testbed && for part in common versions build; do source "$HERE/lib/$part.sh"; done; build_coredns 3>/dev/null; binary coredns); }

# start_coredns [CACHE-LINE]: kubeadm's Corefile without what needs an upstream.
start_coredns() {
    local ready
    ready=$(free_port)
    PORT[coredns]=$(free_port)
    COREDNS_READY=http://127.0.0.1:$ready/ready
    cat >"$WORK/Corefile" <<TEXT
.:${PORT[coredns]} {
    bind 127.0.0.1
    errors
    ready 127.0.0.1:$ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig $WORK/kubeconfig
        pods insecure
        ttl 30
    }
    prometheus 127.0.0.1:$(free_port)
    ${1-cache 30}
    loadbalance
}
TEXT
    COREDNS=$(coredns_binary)
    restart_coredns
    until_true 120 "CoreDNS" knows coredns "$LAST"
}
restart_coredns() { launch coredns "${ON_SERVER_CORE[@]}" "$COREDNS" -conf "$WORK/Corefile"; }

# With as large a socket buffer as ours: with the default it loses queries whenever it waits for its core.
start_unbound() {
    PORT[unbound]=$(free_port)
    {
        cat <<TEXT
server:
    interface: 127.0.0.1@${PORT[unbound]}
    num-threads: 1
    so-rcvbuf: 8m
    chroot: ""
    username: ""
    directory: "$WORK"
    pidfile: ""
    use-syslog: no
    verbosity: 0
    local-zone: "cluster.local." static
    local-data: "cluster.local. 30 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30"
TEXT
        awk '{ printf "    local-data: \"%s. 30 IN A %s\"\n", $1, $2 }' "$WORK/names"
        printf 'remote-control:\n    control-enable: no\n'
    } >"$WORK/unbound.conf"
    launch unbound "${ON_SERVER_CORE[@]}" unbound -d -c "$WORK/unbound.conf"
    until_true 30 "unbound" knows unbound "$LAST"
}

start_knot() {
    PORT[knot]=$(free_port)
    mkdir -p "$WORK/knot"
    cat >"$WORK/knot.conf" <<TEXT
server:
    listen: 127.0.0.1@${PORT[knot]}
    rundir: "$WORK/knot"
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "$WORK/knot"
log:
  - target: stderr
    any: error
zone:
  - domain: cluster.local
    file: "$WORK/cluster.local.zone"
    zonefile-sync: -1
    journal-content: none
TEXT
    {
        echo '$TTL 30'
        echo 'cluster.local. IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 7200 1800 86400 30'
        echo 'cluster.local. IN NS ns.dns.cluster.local.'
        echo 'ns.dns.cluster.local. IN A 127.0.0.1'
        awk '{ print $1 ". IN A " $2 }' "$WORK/names"
    } >"$WORK/cluster.local.zone"
    launch knot "${ON_SERVER_CORE[@]}" knotd -c "$WORK/knot.conf"
    until_true 30 "Knot DNS" knows knot "$LAST"
}

# write_queries: two hits for one NXDOMAIN, which is a name as a resolver's search list makes it.
write_queries() {
    awk '{ split($1, part, "."); print $1, "A"; print $1, "A"; print $1 "." part[2] ".svc.cluster.local A" }' "$WORK/names" |
        shuf --random-source=<(yes) >"$WORK/queries"
}

# load NAME [DNSPERF-FLAG...]: prints "completed lost seconds qps".
load() {
    "${ON_CLIENT_CORE[@]}" dnsperf -s 127.0.0.1 -p "${PORT[$1]}" -d "$WORK/queries" "${@:2}" >"$WORK/dnsperf-$1.log" 2>&1 || true
    awk '/Queries completed:/ {c = $3} /Queries lost:/ {l = $3} /Run time/ {t = $4} /Queries per second/ {q = $4}
        END { print c + 0, l + 0, t + 0, q + 0 }' "$WORK/dnsperf-$1.log"
}

#!/usr/bin/env bash
# Cluster DNS on a real API server: what programs' own resolvers see, then kill -9 of API server, etcd and hub, and of the DNS
# server itself: every name stays answered, and the age shows. CoreDNS beside it, restarted once, for comparison.
#
# OUTAGE_SECONDS is for how long everything stays dead.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/processes.sh"
source "$(dirname "$0")/dns.sh"
OUTAGE_SECONDS=${OUTAGE_SECONDS:-60}
CLIENTS=$ROOT/testbed/dns/clients

make_names() {
    kubectl apply -f "$ROOT/testbed/manifests/dns.yaml" >/dev/null
    local number
    for number in 1 2 3 4 5; do
        kubectl -n "load-$number" get service "app-$number" >/dev/null 2>&1 || kubectl -n "load-$number" expose deployment "app-$number" --port 80 >/dev/null 2>&1 || true
        kubectl -n "load-$number" get service "h-$number" >/dev/null 2>&1 ||
            kubectl -n "load-$number" expose deployment "app-$number" --port 80 --cluster-ip None --name "h-$number" >/dev/null 2>&1 || true
    done
    sleep 2
    list_names
}

# What every resolver is asked, and what it must say (addresses sorted). The last one does not exist.
expected() {
    local plain
    plain=$(kubectl -n dns-check get service plain -o 'jsonpath={.spec.clusterIP}')
    printf '%s\n' "plain $plain" "plain.dns-check $plain" "plain.dns-check.svc.$ZONE $plain" "pair 10.250.0.1 10.250.0.2" \
        "a.pair 10.250.0.1" "alias $plain" "nothing.dns-check.svc.$ZONE"
}
sort_words() { while read -r name rest; do echo "$name $(tr ' ' '\n' <<<"$rest" | sort -u | xargs)" | sed 's/ $//'; done; }

# client WHAT COMMAND...: the same names through one resolver.
client() {
    local what=$1
    shift
    with_resolver "$@" $(cut -d' ' -f1 "$WORK/expected") 2>"$WORK/client.log" | sort_words >"$WORK/said" || true
    expect "$what: $(wc -l <"$WORK/expected") names" diff "$WORK/expected" "$WORK/said"
}

by_dig() { for name in "$@"; do echo "$name $(dig +short +search "$name" A | grep -v '\.$' | xargs)"; done; }
# kdig has no search list.
whole() { case $1 in *.svc.*) echo "$1" ;; *.dns-check) echo "$1.svc.cluster.local" ;; *) echo "$1.dns-check.svc.cluster.local" ;; esac; }
by_kdig() { for name in "$@"; do echo "$name $(kdig +short "$(whole "$name")" A | grep -v '\.$' | xargs)"; done; }
by_getent() { for name in "$@"; do echo "$name $(getent ahostsv4 "$name" | cut -d' ' -f1 | sort -u | xargs)"; done; }

clients() {
    write_resolv_conf
    expected >"$WORK/expected"
    export -f by_dig by_kdig by_getent whole
    client "dig" bash -c 'by_dig "$@"' by
    client "kdig" bash -c 'by_kdig "$@"' by
    client "glibc (getent)" bash -c 'by_getent "$@"' by
    (cd "$CLIENTS" && go build -o "$WORK/resolve-go" resolve.go)
    client "Go's resolver" env GODEBUG=netdns=go "$WORK/resolve-go"
    if command -v javac >/dev/null; then
        javac -d "$WORK" "$CLIENTS/Resolve.java"
        client "Java's resolver" java -cp "$WORK" Resolve
    else
        echo "        no javac here: Java is left out"
    fi
    musl-gcc -static -O1 -o "$WORK/resolve-musl" "$CLIENTS/resolve.c"
    client "musl" "$WORK/resolve-musl"
    expect "dig over TCP" test "$(dig +short +tcp @"$DNS" "pair.dns-check.svc.$ZONE" | sort | xargs)" = "10.250.0.1 10.250.0.2"
    expect "dig with a cookie" sh -c "dig +cookie @$DNS plain.dns-check.svc.$ZONE | grep -q 'COOKIE: .*(good)'"
    expect "kdig, pipelined over one connection" test "$(kdig +tcp +keepopen @"$DNS" +short "a.pair.dns-check.svc.$ZONE" "b.pair.dns-check.svc.$ZONE" | sort | xargs)" = "10.250.0.1 10.250.0.2"
}

# Entries of connection tracking for questions to ADDRESS PORT.
tracked() { conntrack -L -p udp -d "$1" --dport "$2" 2>/dev/null | grep -c . || true; }
untracked() {
    # Tracking is on where a rule asks for its state, as kube-proxy's do.
    nft add table inet plimsoll-check
    nft add chain inet plimsoll-check input '{ type filter hook input priority 0; }'
    nft add rule inet plimsoll-check input ct state established counter
    dig +short @"$DNS" "plain.dns-check.svc.$ZONE" >/dev/null
    dig +short -p "$COREDNS_PORT" @127.0.0.1 "plain.dns-check.svc.$ZONE" >/dev/null
    expect "tracked by the kernel: questions to CoreDNS" at_least "$(tracked 127.0.0.1 "$COREDNS_PORT")" 1
    expect "not tracked (--notrack): questions to us" at_most "$(tracked "$DNS" 53)" 0
    nft delete table inet plimsoll-check
}

freshness() { dig +short @"$DNS" "_freshness.$ZONE" TXT; }
age() { get "$DNS_METRICS/metrics" | awk '/^plimsoll_dns_snapshot_age_seconds/ {n = $NF} END {printf "%.0f\n", n}'; }
older_than() { at_least "$(age)" "$1"; }
younger_than() { at_most "$(age)" "$1"; }
ready() { get -o /dev/null "$DNS_METRICS/ready"; }
healthy() { get -o /dev/null "$DNS_METRICS/health"; }

# asked_all_the_time SECONDS: every known name again and again; "asked answered".
asked_all_the_time() {
    sed 's/\.$/ A/' "$WORK/dns-questions" >"$WORK/dns-load"
    # With a buffer that holds the largest answer, none is cut off.
    dnsperf -s "$DNS" -p 53 -d "$WORK/dns-load" -l "$1" -Q 500 -t 2 -e >"$WORK/dnsperf.log" 2>&1
    awk '/Queries sent:/ {s = $3} /Response codes:/ {for (i = 3; i < NF; i++) if ($i == "NOERROR") n = $(i + 1)} END {print s + 0, n + 0}' "$WORK/dnsperf.log"
}

outage() {
    local names begun asked
    names=$(wc -l <"$WORK/dns-questions")
    for part in apiserver etcd hub; do testbed kill "$part"; done
    begun=$SECONDS
    asked=$(asked_all_the_time $((OUTAGE_SECONDS / 2)))
    expect "all dead: asked and answered NOERROR: $asked" test "${asked% *}" = "${asked#* }"
    within 10 "all dead: the age shows (plimsoll_dns_snapshot_age_seconds)" older_than $((OUTAGE_SECONDS / 3))
    expect "all dead: ready" ready
    expect "all dead: alive" healthy
    local round
    for round in 1 2 3; do
        testbed kill dns
        testbed start dns
        within 5 "all dead, DNS killed and started ($round): all $names names right" all_right "$DNS" 53
    done
    expect "all dead, DNS restarted: ready" ready
    echo "        the freshness record: $(freshness)"
    testbed kill coredns
    testbed start coredns
    sleep 8
    echo "        CoreDNS beside it, restarted once: $(answered 127.0.0.1 "$COREDNS_PORT") of $names names answered"
    while [ $((SECONDS - begun)) -lt "$OUTAGE_SECONDS" ]; do sleep 1; done
    expect "after $((SECONDS - begun)) s: all $names names right" all_right "$DNS" 53
    for part in etcd apiserver hub; do testbed start "$part"; done
    within 90 "all back: young again" younger_than 15
    kubectl -n dns-check create service clusterip "new-$SECONDS" --tcp 80 >/dev/null
    list_names
    within 10 "all back: a new name" all_right "$DNS" 53
}

begin "cluster DNS on a real API server"
ensure_hub
within 120 "the hub is ready" hub_is_ready
make_names
ensure_dns
ensure_coredns
within 60 "all $(wc -l <"$WORK/dns-questions") names right" all_right "$DNS" 53
within 60 "CoreDNS knows them too" all_right 127.0.0.1 "$COREDNS_PORT"
clients
untracked
within 30 "the freshness record is there" sh -c "dig +short @$DNS _freshness.$ZONE TXT | grep -q written="
outage
finish

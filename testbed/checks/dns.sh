# The DNS server under test and CoreDNS beside it, both on the testbed's API server; what they should know, and whether they do.

ZONE=cluster.local
# Resolvers of programs know no other port than 53; two testbeds have two addresses.
dns_address() { echo "127.53.$(printf '%s' "$TESTBED_DIR" | cksum | awk '{print $1 % 250 + 1}').1"; }

# ensure_dns: beside the hub of processes.sh, on port 53 of an address of loopback that nobody else has.
ensure_dns() {
    reload
    if [ -n "${DNS:-}" ] && kill -0 "${DNS_PID:-0}" 2>/dev/null; then return; fi
    local metrics
    metrics=$(testbed port)
    {
        echo "DNS=$(dns_address)"
        echo "DNS_METRICS=http://127.0.0.1:$metrics"
    } >>"$TESTBED_DIR/env"
    reload
    testbed run dns "$PLIMSOLL" dns --hub "$HUB_AGENTS" --tls-dir "$WORK/tls" --node-name "$NODE" --listen "$DNS:53" \
        --metrics-listen "127.0.0.1:$metrics" --data-dir "$WORK/dns-data" --notrack
    reload
}

# ensure_coredns: the peer, with kubeadm's Corefile but for what needs an upstream.
ensure_coredns() {
    reload
    if [ -n "${COREDNS_PORT:-}" ] && kill -0 "${COREDNS_PID:-0}" 2>/dev/null; then return; fi
    local port
    port=$(testbed port)
    echo "COREDNS_PORT=$port" >>"$TESTBED_DIR/env"
    cat >"$WORK/Corefile" <<TEXT
.:$port {
    bind 127.0.0.1
    errors
    kubernetes $ZONE in-addr.arpa ip6.arpa {
        kubeconfig $TESTBED_DIR/kubeconfig
        pods insecure
        ttl 30
    }
    cache 30
    loadbalance
}
TEXT
    testbed coredns -conf "$WORK/Corefile"
    reload
}

# list_names: `NAME ADDRESS` for everything that has an address of IPv4, as the API server says, in $WORK/dns-names.
list_names() {
    {
        kubectl get services -A -o json | jq -r --arg zone "$ZONE" '.items[] | select((.spec.clusterIP // "None") != "None") |
            "\(.metadata.name).\(.metadata.namespace).svc.\($zone). \(.spec.clusterIPs[] | select(contains(":") | not))"'
        kubectl get services -A -o json | jq -r '.items[] | select(.spec.clusterIP == "None") | "\(.metadata.namespace)/\(.metadata.name)"' >"$WORK/headless"
        kubectl get endpointslices -A -o json | jq -r --arg zone "$ZONE" --rawfile headless "$WORK/headless" '
            ($headless | split("\n")) as $headless | .items[] | select(.addressType == "IPv4") |
            .metadata.labels["kubernetes.io/service-name"] as $service | .metadata.namespace as $namespace |
            select(any($headless[]; . == "\($namespace)/\($service)")) | .endpoints // [] | .[] |
            select(.conditions.ready != false) | "\($service).\($namespace).svc.\($zone). \(.addresses[0])"'
    } | sort -u >"$WORK/dns-names"
    cut -d' ' -f1 "$WORK/dns-names" | sort -u >"$WORK/dns-questions"
}

# answers ADDRESS PORT: what a server says about every name, in the same form. dig asks again over TCP what is cut off.
answers() {
    dig -f "$WORK/dns-questions" @"$1" -p "$2" +noall +answer +tries=1 +time=2 2>/dev/null | awk '$4 == "A" { print $1, $5 }' | sort -u
}
wrong() { { diff "$WORK/dns-names" <(answers "$1" "$2") || true; } | grep -c '^[<>]' || true; }
all_right() { [ "$(wrong "$1" "$2")" = 0 ]; }
answered() { comm -12 <(cut -d' ' -f1 "$WORK/dns-names" | sort -u) <(answers "$1" "$2" | cut -d' ' -f1 | sort -u) | wc -l; }

# with_resolver COMMAND...: in a mount namespace whose /etc/resolv.conf is a pod's.
with_resolver() {
    # shellcheck disable=SC2016
    unshare --mount bash -c 'mount --bind "$1" "$(readlink -f /etc/resolv.conf)" && shift && exec "$@"' with "$WORK/resolv.conf" "$@"
}
write_resolv_conf() {
    printf 'nameserver %s\nsearch dns-check.svc.%s svc.%s %s\noptions ndots:5 timeout:2 attempts:2\n' "$DNS" "$ZONE" "$ZONE" "$ZONE" >"$WORK/resolv.conf"
}

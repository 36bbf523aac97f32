# deploy/agent.yaml on the testbed: same manifest, but the paths, ports and names of this copy.

# A static binary is a whole image. One that is not is built as one, into a folder of its own.
static_binary() {
    # ldd fails on a static program and succeeds, with these words, on a static one that can be loaded anywhere.
    if ! ldd "$PLIMSOLL" 2>/dev/null | grep -qv 'statically linked'; then echo "$PLIMSOLL"; return; fi
    local target
    target=$(rustc -vV | sed -n 's/^host: //p')
    (cd "$ROOT" && RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --quiet --package plimsoll \
        --target "$target" --target-dir target-static)
    echo "$ROOT/target-static/$target/release/plimsoll"
}

# The node selector keeps it off KWOK's nodes, where nothing would run. Probes go to loopback, where it listens here.
agent_manifest() {
    sed -e "s#/var/lib/kubelet#$KUBELET_ROOT#" -e "s#path: /run/containerd#path: $TESTBED_DIR#" \
        -e "s#\\\$(PLIMSOLL_HUB_SERVICE_HOST):8443#$HUB_AGENTS#" -e "s#0\.0\.0\.0:9466#127.0.0.1:9466#" \
        -e "s#httpGet: {#httpGet: { host: 127.0.0.1,#" -e "s#9466#$1#" \
        -e "s#^\( *\)serviceAccountName:.*#&\n\1nodeSelector: { plimsoll.dev/testbed: node }#" "$ROOT/deploy/agent.yaml"
}

deploy_agent() {
    local port
    if [ -z "${AGENT_METRICS:-}" ]; then
        port=$(testbed port)
        echo "AGENT_METRICS=http://127.0.0.1:$port" >>"$TESTBED_DIR/env"
        reload
    fi
    testbed image localhost/plimsoll:latest "$(static_binary)"
    kubectl -n plimsoll create secret generic plimsoll-agent-tls --from-file="ca.crt=$WORK/tls/ca.crt" \
        --from-file="agent.crt=$WORK/tls/agent.crt" --from-file="agent.key=$WORK/tls/agent.key" \
        --dry-run=client -o yaml | kubectl apply -f - >/dev/null
    agent_manifest "${AGENT_METRICS##*:}" >"$WORK/agent.yaml"
    kubectl apply -f "$WORK/agent.yaml" >/dev/null
}

agent_pod() { kubectl -n plimsoll get pods -l app.kubernetes.io/name=plimsoll-agent -o "jsonpath={.items[0].$1}"; }
agent_pod_is_ready() { agent_pod 'status.containerStatuses[0].ready' | grep -qx true && get "$AGENT_METRICS/metrics"; }

# The process whose port we scrape.
agent_pid() { ss -Hltnp "sport = :${AGENT_METRICS##*:}" | sed -n 's/.*pid=\([0-9]*\).*/\1/p' | head -n 1; }

token_is_absent() { ! agent_pod 'spec.volumes' | grep -q serviceAccountToken && ! find "/proc/$(agent_pid)/root/var/run/secrets" 2>/dev/null | grep -q .; }

# agent_requests MARK: by its account, or by a program of ours that is not the hub under its own account.
agent_requests() {
    audit_since "$1" plimsoll | jq -r --arg hub "$HUB_USER" 'select(.user.username == "system:serviceaccount:plimsoll:plimsoll-agent"
        or ((.userAgent // "") | test("plimsoll")) and
            (.user.username != $hub and (.user.username | test("^system:serviceaccount:plimsoll:hub-[0-9]+$") | not)
            or ((.userAgent | test("^plimsoll-hub/")) | not))) | .requestURI' | wc -l
}

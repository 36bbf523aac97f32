# The programs that Plimsoll is measured beside.

start_peers() {
    recall
    [ -z "${KUBE_STATE_METRICS:-}" ] || ! alive kube-state-metrics || { say "the peers run already"; return; }
    local port telemetry exporter
    port=$(free_port) telemetry=$(free_port) exporter=$(free_port)
    define kube-state-metrics "$(binary kube-state-metrics)" --kubeconfig "$DIR/identities/kube-state-metrics" \
        --host 127.0.0.1 --port "$port" --telemetry-host 127.0.0.1 --telemetry-port "$telemetry" \
        --resources "${KSM_RESOURCES:-$COMMON_KINDS}"
    define node_exporter "$(binary node-exporter)" --web.listen-address "127.0.0.1:$exporter"
    start kube-state-metrics
    start node_exporter
    remember KUBE_STATE_METRICS "http://127.0.0.1:$port"
    remember KUBE_STATE_METRICS_TELEMETRY "http://127.0.0.1:$telemetry"
    remember NODE_EXPORTER "http://127.0.0.1:$exporter"
    wait_until 60 "kube-state-metrics" curl -sf "http://127.0.0.1:$port/healthz"
    wait_until 60 "node_exporter" curl -sf "http://127.0.0.1:$exporter/"
}

# The kinds whose families both sides have.
COMMON_KINDS=pods,nodes,namespaces,deployments,replicasets,daemonsets,statefulsets,jobs

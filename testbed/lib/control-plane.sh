# etcd, the API server, the controller manager, the scheduler.

# Bytes that the API server may take before the kernel kills it, and what its collector aims at.
APISERVER_MEMORY=$((6 << 30))
APISERVER_GOMEMLIMIT=5GiB

define_etcd() {
    local client=$1 peer=$2
    # No fsync: a testbed's data may die with the machine, and waiting for the disk is most of etcd's time.
    define etcd "$CONTROLPLANE" etcd --name testbed --data-dir "$DIR/etcd" --unsafe-no-fsync \
        --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
        --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
        --initial-cluster "testbed=http://127.0.0.1:$peer" --quota-backend-bytes 8589934592 --log-level warn
}

# Every request, once, when it is over: who asked for what, and nothing of the bodies.
write_audit_policy() {
    cat >"$DIR/audit-policy.yaml" <<'TEXT'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
TEXT
}

define_apiserver() {
    local port=$1 etcd=$2
    write_audit_policy
    limit_memory kube-apiserver "$APISERVER_MEMORY"
    COMPONENT_ENV="GOMEMLIMIT=$APISERVER_GOMEMLIMIT${APISERVER_GOMAXPROCS:+ GOMAXPROCS=$APISERVER_GOMAXPROCS}" \
        define kube-apiserver "$CONTROLPLANE" kube-apiserver --etcd-servers "http://127.0.0.1:$etcd" \
        --bind-address 127.0.0.1 --secure-port "$port" --cert-dir "$DIR/pki" --endpoint-reconciler-type none \
        --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$DIR/service-accounts.pub" \
        --service-account-signing-key-file "$DIR/service-accounts.key" --token-auth-file "$DIR/tokens.csv" \
        --authorization-mode Node,RBAC --service-cluster-ip-range 10.96.0.0/16,fd00:10:96::/112 --allow-privileged \
        --audit-policy-file "$DIR/audit-policy.yaml" --audit-log-path "$DIR/audit.log" --audit-log-format json \
        --audit-log-maxsize 8192 $(audit_webhook_flags) ${APISERVER_CLIENT_CA:+--client-ca-file "$APISERVER_CLIENT_CA"}
}

# AUDIT_WEBHOOK=ADDR: events go there, too, in batches of a second. Without it the API server does not have that work.
audit_webhook_flags() {
    [ -n "${AUDIT_WEBHOOK:-}" ] || return 0
    printf '%s\n' "apiVersion: v1" "kind: Config" "clusters: [{name: hub, cluster: {server: 'http://$AUDIT_WEBHOOK/'}}]" \
        "contexts: [{name: hub, context: {cluster: hub}}]" "current-context: hub" >"$DIR/audit-webhook.yaml"
    echo --audit-webhook-config-file "$DIR/audit-webhook.yaml" --audit-webhook-batch-max-wait 1s
}

define_controller_manager() {
    define kube-controller-manager "$CONTROLPLANE" kube-controller-manager --kubeconfig "$DIR/identities/controller-manager" \
        --bind-address 127.0.0.1 --secure-port "$1" --cert-dir "$DIR/pki/controller-manager" \
        --use-service-account-credentials --service-account-private-key-file "$DIR/service-accounts.key" \
        --root-ca-file "$DIR/pki/apiserver.crt" --kube-api-qps 400 --kube-api-burst 800 \
        --concurrent-deployment-syncs 10 --concurrent-replicaset-syncs 10 --leader-elect=false \
        --node-monitor-grace-period 10m
}

define_scheduler() {
    define kube-scheduler "$CONTROLPLANE" kube-scheduler --kubeconfig "$DIR/identities/scheduler" \
        --bind-address 127.0.0.1 --secure-port "$1" --cert-dir "$DIR/pki/scheduler" \
        --kube-api-qps 400 --kube-api-burst 800 --leader-elect=false
}

kubectl() { KUBECONFIG=$DIR/kubeconfig "$(controlplane_binary)" kubectl --cache-dir "$DIR/kubectl-cache" "$@"; }

controlplane_binary() { recall; echo "$CONTROLPLANE"; }

apiserver_ready() {
    must_live kube-apiserver
    curl -sf --max-time 2 --cacert "$DIR/pki/apiserver.crt" "$APISERVER/readyz"
}

start_control_plane() {
    local etcd
    etcd=$(free_port)
    define_etcd "$etcd" "$(free_port)"
    define_apiserver "${APISERVER##*:}" "$etcd"
    define_controller_manager "$(free_port)"
    define_scheduler "$(free_port)"
    remember ETCD "http://127.0.0.1:$etcd"
    start etcd
    start kube-apiserver
    wait_until 120 "the API server" apiserver_ready
    start kube-controller-manager
    start kube-scheduler
    wait_until 60 "service accounts" kubectl -n default get serviceaccount default
    allow_kube_state_metrics
    make_hub_account
}

# Its own documentation gives it read access to everything. Not system:masters, which the server's flow control lets pass.
allow_kube_state_metrics() {
    kubectl create clusterrolebinding kube-state-metrics --clusterrole view --user kube-state-metrics >/dev/null
    kubectl create clusterrole testbed-read --verb list,watch --resource '*.*' >/dev/null
    kubectl create clusterrolebinding kube-state-metrics-all --clusterrole testbed-read --user kube-state-metrics >/dev/null
}

# Who is who. Every component has a name of its own, so that the audit log tells them apart.

# name, user, groups. The hub's account is made by deploy/hub.yaml and gets a real service account token.
IDENTITIES=(
    "admin admin system:masters"
    "controller-manager system:kube-controller-manager"
    "scheduler system:kube-scheduler"
    "kubelet system:node:NODE system:nodes"
    "kwok kwok system:masters"
    "kube-state-metrics kube-state-metrics"
)

write_identities() {
    local line name user groups token
    mkdir -p "$DIR/identities"
    : >"$DIR/tokens.csv"
    for line in "${IDENTITIES[@]}"; do
        read -r name user groups <<<"${line//NODE/$NODE}"
        token=$(openssl rand -hex 16)
        echo "$token,$user,$user${groups:+,$groups}" >>"$DIR/tokens.csv"
        write_kubeconfig "$DIR/identities/$name" "$name" "$token"
    done
    cp "$DIR/identities/admin" "$DIR/kubeconfig"
    chmod 600 "$DIR/tokens.csv" "$DIR/kubeconfig" "$DIR"/identities/*
    openssl genrsa -out "$DIR/service-accounts.key" 2048 2>/dev/null
    openssl rsa -in "$DIR/service-accounts.key" -pubout -out "$DIR/service-accounts.pub" 2>/dev/null
}

# The API server's certificate is its own (made when it first starts): it is also the authority that signs it.
write_kubeconfig() {
    cat >"$1" <<TEXT
apiVersion: v1
kind: Config
clusters: [{name: testbed, cluster: {server: "$APISERVER", certificate-authority: "$DIR/pki/apiserver.crt"}}]
users: [{name: "$2", user: {token: "$3"}}]
contexts: [{name: testbed, context: {cluster: testbed, user: "$2", namespace: "${4:-default}"}}]
current-context: testbed
TEXT
}

# The documents of deploy/hub.yaml that are about accounts, not about running it: its hub runs as a process of the host.
hub_account_manifests() {
    cat "$HERE/../deploy/namespace.yaml"
    awk 'BEGIN { RS = "---\n" } /\nkind: (ServiceAccount|ClusterRole|ClusterRoleBinding|Role|RoleBinding|Lease)\n/ { print "---\n" $0 }' \
        <(echo; sed 's/^---$/---\n/' "$HERE/../deploy/hub.yaml")
}

# DIR/identities/hub: what the hub uses outside the cluster. FlowSchema included: the budget of the server's side counts too.
make_hub_account() {
    [ -f "$HERE/../deploy/hub.yaml" ] || { say "no deploy/hub.yaml: no account for the hub"; return; }
    hub_account_manifests | kubectl apply -f - >/dev/null
    kubectl apply -f "$HERE/../deploy/flowcontrol.yaml" >/dev/null
    # In its namespace is the one Lease that it may write.
    write_kubeconfig "$DIR/identities/hub" hub "$(kubectl -n plimsoll create token plimsoll-hub --duration=24h)" plimsoll
    remember HUB_KUBECONFIG "$DIR/identities/hub"
}

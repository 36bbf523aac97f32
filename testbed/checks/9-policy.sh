#!/usr/bin/env bash
# deploy/preflight/admission-policy.yaml on a real API server, with Deny in place of its warnings.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

begin "admission policy"
kubectl create namespace plimsoll --dry-run=client -o yaml | kubectl apply -f - >/dev/null 2>&1
kubectl create namespace policy --dry-run=client -o yaml | kubectl apply -f - >/dev/null 2>&1
sed 's/validationActions: .*/validationActions: [Deny]/' "$ROOT/deploy/preflight/admission-policy.yaml" | kubectl apply -f - >/dev/null
down() { kubectl delete -f "$ROOT/deploy/preflight/admission-policy.yaml" --ignore-not-found >/dev/null 2>&1; }
trap down EXIT

# daemonset NAME ANNOTATIONS IMAGE: as a dry run; prints what the API server says, be it a refusal.
daemonset() {
    printf '%s\n' "apiVersion: apps/v1" "kind: DaemonSet" "metadata: {name: $1, namespace: policy, annotations: {$2}}" "spec:" \
        "  selector: {matchLabels: {app: $1}}" "  template:" "    metadata: {labels: {app: $1}}" "    spec: {containers: [{name: a, image: '$3'}]}" |
        kubectl apply ${4:---dry-run=server} -f - 2>&1 || true
}
says() { grep -q "$1"; }
refused() { daemonset a "$1" b:1 | says "$2"; }
admitted() { daemonset a "$1" b:1 | says created; }

within 20 "without a load line: refused" refused "" "no plimsoll.dev/load-line-nodes"
expect "710 nodes of 5,000: refused" refused "plimsoll.dev/load-line-nodes: '710'" "this cluster has room for 5000 nodes"
expect "no number: refused" refused "plimsoll.dev/load-line-nodes: 'many'" "sinks it before"
expect "27,000 nodes: admitted" admitted "plimsoll.dev/load-line-nodes: '27000'"
# What was there before the policy can still be changed, but for its pods.
down
daemonset old "" b:1 --validate=true >/dev/null
sed 's/validationActions: .*/validationActions: [Deny]/' "$ROOT/deploy/preflight/admission-policy.yaml" | kubectl apply -f - >/dev/null
within 20 "an old one with other pods: refused" eval 'daemonset old "" b:2 | says "no plimsoll.dev/load-line-nodes"'
expect "an old one with the same pods: admitted" eval 'daemonset old "owner: somebody" b:1 | says configured'
kubectl delete namespace policy --wait=false >/dev/null
finish

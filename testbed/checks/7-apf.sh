#!/usr/bin/env bash
# Priority and fairness as `preflight predict` computes it, beside this API server's own: every arrival, queue, place, start, reject
# and Retry-After of a sequence of requests, and the seats of every level over some periods of borrowing.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

tests() { (cd "$ROOT" && cargo test --quiet --package preflight --test apf -- --ignored --exact --nocapture "$1") >"$WORK/apf.log" 2>&1; }

begin "APF, request by request"
# A level of its own for each run: the API server remembers rejects by a level's name, and a new one deals from its first queue.
LEVEL=apf-$$
sed "s/apf-level/$LEVEL/" "$ROOT/testbed/manifests/apf.yaml" >"$WORK/apf.yaml"
kubectl apply -f "$WORK/apf.yaml" >/dev/null
TOKEN=$(sed -n 's/.*user: {token: "\([^"]*\)".*/\1/p' "$KUBECONFIG")
export LEVEL APISERVER TOKEN CONTROLPLANE KUBECONFIG WORK
sleep 2
expect "queues, places, starts, rejects and Retry-After are the API server's" tests queues_as_a_real_api_server_does
grep -h 'no difference\|panicked\|left\|right\|after' "$WORK/apf.log" || true

expect "the seats that levels lend each other are the API server's" tests borrows_as_a_real_api_server_does
grep -h 'no difference\|panicked\|left\|right' "$WORK/apf.log" || true
kubectl delete validatingwebhookconfiguration apf-check --ignore-not-found >/dev/null
kubectl delete -f "$WORK/apf.yaml" >/dev/null 2>&1
finish

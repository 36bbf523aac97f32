#!/usr/bin/env bash
# A collector that is not ours (kube-state-metrics v2.20.0), recorded on a small cluster with `preflight record`, and its start forecast
# for one of four times the pods: what `preflight predict` says it costs the API server there, beside what it then costs (CPU by the API
# server's own process_cpu_seconds_total, bytes as the kernel counts them). Two testbeds, one after the other.
#
# usage: PLIMSOLL=BINARY bench/preflight-collector.sh [PODS] [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/.."
PLIMSOLL=$(realpath "${PLIMSOLL:?the binary to measure}")
PODS=${1:-1500} ROUNDS=${2:-3}
WORK=$(mktemp -d)
KINDS=pods,nodes,namespaces,deployments,replicasets,daemonsets,statefulsets,jobs
testbed() { testbed/testbed --dir "$WORK/tb" "$@"; }
down() { testbed down >/dev/null 2>&1 || true; }
trap 'down; rm -rf "$WORK"' EXIT
up() {
    testbed up --nodes "$1" --pods "$2" --no-kubelet 2>&1 | tail -1
    testbed peers 2>/dev/null
    source "$WORK/tb/env"
    testbed kill kube-state-metrics 2>/dev/null || true
    # The API server counts its objects once a minute.
    sleep 65
}
# The command line of kube-state-metrics, without its kubeconfig.
KSM() { local port; port=$(testbed port); echo "$KSM_BINARY" --host 127.0.0.1 --port "$port" --telemetry-host 127.0.0.1 --telemetry-port "$(testbed port)" --resources "$KINDS"; }
binary() { KSM_BINARY=$(ls -t "${XDG_CACHE_HOME:-$HOME/.cache}"/plimsoll-testbed/kube-state-metrics-* | head -1); }
api() { curl -sfk -H "Authorization: Bearer $TOKEN" "$APISERVER$1"; }
cpu() { api /metrics | awk '/^process_cpu_seconds_total/ {print $2}'; }
token() { TOKEN=$(awk -F, '$2 == "admin" {print $1}' "$WORK/tb/tokens.csv"); }
hum() { local name; for name in kwok kube-controller-manager kube-scheduler; do kill "-$1" "$(cat "$WORK/tb/run/$name.pid")" 2>/dev/null || true; done; }

echo "# $PODS pods: recorded"
up $((PODS / 30)) "$PODS"
binary; token
timeout 60 "$PLIMSOLL" preflight record --kubeconfig "$KUBECONFIG" --out "$WORK/profile.yaml" -- \
    bash -c 'timeout 40 "$@" --kubeconfig "$KUBECONFIG" >/dev/null 2>&1 || true' ksm $(KSM) || true
"$PLIMSOLL" preflight calibrate --kubeconfig "$KUBECONFIG" --out "$WORK/model.yaml" --seconds 120 2>&1 | tail -1
grep -c '^- id:\|^  - id:' "$WORK/profile.yaml" | sed 's/$/ classes of requests/'
# One copy in all, whatever the number of nodes is: one was recorded.
sed -i 's/actor: node/actor: cluster/; s/kind: DaemonSet/kind: Deployment/' "$WORK/profile.yaml"
"$PLIMSOLL" preflight predict "$WORK/profile.yaml" --kubeconfig "$KUBECONFIG" --model "$WORK/model.yaml" --nodes $((PODS * 4 / 30)) \
    --output json >"$WORK/forecast.json" || [ $? -le 3 ]
down

echo "# $((PODS * 4)) pods: measured, $ROUNDS rounds"
up $((PODS * 4 / 30)) $((PODS * 4))
token
for _ in $(seq "$ROUNDS"); do
    hum STOP
    a=$(cpu); sleep 15; b=$(cpu)
    $(KSM) --kubeconfig "$KUBECONFIG" >/dev/null 2>&1 &
    ksm=$!
    sleep 15
    c=$(cpu)
    ss -Htnpi "dport = :${APISERVER##*:}" | awk -v pid="pid=$ksm," '/^[A-Z]/ {m = index($0, pid)} m && match($0, /bytes_received:[0-9]+/) {n += substr($0, RSTART + 15, RLENGTH - 15)} END {printf "%d ", n}' >>"$WORK/rounds"
    awk -v a="$a" -v b="$b" -v c="$c" 'BEGIN {print (c - b) - (b - a)}' >>"$WORK/rounds"
    kill "$ksm"; wait "$ksm" 2>/dev/null || true
    hum CONT
    sleep 5
done
column() { awk -v c="$1" '{print $c}' "$WORK/rounds" | sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
# Every class once: a start. Watches of client-go bring the objects with them.
jq -r --arg cpu "$(column 2)" --arg bytes "$(column 1)" '
  ([.requests[] | select(.verb != "update" and .verb != "create")] | (map(.apiserverCpuSeconds) | add) as $c | (map(.responseBytes) | add) as $b | {c: $c, b: $b}) as $p
  | "CPU of the API server   predicted \($p.c * 1000 | round / 1000) s   measured \($cpu) s   ratio \(($p.c / ($cpu | tonumber)) * 100 | round / 100)",
    "bytes                   predicted \($p.b | round)   measured \($bytes)   ratio \(($p.b / ($bytes | tonumber)) * 100 | round / 100)"' "$WORK/forecast.json"

# Hub and agent as processes of this machine, known to the testbed as components (so "testbed kill hub" works).

hub_is_ready() { get "$HUB_TELEMETRY/readyz"; }

# hub_flags: the same on every start, so that a restart finds its snapshot.
ensure_hub() {
    reload
    if [ -n "${HUB_METRICS:-}" ] && kill -0 "${HUB_PID:-0}" 2>/dev/null; then return; fi
    local port telemetry agents
    port=$(testbed port) telemetry=$(testbed port) agents=$(testbed port)
    ensure_certificates
    {
        echo "HUB_METRICS=http://127.0.0.1:$port"
        echo "HUB_TELEMETRY=http://127.0.0.1:$telemetry"
        echo "HUB_AGENTS=127.0.0.1:$agents"
    } >>"$TESTBED_DIR/env"
    testbed run hub "$PLIMSOLL" hub --kubeconfig "$HUB_KUBECONFIG" --host 127.0.0.1 --port "$port" \
        --telemetry-port "$telemetry" --data-dir "$WORK/hub-data" --agents-listen "127.0.0.1:$agents" --tls-dir "$WORK/tls"
    reload
}

# The folder of a trial, as the README tells: one for both sides.
ensure_certificates() { [ -d "$WORK/tls" ] || "$PLIMSOLL" certs init "$WORK/tls" >/dev/null; }

restart_hub() { testbed start hub; reload; }

# cpu_seconds PID
cpu_seconds() { awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); printf "%.2f\n", ($12 + $13) / hz }' "/proc/$1/stat"; }
resident_kib() { awk '/^VmRSS:/ {print $2}' "/proc/$1/status"; }
peak_kib() { awk '/^VmHWM:/ {print $2}' "/proc/$1/status"; }

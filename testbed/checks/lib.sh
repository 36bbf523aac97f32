# What the checks share. A check is a script that prints what it measured, and ends with "not ok" lines and status 1 when
# a promise is broken. It works on the testbed in $TESTBED_DIR and the binary in $PLIMSOLL.

CHECKS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$CHECKS/../.." && pwd)
TESTBED_DIR=${TESTBED_DIR:-${TMPDIR:-/tmp}/plimsoll-testbed}
PLIMSOLL=${PLIMSOLL:-$ROOT/target/release/plimsoll}
WORK=$TESTBED_DIR/checks
FAILED=0

testbed() { "$ROOT/testbed/testbed" --dir "$TESTBED_DIR" "$@"; }
kubectl() { testbed kubectl "$@"; }

# shellcheck source=/dev/null
reload() { source "$TESTBED_DIR/env"; }

[ -f "$TESTBED_DIR/env" ] || { echo "no testbed in $TESTBED_DIR (testbed/testbed up)" >&2; exit 2; }
[ -x "$PLIMSOLL" ] || { echo "no binary at $PLIMSOLL" >&2; exit 2; }
reload
mkdir -p "$WORK"

begin() { echo "# $1"; }

# finish: the status of the whole check. Left out on an early exit, which is a failure anyway.
finish() { [ "$FAILED" = 0 ] || exit 1; }

ok() { echo "ok      $*"; }
not_ok() { echo "not ok  $*"; FAILED=$((FAILED + 1)); }

# expect WHAT COMMAND...
expect() {
    local what=$1
    shift
    if "$@"; then ok "$what"; else not_ok "$what"; fi
}

# within SECONDS WHAT COMMAND...: prints how long it took.
within() {
    local limit=$1 what=$2 begun now
    shift 2
    begun=$(milliseconds)
    while :; do
        if "$@" >/dev/null 2>&1; then
            now=$(milliseconds)
            ok "$what: after $((now - begun)) ms"
            return 0
        fi
        now=$(milliseconds)
        if [ $((now - begun)) -gt $((limit * 1000)) ]; then not_ok "$what: not within $limit s"; return 0; fi
        sleep 0.1
    done
}

milliseconds() { date +%s%3N; }

get() { curl -sf --max-time 20 "$@"; }

# sum URL PATTERN: the sum of the samples that match, 0 if there are none.
sum() { get "$1" | grep -E "$2" | awk '{n += $NF} END {printf "%.0f\n", n}'; }
count() { get "$1" | grep -cE "$2" || true; }

at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b) }'; }
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a <= b) }'; }

# audit_mark: where the audit log ends now. audit_since MARK [WORDS]: what came after it, whole lines only; with WORDS
# (grep -E) only lines that hold them, since reading all of the JSON of a large cluster takes many seconds.
audit_mark() { wc -c <"$AUDIT_LOG"; }
audit_since() { tail -c +$(($1 + 1)) "$AUDIT_LOG" | { grep -E "${2:-.}" || true; } | jq -Rc 'fromjson?'; }

HUB_USER=system:serviceaccount:plimsoll:plimsoll-hub

#!/usr/bin/env bash
# Every line of kube-state-metrics v2.20.0 on the same cluster, and no other line of the same families.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/processes.sh"

# One sample a line with sorted labels and one spelling of each number; "# TYPE" as it stands.
normalise() {
    perl -ne '
        if (/^# TYPE/) { print; next }
        next if /^#/ || !/\S/;
        my ($name, $labels, $value) = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/ or die "cannot read: $_";
        my @labels = sort(($labels // "") =~ /([a-zA-Z_]\w*="(?:[^"\\]|\\.)*")/g);
        printf "%s{%s} %s\n", $name, join(",", @labels), $value =~ /^[+-]?(inf|nan)/i ? lc $value : sprintf("%.15g", $value);
    ' | LC_ALL=C sort
}

families() { sed -n 's/^# TYPE \(kube_[a-zA-Z0-9_]*\) .*/\1/p' "$1" | sort -u; }

# Lines of families that kube-state-metrics has. A scrape of the hub may hold more kinds than it was asked for.
compare() {
    get "$KUBE_STATE_METRICS/metrics" >"$WORK/theirs.txt"
    get "$HUB_METRICS/metrics" >"$WORK/ours.txt"
    normalise <"$WORK/theirs.txt" >"$WORK/theirs.sorted"
    families "$WORK/theirs.txt" >"$WORK/families"
    normalise <"$WORK/ours.txt" | awk 'NR == FNR { known[$1]; next } { name = $1 == "#" ? $3 : $1; sub(/\{.*/, "", name) } name in known' \
        "$WORK/families" - >"$WORK/ours.sorted"
    LC_ALL=C comm -3 "$WORK/theirs.sorted" "$WORK/ours.sorted" >"$WORK/parity.diff"
    [ ! -s "$WORK/parity.diff" ]
}

report() {
    echo "        families: $(wc -l <"$WORK/families"), lines: $(wc -l <"$WORK/theirs.sorted"), different: $(wc -l <"$WORK/parity.diff")"
    # Per family: lines that only they have, lines that only we have.
    awk -F'\t' '{ side = $1 == "" ? "ours" : "theirs"; line = $1 $2; sub(/^# TYPE /, "", line); sub(/[{ ].*/, "", line); n[line " " side]++ }
        END { for (i in n) print "          " i ": " n[i] }' "$WORK/parity.diff" | sort | head -40
    head -n 10 "$WORK/parity.diff" | cut -c1-220
}

begin "families of kube-state-metrics v2.20.0, line for line"
ensure_hub
testbed peers
reload
within 120 "the hub is ready" hub_is_ready
within 120 "kube-state-metrics answers" sh -c "curl -sf '$KUBE_STATE_METRICS/metrics' | grep -q '^kube_pod_info'"
# Churn between the two scrapes is no difference: what is still different after some tries is one.
for _ in 1 2 3 4 5 6; do ! compare || break; sleep 3; done
report
expect "kube-state-metrics shows the families of eight kinds" at_least "$(wc -l <"$WORK/families")" 100
expect "no line differs" test ! -s "$WORK/parity.diff"
finish

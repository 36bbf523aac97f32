#!/usr/bin/env bash
# The API server's own word: who asked for what since it started. Not our counters.
set -euo pipefail
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/processes.sh"
source "$(dirname "$0")/agent-pod.sh"

# What docs/api-calls.md lists: "verb path" of each row of its table of resources, and of the calls that have a path of their own.
promised() {
    awk -F'|' '
        /^### / { split($0, words, "`"); verb = words[2] }
        /^`[A-Z]+ \// { split($0, words, /[ ?`]/); print verb " " words[3] }
        /^\| [a-z]+ \| `\// { gsub(/[ `]/, "", $3); gsub(/[ ]/, "", $5); split($5, verbs, ","); for (i in verbs) print verbs[i] " " $3 }
    ' "$ROOT/docs/api-calls.md" | sed 's#{namespace}#plimsoll#' | sort -u
}

# What the hub asked for: verb and path, without the query.
asked() { hub_requests | jq -r '.verb + " " + (.requestURI | sub("\\?.*"; ""))' | sort -u; }
hub_requests() { audit_since 0 plimsoll | jq -c --arg hub "$HUB_USER" 'select(.user.username == $hub)'; }

# Of the query: a watch has bookmarks and an end, a list has a limit.
unbounded() {
    hub_requests | jq -r 'select(.verb == "list" and (.requestURI | test("[?&]limit=[0-9]+") | not)
        or .verb == "watch" and (.requestURI | (test("allowWatchBookmarks=true") and test("timeoutSeconds=[0-9]+")) | not)) | .requestURI'
}

who() { audit_since 0 | jq -r '[.user.username, (.userAgent // "-" | sub("[/ ].*"; ""))] | @tsv' | sort | uniq -c | sort -rn | sed 's/^/        /'; }

# TokenReviews and SubjectAccessReviews would be requests of an agent through somebody else.
reviews() { audit_since 0 'tokenreviews|subjectaccessreviews' | jq -r 'select(.verb == "create" and ((.objectRef.resource // "") | test("^(tokenreviews|(self|local)?subjectaccessreviews)$"))) | .user.username' | wc -l; }

begin "the audit log"
[ -s "$AUDIT_LOG" ] || { echo "the audit log is empty" >&2; exit 2; }
echo "        requests by user and program:"
who
echo "        the hub's requests:"
hub_requests | jq -r '[.verb, (.requestURI | sub("\\?.*"; "")), (if (.requestURI | test("sendInitialEvents=true")) then "initial events" else "" end)] | join(" ")' |
    sort | uniq -c | sed 's/^/        /'
unexpected=$(LC_ALL=C comm -13 <(promised | LC_ALL=C sort) <(asked | LC_ALL=C sort))
[ -z "$unexpected" ] || echo "$unexpected"
expect "the hub asked for something" test -n "$(asked | head -n 1)"
expect "every request of the hub is in docs/api-calls.md ($(promised | wc -l) rows)" test -z "$unexpected"
expect "no list without a limit, no watch without bookmarks and an end" test -z "$(unbounded)"
by_agents=$(agent_requests 0) reviews=$(reviews)
expect "requests by an agent: $by_agents" test "$by_agents" = 0
expect "TokenReviews and SubjectAccessReviews by anybody: $reviews" test "$reviews" = 0
finish

//! Live or not, ready or not.
//!
//! Live: the process answers. Nothing else counts, above all not the API server: a restart would throw away the only copy of
//! the state when it is needed most, and cost LISTs when they hurt most.
//!
//! Ready: every resource is known, from the API server or from the snapshot, however old (its age is a metric). A resource that
//! the API server refuses (403, 404) is named and not waited for, as long as another one is known: one missing rule in a role
//! must not take the rest away.

use std::fmt::Write;

use crate::status::KindStatus;

/// Ready or not, and why in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) ready: bool,
    pub(crate) reason: String,
}

pub(crate) fn judge(kinds: &[KindStatus]) -> Verdict {
    let refused = names(kinds, |kind| !kind.synced && is_refused(kind));
    let awaited = names(kinds, |kind| !kind.synced && !is_refused(kind));
    if !awaited.is_empty() {
        return no(format!("not known yet: {awaited}"));
    }
    if kinds.iter().all(|kind| !kind.synced) {
        return no(format!("the API server refuses every resource: {refused}"));
    }
    let restored = names(kinds, |kind| kind.restored);
    let mut parts = Vec::new();
    if !restored.is_empty() {
        parts.push(format!("from the snapshot, not confirmed since: {restored}"));
    }
    if !refused.is_empty() {
        parts.push(format!("refused by the API server: {refused}"));
    }
    let reason = if parts.is_empty() { "everything is synced".to_owned() } else { parts.join("; ") };
    Verdict { ready: true, reason }
}

/// The body of `/readyz`: the verdict, then a line per resource.
pub(crate) fn report(verdict: &Verdict, kinds: &[KindStatus]) -> String {
    let word = if verdict.ready { "ready" } else { "not ready" };
    let mut out = format!("{word}: {}\n", verdict.reason);
    for kind in kinds {
        let state = match (kind.synced, kind.restored) {
            (true, true) => "restored",
            (true, false) => "synced",
            (false, _) => "missing",
        };
        let _ = write!(out, "{}: {state}, {}, {} objects", kind.resource, kind.phase, kind.objects);
        if let Some(age) = kind.age_seconds {
            let _ = write!(out, ", {age:.0} s old");
        }
        if let Some(error) = &kind.error {
            let _ = write!(out, ", {error}");
        }
        out.push('\n');
    }
    out
}

fn no(reason: String) -> Verdict {
    Verdict { ready: false, reason }
}

fn is_refused(kind: &KindStatus) -> bool {
    matches!(kind.phase, "forbidden" | "not_served")
}

/// "pods, jobs (answered 403 Forbidden), nodes": an error that several share is said once, after the last of them.
fn names(kinds: &[KindStatus], which: impl Fn(&KindStatus) -> bool) -> String {
    let mut groups: Vec<(Option<&str>, Vec<&str>)> = Vec::new();
    for kind in kinds.iter().filter(|kind| which(kind)) {
        let error = kind.error.as_deref();
        match groups.iter_mut().find(|(known, _)| *known == error) {
            Some((_, names)) => names.push(kind.resource),
            None => groups.push((error, vec![kind.resource])),
        }
    }
    let text = |(error, names): &(Option<&str>, Vec<&str>)| match error {
        Some(error) => format!("{} ({error})", names.join(", ")),
        None => names.join(", "),
    };
    groups.iter().map(text).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use objects::Resource;

    use super::*;

    /// "pods restored watching" or "secrets missing forbidden 403".
    fn kind(line: &str) -> KindStatus {
        let mut words = line.splitn(4, ' ');
        let mut next = || words.next().unwrap_or_default();
        let resource = Resource::from_plural(next()).unwrap();
        let state = next();
        let phase = match next() {
            "forbidden" => "forbidden",
            "not_served" => "not_served",
            "backoff" => "backoff",
            _ => "watching",
        };
        let error = Some(next().to_owned()).filter(|error| !error.is_empty());
        KindStatus {
            resource: resource.plural(),
            kind: resource.info().kind,
            synced: state != "missing",
            restored: state == "restored",
            objects: 3,
            age_seconds: (state != "missing").then_some(2.4),
            phase,
            error,
            undecodable: 0,
            lists: (0, 0),
            watches: (0, 0),
        }
    }

    #[test]
    fn verdicts() {
        let check = |kinds: &[&str], ready: bool, reason: &str| {
            let kinds: Vec<KindStatus> = kinds.iter().map(|line| kind(line)).collect();
            assert_eq!(judge(&kinds), Verdict { ready, reason: reason.to_owned() });
        };
        let pods = "pods synced watching";
        check(&[pods], true, "everything is synced");
        check(&[pods, "nodes missing watching"], false, "not known yet: nodes");
        check(&[pods, "nodes missing backoff timeout"], false, "not known yet: nodes (timeout)");
        check(&[pods, "jobs missing forbidden 403"], true, "refused by the API server: jobs (403)");
        check(&[pods, "jobs missing not_served 404"], true, "refused by the API server: jobs (404)");
        let all = "the API server refuses every resource: pods, jobs (401)";
        check(&["pods missing forbidden 401", "jobs missing forbidden 401"], false, all);
        let stale = "from the snapshot, not confirmed since: pods (refused), jobs";
        check(&["pods restored backoff refused", "jobs restored watching"], true, stale);
    }

    #[test]
    fn the_report_names_every_resource() {
        let kinds = [kind("pods restored backoff timeout"), kind("jobs missing forbidden 403")];
        let expected = "ready: from the snapshot, not confirmed since: pods (timeout); refused by the API server: jobs (403)\n\
                        pods: restored, backoff, 3 objects, 2 s old, timeout\n\
                        jobs: missing, forbidden, 3 objects, 403\n";
        assert_eq!(report(&judge(&kinds), &kinds), expected);
    }
}

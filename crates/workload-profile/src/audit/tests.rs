//! Lines of a real log, cut to what a test needs.

use super::*;

const COMPLETE: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a-1","stage":"ResponseComplete","requestURI":"/api/v1/pods?limit=500","verb":"list","user":{"username":"system:serviceaccount:monitoring:telemetry","groups":["system:authenticated"],"extra":{"authentication.kubernetes.io/pod-name":["telemetry-x7"]}},"sourceIPs":["10.0.0.7"],"userAgent":"telemetry/v1","objectRef":{"resource":"pods","apiVersion":"v1"},"responseStatus":{"metadata":{},"code":200},"requestReceivedTimestamp":"2026-11-26T10:00:00.000000Z","stageTimestamp":"2026-11-26T10:00:00.250000Z","annotations":{"authorization.k8s.io/decision":"allow"}}"#;

#[test]
fn an_event_becomes_a_request() {
    let mut events = Events::default();
    let Line::Request(seen) = events.take(COMPLETE.as_bytes()) else { panic!("no request") };
    assert_eq!(
        (seen.method.as_str(), seen.uri.as_str(), seen.status),
        ("list", "/api/v1/pods?limit=500", Some(200))
    );
    assert_eq!((seen.instance.as_str(), seen.took_seconds), ("telemetry-x7", 0.25));
    assert_eq!(seen.user.as_deref(), Some("system:serviceaccount:monitoring:telemetry"));
    assert_eq!((seen.accept, seen.ending), (None, Ending::Complete));
}

#[test]
fn who_it_was() {
    let check = |from: &str, to: &str, instance: &str, user: &str| {
        let line = COMPLETE.replace(from, to);
        assert_ne!(line, COMPLETE, "{from}");
        let Line::Request(seen) = Events::default().take(line.as_bytes()) else {
            panic!("no request: {line}")
        };
        assert_eq!((seen.instance.as_str(), seen.user.as_deref()), (instance, Some(user)));
    };
    let account = "system:serviceaccount:monitoring:telemetry";
    check(r#","extra":{"authentication.kubernetes.io/pod-name":["telemetry-x7"]}"#, "", "10.0.0.7", account);
    check("pod-name", "node-name", "telemetry-x7", account);
    check(r#""sourceIPs""#, r#""impersonatedUser":{"username":"jane"},"sourceIPs""#, "10.0.0.7", "jane");
}

#[test]
fn stages_of_one_request_are_one_request() {
    let mut events = Events::default();
    let started = COMPLETE.replace("ResponseComplete", "ResponseStarted");
    assert_eq!(events.take(started.as_bytes()), Line::Begun);
    assert!(matches!(events.take(COMPLETE.as_bytes()), Line::Request(_)));
    assert_eq!(events.take(started.replace("a-1", "a-2").as_bytes()), Line::Begun);
    let (open, forgotten) = events.open();
    assert_eq!((open.len(), forgotten, open[0].ending), (1, 0, Ending::Open));
}

#[test]
fn what_is_no_event() {
    for end in (0..COMPLETE.len()).step_by(7) {
        assert_eq!(Events::default().take(&COMPLETE.as_bytes()[..end]), Line::NoEvent, "{end}");
    }
    for line in ["{}", "[]", "null", r#"{"stage":"Lost"}"#, "\u{0}"] {
        assert_eq!(Events::default().take(line.as_bytes()), Line::NoEvent, "{line}");
    }
}

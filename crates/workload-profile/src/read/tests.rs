//! Profiles by hand, good and bad.

use crate::Profile;

const HEAD: &str = "apiVersion: plimsoll/v1\nkind: Profile\nworkload: {kind: DaemonSet, namespace: monitoring}\n\
                    recorded: {source: declared}\nrequests:\n";

fn read(classes: &str) -> Result<Profile, String> {
    Profile::from_yaml(&format!("{HEAD}{classes}")).map_err(|error| error.to_string())
}

#[test]
fn a_profile_written_by_hand() {
    let profile = read(
        "- {id: boot, on: startup, verb: list, resource: pods}\n\
         - {id: poll, on: period, every: 60s, jitter: 0s, verb: list, resource: pods, rv: \"0\", limit: 500, accept: proto}\n\
         - {id: w, on: startup, verb: watch, resource: pods, sendInitialEvents: true, renew: 5m..10m, returns: perNode,\n\
            fieldSelector: spec.nodeName=$NODE}\n\
         - {id: some, on: period, every: 1m30s, verb: list, resource: pods, labelSelector: app=x, returns: {share: 0.02}}\n",
    )
    .expect("a good profile");
    assert_eq!(profile.requests.len(), 4);
    let again = Profile::from_yaml(&profile.to_yaml()).expect("what was written is read");
    assert_eq!(again, profile);
}

#[test]
fn what_cannot_be_is_one_sentence() {
    let check = |classes: &str, expected: &str| {
        let error = read(classes).expect_err(classes);
        assert!(error.contains(expected), "{classes}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    };
    check(
        "- {id: a, on: period, verb: list, resource: pods}\n",
        "requests[0] (a): `on: period` needs `every`",
    );
    check("- {id: a, on: period, every: -5s, verb: list, resource: pods}\n", "`-5s` is no length of time");
    check("- {id: a, on: period, every: 0s, verb: list, resource: pods}\n", "longer than 0");
    check("- {id: a, on: startup, verb: list, resource: pods, colour: red}\n", "unknown field `colour`");
    check("- {id: a, on: startup, verb: list, resource: pods, colour: red}\n", "line 6: ");
    check("- {id: a, on: startup, verb: fetch, resource: pods}\n", "fetch");
    check("- {id: a, on: startup, verb: list}\n", "it needs `resource`");
    check("- {id: a, on: startup, verb: get, resource: pods, path: /version}\n", "exclude each other");
    check("- {id: a, on: startup, verb: list, path: /version}\n", "cannot be listed");
    check(
        "- {id: a, on: startup, verb: list, resource: pods, sendInitialEvents: true}\n",
        "belongs to `verb: watch`",
    );
    check("- {id: a, on: startup, verb: get, resource: pods, labelSelector: a=b}\n", "selectors belong to");
    check("- {id: a, on: startup, verb: get, resource: pods, limit: 5}\n", "`limit` belongs to");
    check("- {id: a, on: startup, verb: list, resource: pods, continue: true}\n", "needs `limit`");
    check(
        "- {id: a, on: startup, verb: list, resource: pods, resourceVersionMatch: Exact}\n",
        "needs `resourceVersion`",
    );
    check(
        "- {id: a, on: startup, verb: list, resource: pods, rv: \"0\", resourceVersionMatch: Exact}\n",
        "excludes",
    );
    check("- {id: a, on: startup, verb: list, resource: pods, returns: {share: 1.5}}\n", "0 to 1");
    check("- {id: a, on: startup, verb: list, resource: pods, renew: 10m}\n", "`renew` belongs to");
    check("- {id: a, on: startup, verb: watch, resource: pods, renew: 10m..5m}\n", "no length of time");
    check(
        "- {id: a, on: startup, verb: list, resource: pods}\n- {id: a, on: startup, verb: list, resource: nodes}\n",
        "requests[1] (a): this id is there twice",
    );
    check(
        "- {id: a, on: startup, verb: list, resource: pods, returns: perNode, namespaced: true}\n",
        "exclude each other",
    );
}

#[test]
fn what_is_no_profile_at_all() {
    for text in ["", "kind: Cluster\n", "{", "- a\n", "\u{0}", "apiVersion: plimsoll/v2\n"] {
        let error = Profile::from_yaml(text).expect_err(text).to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

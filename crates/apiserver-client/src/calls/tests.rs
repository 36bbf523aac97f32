//! The table, the requests made from it, and the page written from it.

use std::path::Path;

use objects::Resource;

use super::{Call, Custom, Fill, Request, Target, markdown, table};

#[test]
fn every_call_has_one_row() {
    for call in [
        Call::Watch,
        Call::WatchList,
        Call::FirstPage,
        Call::NextPage,
        Call::Identity,
        Call::Beat,
        Call::Metrics,
        Call::Ready,
        Call::Read,
        Call::CustomList,
        Call::CustomGet,
        Call::CustomSpec,
        Call::CustomStatus,
        Call::Event,
        Call::LeaderGet,
        Call::LeaderCreate,
        Call::LeaderPatch,
    ] {
        assert_eq!(table().filter(|row| row.call == call).count(), 1, "{call:?}");
    }
}

#[test]
fn requests() {
    let fill = Fill {
        resource_version: "77",
        timeout_seconds: 300,
        continue_token: "a b/+=é",
        namespace: "a/../b",
        ..Fill::default()
    };
    let rows = [
        (
            Call::Watch,
            Resource::Pods,
            "/api/v1/pods?watch=true&allowWatchBookmarks=true&resourceVersion=77&timeoutSeconds=300",
        ),
        (
            Call::WatchList,
            Resource::Deployments,
            "/apis/apps/v1/deployments?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan\
             &allowWatchBookmarks=true&timeoutSeconds=300",
        ),
        (Call::FirstPage, Resource::Leases, "/apis/coordination.k8s.io/v1/leases?limit=500"),
        (Call::Identity, Resource::Namespaces, "/api/v1/namespaces/kube-system?resourceVersion=0"),
        (Call::Metrics, Resource::Namespaces, "/metrics"),
        (Call::Ready, Resource::Namespaces, "/readyz"),
        (Call::Read, Resource::Namespaces, "/api/v1/namespaces/kube-system"),
        (Call::NextPage, Resource::Nodes, "/api/v1/nodes?limit=500&continue=a%20b%2F%2B%3D%C3%A9"),
        (
            Call::Beat,
            Resource::Leases,
            "/apis/coordination.k8s.io/v1/namespaces/a%2F..%2Fb/leases/plimsoll-heartbeat\
             ?fieldManager=plimsoll-hub&force=true",
        ),
    ];
    for (call, resource, expected) in rows {
        let request = Request::new(call, resource, &fill);
        assert_eq!(request.path_and_query(), expected);
        let http = request.into_http();
        assert_eq!(http.uri(), expected);
        assert_eq!(http.method(), if call == Call::Beat { "PATCH" } else { "GET" });
    }
}

#[test]
fn what_is_written_is_our_own() {
    let writes: Vec<_> =
        table().filter(|row| row.method != "GET").map(|row| (row.verb, row.target)).collect();
    let expected = [
        ("patch", Target::Heartbeat),
        ("patch", Target::CustomObject),
        ("patch", Target::CustomStatus),
        ("patch", Target::Event),
        ("create", Target::Leases),
        ("patch", Target::Leader),
    ];
    assert_eq!(writes, expected);
}

#[test]
fn our_own_kinds_have_their_paths() {
    let check = |call, kind, expected: &str| {
        let fill = Fill { namespace: "n/s", name: "a b", kind, ..Fill::default() };
        assert_eq!(Request::nowhere(call, &fill).path_and_query(), expected);
    };
    let group = "/apis/plimsoll.dev/v1alpha1";
    check(Call::CustomList, Custom::DaemonRollout, &format!("{group}/daemonrollouts?limit=65"));
    check(Call::CustomList, Custom::LoadLine, &format!("{group}/loadlines?limit=65"));
    check(Call::CustomGet, Custom::LoadLine, &format!("{group}/loadlines/a%20b"));
    check(
        Call::CustomStatus,
        Custom::DaemonRollout,
        &format!("{group}/namespaces/n%2Fs/daemonrollouts/a%20b/status?fieldManager=plimsoll-hub"),
    );
    check(
        Call::Event,
        Custom::DaemonRollout,
        "/api/v1/namespaces/n%2Fs/events/a%20b?fieldManager=plimsoll-hub&force=true",
    );
    let leases = "/apis/coordination.k8s.io/v1/namespaces/n%2Fs/leases";
    check(Call::LeaderCreate, Custom::LoadLine, leases);
    check(Call::LeaderPatch, Custom::LoadLine, &format!("{leases}/plimsoll-rollouts"));
}

#[test]
fn no_list_is_ever_unbounded_or_from_version_zero() {
    for row in table().filter(|row| row.verb == "list") {
        let names: Vec<_> = row.query.iter().map(|parameter| parameter.name).collect();
        assert!(names.contains(&"limit") && !names.contains(&"resourceVersion"), "{:?}", row.call);
    }
}

#[test]
fn metadata_only_kinds_never_accept_whole_objects() {
    for resource in Resource::ALL.into_iter().filter(|resource| resource.info().metadata_only) {
        for call in [Call::Watch, Call::WatchList, Call::FirstPage, Call::NextPage] {
            for alternative in super::accept(call, resource).split(',') {
                assert!(
                    alternative.contains("as=PartialObjectMetadata"),
                    "{resource:?} {call:?}: {alternative}"
                );
            }
        }
    }
}

#[test]
fn the_page_is_in_step() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api-calls.md");
    let generated = markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &generated).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == generated,
        "docs/api-calls.md has drifted: UPDATE_DOCS=1 cargo test -p apiserver-client"
    );
}

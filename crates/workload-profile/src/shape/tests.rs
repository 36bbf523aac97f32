//! Requests as clients send them.

use proptest::prelude::*;

use super::*;

/// The shape in words.
fn said(method: &str, uri: &str, accept: Option<&str>) -> String {
    let Some(asked) = Asked::of(method, uri, accept, false) else { return "none".to_owned() };
    let shape = asked.shape;
    let mut words = vec![shape.id()];
    let flag = |on: bool, word: &str| on.then(|| word.to_owned());
    words.extend(flag(!shape.group.is_empty(), &format!("group:{}", shape.group)));
    words.extend(flag(shape.namespaced, "namespaced"));
    words.extend(flag(
        shape.resource_version != ResourceVersion::Unset,
        &format!("rv:{:?}", shape.resource_version),
    ));
    words.extend(shape.resource_version_match.map(|matched| format!("{matched:?}")));
    words.extend(shape.limit.map(|limit| format!("limit:{limit}")));
    words.extend(shape.field_selector.map(|text| format!("field:{text}")));
    words.extend(shape.label_selector.map(|text| format!("label:{text}")));
    words.extend(flag(shape.send_initial_events, "initial"));
    words.extend(flag(shape.accept != Accept::Json, &format!("{:?}", shape.accept)));
    words.extend(asked.timeout_seconds.map(|seconds| format!("timeout:{seconds}")));
    words.join(" ")
}

#[test]
fn requests_as_clients_send_them() {
    let check = |method: &str, uri: &str, expected: &str| {
        assert_eq!(said(method, uri, None), expected, "{method} {uri}")
    };
    check("GET", "/api/v1/pods", "list-pods");
    check("GET", "/api/v1/pods?limit=500&resourceVersion=0", "list-pods rv:Zero limit:500");
    check("GET", "/api/v1/pods?limit=500&continue=abc%3D", "list-pods-continue limit:500");
    check("GET", "/api/v1/namespaces/x/pods/y", "get-pods namespaced");
    check("GET", "/api/v1/namespaces/x", "get-namespaces");
    check("GET", "/api/v1/namespaces", "list-namespaces");
    check("GET", "/api/v1/namespaces/x/pods/y/log?follow=true", "get-pods-log namespaced");
    check("POST", "/api/v1/namespaces/x/pods/y/exec?command=sh", "connect-pods-exec namespaced");
    check("PATCH", "/api/v1/nodes/n/status", "patch-nodes-status");
    check(
        "PUT",
        "/apis/coordination.k8s.io/v1/namespaces/a/leases/b?timeout=5s",
        "update-leases group:coordination.k8s.io namespaced timeout:5",
    );
    check("POST", "/api/v1/namespaces/a/events", "create-events namespaced");
    check("DELETE", "/api/v1/namespaces/a/pods/b", "delete-pods namespaced");
    check("DELETE", "/api/v1/namespaces/a/pods", "deletecollection-pods namespaced");
    check(
        "GET",
        "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-7%2Cstatus.phase%21%3DRunning&watch=true&resourceVersion=77&timeoutSeconds=431",
        "watch-pods rv:Recent field:spec.nodeName=$NODE,status.phase!=Running timeout:431",
    );
    check(
        "GET",
        "/apis/apps/v1/deployments?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=",
        "watch-deployments group:apps NotOlderThan initial",
    );
    check("GET", "/api/v1/watch/pods", "watch-pods");
    check("GET", "/api/v1/pods?labelSelector=app+in+%28a%2Cb%29", "list-pods label:app in (a,b)");
    check("GET", "/version", "get-version");
    check("GET", "/apis", "get-apis");
    check("GET", "/apis/apps/v1", "get-apis-apps-v1");
    check("GET", "/openapi/v3?timeout=32s", "get-openapi-v3 timeout:32");
    check("list", "/api/v1/pods?limit=0", "list-pods");
    check("watch", "/api/v1/pods?watch=true", "watch-pods");
    check("get", "/api/v1/namespaces/a/configmaps/b", "get-configmaps namespaced");
    check("BREW", "/api/v1/pods", "none");
    check("GET", "api/v1/pods", "none");
    check("GET", "", "none");
}

#[test]
fn accept_as_clients_send_it() {
    let check = |accept: &str, expected: Accept| {
        let asked = Asked::of("GET", "/api/v1/pods", Some(accept), false).expect("a request");
        assert_eq!(asked.shape.accept, expected, "{accept}");
    };
    check("application/json", Accept::Json);
    check("*/*", Accept::Json);
    check("", Accept::Json);
    check("application/vnd.kubernetes.protobuf,application/json", Accept::Protobuf);
    check("application/vnd.kubernetes.protobuf;stream=watch", Accept::Protobuf);
    check("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", Accept::Table);
    check(
        "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
        Accept::MetadataProtobuf,
    );
    check("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", Accept::MetadataJson);
    check("text/html, application/yaml", Accept::Yaml);
}

proptest! {
    #[test]
    fn nothing_that_is_sent_breaks_it(method in "[A-Za-z]{0,8}", uri in "/?[ -~\u{80}-\u{ff}]{0,80}", accept in "[ -~]{0,60}") {
        let asked = Asked::of(&method, &uri, Some(&accept), true);
        prop_assert!(asked.is_none_or(|asked| asked.shape.class(asked.shape.id()).count > 0.0));
    }
}

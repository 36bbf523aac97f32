//! What clients see over HTTP: one request a row, and what must come back.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use environment::{ManualClock, SeededEntropy};
use fake_apiserver::{Config, FakeApiserver};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// (verb and path, headers "name: value" one a line, body, code, what the answer contains).
type Row<'a> = (&'a str, &'a str, &'a str, u16, &'a str);

const JSON: &str = "content-type: application/json";
const MERGE: &str = "content-type: application/merge-patch+json";
const JSON_PATCH: &str = "content-type: application/json-patch+json";
const STRATEGIC: &str = "content-type: application/strategic-merge-patch+json";
const APPLY: &str = "content-type: application/apply-patch+yaml";

const POD: &str = r#"{"metadata":{"name":"a","labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i:1"},{"name":"d","image":"i:1"}]}}"#;
const BOATS: &str = r#"{"metadata":{"name":"boats.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
    "names":{"plural":"boats","kind":"Boat"},"versions":[{"name":"v1","served":true,"storage":true,
    "subresources":{"status":{},"scale":{"specReplicasPath":".spec.masts","statusReplicasPath":".status.masts"}},
    "selectableFields":[{"jsonPath":".spec.owner"}],
    "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"masts":
    {"type":"integer","description":"They hold the sails."}}}}}}}]}}"#;

async fn start() -> FakeApiserver {
    let config = Config::on_loopback(Arc::new(ManualClock::default()), Arc::new(SeededEntropy::new(1)));
    FakeApiserver::start(config).await.unwrap()
}

async fn ask(server: &FakeApiserver, row: &Row<'_>) -> Response<String> {
    let (verb, path) = row.0.split_once(' ').unwrap();
    let address = server.url().strip_prefix("http://").unwrap().to_owned();
    let stream = TcpStream::connect(&address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let running = environment::spawn("test connection", async move {
        // It ends with the test's part of it.
        let _ = connection.await;
    });
    let mut request = Request::builder().method(verb).uri(path).header("host", &address);
    for line in row.1.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::from(row.2.to_owned()))).unwrap();
    let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    drop(sender);
    running.await.unwrap();
    Response::from_parts(parts, String::from_utf8_lossy(&body).into_owned())
}

async fn check(rows: &[Row<'_>]) {
    let server = start().await;
    for row in rows {
        let answer = ask(&server, row).await;
        let head = format!("{:?}", answer.headers());
        assert_eq!(answer.status().as_u16(), row.3, "{row:?}: {}", answer.body());
        assert!(answer.body().contains(row.4) || head.contains(row.4), "{row:?}: {head} {}", answer.body());
    }
    server.stop().await;
}

#[tokio::test]
async fn writes_and_conflicts() {
    check(&[
        ("POST /api/v1/namespaces/default/pods", JSON, POD, 201, r#""phase":"Pending""#),
        ("POST /api/v1/namespaces/default/pods", JSON, POD, 409, "AlreadyExists"),
        ("POST /api/v1/namespaces/none/pods", JSON, POD, 404, r#"namespaces \"none\" not found"#),
        ("POST /api/v1/namespaces/default/pods", JSON, "{", 400, "BadRequest"),
        (
            "POST /api/v1/namespaces/default/pods",
            "content-type: text/plain",
            POD,
            415,
            "UnsupportedMediaType",
        ),
        (
            "PUT /api/v1/namespaces/default/pods/a",
            JSON,
            r#"{"metadata":{"name":"a","resourceVersion":"1"}}"#,
            409,
            "the object has been modified",
        ),
        (
            "PATCH /api/v1/namespaces/default/pods/a",
            MERGE,
            r#"{"metadata":{"labels":{"x":"y"}}}"#,
            200,
            r#""x":"y""#,
        ),
        (
            "PATCH /api/v1/namespaces/default/pods/a",
            MERGE,
            r#"{"metadata":{"labels":{"x y":"z"}}}"#,
            422,
            "qualified name",
        ),
        (
            "PATCH /api/v1/namespaces/default/pods/a",
            MERGE,
            r#"{"metadata":{"resourceVersion":"1","labels":{"x":"z"}}}"#,
            409,
            "Conflict",
        ),
        (
            "PATCH /api/v1/namespaces/default/pods/a",
            JSON_PATCH,
            r#"[{"op":"replace","path":"/spec/containers/0/image","value":"i:2"}]"#,
            200,
            "i:2",
        ),
        (
            "PATCH /api/v1/namespaces/default/pods/a",
            JSON_PATCH,
            r#"[{"op":"test","path":"/spec/containers/0/image","value":"i:1"}]"#,
            422,
            "does not fit",
        ),
        (
            "PATCH /api/v1/namespaces/default/pods/a",
            STRATEGIC,
            r#"{"spec":{"containers":[{"name":"d","image":"i:3"}]}}"#,
            200,
            r#"{"image":"i:2","name":"c"},{"image":"i:3","name":"d"}"#,
        ),
        // The status is apart: it does not change with the object, nor the object with it.
        (
            "PATCH /api/v1/namespaces/default/pods/a",
            MERGE,
            r#"{"status":{"phase":"Failed"}}"#,
            200,
            r#""phase":"Pending""#,
        ),
        (
            "PATCH /api/v1/namespaces/default/pods/a/status",
            MERGE,
            r#"{"status":{"phase":"Running"},"spec":{"nodeName":"n"}}"#,
            200,
            r#""phase":"Running""#,
        ),
        ("GET /api/v1/pods?fieldSelector=spec.nodeName%3Dn", "", "", 200, r#""items":[]"#),
        (
            "GET /api/v1/pods?fieldSelector=status.phase%3DRunning&labelSelector=app,x+in+(y)",
            "",
            "",
            200,
            r#""name":"a""#,
        ),
        ("DELETE /api/v1/namespaces/default/pods/a?dryRun=All", "", "", 200, r#""name":"a""#),
        ("DELETE /api/v1/namespaces/default/pods/a", "", "", 200, r#""name":"a""#),
        ("DELETE /api/v1/namespaces/default/pods/a", "", "", 404, "NotFound"),
        (
            "POST /api/v1/namespaces/default/pods",
            JSON,
            r#"{"metadata":{"name":"b"},"spec":{"nodeName":"n"}}"#,
            201,
            r#""name":"b""#,
        ),
        (
            "DELETE /api/v1/namespaces/default/pods/b?gracePeriodSeconds=9223372036854775807",
            "",
            "",
            200,
            r#""deletionGracePeriodSeconds":315360000"#,
        ),
        (
            "PATCH /api/v1/namespaces/default/pods/b",
            JSON_PATCH,
            r#"[{"op":"replace","path":"","value":7}]"#,
            400,
            "BadRequest",
        ),
        ("PATCH /api/v1/namespaces/default/pods/b", MERGE, "null", 400, "BadRequest"),
        ("PATCH /api/v1/namespaces/default/pods/b", MERGE, r#"{"metadata":[]}"#, 400, "BadRequest"),
    ])
    .await;
}

#[tokio::test]
async fn whoever_forces_takes_only_what_is_disputed() {
    const PATH: &str = "PATCH /apis/apps/v1/namespaces/default/deployments/web";
    let web = |image: &str| {
        format!(
            r#"{{"metadata":{{"name":"web"}},"spec":{{"replicas":2,"template":{{"spec":{{"containers":[{{"name":"c","image":"{image}"}}]}}}}}}}}"#
        )
    };
    let (one, two) = (web("i:1"), web("i:2"));
    let by = |manager: &str, force: &str| format!("{PATH}?fieldManager={manager}{force}");
    let (first, second, forced) = (by("first", ""), by("second", ""), by("second", "&force=true"));
    let left = r#"{"f:spec":{"f:replicas":{},"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{"f:name":{}}}}}}},"manager":"first""#;
    check(&[
        (&first, APPLY, &one, 201, r#""manager":"first""#),
        (&second, APPLY, &one, 200, r#""manager":"second""#),
        (
            &second,
            APPLY,
            &two,
            409,
            r#"conflicts with \"first\": .spec.template.spec.containers[name=\"c\"].image"#,
        ),
        (&forced, APPLY, &two, 200, left),
        // What nobody else wants goes with its owner's interest; what the other one also applied stays.
        (&first, APPLY, r#"{"metadata":{"name":"web"}}"#, 200, r#""replicas":2"#),
        (
            &second,
            APPLY,
            r#"{"metadata":{"name":"web"},"spec":{"replicas":2}}"#,
            200,
            r#""spec":{"replicas":2,"template":{"#,
        ),
    ])
    .await;
}

#[tokio::test]
async fn custom_resources() {
    check(&[
        ("GET /apis/example.com/v1/boats", "", "", 404, "404 page not found"),
        ("POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions", JSON, BOATS, 201, "Established"),
        (
            "POST /apis/example.com/v1/namespaces/default/boats",
            JSON,
            r#"{"metadata":{"name":"b"},"spec":{"owner":"Jo"}}"#,
            201,
            r#""kind":"Boat""#,
        ),
        ("GET /apis/example.com/v1/boats?fieldSelector=spec.owner%3DJo", "", "", 200, r#""name":"b""#),
        ("GET /apis/example.com/v1/boats?fieldSelector=spec.owner%3DEd", "", "", 200, r#""items":[]"#),
        (
            "GET /apis/example.com/v1/boats?fieldSelector=spec.masts%3D1",
            "",
            "",
            400,
            "field label not supported",
        ),
        (
            "PATCH /apis/example.com/v1/namespaces/default/boats/b/scale",
            MERGE,
            r#"{"spec":{"replicas":3}}"#,
            200,
            r#""replicas":3"#,
        ),
        ("GET /apis/example.com/v1/namespaces/default/boats/b", "", "", 200, r#""masts":3"#),
        ("PATCH /apis/example.com/v1/namespaces/default/boats/b", STRATEGIC, "{}", 415, "merge-patch+json"),
        (
            "GET /apis/example.com/v1/boats",
            "accept: application/vnd.kubernetes.protobuf",
            "",
            406,
            "NotAcceptable",
        ),
        ("GET /openapi/v3/apis/example.com/v1", "", "", 200, "They hold the sails."),
        (
            "GET /apis",
            "accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
            "",
            200,
            r#""resource":"boats""#,
        ),
        (
            "DELETE /apis/apiextensions.k8s.io/v1/customresourcedefinitions/boats.example.com",
            "",
            "",
            200,
            "Success",
        ),
        ("GET /apis/example.com/v1/boats", "", "", 404, "404 page not found"),
    ])
    .await;
}

/// Nothing of a built-in kind sticks to a custom resource of the same name.
#[tokio::test]
async fn custom_resources_with_the_name_of_a_built_in_kind() {
    let definition = |plural: &str, kind: &str, scope: &str| {
        format!(
            r#"{{"metadata":{{"name":"{plural}.example.com"}},"spec":{{"group":"example.com","scope":"{scope}","names":{{"plural":"{plural}",
            "kind":"{kind}"}},"versions":[{{"name":"v1","served":true,"storage":true,"schema":{{}}}}]}}}}"#
        )
    };
    let (service, namespace) =
        (definition("services", "Service", "Namespaced"), definition("namespaces", "Namespace", "Cluster"));
    let definitions = "POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let object = r#"{"metadata":{"name":"a"},"spec":{"x":1}}"#;
    check(&[
        (definitions, JSON, &service, 201, "Established"),
        (definitions, JSON, &namespace, 201, "Established"),
        ("POST /apis/example.com/v1/namespaces/default/services", JSON, object, 201, r#""spec":{"x":1}}"#),
        ("POST /apis/example.com/v1/namespaces", JSON, object, 201, r#""spec":{"x":1}}"#),
        // Gone at once: only a real namespace is emptied first.
        ("DELETE /apis/example.com/v1/namespaces/a", "", "", 200, "Success"),
        ("GET /apis/example.com/v1/namespaces/a", "", "", 404, "not found"),
    ])
    .await;
}

#[tokio::test]
async fn reads_and_refusals() {
    let metadata = "accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let table = "accept: application/json;as=Table;g=meta.k8s.io;v=v1";
    let rules = r#"{"kind":"SelfSubjectRulesReview","spec":{"namespace":"default"}}"#;
    check(&[
        ("GET /api/v1/namespaces?limit=1", "", "", 200, r#""remainingItemCount":"#),
        ("GET /api/v1/namespaces", metadata, "", 200, "PartialObjectMetadataList"),
        ("GET /api/v1/namespaces", table, "", 200, r#""columnDefinitions""#),
        ("GET /api/v1/namespaces", "accept: application/yaml", "", 406, "NotAcceptable"),
        ("GET /api/v1/namespaces", "accept: application/vnd.kubernetes.protobuf", "", 200, "k8s\0"),
        ("GET /api/v1/namespaces?resourceVersion=x", "", "", 400, "invalid resource version"),
        ("GET /api/v1/namespaces?resourceVersion=99999", "", "", 504, "ResourceVersionTooLarge"),
        ("GET /api/v1/namespaces?continue=x", "", "", 400, "continue key is not valid"),
        ("GET /api/v1/namespaces?sendInitialEvents=true", "", "", 422, "forbidden for list"),
        ("GET /api/v1/namespaces?watch=1&resourceVersion=1&timeoutSeconds=1", "", "", 200, r#""code":410"#),
        (
            "GET /api/v1/namespaces?watch=1&resourceVersion=1&timeoutSeconds=18446744073709551615",
            "",
            "",
            200,
            r#""code":410"#,
        ),
        ("GET /api/v1/none", "", "", 404, "404 page not found"),
        // Known to Kubernetes and not served: said in a sentence.
        ("GET /api/v1/namespaces/default/pods/a/log", "", "", 405, "no kubelets and no containers"),
        (
            "POST /api/v1/namespaces/default/pods/a/exec?command=ls",
            "",
            "",
            405,
            "no kubelets and no containers",
        ),
        ("GET /api/v1/nodes/n/proxy/metrics", "", "", 405, "no kubelets and no containers"),
        ("POST /api/v1/namespaces/default/serviceaccounts/default/token", JSON, "{}", 405, "no tokens"),
        (
            "POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            JSON,
            rules,
            201,
            r#""incomplete":false"#,
        ),
        ("GET /openapi/v3/api/v1", "", "", 200, "io.k8s.api.core.v1.PodSpec"),
        (
            "GET /openapi/v2",
            "accept: application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
            "",
            200,
            "2.0",
        ),
        ("GET /openapi/v2", "accept: text/html", "", 406, "NotAcceptable"),
    ])
    .await;
}

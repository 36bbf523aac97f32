//! Pods as the kubelet writes them, in protobuf, with the field numbers of `k8s.io/api/core/v1`.

use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct Pod {
    #[prost(message, optional, tag = "1")]
    metadata: Option<Meta>,
    #[prost(message, optional, tag = "2")]
    spec: Option<Spec>,
    #[prost(message, optional, tag = "3")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
struct Meta {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "3")]
    namespace: String,
    #[prost(string, tag = "5")]
    uid: String,
    #[prost(map = "string, string", tag = "11")]
    labels: std::collections::HashMap<String, String>,
    #[prost(message, repeated, tag = "13")]
    owners: Vec<Owner>,
}

#[derive(Clone, PartialEq, Message)]
struct Owner {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(bool, optional, tag = "6")]
    controller: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
struct Spec {
    #[prost(bool, tag = "11")]
    host_network: bool,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "1")]
    phase: String,
    #[prost(message, repeated, tag = "8")]
    containers: Vec<ContainerStatus>,
}

#[derive(Clone, PartialEq, Message)]
struct ContainerStatus {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    state: Option<State>,
    #[prost(message, optional, tag = "3")]
    last_state: Option<State>,
    #[prost(string, tag = "6")]
    image: String,
    #[prost(string, tag = "8")]
    container_id: String,
}

#[derive(Clone, PartialEq, Message)]
struct State {
    #[prost(message, optional, tag = "2")]
    running: Option<Running>,
    #[prost(message, optional, tag = "3")]
    terminated: Option<Terminated>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Running {
    #[prost(message, optional, tag = "1")]
    started: Option<Time>,
}

#[derive(Clone, PartialEq, Message)]
struct Terminated {
    #[prost(int32, tag = "1")]
    exit_code: i32,
    #[prost(string, tag = "3")]
    reason: String,
    #[prost(message, optional, tag = "6")]
    finished: Option<Time>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Time {
    #[prost(int64, tag = "1")]
    seconds: i64,
}

/// A pod of the Deployment "web" with one container "app" that runs as `id`; `oom_killed` is when the one before it ended.
pub(crate) fn web(uid: &str, id: &str, oom_killed: Option<i64>) -> Vec<u8> {
    let running =
        |seconds| State { running: Some(Running { started: Some(Time { seconds }) }), terminated: None };
    let killed = |seconds| {
        let finished = Some(Time { seconds });
        State {
            running: None,
            terminated: Some(Terminated { exit_code: 137, reason: "OOMKilled".into(), finished }),
        }
    };
    let pod = Pod {
        metadata: Some(Meta {
            name: "web-5d4f7-abcde".into(),
            namespace: "shop".into(),
            uid: uid.into(),
            labels: [("pod-template-hash".to_owned(), "5d4f7".to_owned())].into(),
            owners: vec![Owner {
                kind: "ReplicaSet".into(),
                name: "web-5d4f7".into(),
                controller: Some(true),
            }],
        }),
        spec: Some(Spec { host_network: false }),
        status: Some(Status {
            phase: "Running".into(),
            containers: vec![ContainerStatus {
                name: "app".into(),
                state: Some(running(1_700_000_100)),
                last_state: oom_killed.map(killed),
                image: "example/web:1".into(),
                container_id: format!("containerd://{id}"),
            }],
        }),
    };
    pod.encode_to_vec()
}

/// One of many pods, with a container for each of `ids`.
pub(crate) fn many(number: usize, uid: &str, ids: &[String]) -> Vec<u8> {
    let mut pod = Pod::decode(&*web(uid, "", None)).unwrap();
    if let Some(metadata) = &mut pod.metadata {
        metadata.name = format!("web-5d4f7-{number:05}");
    }
    if let Some(status) = &mut pod.status {
        let first = status.containers.remove(0);
        status.containers.extend(ids.iter().enumerate().map(|(place, id)| ContainerStatus {
            name: format!("container-{place}"),
            image: format!("registry.example/team/web-{place}:v1.2.3"),
            container_id: format!("containerd://{id}"),
            ..first.clone()
        }));
    }
    pod.encode_to_vec()
}

/// What the kubelet says of a deleted pod.
pub(crate) fn gone(uid: &str) -> Vec<u8> {
    let metadata =
        Meta { name: "web-5d4f7-abcde".into(), namespace: "shop".into(), uid: uid.into(), ..Meta::default() };
    Pod { metadata: Some(metadata), spec: None, status: None }.encode_to_vec()
}

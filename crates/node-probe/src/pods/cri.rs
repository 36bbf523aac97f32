//! The container runtime's interface, `runtime.v1`: pods by their sandboxes, containers by their labels.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use objects::{Sym, Text};
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic_prost::ProstCodec;

use super::{Container, PODS_MAX, Pod, SourceError, channel, workload};

const LIST_SANDBOXES: &str = "/runtime.v1.RuntimeService/ListPodSandbox";
const SANDBOX_STATUS: &str = "/runtime.v1.RuntimeService/PodSandboxStatus";
const LIST_CONTAINERS: &str = "/runtime.v1.RuntimeService/ListContainers";
/// containerd answers from memory.
const CALL_SECONDS: u64 = 2;
const NANOSECONDS: i64 = 1_000_000_000;
/// `SANDBOX_READY` is 0, the default.
const CONTAINER_RUNNING: i32 = 1;
/// `NamespaceMode.NODE`
const NETWORK_OF_NODE: i32 = 2;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ListPodSandboxRequest {
    #[prost(message, optional, tag = "1")]
    filter: Option<Filter>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ListContainersRequest {
    #[prost(message, optional, tag = "1")]
    filter: Option<Filter>,
}

/// `PodSandboxFilter` and `ContainerFilter` have the same shape, as far as it is used here.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Filter {
    #[prost(message, optional, tag = "2")]
    state: Option<StateValue>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct StateValue {
    #[prost(int32, tag = "1")]
    state: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ListPodSandboxResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) items: Vec<Sandbox>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Sandbox {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(message, optional, tag = "2")]
    pub(super) metadata: Option<SandboxMetadata>,
    #[prost(int64, tag = "4")]
    pub(super) created_at: i64,
    #[prost(map = "string, string", tag = "5")]
    pub(super) labels: HashMap<String, String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SandboxMetadata {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) uid: String,
    #[prost(string, tag = "3")]
    pub(super) namespace: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ListContainersResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) containers: Vec<CriContainer>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct CriContainer {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(string, tag = "2")]
    pub(super) pod_sandbox_id: String,
    #[prost(message, optional, tag = "3")]
    pub(super) metadata: Option<ContainerMetadata>,
    #[prost(message, optional, tag = "4")]
    pub(super) image: Option<ImageSpec>,
    #[prost(int64, tag = "7")]
    pub(super) created_at: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ContainerMetadata {
    #[prost(string, tag = "1")]
    pub(super) name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ImageSpec {
    #[prost(string, tag = "1")]
    image: String,
    #[prost(string, tag = "18")]
    user_specified_image: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SandboxStatusRequest {
    #[prost(string, tag = "1")]
    pub(super) pod_sandbox_id: String,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct SandboxStatusResponse {
    #[prost(message, optional, tag = "1")]
    status: Option<SandboxStatus>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct SandboxStatus {
    #[prost(message, optional, tag = "6")]
    linux: Option<Linux>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Linux {
    #[prost(message, optional, tag = "1")]
    namespaces: Option<Namespaces>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct Namespaces {
    #[prost(message, optional, tag = "2")]
    options: Option<NamespaceOption>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(super) struct NamespaceOption {
    #[prost(int32, tag = "1")]
    network: i32,
}

/// A connection to the runtime.
pub(super) struct Cri {
    grpc: Grpc<Channel>,
    /// Sandboxes that have been asked about: whether they share the node's network. It never changes.
    host_network: HashMap<String, bool>,
}

impl Cri {
    pub(super) async fn connect(socket: &Path) -> Result<Self, SourceError> {
        Ok(Self { grpc: channel::connect(socket).await?, host_network: HashMap::new() })
    }

    /// The pods whose sandbox is ready, with their running containers.
    pub(super) async fn pods(&mut self) -> Result<Vec<Pod>, SourceError> {
        let state = |state| Some(Filter { state: Some(StateValue { state }) });
        let sandboxes: ListPodSandboxResponse =
            self.call(LIST_SANDBOXES, ListPodSandboxRequest { filter: state(0) }).await?;
        let containers: ListContainersResponse =
            self.call(LIST_CONTAINERS, ListContainersRequest { filter: state(CONTAINER_RUNNING) }).await?;
        self.ask_networks(&sandboxes.items).await?;
        Ok(join(sandboxes.items, containers.containers, &self.host_network))
    }

    /// The list does not say it: one call for each sandbox that is new.
    async fn ask_networks(&mut self, sandboxes: &[Sandbox]) -> Result<(), SourceError> {
        self.host_network.retain(|id, _| sandboxes.iter().any(|sandbox| sandbox.id == *id));
        for sandbox in sandboxes.iter().take(PODS_MAX) {
            if self.host_network.contains_key(&sandbox.id) {
                continue;
            }
            let request = SandboxStatusRequest { pod_sandbox_id: sandbox.id.clone() };
            match self.call::<_, SandboxStatusResponse>(SANDBOX_STATUS, request).await {
                Ok(answer) => {
                    self.host_network.insert(sandbox.id.clone(), answer.shares_network());
                }
                // Gone in the meantime.
                Err(SourceError::Answer(..)) => {}
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }

    async fn call<Q, A>(&mut self, path: &'static str, request: Q) -> Result<A, SourceError>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        let answered = async {
            self.grpc.ready().await.map_err(|_| SourceError::Ended)?;
            let codec = ProstCodec::<Q, A>::default();
            let call = self.grpc.unary(tonic::Request::new(request), PathAndQuery::from_static(path), codec);
            let answer = call
                .await
                .map_err(|status| SourceError::Answer("the container runtime", status.to_string()))?;
            Ok(answer.into_inner())
        };
        let late = |_| SourceError::Late("the container runtime", CALL_SECONDS);
        timeout(Duration::from_secs(CALL_SECONDS), answered).await.map_err(late)?
    }
}

impl SandboxStatusResponse {
    fn shares_network(&self) -> bool {
        let options = self.status.and_then(|status| status.linux?.namespaces?.options);
        options.is_some_and(|options| options.network == NETWORK_OF_NODE)
    }
}

fn join(
    sandboxes: Vec<Sandbox>,
    containers: Vec<CriContainer>,
    host_network: &HashMap<String, bool>,
) -> Vec<Pod> {
    let mut places = HashMap::with_capacity(sandboxes.len());
    let mut pods = Vec::with_capacity(sandboxes.len().min(PODS_MAX));
    for sandbox in sandboxes.into_iter().take(PODS_MAX) {
        let Some(metadata) = sandbox.metadata else { continue };
        let label = |name: &str| sandbox.labels.get(name).map(String::as_str);
        let pod = Pod {
            uid: Text::from(metadata.uid),
            namespace: Sym::new(&metadata.namespace),
            workload: workload::from_labels(&metadata.name, label),
            name: Text::from(metadata.name),
            host_network: host_network.get(&sandbox.id).copied(),
            addresses: Box::default(),
            started: Some(sandbox.created_at / NANOSECONDS),
            containers: Vec::new(),
        };
        places.insert(sandbox.id, pods.len());
        pods.push(pod);
    }
    for container in containers {
        let Some(place) = places.get(&container.pod_sandbox_id) else { continue };
        let image = container.image.unwrap_or_default();
        let image =
            if image.user_specified_image.is_empty() { image.image } else { image.user_specified_image };
        pods[*place].containers.push(Container {
            name: Sym::new(&container.metadata.unwrap_or_default().name),
            id: Text::from(container.id),
            image: Sym::new(&image),
            running: true,
            started: container.created_at / NANOSECONDS,
            oom_killed: None,
        });
    }
    pods
}

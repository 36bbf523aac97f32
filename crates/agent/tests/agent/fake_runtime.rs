//! The container runtime: `runtime.v1`, two calls.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use prost::Message;
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::server::UnaryService;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use crate::grpc::{Answer, Methods, serve};

#[derive(Clone, PartialEq, Message)]
struct Anything {}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Sandboxes {
    #[prost(message, repeated, tag = "1")]
    pub(crate) items: Vec<Sandbox>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Sandbox {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) metadata: Option<SandboxMetadata>,
    #[prost(int64, tag = "4")]
    pub(crate) created_at: i64,
    #[prost(map = "string, string", tag = "5")]
    pub(crate) labels: HashMap<String, String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SandboxMetadata {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) uid: String,
    #[prost(string, tag = "3")]
    pub(crate) namespace: String,
    #[prost(uint32, tag = "4")]
    pub(crate) attempt: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Containers {
    #[prost(message, repeated, tag = "1")]
    pub(crate) containers: Vec<Container>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Container {
    #[prost(string, tag = "1")]
    pub(crate) id: String,
    #[prost(string, tag = "2")]
    pub(crate) pod_sandbox_id: String,
    #[prost(message, optional, tag = "3")]
    pub(crate) metadata: Option<ContainerMetadata>,
    #[prost(message, optional, tag = "4")]
    pub(crate) image: Option<Image>,
    #[prost(int32, tag = "6")]
    pub(crate) state: i32,
    #[prost(int64, tag = "7")]
    pub(crate) created_at: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ContainerMetadata {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Image {
    #[prost(string, tag = "1")]
    pub(crate) image: String,
}

#[derive(Clone, PartialEq, Message)]
struct SandboxStatus {
    #[prost(message, optional, tag = "1")]
    status: Option<Status1>,
}

#[derive(Clone, PartialEq, Message)]
struct Status1 {
    #[prost(message, optional, tag = "6")]
    linux: Option<Linux>,
}

#[derive(Clone, PartialEq, Message)]
struct Linux {
    #[prost(message, optional, tag = "1")]
    namespaces: Option<Namespaces>,
}

#[derive(Clone, PartialEq, Message)]
struct Namespaces {
    #[prost(message, optional, tag = "2")]
    options: Option<NamespaceOption>,
}

#[derive(Clone, PartialEq, Message)]
struct NamespaceOption {
    #[prost(int32, tag = "1")]
    network: i32,
}

/// A runtime that knows what it is told.
#[derive(Clone, Default)]
pub(crate) struct FakeRuntime {
    pub(crate) sandboxes: Arc<Mutex<Sandboxes>>,
    pub(crate) containers: Arc<Mutex<Containers>>,
    /// What `PodSandboxStatus` says of every sandbox: 0 for a network of its own, 2 for the node's.
    pub(crate) network: i32,
}

impl FakeRuntime {
    pub(crate) fn serve(&self, socket: &Path) -> JoinHandle<()> {
        serve(socket, self.clone())
    }
}

impl Methods for FakeRuntime {
    const SERVICE: &'static str = "runtime.v1.RuntimeService";

    fn call(&self, path: &str, request: http::Request<Body>) -> Answer {
        match path {
            "/runtime.v1.RuntimeService/ListPodSandbox" => unary(self.sandboxes.lock().clone(), request),
            "/runtime.v1.RuntimeService/ListContainers" => unary(self.containers.lock().clone(), request),
            "/runtime.v1.RuntimeService/PodSandboxStatus" => {
                let options = Some(NamespaceOption { network: self.network });
                let linux = Some(Linux { namespaces: Some(Namespaces { options }) });
                unary(SandboxStatus { status: Some(Status1 { linux }) }, request)
            }
            other => panic!("{other} was not expected"),
        }
    }
}

fn unary<A: Message + Default + Clone + 'static>(answer: A, request: http::Request<Body>) -> Answer {
    Box::pin(async move {
        tonic::server::Grpc::new(ProstCodec::<A, Anything>::default()).unary(Fixed(answer), request).await
    })
}

struct Fixed<A>(A);

impl<A: Message + Default + Clone + 'static> UnaryService<Anything> for Fixed<A> {
    type Response = A;
    type Future = std::future::Ready<Result<Response<A>, Status>>;

    fn call(&mut self, _: Request<Anything>) -> Self::Future {
        std::future::ready(Ok(Response::new(self.0.clone())))
    }
}

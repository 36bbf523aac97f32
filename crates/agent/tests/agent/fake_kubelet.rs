//! The kubelet's Pods API: the messages and numbers are written down here a second time, on purpose.

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use futures::StreamExt;
use parking_lot::Mutex;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio_stream::Stream;
use tokio_stream::wrappers::BroadcastStream;
use tonic::body::Body;
use tonic::server::ServerStreamingService;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use crate::grpc::{Answer, Methods, serve};

const ADDED: i32 = 1;
const MODIFIED: i32 = 2;
const DELETED: i32 = 3;
const INITIAL_SYNC_COMPLETE: i32 = 4;

#[derive(Clone, PartialEq, prost::Message)]
struct Nothing {}

#[derive(Clone, PartialEq, prost::Message)]
struct Event {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(bytes = "vec", tag = "2")]
    pod: Vec<u8>,
}

/// A kubelet that knows what it is told.
#[derive(Clone)]
pub(crate) struct FakeKubelet {
    pods: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    /// `None`: the kubelet goes down.
    events: broadcast::Sender<Option<Event>>,
}

impl FakeKubelet {
    pub(crate) fn new() -> Self {
        Self { pods: Arc::default(), events: broadcast::channel(64).0 }
    }

    pub(crate) fn serve(&self, socket: &Path) -> JoinHandle<()> {
        serve(socket, self.clone())
    }

    /// `pod` is the bytes of a `v1.Pod`.
    pub(crate) fn put(&self, uid: &str, pod: Vec<u8>) {
        let known = self.pods.lock().insert(uid.into(), pod.clone()).is_some();
        let _ = self.events.send(Some(Event { kind: if known { MODIFIED } else { ADDED }, pod }));
    }

    /// `pod` has name, namespace and UID only.
    pub(crate) fn delete(&self, uid: &str, pod: Vec<u8>) {
        self.pods.lock().remove(uid);
        let _ = self.events.send(Some(Event { kind: DELETED, pod }));
    }

    /// Ends every watch, as a kubelet that stops does.
    pub(crate) fn hang_up(&self) {
        let _ = self.events.send(None);
    }
}

impl Methods for FakeKubelet {
    const SERVICE: &'static str = "v1alpha1.Pods";

    fn call(&self, path: &str, request: http::Request<Body>) -> Answer {
        assert_eq!(path, "/v1alpha1.Pods/WatchPods");
        let watch = Watch(self.clone());
        Box::pin(async move {
            tonic::server::Grpc::new(ProstCodec::<Event, Nothing>::default())
                .server_streaming(watch, request)
                .await
        })
    }
}

struct Watch(FakeKubelet);

impl ServerStreamingService<Nothing> for Watch {
    type Response = Event;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<Event, Status>> + Send>>;
    type Future = std::future::Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, _: Request<Nothing>) -> Self::Future {
        let live = BroadcastStream::new(self.0.events.subscribe());
        let mut initial: Vec<Event> =
            self.0.pods.lock().values().map(|pod| Event { kind: ADDED, pod: pod.clone() }).collect();
        initial.push(Event { kind: INITIAL_SYNC_COMPLETE, pod: Vec::new() });
        let live =
            live.map(|event| event.ok().flatten().ok_or_else(|| Status::unavailable("the kubelet stops")));
        let all = tokio_stream::iter(initial.into_iter().map(Ok)).chain(live);
        std::future::ready(Ok(Response::new(Box::pin(all))))
    }
}

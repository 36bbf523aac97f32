//! The kubelet's Pods API (KEP-4188), version `v1alpha1`, service `Pods`.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use objects::decode::{self, Encoding, Keep};
use objects::{Interner, Object, Resource};
use tokio::time::{Instant, timeout_at};
use tonic::codegen::http::uri::PathAndQuery;
use tonic_prost::ProstCodec;

use super::{PODS_MAX, Pod, PodSink, Source, SourceError, channel};

const WATCH: &str = "/v1alpha1.Pods/WatchPods";
/// From the call to the end of the first list. The kubelet marshals 110 pods in some milliseconds.
const SYNC_SECONDS: u64 = 10;
/// A watch is renewed after this time and up to half as long again: what a full queue in the kubelet has dropped is then
/// made good, and a kubelet that is stopped is noticed. 110 pods of 5 KB every 5 minutes are 2 KB/s.
const WATCH_SECONDS: u64 = 300;

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct WatchPodsRequest {}

#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct WatchPodsEvent {
    #[prost(enumeration = "EventType", tag = "1")]
    pub(super) r#type: i32,
    #[prost(bytes = "bytes", tag = "2")]
    pub(super) pod: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
pub(super) enum EventType {
    Unspecified = 0,
    Added = 1,
    Modified = 2,
    Deleted = 3,
    InitialSyncComplete = 4,
}

/// Follows the kubelet until the stream ends or is due for renewal (`Ok`). `jitter` is a number in `[0, 1)`.
pub(super) async fn watch(
    socket: &Path,
    interner: &Interner,
    sink: &dyn PodSink,
    jitter: f64,
) -> Result<(), SourceError> {
    let mut grpc = channel::connect(socket).await?;
    let begun = Instant::now();
    let sync_by = begun + Duration::from_secs(SYNC_SECONDS);
    let renew_at = begun + Duration::from_secs(WATCH_SECONDS).mul_f64(1.0 + jitter / 2.0);
    let late = |_| SourceError::Late("the kubelet's Pods API", SYNC_SECONDS);
    let answer = |status: tonic::Status| SourceError::Answer("the kubelet's Pods API", status.to_string());

    timeout_at(sync_by, grpc.ready()).await.map_err(late)?.map_err(|_| SourceError::Ended)?;
    let codec = ProstCodec::<WatchPodsRequest, WatchPodsEvent>::default();
    let call = grpc.server_streaming(
        tonic::Request::new(WatchPodsRequest {}),
        PathAndQuery::from_static(WATCH),
        codec,
    );
    let mut events = timeout_at(sync_by, call).await.map_err(late)?.map_err(answer)?.into_inner();

    let mut listed = Some(Vec::new());
    loop {
        let deadline = if listed.is_some() { sync_by } else { renew_at };
        let event = match timeout_at(deadline, events.message()).await {
            Ok(event) => event.map_err(answer)?.ok_or(SourceError::Ended)?,
            Err(_) if listed.is_none() => return Ok(()),
            Err(elapsed) => return Err(late(elapsed)),
        };
        apply(event, &mut listed, interner, sink);
    }
}

fn apply(event: WatchPodsEvent, listed: &mut Option<Vec<Pod>>, interner: &Interner, sink: &dyn PodSink) {
    let kind = event.r#type();
    if kind == EventType::InitialSyncComplete {
        if let Some(pods) = listed.take() {
            sink.replace(Source::PodsApi, pods);
        }
        return;
    }
    let decoded = decode::object(Resource::Pods, Encoding::Protobuf, &event.pod, Keep::default(), interner);
    let pod = match decoded {
        Ok(Object::Pod(pod)) => Pod::from_object(&pod),
        _ => return sink.undecodable(Source::PodsApi),
    };
    match (kind, listed) {
        (EventType::Deleted, Some(listed)) => listed.retain(|known| known.uid != pod.uid),
        (EventType::Deleted, None) => sink.remove(&pod.uid),
        (_, Some(listed)) if listed.len() < PODS_MAX => listed.push(pod),
        (_, Some(_)) => sink.undecodable(Source::PodsApi),
        (_, None) => sink.apply(pod),
    }
}

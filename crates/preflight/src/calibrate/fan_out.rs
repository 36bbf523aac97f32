//! Writes of one ConfigMap of our own: alone, with watchers, and with watchers whose selector drops the change.

use apiserver_client::passage::Guarded;
use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use workload_profile::Accept;

use super::meter::{Batches, Meter};
use super::model::Measured;
use super::{CalibrateError, Point, ROUNDS_MAX};
use crate::api::{Api, ApiError};

/// Writes of a batch: 60 of 3 ms are twenty times what the server's counter can tell apart.
const BATCH: u32 = 60;
/// Watchers, each on a connection of its own, as on nodes of their own: their part of a write is then as large as the write.
const WATCHERS: u32 = 100;
/// Bytes of the ConfigMap, without and with ballast.
const SMALL_BYTES: usize = 200;
const LARGE_BYTES: usize = 40_000;
const NAME: &str = "plimsoll-preflight-calibration";

/// What one write takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FanOut {
    pub(super) small: Point,
    pub(super) large: Point,
    pub(super) small_watched: Point,
    pub(super) large_watched: Point,
    pub(super) small_dropped: Point,
    pub(super) small_bytes: f64,
    pub(super) large_bytes: f64,
    pub(super) watchers: u32,
}

pub(super) async fn run(api: &Api, meter: &Meter, namespace: &str, measured: &mut Measured) {
    match all(api, meter, namespace).await {
        Ok(fan_out) => measured.fan_out = Some(fan_out),
        Err(error) => measured.left_out.push(format!("writes and their watchers: {error}")),
    }
    let path = format!("/api/v1/namespaces/{namespace}/configmaps/{NAME}");
    if let Err(error) = api.write(Method::DELETE, &path, Bytes::new()).await
        && error.status() != Some(404)
    {
        measured.left_out.push(format!("the ConfigMap {namespace}/{NAME} stays: {error}"));
    }
}

async fn all(api: &Api, meter: &Meter, namespace: &str) -> Result<FanOut, CalibrateError> {
    let folder = format!("/api/v1/namespaces/{namespace}/configmaps");
    let fresh = format!(
        "{{\"metadata\":{{\"name\":\"{NAME}\",\"labels\":{{\"plimsoll.dev/calibration\":\"true\"}}}}}}"
    );
    match api.write(Method::POST, &folder, Bytes::from(fresh)).await {
        // Of a run that was cut short.
        Err(error) if error.status() == Some(409) => {}
        other => other?,
    }
    let object = format!("{folder}/{NAME}");
    let watch = |selector: &str| format!("{folder}?watch=true&timeoutSeconds=300&{selector}");
    let (named, none) = (
        watch(&format!("fieldSelector=metadata.name%3D{NAME}")),
        watch("labelSelector=plimsoll.dev%2Fnone%3Dnone"),
    );
    let small = writes(api, meter, &object, SMALL_BYTES).await?;
    let large = writes(api, meter, &object, LARGE_BYTES).await?;
    let watchers = Watchers::open(api, &named).await?;
    let large_watched = writes(api, meter, &object, LARGE_BYTES).await?;
    let small_watched = writes(api, meter, &object, SMALL_BYTES).await?;
    watchers.close().await;
    let watchers = Watchers::open(api, &none).await?;
    let small_dropped = writes(api, meter, &object, SMALL_BYTES).await?;
    watchers.close().await;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand bytes")]
    let (small_bytes, large_bytes) = (SMALL_BYTES as f64, LARGE_BYTES as f64);
    Ok(FanOut {
        small,
        large,
        small_watched,
        large_watched,
        small_dropped,
        small_bytes,
        large_bytes,
        watchers: WATCHERS,
    })
}

async fn writes(api: &Api, meter: &Meter, object: &str, bytes: usize) -> Result<Point, CalibrateError> {
    let mut turn = 0u32;
    let mut write = async || -> Result<(), ApiError> {
        turn += 1;
        let body = format!("{{\"data\":{{\"turn\":\"{turn}\",\"ballast\":\"{:x>bytes$}\"}}}}", "");
        api.write(Method::PATCH, object, Bytes::from(body)).await
    };
    write().await?;
    let (mut batches, mut empty) = (Batches::default(), Batches::default());
    for _ in 0..ROUNDS_MAX {
        let before = meter.read(api).await?;
        for _ in 0..BATCH {
            write().await?;
        }
        let after = meter.read(api).await?;
        batches.take(meter.spent(&before, &after));
        empty.take(meter.spent(&after, &meter.read(api).await?));
        if batches.enough() {
            break;
        }
    }
    Ok(batches.point(BATCH, 0.0, empty.middle()))
}

/// Watches that are read and thrown away.
struct Watchers {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Watchers {
    async fn open(api: &Api, path: &str) -> Result<Self, ApiError> {
        let watchers = Self { tasks: TaskTracker::new(), stop: CancellationToken::new() };
        for _ in 0..WATCHERS {
            let answer = api.open_apart(path, Accept::Json).await?;
            let stop = watchers.stop.clone();
            let reading = watchers.tasks.track_future(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = read(answer.into_body()) => {}
                }
            });
            environment::spawn("calibration watcher", reading);
        }
        watchers.tasks.close();
        Ok(watchers)
    }

    async fn close(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

async fn read(mut body: Guarded) {
    while let Some(Ok(_)) = body.frame().await {}
}

//! Writes of one ConfigMap of our own: alone, with watchers, and with watchers whose selector drops the change.

use apiserver_client::passage::Guarded;
use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use workload_profile::Accept;

use super::meter::{Batches, Meter};
use super::{CalibrateError, Point, ROUNDS_MAX};
use crate::api::{Api, ApiError};

/// Writes of a batch: 60 of 3 ms are twenty times what the server's counter can tell apart.
pub(super) const BATCH: u32 = 60;
/// Watchers, each on a connection of its own, as on nodes of their own: their part of a write is then as large as the write.
pub(super) const WATCHERS: u32 = 100;
/// Bytes of the ConfigMap, without and with ballast.
pub(super) const SMALL_BYTES: u32 = 200;
pub(super) const LARGE_BYTES: u32 = 40_000;
const NAME: &str = "plimsoll-preflight-calibration";

/// What one write takes, with watchers and, just before them, without.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FanOut {
    pub(super) small: Point,
    pub(super) large: Point,
    pub(super) small_watched: Point,
    pub(super) large_watched: Point,
    pub(super) small_dropped: Point,
}

/// The ConfigMap that is written.
pub(super) struct OwnObject {
    folder: String,
    /// Its path.
    pub(super) path: String,
}

impl OwnObject {
    pub(super) async fn create(api: &Api, namespace: &str) -> Result<Self, ApiError> {
        let folder = format!("/api/v1/namespaces/{namespace}/configmaps");
        let fresh = format!(
            "{{\"metadata\":{{\"name\":\"{NAME}\",\"labels\":{{\"plimsoll.dev/calibration\":\"true\"}}}}}}"
        );
        match api.write(Method::POST, &folder, Bytes::from(fresh)).await {
            // Of a run that was cut short.
            Err(error) if error.status() == Some(409) => {}
            other => other?,
        }
        Ok(Self { path: format!("{folder}/{NAME}"), folder })
    }

    /// What its watchers cost.
    pub(super) async fn watched(&self, api: &Api, meter: &Meter) -> Result<FanOut, CalibrateError> {
        let watch = |selector: &str| format!("{}?watch=true&timeoutSeconds=300&{selector}", self.folder);
        let (named, none) = (
            watch(&format!("fieldSelector=metadata.name%3D{NAME}")),
            watch("labelSelector=plimsoll.dev%2Fnone%3Dnone"),
        );
        let small = writes(api, meter, &self.path, SMALL_BYTES).await?;
        let large = writes(api, meter, &self.path, LARGE_BYTES).await?;
        let watchers = Watchers::open(api, &named).await?;
        let large_watched = writes(api, meter, &self.path, LARGE_BYTES).await?;
        let small_watched = writes(api, meter, &self.path, SMALL_BYTES).await?;
        watchers.close().await;
        let watchers = Watchers::open(api, &none).await?;
        let small_dropped = writes(api, meter, &self.path, SMALL_BYTES).await?;
        watchers.close().await;
        Ok(FanOut { small, large, small_watched, large_watched, small_dropped })
    }

    /// Why it stays, if it does.
    pub(super) async fn remove(self, api: &Api) -> Result<(), String> {
        match api.write(Method::DELETE, &self.path, Bytes::new()).await {
            Err(error) if error.status() != Some(404) => {
                Err(format!("the ConfigMap at {} stays: {error}", self.path))
            }
            _ => Ok(()),
        }
    }
}

/// Once, with so many bytes in it: each time others, as a write that changes nothing costs less.
pub(super) async fn write(api: &Api, path: &str, bytes: u32) -> Result<(), ApiError> {
    let (turn, _) = api.asked();
    let body = format!(
        "{{\"data\":{{\"turn\":\"{turn}\",\"ballast\":\"{:x>width$}\"}}}}",
        "",
        width = bytes as usize
    );
    api.write(Method::PATCH, path, Bytes::from(body)).await
}

async fn writes(api: &Api, meter: &Meter, object: &str, bytes: u32) -> Result<Point, CalibrateError> {
    write(api, object, bytes).await?;
    let (mut batches, mut empty) = (Batches::default(), Batches::default());
    for _ in 0..ROUNDS_MAX {
        let before = meter.read(api).await?;
        for _ in 0..BATCH {
            write(api, object, bytes).await?;
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

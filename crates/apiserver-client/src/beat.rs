//! The one write: a Lease that says when it was written. It travels API server -> watch -> hub -> node, so that its age at the
//! node is the age of all that the node knows.

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use objects::Resource;
use parking_lot::Mutex;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use tokio_util::sync::CancellationToken;

use crate::answer::{Answer, Deadline, Meter};
use crate::calls::{Call, Fill, HEARTBEAT_LEASE, Request};
use crate::door::{Door, Inner};
use crate::drive::Counted;
use crate::failure::{Cause, Failure};
use crate::times;

/// How often the heartbeat is written: a node that misses two of them knows within a quarter of a minute that the path is cut,
/// and 0.2 writes a second are a two-thousandth of what node leases cost at 5,000 nodes.
pub const BEAT_SECONDS: u64 = 5;
/// How often it is looked whether anybody has come who goes by it.
const IDLE_SECONDS: u64 = 1;
/// Where somebody has to grant something first. Between this and twice as much, so that replicas do not ask together.
const REFUSED_SECONDS: u64 = 60;
/// `spec.leaseDurationSeconds`, for people who look at the object: three beats.
const LEASE_SECONDS: u64 = 3 * BEAT_SECONDS;

/// What becomes of the heartbeat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HeartbeatState {
    /// Not written: nobody goes by it, or the first write is still to come.
    #[default]
    Idle,
    /// Written; the next one follows.
    Beating,
    /// Another hub writes it.
    Others,
    /// We may not (401, 403): there is no heartbeat, and nodes go by the hub's word alone.
    Forbidden,
    /// The namespace is not there (404), or its objects cannot be made.
    Missing,
    /// The last write failed; the next one comes later.
    Failing,
}

/// Whether the heartbeat is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// By us.
    Ours,
    /// Another hub's was seen within the last [`BEAT_SECONDS`]: that one serves.
    Others,
    /// Nobody goes by it: a hub without DNS servers writes nothing.
    Nobodys,
}

/// State and age of the heartbeat.
#[derive(Debug, Default)]
pub(crate) struct Heartbeat(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    state: HeartbeatState,
    written: Option<Duration>,
}

impl HeartbeatState {
    const ALL: [Self; 6] =
        [Self::Idle, Self::Beating, Self::Others, Self::Forbidden, Self::Missing, Self::Failing];

    /// The value of the label `state`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Beating => "beating",
            Self::Others => "others",
            Self::Forbidden => "forbidden",
            Self::Missing => "missing",
            Self::Failing => "failing",
        }
    }

    fn after(failure: &Failure) -> Self {
        match failure.code() {
            Some(401 | 403) => Self::Forbidden,
            Some(404) => Self::Missing,
            _ => Self::Failing,
        }
    }
}

impl Door {
    /// Writes the heartbeat until `shutdown`, in the name of `holder`, while `wanted`.
    pub async fn beat(&self, holder: &str, wanted: impl Fn() -> Wanted, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.beat_forever(holder, wanted)).await;
    }

    /// What becomes of the heartbeat.
    pub fn heartbeat(&self) -> HeartbeatState {
        self.0.heartbeat.0.lock().state
    }

    async fn beat_forever(&self, holder: &str, wanted: impl Fn() -> Wanted) {
        let door = &*self.0;
        let mut backoff = door.gate.limits().backoff();
        loop {
            let started = door.clock.monotonic();
            let (state, pause) = match wanted() {
                Wanted::Ours => (None, 0),
                Wanted::Others => (Some(HeartbeatState::Others), BEAT_SECONDS),
                Wanted::Nobodys => (Some(HeartbeatState::Idle), IDLE_SECONDS),
            };
            if let Some(state) = state {
                door.heartbeat.tell(state, None);
                tokio::time::sleep(Duration::from_secs(pause)).await;
                continue;
            }
            match door.write_beat(holder).await {
                Ok(()) => {
                    let now = door.clock.monotonic();
                    door.heartbeat.tell(HeartbeatState::Beating, Some(now));
                    backoff = door.gate.limits().backoff();
                    let took = now.saturating_sub(started);
                    tokio::time::sleep(Duration::from_secs(BEAT_SECONDS).saturating_sub(took)).await;
                }
                Err(failure) => {
                    let state = HeartbeatState::after(&failure);
                    if door.heartbeat.tell(state, None) != state {
                        tracing::warn!(%failure, namespace = door.namespace, lease = HEARTBEAT_LEASE, "no heartbeat");
                    }
                    let random = door.entropy.fraction();
                    let wait = backoff.step(failure.kind(), failure.retry_after, random);
                    let refused = Duration::from_secs(REFUSED_SECONDS).mul_f64(1.0 + random);
                    tokio::time::sleep(if state == HeartbeatState::Failing {
                        wait
                    } else {
                        wait.max(refused)
                    })
                    .await;
                    door.gate.retry().await;
                    door.metrics.retry(Resource::Leases.plural());
                }
            }
        }
    }
}

impl Inner {
    /// One write, under the budget.
    async fn write_beat(&self, holder: &str) -> Result<(), Failure> {
        const LEASES: Resource = Resource::Leases;
        self.gate.request().await;
        // The time is that of sending, not of waiting for the budget.
        let body = lease(&self.namespace, holder, self.clock.wall());
        let fill = Fill { namespace: &self.namespace, body: body.as_bytes(), ..Fill::default() };
        let verb = Call::Beat.row().verb;
        let mut counted =
            Counted { door: self, verb, resource: LEASES.plural(), code: "cancelled".to_owned() };
        let response = match self.transport.send(Request::new(Call::Beat, LEASES, &fill)).await {
            Ok(response) => response,
            Err(failure) => {
                let timeout = matches!(failure.cause, Cause::Timeout(_));
                counted.code = if timeout { "timeout" } else { "connection" }.to_owned();
                return Err(failure);
            }
        };
        counted.code = response.status().as_str().to_owned();
        drop(counted);
        self.metrics.flow(response.headers());
        let (gate, metrics, clock) = (self.gate.clone(), self.metrics.clone(), self.clock.clone());
        let answer = |response| Answer::new(response, Meter { gate, metrics, clock, verb, resource: LEASES });
        let code = response.status();
        if code.is_success() {
            self.gate.succeeded();
            drain(answer(response), self.clock.monotonic()).await;
            return Ok(());
        }
        let header = response.headers().get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let header = header.and_then(|value| budget::retry_after::parse(value, self.clock.wall()));
        let status = answer(response).status().await;
        let failure = Failure::answered(code.as_u16(), status.as_ref(), header);
        self.note_congestion(LEASES.plural(), &failure);
        Err(failure)
    }
}

impl Heartbeat {
    /// Returns the state before.
    fn tell(&self, state: HeartbeatState, written: Option<Duration>) -> HeartbeatState {
        let mut told = self.0.lock();
        told.written = written.or(told.written);
        std::mem::replace(&mut told.state, state)
    }

    pub(crate) fn encode(&self, encoder: &mut DescriptorEncoder<'_>, now: Duration) -> fmt::Result {
        let told = self.0.lock();
        let name = "plimsoll_heartbeat_state";
        let help = "1 for what becomes of the heartbeat that the hub writes through the API server";
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for state in HeartbeatState::ALL {
            let value = i64::from(state == told.state);
            ConstGauge::new(value).encode(family.encode_family(&[("state", state.name())])?)?;
        }
        let Some(written) = told.written else { return Ok(()) };
        let name = "plimsoll_heartbeat_write_age_seconds";
        let help = "Since this hub last wrote the heartbeat";
        let age = now.saturating_sub(written).as_secs_f64();
        ConstGauge::new(age).encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
    }
}

/// The object comes back whole; it is read to its end so that the connection can be used again.
async fn drain(mut answer: Answer, now: Duration) {
    let mut deadline = Deadline { idle: times::ERROR_BODY, end: now + times::ERROR_BODY };
    while let Ok(Some(_)) = answer.chunk(&mut deadline).await {}
}

/// The Lease to be applied. Both names are checked to be plain: they come from files, not from users.
fn lease(namespace: &str, holder: &str, wall: Duration) -> String {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':')).collect()
    };
    format!(
        "{{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{{\"name\":\"{HEARTBEAT_LEASE}\",\
         \"namespace\":\"{}\"}},\"spec\":{{\"holderIdentity\":\"{}\",\"leaseDurationSeconds\":{LEASE_SECONDS},\
         \"renewTime\":\"{}\"}}}}",
        plain(namespace),
        plain(holder),
        micro_time(wall)
    )
}

/// `metav1.MicroTime`: RFC 3339 with six digits, in UTC. Days are counted from March, so that the leap day is a year's last.
fn micro_time(wall: Duration) -> String {
    const DAYS_OF_ERA: u64 = 146_097;
    const DAYS_TO_EPOCH: u64 = 719_468;
    let (days, second) = (wall.as_secs() / 86_400 + DAYS_TO_EPOCH, wall.as_secs() % 86_400);
    let (era, day) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + next;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let micros = wall.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

//! The part of `plimsoll hub` that carries rollouts between the cluster's objects and the controller.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use agent_link::HubHandle;
use environment::{Clock, Entropy};
use hub::Hub;
use rollout_controller::object::{Conditions, news};
use rollout_controller::{Document, Documents, RolloutStatus, Status};
use rollout_objects::{News, Objects, Role, State, States};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// As often as rollouts look.
const LOOK: Duration = Duration::from_secs(1);
/// Of one rollout, if the API server takes none.
const NEWS_MAX: usize = 16;

/// Begins; the documents are there while this hub leads.
pub(crate) fn start(
    hub: &Hub,
    status: &Status,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    stop: CancellationToken,
) -> Documents {
    let me = format!("{}_{:016x}", rustix::system::uname().nodename().to_string_lossy(), entropy.next_u64());
    let objects = Objects::new(hub.door(), clock.clone(), entropy);
    let (known, states) = (objects.documents(), objects.states());
    let carry = carry(status.clone(), known.clone(), states, clock);
    environment::spawn("rollout states", stop.clone().run_until_cancelled_owned(carry));
    if let Some(link) = hub.agents_link() {
        let following = lead_nodes(link, objects.role());
        environment::spawn("rollout role", stop.clone().run_until_cancelled_owned(following));
    }
    environment::spawn("rollout leader", objects.run(me, stop));
    Documents::Given(Arc::new(move || {
        let document = |one: &rollout_objects::Document| Document {
            origin: one.origin.clone(),
            text: Ok(one.text.clone()),
            kept: one.kept.clone(),
        };
        known.borrow().as_ref().map(|all| all.iter().map(document).collect())
    }))
}

/// Nodes follow the hub that leads: only it can confirm what they run.
async fn lead_nodes(link: HubHandle, mut role: watch::Receiver<Role>) {
    loop {
        link.set_stands_by(*role.borrow_and_update() == Role::StandsBy);
        if role.changed().await.is_err() {
            return;
        }
    }
}

/// Every second: what is to stand in the objects.
async fn carry(status: Status, known: rollout_objects::Documents, states: States, clock: Arc<dyn Clock>) {
    let mut conditions = Conditions::default();
    let mut before: BTreeMap<String, RolloutStatus> = BTreeMap::new();
    loop {
        tokio::time::sleep(LOOK).await;
        let of: BTreeMap<String, (String, i64)> = known
            .borrow()
            .iter()
            .flatten()
            .map(|one| (one.origin.clone(), (one.uid.clone(), one.generation)))
            .collect();
        let now: BTreeMap<String, RolloutStatus> =
            status.lock().iter().map(|one| (one.name.clone(), one.clone())).collect();
        let time = rollout_objects::seconds_time(clock.wall());
        let mut states = states.lock();
        states.retain(|name, _| of.contains_key(name));
        for (name, one) in &now {
            let Some((uid, generation)) = of.get(name) else { continue };
            let state: &mut State = states.entry(name.clone()).or_default();
            state.uid.clone_from(uid);
            state.status = conditions.status(one, *generation, &time);
            let told = before.get(name).map(|before| news(before, one)).unwrap_or_default();
            let told = told.into_iter().map(|(is_warning, reason, message)| News {
                is_warning,
                reason: reason.to_owned(),
                message,
            });
            state.news.extend(told);
            let too_many = state.news.len().saturating_sub(NEWS_MAX);
            state.news.drain(..too_many);
        }
        before = now;
    }
}

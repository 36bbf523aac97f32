//! The part of `plimsoll hub` that hands sealed orders on.

use std::sync::Arc;

use environment::Clock;
use hub::Hub;
use objects::Resource;
use order_courier::Board;
use order_courier::engagement::{BY_BYTES_MAX, Engagement};
use telemetry_export::{Reply, Request, Routes};
use tokio_util::sync::CancellationToken;

use crate::commands::agent_orders::roster;
use crate::flags::HubFlags;
use crate::outcome::Failure;

/// Where people post them, and where those that hold are listed.
pub(crate) const PATH: &str = "/orders";
/// What stands before an order in the query.
pub(crate) const QUERY: &str = "order=";

/// Where engineers say that they are engaged, so that two do not pull levers against each other.
pub(crate) const ENGAGEMENT: &str = "/engagement";
/// Before who it is, in the query; and who it was.
pub(crate) const ENGAGED_BY: &str = "by=";
pub(crate) const RELEASED_BY: &str = "released-by=";

/// The board, if orders were asked for.
pub(crate) fn prepare(flags: &HubFlags, clock: Arc<dyn Clock>) -> Result<Option<Board>, Failure> {
    let Some(file) = &flags.order_roster else { return Ok(None) };
    let roster = roster("--order-roster", file)?;
    let state = flags.order_state_dir.as_ref().map(|folder| folder.join("orders"));
    let board = Board::open(roster, state, clock)
        .map_err(|error| Failure::Usage(format!("--order-state-dir: {error}")))?;
    Ok(Some(board))
}

/// `GET` and `POST` of [`PATH`]. Whoever posts needs no other credential: an order that enough people have signed speaks for
/// itself, and any other is refused.
pub(crate) fn routes(board: &Board, routes: Routes) -> Routes {
    let (posted, listed) = (board.clone(), board.clone());
    let post = move |request: &Request| {
        let Some(text) = request.query.strip_prefix(QUERY) else {
            return Reply::text(
                400,
                format!("the order stands in the query: {PATH}?{QUERY}plimsoll-order:…\n"),
            );
        };
        match posted.post(text) {
            Ok(order) => Reply::text(200, format!("{order}: nodes hear of it within 2 s\n")),
            Err(refusal) => Reply::text(403, format!("{refusal}\n")),
        }
    };
    let list = move |_: &Request| {
        let lines = listed.orders().into_iter().map(|order| {
            serde_json::json!({ "order": order.to_string(), "reason": order.reason, "until": order.not_after })
        });
        Reply::json(serde_json::Value::from_iter(lines).to_string())
    };
    routes.get(PATH, list).post(PATH, post)
}

/// `POST` of [`ENGAGEMENT`]: with or without a roster.
pub(crate) fn engagement(clock: Arc<dyn Clock>, routes: Routes) -> Routes {
    let engagement = Engagement::default();
    let post = move |request: &Request| {
        if let Some(by) = request.query.strip_prefix(RELEASED_BY) {
            engagement.release(by);
            return Reply::text(200, "released\n");
        }
        match request.query.strip_prefix(ENGAGED_BY).filter(|by| (1..=BY_BYTES_MAX).contains(&by.len())) {
            None => Reply::text(400, format!("who is engaged? {ENGAGEMENT}?{ENGAGED_BY}NAME\n")),
            Some(by) => match engagement.claim(by, clock.monotonic()) {
                Ok(()) => Reply::text(200, format!("{by} is engaged\n")),
                Err(taken) => Reply::text(409, format!("{taken}\n")),
            },
        }
    };
    routes.post(ENGAGEMENT, post)
}

/// Begins. Without agents there is nobody to tell.
pub(crate) fn start(board: Board, hub: &Hub, stop: CancellationToken) {
    let Some(link) = hub.agents_link() else { return };
    let store = hub.objects();
    let nodes = move || {
        let nodes = store.objects(Resource::Nodes).unwrap_or_default();
        nodes.iter().map(|node| node.meta().name.to_string()).collect()
    };
    environment::spawn("sealed orders", board.hand_on(link, Arc::new(nodes), stop));
}

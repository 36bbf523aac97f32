//! What must hold whatever a server does.

use std::sync::Arc;

use objects::meta::{Meta, MetaOnly};
use proptest::prelude::*;

use super::*;
use crate::failure::Silence;

const CAP: Duration = Duration::from_secs(30);
const RETRY_AFTER: Duration = Duration::from_secs(20);

/// A server that does anything that the protocol allows, drawn from `random`.
struct Server {
    reflector: Reflector,
    asked: Option<Ask>,
    open: bool,
    replaying: bool,
}

fn object(version: u16) -> Object {
    let meta = Meta { name: "a".into(), resource_version: version.to_string().into(), ..Meta::default() };
    Object::MetaOnly(Arc::new(MetaOnly { meta, ..MetaOnly::default() }))
}

fn failure(kind: u8) -> Input {
    let status = |code| Cause::Status { code, reason: String::new() };
    let cause = match kind % 9 {
        0 => status(410),
        1 => status(422),
        2 => status(403),
        3 => status(500),
        4 => status(504),
        5 => Cause::Timeout(Silence::Head),
        6 => Cause::Timeout(Silence::Body),
        7 => Cause::Garbled("x".to_owned()),
        _ => Cause::Connection("reset".to_owned()),
    };
    Input::Failed(Failure { cause, retry_after: (kind > 200).then_some(RETRY_AFTER) })
}

impl Server {
    fn new(resume: Option<&str>) -> Self {
        let backoff = Backoff::new(Duration::from_secs(1), CAP);
        Self { reflector: Reflector::new(resume, true, backoff), asked: None, open: false, replaying: false }
    }

    /// What could come next.
    fn draw(&self, what: u8, version: u16) -> Input {
        let Some(ask) = &self.asked else { return Input::Go };
        let list = matches!(ask.call, Call::FirstPage | Call::NextPage);
        match (self.open, what % 8) {
            (false, 0..=4) => Input::Opened,
            (false, _) => failure(what),
            (true, 0..=2) => Input::Applied(object(version)),
            (true, 3) if list => Input::PageEnd(ListEnd {
                resource_version: version.to_string(),
                continue_token: (!version.is_multiple_of(3)).then(|| (version % 5).to_string()),
                remaining: None,
            }),
            (true, 3) => {
                Input::Bookmark { resource_version: version.to_string(), initial_events_end: version > 9 }
            }
            (true, 4) if !list => Input::Deleted(object(version)),
            (true, 5) if !list => Input::Closed,
            (true, 6) => Input::Undecodable { resource_version: version.to_string() },
            (true, _) => failure(what),
        }
    }

    fn play(&mut self, what: u8, version: u16, now: Duration, random: f64) {
        let input = self.draw(what, version);
        let opened = matches!(input, Input::Opened);
        let mut changes = Vec::new();
        let next = self.reflector.step(input, now, random, &mut changes);
        self.check_changes(&changes);
        match next {
            Next::Read => self.open |= opened,
            Next::Ask(ask) => {
                check_ask(&ask, &self.reflector);
                assert!(ask.call != Call::Watch || !self.replaying, "a replay was left unfinished");
                (self.asked, self.open) = (Some(ask), false);
            }
            Next::Wait { wait, .. } => {
                assert!(wait <= CAP + RETRY_AFTER, "{wait:?}");
                (self.asked, self.open) = (None, false);
            }
        }
    }

    fn check_changes(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::ReplayStarted => self.replaying = true,
                Change::ReplayFinished { resource_version } => {
                    assert!(self.replaying && !resource_version.is_empty());
                    self.replaying = false;
                }
                Change::Bookmark { .. } => assert!(!self.replaying, "a bookmark within a replay"),
                Change::Applied(_) | Change::Deleted(_) | Change::Undecodable => {}
            }
        }
    }
}

fn check_ask(ask: &Ask, reflector: &Reflector) {
    assert_eq!(ask.call == Call::Watch, !ask.resource_version.is_empty(), "{ask:?}");
    assert_eq!(ask.call == Call::NextPage, !ask.continue_token.is_empty(), "{ask:?}");
    let pages = matches!(ask.call, Call::FirstPage | Call::NextPage);
    assert!(!pages || !reflector.watch_list(), "pages only from servers without watch-lists: {ask:?}");
    assert_eq!(reflector.is_replay(), ask.call != Call::Watch);
}

proptest! {
    #[test]
    fn any_server_is_asked_sensibly(
        resumed in any::<bool>(),
        steps in prop::collection::vec((any::<u8>(), 0u16..20, 0u64..400, 0.0f64..1.0), 1..300)
    ) {
        let mut server = Server::new(resumed.then_some("7"));
        let mut now = Duration::ZERO;
        for (what, version, seconds, random) in steps {
            now += Duration::from_secs(seconds);
            server.play(what, version, now, random);
        }
    }
}

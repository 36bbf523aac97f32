//! Traces of kube-apiserver's own queues, replayed. `testbed/apf` makes them.

use std::collections::BTreeMap;

use super::*;
use crate::apf::dealer::{Dealer, flow_hash};

const TRACES: &str = include_str!("tests/traces.txt");

struct Replay {
    set: QueueSet,
    ids: BTreeMap<u64, RequestId>,
}

impl Replay {
    fn new(words: &[&str]) -> Self {
        let number = |at: usize| words[at].parse::<usize>().expect("a number");
        let limit = number(4) as u64;
        let set = match Dealer::new(number(1), number(2)) {
            Ok(dealer) => QueueSet::queuing(dealer, number(1), number(3), limit, 0),
            Err(_) => QueueSet::rejecting(limit, 0),
        };
        Self { set, ids: BTreeMap::new() }
    }

    fn play(&mut self, line: &str) -> String {
        let (event, _) = line.split_once(" >").expect("an event and what followed");
        let words: Vec<&str> = event.split_whitespace().collect();
        let now: i64 = words[0].parse().expect("nanoseconds");
        let id: u64 = words[2].parse().expect("a number");
        let mut said = words[..3].join(" ");
        match words[1] {
            "arrive" => said = format!("{} = {}", words[..7].join(" "), self.arrive(now, id, &words)),
            "finish" => drop(self.set.finish(now, self.ids[&id])),
            "release" => self.set.release(now, self.ids[&id]),
            "give-up" => assert!(self.set.give_up(now, self.ids[&id]), "{line}"),
            "limit" => self.set.set_limit(now, id),
            other => panic!("{other}"),
        }
        let started = self.set.started();
        let mut began: Vec<u64> =
            self.ids.iter().filter(|(_, id)| started.contains(id)).map(|(name, _)| *name).collect();
        began.sort_unstable();
        let began: Vec<String> = began.iter().map(u64::to_string).collect();
        format!("{said} > {} ; {}", began.join(" "), self.set.seats_in_use())
    }

    fn arrive(&mut self, now: i64, name: u64, words: &[&str]) -> String {
        let number = |at: usize| words[at].parse::<u64>().expect("a number");
        let seats = Seats { initial: number(4), last: number(5), last_microseconds: number(6) * 1000 };
        let Ok(id) = self.set.arrive(now, flow_hash("trace", words[3]), seats) else {
            return "refused".to_owned();
        };
        self.ids.insert(name, id);
        match self.set.phase(id).expect("just accepted") {
            Phase::Waiting { queue, position } => format!("waiting {queue}/{position}"),
            Phase::Executing { queue: Some(queue), .. } => format!("executing {queue}"),
            Phase::Executing { queue: None, .. } => "executing -".to_owned(),
            Phase::Lingering => panic!("not answered yet"),
        }
    }
}

/// Every decision: who is refused, which queue, which place in it, who runs when, seats in use.
#[test]
fn decides_as_the_original_does() {
    let mut replay = None;
    let mut events = 0;
    for line in TRACES.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[0] {
            "hand" => {}
            "set" => replay = Some(Replay::new(&words)),
            _ => {
                let replay = replay.as_mut().expect("a set");
                assert_eq!(replay.play(line), line, "event {events}");
                events += 1;
            }
        }
    }
    assert!(events > 1500, "{events}");
}

#[test]
fn deals_as_the_original_does() {
    for line in TRACES.lines().filter_map(|line| line.strip_prefix("hand ")) {
        let (flow, rest) = line.rsplit_once(" = ").expect("a hand");
        let mut words = flow.rsplitn(3, ' ');
        let mut number = || words.next().expect("a number").parse::<usize>().expect("a number");
        let (hand, queues) = (number(), number());
        let (schema, by) = words.next().expect("a flow").split_once('|').expect("schema and distinguisher");
        let dealt = Dealer::new(queues, hand).expect("valid").deal(flow_hash(schema, by));
        let dealt: Vec<String> = dealt.iter().map(usize::to_string).collect();
        assert_eq!(dealt.join(","), rest, "{line}");
    }
}

/// A level that is exempt lets everything run.
#[test]
fn exempt_levels_refuse_nobody() {
    let mut set = QueueSet::exempt(0);
    for _ in 0..1000 {
        let seats = Seats { initial: 10, last: 0, last_microseconds: 0 };
        assert!(set.arrive(0, 0, seats).is_ok());
    }
    assert_eq!(set.executing(), 1000);
}

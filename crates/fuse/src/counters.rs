//! What the kernel has counted.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::table::Number;

/// Totals of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// Bytes to API servers that were let through.
    pub up_bytes: u64,
    /// Bytes from them that were let through.
    pub down_bytes: u64,
    /// Bytes of both directions that were not.
    pub dropped_bytes: u64,
    /// Connections that were asked for and let through; one that is asked for again counts again.
    pub connections: u64,
}

/// Totals of the node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readings {
    /// By group.
    pub groups: BTreeMap<Number, Reading>,
    /// Connections to API servers that anybody asked for, the kubelet too.
    pub tried: u64,
    /// Those that were accepted.
    pub accepted: u64,
}

#[derive(Deserialize)]
struct Answer {
    nftables: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    counter: Option<Counter>,
}

#[derive(Deserialize)]
struct Counter {
    name: String,
    packets: u64,
    bytes: u64,
}

/// From the answer to `nft -j list counters table inet …` (libnftables-json(5)).
///
/// # Errors
/// It is no such answer.
pub fn parse(json: &[u8]) -> Result<Readings, serde_json::Error> {
    let answer: Answer = serde_json::from_slice(json)?;
    let mut readings = Readings::default();
    for counter in answer.nftables.into_iter().filter_map(|entry| entry.counter) {
        match counter.name.as_str() {
            "tried" => readings.tried = counter.packets,
            "accepted" => readings.accepted = counter.packets,
            name => {
                let Some((number, what)) = of_group(name) else { continue };
                let reading = readings.groups.entry(number).or_default();
                match what {
                    "up" => reading.up_bytes = counter.bytes,
                    "down" => reading.down_bytes = counter.bytes,
                    "dropped" => reading.dropped_bytes = counter.bytes,
                    "new" => reading.connections = counter.packets,
                    _ => {}
                }
            }
        }
    }
    Ok(readings)
}

/// "g12_up"
fn of_group(name: &str) -> Option<(Number, &str)> {
    let (number, what) = name.strip_prefix('g')?.split_once('_')?;
    Some((number.parse().ok()?, what))
}

impl Reading {
    /// Adds what was counted since `before`; a counter that went back was begun anew.
    pub fn add_since(&mut self, before: &Self, now: &Self) {
        let since = |before: u64, now: u64| if now >= before { now - before } else { now };
        self.up_bytes += since(before.up_bytes, now.up_bytes);
        self.down_bytes += since(before.down_bytes, now.down_bytes);
        self.dropped_bytes += since(before.dropped_bytes, now.dropped_bytes);
        self.connections += since(before.connections, now.connections);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_nft_is_read() {
        let entry = |name: &str, packets: u64, bytes: u64| {
            format!(
                r#"{{"counter": {{"family": "inet", "name": "{name}", "table": "plimsoll-fuse", "handle": 5, "packets": {packets}, "bytes": {bytes}}}}}"#
            )
        };
        let entries = [
            r#"{"metainfo": {"version": "1.0.6", "json_schema_version": 1}}"#.to_owned(),
            entry("g7_up", 3, 300),
            entry("g7_down", 4, 4_000),
            entry("g7_new", 2, 120),
            entry("g7_dropped", 1, 50),
            entry("tried", 9, 540),
            entry("accepted", 8, 480),
            entry("of_somebody", 1, 1),
        ];
        let json = format!(r#"{{"nftables": [{}]}}"#, entries.join(", "));
        let readings = parse(json.as_bytes()).expect("an answer");
        let reading = Reading { up_bytes: 300, down_bytes: 4_000, dropped_bytes: 50, connections: 2 };
        assert_eq!(readings, Readings { groups: [(7, reading)].into(), tried: 9, accepted: 8 });
        assert!(parse(b"{").is_err());
    }

    #[test]
    fn a_counter_that_begins_anew_loses_nothing() {
        let at = |up_bytes| Reading { up_bytes, ..Reading::default() };
        let mut total = Reading::default();
        total.add_since(&at(0), &at(10));
        total.add_since(&at(10), &at(25));
        total.add_since(&at(25), &at(5));
        assert_eq!(total.up_bytes, 30);
    }
}

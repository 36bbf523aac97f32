//! The table of who.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use workload_profile::{Asked, Observation};

use crate::prices::Prices;
use crate::who::who;

/// Who is told apart: more than a large cluster has service accounts that ask anything in a minute. The rest is one row, `others`.
const WHO_MAX: usize = 1000;
/// Copies of each that are told apart; above it, the number is "at least".
const COPIES_MAX: usize = 5000;
/// A window, seconds: as often as changes are looked for. Costs of the last [`WINDOWS`] of them are shown: a minute.
const WINDOW_SECONDS: f64 = 7.5;
const WINDOWS: usize = 8;
const OTHERS: &str = "others";

/// Costs by who.
#[derive(Debug, Default)]
pub struct Attribution {
    rows: BTreeMap<String, Windows>,
    window: Option<u64>,
    /// Requests that are none of Kubernetes' API, or too long.
    shapeless: u64,
}

/// One row of the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// A service account (`namespace/name`), `kubelets`, a user and its program, `others`.
    pub who: String,
    /// CPU seconds of the API servers a second, over the last minute.
    pub apiserver_cores: f64,
    /// Requests a second.
    pub requests_per_second: f64,
    /// Of them, the part that was refused (429) or failed (5xx).
    pub failed: f64,
    /// Copies that asked.
    pub copies: u64,
    /// With how many nodes its cost grows: 1 is with the nodes, 2 with their square.
    pub exponent: f64,
    /// What costs most.
    pub dearest: String,
}

#[derive(Debug, Default)]
struct Windows(Vec<Window>);

#[derive(Debug, Default, Clone)]
struct Window {
    now: f64,
    doubled: f64,
    requests: u64,
    failed: u64,
    copies: BTreeSet<String>,
    shapes: BTreeMap<String, f64>,
}

impl Attribution {
    /// Takes a request that has ended, at `now` in seconds. It stands for `weight` of them, where not all are looked at.
    pub fn take(&mut self, now: f64, seen: &Observation, weight: u32, prices: &mut Prices) {
        self.advance(now);
        let Some(asked) =
            Asked::of(&seen.method, &seen.uri, seen.accept.as_deref(), seen.gzip.unwrap_or(false))
        else {
            self.shapeless += u64::from(weight);
            return;
        };
        let failed = seen.status.is_none_or(|status| status == 429 || status >= 500);
        // A refused request costs next to nothing.
        let one = if seen.status == Some(429) { [0.0; 2] } else { prices.of(&asked) };
        let [price, doubled] = one.map(|price| price * f64::from(weight));
        let name = who(seen);
        let known = self.rows.contains_key(&name) || self.rows.len() < WHO_MAX;
        let windows = self.rows.entry(if known { name } else { OTHERS.to_owned() }).or_default();
        let window = windows.last();
        window.now += price;
        window.doubled += doubled;
        window.requests += u64::from(weight);
        window.failed += if failed { u64::from(weight) } else { 0 };
        if window.copies.len() < COPIES_MAX && !window.copies.contains(&seen.instance) {
            window.copies.insert(seen.instance.clone());
        }
        *window.shapes.entry(title(&asked)).or_insert(0.0) += price;
    }

    /// Begins the window of `now`, and forgets who has not asked for a minute.
    pub fn advance(&mut self, now: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds since a start")]
        let window = (now / WINDOW_SECONDS) as u64;
        let steps = window.saturating_sub(self.window.unwrap_or(window));
        if self.window.is_some_and(|last| window <= last) {
            return;
        }
        self.window = Some(window);
        for _ in 0..steps.min(WINDOWS as u64) {
            self.rows.values_mut().for_each(Windows::step);
        }
        self.rows.retain(|_, windows| windows.0.iter().any(|window| window.requests > 0));
    }

    /// Cores that each row took in the last full window: what changes are looked for in.
    #[must_use]
    pub fn last_window(&self) -> Vec<(&str, f64)> {
        let of = |windows: &Windows| {
            windows.0.iter().rev().nth(1).map_or(0.0, |window| window.now / WINDOW_SECONDS)
        };
        self.rows.iter().map(|(who, windows)| (who.as_str(), of(windows))).collect()
    }

    /// All rows, the dearest first. `nodes` is how many there are.
    #[must_use]
    pub fn rows(&self, nodes: f64) -> Vec<Row> {
        let mut rows: Vec<Row> = self.rows.iter().map(|(who, windows)| windows.row(who, nodes)).collect();
        rows.sort_by(|one, other| other.apiserver_cores.total_cmp(&one.apiserver_cores));
        rows
    }

    /// Requests that no row has.
    #[must_use]
    pub fn shapeless(&self) -> u64 {
        self.shapeless
    }
}

impl Windows {
    fn last(&mut self) -> &mut Window {
        if self.0.is_empty() {
            self.0.push(Window::default());
        }
        let at = self.0.len() - 1;
        &mut self.0[at]
    }

    fn step(&mut self) {
        self.0.push(Window::default());
        // The one that has just begun is not full.
        if self.0.len() > WINDOWS + 1 {
            self.0.remove(0);
        }
    }

    fn row(&self, who: &str, nodes: f64) -> Row {
        let full = &self.0[..self.0.len().saturating_sub(1)];
        let seconds = WINDOW_SECONDS * to_f64(full.len().max(1) as u64);
        let sum = |of: fn(&Window) -> f64| full.iter().map(of).sum::<f64>();
        let requests = sum(|window| to_f64(window.requests));
        let copies: BTreeSet<&String> = full.iter().flat_map(|window| &window.copies).collect();
        let mut shapes: BTreeMap<&String, f64> = BTreeMap::new();
        full.iter()
            .flat_map(|window| &window.shapes)
            .for_each(|(title, cost)| *shapes.entry(title).or_insert(0.0) += cost);
        let dearest = shapes.into_iter().max_by(|one, other| one.1.total_cmp(&other.1));
        let (now, doubled) = (sum(|window| window.now), sum(|window| window.doubled));
        // Copies on most nodes are twice as many on twice the nodes.
        let multiplicity =
            if who == "kubelets" || to_f64(copies.len() as u64) >= nodes / 2.0 { 2.0 } else { 1.0 };
        Row {
            who: who.to_owned(),
            apiserver_cores: now / seconds,
            requests_per_second: requests / seconds,
            failed: if requests > 0.0 { sum(|window| to_f64(window.failed)) / requests } else { 0.0 },
            copies: copies.len() as u64,
            exponent: if now > 0.0 { (multiplicity * doubled / now).log2() } else { 0.0 },
            dearest: dearest.map(|(title, _)| title.clone()).unwrap_or_default(),
        }
    }
}

fn title(asked: &Asked) -> String {
    let shape = &asked.shape;
    let verb = format!("{:?}", shape.verb).to_uppercase();
    let resource = if shape.group.is_empty() {
        shape.resource.clone()
    } else {
        format!("{}.{}", shape.resource, shape.group)
    };
    let what = shape.path.clone().unwrap_or(resource);
    let selector = shape.field_selector.as_deref().or(shape.label_selector.as_deref());
    selector.map_or_else(|| format!("{verb} {what}"), |selector| format!("{verb} {what} ({selector})"))
}

#[expect(clippy::cast_precision_loss, reason = "numbers of requests, windows and copies")]
fn to_f64(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;

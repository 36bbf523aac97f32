//! States that hold themselves after their cause is gone, by name, with the push that each needs (Bronson et al., "Metastable
//! Failures in Distributed Systems", HotOS 2021). Pure: two readings of an API server's metrics in, names out.

use std::time::Duration;

/// More than this part of all requests refused: they come again and again.
const STORM: f64 = 0.3;
/// More than this part of all answered requests are LISTs, and more a second than [`LISTS`].
const RELISTS: f64 = 0.3;
const LISTS: f64 = 5.0;
/// An API server that is younger than this and not ready is on its way to be killed: kubeadm's liveness probe gives it 80 s.
const YOUNG: Duration = Duration::from_secs(90);

/// What one page of metrics says.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Reading {
    /// When the process was started, seconds since 1970.
    pub started: f64,
    /// Requests that were answered, with whatever code.
    pub requests: f64,
    /// Of them, with 429 or 5xx.
    pub refused: f64,
    /// Of them, LISTs.
    pub lists: f64,
}

/// A state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Who is refused comes again at once.
    RetryStorm,
    /// Everybody asks for everything.
    RelistStorm,
    /// It is killed before it is ready, and begins with empty caches again.
    ProbeKillLoop,
}

impl State {
    /// Its name, and the push that it needs.
    pub fn says(self) -> (&'static str, &'static str) {
        match self {
            Self::RetryStorm => (
                "retry storm",
                "shed, and let back by cohorts: whoever is refused comes again, so that waiting changes nothing",
            ),
            Self::RelistStorm => (
                "relist storm",
                "shed, and let back by cohorts; restart no API server and no clients: each restart begins it anew",
            ),
            Self::ProbeKillLoop => (
                "probe kill loop",
                "take the livenessProbe out of the API server's static pod until it is ready; shed while it starts",
            ),
        }
    }
}

impl Reading {
    /// Of a page of kube-apiserver's metrics.
    pub fn of(page: &str) -> Self {
        let mut reading = Self::default();
        for line in page.lines() {
            let Some(value) = line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()) else {
                continue;
            };
            if line.starts_with("process_start_time_seconds ") {
                reading.started = value;
            }
            if !line.starts_with("apiserver_request_total{") {
                continue;
            }
            reading.requests += value;
            if line.contains("code=\"429\"") || line.contains("code=\"5") {
                reading.refused += value;
            }
            if line.contains("verb=\"LIST\"") {
                reading.lists += value;
            }
        }
        reading
    }
}

/// The states that two readings show, `span` apart; `now` is in seconds since 1970.
pub fn states(before: &Reading, after: &Reading, span: Duration, now: f64, is_ready: bool) -> Vec<State> {
    let has_restarted = after.started > before.started;
    let is_young = now - after.started < YOUNG.as_secs_f64();
    let mut found = Vec::new();
    if !is_ready && (has_restarted || is_young) {
        found.push(State::ProbeKillLoop);
    }
    // A process that was restarted counts from zero.
    let before = if has_restarted { Reading::default() } else { *before };
    let requests = after.requests - before.requests;
    if requests > 0.0 && (after.refused - before.refused) / requests > STORM {
        found.push(State::RetryStorm);
    }
    let lists = after.lists - before.lists;
    if requests > 0.0 && lists / requests > RELISTS && lists / span.as_secs_f64().max(1.0) > LISTS {
        found.push(State::RelistStorm);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read() {
        let page = "process_start_time_seconds 1.8e+09\n\
            apiserver_request_total{code=\"200\",resource=\"pods\",verb=\"LIST\"} 10\n\
            apiserver_request_total{code=\"429\",resource=\"pods\",verb=\"LIST\"} 5\n\
            apiserver_request_total{code=\"504\",resource=\"pods\",verb=\"GET\"} 3\n\
            apiserver_request_total{code=\"200\",resource=\"pods\",verb=\"GET\"} 2\n\
            apiserver_request_duration_seconds_count{verb=\"LIST\"} 99\n";
        let expected = Reading { started: 1.8e9, requests: 20.0, refused: 8.0, lists: 15.0 };
        assert_eq!(Reading::of(page), expected);
        assert_eq!(Reading::of("nonsense"), Reading::default());
    }

    #[test]
    fn each_state_has_its_signs() {
        let check = |what: &str, after: (f64, f64, f64, f64), is_ready: bool, expected: &[State]| {
            let before = Reading { started: 1_000.0, requests: 1_000.0, refused: 10.0, lists: 100.0 };
            let (started, requests, refused, lists) = after;
            let after = Reading { started, requests, refused, lists };
            assert_eq!(
                states(&before, &after, Duration::from_secs(5), 5_000.0, is_ready),
                expected,
                "{what}"
            );
        };
        check("quiet", (1_000.0, 1_100.0, 10.0, 102.0), true, &[]);
        check("nothing at all", (1_000.0, 1_000.0, 10.0, 100.0), true, &[]);
        check("refused", (1_000.0, 1_100.0, 50.0, 102.0), true, &[State::RetryStorm]);
        check("lists", (1_000.0, 1_100.0, 10.0, 150.0), true, &[State::RelistStorm]);
        check("few lists, and nothing else", (1_000.0, 1_010.0, 10.0, 110.0), true, &[]);
        check("both", (1_000.0, 1_200.0, 110.0, 200.0), true, &[State::RetryStorm, State::RelistStorm]);
        check("killed again", (4_990.0, 10.0, 0.0, 0.0), false, &[State::ProbeKillLoop]);
        check("young and ready", (4_990.0, 10.0, 0.0, 0.0), true, &[]);
        check("old and not ready", (1_000.0, 1_100.0, 10.0, 102.0), false, &[]);
    }
}

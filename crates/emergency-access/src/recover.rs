//! The way back, on a real cluster: cohorts of namespaces are shed and let in by two flow schemas and one priority level.
//!
//! Everything that it needs to go on is in a journal: a file here, and an annotation of the flow schema, so that another engineer
//! can go on from another machine. A recovery that is stopped leaves the cluster as it is at that moment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use environment::{Clock, files};
use futures::future::join_all;
use recovery::{Admission, Phase, Recovery, Vitals};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::jail::{self, account_rule, level_path, schema_path};
use crate::metastable::{Reading, State, states};
use crate::way::{Any, Api, Ask, MERGE, NoAnswer, insist, slowest};

/// Between two looks: two requests to each API server.
const LOOK: Duration = Duration::from_secs(1);
/// Between two readings of who was turned away: a page of metrics from each API server.
const COUNT: Duration = Duration::from_secs(5);
/// For a reading by which a state is named, and between two of them: nobody waits longer than 8 s before the crowd is shed.
const GLANCE: Duration = Duration::from_secs(2);
/// Where the journal is in the cluster.
const ANNOTATION: &str = "plimsoll.dev/recovery";
/// The journal, in the folder of break-glass.
const FILE: &str = "recovery.json";
const JOURNAL_BYTES_MAX: usize = 256 * 1024;
/// Namespaces of a cluster that are cohorts.
const NAMESPACES_MAX: usize = 500;
/// Cohorts that everybody who is named by nobody is spread over.
const SPREAD: usize = 3;

/// Who comes back together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cohort {
    /// What people call it.
    pub name: String,
    /// Its service accounts are those of these namespaces.
    pub namespaces: Vec<String>,
}

/// What is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Journal {
    /// Seconds since 1970.
    pub began: u64,
    /// Who began it, and who goes on with it.
    pub by: Vec<String>,
    /// In the order in which they come back.
    pub cohorts: Vec<Cohort>,
    /// Where it is.
    pub phase: Phase,
    /// What has happened: seconds since it began, and a sentence.
    pub story: Vec<(u64, String)>,
}

/// Why a recovery does not go on.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The API servers do not take what it needs.
    #[error("{path}: {why}; it is stopped, and goes on with `plimsoll recover` where it was")]
    NoAnswer {
        /// What was asked.
        path: String,
        /// Why not.
        why: NoAnswer,
    },
    /// It is not installed.
    #[error(
        "the flow schemas of a recovery are not installed: `plimsoll breakglass install` makes them, beforehand"
    )]
    NotInstalled,
    /// The disk.
    #[error("{}: {source}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// A recovery at work.
pub struct Recoverer<'a> {
    /// Ways in, the best first.
    pub ways: Vec<&'a dyn Api>,
    /// The API servers that everybody uses.
    pub patients: Vec<&'a dyn Api>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Where people read.
    pub tell: Box<dyn FnMut(&str) + Send + 'a>,
    /// The folder of break-glass.
    pub folder: &'a Path,
}

/// How many were turned away, by API server, when.
#[derive(Default)]
struct Counted {
    at: Duration,
    by: BTreeMap<String, f64>,
    rate: Option<f64>,
}

/// Cohorts of a cluster's namespaces: the parts of the cluster first, then those in `first`, then everybody. Never kube-system
/// and our own: without them nothing gets better.
pub fn cohorts(namespaces: &[String], first: &[String]) -> Vec<Cohort> {
    let is_kept = |name: &&String| !["kube-system", "plimsoll"].contains(&name.as_str());
    let is_part = |name: &String| name.ends_with("-system") || name.starts_with("kube-") || name == "default";
    let mut cohorts = Vec::new();
    let mut add = |name: &str, namespaces: Vec<String>| {
        if !namespaces.is_empty() {
            cohorts.push(Cohort { name: name.to_owned(), namespaces });
        }
    };
    let named = |name: &&String| first.contains(name);
    let kept = || namespaces.iter().filter(is_kept);
    add("parts of the cluster", kept().filter(|name| is_part(name) && !named(name)).cloned().collect());
    add("named", kept().filter(named).cloned().collect());
    let others: Vec<String> = kept().filter(|name| !is_part(name) && !named(name)).cloned().collect();
    for part in 0..SPREAD {
        let of = others.iter().skip(part).step_by(SPREAD).cloned().collect();
        add(&format!("others {}", part + 1), of);
    }
    cohorts
}

impl Recoverer<'_> {
    /// The cluster's namespaces.
    ///
    /// # Errors
    /// [`RecoverError::NoAnswer`].
    pub async fn namespaces(&self) -> Result<Vec<String>, RecoverError> {
        let list = self.ask(Ask::get(format!("/api/v1/namespaces?limit={NAMESPACES_MAX}"))).await?;
        let names = list["items"].as_array().into_iter().flatten();
        Ok(names.filter_map(|item| item["metadata"]["name"].as_str().map(str::to_owned)).collect())
    }

    /// A recovery that somebody has begun: here, or in the cluster.
    ///
    /// # Errors
    /// [`RecoverError`].
    pub async fn journal(&self) -> Result<Option<Journal>, RecoverError> {
        let there = match self.ask(Ask::get(schema_path(jail::SHED))).await {
            Err(RecoverError::NoAnswer { why, .. }) if why.code() == Some(404) => {
                return Err(RecoverError::NotInstalled);
            }
            answer => answer?,
        };
        let there = there["metadata"]["annotations"][ANNOTATION].as_str();
        let there: Option<Journal> = there.and_then(|text| serde_json::from_str(text).ok());
        if there.is_some() {
            return Ok(there);
        }
        let mut bytes = Vec::new();
        let here = files::read_into(&self.folder.join(FILE), &mut bytes, JOURNAL_BYTES_MAX).ok();
        Ok(here.and_then(|()| serde_json::from_slice(&bytes).ok()))
    }

    /// The states that hold themselves, as two readings of each API server's metrics show them: what it is that has to be left.
    pub async fn name_states(&self) -> Vec<State> {
        let read = async || {
            let pages = self.patients.iter().map(|patient| patient.ask(Ask::get("/metrics"), GLANCE));
            let pages = join_all(pages).await.into_iter();
            let reading = |page: Result<crate::way::Answer, NoAnswer>| {
                Some(Reading::of(page.ok()?.body.as_str().unwrap_or_default()))
            };
            pages.map(reading).collect::<Vec<_>>()
        };
        let before = read().await;
        tokio::time::sleep(GLANCE).await;
        let (is_ready, after) = (slowest(&self.patients).await.is_some(), read().await);
        let now = self.clock.wall().as_secs_f64();
        let pairs = before.into_iter().zip(after).filter_map(|(before, after)| Some((before?, after?)));
        let mut found: Vec<State> =
            pairs.flat_map(|(before, after)| states(&before, &after, GLANCE, now, is_ready)).collect();
        found.dedup();
        found
    }

    /// Until everybody is back.
    ///
    /// # Errors
    /// [`RecoverError`]: it can be said again, here or by somebody else.
    pub async fn run(&mut self, journal: &mut Journal) -> Result<(), RecoverError> {
        let mut recovery = Recovery::new(journal.cohorts.len(), journal.phase);
        let begun = self.clock.monotonic();
        let mut counted = Counted::default();
        self.apply(journal, &recovery).await?;
        self.say(journal, &phase_sentence(journal));
        loop {
            let slowest = slowest(&self.patients).await;
            let now = self.clock.monotonic().saturating_sub(begun);
            self.count(now, &mut counted, recovery.phase()).await;
            let before = cohort_of(recovery.phase());
            if recovery.look(now, Vitals { slowest, turned_away: counted.rate }) {
                journal.phase = recovery.phase();
                let took = slowest
                    .map_or("no answer".to_owned(), |took| format!("a GET takes {} ms", took.as_millis()));
                let away =
                    counted.rate.map(|rate| format!(", {rate:.0} turned away a second")).unwrap_or_default();
                let sentence = format!("{} ({took}{away})", phase_sentence(journal));
                self.say(journal, &sentence);
                self.apply(journal, &recovery).await?;
                // Who was turned away before they came says nothing of those who come now.
                if cohort_of(recovery.phase()) != before {
                    counted = Counted::default();
                    self.count(now, &mut counted, recovery.phase()).await;
                }
            }
            if recovery.phase() == Phase::Done {
                return self.end(journal).await;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Everybody is let in, at once: the end, or the end of a recovery that is given up.
    ///
    /// # Errors
    /// [`RecoverError`].
    pub async fn end(&mut self, journal: &mut Journal) -> Result<(), RecoverError> {
        journal.phase = Phase::Done;
        let nobody = json!({"metadata": {"annotations": {ANNOTATION: null}}, "spec": {"rules": []}});
        for name in [jail::RECOVERY, jail::SHED] {
            self.ask(Ask::patch(schema_path(name), MERGE, nobody.clone())).await?;
        }
        let _ = std::fs::remove_file(self.folder.join(FILE));
        Ok(())
    }

    /// Who may do what, in the cluster: whoever is let in first, then whoever is shed, so that nobody is free for a moment.
    async fn apply(&mut self, journal: &Journal, recovery: &Recovery) -> Result<(), RecoverError> {
        let of = |wanted: &dyn Fn(Admission) -> bool| -> Vec<Value> {
            let cohorts = journal.cohorts.iter().enumerate();
            let chosen = cohorts.filter(|(at, _)| wanted(recovery.admission(*at)));
            chosen
                .flat_map(|(_, cohort)| &cohort.namespaces)
                .map(|namespace| account_rule(namespace, "*"))
                .collect()
        };
        let shed = of(&|admission| admission == Admission::Shed);
        let limited = of(&|admission| matches!(admission, Admission::Level(_)));
        if let Phase::Admitting { level, .. } = recovery.phase()
            && level > 0
        {
            let shares = json!({"spec": {"limited": {"nominalConcurrencyShares": level}}});
            self.ask(Ask::patch(level_path(jail::RECOVERY), MERGE, shares)).await?;
            let rules = json!({"spec": {"rules": limited}});
            self.ask(Ask::patch(schema_path(jail::RECOVERY), MERGE, rules)).await?;
        }
        let text = serde_json::to_string(journal).unwrap_or_default();
        let rules = json!({"metadata": {"annotations": {ANNOTATION: text}}, "spec": {"rules": shed}});
        self.ask(Ask::patch(schema_path(jail::SHED), MERGE, rules)).await?;
        let path = self.folder.join(FILE);
        std::fs::create_dir_all(self.folder)
            .and_then(|()| files::write_atomic(&path, |file| file.write_all(text.as_bytes())))
            .map_err(|source| RecoverError::Disk { path, source })
    }

    /// Reads how many of the cohort were turned away, when it is time.
    async fn count(&self, now: Duration, counted: &mut Counted, phase: Phase) {
        if !matches!(phase, Phase::Admitting { .. }) || (!counted.by.is_empty() && now < counted.at + COUNT) {
            return;
        }
        let mut by = BTreeMap::new();
        for patient in &self.patients {
            let Ok(answer) = patient.ask(Ask::get("/metrics"), Duration::from_secs(5)).await else {
                continue;
            };
            by.insert(patient.name(), turned_away(answer.body.as_str().unwrap_or_default()));
        }
        let seconds = now.saturating_sub(counted.at).as_secs_f64();
        // Of servers that were read twice; one that was restarted counts from zero.
        let since = by.iter().filter_map(|(name, total)| Some((total - counted.by.get(name)?).max(0.0)));
        let since: Vec<f64> = since.collect();
        let rate = (!since.is_empty() && seconds > 0.0).then(|| since.iter().sum::<f64>() / seconds);
        *counted = Counted { at: now, by, rate };
    }

    async fn ask(&self, ask: Ask) -> Result<Value, RecoverError> {
        let path = ask.path.clone();
        let answer = insist(&Any(&self.ways), ask).await;
        answer.map(|answer| answer.body).map_err(|why| RecoverError::NoAnswer { path, why })
    }

    fn say(&mut self, journal: &mut Journal, sentence: &str) {
        let seconds = self.clock.wall().as_secs().saturating_sub(journal.began);
        journal.story.push((seconds, sentence.to_owned()));
        (self.tell)(&format!("{seconds:>5} s  {sentence}"));
    }
}

fn cohort_of(phase: Phase) -> Option<usize> {
    match phase {
        Phase::Admitting { cohort, .. } => Some(cohort),
        Phase::Shed | Phase::Done => None,
    }
}

fn phase_sentence(journal: &Journal) -> String {
    match journal.phase {
        Phase::Shed => "everybody but kube-system is shed; waiting for the API servers".to_owned(),
        Phase::Done => "everybody is back".to_owned(),
        Phase::Admitting { cohort, level } => {
            let name = journal.cohorts.get(cohort).map_or("nobody", |cohort| &cohort.name);
            match level {
                0 => format!("a relapse: {name} is shed again"),
                level => format!("{name} is let in, at level {level}"),
            }
        }
    }
}

/// The sum of a counter's series of our priority level.
fn turned_away(page: &str) -> f64 {
    let ours = format!("priority_level=\"{}\"", jail::RECOVERY);
    page.lines()
        .filter(|line| {
            line.starts_with("apiserver_flowcontrol_rejected_requests_total{") && line.contains(&ours)
        })
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_cluster_come_first_and_kube_system_is_never_shed() {
        let names = [
            "kube-system",
            "plimsoll",
            "default",
            "calico-system",
            "kube-node-lease",
            "a",
            "b",
            "c",
            "d",
            "ci",
        ];
        let names = names.map(str::to_owned);
        let found = cohorts(&names, &["ci".to_owned()]);
        let found: Vec<(&str, Vec<&str>)> = found
            .iter()
            .map(|cohort| (cohort.name.as_str(), cohort.namespaces.iter().map(String::as_str).collect()))
            .collect();
        let expected = [
            ("parts of the cluster", vec!["default", "calico-system", "kube-node-lease"]),
            ("named", vec!["ci"]),
            ("others 1", vec!["a", "d"]),
            ("others 2", vec!["b"]),
            ("others 3", vec!["c"]),
        ];
        assert_eq!(found, expected);
        assert_eq!(cohorts(&["kube-system".to_owned()], &[]), []);
    }

    #[test]
    fn who_is_turned_away_is_counted_for_our_level_alone() {
        let page = "# HELP x\napiserver_flowcontrol_rejected_requests_total{flow_schema=\"plimsoll-recovery\",priority_level=\"plimsoll-recovery\",reason=\"concurrency-limit\"} 7\n\
            apiserver_flowcontrol_rejected_requests_total{flow_schema=\"plimsoll-shed\",priority_level=\"plimsoll-jail\",reason=\"concurrency-limit\"} 100\n\
            apiserver_flowcontrol_rejected_requests_total{flow_schema=\"plimsoll-recovery\",priority_level=\"plimsoll-recovery\",reason=\"time-out\"} 2\n";
        assert_eq!(turned_away(page), 9.0);
        assert_eq!(turned_away(""), 0.0);
    }

    #[test]
    fn a_journal_is_read_as_it_was_written() {
        let journal = Journal {
            began: 5,
            by: vec!["ann".to_owned()],
            cohorts: cohorts(&["a".to_owned()], &[]),
            phase: Phase::Admitting { cohort: 0, level: 4 },
            story: vec![(1, "begun".to_owned())],
        };
        let text = serde_json::to_string(&journal).expect("written");
        assert_eq!(serde_json::from_str::<Journal>(&text).expect("read"), journal);
    }
}

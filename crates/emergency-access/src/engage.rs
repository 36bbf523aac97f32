//! Walking the ladder from the top until the API servers are well.

use std::sync::Arc;
use std::time::Duration;

use environment::Clock;
use serde_json::{Value, json};

use crate::audit::{AuditError, Log};
use crate::lever::Lever;
use crate::limits::{HOOK, LOOK};
use crate::offender::Offender;
use crate::prepare::{Baggage, Prepared, Undo, prepare};
use crate::way::{Any, Api, Ask, MERGE, insist, slowest};
use crate::wellness::Wellness;

/// What carries orders and runs commands.
pub trait Outside: Send + Sync {
    /// Gives a sealed order to every hub that is known; a sentence.
    fn post(&self, order: &str) -> Told<'_>;
    /// Runs a command.
    fn run(&self, command: &[String], within: Duration) -> Told<'_>;
}

/// A sentence on what came of it, or why nothing did.
pub type Told<'a> = std::pin::Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>>;

/// Everything that an engagement works with.
pub struct Crew<'a> {
    /// Ways in, the best first: what is asked is asked of the first that answers.
    pub ways: Vec<&'a dyn Api>,
    /// Whose health it is about: the API servers that everybody uses.
    pub patients: Vec<&'a dyn Api>,
    /// Orders and commands.
    pub outside: &'a dyn Outside,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Who is engaged.
    pub who: String,
    /// Where people read.
    pub tell: Box<dyn FnMut(&str) + Send + 'a>,
}

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Order {
    /// Against whom.
    pub offender: Offender,
    /// Which levers, from the top.
    pub levers: Vec<Lever>,
    /// Say it, and do nothing.
    pub dry_run: bool,
    /// Also if the API servers are well.
    pub force: bool,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// Nothing had to be done.
    WasWell,
    /// It was only said.
    DryRun,
    /// The API servers are well: by this lever, after this time in all, with so many requests.
    Well(Lever, Duration, u32),
    /// No lever is left, and they are not.
    NotWell(u32),
}

impl Crew<'_> {
    /// Walks the ladder.
    ///
    /// # Errors
    /// The audit log cannot be opened. One that cannot be written any more is said, and does not keep people out.
    pub async fn engage(
        &mut self,
        order: &Order,
        baggage: &Baggage,
        log: &mut Log,
    ) -> Result<Ended, AuditError> {
        let begun = self.clock.monotonic();
        let mut wellness = Wellness::default();
        if !order.dry_run && !order.force && self.is_well_for(&mut wellness).await {
            self.say("the API servers are well: nothing is engaged (--force does it all the same)");
            return Ok(Ended::WasWell);
        }
        let about =
            json!({"against": order.offender.to_string(), "levers": order.levers, "dryRun": order.dry_run});
        self.note(log, "engage", about);
        let mut requests = 0;
        for lever in &order.levers {
            let Some((prepared, read)) = self.prepare(*lever, &order.offender, baggage).await else {
                continue;
            };
            requests += read;
            if order.dry_run {
                continue;
            }
            let facts = lever.facts();
            let data = json!({"lever": lever, "what": prepared.what, "undo": prepared.undo});
            let seq = self.note(log, "lever", data);
            requests += u32::try_from(prepared.asks.len()).unwrap_or(u32::MAX);
            let done = self.pull(prepared).await;
            let says = done.as_ref().map_or_else(|why| format!("FAILED: {why}"), |done| done.join("; "));
            self.say(&format!("  {says}"));
            self.note(log, "lever-done", json!({"of": seq, "done": done.is_ok(), "says": says}));
            if done.is_ok() && self.until_well(facts.patience).await {
                let took = self.clock.monotonic().saturating_sub(begun);
                self.note(log, "well", json!({"by": lever, "seconds": took.as_secs()}));
                return Ok(Ended::Well(*lever, took, requests));
            }
        }
        if order.dry_run {
            return Ok(Ended::DryRun);
        }
        self.note(log, "not-well", Value::Null);
        Ok(Ended::NotWell(requests))
    }

    /// Takes back what was engaged and not taken back yet, the last first. How many things that were, and how many failed.
    ///
    /// # Errors
    /// The audit log.
    pub async fn disengage(&mut self, log: &mut Log, dry_run: bool) -> Result<(usize, usize), AuditError> {
        let (mut done, mut failed) = (0, 0);
        for (seq, what, undo) in engaged(log)?.into_iter().rev() {
            self.say(&format!("taking back: {what}"));
            let mut all = true;
            for one in undo.iter().rev() {
                if dry_run {
                    self.say(&format!("  would: {}", sentence(one)));
                    continue;
                }
                let outcome = self.take_back(one).await;
                all &= outcome.is_ok();
                self.say(&format!("  {}", outcome.unwrap_or_else(|why| format!("FAILED: {why}"))));
            }
            if dry_run {
                continue;
            }
            done += 1;
            failed += usize::from(!all);
            if all {
                self.note(log, "undone", json!({"of": seq}));
            }
        }
        Ok((done, failed))
    }

    async fn prepare(
        &mut self,
        lever: Lever,
        offender: &Offender,
        baggage: &Baggage,
    ) -> Option<(Prepared, u32)> {
        let facts = lever.facts();
        let number = Lever::LADDER.iter().position(|one| *one == lever).unwrap_or_default();
        self.say(&format!(
            "lever {number} {}: costs {}; takes effect in {}",
            facts.name, facts.costs, facts.effect
        ));
        let prepared = {
            let any = Any(&self.ways);
            prepare(lever, offender, baggage, &any).await
        };
        match prepared {
            Ok(prepared) => {
                self.say(&format!("  {}; taken back by {}", prepared.what, facts.undo));
                let reads = if prepared.asks.is_empty() { 0 } else { 2 };
                Some((prepared, reads))
            }
            Err(why) => {
                self.say(&format!("  not used: {why}"));
                None
            }
        }
    }

    async fn pull(&mut self, prepared: Prepared) -> Result<Vec<String>, String> {
        let mut done = Vec::new();
        for order in prepared.orders {
            done.push(self.outside.post(&order).await?);
        }
        for command in prepared.commands {
            done.push(self.outside.run(&command, HOOK).await?);
        }
        for ask in prepared.asks {
            let (method, path) = (ask.method.clone(), ask.path.clone());
            let answer =
                insist(&Any(&self.ways), ask).await.map_err(|why| format!("{method} {path}: {why}"))?;
            done.push(format!("{method} {path}: {} after {} ms", answer.code, answer.took.as_millis()));
        }
        Ok(done)
    }

    async fn take_back(&mut self, undo: &Undo) -> Result<String, String> {
        let ask = match undo {
            Undo::Say { what } => return Ok(format!("by hand: {what}")),
            Undo::Command { command } => return self.outside.run(command, HOOK).await,
            Undo::Patch { path, body } => Ask::patch(path.clone(), MERGE, body.clone()),
            Undo::Create { path, object } => Ask::post(path.clone(), object.clone()),
        };
        let (method, path) = (ask.method.clone(), ask.path.clone());
        match insist(&Any(&self.ways), ask).await {
            Ok(answer) => Ok(format!("{method} {path}: {}", answer.code)),
            // It is there again, or gone for good: somebody else was faster.
            Err(refused) if method == http::Method::POST && refused.code() == Some(409) => {
                Ok(format!("{path}: it is there again already"))
            }
            Err(refused) if method == http::Method::PATCH && refused.code() == Some(404) => {
                Ok(format!("{path}: it is gone"))
            }
            Err(why) => Err(format!("{method} {path}: {why}")),
        }
    }

    /// Whether they are well, without waiting longer than it takes to see that they are not.
    async fn is_well_for(&self, wellness: &mut Wellness) -> bool {
        loop {
            wellness.look(slowest(&self.patients).await);
            if wellness.is_bad_now() || wellness.is_well() {
                return wellness.is_well();
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn until_well(&mut self, patience: Duration) -> bool {
        let begun = self.clock.monotonic();
        let mut wellness = Wellness::default();
        let mut said = Duration::ZERO;
        loop {
            wellness.look(slowest(&self.patients).await);
            let waited = self.clock.monotonic().saturating_sub(begun);
            if wellness.is_well() {
                self.say(&format!("  well after {} s: a GET takes {}", waited.as_secs(), wellness.last()));
                return true;
            }
            if waited >= patience {
                self.say(&format!(
                    "  not well after {} s: a GET takes {}",
                    waited.as_secs(),
                    wellness.last()
                ));
                return false;
            }
            if waited.saturating_sub(said) >= Duration::from_secs(5) {
                said = waited;
                self.say(&format!("  {} s: a GET takes {}", waited.as_secs(), wellness.last()));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn say(&mut self, sentence: &str) {
        (self.tell)(sentence);
    }

    /// The record's number; 0 if the disk did not take it.
    fn note(&mut self, log: &mut Log, what: &str, data: Value) -> u64 {
        let at = self.clock.wall().as_secs();
        match log.add(at, &self.who, what, data) {
            Ok(record) => record.seq,
            Err(error) => {
                self.say(&format!("NOT IN THE AUDIT LOG: {error}"));
                0
            }
        }
    }
}

/// Levers that were pulled, perhaps, and not taken back: their numbers, what they did, and what takes it back.
///
/// # Errors
/// The audit log.
pub fn engaged(log: &Log) -> Result<Vec<(u64, String, Vec<Undo>)>, AuditError> {
    let mut open: Vec<(u64, String, Vec<Undo>)> = Vec::new();
    for record in log.records()? {
        match record.what.as_str() {
            "lever" => {
                let undo = serde_json::from_value(record.data["undo"].clone()).unwrap_or_default();
                let what = record.data["what"].as_str().unwrap_or_default().to_owned();
                open.push((record.seq, what, undo));
            }
            "undone" => open.retain(|(seq, ..)| Some(*seq) != record.data["of"].as_u64()),
            _ => {}
        }
    }
    Ok(open)
}

fn sentence(undo: &Undo) -> String {
    match undo {
        Undo::Patch { path, .. } => format!("PATCH {path}"),
        Undo::Create { path, .. } => format!("POST {path}"),
        Undo::Command { command } => command.join(" "),
        Undo::Say { what } => what.clone(),
    }
}

#[cfg(test)]
mod tests;

//! `plimsoll preflight calibrate`, and the facts of a cluster.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use apiserver_client::DoorConfig;
use apiserver_client::passage::Passage;
use environment::{Clock, SystemClock};
use preflight::api::{Api, ApiError};
use preflight::calibrate::{self, CalibrateError, Limits, Measured, Progress, Row};
use preflight::facts::{self, Facts};

use crate::commands::runtime;
use crate::flags::CalibrateFlags;
use crate::outcome::{Failure, Outcome};
use crate::terminal::{self, Steps};

/// Without these a model is none.
const ESSENTIAL: [&str; 2] = ["request", "list.json"];

pub(crate) fn run(flags: CalibrateFlags) -> Outcome {
    runtime::many_threads(async {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let api = connect(flags.kubeconfig, clock.as_ref()).await?;
        let limits = Limits {
            requests: flags.max_requests,
            bytes: flags.max_bytes,
            time: Duration::from_secs(flags.seconds),
            write_namespace: flags.write_namespace,
        };
        terminal::complain(&format!(
            "measuring for at most {} s, with at most {} requests and {} bytes of answers, one after the other; {}",
            flags.seconds,
            limits.requests,
            limits.bytes,
            match &limits.write_namespace {
                Some(namespace) => format!("one ConfigMap in {namespace} is written and removed"),
                None => "nothing is written".to_owned(),
            }
        ));
        let steps = Shown(Steps::new());
        let facts = facts::read(&api, clock.wall()).await.map_err(refused)?;
        let measured = calibrate::run(&api, &facts.cluster, &limits, clock, &steps).await.map_err(stopped)?;
        steps.0.finish();
        let (model, rows) = calibrate::model(&measured, &facts.cluster);
        let (requests, bytes) = api.asked();
        terminal::complain(&format!("{requests} requests, {bytes} bytes of answers"));
        for sentence in &measured.left_out {
            terminal::complain(&format!("not measured: {sentence}"));
        }
        terminal::print(&table(&rows));
        terminal::print(&points(&measured));
        let text = model.to_yaml();
        environment::files::write_atomic(&flags.out, |to| to.write_all(text.as_bytes()))
            .map_err(|error| Failure::usage(format!("cannot write {}: {error}", flags.out.display())))?;
        let lacks: Vec<&str> = rows
            .iter()
            .filter(|row| row.refused.is_some() && ESSENTIAL.contains(&row.name))
            .map(|row| row.name)
            .collect();
        if !lacks.is_empty() {
            return Err(anyhow::anyhow!(
                "{} could not be determined; the model has the shipped ones",
                lacks.join(" and ")
            )
            .into());
        }
        terminal::complain(&format!(
            "next: plimsoll preflight predict PROFILE --model {}",
            flags.out.display()
        ));
        Ok(())
    })
}

/// A way to the API server for our own few requests.
pub(super) async fn connect(kubeconfig: Option<PathBuf>, clock: &dyn Clock) -> Result<Api, Failure> {
    let source = DoorConfig::from_kubeconfig(kubeconfig).source;
    let passage = Passage::open(&source, clock.wall()).await;
    let passage = passage.map_err(|error| {
        if error.is_operators() { Failure::usage(error) } else { Failure::Environment(error.into()) }
    })?;
    Ok(Api::new(passage))
}

/// What the cluster of a kubeconfig is like.
pub(super) fn read_facts(kubeconfig: PathBuf) -> Result<Facts, Failure> {
    let mut found = None;
    runtime::many_threads(async {
        let clock = SystemClock::new();
        let api = connect(Some(kubeconfig), &clock).await?;
        found = Some(facts::read(&api, clock.wall()).await.map_err(refused)?);
        let (requests, bytes) = api.asked();
        terminal::complain(&format!(
            "the cluster's facts took {requests} requests and {bytes} bytes of answers"
        ));
        Ok(())
    })?;
    found.ok_or_else(|| Failure::usage("the cluster's facts could not be read"))
}

/// What is refused will be refused again; what gave no answer may give one later.
fn refused(error: ApiError) -> Failure {
    if error.status().is_some() { Failure::usage(error) } else { Failure::Environment(error.into()) }
}

fn stopped(error: CalibrateError) -> Failure {
    match error {
        CalibrateError::Api(error) => refused(error),
        CalibrateError::Distress(_) => Failure::Environment(error.into()),
        CalibrateError::NoMetrics(_) | CalibrateError::TooSmall(_) => Failure::usage(error),
    }
}

struct Shown(Steps);

impl Progress for Shown {
    fn now(&self, what: &str) {
        self.0.now(what);
    }
}

/// What each experiment gave, for who wants to see it.
fn points(measured: &Measured) -> String {
    let mut text =
        format!("\n{:<24}{:>12}{:>12}{:>10}{:>8}\n", "one request", "CPU us", "bytes", "requests", "spread");
    for (name, point) in &measured.points {
        let cpu = measured.total(point) * 1e6;
        text.push_str(&format!(
            "{name:<24}{cpu:>12.0}{:>12.0}{:>10}{:>8.2}\n",
            point.bytes, point.requests, point.spread
        ));
    }
    text
}

fn table(rows: &[Row]) -> String {
    let mut text =
        format!("{:<24}{:>12}{:>12}{:>8}{:>7}\n", "coefficient", "shipped", "measured", "ratio", "R2");
    for row in rows {
        let measured = row.measured.map_or("-".to_owned(), |value| format!("{value:.3e}"));
        let ratio = row.measured.map_or("-".to_owned(), |value| format!("{:.2}", value / row.shipped));
        let fit = row.r_squared.map_or("-".to_owned(), |value| format!("{value:.3}"));
        let why = row.refused.map_or(String::new(), |why| format!("  refused: {why}"));
        text.push_str(&format!(
            "{:<24}{:>12.3e}{measured:>12}{ratio:>8}{fit:>7}{why}\n",
            row.name, row.shipped
        ));
    }
    text
}

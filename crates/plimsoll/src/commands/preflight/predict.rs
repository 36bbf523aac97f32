//! `plimsoll preflight predict`: files in, a forecast out, and the exit code that says it.

use std::path::Path;

use api_cost::{Cluster, CostModel, LoadLine, Verdict};
use preflight::predict::{Inputs, Prediction, predict};
use preflight::report::{self, Glyphs};
use workload_profile::document::DOCUMENT_BYTES_MAX;
use workload_profile::{DocumentError, Profile};

use super::calibrate::read_facts;
use crate::flags::{ForecastOutput, PredictFlags};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// What the text is made for where the terminal does not say its width.
const COLUMNS: u16 = 100;
/// Nodes of a cluster of which nothing is said: the most that Kubernetes is tested with.
const NODES: f64 = 5000.0;

/// Exit codes of the verdicts; 64 is wrong usage, as everywhere.
const EXIT_OVER: u8 = 1;
const EXIT_NEAR: u8 = 2;
const EXIT_INCOMPLETE: u8 = 3;

pub(crate) fn run(flags: &PredictFlags) -> Outcome {
    let prediction = predict(inputs(flags)?);
    terminal::print(&shown(&prediction, flags.output));
    match prediction.forecast.verdict {
        Verdict::Below => Ok(()),
        Verdict::Over => Err(Failure::Verdict(EXIT_OVER)),
        Verdict::Near => Err(Failure::Verdict(EXIT_NEAR)),
        Verdict::Incomplete => Err(Failure::Verdict(EXIT_INCOMPLETE)),
    }
}

fn inputs(flags: &PredictFlags) -> Result<Inputs, Failure> {
    let nodes = flags.nodes.map(f64::from);
    let mut profile = read(&flags.profile, Profile::from_yaml)?;
    let cluster = match (&flags.cluster, &flags.kubeconfig) {
        (Some(file), _) => read(file, Cluster::from_yaml)?,
        (None, Some(kubeconfig)) => {
            let found = read_facts(kubeconfig.clone())?;
            profile.unknown.extend(found.unknown);
            found.cluster
        }
        (None, None) => Cluster::usual(nodes.unwrap_or(NODES)),
    };
    if let Some(file) = &flags.write_cluster {
        let text = cluster.to_yaml();
        environment::files::write_atomic(file, |to| to.write_all(text.as_bytes()))
            .map_err(|error| Failure::usage(format!("cannot write {}: {error}", file.display())))?;
    }
    Ok(Inputs {
        profile,
        cluster,
        model: flags
            .model
            .as_deref()
            .map_or_else(|| Ok(CostModel::shipped()), |file| read(file, CostModel::from_yaml))?,
        budget: flags.budget.as_deref().map(|file| read(file, LoadLine::from_yaml)).transpose()?,
        nodes,
        seed: flags.seed,
    })
}

pub(crate) fn read<T>(file: &Path, parse: impl Fn(&str) -> Result<T, DocumentError>) -> Result<T, Failure> {
    let mut bytes = Vec::new();
    let refused =
        |why: &dyn std::fmt::Display| Failure::usage(format!("cannot read {}: {why}", file.display()));
    environment::files::read_into(file, &mut bytes, DOCUMENT_BYTES_MAX).map_err(|error| refused(&error))?;
    let text = String::from_utf8(bytes).map_err(|_| refused(&"it is no text"))?;
    parse(&text).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

fn shown(prediction: &Prediction, output: ForecastOutput) -> String {
    let report = prediction.report();
    match output {
        ForecastOutput::Text => {
            report::text(&report, usize::from(terminal::columns().unwrap_or(COLUMNS)), glyphs())
        }
        ForecastOutput::Json => report::json(&report),
        ForecastOutput::Html => report::html(&report),
        ForecastOutput::Junit => report::junit(&report),
        ForecastOutput::Markdown => report::markdown(&report),
    }
}

/// By the locale, as programs of a terminal do.
fn glyphs() -> Glyphs {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()));
    let other = said.is_some_and(|said| !said.to_ascii_lowercase().replace('-', "").contains("utf8"));
    if other { Glyphs::Ascii } else { Glyphs::Unicode }
}

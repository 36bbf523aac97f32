//! The ladder: shown, proposed, engaged, taken back, installed.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use emergency_access::audit::Log;
use emergency_access::engage::{Crew, Ended, Order, Outside, Told};
use emergency_access::jail;
use emergency_access::lever::Lever;
use emergency_access::limits::HOOKS_MAX;
use emergency_access::prepare::{Baggage, Hook};
use emergency_access::way::{APPLY, Api, Ask, Way, insist, is_lifeboat};
use load_watch::Report;
use sealed_order::{Purpose, Sealed};
use serde_json::json;

use super::engaged::Engaged;
use super::{Place, orders};
use crate::commands::{node_order, runtime, top};
use crate::flags::{EngageFlags, WaysFlags};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// Callers that are shown.
const CALLERS_MAX: usize = 10;
/// A few commands.
const HOOKS_BYTES_MAX: usize = 64 * 1024;
/// The levers are used up, and the API servers are not well.
const EXIT_NOT_WELL: u8 = 1;

pub(super) fn ladder() -> Outcome {
    let mut text = String::new();
    for (number, lever) in Lever::LADDER.into_iter().enumerate() {
        let facts = lever.facts();
        let _ = writeln!(text, "{number} {:<9} {}", facts.name, facts.does);
        for (what, says) in
            [("costs", facts.costs), ("effect", facts.effect), ("leaves", facts.leaves), ("undo", facts.undo)]
        {
            let _ = writeln!(text, "            {what:<7} {says}");
        }
    }
    terminal::print(&text);
    Ok(())
}

pub(super) fn propose(hub: &str) -> Outcome {
    runtime::one_thread(async {
        let report = top::report(hub).await?;
        terminal::print(&proposal(&report));
        terminal::complain("(the hub was asked; the API server was not needed)");
        Ok(())
    })
}

/// Who costs most, and whose cost grew.
fn proposal(report: &Report) -> String {
    let mut text = String::new();
    for alert in &report.alerts {
        let (name, subject) = (alert.name.name(), &alert.subject);
        let _ = writeln!(
            text,
            "{name} {subject}: since {:.0} s, from {:.3} to {:.3}",
            alert.since_seconds, alert.from, alert.to
        );
    }
    if report.who.is_empty() {
        text.push_str("costs have no names: the hub hears no audit events (--audit-listen)\n");
    }
    let _ = writeln!(text, "{:<11}{:<12}{:<9}{:<10}WHO", "CORES", "REQUESTS/S", "COPIES", "EXPONENT");
    let mut rows: Vec<_> = report.who.iter().collect();
    rows.sort_by(|a, b| b.apiserver_cores.total_cmp(&a.apiserver_cores));
    for row in rows.into_iter().take(CALLERS_MAX) {
        let _ = writeln!(
            text,
            "{:<11.3}{:<12.1}{:<9}{:<10.1}{} ({})",
            row.apiserver_cores, row.requests_per_second, row.copies, row.exponent, row.who, row.dearest
        );
        if let Some((namespace, account)) = row.who.split_once('/') {
            let _ = writeln!(
                text,
                "           find the workload of the service account {account}, then: plimsoll breakglass engage --against {namespace}/DaemonSet/NAME"
            );
        }
    }
    text
}

pub(super) fn engage(place: &Place, flags: EngageFlags) -> Outcome {
    flags.against.check(flags.confirm.as_deref().filter(|_| flags.system)).map_err(Failure::usage)?;
    let baggage = baggage(place, &flags)?;
    let levers = if flags.lever.is_empty() { Lever::LADDER.to_vec() } else { flags.lever };
    let order = Order { offender: flags.against, levers, dry_run: flags.dry_run, force: flags.force };
    let field = Field { hubs: flags.hub };
    runtime::one_thread(async {
        let ways = place.ways(&flags.ways).await?;
        let mut log = Log::open(&place.dir).map_err(Failure::usage)?;
        let against = order.offender.to_string();
        // A dry run is nobody's business.
        let told: &[String] = if order.dry_run { &[] } else { &field.hubs };
        let engaged = Engaged::claim(told, &place.who, &against, flags.join).await?;
        let ended = tokio::select! {
            ended = async { crew(place, &ways, &field).engage(&order, &baggage, &mut log).await } => ended,
            () = engaged.renew() => return Ok(()),
        };
        engaged.release().await;
        let ended = ended.map_err(Failure::usage)?;
        let head = log.head();
        match ended {
            Ended::WasWell | Ended::DryRun => Ok(()),
            Ended::Well(lever, took, requests) => {
                terminal::print(&format!(
                    "the API servers are well: lever {} did it, after {} s, with {requests} requests\nnext: find the cause; then `plimsoll breakglass disengage`. Note down the log's head: {head}\n",
                    lever.facts().name,
                    took.as_secs(),
                ));
                Ok(())
            }
            Ended::NotWell(requests) => {
                terminal::print(&format!(
                    "no lever is left and the API servers are not well ({requests} requests): is it somebody else? `plimsoll breakglass propose` says who costs most\nwhat was engaged stands until `plimsoll breakglass disengage`. Note down the log's head: {head}\n"
                ));
                Err(Failure::Verdict(EXIT_NOT_WELL))
            }
        }
    })
}

pub(super) fn disengage(place: &Place, ways: &WaysFlags, dry_run: bool) -> Outcome {
    runtime::one_thread(async {
        let ways = place.ways(ways).await?;
        let mut log = Log::open(&place.dir).map_err(Failure::usage)?;
        let field = Field { hubs: Vec::new() };
        let mut crew = crew(place, &ways, &field);
        let (done, failed) = crew.disengage(&mut log, dry_run).await.map_err(Failure::usage)?;
        terminal::print(&match (dry_run, done, failed) {
            (true, ..) => "nothing was done: --dry-run\n".to_owned(),
            (false, 0, _) => "nothing is engaged by this folder's log\n".to_owned(),
            (false, done, 0) => format!("{done} levers are taken back\n"),
            (false, done, failed) => format!("{failed} of {done} levers are not taken back: say it again\n"),
        });
        if failed > 0 { Err(Failure::Verdict(EXIT_NOT_WELL)) } else { Ok(()) }
    })
}

pub(super) fn install(place: &Place, ways: &WaysFlags, print: bool) -> Outcome {
    if print {
        terminal::print(&jail::text());
        return Ok(());
    }
    runtime::one_thread(async {
        let ways = place.some_ways(ways).await?;
        let (_, way) = &ways[0];
        for manifest in jail::manifests() {
            let path = jail::manifest_path(&manifest);
            let ask =
                Ask::patch(format!("{path}?fieldManager=plimsoll-breakglass&force=true"), APPLY, manifest);
            let answer = insist(way, ask).await.map_err(|why| {
                Failure::Environment(anyhow::anyhow!("{path}: {why}; this needs an administrator"))
            })?;
            terminal::print(&format!("{path}: {}\n", if answer.code == 201 { "made" } else { "there" }));
        }
        terminal::complain(
            "(the API server was needed: one write for each line). Next: `plimsoll breakglass drill`",
        );
        Ok(())
    })
}

/// All ways in; and those to the API servers that everybody uses, or all if there is none.
pub(super) fn ways_and_patients(ways: &[(String, Way)]) -> (Vec<&dyn Api>, Vec<&dyn Api>) {
    let all: Vec<&dyn Api> = ways.iter().map(|(_, way)| way as &dyn Api).collect();
    let others = ways.iter().filter(|(name, _)| !is_lifeboat(name));
    let mut patients: Vec<&dyn Api> = others.map(|(_, way)| way as &dyn Api).collect();
    if patients.is_empty() {
        patients.clone_from(&all);
    }
    (all, patients)
}

fn crew<'a>(place: &Place, ways: &'a [(String, Way)], field: &'a Field) -> Crew<'a> {
    let (all, patients) = ways_and_patients(ways);
    Crew {
        ways: all,
        patients,
        outside: field,
        clock: place.clock.clone(),
        who: place.who.clone(),
        tell: Box::new(|sentence| terminal::print(&format!("{sentence}\n"))),
    }
}

fn baggage(place: &Place, flags: &EngageFlags) -> Result<Baggage, Failure> {
    let mut baggage =
        Baggage { by: place.who.clone(), hooks: hooks(&place.dir.join("hooks.yaml"))?, ..Baggage::default() };
    for file in &flags.order {
        let text = node_order::read(file)?;
        let order = Sealed::parse(&text).and_then(|sealed| sealed.order());
        let order = order.map_err(|why| Failure::Usage(format!("{}: {why}", file.display())))?;
        match order.purpose() {
            Purpose::Stop => baggage.stops.push(text),
            Purpose::Cut => baggage.cuts.push(text),
            other => {
                let sentence = format!(
                    "{}: an order to {} is no lever; orders to stop and to cut are",
                    file.display(),
                    other.name()
                );
                return Err(Failure::Usage(sentence));
            }
        }
    }
    if !flags.order.is_empty() && flags.hub.is_empty() {
        return Err(Failure::Usage("--order needs somebody who hands it on: give --hub ADDR".to_owned()));
    }
    Ok(baggage)
}

fn hooks(file: &Path) -> Result<Vec<Hook>, Failure> {
    let at = |why: &dyn std::fmt::Display| Failure::Usage(format!("{}: {why}", file.display()));
    let mut text = Vec::new();
    match environment::files::read_into(file, &mut text, HOOKS_BYTES_MAX) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(at(&error)),
        Ok(()) => {}
    }
    let hooks = emergency_access::prepare::hooks_of(&text).map_err(|why| at(&why))?;
    if hooks.len() > HOOKS_MAX || hooks.iter().any(|hook| hook.command.is_empty()) {
        return Err(at(&format!("at most {HOOKS_MAX} hooks, each with a command")));
    }
    Ok(hooks)
}

/// Hubs, and this machine's programs.
struct Field {
    hubs: Vec<String>,
}

impl Outside for Field {
    fn post(&self, order: &str) -> Told<'_> {
        let order = order.to_owned();
        Box::pin(async move {
            let mut last = "no hub was named (--hub)".to_owned();
            let mut taken = Vec::new();
            for hub in &self.hubs {
                match orders::post(hub, &order).await {
                    Ok(says) => taken.push(format!("{hub}: {says}")),
                    Err(why) => last = format!("{hub}: {why}"),
                }
            }
            if taken.is_empty() { Err(last) } else { Ok(taken.join("; ")) }
        })
    }

    fn run(&self, command: &[String], within: Duration) -> Told<'_> {
        let command = command.to_vec();
        Box::pin(async move {
            let [program, arguments @ ..] = command.as_slice() else { return Err("no command".to_owned()) };
            let mut child = tokio::process::Command::new(program);
            let output = child.args(arguments).kill_on_drop(true).output();
            match tokio::time::timeout(within, output).await {
                Ok(Ok(output)) if output.status.success() => Ok(format!("{program} ended well")),
                Ok(Ok(output)) => {
                    let says = String::from_utf8_lossy(&output.stderr);
                    Err(format!("{program}: {}: {}", output.status, says.lines().last().unwrap_or_default()))
                }
                Ok(Err(error)) => Err(format!("{program}: {error}")),
                Err(_) => {
                    Err(format!("{program} has not ended within {} s, and was killed", within.as_secs()))
                }
            }
        })
    }
}

/// What the log says of a use.
pub(super) fn note(place: &Place, log: &mut Log, what: &str, data: serde_json::Value) -> Outcome {
    log.add(place.now(), &place.who, what, data).map(drop).map_err(Failure::usage)
}

/// An empty log's first record, so that two folders never have the same head.
pub(super) fn begin(place: &Place) -> Result<Log, Failure> {
    let mut log = Log::open(&place.dir).map_err(Failure::usage)?;
    if log.records().map_err(Failure::usage)?.is_empty() {
        note(place, &mut log, "begin", json!({"by": env!("CARGO_PKG_VERSION")}))?;
    }
    Ok(log)
}

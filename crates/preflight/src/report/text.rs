//! The forecast for a terminal.

use api_cost::{Met, ModeQueues, ModeStrains, RequestCost, Strain, Verdict};

use super::chart::{Glyphs, chart};
use super::{Report, figures};

/// Nodes of a usual staging cluster: what can be seen of the workload there.
const STAGING_NODES: [f64; 2] = [3.0, 50.0];

/// A wait that somebody would notice.
const NOTICED_SECONDS: f64 = 1.0;

/// As text, at most `width` characters wide where words allow it.
#[must_use]
pub fn text(report: &Report<'_>, width: usize, glyphs: Glyphs) -> String {
    let mut out = format!("{}\n\n", report.headline());
    out.push_str("CPU of all API servers (cores) over nodes; the line is all there is,\nthe band is the load line from p10 to p90, the bar is what was asked for\n\n");
    out.push_str(&chart(report, width, glyphs));
    out.push('\n');
    out.push_str(&staging(report));
    modes(report, &mut out);
    requests(report, &mut out);
    queues(report, &mut out);
    cost(report, &mut out);
    advice(report, width, &mut out);
    budget(report, &mut out);
    sentences("Assumed", &report.forecast.assumptions, width, &mut out);
    sentences("Not known", &report.forecast.unknown, width, &mut out);
    out.push_str(&next(report));
    if glyphs == Glyphs::Ascii { ascii(&out) } else { out }
}

fn staging(report: &Report<'_>) -> String {
    let servers = &report.cluster.apiservers;
    let all = f64::from(servers.count) * servers.cores;
    let seen = |nodes: f64| {
        let near = |one: f64| (one / nodes).ln().abs();
        let point = report.curve.iter().min_by(|one, other| near(one.nodes).total_cmp(&near(other.nodes)))?;
        // The curve's own points are close enough to a cluster of 50 nodes: a quadratic is brought to the very number.
        let exponent = report.forecast.cost.exponent.clamp(0.0, 3.0);
        let cores = point.workload_cores * (nodes / point.nodes).powf(exponent);
        Some(format!(
            "at {} nodes it takes {} of the API servers' CPU",
            figures::nodes(nodes),
            figures::percent(cores / all)
        ))
    };
    let seen: Vec<String> = STAGING_NODES.into_iter().filter_map(seen).collect();
    format!("What a small cluster shows: {}.\n", seen.join("; "))
}

fn modes(report: &Report<'_>, out: &mut String) {
    let line = &report.forecast.load_line;
    out.push_str("\nLoad line by mode                       p10        p50        p90  first to break\n");
    for mode in &line.modes {
        out.push_str(&format!(
            "  {:<32}{:>9}  {:>9}  {:>9}  {}\n",
            mode.mode.title(),
            figures::nodes(mode.nodes.p10),
            figures::nodes(mode.nodes.p50),
            figures::nodes(mode.nodes.p90),
            mode.binding.title()
        ));
    }
    out.push_str(&format!(
        "  without the workload: {} nodes; all CPU used up (heartbeats wait): {} nodes\n",
        figures::nodes(line.without_workload),
        figures::nodes(line.collapse.p50)
    ));
    broken(report, out);
}

/// Each limit that does not hold, once: in its worst mode.
fn broken(report: &Report<'_>, out: &mut String) {
    let strains = report
        .forecast
        .at_nodes
        .iter()
        .flat_map(|mode| mode.strains.iter().map(move |strain| (mode, strain)));
    let mut worst: Vec<(&ModeStrains, &Strain)> = Vec::new();
    for (mode, strain) in strains.filter(|(_, strain)| strain.part() > 1.0) {
        match worst.iter_mut().find(|(_, seen)| seen.constraint == strain.constraint) {
            Some(seen) if seen.1.part() >= strain.part() => {}
            Some(seen) => *seen = (mode, strain),
            None => worst.push((mode, strain)),
        }
    }
    worst.sort_by(|one, other| other.1.part().total_cmp(&one.1.part()));
    if !worst.is_empty() {
        out.push_str(&format!("\nBroken at {} nodes\n", figures::nodes(report.forecast.nodes)));
    }
    for (mode, strain) in worst {
        let used = figures::percent(strain.part());
        out.push_str(&format!(
            "  {:<52}{used} of its limit ({})\n",
            strain.constraint.title(),
            mode.mode.title()
        ));
    }
}

fn requests(report: &Report<'_>, out: &mut String) {
    out.push_str(
        "\nOne request                     API CPU   etcd CPU     answer    scanned   returned  seats   /s\n",
    );
    for request in &report.forecast.requests {
        out.push_str(&format!(
            "  {:<28}{:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>5}  {}\n",
            cut(&request.id, 28),
            figures::cpu(request.work.apiserver_cpu_seconds),
            figures::cpu(request.work.etcd_cpu_seconds),
            figures::bytes(request.work.response_bytes),
            figures::number(request.work.objects_scanned),
            figures::number(request.work.objects_returned),
            request.seats.map_or("-".to_owned(), |seats| seats.to_string()),
            figures::number(request.per_second),
        ));
    }
    let widest = |request: &&RequestCost| request.seats.is_some_and(|seats| seats > 1);
    let dearest = report.forecast.requests.iter().filter(widest);
    let dearest = dearest
        .max_by(|one, other| one.work.apiserver_cpu_seconds.total_cmp(&other.work.apiserver_cpu_seconds));
    if let Some(request) = dearest {
        out.push_str(&format!(
            "  APF takes {} seats for {}; what it costs is {} of CPU\n",
            request.seats.unwrap_or(0),
            cut(&request.id, 28),
            figures::cpu(request.work.apiserver_cpu_seconds)
        ));
    }
}

/// Where nobody waits, one line says so.
fn queues(report: &Report<'_>, out: &mut String) {
    out.push_str(&format!("\nAPF at {} nodes, simulated", figures::nodes(report.forecast.nodes)));
    let waits = |met: &&Met| met.wait.rejected() > 0.0 || met.wait.answered_seconds_p99 >= NOTICED_SECONDS;
    let modes = report.forecast.queues.iter();
    let rows: Vec<(&ModeQueues, &Met)> =
        modes.flat_map(|mode| mode.met.iter().filter(waits).map(move |met| (mode, met))).collect();
    if rows.is_empty() {
        out.push_str(": nobody waits, nobody is refused\n");
        return;
    }
    out.push_str("              level             queued p99  answered p99  refused  Retry-After\n");
    let mut title = "";
    for (mode, met) in rows {
        if title != mode.mode.title() {
            title = mode.mode.title();
            out.push_str(&format!("  {title}\n"));
        }
        out.push_str(&format!(
            "    {:<28}{:<16}{:>13}{:>14}{:>9}{:>13}\n",
            cut(&met.who, 26),
            met.level,
            figures::cpu(met.wait.queued_seconds_p99),
            figures::cpu(met.wait.answered_seconds_p99),
            figures::percent(met.wait.rejected()),
            if met.wait.retry_after_seconds > 0 {
                format!("{} s", met.wait.retry_after_seconds)
            } else {
                "-".to_owned()
            },
        ));
    }
}

fn cost(report: &Report<'_>, out: &mut String) {
    let cost = &report.forecast.cost;
    out.push_str(&format!(
        "\nAt {} nodes, steady: {} cores (the cluster without it: {}), {}/s, {} requests/s\n",
        figures::nodes(report.forecast.nodes),
        figures::cores(cost.apiserver_cores),
        figures::cores(cost.base_cores),
        figures::bytes(cost.response_bytes_per_second),
        figures::number(cost.requests_per_second)
    ));
    out.push_str(&format!(
        "cores(N) = {}; it grows with N to the power of {:.2}\n",
        cost.formula, cost.exponent
    ));
}

fn advice(report: &Report<'_>, width: usize, out: &mut String) {
    if report.forecast.advice.is_empty() {
        return;
    }
    out.push_str("\nWhat to change, and what it is worth\n");
    for advice in &report.forecast.advice {
        let price = match advice.peak_factor {
            Some(peak) => format!(
                "peak {} times, load line {}",
                figures::factor(peak),
                figures::nodes(advice.load_line)
            ),
            None => format!(
                "CPU {} times, load line {}",
                figures::factor(advice.cpu_factor),
                figures::nodes(advice.load_line)
            ),
        };
        wrap(&format!("- {}: {price}", advice.what), width, "    ", out);
    }
}

fn budget(report: &Report<'_>, out: &mut String) {
    if report.budget.is_empty() {
        return;
    }
    out.push_str("\nWritten budget\n");
    for kept in report.budget {
        let word = if kept.holds { "holds " } else { "BROKEN" };
        out.push_str(&format!(
            "  {word} {}: {} of {}\n",
            kept.limit,
            figures::number(kept.actual),
            figures::number(kept.allowed)
        ));
    }
}

fn sentences(title: &str, sentences: &[String], width: usize, out: &mut String) {
    if sentences.is_empty() {
        return;
    }
    out.push_str(&format!("\n{title}\n"));
    for sentence in sentences {
        wrap(&format!("- {sentence}"), width, "    ", out);
    }
}

fn next(report: &Report<'_>) -> String {
    let what = match report.forecast.verdict {
        Verdict::Below => {
            "ship it in steps; the load line holds for this profile only: record again when the workload changes."
        }
        Verdict::Near => {
            "calibrate on this API server (`plimsoll preflight calibrate`) to narrow p10 to p90, or take the first advice."
        }
        Verdict::Over => {
            "do not ship it to a cluster of this size; take the first advice, record again, predict again."
        }
        Verdict::Incomplete => {
            "record for longer and on three nodes, so that what is marked as unseen is seen."
        }
    };
    format!("\nNext: {what}\n")
}

/// A paragraph whose further lines are indented.
fn wrap(text: &str, width: usize, indent: &str, out: &mut String) {
    let mut line = String::from("  ");
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() + 1 > width && line.trim().len() > 1 {
            out.push_str(line.trim_end());
            out.push('\n');
            indent.clone_into(&mut line);
        }
        line.push_str(word);
        line.push(' ');
    }
    out.push_str(line.trim_end());
    out.push('\n');
}

/// Names come from files that others wrote: no control characters reach a terminal.
fn cut(name: &str, most: usize) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(most).collect()
}

fn ascii(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\u{2013}' => '-',
            '\u{2265}' => '>',
            '\u{b5}' => 'u',
            '\u{b2}' => '2',
            letter if letter.is_ascii() => letter,
            _ => '?',
        })
        .collect()
}

//! The report for a terminal: what `plimsoll top` shows.

use std::fmt::Write as _;

use crate::report::{Dimension, DimensionName, Report};

/// Of a table; a terminal has 24 lines and more.
const ROWS: usize = 15;
/// Of a bar.
const BAR: usize = 30;
/// An exponent from which a cost is said to grow with the cluster's square.
const STEEP: f64 = 1.5;

/// As lines of at most `width` characters.
#[must_use]
pub fn picture(report: &Report, width: usize) -> String {
    let mut out = String::new();
    head(report, &mut out);
    alerts(report, &mut out);
    dimensions(report, &mut out);
    if report.who.is_empty() {
        flows(report, &mut out)
    } else {
        who(report, &mut out)
    }
    out.lines().map(|line| line.chars().take(width).collect::<String>() + "\n").collect()
}

fn head(report: &Report, out: &mut String) {
    let Some(age) = report.age_seconds else {
        out.push_str("The API server's metrics have not been read yet: see the hub's log\n");
        return;
    };
    let nodes = report.nodes.map_or("nodes not counted yet".to_owned(), |nodes| format!("{nodes:.0} nodes"));
    let _ = writeln!(
        out,
        "{nodes}   API server {:.2} cores   {:.1} requests/s   {:.1} refused/s   {:.0} watches   {age:.0} s ago",
        report.apiserver_cores, report.requests_per_second, report.rejects_per_second, report.watches
    );
    if age > 30.0 {
        out.push_str(
            "STALE: the API server does not answer, or another one does; these are the last numbers\n",
        );
    }
}

fn alerts(report: &Report, out: &mut String) {
    for alert in &report.alerts {
        let of = if alert.subject.is_empty() { String::new() } else { format!(" of {}", alert.subject) };
        let _ = writeln!(
            out,
            "! {}{of}: from {:.3} to {:.3}, for {:.0} s",
            alert.name.name(),
            alert.from,
            alert.to,
            alert.since_seconds
        );
    }
}

fn dimensions(report: &Report, out: &mut String) {
    if report.dimensions.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n{:<12}{:<BAR$}  {:>10} {:>10} {:>10}  load line",
        "limit", "used", "now", "at 2N", "limit"
    );
    for one in &report.dimensions {
        let nodes =
            one.nodes.map_or("beyond 1,000,000 nodes".to_owned(), |nodes| format!("{nodes:.0} nodes"));
        let _ = writeln!(
            out,
            "{:<12}{}  {:>10} {:>10} {:>10}  {nodes}",
            one.dimension.name(),
            bar(one),
            amount(one.dimension, one.measured),
            amount(one.dimension, one.predicted),
            amount(one.dimension, one.limit)
        );
    }
}

/// `#` is used now, `-` would be on twice the nodes.
fn bar(one: &Dimension) -> String {
    let cells = |value: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "0 to BAR"
        )]
        let cells = (value / one.limit.max(1e-9) * BAR as f64).round().clamp(0.0, BAR as f64) as usize;
        cells
    };
    let (now, doubled) = (cells(one.measured), cells(one.predicted));
    let later = doubled.saturating_sub(now);
    format!("{}{}{}", "#".repeat(now), "-".repeat(later), ".".repeat(BAR - now - later))
}

fn amount(of: DimensionName, value: f64) -> String {
    match of {
        DimensionName::Cpu | DimensionName::Seats => format!("{value:.2}"),
        DimensionName::Memory | DimensionName::EtcdBytes => format!("{:.1} MB", value / 1e6),
    }
}

fn who(report: &Report, out: &mut String) {
    let _ = writeln!(
        out,
        "\n{:<40}{:>8}{:>10}{:>8}{:>8}{:>7}  dearest",
        "who", "cores", "req/s", "failed", "copies", "N^"
    );
    for row in report.who.iter().take(ROWS) {
        let grows = if row.exponent >= STEEP { "!" } else { " " };
        let _ = writeln!(
            out,
            "{:<40}{:>8.3}{:>10.1}{:>7.0}%{:>8}{:>6.1}{grows}  {}",
            row.who.chars().take(39).collect::<String>(),
            row.apiserver_cores,
            row.requests_per_second,
            row.failed * 100.0,
            row.copies,
            row.exponent,
            row.dearest
        );
    }
    if let Some(audit) = report.audit.filter(|audit| audit.dropped + audit.sampled > 0) {
        let _ =
            writeln!(out, "{} audit events dropped, {} stood for by others", audit.dropped, audit.sampled);
    }
}

fn flows(report: &Report, out: &mut String) {
    let _ = writeln!(out, "\n{:<40}{:>11}{:>10}{:>11}", "flow schema", "executing", "req/s", "refused/s");
    for flow in report.flows.iter().take(ROWS) {
        let _ = writeln!(
            out,
            "{:<40}{:>11.3}{:>10.1}{:>11.1}",
            flow.flow_schema.chars().take(39).collect::<String>(),
            flow.executing,
            flow.requests_per_second,
            flow.rejects_per_second
        );
    }
    let hint = if report.audit.is_some() {
        "no audit event has come yet"
    } else {
        "who it is, and how it grows, takes the audit webhook (hub --audit-listen)"
    };
    let _ = writeln!(out, "{hint}");
}

#[cfg(test)]
mod tests;

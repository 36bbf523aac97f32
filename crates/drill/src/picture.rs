//! A report for people: two lines over time, the story, the figures.

use std::fmt::Write as _;

use crate::report::{Report, Second};

const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// In front of each line of the picture.
const MARGIN: usize = 16;

/// The report in lines of `columns` characters.
pub fn picture(report: &Report, columns: usize) -> String {
    let mut text = format!("{}: {} nodes, seed {}\n\n", report.scenario, report.nodes, report.seed);
    let columns = columns.saturating_sub(MARGIN).clamp(20, 200);
    let nodes = buckets(&report.seconds, columns, |second| f64::from(second.nodes));
    let latency = buckets(&report.seconds, columns, |second| second.latency.unwrap_or(f64::INFINITY));
    line(&mut text, "nodes, log", &nodes, 1.0, f64::from(report.nodes));
    line(&mut text, "API ms, log", &latency, report.latency_before.max(1.0), report.latency_before * 100.0);
    let end = report.seconds.len();
    let _ = writeln!(text, "{:MARGIN$}0 s{:>width$}\n", "", format!("{end} s"), width = columns - 3);
    for event in &report.story {
        let _ = writeln!(text, "{:>8.1} s  {}", event.at, event.what);
    }
    text.push('\n');
    for (what, figure) in figures(report) {
        let _ = writeln!(text, "{what:<44}{figure}");
    }
    text
}

fn figures(report: &Report) -> Vec<(&'static str, String)> {
    let time = |at: Option<f64>| at.map_or_else(|| "never".to_owned(), |at| format!("{at:.1} s"));
    let counts = format!(
        "{} of {}; {} on trial, {} run the old one",
        report.nodes_at_end,
        report.nodes,
        report.on_trial_at_end,
        report.nodes_running - report.nodes_at_end.min(report.nodes_running),
    );
    vec![
        ("ended as", report.phase.clone()),
        ("first start of the new revision", time(report.first_start)),
        ("stopped", time(report.stopped_at)),
        ("last node gone back", time(report.last_unconfirmed_at)),
        ("most nodes with the new revision", report.most_nodes.to_string()),
        ("nodes with it in the end", counts),
        (
            "somebody else's small request, model",
            format!(
                "{:.1} ms before, p99 {:.1} ms, {} s unanswered",
                report.latency_before, report.latency_p99, report.unanswered
            ),
        ),
        ("requests of the workload", report.workload_requests.to_string()),
        (
            "what the controller signed",
            format!(
                "{} words, {} bytes, the longest {}",
                report.tokens, report.signed_bytes, report.token_bytes
            ),
        ),
        ("status writes to the API server", report.api_writes.to_string()),
    ]
}

/// The highest of each stretch of time.
fn buckets(seconds: &[Second], columns: usize, of: impl Fn(&Second) -> f64) -> Vec<f64> {
    let stretch = seconds.len().div_ceil(columns).max(1);
    seconds.chunks(stretch).map(|chunk| chunk.iter().map(&of).fold(0.0, f64::max)).collect()
}

/// Nothing is a blank, `least` the lowest bar, `most` and more the highest.
fn line(text: &mut String, name: &str, values: &[f64], least: f64, most: f64) {
    let _ = write!(text, "{name:<MARGIN$}");
    for value in values {
        text.push(BARS[height(*value, least, most)]);
    }
    text.push('\n');
}

fn height(value: f64, least: f64, most: f64) -> usize {
    if value <= 0.0 {
        return 0;
    }
    let share = (value / least).ln() / (most / least).ln().max(f64::MIN_POSITIVE);
    1 + (share.clamp(0.0, 1.0) * 7.0).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars() {
        let check =
            |value: f64, expected: usize| assert_eq!(height(value, 1.0, 5_000.0), expected, "{value}");
        check(0.0, 0);
        check(1.0, 1);
        check(70.0, 4);
        check(5_000.0, 8);
        check(f64::INFINITY, 8);
    }

    #[test]
    fn an_empty_report_is_a_picture_too() {
        assert!(picture(&Report::default(), 0).contains("ended as"));
    }
}

//! The agent's own metrics, at the end of the page.

use std::fmt::Write as _;

use node_probe::pods::Source;
use prometheus_client::encoding::text;

use crate::metrics::{SourceLabel, SourceName};
use crate::scrape::Scrapes;

/// Brings the gauges up to date and appends everything in text format 0.0.4.
pub(crate) fn write(scrapes: &Scrapes, out: &mut Vec<u8>) {
    update(scrapes);
    let mut encoded = String::new();
    if text::encode(&mut encoded, &scrapes.registry).is_ok() {
        as_text(&encoded, out);
    }
}

fn update(scrapes: &Scrapes) {
    let metrics = &scrapes.metrics;
    metrics.pods.set(i64::try_from(scrapes.pods.len()).unwrap_or(i64::MAX));
    let state = scrapes.pods.source();
    for source in Source::ALL {
        let in_use = state.source == Some(source);
        metrics
            .source_in_use
            .get_or_create(&SourceLabel { source: SourceName(source) })
            .set(i64::from(in_use));
    }
    // Infinitely old: nothing has ever been said.
    metrics.source_age_seconds.set(state.age.map_or(f64::INFINITY, |age| age.as_secs_f64()));
    let stuck = scrapes.filesystems.stuck(scrapes.clock.monotonic());
    metrics.filesystems_stuck.set(i64::try_from(stuck).unwrap_or(i64::MAX));
}

/// OpenMetrics names a counter's family without `_total`, text format with it; text has no `# EOF` and no `# UNIT`.
fn as_text(encoded: &str, out: &mut Vec<u8>) {
    let mut lines = encoded.lines().peekable();
    let mut line_out = String::new();
    while let Some(line) = lines.next() {
        line_out.clear();
        let counter = |next: Option<&&str>| {
            next.is_some_and(|next| next.starts_with("# TYPE") && next.ends_with(" counter"))
        };
        let rest = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE "));
        match rest.and_then(|rest| rest.split_once(' ')) {
            Some((name, text)) => {
                let is_counter =
                    counter(Some(&line)) || (line.starts_with("# HELP") && counter(lines.peek()));
                let suffix = if is_counter { "_total" } else { "" };
                let _ = writeln!(
                    line_out,
                    "{}{name}{suffix} {}",
                    &line[..7],
                    if text == "unknown" { "untyped" } else { text }
                );
            }
            None if line.starts_with('#') => continue,
            // The library writes infinity as Rust does.
            None => match line.strip_suffix(" inf") {
                Some(sample) => drop(writeln!(line_out, "{sample} +Inf")),
                None => drop(writeln!(line_out, "{line}")),
            },
        }
        out.extend_from_slice(line_out.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openmetrics_becomes_text() {
        let check = |input: &str, expected: &str| {
            let mut out = Vec::new();
            as_text(input, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        };
        check("# EOF\n", "");
        check(
            "# HELP a_b Counts.\n# TYPE a_b counter\na_b_total 1\n# EOF\n",
            "# HELP a_b_total Counts.\n# TYPE a_b_total counter\na_b_total 1\n",
        );
        check(
            "# HELP g G.\n# TYPE g gauge\n# UNIT g s\ng{x=\"1\"} 2\n",
            "# HELP g G.\n# TYPE g gauge\ng{x=\"1\"} 2\n",
        );
    }
}

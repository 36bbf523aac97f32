//! One number from a page of metrics, without a Prometheus between: the hub's own attribution, for one.

use std::time::Duration;

use bytes::Bytes;
use exposition::{Format, Limits, Line, Lines, Sample as Found};

use telemetry_export::{FetchError, fetch};

use crate::spec::Page;

/// A hub of 100,000 pods has a telemetry page of less than 1 MiB; nobody asks a page of state.
const BODY_BYTES_MAX: usize = 8 << 20;

/// The sum of the series that have the name and at least the labels.
///
/// # Errors
/// A sentence: nobody answers, no page, no such series (and no `absent`).
pub(crate) async fn ask(page: &Page, wall: Duration) -> Result<rollout_plan::Sample, String> {
    let rest = page.url.trim_start_matches("http://");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let body = get(host, &format!("/{path}"), BODY_BYTES_MAX).await?;
    let value = sum(&String::from_utf8_lossy(&body), page)?;
    Ok(rollout_plan::Sample { at: wall, value })
}

/// A body, or a sentence with the server's own words.
pub(crate) async fn get(address: &str, path: &str, bytes_max: usize) -> Result<Bytes, String> {
    let host = address.trim_start_matches("http://").trim_end_matches('/');
    fetch(host, path, bytes_max).await.map_err(|error| match error {
        FetchError::Refused { status, body } => {
            format!("status {status}: {}", String::from_utf8_lossy(&body))
        }
        other => other.to_string(),
    })
}

/// Whether it can be looked for.
pub(crate) fn check(series: &str) -> Result<(), String> {
    with_selector(series, |_| ()).map(drop)
}

fn sum(text: &str, page: &Page) -> Result<f64, String> {
    let found = with_selector(&page.series, |wanted| {
        let mut found: Option<f64> = None;
        for line in Lines::new(text, Format::Text, Limits::default()) {
            let Line::Sample(sample) = line.map_err(|error| format!("no page of metrics: {error}"))? else {
                continue;
            };
            if sample.name == wanted.name && wanted.labels.iter().all(|label| sample.labels.contains(label)) {
                *found.get_or_insert(0.0) += sample.value;
            }
        }
        Ok::<_, String>(found)
    })??;
    found.or(page.absent).ok_or_else(|| format!("the page has no {}", page.series))
}

/// `name{label="value"}` is read as a line of a page.
fn with_selector<T>(series: &str, use_it: impl FnOnce(&Found<'_>) -> T) -> Result<T, String> {
    let line = format!("{series} 0\n");
    match Lines::new(&line, Format::Text, Limits::default()).next() {
        Some(Ok(Line::Sample(wanted))) => Ok(use_it(&wanted)),
        _ => Err(format!("{series:?} is no series: write name or name{{label=\"value\"}}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series() {
        let text = "# TYPE a gauge\na{x=\"1\",y=\"2\"} 3\na{x=\"2\"} 4\nb 5\n";
        let check = |series: &str, absent: Option<f64>, expected: Result<f64, &str>| {
            let page = Page { url: String::new(), series: series.to_owned(), absent };
            match (sum(text, &page), expected) {
                (Ok(value), Ok(expected)) => assert!((value - expected).abs() < 1e-9, "{series}: {value}"),
                (Err(said), Err(expected)) => assert!(said.contains(expected), "{series}: {said}"),
                (got, _) => panic!("{series}: {got:?}"),
            }
        };
        check("a", None, Ok(7.0));
        check("a{x=\"1\"}", None, Ok(3.0));
        check("a{x=\"1\",y=\"3\"}", None, Err("the page has no a{x="));
        check("b", None, Ok(5.0));
        check("c", Some(0.0), Ok(0.0));
        check("c", None, Err("the page has no c"));
        check("a{", None, Err("is no series"));
        check("# HELP a b", None, Err("is no series"));
    }
}

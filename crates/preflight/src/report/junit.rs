//! The forecast as a test suite.

use api_cost::Verdict;

use super::{Report, figures};

/// As JUnit XML: one test for the load line, one for each mode, one for each written limit.
#[must_use]
pub fn junit(report: &Report<'_>) -> String {
    let forecast = report.forecast;
    let mut cases = Vec::new();
    let whole = match forecast.verdict {
        Verdict::Below => String::new(),
        Verdict::Over | Verdict::Near => failure(&report.headline()),
        Verdict::Incomplete => format!("<skipped message=\"{}\"/>", escape(&report.headline())),
    };
    let failed_whole = matches!(forecast.verdict, Verdict::Over | Verdict::Near);
    cases.push((format!("load line at {} nodes", figures::nodes(forecast.nodes)), whole, failed_whole));
    for mode in &forecast.load_line.modes {
        let failed = forecast.nodes > mode.nodes.p90;
        let sentence = format!(
            "{} breaks at {} nodes ({})",
            mode.binding.title(),
            figures::nodes(mode.nodes.p50),
            mode.mode.title()
        );
        cases.push((
            mode.mode.title().to_owned(),
            if failed { failure(&sentence) } else { String::new() },
            failed,
        ));
    }
    for kept in report.budget {
        let sentence = format!(
            "{}: {} is forecast, {} is allowed",
            kept.limit,
            figures::number(kept.actual),
            figures::number(kept.allowed)
        );
        cases.push((
            format!("budget {}", kept.limit),
            if kept.holds { String::new() } else { failure(&sentence) },
            !kept.holds,
        ));
    }
    let failures = cases.iter().filter(|(_, _, failed)| *failed).count();
    let skipped = usize::from(forecast.verdict == Verdict::Incomplete);
    let name = escape(report.name());
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"plimsoll preflight: {name}\" tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">\n",
        cases.len()
    );
    for (case, body, _) in cases {
        xml.push_str(&format!(
            "    <testcase classname=\"{name}\" name=\"{}\">{body}</testcase>\n",
            escape(&case)
        ));
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn failure(sentence: &str) -> String {
    format!("<failure message=\"{}\"/>", escape(sentence))
}

/// For XML and HTML alike; control characters, which XML has no form for, become spaces.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

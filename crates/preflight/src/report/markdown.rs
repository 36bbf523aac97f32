//! The forecast for a pull request.

use super::{Report, figures};

/// As Markdown: the verdict and the reason in sight, the rest folded.
#[must_use]
pub fn markdown(report: &Report<'_>) -> String {
    let forecast = report.forecast;
    let mut out = format!("### {}\n\n", escape(&report.headline()));
    out.push_str("| mode | p10 | p50 | p90 | first to break |\n| --- | ---: | ---: | ---: | --- |\n");
    for mode in &forecast.load_line.modes {
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} |\n",
            mode.mode.title(),
            figures::nodes(mode.nodes.p10),
            figures::nodes(mode.nodes.p50),
            figures::nodes(mode.nodes.p90),
            mode.binding.title()
        ));
    }
    out.push_str(&format!(
        "\nCores(N) = {}, to the power of {:.2}.\n",
        forecast.cost.formula, forecast.cost.exponent
    ));
    if !report.budget.is_empty() {
        out.push_str("\n| written limit | allowed | forecast | |\n| --- | ---: | ---: | --- |\n");
    }
    for kept in report.budget {
        let word = if kept.holds { "holds" } else { "**broken**" };
        out.push_str(&format!(
            "| {} | {} | {} | {word} |\n",
            kept.limit,
            figures::number(kept.allowed),
            figures::number(kept.actual)
        ));
    }
    if !forecast.advice.is_empty() {
        out.push_str("\n| what to change | CPU | load line |\n| --- | ---: | ---: |\n");
    }
    for advice in &forecast.advice {
        let factor = advice.peak_factor.map_or_else(
            || format!("{} times", figures::factor(advice.cpu_factor)),
            |peak| format!("peak {} times", figures::factor(peak)),
        );
        out.push_str(&format!(
            "| {} | {factor} | {} |\n",
            escape(advice.what),
            figures::nodes(advice.load_line)
        ));
    }
    out.push_str("\n<details><summary>One request of each class</summary>\n\n");
    out.push_str("| class | API server CPU | answer | scanned | returned | seats |\n| --- | ---: | ---: | ---: | ---: | ---: |\n");
    for request in &forecast.requests {
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            escape(&request.id),
            figures::cpu(request.work.apiserver_cpu_seconds),
            figures::bytes(request.work.response_bytes),
            figures::number(request.work.objects_scanned),
            figures::number(request.work.objects_returned),
            request.seats.map_or("-".to_owned(), |seats| seats.to_string())
        ));
    }
    out.push_str("\n</details>\n");
    for (title, sentences) in [("Assumed", &forecast.assumptions), ("Not known", &forecast.unknown)] {
        if sentences.is_empty() {
            continue;
        }
        out.push_str(&format!("\n<details><summary>{title}</summary>\n\n"));
        for sentence in sentences {
            out.push_str(&format!("- {}\n", escape(sentence)));
        }
        out.push_str("\n</details>\n");
    }
    out
}

/// Names come from files that others wrote: no markup, no table cells, no line of their own.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' => {
                escaped.push('\\');
                escaped.push(letter);
            }
            letter if letter.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

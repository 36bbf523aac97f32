//! The forecast as one page: nothing is loaded from anywhere.

use api_cost::{Met, ModeQueues, ModeStrains, Verdict};

use super::junit::escape;
use super::{Report, figures, plot};

const STYLE: &str = ":root{color-scheme:light dark;--ink:#1c2733;--paper:#fbfcfd;--soft:#5b6b7b;--line:#d6dde4;--load:#0b62b8;--bad:#b3261e;--good:#1f7a3a;--warn:#8a5a00;--band:#0b62b822}\
@media(prefers-color-scheme:dark){:root{--ink:#e4eaf0;--paper:#12181f;--soft:#9aabbb;--line:#2b3641;--load:#6cb2ff;--bad:#ff8a80;--good:#7bd88f;--warn:#ffc24d;--band:#6cb2ff26}}\
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.35rem;line-height:1.3}h2{font-size:1.05rem;margin-top:2rem}.over{color:var(--bad)}.below{color:var(--good)}.near,.incomplete{color:var(--warn)}\
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}th,td{padding:.3rem .5rem;border-bottom:1px solid var(--line);text-align:right}\
th:first-child,td:first-child,td.words,th.words{text-align:left}.wide{overflow-x:auto}th{color:var(--soft);font-weight:600}\
svg{width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:var(--soft)}svg .strong{fill:var(--bad)}.grid{stroke:var(--line)}.band{fill:var(--band)}\
.limit{stroke:var(--bad);stroke-width:1.5}.target{stroke:var(--ink);stroke-dasharray:4 3}.load{fill:none;stroke:var(--load);stroke-width:2.5}.base{fill:none;stroke:var(--soft);stroke-width:1.5;stroke-dasharray:2 3}\
td.broken{color:var(--bad);font-weight:700}p.key{color:var(--soft);font-size:.85rem}";

/// As one HTML file.
#[must_use]
pub fn html(report: &Report<'_>) -> String {
    let headline = escape(&report.headline());
    let class = match report.forecast.verdict {
        Verdict::Below => "below",
        Verdict::Over => "over",
        Verdict::Near => "near",
        Verdict::Incomplete => "incomplete",
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{headline}</title><style>{STYLE}</style></head><body>\n<h1 class=\"{class}\">{headline}</h1>\n"
    );
    page.push_str(&plot::load(report));
    page.push_str("<p class=\"key\">CPU of all API servers in cores, both axes logarithmic. Solid: with the workload; dotted: the cluster without it; the band is the load line from p10 to p90; the dashed bar is the number of nodes that was asked for.</p>\n");
    modes(report, &mut page);
    limits(report, &mut page);
    queues(report, &mut page);
    requests(report, &mut page);
    advice(report, &mut page);
    let cost = &report.forecast.cost;
    page.push_str(&format!(
        "<h2>As a formula</h2><p>cores(N) = {}; it grows with N to the power of {:.2}.</p>\n",
        escape(&cost.formula.to_string()),
        cost.exponent
    ));
    for (title, sentences) in
        [("Assumed", &report.forecast.assumptions), ("Not known", &report.forecast.unknown)]
    {
        if sentences.is_empty() {
            continue;
        }
        page.push_str(&format!("<h2>{title}</h2><ul>"));
        for sentence in sentences {
            page.push_str(&format!("<li>{}</li>", escape(sentence)));
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</body></html>\n");
    page
}

fn table(title: &str, heads: &[&str], rows: &[Vec<String>], page: &mut String) {
    page.push_str(&format!("<h2>{title}</h2><div class=\"wide\"><table><thead><tr>"));
    for head in heads {
        page.push_str(&format!("<th scope=\"col\">{head}</th>"));
    }
    page.push_str("</tr></thead><tbody>\n");
    for row in rows {
        page.push_str("<tr>");
        for cell in row {
            page.push_str(cell);
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table></div>\n");
}

fn cell(text: &str) -> String {
    format!("<td>{}</td>", escape(text))
}

fn words(text: &str) -> String {
    format!("<td class=\"words\">{}</td>", escape(text))
}

fn modes(report: &Report<'_>, page: &mut String) {
    let rows: Vec<Vec<String>> = report
        .forecast
        .load_line
        .modes
        .iter()
        .map(|mode| {
            let nodes =
                [mode.nodes.p10, mode.nodes.p50, mode.nodes.p90].map(|nodes| cell(&figures::nodes(nodes)));
            [vec![cell(mode.mode.title())], nodes.to_vec(), vec![words(mode.binding.title())]].concat()
        })
        .collect();
    table("Load line by mode", &["mode", "p10", "p50", "p90", "first to break"], &rows, page);
}

/// Every limit in every mode: the numbers are the parts that are used.
fn limits(report: &Report<'_>, page: &mut String) {
    let Some(first) = report.forecast.at_nodes.first() else { return };
    let mut heads = vec!["mode"];
    heads.extend(first.strains.iter().map(|strain| strain.constraint.title()));
    let row = |mode: &ModeStrains| {
        let mut row = vec![cell(mode.mode.title())];
        row.extend(mode.strains.iter().map(|strain| {
            let class = if strain.part() > 1.0 { " class=\"broken\"" } else { "" };
            format!("<td{class}>{}</td>", escape(&figures::percent(strain.part())))
        }));
        row
    };
    let rows: Vec<Vec<String>> = report.forecast.at_nodes.iter().map(row).collect();
    let title = format!("Used of each limit at {} nodes", figures::nodes(report.forecast.nodes));
    table(&title, &heads, &rows, page);
}

/// What APF does to each kind of request.
fn queues(report: &Report<'_>, page: &mut String) {
    let heads = ["mode", "requests", "level", "queued, p99", "answered, p99", "refused", "Retry-After"];
    let row = |mode: &ModeQueues, met: &Met| {
        vec![
            cell(mode.mode.title()),
            cell(&met.who),
            cell(met.level),
            cell(&figures::cpu(met.wait.queued_seconds_p99)),
            cell(&figures::cpu(met.wait.answered_seconds_p99)),
            cell(&figures::percent(met.wait.rejected())),
            cell(&format!("{} s", met.wait.retry_after_seconds)),
        ]
    };
    let modes = report.forecast.queues.iter();
    let rows: Vec<Vec<String>> =
        modes.flat_map(|mode| mode.met.iter().map(move |met| row(mode, met))).collect();
    let title =
        format!("Priority and fairness at {} nodes, simulated", figures::nodes(report.forecast.nodes));
    table(&title, &heads, &rows, page);
}

fn requests(report: &Report<'_>, page: &mut String) {
    let heads = ["class", "API server CPU", "etcd CPU", "answer", "scanned", "returned", "seats", "a second"];
    let rows: Vec<Vec<String>> = report
        .forecast
        .requests
        .iter()
        .map(|request| {
            let work = &request.work;
            vec![
                cell(&request.id),
                cell(&figures::cpu(work.apiserver_cpu_seconds)),
                cell(&figures::cpu(work.etcd_cpu_seconds)),
                cell(&figures::bytes(work.response_bytes)),
                cell(&figures::number(work.objects_scanned)),
                cell(&figures::number(work.objects_returned)),
                cell(&request.seats.map_or("-".to_owned(), |seats| seats.to_string())),
                cell(&figures::number(request.per_second)),
            ]
        })
        .collect();
    table("One request of each class", &heads, &rows, page);
}

fn advice(report: &Report<'_>, page: &mut String) {
    let rows: Vec<Vec<String>> = report
        .forecast
        .advice
        .iter()
        .map(|advice| {
            let factor = advice.peak_factor.map_or_else(
                || format!("{} times", figures::factor(advice.cpu_factor)),
                |peak| format!("peak {} times", figures::factor(peak)),
            );
            vec![cell(advice.what), cell(&factor), cell(&figures::nodes(advice.load_line))]
        })
        .collect();
    if !rows.is_empty() {
        table("What to change, and what it is worth", &["change", "CPU", "load line"], &rows, page);
    }
}

//! How a forecast is shown. Everything here is text made of values: no file, no terminal.

mod chart;
mod figures;
mod html;
mod json;
mod junit;
mod markdown;
mod plot;
#[cfg(test)]
mod tests;
mod text;

use api_cost::{Cluster, CurvePoint, Forecast, Kept, Verdict};
use workload_profile::Profile;

pub use chart::Glyphs;
pub use html::html;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use text::text;

/// A forecast and what it is about.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The workload.
    pub profile: &'a Profile,
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The answer.
    pub forecast: &'a Forecast,
    /// Load over nodes.
    pub curve: &'a [CurvePoint],
    /// Written limits and whether they hold.
    pub budget: &'a [Kept],
}

impl Report<'_> {
    /// What the workload is called.
    #[must_use]
    pub fn name(&self) -> &str {
        let workload = &self.profile.workload;
        let named = [&workload.name, &workload.service_account, &workload.user, &workload.user_agent];
        named.into_iter().find_map(|name| name.as_deref()).unwrap_or("workload")
    }

    /// The sentence that says it all: for a log, a test's failure, a title.
    #[must_use]
    pub fn headline(&self) -> String {
        let line = &self.forecast.load_line;
        let word = match self.forecast.verdict {
            Verdict::Below => "PASS",
            Verdict::Over => "FAIL",
            Verdict::Near => "WARN",
            Verdict::Incomplete => "INCOMPLETE",
        };
        let nodes = figures::nodes;
        let sign = match self.forecast.verdict {
            _ if line.nodes.p90 < self.forecast.nodes => "<",
            _ if line.nodes.p10 >= self.forecast.nodes => "\u{2265}",
            _ => "around",
        };
        let more = if line.unbounded { "more than " } else { "" };
        let broken: Vec<&str> =
            self.budget.iter().filter(|kept| !kept.holds).map(|kept| kept.limit).collect();
        let budget = match broken.is_empty() {
            true => String::new(),
            false => format!(" | over the written budget: {}", broken.join(", ")),
        };
        format!(
            "{word} {}: load line {more}{} nodes (p10 {} \u{2013} p90 {}) {sign} {} asked for | binding: {} ({}){budget}",
            self.name(),
            nodes(line.nodes.p50),
            nodes(line.nodes.p10),
            nodes(line.nodes.p90),
            nodes(self.forecast.nodes),
            line.binding.title(),
            line.mode.title(),
        )
    }
}

//! Pictures in SVG.

use super::junit::escape;
use super::{Report, figures};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 45.0;

/// A logarithmic axis.
struct Axis {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
}

impl Axis {
    fn at(&self, value: f64) -> f64 {
        let part = (value.max(self.from) / self.from).ln() / (self.to / self.from).ln().max(1e-9);
        self.start + (self.end - self.start) * part.clamp(0.0, 1.0)
    }

    fn powers(&self) -> Vec<f64> {
        let mut power = 10_f64.powf(self.from.log10().ceil());
        let mut found = Vec::new();
        while power <= self.to {
            found.push(power);
            power *= 10.0;
        }
        found
    }
}

/// CPU over nodes: the load, all there is, the band of the load line, the number that was asked for.
pub(crate) fn load(report: &Report<'_>) -> String {
    let (Some(first), Some(last)) = (report.curve.first(), report.curve.last()) else { return String::new() };
    let servers = &report.cluster.apiservers;
    let all = f64::from(servers.count) * servers.cores;
    let total = |point: &api_cost::CurvePoint| point.workload_cores + point.base_cores;
    let highest = report.curve.iter().map(total).fold(all, f64::max);
    let lowest = total(first).max(highest / 1e6);
    let nodes = Axis { from: first.nodes, to: last.nodes, start: LEFT, end: WIDTH - RIGHT };
    let cores = Axis { from: lowest, to: highest, start: HEIGHT - BOTTOM, end: TOP };
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"load-title load-desc\"><title id=\"load-title\">CPU of the API servers over the number of nodes</title><desc id=\"load-desc\">{}</desc>\n",
        escape(&report.headline())
    );
    let line = &report.forecast.load_line.nodes;
    let (from, to) = (nodes.at(line.p10), nodes.at(line.p90));
    svg.push_str(&format!(
        "<rect class=\"band\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{:.1}\"/>\n",
        (to - from).max(1.0),
        HEIGHT - TOP - BOTTOM
    ));
    for power in nodes.powers() {
        let x = nodes.at(power);
        svg.push_str(&format!("<line class=\"grid\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{:.1}\"/><text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n", HEIGHT - BOTTOM, HEIGHT - BOTTOM + 18.0, figures::nodes(power)));
    }
    for power in cores.powers() {
        let y = cores.at(power);
        svg.push_str(&format!("<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n", WIDTH - RIGHT, LEFT - 8.0, y + 4.0, escape(&figures::cores(power))));
    }
    let (y, x) = (cores.at(all), nodes.at(report.forecast.nodes));
    svg.push_str(&format!("<line class=\"limit\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\"/><text class=\"strong\" x=\"{:.1}\" y=\"{:.1}\">all {} cores</text>\n", WIDTH - RIGHT, LEFT + 6.0, y + 16.0, escape(&figures::cores(all))));
    svg.push_str(&format!(
        "<line class=\"target\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{:.1}\"/>\n",
        HEIGHT - BOTTOM
    ));
    for (class, value) in [("base", base as fn(&api_cost::CurvePoint) -> f64), ("load", whole)] {
        let points: Vec<String> = report
            .curve
            .iter()
            .map(|point| format!("{:.1},{:.1}", nodes.at(point.nodes), cores.at(value(point))))
            .collect();
        svg.push_str(&format!("<polyline class=\"{class}\" points=\"{}\"/>\n", points.join(" ")));
    }
    svg.push_str(&format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">nodes</text></svg>\n",
        WIDTH / 2.0,
        HEIGHT - 6.0
    ));
    svg
}

fn base(point: &api_cost::CurvePoint) -> f64 {
    point.base_cores
}

fn whole(point: &api_cost::CurvePoint) -> f64 {
    point.base_cores + point.workload_cores
}

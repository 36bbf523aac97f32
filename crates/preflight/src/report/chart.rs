//! CPU over the number of nodes, in characters, on logarithmic axes.

use super::{Report, figures};

/// Rows of the picture, without its axis.
const ROWS: usize = 11;
/// Characters of the labels on the left.
const MARGIN: usize = 8;
/// Narrower than this no picture can be read.
pub(crate) const COLUMNS_MIN: usize = 24;

/// The characters to draw with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// For terminals that show UTF-8.
    Unicode,
    /// For the others.
    Ascii,
}

struct Marks {
    load: char,
    limit: char,
    band: char,
    target: char,
    left: char,
    corner: char,
    bottom: char,
}

impl Glyphs {
    fn marks(self) -> Marks {
        match self {
            Self::Unicode => Marks {
                load: '\u{25cf}',
                limit: '\u{2500}',
                band: '\u{2591}',
                target: '\u{2502}',
                left: '\u{2502}',
                corner: '\u{2514}',
                bottom: '\u{2500}',
            },
            Self::Ascii => {
                Marks { load: '*', limit: '-', band: ':', target: '|', left: '|', corner: '+', bottom: '-' }
            }
        }
    }
}

/// The picture, `width` characters wide.
pub(crate) fn chart(report: &Report<'_>, width: usize, glyphs: Glyphs) -> String {
    let columns = width.saturating_sub(MARGIN + 1).max(COLUMNS_MIN);
    let marks = glyphs.marks();
    let (Some(first), Some(last)) = (report.curve.first(), report.curve.last()) else { return String::new() };
    let servers = &report.cluster.apiservers;
    let all = f64::from(servers.count) * servers.cores;
    let load = |column: usize| cores_at(report, ratio(column, columns - 1));
    let highest = load(columns - 1).max(all);
    let lowest = load(0).max(highest / 1e6);
    let row_of = |cores: f64| {
        let part = (cores.max(lowest) / lowest).ln() / (highest / lowest).ln().max(1e-9);
        ROWS - 1 - index(part * f64_of(ROWS - 1), ROWS - 1)
    };
    let column_of = |nodes: f64| {
        let part = (nodes / first.nodes).ln() / (last.nodes / first.nodes).ln();
        index(part.clamp(0.0, 1.0) * f64_of(columns - 1), columns - 1)
    };
    let mut grid = vec![vec![' '; columns]; ROWS];
    let line = &report.forecast.load_line.nodes;
    let (band_from, band_to) = (column_of(line.p10), column_of(line.p90));
    let limit_row = row_of(all);
    let target = column_of(report.forecast.nodes);
    for (row, cells) in grid.iter_mut().enumerate() {
        for (column, cell) in cells.iter_mut().enumerate() {
            *cell = match () {
                () if row == row_of(load(column)) => marks.load,
                () if row == limit_row => marks.limit,
                () if column == target => marks.target,
                () if (band_from..=band_to).contains(&column) => marks.band,
                () => ' ',
            };
        }
    }
    let mut text = String::new();
    for (row, cells) in grid.iter().enumerate() {
        let label = match row {
            row if row == limit_row => figures::cores(all),
            0 => figures::cores(highest),
            row if row == ROWS - 1 => figures::cores(lowest),
            _ => String::new(),
        };
        let cells: String = cells.iter().collect();
        text.push_str(&format!("{label:>MARGIN$}{}{}\n", marks.left, cells.trim_end()));
    }
    let bottom: String = std::iter::repeat_n(marks.bottom, columns).collect();
    text.push_str(&format!("{:>MARGIN$}{}{bottom}\n", "", marks.corner));
    text.push_str(&axis(first.nodes, last.nodes, columns, &column_of));
    text
}

/// Powers of ten below the axis.
fn axis(from: f64, to: f64, columns: usize, column_of: &impl Fn(f64) -> usize) -> String {
    let mut labels: Vec<char> = vec![' '; columns + MARGIN + 8];
    let mut free = 0;
    let mut nodes = 1.0;
    while nodes <= to {
        if nodes >= from {
            let text = figures::nodes(nodes);
            let at = MARGIN + 1 + column_of(nodes);
            if at >= free && at + text.len() <= labels.len() {
                for (place, letter) in labels.iter_mut().skip(at).zip(text.chars()) {
                    *place = letter;
                }
                free = at + text.len() + 1;
            }
        }
        nodes *= 10.0;
    }
    let labels: String = labels.into_iter().collect();
    format!("{} nodes\n", labels.trim_end())
}

/// All cores at a place of the axis, 0 to 1: between the points of the curve along the logarithm.
fn cores_at(report: &Report<'_>, part: f64) -> f64 {
    let last = report.curve.len().saturating_sub(1);
    let place = part * f64_of(last);
    let low = index(place.floor(), last);
    let high = (low + 1).min(last);
    let total = |at: usize| {
        report.curve.get(at).map_or(0.0, |point| point.workload_cores + point.base_cores).max(1e-12)
    };
    let between = place - f64_of(low);
    (total(low).ln() * (1.0 - between) + total(high).ln() * between).exp()
}

fn ratio(part: usize, whole: usize) -> f64 {
    f64_of(part) / f64_of(whole.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "columns and rows")]
fn f64_of(number: usize) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "held between 0 and the last one"
)]
fn index(place: f64, last: usize) -> usize {
    (place.round().max(0.0) as usize).min(last)
}

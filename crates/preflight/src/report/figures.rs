//! Numbers for people: two or three digits and a unit.

/// `4.1 s`, `3.2 ms`, `640 µs`.
pub(crate) fn cpu(seconds: f64) -> String {
    scaled(seconds, &[(1.0, " s"), (1e-3, " ms"), (1e-6, " \u{b5}s"), (1e-9, " ns")])
}

/// `250 MB`, `8.4 KB`.
pub(crate) fn bytes(bytes: f64) -> String {
    scaled(bytes, &[(1e12, " TB"), (1e9, " GB"), (1e6, " MB"), (1e3, " KB"), (1.0, " B")])
}

/// `710`, `27,400`, `1,000,000`.
pub(crate) fn nodes(nodes: f64) -> String {
    let rounded = significant(nodes, 3).round();
    let digits = format!("{rounded:.0}");
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1.2k`, `30`, `0.13`.
pub(crate) fn number(number: f64) -> String {
    scaled(number, &[(1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "\u{b5}")])
}

/// `0.14`, `2.9`, `1,440`: cores.
pub(crate) fn cores(cores: f64) -> String {
    match cores {
        cores if cores >= 100.0 => nodes(cores),
        cores if cores >= 0.001 => plain(significant(cores, 2)),
        cores if cores <= 0.0 => "0".to_owned(),
        _ => "< 0.001".to_owned(),
    }
}

/// `12 %`, `0.3 %`, `140 %`.
pub(crate) fn percent(part: f64) -> String {
    match part * 100.0 {
        percent if percent >= 1e5 => "> 99,999 %".to_owned(),
        percent if percent >= 10.0 => format!("{} %", nodes(percent)),
        percent if percent < 0.01 => "< 0.01 %".to_owned(),
        percent => format!("{} %", plain(significant(percent, 2))),
    }
}

/// `0.39`, `0.0012`: a factor.
pub(crate) fn factor(factor: f64) -> String {
    if factor <= 0.0 { "0".to_owned() } else { plain(significant(factor, 2)) }
}

fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    let Some((size, unit)) = units.iter().find(|(size, _)| value >= *size).or(units.last()) else {
        return String::new();
    };
    if value <= 0.0 {
        let unit =
            units.iter().find(|(size, _)| (*size - 1.0).abs() < f64::EPSILON).map_or("", |(_, unit)| *unit);
        return format!("0{unit}");
    }
    format!("{}{unit}", plain(significant(value / size, 3)))
}

fn significant(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    #[expect(clippy::cast_possible_truncation, reason = "an exponent of ten")]
    let exponent = value.abs().log10().floor() as i32;
    let scale = 10_f64.powi(digits - 1 - exponent);
    (value * scale).round() / scale
}

/// Without trailing zeros, and without an exponent.
fn plain(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

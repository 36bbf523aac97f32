//! Texts in cells: ages, lists, selectors, `<none>`.

use jiff::Timestamp;
use serde_json::Value;

pub(crate) const NONE: &str = "<none>";

/// "3d4h": the age of something that began at this RFC 3339 time; `<unknown>` where there is none.
pub(crate) fn age(since: &Value, now: Timestamp) -> String {
    match since.as_str().and_then(|text| text.parse::<Timestamp>().ok()) {
        Some(since) => duration(now.as_second() - since.as_second()),
        None => "<unknown>".to_owned(),
    }
}

/// Two units where the first is small, as kubectl has it.
pub(crate) fn duration(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let two = |large: i64, unit: &str, small: i64, small_unit: &str| match seconds % large / small {
        0 => format!("{}{unit}", seconds / large),
        rest => format!("{}{unit}{rest}{small_unit}", seconds / large),
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1..0 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(MINUTE, "m", 1, "s"),
        600..10_800 => format!("{}m", seconds / MINUTE),
        10_800..28_800 => two(HOUR, "h", MINUTE, "m"),
        28_800..172_800 => format!("{}h", seconds / HOUR),
        172_800..691_200 => two(DAY, "d", HOUR, "h"),
        691_200..63_072_000 => format!("{}d", seconds / DAY),
        63_072_000..252_288_000 => two(YEAR, "y", DAY, "d"),
        _ => format!("{}y", seconds / YEAR),
    }
}

/// The text, or `<none>`.
pub(crate) fn or_none(value: &Value) -> String {
    match value.as_str() {
        Some(text) if !text.is_empty() => text.to_owned(),
        _ => NONE.to_owned(),
    }
}

/// A number that is absent is 0.
pub(crate) fn count(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

/// Elements of a list; nothing where there is none.
pub(crate) fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Names of all elements, or another field of theirs: "a,b".
pub(crate) fn joined(list: &Value, field: &str) -> String {
    each(list).filter_map(|one| one[field].as_str()).collect::<Vec<_>>().join(",")
}

/// `{"a": "b"}` as "a=b"; `<none>` where it is empty.
pub(crate) fn pairs(map: &Value) -> String {
    let pairs = map.as_object().into_iter().flatten();
    let text: Vec<String> =
        pairs.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    if text.is_empty() { NONE.to_owned() } else { text.join(",") }
}

/// A `metav1.LabelSelector`, as far as it says `matchLabels`.
pub(crate) fn selector(value: &Value) -> String {
    pairs(&value["matchLabels"])
}

/// Whether a condition of this type has this status.
pub(crate) fn condition(object: &Value, kind: &str, status: &str) -> bool {
    each(&object["status"]["conditions"]).any(|one| one["type"] == kind && one["status"] == status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let rows = [
            (-5, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (185, "3m5s"),
            (601, "10m"),
            (10_860, "3h1m"),
            (30_000, "8h"),
            (180_000, "2d2h"),
            (700_000, "8d"),
            (63_072_000 + 86_400, "2y1d"),
            (400_000_000, "12y"),
        ];
        for (seconds, expected) in rows {
            assert_eq!(duration(seconds), expected);
        }
    }
}

//! Lines of the text format (Prometheus exposition format 0.0.4), as far as this API server writes it.

/// Samples of one metric: its labels as they are written, and its value.
pub fn series<'a>(page: &'a str, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
    page.lines()
        .filter_map(sample)
        .filter(move |(found, ..)| *found == name)
        .map(|(_, labels, value)| (labels, value))
}

/// Name, labels and value of a line; `None` of a comment and of what is no sample.
pub(crate) fn sample(line: &str) -> Option<(&str, &str, f64)> {
    if line.starts_with('#') {
        return None;
    }
    let (name, labels, value) = match line.split_once('{') {
        Some((name, rest)) => {
            let (labels, value) = rest.rsplit_once('}')?;
            (name, labels, value)
        }
        None => {
            let (name, value) = line.split_once(' ')?;
            (name, "", value)
        }
    };
    Some((name, labels, value.split_whitespace().next()?.parse().ok()?))
}

/// One label's value; label values of these metrics have no quotes and no commas in them.
#[must_use]
pub fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    labels.split(',').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim() == name).then(|| value.trim_matches('"'))
    })
}

/// Newer servers give group and resource apart, older ones in one.
#[must_use]
pub fn resource(labels: &str) -> Option<String> {
    let resource = label(labels, "resource")?;
    Some(match label(labels, "group") {
        None | Some("") => resource.to_owned(),
        Some(group) => format!("{resource}.{group}"),
    })
}

//! What kube-apiserver's own /metrics says about a cluster.

use std::collections::BTreeMap;

/// Objects by resource (`pods`, `deployments.apps`): `apiserver_resource_objects` (1.34 and newer) or `apiserver_storage_objects`.
#[must_use]
pub fn objects(page: &str) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for name in ["apiserver_storage_objects", "apiserver_resource_objects"] {
        for (labels, value) in series(page, name) {
            let Some(resource) = resource(labels) else { continue };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a number of objects; -1 stands for unknown"
            )]
            if value >= 0.0 {
                found.insert(resource, value as u64);
            }
        }
    }
    found
}

/// Bytes of all objects of a resource in etcd: `apiserver_resource_size_estimate_bytes` (1.34 and newer).
#[must_use]
pub fn stored_bytes(page: &str) -> BTreeMap<String, f64> {
    let sizes = series(page, "apiserver_resource_size_estimate_bytes");
    sizes.filter_map(|(labels, value)| Some((resource(labels)?, value))).collect()
}

/// Samples of one metric: its labels as they are written, and its value.
pub(crate) fn series<'a>(page: &'a str, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
    page.lines().filter_map(move |line| {
        let rest = line.strip_prefix(name)?;
        let (labels, value) = match rest.strip_prefix('{') {
            Some(rest) => rest.rsplit_once('}')?,
            None if rest.starts_with(' ') => ("", rest),
            None => return None,
        };
        Some((labels, value.split_whitespace().next()?.parse().ok()?))
    })
}

/// One label's value; label values of these metrics have no quotes in them.
pub(crate) fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    labels.split(',').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim() == name).then(|| value.trim_matches('"'))
    })
}

/// Newer servers give group and resource apart, older ones in one.
pub(crate) fn resource(labels: &str) -> Option<String> {
    let resource = label(labels, "resource")?;
    Some(match label(labels, "group") {
        None | Some("") => resource.to_owned(),
        Some(group) => format!("{resource}.{group}"),
    })
}

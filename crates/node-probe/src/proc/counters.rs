//! `/proc/vmstat`.

use crate::scan::{pairs, text};

/// The counters of `/proc/vmstat` that node_exporter shows by default: paging, swapping, faults, OOM kills.
pub fn vmstat(bytes: &[u8]) -> impl Iterator<Item = (&str, u64)> {
    pairs(bytes).map(|(name, value)| (text(name), value)).filter(|(name, _)| shown(name))
}

fn shown(name: &str) -> bool {
    let fault = name.strip_prefix("pg").is_some_and(|rest| rest.contains("fault"));
    fault || ["oom_kill", "pgpg", "pswp"].into_iter().any(|prefix| name.starts_with(prefix))
}

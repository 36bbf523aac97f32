//! Layers as Corefiles describe them.

use corefile::{CacheClass, Corefile, ServeStale, Server, Zone};

use crate::chain::{Authority, Cache, Hold, Knowledge};
use crate::span::Span;

/// Which program runs a Corefile: the same words, other defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// CoreDNS and what is built of it, NodeLocal DNSCache.
    CoreDns,
    /// `plimsoll dns`: the cluster's zone does not pass through its cache.
    Plimsoll(Knowledge),
}

/// Why a Corefile describes no layer of this zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not even a block for the root.
    #[error("{file} has no server block for {zone}; is --cluster-domain right?")]
    NoBlock {
        /// The file.
        file: String,
        /// The zone.
        zone: String,
    },
    /// The block is a forwarder's.
    #[error(
        "{place}: this block answers for {zone}, but without `kubernetes` it is no server of that zone; give it as --node-cache"
    )]
    NotAuthoritative {
        /// The block.
        place: String,
        /// The zone.
        zone: String,
    },
    /// The block is the zone's server.
    #[error(
        "{place}: `kubernetes` answers for {zone} here, so this is no cache on the way; give it as --corefile"
    )]
    Authoritative {
        /// The plugin.
        place: String,
        /// The zone.
        zone: String,
    },
}

/// The server of the zone, and its own cache if it has one.
///
/// # Errors
/// When the Corefile is not that of a server of this zone.
pub fn server(
    file: &str,
    corefile: &Corefile,
    zone: &str,
    runs: Runs,
) -> Result<(Authority, Option<Cache>), SettingsError> {
    let block = block(file, corefile, zone)?;
    let kubernetes = block.kubernetes.as_ref().filter(|plugin| holds(&plugin.zones, zone));
    let Some(kubernetes) = kubernetes else {
        return Err(SettingsError::NotAuthoritative {
            place: block.place.to_string(),
            zone: zone.to_owned(),
        });
    };
    let (name, knowledge) = match runs {
        Runs::CoreDns => ("CoreDNS", Knowledge::InMemory),
        Runs::Plimsoll(knowledge) => ("plimsoll dns", knowledge),
    };
    let ttl = u64::from(kubernetes.ttl_seconds);
    let authority = Authority {
        name: name.to_owned(),
        place: kubernetes.place.to_string(),
        ttl_seconds: ttl,
        negative_ttl_seconds: ttl,
        knowledge,
    };
    let cache = if runs == Runs::CoreDns { cache("CoreDNS cache", block, zone) } else { None };
    Ok((authority, cache))
}

/// The cache of a node, which forwards the zone to its server; nothing if it does not cache this zone.
///
/// # Errors
/// When the Corefile has nothing to do with this zone, or serves it.
pub fn node_cache(file: &str, corefile: &Corefile, zone: &str) -> Result<Option<Cache>, SettingsError> {
    let block = block(file, corefile, zone)?;
    match block.kubernetes.as_ref().filter(|plugin| holds(&plugin.zones, zone)) {
        Some(plugin) => {
            Err(SettingsError::Authoritative { place: plugin.place.to_string(), zone: zone.to_owned() })
        }
        None => Ok(cache("node cache", block, zone)),
    }
}

/// The block with the longest zone that holds the name: CoreDNS' rule.
fn block<'a>(file: &str, corefile: &'a Corefile, zone: &str) -> Result<&'a Server, SettingsError> {
    let longest = |server: &&Server| {
        server.keys.iter().filter(|key| holds_one(&key.zone, zone)).map(|key| key.zone.as_str().len()).max()
    };
    let found = corefile.servers.iter().filter(|server| longest(server).is_some()).max_by_key(longest);
    found.ok_or_else(|| SettingsError::NoBlock { file: file.to_owned(), zone: zone.to_owned() })
}

fn cache(name: &str, block: &Server, zone: &str) -> Option<Cache> {
    let settings = block.cache.as_ref().filter(|cache| holds(&cache.zones, zone))?;
    let hold = |class| hold(class, settings.serve_stale, zone);
    Some(Cache {
        name: name.to_owned(),
        place: settings.place.to_string(),
        positive: hold(&settings.success),
        negative: hold(&settings.denial),
    })
}

fn hold(class: &CacheClass, stale: Option<ServeStale>, zone: &str) -> Hold {
    if holds(&class.disabled, zone) {
        return Hold::NOTHING;
    }
    let bounded = Hold::bounded(class.ttl_seconds_min.into(), class.ttl_seconds_max.into());
    match stale {
        None => bounded,
        // CoreDNS' TTL on stale answers is 0 when nothing is written.
        Some(stale) => Hold {
            stale: Span::Seconds(stale.longest.as_secs()),
            stale_ttl_seconds: stale.ttl_seconds.unwrap_or_default().into(),
            ..bounded
        },
    }
}

fn holds(zones: &[Zone], name: &str) -> bool {
    zones.iter().any(|zone| holds_one(zone, name))
}

fn holds_one(zone: &Zone, name: &str) -> bool {
    zone.holds(&format!("{}.", name.trim_end_matches('.').to_ascii_lowercase()))
}

#[cfg(test)]
mod tests;

//! A Corefile as settings.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use corefile::{Bind, Corefile, Endpoint, Fallthrough, Kubernetes, Place, PodRecords, Server, Zone};
use dns_message::Name;
use service_names::EmptyServices;

use super::{Config, Dnstap};
use crate::forward::{Settings, SettingsError};
use crate::reload::Every;

/// Why a Corefile cannot be served: one sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Two different `kubernetes`.
    #[error(
        "{0}: `kubernetes` stands in two blocks; one zone can be served: keep one of them, with all its zones"
    )]
    TwoZones(Place),
    /// A zone that is none.
    #[error("{0}: {1} is no name of a zone: name it as in `cluster.local`")]
    Name(Place, String),
    /// An interface that cannot be listened on by name.
    #[error("{0}: `bind {1}` names an interface; name its address, or say where to listen with --listen")]
    Interface(Place, String),
    /// A host that is no address.
    #[error("{0}: {1} is no address to listen on; write one, or say where with --metrics-listen")]
    Host(Place, String),
    /// Files that `forward` names.
    #[error(transparent)]
    Forward(#[from] SettingsError),
}

impl Config {
    /// Takes over everything that the Corefile says. `read` reads the files that `forward` names.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn apply_corefile(
        &mut self,
        corefile: &Corefile,
        read: &dyn Fn(&str) -> io::Result<String>,
    ) -> Result<(), ConfigError> {
        self.elsewhere = Settings::from_corefile(corefile, read)?;
        self.listen = listen(corefile)?;
        self.http = http(corefile)?;
        // The most careful block speaks for all.
        if let Some(bytes) = corefile.servers.iter().filter_map(|server| server.bufsize).min() {
            self.udp_bytes_max = usize::from(bytes);
        }
        // There is one file: the most impatient block speaks for all.
        let reloads = corefile.servers.iter().filter_map(|server| server.reload);
        self.reload = reloads
            .min_by_key(|reload| reload.interval)
            .map(|reload| Every { interval: reload.interval, jitter: reload.jitter });
        self.rotate = corefile.servers.iter().any(|server| server.loadbalance);
        let mut kubernetes: Option<&Kubernetes> = None;
        for server in &corefile.servers {
            if let Some(found) = &server.kubernetes {
                if kubernetes.is_some() {
                    return Err(ConfigError::TwoZones(found.place.clone()));
                }
                kubernetes = Some(found);
            }
            self.small(server);
        }
        kubernetes.map_or(Ok(()), |kubernetes| self.zone(kubernetes))
    }

    fn small(&mut self, server: &Server) {
        if let Some(health) = &server.health {
            self.lame_duck = self.lame_duck.max(health.lameduck);
        }
        self.autopath |= server.autopath.is_some();
        if server.log.is_some() {
            self.query_log = Some(1);
        }
        if let Some(dnstap) = &server.dnstap {
            let identity = dnstap.identity.clone().unwrap_or_default();
            self.dnstap = Some(Dnstap { socket: dnstap.socket.clone().into(), full: dnstap.full, identity });
        }
    }

    fn zone(&mut self, kubernetes: &Kubernetes) -> Result<(), ConfigError> {
        let place = &kubernetes.place;
        let (reverse, own): (Vec<&Zone>, Vec<&Zone>) =
            kubernetes.zones.iter().partition(|zone| is_reverse(zone));
        let zone = &mut self.feed.zone;
        // The parser lets no second one pass.
        if let Some(own) = own.first() {
            zone.zone = name(place, own)?;
        }
        zone.reverse_zones = names(place, &reverse)?;
        zone.ttl_seconds = kubernetes.ttl_seconds;
        zone.negative_ttl_seconds = kubernetes.ttl_seconds;
        zone.pods = match kubernetes.pods {
            PodRecords::Disabled => service_names::PodRecords::Disabled,
            PodRecords::Insecure => service_names::PodRecords::Insecure,
            PodRecords::Verified => service_names::PodRecords::Verified,
        };
        zone.fallthrough_zones = match &kubernetes.fallthrough {
            Fallthrough::Never => Vec::new(),
            Fallthrough::Always => vec![Name::root()],
            Fallthrough::In(zones) => names(place, &zones.iter().collect::<Vec<_>>())?,
        };
        zone.namespaces.clone_from(&kubernetes.namespaces);
        zone.empty_services =
            if kubernetes.ignore_empty_service { EmptyServices::NxDomain } else { EmptyServices::Answer };
        Ok(())
    }
}

fn is_reverse(zone: &Zone) -> bool {
    let text = zone.as_str();
    ["in-addr.arpa.", "ip6.arpa."]
        .iter()
        .any(|reverse| text == *reverse || text.ends_with(&format!(".{reverse}")))
}

fn names(place: &Place, zones: &[&Zone]) -> Result<Vec<Name>, ConfigError> {
    zones.iter().map(|zone| name(place, zone)).collect()
}

fn name(place: &Place, zone: &Zone) -> Result<Name, ConfigError> {
    Name::parse(zone.as_str()).map_err(|_| ConfigError::Name(place.clone(), zone.as_str().to_owned()))
}

/// Every port of every block, on the addresses that the block binds.
fn listen(corefile: &Corefile) -> Result<Vec<SocketAddr>, ConfigError> {
    let mut found = Vec::new();
    for server in &corefile.servers {
        let mut addresses = Vec::new();
        for bind in &server.bind {
            match bind {
                Bind::Address(address) => addresses.push(*address),
                Bind::Interface(name) => {
                    return Err(ConfigError::Interface(server.place.clone(), name.clone()));
                }
            }
        }
        if addresses.is_empty() {
            addresses.push(Ipv4Addr::UNSPECIFIED.into());
        }
        for key in &server.keys {
            found.extend(addresses.iter().map(|address| SocketAddr::new(*address, key.port)));
        }
    }
    Ok(unique(found))
}

fn http(corefile: &Corefile) -> Result<Vec<SocketAddr>, ConfigError> {
    let mut found = Vec::new();
    for server in &corefile.servers {
        let health = server.health.as_ref().map(|health| &health.endpoint);
        let ready = server.ready.as_ref().map(|ready| &ready.endpoint);
        for endpoint in [server.prometheus.as_ref(), health, ready].into_iter().flatten() {
            found.push(address(endpoint)?);
        }
    }
    Ok(unique(found))
}

fn address(endpoint: &Endpoint) -> Result<SocketAddr, ConfigError> {
    let ip = match endpoint.host.as_str() {
        "" => IpAddr::from(Ipv4Addr::UNSPECIFIED),
        "localhost" => Ipv4Addr::LOCALHOST.into(),
        host => host.parse().map_err(|_| ConfigError::Host(endpoint.place.clone(), host.to_owned()))?,
    };
    Ok(SocketAddr::new(ip, endpoint.port))
}

fn unique(mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    addresses.sort();
    addresses.dedup();
    addresses
}

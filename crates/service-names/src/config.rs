//! What can be chosen about a zone. The names of the choices are those of CoreDNS's `kubernetes` plugin.

use std::net::IpAddr;

use dns_message::Name;

/// Settings of a [`crate::Zone`].
#[derive(Debug, Clone)]
pub struct ZoneConfig {
    /// The cluster domain.
    pub zone: Name,
    /// TTL of records, in seconds. CoreDNS's default is 5, kubeadm's Corefile says 30.
    pub ttl_seconds: u32,
    /// TTL and minimum of the SOA record in negative answers: how long a client may believe that a name does not exist.
    /// CoreDNS takes the TTL of records.
    pub negative_ttl_seconds: u32,
    /// `pods`.
    pub pods: PodRecords,
    /// Zones whose PTR records are answered when they are a service's or an endpoint's.
    pub reverse_zones: Vec<Name>,
    /// `fallthrough`: under these, a name that does not exist is [`crate::Outcome::Elsewhere`].
    pub fallthrough_zones: Vec<Name>,
    /// `ignore empty_service`, for services with addresses of their own.
    pub empty_services: EmptyServices,
    /// `namespaces`: only these, when there are some.
    pub namespaces: Vec<String>,
    /// (namespace, name) of the service that clients ask: the name server in the NS record.
    pub server_service: (String, String),
    /// Addresses of `ns.dns.<zone>`, the name server when that service does not exist.
    pub server_addresses: Vec<IpAddr>,
}

/// Which names `<address with dashes>.<namespace>.pod.<zone>` exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PodRecords {
    /// None.
    #[default]
    Disabled,
    /// Any address in any namespace that exists.
    Insecure,
    /// Addresses of pods in their namespace.
    Verified,
}

/// What a service without ready endpoints answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyServices {
    /// Its addresses, as the specification says.
    #[default]
    Answer,
    /// NXDOMAIN, so that a client goes on in its search list.
    NxDomain,
}

impl ZoneConfig {
    /// The settings of the Corefile that kubeadm writes: TTL 30, `pods insecure`, both reverse zones with fallthrough.
    pub fn kubeadm(zone: Name) -> Self {
        let arpa = |text| Name::parse(text).unwrap_or_else(|_| Name::root());
        let reverse_zones = vec![arpa("in-addr.arpa"), arpa("ip6.arpa")];
        Self {
            zone,
            ttl_seconds: 30,
            negative_ttl_seconds: 30,
            pods: PodRecords::Insecure,
            fallthrough_zones: reverse_zones.clone(),
            reverse_zones,
            empty_services: EmptyServices::Answer,
            namespaces: Vec::new(),
            server_service: ("kube-system".into(), "kube-dns".into()),
            server_addresses: Vec::new(),
        }
    }
}

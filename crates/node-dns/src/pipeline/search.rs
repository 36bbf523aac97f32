//! Names that only a search list can have made.
//!
//! With `ndots:5`, a resolver tries `kubernetes.default.svc.cluster.local` below every domain of its list first, the node's
//! own among them: three queries in four that leave a cluster ask upstream for names that cannot exist. For the domains
//! that an operator names, those are answered here, with NXDOMAIN, as the upstream would.

use dns_message::{Builder, Class, Name, Query, Rcode, Rdata, Section, Soa};

/// How long a client may remember such an answer; there is nothing to be learnt later.
const TTL_SECONDS: u32 = 30;
/// Of the SOA record, which no secondary reads.
const SOA_SECONDS: u32 = 7200;

/// The domains, and what betrays a search list before them.
pub(crate) struct Search {
    domains: Vec<Name>,
    /// Labels in wire form, without the root.
    inner: [Vec<u8>; 2],
}

impl Search {
    /// `None` without domains.
    pub(crate) fn new(domains: &[Name], zone: &Name) -> Option<Self> {
        if domains.is_empty() {
            return None;
        }
        let labels = |name: &Name| name.to_lower().as_wire().split_last().map(|(_, labels)| labels.to_vec());
        let inner = [labels(zone).unwrap_or_default(), b"\x03svc".to_vec()];
        Some(Self { domains: domains.iter().map(Name::to_lower).collect(), inner })
    }

    /// The domain below which the name of `query` was completed.
    pub(super) fn completed(&self, query: &Query<'_>) -> Option<&Name> {
        let lower = query.lower();
        self.domains.iter().find(|domain| {
            let Some(before) = below(query, lower, domain.as_wire()) else { return false };
            // `name.namespace.svc`, and everything below the cluster's zone.
            self.inner.iter().any(|inner| below(query, before, inner).is_some_and(|left| !left.is_empty()))
        })
    }
}

/// What stands before `end` in `name`, when `end` begins at a label.
fn below<'n>(query: &Query<'_>, name: &'n [u8], end: &[u8]) -> Option<&'n [u8]> {
    let left = name.strip_suffix(end)?;
    query.label_starts().iter().any(|start| usize::from(*start) == left.len()).then_some(left)
}

impl super::finish::Reply<'_> {
    /// Appends NXDOMAIN with a SOA record of `domain`.
    pub(super) fn no_such_name(&self, domain: &Name, out: &mut Vec<u8>) {
        let cookie = self.cookie();
        let error = Some((dns_message::EdeCode::FILTERED, "made by a search list"));
        let opt = self.opt(cookie.as_ref(), error);
        let mut builder = Builder::reply(self.query, 0, Rcode::NXDOMAIN, self.limit(), opt, out);
        let soa = Rdata::Soa(Soa {
            server: domain,
            mailbox: domain,
            serial: 1,
            refresh: SOA_SECONDS,
            retry: SOA_SECONDS,
            expire: SOA_SECONDS,
            minimum: TTL_SECONDS,
        });
        builder.record(Section::Authority, domain, Class::IN, TTL_SECONDS, &soa);
        builder.finish();
    }
}

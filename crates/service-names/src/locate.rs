//! Where in the zone a name points, by its labels alone.

#[cfg(test)]
mod tests;

use dns_message::{LABELS_MAX, Name, Query};

use crate::reverse;

/// A name that is asked for, in lower case.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Wire form, the root's zero included.
    pub(crate) lower: &'a [u8],
    /// Where each label begins.
    starts: &'a [u8],
}

/// A zone's name, ready to be compared.
#[derive(Debug, Clone)]
pub(crate) struct Suffix {
    pub(crate) wire: Box<[u8]>,
    labels: usize,
}

/// Where a name points. Keys and labels are slices of the name: a key with length octets, a label without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place<'a> {
    /// The zone itself.
    Apex,
    /// `svc`, `pod`, `probe`, `dns`: nothing there, but something may be below.
    Container,
    /// `dns-version`.
    Version,
    /// `_freshness`, and one label below `probe`.
    Freshness,
    /// `ns.dns`.
    Server,
    /// `<namespace>.svc`.
    Namespace { key: &'a [u8] },
    /// `<service>.<namespace>.svc`.
    Service { key: &'a [u8] },
    /// `<label>.<service>.<namespace>.svc`.
    Endpoint { key: &'a [u8], label: &'a [u8] },
    /// `<port>.<protocol>.<service>.<namespace>.svc`.
    Port { key: &'a [u8], port: &'a [u8], protocol: &'a [u8] },
    /// `<namespace>.pod`.
    PodNamespace { key: &'a [u8] },
    /// `<label>.<namespace>.pod`.
    Pod { key: &'a [u8], label: &'a [u8] },
    /// No name of these rules.
    Nothing,
}

impl<'a> Asked<'a> {
    #[inline]
    pub(crate) fn of(query: &Query<'a>) -> Self {
        Self { lower: query.lower(), starts: query.label_starts() }
    }

    /// Of a name in wire form and lower case; `buffer` receives where its labels begin.
    pub(crate) fn of_name(lower: &'a [u8], buffer: &'a mut [u8; LABELS_MAX]) -> Self {
        let (mut at, mut count) = (0, 0);
        while let Some(&length @ 1..) = lower.get(at) {
            let Some(slot) = buffer.get_mut(count) else { break };
            *slot = at as u8;
            count += 1;
            at += usize::from(length) + 1;
        }
        Self { lower, starts: &buffer[..count] }
    }

    #[inline]
    pub(crate) fn label_count(self) -> usize {
        self.starts.len()
    }

    /// A label, counted from the left.
    #[inline]
    pub(crate) fn label(self, index: usize) -> Option<&'a [u8]> {
        let start = usize::from(*self.starts.get(index)?);
        let length = usize::from(self.lower[start]);
        self.lower.get(start + 1..start + 1 + length)
    }

    /// The name from a label on.
    #[inline]
    pub(crate) fn tail(self, index: usize) -> &'a [u8] {
        &self.lower[self.start(index)..]
    }

    /// Where a label begins; behind the last one, where the root does.
    #[inline]
    fn start(self, index: usize) -> usize {
        self.starts.get(index).map_or(self.lower.len() - 1, |start| usize::from(*start))
    }

    /// Whether it is the zone or below it.
    #[inline]
    pub(crate) fn is_within(self, zone: &Suffix) -> bool {
        self.label_count().checked_sub(zone.labels).is_some_and(|index| *self.tail(index) == *zone.wire)
    }

    /// Where the zone's name begins in this one, which is within it.
    #[inline]
    pub(crate) fn zone_at(self, zone: &Suffix) -> usize {
        self.lower.len() - zone.wire.len()
    }

    /// Where it points within `zone`; `None` when it is not within it.
    #[inline]
    pub(crate) fn place(self, zone: &Suffix) -> Option<Place<'a>> {
        let labels = self.label_count().checked_sub(zone.labels)?;
        if *self.tail(labels) != *zone.wire {
            return None;
        }
        let Some(top) = labels.checked_sub(1) else { return Some(Place::Apex) };
        Some(match self.label(top)? {
            b"svc" => self.service_place(top),
            b"pod" => self.pod_place(top),
            b"dns-version" if top == 0 => Place::Version,
            b"_freshness" if top == 0 => Place::Freshness,
            b"probe" | b"dns" if top == 0 => Place::Container,
            b"probe" if top == 1 => Place::Freshness,
            b"dns" if top == 1 && self.label(0)? == b"ns" => Place::Server,
            _ => Place::Nothing,
        })
    }

    /// The labels `from..to` with their length octets.
    #[inline]
    fn span(self, from: usize, to: usize) -> &'a [u8] {
        &self.lower[self.start(from)..self.start(to)]
    }

    #[inline]
    fn service_place(self, top: usize) -> Place<'a> {
        match top {
            0 => Place::Container,
            1 => Place::Namespace { key: self.span(0, 1) },
            2 => Place::Service { key: self.span(0, 2) },
            3 => Place::Endpoint { key: self.span(1, 3), label: self.label(0).unwrap_or_default() },
            4 => Place::Port {
                key: self.span(2, 4),
                port: self.label(0).unwrap_or_default(),
                protocol: self.label(1).unwrap_or_default(),
            },
            _ => Place::Nothing,
        }
    }

    fn pod_place(self, top: usize) -> Place<'a> {
        match top {
            0 => Place::Container,
            1 => Place::PodNamespace { key: self.span(0, 1) },
            2 => Place::Pod { key: self.span(1, 2), label: self.label(0).unwrap_or_default() },
            _ => Place::Nothing,
        }
    }

    /// The address whose name this is.
    pub(crate) fn address(self) -> Option<std::net::IpAddr> {
        reverse::address_of(self)
    }
}

impl Suffix {
    pub(crate) fn new(zone: &Name) -> Self {
        let lower = zone.to_lower();
        Self { labels: lower.labels().count(), wire: lower.as_wire().into() }
    }
}

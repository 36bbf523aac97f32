//! Zones in wire form, so that a query's name is compared as it came.

use corefile::Zone;
use dns_message::Name;

/// A zone in wire form and lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WireZone(Vec<u8>);

impl WireZone {
    pub(crate) fn new(zone: &Zone) -> Self {
        // A `Zone` has the lengths of a name, and no escapes.
        let name = Name::parse(zone.as_str()).unwrap_or_else(|_| Name::root());
        Self(name.as_wire().to_ascii_lowercase())
    }

    pub(crate) fn all(zones: &[Zone]) -> Vec<Self> {
        zones.iter().map(Self::new).collect()
    }

    /// Octets on the wire: of two zones that hold a name, the longer one is the closer.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// `lower` (wire form, lower case) is this zone or below it.
    pub(crate) fn holds(&self, lower: &[u8]) -> bool {
        let Some(start) = lower.len().checked_sub(self.0.len()) else { return false };
        if lower[start..] != *self.0 {
            return false;
        }
        // The same octets could begin within a label.
        let mut at = 0;
        while at < start {
            at += usize::from(lower[at]) + 1;
        }
        at == start
    }
}

pub(crate) fn any_holds(zones: &[WireZone], lower: &[u8]) -> bool {
    zones.iter().any(|zone| zone.holds(lower))
}

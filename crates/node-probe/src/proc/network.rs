//! `/proc/net/dev`.

use crate::scan::{fields, lines, number, text};

/// The eight receive columns, in the file's order and with node_exporter's names.
pub const RECEIVE: [&str; 8] =
    ["bytes", "packets", "errs", "drop", "fifo", "frame", "compressed", "multicast"];
/// The eight transmit columns.
pub const TRANSMIT: [&str; 8] =
    ["bytes", "packets", "errs", "drop", "fifo", "colls", "carrier", "compressed"];

/// Counters of one interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interface<'a> {
    /// "eth0", …
    pub name: &'a str,
    /// See [`RECEIVE`].
    pub receive: [u64; 8],
    /// See [`TRANSMIT`].
    pub transmit: [u64; 8],
}

/// The interfaces, in their order. The two lines of the head have no colon after a name and are left out.
pub fn net_dev(bytes: &[u8]) -> impl Iterator<Item = Interface<'_>> {
    lines(bytes).filter_map(|line| {
        // A name may contain a colon (an alias); the last one ends it.
        let end = line.iter().rposition(|byte| *byte == b':')?;
        let name = text(line[..end].trim_ascii());
        let mut values = fields(&line[end + 1..]).map(number);
        let mut eight = || {
            let mut columns = [0; 8];
            for slot in &mut columns {
                *slot = values.next()??;
            }
            Some(columns)
        };
        let (receive, transmit) = (eight()?, eight()?);
        (!name.is_empty()).then_some(Interface { name, receive, transmit })
    })
}

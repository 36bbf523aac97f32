//! How many nodes a step means.

use std::fmt;
use std::str::FromStr;

/// A number, or a share of all nodes that are there when the step begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeCount {
    /// So many.
    Nodes(u32),
    /// 1 to 100 percent, rounded up.
    Percent(u32),
}

impl NodeCount {
    /// Every node, also those that come later.
    pub const ALL: Self = Self::Percent(100);

    /// Of a cluster of `total` nodes; never more than there are, never none where there is one.
    pub fn of(self, total: u32) -> u32 {
        match self {
            Self::Nodes(nodes) => nodes.min(total),
            Self::Percent(percent) => {
                let nodes = (u64::from(total) * u64::from(percent)).div_ceil(100);
                u32::try_from(nodes).unwrap_or(total).min(total)
            }
        }
    }
}

impl FromStr for NodeCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("setNodes is a number of nodes or a share from 1% to 100%, not {text:?}");
        let (digits, is_percent) = match text.strip_suffix('%') {
            Some(digits) => (digits, true),
            None => (text, false),
        };
        let number = digits.parse::<u32>().ok().filter(|number| *number > 0).ok_or_else(refused)?;
        match is_percent {
            true if number > 100 => Err(refused()),
            true => Ok(Self::Percent(number)),
            false => Ok(Self::Nodes(number)),
        }
    }
}

impl fmt::Display for NodeCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes(nodes) => write!(f, "{nodes}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let check = |text: &str, total: u32, expected: Option<u32>| {
            assert_eq!(
                text.parse::<NodeCount>().ok().map(|count| count.of(total)),
                expected,
                "{text} of {total}"
            );
        };
        check("1", 5_000, Some(1));
        check("8", 3, Some(3));
        check("1%", 5_000, Some(50));
        check("1%", 1, Some(1));
        check("10%", 5, Some(1));
        check("100%", 50_000, Some(50_000));
        check("100%", 0, Some(0));
        check("101%", 10, None);
        check("0", 10, None);
        check("0%", 10, None);
        check("-1", 10, None);
        check("ten", 10, None);
        check("4294967296", 10, None);
        check("99%", u32::MAX, Some(4_252_017_623));
    }
}

//! `resource.Quantity` and `intstr.IntOrString`.

mod amount;

use crate::Sym;
use crate::quantity::amount::Amount;

/// A Kubernetes quantity as it was written ("100m", "1Gi"), interned: few distinct values exist in a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Quantity(pub Sym);

/// `intstr.IntOrString`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntOrString {
    Int(i32),
    /// A percentage, such as "25%".
    Text(Sym),
}

/// Beyond this many whole units, thousandths do not fit into 64 bits (`resource.MaxMilliValue`).
const MAX_MILLI_VALUE: i64 = i64::MAX / 1_000;

impl Quantity {
    /// Thousandths, rounded away from zero as Go's `MilliValue` does; at the end of 64 bits it stays there. `None` when
    /// the text is no quantity.
    pub fn milli(&self) -> Option<i64> {
        Some(Amount::parse(&self.0)?.scaled(1_000_000))
    }

    /// Whole units, rounded away from zero as Go's `Value` does; at the end of 64 bits it stays there. `None` when the
    /// text is no quantity.
    pub fn value(&self) -> Option<i64> {
        Some(Amount::parse(&self.0)?.scaled(1_000_000_000))
    }

    /// The number that kube-state-metrics prints: to the thousandth where that fits into 64 bits.
    pub fn as_f64(&self) -> Option<f64> {
        let amount = Amount::parse(&self.0)?;
        let value = amount.scaled(1_000_000_000);
        if value > MAX_MILLI_VALUE {
            return Some(value as f64);
        }
        Some(amount.scaled(1_000_000) as f64 / 1_000.0)
    }
}

impl Default for IntOrString {
    fn default() -> Self {
        Self::Int(0)
    }
}

#[cfg(test)]
mod tests;

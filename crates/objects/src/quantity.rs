//! `resource.Quantity` and `intstr.IntOrString`.

use crate::Sym;

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

impl Default for IntOrString {
    fn default() -> Self {
        Self::Int(0)
    }
}

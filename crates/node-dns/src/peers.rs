//! The newest signed snapshot from a neighbour, for a node that has none.

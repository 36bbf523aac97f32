//! Semantics of versions, as tables.

//! The way of one query.

//! wip
mod store;
mod snapshot;

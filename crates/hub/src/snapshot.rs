//! wip
mod file;
mod frame;

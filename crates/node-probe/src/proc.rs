//! Parsers of the files below `/proc`: one file per subject. They borrow from the bytes; the structs that hold lists are
//! made to be filled again.

pub mod counters;
pub mod disk;
pub mod memory;
pub mod mounts;
pub mod network;
pub mod pressure;
pub mod sockets;
pub mod stat;

#[cfg(test)]
mod tests;

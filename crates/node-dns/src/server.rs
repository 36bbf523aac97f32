//! Sockets: UDP with a thread per core, TCP on tokio.
//!
//! ```text
//! sockets: bind or take over -> udp (a thread each) -> pipeline::Pipeline::answer -> sendmmsg
//!                            -> tcp (tasks)         -> pipeline::Pipeline::answer -> one writer a connection
//! ```

mod datagrams;
pub(crate) mod sockets;
pub(crate) mod udp;

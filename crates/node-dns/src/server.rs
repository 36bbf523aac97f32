//! Sockets: UDP with a thread per core, TCP on tokio.
//!
//! ```text
//! sockets: bind or take over -> udp (a thread each) -> pipeline::Pipeline::answer -> sendmmsg
//!                            |                                    | Ask: a bounded queue -> later (tasks) -> sendmsg
//!                            -> tcp (a task a connection) -> pipeline::Pipeline::answer
//! ```

mod datagrams;
pub(crate) mod later;
pub(crate) mod sockets;
pub(crate) mod tcp;
pub(crate) mod udp;

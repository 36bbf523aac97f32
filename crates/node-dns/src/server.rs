//! Sockets: UDP with a thread per core, TCP on tokio.

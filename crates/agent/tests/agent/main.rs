//! The whole agent on loopback: a machine of files, a kubelet and a container runtime on Unix sockets, real scrapes.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its world has nothing to say")]

mod fake_kubelet;
mod fake_runtime;
mod fixture;
mod grpc;
mod hub;
#[expect(dead_code, reason = "examples/measure.rs uses the rest")]
mod pods;
mod scrapes;
mod sources;

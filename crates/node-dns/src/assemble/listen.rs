//! Sockets of the process before, or new ones.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use corefile::Upstream;

use telemetry_export::{BindError, bind};
use tokio::net::TcpListener;

use super::StartError;
use crate::config::{Config, UDP_THREADS_MAX};
use crate::forward::Settings;
use crate::handover::Handed;
use crate::probe::{Layer, Target};
use crate::server::sockets::Sockets;

/// For each address of the settings. What was handed over and is not wanted any more closes with `handed`.
pub(super) fn dns(config: &Config, handed: &mut Handed) -> Result<Vec<Sockets>, StartError> {
    if config.listen.is_empty() {
        return Err(StartError::NoAddress);
    }
    let threads = config.udp_threads.clamp(1, UDP_THREADS_MAX);
    let mut found = Vec::with_capacity(config.listen.len());
    for asked in &config.listen {
        let old = handed.sockets.iter().position(|sockets| serves(sockets.address, *asked));
        found.push(match old {
            Some(at) => handed.sockets.swap_remove(at),
            None => Sockets::bind(*asked, threads)?,
        });
    }
    Ok(found)
}

pub(super) async fn http(config: &Config, handed: &mut Handed) -> Result<Vec<TcpListener>, StartError> {
    let mut found = Vec::with_capacity(config.http.len());
    for asked in &config.http {
        let old = handed.http.iter().position(|(address, _)| serves(*address, *asked));
        found.push(match old {
            Some(at) => {
                let (address, listener) = handed.http.swap_remove(at);
                let listener = listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener));
                listener.map_err(|failed| BindError::Other(address, failed))?
            }
            None => bind(*asked, config.port_fallback).await?,
        });
    }
    Ok(found)
}

/// What the built-in prober asks: this server, and each upstream.
pub(super) fn targets(sockets: &[Sockets], elsewhere: &Settings) -> Vec<Target> {
    let own = sockets.iter().map(|sockets| Target { layer: Layer::Node, server: reachable(sockets.address) });
    let mut upstreams: Vec<SocketAddr> = elsewhere
        .blocks
        .iter()
        .flat_map(|block| &block.forwards)
        .flat_map(|forward| &forward.upstreams)
        .filter_map(|upstream| match upstream {
            Upstream::Plain(address) => Some(*address),
            _ => None,
        })
        .collect();
    upstreams.sort();
    upstreams.dedup();
    own.chain(upstreams.into_iter().map(|server| Target { layer: Layer::Upstream, server })).collect()
}

fn reachable(address: SocketAddr) -> SocketAddr {
    if !address.ip().is_unspecified() {
        return address;
    }
    match address {
        SocketAddr::V4(_) => (Ipv4Addr::LOCALHOST, address.port()).into(),
        SocketAddr::V6(_) => (Ipv6Addr::LOCALHOST, address.port()).into(),
    }
}

/// Connections are descriptors, and a shell gives 1,024 of them unless asked for what it may give.
pub(super) fn allow_many_connections() {
    let mut limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current = limit.maximum;
    // Without it there are fewer connections, and accept says so.
    let _ = rustix::process::setrlimit(rustix::process::Resource::Nofile, limit);
}

/// Port 0 takes what there is.
fn serves(address: SocketAddr, asked: SocketAddr) -> bool {
    address.ip() == asked.ip() && (asked.port() == 0 || address.port() == asked.port())
}

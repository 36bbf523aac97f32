//! Listening on a port, or one sentence why not.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

/// Why a port cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else has it.
    #[error(
        "cannot listen on {0}: the port is in use by another program; stop that one or choose another port"
    )]
    InUse(SocketAddr),
    /// A port below 1024 without the right to it.
    #[error("cannot listen on {0}: not permitted; choose a port from 1024 up")]
    NotPermitted(SocketAddr),
    /// The address belongs to another machine.
    #[error("cannot listen on {0}: this machine does not have the address; choose another host")]
    NoSuchAddress(SocketAddr),
    /// Everything else.
    #[error("cannot listen on {0}: {1}")]
    Other(SocketAddr, io::Error),
}

/// Listens on `address`. With `port_fallback`, a port in use is replaced by a free one. The unspecified IPv6 address takes
/// both families, and IPv4 alone on a machine without IPv6.
///
/// # Errors
/// [`BindError`], which is a sentence for the operator.
pub async fn bind(address: SocketAddr, port_fallback: bool) -> Result<TcpListener, BindError> {
    let failed = match TcpListener::bind(address).await {
        Ok(listener) => return Ok(listener),
        Err(failed) => failed,
    };
    if let Some(next) = fallback(address, &failed, port_fallback) {
        return Box::pin(bind(next, port_fallback)).await;
    }
    Err(match failed.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address),
        io::ErrorKind::PermissionDenied => BindError::NotPermitted(address),
        io::ErrorKind::AddrNotAvailable => BindError::NoSuchAddress(address),
        _ => BindError::Other(address, failed),
    })
}

/// The next address to try; `None` when there is none. Each step removes its own reason, so the chain ends.
fn fallback(address: SocketAddr, failed: &io::Error, port_fallback: bool) -> Option<SocketAddr> {
    if failed.kind() == io::ErrorKind::AddrInUse && port_fallback && address.port() != 0 {
        return Some(SocketAddr::new(address.ip(), 0));
    }
    let no_ipv6 = !matches!(failed.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied);
    if no_ipv6 && address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        return Some(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port()));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: Ipv4Addr = Ipv4Addr::LOCALHOST;

    #[tokio::test]
    async fn a_port_in_use_is_said_or_replaced() {
        let first = bind(SocketAddr::from((LOOPBACK, 0)), false).await.unwrap();
        let taken = first.local_addr().unwrap();
        let refused = bind(taken, false).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "cannot listen on {taken}: the port is in use by another program; stop that one or choose another port"
            )
        );
        let other = bind(taken, true).await.unwrap();
        assert_ne!(other.local_addr().unwrap().port(), taken.port());
    }

    #[tokio::test]
    async fn a_foreign_address_is_said() {
        // 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
        let refused = bind("192.0.2.1:0".parse().unwrap(), true).await.unwrap_err();
        assert!(matches!(refused, BindError::NoSuchAddress(_)), "{refused}");
    }

    #[test]
    fn without_ipv6_the_unspecified_address_falls_back() {
        let unsupported = io::Error::from(io::ErrorKind::Unsupported);
        let next = fallback("[::]:8080".parse().unwrap(), &unsupported, false);
        assert_eq!(next, Some("0.0.0.0:8080".parse().unwrap()));
        assert_eq!(fallback("[::1]:8080".parse().unwrap(), &unsupported, false), None);
    }
}

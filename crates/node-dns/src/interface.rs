//! A dummy interface with the addresses that pods ask, as NodeLocal DNSCache has one: the addresses exist on this node alone,
//! and for as long as somebody answers there.

mod netlink;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use self::netlink::Netlink;

/// Octets of a name with its closing zero (IFNAMSIZ).
const NAME_BYTES_MAX: usize = 15;

/// Why there is no interface.
#[derive(Debug, thiserror::Error)]
pub enum InterfaceError {
    /// A name that Linux does not take.
    #[error("--interface {0}: a name has 1 to 15 letters, digits, dots, dashes or underscores")]
    Name(String),
    /// Not allowed.
    #[error(
        "cannot make the interface {0}: that needs the capability NET_ADMIN; grant it, or leave out --interface"
    )]
    NotPermitted(String),
    /// No such kind.
    #[error(
        "cannot make the interface {0}: this kernel has no dummy interfaces; load the module (`modprobe dummy`), or leave out --interface"
    )]
    NoDummies(String),
    /// Anything else.
    #[error(
        "cannot make the interface {0}: {1}; make it beforehand (`ip link add {0} type dummy`), or leave out --interface"
    )]
    Failed(String, std::io::Error),
}

/// The interface.
#[derive(Debug)]
pub(crate) struct Interface {
    name: String,
}

impl Interface {
    /// Makes it, with all addresses of `listen` that are neither loopback nor a wildcard; what is there already is fine.
    ///
    /// # Errors
    /// [`InterfaceError`].
    pub(crate) fn ensure(name: Option<&str>, listen: &[SocketAddr]) -> Result<Option<Self>, InterfaceError> {
        let Some(name) = name else { return Ok(None) };
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(known) {
            return Err(InterfaceError::Name(name.to_owned()));
        }
        let interface = Self { name: name.to_owned() };
        interface.make(listen).map_err(|failed| match failed.kind() {
            std::io::ErrorKind::PermissionDenied => InterfaceError::NotPermitted(name.to_owned()),
            std::io::ErrorKind::Unsupported => InterfaceError::NoDummies(name.to_owned()),
            _ => InterfaceError::Failed(name.to_owned(), failed),
        })?;
        Ok(Some(interface))
    }

    fn make(&self, listen: &[SocketAddr]) -> std::io::Result<()> {
        let mut netlink = Netlink::open()?;
        let index = match netlink.index(&self.name) {
            Some(index) => index,
            None => {
                netlink.add_dummy(&self.name)?;
                netlink.index(&self.name).ok_or(std::io::ErrorKind::NotFound)?
            }
        };
        netlink.up(index)?;
        for address in listen.iter().map(SocketAddr::ip) {
            if !address.is_loopback() && !address.is_unspecified() {
                netlink.add_address(index, address)?;
            }
        }
        Ok(())
    }

    /// Takes it away, with its addresses: pods that have another server in their list go on there at once.
    pub(crate) fn remove(self) {
        let removed = Netlink::open().and_then(|mut netlink| match netlink.index(&self.name) {
            Some(index) => netlink.remove(index),
            None => Ok(()),
        });
        if let Err(failed) = removed {
            tracing::warn!(error = %failed, interface = self.name, "the interface stays");
        }
    }
}

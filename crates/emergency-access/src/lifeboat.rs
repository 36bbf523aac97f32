//! The lifeboat: a second kube-apiserver on a control-plane node, for people only, made from the flags of the one that runs.
//!
//! What APF's exemption does not give, a process of its own does: handshakes, authentication and memory that the crowd cannot
//! take. The crowd has no certificate that it accepts, and no address that may reach it.

mod flags;
mod render;

pub use flags::{Running, derive};
pub use render::{ManifestError, from_manifest, nftables, running_in, static_pod, unit};

/// What is wanted of a lifeboat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifeboat {
    /// Its port; another one than the API server's.
    pub port: u16,
    /// The folder, on the control-plane node, of [`FILES`].
    pub folder: String,
    /// Memory that is reserved for it, and that it may not exceed, bytes.
    pub memory: u64,
    /// Requests at once, reads and writes. People are few.
    pub reads: u32,
    /// See `reads`.
    pub writes: u32,
    /// Who may reach it: addresses and prefixes. None: everybody who can reach the node.
    pub allowed: Vec<String>,
    /// Ask admission webhooks. Off: one that is dead would keep people out.
    pub webhooks: bool,
}

/// Half a GiB: see `testbed/checks/13-breakglass.sh` for what it takes.
pub const MEMORY_BYTES: u64 = 512 << 20;
/// Its port.
pub const PORT: u16 = 7443;
/// Reads at once.
pub const READS: u32 = 40;
/// Writes at once.
pub const WRITES: u32 = 20;
/// What it calls itself: never `kube-apiserver`, which Services and scripts look for.
pub const NAME: &str = "kube-apiserver-lifeboat";
/// Of the folder: the authority for people, its own certificate and key, and a key for tokens that nobody has.
pub const FILES: [&str; 5] =
    ["authority.crt", "lifeboat.crt", "lifeboat.key", "lifeboat-tokens.key", "lifeboat-tokens.pub"];

impl Default for Lifeboat {
    fn default() -> Self {
        Self {
            port: PORT,
            folder: "/etc/kubernetes/plimsoll".to_owned(),
            memory: MEMORY_BYTES,
            reads: READS,
            writes: WRITES,
            allowed: Vec::new(),
            webhooks: false,
        }
    }
}

impl Lifeboat {
    fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// What Go's collector aims at: an eighth less than what the kernel allows.
    fn go_memory(&self) -> String {
        format!("{}MiB", (self.memory - self.memory / 8) >> 20)
    }
}

#[cfg(test)]
mod tests;

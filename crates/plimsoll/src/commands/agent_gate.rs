//! The part of `plimsoll agent` that keeps gated workloads.

use std::sync::Arc;

use confirmation::{Keyring, Node};
use environment::{Clock, files};
use workload_gate::{Config, NodeClock, Registry, Server, Store};

use crate::flags::AgentGateFlags;
use crate::outcome::Failure;

/// A file of four keys with their comments.
const KEYS_BYTES_MAX: usize = 16 * 1024;

/// Binds the sockets, if gates were asked for.
pub(crate) async fn start(
    flags: AgentGateFlags,
    node_name: &str,
    clock: Arc<dyn Clock>,
) -> Result<Option<Server>, Failure> {
    let (Some(state_dir), Some(keys), Some(cluster), Some(uid)) =
        (flags.gate_state_dir, flags.gate_keys, flags.cluster_uid, flags.node_uid)
    else {
        return Ok(None);
    };
    let at = |what: &str, path: &std::path::Path, error: &dyn std::fmt::Display| {
        Failure::Usage(format!("{what} {}: {error}", path.display()))
    };
    let mut text = Vec::new();
    files::read_into(&keys, &mut text, KEYS_BYTES_MAX).map_err(|error| at("--gate-keys", &keys, &error))?;
    let parsed =
        Keyring::parse(&String::from_utf8_lossy(&text)).map_err(|error| at("--gate-keys", &keys, &error))?;
    let store = Store::open(&state_dir).map_err(|error| at("--gate-state-dir", &state_dir, &error))?;
    let node = Node { name: node_name.to_owned(), uid, goes_last: flags.control_plane_node };
    let clock = NodeClock::new(clock)?;
    let registry = Registry::start(Config { cluster, node, keys: parsed, store, clock }).await?;
    let run_dir = flags.gate_run_dir;
    Server::bind(&run_dir, registry).map(Some).map_err(|error| at("--gate-run-dir", &run_dir, &error))
}

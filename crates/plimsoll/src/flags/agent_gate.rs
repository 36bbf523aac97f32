//! Gated workloads in `plimsoll agent`.

use std::path::PathBuf;

use clap::Args;

/// `--gate-state-dir` and `--gate-keys` are given together, or not at all; the rest has a default or comes from the hub.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Gated workloads of this node (`plimsoll gate`)")]
pub(crate) struct AgentGateFlags {
    /// Keep gated workloads; their records and revisions are in this folder, which must survive reboots.
    #[arg(long, value_name = "DIR", requires = "gate_keys")]
    pub(crate) gate_state_dir: Option<PathBuf>,
    /// The public keys of controllers, one a line in hexadecimal.
    #[arg(long, value_name = "FILE", requires = "gate_state_dir")]
    pub(crate) gate_keys: Option<PathBuf>,
    /// The folder of the sockets; its folder `gate` is mounted into gated workloads.
    #[arg(long, default_value = "/run/plimsoll", value_name = "DIR")]
    pub(crate) gate_run_dir: PathBuf,
    /// UID of the namespace `kube-system`: directives of other clusters are refused. The hub says it if it is not given.
    #[arg(long, value_name = "UID", requires_all = ["gate_state_dir", "node_uid"])]
    pub(crate) cluster_uid: Option<String>,
    /// `metadata.uid` of this node: a new node under an old name is another node. The hub says it if it is not given.
    #[arg(long, value_name = "UID", requires_all = ["gate_state_dir", "cluster_uid"])]
    pub(crate) node_uid: Option<String>,
    /// This node is of the control plane: it comes last in every rollout.
    #[arg(long, requires = "gate_state_dir")]
    pub(crate) control_plane_node: bool,
}

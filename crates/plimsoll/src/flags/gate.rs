//! `plimsoll gate` and `plimsoll node`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::FuseVerb;

#[derive(Debug, Args)]
pub(crate) struct GateFlags {
    /// The workload's name: what a rollout calls it.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "",
        hide_default_value = true,
        required_unless_present = "copy_to"
    )]
    pub(crate) name: String,
    /// Copy this program there and end: for an init container whose image has nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) copy_to: Option<PathBuf>,
    /// The folder with the agent's socket for gates, mounted from the node.
    #[arg(long, default_value = "/run/plimsoll/gate", value_name = "DIR", env = "PLIMSOLL_GATE_DIR")]
    pub(crate) gate_dir: PathBuf,
    /// Become the command as a child of this process; the gate starts itself so.
    #[arg(long, hide = true, value_name = "PID")]
    pub(crate) shadow_of: Option<u32>,
    /// What runs if a revision brings no command of its own.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct NodeFlags {
    /// The folder with the agent's sockets.
    #[arg(
        long,
        global = true,
        default_value = "/run/plimsoll",
        value_name = "DIR",
        env = "PLIMSOLL_RUN_DIR"
    )]
    pub(crate) run_dir: PathBuf,
    #[command(subcommand)]
    pub(crate) verb: NodeVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NodeVerb {
    #[command(flatten)]
    Workload(WorkloadVerb),
    /// Give this node a sealed order (`plimsoll breakglass order`), and see what it makes of it.
    Order {
        /// The order.
        file: PathBuf,
    },
    /// The traffic of this node's workloads to the API servers.
    Fuse {
        #[command(subcommand)]
        verb: FuseVerb,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum WorkloadVerb {
    /// What each gated workload of this node runs, for how long without a word, what it goes back to.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Run nothing of a workload on this node, through restarts, until `allow`.
    Stop {
        /// `plimsoll gate --name`.
        workload: String,
    },
    /// Give up what a workload runs on this node; go back to its last known good revision.
    Revert {
        /// `plimsoll gate --name`.
        workload: String,
    },
    /// Start nothing on this node that has not run before, until `unfreeze` or a restart of the agent.
    Freeze,
    /// That ends.
    Unfreeze,
    /// Never run this revision of a workload on this node.
    Quarantine {
        /// `plimsoll gate --name`.
        workload: String,
        /// 64 hexadecimal digits.
        revision: String,
    },
    /// Undo `stop`; with a revision, also its `quarantine` and its failures.
    Allow {
        /// `plimsoll gate --name`.
        workload: String,
        /// 64 hexadecimal digits.
        revision: Option<String>,
    },
    /// Bring a controller's signed directive by hand.
    Tell {
        /// The token.
        file: PathBuf,
    },
    /// Bring a revision by hand.
    Load {
        /// The encoded revision.
        file: PathBuf,
    },
}

//! `plimsoll rollout`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct RolloutFlags {
    /// The hub's telemetry port.
    #[arg(long, global = true, default_value = "127.0.0.1:8081", value_name = "ADDR")]
    pub(crate) hub: String,
    #[command(subcommand)]
    pub(crate) verb: RolloutVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RolloutVerb {
    /// All rollouts of the hub, a line each.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Why a rollout is where it is: what was measured, its limits, what is predicted.
    Explain {
        /// `namespace/name`.
        name: String,
    },
    /// Whether a document can be meant; says what it would do. Asks nobody.
    Lint {
        /// A DaemonRollout.
        file: PathBuf,
    },
    /// Make a signing key (rollout.key, for the hub) and its public half (rollout.pub, for agents).
    Keygen {
        /// The folder; files that are there stay.
        dir: PathBuf,
    },
}

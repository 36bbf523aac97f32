//! `plimsoll rollout`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(crate) struct RolloutFlags {
    /// The hub's telemetry port.
    #[arg(long, global = true, default_value = "127.0.0.1:8081", value_name = "ADDR")]
    pub(crate) hub: String,
    /// Credentials for the cluster, for verbs that read or change its objects. [default: $KUBECONFIG]
    #[arg(long, global = true, env = "KUBECONFIG", value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) verb: RolloutVerb,
}

/// Which object.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// `namespace/name`, or a name with -n.
    pub(crate) name: String,
    /// Its namespace.
    #[arg(short, long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
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
    /// What an object of the cluster says of its rollout.
    Get {
        #[command(flatten)]
        of: Named,
        /// Go on, a line for each change.
        #[arg(short, long)]
        watch: bool,
    },
    /// Wait until a rollout is healthy (exit code 0) or has stopped (1).
    Status {
        #[command(flatten)]
        of: Named,
        /// Give up after so many seconds (2); 0: say what it is now.
        #[arg(long, default_value_t = 0, value_name = "SECONDS")]
        timeout: u64,
    },
    /// Begin no further step.
    Pause(Named),
    /// Go on after `pause`.
    Resume(Named),
    /// Leave the pause that the rollout is at.
    Promote {
        #[command(flatten)]
        of: Named,
        /// No pauses and short bakes up to the end; gates hold all the same.
        #[arg(long)]
        full: bool,
    },
    /// Take the revision back from all nodes, and never start it again; wins over everything.
    Abort(Named),
    /// Try a revision again that was stopped: from the first step, with all gates.
    Retry(Named),
    /// What a rollout has rolled out, and what came of it.
    History(Named),
    /// Roll out an older revision of the history, step by step like a new one.
    Undo {
        #[command(flatten)]
        of: Named,
        /// The beginning of its name. [default: the last healthy one before the present]
        #[arg(long, value_name = "REVISION", conflicts_with = "clear")]
        to_revision: Option<String>,
        /// Back to the revision that the object says.
        #[arg(long)]
        clear: bool,
    },
    /// Begin nothing, also on new nodes.
    Freeze(Named),
    /// Go on after `freeze`.
    Unfreeze(Named),
    /// Whether a document can be meant; says what it would do. Asks nobody.
    Lint {
        /// A DaemonRollout or a LoadLine.
        file: PathBuf,
    },
    /// Make a signing key (rollout.key, for the hub) and its public half (rollout.pub, for agents).
    Keygen {
        /// The folder; files that are there stay.
        dir: PathBuf,
    },
}

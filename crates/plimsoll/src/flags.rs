//! The command line: what can be typed. What it means is said by the `config.rs` of each subsystem.

mod agent;
mod agent_gate;
mod api;
mod breakglass;
mod dns;
mod drill;
mod fuse;
mod gate;
mod horizon;
mod hub;
mod preflight;
mod probe;
mod rollout;
mod top;
mod up;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use agent::{AgentFlags, AgentOrderFlags};
pub(crate) use agent_gate::AgentGateFlags;
pub(crate) use api::ApiFlags;
pub(crate) use breakglass::{
    AuditVerb, BreakglassAction, BreakglassFlags, EngageFlags, InitFlags, IssueFlags, LifeboatVerb,
    OpenFlags, OrderVerb, PassphraseFlags, ProtectFlags, ProtectVerb, RecoverFlags, RehearseFlags, WaysFlags,
};
pub(crate) use dns::{DnsAction, DnsFlags, ServeFlags};
pub(crate) use drill::{DrillFlags, DrillOutput};
pub(crate) use fuse::{AgentFuseFlags, FuseVerb, Lasts, RateFlags};
pub(crate) use gate::{GateFlags, NodeFlags, NodeVerb, WorkloadVerb};
pub(crate) use horizon::{HorizonFlags, ServerProgram};
pub(crate) use hub::HubFlags;
pub(crate) use preflight::{
    AboutFlags, CalibrateFlags, ForecastOutput, ImportFlags, InspectFlags, Kind, PredictFlags,
    PreflightAction, PreflightFlags, RecordFlags,
};
pub(crate) use probe::{ConfirmFlags, ProbeFlags};
pub(crate) use rollout::{Named, RolloutFlags, RolloutVerb};
pub(crate) use top::{TopFlags, TopOutput};
pub(crate) use up::{Output, UpFlags};

/// Kubernetes telemetry that cannot take the cluster down.
///
/// Begin with `plimsoll up`: it needs no cluster, no root and no network.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, disable_help_subcommand = true, max_term_width = 110)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) log: LogFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start everything on this machine: an embedded API server (or yours), the hub, an agent, a status page.
    Up(UpFlags),
    /// The only client of the API server: state metrics, and what each agent needs.
    Hub(Box<HubFlags>),
    /// Metrics of this node, its pods and containers, without the API server.
    Agent(Box<AgentFlags>),
    /// The entry point of a gated workload: runs the revision that the node's agent says, stops it in time.
    Gate(GateFlags),
    /// Rollouts that look through caches and revert without the API server: what they do and why. Asks the hub.
    Rollout(RolloutFlags),
    /// On a node, without the API server: what gated workloads run, stop, revert, quarantine, allow.
    Node(NodeFlags),
    /// The cluster's DNS: outlives the control plane, and says how old its answers are.
    Dns(Box<DnsFlags>),
    /// The load line: at how many nodes a workload sinks the control plane, known before it ships.
    Preflight(Box<PreflightFlags>),
    /// Who loads the API server now, whose cost grows with the cluster, how far the load line is. Asks the hub, not the API server.
    Top(TopFlags),
    /// The way in that works under overload: levers against whoever drowns the API servers, credentials without a network, a second
    /// API server for people.
    Breakglass(Box<BreakglassFlags>),
    /// The way back: sheds everybody but the cluster's own parts, and lets them in again by cohorts as the API servers bear it.
    Recover(RecoverFlags),
    /// Standing protection: what the cluster's flow control lacks, as a plan; applied on request, and undone.
    Protect(ProtectFlags),
    /// What would happen: a cluster of thousands of nodes in virtual time, bad rollouts, dead API servers, caches that hide it.
    Drill(DrillFlags),
    /// Certificates for trials: a CA, and one certificate each for hub and agents.
    Certs(CertsFlags),
    /// A test double of a Kubernetes API server. It is no production server.
    FakeApiserver(FakeApiserverFlags),
}

#[derive(Debug, Args)]
pub(crate) struct LogFlags {
    /// error, warn, info, debug, trace, or a filter such as `info,hub=debug`.
    #[arg(long, global = true, default_value = "warn", env = "PLIMSOLL_LOG", value_name = "LEVEL")]
    pub(crate) log_level: String,
    /// How log lines look.
    #[arg(long, global = true, default_value = "text", value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct CertsFlags {
    #[command(subcommand)]
    pub(crate) action: CertsAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertsAction {
    /// Fill DIR with ca.crt, ca.key, hub.crt, hub.key, agent.crt and agent.key.
    Init {
        /// The folder; it is made when it does not exist.
        dir: PathBuf,
        /// A further DNS name or IP address that agents use for the hub.
        #[arg(long, value_name = "NAME")]
        hub_name: Vec<String>,
        /// Bind the agent's certificate to one node. Without it the certificate is good for every node.
        #[arg(long, value_name = "NODE")]
        node_name: Option<String>,
        /// Replace what is there.
        #[arg(long)]
        force: bool,
    },
    /// Replace the hub's and the agent's certificate in DIR by new ones with the same names and the same authority. What runs
    /// takes them within seconds.
    Renew {
        /// The folder, as `plimsoll certs init` filled it, with ca.key.
        dir: PathBuf,
        /// How long the new certificates are valid.
        #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=36_500))]
        days: u32,
    },
}

#[derive(Debug, Args)]
pub(crate) struct FakeApiserverFlags {
    /// Nodes in the cluster that it plays.
    #[arg(long, default_value_t = 100)]
    pub(crate) nodes: u32,
    /// Pods on each node.
    #[arg(long, default_value_t = 30)]
    pub(crate) pods_per_node: u32,
    /// The same seed gives the same cluster.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Changes a second, spread over rollouts, restarts and leases. 0 keeps the cluster still.
    #[arg(long, default_value_t = 5.0, value_name = "RATE")]
    pub(crate) churn: f64,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8001", value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// Serve TLS with a certificate made on the spot.
    #[arg(long)]
    pub(crate) tls: bool,
    /// Where faults are switched; port 0 takes a free one. For example `curl -X PUT URL/faults -d
    /// '{"rules":[{"resources":["jobs"],"fault":{"kind":"status","code":403}}]}'`; an empty list ends them.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDR")]
    pub(crate) admin_listen: SocketAddr,
    /// Listen on an address other than loopback, for anybody who can reach it, without authentication.
    #[arg(long)]
    pub(crate) allow_non_loopback: bool,
    /// Write a kubeconfig for it here.
    #[arg(long, value_name = "FILE")]
    pub(crate) write_kubeconfig: Option<PathBuf>,
}

#[cfg(test)]
mod tests;

//! `plimsoll breakglass`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use emergency_access::kubeconfig::Server;
use emergency_access::lever::Lever;
use emergency_access::offender::Offender;
use sealed_order::Purpose;

#[derive(Debug, Args)]
pub(crate) struct BreakglassFlags {
    /// The folder of the authority, the audit log and what is engaged. [default: .plimsoll/breakglass in the home folder]
    #[arg(long, global = true, value_name = "DIR", env = "PLIMSOLL_BREAKGLASS_DIR")]
    pub(crate) dir: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) action: BreakglassAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BreakglassAction {
    /// Every lever from cheap to dear: what it does, what it costs, how soon, what it leaves, how it is taken back.
    Ladder,
    /// Who costs the API servers most and whose cost grew, by the hub: against whom to engage.
    Propose {
        /// The hub's telemetry port, host:port.
        #[arg(long, default_value = "127.0.0.1:8081", value_name = "ADDR")]
        hub: String,
    },
    /// Walk the ladder from the top until the API servers are well.
    Engage(EngageFlags),
    /// Take back everything that was engaged, the last first.
    Disengage {
        #[command(flatten)]
        ways: WaysFlags,
        /// Say it, and do nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Install the jail, the flow schema and the role of people who come in this way: beforehand, as an administrator.
    Install {
        #[command(flatten)]
        ways: WaysFlags,
        /// Print it for kubectl instead.
        #[arg(long)]
        print: bool,
    },
    /// Make an offline authority, whose key is encrypted or opened by k of n people.
    Init(InitFlags),
    /// A kubeconfig for a person and a short time, without any network.
    Issue(IssueFlags),
    /// A person's own key for sealed orders; prints their line of the roster.
    Signer {
        /// Who.
        name: String,
        /// Where the encrypted key goes.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        passphrase: PassphraseFlags,
    },
    /// Sealed orders: what people say to nodes when nothing else works.
    Order {
        #[command(subcommand)]
        verb: OrderVerb,
    },
    /// A second API server for people.
    Lifeboat {
        #[command(subcommand)]
        verb: LifeboatVerb,
    },
    /// Rehearse everything that would be needed; nothing is changed.
    Drill(RehearseFlags),
    /// The log of all of this, each record with the hash of the one before.
    Audit {
        #[command(subcommand)]
        verb: AuditVerb,
    },
}

/// `plimsoll recover`.
#[derive(Debug, Args)]
pub(crate) struct RecoverFlags {
    /// The folder of the audit log and the journal. [default: .plimsoll/breakglass in the home folder]
    #[arg(long, value_name = "DIR", env = "PLIMSOLL_BREAKGLASS_DIR")]
    pub(crate) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) ways: WaysFlags,
    /// A namespace that comes back right after the parts of the cluster; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub(crate) first: Vec<String>,
    /// Say who would come back in which order, and do nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Let everybody in at once: a recovery that was begun is given up.
    #[arg(long, conflicts_with_all = ["dry_run", "first"])]
    pub(crate) end: bool,
}

/// `plimsoll protect`.
#[derive(Debug, Args)]
pub(crate) struct ProtectFlags {
    /// The telemetry port of a hub with --audit-listen, which says who costs how much: those get few seats of their own.
    #[arg(long, global = true, value_name = "ADDR")]
    pub(crate) hub: Option<String>,
    /// The folder of the audit log. [default: .plimsoll/breakglass in the home folder]
    #[arg(long, global = true, value_name = "DIR", env = "PLIMSOLL_BREAKGLASS_DIR")]
    pub(crate) dir: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) verb: ProtectVerb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProtectVerb {
    /// What the cluster's flow control lacks, why, and what would change. Changes nothing.
    Plan {
        #[command(flatten)]
        ways: WaysFlags,
    },
    /// The same, and with --confirm it is made.
    Apply {
        #[command(flatten)]
        ways: WaysFlags,
        /// Make it.
        #[arg(long)]
        confirm: bool,
    },
    /// Remove what the last `apply` made.
    Undo {
        #[command(flatten)]
        ways: WaysFlags,
    },
}

/// Ways in.
#[derive(Debug, Args)]
pub(crate) struct WaysFlags {
    /// A kubeconfig; all of its contexts are ways in, lifeboats first.
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_BREAKGLASS_KUBECONFIG")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// Only this context of it.
    #[arg(long, value_name = "NAME", requires = "kubeconfig")]
    pub(crate) context: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct EngageFlags {
    /// namespace/kind/name of a DaemonSet, Deployment or StatefulSet; `propose` says whom.
    #[arg(long, value_name = "WORKLOAD")]
    pub(crate) against: Offender,
    #[command(flatten)]
    pub(crate) ways: WaysFlags,
    /// Only these levers, by name; may be given several times. Without it all, from the top.
    #[arg(long, value_name = "NAME", value_parser = lever)]
    pub(crate) lever: Vec<Lever>,
    /// A sealed order to stop or to cut, for levers 0 and 1; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) order: Vec<PathBuf>,
    /// The telemetry port of a hub, host:port: it hands orders on, and keeps engineers from engaging at the same time without
    /// knowing of each other; may be given several times.
    #[arg(long, value_name = "ADDR")]
    pub(crate) hub: Vec<String>,
    /// Also if the hub says that somebody else is engaged.
    #[arg(long, requires = "hub")]
    pub(crate) join: bool,
    /// Say what would be done, with its cost, and do nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Also if the API servers are well.
    #[arg(long)]
    pub(crate) force: bool,
    /// It is a part of the cluster itself, and that is meant; --confirm repeats its name.
    #[arg(long, requires = "confirm")]
    pub(crate) system: bool,
    /// Its name again, with --system.
    #[arg(long, value_name = "WORKLOAD", requires = "system")]
    pub(crate) confirm: Option<String>,
}

/// Where a passphrase comes from.
#[derive(Debug, Args)]
pub(crate) struct PassphraseFlags {
    /// The first line of this file. Without it the terminal is asked.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InitFlags {
    /// Split the key: so many shares are printed, once.
    #[arg(long, value_name = "N", requires = "threshold", conflicts_with = "passphrase_file")]
    pub(crate) shares: Option<u8>,
    /// As many of them open it.
    #[arg(long, value_name = "K", requires = "shares")]
    pub(crate) threshold: Option<u8>,
    /// Take an authority over that API servers trust already: its certificate.
    #[arg(long, value_name = "FILE", requires = "ca_key")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Its key, in the clear; remove it afterwards.
    #[arg(long, value_name = "FILE", requires = "ca_cert")]
    pub(crate) ca_key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseFlags,
}

/// What opens the authority.
#[derive(Debug, Args)]
pub(crate) struct OpenFlags {
    /// Shares, one a line; may be given several times. `-`: standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    pub(crate) shares_file: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseFlags,
}

#[derive(Debug, Args)]
pub(crate) struct IssueFlags {
    /// Who.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// Why; it stands in the audit log.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// For how long: 1m to 24h. It cannot be taken back.
    #[arg(long, default_value = "1h", value_name = "TIME", value_parser = emergency_access::ttl)]
    pub(crate) ttl: Duration,
    /// An API server or a lifeboat by address, NAME=https://ADDRESS:PORT; lifeboats have names that begin with `lifeboat`.
    #[arg(long, value_name = "SERVER", required = true)]
    pub(crate) server: Vec<Server>,
    /// What the servers' certificates are signed by; may be given several times. The authority itself is trusted, too.
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) server_ca: Vec<PathBuf>,
    /// The name that the servers' certificates have.
    #[arg(long, default_value = "kubernetes", value_name = "NAME")]
    pub(crate) tls_server_name: String,
    /// In system:masters, whom nothing is forbidden.
    #[arg(long)]
    pub(crate) masters: bool,
    /// Where the kubeconfig goes; it holds a key.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) open: OpenFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrderVerb {
    /// Write one down, not signed by anybody yet.
    New {
        /// stop, revert, cut, restore, freeze or thaw.
        #[arg(value_parser = purpose)]
        purpose: Purpose,
        /// Whom: a gated workload's name for stop and revert, namespace/kind/name for cut and restore, where nothing is everybody.
        subject: Option<String>,
        /// The roster of the cluster.
        #[arg(long, value_name = "FILE")]
        roster: PathBuf,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// For how long: up to 24h. A cut and a freeze end with it.
        #[arg(long, default_value = "1h", value_name = "TIME", value_parser = emergency_access::ttl)]
        ttl: Duration,
        /// Only on this node; may be given up to 16 times.
        #[arg(long, value_name = "NAME")]
        node: Vec<String>,
        /// A rehearsal: nodes check it and do nothing.
        #[arg(long)]
        test: bool,
        /// A cut of a part of the cluster itself, or of everybody, and that is meant; --confirm repeats the name.
        #[arg(long, requires = "confirm")]
        system: bool,
        /// The name again, with --system; `everybody`.
        #[arg(long, value_name = "WORKLOAD", requires = "system")]
        confirm: Option<String>,
        /// Where it goes.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Read it, and sign it with your key.
    Sign {
        /// The order; the signature is added to it.
        file: PathBuf,
        /// Your key (`signer`).
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        #[command(flatten)]
        passphrase: PassphraseFlags,
    },
    /// What it says, who has signed it, whether nodes would follow it.
    Show {
        /// The order.
        file: PathBuf,
        /// The roster of the cluster.
        #[arg(long, value_name = "FILE")]
        roster: PathBuf,
    },
    /// Give it to a hub, which hands it on. On a node, `plimsoll node order` needs none.
    Send {
        /// The order.
        file: PathBuf,
        /// The telemetry port of a hub, host:port; may be given several times.
        #[arg(long, value_name = "ADDR", required = true)]
        hub: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LifeboatVerb {
    /// Write what a control-plane node needs to run one, from the flags of its API server.
    Render {
        /// The API server's static pod (kubeadm: /etc/kubernetes/manifests/kube-apiserver.yaml); a static pod is made.
        #[arg(long, value_name = "FILE", required_unless_present = "running", conflicts_with = "running")]
        manifest: Option<PathBuf>,
        /// Take the flags of the API server that runs on this machine; a unit of systemd is made.
        #[arg(long)]
        running: bool,
        /// Of several that run here, the one with this --secure-port.
        #[arg(long, value_name = "PORT", requires = "running")]
        of_port: Option<u16>,
        /// Where it goes: lifeboat.yaml or the unit, and lifeboat.nft.
        #[arg(long, value_name = "DIR")]
        out_dir: PathBuf,
        /// Its port.
        #[arg(long, default_value_t = emergency_access::lifeboat::PORT)]
        port: u16,
        /// Where its certificate and keys (`certify`) are on the control-plane node.
        #[arg(long, default_value = "/etc/kubernetes/plimsoll", value_name = "DIR")]
        folder: String,
        /// Memory that is reserved for it and that it may not exceed, MiB.
        #[arg(long, default_value_t = emergency_access::lifeboat::MEMORY_BYTES >> 20, value_name = "MIB", value_parser = clap::value_parser!(u64).range(256..=1_048_576))]
        memory: u64,
        /// Who may reach it, an address or prefix; may be given several times. Without it, whoever reaches the node.
        #[arg(long, value_name = "RANGE")]
        allow: Vec<String>,
        /// Ask admission webhooks. Without it, one that is dead does not keep people out.
        #[arg(long)]
        webhooks: bool,
    },
    /// Make its certificate and keys.
    Certify {
        /// Its address; may be given several times.
        #[arg(long, value_name = "IP", required = true)]
        address: Vec<IpAddr>,
        /// A name in its certificate.
        #[arg(long, default_value = "kubernetes", value_name = "NAME")]
        name: Vec<String>,
        /// Where they go.
        #[arg(long, value_name = "DIR")]
        out_dir: PathBuf,
        #[command(flatten)]
        open: OpenFlags,
    },
    /// Ask the lifeboats of a kubeconfig, and the API servers beside them, as often as this: which is how fast.
    Verify {
        #[command(flatten)]
        ways: WaysFlags,
        /// GETs of each, and as many dry PATCHes of the jail.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=10_000))]
        tries: u32,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RehearseFlags {
    #[command(flatten)]
    pub(crate) ways: WaysFlags,
    /// Give a sealed order for a rehearsal (`order new --test`) to a hub, and see that it hands it on.
    #[arg(long, value_name = "FILE", requires = "hub")]
    pub(crate) order: Option<PathBuf>,
    /// The telemetry port of that hub.
    #[arg(long, value_name = "ADDR", requires = "order")]
    pub(crate) hub: Option<String>,
    /// Also ask the agent of this node, whose sockets are here.
    #[arg(long, value_name = "DIR")]
    pub(crate) run_dir: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditVerb {
    /// Check the whole chain.
    Verify {
        /// A hash that was noted down: also that it is in it, so that the end was not cut off.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// What was done, and what is engaged.
    Show,
    /// Write it into the cluster (ConfigMap plimsoll-breakglass), and that the cluster is tainted until keys are changed.
    Replay {
        #[command(flatten)]
        ways: WaysFlags,
        /// The namespace of the ConfigMap.
        #[arg(long, default_value = "plimsoll", value_name = "NAME")]
        namespace: String,
    },
    /// Keys that were used were changed: the cluster is not tainted any more.
    Rotated {
        /// What was changed.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

fn lever(text: &str) -> Result<Lever, String> {
    let names = || Lever::LADDER.map(|lever| lever.facts().name).join(", ");
    Lever::named(text).ok_or_else(|| format!("levers are {}", names()))
}

fn purpose(text: &str) -> Result<Purpose, String> {
    let all =
        [Purpose::Stop, Purpose::Revert, Purpose::Cut, Purpose::Restore, Purpose::Freeze, Purpose::Thaw];
    let names = || all.map(Purpose::name).join(", ");
    all.into_iter().find(|purpose| purpose.name() == text).ok_or_else(|| format!("purposes are {}", names()))
}

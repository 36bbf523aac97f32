//! `plimsoll dns probe`: one look past every cache. `plimsoll dns confirm`: an operator's word.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dns_message::Name;
use environment::{SystemClock, SystemEntropy};
use node_dns::probe::{Config, Grade, Layer, Prober, Target};
use prometheus_client::collector::Collector;

use crate::commands::runtime;
use crate::flags::{ConfirmFlags, ProbeFlags};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// One hub asks for all nodes: twice as often as each of them.
const HUB_EVERY: Duration = Duration::from_secs(5);

pub(crate) fn run(flags: ProbeFlags) -> Outcome {
    let config = config(&flags)?;
    let age_max = config.age_max;
    runtime::many_threads(async {
        let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SystemEntropy::new()));
        let prober = Prober::alone(config, clock, entropy);
        let probes = prober.round().await;
        for probe in &probes {
            let grade = probe.finding.grade(probe.target.layer, age_max).name();
            terminal::print(&format!("{grade:<9} {probe}\n"));
        }
        let signal = prober.signal().borrow().clone();
        let good = signal.grade == Grade::Good || (flags.allow_unproven && signal.grade == Grade::Unproven);
        if good {
            Ok(())
        } else {
            Err(Failure::Environment(anyhow::anyhow!("{}: {}", signal.grade.name(), signal.reason)))
        }
    })
}

/// A prober, and its findings for somebody else's page.
type Beside = (Prober, Box<dyn Collector>);

/// For the hub's page: the cluster's own servers, again and again.
pub(crate) fn beside(servers: &[SocketAddr], zone: &str) -> Result<Option<Beside>, Failure> {
    if servers.is_empty() {
        return Ok(None);
    }
    let zone =
        Name::parse(zone).map_err(|error| Failure::Usage(format!("--dns-probe-domain {zone}: {error}")))?;
    let targets = servers.iter().map(|server| Target { layer: Layer::Cluster, server: *server }).collect();
    let config = Config { every: HUB_EVERY, ..Config::new(zone, targets) };
    let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SystemEntropy::new()));
    Ok(Some(Prober::beside(config, clock, entropy)))
}

/// Believes what the DNS server of this node holds back.
pub(crate) fn confirm(flags: &ConfirmFlags) -> Outcome {
    let folder = flags.data_dir.display();
    if !flags.data_dir.join("zone.lock").exists() {
        let sentence = format!("--data-dir {folder}: no DNS server writes there; give its own --data-dir");
        return Err(Failure::Usage(sentence));
    }
    let file = flags.data_dir.join(node_dns::feed::CONFIRM_FILE);
    std::fs::write(&file, "")
        .map_err(|error| Failure::usage(format!("cannot write {}: {error}", file.display())))?;
    terminal::print("confirmed: the DNS server takes what it held back within a second\n");
    Ok(())
}

fn config(flags: &ProbeFlags) -> Result<Config, Failure> {
    let layers = [
        (Layer::Stub, &flags.stub),
        (Layer::Node, &flags.node),
        (Layer::Cluster, &flags.cluster),
        (Layer::Upstream, &flags.upstream),
    ];
    let of = |(layer, servers): (Layer, &Vec<_>)| {
        servers.iter().map(move |server| Target { layer, server: *server }).collect::<Vec<_>>()
    };
    let targets: Vec<Target> = layers.into_iter().flat_map(of).collect();
    if targets.is_empty() {
        let sentence = "nothing to probe: give an address with --node, --cluster, --stub or --upstream";
        return Err(Failure::Usage(sentence.to_owned()));
    }
    let name = |flag: &str, text: &str| {
        Name::parse(text).map_err(|error| Failure::Usage(format!("{flag} {text}: {error}")))
    };
    let mut config = Config::new(name("--cluster-domain", &flags.cluster_domain)?, targets);
    config.upstream_zone = name("--upstream-zone", &flags.upstream_zone)?;
    config.age_max = Duration::from_secs(flags.max_age);
    Ok(config)
}

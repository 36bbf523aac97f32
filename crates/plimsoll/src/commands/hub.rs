//! `plimsoll hub`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agent_link::config::Transport;
use apiserver_client::{DoorConfig, Limits};
use apiserver_health::Health;
use emergency_access::rehearsing::Rehearsing;
use environment::{SystemClock, SystemEntropy};
use hub::{AgentsConfig, Config, Extension};
use load_watch::{AuditConfig, LoadWatch};
use objects::Resource;
use state_metrics::{AllowList, Options};
use telemetry_export::Routes;

use crate::commands::api_servers::Shares;
use crate::commands::rollouts::Rollouts;
use crate::commands::{api_servers, dns, orders, runtime};
use crate::flags::{ApiFlags, HubFlags};
use crate::outcome::{Failure, Outcome};
use crate::{signals, terminal};

pub(crate) fn run(flags: HubFlags) -> Outcome {
    if flags.tls_dir.is_some() && flags.agents_listen.is_none() && flags.audit_listen.is_none() {
        return Err(Failure::Usage(
            "--tls-dir is for --agents-listen and --audit-listen: give one of them".to_owned(),
        ));
    }
    let (load_watch, audit) = (flags.load_watch, audit(&flags));
    let rollouts = Rollouts::prepare(&flags)?;
    let clock = Arc::new(SystemClock::new());
    let board = orders::prepare(&flags, clock.clone())?;
    let rehearsing = flags.breakglass_kubeconfig.clone().map(|kubeconfig| {
        let every = Duration::from_secs(flags.breakglass_every);
        Rehearsing::new(kubeconfig, every, clock.clone())
    });
    let names = dns::probe::beside(&flags.dns_probe, &flags.dns_probe_domain)?;
    let config = config(flags)?;
    runtime::many_threads(async {
        let shutdown = signals::shutdown()?;
        let watch = if load_watch {
            Some(LoadWatch::assemble(audit, clock.clone()).await.map_err(Failure::usage)?)
        } else {
            None
        };
        let mut extension = watch.as_ref().map(extension).unwrap_or_default();
        if let Some(rollouts) = &rollouts {
            extension.routes = rollouts.routes(extension.routes);
            extension.collectors.extend(rollouts.collectors());
        }
        extension.routes = orders::engagement(clock.clone(), extension.routes);
        if let Some(board) = &board {
            extension.routes = orders::routes(board, extension.routes);
        }
        if let Some(rehearsing) = rehearsing {
            extension.collectors.push(rehearsing.collector());
            let entropy = Arc::new(SystemEntropy::new());
            environment::spawn("rehearsals", rehearsing.run(entropy, shutdown.clone()));
        }
        let health = Health::default();
        extension.collectors.push(health.collector());
        if let Some((prober, collector)) = names {
            extension.collectors.push(collector);
            environment::spawn("DNS probe", prober.run(shutdown.clone()));
        }
        let audit = watch.as_ref().and_then(LoadWatch::audit_address);
        let assembling = hub::assemble_with(config, clock.clone(), Arc::new(SystemEntropy::new()), extension);
        // A credential plugin may take its time; Ctrl-C is heard meanwhile.
        let Some(hub) = shutdown.run_until_cancelled(assembling).await else { return Ok(()) };
        let mut hub = hub.map_err(Failure::hub)?;
        let addresses = hub.addresses();
        let places = serde_json::json!({
            "hubMetrics": format!("http://{}/metrics", addresses.state),
            "hubTelemetry": format!("http://{}/metrics", addresses.telemetry),
            "agents": addresses.agents.map(|address| address.to_string()),
            "load": load_watch.then(|| format!("http://{}/load", addresses.telemetry)),
            "audit": audit.map(|address| address.to_string()),
        });
        terminal::print(&format!("{places}\n"));
        let shares = rollouts.as_ref().map_or_else(|| Arc::new(|_| Vec::new()) as Shares, Rollouts::shares);
        api_servers::start(&hub, health, shares, shutdown.clone());
        if let Some(board) = board {
            orders::start(board, &hub, shutdown.clone());
        }
        if let Some(rollouts) = rollouts {
            rollouts.start(&mut hub, clock, Arc::new(SystemEntropy::new()), shutdown.clone())?;
        }
        if let Some(watch) = watch {
            environment::spawn("load watch", watch.run(hub.door(), shutdown.clone()));
        }
        hub.run(shutdown).await.map_err(Failure::usage)
    })
}

/// The live forecast on the hub's telemetry port.
fn extension(watch: &LoadWatch) -> Extension {
    Extension { routes: watch.routes(Routes::new()), collectors: vec![watch.collector()] }
}

fn audit(flags: &HubFlags) -> Option<AuditConfig> {
    Some(AuditConfig { listen: flags.audit_listen?, tls_dir: flags.tls_dir.clone() })
}

fn config(flags: HubFlags) -> Result<Config, Failure> {
    let mut agents = agents(flags.agents_listen, flags.tls_dir, flags.insecure_loopback)?;
    if let Some(agents) = &mut agents {
        agents.pod_addresses = flags.dns_pod_addresses;
    }
    let mut config = Config::new(door(flags.kubeconfig, &flags.api));
    config.host = flags.host;
    config.port = flags.port;
    config.telemetry_port = flags.telemetry_port;
    config.data_dir = flags.data_dir;
    config.agents = agents;
    if !flags.resources.is_empty() {
        config.resources = resources(&flags.resources)?;
    }
    let labels = allow_list("--metric-labels-allowlist", &flags.metric_labels_allowlist)?;
    let annotations = allow_list("--metric-annotations-allowlist", &flags.metric_annotations_allowlist)?;
    config.options = Options { labels, annotations, ..Options::default() };
    Ok(config)
}

/// The credentials, and the budget where the flags change it.
pub(crate) fn door(kubeconfig: Option<PathBuf>, flags: &ApiFlags) -> DoorConfig {
    let mut door = DoorConfig::from_kubeconfig(kubeconfig);
    let standard = Limits::default();
    door.limits = Limits {
        requests_per_second: flags.api_requests_per_second.unwrap_or(standard.requests_per_second),
        requests_burst: flags.api_requests_burst.unwrap_or(standard.requests_burst),
        bytes_per_second: flags.api_response_bytes_per_second.unwrap_or(standard.bytes_per_second),
        bytes_burst: flags.api_response_bytes_per_second.unwrap_or(standard.bytes_burst),
        concurrent_lists: flags.api_concurrent_lists.unwrap_or(standard.concurrent_lists),
        open_watches: flags.api_open_watches.unwrap_or(standard.open_watches),
        clients: flags.api_clients.unwrap_or(standard.clients),
        ..standard
    };
    door.gzip = flags.api_gzip;
    door
}

fn agents(
    listen: Option<std::net::SocketAddr>,
    tls_dir: Option<PathBuf>,
    insecure_loopback: bool,
) -> Result<Option<AgentsConfig>, Failure> {
    let Some(listen) = listen else { return Ok(None) };
    let transport = match tls_dir {
        Some(dir) => Transport::Mutual { dir },
        None if insecure_loopback => Transport::InsecureLoopback,
        None => {
            let sentence = "--agents-listen needs --tls-dir DIR (plimsoll certs init DIR fills one), or --insecure-loopback for \
                            a trial on this machine";
            return Err(Failure::Usage(sentence.to_owned()));
        }
    };
    Ok(Some(AgentsConfig { listen, transport, pod_addresses: false }))
}

fn resources(names: &[String]) -> Result<Vec<Resource>, Failure> {
    let known = |name: &String| {
        Resource::from_plural(name).ok_or_else(|| {
            let known: Vec<&str> = Resource::ALL.iter().map(|resource| resource.plural()).collect();
            Failure::Usage(format!("--resources: {name:?} is not known; known are {}", known.join(", ")))
        })
    };
    names.iter().map(known).collect()
}

fn allow_list(flag: &str, text: &str) -> Result<AllowList, Failure> {
    AllowList::parse(text).map_err(|error| Failure::Usage(format!("{flag}: {error}")))
}

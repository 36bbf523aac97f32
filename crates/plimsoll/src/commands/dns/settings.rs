//! From flags to settings.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use agent_link::AgentLinkConfig;
use agent_link::config::Transport;
use corefile::Corefile;
use dns_message::Name;
use node_dns::feed::NeighboursConfig;
use node_dns::forward::Settings;
use node_dns::reload::{Reading, Source};
use node_dns::{Config, Dnstap};
use node_probe::pods::FollowConfig;

use super::sources::FilesAndVariables;
use crate::flags::ServeFlags;
use crate::outcome::Failure;

const DNS_PORT: u16 = 53;
const METRICS_PORT: u16 = 9153;

/// What the flags and the files that they name say; the latter may change while the server runs.
pub(crate) struct Typed(pub(crate) ServeFlags);

impl Source for Typed {
    fn read(&self) -> Reading {
        let sources = FilesAndVariables::default();
        let config = config(self.0.clone(), &sources).map_err(|failure| failure.to_string());
        Reading { fingerprint: sources.fingerprint(), config }
    }
}

fn config(flags: ServeFlags, sources: &FilesAndVariables) -> Result<Config, Failure> {
    let zone = name("--cluster-domain", &flags.cluster_domain)?;
    let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut config = Config::new(zone, loopback(DNS_PORT));
    config.http = vec![loopback(METRICS_PORT)];
    match &flags.corefile {
        Some(file) => config
            .apply_corefile(&read(file, sources)?, &|file| sources.read(file))
            .map_err(|refused| Failure::Usage(format!("--corefile: {refused}")))?,
        None => config.elsewhere = Settings::from_upstreams(&flags.upstream),
    }
    config.feed.hub = hub(&flags)?;
    if let Some(listen) = flags.neighbour_listen {
        config.neighbour_listen =
            Some((listen, transport(&flags, "--neighbour-listen", "whoever asks there")?));
    }
    if let Some(address) = flags.neighbours.clone() {
        let transport = transport(&flags, "--neighbours", "the neighbour")?;
        config.feed.neighbours = Some(NeighboursConfig::new(address, transport));
    }
    config.feed.data_dir = flags.data_dir.map(|folder| made("--data-dir", folder)).transpose()?;
    config.feed.snapshot = flags.snapshot;
    config.feed.pods = pods(flags.pods_api_socket, flags.cri_socket);
    if let Some(seconds) = flags.shrink_confirm_after {
        config.feed.guard.confirm_after = Duration::from_secs(seconds);
    }
    if !flags.listen.is_empty() {
        config.listen = flags.listen;
    }
    if !flags.metrics_listen.is_empty() {
        config.http = flags.metrics_listen;
    }
    config.fresh_for = Duration::from_secs(flags.fresh_for);
    config.rate_limit = flags.rate_limit;
    if let Some(seconds) = flags.lame_duck {
        config.lame_duck = Duration::from_secs(seconds);
    }
    config.query_log = flags.query_log.or(config.query_log);
    if let Some(socket) = flags.dnstap {
        let identity = flags.node_name.clone().unwrap_or_default();
        config.dnstap = Some(Dnstap { socket, full: true, identity });
    }
    let domains = flags.search_domain.iter().map(|domain| name("--search-domain", domain));
    config.search_domains = domains.collect::<Result<_, _>>()?;
    if flags.autopath {
        config.autopath = true;
        config.feed.zone.pods = service_names::PodRecords::Verified;
    }
    config.wait_after_handover = flags.wait_after_handover;
    config.notrack = flags.notrack;
    config.interface = flags.interface;
    if let Some(threads) = flags.udp_threads {
        config.udp_threads = usize::from(threads);
    }
    Ok(config)
}

fn hub(flags: &ServeFlags) -> Result<Option<AgentLinkConfig>, Failure> {
    let Some(hub) = &flags.hub else { return Ok(None) };
    let node = flags.node_name.clone().unwrap_or_else(host_name);
    let mut link = AgentLinkConfig::new(node, hub, transport(flags, "--hub", "the hub")?);
    link.hub_name.clone_from(&flags.hub_name);
    Ok(Some(link))
}

fn transport(flags: &ServeFlags, flag: &str, who: &str) -> Result<Transport, Failure> {
    match &flags.tls_dir {
        Some(dir) => Ok(Transport::Mutual { dir: dir.clone() }),
        None if flags.insecure_loopback => Ok(Transport::InsecureLoopback),
        None => Err(Failure::Usage(format!(
            "{flag} needs --tls-dir DIR, or --insecure-loopback when {who} is on this machine"
        ))),
    }
}

fn pods(pods_api: Option<std::path::PathBuf>, cri: Option<std::path::PathBuf>) -> Option<FollowConfig> {
    if pods_api.is_none() && cri.is_none() {
        return None;
    }
    // A socket that is not there is a source that says nothing.
    let (pods_api, cri) = (pods_api.unwrap_or_default(), cri.unwrap_or_default());
    Some(FollowConfig { pods_api, cri, read_only_port: None })
}

fn name(flag: &str, text: &str) -> Result<Name, Failure> {
    Name::parse(text).map_err(|wrong| {
        Failure::Usage(format!("{flag} {text}: {wrong}; write a name such as cluster.local"))
    })
}

fn made(flag: &str, folder: std::path::PathBuf) -> Result<std::path::PathBuf, Failure> {
    std::fs::create_dir_all(&folder).map_err(|failed| {
        Failure::Usage(format!(
            "{flag} {}: {failed}; name a folder that this process may write to",
            folder.display()
        ))
    })?;
    Ok(folder)
}

fn read(file: &Path, sources: &FilesAndVariables) -> Result<Corefile, Failure> {
    let text = sources.read(&file.display().to_string()).map_err(|failed| {
        Failure::Usage(format!(
            "--corefile {}: {failed}; name a file that this process may read",
            file.display()
        ))
    })?;
    let corefile = corefile::parse(&file.display().to_string(), &text, sources).map_err(Failure::usage)?;
    for note in &corefile.notes {
        tracing::info!("{note}");
    }
    Ok(corefile)
}

pub(crate) fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "localhost".to_owned() } else { name.trim().to_owned() }
}

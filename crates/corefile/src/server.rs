//! Server blocks.

use std::net::IpAddr;

use crate::answering::{AnyQuery, Autopath, Dnstap, Log};
use crate::cache::Cache;
use crate::endpoints::{Endpoint, Health, Ready, Reload};
use crate::expand::Pillar;
use crate::forward::Forward;
use crate::hosts::Hosts;
use crate::kubernetes::Kubernetes;
use crate::lexer::Word;
use crate::place::Place;
use crate::report::{Note, Report};
use crate::rewrite::Rewrite;
use crate::template::Template;
use crate::tree::{Block, Directive};
use crate::zone::{Fallthrough, Zone};
use crate::{arguments, plugins};

/// Where DNS listens when a key says nothing else.
const PORT: u16 = 53;

/// A whole file.
#[derive(Debug, Clone, Default)]
pub struct Corefile {
    /// In the order of the file. A query belongs to the block with the longest zone that holds its name.
    pub servers: Vec<Server>,
    /// What was accepted without effect.
    pub notes: Vec<Note>,
}

/// One key of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Names that this block answers.
    pub zone: Zone,
    /// On this port.
    pub port: u16,
}

/// An argument of `bind`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    /// This address.
    Address(IpAddr),
    /// All addresses of this interface.
    Interface(String),
}

/// One block: which names, and what is done with queries for them. The order of plugins is fixed, as in CoreDNS; the order
/// of lines of one plugin is kept.
#[derive(Debug, Clone)]
pub struct Server {
    /// Where it begins.
    pub place: Place,
    /// At least one.
    pub keys: Vec<Key>,
    /// Empty: on all addresses.
    pub bind: Vec<Bind>,
    /// Errors are logged.
    pub errors: bool,
    /// Queries are logged.
    pub log: Option<Log>,
    /// `/health`.
    pub health: Option<Health>,
    /// `/ready`.
    pub ready: Option<Ready>,
    /// `/metrics`.
    pub prometheus: Option<Endpoint>,
    /// The cluster zone.
    pub kubernetes: Option<Kubernetes>,
    /// Answers from hosts files and inline entries.
    pub hosts: Option<Hosts>,
    /// In order.
    pub rewrites: Vec<Rewrite>,
    /// In order.
    pub templates: Vec<Template>,
    /// The cache before the forwarders.
    pub cache: Option<Cache>,
    /// In order; the longest `from` wins among those that hold the name.
    pub forwards: Vec<Forward>,
    /// A loop through an upstream is looked for at start.
    pub loop_check: bool,
    /// The file is read again when it changes.
    pub reload: Option<Reload>,
    /// Answers are rotated; without it they keep their order.
    pub loadbalance: bool,
    /// Search lists are completed here.
    pub autopath: Option<Autopath>,
    /// Queries are written to a dnstap socket.
    pub dnstap: Option<Dnstap>,
    /// EDNS buffer size offered to upstreams and clients.
    pub bufsize: Option<u16>,
    /// What a query for ANY gets.
    pub any: AnyQuery,
}

impl Server {
    fn new(place: Place) -> Self {
        Self {
            place,
            keys: Vec::new(),
            bind: Vec::new(),
            errors: false,
            log: None,
            health: None,
            ready: None,
            prometheus: None,
            kubernetes: None,
            hosts: None,
            rewrites: Vec::new(),
            templates: Vec::new(),
            cache: None,
            forwards: Vec::new(),
            loop_check: false,
            reload: None,
            loadbalance: false,
            autopath: None,
            dnstap: None,
            bufsize: None,
            any: AnyQuery::default(),
        }
    }

    /// The zones of its keys.
    pub fn zones(&self) -> Vec<Zone> {
        self.keys.iter().map(|key| key.zone.clone()).collect()
    }
}

pub(crate) fn servers(blocks: &[Block], report: &mut Report) -> Corefile {
    let mut corefile = Corefile::default();
    for block in blocks {
        let Some(first) = block.keys.first() else { continue };
        let mut server = Server::new(first.place.clone());
        for word in &block.keys {
            key(word, &mut server.keys, report);
        }
        let earlier = corefile.servers.iter().flat_map(|server: &Server| &server.keys);
        if let Some(twice) = server.keys.iter().find(|key| earlier.clone().any(|other| other == *key)) {
            let what = format!("zone {} on port {} has a block already", twice.zone, twice.port);
            report.refuse(first, what, "put everything for it into one block");
        }
        plugins::read(&block.directives, &mut server, report);
        complete(&mut server);
        one_cluster_zone(&server, report);
        corefile.servers.push(server);
    }
    if corefile.servers.is_empty() && blocks.is_empty() {
        let place = Place { file: "Corefile".into(), line: 1 };
        let word = Word { text: String::new(), place, first: true, quoted: false };
        report.refuse(&word, "no server block", "write for example `.:53 { forward . /etc/resolv.conf }`");
    }
    corefile
}

/// `[dns://]ZONE[:PORT]`
fn key(word: &Word, keys: &mut Vec<Key>, report: &mut Report) {
    let text = match word.text.split_once("://") {
        None => word.text.as_str(),
        Some(("dns", rest)) => rest,
        Some((scheme, _)) => {
            report.refuse(
                word,
                format!("listening for {scheme}:// is not supported"),
                "use plain DNS: UDP and TCP",
            );
            return;
        }
    };
    let (zone, port) = match text.rsplit_once(':') {
        Some((zone, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() => {
            (zone, port.parse().ok())
        }
        _ => (text, Some(PORT)),
    };
    let Some(port) = port.filter(|port| *port != 0) else {
        report.refuse(word, "not a port", "write for example `.:53`");
        return;
    };
    match Zone::all(zone) {
        Ok(zones) => keys.extend(zones.into_iter().map(|zone| Key { zone, port })),
        Err(error) => {
            report.refuse(word, format!("not a zone: {error}"), "write for example `example.org:53`")
        }
    }
}

/// Plugins without zones of their own take those of the block.
fn complete(server: &mut Server) {
    let zones = server.zones();
    let fill = |own: &mut Vec<Zone>| {
        if own.is_empty() {
            own.clone_from(&zones);
        }
    };
    if let Some(kubernetes) = &mut server.kubernetes {
        fill(&mut kubernetes.zones);
    }
    if let Some(cache) = &mut server.cache {
        fill(&mut cache.zones);
    }
    if let Some(hosts) = &mut server.hosts {
        fill(&mut hosts.zones);
    }
    if let Some(autopath) = &mut server.autopath {
        fill(&mut autopath.zones);
    }
    for template in &mut server.templates {
        fill(&mut template.zones);
    }
}

/// Services have one name each; reverse zones come on top.
fn one_cluster_zone(server: &Server, report: &mut Report) {
    let Some(kubernetes) = &server.kubernetes else { return };
    let is_reverse =
        |zone: &Zone| ["in-addr.arpa.", "ip6.arpa."].iter().any(|top| zone.as_str().ends_with(top));
    if kubernetes.zones.iter().filter(|zone| !is_reverse(zone)).count() > 1 {
        let place = kubernetes.place.clone();
        let word = Word { text: "kubernetes".to_owned(), place, first: true, quoted: false };
        report.refuse(&word, "several zones for services", "name one, and reverse zones beside it");
    }
}

/// `bind ADDRESS|INTERFACE...`
pub(crate) fn bind(directive: &Directive, server: &mut Server, report: &mut Report) {
    for option in directive.options() {
        report.refuse(
            &option.name,
            "exceptions to `bind` are not supported",
            "name the addresses that it should bind",
        );
    }
    for word in &directive.arguments {
        if Pillar::of(&word.text) == Some(Pillar::Listen) {
            report.note(word, "nothing stands in its place; --listen says where to listen");
        } else if let Ok(address) = word.text.parse() {
            server.bind.push(Bind::Address(address));
        } else if !word.text.is_empty()
            && word.text.bytes().all(|b| b.is_ascii_graphic() && b != b'/' && b != b':')
        {
            server.bind.push(Bind::Interface(word.text.clone()));
        } else {
            report.refuse(word, "neither an address nor an interface", "write for example `169.254.20.10`");
        }
    }
    if directive.arguments.is_empty() {
        report.refuse(&directive.name, "needs an argument", "name an address or an interface");
    }
}

/// Whether a plugin lets the next one answer for `name`; a helper for those that have the option.
pub(crate) fn set_fallthrough(option: &Directive, into: &mut Fallthrough, report: &mut Report) {
    *into = arguments::fallthrough(option, report);
}

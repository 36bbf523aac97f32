//! Where `forward` sends queries.

use std::net::{IpAddr, SocketAddr};

use crate::expand::Pillar;
use crate::lexer::Word;
use crate::report::Report;

const PORT_DNS: u16 = 53;
/// RFC 7858 3.1.
const PORT_TLS: u16 = 853;
/// What `__PILLAR__UPSTREAM__SERVERS__` stands for when nothing stands in its place, as node-cache has it.
const NODE_RESOLVERS: &str = "/etc/resolv.conf";

/// One upstream, or a file that lists some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// UDP, with TCP for answers that do not fit.
    Plain(SocketAddr),
    /// DNS over TLS (RFC 7858), and the name on its certificate if it is given here.
    Tls(SocketAddr, Option<String>),
    /// The `nameserver` lines of this file.
    ResolvConf(String),
    /// The cluster's own DNS: this very server.
    ClusterDns,
}

pub(crate) fn read(word: &Word, report: &mut Report) -> Option<Upstream> {
    match Pillar::of(&word.text) {
        Some(Pillar::ClusterDns) => return Some(Upstream::ClusterDns),
        Some(Pillar::NodeResolvers) => return Some(Upstream::ResolvConf(NODE_RESOLVERS.to_owned())),
        Some(Pillar::Listen) => {
            report.refuse(word, "a place to listen is not an upstream", "name the upstream's address");
            return None;
        }
        None => {}
    }
    let (scheme, rest) = word.text.split_once("://").unwrap_or(("dns", &word.text));
    match scheme {
        "dns" if rest.starts_with('/') => Some(Upstream::ResolvConf(rest.to_owned())),
        "dns" => address(rest, PORT_DNS, word, report).map(Upstream::Plain),
        "tls" => {
            let (rest, name) = server_name(rest);
            let address = address(&rest, PORT_TLS, word, report)?;
            Some(Upstream::Tls(address, name))
        }
        _ => {
            report.refuse(word, format!("{scheme}:// is not supported"), "use plain DNS or tls://ADDRESS");
            None
        }
    }
}

/// `9.9.9.9%dns.quad9.net:853` -> `9.9.9.9:853`, `dns.quad9.net`. `fe80::1%eth0` is a zone of IPv6 in plain DNS only.
fn server_name(text: &str) -> (String, Option<String>) {
    let Some((address, tail)) = text.split_once('%') else { return (text.to_owned(), None) };
    let (name, port) = match tail.rsplit_once(':') {
        Some((name, port)) => (name, format!(":{port}")),
        None => (tail, String::new()),
    };
    let bracket = if address.starts_with('[') { "]" } else { "" };
    (format!("{address}{bracket}{port}"), Some(name.trim_end_matches(']').to_owned()))
}

fn address(text: &str, port: u16, word: &Word, report: &mut Report) -> Option<SocketAddr> {
    let unbracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let found = unbracketed.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, port)).or_else(|_| text.parse());
    match found {
        Ok(address) if address.port() != 0 && !address.ip().is_unspecified() => Some(address),
        Ok(_) => {
            report.refuse(word, "not an address that can be asked", "name the upstream's own address");
            None
        }
        Err(_) => {
            let what = "not an address; host names as upstreams would need a DNS to find the DNS";
            report.refuse(word, what, "write IP[:PORT], [IPv6]:PORT, or the path of a resolv.conf");
            None
        }
    }
}

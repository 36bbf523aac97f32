//! Plugins that are not here, and what to do without each.

use crate::report::Report;
use crate::tree::Directive;

/// (plugin, why or what instead). The names are those of CoreDNS v1.15's own list.
const PLUGINS: [(&str, &str); 39] = [
    ("acl", "use NetworkPolicy; the per-client rate limit is --client-rate"),
    ("auto", "zone files are not served: forward the zone to a server that has them"),
    ("azure", "forward the zone to a server that has it"),
    ("cancel", "remove it: every query has a deadline here"),
    ("chaos", "remove it"),
    ("clouddns", "forward the zone to a server that has it"),
    ("dns64", "forward to a resolver that does DNS64"),
    ("dnssec", "remove it: the cluster zone is not signed"),
    ("erratic", "remove it: it is for tests"),
    ("etcd", "forward the zone to a server that has it"),
    ("federation", "remove it: Kubernetes has dropped it; use multi-cluster services"),
    ("file", "zone files are not served: forward the zone to a server that has them"),
    ("geoip", "remove it"),
    ("grpc", "use `forward` with plain DNS or tls://"),
    ("grpc_server", "use plain DNS: UDP and TCP"),
    ("header", "remove it"),
    ("https", "use plain DNS: UDP and TCP"),
    ("https3", "use plain DNS: UDP and TCP"),
    ("k8s_external", "forward the zone to a server that has it, for example external-dns's"),
    ("local", "remove it: names under localhost are answered anyhow"),
    ("metadata", "remove it"),
    ("nomad", "forward the zone to a server that has it"),
    ("nsid", "remove it"),
    ("on", "remove it"),
    ("pprof", "remove it"),
    ("proxy", "CoreDNS has dropped it: use `forward`"),
    ("proxyproto", "remove it"),
    ("quic", "use plain DNS: UDP and TCP"),
    ("route53", "forward the zone to the VPC's resolver"),
    ("secondary", "zones are not transferred: forward the zone to its primary"),
    ("shed", "remove it: queues are bounded here, and drops are counted"),
    ("sign", "remove it: the cluster zone is not signed"),
    ("timeouts", "remove it: limits of TCP clients are built in"),
    ("tls", "use plain DNS: UDP and TCP; towards upstreams, `forward . tls://...`"),
    ("trace", "remove it: use `dnstap` or `log`"),
    ("transfer", "remove it: zones are not transferred"),
    ("tsig", "remove it: zones are not transferred"),
    ("view", "write one block for each zone"),
    ("whoami", "remove it: it is for tests"),
];

pub(crate) fn refuse(directive: &Directive, report: &mut Report) {
    let name = directive.name.text.as_str();
    match PLUGINS.iter().find(|(plugin, _)| *plugin == name) {
        Some((_, advice)) => report.refuse(&directive.name, "this plugin is not supported", *advice),
        None => {
            report.refuse(&directive.name, "no such plugin", "look for a misspelling, or remove the line")
        }
    }
}

/// Accepted, because it changes nothing that a client could see.
pub(crate) fn without_effect(directive: &Directive, report: &mut Report) {
    let why = match directive.name.text.as_str() {
        "debug" => "has no effect: the command line sets the log level",
        "minimal" => "has no effect: answers are minimal anyhow",
        "multisocket" => "has no effect: every core has its own socket anyhow",
        _ => "has no effect: name files by their full paths",
    };
    report.note(&directive.name, why);
}

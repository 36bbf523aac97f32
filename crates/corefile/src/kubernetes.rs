//! `kubernetes`: the cluster zone.

use crate::arguments::{number, one, some, unknown, zones};
use crate::place::Place;
use crate::report::Report;
use crate::server::set_fallthrough;
use crate::tree::Directive;
use crate::zone::{Fallthrough, Zone};

/// CoreDNS's default when `ttl` is not given.
const TTL_SECONDS: u32 = 5;
/// CoreDNS's ceiling.
const TTL_SECONDS_MAX: u32 = 3600;

/// Answers for `1-2-3-4.namespace.pod.zone`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PodRecords {
    /// There are none.
    #[default]
    Disabled,
    /// Any address, if the namespace exists.
    Insecure,
    /// Addresses of pods of that namespace.
    Verified,
}

/// What the cluster zone looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kubernetes {
    /// Where it stands.
    pub place: Place,
    /// Zones that it is authoritative for, reverse zones among them; those of the block when none are given.
    pub zones: Vec<Zone>,
    /// TTL of its answers.
    pub ttl_seconds: u32,
    /// Pod records.
    pub pods: PodRecords,
    /// For which names an unknown name goes on to the next plugin.
    pub fallthrough: Fallthrough,
    /// Only these namespaces; empty: all.
    pub namespaces: Vec<String>,
    /// A service without ready endpoints is NXDOMAIN.
    pub ignore_empty_service: bool,
}

const OPTIONS: &str = "namespaces, pods, ttl, fallthrough, ignore empty_service";

pub(crate) fn read(directive: &Directive, report: &mut Report) -> Kubernetes {
    let mut settings = Kubernetes {
        place: directive.name.place.clone(),
        zones: zones(&directive.arguments, report),
        ttl_seconds: TTL_SECONDS,
        pods: PodRecords::default(),
        fallthrough: Fallthrough::default(),
        namespaces: Vec::new(),
        ignore_empty_service: false,
    };
    for option in directive.options() {
        read_option(option, &mut settings, report);
    }
    settings
}

fn read_option(option: &Directive, settings: &mut Kubernetes, report: &mut Report) {
    match option.name.text.as_str() {
        "ttl" => {
            if let Some(ttl) = one(option, report).and_then(|word| number(word, 0..=TTL_SECONDS_MAX, report))
            {
                settings.ttl_seconds = ttl;
            }
        }
        "pods" => settings.pods = pods(option, report),
        "fallthrough" => set_fallthrough(option, &mut settings.fallthrough, report),
        "namespaces" => settings.namespaces.extend(some(option, report).iter().map(|word| word.text.clone())),
        "ignore" => match one(option, report).map(|word| word.text.as_str()) {
            Some("empty_service") => settings.ignore_empty_service = true,
            Some(_) => report.refuse(&option.name, "ignores nothing else", "write `ignore empty_service`"),
            None => {}
        },
        "endpoint"
        | "tls"
        | "kubeconfig"
        | "apiserver_qps"
        | "apiserver_burst"
        | "apiserver_max_inflight" => {
            report.refuse(
                &option.name,
                "the DNS does not talk to the API server",
                "remove it: the hub does, with its own flags",
            );
        }
        "startup_timeout" => {
            report.note(&option.name, "has no effect: a start never waits for the API server")
        }
        "resyncperiod" | "upstream" | "transfer" => {
            report.refuse(&option.name, "CoreDNS has dropped this option", "remove it");
        }
        "labels" | "namespace_labels" => {
            report.refuse(
                &option.name,
                "selecting by labels is not supported",
                "use `namespaces`, or remove it",
            );
        }
        "endpoint_pod_names" => {
            report.refuse(
                &option.name,
                "names of pods are not sent to nodes",
                "remove it: endpoints are named by hostname or address",
            );
        }
        "noendpoints" => {
            report.refuse(
                &option.name,
                "a zone without endpoints is not supported",
                "remove it: endpoints cost little here",
            );
        }
        "multicluster" | "zonal" => {
            report.refuse(&option.name, "not supported", "forward such names to a CoreDNS that has it");
        }
        _ => unknown(option, "kubernetes", OPTIONS, report),
    }
}

fn pods(option: &Directive, report: &mut Report) -> PodRecords {
    let Some(word) = one(option, report) else { return PodRecords::default() };
    match word.text.as_str() {
        "disabled" => PodRecords::Disabled,
        "insecure" => PodRecords::Insecure,
        "verified" => PodRecords::Verified,
        _ => {
            report.refuse(word, "not a mode of `pods`", "write disabled, insecure or verified");
            PodRecords::default()
        }
    }
}

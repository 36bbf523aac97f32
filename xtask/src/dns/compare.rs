//! The same questions to two servers of the same cluster; what they answer differently.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::api::Api;
use super::differences::{self, Meant};
use super::message::{Answer, Question};
use super::questions::{Asked, questions};
use super::record::{Record, class_name, kind_name};
use super::server::{Server, Transport};
use super::shapes::{EMPTY, NAMESPACE, Shape, shapes};
use crate::repository;

/// The written list.
const LIST: &str = "testbed/dns/differences.txt";
/// Unexplained differences that are printed in full, unless told.
const SHOWN_MAX: usize = 40;
/// Both servers must know every shape within this long.
const KNOWN_SECONDS_MAX: u32 = 60;
/// Created last, so that a server that answers it knows the others.
const LAST: &str = "last";

/// What one answer has and the other has not.
struct Difference {
    asked: Asked,
    field: &'static str,
    ours: String,
    theirs: String,
}

/// `dns-compare API OURS THEIRS [SHOWN]`: creates every shape, asks both, prints the report. An error when a difference is not
/// on the list.
pub(crate) fn compare(words: &[&str]) -> Result<String> {
    let (&[api, ours, theirs] | &[api, ours, theirs, _]) = words else {
        anyhow::bail!("dns-compare API OURS THEIRS [SHOWN]")
    };
    let shown = words.get(3).map_or(Ok(SHOWN_MAX), |shown| shown.parse())?;
    let text = std::fs::read_to_string(repository::root().join(LIST)).with_context(|| LIST.to_owned())?;
    let meant = differences::read(&text)?;
    let (mut ours, mut theirs) = (server(ours)?, server(theirs)?);
    let shapes = shapes();
    let mut report = create(&mut Api::connect(api)?, &shapes)?;
    for server in [&mut ours, &mut theirs] {
        wait_until_known(server)?;
    }
    let asked = questions(&shapes);
    let mut found = Vec::new();
    for one in &asked {
        found.extend(differences(&mut ours, &mut theirs, one)?);
    }
    let unexplained: Vec<&Difference> = found.iter().filter(|one| !explained(&meant, one)).collect();
    writeln!(report, "{} questions about {} shapes: {} differences", asked.len(), shapes.len(), found.len())?;
    for line in &meant {
        let unused = if line.used.get() == 0 { " (nothing differs so: remove it)" } else { "" };
        writeln!(report, "{:6}  {}{unused}", line.used.get(), line.reason)?;
    }
    for one in unexplained.iter().take(shown) {
        report += &one.text();
    }
    ensure!(unexplained.is_empty(), "{report}{} differences are not in {LIST}", unexplained.len());
    Ok(report)
}

fn server(address: &str) -> Result<Server> {
    let address: SocketAddr = address.parse().with_context(|| format!("{address} is no ADDRESS:PORT"))?;
    Server::connect(address)
}

/// A shape that this API server does not admit can be in no zone; it is named and left out.
fn create(api: &mut Api, shapes: &[Shape]) -> Result<String> {
    let mut report = String::new();
    for namespace in [NAMESPACE, EMPTY] {
        api.create("/api/v1/namespaces", &json!({"metadata": {"name": namespace}}))?;
    }
    let dns = json!({"metadata": {"name": "kube-dns", "namespace": "kube-system"}, "spec": {"clusterIP": "10.96.200.53",
        "clusterIPs": ["10.96.200.53"], "ipFamilies": ["IPv4"], "ports": [{"name": "dns", "port": 53, "protocol": "UDP"}]}});
    api.create("/api/v1/namespaces/kube-system/services", &dns)?;
    for shape in shapes {
        if let Err(refused) = create_shape(api, shape) {
            writeln!(report, "not admitted: {}: {refused:#}", shape.name)?;
        }
    }
    let last = json!({"clusterIP": "10.96.200.250", "clusterIPs": ["10.96.200.250"], "ipFamilies": ["IPv4"], "ports": [{"port": 1}]});
    create_shape(api, &Shape { name: LAST, spec: last, slices: vec![] })?;
    Ok(report)
}

fn create_shape(api: &mut Api, shape: &Shape) -> Result<()> {
    let name = shape.name;
    let mut service = json!({"metadata": {"name": name, "namespace": NAMESPACE}, "spec": shape.spec});
    complete(&mut service["spec"]);
    api.create(&format!("/api/v1/namespaces/{NAMESPACE}/services"), &service)?;
    for (number, slice) in shape.slices.iter().enumerate() {
        let mut slice = slice.clone();
        slice["metadata"] = json!({"name": format!("{:.50}-{number}", name), "namespace": NAMESPACE, "labels": {
            "kubernetes.io/service-name": name, "endpointslice.kubernetes.io/managed-by": "plimsoll-compare"}});
        api.create(&format!("/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"), &slice)?;
    }
    Ok(())
}

/// What a real API server fills in by itself and the embedded one does not.
fn complete(spec: &mut Value) {
    if spec["clusterIPs"].is_null() && spec["clusterIP"].is_string() {
        spec["clusterIPs"] = json!([spec["clusterIP"]]);
    }
    if spec["ipFamilies"].is_null() && spec["clusterIP"].is_string() {
        spec["ipFamilies"] = json!(["IPv4"]);
    }
}

fn wait_until_known(server: &mut Server) -> Result<()> {
    let name = format!("{LAST}.{NAMESPACE}.svc.cluster.local");
    let question = Question { name, kind: 1, class: 1, edns: None };
    for _ in 0..KNOWN_SECONDS_MAX * 5 {
        if server.ask(&question, Transport::Udp)?.sections[0].len() == 1 {
            return Ok(());
        }
        pause(Duration::from_millis(200));
    }
    anyhow::bail!("a server does not know {} after {KNOWN_SECONDS_MAX} s", question.name)
}

#[expect(clippy::disallowed_methods, reason = "waits for other processes; no test runs it")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

fn differences(ours: &mut Server, theirs: &mut Server, asked: &Asked) -> Result<Vec<Difference>> {
    let (question, transport) = asked;
    let (ours, theirs) = match (ours.ask(question, *transport), theirs.ask(question, *transport)) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(ours), Err(_)) => return Err(ours.context("neither answers")),
        (ours, theirs) => {
            let says = |answer: Result<Answer>| {
                answer.map_or_else(|error| format!("{error:#}"), |_| "an answer".to_owned())
            };
            return Ok(vec![Difference {
                asked: asked.clone(),
                field: "silence",
                ours: says(ours),
                theirs: says(theirs),
            }]);
        }
    };
    let rows = fields(&ours).into_iter().zip(fields(&theirs));
    let differing = rows.filter(|((_, ours), (_, theirs))| ours != theirs);
    let mut found: Vec<Difference> = differing
        .map(|((field, ours), (_, theirs))| Difference { asked: asked.clone(), field, ours, theirs })
        .collect();
    // Another result has another SOA, another answer, …: one difference, not five.
    if ours.rcode != theirs.rcode {
        found.retain(|one| one.field == "rcode");
    }
    // No record, no case.
    found.retain(|one| one.field != "case" || !one.ours.is_empty() && !one.theirs.is_empty());
    // What is cut off where is each server's own choice.
    if ours.truncated || theirs.truncated {
        found.retain(|one| !matches!(one.field, "answer" | "authority" | "additional" | "ttl" | "case"));
    }
    Ok(found)
}

/// Everything that two answers are compared by.
fn fields(answer: &Answer) -> Vec<(&'static str, String)> {
    let [records, authority, additional] = &answer.sections;
    let ttls = |records: &[Record]| sorted(records, |record| format!("{} {}", record.kind, record.ttl));
    vec![
        ("rcode", answer.rcode.to_string()),
        ("aa", answer.authoritative.to_string()),
        ("tc", answer.truncated.to_string()),
        ("ra", answer.recursion_available.to_string()),
        ("question", answer.question.clone().unwrap_or_default()),
        ("opt", answer.has_opt.to_string()),
        ("case", answer.question.as_deref().map(|asked| in_its_case(records, asked)).unwrap_or_default()),
        ("answer", sorted(records, without_ttl)),
        ("authority", sorted(authority, without_ttl)),
        ("additional", sorted(additional, without_ttl)),
        ("ttl", [records, authority, additional].map(|section| ttls(section)).join("\n")),
    ]
}

/// Names are the same in whatever case (RFC 4343).
fn without_ttl(record: &Record) -> String {
    let Record { owner, kind, class, data, .. } = record;
    let (owner, data) = (owner.to_ascii_lowercase(), data.to_ascii_lowercase());
    format!("{owner} {} {} {data}", class_name(*class), kind_name(*kind))
}

/// But the name that was asked for comes back as it was asked, for resolvers with 0x20.
fn in_its_case(records: &[Record], asked: &str) -> String {
    let mut owners: Vec<&str> = records.iter().map(|record| record.owner.as_str()).collect();
    owners.retain(|owner| owner.eq_ignore_ascii_case(asked));
    owners.dedup();
    owners.join(" ")
}

/// The order of records in a set means nothing (RFC 2181, section 5).
fn sorted(records: &[Record], text: impl Fn(&Record) -> String) -> String {
    let mut lines: Vec<String> = records.iter().map(text).collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn explained(meant: &[Meant], difference: &Difference) -> bool {
    let line = meant.iter().find(|line| line.covers(&difference.asked.0, difference.field));
    line.inspect(|line| line.used.set(line.used.get() + 1)).is_some()
}

impl Difference {
    fn text(&self) -> String {
        let (question, transport) = &self.asked;
        let Question { name, kind, class, edns } = question;
        let indent = |text: &str| text.replace('\n', "\n            ");
        format!(
            "{} {name} {} {} {transport:?} {edns:?}\n    ours:   {}\n    theirs: {}\n",
            self.field,
            class_name(*class),
            kind_name(*kind),
            indent(&self.ours),
            indent(&self.theirs)
        )
    }
}

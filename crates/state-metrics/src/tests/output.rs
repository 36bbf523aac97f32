//! Headers, formats, pieces.

use std::sync::Arc;

use exposition::{Format, Kind, Limits, parse};
use objects::{Object, Resource};

use super::object;
use crate::{CHUNK_BYTES, FamilyFilter, Options, Scrape, Stability, families, render};

const EIGHT: [Resource; 8] = [
    Resource::DaemonSets,
    Resource::Deployments,
    Resource::Jobs,
    Resource::Namespaces,
    Resource::Nodes,
    Resource::Pods,
    Resource::ReplicaSets,
    Resource::StatefulSets,
];

fn one_of_each() -> Vec<(Resource, Vec<Object>)> {
    let objects = |resource| vec![object(resource, r#"{"metadata": {"labels": {"a": "1"}}}"#)];
    EIGHT.into_iter().map(|resource| (resource, objects(resource))).collect()
}

fn whole(parts: Vec<(Resource, Vec<Object>)>, options: Options) -> String {
    let pieces: Vec<_> = Scrape::new(parts, Arc::new(options)).collect();
    String::from_utf8(pieces.concat()).unwrap()
}

#[test]
fn tables_are_sound() {
    let mut names = std::collections::BTreeSet::new();
    for (resource, family) in
        EIGHT.into_iter().flat_map(|resource| families(resource).iter().map(move |f| (resource, f)))
    {
        assert!(names.insert(family.name), "{} is there twice", family.name);
        assert_eq!(family.resource, resource, "{}", family.name);
        assert!(!family.help.is_empty() && !family.help.contains("  "), "{}", family.name);
        assert_eq!(family.kind == Kind::Counter, family.name.ends_with("_total"), "{}", family.name);
    }
    // 60 of pods, 13 of nodes, 5, 18, 11, 13, 16 and 17.
    assert_eq!(names.len(), 153);
    let opt_in: Vec<_> =
        EIGHT.into_iter().flat_map(families).filter(|row| row.opt_in).map(|row| row.name).collect();
    assert_eq!(opt_in, ["kube_pod_nodeselectors"]);
    assert!(families(Resource::Secrets).is_empty());
}

#[test]
fn headers() {
    fn check(resource: Resource, family: &str, format: Format, expected: &str) {
        let family = families(resource).iter().find(|row| row.name == family).unwrap();
        let options = Options { format, ..Options::default() };
        let mut out = Vec::new();
        render(family, &[object(resource, "{}")], &options, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        let mut none = Vec::new();
        render(family, &[], &options, &mut none);
        assert_eq!(none, b"", "a kind without objects has no headers");
    }
    // The header is there without a sample, too.
    check(
        Resource::Nodes,
        "kube_node_created",
        Format::Text,
        "# HELP kube_node_created [STABLE] Unix creation timestamp\n# TYPE kube_node_created gauge\n",
    );
    check(
        Resource::Nodes,
        "kube_node_role",
        Format::OpenMetrics,
        "# HELP kube_node_role The role of a cluster node.\n# TYPE kube_node_role gauge\n",
    );
    let restarts = "kube_pod_container_status_restarts";
    let help = "[STABLE] The number of container restarts per container.";
    let text = format!("# HELP {restarts}_total {help}\n# TYPE {restarts}_total counter\n");
    check(Resource::Pods, &format!("{restarts}_total"), Format::Text, &text);
    let openmetrics = format!("# HELP {restarts} {help}\n# TYPE {restarts} counter\n");
    check(Resource::Pods, &format!("{restarts}_total"), Format::OpenMetrics, &openmetrics);
}

#[test]
fn whole_scrapes_are_read_back() {
    for format in [Format::Text, Format::OpenMetrics] {
        let text = whole(one_of_each(), Options { format, ..Options::default() });
        let read = parse(&text, format, Limits::default()).unwrap();
        let names: Vec<_> = read.iter().map(|family| family.text_name()).collect();
        let rows = EIGHT.into_iter().flat_map(families).filter(|row| !row.opt_in);
        let expected: Vec<_> = rows
            .map(|row| {
                let marked = read
                    .iter()
                    .any(|family| family.text_name() == row.name && family.help.starts_with("[STABLE] "));
                assert_eq!(marked, row.stability == Stability::Stable, "{}", row.name);
                row.name
            })
            .collect();
        assert_eq!(names, expected);
    }
}

#[test]
fn nothing_but_what_is_wanted() {
    fn check(allow: &str, deny: &str, expected: &str) {
        let [allow, deny] = [allow, deny].map(|list| FamilyFilter::list(list).unwrap());
        let families = FamilyFilter { allow, deny, opt_in: Vec::new() };
        let text = whole(one_of_each(), Options { families, ..Options::default() });
        let samples: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(samples.join("\n"), expected);
    }
    check("kube_job_info", "", r#"kube_job_info{namespace="shop",job_name="cart"} 1"#);
    check(
        "kube_job_.*",
        "kube_job_status_.*,kube_job_owner,kube_job_labels",
        r#"kube_job_info{namespace="shop",job_name="cart"} 1"#,
    );
    check("kube_nothing", "", "");
}

#[test]
fn ends_of_scrapes() {
    let openmetrics = || Options { format: Format::OpenMetrics, ..Options::default() };
    assert_eq!(whole(Vec::new(), Options::default()), "");
    assert_eq!(whole(Vec::new(), openmetrics()), "# EOF\n");
    assert_eq!(whole(vec![(Resource::Pods, Vec::new())], openmetrics()), "# EOF\n");
    assert_eq!(whole(vec![(Resource::Leases, vec![object(Resource::Leases, "{}")])], Options::default()), "");
}

#[test]
fn pieces_are_of_one_size_and_together_the_whole() {
    let pods = vec![object(Resource::Pods, r#"{"status": {"phase": "Running"}}"#); 1_000];
    let options = Arc::new(Options::default());
    let pieces: Vec<_> = Scrape::new(vec![(Resource::Pods, pods.clone())], options.clone()).collect();
    let (last, full) = pieces.split_last().unwrap();
    assert!(full.len() > 10 && !last.is_empty());
    for piece in full {
        assert!((CHUNK_BYTES..CHUNK_BYTES + 1_024).contains(&piece.len()), "{}", piece.len());
    }
    let mut expected = Vec::new();
    for family in families(Resource::Pods).iter().filter(|row| !row.opt_in) {
        render(family, &pods, &options, &mut expected);
    }
    assert_eq!(pieces.concat(), expected);
}

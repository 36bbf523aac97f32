//! Profiles and clusters for tests.

use std::collections::BTreeMap;

use workload_profile::{
    Accept, Actor, ApiVersion, Kind, Profile, Recorded, RequestClass, ResourceVersion, ResourceVersionMatch,
    Returns, Source, Span, Trigger, Verb, Workload, WorkloadKind,
};

use crate::cluster::{ApiServers, Cluster, ClusterKind, Count, Encoded, Etcd, Resource};

/// A request at each start, JSON, of all pods.
pub(crate) fn class(verb: Verb, resource: &str) -> RequestClass {
    RequestClass {
        id: format!("{verb:?}-{resource}").to_lowercase(),
        actor: Actor::Node,
        on: Trigger::Startup,
        every: None,
        jitter: None,
        count: 1.0,
        event: None,
        verb,
        group: String::new(),
        resource: resource.to_owned(),
        subresource: None,
        path: None,
        namespaced: false,
        resource_version: ResourceVersion::Unset,
        resource_version_match: None,
        limit: None,
        continues: false,
        field_selector: None,
        label_selector: None,
        accept: Accept::Json,
        gzip: false,
        send_initial_events: false,
        returns: Returns::All,
        body_bytes: None,
        timeout: None,
        renew: None,
        retry: None,
        observed: None,
        confidence: BTreeMap::new(),
    }
}

/// By its words: `list rv0 json`, `watch initial node protobuf`, `list limit=500`, `every=60`.
pub(crate) fn request(words: &str) -> RequestClass {
    let mut class = class(Verb::List, "pods");
    for word in words.split_whitespace() {
        match word {
            "list" => class.verb = Verb::List,
            "watch" => class.verb = Verb::Watch,
            "get" => (class.verb, class.returns) = (Verb::Get, Returns::Count(1.0)),
            "patch" => (class.verb, class.returns) = (Verb::Patch, Returns::Count(1.0)),
            "rv0" => class.resource_version = ResourceVersion::Zero,
            "recent" => class.resource_version = ResourceVersion::Recent,
            "exact" => class.resource_version_match = Some(ResourceVersionMatch::Exact),
            "not-older" => class.resource_version_match = Some(ResourceVersionMatch::NotOlderThan),
            "continue" => class.continues = true,
            "initial" => class.send_initial_events = true,
            "node" => {
                class.field_selector = Some("spec.nodeName=$NODE".to_owned());
                class.returns = Returns::PerNode;
            }
            "label-none" => {
                class.label_selector = Some("app=none".to_owned());
                class.returns = Returns::Count(0.0);
            }
            "namespace" => (class.namespaced, class.returns) = (true, Returns::Count(600.0)),
            "json" => class.accept = Accept::Json,
            "protobuf" => class.accept = Accept::Protobuf,
            "table" => class.accept = Accept::Table,
            "metadata" => class.accept = Accept::MetadataProtobuf,
            "cluster" => class.actor = Actor::Cluster,
            other => match other.split_once('=') {
                Some(("limit", limit)) => class.limit = limit.parse().ok(),
                Some(("resource", resource)) => resource.clone_into(&mut class.resource),
                Some(("every", seconds)) => {
                    class.on = Trigger::Period;
                    class.every = seconds.parse().ok().and_then(Span::seconds);
                }
                _ => panic!("{other} is no word of a request"),
            },
        }
    }
    class
}

/// A DaemonSet outside of kube-system.
pub(crate) fn profile(requests: Vec<RequestClass>) -> Profile {
    Profile {
        api_version: ApiVersion::V1,
        kind: Kind::Profile,
        workload: Workload {
            kind: WorkloadKind::DaemonSet,
            namespace: Some("monitoring".to_owned()),
            service_account: Some("node-telemetry".to_owned()),
            ..Workload::default()
        },
        recorded: Recorded {
            source: Source::Declared,
            version: None,
            cluster_nodes: None,
            instances: None,
            duration: None,
            objects: BTreeMap::new(),
        },
        requests,
        unknown: Vec::new(),
    }
}

/// 30 pods of 8.35 KB JSON and 5.8 KB protobuf on each node: what research section 2.8 was measured with.
pub(crate) fn cluster(version: &str, nodes: f64) -> Cluster {
    let pods = Resource {
        objects: Count::per_node(30.0),
        stored_bytes: Some(5800.0),
        encoded_bytes: Encoded {
            json: Some(8350.0),
            protobuf: Some(5800.0),
            table: Some(3130.0),
            metadata_json: None,
            metadata_protobuf: Some(2530.0),
        },
        changes_per_second: None,
        watchers: None,
    };
    Cluster {
        api_version: ApiVersion::V1,
        kind: ClusterKind::Cluster,
        version: version.parse().expect("a version"),
        nodes,
        gates: BTreeMap::new(),
        resources: BTreeMap::from([("pods".to_owned(), pods)]),
        apiservers: ApiServers::default(),
        etcd: Etcd::default(),
        base_cpu: None,
    }
}

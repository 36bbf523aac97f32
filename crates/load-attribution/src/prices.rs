//! What a request costs, now and on twice the nodes.

use std::collections::BTreeMap;

use api_cost::{
    CacheState, Cluster, CostModel, Count, Gates, Known, Resource, Situation, resource_name, work,
};
use workload_profile::{Asked, Returns, Verb};

/// Shapes whose price is remembered; beyond it, all are forgotten and priced anew.
const SHAPES_MAX: usize = 4096;
/// Watchers of a write, where nobody says how many: the control plane's own.
const WATCHERS: f64 = 5.0;

/// Prices on one cluster.
#[derive(Debug)]
pub struct Prices {
    cluster: Cluster,
    gates: Gates,
    model: CostModel,
    known: BTreeMap<workload_profile::Shape, [f64; 2]>,
}

impl Prices {
    /// Of a cluster whose resources have fixed numbers of objects, as its metrics say them.
    #[must_use]
    pub fn new(cluster: Cluster, model: CostModel) -> Self {
        let gates = Gates::of(cluster.version.nearest_known().version).with(&cluster.gates);
        Self { cluster: growing(cluster), gates, model, known: BTreeMap::new() }
    }

    /// CPU seconds of the API server for one request: on this cluster, and on one with twice the nodes.
    pub fn of(&mut self, asked: &Asked) -> [f64; 2] {
        if let Some(price) = self.known.get(&asked.shape) {
            return *price;
        }
        let nodes = self.cluster.nodes.max(1.0);
        let price = [self.price(asked, nodes), self.price(asked, 2.0 * nodes)];
        if self.known.len() >= SHAPES_MAX {
            self.known.clear();
        }
        self.known.insert(asked.shape.clone(), price);
        price
    }

    fn price(&self, asked: &Asked, nodes: f64) -> f64 {
        let mut class = asked.shape.class(String::new());
        class.returns = returns(asked);
        let known = Known::of(&self.cluster, &resource_name(&class));
        let watchers =
            if matches!(class.verb, Verb::Get | Verb::List | Verb::Watch) { 0.0 } else { WATCHERS };
        let at = Situation {
            coefficients: &self.model.coefficients,
            gates: &self.gates,
            nodes,
            cache: CacheState::Fresh,
            watchers,
        };
        work(&class, &known, &at).apiserver_cpu_seconds
    }
}

/// Objects grow with the nodes, but for those that nothing on a node makes: a number that is there at ten nodes is there at a
/// thousand.
fn growing(mut cluster: Cluster) -> Cluster {
    let nodes = cluster.nodes.max(1.0);
    for (name, resource) in &mut cluster.resources {
        let objects = resource.objects.at(nodes);
        if grows(name) {
            *resource = Resource { objects: Count::per_node(objects / nodes), ..resource.clone() };
        }
    }
    cluster
}

fn grows(resource: &str) -> bool {
    !matches!(
        resource.split('.').next(),
        Some(
            "namespaces"
                | "clusterroles"
                | "clusterrolebindings"
                | "customresourcedefinitions"
                | "apiservices"
                | "flowschemas"
                | "prioritylevelconfigurations"
        )
    )
}

/// An audit log does not say how many came back: what the selector lets one expect.
fn returns(asked: &Asked) -> Returns {
    let shape = &asked.shape;
    if !matches!(shape.verb, Verb::List | Verb::Watch) {
        return Returns::Count(1.0);
    }
    let selector = shape.field_selector.as_deref().unwrap_or_default();
    match () {
        () if selector.contains("spec.nodeName=") => Returns::PerNode,
        () if selector.contains("metadata.name=") => Returns::Count(1.0),
        () if shape.namespaced || shape.label_selector.is_some() => Returns::Share(NAMESPACE_SHARE),
        () => Returns::All,
    }
}

/// Of all objects, those in one namespace or with one label, where nothing is known.
const NAMESPACE_SHARE: f64 = 0.05;

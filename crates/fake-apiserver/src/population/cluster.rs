//! How many of what, and who runs where.

use jiff::Timestamp;
use serde_json::Value;

use super::namespace::{SYSTEM, load, load_kind};
use super::pod::{Life, PodPlan, pod};
use super::workload::Counts;
use super::{App, Controller, Draw, Model, NodeSeat, node, service, workload};
use crate::config::ClusterPlan;
use crate::store::Store;

/// Pods that every node has, as far as there is room for them.
const DAEMONS: [&str; 3] = ["cni", "kube-proxy", "log-shipper"];
/// Sizes of Deployments: many small ones, few large ones; 4.9 on average.
const REPLICAS: [usize; 10] = [1, 1, 2, 2, 3, 3, 4, 6, 9, 18];
/// A team's namespace has about so many pods.
const PODS_PER_NAMESPACE: usize = 120;
/// Objects are handed to the store in portions, so that no copy of all pods exists.
const PORTION: usize = 1000;

/// Objects of one cluster on their way into the store.
struct Builder<'a> {
    store: &'a Store,
    now: Timestamp,
    draw: Draw,
    nodes: Vec<NodeSeat>,
    /// Pods go to nodes in turn.
    next_node: usize,
    pods: Vec<(Box<str>, Value)>,
    services: Vec<(Box<str>, Value)>,
    slices: Vec<(Box<str>, Value)>,
    workloads: Vec<(&'static str, &'static str, Box<str>, Value)>,
}

/// Fills the store and returns what the churn needs.
pub(super) fn build(store: &Store, plan: ClusterPlan) -> Model {
    let (nodes, per_node) = (plan.nodes as usize, plan.pods_per_node as usize);
    let mut draw = Draw::new(plan.seed);
    let seats: Vec<NodeSeat> = (0..nodes).map(|number| NodeSeat::new(number, &mut draw)).collect();
    let daemons = DAEMONS.len().min(per_node);
    let others = nodes * (per_node - daemons);
    let teams: Vec<String> =
        (0..others.div_ceil(PODS_PER_NAMESPACE)).map(|number| format!("team-{number:03}")).collect();
    let namespaces: Vec<String> =
        SYSTEM.iter().map(|name| (*name).to_owned()).chain(teams.iter().cloned()).collect();
    load(store, &namespaces, &mut draw);
    let mut builder = Builder {
        store,
        now: store.now(),
        draw,
        nodes: seats,
        next_node: 0,
        pods: Vec::new(),
        services: Vec::new(),
        slices: Vec::new(),
        workloads: Vec::new(),
    };
    builder.add_nodes();
    builder.add_apiserver();
    let mut apps = Vec::new();
    for name in &DAEMONS[..daemons] {
        let app = App::named("kube-system", name, Controller::DaemonSet, nodes, &mut builder.draw);
        builder.add_app(&app);
        apps.push(app);
    }
    let mut left = others;
    let mut number = 0;
    while left > 0 {
        let namespace = &teams[number % teams.len()];
        let controller = match builder.draw.below(20) {
            0..=14 => Controller::Deployment,
            15..=17 => Controller::StatefulSet,
            _ => Controller::Job,
        };
        let size = match controller {
            Controller::Job => 1,
            _ => *builder.draw.one(&REPLICAS),
        };
        let app = App::draw(namespace, number, controller, size.min(left), &mut builder.draw);
        left -= app.replicas;
        number += 1;
        builder.add_app(&app);
        apps.push(app);
        if builder.pods.len() >= PORTION {
            builder.flush();
        }
    }
    builder.flush();
    Model { nodes: builder.nodes, apps, draw: builder.draw }
}

impl Builder<'_> {
    fn add_nodes(&mut self) {
        let (now, draw) = (self.now, &mut self.draw);
        let nodes =
            self.nodes.iter().map(|seat| (seat.name.as_str().into(), node::node(seat, now, draw))).collect();
        load_kind(self.store, "", "nodes", nodes);
        let leases = self
            .nodes
            .iter()
            .map(|seat| (format!("kube-node-lease/{}", seat.name).into(), node::lease(seat, now, draw)));
        load_kind(self.store, "coordination.k8s.io", "leases", leases.collect());
    }

    fn add_app(&mut self, app: &App) {
        let pods: Vec<Value> = (0..app.replicas).map(|ordinal| self.make_pod(app, ordinal)).collect();
        let ready = pods.iter().filter(|pod| pod["status"]["containerStatuses"][0]["ready"] == true).count();
        let counts = Counts { all: app.replicas, ready };
        let now = self.now;
        match app.controller {
            Controller::Deployment => {
                let mut current = workload::replica_set(app, app.replicas, app.age_seconds, now);
                current["status"] = workload::replica_set_status(counts.all, counts.ready, 1);
                self.workload("replicasets", current);
                for past in workload::past_replica_sets(app, now, &mut self.draw) {
                    self.workload("replicasets", past);
                }
                self.workload("deployments", workload::deployment(app, counts, now));
            }
            Controller::StatefulSet => {
                self.workload("statefulsets", workload::stateful_set(app, counts, now))
            }
            Controller::DaemonSet => self.workload("daemonsets", workload::daemon_set(app, counts, now)),
            Controller::Job => {
                let job = workload::job(app, now);
                self.workloads.push(("batch", "jobs", key(&job), job));
            }
        }
        if matches!(app.controller, Controller::Deployment | Controller::StatefulSet) {
            let uid = self.draw.uid();
            let object = service::service(app, &uid, now, &mut self.draw);
            self.services.push((key(&object), object));
            let slices = service::endpoint_slices(app, &uid, &pods, &super::ago(now, app.age_seconds));
            for (_, mut slice) in slices {
                slice["metadata"]["uid"] = self.draw.uid().into();
                self.slices.push((key(&slice), slice));
            }
        }
        self.pods.extend(pods.into_iter().map(|pod| (key(&pod), pod)));
    }

    fn workload(&mut self, plural: &'static str, object: Value) {
        self.workloads.push(("apps", plural, key(&object), object));
    }

    fn make_pod(&mut self, app: &App, ordinal: usize) -> Value {
        let place = match app.controller {
            Controller::DaemonSet => ordinal,
            _ => {
                self.next_node += 1;
                self.next_node
            }
        };
        let place = place % self.nodes.len();
        let seat = &mut self.nodes[place];
        let address = seat.pod_address();
        let life = match app.controller {
            Controller::Job => Life::Succeeded,
            _ => Life::Running { ready: !self.draw.once_in(50) },
        };
        let name = app.pod_name(ordinal, &mut self.draw);
        let restarts = if self.draw.once_in(8) { self.draw.between(1, 6) } else { 0 };
        let plan = PodPlan {
            name: &name,
            node: seat,
            address: &address,
            life,
            restarts: if life == Life::Succeeded { 0 } else { restarts },
            age_seconds: match life {
                Life::Succeeded => app.age_seconds,
                _ => self.draw.between(60, app.age_seconds),
            },
        };
        pod(app, &plan, self.now, &mut self.draw)
    }

    fn add_apiserver(&mut self) {
        let (service, slice) = service::kubernetes(self.now, &mut self.draw);
        self.services.push((key(&service), service));
        self.slices.push((key(&slice), slice));
    }

    fn flush(&mut self) {
        let (store, take) = (self.store, std::mem::take::<Vec<(Box<str>, Value)>>);
        load_kind(store, "", "pods", take(&mut self.pods));
        load_kind(store, "", "services", take(&mut self.services));
        load_kind(store, "discovery.k8s.io", "endpointslices", take(&mut self.slices));
        let mut workloads = std::mem::take(&mut self.workloads);
        while let Some(&(group, plural, ..)) = workloads.first() {
            let (mine, others): (Vec<_>, Vec<_>) =
                workloads.into_iter().partition(|one| (one.0, one.1) == (group, plural));
            load_kind(
                store,
                group,
                plural,
                mine.into_iter().map(|(_, _, key, object)| (key, object)).collect(),
            );
            workloads = others;
        }
    }
}

/// "namespace/name" of a namespaced object.
fn key(object: &Value) -> Box<str> {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    format!("{}/{}", text("namespace"), text("name")).into()
}

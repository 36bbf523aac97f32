//! The kinds that are served: the built-in ones, and those that CustomResourceDefinitions add.

use std::borrow::Cow;

use crate::schema::Message;

/// A kind of object and the resource that its objects live under.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    /// Empty for the core group.
    pub(crate) group: String,
    /// Served versions, the preferred one first. All share one storage (conversion strategy `None`).
    pub(crate) versions: Vec<Version>,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) kind: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    /// Has `/status`; writes to the object itself leave the status alone.
    pub(crate) status: bool,
    /// Has `/scale`, made of these fields.
    pub(crate) scale: Option<ScalePaths>,
    /// `None` for custom resources, which are JSON only.
    pub(crate) schema: Option<&'static Message>,
    /// What a field selector may ask for besides name and namespace.
    pub(crate) fields: Vec<SelectableField>,
}

/// Where `/scale` is in the object: dotted paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScalePaths {
    /// "spec.replicas"
    pub(crate) wanted: String,
    /// "status.replicas"
    pub(crate) present: String,
    /// Where custom resources keep the selector's text; built-in kinds make it of their match labels.
    pub(crate) selector: Option<String>,
}

/// One version of a custom resource; built-in kinds have one without columns.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) columns: Vec<PrinterColumn>,
    /// `openAPIV3Schema` of a custom resource; null for built-in kinds.
    pub(crate) schema: serde_json::Value,
}

/// `additionalPrinterColumns` of a CustomResourceDefinition.
#[derive(Debug, Clone)]
pub(crate) struct PrinterColumn {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) path: String,
    pub(crate) priority: i64,
}

/// A field that selectors may name.
#[derive(Debug, Clone)]
pub(crate) struct SelectableField {
    /// As in the selector: "spec.nodeName"; also the path in the object.
    pub(crate) label: Cow<'static, str>,
    /// Kept beside the object because many ask for it.
    pub(crate) indexed: bool,
}

impl Kind {
    /// Whether it is this built-in kind: custom resources may have the same name in another group (Knative's Service).
    pub(crate) fn is(&self, group: &str, kind: &str) -> bool {
        self.group == group && self.kind == kind
    }

    /// The version with this name, if it is served.
    pub(crate) fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// "v1", "apps/v1".
    pub(crate) fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    pub(crate) fn preferred_api_version(&self) -> String {
        self.api_version(self.versions.first().map_or("v1", |version| &version.name))
    }

    /// "pods", "deployments.apps": how messages of the API server name a resource.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// "ns/name", "name": the key in the store, in the order of the real server's etcd.
    pub(crate) fn key(&self, namespace: &str, name: &str) -> Box<str> {
        if self.namespaced { format!("{namespace}/{name}").into() } else { name.into() }
    }

    fn builtin(group: &str, package: &str, plural: &str, kind: &str, short: &[&str]) -> Self {
        let singular = kind.to_lowercase();
        Self {
            group: group.to_owned(),
            versions: vec![Version {
                name: "v1".to_owned(),
                columns: Vec::new(),
                schema: serde_json::Value::Null,
            }],
            plural: plural.to_owned(),
            singular,
            kind: kind.to_owned(),
            short_names: short.iter().map(|name| (*name).to_owned()).collect(),
            categories: Vec::new(),
            namespaced: true,
            status: false,
            scale: None,
            schema: Message::named(&format!("{package}.{kind}")),
            fields: Vec::new(),
        }
    }

    fn cluster_scoped(self) -> Self {
        Self { namespaced: false, ..self }
    }

    fn with_status(self) -> Self {
        Self { status: true, ..self }
    }

    fn with_scale(self) -> Self {
        let (wanted, present) = ("spec.replicas".to_owned(), "status.replicas".to_owned());
        Self { scale: Some(ScalePaths { wanted, present, selector: None }), ..self }
    }

    fn in_all(self) -> Self {
        Self { categories: vec!["all".to_owned()], ..self }
    }

    fn selectable(self, fields: impl Into<Vec<SelectableField>>) -> Self {
        Self { fields: fields.into(), ..self }
    }
}

const fn indexed(label: &'static str) -> SelectableField {
    SelectableField { label: Cow::Borrowed(label), indexed: true }
}

const fn scanned(label: &'static str) -> SelectableField {
    SelectableField { label: Cow::Borrowed(label), indexed: false }
}

const POD_FIELDS: [SelectableField; 8] = [
    indexed("spec.nodeName"),
    indexed("status.phase"),
    scanned("spec.restartPolicy"),
    scanned("spec.schedulerName"),
    scanned("spec.serviceAccountName"),
    scanned("spec.hostNetwork"),
    scanned("status.podIP"),
    scanned("status.nominatedNodeName"),
];

const EVENT_FIELDS: [SelectableField; 11] = [
    indexed("involvedObject.kind"),
    indexed("involvedObject.namespace"),
    indexed("involvedObject.name"),
    indexed("involvedObject.uid"),
    scanned("involvedObject.apiVersion"),
    scanned("involvedObject.resourceVersion"),
    scanned("involvedObject.fieldPath"),
    scanned("reason"),
    scanned("reportingComponent"),
    scanned("source"),
    scanned("type"),
];

/// The kinds that every Kubernetes cluster has and that are served here.
pub(crate) fn builtin() -> Vec<Kind> {
    const CORE: &str = "k8s.io.api.core.v1";
    let core = |plural, kind, short| Kind::builtin("", CORE, plural, kind, short);
    let apps = |plural, kind, short| {
        Kind::builtin("apps", "k8s.io.api.apps.v1", plural, kind, short).with_status().in_all()
    };
    vec![
        core("namespaces", "Namespace", &["ns"])
            .cluster_scoped()
            .with_status()
            .selectable([scanned("status.phase")]),
        core("nodes", "Node", &["no"])
            .cluster_scoped()
            .with_status()
            .selectable([scanned("spec.unschedulable")]),
        core("pods", "Pod", &["po"]).with_status().in_all().selectable(POD_FIELDS),
        core("services", "Service", &["svc"])
            .with_status()
            .in_all()
            .selectable([scanned("spec.clusterIP"), scanned("spec.type")]),
        core("configmaps", "ConfigMap", &["cm"]),
        core("secrets", "Secret", &[]).selectable([indexed("type")]),
        core("events", "Event", &["ev"]).selectable(EVENT_FIELDS),
        core("serviceaccounts", "ServiceAccount", &["sa"]),
        apps("deployments", "Deployment", &["deploy"]).with_scale(),
        apps("replicasets", "ReplicaSet", &["rs"]).with_scale().selectable([scanned("status.replicas")]),
        apps("statefulsets", "StatefulSet", &["sts"]).with_scale(),
        apps("daemonsets", "DaemonSet", &["ds"]),
        Kind::builtin("batch", "k8s.io.api.batch.v1", "jobs", "Job", &[])
            .with_status()
            .in_all()
            .selectable([scanned("status.successful")]),
        Kind::builtin("discovery.k8s.io", "k8s.io.api.discovery.v1", "endpointslices", "EndpointSlice", &[]),
        Kind::builtin("coordination.k8s.io", "k8s.io.api.coordination.v1", "leases", "Lease", &[]),
        Kind::builtin(
            "apiextensions.k8s.io",
            "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1",
            "customresourcedefinitions",
            "CustomResourceDefinition",
            &["crd", "crds"],
        )
        .cluster_scoped()
        .with_status(),
    ]
}

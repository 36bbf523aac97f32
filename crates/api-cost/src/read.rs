//! Clusters and cost models as text, and what must be true beyond their form.

use workload_profile::{DocumentError, document};

use crate::cluster::Cluster;
use crate::coefficients::CostModel;

impl Cluster {
    /// Reads a cluster and looks whether it makes sense.
    ///
    /// # Errors
    /// [`DocumentError`]: one sentence.
    pub fn from_yaml(text: &str) -> Result<Self, DocumentError> {
        let cluster: Self = document::parse(text)?;
        let bad = cluster.impossible();
        bad.map_or(Ok(cluster), |(place, what)| Err(DocumentError::at(place, what)))
    }

    /// As it is written to a file.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        document::print(self)
    }

    fn impossible(&self) -> Option<(String, &'static str)> {
        let positive = |number: f64| number.is_finite() && number > 0.0;
        let servers = &self.apiservers;
        let rows = [
            (positive(self.nodes), "nodes", "it must be more than 0"),
            (servers.count > 0, "apiservers.count", "it must be more than 0"),
            (positive(servers.cores), "apiservers.cores", "it must be more than 0"),
            (positive(servers.memory_bytes), "apiservers.memoryBytes", "it must be more than 0"),
            (
                positive(servers.network_bytes_per_second),
                "apiservers.networkBytesPerSecond",
                "it must be more than 0",
            ),
            (
                servers.skew.is_none_or(|skew| positive(skew) && skew <= 1.0),
                "apiservers.skew",
                "it is the part of all requests that the busiest server gets: above 0, at most 1",
            ),
            (
                servers.max_requests_inflight.saturating_add(servers.max_mutating_requests_inflight) > 0,
                "apiservers.maxRequestsInflight",
                "without seats nothing is served",
            ),
            (self.etcd.members > 0, "etcd.members", "it must be more than 0"),
            (positive(self.etcd.cores), "etcd.cores", "it must be more than 0"),
        ];
        if let Some((_, place, what)) = rows.into_iter().find(|(good, ..)| !good) {
            return Some((place.to_owned(), what));
        }
        self.resources.iter().find_map(|(name, resource)| {
            let bytes = &resource.encoded_bytes;
            let sizes = [
                resource.stored_bytes,
                bytes.json,
                bytes.protobuf,
                bytes.table,
                bytes.metadata_json,
                bytes.metadata_protobuf,
            ];
            let bad = sizes.into_iter().flatten().any(|bytes| !positive(bytes));
            bad.then(|| (format!("resources.{name}"), "bytes of an object must be more than 0"))
        })
    }
}

impl CostModel {
    /// Reads a model and looks whether it makes sense.
    ///
    /// # Errors
    /// [`DocumentError`]: one sentence.
    pub fn from_yaml(text: &str) -> Result<Self, DocumentError> {
        let model: Self = document::parse(text)?;
        let of = &model.coefficients;
        let rows = [
            ("request", of.request),
            ("list.json", of.list.json),
            ("list.protobuf", of.list.protobuf),
            ("write", of.write),
        ];
        for (place, value) in rows {
            if !value.is_finite() || value <= 0.0 {
                return Err(DocumentError::at(
                    format!("coefficients.{place}"),
                    "it must be more than 0: calibrate again",
                ));
            }
        }
        Ok(model)
    }

    /// As it is written to a file.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        document::print(self)
    }
}

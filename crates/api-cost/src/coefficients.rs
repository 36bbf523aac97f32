//! What a piece of work costs an API server and its etcd.

mod defaults;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use workload_profile::Accept;

use crate::version::Version;

/// Coefficients and where they come from: the file that `preflight calibrate` writes and `preflight predict --model` reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CostModel {
    /// Always `plimsoll/v1`.
    pub api_version: workload_profile::ApiVersion,
    /// Always `CostModel`.
    pub kind: CostModelKind,
    /// Of the API server that was measured.
    pub version: Version,
    /// Whether this is one server's own measurement or the shipped default.
    #[serde(default)]
    pub spread: Spread,
    /// How it was made, for a reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The numbers.
    pub coefficients: Coefficients,
    /// How well each was determined; of those that were measured.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fits: BTreeMap<String, Fit>,
}

/// What kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CostModelKind {
    /// This one.
    CostModel,
}

/// How far the truth may be from a coefficient: sigma of a lognormal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spread {
    /// Measured on the very server: 0.12.
    Calibrated,
    /// Another machine's figures: 0.30.
    #[default]
    Default,
}

/// How well a coefficient was determined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fit {
    /// In the coefficient's unit.
    pub slope: f64,
    /// Of the regression.
    pub r_squared: f64,
    /// Measurements.
    pub samples: u32,
}

/// CPU seconds of the API server, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Coefficients {
    /// One request: TLS, authentication, authorization, APF.
    pub request: f64,
    /// The cheap etcd read by which a LIST without resourceVersion makes sure that the cache is new enough.
    pub consistent_read: f64,
    /// A GET without resourceVersion, which etcd answers: beyond `request`.
    pub get_from_etcd: f64,
    /// An object of the cache that a selector looks at.
    pub scan_object: f64,
    /// An object of the cache below the prefix of a LIST with a limit: all are collected for each page.
    pub page_object: f64,
    /// An object of the whole resource that a watch-list copies and sorts, selected or not.
    pub watch_list_object: f64,
    /// An object read from etcd and decoded, selected or not: beyond its bytes.
    pub etcd_object: f64,
    /// A stored byte read from etcd and decoded.
    pub etcd_byte: f64,
    /// A LIST's answer, by how it is asked for.
    pub list: PerAnswer,
    /// A watch-list's initial events, by how they are asked for.
    pub watch_list: PerAnswer,
    /// An uncompressed byte that is compressed, beyond what its sending saves; may be negative.
    pub gzip_byte: f64,
    /// A write: beyond `request`.
    pub write: f64,
    /// A byte of a write's body.
    pub write_byte: f64,
    /// A change that one watcher gets: beyond its bytes.
    pub event: f64,
    /// A byte of a change that one watcher gets.
    pub event_byte: f64,
    /// A change that one watcher's selector drops.
    pub event_dropped: f64,

    /// CPU seconds of etcd: a read of one key.
    pub etcd_cpu_get: f64,
    /// CPU seconds of etcd: an object of a range.
    pub etcd_cpu_object: f64,
    /// CPU seconds of etcd: a write.
    pub etcd_cpu_write: f64,

    /// Bytes that the API server allocates for each byte of an answer.
    pub allocated_per_byte: f64,
    /// Bytes that it allocates for each object read from etcd.
    pub allocated_per_etcd_object: f64,
    /// Resident bytes for each stored byte of the cache.
    pub resident_per_stored_byte: f64,
    /// Seconds for which the cache's lock is held for an object of a watch-list.
    pub lock_object: f64,
    /// CPU seconds a second with nobody asking, for each stored GB.
    pub idle_per_stored_gigabyte: f64,
}

/// CPU seconds for a byte of an uncompressed answer, by how it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PerAnswer {
    /// `application/json`.
    pub json: f64,
    /// `application/vnd.kubernetes.protobuf`.
    pub protobuf: f64,
    /// A Table in JSON.
    pub table: f64,
    /// PartialObjectMetadata in JSON.
    pub metadata_json: f64,
    /// PartialObjectMetadata in protobuf.
    pub metadata_protobuf: f64,
}

impl PerAnswer {
    /// Of one form.
    #[must_use]
    pub fn of(&self, accept: Accept) -> f64 {
        match accept {
            // CBOR costs about what protobuf does, YAML goes through JSON.
            Accept::Json | Accept::Yaml => self.json,
            Accept::Protobuf | Accept::Cbor => self.protobuf,
            Accept::Table => self.table,
            Accept::MetadataJson => self.metadata_json,
            Accept::MetadataProtobuf => self.metadata_protobuf,
        }
    }
}

impl Spread {
    /// Sigma of the lognormal.
    #[must_use]
    pub fn sigma(self) -> f64 {
        match self {
            Self::Calibrated => 0.12,
            Self::Default => 0.30,
        }
    }
}

impl CostModel {
    /// The shipped coefficients, for any server.
    #[must_use]
    pub fn shipped() -> Self {
        Self {
            api_version: workload_profile::ApiVersion::V1,
            kind: CostModelKind::CostModel,
            version: Version { major: 1, minor: 36 },
            spread: Spread::Default,
            source: None,
            coefficients: Coefficients::SHIPPED,
            fits: BTreeMap::new(),
        }
    }
}

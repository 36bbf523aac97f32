//! `apps/v1` Deployment, ReplicaSet, StatefulSet, DaemonSet and `batch/v1` Job.

use crate::{Condition, IntOrString, Meta, Seconds, Sym};

/// `apps/v1 Deployment`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deployment {
    pub meta: Meta,
    pub replicas: Option<i32>,
    pub paused: bool,
    pub strategy: Sym,
    pub max_unavailable: Option<IntOrString>,
    pub max_surge: Option<IntOrString>,
    pub status_replicas: i32,
    pub ready_replicas: i32,
    pub available_replicas: i32,
    pub unavailable_replicas: i32,
    pub updated_replicas: i32,
    pub terminating_replicas: Option<i32>,
    pub observed_generation: i64,
    pub conditions: Box<[Condition]>,
}

/// `apps/v1 ReplicaSet`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplicaSet {
    pub meta: Meta,
    pub replicas: Option<i32>,
    pub status_replicas: i32,
    pub fully_labeled_replicas: i32,
    pub ready_replicas: i32,
    pub available_replicas: i32,
    pub terminating_replicas: Option<i32>,
    pub observed_generation: i64,
}

/// `apps/v1 StatefulSet`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatefulSet {
    pub meta: Meta,
    pub replicas: Option<i32>,
    pub ordinals_start: Option<i32>,
    /// `persistentVolumeClaimRetentionPolicy`: (whenDeleted, whenScaled).
    pub claim_retention: Option<(Sym, Sym)>,
    pub status_replicas: i32,
    pub ready_replicas: i32,
    pub available_replicas: i32,
    pub current_replicas: i32,
    pub updated_replicas: i32,
    pub observed_generation: i64,
    pub current_revision: Sym,
    pub update_revision: Sym,
}

/// `apps/v1 DaemonSet`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DaemonSet {
    pub meta: Meta,
    pub current_scheduled: i32,
    pub desired_scheduled: i32,
    pub misscheduled: i32,
    pub ready: i32,
    pub available: i32,
    pub unavailable: i32,
    pub updated_scheduled: i32,
    pub observed_generation: i64,
}

/// `batch/v1 Job`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Job {
    pub meta: Meta,
    pub parallelism: Option<i32>,
    pub completions: Option<i32>,
    pub active_deadline_seconds: Option<i64>,
    pub suspend: Option<bool>,
    pub active: i32,
    /// Absent counts as 0.
    pub ready: i32,
    pub succeeded: i32,
    pub failed: i32,
    pub start_time: Option<Seconds>,
    pub completion_time: Option<Seconds>,
    pub conditions: Box<[Condition]>,
}

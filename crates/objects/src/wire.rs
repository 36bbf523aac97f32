//! The partial messages of the Kubernetes API: field numbers for protobuf, names for JSON.
//!
//! One definition per message serves both encodings. The numbers are those of Kubernetes' `generated.proto` files
//! (v1.37, unchanged since the fields exist); a field that is not listed is skipped on the wire and never allocated:
//! `managedFields`, the `data` of Secrets and ConfigMaps, pod templates, volumes other than claims, probes, environments.

mod fields;
mod list;
mod meta;
mod node;
mod nulls;
mod pod;
mod scalars;
mod service;
mod workload;

pub(crate) use fields::{Damaged, Fields, Varint, WireType, key};
pub(crate) use list::{ListMeta, Status};
pub(crate) use meta::{
    Condition, DeploymentCondition, ObjectMeta, OwnerReference, PartialObjectMetadata, Secret,
};
pub(crate) use node::{
    Lease, LeaseSpec, Namespace, NamespaceStatus, Node, NodeAddress, NodeSpec, NodeStatus, NodeSystemInfo,
    Taint,
};
pub(crate) use nulls::from_json;
pub(crate) use pod::{
    Claim, Container, ContainerPort, ContainerState, ContainerStatus, Ephemeral, Pod, PodIp,
    PodResourceClaim, PodResourceClaimStatus, PodSpec, PodStatus, Requirements, Running, Terminated,
    Toleration, Volume, VolumeSource, Waiting,
};
pub(crate) use scalars::{IntOrString, Quantity, Time};
pub(crate) use service::{
    Endpoint, EndpointConditions, EndpointPort, EndpointSlice, Ingress, LoadBalancer, ObjectReference,
    Service, ServicePort, ServiceSpec, ServiceStatus,
};
pub(crate) use workload::{
    ClaimRetention, DaemonSet, DaemonSetStatus, Deployment, DeploymentSpec, DeploymentStatus, Job, JobSpec,
    JobStatus, Ordinals, ReplicaSet, ReplicaSetSpec, ReplicaSetStatus, RollingUpdate, StatefulSet,
    StatefulSetSpec, StatefulSetStatus, Strategy,
};

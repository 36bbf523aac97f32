//! Pods: the table. What a row calls is in `pod/`: containers, spec, status.

mod containers;
mod spec;
mod status;

use crate::family::{Family, alpha, stable, table};
use crate::{Render, conditions, meta};

pub(crate) static FAMILIES: &[Family] = &table(
    objects::Resource::Pods,
    [
        stable(
            "kube_pod_completion_time",
            "Completion time in unix timestamp for a pod.",
            Render::Pod(status::completion_time),
        ),
        stable(
            "kube_pod_container_info",
            "Information about a container in a pod.",
            Render::Pod(containers::info),
        ),
        stable(
            "kube_pod_container_resource_limits",
            "The number of requested limit resource by a container. It is recommended to use the \
             kube_pod_resource_limits metric exposed by kube-scheduler instead, as it is more precise.",
            Render::Pod(|pod, out| containers::limits(pod, &pod.containers, out)),
        ),
        stable(
            "kube_pod_container_resource_requests",
            "The number of requested request resource by a container. It is recommended to use the \
             kube_pod_resource_requests metric exposed by kube-scheduler instead, as it is more precise.",
            Render::Pod(|pod, out| containers::requests(pod, &pod.containers, out)),
        ),
        stable(
            "kube_pod_container_state_started",
            "Start time in unix timestamp for a pod container.",
            Render::Pod(|pod, out| containers::state_started(&pod.container_statuses, out)),
        ),
        alpha(
            "kube_pod_container_status_last_terminated_reason",
            "Describes the last reason the container was in terminated state.",
            Render::Pod(|pod, out| containers::last_terminated_reason(&pod.container_statuses, out)),
        ),
        alpha(
            "kube_pod_container_status_last_terminated_exitcode",
            "Describes the exit code for the last container in terminated state.",
            Render::Pod(|pod, out| containers::last_terminated_exit_code(&pod.container_statuses, out)),
        ),
        alpha(
            "kube_pod_container_status_last_terminated_timestamp",
            "Last terminated time for a pod container in unix timestamp.",
            Render::Pod(|pod, out| containers::last_terminated_time(&pod.container_statuses, out)),
        ),
        stable(
            "kube_pod_container_status_ready",
            "Describes whether the containers readiness check succeeded.",
            Render::Pod(|pod, out| containers::ready(&pod.container_statuses, out)),
        ),
        stable(
            "kube_pod_container_status_restarts_total",
            "The number of container restarts per container.",
            Render::Pod(|pod, out| containers::restarts(&pod.container_statuses, out)),
        )
        .counter(),
        stable(
            "kube_pod_container_status_running",
            "Describes whether the container is currently in running state.",
            Render::Pod(|pod, out| containers::running(&pod.container_statuses, out)),
        ),
        stable(
            "kube_pod_container_status_terminated",
            "Describes whether the container is currently in terminated state.",
            Render::Pod(|pod, out| containers::terminated(&pod.container_statuses, out)),
        ),
        alpha(
            "kube_pod_container_status_terminated_reason",
            "Describes the reason the container is currently in terminated state.",
            Render::Pod(|pod, out| containers::terminated_reason(&pod.container_statuses, out)),
        ),
        stable(
            "kube_pod_container_status_waiting",
            "Describes whether the container is currently in waiting state.",
            Render::Pod(|pod, out| containers::waiting(&pod.container_statuses, out)),
        ),
        stable(
            "kube_pod_container_status_waiting_reason",
            "Describes the reason the container is currently in waiting state.",
            Render::Pod(|pod, out| containers::waiting_reason(&pod.container_statuses, out)),
        ),
        stable("kube_pod_created", "Unix creation timestamp", Render::Meta(meta::created)),
        alpha("kube_pod_deletion_timestamp", "Unix deletion timestamp", Render::Meta(meta::deleted)),
        stable("kube_pod_info", "Information about pod.", Render::Pod(spec::info)),
        alpha("kube_pod_ips", "Pod IP addresses", Render::Pod(status::ips)),
        stable(
            "kube_pod_init_container_info",
            "Information about an init container in a pod.",
            Render::Pod(containers::init_info),
        ),
        alpha(
            "kube_pod_init_container_resource_limits",
            "The number of requested limit resource by an init container.",
            Render::Pod(|pod, out| containers::limits(pod, &pod.init_containers, out)),
        ),
        alpha(
            "kube_pod_init_container_resource_requests",
            "The number of requested request resource by an init container.",
            Render::Pod(|pod, out| containers::requests(pod, &pod.init_containers, out)),
        ),
        alpha(
            "kube_pod_init_container_state_started",
            "Start time in unix timestamp for a pod init container.",
            Render::Pod(|pod, out| containers::state_started(&pod.init_container_statuses, out)),
        ),
        alpha(
            "kube_pod_init_container_status_last_terminated_reason",
            "Describes the last reason the init container was in terminated state.",
            Render::Pod(|pod, out| containers::last_terminated_reason(&pod.init_container_statuses, out)),
        ),
        alpha(
            "kube_pod_init_container_status_last_terminated_exitcode",
            "Describes the exit code for the last init container in terminated state.",
            Render::Pod(|pod, out| containers::last_terminated_exit_code(&pod.init_container_statuses, out)),
        ),
        alpha(
            "kube_pod_init_container_status_last_terminated_timestamp",
            "Last terminated time for a pod init container in unix timestamp.",
            Render::Pod(|pod, out| containers::last_terminated_time(&pod.init_container_statuses, out)),
        ),
        stable(
            "kube_pod_init_container_status_ready",
            "Describes whether the init containers readiness check succeeded.",
            Render::Pod(|pod, out| containers::ready(&pod.init_container_statuses, out)),
        ),
        stable(
            "kube_pod_init_container_status_restarts_total",
            "The number of restarts for the init container.",
            Render::Pod(|pod, out| containers::restarts(&pod.init_container_statuses, out)),
        )
        .counter(),
        stable(
            "kube_pod_init_container_status_running",
            "Describes whether the init container is currently in running state.",
            Render::Pod(|pod, out| containers::running(&pod.init_container_statuses, out)),
        ),
        stable(
            "kube_pod_init_container_status_terminated",
            "Describes whether the init container is currently in terminated state.",
            Render::Pod(|pod, out| containers::terminated(&pod.init_container_statuses, out)),
        ),
        alpha(
            "kube_pod_init_container_status_terminated_reason",
            "Describes the reason the init container is currently in terminated state.",
            Render::Pod(|pod, out| containers::terminated_reason(&pod.init_container_statuses, out)),
        ),
        stable(
            "kube_pod_init_container_status_waiting",
            "Describes whether the init container is currently in waiting state.",
            Render::Pod(|pod, out| containers::waiting(&pod.init_container_statuses, out)),
        ),
        alpha(
            "kube_pod_init_container_status_waiting_reason",
            "Describes the reason the init container is currently in waiting state.",
            Render::Pod(|pod, out| containers::waiting_reason(&pod.init_container_statuses, out)),
        ),
        alpha(
            "kube_pod_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            Render::Meta(meta::annotations),
        ),
        stable(
            "kube_pod_labels",
            "Kubernetes labels converted to Prometheus labels.",
            Render::Meta(meta::labels),
        ),
        alpha(
            "kube_pod_overhead_cpu_cores",
            "The pod overhead in regards to cpu cores associated with running a pod.",
            Render::Pod(spec::overhead_cpu),
        ),
        alpha(
            "kube_pod_overhead_memory_bytes",
            "The pod overhead in regards to memory associated with running a pod.",
            Render::Pod(spec::overhead_memory),
        ),
        stable("kube_pod_owner", "Information about the Pod's owner.", Render::Meta(meta::owners)),
        alpha(
            "kube_pod_resourceclaim_info",
            "Information about a DRA ResourceClaim referenced by a pod, one series per pod.spec.resourceClaims entry; \
             claim_name is the pod-local reference and resourceclaim_name is the resolved ResourceClaim object name.",
            Render::Pod(spec::resource_claims),
        ),
        stable(
            "kube_pod_restart_policy",
            "Describes the restart policy in use by this pod.",
            Render::Pod(|pod, out| out.info(&[("type", &pod.restart_policy)])),
        ),
        alpha(
            "kube_pod_runtimeclass_name_info",
            "The runtimeclass associated with the pod.",
            Render::Pod(spec::runtime_class),
        ),
        stable(
            "kube_pod_spec_volumes_persistentvolumeclaims_info",
            "Information about persistentvolumeclaim and ephemeral volumes in a pod.",
            Render::Pod(|pod, out| spec::volume_claims(pod, |_| true, out)),
        ),
        stable(
            "kube_pod_spec_volumes_persistentvolumeclaims_readonly",
            "Describes whether a persistentvolumeclaim is mounted read only. Ephemeral volumes always report 0 since \
             the ephemeral volume source does not support a read-only flag.",
            Render::Pod(|pod, out| spec::volume_claims(pod, |claim| claim.read_only, out)),
        ),
        stable(
            "kube_pod_start_time",
            "Start time in unix timestamp for a pod.",
            Render::Pod(|pod, out| meta::time(pod.start_time, out)),
        ),
        stable("kube_pod_status_phase", "The pods current phase.", Render::Pod(status::phase)),
        alpha("kube_pod_status_qos_class", "The pods current qosClass.", Render::Pod(status::qos_class)),
        stable(
            "kube_pod_status_ready",
            "Describes whether the pod is ready to serve requests.",
            Render::Pod(|pod, out| conditions::of("Ready", &pod.conditions, out)),
        ),
        alpha(
            "kube_pod_status_ready_time",
            "Readiness achieved time in unix timestamp for a pod.",
            Render::Pod(|pod, out| status::true_since("Ready", pod, out)),
        ),
        alpha(
            "kube_pod_status_initialized_time",
            "Initialized time in unix timestamp for a pod.",
            Render::Pod(|pod, out| status::true_since("Initialized", pod, out)),
        ),
        alpha(
            "kube_pod_status_container_ready_time",
            "Readiness achieved time in unix timestamp for a pod containers.",
            Render::Pod(|pod, out| status::true_since("ContainersReady", pod, out)),
        ),
        alpha("kube_pod_status_reason", "The pod status reasons", Render::Pod(status::reason)),
        alpha(
            "kube_pod_status_disruption_reason",
            "The pod disruption condition reason",
            Render::Pod(status::disruption_reason),
        ),
        stable(
            "kube_pod_status_scheduled",
            "Describes the status of the scheduling process for the pod.",
            Render::Pod(|pod, out| conditions::of("PodScheduled", &pod.conditions, out)),
        ),
        stable(
            "kube_pod_status_scheduled_time",
            "Unix timestamp when pod moved into scheduled status",
            Render::Pod(|pod, out| status::true_since("PodScheduled", pod, out)),
        ),
        stable(
            "kube_pod_status_unschedulable",
            "Describes the unschedulable status for the pod.",
            Render::Pod(status::unschedulable),
        ),
        alpha(
            "kube_pod_status_unscheduled_time",
            "Unix timestamp when pod moved into unscheduled status",
            Render::Pod(status::unscheduled_time),
        ),
        alpha(
            "kube_pod_tolerations",
            "Information about the pod tolerations",
            Render::Pod(spec::tolerations),
        ),
        alpha("kube_pod_nodeselectors", "Describes the Pod nodeSelectors.", Render::Pod(spec::node_selector))
            .opt_in(),
        alpha(
            "kube_pod_service_account",
            "The service account for a pod.",
            Render::Pod(|pod, out| out.info(&[("service_account", &pod.service_account)])),
        ),
        alpha(
            "kube_pod_scheduler",
            "The scheduler for a pod.",
            Render::Pod(|pod, out| out.info(&[("name", &pod.scheduler)])),
        ),
    ],
);

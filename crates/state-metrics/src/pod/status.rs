//! How a pod is.

use std::net::IpAddr;

use objects::Status3;
use objects::pod::{ContainerState, Pod};

use crate::meta::go_time;
use crate::{Samples, conditions};

/// When the last of the terminated containers ended.
pub(crate) fn completion_time(pod: &Pod, out: &mut Samples<'_>) {
    let finished = pod.container_statuses.iter().filter_map(|status| match &status.state {
        ContainerState::Terminated(terminated) => Some(terminated.finished),
        _ => None,
    });
    if let Some(last) = finished.max().filter(|last| *last > 0) {
        out.integer(last);
    }
}

/// Addresses that can be read, with their family; an IPv4 address in an IPv6 one counts as IPv4.
pub(crate) fn ips(pod: &Pod, out: &mut Samples<'_>) {
    for text in &pod.pod_ips {
        let without_zone = text.split_once('%').map_or(text.as_str(), |(address, _)| address);
        let family = match without_zone.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
            Ok(IpAddr::V4(_)) => "4",
            Ok(IpAddr::V6(_)) => "6",
            Err(_) => continue,
        };
        out.info(&[("ip", text), ("ip_family", family)]);
    }
}

pub(crate) fn phase(pod: &Pod, out: &mut Samples<'_>) {
    one_of("phase", &["Pending", "Succeeded", "Failed", "Unknown", "Running"], &pod.phase, out);
}

pub(crate) fn qos_class(pod: &Pod, out: &mut Samples<'_>) {
    one_of("qos_class", &["BestEffort", "Burstable", "Guaranteed"], &pod.qos_class, out);
}

/// One sample per state; none while the field is empty.
fn one_of(label: &str, states: &[&str], current: &str, out: &mut Samples<'_>) {
    if current.is_empty() {
        return;
    }
    for state in states {
        out.sample(&[(label, state)], *state == current);
    }
}

/// Since when a condition is true.
pub(crate) fn true_since(kind: &str, pod: &Pod, out: &mut Samples<'_>) {
    since(kind, Status3::True, pod, out);
}

pub(crate) fn unscheduled_time(pod: &Pod, out: &mut Samples<'_>) {
    since("PodScheduled", Status3::False, pod, out);
}

fn since(kind: &str, status: Status3, pod: &Pod, out: &mut Samples<'_>) {
    if let Some(condition) = conditions::find(kind, &pod.conditions).filter(|found| found.status == status) {
        out.value(go_time(condition.since));
    }
}

pub(crate) fn unschedulable(pod: &Pod, out: &mut Samples<'_>) {
    if conditions::find("PodScheduled", &pod.conditions).is_some_and(|found| found.status == Status3::False) {
        out.value(1);
    }
}

const REASONS: [&str; 8] = [
    "Evicted",
    "NodeAffinity",
    "NodeLost",
    "PreemptionByScheduler",
    "SchedulingGated",
    "Shutdown",
    "TerminationByKubelet",
    "UnexpectedAdmissionError",
];

/// The known reasons that the pod, a condition or a terminated container gives. A reason of the pod that is none of them is
/// "Other": free text would make series without end.
pub(crate) fn reason(pod: &Pod, out: &mut Samples<'_>) {
    for reason in REASONS {
        if has_reason(pod, reason) {
            out.info(&[("reason", reason)]);
        }
    }
    if !pod.reason.is_empty() && !REASONS.contains(&&*pod.reason) {
        out.info(&[("reason", "Other")]);
    }
}

fn has_reason(pod: &Pod, reason: &str) -> bool {
    *pod.reason == *reason
        || pod.conditions.iter().any(|condition| *condition.reason == *reason)
        || pod.container_statuses.iter().any(|status| match &status.state {
            ContainerState::Terminated(terminated) => *terminated.reason == *reason,
            _ => false,
        })
}

const DISRUPTION_REASONS: [&str; 5] = [
    "PreemptionByScheduler",
    "DeletionByTaintManager",
    "EvictionByEvictionAPI",
    "DeletionByPodGC",
    "TerminationByKubelet",
];

/// Why somebody ends the pod, whatever the condition's status.
pub(crate) fn disruption_reason(pod: &Pod, out: &mut Samples<'_>) {
    if let Some(condition) = conditions::find("DisruptionTarget", &pod.conditions) {
        let reason = &*condition.reason;
        out.info(&[("reason", if DISRUPTION_REASONS.contains(&reason) { reason } else { "Other" })]);
    }
}

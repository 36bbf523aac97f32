//! Containers and init containers: what was asked for and how they are.

use objects::pod::{Container, ContainerState, ContainerStatus, Pod, Resources, Terminated};

use crate::Samples;
use crate::meta::go_time;
use crate::resource_units::{self, Of, Unit};

/// One sample per container that has a status.
pub(crate) fn info(pod: &Pod, out: &mut Samples<'_>) {
    for (spec, status) in matched(&pod.containers, &pod.container_statuses) {
        out.info(&image_labels(spec, status));
    }
}

/// The same with the restart policy, which tells a sidecar.
pub(crate) fn init_info(pod: &Pod, out: &mut Samples<'_>) {
    for (spec, status) in matched(&pod.init_containers, &pod.init_container_statuses) {
        let [name, image_spec, image, image_id, container_id] = image_labels(spec, status);
        let restart_policy = ("restart_policy", &*spec.restart_policy);
        out.info(&[name, image_spec, image, image_id, container_id, restart_policy]);
    }
}

fn matched<'p>(
    specs: &'p [Container],
    statuses: &'p [ContainerStatus],
) -> impl Iterator<Item = (&'p Container, &'p ContainerStatus)> {
    let with_status =
        |spec| statuses.iter().find(|status| status.name == *name_of(spec)).map(|status| (spec, status));
    specs.iter().filter_map(with_status)
}

fn name_of(spec: &Container) -> &objects::Sym {
    &spec.name
}

fn image_labels<'c>(spec: &'c Container, status: &'c ContainerStatus) -> [(&'static str, &'c str); 5] {
    [
        ("container", &status.name),
        ("image_spec", &spec.image),
        ("image", &status.image),
        ("image_id", &status.image_id),
        ("container_id", &status.container_id),
    ]
}

pub(crate) fn limits(pod: &Pod, containers: &[Container], out: &mut Samples<'_>) {
    for container in containers {
        resources(pod, container, &container.limits, out);
    }
}

pub(crate) fn requests(pod: &Pod, containers: &[Container], out: &mut Samples<'_>) {
    for container in containers {
        resources(pod, container, &container.requests, out);
    }
}

/// CPU to the thousandth, everything else in whole units, rounded up.
fn resources(pod: &Pod, container: &Container, resources: &Resources, out: &mut Samples<'_>) {
    resource_units::each(resources, Of::Container, |name, unit, quantity| {
        let value = match unit {
            Unit::Core => quantity.as_f64(),
            Unit::Byte | Unit::Integer => quantity.value().map(|whole| whole as f64),
        };
        let labels = [
            ("container", &*container.name),
            ("node", &pod.node),
            ("resource", name),
            ("unit", unit.as_str()),
        ];
        if let Some(value) = value {
            out.sample(&labels, value);
        }
    });
}

pub(crate) fn state_started(statuses: &[ContainerStatus], out: &mut Samples<'_>) {
    for status in statuses {
        let started = match &status.state {
            ContainerState::Running { started } => *started,
            ContainerState::Terminated(terminated) => terminated.started,
            ContainerState::Waiting { .. } | ContainerState::Unset => continue,
        };
        out.sample(&[("container", &status.name)], go_time(started));
    }
}

pub(crate) fn last_terminated_reason(statuses: &[ContainerStatus], out: &mut Samples<'_>) {
    each_last(statuses, |status, last| out.info(&[("container", &status.name), ("reason", &last.reason)]));
}

pub(crate) fn last_terminated_exit_code(statuses: &[ContainerStatus], out: &mut Samples<'_>) {
    each_last(statuses, |status, last| out.sample(&[("container", &status.name)], last.exit_code));
}

pub(crate) fn last_terminated_time(statuses: &[ContainerStatus], out: &mut Samples<'_>) {
    each_last(statuses, |status, last| out.sample(&[("container", &status.name)], go_time(last.finished)));
}

fn each_last(statuses: &[ContainerStatus], mut sample: impl FnMut(&ContainerStatus, &Terminated)) {
    for status in statuses {
        if let ContainerState::Terminated(last) = &status.last_state {
            sample(status, last);
        }
    }
}

pub(crate) fn ready(statuses: &[ContainerStatus], out: &mut Samples<'_>) {
    each(statuses, |status| status.ready, out);
}

pub(crate) fn restarts(statuses: &[ContainerStatus], out: &mut Samples<'_>) {
    each(statuses, |status| status.restarts, out);
}

pub(crate) fn running(statuses: &[ContainerStatus], out: &mut Samples<'_>) {
    each(statuses, |status| matches!(status.state, ContainerState::Running { .. }), out);
}

pub(crate) fn terminated(statuses: &[ContainerStatus], out: &mut Samples<'_>) {
    each(statuses, |status| matches!(status.state, ContainerState::Terminated(_)), out);
}

pub(crate) fn waiting(statuses: &[ContainerStatus], out: &mut Samples<'_>) {
    each(statuses, |status| matches!(status.state, ContainerState::Waiting { .. }), out);
}

fn each<V: Into<f64>>(
    statuses: &[ContainerStatus],
    value: impl Fn(&ContainerStatus) -> V,
    out: &mut Samples<'_>,
) {
    for status in statuses {
        out.sample(&[("container", &status.name)], value(status));
    }
}

pub(crate) fn terminated_reason(statuses: &[ContainerStatus], out: &mut Samples<'_>) {
    for status in statuses {
        if let ContainerState::Terminated(terminated) = &status.state {
            out.info(&[("container", &status.name), ("reason", &terminated.reason)]);
        }
    }
}

pub(crate) fn waiting_reason(statuses: &[ContainerStatus], out: &mut Samples<'_>) {
    for status in statuses {
        if let ContainerState::Waiting { reason } = &status.state {
            out.info(&[("container", &status.name), ("reason", reason)]);
        }
    }
}

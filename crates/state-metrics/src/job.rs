//! Jobs.

use objects::workload::Job;

use crate::family::{Family, alpha, stable, table};
use crate::{Render, Samples, conditions, meta};

pub(crate) static FAMILIES: &[Family] = &table(
    objects::Resource::Jobs,
    [
        alpha(
            "kube_job_annotations",
            "Kubernetes annotations converted to Prometheus labels.",
            Render::Meta(meta::annotations),
        ),
        stable(
            "kube_job_labels",
            "Kubernetes labels converted to Prometheus labels.",
            Render::Meta(meta::labels),
        ),
        stable("kube_job_info", "Information about job.", Render::Job(|_, out| out.value(1))),
        stable("kube_job_created", "Unix creation timestamp", Render::Meta(meta::created)),
        stable(
            "kube_job_spec_parallelism",
            "The maximum desired number of pods the job should run at any given time.",
            Render::Job(|job, out| meta::optional(job.parallelism, out)),
        ),
        stable(
            "kube_job_spec_completions",
            "The desired number of successfully finished pods the job should be run with.",
            Render::Job(|job, out| meta::optional(job.completions, out)),
        ),
        stable(
            "kube_job_spec_active_deadline_seconds",
            "The duration in seconds relative to the startTime that the job may be active before the system tries to \
             terminate it.",
            Render::Job(|job, out| meta::time(job.active_deadline_seconds, out)),
        ),
        stable(
            "kube_job_status_succeeded",
            "The number of pods which reached Phase Succeeded.",
            Render::Job(|job, out| out.value(job.succeeded)),
        ),
        stable(
            "kube_job_status_failed",
            "The number of pods which reached Phase Failed and the reason for failure.",
            Render::Job(failed),
        ),
        stable(
            "kube_job_status_active",
            "The number of actively running pods.",
            Render::Job(|job, out| out.value(job.active)),
        ),
        alpha(
            "kube_job_status_ready",
            "The number of ready pods that belong to this Job.",
            Render::Job(|job, out| out.value(job.ready)),
        ),
        stable(
            "kube_job_complete",
            "The job has completed its execution.",
            Render::Job(|job, out| conditions::of("Complete", &job.conditions, out)),
        ),
        stable(
            "kube_job_failed",
            "The job has failed its execution.",
            Render::Job(|job, out| conditions::of("Failed", &job.conditions, out)),
        ),
        stable(
            "kube_job_status_start_time",
            "StartTime represents time when the job was acknowledged by the Job Manager.",
            Render::Job(|job, out| meta::time(job.start_time, out)),
        ),
        stable(
            "kube_job_status_completion_time",
            "CompletionTime represents time when the job was completed.",
            Render::Job(|job, out| meta::time(job.completion_time, out)),
        ),
        alpha(
            "kube_job_status_suspended",
            "The number of pods which reached Phase Suspended.",
            Render::Job(|job, out| {
                if let Some(condition) = conditions::find("Suspended", &job.conditions) {
                    out.value(condition.status == objects::Status3::True);
                }
            }),
        ),
        stable("kube_job_owner", "Information about the Job's owner.", Render::Meta(meta::owners)),
    ],
);

const FAILURE_REASONS: [&str; 3] = ["BackoffLimitExceeded", "DeadlineExceeded", "Evicted"];

/// Without failed pods, 0 with no reason. Otherwise the reasons why the job as a whole failed, as flags; and the number of
/// failed pods where none of them is (yet) the reason.
fn failed(job: &Job, out: &mut Samples<'_>) {
    if job.failed == 0 {
        return out.value(0);
    }
    let mut is_known = false;
    if let Some(condition) = conditions::find("Failed", &job.conditions) {
        for reason in FAILURE_REASONS {
            let is_reason = *condition.reason == *reason;
            is_known |= is_reason;
            out.sample(&[("reason", reason)], is_reason);
        }
    }
    if !is_known {
        out.sample(&[("reason", "")], job.failed);
    }
}

//! Readings of a known server.

use super::*;

fn reading(seconds: f64, cores: f64) -> Reading {
    let mut reading =
        Reading { started_at: 5.0, cores: 8.0, cpu_seconds: cores * seconds, ..Reading::default() };
    reading.requests.insert("LIST pods".to_owned(), 20.0 * seconds);
    reading.dispatched.insert("service-accounts".to_owned(), 10.0 * seconds);
    reading.execution_seconds.insert("service-accounts".to_owned(), 0.5 * seconds);
    reading.objects.insert("nodes".to_owned(), 50);
    reading
}

#[test]
fn rates_of_what_was_read() {
    let mut core = Core::default();
    assert_eq!(core.report(0.0, None), Report::default());
    core.read(7.5, reading(7.5, 2.0));
    core.read(15.0, reading(15.0, 2.0));
    let report = core.report(16.0, None);
    assert_eq!((report.age_seconds, report.nodes, report.apiserver_cores), (Some(1.0), Some(50.0), 2.0));
    assert_eq!(report.requests_per_second, 20.0);
    assert_eq!((report.flows[0].requests_per_second, report.flows[0].executing), (10.0, 0.5));
    assert_eq!(report.dimensions[0].limit, 8.0 * 0.6);
}

/// A load that trebles raises its alert within 30 s, whenever between two readings it begins.
#[test]
fn a_load_that_trebles_is_said_within_30_seconds() {
    let mut core = Core::default();
    let (mut cpu, begins) = (0.0, 300.1);
    for round in 1..60_u32 {
        let now = f64::from(round) * 7.5;
        let after = (now - begins).clamp(0.0, 7.5);
        cpu += 7.5 + 2.0 * after;
        core.read(now, Reading { cpu_seconds: cpu, ..reading(now, 0.0) });
        let raised = core.report(now, None).alerts;
        if now >= begins + 30.0 {
            assert_eq!(raised[0].name, AlertName::ApiserverCpuChanged, "{now}");
        } else if now < begins {
            assert!(raised.is_empty(), "{now} {raised:?}");
        }
    }
}

/// The API server starts again: its counters begin at zero, and nothing is made of it.
#[test]
fn another_process_is_no_change() {
    let mut core = Core::default();
    for round in 0..30_u32 {
        core.read(f64::from(round) * 7.5, reading(f64::from(round) * 7.5, 2.0));
    }
    let mut other = reading(900.0, 2.0);
    other.started_at = 6.0;
    core.read(225.0, other);
    let report = core.report(225.0, None);
    assert_eq!((report.apiserver_cores, report.alerts.len()), (2.0, 0));
}

//! A report and its lines.

use load_attribution::Row;

use super::*;
use crate::report::{Alert, AlertName};

#[test]
fn names_who_and_what_and_how_far() {
    let row = |who: &str, cores, exponent| Row {
        who: who.to_owned(),
        apiserver_cores: cores,
        requests_per_second: 83.3,
        failed: 0.25,
        copies: 5000,
        exponent,
        dearest: "LIST pods".to_owned(),
    };
    let dimension = Dimension {
        dimension: DimensionName::Cpu,
        measured: 3.2,
        predicted: 9.6,
        limit: 9.6,
        nodes: Some(8660.0),
    };
    let report = Report {
        age_seconds: Some(2.0),
        nodes: Some(5000.0),
        dimensions: vec![dimension],
        alerts: vec![Alert {
            name: AlertName::ApiserverCostChanged,
            subject: "telemetry/agent".to_owned(),
            since_seconds: 12.0,
            from: 0.0,
            to: 2.1,
        }],
        who: vec![row("telemetry/agent", 2.1, 2.0), row("shop/operator", 0.01, 1.0)],
        ..Report::default()
    };
    let drawn = picture(&report, 120);
    let lines: Vec<&str> = drawn.lines().collect();
    assert_eq!(lines[1], "! ApiserverCostChanged of telemetry/agent: from 0.000 to 2.100, for 12 s");
    assert!(lines[4].starts_with("cpu         ##########--------------------  "), "{drawn}");
    assert!(lines[4].ends_with("8660 nodes"), "{drawn}");
    assert!(lines[7].contains("2.0!  LIST pods"), "{drawn}");
    assert!(lines[8].contains("1.0   LIST pods"), "{drawn}");
    assert!(picture(&report, 60).lines().all(|line| line.chars().count() <= 60));
}

#[test]
fn before_the_first_reading_it_says_so() {
    assert!(picture(&Report::default(), 80).contains("have not been read yet"));
}

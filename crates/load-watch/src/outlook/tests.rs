//! Load lines that can be computed by hand.

use super::*;

fn row(cores: f64, exponent: f64) -> Row {
    Row {
        who: "a/b".to_owned(),
        apiserver_cores: cores,
        requests_per_second: 1.0,
        failed: 0.0,
        copies: 1,
        exponent,
        dearest: String::new(),
    }
}

fn cpu(cores: f64, who: &[Row]) -> Dimension {
    let reading = Reading { cores: 10.0, ..Reading::default() };
    outlook(&reading, cores, 100.0, who)[0]
}

#[test]
fn a_quadratic_cost_brings_the_load_line_near() {
    // 6 cores may be used. One core that grows with the nodes: at 600 of them.
    let linear = cpu(1.0, &[]);
    assert_eq!((linear.measured, linear.predicted, linear.limit), (1.0, 2.0, 6.0));
    assert_eq!(linear.nodes.map(f64::round), Some(600.0));
    // With the square, at 100 times the root of 6.
    assert_eq!(cpu(1.0, &[row(1.0, 2.0)]).nodes.map(f64::round), Some(245.0));
    // Prices that are too high are brought down to what was measured.
    assert_eq!(cpu(1.0, &[row(5.0, 2.0)]).nodes.map(f64::round), Some(245.0));
    // What does not grow never reaches it.
    assert_eq!(cpu(1.0, &[row(1.0, 0.0)]).nodes, None);
}

#[test]
fn each_dimension_that_is_known() {
    let mut reading = Reading {
        cores: 4.0,
        memory_limit_bytes: Some(1e9),
        resident_bytes: 4e8,
        etcd_bytes: 1e8,
        ..Reading::default()
    };
    reading.nominal_seats.extend([
        ("low".to_owned(), 245.0),
        ("high".to_owned(), 98.0),
        ("exempt".to_owned(), 0.0),
    ]);
    reading.seats.extend([("low".to_owned(), 24.5), ("high".to_owned(), 49.0)]);
    let all = outlook(&reading, 1.0, 10.0, &[]);
    let found: Vec<(&str, f64, f64)> =
        all.iter().map(|one| (one.dimension.name(), one.measured, one.limit)).collect();
    let expected =
        [("cpu", 1.0, 2.4), ("memory", 4e8, 8e8), ("seats", 49.0, 98.0), ("etcdBytes", 1e8, ETCD_BYTES_MAX)];
    assert_eq!(found, expected);
    assert!(outlook(&Reading::default(), 0.0, 1.0, &[]).is_empty());
}

//! Numbers that grow with the nodes, as they are written.

use super::*;

#[test]
fn counts_as_they_are_written() {
    let check = |text: &str, expected: Option<(f64, f64)>| {
        let read = text.parse::<Count>().ok().map(|count| (count.per_node, count.fixed));
        assert_eq!(read, expected, "{text}");
    };
    check("4000", Some((0.0, 4000.0)));
    check("150_000", Some((0.0, 150_000.0)));
    check("30*nodes", Some((30.0, 0.0)));
    check("nodes * 30", Some((30.0, 0.0)));
    check("nodes", Some((1.0, 0.0)));
    check("2*nodes + 100", Some((2.0, 100.0)));
    check("0.1*nodes+nodes", Some((1.1, 0.0)));
    check("", None);
    check("-5", None);
    check("30*pods", None);
    check("nodes*nodes", None);
    check("inf", None);
}

#[test]
fn what_is_written_is_read_again() {
    for text in ["4000", "30*nodes", "2*nodes + 100", "0"] {
        let count: Count = text.parse().expect("a count");
        assert_eq!(count.to_string(), text);
    }
}

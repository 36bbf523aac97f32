//! Names of labels.

fn check(pairs: &[(&str, &str)], expected: &str) {
    let mut out = Vec::new();
    super::append(&mut out, "label", pairs.iter().copied());
    assert_eq!(String::from_utf8(out).unwrap(), format!(",{expected}"));
}

#[test]
fn names_are_made_fit() {
    check(&[("app", "a")], "label_app=\"a\"");
    check(&[("app.kubernetes.io/name", "a\"b")], r#"label_app_kubernetes_io_name="a\"b""#);
    check(&[("camelCase", "")], "label_camel_case=\"\"");
    check(&[("topology9Zone", "")], "label_topology9_zone=\"\"");
    check(&[("ABC", "")], "label_abc=\"\"");
    check(&[("a-B", "")], "label_a_b=\"\"");
    check(&[("1", "")], "label_1=\"\"");
    check(&[("ä", "")], "label__=\"\"");
    check(&[("a", "1"), ("b", "2")], "label_a=\"1\",label_b=\"2\"");
}

#[test]
fn names_that_collide_get_a_suffix() {
    check(&[("a-b", "1"), ("a.b", "2")], "label_a_b_conflict1=\"1\",label_a_b_conflict2=\"2\"");
    check(
        &[("a-b", "1"), ("a.b", "2"), ("a_b", "3"), ("c", "4")],
        "label_a_b_conflict1=\"1\",label_a_b_conflict2=\"2\",label_a_b_conflict3=\"3\",label_c=\"4\"",
    );
    // A suffix that somebody else's name already is gets passed over.
    check(
        &[("a-b", "1"), ("a-b-conflict1", "2"), ("a.b", "3")],
        "label_a_b_conflict2=\"1\",label_a_b_conflict1=\"2\",label_a_b_conflict3=\"3\"",
    );
}

#[test]
fn many_names() {
    let keys: Vec<String> = (0..100).map(|i| format!("k{i:02}")).collect();
    let pairs: Vec<_> = keys.iter().map(|key| (key.as_str(), "")).collect();
    let expected: Vec<_> = keys.iter().map(|key| format!("label_{key}=\"\"")).collect();
    check(&pairs, &expected.join(","));
}

//! Which resources have samples.

use super::*;

fn check(name: &str, of: Of, expected: Option<(&str, Unit)>) {
    let resources: Resources = [(name.into(), Quantity("1".into()))].into();
    let mut found = None;
    each(&resources, of, |label, unit, _| found = Some((label.to_owned(), unit)));
    assert_eq!(found, expected.map(|(label, unit)| (label.to_owned(), unit)), "{name}");
}

#[test]
fn units() {
    for of in [Of::Container, Of::Node] {
        check("cpu", of, Some(("cpu", Unit::Core)));
        check("memory", of, Some(("memory", Unit::Byte)));
        check("ephemeral-storage", of, Some(("ephemeral_storage", Unit::Byte)));
        check("hugepages-2Mi", of, Some(("hugepages_2Mi", Unit::Byte)));
        check("attachable-volumes-aws-ebs", of, Some(("attachable_volumes_aws_ebs", Unit::Byte)));
        check("nvidia.com/gpu", of, Some(("nvidia_com_gpu", Unit::Integer)));
        check("example.com/A.b-c_d", of, Some(("example_com_A_b_c_d", Unit::Integer)));
        check("gpu", of, None);
        check("", of, None);
        check("kubernetes.io/x", of, None);
        check("x.kubernetes.io/y", of, None);
        check("requests.nvidia.com/gpu", of, None);
        check("Nvidia.com/gpu", of, None);
        check("nvidia..com/gpu", of, None);
        check("nvidia.com/gpu/x", of, None);
        check("nvidia.com/", of, None);
        check("/gpu", of, None);
        check("nvidia.com/-gpu", of, None);
        check("nvidia.com/ä", of, None);
        check(&format!("nvidia.com/{}", "g".repeat(64)), of, None);
        check(&format!("{}/gpu", "n".repeat(250)), of, None);
    }
    check("pods", Of::Node, Some(("pods", Unit::Integer)));
    check("pods", Of::Container, None);
    // Longer than any name that the API takes: cut, not refused.
    check(
        &format!("hugepages-{}", "x".repeat(400)),
        Of::Node,
        Some((&format!("hugepages_{}", "x".repeat(307)), Unit::Byte)),
    );
}

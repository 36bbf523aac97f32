//! Pods that come, go and change: whose addresses nobody answers at.

use super::*;

/// Steps such as "a 10.0.0.1 up", "a 10.0.0.1 down", "-a", "= a 10.0.0.1 up; b 10.0.0.2 up"; the dead after all of them.
fn check(steps: &[&str], expected: &str) {
    let mut locals = Locals::default();
    let parse = |step: &str| {
        let words: Vec<&str> = step.split(' ').collect();
        let addresses = words[1].split(',').filter_map(|address| address.parse().ok()).collect();
        (Text::from(words[0]), LocalPod { addresses, running: words[2] == "up" })
    };
    for step in steps {
        if let Some(uid) = step.strip_prefix('-') {
            locals.remove(uid);
        } else if let Some(all) = step.strip_prefix("= ") {
            locals.replace(all.split("; ").filter(|pod| !pod.is_empty()).map(parse).collect());
        } else {
            let (uid, pod) = parse(step);
            locals.apply(uid, pod);
        }
    }
    let mut dead: Vec<String> = locals.dead().iter().map(ToString::to_string).collect();
    dead.sort();
    assert_eq!(dead.join(" "), expected, "{steps:?}");
}

#[test]
fn who_is_dead() {
    check(&["a 10.0.0.1 up"], "");
    check(&["a 10.0.0.1 down"], "10.0.0.1");
    check(&["a 10.0.0.1 down", "a 10.0.0.1 up"], "");
    check(&["a 10.0.0.1,fd00::1 up", "-a"], "10.0.0.1 fd00::1");
    check(&["-a"], "");
    // Another pod has the address now; and when that one is gone, nobody.
    check(&["a 10.0.0.1 up", "-a", "b 10.0.0.1 up"], "");
    check(&["a 10.0.0.1 up", "-a", "b 10.0.0.1 up", "-b"], "10.0.0.1");
    check(&["a 10.0.0.1 up", "b 10.0.0.1 up", "-a"], "");
    check(&["a 10.0.0.1 down", "b 10.0.0.1 up"], "");
    // A pod got another address: nobody has the first one.
    check(&["a 10.0.0.1 up", "a 10.0.0.2 up"], "10.0.0.1");
    check(&["a - up", "a 10.0.0.2 up"], "");
    // The source was away meanwhile.
    check(&["a 10.0.0.1 up", "b 10.0.0.2 up", "= b 10.0.0.2 up; c 10.0.0.3 up"], "10.0.0.1");
    check(&["a 10.0.0.1 up", "= b 10.0.0.1 up"], "");
    check(&["a 10.0.0.1 up", "= "], "10.0.0.1");
}

//! Levels with what the others lend.

use super::*;

fn check(name: &'static str, nominal: u64, most: u64) {
    let level = Level::named(name, &ApiServers::default());
    assert_eq!((level.limits.nominal, level.most_seats), (nominal, most), "{name}");
}

#[test]
fn seats_with_what_the_others_lend() {
    for (name, nominal, most) in [("workload-low", 245, 368), ("workload-high", 98, 393), ("system", 74, 394)]
    {
        check(name, nominal, most);
    }
}

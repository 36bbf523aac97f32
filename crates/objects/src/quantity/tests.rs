//! What kube-state-metrics (Go's `resource.Quantity`) makes of a quantity.

use proptest::prelude::*;

use super::Quantity;
use crate::Sym;

fn check(text: &str, milli: i64, value: i64, number: f64) {
    let quantity = Quantity(Sym::new(text));
    assert_eq!(quantity.milli(), Some(milli), "{text:?} in thousandths");
    assert_eq!(quantity.value(), Some(value), "{text:?}");
    assert_eq!(quantity.as_f64(), Some(number), "{text:?} as a number");
}

#[test]
fn quantities() {
    const END: i64 = i64::MAX;
    check("0", 0, 0, 0.0);
    check("1", 1_000, 1, 1.0);
    check("+1", 1_000, 1, 1.0);
    check("007", 7_000, 7, 7.0);
    check("100m", 100, 1, 0.1);
    check("1500m", 1_500, 2, 1.5);
    check("0.5", 500, 1, 0.5);
    check(".5", 500, 1, 0.5);
    check("5.", 5_000, 5, 5.0);
    check("1u", 1, 1, 0.001);
    check("1n", 1, 1, 0.001);
    check("1000001n", 2, 1, 0.002);
    check("2.5k", 2_500_000, 2_500, 2_500.0);
    check("1M", 1_000_000_000, 1_000_000, 1e6);
    check("3G", 3_000_000_000_000, 3_000_000_000, 3e9);
    check("1T", 1_000_000_000_000_000, 1_000_000_000_000, 1e12);
    check("1P", 1_000_000_000_000_000_000, 1_000_000_000_000_000, 1e15);
    check("1E", END, 1_000_000_000_000_000_000, 1e18);
    check("1Ki", 1_024_000, 1_024, 1_024.0);
    check("0.1Ki", 102_400, 103, 102.4);
    check("128Mi", 134_217_728_000, 134_217_728, 134_217_728.0);
    check("1Gi", 1_073_741_824_000, 1_073_741_824, 1_073_741_824.0);
    check("2Ti", 2_199_023_255_552_000, 2_199_023_255_552, 2_199_023_255_552.0);
    check("1Pi", 1_125_899_906_842_624_000, 1_125_899_906_842_624, 1_125_899_906_842_624.0);
    check("1.5Ei", END, 1_729_382_256_910_270_464, 1_729_382_256_910_270_464.0);
    check("8Ei", END, END, END as f64);
    check("1e3", 1_000_000, 1_000, 1_000.0);
    check("1E3", 1_000_000, 1_000, 1_000.0);
    check("12e-1", 1_200, 2, 1.2);
    check("1.25e+2", 125_000, 125, 125.0);
    check("-1500m", -1_500, -2, -1.5);
    check("-1n", -1, -1, -0.001);
    // Absurd ones end where 64 bits end, or round up to the smallest.
    check("1e999999999", END, END, END as f64);
    check("99999999999999999999999999999999999999999999999999", END, END, END as f64);
    check("-1e99", -END, -END, -(END as f64) / 1_000.0);
    check("1e-999999999", 1, 1, 0.001);
    check("0e99", 0, 0, 0.0);
    check("0.00000000000000000000000000000000000000000000000001", 1, 1, 0.001);
    check("0.1000000000000000000000000000000000000001", 101, 1, 0.101);
}

#[test]
fn no_quantities() {
    for text in [
        "", "-", ".", "m", "Ki", "1K", "1ki", "1e", "1 Gi", "1.2.3", "0x1", "1Gib", "--1", "1e1.5", "NaN",
        "½",
    ] {
        assert_eq!(Quantity(Sym::new(text)).as_f64(), None, "{text:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        Quantity(Sym::new(&text)).as_f64();
    }

    #[test]
    fn any_number_is_read(text in "[+-]?[0-9]{1,60}(\\.[0-9]{0,60})?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,9})?") {
        let quantity = Quantity(Sym::new(&text));
        let (milli, value) = (quantity.milli().unwrap(), quantity.value().unwrap());
        prop_assert!(milli.saturating_abs() >= value.saturating_abs() || value == 0);
    }
}

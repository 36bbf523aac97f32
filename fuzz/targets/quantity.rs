//! Quantities.
#![no_main]

use objects::{Quantity, Sym};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let quantity = Quantity(Sym::new(text));
    let Some(number) = quantity.as_f64() else { return };
    let (milli, value) = (quantity.milli().expect("a number"), quantity.value().expect("a number"));
    assert!(number.is_finite());
    assert_eq!(milli.signum(), value.signum());
    // Rounded away from zero: whole units are never less than the thousandths.
    assert!(i128::from(value).abs() * 1_000 >= i128::from(milli).abs());
});

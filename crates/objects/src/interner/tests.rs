//! Sharing and sweeping.

use super::pool::SWEEP_ENTRIES_MIN;
use super::{Interner, Sym};

#[test]
fn equal_strings_share_their_bytes() {
    let interner = Interner::default();
    for text in ["", "a", "a name that is much longer than what fits inline"] {
        let (one, two) = (interner.sym(text), interner.sym(text));
        assert_eq!(one, two);
        assert_eq!(one.as_str(), text);
        assert!(std::ptr::eq(one.as_str(), two.as_str()), "{text:?}");
    }
    assert_eq!(interner.len(), 2, "the empty string takes no entry");
}

#[test]
fn equal_lists_share_their_items() {
    let interner = Interner::default();
    let labels = || vec![(interner.sym("app"), interner.sym("web")), (Sym::new("tier"), Sym::new("front"))];
    let (one, two) = (interner.list(labels()), interner.list(labels()));
    assert!(std::ptr::eq(one.as_slice(), two.as_slice()));
    assert_eq!(interner.lists(), 1);
    assert!(interner.list::<(Sym, Sym)>(Vec::new()).is_empty());
    assert_eq!(interner.lists(), 1, "an empty list takes no entry");
}

#[test]
fn unused_strings_are_swept_and_used_ones_stay() {
    let interner = Interner::default();
    let kept = interner.sym("kept");
    for index in 0..10 * SWEEP_ENTRIES_MIN {
        interner.sym(&index.to_string());
    }
    assert!(interner.len() <= SWEEP_ENTRIES_MIN, "{}", interner.len());
    assert!(std::ptr::eq(kept.as_str(), interner.sym("kept").as_str()));
}

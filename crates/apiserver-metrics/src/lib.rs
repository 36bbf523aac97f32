//! What kube-apiserver's own `/metrics` says.
//!
//! Owns the names of its metrics, where they moved between versions, and one pass over a page. Does not know where a page comes from
//! nor what its numbers are good for. Text comes in; [`Reading`] and the small functions beside it give numbers.
//!
//! Start with [`Reading`].

mod page;
mod reading;

pub use page::{label, resource, series};
pub use reading::{Family, Reading};

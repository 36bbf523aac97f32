//! What carries an order out.

use std::pin::Pin;

/// Something that is being done; ends with a sentence on what was done, or why not.
pub type Doing<'a> = Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>>;

/// The parts of a node that orders are for. What a node does not have says so.
pub trait Hands: Send + Sync + 'static {
    /// A gated workload stops and stays stopped.
    fn stop<'a>(&'a self, workload: &'a str) -> Doing<'a>;
    /// A gated workload goes back to what was good.
    fn revert<'a>(&'a self, workload: &'a str) -> Doing<'a>;
    /// Nothing of `whom` (`namespace/kind/name`; empty: everybody) goes through to the API servers, for so many seconds.
    fn cut<'a>(&'a self, whom: &'a str, seconds: u64, why: &'a str) -> Doing<'a>;
    /// That ends.
    fn restore<'a>(&'a self, whom: &'a str) -> Doing<'a>;
    /// Gated workloads start nothing new, or may again.
    fn freeze(&self, frozen: bool) -> Doing<'_>;
}

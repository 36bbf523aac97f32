//! The system calls that have no safe wrapper: the only unsafe code of this repository.
//!
//! Owns: [`clock`], adjtimex(2), without which nobody's alert on a clock that is not synchronised (`node_timex_sync_status`)
//! works, and [`pages`], madvise(2) on the program's own code, which keeps a small process small. Each is one call with the
//! reason why it is sound beside it. Knows nothing else: no metrics, no policy.

pub mod clock;
pub mod pages;

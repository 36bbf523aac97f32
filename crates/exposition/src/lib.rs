//! The text formats in which metrics leave: Prometheus text 0.0.4 and OpenMetrics 1.0.
//!
//! Owns: writing (escaping, numbers, headers, `# EOF`), choosing a format from an `Accept` header, and a strict parser with
//! limits that tests, tools and the status page read expositions with.
//!
//! Does not know: where samples come from, HTTP, compression. No I/O, no async.
//!
//! Where to start: [`Writer`] to write families, [`append`] for callers that write their own lines, [`Format::negotiate`],
//! [`parse`] (a whole exposition) and [`Lines`] (one line after the other, any size).

pub mod append;
mod format;
mod lines;
mod number;
mod parse;
mod writer;

pub use format::{Format, Kind};
pub use lines::{Line, Lines, ParseError, Problem, Sample};
pub use number::append_number;
pub use parse::{Family, Limits, parse};
pub use writer::{SampleWriter, Writer};

#[cfg(test)]
mod tests;

//! The Corefile (CoreDNS's configuration), as far as a cluster's DNS needs it, read into typed settings.
//!
//! Owns: the syntax (server blocks, snippets, imports, environment variables, comments, `__PILLAR__` words of NodeLocal
//! DNSCache), the defaults of CoreDNS for each option, and the sentence for everything that is not supported: which word,
//! in which line, and what to do instead. What is accepted but changes nothing here becomes a [`Note`].
//!
//! Does not know: DNS messages, sockets, files. Files and variables come through [`Sources`].
//!
//! Start at [`parse`]; the result is [`Corefile`], a list of [`Server`] blocks.

mod answering;
mod arguments;
mod cache;
mod duration;
mod endpoints;
mod expand;
mod forward;
mod hosts;
mod kubernetes;
mod lexer;
mod place;
mod plugins;
mod report;
mod rewrite;
mod server;
mod sources;
mod template;
mod tree;
mod unsupported;
mod upstream;
mod zone;

pub use answering::{AnyQuery, Autopath, Dnstap, Log, LogClass};
pub use cache::{Cache, CacheClass, Prefetch, ServeStale, StaleMode};
pub use endpoints::{Endpoint, Health, Ready, Reload};
pub use forward::{Forward, HealthCheck, Policy, Tls};
pub use hosts::{Hosts, HostsEntry, entries as hosts_entries};
pub use kubernetes::{Kubernetes, PodRecords};
pub use lexer::COREFILE_BYTES_MAX;
pub use place::Place;
pub use report::{Note, Refusal, Refusals};
pub use rewrite::{AnswerRule, Field, Match, NameRule, Replacement, Rewrite, TtlRange};
pub use server::{Bind, Corefile, Key, Server};
pub use sources::{Imported, NoSources, Sources};
pub use template::Template;
pub use upstream::Upstream;
pub use zone::{Fallthrough, Zone, ZoneError};

/// Reads `text`, which is the file called `name` in messages.
///
/// # Errors
/// Every line that is not understood or not supported, in the order of the file.
pub fn parse(name: &str, text: &str, sources: &dyn Sources) -> Result<Corefile, Refusals> {
    let mut report = report::Report::default();
    let corefile = lexer::words(name, text, &mut report)
        .and_then(|words| tree::blocks(words, sources, &mut report))
        .map(|blocks| server::servers(&blocks, &mut report))
        .unwrap_or_default();
    report.finish(corefile)
}

#[cfg(test)]
mod tests;

//! Against small scripted upstreams on loopback: honest ones, slow ones, liars.

use std::net::SocketAddr;
use std::sync::Arc;

use corefile::NoSources;
use dns_message::{Builder, Class, EdeCode, Flags, Message, Name, Opt, Rcode, RecordType};
use environment::{SeededEntropy, SystemClock};
use prometheus_client::registry::Registry;

use super::*;
use crate::pipeline::elsewhere::Reply;

mod answers;
mod caching;
mod failing;
mod lying;
mod order;
mod questions;
mod upstream;

use upstream::{Received, Upstream, answer};

/// A forwarder with this Corefile; `{}` stands for the addresses of the upstreams, in order.
fn forwarder(corefile: &str, upstreams: &[&Upstream]) -> Arc<Forwarder> {
    let mut text = corefile.to_owned();
    for upstream in upstreams {
        text = text.replacen("{}", &upstream.address.to_string(), 1);
    }
    let corefile = corefile::parse("Corefile", &text, &NoSources).unwrap_or_else(|error| panic!("{error}"));
    let settings = Settings::from_corefile(&corefile, &|_| Ok("nameserver 192.0.2.1\n".to_owned())).unwrap();
    new(settings)
}

fn new(settings: Settings) -> Arc<Forwarder> {
    let mut registry = Registry::default();
    let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SeededEntropy::new(7)));
    Forwarder::new(settings, clock, entropy, &mut registry).unwrap()
}

fn packet(name: &str, record_type: RecordType) -> Vec<u8> {
    let mut packet = Vec::new();
    let flags = Flags(Flags::RECURSION_DESIRED);
    let name = Name::parse(name).unwrap();
    Builder::query(0x1234, flags, &name, record_type, Class::IN, Some(Opt::default()), &mut packet).finish();
    packet
}

/// Asks as the pipeline would; checks that the reply is one to this query.
async fn ask_type(forwarder: &Arc<Forwarder>, name: &str, record_type: RecordType) -> Reply {
    let packet = packet(name, record_type);
    let client = SocketAddr::from(([127, 0, 0, 1], 9));
    let reply = Arc::clone(forwarder).ask(packet.clone(), client).await;
    let message = Message::parse(&reply.message).unwrap();
    assert_eq!(message.header().id, 0x1234);
    assert!(message.is_response() && message.header().flags.has(Flags::RECURSION_DESIRED));
    assert!(message.repeats(Message::parse(&packet).unwrap().question_bytes()), "the question with its case");
    assert!(message.records().all(|record| record.unwrap().record_type != RecordType::OPT));
    assert_eq!(message.header().flags.rcode(), reply.outcome.rcode);
    reply
}

async fn ask(forwarder: &Arc<Forwarder>, name: &str) -> Reply {
    ask_type(forwarder, name, RecordType::A).await
}

/// The answer of the cache or of hosts, as the threads that read UDP get it.
fn at_once(forwarder: &Arc<Forwarder>, name: &str) -> Option<(Vec<u8>, Outcome)> {
    let packet = packet(name, RecordType::A);
    let mut scratch = Scratch::default();
    let query = gate(&packet, &mut scratch).unwrap();
    let mut out = Vec::new();
    let now = forwarder.shared.clock.monotonic();
    let outcome = forwarder.at_once(&query, now, &mut out)?;
    Some((out, outcome))
}

/// Addresses, and targets of other records, in order.
fn records(message: &[u8]) -> Vec<String> {
    let message = Message::parse(message).unwrap();
    let shown = |record: dns_message::Record<'_>| {
        let target = record.target().map(|target| target.to_string());
        format!(
            "{} {}",
            record.owner,
            record.address().map(|ip| ip.to_string()).or(target).unwrap_or_default()
        )
    };
    message.records().map(|record| shown(record.unwrap())).collect()
}

fn error(reply: &Reply) -> Option<EdeCode> {
    reply.outcome.error.as_ref().map(|(code, _)| *code)
}

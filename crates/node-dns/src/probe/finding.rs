//! The question that no cache can answer, and what an answer to it says. Pure.

use std::fmt;
use std::time::Duration;

use dns_message::{Builder, Class, Flags, Message, Name, Rcode, RecordType, Section};
use environment::Entropy;

use super::Layer;

/// Below this label each name answers with the heartbeat.
const PROBE_LABEL: &str = "probe";

/// A question that was never asked before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) message: Vec<u8>,
    id: u16,
    /// Name, type and class on the wire.
    asked: Vec<u8>,
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// The heartbeat, and how old it is by this machine's clock.
    Heartbeat {
        /// Since it was written.
        age: Duration,
        /// The cluster that it is of.
        cluster: String,
    },
    /// Somebody answered, without a heartbeat; the name of the result: NXDOMAIN, NOERROR.
    Answered(String),
    /// Somebody answered that it could not: SERVFAIL, REFUSED and their like.
    Refused(String),
    /// No answer, or one to something else.
    Failed(String),
}

/// How good that is; the worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grade {
    /// The path works, as far as it goes.
    Good,
    /// Somebody answers, and nothing shows how old the answers are.
    Unproven,
    /// It does not work, or what it says is old.
    Bad,
}

impl Grade {
    /// Label and word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Unproven => "unproven",
            Self::Bad => "bad",
        }
    }
}

impl Finding {
    /// How good that is for a path to `layer`.
    pub fn grade(&self, layer: Layer, age_max: Duration) -> Grade {
        match self {
            Self::Heartbeat { age, .. } if *age <= age_max => Grade::Good,
            Self::Heartbeat { .. } | Self::Refused(_) | Self::Failed(_) => Grade::Bad,
            // An upstream has no heartbeat.
            Self::Answered(_) if layer == Layer::Upstream => Grade::Good,
            Self::Answered(_) => Grade::Unproven,
        }
    }

    /// The value of the label `result`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Heartbeat { .. } => "heartbeat",
            Self::Answered(_) => "answered",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Heartbeat { age, .. } => write!(f, "heartbeat written {:.1} s ago", age.as_secs_f64()),
            Self::Answered(rcode) => write!(f, "{rcode}, no heartbeat"),
            Self::Refused(rcode) => f.write_str(rcode),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

/// Asks for `<nonce>.probe.<zone> TXT`, or of an upstream for `<nonce>.<zone> A`. `None`: the name would be too long.
pub(super) fn question(zone: &Name, upstream: bool, entropy: &dyn Entropy) -> Option<Question> {
    let nonce = format!("{:016x}{:016x}", entropy.next_u64(), entropy.next_u64());
    let zone = zone.to_string();
    let zone = zone.trim_end_matches('.');
    let text = match (upstream, zone.is_empty()) {
        (true, true) => nonce,
        (true, false) => format!("{nonce}.{zone}"),
        (false, _) => format!("{nonce}.{PROBE_LABEL}.{zone}"),
    };
    let name = Name::parse(text.trim_end_matches('.')).ok()?;
    let record_type = if upstream { RecordType::A } else { RecordType::TXT };
    let id = entropy.next_u64() as u16;
    let mut message = Vec::new();
    let flags = Flags::default().with(Flags::RECURSION_DESIRED);
    Builder::query(id, flags, &name, record_type, Class::IN, None, &mut message).finish();
    let asked = Message::parse(&message).ok()?.question_bytes().to_vec();
    Some(Question { message, id, asked })
}

/// What `answer` says; `wall` is now.
pub(super) fn read(question: &Question, answer: &[u8], wall: Duration) -> Finding {
    let strange = |what: &str| Finding::Failed(format!("an answer that is none: {what}"));
    let Ok(message) = Message::parse(answer) else { return strange("no DNS message") };
    let header = message.header();
    if !message.is_response() || header.id != question.id || !message.repeats(&question.asked) {
        return strange("to another question");
    }
    let rcode = header.flags.rcode();
    let name = rcode.to_string();
    if rcode != Rcode::NOERROR {
        let answered = rcode == Rcode::NXDOMAIN;
        return if answered { Finding::Answered(name) } else { Finding::Refused(name) };
    }
    let records = message.records().map_while(Result::ok);
    let texts =
        records.filter(|record| record.section == Section::Answer && record.record_type == RecordType::TXT);
    for record in texts {
        if let Some(finding) = heartbeat(&strings(record.rdata()), wall) {
            return finding;
        }
    }
    Finding::Answered(name)
}

/// `written=<ms> seen=<ms> version=<n> cluster=<uid>`, in any order and with more words than these.
fn heartbeat(text: &str, wall: Duration) -> Option<Finding> {
    let word = |name: &str| {
        let mut words = text.split(' ').filter_map(|word| word.split_once('='));
        words.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let written = Duration::from_millis(word("written")?.parse().ok()?);
    let cluster = word("cluster").unwrap_or_default().to_owned();
    Some(Finding::Heartbeat { age: wall.saturating_sub(written), cluster })
}

/// The strings of a TXT record, one after the other.
fn strings(mut rdata: &[u8]) -> String {
    let mut text = Vec::new();
    while let Some((length, rest)) = rdata.split_first() {
        let (string, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        text.extend_from_slice(string);
        rdata = rest;
    }
    String::from_utf8_lossy(&text).into_owned()
}

//! One server block: the way of a query through its plugins.

use std::sync::Arc;
use std::time::Duration;

use corefile::Template;
use dns_message::{
    Builder, Class, EdeCode, Flags, MESSAGE_BYTES_MAX, Name, Query, Rcode, Rdata, RecordType, Scratch,
    Section, gate,
};
use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::cached::{self, Cached, Got, Question};
use super::pool::{Pool, Shared};
use super::settings::{self, SettingsError};
use super::zones::WireZone;
use super::{Cluster, outcome};
use crate::hosts::{HostsFile, Said};
use crate::pipeline::elsewhere::{Outcome, Reply};
use crate::rewrite::{Rewritten, Rules};

/// TTL of what is made up here: HINFO for ANY (RFC 8482, 4.2).
const MADE_UP_TTL_SECONDS: u32 = 8482;

pub(super) struct Block {
    zones: Vec<WireZone>,
    rules: Rules,
    templates: Vec<Template>,
    hosts: Option<HostsFile>,
    hosts_looked: Mutex<Duration>,
    cache: Option<Arc<Cached>>,
    pools: Vec<(WireZone, Arc<Pool>)>,
    any_minimal: bool,
    loop_check: bool,
}

/// What comes of a query before cache and upstreams.
enum Local {
    Reply(Reply),
    Forward,
}

impl Block {
    pub(super) fn new(
        block: &settings::Block,
        shared: &Arc<Shared>,
        runtime: &Handle,
    ) -> Result<Self, SettingsError> {
        let pools: Result<Vec<_>, SettingsError> = block
            .forwards
            .iter()
            .map(|forward| Ok((WireZone::new(&forward.from), Arc::new(Pool::new(forward, shared)?))))
            .collect();
        let cache = block.cache.as_ref().map(|cache| Arc::new(Cached::new(cache, shared, runtime.clone())));
        if let Some(cached) = &cache {
            let zones: Vec<&str> = block.zones.iter().map(corefile::Zone::as_str).collect();
            shared.metrics.watch(zones.join(","), cached);
        }
        Ok(Self {
            zones: WireZone::all(&block.zones),
            rules: Rules::new(&block.rewrites),
            templates: block.templates.clone(),
            hosts: block.hosts.as_ref().map(HostsFile::open),
            hosts_looked: Mutex::new(Duration::ZERO),
            cache,
            pools: pools?,
            any_minimal: block.any_minimal,
            loop_check: block.loop_check,
        })
    }

    /// Length of the longest of its zones that holds the name.
    pub(super) fn closeness(&self, lower: &[u8]) -> Option<usize> {
        self.zones.iter().filter(|zone| zone.holds(lower)).map(WireZone::len).max()
    }

    pub(super) fn loop_check(&self) -> bool {
        self.loop_check
    }

    pub(super) fn pools(&self) -> impl Iterator<Item = &Pool> {
        self.pools.iter().map(|(_, pool)| &**pool)
    }

    pub(super) fn sweep(&self) {
        if let Some(cache) = &self.cache {
            cache.sweep();
        }
    }

    pub(super) fn hosts_entries(&self) -> i64 {
        self.hosts.as_ref().map_or(0, |hosts| hosts.table().len() as i64)
    }

    /// Looks at the hosts file when it is time. `uptime` counts from the start.
    pub(super) fn reload(&self, uptime: Duration) {
        let Some(hosts) = &self.hosts else { return };
        let Some(interval) = hosts.interval() else { return };
        let mut looked = self.hosts_looked.lock();
        if uptime.saturating_sub(*looked) >= interval {
            *looked = uptime;
            if hosts.reload() {
                tracing::info!(entries = hosts.table().len(), "the hosts file has changed");
            }
        }
    }

    /// Whether a rule is about this query.
    pub(super) fn rules_match(&self, query: &Query<'_>) -> bool {
        // Before the name is written as text: most queries are of a type that no template is about.
        if self.rules.is_empty() && !self.templates.iter().any(|template| is_about(template, query)) {
            return false;
        }
        let name = text(query);
        !matches!(self.rules.apply(query, &name), Ok(None)) || self.template(query, &name).is_some()
    }

    /// Appends what hosts or the cache know. Names that a rule is about are for [`Block::ask`].
    pub(super) fn at_once(&self, query: &Query<'_>, now: Duration, out: &mut Vec<u8>) -> Option<Outcome> {
        if self.rules_match(query) {
            return None;
        }
        if self.hosts.is_some() || self.any_minimal {
            let name = text(query);
            if let Local::Reply(reply) = self.local(query, &name) {
                out.extend_from_slice(&reply.message);
                return Some(reply.outcome);
            }
        }
        let cache = self.cache.as_ref().filter(|cache| cache.serves(query.lower()))?;
        let pool = self.pool(query.lower())?;
        let start = out.len();
        let given = cache.at_once(pool, query, now, out)?;
        let rcode =
            dns_message::Header::read(&out[start..]).map_or(Rcode::SERVFAIL, |header| header.flags.rcode());
        let error = cached::error_of(&given, rcode).map(|(code, text)| (code, text.into()));
        Some(Outcome { rcode, source: "cache", stale: given.stale, error })
    }

    pub(super) async fn ask(&self, query: &Query<'_>, cluster: Option<&Arc<dyn Cluster>>) -> Reply {
        let name = text(query);
        match self.rules.apply(query, &name) {
            Ok(None) => self.after_rewrite(query, &name).await,
            Ok(Some(rewritten)) => self.ask_rewritten(query, &rewritten, cluster).await,
            Err(error) => short(query, Rcode::SERVFAIL, "rewrite", Some((EdeCode::OTHER, error.to_string()))),
        }
    }

    async fn ask_rewritten(
        &self,
        query: &Query<'_>,
        rewritten: &Rewritten,
        cluster: Option<&Arc<dyn Cluster>>,
    ) -> Reply {
        let packet = packet_of(query, rewritten);
        let mut scratch = Scratch::default();
        let Ok(inner) = gate(&packet, &mut scratch) else {
            return short(query, Rcode::SERVFAIL, "rewrite", None);
        };
        let mut own = Vec::new();
        let reply = match cluster.and_then(|cluster| cluster.answer(&inner, &mut own)) {
            Some(outcome) => Reply { message: own, outcome },
            None => self.after_rewrite(&inner, &text(&inner)).await,
        };
        match rewritten.answer(query, &reply.message) {
            Ok((message, rcode)) => Reply { message, outcome: Outcome { rcode, ..reply.outcome } },
            Err(error) => {
                short(query, Rcode::SERVFAIL, "rewrite", Some((EdeCode::INVALID_DATA, error.to_string())))
            }
        }
    }

    async fn after_rewrite(&self, query: &Query<'_>, name: &str) -> Reply {
        if let Local::Reply(reply) = self.local(query, name) {
            return reply;
        }
        let Some(pool) = self.pool(query.lower()) else {
            let why = (EdeCode::NOT_AUTHORITATIVE, "nobody is asked for this name".to_owned());
            return short(query, Rcode::REFUSED, "forward", Some(why));
        };
        let question = Question::of(query);
        let got = match self.cache.as_ref().filter(|cache| cache.serves(query.lower())) {
            Some(cache) => cache.get(pool, &question).await,
            None => cached::from(&question, &pool.ask(&question.wanted, true).await),
        };
        let Got { message, rcode, stale, error, source } = got;
        Reply { message, outcome: Outcome { stale, ..outcome(rcode, source, error) } }
    }

    /// Templates, ANY, hosts.
    fn local(&self, query: &Query<'_>, name: &str) -> Local {
        if let Some((rcode, error)) = self.template(query, name) {
            return Local::Reply(short(query, rcode, "template", error));
        }
        if self.any_minimal && query.record_type == RecordType::ANY {
            return Local::Reply(any(query));
        }
        match &self.hosts {
            Some(hosts) => from_hosts(hosts, query, name),
            None => Local::Forward,
        }
    }

    /// Response code and error of the first template that is about the query.
    fn template(&self, query: &Query<'_>, name: &str) -> Option<(Rcode, Option<(EdeCode, String)>)> {
        for template in &self.templates {
            if !is_about(template, query) || !template.zones.iter().any(|zone| zone.holds(name)) {
                continue;
            }
            if template.matches.is_empty() || template.matches.iter().any(|pattern| pattern.is_match(name)) {
                let error =
                    template.extended_error.as_ref().map(|(code, text)| (EdeCode(*code), text.clone()));
                return Some((Rcode(template.rcode), error));
            }
            if !template.fallthrough.covers(name) {
                return Some((Rcode::SERVFAIL, None));
            }
        }
        None
    }

    /// The closest one.
    fn pool(&self, lower: &[u8]) -> Option<&Arc<Pool>> {
        let serving = self.pools.iter().filter(|(zone, pool)| zone.holds(lower) && !pool.excepts(lower));
        serving.max_by_key(|(zone, _)| zone.len()).map(|(_, pool)| pool)
    }
}

/// Its class and type.
fn is_about(template: &Template, query: &Query<'_>) -> bool {
    [query.class.0, Class::ANY.0].contains(&template.class)
        && [query.record_type.0, RecordType::ANY.0].contains(&template.record_type)
}

fn from_hosts(hosts: &HostsFile, query: &Query<'_>, name: &str) -> Local {
    let pointer = query.record_type == RecordType::PTR;
    if !hosts.holds(name) && !pointer {
        return Local::Forward;
    }
    let mut message = Vec::new();
    let said = hosts.table().answer(query, name, hosts.ttl_seconds(), &mut message);
    let through = hosts.fallthrough().covers(name);
    match said {
        Said::Records => Local::Reply(Reply { message, outcome: outcome(Rcode::NOERROR, "hosts", None) }),
        Said::OtherType if through && hosts.fallthrough_unsupported() => Local::Forward,
        Said::NoAddress | Said::OtherType => Local::Reply(short(query, Rcode::NOERROR, "hosts", None)),
        // Reverse names that nobody wrote down are not the file's to deny.
        Said::Unknown if through || pointer => Local::Forward,
        // There is no SOA to deny it with: as CoreDNS does.
        Said::Unknown => Local::Reply(short(query, Rcode::SERVFAIL, "hosts", None)),
    }
}

/// A response without records.
pub(super) fn short(
    query: &Query<'_>,
    rcode: Rcode,
    source: &'static str,
    error: Option<(EdeCode, String)>,
) -> Reply {
    let mut message = Vec::new();
    Builder::reply(query, Flags::RECURSION_AVAILABLE, rcode, MESSAGE_BYTES_MAX, None, &mut message).finish();
    Reply { message, outcome: outcome(rcode, source, error) }
}

/// HINFO "RFC8482" (RFC 8482, 4.2).
fn any(query: &Query<'_>) -> Reply {
    let mut message = Vec::new();
    let data = Rdata::Other(RecordType::HINFO, b"\x07RFC8482\x00");
    let mut builder = Builder::reply(
        query,
        Flags::RECURSION_AVAILABLE,
        Rcode::NOERROR,
        MESSAGE_BYTES_MAX,
        None,
        &mut message,
    );
    builder.record(Section::Answer, &query.name(), query.class, MADE_UP_TTL_SECONDS, &data);
    builder.finish();
    Reply { message, outcome: outcome(Rcode::NOERROR, "any", None) }
}

/// The query with another question.
fn packet_of(query: &Query<'_>, rewritten: &Rewritten) -> Vec<u8> {
    let mut packet = Vec::new();
    let opt = query.edns.map(|edns| dns_message::Opt::in_reply_to(&edns));
    let (record_type, class) = (rewritten.record_type, rewritten.class);
    let name: &Name = &rewritten.name;
    Builder::query(query.id(), query.flags(), name, record_type, class, opt, &mut packet).finish();
    packet
}

/// The name in lower case with its closing dot.
fn text(query: &Query<'_>) -> String {
    Name::from_wire(query.lower()).unwrap_or_else(|_| Name::root()).to_string()
}

//! Faults: switched while the server runs, by [`Faults`] or by `PUT /faults` on the admin port.
//!
//! A rule says for which requests, how often, and what. All rules that match a request work together: latency and a trickle,
//! say. What concerns bytes happens on the connection itself ([`body`], [`crate::line`]).

pub(crate) mod body;

use std::sync::Arc;

use environment::Entropy;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::answer::Damage;
use crate::store::Store;

/// More rules than anybody writes; a loop that adds one per request runs into it.
pub const RULES_MAX: usize = 1000;

/// Which requests, how often, and what happens to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// "get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verbs: Vec<String>,
    /// "pods", "deployments"; empty: all, and requests that are about no resource.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// The `User-Agent` contains this; empty: all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_agent: String,
    /// Of the matching requests, this share is hit: 0.0 to 1.0.
    #[serde(default = "always")]
    pub probability: f64,
    /// How many requests are hit before the rule is used up; without it, there is no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What happens.
    pub fault: Fault,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Fault {
    /// This HTTP status instead of an answer: 401, 403, 429, 500, 503, ….
    Status {
        /// HTTP status
        code: u16,
        /// The header `Retry-After`.
        #[serde(default)]
        retry_after_seconds: Option<u32>,
    },
    /// The answer begins later.
    Latency {
        /// How much later.
        milliseconds: u64,
    },
    /// The body stops after so many bytes; the connection stays, and answers other streams.
    Stall {
        /// Bytes of the body that are sent before.
        after_bytes: u64,
    },
    /// The connection is reset (RST) after so many bytes of the body; 0: before the headers.
    Reset {
        /// Bytes of the body that are sent before.
        after_bytes: u64,
    },
    /// The connection stays open, but nothing is read from it or sent on it any more; 0: from before the headers on.
    HalfOpen {
        /// Bytes of the body that are sent before.
        after_bytes: u64,
    },
    /// The body ends too early, and not as a body ends.
    Truncate {
        /// Bytes of the body that are sent.
        after_bytes: u64,
    },
    /// The body comes slowly.
    Trickle {
        /// How slowly.
        bytes_per_second: u64,
    },
    /// `sendInitialEvents` is refused with 422, as by a server without the feature.
    RefuseWatchList,
    /// Watches are refused with 405, as by an aggregated API that has none.
    RefuseWatch,
    /// The past is forgotten when the request comes: running watches end with 410, resumed ones and LISTs of old versions too.
    ExpireVersions,
    /// The first object is no protobuf (or JSON) at all; lengths around it are right.
    Garbage,
    /// The first object's name is not UTF-8.
    InvalidUtf8,
    /// The connection is closed gracefully after this answer: GOAWAY, or `Connection: close`.
    GoAway,
}

/// A handle on the faults of a running server. Clones share them.
#[derive(Clone)]
pub struct Faults {
    rules: Arc<Mutex<Vec<Rule>>>,
    entropy: Arc<dyn Entropy>,
    store: Store,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) verb: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) user_agent: &'a str,
}

/// All faults of one request, together.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Plan {
    pub(crate) latency_milliseconds: u64,
    pub(crate) status: Option<(u16, Option<u32>)>,
    pub(crate) body: body::BodyFault,
    pub(crate) refuse_watch_list: bool,
    pub(crate) refuse_watch: bool,
    pub(crate) damage: Option<Damage>,
    pub(crate) go_away: bool,
}

/// Rules that cannot be obeyed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FaultError {
    /// Too many.
    #[error("{0} rules: at most {RULES_MAX}")]
    TooMany(usize),
    /// A status that is no HTTP error.
    #[error("status {0} is no error: use 400 to 599")]
    Status(u16),
    /// A share outside 0 to 1.
    #[error("probability {0} is not between 0 and 1")]
    Probability(f64),
    /// Nothing per second never ends.
    #[error("a trickle of 0 bytes per second is a stall")]
    Trickle,
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.rules.lock().iter()).finish()
    }
}

impl Rule {
    /// Hits every request.
    pub fn new(fault: Fault) -> Self {
        Self {
            verbs: Vec::new(),
            resources: Vec::new(),
            namespaces: Vec::new(),
            user_agent: String::new(),
            probability: always(),
            count: None,
            fault,
        }
    }

    /// Only requests with this verb.
    #[must_use]
    pub fn verb(mut self, verb: &str) -> Self {
        self.verbs.push(verb.to_owned());
        self
    }

    /// Only requests about this resource.
    #[must_use]
    pub fn resource(mut self, resource: &str) -> Self {
        self.resources.push(resource.to_owned());
        self
    }

    /// Only so many requests.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    fn matches(&self, subject: Subject<'_>) -> bool {
        let one_of = |list: &[String], found: &str| list.is_empty() || list.iter().any(|one| one == found);
        one_of(&self.verbs, subject.verb)
            && one_of(&self.resources, subject.resource)
            && one_of(&self.namespaces, subject.namespace)
            && subject.user_agent.contains(&self.user_agent)
            && self.count != Some(0)
    }

    fn check(&self) -> Result<(), FaultError> {
        if !(0.0..=1.0).contains(&self.probability) {
            return Err(FaultError::Probability(self.probability));
        }
        match self.fault {
            Fault::Status { code, .. } if !(400..600).contains(&code) => Err(FaultError::Status(code)),
            Fault::Trickle { bytes_per_second: 0 } => Err(FaultError::Trickle),
            _ => Ok(()),
        }
    }
}

fn always() -> f64 {
    1.0
}

impl Faults {
    pub(crate) fn new(store: Store) -> Self {
        Self { rules: Arc::default(), entropy: store.entropy.clone(), store }
    }

    /// Puts these rules in place of all that were.
    ///
    /// # Errors
    /// A rule that cannot be obeyed; nothing changes then.
    pub fn set(&self, rules: Vec<Rule>) -> Result<(), FaultError> {
        if rules.len() > RULES_MAX {
            return Err(FaultError::TooMany(rules.len()));
        }
        rules.iter().try_for_each(Rule::check)?;
        *self.rules.lock() = rules;
        Ok(())
    }

    /// Adds a rule.
    ///
    /// # Errors
    /// A rule that cannot be obeyed, or one too many.
    pub fn add(&self, rule: Rule) -> Result<(), FaultError> {
        rule.check()?;
        let mut rules = self.rules.lock();
        rules.retain(|rule| rule.count != Some(0));
        if rules.len() == RULES_MAX {
            return Err(FaultError::TooMany(rules.len() + 1));
        }
        rules.push(rule);
        Ok(())
    }

    /// Ends all faults. Connections that hang go on hanging.
    pub fn clear(&self) {
        self.rules.lock().clear();
    }

    /// The rules with what is left of their counts.
    pub fn rules(&self) -> Vec<Rule> {
        self.rules.lock().clone()
    }

    /// Forgets the past of all resources now: see [`Fault::ExpireVersions`].
    pub fn expire_versions(&self) {
        self.store.expire_versions();
    }

    /// What happens to this request; counts are counted down.
    pub(crate) fn plan(&self, subject: Subject<'_>) -> Plan {
        let mut plan = Plan::default();
        let mut expire = false;
        for rule in self.rules.lock().iter_mut() {
            if !rule.matches(subject) || self.entropy.fraction() >= rule.probability {
                continue;
            }
            if let Some(count) = &mut rule.count {
                *count -= 1;
            }
            expire |= rule.fault == Fault::ExpireVersions;
            plan.add(&rule.fault);
        }
        if expire {
            self.store.expire_versions();
        }
        plan
    }
}

impl Plan {
    fn add(&mut self, fault: &Fault) {
        use body::End;
        match *fault {
            Fault::Status { code, retry_after_seconds } => self.status = Some((code, retry_after_seconds)),
            Fault::Latency { milliseconds } => self.latency_milliseconds += milliseconds,
            Fault::Stall { after_bytes } => self.body.end = Some((after_bytes, End::Stall)),
            Fault::Reset { after_bytes } => self.body.end = Some((after_bytes, End::Reset)),
            Fault::HalfOpen { after_bytes } => self.body.end = Some((after_bytes, End::HalfOpen)),
            Fault::Truncate { after_bytes } => self.body.end = Some((after_bytes, End::Truncate)),
            Fault::Trickle { bytes_per_second } => self.body.bytes_per_second = Some(bytes_per_second),
            Fault::RefuseWatchList => self.refuse_watch_list = true,
            Fault::RefuseWatch => self.refuse_watch = true,
            Fault::Garbage => self.damage = Some(Damage::Garbage),
            Fault::InvalidUtf8 => self.damage = Some(Damage::InvalidUtf8),
            Fault::GoAway => self.go_away = true,
            Fault::ExpireVersions => {}
        }
    }
}

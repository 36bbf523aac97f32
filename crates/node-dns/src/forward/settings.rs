//! Which names go where: from the command line, or from a Corefile.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use answer_cache::{Bounds, PaceSettings, Prefetch, Stale};
use corefile::{Corefile, Rewrite, StaleMode, Template, Upstream, Zone};

/// What the cache of one block may hold when nothing else is said: about 20,000 answers of common size.
const CACHE_BYTES: usize = 32 << 20;
/// Octets that an answer takes in the cache, with its key and all that keeps it: for a Corefile's capacity in answers.
const ANSWER_BYTES: usize = 1024;
/// So that a handful of answers always finds room.
const CACHE_BYTES_MIN: usize = 1 << 20;
/// glibc looks at three nameservers, and CoreDNS at fifteen upstreams.
const NAMESERVERS_MAX: usize = 15;

/// Everything that is not the cluster's zone.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// A name belongs to the one with the longest zone that holds it.
    pub(crate) blocks: Vec<Block>,
}

/// What happens with names in some zones, in this order: rewrite, template, hosts, cache, forward.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) zones: Vec<Zone>,
    pub(crate) rewrites: Vec<Rewrite>,
    pub(crate) templates: Vec<Template>,
    pub(crate) hosts: Option<corefile::Hosts>,
    pub(crate) cache: Option<CacheBlock>,
    pub(crate) forwards: Vec<corefile::Forward>,
    /// RFC 8482.
    pub(crate) any_minimal: bool,
    pub(crate) loop_check: bool,
}

/// A cache, and for which names it is not used.
#[derive(Debug, Clone)]
pub(crate) struct CacheBlock {
    pub(crate) settings: answer_cache::Settings,
    pub(crate) zones: Vec<Zone>,
    pub(crate) success_disabled: Vec<Zone>,
    pub(crate) denial_disabled: Vec<Zone>,
}

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A file that is named cannot be read.
    #[error("{file} cannot be read: {error}; name a file that this process may read")]
    File {
        /// Its path.
        file: String,
        /// The system's word.
        error: String,
    },
    /// `forward . /etc/resolv.conf`, and it names nobody.
    #[error("{file} has no line `nameserver ADDRESS`; name an upstream by --upstream or in the Corefile")]
    NoNameserver {
        /// Its path.
        file: String,
    },
    /// A file of certificates or a key.
    #[error("{file} holds no certificate, or no key, in PEM form; name the right file")]
    NotPem {
        /// Its path.
        file: String,
    },
    /// DNS over TLS without `tls ... CA`, on a machine without a bundle.
    #[error("no certificates of authorities at {looked}; name a file by `tls CA` in the Corefile")]
    NoAuthorities {
        /// Where they were looked for.
        looked: String,
    },
    /// Anything else about TLS.
    #[error("DNS over TLS cannot be set up: {0}")]
    Tls(String),
}

impl Settings {
    /// All names to these upstreams, cached as RFC 8767 recommends. Without upstreams every name gets REFUSED.
    pub fn from_upstreams(upstreams: &[SocketAddr]) -> Self {
        let text: Vec<String> = upstreams.iter().map(SocketAddr::to_string).collect();
        let block =
            if text.is_empty() { String::new() } else { format!("forward . {}\nloop", text.join(" ")) };
        // The parser knows all defaults; its input is our own.
        let corefile = corefile::parse("command line", &format!(". {{\n{block}\n}}"), &corefile::NoSources);
        let mut settings = Self::from_blocks(&corefile.unwrap_or_default());
        for block in &mut settings.blocks {
            block.cache = Some(CacheBlock {
                settings: answer_cache::Settings {
                    bytes_max: CACHE_BYTES,
                    ..answer_cache::Settings::default()
                },
                zones: vec![Zone::root()],
                success_disabled: Vec::new(),
                denial_disabled: Vec::new(),
            });
        }
        settings
    }

    /// As the Corefile says. `read` reads the files that `forward` names (`resolv.conf`).
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn from_corefile(
        corefile: &Corefile,
        read: &dyn Fn(&str) -> io::Result<String>,
    ) -> Result<Self, SettingsError> {
        let mut settings = Self::from_blocks(corefile);
        for forward in settings.blocks.iter_mut().flat_map(|block| &mut block.forwards) {
            forward.upstreams = resolve(&forward.upstreams, read)?;
        }
        for block in &mut settings.blocks {
            // Nobody left to ask: those forwarded to the cluster's own DNS, which is this process.
            block.forwards.retain(|forward| !forward.upstreams.is_empty());
        }
        Ok(settings)
    }

    /// Whether a rewrite rule or a template may be about names of the cluster.
    pub fn has_rules(&self) -> bool {
        self.blocks.iter().any(|block| !block.rewrites.is_empty() || !block.templates.is_empty())
    }

    fn from_blocks(corefile: &Corefile) -> Self {
        let caches = corefile.servers.iter().filter(|server| server.cache.is_some()).count().max(1);
        let blocks = corefile.servers.iter().map(|server| Block {
            zones: server.zones(),
            rewrites: server.rewrites.clone(),
            templates: server.templates.clone(),
            hosts: server.hosts.clone(),
            cache: server.cache.as_ref().map(|cache| cache_block(cache, CACHE_BYTES / caches)),
            forwards: server.forwards.clone(),
            any_minimal: server.any == corefile::AnyQuery::Minimal,
            loop_check: server.loop_check,
        });
        Self { blocks: blocks.collect() }
    }
}

/// Puts the nameservers of a file in its place, and leaves out this very server.
fn resolve(
    upstreams: &[Upstream],
    read: &dyn Fn(&str) -> io::Result<String>,
) -> Result<Vec<Upstream>, SettingsError> {
    let mut found = Vec::new();
    for upstream in upstreams {
        match upstream {
            Upstream::ClusterDns => {}
            Upstream::ResolvConf(file) => {
                let text = read(file)
                    .map_err(|error| SettingsError::File { file: file.clone(), error: error.to_string() })?;
                let addresses = nameservers(&text);
                if addresses.is_empty() {
                    return Err(SettingsError::NoNameserver { file: file.clone() });
                }
                found.extend(addresses.into_iter().map(Upstream::Plain));
            }
            other => found.push(other.clone()),
        }
    }
    found.dedup();
    found.truncate(NAMESERVERS_MAX);
    Ok(found)
}

/// The `nameserver` lines of a resolv.conf(5).
pub(crate) fn nameservers(text: &str) -> Vec<SocketAddr> {
    const PORT: u16 = 53;
    let address = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let found = words.next().filter(|word| *word == "nameserver").and(words.next())?;
        found.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, PORT))
    };
    text.lines().filter_map(address).collect()
}

fn cache_block(cache: &corefile::Cache, bytes_max: usize) -> CacheBlock {
    let answers = cache.success.capacity as usize + cache.denial.capacity as usize;
    let bounds = |class: &corefile::CacheClass| Bounds {
        seconds_min: class.ttl_seconds_min.min(class.ttl_seconds_max),
        seconds_max: class.ttl_seconds_max,
    };
    let stale = cache.serve_stale.map(|stale| {
        let recommended = Stale::default();
        Stale {
            longest: stale.longest,
            ttl_seconds: stale.ttl_seconds.unwrap_or(recommended.ttl_seconds),
            client_timeout: match stale.mode {
                StaleMode::Immediate => Duration::ZERO,
                StaleMode::Verify(timeout) => timeout.unwrap_or(recommended.client_timeout),
            },
            recheck: stale.recheck.unwrap_or(recommended.recheck),
        }
    });
    CacheBlock {
        settings: answer_cache::Settings {
            bytes_max: answers
                .saturating_mul(ANSWER_BYTES)
                .clamp(CACHE_BYTES_MIN, bytes_max.max(CACHE_BYTES_MIN)),
            positive: bounds(&cache.success),
            negative: bounds(&cache.denial),
            failure: cache.servfail,
            stale,
            prefetch: cache.prefetch.map(|prefetch| Prefetch {
                hits_min: prefetch.amount,
                gap: prefetch.gap,
                percent: prefetch.percentage,
            }),
            hash_key: [0, 0],
        },
        zones: cache.zones.clone(),
        success_disabled: cache.success.disabled.clone(),
        denial_disabled: cache.denial.disabled.clone(),
    }
}

/// How many queries one group of upstreams gets; see [`PaceSettings`].
pub(crate) fn pace(forward: &corefile::Forward) -> PaceSettings {
    // An upstream more is a budget more, as it would be without a budget.
    let upstreams = forward.upstreams.len().max(1) as f64;
    let one = PaceSettings::default();
    PaceSettings { per_second: one.per_second * upstreams, ..one }
}

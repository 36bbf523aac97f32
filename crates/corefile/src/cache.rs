//! `cache`: for how long answers of upstreams are kept.

use std::time::Duration;

use crate::arguments::{at_most, number, one, some, time, unknown, zones};
use crate::lexer::Word;
use crate::place::Place;
use crate::report::Report;
use crate::tree::Directive;
use crate::zone::Zone;

/// CoreDNS's default number of answers in each half of the cache.
const CAPACITY: u32 = 9984;
/// 64 million answers would be 32 GiB at 512 bytes each.
const CAPACITY_MAX: u32 = 1 << 26;
/// RFC 2181 8: a TTL has 31 bits.
const TTL_SECONDS_MAX: u32 = i32::MAX as u32;
/// RFC 8767 5: stale data should not be used for longer than 7 days.
const STALE_MAX: Duration = Duration::from_secs(7 * 86_400);
/// RFC 2308 7.1: failures may not be remembered for longer.
const FAILURE_MAX: Duration = Duration::from_secs(300);

/// Positive or negative answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheClass {
    /// Answers kept at most.
    pub capacity: u32,
    /// Kept at most this long.
    pub ttl_seconds_max: u32,
    /// Kept at least this long, whatever their TTL says.
    pub ttl_seconds_min: u32,
    /// Not kept for names in these zones; the root means never.
    pub disabled: Vec<Zone>,
}

/// Popular answers are fetched again before they run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefetch {
    /// Popular: so many queries ...
    pub amount: u32,
    /// ... with no gap as long as this.
    pub gap: Duration,
    /// Fetched again when less than this part of the TTL is left.
    pub percentage: u32,
}

/// When a stale answer may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaleMode {
    /// At once, and fetched again behind it.
    Immediate,
    /// When the upstream has not answered in this time; none: until all attempts failed.
    Verify(Option<Duration>),
}

/// RFC 8767.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeStale {
    /// Kept so long past the end of the TTL.
    pub longest: Duration,
    /// When it may go out.
    pub mode: StaleMode,
    /// TTL on it; none: RFC 8767's 30 s.
    pub ttl_seconds: Option<u32>,
    /// An upstream that failed is not asked again for this name before this time; none: RFC 8767's 30 s.
    pub recheck: Option<Duration>,
}

/// One `cache`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// Where it stands.
    pub place: Place,
    /// For names in these zones; those of the block when none are given.
    pub zones: Vec<Zone>,
    /// NOERROR with data.
    pub success: CacheClass,
    /// NXDOMAIN and NODATA.
    pub denial: CacheClass,
    /// None: off.
    pub prefetch: Option<Prefetch>,
    /// None: off.
    pub serve_stale: Option<ServeStale>,
    /// SERVFAIL is remembered for this time.
    pub servfail: Duration,
}

pub(crate) fn read(directive: &Directive, report: &mut Report) -> Cache {
    let class = |ttl_seconds_max| CacheClass {
        capacity: CAPACITY,
        ttl_seconds_max,
        ttl_seconds_min: 5,
        disabled: Vec::new(),
    };
    let mut settings = Cache {
        place: directive.name.place.clone(),
        zones: Vec::new(),
        success: class(3600),
        denial: class(1800),
        prefetch: None,
        serve_stale: None,
        servfail: Duration::from_secs(5),
    };
    let mut words = directive.arguments.as_slice();
    if let [first, rest @ ..] = words
        && first.text.bytes().all(|b| b.is_ascii_digit())
    {
        if let Some(ttl) = number(first, 1..=TTL_SECONDS_MAX, report) {
            settings.success.ttl_seconds_max = ttl;
            settings.denial.ttl_seconds_max = ttl;
        }
        words = rest;
    }
    settings.zones = zones(words, report);
    for option in directive.options() {
        read_option(option, &mut settings, report);
    }
    settings
}

const OPTIONS: &str = "success, denial, prefetch, serve_stale, servfail, disable";

fn read_option(option: &Directive, settings: &mut Cache, report: &mut Report) {
    match option.name.text.as_str() {
        "success" => class(option, &mut settings.success, report),
        "denial" => class(option, &mut settings.denial, report),
        "prefetch" => settings.prefetch = prefetch(option, report),
        "serve_stale" => settings.serve_stale = serve_stale(option, report),
        "servfail" => {
            if let Some(longest) = one(option, report).and_then(|word| time(word, FAILURE_MAX, report)) {
                settings.servfail = longest;
            }
        }
        "disable" => disable(option, settings, report),
        "keepttl" => report.refuse(
            &option.name,
            "would tell clients to keep answers for longer than they are good",
            "remove it",
        ),
        "serve_stale_policy" => report.refuse(
            &option.name,
            "would go on serving names that were deleted",
            "remove it: SERVFAIL never replaces a good answer anyhow",
        ),
        _ => unknown(option, "cache", OPTIONS, report),
    }
}

/// `success CAPACITY [TTL] [MINTTL]`
fn class(option: &Directive, class: &mut CacheClass, report: &mut Report) {
    let words = at_most(option, 3, report);
    if words.is_empty() {
        report.refuse(&option.name, "needs a capacity", "write `success CAPACITY [TTL] [MINTTL]`");
    }
    let fields = [
        (&mut class.capacity, 1..=CAPACITY_MAX),
        (&mut class.ttl_seconds_max, 1..=TTL_SECONDS_MAX),
        (&mut class.ttl_seconds_min, 0..=TTL_SECONDS_MAX),
    ];
    for (word, (field, range)) in words.iter().zip(fields) {
        if let Some(value) = number(word, range, report) {
            *field = value;
        }
    }
}

/// `prefetch AMOUNT [[DURATION] [PERCENTAGE%]]`
fn prefetch(option: &Directive, report: &mut Report) -> Option<Prefetch> {
    let words = at_most(option, 3, report);
    let Some(amount) = words.first() else {
        report.refuse(&option.name, "needs an amount", "write for example `prefetch 10 1m 10%`");
        return None;
    };
    let amount = number(amount, 0..=CAPACITY_MAX, report)?;
    let gap = match words.get(1) {
        Some(word) => time(word, STALE_MAX, report)?,
        None => Duration::from_secs(60),
    };
    let percentage = match words.get(2) {
        None => 10,
        Some(word) => match word.text.strip_suffix('%').and_then(|text| text.parse().ok()) {
            Some(percentage @ 10..=90) => percentage,
            _ => {
                report.refuse(word, "not a part of the TTL", "write from `10%` to `90%`");
                return None;
            }
        },
    };
    (amount > 0).then_some(Prefetch { amount, gap, percentage })
}

/// `serve_stale [DURATION] [immediate [TTL [RECHECK]] | verify [TIMEOUT [TTL [RECHECK]]]]`
fn serve_stale(option: &Directive, report: &mut Report) -> Option<ServeStale> {
    let mut words = at_most(option, 5, report).iter();
    let longest = match words.next() {
        Some(word) => time(word, STALE_MAX, report)?,
        None => Duration::from_secs(3600),
    };
    let mode = match words.next() {
        None => StaleMode::Immediate,
        Some(word) => match word.text.to_ascii_lowercase().as_str() {
            "immediate" => StaleMode::Immediate,
            "verify" => {
                let timeout = words.next().map(|word| time(word, STALE_MAX, report));
                StaleMode::Verify(timeout.flatten().filter(|timeout| !timeout.is_zero()))
            }
            _ => {
                report.refuse(word, "not a mode of `serve_stale`", "write immediate or verify");
                return None;
            }
        },
    };
    let ttl_seconds = words.next().and_then(|word| stale_ttl(word, report));
    let recheck =
        words.next().and_then(|word| time(word, FAILURE_MAX, report)).filter(|recheck| !recheck.is_zero());
    if let Some(extra) = words.next() {
        report.refuse(extra, "an argument too many", "`immediate` takes a TTL and a recheck time");
    }
    Some(ServeStale { longest, mode, ttl_seconds, recheck })
}

/// RFC 8767 4: greater than zero; 0 is CoreDNS's way to say nothing.
fn stale_ttl(word: &Word, report: &mut Report) -> Option<u32> {
    let ttl = time(word, STALE_MAX, report)?;
    if ttl.subsec_nanos() != 0 {
        report.refuse(word, "a TTL is a whole number of seconds", "write for example `30s`");
        return None;
    }
    u32::try_from(ttl.as_secs()).ok().filter(|seconds| *seconds > 0)
}

/// `disable success|denial [ZONES...]`
fn disable(option: &Directive, settings: &mut Cache, report: &mut Report) {
    let [class, rest @ ..] = some(option, report) else { return };
    let named = if rest.is_empty() { vec![Zone::root()] } else { zones(rest, report) };
    match class.text.as_str() {
        "success" => settings.success.disabled.extend(named),
        "denial" => settings.denial.disabled.extend(named),
        _ => report.refuse(class, "not a part of the cache", "write `disable success` or `disable denial`"),
    }
}

//! `hosts`, and the format of `/etc/hosts`, which stands inline in it too.

use std::net::IpAddr;
use std::time::Duration;

use crate::arguments::{none, number, one, time, zones};
use crate::place::Place;
use crate::report::Report;
use crate::server::set_fallthrough;
use crate::tree::Directive;
use crate::zone::{Fallthrough, Zone};

/// One address and its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostsEntry {
    /// The address.
    pub address: IpAddr,
    /// The first is the canonical one. `*` may be the first label.
    pub names: Vec<Zone>,
}

/// Names with addresses of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// Where it stands.
    pub place: Place,
    /// The file; none: only the inline entries.
    pub file: Option<String>,
    /// For names in these zones; those of the block when none are given.
    pub zones: Vec<Zone>,
    /// Entries in the Corefile itself; they come before those of the file.
    pub inline: Vec<HostsEntry>,
    /// TTL of the answers.
    pub ttl_seconds: u32,
    /// Addresses are answered by their names (PTR).
    pub reverse: bool,
    /// The file is looked at so often; zero: never again.
    pub reload: Duration,
    /// For which names the next plugin is tried.
    pub fallthrough: Fallthrough,
    /// Also for other types of a name that is here.
    pub fallthrough_unsupported: bool,
}

/// What CoreDNS reads when nothing is named and nothing stands inline.
const FILE: &str = "/etc/hosts";

const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn read(directive: &Directive, report: &mut Report) -> Hosts {
    let (file, rest) = match directive.arguments.split_first() {
        Some((file, rest)) => (Some(file.text.clone()), rest),
        None => (None, &[][..]),
    };
    let mut settings = Hosts {
        place: directive.name.place.clone(),
        file,
        zones: zones(rest, report),
        inline: Vec::new(),
        ttl_seconds: 3600,
        reverse: true,
        reload: Duration::from_secs(5),
        fallthrough: Fallthrough::default(),
        fallthrough_unsupported: false,
    };
    for option in directive.options() {
        read_option(option, &mut settings, report);
    }
    if settings.file.is_none() {
        settings.file = Some(FILE.to_owned());
    }
    if settings.fallthrough_unsupported && settings.fallthrough == Fallthrough::Never {
        report.refuse(
            &directive.name,
            "`fallthrough_unsupported` without `fallthrough`",
            "add `fallthrough`",
        );
    }
    settings
}

fn read_option(option: &Directive, settings: &mut Hosts, report: &mut Report) {
    match option.name.text.as_str() {
        "ttl" => {
            if let Some(ttl) = one(option, report).and_then(|word| number(word, 1..=65_535, report)) {
                settings.ttl_seconds = ttl;
            }
        }
        "no_reverse" => settings.reverse = !none(option, report),
        "reload" => {
            if let Some(reload) = one(option, report).and_then(|word| time(word, DAY, report)) {
                settings.reload = reload;
            }
        }
        "fallthrough" => set_fallthrough(option, &mut settings.fallthrough, report),
        "fallthrough_unsupported" => settings.fallthrough_unsupported = none(option, report),
        address => match entry(address, option.arguments.iter().map(|word| word.text.as_str())) {
            Some(entry) => settings.inline.push(entry),
            None => report.refuse(
                &option.name,
                "neither an option of `hosts` nor an address with names",
                "it has: ttl, no_reverse, reload, fallthrough, fallthrough_unsupported, and lines `ADDRESS NAME...`",
            ),
        },
    }
}

/// The entries of a hosts file. Lines that are not entries are left out, as every reader of such files does.
pub fn entries(text: &str) -> impl Iterator<Item = HostsEntry> {
    text.lines().filter_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_ascii_whitespace();
        entry(words.next()?, words)
    })
}

fn entry<'a>(address: &str, names: impl Iterator<Item = &'a str>) -> Option<HostsEntry> {
    // `fe80::1%lo0` is an address of one link; DNS has no way to say that.
    let address = address.parse().ok()?;
    let names: Vec<Zone> = names.filter_map(|name| Zone::new(name).ok()).collect();
    (!names.is_empty()).then_some(HostsEntry { address, names })
}

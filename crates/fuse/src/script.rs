//! The table as text for `nft -f -`: as a whole, or what changes. The kernel takes a script as one transaction.
//!
//! ```text
//!   forward: a pod's packet to or from a server elsewhere        -> up4/up6, down4/down6: by the pod's address
//!   input:   a pod's packet to a server on this node             -> up4/up6
//!            a server's packet to a process of this node         -> host_down: by its cgroup
//!   output:  a process of this node to a server                  -> host_up: by its cgroup
//!            a server on this node to a pod                      -> down4/down6
//! ```
//! Each of these looks first into the maps of verdicts (whose elements the kernel forgets after a while, so that nobody is
//! needed for it) and then into those of counters: what was dropped is not counted as used. Whoever is in no map, the
//! kubelet above all, is never touched.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::limits::{BURST_BYTES, LEVELS, TABLE};
use crate::table::{Mode, Number, Place, Rates, Table};

/// A packet that asks for a connection.
const SYN: &str = "tcp flags & (syn | ack) == syn";
const SYN_ACK: &str = "tcp flags & (syn | ack) == (syn | ack)";
/// Where the v2 tree is mounted on a host that has those of v1 beside it.
const HYBRID: &str = "unified/";
/// The counters of a group.
const COUNTERS: [&str; 4] = ["up", "down", "new", "dropped"];
/// What a place is counted by: map and counter have one name.
const COUNTED: [&str; 3] = ["up", "down", "new"];

/// Everything, in place of what stands there.
pub fn whole(table: &Table, expiry: &BTreeMap<Number, Duration>) -> String {
    let mut script = skeleton();
    script.push_str(&changes(&Table::default(), table, expiry));
    script
}

/// Takes the table away; that there is none is no error.
pub fn remove() -> String {
    format!("add table inet {TABLE}\ndelete table inet {TABLE}\n")
}

/// From one state to another. Restrictions are written anew, so that the kernel keeps them for `expiry` from now.
pub fn changes(from: &Table, to: &Table, expiry: &BTreeMap<Number, Duration>) -> String {
    let mut script = Script(String::new());
    script.servers("delete", from.servers.difference(&to.servers));
    script.servers("add", to.servers.difference(&from.servers));
    if from.restricted().next().is_some() {
        script.forget_restrictions();
    }
    for (place, number) in missing(&from.places, &to.places) {
        script.place("delete", place, number);
    }
    for (number, mode) in &from.groups {
        match to.groups.get(number) {
            None => script.without_group(*number, *mode),
            Some(wanted) if wanted != mode => script.mode(*number, *mode, *wanted),
            Some(_) => {}
        }
    }
    for (number, mode) in to.groups.iter().filter(|(number, _)| !from.groups.contains_key(number)) {
        script.with_group(*number);
        script.mode(*number, Mode::Observe, *mode);
    }
    for (place, number) in missing(&to.places, &from.places) {
        script.place("add", place, number);
    }
    for (place, number) in to.restricted() {
        script.restrict(place, number, expiry.get(&number).copied().unwrap_or(crate::limits::EXPIRY));
    }
    script.0
}

/// What `all` has and `others` have not.
fn missing<'a>(
    all: &'a BTreeMap<Place, Number>,
    others: &'a BTreeMap<Place, Number>,
) -> impl Iterator<Item = (&'a Place, Number)> {
    let differs = |(place, number): &(&Place, &Number)| others.get(place) != Some(number);
    all.iter().filter(differs).map(|(place, number)| (place, *number))
}

fn skeleton() -> String {
    let mut text = remove();
    let _ = writeln!(text, "table inet {TABLE} {{\n  counter tried {{ }}\n  counter accepted {{ }}");
    for family in FAMILIES {
        family.maps(&mut text);
        family.chains(&mut text);
    }
    for level in 1..=LEVELS {
        maps(&mut text, &format!("cgroup{level}"), "cgroupsv2");
    }
    host(&mut text, "up", &format!("{SYN} counter name tried"));
    host(&mut text, "down", "");
    hooks(&mut text);
    text.push_str("}\n");
    text
}

struct Family {
    /// "4"
    suffix: &'static str,
    /// "ip"
    keyword: &'static str,
    /// "ipv4_addr"
    of: &'static str,
}

const FAMILIES: [Family; 2] = [
    Family { suffix: "4", keyword: "ip", of: "ipv4_addr" },
    Family { suffix: "6", keyword: "ip6", of: "ipv6_addr" },
];

impl Family {
    fn maps(&self, text: &mut String) {
        let Self { suffix, of, .. } = self;
        let _ = writeln!(text, "  set servers{suffix} {{ type {of} . inet_service; }}");
        maps(text, &format!("pod{suffix}"), of);
    }

    fn chains(&self, text: &mut String) {
        let Self { suffix, keyword, .. } = self;
        let _ = writeln!(
            text,
            "  chain up{suffix} {{\n    {keyword} saddr vmap @pod{suffix}_fuse_up\n    counter name {keyword} saddr map @pod{suffix}_up\n    {SYN} counter name {keyword} saddr map @pod{suffix}_new\n    {SYN} counter name tried\n  }}"
        );
        let _ = writeln!(
            text,
            "  chain down{suffix} {{\n    {SYN_ACK} counter name accepted\n    {keyword} daddr vmap @pod{suffix}_fuse_down\n    counter name {keyword} daddr map @pod{suffix}_down\n  }}"
        );
    }
}

fn maps(text: &mut String, stem: &str, of: &str) {
    for direction in ["up", "down"] {
        let _ = writeln!(text, "  map {stem}_fuse_{direction} {{ type {of} : verdict; flags timeout; }}");
    }
    for counted in COUNTED {
        let _ = writeln!(text, "  map {stem}_{counted} {{ type {of} : counter; }}");
    }
}

/// Processes of the node itself, by the cgroup of the socket, which is looked for at each depth.
fn host(text: &mut String, direction: &str, last: &str) {
    let _ = writeln!(text, "  chain host_{direction} {{");
    if direction == "down" {
        let _ = writeln!(text, "    {SYN_ACK} counter name accepted");
    }
    for level in 1..=LEVELS {
        let socket = format!("socket cgroupv2 level {level}");
        let _ = writeln!(text, "    {socket} vmap @cgroup{level}_fuse_{direction}");
        let _ = writeln!(text, "    counter name {socket} map @cgroup{level}_{direction}");
        if direction == "up" {
            let _ = writeln!(text, "    {SYN} counter name {socket} map @cgroup{level}_new");
        }
    }
    let _ = writeln!(text, "    {last}\n  }}");
}

/// A local process to a local server goes over `lo`: it is judged on its way out, and its answers on their way in.
fn hooks(text: &mut String) {
    let mut hook = |name: &str, up: [&str; 2], down: [&str; 2]| {
        let _ = writeln!(text, "  chain {name} {{\n    type filter hook {name} priority 10; policy accept;");
        for Family { suffix, keyword, .. } in FAMILIES {
            let chain =
                |to: &str| if to.starts_with("host") { to.to_owned() } else { format!("{to}{suffix}") };
            let (up, down) = ((up[0], chain(up[1])), (down[0], chain(down[1])));
            let _ = writeln!(
                text,
                "    {keyword} daddr . tcp dport @servers{suffix} {}goto {}\n    {keyword} saddr . tcp sport @servers{suffix} {}goto {}",
                up.0, up.1, down.0, down.1
            );
        }
        text.push_str("  }\n");
    };
    hook("forward", ["", "up"], ["", "down"]);
    hook("input", ["iifname != lo ", "up"], ["", "host_down"]);
    hook("output", ["", "host_up"], ["oifname != lo ", "down"]);
}

/// Where the elements of a place go: the stem of its maps, and how its key is written.
fn key(place: &Place) -> (String, String) {
    match place {
        Place::Address(IpAddr::V4(address)) => ("pod4".to_owned(), address.to_string()),
        Place::Address(IpAddr::V6(address)) => ("pod6".to_owned(), address.to_string()),
        Place::Cgroup(path) => {
            // On a hybrid host the tree itself stands in a folder, which is no level of it.
            let inside = path.strip_prefix(HYBRID).unwrap_or(path);
            let level = inside.split('/').filter(|part| !part.is_empty()).count().clamp(1, LEVELS);
            (format!("cgroup{level}"), format!("\"{path}\""))
        }
    }
}

struct Script(String);

impl Script {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{line}");
    }

    fn servers<'a>(&mut self, verb: &str, servers: impl Iterator<Item = &'a SocketAddr>) {
        for server in servers {
            let (family, address, port) = (if server.is_ipv4() { 4 } else { 6 }, server.ip(), server.port());
            self.line(format_args!("{verb} element inet {TABLE} servers{family} {{ {address} . {port} }}"));
        }
    }

    fn forget_restrictions(&mut self) {
        let stems: BTreeSet<String> = (1..=LEVELS)
            .map(|level| format!("cgroup{level}"))
            .chain(["pod4".into(), "pod6".into()])
            .collect();
        for stem in stems {
            self.line(format_args!("flush map inet {TABLE} {stem}_fuse_up"));
            self.line(format_args!("flush map inet {TABLE} {stem}_fuse_down"));
        }
    }

    fn place(&mut self, verb: &str, place: &Place, number: Number) {
        let (stem, key) = key(place);
        for counted in COUNTED {
            self.line(format_args!(
                "{verb} element inet {TABLE} {stem}_{counted} {{ {key} : \"g{number}_{counted}\" }}"
            ));
        }
    }

    fn restrict(&mut self, place: &Place, number: Number, expiry: Duration) {
        let (stem, key) = key(place);
        let seconds = expiry.as_secs().max(1);
        for direction in ["up", "down"] {
            self.line(format_args!(
                "add element inet {TABLE} {stem}_fuse_{direction} {{ {key} timeout {seconds}s : jump g{number}_{direction} }}"
            ));
        }
    }

    fn with_group(&mut self, number: Number) {
        for counter in COUNTERS {
            self.line(format_args!("add counter inet {TABLE} g{number}_{counter}"));
        }
        self.line(format_args!("add chain inet {TABLE} g{number}_up"));
        self.line(format_args!("add chain inet {TABLE} g{number}_down"));
    }

    fn without_group(&mut self, number: Number, mode: Mode) {
        self.mode(number, mode, Mode::Observe);
        self.line(format_args!("delete chain inet {TABLE} g{number}_up"));
        self.line(format_args!("delete chain inet {TABLE} g{number}_down"));
        for counter in COUNTERS {
            self.line(format_args!("delete counter inet {TABLE} g{number}_{counter}"));
        }
    }

    fn mode(&mut self, number: Number, from: Mode, to: Mode) {
        if from != Mode::Observe {
            self.line(format_args!("flush chain inet {TABLE} g{number}_up"));
            self.line(format_args!("flush chain inet {TABLE} g{number}_down"));
        }
        if let Mode::Limit(_) = from {
            for limit in ["up", "down", "new"] {
                self.line(format_args!("delete limit inet {TABLE} g{number}_{limit}"));
            }
        }
        match to {
            Mode::Observe => {}
            Mode::Limit(rates) => self.limit(number, rates),
            Mode::Cut => self.cut(number),
        }
    }

    fn limit(&mut self, number: Number, Rates { bytes_per_second, connections_per_second }: Rates) {
        let (bytes, new) = (bytes_per_second.max(1), connections_per_second.max(1));
        for direction in ["up", "down"] {
            self.line(format_args!(
                "add limit inet {TABLE} g{number}_{direction} {{ rate over {bytes} bytes/second burst {BURST_BYTES} bytes ; }}"
            ));
        }
        self.line(format_args!(
            "add limit inet {TABLE} g{number}_new {{ rate over {new}/second burst {new} packets ; }}"
        ));
        let dropped = format!("counter name g{number}_dropped drop");
        self.line(format_args!(
            "add rule inet {TABLE} g{number}_up {SYN} limit name g{number}_new {dropped}"
        ));
        for direction in ["up", "down"] {
            self.line(format_args!(
                "add rule inet {TABLE} g{number}_{direction} limit name g{number}_{direction} {dropped}"
            ));
        }
    }

    fn cut(&mut self, number: Number) {
        let dropped = format!("counter name g{number}_dropped");
        self.line(format_args!("add rule inet {TABLE} g{number}_up {SYN} {dropped} drop"));
        for direction in ["up", "down"] {
            self.line(format_args!(
                "add rule inet {TABLE} g{number}_{direction} {dropped} reject with tcp reset"
            ));
        }
    }
}

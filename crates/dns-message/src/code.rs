//! The numbers of the protocol, from the registry "Domain Name System (DNS) Parameters".

use std::fmt;

/// Type of a record, or of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordType(pub u16);

/// Class of a record, or of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Class(pub u16);

/// Response code; above 15 the upper bits travel in the OPT record (RFC 6891, 6.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rcode(pub u16);

/// Kind of query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Opcode(pub u8);

/// Info code of an extended DNS error (RFC 8914).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EdeCode(pub u16);

/// Associated constants, their names, and a display form that falls back to a number.
macro_rules! names {
    ($type:ident, $prefix:literal, $($name:ident = $value:literal $text:literal),+ $(,)?) => {
        impl $type {
            $(#[doc = concat!("`", $text, "`.")] pub const $name: Self = Self($value);)+

            /// The name in the registry; `None` for a number that has no name here.
            pub fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($text),)+
                    _ => None,
                }
            }

            /// The number of a name in the registry, in any case, or of the generic form of RFC 3597.
            pub fn from_name(name: &str) -> Option<Self> {
                $(if name.eq_ignore_ascii_case($text) { return Some(Self::$name); })+
                let digits = name.get($prefix.len()..)?;
                let generic = name.get(..$prefix.len())?.eq_ignore_ascii_case($prefix);
                if generic { digits.parse().ok().map(Self) } else { None }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, concat!($prefix, "{}"), self.0),
                }
            }
        }
    };
}

names!(RecordType, "TYPE",
    A = 1 "A", NS = 2 "NS", CNAME = 5 "CNAME", SOA = 6 "SOA", NULL = 10 "NULL", PTR = 12 "PTR", HINFO = 13 "HINFO",
    MX = 15 "MX", TXT = 16 "TXT", RP = 17 "RP", AFSDB = 18 "AFSDB", SIG = 24 "SIG", KEY = 25 "KEY", AAAA = 28 "AAAA",
    LOC = 29 "LOC", SRV = 33 "SRV", NAPTR = 35 "NAPTR", DNAME = 39 "DNAME", OPT = 41 "OPT", DS = 43 "DS",
    SSHFP = 44 "SSHFP", RRSIG = 46 "RRSIG", NSEC = 47 "NSEC", DNSKEY = 48 "DNSKEY", NSEC3 = 50 "NSEC3",
    TLSA = 52 "TLSA", SVCB = 64 "SVCB", HTTPS = 65 "HTTPS", SPF = 99 "SPF", TSIG = 250 "TSIG", IXFR = 251 "IXFR",
    AXFR = 252 "AXFR", ANY = 255 "ANY", URI = 256 "URI", CAA = 257 "CAA",
);

names!(Class, "CLASS", IN = 1 "IN", CH = 3 "CH", HS = 4 "HS", NONE = 254 "NONE", ANY = 255 "ANY");

names!(Rcode, "RCODE",
    NOERROR = 0 "NOERROR", FORMERR = 1 "FORMERR", SERVFAIL = 2 "SERVFAIL", NXDOMAIN = 3 "NXDOMAIN",
    NOTIMP = 4 "NOTIMP", REFUSED = 5 "REFUSED", YXDOMAIN = 6 "YXDOMAIN", NOTAUTH = 9 "NOTAUTH",
    NOTZONE = 10 "NOTZONE", BADVERS = 16 "BADVERS", BADCOOKIE = 23 "BADCOOKIE",
);

names!(Opcode, "OPCODE",
    QUERY = 0 "QUERY", IQUERY = 1 "IQUERY", STATUS = 2 "STATUS", NOTIFY = 4 "NOTIFY", UPDATE = 5 "UPDATE",
    DSO = 6 "DSO",
);

names!(EdeCode, "EDE",
    OTHER = 0 "Other", STALE_ANSWER = 3 "Stale Answer", FORGED_ANSWER = 4 "Forged Answer",
    CACHED_ERROR = 13 "Cached Error", NOT_READY = 14 "Not Ready", BLOCKED = 15 "Blocked", FILTERED = 17 "Filtered",
    PROHIBITED = 18 "Prohibited", STALE_NXDOMAIN_ANSWER = 19 "Stale NXDOMAIN Answer",
    NOT_AUTHORITATIVE = 20 "Not Authoritative", NOT_SUPPORTED = 21 "Not Supported",
    NO_REACHABLE_AUTHORITY = 22 "No Reachable Authority", NETWORK_ERROR = 23 "Network Error",
    INVALID_DATA = 24 "Invalid Data",
);

impl RecordType {
    /// Types that stand for something else than a kind of data (RFC 6895, 3.1): OPT, transfers, ANY and their like.
    pub fn is_meta(self) -> bool {
        self == Self::OPT || matches!(self.0, 128..=255)
    }
}

//! The query log, in the form of CoreDNS's plugin `log`, which existing tools read.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::mpsc::Receiver;

use dns_message::{Flags, Header, Message, Scratch, gate};

use super::Seen;

/// `[INFO] CLIENT:PORT - ID "TYPE CLASS NAME PROTO SIZE DO BUFSIZE" RCODE FLAGS SIZE DURATION`
pub(super) fn line(seen: &Seen<'_>) -> String {
    let mut scratch = Scratch::default();
    let mut line = format!("[INFO] {} - ", seen.client);
    let protocol = seen.protocol.name();
    match gate(seen.query, &mut scratch) {
        Ok(query) => {
            let edns = query.edns;
            let dnssec_ok = edns.is_some_and(|edns| edns.dnssec_ok);
            let buffer = edns.map_or(dns_message::UDP_BYTES_MIN as u16, |edns| edns.udp_payload_bytes);
            let (id, kind, class, name) = (query.id(), query.record_type, query.class, query.name());
            let size = seen.query.len();
            let _ = write!(line, "{id} \"{kind} {class} {name} {protocol} {size} {dnssec_ok} {buffer}\"");
        }
        Err(_) => {
            let _ = write!(line, "- \"- - - {protocol} {} false 0\"", seen.query.len());
        }
    }
    let header = Header::read(seen.response).unwrap_or_default();
    let rcode = extended(seen.response).unwrap_or_else(|| header.flags.rcode());
    let (flags, size, seconds) = (flags(header.flags), seen.response.len(), seen.took.as_secs_f64());
    let _ = writeln!(line, " {rcode} {flags} {size} {seconds:.9}s");
    line
}

/// The result with its upper bits, from the OPT record.
fn extended(response: &[u8]) -> Option<dns_message::Rcode> {
    let message = Message::parse(response).ok()?;
    let opt =
        message.records().flatten().find(|record| record.record_type == dns_message::RecordType::OPT)?;
    Some(opt.extended_rcode(message.header()))
}

fn flags(flags: Flags) -> String {
    let names = [
        (Flags::RESPONSE, "qr"),
        (Flags::AUTHORITATIVE, "aa"),
        (Flags::TRUNCATED, "tc"),
        (Flags::RECURSION_DESIRED, "rd"),
        (Flags::RECURSION_AVAILABLE, "ra"),
        (Flags::AUTHENTIC, "ad"),
        (Flags::CHECKING_DISABLED, "cd"),
    ];
    let set: Vec<&str> = names.into_iter().filter(|(bit, _)| flags.has(*bit)).map(|(_, name)| name).collect();
    set.join(",")
}

/// Writes lines until their senders are gone. A reader that goes away ends the log, not the server.
pub(super) fn write(lines: &Receiver<Vec<u8>>, to: &mut dyn Write) {
    while let Ok(line) = lines.recv() {
        if to.write_all(&line).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}

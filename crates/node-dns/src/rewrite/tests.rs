//! Rows of (rule, question, question asked, answer received, answer sent).

use dns_message::{Builder, Flags, Rdata, Scratch, Section, gate};

use super::*;

fn rules(lines: &str) -> Rules {
    let text = format!(".:53 {{\n{lines}\n}}");
    let corefile =
        corefile::parse("Corefile", &text, &corefile::NoSources).unwrap_or_else(|error| panic!("{error}"));
    Rules::new(&corefile.servers[0].rewrites)
}

fn packet(name: &str, record_type: RecordType, class: Class) -> Vec<u8> {
    let mut packet = Vec::new();
    Builder::query(9, Flags::default(), &Name::parse(name).unwrap(), record_type, class, None, &mut packet)
        .finish();
    packet
}

/// The question after the rules, as text.
fn asked(lines: &str, name: &str, record_type: RecordType, class: Class) -> Option<String> {
    let packet = packet(name, record_type, class);
    let mut scratch = Scratch::default();
    let query = gate(&packet, &mut scratch).unwrap();
    let found = rules(lines).apply(&query, &name.to_ascii_lowercase()).ok()??;
    Some(format!("{} {} {}", found.name, found.class, found.record_type))
}

#[test]
fn questions() {
    fn check(lines: &str, name: &str, expected: &str) {
        let found = asked(lines, name, RecordType::A, Class::IN);
        assert_eq!(found.as_deref().unwrap_or("as it was"), expected, "{lines}");
    }
    check("rewrite name a.example b.example", "A.Example.", "b.example. IN A");
    check("rewrite name a.example b.example", "x.a.example.", "as it was");
    check("rewrite name suffix .a.example .b.example", "x.y.a.example.", "x.y.b.example. IN A");
    check("rewrite name suffix .a.example .b.example", "a.example.", "as it was");
    check("rewrite name prefix old- new-", "old-1.example.", "new-1.example. IN A");
    check("rewrite name substring east west", "x.east.y.east.example.", "x.west.y.west.example. IN A");
    check(
        r"rewrite name regex (.*)-(us)\.a\.example\.$ {1}.svc.{2}.b.example",
        "ftp-us.a.example.",
        "ftp.svc.us.b.example. IN A",
    );
    check("rewrite type A AAAA", "a.example.", "a.example. IN AAAA");
    check("rewrite class IN CH", "a.example.", "a.example. CH A");
    let two = "rewrite continue name a.example b.example\nrewrite name b.example c.example";
    check(two, "a.example.", "c.example. IN A");
    let stop = "rewrite name a.example b.example\nrewrite name b.example c.example";
    check(stop, "a.example.", "b.example. IN A");
    check("rewrite name a.example b..example", "a.example.", "as it was");
    check("rewrite ttl a.example 5", "a.example.", "a.example. IN A");
}

/// The owners, values and TTLs of an answer with CNAME, A, SRV, NS and SOA, all under `answered`, after the way back.
fn answered(lines: &str, name: &str, answered: &str, rcode: Rcode) -> (Vec<String>, Rcode) {
    let packet = packet(name, RecordType::A, Class::IN);
    let mut scratch = Scratch::default();
    let query = gate(&packet, &mut scratch).unwrap();
    let rewritten = rules(lines).apply(&query, &name.to_ascii_lowercase()).unwrap().unwrap();
    let of = |text: &str| Name::parse(text).unwrap();
    let (owner, below) = (of(answered), of(&format!("x.{answered}")));
    let mut response = Vec::new();
    let flags = Flags(Flags::RESPONSE).with_rcode(rcode);
    let name = rewritten.name.clone();
    let mut builder = Builder::query(1, flags, &name, RecordType::A, Class::IN, None, &mut response);
    builder.record(Section::Answer, &owner, Class::IN, 100, &Rdata::Cname(&below));
    builder.record(Section::Answer, &below, Class::IN, 100, &Rdata::A([192, 0, 2, 1].into()));
    let srv = Rdata::Srv { priority: 1, weight: 2, port: 3, target: &below };
    builder.record(Section::Answer, &below, Class::IN, 100, &srv);
    builder.record(Section::Authority, &of("example."), Class::IN, 100, &Rdata::Ns(&below));
    let soa = dns_message::Soa {
        server: &below,
        mailbox: &below,
        serial: 1,
        refresh: 2,
        retry: 3,
        expire: 4,
        minimum: 5,
    };
    builder.record(Section::Authority, &of("example."), Class::IN, 100, &Rdata::Soa(soa));
    builder.finish();
    let (message, rcode) = rewritten.answer(&query, &response).unwrap();
    let message = Message::parse(&message).unwrap();
    assert!(message.repeats(query.question()));
    let shown = message.records().map(|record| {
        let record = record.unwrap();
        let soa = record.soa_names().map(|(server, _)| server.to_string());
        let target = record.target().map(|target| target.to_string()).or(soa);
        let value = record.address().map(|ip| ip.to_string()).or(target).unwrap();
        format!("{} {} {value}", record.owner, record.ttl)
    });
    (shown.collect(), rcode)
}

#[test]
fn answers() {
    fn check(lines: &str, name: &str, from: &str, owner: &str, value: &str, ttl: u32) {
        let (records, _) = answered(lines, name, from, Rcode::NOERROR);
        let below =
            if owner == from { format!("x.{from}") } else { format!("x.{}", owner.to_ascii_lowercase()) };
        let expected = [
            format!("{owner} {ttl} {value}"),
            format!("{below} {ttl} 192.0.2.1"),
            format!("{below} {ttl} {value}"),
            format!("example. {ttl} {value}"),
            format!("example. {ttl} {value}"),
        ];
        assert_eq!(records[0], expected[0], "{lines}");
        // Names that are compressed against the question have its case from there on.
        let lower: Vec<String> = records.iter().map(|record| record.to_ascii_lowercase()).collect();
        assert_eq!(lower[1..], expected[1..], "{lines}");
    }
    // An exact rule goes back by itself, with the client's case.
    check("rewrite name a.test b.test", "A.test.", "b.test.", "A.test.", "x.a.test.", 100);
    check(
        "rewrite name suffix .a.test .b.test answer auto",
        "n.a.test.",
        "n.b.test.",
        "n.a.test.",
        "x.n.a.test.",
        100,
    );
    check("rewrite name suffix .a.test .b.test", "n.a.test.", "n.b.test.", "n.b.test.", "x.n.b.test.", 100);
    check(
        "rewrite stop {\nname suffix .a.test .b.test\nanswer name (.*)\\.b\\.test\\. {1}.a.test\n}",
        "n.a.test.",
        "n.b.test.",
        "n.a.test.",
        "x.n.b.test.",
        100,
    );
    check(
        "rewrite name regex (.*)\\.a\\.test\\. {1}.b.test answer name (.*)\\.b\\.test\\. {1}.a.test value (.*)\\.b\\.test\\. {1}.v.test",
        "n.a.test.",
        "n.b.test.",
        "n.a.test.",
        "x.n.v.test.",
        100,
    );
    check("rewrite name prefix o n answer auto", "o.test.", "n.test.", "o.test.", "x.o.test.", 100);
    // Two rules are undone in the reverse order.
    check(
        "rewrite continue name a.test b.test\nrewrite name b.test c.test",
        "a.test.",
        "c.test.",
        "a.test.",
        "x.a.test.",
        100,
    );
    check("rewrite ttl a.test 5-30", "a.test.", "a.test.", "a.test.", "x.a.test.", 30);
    check("rewrite ttl a.test 300-", "a.test.", "a.test.", "a.test.", "x.a.test.", 300);
}

#[test]
fn response_codes() {
    let (_, rcode) = answered("rewrite rcode a.test SERVFAIL NOERROR", "a.test.", "a.test.", Rcode::SERVFAIL);
    assert_eq!(rcode, Rcode::NOERROR);
    let (_, rcode) = answered("rewrite rcode a.test SERVFAIL NOERROR", "a.test.", "a.test.", Rcode::NXDOMAIN);
    assert_eq!(rcode, Rcode::NXDOMAIN);
}

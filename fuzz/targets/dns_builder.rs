//! Messages that we write: what goes in comes out, within the limit, whatever names share.
#![no_main]

use dns_message::{Builder, Class, Flags, Message, Name, Opt, Rcode, Rdata, RecordType, Scratch, Section, gate};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&[first, second], mut rest)) = data.split_first_chunk::<2>() else { return };
    let (limit, edns) = (usize::from(first) << 4 | usize::from(second) >> 4, second & 1 == 1);
    let opt = edns.then(Opt::default);
    let mut asked = Vec::new();
    let name = take_name(&mut rest);
    Builder::query(7, Flags::default(), &name, RecordType::A, Class::IN, opt, &mut asked).finish();
    let mut scratch = Scratch::default();
    let query = gate(&asked, &mut scratch).unwrap();

    let mut out = b"before".to_vec();
    let mut builder = Builder::reply(&query, 0, Rcode::NOERROR, limit, opt, &mut out);
    let (mut written, mut sets) = (Vec::new(), 0);
    while !rest.is_empty() && sets < 200 {
        sets += 1;
        let kind = rest[0];
        rest = &rest[1..];
        let (owner, target) = (take_name(&mut rest), take_name(&mut rest));
        let data = match kind % 3 {
            0 => Rdata::Cname(&target),
            1 => Rdata::Srv { priority: 1, weight: 2, port: 3, target: &target },
            _ => Rdata::Ns(&target),
        };
        // The additional section takes whole sets back; it is left to the unit tests.
        let section = if kind & 0x80 == 0 { Section::Answer } else { Section::Authority };
        if builder.record(section, &owner, Class::IN, 30, &data) {
            written.push((owner, target));
        }
    }
    let finished = builder.finish();
    let message = out.strip_prefix(b"before").unwrap();
    assert_eq!(message.len(), finished.bytes);
    assert!(message.len() <= limit.max(12 + query.question().len() + opt.map_or(0, |opt| opt.len())));
    let message = Message::parse(message).unwrap();
    let read: Vec<(Name, Name)> = message
        .records()
        .map(Result::unwrap)
        .filter(|record| record.record_type != RecordType::OPT)
        .map(|record| (record.owner.to_name(), record.target().unwrap().to_name()))
        .collect();
    assert_eq!(read, written);
});

/// A name of few different labels, so that suffixes meet.
fn take_name(rest: &mut &[u8]) -> Name {
    const LABELS: [&str; 8] = ["a", "B", "b", "example", "com", "x\0y", "long-label-of-some-octets", "c"];
    let Some((&count, after)) = rest.split_first() else { return Name::root() };
    let count = usize::from(count % 8).min(after.len());
    let (picks, after) = after.split_at(count);
    *rest = after;
    Name::from_labels(picks.iter().map(|pick| LABELS[usize::from(pick % 8)].as_bytes())).unwrap_or_else(|_| Name::root())
}

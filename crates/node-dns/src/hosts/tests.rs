//! Rows of questions to a hosts file, and a file that changes.

use dns_message::{Message, Opcode, Scratch, gate};

use super::*;

fn hosts(text: &str) -> HostsFile {
    let corefile =
        corefile::parse("Corefile", &format!(".:53 {{\n{text}\n}}"), &corefile::NoSources).unwrap();
    HostsFile::open(corefile.servers[0].hosts.as_ref().unwrap())
}

fn query(name: &str, record_type: RecordType) -> Vec<u8> {
    let mut message = Vec::new();
    let flags = Flags::default().with_opcode(Opcode::QUERY);
    Builder::query(7, flags, &Name::parse(name).unwrap(), record_type, Class::IN, None, &mut message)
        .finish();
    message
}

fn check(file: &HostsFile, name: &str, record_type: RecordType, expected: Result<&[&str], Said>) {
    let packet = query(name, record_type);
    let mut scratch = Scratch::default();
    let query = gate(&packet, &mut scratch).unwrap();
    let mut out = Vec::new();
    let said = file.table().answer(&query, &name.to_ascii_lowercase(), 60, &mut out);
    match expected {
        Err(expected) => {
            assert_eq!(said, expected, "{name} {record_type}");
            assert!(out.is_empty());
        }
        Ok(records) => {
            assert_eq!(said, Said::Records, "{name} {record_type}");
            let message = Message::parse(&out).unwrap();
            let found: Vec<String> = message
                .records()
                .map(|record| {
                    let record = record.unwrap();
                    assert_eq!(record.ttl, 60);
                    let target = record.target().map(|target| target.to_string());
                    record.address().map(|address| address.to_string()).or(target).unwrap()
                })
                .collect();
            assert_eq!(found, records, "{name} {record_type}");
        }
    }
}

#[test]
fn questions() {
    let file = hosts(
        "hosts /does/not/exist {\n192.0.2.1 a.example b.example\n192.0.2.2 a.example\n2001:db8::1 A.example\n\
         192.0.2.3 *.w.example\n192.0.2.4 x.w.example\n}",
    );
    check(&file, "a.example.", RecordType::A, Ok(&["192.0.2.1", "192.0.2.2"]));
    check(&file, "A.EXAMPLE.", RecordType::AAAA, Ok(&["2001:db8::1"]));
    check(&file, "b.example.", RecordType::AAAA, Err(Said::NoAddress));
    check(&file, "b.example.", RecordType::TXT, Err(Said::OtherType));
    check(&file, "c.example.", RecordType::A, Err(Said::Unknown));
    check(&file, "any.w.example.", RecordType::A, Ok(&["192.0.2.3"]));
    check(&file, "x.w.example.", RecordType::A, Ok(&["192.0.2.4"]));
    check(&file, "w.example.", RecordType::A, Err(Said::Unknown));
    check(&file, "a.any.w.example.", RecordType::A, Err(Said::Unknown));
    check(&file, "1.2.0.192.in-addr.arpa.", RecordType::PTR, Ok(&["a.example.", "b.example."]));
    check(&file, "3.2.0.192.in-addr.arpa.", RecordType::PTR, Err(Said::Unknown));
    let six = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.";
    check(&file, six, RecordType::PTR, Ok(&["a.example."]));
}

#[test]
fn a_file_that_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hosts");
    let file = hosts(&format!("hosts {} {{\n192.0.2.9 inline.example\n}}", path.display()));
    check(&file, "inline.example.", RecordType::A, Ok(&["192.0.2.9"]));
    check(&file, "new.example.", RecordType::A, Err(Said::Unknown));
    std::fs::write(&path, "192.0.2.5 new.example # comment\nnonsense\n").unwrap();
    assert!(file.reload());
    assert!(!file.reload());
    check(&file, "new.example.", RecordType::A, Ok(&["192.0.2.5"]));
    check(&file, "inline.example.", RecordType::A, Ok(&["192.0.2.9"]));
    std::fs::remove_file(&path).unwrap();
    assert!(file.reload());
    check(&file, "new.example.", RecordType::A, Err(Said::Unknown));
    check(&file, "inline.example.", RecordType::A, Ok(&["192.0.2.9"]));
}

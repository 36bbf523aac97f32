//! Logs as they are on disks.

use std::io::Write as _;

use workload_profile::{Facts, Trigger};

use super::*;

fn event(user: &str, agent: &str, second: u32, uri: &str) -> String {
    format!(
        "{{\"kind\":\"Event\",\"level\":\"Metadata\",\"auditID\":\"{user}-{second}\",\"stage\":\"ResponseComplete\",\"requestURI\":\"{uri}\",\
         \"verb\":\"list\",\"user\":{{\"username\":\"{user}\"}},\"sourceIPs\":[\"10.0.0.{}\"],\"userAgent\":\"{agent}\",\
         \"responseStatus\":{{\"code\":200}},\"requestReceivedTimestamp\":\"2026-11-26T10:{:02}:{:02}.000000Z\",\
         \"stageTimestamp\":\"2026-11-26T10:{:02}:{:02}.100000Z\"}}\n",
        user.len() % 200,
        second / 60,
        second % 60,
        second / 60,
        second % 60
    )
}

fn log() -> String {
    let telemetry = "system:serviceaccount:monitoring:telemetry";
    let mut log = String::new();
    for turn in 0..20 {
        log.push_str(&event(telemetry, "telemetry/v1 (linux)", turn * 60, "/api/v1/pods"));
        log.push_str(&event("system:node:n1", "kubelet/v1.36.3", turn * 60 + 7, "/api/v1/nodes"));
        log.push_str(&event("system:node:node-2", "kubelet/v1.36.3", turn * 60 + 8, "/api/v1/nodes"));
    }
    log
}

fn import(path: &Path, select: Select) -> (Counts, Workloads) {
    let mut workloads = Workloads::new(select);
    let counts = read(path, io::empty(), &mut workloads).expect("a log");
    (counts, workloads)
}

#[test]
fn who_stands_in_a_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("audit.log");
    std::fs::write(&file, log()).expect("written");
    let (counts, workloads) = import(&file, Select::default());
    assert_eq!((counts.events, counts.broken), (60, 0));
    let list: Vec<(String, u64, usize)> = workloads
        .list()
        .iter()
        .map(|found| (found.who.user.clone(), found.requests, found.instances))
        .collect();
    assert_eq!(list[0], ("system:node:*".to_owned(), 40, 2));
    assert_eq!(list[1], ("system:serviceaccount:monitoring:telemetry".to_owned(), 20, 1));
}

#[test]
fn one_profile_of_one_workload() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("audit.log");
    std::fs::write(&file, log()).expect("written");
    let select = Select { service_account: Some("monitoring/telemetry".to_owned()), ..Select::default() };
    let (_, workloads) = import(&file, select);
    let mut profiles = workloads.profiles(&Facts::default());
    assert_eq!(profiles.len(), 1);
    let profile = profiles.remove(0).1.expect("a profile");
    assert_eq!(profile.workload.service_account.as_deref(), Some("telemetry"));
    assert_eq!((profile.requests.len(), profile.requests[0].on), (1, Trigger::Period));
    assert_eq!(profile.requests[0].every.map(|every| every.as_seconds()), Some(60.0));
}

/// A folder of rotated files: one compressed, the next begins in the middle of a line, one ends there.
#[test]
fn rotated_compressed_and_cut_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = log();
    let (first, rest) = log.split_at(log.len() / 3 + 11);
    let (second, third) = rest.split_at(rest.len() / 2);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(first.as_bytes()).expect("packed");
    std::fs::write(folder.path().join("audit-1.log.gz"), packed.finish().expect("packed")).expect("written");
    std::fs::write(folder.path().join("audit-2.log"), second).expect("written");
    std::fs::write(folder.path().join("audit-3.log"), third).expect("written");
    let (counts, _) = import(folder.path(), Select::default());
    assert!(counts.events >= 58 && (2..=4).contains(&counts.broken), "{counts:?}");
}

#[test]
fn what_is_no_log() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("empty", ""), ("text", "hello\nworld\n"), ("json", "{\"kind\":\"Pod\"}\n")] {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("written");
        let error = read(&file, io::empty(), &mut Workloads::default()).expect_err(name).to_string();
        assert!(error.contains("no line of it is an audit event"), "{error}");
    }
    let error = read(Path::new("/no/such/log"), io::empty(), &mut Workloads::default())
        .expect_err("none")
        .to_string();
    assert!(error.starts_with("cannot read /no/such/log"), "{error}");
    // Half a gzip file.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(log().as_bytes()).expect("packed");
    let packed = packed.finish().expect("packed");
    let mut workloads = Workloads::default();
    let counts = read(Path::new("-"), &packed[..packed.len() / 2], &mut workloads);
    assert!(counts.is_ok_and(|counts| counts.broken > 0) || !workloads.list().is_empty());
}

#[test]
fn lines_of_any_length() {
    let check = |text: &str, expected: &[Result<&str, u64>]| {
        let mut lines = Lines::new(io::BufReader::with_capacity(3, text.as_bytes())).at_most(5);
        let mut found = Vec::new();
        while let Some(piece) = lines.next().expect("memory does not fail") {
            found.push(match piece {
                Piece::Line(line) => Ok(String::from_utf8_lossy(line).into_owned()),
                Piece::TooLong(bytes) => Err(bytes),
            });
        }
        let expected: Vec<Result<String, u64>> =
            expected.iter().map(|piece| piece.map(str::to_owned)).collect();
        assert_eq!(found, expected, "{text:?}");
    };
    check("", &[]);
    check("ab\ncd", &[Ok("ab"), Ok("cd")]);
    check("abcde\n", &[Ok("abcde")]);
    check("abcdefgh\nij\n", &[Err(8), Ok("ij")]);
    check("\n\na", &[Ok(""), Ok(""), Ok("a")]);
    check("abcdefghijk", &[Err(11)]);
}

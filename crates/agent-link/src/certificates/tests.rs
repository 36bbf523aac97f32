//! What `certs init` and `certs renew` leave behind, and what becomes of a folder that somebody broke.

use environment::ManualClock;
use tempfile::TempDir;

use super::*;
use crate::tls::{self, Files};

const FILES: [&str; 6] = ["ca.crt", "ca.key", "hub.crt", "hub.key", "agent.crt", "agent.key"];
const DAY_SECONDS: u64 = 86_400;

/// A clock that stands at so many days since 1970.
fn clock(days: u64) -> ManualClock {
    let clock = ManualClock::default();
    clock.set_wall(Duration::from_secs(days * DAY_SECONDS));
    clock
}

fn folder(options: &Options) -> TempDir {
    let dir = TempDir::new().unwrap();
    init(dir.path(), options, &clock(20_000)).unwrap();
    dir
}

/// What an end says about the folder on that day; empty when it is content.
fn verdict(dir: &Path, end: End, day: u64) -> String {
    let clock: std::sync::Arc<dyn Clock> = std::sync::Arc::new(clock(day));
    let outcome = Files::read(dir, end).and_then(|files| match end {
        End::Hub => tls::server(&files, &clock).map(drop),
        End::Agent => tls::client(&files, &clock).map(drop),
    });
    let text = outcome.err().map(|error| error.to_string()).unwrap_or_default();
    text.replace(dir.to_str().unwrap(), "DIR")
}

#[test]
fn init_fills_a_folder_that_both_ends_accept() {
    let dir = TempDir::new().unwrap();
    let inner = dir.path().join("new/tls");
    let written = init(&inner, &Options::default(), &clock(20_000)).unwrap();
    assert_eq!(written.len(), 6);
    for name in FILES {
        let mode = fs::metadata(inner.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if name.ends_with(".key") { 0o600 } else { 0o644 }, "{name}");
    }
    assert_eq!(verdict(&inner, End::Hub, 20_000), "");
    assert_eq!(verdict(&inner, End::Agent, 20_000), "");
}

#[test]
fn nothing_is_overwritten_without_force() {
    let dir = folder(&Options::default());
    let before = fs::read(dir.path().join("hub.crt")).unwrap();
    let error = init(dir.path(), &Options::default(), &clock(20_000)).unwrap_err().to_string();
    assert!(error.contains("ca.crt exists already") && error.contains("--force"), "{error}");
    assert_eq!(fs::read(dir.path().join("hub.crt")).unwrap(), before);
    init(dir.path(), &Options { force: true, ..Options::default() }, &clock(20_000)).unwrap();
    assert_ne!(fs::read(dir.path().join("hub.crt")).unwrap(), before);
    assert_eq!(verdict(dir.path(), End::Hub, 20_000), "");
}

#[test]
fn renew_keeps_names_and_authority() {
    let options = Options {
        hub_names: vec!["hub.example.com".to_owned(), "10.1.2.3".to_owned(), "fd00::1".to_owned()],
        node: Some("node-7".to_owned()),
        ..Options::default()
    };
    let dir = folder(&options);
    let text = |names: Vec<SanType>| names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>();
    let before = [End::Hub, End::Agent].map(|end| text(names(dir.path(), end).unwrap()));
    assert_eq!(before[0].len(), HUB_NAMES.len() + 3);
    let authority = fs::read(dir.path().join("ca.crt")).unwrap();
    renew(dir.path(), 365, &clock(20_300)).unwrap();
    assert_eq!(before, [End::Hub, End::Agent].map(|end| text(names(dir.path(), end).unwrap())));
    assert_eq!(fs::read(dir.path().join("ca.crt")).unwrap(), authority);
    for end in [End::Hub, End::Agent] {
        assert_eq!(verdict(dir.path(), end, 20_600), "", "valid when the first ones no longer are");
    }
}

#[test]
fn names_that_are_none() {
    let hub = |name: &str| Options { hub_names: vec![name.to_owned()], ..Options::default() };
    let node = |name: &str| Options { node: Some(name.to_owned()), ..Options::default() };
    for options in [hub(""), hub("a b"), hub("höst"), hub("hub:8443"), node(""), node("a b"), node("ö")] {
        let dir = TempDir::new().unwrap();
        let error = init(dir.path(), &options, &clock(20_000)).unwrap_err();
        assert!(matches!(error, CertificateError::BadName { .. }), "{options:?} {error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is written");
    }
}

fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
}

#[test]
fn a_broken_folder_is_explained() {
    let check = |end: End, day: u64, break_it: &dyn Fn(&Path), expected: &str| {
        let dir = folder(&Options::default());
        break_it(dir.path());
        let said = verdict(dir.path(), end, day);
        assert!(said.contains(expected), "expected {expected}\n     got {said}");
    };
    let other = folder(&Options::default());
    let take = |from: &str, to: &str| {
        let (from, to) = (other.path().join(from), to.to_owned());
        move |dir: &Path| copy(&from, &dir.join(&to))
    };
    let swap = |from: &'static str, to: &'static str| move |dir: &Path| copy(&dir.join(from), &dir.join(to));
    let keep = |_: &Path| {};

    check(
        End::Hub,
        20_000,
        &|dir| fs::remove_file(dir.join("hub.key")).unwrap(),
        "DIR/hub.key does not exist: make it",
    );
    check(
        End::Hub,
        20_000,
        &|dir| fs::write(dir.join("ca.crt"), "").unwrap(),
        "DIR/ca.crt holds no usable PEM",
    );
    check(
        End::Hub,
        20_000,
        &|dir| fs::write(dir.join("hub.key"), "x").unwrap(),
        "DIR/hub.key holds no usable PEM",
    );
    check(End::Agent, 20_000, &swap("agent.key", "agent.crt"), "DIR/agent.crt holds no usable PEM");
    check(End::Agent, 20_000, &swap("hub.key", "agent.key"), "DIR/agent.key is not the key of DIR/agent.crt");
    check(End::Agent, 20_000, &swap("hub.crt", "agent.crt"), "DIR/agent.crt is not for this end");
    check(End::Hub, 20_000, &swap("agent.crt", "hub.crt"), "DIR/hub.crt is not for this end");
    check(
        End::Hub,
        20_000,
        &take("ca.crt", "ca.crt"),
        "DIR/hub.crt was not issued by the authority in DIR/ca.crt",
    );
    check(
        End::Agent,
        20_000,
        &take("ca.crt", "ca.crt"),
        "DIR/agent.crt was not issued by the authority in DIR/ca.crt",
    );
    check(End::Hub, 20_366, &keep, "DIR/hub.crt expired at Oct  4 00:00:00 2025");
    check(End::Agent, 20_366, &keep, "renew it with plimsoll certs renew");
    check(End::Hub, 19_999, &keep, "DIR/hub.crt is not valid before");
}

#[test]
fn what_cannot_be_read_or_written_is_named() {
    let dir = TempDir::new().unwrap();
    let error = renew(dir.path(), 1, &clock(20_000)).unwrap_err();
    assert!(matches!(&error, CertificateError::Missing { file } if file.ends_with("ca.key")), "{error}");
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let error = init(&file.join("tls"), &Options::default(), &clock(20_000)).unwrap_err();
    assert!(matches!(error, CertificateError::Unwritable { .. }), "{error}");
}

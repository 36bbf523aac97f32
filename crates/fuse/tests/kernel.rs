//! The scripts, against the kernel's nf_tables in a network namespace of their own: any way from one state to another must
//! leave what a table made from nothing has. Where the machine has no `nft` or takes no namespace, the sentence that people
//! would read is what there is to check; `testbed/checks/11-fuse.sh` runs as root.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use environment::{Entropy, SeededEntropy};
use fuse::Nft;
use fuse::nft::NftError;
use fuse::script;
use fuse::table::{Mode, Place, Rates, Table};

/// A process that holds a network namespace, and the program that is `nft` in it.
struct Namespace {
    holder: Child,
    folder: tempfile::TempDir,
}

impl Namespace {
    fn new() -> Option<Self> {
        let mut holder = Command::new("unshare")
            .args(["--net", "sh", "-c", "echo ready; exec sleep 600"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut line = [0; 6];
        std::io::Read::read_exact(holder.stdout.as_mut()?, &mut line).ok()?;
        let folder = tempfile::tempdir().ok()?;
        let script = format!("#!/bin/sh\nexec nsenter --net=/proc/{}/ns/net nft \"$@\"\n", holder.id());
        let program = folder.path().join("nft");
        std::fs::write(&program, script).ok()?;
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&program, mode).ok()?;
        Some(Self { holder, folder })
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("nft")
    }

    /// Everything that stands in the table, as a bag of words: elements and counters have no order that matters.
    fn contents(&self) -> Vec<String> {
        let listed = Command::new(self.program()).args(["list", "ruleset"]).output().expect("nft runs");
        let text = String::from_utf8(listed.stdout).expect("text");
        let changing = ["packets", "bytes", "expires"];
        let mut words: Vec<String> = Vec::new();
        let mut is_figure = false;
        for word in text.split([' ', '\t', '\n', ',']).filter(|word| !word.is_empty()) {
            if !is_figure && !changing.contains(&word) {
                words.push(word.to_owned());
            }
            is_figure = changing.contains(&word);
        }
        words.sort();
        words
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

fn table(entropy: &SeededEntropy) -> Table {
    let below = |limit: u64| entropy.next_u64() % limit;
    let server = |number: u64| match number % 2 {
        0 => format!("10.0.0.{number}:6443"),
        _ => format!("[fd00::{number}]:6443"),
    };
    let mut table = Table::default();
    for number in 1..=6 {
        if below(3) == 0 {
            continue;
        }
        let rates =
            Rates { bytes_per_second: 1 + below(1_000_000), connections_per_second: 1 + below(9) as u32 };
        let mode = [Mode::Observe, Mode::Cut, Mode::Limit(rates)][below(3) as usize];
        table.groups.insert(number, mode);
    }
    let groups: Vec<u32> = table.groups.keys().copied().collect();
    for number in 1..=12 {
        if number <= 4 && below(2) == 0 {
            table.servers.insert(server(number).parse().expect("an address"));
        }
        let address = match number % 2 {
            0 => format!("10.1.0.{number}"),
            _ => format!("fd01::{number}"),
        };
        if below(3) > 0 && !groups.is_empty() {
            let group = groups[below(groups.len() as u64) as usize];
            table.places.insert(Place::Address(address.parse().expect("an address")), group);
        }
    }
    table
}

#[tokio::test]
async fn any_way_from_one_state_to_another_leaves_the_same_table() {
    let expiry = BTreeMap::new();
    let (Some(here), Some(there)) = (Namespace::new(), Namespace::new()) else {
        let missing = Nft::new("/nowhere/nft".into()).run("").await.expect_err("no such program");
        assert!(missing.to_string().contains("leave out --fuse"), "{missing}");
        return;
    };
    let (changed, made) = (Nft::new(here.program()), Nft::new(there.program()));
    let entropy = SeededEntropy::new(7);
    let mut now = Table::default();
    match changed.run(&script::whole(&now, &expiry)).await {
        Ok(()) => {}
        Err(refused @ (NftError::NotPermitted | NftError::Program(..))) => {
            assert!(refused.to_string().contains("leave out --fuse"), "{refused}");
            return;
        }
        Err(error) => panic!("{error}"),
    }
    for step in 0..60 {
        let next = table(&entropy);
        let script = script::changes(&now, &next, &expiry);
        changed.run(&script).await.unwrap_or_else(|error| panic!("step {step}: {error}\n{script}"));
        // Also when nothing changes: restrictions are renewed.
        changed.run(&script::changes(&next, &next, &expiry)).await.expect("renewed");
        now = next;
        if step % 5 == 0 {
            made.run(&script::whole(&now, &expiry)).await.expect("made");
            assert_eq!(here.contents(), there.contents(), "step {step}");
        }
    }
    let readings = changed.counters().await.expect("counters");
    assert_eq!(readings.groups.keys().collect::<Vec<_>>(), now.groups.keys().collect::<Vec<_>>());
    for nft in [&changed, &made] {
        nft.run(&script::remove()).await.expect("removed");
        nft.run(&script::remove()).await.expect("removed twice");
    }
    assert_eq!(here.contents(), Vec::<String>::new());
    assert!(matches!(changed.counters().await, Err(NftError::Refused(_))));
}

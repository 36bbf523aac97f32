//! How soon a change of one EndpointSlice shows in a server's answers while many change.
#![expect(clippy::disallowed_methods, reason = "measures real time; nothing else depends on it")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::api::Api;
use super::fill::{endpoint, in_parallel, is_headless, name, namespace};
use super::message::Question;
use super::server::{Server, Transport};

/// Writers at once: one connection alone is bound by its round trips.
const CONNECTIONS: u32 = 4;
/// How often a server is asked whether it knows.
const POLL: Duration = Duration::from_micros(500);
/// What is not seen by then is lost.
const SEEN_MAX: Duration = Duration::from_secs(5);
/// Addresses that no service had before.
const FRESH: u32 = 4_000_000;

/// One change whose effect is waited for.
struct Change {
    question: Question,
    address: String,
    /// When the API server had said yes.
    acknowledged: Instant,
}

/// `dns-updates API SERVICES ENDPOINTS RATE SECONDS SERVER`: on what `dns-fill` made. Prints
/// `rate=R samples=N p50_ms=A p99_ms=B max_ms=C lost=L`; times count from the API server's answer to the write.
pub(crate) fn updates(words: &[&str]) -> Result<String> {
    let [api, services, endpoints, rate, seconds, server] = *words else {
        anyhow::bail!("dns-updates API SERVICES ENDPOINTS RATE SECONDS SERVER")
    };
    let (services, endpoints): (u32, u32) = (services.parse()?, endpoints.parse()?);
    let (rate, seconds): (u32, u32) = (rate.parse()?, seconds.parse()?);
    let server: SocketAddr = server.parse()?;
    ensure!(services > 0 && rate >= CONNECTIONS, "at least one service and {CONNECTIONS} updates a second");
    let each = endpoints / services;
    let done = AtomicU32::new(0);
    // One change is waited for at a time: a poll must not become a load.
    let (hand, take) = mpsc::sync_channel(0);
    let begun = Instant::now();
    let watching = std::thread::scope(|scope| {
        let watcher = scope.spawn(move || watch(server, &take));
        let written = in_parallel(CONNECTIONS, |share| {
            let hand = hand.clone();
            let mut api = Api::connect(api)?;
            for step in 0..rate * seconds / CONNECTIONS {
                let number = (step * CONNECTIONS + share) % services;
                let unique = FRESH + step * CONNECTIONS + share;
                pace(begun, step, rate / CONNECTIONS);
                update(&mut api, number, unique, each, &hand)?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
        drop(hand);
        let watched = watcher.join().expect("the watcher has no reason to panic");
        written.and(watched)
    });
    let (mut seen, lost) = watching?;
    let rate = f64::from(done.into_inner()) / begun.elapsed().as_secs_f64();
    seen.sort_unstable();
    ensure!(!seen.is_empty(), "not one change was seen in the answers of {server}; {lost} were waited for");
    let at = |percent: usize| seen[(seen.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    Ok(format!(
        "rate={rate:.0} samples={} p50_ms={:.1} p99_ms={:.1} max_ms={:.1} lost={lost}\n",
        seen.len(),
        at(50),
        at(99),
        at(100)
    ))
}

/// Waits until it is this step's turn.
fn pace(begun: Instant, step: u32, rate: u32) {
    let due = begun + Duration::from_secs_f64(f64::from(step) / f64::from(rate));
    std::thread::sleep(due.saturating_duration_since(Instant::now()));
}

fn update(api: &mut Api, number: u32, unique: u32, each: u32, hand: &SyncSender<Change>) -> Result<()> {
    let namespace = namespace(number);
    let mut endpoints: Vec<Value> =
        (1..each.min(100)).map(|index| endpoint(number * each + index, number)).collect();
    let changed = endpoint(unique, number);
    let address = changed["addresses"][0].as_str().unwrap_or_default().to_owned();
    endpoints.push(changed);
    let path = format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices/svc-{number:05}-0");
    api.patch(&path, &json!({ "endpoints": endpoints }))?;
    if is_headless(number) {
        let question = Question { name: name(number), kind: 1, class: 1, edns: Some(4096) };
        // While another one is waited for, this one is not sampled.
        let _ = hand.try_send(Change { question, address, acknowledged: Instant::now() });
    }
    Ok(())
}

/// Asks for each change until it shows: how long each took, and how many never did.
fn watch(server: SocketAddr, changes: &Receiver<Change>) -> Result<(Vec<Duration>, u32)> {
    let mut server = Server::connect(server)?;
    let (mut seen, mut lost) = (Vec::new(), 0);
    for change in changes {
        loop {
            let answer = server.ask(&change.question, Transport::Udp)?;
            let waited = change.acknowledged.elapsed();
            if answer.sections[0].iter().any(|record| record.data == change.address) {
                seen.push(waited);
                break;
            }
            if waited > SEEN_MAX {
                lost += 1;
                break;
            }
            std::thread::sleep(POLL);
        }
    }
    Ok((seen, lost))
}

//! Questions, what answers to them say, and a round of probes over loopback.

use std::net::SocketAddr;

use dns_message::{Builder, Class, Message, Rcode, Rdata, Scratch, Section, gate};
use environment::{SeededEntropy, SystemClock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

use super::finding::{Question, question, read};
use super::*;

const NOW: Duration = Duration::from_millis(1_000_500);

fn zone(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn asked(question: &Question) -> String {
    let message = Message::parse(&question.message).unwrap();
    let asked = message.question().unwrap();
    format!("{} {}", asked.name, asked.record_type)
}

/// A response with this result and these TXT records.
fn respond(packet: &[u8], rcode: Rcode, texts: &[&str]) -> Vec<u8> {
    let (mut scratch, mut out) = (Scratch::default(), Vec::new());
    let query = gate(packet, &mut scratch).unwrap();
    let name = Message::parse(packet).unwrap().question().unwrap().name.to_name();
    let mut builder = Builder::reply(&query, 0, rcode, 1_232, None, &mut out);
    for text in texts {
        builder.record(Section::Answer, &name, Class::IN, 0, &Rdata::Txt(text.as_bytes()));
    }
    builder.finish();
    out
}

#[test]
fn no_name_is_asked_for_twice() {
    let entropy = SeededEntropy::new(7);
    let ask = |upstream: bool, of: &str| asked(&question(&zone(of), upstream, &entropy).unwrap());
    let (first, second) = (ask(false, "cluster.local"), ask(false, "cluster.local"));
    assert_ne!(first, second);
    assert!(
        first.ends_with(".probe.cluster.local. TXT") || first.ends_with(".probe.cluster.local TXT"),
        "{first}"
    );
    assert!(ask(true, "invalid").contains(".invalid"), "{}", ask(true, "invalid"));
    let long = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(30)].join(".");
    assert_eq!(question(&zone(&long), false, &entropy), None);
}

#[test]
fn what_answers_say() {
    let question = question(&zone("cluster.local"), false, &SeededEntropy::new(1)).unwrap();
    let check = |answer: &[u8], expected: &str, grades: [Grade; 2]| {
        let finding = read(&question, answer, NOW);
        assert_eq!(finding.to_string(), expected);
        let age_max = Duration::from_secs(15);
        assert_eq!(
            [Layer::Node, Layer::Upstream].map(|layer| finding.grade(layer, age_max)),
            grades,
            "{expected}"
        );
    };
    let say = |rcode, texts: &[&str]| respond(&question.message, rcode, texts);
    use Grade::{Bad, Good, Unproven};
    let beat = "written=1000000 seen=1000200 version=7 cluster=uid";
    check(&say(Rcode::NOERROR, &[beat]), "heartbeat written 0.5 s ago", [Good, Good]);
    check(&say(Rcode::NOERROR, &["other", beat]), "heartbeat written 0.5 s ago", [Good, Good]);
    check(&say(Rcode::NOERROR, &["written=900000"]), "heartbeat written 100.5 s ago", [Bad, Bad]);
    // A node whose clock is ahead of the reader's.
    check(&say(Rcode::NOERROR, &["written=2000000"]), "heartbeat written 0.0 s ago", [Good, Good]);
    check(&say(Rcode::NOERROR, &["written=soon"]), "NOERROR, no heartbeat", [Unproven, Good]);
    check(&say(Rcode::NOERROR, &[]), "NOERROR, no heartbeat", [Unproven, Good]);
    check(&say(Rcode::NXDOMAIN, &[]), "NXDOMAIN, no heartbeat", [Unproven, Good]);
    check(&say(Rcode::SERVFAIL, &[]), "SERVFAIL", [Bad, Bad]);
    check(&say(Rcode::REFUSED, &[]), "REFUSED", [Bad, Bad]);
    check(b"", "an answer that is none: no DNS message", [Bad, Bad]);
    check(&question.message, "an answer that is none: to another question", [Bad, Bad]);
    let mut other = say(Rcode::NOERROR, &[beat]);
    other[1] ^= 1;
    check(&other, "an answer that is none: to another question", [Bad, Bad]);
    let mut other = say(Rcode::NOERROR, &[beat]);
    other[14] ^= 1;
    check(&other, "an answer that is none: to another question", [Bad, Bad]);
}

/// A server that answers every question with `rcode` and `text`; over TCP only when `tcp`.
async fn server(rcode: Rcode, text: &'static str, tcp: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let udp = UdpSocket::bind(address).await.unwrap();
    environment::spawn("udp", async move {
        let mut query = [0; 512];
        while let Ok((length, from)) = udp.recv_from(&mut query).await {
            let answer = respond(&query[..length], rcode, &[text]);
            let _ = udp.send_to(&answer, from).await;
        }
    });
    environment::spawn("tcp", async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut query = vec![0; stream.read_u16().await.unwrap().into()];
            stream.read_exact(&mut query).await.unwrap();
            if tcp {
                let answer = respond(&query, rcode, &[text]);
                stream.write_u16(answer.len() as u16).await.unwrap();
                stream.write_all(&answer).await.unwrap();
            }
        }
    });
    address
}

#[tokio::test]
async fn the_worst_path_is_the_signal() {
    let fresh: &'static str =
        Box::leak(format!("written={} cluster=uid", SystemClock::new().wall().as_millis()).into_boxed_str());
    let good = Target { layer: Layer::Node, server: server(Rcode::NOERROR, fresh, true).await };
    let foreign = Target { layer: Layer::Cluster, server: server(Rcode::NXDOMAIN, "", true).await };
    let upstream = Target { layer: Layer::Upstream, server: server(Rcode::NXDOMAIN, "", true).await };
    let no_tcp = Target { layer: Layer::Node, server: server(Rcode::NOERROR, fresh, false).await };
    let old = Target { layer: Layer::Stub, server: server(Rcode::NOERROR, "written=1", true).await };
    let rows = [
        (vec![good, upstream], Grade::Good, ""),
        (vec![], Grade::Unproven, "nothing to probe"),
        (vec![good, foreign, upstream], Grade::Unproven, "cluster"),
        (vec![no_tcp, good, upstream], Grade::Bad, "tcp"),
        (vec![old, good], Grade::Bad, "stub"),
    ];
    for (targets, grade, word) in rows {
        let config = Config::new(zone("cluster.local"), targets);
        let (mut registry, clock) = (Registry::default(), Arc::new(SystemClock::new()));
        let prober = Prober::new(config, clock, Arc::new(SeededEntropy::new(3)), &mut registry);
        let signal = prober.signal();
        assert_eq!(signal.borrow().rounds, 0);
        let probes = prober.round().await;
        let signal = signal.borrow().clone();
        assert_eq!((signal.grade, signal.rounds), (grade, 1), "{probes:?}");
        assert!(signal.reason.contains(word), "{signal:?}");
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        assert_eq!(text.matches("plimsoll_dns_probe_success{").count(), probes.len(), "{text}");
    }
}

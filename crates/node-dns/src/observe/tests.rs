//! Lines and frames, as their readers take them.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;

use dns_message::{Builder, Class, Flags, Name, Opt, Rcode, RecordType, Scratch, gate};
use environment::ManualClock;
use prost::Message as _;

use super::*;

fn exchange() -> (Vec<u8>, Vec<u8>) {
    let (mut query, mut response) = (Vec::new(), Vec::new());
    let name = Name::parse("Web.default.svc.cluster.local").unwrap();
    let flags = Flags(Flags::RECURSION_DESIRED);
    Builder::query(7, flags, &name, RecordType::AAAA, Class::IN, Some(Opt::default()), &mut query).finish();
    let mut scratch = Scratch::default();
    let asked = gate(&query, &mut scratch).unwrap();
    Builder::reply(&asked, Flags::AUTHORITATIVE, Rcode::NXDOMAIN, 512, Some(Opt::default()), &mut response)
        .finish();
    (query, response)
}

fn seen<'a>(query: &'a [u8], response: &'a [u8]) -> Seen<'a> {
    let client = "192.0.2.9:4000".parse().unwrap();
    Seen { query, response, client, protocol: Protocol::Udp, took: Duration::from_micros(53) }
}

#[test]
fn a_line_as_coredns_writes_it() {
    let (query, response) = exchange();
    let (asked, answered) = (query.len(), response.len());
    assert_eq!(
        query_log::line(&seen(&query, &response)),
        format!(
            "[INFO] 192.0.2.9:4000 - 7 \"AAAA IN Web.default.svc.cluster.local. udp {asked} false 1232\" NXDOMAIN \
             qr,aa,rd {answered} 0.000053000s\n"
        )
    );
    let garbage = query_log::line(&seen(b"garbage", b""));
    assert!(garbage.contains("- \"- - - udp 7 false 0\""), "{garbage}");
}

#[test]
fn a_reader_gets_the_query_and_the_response() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("tap.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let (query, response) = exchange();
    let settings = dnstap::Settings { full: true, identity: b"node-1".to_vec() };
    let (sender, messages) = sync_channel(8);
    for message in dnstap::messages(&settings, &seen(&query, &response), Duration::from_secs(1_000)) {
        sender.send(message).unwrap();
    }
    drop(sender);
    let writer = environment::thread("tap", move || {
        dnstap::write(&socket, &messages, &Counter::default(), &ManualClock::default());
    });

    let (mut stream, _) = listener.accept().unwrap();
    let ready = control(&mut stream);
    assert_eq!(ready[..4], 4_u32.to_be_bytes());
    let mut accept = ready.clone();
    accept[..4].copy_from_slice(&1_u32.to_be_bytes());
    stream.write_all(&[&[0; 4][..], &(accept.len() as u32).to_be_bytes(), &accept].concat()).unwrap();
    assert_eq!(control(&mut stream)[..4], 2_u32.to_be_bytes());
    let frames: Vec<dnstap::Frame> =
        (0..2).map(|_| dnstap::Frame::decode(&*block(&mut stream)).unwrap()).collect();
    writer.unwrap().join().unwrap();
    let [asked, answered] = [0, 1].map(|at| frames[at].message.clone().unwrap());
    assert_eq!((asked.kind, asked.query_message), (5, Some(query)));
    assert_eq!((answered.kind, answered.response_message), (6, Some(response)));
    assert_eq!(answered.response_time_sec, Some(1_000));
    assert_eq!(frames[0].identity.as_deref(), Some(&b"node-1"[..]));
}

fn control(stream: &mut impl Read) -> Vec<u8> {
    assert!(block(stream).is_empty(), "an escape");
    block(stream)
}

fn block(stream: &mut impl Read) -> Vec<u8> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

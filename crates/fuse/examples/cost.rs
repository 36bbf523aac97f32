//! For `bench/fuse-cost.sh`: the fuse's loop over made-up pods in whatever network namespace this runs in, with its CPU and
//! that of the programs that it starts; and a sender and a receiver of bytes.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "an example prints and gives up"
)]

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use fuse::{Config, Fuse, Pod, Shared, Subject, Word};
use tokio_util::sync::CancellationToken;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["loop", seconds, pods, server, pod] => {
            look(
                seconds.parse().unwrap(),
                pods.parse().unwrap(),
                server.parse().unwrap(),
                pod.parse().unwrap(),
            );
        }
        ["serve", address] => serve(address),
        ["fetch", address, bytes] => fetch(address, bytes.parse().unwrap()),
        _ => eprintln!("cost loop SECONDS PODS SERVER POD | serve ADDRESS | fetch ADDRESS BYTES"),
    }
}

/// One of the pods has the address `pod`, the others have made-up ones; each is a workload of its own.
#[tokio::main(flavor = "current_thread")]
async fn look(seconds: u64, pods: u32, server: std::net::SocketAddr, pod: Ipv4Addr) {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        folder: folder.path().to_owned(),
        servers: [server].into(),
        exempt: std::collections::BTreeSet::new(),
        nft: "nft".into(),
    };
    let address = move |number: u32| {
        if number == 0 { pod } else { Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 99, 0, 0)) + number) }
    };
    let all = (0..pods).map(move |number| Pod {
        subject: Subject {
            namespace: "bench".to_owned(),
            kind: "DaemonSet".to_owned(),
            name: format!("workload-{number}"),
        },
        addresses: vec![IpAddr::V4(address(number))],
        cgroup: None,
    });
    let all: Vec<Pod> = all.collect();
    let status = Shared::default();
    let stop = CancellationToken::new();
    let fuse =
        Fuse::new(config, Arc::new(move || Some(all.clone())), Arc::new(Word::default), status.clone())
            .unwrap();
    let running = environment::spawn("fuse", fuse.run(stop.clone()));
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    stop.cancel();
    running.await.unwrap();
    let status = status.lock();
    assert!(status.is_armed, "{:?}", status.problem);
    println!("{} workloads", status.workloads.len());
}

fn serve(address: &str) {
    let listener = TcpListener::bind(address).unwrap();
    let block = vec![0_u8; 1 << 16];
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        while stream.write_all(&block).is_ok() {}
    }
}

fn fetch(address: &str, bytes: u64) {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut block = vec![0_u8; 1 << 16];
    let mut left = bytes;
    while left > 0 {
        left = left.saturating_sub(stream.read(&mut block).unwrap() as u64);
    }
}

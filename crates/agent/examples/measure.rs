//! What one agent costs: resident memory, and CPU per scrape, with real cgroups when run as root.
//!
//! `cargo run --release -p agent --example measure -- [PODS] [SCRAPES]`
//!
//! The agent runs in a process of its own, on this machine's `/proc` and `/sys`; pods come from a kubelet that is part of
//! this program, their groups are made below `plimsoll-measure` in each cgroup tree (files in a folder without root), each
//! container with a process in it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for people, who see its panics and its lines"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use agent::Config;
use environment::{SystemClock, SystemEntropy};
use tokio_util::sync::CancellationToken;

#[path = "../tests/agent/fake_kubelet.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod fake_kubelet;
#[path = "../tests/agent/grpc.rs"]
mod grpc;
#[path = "../tests/agent/pods.rs"]
#[expect(dead_code, reason = "the tests use the rest")]
mod pods;

const CONTAINERS: usize = 2;
const TREES: [&str; 5] = ["cpu", "cpuacct", "memory", "blkio", "pids"];
const GROUP: &str = "plimsoll-measure";
const TICKS_PER_SECOND: f64 = 100.0;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [role, folder] if role == "agent" => agent(Path::new(folder)),
        _ => {
            let number =
                |place: usize, default| arguments.get(place).map_or(default, |text| text.parse().unwrap());
            measure(number(0, 110), number(1, 100));
        }
    }
}

/// The measured process: prints its address, works until its standard input closes.
fn agent(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut config = Config::new("measured", SocketAddr::from(([127, 0, 0, 1], 0)));
        config.roots.sysfs = folder.join("sys");
        config.pods_api_socket = folder.join("pods-api.sock");
        config.cri_socket = folder.join("none.sock");
        let agent =
            agent::assemble(config, Arc::new(SystemClock::new()), Arc::new(SystemEntropy::new()), Vec::new())
                .await
                .unwrap();
        println!("{}", agent.addresses().metrics);
        let stop = CancellationToken::new();
        let parent = tokio::task::spawn_blocking({
            let stop = stop.clone();
            move || {
                let _ = std::io::stdin().read(&mut [0]);
                stop.cancel();
            }
        });
        agent.run(stop).await;
        parent.await.unwrap();
    });
}

fn measure(count: usize, scrapes: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::new(folder.path());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let kubelet = fake_kubelet::FakeKubelet::new();
    for pod in 0..count {
        let (uid, ids) = world.pod(pod);
        kubelet.put(&uid, pods::many(pod, &uid, &ids));
    }
    let _entered = runtime.enter();
    let _server = kubelet.serve(&folder.path().join("pods-api.sock"));

    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg("agent")
        .arg(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let address = address.trim().parse().unwrap();
    while !scrape(address, false).contains(&format!("plimsoll_agent_pods {count}\n")) {}

    let page = scrape(address, false);
    let families = page.lines().filter(|line| line.starts_with("# TYPE")).count();
    let samples = page.lines().filter(|line| !line.starts_with('#')).count();
    let before = cpu_seconds(&child);
    for _ in 0..scrapes {
        scrape(address, false);
    }
    let plain = cpu_seconds(&child) - before;
    let compressed: usize = (0..scrapes).map(|_| scrape(address, true).len()).sum();
    let gzip = cpu_seconds(&child) - before - plain;
    println!("pods: {count}, containers: {}, cgroups: {}", count * CONTAINERS, world.kind());
    println!("families: {families}, samples: {samples}, bytes: {}", page.len());
    println!("bytes compressed: {}", compressed / scrapes);
    println!("CPU per scrape, plain: {:.1} ms", plain * 1e3 / scrapes as f64);
    println!("CPU per scrape, gzip:  {:.1} ms", gzip * 1e3 / scrapes as f64);
    println!("resident: {}", status(&child, "VmRSS"));
    println!("resident, anonymous: {}", status(&child, "RssAnon"));
    println!("resident, peak: {}", status(&child, "VmHWM"));
    drop(child.stdin.take());
    child.wait().unwrap();
}

fn scrape(address: SocketAddr, gzip: bool) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let encoding = if gzip { "Accept-Encoding: gzip\r\n" } else { "" };
    write!(stream, "GET /metrics HTTP/1.0\r\n{encoding}\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(child: &Child, field: &str) -> String {
    let text = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

/// User and system time.
fn cpu_seconds(child: &Child) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let fields: Vec<&str> = text.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks = |place: usize| fields[place].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / TICKS_PER_SECOND
}

/// Groups, and processes in them; both are removed at the end.
struct World {
    trees: Vec<PathBuf>,
    real: bool,
    made: Vec<PathBuf>,
    processes: Vec<Child>,
}

impl World {
    fn new(folder: &Path) -> Self {
        let base = folder.join("sys/fs/cgroup");
        std::fs::create_dir_all(&base).unwrap();
        std::os::unix::fs::symlink("/sys/class", folder.join("sys/class")).unwrap();
        std::os::unix::fs::symlink("/sys/block", folder.join("sys/block")).unwrap();
        let mut world = Self { trees: Vec::new(), real: true, made: Vec::new(), processes: Vec::new() };
        for tree in TREES {
            let real = Path::new("/sys/fs/cgroup").join(tree).join(GROUP);
            if std::fs::create_dir(&real).is_err() {
                world.real = false;
                break;
            }
            std::os::unix::fs::symlink(&real, base.join(tree)).unwrap();
            world.made.push(real.clone());
            world.trees.push(real);
        }
        if !world.real {
            std::fs::write(base.join("cgroup.controllers"), "cpu io memory pids\n").unwrap();
            world.trees = vec![base];
        }
        world
    }

    fn kind(&self) -> &'static str {
        if self.real { "the kernel's, v1" } else { "files, v2" }
    }

    fn pod(&mut self, number: usize) -> (String, Vec<String>) {
        let uid = format!("{number:08x}-0000-4000-8000-000000000000");
        let ids: Vec<String> =
            (0..CONTAINERS).map(|container| format!("{number:032x}{container:032x}")).collect();
        self.group(&format!("kubepods/burstable/pod{uid}"));
        for id in &ids {
            self.group(&format!("kubepods/burstable/pod{uid}/{id}"));
            let Ok(process) = Command::new("sleep").arg("3600").stdout(Stdio::null()).spawn() else {
                continue;
            };
            for tree in &self.trees {
                let procs = tree.join(format!("kubepods/burstable/pod{uid}/{id}/cgroup.procs"));
                std::fs::write(procs, format!("{}\n", process.id())).unwrap();
            }
            self.processes.push(process);
        }
        (uid, ids)
    }

    fn group(&mut self, path: &str) {
        for tree in &self.trees {
            let mut folder = tree.clone();
            for part in path.split('/') {
                folder.push(part);
                if std::fs::create_dir(&folder).is_ok() {
                    self.made.push(folder.clone());
                }
            }
            if !self.real {
                let files = [
                    ("cpu.stat", "usage_usec 1\nuser_usec 1\nsystem_usec 1\nnr_periods 0\n"),
                    ("memory.current", "4096\n"),
                    ("memory.stat", "anon 1\nfile 2\ninactive_file 3\n"),
                    ("pids.current", "1\n"),
                ];
                for (name, text) in files {
                    std::fs::write(folder.join(name), text).unwrap();
                }
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
        for folder in self.made.iter().rev().filter(|_| self.real) {
            let _ = std::fs::remove_dir(folder);
        }
    }
}

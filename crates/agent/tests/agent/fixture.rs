//! A machine made of files, and an agent on it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use agent::{Config, Status};
use environment::{SeededEntropy, SystemClock};
use node_probe::Roots;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest wait for something that must happen; never reached when it does.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Machine {
    folder: tempfile::TempDir,
}

pub(crate) struct RunningAgent {
    pub(crate) address: SocketAddr,
    pub(crate) status: Box<dyn Fn() -> Status + Send + Sync>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Machine {
    /// The files of a small node, without cgroups.
    pub(crate) fn new() -> Self {
        let machine = Self { folder: tempfile::tempdir().unwrap() };
        let pressure = "some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\nfull avg10=0 avg60=0 avg300=0 total=1000000\n";
        let files = [
            (
                "proc/stat",
                "cpu  0 0 0\ncpu0 100 0 50 1000 1 2 3 4 0 0\nbtime 1700000000\nctxt 5\nprocesses 6\nintr 7 1 2\n",
            ),
            ("proc/loadavg", "0.25 0.50 0.75 1/100 42\n"),
            (
                "proc/meminfo",
                "MemTotal: 1000 kB\nMemFree: 400 kB\nMemAvailable: 600 kB\nInactive(file): 100 kB\n",
            ),
            ("proc/vmstat", "pgpgin 1\noom_kill 2\n"),
            (
                "proc/diskstats",
                "254 0 vda 1 2 4 1000 5 6 8 2000 0 3000 4000\n7 0 loop0 1 1 1 1 1 1 1 1 1 1 1\n",
            ),
            ("proc/pressure/cpu", pressure),
            ("proc/pressure/memory", pressure),
            ("proc/pressure/io", pressure),
            ("proc/sys/fs/file-nr", "10 0 100\n"),
            (
                "proc/1/mountinfo",
                "21 1 254:0 / / rw - ext4 /dev/vda rw\n22 21 0:5 / /proc rw - proc proc rw\n",
            ),
            ("proc/1/net/dev", "h\nh\n  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"),
            ("proc/1/net/netstat", "TcpExt: ListenDrops\nTcpExt: 9\n"),
            ("proc/1/net/snmp", "Tcp: RetransSegs\nTcp: 3\n"),
            ("proc/1/net/sockstat", "sockets: used 8\n"),
            ("sys/class/net/eth0/operstate", "up\n"),
            ("sys/class/net/eth0/mtu", "1500\n"),
            ("etc/os-release", "ID=debian\nVERSION_ID=\"12.5\"\nPRETTY_NAME=\"Debian \\\"12\\\"\"\n"),
        ];
        for (path, text) in files {
            machine.write(path, text);
        }
        machine
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_dir_all(self.path(path)).unwrap();
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new("node-1", SocketAddr::from(([127, 0, 0, 1], 0)));
        config.roots = Roots::below(self.folder.path());
        config.pods_api_socket = self.path("pods-api.sock");
        config.cri_socket = self.path("cri.sock");
        config.kubelet_read_only_port = None;
        config
    }

    pub(crate) async fn start(&self) -> RunningAgent {
        start(self.config()).await
    }
}

pub(crate) async fn start(config: Config) -> RunningAgent {
    let clock = Arc::new(SystemClock::new());
    let agent = agent::assemble(config, clock, Arc::new(SeededEntropy::new(7)), Vec::new()).await.unwrap();
    let (address, status, stop) =
        (agent.addresses().metrics, Box::new(agent.status()), CancellationToken::new());
    let task = environment::spawn("agent", agent.run(stop.clone()));
    RunningAgent { address, status, stop, task }
}

impl RunningAgent {
    /// Status line and body of a GET.
    pub(crate) async fn get(&self, path: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_owned(), body.to_owned())
    }

    /// A scrape, which must be well-formed.
    pub(crate) async fn scrape(&self) -> Page {
        let (status, body) = self.get("/metrics").await;
        assert!(status.contains("200"), "{status}");
        Page(body)
    }

    /// Scrapes until `condition` holds.
    pub(crate) async fn scrape_until(&self, condition: impl Fn(&Page) -> bool) -> Page {
        let waited = async {
            loop {
                let page = self.scrape().await;
                if condition(&page) {
                    return page;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, waited).await {
            Ok(page) => page,
            Err(_) => panic!("it did not come to pass; the last page:\n{}", self.scrape().await.0),
        }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// The text of a scrape.
pub(crate) struct Page(pub(crate) String);

impl Page {
    /// The value of the sample `name` that has all of `labels`.
    pub(crate) fn value(&self, name: &str, labels: &[&str]) -> Option<f64> {
        let mut samples = self.0.lines().filter(|line| {
            let rest = line.strip_prefix(name).unwrap_or("-");
            (rest.starts_with('{') || rest.starts_with(' '))
                && labels.iter().all(|label| line.contains(label))
        });
        let value = samples.next()?.rsplit_once(' ')?.1.parse().ok();
        assert!(samples.next().is_none(), "{name} {labels:?} is not one sample:\n{}", self.0);
        value
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

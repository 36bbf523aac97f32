//! One answer to `GET /metrics`, made piece by piece.
//!
//! ```text
//! node collectors -> read the groups of 16 pods at a time -> write one family after the other -> own metrics
//! ```
//! Between two pieces the executor does other work, and nothing is read ahead of a client that takes its time: memory is one
//! chunk and one reading of each group, about 600 bytes each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use environment::Clock;
use exposition::{Format, Kind, Writer};
use node_probe::filesystems::Filesystems;
use node_probe::{Reader, Roots};
use parking_lot::Mutex;
use prometheus_client::registry::Registry;

use crate::containers::{self, FAMILIES};
use crate::groups::Trees;
use crate::metrics::Metrics;
use crate::node::{self, COLLECTORS, Node};
use crate::own;
use crate::pods::{Known, Pods};
use crate::reading::Readings;

/// Scrapes at once: two Prometheus replicas, one person, one to spare. Each holds some 300 KB at 110 pods.
pub const SCRAPES_MAX: usize = 4;
/// What is handed to the connection at once.
const CHUNK_BYTES: usize = 64 << 10;
/// Pods read between two yields: about forty groups of twelve files, 2 ms.
const PODS_PER_STEP: usize = 16;
/// Buffers kept for the next scrape; scrapes at the same time are rare.
const SPARES_MAX: usize = 1;

/// Everything that scrapes share.
pub(crate) struct Scrapes {
    pub(crate) pods: Arc<Pods>,
    pub(crate) trees: Trees,
    pub(crate) filesystems: Filesystems,
    pub(crate) metrics: Metrics,
    pub(crate) registry: Registry,
    pub(crate) clock: Arc<dyn Clock>,
    under_way: AtomicUsize,
    spares: Mutex<Vec<Scratch>>,
}

/// An iterator over the pieces of one answer.
pub struct Scrape {
    scrapes: Arc<Scrapes>,
    scratch: Option<Scratch>,
    stage: Stage,
    spent: Duration,
}

enum Stage {
    Node(usize),
    Read(usize),
    Families(usize),
    Own,
    Done,
}

struct Scratch {
    node: Node,
    reader: Reader,
    readings: Readings,
    pods: Vec<Arc<Known>>,
    /// Name, success, seconds of each collector of this scrape.
    collected: Vec<(&'static str, bool, f64)>,
    out: Vec<u8>,
}

impl Scrapes {
    pub(crate) fn new(
        roots: Roots,
        pods: Arc<Pods>,
        metrics: Metrics,
        registry: Registry,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        let scrapes = Arc::new(Self {
            pods,
            filesystems: Filesystems::new(roots.clone()),
            trees: Trees::new(roots),
            metrics,
            registry,
            clock,
            under_way: AtomicUsize::new(0),
            spares: Mutex::default(),
        });
        // So that the first scrape has sizes already.
        let mut node = Node::new(scrapes.trees.roots.clone());
        node.begin(Duration::ZERO);
        scrapes.refresh_filesystems(&mut node);
        scrapes
    }

    /// Begins a scrape; `None` when [`SCRAPES_MAX`] are under way.
    pub(crate) fn begin(self: &Arc<Self>) -> Option<Scrape> {
        let more = |count| (count < SCRAPES_MAX).then_some(count + 1);
        if self.under_way.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_err() {
            self.metrics.scrapes_refused.inc();
            return None;
        }
        let spare = self.spares.lock().pop();
        let mut scratch = spare.unwrap_or_else(|| Scratch::new(self.trees.roots.clone()));
        scratch.begin(self);
        Some(Scrape {
            scrapes: self.clone(),
            scratch: Some(scratch),
            stage: Stage::Node(0),
            spent: Duration::ZERO,
        })
    }

    fn refresh_filesystems(&self, node: &mut Node) {
        match node::mounts(node) {
            Ok(mounts) => {
                let clock = self.clock.clone();
                self.filesystems.refresh(mounts, move || clock.monotonic());
            }
            Err(_) => self.metrics.collector_failed("filesystem"),
        }
    }
}

impl Scratch {
    fn new(roots: Roots) -> Self {
        Self {
            node: Node::new(roots),
            reader: Reader::default(),
            readings: Readings::default(),
            pods: Vec::new(),
            collected: Vec::new(),
            out: Vec::new(),
        }
    }

    fn begin(&mut self, scrapes: &Scrapes) {
        let now = scrapes.clock.wall();
        self.node.begin(now);
        self.readings.begin(now.as_secs_f64());
        self.collected.clear();
        self.out = Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 4);
        scrapes.refresh_filesystems(&mut self.node);
        scrapes.pods.list(&mut self.pods);
    }

    fn collect(&mut self, place: usize, scrapes: &Scrapes) {
        let (name, collect) = COLLECTORS[place];
        let begun = scrapes.clock.monotonic();
        let kept = self.out.len();
        let mut writer = Writer::new(&mut self.out, Format::Text);
        let result = collect(&mut self.node, &scrapes.filesystems, &mut writer);
        if let Err(failed) = &result {
            tracing::debug!(collector = name, error = %failed, "not read");
            scrapes.metrics.collector_failed(name);
            self.out.truncate(kept);
        }
        let seconds = scrapes.clock.monotonic().saturating_sub(begun).as_secs_f64();
        self.collected.push((name, result.is_ok(), seconds));
    }

    /// node_exporter's word on its collectors: alerts are built on it.
    fn report(&mut self) {
        let mut writer = Writer::new(&mut self.out, Format::Text);
        let help = "Whether a collector succeeded.";
        writer.family("node_scrape_collector_success", help, Kind::Gauge);
        for (name, success, _) in &self.collected {
            writer.sample().label("collector", name).value(f64::from(u8::from(*success)));
        }
        writer.family(
            "node_scrape_collector_duration_seconds",
            "Duration of a collector scrape.",
            Kind::Gauge,
        );
        for (name, _, seconds) in &self.collected {
            writer.sample().label("collector", name).value(*seconds);
        }
    }

    fn read(&mut self, from: usize, scrapes: &Scrapes) {
        if from == 0 {
            self.readings.read_root(&scrapes.trees, &mut self.reader, &self.node);
        }
        for known in self.pods.iter().skip(from).take(PODS_PER_STEP) {
            self.readings.read_pod(known, &scrapes.trees, &mut self.reader);
        }
    }
}

impl Scrape {
    fn step(&mut self, scratch: &mut Scratch) {
        self.stage = match self.stage {
            Stage::Node(place) if place < COLLECTORS.len() => {
                scratch.collect(place, &self.scrapes);
                Stage::Node(place + 1)
            }
            Stage::Node(_) => {
                scratch.report();
                Stage::Read(0)
            }
            Stage::Read(from) => {
                scratch.read(from, &self.scrapes);
                let next = from + PODS_PER_STEP;
                if next < scratch.pods.len() { Stage::Read(next) } else { Stage::Families(0) }
            }
            Stage::Families(place) => match FAMILIES.get(place) {
                Some(family) => {
                    containers::write(family, &scratch.readings, &scratch.node.machine, &mut scratch.out);
                    Stage::Families(place + 1)
                }
                None => Stage::Own,
            },
            Stage::Own => {
                self.scrapes.metrics.scrape_seconds.observe(self.spent.as_secs_f64());
                own::write(&self.scrapes, &mut scratch.out);
                Stage::Done
            }
            Stage::Done => Stage::Done,
        };
    }
}

impl Iterator for Scrape {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut scratch = self.scratch.take()?;
        let begun = self.scrapes.clock.monotonic();
        let piece = loop {
            if matches!(self.stage, Stage::Done) && scratch.out.is_empty() {
                break None;
            }
            let reading = matches!(self.stage, Stage::Read(_));
            self.step(&mut scratch);
            let last = matches!(self.stage, Stage::Done);
            if last || scratch.out.len() >= CHUNK_BYTES {
                let room = Vec::with_capacity(if last { 0 } else { CHUNK_BYTES + CHUNK_BYTES / 4 });
                break Some(Bytes::from(std::mem::replace(&mut scratch.out, room)));
            }
            if reading {
                // An empty piece: the executor gets its turn.
                break Some(Bytes::new());
            }
        };
        self.spent += self.scrapes.clock.monotonic().saturating_sub(begun);
        self.scratch = Some(scratch);
        piece
    }
}

impl Drop for Scrape {
    fn drop(&mut self) {
        self.scrapes.under_way.fetch_sub(1, Ordering::Relaxed);
        let Some(mut scratch) = self.scratch.take() else { return };
        scratch.pods.clear();
        let mut spares = self.scrapes.spares.lock();
        if spares.len() < SPARES_MAX {
            spares.push(scratch);
        }
    }
}

//! The real API server: its flow control's dump and metrics, and requests to it, each on a connection of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long anything may take that should take milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// The testbed's API server, as its administrator.
pub(crate) struct RealServer {
    address: String,
    token: String,
    kubectl: String,
    work: PathBuf,
    /// The priority level, and the flow schema of the same name, that lends nothing.
    pub(crate) level: String,
}

/// A row of `/debug/api_priority_and_fairness/dump_requests`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// -1 where the request runs.
    pub(crate) queue: i64,
    pub(crate) position: i64,
    /// Nanoseconds since the epoch; it is what tells requests apart.
    pub(crate) arrived: i64,
    pub(crate) started: Option<i64>,
    pub(crate) initial: u64,
    pub(crate) last: u64,
    pub(crate) last_nanoseconds: i64,
    pub(crate) user: String,
}

/// A request under way.
pub(crate) struct Asked {
    child: Child,
    head: PathBuf,
}

/// What came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<i64>,
}

impl RealServer {
    /// From the environment of the check; `None` where there is none.
    pub(crate) fn from_env() -> Option<Self> {
        let of = |name: &str| std::env::var(name).ok();
        Some(Self {
            address: of("APISERVER")?,
            token: of("TOKEN")?,
            kubectl: of("CONTROLPLANE")?,
            work: PathBuf::from(of("WORK")?),
            level: of("LEVEL")?,
        })
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let out = Command::new("curl")
            .args(["-sk", "--max-time", "10", "-H", &format!("Authorization: Bearer {}", self.token)])
            .arg(format!("{}{path}", self.address))
            .output()
            .expect("curl");
        String::from_utf8_lossy(&out.stdout).into_owned()
    }

    pub(crate) fn apply(&self, manifest: &str) {
        let file = self.work.join("apply.yaml");
        std::fs::write(&file, manifest).expect("written");
        let status = Command::new(&self.kubectl)
            .args(["kubectl", "apply", "-f"])
            .arg(&file)
            .stdout(Stdio::null())
            .status();
        assert!(status.expect("kubectl").success(), "{manifest}");
    }

    /// A dry-run create as that user of that group; `timeout` is the request's deadline.
    pub(crate) fn create(&self, user: &str, group: &str, resource: &str, name: &str, timeout: u32) -> Asked {
        let kind = if resource == "secrets" { "Secret" } else { "ConfigMap" };
        let body = format!(r#"{{"apiVersion":"v1","kind":"{kind}","metadata":{{"name":"{name}"}}}}"#);
        let head = self.work.join(format!("{name}.head"));
        let child = Command::new("curl")
            .args(["-sk", "--max-time", "120", "-o", "/dev/null", "-D"])
            .arg(&head)
            .args(["-H", &format!("Authorization: Bearer {}", self.token)])
            .args(["-H", &format!("Impersonate-User: {user}"), "-H", &format!("Impersonate-Group: {group}")])
            .args(["-H", "Content-Type: application/json", "-d", &body])
            .arg(format!(
                "{}/api/v1/namespaces/apf-check/{resource}?dryRun=All&timeout={timeout}s",
                self.address
            ))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("curl");
        Asked { child, head }
    }

    /// Someone who gets every change of the namespace's ConfigMaps.
    pub(crate) fn watch(&self) -> Child {
        Command::new("curl")
            .args(["-skN", "-o", "/dev/null", "-H", &format!("Authorization: Bearer {}", self.token)])
            .arg(format!(
                "{}/api/v1/namespaces/apf-check/configmaps?watch=1&timeoutSeconds=600",
                self.address
            ))
            .spawn()
            .expect("curl")
    }

    /// Requests of a priority level, waiting and running.
    pub(crate) fn dump(&self, level: &str) -> Vec<Row> {
        let text = self.get("/debug/api_priority_and_fairness/dump_requests?includeRequestDetails=1");
        let rows = text.lines().skip(1).map(|line| line.split(',').map(str::trim).collect::<Vec<_>>());
        rows.filter(|cells| cells.len() > 10 && cells[0] == level).map(|cells| row(&cells)).collect()
    }

    /// One value for each priority level.
    pub(crate) fn by_level(&self, metric: &str) -> BTreeMap<String, f64> {
        by_level(&self.get("/metrics"), metric)
    }

    /// Rejects of a level by their reason.
    pub(crate) fn rejects(&self, level: &str) -> BTreeMap<String, f64> {
        let page = self.get("/metrics");
        let mut found = BTreeMap::new();
        for line in
            page.lines().filter(|line| line.starts_with("apiserver_flowcontrol_rejected_requests_total{"))
        {
            if !line.contains(&format!("priority_level=\"{level}\"")) {
                continue;
            }
            let reason =
                line.split("reason=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            let value =
                line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok()).unwrap_or_default();
            *found.entry(reason.to_owned()).or_insert(0.0) += value;
        }
        found
    }
}

impl Asked {
    /// What came, if it has come.
    pub(crate) fn answered(&mut self) -> Option<Answer> {
        self.child.try_wait().expect("curl")?;
        let head = std::fs::read_to_string(&self.head).unwrap_or_default();
        let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let retry_after = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("retry-after: ")?.trim().parse().ok());
        Some(Answer { status, retry_after })
    }

    /// Waits for it.
    pub(crate) fn answer(&mut self, what: &str) -> Answer {
        until(what, || self.answered())
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Asks until there is an answer.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = std::time::Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(4));
    }
}

/// One value for each priority level of a page of metrics.
pub(crate) fn by_level(page: &str, metric: &str) -> BTreeMap<String, f64> {
    let lines = page.lines().filter_map(|line| line.strip_prefix(metric)?.strip_prefix('{'));
    let mut found = BTreeMap::new();
    for line in lines {
        let Some((labels, value)) = line.rsplit_once("} ") else { continue };
        let level = labels.split("priority_level=\"").nth(1).and_then(|rest| rest.split('"').next());
        *found.entry(level.unwrap_or_default().to_owned()).or_insert(0.0) +=
            value.parse::<f64>().expect("a number");
    }
    found
}

/// Nanoseconds since the epoch.
pub(crate) fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_nanos()).expect("before 2262")
}

fn row(cells: &[&str]) -> Row {
    let number = |at: usize| cells[at].parse().expect("a number");
    Row {
        queue: number(2),
        position: number(3),
        arrived: instant(cells[5]).expect("an instant"),
        initial: cells[6].parse().expect("seats"),
        last: cells[7].parse().expect("seats"),
        last_nanoseconds: duration(cells[8]),
        // Go's zero time, for those that wait, is before 1970.
        started: instant(cells[9]).filter(|at| *at > 0),
        user: cells[10].to_owned(),
    }
}

fn instant(text: &str) -> Option<i64> {
    i64::try_from(text.parse::<jiff::Timestamp>().ok()?.as_nanosecond()).ok()
}

/// Go's way to write some milliseconds: `0s`, `15ms`, `1.5ms`.
fn duration(text: &str) -> i64 {
    let units = [("ms", 1e6), ("\u{b5}s", 1e3), ("ns", 1.0), ("s", 1e9)];
    let (number, unit) =
        units.iter().find_map(|(unit, size)| Some((text.strip_suffix(unit)?, size))).expect("a duration");
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds")]
    let nanoseconds = (number.parse::<f64>().expect("a number") * unit).round() as i64;
    nanoseconds
}

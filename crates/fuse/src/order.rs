//! What people say, as files: one for each workload, and one for everybody, in a folder that only root can write.
//!
//! A file and not a socket: whatever reaches a node (a shell, a configuration tool, a serial console) can write one, also
//! while the agent is down, and an order is still there when it comes back. The folder is below `/run`: a restart of the
//! machine forgets it, as it forgets the table.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use environment::files;
use serde::{Deserialize, Serialize};

use crate::limits::{ORDER_BYTES_MAX, ORDERS_MAX};
use crate::subject::{Subject, Whom};
use crate::table::Rates;

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Let it do what it likes, whatever it does and however the API server is.
    Observe,
    /// Hold it to this, from now on.
    Limit(Rates),
    /// Hold it to this once it has used more.
    Share(Rates),
    /// Let nothing through.
    Cut,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    /// To whose traffic.
    pub subject: Whom,
    /// What.
    pub action: Action,
    /// When it ends, in seconds since the machine's start (`/proc/uptime`); not before it is taken back, if it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_up_seconds: Option<u64>,
    /// Who says so.
    #[serde(default)]
    pub by: String,
    /// Why.
    #[serde(default)]
    pub why: String,
}

/// All orders of a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Orders {
    /// Those that hold.
    pub by_subject: BTreeMap<Subject, Order>,
    /// For whoever has none of their own.
    pub everybody: Option<Order>,
    /// Files whose order has ended.
    pub ended: Vec<PathBuf>,
    /// Sentences on files that are no orders.
    pub refused: Vec<String>,
}

impl Order {
    /// When it ends, since the machine's start.
    pub fn until(&self) -> Option<Duration> {
        self.until_up_seconds.map(Duration::from_secs)
    }

    /// Where the order on a workload lies.
    pub fn path(folder: &Path, subject: &Whom) -> PathBuf {
        folder.join(format!("{}.json", subject.to_string().replace('/', "_")))
    }

    /// Writes it in place of the one before.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        files::write_atomic(&Self::path(folder, &self.subject), |file| Ok(serde_json::to_writer(file, self)?))
    }
}

impl Orders {
    /// Reads a folder; one that is not there has none.
    ///
    /// # Errors
    /// It cannot be listed, or there are too many files: what was ordered before stays.
    pub fn read(folder: &Path, now: Duration) -> io::Result<Self> {
        let mut orders = Self::default();
        let paths = match files::with_extension(folder, "json") {
            Ok(paths) => paths,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(orders),
            Err(error) => return Err(error),
        };
        if paths.len() > ORDERS_MAX {
            return Err(io::Error::other(format!(
                "more than {ORDERS_MAX} orders lie in {}",
                folder.display()
            )));
        }
        for path in paths {
            match read(&path) {
                Ok(order) if order.until().is_some_and(|until| until <= now) => orders.ended.push(path),
                Ok(order) => match order.subject.clone() {
                    Whom::One(subject) => drop(orders.by_subject.insert(subject, order)),
                    Whom::Everybody => orders.everybody = Some(order),
                },
                Err(error) => orders.refused.push(format!("{} is no order: {error}", path.display())),
            }
        }
        Ok(orders)
    }
}

fn read(path: &Path) -> io::Result<Order> {
    let mut bytes = Vec::new();
    files::read_into(path, &mut bytes, ORDER_BYTES_MAX)?;
    Ok(serde_json::from_slice(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_orders_and_other_things() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        assert_eq!(
            Orders::read(&folder.path().join("none"), Duration::ZERO).expect("empty"),
            Orders::default()
        );
        write("a.json", r#"{"subject":"t/DaemonSet/a","action":"cut","untilUpSeconds":100}"#);
        write(
            "b.json",
            r#"{"subject":"t/DaemonSet/b","action":{"limit":{"bytesPerSecond":1,"connectionsPerSecond":1}}}"#,
        );
        write("c.json", r#"{"subject":"t/DaemonSet/c","action":"explode"}"#);
        write("d.json", "");
        write("e.txt", "not looked at");
        let subjects = |now: u64| {
            let orders = Orders::read(folder.path(), Duration::from_secs(now)).expect("orders");
            let names: Vec<String> = orders.by_subject.keys().map(ToString::to_string).collect();
            (names.join(" "), orders.ended.len(), orders.refused.len())
        };
        assert_eq!(subjects(99), ("t/DaemonSet/a t/DaemonSet/b".to_owned(), 0, 2));
        assert_eq!(subjects(100), ("t/DaemonSet/b".to_owned(), 1, 2));
    }

    #[test]
    fn an_order_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let rates = Rates { bytes_per_second: 100_000, connections_per_second: 2 };
        for action in [Action::Observe, Action::Cut, Action::Limit(rates), Action::Share(rates)] {
            let subject: Subject = "t/DaemonSet/a".parse().expect("a workload");
            let order = Order {
                subject: Whom::One(subject.clone()),
                action,
                until_up_seconds: Some(7),
                by: "root".to_owned(),
                why: "a drill".to_owned(),
            };
            order.write(folder.path()).expect("written");
            let orders = Orders::read(folder.path(), Duration::ZERO).expect("orders");
            assert_eq!(orders.by_subject.get(&subject), Some(&order));
        }
    }
}

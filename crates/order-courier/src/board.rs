//! The hub's part: takes orders from people and hands them to nodes until they expire.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use agent_link::HubHandle;
use bytes::Bytes;
use confirmation::hex;
use environment::{Clock, files};
use fanout::Topic;
use parking_lot::Mutex;
use sealed_order::limits::{SEALED_BYTES_MAX, SPENT_MAX};
use sealed_order::{Order, Place, Refusal, Roster, Sealed, Spent};
use tokio_util::sync::CancellationToken;

use crate::LOOK;

/// Every order as text, twice for its digits.
const FILE_BYTES_MAX: usize = SPENT_MAX * (2 * SEALED_BYTES_MAX + 64);

/// Orders that hold. Cheap to clone.
#[derive(Clone)]
pub struct Board(Arc<Inner>);

struct Inner {
    roster: Roster,
    /// Where they outlive this process, if anywhere.
    file: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    orders: Mutex<BTreeMap<Vec<u8>, Posted>>,
}

#[derive(Debug, Clone)]
struct Posted {
    order: Order,
    text: Bytes,
}

/// All nodes by name; none as long as not all are known.
pub type Nodes = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

/// Why an order is not handed on.
#[derive(Debug, thiserror::Error)]
pub enum NotPosted {
    /// Nodes would not follow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too many hold already.
    #[error("{SPENT_MAX} orders hold already; the next is taken when one of them has expired")]
    Full,
}

impl Board {
    /// With the orders of `file` that still hold.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn open(roster: Roster, file: Option<PathBuf>, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let mut text = Vec::new();
        if let Some(file) = &file {
            match files::read_into(file, &mut text, FILE_BYTES_MAX) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let now = clock.wall().as_secs();
        let board = Self(Arc::new(Inner { roster, file, clock, orders: Mutex::default() }));
        for line in String::from_utf8_lossy(&text).lines() {
            // What has expired, or was signed by somebody who has been revoked since, is left out.
            if let Ok(posted) = board.check(line, now) {
                board.0.orders.lock().insert(posted.order.id.clone(), posted);
            }
        }
        Ok(board)
    }

    /// Takes an order from anybody: whoever has signed it has spoken. A disk that does not take it is only said in the log: an
    /// order that is lost with this process is better than none.
    ///
    /// # Errors
    /// [`NotPosted`].
    pub fn post(&self, text: &str) -> Result<Order, NotPosted> {
        let now = self.0.clock.wall().as_secs();
        let posted = self.check(text, now)?;
        let order = posted.order.clone();
        let mut orders = self.0.orders.lock();
        orders.retain(|_, posted| posted.order.not_after > now);
        if orders.len() >= SPENT_MAX && !orders.contains_key(&order.id) {
            return Err(NotPosted::Full);
        }
        orders.insert(order.id.clone(), posted);
        if let Err(error) = self.write(&orders) {
            tracing::warn!(%error, "an order is handed on, but not written down");
        }
        Ok(order)
    }

    /// Those that hold.
    pub fn orders(&self) -> Vec<Order> {
        let now = self.0.clock.wall().as_secs();
        let orders = self.0.orders.lock();
        orders.values().map(|posted| posted.order.clone()).filter(|order| order.not_after > now).collect()
    }

    fn check(&self, text: &str, now: u64) -> Result<Posted, Refusal> {
        let sealed = Sealed::parse(text)?;
        sealed.admit(&self.0.roster, Place { node: None, now }, &mut Spent::default())?;
        Ok(Posted { order: sealed.order()?, text: Bytes::from(sealed.to_text()) })
    }

    fn write(&self, orders: &BTreeMap<Vec<u8>, Posted>) -> io::Result<()> {
        let Some(file) = &self.0.file else { return Ok(()) };
        files::write_atomic(file, |file| orders.values().try_for_each(|posted| file.write_all(&posted.text)))
    }

    /// Until `stop`: each node hears of each order that names it, or names none.
    pub async fn hand_on(self, link: HubHandle, nodes: Nodes, stop: CancellationToken) {
        let mut told = BTreeMap::new();
        loop {
            if stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
                return;
            }
            self.tell(&link, &nodes, &mut told);
        }
    }

    /// `told`: of each order the nodes that have heard of it. The same again costs the fan-out nothing.
    fn tell(&self, link: &HubHandle, nodes: &Nodes, told: &mut BTreeMap<Vec<u8>, Vec<String>>) {
        let now = self.0.clock.wall().as_secs();
        let orders = {
            let mut orders = self.0.orders.lock();
            orders.retain(|_, posted| posted.order.not_after > now);
            orders.clone()
        };
        if orders.is_empty() && told.is_empty() {
            return;
        }
        let nodes = nodes();
        if nodes.is_empty() {
            return;
        }
        told.retain(|id, heard| {
            let holds = orders.contains_key(id);
            if !holds {
                heard.iter().for_each(|node| link.remove(node, Topic::ORDERS, id));
            }
            holds
        });
        for (id, posted) in &orders {
            let is_for = |node: &&String| posted.order.nodes.is_empty() || posted.order.nodes.contains(node);
            let wanted = || nodes.iter().filter(is_for);
            let heard = told.entry(id.clone()).or_default();
            if wanted().eq(heard.iter()) {
                continue;
            }
            let publish = |node: &&String| match link.publish(node, Topic::ORDERS, id, posted.text.clone()) {
                Ok(()) => true,
                Err(error) => {
                    tracing::warn!(node, order = hex::encode(id), %error, "a node is not told of an order");
                    false
                }
            };
            *heard = wanted().filter(publish).cloned().collect();
        }
    }
}

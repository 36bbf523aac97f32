//! Which nodes a wave means.

use sha2::{Digest, Sha256};

use crate::slot::Node;

/// Nodes by UID, and every node whose [`position`] is under a threshold. Whatever the number of nodes, it has the same size.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Wave {
    /// `metadata.uid` of the first nodes: a new node under an old name is not one of them.
    #[prost(string, repeated, tag = "1")]
    pub nodes: Vec<String>,
    /// Of 2^32: 0 is none, 2^32 is every node.
    #[prost(uint64, tag = "2")]
    pub threshold: u64,
}

/// Where a node stands among all nodes for this rollout, evenly spread over `0..2^32`. Another rollout has another order, so
/// that it is not always the same nodes that go first. Made of the UID: a new node under an old name is a new node.
pub fn position(rollout: &str, node_uid: &str) -> u32 {
    let mut hash = Sha256::new();
    hash.update(rollout.as_bytes());
    hash.update([0]);
    hash.update(node_uid.as_bytes());
    let digest = hash.finalize();
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

impl Wave {
    /// No node.
    pub fn none() -> Self {
        Self::default()
    }

    /// Every node, also those that are yet to come.
    pub fn all() -> Self {
        Self { nodes: Vec::new(), threshold: 1 << 32 }
    }

    /// Whether it means this node.
    pub fn contains(&self, rollout: &str, node: &Node) -> bool {
        self.contains_at(node.place(rollout), &node.uid)
    }

    /// The same for whoever knows the node's [`Node::place`] already.
    pub fn contains_at(&self, place: u32, uid: &str) -> bool {
        u64::from(place) < self.threshold || self.nodes.iter().any(|named| named == uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_a_fraction_and_waves_only_grow() {
        let nodes: Vec<Node> = (0..10_000)
            .map(|n| Node { name: format!("n{n}"), uid: format!("u{n}"), goes_last: false })
            .collect();
        let count = |threshold| {
            let wave = Wave { nodes: Vec::new(), threshold };
            nodes.iter().filter(|node| wave.contains("a/b", node)).count()
        };
        assert_eq!(count(0), 0);
        assert_eq!(count(1 << 32), 10_000);
        let tenth = count((1 << 32) / 10);
        assert!((900..1_100).contains(&tenth), "{tenth}");
        assert!(count((1 << 32) / 20) < tenth);
    }

    #[test]
    fn a_new_node_under_an_old_name_is_another_node() {
        let wave = Wave { nodes: vec!["u1".into()], threshold: 0 };
        let node = |uid: &str| Node { name: "n".into(), uid: uid.into(), goes_last: false };
        assert!(wave.contains("a/b", &node("u1")));
        assert!(!wave.contains("a/b", &node("u2")));
        let last = Node { goes_last: true, ..node("u1") };
        assert!(wave.contains("a/b", &last) && Wave::all().contains("a/b", &last));
        let nearly_all = Wave { nodes: Vec::new(), threshold: u64::from(u32::MAX) };
        assert!(!nearly_all.contains("a/b", &last));
    }

    #[test]
    fn another_rollout_has_another_order() {
        let first = |rollout: &str| (0..100).min_by_key(|n| position(rollout, &format!("u{n}")));
        assert!((0..10).any(|n| first("a") != first(&format!("b{n}"))));
    }
}

//! Which nodes go first: spread over zones and machine types, so that what is particular to one of them shows early, and
//! control-plane nodes last.

use std::collections::BTreeMap;

use confirmation::limits::NAMED_NODES_MAX;
use confirmation::{Node, Wave};

/// A node that a rollout may go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Who it is.
    pub node: Node,
    /// `topology.kubernetes.io/zone`.
    pub zone: String,
    /// `node.kubernetes.io/instance-type`.
    pub instance_type: String,
    /// [`Node::place`] for the rollout: computed once, because it is asked for all nodes every second.
    place: u32,
}

impl Candidate {
    /// A node in the order of this rollout.
    pub fn new(rollout: &str, node: Node, zone: String, instance_type: String) -> Self {
        Self { place: node.place(rollout), node, zone, instance_type }
    }

    /// Whether the wave means it, by the place that is known already.
    pub fn is_in(&self, wave: &Wave) -> bool {
        wave.contains_at(self.place, &self.node.uid)
    }
}

/// Goes last, zone, type.
type Kind<'a> = (bool, &'a str, &'a str);

/// The wave that means `count` of the candidates, and all that `before` means: nodes come and go, waves only grow.
pub fn grow(before: &Wave, candidates: &[Candidate], count: u32) -> Wave {
    let count = count as usize;
    let mut wave = before.clone();
    wave.nodes.retain(|uid| candidates.iter().any(|candidate| candidate.node.uid == *uid));
    let covered = |wave: &Wave| candidates.iter().filter(|one| one.is_in(wave)).count();
    let mut missing = count.saturating_sub(covered(&wave));
    // By name as far as names go ...
    for uid in first(candidates, &wave) {
        if missing == 0 || wave.nodes.len() == NAMED_NODES_MAX {
            break;
        }
        wave.nodes.push(uid);
        missing -= 1;
    }
    if missing == 0 {
        return wave;
    }
    // ... and by their place among all for the rest.
    let mut rest: Vec<u32> = candidates
        .iter()
        .filter(|one| !one.node.goes_last && !one.is_in(&wave))
        .map(|one| one.place)
        .collect();
    rest.sort_unstable();
    wave.threshold = match rest.get(missing - 1) {
        Some(&place) => u64::from(place) + 1,
        // Only those that go last are left, and more of them than there are names.
        None => 1 << 32,
    };
    wave
}

/// How many candidates a wave means.
pub fn size(wave: &Wave, candidates: &[Candidate]) -> u32 {
    let meant = candidates.iter().filter(|one| one.is_in(wave)).count();
    u32::try_from(meant).unwrap_or(u32::MAX)
}

/// Those that the wave does not mean, in order: one of each zone and type in turn.
fn first(candidates: &[Candidate], wave: &Wave) -> Vec<String> {
    let mut kinds: BTreeMap<Kind<'_>, Vec<(u32, &str)>> = BTreeMap::new();
    for one in candidates.iter().filter(|one| !one.is_in(wave)) {
        let kind = (one.node.goes_last, one.zone.as_str(), one.instance_type.as_str());
        kinds.entry(kind).or_default().push((one.place, &one.node.uid));
    }
    // The kinds that have gone already come after those that have not.
    let gone = |kind: &Kind<'_>| {
        let same = |one: &&Candidate| (one.node.goes_last, &*one.zone, &*one.instance_type) == *kind;
        candidates.iter().filter(same).filter(|one| wave.nodes.contains(&one.node.uid)).count()
    };
    let mut turns = Vec::new();
    for (kind, mut nodes) in kinds {
        nodes.sort_unstable();
        let gone = gone(&kind);
        // Only so many can be named.
        for (turn, (place, uid)) in nodes.into_iter().take(NAMED_NODES_MAX).enumerate() {
            turns.push((kind.0, turn + gone, place, uid));
        }
    }
    turns.sort_unstable();
    turns.into_iter().map(|(.., uid)| uid.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn cluster(nodes: u32) -> Vec<Candidate> {
        let candidate = |n: u32| {
            let node = Node { name: format!("n{n}"), uid: format!("u{n}"), goes_last: n < 3 };
            Candidate::new("a/b", node, format!("z{}", n % 3), format!("t{}", n % 2))
        };
        (0..nodes).map(candidate).collect()
    }

    #[test]
    fn waves_grow_to_the_number_that_was_asked() {
        for total in [1, 10, 1_000] {
            let nodes = cluster(total);
            let mut wave = Wave::none();
            for count in [1, 2, 4, 8, 64, 65, 100, 500, 997] {
                let before: BTreeSet<_> = meant(&wave, &nodes);
                wave = grow(&wave, &nodes, count);
                assert!(meant(&wave, &nodes).is_superset(&before));
                assert_eq!(size(&wave, &nodes), count.min(total), "{count} of {total}");
                assert!(wave.nodes.len() <= NAMED_NODES_MAX);
            }
        }
    }

    #[test]
    fn the_first_six_are_of_all_kinds_and_none_is_of_the_control_plane() {
        let nodes = cluster(1_000);
        let mut wave = Wave::none();
        for count in [1, 2, 4, 6] {
            wave = grow(&wave, &nodes, count);
        }
        let kinds: BTreeSet<_> = nodes
            .iter()
            .filter(|one| one.is_in(&wave))
            .map(|one| (one.node.goes_last, &one.zone, &one.instance_type))
            .collect();
        assert_eq!(kinds.len(), 6, "{kinds:?}");
        assert!(kinds.iter().all(|(last, ..)| !last));
    }

    #[test]
    fn a_node_that_goes_is_replaced_by_another() {
        let mut nodes = cluster(100);
        let wave = grow(&Wave::none(), &nodes, 4);
        nodes.retain(|one| one.node.uid != wave.nodes[1]);
        let again = grow(&wave, &nodes, 4);
        assert_eq!(size(&again, &nodes), 4);
        assert_eq!(again.nodes.iter().filter(|uid| wave.nodes.contains(uid)).count(), 3);
    }

    fn meant(wave: &Wave, nodes: &[Candidate]) -> BTreeSet<String> {
        nodes.iter().filter(|one| one.is_in(wave)).map(|one| one.node.uid.clone()).collect()
    }
}

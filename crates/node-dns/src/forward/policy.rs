//! Who is asked first, and who after that.

use corefile::Policy;

/// The places of `count` upstreams in the order in which they are asked: those that are up as the policy says, then those
/// that are down. `turn` counts queries, `random` is any number.
pub(crate) fn order(policy: Policy, turn: usize, random: u64, down: &[bool]) -> Vec<usize> {
    let count = down.len();
    let mut order: Vec<usize> = (0..count).collect();
    match policy {
        Policy::Sequential => {}
        Policy::RoundRobin => order.rotate_left(if count > 0 { turn % count } else { 0 }),
        Policy::Random => {
            // Fisher and Yates; one number is enough for the 15 upstreams that there may be (15! < 2^41).
            let mut random = random;
            for last in (1..count).rev() {
                let choices = last as u64 + 1;
                order.swap(last, (random % choices) as usize);
                random /= choices;
            }
        }
    }
    // Stable: among equals the policy's order stays.
    order.sort_by_key(|at| down[*at]);
    order
}

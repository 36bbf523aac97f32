//! What more nodes would cost, from what fewer did cost: ordinary least squares over the means of each number of nodes.
//!
//! With one number of nodes, all of the cost is theirs (nothing is put down to a fixed part that nobody measured). With two,
//! a line. From three on also a square, if it is there beyond doubt: a cost per node that grows with the nodes is what sank
//! the cluster of 2024-12-11.

use crate::limits::STEPS_MAX;

/// One-sided confidence of the upper bound: the normal quantile of 0.99.
const QUANTILE: f64 = 2.326_347_9;
/// The square is believed at this many standard errors.
const SQUARE: f64 = 4.0;

/// All that was measured with one number of nodes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Group {
    nodes: f64,
    count: f64,
    mean: f64,
    /// Sum of squared distances from the mean.
    spread: f64,
}

/// Costs by number of nodes; bounded by the steps of a plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Costs {
    groups: Vec<Group>,
}

/// What so many nodes would cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// The most likely.
    pub estimate: f64,
    /// Not more than this, in 99 of 100 cases.
    pub upper: f64,
    /// The cost per node grows with the nodes.
    pub superlinear: bool,
}

impl Costs {
    /// Takes a cost that was measured with `nodes`.
    pub fn take(&mut self, nodes: u32, cost: f64) {
        let nodes = f64::from(nodes);
        let known = self.groups.iter().position(|group| (group.nodes - nodes).abs() < 0.5);
        let at = known.unwrap_or_else(|| {
            if self.groups.len() > STEPS_MAX {
                self.groups.remove(0);
            }
            self.groups.push(Group { nodes, count: 0.0, mean: 0.0, spread: 0.0 });
            self.groups.len() - 1
        });
        // Welford's update.
        let group = &mut self.groups[at];
        group.count += 1.0;
        let distance = cost - group.mean;
        group.mean += distance / group.count;
        group.spread += distance * (cost - group.mean);
    }

    /// Samples at the number of nodes that was measured last.
    pub fn samples_here(&self) -> usize {
        self.groups.last().map_or(0, |group| group.count as usize)
    }

    /// What `nodes` would cost; none if that cannot be said.
    pub fn predict(&self, nodes: u32) -> Option<Prediction> {
        let nodes = f64::from(nodes);
        let running: Vec<&Group> = self.groups.iter().filter(|group| group.nodes > 0.0).collect();
        match (self.groups.len(), running.as_slice()) {
            (_, []) => None,
            (1, [only]) => self.fit(nodes, |k| [k, 0.0, 0.0], 1).filter(|_| only.count > 1.0),
            (2, _) => self.fit(nodes, |k| [1.0, k, 0.0], 2),
            _ => {
                let square = |k: f64| [k * k, k, 1.0];
                let (coefficient, error) = self.coefficient(square, 3)?;
                if coefficient > SQUARE * error {
                    self.fit(nodes, square, 3).map(|fit| Prediction { superlinear: true, ..fit })
                } else {
                    self.fit(nodes, |k| [1.0, k, 0.0], 2)
                }
            }
        }
    }

    fn fit(&self, nodes: f64, row: impl Fn(f64) -> [f64; 3], terms: usize) -> Option<Prediction> {
        let (solution, inverse, variance) = self.solve(&row, terms)?;
        let at = row(nodes);
        let estimate = dot(&at, &solution);
        let leverage = (0..3).map(|i| at[i] * dot(&inverse[i], &at)).sum::<f64>();
        let upper = estimate + self.quantile(terms) * (variance * leverage).max(0.0).sqrt();
        Some(Prediction { estimate, upper, superlinear: false })
    }

    /// The first coefficient and its standard error.
    fn coefficient(&self, row: impl Fn(f64) -> [f64; 3], terms: usize) -> Option<(f64, f64)> {
        let (solution, inverse, variance) = self.solve(&row, terms)?;
        Some((solution[0], (variance * inverse[0][0]).max(0.0).sqrt()))
    }

    fn samples(&self) -> f64 {
        self.groups.iter().map(|group| group.count).sum()
    }

    /// Student's t, by the first two terms of its expansion around the normal quantile: within 2 % from five degrees of
    /// freedom on, and too small below, where nothing is predicted.
    fn quantile(&self, terms: usize) -> f64 {
        let freedom = (self.samples() - terms as f64).max(1.0);
        let z = QUANTILE;
        z + (z.powi(3) + z) / (4.0 * freedom)
            + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * freedom * freedom)
    }

    /// Coefficients, the inverse of the normal matrix, the variance of a sample.
    fn solve(&self, row: &impl Fn(f64) -> [f64; 3], terms: usize) -> Option<([f64; 3], [[f64; 3]; 3], f64)> {
        let freedom = self.samples() - terms as f64;
        if freedom < 1.0 {
            return None;
        }
        let mut normal = [[0.0; 3]; 3];
        let mut right = [0.0; 3];
        for group in &self.groups {
            let x = row(group.nodes);
            for i in 0..terms {
                right[i] += group.count * x[i] * group.mean;
                for j in 0..terms {
                    normal[i][j] += group.count * x[i] * x[j];
                }
            }
        }
        let inverse = invert(normal, terms)?;
        let solution = [0, 1, 2].map(|i| dot(&inverse[i], &right));
        let around = self.groups.iter().map(|group| {
            let miss = group.mean - dot(&row(group.nodes), &solution);
            group.spread + group.count * miss * miss
        });
        Some((solution, inverse, around.sum::<f64>() / freedom))
    }
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Gauss and Jordan with the largest pivot, of the first `terms` rows and columns; the rest stays zero.
fn invert(mut matrix: [[f64; 3]; 3], terms: usize) -> Option<[[f64; 3]; 3]> {
    let mut inverse = [[0.0; 3]; 3];
    for (i, row) in inverse.iter_mut().enumerate().take(terms) {
        row[i] = 1.0;
    }
    for at in 0..terms {
        let pivot = (at..terms).max_by(|&a, &b| matrix[a][at].abs().total_cmp(&matrix[b][at].abs()))?;
        matrix.swap(at, pivot);
        inverse.swap(at, pivot);
        let scale = matrix[at][at];
        if scale.abs() < f64::EPSILON {
            return None;
        }
        for j in 0..terms {
            matrix[at][j] /= scale;
            inverse[at][j] /= scale;
        }
        for i in (0..terms).filter(|i| *i != at) {
            let factor = matrix[i][at];
            for j in 0..terms {
                matrix[i][j] -= factor * matrix[at][j];
                inverse[i][j] -= factor * inverse[at][j];
            }
        }
    }
    Some(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples with a noise of a tenth that is the same for every run.
    fn costs(nodes: &[u32], cost: fn(f64) -> f64) -> Costs {
        let mut costs = Costs::default();
        for &nodes in nodes {
            for sample in 0..50 {
                let noise = 1.0 + 0.1 * (f64::from(sample * 7 % 11) / 5.0 - 1.0);
                costs.take(nodes, cost(f64::from(nodes)) * noise);
            }
        }
        costs
    }

    fn check(costs: &Costs, expected: f64, superlinear: bool) {
        let prediction = costs.predict(5_000).expect("enough samples");
        let Prediction { estimate, upper, .. } = prediction;
        assert_eq!(prediction.superlinear, superlinear, "{prediction:?}");
        assert!((0.85..1.15).contains(&(estimate / expected)), "{prediction:?}, expected {expected}");
        assert!(upper >= expected * 0.95 && upper < expected * 1.5, "{prediction:?}, expected {expected}");
    }

    #[test]
    fn predictions() {
        check(&costs(&[1], |k| 0.01 * k), 50.0, false);
        check(&costs(&[0, 1], |k| 0.01 * k), 50.0, false);
        check(&costs(&[0, 1, 2, 4], |k| 0.01 * k), 50.0, false);
        check(&costs(&[0, 1, 2, 4, 8], |k| 0.001 * k * k), 25_000.0, true);
        assert_eq!(costs(&[0], |_| 1.0).predict(10), None);
        assert_eq!(Costs::default().predict(10), None);
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let mut one = Costs::default();
        one.take(1, 1.0);
        assert_eq!(one.predict(10), None);
    }
}

//! Straight lines through measurements.

/// A line and how well it fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Of y for one of x.
    pub slope: f64,
    /// y at x = 0.
    pub intercept: f64,
    /// 1: every point lies on it. 0: a level line would do as well.
    pub r_squared: f64,
    /// Points.
    pub points: usize,
}

/// The line of least squares through points (x, y); `None` for fewer than two different x.
#[must_use]
pub fn line(points: &[(f64, f64)]) -> Option<Line> {
    #[expect(clippy::cast_precision_loss, reason = "a few dozen points")]
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x_mean, y_mean) = (mean(|point| point.0), mean(|point| point.1));
    let sum =
        |of: &dyn Fn(f64, f64) -> f64| points.iter().map(|(x, y)| of(x - x_mean, y - y_mean)).sum::<f64>();
    let (xx, xy, yy) = (sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y));
    if points.len() < 2 || xx <= 0.0 {
        return None;
    }
    let slope = xy / xx;
    let r_squared = if yy > 0.0 { (xy * xy / (xx * yy)).min(1.0) } else { 0.0 };
    Some(Line { slope, intercept: y_mean - slope * x_mean, r_squared, points: points.len() })
}

/// The middle value; of an even number, the mean of the two in the middle.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_through_points() {
        let check = |points: &[(f64, f64)], expected: Option<(f64, f64, f64)>| {
            let found = line(points).map(|line| (line.slope, line.intercept, line.r_squared));
            let near = match (found, expected) {
                (Some(found), Some(expected)) => {
                    [found.0 - expected.0, found.1 - expected.1, found.2 - expected.2]
                        .iter()
                        .all(|off| off.abs() < 1e-3)
                }
                (found, expected) => found == expected,
            };
            assert!(near, "{points:?}: {found:?}");
        };
        check(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)], Some((2.0, 1.0, 1.0)));
        check(&[(0.0, 1.0), (1.0, 1.0)], Some((0.0, 1.0, 0.0)));
        check(&[(0.0, 0.0), (1.0, 1.0), (2.0, 0.0)], Some((0.0, 0.3333, 0.0)));
        check(&[(1.0, 1.0), (1.0, 2.0)], None);
        check(&[(1.0, 1.0)], None);
        check(&[], None);
    }

    #[test]
    fn the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }
}

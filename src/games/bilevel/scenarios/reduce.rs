//! Scenario reduction by the Kantorovich distance.
//!
//! The distance between the distribution over all scenarios and one over those kept is the minimum cost of moving the
//! probability of the former to the latter. If each removed scenario is assigned to the nearest kept one, it is sum
//! over all of p_k * min over kept of |x_k - x_j|. Fast forward selection successively keeps the scenario that lowers
//! it most; backward reduction successively removes the one that raises it least.
//!
//! Source: H. Heitsch and W. Römisch, Scenario reduction algorithms in stochastic programming, Computational
//! Optimization and Applications 24, 2003.

/// The scenarios kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduced {
    /// Their indices, in order of selection (forward) or ascending (backward).
    pub kept: Vec<usize>,
    /// Probability of each, including that of the scenarios assigned to it.
    pub probabilities: Vec<f64>,
    /// Kantorovich distance from the full set, in the unit of the distances.
    pub distance: f64,
}

/// Euclidean distances of all pairs, over all values of a scenario.
pub fn distances(points: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let distance =
        |a: &Vec<f64>, b: &Vec<f64>| a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
    points.iter().map(|a| points.iter().map(|b| distance(a, b)).collect()).collect()
}

impl Reduced {
    /// Optimal distribution over `kept`, which must not be empty: each removed scenario is assigned to the nearest one,
    /// the first of equals.
    pub fn to(kept: Vec<usize>, distances: &[Vec<f64>], probabilities: &[f64]) -> Self {
        let mut sums = vec![0.0; kept.len()];
        let mut distance = 0.0;
        for (k, p) in probabilities.iter().enumerate() {
            let near = (0..kept.len())
                .fold(0, |best, j| if distances[k][kept[j]] < distances[k][kept[best]] { j } else { best });
            sums[near] += p;
            distance += p * distances[k][kept[near]];
        }
        Self { kept, probabilities: sums, distance }
    }
}

/// Fast forward selection of `count` scenarios, or of all if there are fewer.
pub fn forward(distances: &[Vec<f64>], probabilities: &[f64], count: usize) -> Reduced {
    let n = probabilities.len();
    let mut kept: Vec<usize> = Vec::new();
    // Distance of each scenario to the nearest kept so far.
    let mut near = vec![f64::INFINITY; n];
    while kept.len() < count.clamp(1, n) {
        let cost = |u: usize| -> f64 {
            let term = |k: usize| probabilities[k] * near[k].min(distances[k][u]);
            (0..n).map(term).sum()
        };
        let free = (0..n).filter(|u| !kept.contains(u)).map(|u| (cost(u), u));
        let Some((_, best)) = free.reduce(|best, next| if next.0 < best.0 { next } else { best }) else {
            break;
        };
        kept.push(best);
        near.iter_mut().enumerate().for_each(|(k, distance)| *distance = distance.min(distances[k][best]));
    }
    Reduced::to(kept, distances, probabilities)
}

/// Backward reduction to `count` scenarios (at least one).
pub fn backward(distances: &[Vec<f64>], probabilities: &[f64], count: usize) -> Reduced {
    let n = probabilities.len();
    let mut kept: Vec<usize> = (0..n).collect();
    while kept.len() > count.max(1) {
        let cost = |left_out: usize| -> f64 {
            let nearest = |k: usize| {
                let others = kept.iter().filter(|j| **j != left_out).map(|j| distances[k][*j]);
                others.fold(f64::INFINITY, f64::min)
            };
            (0..n).map(|k| probabilities[k] * nearest(k)).sum()
        };
        let all = kept.iter().map(|u| (cost(*u), *u));
        let Some((_, worst)) = all.reduce(|best, next| if next.0 < best.0 { next } else { best }) else {
            break;
        };
        kept.retain(|u| *u != worst);
    }
    Reduced::to(kept, distances, probabilities)
}

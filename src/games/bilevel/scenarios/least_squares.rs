//! Non-linear least squares by the method of Levenberg and Marquardt.

/// Maximum number of steps; more than a fit needs.
const MOST_STEPS: usize = 200;
/// The fit ends after a step that lowers the sum of squares by less than this fraction.
const LEAST_GAIN: f64 = 1e-14;
/// Step width of the difference quotients for parameters of about 1: the cube root of the rounding error.
const WIDTH: f64 = 6e-6;

/// Parameters near `start` with the least sum of squares of `residuals`, whose number must be the same at each call.
/// Damping follows D. W. Marquardt (An algorithm for least-squares estimation of nonlinear parameters, 1963), with
/// central differences.
pub fn least_squares(start: Vec<f64>, residuals: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
    let mut at = start;
    let mut rest = residuals(&at);
    let mut sum = squares(&rest);
    let mut damping = 1e-3;
    for _ in 0..MOST_STEPS {
        let slopes: Vec<Vec<f64>> = (0..at.len())
            .map(|k| {
                let width = WIDTH * at[k].abs().max(1.0);
                let shifted = |by: f64| {
                    let mut point = at.clone();
                    point[k] += by;
                    residuals(&point)
                };
                let (above, below) = (shifted(width), shifted(-width));
                above.iter().zip(&below).map(|(a, b)| (a - b) / (2.0 * width)).collect()
            })
            .collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        let gradient: Vec<f64> = slopes.iter().map(|slope| -dot(slope, &rest)).collect();
        let normal: Vec<Vec<f64>> =
            slopes.iter().map(|a| slopes.iter().map(|b| dot(a, b)).collect()).collect();
        let mut gain = 0.0;
        // Damping this large leaves the point unchanged.
        while damping < 1e12 {
            let mut system = normal.clone();
            for (k, row) in system.iter_mut().enumerate() {
                row[k] += damping * row[k].max(f64::MIN_POSITIVE);
            }
            let step = cholesky(&system).map(|lower| solve(&lower, &gradient));
            let point: Option<Vec<f64>> =
                step.map(|step| at.iter().zip(step).map(|(x, by)| x + by).collect());
            if let Some(point) = point {
                let next = residuals(&point);
                let lower = squares(&next);
                if lower < sum {
                    gain = sum - lower;
                    (at, rest, sum) = (point, next, lower);
                    damping = (damping / 10.0).max(1e-12);
                    break;
                }
            }
            damping *= 10.0;
        }
        if gain <= LEAST_GAIN * sum {
            break;
        }
    }
    at
}

fn squares(residuals: &[f64]) -> f64 {
    residuals.iter().map(|e| e * e).sum()
}

/// Lower triangle L with L L' = `matrix`; `None` if it is not positive definite.
pub fn cholesky(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let n = matrix.len();
    let mut lower = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let rest = matrix[i][j] - dot;
            lower[i][j] = if i == j {
                if rest.is_nan() || rest <= 0.0 {
                    return None;
                }
                rest.sqrt()
            } else {
                rest / lower[j][j]
            };
        }
    }
    Some(lower)
}

/// The solution of L L' x = `right`.
fn solve(lower: &[Vec<f64>], right: &[f64]) -> Vec<f64> {
    let n = right.len();
    let mut x = right.to_vec();
    for i in 0..n {
        let dot: f64 = (0..i).map(|k| lower[i][k] * x[k]).sum();
        x[i] = (x[i] - dot) / lower[i][i];
    }
    for i in (0..n).rev() {
        let dot: f64 = (i + 1..n).map(|k| lower[k][i] * x[k]).sum();
        x[i] = (x[i] - dot) / lower[i][i];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Valley of Rosenbrock (1960): the minimum is 0 at (1, 1), along a curved valley from the usual start.
    #[test]
    fn a_bent_valley_is_followed_to_its_end() {
        let least = least_squares(vec![-1.2, 1.0], |x| vec![10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]]);
        assert!((least[0] - 1.0).abs() < 1e-7 && (least[1] - 1.0).abs() < 1e-7, "{least:?}");
    }

    #[test]
    fn a_triangle_squared_is_the_matrix() {
        let matrix = [vec![4.0, 2.0, -1.0], vec![2.0, 5.0, 0.5], vec![-1.0, 0.5, 3.0]];
        let lower = cholesky(&matrix).unwrap();
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| lower[i][k] * lower[j][k]).sum();
                assert!((product - matrix[i][j]).abs() < 1e-14);
            }
        }
        assert!(cholesky(&[vec![1.0, 2.0], vec![2.0, 1.0]]).is_none());
    }
}

//! Adam: gradient steps with an adaptive step size per parameter.
//!
//! Source: Kingma, Ba, ICLR 2015, algorithm 1, with its constants.

use super::bytes::{Corrupt, Reader, Writer};

/// Decay rates of the running means of gradients and of their squares; `EPSILON` keeps the division finite.
const BETA: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

/// Moments of all parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Adam {
    /// Running mean of the gradients.
    pub mean: Vec<f64>,
    /// Running mean of the squared gradients.
    pub square: Vec<f64>,
    /// Number of steps taken.
    pub steps: u64,
}

impl Adam {
    /// Creates the state before the first step.
    pub fn new(parameters: usize) -> Self {
        Self { mean: vec![0.0; parameters], square: vec![0.0; parameters], steps: 0 }
    }

    /// Takes one step against the gradient.
    pub fn step(&mut self, rate: f64, gradient: &[f64], parameters: &mut [f64]) {
        self.steps += 1;
        // Beyond 10^5 steps the corrections vanish; the cap ensures that the exponent fits.
        let steps = self.steps.min(1 << 20) as i32;
        let [one, two] = BETA.map(|beta| 1.0 - beta.powi(steps));
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((p, g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *m += (1.0 - BETA[0]) * (g - *m);
            *v += (1.0 - BETA[1]) * (g * g - *v);
            *p -= rate * (*m / one) / ((*v / two).sqrt() + EPSILON);
        }
    }

    /// Writes the moments and the number of steps.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.steps);
        out.numbers(&self.mean);
        out.numbers(&self.square);
    }

    /// Reads the moments and the number of steps for the same number of parameters.
    ///
    /// # Errors
    /// If the bytes are truncated, or belong to a different number of parameters.
    pub fn load(&mut self, from: &mut Reader<'_>) -> Result<(), Corrupt> {
        self.steps = from.count()?;
        from.numbers_into(&mut self.mean)?;
        from.numbers_into(&mut self.square)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_steps_are_those_of_the_paper_on_paper() {
        let (mut adam, mut p) = (Adam::new(1), [1.0]);
        // First step: both corrections cancel the decay: rate * g / |g|.
        adam.step(0.1, &[4.0], &mut p);
        assert!((p[0] - 0.9).abs() < 1e-9, "{p:?}");
        // Second, g = -2: m = (0.9 * 0.4 - 0.2) / 0.19, v = (0.999 * 0.016 + 0.004) / 0.001999.
        adam.step(0.1, &[-2.0], &mut p);
        let (m, v) = (0.16 / 0.19, (0.999 * 0.016 + 0.004) / 0.001_999_f64);
        assert!((p[0] - (0.9 - 0.1 * m / v.sqrt())).abs() < 1e-9, "{p:?}");
    }

    #[test]
    fn a_bowl_is_walked_down() {
        let (mut adam, mut p) = (Adam::new(2), [3.0, -2.0]);
        for _ in 0..3_000 {
            let gradient = [2.0 * (p[0] - 1.0), 200.0 * (p[1] - 0.5)];
            adam.step(0.01, &gradient, &mut p);
        }
        assert!((p[0] - 1.0).abs() < 1e-3 && (p[1] - 0.5).abs() < 1e-3, "{p:?}");
    }
}

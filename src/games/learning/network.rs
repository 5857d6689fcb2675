//! A dense action-value network: leaky rectified hidden layers, a plain or a dueling head, hand-written gradients.
//!
//! All parameters are in one flat array, so that optimiser, target network and file need no structure; a [`Workspace`]
//! stores the intermediate results of a pass, so that no pass allocates.
//!
//! Sources: Maas, Hannun, Ng, ICML 2013 (leaky rectifiers: an inactive unit still learns; with rewards as noisy as
//! those of markets, plain ones become permanently inactive, and values no longer depend on the observation); He et
//! al., ICCV 2015 (initial weights); Wang et al., ICML 2016 (dueling head: the value of the state plus each action's
//! advantage over the mean); Tavakoli, Pardo, Kormushev, AAAI 2018 (branches: an action is a tuple of choices, and its
//! value the sum of their values).

use rand::RngExt as _;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

/// Slope of a unit for inputs below 0.
const LEAK: f64 = 0.05;

/// Shape of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Number of features of an observation.
    pub inputs: usize,
    /// Number of units of each hidden layer.
    pub hidden: Vec<usize>,
    /// Number of actions.
    pub actions: usize,
    /// Whether values are composed of a state value plus advantages.
    pub dueling: bool,
    /// Number of choices that make up an action, each with the same number of alternatives: with two, the value of an
    /// action is the sum of two values.
    pub branches: usize,
}

impl Shape {
    /// Number of alternatives of each choice.
    pub fn size(&self) -> usize {
        (self.actions as f64).powf(1.0 / self.branches as f64).round() as usize
    }

    /// Whether the number of actions matches complete tuples of choices.
    pub fn is_whole(&self) -> bool {
        self.branches >= 1
            && u32::try_from(self.branches).is_ok_and(|n| self.size().checked_pow(n) == Some(self.actions))
    }

    /// Number of units of the last layer: one per alternative, plus one for the state if dueling.
    fn outputs(&self) -> usize {
        self.branches * self.size() + usize::from(self.dueling)
    }

    /// Units of the last layer whose sum is the value of an action, excluding that of the state.
    fn units(&self, action: usize) -> impl Iterator<Item = usize> {
        let (size, branches, mut rest) = (self.size(), self.branches, action);
        // The last choice varies fastest.
        (0..branches).rev().map(move |branch| {
            let choice = rest % size;
            rest /= size;
            branch * size + choice
        })
    }

    /// Widths from the input to the last layer.
    fn widths(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::once(self.inputs).chain(self.hidden.iter().copied()).chain([self.outputs()])
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        let widths: Vec<usize> = self.widths().collect();
        widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
    }
}

/// Position of a layer in the parameters: weights `[input][output]`, then a bias per output.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Layer {
    inputs: usize,
    outputs: usize,
    first: usize,
}

impl Layer {
    fn weights(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.inputs * self.outputs
    }

    fn biases(&self) -> std::ops::Range<usize> {
        let end = self.weights().end;
        end..end + self.outputs
    }
}

/// A network with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    shape: Shape,
    layers: Vec<Layer>,
    /// Units that make up the value of each action, action by action.
    units: Vec<usize>,
    /// All weights and biases, layer by layer.
    pub parameters: Vec<f64>,
}

/// Buffers and results of passes.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    batch: usize,
    /// Inputs of each layer and the outputs of the last, row by row.
    activations: Vec<Vec<f64>>,
    /// Values of the actions, row by row.
    pub values: Vec<f64>,
    /// Derivatives with respect to the outputs of a layer, and to its inputs.
    outer: Vec<f64>,
    inner: Vec<f64>,
}

impl Network {
    /// Creates a network with uniformly drawn weights of variance 2 divided by the number of inputs; biases are 0.
    pub fn new(shape: Shape, random: &mut Pcg64) -> Self {
        let mut network = Self::zero(shape);
        for layer in &network.layers {
            let most = (6.0 / layer.inputs.max(1) as f64).sqrt();
            for weight in &mut network.parameters[layer.weights()] {
                *weight = random.random_range(-most..most);
            }
        }
        network
    }

    /// Creates a network whose parameters are all 0.
    pub fn zero(shape: Shape) -> Self {
        let widths: Vec<usize> = shape.widths().collect();
        let mut first = 0;
        let layers = widths
            .windows(2)
            .map(|pair| {
                let layer = Layer { inputs: pair[0], outputs: pair[1], first };
                first += (pair[0] + 1) * pair[1];
                layer
            })
            .collect();
        let units = (0..shape.actions).flat_map(|action| shape.units(action)).collect();
        Self { parameters: vec![0.0; shape.parameters()], layers, units, shape }
    }

    /// Shape of the network.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Computes the values of all actions for each observation in `inputs`, row by row, into [`Workspace::values`].
    pub fn forward(&self, inputs: &[f64], work: &mut Workspace) {
        let batch = inputs.len() / self.shape.inputs.max(1);
        work.batch = batch;
        work.activations.resize_with(self.layers.len() + 1, Vec::new);
        work.activations[0].clear();
        work.activations[0].extend_from_slice(inputs);
        for (l, layer) in self.layers.iter().enumerate() {
            let (before, after) = work.activations.split_at_mut(l + 1);
            let (from, to) = (&before[l], &mut after[0]);
            let (weights, biases) = (&self.parameters[layer.weights()], &self.parameters[layer.biases()]);
            to.clear();
            for row in from.chunks_exact(layer.inputs) {
                let start = to.len();
                to.extend_from_slice(biases);
                let out = &mut to[start..];
                for (&x, weights) in row.iter().zip(weights.chunks_exact(layer.outputs)) {
                    out.iter_mut().zip(weights).for_each(|(out, w)| *out += x * w);
                }
                if l + 1 < self.layers.len() {
                    out.iter_mut().for_each(|out| *out = out.max(LEAK * *out));
                }
            }
        }
        let raw = &work.activations[self.layers.len()];
        work.values.clear();
        for row in raw.chunks_exact(self.shape.outputs()) {
            let (state, alternatives) = row.split_at(usize::from(self.shape.dueling));
            // All choices have the same number of alternatives, so one mean suffices for their sum.
            let mean = alternatives.iter().sum::<f64>() / self.shape.size() as f64;
            let base = state.first().map_or(0.0, |state| state - mean);
            let units = self.units.chunks_exact(self.shape.branches);
            work.values
                .extend(units.map(|units| base + units.iter().map(|&unit| alternatives[unit]).sum::<f64>()));
        }
    }

    /// Computes the derivatives of a loss with respect to all parameters into `gradient`, from those with respect to
    /// the values of the last [`forward`](Self::forward) pass with this workspace.
    pub fn backward(&self, by_values: &[f64], work: &mut Workspace, gradient: &mut [f64]) {
        gradient.fill(0.0);
        work.outer.clear();
        for row in by_values.chunks_exact(self.shape.actions) {
            let start = work.outer.len();
            work.outer.resize(start + self.shape.outputs(), 0.0);
            let (state, alternatives) = work.outer[start..].split_at_mut(usize::from(self.shape.dueling));
            for (units, &d) in self.units.chunks_exact(self.shape.branches).zip(row) {
                // Most actions of a batch were not taken.
                if d != 0.0 {
                    units.iter().for_each(|&unit| alternatives[unit] += d);
                }
            }
            if let Some(state) = state.first_mut() {
                *state = row.iter().sum::<f64>();
                let mean = *state / self.shape.size() as f64;
                alternatives.iter_mut().for_each(|d| *d -= mean);
            }
        }
        for (l, layer) in self.layers.iter().enumerate().rev() {
            let (weights, from) = (&self.parameters[layer.weights()], &work.activations[l]);
            work.inner.clear();
            work.inner.resize(work.batch * layer.inputs, 0.0);
            for sample in 0..work.batch {
                let outer = &work.outer[sample * layer.outputs..(sample + 1) * layer.outputs];
                let inputs = sample * layer.inputs..(sample + 1) * layer.inputs;
                let of_weights = gradient[layer.weights()].chunks_exact_mut(layer.outputs);
                let of_inputs = from[inputs.clone()].iter().zip(&mut work.inner[inputs]);
                for ((of_weights, weights), (&x, inner)) in
                    of_weights.zip(weights.chunks_exact(layer.outputs)).zip(of_inputs)
                {
                    of_weights.iter_mut().zip(outer).for_each(|(g, d)| *g += x * d);
                    if l > 0 {
                        *inner = dot(weights, outer) * if x > 0.0 { 1.0 } else { LEAK };
                    }
                }
                gradient[layer.biases()].iter_mut().zip(outer).for_each(|(g, d)| *g += d);
            }
            std::mem::swap(&mut work.outer, &mut work.inner);
        }
    }
}

/// Inner product in four parallel partial sums.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(x, y)| x * y).sum();
    let mut sums = [0.0; 4];
    for (x, y) in a4.zip(b4) {
        for k in 0..4 {
            sums[k] += x[k] * y[k];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};

    fn random() -> Pcg64 {
        Streams { seed: 5, replication: 0 }.stream(Purpose::Policy, 0)
    }

    /// A loss that depends on every value: weighted sum of squared values.
    fn loss(network: &Network, inputs: &[f64], work: &mut Workspace) -> f64 {
        network.forward(inputs, work);
        work.values.iter().enumerate().map(|(i, v)| (0.3 + i as f64 % 5.0) * v * v).sum()
    }

    #[test]
    fn gradients_are_those_of_finite_differences() {
        for (dueling, branches) in [(false, 1), (true, 1), (false, 2), (true, 2)] {
            let mut random = random();
            let shape = Shape { inputs: 3, hidden: vec![7, 5, 6], actions: 9, dueling, branches };
            assert!(shape.is_whole());
            let mut network = Network::new(shape, &mut random);
            // Errors in biases would go undetected if they were 0.
            network.parameters.iter_mut().for_each(|p| *p += random.random_range(-0.1..0.1));
            let inputs: Vec<f64> = (0..12).map(|_| random.random_range(-1.0..1.0)).collect();
            let mut work = Workspace::default();
            loss(&network, &inputs, &mut work);
            let by_values: Vec<f64> =
                work.values.iter().enumerate().map(|(i, v)| 2.0 * (0.3 + i as f64 % 5.0) * v).collect();
            let mut gradient = vec![f64::NAN; network.parameters.len()];
            network.backward(&by_values, &mut work, &mut gradient);
            let scale = gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
            let step = 1e-6;
            let mut other = work.clone();
            for (i, &computed) in gradient.iter().enumerate() {
                let at = |by: f64, other: &mut Workspace| {
                    let mut moved = network.clone();
                    moved.parameters[i] += by;
                    loss(&moved, &inputs, other)
                };
                let difference = (at(step, &mut other) - at(-step, &mut other)) / (2.0 * step);
                assert!((difference - computed).abs() < 1e-6 * scale, "{i}: {difference} {computed}");
            }
        }
    }

    #[test]
    fn advantages_have_mean_zero_around_the_value() {
        let shape = Shape { inputs: 1, hidden: Vec::new(), actions: 3, dueling: true, branches: 1 };
        let mut network = Network::zero(shape);
        // One input x: value x, advantages 3x, 0, 0, and biases 0, 0, 0, 6.
        network.parameters.copy_from_slice(&[1.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 6.0]);
        let mut work = Workspace::default();
        network.forward(&[2.0, -1.0], &mut work);
        // x = 2: value 2, advantages 6, 0, 6 of mean 4; x = -1: value -1, advantages -3, 0, 6 of mean 1.
        assert_eq!(work.values, [4.0, -2.0, 4.0, -5.0, -2.0, 4.0]);
    }

    #[test]
    fn values_of_pairs_are_sums() {
        let shape = Shape { inputs: 1, hidden: Vec::new(), actions: 4, dueling: false, branches: 2 };
        assert!(!Shape { actions: 5, ..shape.clone() }.is_whole());
        let mut network = Network::zero(shape.clone());
        // No weights; alternatives have the values 1 or 2, and 10 or 30.
        network.parameters[4..].copy_from_slice(&[1.0, 2.0, 10.0, 30.0]);
        let mut work = Workspace::default();
        network.forward(&[7.0], &mut work);
        assert_eq!(work.values, [11.0, 31.0, 12.0, 32.0]);
        // Dueling around a value of 5: each alternative minus the mean of its choice.
        let mut network = Network::zero(Shape { dueling: true, ..shape });
        network.parameters[5..].copy_from_slice(&[5.0, 1.0, 2.0, 10.0, 30.0]);
        network.forward(&[7.0], &mut work);
        assert_eq!(work.values, [-5.5, 14.5, -4.5, 15.5]);
    }

    #[test]
    fn rows_do_not_touch_each_other() {
        let shape = Shape { inputs: 2, hidden: vec![4], actions: 3, dueling: false, branches: 1 };
        let network = Network::new(shape, &mut random());
        let mut work = Workspace::default();
        network.forward(&[0.1, 0.2, -0.5, 0.7], &mut work);
        let both = work.values.clone();
        network.forward(&[-0.5, 0.7], &mut work);
        assert_eq!(work.values, both[3..]);
    }
}

//! Direct policy learning for problems in which the reward of every action is known afterwards: a network assigns each
//! action a preference, the policy samples from their softmax, and the preferences follow the gradient of the policy's
//! mean reward.
//!
//! The gradient is exact for each transition because no exploration is needed, and an action that the policy rarely
//! takes has little effect on it. Values learned by regression lack this property if rewards are noisy: they spend
//! their accuracy on the actions with the highest variance, the risky ones. A decreasing multiple of the policy's
//! entropy is added to the reward, so that the policy settles late. Later effects of an action are ignored.
//!
//! Sources: Sutton, McAllester, Singh, Mansour, NIPS 1999 (policy gradient; here with the sum over all actions instead
//! of a sample); Williams, Peng, Connection Science 3 (1991) (entropy).

use super::adam::Adam;
use super::bytes::{Corrupt, Reader, Writer};
use super::memory::{Batch, Memory};
use super::network::{Network, Shape, Workspace};
use super::{Agent, Transition, Values};
use rand_pcg::Pcg64;

/// Parameters of policy learning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolicySettings {
    /// Learning rate of Adam.
    pub rate: f64,
    /// Number of transitions in a batch.
    pub batch: usize,
    /// Capacity of the replay memory, in transitions.
    pub memory: usize,
    /// Number of transitions stored before the first fit, at least a batch.
    pub first_lesson: usize,
    /// Weight of one nat of entropy, in the unit of rewards; decreases with the learning rate.
    pub entropy: f64,
}

/// A policy with its optimiser and replay memory.
#[derive(Debug, Clone)]
pub struct Policy {
    settings: PolicySettings,
    values: Values,
    adam: Adam,
    memory: Memory,
    work: Work,
}

/// Scratch memory; not part of the state.
#[derive(Debug, Clone, Default)]
struct Work {
    batch: Batch,
    now: Workspace,
    by_values: Vec<f64>,
    climbs: Vec<f64>,
    rewards: Vec<f64>,
    gradient: Vec<f64>,
}

impl Policy {
    /// Creates an agent from an initial network.
    pub fn new(network: Network, settings: PolicySettings) -> Self {
        let parameters = network.parameters.len();
        Self {
            memory: Memory::new(
                network.shape().inputs,
                settings.memory.max(settings.batch).max(settings.first_lesson),
            ),
            adam: Adam::new(parameters),
            work: Work { gradient: vec![0.0; parameters], ..Work::default() },
            values: Values::Network(network),
            settings,
        }
    }
}

/// Actions that differ in one choice only, with the first alternative in all others. The softmax over tuples with
/// additive preferences and rewards is a product of one softmax per choice, so its gradient needs only these actions;
/// as the gradient of each sums to 0, the alternatives that they share are unaffected.
fn only(choice: usize, shape: &Shape) -> impl Iterator<Item = usize> + Clone + use<> {
    // The last choice varies fastest.
    let each = shape.size().pow((shape.branches - 1 - choice) as u32);
    (0..shape.size()).map(move |alternative| alternative * each)
}

/// Computes the softmax of preferences in place.
fn softmax(preferences: &mut [f64]) {
    let most = preferences.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    preferences.iter_mut().for_each(|p| *p = (*p - most).exp());
    let sum: f64 = preferences.iter().sum();
    preferences.iter_mut().for_each(|p| *p /= sum);
}

/// Mean of `rewards` plus `entropy` times the entropy under the softmax of `preferences`, which are replaced by its
/// derivatives.
fn climb(preferences: &mut [f64], rewards: &[f64], entropy: f64) -> f64 {
    softmax(preferences);
    // An action of probability 0 contributes nothing; the bound keeps its logarithm finite.
    let worth = |reward: f64, chance: f64| reward - entropy * chance.max(f64::MIN_POSITIVE).ln();
    let mean: f64 = preferences.iter().zip(rewards).map(|(&chance, &r)| chance * worth(r, chance)).sum();
    for (chance, &reward) in preferences.iter_mut().zip(rewards) {
        *chance *= worth(reward, *chance) - mean;
    }
    mean
}

impl Agent for Policy {
    fn values(&self) -> &Values {
        &self.values
    }

    fn learn(&mut self, step: &Transition<'_>, rate: f64, random: &mut Pcg64) -> Option<f64> {
        self.memory.push(step);
        if self.memory.len() < self.settings.first_lesson.max(self.settings.batch) {
            return None;
        }
        let Values::Network(network) = &mut self.values else { return None };
        let Work { batch, now, by_values, climbs, rewards, gradient } = &mut self.work;
        self.memory.sample(self.settings.batch, random, batch);
        network.forward(&batch.before, now);
        let shape = network.shape();
        by_values.clear();
        by_values.resize(now.values.len(), 0.0);
        let share = 1.0 / batch.action.len() as f64;
        let entropy = rate * self.settings.entropy;
        let rows = now.values.chunks_exact(shape.actions).zip(by_values.chunks_exact_mut(shape.actions));
        let mut loss = 0.0;
        for (row, (preferred, by_values)) in rows.enumerate() {
            let reward = batch.reward(row);
            for choice in 0..shape.branches {
                let only = only(choice, shape);
                climbs.clear();
                climbs.extend(only.clone().map(|action| preferred[action]));
                rewards.clear();
                rewards.extend(only.clone().map(|action| reward.of(action)));
                loss -= share * climb(climbs, rewards, entropy);
                // The optimiser minimises.
                only.zip(&*climbs).for_each(|(action, climb)| by_values[action] -= share * climb);
            }
        }
        network.backward(by_values, now, gradient);
        self.adam.step(rate * self.settings.rate, gradient, &mut network.parameters);
        Some(loss)
    }

    fn save(&self, out: &mut Writer) {
        self.adam.save(out);
        self.memory.save(out);
    }

    fn load(&mut self, from: &mut Reader<'_>) -> Result<(), Corrupt> {
        self.values.load(from)?;
        self.adam.load(from)?;
        self.memory.load(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::Reward;
    use gridfleet_core::rng::{Purpose, Streams};

    #[test]
    fn a_climb_is_the_gradient_of_the_mean() {
        let (preferences, rewards) = ([0.3, -1.0, 0.8, 0.0], [2.0, -3.0, 1.0, 0.5]);
        for entropy in [0.0, 0.7] {
            let mut climbs = preferences;
            let mean = climb(&mut climbs, &rewards, entropy);
            // The mean computed independently: rewards minus log probabilities, by hand.
            let sum: f64 = preferences.iter().map(|p: &f64| p.exp()).sum();
            let by_hand: f64 = (0..4)
                .map(|a| preferences[a].exp() / sum * (rewards[a] - entropy * (preferences[a] - sum.ln())))
                .sum();
            assert!((mean - by_hand).abs() < 1e-12, "{mean} {by_hand}");
            for a in 0..4 {
                let at = |by: f64| {
                    let mut moved = preferences;
                    moved[a] += by;
                    climb(&mut moved, &rewards, entropy)
                };
                let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((climbs[a] - difference).abs() < 1e-8, "{a}: {} {difference}", climbs[a]);
            }
        }
    }

    #[test]
    fn preferences_beyond_all_numbers_stay_finite() {
        let mut climbs = [1e4, -1e4, 0.0];
        let mean = climb(&mut climbs, &[0.0, 1.0, 2.0], 0.1);
        assert!(mean.abs() < 1e-9 && climbs.iter().all(|d| d.is_finite()), "{mean} {climbs:?}");
    }

    /// Over all nine pairs at once, or choice by choice: the gradient of the network must be the same.
    #[test]
    fn choices_one_by_one_are_pairs_all_at_once() {
        let shape = Shape { inputs: 2, hidden: vec![4], actions: 9, dueling: false, branches: 2 };
        let mut random = Streams { seed: 3, replication: 0 }.stream(Purpose::Policy, 0);
        let network = Network::new(shape.clone(), &mut random);
        let alternatives = [0.5, -1.0, 2.0, 0.1, 0.7, -0.4];
        let reward = Reward::All { alternatives: &alternatives, branches: 2 };
        let rewards: Vec<f64> = (0..9).map(|action| reward.of(action)).collect();
        let mut work = Workspace::default();
        network.forward(&[0.3, -0.8], &mut work);
        let mut pairs = work.values.clone();
        climb(&mut pairs, &rewards, 0.2);
        let mut singly = vec![0.0; 9];
        for choice in 0..2 {
            let actions: Vec<usize> = only(choice, &shape).collect();
            let mut climbs: Vec<f64> = actions.iter().map(|&action| work.values[action]).collect();
            let rewards: Vec<f64> = actions.iter().map(|&action| rewards[action]).collect();
            climb(&mut climbs, &rewards, 0.2);
            actions.iter().zip(climbs).for_each(|(&action, climb)| singly[action] += climb);
        }
        let mut gradients = [pairs, singly].map(|by_values| {
            let mut gradient = vec![0.0; network.parameters.len()];
            let mut work = work.clone();
            network.backward(&by_values, &mut work, &mut gradient);
            gradient
        });
        let [a, b] = &mut gradients;
        assert!(a.iter().zip(b.iter()).all(|(a, b)| (a - b).abs() < 1e-12), "{a:?} {b:?}");
        assert!(a.iter().any(|g| g.abs() > 1e-3));
    }
}

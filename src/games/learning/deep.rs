//! Deep Q-networks: a network fitted, batch by batch, to the rewards of sampled transitions plus the next-state value
//! of a slowly updated target network. Errors may be clipped, so that a few large rewards do not dominate a fit.
//!
//! Sources: Mnih et al., Nature 518 (2015); van Hasselt, Guez, Silver, AAAI 2016 (double: the network chooses the next
//! action, the target network values it); Wang et al., ICML 2016 (dueling); Lillicrap et al., ICLR 2016 (soft target
//! updates).

use super::adam::Adam;
use super::bytes::{Corrupt, Reader, Writer};
use super::memory::{Batch, Memory};
use super::network::{Network, Workspace};
use super::{Agent, Transition, Values, best};
use rand_pcg::Pcg64;

/// Parameters of a deep Q-network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeepSettings {
    /// Whether the network chooses the next action that the target network values.
    pub double: bool,
    /// Discount factor per step.
    pub discount: f64,
    /// Learning rate of Adam.
    pub rate: f64,
    /// Number of transitions in a batch.
    pub batch: usize,
    /// Capacity of the replay memory, in transitions.
    pub memory: usize,
    /// Number of transitions stored before the first fit, at least a batch.
    pub first_lesson: usize,
    /// Errors are clipped to this value when the network is fitted; infinite for no clipping.
    pub clip: f64,
    /// Fraction by which the target network moves towards the network at each step (0..1).
    pub soft_update: f64,
}

/// A deep Q-network with its target network, optimiser and replay memory.
#[derive(Debug, Clone)]
pub struct Deep {
    settings: DeepSettings,
    values: Values,
    target: Network,
    adam: Adam,
    memory: Memory,
    work: Work,
}

/// Scratch memory; not part of the state.
#[derive(Debug, Clone, Default)]
struct Work {
    batch: Batch,
    now: Workspace,
    then: Workspace,
    later: Vec<f64>,
    by_values: Vec<f64>,
    gradient: Vec<f64>,
}

impl Deep {
    /// Creates an agent from an initial network.
    pub fn new(network: Network, settings: DeepSettings) -> Self {
        let parameters = network.parameters.len();
        Self {
            memory: Memory::new(
                network.shape().inputs,
                settings.memory.max(settings.batch).max(settings.first_lesson),
            ),
            adam: Adam::new(parameters),
            target: network.clone(),
            work: Work { gradient: vec![0.0; parameters], ..Work::default() },
            values: Values::Network(network),
            settings,
        }
    }
}

/// Computes the next-state value of each transition of the batch in `work` into `work.later`.
fn later(settings: &DeepSettings, network: &Network, target: &Network, work: &mut Work) {
    let Work { batch, now, then, later, .. } = work;
    later.clear();
    later.resize(batch.action.len(), 0.0);
    if settings.discount == 0.0 {
        return;
    }
    let actions = network.shape().actions;
    target.forward(&batch.after, then);
    if settings.double {
        network.forward(&batch.after, now);
    }
    let chooser = if settings.double { &now.values } else { &then.values };
    let rows = chooser.chunks_exact(actions).zip(then.values.chunks_exact(actions));
    for ((later, terminal), (chooser, valued)) in later.iter_mut().zip(&batch.terminal).zip(rows) {
        if !terminal {
            *later = settings.discount * valued[best(chooser)];
        }
    }
}

impl Agent for Deep {
    fn values(&self) -> &Values {
        &self.values
    }

    fn learn(&mut self, step: &Transition<'_>, rate: f64, random: &mut Pcg64) -> Option<f64> {
        self.memory.push(step);
        if self.memory.len() < self.settings.first_lesson.max(self.settings.batch) {
            return None;
        }
        let Values::Network(network) = &mut self.values else { return None };
        self.memory.sample(self.settings.batch, random, &mut self.work.batch);
        later(&self.settings, network, &self.target, &mut self.work);
        let settings = &self.settings;
        let Work { batch, now, later, by_values, gradient, .. } = &mut self.work;
        let (count, actions) = (batch.action.len(), network.shape().actions);
        network.forward(&batch.before, now);
        by_values.clear();
        by_values.resize(count * actions, 0.0);
        let mut loss = 0.0;
        for (row, (&done, later)) in batch.action.iter().zip(later).enumerate() {
            let reward = batch.reward(row);
            let known = reward.known_actions(done, actions);
            let share = 1.0 / (count * known.len()) as f64;
            for action in known {
                let error = now.values[row * actions + action] - (reward.of(action) + *later);
                loss += share * error * error;
                by_values[row * actions + action] = 2.0 * share * error.clamp(-settings.clip, settings.clip);
            }
        }
        network.backward(by_values, now, gradient);
        self.adam.step(rate * self.settings.rate, gradient, &mut network.parameters);
        follow(&mut self.target.parameters, &network.parameters, self.settings.soft_update);
        Some(loss)
    }

    fn save(&self, out: &mut Writer) {
        out.numbers(&self.target.parameters);
        self.adam.save(out);
        self.memory.save(out);
    }

    fn load(&mut self, from: &mut Reader<'_>) -> Result<(), Corrupt> {
        self.values.load(from)?;
        from.numbers_into(&mut self.target.parameters)?;
        self.adam.load(from)?;
        self.memory.load(from)
    }
}

/// Moves each parameter of a copy towards its original by the fraction `by`.
fn follow(copy: &mut [f64], original: &[f64], by: f64) {
    copy.iter_mut().zip(original).for_each(|(copy, original)| *copy += by * (original - *copy));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::network::Shape;
    use crate::learning::{Reward, Seen};
    use gridfleet_core::rng::{Purpose, Streams};

    #[test]
    fn the_copy_follows_geometrically() {
        let mut copy = [0.0, 4.0];
        (0..3).for_each(|_| follow(&mut copy, &[1.0, 4.0], 0.5));
        assert_eq!(copy, [0.875, 4.0]);
        follow(&mut copy, &[2.0, -1.0], 1.0);
        assert_eq!(copy, [2.0, -1.0]);
    }

    /// A linear network on one observation: its values are its biases, so targets can be computed by hand.
    fn aimed(double: bool, terminal: bool) -> f64 {
        let shape = Shape { inputs: 1, hidden: Vec::new(), actions: 2, dueling: false, branches: 1 };
        let mut network = Network::zero(shape);
        network.parameters.copy_from_slice(&[0.0, 0.0, 3.0, 1.0]);
        let settings = DeepSettings {
            double,
            discount: 0.5,
            rate: 0.0,
            batch: 1,
            memory: 1,
            first_lesson: 0,
            clip: f64::INFINITY,
            soft_update: 0.0,
        };
        let mut agent = Deep::new(network.clone(), settings);
        // The target network has the opposite preference.
        agent.target.parameters.copy_from_slice(&[0.0, 0.0, 10.0, 20.0]);
        let seen = Seen { features: &[1.0], cell: 0 };
        agent.memory.push(&Transition {
            before: seen,
            action: 0,
            reward: Reward::Done(7.0),
            after: seen,
            next_action: 0,
            terminal,
        });
        let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Policy, 0);
        agent.memory.sample(1, &mut random, &mut agent.work.batch);
        later(&agent.settings, &network, &agent.target, &mut agent.work);
        agent.work.batch.reward(0).of(0) + agent.work.later[0]
    }

    #[test]
    fn aims_are_those_on_paper() {
        // The best action of the target network has the value 20; the network's best action is the first, which the
        // target network values at 10.
        assert_eq!(aimed(false, false), 7.0 + 0.5 * 20.0);
        assert_eq!(aimed(true, false), 7.0 + 0.5 * 10.0);
        assert_eq!((aimed(true, true), aimed(false, true)), (7.0, 7.0));
    }
}

//! Replay memory: the latest transitions, from which batches are sampled at random.
//!
//! Source: Mnih et al., Nature 518 (2015): experience replay.

use super::bytes::{Corrupt, Reader, Writer};
use super::{Reward, Transition};
use rand::RngExt as _;
use rand_pcg::Pcg64;

/// A ring buffer of transitions in flat columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    inputs: usize,
    capacity: usize,
    /// Index of the next write.
    next: usize,
    before: Vec<f64>,
    after: Vec<f64>,
    action: Vec<u32>,
    /// Number of choices whose alternatives all have known rewards; 0 if only the reward of the action taken is known.
    branches: usize,
    /// Known rewards, the same number per transition.
    reward: Vec<f64>,
    terminal: Vec<bool>,
}

/// Transitions sampled from a memory, row by row.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Observations before the actions.
    pub before: Vec<f64>,
    /// Observations after the actions.
    pub after: Vec<f64>,
    /// Actions taken.
    pub action: Vec<usize>,
    /// Whether the transition is terminal.
    pub terminal: Vec<bool>,
    branches: usize,
    reward: Vec<f64>,
}

impl Batch {
    /// Known reward of a row.
    pub fn reward(&self, row: usize) -> Reward<'_> {
        let width = self.reward.len() / self.action.len();
        match (&self.reward[row * width..(row + 1) * width], self.branches) {
            (done, 0) => Reward::Done(done[0]),
            (alternatives, branches) => Reward::All { alternatives, branches },
        }
    }
}

impl Memory {
    /// Creates a memory for `capacity` transitions with observations of `inputs` numbers.
    pub fn new(inputs: usize, capacity: usize) -> Self {
        Self {
            inputs,
            capacity: capacity.max(1),
            next: 0,
            before: Vec::new(),
            after: Vec::new(),
            action: Vec::new(),
            branches: 0,
            reward: Vec::new(),
            terminal: Vec::new(),
        }
    }

    /// Number of transitions stored.
    pub fn len(&self) -> usize {
        self.action.len()
    }

    /// Whether the memory is empty.
    pub fn is_empty(&self) -> bool {
        self.action.is_empty()
    }

    /// Adds a transition; replaces the oldest if the memory is full.
    pub fn push(&mut self, step: &Transition<'_>) {
        let (n, at) = (self.inputs, self.next);
        debug_assert!(step.before.features.len() == n && step.after.features.len() == n);
        let (known, branches): (&[f64], usize) = match &step.reward {
            Reward::Done(reward) => (std::slice::from_ref(reward), 0),
            Reward::All { alternatives, branches } => (alternatives, *branches),
        };
        self.branches = branches;
        if self.len() < self.capacity {
            self.before.extend_from_slice(step.before.features);
            self.after.extend_from_slice(step.after.features);
            self.action.push(step.action as u32);
            self.reward.extend_from_slice(known);
            self.terminal.push(step.terminal);
        } else {
            self.before[at * n..(at + 1) * n].copy_from_slice(step.before.features);
            self.after[at * n..(at + 1) * n].copy_from_slice(step.after.features);
            self.action[at] = step.action as u32;
            self.reward[at * known.len()..(at + 1) * known.len()].copy_from_slice(known);
            self.terminal[at] = step.terminal;
        }
        self.next = (at + 1) % self.capacity;
    }

    /// Samples `count` transitions uniformly with replacement.
    pub fn sample(&self, count: usize, random: &mut Pcg64, batch: &mut Batch) {
        let n = self.inputs;
        batch.before.clear();
        batch.after.clear();
        batch.action.clear();
        batch.branches = self.branches;
        batch.reward.clear();
        batch.terminal.clear();
        let width = self.reward.len() / self.len().max(1);
        for _ in 0..count {
            let i = random.random_range(0..self.len());
            batch.before.extend_from_slice(&self.before[i * n..(i + 1) * n]);
            batch.after.extend_from_slice(&self.after[i * n..(i + 1) * n]);
            batch.action.push(self.action[i] as usize);
            batch.reward.extend_from_slice(&self.reward[i * width..(i + 1) * width]);
            batch.terminal.push(self.terminal[i]);
        }
    }

    /// Writes the complete state.
    pub fn save(&self, out: &mut Writer) {
        out.count(self.next as u64);
        out.counts(self.action.iter().map(|&action| u64::from(action)));
        out.counts(self.terminal.iter().map(|&terminal| u64::from(terminal)));
        out.count(self.branches as u64);
        out.numbers(&self.reward);
        out.numbers(&self.before);
        out.numbers(&self.after);
    }

    /// Reads the output of [`save`](Self::save) into a memory of the same size.
    ///
    /// # Errors
    /// If the bytes are not the state of such a memory.
    pub fn load(&mut self, from: &mut Reader<'_>) -> Result<(), Corrupt> {
        self.next = usize::try_from(from.count()?).map_err(|_| Corrupt)?;
        self.action = from.counts()?.into_iter().map(|action| action as u32).collect();
        self.terminal = from.counts()?.into_iter().map(|terminal| terminal != 0).collect();
        self.branches = usize::try_from(from.count()?).map_err(|_| Corrupt)?;
        self.reward = from.numbers()?;
        self.before = from.numbers()?;
        self.after = from.numbers()?;
        let held = self.len();
        let rows = held * self.inputs;
        let fits = held <= self.capacity
            && self.next < self.capacity
            && (held == self.capacity || self.next == held)
            && self.terminal.len() == held
            && self.tells_alike(held)
            && self.before.len() == rows
            && self.after.len() == rows;
        if fits { Ok(()) } else { Err(Corrupt) }
    }

    /// Whether each of `held` transitions has the same number of known rewards.
    fn tells_alike(&self, held: usize) -> bool {
        match self.branches {
            0 => self.reward.len() == held,
            branches => {
                held > 0
                    && branches <= 2
                    && self.reward.len().is_multiple_of(held * branches)
                    && !self.reward.is_empty()
            }
        }
    }
}

/// A test transition with observations of one number.
#[cfg(test)]
fn step(value: &[f64; 2]) -> Transition<'_> {
    use super::Seen;
    Transition {
        before: Seen { features: &value[..1], cell: 0 },
        action: value[0] as usize,
        reward: Reward::Done(value[1]),
        after: Seen { features: &value[1..], cell: 0 },
        next_action: 0,
        terminal: value[0] as usize % 2 == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};

    #[test]
    fn the_latest_are_kept_whole_and_drawn_alike() {
        let mut memory = Memory::new(1, 5);
        for i in 0..8 {
            memory.push(&step(&[f64::from(i), f64::from(i) + 0.5]));
        }
        assert_eq!(memory.len(), 5);
        let mut random = Streams { seed: 2, replication: 0 }.stream(Purpose::Policy, 0);
        let (mut batch, draws) = (Batch::default(), 5_000);
        memory.sample(draws, &mut random, &mut batch);
        let mut counts = [0_u32; 8];
        for i in 0..draws {
            let action = batch.action[i];
            counts[action] += 1;
            assert_eq!((batch.before[i], batch.after[i]), (action as f64, action as f64 + 0.5));
            assert_eq!(batch.reward(i), Reward::Done(action as f64 + 0.5));
            assert_eq!(batch.terminal[i], action % 2 == 1);
        }
        assert_eq!(counts[..3], [0; 3]);
        // Five counts of about 1,000 each, with a standard deviation of 28.
        assert!(counts[3..].iter().all(|&count| count.abs_diff(1_000) < 113), "{counts:?}");
    }

    #[test]
    fn it_comes_back_from_its_bytes_and_not_from_fewer() {
        for pushed in [0, 3, 7] {
            let mut memory = Memory::new(1, 5);
            (0..pushed).for_each(|i| memory.push(&step(&[f64::from(i), 0.25])));
            let mut writer = Writer::default();
            memory.save(&mut writer);
            let mut other = Memory::new(1, 5);
            assert_eq!(other.load(&mut Reader::new(&writer.bytes)), Ok(()));
            assert_eq!(other, memory);
            assert_eq!(Memory::new(2, 5).load(&mut Reader::new(&writer.bytes)).is_err(), pushed > 0);
            let short = &writer.bytes[..writer.bytes.len() - 8];
            assert!(Memory::new(1, 5).load(&mut Reader::new(short)).is_err());
        }
    }
}

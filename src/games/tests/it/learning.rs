//! Tests of learning with known solutions: agents against value iteration on a small decision process, and against the
//! best choices if the rewards of all actions are known.

use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_games::learning::network::Workspace;
use gridfleet_games::learning::{AgentKind, AgentSpec, Exploration, Reward, Seen, Space, Transition};
use rand::RngExt as _;
use rand_pcg::Pcg64;

const STATES: usize = 6;
const ACTIONS: usize = 3;
const DISCOUNT: f64 = 0.8;
/// Probability of termination after any step.
const END: f64 = 0.05;

/// Rewards and transition probabilities of each state and action, drawn once.
struct Process {
    reward: Vec<[f64; ACTIONS]>,
    chance: Vec<[[f64; STATES]; ACTIONS]>,
}

impl Process {
    fn new(seed: u64) -> Self {
        let mut random = Streams { seed, replication: 0 }.stream(Purpose::Synthesis, 0);
        let reward = (0..STATES).map(|_| std::array::from_fn(|_| random.random_range(-1.0..1.0))).collect();
        let mut row = || {
            let weights: [f64; STATES] = std::array::from_fn(|_| random.random::<f64>().powi(4));
            weights.map(|w| w / weights.iter().sum::<f64>())
        };
        let chance = (0..STATES).map(|_| std::array::from_fn(|_| row())).collect();
        Self { reward, chance }
    }

    /// Value of taking `action` in `state`, if the next states have the values `values`.
    fn worth(&self, state: usize, action: usize, values: &[f64; STATES]) -> f64 {
        let later: f64 = self.chance[state][action].iter().zip(values).map(|(p, v)| p * v).sum();
        self.reward[state][action] + DISCOUNT * (1.0 - END) * later
    }

    /// Value iteration to rounding accuracy: values of the states under `policy`, or under the optimal policy.
    fn values(&self, policy: Option<&[usize; STATES]>) -> [f64; STATES] {
        let mut values = [0.0; STATES];
        for _ in 0..400 {
            values = std::array::from_fn(|s| match policy {
                Some(policy) => self.worth(s, policy[s], &values),
                None => self.best(s, &values),
            });
        }
        values
    }

    fn best(&self, state: usize, values: &[f64; STATES]) -> f64 {
        (0..ACTIONS).map(|a| self.worth(state, a, values)).fold(f64::MIN, f64::max)
    }

    /// Values of the best action in each state if later actions are random with probability `epsilon`.
    fn exploring(&self, epsilon: f64) -> [f64; STATES] {
        let mut values = [0.0; STATES];
        for _ in 0..400 {
            values = std::array::from_fn(|s| {
                let any = (0..ACTIONS).map(|a| self.worth(s, a, &values)).sum::<f64>() / ACTIONS as f64;
                (1.0 - epsilon) * self.best(s, &values) + epsilon * any
            });
        }
        std::array::from_fn(|s| self.best(s, &values))
    }

    fn step(&self, state: usize, action: usize, random: &mut Pcg64) -> (f64, usize, bool) {
        // Rewards are noisy, as in markets.
        let reward = self.reward[state][action] + random.random_range(-0.5..0.5);
        let mut left: f64 = random.random();
        let next = self.chance[state][action].iter().position(|p| {
            left -= p;
            left < 0.0
        });
        (reward, next.unwrap_or(STATES - 1), random.random::<f64>() < END)
    }
}

/// One-hot observations.
fn seen(state: usize) -> Seen<'static> {
    const UNITS: [[f64; STATES]; STATES] = {
        let mut units = [[0.0; STATES]; STATES];
        let mut i = 0;
        while i < STATES {
            units[i][i] = 1.0;
            i += 1;
        }
        units
    };
    Seen { features: &UNITS[state], cell: state }
}

/// Loss of the greedy policy relative to the optimum in its worst state, and error of the best values; both as a
/// fraction of the range of the optimal values.
fn losses(kind: AgentKind, seed: u64, steps: u64) -> (f64, f64) {
    let process = Process::new(seed);
    let spec = AgentSpec {
        kind,
        discount: DISCOUNT,
        learning_rate_left: 0.01,
        epsilon: [1.0, 0.05],
        fit_every: 1_000,
        ..AgentSpec::default()
    };
    let streams = Streams { seed, replication: 0 }.of(Purpose::Policy);
    let space = Space { features: STATES, cells: STATES, actions: ACTIONS };
    let mut agent = spec.build(space, &mut streams.stream(u64::MAX));
    let exploration = Exploration { epsilon: spec.epsilon, steps: steps / 2 };
    let mut work = Workspace::default();
    let mut state = 0;
    let mut action = 0;
    for i in 0..steps {
        let mut random = streams.stream(i);
        let (reward, next, terminal) = process.step(state, action, &mut random);
        let after = if terminal { random.random_range(0..STATES) } else { next };
        let next_action = exploration.choose(i, agent.values(), seen(after), ACTIONS, &mut work, &mut random);
        let transition = Transition {
            before: seen(state),
            action,
            reward: Reward::Done(reward),
            after: seen(after),
            next_action,
            terminal,
        };
        let rate = 1.0 - 0.99 * i as f64 / steps as f64;
        agent.learn(&transition, rate, &mut random);
        (state, action) = (after, next_action);
    }
    let best = process.values(None);
    let policy = std::array::from_fn(|s| agent.values().greedy(seen(s), &mut work));
    let reached = process.values(Some(&policy));
    let range = best.iter().copied().fold(f64::MIN, f64::max) - best.iter().copied().fold(f64::MAX, f64::min);
    // SARSA values the actions taken, including exploration.
    let right = if kind == AgentKind::Sarsa { process.exploring(spec.epsilon[1]) } else { best };
    let mut loss = (0.0_f64, 0.0_f64);
    for s in 0..STATES {
        let learned = agent.values().of(seen(s), &mut work).iter().copied().fold(f64::MIN, f64::max);
        loss = (loss.0.max((best[s] - reached[s]) / range), loss.1.max((right[s] - learned).abs() / range));
    }
    loss
}

/// Seeds of three processes in which the best action is better than the second by a tenth of the range of values in
/// each state, and in which a myopic or constant policy loses at least that much somewhere: no agent is right by
/// chance, and none is wrong by noise alone.
fn processes() -> Vec<u64> {
    let telling = |&seed: &u64| {
        let process = Process::new(seed);
        let best = process.values(None);
        let range =
            best.iter().copied().fold(f64::MIN, f64::max) - best.iter().copied().fold(f64::MAX, f64::min);
        let decided = (0..STATES).all(|s| {
            let mut worth: [f64; ACTIONS] = std::array::from_fn(|a| process.worth(s, a, &best));
            worth.sort_by(f64::total_cmp);
            worth[ACTIONS - 1] - worth[ACTIONS - 2] > 0.1 * range
        });
        let loses = |policy: [usize; STATES]| {
            let reached = process.values(Some(&policy));
            best.iter().zip(reached).any(|(b, r)| b - r > 0.1 * range)
        };
        let myopic = std::array::from_fn(|s| gridfleet_games::learning::best(&process.reward[s]));
        decided && loses(myopic) && (0..ACTIONS).all(|a| loses([a; STATES]))
    };
    (1..).filter(telling).take(3).collect()
}

/// Tolerances: in every state, the value of the policy reached is at least the optimum minus 2 % of the range of
/// optimal values; the values of the best actions are accurate to 10 % of the range.
#[test]
fn every_agent_reaches_the_optimum_of_small_processes() {
    for kind in AgentKind::OF_VALUES {
        let steps = match kind {
            AgentKind::QLearning | AgentKind::Sarsa | AgentKind::FittedQ => 60_000,
            _ => 20_000,
        };
        for seed in processes() {
            let (policy, error) = losses(kind, seed, steps);
            println!("{:20} process {seed}: policy loses {policy:.4}, values off by {error:.4}", kind.name());
            assert!(policy < 0.02, "{}, process {seed}: {policy}", kind.name());
            assert!(error < 0.1, "{}, process {seed}: {error}", kind.name());
        }
    }
}

/// Number of alternatives of each of two choices; `NOISE` is the noise of a reward, compared with a difference of 0.3
/// between alternatives.
const SIZE: usize = 4;
const NOISE: f64 = 3.0;

/// Value of an alternative in a state: the best alternative of the first choice is the index of the state, that of the
/// second counts down.
fn worth(state: usize, choice: usize, alternative: usize) -> f64 {
    let best = if choice == 0 { state % SIZE } else { SIZE - 1 - state % SIZE };
    // The first alternative is risky: its value follows the same rule, but its reward is ten times as noisy.
    -0.3 * alternative.abs_diff(best) as f64
}

/// Fraction of states in which each choice is right after `steps` steps with known rewards of all actions.
fn right(spec: &AgentSpec, steps: u64) -> f64 {
    let streams = Streams { seed: 9, replication: 0 }.of(Purpose::Policy);
    let space = Space { features: STATES, cells: STATES, actions: SIZE * SIZE };
    let mut agent = spec.build(space, &mut streams.stream(u64::MAX));
    for i in 0..steps {
        let mut random = streams.stream(i);
        let (state, next) = (random.random_range(0..STATES), random.random_range(0..STATES));
        let mut alternatives = [0.0; 2 * SIZE];
        for (place, reward) in alternatives.iter_mut().enumerate() {
            let (choice, alternative) = (place / SIZE, place % SIZE);
            let noise = if alternative == 0 { NOISE } else { NOISE / 10.0 };
            *reward = worth(state, choice, alternative) + noise * random.random_range(-1.0..1.0);
        }
        let reward = Reward::All { alternatives: &alternatives, branches: 2 };
        // The action taken is irrelevant and therefore constant.
        let transition = Transition {
            before: seen(state),
            action: 5,
            reward,
            after: seen(next),
            next_action: 5,
            terminal: false,
        };
        agent.learn(&transition, 1.0 - 0.95 * i as f64 / steps as f64, &mut random);
    }
    let mut work = Workspace::default();
    let best = |state: usize| (state % SIZE) * SIZE + SIZE - 1 - state % SIZE;
    (0..STATES).filter(|&state| agent.values().greedy(seen(state), &mut work) == best(state)).count() as f64
        / STATES as f64
}

/// An agent with known rewards of all actions finds the best one of each state without ever taking it.
#[test]
fn agents_with_all_rewards_find_the_best_actions_without_taking_them() {
    for kind in AgentKind::OF_VALUES.into_iter().chain([AgentKind::Policy]) {
        for branches in [1, 2] {
            let spec = AgentSpec {
                kind,
                discount: 0.0,
                branches,
                learning_rate: (kind == AgentKind::Policy).then_some(0.003),
                fit_every: 1_000,
                ..AgentSpec::default()
            };
            let share = right(&spec, 20_000);
            println!("{:20} {branches} branches: {share:.2} of states right", kind.name());
            assert_eq!(share, 1.0, "{}, {branches} branches", kind.name());
        }
    }
    // Before its first fit a table contains nothing: the result above is not correct from the start.
    let spec =
        AgentSpec { kind: AgentKind::FittedQ, discount: 0.0, fit_every: 1_000, ..AgentSpec::default() };
    assert!(right(&spec, 500) < 1.0);
}

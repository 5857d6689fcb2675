//! AC power flow in a radial feeder by backward and forward sweeps.
//!
//! D. Shirmohammadi and others, A compensation-based power flow method for weakly meshed distribution and transmission
//! networks, IEEE Transactions on Power Systems 3 (2), 1988, for a radial network: load currents at the present
//! voltages are summed towards the source, then voltage drops along the branches follow from these currents, and so on.
//! Loads have constant power; shunts follow the squared voltage.

use super::feeder::Feeder;

/// Voltages and losses.
#[derive(Debug, Clone, PartialEq)]
pub struct Solved {
    /// By bus: voltage magnitude, in per unit.
    pub voltage: Vec<f64>,
    /// By bus: voltage angle relative to the source [radians].
    pub angle: Vec<f64>,
    /// Active power lost in the branches, in MW.
    pub losses_mw: f64,
    /// Reactive power lost in the branches, in Mvar.
    pub losses_mvar: f64,
    /// Active power that leaves the source, in MW.
    pub source_mw: f64,
    /// Number of rounds of two sweeps.
    pub rounds: usize,
}

/// Sweeps continue until no voltage changes by more than this, in per unit.
const ENOUGH: f64 = 1e-13;
/// Maximum number of rounds; feeders far from voltage collapse need ten.
const MOST_ROUNDS: usize = 1_000;

/// A complex number: real and imaginary part.
type Complex = (f64, f64);

fn plus(a: Complex, b: Complex) -> Complex {
    (a.0 + b.0, a.1 + b.1)
}

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// A solver that reuses its memory for many power flows of one feeder, and stores the last solution.
#[derive(Debug, Clone)]
pub struct Sweep {
    voltage: Vec<Complex>,
    /// By bus: current through the branch that feeds it, in per unit; at the source, the total current that leaves it.
    current: Vec<Complex>,
}

impl Sweep {
    /// Creates a solver for `feeder`.
    pub fn new(feeder: &Feeder) -> Self {
        let buses = feeder.buses().len();
        Self { voltage: vec![(feeder.source_voltage(), 0.0); buses], current: vec![(0.0, 0.0); buses] }
    }

    /// Solves for the loads of all buses without shunts: active in MW and reactive in Mvar. Returns the number of
    /// rounds of two sweeps; `None` if the sweeps do not converge, for example if the feeder cannot carry the loads.
    /// Each solution starts from the same voltages, so equal loads have equal solutions, independent of earlier calls.
    ///
    /// # Panics
    /// If there is not one load for each bus, or `feeder` has more buses than the one the solver was created for.
    pub fn solve(&mut self, feeder: &Feeder, active_mw: &[f64], reactive_mvar: &[f64]) -> Option<usize> {
        let buses = feeder.buses().len();
        assert!(active_mw.len() == buses && reactive_mvar.len() == buses, "one load for each bus");
        let base = feeder.base_mva();
        let Self { voltage, current } = self;
        voltage.fill((feeder.source_voltage(), 0.0));
        for rounds in 1..=MOST_ROUNDS {
            for (bus, data) in feeder.buses().iter().enumerate() {
                let (re, im) = voltage[bus];
                let squared = re * re + im * im;
                // The conjugate of power over voltage, and the shunt current.
                let load = (
                    (active_mw[bus] * re + reactive_mvar[bus] * im) / squared,
                    (active_mw[bus] * im - reactive_mvar[bus] * re) / squared,
                );
                let earth = times((data.shunt_mw, data.shunt_mvar), (re, im));
                let (re, im) = plus(load, earth);
                current[bus] = (re / base, im / base);
            }
            for &bus in feeder.order().iter().rev() {
                if let Some((_, before)) = feeder.feed(bus) {
                    current[before] = plus(current[before], current[bus]);
                }
            }
            let mut moved = 0.0f64;
            for &bus in feeder.order() {
                let Some((branch, before)) = feeder.feed(bus) else { continue };
                let branch = &feeder.branches()[branch];
                let fall = times((branch.r, branch.x), current[bus]);
                let new = (voltage[before].0 - fall.0, voltage[before].1 - fall.1);
                let far = (new.0 - voltage[bus].0).abs().max((new.1 - voltage[bus].1).abs());
                // NaN does not count as convergence.
                moved = if far.is_nan() { f64::INFINITY } else { moved.max(far) };
                voltage[bus] = new;
            }
            if !moved.is_finite() {
                return None;
            }
            if moved <= ENOUGH {
                return Some(rounds);
            }
        }
        None
    }

    /// Voltage magnitude at a bus, in per unit.
    pub fn voltage(&self, bus: usize) -> f64 {
        self.voltage[bus].0.hypot(self.voltage[bus].1)
    }

    /// Voltage angle at a bus relative to the source [radians].
    pub fn angle(&self, bus: usize) -> f64 {
        self.voltage[bus].1.atan2(self.voltage[bus].0)
    }

    /// Power lost in the branches: active in MW and reactive in Mvar.
    pub fn losses(&self, feeder: &Feeder) -> (f64, f64) {
        let (mut active, mut reactive) = (0.0, 0.0);
        for (bus, current) in self.current.iter().enumerate() {
            if let Some((branch, _)) = feeder.feed(bus) {
                let branch = &feeder.branches()[branch];
                let squared = current.0.powi(2) + current.1.powi(2);
                active += branch.r * squared * feeder.base_mva();
                reactive += branch.x * squared * feeder.base_mva();
            }
        }
        (active, reactive)
    }

    /// Active power that leaves the source, in MW, including the load of the source bus.
    pub fn source_mw(&self, feeder: &Feeder) -> f64 {
        let (at, through) = (self.voltage[feeder.source()], self.current[feeder.source()]);
        (at.0 * through.0 + at.1 * through.1) * feeder.base_mva()
    }

    /// Apparent power through the branch that feeds `bus`, at the end with the larger value, in MVA; 0 at the source.
    pub fn flow_mva(&self, feeder: &Feeder, bus: usize) -> f64 {
        let Some((_, before)) = feeder.feed(bus) else { return 0.0 };
        let current = self.current[bus].0.hypot(self.current[bus].1);
        self.voltage(bus).max(self.voltage(before)) * current * feeder.base_mva()
    }
}

/// Solves for the loads of all buses without shunts: active in MW and reactive in Mvar. `None` if the sweeps do not
/// converge, for example if the feeder cannot carry the loads.
///
/// # Panics
/// If there is not one load for each bus.
pub fn solve(feeder: &Feeder, active_mw: &[f64], reactive_mvar: &[f64]) -> Option<Solved> {
    let mut sweep = Sweep::new(feeder);
    let rounds = sweep.solve(feeder, active_mw, reactive_mvar)?;
    let buses = 0..feeder.buses().len();
    let (losses_mw, losses_mvar) = sweep.losses(feeder);
    Some(Solved {
        voltage: buses.clone().map(|bus| sweep.voltage(bus)).collect(),
        angle: buses.map(|bus| sweep.angle(bus)).collect(),
        losses_mw,
        losses_mvar,
        source_mw: sweep.source_mw(feeder),
        rounds,
    })
}

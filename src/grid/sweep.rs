//! The power flow of alternating current in a radial feeder, by backward and forward sweeps.
//!
//! D. Shirmohammadi and others, A compensation-based power flow method for weakly meshed distribution and transmission
//! networks, IEEE Transactions on Power Systems 3 (2), 1988, for a radial network: currents of the loads at the present
//! voltages are added up towards the source, then voltages fall along the branches by these currents, and so on. Loads keep
//! their power whatever the voltage; what goes to earth follows the squared voltage.

use super::feeder::Feeder;

/// Voltages and losses.
#[derive(Debug, Clone, PartialEq)]
pub struct Solved {
    /// By bus: size of the voltage, in per unit.
    pub voltage: Vec<f64>,
    /// By bus: angle of the voltage against the source [radians].
    pub angle: Vec<f64>,
    /// Active power lost in the branches, in MW.
    pub losses_mw: f64,
    /// Reactive power lost in the branches, in Mvar.
    pub losses_mvar: f64,
    /// Active power that leaves the source, in MW.
    pub source_mw: f64,
    /// Rounds of two sweeps.
    pub rounds: usize,
}

/// Sweeps go on until no voltage moves by more than this, in per unit.
const ENOUGH: f64 = 1e-13;
/// Most rounds; feeders far from collapse need ten.
const MOST_ROUNDS: usize = 1_000;

/// A complex number: real and imaginary part.
type Complex = (f64, f64);

fn plus(a: Complex, b: Complex) -> Complex {
    (a.0 + b.0, a.1 + b.1)
}

fn times(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// Solves for loads of all buses without what goes to earth: active in MW and reactive in Mvar. None if the sweeps do not
/// come to rest, as when the feeder cannot carry the loads.
///
/// # Panics
/// If there is not one load for each bus.
pub fn solve(feeder: &Feeder, active_mw: &[f64], reactive_mvar: &[f64]) -> Option<Solved> {
    let buses = feeder.buses().len();
    assert!(active_mw.len() == buses && reactive_mvar.len() == buses, "one load for each bus");
    let base = feeder.base_mva();
    let mut voltage: Vec<Complex> = vec![(feeder.source_voltage(), 0.0); buses];
    let mut current: Vec<Complex>;
    let mut rounds = 0;
    loop {
        rounds += 1;
        current = (0..buses)
            .map(|bus| {
                let (re, im) = voltage[bus];
                let squared = re * re + im * im;
                // The conjugate of power over voltage, and the current to earth.
                let load = (
                    (active_mw[bus] * re + reactive_mvar[bus] * im) / squared,
                    (active_mw[bus] * im - reactive_mvar[bus] * re) / squared,
                );
                let earth = times((feeder.buses()[bus].shunt_mw, feeder.buses()[bus].shunt_mvar), (re, im));
                let (re, im) = plus(load, earth);
                (re / base, im / base)
            })
            .collect();
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
            moved = moved.max((new.0 - voltage[bus].0).abs()).max((new.1 - voltage[bus].1).abs());
            voltage[bus] = new;
        }
        if !moved.is_finite() || rounds == MOST_ROUNDS {
            return None;
        }
        if moved <= ENOUGH {
            break;
        }
    }
    let (mut losses_mw, mut losses_mvar) = (0.0, 0.0);
    for (bus, current) in current.iter().enumerate() {
        if let Some((branch, _)) = feeder.feed(bus) {
            let branch = &feeder.branches()[branch];
            let squared = current.0.powi(2) + current.1.powi(2);
            losses_mw += branch.r * squared * base;
            losses_mvar += branch.x * squared * base;
        }
    }
    let (at, through) = (voltage[feeder.source()], current[feeder.source()]);
    Some(Solved {
        voltage: voltage.iter().map(|(re, im)| re.hypot(*im)).collect(),
        angle: voltage.iter().map(|(re, im)| im.atan2(*re)).collect(),
        losses_mw,
        losses_mvar,
        source_mw: (at.0 * through.0 + at.1 * through.1) * base,
        rounds,
    })
}

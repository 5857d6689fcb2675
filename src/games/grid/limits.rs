//! Operating limits of a feeder: voltages between limits, and flows within a polygon inscribed in the limit's circle;
//! and the headroom for additional loads.

use super::feeder::Feeder;
use super::linear::{Flow, drops_per_mw};
use std::f64::consts::PI;

/// Limits of a feeder's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Minimum and maximum voltage, in per unit.
    pub voltage: [f64; 2],
    /// Sides of the polygon within which active and reactive flow of a branch must stay. It is inscribed in the circle
    /// of the branch's limit, so the circle is respected as well: with 12 sides up to 3.4 % of the limit remains
    /// unused.
    pub sides: usize,
}

impl Default for Limits {
    /// 0.95 to 1.05 per unit, as in European and American distribution (EN 50160 allows 0.9 to 1.1, ANSI C84.1 range A
    /// 0.95 to 1.05), and 12 sides (assumed).
    fn default() -> Self {
        Self { voltage: [0.95, 1.05], sides: 12 }
    }
}

/// One limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Minimum voltage of a bus.
    Low(usize),
    /// Maximum voltage of a bus.
    High(usize),
    /// A side of the polygon of the branch that feeds a bus.
    Branch {
        /// The bus that the branch feeds.
        bus: usize,
        /// The side.
        side: usize,
    },
}

/// A violated limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breach {
    /// The violated limit.
    pub limit: Limit,
    /// Violation, in per unit of voltage or MVA.
    pub by: f64,
}

/// Headroom of a limit for additional loads.
#[derive(Debug, Clone, PartialEq)]
pub struct Room {
    /// The limit.
    pub limit: Limit,
    /// Use of the limit by one MW at each of the requested buses, in squared per unit or MVA.
    pub per_mw: Vec<f64>,
    /// Available headroom, in the same unit.
    pub room: f64,
}

/// Breaches smaller than this count as rounding, in per unit or MVA.
const ROUNDING: f64 = 1e-7;

impl Limits {
    /// A side of a branch's polygon: weights of active and reactive flow, and the maximum of their weighted sum for a
    /// limit of 1 MVA.
    fn side(&self, side: usize) -> (f64, f64, f64) {
        let step = 2.0 * PI / self.sides as f64;
        let direction = step * side as f64;
        (direction.cos(), direction.sin(), (0.5 * step).cos())
    }

    /// All limits that `flow` violates, the worst of each kind first.
    pub fn breaches(&self, feeder: &Feeder, flow: &Flow) -> Vec<Breach> {
        let mut breaches = Vec::new();
        for bus in 0..feeder.buses().len() {
            // In the linear model a squared voltage can be negative.
            let voltage = flow.squared[bus].max(0.0).sqrt();
            breaches.push(Breach { limit: Limit::Low(bus), by: self.voltage[0] - voltage });
            breaches.push(Breach { limit: Limit::High(bus), by: voltage - self.voltage[1] });
            let Some((branch, _)) = feeder.feed(bus) else { continue };
            let limit = feeder.branches()[branch].limit_mva;
            if limit.is_finite() {
                for side in 0..self.sides {
                    let (a, b, most) = self.side(side);
                    let by = a * flow.active_mw[bus] + b * flow.reactive_mvar[bus] - most * limit;
                    breaches.push(Breach { limit: Limit::Branch { bus, side }, by });
                }
            }
        }
        breaches.retain(|breach| breach.by > ROUNDING || breach.by.is_nan());
        breaches.sort_by(|a, b| b.by.total_cmp(&a.by));
        breaches
    }

    /// Headroom for loads at `buses` in addition to `flow`, for each limit that they use at all. Active loads never
    /// raise a voltage or lower an active flow, so limits on the other side that `flow` satisfies remain satisfied.
    pub fn rooms(&self, feeder: &Feeder, flow: &Flow, buses: &[usize]) -> Vec<Room> {
        let mut rooms = Vec::new();
        let drops: Vec<Vec<f64>> = buses.iter().map(|&bus| drops_per_mw(feeder, bus)).collect();
        let mut below = vec![vec![false; buses.len()]; feeder.buses().len()];
        for (place, &bus) in buses.iter().enumerate() {
            feeder.path(bus).for_each(|(_, fed)| below[fed][place] = true);
        }
        for bus in 0..feeder.buses().len() {
            let per_mw: Vec<f64> = drops.iter().map(|drops| drops[bus]).collect();
            let room = flow.squared[bus] - self.voltage[0].powi(2);
            rooms.push(Room { limit: Limit::Low(bus), per_mw, room });
            let Some((branch, _)) = feeder.feed(bus) else { continue };
            let limit = feeder.branches()[branch].limit_mva;
            if limit.is_finite() {
                for side in 0..self.sides {
                    let (a, b, most) = self.side(side);
                    let per_mw = below[bus].iter().map(|below| if *below { a } else { 0.0 }).collect();
                    let used = a * flow.active_mw[bus] + b * flow.reactive_mvar[bus];
                    rooms.push(Room {
                        limit: Limit::Branch { bus, side },
                        per_mw,
                        room: most * limit - used,
                    });
                }
            }
        }
        // The weights of a limit have the same sign and differ only in magnitude.
        rooms.retain(|room| room.per_mw.iter().any(|weight| *weight > 1e-12));
        rooms
    }
}

impl Breach {
    /// Description of the breach, for example `bus 18 at 0.9412 p.u., 0.0088 below 0.95`.
    pub fn description(&self, feeder: &Feeder, limits: &Limits, flow: &Flow) -> String {
        let at = |bus: usize| {
            let voltage = flow.squared[bus].max(0.0).sqrt();
            format!("bus {} at {voltage:.4} p.u., {:.4}", feeder.buses()[bus].name, self.by)
        };
        match self.limit {
            Limit::Low(bus) => format!("{} below {}", at(bus), limits.voltage[0]),
            Limit::High(bus) => format!("{} above {}", at(bus), limits.voltage[1]),
            Limit::Branch { bus, .. } => {
                let branch = feeder.feed(bus).map_or(0, |(branch, _)| branch);
                format!(
                    "branch {} at {:.4} MW and {:.4} Mvar, {:.4} MVA beyond the polygon in {} MVA",
                    feeder.branch_name(branch),
                    flow.active_mw[bus],
                    flow.reactive_mvar[bus],
                    self.by,
                    feeder.branches()[branch].limit_mva,
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{baran_wu, flow};
    use super::*;

    /// With random loads, limits are kept exactly if the headroom permits it.
    #[test]
    fn rooms_say_what_breaches_say() {
        use rand::RngExt;
        let feeder = baran_wu().unwrap().with_source_voltage(1.03).unwrap();
        let mut branches = feeder.branches().to_vec();
        branches[5].limit_mva = 1.2;
        branches[24].limit_mva = 1.3;
        let feeder = Feeder::new(10.0, 0, 1.03, feeder.buses().to_vec(), branches).unwrap();
        let limits = Limits::default();
        let (p, q) = feeder.loads(0.8);
        let base = flow(&feeder, &p, &q);
        assert!(limits.breaches(&feeder, &base).is_empty());
        let buses = [17, 24, 32, 10];
        let rooms = limits.rooms(&feeder, &base, &buses);
        let mut random = gridfleet_core::rng::Streams { seed: 1, replication: 0 }
            .stream(gridfleet_core::rng::Purpose::Synthesis, 0);
        let (mut kept, mut broken) = (0, 0);
        for _ in 0..500 {
            let more: Vec<f64> = buses.iter().map(|_| random.random_range(0.0..0.4)).collect();
            let mut loads = p.clone();
            buses.iter().zip(&more).for_each(|(&bus, more)| loads[bus] += more);
            let mut found: Vec<Limit> = limits
                .breaches(&feeder, &flow(&feeder, &loads, &q))
                .iter()
                .map(|breach| breach.limit)
                .collect();
            found.sort();
            let used = |room: &Room| room.per_mw.iter().zip(&more).map(|(a, b)| a * b).sum::<f64>();
            let mut said: Vec<Limit> = rooms
                .iter()
                .filter(|room| used(room) > room.room + ROUNDING)
                .map(|room| room.limit)
                .collect();
            said.sort();
            assert_eq!(found, said);
            if found.is_empty() { kept += 1 } else { broken += 1 }
        }
        assert!(kept > 20 && broken > 20, "{kept} {broken}");
    }

    #[test]
    fn the_polygon_lies_within_the_circle() {
        let limits = Limits::default();
        let inside = |p: f64, q: f64| {
            (0..limits.sides).all(|side| {
                let (a, b, most) = limits.side(side);
                a * p + b * q <= most
            })
        };
        let mut most = 0.0f64;
        for i in 0..3600 {
            let angle = f64::from(i) * PI / 1800.0;
            assert!(!inside(1.0001 * angle.cos(), 1.0001 * angle.sin()));
            assert!(inside(0.9659 * angle.cos(), 0.9659 * angle.sin()));
            most = most.max(if inside(angle.cos() * 0.99999, angle.sin() * 0.99999) { 1.0 } else { 0.0 });
        }
        assert_eq!(most, 1.0, "corners touch the circle");
    }
}

//! Curtailment of the load requested at the buses of a feeder: shares that keep voltages and flows within their limits,
//! the same share for all buses affected by a limit.
//!
//! A violated limit affects the buses where a load has about its maximum effect on the limit: for an overloaded branch,
//! the buses below it; for a low voltage, those where a kW lowers it at least half as much as a kW at the bus itself,
//! which are those that share at least half of the path (resistance) to it. One factor for all buses of the feeder
//! would stop a street near the source because of a voltage at the far end that it hardly affects. The share of the
//! affected buses is reduced until the limit is kept: LinDistFlow, which neglects losses, curtails slightly too much;
//! between its share and the one that was too large, the exact power flow finds the share at which the limit is met. If
//! these buses have nothing left to curtail, all buses with any effect on the limit share the remaining reduction. If
//! several limits affect a bus, the strictest applies.
//!
//! A limit that is violated even without the requested load cannot be restored by curtailment: the affected buses get
//! nothing, and no other bus is curtailed for it. This is determined once, by one power flow. If there is no power flow
//! either without the requested load or with all of it, all shares are zero. Voltages that are too high are ignored:
//! less load does not lower them.

use super::feeder::Feeder;
use super::linear;
use super::sweep::Sweep;

/// A load counts as affected by a voltage limit if it lowers the voltage by at least this fraction of the effect of a
/// load at the bus itself (assumed: half of the path is shared).
const CONCERNED: f64 = 0.5;
/// A share is accepted when the margin of the limit is at most this, in per unit of voltage or as a fraction of a
/// branch's limit.
const ENOUGH: f64 = 1e-6;
/// Maximum number of power flows to find a share; about six suffice.
const MOST_TRIES: usize = 100;
/// Maximum number of cuts; each binding limit takes one or two.
const MOST_CUTS: usize = 1_000;
/// Factor on all shares if neither power flow indicates the required reduction.
const BACK_OFF: f64 = 0.8;

/// Computes shares; reuses its memory between calls.
#[derive(Debug, Clone)]
pub struct Curtailment {
    sweep: Sweep,
    active_mw: Vec<f64>,
    reactive_mvar: Vec<f64>,
    /// By bus: trial shares.
    tried: Vec<f64>,
    /// By bus: use of the current limit per unit of load, and whether the limit affects the bus.
    uses: Vec<(f64, bool)>,
    /// Limits that are violated regardless of the requested load.
    hopeless: Vec<Limit>,
    /// Whether the last trial loads have a power flow; `None` before the first.
    solved: Option<bool>,
    /// Number of power flows solved so far.
    power_flows: u64,
}

/// Requested and fixed loads, by bus.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Fixed active load, in MW.
    pub fixed_mw: &'a [f64],
    /// Fixed reactive load, in Mvar.
    pub fixed_mvar: &'a [f64],
    /// Requested additional active load, 0 or more, in MW.
    pub wanted_mw: &'a [f64],
    /// Reactive load per unit of requested active load, in Mvar per MW.
    pub mvar_per_mw: f64,
    /// Minimum voltage, in per unit.
    pub voltage_min: f64,
}

/// A limit, identified by its bus: of the bus voltage, or of the branch that feeds the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    Voltage(usize),
    Branch(usize),
}

/// A violated limit.
#[derive(Debug, Clone, Copy)]
struct Breach {
    limit: Limit,
    /// Violation, in squared per unit or in MVA.
    by: f64,
    /// Negative margin, as defined by [`Curtailment::margin`].
    margin: f64,
}

/// Rating of the branch that feeds a bus, in MVA; infinite without one, and at the source.
fn rating(feeder: &Feeder, bus: usize) -> f64 {
    feeder.feed(bus).map_or(f64::INFINITY, |(branch, _)| feeder.branches()[branch].limit_mva)
}

impl Curtailment {
    /// Creates a curtailment for `feeder`.
    pub fn new(feeder: &Feeder) -> Self {
        let buses = feeder.buses().len();
        Self {
            sweep: Sweep::new(feeder),
            active_mw: vec![0.0; buses],
            reactive_mvar: vec![0.0; buses],
            tried: vec![0.0; buses],
            uses: vec![(0.0, false); buses],
            hopeless: Vec::new(),
            solved: None,
            power_flows: 0,
        }
    }

    /// Power flows solved so far. Loads equal to those of the last one are not solved again.
    pub fn power_flows(&self) -> u64 {
        self.power_flows
    }

    /// Computes the share of the requested load that each bus can have (0..1).
    ///
    /// # Panics
    /// If there is not one load for each bus.
    pub fn shares(&mut self, feeder: &Feeder, asked: &Asked<'_>, shares: &mut Vec<f64>) {
        shares.clear();
        shares.resize(feeder.buses().len(), 0.0);
        self.hopeless.clear();
        let carried = self.solve(feeder, asked, shares);
        let mut hopeless = Vec::new();
        self.breaches(feeder, asked, |breach| hopeless.push(breach.limit));
        self.hopeless = hopeless;
        shares.fill(1.0);
        for i in 0..self.hopeless.len() {
            self.find_uses(feeder, asked, self.hopeless[i]);
            let concerned = shares.iter_mut().zip(&self.uses).filter(|(_, uses)| uses.1);
            concerned.for_each(|(share, _)| *share = 0.0);
        }
        for _ in 0..MOST_CUTS {
            let worst = self.worst(feeder, asked, shares);
            if !carried && self.solved == Some(false) {
                break;
            }
            let Some(breach) = worst else { return };
            if breach.by.is_infinite() {
                shares.iter_mut().for_each(|share| *share *= BACK_OFF);
                continue;
            }
            self.find_uses(feeder, asked, breach.limit);
            let used = |all: bool, uses: &[(f64, bool)]| -> f64 {
                let terms = uses.iter().zip(&*shares).zip(asked.wanted_mw);
                terms
                    .filter(|((uses, _), _)| all || uses.1)
                    .map(|((uses, share), mw)| uses.0 * share * mw)
                    .sum()
            };
            let concerned = used(false, &self.uses);
            let all = concerned <= 0.0;
            let used = if all { used(true, &self.uses) } else { concerned };
            if used <= 0.0 {
                // Less load does not help, for example if power flows back to the source.
                self.hopeless.push(breach.limit);
                continue;
            }
            let left = self.largest(feeder, asked, shares, breach.limit, all, 1.0 - breach.by / used);
            self.cut(shares, all, left);
        }
        // No power flow for any shares; or the maximum number of cuts is reached, which does not occur in practice.
        shares.fill(0.0);
    }

    /// Multiplies the shares of the buses affected by the current limit, or of all that have any effect on it, by
    /// `left`.
    fn cut(&self, shares: &mut [f64], all: bool, left: f64) {
        let concerned = shares.iter_mut().zip(&self.uses).filter(|(_, uses)| uses.0 > 0.0 && (all || uses.1));
        concerned.for_each(|(share, _)| *share *= left);
    }

    /// Largest factor on these shares, between 0 and 1, with which `limit` is kept; 0 if there is none. `guess` is
    /// expected to be a slightly smaller factor.
    fn largest(
        &mut self,
        feeder: &Feeder,
        asked: &Asked<'_>,
        shares: &[f64],
        limit: Limit,
        all: bool,
        guess: f64,
    ) -> f64 {
        let mut tried = std::mem::take(&mut self.tried);
        let mut margin = |factor: f64| {
            tried.clear();
            tried.extend_from_slice(shares);
            self.cut(&mut tried, all, factor);
            self.margin(feeder, asked, &tried, limit)
        };
        // The limit is kept at one end and violated at the other; regula falsi with halved weights (Illinois), and
        // bisection if an end has no power flow.
        let mut kept = (guess.clamp(0.0, 1.0), margin(guess.clamp(0.0, 1.0)));
        let mut broken = (1.0, margin(1.0));
        if kept.1 < 0.0 {
            broken = kept;
            kept = (0.0, margin(0.0));
        }
        let mut weights = (kept.1, broken.1);
        for _ in 0..MOST_TRIES {
            if kept.1 < 0.0 {
                kept.0 = 0.0;
                break;
            }
            if kept.1 <= ENOUGH || broken.0 - kept.0 <= f64::EPSILON {
                break;
            }
            let part = if broken.1.is_finite() { weights.0 / (weights.0 - weights.1) } else { 0.5 };
            let factor = kept.0 + part.clamp(0.01, 0.99) * (broken.0 - kept.0);
            let found = margin(factor);
            if found >= 0.0 {
                kept = (factor, found);
                weights = (found, 0.5 * weights.1);
            } else {
                broken = (factor, found);
                weights = (0.5 * weights.0, found);
            }
        }
        self.tried = tried;
        kept.0
    }

    /// Margin of a limit at these shares, in per unit of voltage or as a fraction of a branch's limit; negative if
    /// violated, minus infinity without a power flow.
    fn margin(&mut self, feeder: &Feeder, asked: &Asked<'_>, shares: &[f64], limit: Limit) -> f64 {
        if !self.solve(feeder, asked, shares) {
            return f64::NEG_INFINITY;
        }
        match limit {
            Limit::Voltage(bus) => self.sweep.voltage(bus) - asked.voltage_min,
            Limit::Branch(bus) => 1.0 - self.sweep.flow_mva(feeder, bus) / rating(feeder, bus),
        }
    }

    /// Solves the power flow at these shares; returns whether there is one. Equal loads have equal solutions, so that
    /// of the last power flow is reused.
    fn solve(&mut self, feeder: &Feeder, asked: &Asked<'_>, shares: &[f64]) -> bool {
        let mut same = true;
        for (bus, share) in shares.iter().enumerate() {
            let mw = share * asked.wanted_mw[bus];
            let active_mw = asked.fixed_mw[bus] + mw;
            let reactive_mvar = asked.fixed_mvar[bus] + asked.mvar_per_mw * mw;
            same &= active_mw == self.active_mw[bus] && reactive_mvar == self.reactive_mvar[bus];
            (self.active_mw[bus], self.reactive_mvar[bus]) = (active_mw, reactive_mvar);
        }
        match self.solved {
            Some(solved) if same => solved,
            _ => {
                self.power_flows += 1;
                let solved = self.sweep.solve(feeder, &self.active_mw, &self.reactive_mvar).is_some();
                *self.solved.insert(solved)
            }
        }
    }

    /// Most violated limit at these shares, except hopeless ones; an infinite breach if neither power flow identifies a
    /// limit.
    fn worst(&mut self, feeder: &Feeder, asked: &Asked<'_>, shares: &[f64]) -> Option<Breach> {
        let solved = self.solve(feeder, asked, shares);
        let mut worst: Option<Breach> = None;
        self.breaches(feeder, asked, |breach| {
            let worse = worst.is_none_or(|worst| breach.margin < worst.margin);
            if worse && !self.hopeless.contains(&breach.limit) {
                worst = Some(breach);
            }
        });
        let untold = !solved && worst.is_none() && shares.iter().any(|share| *share > 1e-6);
        let infinite = Breach { limit: Limit::Voltage(0), by: f64::INFINITY, margin: f64::NEG_INFINITY };
        if untold { Some(infinite) } else { worst }
    }

    /// All limits violated by the last trial loads, by the exact power flow, or by LinDistFlow if there is none.
    fn breaches(&self, feeder: &Feeder, asked: &Asked<'_>, mut each: impl FnMut(Breach)) {
        let solved = self.solved == Some(true);
        let linear = (!solved).then(|| linear::flow(feeder, &self.active_mw, &self.reactive_mvar));
        for bus in 0..feeder.buses().len() {
            let (voltage, mva) = match &linear {
                None => (self.sweep.voltage(bus), self.sweep.flow_mva(feeder, bus)),
                Some(flow) => {
                    // In the linear model a squared voltage can be negative.
                    let voltage = flow.squared[bus].max(0.0).sqrt();
                    (voltage, flow.active_mw[bus].hypot(flow.reactive_mvar[bus]))
                }
            };
            let mut check = |limit: Limit, margin: f64, by: f64| {
                if margin < 0.0 {
                    each(Breach { limit, by, margin });
                }
            };
            let least = asked.voltage_min;
            check(Limit::Voltage(bus), voltage - least, least * least - voltage * voltage);
            let most = rating(feeder, bus);
            check(Limit::Branch(bus), 1.0 - mva / most, mva - most);
        }
    }

    /// Use of a limit by one MW at each bus, in squared per unit or MVA.
    fn find_uses(&mut self, feeder: &Feeder, asked: &Asked<'_>, limit: Limit) {
        self.uses.fill((0.0, false));
        let (Limit::Voltage(at) | Limit::Branch(at)) = limit;
        match limit {
            Limit::Voltage(bus) => {
                for (_, fed) in feeder.path(bus) {
                    self.uses[fed].1 = true;
                }
                // Twice the impedance that the paths from the source have in common.
                for &bus in feeder.order() {
                    let Some((branch, before)) = feeder.feed(bus) else { continue };
                    let branch = &feeder.branches()[branch];
                    let own = 2.0 * (branch.r + asked.mvar_per_mw * branch.x) / feeder.base_mva();
                    self.uses[bus].0 = self.uses[before].0 + if self.uses[bus].1 { own } else { 0.0 };
                }
                let own = self.uses[at].0;
                self.uses.iter_mut().for_each(|uses| uses.1 = uses.0 > 0.0 && uses.0 >= CONCERNED * own);
            }
            Limit::Branch(fed) => {
                let flow = linear::flow(feeder, &self.active_mw, &self.reactive_mvar);
                let (p, q) = (flow.active_mw[fed], flow.reactive_mvar[fed]);
                let use_of = (p + asked.mvar_per_mw * q) / p.hypot(q).max(f64::MIN_POSITIVE);
                self.uses[fed] = (use_of, true);
                for &bus in feeder.order() {
                    let Some((_, before)) = feeder.feed(bus) else { continue };
                    if self.uses[before].1 {
                        self.uses[bus] = self.uses[before];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Branch, Bus, baran_wu};
    use super::*;

    fn shares(feeder: &Feeder, factor: f64, wanted: &[(usize, f64)], voltage_min: f64) -> (Vec<f64>, Sweep) {
        let load = |field: fn(&Bus) -> f64| {
            feeder.buses().iter().map(|bus| factor * field(bus)).collect::<Vec<f64>>()
        };
        let (fixed_mw, fixed_mvar) = (load(|bus| bus.load_mw), load(|bus| bus.load_mvar));
        let mut wanted_mw = vec![0.0; fixed_mw.len()];
        wanted.iter().for_each(|&(bus, mw)| wanted_mw[bus] += mw);
        let asked = Asked {
            fixed_mw: &fixed_mw,
            fixed_mvar: &fixed_mvar,
            wanted_mw: &wanted_mw,
            mvar_per_mw: 0.1,
            voltage_min,
        };
        let mut found = Vec::new();
        Curtailment::new(feeder).shares(feeder, &asked, &mut found);
        let mut sweep = Sweep::new(feeder);
        let mw = |bus: usize| found[bus] * wanted_mw[bus];
        let p: Vec<f64> = (0..fixed_mw.len()).map(|bus| fixed_mw[bus] + mw(bus)).collect();
        let q: Vec<f64> = (0..fixed_mw.len()).map(|bus| fixed_mvar[bus] + 0.1 * mw(bus)).collect();
        sweep.solve(feeder, &p, &q).unwrap();
        (found, sweep)
    }

    #[test]
    fn a_low_voltage_is_cured_by_those_whom_it_concerns_in_equal_shares() {
        let feeder = baran_wu().unwrap();
        // Buses 18, 14, 22 and 33.
        let wanted = [(17, 0.3), (13, 0.4), (21, 0.5), (32, 0.1)];
        let (found, sweep) = shares(&feeder, 0.7, &wanted, 0.92);
        let lowest = (0..33).map(|bus| sweep.voltage(bus)).fold(f64::INFINITY, f64::min);
        assert!((0.92..0.92 + 1.5e-6).contains(&lowest), "{lowest}: kept, and nothing given away");
        assert_eq!((found[17], found[21], found[32]), (found[13], 1.0, 1.0));
        assert!((0.2..0.9).contains(&found[17]), "{}", found[17]);
        // Bisection on the common share, with the exact power flow alone, gives the same result.
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let share = 0.5 * (low + high);
            let scaled = wanted.map(|(bus, mw)| (bus, if bus == 17 || bus == 13 { share * mw } else { mw }));
            let (_, sweep) = shares(&feeder, 0.7, &scaled, 0.0);
            if sweep.voltage(17) >= 0.92 { low = share } else { high = share }
        }
        assert!((found[17] - low).abs() < 1e-4, "{} {low}", found[17]);
    }

    #[test]
    fn whom_it_does_not_concern_helps_only_if_it_must() {
        let feeder = baran_wu().unwrap();
        // Bus 18 requests very little; bus 30, on another lateral, requests a lot.
        let (found, sweep) = shares(&feeder, 0.9, &[(17, 0.001), (29, 1.5)], 0.9215);
        assert_eq!(found[17], 0.0);
        assert!((0.01..0.9).contains(&found[29]), "{}", found[29]);
        assert!((0.9215..0.9215 + 2e-6).contains(&sweep.voltage(17)));
        // A limit violated by the base load alone blocks the affected buses and no others.
        let (found, _) = shares(&feeder, 1.0, &[(17, 0.1), (21, 0.1), (29, 0.1)], 0.92);
        assert_eq!((found[17], found[21], found[29]), (0.0, 1.0, 0.0));
        let (found, _) = shares(&feeder, 1.0, &[(17, 0.1), (21, 0.1)], 0.9);
        assert!(found.iter().all(|share| *share == 1.0), "nothing is broken");
    }

    #[test]
    fn a_branch_is_kept_to_its_rating_by_what_hangs_below_it() {
        let feeder = baran_wu().unwrap();
        let mut branches = feeder.branches().to_vec();
        branches[24].limit_mva = 1.0; // 6-26
        let feeder = Feeder::new(10.0, 0, 1.0, feeder.buses().to_vec(), branches).unwrap();
        let (found, sweep) = shares(&feeder, 0.5, &[(27, 0.5), (32, 0.5), (17, 0.2)], 0.5);
        assert_eq!((found[27], found[17]), (found[32], 1.0));
        let flow = sweep.flow_mva(&feeder, 25);
        assert!((1.0 - 2e-6..=1.0).contains(&flow), "{flow}");
    }

    /// A limit that is violated regardless of the request is found by one power flow, and costs no more in later
    /// readings.
    #[test]
    fn what_cannot_be_helped_takes_a_power_flow_or_two() {
        let base = baran_wu().unwrap();
        // The source is below the minimum voltage, and so is every bus.
        let low = Feeder::new(10.0, 0, 0.9, base.buses().to_vec(), base.branches().to_vec()).unwrap();
        let load = |factor: f64, field: fn(&Bus) -> f64| -> Vec<f64> {
            base.buses().iter().map(|bus| factor * field(bus)).collect()
        };
        let (light, heavy) = (0.5, 30.0);
        for (feeder, factor, most) in [(&low, light, 2), (&low, heavy, 2), (&base, heavy, 2)] {
            let (fixed_mw, fixed_mvar) = (load(factor, |b| b.load_mw), load(factor, |b| b.load_mvar));
            let mut wanted_mw = vec![0.0; 33];
            (wanted_mw[17], wanted_mw[21]) = (0.3, 0.2);
            let asked = Asked {
                fixed_mw: &fixed_mw,
                fixed_mvar: &fixed_mvar,
                wanted_mw: &wanted_mw,
                mvar_per_mw: 0.1,
                voltage_min: 0.95,
            };
            let mut curtailment = Curtailment::new(feeder);
            let mut found = Vec::new();
            curtailment.shares(feeder, &asked, &mut found);
            assert_eq!((found[17], found[21]), (0.0, 0.0));
            assert!(curtailment.power_flows() <= most, "{}", curtailment.power_flows());
            let before = curtailment.power_flows();
            curtailment.shares(feeder, &asked, &mut found);
            assert!(curtailment.power_flows() - before <= 2);
        }
    }

    #[test]
    fn loads_beyond_collapse_are_cut_as_well() {
        let feeder = baran_wu().unwrap();
        let (found, sweep) = shares(&feeder, 0.3, &[(17, 30.0), (21, 0.1)], 0.9);
        assert!((0.9..0.9 + 2e-6).contains(&sweep.voltage(17)), "{}", sweep.voltage(17));
        assert!(found[17] > 0.01 && found[17] < 0.1 && found[21] == 1.0, "{} {}", found[17], found[21]);
        // A fixed load that no feeder can carry leaves nothing to allocate, and the method terminates.
        let bus = |load_mw| Bus { name: "a".into(), load_mw, ..Bus::default() };
        let branch = Branch { from: 0, to: 1, r: 0.1, x: 0.1, limit_mva: f64::INFINITY };
        let two = Feeder::new(1.0, 0, 1.0, vec![bus(0.0), bus(9.0)], vec![branch]).unwrap();
        let asked = Asked {
            fixed_mw: &[0.0, 9.0],
            fixed_mvar: &[0.0, 0.0],
            wanted_mw: &[0.0, 1.0],
            mvar_per_mw: 0.0,
            voltage_min: 0.9,
        };
        let mut found = Vec::new();
        Curtailment::new(&two).shares(&two, &asked, &mut found);
        assert_eq!(found[1], 0.0);
    }
}

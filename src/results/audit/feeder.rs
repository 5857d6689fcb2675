//! The feeder: loads of its buses checked against meters and case, voltages against an independent power flow.
//!
//! The power flow here is that of M. E. Baran and F. F. Wu, Network reconfiguration in distribution systems for loss
//! reduction and load balancing, IEEE Transactions on Power Delivery 4 (2), 1989 (DistFlow, with flows, squared
//! currents and squared voltages), not the currents and voltages of the simulation's sweeps.

use super::tables::{Texts, Written};
use super::{Auditor, Check, rounding, within};
use gridfleet_core::error::Result;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::time::SimTime;
use std::collections::BTreeMap;

const LOADS: &str = "Grid: loads of buses are those of the case, stations and households";
const VOLTAGES: &str = "Grid: voltages solve the power flow";
const LIMITS: &str = "Grid: charging breaks no limit";

/// Largest difference of voltages regarded as zero, in per unit. The auditor's rounds and the simulation's sweeps both
/// converge to `ENOUGH` within `MOST_ROUNDS`, so each round leaves at most 0.985 of the previous step (the 2,000th root
/// of `ENOUGH`) and all further steps would add up to 66 steps; as much again is for rounding and for the other solver.
const VOLTAGE_TOLERANCE: f64 = 500.0 * ENOUGH;
/// Margin to a limit at which charging is held back, in per unit and relative: the simulation's margin and that of
/// voltages.
const LIMIT_TOLERANCE: f64 = 1e-8;
/// The power flow has converged when no squared voltage moves by more than this, in per unit.
const ENOUGH: f64 = 1e-13;
const MOST_ROUNDS: usize = 2_000;

/// A bus of the feeder, its load, and the power it draws to earth at nominal voltage.
#[derive(Debug, Clone)]
pub struct BusFacts {
    /// Number in the table.
    pub number: u32,
    /// Active load of the case [kW].
    pub load_kw: f64,
    /// Reactive load of the case [kvar].
    pub load_kvar: f64,
    /// Power drawn to earth [kW].
    pub shunt_kw: f64,
    /// Reactive power fed in from earth [kvar].
    pub shunt_kvar: f64,
}

/// A branch of the feeder.
#[derive(Debug, Clone)]
pub struct BranchFacts {
    /// Numbers of the two buses.
    pub ends: [u32; 2],
    /// Resistance and reactance, in per unit.
    pub impedance: (f64, f64),
    /// Rating [kVA]; infinite without one.
    pub limit_kva: f64,
}

/// A feeder, and the loads connected to it.
#[derive(Debug, Clone)]
pub struct FeederFacts {
    /// Apparent power that corresponds to one per unit [kVA].
    pub base_kva: f64,
    /// Number of the bus that feeds all others.
    pub source: u32,
    /// Voltage at the source, in per unit.
    pub source_voltage: f64,
    /// All buses.
    pub buses: Vec<BusFacts>,
    /// All branches.
    pub branches: Vec<BranchFacts>,
    /// Factors on the loads of the case, with the time from which each applies, in order of time.
    pub factors: Vec<(SimTime, f64)>,
    /// Bus of each station, in the order of the stations.
    pub stations: Vec<u32>,
    /// Bus of each group of households, in the order of the groups.
    pub households: Vec<u32>,
    /// Reactive load per active load of stations and of households [kvar per kW].
    pub kvar_per_kw: [f64; 2],
    /// Least voltage, in per unit, if charging is held back to keep it and the ratings.
    pub enforced: Option<f64>,
}

/// The loads of all buses at one reading, in the order of the facts.
#[derive(Clone)]
struct Reading {
    kw: Vec<f64>,
    kvar: Vec<f64>,
    /// Sum of the magnitudes of their parts.
    size_kw: Vec<f64>,
    size_kvar: Vec<f64>,
    /// Largest number of terms in the sums.
    terms: usize,
    /// Part of the load that is drawn by stations.
    stations_kw: Vec<f64>,
}

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    let Some(facts) = &auditor.facts.feeder else { return Ok(()) };
    let mut names = vec![LOADS, VOLTAGES];
    names.extend(facts.enforced.map(|_| LIMITS));
    if !auditor.has(&[TableId::Grid], &names) {
        return Ok(());
    }
    let table = Written::open(auditor.dir, TableId::Grid)?;
    let (time, number) = (table.all_times("time")?, table.ints("bus")?);
    let (voltage, kw, kvar) = (table.floats("voltage_pu")?, table.floats("p_kw")?, table.floats("q_kvar")?);
    let place: BTreeMap<i64, usize> =
        facts.buses.iter().enumerate().map(|(i, bus)| (i64::from(bus.number), i)).collect();
    let mut rows = BTreeMap::<i64, Vec<Option<usize>>>::new();
    for row in 0..table.rows() {
        let all = rows.entry(time[row]).or_insert_with(|| vec![None; facts.buses.len()]);
        if let Some(&bus) = number[row].as_ref().and_then(|number| place.get(number)) {
            all[bus] = Some(row);
        }
    }
    let solver = Solver::new(facts, &place);
    let metered = loads_by_reading(auditor, facts, &rows, &place)?;
    let (mut loads, mut voltages, mut limits) = (Check::new(LOADS), Check::new(VOLTAGES), Check::new(LIMITS));
    for (&at, rows) in &rows {
        let by_bus = |column: &[f64]| -> Vec<f64> {
            rows.iter().map(|row| row.map_or(f64::NAN, |row| column[row])).collect()
        };
        let found = Found { at, kw: by_bus(&kw), kvar: by_bus(&kvar), voltage: by_bus(&voltage) };
        let metered = metered.as_ref().map(|metered| &metered[&at]);
        if let Some(metered) = metered {
            found.check_loads(facts, metered, &mut loads);
        }
        let solved = solver.solve(&found.kw, &found.kvar);
        found.check_voltages(facts, rows, solved.as_ref(), &mut voltages);
        if let (Some(least), Some(metered)) = (facts.enforced, metered) {
            let breaks = found.charging_breaks_limits(&solver, solved.as_ref(), least, metered);
            limits.that(!breaks, || SimTime(at).iso());
        }
    }
    if metered.is_some() {
        auditor.checks.push(loads);
    }
    auditor.checks.push(voltages);
    if facts.enforced.is_some() && metered.is_some() {
        auditor.checks.push(limits);
    }
    Ok(())
}

/// The rows of one reading, by bus in the order of the facts; NaN where there is none.
struct Found {
    at: i64,
    kw: Vec<f64>,
    kvar: Vec<f64>,
    voltage: Vec<f64>,
}

impl Found {
    /// Loads are those of the case and of everything connected to the bus.
    fn check_loads(&self, facts: &FeederFacts, metered: &Reading, check: &mut Check) {
        // The load of the case by pieces of the factor, and everything connected to the bus.
        let steps = metered.terms + 4;
        for (bus, facts) in facts.buses.iter().enumerate() {
            let same = within(self.kw[bus], metered.kw[bus], rounding(steps, metered.size_kw[bus]))
                && within(self.kvar[bus], metered.kvar[bus], rounding(steps, metered.size_kvar[bus]));
            check.that(same, || {
                let (kw, kvar) = (metered.kw[bus], metered.kvar[bus]);
                format!(
                    "bus {} at {}: {} kW and {} kvar for {kw} and {kvar}",
                    facts.number,
                    SimTime(self.at).iso(),
                    self.kw[bus],
                    self.kvar[bus]
                )
            });
        }
    }

    /// Voltages are those of the power flow, if there is one.
    fn check_voltages(
        &self,
        facts: &FeederFacts,
        rows: &[Option<usize>],
        solved: Option<&Flow>,
        check: &mut Check,
    ) {
        for (bus, facts) in facts.buses.iter().enumerate() {
            let (own, stated) = (solved.map_or(f64::NAN, |flow| flow.squared[bus].sqrt()), self.voltage[bus]);
            let same = if own.is_nan() {
                rows[bus].is_some() && stated.is_nan()
            } else {
                (own - stated).abs() <= VOLTAGE_TOLERANCE
            };
            check.that(same, || {
                let at = SimTime(self.at).iso();
                format!("bus {} at {at}: {stated} p.u. for {own}", facts.number)
            });
        }
    }

    /// Whether a limit is violated that would not be without the load of stations.
    fn charging_breaks_limits(
        &self,
        solver: &Solver,
        solved: Option<&Flow>,
        least: f64,
        metered: &Reading,
    ) -> bool {
        let less = |loads: &[f64], part: f64| -> Vec<f64> {
            loads.iter().zip(&metered.stations_kw).map(|(load, station)| load - part * station).collect()
        };
        let with = solver.broken(solved, least);
        if !with.contains(&true) {
            return false;
        }
        let others = solver.solve(&less(&self.kw, 1.0), &less(&self.kvar, solver.facts.kvar_per_kw[0]));
        let without = solver.broken(others.as_ref(), least);
        with.iter().zip(&without).any(|(with, without)| *with && !without)
    }
}

/// Loads at each reading in the table, from meters and case; `None`, with a note, if they cannot be known.
fn loads_by_reading(
    auditor: &mut Auditor,
    facts: &FeederFacts,
    rows: &BTreeMap<i64, Vec<Option<usize>>>,
    place: &BTreeMap<i64, usize>,
) -> Result<Option<BTreeMap<i64, Reading>>> {
    let mut needed = vec![TableId::Stations];
    if !facts.households.is_empty() {
        needed.push(TableId::Households);
    }
    let mut names = vec![LOADS];
    names.extend(facts.enforced.map(|_| LIMITS));
    if !auditor.has(&needed, &names) {
        return Ok(None);
    }
    let mut before = auditor.facts.start.0;
    let mut readings = BTreeMap::new();
    for &at in rows.keys() {
        let factor = mean(&facts.factors, before, at);
        let own = |load: fn(&BusFacts) -> f64| facts.buses.iter().map(|bus| factor * load(bus)).collect();
        let reading = Reading {
            kw: own(|bus| bus.load_kw),
            kvar: own(|bus| bus.load_kvar),
            size_kw: own(|bus| bus.load_kw.abs()),
            size_kvar: own(|bus| bus.load_kvar.abs()),
            terms: facts.stations.len() + facts.households.len() + facts.factors.len(),
            stations_kw: vec![0.0; facts.buses.len()],
        };
        readings.insert(at, reading);
        before = at;
    }
    let stations = auditor.facts.stations.iter().map(|station| &*station.name);
    let groups = auditor.facts.households.iter().map(|group| &*group.name);
    let tables = [
        (TableId::Stations, "station_id", stations.collect::<Vec<_>>(), &facts.stations),
        (TableId::Households, "group", groups.collect(), &facts.households),
    ];
    for (kind, (table, column, names, buses)) in tables.into_iter().enumerate() {
        if names.is_empty() {
            continue;
        }
        let mut texts = Texts::default();
        // They come first, so their numbers are their codes.
        for name in &names {
            texts.code(name);
        }
        let table = Written::open(auditor.dir, table)?;
        let (time, name) = (table.all_times("time")?, table.texts(column, &mut texts)?);
        let power = table.floats("power_kw")?;
        for row in 0..table.rows() {
            let bus = buses.get(name[row] as usize).and_then(|number| place.get(&i64::from(*number)));
            let (Some(&bus), Some(reading)) = (bus, readings.get_mut(&time[row])) else { continue };
            reading.kw[bus] += power[row];
            reading.kvar[bus] += facts.kvar_per_kw[kind] * power[row];
            reading.size_kw[bus] += power[row].abs();
            reading.size_kvar[bus] += (facts.kvar_per_kw[kind] * power[row]).abs();
            if kind == 0 {
                reading.stations_kw[bus] += power[row];
            }
        }
    }
    Ok(Some(readings))
}

/// Mean of the factors in force from `from` to `to`; for an instant, the factor in force.
fn mean(factors: &[(SimTime, f64)], from: i64, to: i64) -> f64 {
    let mut sum = 0.0;
    for (i, &(since, factor)) in factors.iter().enumerate() {
        let until = factors.get(i + 1).map_or(i64::MAX, |next| next.0.0);
        if to <= from {
            if (since.0..until).contains(&from) {
                return factor;
            }
            continue;
        }
        let seconds = until.min(to) - since.0.max(from);
        sum += factor * seconds.max(0) as f64;
    }
    sum / (to - from) as f64
}

/// The feeder as a tree.
struct Solver<'a> {
    facts: &'a FeederFacts,
    source: usize,
    /// Buses from the source outwards, without the source: the bus, the bus that feeds it, the branch between them.
    order: Vec<(usize, usize, &'a BranchFacts)>,
}

/// A power flow, by bus and in per unit: squared voltage, and apparent power through the feeding branch.
struct Flow {
    squared: Vec<f64>,
    apparent: Vec<f64>,
}

impl<'a> Solver<'a> {
    fn new(facts: &'a FeederFacts, place: &BTreeMap<i64, usize>) -> Self {
        let at = |number: u32| place.get(&i64::from(number)).copied().unwrap_or(0);
        let source = at(facts.source);
        let mut order: Vec<(usize, usize, &BranchFacts)> = Vec::with_capacity(facts.branches.len());
        let mut reached = vec![false; facts.buses.len()];
        reached[source] = true;
        loop {
            let before = order.len();
            for branch in &facts.branches {
                let [a, b] = branch.ends.map(at);
                for (near, far) in [(a, b), (b, a)] {
                    if reached[near] && !reached[far] {
                        reached[far] = true;
                        order.push((far, near, branch));
                    }
                }
            }
            if order.len() == before {
                return Self { facts, source, order };
            }
        }
    }

    /// Solves for loads of all buses [kW, kvar]; `None` if it does not converge.
    fn solve(&self, kw: &[f64], kvar: &[f64]) -> Option<Flow> {
        let facts = self.facts;
        let buses = facts.buses.len();
        let mut flow =
            Flow { squared: vec![facts.source_voltage.powi(2); buses], apparent: vec![0.0; buses] };
        let mut current = vec![0.0; buses];
        for _ in 0..MOST_ROUNDS {
            let power = |load: &[f64], shunt: fn(&BusFacts) -> f64| -> Vec<f64> {
                let bus = |(bus, facts): (usize, &BusFacts)| load[bus] + shunt(facts) * flow.squared[bus];
                facts.buses.iter().enumerate().map(bus).map(|power| power / facts.base_kva).collect()
            };
            let (mut p, mut q) = (power(kw, |bus| bus.shunt_kw), power(kvar, |bus| -bus.shunt_kvar));
            for &(bus, before, branch) in self.order.iter().rev() {
                let far = p[bus].hypot(q[bus]);
                p[bus] += branch.impedance.0 * current[bus];
                q[bus] += branch.impedance.1 * current[bus];
                flow.apparent[bus] = far.max(p[bus].hypot(q[bus]));
                p[before] += p[bus];
                q[before] += q[bus];
            }
            let mut moved = 0.0f64;
            for &(bus, before, branch) in &self.order {
                let (r, x) = branch.impedance;
                current[bus] = (p[bus].powi(2) + q[bus].powi(2)) / flow.squared[before];
                let squared = flow.squared[before] - 2.0 * (r * p[bus] + x * q[bus])
                    + (r.powi(2) + x.powi(2)) * current[bus];
                // NaN never converges.
                moved = moved.max((squared - flow.squared[bus]).abs());
                if squared.is_nan() || squared <= 0.0 {
                    return None;
                }
                flow.squared[bus] = squared;
            }
            if moved <= ENOUGH {
                return Some(flow);
            }
        }
        None
    }

    /// Limits violated by a power flow: voltages by bus, then branches by the bus they feed; all of them without a
    /// flow.
    fn broken(&self, flow: Option<&Flow>, least: f64) -> Vec<bool> {
        let buses = self.facts.buses.len();
        let Some(flow) = flow else { return vec![true; 2 * buses] };
        let mut broken: Vec<bool> =
            flow.squared.iter().map(|squared| squared.sqrt() < least - LIMIT_TOLERANCE).collect();
        broken.resize(2 * buses, false);
        for &(bus, _, branch) in &self.order {
            let kva = flow.apparent[bus] * self.facts.base_kva;
            broken[buses + bus] = kva > branch.limit_kva * (1.0 + LIMIT_TOLERANCE);
        }
        broken[self.source] = false;
        broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_weighted_by_time() {
        let factors = [(SimTime(0), 1.0), (SimTime(100), 3.0), (SimTime(200), 5.0)];
        assert_eq!(mean(&factors, 50, 150), 2.0);
        assert_eq!(mean(&factors, 0, 400), (1.0 + 3.0 + 10.0) / 4.0);
        assert_eq!((mean(&factors, 0, 0), mean(&factors, 100, 100)), (1.0, 3.0));
    }

    /// Baran and Wu's example of three buses would do; two have a closed form: the squared voltage v solves
    /// v² + (2 (r p + x q) - V²) v + (r² + x²) (p² + q²) = 0.
    #[test]
    fn two_buses_have_the_voltage_of_the_closed_form() {
        let bus = |number| BusFacts { number, load_kw: 0.0, load_kvar: 0.0, shunt_kw: 0.0, shunt_kvar: 0.0 };
        let facts = FeederFacts {
            base_kva: 1_000.0,
            source: 7,
            source_voltage: 1.02,
            buses: vec![bus(3), bus(7)],
            branches: vec![BranchFacts { ends: [3, 7], impedance: (0.03, 0.05), limit_kva: 900.0 }],
            factors: Vec::new(),
            stations: Vec::new(),
            households: Vec::new(),
            kvar_per_kw: [0.0; 2],
            enforced: None,
        };
        let place = BTreeMap::from([(3, 0), (7, 1)]);
        let solver = Solver::new(&facts, &place);
        let flow = solver.solve(&[800.0, 5.0], &[300.0, 0.0]).unwrap();
        let (r, x, p, q, v) = (0.03f64, 0.05f64, 0.8f64, 0.3f64, 1.02f64);
        let b = 2.0 * (r * p + x * q) - v * v;
        let c = (r * r + x * x) * (p * p + q * q);
        let squared = 0.5 * (-b + (b * b - 4.0 * c).sqrt());
        assert!((flow.squared[0] - squared).abs() < 1e-12, "{} {squared}", flow.squared[0]);
        assert_eq!(flow.squared[1], v * v);
        assert!(flow.apparent[0] > 0.85 && flow.apparent[0] < 0.9, "{}", flow.apparent[0]);
        assert_eq!(solver.broken(Some(&flow), 0.97), [false; 4]);
        assert_eq!(solver.broken(Some(&flow), 0.99), [true, false, false, false]);
        assert!(solver.solve(&[9_000.0, 0.0], &[0.0; 2]).is_none());
    }
}

//! An auditor that trusts only the written tables.
//!
//! It rebuilds each vehicle's days, each connector's sessions and each account's postings from the Parquet files of a
//! run and checks that charge, energy, places and money add up. It shares no code with the engine: other information
//! that it needs besides the tables (battery sizes, places of stations) is in [`AuditFacts`].
//!
//! No tolerance is arbitrary: each is a bound on rounding, derived from the number of rows and operations, the size of
//! batteries and the length of intervals.

mod costs;
mod feeder;
mod households;
mod loads;
mod markets;
mod money;
mod places;
mod riders;
mod stations;
mod summary;
mod supply;
mod tables;
mod trips;
mod vehicles;
mod visits;

pub use feeder::{BranchFacts, BusFacts, FeederFacts};

use crate::outputs::OutputOptions;
use crate::outputs::summary::thousands;
use comfy_table::{CellAlignment, Table, presets};
use gridfleet_core::error::{Error, Result};
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::time::SimTime;
use std::path::Path;

/// Largest difference of states of charge regarded as zero. Columns are 64-bit floats exactly as in the simulation, so
/// a state of charge carries over exactly; one computed from another by an energy has three roundings of numbers up to
/// 1, and as many here.
pub(crate) const SOC_TOLERANCE: f64 = 6.0 * UNIT;
/// Number of violations of one check that are described; the others are counted.
const EXAMPLES: usize = 3;

/// One vehicle at the start of the simulation.
#[derive(Debug, Clone)]
pub struct VehicleFacts {
    /// Name in the tables.
    pub name: String,
    /// Name of its fleet.
    pub fleet: String,
    /// Energy between state of charge 0 and 1 [kWh].
    pub battery_kwh: f64,
    /// Ratio of stored energy to energy drawn from the grid.
    pub charge_efficiency: f64,
    /// Ratio of energy fed to the grid to energy taken from the battery.
    pub discharge_efficiency: f64,
    /// State of charge at the start.
    pub initial_soc: f64,
    /// Label of its place at the start.
    pub initial_place: String,
}

/// One station as built.
#[derive(Debug, Clone)]
pub struct StationFacts {
    /// Name in the tables.
    pub name: String,
    /// Label of its place.
    pub place: String,
    /// Number of connectors.
    pub connectors: u32,
    /// Power limit of all connectors together [kW].
    pub limit_kw: f64,
    /// Whether vehicles get connectors strictly in the order of arrival: not if, with connectors of two kinds, a later
    /// vehicle may take one that the first in the queue cannot use.
    pub first_come_first_served: bool,
    /// Name of its retailer.
    pub retailer: String,
    /// Whether a policy or the feeder may reduce its power to a value within rounding error.
    pub held_back: bool,
    /// Whether vehicle owners choose their retailer here.
    pub competes: bool,
    /// Markup of its operator on the retailer's price [currency/MWh].
    pub markup_per_mwh: f64,
    /// Increase of the retailer's price with the load of its stations [currency/MWh per kW], if the price depends on
    /// load.
    pub slope_per_mwh_kw: Option<f64>,
}

/// A group of households.
#[derive(Debug, Clone)]
pub struct HouseholdFacts {
    /// Name in the tables.
    pub name: String,
    /// Simulated local days, in whole slots: first instant, first instant after, and the energy that all homes draw in
    /// between [kWh].
    pub days: Vec<(SimTime, SimTime, f64)>,
    /// Number of homes.
    pub count: u32,
    /// Worth of the first unit in the hour of the largest load [currency/MWh].
    pub worth_per_mwh: f64,
    /// Decrease of the worth of the next unit per further kW [currency/MWh per kW].
    pub theta_per_mwh_kw: f64,
}

/// Facts that the tables do not contain.
#[derive(Debug, Clone, Default)]
pub struct AuditFacts {
    /// First instant simulated.
    pub start: SimTime,
    /// First instant no longer simulated.
    pub end: SimTime,
    /// First instant covered by the summary: the end of the warm-up.
    pub measured_from: SimTime,
    /// Every vehicle.
    pub vehicles: Vec<VehicleFacts>,
    /// Every station.
    pub stations: Vec<StationFacts>,
    /// Every group of households.
    pub households: Vec<HouseholdFacts>,
    /// The feeder, if there is one.
    pub feeder: Option<FeederFacts>,
    /// Number of requests given to the run, if known.
    pub requests: Option<u64>,
    /// Length of a settlement interval [s], if there are markets to bid in.
    pub settlement_s: Option<i64>,
    /// Whether each request was assigned to a vehicle in advance, by request; empty where none was.
    pub assigned: Vec<bool>,
    /// Time for which a rider waits for a vehicle [s], if dispatch decides.
    pub patience_s: Option<i64>,
    /// Names of the fleets whose riders get vehicles in the order of their requests, among equals: no vehicle is bound
    /// to a rider or withheld for a market, and no other fleet serves them.
    pub in_order: Vec<String>,
    /// Tables written, and their density.
    pub outputs: OutputOptions,
}

/// Result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Condition that must hold.
    pub name: &'static str,
    /// Number of rows or pairs of rows checked.
    pub checked: u64,
    /// Number of violations.
    pub violations: u64,
    /// The first few violations, in words.
    pub examples: Vec<String>,
    /// Reason why the check was not possible, if it was not.
    pub not_possible: Option<String>,
}

impl Check {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, checked: 0, violations: 0, examples: Vec::new(), not_possible: None }
    }

    /// Counts one more row, correct or not; `what` describes it if it is not.
    pub(crate) fn that(&mut self, holds: bool, what: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.violations += 1;
            if self.examples.len() < EXAMPLES {
                self.examples.push(what());
            }
        }
    }

    pub(crate) fn not_possible(name: &'static str, why: String) -> Self {
        Self { not_possible: Some(why), ..Self::new(name) }
    }
}

/// Largest relative error of one operation on floats.
const UNIT: f64 = f64::EPSILON / 2.0;
/// A posting is rounded to a whole millionth: it is off by at most half a millionth [currency].
pub(crate) const HALF_MILLIONTH: f64 = 0.5e-6;

/// Whether two numbers differ by at most `tolerance`. False if either is NaN.
pub(crate) fn within(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance
}

/// Largest difference of two sums of the same numbers, computed in `steps` operations each, if the magnitudes of the
/// summands total `magnitude`: each is off by at most steps x unit x magnitude (N. J. Higham, Accuracy and Stability of
/// Numerical Algorithms, 2nd edition, 2002, section 4.2). The same holds for products and quotients of that many steps.
pub(crate) fn rounding(steps: usize, magnitude: f64) -> f64 {
    2.0 * steps as f64 * UNIT * magnitude
}

/// Largest error of the energy that flowed at connectors in `seconds` of connector time [kWh]. Time advances by whole
/// seconds, and power is divided again at most once in each. Then the charge of a battery (at most all of it,
/// `battery_kwh` as seen from the plug) results from four roundings, and its gain is added to a total of `total_kwh`.
pub(crate) fn meter_rounding(seconds: f64, battery_kwh: f64, total_kwh: f64) -> f64 {
    seconds * UNIT * (4.0 * battery_kwh + total_kwh)
}

/// Energy bought and not taken, or taken and not bought, in one settlement interval, too small to be settled [kWh].
pub(crate) const UNSETTLED_KWH: f64 = 1e-9;

/// Amount in millionths of the currency; `None` if it is not a whole number of them.
pub(crate) fn millionths(amount: f64) -> Option<i128> {
    let scaled = amount * 1e6;
    let whole = scaled.round();
    // An amount was divided by a million for the table, and is multiplied again here.
    let tolerance = rounding(2, scaled.abs());
    ((scaled - whole).abs() <= tolerance && whole.abs() < 1e30).then_some(whole as i128)
}

/// Largest difference of sums of amounts that were read from floats [millionths]: zero up to about a thousand million
/// units of currency, above which floats cannot represent single millionths.
pub(crate) fn unreadable(sum_of_millionths: i128) -> i128 {
    rounding(2, sum_of_millionths as f64) as i128
}

/// Findings of the auditor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditReport {
    /// All checks, in a fixed order.
    pub checks: Vec<Check>,
}

impl AuditReport {
    /// Number of checks made.
    pub fn made(&self) -> usize {
        self.checks.len() - self.not_possible().count()
    }

    /// Checks that were not possible.
    pub fn not_possible(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.not_possible.is_some())
    }

    /// Number of checks made, and those that were not possible with their names: `12 checks made, 1 not possible: ...`.
    pub fn count(&self) -> String {
        let names: Vec<&str> = self.not_possible().map(|check| check.name).collect();
        let made = format!("{} checks made", self.made());
        match names.len() {
            0 => format!("{made}, none impossible"),
            number => format!("{made}, {number} not possible: {}", names.join("; ")),
        }
    }

    /// Whether there are no violations.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.violations == 0)
    }

    /// The report as a table, followed by the number of checks and the first violations of each.
    pub fn render(&self) -> String {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header(["Audit", "checked", "violations"]);
        for check in &self.checks {
            let (checked, violations) = match &check.not_possible {
                Some(why) => ("-".to_owned(), why.clone()),
                None => (thousands(check.checked as f64, 0), thousands(check.violations as f64, 0)),
            };
            table.add_row([check.name.to_owned(), checked, violations]);
        }
        for index in [1, 2] {
            if let Some(column) = table.column_mut(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let mut text = format!("{}\n{}", table.trim_fmt(), self.count());
        for check in self.checks.iter().filter(|check| check.violations > 0) {
            text.push_str(&format!("\n{}:", check.name));
            for example in &check.examples {
                text.push_str(&format!("\n  {example}"));
            }
            if check.violations > check.examples.len() as u64 {
                text.push_str(&format!("\n  and {} more", check.violations - check.examples.len() as u64));
            }
        }
        text
    }

    /// Returns the report as an error if there are violations.
    ///
    /// # Errors
    /// [`Error::Audit`] with the report.
    pub fn into_result(self) -> Result<Self> {
        if self.passed() { Ok(self) } else { Err(Error::Audit(self.render())) }
    }
}

/// Runs all checks that the tables in `dir` allow.
///
/// A check that needs a table that was not selected, or that was thinned, is reported as not possible.
///
/// # Errors
/// If a table cannot be read.
pub fn audit(dir: &Path, facts: &AuditFacts) -> Result<AuditReport> {
    let mut auditor = Auditor { dir, facts, checks: Vec::new() };
    vehicles::check(&mut auditor)?;
    stations::check(&mut auditor)?;
    visits::check(&mut auditor)?;
    places::check(&mut auditor)?;
    trips::check(&mut auditor)?;
    riders::check(&mut auditor)?;
    summary::check(&mut auditor);
    money::check(&mut auditor)?;
    costs::check(&mut auditor)?;
    loads::check(&mut auditor)?;
    markets::check(&mut auditor)?;
    supply::check(&mut auditor)?;
    households::check(&mut auditor)?;
    feeder::check(&mut auditor)?;
    Ok(AuditReport { checks: auditor.checks })
}

/// An audit in progress.
pub(crate) struct Auditor<'a> {
    pub(crate) dir: &'a Path,
    pub(crate) facts: &'a AuditFacts,
    pub(crate) checks: Vec<Check>,
}

impl Auditor<'_> {
    /// Energy that fills the largest battery, at the plug [kWh].
    pub(crate) fn largest_battery_kwh(&self) -> f64 {
        let at_plug = |v: &VehicleFacts| v.battery_kwh / v.charge_efficiency;
        self.facts.vehicles.iter().map(at_plug).fold(0.0, f64::max)
    }

    /// Upper bound of the departures of all vehicles from connectors from the start to `time`: one per vehicle and
    /// second.
    pub(crate) fn departures(&self, time: i64) -> usize {
        self.facts.vehicles.len() * (time - self.facts.start.0).max(1) as usize
    }

    /// Whether the summary counts events that ended at `time`.
    pub(crate) fn measured(&self, time: i64) -> bool {
        let from = self.facts.measured_from;
        time > from.0 || from <= self.facts.start
    }

    /// Whether a request was assigned to a vehicle in advance.
    pub(crate) fn assigned(&self, request: u32) -> bool {
        self.facts.assigned.get(request as usize).copied().unwrap_or(false)
    }

    /// Whether all of `tables` were written in full; if not, notes that `names` cannot be checked.
    pub(crate) fn has(&mut self, tables: &[TableId], names: &[&'static str]) -> bool {
        let options = &self.facts.outputs;
        for table in tables {
            let thinned = match table {
                TableId::Fleet => options.fleet_every > 1,
                TableId::Stations => options.stations_every > 1,
                TableId::Grid => options.grid_every > 1,
                _ => false,
            };
            let why = match (options.has(*table), thinned) {
                (true, false) => continue,
                (false, _) => "not written",
                (true, true) => "thinned",
            };
            let why = format!("{} was {why}", table.table().file_name());
            self.checks.extend(names.iter().map(|name| Check::not_possible(name, why.clone())));
            return false;
        }
        true
    }
}

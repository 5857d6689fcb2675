//! An auditor that trusts nothing but the written tables.
//!
//! It rebuilds each vehicle's days, each connector's sessions and each account's
//! postings from the Parquet files of a run and checks that charge, energy, places
//! and money add up. It shares no code with the engine: what it needs to know
//! besides the tables (battery sizes, places of stations) is in [`AuditFacts`].

mod costs;
mod feeder;
mod households;
mod loads;
mod markets;
mod money;
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

/// Largest difference of states of charge that counts as none. Columns are floats of 64 bits as the simulation had them, so
/// that a state of charge is carried over exactly; one that is computed from another by an energy comes from three roundings of
/// numbers up to 1, and as many here.
pub(crate) const SOC_TOLERANCE: f64 = 6.0 * UNIT;
/// Violations of one check that are described; the others are counted.
const EXAMPLES: usize = 3;

/// One vehicle as the simulation started with it.
#[derive(Debug, Clone)]
pub struct VehicleFacts {
    /// Name in the tables.
    pub name: String,
    /// Name of its fleet.
    pub fleet: String,
    /// Energy between state of charge 0 and 1 [kWh].
    pub battery_kwh: f64,
    /// Stored energy over energy drawn from the grid.
    pub charge_efficiency: f64,
    /// Energy fed to the grid over energy taken from the battery.
    pub discharge_efficiency: f64,
    /// State of charge at the start.
    pub initial_soc: f64,
    /// Label of the place where it stands at the start.
    pub initial_place: String,
}

/// One station as built.
#[derive(Debug, Clone)]
pub struct StationFacts {
    /// Name in the tables.
    pub name: String,
    /// Label of its place.
    pub place: String,
    /// Its connectors.
    pub connectors: u32,
    /// Most power of all connectors together [kW].
    pub limit_kw: f64,
    /// Whether vehicles get connectors strictly in the order of arrival: not so where connectors
    /// of two kinds let a later vehicle take one that the first in the queue cannot use.
    pub first_come_first_served: bool,
    /// Name of its retailer.
    pub retailer: String,
    /// Whether a policy or the feeder may leave it as little power as rounding hides.
    pub held_back: bool,
    /// Whether owners of vehicles choose theirs here.
    pub competes: bool,
    /// What its operator adds to the retailer's price [currency/MWh].
    pub markup_eur_mwh: f64,
    /// By how much the load of the retailer's stations raises its price [currency/MWh per kW], where it does.
    pub slope_eur_mwh_kw: Option<f64>,
}

/// A group of households.
#[derive(Debug, Clone)]
pub struct HouseholdFacts {
    /// Name in the tables.
    pub name: String,
    /// Local days, as far as they are simulated, in whole slots: first instant, first instant after, and what all its homes draw in between [kWh].
    pub days: Vec<(SimTime, SimTime, f64)>,
    /// How many homes.
    pub count: u32,
    /// Worth of the first unit in the hour of the largest load [currency/MWh].
    pub worth_eur_mwh: f64,
    /// By how much a further kW lowers the worth of the next [currency/MWh per kW].
    pub theta_eur_mwh_kw: f64,
}

/// What the tables do not tell.
#[derive(Debug, Clone, Default)]
pub struct AuditFacts {
    /// First instant simulated.
    pub start: SimTime,
    /// First instant no longer simulated.
    pub end: SimTime,
    /// First instant that the summary covers: the end of the warm-up.
    pub measured_from: SimTime,
    /// Every vehicle.
    pub vehicles: Vec<VehicleFacts>,
    /// Every station.
    pub stations: Vec<StationFacts>,
    /// Every group of households.
    pub households: Vec<HouseholdFacts>,
    /// The feeder, where there is one.
    pub feeder: Option<FeederFacts>,
    /// Requests that the run was given, where known.
    pub requests: Option<u64>,
    /// Length of a settlement interval [s], where there were markets to bid in.
    pub settlement_s: Option<i64>,
    /// Names of the fleets whose trips are assigned to vehicles in advance: in replay, and those of drivers.
    pub preassigned: Vec<String>,
    /// How long a rider waits for a vehicle [s], where dispatch decides.
    pub patience_s: Option<i64>,
    /// Names of the fleets whose riders get vehicles in the order in which they asked, among equals: no vehicle is bound to a
    /// rider or withheld for a market, and no other fleet serves them.
    pub in_order: Vec<String>,
    /// Which tables were written, and how densely.
    pub outputs: OutputOptions,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What must hold.
    pub name: &'static str,
    /// Rows or pairs of rows looked at.
    pub checked: u64,
    /// How many of them violate it.
    pub violations: u64,
    /// The first few, in words.
    pub examples: Vec<String>,
    /// Why it could not be checked, if it could not.
    pub not_possible: Option<String>,
}

impl Check {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, checked: 0, violations: 0, examples: Vec::new(), not_possible: None }
    }

    /// One more row, which is right or not; `what` describes it if it is not.
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
/// A posting is rounded to a whole millionth: it is off by at most half of one [currency].
pub(crate) const HALF_MILLIONTH: f64 = 0.5e-6;

/// Whether two numbers differ by `tolerance` at most. Not so if either is not a number.
pub(crate) fn within(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance
}

/// By how much two sums of the same numbers may differ that were made in `steps` operations each, the magnitudes of what was
/// summed being `magnitude` together: each is off by steps x unit x magnitude at most (N. J. Higham, Accuracy and Stability of
/// Numerical Algorithms, 2nd edition, 2002, section 4.2). The same holds for products and quotients of so many steps.
pub(crate) fn rounding(steps: usize, magnitude: f64) -> f64 {
    2.0 * steps as f64 * UNIT * magnitude
}

/// By how much the energy that flowed at connectors in `seconds` of them together may be off [kWh]. Time goes by whole
/// seconds, and power is divided anew at most once in each. Then the charge of a battery (at most all of it, `battery_kwh` as
/// seen from the plug) comes from four roundings, and what it gained is added to a total of `total_kwh`.
pub(crate) fn meter_rounding(seconds: f64, battery_kwh: f64, total_kwh: f64) -> f64 {
    seconds * UNIT * (4.0 * battery_kwh + total_kwh)
}

/// Energy bought and not taken, or taken and not bought, in one settlement interval and not settled for being so little [kWh].
pub(crate) const UNSETTLED_KWH: f64 = 1e-9;

/// Amount in millionths of the currency; `None` if it is not a whole number of them.
pub(crate) fn millionths(amount: f64) -> Option<i128> {
    let scaled = amount * 1e6;
    let whole = scaled.round();
    // An amount was divided by a million for the table, and is multiplied here.
    let tolerance = rounding(2, scaled.abs());
    ((scaled - whole).abs() <= tolerance && whole.abs() < 1e30).then_some(whole as i128)
}

/// By how much sums of amounts may differ that were read from floats [millionths]: nothing up to about a thousand million
/// units of currency, from where on floats hold no single millionths.
pub(crate) fn unreadable(sum_of_millionths: i128) -> i128 {
    rounding(2, sum_of_millionths as f64) as i128
}

/// What the auditor found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditReport {
    /// Every check, in a fixed order.
    pub checks: Vec<Check>,
}

impl AuditReport {
    /// Checks that were made.
    pub fn made(&self) -> usize {
        self.checks.len() - self.not_possible().count()
    }

    /// Checks that could not be made.
    pub fn not_possible(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.not_possible.is_some())
    }

    /// How many checks were made, how many were not possible, and which: `12 checks made, 1 not possible: ...`.
    pub fn count(&self) -> String {
        let names: Vec<&str> = self.not_possible().map(|check| check.name).collect();
        let made = format!("{} checks made", self.made());
        match names.len() {
            0 => format!("{made}, none impossible"),
            number => format!("{made}, {number} not possible: {}", names.join("; ")),
        }
    }

    /// Whether nothing is wrong.
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

    /// The report as an error, if something is wrong.
    ///
    /// # Errors
    /// [`Error::Audit`] with the report.
    pub fn into_result(self) -> Result<Self> {
        if self.passed() { Ok(self) } else { Err(Error::Audit(self.render())) }
    }
}

/// Runs every check that the tables in `dir` allow.
///
/// A check that needs a table that was not selected, or that was thinned, is
/// reported as not possible.
///
/// # Errors
/// If a table cannot be read.
pub fn audit(dir: &Path, facts: &AuditFacts) -> Result<AuditReport> {
    let mut auditor = Auditor { dir, facts, checks: Vec::new() };
    vehicles::check(&mut auditor)?;
    stations::check(&mut auditor)?;
    visits::check(&mut auditor)?;
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

/// An audit under way.
pub(crate) struct Auditor<'a> {
    pub(crate) dir: &'a Path,
    pub(crate) facts: &'a AuditFacts,
    pub(crate) checks: Vec<Check>,
}

impl Auditor<'_> {
    /// Energy to fill the largest battery, at the plug [kWh].
    pub(crate) fn largest_battery_kwh(&self) -> f64 {
        let at_plug = |v: &VehicleFacts| v.battery_kwh / v.charge_efficiency;
        self.facts.vehicles.iter().map(at_plug).fold(0.0, f64::max)
    }

    /// How often vehicles together may have left a connector from the start to `time`: each once a second.
    pub(crate) fn departures(&self, time: i64) -> usize {
        self.facts.vehicles.len() * (time - self.facts.start.0).max(1) as usize
    }

    /// Whether the summary counts what ended at `time`.
    pub(crate) fn measured(&self, time: i64) -> bool {
        let from = self.facts.measured_from;
        time > from.0 || from <= self.facts.start
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

//! `gridfleet validate`: checks a scenario or a study with all files it names, and describes it.

use super::{ScenarioArgs, terminal};
use crate::error::Result;
use crate::markets::GateRule;
use crate::rng::Streams;
use crate::scenario::{self, Prepared, Scenario};
use crate::studies;
use crate::world::{Mode, Setup};
use clap::Args;
use std::fmt::Write as _;

/// Arguments of `gridfleet validate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gridfleet validate scenarios/nyc-week.toml\n  \
    gridfleet validate scenarios/charging-policies.toml\n  \
    gridfleet validate scenarios/small.toml --set time.days=1")]
pub struct ValidateArgs {
    /// Scenario and the changes to it.
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Take warnings for errors.
    #[arg(long)]
    pub strict: bool,
}

/// Runs `gridfleet validate`.
///
/// # Errors
/// With all problems of the scenario.
pub fn run(args: &ValidateArgs) -> Result<()> {
    if studies::load::is_study(&args.scenario.scenario) {
        let study = studies::load::load(&args.scenario.scenario)?;
        terminal::heed(&study.warnings, args.strict)?;
        return terminal::print(&describe_study(&study));
    }
    let scenario = scenario::load(&args.scenario.scenario, &args.scenario.overrides())?;
    terminal::heed(&scenario.warnings, args.strict)?;
    let (setup, prepared) = scenario.build(Streams { seed: scenario.seed(), replication: 0 })?;
    terminal::heed(&prepared.import.warnings, args.strict)?;
    terminal::print(&describe(&setup, &prepared, scenario.settles()))
}

/// Text for a warm-up that is not known yet.
const FOUND: &str = "found by a pilot run";

/// A description: a title, and rows of a name and a text.
struct Rows {
    text: String,
    /// Width of the names.
    width: usize,
}

impl Rows {
    fn new(name: &str, width: usize) -> Self {
        Self { text: format!("{name}: ok\n"), width }
    }

    fn add(&mut self, name: &str, text: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "  {name:<width$} {text}", width = self.width);
    }
}

/// Description of a study.
fn describe_study(study: &studies::Study) -> String {
    let plan = &study.plan;
    let names = |names: Vec<&str>| names.join(", ");
    let mut rows = Rows::new(&plan.study, 13);
    rows.add("scenario", &plan.scenario_file);
    rows.add("policies", names(plan.policies.iter().map(|p| p.name.as_str()).collect()));
    rows.add("baseline", &plan.baseline);
    if !plan.factors.is_empty() {
        rows.add("factors", names(plan.factors.iter().map(|f| f.name.as_str()).collect()));
    }
    if study.arms.iter().any(Scenario::settles) {
        rows.add("warm-up", FOUND);
    }
    rows.add("points", plan.points.len());
    rows.add("replications", study.replications);
    rows.add("tasks", plan.arms() as u64 * u64::from(study.replications));
    rows.add("metrics", names(plan.metrics.iter().map(|m| m.name.as_str()).collect()));
    rows.text
}

/// Description of a scenario.
fn describe(setup: &Setup, prepared: &Prepared, settles: bool) -> String {
    let mut rows = Rows::new(&prepared.name, 11);
    period(setup, prepared, settles, &mut rows);
    demand(setup, prepared, &mut rows);
    supply(setup, &mut rows);
    grid(setup, &mut rows);
    pricing(setup, prepared, &mut rows);
    rows.text
}

/// Period, mode and policies of the fleets.
fn period(setup: &Setup, prepared: &Prepared, settles: bool, rows: &mut Rows) {
    let hours = (setup.end - setup.start) as f64 / 3_600.0;
    let zone = setup.clock.tz().name();
    let local = |t| setup.clock.local(t).format("%Y-%m-%d %H:%M").to_string();
    rows.add("period", format!("{} to {} ({zone}, {hours} h)", local(setup.start), local(setup.end)));
    if settles {
        rows.add("warm-up", FOUND);
    }
    match setup.mode {
        Mode::Dispatch { patience_s } => {
            let policy = prepared.policies.dispatch.name();
            rows.add("mode", format!("dispatch ({policy}, riders wait {patience_s} s)"));
        }
        Mode::Replay => rows.add("mode", "replay"),
    }
    rows.add("charging", prepared.policies.charging.name());
}

/// Requests and vehicles.
fn demand(setup: &Setup, prepared: &Prepared, rows: &mut Rows) {
    rows.add("requests", format!("{} ({} rows read)", setup.requests.len(), prepared.import.rows_read));
    for (reason, count) in prepared.import.skipped.iter().chain(&prepared.left_out) {
        rows.add("", format!("{count} left out: {reason}"));
    }
    for (what, count) in &prepared.import.repaired {
        rows.add("", format!("{count} repaired: {what}"));
    }
    for (property, how) in &prepared.import.derived {
        rows.add("", format!("{property}: {how}"));
    }
    for (i, fleet) in setup.fleets.iter().enumerate() {
        let vehicles = setup.vehicles.iter().filter(|v| v.fleet.index() == i).count();
        let requests = setup.requests.fleet.iter().filter(|f| f.index() == i).count();
        let (vehicles, requests) = (counted(vehicles, "vehicle"), counted(requests, "request"));
        rows.add("fleet", format!("{}: {vehicles}, {requests}", fleet.name));
    }
}

/// Stations, retailers and markets.
fn supply(setup: &Setup, rows: &mut Rows) {
    let connectors: usize = setup.stations.iter().map(|s| s.connectors.len()).sum();
    let text = format!(
        "{} with {} of {}",
        counted(setup.stations.len(), "station"),
        counted(connectors, "connector"),
        counted(setup.operators.len(), "operator")
    );
    rows.add("charging at", text);
    for retailer in &setup.retailers {
        rows.add("retailer", format!("{}, a price every {} s", retailer.name, retailer.slot_s));
    }
    for market in &setup.trading.markets {
        let products = market.products;
        let gates = match market.gates {
            GateRule::Lead(lead_s) => format!("gates {lead_s} s ahead"),
            GateRule::Daily { days_before, .. } => {
                format!("gates {} ahead", counted(days_before as usize, "day"))
            }
            GateRule::Weekly { weeks_before, .. } => {
                format!("gates {} ahead", counted(weeks_before as usize, "week"))
            }
        };
        let count = counted(products.count, "product");
        rows.add("market", format!("{}, {count} of {} s, {gates}", market.name, products.slot_s));
    }
}

/// Households and the feeder.
fn grid(setup: &Setup, rows: &mut Rows) {
    for group in &setup.retail.households {
        let retailer = &setup.retailers[group.retailer].name;
        let homes = counted(group.count as usize, "home");
        rows.add("households", format!("{}: {homes} of {retailer}", group.name));
    }
    if let Some(grid) = &setup.grid {
        let load_kw: f64 = grid.feeder.buses().iter().map(|bus| 1_000.0 * bus.load_mw).sum();
        let (load, buses) = (crate::outputs::summary::thousands(load_kw, 0), grid.number.len());
        let limits = grid.enforce.name();
        rows.add("feeder", format!("{}: {buses} buses with {load} kW, {limits}", grid.name));
    }
}

/// Policies of retailers and of bidders.
fn pricing(setup: &Setup, prepared: &Prepared, rows: &mut Rows) {
    let policies = &prepared.policies;
    if !setup.retail.is_empty() {
        rows.add("pricing", policies.pricing.name());
        rows.add("response", policies.response.name());
    }
    if let Some(competition) = &setup.competition {
        let names = competition.retailers.iter().map(|retailer| setup.retailers[*retailer].name.as_str());
        rows.add("competition", names.collect::<Vec<_>>().join(", "));
        rows.add("aggregator", policies.aggregator.name());
    }
    if setup.trading.is_active() {
        rows.add("bidding", policies.bidding.name());
    }
}

/// `1 station`, `2 stations`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

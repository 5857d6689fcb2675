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
    terminal::print(&describe(&setup, &prepared, scenario.settles()))
}

/// Text for a warm-up that is not known yet.
const FOUND: &str = "found by a pilot run";

/// Description of a study.
fn describe_study(study: &studies::Study) -> String {
    let plan = &study.plan;
    let names = |names: Vec<&str>| names.join(", ");
    let mut out = format!("{}: ok\n", plan.study);
    let mut row = |name: &str, text: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {name:<13} {text}");
    };
    row("scenario", plan.scenario_file.clone());
    row("policies", names(plan.policies.iter().map(|p| p.name.as_str()).collect()));
    row("baseline", plan.baseline.clone());
    if !plan.factors.is_empty() {
        row("factors", names(plan.factors.iter().map(|f| f.name.as_str()).collect()));
    }
    if study.arms.iter().any(Scenario::settles) {
        row("warm-up", FOUND.to_owned());
    }
    row("points", plan.points.len().to_string());
    row("replications", study.replications.to_string());
    row("tasks", (plan.arms() as u64 * u64::from(study.replications)).to_string());
    row("metrics", names(plan.metrics.iter().map(|m| m.name.as_str()).collect()));
    out
}

/// Description of a scenario.
fn describe(setup: &Setup, prepared: &Prepared, settles: bool) -> String {
    let mut out = format!("{}: ok\n", prepared.name);
    let mut row = |name: &str, text: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {name:<11} {text}");
    };
    let hours = (setup.end - setup.start) as f64 / 3_600.0;
    let zone = setup.clock.tz().name();
    let local = |t| setup.clock.local(t).format("%Y-%m-%d %H:%M").to_string();
    row("period", format!("{} to {} ({zone}, {hours} h)", local(setup.start), local(setup.end)));
    if settles {
        row("warm-up", FOUND.to_owned());
    }
    match setup.mode {
        Mode::Dispatch { patience_s } => {
            row(
                "mode",
                format!("dispatch ({}, riders wait {patience_s} s)", prepared.policies.dispatch.name()),
            );
        }
        Mode::Replay => row("mode", "replay".to_owned()),
    }
    row("charging", prepared.policies.charging.name().to_owned());
    row("requests", format!("{} ({} rows read)", setup.requests.len(), prepared.import.rows_read));
    for (reason, count) in prepared.import.skipped.iter().chain(&prepared.left_out) {
        row("", format!("{count} left out: {reason}"));
    }
    for (what, count) in &prepared.import.repaired {
        row("", format!("{count} repaired: {what}"));
    }
    for (property, how) in &prepared.import.derived {
        row("", format!("{property}: {how}"));
    }
    for (i, fleet) in setup.fleets.iter().enumerate() {
        let vehicles = setup.vehicles.iter().filter(|v| v.fleet.index() == i).count();
        let requests = setup.requests.fleet.iter().filter(|f| f.index() == i).count();
        row(
            "fleet",
            format!("{}: {}, {}", fleet.name, counted(vehicles, "vehicle"), counted(requests, "request")),
        );
    }
    let connectors: usize = setup.stations.iter().map(|s| s.connectors.len()).sum();
    let text = format!(
        "{} with {} of {}",
        counted(setup.stations.len(), "station"),
        counted(connectors, "connector"),
        counted(setup.operators.len(), "operator")
    );
    row("charging at", text);
    for retailer in &setup.retailers {
        row("retailer", format!("{}, a price every {} s", retailer.name, retailer.slot_s));
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
        row(
            "market",
            format!(
                "{}, {} of {} s, {gates}",
                market.name,
                counted(products.count, "product"),
                products.slot_s
            ),
        );
    }
    for group in &setup.retail.households {
        let retailer = &setup.retailers[group.retailer.index()].name;
        row("households", format!("{}: {} of {retailer}", group.name, counted(group.count as usize, "home")));
    }
    if let Some(grid) = &setup.grid {
        let load_kw: f64 = grid.feeder.buses().iter().map(|bus| 1_000.0 * bus.load_mw).sum();
        row(
            "feeder",
            format!(
                "{}: {} buses with {} kW, {}",
                grid.name,
                grid.number.len(),
                crate::outputs::summary::thousands(load_kw, 0),
                grid.enforce.name()
            ),
        );
    }
    if !setup.retail.is_empty() {
        row("pricing", prepared.policies.pricing.name().to_owned());
        row("response", prepared.policies.response.name().to_owned());
    }
    if let Some(competition) = &setup.competition {
        let names =
            competition.retailers.iter().map(|retailer| setup.retailers[retailer.index()].name.as_str());
        row("competition", names.collect::<Vec<_>>().join(", "));
        row("aggregator", prepared.policies.aggregator.name().to_owned());
    }
    if setup.trading.is_active() {
        row("bidding", prepared.policies.bidding.name().to_owned());
    }
    out
}

/// `1 station`, `2 stations`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

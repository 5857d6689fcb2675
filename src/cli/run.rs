//! `gridfleet run`: one replication of a scenario.

use super::progress::Progress;
use super::{ScenarioArgs, interrupts, terminal};
use crate::audit::{
    AuditFacts, BranchFacts, BusFacts, FeederFacts, HouseholdFacts, StationFacts, VehicleFacts, audit,
};
use crate::engine::Simulation;
use crate::error::{Error, Result};
use crate::grid;
use crate::ids::FleetId;
use crate::outputs::summary::FeederHead;
use crate::outputs::{
    FeederShape, GridPicture, InputFile, Kind, Manifest, MarketPicture, OutputOptions, Overview,
    ParquetRecorder, Provenance, Replace, RunDir, Summary, SummaryHead,
};
use crate::policies::StationsSpec;
use crate::policies::bidding::clairvoyant;
use crate::records::Recorder as _;
use crate::records::metrics::{Metrics, MetricsSetup};
use crate::rng::Streams;
use crate::scenario::{self, Prepared, Scenario};
use crate::studies::pilot;
use crate::time::{HOUR_S, SimTime};
use crate::world::{Enforce, Grid, Households, Mode, Setup};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Arguments of `gridfleet run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gridfleet run scenarios/nyc-week.toml\n  \
    gridfleet run scenarios/nyc-week.toml -o out/fewer --set fleets.yellow.vehicles.0.count=300\n  \
    gridfleet run scenarios/small.toml --policy nearest-idle --policy price-aware --audit\n  \
    gridfleet run scenarios/small.toml --json | jq .service_rate")]
pub struct RunArgs {
    /// The scenario and its changes.
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Folder of results; replaced if it holds an earlier run, anything else only with --force. Default: `out/` and the name of the scenario.
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replication: the same scenario with other random numbers.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub replication: u32,
    /// Replace the folder whatever results of gridfleet's it holds, and what was begun there.
    #[arg(long)]
    pub force: bool,
    /// Print errors only.
    #[arg(short, long)]
    pub quiet: bool,
    /// Print the contents of summary.json alone on stdout.
    #[arg(long)]
    pub json: bool,
    /// Recompute charge, energy and money from the tables written, and fail if they do not add up.
    #[arg(long)]
    pub audit: bool,
}

/// Carries `gridfleet run` out.
///
/// # Errors
/// If the scenario is wrong, the results cannot be written, or the user interrupts.
pub fn run(args: &RunArgs) -> Result<()> {
    let stop = interrupts::listen()?;
    let scenario = scenario::load(&args.scenario.scenario, &args.scenario.overrides())?;
    let streams = Streams { seed: scenario.seed(), replication: args.replication };
    let output = args.output.clone().unwrap_or_else(|| Path::new("out").join(&scenario.spec.name));
    let visible = !args.quiet && terminal::moves();
    if !args.quiet {
        let (start, end) = scenario.period();
        terminal::message(&format!(
            "{}: {} to {}, seed {}, replication {}, results in {}\n",
            scenario.spec.name,
            start.iso(),
            end.iso(),
            streams.seed,
            streams.replication,
            output.display()
        ));
    }
    let replace = Replace::of(false, args.force);
    let recorded = scenario.read()?;
    let (mut setup, mut prepared) = scenario.build_from(&recorded, streams)?;
    let mut warm_up_found_days = None;
    if scenario.settles() {
        // If the folder cannot be written, that is known before the work.
        drop(RunDir::create(&output, Kind::Run, replace)?);
        let days = find_warm_up(&scenario, setup, &prepared, streams, stop)?;
        if !args.quiet {
            terminal::message(&format!("{}\n", settled(days)));
        }
        (setup, prepared) = scenario.with_warm_up(days)?.build_from(&recorded, streams)?;
        warm_up_found_days = Some(days);
    }
    drop(recorded);
    check(stop)?;
    let progress = Progress::new(setup.start, setup.end, visible);
    let setup = Arc::new(setup);
    let job = Job { setup, prepared, warm_up_found_days, streams, output, replace, audit: args.audit };
    let outcome = simulate(&job, &progress, stop)?;
    drop(progress);
    if args.json {
        terminal::print(&outcome.summary_json)
    } else if args.quiet {
        Ok(())
    } else {
        terminal::print(&outcome.table)
    }
}

/// The days after which queues and charge have settled in a pilot run of this replication.
fn find_warm_up(
    scenario: &Scenario,
    setup: Setup,
    prepared: &Prepared,
    streams: Streams,
    stop: &AtomicBool,
) -> Result<i64> {
    let setup = Arc::new(setup);
    let policies = crate::engine::policies(&prepared.policies, &setup, streams);
    pilot::warm_up_days(&setup, policies, streams, stop)?.ok_or_else(|| scenario.not_settled())
}

/// What is said of a warm-up that a pilot run has found.
fn settled(days: i64) -> String {
    match days {
        0 => "warm-up: none, queues and charge are settled from the start".to_owned(),
        1 => "warm-up: 1 day, when queues and charge had settled".to_owned(),
        days => format!("warm-up: {days} days, when queues and charge had settled"),
    }
}

/// One replication to be carried out.
#[derive(Debug)]
pub struct Job {
    /// The world.
    pub setup: Arc<Setup>,
    /// Policies, outputs and where it all came from.
    pub prepared: Prepared,
    /// Local days of the warm-up that a pilot run has found; `None` where the scenario gives a number.
    pub warm_up_found_days: Option<i64>,
    /// Randomness.
    pub streams: Streams,
    /// Folder of results.
    pub output: PathBuf,
    /// Older results there that may be replaced.
    pub replace: Replace,
    /// Whether the tables written are audited.
    pub audit: bool,
}

/// What a replication leaves besides its files.
#[derive(Debug)]
pub struct Outcome {
    /// Contents of `summary.json`.
    pub summary_json: String,
    /// The summary for people.
    pub table: String,
}

/// Runs the simulation interval by interval and writes its results.
fn simulate(job: &Job, progress: &Progress, stop: &AtomicBool) -> Result<Outcome> {
    let (setup, prepared) = (&job.setup, &job.prepared);
    #[expect(clippy::disallowed_methods, reason = "wall time, for the manifest only")]
    let started = chrono::Utc::now();
    // The folder comes first: if it cannot be written, that is known before the work.
    let dir = RunDir::create(&job.output, Kind::Run, job.replace)?;
    let labels = setup.labels();
    let provenance = Provenance {
        scenario: prepared.name.clone(),
        scenario_sha256: prepared.sha256.clone(),
        seed: job.streams.seed,
        replication: job.streams.replication,
    };
    let options = OutputOptions {
        tables: prepared.outputs.tables.clone(),
        fleet_every: prepared.outputs.fleet_every,
        stations_every: prepared.outputs.stations_every,
        grid_every: prepared.outputs.grid_every,
    };
    let connectors = setup.stations.iter().map(|s| s.connectors.len() as u64).sum();
    let bounds_eur = if setup.trading.clairvoyant_bound { clairvoyant::bounds(setup)? } else { None };
    let metrics_setup = MetricsSetup {
        start: setup.start,
        end: setup.end,
        measured_from: setup.measured_from,
        end_value_eur_mwh: setup.end_value_eur_mwh,
        connectors,
        co2_kg_per_kwh: setup.co2_kg_per_kwh,
        trades: setup.trading.is_active(),
        bounds_eur,
        retail: setup.retail_facts(),
        competition: setup.competition_facts(),
    };
    let mut metrics = Metrics::new(&labels, metrics_setup);
    let mut overview = Overview::new(&labels, setup.clock.clone(), setup.start, setup.end);
    let settlement_s = setup.trading.settlement_s;
    let mut market = MarketPicture::new(&labels, setup.clock.clone(), setup.start, setup.end, settlement_s);
    let shape = setup.grid.as_ref().map(|grid| feeder_shape(grid));
    let mut grid = shape.map(|shape| GridPicture::new(shape, setup.clock.clone(), setup.start, setup.end));
    let mut tables = ParquetRecorder::create(dir.path(), labels, &provenance, &options)?;

    setup.sites().iter().for_each(|site| tables.site(site));
    let policies = crate::engine::policies(&prepared.policies, setup, job.streams);
    let mut simulation = Simulation::under(Arc::clone(setup), policies, job.streams);
    if job.audit {
        simulation = simulation.audited();
    }
    let mut pictures = (&mut overview, (&mut market, &mut grid));
    let mut recorder = (&mut tables, (&mut metrics, &mut pictures));
    let mut until = setup.start;
    while until < setup.end && !recorder.0.failed() {
        until = (until + setup.control_interval_s).min(setup.end);
        simulation.run_unless(stop, until, &mut recorder)?;
        progress.update(until, simulation.events());
        check(stop)?;
    }
    simulation.finish(&mut recorder)?;
    let simulated = progress.elapsed();
    simulation.books()?;
    tables.finish()?;

    let specs = &prepared.policies;
    let mut policy = match setup.mode {
        Mode::Dispatch { .. } => vec![
            ("dispatch", specs.dispatch.name()),
            ("charging", specs.charging.name()),
            ("relocation", specs.relocation.name()),
        ],
        // The trace decides.
        Mode::Replay => vec![("dispatch", "replay"), ("charging", "replay"), ("relocation", "replay")],
    };
    if setup.trading.is_active() {
        policy.push(("bidding", specs.bidding.name()));
    }
    if specs.stations != (StationsSpec::Uncontrolled {}) {
        policy.push(("stations", specs.stations.name()));
    }
    if !setup.retail.is_empty() {
        policy.push(("pricing", specs.pricing.name()));
        policy.push(("response", specs.response.name()));
    }
    if setup.competition.is_some() {
        policy.push(("aggregator", specs.aggregator.name()));
    }
    let head = SummaryHead {
        provenance,
        policy: policy.into_iter().map(|(role, name)| (role.to_owned(), name.to_owned())).collect(),
        start: setup.start,
        end: setup.end,
        measured_from: (setup.measured_from > setup.start).then_some(setup.measured_from),
        warm_up_found_days: job.warm_up_found_days,
        time_zone: setup.clock.tz().name().to_owned(),
        currency: setup.currency.clone(),
        events: simulation.events(),
        feeder: setup.grid.as_ref().map(|grid| feeder_head(grid)),
        refused_actions: simulation.refusals().map(|(r, n)| (r.name().to_owned(), n)).collect(),
        unsolved_plans: simulation.unsolved_plans(),
        imports: imports(prepared),
    };
    let summary = Summary::new(head, metrics.finish());
    summary.write(dir.path())?;
    overview.write(&prepared.name, dir.path())?;
    if setup.trading.is_active() {
        market.write(&prepared.name, dir.path())?;
    }
    if let Some(grid) = &grid {
        grid.write(&prepared.name, dir.path())?;
    }
    let mut manifest = Manifest::new(std::env::args().collect());
    manifest.inputs = prepared.inputs.iter().map(|path| InputFile::of(path)).collect::<Result<_>>()?;
    manifest.threads = std::thread::available_parallelism().map_or(1, usize::from);
    manifest.started = started.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    manifest.wall_time_s = progress.elapsed().as_secs_f64();
    manifest.events_per_second = Some(simulation.events() as f64 / simulated.as_secs_f64().max(1e-9));
    manifest.write(dir.path())?;
    check(stop)?;
    let target = dir.finish()?;
    interrupts::keep(format!("the results are complete in {}", job.output.display()));
    let mut table = summary.table(terminal::draws());
    if !table.ends_with('\n') {
        table.push('\n');
    }
    if job.audit {
        // The tables stay where they are: whoever sees the audit fail will want to look at them.
        let report = audit(&target, &audit_facts(setup, options))?;
        table.push_str(&format!("\n{}\n", report.into_result()?.render().trim_end()));
    }
    Ok(Outcome { summary_json: summary.to_json()?, table })
}

/// What the picture of a feeder needs to know.
fn feeder_shape(grid: &Grid) -> FeederShape {
    let feeder = &grid.feeder;
    let before = |&bus: &usize| (bus, feeder.feed(bus).map(|(_, before)| before));
    FeederShape {
        name: grid.name.clone(),
        number: grid.number.clone(),
        order: feeder.order().iter().map(before).collect(),
        voltage: grid.voltage,
    }
}

/// What the summary says of a feeder.
fn feeder_head(grid: &Grid) -> FeederHead {
    FeederHead {
        name: grid.name.clone(),
        buses: grid.number.len(),
        voltage_limits_pu: grid.voltage,
        enforce: grid.enforce.name(),
    }
}

/// What was read, skipped, mended and derived on the way in, for the summary.
fn imports(prepared: &Prepared) -> serde_json::Value {
    serde_json::json!({ "trips": prepared.import, "left_out": prepared.left_out })
}

/// What the auditor must know besides the tables.
fn audit_facts(setup: &Setup, outputs: OutputOptions) -> AuditFacts {
    let label = |place| {
        let mut label = String::new();
        setup.places.write_label(place, &mut label);
        label
    };
    let vehicles = setup.vehicles.iter().map(|v| {
        let of = &setup.types[v.vehicle_type.index()];
        VehicleFacts {
            name: v.name.clone(),
            fleet: setup.fleets[v.fleet.index()].name.clone(),
            battery_kwh: of.battery_kwh,
            charge_efficiency: of.charge_efficiency,
            discharge_efficiency: of.discharge_efficiency,
            initial_soc: v.soc,
            initial_place: label(v.place),
        }
    });
    let stations = setup.stations.iter().map(|s| {
        let total_kw: f64 = s.connectors.iter().map(|c| c.power_kw).sum();
        StationFacts {
            name: s.name.clone(),
            place: label(s.place),
            connectors: s.connectors.len() as u32,
            limit_kw: s.site_limit_kw.min(total_kw),
            first_come_first_served: s.connectors.iter().all(|c| c.dc == s.connectors[0].dc),
            retailer: setup.retailers[s.retailer.index()].name.clone(),
            held_back: setup.trading.is_active()
                || setup.grid.as_ref().is_some_and(|grid| grid.enforce == Enforce::Limit)
                || setup.retailers[s.retailer.index()].tariff.slope_eur_mwh_kw().is_some(),
            competes: setup.competes(s.retailer),
            markup_eur_mwh: s.markup_eur_mwh,
            slope_eur_mwh_kw: setup.retailers[s.retailer.index()].tariff.slope_eur_mwh_kw(),
        }
    });
    AuditFacts {
        preassigned: setup
            .fleets
            .iter()
            .enumerate()
            .filter(|&(i, _)| setup.binds(FleetId::new(i)))
            .map(|(_, fleet)| fleet.name.clone())
            .collect(),
        patience_s: match setup.mode {
            Mode::Dispatch { patience_s } => Some(patience_s),
            Mode::Replay => None,
        },
        in_order: setup
            .fleets
            .iter()
            .enumerate()
            .filter(|&(i, _)| serves_in_order(setup, FleetId::new(i)))
            .map(|(_, fleet)| fleet.name.clone())
            .collect(),
        start: setup.start,
        end: setup.end,
        measured_from: setup.measured_from,
        vehicles: vehicles.collect(),
        stations: stations.collect(),
        households: setup.retail.households.iter().map(|group| household_facts(setup, group)).collect(),
        feeder: setup.grid.as_ref().map(|grid| feeder_facts(setup, grid)),
        requests: Some(setup.requests.len() as u64),
        settlement_s: setup.trading.is_active().then_some(setup.trading.settlement_s),
        outputs,
    }
}

/// Whether the riders of a fleet get its vehicles in the order in which they asked, among equals.
fn serves_in_order(setup: &Setup, fleet: FleetId) -> bool {
    let alone = (0..setup.fleets.len())
        .map(FleetId::new)
        .all(|other| other == fleet || setup.coalition(other) != setup.coalition(fleet));
    !setup.binds(fleet) && alone && setup.trading.bidder_of(fleet).is_none()
}

/// The feeder as numbers, and the factor on its loads hour by hour.
fn feeder_facts(setup: &Setup, grid: &Grid) -> FeederFacts {
    let bus = |(of, &number): (&grid::Bus, &u32)| BusFacts {
        number,
        load_kw: of.load_mw * 1_000.0,
        load_kvar: of.load_mvar * 1_000.0,
        shunt_kw: of.shunt_mw * 1_000.0,
        shunt_kvar: of.shunt_mvar * 1_000.0,
    };
    let branch = |of: &grid::Branch| BranchFacts {
        ends: [of.from, of.to].map(|bus| grid.number[bus]),
        impedance: (of.r, of.x),
        limit_kva: of.limit_mva * 1_000.0,
    };
    // Hours of every zone begin at whole quarters of an hour of UTC.
    let mut factors: Vec<(SimTime, f64)> = Vec::new();
    let mut quarter = SimTime(setup.start.0.div_euclid(900) * 900);
    while quarter < setup.end {
        let factor = grid.base_factor[setup.clock.hour(quarter)];
        if factors.last().is_none_or(|last| last.1 != factor) {
            factors.push((quarter, factor));
        }
        quarter += 900;
    }
    let numbers = |buses: &[usize]| buses.iter().map(|&bus| grid.number[bus]).collect();
    FeederFacts {
        base_kva: grid.feeder.base_mva() * 1_000.0,
        source: grid.number[grid.feeder.source()],
        source_voltage: grid.feeder.source_voltage(),
        buses: grid.feeder.buses().iter().zip(&grid.number).map(bus).collect(),
        branches: grid.feeder.branches().iter().map(branch).collect(),
        factors,
        stations: numbers(&grid.station_bus),
        households: numbers(&grid.household_bus),
        kvar_per_kw: [grid.station_kvar_per_kw, grid.household_kvar_per_kw],
        enforced: (grid.enforce == Enforce::Limit).then_some(grid.voltage[0]),
    }
}

/// Loads of the homes of a group in the slots of each local day, which have the load of the hour in which they begin. Where
/// clocks are put back across midnight, a date comes in two parts.
fn household_facts(setup: &Setup, group: &Households) -> HouseholdFacts {
    let mut days: Vec<(SimTime, SimTime, f64)> = Vec::new();
    let slot_s = setup.retailers[group.retailer.index()].slot_s;
    let hours = slot_s as f64 / HOUR_S as f64;
    // Slots start at whole multiples of their length since the epoch.
    let (mut slot, mut today) = (SimTime(setup.start.0.div_euclid(slot_s) * slot_s), None);
    while slot < setup.end {
        let date = setup.clock.local(slot).date();
        let kwh = f64::from(group.count) * group.nominal_kw[setup.clock.hour(slot)] * hours;
        match days.last_mut() {
            Some(day) if today == Some(date) => (day.1, day.2) = (slot + slot_s, day.2 + kwh),
            _ => days.push((slot, slot + slot_s, kwh)),
        }
        today = Some(date);
        slot += slot_s;
    }
    // A day of which the simulation sees only a part of its last slot, or that goes on behind the end, is not whole.
    let ends = |end: SimTime| end < setup.end || setup.clock.local(end).time() == chrono::NaiveTime::MIN;
    days.retain(|day| day.0 >= setup.start && day.1 <= setup.end && ends(day.1));
    let largest = (0..24).max_by(|a, b| group.nominal_kw[*a].total_cmp(&group.nominal_kw[*b])).unwrap_or(0);
    HouseholdFacts {
        name: group.name.clone(),
        days,
        count: group.count,
        worth_eur_mwh: group.worth_eur_mwh(largest),
        theta_eur_mwh_kw: group.theta_eur_mwh_kw,
    }
}

/// Stops if the user has asked for it.
fn check(stop: &AtomicBool) -> Result<()> {
    if stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
}

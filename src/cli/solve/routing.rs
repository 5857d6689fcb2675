//! `gridfleet solve routing`: the vehicles of a file's fleets that serve its trips and where they charge, for each
//! coalition, and how the fleets may share the cost.

use super::print::{self, counted, figure, table};
use super::routing_file::{Written, read};
use crate::error::{InputError, Result};
use crate::games::coalition::Coalition;
use crate::games::coalition::file::NamedGame;
use crate::games::coalition::solution::SolutionConcepts;
use crate::routing::router::{RouterStats, game};
use crate::routing::{Demand, Instance, RoutePlan, Router, Schedule, Unservable};
use clap::Args;
use comfy_table::CellAlignment;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `gridfleet solve routing`.
#[derive(Debug, Args)]
#[command(
    after_help = "The file is a JSON object; times in minutes from its start, money in any currency:\n  \
    fleets         [names]\n  \
    places         {name: [x, y], ...}  in km, with speed_kmh and detour (1.3); or [names] with\n                 \
    travel {minutes, km}, tables of all ways\n  \
    slots          {minutes (15), count}\n  \
    price          x or [T]  per kWh at the feeder's source; refill_price: of a kWh after the end\n  \
    trips          [{name, fleet, from, to, earliest, latest, minutes, km, penalty}, ...]  pick-up\n                 \
    times; minutes and km as of the way if not given; without penalty it must be served\n  \
    vehicles       [{name, fleet, count (1), depot, battery_kwh, start_kwh, reserve_kwh (0), kwh_per_km}]\n  \
    stations       [{name, fleet, place, connectors (1), power_kw, efficiency (1), bus}, ...]\n\
    and, if wanted:\n  \
    value_of_time  x         of an hour plugged in outside the own depot; 0 if not given\n  \
    demand         \"all\" (if not given): each coalition serves all trips; or \"members\"\n  \
    feeder         \"case.m\" (MATPOWER, path from the file's folder), or {case, or base_mva, source,\n                 \
    buses [{name, load_mw, load_mvar}], branches [{from, to, r, x, limit_mva}]; load: loads\n                 \
    times x or [T]; source_voltage; voltage ([0.95, 1.05]); sides (12) of the polygon}\n\n\
    Examples:\n  gridfleet solve routing docs/routing.json\n  \
    gridfleet solve routing docs/routing.json --coalition north,south\n  \
    gridfleet solve routing docs/routing.json --json | jq '.coalitions[].cost'"
)]
pub struct RoutingArgs {
    /// The instance.
    #[arg(value_name = "FILE.json")]
    pub file: PathBuf,
    /// Solve this coalition alone, names of fleets separated by commas; all coalitions if not given.
    #[arg(long, value_name = "FLEETS")]
    pub coalition: Option<String>,
    /// Print everything as JSON on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Most rows of the table of coalitions: those of six fleets.
const MOST_COALITIONS: usize = 63;

/// A coalition and its plan.
type Solved = (Coalition, Result<RoutePlan, Unservable>);

/// Runs `gridfleet solve routing`.
///
/// # Errors
/// If the file is invalid, trips cannot be served, or stdout cannot be written.
pub fn run(args: &RoutingArgs, out: &mut dyn Write) -> Result<()> {
    let Written { instance, demand } = read(&args.file)?;
    let mut router = Router::new(&instance)?;
    let (mut solved, mut shared) = (Vec::new(), None);
    match &args.coalition {
        Some(names) => {
            let coalition = named(&instance, names)?;
            solved.push((coalition, router.solve(coalition, demand)));
        }
        None => {
            let plans = router.coalitions(demand)?;
            shared = game(instance.fleets.len(), &plans);
            let coalitions = plans.into_iter().enumerate().skip(1);
            solved.extend(coalitions.map(|(place, plan)| (Coalition::at(place), plan)));
        }
    }
    // The last one is the grand coalition, or the requested one.
    let Some((coalition, last)) = solved.last() else { return Ok(()) };
    let plan = match last {
        Ok(plan) => plan,
        Err(why) if why.is_failure() => return Err(why.clone().into()),
        Err(why) => {
            let found = format!("a coalition ({}) of which {why}", members(&instance, *coalition));
            let expected = "trips that can be served within all limits";
            return Err(InputError::new(found, expected).file(&args.file).into());
        }
    };
    let sharing = match shared {
        Some(game) => Some(SolutionConcepts::of(&NamedGame { names: instance.fleets.clone(), game })?),
        None => None,
    };
    let shown = Shown { instance: &instance, demand, solved: &solved, plan, sharing, work: router.work() };
    if args.json {
        return print::json(out, &shown.output());
    }
    print::text(out, &shown.tables(&args.file))
}

/// Coalition with these names.
fn named(instance: &Instance, names: &str) -> Result<Coalition> {
    let mut coalition = Coalition::EMPTY;
    for name in names.split(',').map(str::trim) {
        match instance.fleets.iter().position(|fleet| fleet == name) {
            Some(fleet) => coalition = coalition.with(fleet),
            None => {
                let expected = format!("names of fleets: {}", instance.fleets.join(", "));
                return Err(InputError::new(format!("{name:?}"), expected).key("--coalition").into());
            }
        }
    }
    Ok(coalition)
}

fn members(instance: &Instance, coalition: Coalition) -> String {
    let names: Vec<&str> = coalition.players().map(|fleet| instance.fleets[fleet].as_str()).collect();
    names.join(", ")
}

/// Output for a solved instance.
struct Shown<'a> {
    instance: &'a Instance,
    demand: Demand,
    solved: &'a [Solved],
    /// Plan of the last coalition.
    plan: &'a RoutePlan,
    sharing: Option<SolutionConcepts>,
    work: RouterStats,
}

/// Output of `--json`.
#[derive(Serialize)]
struct Output<'a> {
    demand: &'static str,
    coalitions: Vec<CoalitionOutput<'a>>,
    /// Shares of the cost; `None` if a coalition cannot serve all trips.
    sharing: Option<&'a SolutionConcepts>,
    work: WorkOutput,
}

#[derive(Serialize)]
struct CoalitionOutput<'a> {
    members: Vec<&'a str>,
    cost: Option<f64>,
    /// Reason why it has no plan.
    why: Option<String>,
    driven_kwh: Option<f64>,
    drawn_kwh: Option<f64>,
    km: Option<f64>,
    unserved: Vec<&'a str>,
    schedules: Vec<ScheduleOutput<'a>>,
    /// Lowest voltage by slot [per unit].
    lowest_voltage: Vec<f64>,
}

#[derive(Serialize)]
struct ScheduleOutput<'a> {
    vehicle: &'a str,
    cost: f64,
    trips: Vec<&'a str>,
    pick_ups: Vec<f64>,
    /// Stops before each trip and on the way home.
    stops: Vec<Option<StopOutput<'a>>>,
}

#[derive(Serialize)]
struct StopOutput<'a> {
    station: &'a str,
    slot: usize,
    slots: usize,
}

#[derive(Serialize)]
struct WorkOutput {
    schedules: usize,
    partial_schedules: usize,
    limits: usize,
    active_limits: usize,
    pools: usize,
}

impl<'a> Shown<'a> {
    fn output(&'a self) -> Output<'a> {
        let RouterStats { schedules, labels, limits, pools } = self.work;
        Output {
            demand: match self.demand {
                Demand::All => "all",
                Demand::Members => "members",
            },
            coalitions: self.solved.iter().map(|solved| self.coalition(solved)).collect(),
            sharing: self.sharing.as_ref(),
            work: WorkOutput {
                schedules,
                partial_schedules: labels,
                limits: limits[0],
                active_limits: limits[1],
                pools,
            },
        }
    }

    fn coalition(&self, (coalition, plan): &'a Solved) -> CoalitionOutput<'a> {
        let instance = self.instance;
        let members = coalition.players().map(|fleet| instance.fleets[fleet].as_str()).collect();
        let trip = |&trip: &usize| instance.trips[trip].name.as_str();
        let schedule = |schedule: &'a Schedule| ScheduleOutput {
            vehicle: &instance.vehicles[schedule.vehicles].name,
            cost: schedule.cost,
            trips: schedule.trips.iter().map(trip).collect(),
            pick_ups: schedule.pick_ups(instance),
            stops: schedule
                .stops
                .iter()
                .map(|stop| {
                    stop.map(|stop| StopOutput {
                        station: &instance.stations[stop.station].name,
                        slot: stop.slot,
                        slots: stop.slots,
                    })
                })
                .collect(),
        };
        let used = plan.as_ref().ok().map(|plan| plan.used(instance));
        CoalitionOutput {
            members,
            cost: plan.as_ref().ok().map(|plan| plan.cost),
            why: plan.as_ref().err().map(ToString::to_string),
            driven_kwh: used.map(|used| used.driven_kwh),
            drawn_kwh: used.map(|used| used.drawn_kwh),
            km: used.map(|used| used.km),
            unserved: plan.iter().flat_map(|plan| &plan.unserved).map(trip).collect(),
            schedules: plan.iter().flat_map(|plan| &plan.schedules).map(schedule).collect(),
            lowest_voltage: plan
                .iter()
                .flat_map(|plan| plan.flows(instance))
                .map(|flow| flow.voltage(flow.lowest()))
                .collect(),
        }
    }

    /// Tables of coalitions, shares, the plan of the last coalition, and the feeder.
    fn tables(&self, file: &Path) -> String {
        let instance = self.instance;
        let vehicles: usize = instance.vehicles.iter().map(|vehicles| vehicles.count).sum();
        let mut out = format!(
            " {}: {}, {}, {}, {}, {} of {} min\n\n",
            file.display(),
            counted(instance.fleets.len(), "fleet"),
            counted(instance.trips.len(), "trip"),
            counted(vehicles, "vehicle"),
            counted(instance.stations.len(), "station"),
            counted(instance.slots.count, "slot"),
            instance.slots.minutes,
        );
        let _ = writeln!(out, "{}\n", self.coalitions());
        if let Some(sharing) = &self.sharing {
            let mut shares = table(&["Fleet", "alone", "Shapley", "nucleolus"]);
            for (fleet, (name, share)) in sharing.shapley.0.iter().enumerate() {
                let alone = self.solved[(1 << fleet) - 1].1.as_ref().map_or(f64::NAN, |plan| plan.cost);
                let nucleolus =
                    sharing.nucleolus.as_ref().map_or("-".to_owned(), |shares| figure(shares.0[fleet].1));
                shares.add_row([name.clone(), figure(alone), figure(*share), nucleolus]);
            }
            let core = match (sharing.core.empty, sharing.core.shapley_inside) {
                (true, _) => "The Core is empty: whatever the shares, some fleets save by leaving.",
                (false, true) => "The Shapley value lies in the Core: no fleets save by leaving.",
                (false, false) => {
                    "There are stable shares (a Core), but the Shapley value is not among them."
                }
            };
            let _ = writeln!(out, "{shares}\n {core}\n");
        }
        let _ = writeln!(out, "{}", self.schedules());
        let RouterStats { schedules, limits: [limits, active], pools, .. } = self.work;
        let _ = writeln!(
            out,
            " Proven among {}; {active} of {} of connectors and feeder came into play, in {}.",
            counted(schedules, "schedule"),
            counted(limits, "limit"),
            counted(pools, "round"),
        );
        if let Some(grid) = &instance.grid {
            let flows = self.plan.flows(instance);
            let lowest = |slot: &usize| flows[*slot].squared[flows[*slot].lowest()];
            if let Some(slot) = (0..flows.len()).min_by(|a, b| lowest(a).total_cmp(&lowest(b))) {
                let bus = flows[slot].lowest();
                let _ = writeln!(
                    out,
                    " Lowest voltage: {:.4} p.u. at bus {} in slot {slot}.",
                    flows[slot].voltage(bus),
                    grid.feeder.buses()[bus].name,
                );
            }
        }
        out
    }

    fn coalitions(&self) -> comfy_table::Table {
        let mut table = table(&["Coalition", "Cost", "driven kWh", "drawn kWh", "vehicles", "unserved"]);
        for (coalition, plan) in self.solved.iter().take(MOST_COALITIONS) {
            let name = members(self.instance, *coalition);
            match plan {
                Ok(plan) => {
                    let used = plan.used(self.instance);
                    table.add_row([
                        name,
                        figure(plan.cost),
                        figure(used.driven_kwh),
                        figure(used.drawn_kwh),
                        plan.schedules.len().to_string(),
                        plan.unserved.len().to_string(),
                    ])
                }
                Err(why) => table.add_row([name, why.to_string()]),
            };
        }
        table
    }

    /// Schedule of each vehicle of the last coalition.
    fn schedules(&self) -> comfy_table::Table {
        let instance = self.instance;
        let mut rows: Vec<(&str, String, f64)> = Vec::new();
        for schedule in &self.plan.schedules {
            let mut what = Vec::new();
            let pick_ups = schedule.pick_ups(instance);
            for (i, stop) in schedule.stops.iter().enumerate() {
                if let Some(stop) = stop {
                    let minute = |slot: usize| slot as f64 * instance.slots.minutes;
                    let (from, to) = (minute(stop.slot), minute(stop.slot + stop.slots));
                    what.push(format!("charges {from} to {to} at {}", instance.stations[stop.station].name));
                }
                if let Some(&trip) = schedule.trips.get(i) {
                    what.push(format!("{} at {:.1}", instance.trips[trip].name, pick_ups[i]));
                }
            }
            rows.push((&instance.vehicles[schedule.vehicles].name, what.join(", "), schedule.cost));
        }
        rows.sort_by(|a, b| a.0.cmp(b.0).then(a.1.cmp(&b.1)));
        let mut table = table(&["Vehicle", "Cost", "trips by name and pick-up (min), charging"]);
        table.column_mut(2).into_iter().for_each(|column| column.set_cell_alignment(CellAlignment::Left));
        for (name, what, cost) in rows {
            table.add_row([name.to_owned(), figure(cost), what]);
        }
        table
    }
}

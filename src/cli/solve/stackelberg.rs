//! `gridfleet solve stackelberg`: how the households and vehicles of a file respond to their retailer, and what all
//! pay.

use super::print::{self, MOST_SHOWN, counted, figure, more, table};
use super::stackelberg_file::{Written, read};
use crate::error::{InputError, Result};
use crate::games::stackelberg::{
    Aim, Conduct, Ending, Led, PotentialBound, StackelbergEquilibrium, Start, bound, lead, solve_from,
};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `gridfleet solve stackelberg`.
#[derive(Debug, Args)]
#[command(
    after_help = "The file is a JSON object. T slots of an hour; a single number may replace any [T]:\n  \
    slots       T                 24 by default\n  \
    retailer    {a, b, c, lambda, g_max}  each [T]: a load g costs a/2 g^2 + b g + c and is sold at\n                                \
    lambda (a g + b); b and c are 0 and lambda is 1 by default;\n                                \
    g_max, the most that can be generated: slots above it are reported\n  \
    leader      {aim, lambda_max} aim: marginal (lambda as given), flatten or profit (lambda from 1 to\n                                \
    lambda_max, for the flattest load or the most profit)\n  \
    households  [{...}, ...]      omega [T], theta, count (of equal ones), and either\n                                \
    nominal [T], min_percent, max_percent, or energy, min [T], max [T]\n  \
    vehicles    [{...}, ...]      rated_kw, battery_kwh, soc_min (0), arrival, departure (slots),\n                                \
    hours_needed (to full), max_active_hours, omega, theta (0), count\n\
    and a name for each household or vehicle, if wanted. A departure not after the arrival is on the next day.\n\n\
    A load x in a slot is worth omega x - theta/2 x^2. Prices are money per kWh, loads kW.\n\n\
    Examples:\n  gridfleet solve stackelberg docs/stackelberg.json\n  \
    gridfleet solve stackelberg docs/stackelberg.json --json | jq .prices\n  \
    gridfleet solve stackelberg homes.json --answers announced"
)]
pub struct StackelbergArgs {
    /// The game.
    #[arg(value_name = "FILE.json")]
    pub file: PathBuf,
    /// Conduct of users.
    #[arg(long, value_enum, default_value_t = Way::Together)]
    pub answers: Way,
    /// Print everything as JSON on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Conduct of users, as named on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// Households all at once, vehicles in turn, all anticipating that their answers change the price.
    Together,
    /// In turn, each anticipating that its answer changes the price.
    Renewed,
    /// In turn, each taking the announced price as given.
    Announced,
}

/// The gap is closed up to this share of the payments, or in `MOST_STEPS` steps.
const ENOUGH: f64 = 1e-7;
const MOST_STEPS: usize = 60;

/// Runs `gridfleet solve stackelberg`.
///
/// # Errors
/// If the file is invalid, or stdout cannot be written.
pub fn run(args: &StackelbergArgs, out: &mut dyn Write) -> Result<()> {
    let written = read(&args.file)?;
    let mut led = lead(&written.game, written.aim)?;
    let answers = match args.answers {
        Way::Together => Conduct::Simultaneous,
        Way::Renewed => Conduct::PriceMaking,
        Way::Announced => Conduct::PriceTaking,
    };
    if answers != Conduct::Simultaneous {
        let none = led.game.retailer().prices(&vec![0.0; led.game.slots()]);
        led.equilibrium = solve_from(&led.game, Start::Prices(&none), answers);
    }
    let found = &led.equilibrium;
    if ![found.payments, found.cost, found.potential].iter().all(|x| x.is_finite()) {
        let problem =
            InputError::new("figures whose equilibrium is too large for a number", "figures of like size");
        return Err(problem.file(&args.file).into());
    }
    let bound = bound(&led.game, &led.equilibrium.plans, ENOUGH * led.equilibrium.payments.abs(), MOST_STEPS);
    if args.json {
        let output = Output::of(&written, &led, &bound);
        return print::json(out, &output);
    }
    print::text(out, &tables(&args.file, &written, &led, &bound))
}

/// Output of `--json`.
#[derive(Serialize)]
struct Output<'a> {
    aim: &'static str,
    lambda: &'a [f64],
    /// Number of equilibria that the retailer has tried.
    tried: usize,
    load: &'a [f64],
    vehicle_load: Vec<f64>,
    prices: &'a [f64],
    payments: f64,
    cost: f64,
    profit: f64,
    peak: f64,
    unevenness: f64,
    potential: f64,
    bound: &'a PotentialBound,
    ending: Ending,
    rounds: usize,
    over_capacity: &'a [usize],
    households: Vec<HouseholdOutput<'a>>,
    vehicles: Vec<VehicleOutput<'a>>,
}

#[derive(Serialize)]
struct HouseholdOutput<'a> {
    name: &'a str,
    count: u32,
    load: &'a [f64],
    payment: f64,
}

#[derive(Serialize)]
struct VehicleOutput<'a> {
    name: &'a str,
    schedule: &'a [i8],
    payment: f64,
}

impl<'a> Output<'a> {
    fn of(written: &'a Written, led: &'a Led, bound: &'a PotentialBound) -> Self {
        let found = &led.equilibrium;
        let household = |(i, load): (usize, &'a Vec<f64>)| HouseholdOutput {
            name: &written.households[i],
            count: led.game.households()[i].count,
            load,
            payment: found.household_payments[i],
        };
        let vehicle = |(i, schedule): (usize, &'a Vec<i8>)| VehicleOutput {
            name: &written.vehicles[i],
            schedule,
            payment: found.vehicle_payments[i],
        };
        Self {
            aim: name_of(written.aim),
            lambda: &led.game.retailer().lambda,
            tried: led.tried,
            load: &found.load,
            vehicle_load: found.plans.vehicle_load(&led.game),
            prices: &found.prices,
            payments: found.payments,
            cost: found.cost,
            profit: found.profit(),
            peak: found.peak(),
            unevenness: found.unevenness(),
            potential: found.potential,
            bound,
            ending: found.ending,
            rounds: found.rounds,
            over_capacity: &found.over_capacity,
            households: found.plans.households.iter().enumerate().map(household).collect(),
            vehicles: found.plans.vehicles.iter().enumerate().map(vehicle).collect(),
        }
    }
}

const fn name_of(aim: Aim) -> &'static str {
    match aim {
        Aim::Marginal => "marginal",
        Aim::Flatten(_) => "flatten",
        Aim::Profit(_) => "profit",
    }
}

/// The equilibrium as tables: totals, slots, households, vehicles.
fn tables(file: &Path, written: &Written, led: &Led, bound: &PotentialBound) -> String {
    let (game, found) = (&led.game, &led.equilibrium);
    let homes: u32 = game.households().iter().map(|household| household.count).sum();
    let mut out = format!(
        " {}: {}, {}, {}; retailer: {}\n\n",
        file.display(),
        counted(game.slots(), "slot"),
        counted(homes as usize, "household"),
        counted(game.vehicles().len(), "vehicle"),
        name_of(written.aim),
    );
    let mut totals = table(&["All users", ""]);
    let energy: f64 = found.load.iter().sum();
    let rows = [
        ("Energy (kWh)", energy),
        ("Peak load (kW)", found.peak()),
        ("Users pay", found.payments),
        ("Generation costs", found.cost),
        ("Retailer keeps", found.profit()),
    ];
    for (name, value) in rows {
        totals.add_row([name.to_owned(), figure(value)]);
    }
    let _ = writeln!(out, "{totals}\n");
    out.push_str(&by_slot(led));
    out.push_str(&by_household(written, led));
    out.push_str(&by_vehicle(written, led));
    let _ = writeln!(out, " {}", ending(found));
    let _ = writeln!(
        out,
        " The potential is {}, at most {} above the least there is ({:.1e} of the users' payments).",
        figure(found.potential),
        figure(bound.gap.max(0.0)),
        bound.gap.max(0.0) / found.payments.abs().max(f64::MIN_POSITIVE),
    );
    if led.tried > 1 {
        let _ = writeln!(out, " Margins are the best of {} that were tried.", led.tried);
    }
    if !found.over_capacity.is_empty() {
        let slots: Vec<String> = found.over_capacity.iter().map(usize::to_string).collect();
        let s = if slots.len() == 1 { "" } else { "s" };
        let _ = writeln!(out, " The load is above g_max in slot{s} {}.", slots.join(", "));
    }
    out
}

/// Sentence on how the answers ended.
fn ending(found: &StackelbergEquilibrium) -> String {
    let rounds = counted(found.rounds, "round");
    match found.ending {
        Ending::Settled => format!("No user changes anything after {rounds} of answers."),
        Ending::Cycle(length) => format!(
            "No equilibrium: the answers go round in a cycle of {}, of which this is one.",
            counted(length, "round")
        ),
        Ending::Unsettled => format!("No equilibrium: some still change after {rounds} of answers."),
    }
}

fn by_slot(led: &Led) -> String {
    let (game, found) = (&led.game, &led.equilibrium);
    let vehicles = found.plans.vehicle_load(game);
    let mut table = table(&["Slot", "Load", "households", "vehicles", "lambda", "Price"]);
    for (t, load) in found.load.iter().enumerate() {
        let lambda = game.retailer().lambda[t];
        let figures = [*load, load - vehicles[t], vehicles[t], lambda, found.prices[t]].map(figure);
        table.add_row(std::iter::once(t.to_string()).chain(figures));
    }
    format!("{table}\n\n")
}

fn by_household(written: &Written, led: &Led) -> String {
    let (game, found) = (&led.game, &led.equilibrium);
    if game.households().is_empty() {
        return String::new();
    }
    let mut table = table(&["Household", "count", "Energy", "least load", "most load", "Pays"]);
    for (i, household) in game.households().iter().enumerate().take(MOST_SHOWN) {
        let load = &found.plans.households[i];
        let least = load.iter().copied().fold(f64::INFINITY, f64::min);
        let most = load.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        table.add_row([
            written.households[i].clone(),
            household.count.to_string(),
            figure(household.energy),
            figure(least),
            figure(most),
            figure(found.household_payments[i]),
        ]);
    }
    format!("{table}\n{}\n", more(game.households().len(), "households"))
}

fn by_vehicle(written: &Written, led: &Led) -> String {
    let (game, found) = (&led.game, &led.equilibrium);
    if game.vehicles().is_empty() {
        return String::new();
    }
    let mut table = table(&["Vehicle", "+ charges, - feeds back, . at home", "Pays"]);
    for (i, vehicle) in game.vehicles().iter().enumerate().take(MOST_SHOWN) {
        let mut marks = vec![' '; game.slots()];
        for t in vehicle.stay(game.slots()) {
            marks[t] = match found.plans.vehicles[i][t] {
                1 => '+',
                -1 => '-',
                _ => '.',
            };
        }
        let marks: String = marks.into_iter().collect();
        table.add_row([written.vehicles[i].clone(), format!("|{marks}|"), figure(found.vehicle_payments[i])]);
    }
    format!("{table}\n{}\n", more(game.vehicles().len(), "vehicles"))
}

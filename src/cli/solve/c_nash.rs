//! `gridfleet solve c-nash`: the game in a file, without and with its coalitions.

use super::input::{self, Reader, kind};
use super::print::{self, MOST_SHOWN, counted, figure, more, table};
use crate::cli::terminal;
use crate::error::{Error, InputError, Result};
use crate::games::c_nash::{
    Better, CNashEquilibrium, CNashGame, CNashParameters, Comparison, Elastic, Favoured, LoadBound, Profiles,
    Ratios, Structure, TheoremCheck, compare, theorems,
};
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `gridfleet solve c-nash`.
#[derive(Debug, Args)]
#[command(after_help = "The file is a JSON object. For N stations, counted from 0, and T steps:\n  \
    a          [T]               price of a step without load\n  \
    b          x or [T]          increase per unit of load, above 0\n  \
    mu         [N]               sensitivity to deviations from the nominal profile, above 0\n  \
    nominal    [[T] x N]         preferred load of each station; sums to its demand\n\
    and, if wanted:\n  \
    coalitions [[0, 1], [4, 7]]  stations that decide together; all others alone\n  \
    d          [N]               demands, to check the nominal profiles against\n  \
    bounds     {min, max}        of a station at a step, each x, [N] or [[T] x N]\n  \
    limit      [T]               most that all may draw together; null for no limit\n  \
    elastic    {min, max, value, slope}  each x or [N]: total demand d from min to max,\n                               \
    worth value * d - slope / 2 * d^2\n\n\
    Example:\n  gridfleet solve c-nash stations.json --json | jq .ratios")]
pub struct CNashArgs {
    /// The game.
    #[arg(value_name = "FILE.json")]
    pub file: PathBuf,
    /// Print everything as JSON on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Runs `gridfleet solve c-nash`.
///
/// # Errors
/// If the file is wrong, the game has no solution, or stdout cannot be written.
pub fn run(args: &CNashArgs, out: &mut dyn Write) -> Result<()> {
    let (game, structure) = read(&args.file)?;
    let comparison = compare(&game, &structure).map_err(|error| of_file(error, &args.file))?;
    if args.json {
        return print::json(out, &Output::of(&game, &structure, &comparison));
    }
    print::text(out, &tables(&args.file, &game, &structure, &comparison))
}

/// Adds the file to each problem.
pub(super) fn of_file(error: Error, file: &Path) -> Error {
    match error {
        Error::Input(problems) => Error::Input(problems.into_iter().map(|p| p.file(file)).collect()),
        other => other,
    }
}

/// Reads a game and its coalitions.
fn read(file: &Path) -> Result<(CNashGame, Structure)> {
    let mut reader = input::open(file)?;
    let one_slope = reader.is_number("b");
    let parameters = parameters(&mut reader);
    let coalitions = coalitions(&mut reader);
    let keys = ["a", "b", "mu", "nominal", "coalitions", "d", "bounds", "limit", "elastic"];
    let problems = reader.finish(&keys);
    if !problems.is_empty() {
        return Err(of_file(Error::Input(problems), file));
    }
    let structure = Structure::new(parameters.sensitivity.len(), coalitions);
    let mut problems = Vec::new();
    match (CNashGame::new(parameters), structure) {
        (Ok(game), Ok(structure)) => return Ok((game, structure)),
        (game, structure) => {
            for error in [game.err(), structure.err()].into_iter().flatten() {
                match error {
                    Error::Input(more) => problems.extend(more),
                    other => return Err(other),
                }
            }
        }
    }
    if one_slope {
        keep_one(&mut problems, "b");
    }
    Err(of_file(Error::Input(problems), file))
}

/// Keeps one of the problems with the numbers of a list, with the key of the whole list: the file has a single number
/// there.
fn keep_one(problems: &mut Vec<InputError>, key: &str) {
    let within =
        |problem: &InputError| problem.key.as_ref().is_some_and(|k| k.starts_with(&format!("{key}[")));
    let mut kept = false;
    problems.retain(|problem| !within(problem) || !std::mem::replace(&mut kept, true));
    for problem in problems.iter_mut().filter(|problem| within(problem)) {
        problem.key = Some(key.to_owned());
    }
}

/// All parameters but the coalitions. Those that cannot be read are left empty, and the reader records the problem.
fn parameters(reader: &mut Reader) -> CNashParameters {
    let base_price = needed(reader, "a");
    let sensitivity = needed(reader, "mu");
    let (steps, stations) = (base_price.len(), sensitivity.len());
    let slope = match reader.need("b", "a number or a list of numbers") {
        Some(value) => match value.as_f64() {
            Some(b) => vec![b; steps],
            None => reader.numbers("b", value, None).unwrap_or_default(),
        },
        None => Vec::new(),
    };
    let nominal = match reader.need("nominal", "a list of profiles, one for each station") {
        Some(value) => rows(reader, "nominal", value, steps),
        None => Profiles::zeros(0, steps),
    };
    let mut parameters = CNashParameters::unbounded(base_price, slope, sensitivity, nominal);
    parameters.demand = reader.take("d").and_then(|value| reader.numbers("d", value, None));
    if let Some(mut bounds) = reader.object("bounds") {
        parameters.min = bound(&mut bounds, "min", f64::NEG_INFINITY, steps);
        parameters.max = bound(&mut bounds, "max", f64::INFINITY, steps);
        reader.adopt(bounds.finish(&["min", "max"]));
    }
    let limit = reader.take("limit");
    parameters.limit = limit.and_then(|value| reader.numbers("limit", value, Some(f64::INFINITY)));
    parameters.elastic = reader.object("elastic").map(|object| elastic(reader, object, stations));
    parameters
}

/// A required list of numbers.
fn needed(reader: &mut Reader, key: &str) -> Vec<f64> {
    let value = reader.need(key, "a list of numbers");
    value.and_then(|value| reader.numbers(key, value, None)).unwrap_or_default()
}

/// A list of lists of numbers, each with one number per step.
fn rows(reader: &mut Reader, key: &str, value: Value, steps: usize) -> Profiles {
    let items = reader.list(key, value, "profiles").unwrap_or_default();
    let mut values = Vec::with_capacity(items.len() * steps);
    for (i, item) in items.into_iter().enumerate() {
        let key = format!("{key}[{i}]");
        let Some(row) = reader.numbers(&key, item, None) else { continue };
        // Without steps, `a` is invalid, which is already reported.
        if row.len() == steps || steps == 0 {
            values.extend(row);
        } else {
            reader.problem(
                &key,
                format!("{} figures", row.len()),
                format!("{steps}, one for each step of a"),
            );
        }
    }
    Profiles::from_values(steps, if steps > 0 { values } else { Vec::new() })
}

/// A bound: one number, one for each station, or one for each station and step.
fn bound(bounds: &mut Reader, key: &str, none: f64, steps: usize) -> LoadBound {
    match bounds.take(key) {
        None => LoadBound::Same(none),
        Some(Value::Array(items)) if items.first().is_some_and(Value::is_array) => {
            LoadBound::Step(rows(bounds, key, Value::Array(items), steps))
        }
        Some(value) => match value.as_f64() {
            Some(x) => LoadBound::Same(x),
            None => LoadBound::Station(bounds.numbers(key, value, Some(none)).unwrap_or_default()),
        },
    }
}

/// Parameters of elastic demand: a number for all stations, or a list.
fn elastic(reader: &mut Reader, mut object: Reader, stations: usize) -> Vec<Elastic> {
    let mut column = |key: &str| -> Vec<f64> {
        let Some(value) = object.need(key, "a number or a list of numbers") else { return Vec::new() };
        let list = match value.as_f64() {
            Some(x) => vec![x; stations],
            None => object.numbers(key, value, None).unwrap_or_default(),
        };
        if list.len() != stations {
            object.problem(
                key,
                format!("{} figures", list.len()),
                format!("{stations}, one for each station of mu"),
            );
        }
        list
    };
    let (min, max, value, slope) = (column("min"), column("max"), column("value"), column("slope"));
    reader.adopt(object.finish(&["min", "max", "value", "slope"]));
    let least = [&min, &max, &value, &slope].map(Vec::len).into_iter().min().unwrap_or(0);
    (0..least).map(|i| Elastic { min: min[i], max: max[i], value: value[i], slope: slope[i] }).collect()
}

/// The coalitions, as lists of stations.
fn coalitions(reader: &mut Reader) -> Vec<Vec<usize>> {
    let Some(value) = reader.take("coalitions") else { return Vec::new() };
    let items = reader.list("coalitions", value, "coalitions").unwrap_or_default();
    let mut coalitions = Vec::new();
    for (k, item) in items.into_iter().enumerate() {
        let key = format!("coalitions[{k}]");
        let mut members = Vec::new();
        for (j, item) in reader.list(&key, item, "stations").unwrap_or_default().into_iter().enumerate() {
            match item.as_u64().and_then(|i| usize::try_from(i).ok()) {
                Some(i) => members.push(i),
                None => {
                    reader.problem(&format!("{key}[{j}]"), kind(&item), "the number of a station, from 0");
                }
            }
        }
        coalitions.push(members);
    }
    coalitions
}

/// Output of `--json`.
#[derive(Serialize)]
struct Output<'a> {
    nash: Solution<'a>,
    c_nash: Solution<'a>,
    ratios: &'a Ratios,
    better: &'a Better,
    /// Theorems whose assumptions the game satisfies.
    theorems: Vec<TheoremCheck>,
    residual: f64,
}

#[derive(Serialize)]
struct Solution<'a> {
    profiles: &'a Profiles,
    costs: &'a [f64],
    prices: &'a [f64],
    /// Only if there is a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_prices: Option<&'a [f64]>,
    /// Only if demand is elastic.
    #[serde(skip_serializing_if = "<[f64]>::is_empty")]
    values: &'a [f64],
}

impl<'a> Output<'a> {
    fn of(game: &CNashGame, structure: &Structure, comparison: &'a Comparison) -> Self {
        let limited = game.parameters().limit.is_some();
        let solution = |e: &'a CNashEquilibrium| Solution {
            profiles: &e.profiles,
            costs: &e.costs,
            prices: &e.prices,
            limit_prices: limited.then_some(&e.limit_prices[..]),
            values: &e.values,
        };
        Self {
            nash: solution(&comparison.nash),
            c_nash: solution(&comparison.c_nash),
            ratios: &comparison.ratios,
            better: &comparison.better,
            theorems: theorems(game, structure, comparison),
            residual: comparison.residual,
        }
    }
}

/// The comparison as tables: costs of groups, then steps, then stations.
fn tables(file: &Path, game: &CNashGame, structure: &Structure, comparison: &Comparison) -> String {
    let (nash, c_nash) = (&comparison.nash, &comparison.c_nash);
    let mut out = format!(
        " {}: {}, {}, {}\n\n",
        file.display(),
        counted(game.stations(), "station"),
        counted(game.steps(), "step"),
        counted(structure.coalitions().len(), "coalition"),
    );
    let mut table = table(&["", "Nash", "C-Nash", "Nash / C-Nash", "better"]);
    let sum = |list: &[f64], group: &mut dyn Iterator<Item = usize>| group.map(|i| list[i]).sum::<f64>();
    let mut cost = |name: String, group: &dyn Fn() -> Box<dyn Iterator<Item = usize>>, ratio: Option<f64>| {
        if group().next().is_some() {
            table.add_row([
                name,
                figure(sum(&nash.costs, &mut group())),
                figure(sum(&c_nash.costs, &mut group())),
                ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.6}")),
                better(Favoured::of(&nash.costs, &c_nash.costs, group())).to_owned(),
            ]);
        }
    };
    let (ratios, n) = (&comparison.ratios, game.stations());
    let members: Vec<usize> = (0..n).filter(|&i| structure.of(i).is_some()).collect();
    let outside: Vec<usize> = structure.outside().collect();
    cost("Cost of all".to_owned(), &|| Box::new(0..n), ratios.all);
    cost("  in coalitions".to_owned(), &|| Box::new(members.clone().into_iter()), ratios.coalition);
    if structure.coalitions().len() > 1 {
        for (k, list) in structure.coalitions().iter().enumerate().take(MOST_SHOWN) {
            cost(format!("    coalition {k}"), &|| Box::new(list.clone().into_iter()), ratios.coalitions[k]);
        }
    }
    cost("  alone".to_owned(), &|| Box::new(outside.clone().into_iter()), ratios.rest);
    if !nash.values.is_empty() {
        let all = |e: &CNashEquilibrium| figure(e.values.iter().sum());
        table.add_row(["Worth of the energy".to_owned(), all(nash), all(c_nash)]);
    }
    let mut row = |name: &str, cell: &dyn Fn(&CNashEquilibrium) -> String| {
        table.add_row([name.to_owned(), cell(nash), cell(c_nash)]);
    };
    let most = |list: &[f64]| figure(list.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    row("Energy", &|e| figure(e.load.iter().sum()));
    row("Peak load", &|e| most(&e.load));
    row("Peak price", &|e| most(&e.prices));
    row("Away from nominal", &|e| figure(away(game, e)));
    let _ = writeln!(out, "{}\n", terminal::trimmed(&table));
    out.push_str(&by_step(game, comparison));
    out.push_str(&by_station(game, structure, comparison));
    out.push_str(&format!(" {}\n", proof(comparison)));
    theorems(game, structure, comparison).iter().for_each(|check| out.push_str(&theorem(check)));
    out
}

/// Gain still possible for any player, in words. Within rounding the figure would differ between machines.
fn proof(comparison: &Comparison) -> String {
    let all = |e: &CNashEquilibrium| e.costs.iter().map(|cost| cost.abs()).sum::<f64>();
    if comparison.residual <= 1e-12 * all(&comparison.nash).max(all(&comparison.c_nash)) {
        return "No player can gain by changing its profile.".to_owned();
    }
    format!("No player can gain more than {:.1e} by changing its profile.", comparison.residual)
}

/// Distance of all profiles from the nominal ones.
fn away(game: &CNashGame, equilibrium: &CNashEquilibrium) -> f64 {
    let pairs = equilibrium.profiles.values().iter().zip(game.parameters().nominal.values());
    pairs.map(|(x, nominal)| (x - nominal) * (x - nominal)).sum::<f64>().sqrt()
}

fn by_step(game: &CNashGame, comparison: &Comparison) -> String {
    let (nash, c_nash) = (&comparison.nash, &comparison.c_nash);
    let limit = &game.parameters().limit;
    let mut header = vec!["Step", "Load, Nash", "C-Nash", "Price, Nash", "C-Nash"];
    if limit.is_some() {
        header.extend(["Limit", "worth, Nash", "C-Nash"]);
    }
    let mut table = table(&header);
    for t in 0..game.steps().min(MOST_SHOWN) {
        let mut row = vec![t.to_string()];
        row.extend([nash.load[t], c_nash.load[t], nash.prices[t], c_nash.prices[t]].map(figure));
        if let Some(limit) = limit {
            row.extend([limit[t], nash.limit_prices[t], c_nash.limit_prices[t]].map(figure));
        }
        table.add_row(row);
    }
    format!("{}\n{}\n", terminal::trimmed(&table), more(game.steps(), "steps"))
}

fn by_station(game: &CNashGame, structure: &Structure, comparison: &Comparison) -> String {
    let mut table =
        table(&["Station", "coalition", "Energy, Nash", "C-Nash", "Cost, Nash", "C-Nash", "better"]);
    for i in 0..game.stations().min(MOST_SHOWN) {
        let (nash, c_nash) = (&comparison.nash, &comparison.c_nash);
        let energy = |e: &CNashEquilibrium| figure(e.profiles.row(i).iter().sum());
        table.add_row([
            i.to_string(),
            structure.of(i).map_or("-".to_owned(), |k| k.to_string()),
            energy(nash),
            energy(c_nash),
            figure(nash.costs[i]),
            figure(c_nash.costs[i]),
            better(Favoured::of(&nash.costs, &c_nash.costs, [i])).to_owned(),
        ]);
    }
    format!("{}\n{}\n", terminal::trimmed(&table), more(game.stations(), "stations"))
}

/// The better equilibrium; costs within rounding favour neither.
fn better(favoured: Option<Favoured>) -> &'static str {
    match favoured {
        Some(Favoured::CNash) => "C-Nash",
        Some(Favoured::Nash) => "Nash",
        Some(Favoured::Neither) => "equal",
        None => "-",
    }
}

/// A theorem and its check, in a sentence.
fn theorem(check: &TheoremCheck) -> String {
    let verdict = if check.holds { "costs differ as it predicts" } else { "costs differ otherwise" };
    let groups: Vec<String> =
        check.groups.iter().map(|group| format!("{} {}", group.group, figure(group.predicted))).collect();
    format!(
        " Theorem {} applies ({}): {verdict}, C-Nash less Nash: {}.\n",
        check.theorem,
        check.assumption,
        groups.join(", ")
    )
}

//! `gridfleet solve bilevel`: prices and purchases of an aggregator from a file, for one weight of risk or several.

use super::c_nash::of_file;
use super::input::{self, Reader, kind};
use super::print::{self, counted, figure, table};
use crate::cli::terminal;
use crate::error::{Error, InputError, Result};
use crate::games::bilevel::{
    BilevelError, BilevelGame, BilevelParameters, BilevelSolution, Check, Purchase, Risk, RivalScenario,
    Scenario, SearchOptions, solve, verify,
};
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `gridfleet solve bilevel`.
#[derive(Debug, Args)]
#[command(
    after_help = "The file is a JSON object. For T hours and S rivals, energy in MWh, prices in EUR/MWh:\n  \
    scenarios      [{probability, day_ahead, positive, negative, demand}]  prices and demand\n                 \
    of all owners, each [T]; positive: bought in the balancing market,\n                 \
    negative: given back\n  \
    rivals         [{probability, prices}]  prices [[T] x S]\n  \
    positive_max   x or [T]  most that may be bought in the balancing market\n  \
    max_price      x         highest price that may be asked\n\
    and, if wanted:\n  \
    beta           x or list weight of the CVaR beside the expected profit; 0 if not given\n  \
    alpha          x         confidence level of the CVaR; 0.95 if not given\n  \
    initial_shares [1 + S]   where the owners are, ours first; all equal if not given\n  \
    reluctance     x or [[1 + S] x 1 + S]  cost of switching retailers; 0 if not given\n  \
    purchase       \"quantity\" (if not given) or \"curve\": bought ahead at any price, or a bid\n                 \
    for each price of a scenario\n  \
    gap            x         relative gap to be proven; 1e-4 if not given\n\n\
    Example:\n  gridfleet solve bilevel aggregator.json --json | jq '.solutions[].cvar'"
)]
pub struct BilevelArgs {
    /// The game.
    #[arg(value_name = "FILE.json")]
    pub file: PathBuf,
    /// Print everything as JSON on stdout.
    #[arg(long)]
    pub json: bool,
}

const KEYS: [&str; 10] = [
    "scenarios",
    "rivals",
    "positive_max",
    "max_price",
    "beta",
    "alpha",
    "initial_shares",
    "reluctance",
    "purchase",
    "gap",
];

/// Task that the file specifies.
struct Task {
    game: BilevelGame,
    risks: Vec<Risk>,
    options: SearchOptions,
}

/// Runs `gridfleet solve bilevel`.
///
/// # Errors
/// If the file is wrong, the game has no solution, or stdout cannot be written.
pub fn run(args: &BilevelArgs, out: &mut dyn Write) -> Result<()> {
    let task = read(&args.file)?;
    let mut solutions = Vec::with_capacity(task.risks.len());
    for risk in &task.risks {
        let plan =
            solve(&task.game, *risk, task.options).map_err(|error| of_file(error.into(), &args.file))?;
        let check = verify(&task.game, &plan)?;
        solutions.push((plan, check));
    }
    if args.json {
        return print::json(out, &Output::of(&task.game, &solutions));
    }
    print::text(out, &tables(&args.file, &task.game, &solutions))
}

fn read(file: &Path) -> Result<Task> {
    let mut reader = input::open(file)?;
    let parameters = parameters(&mut reader);
    let betas = one_or_more(&mut reader, "beta").unwrap_or_else(|| vec![0.0]);
    let alpha = reader.number("alpha", Some(0.95)).unwrap_or_default();
    let options = SearchOptions {
        gap: reader.number("gap", Some(SearchOptions::default().gap)).unwrap_or_default(),
        ..SearchOptions::default()
    };
    let problems = reader.finish(&KEYS);
    if !problems.is_empty() {
        return Err(of_file(Error::Input(problems), file));
    }
    let mut problems = Vec::new();
    let mut checked = |error: BilevelError| match Error::from(error) {
        Error::Input(more) => problems.extend(more),
        other => problems.push(InputError::new(other.to_string(), "a game")),
    };
    let game = BilevelGame::new(parameters).map_err(&mut checked).ok();
    let risks: Vec<Risk> =
        betas.iter().filter_map(|beta| Risk::new(*beta, alpha).map_err(&mut checked).ok()).collect();
    if !(options.gap.is_finite() && options.gap > 0.0) {
        problems.push(InputError::new(options.gap.to_string(), "above 0").key("gap"));
    }
    // One invalid alpha would be reported with each beta.
    let mut distinct: Vec<InputError> = Vec::new();
    for problem in problems {
        if !distinct.iter().any(|known| known.to_string() == problem.to_string()) {
            distinct.push(problem);
        }
    }
    match game {
        Some(game) if distinct.is_empty() => Ok(Task { game, risks, options }),
        _ => Err(of_file(Error::Input(distinct), file)),
    }
}

/// All parameters of the game. Those that cannot be read are left empty, and the reader records the problem.
fn parameters(reader: &mut Reader) -> BilevelParameters {
    let scenarios: Vec<Scenario> =
        reader.objects("scenarios").into_iter().map(|item| scenario(reader, item)).collect();
    let rivals: Vec<RivalScenario> =
        reader.objects("rivals").into_iter().map(|item| rival(reader, item)).collect();
    let hours = scenarios.first().map_or(0, |scenario| scenario.day_ahead.len());
    let count = 1 + rivals.first().map_or(0, |rival| rival.prices.len());
    let positive_max = match one_or_list(reader, "positive_max", Some("a number, or one for each hour")) {
        Some(Figures::One(x)) => vec![x; hours],
        Some(Figures::List(list)) => list,
        None => Vec::new(),
    };
    let max_price = reader.number("max_price", None).unwrap_or_default();
    let initial = reader.take("initial_shares");
    let initial = initial.and_then(|value| reader.numbers("initial_shares", value, None));
    let reluctance = match reader.take("reluctance") {
        None => square(count, 0.0),
        Some(Value::Array(rows)) => rows
            .into_iter()
            .enumerate()
            .map(|(s, row)| reader.numbers(&format!("reluctance[{s}]"), row, None).unwrap_or_default())
            .collect(),
        Some(value) => square(count, as_number(reader, "reluctance", &value)),
    };
    let purchase = match reader.take("purchase") {
        None => Purchase::default(),
        Some(value) => match value.as_str() {
            Some("quantity") => Purchase::Quantity,
            Some("curve") => Purchase::Curve,
            _ => {
                reader.problem("purchase", kind(&value), "\"quantity\" or \"curve\"");
                Purchase::default()
            }
        },
    };
    let initial_shares = initial.unwrap_or_else(|| vec![1.0 / count as f64; count]);
    BilevelParameters { scenarios, rivals, initial_shares, reluctance, max_price, positive_max, purchase }
}

/// The same cost of switching from each aggregator to each other one.
fn square(count: usize, cost: f64) -> Vec<Vec<f64>> {
    (0..count).map(|s| (0..count).map(|r| if r == s { 0.0 } else { cost }).collect()).collect()
}

fn scenario(reader: &mut Reader, mut item: Reader) -> Scenario {
    let probability = item.number("probability", None).unwrap_or_default();
    let mut list = |key: &str| -> Vec<f64> {
        let value = item.need(key, "a number for each hour");
        value.and_then(|value| item.numbers(key, value, None)).unwrap_or_default()
    };
    let (day_ahead, positive, negative, demand) =
        (list("day_ahead"), list("positive"), list("negative"), list("demand"));
    reader.adopt(item.finish(&["probability", "day_ahead", "positive", "negative", "demand"]));
    Scenario { probability, day_ahead, positive, negative, demand }
}

fn rival(reader: &mut Reader, mut item: Reader) -> RivalScenario {
    let probability = item.number("probability", None).unwrap_or_default();
    let rows = item.need("prices", "a list of prices for each rival");
    let rows = rows.and_then(|value| item.list("prices", value, "lists of prices")).unwrap_or_default();
    let prices = rows.into_iter().enumerate();
    let prices =
        prices.map(|(r, row)| item.numbers(&format!("prices[{r}]"), row, None).unwrap_or_default()).collect();
    reader.adopt(item.finish(&["probability", "prices"]));
    RivalScenario { probability, prices }
}

fn as_number(reader: &mut Reader, key: &str, value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| {
        reader.problem(key, kind(value), "a number");
        0.0
    })
}

enum Figures {
    One(f64),
    List(Vec<f64>),
}

/// A number or a list; `needed` describes the expected value if it is required.
fn one_or_list(reader: &mut Reader, key: &str, needed: Option<&str>) -> Option<Figures> {
    let value = match needed {
        Some(expected) => reader.need(key, expected)?,
        None => reader.take(key)?,
    };
    match value {
        Value::Array(_) => reader.numbers(key, value, None).map(Figures::List),
        value => Some(Figures::One(as_number(reader, key, &value))),
    }
}

fn one_or_more(reader: &mut Reader, key: &str) -> Option<Vec<f64>> {
    let list = match one_or_list(reader, key, None)? {
        Figures::One(x) => vec![x],
        Figures::List(list) => list,
    };
    if list.is_empty() {
        reader.problem(key, "an empty list", "at least one weight");
    }
    Some(list)
}

/// Output of `--json`.
#[derive(Serialize)]
struct Output {
    solutions: Vec<Solution>,
}

#[derive(Serialize)]
struct Solution {
    beta: f64,
    alpha: f64,
    objective: f64,
    bound: f64,
    gap: f64,
    nodes: usize,
    expected_profit: f64,
    profit_sd: f64,
    cvar: f64,
    day_ahead_mwh: f64,
    positive_mwh: f64,
    negative_mwh: f64,
    /// In each scenario.
    profits: Vec<f64>,
    hours: Vec<Hour>,
    check: Check,
}

#[derive(Serialize)]
struct Hour {
    price_per_mwh: f64,
    /// Expected share of each aggregator, ours first.
    shares: Vec<f64>,
    /// Share of each aggregator in each scenario of the rivals.
    shares_by_rival_scenario: Vec<Vec<f64>>,
    /// In each scenario, as are the following.
    day_ahead_mwh: Vec<f64>,
    positive_mwh: Vec<f64>,
    negative_mwh: Vec<f64>,
    profits: Vec<f64>,
}

impl Output {
    fn of(game: &BilevelGame, solutions: &[(BilevelSolution, Check)]) -> Self {
        Self { solutions: solutions.iter().map(|(plan, check)| Solution::of(game, plan, *check)).collect() }
    }
}

impl Solution {
    fn of(game: &BilevelGame, plan: &BilevelSolution, check: Check) -> Self {
        let [day_ahead_mwh, positive_mwh, negative_mwh] = plan.traded_in_all(game);
        let hours = plan.hours.iter().map(|hour| Hour {
            price_per_mwh: hour.price,
            shares: hour.expected_shares(game),
            shares_by_rival_scenario: hour.shares.clone(),
            day_ahead_mwh: hour.purchase.clone(),
            positive_mwh: hour.positive.clone(),
            negative_mwh: hour.negative.clone(),
            profits: hour.profits.clone(),
        });
        Self {
            beta: plan.risk.beta,
            alpha: plan.risk.alpha,
            objective: plan.objective,
            bound: plan.bound,
            gap: plan.gap(),
            nodes: plan.nodes,
            expected_profit: plan.profit.expected,
            profit_sd: plan.profit.sd,
            cvar: plan.profit.cvar,
            day_ahead_mwh,
            positive_mwh,
            negative_mwh,
            profits: plan.profits.clone(),
            hours: hours.collect(),
            check,
        }
    }
}

/// Solutions by weight of risk, and the hours if there is only one.
fn tables(file: &Path, game: &BilevelGame, solutions: &[(BilevelSolution, Check)]) -> String {
    let p = game.parameters();
    let mut out = format!(
        " {}: {}, {}, {} in {}\n\n",
        file.display(),
        counted(game.hours(), "hour"),
        counted(p.scenarios.len(), "scenario"),
        counted(game.owners().aggregators() - 1, "rival"),
        counted(p.rivals.len(), "scenario"),
    );
    let mut by_risk = table(&[
        "beta",
        "Expected profit, EUR",
        "sd",
        "CVaR",
        "Day-ahead, MWh",
        "bought",
        "given back",
        "gap",
    ]);
    for (plan, _) in solutions {
        let [ahead, positive, negative] = plan.traded_in_all(game);
        by_risk.add_row([
            plan.risk.beta.to_string(),
            figure(plan.profit.expected),
            figure(plan.profit.sd),
            figure(plan.profit.cvar),
            figure(ahead),
            figure(positive),
            figure(negative),
            // Below the rounding of sums, the value would differ between machines.
            if plan.gap() > 1e-12 { format!("{:.0e}", plan.gap()) } else { "0".to_owned() },
        ]);
    }
    let _ = writeln!(out, "{}\n", terminal::trimmed(&by_risk));
    match solutions {
        [(plan, _)] => out.push_str(&by_hour(game, plan)),
        _ => out.push_str(" --json prints the hours\n\n"),
    }
    let right = solutions.iter().filter(|(plan, check)| check.holds(game, plan)).count();
    let _ = if right == solutions.len() {
        writeln!(out, " Checked: limits, the owners' answers and the CVaR are right.")
    } else {
        writeln!(
            out,
            " Not right to a part of 1e-6: {} of {}; see `check` of --json.",
            solutions.len() - right,
            right
        )
    };
    out
}

fn by_hour(game: &BilevelGame, plan: &BilevelSolution) -> String {
    let p = game.parameters();
    let mut table =
        table(&["Hour", "Price", "Lowest rival", "Share", "Day-ahead, MWh", "bought", "given back"]);
    for (t, (hour, [ahead, positive, negative])) in plan.hours.iter().zip(plan.traded(game)).enumerate() {
        let lowest = |prices: &Vec<Vec<f64>>| prices.iter().map(|q| q[t]).fold(f64::INFINITY, f64::min);
        let rival: f64 = p.rivals.iter().map(|f| f.probability * lowest(&f.prices)).sum();
        table.add_row([
            t.to_string(),
            figure(hour.price),
            figure(rival),
            figure(hour.share),
            figure(ahead),
            figure(positive),
            figure(negative),
        ]);
    }
    format!("{}\n\n", terminal::trimmed(&table))
}

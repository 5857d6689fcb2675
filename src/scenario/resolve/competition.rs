//! `[competition]`: retailers between which vehicle owners choose, and requirements of a policy for the first of them.

use super::horizon::Horizon;
use crate::document::Problems;
use crate::document::suggest;
use crate::spec::{CompetitionSpec, Reluctance, ScenarioFile};
use gridfleet_core::ids::RetailerId;
use gridfleet_core::markets::{Imbalance, Market, MarketKind, Series};
use gridfleet_core::time::{DAY_S, SimTime};
use gridfleet_games::bilevel::Owners;
use gridfleet_sim::policies::AggregatorSpec;
use gridfleet_sim::world::{Retailer, Tariff, Trading};

/// Minimum number of days of prices before the start for a price model (assumed): four weeks.
const LEAST_DAYS: i64 = 28;

/// A checked competition, without its random draws.
#[derive(Debug, Clone)]
pub struct CompetitionPlan {
    /// The competitors.
    pub retailers: Vec<RetailerId>,
    /// By retailer, whether it competes.
    pub member: Vec<bool>,
    /// Share of owners with a contract with each competitor.
    pub initial_shares: Vec<f64>,
    /// Least reluctance to switch from each competitor to each [currency/MWh].
    pub reluctance_per_mwh: Vec<Vec<f64>>,
    /// Highest price of the aggregator [currency/MWh].
    pub max_price_per_mwh: f64,
    /// Standard deviation of rivals' prices, as a share of their tariffs.
    pub rival_price_sd: f64,
    /// Load of all owners by hour of the local day [kW].
    pub typical_kw: Vec<f64>,
}

/// The retailer for which a policy may decide, if there is a competition.
pub(super) fn aggregator(spec: &ScenarioFile) -> Option<RetailerId> {
    let name = spec.competition.as_ref()?.retailers.first()?;
    spec.retailers.iter().position(|retailer| retailer.name == *name).map(RetailerId::new)
}

/// Resolves `[competition]` against all retailers that could be read.
pub fn competition(
    file: &ScenarioFile,
    retailers: &[Retailer],
    trading: &Trading,
    horizon: Option<&Horizon>,
    problems: &mut Problems<'_>,
) -> Option<CompetitionPlan> {
    let policy = &file.operation.aggregator;
    let Some(spec) = &file.competition else {
        if *policy != (AggregatorSpec::Passive {}) {
            let found = format!("\"{}\", but no [competition]", policy.name());
            problems.add(
                "operation.aggregator.kind",
                found,
                "a [competition] with retailers and their rivals",
            );
        }
        return None;
    };
    let before = problems.errors.len();
    let numbers = members(spec, file, problems);
    let complete = numbers.len() == spec.retailers.len() && retailers.len() == file.retailers.len();
    if complete {
        slots(&numbers, retailers, problems);
        prices(spec, &numbers, retailers, problems);
    }
    let initial_shares = shares(spec, problems);
    let reluctance = reluctance(spec, problems);
    let typical_kw = spec.typical_kw.clone().unwrap_or_else(|| vec![0.0; 24]);
    if trading.markets.len() == file.markets.len() {
        market(
            file,
            trading,
            numbers.first().and_then(|first| retailers.get(first.index())),
            horizon,
            problems,
        );
    }
    let mut member = vec![false; retailers.len()];
    for number in &numbers {
        if let Some(member) = member.get_mut(number.index()) {
            *member = true;
        }
    }
    (problems.errors.len() == before && complete).then(|| CompetitionPlan {
        reluctance_per_mwh: Owners::new(initial_shares.clone(), &reluctance).ways().to_vec(),
        retailers: numbers,
        member,
        initial_shares,
        max_price_per_mwh: spec.max_price_per_mwh,
        rival_price_sd: spec.rival_price_sd,
        typical_kw,
    })
}

fn members(spec: &CompetitionSpec, file: &ScenarioFile, problems: &mut Problems<'_>) -> Vec<RetailerId> {
    let names = || file.retailers.iter().map(|retailer| retailer.name.as_str());
    let mut numbers = Vec::new();
    for (i, name) in spec.retailers.iter().enumerate() {
        let key = format!("competition.retailers[{i}]");
        if spec.retailers[..i].contains(name) {
            problems.add(&key, format!("\"{name}\" for the second time"), "each retailer once");
            continue;
        }
        let Some(at) = names().position(|known| known == name) else {
            let found = format!("\"{name}\"");
            problems
                .add(&key, found, "the name of one of the [[retailers]]")
                .perhaps(suggest::help(name, names()));
            continue;
        };
        if file.retailers[at].generation.is_some() {
            let expected = "a retailer without `generation`: competitors buy in markets";
            problems.add(&key, format!("\"{name}\", which has a cost of generation"), expected);
        }
        if let Some(home) = file.households.iter().position(|group| {
            group.retailer.as_deref() == Some(name) || group.retailer.is_none() && file.retailers.len() == 1
        }) {
            let found = format!("\"{name}\", the retailer of households[{home}]");
            problems.add(&key, found, "a retailer without households: only owners of vehicles choose");
        }
        numbers.push(RetailerId::new(at));
    }
    numbers
}

/// Owners choose once per slot, so all slots begin together, and the prices must be known then.
fn slots(numbers: &[RetailerId], retailers: &[Retailer], problems: &mut Problems<'_>) {
    let slot_s = retailers[numbers[0].index()].slot_s;
    for number in numbers {
        let retailer = &retailers[number.index()];
        let key = format!("retailers[{}]", number.index());
        if retailer.slot_s != slot_s {
            let expected = format!("{slot_s} s, as of \"{}\"", retailers[numbers[0].index()].name);
            problems
                .add(&format!("{key}.slot_s"), format!("{} s", retailer.slot_s), expected)
                .help("owners choose between competitors when a slot of all of them begins");
        }
        if retailer.tariff.slope_per_mwh_kw().is_some() {
            let found = "a price that is known when the slot is over, of a retailer that competes";
            problems.add(&format!("{key}.tariff.kind"), found, "a tariff that is announced");
        }
    }
}

/// Rejects a price cap so far below all rivals that it must be per kilowatt hour.
fn prices(
    spec: &CompetitionSpec,
    numbers: &[RetailerId],
    retailers: &[Retailer],
    problems: &mut Problems<'_>,
) {
    let least = |number: &RetailerId| match &retailers[number.index()].tariff {
        Tariff::Flat(price) => *price,
        Tariff::TimeOfUse(week) => week.iter().copied().fold(f64::INFINITY, f64::min),
        // Prices from files or markets are not known here.
        _ => f64::NEG_INFINITY,
    };
    let least = numbers[1..].iter().map(least).fold(f64::INFINITY, f64::min);
    // A cap below all rivals may be intended; one per kilowatt hour is a mistake.
    if 100.0 * spec.max_price_per_mwh < least {
        problems
            .add(
                "competition.max_price_per_mwh",
                format!("{:?}, less than a hundredth of any price of a rival", spec.max_price_per_mwh),
                format!("a price per MWh; the lowest of a rival is {least}"),
            )
            .help("prices are in currency per MWh: 250 is 0.25 per kWh");
    }
}

fn shares(spec: &CompetitionSpec, problems: &mut Problems<'_>) -> Vec<f64> {
    const KEY: &str = "competition.initial_shares";
    let count = spec.retailers.len();
    let Some(shares) = &spec.initial_shares else { return vec![1.0 / count as f64; count] };
    let sum: f64 = shares.iter().sum();
    if shares.len() != count {
        problems.add(KEY, format!("a list of {}", shares.len()), format!("{count}, one for each retailer"));
    } else if shares.iter().any(|share| !(0.0..=1.0).contains(share)) || (sum - 1.0).abs() > 1e-6 {
        problems.add(KEY, format!("{shares:?}"), "shares between 0 and 1 with a sum of 1");
    }
    shares.clone()
}

fn reluctance(spec: &CompetitionSpec, problems: &mut Problems<'_>) -> Vec<Vec<f64>> {
    const KEY: &str = "competition.reluctance_per_mwh";
    let count = spec.retailers.len();
    let fits = |x: &f64| (0.0..=1e6).contains(x);
    match &spec.reluctance_per_mwh {
        Reluctance::All(x) => {
            if !fits(x) {
                problems.add(KEY, format!("{x:?}"), "0 to 1e6");
            }
            let row = |from: usize| (0..count).map(|to| if to == from { 0.0 } else { *x }).collect();
            (0..count).map(row).collect()
        }
        Reluctance::Each(rows) => {
            if rows.len() != count || rows.iter().any(|row| row.len() != count) {
                let expected = format!("{count} lists of {count} figures, one for each retailer");
                let shortest = rows.iter().map(Vec::len).min().unwrap_or(0);
                problems.add(KEY, format!("{} by {shortest} figures", rows.len()), expected);
                return vec![vec![0.0; count]; count];
            }
            for (i, row) in rows.iter().enumerate() {
                if let Some(x) = row.iter().find(|x| !fits(x)) {
                    problems.add(&format!("{KEY}[{i}]"), format!("{x:?}"), "0 to 1e6");
                }
            }
            rows.clone()
        }
    }
}

/// Checks the requirements of a policy for the aggregator: a day-ahead market with slots like its own, imbalance
/// prices, and for a price model past data of both.
fn market(
    file: &ScenarioFile,
    trading: &Trading,
    aggregator: Option<&Retailer>,
    horizon: Option<&Horizon>,
    problems: &mut Problems<'_>,
) {
    const KEY: &str = "operation.aggregator.kind";
    let policy = &file.operation.aggregator;
    if *policy == (AggregatorSpec::Passive {}) {
        return;
    }
    let day_ahead = |(_, market): &(usize, &Market)| market.kind == MarketKind::DayAhead;
    let Some((at, market)) = trading.markets.iter().enumerate().find(day_ahead) else {
        let found = format!("\"{}\", but no market of kind \"day-ahead\"", policy.name());
        problems.add(KEY, found, "a [[markets]] entry with kind = \"day-ahead\"");
        return;
    };
    if let Some(aggregator) = aggregator
        && aggregator.slot_s != market.products.slot_s
    {
        let found = format!(
            "{} s, with slots of {} s of \"{}\"",
            market.products.slot_s, aggregator.slot_s, aggregator.name
        );
        problems.add(
            &format!("markets[{at}].product_s"),
            found,
            "products as long as the aggregator's slots",
        );
    }
    if matches!(trading.imbalance, Imbalance::Penalty(_)) {
        let found = format!("a penalty, with an aggregator that is \"{}\"", policy.name());
        problems.add("imbalance.kind", found, "\"single\" or \"dual\", with prices from a file").help(
            "the aggregator buys energy that its customers draw and that it has not bought ahead in the \
                   balancing market",
        );
        return;
    }
    if !matches!(policy, AggregatorSpec::Bilevel { .. }) {
        return;
    }
    let Some(horizon) = horizon else { return };
    let needed = horizon.start + -LEAST_DAYS * DAY_S;
    let mut past = |series: &Series, key: String| {
        if series.start > needed {
            problems
                .add(
                    &key,
                    format!("prices from {}", series.start.iso()),
                    format!(
                        "prices from {} or before, {LEAST_DAYS} days before the start",
                        SimTime(needed.0).iso()
                    ),
                )
                .help("the policy estimates a model of prices from those before the start");
        }
    };
    past(&market.reference, format!("markets[{at}].file"));
    match &trading.imbalance {
        Imbalance::Penalty(_) => {}
        Imbalance::Single(series) => past(series, "imbalance.file".to_owned()),
        Imbalance::Dual { up, .. } => past(up, "imbalance.file".to_owned()),
    }
}

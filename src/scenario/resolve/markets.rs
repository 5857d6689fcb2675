//! Wholesale markets: their tables in the scenario, and the rules built from them.

use super::horizon::{Horizon, WEEKDAYS};
use super::sources;
use crate::document::Problems;
use crate::document::suggest;
use crate::spec::{GateSpec, ImbalanceSpec, MarketSpec, ScenarioFile};
use gridfleet_core::ids::{FleetId, MarketId};
use gridfleet_core::markets::{GateRule, Imbalance, Lots, Market, MarketKind, Products, Series};
use gridfleet_core::time::HOUR_S;
use gridfleet_sim::policies::BiddingSpec;
use gridfleet_sim::world::{Party, Trading};
use std::path::PathBuf;

/// Markets and bidders; the files read are added to `inputs`.
pub fn trading(
    spec: &ScenarioFile,
    horizon: Option<&Horizon>,
    inputs: &mut Vec<PathBuf>,
    problems: &mut Problems<'_>,
) -> Trading {
    needed_kinds(spec, problems);
    let mut markets: Vec<Market> = Vec::with_capacity(spec.markets.len());
    for (i, market) in spec.markets.iter().enumerate() {
        let key = format!("markets[{i}]");
        if spec.markets[..i].iter().any(|other| other.name == market.name) {
            let found = format!("\"{}\" for the second time", market.name);
            problems.add(&format!("{key}.name"), found, "a unique name");
        }
        markets.extend(one_market(market, &key, horizon, inputs, problems));
    }
    let Some(settlement_s) = markets.iter().map(|market| market.products.slot_s).min() else {
        return Trading::default();
    };
    for (i, market) in markets.iter().enumerate() {
        if market.products.slot_s % settlement_s != 0 && markets.len() == spec.markets.len() {
            let expected = format!("a multiple of the shortest product, {settlement_s} s");
            problems.add(&format!("markets[{i}].product_s"), market.products.slot_s.to_string(), expected);
        }
    }
    let imbalance = imbalance(&spec.imbalance, settlement_s, horizon, inputs, problems);
    let mut bidders = fleets_that_bid(spec, problems);
    bidders.extend(super::competition::aggregator(spec).map(Party::Retailer));
    Trading {
        markets: markets.into(),
        bidders: bidders.into(),
        imbalance: imbalance.unwrap_or(Imbalance::Penalty(0.0)),
        settlement_s,
        clairvoyant_bound: spec.operation.clairvoyant_bound,
    }
}

/// The fleets of `operation.bidders`, in the order of the fleets; all of them if it names none.
fn fleets_that_bid(spec: &ScenarioFile, problems: &mut Problems<'_>) -> Vec<Party> {
    let (named, names) = (&spec.operation.bidders, || spec.fleets.iter().map(|fleet| fleet.name.as_str()));
    for (i, name) in named.iter().enumerate().filter(|(_, name)| !names().any(|known| known == *name)) {
        let found = format!("\"{name}\"");
        problems
            .add(&format!("operation.bidders[{i}]"), found, "the name of one of the [[fleets]]")
            .perhaps(suggest::help(name, names()));
    }
    let bids = |name: &str| named.is_empty() || named.iter().any(|bidder| bidder == name);
    let fleets = names().enumerate().filter(|(_, name)| bids(name));
    fleets.map(|(fleet, _)| Party::Fleet(FleetId::new(fleet))).collect()
}

/// A bidding policy needs a market to bid in.
fn needed_kinds(spec: &ScenarioFile, problems: &mut Problems<'_>) {
    use MarketKind::{Balancing, DayAhead, Intraday};
    let needed: &[MarketKind] = match spec.operation.bidding {
        BiddingSpec::Regular {} => &[],
        BiddingSpec::DayAhead { .. } => &[DayAhead],
        BiddingSpec::Intraday { .. } => &[Intraday],
        BiddingSpec::Balancing { .. } => &[Balancing],
        BiddingSpec::Integrated { .. } | BiddingSpec::Learned { .. } => &[Balancing, Intraday],
    };
    for kind in needed {
        if !spec.markets.iter().any(|market| market.kind == *kind) {
            let name = kind.name();
            problems
                .add(
                    "operation.bidding.kind",
                    format!("\"{}\", but no market of kind \"{name}\"", spec.operation.bidding.name()),
                    format!("a [[markets]] entry with kind = \"{name}\""),
                )
                .help("`gridfleet schema` lists the keys of a market");
        }
    }
}

fn one_market(
    spec: &MarketSpec,
    key: &str,
    horizon: Option<&Horizon>,
    inputs: &mut Vec<PathBuf>,
    problems: &mut Problems<'_>,
) -> Option<Market> {
    let before = problems.errors.len();
    let kind = spec.kind;
    let slot_s = spec.product_s.unwrap_or(if kind == MarketKind::DayAhead { HOUR_S } else { 900 });
    let gates = gates(spec.gate.as_ref(), kind, key, problems);
    let limits = [
        spec.price_floor_per_mwh.unwrap_or(f64::NEG_INFINITY),
        spec.price_cap_per_mwh.unwrap_or(f64::INFINITY),
    ];
    if limits[0] > limits[1] {
        let found = format!("{}, below the floor, {}", limits[1], limits[0]);
        problems.add(&format!("{key}.price_cap_per_mwh"), found, "a cap above the floor");
    }
    let file_key = format!("{key}.file");
    let path = problems.file(&file_key, &spec.file);
    let series = path.and_then(|path| {
        let series = problems.take(&file_key, sources::prices(&path))?;
        inputs.push(path);
        Some(series)
    });
    let capacity = spec.capacity_file.as_ref().and_then(|file| {
        let capacity_key = format!("{key}.capacity_file");
        if kind != MarketKind::Balancing {
            let expected = "a market of kind \"balancing\"";
            problems.add(&capacity_key, "a price of power kept ready in a market for energy", expected);
        }
        let path = problems.file(&capacity_key, file)?;
        let series = problems.take(&capacity_key, sources::prices(&path))?;
        inputs.push(path);
        Some(series)
    });
    let (series, horizon, gates) = (series?, horizon?, gates?);
    let products = Products::within(horizon.start, horizon.end, slot_s);
    if HOUR_S * 24 % slot_s != 0 || series.slot_s % slot_s != 0 {
        let expected = format!("the slot of the price file, {} s, or a part of it", series.slot_s);
        problems.add(&format!("{key}.product_s"), slot_s.to_string(), expected);
    }
    covers(&series, products.start, products.end_of(products.count.saturating_sub(1)), &file_key, problems);
    if let Some(capacity) = &capacity {
        let end = products.end_of(products.count.saturating_sub(1));
        covers(capacity, products.start, end, &format!("{key}.capacity_file"), problems);
    }
    if let GateRule::Lead(lead_s) = gates
        && spec.publish_s > lead_s
    {
        let found = format!("{} s, longer than the {lead_s} s from gate closure to delivery", spec.publish_s);
        problems.add(&format!("{key}.publish_s"), found, "results that are known before delivery");
    }
    (problems.errors.len() == before).then(|| Market {
        name: spec.name.clone(),
        kind,
        products,
        gates,
        opens_s: spec.opens_s,
        publish_s: spec.publish_s,
        reference: series,
        capacity,
        slope_per_mwh_kw: spec.slope_per_mwh_mw / 1_000.0,
        limits_per_mwh: limits,
        lots: Lots { minimum_kw: spec.minimum_kw, step_kw: spec.step_kw },
    })
}

/// Checks that a price file covers the traded period.
fn covers(
    series: &Series,
    start: gridfleet_core::time::SimTime,
    end: gridfleet_core::time::SimTime,
    key: &str,
    problems: &mut Problems<'_>,
) {
    if series.start > start || series.end() < end {
        problems
            .add(
                key,
                format!("prices from {} to {}", series.start.iso(), series.end().iso()),
                format!("prices that cover the period simulated, {} to {}", start.iso(), end.iso()),
            )
            .help("use another file, or change [time]");
    }
}

fn gates(
    spec: Option<&GateSpec>,
    kind: MarketKind,
    key: &str,
    problems: &mut Problems<'_>,
) -> Option<GateRule> {
    let mut clock = |name: &str, text: &str| {
        let time = seconds_of_day(text);
        if time.is_none() {
            let found = format!("\"{text}\"");
            problems.add(&format!("{key}.gate.{name}"), found, "a local time, for example \"12:00\"");
        }
        time
    };
    Some(match spec {
        None => match kind {
            MarketKind::DayAhead => GateRule::Daily { at_s: 12 * 3_600, days_before: 1 },
            MarketKind::Intraday => GateRule::Lead(1_800),
            MarketKind::Balancing => GateRule::Lead(7 * 86_400),
        },
        Some(GateSpec::Lead { lead_s }) => GateRule::Lead(*lead_s),
        Some(GateSpec::Daily { at, days_before }) => {
            GateRule::Daily { at_s: clock("at", at)?, days_before: *days_before }
        }
        Some(GateSpec::Weekly { weekday, at, weeks_before }) => {
            let at_s = clock("at", at);
            let days = WEEKDAYS;
            let day = days.iter().position(|day| day == weekday);
            if day.is_none() {
                problems
                    .add(
                        &format!("{key}.gate.weekday"),
                        format!("\"{weekday}\""),
                        "a day of the week: mon, tue, wed, thu, fri, sat or sun",
                    )
                    .perhaps(suggest::help(weekday, days));
            }
            GateRule::Weekly { weekday: u32::try_from(day?).ok()?, at_s: at_s?, weeks_before: *weeks_before }
        }
    })
}

/// Seconds since midnight of `12:00`.
fn seconds_of_day(text: &str) -> Option<u32> {
    let time = chrono::NaiveTime::parse_from_str(text.trim(), "%H:%M").ok()?;
    Some(chrono::Timelike::num_seconds_from_midnight(&time))
}

fn imbalance(
    spec: &ImbalanceSpec,
    settlement_s: i64,
    horizon: Option<&Horizon>,
    inputs: &mut Vec<PathBuf>,
    problems: &mut Problems<'_>,
) -> Option<Imbalance> {
    const KEY: &str = "imbalance.file";
    let checked = |series: &Series, problems: &mut Problems<'_>| {
        if series.slot_s % settlement_s != 0 {
            let expected = format!("slots of {settlement_s} s, the shortest product, or a multiple");
            problems.add(KEY, format!("slots of {} s", series.slot_s), expected);
        }
        if let Some(horizon) = horizon {
            let intervals = Products::within(horizon.start, horizon.end, settlement_s);
            let end = intervals.end_of(intervals.count.saturating_sub(1));
            covers(series, intervals.start, end, KEY, problems);
        }
    };
    match spec {
        ImbalanceSpec::Penalty { price_per_mwh } => Some(Imbalance::Penalty(*price_per_mwh)),
        ImbalanceSpec::Single { file } => {
            let path = problems.file(KEY, file)?;
            let series = problems.take(KEY, sources::prices(&path))?;
            inputs.push(path);
            checked(&series, problems);
            Some(Imbalance::Single(series))
        }
        ImbalanceSpec::Dual { file } => {
            let path = problems.file(KEY, file)?;
            let (up, down) = problems.take(KEY, sources::two_prices(&path))?;
            inputs.push(path);
            checked(&up, problems);
            checked(&down, problems);
            Some(Imbalance::Dual { up, down })
        }
    }
}

/// The market called `name`.
pub fn market(
    name: &str,
    trading: &Trading,
    spec: &ScenarioFile,
    key: &str,
    problems: &mut Problems<'_>,
) -> Option<MarketId> {
    if let Some(market) = trading.markets.iter().position(|market| market.name == name) {
        return Some(MarketId::new(market));
    }
    // A market that exists but has errors has been reported already.
    if !spec.markets.iter().any(|market| market.name == name) {
        let found = format!("the unknown market \"{name}\"");
        let names = spec.markets.iter().map(|market| market.name.as_str());
        problems.add(key, found, "the name of one of the [[markets]]").perhaps(suggest::help(name, names));
    }
    None
}

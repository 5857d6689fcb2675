//! Sales of competing retailers, checked against prices, stations, the ledger and their purchases.

use super::money::broadcasts;
use super::tables::{Code, Texts, Written};
use super::{Auditor, Check, HALF_MILLIONTH, UNSETTLED_KWH, meter_rounding, rounding, within};
use gridfleet_core::error::Result;
use gridfleet_core::ledger::EntryKind;
use gridfleet_core::markets::Side;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::time::SimTime;
use std::collections::{BTreeMap, BTreeSet};

const PRICE: &str = "Supply: revenue is energy at the price that was broadcast";
const ENERGY: &str = "Supply: energy sold by competitors is that drawn at their stations";
const PAID: &str = "Supply: revenue is that of the ledger";
const BALANCE: &str = "Supply: energy sold and not bought ahead is imbalance";

/// Columns of `supply.parquet`.
struct Supply {
    start: Vec<i64>,
    end: Vec<i64>,
    retailer: Vec<Code>,
    price: Vec<f64>,
    kwh: Vec<f64>,
    revenue: Vec<f64>,
}

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    if auditor.facts.stations.iter().all(|station| !station.competes) {
        return Ok(());
    }
    if !auditor.has(&[TableId::Supply], &[PRICE, ENERGY, PAID, BALANCE]) {
        return Ok(());
    }
    let mut texts = Texts::default();
    let table = Written::open(auditor.dir, TableId::Supply)?;
    let supply = Supply {
        start: table.all_times("slot_start")?,
        end: table.all_times("slot_end")?,
        retailer: table.texts("retailer", &mut texts)?,
        price: table.floats("price_per_mwh")?,
        kwh: table.floats("energy_kwh")?,
        revenue: table.floats("revenue")?,
    };
    if auditor.has(&[TableId::Prices], &[PRICE]) {
        let check = prices(auditor, &supply, &mut texts)?;
        auditor.checks.push(check);
    }
    if auditor.has(&[TableId::Stations], &[ENERGY]) {
        let check = energy(auditor, &supply, &mut texts)?;
        auditor.checks.push(check);
    }
    if auditor.has(&[TableId::Ledger], &[PAID]) {
        let check = paid(auditor, &supply, &mut texts)?;
        auditor.checks.push(check);
    }
    let traded = auditor.dir.join(TableId::Market.table().file_name()).exists();
    if traded && auditor.has(&[TableId::Market], &[BALANCE]) {
        let check = balance(auditor, &supply, &mut texts)?;
        auditor.checks.push(check);
    }
    Ok(())
}

fn prices(auditor: &Auditor, supply: &Supply, texts: &mut Texts) -> Result<Check> {
    let slots = broadcasts(auditor, texts)?;
    let mut check = Check::new(PRICE);
    // Sales of each retailer so far: magnitudes of energy and of revenue.
    let mut so_far = BTreeMap::<Code, [f64; 2]>::new();
    for row in 0..supply.start.len() {
        let (seller, start) = (supply.retailer[row], supply.start[row]);
        let at = slots.partition_point(|slot| (slot.0, slot.2) <= (seller, start));
        let said =
            slots.get(at).filter(|slot| slot.0 == seller && slot.1 <= start && supply.end[row] <= slot.2);
        let expected = supply.kwh[row] * supply.price[row] / 1_000.0;
        let right = said.is_some_and(|slot| slot.3 == supply.price[row]);
        let [kwh, revenue] = so_far.entry(seller).or_default();
        *kwh += supply.kwh[row].abs();
        *revenue += supply.revenue[row].abs();
        // Both are differences of two sums, to which each session adds when it ends.
        let magnitude = *revenue + *kwh * supply.price[row].abs() / 1_000.0;
        let tolerance = rounding(auditor.departures(supply.end[row]), magnitude);
        check.that(right && within(supply.revenue[row], expected, tolerance), || {
            format!(
                "{} from {}: {} kWh at {} for {}, broadcast {:?}",
                texts.text(seller),
                SimTime(start).iso(),
                supply.kwh[row],
                supply.price[row],
                supply.revenue[row],
                said.map(|slot| slot.3)
            )
        });
    }
    Ok(check)
}

/// Energy by slot, for all competitors together.
fn energy(auditor: &Auditor, supply: &Supply, texts: &mut Texts) -> Result<Check> {
    let table = Written::open(auditor.dir, TableId::Stations)?;
    let (time, power) = (table.all_times("time")?, table.floats("power_kw")?);
    let station = table.texts("station_id", texts)?;
    let competing: Vec<Code> =
        auditor.facts.stations.iter().filter(|s| s.competes).map(|s| texts.code(&s.name)).collect();
    // Energy drawn at all stations up to each reading.
    let mut load_kw = BTreeMap::<i64, f64>::new();
    for row in 0..time.len() {
        if competing.contains(&station[row]) {
            *load_kw.entry(time[row]).or_default() += power[row];
        }
    }
    let mut drawn = BTreeMap::new();
    let (mut before, mut sum) = (None, 0.0);
    for (at, kw) in load_kw {
        sum += before.map_or(0.0, |before| kw * (at - before) as f64 / 3_600.0);
        drawn.insert(at, sum);
        before = Some(at);
    }
    let mut sold = BTreeMap::<(i64, i64), f64>::new();
    for row in 0..supply.start.len() {
        *sold.entry((supply.start[row], supply.end[row])).or_default() += supply.kwh[row];
    }
    let battery_kwh = auditor.largest_battery_kwh();
    let connectors: u32 = auditor.facts.stations.iter().map(|station| station.connectors).sum();
    let mut check = Check::new(ENERGY);
    for ((start, end), kwh) in sold {
        // Without a reading on both bounds of a slot there is nothing to compare.
        let (Some(from), Some(to)) = (drawn.get(&start), drawn.get(&end)) else { continue };
        let seconds = f64::from(connectors) * (end - auditor.facts.start.0) as f64;
        let tolerance = meter_rounding(seconds, battery_kwh, to.abs())
            + rounding(auditor.departures(end) + drawn.len(), to.abs());
        check.that(within(to - from, kwh, tolerance), || {
            format!("from {}: {kwh} kWh sold, {} drawn", SimTime(start).iso(), to - from)
        });
    }
    Ok(check)
}

fn paid(auditor: &Auditor, supply: &Supply, texts: &mut Texts) -> Result<Check> {
    let ledger = Written::open(auditor.dir, TableId::Ledger)?;
    let energy = texts.code(EntryKind::Energy.name());
    let kind = ledger.texts("kind", texts)?;
    let (debit, credit) = (ledger.texts("debit", texts)?, ledger.texts("credit", texts)?);
    let amount = ledger.floats("amount")?;
    let mut owed = BTreeMap::<Code, f64>::new();
    for row in 0..supply.start.len() {
        *owed.entry(supply.retailer[row]).or_default() += supply.revenue[row];
    }
    let mut check = Check::new(PAID);
    for (retailer, owed) in owed {
        let account = texts.code(&format!("retailer:{}", texts.text(retailer)));
        let (mut sum, mut postings, mut moved) = (0.0, 0.0, 0.0);
        for row in (0..kind.len()).filter(|&row| kind[row] == energy) {
            let sign =
                f64::from(u8::from(debit[row] == account)) - f64::from(u8::from(credit[row] == account));
            sum += sign * amount[row];
            postings += sign.abs();
            moved += sign.abs() * amount[row];
        }
        // Each posting is rounded to a whole millionth; revenues are differences of sums of as many postings.
        let steps = postings as usize + supply.start.len() + auditor.departures(auditor.facts.end.0);
        let tolerance = HALF_MILLIONTH * postings + rounding(steps, moved.max(owed.abs()));
        check.that(within(sum, owed, tolerance), || {
            format!("{}: {owed} by slots, {sum} in the ledger", texts.text(retailer))
        });
    }
    Ok(check)
}

/// A retailer that bids settles as imbalance the energy that its customers drew and that it had not bought.
fn balance(auditor: &Auditor, supply: &Supply, texts: &mut Texts) -> Result<Check> {
    let table = Written::open(auditor.dir, TableId::Market)?;
    let bidder = table.texts("bidder", texts)?;
    if bidder.iter().any(|&code| texts.text(code).starts_with("fleet:")) {
        return Ok(Check::not_possible(BALANCE, "fleets buy for themselves, too".to_owned()));
    }
    let (imbalance, buy) = (texts.code("imbalance"), texts.code(Side::Buy.name()));
    let market = table.texts("market", texts)?;
    let side = table.texts("side", texts)?;
    let (start, end) = (table.all_times("product_start")?, table.all_times("product_end")?);
    let accepted = table.floats("accepted_kw")?;
    // Slots of each competitor, by its account.
    let mut slots: Vec<(Code, i64, i64, usize)> = (0..supply.start.len())
        .map(|row| {
            let account = texts.code(&format!("retailer:{}", texts.text(supply.retailer[row])));
            (account, supply.start[row], supply.end[row], row)
        })
        .collect();
    slots.sort_unstable();
    // Bought less sold, and short less long, by row of the supply [kWh]; a retailer that does not trade has none.
    let mut traded = BTreeMap::<usize, [f64; 2]>::new();
    let mut cut = BTreeSet::new();
    for row in 0..start.len() {
        // The slot in which the product ends; a first slot cut off by the start has no product.
        let at = slots.partition_point(|slot| (slot.0, slot.1) < (bidder[row], end[row]));
        let Some(slot) = at.checked_sub(1).and_then(|at| slots.get(at)).filter(|slot| slot.0 == bidder[row])
        else {
            continue;
        };
        if start[row] < slot.1 || end[row] > slot.2 {
            cut.insert(slot.3);
        }
        let kwh = accepted[row] * (end[row] - start[row]) as f64 / 3_600.0;
        let signed = if side[row] == buy { kwh } else { -kwh };
        traded.entry(slot.3).or_default()[usize::from(market[row] == imbalance)] += signed;
    }
    let mut check = Check::new(BALANCE);
    let all_kwh: f64 = supply.kwh.iter().map(|kwh| kwh.abs()).sum();
    let settlement_s = auditor.facts.settlement_s.unwrap_or(1).max(1);
    // An interval cut off by the end of the simulation is not settled.
    let settled = |row: usize| supply.end[row].rem_euclid(settlement_s) == 0;
    for (row, [bought, short]) in traded.into_iter().filter(|&(row, _)| !cut.contains(&row) && settled(row)) {
        // Energy sold is a difference of two sums, and so is the energy settled in each of its intervals.
        let intervals = ((supply.end[row] - supply.start[row]) / settlement_s + 1) as f64;
        let steps = auditor.departures(supply.end[row]);
        let tolerance = UNSETTLED_KWH * intervals + rounding(steps, all_kwh + bought.abs());
        let right = within(bought + short, supply.kwh[row], tolerance);
        check.that(right, || {
            format!(
                "{} from {}: {} kWh sold, {bought} bought ahead, {short} short",
                texts.text(supply.retailer[row]),
                SimTime(supply.start[row]).iso(),
                supply.kwh[row]
            )
        });
    }
    Ok(check)
}

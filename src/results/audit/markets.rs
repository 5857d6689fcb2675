//! Bids, checked against the energy drawn and against the postings that settle them.

use super::tables::{Code, MISSING, Texts, Written};
use super::{Auditor, Check, HALF_MILLIONTH, UNSETTLED_KWH, meter_rounding, millionths, rounding, within};
use gridfleet_core::error::Result;
use gridfleet_core::ledger::EntryKind;
use gridfleet_core::markets::Side;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::time::SimTime;
use std::collections::BTreeMap;

const BIDS: &str = "Market: the accepted quantity is within the bid, and paid at the clearing price";
const DELIVERY: &str = "Market: delivered energy is drawn energy, as far as it was bought";
const SETTLED: &str = "Ledger: every bid is settled once, and no other";

/// Columns of `market.parquet`.
struct Bids {
    id: Vec<u32>,
    market: Vec<Code>,
    start: Vec<i64>,
    end: Vec<i64>,
    bidder: Vec<Code>,
    buys: Vec<bool>,
    quantity_kw: Vec<f64>,
    limit: Vec<f64>,
    price: Vec<f64>,
    capacity: Vec<f64>,
    accepted_kw: Vec<f64>,
    delivered_kwh: Vec<f64>,
    imbalance_kwh: Vec<f64>,
    cash: Vec<f64>,
}

impl Bids {
    fn read(auditor: &Auditor, texts: &mut Texts) -> Result<Self> {
        let table = Written::open(auditor.dir, TableId::Market)?;
        let buy = texts.code(Side::Buy.name());
        Ok(Self {
            id: table.ids("bid_id")?,
            market: table.texts("market", texts)?,
            start: table.all_times("product_start")?,
            end: table.all_times("product_end")?,
            bidder: table.texts("bidder", texts)?,
            buys: table.texts("side", texts)?.into_iter().map(|side| side == buy).collect(),
            quantity_kw: table.floats("quantity_kw")?,
            limit: table.floats("limit_price_per_mwh")?,
            price: table.floats("clearing_price_per_mwh")?,
            capacity: table.floats("capacity_price_per_mw_h")?,
            accepted_kw: table.floats("accepted_kw")?,
            delivered_kwh: table.floats("delivered_kwh")?,
            imbalance_kwh: table.floats("imbalance_kwh")?,
            cash: table.floats("cash")?,
        })
    }

    fn kwh(&self, row: usize) -> f64 {
        self.accepted_kw[row] * (self.end[row] - self.start[row]) as f64 / 3_600.0
    }
}

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    let Some(settlement_s) = auditor.facts.settlement_s else { return Ok(()) };
    if !auditor.has(&[TableId::Market], &[BIDS, DELIVERY, SETTLED]) {
        return Ok(());
    }
    // There may be no bids.
    if !auditor.dir.join(TableId::Market.table().file_name()).exists() {
        return Ok(());
    }
    let mut texts = Texts::default();
    let imbalance = texts.code("imbalance");
    let bids = Bids::read(auditor, &mut texts)?;
    auditor.checks.push(each(&bids, imbalance, settlement_s));
    if auditor.has(&[TableId::Market, TableId::Fleet], &[DELIVERY]) {
        let check = delivery(auditor, &bids, imbalance, settlement_s, &mut texts)?;
        auditor.checks.push(check);
    }
    if auditor.has(&[TableId::Market, TableId::Ledger], &[SETTLED]) {
        let check = settled(auditor, &bids, imbalance, &mut texts)?;
        auditor.checks.push(check);
    }
    Ok(())
}

/// Checks each row alone.
fn each(bids: &Bids, imbalance: Code, settlement_s: i64) -> Check {
    let mut check = Check::new(BIDS);
    for row in 0..bids.id.len() {
        let kwh = bids.kwh(row);
        let part_of_it = (0.0..=bids.quantity_kw[row]).contains(&bids.accepted_kw[row]);
        let settlement = bids.market[row] == imbalance;
        // An accepted bid gets its limit price or a better one.
        let fair = settlement
            || bids.accepted_kw[row] == 0.0
            || if bids.buys[row] {
                bids.price[row] <= bids.limit[row]
            } else {
                bids.price[row] >= bids.limit[row]
            };
        // Summed over the settlement intervals of the product.
        let steps = 4 + (bids.end[row] - bids.start[row]).max(0) as usize / settlement_s.max(1) as usize;
        let whole = if settlement {
            within(bids.imbalance_kwh[row], kwh, rounding(4, kwh)) && bids.delivered_kwh[row] == 0.0
        } else {
            within(bids.delivered_kwh[row] + bids.imbalance_kwh[row], kwh, rounding(steps, kwh))
        };
        let value = kwh * bids.price[row] / 1_000.0;
        let kept_ready = bids.delivered_kwh[row] * bids.capacity[row] / 1_000.0;
        let value = if bids.buys[row] { -value } else { value };
        let tolerance = HALF_MILLIONTH + rounding(8, value.abs() + kept_ready.abs());
        let paid = within(bids.cash[row], value + kept_ready, tolerance);
        check.that(part_of_it && fair && whole && paid && bids.end[row] > bids.start[row], || {
            format!(
                "bid {}: {} of {} kW at {} (limit {}), {} kWh delivered, {} not, cash {}",
                bids.id[row],
                bids.accepted_kw[row],
                bids.quantity_kw[row],
                bids.price[row],
                bids.limit[row],
                bids.delivered_kwh[row],
                bids.imbalance_kwh[row],
                bids.cash[row]
            )
        });
    }
    check
}

/// Energy bought, sold and settled as imbalance by one bidder in one settlement interval [kWh].
#[derive(Clone, Copy, Default)]
struct Traded {
    bought: f64,
    sold: f64,
    imbalance: f64,
}

/// Overlapping products of one bidder, merged into one span of time: none of them delivers outside it.
#[derive(Default)]
struct Block {
    start: i64,
    end: i64,
    /// Energy delivered by all of them [kWh].
    delivered: f64,
    products: usize,
}

/// Trades and deliveries of one bidder.
#[derive(Default)]
struct OfBidder {
    intervals: BTreeMap<i64, Traded>,
    blocks: Vec<Block>,
}

/// Trades of the bidders by settlement interval (each product covers a whole number of them), and their deliveries by
/// block.
fn traded(bids: &Bids, imbalance: Code, settlement_s: i64) -> BTreeMap<Code, OfBidder> {
    let hours = settlement_s as f64 / 3_600.0;
    let mut all = BTreeMap::<Code, OfBidder>::new();
    let mut order: Vec<usize> = (0..bids.id.len()).filter(|&row| bids.end[row] > bids.start[row]).collect();
    order.sort_by_key(|&row| bids.start[row]);
    for row in order {
        let energies = all.entry(bids.bidder[row]).or_default();
        let (start, end) = (bids.start[row], bids.end[row]);
        for interval in (start..end).step_by(settlement_s.max(1) as usize) {
            let traded = energies.intervals.entry(interval).or_default();
            let kwh = bids.accepted_kw[row] * hours;
            *(match (bids.market[row] == imbalance, bids.buys[row]) {
                (true, _) => &mut traded.imbalance,
                (false, true) => &mut traded.bought,
                (false, false) => &mut traded.sold,
            }) += kwh;
        }
        if bids.market[row] == imbalance || !bids.buys[row] {
            continue;
        }
        match energies.blocks.last_mut().filter(|block| start < block.end) {
            Some(block) => block.end = block.end.max(end),
            None => energies.blocks.push(Block { start, end, ..Block::default() }),
        }
        if let Some(block) = energies.blocks.last_mut() {
            block.delivered += bids.delivered_kwh[row];
            block.products += 1;
        }
    }
    all
}

/// Energy drawn up to a reading: its time, the net energy [kWh], and the sum of the magnitudes of its parts.
type Drawn = (i64, f64, f64);

/// Energy drawn up to each reading, by fleet.
fn drawn_by_fleet(auditor: &Auditor, texts: &mut Texts) -> Result<BTreeMap<Code, Vec<Drawn>>> {
    let table = Written::open(auditor.dir, TableId::Fleet)?;
    let (time, power) = (table.all_times("time")?, table.floats("power_kw")?);
    let fleet = table.texts("fleet", texts)?;
    let mut drawn = BTreeMap::<Code, Vec<Drawn>>::new();
    for row in 0..time.len() {
        if fleet[row] == MISSING {
            continue;
        }
        let readings = drawn.entry(fleet[row]).or_default();
        let (before, kwh, both) = readings.last().copied().unwrap_or((time[row], 0.0, 0.0));
        let since = power[row] * (time[row] - before) as f64 / 3_600.0;
        readings.push((time[row], kwh + since, both + since.abs()));
    }
    Ok(drawn)
}

/// A fleet takes the part of its purchases that its vehicles drew, according to the fleet readings. Checks surplus and
/// shortfall by settlement interval, and deliveries over the overlap if products differ in length.
fn delivery(
    auditor: &Auditor,
    bids: &Bids,
    imbalance: Code,
    settlement_s: i64,
    texts: &mut Texts,
) -> Result<Check> {
    let drawn = drawn_by_fleet(auditor, texts)?;
    let battery_kwh = auditor.largest_battery_kwh();
    let mut check = Check::new(DELIVERY);
    let mut of_fleets = false;
    for (bidder, energies) in traded(bids, imbalance, settlement_s) {
        let Some(name) = texts.text(bidder).strip_prefix("fleet:").map(str::to_owned) else { continue };
        of_fleets = true;
        let readings = drawn.get(&texts.code(&name)).map_or(&[][..], Vec::as_slice);
        let at = |t: i64| readings.binary_search_by_key(&t, |r| r.0).ok().map(|i| readings[i]);
        // Net energy fed back is paid at the tariff.
        let drawn = |start: i64| {
            let (before, after) = (at(start)?, at(start + settlement_s)?);
            Some(((after.1 - before.1).max(0.0), after))
        };
        // Both energies are differences of sums, one of readings, the other of ended sessions; a vehicle that is
        // plugged in counts with the charge of its battery.
        let tolerance = |(end, _, both): Drawn, traded: &Traded| {
            let vehicles = auditor.facts.vehicles.len() as f64;
            meter_rounding(2.0 * vehicles, battery_kwh, both)
                + rounding(auditor.departures(end) + readings.len(), both)
                + rounding(bids.id.len(), traded.bought + traded.sold)
                + UNSETTLED_KWH
        };
        let mut taken = BTreeMap::new();
        for (&start, traded) in &energies.intervals {
            let Some((drawn, after)) = drawn(start) else { continue };
            let tolerance = tolerance(after, traded);
            let expected =
                (traded.bought - traded.sold - drawn).max(0.0) + (traded.sold - traded.bought).max(0.0);
            taken.insert(start, (traded.bought.min(drawn + traded.sold), tolerance));
            check.that(within(traded.imbalance, expected, tolerance), || {
                format!(
                    "{name} at {}: {} kWh bought, {} sold, {drawn} drawn, {} settled as imbalance",
                    SimTime(start).iso(),
                    traded.bought,
                    traded.sold,
                    traded.imbalance
                )
            });
        }
        for block in &energies.blocks {
            let starts = (block.start..block.end).step_by(settlement_s.max(1) as usize);
            let Some(parts) = starts.map(|start| taken.get(&start).copied()).collect::<Option<Vec<_>>>()
            else {
                continue;
            };
            let expected: f64 = parts.iter().map(|part| part.0).sum();
            let tolerance: f64 = parts.iter().map(|part| part.1).sum();
            let tolerance = tolerance + rounding(parts.len() * block.products, expected);
            check.that(within(block.delivered, expected, tolerance), || {
                format!(
                    "{name} from {} to {}: {} kWh delivered, {expected} kWh of the bought energy were drawn",
                    SimTime(block.start).iso(),
                    SimTime(block.end).iso(),
                    block.delivered
                )
            });
        }
    }
    if of_fleets && check.checked == 0 {
        let why = "no reading of the meters falls on the bounds of a settlement interval";
        return Ok(Check::not_possible(DELIVERY, why.to_owned()));
    }
    Ok(check)
}

/// Compares the cash of each bid with the postings that refer to it; a bid without cash has none.
fn settled(auditor: &Auditor, bids: &Bids, imbalance: Code, texts: &mut Texts) -> Result<Check> {
    let trade = texts.code(EntryKind::Trade.name());
    let settlement = texts.code(EntryKind::Imbalance.name());
    let ledger = Written::open(auditor.dir, TableId::Ledger)?;
    let kind = ledger.texts("kind", texts)?;
    let debit = ledger.texts("debit", texts)?;
    let amount = ledger.floats("amount")?;
    let reference = ledger.parsed("reference", |text| text.strip_prefix("bid:")?.parse::<u32>().ok())?;
    let mut posted = BTreeMap::<u32, (u32, Code, Code, i128)>::new();
    for row in 0..kind.len() {
        if kind[row] != trade && kind[row] != settlement {
            continue;
        }
        let entry = posted.entry(reference[row].unwrap_or(u32::MAX)).or_insert((0, kind[row], debit[row], 0));
        *entry = (entry.0 + 1, kind[row], debit[row], millionths(amount[row]).unwrap_or(i128::MIN / 2));
    }
    let mut check = Check::new(SETTLED);
    let mut seen = std::collections::BTreeSet::new();
    for row in 0..bids.id.len() {
        let cash = millionths(bids.cash[row]);
        let expected_kind = if bids.market[row] == imbalance { settlement } else { trade };
        let right = match posted.remove(&bids.id[row]) {
            None => cash == Some(0),
            Some((postings, kind, receiver, amount)) => {
                let received = if receiver == bids.bidder[row] { amount } else { -amount };
                postings == 1 && kind == expected_kind && cash == Some(received)
            }
        };
        check.that(right && seen.insert(bids.id[row]), || {
            format!("bid {}: cash {}, another amount or number of postings", bids.id[row], bids.cash[row])
        });
    }
    for id in posted.keys() {
        check.that(false, || format!("a posting for bid {id}, which there is not"));
    }
    Ok(check)
}

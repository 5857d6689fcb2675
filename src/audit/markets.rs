//! Bids against what was drawn, and against the postings that settle them.

use super::tables::{Code, MISSING, Texts, Written};
use super::{Auditor, Check, close, millionths};
use crate::error::Result;
use crate::ledger::EntryKind;
use crate::markets::Side;
use crate::records::dictionary::TableId;
use crate::time::SimTime;
use std::collections::BTreeMap;

const BIDS: &str = "Market: what is accepted is within the bid, and paid at the clearing price";
const DELIVERY: &str = "Market: what is delivered is what was drawn, as far as it was bought";
const SETTLED: &str = "Ledger: every bid is settled once, and no other";

/// Largest difference of energies [kWh]: means of power over control intervals, added up.
const ENERGY_TOLERANCE: f64 = 1e-6;

/// `market.parquet`.
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
            limit: table.floats("limit_price_eur_mwh")?,
            price: table.floats("clearing_price_eur_mwh")?,
            capacity: table.floats("capacity_price_eur_mw_h")?,
            accepted_kw: table.floats("accepted_kw")?,
            delivered_kwh: table.floats("delivered_kwh")?,
            imbalance_kwh: table.floats("imbalance_kwh")?,
            cash: table.floats("cash_eur")?,
        })
    }

    fn kwh(&self, row: usize) -> f64 {
        self.accepted_kw[row] * (self.end[row] - self.start[row]) as f64 / 3_600.0
    }
}

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    if !auditor.facts.trades || !auditor.has(&[TableId::Market], &[BIDS, DELIVERY, SETTLED]) {
        return Ok(());
    }
    // Nobody may have bid.
    if !auditor.dir.join(TableId::Market.table().file_name()).exists() {
        return Ok(());
    }
    let mut texts = Texts::default();
    let imbalance = texts.code("imbalance");
    let bids = Bids::read(auditor, &mut texts)?;
    auditor.checks.push(each(&bids, imbalance));
    if auditor.has(&[TableId::Market, TableId::Fleet], &[DELIVERY]) {
        let check = delivery(auditor, &bids, imbalance, &mut texts)?;
        auditor.checks.push(check);
    }
    if auditor.has(&[TableId::Market, TableId::Ledger], &[SETTLED]) {
        let check = settled(auditor, &bids, imbalance, &mut texts)?;
        auditor.checks.push(check);
    }
    Ok(())
}

/// Each row by itself.
fn each(bids: &Bids, imbalance: Code) -> Check {
    let mut check = Check::new(BIDS);
    for row in 0..bids.id.len() {
        let kwh = bids.kwh(row);
        let within =
            bids.accepted_kw[row] >= 0.0 && bids.accepted_kw[row] <= bids.quantity_kw[row] * (1.0 + 1e-12);
        let settlement = bids.market[row] == imbalance;
        // Who is accepted gets the price that it asked for, or a better one.
        let fair = settlement
            || bids.accepted_kw[row] == 0.0
            || if bids.buys[row] {
                bids.price[row] <= bids.limit[row]
            } else {
                bids.price[row] >= bids.limit[row]
            };
        let whole = if settlement {
            close(bids.imbalance_kwh[row], kwh, ENERGY_TOLERANCE) && bids.delivered_kwh[row] == 0.0
        } else {
            close(bids.delivered_kwh[row] + bids.imbalance_kwh[row], kwh, ENERGY_TOLERANCE)
        };
        let value = kwh * bids.price[row] / 1_000.0;
        let kept_ready = bids.delivered_kwh[row] * bids.capacity[row] / 1_000.0;
        let value = if bids.buys[row] { -value } else { value };
        let paid = close(bids.cash[row], value + kept_ready, 1e-6);
        check.that(within && fair && whole && paid && bids.end[row] > bids.start[row], || {
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

/// Bought, sold, delivered and settled as imbalance by one bidder for one span of time [kWh].
#[derive(Default)]
struct Traded {
    bought: f64,
    sold: f64,
    delivered: f64,
    imbalance: f64,
}

/// What a fleet took of its purchases is what its vehicles drew, as the readings of the fleet tell.
fn delivery(auditor: &Auditor, bids: &Bids, imbalance: Code, texts: &mut Texts) -> Result<Check> {
    let mut traded = BTreeMap::<(Code, i64, i64), Traded>::new();
    for row in 0..bids.id.len() {
        let all = traded.entry((bids.bidder[row], bids.start[row], bids.end[row])).or_default();
        let kwh = bids.kwh(row);
        if bids.market[row] == imbalance {
            all.imbalance += kwh;
        } else if bids.buys[row] {
            all.bought += kwh;
            all.delivered += bids.delivered_kwh[row];
        } else {
            all.sold += kwh;
        }
    }
    let lengths: std::collections::BTreeSet<i64> = traded.keys().map(|(_, start, end)| end - start).collect();
    if lengths.len() > 1 {
        return Ok(Check::not_possible(DELIVERY, "products of several lengths".to_owned()));
    }
    // Energy drawn up to each reading, by fleet.
    let table = Written::open(auditor.dir, TableId::Fleet)?;
    let (time, power) = (table.all_times("time")?, table.floats("power_kw")?);
    let fleet = table.texts("fleet", texts)?;
    let mut drawn = BTreeMap::<Code, Vec<(i64, f64)>>::new();
    for row in 0..time.len() {
        if fleet[row] == MISSING {
            continue;
        }
        let readings = drawn.entry(fleet[row]).or_default();
        let (before, kwh) = readings.last().copied().unwrap_or((time[row], 0.0));
        readings.push((time[row], kwh + power[row] * (time[row] - before) as f64 / 3_600.0));
    }
    let mut check = Check::new(DELIVERY);
    for ((bidder, start, end), all) in traded {
        let Some(name) = texts.text(bidder).strip_prefix("fleet:").map(str::to_owned) else { continue };
        let readings = drawn.get(&texts.code(&name)).map_or(&[][..], Vec::as_slice);
        let at = |t: i64| readings.binary_search_by_key(&t, |r| r.0).ok().map(|i| readings[i].1);
        // Where no reading fell on the bounds of a product there is nothing to compare with.
        let (Some(before), Some(after)) = (at(start), at(end)) else { continue };
        // Net energy fed back is paid for at the tariff.
        let drawn = (after - before).max(0.0);
        let tolerance = ENERGY_TOLERANCE * after.max(1.0);
        let expected = all.bought.min(drawn + all.sold);
        let difference = (all.bought - all.sold - drawn).max(0.0) + (all.sold - all.bought).max(0.0);
        check.that(
            (all.delivered - expected).abs() <= tolerance && (all.imbalance - difference).abs() <= tolerance,
            || {
                format!(
                    "{name} at {}: {} kWh bought, {drawn} drawn, {} delivered, {} settled as imbalance",
                    SimTime(start).iso(),
                    all.bought,
                    all.delivered,
                    all.imbalance
                )
            },
        );
    }
    Ok(check)
}

/// The cash of each bid against the postings that refer to it; a bid without cash has none.
fn settled(auditor: &Auditor, bids: &Bids, imbalance: Code, texts: &mut Texts) -> Result<Check> {
    let trade = texts.code(EntryKind::Trade.name());
    let settlement = texts.code(EntryKind::Imbalance.name());
    let ledger = Written::open(auditor.dir, TableId::Ledger)?;
    let kind = ledger.texts("kind", texts)?;
    let debit = ledger.texts("debit", texts)?;
    let amount = ledger.floats("amount")?;
    let reference = ledger.parsed("reference", |text| text.strip_prefix("bid:")?.parse::<u32>().ok())?;
    let mut posted = BTreeMap::<u32, (u32, Code, Code, i64)>::new();
    for row in 0..kind.len() {
        if kind[row] != trade && kind[row] != settlement {
            continue;
        }
        let entry = posted.entry(reference[row].unwrap_or(u32::MAX)).or_insert((0, kind[row], debit[row], 0));
        *entry = (entry.0 + 1, kind[row], debit[row], millionths(amount[row]).unwrap_or(i64::MIN));
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

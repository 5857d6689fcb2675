//! The ledger, checked against the trips and sessions that it pays for.

use super::tables::{Code, MISSING, Texts, Written};
use super::{Auditor, Check, HALF_MILLIONTH, millionths, rounding, unreadable, within};
use gridfleet_core::error::Result;
use gridfleet_core::ledger::EntryKind;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::time::SimTime;
use std::collections::{BTreeMap, BTreeSet};

const BALANCE: &str = "Ledger: amounts are whole, and the fleets hold their profit";
const FARES: &str = "Ledger: every fare is a trip's, and the other way round";
const COSTS: &str = "Ledger: every session's cost is posted, and no other";
const PRICES: &str = "Sessions: cost is energy x broadcast price";

/// Columns of the ledger that several checks use.
struct Ledger {
    table: Written,
    texts: Texts,
    time: Vec<i64>,
    debit: Vec<Code>,
    credit: Vec<Code>,
    kind: Vec<Code>,
    amount: Vec<f64>,
}

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    prices(auditor)?;
    if !auditor.has(&[TableId::Ledger], &[BALANCE, FARES, COSTS]) {
        return Ok(());
    }
    let table = Written::open(auditor.dir, TableId::Ledger)?;
    let mut texts = Texts::default();
    let mut ledger = Ledger {
        time: table.all_times("time")?,
        debit: table.texts("debit", &mut texts)?,
        credit: table.texts("credit", &mut texts)?,
        kind: table.texts("kind", &mut texts)?,
        amount: table.floats("amount")?,
        table,
        texts,
    };
    let check = balance(auditor, &mut ledger);
    auditor.checks.push(check);
    let [fares, costs] = ledger.posted()?;
    if auditor.has(&[TableId::Trips, TableId::Ledger], &[FARES]) {
        let trips = Written::open(auditor.dir, TableId::Trips)?;
        let owed = trips.ids("request_id")?.into_iter().zip(trips.floats("fare")?).collect();
        auditor.checks.push(compare(FARES, "request", owed, &fares));
    }
    if auditor.has(&[TableId::Sessions, TableId::Ledger], &[COSTS]) {
        let sessions = Written::open(auditor.dir, TableId::Sessions)?;
        let owed = sessions.ids("session_id")?.into_iter().zip(sessions.floats("cost")?).collect();
        auditor.checks.push(compare(COSTS, "session", owed, &costs));
    }
    Ok(())
}

/// Each posting moves a whole amount from one account to another, so all balances sum to zero; the final balances of the
/// fleets must equal the profit in the summary.
fn balance(auditor: &Auditor, ledger: &mut Ledger) -> Check {
    let Ledger { table, texts, time, debit, credit, amount, .. } = ledger;
    let mut check = Check::new(BALANCE);
    let mut balances = BTreeMap::<Code, i128>::new();
    let mut moved = 0;
    for row in 0..table.rows() {
        let whole = millionths(amount[row]).filter(|&a| a >= 0);
        let accounts = debit[row] != MISSING && credit[row] != MISSING && debit[row] != credit[row];
        check.that(whole.is_some() && accounts, || {
            format!(
                "row {row} at {}: {} from {} to {}",
                SimTime(time[row]).iso(),
                amount[row],
                texts.text(credit[row]),
                texts.text(debit[row])
            )
        });
        if !auditor.measured(time[row]) {
            continue;
        }
        let whole = whole.unwrap_or(0);
        moved += whole;
        *balances.entry(debit[row]).or_default() += whole;
        *balances.entry(credit[row]).or_default() -= whole;
    }
    if let Some(profit) =
        super::summary::read(auditor).and_then(|json| json.get("operating_profit")?.as_f64())
    {
        let fleets: BTreeSet<String> =
            auditor.facts.vehicles.iter().map(|v| format!("fleet:{}", v.fleet)).collect();
        let held: i128 =
            fleets.iter().filter_map(|account| balances.get(&texts.code(account))).copied().sum();
        let same = |profit: i128| (profit - held).abs() <= unreadable(moved);
        check.that(millionths(profit).is_some_and(same), || {
            format!("operating profit: {profit} in the summary, {} in the accounts", held as f64 / 1e6)
        });
    }
    check
}

impl Ledger {
    /// Amounts posted for trips, and for sessions, by the number of the row; in order.
    fn posted(&mut self) -> Result<[Vec<(u32, i128)>; 2]> {
        let kinds = [EntryKind::Fare, EntryKind::Charging].map(|kind| self.texts.code(kind.name()));
        let [fare, charging] = kinds;
        // References are many, each a different text: only their numbers are kept.
        let references = self.table.parsed("reference", |text| {
            let (prefix, id) = text.split_once(':')?;
            let what = match prefix {
                "trip" => fare,
                "session" => charging,
                _ => return None,
            };
            Some((what, id.parse::<u32>().ok()?))
        })?;
        let posted = |kind: Code| {
            let row = |row: usize| {
                // A reference to another kind of row than this kind of entry belongs to is no row at all.
                let id = references[row].filter(|reference| reference.0 == kind).map_or(u32::MAX, |r| r.1);
                // A session that was paid for feeding back moves money in the other direction.
                let is_back = kind == charging && self.texts.text(self.debit[row]).starts_with("fleet:");
                let sign = if is_back { -1 } else { 1 };
                (id, millionths(self.amount[row]).map_or(NO_AMOUNT, |amount| sign * amount))
            };
            let of_kind = (0..self.table.rows()).filter(|&row| self.kind[row] == kind);
            let mut rows: Vec<(u32, i128)> = of_kind.map(row).collect();
            rows.sort_unstable();
            rows
        };
        Ok(kinds.map(posted))
    }
}

/// Substitute for a posting that is not a whole number of millionths; larger than any amount.
const NO_AMOUNT: i128 = i128::MIN / 1_000_000_000;

/// Compares the amount owed by each row with the amount posted for it; both sums are exact.
fn compare(name: &'static str, what: &str, mut owed: Vec<(u32, f64)>, posted: &[(u32, i128)]) -> Check {
    let mut check = Check::new(name);
    owed.sort_by_key(|row| row.0);
    let mut at = 0;
    for (id, amount) in owed {
        while posted.get(at).is_some_and(|p| p.0 < id) {
            check.that(false, || format!("a posting for {what} {}, which there is not", posted[at].0));
            at += 1;
        }
        let first = at;
        while posted.get(at).is_some_and(|p| p.0 == id) {
            at += 1;
        }
        let sum: i128 = posted[first..at].iter().map(|p| p.1).sum();
        let moved: i128 = posted[first..at].iter().map(|p| p.1.abs()).sum();
        let same = |amount: i128| (amount - sum).abs() <= unreadable(moved);
        check.that(millionths(amount).is_some_and(same), || {
            format!("{what} {id}: {amount} in its row, {} posted", sum as f64 / 1e6)
        });
    }
    for extra in &posted[at..] {
        check.that(false, || format!("a posting for {what} {}, which there is not", extra.0));
    }
    check
}

/// Broadcast prices: retailer, first instant, first instant after, price; sorted by retailer and first instant.
pub(super) fn broadcasts(auditor: &Auditor, texts: &mut Texts) -> Result<Vec<(Code, i64, i64, f64)>> {
    let table = Written::open(auditor.dir, TableId::Prices)?;
    let retailer = table.texts("retailer", texts)?;
    let (from, to) = (table.all_times("valid_from")?, table.all_times("valid_to")?);
    let price = table.floats("price_per_mwh")?;
    let mut slots: Vec<(Code, i64, i64, f64)> =
        (0..table.rows()).map(|row| (retailer[row], from[row], to[row], price[row])).collect();
    slots.sort_by_key(|slot| (slot.0, slot.1));
    Ok(slots)
}

/// Recomputes the cost of each session to which a single price applied: it is then energy times price, regardless of
/// the power over time; energy fed back is paid at the same price. Sessions across a change of price are left out.
fn prices(auditor: &mut Auditor) -> Result<()> {
    if !auditor.has(&[TableId::Sessions, TableId::Prices], &[PRICES]) {
        return Ok(());
    }
    let facts = auditor.facts;
    let mut texts = Texts::default();
    for station in &facts.stations {
        texts.code(&station.name);
    }
    let slots = broadcasts(auditor, &mut texts)?;

    let sessions = Written::open(auditor.dir, TableId::Sessions)?;
    let id = sessions.ids("session_id")?;
    let station = sessions.texts("station_id", &mut texts)?;
    let (first, last) = (sessions.times("charge_start_time")?, sessions.times("charge_end_time")?);
    let (drawn, fed) = (sessions.floats("energy_kwh")?, sessions.floats("discharged_kwh")?);
    let cost = sessions.floats("cost")?;
    let mut check = Check::new(PRICES);
    for row in 0..sessions.rows() {
        let (Some(first), Some(last)) = (first[row], last[row]) else { continue };
        let Some(at) = facts.stations.get(station[row] as usize) else { continue };
        // A load-dependent price is not one that was broadcast: `loads` checks it. A customer that chooses a retailer
        // pays different retailers at different times: `supply` checks that.
        if at.slope_per_mwh_kw.is_some() || at.competes {
            continue;
        }
        let seller = texts.code(&at.retailer);
        let begin = slots.partition_point(|slot| (slot.0, slot.2) <= (seller, first));
        let valid: Vec<_> = slots[begin..]
            .iter()
            .take_while(|slot| slot.0 == seller && slot.1 < last.max(first + 1))
            .collect();
        let Some(price) = valid.first().map(|slot| slot.3) else {
            check.that(false, || format!("session {}: no price of {} was valid", id[row], at.retailer));
            continue;
        };
        if valid.iter().any(|slot| slot.3 != price) {
            continue;
        }
        let expected = (drawn[row] - fed[row]) * (price + at.markup_per_mwh) / 1_000.0;
        // Billed at each announcement and at the end, then the markup, then rounded once.
        let magnitude = (drawn[row] + fed[row]) * (price.abs() + at.markup_per_mwh.abs()) / 1_000.0;
        let tolerance = HALF_MILLIONTH + rounding(3 * valid.len() + 8, magnitude);
        check.that(within(cost[row], expected, tolerance), || {
            format!(
                "session {}: cost {}, {} kWh at that price are {expected}",
                id[row], cost[row], drawn[row]
            )
        });
    }
    auditor.checks.push(check);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_whole_millionths_or_nothing() {
        assert_eq!(millionths(0.1 + 0.2), Some(300_000));
        assert_eq!(millionths(123_456_789.012_345), Some(123_456_789_012_345));
        assert_eq!(millionths(0.000_000_5), None);
        assert_eq!(millionths(f64::NAN), None);
        assert_eq!(millionths(1e300), None);
    }
}

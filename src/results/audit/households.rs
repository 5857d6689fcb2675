//! Households: metered energy, checked against the days given by their loads and against the bills that they paid.

use super::tables::{Code, Texts, Written};
use super::{Auditor, Check, HALF_MILLIONTH, HouseholdFacts, millionths, rounding, within};
use gridfleet_core::error::Result;
use gridfleet_core::ledger::EntryKind;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::time::SimTime;
use std::collections::BTreeMap;

const DAYS: &str = "Households: each day has the energy of their shape";
const BILLS: &str = "Households: payment is energy x price";

/// Substitute for a posting that is not a whole number of millionths; larger than any amount.
const NO_AMOUNT: i128 = i128::MAX / 1_000_000_000;
/// Shortest slot of a retailer [s].
const SHORTEST_SLOT_S: usize = 60;
/// Operations from prices to one load: a multiplier, a difference, a quotient, the required sum.
const STEPS_OF_AN_ANSWER: usize = 8;

/// Totals of the meters of a group of households up to a reading.
#[derive(Clone, Copy, Default)]
struct Counted {
    kwh: f64,
    owed: f64,
    /// Sum of the magnitudes of all parts of the bill.
    both: f64,
    /// Largest magnitude of a price so far [currency/MWh].
    price: f64,
}

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    if auditor.facts.households.is_empty() || !auditor.has(&[TableId::Households], &[DAYS, BILLS]) {
        return Ok(());
    }
    let table = Written::open(auditor.dir, TableId::Households)?;
    let mut texts = Texts::default();
    let (time, group) = (table.all_times("time")?, table.texts("group", &mut texts)?);
    let (power, price) = (table.floats("power_kw")?, table.floats("price_per_mwh")?);
    // Energy and bill up to each reading, by group.
    let mut read = BTreeMap::<Code, Vec<(i64, Counted)>>::new();
    for row in 0..table.rows() {
        let readings = read.entry(group[row]).or_default();
        let (before, so_far) =
            readings.last().copied().unwrap_or((auditor.facts.start.0, Counted::default()));
        let drawn = power[row] * (time[row] - before) as f64 / 3_600.0;
        let owed = drawn * price[row] / 1_000.0;
        let counted = Counted {
            kwh: so_far.kwh + drawn,
            owed: so_far.owed + owed,
            both: so_far.both + owed.abs(),
            price: so_far.price.max(price[row].abs()),
        };
        readings.push((time[row], counted));
    }
    let mut days = Check::new(DAYS);
    for group in &auditor.facts.households {
        let HouseholdFacts { name, days: energies, .. } = group;
        let readings = read.get(&texts.code(name)).map_or(&[][..], Vec::as_slice);
        let at = |t: i64| readings.binary_search_by_key(&t, |r| r.0).ok().map(|i| readings[i].1);
        let before_all = Counted::default();
        for &(from, to, kwh) in energies {
            // Without a reading at midnight there is nothing to compare.
            let before = at(from.0).or((from == auditor.facts.start).then_some(before_all));
            let (Some(before), Some(after)) = (before, at(to.0)) else { continue };
            // The meters are summed slot by slot, and the difference of two readings of that sum is compared. A load is
            // the quotient of prices and the slope of the worth of energy; the difference of these prices may be much
            // smaller.
            let seconds = (to - from) as usize;
            let answer_kw =
                f64::from(group.count) * (group.worth_per_mwh.abs() + after.price) / group.theta_per_mwh_kw;
            let answers_kwh = rounding(STEPS_OF_AN_ANSWER, answer_kw) * seconds as f64 / 3_600.0;
            let tolerance = rounding(2 * readings.len() + seconds / SHORTEST_SLOT_S, after.kwh) + answers_kwh;
            days.that(within(after.kwh - before.kwh, kwh, tolerance), || {
                format!("{name} from {}: {} kWh of {kwh}", SimTime(from.0).iso(), after.kwh - before.kwh)
            });
        }
    }
    auditor.checks.push(days);
    if auditor.has(&[TableId::Ledger], &[BILLS]) {
        let ledger = Written::open(auditor.dir, TableId::Ledger)?;
        let household = texts.code(EntryKind::Household.name());
        let kind = ledger.texts("kind", &mut texts)?;
        let (debit, credit) = (ledger.texts("debit", &mut texts)?, ledger.texts("credit", &mut texts)?);
        let amount = ledger.floats("amount")?;
        let mut paid = BTreeMap::<Code, i128>::new();
        for row in (0..ledger.rows()).filter(|&row| kind[row] == household) {
            let amount = millionths(amount[row]).unwrap_or(NO_AMOUNT);
            *paid.entry(credit[row]).or_default() += amount;
            *paid.entry(debit[row]).or_default() -= amount;
        }
        let mut bills = Check::new(BILLS);
        for HouseholdFacts { name, .. } in &auditor.facts.households {
            let readings = read.get(&texts.code(name)).map_or(&[][..], Vec::as_slice);
            let Counted { kwh, owed, both, price } =
                readings.last().map_or_else(Counted::default, |last| last.1);
            let paid = paid.get(&texts.code(&format!("households:{name}"))).copied().unwrap_or(0);
            let paid = paid as f64 / 1e6;
            // Postings add up to the rounded bill. The price of a reading is its part of the bill divided by its part
            // of the energy, both differences of sums.
            let steps =
                4 * readings.len() + (auditor.facts.end - auditor.facts.start) as usize / SHORTEST_SLOT_S;
            let tolerance = HALF_MILLIONTH + rounding(steps, both + kwh.abs() * price / 1_000.0);
            bills.that(within(paid, owed, tolerance), || {
                format!("{name}: {owed} by the meters, {paid} in the ledger")
            });
        }
        auditor.checks.push(bills);
    }
    Ok(())
}

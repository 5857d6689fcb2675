//! Households: what they drew by their meters, against the days that their loads make up and the bills that they paid.

use super::tables::{Code, Texts, Written};
use super::{Auditor, Check, HouseholdFacts, close, millionths};
use crate::error::Result;
use crate::ledger::EntryKind;
use crate::records::dictionary::TableId;
use crate::time::SimTime;
use std::collections::BTreeMap;

const DAYS: &str = "Households: each day has the energy of their shape";
const BILLS: &str = "Households: what they pay is energy x price";

/// Largest relative difference of energies that counts as none.
const TOLERANCE: f64 = 1e-6;

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    if auditor.facts.households.is_empty() || !auditor.has(&[TableId::Households], &[DAYS, BILLS]) {
        return Ok(());
    }
    let table = Written::open(auditor.dir, TableId::Households)?;
    let mut texts = Texts::default();
    let (time, group) = (table.all_times("time")?, table.texts("group", &mut texts)?);
    let (power, price) = (table.floats("power_kw")?, table.floats("price_eur_mwh")?);
    // Energy and bill up to each reading, by group.
    let mut read = BTreeMap::<Code, Vec<(i64, f64, f64)>>::new();
    for row in 0..table.rows() {
        let readings = read.entry(group[row]).or_default();
        let (before, kwh, eur) = readings.last().copied().unwrap_or((auditor.facts.start.0, 0.0, 0.0));
        let drawn = power[row] * (time[row] - before) as f64 / 3_600.0;
        readings.push((time[row], kwh + drawn, eur + drawn * price[row] / 1_000.0));
    }
    let mut days = Check::new(DAYS);
    for HouseholdFacts { name, days: told } in &auditor.facts.households {
        let readings = read.get(&texts.code(name)).map_or(&[][..], Vec::as_slice);
        let at = |t: i64| readings.binary_search_by_key(&t, |r| r.0).ok().map(|i| readings[i].1);
        for &(from, to, kwh) in told {
            // Where no reading fell on midnight there is nothing to compare with.
            let (Some(before), Some(after)) = (at(from.0), at(to.0)) else { continue };
            days.that((after - before - kwh).abs() <= TOLERANCE * kwh, || {
                format!("{name} from {}: {} kWh of {kwh}", SimTime(from.0).iso(), after - before)
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
        let mut paid = BTreeMap::<Code, i64>::new();
        for row in (0..ledger.rows()).filter(|&row| kind[row] == household) {
            let amount = millionths(amount[row]).unwrap_or(i64::MAX / 4);
            *paid.entry(credit[row]).or_default() += amount;
            *paid.entry(debit[row]).or_default() -= amount;
        }
        let mut bills = Check::new(BILLS);
        for HouseholdFacts { name, .. } in &auditor.facts.households {
            let owed = read.get(&texts.code(name)).and_then(|r| r.last()).map_or(0.0, |last| last.2);
            let paid = paid.get(&texts.code(&format!("households:{name}"))).copied().unwrap_or(0);
            let paid = paid as f64 / 1e6;
            bills.that(close(paid, owed, TOLERANCE), || {
                format!("{name}: {owed} by the meters, {paid} in the ledger")
            });
        }
        auditor.checks.push(bills);
    }
    Ok(())
}

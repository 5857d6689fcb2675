//! Costs and earnings of fleets by kind, in the ledger and in the summary; and rescues, derived from the legs alone.

use super::summary::{figure, fleets};
use super::tables::{Code, MISSING, Texts, Written};
use super::{Auditor, Check, millionths, unreadable};
use crate::outputs::summary::SUMMARY;
use gridfleet_core::error::Result;
use gridfleet_core::ledger::EntryKind;
use gridfleet_core::records::LegPurpose;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::time::SimTime;
use std::collections::{BTreeMap, BTreeSet};

const KINDS: &str = "Ledger: each kind of amount is that of the summary";
const RESCUES: &str = "Ledger: a rescue is paid for each leg that takes no energy";

/// Figures of fleets that are sums of one kind of entry, and whether the fleet receives the amount.
const FIGURES: [(&str, EntryKind, bool); 7] = [
    ("fares", EntryKind::Fare, true),
    ("charging_cost", EntryKind::Charging, false),
    ("driving_cost", EntryKind::Driving, false),
    ("wear_cost", EntryKind::Wear, false),
    ("lost_request_cost", EntryKind::LostRequest, false),
    ("rescue_cost", EntryKind::Rescue, false),
    ("referral_cost", EntryKind::Referral, false),
];

/// Columns of the ledger.
struct Entries {
    time: Vec<i64>,
    debit: Vec<Code>,
    credit: Vec<Code>,
    kind: Vec<Code>,
    amount: Vec<i128>,
}

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    if !auditor.has(&[TableId::Ledger], &[KINDS, RESCUES]) {
        return Ok(());
    }
    let ledger = Written::open(auditor.dir, TableId::Ledger)?;
    let mut texts = Texts::default();
    let entries = Entries {
        time: ledger.all_times("time")?,
        debit: ledger.texts("debit", &mut texts)?,
        credit: ledger.texts("credit", &mut texts)?,
        kind: ledger.texts("kind", &mut texts)?,
        amount: ledger.floats("amount")?.into_iter().map(|a| millionths(a).unwrap_or(0)).collect(),
    };
    kinds(auditor, &entries, &mut texts);
    rescues(auditor, &ledger, &entries, &mut texts)
}

/// Sums of the amounts posted after the warm-up, by kind.
fn kinds(auditor: &mut Auditor, entries: &Entries, texts: &mut Texts) {
    let Some(summary) = super::summary::read(auditor) else {
        auditor.checks.push(Check::not_possible(KINDS, format!("there is no {SUMMARY}")));
        return;
    };
    // By account and kind: received less paid, and the total moved.
    let mut sums = BTreeMap::<(Code, Code), [i128; 2]>::new();
    for row in (0..entries.time.len()).filter(|&row| auditor.measured(entries.time[row])) {
        let amount = entries.amount[row];
        for (account, sign) in [(entries.debit[row], 1), (entries.credit[row], -1)] {
            let sum = sums.entry((account, entries.kind[row])).or_default();
            sum[0] += sign * amount;
            sum[1] += amount.abs();
        }
    }
    let of_facts = auditor.facts.vehicles.iter().map(|vehicle| vehicle.fleet.as_str());
    let named = fleets(&summary).iter().filter_map(|fleet| fleet.get("name")?.as_str());
    let names: BTreeSet<&str> = of_facts.chain(named).collect();
    let mut check = Check::new(KINDS);
    for figures in std::iter::once(&summary).chain(fleets(&summary)) {
        let who = figures.get("name").and_then(serde_json::Value::as_str);
        for (key, kind, receives) in FIGURES.iter().filter(|(key, ..)| figures.get(*key).is_some()) {
            let kind = texts.code(kind.name());
            let (mut sum, mut moved) = (0, 0);
            for name in names.iter().filter(|name| who.is_none_or(|who| who == **name)) {
                let account = texts.code(&format!("fleet:{name}"));
                let [received, all] = sums.get(&(account, kind)).copied().unwrap_or_default();
                sum += if *receives { received } else { -received };
                moved += all;
            }
            let stated = figure(figures, key);
            let same = millionths(stated).is_some_and(|stated| (stated - sum).abs() <= unreadable(moved));
            check.that(same, || {
                let who = who.unwrap_or("all");
                format!("{who}: {key} is {stated}, its entries sum to {}", sum as f64 / 1e6)
            });
        }
    }
    auditor.checks.push(check);
}

/// A vehicle that cannot reach a station is carried: its leg takes no energy, and its fleet pays a rescue when it
/// begins. If a rescue costs nothing there is no entry; so in a fleet without any entries none is missing.
fn rescues(auditor: &mut Auditor, ledger: &Written, entries: &Entries, texts: &mut Texts) -> Result<()> {
    if !auditor.has(&[TableId::Legs], &[RESCUES]) {
        return Ok(());
    }
    let rescue = texts.code(EntryKind::Rescue.name());
    let vehicles = ledger.parsed("reference", |text| text.strip_prefix("vehicle:").map(str::to_owned))?;
    // By fleet: vehicles with the times of their rescues, and the price of one.
    let mut paid = BTreeMap::<Code, BTreeSet<(Code, i64)>>::new();
    let mut price = BTreeMap::<Code, i128>::new();
    let mut check = Check::new(RESCUES);
    for row in (0..entries.time.len()).filter(|&row| entries.kind[row] == rescue) {
        let vehicle = vehicles[row].as_deref().map_or(MISSING, |name| texts.code(name));
        let twice = !paid.entry(entries.credit[row]).or_default().insert((vehicle, entries.time[row]));
        let amount = entries.amount[row];
        let usual = *price.entry(entries.credit[row]).or_insert(amount);
        check.that(amount == usual && !twice, || {
            let at = SimTime(entries.time[row]).iso();
            format!(
                "row {row} at {at}: {} for a rescue, and {} before",
                amount as f64 / 1e6,
                usual as f64 / 1e6
            )
        });
    }
    let legs = Written::open(auditor.dir, TableId::Legs)?;
    let (vehicle, fleet) = (legs.texts("vehicle_id", texts)?, legs.texts("fleet", texts)?);
    let (purpose, start) = (legs.texts("purpose", texts)?, legs.all_times("start_time")?);
    let (km, kwh) = (legs.floats("distance_km")?, legs.floats("energy_kwh")?);
    let to_station = texts.code(LegPurpose::ToStation.name());
    let mut without_energy = BTreeSet::new();
    for row in (0..legs.rows()).filter(|&row| purpose[row] == to_station) {
        let account = texts.code(&format!("fleet:{}", texts.text(fleet[row]).to_owned()));
        let rescues = paid.get(&account);
        let key = (vehicle[row], start[row]);
        // A leg of zero length takes no energy in any case: it may or may not be a rescue.
        let carried = kwh[row] == 0.0 && km[row] > 0.0;
        check.that(!carried || rescues.is_none_or(|rescues| rescues.contains(&key)), || {
            format!("{} was carried at {}, and no rescue is paid", texts.text(key.0), SimTime(key.1).iso())
        });
        if kwh[row] == 0.0 {
            without_energy.insert((account, key));
        }
    }
    for (account, rescues) in paid {
        for (vehicle, time) in rescues {
            check.that(without_energy.contains(&(account, (vehicle, time))), || {
                format!("a rescue of {} at {}, which no leg shows", texts.text(vehicle), SimTime(time).iso())
            });
        }
    }
    auditor.checks.push(check);
    Ok(())
}

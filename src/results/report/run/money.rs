//! Money: payments by payer, payee and kind, from the ledger.

use super::Context;
use crate::report::chart::{Bars, Chart, Numbers, Spec};
use crate::report::html::{Cell, Table, numbers, words};
use crate::report::page::Page;
use gridfleet_core::error::Result;
use std::collections::BTreeMap;

/// Kinds in the order of the table; others follow.
const KINDS: [&str; 7] = ["fare", "charging", "energy", "driving", "wear", "lost_request", "rescue"];

/// Adds the section of money.
pub(super) fn sections(context: &Context, page: &mut Page) -> Result<()> {
    let Some(ledger) = context.folder.table("ledger", &["debit", "credit", "amount", "kind"])? else {
        context.absent(page, "ledger", "Money by kind");
        return Ok(());
    };
    let (to, from, kind) = (ledger.texts("debit")?, ledger.texts("credit")?, ledger.texts("kind")?);
    let amounts = ledger.floats("amount")?;
    // In whole millionths, so that sums equal those of the books.
    let mut sums: BTreeMap<(u32, u32, u32), (i64, u64)> = BTreeMap::new();
    for (row, amount) in amounts.iter().enumerate() {
        if let (Some(kind), Some(from), Some(to)) = (kind.codes[row], from.codes[row], to.codes[row]) {
            let sum = sums.entry((kind, from, to)).or_default();
            sum.0 += (amount * 1e6).round() as i64;
            sum.1 += 1;
        }
    }
    let currency = &context.summary.currency;
    let heads =
        vec![words("Kind"), words("From"), words("To"), numbers("Postings", ""), numbers("Amount", currency)];
    let mut table = Table::new("Postings by kind, payer and payee", heads);
    let rank = |code: u32| KINDS.iter().position(|k| *k == kind.texts[code as usize]).unwrap_or(KINDS.len());
    let mut order: Vec<_> = sums.iter().collect();
    order.sort_by_key(|((k, f, t), _)| (rank(*k), &from.texts[*f as usize], &to.texts[*t as usize]));
    let mut kinds: Vec<u32> = Vec::new();
    let mut balances: BTreeMap<(String, u32), f64> = BTreeMap::new();
    for ((k, f, t), (millionths, postings)) in order {
        let (payer, payee) = (&from.texts[*f as usize], &to.texts[*t as usize]);
        let amount = *millionths as f64 / 1e6;
        table.row(vec![
            Cell::text(&kind.texts[*k as usize].replace('_', " ")),
            Cell::text(payer),
            Cell::text(payee),
            Cell::count(*postings),
            Cell::number(amount, 2),
        ]);
        for (account, sign) in [(payer, -1.0), (payee, 1.0)] {
            if let Some(fleet) = account.strip_prefix("fleet:") {
                if !kinds.contains(k) {
                    kinds.push(*k);
                }
                *balances.entry((fleet.to_owned(), *k)).or_default() += sign * amount;
            }
        }
    }
    let mut fleets: Vec<&str> = balances.keys().map(|(fleet, _)| fleet.as_str()).collect();
    fleets.dedup();
    let mut html = String::new();
    if !fleets.is_empty() {
        let series = fleets.iter().map(|fleet| Bars {
            name: (*fleet).to_owned(),
            colour: context.fleet_colour(fleet),
            values: Numbers(
                kinds.iter().map(|k| *balances.get(&((*fleet).to_owned(), *k)).unwrap_or(&0.0)).collect(),
            ),
        });
        let spec = Spec::Bars {
            unit: currency.clone(),
            categories: kinds.iter().map(|k| kind.texts[*k as usize].replace('_', " ")).collect(),
            series: series.collect(),
            stacked: true,
        };
        let caption = "Receipts (to the right) and payments (to the left) of each fleet, by kind.";
        html.push_str(&page.chart(Chart::new(
            "Money of the fleets by kind",
            caption,
            120 + 40 * kinds.len() as u32,
            spec,
        )));
    }
    html.push_str(&table.render());
    page.section("Money", html);
    Ok(())
}

//! Trades of the German continuous intraday market, and the clearing price of each quarter of an hour.
//!
//! A row is a trade: `delivery_date` and `product_time` identify the product (`00Q1` is 0:00 to 0:15 on the
//! clock of Berlin), `unit_price` is in cents per MWh, `qty` in kW, `exec_time` in UTC. The simplified market
//! clears each quarter at the lowest price traded: a bid at or above that price would have been filled
//! (thesis on FleetSim, section on the intraday market). The files state neither units nor time zones, which
//! are inferred from the market rules: lots of 0.1 MW make `qty` a multiple of 100; and in the public rows
//! the latest trade between grid zones is 30 minutes before delivery and the latest trade within a zone 5
//! minutes before it, which are the lead times of the exchange if `exec_time` is UTC and products are in
//! local time.
//!
//! In autumn the hour from 2 to 3 is repeated; products `02AQ1` and `02BQ1` (assumed, after the exchange's
//! hours `3A` and `3B`) distinguish the two. A product of that hour without a letter counts for both.

use super::clock::{RowClock, dates, in_order, midnight_s};
use super::decimals::Decimal;
use super::decimals::{BELIEVED_PER_MWH, absent, number};
use super::slots::{Observed, Rows};
use super::text::{Row, Text};
use super::{PRICE, PriceReport, VOLUME};
use chrono_tz::Tz;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::ranges::SITE_POWER;
use gridfleet_core::time::{HOUR_S, Local, SimTime};
use std::collections::BTreeMap;

/// Time zone of products.
pub const CLOCK: Tz = chrono_tz::Europe::Berlin;

const QUARTER_S: i64 = 900;
/// Cents in a euro.
const CENTS: f64 = 100.0;
const KW_PER_MW: f64 = 1_000.0;

const COLUMNS: [&str; 5] = ["unit_price", "qty", "delivery_date", "product", "product_time"];

/// A clearing price during accumulation.
#[derive(Debug)]
struct Quarter {
    lowest_per_mwh: f64,
    volume_kw: f64,
    line: u64,
}

/// Whether a text contains trades.
pub fn recognise(text: &Text) -> bool {
    text.header(is_header).is_some()
}

fn is_header(row: &Row<'_>) -> bool {
    COLUMNS.iter().all(|name| row.cells.iter().any(|cell| cell.eq_ignore_ascii_case(name)))
}

/// Positions of the columns.
struct Columns {
    price: usize,
    quantity: usize,
    date: usize,
    product: usize,
    time: usize,
}

/// A trade.
struct Trade {
    /// Quarters that it counts for.
    times: Vec<SimTime>,
    price_per_mwh: f64,
    kw: f64,
}

impl Columns {
    /// The trade in a row.
    fn trade(
        &self,
        text: &Text,
        row: &Row<'_>,
        clock: &mut RowClock,
        report: &mut PriceReport,
    ) -> Result<Trade> {
        let wrong =
            |key: &str, cell: &str, expected: &str| text.error(row.line, key, format!("`{cell}`"), expected);
        let day = in_order(&[dates(row.cell(self.date))])
            .map_err(|_| wrong("delivery_date", row.cell(self.date), "a date such as 2018-01-30"))?[0];
        let of_time = |expected: &str| wrong("product_time", row.cell(self.time), expected);
        let (second, which) =
            product(row.cell(self.time)).ok_or_else(|| of_time("a quarter such as 00Q1 or 23Q4"))?;
        let price_per_mwh = figure(text, row, self.price, "unit_price")? / CENTS;
        if price_per_mwh.abs() > BELIEVED_PER_MWH {
            let expected = format!("at most {BELIEVED_PER_MWH} EUR/MWh, in cents");
            let problem = wrong("unit_price", row.cell(self.price), &expected);
            return Err(problem.help("is a decimal sign missing, or are the columns swapped?").into());
        }
        let kw = figure(text, row, self.quantity, "qty")?;
        if !SITE_POWER.holds(kw) {
            return Err(wrong("qty", row.cell(self.quantity), &SITE_POWER.expected()).into());
        }
        let times = match (clock.meaning(midnight_s(day) + second), which) {
            (Local::One(time), None) => vec![time],
            (Local::Twice(summer, _), Some('A')) => vec![summer],
            (Local::Twice(_, winter), Some('B')) => vec![winter],
            (Local::Twice(summer, winter), _) => {
                report.mend("trade of the doubled hour without a letter, counted for both", 1);
                vec![summer, winter]
            }
            (Local::Skipped(_), _) => {
                return Err(of_time("a quarter that the clock shows on that day").into());
            }
            (Local::One(_), Some(_)) => {
                return Err(of_time("no letter: the hour comes once on that day").into());
            }
        };
        Ok(Trade { times, price_per_mwh, kw })
    }
}

/// The lowest traded price and the volume of each quarter of an hour.
///
/// # Errors
/// If the text contains no trades, or a row cannot be read; each error states line and column.
pub fn read(text: &Text) -> Result<Rows> {
    let header = text.header(is_header).ok_or_else(|| {
        text.no_header("trades: columns unit_price, qty, delivery_date, product and product_time")
    })?;
    let at = COLUMNS.map(|name| header.cells.iter().position(|c| c.eq_ignore_ascii_case(name)).unwrap_or(0));
    let [price, quantity, date, product, time] = at;
    let columns = Columns { price, quantity, date, product, time };
    let mut clock = RowClock::new(CLOCK);
    let mut report = PriceReport::of("intraday");
    let mut quarters: BTreeMap<SimTime, Quarter> = BTreeMap::new();
    for row in text.rows_below(&header) {
        let row = row?;
        report.rows_read += 1;
        if !row.cell(columns.product).eq_ignore_ascii_case("q") {
            report.skip("another product than quarters", 1);
            continue;
        }
        let Trade { times, price_per_mwh, kw } = columns.trade(text, &row, &mut clock, &mut report)?;
        for time in times {
            let quarter = quarters.entry(time).or_insert(Quarter {
                lowest_per_mwh: f64::INFINITY,
                volume_kw: 0.0,
                line: row.line,
            });
            quarter.volume_kw += kw;
            if price_per_mwh < quarter.lowest_per_mwh {
                quarter.lowest_per_mwh = price_per_mwh;
                quarter.line = row.line;
            }
        }
    }
    report.note("assumed", "unit_price in cents per MWh, qty in kW, products by the clock of Berlin");
    let observed = quarters.into_iter().map(|(time, quarter)| Observed {
        time,
        file: 0,
        line: quarter.line,
        values: vec![
            quarter.lowest_per_mwh,
            quarter.volume_kw / KW_PER_MW * QUARTER_S as f64 / HOUR_S as f64,
        ],
    });
    Ok(Rows {
        files: vec![text.file.clone()],
        key: "unit_price".into(),
        columns: vec![PRICE.into(), VOLUME.into()],
        rows: observed.collect(),
        slot_s: Some(QUARTER_S),
        report,
    })
}

/// Merges trades of one quarter from several files: the lowest price and the sum of volumes.
pub fn merge(mut rows: Rows) -> Rows {
    rows.rows.sort_by_key(|row| row.time);
    rows.rows.dedup_by(|next, kept| {
        let same = next.time == kept.time;
        if same && let ([price, volume], [lowest, sum]) = (&next.values[..], &mut kept.values[..]) {
            *lowest = lowest.min(*price);
            *sum += volume;
        }
        same
    });
    rows
}

fn figure(text: &Text, row: &Row<'_>, column: usize, key: &str) -> Result<f64, InputError> {
    let cell = row.cell(column);
    // The files have whole numbers; a spreadsheet tool may add a decimal point.
    number(cell, Decimal::Point).filter(|_| !absent(cell)).ok_or_else(|| {
        text.error(row.line, key, format!("`{cell}`"), "a number with a decimal point or none")
    })
}

/// Parses `20Q3` as the second of the day at which it begins, with `A` or `B` if the hour has a letter.
fn product(cell: &str) -> Option<(i64, Option<char>)> {
    let (hour, quarter) = cell.trim().split_once(['Q', 'q'])?;
    let letter = hour.chars().last().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_uppercase());
    let hour = if letter.is_some() { &hour[..hour.len() - 1] } else { hour };
    let digits = |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(quarter) || letter.is_some_and(|l| !matches!(l, 'A' | 'B')) {
        return None;
    }
    let (hour, quarter): (i64, i64) = (hour.parse().ok()?, quarter.parse().ok()?);
    (hour < 24 && (1..=4).contains(&quarter)).then_some((hour * HOUR_S + (quarter - 1) * QUARTER_S, letter))
}

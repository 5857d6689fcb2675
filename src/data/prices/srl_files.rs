//! The two files of German secondary reserve (Sekundärregelleistung): results of the weekly tenders, and the
//! reserve activated in each quarter of an hour.
//!
//! Tenders: one row per offer, semicolons, decimal commas, one week (Monday to Sunday) per tender.
//! Activation: one row per quarter on the clock of Berlin, `UHRZEIT VON` and `UHRZEIT BIS`, mean power in MW
//! (`BETR. NEG`, `BETR. POS`: as used in operation; the `QUAL.` columns are figures validated later). The
//! days of the clock changes have 92 and 100 rows; the last quarter before a change ends at `03:00` or
//! `02:00`.

use super::clock::{RowClock, dates, midnight_s, time_of_day};
use super::decimals::{Cell, Decimal, absent, decimal, numbers};
use super::text::{Row, Text};
use crate::times::WallClock;
use chrono::NaiveDate;
use chrono_tz::Tz;
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::ranges::{MARKET_POWER, PRICE};
use gridfleet_core::time::{DAY_S, LocalClock, SimTime};

/// Time zone of both files.
pub const CLOCK: Tz = chrono_tz::Europe::Berlin;

/// Length of a quarter of an hour [s].
pub const QUARTER_S: i64 = 900;

gridfleet_core::names! {
    /// Direction of reserve.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Direction {
        /// Providers take energy out of the grid.
        Neg = "NEG",
        /// Providers put energy into the grid.
        Pos = "POS",
    }
}

/// Part of the week to which an offer applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tariff {
    /// Haupttarif: daytime.
    High,
    /// Nebentarif: the remaining hours.
    Low,
    /// Four hours that begin at this hour of the day, as tendered since July 2018.
    Block(u8),
    /// Quarter of an hour of the day, counted from 1, as on the market for energy since November 2020.
    Quarter(u8),
}

impl Tariff {
    /// Parses a product without its direction: `HT`, `NT`, `00_04`, `001`.
    fn parse(text: &str) -> Option<Self> {
        let number =
            |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u8>().ok()).flatten();
        match (text, text.split_once('_')) {
            ("HT", _) => Some(Self::High),
            ("NT", _) => Some(Self::Low),
            (_, Some((from, to))) => {
                let (from, to) = (number(from)?, number(to)?);
                (from.is_multiple_of(4) && to == from + 4 && to <= 24).then_some(Self::Block(from))
            }
            (_, None) => number(text)
                .filter(|quarter| (1..=100).contains(quarter) && text.len() == 3)
                .map(Self::Quarter),
        }
    }

    /// As written in the files.
    pub fn name(self) -> String {
        match self {
            Self::High => "HT".to_owned(),
            Self::Low => "NT".to_owned(),
            Self::Block(from) => format!("{from:02}_{:02}", from + 4),
            Self::Quarter(quarter) => format!("{quarter:03}"),
        }
    }
}

/// An offer accepted in a tender.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
    /// Part of the week.
    pub tariff: Tariff,
    /// Price of energy [EUR/MWh] paid by the party that takes the energy: below zero if the grid pays a
    /// provider for taking energy.
    pub price_per_mwh: f64,
    /// Allocated power in MW.
    pub allocated_mw: f64,
    /// Line in the file.
    pub line: u64,
}

/// Offers of a file in one direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenders {
    /// Offers with allocated power, in the order of the file.
    pub offers: Vec<Offer>,
    /// Number of rows in the file.
    pub rows: u64,
    /// Number of rows of other types of reserve.
    pub other_reserves: u64,
    /// Number of rows of this direction without allocated power.
    pub not_allocated: u64,
}

/// Activated reserve of one quarter of an hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activated {
    /// Start of the quarter.
    pub time: SimTime,
    /// Date of the quarter on the clock of Berlin.
    pub day: NaiveDate,
    /// Second of that day on the same clock.
    pub second: i64,
    /// Mean power in MW, or NaN if missing.
    pub mw: f64,
    /// Line in the file.
    pub line: u64,
}

/// Columns of the first and the last day, in the files of tenders and of the market for energy.
const DAYS: [&str; 3] = ["DATE_FROM", "DATE_TO", "DELIVERY_DATE"];
const TENDER_COLUMNS: [&str; 4] =
    ["PRODUCT", "ENERGY_PRICE_[EUR/MWh]", "ENERGY_PRICE_PAYMENT_DIRECTION", "ALLOCATED_CAPACITY_[MW]"];
const ACTIVATION_COLUMNS: [&str; 3] = ["DATUM", "UHRZEIT VON", "UHRZEIT BIS"];

fn position(row: &Row<'_>, name: &str) -> Option<usize> {
    row.cells.iter().position(|cell| cell.eq_ignore_ascii_case(name))
}

fn has<const N: usize>(names: [&str; N]) -> impl Fn(&Row<'_>) -> bool {
    move |row| names.iter().all(|name| position(row, name).is_some())
}

/// Whether a row is the header of tender results.
fn is_header(row: &Row<'_>) -> bool {
    let [from, to, day] = DAYS.map(|name| position(row, name).is_some());
    has(TENDER_COLUMNS)(row) && (from && to || day)
}

/// Whether a text contains tender results.
pub fn is_tenders(text: &Text) -> bool {
    text.header(is_header).is_some()
}

/// Whether a text contains activated reserve.
pub fn is_activation(text: &Text) -> bool {
    text.header(has(ACTIVATION_COLUMNS)).is_some()
}

fn day(text: &Text, row: &Row<'_>, column: usize, key: &str) -> Result<NaiveDate, InputError> {
    let cell = row.cell(column);
    // German dates start with the day.
    dates(cell)
        .first()
        .copied()
        .ok_or_else(|| text.error(row.line, key, format!("`{cell}`"), "a date such as 02.01.2017"))
}

/// Reads the offers in one direction.
///
/// # Errors
/// If the text contains no tender results, or a row cannot be read; each error states line and column.
pub fn read_tenders(text: &Text, direction: Direction) -> Result<Tenders> {
    let header = text.header(is_header).ok_or_else(|| {
        if is_activation(text) {
            let problem = text.error(1, "", "activated reserve", "results of tenders");
            return problem.help("tender files come first, activation behind --activation").into();
        }
        text.no_header(&format!("tender results: columns DATE_FROM, DATE_TO, {}", TENDER_COLUMNS.join(", ")))
    })?;
    let at = TENDER_COLUMNS.map(|name| position(&header, name).unwrap_or(0));
    let [product_at, price_at, pays_at, allocated_at] = at;
    let day_at = position(&header, DAYS[2]);
    let from_at = position(&header, DAYS[0]).or(day_at).unwrap_or(0);
    let to_at = position(&header, DAYS[1]).or(day_at).unwrap_or(0);
    let reserve_at = position(&header, "TYPE_OF_RESERVES");
    let all: Vec<Row<'_>> = text.rows_below(&header).collect::<Result<_, _>>()?;
    let rows = all.len() as u64;
    let of_srl: Vec<Row<'_>> = all
        .into_iter()
        .filter(|row| reserve_at.is_none_or(|c| matches!(row.cell(c), "SRL" | "aFRR")))
        .collect();
    let cells =
        |column: usize| of_srl.iter().map(|row| (row.line, row.cell(column))).collect::<Vec<Cell<'_>>>();
    let (prices, allocated) = (cells(price_at), cells(allocated_at));
    let both = prices.iter().chain(&allocated).copied();
    let sign = decimal(text, "ENERGY_PRICE_[EUR/MWh]", both, Decimal::Comma)?;
    let prices = numbers(text, "ENERGY_PRICE_[EUR/MWh]", &prices, sign)?;
    let allocated = numbers(text, "ALLOCATED_CAPACITY_[MW]", &allocated, sign)?;
    let mut tenders = Tenders { offers: Vec::new(), rows, other_reserves: 0, not_allocated: 0 };
    tenders.other_reserves = rows - of_srl.len() as u64;
    for ((row, price), allocated_mw) in of_srl.iter().zip(prices).zip(allocated) {
        let wrong =
            |key: &str, cell: &str, expected: &str| text.error(row.line, key, format!("`{cell}`"), expected);
        let product = row.cell(product_at);
        let (name, tariff) = match product.split_once('_') {
            Some((name @ ("NEG" | "POS"), rest)) => (name, Tariff::parse(rest)),
            _ => ("", None),
        };
        let Some(tariff) = tariff else {
            let expected = "NEG_HT, NEG_NT, NEG_00_04, NEG_001 and the like, or POS";
            return Err(wrong("PRODUCT", product, expected).into());
        };
        let pays = row.cell(pays_at);
        let grid_pays = match pays {
            "GRID_TO_PROVIDER" => true,
            "PROVIDER_TO_GRID" => false,
            _ => {
                let expected = "GRID_TO_PROVIDER or PROVIDER_TO_GRID";
                return Err(wrong("ENERGY_PRICE_PAYMENT_DIRECTION", pays, expected).into());
            }
        };
        if !PRICE.holds(price) {
            return Err(wrong("ENERGY_PRICE_[EUR/MWh]", row.cell(price_at), &PRICE.expected()).into());
        }
        let (from, to) = (day(text, row, from_at, "DATE_FROM")?, day(text, row, to_at, "DATE_TO")?);
        if !(0..=31).contains(&(to - from).num_days()) {
            return Err(wrong("DATE_TO", row.cell(to_at), "a day at most a month behind DATE_FROM").into());
        }
        if !allocated_mw.is_nan() && !MARKET_POWER.holds(allocated_mw) {
            let cell = row.cell(allocated_at);
            return Err(wrong("ALLOCATED_CAPACITY_[MW]", cell, &MARKET_POWER.expected()).into());
        }
        if name != direction.name() {
            continue;
        }
        if allocated_mw.is_nan() || allocated_mw == 0.0 {
            tenders.not_allocated += 1;
            continue;
        }
        // Negative reserve: the provider takes the energy. Positive reserve: the grid takes it.
        let taker_pays = grid_pays == (direction == Direction::Pos);
        let price_per_mwh = if taker_pays { price } else { 0.0 - price };
        tenders.offers.push(Offer { from, to, tariff, price_per_mwh, allocated_mw, line: row.line });
    }
    Ok(tenders)
}

/// Reads activated reserve in one direction.
///
/// # Errors
/// If the text contains none, or a row cannot be read or is not a quarter of an hour; each error states line
/// and column.
pub fn read_activation(text: &Text, direction: Direction) -> Result<Vec<Activated>> {
    let header = text.header(has(ACTIVATION_COLUMNS)).ok_or_else(|| {
        text.no_header(&format!(
            "activated reserve: columns {}, BETR. NEG, BETR. POS",
            ACTIVATION_COLUMNS.join(", ")
        ))
    })?;
    let [day_at, from_at, to_at] = ACTIVATION_COLUMNS.map(|name| position(&header, name).unwrap_or(0));
    let key = format!("BETR. {}", direction.name());
    let Some(mw_at) = position(&header, &key) else {
        let found = format!("the columns {}", header.cells.join(", "));
        return Err(text.error(header.line, &key, found, format!("a column `{key}`")).into());
    };
    let rows: Vec<Row<'_>> = text.rows_below(&header).collect::<Result<_, _>>()?;
    let cells: Vec<Cell<'_>> = rows.iter().map(|row| (row.line, row.cell(mw_at))).collect();
    let other = position(&header, "BETR. NEG").into_iter().chain(position(&header, "BETR. POS"));
    let all = other.flat_map(|c| rows.iter().map(move |row| (row.line, row.cell(c))));
    let sign = decimal(text, &key, all.filter(|(_, cell)| !absent(cell)), Decimal::Comma)?;
    let values = numbers(text, &key, &cells, sign)?;
    let mut clock = RowClock::new(CLOCK);
    let mut wall = WallClock::new(CLOCK);
    let mut activated = Vec::with_capacity(rows.len());
    for (row, mw) in rows.iter().zip(values) {
        let date = day(text, row, day_at, "DATUM")?;
        let of_day = |column: usize, key: &str| {
            let cell = row.cell(column);
            let wrong = || text.error(row.line, key, format!("`{cell}`"), "a time such as 00:15");
            time_of_day(cell).ok_or_else(wrong)
        };
        let (from_s, to_s) = (of_day(from_at, "UHRZEIT VON")?, of_day(to_at, "UHRZEIT BIS")?);
        let wall_s = midnight_s(date) + from_s;
        let time = clock.next(wall_s).map_err(|_| {
            let found =
                format!("`{} {}`, which the clocks of {CLOCK} skip", row.cell(day_at), row.cell(from_at));
            Error::from(text.error(row.line, "UHRZEIT VON", found, "a time that the clock shows"))
        })?;
        if !mw.is_nan() && !MARKET_POWER.holds(mw) {
            let found = format!("`{}`", row.cell(mw_at));
            return Err(text.error(row.line, &key, found, MARKET_POWER.expected()).into());
        }
        check_quarter(text, row, (time, to_s), &mut wall, midnight_s(date))?;
        let (day, second) =
            if from_s == DAY_S { (date.succ_opt().unwrap_or(date), 0) } else { (date, from_s) };
        activated.push(Activated { time, day, second, mw, line: row.line });
    }
    Ok(activated)
}

/// Checks that a row lasts a quarter of an hour; across a clock change, its end is given on the new clock.
fn check_quarter(
    text: &Text,
    row: &Row<'_>,
    (time, to_s): (SimTime, i64),
    wall: &mut WallClock,
    midnight_s: i64,
) -> Result<(), InputError> {
    let end = time + QUARTER_S;
    // On all but two days of the year, the end is given by the plain clock.
    if wall.read(midnight_s + to_s) == gridfleet_core::time::Local::One(end) {
        return Ok(());
    }
    let local_s = end.0 + LocalClock::new(CLOCK, end, end).offset_s(end);
    if local_s.rem_euclid(DAY_S) == to_s.rem_euclid(DAY_S) {
        return Ok(());
    }
    let clock = |s: i64| format!("{:02}:{:02}", s / 3_600, s % 3_600 / 60);
    let expected = format!("{}, a quarter of an hour behind UHRZEIT VON", clock(local_s.rem_euclid(DAY_S)));
    Err(text.error(row.line, "UHRZEIT BIS", format!("`{}`", clock(to_s)), expected))
}

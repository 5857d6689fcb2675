//! Clearing prices of German secondary reserve per quarter of an hour, from tenders and activation.
//!
//! The operator activates offers in merit order: in negative reserve, offers that pay most for the energy
//! taken come first; in positive reserve, offers that ask least for the energy given. The clearing price of a
//! quarter is that of the first offer at which the cumulative allocated power, in this order, reaches the
//! activated power (mean of the quarter). Prices are those paid by the party that takes the energy: for
//! negative reserve the charging vehicle, so that a price below zero is a payment for charging.
//!
//! - Nothing activated: the price of the first offer, which would have been called for the next MWh.
//! - More activated than all offers provide (neighbouring systems help): the price of the last offer.
//!
//! Both are counted in the report.
//!
//! Since July 2018 products are blocks of four hours, and since November 2020 the energy is sold apart, by quarter of an
//! hour: such offers apply to their own hours.
//!
//! Before, the offers for a quarter are those of the tender whose week contains its date, in the high tariff from 8
//! to 20 o'clock of Berlin, otherwise in the low tariff. The published case study applies the high tariff on
//! every day ([`HighDays::All`], the default); the products as tendered until July 2018 apply it from Monday
//! to Friday except nationwide public holidays ([`HighDays::Working`]). The files do not specify this: they
//! name products, not hours.

use super::clock::midnight_s;
use super::slots::{Observed, Rows};
use super::srl_files::{
    Activated, CLOCK, Direction, Offer, QUARTER_S, Tariff, Tenders, read_activation, read_tenders,
};
use super::text::Text;
use super::{ACTIVATED, PRICE, PriceReport};
use crate::times::WallClock;
use chrono::{Datelike, NaiveDate, Weekday};
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::time::{HOUR_S, SimTime};
use std::collections::BTreeMap;

/// Days on which the high tariff applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HighDays {
    /// Every day, as in the case study.
    #[default]
    All,
    /// Monday to Friday except nationwide public holidays, as the products were tendered until July 2018.
    Working,
}

impl HighDays {
    /// Tariff of a quarter.
    pub fn tariff(self, day: NaiveDate, second: i64) -> Tariff {
        // 8 to 20 o'clock: product definition of secondary reserve until July 2018.
        let by_day = (8 * HOUR_S..20 * HOUR_S).contains(&second);
        let works = || !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !is_holiday(day);
        if by_day && (self == Self::All || works()) { Tariff::High } else { Tariff::Low }
    }
}

/// Public holidays of all of Germany (laws of the Länder; German Unity Day by treaty of 1990), including the
/// 500th Reformation Day in 2017.
pub fn is_holiday(day: NaiveDate) -> bool {
    let fixed = matches!((day.month(), day.day()), (1, 1) | (5, 1) | (10, 3) | (12, 25 | 26));
    let reformation = (day.year(), day.month(), day.day()) == (2017, 10, 31);
    let from_easter = easter(day.year()).map(|easter| (day - easter).num_days());
    // Good Friday, Easter Monday, Ascension, Whit Monday.
    fixed || reformation || matches!(from_easter, Some(-2 | 1 | 39 | 50))
}

/// Easter Sunday by the anonymous Gregorian algorithm (Nature, 20 April 1876).
fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(n / 31).ok()?, u32::try_from(n % 31 + 1).ok()?)
}

/// Offers of one tender and tariff in merit order.
#[derive(Debug, Clone, PartialEq)]
pub struct MeritOrder {
    to: NaiveDate,
    /// Cumulative power up to and including each offer [MW], ascending, and its price [EUR/MWh].
    steps: Vec<(f64, f64)>,
}

/// Clearing result of a quarter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Clearing {
    /// Price of the offer that reached the activated power [EUR/MWh].
    Reached(f64),
    /// No activation: price of the first offer.
    Nothing(f64),
    /// More was activated than was allocated: price of the last offer.
    Beyond(f64),
}

impl Clearing {
    /// Clearing price [EUR/MWh].
    pub fn price_per_mwh(self) -> f64 {
        let (Self::Reached(price) | Self::Nothing(price) | Self::Beyond(price)) = self;
        price
    }
}

impl MeritOrder {
    /// Orders offers: in negative reserve by descending price, in positive reserve by ascending price.
    pub fn new<'a>(to: NaiveDate, direction: Direction, offers: impl IntoIterator<Item = &'a Offer>) -> Self {
        let mut steps: Vec<(f64, f64)> =
            offers.into_iter().map(|o| (o.allocated_mw, o.price_per_mwh)).collect();
        steps.sort_by(|a, b| match direction {
            Direction::Neg => b.1.total_cmp(&a.1),
            Direction::Pos => a.1.total_cmp(&b.1),
        });
        let mut sum = 0.0;
        for step in &mut steps {
            sum += step.0;
            step.0 = sum;
        }
        Self { to, steps }
    }

    /// Clearing price if `mw` is activated; `None` without offers.
    pub fn clear(&self, mw: f64) -> Option<Clearing> {
        let (first, last) = (self.steps.first()?.1, self.steps.last()?.1);
        if mw == 0.0 {
            return Some(Clearing::Nothing(first));
        }
        let reached = self.steps.partition_point(|(sum, _)| *sum < mw);
        Some(self.steps.get(reached).map_or(Clearing::Beyond(last), |(_, price)| Clearing::Reached(*price)))
    }
}

/// Clearing prices and activated power from files of both kinds, in any number and order.
///
/// # Errors
/// If a file cannot be read, a tender is in two files, or a quarter has no tender.
pub fn read(tenders: &[Text], activation: &[Text], direction: Direction, high: HighDays) -> Result<Rows> {
    let mut report = PriceReport::of("srl");
    let books = books(tenders, direction, &mut report)?;
    let mut files: Vec<(Vec<Activated>, &Text)> = Vec::new();
    for text in activation {
        files.push((read_activation(text, direction)?, text));
    }
    files.sort_by_key(|(rows, _)| rows.first().map(|row| row.time));
    let clearer = Clearer { books: &books, direction, high };
    let (mut nothing, mut beyond) = (0, 0);
    let mut rows = Vec::new();
    for (file, (quarters, text)) in files.iter().enumerate() {
        report.rows_read += quarters.len() as u64;
        for quarter in quarters {
            let clearing = clearer.clear(quarter, text)?;
            let known = !quarter.mw.is_nan();
            nothing += u64::from(known && matches!(clearing, Clearing::Nothing(_)));
            beyond += u64::from(known && matches!(clearing, Clearing::Beyond(_)));
            let price = if known { clearing.price_per_mwh() } else { f64::NAN };
            let (time, line) = (quarter.time, quarter.line);
            rows.push(Observed { time, file, line, values: vec![price, quarter.mw] });
        }
    }
    report.mend("quarter without activation, cleared at the first offer", nothing);
    report.mend("quarter with more activated than allocated, cleared at the last offer", beyond);
    report.note(
        "product",
        format!("{} secondary reserve", if direction == Direction::Neg { "negative" } else { "positive" }),
    );
    report.note(
        "high tariff",
        match high {
            HighDays::All => "8 to 20 h on every day",
            HighDays::Working => "8 to 20 h, Monday to Friday without nationwide public holidays",
        },
    );
    report.note("clock", CLOCK.name());
    Ok(Rows {
        files: files.iter().map(|(_, text)| text.file.clone()).collect(),
        key: format!("BETR. {}", direction.name()),
        columns: vec![PRICE.into(), ACTIVATED.into()],
        rows,
        slot_s: Some(QUARTER_S),
        report,
    })
}

/// The offers of all tenders in one direction.
struct Clearer<'a> {
    books: &'a BTreeMap<Week, MeritOrder>,
    direction: Direction,
    high: HighDays,
}

impl Clearer<'_> {
    /// Clears a quarter among the offers for it; one of unknown activation as if nothing had been activated.
    fn clear(&self, quarter: &Activated, text: &Text) -> Result<Clearing> {
        let index = (quarter.time - midnight(quarter.day)) / QUARTER_S + 1;
        let products = [
            Tariff::Quarter(u8::try_from(index).unwrap_or(u8::MAX)),
            Tariff::Block(u8::try_from(quarter.second / (4 * HOUR_S) * 4).unwrap_or(u8::MAX)),
            self.high.tariff(quarter.day, quarter.second),
        ];
        let mw = if quarter.mw.is_nan() { 0.0 } else { quarter.mw };
        let offers = |product: Tariff| {
            self.books.range(..=(product, quarter.day, NaiveDate::MAX)).next_back().filter(
                |((kind, from, _), book)| *kind == product && *from <= quarter.day && book.to >= quarter.day,
            )
        };
        if let Some(clearing) = products.into_iter().find_map(|product| offers(product)?.1.clear(mw)) {
            return Ok(clearing);
        }
        // The kind of product that the files of tenders have.
        let kind = self.books.keys().next().map_or(products[2], |(kind, ..)| match kind {
            Tariff::Quarter(_) => products[0],
            Tariff::Block(_) => products[1],
            Tariff::High | Tariff::Low => products[2],
        });
        let product = format!("{}_{}", self.direction.name(), kind.name());
        let found = format!("{}, for which no tender of {product} is given", quarter.day);
        let problem = text.error(quarter.line, "DATUM", found, "a tender whose week holds the day");
        Err(problem.help("add the file of tender results of that week").into())
    }
}

/// Start of a day in Berlin.
fn midnight(day: NaiveDate) -> SimTime {
    WallClock::new(CLOCK).read(midnight_s(day)).earliest()
}

/// Tariff, first and last day of a tender.
type Week = (Tariff, NaiveDate, NaiveDate);

fn books(
    files: &[Text],
    direction: Direction,
    report: &mut PriceReport,
) -> Result<BTreeMap<Week, MeritOrder>> {
    let mut offers: BTreeMap<Week, (usize, Vec<Offer>)> = BTreeMap::new();
    for (file, text) in files.iter().enumerate() {
        let Tenders { offers: new, rows, other_reserves, not_allocated } = read_tenders(text, direction)?;
        report.rows_read += rows;
        report.skip("offer of another reserve", other_reserves);
        report.skip("offer without allocated power", not_allocated);
        for offer in new {
            let week = (offer.tariff, offer.from, offer.to);
            let line = offer.line;
            let (owner, list) = offers.entry(week).or_insert_with(|| (file, Vec::new()));
            if *owner != file {
                let before =
                    files.get(*owner).map(|text| text.file.display().to_string()).unwrap_or_default();
                let found = format!("the tender of {} to {} again", week.1, week.2);
                let problem =
                    text.error(line, "DATE_FROM", found, format!("it in one file; it is in {before} too"));
                return Err(problem.help("leave one of the two files out").into());
            }
            list.push(offer);
        }
    }
    if offers.is_empty() {
        let found = format!("no offer of {} reserve", direction.name());
        let problem = InputError::new(found, "offers with allocated power");
        return Err(match files.first() {
            Some(text) => problem.file(&text.file).into(),
            None => problem.key("TENDERS").into(),
        });
    }
    Ok(offers
        .into_iter()
        .map(|(week, (_, list))| (week, MeritOrder::new(week.2, direction, &list)))
        .collect())
}

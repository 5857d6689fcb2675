//! Synthetic prices in the raw formats of markets: Nord Pool's wide table, tenders and activation of German
//! secondary reserve, intraday trades. Small files, for trying out importers and policies.
//!
//! Means, spreads and correlations are measured on the real files named at each constant; all others are
//! marked as assumed.

use super::interpolated;
use super::prices::{GERMANY, NORDIC, days_of};
use crate::prices::PriceSeries;
use chrono::{Days, NaiveDate, Timelike};
use gridfleet_core::error::Result;
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_core::time::{HOUR_S, LocalClock, SimTime, monday_of};
use rand::RngExt;
use rand_distr::StandardNormal;
use rand_pcg::Pcg64;
use std::fmt::Write;

/// Other areas of the synthetic Nord Pool table: mean difference to SE3 and standard deviation of the
/// difference [EUR/MWh], measured on the hourly prices of 2016. SYS is assumed to follow closely.
const AREAS: [(&str, f64, f64); 4] =
    [("SYS", -2.3, 2.0), ("SE3", 0.0, 0.0), ("FI", 3.2, 6.4), ("DK1", -2.6, 8.3)];

/// Logarithm of activated negative and positive reserve [ln MW]: mean and standard deviation, correlation
/// with the quarter before and with each other, maximum observed [MW]; measured on the year 2017.
const ACTIVATED_LN: [(f64, f64); 2] = [(3.36, 1.92), (3.41, 2.09)];
const ACTIVATED_MEMORY: f64 = 0.76;
const ACTIVATED_TOGETHER: f64 = -0.86;
const ACTIVATED_MOST_MW: f64 = 1_790.0;

/// Deciles of offered energy prices [EUR/MWh] as paid by the party that takes the energy, 53 tenders of 2017,
/// without the most expensive tenth, which reaches 98,000; and approximate means of the capacity prices
/// [EUR/MW].
const PRODUCTS: [(&str, [f64; 10], f64); 4] = [
    ("NEG_HT", [-5800.0, -939.0, -530.0, -408.0, -237.0, -120.0, -46.2, -8.5, 3.6, 22.4], 10.0),
    ("NEG_NT", [-5978.0, -3550.0, -1139.0, -626.0, -350.0, -180.0, -82.3, -31.5, -4.4, 15.1], 130.0),
    ("POS_HT", [5.0, 55.0, 70.9, 87.0, 118.8, 192.4, 441.3, 2751.0, 5911.0, 19999.0], 150.0),
    ("POS_NT", [5.0, 53.2, 67.0, 81.1, 106.5, 182.0, 425.0, 2901.0, 5987.0, 20000.0], 270.0),
];

/// Number of offers per product and power of each [MW]: fewer and larger than the 130 offers of 15 MW in a
/// real tender, to keep the file small; the total is about the same (assumed).
const OFFERS: u32 = 20;
const OFFER_MW: [f64; 2] = [70.0, 125.0];

/// Quantities of intraday trades [kW], deciles of 120 trades of January 2018.
const QUANTITIES_KW: [u32; 11] = [100, 100, 200, 300, 500, 900, 1_500, 1_700, 2_200, 3_300, 5_700];
/// Grid zones of Germany, as named in trades.
const ZONES: [&str; 4] = ["10YDE-RWENET---I", "10YDE-EON------1", "10YDE-VE-------2", "10YDE-ENBW-----N"];
/// Spread of intraday prices around the day-ahead price [EUR/MWh]. Assumed.
const INTRADAY_SPREAD: f64 = 8.0;

fn stream(seed: u64, entity: u64) -> Pcg64 {
    Streams { seed, replication: 0 }.stream(Purpose::Synthesis, entity)
}

fn normal(random: &mut Pcg64) -> f64 {
    random.sample(StandardNormal)
}

/// A number with a decimal comma and, above a thousand, points as thousands separators.
fn german(value: f64, digits: usize, points: bool) -> String {
    let text = format!("{:.digits$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    let sign = if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) { "-" } else { "" };
    let grouped = if points && whole.len() > 3 {
        let (high, low) = whole.split_at(whole.len() - 3);
        format!("{high}.{low}")
    } else {
        whole.to_string()
    };
    format!("{sign}{grouped},{fraction}")
}

/// Day-ahead prices in the format of Nord Pool's archive: byte-order mark, semicolons, decimal commas,
/// no-break spaces in the hours, an empty hour in spring and a repeated one in autumn.
///
/// # Errors
/// If there are no days, or more than ten years.
pub fn nordpool(start: NaiveDate, days: u32, seed: u64) -> Result<String> {
    let series = NORDIC.series(start, days, seed)?;
    let clock = LocalClock::new(NORDIC.tz(), series.start, series.end());
    let mut random = stream(seed, 2);
    let mut out = String::from("\u{feff}Elspot Prices in EUR/MWh;Hours");
    for (area, ..) in AREAS {
        let _ = write!(out, ";{area}");
    }
    out.push('\n');
    let mut noise = AREAS.map(|(_, _, spread)| spread * normal(&mut random));
    let mut before = None;
    for (time, price) in slots(&series) {
        let local = clock.local(time);
        let hour = local.hour();
        let date = local.format("%d.%m.%Y").to_string();
        let head = |hour: u32| format!("{date};{hour:02}\u{a0}-\u{a0}{:02}", (hour + 1) % 24);
        if before.is_some_and(|before| hour == before + 2) {
            let _ = writeln!(out, "{}{}", head(hour - 1), ";".repeat(AREAS.len()));
        }
        out.push_str(&head(hour));
        before = Some(hour);
        for ((_, difference, spread), noise) in AREAS.iter().zip(&mut noise) {
            let _ = write!(out, ";{}", german(price + difference + *noise, 2, false));
            // Assumed to have the same persistence as the price.
            *noise = 0.91 * *noise + 0.41 * spread * normal(&mut random);
        }
        out.push('\n');
    }
    Ok(out)
}

fn slots(series: &PriceSeries) -> impl Iterator<Item = (SimTime, f64)> {
    (0..).map(|slot| series.start + slot * series.slot_s).zip(series.price_per_mwh.iter().copied())
}

/// Tender results of secondary reserve for every week that contains one of the days.
///
/// # Errors
/// As [`nordpool`].
pub fn srl_tenders(start: NaiveDate, days: u32, seed: u64) -> Result<String> {
    let (_, end) = days_of(GERMANY.tz(), start, days)?;
    let mut random = stream(seed, 3);
    let mut out = String::from(
        "DATE_FROM;DATE_TO;TYPE_OF_RESERVES;PRODUCT;CAPACITY_PRICE_[EUR/MWh];ENERGY_PRICE_[EUR/MWh];\
         ENERGY_PRICE_PAYMENT_DIRECTION;OFFERED_CAPACITY_[MW];ALLOCATED_CAPACITY_[MW];COUNTRY\n",
    );
    let last = LocalClock::new(GERMANY.tz(), end, end).local(end + -1).date();
    let mut monday = monday_of(start).date();
    while monday <= last {
        let sunday = monday + Days::new(6);
        for (product, deciles, capacity_price) in PRODUCTS {
            let points: Vec<[f64; 2]> =
                deciles.iter().enumerate().map(|(i, price)| [i as f64 / 9.0, *price]).collect();
            for offer in 0..OFFERS {
                let share = (f64::from(offer) + random.random::<f64>()) / f64::from(OFFERS);
                let price = interpolated(&points, share);
                let grid_pays = product.starts_with("POS") || price < 0.0;
                let pays = if grid_pays { "GRID_TO_PROVIDER" } else { "PROVIDER_TO_GRID" };
                let mw = 5.0
                    * (OFFER_MW[0] / 5.0 + random.random::<f64>() * (OFFER_MW[1] - OFFER_MW[0]) / 5.0)
                        .round();
                let _ = writeln!(
                    out,
                    "{};{};SRL;{product};{};{};{pays};{mw};{mw};DE",
                    monday.format("%d.%m.%Y"),
                    sunday.format("%d.%m.%Y"),
                    german(capacity_price * (0.5 + random.random::<f64>()), 3, false),
                    german(price.abs(), 3, false),
                );
            }
        }
        monday = sunday + Days::new(1);
    }
    Ok(out)
}

/// Activated secondary reserve, one row per quarter of an hour.
///
/// # Errors
/// As [`nordpool`].
pub fn srl_activation(start: NaiveDate, days: u32, seed: u64) -> Result<String> {
    let (start, end) = days_of(GERMANY.tz(), start, days)?;
    let clock = LocalClock::new(GERMANY.tz(), start, end);
    let mut random = stream(seed, 4);
    let mut out = String::from(
        "DATUM;UHRZEIT VON;UHRZEIT BIS;BETR. NEG;BETR. POS;LETZTE AENDERUNG;ERSATZWERT;QUAL. NEG;QUAL. POS;LETZTE AENDERUNG\n",
    );
    let [mut x, mut y] = [normal(&mut random), normal(&mut random)];
    let step = (1.0 - ACTIVATED_MEMORY * ACTIVATED_MEMORY).sqrt();
    let apart = (1.0 - ACTIVATED_TOGETHER * ACTIVATED_TOGETHER).sqrt();
    for quarter in 0..(end - start) / 900 {
        let time = start + quarter * 900;
        let (from, to) = (clock.local(time), clock.local(time + 900));
        let z = [x, ACTIVATED_TOGETHER * x + apart * y];
        let mw = [0, 1].map(|i| {
            let (mean, spread) = ACTIVATED_LN[i];
            (mean + spread * z[i]).exp().clamp(0.001, ACTIVATED_MOST_MW)
        });
        // The figures validated later are slightly higher (assumed: 3 MW).
        let shown = [mw[0], mw[1], mw[0] + 3.0, mw[1] + 3.0].map(|mw| german(mw, 3, true));
        let [neg, pos, neg_checked, pos_checked] = shown;
        let (day, from, to) = (from.format("%d.%m.%Y"), from.format("%H:%M"), to.format("%H:%M"));
        let _ = writeln!(out, "{day};{from};{to};{neg};{pos};-;;{neg_checked};{pos_checked};-");
        x = ACTIVATED_MEMORY * x + step * normal(&mut random);
        y = ACTIVATED_MEMORY * y + step * normal(&mut random);
    }
    Ok(out)
}

/// One to three trades of each quarter of an hour.
///
/// # Errors
/// As [`nordpool`].
pub fn intraday(start: NaiveDate, days: u32, seed: u64) -> Result<String> {
    let series = GERMANY.series(start, days, seed)?;
    let clock = LocalClock::new(GERMANY.tz(), series.start, series.end());
    let mut random = stream(seed, 5);
    let mut out = String::from(
        "id,exec_time,rev,unit_price,qty,order_id,barea,sarea,market_area,delivery_date,product,product_time\n",
    );
    let mut id = 9_000_000_u32;
    for quarter in 0..(series.end() - series.start) / 900 {
        let time = series.start + quarter * 900;
        let local = clock.local(time);
        let (summer, winter) = (clock.offset_s(time + -HOUR_S), clock.offset_s(time + HOUR_S));
        let letter = match clock.offset_s(time) {
            // The repeated hour: A before the change, B after it.
            now if now > winter => "A",
            now if now < summer => "B",
            _ => "",
        };
        let around = series.at(time).unwrap_or_default();
        for _ in 0..random.random_range(1..=3) {
            // Trades end 5 minutes before delivery, between grid zones 30 minutes before.
            let lead_s = random.random_range(300..3 * HOUR_S);
            let buyer = ZONES[random.random_range(0..ZONES.len())];
            let seller = if lead_s < 1_800 { buyer } else { ZONES[random.random_range(0..ZONES.len())] };
            let price = around + INTRADAY_SPREAD * normal(&mut random);
            let cents = (price * 10.0).round() as i64 * 10;
            let kw = QUANTITIES_KW[random.random_range(0..QUANTITIES_KW.len())];
            let done = chrono::DateTime::from_timestamp((time + -lead_s).0, 0).unwrap_or_default();
            id += 1;
            let _ = writeln!(
                out,
                "{id},{},1,{cents},{kw},{},{buyer},{seller},DE_AT,{},Q,{:02}{letter}Q{}",
                done.format("%Y-%m-%d %H:%M:%S"),
                1_000_000_000 + id,
                local.format("%Y-%m-%d"),
                local.hour(),
                local.minute() / 15 + 1,
            );
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices::slots::{GapRule, Rows};
    use crate::prices::srl_files::Direction;
    use crate::prices::text::Text;
    use crate::prices::{intraday as trades, nordpool as nordic, srl};
    use std::path::Path;

    fn text(content: &str) -> Text {
        Text::from_bytes(Path::new("x.csv"), content.as_bytes()).unwrap()
    }

    fn slots_of(rows: Rows) -> usize {
        rows.regular(GapRule::Fail, chrono_tz::Europe::Berlin).unwrap().0.slots()
    }

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    #[test]
    fn importers_read_what_is_made_up_on_days_of_all_lengths() {
        for (date, hours) in [(day(2017, 3, 26), 23), (day(2017, 3, 27), 24), (day(2017, 10, 29), 25)] {
            let spot = text(&nordpool(date, 1, 7).unwrap());
            let rows = nordic::read(&spot, nordic::Kind::Spot, Some("SE3"), nordic::CLOCK).unwrap();
            // Area SE3 is the series itself, in whole cents.
            let series = NORDIC.series(date, 1, 7).unwrap();
            let read: Vec<f64> = rows.rows.iter().map(|row| row.values[0]).collect();
            assert_eq!((rows.rows[0].time, read), (series.start, series.price_per_mwh.clone()));
            assert_eq!(slots_of(rows), hours);
            let trades = trades::read(&text(&intraday(date, 1, 7).unwrap())).unwrap();
            assert_eq!((trades.report.repaired.len(), slots_of(trades)), (0, hours * 4));
            let tenders = [text(&srl_tenders(date, 1, 7).unwrap())];
            let activation = [text(&srl_activation(date, 1, 7).unwrap())];
            for direction in [Direction::Neg, Direction::Pos] {
                let rows = srl::read(&tenders, &activation, direction, srl::HighDays::All).unwrap();
                assert_eq!(slots_of(rows), hours * 4);
            }
        }
    }

    #[test]
    fn numbers_are_written_as_in_germany() {
        assert_eq!(german(1_148.292, 3, true), "1.148,292");
        assert_eq!(german(-0.001, 2, false), "0,00");
        assert_eq!(german(-12.5, 2, false), "-12,50");
    }
}

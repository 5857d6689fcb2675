//! Importers of prices: their results for files in the formats of markets.

use crate::real::data;
use gridfleet_core::time::SimTime;
use gridfleet_data::prices::slots::{GapRule, Rows};
use gridfleet_data::prices::srl::{HighDays, is_holiday, read as clear};
use gridfleet_data::prices::srl_files::Direction;
use gridfleet_data::prices::text::Text;
use gridfleet_data::prices::{dayahead, intraday, nordpool, read, read_two, write};
use std::path::Path;

const BERLIN: chrono_tz::Tz = chrono_tz::Europe::Berlin;

fn text(name: &str, content: &str) -> Text {
    Text::from_bytes(Path::new(name), content.as_bytes()).unwrap()
}

fn prices(rows: &Rows) -> Vec<f64> {
    rows.rows.iter().map(|row| row.values[0]).collect()
}

/// The week of 20 to 26 March 2017, on whose Sunday the clocks go forward.
const TENDERS: &str = "\
DATE_FROM;DATE_TO;TYPE_OF_RESERVES;PRODUCT;CAPACITY_PRICE_[EUR/MWh];ENERGY_PRICE_[EUR/MWh];ENERGY_PRICE_PAYMENT_DIRECTION;OFFERED_CAPACITY_[MW];ALLOCATED_CAPACITY_[MW];COUNTRY
20.03.2017;26.03.2017;SRL;NEG_HT;286,000;12,300;GRID_TO_PROVIDER;250;200;DE
20.03.2017;26.03.2017;SRL;NEG_HT;1,000;5,000;PROVIDER_TO_GRID;100;100;DE
20.03.2017;26.03.2017;SRL;NEG_HT;1,000;1750,000;GRID_TO_PROVIDER;25;25;DE
20.03.2017;26.03.2017;SRL;NEG_HT;1,000;,000;GRID_TO_PROVIDER;25;25;DE
20.03.2017;26.03.2017;SRL;NEG_HT;1,000;2,500;PROVIDER_TO_GRID;50;50;DE
20.03.2017;26.03.2017;SRL;NEG_NT;1,000;300,000;GRID_TO_PROVIDER;1000;1000;DE
20.03.2017;26.03.2017;SRL;NEG_NT;1,000;1,000;PROVIDER_TO_GRID;60;60;DE
20.03.2017;26.03.2017;SRL;NEG_NT;1,000;99,000;PROVIDER_TO_GRID;50;0;DE
20.03.2017;26.03.2017;SRL;NEG_NT;1,000;20,000;GRID_TO_PROVIDER;140;140;DE
20.03.2017;26.03.2017;SRL;POS_HT;1,000;60,000;GRID_TO_PROVIDER;100;100;DE
20.03.2017;26.03.2017;SRL;POS_HT;1,000;45,500;GRID_TO_PROVIDER;80;80;DE
20.03.2017;26.03.2017;SRL;POS_HT;1,000;10,000;PROVIDER_TO_GRID;10;10;DE
20.03.2017;26.03.2017;SRL;POS_NT;1,000;70,000;GRID_TO_PROVIDER;300;300;DE
20.03.2017;26.03.2017;MRL;NEG_00_04;1,000;70,000;GRID_TO_PROVIDER;300;300;DE
";

/// In the operator's order, with the allocated power summed up:
///   NEG_HT:  5.00 -> 100 MW | 2.50 -> 150 | 0.00 -> 175 | -12.30 -> 375 | -1750.00 -> 400
///   NEG_NT:  1.00 ->  60 MW | -20.00 -> 200 | -300.00 -> 1200   (99.00 was not allocated)
///
/// Date, from, to, MW; price with the high tariff from 8 to 20 h on every day; price with it from Monday to
/// Friday only.
const QUARTERS: [(&str, &str, &str, &str, f64, f64); 20] = [
    ("24.03.2017", "07:45", "08:00", "59,999", 1.0, 1.0), // night: 59.999 <= 60
    ("24.03.2017", "08:00", "08:15", "60,000", 5.0, 5.0), // day from 8:00 on: 60 <= 100
    ("24.03.2017", "08:15", "08:30", "100,000", 5.0, 5.0), // 100 <= 100: reached exactly
    ("24.03.2017", "08:30", "08:45", "100,001", 2.5, 2.5), // 100 < 100.001 <= 100 + 50
    ("24.03.2017", "08:45", "09:00", "150,000", 2.5, 2.5), // 150 <= 100 + 50
    ("24.03.2017", "09:00", "09:15", "174,500", 0.0, 0.0), // 150 < 174.5 <= 150 + 25
    ("24.03.2017", "09:15", "09:30", "175,001", -12.3, -12.3), // 175 < 175.001 <= 175 + 200 (allocated, not the 250 offered)
    ("24.03.2017", "09:30", "09:45", "375,000", -12.3, -12.3), // 375 <= 175 + 200
    ("24.03.2017", "09:45", "10:00", "375,500", -1750.0, -1750.0), // 375 < 375.5 <= 375 + 25
    ("24.03.2017", "10:00", "10:15", "1.148,292", -1750.0, -1750.0), // 1148.292 > 400: the last offer
    ("24.03.2017", "10:15", "10:30", "0,000", 5.0, 5.0),       // nothing activated: the first offer
    ("24.03.2017", "19:45", "20:00", "12,080", 5.0, 5.0),      // day until 20:00: 12.08 <= 100
    ("24.03.2017", "20:00", "20:15", "60,000", 1.0, 1.0),      // night again: 60 <= 60
    ("24.03.2017", "20:15", "20:30", "60,001", -20.0, -20.0),  // 60 < 60.001 <= 60 + 140
    ("24.03.2017", "23:45", "24:00", "200,000", -20.0, -20.0), // 200 <= 60 + 140
    ("25.03.2017", "12:00", "12:15", "130,000", 2.5, -20.0), // Saturday: day 130 <= 150, or night 130 <= 200
    ("26.03.2017", "01:45", "03:00", "201,000", -300.0, -300.0), // last quarter before the change: 201 <= 1200
    ("26.03.2017", "03:00", "03:15", "1.200,000", -300.0, -300.0), // 1200 <= 60 + 140 + 1000
    ("26.03.2017", "03:15", "03:30", "1.200,001", -300.0, -300.0), // above 1200: the last offer
    ("26.03.2017", "12:00", "12:15", "400,000", -1750.0, -300.0), // Sunday: day 400 <= 400, or night 400 <= 1200
];

fn activation<'a>(rows: impl IntoIterator<Item = (&'a str, &'a str, &'a str, &'a str, &'a str)>) -> String {
    let mut out = String::from(
        "DATUM;UHRZEIT VON;UHRZEIT BIS;BETR. NEG;BETR. POS;LETZTE AENDERUNG;ERSATZWERT;QUAL. NEG;QUAL. POS;LETZTE AENDERUNG\n",
    );
    for (date, from, to, neg, pos) in rows {
        out.push_str(&format!("{date};{from};{to};{neg};{pos};-;;14,856;257,064;-\n"));
    }
    out
}

#[test]
fn twenty_clearing_prices_by_hand() {
    let file = activation(QUARTERS.iter().map(|q| (q.0, q.1, q.2, q.3, "1,500")));
    let files = ([text("t.csv", TENDERS)], [text("a.csv", &file)]);
    let rows = clear(&files.0, &files.1, Direction::Neg, HighDays::All).unwrap();
    assert_eq!(prices(&rows), QUARTERS.map(|q| q.4));
    assert_eq!(rows.report.repaired["quarter without activation, cleared at the first offer"], 1);
    assert_eq!(
        rows.report.repaired["quarter with more activated than allocated, cleared at the last offer"],
        2
    );
    assert_eq!(rows.report.skipped["offer of another reserve"], 1);
    assert_eq!(rows.report.skipped["offer without allocated power"], 1);
    // 23:45 to 24:00 of Friday is 22:45 UTC; 3:00 of Sunday is 1:00 UTC (`date -u -d @1490490000`).
    assert_eq!(rows.rows[14].time, SimTime(1_490_395_500));
    assert_eq!(rows.rows[17].time, SimTime(1_490_490_000));
    let rows = clear(&files.0, &files.1, Direction::Neg, HighDays::Working).unwrap();
    assert_eq!(prices(&rows), QUARTERS.map(|q| q.5));
}

#[test]
fn positive_reserve_is_called_from_the_cheapest_on() {
    // -10.00 -> 10 MW | 45.50 -> 90 | 60.00 -> 190; at night 70.00 -> 300.
    let quarters = [
        ("24.03.2017", "09:00", "09:15", "1,000", "5,000"), // 5 <= 10: a provider pays for giving energy
        ("24.03.2017", "09:15", "09:30", "1,000", "10,001"), // 10 < 10.001 <= 90
        ("24.03.2017", "09:30", "09:45", "1,000", "90,000"), // 90 <= 90
        ("24.03.2017", "09:45", "10:00", "1,000", "90,001"), // 90 < 90.001 <= 190
        ("24.03.2017", "10:00", "10:15", "1,000", "190,500"), // above 190: the last
        ("24.03.2017", "20:00", "20:15", "1,000", "1,000"),
    ];
    let files = ([text("t.csv", TENDERS)], [text("a.csv", &activation(quarters))]);
    let rows = clear(&files.0, &files.1, Direction::Pos, HighDays::All).unwrap();
    assert_eq!(prices(&rows), [-10.0, 45.5, 45.5, 60.0, 60.0, 70.0]);
}

/// The quarters of a day as a wall clock shows them; the hour at 2 o'clock is left out, shown once or twice.
fn quarters_of(date: &str, times_two: usize) -> String {
    let mut hours: Vec<u32> = vec![0, 1];
    hours.extend(vec![2; times_two]);
    hours.extend(3..24);
    let starts: Vec<String> =
        hours.iter().flat_map(|h| [0, 15, 30, 45].map(|m| format!("{h:02}:{m:02}"))).collect();
    let ends = starts.iter().skip(1).map(String::as_str).chain(["00:00"]);
    activation(starts.iter().zip(ends).map(|(from, to)| (date, from.as_str(), to, "12,080", "254,014")))
}

#[test]
fn days_have_92_96_and_100_quarters() {
    for (date, two_o_clock, quarters) in
        [("26.03.2017", 0, 92), ("27.03.2017", 1, 96), ("1.04.2017", 1, 96), ("29.10.2017", 2, 100)]
    {
        // One tender, stretched over the days of spring and moved to those of autumn.
        let (from, to) =
            if two_o_clock == 2 { ("23.10.2017", "29.10.2017") } else { ("20.03.2017", "05.04.2017") };
        let tenders = TENDERS.replace("20.03.2017", from).replace("26.03.2017", to);
        let rows = clear(
            &[text("t.csv", &tenders)],
            &[text("a.csv", &quarters_of(date, two_o_clock))],
            Direction::Neg,
            HighDays::All,
        )
        .unwrap();
        // No gap and no duplicate: each quarter of the day, and nothing else.
        let (table, _) = rows.regular(GapRule::Fail, BERLIN).unwrap();
        assert_eq!((table.slots(), table.slot_s), (quarters, 900), "{date}");
    }
}

#[test]
fn nationwide_holidays_of_germany() {
    let day = |y, m, d| chrono::NaiveDate::from_ymd_opt(y, m, d).unwrap();
    // Easter Sundays from the tables of the US Census Bureau: 2016-03-27, 2017-04-16, 2024-03-31, 2000-04-23.
    for monday in [day(2016, 3, 28), day(2017, 4, 17), day(2024, 4, 1), day(2000, 4, 24)] {
        assert!(is_holiday(monday), "{monday}");
    }
    let of_2017: Vec<String> = day(2017, 1, 1)
        .iter_days()
        .take(365)
        .filter(|day| is_holiday(*day))
        .map(|day| day.format("%m-%d").to_string())
        .collect();
    let known = ["01-01", "04-14", "04-17", "05-01", "05-25", "06-05", "10-03", "10-31", "12-25", "12-26"];
    assert_eq!(of_2017, known);
    assert!(!is_holiday(day(2016, 10, 31)));
}

#[test]
fn tenders_across_new_year_and_files_in_any_order() {
    let week = |from: &str, to: &str, price: &str| {
        let mut lines = TENDERS.lines();
        let header = lines.next().unwrap();
        format!(
            "{header}\n{from};{to};SRL;NEG_NT;1,000;{price};PROVIDER_TO_GRID;5;5;DE\n{from};{to};SRL;NEG_HT;1,000;{price};PROVIDER_TO_GRID;5;5;DE\n"
        )
    };
    let first = text("1.csv", &week("26.12.2016", "01.01.2017", "1750,000"));
    let second = text("2.csv", &week("02.01.2017", "08.01.2017", "7,500"));
    let sunday = text("b.csv", &activation([("01.01.2017", "23:45", "00:00", "1,5", "1,5")]));
    let monday = text("a.csv", &activation([("02.01.2017", "00:00", "00:15", "1,5", "1,5")]));
    let rows = clear(&[second, first], &[monday, sunday], Direction::Neg, HighDays::All).unwrap();
    assert_eq!(prices(&rows), [1750.0, 7.5]);
    assert_eq!(rows.regular(GapRule::Fail, BERLIN).unwrap().0.slots(), 2);
}

#[test]
fn nord_pool_at_both_changes_of_the_clock() {
    // Hours of a day with their prices; 27 March 2016 has an empty third hour, 30 October two of them.
    let day = |date: &str, twice: bool, skipped: bool| {
        let mut out = String::new();
        for hour in 0..24 {
            for copy in 0..if twice && hour == 2 { 2 } else { 1 } {
                let cell = if skipped && hour == 2 { String::new() } else { format!("{hour},{copy}5") };
                out.push_str(&format!("{date};{hour:02}\u{a0}-\u{a0}{:02};{cell};1\n", (hour + 1) % 24));
            }
        }
        out
    };
    let file = |days: &str| text("e.csv", &format!("\u{feff}Elspot Prices in EUR/MWh;Hours;SE3;FI\n{days}"));
    let read = |days: &str| {
        let file = file(days);
        let rows = nordpool::read(&file, nordpool::Kind::Spot, Some("se3"), nordpool::CLOCK).unwrap();
        rows.regular(GapRule::Fail, nordpool::CLOCK).unwrap().0
    };
    let spring = read(&(day("27.03.2016", false, true) + &day("28.03.2016", false, false)));
    // Midnight is 23:00 UTC before the change, 22:00 after (`date -u -d @1459033200`).
    assert_eq!((spring.start, spring.slots()), (SimTime(1_459_033_200), 47));
    assert_eq!(spring.columns[0].1[..4], [0.05, 1.05, 3.05, 4.05]);
    let autumn = read(&(day("30.10.2016", true, false) + &day("31.10.2016", false, false)));
    assert_eq!(autumn.slots(), 49);
    assert_eq!(autumn.columns[0].1[1..5], [1.05, 2.05, 2.15, 3.05]);
    // An hour doubled on another day is not a change of the clock.
    let file = file(&day("29.10.2016", true, false));
    let rows = nordpool::read(&file, nordpool::Kind::Spot, Some("SE3"), nordpool::CLOCK).unwrap();
    insta::assert_snapshot!(rows.regular(GapRule::Fail, nordpool::CLOCK).unwrap_err(), @"e.csv:5: SE3: found 2016-10-29 02:00 a second time, expected each slot once; only the hour in which clocks are put back comes twice: check the rows, or --timezone");
}

#[test]
fn tables_with_times_of_every_kind_say_the_same() {
    let series = [("EUR/MWh", 30.5), ("", -4.25), ("", 28.0)];
    let plain = |row: usize| series[row].1;
    let german = |row: usize| format!("{:.2}", series[row].1).replace('.', ",");
    // 2017-03-26, 0:00, 1:00 and 3:00 in Berlin: 23:00, 0:00 and 1:00 UTC.
    let tables = [
        format!(
            "utc_timestamp,DE_price_day_ahead\n2017-03-25T23:00:00Z,{}\n2017-03-26T00:00:00Z,{}\n2017-03-26T01:00:00Z,{}\n",
            plain(0),
            plain(1),
            plain(2)
        ),
        format!(
            "Datum;Anfang;Ende;Preis [€/MWh]\n26.03.2017;00:00;01:00;{}\n26.03.2017;01:00;03:00;{}\n26.03.2017;03:00;04:00;{}\n",
            german(0),
            german(1),
            german(2)
        ),
        format!(
            "\"MTU (CET/CEST)\",\"Day-ahead Price [EUR/MWh]\",\"Currency\"\n\"26.03.2017 00:00 - 26.03.2017 01:00\",\"{}\",\"EUR\"\n\"26.03.2017 01:00 - 26.03.2017 02:00\",\"{}\",\"EUR\"\n\"26.03.2017 02:00 - 26.03.2017 03:00\",\"n/e\",\"EUR\"\n\"26.03.2017 03:00 - 26.03.2017 04:00\",\"{}\",\"EUR\"\n",
            plain(0),
            plain(1),
            plain(2)
        ),
        format!(
            "date,Price\n2017-03-26 00:00:00,{}\n2017-03-26 01:00:00,{}\n2017-03-26 02:00:00,7\n2017-03-26 03:00:00,{}\n",
            plain(0),
            plain(1),
            plain(2)
        ),
        format!(
            "time\tprice\n2017-03-26T00:00:00+01:00\t{}\n2017-03-26T01:00:00+01:00\t{}\n2017-03-26T03:00:00+02:00\t{}\n",
            plain(0),
            plain(1),
            plain(2)
        ),
    ];
    for (i, table) in tables.iter().enumerate() {
        let options = dayahead::Options { timezone: Some(BERLIN), ..Default::default() };
        let rows = dayahead::read(&text("d.csv", table), options).unwrap();
        let (table, report) = rows.regular(GapRule::Fail, BERLIN).unwrap();
        assert_eq!((table.start, table.slot_s), (SimTime(1_490_482_800), 3_600), "{i}");
        assert_eq!(table.columns[0].1, [30.5, -4.25, 28.0], "{i}");
        assert_eq!(report.repaired.len(), usize::from(i == 3), "{i}");
    }
}

#[test]
fn trades_clear_at_the_lowest_price() {
    let file = text(
        "i.csv",
        "id,exec_time,unit_price,qty,delivery_date,product,product_time\n\
         1,2018-01-29 19:06:59,-320,5000,2018-01-29,Q,20Q2\n\
         2,2018-01-29 19:02:52,10,2000,2018-01-29,Q,20Q2\n\
         3,2018-01-29 18:55:17,3050,700,2018-01-29,Q,20Q3\n\
         4,2018-01-29 18:55:17,100,700,2018-01-29,H,20\n",
    );
    let (table, report) = intraday::read(&file).unwrap().regular(GapRule::Fail, BERLIN).unwrap();
    // 20:15 in Berlin is 19:15 UTC (`date -u -d @1517253300`). Volume: (5000 + 2000) kW x 1/4 h = 1.75 MWh.
    assert_eq!(table.start, SimTime(1_517_253_300));
    assert_eq!(table.columns[0].1, [-3.2, 30.5]);
    assert_eq!(table.columns[1].1, [1.75, 0.175]);
    assert_eq!(report.skipped["another product than quarters"], 1);
    // Two files with trades of one quarter are one market.
    let parts = vec![intraday::read(&file).unwrap(), intraday::read(&file).unwrap()];
    let joined = intraday::merge(Rows::join(parts).unwrap());
    assert_eq!(joined.rows.iter().map(|row| row.values[1]).collect::<Vec<_>>(), [3.5, 0.35]);
}

#[test]
fn what_is_written_reads_back_and_tells_what_was_filled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/regulating.parquet");
    let file = text(
        "r.csv",
        "Regulating prices in EUR/MWh,,,\n,,,\n,,SE3,\n,Hours,Up,Down\n1/1/2016,00 - 01,\"17,00\",\"16,39\"\n\
         1/1/2016,01 - 02,\"18,00\",\"16,04\"\n1/1/2016,02 - 03,,\n1/1/2016,03 - 04,\"20,00\",\"15,00\"\n",
    );
    let rows = nordpool::read(&file, nordpool::Kind::Regulating, Some("SE3"), nordpool::CLOCK).unwrap();
    let (table, report) = rows.regular(GapRule::Interpolate { limit_s: 3_600 }, nordpool::CLOCK).unwrap();
    write::write(&table, &report, &path).unwrap();
    let two = read_two(&path).unwrap();
    assert_eq!(two.up.price_per_mwh, [17.0, 18.0, 19.0, 20.0]);
    assert_eq!((two.down.price_per_mwh[2], two.down.start), (15.52, SimTime(1_451_602_800)));
    assert!(read(&path).is_err());
    let about = gridfleet_data::describe::describe(&path, None, chrono_tz::UTC).unwrap().prices.unwrap();
    let made_by = about.made_by.unwrap();
    assert_eq!(made_by.filled[0].slots, 1);
    assert_eq!(made_by.filled[0].from, "2016-01-01T01:00:00Z");
    assert_eq!(about.columns[0].mean, 18.5);
}

#[test]
fn secondary_reserve_of_2017() {
    let names = ["srl/tender_results_2017.csv", "srl/activated_balancing_2017.csv"];
    let Some(data) = data(&names) else { return };
    let files = names.map(|name| [Text::read(&data.join(name)).unwrap()]);
    // Figures of a separate program in Python, which sums up the sorted offers for each quarter.
    let expected = [
        ("2017-01-01T03:15:00Z", -0.34),
        ("2017-01-20T09:00:00Z", 7.5),
        ("2017-02-08T14:45:00Z", 13.55),
        ("2017-02-27T20:30:00Z", -17.02),
        ("2017-03-19T02:15:00Z", 3.95),
        ("2017-04-07T08:00:00Z", 6.3),
        ("2017-04-26T13:45:00Z", 14.0),
        ("2017-05-15T19:30:00Z", -1.9),
        ("2017-06-04T01:15:00Z", -2.0),
        ("2017-06-23T07:00:00Z", -11.5),
        ("2017-07-12T12:45:00Z", 5.4),
        ("2017-07-31T18:30:00Z", 6.3),
        ("2017-08-20T00:15:00Z", -8.42),
        ("2017-09-08T06:00:00Z", 9.36),
        ("2017-09-27T11:45:00Z", 12.0),
        ("2017-10-16T17:30:00Z", 10.5),
        ("2017-11-04T23:15:00Z", -5.1),
        ("2017-11-24T05:00:00Z", 1.5),
        ("2017-12-13T10:45:00Z", 5.6),
    ];
    for (high, mean, negative) in
        [(HighDays::All, -3.822_592_009_132_59, 8_051), (HighDays::Working, -6.428_414_982_876_8, 9_118)]
    {
        let rows = clear(&files[0], &files[1], Direction::Neg, high).unwrap();
        let (table, _) = rows.regular(GapRule::Fail, BERLIN).unwrap();
        let values = &table.columns[0].1;
        assert_eq!(values.len(), 365 * 96);
        assert!((values.iter().sum::<f64>() / values.len() as f64 - mean).abs() < 1e-9);
        assert_eq!(values.iter().filter(|v| **v < 0.0).count(), negative);
        let at = |time: &str| table.times().position(|t| t.iso() == time).map(|slot| values[slot]);
        for (time, price) in expected {
            assert_eq!(at(time), Some(price), "{time}");
        }
    }
}

#[test]
fn nord_pool_and_epex_as_published() {
    let names = [
        "nordpool/elspot-prices_2016_hourly_eur.csv",
        "nordpool/regulating-prices_2016_hourly_eur.csv",
        "epex/DE_dayahead_hourly_2012_2017_epftoolbox.csv",
        "epex/epex_intraday_trade_rows.csv",
    ];
    let Some(data) = data(&names) else { return };
    let text = |name: &str| Text::read(&data.join(name)).unwrap();
    let spot = text(names[0]);
    for area in nordpool::areas(&text(names[1])) {
        let spot = nordpool::read(&spot, nordpool::Kind::Spot, Some(&area), nordpool::CLOCK).unwrap();
        let mut both =
            nordpool::read(&text(names[1]), nordpool::Kind::Regulating, Some(&area), nordpool::CLOCK)
                .unwrap();
        nordpool::compare_with_spot(&mut both, &spot);
        // A property of the market that a shifted hour or swapped column would break at once.
        assert_eq!(both.report.notes["spot"], "8784 of 8784 hours have down <= spot <= up", "{area}");
        assert_eq!(both.regular(GapRule::Fail, nordpool::CLOCK).unwrap().0.slots(), 366 * 24);
    }
    // The German table has 24 hours on every day; six years have six changes each way.
    let options = dayahead::Options { column: Some("Price"), timezone: Some(BERLIN), ..Default::default() };
    let rows = dayahead::read(&text(names[2]), options).unwrap();
    assert_eq!(rows.report.repaired.values().copied().collect::<Vec<_>>(), [6, 6]);
    assert_eq!(rows.regular(GapRule::Fail, BERLIN).unwrap().0.slots(), 52_416);
    // Lowest prices and sums of the public rows, by a separate program in Python.
    let trades = intraday::read(&text(names[3])).unwrap();
    let found: Vec<(f64, f64)> = trades.rows.iter().map(|row| (row.values[0], row.values[1])).collect();
    assert_eq!(found, [(-10.0, 4.25), (-21.8, 21.65), (-16.1, 28.325), (-53.9, 27.725)]);
}

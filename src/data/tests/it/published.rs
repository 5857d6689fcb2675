//! Files as publishers and spreadsheets write them: each comes in without a statement, or is refused with a reason.

use crate::real::data;
use gridfleet_core::error::Result;
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;
use gridfleet_data::presets::Stamp;
use gridfleet_data::prices::PriceReport;
use gridfleet_data::prices::dayahead::{Options, read_file};
use gridfleet_data::prices::slots::GapRule;
use gridfleet_data::table::TableFile;
use gridfleet_data::{DateOrder, Reading, Trace, TripFormat, TripSource, load};
use std::io::Write as _;
use std::path::Path;

const STREAMS: Streams = Streams { seed: 1, replication: 0 };

/// Imports prices of a file with this name and content: first instant, length of a slot, prices.
fn prices_in(
    name: &str,
    bytes: &[u8],
    reading: &Reading,
    options: Options<'_>,
) -> Result<(String, i64, Vec<f64>, PriceReport)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let rows = read_file(&path, reading, options)?;
    let (table, report) = rows.regular(GapRule::Fail, options.timezone.unwrap_or(chrono_tz::UTC))?;
    Ok((table.start.iso(), table.slot_s, table.columns[0].1.clone(), report))
}

fn prices(text: &str, options: Options<'_>) -> (String, i64, Vec<f64>) {
    let (start, slot_s, values, _) =
        prices_in("p.csv", text.as_bytes(), &Reading::default(), options).unwrap();
    (start, slot_s, values)
}

fn refusal(text: &str, options: Options<'_>) -> String {
    let error = prices_in("p.csv", text.as_bytes(), &Reading::default(), options).unwrap_err();
    assert!(error.is_input());
    let text = error.to_string();
    let at = text.find("p.csv").unwrap_or(0);
    text[at..].to_owned()
}

fn area(area: &str) -> Options<'_> {
    Options { area: Some(area), ..Options::default() }
}

fn hourly(start: &str, values: &[f64]) -> (String, i64, Vec<f64>) {
    (start.to_owned(), 3_600, values.to_vec())
}

#[test]
fn units_of_headers_and_users_are_converted() {
    let table = |header: &str, prices: [&str; 2]| {
        format!("timestamp;{header}\n2024-01-01T00:00Z;{}\n2024-01-01T01:00Z;{}\n", prices[0], prices[1])
    };
    let start = "2024-01-01T00:00:00Z";
    let default = Options::default();
    assert_eq!(prices(&table("price [EUR/kWh]", ["0,2", "0,25"]), default), hourly(start, &[200.0, 250.0]));
    assert_eq!(prices(&table("Preis (ct/kWh)", ["20.5", "-1.5"]), default), hourly(start, &[205.0, -15.0]));
    assert_eq!(
        prices(&table("Price $/MWh", ["$20.50", "$1,400.00"]), default),
        hourly(start, &[20.5, 1_400.0])
    );
    let stated = Options { unit: Some("ct/kWh"), ..default };
    assert_eq!(prices(&table("price", ["20.5", "-1.5"]), stated), hourly(start, &[205.0, -15.0]));
    // Without a unit it is assumed, and the magnitude names the likely one.
    let doubted = table("price", ["0.20", "0.25"]);
    let (.., report) = prices_in("p.csv", doubted.as_bytes(), &Reading::default(), default).unwrap();
    insta::assert_snapshot!(report.warnings.join("\n"), @"`price`: median price of 0.250 per MWh: is the unit EUR/kWh? State it with --unit EUR/kWh");
    assert!(report.notes["unit"].contains("assumed"));
    insta::assert_snapshot!(refusal(&table("price", ["20", "30"]), Options { unit: Some("furlongs"), ..default }), @"--unit: found `furlongs`, expected a currency per energy, such as EUR/MWh, EUR/kWh, ct/kWh or $/MWh");
}

#[test]
fn a_header_of_more_names_than_cells() {
    let text = "\"MTU (CET/CEST)\",\"Day-ahead Price [EUR/MWh]\",\"Currency\",\"BZN|XX\"\n\
        \"01.01.2020 00:00 - 01.01.2020 01:00\",\"10.5\",\"EUR\"\n\"01.01.2020 01:00 - 01.01.2020 02:00\",\"11.5\",\"EUR\"\n\
        \"01.01.2020 02:00 - 01.01.2020 03:00\",\"12.5\",\"EUR\"\n";
    assert_eq!(prices(text, Options::default()), hourly("2019-12-31T23:00:00Z", &[10.5, 11.5, 12.5]));
}

#[test]
fn several_places_must_be_chosen() {
    let text = ",0,country_code\n2022-06-01 00:00:00+02:00,220.0,DK_1\n2022-06-01 01:00:00+02:00,207.5,DK_1\n\
        2022-06-01 00:00:00+02:00,210.0,DE_LU\n2022-06-01 01:00:00+02:00,200.0,DE_LU\n";
    insta::assert_snapshot!(refusal(text, Options::default()), @"p.csv:1: --area: found 2 values of `country_code`, expected one of `DE_LU`, `DK_1`; choose one with --area");
    insta::assert_snapshot!(refusal(text, area("FR")), @"p.csv:1: --area: found `FR`, expected one of `DE_LU`, `DK_1`; choose a place of the file");
    assert_eq!(prices(text, area("de_lu")), hourly("2022-05-31T22:00:00Z", &[210.0, 200.0]));
    let chosen = Reading { conditions: vec![("country_code".into(), "DK_1".into())], ..Reading::default() };
    let (.., values, _) = prices_in("p.csv", text.as_bytes(), &chosen, Options::default()).unwrap();
    assert_eq!(values, [220.0, 207.5]);
    let portal = "\"MTU (CET/CEST)\",\"Area\",\"Sequence\",\"Day-ahead Price (EUR/MWh)\",\"Intraday Price (EUR/MWh)\"\n\
        \"05/06/2025 00:00:00 - 05/06/2025 01:00:00\",\"BZN|CH\",\"Without Sequence\",\"90.5\",\"\"\n\
        \"05/06/2025 01:00:00 - 05/06/2025 02:00:00\",\"BZN|CH\",\"Without Sequence\",\"91.5\",\"\"\n";
    assert_eq!(prices(portal, area("CH")), hourly("2025-06-04T22:00:00Z", &[90.5, 91.5]));
}

#[test]
fn markets_of_other_continents() {
    let nyiso = "\"Time Stamp\",\"Name\",\"PTID\",\"LBMP ($/MWHr)\"\n\"02/18/2016 00:05:00\",\"WEST\",1,20\n\"02/18/2016 00:05:00\",\"N.Y.C.\",2,30\n\
        \"02/18/2016 00:10:00\",\"WEST\",1,21\n\"02/18/2016 00:10:00\",\"N.Y.C.\",2,31\n\"02/18/2016 00:15:00\",\"WEST\",1,22\n\"02/18/2016 00:15:00\",\"N.Y.C.\",2,32\n";
    // Stamps of five minutes end the interval: it begins at midnight in New York, 5:00 UTC.
    assert_eq!(prices(nyiso, area("N.Y.C.")), ("2016-02-18T05:00:00Z".into(), 300, vec![30.0, 31.0, 32.0]));
    let old = "Eastern Date Hour,Eastern Date Hour Time Zone,Zone Name,DAM Zonal LBMP\n6/1/24 0:00,EDT,A,22\n6/1/24 1:00,EDT,A,21\n";
    assert_eq!(prices(old, Options::default()), hourly("2024-06-01T04:00:00Z", &[22.0, 21.0]));
    let pjm = "datetime_beginning_utc,datetime_beginning_ept,pnode_name,total_lmp_da\n6/1/2025 4:00:00 AM,6/1/2025 12:00:00 AM,X,30\n6/1/2025 5:00:00 AM,6/1/2025 1:00:00 AM,X,31\n";
    assert_eq!(prices(pjm, Options::default()), hourly("2025-06-01T04:00:00Z", &[30.0, 31.0]));
    let isone = "\"C\",\"Report\"\n\"C\",\"For: 11/02/2025\"\n\"H\",\"Date\",\"Hour Ending\",\"Location Name\",\"Locational Marginal Price\"\n\"H\",\"Date\",\"HE\",\"String\",\"Number\"\n\
        \"D\",\"11/02/2025\",\"01\",\"HUB\",10.0\n\"D\",\"11/02/2025\",\"02\",\"HUB\",20.0\n\"D\",\"11/02/2025\",\"02X\",\"HUB\",30.0\n\"D\",\"11/02/2025\",\"03\",\"HUB\",40.0\n\"T\",\"4 lines\"\n";
    assert_eq!(prices(isone, Options::default()), hourly("2025-11-02T04:00:00Z", &[10.0, 20.0, 30.0, 40.0]));
    let aemo = "C,NEMP,AEMO\nI,DISPATCH,PRICE,1,SETTLEMENTDATE,REGIONID,INTERVENTION,RRP\nD,DISPATCH,PRICE,1,2018/04/01 00:05:00,NSW1,0,67.5\nD,DISPATCH,PRICE,1,2018/04/01 00:05:00,NSW1,1,99\n\
        D,DISPATCH,PRICE,1,2018/04/01 00:10:00,NSW1,0,68.5\nC,\"END OF REPORT\",5\n";
    assert_eq!(prices(aemo, area("NSW1")), ("2018-03-31T14:00:00Z".into(), 300, vec![67.5, 68.5]));
    let caiso = "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,NODE,LMP_TYPE,MW\n2024-03-05T09:00:00-00:00,2024-03-05T10:00:00-00:00,N,LMP,41\n\
        2024-03-05T08:00:00-00:00,2024-03-05T09:00:00-00:00,N,LMP,40\n2024-03-05T08:00:00-00:00,2024-03-05T09:00:00-00:00,N,MCC,1\n";
    assert_eq!(prices(caiso, Options::default()), hourly("2024-03-05T08:00:00Z", &[40.0, 41.0]));
    // The clocks of Texas go back on 3 November 2024 at 2:00.
    let ercot = "DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag\n11/03/2024,01:00,HB,10,N\n11/03/2024,02:00,HB,20,N\n11/03/2024,02:00,HB,30,Y\n11/03/2024,03:00,HB,40,N\n11/03/2024,24:00,HB,5,N\n";
    let refused = refusal(ercot, Options::default());
    assert!(refused.contains("no prices from"), "{refused}");
    let four = ercot.lines().take(5).collect::<Vec<_>>().join("\n");
    assert_eq!(prices(&four, Options::default()), hourly("2024-11-03T05:00:00Z", &[10.0, 20.0, 30.0, 40.0]));
}

#[test]
fn german_and_english_tables_across_the_autumn_change() {
    // Berlin, 27 October 2024: 2:00 comes twice, the first time at 0:00 UTC.
    let hours = ["12:00 AM", "1:00 AM", "2:00 AM", "2:00 AM", "3:00 AM"];
    let row = |(at, hour): (usize, &&str)| format!("Oct 27, 2024 {hour};Oct 27, 2024 3:00 PM;{at}.50\n");
    let rows: String = hours.iter().enumerate().map(row).collect();
    let english =
        format!("\u{feff}Start date;End date;Germany/Luxembourg [€/MWh] Calculated resolutions\n{rows}");
    let expected = hourly("2024-10-26T22:00:00Z", &[0.5, 1.5, 2.5, 3.5, 4.5]);
    assert_eq!(prices(&english, Options::default()), expected);
    let parted = english
        .replace("Start date;End date", "Date;Start;End")
        .replace(" 3:00 PM", "")
        .replace("Oct 27, 2024 ", "Oct 27, 2024;");
    let parted = parted.replace(";Oct 27, 2024;", ";1:00 PM;");
    assert_eq!(prices(&parted, Options::default()), expected);
    let charts = "Date (GMT+1),Day Ahead Auction (DE-LU)\n,\"Price (EUR/MWh, EUR/tCO2)\"\n2024-10-27T00:00+02:00,5\n2024-10-27T01:00+02:00,6.5\n";
    assert_eq!(prices(charts, Options::default()), hourly("2024-10-26T22:00:00Z", &[5.0, 6.5]));
    let json = br#"[[1729980000000, 5.0], [1729983600000, 6.5]]"#;
    let (start, _, values, _) = prices_in("p.json", json, &Reading::default(), Options::default()).unwrap();
    assert_eq!((start.as_str(), values), ("2024-10-26T22:00:00Z", vec![5.0, 6.5]));
}

#[test]
fn a_document_of_the_market_that_changes_from_hours_to_quarters() {
    let period = |start: &str, end: &str, resolution: &str, points: &str| {
        format!(
            "<Period><timeInterval><start>{start}</start><end>{end}</end></timeInterval>\
             <resolution>{resolution}</resolution>{points}</Period>"
        )
    };
    let point = |at: u32, price: &str| {
        format!("<Point><position>{at}</position><price.amount>{price}</price.amount></Point>")
    };
    let hours = [point(1, "40"), point(3, "-5.5")].concat();
    let quarters = [point(1, "70"), point(4, "80")].concat();
    let text = format!(
        "<Publication_MarketDocument><TimeSeries><out_Domain.mRID>10Y1001A1001A82H</out_Domain.mRID>\
         <currency_Unit.name>EUR</currency_Unit.name><curveType>A03</curveType>{}{}</TimeSeries>\
         </Publication_MarketDocument>",
        period("2025-09-30T19:00Z", "2025-09-30T22:00Z", "PT60M", &hours),
        period("2025-09-30T22:00Z", "2025-09-30T23:00Z", "PT15M", &quarters),
    );
    let (start, slot_s, values, report) =
        prices_in("p.xml", text.as_bytes(), &Reading::default(), Options::default()).unwrap();
    // Hours hold for four quarters; positions left out repeat the price before.
    let expected: Vec<f64> = [[40.0; 8].as_slice(), &[-5.5; 4], &[70.0, 70.0, 70.0, 80.0]].concat();
    assert_eq!((start.as_str(), slot_s, values), ("2025-09-30T19:00:00Z", 900, expected));
    assert!(report.notes["kind"].starts_with("entsoe-xml") && report.notes["unit"].starts_with("EUR/MWh"));
}

#[test]
fn hours_as_columns_and_stamps_at_the_end() {
    let berlin = Options { timezone: Some(chrono_tz::Europe::Berlin), ..Options::default() };
    let wide = "date,0,1,2,3\n2021-01-01,30.5,31,32,33\n";
    assert_eq!(prices(wide, berlin), hourly("2020-12-31T23:00:00Z", &[30.5, 31.0, 32.0, 33.0]));
    let ending = "Day;HE01;HE02;HE03\n01.02.2021;30,5;31;32\n";
    assert_eq!(
        prices(ending, Options { time_column: Some("Day"), ..berlin }),
        hourly("2021-01-31T23:00:00Z", &[30.5, 31.0, 32.0])
    );
    let text = "End Time Stamp,price\n2024-01-01 01:00,30\n2024-01-01 02:00,31\n";
    let named = Options { time_column: Some("End Time Stamp"), ..berlin };
    assert_eq!(prices(text, named), hourly("2023-12-31T23:00:00Z", &[30.0, 31.0]));
    let text = text.replace("End Time Stamp", "time");
    assert_eq!(prices(&text, berlin), hourly("2024-01-01T00:00:00Z", &[30.0, 31.0]));
    assert_eq!(
        prices(&text, Options { stamp: Some(Stamp::End), ..berlin }),
        hourly("2023-12-31T23:00:00Z", &[30.0, 31.0])
    );
}

#[test]
fn one_day_of_an_undecidable_date_is_refused() {
    let text = "time;price\n03/04/2024 00:00;30\n03/04/2024 01:00;31\n";
    let utc = Options { timezone: Some(chrono_tz::UTC), ..Options::default() };
    insta::assert_snapshot!(refusal(text, utc), @"p.csv:2: time: found `03/04/2024 00:00`, expected a date whose day and month are clear; no date of the file decides; state the order with --date-order day-first or month-first");
    let stated = Reading { date_order: Some(DateOrder::DayFirst), ..Reading::default() };
    assert_eq!(prices_in("p.csv", text.as_bytes(), &stated, utc).unwrap().0, "2024-04-03T00:00:00Z");
    // The next day decides.
    assert_eq!(prices(&text.replace("03/04/2024 01", "04/04/2024 00"), utc).0, "2024-04-03T00:00:00Z");
}

/// Trips of a file with this content.
fn trips(
    text: &str,
    format: TripFormat,
    map: &[(&str, &str)],
    change: impl FnOnce(&mut TripSource),
) -> Result<Trace> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    let mut source = TripSource::new(format, vec![path]);
    source.map = map.iter().map(|(name, column)| ((*name).to_owned(), (*column).to_owned())).collect();
    change(&mut source);
    load(&source, &STREAMS)
}

const MAP: [(&str, &str); 5] = [
    ("request_time", "t"),
    ("origin_lat", "a"),
    ("origin_lon", "b"),
    ("destination_lat", "c"),
    ("destination_lon", "d"),
];

#[test]
fn dates_of_trips_are_read_in_the_order_that_the_column_decides() {
    let rows = |last: u32| -> String {
        (1..=last).map(|day| format!("{day:02}/03/2016 08:00,48.70,9.10,48.80,9.20\n")).collect()
    };
    let whole = trips(&format!("t,a,b,c,d\n{}", rows(31)), TripFormat::Trips, &MAP, |_| {}).unwrap();
    assert_eq!((whole.len(), whole.request_time[30].iso()), (31, "2016-03-31T08:00:00Z".into()));
    assert_eq!(whole.report.assumed["column `t`"], "dates begin with the day");
    let short = format!("t,a,b,c,d\n{}", rows(12));
    let error = trips(&short, TripFormat::Trips, &MAP, |_| {}).unwrap_err().to_string();
    assert!(error.contains("expected a date whose day and month are clear"), "{error}");
    let stated = |order| {
        trips(&short, TripFormat::Trips, &MAP, |source| source.reading.date_order = Some(order)).unwrap()
    };
    assert_eq!(stated(DateOrder::DayFirst).request_time[1].iso(), "2016-03-02T08:00:00Z");
    assert_eq!(stated(DateOrder::MonthFirst).request_time[1].iso(), "2016-02-03T08:00:00Z");
}

#[test]
fn seconds_of_a_day_begin_at_a_date() {
    let rows = "28800,48.7,9.1,48.8,9.2\n1970-01-02T08:00:00,48.7,9.1,48.8,9.2\n";
    let berlin = |source: &mut TripSource| {
        source.timezone = chrono_tz::Europe::Berlin;
        source.epoch = "2024-07-01".parse().ok();
    };
    let trace = trips(&format!("t,a,b,c,d\n{rows}"), TripFormat::Trips, &MAP, berlin).unwrap();
    assert_eq!(
        trace.request_time.iter().map(|t| t.iso()).collect::<Vec<_>>(),
        ["2024-07-01T06:00:00Z", "2024-07-02T06:00:00Z"]
    );
}

#[test]
fn dates_and_times_in_two_columns_and_a_doubled_hour_in_order() {
    let text = "day;at;a;b;c;d\n27.10.2024;02:50;48,7;9,1;48,8;9,2\n27.10.2024;02:10;48,7;9,1;48,8;9,2\n27.10.2024;03:10;48,7;9,1;48,8;9,2\n";
    let map = [("request_time", "day+at"), MAP[1], MAP[2], MAP[3], MAP[4]];
    let berlin = |source: &mut TripSource| source.timezone = chrono_tz::Europe::Berlin;
    let trace = trips(text, TripFormat::Trips, &map, berlin).unwrap();
    let times: Vec<String> = trace.request_time.iter().map(|t| t.iso()).collect();
    assert_eq!(times, ["2024-10-27T00:50:00Z", "2024-10-27T01:10:00Z", "2024-10-27T02:10:00Z"]);
}

#[test]
fn implausible_magnitudes_are_doubted() {
    let text =
        "t,a,b,c,d,km,min\n2016-03-01,48.7,9.1,48.8,9.2,8000,12\n2016-03-02,48.7,9.1,48.8,9.2,9000,13\n";
    let map = [&MAP[..], &[("distance_km", "km")]].concat();
    let error = trips(text, TripFormat::Trips, &map, |_| {}).unwrap_err().to_string();
    assert!(error.contains("absurd distance") && error.contains("are the distances in metres?"), "{error}");
    let text = text.replace(",8000,", ",800,").replace(",9000,", ",900,");
    let trace = trips(&text, TripFormat::Trips, &map, |_| {}).unwrap();
    insta::assert_snapshot!(trace.report.warnings.join("\n"), @"median distance of 900 km: are the distances in metres? State it, for example --map distance_km=COLUMN:m");
    let map = [&MAP[..], &[("distance_km", "km:m"), ("duration_s", "min:min")]].concat();
    let trace = trips(&text, TripFormat::Trips, &map, |_| {}).unwrap();
    assert_eq!((trace.distance_km[0], trace.duration_s[0], trace.report.warnings.len()), (0.8, 720.0, 0));
}

#[test]
fn semicolons_and_decimal_commas_of_trips() {
    let text = "t;a;b;c;d\n2016-03-01 08:00:00;48,70;9,10;48,80;9,20\n";
    let trace = trips(text, TripFormat::Trips, &MAP, |_| {}).unwrap();
    assert_eq!((trace.places.lat(trace.origin[0]), trace.places.lon(trace.destination[0])), (48.7, 9.2));
}

#[test]
fn dollars_thousands_and_miles() {
    let text = "Trip ID,Taxi ID,Trip Start Timestamp,Trip End Timestamp,Trip Seconds,Trip Miles,Fare,Pickup Centroid Latitude,Pickup Centroid Longitude,Dropoff Centroid Latitude,Dropoff Centroid Longitude\n\
        x,y,04/18/2015 12:00:00 AM,04/18/2015 12:15:00 AM,480,2,$7.00,41.90,-87.65,41.95,-87.65\n\
        z,y,06/09/2016 05:30:00 PM,06/09/2016 06:45:00 PM,\"4,380\",16,\"$1,046.00\",41.98,-87.90,41.90,-87.63\n";
    let check = |trace: Trace| {
        assert_eq!((&trace.duration_s[..], &trace.fare[..]), (&[480.0, 4_380.0][..], &[7.0, 1_046.0][..]));
        assert!((trace.distance_km[1] - 16.0 * 1.609_344).abs() < 1e-9);
        trace.request_time[0]
    };
    // By the kind of file, midnight in Chicago is 5:00 UTC, and times are rounded to quarters of an hour.
    let midnight = 1_429_333_200;
    let first = check(trips(text, TripFormat::Trips, &[], |_| {}).unwrap());
    assert!((-450..450).contains(&(first.0 - midnight)), "{}", first.iso());
    let map = [
        ("request_time", "Trip Start Timestamp"),
        ("origin_lat", "Pickup Centroid Latitude"),
        ("origin_lon", "Pickup Centroid Longitude"),
        ("destination_lat", "Dropoff Centroid Latitude"),
        ("destination_lon", "Dropoff Centroid Longitude"),
        ("distance_km", "Trip Miles:mi"),
        ("duration_s", "Trip Seconds"),
    ];
    let mapped = check(trips(text, TripFormat::Trips, &map, |_| {}).unwrap());
    assert_eq!(mapped.iso(), "2015-04-18T00:00:00Z");
    // A column that was found by its name never costs a row.
    let spoilt = text.replace("$7.00", "seven dollars");
    let trace = trips(&spoilt, TripFormat::Trips, &map, |_| {}).unwrap();
    assert_eq!((trace.len(), trace.report.repaired["unreadable fare treated as missing"]), (2, 1));
}

#[test]
fn positions_of_taxis_become_trips() {
    let text = "\"TRIP_ID\",\"CALL_TYPE\",\"ORIGIN_CALL\",\"ORIGIN_STAND\",\"TAXI_ID\",\"TIMESTAMP\",\"DAY_TYPE\",\"MISSING_DATA\",\"POLYLINE\"\n\
        \"1\",\"C\",\"\",\"\",\"20000589\",\"1372636858\",\"A\",\"False\",\"[[-8.618643,41.141412],[-8.618499,41.141376],[-8.620326,41.14251]]\"\n\
        \"2\",\"B\",\"\",\"7\",\"20000596\",\"1372637303\",\"A\",\"True\",\"[[-8.6,41.1],[-8.6,41.2]]\"\n\
        \"3\",\"C\",\"\",\"\",\"20000320\",\"1372636951\",\"A\",\"False\",\"[]\"\n\
        \"4\",\"C\",\"\",\"\",\"20000320\",\"1372636951\",\"A\",\"False\",\"[[-8.6,141.1],[-8.6,41.2]]\"\n\
        \"5\",\"C\",\"\",\"\",\"20000320\",\"1372636951\",\"A\",\"False\",\"[[-8.6,41.1],[-8.6,42.2]]\"\n";
    let trace = trips(text, TripFormat::Trips, &[], |_| {}).unwrap();
    assert_eq!((trace.len(), trace.request_time[0], trace.duration_s[0]), (1, SimTime(1_372_636_858), 30.0));
    // 12.7 m and 198.6 m (haversine).
    assert!((trace.distance_km[0] - 0.2113).abs() < 0.0005, "{}", trace.distance_km[0]);
    assert_eq!(trace.vehicle_names, ["20000589"]);
    let reasons: Vec<&str> = trace.report.skipped.keys().map(String::as_str).collect();
    assert_eq!(
        reasons,
        ["fewer than two positions", "positions missing", "speed above 250 km/h", "unreadable positions"]
    );
}

#[test]
fn nested_trips_of_devices_are_in_metres_and_milliseconds() {
    let text = r#"{"version":"2.0.0","trips":[{"provider_id":"p","device_id":"d1","trip_id":"t","start_time":1703167199000,"end_time":1703168699000,"start_location":{"lat":33.98,"lng":-118.45},"end_location":{"lat":34.01,"lng":-118.40},"duration":1500,"distance":7200}]}"#;
    let trace = trips(text, TripFormat::Trips, &[], |_| {}).unwrap();
    assert_eq!((trace.request_time[0], trace.duration_s[0]), (SimTime(1_703_167_199), 1_500.0));
    assert!((trace.distance_km[0] - 7.2).abs() < 1e-9);
    assert_eq!((trace.vehicle_names[0].as_str(), trace.places.lon(trace.origin[0])), ("d1", -118.45));
}

#[test]
fn times_rounded_to_quarters_are_spread_by_seed() {
    let row = "2015-04-18T12:15:00,1.0,300,41.9,-87.6,41.9,-87.7\n";
    let text = format!(
        "trip_start_timestamp,trip_miles,trip_seconds,pickup_centroid_latitude,pickup_centroid_longitude,\
         dropoff_centroid_latitude,dropoff_centroid_longitude\n{}",
        row.repeat(2_000)
    );
    let read = |seed| trips(&text, TripFormat::Trips, &[], |source| source.seed = seed).unwrap();
    let trace = read(1);
    // 12:15 in Chicago; the publisher rounds to the nearest quarter.
    let rounded = 1_429_377_300;
    let moved: Vec<i64> = trace.request_time.iter().map(|time| time.0 - rounded).collect();
    assert_eq!((moved[0].max(-450), moved[1_999].min(449)), (moved[0], moved[1_999]));
    // A uniform spread of 900 s has a mean of 0 with a deviation of 900 / sqrt(12 * 2000) = 5.8 s.
    let mean = moved.iter().sum::<i64>() as f64 / 2_000.0;
    assert!(mean.abs() < 25.0 && moved[0] < -440 && moved[1_999] > 440, "{mean}");
    assert_eq!(trace.request_time, read(1).request_time);
    assert_ne!(trace.request_time, read(2).request_time);
    assert!(trace.report.assumed["request_time of rounded times"].contains("by seed 1"));
}

#[test]
fn for_hire_trips_have_request_times() {
    let text = "hvfhs_license_num,dispatching_base_num,request_datetime,on_scene_datetime,pickup_datetime,dropoff_datetime,PULocationID,DOLocationID,trip_miles,trip_time,base_passenger_fare\n\
        HV0003,B1,2021-01-05 08:00:00,2021-01-05 08:03:00,2021-01-05 08:05:00,2021-01-05 08:25:00,1,2,5.26,1200,20.0\n";
    let folder = tempfile::tempdir().unwrap();
    let zones = folder.path().join("z.csv");
    std::fs::write(&zones, "zone_id,lat,lon\n1,40.7,-74.0\n2,40.8,-73.9\n").unwrap();
    for format in [TripFormat::Tlc, TripFormat::Trips] {
        let trace = trips(text, format, &[], |source| source.zones = Some(zones.clone())).unwrap();
        assert_eq!(trace.request_time[0].iso(), "2021-01-05T13:00:00Z");
        assert!((trace.distance_km[0] - 8.465_149_44).abs() < 1e-9);
        assert_eq!((trace.duration_s[0], trace.fare[0]), (1_200.0, 20.0));
    }
}

#[test]
fn joined_months_of_taxis_are_kept_and_strays_are_not() {
    let mut text = "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,PULocationID,DOLocationID,passenger_count,trip_distance,fare_amount\n".to_owned();
    // Few trips in the first and the last month, as samples have them.
    let months = [(1, 3), (2, 40), (3, 40), (4, 40), (5, 3)];
    for (month, trips) in months {
        for trip in 0..trips {
            let day = 1 + trip * 28 / trips;
            text += &format!(
                "1,2018-0{month}-{day:02} 08:00:00,2018-0{month}-{day:02} 08:10:00,1,2,1,1.5,{trip}\n"
            );
        }
    }
    text += "1,2009-01-01 08:00:00,2009-01-01 08:10:00,1,2,1,1.5,9\n";
    let folder = tempfile::tempdir().unwrap();
    let zones = folder.path().join("z.csv");
    std::fs::write(&zones, "zone_id,lat,lon\n1,40.7,-74.0\n2,40.8,-73.9\n").unwrap();
    let trace = trips(&text, TripFormat::Tlc, &[], |source| source.zones = Some(zones)).unwrap();
    assert_eq!(trace.len(), 126);
    assert_eq!(trace.report.skipped["time outside the file's period"], 1);
}

#[test]
fn files_without_a_header_have_names_by_statement() {
    let text = "A,2013-01-01 00:00:00,120,0.44,40.716976,-73.956528,40.715008,-73.962440\n\
        B,2013-01-01 00:05:00,180,0.5,40.716976,-73.956528,40.715008,-73.962440\n";
    let map = [("request_time", "t"), ("duration_s", "s"), ("distance_km", "l:mi")];
    let error = trips(text, TripFormat::Trips, &map, |_| {}).unwrap_err().to_string();
    assert!(error.contains("t.csv:1: t: found no header line: this line is a row"), "{error}");
    let names = ["id", "t", "s", "l", "origin_lat", "origin_lon", "destination_lat", "destination_lon"];
    let trace = trips(text, TripFormat::Trips, &map, |source| {
        source.reading.columns = names.map(String::from).to_vec()
    })
    .unwrap();
    assert_eq!((trace.len(), trace.duration_s[1]), (2, 180.0));
}

#[test]
fn packed_tables_and_records_are_tables() {
    let folder = tempfile::tempdir().unwrap();
    let plain = "time,price_per_mwh\n2024-01-01T00:00:00Z,30.5\n2024-01-01T01:00:00Z,31\n";
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(plain.as_bytes()).unwrap();
    let wide: Vec<u8> =
        [0xfeff_u16].into_iter().chain(plain.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let json = r#"{"prices":[{"time":"2024-01-01T00:00:00Z","price_per_mwh":30.5},{"time":"2024-01-01T01:00:00Z","price_per_mwh":31}]}"#;
    let german = plain.replace(',', ";").replace('.', ",");
    for (name, bytes) in [
        ("p.csv.gz", packer.finish().unwrap()),
        ("p.csv", wide),
        ("p.json", json.as_bytes().to_vec()),
        ("p.txt", german.into_bytes()),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let series = gridfleet_data::prices::read(&path).unwrap();
        assert_eq!(
            (series.start, &series.price_per_mwh[..]),
            (SimTime(1_704_067_200), &[30.5, 31.0][..]),
            "{name}"
        );
    }
    // Nested records of GBFS.
    let gbfs = r#"{"last_updated":1,"data":{"bikes":[{"bike_id":"b","lat":52.4,"lon":10.7,"rental_uris":{"ios":"x"}}]}}"#;
    let file = TableFile::from_bytes("g.json", gbfs.as_bytes().to_vec()).unwrap();
    assert_eq!((file.kind(), file.names().len()), ("json", 4));
    let table =
        file.read(&[file.require(&["lat"]).unwrap(), file.require(&["rental_uris.ios"]).unwrap()]).unwrap();
    assert_eq!((table.rows(), table.cell(file.require(&["rental_uris.ios"]).unwrap(), 0)), (1, "x".into()));
}

#[test]
fn reserve_of_today_by_block_and_quarter() {
    use gridfleet_data::prices::srl_files::Direction;
    use gridfleet_data::prices::text::Text;
    use gridfleet_data::prices::{capacity, srl};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.csv");
    let head =
        "DATE_FROM;DATE_TO;TYPE_OF_RESERVES;PRODUCT;CAPACITY_PRICE_[(EUR/MW)/h];ALLOCATED_CAPACITY_[MW]\n";
    // Berlin, 31 March 2024: the clocks go forward in the first block, which has three hours.
    let rows = "2024-03-31;2024-03-31;aFRR;NEG_00_04;5,10;10\n2024-03-31;2024-03-31;aFRR;NEG_00_04;6,00;10\n2024-03-31;2024-03-31;aFRR;NEG_00_04;9,00;0\n\
        2024-03-31;2024-03-31;aFRR;NEG_04_08;7,00;10\n2024-03-31;2024-03-31;aFRR;POS_04_08;1,00;10\n";
    std::fs::write(&path, format!("{head}{rows}")).unwrap();
    let read = |direction| capacity::read(&path, &Reading::default(), direction, None).unwrap();
    let (table, _) = read(Direction::Neg).regular(GapRule::Fail, chrono_tz::Europe::Berlin).unwrap();
    assert_eq!(table.start.iso(), "2024-03-30T23:00:00Z");
    assert_eq!(table.columns[0].1, [6.0, 6.0, 6.0, 7.0, 7.0, 7.0, 7.0]);
    // Prices per block are divided by its hours.
    std::fs::write(&path, format!("{head}{rows}").replace("[(EUR/MW)/h]", "[EUR/MW]")).unwrap();
    assert_eq!(read(Direction::Pos).rows[0].values, [0.25]);

    // Energy by quarter of an hour: 8 of 10 MW of the dearer offer, then beyond both.
    let text = |name: &str, content: &str| Text::from_bytes(Path::new(name), content.as_bytes()).unwrap();
    let energy = "DELIVERY_DATE;TYPE_OF_RESERVES;PRODUCT;ENERGY_PRICE_[EUR/MWh];ENERGY_PRICE_PAYMENT_DIRECTION;OFFERED_CAPACITY_[MW];ALLOCATED_CAPACITY_[MW]\n\
        01.01.2024;aFRR;NEG_001;15,00;PROVIDER_TO_GRID;10;10\n01.01.2024;aFRR;NEG_001;12,50;GRID_TO_PROVIDER;5;5\n01.01.2024;aFRR;NEG_002;3,00;PROVIDER_TO_GRID;5;5\n";
    let used = "DATUM;UHRZEIT VON;UHRZEIT BIS;BETR. NEG;BETR. POS\n01.01.2024;00:00;00:15;8,000;0,000\n01.01.2024;00:15;00:30;20,000;0,000\n";
    let rows =
        srl::read(&[text("e.csv", energy)], &[text("a.csv", used)], Direction::Neg, srl::HighDays::All)
            .unwrap();
    assert_eq!(rows.rows.iter().map(|row| row.values[0]).collect::<Vec<_>>(), [15.0, 3.0]);
    assert_eq!(rows.rows[0].time.iso(), "2023-12-31T23:00:00Z");
}

#[test]
fn members_of_an_archive_are_one_table_and_messages_name_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.zip");
    let head = "\"Time Stamp\",\"Name\",\"PTID\",\"LBMP ($/MWHr)\"\n";
    let write = |second: &str| {
        let mut archive = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
        let days = [("20240105.csv", "01/05/2024 00:00", "30"), ("20240104.csv", "01/04/2024 23:00", second)];
        for (name, time, price) in days {
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            writeln!(archive, "{head}\"{time}\",\"WEST\",1,{price}").unwrap();
        }
        archive.finish().unwrap();
    };
    write("29");
    let rows = read_file(&path, &Reading::default(), Options::default()).unwrap();
    let found: Vec<_> = rows.rows.iter().map(|row| (row.time.iso(), row.line, row.values[0])).collect();
    assert_eq!(found, [("2024-01-05T04:00:00Z".into(), 2, 29.0), ("2024-01-05T05:00:00Z".into(), 2, 30.0)]);
    write("dear");
    let error = read_file(&path, &Reading::default(), Options::default()).unwrap_err().to_string();
    assert!(
        error.contains("p.zip/20240104.csv:2: LBMP ($/MWHr): found `dear`, expected a number"),
        "{error}"
    );
}

#[test]
fn prices_of_the_world_as_published() {
    let files = [
        ("prices_world/entsoe_portal_2025-12-12.csv", "CH", 3_600, 24),
        ("prices_world/entsoe_export_FI_2020.csv", "FI", 3_600, 8_784),
        ("prices_world/entsoe_many_zones.csv", "SE_4", 3_600, 72),
        ("prices_world/nyiso_realtime_lbmp.csv", "WEST", 900, 3),
        ("prices_world/isone_da_lmp_2026-06-04.csv", ".H.INTERNAL_HUB", 3_600, 24),
        ("prices_world/pjm_da_hrl_lmps.csv", "ALDENE", 3_600, 1_499),
    ];
    let Some(folder) = data(&files.map(|file| file.0)) else { return };
    for (name, place, slot_s, slots) in files {
        let options = if name.contains("FI_2020") { Options::default() } else { area(place) };
        let rows = read_file(&folder.join(name), &Reading::default(), options).unwrap();
        let rule = GapRule::PreviousWeek;
        let (table, report) = rows.regular(rule, chrono_tz::UTC).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((table.slot_s, table.slots()), (slot_s, slots), "{name}: {report}");
    }
    // The extract of AEMO leaves days out, which is a gap. Times end the interval, in Brisbane.
    let aemo = folder.join("prices_world/aemo_dispatchprice_2018-04-01.zip");
    let rows = read_file(&aemo, &Reading::default(), area("SA1")).unwrap();
    assert_eq!((rows.rows.len(), rows.rows[0].time.iso().as_str()), (1_440, "2018-03-31T14:00:00Z"));
}

#[test]
fn sessions_of_the_world_as_published() {
    use gridfleet_data::sessions::{Options, read};
    let files = [
        ("ev_sessions/acn_caltech_2019-05.csv", 2_000, 2_000),
        ("ev_sessions/nl_allego_public_sessions.csv", 29_455, 25_881),
        ("ev_sessions/boulder_2021.csv", 21_569, 21_559),
    ];
    let Some(folder) = data(&files.map(|file| file.0)) else { return };
    for (name, rows, kept) in files {
        // Times of the last one are local, and the file does not say where.
        let timezone = name.contains("boulder").then_some(chrono_tz::America::Denver);
        let options = Options { timezone, ..Options::default() };
        let report = read(&[folder.join(name)], &options).unwrap().report;
        assert_eq!((report.rows_read, report.rows_kept), (rows, kept), "{name}");
    }
    let acn = folder.join("ev_sessions/acn_y107_2021_sessions_list.json");
    let read = read(&[acn], &Options::default()).unwrap();
    assert!(read.sessions.iter().any(|session| !session.requested_kwh.is_nan()));
    // One took 34 kWh within minutes.
    assert_eq!((read.report.rows_kept, read.report.skipped["mean power above 400 kW"]), (2_113, 1));
}

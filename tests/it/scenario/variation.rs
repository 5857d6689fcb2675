//! Variation between replications: days, thinning, jitter, level, durations, drivers, weather and prices; and reading
//! once for many replications.

use crate::support::cli::{Dir, gridfleet};
use crate::support::files::{assert_same, results};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeZone, Weekday};
use chrono_tz::Europe::Berlin;
use gridfleet::engine::Simulation;
use gridfleet::ids::RetailerId;
use gridfleet::records::{Collected, LegPurpose};
use gridfleet::rng::Streams;
use gridfleet::scenario::{self, Overrides, Scenario};
use gridfleet::time::SimTime;
use gridfleet::world::{Setup, Tariff};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

const SMALL: &str = "scenarios/small.toml";

/// Everything that can also vary in replay.
const ALL: [&str; 7] = [
    "variation.demand_days=bootstrap",
    "variation.demand_thinning=0.9",
    "variation.demand_jitter_s=300",
    "variation.ride_duration_cv=0.2",
    "variation.driving_style_cv=0.15",
    "variation.temperature_sd_c=4",
    "variation.price_days=bootstrap",
];

/// A month of trips, one every half hour and a second, each with its number as fare and 600 s long; and
/// two files of prices, each price the number of its hour, with either sign.
struct Month {
    folder: tempfile::TempDir,
    times: Vec<SimTime>,
}

/// 2018-03-01T00:00 in Berlin, where clocks went forward on the 25th.
const FIRST_OF_MARCH: i64 = 1_519_858_800;
/// Where the prices start: 2018-02-24T00:00 in Berlin.
const FIRST_PRICE: i64 = FIRST_OF_MARCH - 5 * 86_400;

impl Month {
    fn new() -> Self {
        use std::fmt::Write as _;
        let folder = tempfile::tempdir().unwrap();
        let end = FIRST_OF_MARCH + 31 * 86_400 - 3_600;
        let times: Vec<SimTime> = (FIRST_OF_MARCH + 60..end).step_by(1_801).map(SimTime).collect();
        let mut trips = String::from(
            "request_time,origin_lat,origin_lon,destination_lat,destination_lon,distance_km,duration_s,fare\n",
        );
        for (i, t) in times.iter().enumerate() {
            let _ = writeln!(trips, "{},51.54,9.93,51.53,9.94,2.0,600,{i}", t.iso());
        }
        std::fs::write(folder.path().join("trips.csv"), trips).unwrap();
        for (name, sign) in [("up", 1), ("down", -1)] {
            let mut prices = String::from("time,price_per_mwh\n");
            for hour in 0..40 * 24 {
                let _ = writeln!(prices, "{},{}", SimTime(FIRST_PRICE + hour * 3_600).iso(), sign * hour);
            }
            std::fs::write(folder.path().join(format!("{name}.csv")), prices).unwrap();
        }
        Self { folder, times }
    }

    fn scenario(&self, set: &[&str]) -> Result<Scenario, String> {
        let retailer = |name: &str, file: &str| {
            format!("{{ name = \"{name}\", tariff = {{ kind = \"real-time\", file = \"{file}.csv\" }} }}")
        };
        let mut all = vec![
            "trips.files=[\"trips.csv\"]".to_owned(),
            format!("retailers=[{}, {}]", retailer("town-power", "up"), retailer("other", "down")),
            "time.days=31".to_owned(),
            "time.start=2018-03-01".to_owned(),
        ];
        all.extend(set.iter().map(|&s| s.to_owned()));
        let text = std::fs::read_to_string(SMALL).unwrap();
        let overrides = Overrides { set: all, ..Overrides::default() };
        scenario::parse(&self.folder.path().join("a.toml"), text, &overrides).map_err(|e| e.to_string())
    }

    fn build(&self, set: &[&str], replication: u32) -> Setup {
        self.scenario(set).unwrap().build(Streams { seed: 1, replication }).unwrap().0
    }

    /// Number of each trip of a world.
    fn numbers(setup: &Setup) -> Vec<usize> {
        setup.requests.fare.iter().map(|fare| fare.units().round() as usize).collect()
    }
}

fn local(t: SimTime) -> NaiveDateTime {
    Berlin.from_utc_datetime(&DateTime::from_timestamp(t.0, 0).unwrap().naive_utc()).naive_local()
}

/// Monday to Friday 0, Saturday 1, Sunday 2.
fn class(date: NaiveDate) -> u32 {
    match date.weekday() {
        Weekday::Sat => 1,
        Weekday::Sun => 2,
        _ => 0,
    }
}

/// Everything, with all digits of floating-point figures.
fn all_of(setup: &Setup) -> String {
    format!("{setup:?}")
}

/// Within five standard deviations of a binomial count.
fn near(count: usize, n: usize, p: f64) -> bool {
    let n = n as f64;
    (count as f64 - n * p).abs() < 5.0 * (n * p * (1.0 - p)).sqrt()
}

#[test]
fn read_once_is_as_read_each_time() {
    for file in [SMALL, "scenarios/stuttgart-week.toml"] {
        let load = |set: &[&str]| {
            let set = set.iter().map(|&s| s.to_owned()).collect();
            let overrides = Overrides { set, ..Overrides::default() };
            scenario::load(Path::new(file), &overrides).unwrap()
        };
        let plain = load(&[]);
        let recorded = plain.read().unwrap();
        let other = load(&["trips.scale=0.5", "variation.demand_thinning=0.8"]);
        assert!(plain.reads_like(&other) && other.reads_like(&plain));
        for replication in [0, 3] {
            let streams = Streams { seed: 1, replication };
            for scenario in [&plain, &other] {
                let (once, _) = scenario.build_from(&recorded, streams).unwrap();
                let (each, _) = scenario.build(streams).unwrap();
                assert_eq!(all_of(&once), all_of(&each), "{file}");
            }
        }
    }
}

#[test]
fn scenarios_read_alike_where_files_and_what_is_learned_are_the_same() {
    let month = Month::new();
    let plain = month.scenario(&[]).unwrap();
    let alike = |set: &str| plain.reads_like(&month.scenario(&[set]).unwrap());
    for same in ["operation.patience_s=60", "time.days=3", "seed=8", "travel.min_trips=9", ALL[0]] {
        assert!(alike(same), "{same}");
    }
    let others = [
        "trips.files=[\"up.csv\"]",
        "trips.fold_week=2018-03-05",
        "trips.on_bad_row=skip",
        "trips.map={ fare = \"distance_km\" }",
        "time.timezone=Europe/London",
        "travel.learn_from_trips=true",
    ];
    for other in others {
        assert!(!alike(other), "{other}");
    }
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&plain.read().unwrap());
}

#[test]
fn bootstrapped_days_are_whole_days_of_their_class_at_their_local_time() {
    let month = Month::new();
    let mut drawn_from = BTreeSet::new();
    for replication in 0..6 {
        let setup = month.build(&["variation.demand_days=bootstrap"], replication);
        let mut days: BTreeMap<NaiveDate, Vec<usize>> = BTreeMap::new();
        for (&t, number) in setup.requests.time.iter().zip(Month::numbers(&setup)) {
            let (here, recorded) = (local(t), local(month.times[number]));
            if here.time() != recorded.time() {
                // Only times skipped in spring, and they are an hour later.
                assert_eq!(here.date().to_string(), "2018-03-25");
                assert_eq!((here - recorded).num_minutes().rem_euclid(1_440), 60);
            }
            days.entry(here.date()).or_default().push(number);
        }
        assert_eq!(days.len(), 31);
        for (date, mut numbers) in days {
            numbers.sort_unstable();
            let source = local(month.times[numbers[0]]).date();
            assert_eq!(class(source), class(date), "{source} for {date}");
            let whole: Vec<usize> =
                (0..month.times.len()).filter(|&i| local(month.times[i]).date() == source).collect();
            assert_eq!(numbers, whole, "{source} for {date}");
            drawn_from.insert((source, date));
        }
        assert!(setup.requests.time.is_sorted());
    }
    assert!(drawn_from.len() > 120, "{}", drawn_from.len());
}

#[test]
fn a_week_draws_its_days_from_the_month_and_a_date_its_own_draw() {
    let month = Month::new();
    let bootstrap = "variation.demand_days=bootstrap";
    let whole = month.build(&[bootstrap], 2);
    let week = month.build(&[bootstrap, "time.start=2018-03-12", "time.days=7"], 2);
    let within = |t: SimTime| t >= week.start && t < week.end;
    let of_week = whole.requests.time.iter().zip(Month::numbers(&whole)).filter(|(time, _)| within(**time));
    let expected: Vec<usize> = of_week.map(|(_, number)| number).collect();
    assert_eq!(Month::numbers(&week), expected);
    let outside = expected.iter().filter(|&&number| !within(month.times[number])).count();
    assert!(outside > 100, "{outside}");
}

#[test]
fn thinning_keeps_its_share_and_leaves_all_other_draws_alone() {
    let month = Month::new();
    let with = |set: &[&str]| {
        let all = ["variation.demand_days=bootstrap", "variation.ride_duration_cv=0.3"];
        month.build(&[&all, set].concat(), 4)
    };
    let rows = |setup: &Setup| -> Vec<(SimTime, u32, usize)> {
        let requests = setup.requests.time.iter().zip(&setup.requests.duration_s);
        let rows = requests.zip(Month::numbers(setup));
        rows.map(|((&time, &duration_s), number)| (time, duration_s, number)).collect()
    };
    let (full, thin) = (rows(&with(&[])), rows(&with(&["variation.demand_thinning=0.7"])));
    assert!(near(thin.len(), full.len(), 0.7), "{} of {}", thin.len(), full.len());
    let full: BTreeSet<_> = full.into_iter().collect();
    assert!(thin.iter().all(|row| full.contains(row)));
    let mean = full.iter().map(|row| f64::from(row.1)).sum::<f64>() / full.len() as f64;
    assert!((mean / 600.0 - 1.0).abs() < 5.0 * 0.3 / (full.len() as f64).sqrt() + 1.0 / 600.0, "{mean}");

    // Each other variation, one at a time, changes none of the rest.
    let base = with(&[]);
    let others =
        ["variation.driving_style_cv=0.2", "variation.temperature_sd_c=3", "variation.price_days=bootstrap"];
    for one in others {
        let varied = with(&[one]);
        assert_eq!(varied.requests, base.requests, "{one}");
        let start = |setup: &Setup| setup.vehicles.iter().map(|v| (v.place, v.soc)).collect::<Vec<_>>();
        assert_eq!(start(&varied), start(&base), "{one}");
        assert_eq!(varied.temperature_c == base.temperature_c, !one.contains("temperature"), "{one}");
        assert_eq!(varied.vehicles == base.vehicles, !one.contains("style"), "{one}");
        assert_eq!(varied.retailers == base.retailers, !one.contains("price"), "{one}");
    }
}

#[test]
fn jitter_is_uniform_and_stays_within_the_day() {
    let month = Month::new();
    let setup = month.build(&["variation.demand_jitter_s=900"], 1);
    let numbers = Month::numbers(&setup);
    assert_eq!(setup.requests.len(), month.times.len());
    let mut moved = Vec::new();
    for (&t, number) in setup.requests.time.iter().zip(numbers) {
        let from = month.times[number];
        assert_eq!(local(t).date(), local(from).date());
        assert!((t - from).abs() <= 900);
        moved.push((t - from) as f64);
    }
    let n = moved.len() as f64;
    let sd = 900.0 / 3.0_f64.sqrt();
    assert!((moved.iter().sum::<f64>() / n).abs() < 5.0 * sd / n.sqrt());
    let mean_size = moved.iter().map(|m| m.abs()).sum::<f64>() / n;
    assert!((mean_size - 450.0).abs() < 5.0 * 260.0 / n.sqrt() + 5.0, "{mean_size}");
    assert!(setup.requests.time.is_sorted());
}

#[test]
fn the_level_of_a_day_has_mean_one() {
    let month = Month::new();
    let scenario = month.scenario(&["variation.demand_level_cv=0.4"]).unwrap();
    let recorded = scenario.read().unwrap();
    let mut levels = Vec::new();
    for replication in 0..100 {
        let (setup, _) = scenario.build_from(&recorded, Streams { seed: 1, replication }).unwrap();
        let mut days: BTreeMap<NaiveDate, f64> = BTreeMap::new();
        for &t in &setup.requests.time {
            *days.entry(local(t).date()).or_default() += 1.0;
        }
        levels.extend(days.values().map(|count| count / (month.times.len() as f64 / 31.0)));
    }
    let n = levels.len() as f64;
    let mean = levels.iter().sum::<f64>() / n;
    let sd = (levels.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / n).sqrt();
    // Rounding to whole trips adds at most 0.5 / sqrt(48) to the spread of a day.
    assert!((mean - 1.0).abs() < 5.0 * 0.41 / n.sqrt(), "{mean}");
    assert!((sd - 0.4).abs() < 0.03, "{sd}");
}

#[test]
fn prices_come_from_whole_days_the_same_for_all_retailers() {
    let month = Month::new();
    let plain = month.build(&[], 1);
    let mut sources = BTreeSet::new();
    for replication in 0..4 {
        let setup = month.build(&["variation.price_days=bootstrap"], replication);
        let at = |retailer, t: SimTime| {
            setup.retailers[RetailerId(retailer)].tariff.price_per_mwh(t, &setup.clock, |_| f64::NAN)
        };
        let mut source_of: BTreeMap<NaiveDate, NaiveDate> = BTreeMap::new();
        for t in (setup.start.0..setup.end.0).step_by(900).map(SimTime) {
            assert_eq!(at(0, t), -at(1, t));
            let source = local(SimTime(FIRST_PRICE + at(0, t) as i64 * 3_600));
            let here = local(t);
            let day = *source_of.entry(here.date()).or_insert(source.date());
            assert_eq!((day, class(day)), (source.date(), class(here.date())));
            let full_hour = here.time().format("%H").to_string();
            let source_hour = source.time().format("%H").to_string();
            // Where the day drawn lacks the hour from 2 to 3, it is the price of the next one.
            assert!(
                source_hour == full_hour
                    || (day.to_string() == "2018-03-25" && (&*full_hour, &*source_hour) == ("02", "03"))
            );
        }
        // The files reach beyond the month on both sides.
        sources.extend(source_of.into_values().map(|date| date.month()));
    }
    assert_eq!(sources, BTreeSet::from([2, 3, 4]));
    assert!(matches!(&plain.retailers[RetailerId(0)].tariff,
            Tariff::RealTime { series, .. } if series.start.0 == FIRST_PRICE));
}

/// Energy over distance of the legs of each vehicle.
fn consumption(records: &Collected) -> BTreeMap<u32, Vec<f64>> {
    let mut of_vehicle: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for leg in &records.legs {
        if leg.distance_km > 0.0 && leg.purpose != LegPurpose::Relocation {
            of_vehicle.entry(leg.vehicle.0).or_default().push(leg.energy_kwh / leg.distance_km);
        }
    }
    of_vehicle
}

#[test]
fn each_vehicle_consumes_after_its_drivers() {
    let month = Month::new();
    let set = ["variation.driving_style_cv=0.2", "fleets.0.vehicles.0.count=2000", "time.days=2"];
    let setup = Arc::new(month.build(&set, 0));
    let factors: Vec<f64> = setup.vehicles.iter().map(|v| v.consumption_factor).collect();
    let mean = factors.iter().sum::<f64>() / 2_000.0;
    assert!((mean - 1.0).abs() < 5.0 * 0.2 / 2_000.0_f64.sqrt(), "{mean}");
    let scenario = month.scenario(&set).unwrap();
    let (_, prepared) = scenario.build(Streams { seed: 1, replication: 0 }).unwrap();
    let mut records = Collected::default();
    let streams = Streams { seed: 1, replication: 0 };
    let (dispatch, charging) = (prepared.policies.dispatch.build(), prepared.policies.charging.build());
    let mut simulation = Simulation::new(Arc::clone(&setup), dispatch, charging, streams).audited();
    simulation.finish(&mut records).unwrap();
    let seen = consumption(&records);
    // 0.17 kWh/km at 20 °C, 1.4 times as much at -10 °C; it is 8 °C.
    let mild = 0.17 * (1.4 - 0.4 * 18.0 / 30.0);
    assert!(seen.len() > 20);
    for (vehicle, figures) in seen {
        for figure in figures {
            assert!((figure / (mild * factors[vehicle as usize]) - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn replay_keeps_each_vehicles_trips_of_a_day_in_order() {
    let load = |set: &[&str]| {
        let set = set.iter().map(|&s| s.to_owned()).collect();
        let file = Path::new("scenarios/stuttgart-week.toml");
        scenario::load(file, &Overrides { set, ..Overrides::default() }).unwrap()
    };
    let plain = load(&[]);
    let recorded = plain.read().unwrap();
    let streams = Streams { seed: 1, replication: 5 };
    let by_vehicle = |scenario: &Scenario| {
        let (setup, _) = scenario.build_from(&recorded, streams).unwrap();
        let mut trips: BTreeMap<String, Vec<(SimTime, u32)>> = BTreeMap::new();
        for (i, recorded) in setup.requests.recorded.entries() {
            let name = setup.vehicles[recorded.unwrap().vehicle].name.clone();
            trips.entry(name).or_default().push((setup.requests.time[i], setup.requests.duration_s[i]));
        }
        trips
    };
    let (before, after) = (by_vehicle(&plain), by_vehicle(&load(&["variation.demand_jitter_s=1800"])));
    assert_eq!(before.len(), after.len());
    let mut moves = BTreeSet::new();
    for (name, before) in before {
        let after = &after[&name];
        assert_eq!(before.len(), after.len());
        let mut by_day: BTreeMap<NaiveDate, i64> = BTreeMap::new();
        for ((t, duration_s), (moved, moved_duration_s)) in before.iter().zip(after) {
            assert_eq!(duration_s, moved_duration_s, "in order");
            assert_eq!(local(*t).date(), local(*moved).date());
            let by_s = *by_day.entry(local(*t).date()).or_insert(*moved - *t);
            assert_eq!(by_s, *moved - *t, "together");
            assert!(by_s.abs() <= 1_800);
            moves.insert(by_s);
        }
    }
    assert!(moves.len() > 1_000);
}

#[test]
fn what_cannot_vary_is_reported() {
    let month = Month::new();
    let message = |set: &[&str]| {
        let outcome = month.scenario(set).and_then(|scenario| {
            scenario.build(Streams { seed: 1, replication: 0 }).map_err(|e| e.to_string())
        });
        let folder = month.folder.path().to_str().unwrap().to_owned() + "/";
        outcome.map(|_| ()).unwrap_err().replace(&folder, "")
    };
    let days = ["variation.demand_days=bootstrap", "time.days=7", "time.start=2018-03-05"];
    std::fs::write(
        month.folder.path().join("short.csv"),
        "request_time,origin_lat,origin_lon,destination_lat,destination_lon\n\
         2018-03-05T05:00:00+01:00,51.54,9.93,51.53,9.94\n2018-03-08T20:00:00+01:00,51.54,9.93,51.53,9.94\n",
    )
    .unwrap();
    let short = "trips.files=[\"short.csv\"]";
    insta::assert_snapshot!(message(&[&days[..], &[short]].concat()), @r#"--set variation.demand_days=bootstrap: found "bootstrap", but no Saturday among the 4 days of the trips, 2018-03-05 to 2018-03-08, expected a Saturday to draw; give files of more days, or coarser classes: variation.day_classes = "weekday-weekend" or "any""#);
    insta::assert_snapshot!(message(&["time.start=2018-03-01", "time.days=38", "variation.price_days=bootstrap", "variation.day_classes=each-weekday", "retailers=[{name=\"town-power\",tariff={kind=\"flat\",price_per_mwh=5}}]"]), @r#"--set variation.price_days=bootstrap: found "bootstrap", but no prices from a file, expected "as-recorded", a retailer with a real-time tariff, or a market"#);
    // Until Saturday noon, and the prices end with it.
    let mut prices = String::from("time,price_per_mwh\n");
    (0..5 * 24 + 12)
        .for_each(|hour| prices += &format!("{},9\n", SimTime(FIRST_OF_MARCH + (96 + hour) * 3_600).iso()));
    std::fs::write(month.folder.path().join("week.csv"), prices).unwrap();
    let week = "retailers=[{name=\"town-power\",tariff={kind=\"real-time\",file=\"week.csv\"}}]";
    let until_noon = "time={start=\"2018-03-05\",end=\"2018-03-10T12:00\",timezone=\"Europe/Berlin\"}";
    insta::assert_snapshot!(message(&[until_noon, week, "variation.price_days=bootstrap"]), @r#"--set variation.price_days=bootstrap: found "bootstrap", but no Saturday among the 5 days of the price files, 2018-03-05 to 2018-03-09, expected a Saturday to draw; give files of more days, or coarser classes: variation.day_classes = "weekday-weekend" or "any""#);
    insta::assert_snapshot!(message(&["variation.temperature_sd_c=3", "environment={}"]), @r#"--set variation.temperature_sd_c=3: found 3.0, but no temperature that could vary, expected environment.temperature_c or environment.temperature_by_hour_c"#);
    insta::assert_snapshot!(message(&["variation.demand_thinning=0", "variation.day_classes=monthly", "variation.temperature_correlation=1.5"]), @r#"
    --set variation.demand_thinning=0: found 0, expected a number above 0, at most 1
    --set variation.day_classes=monthly: found "monthly", expected "workday-saturday-sunday", "weekday-weekend", "each-weekday" or "any"
    --set variation.temperature_correlation=1.5: found 1.5, expected a number from 0 to 1
    "#);
    let replay = [
        "operation.mode=replay",
        "variation.demand_level_cv=0.2",
        "fleets.0.vehicles=[{type=\"hatchback\"}]",
    ];
    insta::assert_snapshot!(message(&replay), @r#"--set variation.demand_level_cv=0.2: found 0.2 in replay, expected 0: a vehicle makes each trip once; demand_thinning leaves trips out in replay too"#);
}

/// With few trips, some replications have none: their vehicles are still there, and only a period without recorded trips is
/// refused.
#[test]
fn a_replication_whose_draws_leave_no_trip_is_valid() {
    let month = Month::new();
    // A minute with one trip.
    let time = "time={start=\"2018-03-01\", end=\"2018-02-28T23:02:00Z\", timezone=\"Europe/Berlin\", \
        control_interval_s=60}";
    let minute = [time, "fleets.0.depots=[]"];
    let chances: [&[&str]; 3] = [
        &["variation.demand_thinning=0.5"],
        &["variation.demand_level_cv=0.8"],
        &["variation.demand_jitter_s=300"],
    ];
    for chance in chances {
        let scenario = month.scenario(&[&minute[..], chance].concat()).unwrap();
        let worlds = (0..40).map(|replication| scenario.build(Streams { seed: 1, replication }).unwrap().0);
        let (without, with): (Vec<Setup>, Vec<Setup>) = worlds.partition(|setup| setup.requests.is_empty());
        assert!(!without.is_empty() && !with.is_empty(), "{chance:?}");
        let vehicles = with[0].vehicles.len();
        assert!(vehicles > 0 && without.iter().all(|setup| setup.vehicles.len() == vehicles), "{chance:?}");
    }
    let scenario = month.scenario(&["time.start=2018-02-28", "time.days=1"]).unwrap();
    let error = scenario.build(Streams { seed: 1, replication: 0 }).map(drop).unwrap_err().to_string();
    assert!(error.contains("no trip in the period"), "{error}");
}

#[test]
fn everything_at_once_adds_up_and_gives_the_same_bytes_again() {
    for (name, more) in [("nyc-week", Some("variation.demand_level_cv=0.2")), ("stuttgart-week", None)] {
        let temporary = Dir::new();
        let run = |folder: &str| {
            let folder = temporary.at(folder);
            let run = gridfleet(["run", &format!("scenarios/{name}.toml"), "--audit", "--replication", "7"]);
            let run = run.set(ALL.into_iter().chain(more)).output(&folder);
            run.succeeds().prints("violations");
            folder
        };
        let (first, again) = (run("first"), run("again"));
        let (first, again) = (results(first), results(again));
        assert_same(&first, &again, name);
        assert!(first.len() >= 8, "{:?}", first.keys());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Common random numbers: policies do not change the world, replications do.
    #[test]
    fn policies_of_one_replication_see_the_same_world(
        replication in 0_u32..1_000,
        on in prop::collection::vec(any::<bool>(), ALL.len()),
        dispatch in prop::sample::select(vec!["{ kind = \"nearest-idle\" }", "{ kind = \"batched\", interval_s = 60 }"]),
        charging in prop::sample::select(vec!["threshold-nearest", "opportunistic", "price-aware"]),
        start_soc in 0.2_f64..0.35,
    ) {
        let month = Month::new();
        let set: Vec<&str> = ALL.into_iter().zip(&on).filter(|(_, on)| **on).map(|(set, _)| set).collect();
        let policies = [
            format!("operation.dispatch={dispatch}"),
            format!("operation.charging={{ kind = \"{charging}\", start_soc = {start_soc}, target_soc = 0.8 }}"),
            "operation.relocation={ kind = \"to-depot\" }".to_owned(),
        ];
        let policies = policies.each_ref().map(String::as_str);
        let one = month.scenario(&set).unwrap();
        let other = month.scenario(&[&set[..], &policies].concat()).unwrap();
        let recorded = one.read().unwrap();
        let world = |scenario: &Scenario, replication| {
            all_of(&scenario.build_from(&recorded, Streams { seed: 1, replication }).unwrap().0)
        };
        prop_assert!(one.reads_like(&other));
        prop_assert!(world(&one, replication) == world(&other, replication));
        prop_assert!(world(&one, replication) != world(&one, replication + 1));
    }
}

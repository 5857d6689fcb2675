//! Forecasters against scikit-learn, against values that they cannot know, and on real prices.

use crate::support::real;
use chrono_tz::Europe::Berlin;
use gridfleet::datasets::prices::dayahead::{self, Options};
use gridfleet::datasets::prices::text::Text;
use gridfleet::datasets::prices::{GapRule, PriceTable};
use gridfleet::forecast::{Calendar, ForecastSpec, Forecaster};
use gridfleet::time::{DAY_S, LocalClock, SimTime};
use proptest::prelude::*;
use serde_json::Value;

fn calendar(origin: SimTime, slot_s: i64) -> Calendar {
    Calendar::new(origin, slot_s, LocalClock::new(Berlin, origin, origin + 7 * 366 * DAY_S)).unwrap()
}

fn ridge(window_days: u32, penalty: f64) -> ForecastSpec {
    ForecastSpec::Ridge { window_days, penalty, initial: 0.0 }
}

fn three() -> [(&'static str, ForecastSpec); 3] {
    [
        ("persistence", ForecastSpec::Persistence { initial: 0.0 }),
        ("seasonal naive", ForecastSpec::SeasonalNaive { season_days: 7, initial: 0.0 }),
        ("ridge", ridge(56, 1.0)),
    ]
}

/// Reports one value after another and asks, after each, for the slot `lead` later; returns the forecasts by the slot
/// after which they were made.
fn walk(forecaster: &mut dyn Forecaster, values: &[f64], lead: i64) -> Vec<f64> {
    let step = |(slot, &value): (usize, &f64)| {
        forecaster.observe(slot as i64, value);
        forecaster.predict(slot as i64 + lead)
    };
    values.iter().enumerate().map(step).collect()
}

/// `tests/fixtures/forecast/ridge.py` makes features and fits independently.
#[test]
fn ridge_agrees_with_scikit_learn() {
    let fixture: Value = serde_json::from_str(include_str!("../../fixtures/forecast/ridge.json")).unwrap();
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
    };
    let values = numbers(&fixture["values"]);
    let origin = SimTime(fixture["origin_s"].as_i64().unwrap());
    let mut compared = 0;
    for case in fixture["cases"].as_array().unwrap() {
        let lead = case["lead"].as_i64().unwrap();
        let spec = ridge(case["window_days"].as_u64().unwrap() as u32, case["penalty"].as_f64().unwrap());
        let mut forecaster = spec.build(calendar(origin, 3_600), lead).unwrap();
        let forecasts = walk(&mut *forecaster, &values, lead);
        for (now, expected) in numbers(&case["now"]).into_iter().zip(numbers(&case["forecast"])) {
            let found = forecasts[now as usize];
            assert!((found - expected).abs() < 1e-9, "lead {lead}, known to {now}: {found} {expected}");
            compared += 1;
        }
    }
    assert!(compared > 150, "{compared}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Later information changes no forecast made before, and changed values do change later ones.
    #[test]
    fn no_forecast_knows_what_comes(
        now in 500usize..800,
        lead in 1i64..250,
        change in 1.0..100.0f64,
        noise in proptest::collection::vec(-5.0..5.0f64, 1000),
    ) {
        let truth: Vec<f64> =
            noise.iter().enumerate().map(|(slot, e)| 40.0 + (slot as f64 / 3.8).sin() + e).collect();
        let mut other = truth.clone();
        other[now + 1..].iter_mut().for_each(|value| *value += change);
        for (name, spec) in three() {
            let forecasts = |values: &[f64]| {
                let mut forecaster = spec.build(calendar(SimTime(1_488_754_800), 3_600), lead).unwrap();
                walk(&mut *forecaster, values, lead)
            };
            let (one, two) = (forecasts(&truth), forecasts(&other));
            prop_assert_eq!(&one[..=now], &two[..=now], "{}", name);
            prop_assert_ne!(one[999], two[999], "{}", name);
        }
    }
}

/// Mean absolute error of each of the three in the unit of the values, after each has had 60 days.
fn errors(table: &PriceTable, lead_s: i64) -> [f64; 3] {
    let (values, lead) = (&table.columns[0].1, lead_s / table.slot_s);
    three().map(|(_, spec)| {
        let mut forecaster = spec.build(calendar(table.start, table.slot_s), lead).unwrap();
        let forecasts = walk(&mut *forecaster, values, lead);
        let first = (60 * DAY_S / table.slot_s) as usize;
        let pairs = values[first + lead as usize..].iter().zip(&forecasts[first..]);
        let count = pairs.len() as f64;
        pairs.map(|(value, forecast)| (value - forecast).abs()).sum::<f64>() / count
    })
}

#[test]
fn real_day_ahead_prices_are_forecast_better_than_by_the_last_value() {
    const FILE: &str = "epex/DE_dayahead_hourly_2012_2017_epftoolbox.csv";
    let Some(file) = real::data(&[FILE]).map(|folder| folder.join(FILE)) else { return };
    let options = Options { column: Some("Price"), timezone: Some(Berlin), ..Options::default() };
    let rows = dayahead::read(&Text::read(&file).unwrap(), options).unwrap();
    let (table, _) = rows.regular(GapRule::PreviousWeek, Berlin).unwrap();
    for (lead_s, what) in [(3_600, "an hour"), (DAY_S, "a day"), (7 * DAY_S, "a week"), (8 * DAY_S, "8 days")]
    {
        let [persistence, naive, ridge] = errors(&table, lead_s);
        println!(
            "German day-ahead prices 2012-2017, {what} ahead, mean absolute error in EUR/MWh: persistence \
             {persistence:.2}, seasonal naive {naive:.2}, ridge {ridge:.2}"
        );
        assert!(ridge < persistence, "{what}: {ridge} {persistence}");
    }
}

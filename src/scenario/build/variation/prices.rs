//! Prices from files, of real-time retailers, markets and imbalance: whole days replaced by drawn days.

use crate::resolve::days::Day;
use crate::resolve::horizon::Horizon;
use crate::resolve::variation::{price_series, recorded_days};
use crate::spec::{DaysSpec, VariationSpec};
use chrono::NaiveDate;
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_core::time::SimTime;
use gridfleet_sim::world::{Retailer, Trading};

/// Gives each series the prices of the drawn days, with one draw for all series; each slot has the price at its
/// wall-clock time on the day drawn for its day. Prices before the period are unchanged. Returns the days drawn from
/// several, by day whose prices were replaced.
pub fn vary(
    retailers: &mut [Retailer],
    trading: &mut Trading,
    spec: &VariationSpec,
    horizon: &Horizon,
    streams: Streams,
) -> Vec<NaiveDate> {
    if spec.price_days == DaysSpec::AsRecorded {
        return Vec::new();
    }
    let mut series = price_series(retailers, trading);
    let Some(sources) = recorded_days(horizon, &series) else { return Vec::new() };
    // The first slot may begin on the day before the start.
    let longest_s = series.iter().map(|series| series.slot_s).max().unwrap_or(0);
    let from = horizon.start + -longest_s;
    let drawn: Vec<(Day, Option<&Day>)> = Day::all(horizon.clock.tz(), from, horizon.end)
        .into_iter()
        .map(|day| (day, spec.day_classes.draw(&day, &sources, Purpose::PriceDays, streams)))
        .collect();
    let mut used = vec![false; drawn.len()];
    for series in &mut series {
        let recorded = series.clone();
        let index = |t: SimTime| (t - recorded.start).div_euclid(recorded.slot_s);
        let first = index(horizon.start).max(0);
        let end = (index(horizon.end + -1) + 1).min(recorded.price_per_mwh.len() as i64);
        let mut day = 0;
        for slot in first..end {
            let t = recorded.start + slot * recorded.slot_s;
            while drawn.get(day).is_some_and(|(target, _)| target.end <= t) {
                day += 1;
            }
            // A day before the period, of a class that the files lack, keeps its prices.
            if let Some((target, Some(source))) = drawn.get(day)
                && let Some(price) = recorded.at(source.at_time_of(t, target))
            {
                series.price_per_mwh[slot as usize] = price;
                used[day] = true;
            }
        }
    }
    let chosen = drawn.into_iter().zip(used).filter(|((target, _), used)| {
        // A day without alternatives is not a draw.
        *used && spec.day_classes.has_choice(target, &sources)
    });
    chosen.filter_map(|((_, source), _)| Some(source?.date)).collect()
}

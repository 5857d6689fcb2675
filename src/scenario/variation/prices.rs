//! Prices from files, of real-time retailers, markets and imbalance: whole days replaced by drawn days.

use super::days::Day;
use super::{DaysSpec, VariationSpec, lacking};
use crate::horizon::Horizon;
use crate::problems::Problems;
use chrono::NaiveDate;
use gridfleet_core::markets::Series;
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_core::time::SimTime;
use gridfleet_sim::world::{Retailer, Tariff, Trading};

/// All series of prices.
fn all<'a>(retailers: &'a mut [Retailer], trading: &'a mut Trading) -> Vec<&'a mut Series> {
    let tariffs = retailers.iter_mut().filter_map(|retailer| match &mut retailer.tariff {
        Tariff::RealTime { series, .. } | Tariff::LoadDependent { series, .. } => Some(series),
        Tariff::Flat(_) | Tariff::TimeOfUse(_) | Tariff::Market { .. } => None,
    });
    let markets = trading.markets.iter_mut();
    let markets =
        markets.flat_map(|market| std::iter::once(&mut market.reference).chain(&mut market.capacity));
    tariffs.chain(markets).chain(trading.imbalance.series()).collect()
}

/// The local days that all series cover completely; `None` if there is no series.
fn recorded(horizon: &Horizon, series: &[&mut Series]) -> Option<Vec<Day>> {
    let spans = series.iter().map(|series| (series.start, series.end()));
    let (start, end) = spans.reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)))?;
    let mut days = Day::all(horizon.clock.tz(), start, end);
    days.retain(|day| day.start >= start && day.end <= end);
    Some(days)
}

/// Checks that there is a source day for each simulated day.
pub(super) fn check(
    spec: &VariationSpec,
    horizon: &Horizon,
    retailers: &[Retailer],
    trading: &Trading,
    problems: &mut Problems<'_>,
) {
    const KEY: &str = "variation.price_days";
    let (mut retailers, mut trading) = (retailers.to_vec(), trading.clone());
    let Some(sources) = recorded(horizon, &all(&mut retailers, &mut trading)) else {
        let expected = "\"as-recorded\", a retailer with a real-time tariff, or a market";
        problems.add(KEY, "\"bootstrap\", but no prices from a file", expected);
        return;
    };
    let targets = Day::all(horizon.clock.tz(), horizon.start, horizon.end);
    lacking(KEY, spec.day_classes, &targets, &sources, "the price files", problems);
}

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
    let mut series = all(retailers, trading);
    let Some(sources) = recorded(horizon, &series) else { return Vec::new() };
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

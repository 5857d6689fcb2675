//! Prices of real-time retailers, whole days drawn for whole days.

use super::days::Day;
use super::{DaysSpec, VariationSpec, lacking};
use crate::rng::{Purpose, Streams};
use crate::scenario::horizon::Horizon;
use crate::scenario::problems::Problems;
use crate::time::SimTime;
use crate::world::{Retailer, Tariff};

/// The local days that the price series of all real-time retailers cover wholly; `None` where there is
/// no such retailer.
fn recorded(horizon: &Horizon, retailers: &[Retailer]) -> Option<Vec<Day>> {
    let spans = retailers.iter().filter_map(|retailer| match &retailer.tariff {
        Tariff::RealTime { start, slot_s, price_eur_mwh, .. } => {
            Some((*start, *start + slot_s * price_eur_mwh.len() as i64))
        }
        Tariff::Flat(_) | Tariff::TimeOfUse(_) => None,
    });
    let (start, end) = spans.reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)))?;
    let mut days = Day::all(horizon.clock.tz(), start, end);
    days.retain(|day| day.start >= start && day.end <= end);
    Some(days)
}

/// Whether there is a day for each day simulated.
pub(super) fn check(
    spec: &VariationSpec,
    horizon: &Horizon,
    retailers: &[Retailer],
    problems: &mut Problems<'_>,
) {
    const KEY: &str = "variation.price_days";
    let Some(sources) = recorded(horizon, retailers) else {
        let expected = "\"as-recorded\", or a retailer with a real-time tariff";
        problems.add(KEY, "\"bootstrap\", but no prices from a file", expected);
        return;
    };
    let targets = Day::all(horizon.clock.tz(), horizon.start, horizon.end);
    lacking(KEY, spec.day_classes, &targets, &sources, "the price files", problems);
}

/// Gives each real-time retailer the prices of the days drawn, one draw for all; each slot has the
/// price of its wall-clock time on the day drawn for its day.
pub fn vary(retailers: &mut [Retailer], spec: &VariationSpec, horizon: &Horizon, streams: Streams) {
    if spec.price_days == DaysSpec::AsRecorded {
        return;
    }
    let Some(sources) = recorded(horizon, retailers) else { return };
    // The first slot may begin on the day before the start.
    let longest_s = retailers.iter().map(|retailer| match &retailer.tariff {
        Tariff::RealTime { slot_s, .. } => *slot_s,
        Tariff::Flat(_) | Tariff::TimeOfUse(_) => 0,
    });
    let from = horizon.start + -longest_s.max().unwrap_or(0);
    let drawn: Vec<(Day, Option<&Day>)> = Day::all(horizon.clock.tz(), from, horizon.end)
        .into_iter()
        .map(|day| (day, spec.day_classes.draw(&day, &sources, Purpose::PriceDays, streams)))
        .collect();
    for retailer in retailers {
        let Tariff::RealTime { start, slot_s, price_eur_mwh, .. } = &mut retailer.tariff else { continue };
        let index = |t: SimTime| usize::try_from((t - *start).div_euclid(*slot_s)).ok();
        let first = (horizon.start - *start).div_euclid(*slot_s).max(0);
        let end = (horizon.end - *start + *slot_s - 1).div_euclid(*slot_s).min(price_eur_mwh.len() as i64);
        let mut day = 0;
        let varied = (first..end).filter_map(|slot| {
            let t = *start + slot * *slot_s;
            while drawn.get(day).is_some_and(|(target, _)| target.end <= t) {
                day += 1;
            }
            let from = match drawn.get(day) {
                Some((target, Some(source))) => source.at_time_of(t, target),
                // A day before the period of a class that the files lack keeps its own prices.
                _ => t,
            };
            price_eur_mwh.get(index(from)?).copied()
        });
        let varied: Vec<f64> = varied.collect();
        *start += first * *slot_s;
        *price_eur_mwh = varied;
    }
}

//! `[variation]`: requirements on the rest of the scenario, and the days that there are to draw from.

use super::days::Day;
use super::horizon::Horizon;
use crate::document::Problems;
use crate::spec::{DayClasses, DaysSpec, ModeSpec, ScenarioFile, VariationSpec};
use gridfleet_core::markets::Series;
use gridfleet_sim::world::{Retailer, Tariff, Trading};

/// Checks `[variation]` against the rest of the scenario.
pub fn check(
    spec: &ScenarioFile,
    horizon: Option<&Horizon>,
    retailers: &[Retailer],
    trading: &Trading,
    problems: &mut Problems<'_>,
) {
    let variation = &spec.variation;
    if variation.demand_level_cv > 0.0 && spec.operation.mode == ModeSpec::Replay {
        let found = format!("{:?} in replay", variation.demand_level_cv);
        problems
            .add("variation.demand_level_cv", found, "0: a vehicle makes each trip once")
            .help("demand_thinning leaves trips out in replay too");
    }
    let environment = &spec.environment;
    let tells = environment.temperature_c.is_some() || environment.temperature_by_hour_c.is_some();
    if variation.temperature_sd_c > 0.0 && !tells {
        let found = format!("{:?}, but no temperature that could vary", variation.temperature_sd_c);
        let expected = "environment.temperature_c or environment.temperature_by_hour_c";
        problems.add("variation.temperature_sd_c", found, expected);
    }
    let complete = retailers.len() == spec.retailers.len() && trading.markets.len() == spec.markets.len();
    if variation.price_days == DaysSpec::Bootstrap
        && complete
        && let Some(horizon) = horizon
    {
        price_days(variation, horizon, retailers, trading, problems);
    }
}

/// Checks that there is a source day for each simulated day.
fn price_days(
    spec: &VariationSpec,
    horizon: &Horizon,
    retailers: &[Retailer],
    trading: &Trading,
    problems: &mut Problems<'_>,
) {
    const KEY: &str = "variation.price_days";
    let (mut retailers, mut trading) = (retailers.to_vec(), trading.clone());
    let Some(sources) = recorded_days(horizon, &price_series(&mut retailers, &mut trading)) else {
        let expected = "\"as-recorded\", a retailer with a real-time tariff, or a market";
        problems.add(KEY, "\"bootstrap\", but no prices from a file", expected);
        return;
    };
    let targets = Day::all(horizon.clock.tz(), horizon.start, horizon.end);
    lacking(KEY, spec.day_classes, &targets, &sources, "the price files", problems);
}

/// Adds a problem if a day class has no day in `sources`.
pub fn lacking(
    key: &str,
    classes: DayClasses,
    targets: &[Day],
    sources: &[Day],
    what: &str,
    problems: &mut Problems<'_>,
) -> bool {
    let Some(class) = classes.lacking(targets, sources) else { return false };
    let found = match sources {
        [] => format!("\"bootstrap\", but {what} without one whole day"),
        [first, .., last] => {
            let days = sources.len();
            format!(
                "\"bootstrap\", but no {class} among the {days} days of {what}, {} to {}",
                first.date, last.date
            )
        }
        [only] => format!("\"bootstrap\", but no {class}: {what} have one whole day, {}", only.date),
    };
    let help = match classes {
        DayClasses::Any => "give files of more days",
        _ => {
            "give files of more days, or coarser classes: variation.day_classes = \"weekday-weekend\" or \"any\""
        }
    };
    problems.add(key, found, format!("a {class} to draw")).help(help);
    true
}

/// All series of prices.
pub fn price_series<'a>(retailers: &'a mut [Retailer], trading: &'a mut Trading) -> Vec<&'a mut Series> {
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
pub fn recorded_days(horizon: &Horizon, series: &[&mut Series]) -> Option<Vec<Day>> {
    let spans = series.iter().map(|series| (series.start, series.end()));
    let (start, end) = spans.reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)))?;
    let mut days = Day::all(horizon.clock.tz(), start, end);
    days.retain(|day| day.start >= start && day.end <= end);
    Some(days)
}

//! Retailers and their tariffs: time-of-use periods as hours of a week, price files as series.

use super::horizon::{Horizon, WEEKDAYS};
use super::markets;
use super::sources;
use crate::document::Problems;
use crate::spec::{PeriodSpec, RetailerSpec, ScenarioFile, TariffSpec};
use gridfleet_core::markets::GateRule;
use gridfleet_core::time::HOUR_S;
use gridfleet_sim::world::{Retailer, Tariff, Trading};
use std::path::PathBuf;

/// The retailers; the files read are added to `inputs`.
pub fn retailers(
    file: &ScenarioFile,
    trading: &Trading,
    horizon: Option<&Horizon>,
    inputs: &mut Vec<PathBuf>,
    problems: &mut Problems<'_>,
) -> Vec<Retailer> {
    let specs = &file.retailers;
    let mut retailers = Vec::with_capacity(specs.len());
    for (i, spec) in specs.iter().enumerate() {
        let key = format!("retailers[{i}]");
        if specs[..i].iter().any(|other| other.name == spec.name) {
            problems.add(
                &format!("{key}.name"),
                format!("\"{}\" for the second time", spec.name),
                "a unique name",
            );
        }
        let resolved = match &spec.tariff {
            TariffSpec::Market { market, margin_per_mwh } => {
                of_market(spec, market, *margin_per_mwh, &key, (file, trading), problems)
            }
            _ => tariff(spec, &key, horizon, inputs, problems),
        };
        if let Some((tariff, slot_s)) = resolved {
            retailers.push(Retailer { name: spec.name.clone(), tariff, slot_s, lead_s: spec.lead_s });
        }
    }
    retailers
}

fn tariff(
    spec: &RetailerSpec,
    key: &str,
    horizon: Option<&Horizon>,
    inputs: &mut Vec<PathBuf>,
    problems: &mut Problems<'_>,
) -> Option<(Tariff, i64)> {
    let slot_key = format!("{key}.slot_s");
    match &spec.tariff {
        TariffSpec::Flat { price_per_mwh } => {
            Some((Tariff::Flat(*price_per_mwh), spec.slot_s.unwrap_or(HOUR_S)))
        }
        TariffSpec::TimeOfUse { base_per_mwh, periods } => {
            let slot_s = spec.slot_s.unwrap_or(HOUR_S);
            if HOUR_S % slot_s != 0 {
                problems
                    .add(&slot_key, slot_s.to_string(), "a part of an hour: 3600, 1800, 900, ...")
                    .help("a time-of-use tariff changes at full hours");
            } else if let Some(horizon) = horizon
                && horizon.clock.offsets_s(horizon.start, horizon.end).any(|offset_s| offset_s % slot_s != 0)
            {
                problems
                    .add(
                        &slot_key,
                        slot_s.to_string(),
                        "slots that start at full local hours, for example 900",
                    )
                    .help("local time differs from UTC by a part of an hour");
            }
            let week = week(*base_per_mwh, periods, &format!("{key}.tariff"), problems)?;
            Some((Tariff::TimeOfUse(week.into()), slot_s))
        }
        TariffSpec::RealTime { file, margin_per_mwh }
        | TariffSpec::LoadDependent { file, margin_per_mwh, .. } => {
            let margin_per_mwh = *margin_per_mwh;
            let file_key = format!("{key}.tariff.file");
            let path = problems.file(&file_key, file)?;
            let series = problems.take(&file_key, sources::prices(&path))?;
            inputs.push(path.clone());
            let slot_s = spec.slot_s.unwrap_or(series.slot_s);
            if series.slot_s % slot_s != 0 {
                problems.add(
                    &slot_key,
                    slot_s.to_string(),
                    format!("the slot of the price file, {} s, or a part of it", series.slot_s),
                );
            }
            let horizon = horizon?;
            // The first broadcast price applies to the slot in which the simulation starts.
            let first = horizon.start.0.div_euclid(slot_s) * slot_s;
            let end = series.start + series.slot_s * series.price_per_mwh.len() as i64;
            if series.start.0 > first || end < horizon.end {
                problems
                    .add(
                        &file_key,
                        format!("prices from {} to {}", series.start.iso(), end.iso()),
                        format!(
                            "prices that cover the period simulated, {} to {}",
                            gridfleet_core::time::SimTime(first).iso(),
                            horizon.end.iso()
                        ),
                    )
                    .help("use another file, or change [time]");
                return None;
            }
            let tariff = match spec.tariff {
                TariffSpec::LoadDependent { slope_per_mwh_mw, .. } => {
                    let slope_per_mwh_kw = slope_per_mwh_mw / 1_000.0;
                    Tariff::LoadDependent { series, margin_per_mwh, slope_per_mwh_kw }
                }
                _ => Tariff::RealTime { series, margin_per_mwh },
            };
            Some((tariff, slot_s))
        }
        TariffSpec::Market { .. } => None,
    }
}

/// A tariff that passes on the price of a market. The market results must be known when prices are broadcast.
fn of_market(
    spec: &RetailerSpec,
    market: &str,
    margin_per_mwh: f64,
    key: &str,
    (file, trading): (&ScenarioFile, &Trading),
    problems: &mut Problems<'_>,
) -> Option<(Tariff, i64)> {
    let id = markets::market(market, trading, file, &format!("{key}.tariff.market"), problems)?;
    let rules = &trading.markets[id];
    let slot_s = spec.slot_s.unwrap_or(rules.products.slot_s);
    if rules.products.slot_s % slot_s != 0 {
        let expected = format!("the market's product, {} s, or a part of it", rules.products.slot_s);
        problems.add(&format!("{key}.slot_s"), slot_s.to_string(), expected);
    }
    // An hour less, because the clock may change between the gate and the slot.
    let known_s = match rules.gates {
        GateRule::Lead(lead_s) => lead_s,
        GateRule::Daily { at_s, days_before } => i64::from(days_before) * 86_400 - i64::from(at_s) - HOUR_S,
        GateRule::Weekly { weekday, at_s, weeks_before } => {
            i64::from(weeks_before) * 7 * 86_400 - i64::from(weekday) * 86_400 - i64::from(at_s) - HOUR_S
        }
    } - rules.publish_s;
    if known_s < spec.lead_s {
        let found = format!("{} s, but the market's results are known {known_s} s ahead", spec.lead_s);
        problems
            .add(&format!("{key}.lead_s"), found, format!("at most {} s", known_s.max(0)))
            .help("prices can be broadcast only when the market has cleared");
    }
    Some((Tariff::Market { market: id, margin_per_mwh }, slot_s))
}

/// Prices of the 168 hours of a week from Monday 0:00.
fn week(
    base: Option<f64>,
    periods: &[PeriodSpec],
    key: &str,
    problems: &mut Problems<'_>,
) -> Option<Vec<f64>> {
    let before = problems.errors.len();
    let mut week: Vec<Option<(usize, f64)>> = vec![None; 168];
    for (i, period) in periods.iter().enumerate() {
        let key = format!("{key}.periods[{i}]");
        let days = days(&period.days);
        if days.is_none() {
            problems.add(
                &format!("{key}.days"),
                format!("\"{}\"", &period.days),
                "days such as \"mon-fri\", \"sat,sun\" or \"daily\"",
            );
        }
        let mut full_hour = |name: &str, text: &str, most: usize| {
            let hour = hour(text).filter(|&hour| hour <= most);
            if hour.is_none() {
                problems.add(
                    &format!("{key}.{name}"),
                    format!("\"{text}\""),
                    format!("a full hour from \"00:00\" to \"{most}:00\""),
                );
            }
            hour
        };
        let (from, to) = (full_hour("from", &period.from, 23), full_hour("to", &period.to, 24));
        let (Some(days), Some(from), Some(to)) = (days, from, to) else { continue };
        if from == to {
            problems.add(&format!("{key}.to"), format!("\"{}\", as `from`", period.to), "another hour");
            continue;
        }
        let hours = if to > from { to - from } else { 24 + to - from };
        let mut clash = None;
        for day in (0..7).filter(|&day| days[day]) {
            for hour in 0..hours {
                let slot = (day * 24 + from + hour) % 168;
                match week[slot] {
                    Some((other, _)) => clash = clash.or(Some((other, slot))),
                    None => week[slot] = Some((i, period.price_per_mwh)),
                }
            }
        }
        if let Some((other, slot)) = clash {
            problems.add(
                &key,
                format!(
                    "a period that overlaps periods[{other}] ({} {:02}:00)",
                    WEEKDAYS[slot / 24],
                    slot % 24
                ),
                "periods that do not overlap",
            );
        }
    }
    if base.is_none()
        && problems.errors.len() == before
        && let Some(gap) = week.iter().position(Option::is_none)
    {
        problems.add(
            &format!("{key}.base_per_mwh"),
            format!("nothing, and no period for {} {:02}:00", WEEKDAYS[gap / 24], gap % 24),
            "a price for hours outside all periods",
        );
    }
    if problems.errors.len() > before {
        return None;
    }
    week.into_iter().map(|hour| hour.map(|(_, price)| price).or(base)).collect()
}

/// The days named by a text like `mon-fri` or `sat,sun`.
fn days(text: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    let number = |name: &str| WEEKDAYS.iter().position(|day| *day == name.trim());
    for part in text.to_lowercase().split(',') {
        let (from, to) = match part.trim() {
            "daily" | "all" => (0, 6),
            "weekdays" => (0, 4),
            "weekend" | "weekends" => (5, 6),
            part => match part.split_once('-') {
                Some((from, to)) => (number(from)?, number(to)?),
                None => (number(part)?, number(part)?),
            },
        };
        let count = (to + 7 - from) % 7;
        for day in 0..=count {
            days[(from + day) % 7] = true;
        }
    }
    Some(days)
}

/// The hour of `08:00`.
fn hour(text: &str) -> Option<usize> {
    let (hour, minute) = text.split_once(':')?;
    let digits = hour.len() <= 2 && hour.bytes().all(|b| b.is_ascii_digit());
    (digits && minute == "00").then(|| hour.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use std::path::Path;

    fn period(days: &str, from: &str, to: &str, price_per_mwh: f64) -> PeriodSpec {
        PeriodSpec { days: days.to_owned(), from: from.to_owned(), to: to.to_owned(), price_per_mwh }
    }

    fn prices(base: Option<f64>, periods: &[PeriodSpec]) -> Result<Vec<f64>, String> {
        let document = Document::parse(Path::new("a.toml"), String::new()).unwrap();
        let mut problems = Problems::new(&document);
        week(base, periods, "tariff", &mut problems)
            .ok_or_else(|| problems.errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn periods_fill_the_week_by_local_hour() {
        let week = prices(
            Some(100.0),
            &[period("mon-fri", "08:00", "20:00", 250.0), period("sun", "22:00", "06:00", 50.0)],
        )
        .unwrap();
        // By hand: Monday 7:00 base, Monday 8:00 and Friday 19:00 peak, Saturday 8:00 base,
        // Sunday 22:00 to Monday 6:00 night.
        let at = |day: usize, hour: usize| week[day * 24 + hour];
        assert_eq!([at(0, 7), at(0, 8), at(4, 19), at(4, 20), at(5, 8)], [100.0, 250.0, 250.0, 100.0, 100.0]);
        assert_eq!([at(6, 21), at(6, 22), at(0, 0), at(0, 5), at(0, 6)], [100.0, 50.0, 50.0, 50.0, 100.0]);
        assert_eq!(week.iter().filter(|&&p| p == 250.0).count(), 60);
    }

    #[test]
    fn overlaps_gaps_and_odd_hours_are_refused() {
        let a = period("mon-fri", "08:00", "20:00", 1.0);
        let overlap = prices(Some(1.0), &[a.clone(), period("fri-sun", "19:00", "23:00", 2.0)]).unwrap_err();
        assert!(overlap.contains("overlaps periods[0] (fri 19:00)"), "{overlap}");
        let gap = prices(None, &[a]).unwrap_err();
        assert!(gap.contains("no period for mon 00:00"), "{gap}");
        for (from, to) in
            [("8", "9:00"), ("08:30", "10:00"), ("25:00", "3:00"), ("24:00", "3:00"), ("1:00", "1:00")]
        {
            assert!(prices(Some(1.0), &[period("daily", from, to, 1.0)]).is_err(), "{from} {to}");
        }
        assert!(prices(Some(1.0), &[period("someday", "1:00", "2:00", 1.0)]).is_err());
        assert!(prices(None, &[period("daily", "00:00", "24:00", 1.0)]).is_ok());
    }
}

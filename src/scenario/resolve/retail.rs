//! `[[households]]`, and a retailer's cost of serving its customers.

use super::horizon::Horizon;
use crate::document::{Problems, Subject, suggest};
use crate::spec::{HouseholdSpec, ScenarioFile};
use gridfleet_core::ids::RetailerId;
use gridfleet_core::time::HOUR_S;
use gridfleet_games::stackelberg::case::SUMMER_DAY;
use gridfleet_sim::policies::PricingSpec;
use gridfleet_sim::world::{Generation, Households, Retailer};

/// Cost of serving customers by retailer, in the order of the file.
pub fn generation(spec: &ScenarioFile, problems: &mut Problems<'_>) -> Vec<Option<Generation>> {
    let all: Vec<Option<Generation>> = spec
        .retailers
        .iter()
        .enumerate()
        .map(|(i, retailer)| {
            let costs = retailer.generation.as_ref()?;
            let key = |name: &str| format!("retailers[{i}].generation.{name}");
            let positive = |x: f64| x > 0.0 && x.is_finite();
            let not_negative = |x: f64| x >= 0.0 && x.is_finite();
            let (above, or_more) = ("a number above 0", "0 or a number above");
            Some(Generation {
                a_per_mwh_kw: costs.a_per_mwh_kw.resolve(&key("a_per_mwh_kw"), above, positive, problems),
                b_per_mwh: costs.b_per_mwh.resolve(&key("b_per_mwh"), or_more, not_negative, problems),
                c_per_h: costs.c_per_h.resolve(&key("c_per_h"), or_more, not_negative, problems),
            })
        })
        .collect();
    if spec.operation.pricing != PricingSpec::default() && all.iter().all(Option::is_none) {
        let found = format!("\"{}\", and no retailer with `generation`", spec.operation.pricing.name());
        problems
            .add("operation.pricing.kind", found, "\"tariff\", or a retailer whose prices it makes")
            .help("a pricing policy makes the prices of retailers that have [retailers.generation]");
    }
    all
}

/// The groups of households.
pub fn households(
    spec: &ScenarioFile,
    retailers: &[Retailer],
    problems: &mut Problems<'_>,
) -> Vec<Households> {
    let mut all = Vec::with_capacity(spec.households.len());
    for (i, group) in spec.households.iter().enumerate() {
        let key = format!("households[{i}]");
        if spec.households[..i].iter().any(|other| other.name == group.name) {
            let found = format!("\"{}\" for the second time", group.name);
            problems.add(&format!("{key}.name"), found, "a unique name");
        }
        let shape = group.shape.as_deref().unwrap_or(&SUMMER_DAY);
        let total: f64 = shape.iter().sum();
        if total <= 0.0 {
            problems.add(&format!("{key}.shape"), "a shape without any load", "a load above 0 at some hour");
            continue;
        }
        let nominal: Vec<f64> = shape.iter().map(|x| group.energy_kwh * x / total).collect();
        let most_kw = group.max_kw.unwrap_or(f64::INFINITY);
        let low: Vec<f64> = nominal.iter().map(|x| group.least * x).collect();
        let high: Vec<f64> = nominal.iter().map(|x| (group.most * x).min(most_kw)).collect();
        feasible(group, &key, &low, &high, problems);
        let Some(retailer) = retailer(group.retailer.as_deref(), &key, retailers, problems) else { continue };
        all.push(Households {
            name: group.name.clone(),
            count: group.count,
            retailer,
            nominal_kw: nominal.into(),
            low_kw: low.into(),
            high_kw: high.into(),
            omega_per_mwh: group.omega_per_mwh,
            theta_per_mwh_kw: group.theta_per_mwh_kw,
            bus: group.bus,
        });
    }
    all
}

/// Rejects bounds that make the daily energy infeasible.
fn feasible(group: &HouseholdSpec, key: &str, low: &[f64], high: &[f64], problems: &mut Problems<'_>) {
    let (least, most): (f64, f64) = (low.iter().sum(), high.iter().sum());
    let slack = 1e-9 * group.energy_kwh;
    let field = match group.max_kw {
        Some(_) if group.most >= 1.0 => "max_kw",
        _ => "most",
    };
    if group.least > group.most {
        let found = format!("{:?}, above most, {:?}", group.least, group.most);
        problems.add(&format!("{key}.least"), found, "at most as much as `most`");
    } else if let Some(most_kw) = group.max_kw.filter(|max_kw| low.iter().any(|low| low > max_kw)) {
        let hour = (0..24).max_by(|&a, &b| low[a].total_cmp(&low[b])).unwrap_or(0);
        let found = format!("{most_kw:?} kW, below the least load at {hour:02}:00, {:.3} kW", low[hour]);
        problems.add(&format!("{key}.max_kw"), found, "at least the least load of each hour");
    } else if most < group.energy_kwh - slack {
        let found = format!("bounds that allow {most:.3} kWh in a day");
        let expected = format!("at least the {:?} kWh of the day (energy_kwh)", group.energy_kwh);
        problems.add(&format!("{key}.{field}"), found, expected);
    } else if least > group.energy_kwh + slack {
        let found = format!("bounds that take {least:.3} kWh in a day");
        let expected = format!("at most the {:?} kWh of the day (energy_kwh)", group.energy_kwh);
        problems.add(&format!("{key}.least"), found, expected);
    }
}

/// Loads of homes and costs are given by hour of the local day, so slots must not extend across the end of an hour.
pub fn slots(
    retailers: &[Retailer],
    households: &[Households],
    generation: &[Option<Generation>],
    horizon: Option<&Horizon>,
    problems: &mut Problems<'_>,
) {
    for (i, retailer) in retailers.iter().enumerate() {
        let priced = generation.get(i).is_some_and(Option::is_some);
        if !priced && households.iter().all(|group| group.retailer.index() != i) {
            continue;
        }
        if retailer.tariff.slope_per_mwh_kw().is_some() {
            let found = "a price that is known when the slot is over, for households or with `generation`";
            problems.add(&format!("retailers[{i}].tariff.kind"), found, "a tariff that is announced");
        }
        let misses_hours = horizon.is_some_and(|horizon| {
            horizon
                .clock
                .offsets_s(horizon.start, horizon.end)
                .any(|offset_s| offset_s % retailer.slot_s != 0)
        });
        if HOUR_S % retailer.slot_s != 0 || misses_hours {
            problems
                .add(
                    &format!("retailers[{i}].slot_s"),
                    retailer.slot_s.to_string(),
                    "slots within full local hours: 3600, 1800, 900, ...",
                )
                .help("loads of households and costs of generation are given by the hour");
        }
    }
}

fn retailer(
    name: Option<&str>,
    key: &str,
    retailers: &[Retailer],
    problems: &mut Problems<'_>,
) -> Option<RetailerId> {
    let names = || retailers.iter().map(|retailer| retailer.name.as_str());
    let subject = Subject::Key(key.to_owned());
    match name {
        Some(name) => {
            let at = names().position(|known| known == name);
            if at.is_none() {
                let found = format!("\"{name}\"");
                problems
                    .about(&subject, "retailer", found, "the name of one of the [[retailers]]")
                    .perhaps(suggest::help(name, names()));
            }
            at.map(RetailerId::new)
        }
        None if retailers.len() == 1 => Some(RetailerId(0)),
        None => {
            problems.about(&subject, "retailer", "nothing", "the name of one of the [[retailers]]");
            None
        }
    }
}

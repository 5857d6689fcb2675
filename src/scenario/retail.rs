//! `[[households]]`, and a retailer's cost of serving its customers.

use super::horizon::Horizon;
use super::problems::{Problems, Subject};
use super::spec::ScenarioFile;
use super::suggest;
use gridfleet_core::ids::RetailerId;
use gridfleet_core::time::HOUR_S;
use gridfleet_games::stackelberg::case::SUMMER_DAY;
use gridfleet_sim::policies::PricingSpec;
use gridfleet_sim::world::{Generation, Households, Retailer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A group of identical households.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HouseholdSpec {
    /// Name.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Number of households.
    #[schemars(range(min = 1, max = 10000000))]
    pub count: u32,
    /// Name of their retailer; may be omitted if there is only one.
    pub retailer: Option<String>,
    /// Energy of one household in a day [kWh].
    #[schemars(range(max = 10000.0), extend("exclusiveMinimum" = 0.0))]
    pub energy_kwh: f64,
    /// Load in each hour of the local day, from midnight, relative to each other; 24 of them. By default a summer day
    /// of homes with air conditioning, lowest before dawn and highest late in the afternoon (assumed).
    #[schemars(length(min = 24, max = 24), inner(range(min = 0.0, max = 1000000.0)))]
    pub shape: Option<Vec<f64>>,
    /// Minimum load as a share of that of the shape.
    #[serde(default = "least")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub least: f64,
    /// Maximum load as a share of that of the shape.
    #[serde(default = "most")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub most: f64,
    /// Maximum load of one household at any time [kW].
    #[schemars(range(max = 10000.0), extend("exclusiveMinimum" = 0.0))]
    pub max_kw: Option<f64>,
    /// Worth of the first unit of energy in an hour [currency/MWh]. Each hour of the shape adds the amount that makes
    /// the shape the best load at equal prices. Since the energy of a day is given, this value shifts no load within
    /// the day.
    #[serde(default = "omega")]
    #[schemars(range(max = 100000.0), extend("exclusiveMinimum" = 0.0))]
    pub omega_per_mwh: f64,
    /// Decrease of the worth of the next unit per further kW [currency/MWh per kW].
    #[serde(default = "theta")]
    #[schemars(range(max = 100000.0), extend("exclusiveMinimum" = 0.0))]
    pub theta_per_mwh_kw: f64,
    /// Bus of the distribution feeder to which they are connected.
    pub bus: Option<u32>,
}

// Group 1 of the Stackelberg paper's table II, in currency per MWh instead of cents per kWh; `most` as in its group 3.
fn least() -> f64 {
    0.7
}
fn most() -> f64 {
    1.2
}
fn omega() -> f64 {
    50.0
}
fn theta() -> f64 {
    1.0
}

/// A retailer's cost of serving a load g in kW: `a / 2 g^2 + b g + c` per hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenerationSpec {
    /// Increase of the marginal cost with the load, above 0 [currency/MWh per kW]: one number, or 24 by local hour.
    pub a_per_mwh_kw: ByHour,
    /// Marginal cost without load, 0 or more [currency/MWh]: one number, or 24 by local hour.
    pub b_per_mwh: ByHour,
    /// Cost without load, 0 or more [currency/h]: one number, or 24 by local hour.
    #[serde(default = "nothing")]
    pub c_per_h: ByHour,
}

fn nothing() -> ByHour {
    ByHour::All(0.0)
}

/// A value for each hour of the local day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ByHour {
    /// The same value at all hours.
    All(f64),
    /// One value per hour from midnight; 24 of them.
    Hours(Vec<f64>),
}

impl ByHour {
    pub(super) fn resolve(
        &self,
        key: &str,
        expected: &str,
        fits: impl Fn(f64) -> bool,
        problems: &mut Problems<'_>,
    ) -> Box<[f64]> {
        match self {
            Self::All(x) => {
                if !fits(*x) {
                    problems.add(key, format!("{x:?}"), expected);
                }
                vec![*x; 24].into()
            }
            Self::Hours(hours) => {
                if hours.len() != 24 {
                    let found = format!("a list of {}", hours.len());
                    problems.add(key, found, "one figure, or 24 from midnight on");
                }
                for (hour, x) in hours.iter().enumerate().filter(|(_, x)| !fits(**x)) {
                    problems.add(&format!("{key}[{hour}]"), format!("{x:?}"), expected);
                }
                let mut hours = hours.clone();
                hours.resize(24, 0.0);
                hours.into()
            }
        }
    }
}

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

//! `[feeder]`: the distribution feeder to which stations and households are connected.

use super::sources;
use super::stations::StationPlan;
use crate::document::{Problems, Subject, suggest};
use crate::spec::{BusOfStations, EnforceSpec, FeederCase, FeederSpec, ScenarioFile};
use gridfleet_games::grid::{self, Feeder};
use gridfleet_sim::world::{Enforce, Grid, Households};
use std::path::PathBuf;
use std::sync::Arc;

const KEY: &str = "feeder";

/// The feeder, with the buses of all stations and households that could be read.
pub fn grid(
    spec: &ScenarioFile,
    stations: &[StationPlan],
    households: &[Households],
    inputs: &mut Vec<PathBuf>,
    problems: &mut Problems<'_>,
) -> Option<Arc<Grid>> {
    let feeder_spec = spec.feeder.as_ref()?;
    let above = feeder_spec.voltage_max_pu > feeder_spec.voltage_min_pu;
    if !above {
        let found = format!(
            "{:?}, not above the {:?} of voltage_min_pu",
            feeder_spec.voltage_max_pu, feeder_spec.voltage_min_pu
        );
        problems.add("feeder.voltage_max_pu", found, "a voltage above the least one");
    }
    let fits = |factor: f64| (0.0..=1_000.0).contains(&factor);
    let base_factor =
        feeder_spec.base_load.resolve("feeder.base_load", "a factor from 0 to 1000", fits, problems);
    let (name, feeder) = feeder(feeder_spec, inputs, problems)?;
    let number = numbers(&feeder, problems)?;
    let buses = Buses { name: &name, number: &number };
    let source = feeder.source();
    let station_bus = buses.of_stations(stations, feeder_spec.bus_of_stations, source, problems);
    let household_bus = buses.of_households(spec, households, problems);
    let complete = station_bus.len() == stations.len() && household_bus.len() == households.len();
    (complete && above).then(|| {
        Arc::new(Grid {
            name,
            number,
            voltage: [feeder_spec.voltage_min_pu, feeder_spec.voltage_max_pu],
            enforce: match feeder_spec.enforce {
                EnforceSpec::Observe => Enforce::Observe,
                EnforceSpec::Limit => Enforce::Limit,
            },
            base_factor,
            station_kvar_per_kw: kvar_per_kw(feeder_spec.station_power_factor),
            household_kvar_per_kw: kvar_per_kw(feeder_spec.household_power_factor),
            station_bus: station_bus.into(),
            household_bus: household_bus.into(),
            feeder,
        })
    })
}

/// Buses of a feeder by their numbers.
struct Buses<'a> {
    /// Name of the feeder.
    name: &'a str,
    /// Number of each bus.
    number: &'a [u32],
}

impl Buses<'_> {
    /// Position of bus `wanted`.
    fn position(&self, wanted: u32, subject: &Subject, problems: &mut Problems<'_>) -> Option<usize> {
        let position = self.number.iter().position(|&number| number == wanted);
        if position.is_none() {
            let known: Vec<String> = self.number.iter().map(u32::to_string).collect();
            let help = suggest::help(&wanted.to_string(), known.iter().map(String::as_str));
            let expected = format!("one of the {} buses of the feeder {}", self.number.len(), self.name);
            problems.about(subject, "bus", format!("bus {wanted}"), expected).perhaps(help);
        }
        position
    }

    /// Buses of the stations, without those that could not be found.
    fn of_stations(
        &self,
        stations: &[StationPlan],
        rule: Option<BusOfStations>,
        source: usize,
        problems: &mut Problems<'_>,
    ) -> Vec<usize> {
        let mut others = (0..self.number.len()).filter(|&bus| bus != source).cycle();
        let mut buses = Vec::with_capacity(stations.len());
        let mut without: Vec<&StationPlan> = Vec::new();
        for plan in stations {
            match (plan.station.bus, rule) {
                (Some(wanted), _) => buses.extend(self.position(wanted, &plan.subject, problems)),
                (None, Some(BusOfStations::Spread)) => buses.push(others.next().unwrap_or(source)),
                (None, None) => without.push(plan),
            }
        }
        if let [first, more @ ..] = &without[..] {
            let found = match more.len() {
                0 => format!("station \"{}\" without a bus", first.station.name),
                more => format!("station \"{}\" without a bus, and {more} more", first.station.name),
            };
            problems
                .about(&first.subject, "bus", found, "the number of the bus of the feeder it hangs on")
                .help("add `bus` to each station, or bus_of_stations = \"spread\" to [feeder]");
        }
        buses
    }

    /// Buses of the groups of households, without those that could not be found.
    fn of_households(
        &self,
        spec: &ScenarioFile,
        households: &[Households],
        problems: &mut Problems<'_>,
    ) -> Vec<usize> {
        let mut buses = Vec::with_capacity(households.len());
        for group in households {
            // A group that could not be read is not in the list; its name identifies its key.
            let place = spec.households.iter().position(|written| written.name == group.name).unwrap_or(0);
            let subject = Subject::Key(format!("households[{place}]"));
            if let Some(wanted) = group.bus {
                buses.extend(self.position(wanted, &subject, problems));
            } else {
                let found = format!("households \"{}\" without a bus", group.name);
                problems.about(&subject, "bus", found, "the number of the bus of the feeder they hang on").help(
                    "one group is at one bus: divide homes into several groups to spread them over the feeder",
                );
            }
        }
        buses
    }
}

/// Ratio of reactive to active power at a power factor: tan(arccos).
fn kvar_per_kw(factor: f64) -> f64 {
    (1.0 - factor * factor).max(0.0).sqrt() / factor
}

/// The feeder and its name.
fn feeder(
    feeder_spec: &FeederSpec,
    inputs: &mut Vec<PathBuf>,
    problems: &mut Problems<'_>,
) -> Option<(String, Feeder)> {
    let (name, feeder) = match (&feeder_spec.case, &feeder_spec.file) {
        (Some(FeederCase::Ieee33), None) => {
            ("ieee33".to_owned(), problems.take("feeder.case", grid::baran_wu())?)
        }
        (None, Some(file)) => {
            let path = problems.file("feeder.file", file)?;
            inputs.push(path.clone());
            let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
            (name, problems.take("feeder.file", sources::feeder(&path))?)
        }
        (case, _) => {
            let found = if case.is_some() { "both `case` and `file`" } else { "neither `case` nor `file`" };
            problems.add(KEY, found, "one of them: one feeder").help("for example case = \"ieee33\"");
            return None;
        }
    };
    match feeder_spec.source_voltage_pu {
        None => Some((name, feeder)),
        Some(voltage) => match feeder.with_source_voltage(voltage) {
            Ok(feeder) => Some((name, feeder)),
            Err(fault) => {
                problems.add("feeder.source_voltage_pu", fault.found, fault.expected);
                None
            }
        },
    }
}

/// Bus numbers, by which stations and tables refer to them.
fn numbers(feeder: &Feeder, problems: &mut Problems<'_>) -> Option<Vec<u32>> {
    let mut numbers = Vec::with_capacity(feeder.buses().len());
    for bus in feeder.buses() {
        let Ok(number) = bus.name.parse() else {
            problems.add("feeder.file", format!("a bus called {}", bus.name), "buses with whole numbers");
            return None;
        };
        numbers.push(number);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reactive_load_goes_with_the_power_factor() {
        assert_eq!(kvar_per_kw(1.0), 0.0);
        assert!((kvar_per_kw(0.8) - 0.75).abs() < 1e-15);
        // 0.95: an angle of 18.195 degrees.
        assert!((kvar_per_kw(0.95) - 0.328_684).abs() < 1e-6);
    }
}

//! Stations: inline or from a table, completed by their operator and by defaults.

use super::fleets::FleetPlan;
use super::sources;
use crate::document::{Problems, Subject, suggest};
use crate::spec::{AccessSpec, OperatorSpec, ScenarioFile, StationSpec};
use gridfleet_core::ids::{FleetId, OperatorId, RetailerId, TypeId};
use gridfleet_data::stations::Location;
use gridfleet_sim::world::{Access, Connector, Retailer, VehicleType};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Connectors above this power are treated as DC unless the scenario sets it [kW]: 22 kW is the maximum of AC charging
/// at 32 A three-phase (IEC 61851-1 mode 3).
const MOST_AC_KW: f64 = 22.0;
/// Default for the longest wait in a queue [s]; assumed.
const QUEUE_PATIENCE_S: i64 = 1_800;

/// Default for the sensitivity of stations [currency/MWh per MW]; assumed: prices that differ by 40 currency/MWh move
/// about 40 kW.
const SENSITIVITY_PER_MWH_MW: f64 = 1_000.0;

/// Most operators: each has an account, and accounts are numbered by 16 bits.
const MOST_OPERATORS: usize = 60_000;

/// A station, resolved except for its place.
#[derive(Debug, Clone)]
pub struct StationPlan {
    /// Origin of the station in the input.
    pub subject: Subject,
    /// Location of the station.
    pub location: Location,
    /// All other properties; its place is a placeholder.
    pub station: gridfleet_sim::world::Station,
}

/// Operators and stations.
pub fn stations(
    spec: &ScenarioFile,
    fleets: &[FleetPlan],
    types: &[VehicleType],
    retailers: &[Retailer],
    inputs: &mut Vec<PathBuf>,
    problems: &mut Problems<'_>,
) -> (Vec<String>, Vec<StationPlan>) {
    let mut specs: Vec<(StationSpec, Subject)> = Vec::new();
    let before = problems.errors.len();
    if let Some(file) = &spec.stations_file
        && let Some(path) = problems.file("stations_file", file)
    {
        inputs.push(path.clone());
        for (line, row) in problems.take("stations_file", sources::stations(&path)).unwrap_or_default() {
            specs.push((row, Subject::Row { file: path.clone(), line }));
        }
    }
    // If a table has mistakes, its other rows are unknown too.
    let complete = problems.errors.len() == before;
    let inline = spec.stations.iter().enumerate();
    specs.extend(inline.map(|(i, station)| (station.clone(), Subject::Key(format!("stations[{i}]")))));

    if spec.operators.len() > MOST_OPERATORS {
        let found = format!("{} operators", spec.operators.len());
        problems.add("operators", found, format!("at most {MOST_OPERATORS}"));
        return (Vec::new(), Vec::new());
    }
    let mut resolver =
        Resolver { spec, fleets, types, retailers, operators: Vec::new(), numbers: BTreeMap::new() };
    let with_stations: BTreeSet<&str> =
        specs.iter().map(|(s, _)| s.operator.as_ref().unwrap_or(&s.name).as_str()).collect();
    for (i, operator) in spec.operators.iter().enumerate() {
        let key = format!("operators[{i}]");
        if resolver.numbers.contains_key(&operator.name) {
            let found = format!("\"{}\" for the second time", operator.name);
            problems.add(&format!("{key}.name"), found, "a unique name");
        }
        resolver.numbers.entry(operator.name.clone()).or_insert(i);
        resolver.operators.push(operator.name.clone());
        if complete && !with_stations.contains(operator.name.as_str()) {
            let names: BTreeSet<&str> = specs.iter().filter_map(|(s, _)| s.operator.as_deref()).collect();
            problems
                .add(
                    &format!("{key}.name"),
                    format!("\"{}\", which runs no station", operator.name),
                    "an operator that a station names",
                )
                .perhaps(suggest::help(&operator.name, names));
        }
        if let Some(name) = &operator.retailer {
            resolver.retailer(name, &Subject::Key(key.clone()), problems);
        }
        if let Some(access) = &operator.access {
            resolver.access(access, &operator.name, &Subject::Key(key.clone()), problems);
        }
    }
    let mut names = BTreeSet::new();
    let mut plans = Vec::with_capacity(specs.len());
    for (station, subject) in &specs {
        if resolver.operators.len() > MOST_OPERATORS {
            let found = format!("more than {MOST_OPERATORS} operators");
            problems
                .about(subject, "operator", found, "fewer")
                .help("a station without an operator counts as a separate one");
            break;
        }
        if !names.insert(station.name.as_str()) {
            let field = if matches!(subject, Subject::Key(_)) { "name" } else { "station_id" };
            let found = format!("\"{}\" for the second time", station.name);
            problems.about(subject, field, found, "a unique name");
        }
        plans.extend(resolver.station(station, subject, problems));
    }
    resolver.fleets_can_charge(&plans, problems);
    (resolver.operators, plans)
}

struct Resolver<'a> {
    spec: &'a ScenarioFile,
    fleets: &'a [FleetPlan],
    types: &'a [VehicleType],
    retailers: &'a [Retailer],
    operators: Vec<String>,
    /// Number of each operator; for duplicates, the first. Those of `[[operators]]` come first, in their order.
    numbers: BTreeMap<String, usize>,
}

impl Resolver<'_> {
    fn station(
        &mut self,
        station: &StationSpec,
        subject: &Subject,
        problems: &mut Problems<'_>,
    ) -> Option<StationPlan> {
        let name = station.operator.as_ref().unwrap_or(&station.name);
        let operator = self.operator(name);
        let defaults = self.spec.operators.get(operator);
        let location = location(station, subject, problems);
        let access = self.access_of(station, defaults, name, subject, problems);
        let retailer = match station.retailer.as_ref().or(defaults.and_then(|d| d.retailer.as_ref())) {
            Some(retailer) if station.retailer.is_some() => self.retailer(retailer, subject, problems),
            Some(retailer) => self.retailers.iter().position(|r| &r.name == retailer).map(RetailerId::new),
            None => self.only_retailer(subject, problems),
        };
        let dc = station.dc.unwrap_or(station.connector_kw > MOST_AC_KW);
        let connector = Connector { power_kw: station.connector_kw, dc };
        if let Some(access) = access {
            self.fleets_fit(access, dc, subject, problems);
        }
        let all_kw = station.connector_kw * f64::from(station.connectors);
        Some(StationPlan {
            subject: subject.clone(),
            location: location?,
            station: gridfleet_sim::world::Station {
                name: station.name.clone(),
                place: gridfleet_core::ids::PlaceId(0),
                operator: OperatorId::new(operator),
                access: access?,
                connectors: vec![connector; station.connectors as usize],
                site_limit_kw: station.site_limit_kw.filter(|&limit| limit < all_kw).unwrap_or(f64::INFINITY),
                retailer: retailer?,
                markup_per_mwh: station
                    .markup_per_mwh
                    .or(defaults.and_then(|d| d.markup_per_mwh))
                    .unwrap_or(0.0),
                sensitivity_per_mwh_kw: defaults
                    .and_then(|d| d.sensitivity_per_mwh_mw)
                    .unwrap_or(SENSITIVITY_PER_MWH_MW)
                    / 1_000.0,
                bus: station.bus,
                queue_patience_s: station
                    .queue_patience_s
                    .or(defaults.and_then(|d| d.queue_patience_s))
                    .unwrap_or(QUEUE_PATIENCE_S),
            },
        })
    }

    /// Number of the operator called `name`, which may be new.
    fn operator(&mut self, name: &str) -> usize {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        self.numbers.insert(name.to_owned(), self.operators.len());
        self.operators.push(name.to_owned());
        self.operators.len() - 1
    }

    /// Access to a station: its rule, the rule of its operator, or public.
    fn access_of(
        &self,
        station: &StationSpec,
        operator: Option<&OperatorSpec>,
        name: &str,
        subject: &Subject,
        problems: &mut Problems<'_>,
    ) -> Option<Access> {
        match (&station.access, operator.and_then(|operator| operator.access.as_ref())) {
            (Some(access), _) => self.access(access, name, subject, problems),
            (None, Some(access)) => {
                // Errors in an access rule of the operator have been reported there.
                let mut reported = Problems::quiet(problems);
                self.access(access, name, subject, &mut reported)
            }
            (None, None) => Some(Access::PUBLIC),
        }
    }

    fn retailer(&self, name: &str, subject: &Subject, problems: &mut Problems<'_>) -> Option<RetailerId> {
        let position = self.spec.retailers.iter().position(|r| r.name == name);
        if position.is_none() {
            problems
                .about(subject, "retailer", format!("\"{name}\""), "the name of one of the [[retailers]]")
                .perhaps(suggest::help(name, self.spec.retailers.iter().map(|r| r.name.as_str())));
        }
        // The position among those that could be read; if one could not, the scenario is rejected anyway.
        self.retailers.iter().position(|r| r.name == name).map(RetailerId::new)
    }

    fn only_retailer(&self, subject: &Subject, problems: &mut Problems<'_>) -> Option<RetailerId> {
        let count = self.spec.retailers.len();
        if count != 1 {
            let found = format!("nothing, with {count} retailers");
            problems.about(subject, "retailer", found, "the retailer of the station").help(
                "add `retailer` to the station or to its entry in [[operators]], and a [[retailers]] table",
            );
        }
        (count == 1 && self.retailers.len() == 1).then_some(RetailerId(0))
    }

    fn access(
        &self,
        access: &AccessSpec,
        operator: &str,
        subject: &Subject,
        problems: &mut Problems<'_>,
    ) -> Option<Access> {
        let names: Vec<&str> = match access {
            AccessSpec::One(word) if word == "public" => return Some(Access::PUBLIC),
            AccessSpec::One(word) if word == "own" => vec![operator],
            AccessSpec::One(name) => vec![name],
            AccessSpec::Fleets(names) => names.iter().map(String::as_str).collect(),
        };
        if names.is_empty() {
            problems.about(
                subject,
                "access",
                "an empty list",
                "at least one fleet: no vehicle could charge here",
            );
            return None;
        }
        let mut set = Access::NOBODY;
        for name in names {
            let fleets = self.spec.fleets.iter().map(|f| f.name.as_str());
            let Some(fleet) = fleets.clone().position(|fleet| fleet == name) else {
                let own = matches!(access, AccessSpec::One(word) if word == "own");
                let found = if own {
                    format!("\"own\", but no fleet has the operator's name \"{name}\"")
                } else {
                    format!("\"{name}\"")
                };
                let help = suggest::help(name, fleets.chain(["public", "own"]));
                problems
                    .about(subject, "access", found, "\"public\", \"own\" or names of fleets")
                    .perhaps(help);
                return None;
            };
            set = set.with(FleetId::new(fleet));
        }
        Some(set)
    }

    fn fits(&self, vehicle_type: TypeId, dc: bool) -> bool {
        self.types.get(vehicle_type.index()).is_some_and(|t| if dc { t.dc_kw > 0.0 } else { t.ac_kw > 0.0 })
    }

    fn fleets_fit(&self, access: Access, dc: bool, subject: &Subject, problems: &mut Problems<'_>) {
        let mut allowed =
            self.fleets.iter().filter(|f| access.allows(f.id)).flat_map(FleetPlan::types).peekable();
        if allowed.peek().is_some() && !allowed.any(|t| self.fits(t, dc)) {
            let (kind, key) = if dc { ("DC", "dc_kw") } else { ("AC", "ac_kw") };
            problems
                .about(
                    subject,
                    "dc",
                    format!("a {kind} station"),
                    format!("one that a vehicle of its fleets can use: their types have no `{key}`"),
                )
                .help("set `dc`, open the station to another fleet, or change the vehicle types");
        }
    }

    /// Rejects a fleet whose vehicles are compatible with none of the stations open to it.
    fn fleets_can_charge(&self, plans: &[StationPlan], problems: &mut Problems<'_>) {
        for fleet in self.fleets {
            let open: Vec<&StationPlan> =
                plans.iter().filter(|p| p.station.access.allows(fleet.id)).collect();
            for vehicle_type in fleet.types() {
                let charges = |plan: &&StationPlan| {
                    plan.station.connectors.iter().any(|c| self.fits(vehicle_type, c.dc))
                };
                if !open.is_empty() && !open.iter().any(charges) {
                    let name = self.types.get(vehicle_type.index()).map_or("", |t| t.name.as_str());
                    problems
                        .add(
                            &fleet.key,
                            format!("vehicles of type \"{name}\", which fit no connector open to the fleet"),
                            "a type that can charge somewhere",
                        )
                        .help("add `dc_kw` or `ac_kw` to the type, or a station with the other kind of connector");
                }
            }
        }
    }
}

/// The place that a station gives: a zone or a coordinate.
fn location(station: &StationSpec, subject: &Subject, problems: &mut Problems<'_>) -> Option<Location> {
    match (&station.zone, station.lat, station.lon) {
        (Some(zone), None, None) => Some(Location::Zone(zone.clone())),
        (None, Some(lat), Some(lon)) => Some(Location::Point(lat, lon)),
        (Some(_), _, _) => {
            problems.about(subject, "zone", "both a zone and a coordinate", "one of them");
            None
        }
        _ => {
            problems.about(subject, "zone", "no zone, and no `lat` and `lon`", "the place of the station");
            None
        }
    }
}

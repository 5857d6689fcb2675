//! Fleets and their vehicles, resolved except for their places.

use super::sources;
use crate::document::{Problems, Subject, suggest};
use crate::spec::{FleetSpec, InitialSoc, ModeSpec, PlaceSpec, ScenarioFile, StartAt, VehiclesSpec};
use gridfleet_core::ids::{FleetId, TypeId};
use gridfleet_data::stations::Location;
use gridfleet_data::vehicles::VehicleRow;
use gridfleet_sim::world::{FareRule, Fleet, VehicleType};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A fleet, before zones and trips are known.
#[derive(Debug, Clone)]
pub struct FleetPlan {
    /// Key in the scenario, `fleets[0]`.
    pub key: String,
    /// Number of the fleet.
    pub id: FleetId,
    /// Costs and fares; the depots are still missing.
    pub fleet: Fleet,
    /// Depots.
    pub depots: Vec<Location>,
    /// Whether vehicles start at the depots.
    pub start_at_depots: bool,
    /// Vehicles by type, in order.
    pub groups: Vec<Group>,
    /// Vehicles by name.
    pub named: Vec<Named>,
}

/// Vehicles of one type.
#[derive(Debug, Clone)]
pub struct Group {
    /// Type of the vehicles.
    pub vehicle_type: TypeId,
    /// Number of vehicles; 0 in replay.
    pub count: u32,
    /// Lowest and highest state of charge at the start.
    pub soc: [f64; 2],
}

/// A vehicle of a table.
#[derive(Debug, Clone)]
pub struct Named {
    /// Origin of the vehicle in the input.
    pub subject: Subject,
    /// Name of the vehicle.
    pub name: String,
    /// Type of the vehicle.
    pub vehicle_type: TypeId,
    /// Place at the start, if given.
    pub location: Option<Location>,
    /// State of charge at the start, if given.
    pub soc: Option<f64>,
}

impl FleetPlan {
    /// The distinct types of its vehicles.
    pub fn types(&self) -> impl Iterator<Item = TypeId> + use<> {
        let types: BTreeSet<TypeId> = self
            .groups
            .iter()
            .map(|g| g.vehicle_type)
            .chain(self.named.iter().map(|v| v.vehicle_type))
            .collect();
        types.into_iter()
    }
}

/// Most vehicles in a scenario: a larger number is more likely a typing error.
const MOST_VEHICLES: u64 = 2_000_000;

/// Resolves `[[fleets]]`.
pub fn fleets(
    spec: &ScenarioFile,
    types: &[VehicleType],
    inputs: &mut Vec<PathBuf>,
    problems: &mut Problems<'_>,
) -> Vec<FleetPlan> {
    if spec.fleets.is_empty() && spec.households.is_empty() {
        problems
            .add("fleets", "neither [[fleets]] nor [[households]]", "a fleet or households")
            .help("add a [[fleets]] with vehicles, or [[households]]");
    } else if spec.fleets.is_empty() && !spec.trips.files.is_empty() {
        problems.add("trips.files", "trips, and no [[fleets]]", "a fleet that can serve them");
    }
    let mut resolver = Resolver { spec, types, tables: BTreeMap::new(), names: BTreeSet::new() };
    let plans: Vec<FleetPlan> = (0..spec.fleets.len()).map(|i| resolver.fleet(i, inputs, problems)).collect();
    let vehicles: u64 = plans
        .iter()
        .map(|p| p.groups.iter().map(|g| u64::from(g.count)).sum::<u64>() + p.named.len() as u64)
        .sum();
    if vehicles > MOST_VEHICLES {
        problems.add("fleets", format!("{vehicles} vehicles"), format!("at most {MOST_VEHICLES} in all"));
    }
    plans
}

/// Resolves fleets, which share tables of vehicles and the names of vehicles.
struct Resolver<'a> {
    spec: &'a ScenarioFile,
    types: &'a [VehicleType],
    /// Rows of the tables read so far.
    tables: BTreeMap<PathBuf, Rc<[VehicleRow]>>,
    /// Names of the vehicles so far.
    names: BTreeSet<String>,
}

impl Resolver<'_> {
    fn fleet(&mut self, i: usize, inputs: &mut Vec<PathBuf>, problems: &mut Problems<'_>) -> FleetPlan {
        let fleet = &self.spec.fleets[i];
        let key = format!("fleets[{i}]");
        if self.spec.fleets[..i].iter().any(|other| other.name == fleet.name) {
            let found = format!("\"{}\" for the second time", fleet.name);
            problems.add(&format!("{key}.name"), found, "a unique name");
        }
        if ["public", "own"].contains(&fleet.name.as_str()) {
            let expected = "another name: access rules give this word a meaning";
            problems.add(&format!("{key}.name"), format!("\"{}\"", fleet.name), expected);
        }
        let depots = depots(fleet, &key, problems);
        if fleet.start_at == Some(StartAt::Depots) && fleet.depots.is_empty() {
            let found = "\"depots\", but no depot";
            problems.add(&format!("{key}.start_at"), found, "\"demand\", or `depots`");
        }
        let mut groups = Vec::with_capacity(fleet.vehicles.len());
        for (k, group) in fleet.vehicles.iter().enumerate() {
            groups.extend(self.group(group, &format!("{key}.vehicles[{k}]"), problems));
        }
        self.mode(fleet, &key, problems);
        let named = match (self.spec.operation.mode, &fleet.vehicles_file) {
            (ModeSpec::Dispatch, Some(file)) => {
                let key = format!("{key}.vehicles_file");
                self.table(fleet, file, &key, groups.is_empty(), inputs, problems)
            }
            _ => Vec::new(),
        };
        FleetPlan {
            key,
            id: FleetId::new(i),
            fleet: Fleet {
                name: fleet.name.clone(),
                fare: FareRule {
                    base: fleet.fare.base,
                    per_km: fleet.fare.per_km,
                    per_minute: fleet.fare.per_minute,
                },
                driving_cost_per_km: fleet.driving_cost_per_km,
                lost_request_cost: fleet.lost_request_cost,
                rescue_cost: fleet.rescue_cost,
                depots: Vec::new(),
                private: fleet.drivers.is_some(),
            },
            depots,
            // Drivers start at home, which replaces a depot.
            start_at_depots: fleet.drivers.is_some()
                || fleet.start_at.map_or(!fleet.depots.is_empty(), |at| at == StartAt::Depots),
            groups,
            named,
        }
    }

    /// Checks that the mode of operation and the places where vehicles are listed agree.
    fn mode(&self, fleet: &FleetSpec, key: &str, problems: &mut Problems<'_>) {
        let vehicles = format!("{key}.vehicles");
        match self.spec.operation.mode {
            ModeSpec::Replay => {
                if fleet.vehicles_file.is_some() {
                    let expected = "none in replay: the trips name the vehicles";
                    problems.add(&format!("{key}.vehicles_file"), "a table of vehicles", expected);
                }
                if fleet.vehicles.len() != 1 {
                    let found = format!("{} entries", fleet.vehicles.len());
                    let expected = "one entry in replay, with the `type` of the vehicles that the trips name";
                    problems.add(&vehicles, found, expected).help("vehicles = [{ type = \"...\" }]");
                }
            }
            ModeSpec::Dispatch if fleet.vehicles_file.is_none() && fleet.vehicles.is_empty() => {
                problems
                    .add(&vehicles, "nothing", "vehicles, or a `vehicles_file`")
                    .help("vehicles = [{ type = \"...\", count = 100 }]");
            }
            ModeSpec::Dispatch => {}
        }
    }

    /// Vehicles of `fleet` in the table `file`, which other fleets may name as well.
    fn table(
        &mut self,
        fleet: &FleetSpec,
        file: &Path,
        key: &str,
        only_source: bool,
        inputs: &mut Vec<PathBuf>,
        problems: &mut Problems<'_>,
    ) -> Vec<Named> {
        let Some(path) = problems.file(key, file) else { return Vec::new() };
        if !self.tables.contains_key(&path) {
            inputs.push(path.clone());
            let rows = problems.take(key, sources::vehicles(&path)).unwrap_or_default();
            self.tables.insert(path.clone(), rows.into());
        }
        let rows = self.tables.get(&path).map(Rc::clone).unwrap_or_default();
        let named = self.named(fleet, &path, &rows, problems);
        if only_source && named.is_empty() && !rows.is_empty() {
            let found = format!("a table without a vehicle of fleet \"{}\"", fleet.name);
            problems.add(key, found, "at least one row with this fleet, or none");
        }
        named
    }

    /// Vehicles of `fleet` among the rows of a table.
    fn named(
        &mut self,
        fleet: &FleetSpec,
        file: &Path,
        rows: &[VehicleRow],
        problems: &mut Problems<'_>,
    ) -> Vec<Named> {
        let mut named = Vec::new();
        for row in rows {
            let subject = Subject::Row { file: file.to_path_buf(), line: row.line };
            if let Some(name) = row.fleet.as_ref().filter(|&name| name != &fleet.name) {
                let known = || self.spec.fleets.iter().map(|f| f.name.as_str());
                if !known().any(|fleet| fleet == name) {
                    problems
                        .about(&subject, "fleet", format!("\"{name}\""), "the name of one of the [[fleets]]")
                        .perhaps(suggest::help(name, known().collect::<Vec<_>>()));
                }
                continue;
            }
            if !self.names.insert(row.vehicle_id.clone()) {
                let found = format!("\"{}\", which another fleet has too", row.vehicle_id);
                problems.about(&subject, "vehicle_id", found, "a vehicle of one fleet");
            }
            let Some(vehicle_type) = type_id(&subject, &row.vehicle_type, self.types, problems) else {
                continue;
            };
            let (name, location) = (row.vehicle_id.clone(), row.location.clone());
            named.push(Named { subject, name, vehicle_type, location, soc: row.soc });
        }
        named
    }

    fn group(&self, spec: &VehiclesSpec, key: &str, problems: &mut Problems<'_>) -> Option<Group> {
        let (mode, types) = (self.spec.operation.mode, self.types);
        let vehicle_type = type_id(&Subject::Key(key.to_owned()), &spec.vehicle_type, types, problems);
        match (mode, spec.count) {
            (ModeSpec::Dispatch, None) => {
                problems.add(&format!("{key}.count"), "nothing", "how many vehicles");
            }
            (ModeSpec::Replay, Some(count)) => {
                problems
                    .add(
                        &format!("{key}.count"),
                        count.to_string(),
                        "no count in replay: the trips name the vehicles",
                    )
                    .help("remove `count`");
            }
            _ => {}
        }
        let soc = match spec.initial_soc {
            InitialSoc::Fixed(soc) => [soc, soc],
            InitialSoc::Between(soc) => soc,
        };
        let default = spec.initial_soc == InitialSoc::default();
        let usable = vehicle_type.and_then(|t| types.get(t.index())).map_or([0.0, 1.0], |t| t.usable_soc);
        let inside = |soc: f64| (usable[0]..=usable[1]).contains(&soc);
        let fits = soc[0] <= soc[1] && inside(soc[0]) && inside(soc[1]);
        if !default && !fits {
            let found = match spec.initial_soc {
                InitialSoc::Fixed(soc) => format!("{soc:?}"),
                InitialSoc::Between(soc) => format!("{soc:?}"),
            };
            let [low, high] = usable;
            let expected =
                format!("a state of charge, or lowest and highest, within the usable {low:?} to {high:?}");
            problems.add(&format!("{key}.initial_soc"), found, expected);
        }
        let soc = soc.map(|soc| soc.clamp(usable[0], usable[1].max(usable[0])));
        Some(Group { vehicle_type: vehicle_type?, count: spec.count.unwrap_or(0), soc })
    }
}

fn type_id(
    subject: &Subject,
    name: &str,
    types: &[VehicleType],
    problems: &mut Problems<'_>,
) -> Option<TypeId> {
    let position = types.iter().position(|t| t.name == name);
    if position.is_none() && !problems.types_unread {
        problems
            .about(subject, "type", format!("\"{name}\""), "the name of a vehicle type")
            .perhaps(suggest::help(name, types.iter().map(|t| t.name.as_str())));
    }
    position.map(TypeId::new)
}

fn depots(fleet: &FleetSpec, key: &str, problems: &mut Problems<'_>) -> Vec<Location> {
    let mut depots = Vec::with_capacity(fleet.depots.len());
    for (i, depot) in fleet.depots.iter().enumerate() {
        match depot {
            PlaceSpec::Zone(zone) => depots.push(Location::Zone(zone.clone())),
            PlaceSpec::Point([lat, lon]) => {
                if !(-90.0..=90.0).contains(lat) || !(-180.0..=180.0).contains(lon) {
                    problems.add(
                        &format!("{key}.depots[{i}]"),
                        format!("[{lat:?}, {lon:?}]"),
                        "[latitude, longitude] in degrees",
                    );
                }
                depots.push(Location::Point(*lat, *lon));
            }
        }
    }
    depots
}

/// Checks policies, mode and fleets against each other.
pub fn operation(
    spec: &ScenarioFile,
    fleets: &[FleetPlan],
    types: &[VehicleType],
    problems: &mut Problems<'_>,
) {
    use gridfleet_sim::policies::ChargingSpec as C;
    let key = "operation.charging";
    let (start, target, idle) = match spec.operation.charging {
        C::ThresholdNearest { start_soc, target_soc } | C::ThresholdFastest { start_soc, target_soc, .. } => {
            (start_soc, target_soc, None)
        }
        C::Opportunistic { start_soc, target_soc, idle_soc, .. }
        | C::PriceAware { start_soc, target_soc, idle_soc, .. } => (start_soc, target_soc, Some(idle_soc)),
    };
    if start >= target {
        problems.add(
            &format!("{key}.start_soc"),
            format!("{start:?}"),
            format!("less than target_soc, {target:?}"),
        );
    }
    if let Some(idle) = idle.filter(|&idle| idle < start || idle > target) {
        let expected = format!("from start_soc, {start:?}, to target_soc, {target:?}");
        problems.add(&format!("{key}.idle_soc"), format!("{idle:?}"), expected);
    }
    let used: BTreeSet<TypeId> = fleets.iter().flat_map(FleetPlan::types).collect();
    for vehicle_type in used.iter().filter_map(|t| types.get(t.index())) {
        let [low, _] = vehicle_type.usable_soc;
        if start <= low && low > 0.0 {
            problems
                .add(
                    &format!("{key}.start_soc"),
                    format!("{start:?}"),
                    format!(
                        "more than {low:?}, at which vehicles of type \"{}\" stand still",
                        vehicle_type.name
                    ),
                )
                .help("raise start_soc or lower the type's usable_soc");
        }
    }
}

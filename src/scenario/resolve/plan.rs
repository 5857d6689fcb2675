//! Content of the file, with names resolved and small tables read.

use super::competition::CompetitionPlan;
use super::drivers::DriversPlan;
use super::fleets::FleetPlan;
use super::horizon::Horizon;
use super::stations::StationPlan;
use super::{
    coalitions, competition, drivers, feeder, fleets, horizon, loads, markets, retail, stations, tariffs,
    training, trips, variation, vehicle_types,
};
use crate::document::{Document, Problems};
use crate::spec::ScenarioFile;
use gridfleet_core::error::InputError;
use gridfleet_data::TripSource;
use gridfleet_sim::policies::Trained;
use gridfleet_sim::world::{Generation, Grid, Households, Retailer, Trading, Travel, VehicleType};
use std::path::PathBuf;
use std::sync::Arc;

/// Content of the file, with names resolved.
#[derive(Debug, Clone)]
pub struct Plan {
    pub horizon: Horizon,
    pub source: TripSource,
    pub travel: Travel,
    pub types: Vec<VehicleType>,
    pub fleets: Vec<FleetPlan>,
    pub coalitions: Vec<usize>,
    pub take_part: Vec<bool>,
    pub operators: Vec<String>,
    pub stations: Vec<StationPlan>,
    pub retailers: Vec<Retailer>,
    /// The retailers that compete, if any.
    pub competition: Option<CompetitionPlan>,
    pub households: Vec<Households>,
    pub generation: Vec<Option<Generation>>,
    pub grid: Option<Arc<Grid>>,
    /// By fleet.
    pub drivers: Vec<Option<DriversPlan>>,
    pub trading: Trading,
    /// Trained agent named by `operation.bidding`.
    pub trained: Option<Arc<Trained>>,
}

/// Resolves names and periods and reads the small tables.
pub fn resolve(
    spec: &ScenarioFile,
    document: &Document,
    inputs: &mut Vec<PathBuf>,
) -> Result<Plan, Vec<InputError>> {
    let mut problems = Problems::new(document);
    problems.names_folder("name", &spec.name);
    let horizon = horizon::horizon(&spec.time, &mut problems);
    let source = trips::source(spec, inputs, &mut problems);
    let travel = trips::travel(&spec.travel, &mut problems);
    if spec.environment.temperature_c.is_some() && spec.environment.temperature_by_hour_c.is_some() {
        let found = "both `temperature_c` and `temperature_by_hour_c`";
        problems.add("environment.temperature_c", found, "one of them");
    }
    let types = vehicle_types::vehicle_types(spec, inputs, &mut problems);
    let fleets = fleets::fleets(spec, &types, inputs, &mut problems);
    fleets::operation(spec, &fleets, &types, &mut problems);
    let coalitions = coalitions::coalitions(spec, &mut problems);
    let take_part = coalitions::take_part(spec, &mut problems);
    let trading = markets::trading(spec, horizon.as_ref(), inputs, &mut problems);
    let trained = training::trained(spec, inputs, &mut problems);
    let retailers = tariffs::retailers(spec, &trading, horizon.as_ref(), inputs, &mut problems);
    let competition = competition::competition(spec, &retailers, &trading, horizon.as_ref(), &mut problems);
    variation::check(spec, horizon.as_ref(), &retailers, &trading, &mut problems);
    let (operators, stations) = stations::stations(spec, &fleets, &types, &retailers, inputs, &mut problems);
    loads::check(spec, &retailers, &mut problems);
    loads::check_names(spec, &operators, &stations, &mut problems);
    let households = retail::households(spec, &retailers, &mut problems);
    let generation = retail::generation(spec, &mut problems);
    retail::slots(&retailers, &households, &generation, horizon.as_ref(), &mut problems);
    let grid = feeder::grid(spec, &stations, &households, inputs, &mut problems);
    let drivers = drivers::drivers(spec, &fleets, &types, &stations, &mut problems);
    match horizon {
        Some(horizon) if problems.errors.is_empty() => Ok(Plan {
            horizon,
            source,
            travel,
            types,
            fleets,
            coalitions,
            take_part,
            operators,
            stations,
            retailers,
            competition,
            households,
            generation,
            grid,
            drivers,
            trading,
            trained,
        }),
        _ => Err(problems.errors),
    }
}

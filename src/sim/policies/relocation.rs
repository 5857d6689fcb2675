//! Relocation of idle vehicles: to places of demand, or to a depot.
//!
//! One-way trips move vehicles away from the riders: without relocation a fleet ends up idle at the edge of the city.

use super::{Action, Relocation, Turn};
use crate::world::{Activity, View};
use gridfleet_core::geo::EARTH_RADIUS_KM;
use gridfleet_core::ids::{FleetId, IdVec, PlaceId, RequestId, VehicleId};
use gridfleet_core::time::SimTime;

/// Sends idle vehicles from cells with more vehicles than the recent demand requires to cells with fewer.
///
/// The map is divided into square cells. The demand of a cell is an exponentially weighted count of the requests made
/// there with a half-life of `HALF_LIFE_S`; a fleet's idle vehicles are wanted in proportion to it, up to `COVER` per
/// request. Only past requests count, so no information about the future is used.
#[derive(Debug)]
pub(super) struct FollowDemand {
    interval_s: i64,
    idle_s: i64,
    cell_km: f64,
    /// Number of the cell of each place; cells with places are numbered row by row from the south-west.
    cell_of: IdVec<PlaceId, u32>,
    /// Cells of each fleet, by number.
    cells: IdVec<FleetId, Vec<Cell>>,
    /// Scratch buffer: vehicles that may be relocated, by fleet and cell, the longest idle first.
    idle: Vec<Idle>,
    /// Scratch buffer: cells with a surplus, by distance [km].
    order: Vec<(f64, usize)>,
}

/// Half-life of the observed demand [s]; assumed: long enough to be stable, short enough to follow the day.
const HALF_LIFE_S: f64 = 1_800.0;

/// Maximum number of idle vehicles per remembered request; assumed: beyond that more vehicles in a cell do not shorten
/// waiting times, and a fleet with spare vehicles would relocate them without benefit.
const COVER: f64 = 1.5;

/// Share of a deficit that is sent at a time; assumed: riders take some of the rest.
const STEP: f64 = 0.5;

/// Demand up to which a cell is forgotten.
const NEGLIGIBLE: f64 = 1e-3;

/// One cell of the map, as seen by one fleet.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    /// Exponentially weighted request count.
    demand: f64,
    /// Origin of the last request, to which vehicles are relocated; without a recent request the place of a vehicle.
    place: Option<PlaceId>,
    /// Idle vehicles there now, and vehicles relocating there.
    supply: i64,
}

impl Cell {
    /// Number of vehicles wanted here, if each remembered request is worth `cover`.
    fn wanted(&self, cover: f64) -> f64 {
        cover * self.demand
    }
}

/// A vehicle that may be relocated, in the order in which a cell gives them up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Idle {
    fleet: FleetId,
    cell: u32,
    since: SimTime,
    vehicle: VehicleId,
}

/// A cell with a surplus of idle vehicles.
struct Giving<'a> {
    place: PlaceId,
    surplus: i64,
    /// Vehicles not yet considered.
    idle: &'a [Idle],
}

impl FollowDemand {
    pub(super) fn new(interval_s: i64, idle_s: i64, cell_km: f64) -> Self {
        Self {
            interval_s,
            idle_s,
            cell_km,
            cell_of: IdVec::default(),
            cells: IdVec::default(),
            idle: Vec::new(),
            order: Vec::new(),
        }
    }

    /// Divides the map.
    fn divide_map(&mut self, view: View<'_>) {
        let km_per_degree = EARTH_RADIUS_KM.to_radians();
        let at = |place| {
            let (lat, lon) = view.coordinates(place);
            // Cells are square at the latitude of their row's southern edge.
            let row = (lat * km_per_degree / self.cell_km).floor();
            let row_lat = row * self.cell_km / km_per_degree;
            let column = (lon * km_per_degree * row_lat.to_radians().cos() / self.cell_km).floor();
            (row as i32, column as i32)
        };
        let of_places: Vec<(i32, i32)> = (0..view.place_count()).map(PlaceId::new).map(at).collect();
        let mut numbered = of_places.clone();
        numbered.sort_unstable();
        numbered.dedup();
        let number = |cell: &(i32, i32)| numbered.partition_point(|other| other < cell) as u32;
        self.cell_of = of_places.iter().map(number).collect();
        self.cells = IdVec::filled(view.fleet_count(), vec![Cell::default(); numbered.len()]);
    }

    /// Counts the vehicles of each cell, and lists those that may be relocated.
    fn count(&mut self, view: View<'_>) {
        self.idle.clear();
        for cell in self.cells.iter_mut().flatten() {
            cell.supply = 0;
        }
        for vehicle in (0..view.vehicle_count()).map(VehicleId::new) {
            let v = view.vehicle(vehicle);
            let place = match (v.activity(), v.leg()) {
                (Activity::Idle, _) => v.place,
                (Activity::Relocating, Some(leg)) => leg.destination,
                _ => continue,
            };
            let number = self.cell_of[place];
            let cell = &mut self.cells[v.fleet][number as usize];
            cell.supply += 1;
            cell.place.get_or_insert(place);
            if v.activity() == Activity::Idle
                && view.idle_s(vehicle) >= self.idle_s
                && view.is_available(vehicle)
            {
                self.idle.push(Idle { fleet: v.fleet, cell: number, since: v.since(), vehicle });
            }
        }
        // Independent of the order of the vehicles.
        self.idle.sort_unstable();
    }

    fn rebalance(&mut self, view: View<'_>, fleet: FleetId, actions: &mut Vec<Action>) {
        let cells = &self.cells[fleet];
        let total: f64 = cells.iter().map(|cell| cell.demand).sum();
        if total <= 0.0 {
            return;
        }
        let vehicles: i64 = cells.iter().map(|cell| cell.supply).sum();
        let cover = (vehicles as f64 / total).min(COVER);
        let idle = self.idle.partition_point(|idle| idle.fleet < fleet);
        let of_fleet = self.idle[idle..].partition_point(|idle| idle.fleet == fleet);
        let mut giving: Vec<Giving<'_>> = self.idle[idle..][..of_fleet]
            .chunk_by(|a, b| a.cell == b.cell)
            .filter_map(|idle| {
                let cell = &cells[idle[0].cell as usize];
                let surplus = (cell.supply as f64 - cell.wanted(cover)).floor() as i64;
                Some(Giving { place: cell.place?, surplus, idle }).filter(|giving| giving.surplus > 0)
            })
            .collect();
        for (missing, to) in deficits(cells, cover) {
            self.order.clear();
            let with_vehicles =
                giving.iter().enumerate().filter(|(_, g)| g.surplus > 0 && !g.idle.is_empty());
            self.order.extend(with_vehicles.map(|(i, g)| (view.great_circle_km(g.place, to), i)));
            self.order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let mut open = missing;
            for &(_, i) in &self.order {
                if open == 0 {
                    break;
                }
                open -= send(view, &mut giving[i], to, open, actions);
            }
        }
    }

    /// Lets the demand of an interval fade.
    fn fade(&mut self) {
        let keep = 0.5_f64.powf(self.interval_s as f64 / HALF_LIFE_S);
        for cell in self.cells.iter_mut().flatten() {
            cell.demand *= keep;
            if cell.demand <= NEGLIGIBLE {
                (cell.demand, cell.place) = (0.0, None);
            }
        }
    }
}

/// Cells that lack vehicles, the largest deficit first: number of vehicles to be sent, and where.
fn deficits(cells: &[Cell], cover: f64) -> Vec<(i64, PlaceId)> {
    let deficit = |cell: &Cell| {
        let lacks = cell.wanted(cover) - cell.supply as f64;
        Some(((STEP * lacks).ceil() as i64, cell.place?)).filter(|_| lacks >= 1.0)
    };
    let mut deficits: Vec<(i64, PlaceId)> = cells.iter().filter_map(deficit).collect();
    deficits.sort_by_key(|&(missing, _)| -missing);
    deficits
}

/// Sends up to `most` vehicles from a cell, and returns their number.
fn send(view: View<'_>, from: &mut Giving<'_>, to: PlaceId, most: i64, actions: &mut Vec<Action>) -> i64 {
    let mut sent = 0;
    while sent < most
        && from.surplus > 0
        && let Some((&Idle { vehicle, .. }, rest)) = from.idle.split_first()
    {
        from.idle = rest;
        let route = view.route(view.vehicle(vehicle).place, to);
        if view.charge_suffices(vehicle, route.distance_km, to) {
            from.surplus -= 1;
            sent += 1;
            actions.push(Action::Relocate { vehicle, to });
        }
    }
    sent
}

impl Relocation for FollowDemand {
    fn interval_s(&self) -> i64 {
        self.interval_s
    }

    fn decide(&mut self, turn: &mut Turn<'_>, requests: &[RequestId]) {
        let view = turn.view;
        if self.cells.is_empty() {
            self.divide_map(view);
        }
        for &request in requests {
            let ride_request = view.request(request);
            let number = self.cell_of[ride_request.origin];
            let cell = &mut self.cells[ride_request.fleet][number as usize];
            cell.demand += 1.0;
            cell.place = Some(ride_request.origin);
        }
        self.count(view);
        for fleet in (0..view.fleet_count()).map(FleetId::new) {
            self.rebalance(view, fleet, turn.actions);
        }
        self.fade();
    }
}

/// Sends vehicles that have been idle for some time to the nearest depot of their fleet.
#[derive(Debug)]
pub(super) struct ToDepot {
    interval_s: i64,
    idle_s: i64,
}

impl ToDepot {
    pub(super) fn new(interval_s: i64, idle_s: i64) -> Self {
        Self { interval_s, idle_s }
    }
}

impl Relocation for ToDepot {
    fn interval_s(&self) -> i64 {
        self.interval_s
    }

    fn decide(&mut self, turn: &mut Turn<'_>, _: &[RequestId]) {
        let view = turn.view;
        for fleet in (0..view.fleet_count()).map(FleetId::new) {
            let depots = view.depots(fleet);
            for vehicle in view.vehicles_of(fleet) {
                let v = view.vehicle(vehicle);
                if v.activity() != Activity::Idle
                    || view.idle_s(vehicle) < self.idle_s
                    || depots.contains(&v.place)
                {
                    continue;
                }
                let nearest = depots.iter().copied().min_by(|&a, &b| {
                    view.great_circle_km(v.place, a).total_cmp(&view.great_circle_km(v.place, b))
                });
                if let Some(to) = nearest
                    && view.charge_suffices(vehicle, view.route(v.place, to).distance_km, to)
                {
                    turn.actions.push(Action::Relocate { vehicle, to });
                }
            }
        }
    }
}

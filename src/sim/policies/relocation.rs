//! Relocation of idle vehicles: to places of demand, or to a depot.
//!
//! One-way trips move vehicles away from the riders: without relocation a fleet ends up idle at the edge of the city.

use super::{Action, Relocation, Turn};
use crate::world::{Activity, View};
use gridfleet_core::geo::EARTH_RADIUS_KM;
use gridfleet_core::ids::{FleetId, IdVec, PlaceId, RequestId, VehicleId};
use std::collections::BTreeMap;

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
    /// Cells of each fleet, by position on the map.
    cells: IdVec<FleetId, BTreeMap<(i32, i32), Cell>>,
    /// Cell of each place.
    cell_of: IdVec<PlaceId, (i32, i32)>,
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

/// One cell of the map, as seen by one fleet.
#[derive(Debug, Clone, Copy)]
struct Cell {
    /// Exponentially weighted request count.
    demand: f64,
    /// Origin of the last request: the destination of relocated vehicles.
    place: PlaceId,
    /// Idle vehicles there now, and vehicles relocating there.
    supply: i64,
    /// Number of idle vehicles that it can give up.
    surplus: i64,
}

/// A cell with a surplus of idle vehicles.
struct Giving {
    place: PlaceId,
    surplus: i64,
    /// Next vehicle to be considered, as a position in the list of idle vehicles.
    next: usize,
    end: usize,
}

impl FollowDemand {
    pub(super) fn new(interval_s: i64, idle_s: i64, cell_km: f64) -> Self {
        Self {
            interval_s,
            idle_s,
            cell_km,
            cells: IdVec::default(),
            cell_of: IdVec::default(),
            order: Vec::new(),
        }
    }

    /// Determines the cells of new places.
    fn locate(&mut self, view: View<'_>) {
        for place in (self.cell_of.len()..view.place_count()).map(PlaceId::new) {
            let (lat, lon) = view.coordinates(place);
            let km_per_degree = EARTH_RADIUS_KM.to_radians();
            // Cells are square at the latitude of their row's southern edge.
            let row = (lat * km_per_degree / self.cell_km).floor();
            let row_lat = row * self.cell_km / km_per_degree;
            let column = (lon * km_per_degree * row_lat.to_radians().cos() / self.cell_km).floor();
            self.cell_of.push((row as i32, column as i32));
        }
    }

    fn rebalance(&mut self, view: View<'_>, fleet: FleetId, actions: &mut Vec<Action>) {
        let mut idle: Vec<((i32, i32), VehicleId)> = view
            .available(fleet)
            .filter(|&v| view.vehicle(v).activity() == Activity::Idle && view.idle_s(v) >= self.idle_s)
            .map(|v| (self.cell_of[view.vehicle(v).place], v))
            .collect();
        // Longest idle first, independent of the order of the index.
        idle.sort_by_key(|&(cell, v)| (cell, view.vehicle(v).since(), v));
        let mut cells = std::mem::take(&mut self.cells[fleet]);
        for cell in cells.values_mut() {
            (cell.supply, cell.surplus) = (0, 0);
        }
        let mut all = 0;
        for v in view.vehicles_of(fleet) {
            let vehicle = view.vehicle(v);
            let place = match (vehicle.activity(), vehicle.leg()) {
                (Activity::Idle, _) => vehicle.place,
                (Activity::Relocating, Some(leg)) => leg.destination,
                _ => continue,
            };
            all += 1;
            let key = self.cell_of[place];
            cells.entry(key).or_insert(Cell { demand: 0.0, place, supply: 0, surplus: 0 }).supply += 1;
        }
        let total: f64 = cells.values().map(|c| c.demand).sum();
        if total > 0.0 {
            // (deficit, cell), largest first.
            let mut wants: Vec<(i64, (i32, i32))> = Vec::new();
            for (&key, cell) in &mut cells {
                let wanted = (f64::from(all) / total).min(COVER) * cell.demand;
                cell.surplus = (cell.supply as f64 - wanted).floor().max(0.0) as i64;
                let missing = (STEP * (wanted - cell.supply as f64)).ceil() as i64;
                if wanted - cell.supply as f64 >= 1.0 {
                    wants.push((missing, key));
                }
            }
            wants.sort_by_key(|&(missing, key)| (-missing, key));
            // Vehicles that each cell gives up: those that have been idle longest.
            let mut giving: Vec<Giving> = idle
                .chunk_by(|a, b| a.0 == b.0)
                .scan(0, |next, group| {
                    let first = *next;
                    *next += group.len();
                    Some((group[0].0, first, first + group.len()))
                })
                .map(|(key, next, end)| {
                    let cell = &cells[&key];
                    Giving { place: cell.place, surplus: cell.surplus, next, end }
                })
                .filter(|giving| giving.surplus > 0)
                .collect();
            for (missing, key) in wants {
                let to = cells[&key].place;
                self.order.clear();
                self.order.extend(
                    giving
                        .iter()
                        .enumerate()
                        .filter(|(_, g)| g.surplus > 0 && g.next < g.end)
                        .map(|(i, g)| (view.great_circle_km(g.place, to), i)),
                );
                self.order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
                let mut sent = 0;
                'cells: for &(_, i) in &self.order {
                    let from = &mut giving[i];
                    while from.surplus > 0 && from.next < from.end {
                        if sent == missing {
                            break 'cells;
                        }
                        let vehicle = idle[from.next].1;
                        from.next += 1;
                        let route = view.route(view.vehicle(vehicle).place, to);
                        if view.charge_suffices(vehicle, route.distance_km, to) {
                            from.surplus -= 1;
                            sent += 1;
                            actions.push(Action::Relocate { vehicle, to });
                        }
                    }
                }
            }
        }
        let keep = 0.5_f64.powf(self.interval_s as f64 / HALF_LIFE_S);
        for cell in cells.values_mut() {
            cell.demand *= keep;
        }
        // A cell with negligible demand is removed; it is created again by the next request there.
        cells.retain(|_, cell| cell.demand > 1e-3);
        self.cells[fleet] = cells;
    }
}

impl Relocation for FollowDemand {
    fn interval_s(&self) -> i64 {
        self.interval_s
    }

    fn decide(&mut self, turn: &mut Turn<'_>, requests: &[RequestId]) {
        let view = turn.view;
        self.locate(view);
        self.cells.resize(view.fleet_count(), BTreeMap::new());
        for &request in requests {
            let ride_request = view.request(request);
            let key = self.cell_of[ride_request.origin];
            let cell = self.cells[ride_request.fleet].entry(key).or_insert(Cell {
                demand: 0.0,
                place: ride_request.origin,
                supply: 0,
                surplus: 0,
            });
            cell.demand += 1.0;
            cell.place = ride_request.origin;
        }
        for fleet in 0..view.fleet_count() {
            self.rebalance(view, FleetId::new(fleet), turn.actions);
        }
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

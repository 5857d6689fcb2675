//! Charging locations: stations near a vehicle, their occupancy and the charging time there.

use super::View;
use crate::world::charging::best_limit_kw;
use crate::world::nearby::{Look, Search, Verdict, Visitor};
use crate::world::{ChargeRequest, LoadBook, Station, VehicleType};
use gridfleet_core::ids::{FleetId, PlaceId, RetailerId, StationId, VehicleId};
use gridfleet_core::time::SimTime;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Collects every station that is not avoided now.
struct Collect<'a> {
    found: &'a mut Vec<StationId>,
    gave_up: &'a [(StationId, SimTime)],
    now: SimTime,
}

impl Visitor for Collect<'_> {
    fn place(&mut self, _: PlaceId, _: f64) -> Look {
        Look::Visit
    }
    fn item(&mut self, station: u32) -> Verdict {
        let station = StationId(station);
        if avoids(self.gave_up, station, self.now) {
            return Verdict::Not;
        }
        self.found.push(station);
        Verdict::Found
    }
}

fn avoids(gave_up: &[(StationId, SimTime)], station: StationId, now: SimTime) -> bool {
    gave_up.iter().any(|&(at, until)| at == station && now < until)
}

/// Seconds with a total order.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Seconds(f64);

impl Eq for Seconds {}

impl PartialOrd for Seconds {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Seconds {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl<'a> View<'a> {
    /// Whether a vehicle avoids a station: it gave up waiting there recently and has not charged anywhere since.
    pub fn avoids(&self, vehicle: VehicleId, station: StationId) -> bool {
        avoids(&self.vehicle(vehicle).gave_up, station, self.now())
    }

    /// Whether a vehicle whose patience at a station has run out has an alternative: the nearest station that it may
    /// use, that fits it and that it does not avoid is within range.
    pub fn has_other_station(&self, vehicle: VehicleId, station: StationId) -> bool {
        let v = self.vehicle(vehicle);
        let gave_up: Vec<_> = v.gave_up.iter().copied().chain([(station, SimTime(i64::MAX))]).collect();
        let mut found = Vec::with_capacity(1);
        let mut collect = Collect { found: &mut found, gave_up: &gave_up, now: self.now() };
        let stations = &self.state.stations_of[self.station_list(vehicle)];
        stations.nearest(&self.setup.places, v.place, 1, f64::INFINITY, &mut Search::default(), &mut collect);
        found.first().is_some_and(|&other| {
            let route = self.route(v.place, self.station_place(other));
            let vehicle_type = self.vehicle_type(vehicle);
            vehicle_type.kwh(v.soc - vehicle_type.usable_soc[0])
                >= route.distance_km * self.consumption_kwh_per_km(vehicle)
        })
    }

    /// The `k` nearest stations (great circle) that the vehicle may use and that fit it, nearest first, excluding those
    /// that it [avoids](Self::avoids); `found` is cleared first.
    pub fn stations_for(
        &self,
        vehicle: VehicleId,
        k: usize,
        search: &mut Search,
        found: &mut Vec<StationId>,
    ) {
        found.clear();
        let stations = &self.state.stations_of[self.station_list(vehicle)];
        let mut collect = Collect { found, gave_up: &self.vehicle(vehicle).gave_up, now: self.now() };
        let place = self.vehicle(vehicle).place;
        stations.nearest(&self.setup.places, place, k, f64::INFINITY, search, &mut collect);
    }

    pub(super) fn near(
        &self,
        list: usize,
        from: PlaceId,
        k: usize,
        search: &mut Search,
        found: &mut Vec<StationId>,
    ) {
        let stations = &self.state.stations_of[list];
        stations.nearest(
            &self.setup.places,
            from,
            k,
            f64::INFINITY,
            search,
            &mut Collect { found, gave_up: &[], now: self.now() },
        );
    }

    pub(super) fn station_list(&self, vehicle: VehicleId) -> usize {
        2 * self.vehicle(vehicle).fleet.index() + usize::from(self.vehicle_type(vehicle).dc_kw > 0.0)
    }

    /// The station at `place` that the vehicle may use and that fits it, if there is one.
    pub fn station_at(&self, vehicle: VehicleId, place: PlaceId) -> Option<StationId> {
        let mut found = Vec::with_capacity(1);
        self.near(self.station_list(vehicle), place, 1, &mut Search::default(), &mut found);
        found.first().copied().filter(|&station| self.station_place(station) == place)
    }

    /// Location of a station.
    pub fn station_place(&self, station: StationId) -> PlaceId {
        self.setup.stations[station].place
    }

    /// Connectors that are neither in use nor expected to be used by a vehicle driving there.
    pub fn free_connectors(&self, station: StationId) -> usize {
        let state = self.state.stations.station(station);
        let taken = state.occupied as usize + state.queue.len() + state.inbound as usize;
        self.setup.stations[station].connectors.len().saturating_sub(taken)
    }

    /// Time to charge `vehicle` from `soc` to `target_soc` at `station` [s], if its site limit were divided among the
    /// vehicles now there and this one.
    pub fn charging_time_s(&self, vehicle: VehicleId, station: StationId, soc: f64, target_soc: f64) -> f64 {
        let vehicle_type = self.vehicle_type(vehicle);
        let site = &self.setup.stations[station];
        let occupied = self.state.stations.station(station).occupied;
        let sharers = (occupied + 1).min(site.connectors.len() as u32);
        let power_kw =
            best_limit_kw(vehicle_type, &site.connectors).min(site.site_limit_kw / f64::from(sharers));
        vehicle_type.seconds_to(soc, power_kw, target_soc)
    }

    /// Expected time at which a vehicle that joins the queue at `station` at `arrival` gets a connector: every
    /// plugged-in vehicle leaves when expected, every queued vehicle takes as long as estimated, and every inbound
    /// vehicle takes `typical_s` and comes first. `scratch` is overwritten.
    pub fn expected_connection(
        &self,
        station: StationId,
        arrival: SimTime,
        typical_s: f64,
        scratch: &mut Vec<f64>,
    ) -> SimTime {
        let state = self.state.stations.station(station);
        scratch.clear();
        for session in self.state.stations.sessions_at(self.setup, station) {
            scratch.push(match session {
                Some(session) => (session.expected_end - self.now()).max(0) as f64,
                None => 0.0,
            });
        }
        let ahead = state.queue.iter().map(|w| w.need_s);
        // A heap of the connectors by the time they become free: the next in the queue takes the first.
        let mut free_at: BinaryHeap<Reverse<Seconds>> =
            std::mem::take(scratch).into_iter().map(|s| Reverse(Seconds(s))).collect();
        for need_s in ahead.chain(std::iter::repeat_n(typical_s, state.inbound as usize)) {
            if let Some(mut first) = free_at.peek_mut() {
                first.0.0 += need_s;
            }
        }
        let free_s = free_at.peek().map_or(f64::INFINITY, |first| first.0.0);
        *scratch = free_at.into_iter().map(|s| s.0.0).collect();
        arrival.max(self.now() + free_s.min(1e9).ceil() as i64)
    }

    /// Stations that a fleet may use, in their order.
    pub fn stations_of(&self, fleet: FleetId) -> impl Iterator<Item = StationId> {
        let stations = self.setup.stations.iter().enumerate();
        stations.filter(move |(_, station)| station.access.allows(fleet)).map(|(i, _)| StationId::new(i))
    }

    /// Markup of a station on the price of its retailer [currency/MWh].
    pub fn markup_per_mwh(&self, station: StationId) -> f64 {
        self.setup.stations[station].markup_per_mwh
    }

    /// Price of a station in force at `t` [currency/MWh]: the announced or expected price, otherwise the current one.
    pub fn station_price_per_mwh(&self, station: StationId, t: SimTime) -> f64 {
        let book = self.prices(self.retailer(station));
        let price = if t <= self.now() { None } else { book.price_at(t) };
        price.unwrap_or(book.current_per_mwh) + self.markup_per_mwh(station)
    }

    /// The retailer of a station.
    pub fn retailer(&self, station: StationId) -> RetailerId {
        self.setup.stations[station].retailer
    }

    /// Known loads of the stations of retailers with load-dependent prices.
    pub fn load_books(&self) -> &[LoadBook] {
        &self.state.loads
    }

    /// Energy that a station has drawn until now [kWh].
    pub fn drawn_kwh(&self, station: StationId) -> f64 {
        self.state.drawn_kwh(self.setup, station)
    }

    /// A station as built.
    pub fn station_as_built(&self, station: StationId) -> &'a Station {
        &self.setup.stations[station]
    }

    /// Whether vehicles that may use a station leave it once they are charged: vehicles with bound trips stay until the
    /// next one.
    pub fn frees_connectors(&self, station: StationId) -> bool {
        let access = self.setup.stations[station].access;
        self.setup.fleets.ids().any(|fleet| access.allows(fleet) && !self.setup.is_preassigned(fleet))
    }

    /// Vehicles at a station and the charge that they request: first those that draw power or are paused by a policy,
    /// then those in the queue.
    pub fn charge_requests(&self, station: StationId) -> impl Iterator<Item = ChargingVehicle<'a>> {
        let view = *self;
        let connectors = &self.setup.stations[station].connectors;
        let departure = move |vehicle| view.setup.retail.next_departure(vehicle, view.now());
        let plugged = self.state.stations.sessions_at(self.setup, station).iter();
        let plugged = plugged.flatten().map(move |session| {
            let vehicle_type = view.vehicle_type(session.vehicle);
            ChargingVehicle {
                vehicle_type,
                request: ChargeRequest {
                    soc: session.soc(vehicle_type, view.now()),
                    target_soc: session.target_soc,
                    limit_kw: session.limit_kw,
                },
                arrival: session.arrival,
                soc_at_arrival: session.soc_start,
                departure: departure(session.vehicle),
                stays: view.setup.is_preassigned(session.fleet),
            }
        });
        let waiting = self.state.stations.station(station).queue.iter().map(move |waiting| {
            let (vehicle_type, v) = (view.vehicle_type(waiting.vehicle), view.vehicle(waiting.vehicle));
            ChargingVehicle {
                vehicle_type,
                request: ChargeRequest {
                    soc: v.soc,
                    target_soc: v.target_soc,
                    limit_kw: best_limit_kw(vehicle_type, connectors),
                },
                arrival: waiting.arrival,
                soc_at_arrival: v.soc,
                departure: departure(waiting.vehicle),
                stays: view.setup.is_preassigned(v.fleet),
            }
        });
        plugged.chain(waiting)
    }
}

/// A vehicle that charges at a station, or waits for a connector there.
#[derive(Debug, Clone, Copy)]
pub struct ChargingVehicle<'a> {
    /// Its type.
    pub vehicle_type: &'a VehicleType,
    /// Charge that it requests now.
    pub request: ChargeRequest,
    /// Time at which it joined the station.
    pub arrival: SimTime,
    /// State of charge at that time.
    pub soc_at_arrival: f64,
    /// Announced departure: that of the driver of a privately owned vehicle.
    pub departure: Option<SimTime>,
    /// Whether it stays after it has been charged.
    pub stays: bool,
}

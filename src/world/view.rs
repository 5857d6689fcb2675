//! What a policy sees: the world as it is known now, and nothing of the future.
//!
//! Departures, coming trips and prices not yet broadcast are out of reach: the
//! view gives no access to requests that have not been made, and answers what
//! would take a while to work out (who is near, who could serve, how long the
//! wait at a station may be) in one place for all policies.

use super::nearby::{First, Look, Search, Verdict, Visitor};
use super::state::{PriceBook, RequestState, State};
use super::travel::Ways;
use super::vehicle::{Activity, Vehicle};
use super::{Mode, Setup, Trip, VehicleType};
use crate::ids::{FleetId, PlaceId, RequestId, RetailerId, StationId, VehicleId};
use crate::time::{LocalClock, SimTime};

/// Whether a vehicle can serve a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Service {
    /// Yes; the way to the pick-up.
    Possible(Trip),
    /// It would be there after the rider has given up.
    TooLate,
    /// Its charge does not last for the trip and the way to a station.
    LowCharge,
}

/// What a rider asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ask {
    /// When.
    pub time: SimTime,
    /// From.
    pub origin: PlaceId,
    /// To.
    pub destination: PlaceId,
    /// Expected distance [km].
    pub distance_km: f64,
    /// Which fleet.
    pub fleet: FleetId,
    /// When the rider gives up.
    pub deadline: SimTime,
}

/// A vehicle that can serve a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// How far it is by the great circle [km].
    pub great_circle_km: f64,
    /// Its way to the pick-up.
    pub way: Trip,
    /// It is the last that was wanted of its place, where there are more.
    pub more_there: bool,
}

/// Collects vehicles that can serve a request; all at one place have the same way there.
struct Servers<'a, 'b> {
    view: View<'a>,
    ask: &'b Ask,
    way: Trip,
    km: f64,
    /// Found at the present place, and the most that are wanted of it.
    here: usize,
    most_per_place: usize,
    found: &'b mut Vec<Candidate>,
}

impl Visitor for Servers<'_, '_> {
    fn place(&mut self, place: PlaceId, km: f64) -> Look {
        self.way = self.view.trip(place, self.ask.origin);
        self.km = km;
        self.here = 0;
        Look::ask_if(self.view.now() + self.way.duration_s <= self.ask.deadline)
    }
    fn item(&mut self, vehicle: u32) -> Verdict {
        if self.here == self.most_per_place {
            if let Some(last) = self.found.last_mut() {
                last.more_there = true;
            }
            return Verdict::Leave;
        }
        let vehicle = VehicleId(vehicle);
        let serves = matches!(self.view.service_along(vehicle, self.ask, self.way), Service::Possible(_));
        if serves {
            self.here += 1;
            let (great_circle_km, way) = (self.km, self.way);
            self.found.push(Candidate { vehicle, great_circle_km, way, more_there: false });
        }
        serves.into()
    }
}

/// What there is for a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// The vehicle that is soonest at the pick-up among those that can serve the request and are
    /// unclaimed, and its way there, which is that of all others at its place too.
    pub soonest: Option<(VehicleId, Trip)>,
    /// Any vehicle at another place that can serve the request needs at least this [s]; `None` if
    /// there is none.
    pub elsewhere_s: Option<i64>,
}

/// Looks for an [`Offer`].
struct Offers<'a, 'b, F> {
    view: View<'a>,
    ask: &'b Ask,
    claimed: F,
    way: Trip,
    offer: Offer,
    /// Time from the present place [s], while all that was found there is claimed.
    claimed_s: Option<i64>,
}

impl<F> Offers<'_, '_, F> {
    /// Goes on from the present place.
    fn leave(&mut self) {
        if let Some(claimed_s) = self.claimed_s.take() {
            self.known_elsewhere(claimed_s);
        }
    }

    fn known_elsewhere(&mut self, seconds: i64) {
        self.offer.elsewhere_s = Some(self.offer.elsewhere_s.map_or(seconds, |known_s| known_s.min(seconds)));
    }
}

impl<F: Fn(VehicleId) -> bool> Visitor for Offers<'_, '_, F> {
    fn place(&mut self, place: PlaceId, km: f64) -> Look {
        self.leave();
        self.way = self.view.trip(place, self.ask.origin);
        let Some((_, best)) = self.offer.soonest else {
            return Look::ask_if(self.view.now() + self.way.duration_s <= self.ask.deadline);
        };
        let (best_s, here_s) = (best.duration_s, self.way.duration_s);
        if here_s < best_s {
            return Look::Ask;
        }
        self.known_elsewhere(here_s);
        // Where nothing from here on can be sooner, it need not be looked at.
        let beyond_s = self.view.least_time_beyond_s(self.ask.origin, km);
        if beyond_s >= best_s {
            self.known_elsewhere(beyond_s);
            return Look::Stop;
        }
        Look::Pass
    }
    fn item(&mut self, vehicle: u32) -> Verdict {
        let vehicle = VehicleId(vehicle);
        let way = self.way;
        if (self.claimed)(vehicle) {
            self.claimed_s = Some(way.duration_s);
            return Verdict::Not;
        }
        if !matches!(self.view.service_along(vehicle, self.ask, way), Service::Possible(_)) {
            return Verdict::Not;
        }
        if let Some((_, before)) = self.offer.soonest.replace((vehicle, way)) {
            self.known_elsewhere(before.duration_s);
        }
        self.claimed_s = None;
        Verdict::Leave
    }
}

/// Stops at the first request that a vehicle can serve; all at one place have the same way there.
struct Asks<'a, F> {
    view: View<'a>,
    vehicle: VehicleId,
    patience_s: i64,
    way: Trip,
    accept: F,
    found: Option<RequestId>,
}

impl<F: Fn(RequestId) -> bool> Visitor for Asks<'_, F> {
    fn place(&mut self, place: PlaceId, _: f64) -> Look {
        self.way = self.view.trip(self.view.vehicle(self.vehicle).place, place);
        Look::ask_if(self.way.duration_s <= self.patience_s)
    }
    fn item(&mut self, request: u32) -> Verdict {
        let request = RequestId(request);
        let ask = self.view.ask(request);
        let possible = ask.fleet == self.view.vehicle(self.vehicle).fleet
            && (self.accept)(request)
            && matches!(self.view.service_along(self.vehicle, &ask, self.way), Service::Possible(_));
        if possible {
            self.found = Some(request);
        }
        possible.into()
    }
}

/// Takes every station.
struct Collect<'a>(&'a mut Vec<StationId>);

impl Visitor for Collect<'_> {
    fn place(&mut self, _: PlaceId, _: f64) -> Look {
        Look::Ask
    }
    fn item(&mut self, station: u32) -> Verdict {
        self.0.push(StationId(station));
        Verdict::Found
    }
}

/// A read-only look at the world.
#[derive(Clone, Copy)]
pub struct View<'a> {
    setup: &'a Setup,
    state: &'a State,
}

impl<'a> View<'a> {
    /// Looks at `state`.
    pub fn new(setup: &'a Setup, state: &'a State) -> Self {
        Self { setup, state }
    }

    /// The present.
    #[inline]
    pub fn now(&self) -> SimTime {
        self.state.now
    }

    /// Local time.
    pub fn clock(&self) -> &'a LocalClock {
        &self.setup.clock
    }

    /// Number of vehicles.
    pub fn vehicle_count(&self) -> usize {
        self.state.vehicles.len()
    }

    /// A vehicle.
    #[inline]
    pub fn vehicle(&self, vehicle: VehicleId) -> &'a Vehicle {
        &self.state.vehicles[vehicle.index()]
    }

    /// Its type.
    #[inline]
    pub fn vehicle_type(&self, vehicle: VehicleId) -> &'a VehicleType {
        &self.setup.types[self.vehicle(vehicle).vehicle_type.index()]
    }

    /// Its state of charge now, 0 to 1.
    #[inline]
    pub fn soc(&self, vehicle: VehicleId) -> f64 {
        self.state.soc(self.setup, vehicle)
    }

    /// Number of fleets.
    pub fn fleet_count(&self) -> usize {
        self.setup.fleets.len()
    }

    /// Vehicles of `fleet` that riders can have.
    pub fn available(&self, fleet: FleetId) -> impl Iterator<Item = VehicleId> + 'a {
        self.state.available[fleet.index()].iter().map(VehicleId)
    }

    /// All vehicles of `fleet`.
    pub fn vehicles_of(&self, fleet: FleetId) -> impl Iterator<Item = VehicleId> + 'a {
        let vehicles = self.state.vehicles.iter().enumerate();
        vehicles.filter(move |(_, v)| v.fleet == fleet).map(|(i, _)| VehicleId::new(i))
    }

    /// Depots of `fleet`.
    pub fn depots(&self, fleet: FleetId) -> &'a [PlaceId] {
        &self.setup.fleets[fleet.index()].depots
    }

    /// Number of places.
    pub fn place_count(&self) -> usize {
        self.setup.places.len()
    }

    /// Latitude and longitude [degrees].
    pub fn coordinates(&self, place: PlaceId) -> (f64, f64) {
        (self.setup.places.lat(place), self.setup.places.lon(place))
    }

    /// Great-circle distance [km].
    pub fn great_circle_km(&self, from: PlaceId, to: PlaceId) -> f64 {
        self.setup.places.distance_km(from, to)
    }

    /// Whether riders can have the vehicle.
    pub fn is_available(&self, vehicle: VehicleId) -> bool {
        self.state.available[self.vehicle(vehicle).fleet.index()].contains(vehicle.0)
    }

    /// Requests that wait for a vehicle, in no meaningful order.
    pub fn waiting(&self) -> impl Iterator<Item = RequestId> + 'a {
        self.state.waiting.iter().map(RequestId)
    }

    /// Number of requests that wait.
    pub fn waiting_count(&self) -> usize {
        self.state.waiting.len()
    }

    /// Whether the request still waits.
    pub fn is_waiting(&self, request: RequestId) -> bool {
        self.state.requests[request.index()] == RequestState::Waiting
    }

    /// What was asked for.
    ///
    /// # Panics
    /// If the request has not been made yet: the future is not to be seen.
    pub fn ask(&self, request: RequestId) -> Ask {
        assert!(self.state.requests[request.index()] != RequestState::Future, "a request of the future");
        let (requests, i) = (&self.setup.requests, request.index());
        let patience_s = match self.setup.mode {
            Mode::Dispatch { patience_s } => patience_s,
            Mode::Replay => 0,
        };
        Ask {
            time: requests.time[i],
            origin: requests.origin[i],
            destination: requests.destination[i],
            distance_km: requests.distance_km[i],
            fleet: requests.fleet[i],
            deadline: requests.time[i] + patience_s,
        }
    }

    /// The way between two places, setting out now.
    #[inline]
    pub fn trip(&self, from: PlaceId, to: PlaceId) -> Trip {
        self.setup.travel.trip(&self.setup.places, &self.state.hour.pace, from, to)
    }

    /// Least time to `place` for any vehicle that is not among its nearest, the farthest of which is
    /// `great_circle_km` away, setting out now [s].
    pub fn least_time_beyond_s(&self, place: PlaceId, great_circle_km: f64) -> i64 {
        let least_s =
            |km| self.state.bounds.least_time_s(&self.setup.travel, &self.state.hour.pace, place, km);
        match self.state.apart_km.get(place.index()) {
            // All of the nearest stand right here: the next does too, or is at another place.
            Some(&apart_km) if great_circle_km < apart_km => {
                least_s(apart_km).min(self.trip(place, place).duration_s)
            }
            _ => least_s(great_circle_km),
        }
    }

    /// No way of `ways` that takes at most `seconds`, setting out now, is longer than this
    /// [great-circle km].
    fn reach_km(&self, ways: Ways, seconds: i64) -> f64 {
        self.state.bounds.reach_km(&self.setup.travel, &self.state.hour.pace, ways, seconds)
    }

    /// Consumption of a vehicle at present [kWh/km].
    #[inline]
    pub fn consumption_kwh_per_km(&self, vehicle: VehicleId) -> f64 {
        let v = self.vehicle(vehicle);
        self.state.hour.consumption_kwh_per_km[v.vehicle_type.index()] * v.consumption_factor
    }

    /// Whether `vehicle` can be at the pick-up before the rider gives up, with charge for the trip
    /// and for the way from its end to a station.
    pub fn service(&self, vehicle: VehicleId, ask: &Ask) -> Service {
        let way = self.trip(self.vehicle(vehicle).place, ask.origin);
        self.service_along(vehicle, ask, way)
    }

    /// The same, the way to the pick-up being known.
    fn service_along(&self, vehicle: VehicleId, ask: &Ask, way: Trip) -> Service {
        if self.now() + way.duration_s > ask.deadline {
            return Service::TooLate;
        }
        if self.charge_suffices(vehicle, way.distance_km + ask.distance_km, ask.destination) {
            Service::Possible(way)
        } else {
            Service::LowCharge
        }
    }

    /// Whether the charge lasts for `distance_km` that end at `destination`, and on to a station.
    pub fn charge_suffices(&self, vehicle: VehicleId, distance_km: f64, destination: PlaceId) -> bool {
        let of = self.vehicle_type(vehicle);
        let per_km = self.consumption_kwh_per_km(vehicle);
        let spare_kwh = of.kwh(self.soc(vehicle) - of.usable_soc[0]) - distance_km * per_km;
        if spare_kwh < 0.0 {
            return false;
        }
        let list = self.station_list(vehicle);
        // The way to any station bounds the way to the nearest: most questions end here.
        match self.state.haven_of[list] {
            None => true,
            Some(_) if self.state.haven_km[list] * per_km <= spare_kwh => true,
            Some(haven) if self.trip(destination, haven).distance_km * per_km <= spare_kwh => true,
            Some(_) => {
                let mut nearest = Vec::with_capacity(1);
                self.near(list, destination, 1, &mut Search::default(), &mut nearest);
                nearest.first().is_some_and(|&station| {
                    self.trip(destination, self.station_place(station)).distance_km * per_km <= spare_kwh
                })
            }
        }
    }

    /// The `k` available vehicles of the asked fleet that can serve `ask`, nearest (great circle)
    /// first, at most `most_per_place` of any one place; `found` is emptied first.
    pub fn vehicles_for(
        &self,
        ask: &Ask,
        k: usize,
        most_per_place: usize,
        search: &mut Search,
        found: &mut Vec<Candidate>,
    ) {
        found.clear();
        let reach_km = self.reach_km(Ways::To(ask.origin), ask.deadline - self.now());
        let way = Trip { distance_km: 0.0, duration_s: 0 };
        let mut servers = Servers { view: *self, ask, way, km: 0.0, here: 0, most_per_place, found };
        let available = &self.state.available[ask.fleet.index()];
        available.nearest(&self.setup.places, ask.origin, k, reach_km, search, &mut servers);
    }

    /// The vehicle that is soonest at the pick-up of `ask` among those that are not `claimed`.
    pub fn offer(&self, ask: &Ask, claimed: impl Fn(VehicleId) -> bool, search: &mut Search) -> Offer {
        let reach_km = self.reach_km(Ways::To(ask.origin), ask.deadline - self.now());
        let way = Trip { distance_km: 0.0, duration_s: 0 };
        let offer = Offer { soonest: None, elsewhere_s: None };
        let mut offers = Offers { view: *self, ask, claimed, way, offer, claimed_s: None };
        let available = &self.state.available[ask.fleet.index()];
        available.nearest(&self.setup.places, ask.origin, usize::MAX, reach_km, search, &mut offers);
        offers.leave();
        offers.offer
    }

    /// Vehicles of `fleet` at `place` that riders can have.
    pub fn available_at(&self, fleet: FleetId, place: PlaceId) -> impl Iterator<Item = VehicleId> + 'a {
        self.state.available[fleet.index()].at(&self.setup.places, place).iter().map(|&v| VehicleId(v))
    }

    /// The nearest waiting request of its fleet that `vehicle` can serve and `accept` takes.
    pub fn request_for(
        &self,
        vehicle: VehicleId,
        search: &mut Search,
        accept: impl Fn(RequestId) -> bool,
    ) -> Option<RequestId> {
        let Mode::Dispatch { patience_s } = self.setup.mode else { return None };
        let v = self.vehicle(vehicle);
        let reach_km = self.reach_km(Ways::From(v.place), patience_s);
        let way = Trip { distance_km: 0.0, duration_s: 0 };
        let mut asks = Asks { view: *self, vehicle, patience_s, way, accept, found: None };
        self.state.waiting.nearest(&self.setup.places, v.place, 1, reach_km, search, &mut asks);
        asks.found
    }

    /// Whether a vehicle of the fleet is near enough for `ask` but too low on charge.
    pub fn charge_is_what_lacks(&self, ask: &Ask, patience_s: i64) -> bool {
        let ask = Ask { deadline: self.now() + patience_s, ..*ask };
        let reach_km = self.reach_km(Ways::To(ask.origin), patience_s);
        let mut first = First::new(|vehicle| self.service(VehicleId(vehicle), &ask) == Service::LowCharge);
        let available = &self.state.available[ask.fleet.index()];
        let search = &mut Search::default();
        available.nearest(&self.setup.places, ask.origin, 1, reach_km, search, &mut first);
        first.found.is_some()
    }

    /// The `k` stations nearest to the vehicle that it may use and that fit it, nearest (great
    /// circle) first; `found` is emptied first.
    pub fn stations_for(
        &self,
        vehicle: VehicleId,
        k: usize,
        search: &mut Search,
        found: &mut Vec<StationId>,
    ) {
        found.clear();
        self.near(self.station_list(vehicle), self.vehicle(vehicle).place, k, search, found);
    }

    fn near(&self, list: usize, from: PlaceId, k: usize, search: &mut Search, found: &mut Vec<StationId>) {
        let stations = &self.state.stations_of[list];
        stations.nearest(&self.setup.places, from, k, f64::INFINITY, search, &mut Collect(found));
    }

    fn station_list(&self, vehicle: VehicleId) -> usize {
        2 * self.vehicle(vehicle).fleet.index() + usize::from(self.vehicle_type(vehicle).dc_kw > 0.0)
    }

    /// Where a station stands.
    pub fn station_place(&self, station: StationId) -> PlaceId {
        self.setup.stations[station.index()].place
    }

    /// Connectors that nobody uses and nobody on the way there is expected to use.
    pub fn free_connectors(&self, station: StationId) -> usize {
        let state = &self.state.stations.stations[station.index()];
        let taken = state.occupied as usize + state.queue.len() + state.inbound as usize;
        self.setup.stations[station.index()].connectors.len().saturating_sub(taken)
    }

    /// Time that charging `vehicle` from `soc` to `target_soc` takes at `station` [s], if its site
    /// limit were divided among the vehicles now there and this one.
    pub fn charging_time_s(&self, vehicle: VehicleId, station: StationId, soc: f64, target_soc: f64) -> f64 {
        let of = self.vehicle_type(vehicle);
        let there = &self.setup.stations[station.index()];
        let occupied = self.state.stations.stations[station.index()].occupied;
        let sharers = (occupied + 1).min(there.connectors.len() as u32);
        let power_kw = super::charging::best_limit_kw(of, &there.connectors)
            .min(there.site_limit_kw / f64::from(sharers));
        of.seconds_to(soc, power_kw, target_soc)
    }

    /// When a vehicle that joins the line at `station` at `arrival` may expect a connector: everyone
    /// now plugged in leaves when expected, everyone in line takes as long as estimated, and
    /// everyone on the way takes `typical_s` and comes first. `scratch` is overwritten.
    pub fn expected_connection(
        &self,
        station: StationId,
        arrival: SimTime,
        typical_s: f64,
        scratch: &mut Vec<f64>,
    ) -> SimTime {
        let state = &self.state.stations.stations[station.index()];
        scratch.clear();
        for session in &self.state.stations.sessions[self.state.stations.connectors(self.setup, station)] {
            scratch.push(match session {
                Some(session) => (session.expected_end - self.now()).max(0) as f64,
                None => 0.0,
            });
        }
        let ahead = state.queue.iter().map(|w| w.need_s);
        for need_s in ahead.chain(std::iter::repeat_n(typical_s, state.inbound as usize)) {
            if let Some(first) = scratch.iter_mut().min_by(|a, b| a.total_cmp(b)) {
                *first += need_s;
            }
        }
        let free_s = scratch.iter().copied().fold(f64::INFINITY, f64::min);
        arrival.max(self.now() + free_s.min(1e9).ceil() as i64)
    }

    /// What is known of a retailer's prices.
    pub fn prices(&self, retailer: RetailerId) -> &'a PriceBook {
        &self.state.prices[retailer.index()]
    }

    /// The retailer of a station.
    pub fn retailer(&self, station: StationId) -> RetailerId {
        self.setup.stations[station.index()].retailer
    }

    /// Number of retailers.
    pub fn retailer_count(&self) -> usize {
        self.setup.retailers.len()
    }

    /// How long a vehicle has had nothing to do [s]; 0 if it has.
    pub fn idle_s(&self, vehicle: VehicleId) -> i64 {
        let v = self.vehicle(vehicle);
        if v.activity == Activity::Idle { self.now() - v.since } else { 0 }
    }
}

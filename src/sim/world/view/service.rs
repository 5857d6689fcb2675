//! Matching: vehicles for a request, a request for a vehicle.

use super::View;
use crate::world::RequestState;
use crate::world::nearby::{First, Look, Search, Verdict, Visitor};
use crate::world::travel::Routes;
use crate::world::{Mode, Route};
use gridfleet_core::ids::{FleetId, PlaceId, RequestId, VehicleId};
use gridfleet_core::time::SimTime;

/// Whether a vehicle can serve a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Service {
    /// Yes, with the route to the pick-up.
    Possible(Route),
    /// It would arrive after the rider has given up.
    TooLate,
    /// Its charge does not suffice for the trip and the drive to a station.
    LowCharge,
}

/// Ride requested by a rider.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RideRequest {
    /// Time of the request.
    pub time: SimTime,
    /// Origin.
    pub origin: PlaceId,
    /// Destination.
    pub destination: PlaceId,
    /// Expected distance [km].
    pub distance_km: f64,
    /// Fleet asked.
    pub fleet: FleetId,
    /// Time at which the rider gives up.
    pub deadline: SimTime,
}

/// A vehicle that can serve a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Great-circle distance [km].
    pub great_circle_km: f64,
    /// Its route to the pick-up.
    pub route: Route,
    /// It is the last candidate taken from its place, and there are more.
    pub more_there: bool,
}

/// Collects vehicles that can serve a request; all at one place share the same route to the pick-up.
struct CandidateCollector<'a, 'b> {
    view: View<'a>,
    ride_request: &'b RideRequest,
    route: Route,
    km: f64,
    /// Number found at the present place, and the maximum wanted from it.
    here: usize,
    most_per_place: usize,
    found: &'b mut Vec<Candidate>,
}

impl Visitor for CandidateCollector<'_, '_> {
    fn place(&mut self, place: PlaceId, km: f64) -> Look {
        self.route = self.view.route(place, self.ride_request.origin);
        self.km = km;
        self.here = 0;
        Look::visit_if(self.view.now() + self.route.duration_s <= self.ride_request.deadline)
    }
    fn item(&mut self, vehicle: u32) -> Verdict {
        if self.here == self.most_per_place {
            if let Some(last) = self.found.last_mut() {
                last.more_there = true;
            }
            return Verdict::Leave;
        }
        let vehicle = VehicleId(vehicle);
        let serves =
            matches!(self.view.service_along(vehicle, self.ride_request, self.route), Service::Possible(_));
        if serves {
            self.here += 1;
            let (great_circle_km, route) = (self.km, self.route);
            self.found.push(Candidate { vehicle, great_circle_km, route, more_there: false });
        }
        serves.into()
    }
}

/// Best candidate for a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestCandidate {
    /// The unclaimed vehicle that reaches the pick-up soonest among those that can serve the request, and its route
    /// there, which is shared by all vehicles at its place.
    pub soonest: Option<(VehicleId, Route)>,
    /// Minimum time that a vehicle at another place that can serve the request needs [s]; `None` if there is none.
    pub elsewhere_s: Option<i64>,
}

/// Searches for a [`BestCandidate`].
struct BestCandidateFinder<'a, 'b, F> {
    view: View<'a>,
    ride_request: &'b RideRequest,
    claimed: F,
    route: Route,
    best: BestCandidate,
    /// Time from the present place [s], while all vehicles found there are claimed.
    claimed_s: Option<i64>,
}

impl<F> BestCandidateFinder<'_, '_, F> {
    /// Continues past the present place.
    fn leave(&mut self) {
        if let Some(claimed_s) = self.claimed_s.take() {
            self.known_elsewhere(claimed_s);
        }
    }

    fn known_elsewhere(&mut self, seconds: i64) {
        self.best.elsewhere_s = Some(self.best.elsewhere_s.map_or(seconds, |known_s| known_s.min(seconds)));
    }
}

impl<F: Fn(VehicleId) -> bool> Visitor for BestCandidateFinder<'_, '_, F> {
    fn place(&mut self, place: PlaceId, km: f64) -> Look {
        self.leave();
        self.route = self.view.route(place, self.ride_request.origin);
        let Some((_, best)) = self.best.soonest else {
            return Look::visit_if(self.view.now() + self.route.duration_s <= self.ride_request.deadline);
        };
        let (best_s, here_s) = (best.duration_s, self.route.duration_s);
        if here_s < best_s {
            return Look::Visit;
        }
        self.known_elsewhere(here_s);
        // Stop where nothing farther away can be sooner.
        let beyond_s = self.view.least_time_beyond_s(self.ride_request.origin, km);
        if beyond_s >= best_s {
            self.known_elsewhere(beyond_s);
            return Look::Stop;
        }
        Look::Pass
    }
    fn item(&mut self, vehicle: u32) -> Verdict {
        let vehicle = VehicleId(vehicle);
        let route = self.route;
        if (self.claimed)(vehicle) {
            self.claimed_s = Some(route.duration_s);
            return Verdict::Not;
        }
        if !matches!(self.view.service_along(vehicle, self.ride_request, route), Service::Possible(_)) {
            return Verdict::Not;
        }
        if let Some((_, before)) = self.best.soonest.replace((vehicle, route)) {
            self.known_elsewhere(before.duration_s);
        }
        self.claimed_s = None;
        Verdict::Leave
    }
}

/// Stops at the first request that a vehicle can serve; all requests at one place share the same route.
struct RequestFinder<'a, F> {
    view: View<'a>,
    vehicle: VehicleId,
    patience_s: i64,
    route: Route,
    accept: F,
    found: Option<RequestId>,
}

impl<F: Fn(RequestId) -> bool> Visitor for RequestFinder<'_, F> {
    fn place(&mut self, place: PlaceId, _: f64) -> Look {
        self.route = self.view.route(self.view.vehicle(self.vehicle).place, place);
        Look::visit_if(self.route.duration_s <= self.patience_s)
    }
    fn item(&mut self, request: u32) -> Verdict {
        let request = RequestId(request);
        let ride_request = self.view.request(request);
        let possible = self.view.serves(self.view.vehicle(self.vehicle).fleet, ride_request.fleet)
            && (self.accept)(request)
            && matches!(
                self.view.service_along(self.vehicle, &ride_request, self.route),
                Service::Possible(_)
            );
        if possible {
            self.found = Some(request);
        }
        possible.into()
    }
}

impl<'a> View<'a> {
    /// Details of a request.
    ///
    /// # Panics
    /// If the request has not been made yet: policies must not see the future.
    pub fn request(&self, request: RequestId) -> RideRequest {
        assert!(self.state.riders.status(request) != RequestState::Future, "a request of the future");
        let requests = &self.setup.requests;
        let patience_s = match self.setup.mode {
            Mode::Dispatch { patience_s } => patience_s,
            Mode::Replay => 0,
        };
        RideRequest {
            time: requests.time[request],
            origin: requests.origin[request],
            destination: requests.destination[request],
            distance_km: requests.distance_km[request],
            fleet: requests.fleet[request],
            deadline: requests.time[request] + patience_s,
        }
    }

    /// Minimum time to `place`, departing now, for any vehicle that is not among its nearest, the farthest of which is
    /// `great_circle_km` away [s].
    pub fn least_time_beyond_s(&self, place: PlaceId, great_circle_km: f64) -> i64 {
        let least_s =
            |km| self.state.bounds.least_time_s(&self.setup.travel, &self.state.hour.pace, place, km);
        match self.state.apart_km.of(place) {
            // All of the nearest are at this place: the next is here too, or is at another place.
            Some(&apart_km) if great_circle_km < apart_km => {
                least_s(apart_km).min(self.route(place, place).duration_s)
            }
            _ => least_s(great_circle_km),
        }
    }

    /// Upper bound on the length of the `routes` that take at most `seconds`, departing now [great-circle km].
    fn reach_km(&self, routes: Routes, seconds: i64) -> f64 {
        self.state.bounds.reach_km(&self.setup.travel, &self.state.hour.pace, routes, seconds)
    }

    /// Whether `vehicle` can reach the pick-up before the rider gives up, with enough charge for the trip and for the
    /// drive from its end to a station.
    pub fn service(&self, vehicle: VehicleId, ride_request: &RideRequest) -> Service {
        let route = self.route(self.vehicle(vehicle).place, ride_request.origin);
        self.service_along(vehicle, ride_request, route)
    }

    /// The same for a known route to the pick-up.
    fn service_along(&self, vehicle: VehicleId, ride_request: &RideRequest, route: Route) -> Service {
        if self.now() + route.duration_s > ride_request.deadline {
            return Service::TooLate;
        }
        if self.charge_suffices(
            vehicle,
            route.distance_km + ride_request.distance_km,
            ride_request.destination,
        ) {
            Service::Possible(route)
        } else {
            Service::LowCharge
        }
    }

    /// Whether the charge suffices for `distance_km` ending at `destination`, and on to a station.
    pub fn charge_suffices(&self, vehicle: VehicleId, distance_km: f64, destination: PlaceId) -> bool {
        let vehicle_type = self.vehicle_type(vehicle);
        let per_km = self.consumption_kwh_per_km(vehicle);
        let spare_kwh =
            vehicle_type.kwh(self.soc(vehicle) - vehicle_type.usable_soc[0]) - distance_km * per_km;
        if spare_kwh < 0.0 {
            return false;
        }
        let list = self.station_list(vehicle);
        // The distance to any station bounds the distance to the nearest: most queries end here.
        match self.state.fallback_station[list] {
            None => true,
            Some(_) if self.state.fallback_km[list] * per_km <= spare_kwh => true,
            Some(fallback) if self.route(destination, fallback).distance_km * per_km <= spare_kwh => true,
            Some(_) => {
                let mut nearest = Vec::with_capacity(1);
                self.near(list, destination, 1, &mut Search::default(), &mut nearest);
                nearest.first().is_some_and(|&station| {
                    self.route(destination, self.station_place(station)).distance_km * per_km <= spare_kwh
                })
            }
        }
    }

    /// The `k` available vehicles of the asked fleet's coalition that can serve `ride_request`, nearest (great circle)
    /// first, at most `most_per_place` from any one place; `found` is cleared first.
    pub fn vehicles_for(
        &self,
        ride_request: &RideRequest,
        k: usize,
        most_per_place: usize,
        search: &mut Search,
        found: &mut Vec<Candidate>,
    ) {
        found.clear();
        let reach_km = self.reach_km(Routes::To(ride_request.origin), ride_request.deadline - self.now());
        let route = Route { distance_km: 0.0, duration_s: 0 };
        let mut collector =
            CandidateCollector { view: *self, ride_request, route, km: 0.0, here: 0, most_per_place, found };
        let available = &self.state.available[self.setup.coalition(ride_request.fleet)];
        available.nearest(&self.setup.places, ride_request.origin, k, reach_km, search, &mut collector);
    }

    /// The vehicle that reaches the pick-up of `ride_request` soonest among those that are not `claimed`.
    pub fn best_candidate(
        &self,
        ride_request: &RideRequest,
        claimed: impl Fn(VehicleId) -> bool,
        search: &mut Search,
    ) -> BestCandidate {
        let reach_km = self.reach_km(Routes::To(ride_request.origin), ride_request.deadline - self.now());
        let route = Route { distance_km: 0.0, duration_s: 0 };
        let best = BestCandidate { soonest: None, elsewhere_s: None };
        let mut finder =
            BestCandidateFinder { view: *self, ride_request, claimed, route, best, claimed_s: None };
        let available = &self.state.available[self.setup.coalition(ride_request.fleet)];
        available.nearest(&self.setup.places, ride_request.origin, usize::MAX, reach_km, search, &mut finder);
        finder.leave();
        finder.best
    }

    /// The oldest request of `fleet` waiting at `place` that `vehicle`, whose route there is `route`, can serve and
    /// `accept` accepts.
    pub fn oldest_at(
        &self,
        place: PlaceId,
        fleet: FleetId,
        vehicle: VehicleId,
        route: Route,
        accept: impl Fn(RequestId) -> bool,
    ) -> Option<RequestId> {
        self.state.riders.waiting().at(&self.setup.places, place).iter().copied().map(RequestId).find(
            |&request| {
                let ride_request = self.request(request);
                ride_request.fleet == fleet
                    && accept(request)
                    && matches!(self.service_along(vehicle, &ride_request, route), Service::Possible(_))
            },
        )
    }

    /// The nearest waiting request of its coalition that `vehicle` can serve and `accept` accepts; at one place the
    /// oldest.
    pub fn request_for(
        &self,
        vehicle: VehicleId,
        search: &mut Search,
        accept: impl Fn(RequestId) -> bool,
    ) -> Option<RequestId> {
        let Mode::Dispatch { patience_s } = self.setup.mode else { return None };
        let v = self.vehicle(vehicle);
        let reach_km = self.reach_km(Routes::From(v.place), patience_s);
        let route = Route { distance_km: 0.0, duration_s: 0 };
        let mut finder = RequestFinder { view: *self, vehicle, patience_s, route, accept, found: None };
        self.state.riders.waiting().nearest(&self.setup.places, v.place, 1, reach_km, search, &mut finder);
        finder.found
    }

    /// Whether a vehicle of the coalition is near enough for `ride_request` but too low on charge.
    pub fn blocked_by_charge_only(&self, ride_request: &RideRequest, patience_s: i64) -> bool {
        let ride_request = RideRequest { deadline: self.now() + patience_s, ..*ride_request };
        let reach_km = self.reach_km(Routes::To(ride_request.origin), patience_s);
        let mut first =
            First::new(|vehicle| self.service(VehicleId(vehicle), &ride_request) == Service::LowCharge);
        let available = &self.state.available[self.setup.coalition(ride_request.fleet)];
        let search = &mut Search::default();
        available.nearest(&self.setup.places, ride_request.origin, 1, reach_km, search, &mut first);
        first.found.is_some()
    }
}

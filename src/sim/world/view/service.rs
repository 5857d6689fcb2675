//! Matching: vehicles for a request, a request for a vehicle.

use super::View;
use crate::world::nearby::{First, Look, Search, Verdict, Visitor};
use crate::world::state::RequestState;
use crate::world::travel::Ways;
use crate::world::{Mode, Trip};
use gridfleet_core::ids::{FleetId, PlaceId, RequestId, VehicleId};
use gridfleet_core::time::SimTime;

/// Whether a vehicle can serve a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Service {
    /// Yes, with the trip to the pick-up.
    Possible(Trip),
    /// It would arrive after the rider has given up.
    TooLate,
    /// Its charge does not suffice for the trip and the drive to a station.
    LowCharge,
}

/// Ride requested by a rider.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ask {
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
    /// Its trip to the pick-up.
    pub way: Trip,
    /// It is the last candidate taken from its place, and there are more.
    pub more_there: bool,
}

/// Collects vehicles that can serve a request; all at one place share the same trip to the pick-up.
struct Servers<'a, 'b> {
    view: View<'a>,
    ask: &'b Ask,
    way: Trip,
    km: f64,
    /// Number found at the present place, and the maximum wanted from it.
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

/// Best candidate for a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Offer {
    /// The unclaimed vehicle that reaches the pick-up soonest among those that can serve the request, and its trip
    /// there, which is shared by all vehicles at its place.
    pub soonest: Option<(VehicleId, Trip)>,
    /// Minimum time that a vehicle at another place that can serve the request needs [s]; `None` if there is none.
    pub elsewhere_s: Option<i64>,
}

/// Searches for an [`Offer`].
struct Offers<'a, 'b, F> {
    view: View<'a>,
    ask: &'b Ask,
    claimed: F,
    way: Trip,
    offer: Offer,
    /// Time from the present place [s], while all vehicles found there are claimed.
    claimed_s: Option<i64>,
}

impl<F> Offers<'_, '_, F> {
    /// Continues past the present place.
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
        // Stop where nothing farther away can be sooner.
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

/// Stops at the first request that a vehicle can serve; all requests at one place share the same trip.
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
        let possible = self.view.serves(self.view.vehicle(self.vehicle).fleet, ask.fleet)
            && (self.accept)(request)
            && matches!(self.view.service_along(self.vehicle, &ask, self.way), Service::Possible(_));
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

    /// Minimum time to `place`, departing now, for any vehicle that is not among its nearest, the farthest of which is
    /// `great_circle_km` away [s].
    pub fn least_time_beyond_s(&self, place: PlaceId, great_circle_km: f64) -> i64 {
        let least_s =
            |km| self.state.bounds.least_time_s(&self.setup.travel, &self.state.hour.pace, place, km);
        match self.state.apart_km.get(place.index()) {
            // All of the nearest are at this place: the next is here too, or is at another place.
            Some(&apart_km) if great_circle_km < apart_km => {
                least_s(apart_km).min(self.trip(place, place).duration_s)
            }
            _ => least_s(great_circle_km),
        }
    }

    /// Upper bound on the length of the trips in `ways` that take at most `seconds`, departing now [great-circle km].
    fn reach_km(&self, ways: Ways, seconds: i64) -> f64 {
        self.state.bounds.reach_km(&self.setup.travel, &self.state.hour.pace, ways, seconds)
    }

    /// Whether `vehicle` can reach the pick-up before the rider gives up, with enough charge for the trip and for the
    /// drive from its end to a station.
    pub fn service(&self, vehicle: VehicleId, ask: &Ask) -> Service {
        let way = self.trip(self.vehicle(vehicle).place, ask.origin);
        self.service_along(vehicle, ask, way)
    }

    /// The same for a known trip to the pick-up.
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

    /// Whether the charge suffices for `distance_km` ending at `destination`, and on to a station.
    pub fn charge_suffices(&self, vehicle: VehicleId, distance_km: f64, destination: PlaceId) -> bool {
        let of = self.vehicle_type(vehicle);
        let per_km = self.consumption_kwh_per_km(vehicle);
        let spare_kwh = of.kwh(self.soc(vehicle) - of.usable_soc[0]) - distance_km * per_km;
        if spare_kwh < 0.0 {
            return false;
        }
        let list = self.station_list(vehicle);
        // The distance to any station bounds the distance to the nearest: most queries end here.
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

    /// The `k` available vehicles of the asked fleet's coalition that can serve `ask`, nearest (great circle) first, at
    /// most `most_per_place` from any one place; `found` is cleared first.
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
        let available = &self.state.available[self.setup.coalition(ask.fleet)];
        available.nearest(&self.setup.places, ask.origin, k, reach_km, search, &mut servers);
    }

    /// The vehicle that reaches the pick-up of `ask` soonest among those that are not `claimed`.
    pub fn offer(&self, ask: &Ask, claimed: impl Fn(VehicleId) -> bool, search: &mut Search) -> Offer {
        let reach_km = self.reach_km(Ways::To(ask.origin), ask.deadline - self.now());
        let way = Trip { distance_km: 0.0, duration_s: 0 };
        let offer = Offer { soonest: None, elsewhere_s: None };
        let mut offers = Offers { view: *self, ask, claimed, way, offer, claimed_s: None };
        let available = &self.state.available[self.setup.coalition(ask.fleet)];
        available.nearest(&self.setup.places, ask.origin, usize::MAX, reach_km, search, &mut offers);
        offers.leave();
        offers.offer
    }

    /// The oldest request of `fleet` waiting at `place` that `vehicle`, whose trip there is `way`, can serve and
    /// `accept` accepts.
    pub fn oldest_at(
        &self,
        place: PlaceId,
        fleet: FleetId,
        vehicle: VehicleId,
        way: Trip,
        accept: impl Fn(RequestId) -> bool,
    ) -> Option<RequestId> {
        self.state.waiting.at(&self.setup.places, place).iter().copied().map(RequestId).find(|&request| {
            let ask = self.ask(request);
            ask.fleet == fleet
                && accept(request)
                && matches!(self.service_along(vehicle, &ask, way), Service::Possible(_))
        })
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
        let reach_km = self.reach_km(Ways::From(v.place), patience_s);
        let way = Trip { distance_km: 0.0, duration_s: 0 };
        let mut asks = Asks { view: *self, vehicle, patience_s, way, accept, found: None };
        self.state.waiting.nearest(&self.setup.places, v.place, 1, reach_km, search, &mut asks);
        asks.found
    }

    /// Whether a vehicle of the coalition is near enough for `ask` but too low on charge.
    pub fn charge_is_what_lacks(&self, ask: &Ask, patience_s: i64) -> bool {
        let ask = Ask { deadline: self.now() + patience_s, ..*ask };
        let reach_km = self.reach_km(Ways::To(ask.origin), patience_s);
        let mut first = First::new(|vehicle| self.service(VehicleId(vehicle), &ask) == Service::LowCharge);
        let available = &self.state.available[self.setup.coalition(ask.fleet)];
        let search = &mut Search::default();
        available.nearest(&self.setup.places, ask.origin, 1, reach_km, search, &mut first);
        first.found.is_some()
    }
}

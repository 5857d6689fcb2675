//! Requests and legs: from a rider's request to the drop-off.

use super::Simulation;
use crate::policies::Refusal;
use crate::world::{Activity, Leg, Mode, Motion, RequestState, Ride, Service, Trigger, View};
use gridfleet_core::ids::{PlaceId, RequestId, VehicleId};
use gridfleet_core::ledger::{Account, EntryKind, Reference};
use gridfleet_core::records::{EndReason, LegPurpose, LegRecord, Record, Recorder, TripRecord, TripStatus};
use gridfleet_core::time::SimTime;

impl Simulation {
    pub(super) fn on_request(&mut self, request: RequestId, recorder: &mut dyn Recorder) {
        match self.setup.requests.recorded_trip(request) {
            Some(recorded) => self.replay(request, recorded, recorder),
            None => {
                self.state.wait(&self.setup, request);
                self.new_requests.push(request);
                if self.relocation.is_some() {
                    self.requests_since_relocation.push(request);
                }
                self.call_dispatch();
            }
        }
    }

    pub(super) fn on_expiry(&mut self, request: RequestId, recorder: &mut dyn Recorder) {
        if self.state.requests[request.index()] != RequestState::Waiting {
            return;
        }
        let view = View::new(&self.setup, &self.state);
        let Mode::Dispatch { patience_s } = self.setup.mode else { return };
        let turned_away = self.state.turned_away.get(request.index()).copied().unwrap_or(false);
        let status = if turned_away {
            TripStatus::LostCommitted
        } else if view.blocked_by_charge_only(&view.request(request), patience_s) {
            TripStatus::LostLowCharge
        } else {
            TripStatus::LostNoVehicle
        };
        self.state.waiting.remove(request.0);
        self.lose(request, status, recorder);
    }

    /// A request ends without a ride.
    pub(super) fn lose(&mut self, request: RequestId, status: TripStatus, recorder: &mut dyn Recorder) {
        self.state.requests[request.index()] = RequestState::Ended;
        let lost_fare = self.setup.requests.fare[request.index()].units();
        let record = TripRecord { lost_fare, ..self.trip_without_vehicle(request, status) };
        recorder.record(Record::Trip(&record));
        let cost = self.setup.fleets[record.fleet.index()].lost_request_cost;
        let cost = self.accounts.money(cost, EntryKind::LostRequest, self.state.now);
        self.accounts.pay(
            recorder,
            self.state.now,
            Account::Outside,
            Account::Fleet(record.fleet),
            cost,
            EntryKind::LostRequest,
            Reference::Trip(request.0),
        );
    }

    pub(super) fn trip_without_vehicle(&self, request: RequestId, status: TripStatus) -> TripRecord {
        let (requests, i) = (&self.setup.requests, request.index());
        TripRecord {
            request,
            fleet: requests.fleet[i],
            vehicle: requests.recorded_trip(request).map(|recorded| recorded.vehicle),
            status,
            request_time: requests.time[i],
            pickup_time: None,
            dropoff_time: None,
            wait_s: None,
            origin: requests.origin[i],
            destination: requests.destination[i],
            distance_km: requests.distance_km[i],
            deadhead_km: 0.0,
            energy_kwh: 0.0,
            fare: 0.0,
            lost_fare: 0.0,
            accrued_fare: 0.0,
            soc_start: None,
            soc_end: None,
        }
    }

    /// Sends a vehicle to a rider.
    pub(super) fn assign(
        &mut self,
        request: RequestId,
        vehicle: VehicleId,
        recorder: &mut dyn Recorder,
    ) -> Result<(), Refusal> {
        if self.state.requests[request.index()] != RequestState::Waiting {
            return Err(Refusal::RequestNotWaiting);
        }
        let view = View::new(&self.setup, &self.state);
        if !view.is_available(vehicle) {
            return Err(Refusal::VehicleNotAvailable);
        }
        let ride_request = view.request(request);
        if !view.serves(view.vehicle(vehicle).fleet, ride_request.fleet) {
            return Err(Refusal::OtherFleet);
        }
        let route = match view.service(vehicle, &ride_request) {
            Service::Possible(route) => route,
            Service::TooLate => return Err(Refusal::TooLate),
            Service::LowCharge => return Err(Refusal::LowCharge),
        };
        let energy_kwh = route.distance_km * view.consumption_kwh_per_km(vehicle);
        if !self.releases(vehicle) {
            // The vehicle stays until its session ends, so dispatch searches for another one.
            self.state.withdraw(&self.setup, vehicle);
            self.state.vehicles[vehicle.index()].yields = false;
            self.state.turned_away[request.index()] = true;
            return Err(Refusal::Committed);
        }
        self.state.withdraw(&self.setup, vehicle);
        if let Some(connector) = self.state.vehicles[vehicle.index()].connector {
            self.end_session(connector, EndReason::Departure, recorder);
        }
        self.state.waiting.remove(request.0);
        self.state.requests[request.index()] = RequestState::Assigned;
        self.state.fire(vehicle, Trigger::Assign);
        let v = &mut self.state.vehicles[vehicle.index()];
        v.ride = Some(Ride {
            request,
            soc_start: v.soc,
            pickup: None,
            deadhead_km: route.distance_km,
            energy_kwh: 0.0,
        });
        self.set_out(
            vehicle,
            LegPurpose::Pickup,
            ride_request.origin,
            route.distance_km,
            route.duration_s,
            energy_kwh,
        );
        Ok(())
    }

    /// Sends an idle vehicle elsewhere without a rider.
    pub(super) fn relocate(&mut self, vehicle: VehicleId, to: PlaceId) -> Result<(), Refusal> {
        let view = View::new(&self.setup, &self.state);
        let v = view.vehicle(vehicle);
        if v.activity != Activity::Idle {
            return Err(Refusal::VehicleNotIdle);
        }
        let route = view.route(v.place, to);
        if !view.charge_suffices(vehicle, route.distance_km, to) {
            return Err(Refusal::LowCharge);
        }
        let to_depot = view.depots(v.fleet).contains(&to);
        let purpose = if to_depot { LegPurpose::ToDepot } else { LegPurpose::Relocation };
        let energy_kwh = route.distance_km * view.consumption_kwh_per_km(vehicle);
        self.state.withdraw(&self.setup, vehicle);
        self.state.fire(vehicle, Trigger::Relocate);
        self.set_out(vehicle, purpose, to, route.distance_km, route.duration_s, energy_kwh);
        Ok(())
    }

    /// Starts a leg; the activity of the vehicle has already been set.
    pub(super) fn set_out(
        &mut self,
        vehicle: VehicleId,
        purpose: LegPurpose,
        destination: PlaceId,
        distance_km: f64,
        duration_s: i64,
        energy_kwh: f64,
    ) {
        let (start, v) = (self.state.now, &mut self.state.vehicles[vehicle.index()]);
        let end = start + duration_s;
        debug_assert!(v.leg.is_none());
        let leg = Leg {
            purpose,
            start,
            end,
            origin: v.place,
            destination,
            distance_km,
            energy_kwh,
            charged_kwh: 0.0,
        };
        let driving = Motion::driving(&leg, &self.setup.types[v.vehicle_type.index()], v.soc);
        self.state.charge[v.fleet.index()].change(Motion::parked(v.soc), driving);
        v.leg = Some(leg);
        self.queue.leg_ends(vehicle, end);
    }

    /// Starts the part of a trip with the rider.
    pub(super) fn start_service(&mut self, vehicle: VehicleId, request: RequestId, energy_kwh: f64) {
        self.state.fire(vehicle, Trigger::PickUp);
        let (requests, i) = (&self.setup.requests, request.index());
        let (destination, distance_km) = (requests.destination[i], requests.distance_km[i]);
        let duration_s = i64::from(requests.duration_s[i]);
        self.set_out(vehicle, LegPurpose::Service, destination, distance_km, duration_s, energy_kwh);
    }

    pub(super) fn on_leg_end(&mut self, vehicle: VehicleId, recorder: &mut dyn Recorder) {
        let now = self.state.now;
        let Some(leg) = self.end_leg(vehicle, now, recorder) else { return };
        match leg.purpose {
            LegPurpose::Pickup => {
                let v = &mut self.state.vehicles[vehicle.index()];
                let Some(ride) = &mut v.ride else { unreachable!("a pick-up without a ride") };
                ride.pickup = Some(now);
                let request = ride.request;
                let per_km = View::new(&self.setup, &self.state).consumption_kwh_per_km(vehicle);
                let energy_kwh = self.setup.requests.distance_km[request.index()] * per_km;
                self.start_service(vehicle, request, energy_kwh);
            }
            LegPurpose::Service => self.drop_off(vehicle, recorder),
            LegPurpose::ToStation => self.join_station(vehicle, recorder),
            LegPurpose::ToDepot | LegPurpose::Relocation => {
                self.state.fire(vehicle, Trigger::Arrive);
                self.set_free(vehicle);
            }
        }
    }

    /// Records the leg in progress as far as it has progressed at `end`, and leaves the vehicle there with the
    /// remaining charge.
    pub(super) fn end_leg(
        &mut self,
        vehicle: VehicleId,
        end: SimTime,
        recorder: &mut dyn Recorder,
    ) -> Option<Leg> {
        let v = &mut self.state.vehicles[vehicle.index()];
        let leg = v.leg.take()?;
        let share = leg.share_at(end);
        let (distance_km, soc_start) = (leg.distance_km * share, v.soc);
        let vehicle_type = &self.setup.types[v.vehicle_type.index()];
        let (energy_kwh, charged_kwh) = leg.exchanged_kwh(vehicle_type, soc_start, share);
        v.soc += (charged_kwh - energy_kwh) / vehicle_type.battery_kwh;
        let charge = &mut self.state.charge[v.fleet.index()];
        charge.change(Motion::driving(&leg, vehicle_type, soc_start), Motion::parked(v.soc));
        charge.store(vehicle_type, soc_start, v.soc);
        if leg.charged_kwh > 0.0 {
            self.state.charging_on_the_way.retain(|&other| other != vehicle);
        }
        v.place = leg.destination;
        v.unposted_km += distance_km;
        if let Some(ride) = &mut v.ride {
            ride.energy_kwh += energy_kwh;
        }
        recorder.record(Record::Leg(&LegRecord {
            vehicle,
            fleet: v.fleet,
            purpose: leg.purpose,
            request: v.ride.map(|ride| ride.request),
            start_time: leg.start,
            end_time: end,
            origin: leg.origin,
            destination: leg.destination,
            distance_km,
            energy_kwh,
            charged_kwh,
            soc_start,
            soc_end: v.soc,
        }));
        Some(leg)
    }

    fn drop_off(&mut self, vehicle: VehicleId, recorder: &mut dyn Recorder) {
        self.state.fire(vehicle, Trigger::DropOff);
        let v = &mut self.state.vehicles[vehicle.index()];
        let Some(ride) = v.ride.take() else { unreachable!("a drop-off without a ride") };
        let (requests, i) = (&self.setup.requests, ride.request.index());
        let record = TripRecord {
            request: ride.request,
            fleet: v.fleet,
            vehicle: Some(vehicle),
            status: TripStatus::Served,
            request_time: requests.time[i],
            pickup_time: ride.pickup,
            dropoff_time: Some(self.state.now),
            wait_s: ride.pickup.map(|t| t - requests.time[i]),
            origin: requests.origin[i],
            destination: requests.destination[i],
            distance_km: requests.distance_km[i],
            deadhead_km: ride.deadhead_km,
            energy_kwh: ride.energy_kwh,
            fare: requests.fare[i].units(),
            lost_fare: 0.0,
            accrued_fare: 0.0,
            soc_start: Some(ride.soc_start),
            soc_end: Some(v.soc),
        };
        self.state.requests[i] = RequestState::Ended;
        recorder.record(Record::Trip(&record));
        self.accounts.pay(
            recorder,
            self.state.now,
            Account::Fleet(record.fleet),
            Account::Riders,
            requests.fare[i],
            EntryKind::Fare,
            Reference::Trip(ride.request.0),
        );
        let asked = requests.fleet[i];
        if asked != record.fleet {
            let fee = self.setup.referral_share * requests.fare[i].units();
            let fee = self.accounts.money(fee, EntryKind::Referral, self.state.now);
            let (to, from, reference) =
                (Account::Fleet(asked), Account::Fleet(record.fleet), Reference::Trip(ride.request.0));
            self.accounts.pay(recorder, self.state.now, to, from, fee, EntryKind::Referral, reference);
        }
        self.set_free(vehicle);
        if self.setup.requests.recorded_trip(ride.request).is_some_and(|recorded| recorded.ends_at_charger) {
            self.plug_in_at_current_place(vehicle, recorder);
        }
    }
}

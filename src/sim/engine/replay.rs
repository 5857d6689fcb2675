//! Replay: bound trips happen as recorded, or are lost with the reason; a vehicle with too little charge for the trip
//! to its charger is carried there.
//!
//! The trace does not contain the course of a day in which a trip was late, so a trip is lost instead of moved. The
//! reason is recorded, and the number of trips lost measures how far the scenario is from the data.

use super::Simulation;
use crate::world::{Activity, RecordedSoc, RecordedTrip, RequestState, Ride, Route, View};
use gridfleet_core::ids::{RequestId, VehicleId};
use gridfleet_core::records::{LegPurpose, LegRecord, Record, Recorder, TripStatus};

impl Simulation {
    /// A trip that should have brought its vehicle to a charger was lost for low charge. Staff carry the vehicle there
    /// in the same time, as they would before the next rental; otherwise a vehicle with too little charge would never
    /// charge again.
    fn carry_to_charger(&mut self, request: RequestId, vehicle: VehicleId, recorder: &mut dyn Recorder) {
        let (requests, i) = (&self.setup.requests, request.index());
        let view = View::new(&self.setup, &self.state);
        let Some(station) = view.station_at(vehicle, requests.destination[i]) else { return };
        let route =
            Route { distance_km: requests.distance_km[i], duration_s: i64::from(requests.duration_s[i]) };
        let target_soc = view.vehicle_type(vehicle).usable_soc[1];
        self.pay_rescue(vehicle, recorder);
        let v = &mut self.state.vehicles[vehicle.index()];
        v.target_soc = target_soc.max(v.soc);
        self.head_for(vehicle, station, route, 0.0);
    }

    /// A recorded trip is due. It is lost if its vehicle is still on another one, or has too little charge; no other
    /// vehicle replaces it.
    pub(super) fn replay(&mut self, request: RequestId, recorded: RecordedTrip, recorder: &mut dyn Recorder) {
        let now = self.state.now;
        let (requests, i) = (&self.setup.requests, request.index());
        let vehicle = recorded.vehicle;
        let v = &self.state.vehicles[vehicle.index()];
        if v.activity != Activity::Idle && !v.activity.is_plugged() {
            return self.lose(request, TripStatus::LostNoVehicle, recorder);
        }
        let view = View::new(&self.setup, &self.state);
        let vehicle_type = view.vehicle_type(vehicle);
        let driven_kwh = requests.distance_km[i] * view.consumption_kwh_per_km(vehicle);
        let (energy_kwh, charged_kwh) = match recorded.soc {
            RecordedSoc::Fell(fall) => (vehicle_type.kwh(fall), 0.0),
            RecordedSoc::Rose(rise) => (driven_kwh, driven_kwh + vehicle_type.kwh(rise)),
            RecordedSoc::Unknown => (driven_kwh, 0.0),
        };
        // If the charge rose, the vehicle could charge before it ran low.
        if charged_kwh == 0.0 && vehicle_type.kwh(view.soc(vehicle) - vehicle_type.usable_soc[0]) < energy_kwh
        {
            self.lose(request, TripStatus::LostLowCharge, recorder);
            if recorded.ends_at_charger && self.state.vehicles[vehicle.index()].activity == Activity::Idle {
                self.carry_to_charger(request, vehicle, recorder);
            }
            return;
        }
        let origin = requests.origin[i];
        if !self.releases(vehicle) {
            return self.lose(request, TripStatus::LostCommitted, recorder);
        }
        let v = &self.state.vehicles[vehicle.index()];
        if let Some(connector) = v.connector {
            let reason = self.reason_to_leave(vehicle);
            self.end_session(connector, reason, recorder);
        }
        self.state.requests[i] = RequestState::Assigned;
        let v = &mut self.state.vehicles[vehicle.index()];
        if v.place != origin {
            // The trace has the vehicle elsewhere: staff moved it, or a previous trip was lost here. The time and
            // manner are not recorded, so it is carried at no cost of time or charge.
            recorder.record(Record::Leg(&LegRecord {
                vehicle,
                fleet: v.fleet,
                purpose: LegPurpose::Relocation,
                request: None,
                start_time: now,
                end_time: now,
                origin: v.place,
                destination: origin,
                distance_km: 0.0,
                energy_kwh: 0.0,
                charged_kwh: 0.0,
                soc_start: v.soc,
                soc_end: v.soc,
            }));
            v.place = origin;
        }
        v.ride =
            Some(Ride { request, soc_start: v.soc, pickup: Some(now), deadhead_km: 0.0, energy_kwh: 0.0 });
        self.start_service(vehicle, request, energy_kwh);
        if let Some(leg) = &mut self.state.vehicles[vehicle.index()].leg {
            leg.charged_kwh = charged_kwh;
            if charged_kwh > 0.0 {
                self.state.charging_on_the_way.push(vehicle);
            }
        }
    }
}

//! Replay: trips bound to vehicles happen as recorded, or are lost with the reason.

use super::Simulation;
use crate::ids::RequestId;
use crate::records::{EndReason, LegPurpose, LegRecord, Recorder, TripStatus};
use crate::world::{Activity, RequestState, Ride, View};

impl Simulation {
    /// A recorded trip is due. It is lost if its vehicle is still on another one, or has too little
    /// charge; no other vehicle stands in.
    pub(super) fn replay(&mut self, request: RequestId, recorder: &mut dyn Recorder) {
        let now = self.state.now;
        let (requests, i) = (&self.setup.requests, request.index());
        let bound = requests.bound[i];
        let vehicle = bound.vehicle;
        let v = &self.state.vehicles[vehicle.index()];
        if v.activity != Activity::Idle && !v.activity.is_plugged() {
            return self.lose(request, TripStatus::LostNoVehicle, recorder);
        }
        let view = View::new(&self.setup, &self.state);
        let of = view.vehicle_type(vehicle);
        let energy_kwh = match bound.soc_drop {
            Some(drop) => of.kwh(drop),
            None => requests.distance_km[i] * view.consumption_kwh_per_km(vehicle),
        };
        if of.kwh(view.soc(vehicle) - of.usable_soc[0]) < energy_kwh {
            return self.lose(request, TripStatus::LostLowCharge, recorder);
        }
        let origin = requests.origin[i];
        if !self.releases(vehicle) {
            return self.lose(request, TripStatus::LostCommitted, recorder);
        }
        let v = &self.state.vehicles[vehicle.index()];
        if let Some(connector) = v.connector {
            self.end_session(connector, EndReason::Departure, recorder);
        }
        self.state.requests[i] = RequestState::Assigned;
        let v = &mut self.state.vehicles[vehicle.index()];
        if v.place != origin {
            // The trace has the vehicle elsewhere: staff moved it, or a trip before this one was lost
            // here. When and how is not recorded, so it is carried: no time, no charge.
            recorder.leg(&LegRecord {
                vehicle,
                fleet: v.fleet,
                purpose: LegPurpose::Relocation,
                start_time: now,
                end_time: now,
                origin: v.place,
                destination: origin,
                distance_km: 0.0,
                energy_kwh: 0.0,
                soc_start: v.soc,
                soc_end: v.soc,
            });
            v.place = origin;
        }
        v.ride =
            Some(Ride { request, soc_start: v.soc, pickup: Some(now), deadhead_km: 0.0, energy_kwh: 0.0 });
        self.start_service(vehicle, request, energy_kwh);
    }
}

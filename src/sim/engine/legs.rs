//! Legs: a vehicle sets out, drives, and is left with the remaining charge where the leg ends.

use super::step::Step;
use crate::world::Leg;
use gridfleet_core::ids::{PlaceId, VehicleId};
use gridfleet_core::records::{LegPurpose, LegRecord, Record};
use gridfleet_core::time::SimTime;

impl Step<'_> {
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
        let (start, origin) = (self.state.now, self.state.vehicles[vehicle].place);
        let end = start + duration_s;
        let charged_kwh = 0.0;
        let leg = Leg { purpose, start, end, origin, destination, distance_km, energy_kwh, charged_kwh };
        self.state.vehicles.set_out(self.setup, vehicle, leg);
        self.queue.leg_ends(vehicle, end);
    }

    /// Records the leg in progress as far as it has progressed at `end`, and leaves the vehicle there with the
    /// remaining charge.
    pub(super) fn end_leg(&mut self, vehicle: VehicleId, end: SimTime) -> Option<Leg> {
        let driven = self.state.vehicles.end_leg(self.setup, vehicle, end)?;
        let (leg, v) = (driven.leg, &self.state.vehicles[vehicle]);
        self.books.recorder.record(Record::Leg(&LegRecord {
            vehicle,
            fleet: v.fleet,
            purpose: leg.purpose,
            request: v.ride.map(|ride| ride.request),
            start_time: leg.start,
            end_time: end,
            origin: leg.origin,
            destination: leg.destination,
            distance_km: driven.distance_km,
            energy_kwh: driven.energy_kwh,
            charged_kwh: driven.charged_kwh,
            soc_start: driven.soc_start,
            soc_end: v.soc(),
        }));
        Some(leg)
    }
}

//! Legs: a vehicle sets out, drives, and is left with the remaining charge where the leg ends.

use super::step::Step;
use crate::world::{Leg, Motion};
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

    /// Records the leg in progress as far as it has progressed at `end`, and leaves the vehicle there with the
    /// remaining charge.
    pub(super) fn end_leg(&mut self, vehicle: VehicleId, end: SimTime) -> Option<Leg> {
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
        self.books.recorder.record(Record::Leg(&LegRecord {
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
}

//! All vehicles, with the sums over them that are kept: vehicles by activity, and charge by fleet.
//!
//! Everyone may read a [`Vehicle`]; only the methods here change one, so that the sums agree with the vehicles, and the
//! station of a vehicle with its connector.

use super::charge::soc_units;
use super::charging::FleetEnergy;
use super::{Activity, FleetCharge, Leg, Motion, Ride, Setup, Trigger, Vehicle};
use gridfleet_core::ids::{FleetId, IdVec, PlaceId, StationId, VehicleId};
use gridfleet_core::time::SimTime;
use std::ops::Index;

/// All vehicles.
#[derive(Debug, Clone)]
pub struct Vehicles {
    vehicles: IdVec<VehicleId, Vehicle>,
    /// By fleet and activity.
    counts: IdVec<FleetId, [u32; Activity::ALL.len()]>,
    /// Charge by fleet, without the energy that flowed in sessions in progress.
    charge: IdVec<FleetId, FleetCharge>,
    /// Vehicles on legs over which they charge, as recorded.
    charging_on_the_way: Vec<VehicleId>,
}

/// A leg that has ended, as far as it was driven.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DrivenLeg {
    /// The leg as planned.
    pub leg: Leg,
    /// Distance driven [km].
    pub distance_km: f64,
    /// Energy taken from the battery [kWh].
    pub energy_kwh: f64,
    /// Energy charged on the way, as recorded [kWh].
    pub charged_kwh: f64,
    /// State of charge at departure.
    pub soc_start: f64,
}

impl Vehicles {
    /// Vehicles at the start, all idle.
    pub fn new(setup: &Setup) -> Self {
        let mut counts = IdVec::filled(setup.fleets.len(), [0; Activity::ALL.len()]);
        let mut charge = IdVec::filled(setup.fleets.len(), FleetCharge::default());
        for v in &setup.vehicles {
            counts[v.fleet][Activity::Idle as usize] += 1;
            charge[v.fleet].add(&setup.types[v.vehicle_type], v.soc);
        }
        let vehicles = setup.vehicles.iter().map(|v| Vehicle::new(v, setup.start)).collect();
        Self { vehicles, counts, charge, charging_on_the_way: Vec::new() }
    }

    /// Number of vehicles.
    pub fn len(&self) -> usize {
        self.vehicles.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.vehicles.is_empty()
    }

    /// Every vehicle, in the order of their numbers.
    pub fn iter(&self) -> std::slice::Iter<'_, Vehicle> {
        self.vehicles.iter()
    }

    /// Vehicles by fleet and activity.
    pub fn counts(&self) -> &IdVec<FleetId, [u32; Activity::ALL.len()]> {
        &self.counts
    }

    /// Charge of a fleet, without the energy that flowed in sessions in progress.
    pub fn charge(&self, fleet: FleetId) -> &FleetCharge {
        &self.charge[fleet]
    }

    /// Advances a vehicle's state machine.
    ///
    /// # Panics
    /// If the transition is not in the table: a bug in the engine.
    pub fn fire(&mut self, vehicle: VehicleId, trigger: Trigger, now: SimTime) {
        let v = &mut self.vehicles[vehicle];
        let counts = &mut self.counts[v.fleet];
        counts[v.activity as usize] -= 1;
        v.fire(trigger, now);
        counts[v.activity as usize] += 1;
    }

    /// A vehicle departs; its activity has already been set.
    pub fn set_out(&mut self, setup: &Setup, vehicle: VehicleId, leg: Leg) {
        let v = &mut self.vehicles[vehicle];
        debug_assert!(v.leg.is_none());
        let driving = Motion::driving(&leg, &setup.types[v.vehicle_type], v.soc);
        self.charge[v.fleet].change(Motion::parked(v.soc), driving);
        v.leg = Some(leg);
    }

    /// A vehicle that has departed charges on the way, as recorded.
    pub fn charge_on_the_way(&mut self, vehicle: VehicleId, charged_kwh: f64) {
        if let Some(leg) = &mut self.vehicles[vehicle].leg
            && charged_kwh > 0.0
        {
            leg.charged_kwh = charged_kwh;
            self.charging_on_the_way.push(vehicle);
        }
    }

    /// Ends the leg of a vehicle as far as it has progressed at `end`, and leaves the vehicle there with the remaining
    /// charge; `None` if it does not drive.
    pub fn end_leg(&mut self, setup: &Setup, vehicle: VehicleId, end: SimTime) -> Option<DrivenLeg> {
        let v = &mut self.vehicles[vehicle];
        let leg = v.leg.take()?;
        let share = leg.share_at(end);
        let (distance_km, soc_start) = (leg.distance_km * share, v.soc);
        let vehicle_type = &setup.types[v.vehicle_type];
        let (energy_kwh, charged_kwh) = leg.exchanged_kwh(vehicle_type, soc_start, share);
        v.soc += (charged_kwh - energy_kwh) / vehicle_type.battery_kwh;
        let charge = &mut self.charge[v.fleet];
        charge.change(Motion::driving(&leg, vehicle_type, soc_start), Motion::parked(v.soc));
        charge.store(vehicle_type, soc_start, v.soc);
        if leg.charged_kwh > 0.0 {
            self.charging_on_the_way.retain(|&other| other != vehicle);
        }
        v.place = leg.destination;
        v.unposted_km += distance_km;
        if let Some(ride) = &mut v.ride {
            ride.energy_kwh += energy_kwh;
        }
        Some(DrivenLeg { leg, distance_km, energy_kwh, charged_kwh, soc_start })
    }

    /// A vehicle gets a ride, from where it is.
    pub fn assign(&mut self, vehicle: VehicleId, ride: Ride) {
        self.vehicles[vehicle].ride = Some(ride);
    }

    /// The rider of a vehicle gets in.
    pub fn pick_up(&mut self, vehicle: VehicleId, now: SimTime) {
        if let Some(ride) = &mut self.vehicles[vehicle].ride {
            ride.pickup = Some(now);
        }
    }

    /// The ride of a vehicle ends.
    pub fn drop_off(&mut self, vehicle: VehicleId) -> Option<Ride> {
        self.vehicles[vehicle].ride.take()
    }

    /// A parked vehicle is carried to a place.
    pub fn carry(&mut self, vehicle: VehicleId, place: PlaceId) {
        self.vehicles[vehicle].place = place;
    }

    /// A vehicle is to be charged up to `target_soc`; a rider's request may interrupt it if it `yields`.
    pub fn ask_for(&mut self, vehicle: VehicleId, target_soc: f64, yields: bool) {
        let v = &mut self.vehicles[vehicle];
        (v.target_soc, v.yields) = (target_soc, yields);
    }

    /// A vehicle is to be charged as far as operation may use its battery.
    pub fn ask_for_all(&mut self, setup: &Setup, vehicle: VehicleId) {
        let v = &mut self.vehicles[vehicle];
        v.target_soc = setup.types[v.vehicle_type].usable_soc[1].max(v.soc);
    }

    /// No rider's request may interrupt the charging of a vehicle any more.
    pub fn keep(&mut self, vehicle: VehicleId) {
        self.vehicles[vehicle].yields = false;
    }

    /// A vehicle departs for a station.
    pub fn head_for(&mut self, vehicle: VehicleId, station: StationId) {
        self.vehicles[vehicle].station = Some(station);
    }

    /// A vehicle joins the station that it has driven to: a charging need begins, unless it has begun before.
    pub fn join(&mut self, vehicle: VehicleId, now: SimTime) {
        self.vehicles[vehicle].need_since.get_or_insert(now);
    }

    /// A vehicle leaves the queue of its station.
    pub fn renege(&mut self, vehicle: VehicleId) {
        let v = &mut self.vehicles[vehicle];
        (v.station, v.yields) = (None, false);
    }

    /// A vehicle avoids a station until then, because it gave up waiting there.
    pub fn avoid(&mut self, vehicle: VehicleId, station: StationId, until: SimTime) {
        let avoided = &mut self.vehicles[vehicle].gave_up;
        avoided.retain(|&(at, _)| at != station);
        avoided.push((station, until));
    }

    /// A vehicle is plugged in at a connector (its position among all connectors) of a station. Returns the time at which
    /// it first joined a station for this charging need, if it has joined one.
    pub fn plug_in(
        &mut self,
        setup: &Setup,
        vehicle: VehicleId,
        station: StationId,
        connector: usize,
    ) -> Option<SimTime> {
        let v = &mut self.vehicles[vehicle];
        (v.station, v.connector) = (Some(station), Some(connector as u32));
        v.place = setup.stations[station].place;
        v.gave_up.clear();
        v.need_since.take()
    }

    /// Distance that a vehicle has driven since this was last asked [km].
    pub fn take_unposted_km(&mut self, vehicle: VehicleId) -> f64 {
        std::mem::take(&mut self.vehicles[vehicle].unposted_km)
    }

    /// A vehicle leaves its connector, with this state of charge.
    pub fn unplug(&mut self, setup: &Setup, vehicle: VehicleId, soc: f64) {
        let v = &mut self.vehicles[vehicle];
        let charge = &mut self.charge[v.fleet];
        charge.change(Motion::parked(v.soc), Motion::parked(soc));
        charge.store(&setup.types[v.vehicle_type], v.soc, soc);
        v.soc = soc;
        (v.station, v.connector, v.yields) = (None, None, false);
    }

    /// Adds the charge of legs over which vehicles charge, until now, to `fleets`.
    pub fn read_legs(&self, setup: &Setup, now: SimTime, fleets: &mut IdVec<FleetId, FleetEnergy>) {
        for &vehicle in &self.charging_on_the_way {
            let v = &self[vehicle];
            let vehicle_type = &setup.types[v.vehicle_type];
            if let Some(leg) = &v.leg {
                let (_, charged_kwh) = leg.exchanged_kwh(vehicle_type, v.soc, leg.share_at(now));
                fleets[v.fleet].risen += soc_units(charged_kwh / vehicle_type.battery_kwh);
            }
        }
    }
}

impl Index<VehicleId> for Vehicles {
    type Output = Vehicle;
    #[inline]
    fn index(&self, vehicle: VehicleId) -> &Vehicle {
        &self.vehicles[vehicle]
    }
}

//! A charging session: an anchor (time, charge, power), from which charge, energy and power at any later instant are read
//! in closed form.

use super::charge::soc_units;
use super::charging::FleetEnergy;
use super::{EnergyAccount, VehicleType};
use gridfleet_core::ids::{FleetId, SessionId, VehicleId};
use gridfleet_core::time::SimTime;

/// A vehicle at a connector.
#[derive(Debug, Clone)]
pub struct Session {
    /// Number of the visit.
    pub id: SessionId,
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Its fleet.
    pub fleet: FleetId,
    /// Time at which it joined the station.
    pub arrival: SimTime,
    /// Time at which the vehicle first joined a station for this charging need.
    pub need: SimTime,
    /// Time at which it got the connector.
    pub plug_in: SimTime,
    /// State of charge at plug-in.
    pub soc_start: f64,
    /// State of charge requested.
    pub target_soc: f64,
    /// Power may flow; false once the target is reached or while a policy pauses the session.
    pub active: bool,
    /// First instant of power; known once power has flowed before `anchor`.
    pub charge_start: Option<SimTime>,
    /// Last instant of power up to `anchor`.
    pub charge_end: Option<SimTime>,
    /// Maximum power that this vehicle takes from this connector [kW].
    pub limit_kw: f64,
    /// Maximum power that a policy lets it take [kW]; if negative, it is to feed this much back.
    pub set_kw: f64,
    /// State of charge at which it stops feeding back.
    pub floor_soc: f64,
    /// Its share of the site limit since `anchor` [kW]; negative while it feeds back.
    pub share_kw: f64,
    /// Last change of power.
    pub anchor: SimTime,
    /// State of charge at `anchor`.
    pub anchor_soc: f64,
    /// Energy taken from the battery to be fed back, from plug-in to `anchor`, as a share of its capacity.
    pub given_soc: f64,
    /// Time at which the target will be reached if nothing changes.
    pub expected_end: SimTime,
    /// Energy already billed [kWh at the plug].
    pub billed_kwh: f64,
    /// Amount owed to the retailer for that energy [currency].
    pub energy_cost: f64,
    /// Part of both that was bought from previous retailers.
    pub earlier: EnergyAccount,
    /// Maximum power so far [kW].
    pub max_power_kw: f64,
}

impl Session {
    /// Whether power flows from the battery to the grid.
    pub fn feeds(&self) -> bool {
        self.active && self.share_kw < 0.0
    }

    /// State of charge at `t`.
    pub fn soc(&self, vehicle_type: &VehicleType, t: SimTime) -> f64 {
        if !self.active || t <= self.anchor {
            return self.anchor_soc;
        }
        let seconds = (t - self.anchor) as f64;
        if self.share_kw > 0.0 && t >= self.expected_end {
            // The end is rounded to whole seconds; any remaining difference is rounding error.
            return self.target_soc;
        }
        if self.share_kw < 0.0 {
            return vehicle_type.soc_after_feeding(self.anchor_soc, -self.share_kw, self.floor_soc, seconds);
        }
        vehicle_type.soc_after(self.anchor_soc, self.share_kw, self.target_soc, seconds)
    }

    /// Energy drawn from the grid less energy fed back, from plug-in to `t` [kWh].
    pub fn energy_kwh(&self, vehicle_type: &VehicleType, t: SimTime) -> f64 {
        let (stored_kwh, withdrawn_kwh) = self.turnover_kwh(vehicle_type, t);
        stored_kwh / vehicle_type.charge_efficiency - withdrawn_kwh * vehicle_type.discharge_efficiency
    }

    /// Energy stored in the battery, and energy taken from it, from plug-in to `t` [kWh].
    pub fn turnover_kwh(&self, vehicle_type: &VehicleType, t: SimTime) -> (f64, f64) {
        let soc = self.soc(vehicle_type, t);
        let given = self.given_soc + if self.feeds() { self.anchor_soc - soc } else { 0.0 };
        (vehicle_type.kwh(soc - self.soc_start + given), vehicle_type.kwh(given))
    }

    /// Energy drawn from the grid less energy fed back, from the anchor to `t` [kWh]; adds it, and the charge, to
    /// `fleet`.
    pub fn read(&self, vehicle_type: &VehicleType, t: SimTime, fleet: &mut FleetEnergy) -> f64 {
        let soc = self.soc(vehicle_type, t);
        let kwh = at_plug_kwh(vehicle_type, soc - self.anchor_soc);
        fleet.kwh += kwh;
        fleet.risen += soc_units(soc) - soc_units(self.anchor_soc);
        kwh
    }

    /// First and last instant of power up to `t`; none if no power has flowed since plug-in.
    pub fn powered(&self, vehicle_type: &VehicleType, t: SimTime) -> Option<(SimTime, SimTime)> {
        if self.soc(vehicle_type, t) != self.anchor_soc {
            return Some((self.charge_start.unwrap_or(self.anchor), t));
        }
        self.charge_start.zip(self.charge_end)
    }

    /// Power at the plug at `t` [kW]; negative while it feeds back.
    pub fn power_kw(&self, vehicle_type: &VehicleType, t: SimTime) -> f64 {
        let soc = self.soc(vehicle_type, t);
        if self.feeds() {
            return if soc > self.floor_soc { self.share_kw } else { 0.0 };
        }
        if !self.active || soc >= self.target_soc {
            return 0.0;
        }
        vehicle_type.curve.power_kw(soc).min(self.share_kw)
    }

    /// Moves the anchor to the present; returns the energy drawn since the old anchor, less the energy fed back [kWh].
    pub(super) fn settle(
        &mut self,
        vehicle_type: &VehicleType,
        now: SimTime,
        fleet: &mut FleetEnergy,
    ) -> f64 {
        let soc = self.soc(vehicle_type, now);
        let gained = soc - self.anchor_soc;
        fleet.risen += soc_units(soc) - soc_units(self.anchor_soc);
        if gained != 0.0 {
            self.charge_start = self.charge_start.or(Some(self.anchor));
            self.charge_end = Some(now);
        }
        if gained > 0.0 {
            let peak_kw = vehicle_type.curve.peak_between(self.anchor_soc, soc).min(self.share_kw);
            self.max_power_kw = self.max_power_kw.max(peak_kw);
        } else if gained < 0.0 {
            self.given_soc -= gained;
            self.max_power_kw = self.max_power_kw.max(-self.share_kw);
        }
        (self.anchor, self.anchor_soc) = (now, soc);
        let kwh = at_plug_kwh(vehicle_type, gained);
        fleet.kwh += kwh;
        kwh
    }

    /// Adds the cost of the energy drawn since the last billing, at `price_per_mwh`.
    pub(super) fn bill(&mut self, vehicle_type: &VehicleType, t: SimTime, price_per_mwh: f64) {
        let energy_kwh = self.energy_kwh(vehicle_type, t);
        self.energy_cost += (energy_kwh - self.billed_kwh) * price_per_mwh / 1_000.0;
        self.billed_kwh = energy_kwh;
    }
}

/// Energy that a rise of the state of charge takes from the grid, or that a fall feeds into it (negative) [kWh].
fn at_plug_kwh(vehicle_type: &VehicleType, gained_soc: f64) -> f64 {
    if gained_soc < 0.0 {
        vehicle_type.kwh(gained_soc) * vehicle_type.discharge_efficiency
    } else {
        vehicle_type.kwh(gained_soc) / vehicle_type.charge_efficiency
    }
}

//! Facts of a world that recorders and auditors need, without types of the engine.

use crate::audit::{
    AuditFacts, BranchFacts, BusFacts, FeederFacts, HouseholdFacts, StationFacts, VehicleFacts,
};
use crate::grid;
use crate::ids::FleetId;
use crate::outputs::summary::FeederHead;
use crate::outputs::{FeederShape, OutputOptions};
use crate::time::{HOUR_S, SimTime};
use crate::world::{Enforce, Grid, Households, Mode, Setup};

/// Shape of a feeder, for its picture.
pub(super) fn feeder_shape(grid: &Grid) -> FeederShape {
    let feeder = &grid.feeder;
    let before = |&bus: &usize| (bus, feeder.feed(bus).map(|(_, before)| before));
    FeederShape {
        name: grid.name.clone(),
        number: grid.number.clone(),
        order: feeder.order().iter().map(before).collect(),
        voltage: grid.voltage,
    }
}

/// Name and limits of a feeder, for the summary.
pub(super) fn feeder_head(grid: &Grid) -> FeederHead {
    FeederHead {
        name: grid.name.clone(),
        buses: grid.number.len(),
        voltage_limits_pu: grid.voltage,
        enforce: grid.enforce.name(),
    }
}

/// Facts of a world that an audit needs in addition to the tables, which were written with `outputs`.
pub fn audit_facts(setup: &Setup, outputs: OutputOptions) -> AuditFacts {
    let label = |place| {
        let mut label = String::new();
        setup.places.write_label(place, &mut label);
        label
    };
    let vehicles = setup.vehicles.iter().map(|v| {
        let vehicle_type = &setup.types[v.vehicle_type];
        VehicleFacts {
            name: v.name.clone(),
            fleet: setup.fleets[v.fleet].name.clone(),
            battery_kwh: vehicle_type.battery_kwh,
            charge_efficiency: vehicle_type.charge_efficiency,
            discharge_efficiency: vehicle_type.discharge_efficiency,
            initial_soc: v.soc,
            initial_place: label(v.place),
        }
    });
    let stations = setup.stations.iter().map(|s| StationFacts {
        name: s.name.clone(),
        place: label(s.place),
        connectors: s.connectors.len() as u32,
        limit_kw: s.capacity_kw(),
        first_come_first_served: s.connectors.iter().all(|c| c.dc == s.connectors[0].dc),
        retailer: setup.retailers[s.retailer].name.clone(),
        held_back: setup.trading.is_active()
            || setup.grid.as_ref().is_some_and(|grid| grid.enforce == Enforce::Limit)
            || setup.retailers[s.retailer].tariff.slope_per_mwh_kw().is_some(),
        competes: setup.competes(s.retailer),
        markup_per_mwh: s.markup_per_mwh,
        slope_per_mwh_kw: setup.retailers[s.retailer].tariff.slope_per_mwh_kw(),
    });
    AuditFacts {
        assigned: setup.requests.recorded.iter().map(Option::is_some).collect(),
        patience_s: match setup.mode {
            Mode::Dispatch { patience_s } => Some(patience_s),
            Mode::Replay => None,
        },
        in_order: setup
            .fleets
            .iter()
            .enumerate()
            .filter(|&(i, _)| serves_in_order(setup, FleetId::new(i)))
            .map(|(_, fleet)| fleet.name.clone())
            .collect(),
        start: setup.start,
        end: setup.end,
        measured_from: setup.measured_from,
        vehicles: vehicles.collect(),
        stations: stations.collect(),
        households: setup.retail.households.iter().map(|group| household_facts(setup, group)).collect(),
        feeder: setup.grid.as_ref().map(|grid| feeder_facts(setup, grid)),
        requests: Some(setup.requests.len() as u64),
        settlement_s: setup.trading.is_active().then_some(setup.trading.settlement_s),
        outputs,
    }
}

/// Whether the riders of a fleet get its vehicles in the order of their requests, among equals.
fn serves_in_order(setup: &Setup, fleet: FleetId) -> bool {
    let alone = (0..setup.fleets.len())
        .map(FleetId::new)
        .all(|other| other == fleet || setup.coalition(other) != setup.coalition(fleet));
    !setup.is_preassigned(fleet) && alone && setup.trading.bidder_of(fleet).is_none()
}

/// The feeder in numbers, and the factor on its loads by hour.
fn feeder_facts(setup: &Setup, grid: &Grid) -> FeederFacts {
    let bus = |(bus, &number): (&grid::Bus, &u32)| BusFacts {
        number,
        load_kw: bus.load_mw * 1_000.0,
        load_kvar: bus.load_mvar * 1_000.0,
        shunt_kw: bus.shunt_mw * 1_000.0,
        shunt_kvar: bus.shunt_mvar * 1_000.0,
    };
    let branch = |branch: &grid::Branch| BranchFacts {
        ends: [branch.from, branch.to].map(|bus| grid.number[bus]),
        impedance: (branch.r, branch.x),
        limit_kva: branch.limit_mva * 1_000.0,
    };
    // Hours of every time zone begin at whole quarters of an hour of UTC.
    let mut factors: Vec<(SimTime, f64)> = Vec::new();
    let mut quarter = SimTime(setup.start.0.div_euclid(900) * 900);
    while quarter < setup.end {
        let factor = grid.base_factor[setup.clock.hour(quarter)];
        if factors.last().is_none_or(|last| last.1 != factor) {
            factors.push((quarter, factor));
        }
        quarter += 900;
    }
    let numbers = |buses: &[usize]| buses.iter().map(|&bus| grid.number[bus]).collect();
    FeederFacts {
        base_kva: grid.feeder.base_mva() * 1_000.0,
        source: grid.number[grid.feeder.source()],
        source_voltage: grid.feeder.source_voltage(),
        buses: grid.feeder.buses().iter().zip(&grid.number).map(bus).collect(),
        branches: grid.feeder.branches().iter().map(branch).collect(),
        factors,
        stations: numbers(&grid.station_bus),
        households: numbers(&grid.household_bus),
        kvar_per_kw: [grid.station_kvar_per_kw, grid.household_kvar_per_kw],
        enforced: (grid.enforce == Enforce::Limit).then_some(grid.voltage[0]),
    }
}

/// Loads of the homes of a group in the slots of each local day; a slot has the load of the hour in which it begins. If
/// clocks are put back across midnight, a date occurs in two parts.
fn household_facts(setup: &Setup, group: &Households) -> HouseholdFacts {
    let mut days: Vec<(SimTime, SimTime, f64)> = Vec::new();
    let slot_s = setup.retailers[group.retailer].slot_s;
    let hours = slot_s as f64 / HOUR_S as f64;
    // Slots start at whole multiples of their length since the epoch.
    let (mut slot, mut today) = (SimTime(setup.start.0.div_euclid(slot_s) * slot_s), None);
    while slot < setup.end {
        let date = setup.clock.local(slot).date();
        let kwh = f64::from(group.count) * group.nominal_kw[setup.clock.hour(slot)] * hours;
        match days.last_mut() {
            Some(day) if today == Some(date) => (day.1, day.2) = (slot + slot_s, day.2 + kwh),
            _ => days.push((slot, slot + slot_s, kwh)),
        }
        today = Some(date);
        slot += slot_s;
    }
    // A day is not whole if the simulation covers only a part of its last slot, or if it continues beyond the end.
    let ends = |end: SimTime| end < setup.end || setup.clock.local(end).time() == chrono::NaiveTime::MIN;
    days.retain(|day| day.0 >= setup.start && day.1 <= setup.end && ends(day.1));
    let largest = (0..24).max_by(|a, b| group.nominal_kw[*a].total_cmp(&group.nominal_kw[*b])).unwrap_or(0);
    HouseholdFacts {
        name: group.name.clone(),
        days,
        count: group.count,
        worth_per_mwh: group.worth_per_mwh(largest),
        theta_per_mwh_kw: group.theta_per_mwh_kw,
    }
}

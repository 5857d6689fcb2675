//! Invariants at every instant; a violation is a bug, so they are asserted.

use crate::world::{Activity, Setup, State, Vehicle};
use gridfleet_core::ids::{FleetId, IdVec};
use gridfleet_core::records::LegPurpose;

/// Rounding error of a state of charge [share of the battery].
const SOC_SLACK: f64 = 1e-9;
/// Rounding error of a divided power [kW].
const POWER_SLACK_KW: f64 = 1e-6;

/// Checks the whole world.
///
/// # Panics
/// If an invariant is violated; the message names it.
pub(super) fn check(setup: &Setup, state: &State) {
    let mut counts = IdVec::filled(setup.fleets.len(), [0u32; Activity::ALL.len()]);
    let no_charge = || IdVec::filled(setup.fleets.len(), 0.0);
    let (mut soc_sums, mut stored_kwh) = (no_charge(), no_charge());
    for (i, v) in state.vehicles.iter().enumerate() {
        counts[v.fleet][v.activity() as usize] += 1;
        let soc = state.soc(setup, gridfleet_core::ids::VehicleId::new(i));
        assert!((-SOC_SLACK..=1.0 + SOC_SLACK).contains(&soc), "vehicle {i} has a charge of {soc}");
        soc_sums[v.fleet] += soc;
        stored_kwh[v.fleet] += v.soc() * setup.types[v.vehicle_type].battery_kwh;
        assert_eq!(v.leg().is_some(), v.activity().is_driving(), "vehicle {i} is {:?}", v.activity());
        assert_eq!(v.connector.is_some(), v.activity().is_plugged(), "vehicle {i} is {:?}", v.activity());
        let in_trip = matches!(v.activity(), Activity::ToPickup | Activity::InService);
        assert_eq!(v.ride.is_some(), in_trip, "vehicle {i} is {:?}", v.activity());
        if let Some(connector) = v.connector {
            let session = state.stations.session(connector as usize);
            assert!(session.is_some_and(|s| s.vehicle.index() == i), "connector {connector} and vehicle {i}");
        }
        if !setup.is_preassigned(v.fleet) {
            let offered = state.available[setup.coalition(v.fleet)].contains(i as u32);
            let free = v.activity() == Activity::Idle || (v.activity().is_plugged() && v.yields);
            assert_eq!(offered, free, "vehicle {i} is {:?}", v.activity());
        }
    }
    assert_eq!(&counts, state.vehicles.counts(), "vehicles by activity");
    check_charge(setup, state, &soc_sums, &stored_kwh);
    let mut inbound = IdVec::filled(setup.stations.len(), 0);
    let heads = |v: &&Vehicle| v.leg().is_some_and(|leg| leg.purpose == LegPurpose::ToStation);
    let headed = state.vehicles.iter().filter(heads).filter_map(|v| v.station);
    headed.for_each(|station| inbound[station] += 1);
    for (id, &inbound) in inbound.entries() {
        let (i, station) = (id.index(), state.stations.station(id));
        let sessions = || state.stations.sessions_at(setup, id).iter().flatten();
        assert_eq!(station.inbound, inbound, "vehicles on their way to station {i}");
        let waits = station.queue.iter().all(|waiting| waiting.deadline >= station.next_deadline);
        assert!(waits, "the next deadline of station {i}");
        assert_eq!(sessions().count() as u32, station.occupied, "station {i}");
        let read = state.stations.has_changed(id);
        assert!(read || sessions().all(|s| !s.active), "station {i} is not among those read");
        let power_kw: f64 = sessions()
            .map(|s| {
                let v = &state.vehicles[s.vehicle];
                s.power_kw(&setup.types[v.vehicle_type], state.now)
            })
            .sum();
        let limit_kw = station.limit_kw(&setup.stations[id]);
        assert!(power_kw <= limit_kw + POWER_SLACK_KW, "station {i}: {power_kw} kW of {limit_kw} kW");
    }
    state.riders.check();
}

/// The sums that are kept agree with those over all vehicles.
fn check_charge(
    setup: &Setup,
    state: &State,
    soc_sums: &IdVec<FleetId, f64>,
    stored_kwh: &IdVec<FleetId, f64>,
) {
    let charging = state.charging_now(setup);
    for (id, counts) in state.vehicles.counts().entries() {
        let (i, charge, energy) = (id.index(), state.vehicles.charge(id), state.stations.fleet(id));
        let soc = charge.soc_sum(state.now, energy.risen + charging[id].risen);
        let vehicles = f64::from(counts.iter().sum::<u32>());
        let slack = SOC_SLACK * (1.0 + vehicles);
        assert!((soc - soc_sums[id]).abs() <= slack, "fleet {i}: charge {soc}, not {}", soc_sums[id]);
        let kwh = charge.stored_kwh();
        let slack = SOC_SLACK * (1.0 + stored_kwh[id].abs());
        assert!((kwh - stored_kwh[id]).abs() <= slack, "fleet {i}: {kwh} kWh stored, not {}", stored_kwh[id]);
    }
}

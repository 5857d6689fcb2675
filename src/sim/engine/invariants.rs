//! Invariants at every instant; a violation is a bug, so they are asserted.

use crate::world::{Activity, RequestState, Setup, State};
use gridfleet_core::ids::StationId;

/// Rounding error of a state of charge [share of the battery].
const SOC_SLACK: f64 = 1e-9;
/// Rounding error of a divided power [kW].
const POWER_SLACK_KW: f64 = 1e-6;

/// Checks the whole world.
///
/// # Panics
/// If an invariant is violated; the message names it.
pub(super) fn check(setup: &Setup, state: &State) {
    let mut counts = vec![[0u32; Activity::ALL.len()]; setup.fleets.len()];
    for (i, v) in state.vehicles.iter().enumerate() {
        counts[v.fleet.index()][v.activity as usize] += 1;
        let soc = state.soc(setup, gridfleet_core::ids::VehicleId::new(i));
        assert!((-SOC_SLACK..=1.0 + SOC_SLACK).contains(&soc), "vehicle {i} has a charge of {soc}");
        assert_eq!(v.leg.is_some(), v.activity.is_driving(), "vehicle {i} is {:?}", v.activity);
        assert_eq!(v.connector.is_some(), v.activity.is_plugged(), "vehicle {i} is {:?}", v.activity);
        let in_trip = matches!(v.activity, Activity::ToPickup | Activity::InService);
        assert_eq!(v.ride.is_some(), in_trip, "vehicle {i} is {:?}", v.activity);
        if let Some(connector) = v.connector {
            let session = state.stations.sessions[connector as usize].as_ref();
            assert!(session.is_some_and(|s| s.vehicle.index() == i), "connector {connector} and vehicle {i}");
        }
        if !setup.is_preassigned(v.fleet) {
            let offered = state.available[setup.coalition(v.fleet)].contains(i as u32);
            let free = v.activity == Activity::Idle || (v.activity.is_plugged() && v.yields);
            assert_eq!(offered, free, "vehicle {i} is {:?}", v.activity);
        }
    }
    assert_eq!(counts, state.counts, "vehicles by activity");
    for (i, station) in state.stations.stations.iter().enumerate() {
        let range = state.stations.connectors(setup, StationId::new(i));
        let sessions = || state.stations.sessions[range.clone()].iter().flatten();
        assert_eq!(sessions().count() as u32, station.occupied, "station {i}");
        let power_kw: f64 = sessions()
            .map(|s| {
                let v = &state.vehicles[s.vehicle.index()];
                s.power_kw(&setup.types[v.vehicle_type.index()], state.now)
            })
            .sum();
        let limit_kw = setup.stations[i].site_limit_kw.min(station.budget_kw).min(station.feeder_kw);
        assert!(power_kw <= limit_kw + POWER_SLACK_KW, "station {i}: {power_kw} kW of {limit_kw} kW");
    }
    let waiting = state.requests.iter().filter(|&&r| r == RequestState::Waiting).count();
    assert_eq!(waiting, state.waiting.len(), "requests that wait");
}

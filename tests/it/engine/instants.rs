//! Reading meters more often, or less often, changes nothing: what is read of an instant follows from a stored anchor.

use crate::support::runs::{policies, simulate};
use crate::support::{City, city};
use gridfleet::policies::{ChargingSpec, DispatchSpec, Policies};
use gridfleet::records::{Collected, TripStatus};
use gridfleet::rng::Streams;
use gridfleet::world::Setup;

/// Two days of a city with scarce connectors, site limits, prices by the hour and rescues.
const SIZE: City = City {
    seed: 3,
    requests: 5_000,
    vehicles: 120,
    stations: 2,
    fleets: 2,
    zones: 30,
    days: 2,
    patience_s: 900,
};

/// The records of a run whose meters are read every so many seconds.
fn read_every(interval_s: i64, dispatch: &DispatchSpec) -> Collected {
    let setup = Setup { control_interval_s: interval_s, ..city(SIZE) };
    // Neither policy acts at the interval: dispatch when something changes or in its own rounds, charging when a vehicle
    // becomes idle.
    let policies = Policies {
        dispatch: dispatch.build(),
        charging: ChargingSpec::ThresholdNearest { start_soc: 0.3, target_soc: 0.8 }.build(),
        ..policies()
    };
    simulate(setup, policies, Streams { seed: SIZE.seed, replication: 0 }).0
}

#[test]
fn the_interval_of_readings_changes_no_session_leg_or_trip() {
    for dispatch in [DispatchSpec::NearestIdle {}, DispatchSpec::Batched { interval_s: 30 }] {
        let often = read_every(60, &dispatch);
        let served = often.trips.iter().filter(|trip| trip.status == TripStatus::Served).count();
        let queued = often.sessions.iter().filter(|session| session.queue_s > 0).count();
        assert!(served > 500 && queued > 20, "{served} served, {queued} sessions after a queue");
        for interval_s in [300, 3_600] {
            let seldom = read_every(interval_s, &dispatch);
            assert!(seldom.stations.len() < often.stations.len());
            assert_eq!(often.trips, seldom.trips, "{interval_s} s");
            assert_eq!(often.legs, seldom.legs, "{interval_s} s");
            assert_eq!(often.sessions, seldom.sessions, "{interval_s} s");
            assert_eq!(often.ledger, seldom.ledger, "{interval_s} s");
        }
    }
}

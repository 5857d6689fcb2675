//! Queues of vehicles and of riders: a station given up is remembered, a session is a visit with charging, and of equal
//! riders the oldest is served first.

use crate::support::runs::{STREAMS, ready, simulate};
use gridfleet::engine::Simulation;
use gridfleet::ids::VehicleId;
use gridfleet::policies::{Action, Charging, Policies, Turn};
use gridfleet::records::{Collected, EndReason, SessionRecord, TripRecord, TripStatus};
use gridfleet::world::Setup;
use std::fmt::Write as _;
use std::sync::Arc;

/// A day at one place: `cars` of 20 % charge or full, rides of ten minutes every `every_s`.
struct Day {
    dispatch: &'static str,
    cars: usize,
    soc: f64,
    every_s: u32,
    requests: u32,
    queue_patience_s: u32,
    stations: usize,
}

impl Day {
    fn run(&self) -> Collected {
        let (setup, policies) = self.build();
        simulate(setup, policies, STREAMS).0
    }

    fn build(&self) -> (Arc<Setup>, Policies) {
        let folder = tempfile::tempdir().unwrap();
        let mut trips = String::from(
            "request_time,origin_lat,origin_lon,destination_lat,destination_lon,duration_s,distance_km,fare\n",
        );
        for i in 0..self.requests {
            let at = i * self.every_s;
            let (h, m, s) = (at / 3_600, at / 60 % 60, at % 60);
            writeln!(trips, "2026-03-02T{h:02}:{m:02}:{s:02}Z,51.5,9.9,51.5,9.9,603,1,10").unwrap();
        }
        std::fs::write(folder.path().join("trips.csv"), trips).unwrap();
        let mut text = format!(
            r#"
version = 2
name = "queues"
[time]
start = "2026-03-02"
days = 1
timezone = "UTC"
[trips]
format = "trips"
files = ["trips.csv"]
[travel]
circuity = 1.0
speed_kmh = 36.0
[operation]
mode = "dispatch"
patience_s = 900
dispatch = {}
charging = {{ kind = "threshold-nearest", start_soc = 0.3, target_soc = 1.0 }}
[[vehicle_types]]
name = "car"
battery_kwh = 40.0
consumption_kwh_per_km = 0.2
ac_kw = 11.0
usable_soc = [0.0, 1.0]
[[fleets]]
name = "f"
vehicles = [{{ type = "car", count = {}, initial_soc = {} }}]
depots = [[51.5, 9.9]]
[[retailers]]
name = "r"
tariff = {{ kind = "flat", price_per_mwh = 200.0 }}
"#,
            self.dispatch, self.cars, self.soc
        );
        for station in 0..self.stations {
            write!(
                text,
                "[[stations]]\nname = \"s{station}\"\nlat = {}\nlon = 9.9\nconnectors = 1\nconnector_kw = 11.0\nqueue_patience_s = {}\n",
                51.5 + 0.01 * station as f64,
                self.queue_patience_s
            )
            .unwrap();
        }
        let path = folder.path().join("queues.toml");
        std::fs::write(&path, text).unwrap();
        ready(&path, &[], STREAMS)
    }
}

/// One connector for many empty vehicles, with patience from none to an hour, with and without a second station.
#[test]
fn a_visit_that_gave_up_is_no_session_and_no_need_is_forgotten() {
    for (queue_patience_s, stations) in
        [(0, 1), (600, 1), (1_800, 1), (3_600, 1), (0, 2), (0, 5), (600, 3), (1_800, 2)]
    {
        let day = Day {
            dispatch: "{ kind = \"nearest-idle\" }",
            cars: 12,
            soc: 0.2,
            every_s: 3_600,
            requests: 1,
            queue_patience_s,
            stations,
        };
        let records = day.run();
        let gave_up = |s: &&SessionRecord| s.end_reason == EndReason::GaveUp;
        let visits = records.sessions.iter().filter(gave_up).count();
        // A car without another station stays in the queue; one with others returns to each no sooner than after a
        // quarter of an hour.
        assert_eq!(visits > 0, stations > 1, "{visits} visits to {stations} stations");
        assert!(visits <= 12 * 97 * stations, "{visits} visits to {stations} stations");
        assert!(records.sessions.iter().any(SessionRecord::charged));
        for visit in records.sessions.iter().filter(gave_up) {
            assert!(!visit.charged() && visit.plug_in_time.is_none() && visit.need_wait_s.is_none());
            // Does not return to the same place while it is avoided.
            let left = visit.unplug_time.unwrap();
            let back = records.sessions.iter().filter(|s| {
                s.vehicle == visit.vehicle && s.station == visit.station && s.session.0 > visit.session.0
            });
            if let Some(next) = back.min_by_key(|s| s.session.0) {
                assert!(next.arrival_time >= left + 900, "{next:?}");
            }
        }
        // The wait of a need starts with the first visit since the last charge.
        for session in records.sessions.iter().filter(|s| s.charged()) {
            let earlier = records
                .sessions
                .iter()
                .filter(|s| s.vehicle == session.vehicle && s.arrival_time <= session.arrival_time);
            let last_charge = earlier
                .clone()
                .filter(|s| s.charged() && s.session != session.session)
                .map(|s| s.arrival_time)
                .max();
            let first = earlier
                .filter(|s| last_charge.is_none_or(|t| s.arrival_time > t))
                .map(|s| s.arrival_time)
                .min()
                .unwrap();
            assert_eq!(session.need_wait_s, session.charge_start_time.map(|t| t - first), "{session:?}");
        }
    }
}

/// Cars without another station are served in the order in which they came, one after another without a gap.
#[test]
fn a_line_without_another_station_is_served_in_its_order() {
    for queue_patience_s in [0, 60, 1_800] {
        let day = Day {
            dispatch: "{ kind = \"nearest-idle\" }",
            cars: 12,
            soc: 0.2,
            every_s: 3_600,
            requests: 1,
            queue_patience_s,
            stations: 1,
        };
        let mut sessions = day.run().sessions;
        sessions.retain(SessionRecord::charged);
        sessions.sort_by_key(|s| s.plug_in_time);
        assert!(sessions.len() > 4);
        for pair in sessions.windows(2) {
            assert!(pair[0].session < pair[1].session, "{pair:?}");
            assert_eq!(pair[0].unplug_time, pair[1].plug_in_time, "{pair:?}");
        }
    }
}

/// Sends every idle vehicle to its present place.
struct Restless;

impl Charging for Restless {
    fn on_idle(&mut self, turn: &mut Turn<'_>, idle: &[VehicleId]) {
        let view = turn.view;
        turn.actions.extend(
            idle.iter().map(|&vehicle| Action::Relocate { vehicle, to: view.vehicle(vehicle).place }),
        );
    }
    fn on_interval(&mut self, _: &mut Turn<'_>) {}
}

#[test]
fn an_instant_that_does_not_end_is_an_error_that_names_vehicle_and_policy() {
    let day = Day {
        dispatch: "{ kind = \"nearest-idle\" }",
        cars: 2,
        soc: 1.0,
        every_s: 3_600,
        requests: 1,
        queue_patience_s: 0,
        stations: 1,
    };
    let (setup, policies) = day.build();
    let mut simulation = Simulation::new(setup, policies.dispatch, Box::new(Restless), STREAMS);
    let endless = simulation.finish(&mut ()).unwrap_err();
    let message = endless.to_string();
    for part in ["2026-03-02T00:00:00Z", "arrival of vehicle \"f-0002\"", "the charging policy"] {
        assert!(message.contains(part), "{message}");
    }
}

/// One or two cars for more riders at one place than they can carry: no rider is served before an older one who was
/// waiting then and could have been served.
#[test]
fn of_equal_riders_the_oldest_is_served_first() {
    let mut lost = 0;
    for dispatch in ["{ kind = \"nearest-idle\" }", "{ kind = \"batched\", interval_s = 30 }"] {
        for (cars, every_s) in [(1, 120), (1, 300), (1, 301), (2, 150), (3, 37)] {
            let day = Day {
                dispatch,
                cars,
                soc: 1.0,
                every_s,
                requests: 100,
                queue_patience_s: 1_800,
                stations: 1,
            };
            let mut trips = day.run().trips;
            trips.sort_by_key(|t| t.request);
            let served =
                |t: &TripRecord| t.status == TripStatus::Served || t.status == TripStatus::InProgress;
            assert!(trips.iter().any(served));
            for older in trips.iter().filter(|t| !served(t)) {
                lost += 1;
                let passed = trips.iter().find(|t| {
                    served(t)
                        && t.request > older.request
                        && t.pickup_time.is_some_and(|pickup| pickup < older.request_time + 900)
                });
                assert!(
                    passed.is_none(),
                    "{dispatch}, {cars} cars: {older:?} was passed over for {passed:?}"
                );
            }
        }
    }
    assert!(lost > 100, "{lost} riders lost: nothing to compare");
}

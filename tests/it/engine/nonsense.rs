//! A policy that proposes nonsense beside its own actions changes nothing but the count of refusals.

use crate::support::runs::ready;
use gridfleet::engine::Simulation;
use gridfleet::ids::{BidderId, HouseholdId, MarketId, PlaceId, RequestId, StationId, VehicleId};
use gridfleet::markets::Side;
use gridfleet::policies::{Action, Cadence, Charging, Dispatch, News, Turn};
use gridfleet::records::Collected;
use gridfleet::rng::Streams;
use gridfleet::time::SimTime;
use gridfleet::world::{Activity, View};
use std::path::Path;

const STREAMS: Streams = Streams { seed: 1, replication: 0 };

/// Actions that are never possible: on things that do not exist, on vehicles in the wrong state, with invalid numbers.
fn nonsense(view: View<'_>, actions: &mut Vec<Action>) {
    let (far, vehicle) = (u32::MAX - 1, VehicleId(0));
    let station = StationId::new(0);
    let power_kw = 1.0;
    actions.extend([
        Action::Assign { request: RequestId(far), vehicle },
        Action::Assign { request: RequestId(0), vehicle: VehicleId(far) },
        Action::Charge { vehicle: VehicleId(far), station, target_soc: 0.9, yields: false },
        Action::Charge { vehicle, station: StationId::new(60_000), target_soc: 0.9, yields: false },
        Action::Charge { vehicle, station, target_soc: f64::NAN, yields: true },
        Action::Charge { vehicle, station, target_soc: 7.0, yields: true },
        Action::Relocate { vehicle: VehicleId(far), to: PlaceId(0) },
        Action::Relocate { vehicle, to: PlaceId(far) },
        Action::Unplug { vehicle: VehicleId(far) },
        Action::SetPower { vehicle: VehicleId(far), power_kw },
        Action::SetPower { vehicle, power_kw: f64::NAN },
        Action::PlanPower { vehicle: VehicleId(far), slot: SimTime(i64::MAX), power_kw },
        Action::PlanPower { vehicle, slot: view.now(), power_kw: f64::NAN },
        Action::Draw { household: HouseholdId::new(60_000), slot: view.now(), power_kw },
        Action::LimitStation { station: StationId::new(60_000), power_kw },
        Action::LimitStation { station, power_kw: -1.0 },
        Action::LimitStation { station, power_kw: f64::NAN },
    ]);
    for (market, product, quantity_kw, limit_per_mwh) in [
        (60_000, 0, 1.0, 1.0),
        (0, usize::MAX, 1.0, 1.0),
        (0, usize::MAX - 1, f64::INFINITY, f64::NAN),
        (0, 0, -1.0, 1.0),
        (0, 0, f64::NAN, 1.0),
    ] {
        let (market, side) = (MarketId::new(market), Side::Buy);
        let bidder = BidderId::new(0);
        actions.push(Action::Bid { bidder, market, product, side, quantity_kw, limit_per_mwh });
    }
    // Actions that a vehicle in another state could perform.
    for vehicle in (0..view.vehicle_count()).map(VehicleId::new) {
        let v = view.vehicle(vehicle);
        if v.activity() != Activity::Idle {
            actions.push(Action::Charge { vehicle, station, target_soc: 1.0, yields: false });
            actions.push(Action::Relocate { vehicle, to: v.place });
        }
        if v.connector.is_none() {
            actions.push(Action::Unplug { vehicle });
            actions.push(Action::SetPower { vehicle, power_kw });
        }
    }
}

struct Mad<P>(P);

impl Charging for Mad<Box<dyn Charging>> {
    fn on_idle(&mut self, turn: &mut Turn<'_>, idle: &[VehicleId]) {
        let view = turn.view;
        let mut sane = Vec::new();
        self.0.on_idle(&mut Turn { view, random: turn.random, actions: &mut sane }, idle);
        nonsense(view, turn.actions);
        turn.actions.append(&mut sane);
    }
    fn on_interval(&mut self, turn: &mut Turn<'_>) {
        let view = turn.view;
        let mut sane = Vec::new();
        self.0.on_interval(&mut Turn { view, random: turn.random, actions: &mut sane });
        nonsense(view, turn.actions);
        turn.actions.append(&mut sane);
    }
}

impl Dispatch for Mad<Box<dyn Dispatch>> {
    fn cadence(&self) -> Cadence {
        self.0.cadence()
    }
    fn decide(&mut self, turn: &mut Turn<'_>, news: News<'_>) {
        let view = turn.view;
        let mut sane = Vec::new();
        self.0.decide(&mut Turn { view, random: turn.random, actions: &mut sane }, news);
        nonsense(view, turn.actions);
        turn.actions.append(&mut sane);
    }
}

fn run(file: &str, set: &[&str], mad: bool) -> (Collected, u64) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(file);
    let (setup, mut policies) = ready(&path, set, STREAMS);
    if mad {
        policies.charging = Box::new(Mad(policies.charging));
        policies.dispatch = Box::new(Mad(policies.dispatch));
    }
    let mut simulation = Simulation::under(setup, policies, STREAMS).audited();
    let mut records = Collected::default();
    simulation.finish(&mut records).unwrap();
    let refused = simulation.refusals().map(|(_, count)| count).sum();
    (records, refused)
}

#[test]
fn nonsense_changes_nothing_but_refusals() {
    for (file, set) in [
        ("small.toml", &[][..]),
        (
            "small.toml",
            &["operation.dispatch={kind=\"nearest-idle\"}", "operation.charging={kind=\"price-aware\"}"],
        ),
        ("stuttgart-vpp.toml", &["time.days=1"]),
    ] {
        let (sane, refused) = run(file, set, false);
        let (mad, refused_of_mad) = run(file, set, true);
        assert!(!sane.trips.is_empty());
        assert!(sane == mad, "{file} {set:?}: records differ");
        assert!(refused_of_mad > refused + 1_000, "{refused_of_mad} refusals, {refused} without nonsense");
    }
}

//! Sessions that feed back: a visit computed by hand, with its meters and its money.

use crate::support::plant::{START, at};
use crate::support::runs::{STREAMS, policies, simulate};
use crate::support::world::{Town, Trip, car};
use gridfleet::engine::Simulation;
use gridfleet::ids::{StationId, VehicleId};
use gridfleet::ledger::{EntryKind, Money};
use gridfleet::policies::{Action, Charging, Policies, Turn};
use gridfleet::records::Collected;
use gridfleet::time::SimTime;
use gridfleet::world::{Fleet, Mode, RecordedSoc, Setup, Tariff, VehicleType};

/// Cars of 20 kWh at a charge of 0.5. Each drives from 8:00 to 8:05, which takes a tenth, and is plugged in.
fn setup(cars: usize, feed_kw: f64, site_limit_kw: f64) -> Setup {
    // 200 EUR/MWh, and 300 from 9:00 to 10:00.
    let week: Vec<f64> = (0..168).map(|hour| if hour % 24 == 9 { 300.0 } else { 200.0 }).collect();
    let vehicle_type = VehicleType {
        usable_soc: [0.2975, 1.0],
        charge_efficiency: 0.8,
        discharge_efficiency: 0.75,
        feed_kw,
        wear_cost_per_kwh: 0.1,
        ..car(20.0, 4.0)
    };
    let fleet = Fleet { name: "cars".into(), ..Fleet::default() };
    let trip = |car| Trip { soc: RecordedSoc::Fell(0.1), ..Trip::new(car, START, 300) };
    let town = Town::new(START, at(10, 0), fleet, vehicle_type).station("square", cars, 4.0);
    let town = town.retailer("industry", Tariff::TimeOfUse(week.into()));
    let mut setup = town.vehicles(&vec![0.5; cars]).trips((0..cars).map(trip)).build();
    (setup.stations[StationId(0)].site_limit_kw, setup.stations[StationId(0)].markup_per_mwh) =
        (site_limit_kw, 40.0);
    Setup { mode: Mode::Replay, control_interval_s: 300, ..setup }
}

/// Sets the power of all cars at certain times.
struct Script(Vec<(SimTime, f64)>);

impl Charging for Script {
    fn on_idle(&mut self, _: &mut Turn<'_>, _: &[VehicleId]) {}
    fn on_interval(&mut self, turn: &mut Turn<'_>) {
        let view = turn.view;
        for &(_, power_kw) in self.0.iter().filter(|step| step.0 == view.now()) {
            let all = (0..view.vehicle_count()).map(VehicleId::new);
            turn.actions.extend(all.map(|vehicle| Action::SetPower { vehicle, power_kw }));
        }
    }
}

fn run(setup: Setup, script: &[(SimTime, f64)]) -> (Collected, Simulation) {
    simulate(setup, Policies { charging: Box::new(Script(script.to_vec())), ..policies() }, STREAMS)
}

/// From 8:05 the car takes 4 kW, of which 3.2 are stored: 5/3 kWh drawn by 8:30, 4/3 stored, 28/3 kWh in the battery.
/// Then 9 kW are requested and the car gives the 3 kW it can, which takes 4 from the battery: until 9:15 2.25 kWh fed,
/// 3 taken, 19/3 left. At 9:30 again, but the floor of 5.95 kWh is reached after 5.75 minutes: 0.2875 kWh fed, 23/60
/// taken. From 9:45 it takes 4 kW until the end: 1 kWh drawn, 0.8 stored.
#[test]
fn a_visit_that_feeds_back_by_hand() {
    let script = [(at(8, 30), -9.0), (at(9, 15), 0.0), (at(9, 30), -3.0), (at(9, 45), f64::INFINITY)];
    let (told, simulation) = run(setup(1, 3.0, f64::INFINITY), &script);
    assert_eq!(simulation.refusals().count(), 0);
    let [session] = told.sessions[..] else { panic!("{:?}", told.sessions) };
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    near(session.energy_kwh, 8.0 / 3.0);
    near(session.battery_kwh, 32.0 / 15.0);
    near(session.discharged_kwh, 2.25 + 0.2875);
    near(session.withdrawn_kwh, 3.0 + 23.0 / 60.0);
    near(session.soc_end, 0.3375);
    assert_eq!(session.max_power_kw, 4.0);
    // 5/3 kWh less 1.5 at 0.2; less 0.75 and 0.2875, and 1 more, at 0.3. The operator adds 0.04 to each.
    let energy = 0.2 * (5.0 / 3.0 - 1.5) + 0.3 * (1.0 - 0.75 - 0.2875);
    near(session.cost, 0.027_25);
    let posted = |kind| told.ledger.iter().filter(|e| e.kind == kind).map(|e| e.amount.0).collect::<Vec<_>>();
    assert_eq!(posted(EntryKind::Charging), [27_250]);
    assert_eq!(posted(EntryKind::Energy), [Money::from_units(energy).unwrap().0]);
    assert_eq!(posted(EntryKind::Energy), [22_083]);
    // A tenth for each kWh into the battery and out of it: 32/15 and 203/60.
    assert_eq!(posted(EntryKind::Wear), [551_667]);
    // Readings every five minutes: 8:30 to 9:10, then 9:30 and 9:35.
    let discharging = told.fleet.iter().filter(|reading| reading.discharging == 1).count();
    assert_eq!(discharging, 9 + 2);
    let reading = |time| told.stations.iter().find(|reading| reading.time == time).unwrap().power_kw;
    near(reading(at(8, 30)), 4.0);
    near(reading(at(8, 35)), -3.0);
    near(reading(at(9, 20)), 0.0);
    near(reading(at(9, 40)), -3.0 * 0.75 / 5.0);
    let metered: f64 = told.stations.iter().map(|reading| reading.power_kw / 12.0).sum();
    near(metered, session.energy_kwh - session.discharged_kwh);
    let by_fleet: f64 = told.fleet.iter().map(|reading| reading.power_kw / 12.0).sum();
    near(by_fleet, metered);
}

/// A site that takes 4 kW gives 4 kW: of two cars that could give 3 each, each gives 2.
#[test]
fn the_site_limits_what_is_fed_back() {
    let (told, _) = run(setup(2, 3.0, 4.0), &[(at(8, 30), -3.0)]);
    let fed = told.stations.iter().map(|reading| reading.power_kw).fold(0.0, f64::min);
    assert!((fed + 4.0).abs() < 1e-9, "{fed}");
    let most = told.sessions.iter().map(|session| session.max_power_kw).fold(0.0, f64::max);
    assert!((most - 2.0).abs() < 1e-9, "{most}");
}

#[test]
fn a_car_that_cannot_feed_back_goes_on_charging() {
    let (told, simulation) = run(setup(1, 0.0, f64::INFINITY), &[(at(8, 30), -3.0)]);
    let refusals: Vec<_> = simulation.refusals().map(|(reason, count)| (reason.name(), count)).collect();
    assert_eq!(refusals, [("no_such_power", 1)]);
    assert_eq!(told.sessions[0].discharged_kwh, 0.0);
    assert!((told.sessions[0].energy_kwh - 4.0 * 115.0 / 60.0).abs() < 1e-9);
}

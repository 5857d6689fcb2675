//! The feeder in the simulator: published and hand-computed power flows, and charging held back by limits.

use crate::support::MONDAY;
use crate::support::day::{BASE_KVA, BRANCH, far_voltage};
use crate::support::runs::{STREAMS, policies, simulate};
use crate::support::world::{Town, Trip, car, private};
use gridfleet::grid::{Branch, Bus, Feeder, baran_wu};
use gridfleet::ids::{IdVec, PlaceId, VehicleId};
use gridfleet::records::Collected;
use gridfleet::time::{DAY_S, HOUR_S, SimTime};
use gridfleet::world::{Enforce, Grid, Setup, Tariff};
use std::sync::Arc;

const CAR_KW: f64 = 20.0;

/// Mean power of a station at each reading [kW].
fn power(records: &Collected, station: u32) -> Vec<f64> {
    records.stations.iter().filter(|r| r.station.0 == station).map(|r| r.power_kw).collect()
}

/// Voltages of a bus at each reading, in per unit.
fn voltage(records: &Collected, bus: u32) -> Vec<f64> {
    records.grid.iter().filter(|r| r.bus == bus).map(|r| r.voltage_pu.unwrap()).collect()
}

/// A feeder without base loads: a branch to each bus from the bus named.
fn line(feeds: &[usize], limit_mva: f64) -> Feeder {
    let buses = (0..=feeds.len()).map(|i| Bus { name: (i + 1).to_string(), ..Bus::default() }).collect();
    let (r, x) = BRANCH;
    let branch = |(i, &from): (usize, &usize)| Branch { from, to: i + 1, r, x, limit_mva };
    Feeder::new(BASE_KVA / 1_000.0, 0, 1.0, buses, feeds.iter().enumerate().map(branch).collect()).unwrap()
}

fn grid(feeder: Feeder, station_bus: &[usize], enforce: Enforce) -> Grid {
    Grid {
        name: "test".into(),
        number: (1..=feeder.buses().len() as u32).collect(),
        feeder,
        voltage: [0.95, 1.05],
        enforce,
        base_factor: vec![1.0; 24].into(),
        station_kvar_per_kw: 0.0,
        household_kvar_per_kw: 0.0,
        station_bus: station_bus.to_vec().into(),
        household_bus: Vec::new().into(),
    }
}

/// A station with two connectors for each entry of `cars`: states of charge of cars that are there from the start and
/// never leave.
fn world(grid: Grid, cars: &[&[f64]]) -> Setup {
    let end = MONDAY + DAY_S;
    let town = Town::new(MONDAY, end, private(), car(40.0, CAR_KW));
    let town = town.retailer("utility", Tariff::Flat(200.0));
    let with_station = |town: Town, (number, soc): (usize, &&[f64])| {
        let town = if number == 0 { town } else { town.place() };
        town.station(&format!("station-{number}"), 2, CAR_KW).vehicles(soc)
    };
    let mut setup = cars.iter().enumerate().fold(town, with_station).build();
    setup.retail.departures = IdVec::filled(setup.vehicles.len(), vec![end]);
    Setup { grid: Some(Arc::new(grid)), ..setup }
}

fn run(setup: Setup) -> Collected {
    simulate(setup, policies(), STREAMS).0
}

/// The published power flow of the case (Baran and Wu 1989): 0.9131 p.u. at bus 18, losses of 202.68 kW. From noon on,
/// half of the load, and slightly less than a quarter of the losses, because voltages are higher.
#[test]
fn the_case_alone_has_its_published_power_flow() {
    let mut grid = grid(baran_wu().unwrap(), &[], Enforce::Observe);
    grid.base_factor = (0..24).map(|hour| if hour < 12 { 1.0 } else { 0.5 }).collect();
    grid.voltage = [0.9, 1.1];
    let mut setup = world(grid, &[]);
    setup.control_interval_s = 2_700; // each fourth reading spans a change of hours, one of them noon
    let told = run(setup);
    let readings = told.feeder.len();
    assert_eq!((readings, told.grid.len()), (33, 33 * 33));
    let first = told.feeder[0].flow.unwrap();
    assert!((first.losses_kw - 202.68).abs() < 0.005, "{}", first.losses_kw);
    assert!((first.source_kw - 3_715.0 - first.losses_kw).abs() < 1e-6);
    assert_eq!(first.lowest.1, 18);
    assert!((first.lowest.0 - 0.9131).abs() < 0.00005, "{:?}", first.lowest);
    assert_eq!((first.highest, first.loading, first.kept), ((1.0, 1), None, true));
    for (row, bus) in told.grid[..33].iter().zip(baran_wu().unwrap().buses()) {
        let (p, q) = (bus.load_mw * 1_000.0, bus.load_mvar * 1_000.0);
        assert!((row.p_kw - p).abs() < 1e-9 && (row.q_kvar - q).abs() < 1e-9, "{row:?}");
        assert_eq!(row.bus.to_string(), bus.name);
    }
    let last = told.feeder[readings - 1].flow.unwrap();
    assert!((0.22..0.25).contains(&(last.losses_kw / first.losses_kw)), "{}", last.losses_kw);
    // A reading at noon exactly is the last of the morning: 12:00 is 16 times 45 minutes.
    assert_eq!(told.feeder[16].flow.unwrap(), first);
    assert_eq!(told.feeder[17].flow.unwrap(), last);
}

/// One station at the end of the feeder: voltages are the roots of a quadratic equation at each reading, and rise when
/// the first of two cars is full.
#[test]
fn a_station_at_the_end_of_the_feeder_by_hand() {
    let mut grid = grid(line(&[0], 0.045), &[1], Enforce::Observe);
    grid.station_kvar_per_kw = 0.25;
    let told = run(world(grid, &[&[0.0, 0.5]]));
    // 20 kWh and 40 kWh to charge at 20 kW each: one hour and two.
    let power = power(&told, 0);
    for (reading, kw) in power.iter().enumerate() {
        let expected = [0.0, 40.0, 40.0, 40.0, 40.0, 20.0, 20.0, 20.0, 20.0].get(reading).copied();
        assert!((kw - expected.unwrap_or(0.0)).abs() < 1e-9, "{reading}: {kw}");
    }
    for (reading, found) in voltage(&told, 2).iter().enumerate() {
        let expected = far_voltage(power[reading], 0.25 * power[reading]);
        assert!((found - expected).abs() < 1e-12, "{reading}: {found} {expected}");
    }
    assert!(voltage(&told, 1).iter().all(|voltage| *voltage == 1.0));
    // 40 kW and 10 kvar with their losses, over the rating of 45 kVA: losses are r times the squared current.
    let flow = told.feeder[1].flow.unwrap();
    let squared = (40f64.powi(2) + 10f64.powi(2)) / BASE_KVA / BASE_KVA / far_voltage(40.0, 10.0).powi(2);
    let (lost_kw, lost_kvar) = (BRANCH.0 * squared * BASE_KVA, BRANCH.1 * squared * BASE_KVA);
    assert!((flow.losses_kw - lost_kw).abs() < 1e-9);
    let (loading, bus) = flow.loading.unwrap();
    assert!((loading - (40.0 + lost_kw).hypot(10.0 + lost_kvar) / 45.0).abs() < 1e-9 && bus == 2);
    assert!(flow.kept, "{flow:?}");
    assert!(told.feeder.iter().all(|reading| reading.held_back_kw == 0.0));
}

/// Three stations: two at the end of one lateral, one on another. The voltage at the end of the first would be too low,
/// so its stations are held back by one factor until both are full; the other charges without a limit.
#[test]
fn charging_is_held_back_as_far_as_needed_and_evenly() {
    // Source - 2 - 3 - 4, and source - 5.
    let feeder = line(&[0, 1, 2, 0], f64::INFINITY);
    let cars: [&[f64]; 3] = [&[0.0, 0.25], &[0.5], &[0.25, 0.25]];
    let bus = [3, 3, 4];
    let observed = run(world(grid(feeder.clone(), &bus, Enforce::Observe), &cars));
    assert!(voltage(&observed, 4)[1] < 0.91 && !observed.feeder[1].flow.unwrap().kept);
    let told = run(world(grid(feeder, &bus, Enforce::Limit), &cars));
    for reading in &told.feeder {
        assert!(reading.flow.unwrap().kept, "{reading:?}");
    }
    let (end, power) = (voltage(&told, 4), [0, 1, 2].map(|station| power(&told, station)));
    // As long as both would draw their full power, they get shares in its ratio, and the limit is met exactly.
    for reading in 1..4 {
        assert!((power[0][reading] - 2.0 * power[1][reading]).abs() < 1e-6, "{power:?}");
        assert!((0.95..0.95 + 2e-6).contains(&end[reading]), "{end:?}");
        assert!(power[0][reading] < 39.0);
        assert!((power[2][reading] - 40.0).abs() < 1e-9, "{power:?}");
    }
    // The power held back at a reading is the power missing until the next.
    let held = told.feeder[0].held_back_kw;
    assert!((held - (60.0 - power[0][1] - power[1][1])).abs() < 1e-6, "{held}");
    // All are full in the end, the two at the end of the lateral later than they would have been.
    let full = |told: &Collected, car: u32| {
        let session = told.sessions.iter().find(|session| session.vehicle.0 == car).unwrap();
        assert!((session.soc_end - 1.0).abs() < 1e-9, "{session:?}");
        session.charge_end_time.unwrap()
    };
    for car in 0..5 {
        assert_eq!(full(&told, car) > full(&observed, car), car < 3, "{car}");
    }
    // Energy is unchanged.
    let energy = |told: &Collected| told.sessions.iter().map(|session| session.energy_kwh).sum::<f64>();
    assert!((energy(&told) - energy(&observed)).abs() < 1e-9);
}

/// A branch is loaded up to its rating and no further, with equal shares of the power that stations demand.
#[test]
fn a_branch_keeps_to_its_rating() {
    let told = run(world(grid(line(&[0, 1], 0.05), &[2, 1], Enforce::Limit), &[&[0.0, 0.0], &[0.0]]));
    for (reading, record) in told.feeder.iter().enumerate() {
        let flow = record.flow.unwrap();
        let (loading, _) = flow.loading.unwrap();
        assert!(loading <= 1.0 && flow.kept, "{reading}: {flow:?}");
        if (1..=8).contains(&reading) {
            assert!(loading > 1.0 - 1e-3, "{reading}: {loading}");
        }
    }
    let power = [power(&told, 0), power(&told, 1)];
    assert!((power[0][1] - 2.0 * power[1][1]).abs() < 1e-6, "equal shares: {power:?}");
}

/// A car that comes home between two readings shares the rest of its station's limit, so limits are met at any instant;
/// from the next reading on it has its share.
#[test]
fn whoever_comes_between_readings_breaks_no_limit() {
    let setup = |enforce| {
        let mut setup = world(grid(line(&[0, 1], 0.05), &[2, 1], enforce), &[&[0.0, 0.0], &[0.5]]);
        // Car 2 is away from 0:01 to 0:35.
        let trip = Trip::new(2, MONDAY + 60, 34 * 60);
        Trip { place: PlaceId(1), distance_km: 1.0, ..trip }.add_to(&mut setup.requests);
        setup.retail.departures[VehicleId(2)] = vec![MONDAY + 60];
        setup
    };
    let (observed, told) = (run(setup(Enforce::Observe)), run(setup(Enforce::Limit)));
    // Without limits it would charge at once, and the mean of the quarter of an hour shows this.
    assert!((power(&observed, 1)[3] - CAR_KW * 10.0 / 15.0).abs() < 1e-9, "{:?}", power(&observed, 1));
    assert!(observed.feeder[4].flow.unwrap().loading.unwrap().0 > 1.2);
    assert!(told.feeder.iter().all(|reading| reading.flow.unwrap().kept));
    // 40 kW and losses leave 8 or 9 kW of room; in equal shares of the power that full stations could draw, all of it
    // is here.
    let (came, settled) = (power(&told, 1)[3] * 1.5, power(&told, 1)[4]);
    assert!((7.0..10.0).contains(&came), "{came}");
    assert!((15.5..17.0).contains(&settled), "{settled}");
}

/// A load beyond the capacity of any feeder has no voltages, and that is recorded, not hidden.
#[test]
fn beyond_collapse_there_are_no_voltages() {
    let mut grid = grid(baran_wu().unwrap(), &[], Enforce::Observe);
    grid.base_factor = (0..24).map(|hour| if hour == 6 { 9.0 } else { 0.0 }).collect();
    let told = run(world(grid, &[]));
    let unsolved = |time: SimTime| (MONDAY + 6 * HOUR_S + 1..=MONDAY + 7 * HOUR_S).contains(&time);
    assert!(told.feeder.iter().all(|reading| reading.flow.is_none() == unsolved(reading.time)));
    assert!(told.grid.iter().all(|row| row.voltage_pu.is_none() == unsolved(row.time)));
    assert_eq!(told.grid.iter().filter(|row| row.voltage_pu.is_none()).count(), 4 * 33);
}

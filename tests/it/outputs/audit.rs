//! The auditor accepts a correct day and finds each kind of error.

use crate::support::day::{
    BASE_KVA, BATTERY_KWH, BRANCH, CHARGE_EFFICIENCY, CHART, END, HOMES_KVAR, START, YELLOW, day_by_hand,
    far_voltage, labels,
};
use gridfleet::audit::{
    AuditFacts, AuditReport, BranchFacts, BusFacts, FeederFacts, HouseholdFacts, StationFacts, VehicleFacts,
    audit,
};
use gridfleet::ids::{BidId, FleetId, PlaceId, RequestId, RetailerId, SessionId, VehicleId};
use gridfleet::ledger::{EntryKind, LedgerEntry, Money, Reference};
use gridfleet::outputs::{OutputOptions, ParquetRecorder, Provenance, Summary, SummaryHead};
use gridfleet::records::dictionary::TableId;
use gridfleet::records::metrics::{Metrics, MetricsSetup};
use gridfleet::records::{Collected, LegPurpose, LegRecord, TripStatus};

const PEAKS: &str = "Stations: the highest quarter hour is that of readings";
const LOADS: &str = "Grid: loads of buses are those of the case, stations and households";

const DELIVERY: &str = "Market: delivered energy is drawn energy, as far as it was bought";
const VISITS: &str = "Sessions: one for each arrival at a station, and no other";
const NEED: &str = "Sessions: the wait of a need begins with its first visit";
const POWER: &str = "Sessions: power flows from charge_start_time to charge_end_time";
const ORDER: &str = "Trips: of equal riders the older is not passed over";
const IDENTITIES: &str = "The summary's figures add up";
const KINDS: &str = "Ledger: each kind of amount is that of the summary";
const RESCUES: &str = "Ledger: a rescue is paid for each leg that takes no energy";
const RIDES: &str = "Legs: each ride has its request, once, and other legs none";
const LEGS: &str = "Trips: energy and distance are those of their legs";
const SELLERS: &str = "Stations and sessions: the retailer is the station's";
const PLACES: &str = "Places: each is there once, and those of other tables are";
const STORED: &str = "Stored energy is that of legs and sessions";
/// How many checks the day by hand allows.
const CHECKS: usize = 45;

fn facts(outputs: OutputOptions) -> AuditFacts {
    let vehicle = |name: &str, soc, place: &str| VehicleFacts {
        name: name.to_owned(),
        fleet: "yellow".to_owned(),
        battery_kwh: BATTERY_KWH,
        charge_efficiency: CHARGE_EFFICIENCY,
        discharge_efficiency: 0.95,
        initial_soc: soc,
        initial_place: place.to_owned(),
    };
    AuditFacts {
        assigned: Vec::new(),
        start: START,
        end: END,
        measured_from: START,
        vehicles: vec![vehicle("y-1", 0.50, "1"), vehicle("y-2", 0.30, "2")],
        stations: vec![StationFacts {
            name: "hub".to_owned(),
            place: "40.72000,-74.00000".to_owned(),
            connectors: 1,
            limit_kw: 50.0,
            first_come_first_served: true,
            retailer: "grid".to_owned(),
            held_back: false,
            competes: false,
            markup_per_mwh: 50.0,
            slope_per_mwh_kw: None,
        }],
        households: vec![HouseholdFacts {
            name: "homes".to_owned(),
            days: vec![(START, END, 12.0)],
            count: 1,
            worth_per_mwh: 250.0,
            theta_per_mwh_kw: 10.0,
        }],
        feeder: Some(feeder()),
        requests: Some(2),
        settlement_s: Some(900),
        patience_s: Some(900),
        in_order: vec!["yellow".to_owned()],
        outputs,
    }
}

fn feeder() -> FeederFacts {
    let bus =
        |number, load_kw, load_kvar| BusFacts { number, load_kw, load_kvar, shunt_kw: 0.0, shunt_kvar: 0.0 };
    FeederFacts {
        base_kva: BASE_KVA,
        source: 1,
        source_voltage: 1.0,
        buses: vec![bus(1, 0.0, 0.0), bus(2, 10.0, 4.0)],
        branches: vec![BranchFacts { ends: [1, 2], impedance: BRANCH, limit_kva: f64::INFINITY }],
        factors: vec![(START, 1.0), (START + 1_800, 2.0)],
        stations: vec![2],
        households: vec![2],
        kvar_per_kw: [0.0, HOMES_KVAR],
        enforced: Some(0.9),
    }
}

fn write(day: &Collected, summary_of: &Collected, options: &OutputOptions, dir: &std::path::Path) {
    let mut recorder = ParquetRecorder::create(dir, labels(), &Provenance::default(), options).unwrap();
    day.replay(&mut recorder);
    recorder.finish().unwrap();
    let setup = MetricsSetup {
        start: START,
        end: END,
        measured_from: START,
        end_value_per_mwh: None,
        connectors: 1,
        co2_kg_per_kwh: None,
        trades: true,
        bounds: None,
        competition: Default::default(),
        station_group: gridfleet::ids::IdVec::default(),
        retail: gridfleet::records::metrics::RetailFacts::default(),
    };
    let mut metrics = Metrics::new(&labels(), setup);
    summary_of.replay(&mut metrics);
    Summary::new(SummaryHead::default(), metrics.finish()).write(dir).unwrap();
}

fn audit_with(day: &Collected, options: &OutputOptions, summary_of: &Collected) -> AuditReport {
    let dir = tempfile::tempdir().unwrap();
    write(day, summary_of, options, dir.path());
    audit(dir.path(), &facts(options.clone())).unwrap()
}

fn audit_of(day: &Collected) -> AuditReport {
    audit_with(day, &OutputOptions::default(), day)
}

#[test]
fn a_right_day_passes_every_check() {
    let report = audit_of(&day_by_hand());
    println!("{}", report.render());
    assert!(report.passed(), "{}", report.render());
    assert_eq!(report.checks.len(), CHECKS);
    for check in &report.checks {
        assert!(check.checked > 0 && check.not_possible.is_none(), "{}", check.name);
    }
}

/// Name of a check, and a change of the right day that it must find.
type Case = (&'static str, fn(&mut Collected));

/// Bids, and their settlement.
const MARKETS: &[Case] = &[
    ("Market: the accepted quantity is within the bid, and paid at the clearing price", |d| {
        d.market[0].accepted_kw = 21.0
    }),
    ("Market: the accepted quantity is within the bid, and paid at the clearing price", |d| {
        d.market[0].limit_price_per_mwh = Some(99.0)
    }),
    ("Market: the accepted quantity is within the bid, and paid at the clearing price", |d| {
        d.market[0].delivered_kwh = 4.0
    }),
    ("Market: the accepted quantity is within the bid, and paid at the clearing price", |d| {
        d.market[1].cash = 0.3
    }),
    ("Market: delivered energy is drawn energy, as far as it was bought", |d| {
        (d.market[0].delivered_kwh, d.market[0].imbalance_kwh) = (4.0, 1.0);
    }),
    ("Market: delivered energy is drawn energy, as far as it was bought", |d| {
        d.fleet[7..=9].iter_mut().for_each(|r| r.power_kw = 0.0)
    }),
    ("Market: the accepted quantity is within the bid, and paid at the clearing price", |d| {
        d.market[1].imbalance_kwh = 1.0;
    }),
    ("Ledger: every bid is settled once, and no other", |d| d.market[0].bid = BidId(7)),
    ("Ledger: every bid is settled once, and no other", |d| d.ledger.push(d.ledger[6])),
    ("Ledger: every bid is settled once, and no other", |d| d.ledger[7].kind = EntryKind::Trade),
    ("Ledger: every bid is settled once, and no other", |d| {
        (d.ledger[6].debit, d.ledger[6].credit) = (d.ledger[6].credit, d.ledger[6].debit);
    }),
];

/// Days of vehicles, sessions, and what is known of both.
const VEHICLES: &[Case] = &[
    ("A vehicle does one thing at a time", |d| d.legs[1].start_time += -10),
    ("A vehicle does one thing at a time", |d| d.sessions[0].arrival_time += -1),
    ("A vehicle starts from where it is", |d| d.legs[1].origin = PlaceId(0)),
    ("A vehicle starts from where it is", |d| d.legs[2].destination = PlaceId(1)),
    ("State of charge carries over", |d| {
        d.legs[1].soc_start += 1e-6;
        d.legs[1].soc_end += 1e-6;
    }),
    ("State of charge is within 0 and 1", |d| {
        for (start, end) in d.sessions.iter_mut().map(|s| (&mut s.soc_start, &mut s.soc_end)) {
            *start += 0.6;
            *end += 0.6;
        }
    }),
    ("Legs: charge falls by energy driven less energy charged", |d| d.legs[0].energy_kwh *= 1.000_1),
    ("Sessions: charge rises by the energy stored", |d| d.sessions[0].soc_end += 1e-6),
    ("Sessions: charge rises by the energy stored", |d| d.sessions[0].discharged_kwh = 0.1),
    ("Sessions: energy stored is energy drawn x efficiency", |d| d.sessions[0].energy_kwh += 0.001),
    ("Sessions: times are in order", |d| d.sessions[1].queue_s = 0),
    ("Sessions: times are in order", |d| d.sessions[0].charge_end_time = None),
    ("A connector serves one vehicle at a time", |d| {
        d.sessions[1].plug_in_time = Some(START + 2_000);
        d.sessions[1].queue_s = 500;
    }),
    ("A connector serves one vehicle at a time", |d| d.sessions[0].connector = Some(1)),
    ("First come, first served", |d| d.sessions[0].plug_in_time = Some(START + 2_101)),
    ("Stations: power x time is the energy of sessions", |d| d.stations[12].power_kw += 0.1),
    ("Stations: power is within the site limit", |d| d.stations[9].power_kw = 50.01),
    ("Sites: stations are the scenario's", |d| d.sites[2].place = PlaceId(0)),
    ("Sites: stations are the scenario's", |d| d.sites[2].station.as_mut().unwrap().connectors = 2),
    ("Sites: stations are the scenario's", |d| d.sites[2].station.as_mut().unwrap().connector_kw = 22.0),
    ("Sites: stations are the scenario's", |d| d.sites.push(d.sites[2])),
    ("Vehicles: they are the scenario's", |d| d.vehicles[0].battery_kwh = 41.0),
    (SELLERS, |d| d.stations[3].retailer = RetailerId(1)),
    (SELLERS, |d| d.sessions[1].retailer = RetailerId(1)),
    (PLACES, |d| d.places.truncate(2)),
    (PLACES, |d| d.places.push(d.places[2])),
    (RIDES, |d| d.legs[0].request = None),
    (RIDES, |d| d.legs[1].request = Some(RequestId(1))),
    (RIDES, |d| d.legs[2].request = Some(RequestId(0))),
    (RIDES, |d| d.legs[1].vehicle = VehicleId(1)),
    (RIDES, |d| d.legs.push(d.legs[0])),
    (LEGS, |d| d.legs[0].request = None),
    (LEGS, |d| d.legs[1].request = Some(RequestId(1))),
    (LEGS, |d| d.legs[0].start_time = START + 59),
    ("Vehicles: they are the scenario's", |d| d.vehicles[1].initial_soc = 0.31),
    ("Vehicles: they are the scenario's", |d| d.vehicles[1].initial_place = PlaceId(0)),
    ("Vehicles: they are the scenario's", |d| d.vehicles[1].depot = Some(PlaceId(0))),
    ("Vehicles: they are the scenario's", |d| d.vehicles.push(d.vehicles[1])),
    ("Vehicles by state add up to the fleet", |d| d.fleet[3].idle += 1),
];

/// Requests, rides, and the ledger.
const RIDERS: &[Case] = &[
    ("Every request ends in exactly one status", |d| d.trips[1].request.0 = 0),
    ("Every request ends in exactly one status", |d| {
        d.trips.pop();
    }),
    ("Trips: times, waits and vehicles fit the status", |d| d.trips[0].wait_s = Some(10)),
    ("Trips: times, waits and vehicles fit the status", |d| d.trips[1].status = TripStatus::Served),
    ("Trips: times, waits and vehicles fit the status", |d| d.trips[1].vehicle = Some(VehicleId(0))),
    (LEGS, |d| d.trips[0].energy_kwh += 1e-6),
    (LEGS, |d| d.trips[0].deadhead_km = 0.0),
    (LEGS, |d| {
        d.legs.remove(1);
    }),
    // Only riders aboard owe something, and they have paid nothing yet.
    ("Riders aboard owe the fare of the way driven", |d| d.trips[0].accrued_fare = 1.0),
    ("Riders aboard owe the fare of the way driven", |d| {
        (d.trips[0].status, d.trips[0].dropoff_time) = (TripStatus::InProgress, None);
    }),
    ("Ledger: amounts are whole, and the fleets hold their profit", |d| d.ledger[1].amount = Money(-1)),
    ("Ledger: amounts are whole, and the fleets hold their profit", |d| d.ledger[1].debit = CHART.id(YELLOW)),
    ("Ledger: every fare is a trip's, and the other way round", |d| d.ledger[0].amount = Money(12_500_001)),
    ("Ledger: every fare is a trip's, and the other way round", |d| d.ledger.push(d.ledger[0])),
    ("Ledger: every session's cost is posted, and no other", |d| {
        d.ledger.remove(2);
    }),
    ("Ledger: every session's cost is posted, and no other", |d| {
        d.ledger[2].reference = Reference::Trip(RequestId(0));
    }),
    ("Ledger: every session's cost is posted, and no other", |d| d.sessions[1].session = SessionId(9)),
];

/// Homes, the feeder, and prices.
const LOADS_OF_HOMES: &[Case] = &[
    ("Households: each day has the energy of their shape", |d| d.households[12].power_kw = 24.001),
    ("Households: payment is energy x price", |d| d.households[9].price_per_mwh = 151.0),
    ("Households: payment is energy x price", |d| d.ledger[8].kind = EntryKind::Energy),
    ("Households: payment is energy x price", |d| {
        (d.ledger[8].debit, d.ledger[8].credit) = (d.ledger[8].credit, d.ledger[8].debit);
    }),
    (LOADS, |d| d.grid[19].p_kw += 1e-6),
    (LOADS, |d| d.grid[19].q_kvar += 1e-6),
    (LOADS, |d| d.grid[18].p_kw = 1e-6),
    (LOADS, |d| d.grid[19].bus = 3),
    (LOADS, |d| d.stations[9].power_kw += 1e-6),
    (LOADS, |d| d.households[9].power_kw += 1e-6),
    ("Grid: voltages solve the power flow", |d| d.grid[19].voltage_pu = Some(far_voltage(81.0, 20.0))),
    ("Grid: voltages solve the power flow", |d| d.grid[18].voltage_pu = Some(1.0 + 2e-6)),
    ("Grid: voltages solve the power flow", |d| d.grid[5].voltage_pu = None),
    // 190 kW exceed the limit of 0.9; without the station's 36 kW they would not.
    ("Grid: charging breaks no limit", |d| d.grid[19].p_kw = 190.0),
    ("Sessions: cost is energy x broadcast price", |d| d.prices[0].price_per_mwh = 151.0),
    ("Sessions: cost is energy x broadcast price", |d| d.prices[0].valid_to = START + 1_200),
];

/// Visits to stations, rescues, and the order of riders.
const STATIONS: &[Case] = &[
    (VISITS, |d| d.sessions[0].arrival_time += 1),
    (VISITS, |d| d.sessions.push(d.sessions[0])),
    (VISITS, |d| {
        d.sessions.remove(0);
    }),
    (NEED, |d| d.sessions[1].need_wait_s = Some(0)),
    (NEED, |d| d.sessions[0].need_wait_s = None),
    // The vehicle had been there before, without a connector.
    (NEED, |d| {
        let mut given_up = d.sessions[1];
        (given_up.plug_in_time, given_up.charge_start_time, given_up.charge_end_time) = (None, None, None);
        (given_up.connector, given_up.need_wait_s, given_up.energy_kwh) = (None, None, 0.0);
        given_up.arrival_time = START + 100;
        d.sessions.insert(0, given_up);
    }),
    (POWER, |d| d.sessions[0].charge_start_time = Some(START + 1_199)),
    (POWER, |d| d.sessions[1].charge_start_time = Some(START + 2_101)),
    (POWER, |d| d.sessions[1].max_power_kw = 35.999),
    (POWER, |d| d.stations[3].power_kw = 0.1),
    (POWER, |d| d.stations[5].power_kw = 0.0),
    // A rescue of which no leg tells, and a vehicle carried of two, of which one was paid for.
    (RESCUES, |d| d.ledger.push(LedgerEntry { kind: EntryKind::Rescue, ..d.ledger[1] })),
    (RESCUES, |d| {
        let mut legs: Vec<_> = d.legs.iter_mut().filter(|leg| leg.purpose == LegPurpose::ToStation).collect();
        legs.iter_mut().for_each(|leg| (leg.energy_kwh, leg.distance_km) = (0.0, 1.0));
        let rescue = |leg: &LegRecord| LedgerEntry {
            kind: EntryKind::Rescue,
            time: leg.start_time,
            reference: Reference::Vehicle(leg.vehicle),
            ..d.ledger[1]
        };
        let paid = rescue(legs[0]);
        d.ledger.push(paid);
    }),
    // The rider who is lost had asked first, for the same way.
    (ORDER, |d| d.trips[1].request_time = START + 50),
];

#[test]
fn each_wrong_day_is_found_by_the_check_meant_for_it() {
    let cases: Vec<&Case> =
        [MARKETS, VEHICLES, RIDERS, LOADS_OF_HOMES, STATIONS].into_iter().flatten().collect();
    let names: Vec<&str> = audit_of(&day_by_hand()).checks.iter().map(|c| c.name).collect();
    for (number, (name, change)) in cases.iter().copied().enumerate() {
        let mut day = day_by_hand();
        change(&mut day);
        let report = audit_of(&day);
        let check = report.checks.iter().find(|c| c.name == *name).unwrap();
        assert!(check.violations > 0, "case {number}, {name}:\n{}", report.render());
        assert!(!report.passed() && report.render().contains(&check.examples[0]));
    }
    // No check without a case; five are tested on their own below.
    let own = [
        "The summary agrees with the tables",
        "Vehicles and stations are the scenario's",
        IDENTITIES,
        KINDS,
        STORED,
        PEAKS,
    ];
    for name in names {
        assert!(cases.iter().any(|(n, _)| *n == name) || own.contains(&name), "{name} has no case");
    }
}

/// Rounding errors of correct figures pass, slightly larger ones do not: each tolerance follows from the day's size.
#[test]
fn an_error_a_little_above_rounding_is_found() {
    type Change = fn(&mut Collected);
    let cases: &[(&str, Change)] = &[
        ("State of charge carries over", |d| {
            d.legs[1].soc_start += 2e-15;
            d.legs[1].soc_end += 2e-15;
        }),
        ("Legs: charge falls by energy driven less energy charged", |d| d.legs[0].energy_kwh += 1e-13),
        ("Sessions: charge rises by the energy stored", |d| d.sessions[0].soc_end += 5e-15),
        ("Sessions: energy stored is energy drawn x efficiency", |d| d.sessions[0].energy_kwh += 1e-13),
        ("Stations: power x time is the energy of sessions", |d| d.stations[12].power_kw += 2e-9),
        ("Stations: power is within the site limit", |d| d.stations[9].power_kw = 50.0 + 6e-8),
        (POWER, |d| d.sessions[0].max_power_kw -= 1e-7),
        (LEGS, |d| d.trips[0].energy_kwh += 1e-13),
        ("Sessions: cost is energy x broadcast price", |d| d.sessions[0].cost += 1e-6),
        ("Ledger: every session's cost is posted, and no other", |d| d.sessions[0].cost += 1e-6),
        ("Households: each day has the energy of their shape", |d| d.households[12].power_kw += 1e-10),
        ("Households: payment is energy x price", |d| d.ledger[8].amount = Money(1_800_001)),
        (LOADS, |d| d.grid[19].p_kw += 1e-12),
        ("Grid: voltages solve the power flow", |d| d.grid[18].voltage_pu = Some(1.0 + 1e-10)),
        ("Market: the accepted quantity is within the bid, and paid at the clearing price", |d| {
            d.market[0].imbalance_kwh = 1e-13;
        }),
        ("Market: the accepted quantity is within the bid, and paid at the clearing price", |d| {
            d.market[0].cash = -0.500_001;
        }),
        (DELIVERY, |d| {
            (d.market[0].delivered_kwh, d.market[0].imbalance_kwh) = (5.0 - 3e-9, 3e-9);
        }),
    ];
    for (name, change) in cases {
        let mut day = day_by_hand();
        change(&mut day);
        let report = audit_of(&day);
        let check = report.checks.iter().find(|c| c.name == *name).unwrap();
        assert!(check.violations > 0, "{name}:\n{}", report.render());
    }
    // Sums in the summary.
    let mut other = day_by_hand();
    other.legs[0].distance_km += 1e-12;
    let report = audit_with(&day_by_hand(), &OutputOptions::default(), &other);
    assert!(!report.passed());
}

/// A half-hour product beside a quarter-hour one: both are compared, by settlement interval and over both together.
#[test]
fn products_of_several_lengths_are_compared() {
    let day = |delivered_kwh: f64| {
        let mut day = day_by_hand();
        let mut long = day.market[0];
        (long.bid, long.product_end) = (BidId(3), END);
        (long.quantity_kw, long.accepted_kw) = (8.0, 8.0);
        (long.delivered_kwh, long.imbalance_kwh, long.cash) = (delivered_kwh, 4.0 - delivered_kwh, -0.4);
        day.market.push(long);
        let mut posting = day.ledger[6];
        (posting.reference, posting.amount) = (Reference::Bid(BidId(3)), Money(400_000));
        day.ledger.push(posting);
        day
    };
    let delivery = |day: &Collected| {
        let report = audit_of(day);
        report.checks.into_iter().find(|check| check.name == DELIVERY).unwrap()
    };
    let right = delivery(&day(4.0));
    // Three intervals, and two spans of time in which products overlap.
    assert_eq!((right.checked, right.violations, right.not_possible), (5, 0, None));
    assert!(audit_of(&day(4.0)).passed(), "{}", audit_of(&day(4.0)).render());
    assert_eq!(delivery(&day(4.0 - 3e-9)).violations, 1);
    let mut sold_out = day(4.0);
    sold_out.fleet[12].power_kw = 0.0;
    sold_out.fleet[11].power_kw = 0.0;
    sold_out.fleet[10].power_kw = 12.0;
    // 1 kWh drawn where 2 were bought: one too few settled as imbalance, and one too many delivered.
    assert_eq!(delivery(&sold_out).violations, 2);
}

#[test]
fn what_cannot_be_compared_is_counted_as_not_possible() {
    let mut day = day_by_hand();
    day.fleet.retain(|reading| (reading.time - START) % 900 != 0);
    let report = audit_of(&day);
    let delivery = report.checks.iter().find(|check| check.name == DELIVERY).unwrap();
    assert!(delivery.not_possible.is_some(), "{}", report.render());
    let counted = format!("{} checks made, 1 not possible: {DELIVERY}", CHECKS - 1);
    assert!(report.count() == counted && report.render().contains(&counted), "{}", report.count());
    assert_eq!(audit_of(&day_by_hand()).count(), format!("{CHECKS} checks made, none impossible"));
}

/// A lost trip names a vehicle exactly if it was assigned to one in advance; of a fleet of private vehicles there may be both.
#[test]
fn a_lost_trip_names_a_vehicle_where_one_was_assigned() {
    let violations = |named: bool, assigned: bool| {
        let mut day = day_by_hand();
        day.trips[1].vehicle = named.then_some(VehicleId(0));
        let mut facts = facts(OutputOptions::default());
        facts.assigned = vec![false, assigned];
        let dir = tempfile::tempdir().unwrap();
        write(&day, &day, &facts.outputs, dir.path());
        let report = audit(dir.path(), &facts).unwrap();
        let consistent = "Trips: times, waits and vehicles fit the status";
        report.checks.into_iter().find(|check| check.name == consistent).unwrap().violations
    };
    assert_eq!((violations(false, false), violations(true, false)), (0, 1));
    assert_eq!((violations(false, true), violations(true, true)), (1, 0));
}

/// A later rider of the same trip may have a vehicle that comes too late for the older one, or whose ride is longer.
#[test]
fn riders_who_could_not_be_served_are_not_passed_over() {
    let order = |change: fn(&mut Collected), patience_s: i64| {
        let mut day = day_by_hand();
        day.trips[1].request_time = START + 50;
        change(&mut day);
        let dir = tempfile::tempdir().unwrap();
        let options = OutputOptions::default();
        let mut recorder =
            ParquetRecorder::create(dir.path(), labels(), &Provenance::default(), &options).unwrap();
        day.replay(&mut recorder);
        recorder.finish().unwrap();
        let mut facts = facts(options);
        facts.patience_s = Some(patience_s);
        let report = audit(dir.path(), &facts).unwrap();
        report.checks.into_iter().find(|check| check.name == ORDER).unwrap().violations
    };
    assert_eq!(order(|_| {}, 900), 1);
    assert_eq!(order(|_| {}, 250), 1);
    // The vehicle was there 250 s after the older rider had asked.
    assert_eq!(order(|_| {}, 249), 0);
    assert_eq!(order(|d| d.trips[1].distance_km = 6.1, 900), 0);
    assert_eq!(order(|d| d.trips[1].destination = PlaceId(1), 900), 0);
    // The vehicle that set out before passes over no rider.
    assert_eq!(order(|d| d.trips[1].request_time = START + 61, 900), 0);
}

/// Figures of the summary, each changed slightly.
#[test]
fn figures_that_do_not_add_up_are_found() {
    let day = day_by_hand();
    let found = |key: &str, by: f64| -> Vec<&'static str> {
        let dir = tempfile::tempdir().unwrap();
        let options = OutputOptions::default();
        write(&day, &day, &options, dir.path());
        let path = dir.path().join("summary.json");
        let mut summary: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let value = summary[key].as_f64().unwrap() + by;
        summary[key] =
            if summary[key].is_u64() { serde_json::json!(value as u64) } else { serde_json::json!(value) };
        std::fs::write(&path, summary.to_string()).unwrap();
        let report = audit(dir.path(), &facts(options)).unwrap();
        report.checks.iter().filter(|check| check.violations > 0).map(|check| check.name).collect()
    };
    assert!(found("stored_value", 0.0).is_empty());
    for key in ["fares", "charging_cost", "rescue_cost", "wear_cost"] {
        assert!(found(key, 1e-6).contains(&KINDS), "{key}");
    }
    for key in ["stored_value", "net_profit", "operating_cost", "cost_with_lost_fares"] {
        assert_eq!(found(key, 1e-6), [IDENTITIES], "{key}");
    }
    assert_eq!(found("trips_lost", 1.0), [IDENTITIES]);
    assert_eq!(found("trips_requested", 1.0), [IDENTITIES]);
    for key in ["stored_start_kwh", "stored_end_kwh"] {
        // The fleets no longer add up to it either.
        assert_eq!(found(key, 1e-12), [STORED, IDENTITIES], "{key}");
    }
    assert_eq!(found("peak_15min_kw", 1e-9), [PEAKS]);
    for key in ["sessions", "sessions_without_connector"] {
        assert_eq!(found(key, 1.0), ["The summary agrees with the tables", IDENTITIES], "{key}");
    }
}

#[test]
fn a_summary_of_another_day_is_found() {
    let mut other = day_by_hand();
    other.trips[1].status = TripStatus::LostLowCharge;
    other.legs[0].distance_km += 0.5;
    let report = audit_with(&day_by_hand(), &OutputOptions::default(), &other);
    let check = report.checks.iter().find(|c| c.name == "The summary agrees with the tables").unwrap();
    assert_eq!(check.violations, 3); // two statuses and the distance
    let mut other = day_by_hand();
    other.ledger[1].amount = Money(1);
    let report = audit_with(&day_by_hand(), &OutputOptions::default(), &other);
    let wrong: Vec<_> = report.checks.iter().filter(|c| c.violations > 0).map(|c| c.name).collect();
    assert_eq!(wrong, ["Ledger: amounts are whole, and the fleets hold their profit", KINDS]);
}

#[test]
fn a_stranger_is_found() {
    let day = day_by_hand();
    let dir = tempfile::tempdir().unwrap();
    let mut recorder =
        ParquetRecorder::create(dir.path(), labels(), &Provenance::default(), &OutputOptions::default())
            .unwrap();
    day.replay(&mut recorder);
    recorder.finish().unwrap();
    let mut facts = facts(OutputOptions::default());
    facts.vehicles.pop();
    let report = audit(dir.path(), &facts).unwrap();
    let check = report.checks.iter().find(|c| c.name == "Vehicles and stations are the scenario's").unwrap();
    assert_eq!(check.violations, 2); // a leg and a session of y-2
    assert!(report.into_result().is_err());
}

#[test]
fn what_was_not_written_is_said_to_be_impossible_to_check() {
    // Without load-dependent prices `loads` is not read, and without competition `supply` is not.
    let unread = [TableId::Loads, TableId::Supply];
    for table in TableId::ALL.into_iter().filter(|table| !unread.contains(table)) {
        let tables = TableId::ALL.into_iter().filter(|t| *t != table).collect();
        let options = OutputOptions { tables, ..OutputOptions::default() };
        let report = audit_with(&day_by_hand(), &options, &day_by_hand());
        assert!(report.passed(), "{}", report.render());
        assert_eq!(report.checks.len(), CHECKS, "without {}", table.table().name);
        let not_written = format!("{} was not written", table.table().file_name());
        assert!(report.checks.iter().any(|c| c.not_possible.as_deref() == Some(&*not_written)));
    }
    let options = OutputOptions { stations_every: 2, ..OutputOptions::default() };
    assert!(audit_with(&day_by_hand(), &options, &day_by_hand()).passed());
}

#[test]
fn activities_that_take_no_time_are_put_in_the_order_that_makes_sense() {
    // y-2, already at the station's place, joins it by a leg of zero length at the instant of arrival.
    let mut day = day_by_hand();
    let mut hop = day.legs[3];
    (hop.start_time, hop.end_time) = (START + 1_500, START + 1_500);
    (hop.origin, hop.destination) = (PlaceId(2), PlaceId(2));
    (hop.distance_km, hop.energy_kwh, hop.soc_start) = (0.0, 0.0, hop.soc_end);
    hop.fleet = FleetId(0);
    day.legs[3].purpose = LegPurpose::Relocation;
    day.legs.push(hop);
    assert!(audit_of(&day).passed());
}

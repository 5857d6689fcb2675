//! The auditor passes a right day and finds each kind of wrong one.

use crate::outputs_day::{
    BASE_KVA, BATTERY_KWH, BRANCH, CHARGE_EFFICIENCY, Day, END, HOMES_KVAR, START, far_voltage, labels,
};
use gridfleet::audit::{
    AuditFacts, AuditReport, BranchFacts, BusFacts, FeederFacts, HouseholdFacts, StationFacts, VehicleFacts,
    audit,
};
use gridfleet::ids::{AccountId, BidId, FleetId, PlaceId, SessionId, VehicleId};
use gridfleet::ledger::{EntryKind, Money, Reference};
use gridfleet::outputs::{OutputOptions, ParquetRecorder, Provenance, Summary, SummaryHead};
use gridfleet::records::TripStatus;
use gridfleet::records::dictionary::TableId;
use gridfleet::records::metrics::{Metrics, MetricsSetup};

const LOADS: &str = "Grid: loads of buses are those of the case, stations and households";

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
        preassigned: Vec::new(),
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
            competes: false,
            markup_eur_mwh: 50.0,
            slope_eur_mwh_kw: None,
        }],
        households: vec![HouseholdFacts { name: "homes".to_owned(), days: vec![(START, END, 12.0)] }],
        feeder: Some(feeder()),
        requests: Some(2),
        trades: true,
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

fn audit_with(day: &Day, options: &OutputOptions, summary_of: &Day) -> AuditReport {
    let dir = tempfile::tempdir().unwrap();
    let mut recorder =
        ParquetRecorder::create(dir.path(), labels(), &Provenance::default(), options).unwrap();
    day.play(&mut recorder);
    recorder.finish().unwrap();
    let setup = MetricsSetup {
        start: START,
        end: END,
        measured_from: START,
        end_value_eur_mwh: None,
        connectors: 1,
        co2_kg_per_kwh: None,
        trades: true,
        bounds_eur: None,
        competition: Default::default(),
        retail: gridfleet::records::metrics::RetailFacts::default(),
    };
    let mut metrics = Metrics::new(&labels(), setup);
    summary_of.play(&mut metrics);
    Summary::new(SummaryHead::default(), metrics.finish()).write(dir.path()).unwrap();
    audit(dir.path(), &facts(options.clone())).unwrap()
}

fn audit_of(day: &Day) -> AuditReport {
    audit_with(day, &OutputOptions::default(), day)
}

#[test]
fn a_right_day_passes_every_check() {
    let report = audit_of(&Day::new());
    println!("{}", report.render());
    assert!(report.passed(), "{}", report.render());
    assert_eq!(report.checks.len(), 31);
    for check in &report.checks {
        assert!(check.checked > 0 && check.not_possible.is_none(), "{}", check.name);
    }
}

#[test]
fn each_wrong_day_is_found_by_the_check_meant_for_it() {
    type Change = fn(&mut Day);
    let cases: &[(&str, Change)] = &[
        ("Market: what is accepted is within the bid, and paid at the clearing price", |d| {
            d.market[0].accepted_kw = 21.0
        }),
        ("Market: what is accepted is within the bid, and paid at the clearing price", |d| {
            d.market[0].limit_price_eur_mwh = Some(99.0)
        }),
        ("Market: what is accepted is within the bid, and paid at the clearing price", |d| {
            d.market[0].delivered_kwh = 4.0
        }),
        ("Market: what is accepted is within the bid, and paid at the clearing price", |d| {
            d.market[1].cash = 0.3
        }),
        ("Market: what is delivered is what was drawn, as far as it was bought", |d| {
            (d.market[0].delivered_kwh, d.market[0].imbalance_kwh) = (4.0, 1.0);
        }),
        ("Market: what is delivered is what was drawn, as far as it was bought", |d| {
            d.fleet[7..=9].iter_mut().for_each(|r| r.power_kw = 0.0)
        }),
        ("Market: what is accepted is within the bid, and paid at the clearing price", |d| {
            d.market[1].imbalance_kwh = 1.0;
        }),
        ("Ledger: every bid is settled once, and no other", |d| d.market[0].bid = BidId(7)),
        ("Ledger: every bid is settled once, and no other", |d| d.ledger.push(d.ledger[6])),
        ("Ledger: every bid is settled once, and no other", |d| d.ledger[7].kind = EntryKind::Trade),
        ("Ledger: every bid is settled once, and no other", |d| {
            (d.ledger[6].debit, d.ledger[6].credit) = (d.ledger[6].credit, d.ledger[6].debit);
        }),
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
        ("Legs: charge falls by the energy driven", |d| d.legs[0].energy_kwh *= 1.000_1),
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
        ("Vehicles by state add up to the fleet", |d| d.fleet[3].idle += 1),
        ("Every request ends in exactly one status", |d| d.trips[1].request.0 = 0),
        ("Every request ends in exactly one status", |d| {
            d.trips.pop();
        }),
        ("Trips: times, waits and vehicles fit the status", |d| d.trips[0].wait_s = Some(10)),
        ("Trips: times, waits and vehicles fit the status", |d| d.trips[1].status = TripStatus::Served),
        ("Trips: times, waits and vehicles fit the status", |d| d.trips[1].vehicle = Some(VehicleId(0))),
        ("Trips: energy and distance are those of their legs", |d| d.trips[0].energy_kwh += 1e-6),
        ("Trips: energy and distance are those of their legs", |d| d.trips[0].deadhead_km = 0.0),
        ("Trips: energy and distance are those of their legs", |d| {
            d.legs.remove(1);
        }),
        ("Ledger: amounts are whole, and the fleets hold their profit", |d| d.ledger[1].amount = Money(-1)),
        ("Ledger: amounts are whole, and the fleets hold their profit", |d| d.ledger[1].debit = AccountId(2)),
        ("Ledger: every fare is a trip's, and the other way round", |d| {
            d.ledger[0].amount = Money(12_500_001)
        }),
        ("Ledger: every fare is a trip's, and the other way round", |d| d.ledger.push(d.ledger[0])),
        ("Ledger: every session's cost is posted, and no other", |d| {
            d.ledger.remove(2);
        }),
        ("Ledger: every session's cost is posted, and no other", |d| {
            d.ledger[2].reference = Reference::Trip(0);
        }),
        ("Ledger: every session's cost is posted, and no other", |d| d.sessions[1].session = SessionId(9)),
        ("Households: each day has the energy of their shape", |d| d.households[12].power_kw = 24.001),
        ("Households: what they pay is energy x price", |d| d.households[9].price_eur_mwh = 151.0),
        ("Households: what they pay is energy x price", |d| d.ledger[8].kind = EntryKind::Energy),
        ("Households: what they pay is energy x price", |d| {
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
        // 190 kW break the limit of 0.9; without the station's 36 they would not.
        ("Grid: charging breaks no limit", |d| d.grid[19].p_kw = 190.0),
        ("Sessions: cost is energy x broadcast price", |d| d.prices[0].price_eur_mwh = 151.0),
        ("Sessions: cost is energy x broadcast price", |d| d.prices[0].valid_to = START + 1_200),
    ];
    let names: Vec<&str> = audit_of(&Day::new()).checks.iter().map(|c| c.name).collect();
    for (number, (name, change)) in cases.iter().enumerate() {
        let mut day = Day::new();
        change(&mut day);
        let report = audit_of(&day);
        let check = report.checks.iter().find(|c| c.name == *name).unwrap();
        assert!(check.violations > 0, "case {number}, {name}:\n{}", report.render());
        assert!(!report.passed() && report.render().contains(&check.examples[0]));
    }
    // No check without a case; two are tested on their own below.
    let own = ["The summary agrees with the tables", "Vehicles and stations are the scenario's"];
    for name in names {
        assert!(cases.iter().any(|(n, _)| *n == name) || own.contains(&name), "{name} has no case");
    }
}

#[test]
fn a_summary_of_another_day_is_found() {
    let mut other = Day::new();
    other.trips[1].status = TripStatus::LostLowCharge;
    other.legs[0].distance_km += 0.5;
    let report = audit_with(&Day::new(), &OutputOptions::default(), &other);
    let check = report.checks.iter().find(|c| c.name == "The summary agrees with the tables").unwrap();
    assert_eq!(check.violations, 3); // two statuses and the distance
    let mut other = Day::new();
    other.ledger[1].amount = Money(1);
    let report = audit_with(&Day::new(), &OutputOptions::default(), &other);
    let wrong: Vec<_> = report.checks.iter().filter(|c| c.violations > 0).map(|c| c.name).collect();
    assert_eq!(wrong, ["Ledger: amounts are whole, and the fleets hold their profit"]);
}

#[test]
fn a_stranger_is_found() {
    let day = Day::new();
    let dir = tempfile::tempdir().unwrap();
    let mut recorder =
        ParquetRecorder::create(dir.path(), labels(), &Provenance::default(), &OutputOptions::default())
            .unwrap();
    day.play(&mut recorder);
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
    // Without prices that follow the load nobody looks at `loads`, and without competition at `supply`.
    let unread = [TableId::Loads, TableId::Supply];
    for table in TableId::ALL.into_iter().filter(|table| !unread.contains(table)) {
        let tables = TableId::ALL.into_iter().filter(|t| *t != table).collect();
        let options = OutputOptions { tables, ..OutputOptions::default() };
        let report = audit_with(&Day::new(), &options, &Day::new());
        assert!(report.passed(), "{}", report.render());
        assert_eq!(report.checks.len(), 31, "without {}", table.table().name);
        let not_written = format!("{} was not written", table.table().file_name());
        assert!(report.checks.iter().any(|c| c.not_possible.as_deref() == Some(&*not_written)));
    }
    let options = OutputOptions { stations_every: 2, ..OutputOptions::default() };
    assert!(audit_with(&Day::new(), &options, &Day::new()).passed());
}

#[test]
fn activities_that_take_no_time_are_put_in_the_order_that_makes_sense() {
    // y-2, at the station's place already, joins it by a leg of no length at the instant of arrival.
    let mut day = Day::new();
    let mut hop = day.legs[3];
    (hop.start_time, hop.end_time) = (START + 1_500, START + 1_500);
    (hop.origin, hop.destination) = (PlaceId(2), PlaceId(2));
    (hop.distance_km, hop.energy_kwh, hop.soc_start) = (0.0, 0.0, hop.soc_end);
    hop.fleet = FleetId(0);
    day.legs.push(hop);
    assert!(audit_of(&day).passed());
}

//! A day of two vehicles, written by hand: the basis for tests of outputs and audit.
//!
//! y-1 (40 kWh) picks a rider up (2 km empty, 6 km with the rider), drives to the station and charges 9 kWh at 36 kW
//! for a quarter of an hour; y-2 queues behind it at the only connector and charges until the end; a second request is
//! lost. Homes draw 24 kW for half of the hour. The station and the homes are connected to bus 2 of a feeder of two
//! buses, where 10 kW are drawn besides, and 20 kW in the second half.

use gridfleet::geo::Places;
use gridfleet::ids::{
    BidId, BidderId, FleetId, HouseholdId, MarketId, OperatorId, PlaceId, RequestId, RetailerId, SessionId,
    StationId, TypeId, VehicleId,
};
use gridfleet::ledger::{Account, Chart, EntryKind, LedgerEntry, Money, Reference};
use gridfleet::markets::Side;
use gridfleet::records::{
    BusRecord, Collected, EndReason, FleetRecord, HouseholdRecord, Labels, LegPurpose, LegRecord, LoadRecord,
    MarketRecord, PlaceRecord, PriceRecord, SessionRecord, SiteKind, SiteRecord, StationRecord, StationSite,
    SupplyRecord, TripRecord, TripStatus, VehicleRecord,
};
use gridfleet::time::SimTime;
use std::sync::Arc;

/// 2018-03-05T00:00:00Z.
pub const START: SimTime = SimTime(1_520_208_000);
/// An hour later.
pub const END: SimTime = SimTime(START.0 + 3_600);
pub const BATTERY_KWH: f64 = 40.0;
pub const CHARGE_EFFICIENCY: f64 = 0.9;
/// Resistance and reactance of the feeder's branch, in per unit of `BASE_KVA`.
pub const BRANCH: (f64, f64) = (0.05, 0.03);
pub const BASE_KVA: f64 = 100.0;
/// The only fleet.
pub const YELLOW: Account = Account::Fleet(FleetId(0));
/// Numbers of the accounts.
pub const CHART: Chart = Chart { fleets: 1, operators: 1, retailers: 2, markets: 1, households: 1 };
/// Reactive load of homes [kvar per kW].
pub const HOMES_KVAR: f64 = 0.5;

/// Voltage at the far end of the feeder, in per unit: the larger root of a quadratic equation in its square.
pub fn far_voltage(kw: f64, kvar: f64) -> f64 {
    let ((r, x), p, q) = (BRANCH, kw / BASE_KVA, kvar / BASE_KVA);
    let (b, c) = (2.0 * (r * p + x * q) - 1.0, (r * r + x * x) * (p * p + q * q));
    (0.5 * (-b + (b * b - 4.0 * c).sqrt())).sqrt()
}

pub fn labels() -> Labels {
    let mut places = Places::default();
    places.add_zone("1", 40.70, -74.01, 1.0);
    places.add_zone("2", 40.75, -73.98, 1.0);
    places.add_point(40.72, -74.0);
    Labels {
        places: Arc::new(places),
        fleets: vec!["yellow".into()].into(),
        vehicles: vec!["y-1".into(), "y-2".into()].into(),
        vehicle_types: vec!["hatchback".into()].into(),
        stations: vec!["hub".into()].into(),
        operators: vec!["power".into()].into(),
        retailers: vec!["grid".into(), "other".into()].into(),
        markets: vec!["spot".into()].into(),
        households: vec!["homes".into()].into(),
        bidders: vec![YELLOW].into(),
        chart: CHART,
        currency: "USD".into(),
    }
}

/// Energy in both batteries after the legs and sessions that have ended `seconds` after the start [kWh].
fn stored_kwh(seconds: i64) -> f64 {
    let after = |steps: &[(i64, f64)], initial: f64| {
        steps.iter().take_while(|step| step.0 <= seconds).last().map_or(initial, |step| step.1)
    };
    let first = after(&[(300, 0.49), (900, 0.46), (1_200, 0.44), (2_100, 0.44 + 8.1 / BATTERY_KWH)], 0.50);
    // The session of the other continues.
    BATTERY_KWH * (first + after(&[(1_500, 0.26)], 0.30))
}

/// The records of the day.
pub fn day_by_hand() -> Collected {
    let mut day = Collected {
        trips: trips(),
        legs: legs(),
        sessions: sessions(),
        prices: vec![price()],
        loads: vec![load()],
        supply: vec![supply()],
        market: bids(),
        ledger: ledger(),
        sites: sites(),
        vehicles: vehicles(),
        places: [0, 1, 2].map(|number| PlaceRecord { place: PlaceId(number) }).to_vec(),
        ..Collected::default()
    };
    readings(&mut day);
    day
}

fn legs() -> Vec<LegRecord> {
    let leg = |vehicle, purpose, start: i64, end: i64, from, to, km: f64, soc: f64| LegRecord {
        vehicle: VehicleId(vehicle),
        fleet: FleetId(0),
        purpose,
        request: matches!(purpose, LegPurpose::Pickup | LegPurpose::Service).then_some(RequestId(0)),
        start_time: START + start,
        end_time: START + end,
        origin: PlaceId(from),
        destination: PlaceId(to),
        distance_km: km,
        energy_kwh: km * 0.2,
        charged_kwh: 0.0,
        soc_start: soc,
        soc_end: soc - km * 0.2 / BATTERY_KWH,
    };
    // 0.2 kWh/km of 40 kWh: 0.005 per km.
    vec![
        leg(0, LegPurpose::Pickup, 60, 300, 0, 1, 2.0, 0.50),
        leg(0, LegPurpose::Service, 300, 900, 1, 0, 6.0, 0.49),
        leg(0, LegPurpose::ToStation, 900, 1_200, 0, 2, 4.0, 0.46),
        leg(1, LegPurpose::ToStation, 900, 1_500, 1, 2, 8.0, 0.30),
    ]
}

/// One rider is served, one is not.
fn trips() -> Vec<TripRecord> {
    let trip = TripRecord {
        request: RequestId(0),
        fleet: FleetId(0),
        vehicle: Some(VehicleId(0)),
        status: TripStatus::Served,
        request_time: START + 60,
        pickup_time: Some(START + 300),
        dropoff_time: Some(START + 900),
        wait_s: Some(240),
        origin: PlaceId(1),
        destination: PlaceId(0),
        distance_km: 6.0,
        deadhead_km: 2.0,
        energy_kwh: 1.6,
        fare: 12.5,
        lost_fare: 0.0,
        accrued_fare: 0.0,
        soc_start: Some(0.50),
        soc_end: Some(0.46),
    };
    let lost = TripRecord {
        request: RequestId(1),
        vehicle: None,
        status: TripStatus::LostNoVehicle,
        request_time: START + 400,
        pickup_time: None,
        dropoff_time: None,
        wait_s: None,
        deadhead_km: 0.0,
        energy_kwh: 0.0,
        fare: 0.0,
        lost_fare: 0.0,
        accrued_fare: 0.0,
        soc_start: None,
        soc_end: None,
        ..trip
    };
    vec![trip, lost]
}

fn sessions() -> Vec<SessionRecord> {
    let session = SessionRecord {
        session: SessionId(0),
        vehicle: VehicleId(0),
        fleet: FleetId(0),
        station: StationId(0),
        operator: OperatorId(0),
        retailer: RetailerId(0),
        connector: Some(0),
        arrival_time: START + 1_200,
        plug_in_time: Some(START + 1_200),
        charge_start_time: Some(START + 1_200),
        charge_end_time: Some(START + 2_100),
        unplug_time: Some(START + 2_100),
        queue_s: 0,
        need_wait_s: Some(0),
        energy_kwh: 9.0,
        battery_kwh: 9.0 * CHARGE_EFFICIENCY,
        discharged_kwh: 0.0,
        withdrawn_kwh: 0.0,
        max_power_kw: 36.0,
        soc_start: 0.44,
        soc_end: 0.44 + 8.1 / BATTERY_KWH,
        cost: 1.8, // 9 kWh at 200 per MWh
        end_reason: EndReason::Departure,
    };
    let second = SessionRecord {
        session: SessionId(1),
        vehicle: VehicleId(1),
        arrival_time: START + 1_500,
        plug_in_time: Some(START + 2_100),
        charge_start_time: Some(START + 2_100),
        charge_end_time: Some(END),
        unplug_time: None,
        queue_s: 600,
        need_wait_s: Some(600),
        energy_kwh: 15.0, // 36 kW for 1,500 s
        battery_kwh: 15.0 * CHARGE_EFFICIENCY,
        soc_start: 0.26,
        soc_end: 0.26 + 13.5 / BATTERY_KWH,
        cost: 3.0,
        end_reason: EndReason::InProgress,
        ..session
    };
    vec![session, second]
}

/// Readings of the fleet, the station, the homes and the feeder, every five minutes.
fn readings(day: &mut Collected) {
    for reading in 0..=12i64 {
        let (time, since) = (START + reading * 300, START + (reading - 1).max(0) * 300);
        // Charging from 1,200 s to the end.
        let power_kw = if reading > 4 { 36.0 } else { 0.0 };
        let charging = u32::from((4..=12).contains(&reading));
        let queued = u32::from((5..7).contains(&reading));
        day.fleet.push(FleetRecord {
            since,
            time,
            fleet: FleetId(0),
            idle: 2 - charging - queued,
            driving: 0,
            queued,
            charging,
            discharging: 0,
            mean_soc: 0.4,
            stored_kwh: stored_kwh(reading * 300),
            power_kw,
        });
        day.stations.push(StationRecord {
            since,
            time,
            station: StationId(0),
            operator: OperatorId(0),
            retailer: RetailerId(0),
            occupied: charging,
            queue: queued,
            power_kw,
            limit_kw: 50.0,
        });
        day.households.push(HouseholdRecord {
            time,
            household: HouseholdId(0),
            retailer: RetailerId(0),
            power_kw: if reading > 6 { 24.0 } else { 0.0 },
            price_per_mwh: 150.0,
        });
        let (factor, homes_kw) = if reading > 6 { (2.0, 24.0) } else { (1.0, 0.0) };
        let (p_kw, q_kvar) = (factor * 10.0 + power_kw + homes_kw, factor * 4.0 + HOMES_KVAR * homes_kw);
        day.grid.push(BusRecord { time, bus: 1, voltage_pu: Some(1.0), p_kw: 0.0, q_kvar: 0.0 });
        let voltage_pu = Some(far_voltage(p_kw, q_kvar));
        day.grid.push(BusRecord { time, bus: 2, voltage_pu, p_kw, q_kvar });
    }
}

fn price() -> PriceRecord {
    PriceRecord {
        broadcast_time: START,
        valid_from: START,
        valid_to: END,
        retailer: RetailerId(0),
        price_per_mwh: 150.0,
    }
}

fn ledger() -> Vec<LedgerEntry> {
    let post = |time: SimTime, debit: Account, credit: Account, amount: f64, kind, reference| LedgerEntry {
        time,
        debit: CHART.id(debit),
        credit: CHART.id(credit),
        amount: Money::from_units(amount).unwrap(),
        kind,
        reference,
    };
    let (power, retailer) = (Account::Operator(OperatorId(0)), Account::Retailer(RetailerId(0)));
    let (market, homes) = (Account::Market(MarketId(0)), Account::Households(HouseholdId(0)));
    vec![
        post(START + 900, YELLOW, Account::Riders, 12.5, EntryKind::Fare, Reference::Trip(RequestId(0))),
        post(
            START + 900,
            Account::Outside,
            YELLOW,
            0.3,
            EntryKind::Driving,
            Reference::Vehicle(VehicleId(0)),
        ),
        post(START + 2_100, power, YELLOW, 1.8, EntryKind::Charging, Reference::Session(SessionId(0))),
        post(START + 2_100, retailer, power, 1.35, EntryKind::Energy, Reference::Session(SessionId(0))),
        post(END, power, YELLOW, 3.0, EntryKind::Charging, Reference::Session(SessionId(1))),
        post(END, retailer, power, 2.25, EntryKind::Energy, Reference::Session(SessionId(1))),
        post(START + 2_700, market, YELLOW, 0.5, EntryKind::Trade, Reference::Bid(BidId(0))),
        post(
            START + 900,
            Account::SystemOperator,
            YELLOW,
            0.25,
            EntryKind::Imbalance,
            Reference::Bid(BidId(1)),
        ),
        post(END, retailer, homes, 1.8, EntryKind::Household, Reference::Household(HouseholdId(0))), // 12 kWh
        post(END, Account::Outside, retailer, 2.0, EntryKind::Generation, Reference::Retailer(RetailerId(0))),
    ]
}

/// From 1,800 to 2,700 s, 9 kWh are drawn, of which 5 kWh were bought; before 900 s half a kWh was bought and nothing
/// drawn.
fn bids() -> Vec<MarketRecord> {
    let bid = MarketRecord {
        bid: BidId(0),
        market: Some(MarketId(0)),
        product_start: START + 1_800,
        product_end: START + 2_700,
        gate_closure: START,
        cleared_at: START,
        bidder: BidderId(0),
        side: Side::Buy,
        quantity_kw: 20.0,
        limit_price_per_mwh: Some(150.0),
        clearing_price_per_mwh: 100.0,
        capacity_price_per_mw_h: 0.0,
        accepted_kw: 20.0,
        delivered_kwh: 5.0,
        imbalance_kwh: 0.0,
        cash: -0.5,
    };
    let early = MarketRecord {
        bid: BidId(2),
        product_start: START,
        product_end: START + 900,
        quantity_kw: 2.0,
        clearing_price_per_mwh: 0.0,
        accepted_kw: 2.0,
        delivered_kwh: 0.0,
        imbalance_kwh: 0.5,
        cash: 0.0,
        ..bid
    };
    let settled = MarketRecord {
        bid: BidId(1),
        market: None,
        side: Side::Sell,
        limit_price_per_mwh: None,
        clearing_price_per_mwh: -500.0,
        imbalance_kwh: 0.5,
        cash: -0.25,
        ..early
    };
    vec![bid, settled, early]
}

fn load() -> LoadRecord {
    LoadRecord {
        slot_start: START,
        slot_end: START + 900,
        station: StationId(0),
        operator: OperatorId(0),
        nominal_kw: 20.0,
        budget_kw: Some(12.0),
        power_kw: 10.0,
        base_price_per_mwh: 40.0,
        price_per_mwh: 45.0,
        energy_cost: 0.1125,
        deviation_cost: 0.0125,
        planned_kw: Some(11.0),
        planned_cost: Some(0.13),
    }
}

fn supply() -> SupplyRecord {
    SupplyRecord {
        slot_start: START,
        slot_end: START + 3_600,
        retailer: RetailerId(0),
        price_per_mwh: 45.0,
        share: 0.25,
        energy_kwh: 10.0,
        revenue: 0.45,
    }
}

fn sites() -> Vec<SiteRecord> {
    let hub =
        StationSite { station: StationId(0), operator: OperatorId(0), connectors: 1, connector_kw: 50.0 };
    vec![
        SiteRecord { kind: SiteKind::Zone, place: PlaceId(0), station: None },
        SiteRecord { kind: SiteKind::Zone, place: PlaceId(1), station: None },
        SiteRecord { kind: SiteKind::Station, place: PlaceId(2), station: Some(hub) },
        SiteRecord { kind: SiteKind::Depot, place: PlaceId(0), station: None },
    ]
}

fn vehicles() -> Vec<VehicleRecord> {
    let vehicle = VehicleRecord {
        vehicle: VehicleId(0),
        fleet: FleetId(0),
        vehicle_type: TypeId(0),
        battery_kwh: BATTERY_KWH,
        usable_soc: [0.1, 0.9],
        consumption_kwh_per_km: 0.2,
        ac_kw: 7.4,
        dc_kw: 50.0,
        initial_soc: 0.50,
        initial_place: PlaceId(0),
        depot: Some(PlaceId(0)),
    };
    let other = VehicleRecord {
        vehicle: VehicleId(1),
        initial_soc: 0.30,
        initial_place: PlaceId(1),
        depot: None,
        ..vehicle
    };
    vec![vehicle, other]
}

//! Time to write the tables: two million trips with the related records.
//!
//! `cargo bench --bench outputs`; the sizes are those of the largest run for which the crate promises a run
//! time (2,000,000 requests), with labels of that size.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gridfleet::geo::Places;
use gridfleet::ids::{
    AccountId, FleetId, OperatorId, PlaceId, RequestId, RetailerId, SessionId, StationId, VehicleId,
};
use gridfleet::ledger::{Chart, EntryKind, LedgerEntry, Money, Reference};
use gridfleet::outputs::{OutputOptions, ParquetRecorder, Provenance};
use gridfleet::records::{
    EndReason, Labels, LegPurpose, LegRecord, Record, Recorder, SessionRecord, TripRecord, TripStatus,
};
use gridfleet::time::SimTime;
use std::sync::Arc;

const TRIPS: u32 = 2_000_000;
const LEGS: u32 = 5_000_000;
const ENTRIES: u32 = 4_000_000;
const SESSIONS: u32 = 300_000;
const START: SimTime = SimTime(1_520_208_000);

fn labels() -> Labels {
    let mut places = Places::default();
    for zone in 1..=265 {
        places.add_zone(&zone.to_string(), 40.7, -74.0, 1.0);
    }
    Labels {
        places: Arc::new(places),
        fleets: vec!["yellow".into(), "green".into()].into(),
        vehicles: (0..13_000).map(|v| format!("yellow-{v}")).collect(),
        vehicle_types: Vec::new().into(),
        stations: (0..500).map(|s| format!("hub-{s}")).collect(),
        operators: vec!["hub".into()].into(),
        households: Vec::new().into(),
        retailers: vec!["grid".into()].into(),
        markets: Vec::new().into(),
        bidders: Vec::new().into(),
        chart: Chart { fleets: 2, operators: 1, retailers: 1, ..Chart::default() },
        currency: "USD".into(),
    }
}

/// A reproducible pseudo-random number from 0 to 1 (SplitMix64, Steele et al. 2014).
fn noise(n: u32, salt: u64) -> f64 {
    let mut z = (u64::from(n) ^ salt << 32).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z >> 11) as f64 / (1u64 << 53) as f64
}

fn pick(n: u32, salt: u64, count: u32) -> u32 {
    (noise(n, salt) * f64::from(count)) as u32
}

fn trip(n: u32) -> TripRecord {
    let request_time = START + i64::from(n) * 604_800 / i64::from(TRIPS);
    let wait_s = (noise(n, 1) * 600.0) as i64;
    let soc = noise(n, 2);
    TripRecord {
        request: RequestId(n),
        fleet: FleetId(pick(n, 3, 2) as u16),
        vehicle: Some(VehicleId(pick(n, 4, 13_000))),
        status: TripStatus::Served,
        request_time,
        pickup_time: Some(request_time + wait_s),
        dropoff_time: Some(request_time + wait_s + 700),
        wait_s: Some(wait_s),
        origin: PlaceId(pick(n, 5, 265)),
        destination: PlaceId(pick(n, 6, 265)),
        distance_km: noise(n, 7) * 10.0,
        deadhead_km: noise(n, 8),
        energy_kwh: noise(n, 9),
        fare: (noise(n, 10) * 3_000.0).round() / 100.0,
        lost_fare: 0.0,
        accrued_fare: 0.0,
        soc_start: Some(soc),
        soc_end: Some(soc * 0.99),
    }
}

fn leg(n: u32) -> LegRecord {
    let start_time = START + i64::from(n) * 604_800 / i64::from(LEGS);
    let soc = noise(n, 11);
    LegRecord {
        vehicle: VehicleId(pick(n, 12, 13_000)),
        fleet: FleetId(pick(n, 13, 2) as u16),
        purpose: LegPurpose::ALL[(n % 5) as usize],
        request: (n % 5 < 2).then_some(RequestId(n / 5)),
        start_time,
        end_time: start_time + (noise(n, 14) * 1_200.0) as i64,
        origin: PlaceId(pick(n, 15, 265)),
        destination: PlaceId(pick(n, 16, 265)),
        distance_km: noise(n, 17) * 10.0,
        energy_kwh: noise(n, 18),
        charged_kwh: 0.0,
        soc_start: soc,
        soc_end: soc * 0.98,
    }
}

fn entry(n: u32) -> LedgerEntry {
    let trip = n / 2;
    LedgerEntry {
        time: START + i64::from(n) * 604_800 / i64::from(ENTRIES),
        debit: AccountId((n % 2 + 1) as u16),
        credit: AccountId((2 - n % 2) as u16),
        amount: Money(i128::from(pick(n, 19, 3_000)) * 10_000),
        kind: if n.is_multiple_of(2) { EntryKind::Fare } else { EntryKind::Driving },
        reference: if n.is_multiple_of(2) {
            Reference::Trip(RequestId(trip))
        } else {
            Reference::Vehicle(VehicleId(pick(n, 20, 13_000)))
        },
    }
}

fn session(n: u32) -> SessionRecord {
    let arrival_time = START + i64::from(n) * 604_800 / i64::from(SESSIONS);
    let end = arrival_time + 1_800 + i64::from(pick(n, 21, 1_800));
    SessionRecord {
        session: SessionId(n),
        vehicle: VehicleId(pick(n, 22, 13_000)),
        fleet: FleetId(0),
        station: StationId(pick(n, 23, 500)),
        operator: OperatorId(0),
        retailer: RetailerId(0),
        connector: Some(pick(n, 24, 8) as u16),
        arrival_time,
        plug_in_time: Some(arrival_time),
        charge_start_time: Some(arrival_time),
        charge_end_time: Some(end),
        unplug_time: Some(end),
        queue_s: 0,
        need_wait_s: None,
        energy_kwh: noise(n, 25) * 40.0,
        battery_kwh: noise(n, 26) * 40.0,
        discharged_kwh: 0.0,
        withdrawn_kwh: 0.0,
        max_power_kw: 50.0,
        soc_start: noise(n, 27),
        soc_end: noise(n, 28),
        cost: noise(n, 29),
        end_reason: EndReason::Target,
    }
}

fn tables(criterion: &mut Criterion) {
    let trips: Vec<TripRecord> = (0..TRIPS).map(trip).collect();
    let legs: Vec<LegRecord> = (0..LEGS).map(leg).collect();
    let entries: Vec<LedgerEntry> = (0..ENTRIES).map(entry).collect();
    let sessions: Vec<SessionRecord> = (0..SESSIONS).map(session).collect();
    let write = |trips: &[TripRecord],
                 legs: &[LegRecord],
                 entries: &[LedgerEntry],
                 sessions: &[SessionRecord]| {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut recorder =
            ParquetRecorder::create(dir.path(), labels(), &Provenance::default(), &OutputOptions::default())
                .expect("a recorder");
        trips.iter().for_each(|r| recorder.record(Record::Trip(r)));
        legs.iter().for_each(|r| recorder.record(Record::Leg(r)));
        entries.iter().for_each(|r| recorder.record(Record::Ledger(r)));
        sessions.iter().for_each(|r| recorder.record(Record::Session(r)));
        recorder.finish().expect("tables");
        dir
    };
    let dir = write(&trips, &legs, &entries, &sessions);
    for table in ["trips", "legs", "ledger", "sessions"] {
        let bytes = std::fs::metadata(dir.path().join(format!("{table}.parquet"))).map_or(0, |m| m.len());
        println!("{table}: {:.1} MB", bytes as f64 / 1e6);
    }
    drop(dir);
    let mut group = criterion.benchmark_group("tables");
    group.sample_size(10);
    for (name, t, l, e, s) in [
        ("trips", TRIPS, 0, 0, 0),
        ("legs", 0, LEGS, 0, 0),
        ("ledger", 0, 0, ENTRIES, 0),
        ("sessions", 0, 0, 0, SESSIONS),
        ("all", TRIPS, LEGS, ENTRIES, SESSIONS),
    ] {
        group.throughput(Throughput::Elements(u64::from(t + l + e + s)));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                write(
                    &trips[..t as usize],
                    &legs[..l as usize],
                    &entries[..e as usize],
                    &sessions[..s as usize],
                )
            });
        });
    }
    group.finish();
}

criterion_group!(benches, tables);
criterion_main!(benches);

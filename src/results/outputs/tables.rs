//! Output tables: a recorder that writes each kind of record to its Parquet file.
//!
//! The simulation only copies records into batches; a full batch goes to one background thread, which converts it to
//! columns and writes them as a row group. Batches reach the thread in the order in which they fill up, and there is
//! only one thread, so the files do not depend on timing. At most `BATCHES_IN_FLIGHT` batches wait, so memory is
//! bounded.

use super::columns::Row;
use super::names::Names;
use super::parquet::ParquetFile;
use gridfleet_core::error::{Error, Result};
use gridfleet_core::ledger::LedgerEntry;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::records::{
    BusRecord, FleetRecord, HouseholdRecord, Labels, LegRecord, LoadRecord, MarketRecord, PlaceRecord,
    PriceRecord, Recorder, SessionRecord, SiteRecord, StationRecord, SupplyRecord, TripRecord, VehicleRecord,
};
use gridfleet_core::time::SimTime;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Rows of a batch, which becomes one row group: large enough for dictionaries to pay off, small enough that the
/// batches of all tables take well under 100 MB (assumed).
pub const BATCH_ROWS: usize = 1 << 17;

/// Full batches that may wait for the background thread.
const BATCHES_IN_FLIGHT: usize = 2;

/// Which tables are written and how densely (`[outputs]` of a scenario).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputOptions {
    /// Tables to write.
    pub tables: Vec<TableId>,
    /// Keep every n-th control interval of `fleet.parquet`; 1 keeps all.
    pub fleet_every: u32,
    /// Keep every n-th control interval of `stations.parquet`; 1 keeps all.
    pub stations_every: u32,
    /// Keep every n-th control interval of `grid.parquet`; 1 keeps all.
    pub grid_every: u32,
}

impl Default for OutputOptions {
    fn default() -> Self {
        Self { tables: TableId::ALL.to_vec(), fleet_every: 1, stations_every: 1, grid_every: 1 }
    }
}

impl OutputOptions {
    /// Whether `table` is written.
    pub fn has(&self, table: TableId) -> bool {
        self.tables.contains(&table)
    }
}

/// Provenance of the tables, written into each file as key-value metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Name of the scenario.
    pub scenario: String,
    /// SHA-256 of the scenario file, in hexadecimal.
    pub scenario_sha256: String,
    /// Seed of the random streams.
    pub seed: u64,
    /// Number of the replication, from 0.
    pub replication: u32,
}

impl Provenance {
    fn metadata(&self, currency: &str) -> Vec<(String, String)> {
        let version = env!("CARGO_PKG_VERSION");
        [
            ("created_by", format!("gridfleet {version}")),
            ("gridfleet.version", version.to_owned()),
            ("gridfleet.scenario", self.scenario.clone()),
            ("gridfleet.scenario_sha256", self.scenario_sha256.clone()),
            ("gridfleet.seed", self.seed.to_string()),
            ("gridfleet.replication", self.replication.to_string()),
            ("gridfleet.currency", currency.to_owned()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .to_vec()
    }
}

/// A table that has been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenTable {
    /// The table.
    pub table: TableId,
    /// Number of rows.
    pub rows: u64,
}

enum Batch {
    Trips(Vec<TripRecord>),
    Legs(Vec<LegRecord>),
    Sessions(Vec<SessionRecord>),
    Fleet(Vec<FleetRecord>),
    Stations(Vec<StationRecord>),
    Households(Vec<HouseholdRecord>),
    Grid(Vec<BusRecord>),
    Prices(Vec<PriceRecord>),
    Loads(Vec<LoadRecord>),
    Supply(Vec<SupplyRecord>),
    Market(Vec<MarketRecord>),
    Ledger(Vec<LedgerEntry>),
    Sites(Vec<SiteRecord>),
    Vehicles(Vec<VehicleRecord>),
    Places(Vec<PlaceRecord>),
}

/// Keeps every n-th instant of a table that is read at regular intervals.
struct Thinning {
    every: u64,
    instants: u64,
    last: Option<SimTime>,
}

impl Thinning {
    fn new(every: u32) -> Self {
        Self { every: u64::from(every.max(1)), instants: 0, last: None }
    }
    fn keeps(&mut self, time: SimTime) -> bool {
        if self.last != Some(time) {
            self.instants += u64::from(self.last.is_some());
            self.last = Some(time);
        }
        self.instants.is_multiple_of(self.every)
    }
}

/// Writes records to Parquet files in a folder.
///
/// Nothing is written for a table that is not selected or has no rows. Without [`finish`](Self::finish) the files are
/// incomplete: write into a folder that is then removed ([`RunDir`](super::run_dir::RunDir)).
pub struct ParquetRecorder {
    trips: Option<Vec<TripRecord>>,
    legs: Option<Vec<LegRecord>>,
    sessions: Option<Vec<SessionRecord>>,
    fleet: Option<Vec<FleetRecord>>,
    stations: Option<Vec<StationRecord>>,
    households: Option<Vec<HouseholdRecord>>,
    grid: Option<Vec<BusRecord>>,
    prices: Option<Vec<PriceRecord>>,
    loads: Option<Vec<LoadRecord>>,
    supply: Option<Vec<SupplyRecord>>,
    market: Option<Vec<MarketRecord>>,
    ledger: Option<Vec<LedgerEntry>>,
    sites: Option<Vec<SiteRecord>>,
    vehicles: Option<Vec<VehicleRecord>>,
    places: Option<Vec<PlaceRecord>>,
    fleet_thinning: Thinning,
    stations_thinning: Thinning,
    grid_thinning: Thinning,
    sender: Option<SyncSender<Batch>>,
    writer: Option<JoinHandle<Result<Vec<WrittenTable>>>>,
    failed: Arc<AtomicBool>,
}

impl ParquetRecorder {
    /// A recorder that writes to `dir`, which exists.
    ///
    /// # Errors
    /// If the background thread cannot be started.
    pub fn create(
        dir: &Path,
        labels: Labels,
        provenance: &Provenance,
        options: &OutputOptions,
    ) -> Result<Self> {
        let failed = Arc::new(AtomicBool::new(false));
        let (sender, receiver) = sync_channel(BATCHES_IN_FLIGHT);
        let files = Files {
            dir: dir.to_path_buf(),
            metadata: provenance.metadata(&labels.currency),
            names: Names::new(labels),
            files: TableId::ALL.map(|_| None),
        };
        let flag = Arc::clone(&failed);
        let writer = std::thread::Builder::new()
            .name("tables".to_owned())
            .spawn(move || {
                let result = files.write_all(&receiver);
                flag.store(result.is_err(), Ordering::Release);
                result
            })
            .map_err(|e| Error::Other(format!("no thread for writing tables: {e}")))?;
        Ok(Self {
            trips: options.has(TableId::Trips).then(Vec::new),
            legs: options.has(TableId::Legs).then(Vec::new),
            sessions: options.has(TableId::Sessions).then(Vec::new),
            fleet: options.has(TableId::Fleet).then(Vec::new),
            stations: options.has(TableId::Stations).then(Vec::new),
            households: options.has(TableId::Households).then(Vec::new),
            grid: options.has(TableId::Grid).then(Vec::new),
            prices: options.has(TableId::Prices).then(Vec::new),
            loads: options.has(TableId::Loads).then(Vec::new),
            supply: options.has(TableId::Supply).then(Vec::new),
            market: options.has(TableId::Market).then(Vec::new),
            ledger: options.has(TableId::Ledger).then(Vec::new),
            sites: options.has(TableId::Sites).then(Vec::new),
            vehicles: options.has(TableId::Vehicles).then(Vec::new),
            places: options.has(TableId::Places).then(Vec::new),
            fleet_thinning: Thinning::new(options.fleet_every),
            stations_thinning: Thinning::new(options.stations_every),
            grid_thinning: Thinning::new(options.grid_every),
            sender: Some(sender),
            writer: Some(writer),
            failed,
        })
    }

    /// Whether writing has failed, for example on a full disk: continuing is pointless, and [`finish`](Self::finish)
    /// returns the cause.
    pub fn failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// Writes the remaining rows and the footers.
    ///
    /// # Errors
    /// The first error met while writing, now or earlier.
    pub fn finish(mut self) -> Result<Vec<WrittenTable>> {
        self.flush_all();
        self.sender = None;
        let Some(writer) = self.writer.take() else { return Ok(Vec::new()) };
        writer
            .join()
            .unwrap_or_else(|_| Err(Error::Other("the thread that writes tables panicked".to_owned())))
    }

    fn flush_all(&mut self) {
        let sender = self.sender.as_ref();
        flush(&mut self.trips, sender, Batch::Trips);
        flush(&mut self.legs, sender, Batch::Legs);
        flush(&mut self.sessions, sender, Batch::Sessions);
        flush(&mut self.fleet, sender, Batch::Fleet);
        flush(&mut self.stations, sender, Batch::Stations);
        flush(&mut self.households, sender, Batch::Households);
        flush(&mut self.grid, sender, Batch::Grid);
        flush(&mut self.prices, sender, Batch::Prices);
        flush(&mut self.loads, sender, Batch::Loads);
        flush(&mut self.supply, sender, Batch::Supply);
        flush(&mut self.market, sender, Batch::Market);
        flush(&mut self.ledger, sender, Batch::Ledger);
        flush(&mut self.sites, sender, Batch::Sites);
        flush(&mut self.vehicles, sender, Batch::Vehicles);
        flush(&mut self.places, sender, Batch::Places);
    }
}

impl Drop for ParquetRecorder {
    fn drop(&mut self) {
        // The thread ends once there is no sender; wait, so that nothing is written into a folder being removed.
        self.sender = None;
        if let Some(writer) = self.writer.take() {
            drop(writer.join());
        }
    }
}

fn flush<R>(rows: &mut Option<Vec<R>>, sender: Option<&SyncSender<Batch>>, batch: fn(Vec<R>) -> Batch) {
    let (Some(rows), Some(sender)) = (rows, sender) else { return };
    if !rows.is_empty() {
        // A send fails when the thread has ended with an error, which `finish` reports.
        let _ = sender.send(batch(std::mem::take(rows)));
    }
}

#[inline]
fn push<R: Copy>(
    rows: &mut Option<Vec<R>>,
    row: &R,
    sender: Option<&SyncSender<Batch>>,
    batch: fn(Vec<R>) -> Batch,
) {
    let Some(buffer) = rows else { return };
    if buffer.capacity() == buffer.len() {
        // Doubles up to the batch size, so that small runs stay small.
        buffer.reserve_exact(buffer.len().clamp(1_024, BATCH_ROWS));
    }
    buffer.push(*row);
    if buffer.len() >= BATCH_ROWS {
        flush(rows, sender, batch);
    }
}

impl Recorder for ParquetRecorder {
    fn trip(&mut self, record: &TripRecord) {
        push(&mut self.trips, record, self.sender.as_ref(), Batch::Trips);
    }
    fn leg(&mut self, record: &LegRecord) {
        push(&mut self.legs, record, self.sender.as_ref(), Batch::Legs);
    }
    fn session(&mut self, record: &SessionRecord) {
        push(&mut self.sessions, record, self.sender.as_ref(), Batch::Sessions);
    }
    fn fleet(&mut self, record: &FleetRecord) {
        if self.fleet_thinning.keeps(record.time) {
            push(&mut self.fleet, record, self.sender.as_ref(), Batch::Fleet);
        }
    }
    fn station(&mut self, record: &StationRecord) {
        if self.stations_thinning.keeps(record.time) {
            push(&mut self.stations, record, self.sender.as_ref(), Batch::Stations);
        }
    }
    fn household(&mut self, record: &HouseholdRecord) {
        push(&mut self.households, record, self.sender.as_ref(), Batch::Households);
    }
    fn bus(&mut self, record: &BusRecord) {
        if self.grid_thinning.keeps(record.time) {
            push(&mut self.grid, record, self.sender.as_ref(), Batch::Grid);
        }
    }
    fn price(&mut self, record: &PriceRecord) {
        push(&mut self.prices, record, self.sender.as_ref(), Batch::Prices);
    }
    fn load(&mut self, record: &LoadRecord) {
        push(&mut self.loads, record, self.sender.as_ref(), Batch::Loads);
    }
    fn supply(&mut self, record: &SupplyRecord) {
        push(&mut self.supply, record, self.sender.as_ref(), Batch::Supply);
    }
    fn market(&mut self, record: &MarketRecord) {
        push(&mut self.market, record, self.sender.as_ref(), Batch::Market);
    }
    fn ledger(&mut self, entry: &LedgerEntry) {
        push(&mut self.ledger, entry, self.sender.as_ref(), Batch::Ledger);
    }
    fn site(&mut self, record: &SiteRecord) {
        push(&mut self.sites, record, self.sender.as_ref(), Batch::Sites);
    }
    fn vehicle(&mut self, record: &VehicleRecord) {
        push(&mut self.vehicles, record, self.sender.as_ref(), Batch::Vehicles);
    }
    fn place(&mut self, record: &PlaceRecord) {
        push(&mut self.places, record, self.sender.as_ref(), Batch::Places);
    }
}

/// The files, owned by the background thread.
struct Files {
    dir: PathBuf,
    names: Names,
    metadata: Vec<(String, String)>,
    files: [Option<ParquetFile>; TableId::ALL.len()],
}

impl Files {
    fn write_all(mut self, batches: &Receiver<Batch>) -> Result<Vec<WrittenTable>> {
        for batch in batches {
            match batch {
                Batch::Trips(rows) => self.write(&rows)?,
                Batch::Legs(rows) => self.write(&rows)?,
                Batch::Sessions(rows) => self.write(&rows)?,
                Batch::Fleet(rows) => self.write(&rows)?,
                Batch::Stations(rows) => self.write(&rows)?,
                Batch::Households(rows) => self.write(&rows)?,
                Batch::Grid(rows) => self.write(&rows)?,
                Batch::Prices(rows) => self.write(&rows)?,
                Batch::Loads(rows) => self.write(&rows)?,
                Batch::Supply(rows) => self.write(&rows)?,
                Batch::Market(rows) => self.write(&rows)?,
                Batch::Ledger(rows) => self.write(&rows)?,
                Batch::Sites(rows) => self.write(&rows)?,
                Batch::Vehicles(rows) => self.write(&rows)?,
                Batch::Places(rows) => self.write(&rows)?,
            }
        }
        let metadata = self.metadata;
        let mut written = Vec::new();
        for (table, file) in TableId::ALL.into_iter().zip(self.files) {
            if let Some(file) = file {
                written.push(WrittenTable { table, rows: file.finish(&metadata)? });
            }
        }
        Ok(written)
    }

    fn write<R: Row>(&mut self, rows: &[R]) -> Result<()> {
        let slot = &mut self.files[R::TABLE as usize];
        if slot.is_none() {
            *slot = Some(ParquetFile::create(&self.dir, R::TABLE.table())?);
        }
        match slot {
            Some(file) => file.write(rows, &mut self.names),
            None => Ok(()),
        }
    }
}

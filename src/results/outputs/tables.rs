//! Output tables: a recorder that writes each kind of record to its Parquet file.
//!
//! The simulation only copies records into batches; a full batch goes to one background thread, which converts it to
//! columns and writes them as a row group. Batches reach the thread in the order in which they fill up, and there is
//! only one thread, so the files do not depend on timing. At most `BATCHES_IN_FLIGHT` batches wait, so memory is
//! bounded.

use super::columns::Transposer;
use super::parquet::ParquetFile;
use gridfleet_core::error::{Error, Result};
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::records::{Labels, Record, Recorder, Rows};
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
    /// The batch of each table; `None` for tables that are not selected.
    batches: [Option<Rows>; TableId::ALL.len()],
    fleet_thinning: Thinning,
    stations_thinning: Thinning,
    grid_thinning: Thinning,
    sender: Option<SyncSender<Rows>>,
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
            labels,
            transposer: Transposer::default(),
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
            batches: TableId::ALL.map(|table| options.has(table).then(|| Rows::new(table))),
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
        for batch in self.batches.iter_mut().flatten().filter(|batch| !batch.is_empty()) {
            flush(batch, self.sender.as_ref());
        }
    }

    /// Whether the table of regular readings keeps those of the record's instant.
    #[inline]
    fn keeps(&mut self, record: Record<'_>) -> bool {
        match record {
            Record::Fleet(reading) => self.fleet_thinning.keeps(reading.time),
            Record::Station(reading) => self.stations_thinning.keeps(reading.time),
            Record::Bus(reading) => self.grid_thinning.keeps(reading.time),
            _ => true,
        }
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

fn flush(batch: &mut Rows, sender: Option<&SyncSender<Rows>>) {
    let empty = Rows::new(batch.table());
    if let Some(sender) = sender {
        // A send fails when the thread has ended with an error, which `finish` reports.
        let _ = sender.send(std::mem::replace(batch, empty));
    }
}

impl Recorder for ParquetRecorder {
    fn record(&mut self, record: Record<'_>) {
        let Some(table) = record.table() else { return };
        if !self.keeps(record) {
            return;
        }
        let Some(batch) = &mut self.batches[table as usize] else { return };
        batch.push(record);
        if batch.len() >= BATCH_ROWS {
            flush(batch, self.sender.as_ref());
        }
    }
}

/// The files, owned by the background thread.
struct Files {
    dir: PathBuf,
    labels: Labels,
    transposer: Transposer,
    metadata: Vec<(String, String)>,
    files: [Option<ParquetFile>; TableId::ALL.len()],
}

impl Files {
    fn write_all(mut self, batches: &Receiver<Rows>) -> Result<Vec<WrittenTable>> {
        for batch in batches {
            self.write(&batch)?;
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

    fn write(&mut self, batch: &Rows) -> Result<()> {
        let table = batch.table();
        let slot = &mut self.files[table as usize];
        if slot.is_none() {
            *slot = Some(ParquetFile::create(&self.dir, table.table())?);
        }
        match slot {
            Some(file) => file.write(batch.len(), self.transposer.columns(batch, &self.labels)),
            None => Ok(()),
        }
    }
}

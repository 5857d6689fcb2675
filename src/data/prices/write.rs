//! Writes prices as the canonical Parquet table, with the counts of the import in its metadata.

use super::{PriceReport, PriceTable};
use crate::synth::files::write_whole;
use crate::write::REPORT_KEY;
use gridfleet_core::error::{Error, Result};
use polars_core::prelude::{
    Column, DataFrame, Int64Chunked, IntoColumn, IntoSeries, NamedFrom, Series, TimeUnit, TimeZone,
};
use polars_io::parquet::write::{KeyValueMetadata, ParquetCompression, ParquetWriter};
use std::io::Write;
use std::path::Path;

/// Writes `table` to `path` atomically; its folder is created if it does not exist.
///
/// # Errors
/// If an operation of the operating system fails.
pub fn write(table: &PriceTable, report: &PriceReport, path: &Path) -> Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|e| Error::writing(folder, e))?;
    }
    write_whole(path, |out| encode(table, report, out))
}

/// Writes `table` as Parquet bytes: `time` in milliseconds UTC, then its columns.
///
/// # Errors
/// If writing to `out` fails.
pub fn encode(table: &PriceTable, report: &PriceReport, out: impl Write) -> Result<()> {
    let failed = |e: polars_core::error::PolarsError| Error::Other(e.to_string());
    let ms: Vec<i64> = table.times().map(|t| t.0 * 1_000).collect();
    // A cast would drop the time zone if polars is built without its feature `timezones`.
    let time = Int64Chunked::from_vec("time".into(), ms)
        .into_datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC))
        .into_series()
        .into_column();
    let values = table.columns.iter().map(|(name, values)| Series::new(name.into(), values).into_column());
    let columns: Vec<Column> = std::iter::once(time).chain(values).collect();
    let mut frame = DataFrame::new(table.slots(), columns).map_err(failed)?;
    let metadata = vec![
        ("gridfleet.version".to_string(), env!("CARGO_PKG_VERSION").to_string()),
        (REPORT_KEY.to_string(), serde_json::to_string(report).map_err(|e| Error::Other(e.to_string()))?),
    ];
    ParquetWriter::new(out)
        .with_compression(ParquetCompression::Zstd(None))
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(metadata)))
        .set_parallel(false)
        .finish(&mut frame)
        .map_err(failed)?;
    Ok(())
}

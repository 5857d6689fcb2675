//! A data frame as a Parquet file: for small tables whose columns are not known in advance.

use gridfleet_core::error::{Error, Result};
use polars_core::prelude::{Column, DataFrame};
use polars_io::parquet::write::{KeyValueMetadata, ParquetCompression, ParquetWriter};
use std::path::Path;

/// Writes `columns`, all of the same length, with the file's metadata (key, value).
///
/// The bytes depend only on the arguments.
///
/// # Errors
/// If two columns have the same name or different lengths, or the file cannot be written.
pub fn write_frame(path: &Path, columns: Vec<Column>, metadata: Vec<(String, String)>) -> Result<()> {
    let failed = |e: polars_core::error::PolarsError| Error::Other(format!("{}: {e}", path.display()));
    let height = columns.first().map_or(0, Column::len);
    let mut frame = DataFrame::new(height, columns).map_err(failed)?;
    // The writer would turn the operating system's error on a full disk into text, so it writes to memory.
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(None))
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(metadata)))
        .set_parallel(false)
        .finish(&mut frame)
        .map_err(failed)?;
    gridfleet_core::files::put(path, &bytes).map_err(|e| Error::writing(path, e))
}

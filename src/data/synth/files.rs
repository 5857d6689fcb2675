//! Files of synthetic data: written to a temporary file and renamed.

use gridfleet_core::error::{Error, InputError, Result};
use polars_core::prelude::DataFrame;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes `path` atomically.
///
/// # Errors
/// If an operation of the operating system fails, or `write` does.
pub fn write_whole<F>(path: &Path, write: F) -> Result<()>
where
    F: FnOnce(&mut BufWriter<&mut std::fs::File>) -> Result<()>,
{
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let found = format!("no folder {}", folder.display());
        return Err(InputError::new(found, "a folder that exists").file(path).help("create it first").into());
    }
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|e| Error::writing(path, e))?;
    let mut out = BufWriter::with_capacity(1 << 18, file.as_file_mut());
    write(&mut out)?;
    out.flush().map_err(|e| Error::writing(path, e))?;
    drop(out);
    readable_by_all(file.as_file(), path)?;
    file.persist(path).map_err(|e| Error::writing(path, e.error))?;
    Ok(())
}

/// Temporary files are private to their owner; data sets are not.
#[cfg(unix)]
fn readable_by_all(file: &std::fs::File, path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(|e| Error::writing(path, e))
}

#[cfg(not(unix))]
fn readable_by_all(_: &std::fs::File, _: &Path) -> Result<()> {
    Ok(())
}

/// Writes a table as Parquet, compressed with zstd.
///
/// # Errors
/// If an operation of the operating system fails, or the table cannot be written.
pub fn write_parquet(path: &Path, frame: &mut DataFrame) -> Result<()> {
    write_whole(path, |out| {
        ParquetWriter::new(out)
            .with_compression(ParquetCompression::Zstd(None))
            .finish(frame)
            .map(drop)
            .map_err(|e| Error::Other(format!("{}: {e}", path.display())))
    })
}

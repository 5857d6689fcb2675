//! Opening of tables: the first bytes of a file determine its form.

use super::super::dialect::Dialect;
use super::super::unpack::{self, Form};
use super::{Content, Reading, TableFile};
use gridfleet_core::error::{Error, InputError, Result, input};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Number of bytes that identify a file: they include the header of a table.
const HEAD_BYTES: usize = 1 << 16;

/// Maximum size of a file that is unpacked or rewritten in memory [bytes].
const MOST_PACKED: u64 = 1 << 30;

/// Magic bytes at the beginning and end of a Parquet file.
pub(super) const PARQUET_MAGIC: &[u8] = b"PAR1";

impl TableFile {
    /// Opens a file; its first bytes determine what it is.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or is not a table.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, &Reading::default())
    }

    /// Like [`open`](Self::open), with statements of the user about the table.
    ///
    /// # Errors
    /// As [`open`](Self::open), or if a statement does not fit the file.
    pub fn open_with(path: impl AsRef<Path>, reading: &Reading) -> Result<Self> {
        let path = path.as_ref();
        let mut file = input::open(path)?;
        let mut head = Vec::new();
        file.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(|e| Error::reading(path, e))?;
        if head.starts_with(PARQUET_MAGIC) || is_named_parquet(path) {
            // The whole file is read only if both ends are those of a Parquet file.
            let failed = |e| Error::reading(path, e);
            if head.starts_with(PARQUET_MAGIC) && head.len() == HEAD_BYTES {
                let mut tail = [0; PARQUET_MAGIC.len()];
                file.seek(SeekFrom::End(-(PARQUET_MAGIC.len() as i64))).map_err(failed)?;
                file.read_exact(&mut tail).map_err(failed)?;
                if tail == PARQUET_MAGIC {
                    file.seek(SeekFrom::Start(HEAD_BYTES as u64)).map_err(failed)?;
                    file.read_to_end(&mut head).map_err(failed)?;
                } else {
                    head.extend(tail);
                }
            }
            return Self::parquet(path, head, reading);
        }
        if unpack::is_needed(&head) {
            return Self::unpacked(path, input::read(path, MOST_PACKED)?, reading);
        }
        let dialect = Dialect::find(path, &head, head.len() < HEAD_BYTES, reading, None)?;
        Self::text(path, Content::CsvFile, dialect, reading)
    }

    /// Like [`open`](Self::open), from a buffer. `path` is used for messages and its extension selects the
    /// format.
    ///
    /// # Errors
    /// If the bytes are damaged or not a table.
    pub fn from_bytes(path: impl AsRef<Path>, bytes: Vec<u8>) -> Result<Self> {
        Self::from_bytes_with(path, bytes, &Reading::default())
    }

    /// Like [`from_bytes`](Self::from_bytes), with statements of the user about the table.
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with).
    pub fn from_bytes_with(path: impl AsRef<Path>, bytes: Vec<u8>, reading: &Reading) -> Result<Self> {
        let path = path.as_ref();
        if bytes.starts_with(PARQUET_MAGIC) || is_named_parquet(path) {
            return Self::parquet(path, bytes, reading);
        }
        Self::unpacked(path, bytes, reading)
    }

    fn unpacked(path: &Path, bytes: Vec<u8>, reading: &Reading) -> Result<Self> {
        if bytes.is_empty() {
            return Err(empty(path).into());
        }
        let unpacked = unpack::unpack(path, bytes)?;
        if unpacked.form == Form::Parquet {
            let table = Self::parquet(path, unpacked.bytes, reading)?;
            return Ok(Self { notes: unpacked.notes, ..table });
        }
        let known = (unpacked.form != Form::Csv).then_some(b',');
        let head = unpacked.bytes.get(..HEAD_BYTES.min(unpacked.bytes.len())).unwrap_or_default();
        let dialect = Dialect::find(path, head, head.len() == unpacked.bytes.len(), reading, known)?;
        let table = Self::text(path, Content::CsvBytes(unpacked.bytes.into()), dialect, reading)?;
        Ok(Self { form: unpacked.form, parts: unpacked.parts, notes: unpacked.notes, ..table })
    }

    fn text(path: &Path, content: Content, dialect: Dialect, reading: &Reading) -> Result<Self> {
        unique(path, Some(dialect.line), &dialect.names)?;
        Ok(Self {
            path: path.to_path_buf(),
            names: dialect.names.clone(),
            content,
            reading: reading.clone(),
            dialect: Some(dialect),
            form: Form::Csv,
            parts: Vec::new(),
            notes: Vec::new(),
        })
    }
}

fn is_named_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet") || e.eq_ignore_ascii_case("pq"))
}

pub(super) fn empty(path: &Path) -> InputError {
    InputError::new("an empty file", "a table with a header line and rows").file(path)
}

/// Rejects a file with a duplicate column name; `line` is that of the header, if the format has lines.
pub(super) fn unique(path: &Path, line: Option<u64>, names: &[String]) -> Result<()> {
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).filter(|n| !n.is_empty()).collect();
    sorted.sort_unstable();
    let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) else { return Ok(()) };
    let mut error = InputError::new("two columns of this name", "each name once").file(path).key(pair[0]);
    error.line = line;
    Err(error.into())
}

//! Tables in Parquet: opening, and decoding of the requested columns.

use super::super::columns::{Cells, Lines};
use super::super::conditions::Condition;
use super::super::pages;
use super::super::parquet::Encoded;
use super::super::unpack::Form;
use super::open::{PARQUET_MAGIC, empty, unique};
use super::{Content, Reading, Table, TableFile};
use gridfleet_core::error::{InputError, Result, guard};
use polars_core::prelude::DataFrame;
use std::path::Path;

/// Maximum number of rows per byte. A row needs some bytes in a Parquet file; a file that claims more rows
/// per byte is damaged or contains nothing, and trusting it would exhaust the memory. Assumed: times and
/// places take several bits per row.
const MAX_ROWS_PER_BYTE: usize = 20;

impl TableFile {
    pub(super) fn parquet(path: &Path, bytes: Vec<u8>, reading: &Reading) -> Result<Self> {
        let expected = "a Parquet file";
        if bytes.is_empty() {
            return Err(empty(path).into());
        }
        // Magic, footer length and magic: the minimum length of a Parquet file.
        if bytes.len() < 12 || !bytes.starts_with(PARQUET_MAGIC) {
            return Err(InputError::new("a file that does not begin as Parquet does (PAR1)", expected)
                .file(path)
                .help("if it is CSV, give it a name that ends in .csv")
                .into());
        }
        if !bytes.ends_with(PARQUET_MAGIC) {
            return Err(InputError::new("a file that does not end as Parquet does (PAR1)", expected)
                .file(path)
                .help("it is truncated: fetch or write it again")
                .into());
        }
        guard::decode(path, expected, || pages::check_footer(&bytes))?;
        let file = guard::decode(path, expected, || Encoded::open(bytes))?;
        let names: Vec<String> = file.fields().map(|field| field.name.to_string()).collect();
        let types = file.fields().map(|field| format!("{:?}", field.dtype)).collect();
        let pairs = file.footer().key_value_metadata().iter().flatten();
        let metadata = pairs.map(|kv| (kv.key.clone(), kv.value.clone().unwrap_or_default())).collect();
        let (rows, size) = (file.footer().num_rows, file.bytes().len());
        if rows > size.saturating_mul(MAX_ROWS_PER_BYTE) {
            return Err(InputError::new(format!("{rows} rows in {size} bytes"), expected)
                .file(path)
                .help("it is damaged: fetch or write it again")
                .into());
        }
        unique(path, None, &names)?;
        let content = Content::Parquet { file: Box::new(file), types, metadata };
        Ok(Self {
            path: path.to_path_buf(),
            names,
            content,
            reading: reading.clone(),
            dialect: None,
            form: Form::Parquet,
            parts: Vec::new(),
            notes: Vec::new(),
        })
    }

    pub(super) fn read_parquet(
        &self,
        rows: usize,
        wanted: &[usize],
        conditions: &mut [Condition<'_>],
    ) -> Result<Table> {
        let mut all = wanted.to_vec();
        all.extend(conditions.iter().map(|condition| condition.column));
        all.sort_unstable();
        all.dedup();
        let columns = if all.is_empty() { Vec::new() } else { self.frame(&all)?.into_columns() };
        let mut table = self.table(rows, Lines::Rows);
        table.columns = all.iter().copied().zip(columns.into_iter().map(Cells::Parquet)).collect();
        if conditions.is_empty() {
            return Ok(table);
        }
        let keep: Vec<usize> = (0..rows)
            .filter(|&row| conditions.iter_mut().all(|c| c.holds(table.cell(c.column, row).as_bytes())))
            .collect();
        let index: Vec<u32> = keep.iter().map(|&row| u32::try_from(row).unwrap_or(u32::MAX)).collect();
        let index = polars_core::prelude::IdxCa::from_vec("".into(), index);
        for cells in table.columns.values_mut() {
            if let Cells::Parquet(column) = cells {
                let taken = guard::decode(&self.path, "a Parquet file", || column.take(&index))?;
                *column = taken;
            }
        }
        Ok(Table { rows: keep.len(), kept: Some(keep), ..table })
    }

    /// Decodes the columns of a Parquet file at these positions, ascending: at least one.
    ///
    /// # Errors
    /// If the file is damaged, is not a Parquet file, or has types at these positions that cannot be read.
    pub(in super::super) fn frame(&self, wanted: &[usize]) -> Result<DataFrame> {
        let Content::Parquet { file, types, .. } = &self.content else {
            return Err(InputError::new("a CSV file", "a Parquet file").file(&self.path).into());
        };
        for &column in wanted {
            if !self.is_readable(column) {
                let kind = types.get(column).map_or("", String::as_str);
                let name = self.names.get(column).map_or("", String::as_str);
                return Err(InputError::new(
                    format!("a column of type {kind}"),
                    "numbers, text or timestamps",
                )
                .file(&self.path)
                .key(name)
                .help("write the file again with a plain type in this column (32 or 64 bits)")
                .into());
            }
        }
        let of_wanted: Vec<&str> =
            wanted.iter().filter_map(|&c| self.names.get(c).map(String::as_str)).collect();
        guard::decode(&self.path, "a Parquet file", || file.check(&of_wanted))?;
        let columns = guard::decode(&self.path, "a Parquet file", || file.columns(wanted))?;
        let (rows, stated) = (file.rows_of_groups(), file.footer().num_rows);
        if rows != stated {
            return Err(InputError::new(
                format!("{rows} rows where the file's summary says {stated}"),
                "a Parquet file",
            )
            .file(&self.path)
            .help("it is damaged: fetch or write it again")
            .into());
        }
        let frame = guard::decode(&self.path, "a Parquet file", || DataFrame::new(rows, columns))?;
        // A dictionary can repeat one long text in each row: it takes no memory until it is copied.
        for text in frame.columns().iter().filter_map(|column| column.str().ok()) {
            let length: usize = text.iter().flatten().map(str::len).sum();
            if length > pages::most_unpacked(file.bytes()) {
                let found = format!("{length} bytes of text in a file of {}", file.bytes().len());
                return Err(InputError::new(found, "names")
                    .file(&self.path)
                    .key(text.name().as_str())
                    .into());
            }
        }
        Ok(frame)
    }
}

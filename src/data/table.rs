//! Tables from CSV or Parquet files, column by column.
//!
//! [`TableFile`] knows the columns of a file; [`TableFile::read`] loads the requested ones into a [`Table`],
//! which returns them as numbers, times or names. A cell that cannot be read as the requested type does not
//! stop the reading: the importer decides whether its row is skipped or ends the import.

use super::columns::{Cells, Lines, TextColumn};
pub use super::columns::{Names, Numbers, Table};
use super::pages;
use gridfleet_core::error::{Error, InputError, Result, guard, input};
use gridfleet_core::names;
use polars_core::prelude::DataFrame;
use polars_io::SerReader;
use polars_io::parquet::read::{ParallelStrategy, ParquetReader};
use std::collections::BTreeMap;
use std::io::{BufReader, Cursor, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Number of bytes that identify a file: they include the header of a table.
const HEAD_BYTES: usize = 1 << 16;

/// Magic bytes at the beginning and end of a Parquet file.
const PARQUET_MAGIC: &[u8] = b"PAR1";

/// Types of Parquet columns, by Arrow name, that can be read as numbers, times or names.
const READABLE: [&str; 13] = [
    "Int32",
    "Int64",
    "UInt32",
    "UInt64",
    "Float32",
    "Float64",
    "Utf8",
    "LargeUtf8",
    "Utf8View",
    "Timestamp",
    "Date32",
    "Boolean",
    "Null",
];

/// Maximum number of rows per byte. A row needs some bytes in a Parquet file; a file that claims more rows
/// per byte is damaged or contains nothing, and trusting it would exhaust the memory. Assumed: times and
/// places take several bits per row.
const MAX_ROWS_PER_BYTE: usize = 20;

/// A CSV or Parquet file whose columns are known; nothing else has been read yet.
#[derive(Debug)]
pub struct TableFile {
    path: PathBuf,
    names: Vec<String>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// A CSV file, read as a stream.
    CsvFile,
    /// The contents of a CSV file.
    CsvBytes(Arc<[u8]>),
    /// The contents of a Parquet file.
    Parquet { bytes: Vec<u8>, rows: usize, types: Vec<String>, metadata: BTreeMap<String, String> },
}

impl TableFile {
    /// Opens a file; its first bytes determine whether it is Parquet.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or is not a table.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
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
            return Self::parquet(path, head);
        }
        let names = csv_names(path, &head, &head[..])?;
        Ok(Self { path: path.to_path_buf(), names, content: Content::CsvFile })
    }

    /// Like [`open`](Self::open), from a buffer. `path` is used for messages and its extension selects the
    /// format.
    ///
    /// # Errors
    /// If the bytes are damaged or not a table.
    pub fn from_bytes(path: impl AsRef<Path>, bytes: Vec<u8>) -> Result<Self> {
        let path = path.as_ref();
        if bytes.starts_with(PARQUET_MAGIC) || is_named_parquet(path) {
            return Self::parquet(path, bytes);
        }
        let names = csv_names(path, &bytes, &bytes[..])?;
        Ok(Self { path: path.to_path_buf(), names, content: Content::CsvBytes(bytes.into()) })
    }

    fn parquet(path: &Path, bytes: Vec<u8>) -> Result<Self> {
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
        let (names, types, rows, metadata) = guard::decode(path, expected, || {
            let mut reader = ParquetReader::new(Cursor::new(&bytes[..]));
            let schema = reader.schema()?;
            let names = schema.iter_names().map(ToString::to_string).collect::<Vec<_>>();
            let types = schema.iter_values().map(|f| format!("{:?}", f.dtype)).collect::<Vec<_>>();
            let file = reader.get_metadata()?;
            let pairs = file.key_value_metadata().iter().flatten();
            let metadata = pairs.map(|kv| (kv.key.clone(), kv.value.clone().unwrap_or_default())).collect();
            Ok::<_, polars_core::error::PolarsError>((names, types, file.num_rows, metadata))
        })?;
        if rows > bytes.len().saturating_mul(MAX_ROWS_PER_BYTE) {
            return Err(InputError::new(format!("{rows} rows in {} bytes", bytes.len()), expected)
                .file(path)
                .help("it is damaged: fetch or write it again")
                .into());
        }
        unique(path, None, &names)?;
        let content = Content::Parquet { bytes, rows, types, metadata };
        Ok(Self { path: path.to_path_buf(), names, content })
    }

    /// The path as given by the user.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names of the columns, in the order of the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// `csv` or `parquet`.
    pub fn kind(&self) -> &'static str {
        if matches!(self.content, Content::Parquet { .. }) { "parquet" } else { "csv" }
    }

    /// Text that the writer of a Parquet file stored under `key` in the metadata.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        match &self.content {
            Content::Parquet { metadata, .. } => metadata.get(key).map(String::as_str),
            Content::CsvFile | Content::CsvBytes(_) => None,
        }
    }

    /// Whether a column has a type that can be read: always in CSV; in Parquet numbers of 32 or 64 bits,
    /// text, times and flags.
    pub fn is_readable(&self, column: usize) -> bool {
        match &self.content {
            Content::Parquet { types, .. } => types
                .get(column)
                .is_some_and(|kind| READABLE.iter().any(|readable| kind.starts_with(readable))),
            Content::CsvFile | Content::CsvBytes(_) => column < self.names.len(),
        }
    }

    /// Position of the first of `names` that the file has, ignoring case and surrounding blanks.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|wanted| {
            let wanted = wanted.trim();
            // Exact names first: a file may have `Fare` and `fare`.
            let position = |fits: &dyn Fn(&str) -> bool| self.names.iter().position(|name| fits(name.trim()));
            position(&|name| name == wanted)
                .or_else(|| position(&|name| name.eq_ignore_ascii_case(wanted)))
                // Tables of version 1.
                .or_else(|| position(&|name| names::renamed(name) == Some(wanted)))
        })
    }

    /// Position of a required column.
    ///
    /// # Errors
    /// If the column is missing; the message lists the columns present.
    pub fn require(&self, names: &[&str]) -> Result<usize> {
        self.find(names).ok_or_else(|| {
            let first = names.first().copied().unwrap_or_default();
            self.lacks(first).into()
        })
    }

    /// The error for a missing column.
    pub fn lacks(&self, name: &str) -> InputError {
        let error = InputError::listing("only the columns", &self.names, format!("a column `{name}`"));
        error.file(&self.path).key(name)
    }

    /// Loads the columns at these positions; other columns are not decoded.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged. Single bad cells are not an error here.
    pub fn read(&self, columns: &[usize]) -> Result<Table> {
        let mut wanted = columns.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        wanted.retain(|&c| c < self.names.len());
        match &self.content {
            Content::CsvFile => {
                let file = input::Lines::new(input::open(&self.path)?, input::MOST_LINE_BYTES);
                self.read_csv(BufReader::with_capacity(1 << 20, file), &wanted, Lines::File(Vec::new()))
            }
            Content::CsvBytes(bytes) => {
                self.read_csv(&bytes[..], &wanted, Lines::Bytes(Vec::new(), Arc::clone(bytes)))
            }
            Content::Parquet { rows, .. } => {
                let columns =
                    if wanted.is_empty() { Vec::new() } else { self.frame(&wanted)?.into_columns() };
                Ok(Table {
                    path: self.path.clone(),
                    names: self.names.clone(),
                    rows: *rows,
                    columns: wanted.into_iter().zip(columns.into_iter().map(Cells::Parquet)).collect(),
                    lines: Lines::Rows,
                    ragged: Vec::new(),
                    width: self.names.len(),
                })
            }
        }
    }

    fn read_csv(&self, source: impl Read, wanted: &[usize], mut lines: Lines) -> Result<Table> {
        let mut reader = csv_reader(source);
        let mut columns = vec![TextColumn::default(); wanted.len()];
        let mut rows = 0;
        let mut ragged = Vec::new();
        let mut record = csv::ByteRecord::new();
        let width = self.names.len();
        let mut first = true;
        loop {
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(self.csv_error(error)),
            }
            if std::mem::take(&mut first) {
                continue; // the header
            }
            let blank = record.iter().all(|cell| cell.trim_ascii().is_empty());
            if blank && record.len() <= 1 {
                continue; // a blank line
            }
            // Some published files end their rows with commas that the header lacks.
            let extra = record.iter().skip(width).any(|cell| !cell.trim_ascii().is_empty());
            if record.len() < width || extra {
                ragged.push((rows, record.len()));
            }
            rows += 1;
            lines.push(record.position().map_or(0, csv::Position::byte));
            for (column, &position) in columns.iter_mut().zip(wanted) {
                column.push(record.get(position).unwrap_or_default().trim_ascii());
            }
        }
        let columns = wanted.iter().copied().zip(columns.into_iter().map(Cells::Text)).collect();
        Ok(Table { path: self.path.clone(), names: self.names.clone(), rows, columns, lines, ragged, width })
    }

    fn csv_error(&self, error: csv::Error) -> Error {
        let line = error.position().map(csv::Position::line);
        match error.into_kind() {
            csv::ErrorKind::Io(source) => Error::reading(&self.path, source),
            other => {
                let mut input = InputError::new(format!("{other:?}"), "a CSV table").file(&self.path);
                input.line = line;
                input.into()
            }
        }
    }

    /// Decodes the columns of a Parquet file at these positions, ascending: at least one.
    ///
    /// # Errors
    /// If the file is damaged, is not a Parquet file, or has types at these positions that cannot be read.
    pub(super) fn frame(&self, wanted: &[usize]) -> Result<DataFrame> {
        let Content::Parquet { bytes, rows, types, .. } = &self.content else {
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
        guard::decode(&self.path, "a Parquet file", || {
            let mut reader = ParquetReader::new(Cursor::new(&bytes[..]));
            let metadata = reader.get_metadata().map_err(|e| e.to_string())?;
            pages::check(bytes, metadata, &of_wanted)
        })?;
        let frame: DataFrame = guard::decode(&self.path, "a Parquet file", || {
            ParquetReader::new(Cursor::new(&bytes[..]))
                .with_projection(Some(wanted.to_vec()))
                .read_parallel(ParallelStrategy::Auto)
                .set_rechunk(false)
                .finish()
        })?;
        if frame.height() != *rows || frame.width() != wanted.len() {
            return Err(InputError::new(
                format!("{} rows where the file's summary says {rows}", frame.height()),
                "a Parquet file",
            )
            .file(&self.path)
            .help("it is damaged: fetch or write it again")
            .into());
        }
        // A dictionary can repeat one long text in each row: it takes no memory until it is copied.
        for text in frame.columns().iter().filter_map(|column| column.str().ok()) {
            let length: usize = text.iter().flatten().map(str::len).sum();
            if length > pages::most_unpacked(bytes) {
                let found = format!("{length} bytes of text in a file of {}", bytes.len());
                return Err(InputError::new(found, "names")
                    .file(&self.path)
                    .key(text.name().as_str())
                    .into());
            }
        }
        Ok(frame)
    }
}

fn is_named_parquet(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet") || e.eq_ignore_ascii_case("pq"))
}

fn empty(path: &Path) -> InputError {
    InputError::new("an empty file", "a table with a header line and rows").file(path)
}

fn csv_reader<R: Read>(source: R) -> csv::Reader<R> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(1 << 18).from_reader(source)
}

/// The header of a CSV file whose first bytes are `head`.
fn csv_names(path: &Path, head: &[u8], source: &[u8]) -> Result<Vec<String>> {
    if head.is_empty() {
        return Err(empty(path).into());
    }
    let other = match head {
        [0x1f, 0x8b, ..] => Some("a file packed with gzip"),
        [b'P', b'K', 3, 4, ..] => Some("a zip archive or spreadsheet"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("text in UTF-16"),
        _ if head.contains(&0) => Some("a binary file"),
        _ if head.starts_with(b"<") => Some("a web page or XML"),
        _ => None,
    };
    if let Some(found) = other {
        return Err(InputError::new(found, "a CSV file (UTF-8 text) or a Parquet file")
            .file(path)
            .help("unpack or convert it first")
            .into());
    }
    let mut reader = csv_reader(source);
    let mut record = csv::ByteRecord::new();
    let read = reader.read_byte_record(&mut record);
    let line = record.position().map_or(1, csv::Position::line);
    if !matches!(read, Ok(true)) {
        return Err(empty(path).into());
    }
    let names: Vec<String> = record
        .iter()
        .enumerate()
        .map(|(i, name)| {
            // The csv crate removes the byte-order mark only from the very first bytes it parses.
            let name = if i == 0 { name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name) } else { name };
            String::from_utf8_lossy(name).trim().to_string()
        })
        .collect();
    if let [only] = &names[..] {
        for (delimiter, name) in [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")] {
            if only.contains(delimiter) {
                return Err(InputError::new(format!("columns parted by {name}"), "columns parted by commas")
                    .file(path)
                    .line(line)
                    .help("write the file again with commas (and decimal points)")
                    .into());
            }
        }
    }
    unique(path, Some(line), &names)?;
    Ok(names)
}

/// Rejects a file with a duplicate column name; `line` is that of the header, if the format has lines.
fn unique(path: &Path, line: Option<u64>, names: &[String]) -> Result<()> {
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).filter(|n| !n.is_empty()).collect();
    sorted.sort_unstable();
    let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) else { return Ok(()) };
    let mut error = InputError::new("two columns of this name", "each name once").file(path).key(pair[0]);
    error.line = line;
    Err(error.into())
}

#[cfg(test)]
mod tests {
    use super::super::times::RawTime;
    use super::*;
    use polars_core::prelude::{DataType, Series, TimeUnit};

    fn csv(text: &str) -> Result<TableFile> {
        TableFile::from_bytes("t.csv", text.as_bytes().to_vec())
    }

    #[test]
    fn a_csv_is_read_by_column() {
        let file =
            csv("\u{feff}A, b ,c\n1,x,2018-01-01T00:00:00Z\n\nnan,\"y\nz\",\nfoo,x,0\n1e999,x,,,\n1\n")
                .unwrap();
        assert_eq!(file.names(), ["A", "b", "c"]);
        assert_eq!(file.find(&["zz", "B"]), Some(1));
        let table = file.read(&[0, 1, 2]).unwrap();
        assert_eq!(table.rows(), 5);
        let a = table.numbers(0).unwrap();
        assert_eq!(a.bad, [2, 3]);
        assert_eq!((a.get(0), a.get(4)), (1.0, 1.0));
        assert!(a.get(1).is_nan());
        let b = table.names(1).unwrap();
        assert_eq!(
            (&b.codes[..], &b.names[..]),
            (&[0, 1, 0, 0, u32::MAX][..], &["x".into(), "y\nz".into()][..])
        );
        assert_eq!(
            table.times(2).unwrap(),
            [
                RawTime::Utc(1_514_764_800),
                RawTime::Missing,
                RawTime::Utc(0),
                RawTime::Missing,
                RawTime::Missing
            ]
        );
        // A cell with a line break makes its row two lines long, and an empty line counts.
        assert_eq!([0, 1, 2, 3, 4].map(|row| table.line(row)), [2, 4, 6, 7, 8]);
        let dos =
            TableFile::from_bytes("t.csv", b"a\r\n1\r\n\r\n2\r\n".to_vec()).unwrap().read(&[0]).unwrap();
        assert_eq!([0, 1].map(|row| dos.line(row)), [2, 4]);
        assert_eq!(table.ragged(), [(4, 1)]);
        insta::assert_snapshot!(table.error(0, 2, "a number"), @"t.csv:6: A: found `foo`, expected a number");
    }

    #[test]
    fn what_is_no_table_is_told_so() {
        let message =
            |name: &str, bytes: &[u8]| TableFile::from_bytes(name, bytes.to_vec()).unwrap_err().to_string();
        insta::assert_snapshot!(message("a.csv", b""), @"a.csv: found an empty file, expected a table with a header line and rows");
        insta::assert_snapshot!(message("a.csv", b"a;b\n1;2\n"), @"a.csv:1: found columns parted by semicolons, expected columns parted by commas; write the file again with commas (and decimal points)");
        insta::assert_snapshot!(message("a.csv", b"a,b,a\n1,2,3\n"), @"a.csv:1: a: found two columns of this name, expected each name once");
        insta::assert_snapshot!(message("a.csv.gz", b"\x1f\x8b\x08"), @"a.csv.gz: found a file packed with gzip, expected a CSV file (UTF-8 text) or a Parquet file; unpack or convert it first");
        insta::assert_snapshot!(message("a.csv", b"\xff\xfea\0,\0"), @"a.csv: found text in UTF-16, expected a CSV file (UTF-8 text) or a Parquet file; unpack or convert it first");
        insta::assert_snapshot!(message("a.parquet", b"a,b\n1,2\n1,2,3"), @"a.parquet: found a file that does not begin as Parquet does (PAR1), expected a Parquet file; if it is CSV, give it a name that ends in .csv");
        insta::assert_snapshot!(message("a.parquet", b"PAR1 and so on"), @"a.parquet: found a file that does not end as Parquet does (PAR1), expected a Parquet file; it is truncated: fetch or write it again");
        insta::assert_snapshot!(message("a.parquet", b"PAR1\x00\x00\x00\x00\x04\x00\x00\x00PAR1"), @"a.parquet: found a file that cannot be decoded (parquet: File out of specification: FileMetaData.version missing), expected a Parquet file; it may be truncated or damaged: fetch or write it again");
        insta::assert_snapshot!(TableFile::open("no/such.csv").unwrap_err(), @"no such file: no/such.csv; check the path; relative paths start at the folder of the file that names them");
        let file = csv("a,b\n").unwrap();
        insta::assert_snapshot!(file.require(&["request_time"]).unwrap_err(), @"t.csv: request_time: found only the columns a, b, expected a column `request_time`");
    }

    #[test]
    fn parquet_types_mean_what_they_say() {
        use polars_core::prelude::{Int64Chunked, IntoColumn, IntoSeries, NamedFrom, TimeZone};
        let s = 1_520_289_000; // 2018-03-05T22:30:00Z
        let times = |name: &str, unit, zone, per_second: i64| {
            let values = Int64Chunked::from_vec(name.into(), vec![s * per_second + per_second - 1, -1]);
            values.into_datetime(unit, zone).into_series().into_column()
        };
        let date = Series::new("date".into(), [17_595_i32]).cast(&DataType::Date).unwrap();
        let columns = vec![
            times("ms utc", TimeUnit::Milliseconds, Some(TimeZone::UTC), 1_000),
            times("us", TimeUnit::Microseconds, None, 1_000_000),
            times("ns", TimeUnit::Nanoseconds, None, 1_000_000_000),
            Series::new("epoch".into(), [s, -1]).into_column(),
            Series::new("text".into(), ["2018-03-05 22:30", "x"]).into_column(),
            date.new_from_index(0, 2).into_column(),
            Series::new("flag".into(), [true, false]).into_column(),
            Series::new("number".into(), [Some(2.0), Some(f64::INFINITY)]).into_column(),
            Series::new("none".into(), [None::<f64>, Some(2.5)]).into_column(),
        ];
        let mut bytes = Vec::new();
        let mut frame = DataFrame::new(2, columns).unwrap();
        polars_io::parquet::write::ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
        let file = TableFile::from_bytes("x.parquet", bytes).unwrap();
        let table = file.read(&[0, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_eq!(table.times(0).unwrap(), [RawTime::Utc(s), RawTime::Utc(-1)]);
        assert_eq!(table.times(1).unwrap(), [RawTime::Wall(s), RawTime::Wall(-1)]);
        assert_eq!(table.times(2).unwrap(), [RawTime::Wall(s), RawTime::Wall(-1)]);
        assert_eq!(table.times(3).unwrap(), [RawTime::Utc(s), RawTime::Utc(-1)]);
        assert_eq!(table.times(4).unwrap(), [RawTime::Wall(s), RawTime::Bad]);
        assert_eq!(table.times(5).unwrap()[0], RawTime::Wall(17_595 * 86_400));
        assert_eq!(table.names(6).unwrap().names, ["true", "false"]);
        assert_eq!((table.numbers(7).unwrap().bad, table.numbers(7).unwrap().get(0)), (vec![1], 2.0));
        assert_eq!(table.names(8).unwrap(), Names { codes: vec![u32::MAX, 0], names: vec!["2.5".into()] });
        // Values that cannot be read as the requested type are reported, and every cell can be printed.
        insta::assert_snapshot!(table.times(6).unwrap_err(), @"x.parquet: flag: found a column of type bool, expected times");
        insta::assert_snapshot!(table.numbers(0).unwrap_err(), @"x.parquet: ms utc: found a column of type datetime[ms, UTC], expected numbers");
        let cells: Vec<String> = (0..9).map(|column| table.cell(column, 0)).collect();
        insta::assert_snapshot!(cells.join(" | "), @"2018-03-05T22:30:00Z | 2018-03-05T22:30:00 | 2018-03-05T22:30:00 | 1520289000 | 2018-03-05 22:30 | 2018-03-05 | true | 2.0 |");
    }
}

//! Layout of a table of text, found from its first lines: the delimiter, the lines above the header, the header or its
//! absence, and marks of record types.

use super::cells::{Decimal, bare, decode, evidence, is_number, number};
use super::times::{DateOrder, RawTime};
use gridfleet_core::error::{InputError, Result};
use std::path::Path;

/// Everything that a user may state about a table. The default is to find it from the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Names of the columns of a file without a header, or instead of its header.
    pub columns: Vec<String>,
    /// Order of day and month.
    pub date_order: Option<DateOrder>,
    /// Decimal sign of all columns.
    pub decimal: Option<Decimal>,
    /// Mark in the first cell of the rows to read, in files of several record types.
    pub rows: Option<String>,
    /// Columns and the values that rows to read have there.
    pub conditions: Vec<(String, String)>,
}

/// Delimiters. If several fit equally well, the first is used: commas may be decimal signs.
pub(crate) const DELIMITERS: [u8; 4] = [b';', b'\t', b'|', b','];

/// Number of lines examined.
const SAMPLE: usize = 100;

/// Number of lines among which the header is looked for.
const MOST_PREAMBLE: usize = 40;

/// Letters that mark comment, header, information, data and trailer lines of system operators.
const MARKS: [&[u8]; 5] = [b"C", b"H", b"I", b"D", b"T"];

/// Layout of a table of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialect {
    /// Delimiter of the cells.
    pub delimiter: u8,
    /// Names of the columns; numbered where there is no header.
    pub names: Vec<String>,
    /// Position of the first row [bytes].
    pub start: u64,
    /// Line of the header, from 1; of the first row if there is no header.
    pub line: u64,
    /// Whether the first line is a row and the user named no columns.
    pub headerless: bool,
    /// Minimum number of cells of a row.
    pub width: usize,
    /// First cells that each row has.
    pub mark: Vec<Vec<u8>>,
    /// First cells of the header, to recognise its repetitions.
    pub header: Vec<Vec<u8>>,
    /// Whether lines that begin with `#` are comments.
    pub comments: bool,
    /// Decimal sign of the unambiguous numbers in the sample, if they agree.
    pub decimal: Option<Decimal>,
    /// Findings and assumptions.
    pub notes: Vec<String>,
}

/// A line of the sample.
struct Line<'a> {
    start: usize,
    number: u64,
    text: &'a [u8],
}

impl Line<'_> {
    fn cells(&self, delimiter: u8) -> Vec<&[u8]> {
        split(self.text, delimiter)
    }

    fn is_comment(&self) -> bool {
        self.text.starts_with(b"#") || self.text.starts_with(b"//")
    }
}

/// Cells of a line without quotation marks and surrounding blanks; a delimiter between quotation marks belongs to its
/// cell.
pub(crate) fn split(line: &[u8], delimiter: u8) -> Vec<&[u8]> {
    let mut quoted = false;
    line.split(|&b| {
        quoted ^= b == b'"';
        b == delimiter && !quoted
    })
    .map(|cell| {
        let cell = cell.trim_ascii();
        cell.strip_prefix(b"\"").and_then(|inner| inner.strip_suffix(b"\"")).unwrap_or(cell).trim_ascii()
    })
    .collect()
}

/// The delimiter by which most lines have one number of cells.
pub(crate) fn delimiter(lines: &[&[u8]]) -> u8 {
    let mut best = (0, 0, b',');
    for delimiter in DELIMITERS {
        let counts: Vec<usize> = lines.iter().map(|line| split(line, delimiter).len()).collect();
        let (cells, lines) = commonest(&counts);
        if cells > 1 && (lines, cells) > (best.0, best.1) {
            best = (lines, cells, delimiter);
        }
    }
    best.2
}

/// The most frequent number above one, and how often it occurs; the larger of two that are as frequent.
fn commonest(counts: &[usize]) -> (usize, usize) {
    let mut tally = std::collections::BTreeMap::new();
    for &count in counts.iter().filter(|count| **count > 1) {
        *tally.entry(count).or_insert(0) += 1;
    }
    tally.into_iter().max_by_key(|&(count, lines)| (lines, count)).unwrap_or((1, counts.len()))
}

/// Whether these are the cells of a row and not of a header: there is a time or a fraction among them, or numbers alone.
fn is_row(cells: &[&[u8]]) -> bool {
    let filled: Vec<_> = cells.iter().map(|cell| decode(cell)).filter(|cell| !cell.is_empty()).collect();
    let is_time = |cell: &str| {
        cell.contains(['-', '/', ':', '.'])
            && !is_number(cell)
            && matches!(
                RawTime::parse_interval(cell, DateOrder::DayFirst).0,
                RawTime::Utc(_) | RawTime::Wall(_)
            )
    };
    let is_fraction = |cell: &str| is_number(cell) && cell.contains(['.', ',']);
    filled.iter().any(|cell| is_time(cell) || is_fraction(cell))
        || (!filled.is_empty() && filled.iter().all(|cell| is_number(cell)))
}

impl Dialect {
    /// The layout of a file that begins with `head`; `whole` if that is all of it. `delimiter` is known for tables that
    /// were written as CSV here.
    ///
    /// # Errors
    /// If there is no table, or the header does not fit the rows.
    pub fn find(
        path: &Path,
        head: &[u8],
        whole: bool,
        reading: &Reading,
        delimiter_known: Option<u8>,
    ) -> Result<Self> {
        let lines = lines(head, whole);
        let Some(sample) = Sample::of(&lines, reading, delimiter_known) else {
            let problem = InputError::new("an empty file", "a table with a header line and rows");
            return Err(problem.file(path).into());
        };
        let (delimiter, mark) = (sample.delimiter, sample.mark.as_deref());
        let at = sample.header_at();
        let header = sample.header(at, reading);
        let names = header.named(path, reading)?;
        let mut notes = Vec::new();
        if at > 0 && mark.is_none() {
            notes.push(format!("{at} line{} above the header", if at == 1 { "" } else { "s" }));
        }
        if sample.has_comments() {
            notes.push("lines that begin with # are comments".to_owned());
        }
        let below: Vec<Vec<&[u8]>> =
            sample.rows.iter().skip(header.first_row).map(|line| line.cells(delimiter)).collect();
        let below: Vec<Vec<&[u8]>> = below.into_iter().filter(|cells| marked(cells, mark)).collect();
        let width = width(path, header.line, &names, &below, &mut notes)?;
        notes.push(format!("cells parted by {}", name_of(delimiter)));
        if head.iter().any(|b| !b.is_ascii()) && std::str::from_utf8(whole_characters(head, whole)).is_err() {
            notes.push("encoded in Latin-1 (Windows-1252)".to_owned());
        }
        if header.headerless {
            notes.push("no header line".to_owned());
        }
        let prefix = if header.is_row { Vec::new() } else { sample.cells(at).unwrap_or_default() };
        Ok(Self {
            delimiter,
            names,
            start: sample.rows.get(header.first_row).map_or(head.len(), |line| line.start) as u64,
            line: header.line,
            headerless: header.headerless,
            width,
            decimal: reading.decimal.or_else(|| habit(&below)),
            header: prefix.into_iter().map(<[u8]>::to_vec).collect(),
            comments: sample.has_comments(),
            mark: sample.mark.unwrap_or_default(),
            notes,
        })
    }
}

/// The first lines that are not blank.
struct Sample<'a> {
    /// All of them, comments as well.
    text: Vec<&'a Line<'a>>,
    /// The others; there is one.
    rows: Vec<&'a Line<'a>>,
    delimiter: u8,
    /// The most frequent number of cells.
    common: usize,
    /// First cells of the rows in a file of several record types.
    mark: Option<Vec<Vec<u8>>>,
}

/// The line of the header.
struct Header {
    /// Names of the columns; empty where a name is missing.
    names: Vec<String>,
    /// Line of the names, from 1.
    line: u64,
    /// Position of the first row in the sample.
    first_row: usize,
    /// Whether the line is a row.
    is_row: bool,
    /// Whether it is a row and the user named no columns.
    headerless: bool,
}

/// Number of cells that are not empty.
fn filled(cells: &[&[u8]]) -> usize {
    cells.iter().filter(|cell| !cell.is_empty()).count()
}

/// The cells as names.
fn texts(cells: &[&[u8]]) -> Vec<String> {
    cells.iter().map(|cell| decode(cell).trim().to_owned()).collect()
}

impl<'a> Sample<'a> {
    /// `None` without rows.
    fn of(lines: &'a [Line<'a>], reading: &Reading, delimiter_known: Option<u8>) -> Option<Self> {
        let text: Vec<&Line<'_>> = lines.iter().filter(|line| !line.text.trim_ascii().is_empty()).collect();
        let rows: Vec<&Line<'_>> =
            text.iter().copied().filter(|line| !line.is_comment()).take(SAMPLE).collect();
        if rows.is_empty() {
            return None;
        }
        let samples: Vec<&[u8]> = rows.iter().map(|line| line.text).collect();
        let delimiter = delimiter_known.unwrap_or_else(|| delimiter(&samples));
        let counts: Vec<usize> = rows.iter().map(|line| line.cells(delimiter).len()).collect();
        let (common, _) = commonest(&counts);
        let mark = mark(&rows, delimiter, reading);
        Some(Self { text, rows, delimiter, common, mark })
    }

    fn has_comments(&self) -> bool {
        self.text.iter().any(|line| line.is_comment())
    }

    /// Cells of a row of the sample.
    fn cells(&self, at: usize) -> Option<Vec<&'a [u8]>> {
        self.rows.get(at).map(|line| line.cells(self.delimiter))
    }

    /// Position of the header, or of the first row if there is none.
    fn header_at(&self) -> usize {
        if let Some(mark) = &self.mark {
            return header_of_records(&self.rows, self.delimiter, mark).unwrap_or(0);
        }
        let common = self.common;
        let first = self.rows.iter().take(MOST_PREAMBLE).position(|line| {
            let cells = line.cells(self.delimiter);
            cells.len() == common || (filled(&cells) >= 2 && cells.len() * 2 > common) || common == 1
        });
        let mut at = first.unwrap_or(0);
        let mut cells = self.cells(at).unwrap_or_default();
        // Titles that are padded with delimiters.
        while common > 1 && filled(&cells) < 2 && at + 1 < self.rows.len().min(MOST_PREAMBLE) {
            at += 1;
            cells = self.cells(at).unwrap_or_default();
        }
        // A line that names groups of columns, above the line that names them all.
        while filled(&cells) * 2 < common
            && let Some(next) = self.cells(at + 1)
            && filled(&next) > filled(&cells)
            && !is_row(&next)
        {
            at += 1;
            cells = next;
        }
        at
    }

    /// The header at this position.
    fn header(&self, at: usize, reading: &Reading) -> Header {
        let cells = self.cells(at).unwrap_or_default();
        let line = self.rows.get(at).map_or(0, |line| line.number);
        let is_row = self.mark.is_none() && is_row(&cells);
        let mut header = Header { names: texts(&cells), line, first_row: at + 1, is_row, headerless: false };
        if is_row {
            header.first_row = at;
            if let Some((number, names)) = self.commented_header(line, cells.len()) {
                (header.line, header.names) = (number, names);
            } else {
                header.headerless = reading.columns.is_empty();
                header.names = (1..=cells.len()).map(|number| format!("column {number}")).collect();
            }
        } else if let Some(below) = self.cells(at + 1)
            && self.mark.is_none()
            && is_unit_line(&below, self.cells(at + 2))
        {
            for (name, unit) in header.names.iter_mut().zip(&below).filter(|(_, unit)| !unit.is_empty()) {
                *name = format!("{name} {}", decode(unit));
            }
            header.first_row = at + 2;
        }
        header
    }

    /// Line and names of a header that is commented out above `line`.
    fn commented_header(&self, line: u64, width: usize) -> Option<(u64, Vec<String>)> {
        let comment = self.text.iter().rfind(|above| above.is_comment() && above.number < line)?;
        let names = comment.text.trim_ascii_start().get(1..).unwrap_or_default();
        let cells = split(names, self.delimiter);
        (cells.len() == width && width > 1 && !is_row(&cells)).then(|| (comment.number, texts(&cells)))
    }
}

impl Header {
    /// The names of the columns: those that the user states, and numbers where one is missing.
    fn named(&self, path: &Path, reading: &Reading) -> Result<Vec<String>> {
        let (stated, count) = (&reading.columns, self.names.len());
        if !stated.is_empty() && stated.len() < count {
            let expected = format!("{count} names, one for each cell of a row");
            let problem = InputError::new(format!("{} names", stated.len()), expected);
            return Err(problem.file(path).line(self.line).key("--columns").into());
        }
        let mut names = if stated.is_empty() { self.names.clone() } else { stated.clone() };
        for (at, name) in names.iter_mut().enumerate().filter(|(_, name)| name.is_empty()) {
            *name = format!("column {}", at + 1);
        }
        Ok(names)
    }
}

/// Words for a delimiter.
pub(crate) fn name_of(delimiter: u8) -> &'static str {
    match delimiter {
        b';' => "semicolons",
        b'\t' => "tabs",
        b'|' => "bars",
        _ => "commas",
    }
}

/// The bytes without a character that is cut off at their end.
fn whole_characters(head: &[u8], whole: bool) -> &[u8] {
    let end = if whole { head.len() } else { head.len() - head.len().min(3) };
    let cut = head.iter().take(end).rposition(|b| b.is_ascii()).map_or(end, |last| last + 1);
    if whole { head } else { head.get(..cut).unwrap_or(head) }
}

fn lines(head: &[u8], whole: bool) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut start = 0;
    let bom = if head.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    for (number, text) in (1..).zip(head.split_inclusive(|b| *b == b'\n')) {
        // The last line may be cut off.
        if whole || text.ends_with(b"\n") || lines.is_empty() {
            let skip = if number == 1 { bom } else { 0 };
            let content = text.get(skip..).unwrap_or_default();
            lines.push(Line { start: start + skip, number, text: content.trim_ascii_end() });
        }
        start += text.len();
        if lines.len() > SAMPLE * 3 {
            break;
        }
    }
    lines
}

/// First cells of the rows in a file of several record types.
fn mark(rows: &[&Line<'_>], delimiter: u8, reading: &Reading) -> Option<Vec<Vec<u8>>> {
    if let Some(mark) = &reading.rows {
        return Some(mark.split(',').map(|cell| cell.trim().as_bytes().to_vec()).collect());
    }
    let firsts: Vec<&[u8]> = rows.iter().filter_map(|line| line.cells(delimiter).first().copied()).collect();
    let marked = firsts.iter().filter(|first| MARKS.contains(first)).count();
    let has = |mark: &[u8]| firsts.contains(&mark);
    if marked < firsts.len() || !has(b"D") || !(has(b"H") || has(b"I")) {
        return None;
    }
    let header = rows
        .iter()
        .map(|line| line.cells(delimiter))
        .find(|cells| matches!(cells.first(), Some(&(b"H" | b"I"))));
    let mut mark = vec![b"D".to_vec()];
    // AEMO names the table of a row in its second and third cell.
    if let Some([b"I", report, table, ..]) = header.as_deref() {
        mark.extend([report.to_vec(), table.to_vec()]);
    }
    Some(mark)
}

/// Whether a row begins with these cells.
pub(crate) fn marked<C: AsRef<[u8]>>(cells: &[C], mark: Option<&[Vec<u8>]>) -> bool {
    mark.is_none_or(|mark| {
        mark.iter()
            .enumerate()
            .all(|(at, wanted)| cells.get(at).is_some_and(|cell| cell.as_ref().trim_ascii() == wanted))
    })
}

/// The header of a file of several record types: the first line of a header above the rows, otherwise the line before
/// the first row.
fn header_of_records(rows: &[&Line<'_>], delimiter: u8, mark: &[Vec<u8>]) -> Option<usize> {
    let first = rows.iter().position(|line| marked(&line.cells(delimiter), Some(mark)))?;
    let is_header = |line: &&Line<'_>| matches!(line.cells(delimiter).first(), Some(&(b"H" | b"I")));
    rows.iter().take(first).position(is_header).or(first.checked_sub(1))
}

/// Whether the line below a header holds units: the first cell is empty, no cell is a value, and the line below has
/// some.
fn is_unit_line(cells: &[&[u8]], next: Option<Vec<&[u8]>>) -> bool {
    let unit = |cell: &&&[u8]| cell.iter().any(|b| b"([/".contains(b));
    cells.len() > 1
        && cells.first().is_some_and(|cell| cell.is_empty())
        && cells.iter().any(|cell| unit(&cell))
        && !is_row(cells)
        && next.is_some_and(|next| is_row(&next))
}

/// Minimum number of cells of a row.
fn width(
    path: &Path,
    line: u64,
    names: &[String],
    rows: &[Vec<&[u8]>],
    notes: &mut Vec<String>,
) -> Result<usize> {
    let counts: Vec<usize> = rows
        .iter()
        .map(|cells| {
            let filled = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
            filled.max(cells.len().min(names.len()))
        })
        .collect();
    let (common, times) = commonest(&counts);
    if common > names.len() && times * 2 > counts.len() {
        let found = format!("{} names over rows of {common} cells", names.len());
        return Err(InputError::new(found, "a name for each cell")
            .file(path)
            .line(line)
            .help("name the columns with --columns, in the order of the cells")
            .into());
    }
    if common < names.len() && times >= 2 && times * 2 > counts.len() && common > 1 {
        let without = names.get(common..).unwrap_or_default().join(", ");
        notes.push(format!("{} names over rows of {common} cells: no values for {without}", names.len()));
        return Ok(common);
    }
    Ok(names.len())
}

/// The decimal sign of the unambiguous numbers of these rows, if they agree.
fn habit(rows: &[Vec<&[u8]>]) -> Option<Decimal> {
    let mut found = None;
    for cell in rows.iter().flatten() {
        let text = decode(cell);
        let (plain, unit) = bare(&text);
        if !unit.is_empty() || !plain.contains(['.', ',']) {
            continue;
        }
        let Some(sign) = evidence(&plain).filter(|sign| number(&plain, *sign).is_some()) else { continue };
        match found {
            Some(before) if before != sign => return None,
            _ => found = Some(sign),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &str) -> Dialect {
        Dialect::find(Path::new("t.csv"), text.as_bytes(), true, &Reading::default(), None).unwrap()
    }

    fn first_row(text: &str) -> &str {
        text[find(text).start as usize..].lines().next().unwrap_or_default()
    }

    #[test]
    fn delimiters_are_told_from_decimal_commas() {
        for (text, delimiter, names) in [
            ("t;a;b\n2016-03-01;48,70;9,10\n", b';', vec!["t", "a", "b"]),
            ("a\tb\n1,5\t2,5\n", b'\t', vec!["a", "b"]),
            ("a|b\n1|2\n", b'|', vec!["a", "b"]),
            ("id,access,kw\na,yellow;green,5\nb,public;x,3\n", b',', vec!["id", "access", "kw"]),
            (
                "Date;Start;Price [€/MWh]\nOct 26, 2024;12:00 AM;10.00\n",
                b';',
                vec!["Date", "Start", "Price [€/MWh]"],
            ),
            ("price\n1\n2\n", b',', vec!["price"]),
        ] {
            let found = find(text);
            assert_eq!(
                (found.delimiter, found.names),
                (delimiter, names.into_iter().map(String::from).collect()),
                "{text}"
            );
        }
    }

    #[test]
    fn headers_are_found_below_titles_and_above_units() {
        let titled = "Report of May\n\nunits in kW;;\nid;lat;lon\na;48,5;9,5\nb;48,5;9,5\n";
        assert_eq!(
            (find(titled).names, find(titled).line),
            (vec!["id".into(), "lat".into(), "lon".into()], 4)
        );
        assert_eq!(first_row(titled), "a;48,5;9,5");
        let units = "Date (GMT+1),Auction\n,\"Price (EUR/MWh, EUR/t)\"\n2024-10-26T00:00+02:00,10\n";
        assert_eq!(find(units).names[1], "Auction Price (EUR/MWh, EUR/t)");
        assert_eq!(first_row(units), "2024-10-26T00:00+02:00,10");
        let grouped = "Site;;;;Plug 1;\nid;lat;lon;n;kW;type\na;48,5;9,5;2;22;AC\n";
        assert_eq!((find(grouped).names[4].as_str(), find(grouped).line), ("kW", 2));
        let comments = "# made by hand\n# time,price\n2024-01-01,5\n2024-01-02,6\n";
        assert_eq!(
            (find(comments).names, find(comments).comments),
            (vec!["time".into(), "price".into()], true)
        );
        let wide = "date,0,1,2\n2021-01-01,0.2,0.3,0.4\n";
        assert_eq!((find(wide).names[3].as_str(), find(wide).headerless), ("2", false));
        let index = ",0,country_code\n2022-06-01 00:00:00+02:00,220.0,DK_1\n";
        assert_eq!(find(index).names, ["column 1", "0", "country_code"]);
    }

    #[test]
    fn a_file_without_a_header_has_numbered_columns() {
        let text = "A,B,2013-01-01 00:00:00,120,0.44\n";
        let found = find(text);
        assert!(found.headerless);
        assert_eq!((found.names[4].as_str(), found.start), ("column 5", 0));
        let reading =
            Reading { columns: ["a", "b", "t", "s", "km"].map(String::from).to_vec(), ..Reading::default() };
        let named = Dialect::find(Path::new("t.csv"), text.as_bytes(), true, &reading, None).unwrap();
        assert_eq!((named.headerless, named.names[4].as_str(), named.start), (false, "km", 0));
    }

    #[test]
    fn record_types_are_rows_of_their_own() {
        let text = "\"C\",\"Report\"\n\"H\",\"Date\",\"Price\"\n\"H\",\"Date\",\"Number\"\n\"D\",\"06/04/2026\",5.0\n\"T\",\"1 line\"\n";
        let found = find(text);
        assert_eq!(
            (found.names, found.mark),
            (vec!["H".into(), "Date".into(), "Price".into()], vec![b"D".to_vec()])
        );
        let aemo = "C,X\nI,DISPATCH,PRICE,1,RRP\nD,DISPATCH,PRICE,1,5\nC,END\n";
        assert_eq!(find(aemo).mark, [b"D".to_vec(), b"DISPATCH".to_vec(), b"PRICE".to_vec()]);
    }

    #[test]
    fn headers_that_do_not_fit_the_rows() {
        let found = find("a,b,c,d\n1,2,3\n4,5,6\n");
        assert_eq!(found.width, 3);
        let message = |text: &str| {
            Dialect::find(Path::new("t.csv"), text.as_bytes(), true, &Reading::default(), None)
                .unwrap_err()
                .to_string()
        };
        insta::assert_snapshot!(message("time,price\n1,2,3\n4,5,6\n7,8,9\n"), @"t.csv:1: found 2 names over rows of 3 cells, expected a name for each cell; name the columns with --columns, in the order of the cells");
        insta::assert_snapshot!(message(" \n"), @"t.csv: found an empty file, expected a table with a header line and rows");
        // A single row that is cut off is a bad row.
        assert_eq!(find("a,b\n1\n").width, 2);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[-0-9a;,|\t\n\"#.: ]{0,120}", other in "\\PC{0,40}") {
            for text in [&text, &other] {
                for whole in [true, false] {
                    let _ = Dialect::find(Path::new("x"), text.as_bytes(), whole, &Reading::default(), None);
                }
            }
        }
    }
}

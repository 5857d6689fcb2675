//! Price files as text: the delimiter, the rows, and the line of each row.
//!
//! Publishers write semicolons, commas or tabs, with no-break spaces inside cells, below title lines. Packed and
//! differently encoded files and spreadsheets come as text from `unpack`. A row never spans lines in these
//! files, so each line is split independently and its number is exact.

use crate::cells::decode;
use crate::dialect;
use crate::unpack::{Form, unpack};
use gridfleet_core::error::{Error, InputError, Result, input};
use std::path::{Path, PathBuf};

/// Maximum size of a file [bytes].
const MOST_BYTES: u64 = 1024 << 20;

/// Number of lines examined to detect the delimiter.
const LINES_TO_JUDGE: usize = 50;

/// A text file of rows.
#[derive(Debug)]
pub struct Text {
    /// Path of the file, as given by the user.
    pub file: PathBuf,
    /// Delimiter.
    pub delimiter: char,
    content: String,
}

/// One row of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// Line in the file, from 1.
    pub line: u64,
    /// Cells, without quotation marks and surrounding blanks.
    pub cells: Vec<&'a str>,
}

impl Row<'_> {
    /// The cell at `column`, empty if the row is too short.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).copied().unwrap_or_default()
    }
}

impl Text {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is empty, or is not text.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = input::read(path, MOST_BYTES)?;
        Self::from_bytes(path, &bytes)
    }

    /// Like [`read`](Self::read), from a buffer; `file` is its name in messages.
    ///
    /// # Errors
    /// If it is empty or not text.
    pub fn from_bytes(file: &Path, bytes: &[u8]) -> Result<Self> {
        let wrong = |found: &str, help: &str| -> Error {
            InputError::new(found, "a text file of prices").file(file).help(help).into()
        };
        if bytes.starts_with(b"PAR1") {
            return Err(wrong("a Parquet file", "canonical price tables need no import"));
        }
        if bytes.trim_ascii().is_empty() {
            return Err(wrong("an empty file", "fetch it again"));
        }
        let unpacked = unpack(file, bytes.to_vec())?;
        if unpacked.form == Form::Parquet {
            return Err(wrong("a Parquet file", "canonical price tables need no import"));
        }
        let content = decode(&unpacked.bytes);
        let content = content.replace(['\u{a0}', '\u{202f}', '\u{2009}'], " ");
        if content.trim().is_empty() {
            return Err(wrong("an empty file", "fetch it again"));
        }
        let delimiter = if unpacked.form == Form::Csv { delimiter(&content) } else { ',' };
        Ok(Self { file: file.to_path_buf(), delimiter, content })
    }

    /// The text.
    pub(crate) fn content(&self) -> &str {
        &self.content
    }

    /// Rows that are not blank, from top to bottom.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (1..)
            .zip(self.content.lines())
            .map(|(line, text)| Row { line, cells: split(text, self.delimiter) })
            .filter(|row| row.cells.iter().any(|cell| !cell.is_empty()))
    }

    /// The first of the first twenty rows that `is_header` accepts.
    pub fn header(&self, is_header: impl Fn(&Row<'_>) -> bool) -> Option<Row<'_>> {
        self.rows().take(20).find(is_header)
    }

    /// Rows below `header`, each checked for its number of cells.
    ///
    /// # Errors
    /// Of an item: if the row is cut off or has too many cells.
    pub fn rows_below<'a>(&'a self, header: &Row<'_>) -> impl Iterator<Item = Result<Row<'a>, InputError>> {
        let (line, width) = (header.line, header.cells.len());
        self.rows().skip_while(move |row| row.line <= line).map(move |row| {
            if row.cells.len() >= width && row.cells.iter().skip(width).all(|cell| cell.is_empty()) {
                return Ok(row);
            }
            let found = format!("{} cells", row.cells.len());
            let problem = self.error(row.line, "", found, format!("{width} cells, as in line {line}"));
            Err(problem.help(
                "the row or the file is cut off, or a file separated by commas has a decimal comma \
                              without quotation marks",
            ))
        })
    }

    /// An error at a line; `key` may be empty.
    pub fn error(
        &self,
        line: u64,
        key: &str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> InputError {
        let problem = InputError::new(found, expected).file(&self.file).line(line);
        if key.is_empty() { problem } else { problem.key(key) }
    }

    /// Error for a file that does not have the columns of its format.
    pub fn no_header(&self, expected: &str) -> Error {
        let first = self.rows().next();
        let (line, columns) = first.map_or((1, Vec::new()), |row| (row.line, row.cells.clone()));
        let problem = self.error(line, "", format!("the columns {}", columns.join(", ")), expected);
        let problem = if columns.len() < 2 {
            problem
                .help("columns are parted by semicolons, tabs, bars or commas: this file seems to use none")
        } else {
            problem.help("`gridfleet data describe FILE` shows the detected content of a file")
        };
        problem.into()
    }
}

/// The delimiter by which most of the first lines have one number of cells.
fn delimiter(content: &str) -> char {
    let lines = content.lines().filter(|line| !line.trim().is_empty()).take(LINES_TO_JUDGE);
    char::from(dialect::delimiter(&lines.map(str::as_bytes).collect::<Vec<_>>()))
}

/// Cells of a line; a delimiter between quotation marks belongs to its cell.
fn split(line: &str, delimiter: char) -> Vec<&str> {
    let mut quoted = false;
    line.split(|c: char| {
        quoted ^= c == '"';
        c == delimiter && !quoted
    })
    .map(|cell| cell.trim().trim_matches('"').trim())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Text {
        Text::from_bytes(Path::new("x.csv"), bytes).unwrap()
    }

    #[test]
    fn delimiters_are_told_from_decimal_commas() {
        for (bytes, delimiter, cells) in [
            (&b"a;b\n1,5;2,5\n3,5;4\n"[..], ';', vec!["1,5", "2,5"]),
            (b"title\n,a,b\nx,\"1,5\",2\n", ',', vec!["", "a", "b"]),
            (b"a\tb\n1,5\t2\n1\t2", '\t', vec!["1,5", "2"]),
            (b"\xef\xbb\xbfa;b\n\n 00\xc2\xa0-\xc2\xa001 ;2\n", ';', vec!["00 - 01", "2"]),
            (b"a;Troms\xf8\n00\xa0-\xa001;2\n", ';', vec!["00 - 01", "2"]), // Latin-1
        ] {
            let text = text(bytes);
            assert_eq!(text.delimiter, delimiter);
            assert_eq!(text.rows().nth(1).unwrap().cells, cells);
        }
    }

    #[test]
    fn rows_know_their_line_and_cut_rows_are_told() {
        let text = text(b"title;\n\na;b;c\n1;2;3\n1;2\n1;2;3;;\n");
        let header = text.header(|row| row.cell(0) == "a").unwrap();
        assert_eq!(header.line, 3);
        let rows: Vec<_> = text.rows_below(&header).collect();
        assert_eq!(rows[0].as_ref().unwrap().line, 4);
        assert_eq!(rows[2].as_ref().unwrap().line, 6);
        insta::assert_snapshot!(rows[1].as_ref().unwrap_err(), @"x.csv:5: found 2 cells, expected 3 cells, as in line 3; the row or the file is cut off, or a file separated by commas has a decimal comma without quotation marks");
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let message = |bytes: &[u8]| Text::from_bytes(Path::new("x.csv"), bytes).unwrap_err().to_string();
        insta::assert_snapshot!(message(b" \n"), @"x.csv: found an empty file, expected a text file of prices; fetch it again");
        insta::assert_snapshot!(message(b"PAR1..."), @"x.csv: found a Parquet file, expected a text file of prices; canonical price tables need no import");
        insta::assert_snapshot!(message(b"a;\0b\n"), @"x.csv: found a binary file, expected a table: CSV, Parquet, JSON or a spreadsheet");
    }
}

//! A spreadsheet (xlsx) as a table: its first sheet with rows, cell by cell, without the space that a cell far off would
//! claim.

use super::{bounded, damaged};
use calamine::{Data, DataRef, Reader as _, Xlsx};
use gridfleet_core::error::{Error, InputError, Result, guard};
use std::io::Cursor;
use std::path::Path;

const EXPECTED: &str = "a spreadsheet (xlsx)";

/// Maximum number of columns.
const MOST_COLUMNS: u32 = 2_000;

/// Maximum number of cells of a sheet, with the empty ones between them.
const MOST_CELLS: usize = 16_000_000;

/// Days between the first day of spreadsheets and 1970-01-01.
const EPOCH_DAYS: f64 = 25_569.0;

/// The first sheet with rows as CSV, and its name; `None` if the archive is no spreadsheet.
pub(super) fn table(path: &Path, bytes: &[u8]) -> Result<Option<(Vec<u8>, String)>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))
        .map_err(|e| damaged(path, e, "a zip archive or a spreadsheet"))?;
    if archive.by_name("xl/workbook.xml").is_err() {
        return Ok(None);
    }
    // A size that the archive claims may be wrong: each member is unpacked once within the limit.
    let most = super::most_unpacked(bytes.len());
    let mut left = most;
    for at in 0..archive.len() {
        let member = archive.by_index(at).map_err(|e| damaged(path, e, EXPECTED))?;
        let size = bounded(path, member, EXPECTED, most)?.len() as u64;
        left = left.checked_sub(size).ok_or_else(|| super::too_large(path))?;
    }
    let read = guard::decode(path, EXPECTED, || first_sheet(bytes))?;
    match read {
        Some((rows, name)) => Ok(Some((super::write_csv(rows.into_iter()), name))),
        None => {
            Err(Error::from(InputError::new("a spreadsheet without rows", "a sheet with a table").file(path)))
        }
    }
}

type Sheet = (Vec<Vec<String>>, String);

fn first_sheet(bytes: &[u8]) -> Result<Option<Sheet>, String> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    for name in book.sheet_names() {
        let mut cells = book.worksheet_cells_reader(&name).map_err(|e| e.to_string())?;
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut size = 0;
        while let Some(cell) = cells.next_cell().map_err(|e| e.to_string())? {
            let (row, column) = cell.get_position();
            let text = text(cell.get_value());
            if text.is_empty() {
                continue;
            }
            let row = row as usize;
            size += row.saturating_sub(rows.len());
            if rows.len() <= row {
                rows.resize(row + 1, Vec::new());
            }
            let cells = &mut rows[row];
            let end = column as usize + 1;
            size += end.saturating_sub(cells.len());
            if column >= MOST_COLUMNS || size > MOST_CELLS {
                return Err(format!("a cell in row {} and column {end}, beyond the limit", row + 1));
            }
            if cells.len() < end {
                cells.resize(end, String::new());
            }
            cells[column as usize] = text;
        }
        if rows.iter().any(|row| !row.is_empty()) {
            let width = rows.iter().map(Vec::len).max().unwrap_or(0);
            if rows.len().saturating_mul(width) > MOST_CELLS {
                return Err(format!("{} rows of {width} cells, beyond the limit", rows.len()));
            }
            for row in rows.iter_mut().filter(|row| !row.is_empty()) {
                row.resize(width, String::new());
            }
            return Ok(Some((rows, name)));
        }
    }
    Ok(None)
}

fn text(value: &DataRef<'_>) -> String {
    match Data::from(value.clone()) {
        Data::Empty | Data::Error(_) => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.trim().to_owned(),
        Data::Float(number) => number.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Bool(flag) => flag.to_string(),
        Data::DateTime(time) => of_serial(time.as_f64()),
    }
}

/// A date and time, or a time of day, that a spreadsheet counts in days.
fn of_serial(days: f64) -> String {
    let seconds = ((days - EPOCH_DAYS) * 86_400.0).round();
    if days < 1.0 {
        let second = (days * 86_400.0).round() as i64;
        return format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60);
    }
    let time = chrono::DateTime::from_timestamp(seconds as i64, 0).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// A workbook of one sheet with this XML.
    fn book(sheet: &str) -> Vec<u8> {
        const TYPES: &str = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#;
        const BOOK: &str = r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Prices" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
        const ROOT: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
        const LINKS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in [
            ("[Content_Types].xml", TYPES),
            ("_rels/.rels", ROOT),
            ("xl/workbook.xml", BOOK),
            ("xl/_rels/workbook.xml.rels", LINKS),
            ("xl/worksheets/sheet1.xml", sheet),
        ] {
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn sheet(rows: &str) -> Vec<u8> {
        book(&format!(
            r#"<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>"#
        ))
    }

    #[test]
    fn a_sheet_is_read_row_by_row() {
        let rows = r#"<row r="2"><c r="A2" t="inlineStr"><is><t>time</t></is></c><c r="C2" t="inlineStr"><is><t>price, EUR</t></is></c></row><row r="3"><c r="A3"><v>5.5</v></c></row>"#;
        let (text, name) = table(Path::new("x.xlsx"), &sheet(rows)).unwrap().unwrap();
        assert_eq!(
            (String::from_utf8(text).unwrap().as_str(), name.as_str()),
            ("\ntime,,\"price, EUR\"\n5.5,,\n", "Prices")
        );
        assert_eq!((of_serial(45_658.25), of_serial(0.5)), ("2025-01-01 06:00:00".into(), "12:00:00".into()));
    }

    #[test]
    fn a_cell_far_off_claims_no_memory() {
        let message = |rows: &str| table(Path::new("x.xlsx"), &sheet(rows)).unwrap_err().to_string();
        insta::assert_snapshot!(message(r#"<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#), @"x.xlsx: found a file that cannot be decoded (a cell in row 1048576 and column 16384, beyond the limit), expected a spreadsheet (xlsx); it may be truncated or damaged: fetch or write it again");
        insta::assert_snapshot!(message(""), @"x.xlsx: found a spreadsheet without rows, expected a sheet with a table");
    }
}

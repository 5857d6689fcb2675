//! Rows of a table of text.

use super::super::columns::{Cells, Lines, TextColumn};
use super::super::conditions::Condition;
use super::super::dialect::marked;
use super::open::empty;
use super::{Table, TableFile};
use gridfleet_core::error::{Error, InputError, Result};
use std::io::Read;

impl TableFile {
    pub(super) fn read_csv(
        &self,
        source: impl Read,
        wanted: &[usize],
        conditions: &mut [Condition<'_>],
        mut lines: Lines,
    ) -> Result<Table> {
        let Some(dialect) = &self.dialect else { return Err(empty(&self.path).into()) };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .comment(dialect.comments.then_some(b'#'))
            .buffer_capacity(1 << 18)
            .from_reader(source);
        let mut columns = vec![TextColumn::default(); wanted.len()];
        let mut rows = 0;
        let mut ragged = Vec::new();
        let mut record = csv::ByteRecord::new();
        let width = self.names.len();
        let all_width = if self.reading.columns.is_empty() { width } else { width.min(dialect.width) };
        let least = dialect.width.min(all_width);
        let mark = (!dialect.mark.is_empty()).then_some(&dialect.mark[..]);
        let first_name = dialect.header.first();
        loop {
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(self.csv_error(error)),
            }
            let blank = record.iter().all(|cell| cell.trim_ascii().is_empty());
            if blank && record.len() <= 1 {
                continue; // a blank line
            }
            if let Some(mark) = mark {
                let cells: Vec<&[u8]> = record.iter().take(mark.len()).collect();
                if !marked(&cells, Some(mark)) {
                    continue;
                }
            }
            // Files that were joined repeat their header.
            if first_name.is_some_and(|name| record.get(0).is_some_and(|cell| cell.trim_ascii() == name))
                && record.iter().map(<[u8]>::trim_ascii).eq(dialect.header.iter().map(Vec::as_slice))
            {
                continue;
            }
            if !conditions.iter_mut().all(|c| c.holds(record.get(c.column).unwrap_or_default())) {
                continue;
            }
            // Some published files end their rows with commas that the header lacks.
            let extra = record.iter().skip(width).any(|cell| !cell.trim_ascii().is_empty());
            if record.len() < least || extra {
                ragged.push((rows, record.len()));
            }
            rows += 1;
            lines.push(dialect.start + record.position().map_or(0, csv::Position::byte));
            for (column, &position) in columns.iter_mut().zip(wanted) {
                column.push(record.get(position).unwrap_or_default().trim_ascii());
            }
        }
        let columns = wanted.iter().copied().zip(columns.into_iter().map(Cells::Text)).collect();
        Ok(Table { columns, ragged, ..self.table(rows, lines) })
    }

    fn csv_error(&self, error: csv::Error) -> Error {
        let line = error.position().map(csv::Position::line);
        match error.into_kind() {
            csv::ErrorKind::Io(source) => Error::reading(&self.path, source),
            other => {
                let mut input = InputError::new(format!("{other:?}"), "a CSV table").file(&self.path);
                input.line = line.map(|line| line + self.header_line());
                input.into()
            }
        }
    }
}

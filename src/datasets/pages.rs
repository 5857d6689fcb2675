//! Looks over a Parquet file's pages before they are decoded.
//!
//! The decoder takes the number of values in a page's header for granted and
//! asks for that much memory. A damaged header asks for more than there is,
//! which ends the process at once and cannot be caught as a panic can. So does
//! a small file that unpacks to more than fits. Only headers are read here, so
//! it costs next to nothing.

use polars_parquet::parquet::metadata::FileMetadata;
use polars_parquet::parquet::page::{CompressedPage, ParquetPageHeader};
use polars_parquet::parquet::read::get_page_iterator;
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use std::io::Cursor;

/// Most bytes that a byte of the file may unpack to; assumed. Taxi records take 10, and a column of one
/// value a hundred or so within the rows that a file may have.
const MOST_UNPACKED: usize = 1_000;
/// Bytes that any file may unpack to, however short it is; assumed.
const ALWAYS_UNPACKED: usize = 1 << 20;

/// Whether the headers of the columns `wanted` promise what the summary says.
///
/// # Errors
/// With what contradicts it. May panic on damaged files: to be called under guard.
pub(super) fn check(bytes: &[u8], metadata: &FileMetadata, wanted: &[&str]) -> Result<(), String> {
    let all = Cursor::new(bytes.to_vec().into());
    let most_unpacked = most_unpacked(bytes);
    let mut unpacked: usize = 0;
    for group in &metadata.row_groups {
        for column in group.parquet_columns() {
            let path = &column.descriptor().path_in_schema;
            if !path.first().is_some_and(|root| wanted.contains(&root.as_str())) {
                continue;
            }
            let values = usize::try_from(column.num_values()).unwrap_or(usize::MAX);
            // A column without nesting has a value or a null per row.
            if path.len() > 1 || values != group.num_rows() {
                return Err(format!("{} values in {} rows", column.num_values(), group.num_rows()));
            }
            let mut seen: usize = 0;
            for page in
                get_page_iterator(column, all.clone(), Vec::new(), bytes.len()).map_err(|e| e.to_string())?
            {
                match page.map_err(|e| e.to_string())? {
                    CompressedPage::Data(page) => {
                        unpacked = unpacked.saturating_add(page.uncompressed_size());
                        seen = seen.saturating_add(page.num_values());
                        // The second version says it twice.
                        if seen > values || page.num_rows().is_some_and(|rows| rows > values) {
                            return Err(format!("pages of {seen} values where {values} are said to be"));
                        }
                    }
                    CompressedPage::Dict(_) => {
                        unpacked = unpacked.saturating_add(dictionary(bytes, column.byte_range().start)?);
                    }
                }
                if unpacked > most_unpacked {
                    return Err(format!("{} bytes that unpack to {unpacked} or more", bytes.len()));
                }
            }
            if seen != values {
                return Err(format!("pages of {seen} values where {values} are said to be"));
            }
        }
    }
    Ok(())
}

/// Most bytes that the columns of a file, or the texts of one, may come to.
pub(super) fn most_unpacked(file: &[u8]) -> usize {
    file.len().saturating_mul(MOST_UNPACKED).saturating_add(ALWAYS_UNPACKED)
}

/// Checks a dictionary page, which is the first of its column and begins at `start`: each distinct
/// value takes a byte at least. Gives the bytes that it unpacks to.
fn dictionary(bytes: &[u8], start: u64) -> Result<usize, String> {
    let header = usize::try_from(start).ok().and_then(|start| bytes.get(start..)).unwrap_or_default();
    let mut protocol = TCompactInputProtocol::new(header, bytes.len());
    let header = ParquetPageHeader::read_from_in_protocol(&mut protocol).map_err(|e| e.to_string())?;
    let values = header.dictionary_page_header.map_or(0, |d| d.num_values);
    if values > header.uncompressed_page_size {
        return Err(format!("a dictionary of {values} values in {} bytes", header.uncompressed_page_size));
    }
    Ok(usize::try_from(header.uncompressed_page_size).unwrap_or(usize::MAX))
}

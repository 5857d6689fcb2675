//! Checks the footer and pages of a Parquet file before they are decoded.
//!
//! The decoder trusts the number of values in a page's header and allocates memory for that many; the same
//! applies to the length of a list in the footer. A damaged header requests more memory than there is, which
//! ends the process immediately and, unlike a panic, cannot be caught. The same happens with a small file
//! that unpacks to more than fits into memory. Only headers are read here, so the check costs very little.

use polars_buffer::Buffer;
use polars_parquet::parquet::metadata::FileMetadata;
use polars_parquet::parquet::page::{CompressedPage, ParquetPageHeader};
use polars_parquet::parquet::read::get_page_iterator;
use polars_parquet_format::thrift::protocol::{TCompactInputProtocol, TInputProtocol, TType};
use std::io::Cursor;

/// Maximum number of bytes to which one byte of the file may unpack; assumed. Taxi records take 10, and a
/// column of a single value about 100 within the permitted number of rows.
const MOST_UNPACKED: usize = 1_000;
/// Number of bytes to which any file may unpack, however short it is; assumed.
const ALWAYS_UNPACKED: usize = 1 << 20;

/// Checks that the page headers of the columns `wanted` agree with the metadata.
///
/// # Errors
/// Describes the contradiction. May panic on damaged files: must be called under guard.
pub(super) fn check(bytes: &Buffer<u8>, metadata: &FileMetadata, wanted: &[&str]) -> Result<(), String> {
    let all = Cursor::new(bytes.clone());
    let most_unpacked = most_unpacked(bytes);
    let mut unpacked: usize = 0;
    for group in &metadata.row_groups {
        for column in group.parquet_columns() {
            let path = &column.descriptor().path_in_schema;
            if !path.first().is_some_and(|root| wanted.contains(&root.as_str())) {
                continue;
            }
            let values = usize::try_from(column.num_values()).unwrap_or(usize::MAX);
            // A column without nesting has one value or null per row.
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
                        // Version 2 of the format states the number of rows too.
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

/// Maximum total of bytes of the columns of a file, or of its texts.
pub(super) fn most_unpacked(file: &[u8]) -> usize {
    file.len().saturating_mul(MOST_UNPACKED).saturating_add(ALWAYS_UNPACKED)
}

/// Maximum nesting depth of a footer; the format has nine levels.
const MOST_LEVELS: usize = 32;

/// Checks that no list of the footer is longer than the footer: each entry takes at least one byte.
///
/// # Errors
/// Describes the defect. May panic on damaged files: must be called under guard.
pub(super) fn check_footer(bytes: &[u8]) -> Result<(), String> {
    // The file ends with the footer's length and four bytes of magic.
    let length = bytes.last_chunk::<8>().map_or(0, |&[a, b, c, d, ..]| u32::from_le_bytes([a, b, c, d]));
    let end = bytes.len().saturating_sub(8);
    let start = usize::try_from(length).ok().and_then(|length| end.checked_sub(length));
    let footer = start.and_then(|start| bytes.get(start..end)).ok_or("a footer longer than the file")?;
    // The protocol charges eight bytes of its allowance for an entry, two for a field, one for a character.
    let mut protocol = TCompactInputProtocol::new(footer, footer.len().saturating_mul(16));
    walk(&mut protocol, TType::Struct, MOST_LEVELS)
}

/// Reads a value and discards it.
fn walk(protocol: &mut TCompactInputProtocol<&[u8]>, kind: TType, levels: usize) -> Result<(), String> {
    let levels = levels.checked_sub(1).ok_or("a footer that is nested too deep")?;
    let read = match kind {
        TType::Bool => protocol.read_bool().map(drop),
        TType::I08 => protocol.read_i8().map(drop),
        TType::I16 => protocol.read_i16().map(drop),
        TType::I32 => protocol.read_i32().map(drop),
        TType::I64 => protocol.read_i64().map(drop),
        TType::Double => protocol.read_double().map(drop),
        TType::String => protocol.read_bytes().map(drop),
        TType::Struct => {
            protocol.read_struct_begin().map_err(|e| e.to_string())?;
            loop {
                let field = protocol.read_field_begin().map_err(|e| e.to_string())?;
                if field.field_type == TType::Stop {
                    break;
                }
                walk(protocol, field.field_type, levels)?;
            }
            protocol.read_struct_end()
        }
        TType::List => {
            let list = protocol.read_list_begin().map_err(|e| e.to_string())?;
            // The decoder consumes no byte for a flag, so a list of flags would be unbounded.
            if list.element_type == TType::Bool {
                return Err("a footer with a list of flags".to_string());
            }
            for _ in 0..list.size {
                walk(protocol, list.element_type, levels)?;
            }
            protocol.read_list_end()
        }
        other => return Err(format!("a footer with {other:?}")),
    };
    read.map_err(|e| e.to_string())
}

/// Checks a dictionary page, which is the first of its column and begins at `start`: each distinct value
/// takes at least one byte. Returns the number of bytes to which it unpacks.
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

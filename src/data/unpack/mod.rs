//! Contents of a file as one table: unpacked from gzip and zip, decoded to UTF-8, and written as CSV where the file is a
//! spreadsheet, JSON or XML.
//!
//! Archives are unpacked in memory only; a packed file that would grow beyond a limit is refused before it does.

mod entsoe;
mod json;
mod sheet;

use gridfleet_core::error::{Error, InputError, Result};
use std::io::{Cursor, Read};
use std::path::Path;

/// Maximum size of unpacked contents [bytes].
const MOST_BYTES: u64 = 1 << 30;

/// Maximum ratio of unpacked to packed size above [`FEW_BYTES`]: tables take a fifth to a fiftieth when packed, bombs a
/// thousandth.
const MOST_RATIO: u64 = 100;

/// Size up to which the ratio does not matter [bytes].
const FEW_BYTES: u64 = 64 << 20;

/// Maximum number of members of an archive.
const MOST_MEMBERS: usize = 10_000;

/// Form in which a file holds its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text with a delimiter.
    Csv,
    /// Parquet.
    Parquet,
    /// JSON, GeoJSON or JSON lines, written as CSV here.
    Json,
    /// A spreadsheet, written as CSV here.
    Sheet,
    /// XML of ENTSO-E, written as CSV here.
    Xml,
}

/// A member of an archive of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Position of its first byte.
    pub start: u64,
    /// Name in the archive.
    pub name: String,
}

/// A file in memory: Parquet, or text in UTF-8 (or Windows-1252, whose cells are decoded one by one).
#[derive(Debug)]
pub struct Unpacked {
    /// The contents.
    pub bytes: Vec<u8>,
    /// Their form before unpacking.
    pub form: Form,
    /// Members, if there are several.
    pub parts: Vec<Part>,
    /// Ways in which the file was packed or encoded.
    pub notes: Vec<String>,
}

/// Whether a file that begins with these bytes has to be unpacked, decoded or rewritten as a whole.
pub fn is_needed(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    matches!(head, [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4, ..] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
        || matches!(text, [b'{' | b'[', ..])
        || head.contains(&0)
        || text.starts_with(b"<")
}

/// Unpacks a file; `path` is its name in messages.
///
/// # Errors
/// If it is damaged, too large, or holds no table.
pub fn unpack(path: &Path, bytes: Vec<u8>) -> Result<Unpacked> {
    let mut notes = Vec::new();
    let mut bytes = bytes;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        bytes = gunzip(path, &bytes)?;
        notes.push("packed with gzip".to_owned());
    }
    let mut parts = Vec::new();
    if bytes.starts_with(b"PK\x03\x04") {
        if let Some(table) = sheet::table(path, &bytes)? {
            notes.push(format!("sheet \"{}\" of a spreadsheet", table.1));
            return Ok(Unpacked { bytes: table.0, form: Form::Sheet, parts, notes });
        }
        let members = unzip(path, &bytes)?;
        notes.push(match &members[..] {
            [(name, _)] => format!("packed with zip: {name}"),
            many => format!("packed with zip: {} members", many.len()),
        });
        bytes = Vec::new();
        let alone = members.len() == 1;
        for (name, member) in members {
            let member = if member.starts_with(&[0x1f, 0x8b]) { gunzip(path, &member)? } else { member };
            if alone {
                bytes = member;
            } else {
                let mut inner = unpack(&path.join(&name), member)?;
                if inner.form != Form::Csv || !inner.parts.is_empty() {
                    return Err(InputError::new(
                        "an archive of several members that are no text",
                        "tables of text",
                    )
                    .file(path.join(&name))
                    .help("unpack it first")
                    .into());
                }
                if !parts.is_empty() && !shares_a_line(&bytes, &inner.bytes) {
                    let first = parts.first().map_or("", |part: &Part| part.name.as_str());
                    return Err(InputError::new(
                        "members of different columns",
                        format!("the columns of {first}"),
                    )
                    .file(path.join(&name))
                    .help("unpack the archive and import its files one by one")
                    .into());
                }
                parts.push(Part { start: bytes.len() as u64, name });
                bytes.append(&mut inner.bytes);
                if bytes.last().is_some_and(|last| *last != b'\n') {
                    bytes.push(b'\n');
                }
            }
            if bytes.len() as u64 > MOST_BYTES {
                return Err(too_large(path));
            }
        }
    }
    if bytes.starts_with(b"PAR1") {
        return Ok(Unpacked { bytes, form: Form::Parquet, parts, notes });
    }
    let bytes = decode(path, bytes, &mut notes)?;
    let text = bytes.trim_ascii_start();
    if text.starts_with(b"<") {
        let (bytes, note) = entsoe::table(path, &String::from_utf8_lossy(&bytes))?;
        notes.push(note);
        return Ok(Unpacked { bytes, form: Form::Xml, parts, notes });
    }
    if matches!(text, [b'{' | b'[', ..]) {
        let (bytes, note) = json::table(path, &bytes)?;
        notes.push(note);
        return Ok(Unpacked { bytes, form: Form::Json, parts, notes });
    }
    Ok(Unpacked { bytes, form: Form::Csv, parts, notes })
}

/// Number of first lines among which members of one kind share the header.
const HEADER_LINES: usize = 12;

/// Whether two texts have a line in common among their first ones.
fn shares_a_line(a: &[u8], b: &[u8]) -> bool {
    let first = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let lines = bytes.split(|b| *b == b'\n').map(|line| line.trim_ascii().to_vec());
        lines.filter(|line| !line.is_empty()).take(HEADER_LINES).collect()
    };
    let ours = first(a);
    first(b).iter().any(|line| ours.contains(line))
}

fn too_large(path: &Path) -> Error {
    InputError::new(
        "contents that grow without bound",
        format!("at most {} MiB when unpacked", MOST_BYTES >> 20),
    )
    .file(path)
    .help("unpack and split it first, if it is what it should be")
    .into()
}

fn damaged(path: &Path, found: impl std::fmt::Display, expected: &str) -> Error {
    InputError::new(format!("one that cannot be unpacked ({found})"), expected)
        .file(path)
        .help("it may be truncated or damaged: fetch or write it again")
        .into()
}

/// Reads a stream of unpacked bytes, at most `most` of them.
fn bounded(path: &Path, source: impl Read, expected: &str, most: u64) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    source.take(most + 1).read_to_end(&mut out).map_err(|e| damaged(path, e, expected))?;
    if out.len() as u64 > most { Err(too_large(path)) } else { Ok(out) }
}

/// Maximum size to which a packed file of this size may grow [bytes].
fn most_unpacked(packed: usize) -> u64 {
    (packed as u64).saturating_mul(MOST_RATIO).clamp(FEW_BYTES, MOST_BYTES)
}

fn gunzip(path: &Path, bytes: &[u8]) -> Result<Vec<u8>> {
    let source = flate2::read::MultiGzDecoder::new(bytes);
    bounded(path, source, "a file packed with gzip", most_unpacked(bytes.len()))
}

/// Members of a zip archive with their contents, by name.
fn unzip(path: &Path, bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    const EXPECTED: &str = "a zip archive";
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(path, e, EXPECTED))?;
    if archive.len() > MOST_MEMBERS {
        let found = format!("{} members", archive.len());
        return Err(InputError::new(found, format!("at most {MOST_MEMBERS}")).file(path).into());
    }
    let mut members = Vec::new();
    let mut size = 0;
    for at in 0..archive.len() {
        let member = archive.by_index(at).map_err(|e| damaged(path, e, EXPECTED))?;
        let name = member.name().map_err(|e| damaged(path, e, EXPECTED))?.into_owned();
        let hidden =
            name.split('/').any(|part| (part.starts_with('.') && part != "..") || part == "__MACOSX");
        if member.is_dir() || hidden {
            continue;
        }
        let content = bounded(path, member, EXPECTED, most_unpacked(bytes.len()))?;
        size += content.len() as u64;
        if size > most_unpacked(bytes.len()) {
            return Err(too_large(path));
        }
        members.push((name, content));
    }
    if members.is_empty() {
        return Err(InputError::new("an archive without files", "an archive of tables").file(path).into());
    }
    members.sort();
    Ok(members)
}

/// Text in UTF-8, without a byte-order mark.
fn decode(path: &Path, mut bytes: Vec<u8>, notes: &mut Vec<String>) -> Result<Vec<u8>> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
        return Ok(bytes);
    }
    let sample = bytes.get(..bytes.len().min(4_096)).unwrap_or_default();
    let zeros =
        |odd: usize| sample.iter().skip(odd).step_by(2).filter(|b| **b == 0).count() * 10 > sample.len() * 4;
    let wide = if bytes.starts_with(&[0xff, 0xfe]) || (!bytes.starts_with(&[0xfe, 0xff]) && zeros(1)) {
        Some(encoding_rs::UTF_16LE)
    } else if bytes.starts_with(&[0xfe, 0xff]) || zeros(0) {
        Some(encoding_rs::UTF_16BE)
    } else {
        None
    };
    if let Some(encoding) = wide {
        let (text, had_errors) = encoding.decode_with_bom_removal(&bytes);
        if had_errors || text.contains('\0') {
            return Err(InputError::new("text in UTF-16 that cannot be decoded", "text").file(path).into());
        }
        notes.push(format!("encoded in {}", encoding.name()));
        return Ok(text.into_owned().into_bytes());
    }
    if bytes.contains(&0) {
        return Err(InputError::new("a binary file", "a table: CSV, Parquet, JSON or a spreadsheet")
            .file(path)
            .into());
    }
    Ok(bytes)
}

/// Cells of a table as lines of CSV: one line per row, so that line breaks in cells become blanks.
fn write_csv(rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut out = Vec::new();
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            let plain = cell.replace(['\n', '\r', '\0'], " ");
            if plain.contains([',', '"']) || (row.len() == 1 && plain.is_empty()) {
                out.push(b'"');
                out.extend(plain.replace('"', "\"\"").bytes());
                out.push(b'"');
            } else {
                out.extend(plain.bytes());
            }
        }
        out.push(b'\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(unpack(Path::new("x"), bytes).unwrap().bytes).unwrap()
    }

    #[test]
    fn packed_and_encoded_text_comes_out_the_same() {
        let plain = "a;Größe\n1;2\n";
        let wide = |big: bool| {
            let units = plain
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            units.collect::<Vec<u8>>()
        };
        for bytes in [
            gzip(plain.as_bytes()),
            zip_of(&[("../a.csv", plain.as_bytes())]),
            zip_of(&[("__MACOSX/a.csv", b"x"), ("b/a.csv.gz", &gzip(plain.as_bytes()))]),
            [&[0xff, 0xfe], &wide(false)[..]].concat(),
            [&[0xfe, 0xff], &wide(true)[..]].concat(),
            wide(false),
            [b"\xef\xbb\xbf", plain.as_bytes()].concat(),
        ] {
            assert_eq!(text(bytes), plain);
        }
        // Members are joined by name, each with its header.
        let several = unpack(Path::new("x"), zip_of(&[("b", b"h\n2"), ("a", b"h\n1\n")])).unwrap();
        assert_eq!((&several.bytes[..], several.parts[1].start), (&b"h\n1\nh\n2\n"[..], 4));
    }

    #[test]
    fn files_that_are_no_table_are_refused() {
        let message = |bytes: &[u8]| unpack(Path::new("x"), bytes.to_vec()).unwrap_err().to_string();
        insta::assert_snapshot!(message(b"\x1f\x8b\x08"), @"x: found one that cannot be unpacked (unexpected end of file), expected a file packed with gzip; it may be truncated or damaged: fetch or write it again");
        insta::assert_snapshot!(message(b"PK\x03\x04 and so on"), @"x: found one that cannot be unpacked (invalid Zip archive: Could not find EOCD), expected a zip archive or a spreadsheet; it may be truncated or damaged: fetch or write it again");
        insta::assert_snapshot!(message(&zip_of(&[(".hidden", b"x")])), @"x: found an archive without files, expected an archive of tables");
        insta::assert_snapshot!(message(b"a,b\n1,\0\0\0\n"), @"x: found a binary file, expected a table: CSV, Parquet, JSON or a spreadsheet");
        insta::assert_snapshot!(message(&zip_of(&[("a.csv", b"t,p\n1,2\n"), ("b.csv", b"id,lat\n3,4\n")])), @"x/b.csv: found members of different columns, expected the columns of a.csv; unpack the archive and import its files one by one");
        assert!(message(b"<html></html>").contains("XML that is no document of prices"));
    }

    #[test]
    fn a_bomb_is_refused_at_the_limit() {
        // Four megabytes in four kilobytes; the reader stops one byte beyond the limit.
        let bomb = gzip(&vec![b'0'; 4 << 20]);
        let mut left = flate2::read::MultiGzDecoder::new(&bomb[..]);
        let error = bounded(Path::new("x"), &mut left, "a file", 1_000_000).unwrap_err().to_string();
        assert!(error.contains("contents that grow without bound"), "{error}");
        let mut rest = Vec::new();
        left.read_to_end(&mut rest).unwrap();
        assert!(rest.len() > 3_000_000);
        assert_eq!(bounded(Path::new("x"), &[0; 5][..], "a file", 5).unwrap().len(), 5);
    }

    #[test]
    fn files_that_grow_a_thousandfold_are_refused_however_they_are_packed() {
        // 66 MiB of zeros, in some tens of kilobytes: beyond the limit of 64 MiB for so few.
        let zeros = vec![b'0'; 66 << 20];
        let message = |bytes: Vec<u8>| unpack(Path::new("x"), bytes).unwrap_err().to_string();
        let sheet = zip_of(&[("xl/workbook.xml", b"<workbook/>"), ("xl/sharedStrings.xml", &zeros)]);
        for bomb in [gzip(&zeros), zip_of(&[("a.csv", &zeros)]), sheet] {
            assert!(bomb.len() < 1 << 20);
            let message = message(bomb);
            assert!(message.contains("contents that grow without bound"), "{message}");
        }
        // Members within members are not unpacked again and again.
        let nested = zip_of(&[("a.zip", &zip_of(&[("b.zip", &zip_of(&[("c.csv", b"a,b\n1,2\n")]))]))]);
        assert!(message(nested).contains("a binary file"));
        assert!(message("[".repeat(100_000).into_bytes()).contains("text that is no JSON"));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(kind in 0_usize..6, bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let start: &[u8] = [b"\x1f\x8b\x08\0".as_slice(), b"PK\x03\x04", b"\xff\xfe", b"{", b"[", b""][kind];
            let _ = unpack(Path::new("x"), [start, &bytes].concat());
        }
    }
}

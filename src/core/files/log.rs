//! A file that grows by appending.

use super::ops;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};

/// Writes `bytes` at `end`. After a failed write, bytes beyond `end` are cut off, so that the next write is contiguous.
///
/// # Errors
/// If the operating system refuses.
pub fn append(file: &mut File, end: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(end))?;
    let written = ops::write(file, bytes);
    if written.is_err() {
        // If this fails too, the reader drops the torn line.
        let _ = cut(file, end);
    }
    written
}

/// Cuts the file off at `end`.
///
/// # Errors
/// If the operating system refuses.
pub fn cut(file: &File, end: u64) -> io::Result<()> {
    super::fault::next(|| {})?;
    file.set_len(end)
}

/// Waits until all lines are on disk.
///
/// # Errors
/// If the operating system refuses.
pub fn sync(file: &File) -> io::Result<()> {
    ops::sync(file)
}

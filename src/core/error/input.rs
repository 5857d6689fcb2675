//! Files that are read: opened only if they are regular files, and read up to a limit.
//!
//! A pipe would wait for its writer, a device may have no end, and a file of many gigabytes would exhaust the memory
//! before it could be reported.

use super::{Error, InputError, Result};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// Longest line of a table [bytes].
pub const MOST_LINE_BYTES: u64 = 1 << 20;

/// Opens a file to read.
///
/// # Errors
/// [`Error::Input`] if it does not exist, or is a folder, a pipe, a socket or a device.
pub fn open(path: &Path) -> Result<File> {
    check(path)?;
    File::open(path).map_err(|e| Error::reading(path, e))
}

/// Reads a whole file of at most `most` bytes.
///
/// # Errors
/// As [`open`], and [`Error::Input`] if the file is longer.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let length = check(path)?.len();
    let too_long = |found: String| {
        let expected = format!("a file of at most {} MiB", most >> 20);
        Err(InputError::new(found, expected).file(path).into())
    };
    if length > most {
        return too_long(format!("{length} bytes"));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    // Files of some file systems report a size of zero, and others grow.
    open(path)?.take(most + 1).read_to_end(&mut bytes).map_err(|e| Error::reading(path, e))?;
    if bytes.len() as u64 > most { too_long(format!("more than {most} bytes")) } else { Ok(bytes) }
}

/// Checks that `path` is a file, or a link to one.
fn check(path: &Path) -> Result<Metadata> {
    let refuse = |found: String| Err(InputError::new(found, "a file that can be read").file(path).into());
    let is_link = || path.symlink_metadata().is_ok_and(|about| about.is_symlink());
    match std::fs::metadata(path) {
        Ok(about) if about.is_file() => Ok(about),
        Ok(about) => refuse(kind(&about).to_owned()),
        Err(error) if is_link() => refuse(format!("a symbolic link that leads to no file ({error})")),
        Err(error) => match Error::reading(path, error) {
            // A path that cannot be followed is wrong input, for any reason.
            Error::Io { source, .. } => refuse(source.to_string()),
            other => Err(other),
        },
    }
}

/// Words for a path that is not a file.
fn kind(about: &Metadata) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let file_type = about.file_type();
        if file_type.is_fifo() {
            return "a pipe";
        }
        if file_type.is_socket() {
            return "a socket";
        }
        if file_type.is_char_device() || file_type.is_block_device() {
            return "a device";
        }
    }
    if about.is_dir() { "a folder" } else { "something that is no file" }
}

/// Passes on what it reads, and fails on a line that does not end within a number of bytes: a reader of lines would
/// keep all of it in memory.
#[derive(Debug)]
pub struct Lines<R> {
    source: R,
    most: u64,
    line: u64,
    bytes: u64,
}

impl<R> Lines<R> {
    /// Lines of at most `most` bytes.
    pub fn new(source: R, most: u64) -> Self {
        Self { source, most, line: 1, bytes: 0 }
    }

    /// The underlying source.
    pub fn into_inner(self) -> R {
        self.source
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        let mut rest = &buffer[..read];
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            self.add(end)?;
            (self.line, self.bytes) = (self.line + 1, 0);
            rest = &rest[end + 1..];
        }
        self.add(rest.len())?;
        Ok(read)
    }
}

impl<R> Lines<R> {
    fn add(&mut self, bytes: usize) -> io::Result<()> {
        self.bytes += bytes as u64;
        if self.bytes > self.most {
            let found = format!("line {}, which is longer than {} bytes", self.line, self.most);
            return Err(io::Error::new(io::ErrorKind::InvalidData, found));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_a_bound_and_files_have_none() {
        let read = |text: &[u8], most| {
            let mut out = Vec::new();
            Lines::new(text, most).read_to_end(&mut out).map(|_| out.len())
        };
        let text = b"abc\n\nabcd\nab".repeat(10_000);
        assert_eq!(read(&text, 5).unwrap(), text.len());
        let error = read(&text, 4).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (io::ErrorKind::InvalidData, "line 4, which is longer than 4 bytes")
        );
        assert!(read(&[0; 7], 6).is_err() && read(&[0; 6], 6).is_ok());
    }

    #[test]
    fn a_file_has_the_bound_of_its_reader() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a");
        std::fs::write(&path, vec![b'a'; (1 << 20) + 1]).unwrap();
        assert_eq!(read(&path, (1 << 20) + 1).unwrap().len(), (1 << 20) + 1);
        let error = read(&path, 1 << 20).unwrap_err();
        assert!(error.is_input());
        assert!(
            error.to_string().contains("found 1048577 bytes, expected a file of at most 1 MiB"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_named() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let pipe = at("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        std::os::unix::fs::symlink(at("loop"), at("loop")).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
        std::os::unix::fs::symlink(&pipe, at("to-pipe")).unwrap();
        std::fs::write(at("file"), "text").unwrap();
        std::os::unix::fs::symlink(at("file"), at("to-file")).unwrap();
        for (path, found) in [
            (pipe, "a pipe"),
            (at("to-pipe"), "a pipe"),
            (at("socket"), "a socket"),
            (at("loop"), "a symbolic link that leads to no file"),
            (at("dangling"), "a symbolic link that leads to no file"),
            (at("loop/file"), "Too many levels"),
            (at("file/file"), "Not a directory"),
            (at("none"), "no such file"),
            (place.path().to_path_buf(), "a folder"),
            ("/dev/zero".into(), "a device"),
            (at(&"long".repeat(100)), "File name too long"),
        ] {
            let error = read(&path, 100).unwrap_err();
            assert!(error.is_input(), "{error}");
            let text = error.to_string();
            assert!(text.contains(&format!("found {found}")) || text.starts_with(found), "{found}: {text}");
        }
        assert_eq!(read(&at("to-file"), 100).unwrap(), b"text");
    }
}

//! `manifest.json`: command, inputs, times and platform of a run.
//!
//! The only file of a run that may differ between two equal runs. It also marks the folder as made by gridfleet and
//! lists its files.

use super::kind::Kind;
use super::run_dir::{MANIFEST, write_file};
use gridfleet_core::error::{Error, Result};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

/// A file that a run has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputFile {
    /// Path as the user wrote it.
    pub path: String,
    /// SHA-256 of the content, in hexadecimal.
    pub sha256: String,
    /// Size [bytes].
    pub bytes: u64,
}

impl InputFile {
    /// Reads `path` and makes its entry.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(path: &Path) -> Result<Self> {
        let mut file = std::fs::File::open(path).map_err(|e| Error::reading(path, e))?;
        let mut hash = Sha256::new();
        let mut bytes = 0;
        let mut buffer = vec![0u8; 1 << 16];
        loop {
            let read = file.read(&mut buffer).map_err(|e| Error::reading(path, e))?;
            if read == 0 {
                break;
            }
            bytes += read as u64;
            hash.update(&buffer[..read]);
        }
        Ok(Self { path: path.display().to_string(), sha256: hex(&hash.finalize()), bytes })
    }
}

/// SHA-256 of `bytes`, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Content of the manifest, in the order of the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// Version of gridfleet.
    pub gridfleet_version: String,
    /// Content of the folder.
    pub kind: Kind,
    /// Operating system and processor architecture, for example `linux x86_64`.
    pub platform: String,
    /// The command as given, program name first.
    pub command: Vec<String>,
    /// Files read, with their hashes.
    pub inputs: Vec<InputFile>,
    /// Threads available to the run.
    pub threads: usize,
    /// Start time, ISO 8601 in UTC.
    pub started: String,
    /// Duration [s].
    pub wall_time_s: f64,
    /// Events processed per second of the simulation loop; absent if there were several loops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events_per_second: Option<f64>,
    /// Peak memory of the process so far [bytes]; `None` if the system does not report it.
    pub peak_memory_bytes: Option<u64>,
    /// Files in the folder, including this one, in alphabetical order.
    pub files: Vec<String>,
}

impl Manifest {
    /// The manifest of a run, without inputs and times.
    pub fn new(command: Vec<String>) -> Self {
        Self {
            gridfleet_version: env!("CARGO_PKG_VERSION").to_owned(),
            kind: Kind::Run,
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            command,
            inputs: Vec::new(),
            threads: 1,
            started: String::new(),
            wall_time_s: 0.0,
            events_per_second: None,
            peak_memory_bytes: peak_memory_bytes(),
            files: Vec::new(),
        }
    }

    /// Lists the files in `dir` and writes the manifest there, as the last file.
    ///
    /// # Errors
    /// If the folder cannot be read or written.
    pub fn write(mut self, dir: &Path) -> Result<()> {
        let entries = std::fs::read_dir(dir).map_err(|e| Error::writing(dir, e))?;
        self.files = vec![MANIFEST.to_owned()];
        for entry in entries {
            let name = entry.map_err(|e| Error::writing(dir, e))?.file_name();
            self.files.push(name.to_string_lossy().into_owned());
        }
        self.files.sort();
        self.files.dedup();
        self.peak_memory_bytes = peak_memory_bytes();
        let mut text =
            serde_json::to_string_pretty(&self).map_err(|e| Error::Other(format!("{MANIFEST}: {e}")))?;
        text.push('\n');
        write_file(&dir.join(MANIFEST), text.as_bytes())
    }
}

/// Peak resident memory of this process so far [bytes]; `None` if `/proc` does not report it.
pub fn peak_memory_bytes() -> Option<u64> {
    peak_memory_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// `VmHWM` of a `/proc/<pid>/status` (proc(5): "peak resident set size", in kB of 1,024 bytes).
fn peak_memory_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_agree_with_the_standard() {
        // FIPS 180-4 example "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(b"abc"), abc);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("f"), "abc").unwrap();
        let file = InputFile::of(&dir.path().join("f")).unwrap();
        assert_eq!((file.sha256.as_str(), file.bytes), (abc, 3));
        assert!(InputFile::of(&dir.path().join("g")).unwrap_err().is_input());
    }

    #[test]
    fn the_manifest_lists_the_files_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["trips.parquet", "summary.json"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        Manifest::new(vec!["gridfleet".into(), "run".into()]).write(dir.path()).unwrap();
        let json: serde_json::Value =
            serde_json::from_slice(&std::fs::read(dir.path().join(MANIFEST)).unwrap()).unwrap();
        assert_eq!(json["files"], serde_json::json!(["manifest.json", "summary.json", "trips.parquet"]));
        assert!(json["gridfleet_version"].is_string());
    }

    #[test]
    fn peak_memory_is_read_from_proc() {
        assert_eq!(peak_memory_in("VmPeak:\t 9 kB\nVmHWM:\t    2048 kB\n"), Some(2 << 20));
        assert_eq!(peak_memory_in("VmHWM:\t many kB\n"), None);
        assert_eq!(peak_memory_in(""), None);
    }
}

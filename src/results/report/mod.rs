//! `gridfleet report`: one HTML page for the folder of a run or of a study.
//!
//! The page contains everything it needs: figures and tables as HTML, charts as numbers that a script in the page
//! draws. It fetches nothing, and its content security policy would prevent that. All its content is read from the
//! folder's files, so a page can be made from results of another machine.

mod chart;
mod html;
mod page;
mod run;
mod source;
mod study;
mod thin;

use gridfleet_core::error::{Error, InputError, Result};
use source::Folder;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// File name of the page in the folder that it describes.
pub const REPORT: &str = "report.html";

/// Number of bytes at the start of a page that include its title, even a long one.
const HEAD_BYTES: u64 = 1 << 16;

/// A page that has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Path of the page.
    pub path: PathBuf,
    /// Its size [bytes].
    pub bytes: u64,
}

/// The page of the results in `dir`, as HTML.
///
/// # Errors
/// [`Error::Input`] if `dir` is not a folder of results, or one of its files is damaged.
pub fn render(dir: &Path) -> Result<String> {
    let folder = Folder::open(dir)?;
    if folder.is_study() { study::render(&folder) } else { run::render(&folder) }
}

/// Writes the page of the results in `dir` to `output`, or into the folder as [`REPORT`]: first beside its target, then
/// renamed, so that there is a whole page or none. An existing file that is not a page made by gridfleet is replaced
/// only with `force`.
///
/// # Errors
/// As [`render`], and if the page cannot be written.
pub fn write(dir: &Path, output: Option<&Path>, force: bool) -> Result<Report> {
    let path = output.map_or_else(|| dir.join(REPORT), Path::to_path_buf);
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let refused = |e| Error::writing(&path, e);
    let html = render(dir)?;
    refuse_foreign(&path, force)?;
    std::fs::create_dir_all(parent).map_err(refused)?;
    gridfleet_core::files::write(&path, html.as_bytes()).map_err(refused)?;
    Ok(Report { path, bytes: html.len() as u64 })
}

/// Refuses to replace a file that is not a page made by gridfleet, unless `force` is set; always refuses non-files.
fn refuse_foreign(path: &Path, force: bool) -> Result<()> {
    let refuse = |found: &str, help: &str| {
        Err(InputError::new(found, "a new file, or an earlier report to replace")
            .file(path)
            .key("--output")
            .help(help)
            .into())
    };
    match std::fs::metadata(path) {
        Ok(about) if about.is_dir() => return refuse("a folder", "name a file with -o FILE"),
        // Reading a pipe would wait for its writer, and a device would be replaced by a file.
        Ok(about) if !about.is_file() => return refuse("a pipe or a device", "name a file with -o FILE"),
        _ if force => return Ok(()),
        _ => {}
    }
    let mut head = Vec::new();
    match std::fs::File::open(path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head)) {
        // A missing folder is created; a parent that is a file is reported when the page is written.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::writing(path, error)),
        Ok(_) => {}
    }
    let head = String::from_utf8_lossy(&head);
    let is_page = head.starts_with("<!doctype html>") && head.contains("gridfleet</title>");
    if is_page || head.is_empty() {
        return Ok(());
    }
    refuse(
        "a file that is no report of gridfleet's",
        "choose another name with -o FILE, or replace the file with --force",
    )
}

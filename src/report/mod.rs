//! `gridfleet report`: one HTML page for the folder of a run or of a study.
//!
//! The page holds all it needs: figures and tables as HTML, charts as numbers that a script in the
//! page draws. It fetches nothing, and its content security policy would not let it. Everything in
//! it is read from the folder's files, so a page can be made of results from another machine.

mod chart;
mod html;
mod page;
mod run;
mod source;
mod study;
mod thin;

use crate::error::{Error, Result};
use source::Folder;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Name of the page in the folder that it is about.
pub const REPORT: &str = "report.html";

/// A page that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Where.
    pub path: PathBuf,
    /// Its size [bytes].
    pub bytes: u64,
}

/// The page of the results in `dir`, as HTML.
///
/// # Errors
/// [`Error::Input`] where `dir` is not a folder of results, or one of its files is damaged.
pub fn render(dir: &Path) -> Result<String> {
    let folder = Folder::open(dir)?;
    if folder.is_study() { study::render(&folder) } else { run::render(&folder) }
}

/// Writes the page of the results in `dir` to `output`, or into the folder as [`REPORT`]: beside its
/// target first, then renamed, so that there is a whole page or none.
///
/// # Errors
/// As [`render`], and if the page cannot be written.
pub fn write(dir: &Path, output: Option<&Path>) -> Result<Report> {
    let html = render(dir)?;
    let path = output.map_or_else(|| dir.join(REPORT), Path::to_path_buf);
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let refused = |e| Error::writing(&path, e);
    std::fs::create_dir_all(parent).map_err(refused)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".report.").suffix(".partial");
    #[cfg(unix)]
    {
        // The file stays when renamed: give it the permissions of an ordinary one (less the umask).
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(parent).map_err(refused)?;
    file.write_all(html.as_bytes()).map_err(refused)?;
    file.persist(&path).map_err(|e| refused(e.error))?;
    Ok(Report { path, bytes: html.len() as u64 })
}

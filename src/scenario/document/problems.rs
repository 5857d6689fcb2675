//! Collects all problems of a scenario, so that they are reported together.

use super::tree::Document;
use gridfleet_core::error::{Error, InputError};
use std::path::{Path, PathBuf};

/// Subject of an error: a table of the scenario, or a row of a file named in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Key path of a table, for example `stations[3]`.
    Key(String),
    /// A row.
    Row {
        /// The file.
        file: PathBuf,
        /// Line number, starting at 1.
        line: u64,
    },
}

/// A list of problems.
#[derive(Debug)]
pub struct Problems<'a> {
    document: &'a Document,
    /// The problems so far.
    pub errors: Vec<InputError>,
    /// Whether the catalogue of vehicle types could not be read: it may contain types that are unknown.
    pub types_unread: bool,
}

impl<'a> Problems<'a> {
    /// An empty list.
    pub fn new(document: &'a Document) -> Self {
        Self { document, errors: Vec::new(), types_unread: false }
    }

    /// A list whose problems are discarded.
    pub fn quiet(other: &Self) -> Self {
        Self::new(other.document)
    }

    /// Adds a problem with the value at `path`; a help text can be added to the result.
    pub fn add(&mut self, path: &str, found: impl Into<String>, expected: impl Into<String>) -> Helper<'_> {
        self.push(self.document.error(path, found, expected))
    }

    /// Adds a problem with member or column `field` of `subject`.
    pub fn about(
        &mut self,
        subject: &Subject,
        field: &str,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Helper<'_> {
        match subject {
            Subject::Key(key) if field.is_empty() => self.add(key, found, expected),
            Subject::Key(key) => self.add(&format!("{key}.{field}"), found, expected),
            Subject::Row { file, line } => {
                self.push(InputError::new(found, expected).file(file).line(*line).key(field))
            }
        }
    }

    /// Adds a problem if `name`, the value at `path`, cannot name a folder.
    pub fn names_folder(&mut self, path: &str, name: &str) {
        if name.contains(['/', '\\']) || name.starts_with('.') || name.chars().any(char::is_control) {
            self.add(path, format!("\"{name}\""), "a name without slashes that can name a folder");
        }
    }

    /// Path of the file named by the value at `path`, if it exists.
    pub fn file(&mut self, path: &str, name: &Path) -> Option<PathBuf> {
        let folder = self.document.file.parent().unwrap_or(Path::new(""));
        let file = folder.join(name);
        let found = match std::fs::metadata(&file) {
            Ok(about) if about.is_file() => return Some(file),
            Ok(_) => format!("{}, which is no file", file.display()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.add(path, format!("no such file: {}", file.display()), "")
                    .help("relative paths start at the folder of the scenario file");
                return None;
            }
            Err(error) => format!("{} ({error})", file.display()),
        };
        self.add(path, found, "a file that can be read")
            .help("relative paths start at the folder of the scenario file");
        None
    }

    /// The value of `result`; its errors are added to the list.
    pub fn take<T>(&mut self, path: &str, result: Result<T, Error>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(Error::Input(errors)) => {
                self.errors.extend(errors);
                None
            }
            Err(other) => {
                self.add(path, other.to_string(), "a file that can be read");
                None
            }
        }
    }

    fn push(&mut self, error: InputError) -> Helper<'_> {
        self.errors.push(error);
        Helper(self.errors.last_mut())
    }
}

/// Adds a help text to the latest problem.
pub struct Helper<'a>(Option<&'a mut InputError>);

impl Helper<'_> {
    /// Adds the help text `help`.
    pub fn help(self, help: impl Into<String>) {
        self.perhaps(Some(help.into()));
    }

    /// Adds the help text, if there is one.
    pub fn perhaps(self, help: Option<String>) {
        if let (Some(error), Some(help)) = (self.0, help) {
            *error = std::mem::take(error).help(help);
        }
    }
}

/// Sorts errors by their order in the file; errors of the command line come first.
pub fn sorted(mut errors: Vec<InputError>) -> Error {
    errors.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    errors.dedup();
    Error::Input(errors)
}

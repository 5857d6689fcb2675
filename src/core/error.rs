//! Errors that reach the user.
//!
//! Two kinds matter to a caller: the user's input is wrong ([`Error::Input`]), or something else failed. Bugs are
//! assertions, not errors. Errors of a component that has its own type are wrapped ([`Error::Failed`]), so that a caller
//! can look for them among the sources.

pub mod guard;
pub mod input;

use std::fmt;
use std::path::{Path, PathBuf};

/// One problem in the user's input: its location, what was found, what was expected and how to fix it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InputError {
    /// File in which it was found, with the path as written by the user.
    pub file: Option<PathBuf>,
    /// Line in that file, counted from 1 (for Parquet: the row, counted from 1).
    pub line: Option<u64>,
    /// Column, key path or argument, for example `fleets[0].vehicles`.
    pub key: Option<String>,
    /// Byte range in the file, where a marked excerpt helps (scenario files).
    pub span: Option<std::ops::Range<usize>>,
    /// Description of what was found.
    pub found: String,
    /// Description of what was expected; empty where `found` says it all.
    pub expected: String,
    /// Suggested fix, where it is not obvious.
    pub help: Option<String>,
}

/// Maximum number of characters of a finding, and of a key.
const MOST_REPEATED: usize = 190;

/// Number of these that are taken from its end, where it is longer.
const END: usize = 40;

/// Maximum number of characters of our own text, which may contain names given by the user.
const MOST_SAID: usize = 1_200;

/// Maximum number of characters of a name in a list.
const MOST_NAME: usize = 60;

/// `text`, or its first characters, an ellipsis, its last `end` characters (`most` in all) and its length. Invisible
/// characters are escaped: a line break or a terminal colour in a name must not become part of our message.
fn shortened(text: &str, most: usize, end: usize) -> String {
    let visible = |text: &str| {
        let mut out = String::new();
        for c in text.chars() {
            match c {
                '"' | '\'' | '\\' => out.push(c),
                _ => out.extend(c.escape_debug()),
            }
        }
        out
    };
    if text.char_indices().nth(most).is_none() {
        return visible(text);
    }
    let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
    let first = &text[..places[most - end]];
    let last = if end == 0 { "" } else { &text[places[places.len() - end]..] };
    format!("{}…{} ({} characters)", visible(first), visible(last), places.len())
}

impl InputError {
    /// `found` instead of `expected`; the place is added by the other methods. Long texts are shortened: the file
    /// contains them in full.
    pub fn new(found: impl Into<String>, expected: impl Into<String>) -> Self {
        let found = shortened(&found.into(), MOST_REPEATED, END);
        Self { found, expected: shortened(&expected.into(), MOST_SAID, 0), ..Self::default() }
    }
    /// A problem that one sentence says: `no such file`. With a file and no line or key, the file ends it.
    pub fn plain(problem: impl Into<String>) -> Self {
        Self { found: shortened(&problem.into(), MOST_REPEATED, END), ..Self::default() }
    }
    /// A list of names, after `words`, instead of `expected`. It is of use where it is longer than other findings.
    pub fn listing(words: &str, names: &[impl AsRef<str>], expected: impl Into<String>) -> Self {
        let names: Vec<String> = names.iter().map(|name| shortened(name.as_ref(), MOST_NAME, 0)).collect();
        let found = shortened(&format!("{words} {}", names.join(", ")), MOST_SAID, 0);
        Self { found, ..Self::new("", expected) }
    }
    /// Adds the file.
    #[must_use]
    pub fn file(mut self, file: impl AsRef<Path>) -> Self {
        self.file = Some(file.as_ref().to_path_buf());
        self
    }
    /// Adds the line, counted from 1.
    #[must_use]
    pub fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }
    /// Adds the column, key or argument.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(shortened(&key.into(), MOST_REPEATED, END));
        self
    }
    /// Marks a range of bytes in the file.
    #[must_use]
    pub fn span(mut self, span: std::ops::Range<usize>) -> Self {
        self.span = Some(span);
        self
    }
    /// Adds a suggested fix.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(shortened(&help.into(), MOST_SAID, 0));
        self
    }
}

impl InputError {
    /// Whether `found` says it all and the file, if there is one, ends the sentence.
    fn file_ends_it(&self) -> bool {
        self.expected.is_empty() && self.line.is_none() && self.key.is_none()
    }
    /// File and line, `town.toml:27`, where they begin a message.
    pub fn place(&self) -> Option<String> {
        let file = self.file.as_ref().filter(|_| !self.file_ends_it())?.display();
        Some(self.line.map_or_else(|| file.to_string(), |line| format!("{file}:{line}")))
    }
    /// The problem in one sentence, without place and key: `found -1, expected a number from 0`.
    pub fn problem(&self) -> String {
        match (&self.file, self.expected.is_empty()) {
            (Some(file), true) if self.file_ends_it() => format!("{}: {}", self.found, file.display()),
            (_, true) => self.found.clone(),
            (_, false) => format!("found {}, expected {}", self.found, self.expected),
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = self.place() {
            write!(f, "{place}: ")?;
        }
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        write!(f, "{}", self.problem())?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

/// Reasons for an operation to stop.
///
/// Each ends the operation that returns it. A simulation, a writer or a builder that has returned one is not used any
/// further; whether the caller may begin again is in the description of each.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The user's input is wrong; every problem found. Nothing was changed: the caller may go on, and begin again with
    /// other input.
    #[error("{}", join(.0))]
    Input(Vec<InputError>),
    /// The operating system refused to read or write a file. Files are complete or absent: the caller may go on, and
    /// begin again once the cause is removed.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Error reported by the operating system.
        #[source]
        source: std::io::Error,
    },
    /// The caller asked for the end, for example because the user pressed Ctrl-C. Nothing was written: the caller may
    /// begin again.
    #[error("interrupted; nothing was written")]
    Interrupted,
    /// The result contradicts an invariant of the simulator. The caller must not use it, and gets the same with the same
    /// input.
    #[error("the audit failed:\n{0}")]
    Audit(String),
    /// A component failed with an error of its own, which is the source: a solver, for example. The caller may go on
    /// without the result, and gets the same error with the same input.
    #[error("{0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something else failed, often in another library. The caller may go on without the result.
    #[error("{0}")]
    Other(String),
}

/// Result of any operation that can fail for the user.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The failure of a component that has its own type of errors.
    pub fn failed(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Failed(Box::new(source))
    }
    /// Problems of the input that a component described in its own terms, each with its key.
    pub fn problems<'a, P: 'a>(problems: impl IntoIterator<Item = &'a P>) -> Self
    where
        InputError: From<&'a P>,
    {
        Self::Input(problems.into_iter().map(InputError::from).collect())
    }
    /// Whether the user's input is wrong.
    pub fn is_input(&self) -> bool {
        matches!(self, Self::Input(_))
    }
    /// An operating-system error on `path`; a file that does not exist or cannot be read is wrong input.
    pub fn reading(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        use std::io::ErrorKind::{InvalidData, IsADirectory, NotFound, PermissionDenied};
        let path = path.as_ref();
        match source.kind() {
            NotFound => InputError::plain("no such file")
                .file(path)
                .help("check the path; relative paths start at the folder of the file that names them")
                .into(),
            IsADirectory => InputError::new("a folder", "a file that can be read").file(path).into(),
            InvalidData => InputError::new(source.to_string(), "a text file").file(path).into(),
            PermissionDenied => {
                InputError::new(source.to_string(), "a file that can be read").file(path).into()
            }
            _ => Self::Io { path: path.to_path_buf(), source },
        }
    }
    /// An operating-system error while writing `path`.
    pub fn writing(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_path_buf(), source }
    }
}

impl From<InputError> for Error {
    fn from(error: InputError) -> Self {
        Self::Input(vec![error])
    }
}

fn join(errors: &[InputError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_at_characters_and_its_length_said() {
        let text = "é".repeat(191);
        let error = InputError::new(&text, "b").key(&text);
        let cut = format!("{}…{} (191 characters)", "é".repeat(150), "é".repeat(40));
        assert_eq!((error.found.as_str(), error.key.as_deref()), (cut.as_str(), Some(cut.as_str())));
        let text = "é".repeat(190);
        assert_eq!(InputError::new(&text, "b").found, text);
        // The words around a value are kept.
        let error = InputError::new(format!("the name \"{}\" twice", "a".repeat(1_000)), "b".repeat(5_000));
        assert!(error.found.starts_with("the name \"aaa"), "{error}");
        assert!(error.found.ends_with("aaa\" twice (1017 characters)"), "{error}");
        assert!(error.expected.ends_with("bbb… (5000 characters)"), "{error}");
        let names = ["a".to_owned(), "b".repeat(70)];
        let found = InputError::listing("only", &names, "").found;
        assert_eq!(found, format!("only a, {}… (70 characters)", "b".repeat(60)));
        assert!(InputError::listing("", &vec!["name"; 5_000], "").found.chars().count() < 1_300);
    }

    #[test]
    fn a_wrapped_error_is_the_source_and_gives_the_text() {
        use std::error::Error as _;
        let parsed = "x".parse::<u8>().unwrap_err();
        let error = Error::failed(parsed.clone());
        assert_eq!(error.to_string(), parsed.to_string());
        assert_eq!(error.source().and_then(|source| source.downcast_ref()), Some(&parsed));
        assert!(!error.is_input() && Error::from(InputError::plain("no")).is_input());
    }

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        let error = InputError::new("\"a\n\u{1b}[31m\u{202e}é\"", "'\\d'").key("k\0").help("\t");
        assert_eq!(error.to_string(), "k\\0: found \"a\\n\\u{1b}[31m\\u{202e}é\", expected '\\d'; \\t");
    }
}

//! A TOML file as a tree that records the location of each value, so that every error message can name file, line and
//! key.

use gridfleet_core::error::InputError;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// Origin of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Byte range in the file.
    File(Range<usize>),
    /// An argument of the command line, as the user wrote it.
    Argument(String),
}

impl Origin {
    /// The part of the file's text, if it comes from the file.
    pub fn written<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Self::File(span) => text.get(span.clone()),
            Self::Argument(_) => None,
        }
    }
}

/// A value and its origin.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Origin of the value.
    pub origin: Origin,
}

/// A TOML value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Any number.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A date, time or both, as text.
    Datetime(String),
    /// `[...]` or `[[...]]`.
    Array(Vec<Node>),
    /// `{...}` or `[...]`; keys in order of the file.
    Table(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Origin of the key.
    pub origin: Origin,
    /// Its value.
    pub node: Node,
}

/// A file and its tree.
#[derive(Debug, Clone)]
pub struct Document {
    /// Path as the user wrote it.
    pub file: PathBuf,
    /// Text of the file.
    pub text: String,
    /// The tree.
    pub root: Node,
    /// Byte at which each line begins: a file with thousands of mistakes requires thousands of line numbers.
    line_starts: Vec<usize>,
}

/// Deepest nesting that is read; far beyond any scenario.
const MOST_LEVELS: usize = 48;

impl Document {
    /// Parses `text`, the contents of `file`.
    ///
    /// # Errors
    /// All TOML syntax errors, each with its line.
    pub fn parse(file: &Path, text: String) -> Result<Self, Vec<InputError>> {
        let newlines = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let line_starts = std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect();
        let root = Node::table(Origin::File(Range::default()));
        let mut document = Self { file: file.to_path_buf(), text, root, line_starts };
        if let Some(at) = too_deep(&document.text) {
            return Err(vec![document.error_at(
                &Origin::File(at..at + 1),
                "keys nested deeper than any scenario is",
                "TOML",
            )]);
        }
        let (table, errors) = DeTable::parse_recoverable(&document.text);
        if !errors.is_empty() {
            return Err(errors
                .iter()
                .map(|error| {
                    let span = error.span().unwrap_or(0..0);
                    // For missing items the parser returns an empty span; a marker needs a width.
                    let span = span.start..span.end.max(span.start + 1);
                    let found = format!("something that is not TOML ({})", one_line(error.message()));
                    document.error_at(&Origin::File(span), found, "a TOML file")
                })
                .collect());
        }
        let mut problems = Vec::new();
        let root = convert_table(table.into_inner(), 0, &mut |span, found, expected| {
            problems.push((Origin::File(span), found, expected));
        });
        document.root = Node { value: root, origin: Origin::File(0..0) };
        if problems.is_empty() {
            return Ok(document);
        }
        Err(problems
            .into_iter()
            .map(|(at, found, expected)| document.error_at(&at, found, expected))
            .collect())
    }

    /// An error at `origin`, without a key.
    pub fn error_at(
        &self,
        origin: &Origin,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> InputError {
        let error = InputError::new(found, expected);
        match origin {
            Origin::File(span) => {
                let error = error.file(&self.file).line(self.line(span.start));
                if span.is_empty() { error } else { error.span(span.clone()) }
            }
            Origin::Argument(argument) => error.key(argument),
        }
    }

    /// An error about the value at `path`, or about its nearest enclosing value if there is none.
    pub fn error(&self, path: &str, found: impl Into<String>, expected: impl Into<String>) -> InputError {
        let origin = self.root.nearest(path);
        let error = self.error_at(&origin, found, expected);
        match origin {
            Origin::File(_) if path.is_empty() => error,
            Origin::File(_) => error.key(path),
            Origin::Argument(argument) if argument.contains(path) => error.key(argument),
            Origin::Argument(argument) => error.key(format!("{argument} ({path})")),
        }
    }

    /// Line of a byte of the text, starting at 1.
    fn line(&self, byte: usize) -> u64 {
        self.line_starts.partition_point(|&start| start <= byte) as u64
    }
}

impl Node {
    /// An empty table.
    pub fn table(origin: Origin) -> Self {
        Self { value: Value::Table(Vec::new()), origin }
    }

    /// The member `key` of a table.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Table(entries) => entries.iter().find(|e| e.key == key).map(|e| &e.node),
            _ => None,
        }
    }

    /// The string of a text or date.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Datetime(text) => Some(text),
            _ => None,
        }
    }

    /// Origin of the deepest node on `path` (`fleets[0].vehicles[1].count`) that exists.
    fn nearest(&self, path: &str) -> Origin {
        let mut node = self;
        for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
            let next = match (&node.value, part.strip_suffix(']')) {
                (Value::Array(items), Some(index)) => index.parse().ok().and_then(|i: usize| items.get(i)),
                (Value::Table(_), None) => node.get(part),
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node.origin.clone()
    }

    /// The node as JSON, for serde. Non-finite numbers become null; they are rejected before.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            Value::Text(text) | Value::Datetime(text) => Json::from(text.as_str()),
            Value::Integer(number) => Json::from(*number),
            Value::Float(number) => Json::from(*number),
            Value::Boolean(value) => Json::from(*value),
            Value::Array(items) => items.iter().map(Self::to_json).collect(),
            Value::Table(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
            }
        }
    }

    /// Description of the value for messages.
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Text(text) => format!("\"{text}\""),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => format!("{number:?}"),
            Value::Boolean(value) => value.to_string(),
            Value::Datetime(text) => format!("the date or time {text}"),
            Value::Array(items) => match items.len() {
                0 => "an empty list".to_owned(),
                1 => "a list of 1 entry".to_owned(),
                n => format!("a list of {n} entries"),
            },
            Value::Table(_) => "a table".to_owned(),
        }
    }
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Parses the value of `--set key=value`; text that is not a TOML value is taken literally.
pub fn parse_value(text: &str, argument: &str) -> Value {
    let plain = Value::Text(text.to_owned());
    if too_deep(text).is_some() {
        return plain;
    }
    let Ok(parsed) = DeValue::parse(text) else { return plain };
    let mut bad = false;
    let mut value = convert(parsed.into_inner(), 0, &mut |_, _, _| bad = true);
    if bad {
        return plain;
    }
    relabel(&mut value, argument);
    value
}

fn relabel(value: &mut Value, argument: &str) {
    let origin = Origin::Argument(argument.to_owned());
    match value {
        Value::Array(items) => {
            for item in items {
                item.origin = origin.clone();
                relabel(&mut item.value, argument);
            }
        }
        Value::Table(entries) => {
            for entry in entries {
                entry.origin = origin.clone();
                entry.node.origin = origin.clone();
                relabel(&mut entry.node.value, argument);
            }
        }
        _ => {}
    }
}

type Complain<'a> = &'a mut dyn FnMut(Range<usize>, String, &'static str);

fn convert_table(table: DeTable<'_>, level: usize, complain: Complain<'_>) -> Value {
    let mut entries: Vec<(usize, Entry)> = Vec::with_capacity(table.len());
    for (key, value) in table {
        let (key_span, span) = (key.span(), value.span());
        let node = if level < MOST_LEVELS {
            Node {
                value: convert_at(value.into_inner(), span.clone(), level + 1, complain),
                origin: Origin::File(span),
            }
        } else {
            complain(span.clone(), "keys nested deeper than any scenario is".to_owned(), "TOML");
            Node::table(Origin::File(span))
        };
        let key = key.into_inner().into_owned();
        entries.push((key_span.start, Entry { key, origin: Origin::File(key_span), node }));
    }
    entries.sort_by_key(|(start, _)| *start);
    Value::Table(entries.into_iter().map(|(_, entry)| entry).collect())
}

fn convert(value: DeValue<'_>, level: usize, complain: Complain<'_>) -> Value {
    convert_at(value, 0..0, level, complain)
}

fn convert_at(value: DeValue<'_>, span: Range<usize>, level: usize, complain: Complain<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => {
                complain(span, format!("{number}"), "a whole number below 2^63");
                Value::Integer(0)
            }
        },
        DeValue::Float(number) => match number.as_str().parse() {
            Ok(number) => Value::Float(number),
            Err(_) => {
                complain(span, format!("{number}"), "a number");
                Value::Float(0.0)
            }
        },
        DeValue::Boolean(value) => Value::Boolean(value),
        DeValue::Datetime(time) => Value::Datetime(time.to_string()),
        DeValue::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| {
                    let span = item.span();
                    let value = if level < MOST_LEVELS {
                        convert_at(item.into_inner(), span.clone(), level + 1, complain)
                    } else {
                        complain(span.clone(), "lists nested deeper than any scenario is".to_owned(), "TOML");
                        Value::Boolean(false)
                    };
                    Node { value, origin: Origin::File(span) }
                })
                .collect(),
        ),
        DeValue::Table(table) => convert_table(table, level, complain),
    }
}

/// Most keys joined by dots.
const MOST_DOTS: usize = 16;

/// Start of a run of more than [`MOST_DOTS`] keys joined by dots. The parser accepts them, with one level of nesting
/// each, and deep recursion could end the process.
fn too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut i, mut dots, mut start) = (0, 0, 0);
    while let Some(&byte) = bytes.get(i) {
        match byte {
            b'#' => i += bytes.iter().skip(i).take_while(|&&b| b != b'\n').count(),
            b'"' | b'\'' => {
                i = after_string(bytes, i, byte);
                continue;
            }
            b'.' => dots += 1,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b' ' | b'\t' => {}
            _ => (dots, start) = (0, i + 1),
        }
        if dots > MOST_DOTS {
            return Some(start);
        }
        i += 1;
    }
    None
}

/// First byte after the string opened by `quote` at `start`.
fn after_string(bytes: &[u8], start: usize, quote: u8) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let long = rest.starts_with(&[quote; 3]);
    let close: &[u8] = if long { &[quote; 3] } else { &[quote] };
    let mut i = close.len();
    while let Some(&byte) = rest.get(i) {
        if byte == b'\\' && quote == b'"' {
            i += 2;
        } else if byte == b'\n' && !long {
            break;
        } else if rest.get(i..).is_some_and(|tail| tail.starts_with(close)) {
            return start + i + close.len();
        } else {
            i += 1;
        }
    }
    start + i
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document::parse(Path::new("a.toml"), text.to_owned()).unwrap()
    }

    #[test]
    fn a_value_is_found_by_its_path() {
        let document = document("a = 1\n[[b]]\nc = [1, { d = 2 }]\n");
        let line = |path: &str| document.error(path, "x", "y").line;
        assert_eq!(line("a"), Some(1));
        assert_eq!(line("b[0]"), Some(2));
        assert_eq!(line("b[0].c[1].d"), Some(3));
        // A missing item is reported at the place where it would belong.
        assert_eq!(line("b[0].c[7]"), Some(3));
        assert_eq!(line("b[0].missing"), Some(2));
        let error = document.error("b[0].c[1].d", "x", "y");
        assert_eq!(&document.text[error.span.unwrap()], "2");
    }

    #[test]
    fn every_syntax_error_is_reported() {
        let errors = Document::parse(Path::new("a.toml"), "a = \nb = 1\nc = = 2\n".to_owned()).unwrap_err();
        let lines: Vec<_> = errors.iter().map(|e| e.line).collect();
        assert!(lines.contains(&Some(1)) && lines.contains(&Some(3)), "{errors:?}");
    }

    #[test]
    fn deep_nesting_is_an_error_and_no_crash() {
        let dotted = format!("{}a = 1", "a.".repeat(100_000));
        assert!(Document::parse(Path::new("a.toml"), dotted).is_err());
        let quoted = format!("{}a = 1", "\"a b\" . ".repeat(100_000));
        assert!(Document::parse(Path::new("a.toml"), quoted).is_err());
        let mixed = format!("{}1{}", "a = { b.b.b.b.b.b.b.b.b.b.b.b = { ".repeat(35), "}".repeat(70));
        assert!(Document::parse(Path::new("a.toml"), mixed).is_err());
        let lists = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Document::parse(Path::new("a.toml"), lists).is_err());
        let levels = format!("{}a = 1", "a.".repeat(70));
        assert!(Document::parse(Path::new("a.toml"), levels).is_err());
    }

    #[test]
    fn dots_in_texts_and_comments_are_no_keys() {
        let prose = "a. ".repeat(200);
        let text = format!(
            "# {prose}\na = \"{prose}\\\" {prose}\"\nb = \'{prose}\'\nc = \"\"\"\n{prose}\"\"\"\nd.e.f = 1.5\n"
        );
        assert!(document(&text).root.get("d").is_some());
    }

    #[test]
    fn keys_keep_the_order_of_the_file() {
        let Value::Table(entries) = document("z = 1\na = 2\n").root.value else { unreachable!() };
        let keys: Vec<_> = entries.iter().map(|e| e.key.as_str()).collect();
        assert_eq!(keys, ["z", "a"]);
    }
}

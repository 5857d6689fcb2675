//! Reads a game from JSON: reports all problems at once, each with the path of its key.

use crate::error::{InputError, Result, input};
use crate::scenario::suggest;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::path::Path;

/// Largest file that is accepted [bytes].
const MOST_BYTES: u64 = 256 << 20;

/// Object of the file being read, with its problems so far.
pub struct Reader {
    /// Path of the object, with a trailing dot; empty for the whole file.
    prefix: String,
    members: Map<String, Value>,
    problems: Vec<InputError>,
}

/// Reads a file with a single object.
///
/// # Errors
/// If it cannot be read, or is not a JSON object.
pub fn open(file: &Path) -> Result<Reader> {
    let bytes = input::read(file, MOST_BYTES)?;
    let value = serde_json::from_slice(&bytes).map(|Unique(value)| value).map_err(|error| {
        let expected = if error.is_data() { "each key of an object once" } else { "JSON" };
        let problem = InputError::new(error.to_string(), expected).file(file);
        if error.line() > 0 { problem.line(error.line() as u64) } else { problem }
    })?;
    match value {
        Value::Object(members) => Ok(Reader { prefix: String::new(), members, problems: Vec::new() }),
        other => Err(InputError::new(kind(&other), "an object, { ... }").file(file).into()),
    }
}

/// A value whose objects have each key once. `serde_json` alone keeps the last of equal keys.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Values).map(Self)
    }
}

/// Builds a value, and refuses an object with a key twice.
struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Value;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, x: bool) -> std::result::Result<Value, E> {
        Ok(x.into())
    }
    fn visit_i64<E>(self, x: i64) -> std::result::Result<Value, E> {
        Ok(x.into())
    }
    fn visit_u64<E>(self, x: u64) -> std::result::Result<Value, E> {
        Ok(x.into())
    }
    fn visit_f64<E>(self, x: f64) -> std::result::Result<Value, E> {
        Ok(x.into())
    }
    fn visit_str<E>(self, x: &str) -> std::result::Result<Value, E> {
        Ok(x.into())
    }
    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Unique(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if members.contains_key(&key) {
                return Err(A::Error::custom(format!("the key {key:?} for the second time")));
            }
            let Unique(value) = map.next_value()?;
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }
}

impl Reader {
    /// All problems found, including members that were not requested.
    pub fn finish(mut self, known: &[&str]) -> Vec<InputError> {
        for key in self.members.keys() {
            let mut problem = InputError::new("an unknown key", "a key of this object")
                .key(format!("{}{key}", self.prefix));
            problem.help = suggest::help(key, known.iter().copied());
            self.problems.push(problem);
        }
        self.problems
    }
    /// Problems found so far, regardless of unread members.
    pub fn problems(self) -> Vec<InputError> {
        self.problems
    }
    /// Records a problem with a key of this object.
    pub fn problem(&mut self, key: &str, found: impl Into<String>, expected: impl Into<String>) {
        self.problems.push(InputError::new(found, expected).key(format!("{}{key}", self.prefix)));
    }
    /// Adopts the problems of an object within this one.
    pub fn adopt(&mut self, problems: Vec<InputError>) {
        self.problems.extend(problems);
    }
    /// Takes a member out; `null` counts as missing.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.members.remove(key).filter(|value| !value.is_null())
    }
    /// Whether a member exists and is a number.
    pub fn is_number(&self, key: &str) -> bool {
        self.members.get(key).is_some_and(Value::is_number)
    }
    /// Takes a required member.
    pub fn need(&mut self, key: &str, expected: &str) -> Option<Value> {
        let value = self.take(key);
        if value.is_none() {
            self.problem(key, "nothing", expected);
        }
        value
    }
    /// Whether a member exists.
    pub fn has(&self, key: &str) -> bool {
        self.members.get(key).is_some_and(|value| !value.is_null())
    }
    /// Takes an object within this one; a text is short for an object with this member only.
    pub fn object_or(&mut self, key: &str, member: &str) -> Option<Self> {
        if let Some(text @ Value::String(_)) = self.members.get(key).cloned() {
            let members = Map::from_iter([(member.to_owned(), text)]);
            self.members.insert(key.to_owned(), Value::Object(members));
        }
        self.object(key)
    }
    /// Takes an object within this one.
    pub fn object(&mut self, key: &str) -> Option<Self> {
        match self.take(key)? {
            Value::Object(members) => {
                let prefix = format!("{}{key}.", self.prefix);
                Some(Self { prefix, members, problems: Vec::new() })
            }
            other => {
                self.problem(key, kind(&other), "an object, { ... }");
                None
            }
        }
    }
    /// Takes a list of objects; other items are left out and reported.
    pub fn objects(&mut self, key: &str) -> Vec<Self> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let mut objects = Vec::new();
        for (i, item) in self.list(key, value, "objects").unwrap_or_default().into_iter().enumerate() {
            let key = format!("{key}[{i}]");
            match item {
                Value::Object(members) => {
                    let prefix = format!("{}{key}.", self.prefix);
                    objects.push(Self { prefix, members, problems: Vec::new() });
                }
                other => self.problem(&key, kind(&other), "an object, { ... }"),
            }
        }
        objects
    }
    /// Path of a key of this object.
    pub fn path(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
    /// Whether there are no problems so far.
    pub fn is_right(&self) -> bool {
        self.problems.is_empty()
    }
    /// Takes a number; if there is none, `otherwise`, without which it is required.
    pub fn number(&mut self, key: &str, otherwise: Option<f64>) -> Option<f64> {
        let Some(value) = self.take(key) else {
            if otherwise.is_none() {
                self.problem(key, "nothing", "a number");
            }
            return otherwise;
        };
        let number = value.as_f64();
        if number.is_none() {
            self.problem(key, kind(&value), "a number");
        }
        number
    }
    /// Takes a whole number of at most `most`; if there is none, `otherwise`, without which it is required.
    pub fn whole(&mut self, key: &str, otherwise: Option<u32>, most: u32) -> Option<u32> {
        let Some(value) = self.take(key) else {
            if otherwise.is_none() {
                self.problem(key, "nothing", "a whole number");
            }
            return otherwise;
        };
        let number = value.as_u64().and_then(|x| u32::try_from(x).ok()).filter(|x| *x <= most);
        if number.is_none() {
            self.problem(key, kind(&value), format!("a whole number from 0 to {most}"));
        }
        number
    }
    /// Takes a text; empty if there is none.
    pub fn text(&mut self, key: &str) -> String {
        match self.take(key) {
            None => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => {
                self.problem(key, kind(&other), "a text");
                String::new()
            }
        }
    }
    /// Takes a list of `length` numbers, or one number for all of them; a `null` is read as `null_is`. If there is
    /// none, `otherwise` for all of them, without which it is required.
    pub fn column(
        &mut self,
        key: &str,
        length: usize,
        null_is: Option<f64>,
        otherwise: Option<f64>,
    ) -> Option<Vec<f64>> {
        let Some(value) = self.take(key) else {
            if otherwise.is_none() {
                self.problem(key, "nothing", "a number or a list of numbers");
            }
            return otherwise.map(|x| vec![x; length]);
        };
        if let Some(x) = value.as_f64() {
            return Some(vec![x; length]);
        }
        let numbers = self.numbers(key, value, null_is)?;
        if numbers.len() != length {
            self.problem(key, counted(numbers.len()), format!("{length}, one for each slot"));
            return None;
        }
        Some(numbers)
    }
    /// Items of a list.
    pub fn list(&mut self, key: &str, value: Value, items: &str) -> Option<Vec<Value>> {
        match value {
            Value::Array(items) => Some(items),
            other => {
                self.problem(key, kind(&other), format!("a list of {items}"));
                None
            }
        }
    }
    /// A list of numbers; a `null` is read as `null_is`, if it is allowed.
    pub fn numbers(&mut self, key: &str, value: Value, null_is: Option<f64>) -> Option<Vec<f64>> {
        let items = self.list(key, value, "numbers")?;
        let before = self.problems.len();
        let mut numbers = Vec::with_capacity(items.len());
        for (k, item) in items.into_iter().enumerate() {
            match (item.as_f64(), null_is) {
                (Some(x), _) => numbers.push(x),
                (None, Some(x)) if item.is_null() => numbers.push(x),
                _ => self.problem(&format!("{key}[{k}]"), kind(&item), "a number"),
            }
        }
        (self.problems.len() == before).then_some(numbers)
    }
}

/// A number of figures, in words.
pub fn counted(figures: usize) -> String {
    if figures == 1 { "1 figure".to_owned() } else { format!("{figures} figures") }
}

/// Description of a value, in words.
pub fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(x) => x.to_string(),
        Value::Number(x) => x.to_string(),
        Value::String(x) if x.chars().count() <= 40 => format!("the text {x:?}"),
        Value::String(_) => "a text".to_owned(),
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

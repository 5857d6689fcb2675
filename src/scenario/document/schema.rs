//! The JSON Schema of scenario files, and a check of a file against it that reports all problems with their locations,
//! not only the first.
//!
//! Supports only the parts of JSON Schema that [`crate::spec`] uses.

use super::suggest;
use super::tree::{Document, Entry, Node, Origin, Value};
use gridfleet_core::error::InputError;
use schemars::JsonSchema;
use serde_json::Value as Json;

/// The JSON Schema of a kind of file that is written in TOML.
pub fn schema_of<T: JsonSchema>() -> Json {
    let mut schema = schemars::schema_for!(T).to_value();
    without_null(&mut schema);
    schema
}

/// Adapts the output of schemars to TOML, which has no null: optional values are simply not required.
fn without_null(schema: &mut Json) {
    let is_null = |s: &Json| s.get("type").and_then(Json::as_str) == Some("null");
    match schema {
        Json::Object(object) => {
            if let Some(Json::Array(types)) = object.get_mut("type") {
                types.retain(|t| t != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            // Doc comments are wrapped in the source.
            if let Some(Json::String(text)) = object.get_mut("description") {
                *text = text.split("\n\n").map(|p| p.replace('\n', " ")).collect::<Vec<_>>().join("\n\n");
            }
            if object.get("default").is_some_and(Json::is_null) {
                object.remove("default");
            }
            if let Some(Json::Array(alternatives)) = object.get_mut("anyOf") {
                alternatives.retain(|s| !is_null(s));
                if let [Json::Object(only)] = alternatives.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    for (key, value) in only {
                        object.entry(key).or_insert(value);
                    }
                }
            }
            object.values_mut().for_each(without_null);
        }
        Json::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// All violations of the schema in `document`.
pub fn check(document: &Document, schema: &Json) -> Vec<InputError> {
    let mut checker = Checker { document, root: schema, errors: Vec::new() };
    checker.node(&document.root, schema, "");
    checker.errors
}

/// Names of the kinds that `kind` at `path` (keys, no indices) may have.
pub fn kinds(schema: &Json, path: &[&str]) -> Vec<String> {
    let mut at = resolve(schema, schema);
    for key in path {
        match at.get("properties").and_then(|p| p.get(key)) {
            Some(next) => at = resolve(schema, next),
            None => return Vec::new(),
        }
    }
    variants(at).iter().filter_map(|variant| kind_of(variant)).map(str::to_owned).collect()
}

fn resolve<'a>(root: &'a Json, schema: &'a Json) -> &'a Json {
    let reference = schema.get("$ref").and_then(Json::as_str).and_then(|r| r.strip_prefix("#/$defs/"));
    reference.and_then(|name| root.get("$defs")?.get(name)).unwrap_or(schema)
}

fn variants(schema: &Json) -> &[Json] {
    let list = schema.get("oneOf").or_else(|| schema.get("anyOf"));
    list.and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn kind_of(variant: &Json) -> Option<&str> {
    variant.get("properties")?.get("kind")?.get("const")?.as_str()
}

struct Checker<'a> {
    document: &'a Document,
    root: &'a Json,
    errors: Vec<InputError>,
}

impl Checker<'_> {
    fn complain(&mut self, path: &str, found: impl Into<String>, expected: impl Into<String>) {
        self.errors.push(self.document.error(path, found, expected));
    }

    fn node(&mut self, node: &Node, schema: &Json, path: &str) {
        let schema = resolve(self.root, schema);
        if let Some(words) = words(schema) {
            return self.word(node, &words, path);
        }
        let variants = variants(schema);
        if variants.iter().any(|v| kind_of(v).is_some()) {
            return self.tagged(node, variants, path);
        }
        if !variants.is_empty() {
            let fitting = variants.iter().find(|v| fits(node, resolve(self.root, v)));
            return match fitting {
                Some(variant) => self.node(node, variant, path),
                None => {
                    let names: Vec<String> =
                        variants.iter().map(|v| expected(resolve(self.root, v))).collect();
                    self.complain(path, node.describe(), names.join(", or "));
                }
            };
        }
        if !fits(node, schema) {
            return self.complain(path, node.describe(), expected(schema));
        }
        match &node.value {
            Value::Integer(number) => self.number(node, *number as f64, schema, path),
            Value::Float(number) => self.number(node, *number, schema, path),
            Value::Text(text) => self.text(text, schema, path),
            Value::Array(items) => self.array(node, items, schema, path),
            Value::Table(entries) => self.table(entries, schema, path),
            Value::Boolean(_) | Value::Datetime(_) => {}
        }
    }

    /// Checks a word from a list.
    fn word(&mut self, node: &Node, words: &[&str], path: &str) {
        let found = node.text().unwrap_or_default();
        if !matches!(node.value, Value::Text(_)) || !words.contains(&found) {
            let error = self.document.error(path, node.describe(), one_of(words));
            let help = suggest::nearest(found, words.iter().copied());
            self.errors.push(match help {
                Some(word) => error.help(format!("did you mean \"{word}\"?")),
                None => error,
            });
        }
    }

    /// Checks a table whose member `kind` determines its other members.
    fn tagged(&mut self, node: &Node, variants: &[Json], path: &str) {
        let kinds: Vec<&str> = variants.iter().filter_map(kind_of).collect();
        if !matches!(node.value, Value::Table(_)) {
            let mut error = self.document.error(path, node.describe(), "a table with `kind`");
            let kind = node.text().filter(|text| kinds.contains(text)).or(kinds.first().copied());
            if let Some(kind) = kind {
                error = error.help(format!("write {{ kind = \"{kind}\" }}"));
            }
            return self.errors.push(error);
        }
        let Some(kind) = node.get("kind") else {
            let expected = format!("`kind`, {}", one_of(&kinds));
            return self.complain(&join(path, "kind"), "nothing", expected);
        };
        let variant = variants.iter().find(|v| kind_of(v).is_some() && kind_of(v) == kind.text());
        match variant {
            Some(variant) => self.node(node, variant, path),
            None => self.word(kind, &kinds, &join(path, "kind")),
        }
    }

    fn number(&mut self, node: &Node, number: f64, schema: &Json, path: &str) {
        let limit = |key: &str| schema.get(key).and_then(Json::as_f64);
        let outside = !number.is_finite()
            || limit("minimum").is_some_and(|least| number < least)
            || limit("exclusiveMinimum").is_some_and(|least| number <= least)
            || limit("maximum").is_some_and(|most| number > most)
            || widest(schema).is_some_and(|most| number > most);
        if outside {
            self.complain(path, node.describe(), expected(schema));
        }
    }

    fn text(&mut self, text: &str, schema: &Json, path: &str) {
        let length = text.chars().count() as u64;
        let limit = |key: &str| schema.get(key).and_then(Json::as_u64);
        if limit("minLength").is_some_and(|least| length < least) {
            self.complain(path, "an empty text", "a name");
        } else if let Some(most) = limit("maxLength").filter(|&most| length > most) {
            self.complain(path, format!("{length} characters (\"{text}\")"), format!("at most {most}"));
        }
    }

    fn array(&mut self, node: &Node, items: &[Node], schema: &Json, path: &str) {
        let count = items.len() as u64;
        let limit = |key: &str| schema.get(key).and_then(Json::as_u64);
        if limit("minItems").is_some_and(|least| count < least)
            || limit("maxItems").is_some_and(|most| count > most)
        {
            self.complain(path, node.describe(), expected(schema));
        }
        if let Some(schema) = schema.get("items") {
            for (i, item) in items.iter().enumerate() {
                self.node(item, schema, &format!("{path}[{i}]"));
            }
        }
    }

    fn table(&mut self, entries: &[Entry], schema: &Json, path: &str) {
        let empty = serde_json::Map::new();
        let properties = schema.get("properties").and_then(Json::as_object).unwrap_or(&empty);
        let mut misspelt = Vec::new();
        for entry in entries {
            let inner = join(path, &entry.key);
            match (properties.get(&entry.key), schema.get("additionalProperties")) {
                (Some(schema), _) => self.node(&entry.node, schema, &inner),
                (None, Some(Json::Bool(false))) => {
                    misspelt.extend(suggest::nearest(&entry.key, properties.keys().map(String::as_str)));
                    self.unknown(entry, properties, path);
                }
                (None, Some(schema)) if schema.is_object() => self.node(&entry.node, schema, &inner),
                (None, _) => {}
            }
        }
        let required = schema.get("required").and_then(Json::as_array).map_or(&[] as &[Json], Vec::as_slice);
        for key in required.iter().filter_map(Json::as_str) {
            // A missing key that is present in misspelt form has been reported already.
            if !entries.iter().any(|e| e.key == key) && !misspelt.contains(&key) {
                let schema = properties.get(key).map(|s| resolve(self.root, s));
                self.complain(&join(path, key), "nothing", schema.map_or("a value".to_owned(), expected));
            }
        }
    }

    fn unknown(&mut self, entry: &Entry, known: &serde_json::Map<String, Json>, path: &str) {
        let inner = join(path, &entry.key);
        let error = self.document.error_at(&entry.origin, "an unknown key", "a key of this table");
        let error = match &entry.origin {
            Origin::File(_) => error.key(&inner),
            Origin::Argument(_) => error,
        };
        let top = resolve(self.root, self.root).get("properties").and_then(|p| p.get(&entry.key));
        let help = match suggest::nearest(&entry.key, known.keys().map(String::as_str)) {
            Some(name) => Some(format!("did you mean `{name}`?")),
            None if !path.is_empty() && top.is_some() => {
                Some(format!("`{}` belongs at the top of the file, before the first [table]", &entry.key))
            }
            None => suggest::help(&entry.key, known.keys().map(String::as_str)),
        };
        self.errors.push(match help {
            Some(help) => error.help(help),
            None => error,
        });
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The words allowed, if the schema is a list of words.
fn words(schema: &Json) -> Option<Vec<&str>> {
    if let Some(words) = schema.get("enum").and_then(Json::as_array) {
        return words.iter().map(Json::as_str).collect();
    }
    let variants = schema.get("oneOf")?.as_array()?;
    variants
        .iter()
        .map(|v| match v.get("enum").and_then(Json::as_array) {
            Some(words) => words.first()?.as_str(),
            None => v.get("const")?.as_str(),
        })
        .collect()
}

fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    match quoted.as_slice() {
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
        [] => String::new(),
    }
}

fn kind(schema: &Json) -> &str {
    schema.get("type").and_then(Json::as_str).unwrap_or_default()
}

/// Whether a value has the schema's type. A date is accepted as text.
fn fits(node: &Node, schema: &Json) -> bool {
    match kind(schema) {
        _ if words(schema).is_some() => matches!(node.value, Value::Text(_)),
        "string" => matches!(node.value, Value::Text(_) | Value::Datetime(_)),
        "integer" => matches!(node.value, Value::Integer(_)),
        "number" => matches!(node.value, Value::Integer(_) | Value::Float(_)),
        "boolean" => matches!(node.value, Value::Boolean(_)),
        "array" => matches!(node.value, Value::Array(_)),
        "object" => matches!(node.value, Value::Table(_)),
        _ => true,
    }
}

/// Largest value of the number's type.
fn widest(schema: &Json) -> Option<f64> {
    match schema.get("format").and_then(Json::as_str)? {
        "uint8" => Some(f64::from(u8::MAX)),
        "uint16" => Some(f64::from(u16::MAX)),
        "uint32" => Some(f64::from(u32::MAX)),
        "int32" => Some(f64::from(i32::MAX)),
        _ => None,
    }
}

/// Description of the values that the schema expects.
fn expected(schema: &Json) -> String {
    if let Some(words) = words(schema) {
        return one_of(&words);
    }
    let figure = |key: &str| schema.get(key).and_then(Json::as_f64);
    let name = match kind(schema) {
        "string" => return "a text".to_owned(),
        "boolean" => return "true or false".to_owned(),
        "object" => return "a table".to_owned(),
        "array" => {
            let (least, most) = (figure("minItems"), figure("maxItems"));
            let what = match schema.get("items").map(kind) {
                Some("number" | "integer") => "numbers",
                Some("string") => "texts",
                Some("array") => "points [x, y]",
                _ => "entries",
            };
            return match (least, most) {
                (Some(least), Some(most)) if least == most => format!("a list of {least} {what}"),
                (Some(least), Some(most)) => format!("a list of {least} to {most} {what}"),
                (Some(1.0), None) => format!("a list of {what}, at least one"),
                (Some(least), None) => format!("a list of {what}, at least {least}"),
                (None, Some(most)) => format!("a list of at most {most} {what}"),
                (None, None) => format!("a list of {what}"),
            };
        }
        "integer" => "a whole number",
        "number" => "a number",
        _ if !variants(schema).is_empty() => return "a table with `kind`".to_owned(),
        _ => return "another value".to_owned(),
    };
    let most = figure("maximum").or(widest(schema));
    match (figure("minimum"), figure("exclusiveMinimum"), most) {
        (_, Some(least), Some(most)) => format!("{name} above {least}, at most {most}"),
        (_, Some(least), None) => format!("{name} above {least}"),
        (Some(least), None, Some(most)) if least == most => least.to_string(),
        (Some(least), None, Some(most)) => format!("{name} from {least} to {most}"),
        (Some(least), None, None) => format!("{name} of at least {least}"),
        (None, None, Some(most)) => format!("{name} of at most {most}"),
        (None, None, None) => name.to_owned(),
    }
}

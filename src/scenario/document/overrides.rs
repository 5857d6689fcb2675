//! Changes to a scenario from the command line, made before it is checked.

use super::tree::{Document, Entry, Node, Origin, Value, parse_value};
use super::{schema, suggest};
use gridfleet_core::error::InputError;
use serde_json::Value as Json;

/// Changes to a scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `key=value`, with the key written `fleets.0.vehicles.0.count`, `fleets[0].vehicles[0].count` or, by name,
    /// `fleets.yellow.vehicles.0.count`, and the value in TOML or as plain text.
    pub set: Vec<String>,
    /// The seed.
    pub seed: Option<u64>,
    /// Kinds of policies, each of dispatch, charging, relocation or bidding.
    pub policies: Vec<String>,
}

/// Most bytes of one override.
const MOST_BYTES: usize = 65_536;

impl Overrides {
    /// Changes `document`, in the order policies, `set`, seed.
    pub(crate) fn apply(&self, document: &mut Document, schema: &Json) -> Vec<InputError> {
        let mut errors = Vec::new();
        for name in &self.policies {
            if let Err(error) = policy(&mut document.root, schema, name) {
                errors.push(error);
            }
        }
        for text in &self.set {
            if let Err(error) = set(&mut document.root, text) {
                errors.push(error);
            }
        }
        if let Some(seed) = self.seed {
            let argument = format!("--seed {seed}");
            match i64::try_from(seed) {
                Ok(seed) => insert(&mut document.root, "seed", &argument, Value::Integer(seed)),
                Err(_) => errors.push(InputError::new(seed.to_string(), "a seed below 2^63").key("--seed")),
            }
        }
        errors
    }
}

/// Sets the policy of the role under `operation` that has the kind `name`; parameters in the file are kept if they
/// belong to the same kind already.
fn policy(root: &mut Node, schema: &Json, name: &str) -> Result<(), InputError> {
    let argument = format!("--policy {name}");
    let roles =
        ["dispatch", "charging", "relocation", "bidding", "stations", "pricing", "response", "aggregator"];
    let kinds = roles.map(|role| schema::kinds(schema, &["operation", role]));
    let Some((key, _)) = roles.into_iter().zip(&kinds).find(|(_, k)| k.iter().any(|kind| kind == name))
    else {
        let known: Vec<&str> = kinds.iter().flatten().map(String::as_str).collect();
        let error = InputError::new(format!("\"{name}\""), "the name of a policy").key(&argument);
        return Err(match suggest::help(name, known) {
            Some(help) => error.help(help),
            None => error,
        });
    };
    let origin = Origin::Argument(argument.clone());
    if root.get("operation").is_none() {
        insert(root, "operation", &argument, Value::Table(Vec::new()));
    }
    let Some(operation) = member(root, "operation") else { return Ok(()) };
    let same = operation.get(key).and_then(|n| n.get("kind")).and_then(Node::text) == Some(name);
    if !same {
        let kind = Node { value: Value::Text(name.to_owned()), origin: origin.clone() };
        let entry = Entry { key: "kind".to_owned(), origin, node: kind };
        insert(operation, key, &argument, Value::Table(vec![entry]));
    }
    Ok(())
}

fn set(root: &mut Node, text: &str) -> Result<(), InputError> {
    let argument = format!("--set {text}");
    let fail = |found: String, expected: &str| Err(InputError::new(found, expected).key(&argument));
    if text.len() > MOST_BYTES {
        return fail(format!("{} bytes", text.len()), "at most 65,536");
    }
    let Some((path, value)) = text.split_once('=') else {
        return fail("no `=`".to_owned(), "key=value, for example time.days=1");
    };
    let parts: Vec<&str> =
        path.trim().split(['.', '[']).map(|p| p.strip_suffix(']').unwrap_or(p).trim()).collect();
    if parts.iter().any(|part| part.is_empty()) || parts.len() > 16 {
        return fail(format!("the key `{path}`"), "a key like time.days or fleets[0].vehicles[0].count");
    }
    let value = parse_value(value.trim(), &argument);
    let mut node = root;
    for (i, part) in parts.iter().enumerate() {
        let last = i + 1 == parts.len();
        let kind = if matches!(node.value, Value::Table(_) | Value::Array(_)) {
            String::new()
        } else {
            node.describe()
        };
        match &mut node.value {
            Value::Table(entries) => {
                let position = entries.iter().position(|e| e.key == *part).unwrap_or_else(|| {
                    let origin = Origin::Argument(argument.clone());
                    // A number as the next part indicates a list.
                    let list = parts.get(i + 1).is_some_and(|next| next.parse::<usize>().is_ok());
                    let empty = if list { Value::Array(Vec::new()) } else { Value::Table(Vec::new()) };
                    let node = Node { value: empty, origin: origin.clone() };
                    entries.push(Entry { key: (*part).to_owned(), origin, node });
                    entries.len() - 1
                });
                match entries.get_mut(position) {
                    Some(entry) => node = &mut entry.node,
                    None => return Ok(()),
                }
            }
            Value::Array(items) => {
                let count = items.len();
                let by_name = |item: &Node| item.get("name").and_then(Node::text) == Some(*part);
                let index = part.parse().ok().or_else(|| items.iter().position(by_name));
                match index {
                    Some(index) if index == count => {
                        items.push(Node::table(Origin::Argument(argument.clone())));
                    }
                    Some(index) if index < count => {}
                    _ => {
                        let expected = match count {
                            0 => "0, for the first entry".to_owned(),
                            1 => "0 for its only entry, 1 to add one, or the entry's name".to_owned(),
                            n => format!("0 to {} for an entry, {n} to add one, or an entry's name", n - 1),
                        };
                        return fail(format!("the position `{part}`"), &expected);
                    }
                }
                match index.and_then(|index| items.get_mut(index)) {
                    Some(item) => node = item,
                    None => return Ok(()),
                }
            }
            _ => {
                let message = format!("`{}`, which is {}", parts[..i].join("."), kind);
                return fail(message, "a table or a list before the last key");
            }
        }
        if last {
            *node = Node { value, origin: Origin::Argument(argument) };
            return Ok(());
        }
    }
    Ok(())
}

fn member<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    match &mut node.value {
        Value::Table(entries) => entries.iter_mut().find(|e| e.key == key).map(|e| &mut e.node),
        _ => None,
    }
}

fn insert(node: &mut Node, key: &str, argument: &str, value: Value) {
    let origin = Origin::Argument(argument.to_owned());
    let new = Node { value, origin: origin.clone() };
    if let Some(old) = member(node, key) {
        *old = new;
    } else if let Value::Table(entries) = &mut node.value {
        entries.push(Entry { key: key.to_owned(), origin, node: new });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::ScenarioFile;
    use std::path::Path;

    fn changed(text: &str, set: &[&str]) -> (Json, Vec<InputError>) {
        let mut document = Document::parse(Path::new("a.toml"), text.to_owned()).unwrap();
        let overrides =
            Overrides { set: set.iter().map(|&s| s.to_owned()).collect(), ..Overrides::default() };
        let errors = overrides.apply(&mut document, &schema::schema_of::<ScenarioFile>());
        (document.root.to_json(), errors)
    }

    #[test]
    fn keys_indices_and_names_reach_the_value() {
        let text = "[[fleets]]\nname = \"a\"\nvehicles = [{ count = 1 }]\n";
        for key in ["fleets.0.vehicles.0.count", "fleets[0].vehicles[0].count", "fleets.a.vehicles[0].count"]
        {
            let (json, errors) = changed(text, &[&format!("{key}=500")]);
            assert!(errors.is_empty(), "{errors:?}");
            assert_eq!(json["fleets"][0]["vehicles"][0]["count"], 500);
        }
    }

    #[test]
    fn values_are_toml_or_plain_text() {
        let set = ["a=1.5", "b=hello world", "c=[1, 2]", "d.e={ f = true }", "g=2018-03-05", "h[0]=1"];
        let (json, errors) = changed("", &set);
        assert!(errors.is_empty(), "{errors:?}");
        let expected =
            r#"{"a":1.5,"b":"hello world","c":[1,2],"d":{"e":{"f":true}},"g":"2018-03-05","h":[1]}"#;
        assert_eq!(json, serde_json::from_str::<Json>(expected).unwrap());
    }

    #[test]
    fn bad_overrides_name_the_argument() {
        let (_, errors) = changed("a = 1\nb = [1]\n", &["novalue", "a.b=1", "b.7=1", ".=2", "=3"]);
        let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(text.join("\n"), @r"
        --set novalue: found no `=`, expected key=value, for example time.days=1
        --set a.b=1: found `a`, which is 1, expected a table or a list before the last key
        --set b.7=1: found the position `7`, expected 0 for its only entry, 1 to add one, or the entry's name
        --set .=2: found the key `.`, expected a key like time.days or fleets[0].vehicles[0].count
        --set =3: found the key ``, expected a key like time.days or fleets[0].vehicles[0].count
        ");
    }

    #[test]
    fn a_policy_is_found_by_its_name() {
        let text = "[operation]\ndispatch = { kind = \"batched\", interval_s = 5 }\n";
        let mut document = Document::parse(Path::new("a.toml"), text.to_owned()).unwrap();
        let schema = schema::schema_of::<ScenarioFile>();
        let policies = ["batched", "price-aware"].map(str::to_owned).to_vec();
        let errors = Overrides { policies, ..Overrides::default() }.apply(&mut document, &schema);
        assert!(errors.is_empty(), "{errors:?}");
        let json = document.root.to_json();
        assert_eq!(json["operation"]["dispatch"]["interval_s"], 5);
        assert_eq!(json["operation"]["charging"]["kind"], "price-aware");
        let policies = vec!["price_aware".to_owned()];
        let errors = Overrides { policies, ..Overrides::default() }.apply(&mut document, &schema);
        assert_eq!(
            errors[0].to_string(),
            "--policy price_aware: found \"price_aware\", expected the name of a policy; did you mean `price-aware`?"
        );
    }
}

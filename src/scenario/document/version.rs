//! Files of version 1: the same keys under other names ([`gridfleet_core::names`]).
//!
//! Names are replaced in the tree, so that everything after it knows one version only, and messages still quote the
//! file as written. [`migrate`] makes the same replacements in the text and leaves every other byte as it is.

use super::tree::{Document, Node, Origin, Value};
use gridfleet_core::error::{Error, Result};
use gridfleet_core::names::{VERSION, renamed_path};
use std::ops::Range;
use std::path::Path;

/// Version 1, the only one before the present [`VERSION`].
const FIRST: i64 = 1;

/// Keys of a study whose texts name keys of the scenario or figures.
const NAMING: [&str; 6] = ["figure", "key", "keys", "metric", "metrics", "ratios"];

/// A replacement in the text of a file.
#[derive(Debug, PartialEq, Eq)]
struct Edit {
    at: Range<usize>,
    text: String,
}

/// A file brought to the present version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Text of the file, with comments and layout as before.
    pub text: String,
    /// Names replaced; `None` if the file has the present version already.
    pub renamed: Option<usize>,
}

/// Brings the scenario or study `text`, the contents of `file`, to the present version.
///
/// # Errors
/// If the text is not TOML, or has no version that is known.
pub fn migrate(file: &Path, text: String) -> Result<Migration> {
    let mut document = Document::parse(file, text).map_err(Error::Input)?;
    let version = document.root.get("version").map(|node| &node.value);
    if version == Some(&Value::Integer(i64::from(VERSION))) {
        return Ok(Migration { text: document.text, renamed: None });
    }
    if version != Some(&Value::Integer(FIRST)) {
        let found = document.root.get("version").map_or("nothing".to_owned(), Node::describe);
        return Err(document.error("version", found, format!("{FIRST} or {VERSION}")).into());
    }
    let edits = modernise(&mut document);
    let mut text = String::with_capacity(document.text.len());
    let mut copied = 0;
    for edit in &edits {
        text.push_str(&document.text[copied..edit.at.start]);
        text.push_str(&edit.text);
        copied = edit.at.end;
    }
    text.push_str(&document.text[copied..]);
    // The version itself is one of the edits, but not a name.
    Ok(Migration { text, renamed: Some(edits.len().saturating_sub(1)) })
}

/// Replaces the names of version 1 in the tree; returns a warning if the document had that version.
pub(crate) fn upgrade(document: &mut Document) -> Option<String> {
    if document.root.get("version").map(|node| &node.value) != Some(&Value::Integer(FIRST)) {
        return None;
    }
    modernise(document);
    let file = document.file.display();
    Some(format!("{file}: format version {FIRST}; `gridfleet migrate {file}` brings it to version {VERSION}"))
}

/// Replaces the names of version 1 in the tree; returns the replacements in the text, in its order.
fn modernise(document: &mut Document) -> Vec<Edit> {
    let mut edits = Vec::new();
    let is_study = document.root.get("scenario").is_some();
    walk(&mut document.root, is_study, &document.text, &mut edits);
    if let Value::Table(entries) = &mut document.root.value
        && let Some(version) = entries.iter_mut().find(|entry| entry.key == "version")
    {
        version.node.value = Value::Integer(i64::from(VERSION));
        replace(&version.node.origin, VERSION.to_string(), &mut edits);
    }
    // One header may introduce the same key for several tables.
    edits.sort_by_key(|edit| edit.at.start);
    edits.dedup();
    edits
}

fn walk(node: &mut Node, is_study: bool, text: &str, edits: &mut Vec<Edit>) {
    match &mut node.value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, is_study, text, edits)),
        Value::Table(entries) => {
            let taken: Vec<String> = entries.iter().map(|entry| entry.key.clone()).collect();
            for entry in entries.iter_mut() {
                // A file with both names is wrong; the old one is left for the check of keys to report.
                if let Some(new) = renamed_path(&entry.key).filter(|new| !taken.contains(new)) {
                    let quoted = entry.origin.written(text).is_some_and(|key| key.starts_with(['"', '\'']));
                    let written = if quoted { format!("{new:?}") } else { new.clone() };
                    replace(&entry.origin, written, edits);
                    entry.key = new;
                }
                if is_study && NAMING.contains(&entry.key.as_str()) {
                    rename_texts(&mut entry.node, edits);
                } else {
                    walk(&mut entry.node, is_study, text, edits);
                }
            }
        }
        _ => {}
    }
}

/// Replaces names that are values.
fn rename_texts(node: &mut Node, edits: &mut Vec<Edit>) {
    match &mut node.value {
        Value::Array(items) => items.iter_mut().for_each(|item| rename_texts(item, edits)),
        Value::Text(name) => {
            if let Some(new) = renamed_path(name) {
                replace(&node.origin, format!("{new:?}"), edits);
                *name = new;
            }
        }
        _ => {}
    }
}

/// Records an edit, unless the value came from the command line.
fn replace(origin: &Origin, text: String, edits: &mut Vec<Edit>) {
    if let Origin::File(at) = origin
        && !at.is_empty()
    {
        edits.push(Edit { at: at.clone(), text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migrated(text: &str) -> Migration {
        migrate(Path::new("a.toml"), text.to_owned()).unwrap()
    }

    #[test]
    fn names_are_replaced_and_every_other_byte_is_kept() {
        let before = "# A town, rescue_eur and all.\r\nversion  =  1 # old\r\nname = \"rescue_eur\"\r\n\r\n[[fleets]]\r\n\
                      fare = { base_eur=1.0,   per_km_eur = 2 } # fare\r\nrescue_eur\t= 3\r\n'lost_request_eur' = 4\r\n\
                      [[retailers]]\r\ntariff.price_eur_mwh = 5\r\n[operation.dispatch]\r\ndriving_eur_per_km = 0.2\r\n";
        let after = "# A town, rescue_eur and all.\r\nversion  =  2 # old\r\nname = \"rescue_eur\"\r\n\r\n[[fleets]]\r\n\
                     fare = { base=1.0,   per_km = 2 } # fare\r\nrescue_cost\t= 3\r\n\"lost_request_cost\" = 4\r\n\
                     [[retailers]]\r\ntariff.price_per_mwh = 5\r\n[operation.dispatch]\r\ndriving_cost_per_km = 0.2\r\n";
        assert_eq!(migrated(before), Migration { text: after.to_owned(), renamed: Some(6) });
        assert_eq!(migrated(after), Migration { text: after.to_owned(), renamed: None });
    }

    #[test]
    fn studies_name_keys_and_figures_in_texts() {
        let before = "version = 1\nscenario = \"price_eur_mwh.toml\"\nmetrics = [\n  \"fares_eur\", # money\n  \
                      \"fleets.blue.fares_eur\",\n]\nset = { \"fleets.blue.fare.per_km_eur\" = 2 }\n[[factors]]\n\
                      key = \"operation.charging.time_value_eur_h\"\nname = \"rescue_eur\"\n";
        let after = "version = 2\nscenario = \"price_eur_mwh.toml\"\nmetrics = [\n  \"fares\", # money\n  \
                     \"fleets.blue.fares\",\n]\nset = { \"fleets.blue.fare.per_km\" = 2 }\n[[factors]]\n\
                     key = \"operation.charging.time_value_per_h\"\nname = \"rescue_eur\"\n";
        assert_eq!(migrated(before), Migration { text: after.to_owned(), renamed: Some(4) });
    }

    #[test]
    fn a_version_that_is_not_known_is_an_error() {
        for text in ["version = 3\n", "version = \"1\"\n", "name = \"x\"\n", "version = \n"] {
            assert!(migrate(Path::new("a.toml"), text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_table_with_both_names_keeps_them_for_the_check() {
        let both = migrated("version = 1\n[f]\nrescue_eur = 1\nrescue_cost = 2\n");
        assert_eq!(both.renamed, Some(0));
    }
}

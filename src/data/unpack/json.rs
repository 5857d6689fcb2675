//! Records in JSON, GeoJSON or JSON lines as a table: names of nested values are paths, `location.lat`.

use gridfleet_core::error::{Error, InputError, Result};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// Maximum size of a file [bytes]: a parsed one takes several times as much.
const MOST_BYTES: usize = 256 << 20;

/// Maximum number of values: each takes some 250 bytes while records are looked for.
const MOST_VALUES: usize = 3_000_000;

/// Maximum number of columns.
const MOST_COLUMNS: usize = 2_000;

/// Depth to which records are looked for.
const DEPTH: usize = 4;

/// The records as CSV with a header, and a note on where they are in the file.
pub(super) fn table(path: &Path, bytes: &[u8]) -> Result<(Vec<u8>, String)> {
    if bytes.len() > MOST_BYTES {
        let expected = format!("at most {} MiB of JSON", MOST_BYTES >> 20);
        return Err(InputError::new(format!("{} bytes", bytes.len()), expected)
            .file(path)
            .help("split it, or write it as CSV or Parquet")
            .into());
    }
    let values = bytes.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{' | b':')).count();
    if values > 2 * MOST_VALUES {
        let found = format!("JSON of about {} values", values / 2);
        return Err(InputError::new(found, format!("at most {MOST_VALUES}"))
            .file(path)
            .help("split it, or write it as CSV or Parquet")
            .into());
    }
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => lines(bytes).ok_or_else(|| broken(path, &error))?,
    };
    let (place, records) = records(&value).ok_or_else(|| {
        Error::from(InputError::new("no list of records", "JSON with a list of objects").file(path))
    })?;
    let note =
        if place.is_empty() { "records of JSON".to_owned() } else { format!("records `{place}` of JSON") };
    let rows: Vec<BTreeMap<String, String>> = records;
    let mut names: Vec<String> = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for name in rows.iter().flat_map(BTreeMap::keys) {
        if known.insert(name.clone()) {
            names.push(name.clone());
        }
    }
    if names.len() > MOST_COLUMNS {
        let found = format!("records with {} different keys", names.len());
        return Err(InputError::new(found, format!("at most {MOST_COLUMNS}")).file(path).into());
    }
    if names.is_empty() {
        names = vec!["no records".to_owned()];
    }
    let cells =
        rows.iter().map(|row| names.iter().map(|name| row.get(name).cloned().unwrap_or_default()).collect());
    Ok((super::write_csv(std::iter::once(names.clone()).chain(cells)), note))
}

fn broken(path: &Path, error: &serde_json::Error) -> Error {
    InputError::new(format!("text that is no JSON ({error})"), "JSON, or a JSON object per line")
        .file(path)
        .line(error.line() as u64)
        .help("it may be truncated or damaged: fetch or write it again")
        .into()
}

/// JSON lines: one value per line.
fn lines(bytes: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(bytes).ok()?;
    let values = text.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str::<Value>);
    let values: Vec<Value> = values.collect::<Result<_, _>>().ok()?;
    values.iter().all(Value::is_object).then_some(Value::Array(values))
}

/// Records, by path of the key.
type Records = (String, Vec<BTreeMap<String, String>>);

fn records(value: &Value) -> Option<Records> {
    let mut found = None;
    search(value, "", DEPTH, &mut found);
    found
}

/// Looks for the longest list of records.
fn search(value: &Value, place: &str, depth: usize, best: &mut Option<Records>) {
    let better =
        |rows: &Vec<_>, best: &Option<Records>| best.as_ref().is_none_or(|(_, old)| rows.len() > old.len());
    match value {
        Value::Array(items) => {
            if let Some(rows) = of_list(items)
                && better(&rows, best)
            {
                *best = Some((place.to_owned(), rows));
            }
        }
        Value::Object(map) => {
            if let Some(rows) = of_columns(map)
                && better(&rows, best)
            {
                *best = Some((place.to_owned(), rows));
            }
            for (key, inner) in map.iter().filter(|_| depth > 0) {
                let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                search(inner, &place, depth - 1, best);
            }
        }
        _ => {}
    }
}

/// A list of objects, or of lists of one length (`[[time, price], ..]`).
fn of_list(items: &[Value]) -> Option<Vec<BTreeMap<String, String>>> {
    if items.iter().all(Value::is_object) {
        return Some(items.iter().filter_map(Value::as_object).map(of_object).collect());
    }
    let width = items.first()?.as_array()?.len();
    let pairs = items.iter().map(Value::as_array).collect::<Option<Vec<_>>>()?;
    let scalar = |cell: &Value| !cell.is_array() && !cell.is_object();
    if width < 2 || pairs.iter().any(|row| row.len() != width || !row.iter().all(scalar)) {
        return None;
    }
    // Pairs whose first value counts milliseconds are times and values.
    let timed = pairs.iter().all(|row| row[0].as_f64().is_some_and(|v| v > 1e11));
    let name = |at: usize| if at == 0 && timed { "time".to_owned() } else { format!("column {}", at + 1) };
    let row = |row: &Vec<Value>| row.iter().enumerate().map(|(at, cell)| (name(at), text(cell))).collect();
    Some(pairs.into_iter().map(row).collect())
}

/// Lists of one length side by side (`{"unix_seconds": [..], "price": [..]}`), each a column.
fn of_columns(map: &Map<String, Value>) -> Option<Vec<BTreeMap<String, String>>> {
    let scalars = |list: &Vec<Value>| list.iter().all(|cell| !cell.is_array() && !cell.is_object());
    let lists: Vec<(&String, &Vec<Value>)> = map
        .iter()
        .filter_map(|(key, value)| Some((key, value.as_array().filter(|list| scalars(list))?)))
        .collect();
    let length = lists.first()?.1.len();
    if lists.len() < 2 || length < 2 || lists.iter().any(|(_, list)| list.len() != length) {
        return None;
    }
    let others = map.iter().filter(|(_, value)| !value.is_array() && !value.is_object());
    let others: Vec<(String, String)> = others.map(|(key, value)| (key.clone(), text(value))).collect();
    let row = |at: usize| {
        let cells = lists.iter().map(|(key, list)| ((*key).clone(), text(&list[at])));
        cells.chain(others.iter().cloned()).collect()
    };
    Some((0..length).map(row).collect())
}

fn of_object(map: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut row = BTreeMap::new();
    // A feature of GeoJSON: its properties, and the coordinates of a point.
    if map.get("type").and_then(Value::as_str) == Some("Feature") {
        if let Some(properties) = map.get("properties").and_then(Value::as_object) {
            flatten("", properties, &mut row);
        }
        let coordinates = map.get("geometry").and_then(|geometry| geometry.get("coordinates"));
        if let Some([lon, lat, ..]) = coordinates.and_then(Value::as_array).map(Vec::as_slice)
            && lon.is_number()
        {
            row.insert("lat".to_owned(), text(lat));
            row.insert("lon".to_owned(), text(lon));
        }
        return row;
    }
    flatten("", map, &mut row);
    row
}

fn flatten(place: &str, map: &Map<String, Value>, row: &mut BTreeMap<String, String>) {
    for (key, value) in map {
        let name = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
        match value {
            Value::Object(inner) => flatten(&name, inner, row),
            Value::Array(items) => {
                // Lists within a record are one cell; members of the last item, which replaces those before it in logs
                // of inputs, have names of their own.
                for (key, value) in items.last().and_then(Value::as_object).into_iter().flatten() {
                    if !value.is_array() && !value.is_object() {
                        row.insert(format!("{name}[-1].{key}"), text(value));
                    }
                }
                row.insert(name, text(value));
            }
            other => {
                row.insert(name, text(other));
            }
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        String::from_utf8(table(Path::new("x.json"), text.as_bytes()).unwrap().0).unwrap()
    }

    #[test]
    fn records_are_found_wherever_they_are() {
        let expected = "a,b.c\n1,x\n2,\n";
        for text in [
            r#"[{"a":1,"b":{"c":"x"}},{"a":2}]"#,
            r#"{"last_updated":3,"data":{"bikes":[{"a":1,"b":{"c":"x"}},{"a":2,"b":{"c":null}}]}}"#,
            "{\"a\":1,\"b\":{\"c\":\"x\"}}\n\n{\"a\":2}\n",
        ] {
            assert_eq!(read(text), expected);
        }
        let feature = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"p","kw":11},"geometry":{"type":"Point","coordinates":[9.1,48.7]}}]}"#;
        assert_eq!(read(feature), "id,kw,lat,lon\np,11,48.7,9.1\n");
        assert_eq!(
            read("[[1761264000000,12.5],[1761267600000,null]]"),
            "column 2,time\n12.5,1761264000000\n,1761267600000\n"
        );
        let columns = r#"{"unix_seconds":[1,2],"price":[3.5,-4],"unit":"EUR / MWh"}"#;
        assert_eq!(read(columns), "price,unit,unix_seconds\n3.5,EUR / MWh,1\n-4,EUR / MWh,2\n");
        assert_eq!(read(r#"{"data":{"bikes":[]}}"#), "no records\n");
        let inputs = r#"[{"a":1,"b":[{"c":2},{"c":3,"d":[4]}]}]"#;
        assert_eq!(read(inputs), "a,b,b[-1].c\n1,\"[{\"\"c\"\":2},{\"\"c\"\":3,\"\"d\"\":[4]}]\",3\n");
    }

    #[test]
    fn broken_json_is_refused() {
        let message = |text: &str| table(Path::new("x.json"), text.as_bytes()).unwrap_err().to_string();
        insta::assert_snapshot!(message("{\"a\":[{\"b\":1},\n"), @"x.json:2: found text that is no JSON (EOF while parsing a value at line 2 column 0), expected JSON, or a JSON object per line; it may be truncated or damaged: fetch or write it again");
        assert!(message(&format!("[{}1]", "1,".repeat(7_000_000))).contains("JSON of about 3500000 values"));
        insta::assert_snapshot!(message("{\"a\": 5}"), @"x.json: found no list of records, expected JSON with a list of objects");
    }
}

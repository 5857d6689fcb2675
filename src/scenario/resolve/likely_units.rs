//! Numbers of a scenario that are likely in another unit than their key: prices per kWh, watts, minutes. They are within
//! their ranges, so that they are warnings.

use serde_json::Value;

/// A kind of key, and the values that are doubted.
struct Doubt {
    /// Names of keys.
    keys: &'static [&'static str],
    /// Values from the first to below the second are doubted.
    doubted: [f64; 2],
    /// Unit of the key, and the likely one.
    units: [&'static str; 2],
    /// Factor from the likely unit to that of the key.
    factor: f64,
}

/// Bounds are assumed: no market, vehicle or rider has such values for longer than moments.
const DOUBTS: [Doubt; 5] = [
    Doubt {
        keys: &["price_per_mwh", "end_value_per_mwh", "base_per_mwh", "max_price_per_mwh"],
        doubted: [0.01, 1.5],
        units: ["per MWh", "per kWh"],
        factor: 1_000.0,
    },
    Doubt {
        keys: &["connector_kw", "dc_kw"],
        doubted: [2_000.0, f64::INFINITY],
        units: ["kW", "W"],
        factor: 0.001,
    },
    Doubt { keys: &["ac_kw"], doubted: [100.0, f64::INFINITY], units: ["kW", "W"], factor: 0.001 },
    Doubt { keys: &["battery_kwh"], doubted: [2_000.0, f64::INFINITY], units: ["kWh", "Wh"], factor: 0.001 },
    Doubt {
        keys: &["patience_s", "queue_patience_s"],
        doubted: [1.0, 31.0],
        units: ["s", "min"],
        factor: 60.0,
    },
];

/// A warning for each number that is likely in another unit.
pub(super) fn warnings(root: &Value) -> Vec<String> {
    let mut found = Vec::new();
    search(root, "", &mut found);
    found
}

fn search(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let path = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                match inner.as_f64() {
                    Some(number) => found.extend(doubt(key, &path, number)),
                    None => search(inner, &path, found),
                }
            }
        }
        Value::Array(items) => {
            for (i, inner) in items.iter().enumerate() {
                search(inner, &format!("{place}[{i}]"), found);
            }
        }
        _ => {}
    }
}

fn doubt(key: &str, path: &str, number: f64) -> Option<String> {
    let of_key = DOUBTS.iter().filter(|doubt| doubt.keys.contains(&key));
    let doubt = of_key.into_iter().find(|doubt| (doubt.doubted[0]..doubt.doubted[1]).contains(&number))?;
    let [unit, likely] = doubt.units;
    // Without the noise of the last binary digit.
    let right = format!("{:.6}", number * doubt.factor);
    let right = right.trim_end_matches('0').trim_end_matches('.');
    Some(format!("{path}: {number} {unit}: is it {likely}? Then write {right}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn likely_units_are_named() {
        let root = json!({
            "retailers": [{ "tariff": { "kind": "flat", "price_per_mwh": 0.25 }, "markup_per_mwh": 0.5 }],
            "stations": [{ "connector_kw": 7_400, "queue_patience_s": 10 }, { "connector_kw": 350.0 }],
            "vehicle_types": [{ "battery_kwh": 5_000, "ac_kw": 3_700 }],
        });
        insta::assert_snapshot!(warnings(&root).join("\n"), @r"
        retailers[0].tariff.price_per_mwh: 0.25 per MWh: is it per kWh? Then write 250
        stations[0].connector_kw: 7400 kW: is it W? Then write 7.4
        stations[0].queue_patience_s: 10 s: is it min? Then write 600
        vehicle_types[0].ac_kw: 3700 kW: is it W? Then write 3.7
        vehicle_types[0].battery_kwh: 5000 kWh: is it Wh? Then write 5
        ");
    }

    #[test]
    fn values_in_use_are_not_doubted() {
        let root = json!({
            "price_per_mwh": 0.0, "connector_kw": 1_000, "battery_kwh": 900, "ac_kw": 44, "patience_s": 120, "queue_patience_s": 0,
        });
        assert!(warnings(&root).is_empty());
        assert!(warnings(&json!({ "price_per_mwh": -0.5, "tariff": { "price_per_mwh": 30 } })).is_empty());
    }
}

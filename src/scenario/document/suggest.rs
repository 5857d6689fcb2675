//! "Did you mean ...?": the known name closest to an unknown one.

use gridfleet_core::names::{VERSION, renamed_path};

/// The name in `known` closest to `found`, if it is close enough to be a typing error.
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (found.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|name| (distance(&found.to_lowercase(), &name.to_lowercase()), name))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// A sentence that suggests the closest of `known`, or lists them if they are few.
pub fn help<'a>(found: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(new) = renamed_path(found).filter(|new| known.clone().into_iter().any(|name| name == new)) {
        return Some(format!("renamed in version {VERSION}: `{new}`"));
    }
    if let Some(name) = nearest(found, known.clone()) {
        return Some(format!("did you mean `{name}`?"));
    }
    let known: Vec<&str> = known.into_iter().collect();
    match known.len() {
        0 => None,
        1..=24 => Some(format!("known: {}", known.join(", "))),
        more => Some(format!("known: {} and {} more", known.get(..24)?.join(", "), more - 24)),
    }
}

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`
/// (optimal string alignment; Boytsov, "Indexing methods for approximate dictionary searching", 2011).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        (before, above) = (above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_edits() {
        // Textbook pairs.
        for (a, b, edits) in
            [("kitten", "sitting", 3), ("flaw", "lawn", 2), ("ab", "ba", 1), ("", "abc", 3), ("x", "x", 0)]
        {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }

    #[test]
    fn offers_only_what_is_near() {
        let known = ["battery_kwh", "consumption_kwh_per_km", "ac_kw", "dc_kw"];
        assert_eq!(nearest("batery_kwh", known), Some("battery_kwh"));
        assert_eq!(nearest("Battery_kWh", known), Some("battery_kwh"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(help("colour", ["a", "b"]).as_deref(), Some("known: a, b"));
    }
}

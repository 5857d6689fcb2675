//! Length of functions: each has one idea, in at most 80 lines.

use crate::support::sources::sources;

/// Most lines of a function, from its signature to its closing brace.
const MOST_LINES: usize = 80;

/// Longer functions that are not yet divided, with their present lengths, which may not grow.
const NOT_YET_DIVIDED: &[(&str, &str, usize)] = &[
    ("src/games/routing/compact.rs", "state_vehicle", 186),
    ("tests/it/scenario/files.rs", "values_out_of_range_and_contradictions_are_named", 186),
];

/// Functions of a file with their lengths. As rustfmt writes it, a function ends with a brace below its first letter.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (first, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let Some(name) = name_of_function(code) else { continue };
        let ends_signature = |line: &&str| line.ends_with(['{', '}', ';']);
        let Some(head) = lines[first..].iter().position(ends_signature) else { continue };
        let end = format!("{}}}", &line[..line.len() - code.len()]);
        let length = match lines[first + head].ends_with('{') {
            true => lines[first..].iter().position(|line| *line == end).map(|last| last + 1),
            false => Some(head + 1),
        };
        found.push((name.to_owned(), length.unwrap_or(usize::MAX)));
    }
    found
}

/// Name of the function that begins on this line, if one does.
fn name_of_function(code: &str) -> Option<&str> {
    let (before, after) = code.split_once("fn ")?;
    let is_qualifier = |word: &str| {
        word.starts_with("pub")
            || word.ends_with(')')
            || ["const", "async", "extern", "\"C\""].contains(&word)
    };
    let name = after.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    (before.split_whitespace().all(is_qualifier) && !name.is_empty()).then_some(name)
}

#[test]
fn no_function_has_more_than_80_lines() {
    let (mut wrong, mut seen) = (Vec::new(), vec![false; NOT_YET_DIVIDED.len()]);
    for source in ["src", "tests", "benches", "examples"].into_iter().flat_map(sources) {
        // Names of files end in the same way on all systems.
        let path = source.path.replace('\\', "/");
        for (name, lines) in functions(&source.text) {
            let listed = NOT_YET_DIVIDED.iter().position(|entry| (entry.0, entry.1) == (&*path, &*name));
            let most = match listed {
                Some(number) if lines > MOST_LINES => {
                    seen[number] = true;
                    NOT_YET_DIVIDED[number].2
                }
                _ => MOST_LINES,
            };
            if lines > most {
                wrong.push(format!("{path}: {name} has {lines} lines, at most {most}"));
            }
        }
    }
    for ((path, name, _), _) in NOT_YET_DIVIDED.iter().zip(seen).filter(|(_, seen)| !seen) {
        wrong.push(format!("{path}: {name} needs no exception any more"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// If the reader of functions missed some, they would look shorter than they are.
#[test]
fn functions_are_read_in_every_form() {
    let text = "pub(in crate::a) const fn one() -> u8 {\n    1\n}\n\
                impl A {\n    fn two(\n        &self,\n    ) -> u8 {\n        if true {\n            2\n        }\n    }\n}\n\
                fn three() {}\n// fn no() {\ntrait B {\n    fn four(&self);\n}\n\
                pub async fn five<T>(t: T)\nwhere\n    T: Copy,\n{\n    t\n}\n";
    let found = functions(text);
    let found: Vec<(&str, usize)> = found.iter().map(|(name, lines)| (name.as_str(), *lines)).collect();
    assert_eq!(found, [("one", 3), ("two", 7), ("three", 1), ("four", 1), ("five", 6)]);
}

//! Text rules of docs/STYLE.md that a program can check, in comments of the source.

use crate::layers::sources;

/// First words that no sentence of a comment has.
const FIRST: [&str; 5] = ["What", "Who", "Whom", "Whoever", "Whose"];

/// Words that no comment has.
const WORDS: [&str; 12] = [
    "anew",
    "anybody",
    "everybody",
    "mended",
    "nobody",
    "somebody",
    "stands",
    "told",
    "under way",
    "whoever",
    "whom",
    "whomever",
];

/// The text of each run of comment lines of one kind, with the line at which it begins.
fn comments(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = None;
    for (i, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let kind = ["//!", "///", "//"].into_iter().find(|kind| line.starts_with(kind));
        let Some(kind) = kind else {
            open = None;
            continue;
        };
        let words = line[kind.len()..].trim();
        match found.last_mut() {
            Some((_, comment)) if open == Some(kind) && !words.is_empty() => {
                comment.push(' ');
                comment.push_str(words);
            }
            _ => found.push((i + 1, words.to_owned())),
        }
        open = (!words.is_empty()).then_some(kind);
    }
    found
}

/// Habits in a comment.
fn habits(comment: &str) -> Vec<String> {
    let mut found = Vec::new();
    for sentence in comment.split_inclusive(['.', '!', '?', ':']) {
        let first = sentence.trim_start().split(|c: char| !c.is_alphabetic()).next().unwrap_or("");
        if FIRST.contains(&first) && !sentence.ends_with('?') {
            found.push(format!("a sentence that begins with {first}"));
        }
    }
    let lower = comment.to_lowercase();
    for word in WORDS {
        let edges = |at: usize| {
            let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            !inside(lower[..at].chars().next_back()) && !inside(lower[at + word.len()..].chars().next())
        };
        if lower.match_indices(word).any(|(at, _)| edges(at)) {
            found.push(format!("\"{word}\""));
        }
    }
    found
}

#[test]
fn comments_keep_to_plain_english() {
    let mut wrong = Vec::new();
    for source in ["src", "tests", "benches", "examples"].into_iter().flat_map(sources) {
        for (line, comment) in comments(&source.text) {
            wrong
                .extend(habits(&comment).into_iter().map(|habit| format!("{}:{line}: {habit}", source.path)));
        }
    }
    assert!(wrong.is_empty(), "see docs/STYLE.md\n{}", wrong.join("\n"));
}

#[test]
fn each_habit_is_found() {
    let text = "/// Result of one task. Who reads it, is\n/// told.\nlet a = 1; // not a line of its own\n//\n// Is it so? What else?\n";
    assert_eq!(
        comments(text),
        [
            (1, "Result of one task. Who reads it, is told.".to_owned()),
            (4, String::new()),
            (5, "Is it so? What else?".to_owned())
        ]
    );
    assert_eq!(
        habits("Result of one task. Who reads it, is told."),
        ["a sentence that begins with Who", "\"told\""]
    );
    assert!(habits("Is it so? What else? An outstanding standstill, retold.").is_empty());
}

//! Text rules of docs/STYLE.md that a program can check, in comments and string literals of the source.

use crate::support::sources::sources;

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

/// Strings that keep a word: file, beginning of the string.
const EXCEPTIONS: [(&str, &str); 2] = [
    // Descriptions of columns, as written into tables.
    ("src/core/records/tables.rs", ""),
    // Quoted in the output of a notebook.
    ("src/reproduce/bilevel/mod.rs", "every solution keeps all limits"),
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

/// The text of each string literal without its placeholders, with the line at which it begins.
fn strings(text: &str) -> Vec<(usize, String)> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let (mut i, mut line) = (0, 1);
    while i < chars.len() {
        let hashes = (i + 1..).take_while(|&j| at(j) == '#').count();
        if at(i) == '/' && at(i + 1) == '/' {
            while i < chars.len() && at(i) != '\n' {
                i += 1;
            }
        } else if at(i) == '\'' && (at(i + 1) == '\\' || at(i + 2) == '\'') {
            // A character; other single quotes begin the name of a lifetime.
            i += if at(i + 1) == '\\' { 4 } else { 3 };
            while i < chars.len() && at(i - 1) != '\'' {
                i += 1;
            }
        } else if at(i) == 'r' && at(i + 1 + hashes) == '"' && (hashes > 0 || i == 0 || !is_word(at(i - 1))) {
            let begin = (line, i + 2 + hashes);
            i = begin.1;
            let closes = |i: usize| at(i) == '"' && (1..=hashes).all(|k| at(i + k) == '#');
            while i < chars.len() && !closes(i) {
                line += usize::from(at(i) == '\n');
                i += 1;
            }
            found.push((begin.0, chars[begin.1..i.min(chars.len())].iter().collect()));
            i += 1 + hashes;
        } else if at(i) == '"' {
            let (begin, mut string) = (line, String::new());
            i += 1;
            while i < chars.len() && at(i) != '"' {
                if at(i) == '\\' && at(i + 1) == '\n' {
                    // A literal that continues on the next line.
                    i += 1;
                    while at(i).is_whitespace() {
                        line += usize::from(at(i) == '\n');
                        i += 1;
                    }
                    continue;
                }
                line += usize::from(at(i) == '\n');
                if at(i) == '\\' {
                    string.push(' ');
                    i += 2;
                } else {
                    string.push(at(i));
                    i += 1;
                }
            }
            found.push((begin, string));
            i += 1;
        } else {
            line += usize::from(at(i) == '\n');
            i += 1;
        }
    }
    found.into_iter().map(|(line, string)| (line, without_placeholders(&string))).collect()
}

/// The text outside braces.
fn without_placeholders(text: &str) -> String {
    let mut depth = 0_usize;
    let outside = |&c: &char| {
        depth = if c == '{' { depth + 1 } else { depth };
        let is_outside = depth == 0;
        depth = if c == '}' { depth.saturating_sub(1) } else { depth };
        is_outside
    };
    text.chars().filter(outside).collect()
}

/// Habits in a comment or a string.
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
fn strings_keep_to_plain_english() {
    let mut wrong = Vec::new();
    let mut used = [false; EXCEPTIONS.len()];
    for source in sources("src") {
        for (line, string) in strings(&source.text) {
            let found = habits(&string);
            let excepts = |(path, begin): &(&str, &str)| source.path == *path && string.starts_with(begin);
            match EXCEPTIONS.iter().position(excepts) {
                Some(exception) => used[exception] |= !found.is_empty(),
                None => {
                    wrong.extend(found.into_iter().map(|habit| format!("{}:{line}: {habit}", source.path)));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "see docs/STYLE.md\n{}", wrong.join("\n"));
    assert_eq!(used, [true; EXCEPTIONS.len()], "an exception that is not needed");
}

#[test]
fn strings_are_read_in_every_form() {
    let text = "let a = \"one \\\n    two {told:.1}\"; // \"three\"\nlet b: &'static str = r#\"a \"b\" c\"#;\nlet c = ['\"', '\\'', '\\\\'];\nlet d = \"\\\"e\\\" {{f}}\";";
    let expected =
        [(1, "one two "), (3, "a \"b\" c"), (5, " e  ")].map(|(line, text)| (line, text.to_owned()));
    assert_eq!(strings(text), expected);
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

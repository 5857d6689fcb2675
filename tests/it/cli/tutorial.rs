//! The tutorial and the README are correct: their commands are run, and the output shown is the output printed.

use crate::support::cli::{Dir, gridfleet_in, root};
use std::path::Path;

/// Status of a command, and its output on both streams.
fn typed(folder: &Path, line: &str) -> (i32, String) {
    let ended = gridfleet_in(folder, line.split_whitespace().skip(1)).run();
    (ended.status.code().unwrap(), ended.out + &ended.err)
}

/// The lines of a fenced block, whose first fence is taken already.
fn block<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    lines.take_while(|line| *line != "```").collect()
}

/// Lines shown are lines of the output, in the same order; `...` replaces any lines.
fn is_shown_truly(shown: &[&str], printed: &str, command: &str) {
    let mut printed_lines = printed.lines().map(str::trim_end);
    for line in shown.iter().filter(|line| **line != "...") {
        assert!(
            printed_lines.any(|printed| printed == line.trim_end()),
            "docs/tutorial.md shows, after `{command}`:\n{line}\nbut printed is\n{printed}"
        );
    }
}

#[test]
fn the_tutorial_can_be_followed_word_for_word() {
    let folder = Dir::new();
    let text = std::fs::read_to_string("docs/tutorial.md").unwrap().replace("\r\n", "\n");
    let mut lines = text.lines();
    // The file named in the line above a block, or changed there by `s/old/new/`.
    let mut above = "";
    let (mut last, mut commands, mut shown) = ((String::new(), 0, String::new()), 0, 0);
    while let Some(line) = lines.next() {
        match line {
            "```toml" => {
                let name = above.trim_matches('`');
                std::fs::write(folder.at(name), block(&mut lines).join("\n")).unwrap();
            }
            "```sh" => {
                if let Some((name, change)) = above.split_once(": `s/") {
                    let path = folder.at(name.trim_matches('`'));
                    let (old, new) = change.trim_end_matches("/`").split_once('/').unwrap();
                    let text = std::fs::read_to_string(&path).unwrap();
                    std::fs::write(&path, text.replace(old, new)).unwrap();
                }
                for command in block(&mut lines) {
                    assert!(last.1 == 0 || last.2.starts_with("error:"), "`{}` ends with {}", last.0, last.1);
                    let (status, printed) = typed(folder.path(), command);
                    last = (command.to_owned(), status, printed);
                    commands += 1;
                }
            }
            "```text" => {
                let lines = block(&mut lines);
                is_shown_truly(&lines, &last.2, &last.0);
                // A failure that is not shown as one would be a broken tutorial.
                assert_eq!(lines[0].starts_with("error:"), last.1 != 0, "`{}`: {}", last.0, last.2);
                shown += lines.len();
            }
            _ => above = if line.is_empty() { above } else { line },
        }
    }
    assert_eq!(last.1, 0, "`{}`: {}", last.0, last.2);
    assert!(commands >= 15 && shown >= 80, "{commands} commands, {shown} lines");
    assert!(folder.at("out/my-study/report.html").exists());
}

#[test]
fn the_readme_shows_what_is_printed() {
    let readme = std::fs::read_to_string("README.md").unwrap().replace("\r\n", "\n");
    let folder = Dir::new();
    let out = folder.at("out");
    let run = format!("gridfleet run scenarios/nyc-week.toml -o {}", out.display());
    for (command, lines) in [(run.as_str(), 22), ("gridfleet solve c-nash docs/c-nash.json", 20)] {
        let (status, printed) = typed(root(), command);
        assert_eq!(status, 0, "{printed}");
        let printed: Vec<&str> =
            printed.lines().map(str::trim_end).filter(|line| line.starts_with(' ')).collect();
        assert!(printed.len() >= lines, "{printed:?}");
        for line in printed {
            assert!(readme.lines().any(|shown| shown.trim_end() == line), "README.md does not show `{line}`");
        }
    }
}

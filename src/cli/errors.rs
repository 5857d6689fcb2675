//! Errors as the user reads them: one line with file, line and key, the place itself if it is known, and a remedy.

use super::terminal;
use crate::error::{Error, InputError};
use std::fmt::Write as _;

/// Most problems printed; the others are counted.
const MOST: usize = 40;

/// Prints an error on stderr.
pub fn report(error: &Error) {
    terminal::message(&render(error, terminal::colours()));
}

/// Exit status of the program: 2 for wrong input, 1 for anything else, also for an interruption.
pub fn exit_status(error: &Error) -> u8 {
    match error {
        Error::Input(_) => 2,
        _ => 1,
    }
}

/// Text of an error, with or without colours.
pub fn render(error: &Error, colours: bool) -> String {
    let paint = Paint(colours);
    let mut out = String::new();
    match error {
        Error::Input(problems) => {
            for problem in problems.iter().take(MOST) {
                input(problem, paint, &mut out);
            }
            if problems.len() > MOST {
                line(&mut out, &format!("... and {} more", problems.len() - MOST));
            }
            if problems.len() > 1 {
                line(&mut out, &format!("{} problems", problems.len()));
            }
        }
        other => line(&mut out, &format!("{} {other}", paint.red("error:"))),
    }
    out
}

fn input(problem: &InputError, paint: Paint, out: &mut String) {
    let mut head = format!("{} ", paint.red("error:"));
    // Writing to a string cannot fail, here and below.
    if let Some(place) = problem.place() {
        let _ = write!(head, "{place}: ");
    }
    if let Some(key) = &problem.key {
        let _ = write!(head, "{}: ", paint.bold(key));
    }
    head.push_str(&problem.problem());
    line(out, &head);
    if let Some(excerpt) = excerpt(problem, paint) {
        out.push_str(&excerpt);
    }
    if let Some(help) = &problem.help {
        line(out, &format!("  {} {help}", paint.blue("help:")));
    }
}

/// The line of the file, with the place marked below it.
fn excerpt(problem: &InputError, paint: Paint) -> Option<String> {
    let (file, span, number) = (problem.file.as_ref()?, problem.span.clone()?, problem.line?);
    let text = std::fs::read_to_string(file).ok()?;
    let start = text.get(..span.start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let rest = text.get(start..)?;
    let full = rest.split(['\n', '\r']).next()?;
    let before = text.get(start..span.start)?.chars().count();
    let marked =
        text.get(span.start..span.end.min(start + full.len()).max(span.start))?.chars().count().max(1);
    // A window of the line around the place, so that a long line does not fill the screen.
    let first = before.saturating_sub(60);
    let shown: String =
        full.chars().skip(first).take(100).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let marker = format!("{}{}", " ".repeat(before - first), "^".repeat(marked.min(100 - (before - first))));
    let gutter = " ".repeat(number.to_string().len());
    let bar = paint.blue("|");
    let mut out = String::new();
    line(&mut out, &format!(" {gutter} {bar}"));
    line(&mut out, &format!(" {} {bar} {shown}", paint.blue(&number.to_string())));
    line(&mut out, &format!(" {gutter} {bar} {}", paint.red(&marker)));
    Some(out)
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

/// Whether the text is coloured.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
    fn red(self, text: &str) -> String {
        self.with("1;31", text)
    }
    fn blue(self, text: &str) -> String {
        self.with("1;34", text)
    }
    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_marked_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        std::fs::write(&file, "name = \"a\"\nvehicles = [{ count = -5 }]\n").unwrap();
        let error = InputError::new("-5", "a whole number of at least 1")
            .file(&file)
            .line(2)
            .key("fleets[0].vehicles[0].count")
            .span(33..35)
            .help("give a count");
        let text = render(&error.into(), false).replace(&folder.path().display().to_string(), "");
        insta::assert_snapshot!(text, @r"
        error: /a.toml:2: fleets[0].vehicles[0].count: found -5, expected a whole number of at least 1
           |
         2 | vehicles = [{ count = -5 }]
           |                       ^^
          help: give a count
        ");
    }

    #[test]
    #[expect(clippy::reversed_empty_ranges, reason = "a span may come from anywhere: that is what is tried")]
    fn odd_spans_do_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        std::fs::write(&file, "ä = 1\r\nb").unwrap();
        for span in [0..0, 1..2, 0..99, 50..60, 5..3, 9..9, 2..8] {
            let error = InputError::new("x", "y").file(&file).line(1).span(span);
            assert!(render(&error.into(), true).contains("found x"));
        }
    }

    #[test]
    fn wrong_input_has_a_status_of_its_own() {
        assert_eq!(exit_status(&InputError::plain("no such file").into()), 2);
        for error in [Error::Interrupted, Error::Audit("no".to_owned()), Error::Other("no".to_owned())] {
            assert_eq!(exit_status(&error), 1);
        }
    }

    #[test]
    fn colours_only_where_wanted() {
        let error = || Error::Other("no".to_owned());
        assert!(!render(&error(), false).contains('\x1b'));
        assert!(render(&error(), true).contains('\x1b'));
    }
}

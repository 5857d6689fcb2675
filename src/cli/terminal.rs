//! Capabilities of the terminal, and writing to it without failing.

use crate::error::{Error, InputError, Result};
use comfy_table::Table;
use std::io::{ErrorKind, IsTerminal as _, Write as _};

/// Whether messages on stderr may be coloured: a terminal that is not dumb, and `NO_COLOR` unset or
/// empty (<https://no-color.org>).
pub fn colours() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && !set("NO_COLOR") && !dumb
}

/// Whether stderr is a terminal on which a bar can move.
pub fn moves() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && !dumb
}

/// Whether stdout is a terminal, where a table is drawn with lines.
pub fn draws() -> bool {
    std::io::stdout().is_terminal()
}

/// Writes a result to stdout. A reader that has stopped (`| head`) is no error.
///
/// # Errors
/// If stdout cannot be written for another reason, for example a full disk.
pub fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::writing("stdout", error)),
        _ => Ok(()),
    }
}

/// A table as text, without blanks at the ends of its lines.
pub fn trimmed(table: &Table) -> String {
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// Writes warnings to stderr, or takes them for errors.
///
/// # Errors
/// If there are warnings and `strict` is set.
pub fn heed(warnings: &[String], strict: bool) -> Result<()> {
    if strict && !warnings.is_empty() {
        let refused = |warning: &String| InputError::plain(warning.clone()).key("--strict");
        return Err(Error::Input(warnings.iter().map(refused).collect()));
    }
    warn(warnings);
    Ok(())
}

/// Writes warnings to stderr, also where messages about progress are unwanted.
pub fn warn(warnings: &[String]) {
    for warning in warnings {
        message(&format!("warning: {warning}\n"));
    }
}

/// Writes a message to stderr; a failure cannot be reported anywhere.
pub fn message(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

//! `gridfleet man`: the manual pages, one per command, for `man(1)`.
//!
//! They are generated from the texts of `--help`, so that there is one text. `clap_mangen` writes the sections of
//! arguments; the examples are written here, because they must keep their line breaks.

use super::{Cli, terminal};
use crate::error::{Error, InputError, Result};
use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;
use std::path::PathBuf;

/// Arguments of `gridfleet man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gridfleet man | man -l -                  # read the page of gridfleet\n  \
    gridfleet man data import tlc | man -l -  # or that of a command\n  \
    gridfleet man -o ~/.local/share/man/man1  # write all of them, for `man gridfleet-run`")]
pub struct ManArgs {
    /// Command whose page is printed; `gridfleet` itself if not given.
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Write the pages of all commands to this folder instead: `gridfleet.1`, `gridfleet-run.1` and so on.
    #[arg(short, long, value_name = "DIR", conflicts_with = "command")]
    pub output: Option<PathBuf>,
}

/// Runs `gridfleet man`.
///
/// # Errors
/// If there is no such command, or the pages cannot be written.
pub fn run(args: &ManArgs) -> Result<()> {
    let root = root();
    let Some(folder) = &args.output else {
        return terminal::print(&page(find(&root, &args.command)?));
    };
    std::fs::create_dir_all(folder).map_err(|error| Error::writing(folder, error))?;
    let mut commands = vec![&root];
    let mut written = 0;
    while let Some(command) = commands.pop() {
        let path = folder.join(format!("{}.1", name(command)));
        std::fs::write(&path, page(command)).map_err(|error| Error::writing(&path, error))?;
        written += 1;
        commands.extend(command.get_subcommands());
    }
    terminal::print(&format!("{}: {written} pages\n", folder.display()))
}

/// All commands with their full names, and without `help`, which needs no page.
fn root() -> Command {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    root
}

/// Command with these words as its name.
fn find<'a>(root: &'a Command, words: &[String]) -> Result<&'a Command> {
    let mut command = root;
    for word in words {
        command = command.find_subcommand(word).ok_or_else(|| {
            let known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
            let expected = match known.as_slice() {
                [] => format!("nothing after `{}`", words.first().map_or("", String::as_str)),
                _ => known.join(", "),
            };
            InputError::new(format!("\"{word}\""), expected).key("COMMAND")
        })?;
    }
    Ok(command)
}

/// Name of a command's page, for example `gridfleet-data-import`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// Page in the markup of `man(7)`.
fn page(command: &Command) -> String {
    let notes = command.get_after_help().map(ToString::to_string);
    let man = Man::new(command.clone().after_help(None::<&str>))
        // At the foot of the page; with a date, two equal versions would differ.
        .date(concat!("version ", env!("CARGO_PKG_VERSION")))
        .source("gridfleet")
        .manual("Manual of gridfleet");
    let mut text = Vec::new();
    // Writing into memory cannot fail.
    let _ = man.render(&mut text);
    let mut text = String::from_utf8_lossy(&text).into_owned();
    // The version is already at the foot.
    if let Some(version) = text.find(".SH VERSION") {
        text.truncate(version);
    }
    if let Some(notes) = notes {
        text.push_str(&as_written(&notes));
    }
    text
}

/// Section of text that keeps its line breaks.
fn as_written(notes: &str) -> String {
    let mut section = String::from(".SH NOTES AND EXAMPLES\n.nf\n");
    for line in notes.lines() {
        // A full stop or an apostrophe at the start would be a request; a plain hyphen or quote becomes a typographic
        // one.
        let safe = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "\\(ga");
        section.push_str(&format!("\\&{safe}\n"));
    }
    section.push_str(".fi\n");
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_the_lines_of_its_examples() {
        let root = root();
        let text = page(find(&root, &["solve".to_owned(), "c-nash".to_owned()]).unwrap());
        assert!(text.contains(".TH gridfleet-solve-c-nash 1"), "{text}");
        assert!(
            text.contains("\\&  gridfleet solve c\\-nash stations.json \\-\\-json | jq .ratios\n"),
            "{text}"
        );
        assert_eq!(text.matches(".SH NAME").count(), 1);
        // No line of a page may be mistaken for a request.
        assert!(text.lines().all(|line| !line.starts_with('\'') && !line.contains("after_help")));
        assert_eq!(as_written(".a 'b'\n").lines().nth(2), Some("\\&.a \\(aqb\\(aq"));
    }
}

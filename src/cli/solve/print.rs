//! Output that the commands of `solve` share: JSON, and tables of figures that omit rows beyond a limit.

use crate::cli::terminal;
use crate::error::{Error, Result};
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use std::io::{ErrorKind, Write};

/// Most rows of a table.
pub(super) const MOST_SHOWN: usize = 24;

/// Writes JSON piece by piece: a hundred thousand stations make hundreds of megabytes of text.
pub(super) fn json(out: &mut dyn Write, output: &impl Serialize) -> Result<()> {
    let result = serde_json::to_writer(&mut *out, output).map_err(std::io::Error::from);
    written(result.and_then(|()| writeln!(out)))
}

/// Writes text.
pub(super) fn text(out: &mut dyn Write, text: &str) -> Result<()> {
    written(out.write_all(text.as_bytes()))
}

/// A reader that stops early is no error.
pub(super) fn written(outcome: std::io::Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::writing("stdout", error)),
        _ => Ok(()),
    }
}

/// `1 station`, `2 stations`.
pub(super) fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Reports how many rows are not shown.
pub(super) fn more(n: usize, what: &str) -> String {
    match n.saturating_sub(MOST_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more {what}, which --json prints\n"),
    }
}

/// An empty table with names on the left and figures on the right.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    let lines = terminal::draws();
    table.load_preset(if lines { presets::UTF8_BORDERS_ONLY } else { presets::NOTHING });
    table.set_header(header.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A figure in six digits.
pub(super) fn figure(x: f64) -> String {
    if x.is_infinite() {
        return "-".to_owned();
    }
    if x != 0.0 && !(1e-4..1e12).contains(&x.abs()) {
        return format!("{x:.5e}");
    }
    let before = if x == 0.0 { 0 } else { x.abs().log10().floor() as i32 };
    // Adding 0 turns minus zero into zero.
    format!("{:.*}", (5 - before).clamp(0, 5) as usize, x + 0.0)
}

//! Reports of imports as text.

use super::super::trace::ImportReport;
use comfy_table::{Table, presets};
use std::fmt;

/// An import report as a readable table.
pub struct AsText<'a>(pub &'a ImportReport);

impl fmt::Display for AsText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let mut table = text_table(&["rows", ""]);
        table.add_row(["read".to_string(), report.rows_read.to_string()]);
        table.add_row(["kept".to_string(), report.rows_kept.to_string()]);
        for (reason, n) in &report.skipped {
            table.add_row([format!("skipped: {reason}"), n.to_string()]);
        }
        for (what, n) in &report.repaired {
            table.add_row([format!("repaired: {what}"), n.to_string()]);
        }
        writeln!(f, "{}", table.trim_fmt())?;
        for (property, what) in report.derived.iter().chain(&report.assumed) {
            writeln!(f, "{property}: {what}")?;
        }
        for (reason, example) in &report.examples {
            writeln!(f, "first row skipped, {reason}: {example}")?;
        }
        Ok(())
    }
}

pub(super) fn text_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header.to_vec());
    table
}

//! Choice of the rows of a table by their values.

use super::cells::decode;
use std::collections::BTreeSet;

/// Maximum number of values listed in a message.
const MOST_LISTED: usize = 20;

/// A value that rows to read have in a column.
pub(super) struct Condition<'a> {
    pub(super) column: usize,
    pub(super) value: &'a str,
    /// Some of the other values, for messages.
    pub(super) others: BTreeSet<String>,
}

impl Condition<'_> {
    /// Whether a row with this cell is read.
    pub(super) fn holds(&mut self, cell: &[u8]) -> bool {
        let text = decode(cell.trim_ascii());
        let holds = text.eq_ignore_ascii_case(self.value);
        if !holds && self.others.len() < MOST_LISTED && !self.others.contains(text.as_ref()) {
            self.others.insert(text.into_owned());
        }
        holds
    }
}

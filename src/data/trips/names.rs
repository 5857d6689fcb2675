//! Columns of names and flags.

use super::super::table::{Names, Table};
use super::super::trace::Trace;
use gridfleet_core::error::Result;

/// A flag of a row; absent means no. The error is the column.
pub(super) fn flag(column: Option<&(usize, Names)>, row: usize) -> Result<bool, usize> {
    let Some((column, names)) = column else { return Ok(false) };
    let name = names.codes.get(row).and_then(|&code| names.names.get(code as usize));
    match name.map_or("false", String::as_str) {
        "true" | "True" | "TRUE" | "1" | "yes" | "Yes" | "YES" | "Y" | "y" | "1.0" => Ok(true),
        "false" | "False" | "FALSE" | "0" | "no" | "No" | "NO" | "N" | "n" | "0.0" => Ok(false),
        _ => Err(*column),
    }
}

/// A column of names, by the numbers assigned by the builder.
pub(in super::super) struct Coded {
    pub(in super::super) column: Option<usize>,
    codes: Vec<u32>,
    numbers: Vec<u32>,
}

impl Coded {
    pub(in super::super) fn load(
        table: &Table,
        column: Option<usize>,
        number: impl FnMut(&str) -> u32,
    ) -> Result<Self> {
        let Some(at) = column else { return Ok(Self { column, codes: Vec::new(), numbers: Vec::new() }) };
        let names = table.names(at)?;
        let numbers = names.names.iter().map(String::as_str).map(number).collect();
        Ok(Self { column, codes: names.codes, numbers })
    }

    /// The builder's number for a row, or `Trace::NONE` if the cell is empty.
    pub(in super::super) fn get(&self, row: usize) -> u32 {
        let code = self.codes.get(row).copied().unwrap_or(Trace::NONE);
        self.numbers.get(code as usize).copied().unwrap_or(Trace::NONE)
    }
}

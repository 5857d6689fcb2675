//! Columns of numbers that a trip can do without, in the units of the canonical table.

use super::super::builder::TraceBuilder;
use super::super::source::TripSource;
use super::super::table::{Numbers, Table};
use super::super::units::{self, Quantity};
use gridfleet_core::error::{InputError, Result};

/// A column of numbers, if the file has it.
pub(super) type Column = Option<(usize, Numbers)>;

/// Reads columns that a trip can do without.
pub(super) struct Optional<'a> {
    pub(super) table: &'a Table,
    pub(super) source: &'a TripSource,
    pub(super) builder: &'a mut TraceBuilder,
}

impl Optional<'_> {
    /// A column of numbers in the unit of the canonical column `name`. One that was found by its name and cannot be
    /// read is left out with a warning.
    pub(super) fn numbers(
        &mut self,
        name: &str,
        column: Option<usize>,
        quantity: Option<Quantity>,
    ) -> Result<Column> {
        let Some(column) = column else { return Ok(None) };
        let mapped = self.source.map.get(name);
        let header = self.table.name(column);
        let mut numbers = match self.table.numbers(column) {
            Ok(numbers) => numbers,
            Err(error) if mapped.is_some() => return Err(error),
            Err(error) => {
                self.builder.warn(format!("column `{header}` is left out, for it cannot be read: {error}"));
                return Ok(None);
            }
        };
        let filled = numbers.values.iter().filter(|v| !v.is_nan()).count() + numbers.bad.len();
        if mapped.is_none() && filled > 20 && numbers.bad.len() * 2 > filled {
            let (bad, row) = (numbers.bad.len(), numbers.bad[0]);
            self.builder.warn(format!(
                "column `{header}` is left out, for {bad} of {filled} cells are no numbers, such as `{}` in line {}",
                self.table.cell(column, row),
                self.table.line(row)
            ));
            return Ok(None);
        }
        if mapped.is_none() && self.builder.skips() {
            // A column that was found by its name costs no row.
            for _ in numbers.bad.drain(..) {
                self.builder.repair(unreadable(name));
            }
        }
        let Some(quantity) = quantity else { return Ok(Some((column, numbers))) };
        let stated =
            mapped.and_then(|mapped| mapped.rsplit_once(':')).filter(|(before, _)| *before == header);
        let unit = match stated {
            Some((_, unit)) => Some(unit.to_owned()),
            // A canonical name states its unit.
            None if header.eq_ignore_ascii_case(name) => None,
            None => units::of_header(quantity, header),
        };
        if let Some(unit) = unit {
            let Some(factor) = units::factor(quantity, &unit) else {
                let expected =
                    if quantity == Quantity::Distance { "km, m, mi or ft" } else { "s, ms, min or h" };
                return Err(InputError::new(format!("the unit `{unit}`"), expected).key(name).into());
            };
            if factor != 1.0 {
                numbers.values.iter_mut().for_each(|value| *value *= factor);
            }
            self.builder.assume(&format!("unit of `{header}`"), unit);
        }
        Ok(Some((column, numbers)))
    }
}

/// The repair of a cell that cannot be read.
fn unreadable(name: &str) -> &'static str {
    match name {
        "duration_s" => "unreadable duration treated as missing",
        "distance_km" => "unreadable distance treated as missing",
        "fare" => "unreadable fare treated as missing",
        "passengers" => "unreadable number of passengers treated as missing",
        _ => "unreadable state of charge treated as missing",
    }
}

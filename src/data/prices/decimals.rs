//! Numbers of price files: the decimal sign of a column, which has the default of the format if no cell decides, and
//! limits beyond which a price is not credible.

use super::text::Text;
pub use crate::cells::{Decimal, absent, number};
use crate::cells::{bare, evidence};
use gridfleet_core::error::{Error, InputError, Result};

/// Maximum plausible absolute price of a spot or regulating market [EUR/MWh]: not below the technical limits
/// of European markets (day-ahead 5000, intraday 9999, regulating 10000).
pub const BELIEVED_PER_MWH: f64 = 10_000.0;

/// A price this many times the median is taken for a wrong decimal sign. Assumed: the regulating price of
/// 3000 in Finland in 2016 is correct at 100 times the median; a lost decimal sign gives a factor of a
/// thousand.
const BELIEVED_TIMES: f64 = 300.0;

/// The same limit for a number whose sign is read as a thousands separator, if no other number confirms this.
const BELIEVED_TIMES_IF_GROUPED: f64 = 20.0;

/// A cell and its line.
pub type Cell<'a> = (u64, &'a str);

/// The decimal sign of these cells, or `habit` if none of them is unambiguous.
///
/// # Errors
/// If two cells disagree.
pub fn decimal<'a>(
    text: &Text,
    key: &str,
    cells: impl IntoIterator<Item = Cell<'a>>,
    habit: Decimal,
) -> Result<Decimal> {
    let mut settled: Option<(Decimal, Cell<'a>)> = None;
    for (line, cell) in cells {
        let Some(sign) = evidence(&bare(cell).0) else { continue };
        match settled {
            None => settled = Some((sign, (line, cell))),
            Some((before, (first, example))) if before != sign => {
                let expected = format!("{}, as in line {first}: `{example}`", before.words());
                let problem = text.error(line, key, format!("`{cell}`, {}", sign.words()), expected);
                return Err(problem.help("write all numbers of a file in one way").into());
            }
            Some(_) => {}
        }
    }
    Ok(settled.map_or(habit, |(sign, _)| sign))
}

/// All cells as numbers, NaN for empty cells.
///
/// # Errors
/// For each cell that is not a number.
pub fn numbers(text: &Text, key: &str, cells: &[Cell<'_>], decimal: Decimal) -> Result<Vec<f64>> {
    let mut problems = Vec::new();
    let values = cells
        .iter()
        .map(|&(line, cell)| match bare(cell) {
            _ if absent(cell) => f64::NAN,
            (plain, unit) => number(&plain, decimal).filter(|_| unit.is_empty()).unwrap_or_else(|| {
                problems.push(not_a_number(text, line, key, cell, decimal));
                f64::NAN
            }),
        })
        .collect();
    problems.truncate(20);
    if problems.is_empty() { Ok(values) } else { Err(Error::Input(problems)) }
}

fn not_a_number(text: &Text, line: u64, key: &str, cell: &str, decimal: Decimal) -> InputError {
    let problem = text.error(line, key, format!("`{cell}`"), format!("a number with {}", decimal.words()));
    if cell.contains([':', '/']) || cell.contains(" - ") {
        problem.help("this looks like a time: the columns may be swapped")
    } else {
        problem
    }
}

/// Plausible market prices [EUR/MWh]. `per_unit` is the value of one EUR/MWh in the unit of the file (100 for
/// cents).
///
/// # Errors
/// If a cell is not a number, a price is implausible, or the column counts hours.
pub fn market_prices(text: &Text, key: &str, cells: &[Cell<'_>], habit: Decimal) -> Result<Vec<f64>> {
    let decimal = decimal(text, key, cells.iter().copied(), habit)?;
    let values = numbers(text, key, cells, decimal)?;
    believable(text, key, cells, &values, decimal)?;
    Ok(values)
}

fn believable(text: &Text, key: &str, cells: &[Cell<'_>], values: &[f64], decimal: Decimal) -> Result<()> {
    let mut sizes: Vec<f64> = values.iter().filter(|v| !v.is_nan()).map(|v| v.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let Some(&middle) = sizes.get(sizes.len() / 2) else { return Ok(()) };
    if counts_hours(values) {
        let line = cells.first().map_or(1, |cell| cell.0);
        return Err(text
            .error(line, key, "the hours of the day, one after the other", "prices")
            .help("the columns may be swapped: name the one that holds prices")
            .into());
    }
    let (sign, thousands) = decimal.signs();
    let grouped = |cell: &str| cell.contains(thousands);
    let surely_grouped = cells.iter().any(|(_, cell)| grouped(cell) && cell.contains(sign));
    for (&(line, cell), &value) in cells.iter().zip(values) {
        let times = if grouped(cell) && !cell.contains(sign) && !surely_grouped {
            BELIEVED_TIMES_IF_GROUPED
        } else {
            BELIEVED_TIMES
        };
        let limit = (times * middle).clamp(1_000.0, BELIEVED_PER_MWH);
        if value.abs() > limit {
            let expected = format!("a price of at most {limit:.0} EUR/MWh, for the middle one is {middle}");
            let problem = text.error(line, key, format!("`{cell}`, read as {value}"), expected);
            return Err(problem.help("is a decimal sign missing or wrong, or the unit another?").into());
        }
    }
    Ok(())
}

/// Whether the numbers run through 0, 1, .. 23 (or 1 .. 24), each once or several times.
pub(super) fn counts_hours(values: &[f64]) -> bool {
    let hours = values.iter().all(|v| v.fract() == 0.0 && (0.0..=24.0).contains(v));
    let in_turn = values.windows(2).all(|pair| {
        let step = pair[1] - pair[0];
        step == 0.0 || step == 1.0 || (pair[0] >= 23.0 && pair[1] <= 1.0)
    });
    let range = values.iter().fold(0.0_f64, |most, v| most.max(*v));
    hours && in_turn && range >= 11.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn text() -> Text {
        Text::from_bytes(Path::new("x.csv"), b"a;b\n").unwrap()
    }

    #[test]
    fn messages() {
        let read = |cells: &[&str]| {
            let cells: Vec<Cell<'_>> = (2..).zip(cells.iter().copied()).collect();
            market_prices(&text(), "SE3", &cells, Decimal::Comma)
        };
        let message = |cells: &[&str]| read(cells).unwrap_err().to_string();
        insta::assert_snapshot!(message(&["1.234,5", "17", "1,234.5"]), @"x.csv:4: SE3: found `1,234.5`, a decimal point, expected a decimal comma, as in line 2: `1.234,5`; write all numbers of a file in one way");
        insta::assert_snapshot!(message(&["35,12", "34,80", "35.120", "33,9"]), @"x.csv:4: SE3: found `35.120`, read as 35120, expected a price of at most 1000 EUR/MWh, for the middle one is 35.12; is a decimal sign missing or wrong, or the unit another?");
        insta::assert_snapshot!(message(&["35,12", "34,80", "3512000", "33,9"]), @"x.csv:4: SE3: found `3512000`, read as 3512000, expected a price of at most 10000 EUR/MWh, for the middle one is 35.12; is a decimal sign missing or wrong, or the unit another?");
        insta::assert_snapshot!(message(&["5,1", "x", "00 - 01"]), @"
        x.csv:3: SE3: found `x`, expected a number with a decimal comma
        x.csv:4: SE3: found `00 - 01`, expected a number with a decimal comma; this looks like a time: the columns may be swapped
        ");
        let hours: Vec<String> = (0..48).map(|hour| (hour % 24).to_string()).collect();
        let hours: Vec<&str> = hours.iter().map(String::as_str).collect();
        insta::assert_snapshot!(message(&hours), @"x.csv:2: SE3: found the hours of the day, one after the other, expected prices; the columns may be swapped: name the one that holds prices");
        // A price at the cap is valid: the Finnish regulating price of 2016-01-22 was 3000 EUR/MWh.
        assert_eq!(read(&["35,12", "34,80", "3000,00", "33,9"]).unwrap()[2], 3_000.0);
        // Ambiguous cells: comma by default.
        assert_eq!(read(&["12,080", "254,014"]).unwrap(), [12.08, 254.014]);
    }
}

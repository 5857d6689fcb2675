//! Numbers as written in price files: `1.234,5` or `1,234.5`, and the detection of the decimal sign.
//!
//! `12,080` may be twelve or twelve thousand. A file writes all its numbers in the same format, so an
//! unambiguous cell (`2.453,000`, `0,5`, `17.25`) determines the others; two unambiguous cells that disagree
//! are an error. If no cell is unambiguous, the default of the format applies.

use super::text::Text;
use crate::times::is_missing;
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

/// The decimal sign of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimal {
    /// `1.234,5`
    Comma,
    /// `1,234.5`
    Point,
}

impl Decimal {
    fn signs(self) -> (char, char) {
        match self {
            Self::Comma => (',', '.'),
            Self::Point => ('.', ','),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Comma => "a decimal comma",
            Self::Point => "a decimal point",
        }
    }
}

/// A cell and its line.
pub type Cell<'a> = (u64, &'a str);

/// Whether a cell means "no value": empty, a dash, `n/e` or one of the words of exporters.
pub fn absent(cell: &str) -> bool {
    matches!(cell, "-" | "--" | "n/e" | "n/a" | ":") || is_missing(cell.as_bytes())
}

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
        let Some(told) = evidence(cell) else { continue };
        match settled {
            None => settled = Some((told, (line, cell))),
            Some((before, (first, example))) if before != told => {
                let expected = format!("{}, as in line {first}: `{example}`", before.words());
                let problem = text.error(line, key, format!("`{cell}`, {}", told.words()), expected);
                return Err(problem.help("write all numbers of a file in one way").into());
            }
            Some(_) => {}
        }
    }
    Ok(settled.map_or(habit, |(told, _)| told))
}

/// Decimal sign implied by a single cell.
fn evidence(cell: &str) -> Option<Decimal> {
    let digits = cell.trim_start_matches(['-', '+', '\u{2212}']);
    let count = |sign: char| digits.matches(sign).count();
    let last_is_comma = digits.rfind(',') > digits.rfind('.');
    match (count('.'), count(',')) {
        (0, 0) => None,
        (_, 0) | (0, _) => {
            let (whole, fraction) = digits.split_once(['.', ','])?;
            let sign = |comma: bool| if comma { Decimal::Comma } else { Decimal::Point };
            // Several signs of one kind can only be thousands separators.
            if fraction.contains(['.', ',']) {
                return Some(sign(!last_is_comma));
            }
            let may_part_thousands =
                fraction.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
            (!may_part_thousands).then(|| sign(last_is_comma))
        }
        _ => Some(if last_is_comma { Decimal::Comma } else { Decimal::Point }),
    }
}

/// Parses a number with this decimal sign; `None` if it is not a number, or its thousands are not in groups
/// of three.
pub fn number(cell: &str, decimal: Decimal) -> Option<f64> {
    let (sign, thousands) = decimal.signs();
    let plain: String =
        cell.chars().filter(|c| *c != ' ').map(|c| if c == '\u{2212}' { '-' } else { c }).collect();
    let (whole, fraction) = plain.split_once(sign).unwrap_or((&plain, ""));
    let mut groups = whole.trim_start_matches(['-', '+']).split(thousands);
    let first = groups.next()?;
    let grouped = whole.contains(thousands);
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if grouped && !((1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3 && digits(group))) {
        return None;
    }
    if !plain.starts_with(['-', '+', '.', ',']) && !plain.starts_with(|c: char| c.is_ascii_digit()) {
        return None; // `inf`, `nan`
    }
    let whole: String = whole.chars().filter(|c| *c != thousands).collect();
    let written = if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") };
    written.parse().ok().filter(|v: &f64| v.is_finite())
}

/// All cells as numbers, NaN for empty cells.
///
/// # Errors
/// For each cell that is not a number.
pub fn numbers(text: &Text, key: &str, cells: &[Cell<'_>], decimal: Decimal) -> Result<Vec<f64>> {
    let mut problems = Vec::new();
    let values = cells
        .iter()
        .map(|&(line, cell)| match number(cell, decimal) {
            _ if absent(cell) => f64::NAN,
            Some(value) => value,
            None => {
                problems.push(not_a_number(text, line, key, cell, decimal));
                f64::NAN
            }
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
fn counts_hours(values: &[f64]) -> bool {
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
    fn cells_tell_their_decimal_sign_or_leave_it_open() {
        use Decimal::{Comma, Point};
        for (cell, told) in [
            ("12,080", None),
            ("12.080", None),
            ("7", None),
            ("2453,000", Some(Comma)),
            ("0,032", Some(Comma)),
            (",500", Some(Comma)),
            ("16,39", Some(Comma)),
            ("1.148,292", Some(Comma)),
            ("1.234.567", Some(Comma)),
            ("1,234.5", Some(Point)),
            ("-55.599999999999994", Some(Point)),
            ("1,234,567", Some(Point)),
            ("0.125", Some(Point)),
        ] {
            assert_eq!(evidence(cell), told, "{cell}");
        }
    }

    #[test]
    fn numbers_are_read_as_written() {
        for (cell, decimal, value) in [
            ("1.148,292", Decimal::Comma, Some(1148.292)),
            ("-222,5", Decimal::Comma, Some(-222.5)),
            ("1 234,5", Decimal::Comma, Some(1234.5)),
            ("\u{2212}3,5", Decimal::Comma, Some(-3.5)),
            (",5", Decimal::Comma, Some(0.5)),
            ("12.34", Decimal::Comma, None),
            ("1,234.5", Decimal::Point, Some(1234.5)),
            ("12,34", Decimal::Point, None),
            ("1.5e1", Decimal::Point, Some(15.0)),
            ("31", Decimal::Point, Some(31.0)),
            ("inf", Decimal::Point, None),
            ("1e999", Decimal::Point, None),
            ("00 - 01", Decimal::Comma, None),
            ("", Decimal::Comma, None),
            ("-", Decimal::Comma, None),
        ] {
            assert_eq!(number(cell, decimal), value, "{cell}");
        }
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

    proptest::proptest! {
        #[test]
        fn written_numbers_come_back(value in -99_999.0_f64..99_999.0, digits in 0_usize..4) {
            let plain = format!("{value:.digits$}");
            let truth: f64 = plain.parse().unwrap();
            proptest::prop_assert_eq!(number(&plain, Decimal::Point), Some(truth));
            proptest::prop_assert_eq!(number(&plain.replace('.', ","), Decimal::Comma), Some(truth));
        }

        #[test]
        fn nothing_panics(cell in "\\PC{0,12}") {
            let _ = (number(&cell, Decimal::Comma), number(&cell, Decimal::Point), evidence(&cell), absent(&cell));
        }
    }
}

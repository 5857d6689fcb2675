//! Numbers as people write them in cells: `1.234,5`, `1,234.5`, `$7.65`, `7,65 EUR`, and the decision which sign is the
//! decimal one.
//!
//! `12,080` may be twelve or twelve thousand. A column writes all its numbers in the same way, so one unambiguous cell
//! (`2.453,000`, `0,5`, `17.25`) determines the others; two unambiguous cells that disagree are an error.

use super::times::is_missing;
use std::borrow::Cow;

/// The decimal sign of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimal {
    /// `1.234,5`
    Comma,
    /// `1,234.5`
    Point,
}

impl Decimal {
    /// Decimal and thousands sign.
    pub(crate) fn signs(self) -> (char, char) {
        match self {
            Self::Comma => (',', '.'),
            Self::Point => ('.', ','),
        }
    }

    /// Words for messages.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Comma => "a decimal comma",
            Self::Point => "a decimal point",
        }
    }
}

/// Signs and codes of currencies that may be written beside a number.
const CURRENCIES: [&str; 22] = [
    "$", "€", "£", "¥", "EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "BGN",
    "AUD", "CAD", "BRL", "MXN", "A$", "kr",
];

/// Whether a text is the sign or the code of a currency.
pub(crate) fn is_currency(text: &str) -> bool {
    CURRENCIES.iter().any(|known| known.eq_ignore_ascii_case(text))
}

/// Text of a cell: UTF-8 or, where it is not, Windows-1252, which includes Latin-1.
pub(crate) fn decode(cell: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(cell) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(cell).0,
    }
}

/// Whether a cell means "no value": empty, a dash, `n/e` or one of the words of exporters.
pub fn absent(cell: &str) -> bool {
    matches!(cell, "-" | "--" | "\u{2013}" | "n/e" | "n/a" | ":") || is_missing(cell.as_bytes())
}

/// The number of a cell without its signs of currency, and the unit behind it, if any.
pub(crate) fn bare(cell: &str) -> (Cow<'_, str>, &str) {
    let cell = cell.trim();
    if cell.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-' | b'+' | b'e' | b'E')) {
        return (Cow::Borrowed(cell), "");
    }
    let (cell, negative) = match cell.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(inner) => (inner.trim(), true),
        None => (cell, false),
    };
    let (sign, rest) = match cell.chars().next() {
        Some(c @ ('-' | '+' | '\u{2212}')) => {
            (if c == '+' { "" } else { "-" }, cell[c.len_utf8()..].trim_start())
        }
        _ => ("", cell),
    };
    let starts = rest.find(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '\u{2212}'));
    let Some(starts) = starts else { return (Cow::Borrowed(cell), "") };
    let (before, rest) = rest.split_at(starts);
    if !before.trim().is_empty() && !is_currency(before.trim()) {
        return (Cow::Borrowed(cell), "");
    }
    let ends = rest.rfind(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| at + 1);
    let (number, after) = rest.split_at(ends);
    let after = after.trim();
    let unit = if is_currency(after) { "" } else { after };
    let mut plain: String = number
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\''))
        .map(|c| if c == '\u{2212}' { '-' } else { c })
        .collect();
    if negative || sign == "-" {
        plain.insert(0, '-');
    }
    (Cow::Owned(plain), unit)
}

/// Decimal sign implied by a single number; `None` if it could be either.
pub(crate) fn evidence(number: &str) -> Option<Decimal> {
    let digits = number.trim_start_matches(['-', '+', '\u{2212}']);
    let sign = |comma: bool| if comma { Decimal::Comma } else { Decimal::Point };
    let last_is_comma = digits.rfind(',') > digits.rfind('.');
    match (digits.matches('.').count(), digits.matches(',').count()) {
        (0, 0) => None,
        (_, 0) | (0, _) => {
            let (whole, fraction) = digits.split_once(['.', ','])?;
            // Several signs of one kind can only be thousands separators.
            if fraction.contains(['.', ',']) {
                return Some(sign(!last_is_comma));
            }
            let may_part_thousands =
                fraction.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
            (!may_part_thousands).then(|| sign(last_is_comma))
        }
        _ => Some(sign(last_is_comma)),
    }
}

/// Parses a number with this decimal sign; `None` if it is not a number, or its thousands are not in groups
/// of three.
pub fn number(cell: &str, decimal: Decimal) -> Option<f64> {
    let (sign, thousands) = decimal.signs();
    let plain: Cow<'_, str> = if cell.is_ascii() && !cell.contains(' ') {
        Cow::Borrowed(cell)
    } else {
        cell.chars().filter(|c| *c != ' ').map(|c| if c == '\u{2212}' { '-' } else { c }).collect()
    };
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

/// Whether a text is a number in either way of writing, with or without a sign of currency.
pub(crate) fn is_number(cell: &str) -> bool {
    let (plain, unit) = bare(cell);
    unit.is_empty() && (number(&plain, Decimal::Point).is_some() || number(&plain, Decimal::Comma).is_some())
}

/// Two cells of a column that disagree, or one that could be read in two ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Undecided {
    /// Rows of two cells that write the decimal sign differently, with the sign of the first.
    Conflict(usize, usize, Decimal),
    /// Row of a cell such as `12.080`, where nothing decides.
    Open(usize),
}

/// The decimal sign of a column of numbers, `habit` being that of the rest of the file.
///
/// # Errors
/// If cells disagree, or none of them and no habit decides.
pub(crate) fn decide<'a>(
    cells: impl Iterator<Item = &'a str>,
    habit: Option<Decimal>,
) -> Result<Decimal, Undecided> {
    let mut settled: Option<(Decimal, usize)> = None;
    let mut open = None;
    for (row, cell) in cells.enumerate() {
        let (plain, _) = bare(cell);
        if !plain.contains(['.', ',']) {
            continue;
        }
        match evidence(&plain) {
            None => open = open.or(Some(row)),
            Some(sign) if number(&plain, sign).is_none() => {}
            Some(sign) => match settled {
                None => settled = Some((sign, row)),
                Some((before, first)) if before != sign => {
                    return Err(Undecided::Conflict(first, row, before));
                }
                Some(_) => {}
            },
        }
    }
    match (settled, habit, open) {
        (Some((sign, _)), ..) | (None, Some(sign), _) => Ok(sign),
        (None, None, Some(row)) => Err(Undecided::Open(row)),
        (None, None, None) => Ok(Decimal::Point),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_tell_their_decimal_sign_or_leave_it_open() {
        use Decimal::{Comma, Point};
        for (cell, expected) in [
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
            assert_eq!(evidence(cell), expected, "{cell}");
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
    fn signs_of_currency_and_units_are_parted_from_the_number() {
        for (cell, plain, unit) in [
            ("$4,380", "4,380", ""),
            ("-$7.65", "-7.65", ""),
            ("7.65 EUR", "7.65", ""),
            ("1\u{a0}234,5 €", "1234,5", ""),
            ("(5.00)", "-5.00", ""),
            ("5.2 mi", "5.2", "mi"),
            ("1'234.5", "1234.5", ""),
            ("about 5", "about 5", ""),
            ("far", "far", ""),
            ("-", "-", ""),
        ] {
            let (found, behind) = bare(cell);
            assert_eq!((found.as_ref(), behind), (plain, unit), "{cell}");
        }
    }

    #[test]
    fn one_clear_cell_decides_for_its_column() {
        let decided = |cells: &[&str], habit| decide(cells.iter().copied(), habit);
        assert_eq!(decided(&["12,080", "7,5"], None), Ok(Decimal::Comma));
        assert_eq!(decided(&["$4,380", "480"], Some(Decimal::Point)), Ok(Decimal::Point));
        assert_eq!(decided(&["12.080", "7"], None), Err(Undecided::Open(0)));
        assert_eq!(decided(&["1", "7,5", "7.5"], None), Err(Undecided::Conflict(1, 2, Decimal::Comma)));
        assert_eq!(decided(&["1", "x.y"], None), Ok(Decimal::Point));
    }

    proptest::proptest! {
        #[test]
        fn written_numbers_come_back(value in -99_999.0_f64..99_999.0, digits in 0_usize..4) {
            let plain = format!("{value:.digits$}");
            let truth: f64 = plain.parse().unwrap();
            proptest::prop_assert_eq!(number(&plain, Decimal::Point), Some(truth));
            proptest::prop_assert_eq!(number(&plain.replace('.', ","), Decimal::Comma), Some(truth));
            let money = format!("$ {plain}");
            proptest::prop_assert_eq!(number(&bare(&money).0, Decimal::Point), Some(truth));
        }

        #[test]
        fn nothing_panics(cell in "\\PC{0,12}") {
            let _ = (number(&cell, Decimal::Comma), number(&cell, Decimal::Point), evidence(&cell), absent(&cell));
            let _ = (bare(&cell), is_number(&cell));
        }
    }
}

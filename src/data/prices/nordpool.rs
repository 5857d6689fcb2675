//! Prices of Nord Pool from its archive: a row per hour, a column (or two) per area.
//!
//! Day-ahead (`elspot`): `date; hours; SYS; SE1; ...` in one header line. Regulating prices: four header
//! lines, of which the third names areas and the fourth has `Up` and `Down` below each. Hours are written
//! `00 - 01`, on the clock of Oslo (the clock of Nord Pool: Central European Time with summer time) for all areas, including Finland and the Baltic countries. The hour skipped in spring is present and empty; the
//! hour repeated in autumn appears twice.

use super::clock::{RowClock, dates, in_order, midnight_s};
use super::decimals::{Cell, Decimal, market_prices};
use super::slots::{Observed, Rows};
use super::text::{Row, Text};
use super::{DOWN, PRICE, PriceReport, UP};
use chrono_tz::Tz;
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::time::HOUR_S;

/// Time zone of Nord Pool's tables.
pub const CLOCK: Tz = chrono_tz::Europe::Oslo;

/// Norwegian areas by the names of their cities, which older day-ahead tables use.
const CITIES: [(&str, &[&str]); 5] = [
    ("NO1", &["Oslo"]),
    ("NO2", &["Kr.sand"]),
    ("NO3", &["Tr.heim", "Molde"]),
    ("NO4", &["Tromsø"]),
    ("NO5", &["Bergen"]),
];

gridfleet_core::names! {
    /// Kind of a Nord Pool table.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Kind {
        /// Day-ahead prices.
        Spot = "nordpool",
        /// Prices of regulating power, up and down.
        Regulating = "nordpool-regulating",
    }
}

/// Columns of a Nord Pool table.
#[derive(Debug)]
struct Layout<'a> {
    kind: Kind,
    header: Row<'a>,
    /// Name of each area and the position of its price, or of its upward price.
    areas: Vec<(String, usize)>,
}

/// Kind of table in a text, if it is a Nord Pool table.
pub fn recognise(text: &Text) -> Option<Kind> {
    layout(text).map(|layout| layout.kind)
}

fn layout(text: &Text) -> Option<Layout<'_>> {
    let hours = |row: &Row<'_>| row.cell(1).eq_ignore_ascii_case("hours");
    let header = text.header(hours)?;
    let named = |row: &Row<'_>| -> Vec<(String, usize)> {
        (2..row.cells.len())
            .map(|c| (row.cell(c).to_owned(), c))
            .filter(|(name, _)| !name.is_empty())
            .collect()
    };
    if header.cells.iter().any(|cell| cell.eq_ignore_ascii_case("up")) {
        let above = text.rows().take_while(|row| row.line < header.line).last()?;
        return Some(Layout { kind: Kind::Regulating, areas: named(&above), header });
    }
    Some(Layout { kind: Kind::Spot, areas: named(&header), header })
}

/// Names of the areas of a table.
pub fn areas(text: &Text) -> Vec<String> {
    layout(text).map(|layout| layout.areas.into_iter().map(|(name, _)| name).collect()).unwrap_or_default()
}

/// Reads the prices of one area, with times on the clock of `tz` (by default [`CLOCK`]).
///
/// # Errors
/// If the text is not a table of this kind, lacks the area, or a row cannot be read; each error states the
/// line.
pub fn read(text: &Text, kind: Kind, area: Option<&str>, tz: Tz) -> Result<Rows> {
    let layout = layout(text).ok_or_else(|| {
        text.no_header("a Nord Pool table: a header whose second column is `Hours`, then a column per area")
    })?;
    if layout.kind != kind {
        let (found, other) = match layout.kind {
            Kind::Spot => ("day-ahead prices, one column per area", Kind::Spot.name()),
            Kind::Regulating => ("regulating prices, `Up` and `Down` per area", Kind::Regulating.name()),
        };
        let expected = match kind {
            Kind::Spot => "day-ahead prices",
            Kind::Regulating => "regulating prices",
        };
        let problem = text.error(layout.header.line, "", found, expected);
        return Err(problem.help(format!("import it as {other}")).into());
    }
    let (name, column) = column_of(text, &layout, area)?;
    let keys = match kind {
        Kind::Spot => vec![name.clone()],
        Kind::Regulating => vec![format!("{name} up"), format!("{name} down")],
    };
    let rows: Vec<Row<'_>> = text.rows_below(&layout.header).collect::<Result<_, _>>()?;
    let mut values = Vec::new();
    for (i, key) in keys.iter().enumerate() {
        let cells: Vec<Cell<'_>> = rows.iter().map(|row| (row.line, row.cells[column + i])).collect();
        let habit = if text.delimiter == ',' && !cells.iter().any(|(_, cell)| cell.contains(',')) {
            Decimal::Point
        } else {
            Decimal::Comma
        };
        values.push(market_prices(text, key, &cells, habit)?);
    }
    if let [up, down] = values.as_slice() {
        refuse_swapped(text, &name, &rows, up, down)?;
    }
    let mut report = PriceReport::of(kind.name());
    report.rows_read = rows.len() as u64;
    report.note("area", &name);
    report.note("clock", tz.name());
    let observed = place(text, &rows, &values, tz)?;
    Ok(Rows {
        files: vec![text.file.clone()],
        key: name,
        columns: match kind {
            Kind::Spot => vec![PRICE.into()],
            Kind::Regulating => vec![UP.into(), DOWN.into()],
        },
        rows: observed,
        slot_s: Some(HOUR_S),
        report,
    })
}

/// Position of the column of an area, by its name or an alias.
fn column_of(text: &Text, layout: &Layout<'_>, area: Option<&str>) -> Result<(String, usize)> {
    let find =
        |wanted: &str| layout.areas.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).cloned();
    let names = layout.areas.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    let Some(area) = area else {
        let problem = InputError::new("no area", format!("one of {names}")).file(&text.file).key("--area");
        return Err(problem.help("for example --area SE3").into());
    };
    let known_as =
        CITIES.iter().filter(|(no, _)| no.eq_ignore_ascii_case(area)).flat_map(|(_, names)| *names);
    let (name, column) =
        find(area).or_else(|| known_as.clone().find_map(|name| find(name))).ok_or_else(|| {
            let problem =
                text.error(layout.header.line, "--area", format!("`{area}`"), format!("one of {names}"));
            Error::from(problem)
        })?;
    let width = if layout.kind == Kind::Regulating { 2 } else { 1 };
    if column + width > layout.header.cells.len() {
        let found = format!("no columns below {name}");
        return Err(text.error(layout.header.line, &name, found, "`Up` and `Down`").into());
    }
    Ok((name, column))
}

/// Upward prices below downward ones in every hour in which they differ mean that the columns are swapped.
fn refuse_swapped(text: &Text, area: &str, rows: &[Row<'_>], up: &[f64], down: &[f64]) -> Result<()> {
    let above = up.iter().zip(down).any(|(up, down)| up > down);
    let first = up.iter().zip(down).position(|(up, down)| up < down);
    if let Some(first) = first.filter(|_| !above) {
        let (up, down) = (up[first], down[first]);
        let found = format!("up {up} below down {down}, as in every hour in which they differ");
        return Err(text
            .error(rows[first].line, area, found, "upward prices at or above downward ones")
            .help("the columns Up and Down are swapped")
            .into());
    }
    Ok(())
}

/// Instants of the rows.
fn place(text: &Text, rows: &[Row<'_>], values: &[Vec<f64>], tz: Tz) -> Result<Vec<Observed>> {
    let days: Vec<_> = rows.iter().map(|row| dates(row.cell(0))).collect();
    let days = in_order(&days).map_err(|bad| {
        let row = &rows[bad];
        text.error(row.line, "date", format!("`{}`", row.cell(0)), "a date such as 31.12.2016 or 31-12-2016")
    })?;
    let mut clock = RowClock::new(tz);
    let mut observed = Vec::with_capacity(rows.len());
    for (i, (row, day)) in rows.iter().zip(days).enumerate() {
        let hour = hour(row.cell(1)).ok_or_else(|| {
            text.error(row.line, "Hours", format!("`{}`", row.cell(1)), "an hour such as `00 - 01`")
        })?;
        let of_row: Vec<f64> = values.iter().map(|column| column[i]).collect();
        match clock.next(midnight_s(day) + hour * HOUR_S) {
            Ok(time) => observed.push(Observed { time, file: 0, line: row.line, values: of_row }),
            Err(_) if of_row.iter().all(|v| v.is_nan()) => {}
            Err(_) => {
                let found = format!("a price in the hour {day} {hour}:00, which the clocks of {tz} skip");
                let problem = text.error(row.line, "Hours", found, "an empty cell");
                return Err(problem.help("are the times by another clock? Name it with --timezone").into());
            }
        }
    }
    Ok(observed)
}

/// Parses `00 - 01` as 0; the second number must be the next hour.
fn hour(cell: &str) -> Option<i64> {
    let (from, to) = cell.split_once('-')?;
    let (from, to): (i64, i64) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    ((0..24).contains(&from) && to % 24 == (from + 1) % 24 && to <= 24).then_some(from)
}

/// Records in the report of regulating prices in how many hours `down <= spot <= up`.
pub fn compare_with_spot(regulating: &mut Rows, spot: &Rows) {
    let (mut within, mut outside) = (0_u64, 0_u64);
    let mut spot_rows = spot.rows.iter().peekable();
    for row in &regulating.rows {
        while spot_rows.peek().is_some_and(|spot| spot.time < row.time) {
            spot_rows.next();
        }
        let Some(spot) = spot_rows.peek().filter(|spot| spot.time == row.time) else { continue };
        let (Some(&price), [up, down]) = (spot.values.first(), row.values.as_slice()) else { continue };
        if absent_any(&[price, *up, *down]) {
            continue;
        }
        if *down <= price && price <= *up { within += 1 } else { outside += 1 }
    }
    let text = format!("{within} of {} hours have down <= spot <= up", within + outside);
    regulating.report.note("spot", text);
}

fn absent_any(values: &[f64]) -> bool {
    values.iter().any(|v| v.is_nan())
}

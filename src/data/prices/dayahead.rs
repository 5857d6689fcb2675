//! One price column of any table: as published by the transparency platform of ENTSO-E, SMARD, Nord Pool, system
//! operators of North America and Australia (`presets.toml` names their columns), or in the data set of a paper.
//!
//! The columns of time, price and place are found by the kind of the file, by their names, or are named by the user;
//! `stamps` converts the times. Prices are converted to one per MWh by the unit that the header, the user or the
//! kind of file states.

use super::decimals::counts_hours;
use super::slots::Rows;
use super::stamps::{self, TimeColumns};
use super::text::Text;
use super::{DOWN, PRICE, PriceReport, UP};
use crate::presets::{Into, Preset, Stamp};
use crate::table::{Numbers, Reading, Table, TableFile};
use crate::units::{self, Quantity};
use chrono_tz::Tz;
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::ranges::PRICE as PRICE_RANGE;
use std::collections::BTreeMap;
use std::path::Path;

/// Names of time columns, in order of preference, in lower case.
const TIME_NAMES: [&str; 22] = [
    "utc_timestamp",
    "mtu (utc)",
    "mtu (cet/cest)",
    "mtu",
    "time",
    "timestamp",
    "datetime",
    "date_time",
    "date time",
    "unix_seconds",
    "datum von",
    "start date",
    "datum_von",
    "delivery start",
    "start_time",
    "start time",
    "date",
    "datum",
    "cet_cest_timestamp",
    "date (cet)",
    "date (gmt+1)",
    "start",
];

/// Names of columns with the time of day, following a column with the date.
const CLOCK_NAMES: [&str; 9] =
    ["anfang", "uhrzeit", "uhrzeit von", "von", "start", "time", "hour", "start time", "begin"];

/// Names of columns with the place of a price.
const AREA_NAMES: [&str; 10] = [
    "area",
    "zone",
    "bidding zone",
    "bidding_zone",
    "country_code",
    "country",
    "region",
    "node",
    "location",
    "hub",
];

/// Names of columns with the number of a slot of the day, counted from 1.
const HOUR_NAMES: [&str; 4] = ["hour ending", "hourending", "hour_ending", "he"];

/// Median above which prices are doubted, and below which they are taken for prices per kWh [currency/MWh]. Assumed.
const DOUBTED_MEDIAN: [f64; 2] = [1.5, 1_500.0];

/// Greatest price of any market [currency/MWh]: above the caps of Australia (17,500) and Texas (9,000).
const MOST_PER_MWH: f64 = 20_000.0;

/// A price this many times the median may have lost its decimal sign. Assumed.
const DOUBTED_TIMES: f64 = 300.0;

/// User options for a table.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Column of prices; required if several columns qualify.
    pub column: Option<&'a str>,
    /// Column of times, or `DATE+TIME`; recognised by its name if not given.
    pub time_column: Option<&'a str>,
    /// Time zone of times without offset; taken from the name of the column or the kind of file if stated there.
    pub timezone: Option<Tz>,
    /// Place, for tables of several.
    pub area: Option<&'a str>,
    /// End of the slot that its time states.
    pub stamp: Option<Stamp>,
    /// Unit of the prices, for example `EUR/kWh`.
    pub unit: Option<&'a str>,
}

/// Relevant columns of a table.
struct Layout {
    preset: Option<Preset>,
    time: TimeColumns,
    /// Columns of prices: one, or one per hour of the day with the first second of the hour.
    price: Vec<(usize, i64)>,
    area: Option<usize>,
    sequence: Option<usize>,
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// Position of the first of alternative names, separated by `|`, ignoring case.
fn position(file: &TableFile, names: &str) -> Option<usize> {
    names.split('|').find_map(|wanted| file.names().iter().position(|name| same(name.trim(), wanted.trim())))
}

/// Whether the name of a column indicates prices.
fn speaks_of_prices(name: &str) -> bool {
    let name = name.to_lowercase();
    ["price", "preis", "eur/mwh", "euro/mwh", "€/mwh", "/kwh", "$/mwh", "lmp", "lbmp", "rrp"]
        .iter()
        .any(|word| name.contains(word))
}

/// Whether a text is such a table: it has a time column by name, and a column whose name indicates prices.
pub fn recognise(text: &Text) -> bool {
    let canonical = |name: &String| [PRICE, UP, DOWN].contains(&name.as_str());
    let Ok(file) = of_text(text) else { return false };
    if file.names().iter().any(canonical) {
        return false;
    }
    let preset = Preset::of(&file).ok().flatten();
    preset.is_some_and(|preset| preset.into == Into::Prices)
        || (TIME_NAMES.iter().any(|name| position(&file, name).is_some())
            && file.names().iter().any(|name| speaks_of_prices(name)))
}

/// Whether a table has a column of times and columns of hours.
pub fn has_hours(file: &TableFile) -> bool {
    let hours = file.names().iter().filter(|name| hour_of(name).is_some()).count();
    hours >= 3 && TIME_NAMES.iter().any(|name| position(file, name).is_some())
}

fn of_text(text: &Text) -> Result<TableFile> {
    TableFile::from_bytes(&text.file, text.content().as_bytes().to_vec())
}

/// Reads the prices of a text.
///
/// # Errors
/// As [`read_file`].
pub fn read(text: &Text, options: Options<'_>) -> Result<Rows> {
    read_table(of_text(text)?, options)
}

/// Reads the prices of a file.
///
/// # Errors
/// If a column is missing or ambiguous, a cell cannot be read, times have no offset and no zone is given, or
/// there is a price in an hour that the clock skips.
pub fn read_file(path: &Path, reading: &Reading, options: Options<'_>) -> Result<Rows> {
    read_table(TableFile::open_with(path, reading)?, options)
}

fn read_table(mut file: TableFile, options: Options<'_>) -> Result<Rows> {
    let layout = layout(&file, options)?;
    for (column, value) in layout.preset.iter().flat_map(|preset| &preset.conditions) {
        if position(&file, column).is_some() {
            file.add_condition(column, value);
        }
    }
    let mut wanted = layout.time.all();
    wanted.extend(layout.price.iter().map(|(column, _)| *column).chain(layout.area).chain(layout.sequence));
    let all = file.read(&wanted)?;
    let mut report = PriceReport::of("dayahead");
    report.rows_read = all.rows() as u64;
    let rows = choose(&file, &all, &layout, options, &mut report)?;
    if let Some((row, cells)) = all.ragged().first() {
        let found = format!("{cells} cells");
        let expected = format!("{} cells, as in line {}", all.width(), file.header_line());
        let problem = InputError::new(found, expected).file(file.path()).line(all.line(*row));
        return Err(problem
            .help("the row or the file is cut off, or a decimal comma is in a file parted by commas without quotation marks")
            .into());
    }
    let numbers = layout.price.iter().map(|(column, _)| all.numbers(*column)).collect::<Result<Vec<_>>>()?;
    check_numbers(&all, &layout, &numbers, &rows)?;
    let name = layout.price.first().map(|(column, _)| all.name(*column).to_owned()).unwrap_or_default();
    let factor = unit(&name, &layout, options, &mut report)?;
    let lines = all.lines();
    let mut values = Vec::with_capacity(rows.len() * layout.price.len());
    let mut at = Vec::with_capacity(values.capacity());
    for &row in &rows {
        for ((_, second), numbers) in layout.price.iter().zip(&numbers) {
            values.push(numbers.get(row) * factor);
            at.push((row, *second));
        }
    }
    check_values(&file, &name, &all, &layout, &at, &values, factor)?;
    doubts(&values, &name, &mut report);
    if layout.price.len() > 1 {
        report.note("hours", format!("{} columns, one per hour", layout.price.len()));
    } else {
        report.note("column", &name);
    }
    let known = layout.preset.as_ref();
    if let Some(preset) = known {
        report.note("kind", format!("{}: {}", preset.name, preset.about));
    }
    let context = stamps::Context {
        file: &file,
        table: &all,
        lines: &lines,
        preset: known,
        timezone: options.timezone,
        stamp: options.stamp,
    };
    let observed = stamps::place(&context, &layout.time, &at, &values, &mut report)?;
    for note in file.notes() {
        report.note("file", note);
    }
    for (column, decision) in all.decisions() {
        report.note(&column, decision);
    }
    Ok(Rows {
        files: vec![file.path().to_path_buf()],
        key: name,
        columns: vec![PRICE.into()],
        rows: observed,
        slot_s: None,
        report,
    })
}

fn layout(file: &TableFile, options: Options<'_>) -> Result<Layout> {
    let preset = Preset::of(file)?.filter(|preset| preset.into == Into::Prices);
    let time = time_columns(file, options, preset.as_ref())?;
    let area = match preset.as_ref().and_then(|preset| preset.area.as_ref()) {
        Some(names) => position(file, names),
        None => AREA_NAMES.iter().find_map(|name| position(file, name)),
    };
    let sequence = preset.as_ref().and_then(|preset| position(file, preset.sequence.as_deref()?));
    let taken: Vec<usize> = time.all().into_iter().chain(area).chain(sequence).collect();
    let price = price_columns(file, options, preset.as_ref(), &taken)?;
    Ok(Layout { preset, time, price, area, sequence })
}

fn time_columns(file: &TableFile, options: Options<'_>, preset: Option<&Preset>) -> Result<TimeColumns> {
    let hour = |names: Option<&str>| names.and_then(|names| position(file, names));
    if let Some(name) = options.time_column {
        let columns = match position(file, name) {
            Some(column) => vec![column],
            None if name.contains('+') => {
                name.split('+').map(|name| file.require(&[name])).collect::<Result<Vec<_>>>()?
            }
            None => vec![file.require(&[name])?],
        };
        return Ok(TimeColumns { columns, hour: None, repeated: None });
    }
    if let Some(preset) = preset {
        let found =
            preset.time.iter().find_map(|names| names.iter().map(|name| position(file, name)).collect());
        if let Some(columns) = found {
            let repeated = hour(preset.repeated.as_deref());
            return Ok(TimeColumns { columns, hour: hour(preset.hour.as_deref()), repeated });
        }
    }
    let by_name = TIME_NAMES.iter().find_map(|name| position(file, name));
    let Some(at) = by_name.or_else(|| by_content(file)) else {
        let missing = file.lacks(TIME_NAMES[4]);
        return Err(missing
            .help(format!("name the column of times with --time-column, such as {}", TIME_NAMES[4]))
            .into());
    };
    let next = file.names().get(at + 1).map(String::as_str).unwrap_or_default();
    let mut columns = vec![at];
    if CLOCK_NAMES.iter().any(|name| same(name, next)) && !speaks_of_prices(next) {
        columns.push(at + 1);
    }
    let ending = HOUR_NAMES.iter().find_map(|name| position(file, name));
    Ok(TimeColumns { columns, hour: ending, repeated: None })
}

/// The only column that holds times.
fn by_content(file: &TableFile) -> Option<usize> {
    let all: Vec<usize> =
        (0..file.names().len().min(20)).filter(|&column| file.is_readable(column)).collect();
    let table = file.read(&all).ok()?;
    let is_time = |&column: &usize| {
        let cell = table.cell(column, 0);
        cell.contains(['-', '/', ':', '.']) && !crate::cells::is_number(&cell) && stamps::is_time(&cell)
    };
    let mut found = all.into_iter().filter(is_time);
    found.next().filter(|_| found.next().is_none())
}

/// The first second of the hour that the name of a column states: `0`, `HE01`, `Hour 1`, `13:00`.
fn hour_of(name: &str) -> Option<(i64, bool)> {
    let lower = name.trim().to_lowercase();
    let (number, ending) = match lower.strip_prefix("he") {
        Some(rest) => (rest.trim(), true),
        None => {
            (lower.trim_start_matches("hour").trim_start_matches('h').trim_start_matches(['_', ' ']), false)
        }
    };
    // `00-01` and `00:00 - 01:00` begin at their first hour.
    let number = number.split('-').next().unwrap_or(number).trim();
    let number = number.strip_suffix(":00").unwrap_or(number);
    let digits = (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let hour: i64 = digits.then(|| number.parse().ok()).flatten()?;
    (hour <= 24).then_some((hour, ending))
}

fn price_columns(
    file: &TableFile,
    options: Options<'_>,
    preset: Option<&Preset>,
    taken: &[usize],
) -> Result<Vec<(usize, i64)>> {
    let wrong = |found: String, expected: String| {
        InputError::new(found, expected).file(file.path()).line(file.header_line()).key("--column")
    };
    let others: Vec<(usize, &str)> = file
        .names()
        .iter()
        .enumerate()
        .filter(|(column, _)| !taken.contains(column))
        .map(|(column, name)| (column, name.as_str()))
        .collect();
    let list = |columns: &[(usize, &str)]| {
        columns.iter().take(20).map(|(_, name)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    if let Some(name) = options.column {
        let column = position(file, name).ok_or_else(|| {
            Error::from(wrong(format!("no column `{name}`"), format!("one of {}", list(&others))))
        })?;
        if taken.contains(&column) {
            let found = "the column of times".to_owned();
            return Err(wrong(found, format!("one of {}", list(&others))).into());
        }
        return Ok(vec![(column, 0)]);
    }
    if let Some(column) = preset.and_then(|preset| preset.price.iter().find_map(|name| position(file, name)))
    {
        return Ok(vec![(column, 0)]);
    }
    // Hours as columns.
    let hours: Vec<(usize, (i64, bool))> =
        others.iter().filter_map(|(column, name)| Some((*column, hour_of(name)?))).collect();
    let likely: Vec<_> = others.iter().copied().filter(|(_, name)| speaks_of_prices(name)).collect();
    if hours.len() >= 3 && likely.is_empty() {
        let from_zero = hours.iter().any(|(_, (hour, _))| *hour == 0);
        let ending = !from_zero || hours.iter().any(|(_, (_, ending))| *ending);
        let start = |hour: i64| (hour - i64::from(ending)) * 3_600;
        return Ok(hours.into_iter().map(|(column, (hour, _))| (column, start(hour))).collect());
    }
    // Tables with a column of prices per area.
    let candidates = if likely.is_empty() && others.len() == 1 { others.clone() } else { likely };
    let of_area: Vec<_> = match options.area {
        Some(area) => {
            let area = area.to_lowercase();
            candidates.iter().copied().filter(|(_, name)| name.to_lowercase().contains(&area)).collect()
        }
        None => Vec::new(),
    };
    match (of_area.as_slice(), candidates.as_slice()) {
        ([(one, _)], _) | ([], [(one, _)]) => Ok(vec![(*one, 0)]),
        ([], []) => Err(wrong("no column of prices".into(), format!("one of {}", list(&others))).into()),
        ([], many) | (many, _) => {
            let found = format!("{} columns of prices", many.len());
            Err(wrong(found, format!("one of {}", list(many))).into())
        }
    }
}

/// Rows of the place and sequence that the user chose, or of the only one.
fn choose(
    file: &TableFile,
    table: &Table,
    layout: &Layout,
    options: Options<'_>,
    report: &mut PriceReport,
) -> Result<Vec<usize>> {
    let mut rows: Vec<usize> = (0..table.rows()).collect();
    for (column, flag, wanted) in [(layout.area, "--area", options.area), (layout.sequence, "--where", None)]
    {
        let Some(column) = column else { continue };
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for &row in &rows {
            groups.entry(table.cell(column, row)).or_default().push(row);
        }
        let fits = |name: &str, wanted: &str| {
            same(name, wanted) || name.rsplit('|').next().is_some_and(|last| same(last, wanted))
        };
        let name = table.name(column).to_owned();
        let places = groups.keys().take(30).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let refuse = |found: String, help: &str| {
            let error =
                InputError::new(found, format!("one of {places}")).file(file.path()).line(file.header_line());
            Err(Error::from(error.key(flag).help(help)))
        };
        let chosen = match wanted {
            Some(wanted) => match groups.iter().find(|(name, _)| fits(name, wanted)) {
                Some((name, rows)) => Some((name.clone(), rows.clone())),
                None => return refuse(format!("`{wanted}`"), "choose a place of the file"),
            },
            None if groups.len() == 1 => groups.into_iter().next(),
            None if groups.is_empty() => None,
            None => {
                let help = if flag == "--area" {
                    "choose one with --area"
                } else {
                    "choose one with --where COLUMN=VALUE"
                };
                return refuse(format!("{} values of `{name}`", groups.len()), help);
            }
        };
        if let Some((place, chosen)) = chosen {
            report.note(&name, place);
            report.skip("row of another place", (rows.len() - chosen.len()) as u64);
            rows = chosen;
        }
    }
    Ok(rows)
}

fn check_numbers(table: &Table, layout: &Layout, numbers: &[Numbers], rows: &[usize]) -> Result<()> {
    let mut problems = Vec::new();
    for ((column, _), numbers) in layout.price.iter().zip(numbers) {
        let bad = numbers.bad.iter().filter(|row| rows.binary_search(row).is_ok()).take(20);
        for &row in bad {
            let problem = table.error(*column, row, "a number");
            let cell = table.cell(*column, row);
            problems.push(if cell.contains([':', '/']) || cell.contains(" - ") {
                problem.help("this looks like a time: the columns may be swapped")
            } else {
                problem
            });
        }
    }
    problems.truncate(20);
    if problems.is_empty() { Ok(()) } else { Err(Error::Input(problems)) }
}

/// Factor from the unit of the file to a price per MWh.
fn unit(name: &str, layout: &Layout, options: Options<'_>, report: &mut PriceReport) -> Result<f64> {
    let of_header = units::of_header(Quantity::Price, name);
    let of_kind = layout.preset.as_ref().and_then(|preset| preset.unit.clone());
    let (unit, source) = match (options.unit, of_header, of_kind) {
        (Some(unit), ..) => (unit.to_owned(), "as stated"),
        (None, Some(unit), _) => (unit, "by the header"),
        (None, None, Some(unit)) => (unit, "by the kind of file"),
        (None, None, None) => {
            report.note("unit", "EUR/MWh (assumed: neither the header nor --unit states one)");
            return Ok(1.0);
        }
    };
    let Some(factor) = units::factor(Quantity::Price, &unit) else {
        let expected = "a currency per energy, such as EUR/MWh, EUR/kWh, ct/kWh or $/MWh";
        return Err(InputError::new(format!("`{unit}`"), expected).key("--unit").into());
    };
    let converted = if factor == 1.0 { String::new() } else { format!(", multiplied by {factor}") };
    report.note("unit", format!("{unit} ({source}{converted})"));
    Ok(factor)
}

/// Refuses prices beyond every market, and columns that count hours.
fn check_values(
    file: &TableFile,
    key: &str,
    table: &Table,
    layout: &Layout,
    at: &[(usize, i64)],
    values: &[f64],
    factor: f64,
) -> Result<()> {
    let median = median(values);
    let column_of =
        |second: i64| layout.price.iter().find(|(_, s)| *s == second).map_or(0, |(column, _)| *column);
    if layout.price.len() == 1 && counts_hours(values) {
        let line = at.first().map_or(1, |(row, _)| table.line(*row));
        let problem =
            InputError::new("the hours of the day, one after the other", "prices").file(file.path());
        let problem = problem.line(line).key(key);
        return Err(problem.help("the columns may be swapped: name the one that holds prices").into());
    }
    let most = MOST_PER_MWH.min(PRICE_RANGE.most);
    if let Some((&(row, second), value)) = at.iter().zip(values).find(|(_, value)| value.abs() > most) {
        let expected = format!("a price of at most {most:.0} EUR/MWh, for the middle one is {median}");
        let mut problem = table.error(column_of(second), row, expected);
        let read_as = value / factor;
        problem.found = if factor == 1.0 {
            format!("{}, read as {read_as}", problem.found)
        } else {
            format!("{}, which is {value} per MWh", problem.found)
        };
        return Err(problem.help("is a decimal sign missing or wrong, or the unit another?").into());
    }
    Ok(())
}

fn median(values: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = values.iter().filter(|v| !v.is_nan()).map(|v| v.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(0.0)
}

/// Warns of magnitudes that no market has, and names the likely unit.
fn doubts(values: &[f64], name: &str, report: &mut PriceReport) {
    let middle = median(values);
    let [low, high] = DOUBTED_MEDIAN;
    let most = values.iter().filter(|v| !v.is_nan()).fold(0.0_f64, |most, v| most.max(v.abs()));
    if middle > 0.0 && middle < low && most < 10.0 * low {
        report.warn(format!(
            "`{name}`: median price of {middle:.3} per MWh: is the unit EUR/kWh? State it with --unit EUR/kWh"
        ));
    } else if middle > high {
        report.warn(format!("`{name}`: median price of {middle:.0} per MWh: is the unit ct/MWh or another currency? State it with --unit"));
    } else if middle > 0.0 && most > (DOUBTED_TIMES * middle).max(1_000.0) {
        report.warn(format!(
            "`{name}`: a price of {most:.2} is {:.0} times the middle one: is a decimal sign missing?",
            most / middle
        ));
    }
}

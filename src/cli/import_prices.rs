//! `gridfleet data import` of prices: converts files as published by markets to the canonical table.

use super::data::{PARQUET, check_output, print};
use super::reading::{ReadArgs, judge};
use crate::datasets::presets::Stamp;
use crate::datasets::prices::slots::Rows;
use crate::datasets::prices::srl_files::Direction;
use crate::datasets::prices::text::Text;
use crate::datasets::prices::{
    GapRule, capacity as blocks, dayahead as tables, intraday as trades, nordpool as nordic, srl as reserve,
};
use crate::datasets::prices::{nordpool::Kind, srl::HighDays, srl_files, write};
use crate::error::Result;
use chrono_tz::Tz;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// Treatment of slots for which a file has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Gaps {
    /// Stop with an error that names each gap
    Fail,
    /// Interpolate linearly between the neighbours, up to --gap-limit
    Interpolate,
    /// Take the price at the same local time one week earlier
    PreviousWeek,
}

/// Output file, and treatment of gaps.
#[derive(Debug, Args)]
pub struct TableArgs {
    /// Parquet file to write, complete or not at all
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Treatment of slots without a price
    #[arg(long, value_enum, value_name = "WHAT", default_value = "fail")]
    pub gaps: Gaps,
    /// Longest gap that is interpolated, for example 90min or 2h
    #[arg(long, value_name = "TIME", default_value = "2h", value_parser = seconds)]
    pub gap_limit: i64,
}

impl TableArgs {
    fn rule(&self) -> GapRule {
        match self.gaps {
            Gaps::Fail => GapRule::Fail,
            Gaps::Interpolate => GapRule::Interpolate { limit_s: self.gap_limit },
            Gaps::PreviousWeek => GapRule::PreviousWeek,
        }
    }
}

/// Arguments of `data import nordpool`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  gridfleet data import nordpool elspot-prices_2016_hourly_eur.csv --area SE3 -o prices.parquet")]
pub struct NordpoolArgs {
    /// Files of the archive; several years may be joined
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Bidding area, as the file names it (NO1 to NO5 also by their cities)
    #[arg(long, value_name = "AREA")]
    pub area: Option<String>,
    /// Time zone of the hours
    #[arg(long, value_name = "TZ", default_value_t = nordic::CLOCK)]
    pub timezone: Tz,
    /// The table to write.
    #[command(flatten)]
    pub table: TableArgs,
}

/// Arguments of `data import nordpool-regulating`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  gridfleet data import nordpool-regulating regulating-prices_2016_hourly_eur.csv --area SE3 \\
    --spot elspot-prices_2016_hourly_eur.csv -o regulating.parquet")]
pub struct RegulatingArgs {
    /// Files, area, clock and table as for day-ahead prices.
    #[command(flatten)]
    pub common: NordpoolArgs,
    /// Day-ahead file of the same hours, to count those with down <= spot <= up
    #[arg(long, value_name = "FILE")]
    pub spot: Option<PathBuf>,
}

/// Arguments of `data import dayahead`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gridfleet data import dayahead DE.csv --column Price --timezone Europe/Berlin -o prices.parquet
  gridfleet data import dayahead smard.csv --column 'Deutschland/Luxemburg [€/MWh]' --timezone Europe/Berlin \\
    --gaps interpolate --gap-limit 2h -o prices.parquet

  gridfleet data import dayahead OASIS.zip --area TH_NP15_GEN-APND -o prices.parquet
  gridfleet data import dayahead tariff.csv --unit ct/kWh --timezone Europe/Vienna -o prices.parquet

Times may carry an offset, be local or UTC, be spans such as `01.01.2017 00:00 - 01.01.2017 01:00`, be in two
columns, or have hours as columns. Files may be packed, spreadsheets or JSON. A price holds until the next one.")]
pub struct DayAheadArgs {
    /// Tables with a column of times and one of prices; several may be joined
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Column of prices; required if there are several candidates
    #[arg(long, value_name = "COLUMN")]
    pub column: Option<String>,
    /// Column of times, or DATE+TIME; found by its name if not given
    #[arg(long, value_name = "COLUMN")]
    pub time_column: Option<String>,
    /// Time zone of times without offset; that of the kind of file if it is known
    #[arg(long, value_name = "TZ")]
    pub timezone: Option<Tz>,
    /// Place, for tables of several
    #[arg(long, value_name = "AREA")]
    pub area: Option<String>,
    /// End of the slot that a time states; found from the kind of file and the name of the column
    #[arg(long, value_enum, value_name = "END")]
    pub stamp: Option<StampArg>,
    /// Unit of the prices, such as EUR/kWh or ct/kWh; that of the header if it states one
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<String>,
    /// The table to write.
    #[command(flatten)]
    pub table: TableArgs,
    /// Statements about the files.
    #[command(flatten)]
    pub reading: ReadArgs,
}

/// End of a slot that its time states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StampArg {
    /// The time at which the slot begins
    Start,
    /// The time at which the slot ends
    End,
}

/// Arguments of `data import intraday`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  gridfleet data import intraday trades_2018-01.csv --gaps interpolate -o intraday.parquet

The price of a quarter is the lowest at which it was traded; the column volume_mwh sums up its trades.
Assumed: unit_price in cents per MWh, qty in kW, products such as 00Q1 by the clock of Berlin.")]
pub struct IntradayArgs {
    /// Files of trades
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The table to write.
    #[command(flatten)]
    pub table: TableArgs,
}

/// Direction of reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Product {
    /// Negative: providers take energy, for example by charging
    Neg,
    /// Positive: providers give energy
    Pos,
}

/// Days on which the high tariff (HT) applies from 8 to 20 h.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Days {
    /// Every day, as in the published case study
    All,
    /// Monday to Friday without nationwide holidays, as tendered until July 2018
    Working,
}

/// Arguments of `data import srl`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  gridfleet data import srl tender_results_2017.csv --activation activated_balancing_2017.csv -o balancing.parquet

The price of a quarter is that of the first offer at which the allocated power, summed up in the operator's
order, reaches the activated power; below zero where the grid pays for taking energy.")]
pub struct SrlArgs {
    /// Results of the weekly tenders, or since November 2020 of the market for energy
    #[arg(required = true, value_name = "TENDERS")]
    pub tenders: Vec<PathBuf>,
    /// Activated reserve per quarter of an hour
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub activation: Vec<PathBuf>,
    /// Direction
    #[arg(long, value_enum, default_value = "neg")]
    pub product: Product,
    /// Days on which the high tariff applies from 8 to 20 h
    #[arg(long, value_enum, value_name = "DAYS", default_value = "all")]
    pub high_tariff_days: Days,
    /// The table to write.
    #[command(flatten)]
    pub table: TableArgs,
}

/// Arguments of `data import reserve-capacity`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  gridfleet data import reserve-capacity RESULT_OVERVIEW_CAPACITY_MARKET_aFRR.xlsx --product neg \\
    --column 'GERMANY_MARGINAL_CAPACITY_PRICE_[(EUR/MW)/h]' -o capacity.parquet

The price of each hour is that of its block of four hours, in EUR per MW and hour; prices per block (before 2022)
are divided by four. Of several offers the dearest that was allocated is used.")]
pub struct CapacityArgs {
    /// Results of tenders of capacity, one row per block or offer; several files may be joined
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Direction
    #[arg(long, value_enum, default_value = "neg")]
    pub product: Product,
    /// Column of prices; required if there are several
    #[arg(long, value_name = "COLUMN")]
    pub column: Option<String>,
    /// The table to write.
    #[command(flatten)]
    pub table: TableArgs,
    /// Statements about the files.
    #[command(flatten)]
    pub reading: ReadArgs,
}

/// Imports prices of reserve capacity.
///
/// # Errors
/// As [`nordpool`].
pub fn capacity(args: &CapacityArgs) -> Result<()> {
    check_output(&args.table.output, &args.files, PARQUET)?;
    let direction = direction(args.product);
    let (reading, column) = (args.reading.reading(), args.column.as_deref());
    let parts = args.files.iter().map(|path| blocks::read(path, &reading, direction, column));
    let rows = Rows::join(parts.collect::<Result<_>>()?)?;
    judge(&args.reading, &rows.report.warnings, 0, rows.report.rows_read)?;
    finish(rows, srl_files::CLOCK, &args.table)
}

fn direction(product: Product) -> Direction {
    match product {
        Product::Neg => Direction::Neg,
        Product::Pos => Direction::Pos,
    }
}

fn seconds(text: &str) -> Result<i64, String> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = match unit.trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("expected a number with s, min, h or d, for example 90min or 2h".to_string()),
    };
    let number: i64 = number.parse().map_err(|_| "expected a whole number, for example 2h".to_string())?;
    number.checked_mul(unit).ok_or_else(|| "too long".to_string())
}

/// Imports day-ahead prices of Nord Pool.
///
/// # Errors
/// If the input is wrong or the table cannot be written.
pub fn nordpool(args: &NordpoolArgs) -> Result<()> {
    nordic_table(args, Kind::Spot, None)
}

/// Imports regulating prices of Nord Pool.
///
/// # Errors
/// As [`nordpool`].
pub fn regulating(args: &RegulatingArgs) -> Result<()> {
    nordic_table(&args.common, Kind::Regulating, args.spot.as_deref())
}

/// Imports a table of Nord Pool.
///
/// # Errors
/// As [`nordpool`].
pub(super) fn nordic_table(args: &NordpoolArgs, kind: Kind, spot: Option<&Path>) -> Result<()> {
    check_output(&args.table.output, args.files.iter(), PARQUET)?;
    let read =
        |path: &Path, kind| nordic::read(&Text::read(path)?, kind, args.area.as_deref(), args.timezone);
    let mut rows = Rows::join(args.files.iter().map(|path| read(path, kind)).collect::<Result<_>>()?)?;
    if let Some(spot) = spot {
        nordic::compare_with_spot(&mut rows, &read(spot, Kind::Spot)?);
    }
    finish(rows, args.timezone, &args.table)
}

/// Imports a price column of a table.
///
/// # Errors
/// As [`nordpool`].
pub fn dayahead(args: &DayAheadArgs) -> Result<()> {
    check_output(&args.table.output, &args.files, PARQUET)?;
    let options = tables::Options {
        column: args.column.as_deref(),
        time_column: args.time_column.as_deref(),
        timezone: args.timezone,
        area: args.area.as_deref(),
        stamp: args.stamp.map(|stamp| match stamp {
            StampArg::Start => Stamp::Start,
            StampArg::End => Stamp::End,
        }),
        unit: args.unit.as_deref(),
    };
    let reading = args.reading.reading();
    let parts = args.files.iter().map(|path| tables::read_file(path, &reading, options));
    let rows = Rows::join(parts.collect::<Result<_>>()?)?;
    judge(&args.reading, &rows.report.warnings, 0, rows.report.rows_read)?;
    finish(rows, args.timezone.unwrap_or(Tz::UTC), &args.table)
}

/// Imports intraday trades.
///
/// # Errors
/// As [`nordpool`].
pub fn intraday(args: &IntradayArgs) -> Result<()> {
    check_output(&args.table.output, &args.files, PARQUET)?;
    let parts = args.files.iter().map(|path| trades::read(&Text::read(path)?)).collect::<Result<_>>()?;
    finish(trades::merge(Rows::join(parts)?), trades::CLOCK, &args.table)
}

/// Imports secondary reserve.
///
/// # Errors
/// As [`nordpool`].
pub fn srl(args: &SrlArgs) -> Result<()> {
    check_output(&args.table.output, args.tenders.iter().chain(&args.activation), PARQUET)?;
    let texts = |paths: &[PathBuf]| paths.iter().map(|path| Text::read(path)).collect::<Result<Vec<_>>>();
    let direction = direction(args.product);
    let high = match args.high_tariff_days {
        Days::All => HighDays::All,
        Days::Working => HighDays::Working,
    };
    let rows = reserve::read(&texts(&args.tenders)?, &texts(&args.activation)?, direction, high)?;
    finish(rows, srl_files::CLOCK, &args.table)
}

fn finish(rows: Rows, tz: Tz, args: &TableArgs) -> Result<()> {
    let (table, mut report) = rows.regular(args.rule(), tz)?;
    report.gap_rule = match args.rule() {
        GapRule::Fail => "nothing: gaps fail".to_string(),
        GapRule::Interpolate { limit_s } => format!("straight lines up to {} min", limit_s / 60),
        GapRule::PreviousWeek => "the same local time a week before".to_string(),
    };
    write::write(&table, &report, &args.output)?;
    let (first, end) = (table.start.iso(), table.end().iso());
    print(&format!("{report}\n{}: {} prices, {first} to {end}\n", args.output.display(), table.slots()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_gaps_have_units() {
        assert_eq!(seconds("2h"), Ok(7_200));
        assert_eq!(seconds("90min"), Ok(5_400));
        for text in ["", "2", "h", "-2h", "2 weeks", "99999999999999999999h", "9999999999999999d"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}

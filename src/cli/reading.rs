//! Arguments by which users state how to read a table, and the judgement of an import.

use super::terminal;
use crate::datasets::{DateOrder, Decimal, Reading};
use crate::error::{InputError, Result};
use clap::{Args, ValueEnum};

/// Order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// 31/12/2024
    DayFirst,
    /// 12/31/2024
    MonthFirst,
}

/// Decimal sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sign {
    /// 1.234,5
    Comma,
    /// 1,234.5
    Point,
}

/// Statements about a table; all of them are found from the file where it decides them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Reading the files")]
pub struct ReadArgs {
    /// Names of the columns, for files without a header line
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Order of day and month in dates such as 03/04/2024
    #[arg(long, value_enum, value_name = "ORDER")]
    pub date_order: Option<Order>,
    /// Decimal sign of all numbers
    #[arg(long, value_enum, value_name = "SIGN")]
    pub decimal: Option<Sign>,
    /// Mark in the first cell of the rows to read, in files of several record types
    #[arg(long, value_name = "MARK")]
    pub rows: Option<String>,
    /// Read only rows that have this value in a column; repeatable
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = condition)]
    pub conditions: Vec<(String, String)>,
    /// Greatest share of rows that may be unreadable, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.02, value_parser = share)]
    pub max_bad_rows: f64,
    /// Take warnings for errors
    #[arg(long)]
    pub strict: bool,
}

fn condition(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((column, value)) if !column.trim().is_empty() => {
            Ok((column.trim().to_string(), value.trim().to_string()))
        }
        _ => Err("expected COLUMN=VALUE, for example Area=BZN|CH".to_string()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    value.ok_or_else(|| "expected a share from 0 to 1, for example 0.05".to_string())
}

impl ReadArgs {
    /// The statements for the readers.
    pub fn reading(&self) -> Reading {
        Reading {
            columns: self.columns.iter().map(|name| name.trim().to_owned()).collect(),
            date_order: self.date_order.map(|order| match order {
                Order::DayFirst => DateOrder::DayFirst,
                Order::MonthFirst => DateOrder::MonthFirst,
            }),
            decimal: self.decimal.map(|sign| match sign {
                Sign::Comma => Decimal::Comma,
                Sign::Point => Decimal::Point,
            }),
            rows: self.rows.clone(),
            conditions: self.conditions.clone(),
        }
    }
}

/// Prints warnings, and refuses an import that lost too much or, if so asked, that has warnings.
///
/// # Errors
/// If more than the accepted share of rows is unreadable, or there are warnings and they count as errors.
pub fn judge(args: &ReadArgs, warnings: &[String], unreadable: u64, rows: u64) -> Result<()> {
    let share = unreadable as f64 / rows.max(1) as f64;
    if share > args.max_bad_rows {
        let found = format!("{unreadable} of {rows} rows that cannot be read ({:.1} %)", 100.0 * share);
        let expected = format!("at most {} %", 100.0 * args.max_bad_rows);
        return Err(InputError::new(found, expected)
            .key("--max-bad-rows")
            .help(
                "the report shows the first row of each reason; raise --max-bad-rows to leave such rows out",
            )
            .into());
    }
    terminal::heed(warnings, args.strict)
}

//! `gridfleet data`: converts raw traces and prices to canonical tables, and describes files.

use super::import_prices::{self, DayAheadArgs, IntradayArgs, NordpoolArgs, RegulatingArgs, SrlArgs};
use crate::datasets::describe::{AsText, describe};
use crate::datasets::load::load_with;
use crate::datasets::{OnBadRow, TripFormat, TripSource, write};
use crate::error::{Error, InputError, Result};
use crate::rng::Streams;
use chrono::NaiveDate;
use chrono_tz::Tz;
use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Commands of `gridfleet data`.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Convert raw trips or prices to the canonical Parquet table
    #[command(subcommand, after_help = IMPORT_EXAMPLES)]
    Import(ImportCommand),
    /// Describe a CSV or Parquet file: format, columns, span, distributions, bad rows
    Describe(DescribeArgs),
}

/// Kind of files to import.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Trips: the canonical table, or any CSV or Parquet table with --map
    #[command(after_help = TRIP_EXAMPLES)]
    Trips(TripArgs),
    /// Trips: New York TLC taxi records, yellow or green, any year
    #[command(after_help = TRIP_EXAMPLES)]
    Tlc(TripArgs),
    /// Trips: Car2Go snapshots of parked cars
    #[command(after_help = TRIP_EXAMPLES)]
    Car2go(TripArgs),
    /// Prices: Nord Pool day-ahead, one area of the archive's wide table
    Nordpool(NordpoolArgs),
    /// Prices: Nord Pool regulating power, up and down, one area
    NordpoolRegulating(RegulatingArgs),
    /// Prices: one column of any table of times and prices (ENTSO-E, SMARD, Open Power System Data, ..)
    Dayahead(DayAheadArgs),
    /// Prices: trades of the German continuous intraday market; the lowest of each quarter-hour clears
    Intraday(IntradayArgs),
    /// Prices: German secondary reserve, from tenders and activation to a price per quarter-hour
    Srl(SrlArgs),
}

/// Treatment of rows that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BadRow {
    /// Stop with an error that names the row
    Fail,
    /// Leave the row out and count it by reason
    Skip,
}

const IMPORT_EXAMPLES: &str = "Examples:
  gridfleet data import tlc yellow_2018-0[1-6].csv --zones taxi_zones.shp --fold-week 2018-03-05 -o week.parquet
  gridfleet data import nordpool elspot-prices_2016_hourly_eur.csv --area SE3 -o prices.parquet
  gridfleet data import srl tenders_2017.csv --activation activated_2017.csv -o balancing.parquet
More: gridfleet data import KIND --help";

const TRIP_EXAMPLES: &str = "Examples:
  Six sampled months of yellow taxi, folded into one week:
    gridfleet data import tlc yellow_2018-0[1-6].csv --zones taxi_zones.shp --fold-week 2018-03-05 -o week.parquet
  A requests table with other column names, in local time:
    gridfleet data import trips requests.csv --timezone Europe/Berlin \\
      --map request_time=departure,origin_lat=from_y,origin_lon=from_x,destination_lat=to_y,destination_lon=to_x \\
      -o trips.parquet
  A tenth of a month:
    gridfleet data import tlc green_tripdata_2023-01.parquet --zones zones.csv --scale 0.1 -o tenth.parquet";

/// Arguments of `gridfleet data import` of trips.
#[derive(Debug, Args)]
pub struct TripArgs {
    /// CSV or Parquet files; their trips are merged by time
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Parquet file to write, complete or not at all
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Zones that the files name: taxi_zones.shp (with its .dbf), or a CSV with zone_id, lat, lon, area_km2
    #[arg(long, value_name = "FILE")]
    pub zones: Option<PathBuf>,
    /// Time zone of times without offset (TLC files are always New York's)
    #[arg(long, value_name = "TZ", default_value = "UTC")]
    pub timezone: Tz,
    /// Move all trips into the week of this date, keeping weekday and time of day (of --timezone)
    #[arg(long, value_name = "DATE")]
    pub fold_week: Option<NaiveDate>,
    /// Factor on the number of trips: 0.1 keeps a tenth, 20 repeats each 20 times with jitter
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    pub scale: f64,
    /// Most seconds by which a repeated trip is shifted, in both directions
    #[arg(long, value_name = "S", default_value_t = 900)]
    pub jitter: i64,
    /// Seed for the selection of trips and for the jitter
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Column that names the fleet of a trip, for example VendorID
    #[arg(long, value_name = "COLUMN")]
    pub fleet_column: Option<String>,
    /// Canonical column = column of the file, several separated by commas (kind trips)
    #[arg(long, value_name = "NAME=COLUMN", value_delimiter = ',', value_parser = pair)]
    pub map: Vec<(String, String)>,
    /// Treatment of rows that cannot be used
    #[arg(long, value_enum, value_name = "WHAT", default_value = "skip")]
    pub on_bad_row: BadRow,
}

/// Arguments of `gridfleet data describe`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  gridfleet data describe green_tripdata_2023-01.parquet --zones taxi_zones.shp")]
pub struct DescribeArgs {
    /// CSV or Parquet file
    pub file: PathBuf,
    /// Zones that the file names, as for import; without them trips are counted but not located
    #[arg(long, value_name = "FILE")]
    pub zones: Option<PathBuf>,
    /// Time zone of times without offset and of the hours shown
    #[arg(long, value_name = "TZ", default_value = "UTC")]
    pub timezone: Tz,
    /// Print JSON instead of tables
    #[arg(long)]
    pub json: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, column)) if !name.trim().is_empty() && !column.trim().is_empty() => {
            Ok((name.trim().to_string(), column.trim().to_string()))
        }
        _ => Err("expected NAME=COLUMN, for example request_time=departure_time".to_string()),
    }
}

/// Runs the command.
///
/// # Errors
/// If the input is wrong or the output cannot be written.
pub fn run(command: DataCommand) -> Result<()> {
    match command {
        DataCommand::Import(command) => match command {
            ImportCommand::Trips(args) => import(args, TripFormat::Trips),
            ImportCommand::Tlc(args) => import(args, TripFormat::Tlc),
            ImportCommand::Car2go(args) => import(args, TripFormat::Car2go),
            ImportCommand::Nordpool(args) => import_prices::nordpool(&args),
            ImportCommand::NordpoolRegulating(args) => import_prices::regulating(&args),
            ImportCommand::Dayahead(args) => import_prices::dayahead(&args),
            ImportCommand::Intraday(args) => import_prices::intraday(&args),
            ImportCommand::Srl(args) => import_prices::srl(&args),
        },
        DataCommand::Describe(args) => {
            let description = describe(&args.file, args.zones.as_deref(), args.timezone)?;
            if args.json {
                let text =
                    serde_json::to_string_pretty(&description).map_err(|e| Error::Other(e.to_string()))?;
                print(&format!("{text}\n"))
            } else {
                print(&description.to_string())
            }
        }
    }
}

fn import(args: TripArgs, format: TripFormat) -> Result<()> {
    check_output(&args.output, args.files.iter().chain(&args.zones))?;
    if !args.map.is_empty() && format != TripFormat::Trips {
        let error = InputError::plain("only valid for `data import trips`");
        return Err(error.key("--map").help("files of the other kinds have fixed columns").into());
    }
    let streams = Streams { seed: args.seed, replication: 0 };
    let output = args.output.clone();
    let files = args.files.len();
    let source = source(args, format);
    let bar = spinner();
    let mut number = 0;
    let trace = load_with(&source, &streams, |path| {
        number += 1;
        bar.set_message(format!("reading {} ({number} of {files})", path.display()));
    })?;
    bar.set_message(format!("writing {}", output.display()));
    write::write(&trace, &output)?;
    bar.finish_and_clear();
    let span = match (trace.request_time.first(), trace.request_time.last()) {
        (Some(first), Some(last)) => format!("{} to {}", first.iso(), last.iso()),
        _ => String::new(),
    };
    print(&format!("{}\n{}: {} trips, {span}\n", AsText(&trace.report), output.display(), trace.len()))
}

/// Source of trips that the arguments name.
fn source(args: TripArgs, format: TripFormat) -> TripSource {
    TripSource {
        zones: args.zones,
        timezone: args.timezone,
        on_bad_row: match args.on_bad_row {
            BadRow::Fail => OnBadRow::Fail,
            BadRow::Skip => OnBadRow::Skip,
        },
        map: args.map.into_iter().collect(),
        fold_week: args.fold_week,
        scale: args.scale,
        jitter_s: args.jitter,
        fleet_column: args.fleet_column,
        ..TripSource::new(format, args.files)
    }
}

/// Rejects an output that would only fail after reading, or would destroy an input.
pub(super) fn check_output<'a>(output: &Path, inputs: impl IntoIterator<Item = &'a PathBuf>) -> Result<()> {
    let wrong = |found: &str, expected: &str| {
        Error::from(InputError::new(found, expected).file(output).key("--output"))
    };
    let ending = output.extension().unwrap_or_default();
    if !ending.eq_ignore_ascii_case("parquet") && !ending.eq_ignore_ascii_case("pq") {
        return Err(wrong("a file of another kind", "a name that ends in .parquet"));
    }
    if output.is_dir() {
        return Err(wrong("a folder", "a file to write"));
    }
    let same = |a: &Path, b: &Path| matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b);
    if inputs.into_iter().any(|file| same(file, output)) {
        return Err(wrong("one of the files to read", "another file to write"));
    }
    Ok(())
}

/// Indicates work in progress; hidden if stderr is not a terminal.
fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// Prints a result. A reader that stops early (`| head`) is no error.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::writing("stdout", error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(subcommand)]
        command: DataCommand,
    }

    fn run_line(line: &[&str]) -> Result<()> {
        run(Cli::try_parse_from([&["data"], line].concat()).unwrap().command)
    }

    #[test]
    fn a_foreign_table_becomes_a_canonical_one() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let (raw, out) = (at("raw.csv"), at("out/trips.parquet"));
        std::fs::write(&raw, "t,a,b,c,d\n2018-03-05 08:00:00,48.7,9.1,48.8,9.2\nbad,,,,\n").unwrap();
        let map = "--map=request_time=t,origin_lat=a,origin_lon=b,destination_lat=c,destination_lon=d";
        run_line(&["import", "trips", &raw, "-o", &out, "--timezone", "Europe/Berlin", map]).unwrap();
        let described = describe(Path::new(&out), None, chrono_tz::Europe::Berlin).unwrap();
        let trips = described.trips.unwrap();
        assert_eq!((described.rows, trips.by_hour[8], trips.by_weekday[0]), (1, 1, 1));
        // The file still records what its import left out.
        assert_eq!(trips.made_by.unwrap()["skipped"]["unreadable time"], 1);
        run_line(&["describe", &out]).unwrap();
        run_line(&["describe", &out, "--json"]).unwrap();
    }

    #[test]
    fn outputs_that_would_do_harm_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let raw = folder.path().join("raw.parquet").display().to_string();
        std::fs::write(&raw, "x").unwrap();
        let message = |line: &[&str]| {
            let error = run_line(line).unwrap_err();
            assert_eq!(error.exit_status(), 2);
            error.to_string().replace(&*folder.path().display().to_string(), "DIR")
        };
        insta::assert_snapshot!(message(&["import", "trips", &raw, "-o", &raw]), @"DIR/raw.parquet: --output: found one of the files to read, expected another file to write");
        insta::assert_snapshot!(message(&["import", "trips", &raw, "-o", "x.csv"]), @"x.csv: --output: found a file of another kind, expected a name that ends in .parquet");
        insta::assert_snapshot!(message(&["import", "tlc", &raw, "-o", "x.parquet", "--map", "fare=f"]), @"--map: only valid for `data import trips`; files of the other kinds have fixed columns");
        insta::assert_snapshot!(message(&["describe", &raw]), @"DIR/raw.parquet: found a file that does not begin as Parquet does (PAR1), expected a Parquet file; if it is CSV, give it a name that ends in .csv");
        assert!(Cli::try_parse_from(["data", "import", "trips", "a", "-o", "b", "--map", "fare"]).is_err());
        assert!(
            Cli::try_parse_from(["data", "import", "trips", "a", "-o", "b", "--timezone", "Mars"]).is_err()
        );
        assert!(Cli::try_parse_from(["data", "import", "trips", "-o", "b"]).is_err());
    }
}

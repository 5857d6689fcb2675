//! `gridfleet data`: converts raw traces and prices to canonical tables, and describes files.

use super::import_found::{self, FoundArgs};
use super::import_prices::{
    self, CapacityArgs, DayAheadArgs, IntradayArgs, NordpoolArgs, RegulatingArgs, SrlArgs,
};
use super::import_sessions::{self, SessionArgs};
use super::import_stations::{self, StationArgs};
use super::reading::{ReadArgs, judge};
use crate::datasets::describe::{AsText, describe};
use crate::datasets::load::load_with;
use crate::datasets::presets::{Into as Becomes, Preset};
use crate::datasets::{OnBadRow, Reading, TripFormat, TripSource, write};
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
    /// Convert raw trips, prices or stations to the canonical table
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(Box<ImportArgs>),
    /// List the kinds of files that import recognises, and their columns
    #[command(after_help = "Example:\n  gridfleet data kinds")]
    Kinds,
    /// Describe a table: format, columns, span, distributions, bad rows, assumptions
    Describe(DescribeArgs),
}

/// Arguments of `gridfleet data import`: a kind, or files whose kind is found from their columns.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ImportArgs {
    /// Kind of the files.
    #[command(subcommand)]
    pub kind: Option<ImportCommand>,
    /// Files of a kind to be found.
    #[command(flatten)]
    pub found: FoundArgs,
}

/// Kind of files to import.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Trips: the canonical table, a kind found by its columns, or any table with --map
    #[command(after_help = TRIP_EXAMPLES, aliases = ["chicago", "hive", "porto", "mds"])]
    Trips(TripArgs),
    /// Trips: New York TLC records, yellow, green or for-hire (fhv, fhvhv), any year
    #[command(after_help = TRIP_EXAMPLES, aliases = ["yellow", "green", "fhv", "fhvhv"])]
    Tlc(TripArgs),
    /// Trips: Car2Go snapshots of parked cars
    #[command(after_help = TRIP_EXAMPLES)]
    Car2go(TripArgs),
    /// Stations: AFDC (US), Bundesnetzagentur (Germany), OpenChargeMap, OCPI locations, HIVE
    #[command(aliases = ["afdc", "bnetza", "ocm", "ocpi", "hive-stations"])]
    Stations(StationArgs),
    /// Charging sessions: ACN, ElaadNL, Allego, Boulder, OCPI CDR, or any table with --map
    #[command(aliases = ["acn", "elaad", "allego", "boulder", "evload", "ocpi-cdr"])]
    Sessions(SessionArgs),
    /// Prices: Nord Pool day-ahead, one area of the archive's wide table
    Nordpool(NordpoolArgs),
    /// Prices: Nord Pool regulating power, up and down, one area
    NordpoolRegulating(RegulatingArgs),
    /// Prices: one column of any table of times and prices (ENTSO-E, SMARD, NYISO, PJM, AEMO, ..)
    #[command(aliases = ["prices", "entsoe", "entsoe-py", "smard", "energy-charts", "nordpool-portal", "nyiso", "pjm", "isone", "aemo", "caiso", "ercot"])]
    Dayahead(DayAheadArgs),
    /// Prices: trades of the German continuous intraday market; the lowest of each quarter-hour clears
    Intraday(IntradayArgs),
    /// Prices: German secondary reserve, from tenders and activation to a price per quarter-hour
    Srl(SrlArgs),
    /// Prices: reserve capacity by block of four hours (regelleistung.net since 2018)
    ReserveCapacity(CapacityArgs),
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
  gridfleet data import downloaded.zip --area NSW1 -o prices.parquet
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
  Miles, and a file without a header:
    gridfleet data import trips rides.csv --columns id,start,a,b,c,d,miles --date-order day-first \\
      --map request_time=start,origin_lat=a,origin_lon=b,destination_lat=c,destination_lon=d,distance_km=miles:mi \\
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
    /// Seed for the selection of trips, the jitter and the spread of rounded times
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Column that names the fleet of a trip, for example VendorID
    #[arg(long, value_name = "COLUMN")]
    pub fleet_column: Option<String>,
    /// Canonical column = column of the file, several separated by commas (kind trips). COLUMN:UNIT states a
    /// unit (km, m, mi, ft; s, ms, min, h), DATE+TIME joins two columns
    #[arg(long, value_name = "NAME=COLUMN", value_delimiter = ',', value_parser = pair)]
    pub map: Vec<(String, String)>,
    /// Date of times that count seconds of a day, or have dates of 1970 (kind trips)
    #[arg(long, value_name = "DATE")]
    pub epoch: Option<NaiveDate>,
    /// Treatment of rows that cannot be used
    #[arg(long, value_enum, value_name = "WHAT", default_value = "skip")]
    pub on_bad_row: BadRow,
    /// Statements about the files.
    #[command(flatten)]
    pub reading: ReadArgs,
}

/// Arguments of `gridfleet data describe`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  gridfleet data describe green_tripdata_2023-01.parquet --zones taxi_zones.shp")]
pub struct DescribeArgs {
    /// A table: text with any delimiter, Parquet, JSON, xlsx, packed with gzip or zip
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

/// Endings of files of trips and prices.
pub(super) const PARQUET: &[&str] = &["parquet", "pq"];
/// Ending of files of stations and sessions.
pub(super) const CSV: &[&str] = &["csv"];

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
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
        DataCommand::Kinds => kinds(),
        DataCommand::Import(args) => match args.kind {
            None => import_found::run(args.found),
            Some(command) => match command {
                ImportCommand::Trips(args) => import(args, TripFormat::Trips),
                ImportCommand::Tlc(args) => import(args, TripFormat::Tlc),
                ImportCommand::Car2go(args) => import(args, TripFormat::Car2go),
                ImportCommand::Stations(args) => import_stations::run(&args),
                ImportCommand::Sessions(args) => import_sessions::run(args),
                ImportCommand::Nordpool(args) => import_prices::nordpool(&args),
                ImportCommand::NordpoolRegulating(args) => import_prices::regulating(&args),
                ImportCommand::Dayahead(args) => import_prices::dayahead(&args),
                ImportCommand::Intraday(args) => import_prices::intraday(&args),
                ImportCommand::Srl(args) => import_prices::srl(&args),
                ImportCommand::ReserveCapacity(args) => import_prices::capacity(&args),
            },
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

/// Prints the kinds of files.
fn kinds() -> Result<()> {
    let mut text = String::new();
    for (name, about) in [
        ("trips", "the canonical table of trips, or any table with --map"),
        (
            "tlc",
            "trips: New York TLC taxi records, yellow or green, any year: expects --zones since mid 2016",
        ),
        ("car2go", "trips: snapshots of parked cars, or trips derived from them"),
        ("nordpool", "prices: Nord Pool day-ahead of the archive, a column per area: expects --area"),
        ("nordpool-regulating", "prices: Nord Pool regulating power, up and down: expects --area"),
        ("intraday", "prices: trades of the German continuous intraday market"),
        ("srl", "prices: German secondary reserve: expects --activation"),
        (
            "reserve-capacity",
            "prices: reserve capacity of regelleistung.net by block of four hours: --product",
        ),
        ("dayahead", "prices: any table of times and prices; times without offset expect --timezone"),
    ] {
        text += &format!("{name:20} {about}\n");
    }
    text += "\nfound by their columns:\n";
    for preset in Preset::all()? {
        let becomes = match preset.into {
            Becomes::Trips => "trips",
            Becomes::Prices => "prices",
            Becomes::Stations => "stations",
            Becomes::Sessions => "sessions",
        };
        let area = if preset.area.is_some() { "; several places expect --area" } else { "" };
        text += &format!("{:20} {becomes}: {}{area}\n", preset.name, preset.about);
        text += &format!("{:20} columns {}\n", "", preset.requires.join(", "));
    }
    print(&text)
}

/// Imports trips.
pub(super) fn import(args: TripArgs, format: TripFormat) -> Result<()> {
    check_output(&args.output, args.files.iter().chain(&args.zones), PARQUET)?;
    if !args.map.is_empty() && format != TripFormat::Trips {
        let error = InputError::plain("only valid for `data import trips`");
        return Err(error.key("--map").help("files of the other kinds have fixed columns").into());
    }
    if format == TripFormat::Car2go && args.reading.reading() != Reading::default() {
        let error =
            InputError::plain("--columns, --date-order, --decimal, --rows and --where are not for snapshots");
        return Err(error.key("car2go").help("their columns are fixed").into());
    }
    let streams = Streams { seed: args.seed, replication: 0 };
    let output = args.output.clone();
    let files = args.files.len();
    let reading = args.reading.clone();
    let source = source(args, format);
    let bar = spinner();
    let mut number = 0;
    let trace = load_with(&source, &streams, |path| {
        number += 1;
        bar.set_message(format!("reading {} ({number} of {files})", path.display()));
    })?;
    let report = &trace.report;
    if let Err(error) = judge(&reading, &report.warnings, report.unreadable(), report.rows_read) {
        bar.finish_and_clear();
        super::terminal::message(&format!("{}\n", AsText(report)));
        return Err(error);
    }
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
        epoch: args.epoch,
        seed: args.seed,
        reading: args.reading.reading(),
        ..TripSource::new(format, args.files)
    }
}

/// Rejects an output that would only fail after reading, or would destroy an input.
/// `endings` are those that the name may have.
pub(super) fn check_output<'a>(
    output: &Path,
    inputs: impl IntoIterator<Item = &'a PathBuf>,
    endings: &[&str],
) -> Result<()> {
    let wrong = |found: &str, expected: &str| {
        Error::from(InputError::new(found, expected).file(output).key("--output"))
    };
    let ending = output.extension().unwrap_or_default();
    if !endings.iter().any(|one| ending.eq_ignore_ascii_case(one)) {
        let expected = format!("a name that ends in .{}", endings.first().copied().unwrap_or_default());
        return Err(wrong("a file of another kind", &expected));
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
        let import = ["import", "trips", &raw, "-o", &out, "--timezone", "Europe/Berlin", map];
        // Half of the rows cannot be read.
        assert!(run_line(&import).unwrap_err().is_input());
        run_line(&[&import[..], &["--max-bad-rows", "0.5"]].concat()).unwrap();
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
            assert!(error.is_input());
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

//! `gridfleet data import FILE` without a kind: finds the kind from the columns, or says why there is none.

use super::data::{self, BadRow, TripArgs};
use super::import_prices::{
    self, CapacityArgs, DayAheadArgs, Gaps, IntradayArgs, NordpoolArgs, Product, TableArgs,
};
use super::import_sessions::{self, SessionArgs};
use super::import_stations::{self, StationArgs};
use super::reading::ReadArgs;
use super::terminal;
use crate::datasets::TripFormat;
use crate::datasets::describe::Guess;
use crate::datasets::presets::{Into as Becomes, Preset};
use crate::datasets::prices::nordpool::{self as nordic, Kind};
use crate::datasets::prices::summary::{RawFormat, recognise};
use crate::datasets::prices::{capacity, text::Text};
use crate::datasets::table::TableFile;
use crate::error::{Error, InputError, Result};
use chrono::NaiveDate;
use chrono_tz::Tz;
use clap::Args;
use std::path::{Path, PathBuf};

/// Arguments of `gridfleet data import FILE`, without a kind.
#[derive(Debug, Args)]
pub struct FoundArgs {
    /// Files, whose kind is found from their columns (`gridfleet data kinds`)
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// File to write, complete or not at all: .parquet, or .csv for stations
    #[arg(short, long, value_name = "FILE", required = true)]
    pub output: Option<PathBuf>,
    /// Zones that files of trips name
    #[arg(long, value_name = "FILE")]
    pub zones: Option<PathBuf>,
    /// Time zone of times without offset
    #[arg(long, value_name = "TZ")]
    pub timezone: Option<Tz>,
    /// Place, for prices of several places
    #[arg(long, value_name = "AREA")]
    pub area: Option<String>,
    /// Column of prices
    #[arg(long, value_name = "COLUMN")]
    pub column: Option<String>,
    /// Date of times of trips that count seconds of a day, or have dates of 1970
    #[arg(long, value_name = "DATE")]
    pub epoch: Option<NaiveDate>,
    /// Statements about the files.
    #[command(flatten)]
    pub reading: ReadArgs,
}

impl FoundArgs {
    fn output(&self) -> PathBuf {
        self.output.clone().unwrap_or_default()
    }

    fn table(&self) -> TableArgs {
        TableArgs { output: self.output(), gaps: Gaps::Fail, gap_limit: 7_200 }
    }

    fn trips(self, format: TripFormat) -> Result<()> {
        let output = self.output();
        let args = TripArgs {
            files: self.files,
            output,
            zones: self.zones,
            timezone: self.timezone.unwrap_or(Tz::UTC),
            fold_week: None,
            scale: 1.0,
            jitter: 900,
            seed: 1,
            fleet_column: None,
            map: Vec::new(),
            epoch: self.epoch,
            on_bad_row: BadRow::Skip,
            reading: self.reading,
        };
        data::import(args, format)
    }

    fn nordic(self, kind: Kind) -> Result<()> {
        let table = self.table();
        let timezone = self.timezone.unwrap_or(nordic::CLOCK);
        let args = NordpoolArgs { files: self.files, area: self.area, timezone, table };
        import_prices::nordic_table(&args, kind, None)
    }

    fn prices(self) -> Result<()> {
        let table = self.table();
        import_prices::dayahead(&DayAheadArgs {
            files: self.files,
            column: self.column,
            time_column: None,
            timezone: self.timezone,
            area: self.area,
            stamp: None,
            unit: None,
            table,
            reading: self.reading,
        })
    }
}

/// Kind of a file.
enum Found {
    Published(Becomes, String),
    Guessed(Guess),
    Raw(RawFormat),
    Capacity,
}

/// Runs the command.
///
/// # Errors
/// If the kind of the first file is unknown, the input is wrong, or the table cannot be written.
pub fn run(args: FoundArgs) -> Result<()> {
    let first = args.files.first().cloned().unwrap_or_default();
    let said = |kind: &str| terminal::message(&format!("{}: read as {kind}\n", first.display()));
    match find(&first, &args)? {
        Found::Published(Becomes::Trips, name) => {
            said(&name);
            args.trips(TripFormat::Trips)
        }
        Found::Published(Becomes::Prices, name) => {
            said(&name);
            args.prices()
        }
        Found::Published(Becomes::Stations, name) => {
            said(&name);
            let output = args.output();
            import_stations::run(&StationArgs { files: args.files, output, reading: args.reading })
        }
        Found::Published(Becomes::Sessions, name) => {
            said(&name);
            let (output, timezone) = (args.output(), args.timezone);
            let (files, reading) = (args.files, args.reading);
            import_sessions::run(SessionArgs { files, output, timezone, map: Vec::new(), reading })
        }
        Found::Guessed(Guess::Tlc) => {
            said("tlc");
            args.trips(TripFormat::Tlc)
        }
        Found::Guessed(Guess::Car2go) => {
            said("car2go");
            args.trips(TripFormat::Car2go)
        }
        Found::Guessed(_) => {
            said("trips");
            args.trips(TripFormat::Trips)
        }
        Found::Capacity => {
            said("reserve-capacity, negative");
            let (table, product) = (args.table(), Product::Neg);
            let (files, column, reading) = (args.files, args.column, args.reading);
            import_prices::capacity(&CapacityArgs { files, product, column, table, reading })
        }
        Found::Raw(RawFormat::NordPool(kind)) => {
            said(if kind == Kind::Spot { "nordpool" } else { "nordpool-regulating" });
            args.nordic(kind)
        }
        Found::Raw(RawFormat::Intraday) => {
            said("intraday");
            let table = args.table();
            import_prices::intraday(&IntradayArgs { files: args.files, table })
        }
        Found::Raw(RawFormat::SrlTenders | RawFormat::SrlActivation) => {
            let found = "a file of German secondary reserve";
            let problem = InputError::new(found, "tenders and their activation").file(&first);
            Err(problem.help("import both: `gridfleet data import srl TENDERS --activation FILE`").into())
        }
        Found::Raw(RawFormat::DayAhead) => {
            said("dayahead");
            args.prices()
        }
    }
}

fn find(path: &Path, args: &FoundArgs) -> Result<Found> {
    let file = match TableFile::open_with(path, &args.reading.reading()) {
        Ok(file) => file,
        // Some price files of markets have two headers, or two columns of one name.
        Err(error) => {
            let raw = Text::read(path).ok().and_then(|text| recognise(&text));
            return raw.map(Found::Raw).ok_or(error);
        }
    };
    let preset = Preset::of(&file)?;
    let guess = Guess::of(&file);
    if capacity::recognise(&file) {
        return Ok(Found::Capacity);
    }
    match (preset, guess) {
        // Files of TLC are a kind of their own with the places of zones.
        (_, Guess::Tlc | Guess::Trips | Guess::Car2go) => return Ok(Found::Guessed(guess)),
        (Some(preset), _) if preset.into != Becomes::Prices => {
            return Ok(Found::Published(preset.into, preset.name));
        }
        (Some(preset), _) => {
            let raw = Text::read(path).ok().and_then(|text| recognise(&text));
            let raw = raw.filter(|raw| *raw != RawFormat::DayAhead).map(Found::Raw);
            return Ok(raw.unwrap_or(Found::Published(Becomes::Prices, preset.name)));
        }
        _ => {}
    }
    if !matches!(guess, Guess::Unknown) {
        return Err(refused(&file, guess));
    }
    let raw = if file.kind() == "parquet" { None } else { recognise(&Text::read(path)?) };
    match raw {
        Some(raw) => Ok(Found::Raw(raw)),
        // A column that the user names is one of prices.
        None if args.column.is_some() => Ok(Found::Raw(RawFormat::DayAhead)),
        None => crate::datasets::prices::dayahead::has_hours(&file)
            .then_some(Found::Raw(RawFormat::DayAhead))
            .ok_or_else(|| refused(&file, guess)),
    }
}

/// The reason why a file is not imported.
fn refused(file: &TableFile, guess: Guess) -> Error {
    let expected = "a file of trips, prices, stations or sessions (`gridfleet data kinds`)";
    let canonical = "scenarios name it as it is";
    let (found, help) = match guess {
        Guess::Prices => ("the canonical table of prices, which needs no import", canonical),
        Guess::Stations => ("the canonical table of stations, which needs no import", canonical),
        Guess::VehicleTypes => ("the catalogue of vehicle types, which needs no import", canonical),
        Guess::Vehicles => ("a table of vehicles, which needs no import", canonical),
        Guess::Zones => {
            ("a table of zones, which needs no import", "give it with --zones to files that name zones")
        }
        Guess::Gbfs => (
            "vehicles or stations of GBFS at one moment, which are no trips",
            "names of vehicles change after each trip, so trips cannot be followed; `gridfleet data describe` \
             shows the vehicles",
        ),
        Guess::Roads => (
            "a network of roads, which no scenario names yet",
            "trips, prices, stations and sessions can be imported",
        ),
        _ if file.is_headerless() => {
            let problem = InputError::new("no header line: this line is a row", expected);
            let problem = problem.file(file.path()).line(file.header_line());
            return problem
                .help("name the columns in their order: `gridfleet data import KIND FILE --columns a,b,c`")
                .into();
        }
        _ => {
            let problem = InputError::listing("only the columns", file.names(), expected);
            return problem
                .file(file.path())
                .help(
                    "state their meaning: `gridfleet data import trips` or `sessions` with --map NAME=COLUMN, \
                     `dayahead` with --time-column and --column",
                )
                .into();
        }
    };
    InputError::new(found, expected).file(file.path()).help(help).into()
}

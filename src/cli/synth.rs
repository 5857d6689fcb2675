//! `gridfleet data synth`: synthetic data sets in raw formats.

use crate::datasets::synth::prices::{GERMANY, NEW_YORK, NORDIC};
use crate::datasets::synth::regulating::regulating;
use crate::datasets::synth::{fhvhv, files, nyc, nyc_stations, price_files, stuttgart};
use crate::datasets::{prices, stations, vehicles};
use crate::error::{Error, InputError, Result};
use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};

/// Data set to synthesise.
#[derive(Debug, Subcommand)]
pub enum SynthCommand {
    /// New York yellow taxi records, as the Taxi and Limousine Commission publishes them.
    #[command(
        after_help = "Example:\n  gridfleet data synth nyc --requests 2000000 --days 31 -o big.parquet\n  \
        gridfleet data synth nyc --format fhvhv --start 2025-03-03 -o fhvhv.parquet\n\n\
        The records are calibrated on those of January to June 2018 and hold dirty rows as those do."
    )]
    Nyc(NycArgs),
    /// Sixty charging stations in New York's taxi zones (canonical stations table).
    #[command(after_help = "Example:\n  gridfleet data synth nyc-stations -o stations.csv")]
    NycStations(OutputArgs),
    /// Thirty charging stations of three companies in New York's taxi zones (canonical stations table).
    #[command(after_help = "Example:\n  gridfleet data synth nyc-companies -o companies.csv")]
    NycCompanies(OutputArgs),
    /// New York's taxi zones: number, borough, name, centroid, area. Derived from the official shapefile, not
    /// synthetic.
    #[command(after_help = "Example:\n  gridfleet data synth nyc-zones -o taxi_zones.csv")]
    NycZones(OutputArgs),
    /// The catalogue of vehicle types included in the program.
    #[command(after_help = "Example:\n  gridfleet data synth vehicles -o vehicles.csv")]
    Vehicles(OutputArgs),
    /// Snapshots of parked car-sharing cars in Stuttgart, as Car2Go published them.
    #[command(
        after_help = "Example:\n  gridfleet data synth stuttgart --days 7 -o snapshots.parquet --stations-output stations.csv\n\n\
        Five hundred cars in snapshots of five minutes are a million rows a week."
    )]
    Stuttgart(StuttgartArgs),
    /// Prices of energy: the canonical table, or files as markets publish them.
    #[command(
        after_help = "Examples:\n  gridfleet data synth prices --shape germany --start 2016-11-28 --days 7 -o prices.csv\n  \
        gridfleet data synth prices --format nordpool --start 2016-10-24 --days 7 -o elspot.csv\n  \
        gridfleet data synth prices --format srl-tenders --start 2017-03-25 --days 2 -o tenders.csv\n  \
        gridfleet data synth prices --format srl-activation --start 2017-03-25 --days 2 -o activation.csv"
    )]
    Prices(PricesArgs),
}

/// Output file.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// File to write; replaced if it exists.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// Options of `data synth nyc`.
#[derive(Debug, Args)]
pub struct NycArgs {
    /// Number of records, including dirty ones.
    #[arg(long, value_name = "N", default_value_t = 40_000)]
    pub requests: u32,
    /// First day, in New York.
    #[arg(long, value_name = "DATE", default_value = "2018-03-05")]
    pub start: NaiveDate,
    /// Number of days.
    #[arg(long, value_name = "D", default_value_t = 7)]
    pub days: u32,
    /// Seed: the same seed and options give the same file.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Format of the file; by its extension if not given. With fhvhv, high-volume for-hire trips with request times instead of
    /// taxi records.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<NycFormat>,
    /// Output file.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Format of records of New York.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NycFormat {
    /// Taxi records as Apache Parquet.
    Parquet,
    /// Taxi records as comma-separated text.
    Csv,
    /// High-volume for-hire trips (Uber, Lyft), as Parquet or text by the extension.
    Fhvhv,
}

/// Options of `data synth stuttgart`.
#[derive(Debug, Args)]
pub struct StuttgartArgs {
    /// Number of cars.
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub cars: u32,
    /// Number of charging stations.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub stations: u32,
    /// First day, in Stuttgart.
    #[arg(long, value_name = "DATE", default_value = "2016-11-28")]
    pub start: NaiveDate,
    /// Number of days.
    #[arg(long, value_name = "D", default_value_t = 7)]
    pub days: u32,
    /// Seed: the same seed and options give the same files.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Format of the snapshots; by the file's extension if not given.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Also write the charging stations to this file (canonical stations table, CSV).
    #[arg(long, value_name = "FILE")]
    pub stations_output: Option<PathBuf>,
    /// Output file of the snapshots.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Options of `data synth prices`.
#[derive(Debug, Args)]
pub struct PricesArgs {
    /// Market whose prices are imitated in the canonical table.
    #[arg(long, value_name = "MARKET", required_unless_present = "format")]
    pub shape: Option<Market>,
    /// Raw format to write instead of the canonical table; each has its own market.
    #[arg(long, value_name = "FORMAT", conflicts_with = "shape")]
    pub format: Option<PriceFormat>,
    /// First day, in the market's time zone.
    #[arg(long, value_name = "DATE")]
    pub start: NaiveDate,
    /// Number of days.
    #[arg(long, value_name = "D", default_value_t = 7)]
    pub days: u32,
    /// Seed: the same seed and options give the same file.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Output file.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Format of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated text.
    Csv,
}

/// A raw format of prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PriceFormat {
    /// Wide table of Nord Pool's day-ahead prices.
    Nordpool,
    /// Results of tenders of German secondary reserve.
    SrlTenders,
    /// Activated German secondary reserve.
    SrlActivation,
    /// Trades of the German intraday market.
    Intraday,
    /// Two prices of balancing, up and down, that match `--shape nordic` of the same days and seed; canonical.
    Regulating,
}

/// A market with known prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Market {
    /// German day-ahead auction, 2016 and 2017.
    Germany,
    /// Nordic day-ahead auction, area SE3, 2016.
    Nordic,
    /// New York in winter; assumed.
    NewYork,
}

fn make_stations(args: &OutputArgs, rows: &[stations::StationRow]) -> Result<()> {
    write_csv(&args.output, |out| stations::write_csv(rows, out))?;
    eprintln!("{}: {} stations", args.output.display(), rows.len());
    Ok(())
}

/// Runs `data synth`; reports on stderr which files were written.
///
/// # Errors
/// If an option is out of range or the file cannot be written.
pub fn run(command: SynthCommand) -> Result<()> {
    match command {
        SynthCommand::Nyc(args) => make_nyc(&args),
        SynthCommand::NycStations(args) => make_stations(&args, &nyc_stations::stations()?),
        SynthCommand::NycCompanies(args) => make_stations(&args, &nyc_stations::companies()?),
        SynthCommand::NycZones(args) => {
            write_csv(&args.output, |out| out.write_all(nyc::ZONES.as_bytes()))?;
            eprintln!("{}: {} zones", args.output.display(), nyc::ZONES.lines().count() - 1);
            Ok(())
        }
        SynthCommand::Vehicles(args) => {
            write_csv(&args.output, |out| out.write_all(vehicles::CATALOGUE.as_bytes()))?;
            eprintln!("{}: {} vehicle types", args.output.display(), vehicles::CATALOGUE.lines().count() - 1);
            Ok(())
        }
        SynthCommand::Stuttgart(args) => make_stuttgart(&args),
        SynthCommand::Prices(args) => make_prices(&args),
    }
}

fn make_prices(args: &PricesArgs) -> Result<()> {
    let path = &args.output.output;
    if let Some(format) = args.format {
        let make = match format {
            PriceFormat::Regulating => return make_regulating(args),
            PriceFormat::Nordpool => price_files::nordpool,
            PriceFormat::SrlTenders => price_files::srl_tenders,
            PriceFormat::SrlActivation => price_files::srl_activation,
            PriceFormat::Intraday => price_files::intraday,
        };
        let text = make(args.start, args.days, args.seed)?;
        write_csv(path, |out| out.write_all(text.as_bytes()))?;
        eprintln!("{}: {} rows", path.display(), text.lines().count() - 1);
        return Ok(());
    }
    let shape = match args.shape {
        Some(Market::Germany) | None => GERMANY,
        Some(Market::Nordic) => NORDIC,
        Some(Market::NewYork) => NEW_YORK,
    };
    let series = shape.series(args.start, args.days, args.seed)?;
    write_csv(path, |out| prices::write_csv(&series, shape.tz(), out))?;
    eprintln!("{}: {} hourly prices", path.display(), series.price_per_mwh.len());
    Ok(())
}

fn make_regulating(args: &PricesArgs) -> Result<()> {
    let path = &args.output.output;
    let series = NORDIC.series(args.start, args.days, args.seed)?;
    let [up, down] = regulating(&series.price_per_mwh, args.seed);
    let slots = (series.start, series.slot_s);
    write_csv(path, |out| prices::write_two_csv(slots, [&up, &down], NORDIC.tz(), out))?;
    eprintln!("{}: {} hours", path.display(), up.len());
    Ok(())
}

fn make_nyc(args: &NycArgs) -> Result<()> {
    let path = &args.output.output;
    let stated = args.format.and_then(|format| match format {
        NycFormat::Parquet => Some(Format::Parquet),
        NycFormat::Csv => Some(Format::Csv),
        NycFormat::Fhvhv => None,
    });
    let format = format_of(stated, path)?;
    let options =
        nyc::NycOptions { requests: args.requests, start: args.start, days: args.days, seed: args.seed };
    let trips = nyc::synthesize(options)?;
    if args.format == Some(NycFormat::Fhvhv) {
        let made = fhvhv::of(trips, args.seed);
        match format {
            Format::Parquet => files::write_parquet(path, &mut made.frame()?)?,
            Format::Csv => write_csv(path, |out| made.write_csv(&mut &mut *out))?,
        }
        eprintln!("{}: {} trips, {} booked ahead", path.display(), made.len(), made.booked);
        return Ok(());
    }
    match format {
        Format::Parquet => files::write_parquet(path, &mut trips.frame()?)?,
        Format::Csv => write_csv(path, |out| trips.write_csv(&mut &mut *out))?,
    }
    eprintln!("{}: {} records", path.display(), trips.len());
    for (kind, count) in &trips.dirty {
        eprintln!("  {count:>7} with {kind}");
    }
    Ok(())
}

fn make_stuttgart(args: &StuttgartArgs) -> Result<()> {
    let path = &args.output.output;
    let format = format_of(args.format, path)?;
    let feed = stuttgart::synthesize(stuttgart::StuttgartOptions {
        cars: args.cars,
        stations: args.stations,
        start: args.start,
        days: args.days,
        seed: args.seed,
    })?;
    match format {
        Format::Parquet => files::write_parquet(path, &mut feed.frame()?)?,
        Format::Csv => write_csv(path, |out| feed.write_csv(out))?,
    }
    eprintln!("{}: {} rows, {} trips", path.display(), feed.len(), feed.trips);
    for (kind, count) in &feed.dirty {
        eprintln!("  {count:>7} {kind}");
    }
    if let Some(path) = &args.stations_output {
        let rows = feed.stations();
        write_csv(path, |out| stations::write_csv(&rows, out))?;
        eprintln!("{}: {} stations", path.display(), rows.len());
    }
    Ok(())
}

fn format_of(given: Option<Format>, path: &Path) -> Result<Format> {
    let ending = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    match (given, ending.as_deref()) {
        (Some(format), _) => Ok(format),
        (None, Some("parquet")) => Ok(Format::Parquet),
        (None, Some("csv")) => Ok(Format::Csv),
        (None, _) => Err(InputError::new(path.display().to_string(), "a name that ends in .parquet or .csv")
            .key("--output")
            .help("or name the format with --format")
            .into()),
    }
}

fn write_csv<F>(path: &Path, write: F) -> Result<()>
where
    F: FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
{
    files::write_whole(path, |out| write(out).map_err(|e| Error::writing(path, e)))
}

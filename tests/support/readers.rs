//! Entry points of the fuzz targets: each reader of external files, and the properties that must hold of its
//! result. This is the library of `fuzz/`; the tests replay the seeds with it.
//!
//! A reader returns the number of items read, or an error. A fault is a panic, an error that is not an input
//! error or cannot be printed, or a result that contradicts itself.

use clap::Parser as _;
use gridfleet::cli::errors::render;
use gridfleet::cli::solve::SolveCommand;
use gridfleet::cli::solve::stackelberg::Way;
use gridfleet::cli::{Cli, solve as games};
use gridfleet::datasets::builder::TraceBuilder;
use gridfleet::datasets::prices::text::Text;
use gridfleet::datasets::prices::{GapRule, dayahead, intraday, nordpool, srl_files, summary};
use gridfleet::datasets::table::TableFile;
use gridfleet::datasets::{OnBadRow, Trace, TripFormat, TripSource, Zones, write};
use gridfleet::engine::Simulation;
use gridfleet::error::{Error, Result};
use gridfleet::ids::PlaceId;
use gridfleet::learning::Checkpoint;
use gridfleet::policies::Trained;
use gridfleet::rng::{Purpose, Streams};
use gridfleet::scenario::{Overrides, Scenario};
use gridfleet::studies::journal::Journal;
use sha2::Digest as _;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tempfile::{NamedTempFile, TempDir};

/// A reader of bytes.
pub type Reader = fn(&[u8]) -> Result<usize>;

/// All readers, each under the name of its target.
pub const READERS: [(&str, Reader); 21] = [
    ("car2go", car2go),
    ("checkpoint", checkpoint),
    ("containers", containers),
    ("journal", journal),
    ("matpower", matpower),
    ("price_files", price_files),
    ("prices", prices),
    ("registers", registers),
    ("report", report),
    ("run", run),
    ("scenario", scenario),
    ("sessions", sessions),
    ("set", set),
    ("solve", solve),
    ("stations", stations),
    ("study", study),
    ("tlc", tlc),
    ("trips", trips),
    ("vehicles", vehicles),
    ("zones_csv", zones_csv),
    ("zones_shp", zones_shp),
];

/// Zones to which trips may refer.
const ZONES: &[u8] = b"zone_id,lat,lon,area_km2\n1,40.7,-74.1,7.5\n132,40.6,-73.8,\n";

/// Prices to which a scenario may refer: two days in Berlin.
const PRICES: &str = "time,price_per_mwh\n2018-03-05T00:00:00+01:00,30\n2018-03-06T00:00:00+01:00,40\n";

/// A scenario that needs no file but its trips: two taxis and a station, an hour.
const SCENARIO: &str = include_str!("../../fuzz/corpus/run/taxis.toml");

/// Trips that a scenario may name.
const TRIPS: &str = "request_time,origin_lat,origin_lon,destination_lat,destination_lon\n\
    2018-03-05T00:10:00+01:00,51.54,9.92,51.53,9.93\n2018-03-05T00:20:00+01:00,51.53,9.93,51.55,9.91\n";

/// Prices that it may name: of four days.
const LONG_PRICES: &str = "time,price_per_mwh\n2018-03-03T00:00:00Z,30\n2018-03-04T00:00:00Z,40\n\
    2018-03-05T00:00:00Z,-5\n2018-03-06T00:00:00Z,35\n";

/// A study of that scenario.
const STUDY: &str = include_str!("../../fuzz/corpus/study/two_policies.toml");

/// Most that a number of a scenario may be for it to be run: more vehicles or days are valid, and take long.
const MOST_TO_RUN: i64 = 2_018;

/// Car2Go snapshots, or trips derived from them; counts trips.
pub fn car2go(data: &[u8]) -> Result<usize> {
    let file = file(data, ".csv");
    let files = [file.path().to_path_buf()];
    let read = |on_bad_row| {
        gridfleet::datasets::car2go::read(&files, chrono_tz::Europe::Berlin, on_bad_row).map_err(printable)
    };
    let trace = read(OnBadRow::Skip)?;
    check_trace(&trace);
    if let Ok(strict) = read(OnBadRow::Fail) {
        check_same(&trace, &strict);
    }
    Ok(trace.len())
}

/// Agents' files; counts the bytes that their trainer kept. The checksum is made right, or no change would come
/// through.
pub fn checkpoint(data: &[u8]) -> Result<usize> {
    let body = &data[..data.len().saturating_sub(32)];
    let signed = [body, sha2::Sha256::digest(body).as_slice()].concat();
    let user = |error| printable(Error::Input(vec![error]));
    // As it is, and with a correct checksum.
    let _ = Checkpoint::from_bytes(data).map_err(user);
    let checkpoint = Checkpoint::from_bytes(&signed).map_err(user)?;
    let _ = Trained::from_checkpoint(&checkpoint).map_err(user);
    checkpoint.values().map_err(user)?;
    let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Synthesis, 0);
    let mut agent = checkpoint.purpose.agent.build(checkpoint.purpose.space(), &mut random);
    checkpoint.restore(&mut *agent).map(|kept| kept.len()).map_err(user)
}

/// Tables however they are packed and written: text, JSON, XML, spreadsheets, gzip, zip. Each column is read as numbers, times
/// and names; counts rows.
pub fn containers(data: &[u8]) -> Result<usize> {
    let file = TableFile::from_bytes("table", data.to_vec()).map_err(printable)?;
    let columns: Vec<usize> = (0..file.names().len()).filter(|&column| file.is_readable(column)).collect();
    let table = file.read(&columns).map_err(printable)?;
    for &column in columns.iter().take(50) {
        let lengths = [
            table.numbers(column).map(|numbers| numbers.values.len()),
            table.times(column).map(|times| times.len()),
            table.names(column).map(|names| names.codes.len()),
        ];
        for length in lengths.into_iter().filter_map(|length| length.map_err(printable).ok()) {
            assert_eq!(length, table.rows());
        }
        if table.rows() > 0 {
            let _ = table.cell(column, table.rows() - 1);
            assert!(table.line(table.rows() - 1) > 0);
        }
    }
    Ok(table.rows())
}

/// Journals of studies, each line without its checksum, which is added; counts tasks.
pub fn journal(data: &[u8]) -> Result<usize> {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let written = |bytes: &[u8]| {
        std::fs::write(folder.path().join("tasks.jsonl"), bytes).expect("room for temporary files");
        let journal = Journal::open(folder.path(), true).map_err(printable)?;
        for task in journal.tasks() {
            journal.outcome(task).map_err(printable)?;
        }
        Ok(journal.tasks().count())
    };
    let _: Result<usize> = written(data);
    let mut signed = Vec::new();
    for line in data.split_inclusive(|&byte| byte == b'\n') {
        let body = line.strip_suffix(b"\n").unwrap_or(line);
        if let Some(rest) = body.strip_prefix(b"{") {
            let prefix = format!("{{\"crc32\":\"{:08x}\",\"bytes\":{},", crc32fast::hash(body), body.len());
            signed.extend_from_slice(prefix.as_bytes());
            signed.extend_from_slice(rest);
        } else {
            signed.extend_from_slice(body);
        }
        signed.extend_from_slice(&line[body.len()..]);
    }
    written(&signed)
}

/// MATPOWER cases; counts buses. A feeder that is read has a flow of power, or says that it has none.
pub fn matpower(data: &[u8]) -> Result<usize> {
    let text = String::from_utf8_lossy(data);
    let feeder = gridfleet::grid::matpower::read(&text).map_err(|errors| printable(Error::Input(errors)))?;
    let (p, q) = feeder.loads(1.0);
    let flow = gridfleet::grid::flow(&feeder, &p, &q);
    assert_eq!(flow.squared.len(), feeder.buses().len());
    Ok(feeder.buses().len())
}

/// Prices as markets publish them, by each reader; counts the readers that can make sense of them.
pub fn price_files(data: &[u8]) -> Result<usize> {
    let berlin = chrono_tz::Europe::Berlin;
    let text = Text::from_bytes(Path::new("prices.csv"), data).map_err(printable)?;
    let regular = |rows: gridfleet::datasets::prices::slots::Rows| {
        for rule in [GapRule::Fail, GapRule::Interpolate { limit_s: 7_200 }, GapRule::PreviousWeek] {
            if let Ok((table, _)) = rows.clone().regular(rule, berlin).map_err(printable) {
                assert!(table.slot_s > 0);
                assert!(table.columns.iter().all(|(_, values)| values.len() == table.slots()));
            }
        }
        1
    };
    if let Some(format) = summary::recognise(&text) {
        let _ = summary::of_raw(&text, format, berlin).map_err(printable);
    }
    let mut read = 0;
    for kind in [nordpool::Kind::Spot, nordpool::Kind::Regulating] {
        let areas = nordpool::areas(&text);
        let area = areas.first().map(String::as_str);
        read += nordpool::read(&text, kind, area, nordpool::CLOCK).map_err(printable).map_or(0, regular);
    }
    let options = dayahead::Options { timezone: Some(berlin), ..dayahead::Options::default() };
    read += dayahead::read(&text, options).map_err(printable).map_or(0, regular);
    read += intraday::read(&text).map_err(printable).map_or(0, |rows| regular(intraday::merge(rows)));
    for direction in [srl_files::Direction::Neg, srl_files::Direction::Pos] {
        read += usize::from(srl_files::read_tenders(&text, direction).map_err(printable).is_ok());
        read += usize::from(srl_files::read_activation(&text, direction).map_err(printable).is_ok());
    }
    Ok(read)
}

/// Registers of stations as published; counts stations. The table that is written can be read.
pub fn registers(data: &[u8]) -> Result<usize> {
    use gridfleet::datasets::{Reading, registers, stations};
    let file = file(data, ".csv");
    let register = registers::read(&[file.path().to_path_buf()], &Reading::default()).map_err(printable)?;
    let report = &register.report;
    assert_eq!(report.rows_kept, register.stations.len() as u64);
    let mut written = Vec::new();
    stations::write_csv(&register.stations, &mut written).expect("room in memory");
    let text = String::from_utf8(written).expect("text");
    let again = stations::from_csv(Path::new("stations.csv"), &text).map_err(printable);
    assert_eq!(again.map(|stations| stations.len()).ok(), Some(register.stations.len()), "{text}");
    Ok(register.stations.len())
}

/// A folder of results of which one file is another, and its report; counts the bytes of the page, by the million. The
/// first line names the file, as `trips.parquet` of a run or `study/summary.json` of a study.
pub fn report(data: &[u8]) -> Result<usize> {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let folder = with_scenario(SCENARIO.as_bytes());
        std::fs::write(folder.path().join("study.toml"), STUDY).expect("room for temporary files");
        for (command, file) in [("run", "scenario.toml"), ("study", "study.toml")] {
            let at = |name: &str| folder.path().join(name).display().to_string();
            let arguments = ["gridfleet", command, &at(file), "-q", "-o", &at(&format!("of {command}"))];
            Cli::parse_from(arguments).command.execute().expect("results of a small scenario");
        }
        folder
    });
    let (name, content) = first_line(data);
    let (results, name) = name.strip_prefix("study/").map_or(("of run", &*name), |name| ("of study", name));
    let original = made.path().join(results);
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    for entry in std::fs::read_dir(original).expect("results") {
        let entry = entry.expect("results");
        // Only files that are there can be others.
        let bytes = if entry.file_name() == name {
            content.to_vec()
        } else {
            std::fs::read(entry.path()).expect("results")
        };
        std::fs::write(folder.path().join(entry.file_name()), bytes).expect("room for temporary files");
    }
    gridfleet::report::render(folder.path()).map(|page| page.len() >> 20).map_err(printable)
}

/// Scenario files, of which an hour is run if they are right; counts events, by the thousand. Files that they may name
/// are `trips.csv` and `prices.csv`.
pub fn run(data: &[u8]) -> Result<usize> {
    let folder = with_scenario(data);
    let scenario = gridfleet::scenario::load(&folder.path().join("scenario.toml"), &Overrides::default());
    let scenario = scenario.map_err(printable)?;
    if is_small(&String::from_utf8_lossy(data)) { hour(&scenario) } else { Ok(0) }
}

/// Charging sessions as published; counts sessions.
pub fn sessions(data: &[u8]) -> Result<usize> {
    use gridfleet::datasets::sessions::{Options, read, write_csv};
    let file = file(data, ".csv");
    let options = Options { timezone: Some(chrono_tz::Europe::Berlin), ..Options::default() };
    let read = read(&[file.path().to_path_buf()], &options).map_err(printable)?;
    let report = &read.report;
    assert_eq!(report.rows_read, report.rows_kept + report.skipped.values().sum::<u64>());
    for session in &read.sessions {
        assert!(session.departure > session.arrival && session.energy_kwh > 0.0, "{session:?}");
        assert!(
            session.energy_kwh <= 1_000.0 && session.requested_kwh >= 0.0 || session.requested_kwh.is_nan()
        );
    }
    let mut written = Vec::new();
    write_csv(&read.sessions, &mut written).expect("room in memory");
    Ok(read.sessions.len())
}

/// Values for `--set`, one a line, for a scenario of which then an hour is run; counts as [`run`].
pub fn set(data: &[u8]) -> Result<usize> {
    let folder = with_scenario(SCENARIO.as_bytes());
    let set: Vec<String> = String::from_utf8_lossy(data).lines().map(str::to_owned).collect();
    if !is_small(&set.join("\n")) {
        return Ok(0);
    }
    let overrides = Overrides { set, ..Overrides::default() };
    let scenario = gridfleet::scenario::load(&folder.path().join("scenario.toml"), &overrides);
    hour(&scenario.map_err(printable)?)
}

/// Games of `gridfleet solve`, whose first line names the kind; counts the bytes of the answer, by the million. That a game has no
/// solution is an answer.
pub fn solve(data: &[u8]) -> Result<usize> {
    let (kind, content) = first_line(data);
    let held = file(content, ".json");
    let (file, json) = (held.path().to_path_buf(), true);
    let command = match &*kind {
        "bilevel" => SolveCommand::Bilevel(games::bilevel::BilevelArgs { file, json }),
        "c-nash" => SolveCommand::CNash(games::c_nash::CNashArgs { file, json }),
        "routing" => SolveCommand::Routing(games::routing::RoutingArgs { file, coalition: None, json }),
        "stackelberg" => {
            let answers = Way::Together;
            SolveCommand::Stackelberg(games::stackelberg::StackelbergArgs { file, answers, json })
        }
        _ => SolveCommand::Game(games::game::GameArgs { file, json }),
    };
    let mut out = Vec::new();
    match command.answer(&mut out) {
        Ok(()) => Ok(out.len() >> 20),
        Err(error @ (Error::Other(_) | Error::Failed(_))) => {
            assert!(!error.to_string().is_empty());
            Ok(0)
        }
        Err(error) => Err(printable(error)),
    }
}

/// Study files beside a scenario; counts arms.
pub fn study(data: &[u8]) -> Result<usize> {
    let folder = with_scenario(SCENARIO.as_bytes());
    let file = folder.path().join("study.toml");
    std::fs::write(&file, data).expect("room for temporary files");
    gridfleet::studies::load::load(&file).map(|study| study.arms.len()).map_err(printable)
}

/// A folder with a scenario and the files that it may name.
fn with_scenario(text: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    for (name, content) in
        [("scenario.toml", text), ("trips.csv", TRIPS.as_bytes()), ("prices.csv", LONG_PRICES.as_bytes())]
    {
        std::fs::write(folder.path().join(name), content).expect("room for temporary files");
    }
    folder
}

/// Runs an hour of a scenario.
fn hour(scenario: &Scenario) -> Result<usize> {
    let streams = Streams { seed: 1, replication: 0 };
    let (setup, prepared) = scenario.build(streams).map_err(printable)?;
    let setup = Arc::new(setup);
    let policies = gridfleet::engine::policies(&prepared.policies, &setup, streams);
    let mut simulation = Simulation::under(Arc::clone(&setup), policies, streams).audited();
    simulation.run_until(setup.start + 3_600, &mut ()).expect("an instant ends");
    simulation.books().map_err(printable)?;
    Ok(simulation.events() as usize / 1_000)
}

/// Whether all whole numbers of a text are small.
fn is_small(text: &str) -> bool {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    numbers.into_iter().all(|digits| digits.parse::<i64>().is_ok_and(|number| number <= MOST_TO_RUN))
}

/// The first line, and all after it.
fn first_line(data: &[u8]) -> (String, &[u8]) {
    let end = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
    (String::from_utf8_lossy(&data[..end]).into_owned(), data.get(end + 1..).unwrap_or_default())
}

/// The canonical table of prices; counts slots.
pub fn prices(data: &[u8]) -> Result<usize> {
    let file = file(data, ".csv");
    let series = gridfleet::datasets::prices::read(file.path()).map_err(printable)?;
    assert!(series.slot_s > 0 && series.price_per_mwh.iter().all(|price| price.is_finite()));
    assert!(series.covers(series.start, series.end()));
    assert_eq!(series.at(series.start), series.price_per_mwh.first().copied());
    assert_eq!(series.at(series.end()), None);
    Ok(series.price_per_mwh.len())
}

/// Scenario files; counts stations. Any text before a zero byte, which no TOML file contains, is a list of
/// values for `--set`, one per line. The files available to a scenario are the scenario itself and
/// `prices.csv`.
pub fn scenario(data: &[u8]) -> Result<usize> {
    let (set, text) = match data.iter().position(|&byte| byte == 0) {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (&[][..], data),
    };
    let set = String::from_utf8_lossy(set).lines().map(str::to_owned).collect();
    let overrides = Overrides { set, ..Overrides::default() };
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let file = folder.path().join("scenario.toml");
    std::fs::write(&file, text).expect("room for temporary files");
    std::fs::write(folder.path().join("prices.csv"), PRICES).expect("room for temporary files");
    let scenario = gridfleet::scenario::load(&file, &overrides).map_err(printable)?;
    Ok(scenario.spec.stations.len())
}

/// The canonical table of stations; counts stations.
pub fn stations(data: &[u8]) -> Result<usize> {
    let file = file(data, ".csv");
    let stations = gridfleet::datasets::stations::read(file.path()).map_err(printable)?;
    for station in &stations {
        assert!(station.connectors > 0 && station.connector_kw > 0.0 && station.connector_kw.is_finite());
    }
    Ok(stations.len())
}

/// Taxi records, CSV or Parquet; counts trips.
pub fn tlc(data: &[u8]) -> Result<usize> {
    let source = TripSource::new(TripFormat::Tlc, Vec::new());
    let read = |file: &TableFile, to: &mut TraceBuilder| gridfleet::datasets::tlc::read(file, &source, to);
    of_table(data, read).map(|trace| trace.len())
}

/// The canonical table of trips, CSV or Parquet; counts trips.
pub fn trips(data: &[u8]) -> Result<usize> {
    let trace = of_table(data, read_trips)?;
    // Data that were read can be written and read again.
    let mut written = Vec::new();
    assert!(write::encode(&trace, &mut written).is_ok());
    if !trace.is_empty() {
        check_same(&trace, &of_table(&written, read_trips)?);
    }
    Ok(trace.len())
}

fn read_trips(file: &TableFile, to: &mut TraceBuilder) -> Result<()> {
    gridfleet::datasets::trips::read(file, &TripSource::new(TripFormat::Trips, Vec::new()), to)
}

/// A catalogue of vehicle types or, with a column `vehicle_id`, a list of vehicles; counts rows.
pub fn vehicles(data: &[u8]) -> Result<usize> {
    use gridfleet::datasets::vehicles::{read_catalogue, read_vehicles};
    let file = file(data, ".csv");
    if data.windows(10).take(1_000).any(|window| window == b"vehicle_id") {
        return read_vehicles(file.path()).map(|vehicles| vehicles.len()).map_err(printable);
    }
    let types = read_catalogue(file.path()).map_err(printable)?;
    for row in &types {
        assert!(row.battery_kwh > 0.0 && row.usable_soc[0] < row.usable_soc[1], "{row:?}");
    }
    Ok(types.len())
}

/// Zones from a table, CSV or Parquet; counts zones.
pub fn zones_csv(data: &[u8]) -> Result<usize> {
    let read = |data: Vec<u8>| Zones::from_table(&TableFile::from_bytes("zones.csv", data)?);
    let zones = read(data.to_vec()).map_err(printable)?;
    // Data that were read can be written and read again.
    let again = read(zones.to_csv().into_bytes());
    assert_eq!(again.ok().as_ref(), Some(&zones));
    Ok(zones.len())
}

/// Zones from a shapefile: two bytes of length (little-endian), the `.shp`, the `.dbf`; counts zones.
pub fn zones_shp(data: &[u8]) -> Result<usize> {
    let (length, rest) = data.split_at(data.len().min(2));
    let length = length.iter().rev().fold(0, |sum, &byte| sum * 256 + usize::from(byte));
    let (shapes, records) = rest.split_at(length.min(rest.len()));
    let zones = Zones::from_shapefile(Path::new("zones.shp"), shapes.to_vec(), records.to_vec())
        .map_err(printable)?;
    assert!(zones.area_km2.iter().all(|&area| area >= 0.0), "{zones:?}");
    Ok(zones.len())
}

/// A temporary file with these bytes, for readers that do not accept bytes; deleted on drop. Parquet is
/// recognised by its extension there.
fn file(data: &[u8], ending: &str) -> NamedTempFile {
    let ending = if data.starts_with(b"PAR1") { ".parquet" } else { ending };
    let file = tempfile::Builder::new().suffix(ending).tempfile().expect("a folder for temporary files");
    std::fs::write(file.path(), data).expect("room for temporary files");
    file
}

/// The error, after a check that it is an input error and can be printed.
fn printable(error: Error) -> Error {
    assert!(error.is_input(), "{error}");
    assert!(render(&error, false).starts_with("error: "), "{error}");
    error
}

/// The trace from a table reader, without bad rows.
fn of_table(data: &[u8], read: impl Fn(&TableFile, &mut TraceBuilder) -> Result<()>) -> Result<Trace> {
    let file = TableFile::from_bytes("trips.csv", data.to_vec()).map_err(printable)?;
    let zones =
        TableFile::from_bytes("zones.csv", ZONES.to_vec()).and_then(|file| Zones::from_table(&file))?;
    let build = |on_bad_row| {
        let mut builder = TraceBuilder::new(on_bad_row);
        builder.add_zones(&zones);
        read(&file, &mut builder).map_err(printable).map(|()| builder.finish())
    };
    let trace = build(OnBadRow::Skip)?;
    check_trace(&trace);
    let (read, kept) = (trace.report.rows_read, trace.report.rows_kept);
    assert_eq!(read, kept + trace.report.skipped.values().sum::<u64>(), "{:?}", trace.report);
    // There is an error if and only if there are bad rows.
    match build(OnBadRow::Fail) {
        Ok(strict) => {
            assert_eq!(read, kept);
            check_same(&trace, &strict);
        }
        Err(error) => {
            // Cells of optional columns cost no row where bad rows are skipped.
            let cells = trace.report.repaired.keys().any(|what| what.starts_with("unreadable"));
            assert!(read != kept || cells, "{error}");
        }
    }
    Ok(trace)
}

/// Checks the invariants of a trace (`datasets::trace`).
fn check_trace(trace: &Trace) {
    let rows = trace.len();
    assert!(trace.request_time.is_sorted());
    assert!(trace.origin.iter().chain(&trace.destination).all(|place| place.index() < trace.places.len()));
    for column in [&trace.duration_s, &trace.distance_km, &trace.fare, &trace.soc_start, &trace.soc_end] {
        assert_eq!(column.len(), rows);
        assert!(column.iter().all(|&value| value.is_nan() || value >= 0.0), "{column:?}");
    }
    assert!(trace.soc_start.iter().chain(&trace.soc_end).all(|&soc| soc.is_nan() || soc <= 1.0));
    let named = |codes: &[u32], names: &[String]| {
        codes.len() == rows && codes.iter().all(|&code| code == Trace::NONE || (code as usize) < names.len())
    };
    assert!(named(&trace.fleet, &trace.fleet_names) && named(&trace.vehicle, &trace.vehicle_names));
    let lengths =
        [trace.origin.len(), trace.destination.len(), trace.passengers.len(), trace.ends_at_charger.len()];
    assert_eq!(lengths, [rows; 4]);
}

/// Checks that two traces have the same trips; the numbers of places, fleets and vehicles may differ.
fn check_same(a: &Trace, b: &Trace) {
    let rows = |trace: &Trace| (0..trace.len()).map(|row| row_of(trace, row)).collect::<Vec<_>>();
    assert_eq!(rows(a), rows(b));
}

/// A trip in comparable form: numbers by their bits, names in full.
fn row_of(trace: &Trace, row: usize) -> impl PartialEq + std::fmt::Debug + use<> {
    let place = |place: PlaceId| {
        let places = &trace.places;
        (places.zone_name(place).map(str::to_owned), places.lat(place), places.lon(place))
    };
    let name = |codes: &[u32], names: &[String]| names.get(codes[row] as usize).cloned();
    let numbers = [&trace.duration_s, &trace.distance_km, &trace.fare, &trace.soc_start, &trace.soc_end];
    (
        (trace.request_time[row], place(trace.origin[row]), place(trace.destination[row])),
        numbers.map(|column| if column[row].is_nan() { None } else { Some(column[row].to_bits()) }),
        (trace.passengers[row], trace.ends_at_charger[row]),
        [name(&trace.fleet, &trace.fleet_names), name(&trace.vehicle, &trace.vehicle_names)],
    )
}

//! Charging sessions as published, in one table: arrival, departure, energy and place of each stay at a connector
//! ([`SESSIONS`]).

use super::dictionary::SESSIONS;
use super::presets::{Into, Preset};
use super::table::{Numbers, Reading, Table, TableFile};
use super::times::{RawTime, WallClock};
use super::trace::ImportReport;
use super::units::{self, Quantity};
use chrono_tz::Tz;
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::time::{DAY_S, Local, SimTime};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

/// Longest stay [s]: cars are left at connectors for weeks, records of months are broken. Assumed.
const MOST_STAY_S: i64 = 30 * DAY_S;
/// Greatest energy of a session [kWh]: above the batteries of trucks. Assumed.
const MOST_KWH: f64 = 1_000.0;
/// Greatest mean power of a session [kW]: that of the most powerful connectors of cars. Assumed.
const MOST_KW: f64 = 400.0;
/// Median energy above which the unit is doubted [kWh]. Assumed.
const DOUBTED_KWH: f64 = 200.0;

/// One session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Name of the session; empty if not recorded.
    pub session_id: String,
    /// Name of the station or connector; empty if not recorded.
    pub station_id: String,
    /// Name of the vehicle, driver or card; empty if not recorded.
    pub vehicle: String,
    /// Time of plugging in.
    pub arrival: SimTime,
    /// Time of unplugging.
    pub departure: SimTime,
    /// Energy taken [kWh].
    pub energy_kwh: f64,
    /// Energy that the driver asked for [kWh], or NaN.
    pub requested_kwh: f64,
    /// Departure that the driver announced.
    pub stated_departure: Option<SimTime>,
}

/// Sessions of files.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    /// The sessions, by arrival.
    pub sessions: Vec<Session>,
    /// Counts and assumptions.
    pub report: ImportReport,
}

/// Statements of the user.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Canonical column and column of the file; `COLUMN:UNIT` states a unit of energy.
    pub map: BTreeMap<String, String>,
    /// Time zone of times without offset.
    pub timezone: Option<Tz>,
    /// Statements about the tables.
    pub reading: Reading,
}

/// Reads sessions.
///
/// # Errors
/// If a file cannot be read, lacks a column, has times without offset and no time zone is known, or no session can be
/// used.
pub fn read(files: &[PathBuf], options: &Options) -> Result<Sessions> {
    let mut all = Sessions::default();
    if let Some(name) = options.map.keys().find(|name| !SESSIONS.names().contains(&name.as_str())) {
        return Err(InputError::new(format!("`{name}`"), format!("one of {}", SESSIONS.names().join(", ")))
            .key("map")
            .into());
    }
    for path in files {
        all.add(&TableFile::open_with(path, &options.reading)?, options)?;
    }
    all.sessions.sort_by_key(|session| (session.arrival, session.departure));
    all.report.rows_kept = all.sessions.len() as u64;
    if all.sessions.is_empty() {
        let mut problem = InputError::new("no session that can be used", "at least one session");
        if let Some(example) = all.report.examples.values().next() {
            problem = problem.help(example.clone());
        }
        return Err(files.first().map_or(problem.clone(), |file| problem.file(file)).into());
    }
    let mut energies: Vec<f64> = all.sessions.iter().map(|session| session.energy_kwh).collect();
    energies.sort_unstable_by(f64::total_cmp);
    if let Some(middle) = energies.get(energies.len() / 2).filter(|middle| **middle > DOUBTED_KWH) {
        let warning = format!(
            "median energy of {middle:.0} kWh: is the unit Wh? State it with --map energy_kwh=COLUMN:Wh"
        );
        all.report.warnings.push(warning);
    }
    Ok(all)
}

/// Columns of a file by canonical name, with the units stated for them.
struct Columns<'a> {
    file: &'a TableFile,
    by_name: BTreeMap<&'static str, (usize, Option<String>)>,
}

impl<'a> Columns<'a> {
    fn find(file: &'a TableFile, map: &BTreeMap<String, String>) -> Result<Self> {
        let mut by_name = BTreeMap::new();
        for name in SESSIONS.names() {
            let found = match map.get(name) {
                Some(mapped) => Some(mapped_column(file, mapped)?),
                None => file.find(&[name]).map(|column| (column, None)),
            };
            if let Some(found) = found {
                by_name.insert(name, found);
            }
        }
        let columns = Self { file, by_name };
        for name in ["arrival", "departure", "energy_kwh"] {
            if columns.at(name).is_none() {
                let help = format!("where it has another name, map it: --map {name}=COLUMN");
                return Err(file.lacks(name).help(help).into());
            }
        }
        Ok(columns)
    }

    fn at(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).map(|(column, _)| *column)
    }

    /// A column of energies [kWh].
    fn energy(&self, name: &str, table: &Table, report: &mut ImportReport) -> Result<Option<Numbers>> {
        let Some((column, stated)) = self.by_name.get(name) else { return Ok(None) };
        let mut numbers = table.numbers(*column)?;
        let header = table.name(*column);
        let unit = stated.clone().or_else(|| units::of_header(Quantity::Energy, header));
        if let Some(unit) = unit {
            let Some(factor) = units::factor(Quantity::Energy, &unit) else {
                let found = format!("the unit `{unit}`");
                return Err(InputError::new(found, "Wh, kWh or MWh").file(self.file.path()).key(name).into());
            };
            numbers.values.iter_mut().for_each(|value| *value *= factor);
            report.assumed.insert(format!("unit of `{header}`"), unit);
        }
        Ok(Some(numbers))
    }
}

fn mapped_column(file: &TableFile, mapped: &str) -> Result<(usize, Option<String>)> {
    if let Some(column) = file.find(&[mapped]) {
        return Ok((column, None));
    }
    if let Some((name, unit)) = mapped.rsplit_once(':')
        && let Some(column) = file.find(&[name])
    {
        return Ok((column, Some(unit.to_owned())));
    }
    Ok((file.require(&[mapped])?, None))
}

/// Instants of a column of times.
struct Times {
    column: usize,
    raw: Vec<RawTime>,
}

impl Times {
    fn load(table: &Table, column: Option<usize>) -> Result<Option<Self>> {
        column.map(|column| Ok(Self { column, raw: table.times(column)? })).transpose()
    }

    /// The instant of a row; of the hour that comes twice, the first that is not before `earliest`.
    fn get(&self, row: usize, clock: &mut Option<WallClock>, earliest: SimTime) -> Option<SimTime> {
        match self.raw.get(row)? {
            RawTime::Utc(s) => Some(SimTime(*s)),
            RawTime::Wall(s) => match clock.as_mut()?.read(*s) {
                Local::One(time) | Local::Skipped(time) => Some(time),
                Local::Twice(summer, winter) => Some(if summer < earliest { winter } else { summer }),
            },
            RawTime::Missing | RawTime::Bad => None,
        }
    }
}

impl Sessions {
    fn add(&mut self, file: &TableFile, options: &Options) -> Result<()> {
        let preset = Preset::of(file)?.filter(|preset| preset.into == Into::Sessions);
        let mut map = preset.as_ref().map(|preset| preset.map_for(file)).unwrap_or_default();
        map.extend(options.map.clone());
        let columns = Columns::find(file, &map)?;
        let wanted: Vec<usize> = columns.by_name.values().map(|(column, _)| *column).collect();
        let mut table = file.read(&wanted)?;
        if let Some(order) = options.reading.date_order.or(preset.as_ref().and_then(Preset::date_order)) {
            table.set_date_order(order);
        }
        let arrivals = Times::load(&table, columns.at("arrival"))?;
        let departures = Times::load(&table, columns.at("departure"))?;
        let stated = Times::load(&table, columns.at("stated_departure"))?;
        let (Some(arrivals), Some(departures)) = (arrivals, departures) else {
            return Err(Error::Other("columns that were found are absent".into()));
        };
        let mut clock = self.clock(file, &table, [&arrivals, &departures], options, preset.as_ref())?;
        let energies = columns.energy("energy_kwh", &table, &mut self.report)?;
        let requested = columns.energy("requested_kwh", &table, &mut self.report)?;
        self.note(file, &table, &map, preset.as_ref());
        self.report.rows_read += table.rows() as u64;
        let text = |name: &str, row: usize| {
            columns.at(name).map(|column| plain(&table.cell(column, row))).unwrap_or_default()
        };
        let value = |numbers: &Option<Numbers>, row: usize| {
            numbers.as_ref().map_or(f64::NAN, |numbers| numbers.get(row))
        };
        let mut seen = BTreeSet::new();
        for row in 0..table.rows() {
            let session_id = text("session_id", row);
            let arrival = arrivals.get(row, &mut clock, SimTime(i64::MIN));
            let departure = departures.get(row, &mut clock, arrival.unwrap_or(SimTime(i64::MIN)));
            let energy_kwh = value(&energies, row);
            let energy_column = columns.at("energy_kwh").unwrap_or_default();
            let (Some(arrival), Some(departure)) = (arrival, departure) else {
                let column = if arrival.is_none() { arrivals.column } else { departures.column };
                self.skip("unreadable time", &table, column, row);
                continue;
            };
            if let Some((reason, column)) =
                doubt(arrival, departure, energy_kwh, departures.column, energy_column)
            {
                self.skip(reason, &table, column, row);
                continue;
            }
            if !session_id.is_empty() && !seen.insert(session_id.clone()) {
                self.skip("duplicate", &table, columns.at("session_id").unwrap_or_default(), row);
                continue;
            }
            let requested_kwh = value(&requested, row);
            self.sessions.push(Session {
                session_id,
                station_id: text("station_id", row),
                vehicle: text("vehicle", row),
                arrival,
                departure,
                energy_kwh,
                requested_kwh: if (0.0..=MOST_KWH).contains(&requested_kwh) {
                    requested_kwh
                } else {
                    f64::NAN
                },
                stated_departure: stated.as_ref().and_then(|times| times.get(row, &mut clock, arrival)),
            });
        }
        Ok(())
    }

    /// The wall clock of times without offset, if there are any.
    fn clock(
        &mut self,
        file: &TableFile,
        table: &Table,
        times: [&Times; 2],
        options: &Options,
        preset: Option<&Preset>,
    ) -> Result<Option<WallClock>> {
        let wall = times.into_iter().find_map(|times| {
            let row = times.raw.iter().position(|time| matches!(time, RawTime::Wall(_)))?;
            Some((times.column, row))
        });
        let Some((column, row)) = wall else { return Ok(None) };
        let Some(tz) = options.timezone.or_else(|| preset.and_then(Preset::timezone)) else {
            let mut error = table.error(column, row, "its time zone, or times with an offset");
            error.found = format!("{}, a time without offset", error.found);
            return Err(error.file(file.path()).help("name it, for example --timezone Europe/Berlin").into());
        };
        self.report.assumed.insert("clock".into(), tz.name().into());
        Ok(Some(WallClock::new(tz)))
    }

    fn note(
        &mut self,
        file: &TableFile,
        table: &Table,
        map: &BTreeMap<String, String>,
        preset: Option<&Preset>,
    ) {
        let assumed = &mut self.report.assumed;
        if let Some(preset) = preset {
            assumed.insert("kind".into(), format!("{}: {}", preset.name, preset.about));
        }
        for note in file.notes() {
            assumed.insert("file".into(), note);
        }
        assumed.extend(table.decisions());
        assumed.extend(map.iter().map(|(name, column)| (name.clone(), format!("column `{column}`"))));
    }

    fn skip(&mut self, reason: &str, table: &Table, column: usize, row: usize) {
        let count = self.report.skipped.entry(reason.to_owned()).or_default();
        *count += 1;
        if *count == 1 {
            let example = table.error(column, row, "a session that can be used").to_string();
            self.report.examples.insert(reason.to_owned(), example);
        }
    }
}

/// The reason why values are no session, with the column of the wrong one.
fn doubt(
    arrival: SimTime,
    departure: SimTime,
    energy_kwh: f64,
    departures: usize,
    energies: usize,
) -> Option<(&'static str, usize)> {
    let stay_s = departure.0.saturating_sub(arrival.0);
    if stay_s <= 0 {
        Some(("departure not after the arrival", departures))
    } else if stay_s > MOST_STAY_S {
        Some(("stay of more than 30 days", departures))
    } else if energy_kwh.is_nan() {
        Some(("unreadable energy", energies))
    } else if energy_kwh == 0.0 {
        Some(("energy of zero", energies))
    } else if !(0.0..=MOST_KWH).contains(&energy_kwh) {
        Some(("absurd energy", energies))
    } else if energy_kwh * 3_600.0 > MOST_KW * stay_s as f64 {
        Some(("mean power above 400 kW", energies))
    } else {
        None
    }
}

/// A name without the signs that separate cells and rows.
fn plain(name: &str) -> String {
    name.replace([',', '"', '\n', '\r'], " ").trim().to_owned()
}

/// Writes the canonical table as CSV.
///
/// # Errors
/// If writing fails.
pub fn write_csv(sessions: &[Session], mut out: impl Write) -> std::io::Result<()> {
    writeln!(out, "{}", SESSIONS.names().join(","))?;
    for session in sessions {
        let requested =
            if session.requested_kwh.is_nan() { String::new() } else { session.requested_kwh.to_string() };
        writeln!(
            out,
            "{},{},{},{},{},{},{requested},{}",
            session.session_id,
            session.station_id,
            session.vehicle,
            session.arrival.iso(),
            session.departure.iso(),
            session.energy_kwh,
            session.stated_departure.map(SimTime::iso).unwrap_or_default(),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(name: &str, text: &str, options: &Options) -> Result<Sessions> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        read(&[path], options)
    }

    fn zone(tz: Tz) -> Options {
        Options { timezone: Some(tz), ..Options::default() }
    }

    #[test]
    fn published_sessions_become_one_table() {
        let acn = r#"[{"_id":"x","connectionTime":"Sat, 01 May 2021 20:42:47 GMT","disconnectTime":"Sat, 01 May 2021 21:32:12 GMT","kWhDelivered":30.9,"sessionID":"a","stationID":"2-39","userID":"7","userInputs":[{"kWhRequested":20},{"kWhRequested":71.5,"requestedDeparture":"Sun, 02 May 2021 08:43:46 GMT"}]},
            {"_id":"y","connectionTime":"Sat, 01 May 2021 22:00:00 GMT","disconnectTime":"Sat, 01 May 2021 23:00:00 GMT","kWhDelivered":5,"sessionID":"b","stationID":"2-39","userInputs":null}]"#;
        let read = read_text("a.json", acn, &Options::default()).unwrap();
        let mut text = Vec::new();
        write_csv(&read.sessions, &mut text).unwrap();
        insta::assert_snapshot!(String::from_utf8(text).unwrap(), @r"
        session_id,station_id,vehicle,arrival,departure,energy_kwh,requested_kwh,stated_departure
        a,2-39,7,2021-05-01T20:42:47Z,2021-05-01T21:32:12Z,30.9,71.5,2021-05-02T08:43:46Z
        b,2-39,,2021-05-01T22:00:00Z,2021-05-01T23:00:00Z,5,,
        ");
        // A column named UTC that is local time, days first, decimal commas.
        let elaad = "TransactionId;ChargePoint;Connector;UTCTransactionStart;UTCTransactionStop;StartCard;ConnectedTime;ChargeTime;TotalEnergy;MaxPower\n\
            1;NL-1;1;31/07/2019 08:00;31/07/2019 17:30;c;9,5;3;11,5;3,7\n";
        let read = read_text("e.csv", elaad, &Options::default()).unwrap();
        assert_eq!(
            (read.sessions[0].arrival.iso().as_str(), read.sessions[0].energy_kwh),
            ("2019-07-31T06:00:00Z", 11.5)
        );
        let cdr = r#"{"data":[{"id":"c1","start_date_time":"2024-06-29T21:39:09Z","end_date_time":"2024-06-29T23:37:32Z","total_energy":15.342,"cdr_location":{"evse_uid":"E1"},"cdr_token":{"uid":"t"}}]}"#;
        let read = read_text("c.json", cdr, &Options::default()).unwrap();
        assert_eq!((read.sessions[0].station_id.as_str(), read.sessions[0].vehicle.as_str()), ("E1", "t"));
    }

    #[test]
    fn rows_that_are_no_session_are_counted_by_reason() {
        let text = "arrival,departure,energy_kwh,session_id\n\
            2024-01-01 08:00,2024-01-01 10:00,7,a\n2024-01-01 08:00,2024-01-01 10:00,7,a\n\
            2024-01-01 08:00,2024-01-01 07:00,7,b\n2024-01-01 08:00,2024-06-01 07:00,7,c\n\
            2024-01-01 08:00,2024-01-01 09:00,0,d\n2024-01-01 08:00,2024-01-01 09:00,x,e\n\
            2024-01-01 08:00,2024-01-01 09:00,900,f\nnever,2024-01-01 09:00,9,g\n2024-01-01 08:00,2024-01-01 09:00,-4,h\n";
        let read = read_text("s.csv", text, &zone(chrono_tz::Europe::Berlin)).unwrap();
        let reasons: Vec<_> = read.report.skipped.iter().map(|(reason, n)| (reason.as_str(), *n)).collect();
        assert_eq!(
            reasons,
            [
                ("absurd energy", 1),
                ("departure not after the arrival", 1),
                ("duplicate", 1),
                ("energy of zero", 1),
                ("mean power above 400 kW", 1),
                ("stay of more than 30 days", 1),
                ("unreadable energy", 1),
                ("unreadable time", 1)
            ]
        );
        assert_eq!((read.report.rows_read, read.report.rows_kept), (9, 1));
        let error = read_text("s.csv", text, &Options::default()).unwrap_err().to_string();
        assert!(error.contains("a time without offset, expected its time zone"), "{error}");
    }

    #[test]
    fn a_departure_in_the_doubled_hour_is_after_its_arrival() {
        let text = "arrival,departure,energy_kwh\n2024-10-27 02:50,2024-10-27 02:10,5\n";
        let read = read_text("s.csv", text, &zone(chrono_tz::Europe::Berlin)).unwrap();
        let session = &read.sessions[0];
        assert_eq!(
            (session.arrival.iso().as_str(), session.departure.0 - session.arrival.0),
            ("2024-10-27T00:50:00Z", 1_200)
        );
    }

    #[test]
    fn units_of_energy_are_converted_or_doubted() {
        let text = "arrival,departure,energy [Wh]\n2024-10-27T02:50Z,2024-10-27T12:10Z,5000\n";
        let map = |column: &str| BTreeMap::from([("energy_kwh".to_owned(), column.to_owned())]);
        let options = Options { map: map("energy [Wh]"), ..Options::default() };
        assert_eq!(read_text("s.csv", text, &options).unwrap().sessions[0].energy_kwh, 5.0);
        let text = "arrival,departure,e\n2024-10-27T02:50Z,2024-10-27T12:10Z,500\n";
        let doubted = read_text("s.csv", text, &Options { map: map("e"), ..Options::default() }).unwrap();
        assert!(doubted.report.warnings[0].contains("is the unit Wh?"));
        let stated = read_text("s.csv", text, &Options { map: map("e:Wh"), ..Options::default() }).unwrap();
        assert_eq!(stated.sessions[0].energy_kwh, 0.5);
    }
}

//! Columns of a file of trips: by canonical names or by a map.

use super::super::dictionary::TRIPS;
use super::super::source::TripSource;
use super::super::table::TableFile;
use super::ends::EndColumns;
use gridfleet_core::error::{Error, InputError, Result};

/// Columns of a file of trips.
pub(super) struct Columns {
    /// First column of the time.
    pub(super) time: usize,
    /// All columns of the time.
    pub(super) times: Vec<usize>,
    pub(super) fleet: Option<usize>,
    pub(super) duration: Option<usize>,
    pub(super) distance: Option<usize>,
    pub(super) passengers: Option<usize>,
    pub(super) fare: Option<usize>,
    pub(super) vehicle: Option<usize>,
    pub(super) plugged: Option<usize>,
    /// State of charge at the start and at the end.
    pub(super) socs: [Option<usize>; 2],
    /// Origin and destination.
    pub(super) ends: [EndColumns; 2],
}

impl Columns {
    pub(super) fn find(file: &TableFile, source: &TripSource) -> Result<Self> {
        for name in source.map.keys() {
            if !TRIPS.names().contains(&name.as_str()) {
                let known = format!("one of {}", TRIPS.names().join(", "));
                return Err(InputError::new(format!("`{name}`"), known).key("map").into());
            }
        }
        let find = |name: &str| match source.map.get(name) {
            Some(mapped) => Ok(Some(mapped_column(file, mapped)?.0[0])),
            None => Ok::<_, Error>(file.find(&[name])),
        };
        let Some(time) = find("request_time")? else {
            let missing = file.lacks("request_time");
            return Err(missing
                .help("where it has another name, map it: request_time = \"<column>\"")
                .into());
        };
        let times = match source.map.get("request_time") {
            Some(mapped) => mapped_column(file, mapped)?.0,
            None => vec![time],
        };
        let fleet = match &source.fleet_column {
            Some(name) => Some(file.require(&[name])?),
            None => find("fleet")?,
        };
        let end = |end: &str| {
            let zone = find(&format!("{end}_zone"))?;
            let lat = find(&format!("{end}_lat"))?;
            let lon = find(&format!("{end}_lon"))?;
            Ok::<EndColumns, Error>((zone, lat.zip(lon)))
        };
        let columns = Self {
            time,
            times,
            fleet,
            duration: find("duration_s")?,
            distance: find("distance_km")?,
            passengers: find("passengers")?,
            fare: find("fare")?,
            vehicle: find("vehicle")?,
            plugged: find("ends_at_charger")?,
            socs: [find("soc_start")?, find("soc_end")?],
            ends: [end("origin")?, end("destination")?],
        };
        for (end, columns) in ["origin", "destination"].into_iter().zip(columns.ends) {
            if columns == (None, None) {
                let missing = file.lacks(&format!("{end}_zone"));
                let help =
                    format!("give `{end}_zone`, or `{end}_lat` and `{end}_lon`; map names that differ");
                return Err(missing.help(help).into());
            }
        }
        Ok(columns)
    }

    /// All columns that are there.
    pub(super) fn all(&self) -> Vec<usize> {
        let [start, end] = self.socs;
        let single = [
            Some(self.time),
            self.fleet,
            self.duration,
            self.distance,
            self.passengers,
            self.fare,
            self.vehicle,
            self.plugged,
            start,
            end,
        ];
        let mut all: Vec<usize> = single.into_iter().flatten().collect();
        all.extend(&self.times);
        for (zone, point) in self.ends {
            all.extend(zone);
            all.extend(point.into_iter().flat_map(|(lat, lon)| [lat, lon]));
        }
        all
    }
}

/// Columns that a map names: a column, `COLUMN:UNIT`, or several columns of one time, `DATE+TIME`.
///
/// # Errors
/// If a column is missing.
fn mapped_column<'a>(file: &TableFile, mapped: &'a str) -> Result<(Vec<usize>, Option<&'a str>)> {
    if let Some(column) = file.find(&[mapped]) {
        return Ok((vec![column], None));
    }
    if let Some((name, unit)) = mapped.rsplit_once(':')
        && let Some(column) = file.find(&[name])
    {
        return Ok((vec![column], Some(unit)));
    }
    if mapped.contains('+') {
        let columns = mapped.split('+').map(|name| file.require(&[name.trim()])).collect::<Result<_>>()?;
        return Ok((columns, None));
    }
    Ok((vec![file.require(&[mapped])?], None))
}

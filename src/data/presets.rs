//! Kinds of published files, as data: `presets.toml` names the columns by which each is recognised and their meaning.

use super::table::TableFile;
use super::times::DateOrder;
use chrono_tz::Tz;
use gridfleet_core::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Table that a file becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Into {
    /// The canonical table of trips.
    Trips,
    /// The canonical table of prices.
    Prices,
    /// The canonical table of stations.
    Stations,
    /// The canonical table of charging sessions.
    Sessions,
}

/// End of a slot that its time states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stamp {
    /// Time at which the slot begins.
    Start,
    /// Time at which the slot ends.
    End,
}

/// A kind of published file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Name.
    pub name: String,
    /// Table that it becomes.
    pub into: Into,
    /// Description in one line.
    pub about: String,
    /// Columns by which it is recognised, in lower case; alternatives are separated by `|`.
    pub requires: Vec<String>,
    /// Canonical columns of trips or sessions and the columns of the file.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// Time zone of times without offset.
    timezone: Option<String>,
    /// Order of day and month.
    date_order: Option<String>,
    /// Whether times without offset are UTC.
    #[serde(default)]
    pub utc: bool,
    /// Columns of the time; alternatives.
    #[serde(default)]
    pub time: Vec<Vec<String>>,
    /// Column of the time at which the rider is picked up, in files with request times.
    pub pick_up: Option<String>,
    /// Column of the hour, counted from 1 (hour ending).
    pub hour: Option<String>,
    /// Column that marks the second of the two hours of autumn.
    pub repeated: Option<String>,
    /// Column of the place; alternatives.
    pub area: Option<String>,
    /// Column of which some publishers give several values per time.
    pub sequence: Option<String>,
    /// Columns of the price; alternatives.
    #[serde(default)]
    pub price: Vec<String>,
    /// End of the slot that its time states.
    pub stamp: Option<Stamp>,
    /// The same for slots shorter than an hour.
    pub short_stamp: Option<Stamp>,
    /// Unit of the price, where the header does not state it.
    pub unit: Option<String>,
    /// Interval to whose nearest multiple the publisher rounds times [s].
    pub rounded_to_s: Option<i64>,
    /// Columns and values of the rows to read.
    #[serde(default, rename = "where")]
    pub conditions: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct File {
    preset: Vec<Preset>,
}

impl Preset {
    /// All kinds.
    ///
    /// # Errors
    /// If the list that is part of the program is damaged.
    pub fn all() -> Result<Vec<Self>> {
        let file: File = toml::from_str(include_str!("presets.toml"))
            .map_err(|e| Error::Other(format!("presets.toml of the program: {e}")))?;
        Ok(file.preset)
    }

    /// The kind of a file, if it is one of these.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub fn of(file: &TableFile) -> Result<Option<Self>> {
        Ok(Self::all()?.into_iter().find(|preset| preset.fits(file)))
    }

    /// The kind `name` of the file: of several with the name, the one that fits.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub fn named(name: &str, file: &TableFile) -> Result<Option<Self>> {
        Ok(Self::all()?.into_iter().find(|preset| preset.name == name && preset.fits(file)))
    }

    /// Whether the file has the columns of this kind.
    pub fn fits(&self, file: &TableFile) -> bool {
        let names: Vec<String> = file.names().iter().map(|name| name.to_lowercase()).collect();
        self.requires
            .iter()
            .all(|column| column.split('|').any(|name| names.iter().any(|other| other == name)))
    }

    /// Time zone of times without offset.
    pub fn timezone(&self) -> Option<Tz> {
        self.timezone.as_ref()?.parse().ok()
    }

    /// Order of day and month.
    pub fn date_order(&self) -> Option<DateOrder> {
        match self.date_order.as_deref() {
            Some("day-first") => Some(DateOrder::DayFirst),
            Some("month-first") => Some(DateOrder::MonthFirst),
            _ => None,
        }
    }

    /// The map of a file of trips or sessions: of alternatives, the column that the file has.
    pub fn map_for(&self, file: &TableFile) -> BTreeMap<String, String> {
        let mut map = BTreeMap::new();
        for (name, columns) in &self.map {
            let (columns, unit) =
                columns.rsplit_once(':').map_or((columns.as_str(), None), |(c, u)| (c, Some(u)));
            let Some(at) = columns.split('|').find_map(|column| file.find(&[column])) else { continue };
            let column = file.names().get(at).cloned().unwrap_or_default();
            map.insert(name.clone(), unit.map_or(column.clone(), |unit| format!("{column}:{unit}")));
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_recognised_by_its_own_columns() {
        let all = Preset::all().unwrap();
        for preset in &all {
            assert!(!preset.about.is_empty() && !preset.requires.is_empty());
            let first = |column: &String| column.split('|').next().unwrap_or_default().to_owned();
            let header =
                preset.requires.iter().map(first).map(|name| format!("\"{name}\"")).collect::<Vec<_>>();
            let file =
                TableFile::from_bytes("x.csv", format!("{}\n", header.join(",")).into_bytes()).unwrap();
            assert_eq!(Preset::of(&file).unwrap().unwrap().about, preset.about, "{}", preset.name);
            assert!(preset.date_order.is_none() || preset.date_order().is_some());
            assert!(preset.timezone.is_none() || preset.timezone().is_some());
        }
    }
}

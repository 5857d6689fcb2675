//! The page of one run.

mod charging;
mod figures;
mod grid;
mod map;
mod markets;
mod money;
mod readings;
mod retail;
mod rides;
mod vehicles;

use super::chart::Colour;
use super::html::{Cell, Table, numbers, words};
use super::page::Page;
use super::source::Folder;
use chrono::DateTime;
use figures::Figures;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::time::{LocalClock, SimTime};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// `summary.json` of a run.
#[derive(Debug, Deserialize)]
struct Summary {
    scenario: String,
    #[serde(default)]
    scenario_sha256: String,
    seed: u64,
    #[serde(default)]
    replication: u64,
    #[serde(default)]
    policy: BTreeMap<String, String>,
    start: String,
    end: String,
    #[serde(default)]
    time_zone: String,
    currency: String,
    #[serde(default)]
    fleets: Vec<Figures>,
    #[serde(default)]
    operators: Vec<Figures>,
    #[serde(default)]
    groups: Vec<Figures>,
    #[serde(default)]
    markets: Vec<Figures>,
    #[serde(default)]
    retailers: Vec<Figures>,
    #[serde(default)]
    competitors: Vec<Figures>,
    #[serde(default)]
    refused_actions: BTreeMap<String, u64>,
    feeder: Option<grid::Feeder>,
    #[serde(default)]
    imports: serde_json::Value,
    #[serde(flatten)]
    total: Figures,
}

/// The period of a run, in local time of its time zone.
///
/// Charts use one offset from UTC throughout, that of the start: otherwise an axis would go back an hour, or skip one,
/// at a clock change.
pub(super) struct Local {
    /// First instant [s].
    pub start: i64,
    /// First instant no longer simulated [s].
    pub end: i64,
    offset_s: i64,
    /// Description of the times of the charts, for their axes.
    pub name: String,
}

impl Local {
    /// From instants in ISO 8601 and the name of a time zone, as given in `file`; UTC if the zone is unknown.
    pub fn new(file: &Path, start: &str, end: &str, zone: &str) -> Result<Self> {
        let instant = |key: &str, text: &str| match DateTime::parse_from_rfc3339(text) {
            Ok(time) => Ok(time.timestamp()),
            Err(_) => Err(InputError::new(format!("{text:?}"), "an instant in ISO 8601").file(file).key(key)),
        };
        let (start, end) = (instant("start", start)?, instant("end", end)?);
        let tz: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
        let clock = LocalClock::new(tz, SimTime(start), SimTime(end));
        let offset_s = clock.offset_s(SimTime(start));
        let (sign, minutes) = (if offset_s < 0 { '\u{2212}' } else { '+' }, offset_s.abs() / 60);
        let mut name = match offset_s {
            0 if tz == chrono_tz::UTC => "UTC".to_owned(),
            _ => {
                format!("{} (UTC{sign}{:02}:{:02})", tz.name().replace('_', " "), minutes / 60, minutes % 60)
            }
        };
        if clock.offset_s(SimTime(end)) != offset_s {
            name.push_str(" throughout");
        }
        Ok(Self { start, end, offset_s, name })
    }

    /// Local time in milliseconds, for an axis.
    pub fn ms(&self, time_s: i64) -> f64 {
        ((time_s + self.offset_s) * 1_000) as f64
    }

    /// Local time in words.
    pub fn text(&self, time_s: i64) -> String {
        DateTime::from_timestamp(time_s + self.offset_s, 0)
            .map_or_else(String::new, |t| t.format("%-d %B %Y, %H:%M").to_string())
    }
}

/// Data that every part of the page needs.
struct Context<'a> {
    folder: &'a Folder,
    summary: &'a Summary,
    local: Local,
}

/// The page of the run in `folder`.
pub(super) fn render(folder: &Folder) -> Result<String> {
    let summary: Summary = folder.summary_as()?;
    let local = Local::new(&folder.summary_file(), &summary.start, &summary.end, &summary.time_zone)?;
    let subtitle = format!("{} to {}, {}", local.text(local.start), local.text(local.end), local.name);
    let mut page = Page::new("Run", &summary.scenario, subtitle);
    page.facts = summary.policy.iter().map(|(role, name)| (role.clone(), name.clone())).collect();
    page.facts.push(("seed".to_owned(), summary.seed.to_string()));
    page.facts.push(("replication".to_owned(), summary.replication.to_string()));
    page.provenance = [
        ("Scenario", summary.scenario.clone()),
        ("SHA-256 of the scenario", summary.scenario_sha256.clone()),
        ("Seed", summary.seed.to_string()),
        ("Replication", summary.replication.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec();

    let context = Context { folder, summary: &summary, local };
    page.section("Key figures", figures::cards(&summary));
    page.section("Summary", figures::tables(&summary));
    vehicles::sections(&context, &mut page)?;
    rides::sections(&context, &mut page)?;
    charging::sections(&context, &mut page)?;
    map::sections(&context, &mut page)?;
    retail::sections(&context, &mut page)?;
    markets::sections(&context, &mut page)?;
    grid::sections(&context, &mut page)?;
    money::sections(&context, &mut page)?;
    page.section("Data read and actions refused", imports(&summary));
    page.render(folder)
}

/// Number of distinguishable colours; grey is for items without an owner.
const COLOURS: usize = 7;

impl Context<'_> {
    /// Colour of a fleet, the same in every chart.
    fn fleet_colour(&self, name: &str) -> Colour {
        colour(&self.summary.fleets, name)
    }

    /// Colour of an operator of stations, the same in every chart.
    fn operator_colour(&self, name: &str) -> Colour {
        colour(&self.summary.operators, name)
    }

    /// Unit of prices of energy.
    fn price_unit(&self) -> String {
        format!("{}/MWh", self.summary.currency)
    }

    /// Notes that a table is missing, and the content that it would have provided.
    fn absent(&self, page: &mut Page, table: &str, what: &str) {
        page.note(format!(
            "{what}: the folder has no {table}.parquet. The run had no such rows, or `[outputs]` of the \
             scenario does not select the table."
        ));
    }
}

fn colour(owners: &[Figures], name: &str) -> Colour {
    Colour(owners.iter().position(|f| f.name() == name).unwrap_or(0) % COLOURS)
}

/// Input rows read, skipped, repaired and derived, and actions of policies that were refused.
fn imports(summary: &Summary) -> String {
    let mut html = String::new();
    let mut table =
        Table::new("Rows of the trips", vec![words("Outcome"), words("Why"), numbers("Rows", "")]);
    let trips = &summary.imports["trips"];
    for (key, what) in [("rows_read", "read"), ("rows_kept", "kept")] {
        if let Some(rows) = trips[key].as_u64() {
            table.row(vec![Cell::text(what), Cell::text(""), Cell::count(rows)]);
        }
    }
    let reasons = |value: &serde_json::Value| -> Vec<(String, u64)> {
        let entries = value.as_object().into_iter().flatten();
        entries.filter_map(|(why, rows)| Some((why.clone(), rows.as_u64()?))).collect()
    };
    let parts = [
        (&trips["skipped"], "skipped"),
        (&trips["repaired"], "repaired"),
        (&summary.imports["left_out"], "left out"),
    ];
    for (part, what) in parts {
        for (why, rows) in reasons(part) {
            table.row(vec![Cell::text(what), Cell::text(&why), Cell::count(rows)]);
        }
    }
    if !table.is_empty() {
        html.push_str(&table.render());
    }
    let mut table = Table::new("Derived columns", vec![words("Column"), words("From")]);
    for (column, from) in trips["derived"].as_object().into_iter().flatten() {
        table.row(vec![Cell::code(column), Cell::text(from.as_str().unwrap_or_default())]);
    }
    if !table.is_empty() {
        html.push_str(&table.render());
    }
    let mut table = Table::new(
        "Actions that policies proposed and the engine refused",
        vec![words("Reason"), numbers("Actions", "")],
    );
    for (reason, count) in &summary.refused_actions {
        table.row(vec![Cell::text(reason), Cell::count(*count)]);
    }
    if table.is_empty() {
        html.push_str("<p>No action of a policy was refused.</p>\n");
    } else {
        html.push_str(&table.render());
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local_axis(start: &str, end: &str, zone: &str) -> Result<Local> {
        Local::new(Path::new("summary.json"), start, end, zone)
    }

    #[test]
    fn local_times_keep_one_offset() {
        let local = local_axis("2018-03-05T05:00:00Z", "2018-03-12T04:00:00Z", "America/New_York").unwrap();
        assert_eq!(local.name, "America/New York (UTC\u{2212}05:00) throughout");
        assert_eq!(local.text(local.start), "5 March 2018, 00:00");
        assert_eq!(local.ms(local.end) - local.ms(local.start), (7.0 * 24.0 - 1.0) * 3.6e6);
        let utc = local_axis("2018-03-05T05:00:00Z", "2018-03-05T06:00:00Z", "").unwrap();
        assert_eq!((utc.name.as_str(), utc.ms(0)), ("UTC", 0.0));
        assert_eq!(
            local_axis("yesterday", "2018-03-05T06:00:00Z", "").err().map(|e| e.to_string()).unwrap(),
            "summary.json: start: found \"yesterday\", expected an instant in ISO 8601"
        );
    }
}

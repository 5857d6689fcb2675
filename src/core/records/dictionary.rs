//! The data dictionary: every output table with its columns, their types, units and meaning, as declared in `tables.rs`.
//!
//! Writers, documentation and `gridfleet schema` use it; a test of the writer compares the files with it.

pub use super::tables::{TABLES, TableId};
use std::fmt::Write as _;

names! {
    /// Type of a column.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Kind {
        /// Number of a row of another table, counted from 0 (Parquet: unsigned 32 bit).
        Id = "id",
        /// Whole number (signed 64 bit).
        Int = "int",
        /// Number (64 bit floating point).
        Float = "float",
        /// Text in UTF-8.
        Text = "text",
        /// Instant (timestamp in milliseconds, UTC).
        Time = "timestamp[ms, UTC]",
        /// True or false.
        Bool = "bool",
    }
}

/// One column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Name in the file.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Unit, where it has one.
    pub unit: Option<&'static str>,
    /// Whether it may be null.
    pub nullable: bool,
    /// Meaning.
    pub doc: &'static str,
}

/// One output table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Name; the file is `<name>.parquet`.
    pub name: &'static str,
    /// Meaning of one row.
    pub doc: &'static str,
    /// Its columns, in the order of the file.
    pub columns: &'static [Column],
}

impl Table {
    /// Name of its file.
    pub fn file_name(&self) -> String {
        format!("{}.parquet", self.name)
    }
}

impl TableId {
    /// Its entry in the dictionary.
    pub const fn table(self) -> &'static Table {
        &TABLES[self as usize]
    }

    /// The table called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.table().name == name)
    }
}

/// The dictionary as a Markdown text, one table of columns per output table.
pub fn markdown() -> String {
    let mut out = String::new();
    for table in TABLES {
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "## `{}`\n\n{}\n\n| column | type | unit | null | meaning |\n|---|---|---|---|---|",
            table.file_name(),
            table.doc
        );
        for c in table.columns {
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {} |",
                c.name,
                c.kind.name(),
                c.unit.unwrap_or(""),
                if c.nullable { "yes" } else { "no" },
                c.doc
            );
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::EntryKind;
    use crate::records::{EndReason, LegPurpose, SiteKind, TripStatus};

    #[test]
    fn every_identifier_finds_its_table() {
        for id in TableId::ALL {
            let name = id.table().name;
            assert_eq!(serde_json::to_value(id).unwrap(), name);
            assert_eq!(TableId::from_name(name), Some(id));
        }
        assert_eq!(TableId::from_name("trip"), None);
    }

    #[test]
    fn column_names_are_unique_and_end_in_their_unit() {
        for table in TABLES {
            for (i, c) in table.columns.iter().enumerate() {
                assert!(table.columns[..i].iter().all(|other| other.name != c.name), "{}", c.name);
                let unit = match c.name.rsplit('_').next() {
                    Some("km") if c.name.ends_with("_kwh_per_km") => Some("kWh/km"),
                    Some("km") => Some("km"),
                    Some("kwh") => Some("kWh"),
                    Some("kw") => Some("kW"),
                    Some("s") => Some("s"),
                    Some("mwh") => Some("currency/MWh"),
                    Some("time") => {
                        assert_eq!(c.kind, Kind::Time);
                        None
                    }
                    _ => continue,
                };
                assert_eq!(c.unit, unit, "{}.{}", table.name, c.name);
            }
        }
    }

    #[test]
    fn the_meaning_of_each_enumeration_lists_its_values() {
        let doc = |table: TableId, name: &str| {
            table.table().columns.iter().find(|c| c.name == name).map(|c| c.doc).unwrap()
        };
        for (table, column, names) in [
            (TableId::Trips, "status", TripStatus::ALL.map(TripStatus::name).to_vec()),
            (TableId::Legs, "purpose", LegPurpose::ALL.map(LegPurpose::name).to_vec()),
            (TableId::Sessions, "end_reason", EndReason::ALL.map(EndReason::name).to_vec()),
            (TableId::Ledger, "kind", EntryKind::ALL.map(EntryKind::name).to_vec()),
            (TableId::Market, "side", crate::markets::Side::ALL.map(crate::markets::Side::name).to_vec()),
            (TableId::Sites, "kind", SiteKind::ALL.map(SiteKind::name).to_vec()),
        ] {
            let doc = doc(table, column);
            assert!(names.iter().all(|name| doc.contains(name)), "{doc}");
        }
        assert!(markdown().contains("| `wait_s` | int | s | yes | Pick-up less request. |"));
    }
}

//! Columns of the tables that scenarios name: the one list from which readers take the names that they know, and from which
//! `docs/input-tables.md` is written.

use gridfleet_core::ranges::{self, Range};
use std::fmt::Write as _;

/// Content of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Content {
    /// A name.
    Text,
    /// An instant.
    Time,
    /// Yes or no.
    Flag,
    /// A number within a range, with the unit of that range.
    Number(Range),
    /// A number [kWh] from 0 to 1,000.
    SessionEnergy,
    /// A list of pairs of numbers.
    Points,
}

/// Whether a column must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It must be there, and no cell may be empty.
    Required,
    /// One of several columns must be there, as the meaning says.
    OneOf,
    /// It may be absent, and cells may be empty; the text is the substitute.
    Optional(&'static str),
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Name.
    pub name: &'static str,
    /// Content.
    pub content: Content,
    /// Whether it must be there.
    pub need: Need,
    /// Meaning.
    pub meaning: &'static str,
}

/// A table that scenarios name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InputTable {
    /// Name in headings.
    pub name: &'static str,
    /// Keys of scenarios that name such a table, and a description.
    pub about: &'static str,
    /// Columns.
    pub columns: &'static [Column],
}

impl InputTable {
    /// Names of all columns.
    pub fn names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|column| column.name).collect()
    }

    /// Names of the columns that must be there.
    pub fn required(&self) -> Vec<&'static str> {
        self.columns.iter().filter(|column| column.need == Need::Required).map(|column| column.name).collect()
    }
}

use Content::{Flag, Number, Points, SessionEnergy, Text, Time};
use Need::{OneOf, Optional, Required};

const fn column(name: &'static str, content: Content, need: Need, meaning: &'static str) -> Column {
    Column { name, content, need, meaning }
}

/// Trips.
pub const TRIPS: InputTable = InputTable {
    name: "Trips",
    about: "Key `trips.files`: one row per trip, in any order. Columns with other names are mapped with `trips.map` or \
            `--map`. Files of published kinds need no map (`gridfleet data kinds`).",
    columns: &[
        column(
            "request_time",
            Time,
            Required,
            "Time of the request. Without an offset it is of `trips.timezone`.",
        ),
        column(
            "origin_zone",
            Text,
            OneOf,
            "Zone of the origin: an id of `trips.zones`. This or coordinates.",
        ),
        column("origin_lat", Number(ranges::LATITUDE), OneOf, "Latitude of the origin."),
        column("origin_lon", Number(ranges::LONGITUDE), OneOf, "Longitude of the origin."),
        column("destination_zone", Text, OneOf, "Zone of the destination. This or coordinates."),
        column("destination_lat", Number(ranges::LATITUDE), OneOf, "Latitude of the destination."),
        column("destination_lon", Number(ranges::LONGITUDE), OneOf, "Longitude of the destination."),
        column(
            "duration_s",
            Number(ranges::TRIP_DURATION),
            Optional("travel model"),
            "Driving time with the rider.",
        ),
        column(
            "distance_km",
            Number(ranges::TRIP_DISTANCE),
            Optional("travel model"),
            "Distance with the rider.",
        ),
        column("fleet", Text, Optional("`trips.fleet_shares`"), "Fleet that is asked."),
        column("passengers", Number(ranges::PASSENGERS), Optional("not recorded"), "Number of riders."),
        column(
            "fare",
            Number(ranges::FARE),
            Optional("fare rule of the fleet"),
            "Amount paid by the rider [currency].",
        ),
        column("vehicle", Text, Optional("none"), "Vehicle that made the trip, for replay."),
        column(
            "soc_start",
            Number(ranges::SHARE),
            Optional("none"),
            "State of charge at the start, for replay.",
        ),
        column("soc_end", Number(ranges::SHARE), Optional("none"), "State of charge at the end, for replay."),
        column(
            "ends_at_charger",
            Flag,
            Optional("no"),
            "Whether the vehicle was plugged in where the trip ended.",
        ),
    ],
};

/// Prices.
pub const PRICES: InputTable = InputTable {
    name: "Prices",
    about: "Keys `file` of tariffs and markets: one row per slot, in order and without gaps. A price holds until the next \
            one. `gridfleet data import` makes this table of the files of markets.",
    columns: &[
        column("time", Time, Required, "Start of the slot, with an offset."),
        column(
            "price_per_mwh",
            Number(ranges::PRICE),
            OneOf,
            "Price of energy. This, or both of those below.",
        ),
        column("up_per_mwh", Number(ranges::PRICE), OneOf, "Price that is paid for energy that is short."),
        column(
            "down_per_mwh",
            Number(ranges::PRICE),
            OneOf,
            "Price that is received for energy that is left.",
        ),
    ],
};

/// Stations.
pub const STATIONS: InputTable = InputTable {
    name: "Stations",
    about: "Key `stations_file`: one row per station and kind of connector. `gridfleet data import stations` makes this \
            table of registers.",
    columns: &[
        column("station_id", Text, Required, "Name of the station, once in the table."),
        column("lat", Number(ranges::LATITUDE), OneOf, "Latitude. This and the longitude, or a zone."),
        column("lon", Number(ranges::LONGITUDE), OneOf, "Longitude."),
        column("zone", Text, OneOf, "Zone in which the station is."),
        column("operator", Text, Optional("the station"), "Operator."),
        column("access", Text, Optional("public"), "`public`, or names of fleets separated by `;`."),
        column("connectors", Number(ranges::CONNECTORS), Required, "Number of connectors."),
        column("connector_kw", Number(ranges::CONNECTOR_POWER), Required, "Power of each connector."),
        column("dc", Flag, Optional("above 22 kW"), "Whether the connectors are DC."),
        column(
            "site_limit_kw",
            Number(ranges::SITE_POWER),
            Optional("none"),
            "Maximum total power of the connectors.",
        ),
        column("retailer", Text, Optional("that of the operator"), "Retailer that sells the energy."),
        column(
            "markup_per_mwh",
            Number(ranges::PRICE),
            Optional("that of the operator"),
            "Markup on the retailer's price.",
        ),
        column(
            "queue_patience_s",
            Number(ranges::PATIENCE),
            Optional("that of the operator"),
            "Maximum wait in the queue.",
        ),
        column("bus", Number(ranges::BUS), Optional("none"), "Bus of the feeder."),
    ],
};

/// Vehicle types.
pub const VEHICLE_TYPES: InputTable = InputTable {
    name: "Vehicle types",
    about: "Key `vehicle_types_file`: the catalogue of types, one row each.",
    columns: &[
        column("name", Text, Required, "Name of the type, once in the table."),
        column("battery_kwh", Number(ranges::BATTERY), Required, "Energy between state of charge 0 and 1."),
        column(
            "usable_soc_min",
            Number(ranges::SHARE),
            Optional("0"),
            "Least state of charge that operation uses.",
        ),
        column(
            "usable_soc_max",
            Number(ranges::SHARE),
            Optional("1"),
            "Greatest state of charge that operation uses.",
        ),
        column(
            "consumption_kwh_per_km",
            Number(ranges::CONSUMPTION),
            Required,
            "Energy per distance at mild temperature.",
        ),
        column(
            "consumption_by_temperature",
            Points,
            Optional("constant"),
            "Points `temperature:factor`, separated by blanks.",
        ),
        column("ac_kw", Number(ranges::VEHICLE_POWER), Required, "Maximum power of the on-board charger."),
        column("dc_kw", Number(ranges::VEHICLE_POWER), Optional("0"), "Maximum power from a DC connector."),
        column(
            "charging_curve",
            Points,
            Optional("constant"),
            "Points `state of charge:power [kW]`, separated by blanks.",
        ),
        column(
            "charge_efficiency",
            Number(ranges::EFFICIENCY),
            Optional("0.9"),
            "Stored energy over energy drawn.",
        ),
        column(
            "discharge_efficiency",
            Number(ranges::EFFICIENCY),
            Optional("0.9"),
            "Energy fed back over energy taken from the battery.",
        ),
        column(
            "wear_cost_per_kwh",
            Number(ranges::WEAR_COST),
            Optional("0"),
            "Cost of battery wear per energy through it.",
        ),
    ],
};

/// Vehicles.
pub const VEHICLES: InputTable = InputTable {
    name: "Vehicles",
    about: "Key `vehicles_file` of a fleet: one row per vehicle.",
    columns: &[
        column("vehicle_id", Text, Required, "Name of the vehicle, once in the table."),
        column("type", Text, Required, "Name of its type."),
        column("fleet", Text, Optional("the fleet that names the file"), "Name of its fleet."),
        column(
            "lat",
            Number(ranges::LATITUDE),
            Optional("a random place"),
            "Latitude at the start, with the longitude.",
        ),
        column("lon", Number(ranges::LONGITUDE), Optional("a random place"), "Longitude at the start."),
        column("zone", Text, Optional("a random place"), "Zone at the start."),
        column("soc", Number(ranges::SHARE), Optional("that of the fleet"), "State of charge at the start."),
    ],
};

/// Zones.
pub const ZONES: InputTable = InputTable {
    name: "Zones",
    about: "Key `trips.zones`: one row per zone, or the TLC's shapefile. `OBJECTID`, `LocationID` or `id` are other names \
            of the first column.",
    columns: &[
        column("zone_id", Text, Required, "Id by which trips and stations name the zone."),
        column("lat", Number(ranges::LATITUDE), Required, "Latitude of its centre."),
        column("lon", Number(ranges::LONGITUDE), Required, "Longitude of its centre."),
        column(
            "area_km2",
            Number(ranges::AREA),
            Optional("0"),
            "Area, over which trips within the zone are spread.",
        ),
        column("zone", Text, Optional("none"), "Name."),
        column("borough", Text, Optional("none"), "Name of the part of the city."),
    ],
};

/// Charging sessions.
pub const SESSIONS: InputTable = InputTable {
    name: "Charging sessions",
    about: "Made by `gridfleet data import sessions`, one row per stay at a connector; no scenario names it yet.",
    columns: &[
        column("session_id", Text, Optional("none"), "Name of the session."),
        column("station_id", Text, Optional("none"), "Name of the station or connector."),
        column("vehicle", Text, Optional("none"), "Name of the vehicle, driver or card."),
        column("arrival", Time, Required, "Time of plugging in."),
        column("departure", Time, Required, "Time of unplugging, after the arrival."),
        column("energy_kwh", SessionEnergy, Required, "Energy taken."),
        column("requested_kwh", SessionEnergy, Optional("none"), "Energy that the driver asked for."),
        column("stated_departure", Time, Optional("none"), "Departure that the driver announced."),
    ],
};

/// All tables.
pub const TABLES: [InputTable; 7] = [TRIPS, PRICES, STATIONS, VEHICLE_TYPES, VEHICLES, ZONES, SESSIONS];

/// The dictionary in Markdown.
pub fn markdown() -> String {
    let mut text = String::new();
    for table in TABLES {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "## {}\n\n{}\n", table.name, table.about);
        text += "| column | type | unit | range | without it | meaning |\n|---|---|---|---|---|---|\n";
        for column in table.columns {
            let without = match column.need {
                Required => "refused",
                OneOf => "see meaning",
                Optional(substitute) => substitute,
            };
            let (kind, unit, range) = words(column.content);
            let (name, meaning) = (column.name, column.meaning);
            let _ = writeln!(text, "| `{name}` | {kind} | {unit} | {range} | {without} | {meaning} |");
        }
        text.push('\n');
    }
    format!("{}\n", text.trim_end())
}

/// Type, unit and range of a column.
fn words(content: Content) -> (&'static str, &'static str, String) {
    match content {
        Text => ("text", "", String::new()),
        Time => ("time", "", String::new()),
        Flag => ("flag", "", String::new()),
        Points => ("points", "", String::new()),
        SessionEnergy => ("number", "kWh", "above 0 to 1000".to_owned()),
        Number(range) => {
            let least = if range.above { format!("above {}", range.least) } else { range.least.to_string() };
            ("number", range.unit, format!("{least} to {}", range.most))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_column_is_there_once_and_explained() {
        for table in TABLES {
            let names: BTreeSet<_> = table.names().into_iter().collect();
            assert_eq!(names.len(), table.columns.len(), "{}", table.name);
            assert!(table.columns.iter().all(|column| column.meaning.ends_with('.')), "{}", table.name);
        }
        assert_eq!(STATIONS.required(), ["station_id", "connectors", "connector_kw"]);
        assert!(markdown().contains("| `soc` | number |  | 0 to 1 | that of the fleet |"));
    }
}

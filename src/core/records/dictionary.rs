//! The data dictionary: every output table with its columns, their types, units and meaning.
//!
//! Writers, documentation and `gridfleet schema` use it; a test of the writer compares the files with it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Number of a row of another table, counted from 0 (Parquet: unsigned 32 bit).
    Id,
    /// Whole number (signed 64 bit).
    Int,
    /// Number (64 bit floating point).
    Float,
    /// Text in UTF-8.
    Text,
    /// Instant (timestamp in milliseconds, UTC).
    Time,
    /// True or false.
    Bool,
}

impl Kind {
    /// Name for documentation.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Int => "int",
            Self::Float => "float",
            Self::Text => "text",
            Self::Time => "timestamp[ms, UTC]",
            Self::Bool => "bool",
        }
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

/// Output table: an index into [`TABLES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TableId {
    /// Requests.
    Trips,
    /// Movements of vehicles.
    Legs,
    /// Visits to stations.
    Sessions,
    /// State of fleets over time.
    Fleet,
    /// State of stations over time.
    Stations,
    /// Readings of households.
    Households,
    /// Voltages and loads of the feeder's buses over time.
    Grid,
    /// Price broadcasts.
    Prices,
    /// Load, price and cost by slot of stations with load-dependent prices.
    Loads,
    /// Prices and sales of competing retailers, by slot.
    Supply,
    /// Bids and settlements of imbalance.
    Market,
    /// Postings.
    Ledger,
    /// Zones, stations and depots on the map.
    Sites,
    /// Vehicles.
    Vehicles,
    /// Coordinates of places.
    Places,
}

impl TableId {
    /// Every table, in the order of [`TABLES`].
    pub const ALL: [Self; 15] = [
        Self::Trips,
        Self::Legs,
        Self::Sessions,
        Self::Fleet,
        Self::Stations,
        Self::Households,
        Self::Grid,
        Self::Prices,
        Self::Loads,
        Self::Supply,
        Self::Market,
        Self::Ledger,
        Self::Sites,
        Self::Vehicles,
        Self::Places,
    ];

    /// Its entry in the dictionary.
    pub const fn table(self) -> &'static Table {
        &TABLES[self as usize]
    }

    /// The table called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.table().name == name)
    }
}

const fn column(name: &'static str, kind: Kind, doc: &'static str) -> Column {
    Column { name, kind, unit: None, nullable: false, doc }
}

impl Column {
    const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }
    const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }
}

use Kind::{Float, Id, Int, Text, Time};

/// Every table, in the order in which they are documented.
pub const TABLES: &[Table] = &[
    Table {
        name: "trips",
        doc: "One row per request, when it has ended or the simulation has.",
        columns: &[
            column("request_id", Id, "Number of the request, in the order of request times."),
            column("fleet", Text, "Fleet that served it, or that was asked."),
            column("vehicle_id", Text, "Vehicle that served it, or that it was assigned to in advance; else null when lost.").nullable(),
            column(
                "status",
                Text,
                "served, lost_no_vehicle, lost_low_charge, lost_committed or in_progress.",
            ),
            column("request_time", Time, "When the rider asked."),
            column("pickup_time", Time, "When the rider got in; null if that did not happen.").nullable(),
            column("dropoff_time", Time, "When the rider got out; null if that did not happen.").nullable(),
            column("wait_s", Int, "Pick-up less request.").unit("s").nullable(),
            column("origin", Text, "Zone, or latitude,longitude, where the rider asked."),
            column("destination", Text, "Zone, or latitude,longitude, where the rider went."),
            column("distance_km", Float, "Distance with the rider.").unit("km"),
            column("deadhead_km", Float, "Distance driven empty to the pick-up.").unit("km"),
            column("energy_kwh", Float, "Taken from the battery by both.").unit("kWh"),
            column("fare", Float, "Paid by the rider; 0 when lost.").unit("currency"),
            column("lost_fare", Float, "What the rider would have paid; 0 unless lost.").unit("currency"),
            column(
                "accrued_fare",
                Float,
                "Of a ride in progress at the end, the part of the fare for the way driven with the rider; 0 otherwise.",
            )
            .unit("currency"),
            column("soc_start", Float, "State of charge when the vehicle set out for the pick-up.")
                .unit("0..1")
                .nullable(),
            column("soc_end", Float, "State of charge at drop-off.").unit("0..1").nullable(),
        ],
    },
    Table {
        name: "legs",
        doc: "One row per movement of a vehicle: all of them together are its days.",
        columns: &[
            column("vehicle_id", Text, "Vehicle."),
            column("fleet", Text, "Its fleet."),
            column("purpose", Text, "pickup, service, to_station, to_depot or relocation."),
            column("request_id", Id, "Request that a pickup or service leg serves, as in trips; null for the others.").nullable(),
            column("start_time", Time, "Departure."),
            column("end_time", Time, "Arrival, or the end of the simulation."),
            column("origin", Text, "Zone, or latitude,longitude, of departure."),
            column("destination", Text, "Zone, or latitude,longitude, of arrival."),
            column("distance_km", Float, "Driven until end_time.").unit("km"),
            column("energy_kwh", Float, "Taken from the battery until end_time.").unit("kWh"),
            column("charged_kwh", Float, "Charged elsewhere on the way, as recorded; not billed.").unit("kWh"),
            column("soc_start", Float, "State of charge at start_time.").unit("0..1"),
            column("soc_end", Float, "State of charge at end_time.").unit("0..1"),
        ],
    },
    Table {
        name: "sessions",
        doc: "One row per visit to a charging station, when it has ended or the simulation has.",
        columns: &[
            column("session_id", Id, "Number of the session, in the order of arrival."),
            column("vehicle_id", Text, "Vehicle."),
            column("fleet", Text, "Its fleet."),
            column("station_id", Text, "Station."),
            column("station_operator", Text, "Operator of the station."),
            column("retailer", Text, "Retailer of its energy; where owners choose theirs, the one at the end of the visit."),
            column("connector", Int, "Number of the connector at its station; null if it never got one.")
                .nullable(),
            column("arrival_time", Time, "When the vehicle joined the station."),
            column("plug_in_time", Time, "When it got a connector.").nullable(),
            column("charge_start_time", Time, "First instant at which power flowed.").nullable(),
            column("charge_end_time", Time, "Last instant at which power flowed.").nullable(),
            column("unplug_time", Time, "When it left; null if still there at the end.").nullable(),
            column("queue_s", Int, "Waited for a connector.").unit("s"),
            column(
                "need_wait_s",
                Int,
                "From first joining any station for this charging need, also one given up since, to first power; null \
                 without power.",
            )
            .unit("s")
            .nullable(),
            column("energy_kwh", Float, "Drawn from the grid.").unit("kWh"),
            column("battery_kwh", Float, "Stored in the battery.").unit("kWh"),
            column("discharged_kwh", Float, "Fed back to the grid.").unit("kWh"),
            column("max_power_kw", Float, "Highest power at the plug.").unit("kW"),
            column("soc_start", Float, "State of charge on arrival.").unit("0..1"),
            column("soc_end", Float, "State of charge when it left.").unit("0..1"),
            column("cost", Float, "Paid by the fleet.").unit("currency"),
            column("end_reason", Text, "target, full, short_stay, departure, gave_up, interrupted or in_progress."),
        ],
    },
    Table {
        name: "fleet",
        doc: "State of each fleet at every control interval.",
        columns: &[
            column("time", Time, "When the meters were read."),
            column("fleet", Text, "Fleet."),
            column("idle", Int, "Vehicles parked without power flowing.").unit("vehicles"),
            column("driving", Int, "Vehicles on a leg.").unit("vehicles"),
            column("queued", Int, "Vehicles waiting for a connector.").unit("vehicles"),
            column("charging", Int, "Vehicles that take power.").unit("vehicles"),
            column("discharging", Int, "Vehicles that give power.").unit("vehicles"),
            column("mean_soc", Float, "Mean state of charge.").unit("0..1"),
            column("power_kw", Float, "Mean grid power since the last reading.").unit("kW"),
        ],
    },
    Table {
        name: "stations",
        doc: "State of each station at every control interval.",
        columns: &[
            column("time", Time, "When the meters were read."),
            column("station_id", Text, "Station."),
            column("operator", Text, "Operator of the station."),
            column("retailer", Text, "Its retailer; where owners choose theirs, the one in the scenario."),
            column("occupied", Int, "Connectors with a vehicle.").unit("connectors"),
            column("queue", Int, "Vehicles waiting.").unit("vehicles"),
            column("power_kw", Float, "Mean power since the last reading.").unit("kW"),
            column("limit_kw", Float, "Site limit, or the sum of its connectors' power.").unit("kW"),
        ],
    },
    Table {
        name: "households",
        doc: "State of each group of households at every control interval: totals of all its homes.",
        columns: &[
            column("time", Time, "When the meters were read."),
            column("group", Text, "Group of households."),
            column("retailer", Text, "Its retailer."),
            column("power_kw", Float, "Mean power since the last reading.").unit("kW"),
            column(
                "price_per_mwh",
                Float,
                "Mean price paid for it; the price in force where nothing was drawn.",
            )
            .unit("currency/MWh"),
        ],
    },
    Table {
        name: "grid",
        doc: "State of each bus of the feeder at every control interval.",
        columns: &[
            column("time", Time, "When the meters were read."),
            column("bus", Int, "Number of the bus in the case."),
            column(
                "voltage_pu",
                Float,
                "Voltage that goes with the loads of all buses; null if the feeder cannot carry them.",
            )
            .unit("p.u.")
            .nullable(),
            column(
                "p_kw",
                Float,
                "Mean active load since the last reading: the case's, stations and households, less what is fed back.",
            )
            .unit("kW"),
            column("q_kvar", Float, "Mean reactive load since the last reading; what goes to earth is in neither.")
                .unit("kvar"),
        ],
    },
    Table {
        name: "prices",
        doc: "One row per price that a retailer broadcast.",
        columns: &[
            column("broadcast_time", Time, "When it was announced."),
            column("valid_from", Time, "First instant at which it holds."),
            column("valid_to", Time, "First instant at which it holds no longer."),
            column("retailer", Text, "Retailer that asks this price."),
            column("price_per_mwh", Float, "Price of energy.").unit("currency/MWh"),
        ],
    },
    Table {
        name: "loads",
        doc: "One row per station and slot of a price that follows the load, when the slot is over.",
        columns: &[
            column("slot_start", Time, "First instant of the slot, or of the simulation."),
            column("slot_end", Time, "First instant after the slot, or the end of the simulation."),
            column("station_id", Text, "Station."),
            column("operator", Text, "Operator of the station."),
            column("nominal_kw", Float, "Mean power if every vehicle had charged from its arrival as fast as it can.")
                .unit("kW"),
            column("budget_kw", Float, "Most power that a policy let it draw at the end of the slot; null without limit.")
                .unit("kW")
                .nullable(),
            column("power_kw", Float, "Mean power.").unit("kW"),
            column("base_price_per_mwh", Float, "Price announced.").unit("currency/MWh"),
            column("price_per_mwh", Float, "Price that the load of all stations of the retailer made.")
                .unit("currency/MWh"),
            column("energy_cost", Float, "Energy at that price.").unit("currency"),
            column(
                "deviation_cost",
                Float,
                "Half the station's sensitivity times the squared difference of power and nominal power; it is not paid.",
            )
            .unit("currency"),
        ],
    },
    Table {
        name: "supply",
        doc: "One row per retailer that competes and slot, when the slot is over.",
        columns: &[
            column("slot_start", Time, "First instant of the slot, or of the simulation."),
            column("slot_end", Time, "First instant after the slot, or the end of the simulation."),
            column("retailer", Text, "Retailer that sells."),
            column("price_per_mwh", Float, "What it asked.").unit("currency/MWh"),
            column("share", Float, "Share of owners who chose it (0..1), whether they charged or not."),
            column("energy_kwh", Float, "Drawn by its customers, less what they fed back.").unit("kWh"),
            column("revenue", Float, "What they owe for it, without the markups of stations.").unit("currency"),
        ],
    },
    Table {
        name: "market",
        doc: "One row per bid, when its product has been delivered or it was rejected, and per settlement of imbalance.",
        columns: &[
            column("bid_id", Id, "Number of the bid; settlements of imbalance are numbered with them."),
            column("market", Text, "Market, or imbalance."),
            column("product_start", Time, "First instant of delivery."),
            column("product_end", Time, "First instant after delivery."),
            column("gate_closure", Time, "When the gate closed; of imbalance the end of the interval."),
            column("cleared_at", Time, "When the result was known."),
            column("bidder", Text, "Account of who bid."),
            column("side", Text, "buy or sell."),
            column("quantity_kw", Float, "Bid for.").unit("kW"),
            column(
                "limit_price_per_mwh",
                Float,
                "Buys at this price or below, sells at this or above; null for imbalance.",
            )
            .unit("currency/MWh")
            .nullable(),
            column("clearing_price_per_mwh", Float, "Price of the product.").unit("currency/MWh"),
            column("capacity_price_per_mw_h", Float, "Paid for power kept ready; 0 for energy alone.")
                .unit("currency/MW per h"),
            column("accepted_kw", Float, "Accepted.").unit("kW"),
            column("delivered_kwh", Float, "Of what was accepted, taken or given.").unit("kWh"),
            column(
                "imbalance_kwh",
                Float,
                "Of what was accepted, not taken; in a row of imbalance what was settled.",
            )
            .unit("kWh"),
            column("cash", Float, "Received by the bidder; paid if below zero.").unit("currency"),
        ],
    },
    Table {
        name: "ledger",
        doc: "One row per posting: amount goes from the account credit to the account debit.",
        columns: &[
            column("time", Time, "When it was posted."),
            column("debit", Text, "Account that receives."),
            column("credit", Text, "Account that pays."),
            column("amount", Float, "How much, in whole millionths; not negative.").unit("currency"),
            column("currency", Text, "Currency of the amount."),
            column(
                "kind",
                Text,
                "fare, charging, energy, driving, wear, lost_request, rescue, trade, supply_credit, household, \
                 generation, imbalance or referral.",
            ),
            column(
                "reference",
                Text,
                "Row it belongs to: trip:<request_id>, session:<session_id>, vehicle:<vehicle_id>, bid:<bid_id>, \
                 households:<group>, retailer:<name>, or interval:<number> of settlement, from 0.",
            ),
        ],
    },
    Table {
        name: "sites",
        doc: "One row per zone, station and depot: what stands where.",
        columns: &[
            column("kind", Text, "zone, station or depot."),
            column("name", Text, "Zone or station; of a depot its zone, or latitude,longitude."),
            column("lat", Float, "Latitude, of a zone that of its centroid.").unit("degrees north"),
            column("lon", Float, "Longitude, of a zone that of its centroid.").unit("degrees east"),
            column("place", Text, "Its place, as in places."),
            column("operator", Text, "Operator of the station; null for the others.").nullable(),
            column("connectors", Int, "Connectors of the station; null for the others.")
                .unit("connectors")
                .nullable(),
            column("connector_kw", Float, "Power of its strongest connector; null for the others.")
                .unit("kW")
                .nullable(),
        ],
    },
    Table {
        name: "vehicles",
        doc: "One row per vehicle, as it is at the start.",
        columns: &[
            column("vehicle_id", Text, "Vehicle."),
            column("fleet", Text, "Its fleet."),
            column("vehicle_type", Text, "Its type."),
            column("battery_kwh", Float, "Energy between state of charge 0 and 1.").unit("kWh"),
            column("usable_soc_min", Float, "Lowest state of charge that operation may use.").unit("0..1"),
            column("usable_soc_max", Float, "Highest state of charge that operation may use.").unit("0..1"),
            column(
                "consumption_kwh_per_km",
                Float,
                "Energy taken from the battery per kilometre at mild temperature.",
            )
            .unit("kWh/km"),
            column("ac_kw", Float, "Maximum power of the on-board charger.").unit("kW"),
            column("dc_kw", Float, "Maximum power from a DC connector; 0 without a DC inlet.").unit("kW"),
            column("initial_soc", Float, "State of charge at the start.").unit("0..1"),
            column("initial_place", Text, "Zone, or latitude,longitude, at the start."),
            column(
                "depot",
                Text,
                "That place, if it is a depot of the fleet or the home of the driver; null if it is neither.",
            )
            .nullable(),
        ],
    },
    Table {
        name: "places",
        doc: "One row per place: the coordinates behind origins, destinations and other places of the tables.",
        columns: &[
            column("place", Text, "Zone, or latitude,longitude to five decimals, as in the other tables."),
            column("lat", Float, "Latitude, of a zone that of its centroid.").unit("degrees north"),
            column("lon", Float, "Longitude, of a zone that of its centroid.").unit("degrees east"),
            column("zone", Text, "The zone that the place is; null for a point.").nullable(),
        ],
    },
];

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
        assert_eq!(TABLES.len(), TableId::ALL.len());
        for (id, name) in TableId::ALL.into_iter().zip([
            "trips",
            "legs",
            "sessions",
            "fleet",
            "stations",
            "households",
            "grid",
            "prices",
            "loads",
            "supply",
            "market",
            "ledger",
            "sites",
            "vehicles",
            "places",
        ]) {
            assert_eq!(id.table().name, name);
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

//! Ranges of numbers that come from outside, with their units: one table for the keys of scenarios and the columns of
//! files.
//!
//! A range is wide: it excludes values that cannot be intended (a price in another unit, a number without its decimal
//! separator) and bounds every amount that is computed from input, so that money can be added exactly
//! (`ledger::Money`).

/// Bounds of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Name in messages: `a price`.
    pub what: &'static str,
    /// Unit; empty for plain numbers.
    pub unit: &'static str,
    /// Least value.
    pub least: f64,
    /// Whether the least value itself is excluded.
    pub above: bool,
    /// Greatest value.
    pub most: f64,
}

impl Range {
    const fn new(what: &'static str, unit: &'static str, least: f64, most: f64) -> Self {
        Self { what, unit, least, above: false, most }
    }

    /// From zero, exclusive.
    const fn above_zero(what: &'static str, unit: &'static str, most: f64) -> Self {
        Self { what, unit, least: 0.0, above: true, most }
    }

    /// Whether `value` is within the range. NaN never is.
    pub fn holds(self, value: f64) -> bool {
        value >= self.least && value <= self.most && !(self.above && value == self.least)
    }

    /// The range in words, for messages: `a price from -100000 to 100000 per MWh`.
    pub fn expected(self) -> String {
        let from = if self.above { "above" } else { "from" };
        let to = if self.above { "and at most" } else { "to" };
        let text = format!("{} {from} {} {to} {} {}", self.what, self.least, self.most, self.unit);
        text.trim_end().to_owned()
    }
}

/// Prices of energy and surcharges on them, in the currency of the scenario, as all amounts here.
pub const PRICE: Range = Range::new("a price", "per MWh", -100_000.0, 100_000.0);
/// Fare of a trip and the parts of a fare rule; cost of a lost request or a rescue.
pub const FARE: Range = Range::new("an amount of money", "", 0.0, 1_000_000.0);
/// Cost of driving.
pub const DRIVING_COST: Range = Range::new("a cost", "per km", 0.0, 1_000.0);
/// Cost of battery wear.
pub const WEAR_COST: Range = Range::new("a cost", "per kWh", 0.0, 1_000.0);
/// Energy of a battery.
pub const BATTERY: Range = Range::above_zero("an energy", "kWh", 10_000.0);
/// Energy driven per distance.
pub const CONSUMPTION: Range = Range::above_zero("a consumption", "kWh/km", 10.0);
/// Factor on the consumption at a temperature.
pub const CONSUMPTION_FACTOR: Range = Range::above_zero("a factor", "", 100.0);
/// Outdoor temperature of a point of a curve.
pub const TEMPERATURE: Range = Range::new("a temperature", "°C", -100.0, 100.0);
/// Power that a vehicle can take or feed back.
pub const VEHICLE_POWER: Range = Range::new("a power", "kW", 0.0, 10_000.0);
/// Hours of charging and feeding back in one stay.
pub const ACTIVE_HOURS: Range = Range::new("a duration", "h", 0.0, 168.0);
/// Power of a connector, or of a point of a charging curve.
pub const CONNECTOR_POWER: Range = Range::above_zero("a power", "kW", 10_000.0);
/// Power of a whole site.
pub const SITE_POWER: Range = Range::above_zero("a power", "kW", 10_000_000.0);
/// Power offered to or called by a system operator.
pub const MARKET_POWER: Range = Range::new("a power", "MW", 0.0, 1_000_000.0);
/// Connectors of a station.
pub const CONNECTORS: Range = Range::new("a whole number", "", 1.0, 10_000.0);
/// Time in a queue before a vehicle gives up.
pub const PATIENCE: Range = Range::new("a whole number", "s", 0.0, 604_800.0);
/// Number of a bus of a feeder.
pub const BUS: Range = Range::new("a whole number", "", 0.0, u32::MAX as f64);
/// Share of a whole, such as a state of charge.
pub const SHARE: Range = Range::new("a share", "", 0.0, 1.0);
/// Efficiency.
pub const EFFICIENCY: Range = Range::above_zero("an efficiency", "", 1.0);
/// Degrees north.
pub const LATITUDE: Range = Range::new("a latitude", "degrees north", -90.0, 90.0);
/// Degrees east.
pub const LONGITUDE: Range = Range::new("a longitude", "degrees east", -180.0, 180.0);
/// Duration of a trip; a week is the length of a rental.
pub const TRIP_DURATION: Range = Range::new("a duration", "s", 0.0, 604_800.0);
/// Distance of a trip.
pub const TRIP_DISTANCE: Range = Range::new("a distance", "km", 0.0, 5_000.0);
/// Riders of a trip.
pub const PASSENGERS: Range = Range::new("a number of riders", "", 0.0, 255.0);
/// Area of a zone.
pub const AREA: Range = Range::new("an area", "km²", 0.0, 10_000_000.0);

/// All ranges, with the columns of files and keys of scenarios that have them.
pub const TABLE: &[(Range, &str)] = &[
    (
        PRICE,
        "`price_per_mwh`, `up_per_mwh`, `down_per_mwh` of price tables, prices of tenders; `markup_per_mwh` of stations; prices, markups and \
         limits of scenarios",
    ),
    (FARE, "`fare` of trips; `fare`, `lost_request_cost`, `rescue_cost` of fleets"),
    (DRIVING_COST, "`driving_cost_per_km` of fleets"),
    (WEAR_COST, "`wear_cost_per_kwh` of vehicle types"),
    (BATTERY, "`battery_kwh` of vehicle types"),
    (CONSUMPTION, "`consumption_kwh_per_km` of vehicle types"),
    (CONSUMPTION_FACTOR, "factors of `consumption_by_temperature`"),
    (TEMPERATURE, "temperatures of `consumption_by_temperature`"),
    (VEHICLE_POWER, "`ac_kw`, `dc_kw`, `feed_kw` of vehicle types"),
    (ACTIVE_HOURS, "`max_active_hours` of vehicle types"),
    (CONNECTOR_POWER, "`connector_kw` of stations; powers of `charging_curve`"),
    (SITE_POWER, "`site_limit_kw` of stations; quantities of intraday trades"),
    (MARKET_POWER, "powers of tenders and of activated reserve"),
    (CONNECTORS, "`connectors` of stations"),
    (PATIENCE, "`queue_patience_s` of stations and operators"),
    (BUS, "`bus` of stations"),
    (SHARE, "`soc`, `soc_start`, `soc_end` of vehicles and trips; `usable_soc` of vehicle types"),
    (EFFICIENCY, "`charge_efficiency`, `discharge_efficiency` of vehicle types"),
    (LATITUDE, "`lat`, `origin_lat`, `destination_lat`"),
    (LONGITUDE, "`lon`, `origin_lon`, `destination_lon`"),
    (TRIP_DURATION, "`duration_s` of trips"),
    (TRIP_DISTANCE, "`distance_km` of trips"),
    (PASSENGERS, "`passengers` of trips"),
    (AREA, "`area_km2` of zones"),
];

/// The table as Markdown.
pub fn markdown() -> String {
    let mut text = String::from("| number | unit | least | most | of |\n|---|---|---|---|---|\n");
    for (range, columns) in TABLE {
        let least = if range.above { format!("above {}", range.least) } else { range.least.to_string() };
        let (what, unit, most) = (range.what, range.unit, range.most);
        text.push_str(&format!("| {what} | {unit} | {least} | {most} | {columns} |\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_in_or_out() {
        assert!(PRICE.holds(-100_000.0) && PRICE.holds(100_000.0) && !PRICE.holds(100_000.1));
        assert!(!BATTERY.holds(0.0) && BATTERY.holds(f64::MIN_POSITIVE) && !BATTERY.holds(10_001.0));
        for (range, _) in TABLE {
            assert!(range.least < range.most && range.holds(range.most), "{range:?}");
            assert!(![f64::NAN, f64::INFINITY, f64::NEG_INFINITY].into_iter().any(|v| range.holds(v)));
        }
    }

    #[test]
    fn words() {
        assert_eq!(PRICE.expected(), "a price from -100000 to 100000 per MWh");
        assert_eq!(EFFICIENCY.expected(), "an efficiency above 0 and at most 1");
    }
}

//! From batches of records to Parquet columns.
//!
//! Records are kept whole until a batch is full; each batch is then transposed here. Text is never formatted per row: a
//! text column is a list of keys into the names that the batch uses, which is exactly the dictionary page that Parquet
//! expects, so no row is hashed either.

use super::names::{ArrayBox, Names};
use gridfleet_core::geo::Places;
use gridfleet_core::ledger::{LedgerEntry, Reference};
use gridfleet_core::markets::Side;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::records::{
    BusRecord, EndReason, FleetRecord, HouseholdRecord, LegPurpose, LegRecord, LoadRecord, MarketRecord,
    PlaceRecord, PriceRecord, SessionRecord, SiteKind, SiteRecord, StationRecord, SupplyRecord, TripRecord,
    TripStatus, VehicleRecord,
};
use gridfleet_core::time::SimTime;
use polars_arrow::array::{PrimitiveArray, Utf8Array};
use polars_arrow::bitmap::MutableBitmap;
use polars_arrow::datatypes::{ArrowDataType, TimeUnit};
use polars_arrow::types::NativeType;

/// A record that is a row of an output table.
pub(super) trait Row: Copy + Send + 'static {
    /// Its table.
    const TABLE: TableId;
    /// The columns of `rows`, in the order of the data dictionary.
    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox>;
}

/// Type of a timestamp column.
pub(super) fn time_type() -> ArrowDataType {
    ArrowDataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

fn numbers<R, T: NativeType>(rows: &[R], value: impl Fn(&R) -> T) -> ArrayBox {
    PrimitiveArray::from_vec(rows.iter().map(value).collect::<Vec<T>>()).boxed()
}

fn optional<R, T: NativeType>(rows: &[R], value: impl Fn(&R) -> Option<T>) -> PrimitiveArray<T> {
    let mut values = Vec::with_capacity(rows.len());
    let mut valid = MutableBitmap::with_capacity(rows.len());
    for row in rows {
        let value = value(row);
        valid.push(value.is_some());
        values.push(value.unwrap_or_default());
    }
    let validity = (valid.unset_bits() > 0).then(|| valid.into());
    PrimitiveArray::new(T::PRIMITIVE.into(), values.into(), validity)
}

fn times<R>(rows: &[R], time: impl Fn(&R) -> SimTime) -> ArrayBox {
    let ms: Vec<i64> = rows.iter().map(|row| time(row).0 * 1_000).collect();
    PrimitiveArray::from_vec(ms).to(time_type()).boxed()
}

fn optional_times<R>(rows: &[R], time: impl Fn(&R) -> Option<SimTime>) -> ArrayBox {
    optional(rows, |row| time(row).map(|t| t.0 * 1_000)).to(time_type()).boxed()
}

impl Row for TripRecord {
    const TABLE: TableId = TableId::Trips;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            numbers(rows, |r| r.request.0),
            names.fleets(rows.iter().map(|r| r.fleet)),
            names.optional_vehicles(rows.iter().map(|r| r.vehicle)),
            names.fixed(&TripStatus::ALL.map(TripStatus::name), rows.iter().map(|r| r.status as u32)),
            times(rows, |r| r.request_time),
            optional_times(rows, |r| r.pickup_time),
            optional_times(rows, |r| r.dropoff_time),
            optional(rows, |r| r.wait_s).boxed(),
            names.places(rows.iter().map(|r| r.origin)),
            names.places(rows.iter().map(|r| r.destination)),
            numbers(rows, |r| r.distance_km),
            numbers(rows, |r| r.deadhead_km),
            numbers(rows, |r| r.energy_kwh),
            numbers(rows, |r| r.fare),
            numbers(rows, |r| r.lost_fare),
            numbers(rows, |r| r.accrued_fare),
            optional(rows, |r| r.soc_start).boxed(),
            optional(rows, |r| r.soc_end).boxed(),
        ]
    }
}

impl Row for LegRecord {
    const TABLE: TableId = TableId::Legs;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            names.vehicles(rows.iter().map(|r| r.vehicle)),
            names.fleets(rows.iter().map(|r| r.fleet)),
            names.fixed(&LegPurpose::ALL.map(LegPurpose::name), rows.iter().map(|r| r.purpose as u32)),
            optional(rows, |r| r.request.map(|request| request.0)).boxed(),
            times(rows, |r| r.start_time),
            times(rows, |r| r.end_time),
            names.places(rows.iter().map(|r| r.origin)),
            names.places(rows.iter().map(|r| r.destination)),
            numbers(rows, |r| r.distance_km),
            numbers(rows, |r| r.energy_kwh),
            numbers(rows, |r| r.charged_kwh),
            numbers(rows, |r| r.soc_start),
            numbers(rows, |r| r.soc_end),
        ]
    }
}

impl Row for SessionRecord {
    const TABLE: TableId = TableId::Sessions;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            numbers(rows, |r| r.session.0),
            names.vehicles(rows.iter().map(|r| r.vehicle)),
            names.fleets(rows.iter().map(|r| r.fleet)),
            names.stations(rows.iter().map(|r| r.station)),
            names.operators(rows.iter().map(|r| r.operator)),
            names.retailers(rows.iter().map(|r| r.retailer)),
            optional(rows, |r| r.connector.map(i64::from)).boxed(),
            times(rows, |r| r.arrival_time),
            optional_times(rows, |r| r.plug_in_time),
            optional_times(rows, |r| r.charge_start_time),
            optional_times(rows, |r| r.charge_end_time),
            optional_times(rows, |r| r.unplug_time),
            numbers(rows, |r| r.queue_s),
            optional(rows, |r| r.need_wait_s).boxed(),
            numbers(rows, |r| r.energy_kwh),
            numbers(rows, |r| r.battery_kwh),
            numbers(rows, |r| r.discharged_kwh),
            numbers(rows, |r| r.max_power_kw),
            numbers(rows, |r| r.soc_start),
            numbers(rows, |r| r.soc_end),
            numbers(rows, |r| r.cost),
            names.fixed(&EndReason::ALL.map(EndReason::name), rows.iter().map(|r| r.end_reason as u32)),
        ]
    }
}

impl Row for FleetRecord {
    const TABLE: TableId = TableId::Fleet;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            times(rows, |r| r.time),
            names.fleets(rows.iter().map(|r| r.fleet)),
            numbers(rows, |r| i64::from(r.idle)),
            numbers(rows, |r| i64::from(r.driving)),
            numbers(rows, |r| i64::from(r.queued)),
            numbers(rows, |r| i64::from(r.charging)),
            numbers(rows, |r| i64::from(r.discharging)),
            numbers(rows, |r| r.mean_soc),
            numbers(rows, |r| r.power_kw),
        ]
    }
}

impl Row for StationRecord {
    const TABLE: TableId = TableId::Stations;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            times(rows, |r| r.time),
            names.stations(rows.iter().map(|r| r.station)),
            names.operators(rows.iter().map(|r| r.operator)),
            names.retailers(rows.iter().map(|r| r.retailer)),
            numbers(rows, |r| i64::from(r.occupied)),
            numbers(rows, |r| i64::from(r.queue)),
            numbers(rows, |r| r.power_kw),
            numbers(rows, |r| r.limit_kw),
        ]
    }
}

impl Row for HouseholdRecord {
    const TABLE: TableId = TableId::Households;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            times(rows, |r| r.time),
            names.households(rows.iter().map(|r| r.household)),
            names.retailers(rows.iter().map(|r| r.retailer)),
            numbers(rows, |r| r.power_kw),
            numbers(rows, |r| r.price_per_mwh),
        ]
    }
}

impl Row for BusRecord {
    const TABLE: TableId = TableId::Grid;

    fn columns(rows: &[Self], _names: &mut Names) -> Vec<ArrayBox> {
        vec![
            times(rows, |r| r.time),
            numbers(rows, |r| i64::from(r.bus)),
            optional(rows, |r| r.voltage_pu).boxed(),
            numbers(rows, |r| r.p_kw),
            numbers(rows, |r| r.q_kvar),
        ]
    }
}

impl Row for PriceRecord {
    const TABLE: TableId = TableId::Prices;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            times(rows, |r| r.broadcast_time),
            times(rows, |r| r.valid_from),
            times(rows, |r| r.valid_to),
            names.retailers(rows.iter().map(|r| r.retailer)),
            numbers(rows, |r| r.price_per_mwh),
        ]
    }
}

impl Row for SupplyRecord {
    const TABLE: TableId = TableId::Supply;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            times(rows, |r| r.slot_start),
            times(rows, |r| r.slot_end),
            names.retailers(rows.iter().map(|r| r.retailer)),
            numbers(rows, |r| r.price_per_mwh),
            numbers(rows, |r| r.share),
            numbers(rows, |r| r.energy_kwh),
            numbers(rows, |r| r.revenue),
        ]
    }
}

impl Row for LoadRecord {
    const TABLE: TableId = TableId::Loads;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            times(rows, |r| r.slot_start),
            times(rows, |r| r.slot_end),
            names.stations(rows.iter().map(|r| r.station)),
            names.operators(rows.iter().map(|r| r.operator)),
            numbers(rows, |r| r.nominal_kw),
            optional(rows, |r| r.budget_kw).boxed(),
            numbers(rows, |r| r.power_kw),
            numbers(rows, |r| r.base_price_per_mwh),
            numbers(rows, |r| r.price_per_mwh),
            numbers(rows, |r| r.energy_cost),
            numbers(rows, |r| r.deviation_cost),
        ]
    }
}

impl Row for MarketRecord {
    const TABLE: TableId = TableId::Market;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            numbers(rows, |r| r.bid.0),
            names.markets(rows.iter().map(|r| r.market)),
            times(rows, |r| r.product_start),
            times(rows, |r| r.product_end),
            times(rows, |r| r.gate_closure),
            times(rows, |r| r.cleared_at),
            names.bidders(rows.iter().map(|r| r.bidder)),
            names.fixed(&Side::ALL.map(Side::name), rows.iter().map(|r| r.side as u32)),
            numbers(rows, |r| r.quantity_kw),
            optional(rows, |r| r.limit_price_per_mwh).boxed(),
            numbers(rows, |r| r.clearing_price_per_mwh),
            numbers(rows, |r| r.capacity_price_per_mw_h),
            numbers(rows, |r| r.accepted_kw),
            numbers(rows, |r| r.delivered_kwh),
            numbers(rows, |r| r.imbalance_kwh),
            numbers(rows, |r| r.cash),
        ]
    }
}

impl Row for LedgerEntry {
    const TABLE: TableId = TableId::Ledger;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            times(rows, |r| r.time),
            names.accounts(rows.iter().map(|r| r.debit)),
            names.accounts(rows.iter().map(|r| r.credit)),
            numbers(rows, |r| r.amount.units()),
            names.currency(rows.len()),
            names.fixed(
                &gridfleet_core::ledger::EntryKind::ALL.map(gridfleet_core::ledger::EntryKind::name),
                rows.iter().map(|r| r.kind as u32),
            ),
            references(rows, names),
        ]
    }
}

impl Row for SiteRecord {
    const TABLE: TableId = TableId::Sites;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            names.fixed(&SiteKind::ALL.map(SiteKind::name), rows.iter().map(|r| r.kind as u32)),
            names.sites(rows),
            names.coordinates(rows, |r| r.place, Places::lat),
            names.coordinates(rows, |r| r.place, Places::lon),
            names.places(rows.iter().map(|r| r.place)),
            names.optional_operators(rows.iter().map(|r| r.station.map(|s| s.operator))),
            optional(rows, |r| r.station.map(|s| i64::from(s.connectors))).boxed(),
            optional(rows, |r| r.station.map(|s| s.connector_kw)).boxed(),
        ]
    }
}

impl Row for VehicleRecord {
    const TABLE: TableId = TableId::Vehicles;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            names.vehicles(rows.iter().map(|r| r.vehicle)),
            names.fleets(rows.iter().map(|r| r.fleet)),
            names.vehicle_types(rows.iter().map(|r| r.vehicle_type)),
            numbers(rows, |r| r.battery_kwh),
            numbers(rows, |r| r.usable_soc[0]),
            numbers(rows, |r| r.usable_soc[1]),
            numbers(rows, |r| r.consumption_kwh_per_km),
            numbers(rows, |r| r.ac_kw),
            numbers(rows, |r| r.dc_kw),
            numbers(rows, |r| r.initial_soc),
            names.places(rows.iter().map(|r| r.initial_place)),
            names.optional_places(rows.iter().map(|r| r.depot)),
        ]
    }
}

impl Row for PlaceRecord {
    const TABLE: TableId = TableId::Places;

    fn columns(rows: &[Self], names: &mut Names) -> Vec<ArrayBox> {
        vec![
            names.places(rows.iter().map(|r| r.place)),
            names.coordinates(rows, |r| r.place, Places::lat),
            names.coordinates(rows, |r| r.place, Places::lon),
            names.zones(rows.iter().map(|r| r.place)),
        ]
    }
}

/// References, the only text that differs from row to row, written directly into one buffer.
fn references(rows: &[LedgerEntry], names: &Names) -> ArrayBox {
    let mut text = Vec::with_capacity(rows.len() * 14);
    let mut ends = Vec::with_capacity(rows.len() + 1);
    ends.push(0i64);
    for row in rows {
        match row.reference {
            Reference::Trip(id) => push_number(&mut text, b"trip:", id),
            Reference::Session(id) => push_number(&mut text, b"session:", id),
            Reference::Bid(id) => push_number(&mut text, b"bid:", id),
            Reference::Interval(id) => push_number(&mut text, b"interval:", id),
            Reference::Vehicle(id) => push_name(&mut text, b"vehicle:", names.vehicle(id)),
            Reference::Household(id) => push_name(&mut text, b"households:", names.household(id)),
            Reference::Retailer(id) => push_name(&mut text, b"retailer:", names.retailer(id)),
        }
        ends.push(text.len() as i64);
    }
    // The offsets ascend, and the bytes are ASCII made of whole names.
    let offsets = ends.try_into().expect("ascending offsets");
    Utf8Array::<i64>::new(ArrowDataType::LargeUtf8, offsets, text.into(), None).boxed()
}

fn push_name(text: &mut Vec<u8>, prefix: &[u8], name: &str) {
    text.extend_from_slice(prefix);
    text.extend_from_slice(name.as_bytes());
}

fn push_number(text: &mut Vec<u8>, prefix: &[u8], mut number: u32) {
    text.extend_from_slice(prefix);
    let mut digits = [0u8; 10];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars_arrow::array::Array as _;

    #[test]
    fn numbers_are_written_in_decimal() {
        for n in [0u32, 7, 10, 99, 1_000_000, u32::MAX] {
            let mut text = Vec::new();
            push_number(&mut text, b"trip:", n);
            assert_eq!(text, format!("trip:{n}").into_bytes());
        }
    }

    #[test]
    fn a_column_without_nulls_carries_no_bitmap() {
        assert!(optional(&[1i64, 2], |x| Some(*x)).validity().is_none());
        let some = optional(&[1i64, 2], |x| (*x > 1).then_some(*x));
        assert_eq!(some.null_count(), 1);
        assert_eq!(some.value(1), 2);
    }
}

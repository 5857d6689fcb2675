//! Values of columns: the type in a file that follows from each Rust type, and the receiver of columns.

use super::dictionary::Kind;
use super::{Labels, SiteRecord};
use crate::ids::{
    AccountId, BidId, BidderId, FleetId, HouseholdId, MarketId, OperatorId, PlaceId, RequestId, RetailerId,
    SessionId, StationId, TypeId, VehicleId,
};
use crate::ledger::{Money, Reference};
use crate::named::Named;
use crate::time::SimTime;
use std::convert::identity;

/// Receiver of the columns of a table, one after the other: each call is one column, from the first row to the last.
pub trait Columns {
    /// Numbers of rows of another table ([`Kind::Id`]).
    fn ids(&mut self, values: impl Iterator<Item = u32>);
    /// The same; `None` is null.
    fn optional_ids(&mut self, values: impl Iterator<Item = Option<u32>>);
    /// Whole numbers ([`Kind::Int`]).
    fn ints(&mut self, values: impl Iterator<Item = i64>);
    /// The same; `None` is null.
    fn optional_ints(&mut self, values: impl Iterator<Item = Option<i64>>);
    /// Numbers ([`Kind::Float`]).
    fn floats(&mut self, values: impl Iterator<Item = f64>);
    /// The same; `None` is null.
    fn optional_floats(&mut self, values: impl Iterator<Item = Option<f64>>);
    /// Instants ([`Kind::Time`]).
    fn times(&mut self, values: impl Iterator<Item = SimTime>);
    /// The same; `None` is null.
    fn optional_times(&mut self, values: impl Iterator<Item = Option<SimTime>>);
    /// Text that repeats ([`Kind::Text`]): `write` appends the text of a key.
    fn names(&mut self, keys: impl Iterator<Item = u32>, write: impl Fn(u32, &mut String));
    /// The same; `None` is null.
    fn optional_names(&mut self, keys: impl Iterator<Item = Option<u32>>, write: impl Fn(u32, &mut String));
    /// Text out of a fixed list ([`Kind::Text`]): each key is a position in `texts`.
    fn choices(&mut self, texts: &[&str], keys: impl Iterator<Item = u32>);
    /// Text that differs from row to row ([`Kind::Text`]): `write` appends the text of a value.
    fn texts<T>(&mut self, values: impl Iterator<Item = T>, write: impl Fn(T, &mut String));
}

/// A value of a column.
pub trait Cell: Copy {
    /// Type of the column.
    const KIND: Kind;
    /// Whether the column may contain nulls.
    const NULLABLE: bool = false;
    /// Passes a column to `out`; `labels` are the names behind its identifiers.
    fn put(values: impl Iterator<Item = Self>, labels: &Labels, out: &mut impl Columns);
}

/// A value that a column may lack.
pub trait OptionalCell: Cell {
    /// Passes a column with nulls to `out`.
    fn put_optional(values: impl Iterator<Item = Option<Self>>, labels: &Labels, out: &mut impl Columns);
}

impl<T: OptionalCell> Cell for Option<T> {
    const KIND: Kind = T::KIND;
    const NULLABLE: bool = true;
    fn put(values: impl Iterator<Item = Self>, labels: &Labels, out: &mut impl Columns) {
        T::put_optional(values, labels, out);
    }
}

/// Numbers and instants.
macro_rules! numbers {
    ($($type:ty: $kind:ident, $put:ident, $put_optional:ident, $value:expr;)*) => {$(
        impl Cell for $type {
            const KIND: Kind = Kind::$kind;
            fn put(values: impl Iterator<Item = Self>, _labels: &Labels, out: &mut impl Columns) {
                out.$put(values.map($value));
            }
        }

        impl OptionalCell for $type {
            fn put_optional(
                values: impl Iterator<Item = Option<Self>>,
                _labels: &Labels,
                out: &mut impl Columns,
            ) {
                out.$put_optional(values.map(|value| value.map($value)));
            }
        }
    )*};
}

numbers! {
    RequestId: Id, ids, optional_ids, |id| id.0;
    SessionId: Id, ids, optional_ids, |id| id.0;
    BidId: Id, ids, optional_ids, |id| id.0;
    u16: Int, ints, optional_ints, i64::from;
    u32: Int, ints, optional_ints, i64::from;
    i64: Int, ints, optional_ints, identity;
    f64: Float, floats, optional_floats, identity;
    Money: Float, floats, optional_floats, Money::units;
    SimTime: Time, times, optional_times, identity;
}

/// Identifiers, which have names in files.
macro_rules! identifiers {
    ($($kind:ident, |$labels:ident, $id:ident, $out:ident| $write:expr;)*) => {$(
        impl Cell for $kind {
            const KIND: Kind = Kind::Text;
            fn put(values: impl Iterator<Item = Self>, $labels: &Labels, out: &mut impl Columns) {
                out.names(values.map(|id| id.index() as u32), |key, $out| {
                    let $id = $kind::new(key as usize);
                    $write;
                });
            }
        }

        impl OptionalCell for $kind {
            fn put_optional(
                values: impl Iterator<Item = Option<Self>>,
                $labels: &Labels,
                out: &mut impl Columns,
            ) {
                out.optional_names(values.map(|id| id.map(|id| id.index() as u32)), |key, $out| {
                    let $id = $kind::new(key as usize);
                    $write;
                });
            }
        }
    )*};
}

identifiers! {
    VehicleId, |labels, id, out| out.push_str(&labels.vehicles[id]);
    TypeId, |labels, id, out| out.push_str(&labels.vehicle_types[id]);
    FleetId, |labels, id, out| out.push_str(&labels.fleets[id]);
    StationId, |labels, id, out| out.push_str(&labels.stations[id]);
    OperatorId, |labels, id, out| out.push_str(&labels.operators[id]);
    RetailerId, |labels, id, out| out.push_str(&labels.retailers[id]);
    HouseholdId, |labels, id, out| out.push_str(&labels.households[id]);
    BidderId, |labels, id, out| labels.write_account(labels.bidders[id], out);
    AccountId, |labels, id, out| write_account(id, labels, out);
    PlaceId, |labels, id, out| labels.places.write_label(id, out);
}

impl<T: Named> Cell for T {
    const KIND: Kind = Kind::Text;
    fn put(values: impl Iterator<Item = Self>, _labels: &Labels, out: &mut impl Columns) {
        out.choices(T::NAMES, values.map(T::number));
    }
}

/// A market, or imbalance, which no market trades.
#[derive(Clone, Copy)]
pub(super) struct MarketOrImbalance(pub Option<MarketId>);

impl Cell for MarketOrImbalance {
    const KIND: Kind = Kind::Text;
    fn put(values: impl Iterator<Item = Self>, labels: &Labels, out: &mut impl Columns) {
        let imbalance = labels.markets.len() as u32;
        out.names(values.map(|value| value.0.map_or(imbalance, |id| u32::from(id.0))), |key, out| {
            out.push_str(labels.markets.get(key as usize).map_or("imbalance", String::as_str));
        });
    }
}

/// The currency of all amounts.
#[derive(Clone, Copy)]
pub(super) struct Currency;

impl Cell for Currency {
    const KIND: Kind = Kind::Text;
    fn put(values: impl Iterator<Item = Self>, labels: &Labels, out: &mut impl Columns) {
        out.names(values.map(|_| 0), |_, out| out.push_str(&labels.currency));
    }
}

/// Name of a site: of a station its own, of any other site that of its place.
#[derive(Clone, Copy)]
pub(super) struct SiteName(pub SiteRecord);

impl Cell for SiteName {
    const KIND: Kind = Kind::Text;
    fn put(values: impl Iterator<Item = Self>, labels: &Labels, out: &mut impl Columns) {
        out.texts(values, |SiteName(row), out| match row.station {
            Some(site) => out.push_str(&labels.stations[site.station]),
            None => labels.places.write_label(row.place, out),
        });
    }
}

impl Cell for Reference {
    const KIND: Kind = Kind::Text;
    fn put(values: impl Iterator<Item = Self>, labels: &Labels, out: &mut impl Columns) {
        out.texts(values, |reference, out| write_reference(reference, labels, out));
    }
}

fn write_account(id: AccountId, labels: &Labels, out: &mut String) {
    if let Some(account) = labels.chart.account(id) {
        labels.write_account(account, out);
    }
}

fn write_reference(reference: Reference, labels: &Labels, out: &mut String) {
    let (prefix, name) = match reference {
        Reference::Trip(id) => return push_number(out, "trip:", id.0),
        Reference::Session(id) => return push_number(out, "session:", id.0),
        Reference::Bid(id) => return push_number(out, "bid:", id.0),
        Reference::Interval(number) => return push_number(out, "interval:", number),
        Reference::Vehicle(id) => ("vehicle:", &labels.vehicles[id]),
        Reference::Household(id) => ("households:", &labels.households[id]),
        Reference::Retailer(id) => ("retailer:", &labels.retailers[id]),
    };
    out.push_str(prefix);
    out.push_str(name);
}

/// Appends `prefix` and `number`. Most rows of the largest table have such a text, and formatting would take longer.
fn push_number(out: &mut String, prefix: &str, mut number: u32) {
    out.push_str(prefix);
    let mut digits = ['0'; 10];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = char::from(b'0' + (number % 10) as u8);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_decimal() {
        for n in [0u32, 7, 10, 99, 1_000_000, u32::MAX] {
            let mut text = String::new();
            push_number(&mut text, "trip:", n);
            assert_eq!(text, format!("trip:{n}"));
        }
    }
}

//! Text columns: names looked up by identifier.

use gridfleet_core::geo::Places;
use gridfleet_core::ids::{
    AccountId, BidderId, FleetId, HouseholdId, MarketId, OperatorId, PlaceId, RetailerId, StationId, TypeId,
    VehicleId,
};
use gridfleet_core::records::{Labels, SiteRecord};
use polars_arrow::array::{Array, DictionaryArray, PrimitiveArray, Utf8Array};
use polars_arrow::bitmap::MutableBitmap;
use polars_arrow::datatypes::{ArrowDataType, IntegerType};
use std::sync::Arc;

/// A column in memory.
pub(super) type ArrayBox = Box<dyn Array>;

/// Marks a name that the batch has not used yet.
const UNUSED: u32 = u32::MAX;

/// Makes dictionary-encoded text columns from identifiers.
pub(super) struct Names {
    labels: Labels,
    /// Key of each identifier within the current column.
    key_of: Vec<u32>,
    /// Identifiers in the order of their keys.
    used: Vec<u32>,
}

impl Names {
    pub(super) fn new(labels: Labels) -> Self {
        Self { labels, key_of: Vec::new(), used: Vec::new() }
    }

    /// Name of a group of households by number.
    pub(super) fn household(&self, id: u32) -> &str {
        &self.labels.households[id as usize]
    }

    /// Name of a retailer by number.
    pub(super) fn retailer(&self, id: u32) -> &str {
        &self.labels.retailers[id as usize]
    }

    pub(super) fn households(&mut self, ids: impl Iterator<Item = HouseholdId>) -> ArrayBox {
        self.column(ids.map(|id| u32::from(id.0)), |labels, id, out| out.push_str(&labels.households[id]))
    }

    /// Name of a vehicle by number.
    pub(super) fn vehicle(&self, id: u32) -> &str {
        &self.labels.vehicles[id as usize]
    }

    pub(super) fn vehicles(&mut self, ids: impl Iterator<Item = VehicleId>) -> ArrayBox {
        self.column(ids.map(|id| id.0), |labels, id, out| out.push_str(&labels.vehicles[id]))
    }

    pub(super) fn optional_vehicles(&mut self, ids: impl Iterator<Item = Option<VehicleId>>) -> ArrayBox {
        self.optional_column(ids.map(|id| id.map(|id| id.0)), |labels, id, out| {
            out.push_str(&labels.vehicles[id]);
        })
    }

    pub(super) fn vehicle_types(&mut self, ids: impl Iterator<Item = TypeId>) -> ArrayBox {
        self.column(ids.map(|id| u32::from(id.0)), |labels, id, out| out.push_str(&labels.vehicle_types[id]))
    }

    pub(super) fn fleets(&mut self, ids: impl Iterator<Item = FleetId>) -> ArrayBox {
        self.column(ids.map(|id| u32::from(id.0)), |labels, id, out| out.push_str(&labels.fleets[id]))
    }

    pub(super) fn stations(&mut self, ids: impl Iterator<Item = StationId>) -> ArrayBox {
        self.column(ids.map(|id| id.0), |labels, id, out| out.push_str(&labels.stations[id]))
    }

    pub(super) fn operators(&mut self, ids: impl Iterator<Item = OperatorId>) -> ArrayBox {
        self.column(ids.map(|id| u32::from(id.0)), |labels, id, out| out.push_str(&labels.operators[id]))
    }

    pub(super) fn retailers(&mut self, ids: impl Iterator<Item = RetailerId>) -> ArrayBox {
        self.column(ids.map(|id| u32::from(id.0)), |labels, id, out| out.push_str(&labels.retailers[id]))
    }

    pub(super) fn accounts(&mut self, ids: impl Iterator<Item = AccountId>) -> ArrayBox {
        self.column(ids.map(|id| u32::from(id.0)), |labels, id, out| out.push_str(&labels.accounts[id]))
    }

    /// Names of markets; `None` denotes imbalance.
    pub(super) fn markets(&mut self, ids: impl Iterator<Item = Option<MarketId>>) -> ArrayBox {
        let imbalance = self.labels.markets.len() as u32;
        self.column(ids.map(|id| id.map_or(imbalance, |id| u32::from(id.0))), |labels, id, out| {
            out.push_str(labels.markets.get(id).map_or("imbalance", String::as_str));
        })
    }

    pub(super) fn bidders(&mut self, ids: impl Iterator<Item = BidderId>) -> ArrayBox {
        self.column(ids.map(|id| u32::from(id.0)), |labels, id, out| out.push_str(&labels.bidders[id]))
    }

    pub(super) fn places(&mut self, ids: impl Iterator<Item = PlaceId>) -> ArrayBox {
        self.column(ids.map(|id| id.0), |labels, id, out| {
            labels.places.write_label(PlaceId::new(id), out);
        })
    }

    pub(super) fn optional_places(&mut self, ids: impl Iterator<Item = Option<PlaceId>>) -> ArrayBox {
        self.optional_column(ids.map(|id| id.map(|id| id.0)), |labels, id, out| {
            labels.places.write_label(PlaceId::new(id), out);
        })
    }

    pub(super) fn optional_operators(&mut self, ids: impl Iterator<Item = Option<OperatorId>>) -> ArrayBox {
        self.optional_column(ids.map(|id| id.map(|id| u32::from(id.0))), |labels, id, out| {
            out.push_str(&labels.operators[id]);
        })
    }

    /// Names of sites: few, and all different.
    pub(super) fn sites(&self, rows: &[SiteRecord]) -> ArrayBox {
        let name = |row: &SiteRecord| match row.station {
            Some(site) => self.labels.stations[site.station.index()].clone(),
            None => {
                let mut label = String::new();
                self.labels.places.write_label(row.place, &mut label);
                label
            }
        };
        Utf8Array::<i64>::from_slice(rows.iter().map(name).collect::<Vec<_>>()).boxed()
    }

    /// Names of the places that are zones.
    pub(super) fn zones(&mut self, ids: impl Iterator<Item = PlaceId>) -> ArrayBox {
        let places = Arc::clone(&self.labels.places);
        let zone = |id: PlaceId| places.zone_name(id).is_some().then_some(id);
        self.optional_places(ids.map(zone))
    }

    /// A coordinate of the places of rows.
    pub(super) fn coordinates<R>(
        &self,
        rows: &[R],
        place: fn(&R) -> PlaceId,
        coordinate: fn(&Places, PlaceId) -> f64,
    ) -> ArrayBox {
        let degrees = rows.iter().map(|row| coordinate(&self.labels.places, place(row))).collect();
        PrimitiveArray::<f64>::from_vec(degrees).boxed()
    }

    /// The currency, `rows` times.
    pub(super) fn currency(&mut self, rows: usize) -> ArrayBox {
        let currency = self.labels.currency.clone();
        self.fixed(&[&currency], std::iter::repeat_n(0, rows))
    }

    /// Values of a fixed list of texts.
    #[allow(clippy::unused_self)] // for symmetry with the other columns
    pub(super) fn fixed(&mut self, texts: &[&str], keys: impl Iterator<Item = u32>) -> ArrayBox {
        // All texts are in the dictionary, used or not, so keys need no translation; the statistics of such a column
        // then cover all texts. Readers may only take them as bounds, not as values that occur.
        dictionary(PrimitiveArray::from_vec(keys.collect()), Utf8Array::<i64>::from_slice(texts))
    }

    fn key(&mut self, id: u32) -> u32 {
        let index = id as usize;
        if index >= self.key_of.len() {
            self.key_of.resize(index + 1, UNUSED);
        }
        let key = self.key_of[index];
        if key != UNUSED {
            return key;
        }
        let key = self.used.len() as u32;
        self.key_of[index] = key;
        self.used.push(id);
        key
    }

    fn column(
        &mut self,
        ids: impl Iterator<Item = u32>,
        write: impl Fn(&Labels, usize, &mut String),
    ) -> ArrayBox {
        let keys: Vec<u32> = ids.map(|id| self.key(id)).collect();
        dictionary(PrimitiveArray::from_vec(keys), self.take_used(write))
    }

    fn optional_column(
        &mut self,
        ids: impl Iterator<Item = Option<u32>>,
        write: impl Fn(&Labels, usize, &mut String),
    ) -> ArrayBox {
        let mut keys = Vec::with_capacity(ids.size_hint().0);
        let mut valid = MutableBitmap::with_capacity(ids.size_hint().0);
        for id in ids {
            valid.push(id.is_some());
            keys.push(id.map_or(0, |id| self.key(id)));
        }
        if self.used.is_empty() {
            // All null: key 0 must still refer to some text.
            let all_null = Utf8Array::<i64>::from_slice([""]);
            return dictionary(PrimitiveArray::new(u32_type(), keys.into(), Some(valid.into())), all_null);
        }
        let validity = (valid.unset_bits() > 0).then(|| valid.into());
        dictionary(PrimitiveArray::new(u32_type(), keys.into(), validity), self.take_used(write))
    }

    /// Returns the names in the order of their keys and clears the keys.
    fn take_used(&mut self, write: impl Fn(&Labels, usize, &mut String)) -> Utf8Array<i64> {
        let mut text = String::new();
        let mut ends = Vec::with_capacity(self.used.len() + 1);
        ends.push(0i64);
        for id in self.used.drain(..) {
            self.key_of[id as usize] = UNUSED;
            write(&self.labels, id as usize, &mut text);
            ends.push(text.len() as i64);
        }
        let offsets = ends.try_into().expect("ascending offsets");
        Utf8Array::new(ArrowDataType::LargeUtf8, offsets, text.into_bytes().into(), None)
    }
}

fn u32_type() -> ArrowDataType {
    ArrowDataType::UInt32
}

fn dictionary(keys: PrimitiveArray<u32>, names: Utf8Array<i64>) -> ArrayBox {
    let dtype = ArrowDataType::Dictionary(IntegerType::UInt32, Box::new(ArrowDataType::LargeUtf8), false);
    DictionaryArray::try_new(dtype, keys, names.boxed()).expect("each key has a name").boxed()
}

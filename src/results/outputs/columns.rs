//! From batches of rows to Parquet columns.
//!
//! Records are kept whole until a batch is full; each batch is then transposed here. Text that repeats is never
//! formatted per row: such a column is a list of keys into the names that the batch uses, which is exactly the
//! dictionary page that Parquet expects, so no row is hashed either.

use gridfleet_core::records::cells::Columns;
use gridfleet_core::records::{Labels, Rows};
use gridfleet_core::time::SimTime;
use polars_arrow::array::{Array, DictionaryArray, PrimitiveArray, Utf8Array};
use polars_arrow::bitmap::MutableBitmap;
use polars_arrow::datatypes::{ArrowDataType, IntegerType, TimeUnit};
use polars_arrow::types::NativeType;

/// A column in memory.
pub(super) type ArrayBox = Box<dyn Array>;

/// Marks a name that the batch has not used yet.
const UNUSED: u32 = u32::MAX;

/// Makes columns from rows.
#[derive(Default)]
pub(super) struct Transposer {
    columns: Vec<ArrayBox>,
    /// Key of each identifier within the current column.
    key_of: Vec<u32>,
    /// Identifiers in the order of their keys.
    used: Vec<u32>,
}

impl Transposer {
    /// The columns of `rows`, in the order of the data dictionary.
    pub(super) fn columns(&mut self, rows: &Rows, labels: &Labels) -> Vec<ArrayBox> {
        rows.put(labels, self);
        std::mem::take(&mut self.columns)
    }

    fn numbers<T: NativeType>(&mut self, values: impl Iterator<Item = T>) {
        self.columns.push(PrimitiveArray::from_vec(values.collect::<Vec<T>>()).boxed());
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

    /// Returns the names in the order of their keys and clears the keys.
    fn take_used(&mut self, write: impl Fn(u32, &mut String)) -> Utf8Array<i64> {
        for &id in &self.used {
            self.key_of[id as usize] = UNUSED;
        }
        texts(self.used.drain(..), write)
    }
}

impl Columns for Transposer {
    fn ids(&mut self, values: impl Iterator<Item = u32>) {
        self.numbers(values);
    }

    fn optional_ids(&mut self, values: impl Iterator<Item = Option<u32>>) {
        self.columns.push(optional(values).boxed());
    }

    fn ints(&mut self, values: impl Iterator<Item = i64>) {
        self.numbers(values);
    }

    fn optional_ints(&mut self, values: impl Iterator<Item = Option<i64>>) {
        self.columns.push(optional(values).boxed());
    }

    fn floats(&mut self, values: impl Iterator<Item = f64>) {
        self.numbers(values);
    }

    fn optional_floats(&mut self, values: impl Iterator<Item = Option<f64>>) {
        self.columns.push(optional(values).boxed());
    }

    fn times(&mut self, values: impl Iterator<Item = SimTime>) {
        let ms: Vec<i64> = values.map(milliseconds).collect();
        self.columns.push(PrimitiveArray::from_vec(ms).to(time_type()).boxed());
    }

    fn optional_times(&mut self, values: impl Iterator<Item = Option<SimTime>>) {
        let ms = optional(values.map(|time| time.map(milliseconds)));
        self.columns.push(ms.to(time_type()).boxed());
    }

    fn names(&mut self, keys: impl Iterator<Item = u32>, write: impl Fn(u32, &mut String)) {
        let keys: Vec<u32> = keys.map(|id| self.key(id)).collect();
        let names = self.take_used(write);
        self.columns.push(dictionary(PrimitiveArray::from_vec(keys), names));
    }

    fn optional_names(&mut self, ids: impl Iterator<Item = Option<u32>>, write: impl Fn(u32, &mut String)) {
        let mut keys = Vec::with_capacity(ids.size_hint().0);
        let mut valid = MutableBitmap::with_capacity(ids.size_hint().0);
        for id in ids {
            valid.push(id.is_some());
            keys.push(id.map_or(0, |id| self.key(id)));
        }
        let names = if self.used.is_empty() {
            // All null: key 0 must still refer to some text.
            Utf8Array::<i64>::from_slice([""])
        } else {
            self.take_used(write)
        };
        let validity = (valid.unset_bits() > 0).then(|| valid.into());
        let keys = PrimitiveArray::new(ArrowDataType::UInt32, keys.into(), validity);
        self.columns.push(dictionary(keys, names));
    }

    fn choices(&mut self, texts: &[&str], keys: impl Iterator<Item = u32>) {
        // All texts are in the dictionary, used or not, so keys need no translation; the statistics of such a column
        // then cover all texts. Readers may only take them as bounds, not as values that occur.
        let keys = PrimitiveArray::from_vec(keys.collect());
        self.columns.push(dictionary(keys, Utf8Array::<i64>::from_slice(texts)));
    }

    fn texts<T>(&mut self, values: impl Iterator<Item = T>, write: impl Fn(T, &mut String)) {
        self.columns.push(texts(values, write).boxed());
    }
}

/// Type of a timestamp column.
pub(super) fn time_type() -> ArrowDataType {
    ArrowDataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

fn milliseconds(time: SimTime) -> i64 {
    time.0 * 1_000
}

fn optional<T: NativeType>(values: impl Iterator<Item = Option<T>>) -> PrimitiveArray<T> {
    let mut numbers = Vec::with_capacity(values.size_hint().0);
    let mut valid = MutableBitmap::with_capacity(values.size_hint().0);
    for value in values {
        valid.push(value.is_some());
        numbers.push(value.unwrap_or_default());
    }
    let validity = (valid.unset_bits() > 0).then(|| valid.into());
    PrimitiveArray::new(T::PRIMITIVE.into(), numbers.into(), validity)
}

/// Texts of values, written into one buffer.
fn texts<T>(values: impl Iterator<Item = T>, write: impl Fn(T, &mut String)) -> Utf8Array<i64> {
    let mut text = String::new();
    let mut ends = Vec::with_capacity(values.size_hint().0 + 1);
    ends.push(0i64);
    for value in values {
        write(value, &mut text);
        ends.push(text.len() as i64);
    }
    let offsets = ends.try_into().expect("ascending offsets");
    Utf8Array::new(ArrowDataType::LargeUtf8, offsets, text.into_bytes().into(), None)
}

fn dictionary(keys: PrimitiveArray<u32>, names: Utf8Array<i64>) -> ArrayBox {
    let dtype = ArrowDataType::Dictionary(IntegerType::UInt32, Box::new(ArrowDataType::LargeUtf8), false);
    DictionaryArray::try_new(dtype, keys, names.boxed()).expect("each key has a name").boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_without_nulls_carries_no_bitmap() {
        assert!(optional([1i64, 2].into_iter().map(Some)).validity().is_none());
        let some = optional([None, Some(2i64)].into_iter());
        assert_eq!(some.null_count(), 1);
        assert_eq!(some.value(1), 2);
    }
}

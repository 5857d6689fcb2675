//! Parquet files in memory, and their columns as `polars-core` knows them.
//!
//! Without its features for them, `polars-core` has no narrow integers, decimals and categories; with them its code is
//! two thirds larger. Files of others have such columns: here they are decoded to Arrow arrays and
//! widened before they become columns of a data frame.

use super::pages;
use polars_arrow::array::{Array, PrimitiveArray, new_empty_array, new_null_array};
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field};
use polars_arrow::types::{NativeType, i256};
use polars_buffer::Buffer;
use polars_core::error::{PolarsError, PolarsResult};
use polars_core::prelude::{Column, IntoColumn, Series};
use polars_core::runtime::RAYON;
use polars_parquet::read::{
    BasicDecompressor, FileMetadata, Filter, PageReader, RowGroupMetadata, column_iter_to_arrays,
    infer_schema, read_metadata,
};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};
use std::fmt::Display;
use std::io::Cursor;

/// The bytes of a Parquet file, of which only the footer has been read.
#[derive(Debug)]
pub(super) struct Encoded {
    bytes: Buffer<u8>,
    footer: FileMetadata,
    schema: ArrowSchema,
}

impl Encoded {
    /// Reads the footer, which [`pages::check_footer`] has accepted.
    ///
    /// # Errors
    /// If it is damaged. May panic on damaged files: must be called under guard.
    pub(super) fn open(bytes: Vec<u8>) -> PolarsResult<Self> {
        let bytes = Buffer::from(bytes);
        let footer = read_metadata(&mut Cursor::new(&bytes[..]))?;
        let schema = infer_schema(&footer)?;
        Ok(Self { bytes, footer, schema })
    }

    /// The content of the file.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The footer.
    pub(super) fn footer(&self) -> &FileMetadata {
        &self.footer
    }

    /// Names and types of the columns, in the order of the file.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.schema.iter_values()
    }

    /// Total number of rows of the row groups; the footer may state another one.
    pub(super) fn rows_of_groups(&self) -> usize {
        self.footer.row_groups.iter().map(RowGroupMetadata::num_rows).fold(0, usize::saturating_add)
    }

    /// Checks that the page headers of the columns `wanted` agree with the footer.
    ///
    /// # Errors
    /// As [`pages::check`], which may panic too.
    pub(super) fn check(&self, wanted: &[&str]) -> Result<(), String> {
        pages::check(&self.bytes, &self.footer, wanted)
    }

    /// Decodes the columns at these positions of the schema, which [`check`](Self::check) has accepted: integers of
    /// 8 and 16 bits as 32 bits, decimals as floats, dictionaries as text. The other columns are not decoded.
    ///
    /// # Errors
    /// If they are damaged. May panic on damaged files: must be called under guard.
    pub(super) fn columns(&self, wanted: &[usize]) -> PolarsResult<Vec<Column>> {
        let groups: Vec<&RowGroupMetadata> =
            self.footer.row_groups.iter().filter(|group| group.num_rows() > 0).collect();
        let field = |&at: &usize| self.schema.try_get_at_index(at).map(|(_, field)| undivided(field));
        let fields: Vec<Field> = wanted.iter().map(field).collect::<PolarsResult<_>>()?;
        let parts: Vec<(&Field, &RowGroupMetadata)> =
            fields.iter().flat_map(|field| groups.iter().map(move |&group| (field, group))).collect();
        let decoded: Vec<PolarsResult<Vec<Box<dyn Array>>>> =
            RAYON.install(|| parts.into_par_iter().map(|(field, group)| self.part(field, group)).collect());
        let mut decoded = decoded.into_iter();
        let column = |field: &Field| {
            let mut chunks = Vec::new();
            for part in decoded.by_ref().take(groups.len()) {
                chunks.extend(part?);
            }
            let dtype = wide(&field.dtype);
            if chunks.is_empty() {
                chunks.push(new_empty_array(dtype.clone()));
            }
            Ok(Series::try_from((&Field { dtype, ..field.clone() }, chunks))?.into_column())
        };
        fields.iter().map(column).collect()
    }

    /// Decodes one column of one row group.
    fn part(&self, field: &Field, group: &RowGroupMetadata) -> PolarsResult<Vec<Box<dyn Array>>> {
        let rows = group.num_rows();
        let Some(leaves) = group.columns_under_root_iter(&field.name) else {
            // The schema is a text of the writer's and may name a column that the file lacks.
            return Ok(vec![new_null_array(wide(&field.dtype), rows)]);
        };
        let (pages, types) = leaves
            .map(|leaf| {
                let range = leaf.byte_range();
                let bytes = self.bytes.clone().sliced(range.start as usize..range.end as usize);
                let pages = PageReader::new(Cursor::new(bytes), leaf, Vec::new(), usize::MAX);
                (BasicDecompressor::new(pages, Vec::new()), &leaf.descriptor().descriptor.primitive_type)
            })
            .unzip();
        let all = Some(Filter::new_ranged(0, rows));
        let (arrays, _) = column_iter_to_arrays(pages, types, field.clone(), all)?;
        let decoded: usize = arrays.iter().map(|array| array.len()).sum();
        if decoded != rows {
            return Err(PolarsError::ShapeMismatch(format!("{decoded} values in {rows} rows").into()));
        }
        arrays.into_iter().map(widened).collect()
    }
}

/// A field without a dictionary: its values are decoded instead of numbers of values.
fn undivided(field: &Field) -> Field {
    match &field.dtype {
        // The metadata may contain the categories of the dictionary.
        ArrowDataType::Dictionary(_, values, _) => {
            Field::new(field.name.clone(), (**values).clone(), field.is_nullable)
        }
        _ => field.clone(),
    }
}

/// The type that `polars-core` knows and that holds all values of another.
fn wide(dtype: &ArrowDataType) -> ArrowDataType {
    match dtype {
        ArrowDataType::Int8 | ArrowDataType::Int16 | ArrowDataType::UInt8 | ArrowDataType::UInt16 => {
            ArrowDataType::Int32
        }
        ArrowDataType::Decimal(..) | ArrowDataType::Decimal256(..) => ArrowDataType::Float64,
        other => other.clone(),
    }
}

/// An array as the [`wide`] type.
fn widened(array: Box<dyn Array>) -> PolarsResult<Box<dyn Array>> {
    let wide = match *array.dtype() {
        ArrowDataType::Int8 => mapped(&*array, |value: i8| i32::from(value)),
        ArrowDataType::Int16 => mapped(&*array, |value: i16| i32::from(value)),
        ArrowDataType::UInt8 => mapped(&*array, |value: u8| i32::from(value)),
        ArrowDataType::UInt16 => mapped(&*array, |value: u16| i32::from(value)),
        ArrowDataType::Decimal(precision, scale) => {
            check_decimal(precision, scale, 38)?;
            mapped(&*array, |digits: i128| decimal(digits, scale))
        }
        ArrowDataType::Decimal256(precision, scale) => {
            check_decimal(precision, scale, 76)?;
            mapped(&*array, |digits: i256| {
                i128::try_from(digits).map_or_else(|_| rounded(digits, scale), |short| decimal(short, scale))
            })
        }
        _ => None,
    };
    Ok(wide.unwrap_or(array))
}

/// An array with each value converted; `None` if its values are not of type `N`.
fn mapped<N: NativeType, W: NativeType>(
    array: &dyn Array,
    convert: impl Fn(N) -> W,
) -> Option<Box<dyn Array>> {
    let narrow = array.as_any().downcast_ref::<PrimitiveArray<N>>()?;
    let values: Vec<W> = narrow.values_iter().map(|&value| convert(value)).collect();
    Some(PrimitiveArray::new(W::PRIMITIVE.into(), values.into(), narrow.validity().cloned()).boxed())
}

fn check_decimal(precision: usize, scale: usize, most: usize) -> PolarsResult<()> {
    let wrong = |what: String| Err(PolarsError::InvalidOperation(what.into()));
    if !(1..=most).contains(&precision) {
        return wrong(format!("precision must be between 1 and {most}"));
    }
    if scale > precision {
        return wrong("scale must be less than or equal to precision".to_owned());
    }
    Ok(())
}

/// Powers of ten that are exact as floats.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// The float nearest to `digits` / 10^`scale`.
fn decimal(digits: i128, scale: usize) -> f64 {
    match POWERS.get(scale) {
        // Both are exact, so that only the quotient is rounded.
        Some(power) if digits.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS => digits as f64 / power,
        _ => rounded(digits, scale),
    }
}

/// As [`decimal`], slower, for any number of digits.
fn rounded(digits: impl Display, scale: usize) -> f64 {
    format!("{digits}e-{scale}").parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_rounded_once() {
        for (digits, scale, nearest) in [
            (0, 2, 0.0),
            (1, 1, 0.1),
            (-1_995, 3, -1.995),
            (1 << 53, 22, 9.007199254740992e-7),
            ((1 << 53) + 1, 0, 9007199254740992.0),
            ((1 << 53) + 1, 3, 9007199254740.993),
            (12_345_678_901_234_567_890, 10, 1_234_567_890.123_456_7),
            (i128::MAX, 38, 1.701_411_834_604_692_3),
        ] {
            assert_eq!(decimal(digits, scale), nearest, "{digits} {scale}");
            assert_eq!(decimal(-digits, scale), -nearest, "{digits} {scale}");
            assert_eq!(rounded(digits, scale), nearest, "{digits} {scale}");
        }
        // Two roundings miss the nearest float here.
        let digits = 9_007_199_254_740_993_i128;
        let twice = |digits: i128, scale: i32| digits as f64 / 10_f64.powi(scale);
        assert!((0..200).any(|more| decimal(digits + 2 * more, 3) != twice(digits + 2 * more, 3)));
        assert!(check_decimal(38, 38, 38).is_ok() && check_decimal(76, 10, 76).is_ok());
        assert!([(0, 0), (39, 2), (4, 5)].iter().all(|&(p, s)| check_decimal(p, s, 38).is_err()));
    }
}

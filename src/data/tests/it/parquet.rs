//! Parquet files as other programs write them: columns of every type that means numbers, times, names or nothing.

use gridfleet_data::Reading;
use gridfleet_data::small_table::SmallTable;
use gridfleet_data::table::{Table, TableFile};
use gridfleet_data::times::RawTime;
use polars_arrow::array::{
    Array, BooleanArray, DictionaryArray, DictionaryKey, NullArray, PrimitiveArray, Utf8Array, Utf8ViewArray,
};
use polars_arrow::datatypes::{ArrowDataType, Field, TimeUnit};
use polars_arrow::record_batch::RecordBatchT;
use polars_arrow::types::NativeType;
use polars_parquet::write::{
    CompressionOptions, Encoding, FileWriter, StatisticsOptions, Version, WriteOptions, row_group_iter,
    schema_to_metadata_key,
};
use std::sync::Arc;

/// Name and type as the Arrow schema in the metadata has them, and the values as they are stored.
type Column = (Field, Box<dyn Array>);

/// A Parquet file of two equal row groups.
fn file(columns: &[Column]) -> Vec<u8> {
    let rows = columns[0].1.len();
    let declared = columns.iter().map(|(field, _)| (field.name.clone(), field.clone())).collect();
    let stored = columns.iter().map(|(field, array)| {
        (field.name.clone(), Field::new(field.name.clone(), array.dtype().clone(), true))
    });
    let options = WriteOptions {
        statistics: StatisticsOptions::default(),
        version: Version::V1,
        compression: CompressionOptions::Snappy,
        data_page_size: None,
    };
    let mut writer = FileWriter::try_new(Vec::new(), stored.collect(), options).unwrap();
    for _ in 0..2 {
        let schema = Arc::new(writer.schema().clone());
        let arrays = columns.iter().map(|(_, array)| array.clone()).collect();
        let encoding = |(field, _): &Column| match field.dtype {
            ArrowDataType::Dictionary(..) => vec![Encoding::RleDictionary],
            _ => vec![Encoding::Plain],
        };
        let encodings = columns.iter().map(encoding).collect();
        let types = writer.parquet_schema().fields().to_vec();
        let group =
            row_group_iter(RecordBatchT::try_new(rows, schema, arrays).unwrap(), encodings, types, options);
        writer.write(rows as u64, group).unwrap();
    }
    writer.end(Some(vec![schema_to_metadata_key(&declared)])).unwrap();
    writer.into_inner()
}

fn column(name: &str, array: Box<dyn Array>) -> Column {
    (Field::new(name.into(), array.dtype().clone(), true), array)
}

/// A column of two values, with a gap between them.
fn pair<T: NativeType>(name: &str, first: T, last: T) -> Column {
    column(name, PrimitiveArray::from([Some(first), None, Some(last)]).boxed())
}

fn typed<T: NativeType>(name: &str, dtype: ArrowDataType, first: T, last: T) -> Column {
    column(name, PrimitiveArray::from([Some(first), None, Some(last)]).to(dtype).boxed())
}

fn read(columns: &[Column], reading: &Reading) -> Table {
    let file = TableFile::from_bytes_with("x.parquet", file(columns), reading).unwrap();
    assert!((0..columns.len()).all(|column| file.is_readable(column)));
    file.read(&(0..columns.len()).collect::<Vec<_>>()).unwrap()
}

fn numbers() -> Vec<Column> {
    use ArrowDataType::{Decimal, Decimal256};
    // Polars writes no such decimals; other programs store short ones in the same way.
    let of_256 = |name: &str, precision, scale, first: i128, last| {
        let (field, array) = typed(name, Decimal(precision, scale), first, last);
        (Field { dtype: Decimal256(precision, scale), ..field }, array)
    };
    vec![
        pair("i8", i8::MIN, i8::MAX),
        pair("i16", i16::MIN, i16::MAX),
        pair("i32", i32::MIN, i32::MAX),
        pair("i64", -5_i64, 1 << 53),
        pair("u8", 0, u8::MAX),
        pair("u16", 7, u16::MAX),
        pair("u32", 7, u32::MAX),
        pair("u64", 7, 1_u64 << 53),
        pair("f32", -0.5_f32, 2.0),
        pair("f64", -0.1, 2.0),
        // Stored in 4, 8, 16, 4 and 16 bytes.
        typed("d9", Decimal(9, 2), -1_995_i128, 7),
        typed("d18", Decimal(18, 4), -1_i128, 123_456_789_012_345_678),
        typed("d38", Decimal(38, 10), -12_345_i128, 10_i128.pow(37)),
        of_256("d9 of 256", 9, 3, -1_995, 1),
        of_256("d38 of 256", 38, 20, -5, 10_i128.pow(37)),
    ]
}

#[test]
fn parquet_numbers_of_every_width_are_numbers() {
    let columns = numbers();
    let table = read(&columns, &Reading::default());
    let values = |column: usize| {
        let numbers = table.numbers(column).unwrap();
        assert!(numbers.bad.is_empty() && numbers.get(1).is_nan() && numbers.values.len() == 6, "{column}");
        assert_eq!((numbers.get(3), numbers.get(5)), (numbers.get(0), numbers.get(2)), "{column}");
        [numbers.get(0), numbers.get(2)]
    };
    let expected = [
        [-128.0, 127.0],
        [-32_768.0, 32_767.0],
        [-2_147_483_648.0, 2_147_483_647.0],
        [-5.0, 9_007_199_254_740_992.0],
        [0.0, 255.0],
        [7.0, 65_535.0],
        [7.0, 4_294_967_295.0],
        [7.0, 9_007_199_254_740_992.0],
        [-0.5, 2.0],
        [-0.1, 2.0],
        [-19.95, 0.07],
        [-0.0001, 12_345_678_901_234.568],
        [-0.000_001_234_5, 1e27],
        [-1.995, 0.001],
        [-5e-20, 1e17],
    ];
    for (at, expected) in expected.into_iter().enumerate() {
        assert_eq!(values(at), expected, "{}", columns[at].0.name);
    }
    let names: Vec<String> = (0..columns.len()).map(|at| table.names(at).unwrap().names.join(" ")).collect();
    insta::assert_snapshot!(names.join("\n"), @r"
    -128 127
    -32768 32767
    -2147483648 2147483647
    -5 9007199254740992
    0 255
    7 65535
    7 4294967295
    7 9007199254740992
    -0.5 2
    -0.1 2
    -19.95 0.07
    -0.0001 12345678901234.568
    -0.0000012345 1000000000000000000000000000
    -1.995 0.001
    -0.00000000000000000005 100000000000000000
    ");
    let cells = |row: usize| (0..columns.len()).map(|at| table.cell(at, row)).collect::<Vec<_>>().join("|");
    insta::assert_snapshot!([0, 1, 2].map(cells).join("\n"), @r"
    -128|-32768|-2147483648|-5|0|7|7|7|-0.5|-0.1|-19.95|-0.0001|-0.000001|-1.995|-5.0000e-20
    ||||||||||||||
    127|32767|2147483647|9007199254740992|255|65535|4294967295|9007199254740992|2.0|2.0|0.07|1.2346e13|1.0000e27|0.001|1.0000e17
    ");
    insta::assert_snapshot!(table.error(10, 2, "a zone"), @"x.parquet:3: d9: found `0.07`, expected a zone");
    assert_eq!(table.times(5).unwrap()[..2], [RawTime::Utc(7), RawTime::Missing]);
}

fn dictionary<K: DictionaryKey + TryFrom<u8>>(name: &str) -> Column {
    let key = |key: u8| K::try_from(key).ok();
    let keys = PrimitiveArray::from([key(1), None, key(0)]);
    let values = Utf8ViewArray::from_slice_values(["a", "b"]).boxed();
    column(name, DictionaryArray::try_from_keys(keys, values, false).unwrap().boxed())
}

#[test]
fn parquet_dictionaries_of_every_key_are_names() {
    // Polars keeps the kind of its categories in the metadata.
    let of_polars = |column: Column, key: &str, value: &str| {
        let (field, array) = column;
        let metadata = [(key.into(), value.into())].into();
        (field.with_metadata(metadata), array)
    };
    let columns = [
        dictionary::<i8>("i8"),
        dictionary::<i16>("i16"),
        dictionary::<i32>("i32"),
        dictionary::<i64>("i64"),
        dictionary::<u8>("u8"),
        dictionary::<u16>("u16"),
        dictionary::<u32>("u32"),
        dictionary::<u64>("u64"),
        of_polars(dictionary::<u32>("categories"), "_PL_CATEGORICAL2", "0;0;u32;"),
        of_polars(dictionary::<u8>("choice"), "_PL_ENUM_VALUES2", "1;a1;b"),
        column("view", Utf8ViewArray::from_slice([Some("b"), None, Some("a")]).boxed()),
        column("utf8", Utf8Array::<i64>::from([Some("b"), None, Some("a")]).boxed()),
        pair("n", 1_i64, 2),
    ];
    let table = read(&columns, &Reading::default());
    for (at, (field, _)) in columns.iter().enumerate().take(12) {
        let names = table.names(at).unwrap();
        let codes = [0, u32::MAX, 1, 0, u32::MAX, 1];
        assert_eq!((&names.codes[..], names.names.join("")), (&codes[..], "ba".into()), "{}", field.name);
        assert!(table.is_text(at), "{}", field.name);
        assert_eq!([table.cell(at, 0), table.cell(at, 1)], ["b", ""]);
    }
    // Rows are left out by names, and keep their numbers.
    for name in ["i8", "u64", "categories", "choice"] {
        let reading = Reading { conditions: vec![(name.into(), "a".into())], ..Reading::default() };
        let table = read(&columns, &reading);
        assert_eq!((table.rows(), table.line(0), table.line(1)), (2, 3, 6), "{name}");
        assert_eq!(
            (table.numbers(12).unwrap().values, table.names(0).unwrap().names.len()),
            (vec![2.0; 2], 1)
        );
    }
}

#[test]
fn parquet_times_of_every_unit_and_zone_are_times() {
    let s = 1_520_289_000; // 2018-03-05T22:30:00Z
    let units = [
        ("s", TimeUnit::Second, 1),
        ("ms", TimeUnit::Millisecond, 1_000),
        ("us", TimeUnit::Microsecond, 1_000_000),
        ("ns", TimeUnit::Nanosecond, 1_000_000_000),
    ];
    for (unit, kind, per_second) in units {
        let zones = [None, Some("UTC"), Some("+00:00"), Some("Europe/Berlin")];
        let columns = zones.map(|zone| {
            let dtype = ArrowDataType::Timestamp(kind, zone.map(Into::into));
            typed(zone.unwrap_or("none"), dtype, s * per_second + per_second - 1, -1_i64)
        });
        let table = read(&columns, &Reading::default());
        assert_eq!(
            table.times(0).unwrap()[..3],
            [RawTime::Wall(s), RawTime::Missing, RawTime::Wall(-1)],
            "{unit}"
        );
        for column in 1..zones.len() {
            let expected = [RawTime::Utc(s), RawTime::Missing, RawTime::Utc(-1)];
            assert_eq!(table.times(column).unwrap()[..3], expected, "{unit} {column}");
        }
        assert_eq!([0, 1].map(|at| table.cell(at, 0)), ["2018-03-05T22:30:00", "2018-03-05T22:30:00Z"]);
    }
    let table = read(&[typed("day", ArrowDataType::Date32, 17_595, -1)], &Reading::default());
    assert_eq!(table.times(0).unwrap()[..2], [RawTime::Wall(17_595 * 86_400), RawTime::Missing]);
}

#[test]
fn parquet_flags_and_columns_of_nothing() {
    let flags = BooleanArray::from([Some(true), None, Some(false)]).boxed();
    let columns = [column("flag", flags), column("none", NullArray::new(ArrowDataType::Null, 3).boxed())];
    let table = read(&columns, &Reading::default());
    assert_eq!(table.names(0).unwrap().names, ["true", "false"]);
    assert_eq!(table.numbers(0).unwrap().values[2], 0.0);
    assert!(table.numbers(1).unwrap().values.iter().all(|value| value.is_nan()));
    assert_eq!(table.times(1).unwrap(), [RawTime::Missing; 6]);
    assert_eq!(table.names(1).unwrap().codes, [u32::MAX; 6]);
}

#[test]
fn parquet_files_without_rows_have_columns() {
    let empty = |(field, array): Column| (field, array.sliced(0, 0));
    let columns: Vec<Column> = numbers().into_iter().chain([dictionary::<i8>("kind")]).map(empty).collect();
    let table = read(&columns, &Reading::default());
    assert_eq!(table.rows(), 0);
    assert!((0..columns.len()).all(|at| table.names(at).unwrap().names.is_empty()));
    assert!((0..columns.len()).all(|at| table.numbers(at).unwrap().values.is_empty()));
}

#[test]
fn parquet_tables_of_few_rows_are_read_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let columns = numbers().into_iter().chain([dictionary::<i16>("kind")]).collect::<Vec<_>>();
    std::fs::write(&path, file(&columns)).unwrap();
    let names: Vec<&str> = columns.iter().map(|(field, _)| field.name.as_str()).collect();
    let table = SmallTable::read(&path, &["i8", "kind"], &names).unwrap();
    let rows: Vec<String> = table
        .rows()
        .map(|row| names.iter().map(|name| row.text(name).unwrap_or("-")).collect::<Vec<_>>().join(" "))
        .collect();
    insta::assert_snapshot!(rows[..3].join("\n"), @r"
    -128 -32768 -2147483648 -5 0 7 7 7 -0.5 -0.1 -19.95 -0.0001 -0.0000012345 -1.995 -0.00000000000000000005 b
    - - - - - - - - - - - - - - - -
    127 32767 2147483647 9007199254740992 255 65535 4294967295 9007199254740992 2 2 0.07 12345678901234.568 1000000000000000000000000000 0.001 100000000000000000 a
    ");
    assert_eq!(rows[3..], rows[..3]);
}

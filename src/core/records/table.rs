//! The macros by which output tables are declared, and the trait of their rows.
//!
//! One declaration gives the record's struct, the table's entry in the dictionary, the values of its columns, and its
//! place in each enum over all tables. Nothing here knows a file format: a writer implements [`Columns`].

use super::Labels;
use super::cells::Columns;
use super::dictionary::{Column, TableId};

/// A record that is a row of an output table.
pub trait Row: Copy + Send + 'static {
    /// Its table.
    const TABLE: TableId;
    /// The columns of the table, in the order of the file.
    const COLUMNS: &'static [Column];
    /// Passes the columns of `rows` to `out`, in the order of [`Self::COLUMNS`].
    fn put(rows: &[Self], labels: &Labels, out: &mut impl Columns);
}

/// Values of one column.
pub(super) fn values<R, T>(
    rows: &[R],
    labels: &Labels,
    value: impl Fn(&R, &Labels) -> T,
) -> impl Iterator<Item = T> {
    rows.iter().map(move |row| value(row, labels))
}

/// Meaning of a field with its unit.
macro_rules! meaning {
    ($doc:literal) => {
        $doc
    };
    ($doc:literal $unit:literal) => {
        concat!($doc, " [", $unit, "]")
    };
}

/// One column of the dictionary; the type of its values implies its type in the file.
macro_rules! column {
    ($name:ident, $type:ty, $doc:literal $($unit:literal)?) => {
        Column {
            name: stringify!($name),
            kind: <$type as Cell>::KIND,
            unit: column!(@unit $($unit)?),
            nullable: <$type as Cell>::NULLABLE,
            doc: $doc,
        }
    };
    (@unit) => {
        None
    };
    (@unit $unit:literal) => {
        Some($unit)
    };
}

/// One table. Takes the lines of its declaration one after the other, and collects fields, columns and values.
macro_rules! table {
    // A column computed from the row and the labels.
    (
        $head:tt $fields:tt [$($columns:tt)*] [$($values:tt)*]
        let $column:ident: $type:ty = $value:expr, $doc:literal $([$unit:literal])?; $($rest:tt)*
    ) => {
        table! {
            $head $fields
            [$($columns)* column!($column, $type, $doc $($unit)?),]
            [$($values)* ($type, $value)]
            $($rest)*
        }
    };
    // A field that is no column.
    (
        $head:tt [$($fields:tt)*] $columns:tt $values:tt
        $(#[$meta:meta])* ($field:ident: $type:ty), $doc:literal $([$unit:literal])?; $($rest:tt)*
    ) => {
        table! {
            $head
            [$($fields)* #[doc = meaning!($doc $($unit)?)] $(#[$meta])* pub $field: $type,]
            $columns $values
            $($rest)*
        }
    };
    // A field that is a column of another name.
    (
        $head:tt [$($fields:tt)*] [$($columns:tt)*] [$($values:tt)*]
        $(#[$meta:meta])* $field:ident as $column:ident: $type:ty, $doc:literal $([$unit:literal])?;
        $($rest:tt)*
    ) => {
        table! {
            $head
            [$($fields)* #[doc = meaning!($doc $($unit)?)] $(#[$meta])* pub $field: $type,]
            [$($columns)* column!($column, $type, $doc $($unit)?),]
            [$($values)* ($type, |row, _| row.$field)]
            $($rest)*
        }
    };
    // A field that is a column.
    (
        $head:tt [$($fields:tt)*] [$($columns:tt)*] [$($values:tt)*]
        $(#[$meta:meta])* $field:ident: $type:ty, $doc:literal $([$unit:literal])?; $($rest:tt)*
    ) => {
        table! {
            $head
            [$($fields)* #[doc = meaning!($doc $($unit)?)] $(#[$meta])* pub $field: $type,]
            [$($columns)* column!($field, $type, $doc $($unit)?),]
            [$($values)* ($type, |row, _| row.$field)]
            $($rest)*
        }
    };
    // The end of the declaration.
    (
        ($form:tt $record:ident, $id:ident, $table:ident, $doc:literal)
        $fields:tt [$($columns:tt)*] [$(($type:ty, $value:expr))*]
    ) => {
        record! { $form $record, $table, $doc, $fields }

        impl Row for $record {
            const TABLE: TableId = TableId::$id;
            const COLUMNS: &'static [Column] = &[$($columns)*];
            fn put(rows: &[Self], labels: &Labels, out: &mut impl Columns) {
                $(<$type as Cell>::put(values(rows, labels, $value), labels, out);)*
            }
        }
    };
}

/// The struct of a record, unless it is declared elsewhere.
macro_rules! record {
    (struct $record:ident, $table:ident, $doc:literal, [$($fields:tt)*]) => {
        #[doc = concat!($doc, "\n\nRow of `", stringify!($table), ".parquet`; `None` is null there.")]
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct $record { $($fields)* }
    };
    (use $record:ident, $table:ident, $doc:literal, $fields:tt) => {};
}

/// All tables, and the records that are no rows of a table.
///
/// ```text
/// tables {
///     /// Meaning of the table as a choice in a scenario.
///     TableId(name_of_file) = struct NameOfRecord(VariantOfRecord), "Meaning of a row." {
///         field: Type, "Meaning.";                               // a field, and the column of its name
///         field as column: Type, "Meaning." ["unit"];            // ... or of another name
///         (field: Type), "Meaning.";                             // a field that is no column
///         let column: Type = |row, labels| ..., "Meaning.";      // a column computed from the row
///     }
/// }
/// others {
///     name = NameOfRecord(VariantOfRecord), "Meaning.";
/// }
/// ```
///
/// The type of a column in the file, and whether it may be null, follow from the Rust type (`Cell`). With `use` in
/// place of `struct`, the struct is declared elsewhere with the same fields.
macro_rules! tables {
    (
        tables {$(
            $(#[$meta:meta])*
            $id:ident($table:ident) = $form:tt $record:ident($variant:ident), $doc:literal { $($body:tt)* }
        )*}
        others {$(
            $other:ident = $other_record:ident($other_variant:ident), $other_doc:literal;
        )*}
    ) => {
        $(table! { ($form $record, $id, $table, $doc) [] [] [] $($body)* })*

        /// Output table: an index into [`TABLES`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum TableId {
            $($(#[$meta])* $id,)*
        }

        impl TableId {
            /// Every table, in the order of [`TABLES`].
            pub const ALL: [Self; [$(stringify!($id)),*].len()] = [$(Self::$id),*];
        }

        /// Every table, in the order in which they are documented.
        pub const TABLES: &[Table] = &[
            $(Table { name: stringify!($table), doc: $doc, columns: <$record as Row>::COLUMNS },)*
        ];

        /// Something that has happened.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub enum Record<'a> {
            $(#[doc = $doc] $variant(&'a $record),)*
            $(#[doc = $other_doc] $other_variant(&'a $other_record),)*
        }

        impl Record<'_> {
            /// The table that it is a row of, if any.
            #[inline]
            pub const fn table(self) -> Option<TableId> {
                match self {
                    $(Self::$variant(_) => Some(TableId::$id),)*
                    $(Self::$other_variant(_) => None,)*
                }
            }
        }

        $(impl<'a> From<&'a $record> for Record<'a> {
            fn from(record: &'a $record) -> Self {
                Self::$variant(record)
            }
        })*
        $(impl<'a> From<&'a $other_record> for Record<'a> {
            fn from(record: &'a $other_record) -> Self {
                Self::$other_variant(record)
            }
        })*

        /// Rows of one table, in order.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Rows {
            $(#[doc = $doc] $id(Vec<$record>),)*
        }

        impl Rows {
            /// No rows of `table`.
            pub const fn new(table: TableId) -> Self {
                match table {
                    $(TableId::$id => Self::$id(Vec::new()),)*
                }
            }

            /// The table.
            pub const fn table(&self) -> TableId {
                match self {
                    $(Self::$id(_) => TableId::$id,)*
                }
            }

            /// Number of rows.
            #[inline]
            pub const fn len(&self) -> usize {
                match self {
                    $(Self::$id(rows) => rows.len(),)*
                }
            }

            /// Whether there are no rows.
            pub const fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Adds a record, if it is a row of this table.
            #[inline]
            pub fn push(&mut self, record: Record<'_>) {
                match (self, record) {
                    $((Self::$id(rows), Record::$variant(row)) => rows.push(*row),)*
                    _ => {}
                }
            }

            /// Passes the columns of the rows to `out`, in the order of the table's columns.
            pub fn put(&self, labels: &Labels, out: &mut impl Columns) {
                match self {
                    $(Self::$id(rows) => Row::put(rows, labels, out),)*
                }
            }
        }

        /// All records of a run in memory, for tests and for programs that use the library.
        ///
        /// ```
        /// use gridfleet_core::records::{Collected, PlaceRecord, Record, Recorder};
        /// use gridfleet_core::ids::PlaceId;
        ///
        /// let mut records = Collected::default();
        /// records.record(Record::Place(&PlaceRecord { place: PlaceId(7) }));
        /// assert_eq!(records.places[0].place, PlaceId(7));
        /// assert!(records.trips.is_empty());
        /// ```
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Collected {
            $(#[doc = $doc] pub $table: Vec<$record>,)*
            $(#[doc = $other_doc] pub $other: Vec<$other_record>,)*
        }

        impl Collected {
            /// Passes all records to `recorder`: each table in the order of its rows, one table after the other.
            pub fn replay(&self, recorder: &mut impl Recorder) {
                $(self.$table.iter().for_each(|row| recorder.record(Record::$variant(row)));)*
                $(self.$other.iter().for_each(|row| recorder.record(Record::$other_variant(row)));)*
            }
        }

        impl Recorder for Collected {
            fn record(&mut self, record: Record<'_>) {
                match record {
                    $(Record::$variant(row) => self.$table.push(*row),)*
                    $(Record::$other_variant(row) => self.$other.push(*row),)*
                }
            }
        }
    };
}

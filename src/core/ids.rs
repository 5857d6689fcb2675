//! Dense identifiers: the position of an entity in its table.
//!
//! Entities are numbered from 0 in the order in which the scenario lists them, so that the event path indexes flat
//! arrays and never looks up a name.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// An identifier.
pub trait Id: Copy {
    /// Position in the entity's table.
    fn position(self) -> usize;
}

/// A table by two kinds of entities: a value for each pair, row after row.
#[derive(Debug)]
pub struct Grid2<A, B, T> {
    cells: Vec<T>,
    columns: usize,
    ids: PhantomData<(A, B)>,
}

impl<A: Id, B: Id, T: Clone> Grid2<A, B, T> {
    /// A table of so many rows and columns that has this value everywhere.
    pub fn new(rows: usize, columns: usize, value: T) -> Self {
        Self { cells: vec![value; rows * columns], columns, ids: PhantomData }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The values of a row.
    #[inline]
    pub fn row(&self, row: A) -> &[T] {
        &self.cells[row.position() * self.columns..][..self.columns]
    }

    /// The values of a column.
    pub fn column(&self, column: B) -> impl Iterator<Item = &T> {
        self.cells.chunks(self.columns.max(1)).map(move |row| &row[column.position()])
    }
}

impl<A, B, T> Default for Grid2<A, B, T> {
    /// A table without rows.
    fn default() -> Self {
        Self { cells: Vec::new(), columns: 0, ids: PhantomData }
    }
}

impl<A, B, T: Clone> Clone for Grid2<A, B, T> {
    fn clone(&self) -> Self {
        Self { cells: self.cells.clone(), columns: self.columns, ids: PhantomData }
    }

    /// Keeps the memory of this table.
    fn clone_from(&mut self, source: &Self) {
        self.cells.clone_from(&source.cells);
        self.columns = source.columns;
    }
}

impl<A: Id, B: Id, T: Clone> Index<(A, B)> for Grid2<A, B, T> {
    type Output = T;
    #[inline]
    fn index(&self, (row, column): (A, B)) -> &T {
        &self.row(row)[column.position()]
    }
}

impl<A: Id, B: Id, T: Clone> IndexMut<(A, B)> for Grid2<A, B, T> {
    #[inline]
    fn index_mut(&mut self, (row, column): (A, B)) -> &mut T {
        &mut self.cells[row.position() * self.columns..][..self.columns][column.position()]
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// Position in the entity's table.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
            /// The identifier of position `index`.
            ///
            /// # Panics
            /// If there are more entities than the identifier can number.
            #[inline]
            pub fn new(index: usize) -> Self {
                Self(<$inner>::try_from(index).expect("too many entities of one kind"))
            }
        }

        impl Id for $name {
            #[inline]
            fn position(self) -> usize {
                self.index()
            }
        }
    )*};
}

ids! {
    /// A point on the map: a zone's centroid, a station, a depot, a coordinate of a trip.
    PlaceId(u32);
    /// A request for a ride, in the order of request times.
    RequestId(u32);
    /// A vehicle.
    VehicleId(u32);
    /// A vehicle type.
    TypeId(u16);
    /// A fleet: vehicles under one operator. At most 64 in one scenario.
    FleetId(u16);
    /// A charging station: one site with connectors and one grid connection.
    StationId(u32);
    /// An operator of charging stations.
    OperatorId(u16);
    /// A retailer: sells energy to stations and broadcasts its price.
    RetailerId(u16);
    /// A group of equal households.
    HouseholdId(u16);
    /// A market for energy.
    MarketId(u16);
    /// A bidder in markets: a fleet or a retailer.
    BidderId(u16);
    /// A bid, in the order of clearing; settlements of imbalance share the numbering.
    BidId(u32);
    /// A charging session, in the order of arrival at the stations.
    SessionId(u32);
    /// An account of the ledger.
    AccountId(u16);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_by_two_kinds_keeps_each_pair_apart() {
        let mut table = Grid2::<FleetId, RetailerId, u32>::new(2, 3, 0);
        for (fleet, retailer) in (0..6).map(|i| (FleetId::new(i / 3), RetailerId::new(i % 3))) {
            table[(fleet, retailer)] = 10 * u32::from(fleet.0) + u32::from(retailer.0);
        }
        assert_eq!(table.row(FleetId(1)), [10, 11, 12]);
        assert_eq!(table.column(RetailerId(2)).copied().collect::<Vec<_>>(), [2, 12]);
        let mut copy = Grid2::default();
        assert!(copy.is_empty());
        copy.clone_from(&table);
        assert_eq!(copy[(FleetId(0), RetailerId(1))], 1);
    }

    #[test]
    #[should_panic(expected = "out of bounds")]
    fn a_column_too_far_is_no_value_of_the_next_row() {
        let table = Grid2::<FleetId, RetailerId, u32>::new(2, 3, 0);
        let _ = table[(FleetId(0), RetailerId(3))];
    }
}

//! Dense identifiers: the position of an entity in its table.
//!
//! Entities are numbered from 0 in the order in which the scenario lists them, so that the event path indexes flat
//! arrays and never looks up a name.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut, Index, IndexMut};

/// An identifier.
pub trait Id: Copy {
    /// Position in the entity's table.
    fn position(self) -> usize;

    /// The identifier of a position.
    ///
    /// # Panics
    /// If there are more entities than the identifier can number.
    fn at(position: usize) -> Self;
}

/// A table by one kind of entities: a value for each of them, in the order of their numbers.
///
/// It is indexed by identifiers alone, so that a vehicle's number cannot pick a station; as a slice it can be read in
/// order.
#[derive(Debug)]
pub struct IdVec<I, T> {
    values: Vec<T>,
    ids: PhantomData<I>,
}

impl<I: Id, T> IdVec<I, T> {
    /// A table that has this value for each of so many entities.
    pub fn filled(count: usize, value: T) -> Self
    where
        T: Clone,
    {
        vec![value; count].into()
    }

    /// The identifiers with their values.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (I, &T)> + DoubleEndedIterator {
        self.values.iter().enumerate().map(|(position, value)| (I::at(position), value))
    }

    /// The identifiers.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = I> + DoubleEndedIterator + use<I, T> {
        (0..self.values.len()).map(I::at)
    }

    /// Value of an entity; `None` if the table has none for it.
    #[inline]
    pub fn of(&self, id: I) -> Option<&T> {
        self.values.get(id.position())
    }

    /// The same, to be written to.
    #[inline]
    pub fn of_mut(&mut self, id: I) -> Option<&mut T> {
        self.values.get_mut(id.position())
    }

    /// Keeps the entities for which `keeps` returns true, in their order, with new identifiers.
    pub fn retain(&mut self, keeps: impl Fn(I) -> bool) {
        let mut position = 0;
        self.values.retain(|_| {
            position += 1;
            keeps(I::at(position - 1))
        });
    }

    /// Makes room for so many more entities.
    pub fn reserve_exact(&mut self, count: usize) {
        self.values.reserve_exact(count);
    }

    /// Removes all entities.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// Makes it a table of so many entities: further ones have this value, surplus ones are removed.
    pub fn resize(&mut self, count: usize, value: T)
    where
        T: Clone,
    {
        self.values.resize(count, value);
    }

    /// Adds the next entity and returns its identifier.
    pub fn push(&mut self, value: T) -> I {
        self.values.push(value);
        I::at(self.values.len() - 1)
    }
}

impl<I, T> Default for IdVec<I, T> {
    /// A table without entities.
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<I, T: Clone> Clone for IdVec<I, T> {
    fn clone(&self) -> Self {
        self.values.clone().into()
    }

    /// Keeps the memory of this table.
    fn clone_from(&mut self, source: &Self) {
        self.values.clone_from(&source.values);
    }
}

impl<I, T: PartialEq> PartialEq for IdVec<I, T> {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl<I, T> From<Vec<T>> for IdVec<I, T> {
    fn from(values: Vec<T>) -> Self {
        Self { values, ids: PhantomData }
    }
}

impl<I, T> FromIterator<T> for IdVec<I, T> {
    fn from_iter<V: IntoIterator<Item = T>>(values: V) -> Self {
        Vec::from_iter(values).into()
    }
}

impl<I, T> Extend<T> for IdVec<I, T> {
    fn extend<V: IntoIterator<Item = T>>(&mut self, values: V) {
        self.values.extend(values);
    }
}

impl<I, T> IntoIterator for IdVec<I, T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter()
    }
}

impl<'a, I, T> IntoIterator for &'a IdVec<I, T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.values.iter()
    }
}

impl<'a, I, T> IntoIterator for &'a mut IdVec<I, T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.values.iter_mut()
    }
}

impl<I, T> Deref for IdVec<I, T> {
    type Target = [T];
    #[inline]
    fn deref(&self) -> &[T] {
        &self.values
    }
}

impl<I, T> DerefMut for IdVec<I, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values
    }
}

impl<I: Id, T> Index<I> for IdVec<I, T> {
    type Output = T;
    #[inline]
    fn index(&self, id: I) -> &T {
        &self.values[id.position()]
    }
}

impl<I: Id, T> IndexMut<I> for IdVec<I, T> {
    #[inline]
    fn index_mut(&mut self, id: I) -> &mut T {
        &mut self.values[id.position()]
    }
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

            #[inline]
            fn at(position: usize) -> Self {
                Self::new(position)
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
    fn a_table_is_read_by_identifier_and_in_order() {
        let mut table = IdVec::<StationId, u32>::filled(2, 5);
        assert_eq!(table.push(7), StationId(2));
        table[StationId(0)] += 1;
        assert_eq!(
            table.entries().collect::<Vec<_>>(),
            [(StationId(0), &6), (StationId(1), &5), (StationId(2), &7)]
        );
        assert_eq!(table.ids().next_back(), Some(StationId(2)));
        assert_eq!(table.of(StationId(3)), None);
        assert_eq!(table.iter().sum::<u32>(), 18);
    }

    #[test]
    #[should_panic(expected = "out of bounds")]
    fn a_column_too_far_is_no_value_of_the_next_row() {
        let table = Grid2::<FleetId, RetailerId, u32>::new(2, 3, 0);
        let _ = table[(FleetId(0), RetailerId(3))];
    }
}

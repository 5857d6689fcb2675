//! Dense identifiers: the position of an entity in its table.
//!
//! Entities are numbered from 0 in the order in which the scenario lists them, so that the event path indexes flat
//! arrays and never looks up a name.

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

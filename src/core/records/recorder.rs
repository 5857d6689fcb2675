//! Recorders: receivers of records, and their combinations.

use super::{
    BusRecord, FeederRecord, FleetRecord, HouseholdRecord, LegRecord, LoadRecord, MarketRecord, PlaceRecord,
    PriceRecord, SessionRecord, SiteRecord, StationRecord, SupplyRecord, TripRecord, VehicleRecord,
};
use crate::ledger::LedgerEntry;

/// Receiver of records. Every method does nothing unless overridden.
pub trait Recorder {
    /// A request has ended.
    fn trip(&mut self, _record: &TripRecord) {}
    /// A vehicle has arrived.
    fn leg(&mut self, _record: &LegRecord) {}
    /// A vehicle has left a station.
    fn session(&mut self, _record: &SessionRecord) {}
    /// The meters of a fleet were read.
    fn fleet(&mut self, _record: &FleetRecord) {}
    /// The meters of a station were read.
    fn station(&mut self, _record: &StationRecord) {}
    /// The meters of a group of households were read.
    fn household(&mut self, _record: &HouseholdRecord) {}
    /// The voltage of a bus is known.
    fn bus(&mut self, _record: &BusRecord) {}
    /// The power flow of the feeder is known.
    fn feeder(&mut self, _record: &FeederRecord) {}
    /// A retailer announced a price.
    fn price(&mut self, _record: &PriceRecord) {}
    /// A slot of a load-dependent price ended.
    fn load(&mut self, _record: &LoadRecord) {}
    /// A slot of competing retailers ended.
    fn supply(&mut self, _record: &SupplyRecord) {}
    /// Money moved.
    fn ledger(&mut self, _entry: &LedgerEntry) {}
    /// A bid was settled.
    fn market(&mut self, _record: &MarketRecord) {}
    /// A zone, station or depot exists.
    fn site(&mut self, _record: &SiteRecord) {}
    /// A vehicle exists.
    fn vehicle(&mut self, _record: &VehicleRecord) {}
    /// A place exists.
    fn place(&mut self, _record: &PlaceRecord) {}
    /// Whether each reading must have a record of every station. Otherwise stations at which nothing has changed since
    /// the reading before, and no power has flowed, are left out: their records would repeat the one before, with a
    /// power of 0.
    fn needs_idle_stations(&self) -> bool {
        true
    }
}

/// Discards all records.
impl Recorder for () {
    fn needs_idle_stations(&self) -> bool {
        false
    }
}

/// Two recorders, one after the other.
impl<A: Recorder, B: Recorder> Recorder for (A, B) {
    fn trip(&mut self, record: &TripRecord) {
        self.0.trip(record);
        self.1.trip(record);
    }
    fn leg(&mut self, record: &LegRecord) {
        self.0.leg(record);
        self.1.leg(record);
    }
    fn session(&mut self, record: &SessionRecord) {
        self.0.session(record);
        self.1.session(record);
    }
    fn fleet(&mut self, record: &FleetRecord) {
        self.0.fleet(record);
        self.1.fleet(record);
    }
    fn station(&mut self, record: &StationRecord) {
        self.0.station(record);
        self.1.station(record);
    }
    fn household(&mut self, record: &HouseholdRecord) {
        self.0.household(record);
        self.1.household(record);
    }
    fn bus(&mut self, record: &BusRecord) {
        self.0.bus(record);
        self.1.bus(record);
    }
    fn feeder(&mut self, record: &FeederRecord) {
        self.0.feeder(record);
        self.1.feeder(record);
    }
    fn price(&mut self, record: &PriceRecord) {
        self.0.price(record);
        self.1.price(record);
    }
    fn load(&mut self, record: &LoadRecord) {
        self.0.load(record);
        self.1.load(record);
    }
    fn supply(&mut self, record: &SupplyRecord) {
        self.0.supply(record);
        self.1.supply(record);
    }
    fn ledger(&mut self, entry: &LedgerEntry) {
        self.0.ledger(entry);
        self.1.ledger(entry);
    }
    fn market(&mut self, record: &MarketRecord) {
        self.0.market(record);
        self.1.market(record);
    }
    fn site(&mut self, record: &SiteRecord) {
        self.0.site(record);
        self.1.site(record);
    }
    fn vehicle(&mut self, record: &VehicleRecord) {
        self.0.vehicle(record);
        self.1.vehicle(record);
    }
    fn place(&mut self, record: &PlaceRecord) {
        self.0.place(record);
        self.1.place(record);
    }
    fn needs_idle_stations(&self) -> bool {
        self.0.needs_idle_stations() || self.1.needs_idle_stations()
    }
}

/// A recorder, or none.
impl<R: Recorder> Recorder for Option<R> {
    fn trip(&mut self, record: &TripRecord) {
        self.iter_mut().for_each(|listener| listener.trip(record));
    }
    fn leg(&mut self, record: &LegRecord) {
        self.iter_mut().for_each(|listener| listener.leg(record));
    }
    fn session(&mut self, record: &SessionRecord) {
        self.iter_mut().for_each(|listener| listener.session(record));
    }
    fn fleet(&mut self, record: &FleetRecord) {
        self.iter_mut().for_each(|listener| listener.fleet(record));
    }
    fn station(&mut self, record: &StationRecord) {
        self.iter_mut().for_each(|listener| listener.station(record));
    }
    fn household(&mut self, record: &HouseholdRecord) {
        self.iter_mut().for_each(|listener| listener.household(record));
    }
    fn bus(&mut self, record: &BusRecord) {
        self.iter_mut().for_each(|listener| listener.bus(record));
    }
    fn feeder(&mut self, record: &FeederRecord) {
        self.iter_mut().for_each(|listener| listener.feeder(record));
    }
    fn price(&mut self, record: &PriceRecord) {
        self.iter_mut().for_each(|listener| listener.price(record));
    }
    fn load(&mut self, record: &LoadRecord) {
        self.iter_mut().for_each(|listener| listener.load(record));
    }
    fn supply(&mut self, record: &SupplyRecord) {
        self.iter_mut().for_each(|listener| listener.supply(record));
    }
    fn ledger(&mut self, entry: &LedgerEntry) {
        self.iter_mut().for_each(|listener| listener.ledger(entry));
    }
    fn market(&mut self, record: &MarketRecord) {
        self.iter_mut().for_each(|listener| listener.market(record));
    }
    fn site(&mut self, record: &SiteRecord) {
        self.iter_mut().for_each(|listener| listener.site(record));
    }
    fn vehicle(&mut self, record: &VehicleRecord) {
        self.iter_mut().for_each(|listener| listener.vehicle(record));
    }
    fn place(&mut self, record: &PlaceRecord) {
        self.iter_mut().for_each(|listener| listener.place(record));
    }
    fn needs_idle_stations(&self) -> bool {
        self.as_ref().is_some_and(Recorder::needs_idle_stations)
    }
}

impl<R: Recorder + ?Sized> Recorder for &mut R {
    fn trip(&mut self, record: &TripRecord) {
        (**self).trip(record);
    }
    fn leg(&mut self, record: &LegRecord) {
        (**self).leg(record);
    }
    fn session(&mut self, record: &SessionRecord) {
        (**self).session(record);
    }
    fn fleet(&mut self, record: &FleetRecord) {
        (**self).fleet(record);
    }
    fn station(&mut self, record: &StationRecord) {
        (**self).station(record);
    }
    fn household(&mut self, record: &HouseholdRecord) {
        (**self).household(record);
    }
    fn bus(&mut self, record: &BusRecord) {
        (**self).bus(record);
    }
    fn feeder(&mut self, record: &FeederRecord) {
        (**self).feeder(record);
    }
    fn price(&mut self, record: &PriceRecord) {
        (**self).price(record);
    }
    fn load(&mut self, record: &LoadRecord) {
        (**self).load(record);
    }
    fn supply(&mut self, record: &SupplyRecord) {
        (**self).supply(record);
    }
    fn ledger(&mut self, entry: &LedgerEntry) {
        (**self).ledger(entry);
    }
    fn market(&mut self, record: &MarketRecord) {
        (**self).market(record);
    }
    fn site(&mut self, record: &SiteRecord) {
        (**self).site(record);
    }
    fn vehicle(&mut self, record: &VehicleRecord) {
        (**self).vehicle(record);
    }
    fn place(&mut self, record: &PlaceRecord) {
        (**self).place(record);
    }
    fn needs_idle_stations(&self) -> bool {
        (**self).needs_idle_stations()
    }
}

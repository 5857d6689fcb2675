//! Everything that is constant during a replication.

use super::{
    Competition, Fleet, Grid, Requests, Retail, Retailer, Station, Trading, Travel, VehicleStart, VehicleType,
};
use gridfleet_core::geo::Places;
use gridfleet_core::ids::{FleetId, IdVec, OperatorId, PlaceId, RetailerId, StationId, TypeId, VehicleId};
use gridfleet_core::ledger::Chart;
use gridfleet_core::records::metrics::{CompetitionFacts, RetailFacts};
use gridfleet_core::records::{Labels, PlaceRecord, SiteKind, SiteRecord, StationSite, VehicleRecord};
use gridfleet_core::time::{HOUR_S, LocalClock, SimTime};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The two modes of operating a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Requests carry no vehicle: a policy assigns one.
    Dispatch {
        /// Time that a rider waits for the vehicle before giving up [s].
        patience_s: i64,
    },
    /// Trips are bound to vehicles and happen as recorded, or are lost.
    Replay,
}

/// The constant part of a replication, built and validated by the scenario module.
#[derive(Debug, Clone)]
pub struct Setup {
    /// First instant simulated.
    pub start: SimTime,
    /// First instant no longer simulated (exclusive end).
    pub end: SimTime,
    /// Time between two readings of the meters, and between rounds of the charging policy [s].
    pub control_interval_s: i64,
    /// First instant of the period that the metrics cover: the end of the warm-up.
    pub measured_from: SimTime,
    /// Price of the energy by which batteries hold more at the end than at `measured_from` [currency/MWh]; `None` for
    /// the mean price that each fleet paid per kWh stored.
    pub end_value_per_mwh: Option<f64>,
    /// Local time zone.
    pub clock: LocalClock,
    /// Mode of operation of the fleets, except privately owned ones.
    pub mode: Mode,
    /// All places.
    pub places: Arc<Places>,
    /// Travel time and distance between places.
    pub travel: Travel,
    /// Ambient temperature by hour since `start` [°C]; empty if the temperature has no effect. The last value applies
    /// after the end of the list.
    pub temperature_c: Vec<f64>,
    /// Vehicle types.
    pub types: IdVec<TypeId, VehicleType>,
    /// Fleets; at most 64.
    pub fleets: IdVec<FleetId, Fleet>,
    /// Coalition number by fleet: fleets of one coalition serve each other's riders. Empty if every fleet is alone;
    /// otherwise numbers are below the number of fleets.
    pub coalitions: IdVec<FleetId, usize>,
    /// Share of the fare that a fleet pays to the coalition member that the rider had asked (0..1).
    pub referral_share: f64,
    /// Vehicles.
    pub vehicles: IdVec<VehicleId, VehicleStart>,
    /// Station operators, by name.
    pub operators: IdVec<OperatorId, String>,
    /// Stations.
    pub stations: IdVec<StationId, Station>,
    /// Whether a station belongs to the group whose figures are summed up apart from the rest; empty if there is none.
    pub station_group: IdVec<StationId, bool>,
    /// Retailers; at least one where there are stations.
    pub retailers: IdVec<RetailerId, Retailer>,
    /// Competition of retailers for vehicle owners, if any.
    pub competition: Option<Competition>,
    /// Households, drivers who park at home, and their cost of supply.
    pub retail: Retail,
    /// Markets and bidders.
    pub trading: Trading,
    /// The distribution feeder, where there is one.
    pub grid: Option<Arc<Grid>>,
    /// Requests within [start, end), sorted by time.
    pub requests: Requests,
    /// Name of the currency of all amounts, for example `EUR`.
    pub currency: String,
    /// CO2 of grid energy [kg/kWh], where known.
    pub co2_kg_per_kwh: Option<f64>,
}

impl Setup {
    /// Whether the trips of a fleet are bound to its vehicles, so that no policy assigns them.
    #[inline]
    pub fn is_preassigned(&self, fleet: FleetId) -> bool {
        self.mode == Mode::Replay || self.fleets[fleet].private
    }

    /// Whether the price of a retailer's current slot is known only after the slot, because it depends on the load.
    #[inline]
    pub fn has_ex_post_price(&self, retailer: RetailerId) -> bool {
        self.retailers[retailer].tariff.slope_per_mwh_kw().is_some()
    }

    /// Whether owners choose their retailer at the stations of this retailer.
    #[inline]
    pub fn competes(&self, retailer: RetailerId) -> bool {
        self.competition.as_ref().is_some_and(|competition| competition.member[retailer])
    }

    /// Coalition of a fleet: a number below the number of fleets.
    #[inline]
    pub fn coalition(&self, fleet: FleetId) -> usize {
        self.coalitions.of(fleet).copied().unwrap_or(fleet.index())
    }

    /// Numbers of the accounts.
    pub fn chart(&self) -> Chart {
        Chart {
            fleets: self.fleets.len(),
            operators: self.operators.len(),
            retailers: self.retailers.len(),
            markets: if self.trading.is_active() { self.trading.markets.len() } else { 0 },
            households: self.retail.households.len(),
        }
    }

    /// Names behind the identifiers.
    pub fn labels(&self) -> Labels {
        Labels {
            places: Arc::clone(&self.places),
            fleets: self.fleets.iter().map(|f| f.name.clone()).collect(),
            vehicles: self.vehicles.iter().map(|v| v.name.clone()).collect(),
            vehicle_types: self.types.iter().map(|t| t.name.clone()).collect(),
            stations: self.stations.iter().map(|s| s.name.clone()).collect(),
            operators: self.operators.clone(),
            retailers: self.retailers.iter().map(|r| r.name.clone()).collect(),
            markets: self.trading.markets.iter().map(|m| m.name.clone()).collect(),
            households: self.retail.households.iter().map(|h| h.name.clone()).collect(),
            bidders: self.trading.bidders.iter().map(|&party| party.into()).collect(),
            chart: self.chart(),
            currency: self.currency.clone(),
        }
    }

    /// Retailers of each customer, for the key figures.
    pub fn retail_facts(&self) -> RetailFacts {
        let generates = |retailer| self.retail.generation(retailer).is_some();
        let mut shown: IdVec<RetailerId, bool> = self.retailers.ids().map(generates).collect();
        self.retail.households.iter().for_each(|group| shown[group.retailer] = true);
        RetailFacts {
            stations: self.stations.iter().map(|station| station.retailer).collect(),
            shown,
            private: self.fleets.iter().map(|fleet| fleet.private).collect(),
        }
    }

    /// Competing retailers, for the key figures.
    pub fn competition_facts(&self) -> CompetitionFacts {
        let Some(competition) = &self.competition else { return CompetitionFacts::default() };
        let date = |t: SimTime| self.clock.local(t).date();
        // Local midnight is on a quarter of an hour in every time zone.
        let quarters = (0..).map(|i| self.start + i * HOUR_S / 4).take_while(|t| *t < self.end);
        let first = |t: &SimTime| *t == self.start || date(*t) != date(*t + -HOUR_S / 4);
        CompetitionFacts { retailers: competition.retailers.clone(), days: quarters.filter(first).collect() }
    }

    /// Zones, stations and depots, each once, in this order: the sites shown on a map.
    pub fn sites(&self) -> Vec<SiteRecord> {
        let zones = (0..self.places.len()).map(PlaceId::new).filter(|&p| self.places.zone_name(p).is_some());
        let stations = self.stations.iter().enumerate().map(|(i, s)| SiteRecord {
            kind: SiteKind::Station,
            place: s.place,
            station: Some(StationSite {
                station: StationId::new(i),
                operator: s.operator,
                connectors: s.connectors.len() as u32,
                connector_kw: s.connectors.iter().map(|c| c.power_kw).fold(0.0, f64::max),
            }),
        });
        let depots: BTreeSet<PlaceId> = self.fleets.iter().flat_map(|f| f.depots.iter().copied()).collect();
        let bare = |kind| move |place| SiteRecord { kind, place, station: None };
        zones
            .map(bare(SiteKind::Zone))
            .chain(stations)
            .chain(depots.into_iter().map(bare(SiteKind::Depot)))
            .collect()
    }

    /// All places, each label once: points within about a metre have one label, and the first of them is recorded.
    pub fn place_records(&self) -> Vec<PlaceRecord> {
        let mut labels = FxHashSet::default();
        let mut first = |&place: &PlaceId| {
            let mut label = String::new();
            self.places.write_label(place, &mut label);
            labels.insert(label)
        };
        let places = (0..self.places.len()).map(PlaceId::new).filter(|place| first(place));
        places.map(|place| PlaceRecord { place }).collect()
    }

    /// All vehicles as they are at the start.
    pub fn vehicle_records(&self) -> Vec<VehicleRecord> {
        let record = |(i, v): (usize, &VehicleStart)| {
            let vehicle_type = &self.types[v.vehicle_type];
            let fleet = &self.fleets[v.fleet];
            VehicleRecord {
                vehicle: VehicleId::new(i),
                fleet: v.fleet,
                vehicle_type: v.vehicle_type,
                battery_kwh: vehicle_type.battery_kwh,
                usable_soc: vehicle_type.usable_soc,
                consumption_kwh_per_km: vehicle_type.consumption_kwh_per_km * v.consumption_factor,
                ac_kw: vehicle_type.ac_kw,
                dc_kw: vehicle_type.dc_kw,
                initial_soc: v.soc,
                initial_place: v.place,
                // Drivers start at home.
                depot: (fleet.private || fleet.depots.contains(&v.place)).then_some(v.place),
            }
        };
        self.vehicles.iter().enumerate().map(record).collect()
    }

    /// Ambient temperature at `t` [°C], where the scenario has one.
    pub fn temperature_c(&self, t: SimTime) -> Option<f64> {
        let last = self.temperature_c.len().checked_sub(1)?;
        let hour = ((t - self.start) / gridfleet_core::time::HOUR_S).max(0) as usize;
        Some(self.temperature_c[hour.min(last)])
    }
}

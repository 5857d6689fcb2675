//! Key figures of a run, accumulated from records alone.
//!
//! [`Metrics`] receives every record and keeps sums, counts and waiting-time histograms, per fleet; [`Metrics::finish`]
//! turns them into [`Figures`]. Nothing is kept per trip, so its memory does not grow with the run.

pub use super::figures::{
    AggregatorFigures, CompetitorFigures, DriverFigures, Figures, FleetFigures, GridFigures, GroupFigures,
    LoadFigures, MarketFigures, OperatorFigures, RetailerFigures, RunFigures, StationFigures, TradingFigures,
};
use super::grid::GridSums;
use super::loads::{GroupSums, LoadSums, Stays};
use super::readings::Peak;
pub use super::retail::RetailFacts;
use super::retail::RetailSums;
use super::sums::{Sums, TimeMean, histogram};
pub use super::supply::CompetitionFacts;
use super::supply::SupplySums;
use super::{
    EndReason, FeederRecord, FleetRecord, HouseholdRecord, Labels, LegPurpose, LegRecord, LoadRecord,
    MarketRecord, Record, Recorder, SessionRecord, StationRecord, SupplyRecord, TripRecord, TripStatus,
};
use crate::ids::{AccountId, BidderId, FleetId, IdVec, MarketId, OperatorId, StationId};
use crate::ledger::{Account, EntryKind, LedgerEntry, Money, rounded};
use crate::markets::Side;
use crate::time::SimTime;

/// Static inputs of the metrics, which records do not contain.
#[derive(Debug, Clone)]
pub struct MetricsSetup {
    /// First instant simulated.
    pub start: SimTime,
    /// First instant after the simulation.
    pub end: SimTime,
    /// First instant of the period that the figures cover: the end of the warm-up.
    pub measured_from: SimTime,
    /// Price of the energy by which batteries have gained from `measured_from` to the end [currency/MWh]; `None` for
    /// the mean price that each fleet paid per kWh stored.
    pub end_value_per_mwh: Option<f64>,
    /// Connectors of all stations together.
    pub connectors: u64,
    /// CO2 of grid energy [kg/kWh], where known.
    pub co2_kg_per_kwh: Option<f64>,
    /// Whether there are markets to trade in.
    pub trades: bool,
    /// Earnings possible with perfect knowledge, by fleet [currency], where requested.
    pub bounds: Option<Vec<f64>>,
    /// By station, whether it is in the group whose figures are summed up apart; empty if there is none.
    pub station_group: IdVec<StationId, bool>,
    /// Customers of each retailer, where retailers have figures.
    pub retail: RetailFacts,
    /// Competing retailers, if there are any.
    pub competition: CompetitionFacts,
}

/// Sums of one operator of stations.
#[derive(Clone, Default)]
struct OperatorSums {
    sessions: u64,
    energy_kwh: f64,
    revenue: Money,
    energy_cost: Money,
    received: Money,
    paid: Money,
    loads: LoadSums,
    peak: Peak,
}

/// Sums of one market.
struct MarketSums {
    figures: MarketFigures,
    /// Sum of quantity bought times price.
    value: f64,
}

impl MarketSums {
    fn of(name: &str) -> Self {
        let figures = MarketFigures {
            name: name.to_owned(),
            bids_accepted: 0,
            bids_rejected: 0,
            bought_kwh: 0.0,
            sold_kwh: 0.0,
            mean_price_per_mwh: None,
            cash: 0.0,
        };
        Self { figures, value: 0.0 }
    }

    fn figures(self) -> MarketFigures {
        let bought = self.figures.bought_kwh;
        let mean_price_per_mwh = (bought > 0.0).then(|| self.value / bought);
        // Whole millionths of the currency, as posted.
        let cash = rounded(self.figures.cash);
        MarketFigures { mean_price_per_mwh, cash, ..self.figures }
    }
}

/// Accumulates [`Figures`].
pub struct Metrics {
    setup: MetricsSetup,
    names: IdVec<FleetId, String>,
    operator_names: IdVec<OperatorId, String>,
    /// Accounts by number.
    accounts: IdVec<AccountId, Account>,
    bidders: IdVec<BidderId, Account>,
    markets: IdVec<MarketId, MarketSums>,
    fleets: IdVec<FleetId, Sums>,
    operators: IdVec<OperatorId, OperatorSums>,
    stations: IdVec<StationId, (String, Peak)>,
    retailers: RetailSums,
    competitors: SupplySums,
    peak: Peak,
    loads: LoadSums,
    groups: GroupSums,
    /// Visits by station, and the operator of each station with a load-dependent price.
    stays: IdVec<StationId, (Stays, Option<OperatorId>)>,
    attainable_cost: Option<f64>,
    grid: GridSums,
    /// Readings of all fleets at one instant: (time, Σ soc x vehicles, Σ vehicles).
    reading: Option<(SimTime, f64, u32)>,
    soc: TimeMean,
}

impl Metrics {
    /// Empty sums for the fleets and operators in `labels`.
    pub fn new(labels: &Labels, setup: MetricsSetup) -> Self {
        Self {
            accounts: labels.chart.all().collect(),
            bidders: labels.bidders.clone(),
            markets: labels.markets.iter().map(|name| MarketSums::of(name)).collect(),
            names: labels.fleets.clone(),
            operator_names: labels.operators.clone(),
            fleets: (0..labels.fleets.len())
                .map(|fleet| {
                    let bound = setup.bounds.as_ref().and_then(|all| all.get(fleet).copied());
                    let private = setup.retail.private.get(fleet).copied().unwrap_or(false);
                    Sums { bound, private, ..Sums::new() }
                })
                .collect(),
            operators: IdVec::filled(labels.operators.len(), OperatorSums::default()),
            stations: labels.stations.iter().map(|name| (name.clone(), Peak::default())).collect(),
            retailers: RetailSums::new(labels, &setup.retail),
            competitors: SupplySums::new(labels, &setup.competition),
            peak: Peak::default(),
            loads: LoadSums::default(),
            groups: GroupSums::new(setup.station_group.clone()),
            stays: IdVec::filled(labels.stations.len(), (Stays::default(), None)),
            attainable_cost: None,
            grid: GridSums::default(),
            reading: None,
            soc: TimeMean::default(),
            setup,
        }
    }

    /// Waits of riders picked up [s], all fleets together: (wait, riders), to three significant digits.
    pub fn waits(&self) -> Vec<(u64, u64)> {
        let mut all = histogram();
        for fleet in &self.fleets {
            let _ = all.add(&fleet.waits);
        }
        all.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value())).collect()
    }

    /// Sets the bound of the cost of stations, which does not follow from sums over records.
    pub fn set_attainable_cost(&mut self, cost: Option<f64>) {
        self.attainable_cost = cost;
    }

    /// Whether something that ended at `time` is within the measured period. Anything that ends exactly at the end of
    /// the warm-up (a reading, a settlement, the cost of a day's driving) belongs to the warm-up.
    fn measures(&self, time: SimTime) -> bool {
        time > self.setup.measured_from || self.setup.measured_from <= self.setup.start
    }

    fn end_reading(&mut self) {
        if let Some((time, soc, vehicles)) = self.reading.take()
            && vehicles > 0
        {
            self.soc.read(time, soc / f64::from(vehicles));
        }
    }

    /// The figures so far.
    pub fn finish(mut self) -> RunFigures {
        self.end_reading();
        for fleet in &mut self.fleets {
            fleet.value_stored(&self.setup);
            fleet.value_rides();
        }
        let mut total = Sums::new();
        for fleet in &self.fleets {
            total.add(fleet);
        }
        total.soc = std::mem::take(&mut self.soc);
        total.peak = std::mem::take(&mut self.peak);
        let mut all_stays = Stays::default();
        let mut stays = IdVec::filled(self.operators.len(), Stays::default());
        for &(of_station, operator) in &self.stays {
            let Some(operator) = operator else { continue };
            all_stays.join(of_station);
            stays[operator].join(of_station);
        }
        let with_loads = self.stays.ids().zip(&self.stays).filter(|(_, (_, operator))| operator.is_some());
        let groups = self.groups.figures(with_loads.map(|(id, (stays, _))| (id, *stays)));
        RunFigures {
            total: Figures {
                loads: self.loads.figures(&all_stays),
                attainable_cost: self.attainable_cost,
                grid: self.grid.figures(),
                ..total.figures(&self.setup)
            },
            fleets: self
                .names
                .iter()
                .zip(&self.fleets)
                .map(|(name, sums)| FleetFigures { name: name.clone(), figures: sums.figures(&self.setup) })
                .collect(),
            operators: self
                .operator_names
                .iter()
                .zip(&self.operators)
                .zip(&stays)
                .map(|((name, sums), stays)| OperatorFigures {
                    name: name.clone(),
                    sessions: sums.sessions,
                    energy_kwh: sums.energy_kwh,
                    revenue: sums.revenue.units(),
                    energy_cost: sums.energy_cost.units(),
                    profit: (sums.received - sums.paid).units(),
                    peak_15min_kw: sums.peak.peaks()[1],
                    loads: sums.loads.figures(stays),
                })
                .collect(),
            groups,
            stations: self
                .stations
                .into_iter()
                .map(|(name, peak)| StationFigures { name, peak_15min_kw: peak.peaks()[1] })
                .collect(),
            markets: self.markets.into_iter().map(MarketSums::figures).collect(),
            retailers: self.retailers.finish(),
            competitors: self.competitors.finish(),
        }
    }

    fn trip(&mut self, record: &TripRecord) {
        let (from, end) = (self.setup.measured_from, self.setup.end);
        let fleet = &mut self.fleets[record.fleet];
        if let Some(pickup) = record.pickup_time {
            let until = record.dropoff_time.unwrap_or(end);
            // Paid or owed for the way until then; of that, for the way until the end of the warm-up.
            let fare = record.fare + record.accrued_fare;
            if pickup < from && from < until {
                fleet.rides[0] += 1;
                fleet.accrued[0] += fare * ((from - pickup) as f64 / (until - pickup) as f64);
            }
            if record.dropoff_time.is_none() {
                fleet.rides[1] += 1;
                fleet.accrued[1] += fare;
            }
        }
        if record.request_time < from {
            return;
        }
        fleet.trips[record.status as usize] += 1;
        let lost_fare = Money::from_units(record.lost_fare).expect("what was a fare is an amount of money");
        fleet.lost_fares += lost_fare;
        if record.status == TripStatus::LostCommitted {
            fleet.lost_committed_fares += lost_fare;
        }
        if let Some(wait_s) = record.wait_s {
            fleet.wait_s += wait_s;
            // A histogram that grows as needed takes any value.
            let _ = fleet.waits.record(wait_s.max(0).unsigned_abs());
        }
    }

    fn leg(&mut self, record: &LegRecord) {
        if !self.measures(record.end_time) {
            return;
        }
        let fleet = &mut self.fleets[record.fleet];
        fleet.km += record.distance_km;
        fleet.driven_kwh += record.energy_kwh;
        fleet.charged_elsewhere_kwh += record.charged_kwh;
        if record.purpose != LegPurpose::Service {
            fleet.km_empty += record.distance_km;
        }
    }

    fn session(&mut self, record: &SessionRecord) {
        let from = self.setup.measured_from;
        let ended = record.unplug_time.unwrap_or(match record.plug_in_time {
            Some(_) => self.setup.end,
            None => record.arrival_time + record.queue_s,
        });
        if !self.measures(ended) {
            return;
        }
        let fleet = &mut self.fleets[record.fleet];
        fleet.sessions += u64::from(record.charged());
        fleet.without_connector += u64::from(record.plug_in_time.is_none());
        if let Some(wait_s) = record.need_wait_s {
            fleet.need_wait_s += wait_s;
            let _ = fleet.need_waits.record(wait_s.max(0).unsigned_abs());
        }
        fleet.charged_kwh += record.energy_kwh;
        fleet.stored_kwh += record.battery_kwh;
        fleet.discharged_kwh += record.discharged_kwh;
        fleet.withdrawn_kwh += record.withdrawn_kwh;
        if fleet.private && record.unplug_time.is_some() {
            fleet.departures[match record.end_reason {
                EndReason::Full => 0,
                EndReason::ShortStay => 1,
                _ => 2,
            }] += 1;
        }
        if let Some(plug_in) = record.plug_in_time {
            fleet.plugged_in += 1;
            fleet.queue_s += record.queue_s;
            let _ = fleet.queues.record(record.queue_s.max(0).unsigned_abs());
            fleet.occupied_s += ended - plug_in.max(from);
        }
        if let Some((stays, _)) = self.stays.of_mut(record.station) {
            stays.add(record);
        }
        let operator = &mut self.operators[record.operator];
        operator.sessions += u64::from(record.charged());
        operator.energy_kwh += record.energy_kwh;
    }

    fn fleet(&mut self, record: &FleetRecord) {
        if record.time < self.setup.measured_from {
            return;
        }
        let measures = self.measures(record.time);
        let sums = &mut self.fleets[record.fleet];
        let (_, last_kwh) = sums.stored.get_or_insert((record.stored_kwh, record.stored_kwh));
        *last_kwh = record.stored_kwh;
        sums.vehicles = record.idle + record.driving + record.queued + record.charging + record.discharging;
        if measures {
            sums.peak.read(record.since.max(self.setup.measured_from), record.time, record.power_kw);
        }
        let vehicles = sums.vehicles;
        if vehicles > 0 {
            sums.soc.read(record.time, record.mean_soc);
        }
        if self.reading.is_some_and(|(time, ..)| time != record.time) {
            self.end_reading();
        }
        let (_, soc, count) = self.reading.get_or_insert((record.time, 0.0, 0));
        *soc += record.mean_soc * f64::from(vehicles);
        *count += vehicles;
    }

    fn station(&mut self, record: &StationRecord) {
        if self.measures(record.time) {
            let from = record.since.max(self.setup.measured_from);
            self.peak.read(from, record.time, record.power_kw);
            if let Some((_, peak)) = self.stations.of_mut(record.station) {
                peak.read(from, record.time, record.power_kw);
            }
            self.operators[record.operator].peak.read(from, record.time, record.power_kw);
            self.retailers.station(record);
        }
    }

    fn household(&mut self, record: &HouseholdRecord) {
        if self.measures(record.time) {
            self.retailers.household(record);
        }
    }

    fn feeder(&mut self, record: &FeederRecord) {
        if self.measures(record.time) {
            self.grid.add(record);
        }
    }

    fn load(&mut self, record: &LoadRecord) {
        if !self.measures(record.slot_end) {
            return;
        }
        self.loads.add(record);
        self.groups.add(record);
        self.operators[record.operator].loads.add(record);
        if let Some((_, operator)) = self.stays.of_mut(record.station) {
            *operator = Some(record.operator);
        }
    }

    fn supply(&mut self, record: &SupplyRecord) {
        if self.measures(record.slot_end) {
            self.competitors.supply(record);
        }
    }

    fn market(&mut self, record: &MarketRecord) {
        if !self.measures(record.product_end) {
            return;
        }
        self.competitors.market(record);
        let hours = (record.product_end - record.product_start) as f64 / 3_600.0;
        let kwh = record.accepted_kw * hours;
        if let Account::Fleet(fleet) = self.bidders[record.bidder] {
            let sums = &mut self.fleets[fleet];
            match (record.market, record.side) {
                (None, _) => sums.imbalance_kwh += record.imbalance_kwh,
                (Some(_), Side::Buy) => {
                    sums.bought_kwh += kwh;
                    sums.delivered_kwh += record.delivered_kwh;
                }
                (Some(_), Side::Sell) => {}
            }
        }
        let Some(market) = record.market else { return };
        let MarketSums { figures, value } = &mut self.markets[market];
        *(if kwh > 0.0 { &mut figures.bids_accepted } else { &mut figures.bids_rejected }) += 1;
        figures.cash += record.cash;
        match record.side {
            Side::Buy => {
                figures.bought_kwh += kwh;
                *value += kwh * record.clearing_price_per_mwh;
            }
            Side::Sell => figures.sold_kwh += kwh,
        }
    }

    fn ledger(&mut self, entry: &LedgerEntry) {
        if !self.measures(entry.time) {
            return;
        }
        self.retailers.ledger(entry);
        let parties = [(entry.debit, true), (entry.credit, false)];
        for (account, receives) in parties {
            match self.accounts[account] {
                Account::Fleet(fleet) => {
                    let sums = &mut self.fleets[fleet];
                    sums.money[entry.kind as usize] += if receives { entry.amount } else { -entry.amount };
                    *(if receives { &mut sums.received } else { &mut sums.paid }) += entry.amount;
                }
                Account::Operator(operator) => {
                    let sums = &mut self.operators[operator];
                    *(if receives { &mut sums.received } else { &mut sums.paid }) += entry.amount;
                    match (entry.kind, receives) {
                        (EntryKind::Charging, true) => sums.revenue += entry.amount,
                        (EntryKind::Energy, false) => sums.energy_cost += entry.amount,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }
}

impl Recorder for Metrics {
    fn record(&mut self, record: Record<'_>) {
        match record {
            Record::Trip(record) => self.trip(record),
            Record::Leg(record) => self.leg(record),
            Record::Session(record) => self.session(record),
            Record::Fleet(record) => self.fleet(record),
            Record::Station(record) => self.station(record),
            Record::Household(record) => self.household(record),
            Record::Feeder(record) => self.feeder(record),
            Record::Load(record) => self.load(record),
            Record::Supply(record) => self.supply(record),
            Record::Market(record) => self.market(record),
            Record::Ledger(record) => self.ledger(record),
            _ => {}
        }
    }

    fn needs_idle_stations(&self) -> bool {
        self.retailers.are_shown()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{FleetId, OperatorId, PlaceId, RequestId, RetailerId, StationId, VehicleId};
    use crate::ledger::{Chart, Reference};
    use crate::records::TripStatus;

    fn metrics() -> Metrics {
        let labels = Labels {
            fleets: vec!["a".into(), "b".into()].into(),
            operators: vec!["hub".into()].into(),
            retailers: vec!["grid".into()].into(),
            chart: Chart { fleets: 2, operators: 1, retailers: 1, ..Chart::default() },
            ..Labels::default()
        };
        let setup = MetricsSetup {
            start: SimTime(0),
            end: SimTime(1_000),
            measured_from: SimTime(0),
            end_value_per_mwh: None,
            connectors: 2,
            co2_kg_per_kwh: Some(0.3),
            trades: false,
            bounds: None,
            station_group: IdVec::default(),
            retail: RetailFacts::default(),
            competition: CompetitionFacts::default(),
        };
        Metrics::new(&labels, setup)
    }

    fn trip(fleet: u16, status: TripStatus, wait_s: Option<i64>) -> TripRecord {
        TripRecord {
            request: RequestId(0),
            fleet: FleetId(fleet),
            vehicle: None,
            status,
            request_time: SimTime(0),
            pickup_time: None,
            dropoff_time: None,
            wait_s,
            origin: PlaceId(0),
            destination: PlaceId(0),
            distance_km: 1.0,
            deadhead_km: 0.0,
            energy_kwh: 0.0,
            fare: 0.0,
            lost_fare: 0.0,
            accrued_fare: 0.0,
            soc_start: None,
            soc_end: None,
        }
    }

    #[test]
    fn waits_are_merged_across_fleets_and_quantiles_counted() {
        let mut metrics = metrics();
        for wait in 1..=99 {
            metrics.trip(&trip((wait % 2) as u16, TripStatus::Served, Some(wait)));
        }
        metrics.trip(&trip(0, TripStatus::LostLowCharge, None));
        metrics.trip(&trip(1, TripStatus::InProgress, None));
        let figures = metrics.finish();
        let total = &figures.total;
        assert_eq!((total.trips_requested, total.trips_served, total.trips_lost), (101, 99, 1));
        assert_eq!(total.service_rate, Some(0.99));
        assert_eq!(total.wait_mean_s, Some(50.0));
        // Of 99 values 1..=99: the 50th, the 95th (0.95 x 99 = 94.05, rounded up), the 99th (98.01).
        assert_eq!((total.wait_p50_s, total.wait_p95_s, total.wait_p99_s), (Some(50), Some(95), Some(99)));
        assert_eq!(figures.fleets[0].figures.trips_requested, 50);
        assert_eq!(figures.fleets[1].figures.service_rate, Some(1.0));
    }

    #[test]
    fn soc_is_weighted_by_vehicles_and_time_and_power_peaks_in_sum() {
        let mut metrics = metrics();
        let reading = |time, fleet, idle, mean_soc| FleetRecord {
            since: SimTime(i64::max(time - 100, 0)),
            time: SimTime(time),
            fleet: FleetId(fleet),
            idle,
            driving: 0,
            queued: 0,
            charging: 0,
            discharging: 0,
            mean_soc,
            stored_kwh: 0.0,
            power_kw: 0.0,
        };
        // Fleet a: 3 vehicles at 0.4; fleet b: 1 vehicle falling from 0.8 to 0.4.
        for (time, soc) in [(0, 0.8), (100, 0.6), (200, 0.4)] {
            metrics.fleet(&reading(time, 0, 3, 0.4));
            metrics.fleet(&reading(time, 1, 1, soc));
        }
        let power = |time, station, power_kw| StationRecord {
            since: SimTime(i64::max(time - 100, 0)),
            time: SimTime(time),
            station: StationId(station),
            operator: OperatorId(0),
            retailer: RetailerId(0),
            occupied: 0,
            queue: 0,
            power_kw,
            limit_kw: 100.0,
        };
        for (time, a, b) in [(0, 10.0, 10.0), (100, 40.0, 0.0), (200, 21.0, 20.0)] {
            metrics.station(&power(time, 0, a));
            metrics.station(&power(time, 1, b));
        }
        let figures = metrics.finish();
        assert_eq!(figures.total.peak_power_kw, 41.0);
        assert!((figures.fleets[1].figures.mean_soc.unwrap() - 0.6).abs() < 1e-12);
        assert!((figures.total.mean_soc.unwrap() - (3.0 * 0.4 + 0.6) / 4.0).abs() < 1e-12);
    }

    #[test]
    fn profit_is_what_came_in_less_what_went_out() {
        let mut metrics = metrics();
        let chart = Chart { fleets: 2, operators: 1, retailers: 1, ..Chart::default() };
        let [a, b] = [0, 1].map(|fleet| Account::Fleet(FleetId(fleet)));
        let (hub, grid) = (Account::Operator(OperatorId(0)), Account::Retailer(RetailerId(0)));
        let mut post = |debit, credit, millionths, kind| {
            metrics.ledger(&LedgerEntry {
                time: SimTime(0),
                debit: chart.id(debit),
                credit: chart.id(credit),
                amount: Money(millionths),
                kind,
                reference: Reference::Trip(RequestId(0)),
            });
        };
        post(a, Account::Riders, 10_000_000, EntryKind::Fare);
        post(hub, a, 4_000_000, EntryKind::Charging);
        post(grid, hub, 2_500_000, EntryKind::Energy);
        post(b, Account::Riders, 500_000, EntryKind::Fare);
        let figures = metrics.finish();
        let a = &figures.fleets[0].figures;
        assert_eq!((a.fares, a.charging_cost, a.operating_profit), (10.0, 4.0, 6.0));
        assert_eq!(figures.total.operating_profit, 6.5);
        let hub = &figures.operators[0];
        assert_eq!((hub.revenue, hub.energy_cost, hub.profit), (4.0, 2.5, 1.5));
    }

    #[test]
    fn connectors_are_used_for_the_share_of_time_they_are_occupied() {
        let mut metrics = metrics();
        let session = SessionRecord {
            session: crate::ids::SessionId(0),
            vehicle: VehicleId(0),
            fleet: FleetId(0),
            station: StationId(0),
            operator: OperatorId(0),
            retailer: RetailerId(0),
            connector: Some(0),
            arrival_time: SimTime(100),
            plug_in_time: Some(SimTime(200)),
            charge_start_time: Some(SimTime(200)),
            charge_end_time: None,
            unplug_time: Some(SimTime(500)),
            queue_s: 100,
            need_wait_s: None,
            energy_kwh: 10.0,
            battery_kwh: 9.0,
            discharged_kwh: 2.0,
            withdrawn_kwh: 0.0,
            max_power_kw: 50.0,
            soc_start: 0.1,
            soc_end: 0.3,
            cost: 1.0,
            end_reason: crate::records::EndReason::Target,
        };
        metrics.session(&session);
        metrics.session(&SessionRecord { fleet: FleetId(1), unplug_time: None, queue_s: 0, ..session });
        metrics.session(&SessionRecord {
            plug_in_time: None,
            charge_start_time: None,
            connector: None,
            energy_kwh: 0.0,
            ..session
        });
        let figures = metrics.finish();
        // 300 s and 800 s of 2 x 1,000 s.
        assert_eq!(figures.total.charger_utilisation, Some(0.55));
        assert_eq!(figures.fleets[0].figures.charger_utilisation, Some(0.15));
        assert_eq!((figures.total.sessions, figures.total.sessions_without_connector), (2, 1));
        assert_eq!(figures.total.queue_mean_s, Some(50.0));
        assert!((figures.total.co2_kg.unwrap() - 0.3 * (20.0 - 6.0)).abs() < 1e-12);
    }

    #[test]
    fn a_run_without_anything_has_no_rates() {
        let figures = metrics().finish();
        assert_eq!(figures.total.service_rate, None);
        assert_eq!(figures.total.wait_p50_s, None);
        assert_eq!(figures.total.mean_soc, None);
    }
}

//! Sums of one fleet, from which its key figures are made.

use super::figures::{DriverFigures, Figures, TradingFigures};
use super::metrics::MetricsSetup;
use super::readings::Peak;
use crate::ledger::{EntryKind, Money, rounded};
use crate::time::SimTime;
use hdrhistogram::Histogram;

/// Sums of one fleet.
pub(super) struct Sums {
    /// Requests by status, in the order of [`super::TripStatus::ALL`].
    pub trips: [u64; 5],
    pub waits: Histogram<u64>,
    pub wait_s: i64,
    pub km: f64,
    pub km_empty: f64,
    pub driven_kwh: f64,
    pub charged_kwh: f64,
    pub stored_kwh: f64,
    pub charged_elsewhere_kwh: f64,
    pub discharged_kwh: f64,
    pub withdrawn_kwh: f64,
    /// Whether its vehicles are privately owned.
    pub private: bool,
    /// Departures of drivers: full, not full after too short a stay, not full for another reason.
    pub departures: [u64; 3],
    /// Visits in which power flowed.
    pub sessions: u64,
    pub without_connector: u64,
    /// From first joining a station for a charging need to first power.
    pub need_waits: Histogram<u64>,
    pub need_wait_s: i64,
    pub plugged_in: u64,
    pub queues: Histogram<u64>,
    pub queue_s: i64,
    pub occupied_s: i64,
    pub peak: Peak,
    pub soc: TimeMean,
    pub vehicles: u32,
    pub bound: Option<f64>,
    /// Energy in batteries at the end of the warm-up and at the last reading [kWh].
    pub stored: Option<(f64, f64)>,
    /// Value of the difference.
    pub stored_value: f64,
    /// Riders aboard at the end of the warm-up and at the end.
    pub rides: [u64; 2],
    /// Their fares for the way driven by then.
    pub accrued: [f64; 2],
    /// Value of the difference.
    pub rides_value: f64,
    pub lost_fares: Money,
    pub lost_committed_fares: Money,
    pub bought_kwh: f64,
    pub delivered_kwh: f64,
    pub imbalance_kwh: f64,
    /// Money by [`EntryKind`], in the order of the enum: received less paid.
    pub money: [Money; EntryKind::ALL.len()],
    pub received: Money,
    pub paid: Money,
}

/// Mean over time of a value read at intervals, linear between readings.
#[derive(Default)]
pub(super) struct TimeMean {
    last: Option<(SimTime, f64)>,
    area: f64,
    seconds: i64,
}

impl TimeMean {
    pub fn read(&mut self, time: SimTime, value: f64) {
        if let Some((before, last)) = self.last {
            self.area += 0.5 * (last + value) * (time - before) as f64;
            self.seconds += time - before;
        }
        self.last = Some((time, value));
    }
    pub fn mean(&self) -> Option<f64> {
        match self.seconds {
            0 => self.last.map(|(_, value)| value),
            seconds => Some(self.area / seconds as f64),
        }
    }
}

/// Histogram with three significant digits: exact below 2,048 s. It grows as needed.
pub(super) fn histogram() -> Histogram<u64> {
    // Three digits are within the range that the histogram allows (0 to 5).
    Histogram::new(3).expect("three significant digits")
}

impl Sums {
    pub fn new() -> Self {
        Self {
            trips: [0; 5],
            waits: histogram(),
            wait_s: 0,
            km: 0.0,
            km_empty: 0.0,
            driven_kwh: 0.0,
            charged_kwh: 0.0,
            stored_kwh: 0.0,
            charged_elsewhere_kwh: 0.0,
            discharged_kwh: 0.0,
            withdrawn_kwh: 0.0,
            private: false,
            departures: [0; 3],
            sessions: 0,
            without_connector: 0,
            need_waits: histogram(),
            need_wait_s: 0,
            plugged_in: 0,
            queues: histogram(),
            queue_s: 0,
            occupied_s: 0,
            peak: Peak::default(),
            soc: TimeMean::default(),
            vehicles: 0,
            bound: None,
            stored: None,
            stored_value: 0.0,
            rides: [0; 2],
            accrued: [0.0; 2],
            rides_value: 0.0,
            lost_fares: Money::ZERO,
            lost_committed_fares: Money::ZERO,
            bought_kwh: 0.0,
            delivered_kwh: 0.0,
            imbalance_kwh: 0.0,
            money: [Money::ZERO; EntryKind::ALL.len()],
            received: Money::ZERO,
            paid: Money::ZERO,
        }
    }

    pub fn add(&mut self, other: &Self) {
        for (a, b) in self.trips.iter_mut().zip(other.trips) {
            *a += b;
        }
        // Both grow as needed and have the same precision, so adding cannot fail.
        let _ = self.waits.add(&other.waits);
        let _ = self.queues.add(&other.queues);
        self.wait_s += other.wait_s;
        self.km += other.km;
        self.km_empty += other.km_empty;
        self.driven_kwh += other.driven_kwh;
        self.charged_kwh += other.charged_kwh;
        self.stored_kwh += other.stored_kwh;
        self.charged_elsewhere_kwh += other.charged_elsewhere_kwh;
        self.discharged_kwh += other.discharged_kwh;
        self.withdrawn_kwh += other.withdrawn_kwh;
        self.private |= other.private;
        for (a, b) in self.departures.iter_mut().zip(other.departures) {
            *a += b;
        }
        self.sessions += other.sessions;
        self.without_connector += other.without_connector;
        let _ = self.need_waits.add(&other.need_waits);
        self.need_wait_s += other.need_wait_s;
        self.plugged_in += other.plugged_in;
        self.queue_s += other.queue_s;
        self.occupied_s += other.occupied_s;
        self.lost_fares += other.lost_fares;
        if let Some((first, last)) = other.stored {
            let (sum_first, sum_last) = self.stored.get_or_insert((0.0, 0.0));
            *sum_first += first;
            *sum_last += last;
        }
        self.stored_value += other.stored_value;
        for (a, b) in self.rides.iter_mut().zip(other.rides) {
            *a += b;
        }
        self.rides_value += other.rides_value;
        if let Some(bound) = other.bound {
            *self.bound.get_or_insert(0.0) += bound;
        }
        self.lost_committed_fares += other.lost_committed_fares;
        self.bought_kwh += other.bought_kwh;
        self.delivered_kwh += other.delivered_kwh;
        self.imbalance_kwh += other.imbalance_kwh;
        for (a, b) in self.money.iter_mut().zip(other.money) {
            *a += b;
        }
        self.received += other.received;
        self.paid += other.paid;
    }

    /// Values the change in the energy of batteries since the end of the warm-up. Energy charged elsewhere, which is
    /// not billed, counts as bought at the same price.
    pub fn value_stored(&mut self, setup: &MetricsSetup) {
        let Some((first, last)) = self.stored else { return };
        let net = |kind: EntryKind| -self.money[kind as usize].units();
        // Energy from markets is charged at the tariff, credited, and paid for at the market.
        let paid = [EntryKind::Charging, EntryKind::SupplyCredit, EntryKind::Trade, EntryKind::Imbalance];
        let paid: f64 = paid.into_iter().map(net).sum();
        let mean = || if self.stored_kwh > 0.0 { paid / self.stored_kwh } else { 0.0 };
        let price_per_kwh = setup.end_value_per_mwh.map_or_else(mean, |price| price / 1_000.0);
        // Whole millionths, like the other amounts; it is in no account.
        self.stored_value = rounded((last - first - self.charged_elsewhere_kwh) * price_per_kwh);
    }

    /// Values the rides that are in progress at the end more, or less, than at the end of the warm-up.
    pub fn value_rides(&mut self) {
        let [first, last] = self.accrued;
        // Whole millionths, as the amounts beside it; no account holds it.
        self.rides_value = rounded(last - first);
    }

    fn trading(&self) -> TradingFigures {
        let received = |kind: EntryKind| self.money[kind as usize];
        let (credit, cost) = (received(EntryKind::SupplyCredit), -received(EntryKind::Trade));
        let imbalance = -received(EntryKind::Imbalance);
        let profit = credit - cost - imbalance;
        TradingFigures {
            market_bought_kwh: self.bought_kwh,
            market_delivered_kwh: self.delivered_kwh,
            tariff_kwh: self.charged_kwh - self.delivered_kwh,
            imbalance_kwh: self.imbalance_kwh,
            market_cost: cost.units(),
            supply_credit: credit.units(),
            imbalance_cost: imbalance.units(),
            market_profit: profit.units(),
            market_profit_net: (profit - self.lost_committed_fares).units(),
            market_profit_bound: self.bound,
        }
    }

    fn drivers(&self) -> DriverFigures {
        DriverFigures {
            departures_full: self.departures[0],
            departures_short_stay: self.departures[1],
            departures_missed: self.departures[1] + self.departures[2],
            battery_throughput_kwh: self.stored_kwh + self.withdrawn_kwh,
        }
    }

    pub fn figures(&self, setup: &MetricsSetup) -> Figures {
        let [served, no_vehicle, low_charge, committed, in_progress] = self.trips;
        let lost = no_vehicle + low_charge + committed;
        let ratio = |a: f64, b: f64| (b > 0.0).then(|| a / b);
        let quantile = |h: &Histogram<u64>, q| (!h.is_empty()).then(|| h.value_at_quantile(q));
        let received = |kind: EntryKind| self.money[kind as usize];
        let paid = |kind: EntryKind| (-received(kind)).units();
        let connector_s = setup.connectors as f64 * (setup.end - setup.measured_from) as f64;
        let (stored_start_kwh, stored_end_kwh) = self.stored.unwrap_or_default();
        let [highest_kw, quarter_kw] = self.peak.peaks();
        let operating_cost = received(EntryKind::Fare) - (self.received - self.paid);
        Figures {
            trips_requested: self.trips.iter().sum(),
            trips_served: served,
            trips_lost: lost,
            trips_lost_no_vehicle: no_vehicle,
            trips_lost_low_charge: low_charge,
            trips_lost_committed: committed,
            trips_in_progress: in_progress,
            service_rate: ratio(served as f64, (served + lost) as f64),
            completion_rate: ratio(served as f64, self.trips.iter().sum::<u64>() as f64),
            wait_mean_s: ratio(self.wait_s as f64, self.waits.len() as f64),
            wait_p50_s: quantile(&self.waits, 0.50),
            wait_p95_s: quantile(&self.waits, 0.95),
            wait_p99_s: quantile(&self.waits, 0.99),
            km_total: self.km,
            km_empty: self.km_empty,
            energy_charged_kwh: self.charged_kwh,
            energy_stored_kwh: self.stored_kwh,
            charged_elsewhere_kwh: self.charged_elsewhere_kwh,
            energy_driven_kwh: self.driven_kwh,
            energy_discharged_kwh: self.discharged_kwh,
            sessions: self.sessions,
            sessions_without_connector: self.without_connector,
            need_wait_mean_s: ratio(self.need_wait_s as f64, self.need_waits.len() as f64),
            need_wait_p95_s: quantile(&self.need_waits, 0.95),
            queue_mean_s: ratio(self.queue_s as f64, self.plugged_in as f64),
            queue_p95_s: quantile(&self.queues, 0.95),
            charger_utilisation: ratio(self.occupied_s as f64, connector_s),
            peak_power_kw: highest_kw,
            peak_15min_kw: quarter_kw,
            mean_soc: self.soc.mean(),
            fares: received(EntryKind::Fare).units(),
            lost_fares: self.lost_fares.units(),
            lost_committed_fares: self.lost_committed_fares.units(),
            charging_cost: paid(EntryKind::Charging),
            driving_cost: paid(EntryKind::Driving),
            wear_cost: paid(EntryKind::Wear),
            lost_request_cost: paid(EntryKind::LostRequest),
            rescue_cost: paid(EntryKind::Rescue),
            referral_cost: paid(EntryKind::Referral),
            trading: setup.trades.then(|| self.trading()),
            drivers: self.private.then(|| self.drivers()),
            loads: None,
            attainable_cost: None,
            grid: None,
            operating_cost: operating_cost.units(),
            cost_with_lost_fares: (operating_cost + self.lost_fares).units(),
            operating_profit: (self.received - self.paid).units(),
            stored_start_kwh,
            stored_end_kwh,
            stored_value: self.stored_value,
            rides_in_progress_start: self.rides[0],
            rides_in_progress_end: self.rides[1],
            rides_in_progress_value: self.rides_value,
            net_profit: (self.received - self.paid).units() + self.stored_value + self.rides_value,
            co2_kg: setup.co2_kg_per_kwh.map(|factor| factor * (self.charged_kwh - self.discharged_kwh)),
        }
    }
}

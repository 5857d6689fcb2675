//! A station alone in the simulator: Poisson arrivals, exponential energy, equal connectors.
//!
//! Queueing theory calls it M/M/c. Each arrival is a new vehicle that is already at the station and requests its energy
//! at once; no vehicle gives up, and the power is the same at any charge.

use crate::engine::Simulation;
use crate::error::{Error, Result};
use crate::geo::Places;
use crate::ids::{FleetId, OperatorId, PlaceId, RetailerId, StationId, TypeId, VehicleId};
use crate::ledger::Money;
use crate::policies::{Action, Cadence, Charging, Dispatch, News, Turn};
use crate::records::{Record, Recorder};
use crate::rng::{Purpose, Streams};
use crate::time::{LocalClock, SimTime};
use crate::world::{
    Access, ChargingCurve, Connector, Fleet, Mode, Requests, Retail, Retailer, Setup, Station, Tariff,
    Trading, Travel, VehicleStart, VehicleType,
};
use rand::RngExt as _;
use rand_pcg::Pcg64;
use std::sync::Arc;

/// Mean time at a connector [s].
pub const MEAN_SERVICE_S: f64 = 3_600.0;

/// Power of a connector [kW].
const POWER_KW: f64 = 50.0;
/// A battery that no session fills: 200 times the mean energy [kWh].
const BATTERY_KWH: f64 = 10_000.0;
/// Longer than any wait [s].
const FOR_EVER_S: i64 = 4_000_000_000;

/// The station, and the length of its simulation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoneStation {
    /// Number of connectors, at least 1.
    pub connectors: usize,
    /// Arrivals per mean time at a connector and per connector; above 0.
    pub load_per_connector: f64,
    /// Vehicles that arrive.
    pub arrivals: usize,
    /// Number of the first vehicles, which are not counted: they find the station empty.
    pub warm_up: usize,
}

/// Waits of the vehicles that are counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waits {
    /// Vehicles counted.
    pub vehicles: usize,
    /// Mean time in the queue, of all vehicles [s].
    pub mean_s: f64,
    /// Share of vehicles that wait at all (a second or more).
    pub share_waiting: f64,
    /// Share of vehicles that wait longer than the mean time at a connector.
    pub share_waiting_long: f64,
    /// Whether vehicles, in the order of arrival, got connectors in that order.
    pub in_order: bool,
}

impl LoneStation {
    /// Simulates one replication with random stream `number` of synthetic data.
    ///
    /// # Errors
    /// If no vehicle is counted, or the engine refuses a session (an error of this model).
    pub fn simulate(&self, streams: Streams, number: u64) -> Result<Waits> {
        let (setup, energy_kwh) = self.setup(streams.stream(Purpose::Synthesis, number));
        self.watch(setup, energy_kwh, streams)
    }

    fn watch(&self, setup: Setup, energy_kwh: Vec<f64>, streams: Streams) -> Result<Waits> {
        let mut visits = Visits { queue_s: vec![0; self.arrivals], plug_in: vec![None; self.arrivals] };
        let mut simulation =
            Simulation::new(Arc::new(setup), Box::new(Arrivals { energy_kwh }), Box::new(Stays), streams);
        simulation.finish(&mut visits)?;
        if let Some((reason, count)) = simulation.refusals().next() {
            return Err(Error::Other(format!("the engine refused {count} sessions: {}", reason.name())));
        }
        self.waits(&visits).ok_or_else(|| Error::Other("no vehicle is counted".to_owned()))
    }

    fn waits(&self, visits: &Visits) -> Option<Waits> {
        let waits = visits.queue_s.get(self.warm_up..).filter(|waits| !waits.is_empty())?;
        let share = |longer_than_s: f64| {
            waits.iter().filter(|&&wait| wait as f64 > longer_than_s).count() as f64 / waits.len() as f64
        };
        // Vehicles still in the queue at the end come after all others.
        let plug_in = |i: usize| visits.plug_in[i].unwrap_or(SimTime(i64::MAX));
        Some(Waits {
            vehicles: waits.len(),
            mean_s: waits.iter().map(|&wait| wait as f64).sum::<f64>() / waits.len() as f64,
            share_waiting: share(0.0),
            share_waiting_long: share(MEAN_SERVICE_S),
            in_order: (1..visits.plug_in.len()).all(|i| plug_in(i - 1) <= plug_in(i)),
        })
    }

    /// Arrivals: a request and a vehicle for each, the energy that it requests [kWh], and the time of the last.
    fn arrivals(&self, mut random: Pcg64) -> (Requests, Vec<VehicleStart>, Vec<f64>, SimTime) {
        let mut exponential = |mean: f64| -mean * (1.0 - random.random::<f64>()).ln();
        let (mut requests, mut vehicles) = (Requests::default(), Vec::with_capacity(self.arrivals));
        let mut energy_kwh = Vec::with_capacity(self.arrivals);
        let mut clock_s = 0.0;
        for i in 0..self.arrivals {
            clock_s += exponential(MEAN_SERVICE_S / (self.load_per_connector * self.connectors as f64));
            // A request for zero energy would be refused.
            energy_kwh.push(exponential(POWER_KW * MEAN_SERVICE_S / 3_600.0).max(1e-6));
            requests.time.push(SimTime(clock_s as i64));
            requests.origin.push(PlaceId(0));
            requests.destination.push(PlaceId(0));
            requests.duration_s.push(0);
            requests.distance_km.push(0.0);
            requests.fare.push(Money::ZERO);
            requests.fleet.push(FleetId(0));
            vehicles.push(VehicleStart {
                name: i.to_string(),
                fleet: FleetId(0),
                vehicle_type: TypeId(0),
                place: PlaceId(0),
                soc: 0.0,
                consumption_factor: 1.0,
            });
        }
        (requests, vehicles, energy_kwh, SimTime(clock_s as i64))
    }

    /// The world, and the energy that each arrival requests [kWh].
    fn setup(&self, random: Pcg64) -> (Setup, Vec<f64>) {
        let mut places = Places::default();
        places.add_point(48.0, 9.0);
        let (requests, vehicles, energy_kwh, last) = self.arrivals(random);
        let start = SimTime(0);
        let setup = Setup {
            start,
            end: last + 1,
            control_interval_s: 7 * 86_400,
            measured_from: start,
            end_value_per_mwh: None,
            clock: LocalClock::new(chrono_tz::UTC, start, start),
            mode: Mode::Dispatch { patience_s: FOR_EVER_S },
            places: Arc::new(places),
            travel: Travel { circuity: 1.0, speed_kmh: vec![30.0; 168].into(), matrix: None },
            temperature_c: Vec::new(),
            types: vec![VehicleType {
                name: "tank".into(),
                battery_kwh: BATTERY_KWH,
                usable_soc: [0.0, 1.0],
                consumption_kwh_per_km: 0.2,
                consumption_by_temperature: Vec::new(),
                ac_kw: POWER_KW,
                dc_kw: 0.0,
                curve: ChargingCurve::constant(POWER_KW),
                charge_efficiency: 1.0,
                discharge_efficiency: 1.0,
                feed_kw: 0.0,
                max_active_hours: 8.0,
                wear_cost_per_kwh: 0.0,
            }]
            .into(),
            fleets: vec![Fleet::default()].into(),
            coalitions: Vec::new().into(),
            referral_share: 0.0,
            vehicles: vehicles.into(),
            operators: vec!["operator".into()].into(),
            stations: vec![Station {
                name: "station".into(),
                place: PlaceId(0),
                operator: OperatorId(0),
                access: Access::PUBLIC,
                connectors: vec![Connector { power_kw: POWER_KW, dc: false }; self.connectors],
                site_limit_kw: f64::INFINITY,
                retailer: RetailerId(0),
                markup_per_mwh: 0.0,
                sensitivity_per_mwh_kw: 1.0,
                bus: None,
                queue_patience_s: FOR_EVER_S,
            }]
            .into(),
            retailers: vec![Retailer {
                name: "retailer".into(),
                tariff: Tariff::Flat(100.0),
                slot_s: 30 * 86_400,
                lead_s: 0,
            }]
            .into(),
            station_group: Vec::new().into(),
            competition: None,
            retail: Retail::default(),
            trading: Trading::default(),
            grid: None,
            requests,
            currency: "EUR".into(),
            co2_kg_per_kwh: None,
        };
        (setup, energy_kwh)
    }
}

/// Sends the vehicle of each request to the station instead of to a rider.
struct Arrivals {
    energy_kwh: Vec<f64>,
}

impl Dispatch for Arrivals {
    fn cadence(&self) -> Cadence {
        Cadence::OnChange
    }
    fn decide(&mut self, turn: &mut Turn<'_>, news: News<'_>) {
        for request in news.requests {
            turn.actions.push(Action::Charge {
                vehicle: VehicleId(request.0),
                station: StationId(0),
                target_soc: self.energy_kwh[request.index()] / BATTERY_KWH,
                yields: false,
            });
        }
    }
}

/// Charged vehicles stay where they are.
struct Stays;

impl Charging for Stays {
    fn on_idle(&mut self, _: &mut Turn<'_>, _: &[VehicleId]) {}
}

/// Waits and plug-in times by order of arrival; a wait in progress at the end counts with its length so far.
struct Visits {
    queue_s: Vec<i64>,
    plug_in: Vec<Option<SimTime>>,
}

impl Recorder for Visits {
    fn record(&mut self, record: Record<'_>) {
        let Record::Session(record) = record else { return };
        // Vehicles are numbered by arrival.
        let number = record.vehicle.index();
        self.queue_s[number] = record.queue_s;
        self.plug_in[number] = record.plug_in_time;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_those_of_the_vehicles_counted() {
        let station = LoneStation { connectors: 1, load_per_connector: 0.5, arrivals: 5, warm_up: 1 };
        let mut visits = Visits {
            queue_s: vec![9_999, 0, 0, 3_600, 7_200],
            plug_in: [Some(3), Some(3), Some(7), None, None].map(|t| t.map(SimTime)).to_vec(),
        };
        let waits = station.waits(&visits).unwrap();
        let expected = Waits {
            vehicles: 4,
            mean_s: 2_700.0,
            share_waiting: 0.5,
            share_waiting_long: 0.25,
            in_order: true,
        };
        assert_eq!(waits, expected);
        visits.plug_in[2] = Some(SimTime(2));
        assert!(!station.waits(&visits).unwrap().in_order);
        assert_eq!(LoneStation { warm_up: 5, ..station }.waits(&visits), None);
    }

    /// Three vehicles at once and one connector: the second waits for the hour of the first, the third for the half
    /// hour of the second as well.
    #[test]
    fn a_vehicle_waits_for_those_before_it() {
        let station = LoneStation { connectors: 1, load_per_connector: 1e9, arrivals: 3, warm_up: 0 };
        let streams = Streams { seed: 1, replication: 0 };
        let (mut setup, _) = station.setup(streams.stream(Purpose::Synthesis, 0));
        assert_eq!(*setup.requests.time, [SimTime(0); 3]);
        setup.end = SimTime(10_000);
        let waits = station.watch(setup, vec![50.0, 25.0, 10.0], streams).unwrap();
        assert_eq!((waits.vehicles, waits.mean_s, waits.in_order), (3, 3_000.0, true));
        assert!((waits.share_waiting, waits.share_waiting_long) == (2.0 / 3.0, 1.0 / 3.0), "{waits:?}");
    }
}

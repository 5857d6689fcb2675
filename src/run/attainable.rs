//! Bound of the cost of stations with load-dependent prices, from the loads of a whole run.
//!
//! Known are the energy that each station drew in all, when it was asked for (the nominal profile of the bill), and until
//! when it was due (announced departures). The loads of the run keep all of this by construction, so no run costs less
//! than its bound. Powers of single vehicles and the limits of the feeder are left out, which only lowers the bound.

use crate::games::c_nash::{Deliveries, Delivery, LoadBound, Profiles, least_cost};
use crate::ids::{IdVec, StationId};
use crate::records::{LoadRecord, Record, Recorder};
use crate::time::SimTime;
use crate::world::{LoadBook, Setup};

/// Energy in the unit of prices [MWh].
const MWH: f64 = 1e-3;

/// Loads of the stations of one retailer, slot by slot.
struct Loads {
    slope_per_mwh_mw: f64,
    sensitivity_per_mwh_mw: Vec<f64>,
    capacity_mw: Vec<f64>,
    /// By slot: end, length [h], price at zero load [currency/MWh].
    slots: Vec<(SimTime, f64, f64)>,
    /// By slot, then by station: energy requested, energy drawn [MWh].
    energy_mwh: Vec<[f64; 2]>,
}

/// Collects the loads of a run.
pub(super) struct LoadsOfRun {
    /// Number of the retailer in `retailers`.
    of_station: IdVec<StationId, Option<usize>>,
    retailers: Vec<Loads>,
}

impl LoadsOfRun {
    pub fn new(setup: &Setup) -> Self {
        let mut of_station = IdVec::filled(setup.stations.len(), None);
        let mut retailers = Vec::new();
        for retailer in setup.retailers.ids() {
            let Some(slope) = setup.retailers[retailer].tariff.slope_per_mwh_kw() else { continue };
            let stations = || setup.stations.ids().filter(|id| setup.stations[*id].retailer == retailer);
            stations().for_each(|id| of_station[id] = Some(retailers.len()));
            let each = |value: fn(&crate::world::Station) -> f64| {
                stations().map(|id| value(&setup.stations[id])).collect::<Vec<f64>>()
            };
            retailers.push(Loads {
                slope_per_mwh_mw: slope / MWH,
                sensitivity_per_mwh_mw: each(|station| station.sensitivity_per_mwh_kw / MWH),
                capacity_mw: each(|station| station.capacity_kw() * MWH),
                slots: Vec::new(),
                energy_mwh: Vec::new(),
            });
        }
        Self { of_station, retailers }
    }

    /// Bound of the cost of all stations in the slots that end after `from`; `None` without such slots, or where amounts
    /// exceed double precision.
    pub fn bound(&self, books: &[LoadBook], from: SimTime) -> Option<f64> {
        let mut sum = None;
        // The books have the same retailers, in the same order.
        for (loads, book) in self.retailers.iter().zip(books) {
            if let Some(deliveries) = loads.deliveries(book, from) {
                let bound =
                    least_cost(&deliveries).ok().map(|found| found.bound).filter(|x| x.is_finite())?;
                *sum.get_or_insert(0.0) += bound;
            }
        }
        sum
    }
}

impl Recorder for LoadsOfRun {
    fn record(&mut self, record: Record<'_>) {
        let Record::Load(record) = record else { return };
        if let Some(retailer) = self.of_station[record.station] {
            self.retailers[retailer].add(record);
        }
    }
    fn needs_idle_stations(&self) -> bool {
        false
    }
}

impl Loads {
    /// Adds a station's load of a slot; slots come in order, and the stations of each in theirs.
    fn add(&mut self, record: &LoadRecord) {
        let hours = (record.slot_end - record.slot_start) as f64 / 3_600.0;
        if self.slots.last().is_none_or(|slot| slot.0 != record.slot_end) {
            self.slots.push((record.slot_end, hours, record.base_price_per_mwh));
        }
        self.energy_mwh.push([record.nominal_kw, record.power_kw].map(|kw| kw * hours * MWH));
    }

    fn deliveries(&self, book: &LoadBook, from: SimTime) -> Option<Deliveries> {
        let stations = self.sensitivity_per_mwh_mw.len();
        let first = self.slots.partition_point(|slot| slot.0 <= from);
        let slots = self.slots.get(first..).filter(|slots| !slots.is_empty() && stations > 0)?;
        let empty = || Profiles::zeros(stations, slots.len());
        let [mut nominal, mut min, mut max, mut least, mut most] = std::array::from_fn(|_| empty());
        let mut demand = Vec::with_capacity(stations);
        for i in 0..stations {
            let due = book.due_of(i);
            let (mut asked, mut drawn, mut must) = (0.0, 0.0, 0.0);
            // Energy drawn before, of what was asked for and due by then.
            let mut before = 0.0;
            for slot in 0..self.slots.len() {
                let [asked_now, drawn_now] = self.energy_mwh[slot * stations + i];
                if slot == first {
                    before = drawn;
                }
                asked += asked_now;
                drawn += drawn_now;
                must += due.get(slot).copied().unwrap_or(0.0) * MWH;
                let Some(step) = slot.checked_sub(first) else { continue };
                nominal.row_mut(i)[step] = asked_now;
                min.row_mut(i)[step] = drawn_now.min(0.0);
                max.row_mut(i)[step] = drawn_now.max(self.capacity_mw[i] * slots[step].1);
                least.row_mut(i)[step] = must.min(drawn) - before;
                most.row_mut(i)[step] = asked.max(drawn) - before;
            }
            demand.push(drawn - before);
        }
        Some(Deliveries {
            base_price: slots.iter().map(|slot| slot.2).collect(),
            slope: self.slope_per_mwh_mw,
            hours: slots.iter().map(|slot| slot.1).collect(),
            sensitivity: self.sensitivity_per_mwh_mw.clone(),
            nominal,
            min: LoadBound::Step(min),
            max: LoadBound::Step(max),
            delivery: Delivery { demand, least, most },
        })
    }
}

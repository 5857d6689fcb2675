//! `overview.svg`: a run at a glance, in three panels over local time.
//!
//! Vehicles by state; power of stations and the price of energy; requests served and lost, and the mean wait.
//! [`Overview`] collects its data from records, in at most `MAX_BINS` bins, so that the picture stays small.

use super::run_dir::write_file;
use gridfleet_core::error::Result;
use gridfleet_core::records::{
    FleetRecord, Labels, PriceRecord, Record, Recorder, StationRecord, TripRecord, TripStatus,
};
use gridfleet_core::time::{HOUR_S, LocalClock, SimTime};
use gridfleet_plots::palette::{BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILION, YELLOW};
use gridfleet_plots::{Area, Areas, Axis, Colour, Columns, Figure, Line, Plane};
use std::path::Path;

/// Name of the file.
pub const OVERVIEW: &str = "overview.svg";

/// Most points along the time axis: a week of quarters of an hour.
const MAX_BINS: i64 = 672;
/// Least width of a bin [s].
const MIN_BIN_S: i64 = 300;
/// Most operators, or retailers, with a separate colour; the rest are added up.
const MAX_SERIES: usize = 5;
const SIZE: (u32, u32) = (1_200, 1_060);

/// Vehicle states from bottom to top.
const STATES: [(&str, Colour); 5] =
    [("driving", BLUE), ("charging", GREEN), ("discharging", PURPLE), ("queued", VERMILION), ("idle", GREY)];
/// Colours of the areas of operators, and of the lines of retailers drawn on them.
const OPERATORS: [Colour; MAX_SERIES] = [GREEN, SKY, ORANGE, PURPLE, YELLOW];
const RETAILERS: [Colour; MAX_SERIES] = [INK, VERMILION, BLUE, ORANGE, PURPLE];

/// Mean of the readings within each bin, for several series.
struct Bins {
    series: usize,
    sums: Vec<f64>,
    readings: Vec<u32>,
    last: Option<SimTime>,
}

impl Bins {
    fn new(bins: usize, series: usize) -> Self {
        Self { series, sums: vec![0.0; bins * series], readings: vec![0; bins], last: None }
    }
    fn add(&mut self, bin: usize, time: SimTime, series: usize, value: f64) {
        if bin >= self.readings.len() || series >= self.series {
            return;
        }
        if self.last != Some(time) {
            self.last = Some(time);
            self.readings[bin] += 1;
        }
        self.sums[bin * self.series + series] += value;
    }
    /// Means of each series for the bins that have readings.
    fn means(&self) -> Vec<(usize, Vec<f64>)> {
        let rows = self.readings.iter().zip(self.sums.chunks(self.series.max(1))).enumerate();
        rows.filter(|(_, (readings, _))| **readings > 0)
            .map(|(bin, (readings, sums))| (bin, sums.iter().map(|sum| sum / f64::from(*readings)).collect()))
            .collect()
    }
}

/// Requests of one hour.
#[derive(Clone, Copy, Default)]
struct Hour {
    served: u32,
    lost: u32,
    picked_up: u32,
    wait_s: i64,
}

/// Collects the data of the picture.
pub struct Overview {
    start: SimTime,
    end: SimTime,
    bin_s: i64,
    clock: LocalClock,
    currency: String,
    states: Bins,
    operators: Vec<String>,
    power: Bins,
    retailers: Vec<String>,
    /// Price steps of each retailer: (from, to, price).
    prices: Vec<Vec<(SimTime, SimTime, f64)>>,
    hours: Vec<Hour>,
}

impl Overview {
    /// An empty picture of the time from `start` to `end`.
    pub fn new(labels: &Labels, clock: LocalClock, start: SimTime, end: SimTime) -> Self {
        let span_s = (end - start).max(1);
        let bin_s = (span_s as u64).div_ceil((MAX_BINS * MIN_BIN_S) as u64) as i64 * MIN_BIN_S;
        let bins = (span_s as u64).div_ceil(bin_s as u64) as usize;
        let hours = (span_s as u64).div_ceil(HOUR_S as u64) as usize;
        Self {
            start,
            end,
            bin_s,
            clock,
            currency: labels.currency.clone(),
            states: Bins::new(bins, STATES.len()),
            power: Bins::new(bins, labels.operators.len()),
            operators: labels.operators.to_vec(),
            prices: vec![Vec::new(); labels.retailers.len()],
            retailers: labels.retailers.to_vec(),
            hours: vec![Hour::default(); hours],
        }
    }

    fn bin(&self, time: SimTime) -> usize {
        ((time - self.start).max(0) / self.bin_s) as usize
    }

    /// `time` as a position on the axis of the picture.
    fn at(&self, time: SimTime) -> f64 {
        time.clamp(self.start, self.end).0 as f64
    }

    fn middle_of(&self, bin: usize) -> f64 {
        let from = self.start + bin as i64 * self.bin_s;
        self.at(from).midpoint(self.at(from + self.bin_s))
    }

    /// Draws the picture under `title`.
    ///
    /// # Errors
    /// If drawing fails, which it does not on text alone.
    pub fn draw(&self, title: &str) -> Result<String> {
        Figure::new(title)
            .subtitle(format!("local time of {}", self.clock.tz()))
            .panel("Vehicles by state", self.states())
            .panel("Power of stations by operator", self.power())
            .panel("Requests by hour, and mean wait for the vehicle", self.trips())
            .svg(SIZE)
    }

    /// Draws the picture into `dir`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, title: &str, dir: &Path) -> Result<()> {
        write_file(&dir.join(OVERVIEW), self.draw(title)?.as_bytes())
    }

    /// A plane over local time from start to end, with `left` on the left axis from zero.
    fn plane(&self, left: &str) -> Plane {
        let time = Axis::time(self.clock.clone()).within(self.at(self.start), self.at(self.end));
        Plane::new(time, Axis::number(left, "").from_zero())
    }

    fn states(&self) -> Plane {
        let means = self.states.means();
        let seen = (0..STATES.len()).filter(|&s| means.iter().any(|(_, row)| row[s] > 0.0));
        let series = seen.map(|s| {
            let (name, colour) = STATES[s];
            Area::new(name, means.iter().map(|(_, row)| row[s]).collect()).colour(colour)
        });
        let x = means.iter().map(|(bin, _)| self.middle_of(*bin)).collect();
        self.plane("vehicles").with(Areas { x, series: series.collect() })
    }

    fn power(&self) -> Plane {
        let means = self.power.means();
        // The largest operators get one colour each; all others share the last.
        let mut order: Vec<(usize, f64)> = (0..self.operators.len())
            .map(|o| (o, means.iter().map(|(_, row)| row[o].abs()).sum::<f64>()))
            .filter(|(_, sum)| *sum > 0.0)
            .collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let own = if order.len() > MAX_SERIES { MAX_SERIES - 1 } else { order.len() };
        let (large, small) = order.split_at(own);
        let sum = |operators: &[(usize, f64)]| -> Vec<f64> {
            means.iter().map(|(_, row)| operators.iter().map(|(o, _)| row[*o]).sum()).collect()
        };
        let mut series: Vec<Area> =
            large.iter().map(|one| Area::new(&self.operators[one.0], sum(&[*one]))).collect();
        if !small.is_empty() {
            series.push(Area::new("others", sum(small)));
        }
        let coloured = series.into_iter().zip(OPERATORS).map(|(area, colour)| area.colour(colour));
        let x = means.iter().map(|(bin, _)| self.middle_of(*bin)).collect();
        let mut plane = self.plane("kW").with(Areas { x, series: coloured.collect() });
        let sellers = (0..self.prices.len()).filter(|&r| !self.prices[r].is_empty());
        for (retailer, colour) in sellers.zip(RETAILERS) {
            let name = format!("price of {}", self.retailers[retailer]);
            let line = Line::new(name, self.price_steps(retailer)).steps().right().colour(colour);
            plane = plane.with(line);
            // Wholesale prices are sometimes negative.
            plane.right = Some(Axis::number(format!("{}/MWh", self.currency), "").from_zero());
        }
        plane
    }

    /// Prices of a retailer from slot to slot, with gaps where no price is in force.
    fn price_steps(&self, retailer: usize) -> Vec<(f64, f64)> {
        let mut steps = self.prices[retailer].clone();
        steps.sort_by_key(|step| (step.0, step.1));
        let mut points = Vec::with_capacity(steps.len() + 1);
        for (i, &(from, to, price)) in steps.iter().enumerate() {
            points.push((self.at(from), price));
            let next = steps.get(i + 1).map(|step| step.0);
            if next.is_none_or(|next| next > to) {
                points.push((self.at(to), price));
            }
            if next.is_some_and(|next| next > to) {
                points.push((self.at(to), f64::NAN));
            }
        }
        points
    }

    fn trips(&self) -> Plane {
        let span = |hour: usize| {
            let from = self.start + hour as i64 * HOUR_S;
            (self.at(from), self.at(from + HOUR_S))
        };
        let count = |f: fn(&Hour) -> u32| self.hours.iter().map(|h| f64::from(f(h))).collect::<Vec<f64>>();
        let requests = Columns {
            spans: (0..self.hours.len()).map(span).collect(),
            series: vec![
                Area::new("served", count(|h| h.served)).colour(SKY),
                Area::new("lost", count(|h| h.lost)).colour(VERMILION),
            ],
            gap: 0.12,
        };
        let wait_min = |h: &Hour| (h.picked_up > 0).then(|| h.wait_s as f64 / 60.0 / f64::from(h.picked_up));
        let waits: Vec<(f64, f64)> = (0..self.hours.len())
            .filter_map(|hour| Some((span(hour).0.midpoint(span(hour).1), wait_min(&self.hours[hour])?)))
            .collect();
        let plane = self.plane("requests per hour").with(requests);
        let longest = waits.iter().map(|wait| wait.1).fold(0.0, f64::max);
        if longest <= 0.0 {
            return plane;
        }
        // The longest waits coincide with the most requests: keep the line below the tops of the columns, where losses
        // are drawn.
        plane
            .right(Axis::number("mean wait", "minutes").within(0.0, 1.25 * longest))
            .with(Line::new("mean wait", waits).right().colour(INK))
    }

    fn trip(&mut self, record: &TripRecord) {
        let hour = ((record.request_time - self.start).max(0) / HOUR_S) as usize;
        let Some(hour) = self.hours.get_mut(hour) else { return };
        match record.status {
            TripStatus::Served => hour.served += 1,
            TripStatus::InProgress => {}
            TripStatus::LostNoVehicle | TripStatus::LostLowCharge | TripStatus::LostCommitted => {
                hour.lost += 1;
            }
        }
        if let Some(wait_s) = record.wait_s {
            hour.picked_up += 1;
            hour.wait_s += wait_s;
        }
    }

    fn fleet(&mut self, record: &FleetRecord) {
        let bin = self.bin(record.time);
        let counts = [record.driving, record.charging, record.discharging, record.queued, record.idle];
        for (state, count) in counts.into_iter().enumerate() {
            self.states.add(bin, record.time, state, f64::from(count));
        }
    }

    fn station(&mut self, record: &StationRecord) {
        // A reading is the mean power of the interval before it.
        let bin = self.bin(record.time + -1);
        if record.time > self.start {
            self.power.add(bin, record.time, record.operator.index(), record.power_kw);
        }
    }

    fn price(&mut self, record: &PriceRecord) {
        if let Some(steps) = self.prices.get_mut(record.retailer.index()) {
            steps.push((record.valid_from, record.valid_to, record.price_per_mwh));
        }
    }
}

impl Recorder for Overview {
    fn record(&mut self, record: Record<'_>) {
        match record {
            Record::Trip(record) => self.trip(record),
            Record::Fleet(record) => self.fleet(record),
            Record::Station(record) => self.station(record),
            Record::Price(record) => self.price(record),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::ids::{FleetId, OperatorId, PlaceId, RequestId, RetailerId, StationId};
    use gridfleet_core::time::DAY_S;

    const START: SimTime = SimTime(1_520_226_000); // Monday 2018-03-05 0:00 in New York

    fn overview(days: i64, operators: usize) -> Overview {
        let labels = Labels {
            operators: (0..operators).map(|o| format!("operator {o}")).collect(),
            retailers: vec!["grid".into()].into(),
            currency: "USD".into(),
            ..Labels::default()
        };
        let end = START + days * DAY_S;
        let clock = LocalClock::new(chrono_tz::America::New_York, START, end);
        Overview::new(&labels, clock, START, end)
    }

    /// A realistic week: two rush hours a day, charging at night.
    fn week(days: i64, operators: usize) -> Overview {
        let mut picture = overview(days, operators);
        for reading in 0..=(days * 288) {
            let time = START + reading * 300;
            let hour = (reading % 288) as f64 / 12.0;
            let rush = (-(hour - 8.5).powi(2) / 6.0).exp() + (-(hour - 18.5).powi(2) / 10.0).exp();
            let driving = (40.0 + 330.0 * rush) as u32;
            let charging = (70.0 - 55.0 * (hour / 24.0 * std::f64::consts::PI).sin()) as u32;
            picture.fleet(&FleetRecord {
                since: time,
                time,
                fleet: FleetId(0),
                idle: 500 - driving - charging - 5,
                driving,
                queued: 5,
                charging,
                discharging: 0,
                mean_soc: 0.5,
                stored_kwh: 0.0,
                power_kw: 0.0,
            });
            for station in 0..operators as u32 {
                picture.station(&StationRecord {
                    since: time,
                    time,
                    station: StationId(station),
                    operator: OperatorId(station as u16),
                    retailer: RetailerId(0),
                    occupied: 0,
                    queue: 0,
                    power_kw: f64::from(charging) * 20.0 / f64::from(station + 1),
                    limit_kw: 1e4,
                });
            }
            if reading % 12 == 0 {
                picture.price(&PriceRecord {
                    broadcast_time: time,
                    valid_from: time,
                    valid_to: time + HOUR_S,
                    retailer: RetailerId(0),
                    price_per_mwh: 90.0 + 80.0 * rush,
                });
            }
            for number in 0..(driving / 15) {
                let lost = number > 22;
                picture.trip(&TripRecord {
                    request: RequestId(0),
                    fleet: FleetId(0),
                    vehicle: None,
                    status: if lost { TripStatus::LostNoVehicle } else { TripStatus::Served },
                    request_time: time,
                    pickup_time: None,
                    dropoff_time: None,
                    wait_s: (!lost).then_some((120.0 + 300.0 * rush) as i64),
                    origin: PlaceId(0),
                    destination: PlaceId(0),
                    distance_km: 0.0,
                    deadhead_km: 0.0,
                    energy_kwh: 0.0,
                    fare: 0.0,
                    lost_fare: 0.0,
                    accrued_fare: 0.0,
                    soc_start: None,
                    soc_end: None,
                });
            }
        }
        picture
    }

    #[test]
    fn a_week_names_its_days_units_and_series() {
        let svg = week(7, 2).draw("nyc-week, seed 1").unwrap();
        if let Some(path) = std::env::var_os("OVERVIEW_SVG") {
            std::fs::write(path, &svg).unwrap(); // to inspect by eye
        }
        for text in [
            "nyc-week, seed 1",
            "Mon 5 Mar",
            "Sat 10 Mar",
            "Vehicles by state",
            "driving",
            "idle",
            "kW",
            "USD/MWh",
            "operator 1",
            "price of grid",
            "lost",
            "requests per hour",
            "minutes",
        ] {
            assert!(svg.contains(text), "{text}");
        }
        assert!(!svg.contains("discharging"), "a state that never occurs is not in the legend");
        assert!(svg.len() < 400_000, "{}", svg.len());
        assert_eq!(svg, week(7, 2).draw("nyc-week, seed 1").unwrap());
    }

    #[test]
    fn many_operators_and_an_empty_run_are_drawn_too() {
        assert!(week(1, 9).draw("many").unwrap().contains("others"));
        let svg = overview(1, 0).draw("empty").unwrap();
        assert!(svg.contains("Vehicles by state") && !svg.contains("NaN"));
    }
}

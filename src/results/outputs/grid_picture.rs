//! `grid.svg`: the feeder of a run at a glance, in three panels.
//!
//! Voltages over local time; voltages along the feeder at the instant of the lowest one; power over local time.
//! [`GridPicture`] collects its data from records, and is written only if there is a feeder.

use super::run_dir::write_file;
use gridfleet_core::error::Result;
use gridfleet_core::records::{BusRecord, FeederRecord, Record, Recorder};
use gridfleet_core::time::{LocalClock, SimTime};
use gridfleet_plots::palette::{BLUE, GREY, INK, ORANGE, VERMILION};
use gridfleet_plots::{Axis, Colour, Dash, Figure, Line, Marker, NamedPoint, Plane, Points};
use std::path::Path;

/// Name of the file.
pub const GRID: &str = "grid.svg";

const SIZE: (u32, u32) = (1_200, 1_060);
/// Most laterals for which bus numbers are drawn beside their ends.
const MOST_NAMES: usize = 30;

/// A feeder as the picture shows it.
#[derive(Debug, Clone)]
pub struct FeederShape {
    /// Name of the feeder.
    pub name: String,
    /// Bus numbers, by bus.
    pub number: Vec<u32>,
    /// Buses from the source outwards, each with the bus that feeds it; the source comes first, with none.
    pub order: Vec<(usize, Option<usize>)>,
    /// Minimum and maximum voltage, in per unit.
    pub voltage: [f64; 2],
}

/// One reading of the feeder.
struct Reading {
    time: SimTime,
    lowest: f64,
    highest: f64,
    source_kw: f64,
    losses_kw: f64,
    held_back_kw: f64,
}

/// Collects the data of the picture.
pub struct GridPicture {
    shape: FeederShape,
    start: SimTime,
    end: SimTime,
    clock: LocalClock,
    readings: Vec<Reading>,
    /// Voltages of the current reading, by bus; NaN without a power flow.
    present: Vec<f64>,
    /// Instant of the lowest voltage, and all voltages at that instant.
    worst: Option<(SimTime, Vec<f64>)>,
    /// Lowest voltage so far.
    lowest: f64,
}

impl GridPicture {
    /// An empty picture of the time from `start` to `end`.
    pub fn new(shape: FeederShape, clock: LocalClock, start: SimTime, end: SimTime) -> Self {
        let present = Vec::with_capacity(shape.number.len());
        Self { shape, start, end, clock, readings: Vec::new(), present, worst: None, lowest: f64::INFINITY }
    }

    /// Draws the picture under `title`.
    ///
    /// # Errors
    /// If drawing fails, which it does not on text alone.
    pub fn draw(&self, title: &str) -> Result<String> {
        let subtitle = format!(
            "feeder {}, {} buses; local time of {}",
            self.shape.name,
            self.shape.number.len(),
            self.clock.tz()
        );
        let when = self.worst.as_ref().map_or_else(String::new, |(time, _)| {
            format!(", {}", self.clock.local(*time).format("%a %-d %b %H:%M"))
        });
        Figure::new(title)
            .subtitle(subtitle)
            .panel("Voltages of all buses", self.voltages())
            .panel(format!("Voltages along the feeder when the lowest of all was{when}"), self.profile())
            .panel("Power of the feeder", self.power())
            .svg(SIZE)
    }

    /// Draws the picture into `dir`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, title: &str, dir: &Path) -> Result<()> {
        write_file(&dir.join(GRID), self.draw(title)?.as_bytes())
    }

    fn over_time(&self, y: Axis) -> Plane {
        let (start, end) = (self.start.0 as f64, self.end.0 as f64);
        Plane::new(Axis::time(self.clock.clone()).within(start, end), y)
    }

    /// Adds the voltage limits that are close enough to the readings to be worth drawing.
    fn limits(&self, plane: Plane, from: f64, to: f64) -> Plane {
        let [least, most] = self.shape.voltage;
        let found = self.readings.iter().filter(|r| r.lowest.is_finite());
        let (low, high) = found.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), r| {
            (low.min(r.lowest), high.max(r.highest))
        });
        let near = 0.5 * (high - low).max(0.02);
        let line =
            |at: f64| Line::new("limit", vec![(from, at), (to, at)]).colour(VERMILION).dash(Dash::Dashed);
        let mut plane = plane;
        if least > low - near {
            plane = plane.with(line(least));
        }
        if most < high + near {
            let name = if least > low - near { String::new() } else { "limit".to_owned() };
            plane = plane.with(Line { name, ..line(most) });
        }
        plane
    }

    fn voltages(&self) -> Plane {
        let at = |r: &Reading| r.time.0 as f64;
        // The reading at the start has no metered loads, only those of the case.
        let metered = || self.readings.iter().filter(|r| r.time > self.start);
        let lowest = metered().map(|r| (at(r), r.lowest)).collect();
        let band = metered().map(|r| (at(r), r.lowest, r.highest)).collect();
        let plane = self.over_time(Axis::number("voltage", "p.u."));
        let plane = plane.with(Line::new("lowest, and range of all", lowest).band(band).colour(BLUE));
        self.limits(plane, self.start.0 as f64, self.end.0 as f64)
    }

    /// Voltage over the number of branches from the source, lateral by lateral.
    fn profile(&self) -> Plane {
        let plane = Plane::new(Axis::number("branches from the source", ""), Axis::number("voltage", "p.u."));
        let Some((_, voltage)) = &self.worst else { return plane };
        let buses = self.shape.number.len();
        let mut depth = vec![0.0f64; buses];
        // Each lateral is known by its last bus so far; a bus extends the lateral that ends at the bus that feeds it.
        let mut laterals: Vec<Vec<usize>> = Vec::new();
        let mut ends: Vec<Option<usize>> = vec![None; buses];
        for &(bus, before) in &self.shape.order {
            let Some(before) = before else { continue };
            depth[bus] = depth[before] + 1.0;
            let lateral = ends[before].take().unwrap_or_else(|| {
                laterals.push(vec![before]);
                laterals.len() - 1
            });
            laterals[lateral].push(bus);
            ends[bus] = Some(lateral);
        }
        let deepest = depth.iter().copied().fold(1.0, f64::max);
        let mut plane = self.limits(plane, 0.0, deepest);
        for lateral in &laterals {
            let points = lateral.iter().map(|&bus| (depth[bus], voltage[bus])).collect();
            plane = plane.with(Line::new("", points).colour(BLUE));
        }
        let named = laterals.len() <= MOST_NAMES;
        let last = laterals.iter().filter_map(|lateral| lateral.last());
        let points = last.map(|&bus| {
            let name = if named { format!("bus {}", self.shape.number[bus]) } else { String::new() };
            NamedPoint { name, ..NamedPoint::at(depth[bus], voltage[bus]) }
        });
        plane.with(Points {
            points: points.collect(),
            colour: Some(INK),
            marker: Some(Marker::Circle),
            ..Points::default()
        })
    }

    fn power(&self) -> Plane {
        let mut plane = self.over_time(Axis::number("kW", "").from_zero());
        type Value = fn(&Reading) -> f64;
        let lines: [(&str, Colour, Value); 3] = [
            ("from the source", BLUE, |r| r.source_kw),
            ("losses", GREY, |r| r.losses_kw),
            ("charging held back", ORANGE, |r| r.held_back_kw),
        ];
        for (name, colour, value) in lines {
            // Charging held back applies until the next reading; the others are means since the previous one.
            let ahead = usize::from(name != "charging held back");
            let values = self.readings.iter().map(value).skip(ahead);
            let points: Vec<(f64, f64)> = self.readings.iter().map(|r| r.time.0 as f64).zip(values).collect();
            if points.iter().any(|point| point.1 > 0.0) {
                plane = plane.with(Line::new(name, points).colour(colour).steps());
            }
        }
        plane
    }

    fn bus(&mut self, record: &BusRecord) {
        if self.present.len() == self.shape.number.len() {
            self.present.clear();
        }
        self.present.push(record.voltage_pu.unwrap_or(f64::NAN));
    }

    fn feeder(&mut self, record: &FeederRecord) {
        let none = (f64::NAN, f64::NAN, f64::NAN, f64::NAN);
        let of_flow = record.flow.map(|f| (f.lowest.0, f.highest.0, f.source_kw, f.losses_kw));
        let (lowest, highest, source_kw, losses_kw) = of_flow.unwrap_or(none);
        if lowest < self.lowest && record.time > self.start {
            self.lowest = lowest;
            self.worst = Some((record.time, self.present.clone()));
        }
        let held_back_kw = record.held_back_kw;
        self.readings.push(Reading {
            time: record.time,
            lowest,
            highest,
            source_kw,
            losses_kw,
            held_back_kw,
        });
    }
}

impl Recorder for GridPicture {
    fn record(&mut self, record: Record<'_>) {
        match record {
            Record::Bus(record) => self.bus(record),
            Record::Feeder(record) => self.feeder(record),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::records::FlowRecord;

    const START: SimTime = SimTime(1_520_208_000);

    fn picture(readings: i64) -> GridPicture {
        let end = START + readings * 900;
        let shape = FeederShape {
            name: "four".into(),
            number: vec![1, 2, 3, 4],
            order: vec![(0, None), (1, Some(0)), (2, Some(1)), (3, Some(1))],
            voltage: [0.9, 1.1],
        };
        let mut picture = GridPicture::new(shape, LocalClock::new(chrono_tz::UTC, START, end), START, end);
        for i in 0..readings {
            let time = START + i * 900;
            let fall = 0.02 * (1.0 + (i as f64 / 10.0).sin());
            let solved = i != 7;
            for bus in 0..4u32 {
                let voltage_pu = solved.then_some(1.0 - fall * f64::from(bus));
                picture.bus(&BusRecord { time, bus: bus + 1, voltage_pu, p_kw: 1.0, q_kvar: 0.0 });
            }
            let flow = FlowRecord {
                source_kw: 10_000.0 * fall,
                losses_kw: 100.0 * fall,
                lowest: (1.0 - 3.0 * fall, 4),
                highest: (1.0, 1),
                loading: None,
                kept: true,
            };
            let held_back_kw = if i == 3 { 20.0 } else { 0.0 };
            picture.feeder(&FeederRecord { time, flow: solved.then_some(flow), held_back_kw });
        }
        picture
    }

    #[test]
    fn the_worst_instant_is_shown_with_the_ends_of_laterals() {
        let picture = picture(96);
        // The sine is greatest at 16 of 10 radians.
        assert_eq!(picture.worst.as_ref().unwrap().0, START + 16 * 900);
        let svg = picture.draw("day").unwrap();
        if let Some(path) = std::env::var_os("GRID_SVG") {
            std::fs::write(path, &svg).unwrap(); // to inspect by eye
        }
        for text in
            ["feeder four, 4 buses", "Mon 5 Mar 04:00", "bus 3", "bus 4", "charging held back", "limit"]
        {
            assert!(svg.contains(text), "{text}");
        }
        assert!(!svg.contains("bus 2") && !svg.contains("NaN"));
        assert_eq!(svg, super::tests::picture(96).draw("day").unwrap());
    }

    #[test]
    fn a_year_stays_small_and_an_empty_run_is_drawn_too() {
        let svg = picture(35_040).draw("year").unwrap();
        assert!(svg.len() < 600_000, "{}", svg.len());
        let svg = picture(0).draw("empty").unwrap();
        assert!(svg.contains("Voltages of all buses") && !svg.contains("NaN"));
    }
}

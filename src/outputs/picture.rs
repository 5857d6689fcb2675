//! `overview.svg`: a run at a glance, in three panels over local time.
//!
//! Vehicles by state; power of stations and the price of energy; requests served
//! and lost, and the mean wait. [`Overview`] collects what it needs from records,
//! in at most `MAX_BINS` bins, so that the picture stays small.

use super::run_dir::write_file;
use super::summary::thousands;
use crate::error::{Error, Result};
use crate::records::{FleetRecord, Labels, PriceRecord, Recorder, StationRecord, TripRecord, TripStatus};
use crate::time::{HOUR_S, LocalClock, SimTime};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::prelude::*;
use std::ops::Range;
use std::path::Path;

/// Name of the file.
pub const OVERVIEW: &str = "overview.svg";

/// Most points along the time axis: a week of quarters of an hour.
const MAX_BINS: i64 = 672;
/// Least width of a bin [s].
const MIN_BIN_S: i64 = 300;
/// Most operators, or retailers, with a colour of their own; the rest is summed up.
const MAX_SERIES: usize = 5;
const SIZE: (u32, u32) = (1_200, 1_060);
/// Room for axis labels left and right of a panel [pixels].
const MARGIN: u32 = 66;

// The palette of Okabe and Ito (2008), told apart by colour-blind readers.
const BLUE: RGBColor = RGBColor(0, 114, 178);
const SKY: RGBColor = RGBColor(86, 180, 233);
const GREEN: RGBColor = RGBColor(0, 158, 115);
const YELLOW: RGBColor = RGBColor(240, 228, 66);
const ORANGE: RGBColor = RGBColor(230, 159, 0);
const VERMILION: RGBColor = RGBColor(213, 94, 0);
const PURPLE: RGBColor = RGBColor(204, 121, 167);
// For what is in the background, and for lines and text.
const GREY: RGBColor = RGBColor(200, 204, 209);
const INK: RGBColor = RGBColor(45, 52, 60);
const GRID: RGBColor = RGBColor(226, 229, 233);

/// Vehicle states from bottom to top.
const STATES: [(&str, RGBColor); 5] =
    [("driving", BLUE), ("charging", GREEN), ("discharging", PURPLE), ("queued", VERMILION), ("idle", GREY)];
const SERIES: [RGBColor; MAX_SERIES] = [GREEN, SKY, ORANGE, PURPLE, YELLOW];

/// Mean over the readings within each bin, for several series.
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
    /// Means of each series at the bins that have readings.
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

/// Collects what the picture shows.
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
            operators: labels.operators.clone(),
            prices: vec![Vec::new(); labels.retailers.len()],
            retailers: labels.retailers.clone(),
            hours: vec![Hour::default(); hours],
        }
    }

    fn bin(&self, time: SimTime) -> usize {
        ((time - self.start).max(0) / self.bin_s) as usize
    }

    fn hours_from_start(&self, time: SimTime) -> f64 {
        (time - self.start) as f64 / HOUR_S as f64
    }

    fn middle_of(&self, bin: usize) -> f64 {
        let from = self.start + bin as i64 * self.bin_s;
        let to = (from + self.bin_s).min(self.end);
        0.5 * (self.hours_from_start(from) + self.hours_from_start(to))
    }

    /// Draws the picture under `title`.
    ///
    /// # Errors
    /// If drawing fails, which it does not on text alone.
    pub fn draw(&self, title: &str) -> Result<String> {
        crate::plots::font::register();
        let mut svg = String::new();
        {
            let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
            root.fill(&WHITE).map_err(|e| failed(&e))?;
            let (head, body) = root.split_vertically(52);
            head.draw(&Text::new(title.to_owned(), (24, 18), font(24))).map_err(|e| failed(&e))?;
            let panels = body.margin(0, 16, 8, 8).split_evenly((3, 1));
            if let [states, power, trips] = panels.as_slice() {
                self.draw_states(states)?;
                self.draw_power(power)?;
                self.draw_trips(trips)?;
            }
            root.present().map_err(|e| failed(&e))?;
        }
        Ok(svg)
    }

    /// Draws the picture into `dir`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, title: &str, dir: &Path) -> Result<()> {
        write_file(&dir.join(OVERVIEW), self.draw(title)?.as_bytes())
    }

    fn draw_states(&self, area: &Area) -> Result<()> {
        let means = self.states.means();
        let seen: Vec<usize> =
            (0..STATES.len()).filter(|&s| means.iter().any(|(_, row)| row[s] > 0.0)).collect();
        let legend: Vec<(&str, Mark)> =
            seen.iter().map(|&s| (STATES[s].0, Mark::Area(STATES[s].1))).collect();
        let chart = head(area, "Vehicles by state", &legend)?;
        let top = means.iter().map(|(_, row)| row.iter().sum::<f64>()).fold(1.0, f64::max);
        let mut chart = self.chart(&chart, top, "vehicles", None)?;
        let rows = means
            .iter()
            .map(|(bin, row)| (self.middle_of(*bin), seen.iter().map(|&s| row[s]).collect::<Vec<f64>>()));
        let colours: Vec<RGBColor> = seen.iter().map(|&s| STATES[s].1).collect();
        stack(&mut chart, &rows.collect::<Vec<_>>(), &colours)
    }

    fn draw_power(&self, area: &Area) -> Result<()> {
        let means = self.power.means();
        // The largest operators get a colour each; all others share the last.
        let mut order: Vec<(usize, f64)> = (0..self.operators.len())
            .map(|o| (o, means.iter().map(|(_, row)| row[o].abs()).sum::<f64>()))
            .filter(|(_, sum)| *sum > 0.0)
            .collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let own = if order.len() > MAX_SERIES { MAX_SERIES - 1 } else { order.len() };
        let (large, small) = order.split_at(own);
        let mut names: Vec<&str> = large.iter().map(|(o, _)| self.operators[*o].as_str()).collect();
        if !small.is_empty() {
            names.push("others");
        }
        let rows: Vec<(f64, Vec<f64>)> = means
            .iter()
            .map(|(bin, row)| {
                let mut values: Vec<f64> = large.iter().map(|(o, _)| row[*o]).collect();
                if !small.is_empty() {
                    values.push(small.iter().map(|(o, _)| row[*o]).sum());
                }
                (self.middle_of(*bin), values)
            })
            .collect();
        let sellers: Vec<usize> =
            (0..self.prices.len()).filter(|&r| !self.prices[r].is_empty()).take(MAX_SERIES).collect();
        let line_colours = [INK, VERMILION, BLUE, ORANGE, PURPLE];
        let price_names: Vec<String> =
            sellers.iter().map(|&r| format!("price of {}", self.retailers[r])).collect();
        let mut legend: Vec<(&str, Mark)> =
            names.iter().zip(SERIES).map(|(name, colour)| (*name, Mark::Area(colour))).collect();
        legend.extend(
            price_names.iter().zip(line_colours).map(|(name, colour)| (name.as_str(), Mark::Line(colour))),
        );
        let chart = head(area, "Power of stations by operator", &legend)?;
        let top = rows.iter().map(|(_, row)| row.iter().sum::<f64>()).fold(1.0, f64::max);
        let prices = || sellers.iter().flat_map(|&r| &self.prices[r]).map(|step| step.2);
        // Wholesale prices fall below zero at times.
        let (lowest, highest) = (prices().fold(0.0, f64::min), prices().fold(1.0, f64::max));
        let right = format!("{}/MWh", self.currency);
        let second = (!sellers.is_empty()).then_some((lowest..highest, right.as_str()));
        let mut chart = self.chart(&chart, top, "kW", second)?;
        stack(&mut chart, &rows, &SERIES)?;
        for (&retailer, colour) in sellers.iter().zip(line_colours) {
            let mut steps = self.prices[retailer].clone();
            steps.sort_by_key(|step| (step.0, step.1));
            let corners = steps.iter().flat_map(|&(from, to, price)| {
                let inside = |t: SimTime| self.hours_from_start(t.clamp(self.start, self.end));
                [(inside(from), price), (inside(to), price)]
            });
            chart
                .draw_secondary_series(LineSeries::new(corners, colour.stroke_width(2)))
                .map_err(|e| failed(&e))?;
        }
        Ok(())
    }

    fn draw_trips(&self, area: &Area) -> Result<()> {
        let legend =
            [("served", Mark::Area(SKY)), ("lost", Mark::Area(VERMILION)), ("mean wait", Mark::Line(INK))];
        let chart = head(area, "Requests by hour, and mean wait for the vehicle", &legend)?;
        let top = self.hours.iter().map(|h| f64::from(h.served + h.lost)).fold(1.0, f64::max);
        let wait_min = |h: &Hour| (h.picked_up > 0).then(|| h.wait_s as f64 / 60.0 / f64::from(h.picked_up));
        let longest = self.hours.iter().filter_map(wait_min).fold(0.0, f64::max);
        let second = (longest > 0.0).then_some((0.0..longest * 1.2, "mean wait, minutes"));
        let mut chart = self.chart(&chart, top, "requests per hour", second)?;
        let last = self.hours_from_start(self.end);
        let bars = self.hours.iter().enumerate().flat_map(|(hour, h)| {
            let (from, to) = (hour as f64 + 0.06, (hour as f64 + 0.94).min(last));
            let (served, all) = (f64::from(h.served), f64::from(h.served + h.lost));
            [(from, to, 0.0, served, SKY), (from, to, served, all, VERMILION)]
        });
        chart
            .draw_series(bars.filter(|(_, _, low, high, _)| high > low).map(
                |(from, to, low, high, colour)| Rectangle::new([(from, low), (to, high)], colour.filled()),
            ))
            .map_err(|e| failed(&e))?;
        let waits = self.hours.iter().enumerate();
        let points = waits.filter_map(|(hour, h)| Some(((hour as f64 + 0.5).min(last), wait_min(h)?)));
        chart.draw_secondary_series(LineSeries::new(points, INK.stroke_width(2))).map_err(|e| failed(&e))?;
        Ok(())
    }

    /// Axes: local time, `0..top` on the left and, where `second` says, another scale on the right.
    fn chart<'b, 'a>(
        &self,
        area: &'b Area<'a>,
        top: f64,
        left: &str,
        second: Option<(Range<f64>, &str)>,
    ) -> Result<Chart<'b, 'a>> {
        let span = self.hours_from_start(self.end);
        let ticks = self.ticks();
        let time = || TimeAxis { span, marks: ticks.iter().map(|tick| tick.0).collect() };
        let (right_range, right) = match second {
            Some((range, name)) => (range.start * 1.06..range.end * 1.06, Some(name)),
            None => (0.0..1.0, None),
        };
        let mut chart = ChartBuilder::on(area)
            .margin_top(4)
            .x_label_area_size(28)
            .y_label_area_size(MARGIN)
            .right_y_label_area_size(MARGIN)
            .build_cartesian_2d(time(), 0.0..top * 1.06)
            .map_err(|e| failed(&e))?
            .set_secondary_coord(time(), right_range);
        let label =
            |x: &f64| ticks.iter().find(|tick| tick.0 == *x).map_or_else(String::new, |tick| tick.1.clone());
        chart
            .configure_mesh()
            .x_label_formatter(&label)
            .y_label_formatter(&|y: &f64| number(*y))
            .y_labels(6)
            .y_desc(left)
            .axis_desc_style(font(14))
            .label_style(font(13))
            .axis_style(INK.mix(0.6))
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .draw()
            .map_err(|e| failed(&e))?;
        if let Some(right) = right {
            chart
                .configure_secondary_axes()
                .y_label_formatter(&|y: &f64| number(*y))
                .y_labels(6)
                .y_desc(right)
                .axis_desc_style(font(14))
                .label_style(font(13))
                .axis_style(INK.mix(0.6))
                .draw()
                .map_err(|e| failed(&e))?;
        }
        Ok(chart)
    }

    /// Marks of the time axis: local midnights, or hours where the run is short.
    fn ticks(&self) -> Vec<(f64, String)> {
        let days = self.hours_from_start(self.end) / 24.0;
        let every_h = [1, 2, 3, 6].into_iter().find(|h| days * 24.0 / f64::from(*h) <= 12.0);
        let mut ticks = Vec::new();
        // Clocks change by whole quarters of an hour.
        let mut time = SimTime(self.start.0.div_euclid(900) * 900);
        while time <= self.end {
            let local = self.clock.local(time);
            let whole_hour = (time.0 + self.clock.offset_s(time)).rem_euclid(HOUR_S) == 0;
            let hour = self.clock.hour(time) as u32;
            if time >= self.start && whole_hour {
                let x = self.hours_from_start(time);
                match every_h {
                    _ if hour == 0 => ticks.push((x, local.format("%a %-d %b").to_string())),
                    Some(every) if hour.is_multiple_of(every) => {
                        ticks.push((x, local.format("%H:%M").to_string()));
                    }
                    _ => {}
                }
            }
            time += 900;
        }
        let step = ticks.len().div_ceil(15).max(1);
        ticks.into_iter().step_by(step).collect()
    }
}

impl Recorder for Overview {
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
        // A reading is the mean power of the time before it.
        let bin = self.bin(record.time + -1);
        if record.time > self.start {
            self.power.add(bin, record.time, record.operator.index(), record.power_kw);
        }
    }

    fn price(&mut self, record: &PriceRecord) {
        if let Some(steps) = self.prices.get_mut(record.retailer.index()) {
            steps.push((record.valid_from, record.valid_to, record.price_eur_mwh));
        }
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plane = Cartesian2d<TimeAxis, plotters::coord::types::RangedCoordf64>;
type Chart<'b, 'a> = plotters::chart::DualCoordChartContext<'b, SVGBackend<'a>, Plane, Plane>;

/// Hours since the start of the run, with marks where we want them.
#[derive(Clone)]
struct TimeAxis {
    span: f64,
    marks: Vec<f64>,
}

impl Ranged for TimeAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, hours: &f64, limit: (i32, i32)) -> i32 {
        let pixels = f64::from(limit.1 - limit.0);
        limit.0 + (pixels * hours / self.span.max(f64::MIN_POSITIVE)).round() as i32
    }
    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.marks.clone()
    }
    fn range(&self) -> Range<f64> {
        0.0..self.span
    }
}

impl ValueFormatter<f64> for TimeAxis {
    fn format(hours: &f64) -> String {
        format!("{hours} h")
    }
}

/// How a legend shows a series.
#[derive(Clone, Copy)]
enum Mark {
    Area(RGBColor),
    Line(RGBColor),
}

fn font(size: i32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::Other(format!("{OVERVIEW}: {error}"))
}

fn number(value: f64) -> String {
    let digits = usize::from(value.fract().abs() > 1e-9);
    thousands(value, digits)
}

/// Draws the head of a panel, its title and legend, and returns the rest of it.
fn head<'a>(area: &Area<'a>, title: &str, legend: &[(&str, Mark)]) -> Result<Area<'a>> {
    let (head, rest) = area.split_vertically(30);
    head.draw(&Text::new(title.to_owned(), (MARGIN as i32, 8), font(17))).map_err(|e| failed(&e))?;
    // From the right: nobody knows how wide the reader's font is, so leave room (0.6 em per letter).
    let width = |name: &str| name.chars().count() as i32 * 7 + 40;
    let mut x = SIZE.0 as i32 - 24 - MARGIN as i32 - legend.iter().map(|(name, _)| width(name)).sum::<i32>();
    for (name, mark) in legend {
        let drawn = match *mark {
            Mark::Area(colour) => head.draw(&Rectangle::new([(x, 9), (x + 16, 21)], colour.filled())),
            Mark::Line(colour) => {
                head.draw(&PathElement::new(vec![(x, 15), (x + 16, 15)], colour.stroke_width(2)))
            }
        };
        drawn.map_err(|e| failed(&e))?;
        head.draw(&Text::new((*name).to_owned(), (x + 22, 9), font(14))).map_err(|e| failed(&e))?;
        x += width(name);
    }
    Ok(rest)
}

/// Draws series on top of each other: rows of (time, values), one colour per value.
fn stack(chart: &mut Chart, rows: &[(f64, Vec<f64>)], colours: &[RGBColor]) -> Result<()> {
    let mut low = vec![0.0; rows.len()];
    for (series, colour) in colours.iter().enumerate() {
        let Some(values) = rows.iter().map(|(_, row)| row.get(series)).collect::<Option<Vec<_>>>() else {
            break;
        };
        let high: Vec<f64> = low.iter().zip(values).map(|(low, value)| low + value).collect();
        let up = rows.iter().zip(&high).map(|((x, _), y)| (*x, *y));
        let down = rows.iter().zip(&low).map(|((x, _), y)| (*x, *y)).rev();
        let outline: Vec<(f64, f64)> = up.chain(down).collect();
        if outline.len() > 2 {
            chart
                .draw_series(std::iter::once(Polygon::new(outline, colour.filled())))
                .map_err(|e| failed(&e))?;
        }
        low = high;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{FleetId, OperatorId, PlaceId, RequestId, RetailerId, StationId};
    use crate::time::DAY_S;

    const START: SimTime = SimTime(1_520_226_000); // Monday 2018-03-05 0:00 in New York

    fn overview(days: i64, operators: usize) -> Overview {
        let labels = Labels {
            operators: (0..operators).map(|o| format!("operator {o}")).collect(),
            retailers: vec!["grid".into()],
            currency: "USD".into(),
            ..Labels::default()
        };
        let end = START + days * DAY_S;
        let clock = LocalClock::new(chrono_tz::America::New_York, START, end);
        Overview::new(&labels, clock, START, end)
    }

    /// A week that looks like one: two rush hours a day, charging at night.
    fn week(days: i64, operators: usize) -> Overview {
        let mut picture = overview(days, operators);
        for reading in 0..=(days * 288) {
            let time = START + reading * 300;
            let hour = (reading % 288) as f64 / 12.0;
            let rush = (-(hour - 8.5).powi(2) / 6.0).exp() + (-(hour - 18.5).powi(2) / 10.0).exp();
            let driving = (40.0 + 330.0 * rush) as u32;
            let charging = (70.0 - 55.0 * (hour / 24.0 * std::f64::consts::PI).sin()) as u32;
            picture.fleet(&FleetRecord {
                time,
                fleet: FleetId(0),
                idle: 500 - driving - charging - 5,
                driving,
                queued: 5,
                charging,
                discharging: 0,
                mean_soc: 0.5,
                power_kw: 0.0,
            });
            for station in 0..operators as u32 {
                picture.station(&StationRecord {
                    time,
                    station: StationId(station),
                    operator: OperatorId(station as u16),
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
                    price_eur_mwh: 90.0 + 80.0 * rush,
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
            std::fs::write(path, &svg).unwrap(); // to look at
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
    fn ticks_follow_the_local_clock() {
        // Clocks went forward on Sunday 2018-03-11 at 2:00: that day has 23 hours.
        let ticks = overview(8, 1).ticks();
        assert_eq!(ticks[6], (144.0, "Sun 11 Mar".to_owned()));
        assert_eq!(ticks[7], (167.0, "Mon 12 Mar".to_owned()));
        let ticks = overview(1, 1).ticks();
        assert_eq!(ticks[1], (2.0, "02:00".to_owned()));
        assert!(overview(365, 1).ticks().len() <= 15);
    }

    #[test]
    fn many_operators_and_an_empty_run_are_drawn_too() {
        assert!(week(1, 9).draw("many").unwrap().contains("others"));
        let svg = overview(1, 0).draw("empty").unwrap();
        assert!(svg.contains("Vehicles by state") && !svg.contains("NaN"));
    }
}

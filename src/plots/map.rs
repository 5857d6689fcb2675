//! A map: zones as discs by demand, stations as squares by connectors, north up.
//!
//! Equirectangular projection with the cosine of the middle latitude: true to scale within a city.

use super::axis::{Extent, quantity, usable};
use super::canvas::{Anchor, Canvas, Point, Rect, Text};
use super::font;
use super::frame::{self, TICK};
use super::labels::Labels;
use super::legend::{Entry, Key};
use super::palette::{BLUE, FAINT, GRID, INK, Marker, VERMILION};

/// Zones and stations of a city.
#[derive(Debug, Clone, Default)]
pub struct Map {
    /// Zones.
    pub zones: Vec<Site>,
    /// Meaning of a zone's size, for example `requests a day`.
    pub zone_unit: String,
    /// Stations.
    pub stations: Vec<Site>,
    /// Meaning of a station's size, for example `connectors`.
    pub station_unit: String,
    /// Whether names are written where there is room, the largest zones first.
    pub names: bool,
}

/// A place on the map.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Name; empty for none.
    pub name: String,
    /// Latitude [degrees].
    pub lat: f64,
    /// Longitude [degrees].
    pub lon: f64,
    /// Quantity shown by the area of the symbol; negative values count as zero.
    pub size: f64,
}

/// Length of a degree of latitude [km]: the mean radius of the Earth, 6371.0088 km (IUGG), times pi / 180.
const DEGREE_KM: f64 = 111.195;
/// Minimum extent shown [km].
const LEAST_KM: f64 = 0.5;
/// Radii of the largest and of the smallest zone, and half-widths of stations [pixels].
const ZONE: (f64, f64) = (16.0, 1.5);
const STATION: (f64, f64) = (6.5, 2.0);

impl Site {
    fn on_earth(&self) -> bool {
        self.lat.abs() <= 90.0 && self.lon.abs() <= 180.0
    }
}

/// Largest size among `sites`.
fn largest(sites: &[Site]) -> f64 {
    sites.iter().filter(|s| s.on_earth() && usable(s.size)).map(|s| s.size).fold(0.0, f64::max)
}

/// Radius of a disc whose area represents `size`.
fn radius(size: f64, largest: f64, (most, least): (f64, f64)) -> f64 {
    let share = if largest > 0.0 && usable(size) { (size / largest).clamp(0.0, 1.0) } else { 0.0 };
    (most * share.sqrt()).max(least)
}

/// Largest number of the form 1, 2 or 5 times a power of ten that is not greater than `value`.
fn round_below(value: f64) -> f64 {
    let power = 10f64.powi(value.log10().floor() as i32);
    [5.0, 2.0, 1.0].map(|m| m * power).into_iter().find(|v| *v <= value * (1.0 + 1e-9)).unwrap_or(power)
}

impl Map {
    pub(super) fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut sized = |sites: &[Site], unit: &str, marker, colour, limits| {
            let largest = largest(sites);
            if largest <= 0.0 {
                if sites.iter().any(Site::on_earth) {
                    entries.push(Entry::new(unit, Key::Sized(colour, marker, limits_least(limits))));
                }
                return;
            }
            let large = round_below(largest);
            let sizes = if large / 4.0 >= 1.0 || large < 1.0 {
                vec![round_below(large / 4.0), large]
            } else {
                vec![large]
            };
            for size in sizes {
                let key = Key::Sized(colour, marker, radius(size, largest, limits).min(9.0));
                // Legend symbols are as high as a row: larger discs are represented by a smaller example.
                let shown = radius(size, largest, limits);
                let size = if shown > 9.0 { round_below(largest * (9.0 / limits.0).powi(2)) } else { size };
                let key =
                    if shown > 9.0 { Key::Sized(colour, marker, radius(size, largest, limits)) } else { key };
                let entry = Entry::new(format!("{} {unit}", quantity_short(size)), key);
                if !entries.contains(&entry) {
                    entries.push(entry);
                }
            }
        };
        sized(&self.zones, &self.zone_unit, Marker::Circle, BLUE, ZONE);
        sized(&self.stations, &self.station_unit, Marker::Square, VERMILION, STATION);
        entries
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, area: &Rect) {
        let sites = || self.zones.iter().chain(&self.stations).filter(|s| s.on_earth());
        let (lat, lon) = (Extent::of(sites().map(|s| s.lat)), Extent::of(sites().map(|s| s.lon)));
        let (Some(lat), Some(lon)) = (lat.0, lon.0) else { return frame::draw_no_data(canvas, area) };
        // A strip below for the scale bar.
        let frame = area.inset(0.0, 6.0, 0.0, 24.0);
        let plot = frame.inset(ZONE.0, ZONE.0, ZONE.0, ZONE.0);
        if plot.width() < frame::LEAST || plot.height() < frame::LEAST {
            return frame::draw_no_room(canvas, area);
        }
        let middle = (lat.0.midpoint(lat.1), lon.0.midpoint(lon.1));
        // Near a pole, a degree of longitude has almost no length.
        let east_km = DEGREE_KM * middle.0.to_radians().cos().max(1e-3);
        let (wide, high) =
            (((lon.1 - lon.0) * east_km).max(LEAST_KM), ((lat.1 - lat.0) * DEGREE_KM).max(LEAST_KM));
        let per_km = (plot.width() / wide).min(plot.height() / high);
        let centre = plot.centre();
        let place = |site: &Site| -> Point {
            let (east, north) = ((site.lon - middle.1) * east_km, (site.lat - middle.0) * DEGREE_KM);
            (centre.0 + east * per_km, centre.1 - north * per_km)
        };
        canvas.plots.push(frame);
        for (from, to) in [
            ((frame.x0, frame.y0), (frame.x1, frame.y0)),
            ((frame.x0, frame.y1), (frame.x1, frame.y1)),
            ((frame.x0, frame.y0), (frame.x0, frame.y1)),
            ((frame.x1, frame.y0), (frame.x1, frame.y1)),
        ] {
            canvas.rule(from, to, GRID);
        }
        // Large zones are drawn below small ones.
        let mut zones: Vec<&Site> = self.zones.iter().filter(|s| s.on_earth()).collect();
        zones.sort_by(|a, b| b.size.total_cmp(&a.size));
        let most = largest(&self.zones);
        for zone in &zones {
            canvas.disc(place(zone), radius(zone.size, most, ZONE), BLUE, 0.55);
        }
        let connectors = largest(&self.stations);
        let mut names: Vec<(&Site, f64)> = Vec::new();
        for station in self.stations.iter().filter(|s| s.on_earth()) {
            let half = radius(station.size, connectors, STATION);
            canvas.marker(Marker::Square, place(station), half, VERMILION, false);
            names.push((station, half));
        }
        if self.names {
            let zones = zones.iter().map(|zone| (*zone, radius(zone.size, most, ZONE)));
            let mut labels = Labels::new(frame, canvas, false);
            for (site, radius) in names.iter().copied() {
                let (x, y) = place(site);
                labels.keep_off(Rect::new(x - radius, y - radius, x + radius, y + radius));
            }
            for (site, radius) in zones.chain(names.iter().copied()) {
                labels.write(canvas, &site.name, place(site), radius);
            }
        }
        draw_scale(canvas, &frame, per_km);
    }
}

/// Scale bar and north arrow.
fn draw_scale(canvas: &mut Canvas, frame: &Rect, per_km: f64) {
    let km = round_below((frame.width() / 4.0).min(160.0) / per_km);
    let (x0, y) = (frame.x0 + 1.0, frame.y1 + 13.0);
    let x1 = x0 + km * per_km;
    canvas.line(&[(x0, y), (x1, y)], 2.0, INK);
    for x in [x0, x1] {
        canvas.line(&[(x, y - 4.0), (x, y + 4.0)], 1.5, INK);
    }
    let text = if km < 1.0 {
        format!("{} m", quantity_short(km * 1e3))
    } else {
        format!("{} km", quantity_short(km))
    };
    canvas.text(Text::new(text, (x1 + 8.0, y), TICK).within(frame.x1 - x1 - 40.0).centred());
    let x = frame.x1 - 8.0;
    canvas.polygon(vec![(x, y - 8.0), (x + 4.5, y + 7.0), (x, y + 4.0), (x - 4.5, y + 7.0)], FAINT, 1.0);
    let north = Text::new("N", (x - 9.0, y), TICK).colour(FAINT).anchor(Anchor::End);
    if font::width("N", TICK, false) + 30.0 < frame.x1 - x1 {
        canvas.text(north.centred());
    }
}

/// A round number without trailing zeros after the decimal point.
fn quantity_short(value: f64) -> String {
    let text = quantity(value);
    if text.contains('×') || !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn limits_least((_, least): (f64, f64)) -> f64 {
    2.0 * least
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canvas::Shape;

    fn site(lat: f64, lon: f64) -> Site {
        Site { lat, lon, size: 1.0, ..Site::default() }
    }

    #[test]
    fn distances_are_true_to_scale_and_north_is_up() {
        // One degree of latitude is 111.2 km; at 60 degrees, one of longitude is half of that.
        let map = Map { zones: vec![site(59.5, 10.0), site(60.5, 10.0), site(60.0, 11.0)], ..Map::default() };
        let mut canvas = Canvas::default();
        map.draw(&mut canvas, &Rect::new(0.0, 0.0, 600.0, 500.0));
        let discs: Vec<Point> = canvas
            .shapes
            .iter()
            .filter_map(|s| if let Shape::Disc { at, .. } = s { Some(*at) } else { None })
            .collect();
        let (south, north, east) = (discs[0], discs[1], discs[2]);
        assert!(north.1 < south.1 && (north.0 - south.0).abs() < 1e-9);
        assert!(((south.1 - north.1) / (east.0 - south.0) - 2.0).abs() < 1e-6);
    }

    #[test]
    fn round_lengths() {
        assert_eq!([7.3, 5.0, 1.99, 0.024, 1000.0].map(round_below), [5.0, 5.0, 1.0, 0.02, 1000.0]);
    }
}

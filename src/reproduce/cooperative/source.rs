//! Instances for the cooperative fleets: rides of lower Manhattan, fleets, stations, and the feeder of Baran and Wu.

use crate::datasets::synth::nyc;
use crate::datasets::tlc::NEW_YORK;
use crate::datasets::{TripFormat, TripSource, Zones, load};
use crate::error::{Error, InputError, Result};
use crate::geo::Places;
use crate::grid::{Limits, baran_wu};
use crate::ids::PlaceId;
use crate::reproduce::{Context, Data};
use crate::rng::{Purpose, Streams};
use crate::routing::{Grid, Instance, Slots, Station, Travel, Trip, Vehicles};
use crate::time::LocalClock;
use chrono::{NaiveDate, Timelike as _};
use rand::RngExt;
use rand_pcg::Pcg64;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Folder with monthly samples of real records, in the folder of data.
const FOLDER: &str = "tlc";
/// Parameters of the synthetic week that ships: requests, days, seed.
const WEEK: (u32, u32, u64) = (40_000, 7, 1);
/// Taxi zones of lower Manhattan: those with a centroid south of 14th Street (40.735 degrees), without the islands.
const LOWER_MANHATTAN: [&str; 19] = [
    "4", "12", "13", "45", "79", "87", "88", "113", "114", "125", "144", "148", "209", "211", "224", "231",
    "232", "249", "261",
];
/// Taxi zones of Midtown: a depot there is far from these rides.
const MIDTOWN: [&str; 8] = ["48", "50", "161", "162", "163", "170", "229", "230"];
/// The evening from 17:00 to 21:00 (assumed), the busiest hours there: its start, and its length [h].
const FROM_HOUR: u32 = 17;
const HOURS: u32 = 4;
/// Ratio of road distance to straight-line distance, and speed without a rider [km/h]. Assumed: close to mean distance
/// and speed of the records within lower Manhattan.
const DETOUR: f64 = 1.4;
const SPEED_KMH: f64 = 15.0;
/// Time between the start of the horizon and the first ride [min] (assumed): a vehicle can charge and come from
/// Midtown.
const LEAD_MIN: f64 = 60.0;
/// Length of a stop at a customer [min]. Assumed.
const STOP_MIN: f64 = 5.0;
/// Greatest delay of a pick-up [min]. Assumed.
const PATIENCE_MIN: f64 = 15.0;
/// Cost of a ride that is not served [$]. Assumed: more expensive than any service of it.
const PENALTY: f64 = 20.0;
/// Price of a kWh [$]: cost over energy in tables I to III. It also values energy in the battery after the horizon.
const PRICE: f64 = 0.247;
/// Cost of an hour plugged in outside the depot [$]. Assumed.
const VALUE_OF_TIME: f64 = 2.0;
/// Vehicles of a fleet (assumed: enough to serve all alone), their battery [kWh], consumption [kWh/km] and reserve
/// [kWh]: a small car. Their initial charge is 5 to 20 % of the battery (assumed), so that some must charge.
const VEHICLES: usize = 5;
const BATTERY_KWH: f64 = 24.0;
const KWH_PER_KM: f64 = 0.2;
const RESERVE_KWH: f64 = 0.5;
const START: [f64; 2] = [0.05, 0.2];
/// Power of a connector [kW], its efficiency, and connectors of a station. Assumed.
const POWER_KW: f64 = 22.0;
const EFFICIENCY: f64 = 0.92;
const CONNECTORS: usize = 2;
/// Buses of the feeder with stations, in this order: ends of its branches and places between. Assumed.
const BUSES: [&str; 8] = ["18", "33", "25", "22", "14", "30", "11", "8"];
/// Voltage of the feeder's source, in per unit, and its loads relative to those published, by slot. Assumed so that the
/// end of the feeder has room for one or two vehicles at the peak.
const SOURCE_VOLTAGE: f64 = 1.02;
const LOAD: [f64; 2] = [0.74, 0.8];
const SLOTS: Slots = Slots { minutes: 15.0, count: 20 };

/// Rides to draw from.
pub struct Rides {
    /// By ride: zones of pick-up and drop-off, minute of the evening, duration and distance.
    rides: Vec<Ride>,
    zones: Zones,
    /// Description of the rides, in a sentence.
    pub note: String,
}

struct Ride {
    from: usize,
    to: usize,
    minute: f64,
    minutes: f64,
    km: f64,
}

/// Size of an instance.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Fleets.
    pub fleets: usize,
    /// Stations.
    pub stations: usize,
    /// Customers.
    pub trips: usize,
    /// Meaning of a customer.
    pub customers: Customers,
    /// Places of the depots.
    pub depots: Depots,
}

/// Reading of the paper's customer nodes, "temporary locations where an EV picks up or drops off a passenger", of which
/// it gives the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Customers {
    /// Rides from place to place, as recorded: each fleet that serves one drives its distance.
    Rides,
    /// Stops, as in a vehicle routing problem: all driving is between customers, stations and depots.
    Stops,
}

/// Places of the depots: not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depots {
    /// Anywhere in lower Manhattan or Midtown.
    Anywhere,
    /// The first in Midtown, the others in lower Manhattan.
    FirstFar,
    /// Each in another part of both, from south to north.
    Apart,
}

impl Rides {
    /// Reads the rides of lower Manhattan in the evening.
    ///
    /// # Errors
    /// If there is no file, or a file cannot be read.
    pub fn read(context: &Context<'_>) -> Result<Self> {
        // Readers take files: the zones and the regenerated synthetic week are in a temporary folder while they are
        // read.
        let temporary = tempfile::tempdir().map_err(|error| Error::writing("a temporary folder", error))?;
        let zones_file = temporary.path().join("taxi_zones.csv");
        std::fs::write(&zones_file, nyc::ZONES).map_err(|error| Error::writing(&zones_file, error))?;
        let zones = Zones::read(&zones_file)?;
        let folder = context.data.join(FOLDER);
        let mut files = csv_files(&folder);
        let real = !files.is_empty();
        if real {
            let names = files.iter().filter_map(|path| path.file_name());
            let names = names.map(|name| format!("{FOLDER}/{}", name.to_string_lossy())).collect();
            context.runs_on(Data::Files(names));
        } else {
            context.runs_on(Data::MadeUp);
            files.push(made_up(temporary.path())?);
        }
        let mut source = TripSource::new(TripFormat::Tlc, files);
        source.zones = Some(zones_file);
        source.timezone = NEW_YORK;
        let trace = load(&source, &Streams { seed: 1, replication: 0 })?;
        let span = trace.request_time.iter().copied();
        let (Some(first), Some(last)) = (span.clone().min(), span.max()) else {
            return Err(InputError::new("no rides", "rides in lower Manhattan").into());
        };
        let clock = LocalClock::new(NEW_YORK, first, last);
        let zone_of = |place: PlaceId| {
            let name = trace.places.zone_name(place)?;
            LOWER_MANHATTAN.contains(&name).then(|| zones.id.iter().position(|id| id == name))?
        };
        let mut rides = Vec::new();
        for i in 0..trace.len() {
            let time = clock.local(trace.request_time[i]);
            let (Some(from), Some(to)) = (zone_of(trace.origin[i]), zone_of(trace.destination[i])) else {
                continue;
            };
            let (minutes, km) = (trace.duration_s[i] / 60.0, trace.distance_km[i]);
            // Some records have no distance, or a negligible one.
            let is_plausible = minutes >= 1.0 && km >= 0.1;
            if is_plausible && (FROM_HOUR..FROM_HOUR + HOURS).contains(&time.hour()) {
                let minute = f64::from((time.hour() - FROM_HOUR) * 60 + time.minute());
                rides.push(Ride { from, to, minute, minutes, km });
            }
        }
        let what = if real {
            "real records of New York's yellow taxis".to_owned()
        } else {
            format!(
                "MADE UP (the week of datasets/nyc-week), because no records are there: put monthly CSV files of the Taxi \
                 and Limousine Commission into {} and run again",
                folder.display()
            )
        };
        let note = format!(
            "Rides are {what}: {} within lower Manhattan between {FROM_HOUR}:00 and {}:00, of all days, from which each \
             instance draws one evening.",
            rides.len(),
            FROM_HOUR + HOURS
        );
        Ok(Self { rides, zones, note })
    }

    /// A point anywhere in a square of the zone's area: records contain zones only.
    fn point(&self, zone: usize, places: &mut Places, random: &mut Pcg64) -> usize {
        let half_km = 0.5 * self.zones.area_km2[zone].sqrt();
        let km_per_degree = crate::geo::EARTH_RADIUS_KM.to_radians();
        let lat = self.zones.lat[zone] + random.random_range(-half_km..half_km) / km_per_degree;
        let narrow = km_per_degree * lat.to_radians().cos();
        let lon = self.zones.lon[zone] + random.random_range(-half_km..half_km) / narrow;
        places.add_point(lat, lon).index()
    }

    /// Number of a zone.
    fn zone(&self, id: &str) -> usize {
        self.zones.id.iter().position(|other| other == id).unwrap_or(0)
    }

    fn trips(&self, size: Size, places: &mut Places, mut random: Pcg64) -> Vec<Trip> {
        let mut trip = |i: usize| {
            let ride = &self.rides[random.random_range(0..self.rides.len())];
            let from = self.point(ride.from, places, &mut random);
            let to = self.point(ride.to, places, &mut random);
            let earliest = ride.minute + LEAD_MIN;
            let (to, minutes, km) = match size.customers {
                Customers::Rides => (to, ride.minutes, ride.km),
                Customers::Stops => (from, STOP_MIN, 0.0),
            };
            Trip {
                name: (i + 1).to_string(),
                fleet: Some(random.random_range(0..size.fleets)),
                from,
                to,
                window: [earliest, earliest + PATIENCE_MIN],
                minutes,
                km,
                penalty: Some(PENALTY),
            }
        };
        (0..size.trips).map(&mut trip).collect()
    }

    /// Vehicles of each fleet at its depot.
    fn vehicles(&self, size: Size, places: &mut Places, mut random: Pcg64) -> Vec<Vehicles> {
        let all: Vec<usize> = LOWER_MANHATTAN.iter().chain(&MIDTOWN).map(|id| self.zone(id)).collect();
        let mut from_south = all.clone();
        from_south.sort_by(|&a, &b| self.zones.lat[a].total_cmp(&self.zones.lat[b]));
        let mut of_fleet = |fleet: usize| {
            let near = random.random_range(0..LOWER_MANHATTAN.len() + MIDTOWN.len());
            let zone = match (size.depots, fleet) {
                (Depots::FirstFar, 0) => self.zone(MIDTOWN[near % MIDTOWN.len()]),
                (Depots::FirstFar, _) => self.zone(LOWER_MANHATTAN[near % LOWER_MANHATTAN.len()]),
                (Depots::Anywhere, _) => all[near],
                (Depots::Apart, _) => {
                    let part = all.len() / size.fleets;
                    from_south[fleet * part + near % part]
                }
            };
            let depot = self.point(zone, places, &mut random);
            Vehicles {
                name: format!("fleet {}", fleet + 1),
                fleet,
                count: VEHICLES,
                depot,
                battery_kwh: BATTERY_KWH,
                start_kwh: BATTERY_KWH * random.random_range(START[0]..START[1]),
                reserve_kwh: RESERVE_KWH,
                kwh_per_km: KWH_PER_KM,
            }
        };
        (0..size.fleets).map(&mut of_fleet).collect()
    }

    /// Stations of the fleets in turn: the first one of each is its depot.
    fn stations(
        &self,
        size: Size,
        vehicles: &[Vehicles],
        places: &mut Places,
        mut random: Pcg64,
    ) -> Result<Vec<Station>> {
        let feeder = baran_wu()?;
        let mut station = |k: usize| {
            let id = LOWER_MANHATTAN[random.random_range(0..LOWER_MANHATTAN.len())];
            let elsewhere = self.point(self.zone(id), places, &mut random);
            let fleet = k % size.fleets;
            Station {
                name: format!("station {}", k + 1),
                fleet,
                place: if k < size.fleets { vehicles[fleet].depot } else { elsewhere },
                connectors: CONNECTORS,
                power_kw: POWER_KW,
                efficiency: EFFICIENCY,
                bus: feeder.bus(BUSES[k % BUSES.len()]).unwrap_or(0),
            }
        };
        Ok((0..size.stations).map(&mut station).collect())
    }

    /// Draws an instance. Rides, depots and stations have separate streams, so that a smaller number of fleets consists
    /// of the first fleets of a larger one.
    ///
    /// # Errors
    /// If the data that ship are damaged.
    pub fn draw(&self, size: Size, streams: Streams) -> Result<Instance> {
        let stream = |entity| streams.stream(Purpose::Synthesis, entity);
        let mut places = Places::default();
        let trips = self.trips(size, &mut places, stream(0));
        let vehicles = self.vehicles(size, &mut places, stream(1));
        let placed = self.stations(size, &vehicles, &mut places, stream(2))?;
        let ids = 0..places.len();
        let km: Vec<Vec<f64>> =
            ids.clone().map(|a| ids.clone().map(|b| straight(&places, a, b) * DETOUR).collect()).collect();
        let minutes = km.iter().map(|row| row.iter().map(|km| 60.0 * km / SPEED_KMH).collect()).collect();
        let peak = |slot: usize| {
            // The peak is in the middle of the evening.
            let away = (slot as f64 + 0.5 - 0.5 * SLOTS.count as f64).abs() / (0.5 * SLOTS.count as f64);
            LOAD[1] - (LOAD[1] - LOAD[0]) * away
        };
        let feeder = baran_wu()?
            .with_source_voltage(SOURCE_VOLTAGE)
            .map_err(|fault| InputError::new(fault.found, fault.expected).key("source_voltage"))?;
        let instance = Instance {
            fleets: (1..=size.fleets).map(|fleet| format!("fleet {fleet}")).collect(),
            travel: Travel { minutes, km },
            slots: SLOTS,
            price: vec![PRICE; SLOTS.count],
            refill_price: PRICE,
            value_of_time: VALUE_OF_TIME,
            trips,
            vehicles,
            stations: placed,
            grid: Some(Grid {
                feeder,
                load: (0..SLOTS.count).map(peak).collect(),
                limits: Limits::default(),
            }),
        };
        let problems = instance.problems();
        if problems.is_empty() { Ok(instance) } else { Err(Error::problems(&problems)) }
    }
}

/// The synthetic week that ships, as a file in `folder`.
fn made_up(folder: &Path) -> Result<PathBuf> {
    let (requests, days, seed) = WEEK;
    let start = NaiveDate::from_ymd_opt(2018, 3, 5).unwrap_or_default();
    let week = nyc::synthesize(nyc::NycOptions { requests, start, days, seed })?;
    let path = folder.join("week.csv");
    let written = std::fs::File::create(&path).and_then(|file| {
        let mut out = std::io::BufWriter::new(file);
        week.write_csv(&mut out)?;
        out.flush()
    });
    written.map_err(|error| Error::writing(&path, error))?;
    Ok(path)
}

/// Files of records in a folder, in the order of their names.
fn csv_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "csv"))
        .collect();
    files.sort();
    files
}

/// Straight-line distance [km].
fn straight(places: &Places, a: usize, b: usize) -> f64 {
    if a == b { 0.0 } else { places.distance_km(PlaceId::new(a), PlaceId::new(b)) }
}

//! The days of each vehicle, rebuilt from its legs and sessions.

use super::summary::{self, STORED};
use super::tables::{Code, MISSING, Texts, Written};
use super::{AuditFacts, Auditor, Check, SOC_TOLERANCE, VehicleFacts, rounding, within};
use crate::outputs::summary::SUMMARY;
use gridfleet_core::error::Result;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::time::SimTime;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

const ONE_THING: &str = "A vehicle does one thing at a time";
const PLACES: &str = "A vehicle starts from where it is";
const CHARGE: &str = "State of charge carries over";
const BOUNDS: &str = "State of charge is within 0 and 1";
const LEG_ENERGY: &str = "Legs: charge falls by energy driven less energy charged";
const SESSION_ENERGY: &str = "Sessions: charge rises by the energy stored";
const EFFICIENCY: &str = "Sessions: energy stored is energy drawn x efficiency";
const COUNTS: &str = "Vehicles by state add up to the fleet";
const TABLE: &str = "Vehicles: they are the scenario's";
const KNOWN: &str = "Vehicles and stations are the scenario's";

/// An activity that occupies a vehicle for a while.
#[derive(Clone, Copy)]
struct Activity {
    vehicle: u32,
    start: i64,
    end: i64,
    from: Code,
    to: Code,
    soc_start: f64,
    soc_end: f64,
    session: bool,
    /// Whether it is a session cut off by the end of the simulation.
    in_progress: bool,
}

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    fleet_counts(auditor)?;
    table(auditor)?;
    let names = [KNOWN, ONE_THING, PLACES, CHARGE, BOUNDS, LEG_ENERGY, SESSION_ENERGY, EFFICIENCY, STORED];
    if !auditor.has(&[TableId::Legs, TableId::Sessions], &names) {
        return Ok(());
    }
    let mut days = Days::new(auditor.facts);
    let leg_energy = days.legs(auditor)?;
    let session_energy = days.sessions(auditor)?;
    auditor.checks.push(days.known);
    timelines(auditor, days.activities, &mut days.texts);
    auditor.checks.push(leg_energy);
    auditor.checks.extend(session_energy);
    Ok(())
}

/// Activities of all vehicles, as they are read.
struct Days {
    texts: Texts,
    /// Numbers of vehicles and of stations.
    vehicles: FxHashMap<Code, u32>,
    stations: FxHashMap<Code, u32>,
    known: Check,
    activities: Vec<Activity>,
}

impl Days {
    fn new(facts: &AuditFacts) -> Self {
        let mut texts = Texts::default();
        let numbers = |names: &mut dyn Iterator<Item = &String>, texts: &mut Texts| -> FxHashMap<Code, u32> {
            names.enumerate().map(|(i, name)| (texts.code(name), i as u32)).collect()
        };
        let vehicles = numbers(&mut facts.vehicles.iter().map(|v| &v.name), &mut texts);
        let stations = numbers(&mut facts.stations.iter().map(|s| &s.name), &mut texts);
        Self { texts, vehicles, stations, known: Check::new(KNOWN), activities: Vec::new() }
    }

    /// Reads the legs; checks the energy of each.
    fn legs(&mut self, auditor: &Auditor) -> Result<Check> {
        let legs = Written::open(auditor.dir, TableId::Legs)?;
        let mut check = Check::new(LEG_ENERGY);
        let texts = &mut self.texts;
        let vehicle = legs.texts("vehicle_id", texts)?;
        let (from, to) = (legs.texts("origin", texts)?, legs.texts("destination", texts)?);
        let (start, end) = (legs.all_times("start_time")?, legs.all_times("end_time")?);
        let (soc_start, soc_end) = (legs.floats("soc_start")?, legs.floats("soc_end")?);
        let (energy, charged) = (legs.floats("energy_kwh")?, legs.floats("charged_kwh")?);
        for row in 0..legs.rows() {
            let number = self.vehicles.get(&vehicle[row]).copied();
            let name = || texts.text(vehicle[row]);
            self.known.that(number.is_some(), || format!("legs row {row}: vehicle {}", name()));
            let Some(number) = number else { continue };
            let battery_kwh = auditor.facts.vehicles[number as usize].battery_kwh;
            let (fall, driven_kwh) = (soc_start[row] - soc_end[row], energy[row] - charged[row]);
            check.that(within(fall, driven_kwh / battery_kwh, SOC_TOLERANCE), || {
                format!(
                    "legs row {row}, {} at {}: charge falls by {} kWh, energy driven less charged is {driven_kwh} kWh",
                    name(),
                    SimTime(start[row]).iso(),
                    fall * battery_kwh,
                )
            });
            self.activities.push(Activity {
                vehicle: number,
                start: start[row],
                end: end[row],
                from: from[row],
                to: to[row],
                soc_start: soc_start[row],
                soc_end: soc_end[row],
                session: false,
                in_progress: false,
            });
        }
        Ok(check)
    }

    /// Reads the sessions; checks the energy of each, and the efficiency of charging.
    fn sessions(&mut self, auditor: &Auditor) -> Result<[Check; 2]> {
        let facts = auditor.facts;
        let sessions = Written::open(auditor.dir, TableId::Sessions)?;
        let (mut gains, mut efficiency) = (Check::new(SESSION_ENERGY), Check::new(EFFICIENCY));
        let texts = &mut self.texts;
        let id = sessions.ids("session_id")?;
        let vehicle = sessions.texts("vehicle_id", texts)?;
        let station = sessions.texts("station_id", texts)?;
        let (arrival, plug_in) = (sessions.all_times("arrival_time")?, sessions.times("plug_in_time")?);
        let (unplug, queue) = (sessions.times("unplug_time")?, sessions.ints("queue_s")?);
        let (soc_start, soc_end) = (sessions.floats("soc_start")?, sessions.floats("soc_end")?);
        let (drawn, stored) = (sessions.floats("energy_kwh")?, sessions.floats("battery_kwh")?);
        let fed = sessions.floats("discharged_kwh")?;
        for row in 0..sessions.rows() {
            let number = self.vehicles.get(&vehicle[row]).copied();
            let at = self.stations.get(&station[row]).map(|&s| &facts.stations[s as usize]);
            self.known.that(number.is_some() && at.is_some(), || {
                let (vehicle, station) = (texts.text(vehicle[row]), texts.text(station[row]));
                format!("session {}: vehicle {vehicle}, station {station}", id[row])
            });
            let (Some(number), Some(at)) = (number, at) else { continue };
            let energy = SessionEnergy {
                id: id[row],
                of: &facts.vehicles[number as usize],
                gain: soc_end[row] - soc_start[row],
                drawn_kwh: drawn[row],
                stored_kwh: stored[row],
                fed_kwh: fed[row],
            };
            energy.check(&mut gains, &mut efficiency);
            // A vehicle that never got a connector leaves when its patience ends.
            let gave_up = arrival[row] + queue[row].unwrap_or(0);
            let still = if plug_in[row].is_some() { facts.end.0 } else { gave_up };
            let place = texts.code(&at.place);
            self.activities.push(Activity {
                vehicle: number,
                start: arrival[row],
                end: unplug[row].unwrap_or(still),
                from: place,
                to: place,
                soc_start: soc_start[row],
                soc_end: soc_end[row],
                session: true,
                in_progress: plug_in[row].is_some() && unplug[row].is_none(),
            });
        }
        Ok([gains, efficiency])
    }
}

/// Energy of a session, and the rise of its vehicle's state of charge.
struct SessionEnergy<'a> {
    id: u32,
    of: &'a VehicleFacts,
    gain: f64,
    drawn_kwh: f64,
    stored_kwh: f64,
    fed_kwh: f64,
}

impl SessionEnergy<'_> {
    fn check(&self, gains: &mut Check, efficiency: &mut Check) {
        let &Self { id, of, gain, drawn_kwh, stored_kwh, fed_kwh } = self;
        let net_kwh = stored_kwh - fed_kwh / of.discharge_efficiency;
        let gain_kwh = gain * of.battery_kwh;
        // The battery's energy is a state of charge times its capacity; energy fed back is a third product.
        let turnover_kwh = of.battery_kwh + stored_kwh + fed_kwh / of.discharge_efficiency;
        gains.that(within(gain_kwh, net_kwh, rounding(4, turnover_kwh)), || {
            format!("session {id}: charge rises by {gain_kwh} kWh, stored less fed is {net_kwh} kWh")
        });
        let expected = drawn_kwh * of.charge_efficiency;
        // Energy drawn is the stored energy over efficiency, less the energy fed back plus that again.
        let tolerance = rounding(4, stored_kwh + fed_kwh * of.charge_efficiency);
        efficiency.that(within(stored_kwh, expected, tolerance), || {
            format!("session {id}: {stored_kwh} kWh stored, expected {expected} kWh")
        });
    }
}

/// Orders the activities of each vehicle, and checks that each follows from the previous one.
fn timelines(auditor: &mut Auditor, mut activities: Vec<Activity>, texts: &mut Texts) {
    let mut one_thing = Check::new(ONE_THING);
    let mut places = Check::new(PLACES);
    let mut charge = Check::new(CHARGE);
    let mut bounds = Check::new(BOUNDS);
    let possible = |soc: f64| (-SOC_TOLERANCE..=1.0 + SOC_TOLERANCE).contains(&soc);
    // Stable: rows of one table at one instant stay in the order in which they were recorded.
    activities.sort_by_key(|a| (a.vehicle, a.start, a.end));
    let mut stored = Stored::new(auditor.facts);
    let mut at = 0;
    while at < activities.len() {
        let vehicle = activities[at].vehicle;
        let facts = &auditor.facts.vehicles[vehicle as usize];
        let mut now = auditor.facts.start.0;
        let mut place = texts.code(&facts.initial_place);
        let mut soc = facts.initial_soc;
        while at < activities.len() && activities[at].vehicle == vehicle {
            // Activities of zero duration have no order among them: take the one that follows first.
            let start = activities[at].start;
            let follows = |a: &Activity| a.from == place && within(a.soc_start, soc, SOC_TOLERANCE);
            let next = activities[at..]
                .iter()
                .take_while(|a| a.vehicle == vehicle && a.start == start)
                .position(follows)
                .unwrap_or(0);
            activities[at..=at + next].rotate_right(1);
            let a = activities[at];
            let what = || {
                let kind = if a.session { "session" } else { "leg" };
                format!("{}: {kind} at {}", facts.name, SimTime(a.start).iso())
            };
            one_thing.that(a.start >= now && a.end >= a.start, || {
                format!("{} starts while busy until {} or ends before it starts", what(), SimTime(now).iso())
            });
            places.that(a.from == place, || {
                format!(
                    "{} starts from {}, the vehicle is at {}",
                    what(),
                    texts.text(a.from),
                    texts.text(place)
                )
            });
            charge.that(within(a.soc_start, soc, SOC_TOLERANCE), || {
                format!("{} starts with {}, was {soc}", what(), a.soc_start)
            });
            bounds.that(possible(a.soc_start) && possible(a.soc_end), || {
                format!("{} from {} to {}", what(), a.soc_start, a.soc_end)
            });
            stored.note(auditor.facts, &a);
            (now, place, soc) = (a.end, a.to, a.soc_end);
            at += 1;
        }
    }
    auditor.checks.extend([one_thing, places, charge, bounds]);
    let check = stored.compare(auditor);
    auditor.checks.push(check);
}

/// State of charge of each vehicle at both ends of the period of the summary, after the legs and sessions that had
/// ended.
struct Stored {
    soc: Vec<[f64; 2]>,
}

impl Stored {
    fn new(facts: &AuditFacts) -> Self {
        Self { soc: facts.vehicles.iter().map(|v| [v.initial_soc; 2]).collect() }
    }

    fn note(&mut self, facts: &AuditFacts, a: &Activity) {
        let [first, last] = &mut self.soc[a.vehicle as usize];
        if !a.in_progress {
            *last = a.soc_end;
            if a.end <= facts.measured_from.0 {
                *first = a.soc_end;
            }
        }
    }

    /// Compares with the summary, for all fleets and for each fleet.
    fn compare(&self, auditor: &Auditor) -> Check {
        let Some(json) = summary::read(auditor) else {
            return Check::not_possible(STORED, format!("there is no {SUMMARY}"));
        };
        let mut check = Check::new(STORED);
        for figures in std::iter::once(&json).chain(summary::fleets(&json)) {
            let fleet = figures.get("name").and_then(serde_json::Value::as_str);
            let vehicles = auditor.facts.vehicles.iter().zip(&self.soc);
            let own: Vec<_> = vehicles.filter(|(v, _)| fleet.is_none_or(|fleet| v.fleet == fleet)).collect();
            let most_kwh: f64 = own.iter().map(|(v, _)| v.battery_kwh).sum();
            for (end, key) in ["stored_start_kwh", "stored_end_kwh"].into_iter().enumerate() {
                let found: f64 = own.iter().map(|(v, soc)| v.battery_kwh * soc[end]).sum();
                let stated = summary::figure(figures, key);
                check.that(within(stated, found, rounding(own.len() + 2, most_kwh)), || {
                    let fleet = fleet.unwrap_or("all");
                    format!("{key} of {fleet}: {stated} in the summary, {found} by legs and sessions")
                });
            }
        }
        check
    }
}

/// Each vehicle has one row, with its fleet, battery, charge and place; no other vehicle has any.
fn table(auditor: &mut Auditor) -> Result<()> {
    if !auditor.has(&[TableId::Vehicles], &[TABLE]) {
        return Ok(());
    }
    let table = Written::open(auditor.dir, TableId::Vehicles)?;
    let mut texts = Texts::default();
    let (name, fleet) = (table.texts("vehicle_id", &mut texts)?, table.texts("fleet", &mut texts)?);
    let (place, depot) = (table.texts("initial_place", &mut texts)?, table.texts("depot", &mut texts)?);
    let (battery, soc) = (table.floats("battery_kwh")?, table.floats("initial_soc")?);
    let mut check = Check::new(TABLE);
    let mut rows: FxHashMap<Code, Vec<usize>> = FxHashMap::default();
    for (row, &code) in name.iter().enumerate() {
        rows.entry(code).or_default().push(row);
    }
    for vehicle in &auditor.facts.vehicles {
        let fits = match rows.remove(&texts.code(&vehicle.name)).as_deref() {
            Some(&[row]) => {
                texts.text(fleet[row]) == vehicle.fleet
                    && battery[row] == vehicle.battery_kwh
                    && soc[row] == vehicle.initial_soc
                    && texts.text(place[row]) == vehicle.initial_place
                    && [MISSING, place[row]].contains(&depot[row])
            }
            _ => false,
        };
        check.that(fits, || vehicle.name.clone());
    }
    let strangers: BTreeSet<&str> = rows.into_keys().map(|code| texts.text(code)).collect();
    strangers.into_iter().for_each(|name| check.that(false, || format!("{name} is not in the scenario")));
    auditor.checks.push(check);
    Ok(())
}

fn fleet_counts(auditor: &mut Auditor) -> Result<()> {
    // Thinning does no harm here, but the table must exist.
    if !auditor.facts.outputs.has(TableId::Fleet) {
        auditor.checks.push(Check::not_possible(COUNTS, "fleet.parquet was not written".to_owned()));
        return Ok(());
    }
    let table = Written::open(auditor.dir, TableId::Fleet)?;
    let mut texts = Texts::default();
    let mut sizes = FxHashMap::<Code, i64>::default();
    for vehicle in &auditor.facts.vehicles {
        *sizes.entry(texts.code(&vehicle.fleet)).or_default() += 1;
    }
    let fleet = table.texts("fleet", &mut texts)?;
    let time = table.all_times("time")?;
    let mut sums = vec![0i64; table.rows()];
    for state in ["idle", "driving", "queued", "charging", "discharging"] {
        for (sum, count) in sums.iter_mut().zip(table.ints(state)?) {
            *sum += count.unwrap_or(0);
        }
    }
    let mut check = Check::new(COUNTS);
    for row in 0..table.rows() {
        let size = sizes.get(&fleet[row]).copied().unwrap_or(0);
        check.that(sums[row] == size, || {
            format!("{} at {}: {} of {size}", texts.text(fleet[row]), SimTime(time[row]).iso(), sums[row])
        });
    }
    auditor.checks.push(check);
    Ok(())
}

//! Values of the columns of a file of trips, and the trip of a row.

use super::super::builder::{TraceBuilder, Trip, Wrong};
use super::super::source::TripSource;
use super::super::table::{Names, Table, TableFile};
use super::super::times::RawTime;
use super::super::units::Quantity;
use super::checks::{WrongNumbers, warn_of_magnitudes};
use super::clock::{TripClock, move_from_1970};
use super::columns::Columns;
use super::ends::End;
use super::names::{Coded, flag};
use super::numbers::{Column, Optional};
use gridfleet_core::error::Result;
use gridfleet_core::ranges;
use gridfleet_core::time::SimTime;
use std::collections::BTreeMap;

/// Values of the columns.
pub(super) struct Values {
    /// First column of the time.
    time: usize,
    pub(super) times: Vec<RawTime>,
    duration: Column,
    distance: Column,
    passengers: Column,
    fare: Column,
    soc_start: Column,
    soc_end: Column,
    fleets: Coded,
    vehicles: Coded,
    plugged: Option<(usize, Names)>,
    origin: End,
    destination: End,
    wrong: WrongNumbers,
    /// Decisions of the reader about columns.
    decisions: BTreeMap<String, String>,
}

impl Values {
    pub(super) fn load(
        table: &Table,
        file: &TableFile,
        columns: &Columns,
        source: &TripSource,
        builder: &mut TraceBuilder,
    ) -> Result<Self> {
        let mut times = table.joined_times(&columns.times)?;
        if let Some(date) = source.epoch {
            move_from_1970(&mut times, date);
            builder.assume("epoch", date.to_string());
        }
        let mut optional = Optional { table, source, builder };
        let duration = optional.numbers("duration_s", columns.duration, Some(Quantity::Duration))?;
        let distance = optional.numbers("distance_km", columns.distance, Some(Quantity::Distance))?;
        let passengers = optional.numbers("passengers", columns.passengers, None)?;
        let fare = optional.numbers("fare", columns.fare, None)?;
        let soc_start = optional.numbers("soc_start", columns.socs[0], None)?;
        let soc_end = optional.numbers("soc_end", columns.socs[1], None)?;
        let fleets = Coded::load(table, columns.fleet, |name| builder.fleet(name))?;
        let vehicles = Coded::load(table, columns.vehicle, |name| builder.vehicle(name))?;
        let plugged = columns.plugged.map(|c| table.names(c).map(|n| (c, n))).transpose()?;
        let [origin, destination] = columns.ends;
        let origin = End::load(table, file, origin, builder)?;
        let destination = End::load(table, file, destination, builder)?;
        let wrong = WrongNumbers::find(
            table.rows(),
            &[
                (&duration, ranges::TRIP_DURATION, "absurd duration"),
                (&distance, ranges::TRIP_DISTANCE, "absurd distance"),
                (&fare, ranges::FARE, "fare out of range"),
                (&passengers, ranges::PASSENGERS, "absurd number of passengers"),
                (&soc_start, ranges::SHARE, "state of charge out of range"),
                (&soc_end, ranges::SHARE, "state of charge out of range"),
            ],
        );
        Ok(Self {
            time: columns.time,
            times,
            duration,
            distance,
            passengers,
            fare,
            soc_start,
            soc_end,
            fleets,
            vehicles,
            plugged,
            origin,
            destination,
            wrong,
            decisions: table.decisions(),
        })
    }

    /// Reports properties that the file lacks, and assumptions about the others.
    pub(super) fn report(&self, file: &TableFile, source: &TripSource, builder: &mut TraceBuilder) {
        for (property, absent, what) in [
            ("duration_s", self.duration.is_none(), "travel model"),
            ("distance_km", self.distance.is_none(), "travel model"),
            ("fare", self.fare.is_none(), "the fleet's tariff"),
            ("passengers", self.passengers.is_none(), "not recorded"),
            ("fleet", self.fleets.column.is_none(), "the scenario's shares"),
        ] {
            if absent {
                builder.derive(property, what);
            }
        }
        if self.times.iter().any(|t| matches!(t, RawTime::Wall(_))) {
            builder.derive("offset of request_time", &format!("wall-clock time of {}", source.timezone));
        }
        for note in file.notes() {
            builder.assume("file", note);
        }
        for (column, decision) in &self.decisions {
            builder.assume(column, decision.clone());
        }
        for (name, column) in &source.map {
            builder.assume(name, format!("column `{column}`"));
        }
        warn_of_magnitudes(&self.distance, &self.duration, builder);
    }

    /// The trip of a row; that its vehicle sets out once at a time is left to the caller.
    pub(super) fn trip(
        &self,
        row: usize,
        clock: &mut TripClock,
        builder: &mut TraceBuilder,
    ) -> Result<Trip, Wrong> {
        let written = self.times.get(row).copied().unwrap_or(RawTime::Missing);
        let request_time = match written {
            RawTime::Utc(t) => SimTime(t),
            RawTime::Wall(wall) => clock.instant(wall, builder),
            RawTime::Missing | RawTime::Bad => {
                let expected = "a time such as 2018-03-05T17:30:00-05:00";
                return Err(Wrong::new(self.time, "unreadable time", expected));
            }
        };
        // Both ends are looked up, so that points are numbered alike for rows that are left out.
        let (origin, destination) = (self.origin.place(row, builder), self.destination.place(row, builder));
        let (origin, destination) = (origin?, destination?);
        if let RawTime::Wall(wall) = written {
            clock.saw(wall, request_time.0);
        }
        let value = |numbers: &Column| numbers.as_ref().map_or(f64::NAN, |(_, n)| n.get(row));
        let (distance_km, duration_s) = (value(&self.distance), value(&self.duration));
        if let Some(wrong) = self.wrong.of(row) {
            return Err(wrong);
        }
        if distance_km > 1.0 && duration_s > 0.0 && distance_km > MOST_KMH * duration_s / 3_600.0 {
            let column = self.distance.as_ref().map_or(self.time, |(column, _)| *column);
            let expected = "a distance that a car can drive in the trip's time";
            return Err(Wrong::new(column, "speed above 250 km/h", expected));
        }
        let ends_at_charger = flag(self.plugged.as_ref(), row)
            .map_err(|column| Wrong::new(column, "unreadable flag", "true or false"))?;
        Ok(Trip {
            request_time,
            origin,
            destination,
            duration_s,
            distance_km,
            fare: value(&self.fare),
            passengers: value(&self.passengers) as u8, // checked above; NaN becomes 0: unknown
            fleet: self.fleets.get(row),
            vehicle: self.vehicles.get(row),
            soc_start: value(&self.soc_start),
            soc_end: value(&self.soc_end),
            ends_at_charger,
        })
    }
}

/// Maximum mean speed [km/h]: above that of any road. Assumed.
const MOST_KMH: f64 = 250.0;

//! Selection and timing of the trips of the trace in a replication.
//!
//! In this order: `trips.scale` (on the whole trace, always); for each simulated day the day from which it is drawn;
//! the level of the day; thinning; jitter.

use super::factors::Factors;
use crate::document::Problems;
use crate::resolve::days::Day;
use crate::resolve::horizon::Horizon;
use crate::resolve::variation::lacking;
use crate::spec::{DaysSpec, VariationSpec};
use chrono::NaiveDate;
use gridfleet_core::rng::{Purpose, PurposeStreams, Streams};
use gridfleet_core::time::SimTime;
use gridfleet_data::Trace;
use gridfleet_data::sample::Drawn;
use rand::RngExt as _;
use std::collections::BTreeMap;

/// A trip of the trace that happens in this replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pick {
    /// Time of the request.
    pub time: SimTime,
    /// Row in the trace.
    pub row: u32,
    /// Key in random streams, which does not depend on other variations: its position after `trips.scale`, the day for
    /// which it was drawn, and the number of its copy.
    pub key: u64,
}

/// The trips of a replication.
#[derive(Debug, Default)]
pub struct Picks {
    /// By time.
    pub trips: Vec<Pick>,
    /// Number of trips of the trace that do not happen, by reason.
    pub left_out: BTreeMap<String, u64>,
    /// Processing steps, for the summary.
    pub derived: BTreeMap<String, String>,
    /// Days drawn from several, by simulated day.
    pub drawn: Vec<NaiveDate>,
    /// There are no trips, although there could have been some: the draws of this replication left none.
    pub none_by_chance: bool,
}

/// The bits of a key: 32 of the position, 24 of the day, 8 of the copy.
const DAY_BIT: u32 = 32;
const COPY_BIT: u32 = 56;
/// Most times that a trip happens on one day, limited by the bits of the key.
const MOST_COPIES: f64 = 255.0;

/// Inputs of the selection.
pub struct Picking<'a> {
    /// Variation settings.
    pub spec: &'a VariationSpec,
    /// The period.
    pub horizon: &'a Horizon,
    /// Whole days of the trace.
    pub days: &'a [Day],
    /// Result of `trips.scale` on the trace; `None` if the trace is unchanged.
    pub sampled: Option<&'a Drawn>,
    /// Maximum shift of a further copy of a trip [s].
    pub copy_jitter_s: i64,
    /// Whether trips belong to vehicles.
    pub replay: bool,
    /// Random streams.
    pub streams: Streams,
}

impl Picking<'_> {
    /// The trips of this replication within the period, by time.
    pub fn picks(&self, trace: &Trace, problems: &mut Problems<'_>) -> Picks {
        let times = self.sampled.map_or(&trace.request_time, |drawn| &drawn.time);
        let bootstrap = self.spec.demand_days == DaysSpec::Bootstrap;
        let targets = Day::all(self.horizon.clock.tz(), self.horizon.start, self.horizon.end);
        let mut picks = Picks::default();
        if bootstrap {
            const KEY: &str = "variation.demand_days";
            if lacking(KEY, self.spec.day_classes, &targets, self.days, "the trips", problems) {
                return picks;
            }
            if let (Some(first), Some(last)) = (self.days.first(), self.days.last()) {
                let how = format!("drawn from the {} days {} to {}", self.days.len(), first.date, last.date);
                picks.derived.insert("days".to_owned(), how);
            }
        }
        let (mut taken, mut thinned) = (0, 0);
        let levels = Factors::new(self.spec.demand_level_cv, Purpose::DemandLevel, self.streams);
        let copies_of = self.streams.of(Purpose::DemandCopies);
        let (thinning, share) = (self.streams.of(Purpose::DemandThinning), self.spec.demand_thinning);
        let happens = |key| share >= 1.0 || thinning.stream(key).random::<f64>() < share;
        for target in &targets {
            let classes = self.spec.day_classes;
            let source = match self.spec.demand_days {
                DaysSpec::AsRecorded => Some(target),
                DaysSpec::Bootstrap => classes.draw(target, self.days, Purpose::DemandDays, self.streams),
            };
            let Some(source) = source else { continue };
            if bootstrap && classes.has_choice(target, self.days) {
                picks.drawn.push(source.date);
            }
            let from = times.partition_point(|&t| t < source.start);
            let to = times.partition_point(|&t| t < source.end);
            let day_key = if bootstrap { target.number() << DAY_BIT } else { 0 };
            let first = picks.trips.len();
            let level = levels.of(target.number()).min(MOST_COPIES);
            let copies = Copies { level, streams: copies_of };
            for (position, &t) in (from..to).zip(&times[from..to]) {
                let row = self.sampled.map_or(position as u32, |drawn| drawn.row[position]);
                let time = target.at_time_of(t, source);
                let key = day_key | position as u64;
                let count = copies.of(key);
                thinned += u64::from(count == 0);
                for copy in 0..count {
                    let key = key | copy << COPY_BIT;
                    if !happens(key) {
                        thinned += 1;
                        continue;
                    }
                    let time = if copy == 0 {
                        time
                    } else {
                        target.reflect(time + copies.apart_s(key, self.copy_jitter_s))
                    };
                    picks.trips.push(Pick { time, row, key });
                }
            }
            taken += to - from;
            self.jitter(&mut picks.trips[first..], target, trace);
        }
        let before = picks.trips.len();
        picks.trips.retain(|pick| (self.horizon.start..self.horizon.end).contains(&pick.time));
        // If days are drawn, those not drawn do not count as left out.
        let elsewhere = if bootstrap { 0 } else { times.len() - taken };
        let outside = elsewhere + before - picks.trips.len();
        for (reason, count) in [("outside the period", outside as u64), ("thinned out", thinned)] {
            if count > 0 {
                picks.left_out.insert(reason.to_owned(), count);
            }
        }
        if !picks.trips.is_sorted_by_key(|pick| pick.time) {
            picks.trips.sort_by_key(|pick| pick.time);
        }
        if picks.trips.is_empty() {
            let period = self.horizon.start..self.horizon.end;
            let mut recorded = trace.request_time.iter();
            picks.none_by_chance = recorded.any(|time| bootstrap || period.contains(time));
        }
        picks
    }

    /// Moves the trips of one day within it.
    ///
    /// Each trip is moved independently and reflected at midnight, so that the day keeps its number of trips. In replay
    /// a vehicle's trips of the day move together, at most as far as the first and the last of them can: their order
    /// and the time between them are preserved.
    fn jitter(&self, trips: &mut [Pick], day: &Day, trace: &Trace) {
        let most_s = self.spec.demand_jitter_s;
        if most_s == 0 {
            return;
        }
        let streams = self.streams.of(Purpose::DemandJitter);
        let draw = |key| streams.stream(key).random_range(-most_s..=most_s);
        if !self.replay {
            for pick in trips {
                pick.time = day.reflect(pick.time + draw(pick.key));
            }
            return;
        }
        let vehicle = |pick: &Pick| trace.vehicle[pick.row as usize] as usize;
        // First and last trip of each vehicle.
        let mut spans: Vec<Option<(SimTime, SimTime)>> = vec![None; trace.vehicle_names.len()];
        for pick in &*trips {
            if let Some(span) = spans.get_mut(vehicle(pick)) {
                let (first, last) = span.unwrap_or((pick.time, pick.time));
                *span = Some((first.min(pick.time), last.max(pick.time)));
            }
        }
        let moves_s: Vec<i64> = (0_u64..)
            .zip(spans)
            .map(|(vehicle, span)| {
                let Some((first, last)) = span else { return 0 };
                let by_s = draw(day.number() << DAY_BIT | vehicle);
                by_s.clamp(day.start - first, day.end + -1 - last)
            })
            .collect();
        for pick in trips {
            pick.time += moves_s.get(vehicle(pick)).copied().unwrap_or(0);
        }
    }
}

/// Number of times that each trip of a day happens.
struct Copies {
    /// Mean number of times.
    level: f64,
    streams: PurposeStreams,
}

impl Copies {
    fn of(&self, key: u64) -> u64 {
        if self.level == 1.0 {
            return 1;
        }
        let more: f64 = self.streams.stream(key).random();
        self.level.floor() as u64 + u64::from(more < self.level.fract())
    }

    /// Shift of a further copy of a trip, at most `most_s` earlier or later [s].
    fn apart_s(&self, key: u64, most_s: i64) -> i64 {
        self.streams.stream(key).random_range(-most_s..=most_s)
    }
}

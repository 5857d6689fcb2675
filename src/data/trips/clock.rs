//! Times of trips: the wall clock with its doubled hour, and simulators' times of 1970.

use super::super::builder::TraceBuilder;
use super::super::source::TripSource;
use super::super::times::{RawTime, WallClock};
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_core::time::{Local, SimTime};
use rand::RngExt as _;
use rand_pcg::Pcg64;

/// Moves times of 1970, of which simulators write seconds from midnight or days from the first, to those from `date` on,
/// by the wall clock.
pub(super) fn move_from_1970(times: &mut [RawTime], date: chrono::NaiveDate) {
    let start_s = date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
    for time in times {
        if let RawTime::Utc(s) | RawTime::Wall(s) = *time
            && (0..366 * gridfleet_core::time::DAY_S).contains(&s)
        {
            *time = RawTime::wall(start_s + s);
        }
    }
}

/// Spread of times that a publisher has rounded to the nearest multiple of an interval.
pub(super) struct Spread {
    within_s: Option<i64>,
    rng: Pcg64,
}

impl Spread {
    /// The spread of one file. Files that follow each other have their own streams.
    pub(super) fn new(source: &TripSource, builder: &mut TraceBuilder) -> Self {
        let within_s = source.rounded_to_s.filter(|s| *s > 1);
        if let Some(s) = within_s {
            let what = format!(
                "spread evenly over the {} min around the rounded time, by seed {}",
                s / 60,
                source.seed
            );
            builder.assume("request_time of rounded times", what);
        }
        let streams = Streams { seed: source.seed, replication: 0 };
        Self { within_s, rng: streams.stream(Purpose::DemandJitter, u64::MAX - builder.len() as u64) }
    }

    pub(super) fn move_within(&mut self, time: &mut SimTime) {
        if let Some(s) = self.within_s {
            time.0 += self.rng.random_range(-s / 2..s - s / 2);
        }
    }
}

/// Wall clock of trips. Where rows ascend, the hour that comes twice in autumn is resolved by their order.
pub(super) struct TripClock {
    clock: WallClock,
    in_order: bool,
    second_pass: bool,
    last: Option<i64>,
    last_wall: i64,
}

impl TripClock {
    pub(super) fn new(tz: chrono_tz::Tz, times: &[RawTime]) -> Self {
        let walls = times.iter().filter_map(|t| if let RawTime::Wall(s) = t { Some(*s) } else { None });
        let mut clock = WallClock::new(tz);
        // Rows in order step back on the clock once, in the hour that comes twice.
        let (mut last, mut back) = (i64::MIN, Vec::new());
        for wall in walls {
            if wall < last {
                back.push((wall, last));
            }
            last = wall;
        }
        let in_order = matches!(back[..], [(wall, last)] if last - wall <= 3_600
            && matches!(clock.read(wall), Local::Twice(..)) && matches!(clock.read(last), Local::Twice(..)));
        Self { clock, in_order, second_pass: false, last: None, last_wall: i64::MIN }
    }

    /// The instant at which the clock shows `wall_s`; repairs are counted.
    pub(super) fn instant(&mut self, wall_s: i64, builder: &mut TraceBuilder) -> SimTime {
        match self.clock.read(wall_s) {
            Local::One(t) => t,
            Local::Twice(summer, winter) => {
                if !self.in_order {
                    builder.repair("hour doubled in autumn read as the earlier one");
                    return summer;
                }
                if self.last.is_some_and(|last| last >= summer.0 && wall_s < self.last_wall) {
                    self.second_pass = true;
                }
                builder.repair("hour doubled in autumn distinguished by the order of the rows");
                if self.second_pass { winter } else { summer }
            }
            Local::Skipped(t) => {
                builder.repair("hour skipped in spring read by the uncorrected clock");
                t
            }
        }
    }

    pub(super) fn saw(&mut self, wall_s: i64, instant_s: i64) {
        (self.last, self.last_wall) = (Some(instant_s), wall_s);
    }
}

//! Days drawn at random: loads of vehicles and homes before and after they respond to the price.

use super::super::Context;
use crate::error::Result;
use crate::games::stackelberg::case::{Case, GROUPS, HOURS, uncontrolled};
use crate::games::stackelberg::{Ending, bound, follows, solve};
use crate::plots::{Axis, Line, Plane};
use crate::rng::Purpose;
use crate::statistics::{Sample, describe::quantile};

/// One value per hour.
pub type Hours = [f64; HOURS];

/// A day: `before` is without response, with vehicles charging as they come home; `after` is the equilibrium.
#[derive(Debug, Clone)]
pub struct Day {
    /// Load of the vehicles before [kW].
    pub vehicles_before: Hours,
    /// Load of the vehicles after [kW].
    pub vehicles_after: Hours,
    /// Load of all homes of each group after [kW].
    pub groups_after: [Hours; GROUPS.len()],
    /// Total load before [kW].
    pub before: Hours,
    /// Total load after [kW].
    pub after: Hours,
    /// Prices before [cents/kWh].
    pub prices_before: Hours,
    /// Prices after [cents/kWh].
    pub prices_after: Hours,
    /// Total payments before and after [$].
    pub paid: [f64; 2],
    /// Cost of generation before and after [$].
    pub cost: [f64; 2],
    /// Total hours of charging, by hour of the day.
    pub charging: Hours,
    /// Vehicles that are at home, by hour.
    pub at_home: Hours,
    /// Whether no player changes its schedule any more.
    pub settled: bool,
    /// Whether all vehicles keep their limits and are full at departure.
    pub all_full: bool,
    /// Gap of the potential, as a share of the payments.
    pub gap: f64,
}

/// Steps in which the bound of a day is tightened.
const BOUND_STEPS: usize = 20;

impl Day {
    fn draw(case: &Case, context: &Context<'_>, replication: u32) -> Result<Self> {
        let mut random = context.streams(replication).stream(Purpose::Synthesis, 0);
        let game = case.game(case.vehicles(&mut random))?;
        let found = solve(&game);
        let bound = bound(&game, &found.plans, 0.0, BOUND_STEPS);
        let retailer = game.retailer();
        let vehicles_before = hours(&uncontrolled(game.vehicles()));
        let before: Hours = std::array::from_fn(|t| case.nominal[t] + vehicles_before[t]);
        let prices_before = hours(&retailer.prices(&before));
        let paid_before: f64 = before.iter().zip(&prices_before).map(|(g, price)| g * price).sum();
        let (mut charging, mut at_home) = ([0.0; HOURS], [0.0; HOURS]);
        for (vehicle, schedule) in game.vehicles().iter().zip(&found.plans.vehicles) {
            for t in vehicle.stay(HOURS) {
                at_home[t] += 1.0;
                charging[t] += f64::from(u8::from(schedule[t] == 1));
            }
        }
        let group = |k: usize| {
            let count = f64::from(game.households()[k].count);
            std::array::from_fn(|t| count * found.plans.households[k][t])
        };
        let full = |(vehicle, schedule)| follows(vehicle, schedule);
        Ok(Self {
            vehicles_after: hours(&found.plans.vehicle_load(&game)),
            groups_after: std::array::from_fn(group),
            after: hours(&found.load),
            prices_after: hours(&found.prices),
            paid: [paid_before / CENTS, found.payments / CENTS],
            cost: [retailer.cost(&before) / CENTS, found.cost / CENTS],
            charging,
            at_home,
            settled: found.ending == Ending::Settled,
            all_full: game.vehicles().iter().zip(found.plans.vehicles.iter().map(Vec::as_slice)).all(full),
            gap: bound.gap / found.payments,
            vehicles_before,
            before,
            prices_before,
        })
    }
}

/// Cents in a dollar.
const CENTS: f64 = 100.0;

fn hours(list: &[f64]) -> Hours {
    std::array::from_fn(|t| list[t])
}

/// Draws the days of a run, in parallel.
pub fn draw(case: &Case, context: &Context<'_>) -> Result<Vec<Day>> {
    let replications: Vec<u32> = (0..context.replications()).collect();
    context.map(&replications, |&replication| Day::draw(case, context, replication))
}

/// Values by hour over all days.
pub struct Profile {
    /// Mean.
    pub mean: Vec<f64>,
    /// Standard deviation; 0 for a single day.
    pub sd: Vec<f64>,
    /// Values with 5 % of the days below and 5 % above, respectively.
    pub band: Vec<(f64, f64)>,
}

impl Profile {
    /// Profile of the values that `values_of` selects.
    pub fn of(days: &[Day], values_of: impl Fn(&Day) -> Hours) -> Self {
        let (mut mean, mut sd, mut band) = (Vec::new(), Vec::new(), Vec::new());
        for t in 0..HOURS {
            let mut values: Vec<f64> = days.iter().map(|day| values_of(day)[t]).collect();
            let sample = Sample::of(&values);
            mean.push(sample.map_or(f64::NAN, |sample| sample.mean));
            sd.push(sample.and_then(|sample| sample.sd).unwrap_or(0.0));
            values.sort_by(f64::total_cmp);
            let at = |share| quantile(&values, share).unwrap_or(f64::NAN);
            band.push((at(0.05), at(0.95)));
        }
        Self { mean, sd, band }
    }

    /// Hour of the greatest mean, and that mean.
    pub fn peak(&self) -> (usize, f64) {
        greatest(&self.mean)
    }

    /// The profile in steps, with the band between 5 and 95 % of the days.
    pub fn line(&self, name: &str) -> Line {
        let ends = |value: fn(f64, (f64, f64)) -> f64, t: usize| value(self.mean[t], self.band[t]);
        let twice = |t: usize| [t, t + 1].map(move |x| (x, t));
        let band = (0..HOURS)
            .flat_map(twice)
            .map(|(x, t)| (x as f64, ends(|_, b| b.0, t), ends(|_, b| b.1, t)))
            .collect();
        plain(name, &self.mean).band(band)
    }
}

/// A line in steps over the hours of a day.
pub fn plain(name: &str, by_hour: &[f64]) -> Line {
    let last = by_hour.last().map(|y| (by_hour.len() as f64, *y));
    let points = by_hour.iter().enumerate().map(|(t, y)| (t as f64, *y)).chain(last).collect();
    Line::new(name, points).steps()
}

/// A plane over the hours of a day.
pub fn day_plane(y: Axis) -> Plane {
    Plane::new(Axis::number("hour of the day", "").within(0.0, HOURS as f64), y)
}

/// Position and value of the maximum.
pub fn greatest(list: &[f64]) -> (usize, f64) {
    let better = |best: (usize, f64), (t, &x): (usize, &f64)| if x > best.1 { (t, x) } else { best };
    list.iter().enumerate().fold((0, f64::NEG_INFINITY), better)
}

/// Notes that apply to every target.
pub fn notes(days: usize) -> Vec<String> {
    vec![
        format!(
            "{days} days are drawn: arrival, departure and distance of each of the 50 vehicles. The paper shows their \
             distributions in pictures only; the histograms used are assumed, in the shape of its text."
        ),
        "The load of the homes is not published. It is assumed in the shape of a summer day, with the published peak \
         and energy: these two hold before the price is answered to because they are put in."
            .to_owned(),
        "Assumed as well: a third of the homes' load and 650 homes in each group, a_t = 0.02 from 8:00 on, a floor of \
         20 % in batteries, at most 8 active hours, and charging in whole hours."
            .to_owned(),
    ]
}

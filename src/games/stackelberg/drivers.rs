//! Behaviour of drivers: arrival and departure times and daily distances, as histograms for random draws.

use super::model::Vehicle;
use rand::RngExt;

/// A histogram of values: of hours, or of distance ranges.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Lower edge of the first bin.
    pub from: f64,
    /// Width of each bin.
    pub width: f64,
    /// Weight of each bin; they need not sum to 1.
    pub weights: Vec<f64>,
}

impl Histogram {
    fn total(&self) -> f64 {
        self.weights.iter().sum()
    }

    /// Probability of each bin.
    pub fn shares(&self) -> Vec<f64> {
        let total = self.total();
        self.weights.iter().map(|weight| weight / total).collect()
    }

    /// Draws a bin; returns its index and the relative position within it, at least 0 and below 1.
    fn draw(&self, random: &mut impl RngExt) -> (usize, f64) {
        let mut left = random.random_range(0.0..self.total());
        let last = self.weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0);
        for (bin, &weight) in self.weights.iter().enumerate() {
            if left < weight || bin == last {
                return (bin, random.random_range(0.0..1.0));
            }
            left -= weight;
        }
        (last, 0.0)
    }

    /// Draws a value: a bin by its weight, and uniformly within it.
    pub fn value(&self, random: &mut impl RngExt) -> f64 {
        let (bin, part) = self.draw(random);
        self.from + self.width * (bin as f64 + part)
    }

    /// Probability of a value above `x`, with uniform values within each bin.
    pub fn share_above(&self, x: f64) -> f64 {
        let part = |(bin, share): (usize, f64)| {
            let low = self.from + self.width * bin as f64;
            share * ((low + self.width - x) / self.width).clamp(0.0, 1.0)
        };
        self.shares().into_iter().enumerate().map(part).sum()
    }

    /// Mean value.
    pub fn mean(&self) -> f64 {
        let centre = |bin: usize| self.from + self.width * (bin as f64 + 0.5);
        self.shares().iter().enumerate().map(|(bin, share)| share * centre(bin)).sum()
    }
}

/// Behaviour of the drivers of a region. The three quantities are drawn independently.
#[derive(Debug, Clone, PartialEq)]
pub struct Drivers {
    /// Hour of arrival at home, in bins of an hour.
    pub arrival: Histogram,
    /// Hour of departure, in bins of an hour.
    pub departure: Histogram,
    /// Daily distance in miles.
    pub distance: Histogram,
}

impl Drivers {
    /// Drivers in rural New York State.
    ///
    /// The paper uses the National Household Travel Survey, in pictures without numbers (figures 2 to 4). The weights
    /// here are assumed, with the shape described in the text: arrival from late afternoon to evening, departure in the
    /// morning, right-skewed distances with a mean of 35 miles.
    pub fn rural_new_york() -> Self {
        let hours = |first: u32, weights: &[f64]| Histogram {
            from: f64::from(first),
            width: 1.0,
            weights: weights.to_vec(),
        };
        Self {
            // 14:00 to 23:59.
            arrival: hours(14, &[4.0, 8.0, 13.0, 19.0, 18.0, 13.0, 10.0, 8.0, 5.0, 2.0]),
            // 5:00 to 10:59.
            departure: hours(5, &[7.0, 20.0, 32.0, 22.0, 12.0, 7.0]),
            distance: Histogram {
                from: 0.0,
                width: 10.0,
                weights: vec![12.0, 19.0, 19.0, 15.0, 11.0, 8.0, 6.0, 4.0, 3.0, 2.0, 1.0],
            },
        }
    }
}

/// A vehicle model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VehicleModel {
    /// Name of the model.
    pub name: &'static str,
    /// Capacity [kWh].
    pub battery_kwh: f64,
    /// Power of charging and feeding back [kW].
    pub rated_kw: f64,
    /// Range on a full battery in miles.
    pub range_miles: f64,
}

impl VehicleModel {
    /// Maximum number of whole hours of charging that an empty battery can take.
    pub fn most_hours(&self) -> u32 {
        (self.battery_kwh / self.rated_kw).floor() as u32
    }

    /// Hours of charging required after a distance in miles: consumption is uniform over the range, a started hour
    /// counts as a whole one, and energy that does not fit into the battery is ignored.
    pub fn hours_needed(&self, miles: f64) -> u32 {
        ((miles / self.miles_per_hour()).ceil() as u32).min(self.most_hours())
    }

    /// Distance gained by an hour of charging, in miles.
    pub fn miles_per_hour(&self) -> f64 {
        self.rated_kw / self.battery_kwh * self.range_miles
    }

    /// Draws a vehicle of the model with a random driver. Slots are the 24 hours of a day.
    pub fn draw(&self, drivers: &Drivers, habits: Habits, random: &mut impl RngExt) -> Vehicle {
        let hour = |(bin, _): (usize, f64), histogram: &Histogram| histogram.from as usize + bin;
        let arrival = hour(drivers.arrival.draw(random), &drivers.arrival);
        let departure = hour(drivers.departure.draw(random), &drivers.departure);
        let miles = drivers.distance.value(random);
        Vehicle {
            rated_kw: self.rated_kw,
            battery_kwh: self.battery_kwh,
            soc_min: habits.soc_min,
            arrival,
            departure,
            hours_needed: self.hours_needed(miles),
            max_active_hours: habits.max_active_hours,
            omega: habits.omega,
            theta: habits.theta,
        }
    }
}

/// Common parameters of all vehicles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Habits {
    /// State of charge below which nothing is fed back.
    pub soc_min: f64,
    /// Maximum number of hours of charging and feeding back in a day.
    pub max_active_hours: u32,
    /// Marginal value of the first unit [money/kWh].
    pub omega: f64,
    /// Decrease of the marginal value per kW [money/kWh per kW].
    pub theta: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    const I3: VehicleModel =
        VehicleModel { name: "BMW i3", battery_kwh: 33.0, rated_kw: 7.0, range_miles: 114.0 };

    #[test]
    fn hours_needed_round_up_and_stay_within_the_battery() {
        // An hour of charging gives 7 / 33 * 114 = 24.2 miles.
        assert_eq!(
            [0.0, 1.0, 24.0, 25.0, 90.0, 113.0].map(|miles| I3.hours_needed(miles)),
            [0, 1, 1, 2, 4, 4]
        );
    }

    /// Drawn values match the probabilities of the histograms within five standard errors of 40,000 draws.
    #[test]
    fn drivers_are_drawn_as_the_histograms_say() {
        let drivers = Drivers::rural_new_york();
        let habits = Habits { soc_min: 0.2, max_active_hours: 8, omega: 5.0, theta: 0.1 };
        let mut random = rand_pcg::Pcg64::seed_from_u64(1);
        let n = 40_000;
        let vehicles: Vec<Vehicle> = (0..n).map(|_| I3.draw(&drivers, habits, &mut random)).collect();
        let near = |counted: usize, share: f64| {
            let error = (share * (1.0 - share) / n as f64).sqrt();
            let off = (counted as f64 / n as f64 - share).abs();
            assert!(off <= 5.0 * error, "{counted} of {n}, not {share}");
        };
        for (bin, share) in drivers.arrival.shares().into_iter().enumerate() {
            near(vehicles.iter().filter(|v| v.arrival == 14 + bin).count(), share);
        }
        for (bin, share) in drivers.departure.shares().into_iter().enumerate() {
            near(vehicles.iter().filter(|v| v.departure == 5 + bin).count(), share);
        }
        for hours in 0..4 {
            let share = drivers.distance.share_above(f64::from(hours) * I3.miles_per_hour());
            near(vehicles.iter().filter(|v| v.hours_needed > hours).count(), share);
        }
        assert!(vehicles.iter().all(|vehicle| vehicle.problems(24).is_empty()));
        assert!((drivers.distance.mean() - 35.2).abs() < 1e-9, "{}", drivers.distance.mean());
    }
}

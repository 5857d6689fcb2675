//! The best response of a vehicle: its hours of charging, resting and feeding back, by dynamic programming.
//!
//! The state at a slot consists of the net hours charged, k, and the hours fed back, d, so that the vehicle has been
//! active for k + 2 d hours. At the end k must equal the hours needed, which is a full battery; k never exceeds that
//! (no room) and does not fall below minus the hours to spare (the floor), and d is limited by the active hours beyond
//! the need. From the last slot to the first, the table contains the minimum cost from each (k, d) onwards. The result
//! is exact.

use super::model::Vehicle;

/// The tables; memory is reused between calls.
#[derive(Debug, Default)]
pub(super) struct Planner {
    /// Minimum cost from (k, d) to the departure, before the present slot and after it.
    before: Vec<f64>,
    after: Vec<f64>,
    /// Decision in each slot of the stay at (k, d).
    choices: Vec<i8>,
}

impl Planner {
    /// Computes the least-cost schedule into `schedule` \[T\] (1 charge, 0 idle or away, -1 feed back) and returns its
    /// cost. `charge` and `feed` \[T\] are the costs of an hour of charging or feeding back in each slot.
    ///
    /// Among equally good schedules it returns the one that rests in the first slot in which they differ, or charges
    /// where the other feeds back.
    pub fn plan(&mut self, vehicle: &Vehicle, charge: &[f64], feed: &[f64], schedule: &mut [i8]) -> f64 {
        let slots = schedule.len();
        let hours = vehicle.hours_at_home(slots);
        let needed = vehicle.hours_needed as usize;
        let fed_most = (vehicle.max_active_hours as usize).min(hours).saturating_sub(needed) / 2;
        // Index of (k, d) in a table.
        let width = fed_most + 1;
        let place = |up: usize, fed: usize| up * width + fed;
        // One entry for each k from minus `spare` on; more than the total hours fed back is never needed.
        let spare = (vehicle.hours_to_spare().max(0) as usize).min(fed_most);
        // Lowest index that can be reached by feeding back.
        let floor = vehicle.hours_to_spare().min(0).unsigned_abs() as usize;
        let states = (spare + needed + 1) * width;
        self.after.clear();
        self.after.resize(states, f64::INFINITY);
        self.after[place(spare + needed, 0)..].fill(0.0);
        self.before.resize(states, 0.0);
        self.choices.clear();
        self.choices.resize(states * hours, 0);
        for hour in (0..hours).rev() {
            let slot = (vehicle.arrival + hour) % slots;
            let choices = &mut self.choices[hour * states..][..states];
            for up in 0..=spare + needed {
                for fed in 0..=fed_most {
                    let mut best = self.after[place(up, fed)];
                    let mut choice = 0;
                    if up < spare + needed {
                        let cost = charge[slot] + self.after[place(up + 1, fed)];
                        if cost < best {
                            (best, choice) = (cost, 1);
                        }
                    }
                    if up > floor && fed < fed_most {
                        let cost = feed[slot] + self.after[place(up - 1, fed + 1)];
                        if cost < best {
                            (best, choice) = (cost, -1);
                        }
                    }
                    self.before[place(up, fed)] = best;
                    choices[place(up, fed)] = choice;
                }
            }
            std::mem::swap(&mut self.before, &mut self.after);
        }
        schedule.fill(0);
        let (mut up, mut fed) = (spare, 0);
        for (hour, slot) in vehicle.stay(slots).enumerate() {
            let choice = self.choices[hour * states + place(up, fed)];
            schedule[slot] = choice;
            match choice {
                1 => up += 1,
                -1 => (up, fed) = (up - 1, fed + 1),
                _ => {}
            }
        }
        self.after[place(spare, 0)]
    }
}

/// Whether a vehicle can follow a schedule \[T\]: rests while away, keeps the limits of its battery, is full at
/// departure and not active for too long.
pub fn follows(vehicle: &Vehicle, schedule: &[i8]) -> bool {
    let slots = schedule.len();
    let home: Vec<usize> = vehicle.stay(slots).collect();
    let elsewhere = (0..slots).filter(|t| !home.contains(t));
    let (floor, slack) = (vehicle.soc_min * vehicle.battery_kwh, 1e-9 * vehicle.battery_kwh);
    let mut charge = vehicle.charge_at_arrival();
    for &t in &home {
        charge += f64::from(schedule[t]) * vehicle.rated_kw;
        let too_low = schedule[t] < 0 && charge < floor - slack;
        if too_low || charge > vehicle.battery_kwh + slack {
            return false;
        }
    }
    let active: u32 = schedule.iter().map(|s| u32::from(s.unsigned_abs())).sum();
    (charge - vehicle.battery_kwh).abs() <= slack
        && active <= vehicle.max_active_hours
        && elsewhere.map(|t| schedule[t]).all(|s| s == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_back_where_it_pays_and_ends_full() {
        let vehicle = Vehicle {
            rated_kw: 10.0,
            battery_kwh: 50.0,
            soc_min: 0.2,
            arrival: 4,
            departure: 3,
            hours_needed: 1,
            max_active_hours: 5,
            omega: 5.0,
            theta: 0.1,
        };
        let prices = [2.0, 1.0, 3.0, 0.0, 9.0, 8.0, 7.0, 4.0];
        let feed: Vec<f64> = prices.iter().map(|p| -p).collect();
        let mut schedule = [0; 8];
        // Order of slots: 4, 5, 6, 7, 0, 1, 2. Five active hours: sells at 9 and 8, buys at 1, 2 and 3.
        let cost = Planner::default().plan(&vehicle, &prices, &feed, &mut schedule);
        assert_eq!((cost, schedule), (1.0 + 2.0 + 3.0 - 9.0 - 8.0, [1, 1, 1, 0, -1, -1, 0, 0]));
        assert!(follows(&vehicle, &schedule));
        // With equal prices for buying and selling, an additional active hour costs nothing and gains nothing.
        let flat = [1.0; 8];
        let cost = Planner::default().plan(&vehicle, &flat, &flat.map(|p| -p), &mut schedule);
        assert_eq!((cost, schedule.iter().map(|s| i32::from(*s)).sum::<i32>()), (1.0, 1));
    }

    #[test]
    fn infeasible_schedules_are_rejected() {
        let vehicle = Vehicle {
            rated_kw: 10.0,
            battery_kwh: 30.0,
            soc_min: 0.5,
            arrival: 1,
            departure: 4,
            hours_needed: 1,
            max_active_hours: 2,
            omega: 5.0,
            theta: 0.1,
        };
        assert!(follows(&vehicle, &[0, 0, 0, 1, 0]));
        assert!(!follows(&vehicle, &[1, 0, 0, 0, 0]), "away");
        assert!(!follows(&vehicle, &[0, 0, 0, 0, 0]), "not full");
        assert!(!follows(&vehicle, &[0, 1, 1, -1, 0]), "above the capacity");
        assert!(!follows(&vehicle, &[0, -1, 1, 1, 0]), "below the floor, and active for too long");
    }
}

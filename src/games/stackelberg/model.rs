//! The game: a retailer that sets prices, and households and vehicles that respond; validated on construction.

use super::error::{List, Player, PlayerProblem, Problem, Quantity, StackelbergError};

/// The leader: buys or generates the users' energy and sells it at a margin. One value per slot, T of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Retailer {
    /// Slope of the marginal cost in the load, above 0 [money/kWh per kW].
    pub a: Vec<f64>,
    /// Marginal cost at zero load, 0 or more [money/kWh].
    pub b: Vec<f64>,
    /// Cost at zero load, 0 or more [money/h].
    pub c: Vec<f64>,
    /// Margin: ratio of the price to the marginal cost; 1 or more.
    pub lambda: Vec<f64>,
    /// Maximum generation [kW]; infinity for no limit. It is unknown to users: violations are reported
    /// ([`over_capacity`](super::StackelbergEquilibrium::over_capacity)), and a retailer that chooses its margins gives
    /// priority to those that keep the load within it.
    pub capacity: Vec<f64>,
}

/// A household, or `count` equal ones, whose load can be shifted within the day.
#[derive(Debug, Clone, PartialEq)]
pub struct Household {
    /// Number of equal households represented, 1 or more. All values are those of a single one.
    pub count: u32,
    /// Daily energy [kWh]: the sum of the loads.
    pub energy: f64,
    /// Minimum load of each slot \[T\] in kW.
    pub low: Vec<f64>,
    /// Maximum load of each slot \[T\] in kW.
    pub high: Vec<f64>,
    /// Marginal value of the first unit \[T\] in money/kWh, above 0.
    pub omega: Vec<f64>,
    /// Decrease of the marginal value per kW, above 0 [money/kWh per kW].
    pub theta: f64,
}

/// A battery vehicle that is at home for a part of the day and charges, rests or feeds back, always at its rated power.
#[derive(Debug, Clone, PartialEq)]
pub struct Vehicle {
    /// Power of charging and of feeding back [kW].
    pub rated_kw: f64,
    /// Capacity [kWh].
    pub battery_kwh: f64,
    /// State of charge below which it does not feed back, at least 0 and below 1.
    pub soc_min: f64,
    /// First slot at home, counted from 0.
    pub arrival: usize,
    /// First slot after departure, up to T. If not after `arrival`, it is on the next day, because all days are alike.
    pub departure: usize,
    /// Hours of charging from arrival to a full battery.
    pub hours_needed: u32,
    /// Maximum number of hours in which it charges or feeds back.
    pub max_active_hours: u32,
    /// Marginal value of the first unit, above 0 [money/kWh].
    pub omega: f64,
    /// Decrease of the marginal value per kW, 0 or more [money/kWh per kW].
    pub theta: f64,
}

impl Retailer {
    /// Number of slots, T.
    pub fn slots(&self) -> usize {
        self.a.len()
    }

    /// Price of a slot at a load: the margin times the marginal cost (equation 3 of the paper).
    pub fn price(&self, slot: usize, load: f64) -> f64 {
        self.lambda[slot] * (self.a[slot] * load + self.b[slot])
    }

    /// Price of each slot.
    pub fn prices(&self, load: &[f64]) -> Vec<f64> {
        load.iter().enumerate().map(|(t, &g)| self.price(t, g)).collect()
    }

    /// Cost of serving a load for a day (equation 1 of the paper).
    pub fn cost(&self, load: &[f64]) -> f64 {
        let slot = |(t, g): (usize, &f64)| (self.a[t] / 2.0 * g + self.b[t]) * g + self.c[t];
        load.iter().enumerate().map(slot).sum()
    }

    /// Price increase of a slot per kW.
    pub(super) fn slope(&self, slot: usize) -> f64 {
        self.lambda[slot] * self.a[slot]
    }

    /// Problems of the retailer.
    pub fn problems(&self) -> Vec<Problem> {
        let slots = self.slots();
        if slots == 0 {
            return vec![Problem::NoSlots];
        }
        let mut problems = Vec::new();
        for (list, values) in [
            (List::A, &self.a),
            (List::B, &self.b),
            (List::C, &self.c),
            (List::Lambda, &self.lambda),
            (List::Capacity, &self.capacity),
        ] {
            if values.len() == slots {
                each(&mut problems, list, values);
            } else {
                problems.push(Problem::Length { list, found: values.len(), slots });
            }
        }
        problems
    }
}

impl Household {
    /// Creates a household with the nominal load `nominal`, adjustable from `least` to `most` times that.
    pub fn around(nominal: &[f64], least: f64, most: f64, omega: f64, theta: f64) -> Self {
        Self {
            count: 1,
            energy: nominal.iter().sum(),
            low: nominal.iter().map(|x| least * x).collect(),
            high: nominal.iter().map(|x| most * x).collect(),
            omega: vec![omega; nominal.len()],
            theta,
        }
    }

    /// Problems of the household over `slots` slots.
    pub fn problems(&self, slots: usize) -> Vec<Problem> {
        let mut problems = Vec::new();
        let lists = [(List::Low, &self.low), (List::High, &self.high), (List::Omega, &self.omega)];
        for (list, values) in lists {
            if values.len() != slots {
                problems.push(Problem::Length { list, found: values.len(), slots });
            }
        }
        if !problems.is_empty() {
            return problems;
        }
        for (list, values) in lists {
            each(&mut problems, list, values);
        }
        if self.count == 0 {
            problems.push(Problem::Quantity { quantity: Quantity::Count, value: 0.0 });
        }
        if !(self.theta > 0.0 && self.theta.is_finite()) {
            problems.push(Problem::Quantity { quantity: Quantity::HouseholdTheta, value: self.theta });
        }
        if let Some(slot) = (0..slots).find(|&t| self.low[t] > self.high[t]) {
            problems.push(Problem::Bounds { slot, low: self.low[slot], high: self.high[slot] });
        }
        if problems.is_empty() {
            let (least, most): (f64, f64) = (self.low.iter().sum(), self.high.iter().sum());
            let (slack, energy) = (1e-9 * most, self.energy);
            if energy.is_nan() || energy < least - slack {
                problems.push(Problem::EnergyBelow { energy, least });
            } else if energy > most + slack {
                problems.push(Problem::EnergyAbove { energy, most });
            }
        }
        problems
    }
}

impl Vehicle {
    /// Slots at home, in chronological order.
    pub fn stay(&self, slots: usize) -> impl Iterator<Item = usize> + use<> {
        let (arrival, hours) = (self.arrival, self.hours_at_home(slots));
        (arrival..arrival + hours).map(move |t| t % slots)
    }

    /// Number of hours at home.
    pub fn hours_at_home(&self, slots: usize) -> usize {
        if self.departure > self.arrival {
            self.departure - self.arrival
        } else {
            self.departure + slots - self.arrival
        }
    }

    /// Charge at arrival [kWh].
    pub fn charge_at_arrival(&self) -> f64 {
        self.battery_kwh - f64::from(self.hours_needed) * self.rated_kw
    }

    /// Hours of feeding back possible from the charge at arrival; if negative, the number of hours to charge first.
    pub fn hours_to_spare(&self) -> i32 {
        let spare = (self.charge_at_arrival() - self.soc_min * self.battery_kwh) / self.rated_kw;
        // Rounding must not remove an available hour.
        (spare + 1e-9).floor() as i32
    }

    /// Problems of the vehicle over `slots` slots.
    pub fn problems(&self, slots: usize) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut check = |quantity: Quantity, value: f64, fits: bool| {
            if !fits {
                problems.push(Problem::Quantity { quantity, value });
            }
        };
        let positive = |x: f64| x > 0.0 && x.is_finite();
        check(Quantity::RatedKw, self.rated_kw, positive(self.rated_kw));
        check(Quantity::BatteryKwh, self.battery_kwh, positive(self.battery_kwh));
        check(Quantity::SocMin, self.soc_min, (0.0..1.0).contains(&self.soc_min));
        check(Quantity::Omega, self.omega, positive(self.omega));
        check(Quantity::VehicleTheta, self.theta, self.theta >= 0.0 && self.theta.is_finite());
        let last = slots.saturating_sub(1);
        if self.arrival > last {
            problems.push(Problem::Arrival { slot: self.arrival, last });
        }
        if self.departure > slots {
            problems.push(Problem::Departure { slot: self.departure, last: slots });
        }
        if !problems.is_empty() {
            return problems;
        }
        let (needed, home) = (self.hours_needed, self.hours_at_home(slots));
        if needed as usize > home {
            problems.push(Problem::BeyondStay { needed, home });
        } else if needed > self.max_active_hours {
            problems.push(Problem::BeyondActive { needed, most: self.max_active_hours });
        } else if self.charge_at_arrival() < -1e-9 * self.battery_kwh {
            let hours = (self.battery_kwh / self.rated_kw).floor();
            problems.push(Problem::BeyondBattery { needed, hours });
        }
        problems
    }
}

/// A well-posed game.
#[derive(Debug, Clone)]
pub struct StackelbergGame {
    retailer: Retailer,
    households: Vec<Household>,
    vehicles: Vec<Vehicle>,
}

impl StackelbergGame {
    /// Validates and combines the parts.
    ///
    /// # Errors
    /// Every problem found.
    pub fn new(
        retailer: Retailer,
        households: Vec<Household>,
        vehicles: Vec<Vehicle>,
    ) -> Result<Self, StackelbergError> {
        let slots = retailer.slots();
        let mut problems = of(Player::Retailer, retailer.problems());
        if slots > 0 {
            for (i, household) in households.iter().enumerate() {
                problems.extend(of(Player::Household(i), household.problems(slots)));
            }
            for (i, vehicle) in vehicles.iter().enumerate() {
                problems.extend(of(Player::Vehicle(i), vehicle.problems(slots)));
            }
        }
        let game = Self { retailer, households, vehicles };
        if problems.is_empty() {
            problems.extend(of(Player::Retailer, game.least_load().into_iter().collect()));
        }
        if problems.is_empty() { Ok(game) } else { Err(StackelbergError::Players(problems)) }
    }

    /// Simple reasons why the retailer cannot serve any plans: in one slot, or over all slots.
    fn least_load(&self) -> Option<Problem> {
        let retailer = &self.retailer;
        for (slot, &most) in retailer.capacity.iter().enumerate() {
            let drawn: f64 = self.households.iter().map(|h| f64::from(h.count) * h.low[slot]).sum();
            let fed: f64 = self.vehicles.iter().map(|v| v.rated_kw).sum();
            if drawn - fed > most * (1.0 + 1e-9) {
                return Some(Problem::Capacity { slot, most, least: drawn - fed });
            }
        }
        let (energy, most) = (self.energy(), retailer.capacity.iter().sum::<f64>());
        (energy > most * (1.0 + 1e-9)).then_some(Problem::DayCapacity { most, energy })
    }

    /// Daily energy of all users [kWh], net of energy fed back.
    pub fn energy(&self) -> f64 {
        self.households.iter().map(|h| f64::from(h.count) * h.energy).sum::<f64>()
            + self.vehicles.iter().map(|v| f64::from(v.hours_needed) * v.rated_kw).sum::<f64>()
    }

    /// Number of slots, T.
    pub fn slots(&self) -> usize {
        self.retailer.slots()
    }
    /// The leader.
    pub fn retailer(&self) -> &Retailer {
        &self.retailer
    }
    /// The households.
    pub fn households(&self) -> &[Household] {
        &self.households
    }
    /// The vehicles.
    pub fn vehicles(&self) -> &[Vehicle] {
        &self.vehicles
    }

    /// The same users with other margins of the retailer.
    ///
    /// # Errors
    /// If the number of margins differs from the number of slots, or one is below 1.
    pub fn with_lambda(&self, lambda: Vec<f64>) -> Result<Self, StackelbergError> {
        let game = self.with_margins(lambda);
        let problems = of(Player::Retailer, game.retailer.problems());
        if problems.is_empty() { Ok(game) } else { Err(StackelbergError::Players(problems)) }
    }

    /// Like [`with_lambda`](Self::with_lambda), for valid margins.
    pub(super) fn with_margins(&self, lambda: Vec<f64>) -> Self {
        Self { retailer: Retailer { lambda, ..self.retailer.clone() }, ..self.clone() }
    }
}

/// Problems of a player of the game.
fn of(player: Player, problems: Vec<Problem>) -> Vec<PlayerProblem> {
    problems.into_iter().map(|problem| PlayerProblem { player, problem }).collect()
}

/// Adds the wrong values of a list; a value that is wrong in all slots is reported once.
fn each(problems: &mut Vec<Problem>, list: List, values: &[f64]) {
    let wrong: Vec<usize> = (0..values.len()).filter(|&t| !list.fits(values[t])).collect();
    let alike = wrong.len() == values.len() && values.iter().all(|x| x.to_bits() == values[0].to_bits());
    for &t in if alike { &wrong[..wrong.len().min(1)] } else { &wrong } {
        problems.push(Problem::Value { list, slot: (!alike).then_some(t), value: values[t] });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::error::InputError;

    fn vehicle(arrival: usize, departure: usize) -> Vehicle {
        Vehicle {
            rated_kw: 7.0,
            battery_kwh: 33.0,
            soc_min: 0.2,
            arrival,
            departure,
            hours_needed: 2,
            max_active_hours: 8,
            omega: 5.0,
            theta: 0.1,
        }
    }

    #[test]
    fn a_stay_goes_on_over_midnight() {
        let stay = |arrival, departure| vehicle(arrival, departure).stay(24).collect::<Vec<_>>();
        assert_eq!(stay(22, 2), [22, 23, 0, 1]);
        assert_eq!(stay(3, 5), [3, 4]);
        assert_eq!(stay(0, 24), (0..24).collect::<Vec<_>>());
        assert_eq!(stay(5, 5).len(), 24);
        assert_eq!(stay(23, 0), [23]);
    }

    #[test]
    fn what_can_be_fed_back_is_whole_hours_above_the_floor() {
        // 33 - 2 * 7 = 19 kWh at arrival, the floor is 6.6: 12.4 kWh are one hour of 7 kW.
        assert_eq!(vehicle(18, 7).hours_to_spare(), 1);
        assert_eq!(Vehicle { soc_min: 0.0, ..vehicle(18, 7) }.hours_to_spare(), 2);
        assert_eq!(Vehicle { battery_kwh: 15.0, ..vehicle(18, 7) }.hours_to_spare(), -1);
        assert_eq!(Vehicle { battery_kwh: 14.0, ..vehicle(18, 7) }.charge_at_arrival(), 0.0);
    }

    #[test]
    fn each_problem_has_its_key() {
        let keys = |problems: Vec<Problem>| -> Vec<String> {
            problems.iter().map(|problem| InputError::from(problem).key.unwrap()).collect()
        };
        let keys_of_game = |wrong: StackelbergError| -> Vec<String> {
            let StackelbergError::Players(problems) = wrong else { panic!("{wrong}") };
            problems.iter().map(|problem| InputError::from(problem).key.unwrap()).collect()
        };
        for (wrong, key) in [
            (Vehicle { hours_needed: 5, ..vehicle(22, 2) }, "hours_needed"),
            (Vehicle { hours_needed: 5, ..vehicle(18, 7) }, "hours_needed"),
            (Vehicle { max_active_hours: 1, ..vehicle(18, 7) }, "hours_needed"),
            (vehicle(24, 7), "arrival"),
            (vehicle(20, 25), "departure"),
            (Vehicle { rated_kw: -7.0, ..vehicle(18, 7) }, "rated_kw"),
            (Vehicle { soc_min: 1.0, ..vehicle(18, 7) }, "soc_min"),
            (Vehicle { theta: f64::NAN, ..vehicle(18, 7) }, "theta"),
        ] {
            assert_eq!(keys(wrong.problems(24)), [key], "{wrong:?}");
        }
        assert!(vehicle(18, 7).problems(24).is_empty());
        let household = Household::around(&[1.0, 2.0], 0.5, 1.5, 5.0, 0.1);
        assert!(household.problems(2).is_empty());
        for (wrong, key) in [
            (Household { energy: 1.0, ..household.clone() }, "energy"),
            (Household { energy: 5.0, ..household.clone() }, "energy"),
            (Household { theta: 0.0, ..household.clone() }, "theta"),
            (Household { low: vec![-1.0, 0.0], ..household.clone() }, "min[0]"),
            (Household { omega: vec![-1.0, -1.0], ..household.clone() }, "omega"),
            (Household { high: vec![1.5], ..household.clone() }, "max"),
            (Household { count: 0, ..household }, "count"),
        ] {
            assert_eq!(keys(wrong.problems(2)), [key], "{wrong:?}");
        }
        let one = || vec![1.0];
        let wrong = Retailer { a: vec![0.0], b: vec![-1.0], c: one(), lambda: vec![0.5], capacity: one() };
        let wrong = StackelbergGame::new(wrong, vec![], vec![]).unwrap_err();
        assert_eq!(keys_of_game(wrong), ["retailer.a", "retailer.b", "retailer.lambda"]);
        // The capacity is below the minimum demand of the users, in one slot or in total.
        for (capacity, key) in [(vec![0.4, 9.0], "retailer.g_max[0]"), (vec![1.4, 1.4], "retailer.g_max")] {
            let two = || vec![1.0; 2];
            let scarce = Retailer { a: two(), b: two(), c: two(), lambda: two(), capacity };
            let household = Household::around(&[1.0, 2.0], 0.5, 1.5, 5.0, 0.1);
            let wrong = StackelbergGame::new(scarce, vec![household], vec![]).unwrap_err();
            assert_eq!(keys_of_game(wrong), [key]);
        }
    }
}

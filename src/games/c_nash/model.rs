//! The game of charging stations with load-dependent prices: players and costs.
//!
//! Section 3 of Kudva, Kulkarni, Maheshwari, Aswani and Sastry, "Understanding the impact of coalitions between EV
//! charging stations"; extended by price slopes that differ by step, station bounds, common limits, and price-elastic
//! demand.

use super::delivery::Delivery;
use super::profiles::Profiles;
use gridfleet_core::error::{Error, InputError, Result};

/// A bound on the load of a station at a step, in the unit of the profiles.
#[derive(Debug, Clone, PartialEq)]
pub enum LoadBound {
    /// One value for all stations and steps; infinite for no bound.
    Same(f64),
    /// One value per station \[N\], the same at all steps.
    Station(Vec<f64>),
    /// One value per station and step.
    Step(Profiles),
}

impl LoadBound {
    /// The bound of station `i` at step `t`.
    #[inline]
    pub fn at(&self, i: usize, t: usize) -> f64 {
        match self {
            Self::Same(x) => *x,
            Self::Station(list) => list[i],
            Self::Step(profiles) => profiles.row(i)[t],
        }
    }
}

/// A station with price-elastic total demand: its utility of drawing `d` in total is `value * d - slope / 2 * d^2`
/// (linear-quadratic: assumed; the paper leaves it open).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elastic {
    /// Minimum total demand.
    pub min: f64,
    /// Maximum total demand.
    pub max: f64,
    /// Marginal value of the first unit, in units of the price.
    pub value: f64,
    /// Decrease of the marginal value per unit, above 0.
    pub slope: f64,
}

/// Parameters of a game with N stations and T steps; checked by [`CNashGame::new`].
///
/// Energy, price and money may be in any units, as long as money is price times energy.
#[derive(Debug, Clone, PartialEq)]
pub struct CNashParameters {
    /// Price at zero load, a\[T\].
    pub base_price: Vec<f64>,
    /// Price increase per unit of load, b\[T\], above 0.
    pub slope: Vec<f64>,
    /// Sensitivity of each station to deviations from its nominal profile, mu\[N\], above 0.
    pub sensitivity: Vec<f64>,
    /// Nominal (preferred) profile of each station, N rows of T. Its sum is the demand d of the station.
    pub nominal: Profiles,
    /// Demand of each station, d\[N\], if given explicitly: it must be the sum of the nominal profile.
    pub demand: Option<Vec<f64>>,
    /// Minimum load of a station at a step; minus infinity for no bound.
    pub min: LoadBound,
    /// Maximum load of a station at a step; infinity for no bound.
    pub max: LoadBound,
    /// Maximum total load of all stations, \[T\]; infinity for no limit at a step.
    pub limit: Option<Vec<f64>>,
    /// Price-elastic demand, one entry per station; otherwise demand is the sum of the nominal profile.
    pub elastic: Option<Vec<Elastic>>,
    /// Demand that is not the sum of the nominal profile, and rows on the energy drawn so far. Not with `elastic`.
    pub delivery: Option<Delivery>,
}

impl CNashParameters {
    /// A game without bounds, limits or elastic demand.
    pub fn unbounded(
        base_price: Vec<f64>,
        slope: Vec<f64>,
        sensitivity: Vec<f64>,
        nominal: Profiles,
    ) -> Self {
        Self {
            base_price,
            slope,
            sensitivity,
            nominal,
            demand: None,
            min: LoadBound::Same(f64::NEG_INFINITY),
            max: LoadBound::Same(f64::INFINITY),
            limit: None,
            elastic: None,
            delivery: None,
        }
    }
}

/// A well-posed game, except that its stations may be unable to keep the common limit.
#[derive(Debug, Clone)]
pub struct CNashGame {
    parameters: CNashParameters,
    demand: Vec<f64>,
}

impl CNashGame {
    /// Checks the parameters.
    ///
    /// # Errors
    /// Every problem found. The keys are those of `gridfleet solve c-nash`: `a`, `b`, `mu`, `nominal`, `d`,
    /// `bounds.min`, `bounds.max`, `limit`, `elastic`; of rows `delivery.demand`, `delivery.rows`.
    pub fn new(parameters: CNashParameters) -> Result<Self> {
        let demand = match &parameters.delivery {
            Some(delivery) => delivery.demand.clone(),
            None => parameters.nominal.rows().map(|row| row.iter().sum()).collect(),
        };
        let game = Self { parameters, demand };
        let mut problems = game.shapes();
        if problems.is_empty() {
            problems = game.figures();
        }
        if problems.is_empty() { Ok(game) } else { Err(Error::Input(problems)) }
    }

    /// Parameters of the game.
    pub fn parameters(&self) -> &CNashParameters {
        &self.parameters
    }
    /// Number of stations, N.
    pub fn stations(&self) -> usize {
        self.parameters.sensitivity.len()
    }
    /// Number of steps, T.
    pub fn steps(&self) -> usize {
        self.parameters.base_price.len()
    }
    /// Demand of each station, d\[N\]: the sum of its nominal profile, unless it is given with rows.
    pub fn demand(&self) -> &[f64] {
        &self.demand
    }
    /// Whether the closed form applies: no bounds, no limit, fixed demand.
    pub fn is_unbounded(&self) -> bool {
        let p = &self.parameters;
        p.min == LoadBound::Same(f64::NEG_INFINITY)
            && p.max == LoadBound::Same(f64::INFINITY)
            && p.limit.is_none()
            && p.elastic.is_none()
            && p.delivery.is_none()
    }
    /// Price of each step at a total load, p = a + b * load.
    pub fn prices(&self, load: &[f64]) -> Vec<f64> {
        let p = &self.parameters;
        p.base_price.iter().zip(&p.slope).zip(load).map(|((a, b), load)| a + b * load).collect()
    }
    /// Cost of each station: its payments, plus mu / 2 times the squared distance from the nominal profile (equation 1
    /// of the paper).
    pub fn costs(&self, profiles: &Profiles, prices: &[f64]) -> Vec<f64> {
        let p = &self.parameters;
        let cost = |(i, x): (usize, &[f64])| {
            let (mut paid, mut away) = (0.0, 0.0);
            for ((x, nominal), price) in x.iter().zip(p.nominal.row(i)).zip(prices) {
                paid += price * x;
                away += (x - nominal) * (x - nominal);
            }
            paid + p.sensitivity[i] / 2.0 * away
        };
        profiles.rows().enumerate().map(cost).collect()
    }
    /// Value of the energy drawn for each station with elastic demand; empty if demand is fixed.
    pub fn values(&self, profiles: &Profiles) -> Vec<f64> {
        let Some(elastic) = &self.parameters.elastic else { return Vec::new() };
        let value = |(e, x): (&Elastic, &[f64])| {
            let d: f64 = x.iter().sum();
            e.value * d - e.slope / 2.0 * d * d
        };
        elastic.iter().zip(profiles.rows()).map(value).collect()
    }

    /// Problems with the lengths of lists.
    fn shapes(&self) -> Vec<InputError> {
        let p = &self.parameters;
        let (n, t) = (self.stations(), self.steps());
        let mut problems = Vec::new();
        for (key, length) in [("a", t), ("mu", n)] {
            if length == 0 {
                problems.push(InputError::new("an empty list", "at least one figure").key(key));
            }
        }
        if !problems.is_empty() {
            return problems;
        }
        let mut check = |key: &str, found: usize, expected: usize, item: &str| {
            if found != expected {
                let expected = format!("{expected}, one for each {item}");
                problems.push(InputError::new(counted(found, "figure"), expected).key(key));
            }
        };
        check("b", p.slope.len(), t, "step of a");
        check("nominal", p.nominal.stations(), n, "station of mu");
        check("nominal[0]", p.nominal.steps(), t, "step of a");
        if let Some(list) = &p.demand {
            check("d", list.len(), n, "station of mu");
        }
        for (key, bound) in [("bounds.min", &p.min), ("bounds.max", &p.max)] {
            match bound {
                LoadBound::Same(_) => {}
                LoadBound::Station(list) => check(key, list.len(), n, "station of mu"),
                LoadBound::Step(rows) => {
                    check(key, rows.stations(), n, "station of mu");
                    check(&format!("{key}[0]"), rows.steps(), t, "step of a");
                }
            }
        }
        if let Some(list) = &p.limit {
            check("limit", list.len(), t, "step of a");
        }
        if let Some(list) = &p.elastic {
            check("elastic", list.len(), n, "station of mu");
        }
        if let Some(delivery) = &p.delivery {
            check("delivery.demand", delivery.demand.len(), n, "station of mu");
            for rows in [&delivery.least, &delivery.most] {
                check("delivery.rows", rows.stations(), n, "station of mu");
                check("delivery.rows[0]", rows.steps(), t, "step of a");
            }
        }
        problems
    }

    /// Problems with single values.
    fn figures(&self) -> Vec<InputError> {
        let p = &self.parameters;
        let mut problems = Vec::new();
        let mut each = |key: &str, list: &[f64], expected: &str, fits: fn(f64) -> bool| {
            for (k, &x) in list.iter().enumerate().filter(|(_, x)| !fits(**x)) {
                problems.push(InputError::new(x.to_string(), expected).key(format!("{key}[{k}]")));
            }
        };
        let positive = |x: f64| x > 0.0 && x.is_finite();
        each("a", &p.base_price, "a finite number", f64::is_finite);
        each("b", &p.slope, "a number above 0", positive);
        each("mu", &p.sensitivity, "a number above 0", positive);
        if let Some(limit) = &p.limit {
            each("limit", limit, "a number", |x| !x.is_nan() && x > f64::NEG_INFINITY);
        }
        for (i, row) in p.nominal.rows().enumerate() {
            each(&format!("nominal[{i}]"), row, "a finite number", f64::is_finite);
        }
        if problems.is_empty() {
            for i in 0..self.stations() {
                match self.station(i) {
                    // A wrong value shared by all stations is reported once.
                    Some(problem) if problems.last().is_some_and(|last| alike(last, &problem)) => {}
                    problem => problems.extend(problem),
                }
            }
        }
        if problems.is_empty() {
            problems.extend(self.least_load());
        }
        problems
    }

    /// Problem with the demand and the bounds of one station.
    fn station(&self, i: usize) -> Option<InputError> {
        let p = &self.parameters;
        let sum = self.demand[i];
        let size: f64 = p.nominal.row(i).iter().map(|x| x.abs()).sum();
        let slack = 1e-9 * size.max(sum.abs()).max(f64::MIN_POSITIVE);
        let problem = |expected: String| {
            let found = format!("a profile that sums to {}", short(sum));
            Some(InputError::new(found, expected).key(format!("nominal[{i}]")))
        };
        if !sum.is_finite() {
            return problem("a finite sum".to_owned());
        }
        if let Some(d) = p.demand.as_ref().map(|list| list[i])
            && (d.is_nan() || (sum - d).abs() > slack)
        {
            return problem(format!("{d}, the d of the station"));
        }
        let (mut least, mut most) = (0.0, 0.0);
        for t in 0..self.steps() {
            let (low, high) = (p.min.at(i, t), p.max.at(i, t));
            if !(low <= high && low < f64::INFINITY && high > f64::NEG_INFINITY) {
                // Bounds shared by all stations are reported once.
                let place = match (&p.min, &p.max) {
                    (LoadBound::Same(_), LoadBound::Same(_)) => String::new(),
                    _ => format!(" (station {i}, step {t})"),
                };
                let found = format!("a range from {low} to {high}{place}");
                return Some(InputError::new(found, "a least that is at most the most").key("bounds"));
            }
            least += low;
            most += high;
        }
        let within = |key: String, wanted: String, low: f64, high: f64| {
            let bounds = if low > most + slack {
                format!("at most {}, the sum of its upper bounds", short(most))
            } else {
                format!("at least {}, the sum of its lower bounds", short(least))
            };
            (low > most + slack || high < least - slack).then(|| InputError::new(wanted, bounds).key(key))
        };
        match p.elastic.as_ref().map(|list| list[i]) {
            None => {
                let key = if p.delivery.is_some() { "delivery.demand" } else { "nominal" };
                let wanted = format!("a demand of {}", short(sum));
                within(format!("{key}[{i}]"), wanted, sum, sum).or_else(|| {
                    let delivery = p.delivery.as_ref()?;
                    delivery.check(i, &p.min, &p.max, slack).err().map(InputError::from)
                })
            }
            Some(e) => {
                let finite = [e.min, e.max, e.value, e.slope].iter().all(|x| x.is_finite());
                let key = format!("elastic[{i}]");
                if p.delivery.is_some() {
                    return Some(InputError::new("elastic demand with rows", "one of the two").key(key));
                }
                if !finite || e.min > e.max || e.slope <= 0.0 {
                    let found = format!("min {}, max {}, value {}, slope {}", e.min, e.max, e.value, e.slope);
                    let expected = "finite numbers, min at most max, slope above 0";
                    return Some(InputError::new(found, expected).key(key));
                }
                within(key, format!("a demand from {} to {}", e.min, e.max), e.min, e.max)
            }
        }
    }

    /// Simple reasons why no profiles can keep the limit: at one step, or over all steps.
    fn least_load(&self) -> Option<InputError> {
        let p = &self.parameters;
        let limit = p.limit.as_ref()?;
        let lowest = |t: usize| (0..self.stations()).map(|i| p.min.at(i, t)).sum::<f64>();
        for (t, &most) in limit.iter().enumerate() {
            let least = lowest(t);
            if least > most + 1e-9 * least.abs() {
                let expected = format!("at least {}, the sum of the lower bounds", short(least));
                return Some(InputError::new(most.to_string(), expected).key(format!("limit[{t}]")));
            }
        }
        let least: f64 = match &p.elastic {
            Some(list) => list.iter().map(|e| e.min).sum(),
            None => self.demand.iter().sum(),
        };
        let most: f64 = limit.iter().sum();
        (least > most + 1e-9 * least.abs()).then(|| {
            let expected = format!("at least {}, the demand of all stations", short(least));
            InputError::new(format!("{} over all steps", short(most)), expected).key("limit")
        })
    }
}

/// Whether two consecutive problems are identical except for their position.
fn alike(a: &InputError, b: &InputError) -> bool {
    let list =
        |e: &InputError| e.key.as_ref().map(|key| key.split(['[', ' ']).next().unwrap_or("").to_owned());
    list(a) == list(b) && a.found == b.found && a.expected == b.expected
}

/// Formats a number without its last digits, which are rounding.
pub(super) fn short(x: f64) -> String {
    format!("{x:.8e}").parse().unwrap_or(x).to_string()
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

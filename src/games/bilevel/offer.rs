//! Feasible offers of an hour: the candidate prices, each with the shares and purchases possible at it.
//!
//! Below a step of our share the price can rise without losing any owner, so only prices at a step, or the maximum
//! price, can be optimal. At a step the indifferent owners choose in our favour (the optimistic response, as with the
//! paper's optimality conditions), so the share may be any value between the two sides of the step.
//!
//! At one price the profit of each scenario is concave and piecewise linear in (share, purchase). The attainable
//! profits, in all scenarios at once, are therefore dominated by mixtures of a few extreme points.

use super::hour::Hour;
use super::model::{BilevelGame, Purchase};
use super::owners::ShareRange;
use super::program::Program;

/// A price, the shares possible at it, and the method that selects share and purchase.
#[derive(Debug)]
pub struct PriceCandidate {
    /// Selling price [currency/MWh].
    pub price: f64,
    /// Minimum share of the demand.
    pub low: f64,
    /// Maximum share of the demand.
    pub high: f64,
    menu: Menu,
}

/// A share and purchases, with the resulting profit of this hour in each scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Share of the demand.
    pub share: f64,
    /// Day-ahead purchase in each scenario, in MWh.
    pub purchase: Vec<f64>,
    /// Profit in each scenario [currency].
    pub profits: Vec<f64>,
}

#[derive(Debug)]
enum Menu {
    /// All points that can be optimal.
    Corners(Vec<Point>),
    /// A linear program that finds the optimal point.
    Program(Program),
}

/// Maximum number of scenarios for which extreme points are enumerated; beyond it a linear program finds the best one.
const MOST_WITH_CORNERS: usize = 40;

impl PriceCandidate {
    /// All offers of an hour that satisfy the limits of balancing, in ascending order of price; empty if there is none.
    pub fn all(game: &BilevelGame, hour: usize) -> Vec<Self> {
        let parameters = game.parameters();
        let data = Hour::of(game, hour);
        let single = parameters.purchase == Purchase::Quantity;
        let by_corners = single && parameters.scenarios.len() <= MOST_WITH_CORNERS;
        prices(game, hour)
            .into_iter()
            .filter_map(|price| {
                let ShareRange { low, high } = game.share(price, hour);
                let menu = if by_corners {
                    Menu::Corners(corners(&data, price, low, high))
                } else {
                    Menu::Program(Program::new(game, hour, price, (low, high)))
                };
                let offer = Self { price, low, high, menu };
                offer.best(&data, &game.probabilities()).is_some().then_some(offer)
            })
            .collect()
    }

    /// The point with the greatest weighted sum of profits; `None` if no point satisfies the limits.
    pub fn best(&self, hour: &Hour, weights: &[f64]) -> Option<(f64, Point)> {
        let value = |point: &Point| point.profits.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>();
        match &self.menu {
            Menu::Corners(corners) => {
                let best = corners.iter().map(|point| (value(point), point));
                let best = best.reduce(|best, next| if next.0 > best.0 { next } else { best });
                best.map(|(value, point)| (value, point.clone()))
            }
            Menu::Program(program) => {
                let (share, purchase) = program.best(weights)?;
                let point = hour.point(self.price, share, purchase);
                Some((value(&point), point))
            }
        }
    }
}

/// Prices at the steps of our share up to the maximum price, and the maximum price; ascending.
fn prices(game: &BilevelGame, hour: usize) -> Vec<f64> {
    let (parameters, owners) = (game.parameters(), game.owners());
    let mut prices = vec![parameters.max_price];
    for f in 0..parameters.rivals.len() {
        let rivals = game.rival_prices(f, hour);
        let steps = (0..owners.aggregators()).map(|group| owners.threshold(group, &rivals));
        prices.extend(steps.filter(|step| (0.0..parameters.max_price).contains(step)));
    }
    prices.sort_by(f64::total_cmp);
    prices.dedup();
    prices
}

/// A line in the (share, purchase) plane: share * a + purchase * b = c.
#[derive(Clone, Copy)]
struct Line(f64, f64, f64);

/// All intersections of two lines along which a profit has a kink or a limit binds.
fn corners(hour: &Hour, price: f64, low: f64, high: f64) -> Vec<Point> {
    let mut lines = vec![Line(1.0, 0.0, low)];
    if high > low {
        lines.push(Line(1.0, 0.0, high));
    }
    lines.push(Line(0.0, 1.0, 0.0));
    for w in 0..hour.scenarios() {
        let d = hour.demand[w];
        // Purchase equal to use; energy given back equal to use; maximum purchase in the balancing market.
        lines.extend([Line(d, -1.0, 0.0), Line(2.0 * d, -1.0, 0.0), Line(d, -1.0, hour.positive_max)]);
        if hour.negative[w] > hour.positive[w] {
            lines.push(Line(2.0 * d, -1.0, hour.positive_max));
        }
    }
    let mut found: Vec<(f64, f64)> = Vec::new();
    for (i, one) in lines.iter().enumerate() {
        for other in &lines[..i] {
            let determinant = one.0 * other.1 - one.1 * other.0;
            if determinant.abs() <= 1e-12 * (1.0 + one.0.abs()) * (1.0 + other.0.abs()) {
                continue;
            }
            let share = (one.2 * other.1 - one.1 * other.2) / determinant;
            let purchase = (one.0 * other.2 - one.2 * other.0) / determinant;
            // Clamped, because rounding must not violate the limits.
            let within = share.clamp(low, high);
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + b.abs());
            if let Some(allowed) = hour.allowed(within, purchase)
                && near(share, within)
                && near(purchase, allowed)
            {
                found.push((within, allowed));
            }
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    found.dedup();
    let scenarios = hour.scenarios();
    found.into_iter().map(|(share, e)| hour.point(price, share, vec![e; scenarios])).collect()
}

//! The case study of the paper: a day of 24 hours, seven scenarios out of 200, three rivals, eight risk weights.
//!
//! The paper states the numbers of scenarios, the year of the prices, battery, charging power and confidence level. The
//! rivals' prices, fleet, demand profile and the orders of the price model are not published; the values here are
//! assumed.

use super::error::BilevelError;
use super::model::{BilevelGame, BilevelParameters, Purchase, RivalScenario, Scenario};
use super::scenarios::reduce::{Reduced, distances, forward};
use super::scenarios::{ArimaError, Orders, PriceModel, paths, rivals};
use rand::{Rng, RngExt};

/// Hours of the day.
pub const HOURS: usize = 24;
/// Number of sampled paths.
pub const PATHS: usize = 200;
/// Number of scenarios kept.
pub const KEPT: usize = 7;
/// Confidence level of the CVaR.
pub const ALPHA: f64 = 0.95;
/// Weights of the CVaR.
pub const BETAS: [f64; 8] = [0.1, 1.0, 5.0, 10.0, 20.0, 25.0, 30.0, 100.0];
/// Table 1: energy bought day-ahead, bought in the balancing market and given back, for each weight, in MWh.
pub const TABLE_1: [[f64; 3]; 8] = [
    [546.350, 118.816, 280.705],
    [545.499, 118.960, 279.998],
    [536.463, 121.184, 273.186],
    [535.274, 121.456, 272.269],
    [516.907, 122.922, 262.474],
    [501.044, 123.902, 254.940],
    [492.955, 125.648, 248.596],
    [467.315, 126.899, 235.772],
];
/// Orders of the model of each price series (assumed).
pub const ORDERS: Orders = Orders { plain: (2, 0, 1), seasonal: (0, 1, 1), period: HOURS };

/// Maximum energy drawn by a vehicle in an hour, in MWh: 3.6 kWh.
const VEHICLE_MWH: f64 = 0.0036;
/// Vehicles of all aggregators (assumed: with 36 % of 24 kWh a day at an efficiency of 0.9 they need 384 MWh, the total
/// of table 1: bought day-ahead + bought - given back).
const VEHICLES: f64 = 40_000.0;
const NEED_MWH: f64 = VEHICLES * 0.36 * 0.024 / 0.9;
/// Relative demand of each hour (assumed; according to the text, demand is high at night, low from 7 to 19, and rises
/// afterwards).
const PROFILE: [f64; HOURS] = [
    7.0, 7.0, 7.0, 6.5, 6.0, 5.5, 4.0, 2.5, 2.0, 2.0, 2.0, 2.0, 2.2, 2.2, 2.2, 2.4, 2.8, 3.2, 3.8, 4.6, 5.2,
    5.8, 6.6, 7.0,
];
/// Increase of demand with the day-ahead price, in MWh per EUR/MWh (assumed).
const KAPPA: f64 = 0.2;
/// Number of rival scenarios (assumed).
const RIVAL_SCENARIOS: usize = 9;
/// Standard deviation of the errors of the rivals' price forecasts, as a fraction of the price (assumed).
const RIVAL_SD: f64 = 0.1;

/// A day of the case study.
#[derive(Debug, Clone)]
pub struct CaseStudy {
    /// The sampled paths, \[path\]\[price\]\[hour\]; prices: day-ahead, positive, negative [EUR/MWh].
    pub paths: Vec<[Vec<f64>; 3]>,
    /// Demand of each path, \[path\]\[hour\], in MWh.
    pub demand: Vec<Vec<f64>>,
    /// The paths kept.
    pub reduced: Reduced,
    /// The game over the kept paths.
    pub game: BilevelGame,
}

/// Fits the price model to a year of hourly prices: day-ahead, positive, negative [EUR/MWh].
///
/// # Errors
/// If there are too few prices, or they are not finite.
pub fn price_model(prices: [Vec<f64>; 3]) -> Result<PriceModel, ArimaError> {
    PriceModel::fit(prices.into(), &[ORDERS; 3])
}

/// Samples the day after the year of the prices.
///
/// # Errors
/// If the prices do not yield a valid game.
pub fn draw(model: &PriceModel, random: &mut impl Rng) -> Result<CaseStudy, BilevelError> {
    let paths: Vec<[Vec<f64>; 3]> = (0..PATHS)
        .map(|_| {
            let mut prices = model.path(HOURS, random).into_iter();
            std::array::from_fn(|_| prices.next().unwrap_or_default())
        })
        .collect();
    let even = vec![1.0 / PATHS as f64; PATHS];
    let day_ahead: Vec<Vec<f64>> = paths.iter().map(|path| path[0].clone()).collect();
    let all: f64 = PROFILE.iter().sum();
    let expected = PROFILE.map(|part| part / all * NEED_MWH);
    let demand = paths::demand(&expected, KAPPA, &day_ahead, &even);
    let points: Vec<Vec<f64>> = paths.iter().map(|path| path.concat()).collect();
    let reduced = forward(&distances(&points), &even, KEPT);
    let mean: Vec<f64> =
        (0..HOURS).map(|t| day_ahead.iter().map(|path| path[t]).sum::<f64>() / PATHS as f64).collect();
    let rivals = rivals::draw(&rival_forecasts(&mean), &[RIVAL_SD; 3], RIVAL_SCENARIOS, random);
    let game = game(&paths, &demand, &reduced, rivals, random)?;
    Ok(CaseStudy { paths, demand, reduced, game })
}

fn game(
    paths: &[[Vec<f64>; 3]],
    demand: &[Vec<f64>],
    reduced: &Reduced,
    rivals: Vec<RivalScenario>,
    random: &mut impl Rng,
) -> Result<BilevelGame, BilevelError> {
    let scenarios = reduced.kept.iter().zip(&reduced.probabilities).map(|(&k, &probability)| {
        let [day_ahead, positive, negative] = paths[k].clone();
        Scenario { probability, day_ahead, positive, negative, demand: demand[k].clone() }
    });
    let asked = rivals.iter().flat_map(|f| f.prices.iter().flatten()).copied().fold(0.0, f64::max);
    // Drawn at random, as in the paper; without reluctance they have no effect.
    let shares: Vec<f64> = (0..4).map(|_| random.random_range(0.1..1.0)).collect();
    let sum: f64 = shares.iter().sum();
    BilevelGame::new(BilevelParameters {
        scenarios: scenarios.collect(),
        rivals,
        initial_shares: shares.iter().map(|share| share / sum).collect(),
        reluctance: vec![vec![0.0; 4]; 4],
        max_price: 1.5 * asked,
        positive_max: vec![VEHICLES * VEHICLE_MWH; HOURS],
        purchase: Purchase::Quantity,
    })
}

/// Forecasts of the rivals' prices, \[rival\]\[hour\] [EUR/MWh] (assumed): a flat price, one that follows the day-ahead
/// price, and a tariff for night (22 to 7) and day.
fn rival_forecasts(day_ahead: &[f64]) -> Vec<Vec<f64>> {
    let mean = day_ahead.iter().sum::<f64>() / day_ahead.len() as f64;
    let night = |t: usize| !(7..22).contains(&t);
    let by_hour = |price: &dyn Fn(usize) -> f64| (0..day_ahead.len()).map(price).collect();
    vec![
        by_hour(&|_| 1.35 * mean),
        by_hour(&|t| 1.3 * day_ahead[t]),
        by_hour(&|t| if night(t) { 1.2 * mean } else { 1.5 * mean }),
    ]
}

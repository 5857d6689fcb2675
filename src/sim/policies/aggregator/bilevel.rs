//! Leader of the bi-level game, one day at a time: scenarios from the known data, the game over them, and its best
//! plan.

use super::history::{Customers, PriceHistory, recent_asked, recent_day_ahead, recent_demand};
use super::spec::{AggregatorSpec, DemandForecast};
use super::{ANY_PRICE_PER_MWH, Day, DayPlan, Planner, Step};
use crate::policies::PolicyStream;
use crate::policies::bidding::Foresight;
use crate::world::{Competition, Setup, View};
use gridfleet_core::ids::MarketId;
use gridfleet_core::rng::Streams;
use gridfleet_core::time::DAY_S;
use gridfleet_games::bilevel::scenarios::reduce::{distances, forward};
use gridfleet_games::bilevel::scenarios::{Orders, PriceModel, paths, rivals};
use gridfleet_games::bilevel::{
    self, BilevelGame, BilevelParameters, BilevelSolution, Risk, RivalScenario, Scenario, SearchOptions,
};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64;
use std::sync::Arc;

/// Margin by which a price is set below a threshold at which owners are indifferent, so that they switch here, or above
/// it, so that they do not [currency/MWh]. Comparable markets quote in hundredths.
const TICK_PER_MWH: f64 = 0.01;
/// Relative gap at which a day's plan is accepted (assumed): forecast errors are much larger.
const GAP: f64 = 1e-3;
/// Node limit of a day's search, which then returns its best plan (assumed).
const MOST_NODES: usize = 2_000;

/// Leader of the game.
pub(super) struct Leader {
    spec: Spec,
    market: MarketId,
    foresight: Option<Arc<Foresight>>,
    streams: Streams,
    history: PriceHistory,
    model: Option<PriceModel>,
    /// Number of plans since the model was estimated.
    age: u32,
    /// Number of steps in a day.
    period: usize,
}

/// Parameters of `AggregatorSpec::Bilevel`.
struct Spec {
    risk: Risk,
    purchase: bilevel::Purchase,
    paths: usize,
    scenarios: usize,
    rival_scenarios: usize,
    history_days: i64,
    refit_days: u32,
    demand_sd: f64,
    kappa_mwh: f64,
}

impl Leader {
    /// `None` for any other policy.
    pub fn new(
        spec: &AggregatorSpec,
        market: MarketId,
        setup: &Setup,
        foresight: Option<Arc<Foresight>>,
        streams: Streams,
    ) -> Option<Self> {
        let &AggregatorSpec::Bilevel {
            beta,
            alpha,
            purchase,
            paths,
            scenarios,
            rival_scenarios,
            history_days,
            refit_days,
            demand_forecast,
            demand_sd,
            kappa_kwh_per_price,
        } = spec
        else {
            return None;
        };
        let spec = Spec {
            risk: Risk { beta, alpha },
            purchase: purchase.of_game(),
            paths: paths as usize,
            scenarios: scenarios as usize,
            rival_scenarios: rival_scenarios as usize,
            history_days: i64::from(history_days),
            refit_days,
            demand_sd,
            kappa_mwh: kappa_kwh_per_price / 1_000.0,
        };
        Some(Self {
            spec,
            market,
            foresight: foresight.filter(|_| demand_forecast == DemandForecast::Perfect),
            streams,
            history: PriceHistory::default(),
            model: None,
            age: 0,
            period: (DAY_S / setup.trading.markets[market].products.slot_s) as usize,
        })
    }

    /// The price model with all known prices; `None` if there are too few prices to estimate one.
    fn price_model(&mut self, view: View<'_>, slot_s: i64) -> Option<PriceModel> {
        self.history.update(view, self.market, slot_s, self.spec.history_days);
        let series = self.history.series.to_vec();
        if self.model.is_none() || self.age >= self.spec.refit_days {
            let days = self.spec.history_days as usize * self.period;
            let shortest = series.iter().map(Vec::len).min().unwrap_or(0);
            let recent = |prices: &Vec<f64>| prices[shortest.saturating_sub(days)..shortest].to_vec();
            let orders = Orders { period: self.period, ..bilevel::paper::ORDERS };
            self.model = PriceModel::fit(series.iter().map(recent).collect(), &[orders; 3]).ok();
            self.age = 0;
        }
        self.age += 1;
        Some(self.model.as_ref()?.knowing(series))
    }

    /// Prices of the day, \[path\]\[price\]\[slot\] [currency/MWh].
    fn price_paths(&mut self, view: View<'_>, day: Day, random: &mut Pcg64) -> Vec<[Vec<f64>; 3]> {
        let model = self.price_model(view, day.slot_s);
        let end = self.history.end(day.slot_s);
        let (Some(model), Some(end)) = (model, end) else {
            // No data to learn from: recent prices, with no profit in balancing.
            let hours = (0..day.count).map(|slot| recent_day_ahead(view, self.market, day.start(slot)));
            let same: Vec<f64> = hours.collect();
            return vec![[same.clone(), same.clone(), same]];
        };
        let steps = ((day.start(day.count) - end) / day.slot_s).max(0) as usize;
        (0..self.spec.paths)
            .map(|_| {
                let path = model.path(steps, random);
                // Slots whose prices are all known are not sampled, even if unknown slots follow.
                let price = |which: usize, slot: usize| {
                    let t = day.start(slot);
                    let known = || self.history.known(which, t, day.slot_s);
                    path[which]
                        .get(((t - end) / day.slot_s).max(0) as usize)
                        .filter(|_| t >= end)
                        .copied()
                        .or_else(known)
                        .unwrap_or(0.0)
                };
                let of_day = |which: usize| (0..day.count).map(|slot| price(which, slot)).collect::<Vec<_>>();
                let [day_ahead, mut positive, mut negative] = [of_day(0), of_day(1), of_day(2)];
                // A short position never pays less than the day-ahead price, and a long position never receives more:
                // the rule of two-price balancing, which independently sampled paths do not satisfy.
                for (hour, price) in day_ahead.iter().enumerate() {
                    positive[hour] = positive[hour].max(*price);
                    negative[hour] = negative[hour].min(*price);
                }
                [day_ahead, positive, negative]
            })
            .collect()
    }

    /// Demand of the day, \[path\]\[slot\] [MWh]: the forecast, an error common to the whole day, and a price-dependent
    /// part.
    fn demand(&self, view: View<'_>, day: Day, paths: &[[Vec<f64>; 3]], random: &mut Pcg64) -> Vec<Vec<f64>> {
        let expected = |slot: usize| match &self.foresight {
            Some(foresight) => foresight.competed_kwh(day.start(slot)).max(0.0) / 1_000.0,
            None => recent_demand(view, day, slot, Customers::All) / 1_000.0,
        };
        let expected: Vec<f64> = (0..day.count).map(expected).collect();
        let day_ahead: Vec<Vec<f64>> = paths.iter().map(|path| path[0].clone()).collect();
        let even = vec![1.0 / paths.len() as f64; paths.len()];
        let mut demand = paths::demand(&expected, self.spec.kappa_mwh, &day_ahead, &even);
        for of_path in &mut demand {
            let draw: f64 = StandardNormal.sample(random);
            let level = (1.0 + self.spec.demand_sd * draw).max(0.0);
            of_path.iter_mut().for_each(|mwh| *mwh *= level);
        }
        demand
    }

    fn scenarios(&mut self, view: View<'_>, day: Day, random: &mut Pcg64) -> Vec<Scenario> {
        let paths = self.price_paths(view, day, random);
        let demand = self.demand(view, day, &paths, random);
        // In the distance, demand has the same weight as prices of the same relative spread.
        let mean = |lists: &mut dyn Iterator<Item = f64>| {
            let (sum, n) = lists.fold((0.0, 0.0), |(sum, n), x| (sum + x, n + 1.0));
            sum / f64::max(n, 1.0)
        };
        let price = mean(&mut paths.iter().flat_map(|path| path[0].iter().map(|x| x.abs())));
        let mwh = mean(&mut demand.iter().flatten().copied());
        let scale = if mwh > 0.0 { price / mwh } else { 0.0 };
        let points: Vec<Vec<f64>> = paths
            .iter()
            .zip(&demand)
            .map(|(path, mwh)| path.concat().into_iter().chain(mwh.iter().map(|x| x * scale)).collect())
            .collect();
        let even = vec![1.0 / paths.len() as f64; paths.len()];
        let reduced = forward(&distances(&points), &even, self.spec.scenarios);
        let kept = reduced.kept.iter().zip(&reduced.probabilities);
        kept.map(|(&k, &probability)| {
            let [day_ahead, positive, negative] = paths[k].clone();
            Scenario { probability, day_ahead, positive, negative, demand: demand[k].clone() }
        })
        .collect()
    }

    /// Scenarios of rival prices: in each hour close to the prices of that hour over the last week.
    fn rivals(
        &self,
        view: View<'_>,
        competition: &Competition,
        day: Day,
        random: &mut Pcg64,
    ) -> Vec<RivalScenario> {
        let (mut forecasts, mut sds) = (Vec::new(), Vec::new());
        for &rival in &competition.retailers[1..] {
            let slots = (0..day.count).map(|slot| {
                // For a rival with no known prices: as expensive as possible.
                recent_asked(view, rival, day.start(slot)).unwrap_or((competition.max_price_per_mwh, 0.0))
            });
            let (means, spreads): (Vec<f64>, Vec<f64>) = slots.unzip();
            let mean = means.iter().sum::<f64>() / day.count.max(1) as f64;
            let variance = spreads.iter().map(|sd| sd * sd).sum::<f64>() / day.count.max(1) as f64;
            sds.push(if mean > 0.0 { variance.sqrt() / mean } else { 0.0 });
            forecasts.push(means);
        }
        rivals::draw(&forecasts, &sds, self.spec.rival_scenarios, random)
    }
}

impl Planner for Leader {
    fn plan(&mut self, view: View<'_>, day: Day) -> DayPlan {
        let Some(competition) = view.competition() else { return DayPlan::default() };
        let number = (day.first.0.div_euclid(DAY_S)).cast_unsigned();
        let mut random = PolicyStream::Plan(number).of(self.streams);
        let scenarios = self.scenarios(view, day, &mut random);
        let rivals = self.rivals(view, competition, day, &mut random);
        let options = SearchOptions { gap: GAP, most_nodes: MOST_NODES };
        best(view, competition, day, (scenarios, rivals), (self.spec.purchase, self.spec.risk), options)
    }
}

/// Prices and bids of the best plan of a day for these scenarios of the day and of rivals.
pub(super) fn best(
    view: View<'_>,
    competition: &Competition,
    day: Day,
    (scenarios, rivals): (Vec<Scenario>, Vec<RivalScenario>),
    (purchase, risk): (bilevel::Purchase, Risk),
    options: SearchOptions,
) -> DayPlan {
    let game = BilevelGame::new(BilevelParameters {
        scenarios,
        rivals,
        initial_shares: competition.initial_shares.clone(),
        reluctance: competition.reluctance_per_mwh.clone(),
        max_price: competition.max_price_per_mwh,
        positive_max: positive_max(view, day),
        purchase,
    });
    let plan = game.and_then(|game| {
        let plan = bilevel::solve(&game, risk, options)?;
        Ok(offers(&game, &plan, competition.max_price_per_mwh, day))
    });
    // A validated scenario always yields a game, and a balancing limit above all demand always yields a solution.
    plan.unwrap_or_default()
}

/// Maximum purchase in balancing in each slot [MWh]: the capacity of all connectors, which no demand exceeds.
fn positive_max(view: View<'_>, day: Day) -> Vec<f64> {
    vec![2.0 * view.competing_power_kw() * day.hours() / 1_000.0; day.count]
}

/// Prices and bids of a solution.
fn offers(game: &BilevelGame, plan: &BilevelSolution, most_per_mwh: f64, day: Day) -> DayPlan {
    let scenarios = &game.parameters().scenarios;
    let price = |(t, hour): (usize, &bilevel::HourPlan)| {
        let range = game.share(hour.price, t);
        let tick = match range.high > range.low {
            true if hour.lean >= 0.5 => -TICK_PER_MWH,
            true => TICK_PER_MWH,
            false => 0.0,
        };
        (hour.price + tick).min(most_per_mwh)
    };
    let bids = |(t, hour): (usize, &bilevel::HourPlan)| {
        let kw = |mwh: f64| mwh * 1_000.0 / day.hours();
        // By decreasing price: a purchase at one price is also made at any lower price, and the most expensive scenario
        // represents any price.
        let mut steps: Vec<(f64, f64)> =
            scenarios.iter().zip(&hour.purchase).map(|(w, mwh)| (w.day_ahead[t], kw(*mwh))).collect();
        steps.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut bids: Vec<Step> = Vec::new();
        let mut bought_kw = 0.0;
        for (rank, (price, kw)) in steps.into_iter().enumerate() {
            let limit = if rank == 0 { ANY_PRICE_PER_MWH } else { price };
            if kw > bought_kw + 1e-9 {
                bids.push((kw - bought_kw, limit));
                bought_kw = kw;
            }
        }
        bids
    };
    DayPlan {
        prices: plan.hours.iter().enumerate().map(price).collect(),
        bids: plan.hours.iter().enumerate().map(bids).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::time::SimTime;

    const DAY: Day = Day { first: SimTime(0), slot_s: 3_600, count: 1 };

    /// One hour, two price scenarios, a rival at 50 with one step of our share there.
    fn game(purchase: bilevel::Purchase, reluctance: f64) -> BilevelGame {
        let scenario = |day_ahead: f64, positive: f64, negative: f64| Scenario {
            probability: 0.5,
            day_ahead: vec![day_ahead],
            positive: vec![positive],
            negative: vec![negative],
            demand: vec![2.0],
        };
        BilevelGame::new(BilevelParameters {
            scenarios: vec![scenario(30.0, 35.0, 25.0), scenario(40.0, 60.0, 38.0)],
            rivals: vec![RivalScenario { probability: 1.0, prices: vec![vec![50.0]] }],
            initial_shares: vec![0.5, 0.5],
            reluctance: vec![vec![0.0, reluctance], vec![reluctance, 0.0]],
            max_price: 80.0,
            positive_max: vec![10.0],
            purchase,
        })
        .unwrap()
    }

    fn offered(purchase: bilevel::Purchase, reluctance: f64) -> DayPlan {
        let game = game(purchase, reluctance);
        let plan = bilevel::solve(&game, Risk { beta: 0.0, alpha: 0.95 }, SearchOptions::default()).unwrap();
        offers(&game, &plan, 80.0, DAY)
    }

    /// All owners come just below the rival's price; buying ahead is cheaper than balancing in both scenarios, and 2
    /// MWh in an hour are 2,000 kW.
    #[test]
    fn the_undecided_are_drawn_in_by_a_hundredth() {
        let plan = offered(bilevel::Purchase::Quantity, 0.0);
        assert_eq!(plan.prices, [50.0 - TICK_PER_MWH]);
        assert_eq!(plan.bids, [vec![(2_000.0, ANY_PRICE_PER_MWH)]]);
    }

    /// Owners who stay up to a price of 80 are charged 80.
    #[test]
    fn no_price_is_above_the_highest() {
        assert_eq!(offered(bilevel::Purchase::Quantity, 40.0).prices, [80.0]);
    }

    /// A curve that buys more at the lower price becomes bids with limits: the quantity bought at any price, and the
    /// additional quantity at 30.
    #[test]
    fn a_curve_is_steps() {
        let game = game(bilevel::Purchase::Curve, 0.0);
        let mut plan =
            bilevel::solve(&game, Risk { beta: 0.0, alpha: 0.95 }, SearchOptions::default()).unwrap();
        plan.hours[0].purchase = vec![2.0, 0.5];
        let bids = offers(&game, &plan, 80.0, DAY).bids;
        assert_eq!(bids, [vec![(500.0, ANY_PRICE_PER_MWH), (1_500.0, 30.0)]]);
    }
}

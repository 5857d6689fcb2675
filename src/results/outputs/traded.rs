//! Energy traded, its prices, and the sources of the energy drawn: the numbers behind the pictures of markets.
//!
//! [`Traded`] receives bids, prices and readings one after the other, from records or from tables, and keeps sums for
//! each settlement interval: a year of quarters of an hour takes a few megabytes, whatever the number of bids.
//! [`Prices`] and [`Power`] are the content of a picture, with as many points as it asks for.

use gridfleet_core::time::{HOUR_S, SimTime};

/// Most intervals that are kept (assumed: five years of quarters of an hour).
const MOST_INTERVALS: i64 = 200_000;
/// Fewest points of power over time, however long products are (assumed).
const FEWEST_POINTS: usize = 24;
/// Quantiles of the prices of one curve between which they count as ordinary (assumed).
const ORDINARY: (f64, f64) = (0.05, 0.95);

/// One bid that has been settled or rejected, or one settlement of imbalance.
#[derive(Debug, Clone, Copy)]
pub struct Settled {
    /// Number of the market; `None` for imbalance.
    pub market: Option<usize>,
    /// First instant of delivery.
    pub from: SimTime,
    /// First instant after delivery.
    pub to: SimTime,
    /// Whether it buys rather than sells.
    pub buys: bool,
    /// Price of the product [currency/MWh].
    pub price_per_mwh: f64,
    /// Energy delivered, bought or sold [kWh].
    pub delivered_kwh: f64,
    /// Quantity of a settlement of imbalance [kWh].
    pub imbalance_kwh: f64,
    /// Whether [`Traded::drawn`] receives the energy that the bidder draws: true for fleets. Others have no tariff to
    /// fall back on.
    pub metered: bool,
}

/// Sums by settlement interval, from which pictures are made.
#[derive(Debug, Clone)]
pub struct Traded {
    start: SimTime,
    end: SimTime,
    step_s: i64,
    count: usize,
    longest_s: i64,
    market_prices: Vec<Row>,
    retail_prices: Vec<Row>,
    delivered: Vec<Row>,
    sold: Vec<Row>,
    long: Row,
    short: Row,
    drawn: Row,
    /// Part of `drawn` that was not bought at the tariff.
    supplied: Row,
}

/// One value for each interval; empty until there is one.
type Row = Vec<f64>;

impl Traded {
    /// An empty record, in intervals of `step_s` [s] from `start` to `end`. Intervals begin at whole multiples of their
    /// length, as settlement intervals do.
    pub fn new(start: SimTime, end: SimTime, step_s: i64, markets: usize, retailers: usize) -> Self {
        let step_s = step_s.max(1);
        let step_s = step_s * ((end - start).max(1) / step_s / MOST_INTERVALS + 1);
        let start = SimTime(start.0.div_euclid(step_s) * step_s);
        let count = ((end - start).max(1) as u64).div_ceil(step_s as u64) as usize;
        Self {
            start,
            end: end.max(start + 1),
            step_s,
            count,
            longest_s: step_s,
            market_prices: vec![Row::new(); markets],
            retail_prices: vec![Row::new(); retailers],
            delivered: vec![Row::new(); markets],
            sold: vec![Row::new(); markets],
            long: Row::new(),
            short: Row::new(),
            drawn: Row::new(),
            supplied: Row::new(),
        }
    }

    /// Adds one settled bid or imbalance; one of an unknown market is left out.
    pub fn settle(&mut self, row: &Settled) {
        let (from, to, span) = (row.from, row.to, self.span(row.from, row.to));
        let Some(market) = row.market else {
            let side = if row.buys { &mut self.short } else { &mut self.long };
            spread(side, &span, row.imbalance_kwh);
            if row.metered && row.buys {
                spread(&mut self.supplied, &span, row.imbalance_kwh);
            }
            return;
        };
        if market >= self.market_prices.len() {
            return;
        }
        hold(&mut self.market_prices[market], &span, row.price_per_mwh);
        if row.delivered_kwh > 0.0 {
            self.longest_s = self.longest_s.max(to - from);
            let (side, sign) = if row.buys { (&mut self.delivered, 1.0) } else { (&mut self.sold, -1.0) };
            spread(&mut side[market], &span, row.delivered_kwh);
            if row.metered {
                spread(&mut self.supplied, &span, sign * row.delivered_kwh);
            }
        }
    }

    /// Sets a retailer's price [currency/MWh] from `from` to `to`; one of an unknown retailer is left out.
    pub fn retail_price(&mut self, retailer: usize, from: SimTime, to: SimTime, price_per_mwh: f64) {
        let span = self.span(from, to);
        if let Some(row) = self.retail_prices.get_mut(retailer) {
            hold(row, &span, price_per_mwh);
        }
    }

    /// Adds `power_kw`, the mean power that metered bidders drew from `from` to `to` [kW].
    pub fn drawn(&mut self, from: SimTime, to: SimTime, power_kw: f64) {
        let span = self.span(from, to);
        spread(&mut self.drawn, &span, power_kw * (to - from) as f64 / HOUR_S as f64);
    }

    fn span(&self, from: SimTime, to: SimTime) -> Span {
        let place = |t: SimTime| (t - self.start) as f64 / self.step_s as f64;
        Span { from: place(from), to: place(to), count: self.count }
    }

    /// Prices with at most `most` points.
    pub fn prices(&self, most: usize) -> Prices {
        let group = self.count.div_ceil(most.max(1)).max(1);
        let mean = |values: &[f64]| {
            let known = values.iter().filter(|v| v.is_finite());
            let (sum, count) = known.fold((0.0, 0u32), |(sum, count), v| (sum + v, count + 1));
            if count == 0 { f64::NAN } else { sum / f64::from(count) }
        };
        let means = |row: &Row| row.chunks(group).map(mean).collect();
        Prices {
            start: self.start,
            end: self.end,
            step_s: self.step_s * group as i64,
            markets: self.market_prices.iter().map(means).collect(),
            retailers: self.retail_prices.iter().map(means).collect(),
        }
    }

    /// Power with at most `most` points. Products longer than an interval set the spacing of the points, as long as
    /// there are enough of them: the times of delivery within a product are unknown.
    pub fn power(&self, most: usize) -> Power {
        let product = (self.longest_s / self.step_s) as usize;
        let group = product.min(self.count / FEWEST_POINTS).max(self.count.div_ceil(most.max(1))).max(1);
        let hours = self.step_s as f64 / HOUR_S as f64;
        let kw = |row: &Row| -> Row {
            row.chunks(group).map(|kwh| kwh.iter().sum::<f64>() / (hours * kwh.len() as f64)).collect()
        };
        let tariff: Row = (0..self.drawn.len())
            .map(|i| self.drawn[i] - self.supplied.get(i).copied().unwrap_or(0.0))
            .collect();
        // Sums of powers and sums of energies differ in their last digits.
        let tariff = kw(&tariff).into_iter().map(|kw| if kw > 1e-6 { kw } else { 0.0 }).collect();
        let edge = |i: usize| (self.start + (i * group).min(self.count) as i64 * self.step_s).min(self.end);
        Power {
            step_s: self.step_s * group as i64,
            edges: (0..=self.count.div_ceil(group)).map(edge).collect(),
            delivered: self.delivered.iter().map(kw).collect(),
            sold: self.sold.iter().map(kw).collect(),
            tariff,
            short: kw(&self.short),
            long: kw(&self.long),
        }
    }
}

/// A span of time, counted in intervals.
struct Span {
    from: f64,
    to: f64,
    count: usize,
}

impl Span {
    /// Intervals that the span touches.
    fn touched(&self) -> std::ops::Range<usize> {
        // A start before the first interval becomes 0.
        self.from.floor() as usize..(self.to.ceil() as usize).min(self.count)
    }
}

/// Spreads `amount` over the intervals that `span` touches, in proportion to the overlap with each.
fn spread(row: &mut Row, span: &Span, amount: f64) {
    if !(span.to > span.from && amount.is_finite()) {
        return;
    }
    row.resize(span.count, 0.0);
    for i in span.touched() {
        let inside = span.to.min((i + 1) as f64) - span.from.max(i as f64);
        row[i] += amount * inside / (span.to - span.from);
    }
}

/// Sets the intervals that `span` touches to `value`.
fn hold(row: &mut Row, span: &Span, value: f64) {
    row.resize(span.count, f64::NAN);
    for i in span.touched() {
        row[i] = value;
    }
}

/// Prices over time.
#[derive(Debug, Clone)]
pub struct Prices {
    start: SimTime,
    end: SimTime,
    /// Length of an interval [s].
    pub step_s: i64,
    /// By market and interval [currency/MWh]: prices of products with bids, otherwise NaN; empty for a market without
    /// bids.
    pub markets: Vec<Vec<f64>>,
    /// By retailer and interval [currency/MWh].
    pub retailers: Vec<Vec<f64>>,
}

/// Range of prices that an axis shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// Lower end [currency/MWh].
    pub low: f64,
    /// Upper end [currency/MWh].
    pub high: f64,
    /// Prices beyond either end.
    pub beyond: usize,
    /// Number of all prices.
    pub total: usize,
    /// Lowest of all prices [currency/MWh].
    pub least: f64,
    /// Highest of all prices [currency/MWh].
    pub greatest: f64,
}

impl Prices {
    /// Points of a step line, each at the instant from which its value holds; each run of values ends with a point at
    /// its end, followed by NaN where there is a gap.
    pub fn steps(&self, values: &[f64]) -> Vec<(SimTime, f64)> {
        let at = |i: usize| (self.start + i as i64 * self.step_s).min(self.end);
        let mut points: Vec<(SimTime, f64)> = Vec::new();
        for (i, &value) in values.iter().enumerate() {
            let before = if i == 0 { f64::NAN } else { values[i - 1] };
            if value.is_nan() && !before.is_nan() {
                points.extend([(at(i), before), (at(i), f64::NAN)]);
            } else if !value.is_nan() && value != before {
                points.push((at(i), value));
            }
        }
        if let Some(&last) = values.last()
            && !last.is_nan()
        {
            points.push((at(values.len()), last));
        }
        points
    }

    /// Range in which a few extreme prices do not flatten all others: nine tenths of each curve, half as much again on
    /// either side, and nothing beyond the existing prices (assumed). `None` without prices.
    pub fn shown(&self) -> Option<Shown> {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut all: Vec<f64> = Vec::new();
        for curve in self.markets.iter().chain(&self.retailers) {
            let mut known: Vec<f64> = curve.iter().copied().filter(|v| v.is_finite()).collect();
            known.sort_by(f64::total_cmp);
            if known.is_empty() {
                continue;
            }
            let at = |share: f64| known[(share * (known.len() - 1) as f64).round() as usize];
            (low, high) = (low.min(at(ORDINARY.0)), high.max(at(ORDINARY.1)));
            all.extend(known);
        }
        if all.is_empty() {
            return None;
        }
        let least = all.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let margin = (0.5 * (high - low)).max(0.1 * low.abs().max(high.abs()));
        let (low, high) = ((low - margin).max(least), (high + margin).min(greatest));
        // Keep lines off the edge.
        let pad = (0.03 * (high - low)).max(1e-3);
        let (low, high) = (low - pad, high + pad);
        let beyond = all.iter().filter(|&&v| v < low || v > high).count();
        Some(Shown { low, high, beyond, total: all.len(), least, greatest })
    }
}

/// Mean power over time [kW], by source: `delivered`, `tariff` and `short` together, less `sold`, are the power drawn;
/// `long` was bought and not drawn. Rows are empty if they are zero throughout.
#[derive(Debug, Clone)]
pub struct Power {
    /// Length of an interval [s].
    pub step_s: i64,
    /// Bounds of the intervals, one more than there are intervals.
    pub edges: Vec<SimTime>,
    /// Bought and delivered, by market and interval.
    pub delivered: Vec<Vec<f64>>,
    /// Sold, by market and interval.
    pub sold: Vec<Vec<f64>>,
    /// Drawn by fleets at the tariffs of stations.
    pub tariff: Vec<f64>,
    /// Imbalance: drawn or sold, but not bought.
    pub short: Vec<f64>,
    /// Imbalance: bought, but neither drawn nor sold.
    pub long: Vec<f64>,
}

/// A length of time in words: `15 min`, `6 h`.
pub fn length(step_s: i64) -> String {
    match step_s {
        s if s % HOUR_S == 0 => format!("{} h", s / HOUR_S),
        s if s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::time::DAY_S;

    const QUARTER_S: i64 = 900;

    fn quarter(i: i64) -> SimTime {
        SimTime(DAY_S + i * QUARTER_S)
    }

    fn day() -> Traded {
        Traded::new(quarter(0), quarter(96), QUARTER_S, 2, 1)
    }

    fn bid(market: Option<usize>, from: i64, to: i64, buys: bool, price: f64, kwh: f64) -> Settled {
        let (from, to) = (quarter(from), quarter(to));
        let (delivered_kwh, imbalance_kwh) = if market.is_some() { (kwh, 0.0) } else { (0.0, kwh) };
        Settled { market, from, to, buys, price_per_mwh: price, delivered_kwh, imbalance_kwh, metered: true }
    }

    #[test]
    fn drawn_energy_came_from_markets_the_tariff_or_no_supplier() {
        let mut traded = day();
        // One hour of 4 kW and quarters of 2 kW; 1 kW resold in quarter 1, 0.5 kW not drawn in quarter 3.
        traded.settle(&bid(Some(0), 0, 4, true, 30.0, 4.0));
        traded.settle(&bid(Some(1), 1, 2, true, 20.0, 0.5));
        traded.settle(&bid(Some(1), 1, 2, false, 20.0, 0.25));
        traded.settle(&bid(Some(1), 2, 3, true, -5.0, 0.0));
        traded.settle(&bid(None, 3, 4, false, 500.0, 0.125));
        traded.settle(&bid(Some(7), 0, 1, true, 1.0, 1.0));
        // Meters are read every 10 minutes, across quarters of an hour: 8 kW throughout.
        for reading in 0..9 {
            traded.drawn(quarter(0) + reading * 600, quarter(0) + (reading + 1) * 600, 8.0);
        }
        let power = traded.power(1_000);
        assert_eq!(power.step_s, 3_600, "as the longest product, for one point per hour is enough");
        traded.longest_s = QUARTER_S;
        let power = traded.power(1_000);
        assert_eq!(
            (power.step_s, power.edges.len(), power.edges[1], power.edges[96]),
            (QUARTER_S, 97, quarter(1), quarter(96))
        );
        let near = |row: &[f64], expected: [f64; 5]| {
            row.iter().zip(expected).for_each(|(a, b)| assert!((a - b).abs() < 1e-9, "{row:?}"));
        };
        near(&power.delivered[0], [4.0, 4.0, 4.0, 4.0, 0.0]);
        near(&power.delivered[1], [0.0, 2.0, 0.0, 0.0, 0.0]);
        near(&power.sold[1], [0.0, 1.0, 0.0, 0.0, 0.0]);
        near(&power.long, [0.0, 0.0, 0.0, 0.5, 0.0]);
        near(&power.tariff, [4.0, 3.0, 4.0, 4.0, 8.0]);
        assert!(power.short.is_empty() && power.sold[0].is_empty());
        // Sold and never bought: energy drawn is bought at the tariff, energy sold has no source.
        traded.settle(&bid(Some(1), 4, 5, false, 20.0, 0.75));
        traded.settle(&bid(None, 4, 5, true, 500.0, 0.75));
        let power = traded.power(1_000);
        near(&power.short, [0.0, 0.0, 0.0, 0.0, 3.0]);
        near(&power.tariff, [4.0, 3.0, 4.0, 4.0, 8.0]);
        // Purchases of a retailer are not those of the fleets.
        traded.settle(&Settled { metered: false, ..bid(Some(0), 0, 1, true, 30.0, 1.0) });
        near(&traded.power(1_000).tariff, [4.0, 3.0, 4.0, 4.0, 8.0]);
    }

    #[test]
    fn fewer_points_hold_the_same_energy() {
        let mut traded = Traded::new(quarter(0), quarter(365 * 96), QUARTER_S, 1, 0);
        for i in 0..365 * 96 {
            traded.settle(&bid(Some(0), i, i + 1, true, (i % 96) as f64, (i % 7) as f64));
        }
        for most in [40_000, 1_500, 100, 1] {
            let power = traded.power(most);
            assert!(power.edges.len() <= most + 1 && power.edges.len() == power.delivered[0].len() + 1);
            let group = (power.step_s / QUARTER_S) as usize;
            let whole = power.delivered[0].len() - 1;
            let rest = 365 * 96 - whole * group;
            let hours = |i: usize| if i < whole { group } else { rest } as f64 * 0.25;
            let kwh: f64 = power.delivered[0].iter().enumerate().map(|(i, kw)| kw * hours(i)).sum();
            let expected: i64 = (0..365 * 96).map(|i| i % 7).sum();
            assert!((kwh / expected as f64 - 1.0).abs() < 1e-12, "{most}");
            assert!(traded.prices(most).markets[0].len() <= most);
        }
        assert!(Traded::new(SimTime(0), SimTime(40 * 365 * DAY_S), 1, 0, 0).count <= 200_000);
    }

    #[test]
    fn prices_hold_from_step_to_step_and_leave_gaps() {
        let mut traded = day();
        for (from, to, price) in [(0, 2, 10.0), (2, 4, 10.0), (4, 5, 20.0), (8, 9, 5.0), (95, 96, 7.0)] {
            traded.settle(&bid(Some(0), from, to, true, price, 0.0));
        }
        traded.retail_price(0, quarter(-4), quarter(200), 150.0);
        traded.retail_price(3, quarter(0), quarter(1), 1.0);
        let prices = traded.prices(96);
        let steps: Vec<(i64, String)> = prices
            .steps(&prices.markets[0])
            .iter()
            .map(|(at, price)| ((*at - quarter(0)) / QUARTER_S, price.to_string()))
            .collect();
        let expected = [
            (0, "10"),
            (4, "20"),
            (5, "20"),
            (5, "NaN"),
            (8, "5"),
            (9, "5"),
            (9, "NaN"),
            (95, "7"),
            (96, "7"),
        ];
        assert_eq!(steps, expected.map(|(at, price)| (at, price.to_owned())));
        assert_eq!(prices.steps(&prices.retailers[0]), [(quarter(0), 150.0), (quarter(96), 150.0)]);
        assert!(prices.markets[1].is_empty() && prices.steps(&[]).is_empty());
    }

    #[test]
    fn extreme_prices_do_not_flatten_the_rest() {
        let mut traded = day();
        for i in 0..96 {
            let price = if i == 50 { -3_314.0 } else { 10.0 + (i % 20) as f64 };
            traded.settle(&bid(Some(0), i, i + 1, true, price, 1.0));
        }
        traded.retail_price(0, quarter(0), quarter(96), 150.0);
        let shown = traded.prices(96).shown().unwrap();
        assert_eq!((shown.beyond, shown.total, shown.least, shown.greatest), (1, 192, -3_314.0, 150.0));
        assert!((-80.0..-50.0).contains(&shown.low) && (150.0..160.0).contains(&shown.high), "{shown:?}");
        // Prices that all fit are all shown, even if all are equal.
        let mut traded = day();
        assert_eq!(traded.prices(96).shown(), None);
        traded.retail_price(0, quarter(0), quarter(96), 150.0);
        let shown = traded.prices(96).shown().unwrap();
        assert!(shown.beyond == 0 && shown.low < 150.0 && shown.high > 150.0);
    }

    #[test]
    fn lengths_are_put_in_words() {
        assert_eq!([45, 900, 3_600, 5_400, 21_600].map(length), ["45 s", "15 min", "1 h", "90 min", "6 h"]);
    }
}

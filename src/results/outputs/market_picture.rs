//! `market.svg`: a run with market trading at a glance, in two panels over local time.
//!
//! Prices of markets and retailers; sources of the energy drawn. [`MarketPicture`] collects its data from records, for
//! all fleets together, and is written only if there are markets.

use super::run_dir::write_file;
use super::summary::thousands;
use super::traded::{Settled, Shown, Traded, length};
use gridfleet_core::error::Result;
use gridfleet_core::ids::FleetId;
use gridfleet_core::ledger::Account;
use gridfleet_core::markets::Side;
use gridfleet_core::records::{FleetRecord, Labels, MarketRecord, PriceRecord, Record, Recorder};
use gridfleet_core::time::{LocalClock, SimTime};
use gridfleet_plots::palette::{BLUE, GREEN, GREY, INK, ORANGE, SKY, VERMILION, YELLOW};
use gridfleet_plots::{Area, Areas, Axis, Colour, Dash, Figure, Line, Plane};
use std::path::Path;

/// Name of the file.
pub const MARKET: &str = "market.svg";

/// Most points along the time axis: a fortnight of quarters of an hour.
const MOST_POINTS: usize = 1_344;
/// Most retailers with a separate line: the first ones.
const MOST_RETAILERS: usize = 4;
const SIZE: (u32, u32) = (1_200, 800);

/// Colours of markets, for their lines and areas; if there are more markets, colours repeat with another dash.
const MARKETS: [Colour; 4] = [BLUE, ORANGE, GREEN, SKY];
/// Dashes of lines of one colour: all lines of retailers are in ink, because energy drawn at their tariffs is grey.
const DASHES: [Dash; MOST_RETAILERS] = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::DashDot];

/// Collects the data of the picture.
pub struct MarketPicture {
    start: SimTime,
    end: SimTime,
    clock: LocalClock,
    currency: String,
    markets: Vec<String>,
    retailers: Vec<String>,
    /// Whether each bidder is a fleet.
    is_fleet: Vec<bool>,
    /// Time of the latest meter reading of each fleet that bids.
    read: Vec<Option<SimTime>>,
    settlement_s: i64,
    traded: Traded,
}

impl MarketPicture {
    /// An empty picture of the time from `start` to `end`, settled in intervals of `settlement_s` [s].
    pub fn new(labels: &Labels, clock: LocalClock, start: SimTime, end: SimTime, settlement_s: i64) -> Self {
        let bids = |fleet: usize| labels.bidders.contains(&Account::Fleet(FleetId::new(fleet)));
        let retailers = labels.retailers.len().min(MOST_RETAILERS);
        Self {
            start,
            end,
            clock,
            currency: labels.currency.clone(),
            markets: labels.markets.to_vec(),
            retailers: labels.retailers.iter().take(retailers).cloned().collect(),
            is_fleet: labels.bidders.iter().map(|bidder| matches!(bidder, Account::Fleet(_))).collect(),
            read: (0..labels.fleets.len()).map(|fleet| bids(fleet).then_some(start)).collect(),
            settlement_s,
            traded: Traded::new(start, end, settlement_s, labels.markets.len(), retailers),
        }
    }

    /// Draws the picture under `title`.
    ///
    /// # Errors
    /// If drawing fails, which it does not on text alone.
    pub fn draw(&self, title: &str) -> Result<String> {
        let (prices, price_title, step_s) = self.prices();
        let (power, power_title) = self.power();
        let mut subtitle = format!("local time of {}", self.clock.tz());
        if step_s > self.settlement_s {
            subtitle.push_str(&format!(", means over {}", length(step_s)));
        }
        Figure::new(title).subtitle(subtitle).panel(price_title, prices).panel(power_title, power).svg(SIZE)
    }

    /// Draws the picture into `dir`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, title: &str, dir: &Path) -> Result<()> {
        write_file(&dir.join(MARKET), self.draw(title)?.as_bytes())
    }

    fn plane(&self, y: Axis) -> Plane {
        let (start, end) = (self.start.0 as f64, self.end.0 as f64);
        Plane::new(Axis::time(self.clock.clone()).within(start, end), y)
    }

    /// The panel of prices, its title, and the length of an interval [s].
    fn prices(&self) -> (Plane, String, i64) {
        let prices = self.traded.prices(MOST_POINTS);
        let mut axis = Axis::number(format!("{}/MWh", self.currency), "");
        let mut title = "Prices of markets and retailers".to_owned();
        if let Some(shown) = prices.shown() {
            axis = axis.within(shown.low, shown.high);
            title.push_str(&beyond(&shown));
        }
        let mut plane = self.plane(axis);
        let line = |name: &str, values: &[f64]| {
            let at = |(at, price): (SimTime, f64)| (at.0 as f64, price);
            Line::new(name, prices.steps(values).into_iter().map(at).collect()).steps()
        };
        for ((name, values), dash) in self.retailers.iter().zip(&prices.retailers).zip(DASHES) {
            if !values.is_empty() {
                plane = plane.with(line(name, values).colour(INK).dash(dash));
            }
        }
        for (i, (name, values)) in self.markets.iter().zip(&prices.markets).enumerate() {
            if !values.is_empty() {
                let dash = DASHES[i / MARKETS.len() % DASHES.len()];
                plane = plane.with(line(name, values).colour(MARKETS[i % MARKETS.len()]).dash(dash));
            }
        }
        (plane, title, prices.step_s)
    }

    /// The panel of power, and its title.
    fn power(&self) -> (Plane, String) {
        let power = self.traded.power(MOST_POINTS);
        let mut series: Vec<Area> = Vec::new();
        let mut add = |name: &str, values: Vec<f64>, colour: Colour| {
            if !values.is_empty() {
                series.push(Area::new(name, values.iter().flat_map(|kw| [*kw; 2]).collect()).colour(colour));
            }
        };
        let colour = |market: usize| MARKETS[market % MARKETS.len()];
        for (i, (name, values)) in self.markets.iter().zip(power.delivered).enumerate() {
            add(name, values, colour(i));
        }
        add("at the tariff", power.tariff, GREY);
        add("imbalance: not bought", power.short, YELLOW);
        add("imbalance: bought, not drawn", power.long, VERMILION);
        let mut title = "Power drawn, by where it was bought".to_owned();
        for (i, (name, values)) in self.markets.iter().zip(power.sold).enumerate() {
            if !values.is_empty() {
                "Power drawn, by where it was bought; below zero what was sold".clone_into(&mut title);
            }
            let below = values.into_iter().map(|kw| -kw).collect();
            add(&format!("sold: {name}"), below, colour(i));
        }
        // Each value extends almost from edge to edge of its interval: two points at one place would be drawn as their
        // mean.
        let inside = |ends: &[SimTime]| {
            let (from, to) = (ends[0].0 as f64, ends[1].0 as f64);
            [0.05, 0.95].map(|share| from + share * (to - from))
        };
        let x = power.edges.windows(2).flat_map(inside).collect();
        (self.plane(Axis::number("kW", "").from_zero()).with(Areas { x, series }), title)
    }
}

/// Prices beyond the axis, for its title; empty if there are none.
fn beyond(shown: &Shown) -> String {
    let price = |price: f64| thousands(price, 0).replacen('-', "\u{2212}", 1);
    let below = (shown.least < shown.low).then(|| format!("down to {}", price(shown.least)));
    let above = (shown.greatest > shown.high).then(|| format!("up to {}", price(shown.greatest)));
    let Some(far) = below.into_iter().chain(above).reduce(|below, above| format!("{below}, {above}")) else {
        return String::new();
    };
    format!(" (axis cut: {} of {} lie beyond, {far})", price(shown.beyond as f64), price(shown.total as f64))
}

impl MarketPicture {
    fn fleet(&mut self, record: &FleetRecord) {
        // A reading is the mean power since the previous one.
        if let Some(Some(read)) = self.read.get_mut(record.fleet.index()) {
            self.traded.drawn(*read, record.time, record.power_kw);
            *read = record.time;
        }
    }

    fn price(&mut self, record: &PriceRecord) {
        let price = record.price_per_mwh;
        if !self.markets.is_empty() {
            self.traded.retail_price(record.retailer.index(), record.valid_from, record.valid_to, price);
        }
    }

    fn market(&mut self, record: &MarketRecord) {
        self.traded.settle(&Settled {
            market: record.market.map(|market| market.index()),
            from: record.product_start,
            to: record.product_end,
            buys: record.side == Side::Buy,
            price_per_mwh: record.clearing_price_per_mwh,
            delivered_kwh: record.delivered_kwh,
            imbalance_kwh: record.imbalance_kwh,
            metered: self.is_fleet.get(record.bidder.index()).is_some_and(|fleet| *fleet),
        });
    }
}

impl Recorder for MarketPicture {
    fn record(&mut self, record: Record<'_>) {
        match record {
            Record::Fleet(record) => self.fleet(record),
            Record::Price(record) => self.price(record),
            Record::Market(record) => self.market(record),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::ids::{BidId, BidderId, MarketId, RetailerId};
    use gridfleet_core::time::DAY_S;

    const START: SimTime = SimTime(1_480_287_600); // Monday 2016-11-28 0:00 in Berlin

    fn picture(days: i64) -> MarketPicture {
        let labels = Labels {
            fleets: vec!["cars".into(), "vans".into()].into(),
            retailers: vec!["industry".into()].into(),
            markets: vec!["reserve".into(), "intraday".into()].into(),
            bidders: vec![Account::Fleet(FleetId(0)), Account::Retailer(RetailerId(0))].into(),
            currency: "EUR".into(),
            ..Labels::default()
        };
        let end = START + days * DAY_S;
        let clock = LocalClock::new(chrono_tz::Europe::Berlin, START, end);
        MarketPicture::new(&labels, clock, START, end, 900)
    }

    /// Buys in two markets, the first with occasional very low prices; draws more by day, less at times.
    fn traded(days: i64, imbalance: bool) -> MarketPicture {
        let mut picture = picture(days);
        for i in 0..days * 96 {
            let (time, hour) = (START + i * 900, (i % 96) as f64 / 4.0);
            let wave = (hour * std::f64::consts::TAU / 24.0).sin();
            let bid =
                |market: Option<u16>, side, price, kw: f64, delivered_kwh, imbalance_kwh| MarketRecord {
                    bid: BidId(0),
                    market: market.map(MarketId),
                    product_start: time,
                    product_end: time + 900,
                    gate_closure: time,
                    cleared_at: time,
                    bidder: BidderId(0),
                    side,
                    quantity_kw: kw,
                    limit_price_per_mwh: None,
                    clearing_price_per_mwh: price,
                    capacity_price_per_mw_h: 0.0,
                    accepted_kw: kw,
                    delivered_kwh,
                    imbalance_kwh,
                    cash: 0.0,
                };
            let reserve = if i % 61 == 7 { -3_000.0 } else { -5.0 + 10.0 * wave };
            picture.market(&bid(Some(0), Side::Buy, reserve, 40.0, 10.0, 0.0));
            picture.market(&bid(
                Some(1),
                Side::Buy,
                35.0 - 20.0 * wave,
                40.0,
                10.0 * (1.0 - wave).min(1.0),
                0.0,
            ));
            if imbalance && i % 10 < 3 {
                picture.market(&bid(None, Side::Sell, 500.0, 8.0, 0.0, 2.0));
            }
            for (fleet, power_kw) in [(FleetId(0), 120.0 - 30.0 * wave), (FleetId(1), 1_000.0)] {
                picture.fleet(&FleetRecord {
                    since: time + 900,
                    time: time + 900,
                    fleet,
                    idle: 0,
                    driving: 0,
                    queued: 0,
                    charging: 0,
                    discharging: 0,
                    mean_soc: 0.5,
                    stored_kwh: 0.0,
                    power_kw,
                });
            }
        }
        picture.price(&PriceRecord {
            broadcast_time: START,
            valid_from: START,
            valid_to: START + days * DAY_S,
            retailer: RetailerId(0),
            price_per_mwh: 150.0,
        });
        picture
    }

    #[test]
    fn a_week_names_its_markets_and_what_the_axis_leaves_out() {
        let svg = traded(7, true).draw("vpp").unwrap();
        if let Some(path) = std::env::var_os("MARKET_SVG") {
            std::fs::write(path, &svg).unwrap(); // to inspect by eye
        }
        for text in [
            "Mon 28 Nov",
            "reserve",
            "intraday",
            "industry",
            "at the tariff",
            "imbalance: bought, not drawn",
            "EUR/MWh",
            "(axis cut: 11 of 2,016 lie beyond, down to \u{2212}3,000)",
        ] {
            assert!(svg.contains(text), "{text}");
        }
        for text in ["not bought", "sold", "means over", "NaN"] {
            assert!(!svg.contains(text), "{text}");
        }
        assert!(!traded(1, false).draw("vpp").unwrap().contains("imbalance"));
        assert_eq!(svg, traded(7, true).draw("vpp").unwrap());
    }

    #[test]
    fn only_fleets_that_bid_count_as_drawn() {
        let power = traded(1, false).traded.power(96);
        for i in 0..96 {
            let sum = power.delivered[0][i] + power.delivered[1][i] + power.tariff[i];
            assert!(sum < 151.0 && power.tariff[i] > 0.0, "{sum}: a thousand is drawn by vans");
        }
    }

    #[test]
    fn a_year_stays_small_and_an_empty_run_is_drawn_too() {
        let svg = traded(365, true).draw("year").unwrap();
        assert!(svg.len() < 400_000 && svg.contains("means over"), "{}", svg.len());
        let svg = picture(1).draw("empty").unwrap();
        assert!(svg.contains("Prices of markets") && !svg.contains("NaN"));
    }
}

//! Three cars of a virtual power plant at one station, from eight to ten: the world of tests of trading, of stations with
//! load-dependent prices, and of competing retailers.

use super::world::{Town, Trip, car};
use gridfleet::ids::{BidderId, FleetId, MarketId, StationId, VehicleId};
use gridfleet::markets::{Imbalance, Market, Side};
use gridfleet::policies::{Action, Bidding, OpenGate, Turn};
use gridfleet::time::SimTime;
use gridfleet::world::{Fleet, Mode, Party, RecordedSoc, Setup, Tariff, Trading, VehicleType, View};

/// 8:00 of the day; all times here are in hours and minutes.
pub const START: SimTime = SimTime(8 * 3_600);

pub fn at(hour: i64, minute: i64) -> SimTime {
    SimTime(hour * 3_600 + minute * 60)
}

/// One recorded trip: vehicle, start, minutes, fall of the charge (below zero: rise), ends at a charger, fare.
pub type Recorded = (u32, SimTime, u32, f64, bool, f64);

/// Three cars of 20 kWh that take 4 kW, of which four fifths reach the battery; energy at 200 EUR/MWh.
pub fn setup(trips: &[Recorded], soc: [f64; 3], markets: Vec<Market>) -> Setup {
    let trip = |&(vehicle, time, minutes, drop, ends_at_charger, fare): &Recorded| {
        let soc = if drop < 0.0 { RecordedSoc::Rose(-drop) } else { RecordedSoc::Fell(drop) };
        Trip { soc, ends_at_charger, fare, ..Trip::new(vehicle as usize, time, minutes * 60) }
    };
    let fleet = Fleet { name: "cars".into(), lost_request_cost: 0.5, ..Fleet::default() };
    let town = Town::new(START, at(10, 0), fleet, VehicleType { charge_efficiency: 0.8, ..car(20.0, 4.0) });
    let town = town.station("square", 3, 4.0).retailer("industry", Tariff::Flat(200.0));
    let mut setup = town.vehicles(&soc).trips(trips.iter().map(trip)).build();
    setup.stations[StationId(0)].sensitivity_per_mwh_kw = 1.0;
    let trading = Trading {
        markets: markets.into(),
        bidders: vec![Party::Fleet(FleetId(0))].into(),
        imbalance: Imbalance::Penalty(500.0),
        settlement_s: 900,
        clairvoyant_bound: false,
    };
    Setup { mode: Mode::Replay, control_interval_s: 300, trading, ..setup }
}

/// Bids by a list (market, start of the product, kW, limit); releases vehicles as the plant does.
pub struct Script {
    pub bids: Vec<(u16, SimTime, f64, f64)>,
    pub plant: Box<dyn Bidding>,
}

impl Bidding for Script {
    fn bid(&mut self, turn: &mut Turn<'_>, bidder: BidderId, gate: &OpenGate) {
        let (market, side) = (gate.market, Side::Buy);
        let products = turn.view.market(market).products();
        for product in gate.products.clone() {
            let start = products.start_of(product);
            let asked = self.bids.iter().filter(|bid| MarketId(bid.0) == market && bid.1 == start);
            turn.actions.extend(asked.map(|&(.., quantity_kw, limit_per_mwh)| Action::Bid {
                bidder,
                market,
                product,
                side,
                quantity_kw,
                limit_per_mwh,
            }));
        }
    }
    fn releases(&mut self, view: View<'_>, bidder: BidderId, vehicle: VehicleId) -> bool {
        self.plant.releases(view, bidder, vehicle)
    }
}

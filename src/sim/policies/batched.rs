//! Batched dispatch: every few seconds all waiting requests and available vehicles are matched with the minimum total
//! time to the pick-ups.
//!
//! As many requests as possible are served, and among such matchings one of least total driving time is chosen. The
//! full problem has (requests x vehicles) pairs; the policy examines a few of them and still finds an optimum of the
//! whole ([`assignment`](super::assignment)). A request starts with one vehicle: the soonest available one. For all
//! others it has a bound: the time to the next places, or the shortest time that the travel model allows beyond them
//! ([`View::least_time_beyond_s`], which for a learned matrix knows the shortest times to each zone). When a search
//! reaches the bound, the request examines more vehicles, twice as many each time; where vehicles are plentiful, one
//! per request is enough.
//!
//! A test compares the policy's answer in each round of a synthetic city with a matching over all feasible pairs, both
//! with travel times that follow distance and with a learned matrix that does not.

use super::assignment::{Matching, Pairs};
use super::{Action, Cadence, Dispatch, News, Turn};
use crate::world::{Candidate, RideRequest, Search, Service, View};
use gridfleet_core::ids::{RequestId, VehicleId};

/// Candidates fetched per request, and per place, once its best candidate is contested.
const SECOND_LOOK: (usize, usize) = (4, 2);

/// Candidate vehicles of one request.
#[derive(Debug, Default)]
struct List {
    /// Number of candidates fetched in total and per place; 0 while only the best candidate is listed.
    wanted: usize,
    per_place: usize,
    /// Minimum time to the pick-up of any unlisted vehicle [s]; `None` if there is none.
    rest_s: Option<i64>,
    /// (vehicle, time to the pick-up [s]).
    vehicles: Vec<(u32, i64)>,
}

/// Serves as many requests as possible, and among such matchings chooses one with the minimum sum of driving times to
/// the pick-ups.
#[derive(Debug)]
pub(super) struct Batched {
    interval_s: i64,
    requests: Vec<RequestId>,
    ride_requests: Vec<RideRequest>,
    lists: Vec<List>,
    search: Search,
    found: Vec<Candidate>,
    matching: Matching,
    /// Vehicle of each request in the round.
    pairs: Vec<Option<VehicleId>>,
    /// Scratch buffer: requests of the round by place and fleet.
    order: Vec<u32>,
}

impl Batched {
    pub(super) fn new(interval_s: i64) -> Self {
        Self {
            interval_s,
            requests: Vec::new(),
            ride_requests: Vec::new(),
            lists: Vec::new(),
            search: Search::default(),
            found: Vec::new(),
            matching: Matching::default(),
            pairs: Vec::new(),
            order: Vec::new(),
        }
    }
}

/// Candidates of each request, looked up as the matching needs them.
struct Lookup<'a> {
    view: View<'a>,
    ride_requests: &'a [RideRequest],
    lists: &'a mut [List],
    search: &'a mut Search,
    found: &'a mut Vec<Candidate>,
}

impl Pairs for Lookup<'_> {
    fn dearest(&self) -> i64 {
        self.ride_requests
            .iter()
            .map(|ride_request| ride_request.deadline - self.view.now())
            .max()
            .unwrap_or(0)
    }

    /// Lists the soonest free vehicle. Where vehicles are plentiful, no further pair is needed.
    fn open(&mut self, row: u32, free: impl Fn(u32) -> bool) {
        let list = &mut self.lists[row as usize];
        let best = self.view.best_candidate(
            &self.ride_requests[row as usize],
            |vehicle| !free(vehicle.0),
            self.search,
        );
        (list.wanted, list.per_place) = (0, 0);
        list.vehicles.clear();
        list.rest_s = best.elsewhere_s;
        if let Some((vehicle, route)) = best.soonest {
            list.vehicles.push((vehicle.0, route.duration_s));
            // There may be others at the same place.
            list.rest_s = Some(list.rest_s.map_or(route.duration_s, |rest_s| rest_s.min(route.duration_s)));
        }
    }

    fn list_more(&mut self, row: u32) {
        let (ride_request, list) = (&self.ride_requests[row as usize], &mut self.lists[row as usize]);
        (list.wanted, list.per_place) = match list.wanted {
            0 => SECOND_LOOK,
            wanted => (2 * wanted, 2 * list.per_place),
        };
        self.view.vehicles_for(ride_request, list.wanted, list.per_place, self.search, self.found);
        let more_there = self.found.iter().filter(|c| c.more_there).map(|c| c.route.duration_s);
        list.rest_s = more_there.min();
        if let Some(last) = self.found.last()
            && self.found.len() == list.wanted
        {
            let beyond_s = self.view.least_time_beyond_s(ride_request.origin, last.great_circle_km);
            list.rest_s = Some(list.rest_s.map_or(beyond_s, |rest_s| rest_s.min(beyond_s)));
        }
        list.vehicles.clear();
        list.vehicles.extend(self.found.iter().map(|c| (c.vehicle.0, c.route.duration_s)));
    }

    fn listed(&self, row: u32) -> &[(u32, i64)] {
        &self.lists[row as usize].vehicles
    }

    fn rest(&self, row: u32) -> Option<i64> {
        self.lists[row as usize].rest_s
    }
}

impl Dispatch for Batched {
    fn cadence(&self) -> Cadence {
        Cadence::Every(self.interval_s)
    }

    fn decide(&mut self, turn: &mut Turn<'_>, news: News<'_>) {
        let view = turn.view;
        // In the order of requests: those still waiting, then the new ones.
        self.requests.extend_from_slice(news.requests);
        self.requests.retain(|&request| view.is_waiting(request));
        self.ride_requests.clear();
        self.ride_requests.extend(self.requests.iter().map(|&request| view.request(request)));
        // Lists keep their buffers between rounds.
        self.lists.resize_with(self.lists.len().max(self.ride_requests.len()), List::default);
        let mut lookup = Lookup {
            view,
            ride_requests: &self.ride_requests,
            lists: &mut self.lists,
            search: &mut self.search,
            found: &mut self.found,
        };
        self.matching.solve(self.ride_requests.len(), view.vehicle_count(), &mut lookup);
        self.pairs.clear();
        self.pairs.resize(self.ride_requests.len(), None);
        for (row, vehicle) in self.matching.pairs() {
            self.pairs[row] = Some(VehicleId(vehicle));
        }
        self.older_first(view);
        for (row, vehicle) in self.pairs.iter().enumerate() {
            if let Some(vehicle) = *vehicle {
                turn.actions.push(Action::Assign { request: self.requests[row], vehicle });
            }
        }
    }
}

impl Batched {
    /// First come, first served among equals: an unmatched request takes the vehicle of the youngest request of the
    /// same place and fleet, if that request is younger and the vehicle can serve both. The trip to the pick-up is the
    /// same, so the matching keeps its size and its sum of driving times.
    fn older_first(&mut self, view: View<'_>) {
        if self.pairs.iter().all(Option::is_some) {
            return;
        }
        self.order.clear();
        self.order.extend(0..self.ride_requests.len() as u32);
        // By place and fleet; rows are in the order of requests.
        let key = |row: u32| {
            let ride_request = &self.ride_requests[row as usize];
            (ride_request.origin, ride_request.fleet, row)
        };
        self.order.sort_unstable_by_key(|&row| key(row));
        for group in self.order.chunk_by(|&a, &b| (key(a).0, key(a).1) == (key(b).0, key(b).1)) {
            for (i, &row) in group.iter().enumerate() {
                if self.pairs[row as usize].is_some() {
                    continue;
                }
                let ride_request = &self.ride_requests[row as usize];
                let younger = group[i + 1..].iter().rev().find(|&&other| {
                    self.pairs[other as usize].is_some_and(|vehicle| {
                        matches!(view.service(vehicle, ride_request), Service::Possible(_))
                    })
                });
                if let Some(&other) = younger {
                    self.pairs[row as usize] = self.pairs[other as usize].take();
                }
            }
        }
    }
}

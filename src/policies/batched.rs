//! Batched dispatch: every few seconds all waiting requests and available
//! vehicles are matched at the least total time to the pick-ups.

use super::assignment::{Edge, Matching};
use super::{Action, Cadence, Dispatch, News};
use crate::ids::{PlaceId, RequestId, VehicleId};
use crate::world::{Candidate, Search, View};
use rand_pcg::Pcg64;

/// Vehicles looked at per request before anything is known.
const FIRST_LOOK: usize = 4;

/// Vehicles that could serve one request.
#[derive(Debug, Default)]
struct List {
    /// How many were asked for.
    wanted: usize,
    /// There are no more.
    complete: bool,
    /// Any other vehicle needs at least this to the pick-up [s].
    reach_s: i64,
    /// Most vehicles taken of one place.
    per_place: usize,
    /// Parts of `vehicles` that stand for a place with more than were taken.
    cuts: Vec<(usize, usize)>,
    /// (vehicle, time to the pick-up [s]).
    vehicles: Vec<(u32, i64)>,
}

/// As many requests as possible are served, and among such matchings one with the least sum of
/// driving times to the pick-ups is taken.
#[derive(Debug)]
pub(super) struct Batched {
    interval_s: i64,
    requests: Vec<RequestId>,
    search: Search,
    found: Vec<Candidate>,
    lists: Vec<List>,
    edges: Vec<Edge>,
    matching: Matching,
}

impl Batched {
    pub(super) fn new(interval_s: i64) -> Self {
        Self {
            interval_s,
            requests: Vec::new(),
            search: Search::default(),
            found: Vec::new(),
            lists: Vec::new(),
            edges: Vec::new(),
            matching: Matching::default(),
        }
    }
}

impl Batched {
    /// How many other requests start where each does: they look at the same vehicles.
    fn rivals(&self, view: View<'_>) -> Vec<usize> {
        let mut by_origin: Vec<(PlaceId, usize)> =
            self.requests.iter().enumerate().map(|(row, &r)| (view.ask(r).origin, row)).collect();
        by_origin.sort_unstable();
        let mut rivals = vec![0; by_origin.len()];
        for group in by_origin.chunk_by(|a, b| a.0 == b.0) {
            for &(_, row) in group {
                rivals[row] = group.len() - 1;
            }
        }
        rivals
    }
}

impl Dispatch for Batched {
    fn cadence(&self) -> Cadence {
        Cadence::Every(self.interval_s)
    }

    fn decide(&mut self, view: View<'_>, _news: News<'_>, _random: &mut Pcg64, actions: &mut Vec<Action>) {
        self.requests.clear();
        self.requests.extend(view.waiting());
        self.requests.sort_unstable();
        let rows = self.requests.len();
        self.lists.clear();
        self.lists.resize_with(rows, List::default);
        // Each request starts with its few nearest vehicles. The solver's prices then tell which
        // requests might gain from a vehicle farther away: a vehicle costs at least the time that its
        // distance takes, and one outside all lists has no price of its own, so a request that pays
        // no more than that is served as well as can be. Of one place only a few vehicles are listed:
        // all are as far away, so while one of them is left over (its price is zero), another is worth
        // no more. The others look twice as far, and at twice as many of a place.
        let rivals = self.rivals(view);
        let mut open: Vec<usize> = (0..rows).collect();
        loop {
            for &row in &open {
                let ask = view.ask(self.requests[row]);
                let list = &mut self.lists[row];
                list.wanted = if list.wanted == 0 { FIRST_LOOK + rivals[row] } else { 2 * list.wanted };
                list.per_place = if list.per_place == 0 { 1 + rivals[row] } else { 2 * list.per_place };
                let (wanted, per_place) = (list.wanted, list.per_place);
                view.vehicles_for(&ask, wanted, per_place, &mut self.search, &mut self.found);
                list.complete = self.found.len() < wanted;
                let farthest_km = self.found.last().map_or(0.0, |c| c.great_circle_km);
                list.reach_s = view.least_time_beyond_s(ask.origin, farthest_km);
                list.vehicles.clear();
                list.vehicles.extend(self.found.iter().map(|c| (c.vehicle.0, c.way.duration_s)));
                list.cuts.clear();
                let mut first = 0;
                for (i, candidate) in self.found.iter().enumerate() {
                    if candidate.more_there {
                        list.cuts.push((first, i + 1));
                    }
                    let next_place = self.found.get(i + 1).map(|c| view.vehicle(c.vehicle).place);
                    if next_place != Some(view.vehicle(candidate.vehicle).place) {
                        first = i + 1;
                    }
                }
            }
            self.edges.clear();
            for (row, list) in self.lists.iter().enumerate() {
                let row = row as u32;
                self.edges.extend(list.vehicles.iter().map(|&(column, cost)| Edge { row, column, cost }));
            }
            self.matching.solve(rows, view.vehicle_count(), &self.edges);
            open.clear();
            open.extend((0..rows).filter(|&row| {
                let list = &self.lists[row];
                let beyond = !list.complete && self.matching.row_price(row) > list.reach_s;
                let scarce = |&(first, end): &(usize, usize)| {
                    list.vehicles[first..end].iter().all(|&(v, _)| self.matching.column_price(v) < 0)
                };
                beyond || list.cuts.iter().any(scarce)
            }));
            if open.is_empty() {
                break;
            }
        }
        for (row, vehicle) in self.matching.pairs() {
            actions.push(Action::Assign { request: self.requests[row], vehicle: VehicleId(vehicle) });
        }
    }
}

//! Batched dispatch: every few seconds all waiting requests and available
//! vehicles are matched at the least total time to the pick-ups.

use super::assignment::{Edge, Matching};
use super::{Action, Cadence, Dispatch, News};
use crate::ids::{RequestId, VehicleId};
use crate::world::{Service, View};
use rand_pcg::Pcg64;

/// As many requests as possible are served, and among such matchings one with the least sum of
/// driving times to the pick-ups is taken.
#[derive(Debug)]
pub(super) struct Batched {
    interval_s: i64,
    candidates: usize,
    requests: Vec<RequestId>,
    found: Vec<(f64, u32)>,
    edges: Vec<Edge>,
    matching: Matching,
}

impl Batched {
    pub(super) fn new(interval_s: i64, candidates: usize) -> Self {
        Self {
            interval_s,
            candidates,
            requests: Vec::new(),
            found: Vec::new(),
            edges: Vec::new(),
            matching: Matching::default(),
        }
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
        // Among n requests, one never needs a vehicle beyond its n nearest: the others can hold at
        // most n - 1 of them. So few candidates are exact while few requests wait.
        let k = self.requests.len().min(self.candidates);
        self.edges.clear();
        for (row, &request) in self.requests.iter().enumerate() {
            let ask = view.ask(request);
            view.vehicles_for(&ask, k, &mut self.found);
            for &(_, vehicle) in &self.found {
                if let Service::Possible(way) = view.service(VehicleId(vehicle), &ask) {
                    self.edges.push(Edge { row: row as u32, column: vehicle, cost: way.duration_s });
                }
            }
        }
        for (row, vehicle) in self.matching.solve(self.requests.len(), view.vehicle_count(), &self.edges) {
            actions.push(Action::Assign { request: self.requests[row], vehicle: VehicleId(vehicle) });
        }
    }
}

//! Nearest idle vehicle: the simplest dispatch, and the baseline of most studies.

use super::{Action, Cadence, Dispatch, News, Turn};
use crate::world::{Candidate, Search};
use gridfleet_core::ids::{RequestId, VehicleId};

/// Each new request gets the nearest vehicle that can serve it; each vehicle that becomes available gets the nearest
/// waiting request. Among requests of one place and fleet, the oldest that the vehicle can serve comes first.
#[derive(Debug, Default)]
pub(super) struct NearestIdle {
    search: Search,
    found: Vec<Candidate>,
    /// Vehicles assigned in this round: the view does not include these assignments yet.
    taken: Vec<VehicleId>,
}

/// Whether a request has been assigned a vehicle in this round.
fn is_given(actions: &[Action], request: RequestId) -> bool {
    actions.iter().any(|a| matches!(a, Action::Assign { request: r, .. } if *r == request))
}

impl Dispatch for NearestIdle {
    fn cadence(&self) -> Cadence {
        Cadence::OnChange
    }

    fn decide(&mut self, turn: &mut Turn<'_>, news: News<'_>) {
        let view = turn.view;
        self.taken.clear();
        for &request in news.requests {
            if !view.is_waiting(request) || is_given(turn.actions, request) {
                continue;
            }
            let ride_request = view.request(request);
            // An older request of the same place, which no vehicle could serve so far, comes first; then the search for
            // a vehicle continues.
            loop {
                // One more candidate than the number of vehicles already taken: at least one of them is free.
                let k = self.taken.len() + 1;
                view.vehicles_for(&ride_request, k, k, &mut self.search, &mut self.found);
                let Some(&Candidate { vehicle, route, .. }) =
                    self.found.iter().find(|c| !self.taken.contains(&c.vehicle))
                else {
                    break;
                };
                let oldest =
                    view.oldest_at(ride_request.origin, ride_request.fleet, vehicle, route, |other| {
                        other <= request && !is_given(turn.actions, other)
                    });
                let first = oldest.unwrap_or(request);
                self.taken.push(vehicle);
                turn.actions.push(Action::Assign { request: first, vehicle });
                if first == request {
                    break;
                }
            }
        }
        if view.waiting_count() <= turn.actions.len() {
            return;
        }
        // Requests waiting from before. Two vehicles may find the same one; the engine would accept the first and
        // refuse the second, which would not be reported again until it next becomes idle. Assigned requests are
        // therefore remembered here.
        for &vehicle in news.vehicles {
            if self.taken.contains(&vehicle) || !view.is_available(vehicle) {
                continue;
            }
            if let Some(request) =
                view.request_for(vehicle, &mut self.search, |request| !is_given(turn.actions, request))
            {
                turn.actions.push(Action::Assign { request, vehicle });
            }
        }
    }
}

//! A custom dispatch policy in a single run:
//!
//! ```sh
//! cargo run --release --example own_dispatch              # results in out/own-dispatch
//! ```

use gridfleet::policies::{Action, Cadence, Dispatch, News, Policies, Turn};
use gridfleet::world::{Candidate, Search};
use gridfleet::{Result, Run};

/// Every 30 seconds each waiting rider, the oldest first, gets the fullest of the five nearest free vehicles.
#[derive(Default)]
struct FullestOfFive {
    assigned: Vec<gridfleet::ids::VehicleId>,
    candidates: Vec<Candidate>,
    search: Search,
}

impl Dispatch for FullestOfFive {
    fn cadence(&self) -> Cadence {
        Cadence::Every(30)
    }

    fn decide(&mut self, turn: &mut Turn<'_>, _: News<'_>) {
        let view = turn.view;
        self.assigned.clear();
        for request in view.waiting() {
            // The view shows the world before this round, so that vehicles assigned in it are found again.
            let nearest = self.assigned.len() + 5;
            view.vehicles_for(
                &view.request(request),
                nearest,
                nearest,
                &mut self.search,
                &mut self.candidates,
            );
            let free = self.candidates.iter().map(|candidate| candidate.vehicle);
            let free = free.filter(|vehicle| !self.assigned.contains(vehicle)).take(5);
            if let Some(vehicle) = free.max_by(|&a, &b| view.soc(a).total_cmp(&view.soc(b))) {
                self.assigned.push(vehicle);
                turn.actions.push(Action::Assign { request, vehicle });
            }
        }
    }
}

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "out/own-dispatch".to_owned());
    let written = Run::of("scenarios/nyc-week.toml")?
        .policies(|policies| Policies { dispatch: Box::<FullestOfFive>::default(), ..policies })
        .write_to(folder)?;
    println!("{}", written.summary.table(false));
    Ok(())
}

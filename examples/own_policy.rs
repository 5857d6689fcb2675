//! A custom charging policy in a study against two that come with gridfleet:
//!
//! ```sh
//! cargo run --release --example own_policy                # ten replications, results in out/own-policy
//! cargo run --release --example own_policy -- 30 my-folder
//! ```

use gridfleet::ids::{FleetId, StationId, VehicleId};
use gridfleet::policies::{Action, Charging, Policies, Turn};
use gridfleet::world::{Activity, Search};
use gridfleet::{Result, Study};

/// Charges idle vehicles below 75 % from 21 to 7 o'clock, while no announced price is lower than the present one. By day, and
/// for vehicles too low to wait, the policy inside decides.
struct BeforeTheMorning(Box<dyn Charging>);

impl Charging for BeforeTheMorning {
    fn on_idle(&mut self, turn: &mut Turn<'_>, idle: &[VehicleId]) {
        self.0.on_idle(turn, idle);
    }

    fn on_interval(&mut self, turn: &mut Turn<'_>) {
        let view = turn.view;
        self.0.on_interval(turn);
        if (7..21).contains(&view.clock().hour(view.now())) {
            return;
        }
        let (mut nearest, mut search, mut assigned) =
            (Vec::new(), Search::default(), Vec::<StationId>::new());
        for vehicle in (0..view.fleet_count()).flat_map(|fleet| view.available(FleetId::new(fleet))) {
            if view.vehicle(vehicle).activity() != Activity::Idle || view.soc(vehicle) >= 0.75 {
                continue;
            }
            view.stations_for(vehicle, 5, &mut search, &mut nearest);
            let cheap_and_free = nearest.iter().copied().find(|&station| {
                let book = view.prices(view.retailer(station));
                let mut coming = book.broadcasts.iter().rev().take_while(|price| price.valid_to > view.now());
                view.free_connectors(station) > assigned.iter().filter(|&&other| other == station).count()
                    && coming.all(|price| price.price_per_mwh >= book.current_per_mwh)
            });
            if let Some(station) = cheap_and_free {
                assigned.push(station);
                turn.actions.push(Action::Charge { vehicle, station, target_soc: 0.9, yields: true });
            }
        }
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let replications = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(10);
    let folder = arguments.next().unwrap_or_else(|| "out/own-policy".to_owned());
    let study = Study::of("examples/own_policy.toml")?.replications(replications);
    let finished = study.write_with(&folder, |name, policies| match name {
        "before-the-morning" => {
            Policies { charging: Box::new(BeforeTheMorning(policies.charging)), ..policies }
        }
        _ => policies,
    })?;
    println!("{}", finished.table());
    Ok(())
}

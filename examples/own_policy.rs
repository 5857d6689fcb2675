//! A charging policy of one's own, in a study against those that come with gridfleet:
//!
//! ```sh
//! cargo run --release --example own_policy                # ten replications, results in out/own-policy
//! cargo run --release --example own_policy -- 30 my-folder
//! ```
//!
//! The policy, [`BeforeTheMorning`], has the fleet full when the morning's riders come, at the least cost: at night every
//! idle vehicle charges in the hours that are cheapest between now and seven. Three steps make it part of gridfleet:
//!
//! 1. a type that implements a role's trait, here [`Charging`];
//! 2. a study file that names it (`examples/own_policy.toml`);
//! 3. a function that puts the object into its role where the study asks for that name ([`main`]).
//!
//! For one run instead of a study see [`gridfleet::engine::Simulation::under`], which takes the same [`Policies`].

use chrono::{Days, Timelike as _};
use gridfleet::engine;
use gridfleet::error::{Error, Result};
use gridfleet::ids::{FleetId, RetailerId, StationId, VehicleId};
use gridfleet::outputs::Manifest;
use gridfleet::policies::{Action, Charging, Policies};
use gridfleet::studies::run::Finished;
use gridfleet::studies::{self, Options};
use gridfleet::time::{SimTime, local_to_utc};
use gridfleet::world::{Activity, Search, View};
use rand_pcg::Pcg64;
use std::path::{Path, PathBuf};

/// Name of the policy in the study.
const NAME: &str = "before-the-morning";
/// Nights begin at this hour of the local clock, and end at that of the next day: when riders are fewest.
const NIGHT: (u32, u32) = (21, 7);
/// Whoever is fuller than this does not charge at night.
const ENOUGH_SOC: f64 = 0.75;
/// How far vehicles charge at night: above it, batteries take less and less power.
const TARGET_SOC: f64 = 0.9;
/// Stations looked at, the nearest first.
const STATIONS: usize = 5;

/// Charges idle vehicles at night, in the hours that are cheapest until the morning. By day another policy decides.
///
/// What it knows is what any policy may know: the prices announced so far, who is idle and how full, which connectors are
/// free. If what is left of the night at prices below the present one is shorter than the charge takes, it is time.
struct BeforeTheMorning {
    /// Decides by day, and at night about vehicles that are too low to wait.
    usual: Box<dyn Charging>,
    /// By retailer: how long it will be cheaper than now, until the morning [s].
    cheaper_s: Vec<i64>,
    /// Connectors given away in this round: the view shows the world before it.
    given: Vec<StationId>,
    // Buffers, so that nothing is allocated at each control interval.
    found: Vec<StationId>,
    search: Search,
}

impl BeforeTheMorning {
    fn over(usual: Box<dyn Charging>) -> Self {
        Self { usual, cheaper_s: Vec::new(), given: Vec::new(), found: Vec::new(), search: Search::default() }
    }

    /// A station with a free connector at which it is time for this vehicle to charge.
    fn station(&mut self, view: View<'_>, vehicle: VehicleId) -> Option<StationId> {
        let target_soc = target_soc(view, vehicle);
        view.stations_for(vehicle, STATIONS, &mut self.search, &mut self.found);
        self.found.iter().copied().find(|&station| {
            let given = self.given.iter().filter(|&&other| other == station).count();
            let there_s = view.trip(view.vehicle(vehicle).place, view.station_place(station)).duration_s;
            let charging_s = view.charging_time_s(vehicle, station, view.soc(vehicle), target_soc);
            view.free_connectors(station) > given
                && self.cheaper_s[view.retailer(station).index()] as f64 <= there_s as f64 + charging_s
        })
    }
}

impl Charging for BeforeTheMorning {
    /// Vehicles have become idle. Nothing is special about that here.
    fn on_idle(&mut self, view: View<'_>, idle: &[VehicleId], random: &mut Pcg64, actions: &mut Vec<Action>) {
        self.usual.on_idle(view, idle, random, actions);
    }

    /// Every control interval: the place to think about all vehicles at once.
    fn on_interval(&mut self, view: View<'_>, random: &mut Pcg64, actions: &mut Vec<Action>) {
        self.usual.on_interval(view, random, actions);
        let Some(morning) = morning(view) else { return };
        self.given.clear();
        self.cheaper_s.clear();
        self.cheaper_s.extend(
            (0..view.retailer_count()).map(|retailer| cheaper_s(view, RetailerId::new(retailer), morning)),
        );
        for vehicle in (0..view.fleet_count()).flat_map(|fleet| view.available(FleetId::new(fleet))) {
            if view.vehicle(vehicle).activity != Activity::Idle || view.soc(vehicle) >= ENOUGH_SOC {
                continue;
            }
            if let Some(station) = self.station(view, vehicle) {
                self.given.push(station);
                // A rider may still call it away (`yields`). The engine refuses what cannot be done, and counts it.
                let target_soc = target_soc(view, vehicle);
                actions.push(Action::Charge { vehicle, station, target_soc, yields: true });
            }
        }
    }
}

/// The charge asked for, within what the battery may use.
fn target_soc(view: View<'_>, vehicle: VehicleId) -> f64 {
    TARGET_SOC.min(view.vehicle_type(vehicle).usable_soc[1])
}

/// The end of the night, if it is night.
fn morning(view: View<'_>) -> Option<SimTime> {
    // Nights are nights of the local clock, also when it changes; the simulation's own time is UTC.
    let local = view.clock().local(view.now());
    let date = match local.hour() {
        hour if hour >= NIGHT.0 => local.date().checked_add_days(Days::new(1))?,
        hour if hour < NIGHT.1 => local.date(),
        _ => return None,
    };
    Some(local_to_utc(view.clock().tz(), date.and_hms_opt(NIGHT.1, 0, 0)?).earliest())
}

/// How long, between now and the morning, the announced prices of a retailer are below the present one [s].
fn cheaper_s(view: View<'_>, retailer: RetailerId, morning: SimTime) -> i64 {
    let book = view.prices(retailer);
    let coming = book.broadcasts.iter().rev().take_while(|price| price.valid_to > view.now());
    coming
        .filter(|price| price.price_eur_mwh < book.current_eur_mwh)
        .map(|price| (price.valid_to.min(morning) - price.valid_from.max(view.now())).max(0))
        .sum()
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let replications = match arguments.next() {
        Some(text) => Some(text.parse().map_err(|_| Error::Other(format!("`{text}` is no number")))?),
        None => None,
    };
    let output = PathBuf::from(arguments.next().unwrap_or_else(|| "out/own-policy".to_owned()));

    let study = studies::load::load(Path::new("examples/own_policy.toml"))?;
    let options = Options {
        replications,
        // Called for each task. What the scenario names is built first; then one role is taken by an object of ours.
        policies: &|name, specs, setup, streams| {
            let policies = engine::policies(specs, setup, streams);
            match name {
                NAME => {
                    Policies { charging: Box::new(BeforeTheMorning::over(policies.charging)), ..policies }
                }
                _ => policies,
            }
        },
        manifest: Manifest::new(std::env::args().collect()),
        ..Options::new(&output)
    };
    // The folder holds what `gridfleet study` would write: tables, pictures, the journal. `gridfleet report` reads it.
    if let Finished::Study(results) = studies::run(&study, options)? {
        println!("{}", results.summary.table(false));
    }
    Ok(())
}

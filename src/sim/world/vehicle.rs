//! A vehicle's life as an explicit state machine.
//!
//! [`Activity`] is what a vehicle does, [`Trigger`] what can happen to it, and
//! [`Activity::after`] the one table of what follows what. A pair that is not in
//! the table cannot happen; the engine asserts it.

use crate::world::VehicleType;
use gridfleet_core::ids::{FleetId, PlaceId, RequestId, StationId, TypeId};
use gridfleet_core::records::LegPurpose;
use gridfleet_core::time::SimTime;

/// What a vehicle does. It does one thing at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Activity {
    /// Parked, not plugged in.
    Idle,
    /// Driving empty to a rider.
    ToPickup,
    /// Driving with a rider.
    InService,
    /// Driving to a charging station.
    ToStation,
    /// Driving to a depot, or to where it may be needed.
    Relocating,
    /// Waiting for a connector.
    Queued,
    /// Plugged in, power flowing.
    Charging,
    /// Plugged in, no power flowing.
    Plugged,
    /// Plugged in, feeding power back.
    Discharging,
}

/// What can happen to a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// A request is assigned: it sets out for the pick-up.
    Assign,
    /// The rider gets in (in replay: the rental starts).
    PickUp,
    /// The rider gets out.
    DropOff,
    /// It sets out for a station.
    SeekCharge,
    /// It sets out for a depot or another place without a rider.
    Relocate,
    /// It is where it was driving to, without a rider.
    Arrive,
    /// It gets a connector.
    Connect,
    /// It gives up waiting.
    Renege,
    /// The charge asked for is reached, or the policy stops the power.
    Stop,
    /// The policy lets power flow again.
    Resume,
    /// The policy lets it feed power back.
    Feed,
    /// It leaves its connector and stays where it is.
    Unplug,
}

impl Activity {
    /// Every activity, in the order of the enum.
    pub const ALL: [Self; 9] = [
        Self::Idle,
        Self::ToPickup,
        Self::InService,
        Self::ToStation,
        Self::Relocating,
        Self::Queued,
        Self::Charging,
        Self::Plugged,
        Self::Discharging,
    ];

    /// What a vehicle does after `trigger`; `None` where that cannot happen.
    pub const fn after(self, trigger: Trigger) -> Option<Self> {
        use Activity::{
            Charging, Discharging, Idle, InService, Plugged, Queued, Relocating, ToPickup, ToStation,
        };
        use Trigger::{
            Arrive, Assign, Connect, DropOff, Feed, PickUp, Relocate, Renege, Resume, SeekCharge, Stop,
            Unplug,
        };
        Some(match (self, trigger) {
            (Idle, Assign) => ToPickup,
            (Idle | ToPickup, PickUp) => InService,
            (InService, DropOff)
            | (Queued, Renege)
            | (Charging | Plugged | Discharging, Unplug)
            | (Relocating, Arrive) => Idle,
            (Idle, SeekCharge) => ToStation,
            (Idle, Relocate) => Relocating,
            (ToStation, Arrive) => Queued,
            // In replay a rental may end at a connector: the vehicle is plugged in where it stands.
            (Queued | Idle, Connect) | (Plugged | Discharging, Resume) => Charging,
            (Charging | Discharging, Stop) => Plugged,
            (Charging | Plugged, Feed) => Discharging,
            _ => return None,
        })
    }

    /// Whether the vehicle is on the road.
    pub const fn is_driving(self) -> bool {
        matches!(self, Self::ToPickup | Self::InService | Self::ToStation | Self::Relocating)
    }

    /// Whether the vehicle holds a connector.
    pub const fn is_plugged(self) -> bool {
        matches!(self, Self::Charging | Self::Plugged | Self::Discharging)
    }
}

/// A movement under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leg {
    /// Why.
    pub purpose: LegPurpose,
    /// Set out.
    pub start: SimTime,
    /// Will be there.
    pub end: SimTime,
    /// From.
    pub origin: PlaceId,
    /// To.
    pub destination: PlaceId,
    /// [km].
    pub distance_km: f64,
    /// Taken from the battery over the whole leg [kWh].
    pub energy_kwh: f64,
    /// Charged on the way, as recorded [kWh].
    pub charged_kwh: f64,
}

impl Leg {
    /// Share of the leg that is behind the vehicle at `t`, 0 to 1.
    pub fn share_at(&self, t: SimTime) -> f64 {
        let whole = (self.end - self.start) as f64;
        if whole <= 0.0 { 1.0 } else { ((t - self.start) as f64 / whole).clamp(0.0, 1.0) }
    }

    /// Energy that `share` of the leg takes from the battery, and energy charged on the way [kWh]: no more than finds room
    /// in a battery that sets out at `soc`.
    pub fn exchanged_kwh(&self, of: &VehicleType, soc: f64, share: f64) -> (f64, f64) {
        let energy_kwh = self.energy_kwh * share;
        let room_kwh = energy_kwh + of.kwh(of.usable_soc[1] - soc);
        (energy_kwh, (self.charged_kwh * share).min(room_kwh).max(0.0))
    }
}

/// A trip under way, from assignment to drop-off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ride {
    /// The request served.
    pub request: RequestId,
    /// State of charge when the vehicle set out for the pick-up.
    pub soc_start: f64,
    /// When the rider was picked up.
    pub pickup: Option<SimTime>,
    /// Empty way to the pick-up [km].
    pub deadhead_km: f64,
    /// Of all legs of the trip [kWh].
    pub energy_kwh: f64,
}

/// A vehicle at one instant.
#[derive(Debug, Clone)]
pub struct Vehicle {
    /// Who operates it.
    pub fleet: FleetId,
    /// What it is.
    pub vehicle_type: TypeId,
    /// Its consumption over that of its type.
    pub consumption_factor: f64,
    /// What it does.
    pub activity: Activity,
    /// Since when.
    pub since: SimTime,
    /// Where it is; while driving, where the leg began.
    pub place: PlaceId,
    /// State of charge; while driving, at the start of the leg; while charging, at the last change
    /// of power (see `Stations::soc`).
    pub soc: f64,
    /// The leg under way.
    pub leg: Option<Leg>,
    /// The trip under way.
    pub ride: Option<Ride>,
    /// The station it drives to, waits at or is plugged in at.
    pub station: Option<StationId>,
    /// Its connector (number among all connectors), where plugged in.
    pub connector: Option<u32>,
    /// State of charge asked for on the way to, or at, a station.
    pub target_soc: f64,
    /// Riders may call it away while it charges.
    pub yields: bool,
    /// Stations at which it gave up waiting since it was last plugged in, each once, and until when it avoids them.
    pub gave_up: Vec<(StationId, SimTime)>,
    /// When it first joined a station for the charge that it still needs.
    pub need_since: Option<SimTime>,
    /// Driven since the driving cost was last posted [km].
    pub unposted_km: f64,
}

impl Vehicle {
    /// Moves the state machine on.
    ///
    /// # Panics
    /// If the transition is not in the table: a bug in the engine.
    pub fn fire(&mut self, trigger: Trigger, now: SimTime) {
        let Some(next) = self.activity.after(trigger) else {
            unreachable!("{trigger:?} cannot happen to a vehicle that is {:?}", self.activity)
        };
        self.activity = next;
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Activity::{
        Charging, Discharging, Idle, InService, Plugged, Queued, Relocating, ToPickup, ToStation,
    };

    /// One row per activity; a column per trigger, in the order of the header.
    #[test]
    fn the_table_of_a_vehicles_life() {
        use Trigger as T;
        let header = [
            T::Assign,
            T::PickUp,
            T::DropOff,
            T::SeekCharge,
            T::Relocate,
            T::Arrive,
            T::Connect,
            T::Renege,
            T::Stop,
            T::Resume,
            T::Unplug,
            T::Feed,
        ];
        const NO: Option<Activity> = None;
        let s = Some;
        #[rustfmt::skip]
        let table = [
            //           assign       pick up       drop off seek charge   relocate       arrive    connect      renege   stop        resume       unplug   feed
            (Idle,       [s(ToPickup), s(InService), NO,      s(ToStation), s(Relocating), NO,       s(Charging), NO,      NO,         NO,          NO,      NO]),
            (ToPickup,   [NO,          s(InService), NO,      NO,           NO,            NO,       NO,          NO,      NO,         NO,          NO,      NO]),
            (InService,  [NO,          NO,           s(Idle), NO,           NO,            NO,       NO,          NO,      NO,         NO,          NO,      NO]),
            (ToStation,  [NO,          NO,           NO,      NO,           NO,            s(Queued), NO,         NO,      NO,         NO,          NO,      NO]),
            (Relocating, [NO,          NO,           NO,      NO,           NO,            s(Idle),  NO,          NO,      NO,         NO,          NO,      NO]),
            (Queued,     [NO,          NO,           NO,      NO,           NO,            NO,       s(Charging), s(Idle), NO,         NO,          NO,      NO]),
            (Charging,   [NO,          NO,           NO,      NO,           NO,            NO,       NO,          NO,      s(Plugged), NO,          s(Idle), s(Discharging)]),
            (Plugged,    [NO,          NO,           NO,      NO,           NO,            NO,       NO,          NO,      NO,         s(Charging), s(Idle), s(Discharging)]),
            (Discharging,[NO,          NO,           NO,      NO,           NO,            NO,       NO,          NO,      s(Plugged), s(Charging), s(Idle), NO]),
        ];
        assert_eq!(table.map(|row| row.0), Activity::ALL);
        for (activity, row) in table {
            for (trigger, expected) in header.into_iter().zip(row) {
                assert_eq!(activity.after(trigger), expected, "{activity:?} {trigger:?}");
            }
        }
    }

    #[test]
    fn no_activity_is_a_dead_end_or_out_of_reach() {
        let triggers = [
            Trigger::Assign,
            Trigger::PickUp,
            Trigger::DropOff,
            Trigger::SeekCharge,
            Trigger::Relocate,
            Trigger::Arrive,
            Trigger::Connect,
            Trigger::Renege,
            Trigger::Stop,
            Trigger::Resume,
            Trigger::Unplug,
            Trigger::Feed,
        ];
        for activity in Activity::ALL {
            let mut reached = vec![activity];
            let mut at = 0;
            while at < reached.len() {
                let from = reached[at];
                for next in triggers.iter().filter_map(|&t| from.after(t)) {
                    if !reached.contains(&next) {
                        reached.push(next);
                    }
                }
                at += 1;
            }
            assert_eq!(reached.len(), Activity::ALL.len(), "from {activity:?}");
        }
    }
}

//! A vehicle's life cycle as an explicit state machine.
//!
//! [`Activity`] is the current activity of a vehicle, [`Trigger`] an event that can happen to it, and
//! [`Activity::after`] the single transition table. A pair that is not in the table cannot happen; the engine asserts
//! it.

use crate::world::{VehicleStart, VehicleType};
use gridfleet_core::ids::{FleetId, PlaceId, RequestId, StationId, TypeId};
use gridfleet_core::records::LegPurpose;
use gridfleet_core::time::SimTime;

/// Activity of a vehicle. It has one activity at a time.
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
    /// Driving to a depot, or to a place of expected demand.
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

/// Events that can happen to a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trigger {
    /// A request is assigned: the vehicle departs for the pick-up.
    Assign,
    /// The rider gets in (in replay: the rental starts).
    PickUp,
    /// The rider gets out.
    DropOff,
    /// It departs for a station.
    SeekCharge,
    /// It departs for a depot or another place without a rider.
    Relocate,
    /// It arrives at its destination without a rider.
    Arrive,
    /// It gets a connector.
    Connect,
    /// It gives up waiting.
    Renege,
    /// The requested charge is reached, or the policy stops the power.
    Stop,
    /// The policy lets power flow again.
    Resume,
    /// The policy lets it feed power back.
    Feed,
    /// It leaves its connector and remains at its place.
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

    /// Activity after `trigger`; `None` if the transition is not possible.
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
            // In replay a rental may end at a connector: the vehicle is plugged in at its current place.
            (Queued | Idle, Connect) | (Plugged | Discharging, Resume) => Charging,
            (Charging | Discharging, Stop) => Plugged,
            (Charging | Plugged, Feed) => Discharging,
            _ => return None,
        })
    }

    /// Whether the vehicle is driving.
    pub const fn is_driving(self) -> bool {
        matches!(self, Self::ToPickup | Self::InService | Self::ToStation | Self::Relocating)
    }

    /// Whether the vehicle occupies a connector.
    pub const fn is_plugged(self) -> bool {
        matches!(self, Self::Charging | Self::Plugged | Self::Discharging)
    }
}

/// A movement in progress.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leg {
    /// Purpose of the leg.
    pub purpose: LegPurpose,
    /// Departure time.
    pub start: SimTime,
    /// Arrival time.
    pub end: SimTime,
    /// Origin.
    pub origin: PlaceId,
    /// Destination.
    pub destination: PlaceId,
    /// Distance [km].
    pub distance_km: f64,
    /// Energy taken from the battery over the whole leg [kWh].
    pub energy_kwh: f64,
    /// Energy charged during the leg, as recorded [kWh].
    pub charged_kwh: f64,
}

impl Leg {
    /// Share of the leg that the vehicle has completed at `t`, 0 to 1.
    pub fn share_at(&self, t: SimTime) -> f64 {
        let whole = (self.end - self.start) as f64;
        if whole <= 0.0 { 1.0 } else { ((t - self.start) as f64 / whole).clamp(0.0, 1.0) }
    }

    /// Energy that `share` of the leg takes from the battery, and energy charged during it [kWh]; limited to the free
    /// capacity of a battery that departs at `soc`.
    pub fn exchanged_kwh(&self, vehicle_type: &VehicleType, soc: f64, share: f64) -> (f64, f64) {
        let energy_kwh = self.energy_kwh * share;
        let room_kwh = energy_kwh + vehicle_type.kwh(vehicle_type.usable_soc[1] - soc);
        (energy_kwh, (self.charged_kwh * share).min(room_kwh).max(0.0))
    }
}

/// A trip in progress, from assignment to drop-off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ride {
    /// The request served.
    pub request: RequestId,
    /// State of charge when the vehicle departed for the pick-up.
    pub soc_start: f64,
    /// Time at which the rider was picked up.
    pub pickup: Option<SimTime>,
    /// Empty distance to the pick-up [km].
    pub deadhead_km: f64,
    /// Energy of all legs of the trip [kWh].
    pub energy_kwh: f64,
}

/// A vehicle at one instant.
///
/// In this order, and each vehicle aligned: searches look at the first cache line of vehicles only, and legs are in the
/// second.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub struct Vehicle {
    /// State of charge; while driving, at the start of the leg; while charging, at the last change
    /// of power (see `Stations::soc`).
    pub(super) soc: f64,
    /// Its consumption relative to its type.
    pub consumption_factor: f64,
    /// Start of the current activity.
    pub(super) since: SimTime,
    /// State of charge requested while driving to, or at, a station.
    pub target_soc: f64,
    /// The station it is driving to, waiting at or plugged in at.
    pub station: Option<StationId>,
    /// Its connector (index among all connectors), if plugged in.
    pub connector: Option<u32>,
    /// Current place; while driving, the origin of the leg.
    pub place: PlaceId,
    /// Fleet that operates it.
    pub fleet: FleetId,
    /// Vehicle type.
    pub vehicle_type: TypeId,
    pub(super) activity: Activity,
    /// Whether a rider's request may interrupt its charging.
    pub yields: bool,
    pub(super) leg: Option<Leg>,
    /// Distance driven since the driving cost was last posted [km].
    pub unposted_km: f64,
    /// The trip in progress.
    pub ride: Option<Ride>,
    /// Time at which it first joined a station for its current charging need.
    pub need_since: Option<SimTime>,
    /// Stations at which it gave up waiting since it was last plugged in, each once, and the time until which it avoids
    /// them.
    pub gave_up: Vec<(StationId, SimTime)>,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(std::mem::offset_of!(Vehicle, leg) <= 64 && size_of::<Vehicle>() <= 256);

impl Vehicle {
    /// An idle vehicle.
    pub(super) fn new(start: &VehicleStart, since: SimTime) -> Self {
        Self {
            fleet: start.fleet,
            vehicle_type: start.vehicle_type,
            consumption_factor: start.consumption_factor,
            activity: Activity::Idle,
            since,
            place: start.place,
            soc: start.soc,
            leg: None,
            ride: None,
            station: None,
            connector: None,
            target_soc: 0.0,
            yields: false,
            gave_up: Vec::new(),
            need_since: None,
            unposted_km: 0.0,
        }
    }

    /// Current activity.
    #[inline]
    pub fn activity(&self) -> Activity {
        self.activity
    }

    /// Start of the current activity.
    pub fn since(&self) -> SimTime {
        self.since
    }

    /// State of charge; while driving, at the start of the leg; while charging, at plug-in.
    #[inline]
    pub fn soc(&self) -> f64 {
        self.soc
    }

    /// The leg in progress.
    pub fn leg(&self) -> Option<&Leg> {
        self.leg.as_ref()
    }

    /// Advances the state machine.
    pub(super) fn fire(&mut self, trigger: Trigger, now: SimTime) {
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

    /// One row per activity and one column per trigger, in the order of the header.
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

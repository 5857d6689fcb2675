//! Riders: first come, first served among equals.

use super::tables::{Code, MISSING, Texts, Written};
use super::{Auditor, Check};
use gridfleet_core::error::Result;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::records::{LegPurpose, TripStatus};
use gridfleet_core::time::SimTime;
use std::collections::BTreeMap;

const ORDER: &str = "Trips: of equal riders the older is not passed over";

/// A request of one place, destination and fleet.
#[derive(Clone, Copy)]
struct Rider {
    id: u32,
    request: i64,
    /// Time at which a vehicle set out for it; `i64::MAX` if none did.
    taken: i64,
    pickup: i64,
    /// Bounds of the length of the ride [km]: only the distance driven is known if the end of the simulation cut it
    /// off.
    least_km: f64,
    most_km: f64,
    lost: bool,
}

/// While an older rider waits, no vehicle sets out for a later one with the same trip, unless it could not have served
/// the older rider: it would have arrived too late, or the older rider's trip is longer.
pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    let facts = auditor.facts;
    let Some(patience_s) = facts.patience_s.filter(|_| !facts.in_order.is_empty()) else { return Ok(()) };
    if !auditor.has(&[TableId::Trips, TableId::Legs], &[ORDER]) {
        return Ok(());
    }
    let mut texts = Texts::default();
    let in_order: Vec<Code> = facts.in_order.iter().map(|name| texts.code(name)).collect();
    let lost = TripStatus::ALL
        .into_iter()
        .filter(|status| !matches!(status, TripStatus::Served | TripStatus::InProgress));
    let lost: Vec<Code> = lost.map(|status| texts.code(status.name())).collect();

    let in_progress = texts.code(TripStatus::InProgress.name());

    let legs = Written::open(auditor.dir, TableId::Legs)?;
    let pickup = texts.code(LegPurpose::Pickup.name());
    let leg_vehicle = legs.texts("vehicle_id", &mut texts)?;
    let purpose = legs.texts("purpose", &mut texts)?;
    let (start, end) = (legs.all_times("start_time")?, legs.all_times("end_time")?);
    // Time at which each vehicle set out for the rider that it picked up at an instant.
    let set_out: BTreeMap<(Code, i64), i64> = (0..legs.rows())
        .filter(|&row| purpose[row] == pickup)
        .map(|row| ((leg_vehicle[row], end[row]), start[row]))
        .collect();

    let trips = Written::open(auditor.dir, TableId::Trips)?;
    let id = trips.ids("request_id")?;
    let fleet = trips.texts("fleet", &mut texts)?;
    let vehicle = trips.texts("vehicle_id", &mut texts)?;
    let status = trips.texts("status", &mut texts)?;
    let (from, to) = (trips.texts("origin", &mut texts)?, trips.texts("destination", &mut texts)?);
    let (request, picked_up) = (trips.all_times("request_time")?, trips.times("pickup_time")?);
    let km = trips.floats("distance_km")?;
    let mut equals = BTreeMap::<(Code, Code, Code), Vec<Rider>>::new();
    for row in (0..trips.rows()).filter(|&row| in_order.contains(&fleet[row])) {
        let taken = picked_up[row].and_then(|at| set_out.get(&(vehicle[row], at)).copied());
        // In progress with a vehicle at the end: the time at which it set out is not in the row.
        if taken.is_none() && vehicle[row] != MISSING {
            continue;
        }
        equals.entry((fleet[row], from[row], to[row])).or_default().push(Rider {
            id: id[row],
            request: request[row],
            taken: taken.unwrap_or(i64::MAX),
            pickup: picked_up[row].unwrap_or(i64::MAX),
            least_km: km[row],
            most_km: if status[row] == in_progress { f64::INFINITY } else { km[row] },
            lost: lost.contains(&status[row]),
        });
    }
    let mut check = Check::new(ORDER);
    for riders in equals.values_mut() {
        riders.sort_by_key(|rider| (rider.request, rider.id));
        for (number, older) in riders.iter().enumerate() {
            let deadline = older.request + patience_s;
            // A rider without a vehicle waits until its patience ends and is then lost, unless the simulation ends
            // first.
            let waits = if older.lost { deadline } else { older.taken.min(deadline) };
            let passed =
                riders[number + 1..].iter().take_while(|later| later.request < waits).find(|later| {
                    later.taken < waits && later.pickup <= deadline && older.most_km <= later.least_km
                });
            check.that(passed.is_none(), || {
                let later = passed.map_or(0, |later| later.id);
                let at = passed.map_or(0, |later| later.taken);
                format!(
                    "request {} waited from {}, a vehicle set out for {later} at {}",
                    older.id,
                    SimTime(older.request).iso(),
                    SimTime(at).iso()
                )
            });
        }
    }
    auditor.checks.push(check);
    Ok(())
}

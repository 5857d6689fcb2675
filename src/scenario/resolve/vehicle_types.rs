//! Vehicle types of a scenario: written inline or taken from a catalogue, with the same checks.

use super::sources;
use crate::document::{Problems, Subject};
use crate::spec::{ScenarioFile, VehicleTypeSpec};
use gridfleet_core::ranges;
use gridfleet_sim::world::{ChargingCurve, VehicleType};
use std::path::PathBuf;

/// Most types in a catalogue.
const MOST_TYPES: usize = 10_000;

/// All types, those of the catalogue first; an inline type replaces the type with the same name in the catalogue.
pub fn vehicle_types(
    spec: &ScenarioFile,
    inputs: &mut Vec<PathBuf>,
    problems: &mut Problems<'_>,
) -> Vec<VehicleType> {
    let mut specs: Vec<(VehicleTypeSpec, Subject)> = Vec::new();
    let before = problems.errors.len();
    if let Some(file) = &spec.vehicle_types_file
        && let Some(path) = problems.file("vehicle_types_file", file)
    {
        inputs.push(path.clone());
        let rows = problems.take("vehicle_types_file", sources::catalogue(&path)).unwrap_or_default();
        if rows.len() > MOST_TYPES {
            let found = format!("{} vehicle types", rows.len());
            problems.add("vehicle_types_file", found, format!("at most {MOST_TYPES}"));
        }
        for (line, row) in rows.into_iter().take(MOST_TYPES) {
            specs.push((row, Subject::Row { file: path.clone(), line }));
        }
    }
    problems.types_unread = problems.errors.len() > before;
    for (i, inline) in spec.vehicle_types.iter().enumerate() {
        let subject = Subject::Key(format!("vehicle_types[{i}]"));
        if spec.vehicle_types[..i].iter().any(|other| other.name == inline.name) {
            problems.about(
                &subject,
                "name",
                format!("\"{}\" for the second time", inline.name),
                "a unique name",
            );
        }
        specs.retain(|(other, place)| other.name != inline.name || matches!(place, Subject::Key(_)));
        specs.push((inline.clone(), subject));
    }
    // A type that fails its checks is kept by name with a curve of one kilowatt, so that references to it cause no
    // second error; the scenario is rejected anyway.
    specs.iter().map(|(spec, subject)| vehicle_type(spec, subject, problems)).collect()
}

fn vehicle_type(spec: &VehicleTypeSpec, subject: &Subject, problems: &mut Problems<'_>) -> VehicleType {
    let [low, high] = spec.usable_soc;
    if low >= high {
        problems.about(
            subject,
            "usable_soc",
            format!("[{low:?}, {high:?}]"),
            "a lower and a higher state of charge",
        );
    }
    let most_kw = spec.ac_kw.max(spec.dc_kw);
    if most_kw <= 0.0 {
        problems
            .about(subject, "ac_kw", "0, and no `dc_kw`", "a vehicle that can be charged")
            .help("give the power of the on-board charger or of the DC inlet");
    }
    let temperature = &spec.consumption_by_temperature;
    let holds = |p: &[f64; 2]| ranges::TEMPERATURE.holds(p[0]) && ranges::CONSUMPTION_FACTOR.holds(p[1]);
    if temperature.windows(2).any(|w| w[0][0] >= w[1][0]) || !temperature.iter().all(holds) {
        problems.about(
            subject,
            "consumption_by_temperature",
            format!("{temperature:?}"),
            format!(
                "points [°C, factor], ascending, {}, {}",
                ranges::TEMPERATURE.expected(),
                ranges::CONSUMPTION_FACTOR.expected()
            ),
        );
    }
    let (field, points, scale) = match (&spec.charging_curve, &spec.charging_curve_share) {
        (Some(_), Some(_)) => {
            problems.about(
                subject,
                "charging_curve_share",
                "both `charging_curve` and `charging_curve_share`",
                "one of them",
            );
            ("", None, 1.0)
        }
        (Some(points), None) => ("charging_curve", Some(points), 1.0),
        (None, Some(points)) => ("charging_curve_share", Some(points), most_kw),
        (None, None) => ("", None, 1.0),
    };
    let mut curve = ChargingCurve::constant(if most_kw > 0.0 { most_kw } else { 1.0 });
    if let Some(points) = points {
        match curve_problem(points, scale == 1.0) {
            Some(problem) => {
                let expected = "points [state of charge, power] from 0 to 1, ascending, with power above 0";
                problems.about(subject, field, problem, expected);
            }
            None if most_kw > 0.0 => {
                let scaled: Vec<[f64; 2]> = points.iter().map(|p| [p[0], p[1] * scale]).collect();
                curve = ChargingCurve::new(&scaled);
            }
            None => {}
        }
    }
    VehicleType {
        name: spec.name.clone(),
        battery_kwh: spec.battery_kwh,
        usable_soc: spec.usable_soc,
        consumption_kwh_per_km: spec.consumption_kwh_per_km,
        consumption_by_temperature: temperature.clone(),
        ac_kw: spec.ac_kw,
        dc_kw: spec.dc_kw,
        curve,
        charge_efficiency: spec.charge_efficiency,
        discharge_efficiency: spec.discharge_efficiency,
        feed_kw: spec.feed_kw,
        max_active_hours: spec.max_active_hours,
        wear_cost_per_kwh: spec.wear_cost_per_kwh,
    }
}

/// Error in a charging curve, if any.
fn curve_problem(points: &[[f64; 2]], power: bool) -> Option<String> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Some("no point".to_owned());
    };
    let most = if power { ranges::CONNECTOR_POWER.most } else { 1.0 };
    let text = |p: &[f64; 2]| format!("[{:?}, {:?}]", p[0], p[1]);
    if first[0] != 0.0 {
        return Some(format!("a curve that starts at {}", text(first)));
    }
    if last[0] != 1.0 {
        return Some(format!("a curve that ends at {}", text(last)));
    }
    if let Some(pair) = points.windows(2).find(|w| w[0][0] >= w[1][0]) {
        return Some(format!("{} before {}", text(&pair[0]), text(&pair[1])));
    }
    points.iter().find(|p| !(p[1] > 0.0 && p[1] <= most)).map(|p| format!("the point {}", text(p)))
}

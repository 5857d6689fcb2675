//! Figure 6: total energy of the fleets, by the numbers of fleets and customers.

use super::super::{Context, Figure, Outcome, Table};
use super::{CASE_B, EQUAL, each, follows, mostly};
use crate::error::Result;
use crate::games::coalition::Coalition;
use crate::plots::{self, Axis, Line, Plane};
use crate::reproduce::cooperative::source::Size;
use crate::routing::{Demand, Router};
use crate::statistics::Sample;

/// Numbers of customers (assumed; the figure calls them J) and of fleets.
const CUSTOMERS: [usize; 3] = [9, 12, 15];
const FLEETS: [usize; 4] = [3, 4, 5, 6];

/// Figure 6.
pub fn fig_6(context: &Context<'_>) -> Result<Outcome> {
    let mut notes = Vec::new();
    // By customers, instance and fleets: energy and cost.
    let mut all: Vec<Vec<[[f64; 2]; 4]>> = Vec::new();
    for trips in CUSTOMERS {
        let size = Size { fleets: 6, stations: 8, trips, ..CASE_B };
        let (results, source_notes) = each(context, size, |instance, _| {
            let mut router = Router::new(&instance)?;
            let mut by_fleets = [[0.0; 2]; 4];
            for (place, fleets) in FLEETS.into_iter().enumerate() {
                let plan = router.solve(Coalition::all(fleets), Demand::All)?;
                by_fleets[place] = [plan.used(&instance).driven_kwh, plan.cost];
            }
            Ok(by_fleets)
        })?;
        notes = source_notes;
        all.push(results);
    }
    notes.push(
        "With n fleets, the first n of six act together, for the same customers; each brings its stations."
            .to_owned(),
    );
    let (mut figures, mut lines) = (Vec::new(), Vec::new());
    let mut table = Table::new("instances").integers("instance", 0..i64::from(context.replications()));
    for (trips, results) in CUSTOMERS.into_iter().zip(&all) {
        let (mut points, mut band) = (Vec::new(), Vec::new());
        for (place, fleets) in FLEETS.into_iter().enumerate() {
            let energy: Vec<f64> = results.iter().map(|result| result[place][0]).collect();
            let figure = Figure::mean("energy", "kWh", &energy).case(format!("J = {trips}, {fleets} fleets"));
            points.push((fleets as f64, figure.computed));
            if let Some(interval) = Sample::of(&energy).and_then(|sample| sample.t_interval(0.95)) {
                band.push((fleets as f64, interval.low, interval.high));
            }
            figures.push(figure);
            table = table.numbers(format!("energy_j{trips}_n{fleets}_kwh"), energy);
        }
        lines.push(Line::new(format!("J = {trips}"), points).band(band));
    }
    let plane =
        Plane::new(Axis::number("fleets", "").within(3.0, 6.0), Axis::number("energy", "kWh").from_zero());
    let plane = lines.into_iter().fold(plane, Plane::with);
    let picture = plots::Figure::new("Energy of fleets that act together")
        .subtitle("mean over instances, with intervals of 95 %")
        .panel("", plane);
    let fall = |result: &[[f64; 2]; 4]| result[0][0] - result[3][0];
    let of_all =
        |holds: &dyn Fn(&[[f64; 2]; 4]) -> bool| -> Vec<bool> { all.iter().flatten().map(holds).collect() };
    Ok(Outcome {
        findings: vec![
            follows(
                "costs do not rise with a fleet more",
                of_all(&|result| result.windows(2).all(|pair| pair[1][1] <= pair[0][1] + EQUAL)),
            ),
            mostly("energy falls from three fleets to six", of_all(&|result| fall(result) > EQUAL)),
            mostly(
                "energy falls at each fleet more, or stays",
                of_all(&|result| result.windows(2).all(|pair| pair[1][0] <= pair[0][0] + EQUAL)),
            ),
            mostly(
                "it falls by more for 15 customers than for 9",
                all[2].iter().zip(&all[0]).map(|(many, few)| fall(many) > fall(few)),
            ),
        ],
        figures,
        tables: vec![table],
        pictures: vec![("fig6".to_owned(), picture)],
        notes,
    })
}

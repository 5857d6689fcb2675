//! Target `cnash-fig2`: M over the size of the coalition, with equal prices and unequal demand.

use super::super::{Context, Finding, Outcome, Rule, Target};
use super::{MEANING, Size, axis, listed, plane, sizes_where, table};
use crate::error::Result;
use crate::games::c_nash::paper::{self, FIG2_PICTURE, FIG2_STATIONS, Variant};
use crate::plots;

/// The target.
pub const TARGET: Target = Target {
    name: "cnash-fig2",
    title: "Nash against C-Nash by size of the coalition: even base prices, more demand in the second half",
    source: "Kudva, Kulkarni, Maheshwari, Aswani and Sastry, Understanding the Impact of Coalitions between EV \
             Charging Stations, 2024, figure 2",
    replications: None,
    run,
};

/// Tolerance to the published value: half a unit of the fourth decimal, plus the error of rounding to five decimals
/// first, as must have been done with 0.99935 (0.9994 was published).
const NEAR: f64 = 0.000_055;

fn run(_: &Context<'_>) -> Result<Outcome> {
    let sizes = |variant| -> Result<Vec<Size>> {
        (1..=FIG2_STATIONS).map(|size| Ok(Size::exact(size, &paper::fig2(size, variant)?.ratios))).collect()
    };
    let (picture, text) = (sizes(Variant::Picture)?, sizes(Variant::Text)?);
    let mut figures = Vec::new();
    for size in &picture[1..] {
        let published = FIG2_PICTURE.iter().find(|row| row.0 == size.size).map(|row| row.1);
        for (group, figure) in
            size.figures(&format!("picture, {} together", size.size)).into_iter().enumerate()
        {
            figures.push(match published {
                Some(values) => figure.published(values[group]).rule(Rule::Absolute(NEAR)),
                None => figure,
            });
        }
    }
    for size in &text[1..] {
        figures.extend(size.figures(&format!("text, {} together", size.size)));
    }
    let y = || axis(&[&picture, &text]);
    let by_reading = |sizes: fn(&[Size]) -> String| {
        format!("sizes: {}; as the text has the types: {}", sizes(&picture), sizes(&text))
    };
    Ok(Outcome {
        findings: vec![
            Finding::checked(
                "there are coalitions that would be better off without (M_C below 1)",
                sizes_where(&picture, Size::nash_for_coalition).next().is_some(),
                by_reading(|sizes| listed(sizes_where(sizes, Size::nash_for_coalition))),
            ),
            Finding::checked(
                "there are coalitions without which all stations would be better off (each M below 1)",
                sizes_where(&picture, Size::nash_for_all).next().is_some(),
                by_reading(|sizes| listed(sizes_where(sizes, Size::nash_for_all))),
            ),
        ],
        tables: vec![table(&[("picture", &picture), ("text", &text)])],
        pictures: vec![(
            "ratios".to_owned(),
            plots::Figure::new("Nash against C-Nash, even base prices")
                .subtitle("M = cost without the coalition over cost with it; below 1, Nash is better")
                .columns(2)
                .panel("As published: one more of type L", plane(&picture, y(), &FIG2_PICTURE))
                .panel("As the text says", plane(&text, y(), &[])),
        )],
        notes: vec![
            MEANING.to_owned(),
            "The text says that the members of the coalition are of type L and all others of type H. The published \
             picture comes out if one station more is of type L; so does the authors' code. Both are shown, and \
             verdicts are those of the picture."
                .to_owned(),
        ],
        figures,
    })
}

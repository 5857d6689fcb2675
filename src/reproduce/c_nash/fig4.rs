//! Target `cnash-fig4`: M over the size of the coalition, with unequal prices, unequal demand and random types.

use super::super::{Context, Finding, Outcome, Rule, Target, Verdict};
use super::{MEANING, Size, axis, coalition_better, listed, plane, play, sizes_where, table};
use crate::error::Result;
use crate::games::c_nash::paper::{self, Draw, FIG4_PICTURE, FIG4_STATIONS, Variant};
use crate::plots;

/// The target.
pub const TARGET: Target = Target {
    name: "cnash-fig4",
    title: "Nash against C-Nash by size of the coalition: uneven prices and demand, random types",
    source: "Kudva, Kulkarni, Maheshwari, Aswani and Sastry, Understanding the Impact of Coalitions between EV \
             Charging Stations, 2024, figure 4",
    replications: Some(100),
    run,
};

/// Tolerance to the published value, in its standard errors. Both are means of 100 draws: two for our half interval,
/// and four standard errors of the difference of two such means (six) for their distance.
const NEAR: f64 = 8.0;
/// A small coalition, of 14 stations (assumed).
const SMALL: usize = 4;

/// Variants that are played: names in tables, and titles of their panels.
const PANELS: [(Variant, Draw, &str, &str); 4] = [
    (Variant::Picture, Draw::Independent, "picture, independent", "H outside, drawn apart (as published)"),
    (Variant::Picture, Draw::Joint, "picture, joint", "H outside, drawn together"),
    (Variant::Text, Draw::Independent, "text, independent", "L outside, drawn apart"),
    (Variant::Text, Draw::Joint, "text, joint", "L outside, drawn together (as the text says)"),
];

fn run(context: &Context<'_>) -> Result<Outcome> {
    let mut panels = Vec::new();
    for (variant, draw, name, title) in PANELS {
        let draws =
            play(context, FIG4_STATIONS - 1, |size, random| paper::fig4(size, variant, draw, random))?;
        let sizes: Vec<Size> = draws.iter().map(|(size, list)| Size::drawn(*size, list)).collect();
        panels.push((name, title, sizes));
    }
    let (published, text) = (&panels[0].2, &panels[3].2);
    let mut figures = Vec::new();
    for (size, values) in FIG4_PICTURE {
        for place in published.iter().filter(|place| place.size == size) {
            let computed = place.figures(&format!("picture, {size} together"));
            for (figure, (value, error)) in computed.into_iter().zip(values) {
                figures.push(figure.published(value).rule(Rule::Absolute(NEAR * error)));
            }
        }
    }
    for place in &text[1..] {
        figures.extend(place.figures(&format!("text, {} together", place.size)));
    }
    let variants: Vec<(&str, &[Size])> = panels.iter().map(|(name, _, sizes)| (*name, &sizes[..])).collect();
    let all: Vec<&[Size]> = panels.iter().map(|panel| &panel.2[..]).collect();
    let curve: Vec<(usize, [f64; 3])> =
        FIG4_PICTURE.iter().map(|(size, m)| (*size, m.map(|m| m.0))).collect();
    let mut picture = plots::Figure::new("Nash against C-Nash, random types")
        .subtitle(format!(
            "{} replications; means and 95 % intervals; below 1, Nash is better. Types outside the coalition: H or L; \
             demand and sensitivity inside: drawn apart or together",
            context.replications()
        ))
        .columns(2);
    for (number, (_, title, sizes)) in panels.iter().enumerate() {
        let beside = if number == 0 { &curve[..] } else { &[] };
        picture = picture.panel(*title, plane(sizes, axis(&all), beside));
    }
    Ok(Outcome {
        findings: findings(published),
        tables: vec![table(&variants)],
        pictures: vec![("ratios".to_owned(), picture)],
        notes: vec![
            MEANING.to_owned(),
            "The published picture is of the authors' code: members of the coalition and one station more are of type H \
             with probability 0.2, in demand and in sensitivity independently, all others are of type H, and base \
             prices are drawn once for all. Published values are those of that code with its seed; M is of mean costs."
                .to_owned(),
            format!(
                "The text has it otherwise: all others of type L, demand and sensitivity drawn together. Then M is below \
                 1 for all, coalition and rest alike at sizes: {}; M_C is above 1 at sizes: {}. The table \
                 `curves` holds both variants with both kinds of draws.",
                listed(sizes_where(text, Size::nash_for_all)),
                listed(sizes_where(text, |size| size.m[1].as_ref().is_some_and(coalition_better))),
            ),
        ],
        figures,
    })
}

/// Statements of the text on the figure.
fn findings(published: &[Size]) -> Vec<Finding> {
    let small = published.iter().filter(|size| (2..=SMALL).contains(&size.size));
    let largest = published.iter().filter(|size| size.size == FIG4_STATIONS - 1);
    let at = |which: fn(&Size) -> bool| listed(sizes_where(published, which));
    vec![
        Finding {
            text: format!("if the coalition is small (up to {SMALL}), Nash is better along all metrics"),
            verdict: all_of(small, Rule::at_most(1.0)),
            how: format!("whole intervals below 1 at sizes: {}", at(Size::nash_for_all)),
        },
        Finding {
            text: "as the coalition grows, it may be better to form it, along all metrics".to_owned(),
            verdict: all_of(largest, Rule::at_least(1.0)),
            how: format!("whole intervals above 1 at sizes: {}", at(Size::coalition_for_all)),
        },
    ]
}

/// Verdict on a rule for all figures: it fails if one fails, and is undecided if one is.
fn all_of<'a>(sizes: impl Iterator<Item = &'a Size>, rule: Rule) -> Verdict {
    let verdicts: Vec<Verdict> =
        sizes.flat_map(|size| size.m.iter().flatten()).map(|m| m.clone().rule(rule).verdict()).collect();
    let first = [Verdict::Fails, Verdict::Undecided].into_iter().find(|verdict| verdicts.contains(verdict));
    first.unwrap_or(Verdict::Holds)
}

//! Target `cnash-fig3`: M over the size of the coalition, with equal demand and unequal prices.

use super::super::{Context, Finding, Outcome, Target};
use super::{Costs, MEANING, Size, axis, listed, plane, play, table};
use crate::error::Result;
use crate::games::c_nash::paper::{self, FIG2_STATIONS, Variant};
use crate::plots;

/// The target.
pub const TARGET: Target = Target {
    name: "cnash-fig3",
    title: "Nash against C-Nash by size of the coalition: random base prices, even demand",
    source: "Kudva, Kulkarni, Maheshwari, Aswani and Sastry, Understanding the Impact of Coalitions between EV \
             Charging Stations, 2024, figure 3",
    replications: Some(100),
    run,
};

/// The draws of a variant, by size of the coalition.
type Draws = Vec<(usize, Vec<Costs>)>;

fn run(context: &Context<'_>) -> Result<Outcome> {
    let draws = |variant| -> Result<Draws> {
        play(context, FIG2_STATIONS, |size, random| paper::fig3(size, variant, random))
    };
    let (in_picture, in_text) = (draws(Variant::Picture)?, draws(Variant::Text)?);
    let sizes =
        |draws: &Draws| -> Vec<Size> { draws.iter().map(|(size, list)| Size::drawn(*size, list)).collect() };
    let (picture, text) = (sizes(&in_picture), sizes(&in_text));
    let mut figures = Vec::new();
    for (variant, sizes) in [("picture", &picture), ("text", &text)] {
        for size in &sizes[1..] {
            figures.extend(size.figures(&format!("{variant}, {} together", size.size)));
        }
    }
    Ok(Outcome {
        findings: vec![
            only_others_gain("as pictured", &in_picture),
            only_others_gain("as the text has the types", &in_text),
            whatever_the_prices(in_picture.iter().chain(&in_text)),
        ],
        tables: vec![table(&[("picture", &picture), ("text", &text)])],
        pictures: vec![(
            "ratios".to_owned(),
            plots::Figure::new("Nash against C-Nash, even demand")
                .subtitle(format!(
                    "{} replications of the base prices; means and 95 % intervals; below 1, Nash is better",
                    context.replications()
                ))
                .columns(2)
                .panel("As in the authors' code: one more of type L", plane(&picture, axis(&[&picture]), &[]))
                .panel("As the text says", plane(&text, axis(&[&text]), &[])),
        )],
        notes: vec![
            MEANING.to_owned(),
            "The published curves are of one draw of the base prices, without a seed, so that no value can be \
             compared; on which side of 1 each lies does not depend on the prices. M is of mean costs."
                .to_owned(),
            "The text says that the members of the coalition are of type L and all others of type H; in the authors' \
             code one station more is of type L."
                .to_owned(),
        ],
        figures,
    })
}

/// Whether each group is better off with the coalition; `None` for an empty group.
fn gains(costs: &Costs) -> [Option<bool>; 3] {
    costs.map(|(without, with)| (with > 0.0).then_some(without > with))
}

/// Finding that some coalitions lose while the others gain, whatever the prices.
fn only_others_gain(which: &str, draws: &Draws) -> Finding {
    let loses = |list: &[Costs]| {
        list.iter().map(gains).all(|[_, ours, rest]| (ours, rest) == (Some(false), Some(true)))
    };
    // A single station is no coalition.
    let sizes: Vec<usize> =
        draws.iter().filter(|(size, list)| *size > 1 && loses(list)).map(|(size, _)| *size).collect();
    Finding::checked(
        format!("there are coalitions that harm themselves and help the others ({which})"),
        !sizes.is_empty(),
        format!("in all replications at sizes: {}", listed(sizes)),
    )
}

/// The groups that are better off are the same for all prices (Theorem 4.11).
fn whatever_the_prices<'a>(draws: impl Iterator<Item = &'a (usize, Vec<Costs>)>) -> Finding {
    let (mut held, mut total) = (0, 0);
    for (_, list) in draws.filter(|(size, _)| *size > 1) {
        for (group, first) in gains(&list[0]).into_iter().enumerate().filter(|(_, first)| first.is_some()) {
            held += usize::from(list.iter().all(|costs| gains(costs)[group] == first));
            total += 1;
        }
    }
    Finding::follows("the group that is better off does not depend on the prices (Theorem 4.11)", held, total)
}

//! Target `cnash-fig5`: stations that are better off among three, of which two form a coalition, by their types.

use super::super::{Context, Figure, Finding, Outcome, Rule, Table, Target};
use super::{GROUPS, MEANING};
use crate::error::Result;
use crate::games::c_nash::paper::{self, FIG5_VERDICTS, Kind, PreferredOutcome};
use crate::plots::{self, Axis, Heat};

/// The target.
pub const TARGET: Target = Target {
    name: "cnash-fig5",
    title: "Nash against C-Nash by types of three stations: eighteen verdicts",
    source: "Kudva, Kulkarni, Maheshwari, Aswani and Sastry, Understanding the Impact of Coalitions between EV \
             Charging Stations, 2024, figure 5",
    replications: None,
    run,
};

/// Types inside and outside the coalition, for example `HL; H`.
fn name(inside: [Kind; 2], outside: Kind) -> String {
    let letter = |kind| if kind == Kind::High { 'H' } else { 'L' };
    format!("{}{}; {}", letter(inside[0]), letter(inside[1]), letter(outside))
}

/// A verdict in the words of the paper.
fn words(better: PreferredOutcome) -> &'static str {
    match better {
        PreferredOutcome::Coalition => "Coalition better",
        PreferredOutcome::Nash => "Nash better",
    }
}

/// Types inside and outside the coalition, the published verdicts, and the ratios M of all, the coalition and the rest.
type Row = ([Kind; 2], Kind, [PreferredOutcome; 3], [f64; 3]);

fn picture(rows: &[Row]) -> plots::Figure {
    let heat = Heat {
        rows: rows.iter().map(|(inside, outside, ..)| name(*inside, *outside)).collect(),
        columns: GROUPS.iter().map(|(_, group)| (*group).to_owned()).collect(),
        columns_label: "cost of".to_owned(),
        values: rows.iter().map(|(.., m)| m.map(|m| 1_000.0 * (m - 1.0)).to_vec()).collect(),
        value: Axis::number("M less 1", "‰"),
    };
    plots::Figure::new("Nash against C-Nash among three stations")
        .subtitle("M less 1: above 0 (blue) the coalition is better, below 0 (red) Nash is")
        .panel("", heat)
}

fn run(_: &Context<'_>) -> Result<Outcome> {
    let mut rows: Vec<Row> = Vec::new();
    for (inside, outside, verdicts) in FIG5_VERDICTS {
        let m = paper::fig5(inside, outside)?.ratios;
        let m = [m.all, m.coalition, m.rest].map(|ratio| ratio.unwrap_or(f64::NAN));
        rows.push((inside, outside, verdicts, m));
    }
    let each = || rows.iter().flat_map(|row| (0..GROUPS.len()).map(move |group| (row, group)));
    let figures: Vec<Figure> = each()
        .map(|((inside, outside, verdicts, m), group)| {
            let rule = match verdicts[group] {
                PreferredOutcome::Coalition => Rule::at_least(1.0),
                PreferredOutcome::Nash => Rule::at_most(1.0),
            };
            Figure::new(GROUPS[group].0, "", m[group]).case(name(*inside, *outside)).rule(rule)
        })
        .collect();
    let agree = each()
        .filter(|((.., verdicts, m), group)| PreferredOutcome::of(Some(m[*group])) == Some(verdicts[*group]))
        .count();
    let alike = |better: PreferredOutcome| {
        let alike =
            rows.iter().filter(|(.., m)| m.iter().all(|&m| PreferredOutcome::of(Some(m)) == Some(better)));
        alike.map(|(inside, outside, ..)| name(*inside, *outside)).collect::<Vec<_>>()
    };
    let (coalition, nash) = (alike(PreferredOutcome::Coalition), alike(PreferredOutcome::Nash));
    Ok(Outcome {
        findings: vec![
            Finding::checked(
                "the group that is better off is as published in all eighteen cases",
                agree == 3 * rows.len(),
                format!("in {agree} of {}", 3 * rows.len()),
            ),
            Finding::checked(
                "all are better off with the coalition if it has a station of type H and the other one is of type H",
                ["HH; H", "HL; H"].iter().all(|case| coalition.iter().any(|name| name == case)),
                format!("cases: {}", coalition.join(" and ")),
            ),
            Finding::checked(
                "there are cases in which all are better off without the coalition",
                !nash.is_empty(),
                format!("cases: {}", nash.join(" and ")),
            ),
        ],
        tables: vec![
            Table::new("verdicts")
                .texts("types", each().map(|((inside, outside, ..), _)| name(*inside, *outside)))
                .texts("ratio", each().map(|(_, group)| GROUPS[group].0))
                .numbers("value", each().map(|((.., m), group)| m[group]))
                .texts(
                    "computed",
                    each().map(|((.., m), group)| PreferredOutcome::of(Some(m[group])).map_or("equal", words)),
                )
                .texts("published", each().map(|((.., verdicts, _), group)| words(verdicts[group]))),
        ],
        pictures: vec![("verdicts".to_owned(), picture(&rows))],
        notes: vec![
            MEANING.to_owned(),
            "Cases are named by types of the two stations in the coalition and of the third. The paper does not say how \
             demand is spread over the steps; here it is as in figure 2. Verdicts do not depend on it (Remark 4.8), \
             the size of M does."
                .to_owned(),
            "Verdicts on all stations are those that the authors' code prints."
                .to_owned(),
        ],
        figures,
    })
}

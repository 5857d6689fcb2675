//! Target `cnash-formation`: coalitions of stations that form in the games of figures 2 and 5.
//!
//! The paper compares given coalitions with none. Here all partitions of the stations are compared, under two rules of
//! sharing: each station pays its own bill, or a coalition divides what its members save against Nash equally.

use super::super::{Context, Figure, Finding, Outcome, Table, Target};
use crate::error::Result;
use crate::games::c_nash::paper::{FIG4_STATIONS, Kind, fig2_game, fig5_game};
use crate::games::c_nash::{CNashGame, Structure, solve};
use crate::games::coalition::formation::{Formation, Partition, Stability, merge_and_split, stability};
use crate::plots::{self, Axis, Colour, Marker, NamedPoint, Plane, Points};
use std::collections::BTreeMap;

/// The target.
pub const TARGET: Target = Target {
    name: "cnash-formation",
    title: "Coalitions of stations that form: all partitions of up to eight stations, merge and split of fourteen",
    source: "Kudva, Kulkarni, Maheshwari, Aswani and Sastry, Understanding the Impact of Coalitions between EV \
             Charging Stations, 2024, games of figures 2 and 5; the paper leaves the question open",
    replications: None,
    run,
};

/// Rules of sharing the cost of a coalition.
const RULES: [&str; 2] = ["own bill", "savings shared"];

/// Notions of stability, in the order of [`stable`].
const NOTIONS: [&str; 4] = ["Nash", "individual", "core", "core, dissolving"];

/// Stations by type and the game that they play.
struct Case {
    name: String,
    types: Vec<Kind>,
    game: CNashGame,
    /// Costs of all alone.
    alone: Vec<f64>,
}

impl Case {
    fn new(figure: u8, high: usize, low: usize) -> Result<Self> {
        let types: Vec<Kind> =
            std::iter::repeat_n(Kind::High, high).chain(std::iter::repeat_n(Kind::Low, low)).collect();
        let game = if figure == 2 { fig2_game(&types)? } else { fig5_game(&types)? };
        let alone = solve(&game, &Structure::alone(types.len()))?.costs;
        let name = format!("figure {figure}, {}{}", "H".repeat(high), "L".repeat(low));
        Ok(Self { name, types, game, alone })
    }

    /// Cost of each station under a partition, by a rule of sharing.
    fn costs(&self, partition: &Partition, rule: usize) -> Result<Vec<f64>> {
        let coalitions = partition.coalitions();
        let structure = Structure::new(self.types.len(), coalitions.clone())?;
        let mut costs = solve(&self.game, &structure)?.costs;
        if rule == 1 {
            for members in coalitions {
                let saved: f64 = members.iter().map(|&i| self.alone[i] - costs[i]).sum();
                let share = saved / members.len() as f64;
                members.into_iter().for_each(|i| costs[i] = self.alone[i] - share);
            }
        }
        Ok(costs)
    }

    /// Types of the coalitions, for example `HL|L`, the largest first: the same for partitions that differ in nothing else.
    fn pattern(&self, partition: &Partition) -> String {
        let letters = |members: &Vec<usize>| -> String {
            members.iter().map(|&i| if self.types[i] == Kind::High { 'H' } else { 'L' }).collect()
        };
        let mut coalitions: Vec<String> = partition.coalitions().iter().map(letters).collect();
        coalitions.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
        coalitions.join("|")
    }
}

/// Partitions of one pattern, all alike: their number, one of them, and its cost over that of all alone.
struct Pattern {
    name: String,
    number: usize,
    example: Stability,
    relative_cost: f64,
}

fn stable(found: &Stability) -> [bool; 4] {
    [&found.nash, &found.individual, &found.core, &found.core_dissolving].map(Option::is_none)
}

/// All patterns of a case under a rule.
fn patterns(case: &Case, rule: usize) -> Result<Vec<Pattern>> {
    let all = stability(case.types.len(), |partition| case.costs(partition, rule))?;
    let alone: f64 = case.alone.iter().sum();
    let mut by_name: BTreeMap<String, Pattern> = BTreeMap::new();
    for example in all {
        let name = case.pattern(&example.partition);
        let relative_cost = example.costs.iter().sum::<f64>() / alone;
        let entry = by_name.entry(name.clone());
        entry.or_insert(Pattern { name, number: 0, example, relative_cost }).number += 1;
    }
    Ok(by_name.into_values().collect())
}

/// Patterns of one case under one rule.
struct Found<'a> {
    case: &'a Case,
    rule: usize,
    patterns: Vec<Pattern>,
}

impl Found<'_> {
    fn label(&self) -> String {
        format!("{}, {}", self.case.name, RULES[self.rule])
    }
    /// Names of the patterns that are stable by a notion.
    fn stable_by(&self, notion: usize) -> Vec<&str> {
        let held = self.patterns.iter().filter(|pattern| stable(&pattern.example)[notion]);
        held.map(|pattern| pattern.name.as_str()).collect()
    }
    fn is_stable(&self, name: &str, notion: usize) -> bool {
        self.stable_by(notion).contains(&name)
    }
}

/// Cost of all by number of coalitions, with the stable partitions marked.
fn plane(found: &Found<'_>) -> Plane {
    let most = found.case.types.len() as f64 + 1.0;
    let costs = || found.patterns.iter().map(|pattern| 100.0 * (pattern.relative_cost - 1.0));
    let (low, high) = costs().fold((0.0f64, 0.0f64), |(low, high), x| (low.min(x), high.max(x)));
    let room = 0.08 * (high - low).max(1e-6);
    let mut plane = Plane::new(
        Axis::number("coalitions", "").within(0.0, most),
        Axis::number("cost of all, less all alone", "%").within(low - room, high + room),
    );
    let kind = |found: &Stability| match (&found.core, &found.individual) {
        (None, _) => "core stable",
        (_, None) => "individually stable",
        _ => "not stable",
    };
    for (number, name) in ["not stable", "individually stable", "core stable"].into_iter().enumerate() {
        let points = found.patterns.iter().filter(|pattern| kind(&pattern.example) == name).map(|pattern| {
            let coalitions = pattern.example.partition.coalitions().len() as f64;
            NamedPoint::at(coalitions, 100.0 * (pattern.relative_cost - 1.0))
        });
        plane = plane.with(Points {
            name: name.to_owned(),
            points: points.collect(),
            colour: Some(Colour::of_line(number)),
            marker: Some(Marker::of(number)),
            each_its_own: false,
        });
    }
    plane
}

/// A row for each case, rule and pattern.
fn table(all: &[Found<'_>]) -> Table {
    let rows: Vec<(&Found<'_>, &Pattern)> =
        all.iter().flat_map(|found| found.patterns.iter().map(move |pattern| (found, pattern))).collect();
    let mut table = Table::new("coalition_formation")
        .texts("case", rows.iter().map(|row| row.0.case.name.as_str()))
        .texts("rule", rows.iter().map(|row| RULES[row.0.rule]))
        .texts("partition", rows.iter().map(|row| row.1.name.as_str()))
        .integers("partitions", rows.iter().map(|row| row.1.number as i64))
        .numbers("cost_over_alone", rows.iter().map(|row| row.1.relative_cost));
    for (notion, name) in ["nash", "individual", "core", "core_dissolving"].into_iter().enumerate() {
        let word =
            |row: &(&Found<'_>, &Pattern)| if stable(&row.1.example)[notion] { "stable" } else { "no" };
        table = table.texts(name, rows.iter().map(word));
    }
    table
}

/// Numbers of stable patterns, and what fourteen stations end in.
fn figures(all: &[Found<'_>], fourteen: &[(String, Formation, f64)]) -> Vec<Figure> {
    let counts = all.iter().flat_map(|found| {
        (0..NOTIONS.len()).map(move |notion| {
            let number = found.stable_by(notion).len() as f64;
            Figure::new(format!("stable patterns, {}", NOTIONS[notion]), "", number).case(found.label())
        })
    });
    let ends = fourteen.iter().flat_map(|(label, formation, relative_cost)| {
        let number = formation.partition.coalitions().len() as f64;
        [
            Figure::new("coalitions after merge and split", "", number).case(label.clone()),
            Figure::new("their cost over all alone", "", *relative_cost).case(label.clone()),
        ]
    });
    counts.chain(ends).collect()
}

fn findings(all: &[Found<'_>], fourteen: &[(String, Formation, f64)]) -> Vec<Finding> {
    let without = |notion: usize| -> Vec<String> {
        all.iter().filter(|found| found.stable_by(notion).is_empty()).map(Found::label).collect()
    };
    let none = |list: Vec<String>| if list.is_empty() { "none".to_owned() } else { list.join("; ") };
    // Pairs of figure 5 by whether their members pay less together (M_C above 1).
    let pair = |name: &str, pattern: &str| {
        let case = |found: &&Found<'_>| found.case.name == name && found.rule == 1;
        all.iter().find(case).is_some_and(|found| found.is_stable(pattern, 3))
    };
    let losing = [("figure 5, HHL", "HH|L"), ("figure 5, LLL", "LL|L")];
    let forming: Vec<&str> =
        losing.iter().filter(|(name, pattern)| pair(name, pattern)).map(|(_, pattern)| *pattern).collect();
    vec![
        Finding::checked(
            "some partition is individually stable in every case",
            without(1).is_empty(),
            format!("cases without: {}", none(without(1))),
        ),
        Finding::checked(
            "the pairs of figure 5 that are better off apart (M_C below 1) do not form",
            forming.is_empty(),
            format!(
                "core stable while coalitions dissolve: {}",
                none(forming.iter().map(ToString::to_string).collect())
            ),
        ),
        Finding::checked(
            "merge and split of fourteen stations ends",
            fourteen.iter().all(|(_, formation, _)| formation.settled),
            fourteen
                .iter()
                .map(|(label, formation, _)| format!("{label}: after {} changes", formation.changes))
                .collect::<Vec<_>>()
                .join("; "),
        ),
    ]
}

fn run(context: &Context<'_>) -> Result<Outcome> {
    let three = [(3, 0), (2, 1), (1, 2), (0, 3)].map(|(high, low)| (5, high, low));
    let five = [(5, 0), (3, 2), (2, 3), (0, 5)].map(|(high, low)| (2, high, low));
    let cases: Vec<Case> = three
        .into_iter()
        .chain(five)
        .chain([(2, 4, 4)])
        .map(|(figure, high, low)| Case::new(figure, high, low))
        .collect::<Result<_>>()?;
    let tasks: Vec<(&Case, usize)> =
        cases.iter().flat_map(|case| (0..RULES.len()).map(move |rule| (case, rule))).collect();
    let all: Vec<Found<'_>> =
        context.map(&tasks, |&(case, rule)| Ok(Found { case, rule, patterns: patterns(case, rule)? }))?;
    let large = Case::new(2, 3, FIG4_STATIONS - 3)?;
    let fourteen: Vec<(String, Formation, f64)> = context.map(&[0, 1], |&rule| {
        let formation = merge_and_split(Partition::alone(FIG4_STATIONS), |p| large.costs(p, rule))?;
        let relative_cost = formation.costs.iter().sum::<f64>() / large.alone.iter().sum::<f64>();
        let pattern = large.pattern(&formation.partition);
        Ok((format!("fourteen stations, {}: {pattern}", RULES[rule]), formation, relative_cost))
    })?;
    let mut picture = plots::Figure::new("Coalitions of stations that form")
        .subtitle("Each point is a kind of partition: cost of all against all alone, by number of coalitions")
        .columns(2);
    for found in all.iter().filter(|found| found.case.types.len() > 3) {
        picture = picture.panel(found.label(), plane(found));
    }
    Ok(Outcome {
        figures: figures(&all, &fourteen),
        findings: findings(&all, &fourteen),
        tables: vec![table(&all)],
        pictures: vec![("coalition_formation".to_owned(), picture)],
        notes: vec![
            "Partitions are named by the types of their coalitions, HL|L: one of type H with one of type L, and another \
             one of type L."
                .to_owned(),
            "Nash: no station pays less by moving. Individual: no such move that the coalition joined accepts. Core: no \
             group of which each member pays less, while those left behind stay together, or dissolve."
                .to_owned(),
            "The cost of a partition depends on all coalitions, because all stations pay one price.".to_owned(),
        ],
    })
}

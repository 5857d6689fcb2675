//! Figures 4 and 5: cost allocations that no coalition can improve on (the Core), and the Shapley value among them.

use super::super::{Context, Figure, Outcome, Rule, Table};
use super::tables::published;
use super::{CASE_B, CASE_C, EQUAL, Solved, each, mostly, shown};
use crate::error::Result;
use crate::games::coalition::CooperativeGame;
use crate::games::coalition::core::{extreme_points, is_empty, objection};
use crate::games::coalition::shapley::shapley;
use crate::plots::{self, Interval, Intervals, Metric, Ternary};
use crate::routing::Demand;

/// Published Shapley value of figure 5 [$].
const SHAPLEY_4: [f64; 4] = [0.771, 0.176, 0.054, -0.075];
/// Greatest share acceptable to fleet 1, by the text on figure 4 [$].
const CONTENT: f64 = 0.4;

/// Least and greatest share of each player in the Core; `None` if it is empty.
fn ranges(game: &CooperativeGame) -> Option<Vec<[f64; 2]>> {
    let extreme_points = extreme_points(game)?;
    let range = |player: usize| {
        let shares = extreme_points.iter().map(|point| point[player]);
        [shares.clone().fold(f64::INFINITY, f64::min), shares.fold(f64::NEG_INFINITY, f64::max)]
    };
    (!extreme_points.is_empty()).then(|| (0..game.players()).map(range).collect())
}

/// Mean width of these ranges, as a share of the mean cost of singles.
fn width(game: &CooperativeGame) -> f64 {
    let alone: f64 = (0..game.players()).map(|player| game.alone(player)).sum();
    ranges(game).map_or(0.0, |ranges| ranges.iter().map(|[low, high]| high - low).sum::<f64>() / alone)
}

/// The triangle of three fleets: its sides are slightly below the least share of each fleet in the Core and by the
/// Shapley value.
fn triangle(game: &CooperativeGame, names: [String; 3], order: [usize; 3]) -> Ternary {
    let shares = shapley(game);
    let arranged = |shares: &[f64]| [shares[order[0]], shares[order[1]], shares[order[2]]];
    let core: Vec<[f64; 3]> =
        extreme_points(game).unwrap_or_default().iter().map(|point| arranged(point)).collect();
    let shapley = arranged(&shares);
    let least = std::array::from_fn(|player: usize| {
        let all = core.iter().chain([&shapley]).map(|shares| shares[player]);
        all.fold(f64::INFINITY, f64::min) - 0.05 * game.total().abs()
    });
    Ternary {
        players: names,
        label: "cost".to_owned(),
        unit: "$".to_owned(),
        total: game.total(),
        least,
        core,
        points: vec![("Shapley value".to_owned(), shapley)],
    }
}

/// Properties of one game.
struct Stable {
    empty: bool,
    shapley_inside: bool,
    paid: bool,
    width: f64,
}

impl Stable {
    fn of(game: &CooperativeGame) -> Result<Self> {
        let shares = shapley(game);
        Ok(Self {
            empty: is_empty(game)?,
            shapley_inside: objection(game, &shares).is_none(),
            paid: shares.iter().any(|share| *share < -EQUAL),
            width: width(game),
        })
    }
}

/// Figure 4.
pub fn core_3(context: &Context<'_>) -> Result<Outcome> {
    let (solved, mut notes) = each(context, CASE_B, |instance, _| Solved::of(instance, Demand::All))?;
    let paper = published()?;
    let stable: Vec<Stable> = solved.iter().map(|solved| Stable::of(&solved.game)).collect::<Result<_>>()?;
    let ours = ranges(&paper).unwrap_or_default();
    let mut figures = Vec::new();
    for (fleet, [low, high]) in ours.iter().enumerate() {
        let case = "published costs";
        figures.push(
            Figure::new(format!("least share of fleet {} in the Core", fleet + 1), "$", *low).case(case),
        );
        let most =
            Figure::new(format!("greatest share of fleet {} in the Core", fleet + 1), "$", *high).case(case);
        figures.push(if fleet == 0 { most.published(CONTENT) } else { most });
    }
    let inside = f64::from(u8::from(objection(&paper, &shapley(&paper)).is_none()));
    figures.push(
        Figure::new("Shapley value in the Core (1: yes)", "", inside)
            .case("published costs")
            .published(1.0)
            .rule(Rule::Absolute(0.0)),
    );
    let widths: Vec<f64> = stable.iter().map(|stable| stable.width).collect();
    figures.push(
        Figure::mean("width of the Core over the mean cost of one alone", "", &widths).case("instances"),
    );
    notes.push(format!(
        "The text gives {CONTENT} $ as the most that would satisfy fleet 1; that is its share in the coalition \
         {{1, 3}} (0.399 $). By the published costs the Core reaches up to its cost alone."
    ));
    let names = || ["fleet 1", "fleet 2", "fleet 3"].map(str::to_owned);
    let mut picture = plots::Figure::new("Stable shares of three fleets")
        .subtitle("the Core and the Shapley value: by the published costs, and of the first instance")
        .columns(2)
        .panel("published costs", triangle(&paper, names(), [0, 1, 2]));
    if let Some(first) = solved.first() {
        picture = picture.panel("first instance", triangle(&first.game, names(), first.as_in_case_b()));
    }
    let table = Table::new("instances")
        .integers("instance", 0..stable.len() as i64)
        .integers("core_empty", stable.iter().map(|s| i64::from(s.empty)))
        .integers("shapley_in_core", stable.iter().map(|s| i64::from(s.shapley_inside)))
        .numbers("core_width", widths);
    Ok(Outcome {
        figures,
        findings: vec![
            mostly("there are stable shares (the Core is not empty)", stable.iter().map(|s| !s.empty)),
            mostly("the Shapley value is one of them", stable.iter().map(|s| s.shapley_inside)),
            shown("a fleet is paid (a negative share)", stable.iter().map(|s| s.paid)),
        ],
        tables: vec![table],
        pictures: vec![("core3".to_owned(), picture)],
        notes,
    })
}

/// Shares of four fleets in an instance, with the reach of the Core, beside their costs alone.
fn picture_of_four(first: &Solved, shares: &[f64]) -> plots::Figure {
    let range = ranges(&first.game);
    let value = |player: usize| {
        let share = shares[player];
        range.as_ref().map_or(Interval::exact(share), |range| {
            Interval::new(share, range[player][0].min(share), range[player][1].max(share))
        })
    };
    let alone = |player: usize| Interval::exact(first.game.alone(player));
    let metric = |name: &str, values: Vec<Interval>| Metric {
        name: name.to_owned(),
        unit: "$".to_owned(),
        values,
        difference: false,
    };
    let chart = Intervals {
        policies: first.instance.fleets.clone(),
        metrics: vec![
            metric("share of the cost of all", (0..4).map(value).collect()),
            metric("cost alone", (0..4).map(alone).collect()),
        ],
        meaning: "Shapley value, and reach of the Core".to_owned(),
    };
    let picture = plots::Figure::new("Stable shares of four fleets").subtitle("the first instance");
    picture.panel("", chart)
}

/// Figure 5.
pub fn core_4(context: &Context<'_>) -> Result<Outcome> {
    let (solved, mut notes) = each(context, CASE_C, |instance, _| Solved::of(instance, Demand::All))?;
    let stable: Vec<Stable> = solved.iter().map(|solved| Stable::of(&solved.game)).collect::<Result<_>>()?;
    let (three, _) =
        each(context, CASE_B, |instance, _| Ok(width(&Solved::of(instance, Demand::All)?.game)))?;
    let shares: Vec<Vec<f64>> = solved.iter().map(|solved| shapley(&solved.game)).collect();
    // Fleet 1 is the far one; the paper numbers the others from the highest payment to the lowest.
    let arranged: Vec<Vec<f64>> = shares
        .iter()
        .map(|shares| {
            let mut near = shares[1..].to_vec();
            near.sort_by(|a, b| b.total_cmp(a));
            std::iter::once(shares[0]).chain(near).collect()
        })
        .collect();
    let mut figures = Vec::new();
    for (fleet, published) in SHAPLEY_4.into_iter().enumerate() {
        let values: Vec<f64> = arranged.iter().map(|shares| shares[fleet]).collect();
        let figure = Figure::mean(format!("share of fleet {}", fleet + 1), "$", &values);
        figures.push(figure.published(published));
    }
    let totals: Vec<f64> = solved.iter().map(|solved| solved.game.total()).collect();
    figures.push(Figure::mean("cost of all together", "$", &totals).published(SHAPLEY_4.iter().sum()));
    let widths: Vec<f64> = stable.iter().map(|stable| stable.width).collect();
    figures.push(
        Figure::mean("width of the Core over the mean cost of one alone", "", &widths).case("four fleets"),
    );
    figures.push(
        Figure::mean("width of the Core over the mean cost of one alone", "", &three).case("three fleets"),
    );
    notes.push(
        "Fleet 1 has its depot in Midtown, the others theirs in lower Manhattan; fleets 2 to 4 are numbered from the \
         greatest share to the least, as published."
            .to_owned(),
    );
    let far = |shares: &Vec<f64>| shares[1..].iter().all(|share| *share <= shares[0] + EQUAL);
    let cheapest_paid = |(solved, shares): (&Solved, &Vec<f64>)| {
        let cheapest =
            (0..4).min_by(|&a, &b| solved.game.alone(a).total_cmp(&solved.game.alone(b))).unwrap_or(0);
        shares.iter().all(|share| shares[cheapest] <= share + EQUAL)
    };
    let picture = |first: &Solved| ("core4".to_owned(), picture_of_four(first, &shares[0]));
    let pictures = solved.first().map(picture).into_iter().collect();
    let mut table = Table::new("instances").integers("instance", 0..solved.len() as i64);
    for fleet in 0..4 {
        table = table
            .numbers(format!("share_{}", fleet + 1), shares.iter().map(|shares| shares[fleet]))
            .numbers(format!("alone_{}", fleet + 1), solved.iter().map(|solved| solved.game.alone(fleet)));
    }
    Ok(Outcome {
        figures,
        findings: vec![
            mostly("fleet 1, which is far from demand, pays most", shares.iter().map(far)),
            mostly(
                "the fleet that costs least alone pays least",
                solved.iter().zip(&shares).map(cheapest_paid),
            ),
            shown("a fleet is paid (a negative share)", stable.iter().map(|s| s.paid)),
            mostly("there are stable shares (the Core is not empty)", stable.iter().map(|s| !s.empty)),
            mostly(
                "there is less room for stable shares than with three fleets",
                widths.iter().zip(&three).map(|(four, three)| four < three),
            ),
        ],
        tables: vec![table],
        pictures,
        notes,
    })
}

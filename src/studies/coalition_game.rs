//! A study whose policies are the coalitions of a set of fleets, or of operators of stations: the worth of each
//! coalition, and how to share it.
//!
//! Of fleets, the same world is simulated for each coalition with its members alone (`operation.take_part`), who work together
//! (`operation.coalitions`). Each replication is a separate game with its Shapley value, nucleolus and Core; results
//! are means over replications with intervals, the share of replications that have a Core, and the share in which it
//! contains the Shapley value.
//!
//! Each policy sets which fleets participate and which cooperate, so journal, shards and random numbers need no
//! knowledge of games. Vehicles and riders of the other fleets are left out after everything was drawn
//! (`scenario::coalitions`), so a fleet has the same vehicles and riders in every coalition.
//!
//! Operators of stations share one price, and none can be left out. A coalition's worth is what its stations pay while
//! every other operator decides alone: the game in characteristic form of the partition of the coalition and singletons.

use super::draws::Draws;
use super::plan::{Plan, PlanGame, Task};
use super::spec::PolicyEntry;
use crate::error::Result;
use crate::games::coalition::file::NamedGame;
use crate::games::coalition::solution::SolutionConcepts;
use crate::games::coalition::{Coalition, CooperativeGame};
use crate::outputs::frame::write_frame;
use crate::records::catalogue::{self, Direction};
use crate::statistics::{Clustered, Sample};
use comfy_table::{CellAlignment, Table, presets};
use polars_core::prelude::{Column, IntoColumn, NamedFrom, Series};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::path::Path;

/// Most players: twelve have 4,095 coalitions.
pub const MOST_PLAYERS: usize = 12;

/// Game at one point of the design.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PointGame {
    /// Point.
    pub point: usize,
    /// Figure used as the worth of a coalition.
    pub figure: String,
    /// Replications in which every coalition has a worth.
    pub replications: usize,
    /// Worth of each player alone, and its shares of the total.
    pub players: Vec<PlayerShares>,
    /// Share of replications with a Core: an allocation under which no coalition could do better alone.
    pub core_not_empty: f64,
    /// Share of replications in which the Shapley value lies in the Core.
    pub shapley_in_core: f64,
    /// Least-core epsilon.
    pub least_core_epsilon: Option<Estimate>,
    /// Solution of the game of mean worths.
    pub of_means: SolutionConcepts,
    /// Game of each replication.
    #[serde(skip)]
    pub games: Vec<Replication>,
}

/// Mean over replications.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Mean.
    pub mean: f64,
    /// Lower end of Student's t interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
}

/// Worth of one player alone, and its shares.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlayerShares {
    /// Fleet or operator.
    pub player: String,
    /// Worth alone.
    pub alone: Estimate,
    /// Share by the Shapley value.
    pub shapley: Estimate,
    /// Share by the nucleolus, over the replications that have one.
    pub nucleolus: Option<Estimate>,
}

/// Game of one replication.
#[derive(Debug, Clone, PartialEq)]
pub struct Replication {
    /// Number of the replication.
    pub replication: u32,
    /// Worth of each player alone.
    pub alone: Vec<f64>,
    /// Solutions of the game.
    pub solution: SolutionConcepts,
}

/// Name of a coalition.
fn name(players: &[String], coalition: Coalition) -> String {
    let members: Vec<&str> = coalition.players().map(|player| players[player].as_str()).collect();
    members.join(" + ")
}

/// All coalitions except the empty one, in the order of their places.
fn coalitions(players: usize) -> impl Iterator<Item = Coalition> {
    (1..1_usize << players).map(Coalition::at)
}

/// The coalitions as policies of a study; the last is the grand coalition.
pub(super) fn policies(players: &[String]) -> Vec<PolicyEntry> {
    let entry = |coalition: Coalition| {
        let members: Vec<&String> = coalition.players().map(|player| &players[player]).collect();
        let set: [(String, Json); 2] = [
            ("operation.take_part".to_owned(), json!(members)),
            ("operation.coalitions".to_owned(), json!([members])),
        ];
        PolicyEntry { name: name(players, coalition), set: set.into(), ..PolicyEntry::default() }
    };
    coalitions(players.len()).map(entry).collect()
}

/// The coalitions of operators of stations as policies: members decide together, each of all other operators alone.
pub(super) fn policies_of_operators(players: &[String], operators: &[String]) -> Vec<PolicyEntry> {
    let entry = |coalition: Coalition| {
        let members: Vec<&String> = coalition.players().map(|player| &players[player]).collect();
        let others = operators.iter().filter(|operator| !members.contains(operator));
        let together: Vec<Vec<&String>> =
            std::iter::once(members.clone()).chain(others.map(|operator| vec![operator])).collect();
        let set: [(String, Json); 3] = [
            ("operation.stations.kind".to_owned(), json!("c-nash")),
            ("operation.stations.coalitions".to_owned(), json!(together)),
            ("operation.station_group".to_owned(), json!(members)),
        ];
        PolicyEntry { name: name(players, coalition), set: set.into(), ..PolicyEntry::default() }
    };
    coalitions(players.len()).map(entry).collect()
}

/// The game as the plan stores it.
pub(super) fn plan(figure: String, players: Vec<String>) -> PlanGame {
    let better = catalogue::find(&figure).map(|(figure, _)| figure.better);
    PlanGame { players, figure, costs: better == Some(Direction::Lower) }
}

/// Games of a study, by point; empty if it is not a study of a game, or no replication is complete.
///
/// # Errors
/// If the linear-programming solver fails.
pub(super) fn games(
    plan: &Plan,
    names: &[String],
    rows: &[(Task, Vec<f64>)],
    draws: &Draws,
) -> Result<Vec<PointGame>> {
    let Some(game) = &plan.coalition_game else { return Ok(Vec::new()) };
    let Some(column) = names.iter().position(|name| *name == game.figure) else { return Ok(Vec::new()) };
    let replications = rows.iter().map(|(task, _)| task.replication + 1).max().unwrap_or(0);
    let mut worth = vec![f64::NAN; plan.points.len() * replications as usize * plan.policies.len()];
    let place = |point: usize, replication: u32| {
        (point * replications as usize + replication as usize) * plan.policies.len()
    };
    for (task, row) in rows {
        worth[place(task.point, task.replication) + task.policy] = row[column];
    }
    let mut points = Vec::new();
    for point in 0..plan.points.len() {
        let worth_of = |replication| &worth[place(point, replication)..][..plan.policies.len()];
        let whole: Vec<u32> =
            (0..replications).filter(|&r| worth_of(r).iter().all(|worth| worth.is_finite())).collect();
        let solved: Vec<Replication> = whole
            .par_iter()
            .map(|&replication| {
                let named = named(game, worth_of(replication))?;
                let alone = (0..game.players.len()).map(|player| named.game.alone(player)).collect();
                Ok(Replication { replication, alone, solution: SolutionConcepts::of(&named)? })
            })
            .collect::<Result<_>>()?;
        if solved.is_empty() {
            continue;
        }
        let mean =
            |policy: usize| whole.iter().map(|&r| worth_of(r)[policy]).sum::<f64>() / whole.len() as f64;
        let means: Vec<f64> = (0..plan.policies.len()).map(mean).collect();
        points.push(summed_up(
            plan,
            game,
            point,
            solved,
            draws,
            SolutionConcepts::of(&named(game, &means)?)?,
        ));
    }
    Ok(points)
}

/// Game with these worths of coalitions, in the order of their places without the empty coalition.
fn named(game: &PlanGame, worth: &[f64]) -> Result<NamedGame> {
    let players = game.players.len();
    let worth = |coalition: Coalition| coalition.place().checked_sub(1).map_or(0.0, |place| worth[place]);
    let solved_game = if game.costs {
        CooperativeGame::costs(players, worth)
    } else {
        CooperativeGame::gains(players, worth)
    };
    Ok(NamedGame { names: game.players.clone(), game: solved_game? })
}

fn summed_up(
    plan: &Plan,
    game: &PlanGame,
    point: usize,
    games: Vec<Replication>,
    draws: &Draws,
    of_means: SolutionConcepts,
) -> PointGame {
    let arms: Vec<usize> = (0..plan.policies.len()).map(|policy| plan.arm(policy, point)).collect();
    let estimate = |figure: &dyn Fn(&Replication) -> Option<f64>| {
        let (at, values): (Vec<usize>, Vec<f64>) =
            games.iter().filter_map(|game| Some((game.replication as usize, figure(game)?))).unzip();
        let sample = Sample::of(&values)?;
        let clusters = draws.clusters(&arms, &at);
        let interval = if clusters.are_shared() {
            Clustered::of(&values, &clusters).and_then(|found| found.t_interval(plan.confidence))
        } else {
            sample.t_interval(plan.confidence)
        };
        Some(Estimate { mean: sample.mean, low: interval.map(|i| i.low), high: interval.map(|i| i.high) })
    };
    let share = |holds: &dyn Fn(&Replication) -> bool| {
        games.iter().filter(|game| holds(game)).count() as f64 / games.len() as f64
    };
    let nothing = Estimate { mean: 0.0, low: None, high: None };
    let of_player = |player: usize| PlayerShares {
        player: game.players[player].clone(),
        alone: estimate(&|g| Some(g.alone[player])).unwrap_or(nothing),
        shapley: estimate(&|g| Some(g.solution.shapley.0[player].1)).unwrap_or(nothing),
        nucleolus: estimate(&|g| Some(g.solution.nucleolus.as_ref()?.0[player].1)),
    };
    PointGame {
        point,
        figure: game.figure.clone(),
        replications: games.len(),
        players: (0..game.players.len()).map(of_player).collect(),
        core_not_empty: share(&|game| !game.solution.core.empty),
        shapley_in_core: share(&|game| game.solution.core.shapley_inside),
        least_core_epsilon: estimate(&|game| game.solution.core.least_core_epsilon),
        of_means,
        games,
    }
}

impl PointGame {
    /// The shares as a table, with a statement on the Core.
    pub(super) fn render(&self, game: &PlanGame, unit: &str, lines: bool) -> String {
        use super::results::plus_minus;
        let cell = |estimate: Estimate| {
            plus_minus(estimate.mean, estimate.low.zip(estimate.high).map(|(low, high)| 0.5 * (high - low)))
        };
        let mut table = Table::new();
        table.load_preset(if lines { presets::UTF8_BORDERS_ONLY } else { presets::NOTHING });
        let what = if game.costs { "Cost" } else { "Gain" };
        let gained = if game.costs { "saved" } else { "more than alone" };
        table.set_header([&format!("{what} shared, {unit}"), "alone", "Shapley", gained, "nucleolus"]);
        for player in &self.players {
            let more = player.shapley.mean - player.alone.mean;
            table.add_row([
                player.player.clone(),
                cell(player.alone),
                cell(player.shapley),
                plus_minus(if game.costs { -more } else { more }, None),
                player.nucleolus.map_or_else(|| "-".to_owned(), cell),
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let core = &self.of_means.core;
        let of_means = match (core.empty, core.shapley_inside) {
            (true, _) => "the Core is empty",
            (false, true) => "the Shapley value lies in the Core",
            (false, false) => "there is a Core, but without the Shapley value",
        };
        let percent = |share: f64| format!("{:.0} %", 100.0 * share);
        format!(
            "{}\nIn {} of {} replications the grand coalition is stable (there is a Core), in {} under the Shapley value;\n\
             least-core epsilon {}. Of mean worths, {of_means}.\n",
            table.trim_fmt(),
            percent(self.core_not_empty),
            self.replications,
            percent(self.shapley_in_core),
            self.least_core_epsilon.map_or_else(|| "-".to_owned(), cell),
        )
    }
}

/// Writes `coalitions.parquet`, a row per point, replication and coalition, and `allocations.parquet`, a row per point,
/// replication and player.
///
/// # Errors
/// If a table cannot be written.
pub(super) fn write(
    dir: &Path,
    plan: &Plan,
    points: &[PointGame],
    rows: &[(Task, Vec<f64>)],
    names: &[String],
) -> Result<()> {
    let Some(game) = &plan.coalition_game else { return Ok(()) };
    let Some(figure) = names.iter().position(|name| *name == game.figure) else { return Ok(()) };
    let metadata = vec![
        ("created_by".to_owned(), format!("gridfleet {}", plan.gridfleet_version)),
        ("study".to_owned(), plan.study.clone()),
        ("figure".to_owned(), game.figure.clone()),
    ];
    let integers = |name: &str, values: Vec<i64>| Series::new(name.into(), values).into_column();
    let numbers = |name: &str, values: Vec<Option<f64>>| Series::new(name.into(), values).into_column();
    let texts = |name: &str, values: Vec<&str>| Series::new(name.into(), values).into_column();
    let members = |task: &Task| i64::from((task.policy as u64 + 1).count_ones());
    let columns: Vec<Column> = vec![
        integers("point", rows.iter().map(|(task, _)| task.point as i64).collect()),
        integers("replication", rows.iter().map(|(task, _)| i64::from(task.replication)).collect()),
        texts("coalition", rows.iter().map(|(task, _)| plan.policies[task.policy].name.as_str()).collect()),
        integers("members", rows.iter().map(|(task, _)| members(task)).collect()),
        numbers("worth", rows.iter().map(|(_, row)| Some(row[figure]).filter(|x| x.is_finite())).collect()),
    ];
    write_frame(&dir.join("coalitions.parquet"), columns, metadata.clone())?;
    let each: Vec<(usize, &Replication, usize)> = points
        .iter()
        .flat_map(|point| point.games.iter().map(move |game| (point.point, game)))
        .flat_map(|(point, replication)| {
            (0..game.players.len()).map(move |player| (point, replication, player))
        })
        .collect();
    let nucleolus =
        |replication: &Replication, player: usize| Some(replication.solution.nucleolus.as_ref()?.0[player].1);
    let columns: Vec<Column> = vec![
        integers("point", each.iter().map(|row| row.0 as i64).collect()),
        integers("replication", each.iter().map(|row| i64::from(row.1.replication)).collect()),
        texts("player", each.iter().map(|row| game.players[row.2].as_str()).collect()),
        numbers("alone", each.iter().map(|row| Some(row.1.alone[row.2])).collect()),
        numbers("shapley", each.iter().map(|row| Some(row.1.solution.shapley.0[row.2].1)).collect()),
        numbers("nucleolus", each.iter().map(|row| nucleolus(row.1, row.2)).collect()),
        numbers(
            "least_core_epsilon",
            each.iter().map(|row| row.1.solution.core.least_core_epsilon).collect(),
        ),
    ];
    write_frame(&dir.join("allocations.parquet"), columns, metadata)
}

//! Worth of the players of a coalition alone, fleets or operators, and their allocations of the whole.

use super::{Context, Metric};
use crate::report::chart::{Colour, Interval, Numbers, Spec};
use crate::report::html::{Cell, Table, digits_for, escape, number, numbers, words};
use crate::report::page::Page;
use serde::Deserialize;
use std::fmt::Write as _;

/// The game at one point, as `summary.json` has it.
#[derive(Debug, Deserialize)]
pub(super) struct Game {
    point: u64,
    /// Metric of the study that gives the worth of coalitions.
    #[serde(default)]
    figure: String,
    replications: u64,
    players: Vec<Player>,
    core_not_empty: f64,
    shapley_in_core: f64,
}

#[derive(Debug, Deserialize)]
struct Player {
    player: String,
    alone: Estimate,
    shapley: Estimate,
    nucleolus: Option<Estimate>,
}

/// A mean over replications and its interval.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Estimate {
    mean: f64,
    low: Option<f64>,
    high: Option<f64>,
}

/// Allocation rules, with their colours.
const WAYS: [(&str, Colour); 3] =
    [("alone", Colour::GREY), ("Shapley value", Colour::BLUE), ("nucleolus", Colour::ORANGE)];

impl Game {
    /// Kind of the players: the worth of coalitions of operators is a figure of a group of stations.
    fn players_are(&self) -> (&'static str, &'static str) {
        if self.figure.starts_with("groups.") { ("operator", "operators") } else { ("fleet", "fleets") }
    }
}

impl Player {
    /// In the order of [`WAYS`].
    fn estimates(&self) -> [Option<Estimate>; 3] {
        [Some(self.alone), Some(self.shapley), self.nucleolus]
    }
}

/// The section of a study of coalitions; empty for others.
pub(super) fn sharing(context: &Context, page: &mut Page) -> String {
    let games = &context.summary.coalition_game;
    let Some(first) = games.first() else { return String::new() };
    let metric = context.summary.metrics.iter().find(|metric| metric.name == first.figure);
    let unit = metric.map_or("", |metric| metric.unit(&context.summary.currency));
    let factor = metric.map_or(1.0, Metric::factor);
    let title = metric.map_or("Shares", |metric| &metric.title);
    let rows = |point: u64| -> Vec<Interval> {
        let mut rows = Vec::new();
        for player in games.iter().filter(|game| game.point == point).flat_map(|game| &game.players) {
            for ((way, colour), estimate) in WAYS.into_iter().zip(player.estimates()) {
                let Some(estimate) = estimate else { continue };
                let values = [Some(estimate.mean), estimate.low, estimate.high]
                    .map(|x| x.map_or(f64::NAN, |x| factor * x));
                let name = format!("{}, {way}", player.player);
                rows.push(Interval { name, colour, values: Numbers(values.to_vec()) });
            }
        }
        rows
    };
    let (one, many) = first.players_are();
    let caption = format!(
        "Outcome of each {one} alone, and its share of the grand coalition's by the Shapley value and by the \
         nucleolus: mean over replications and its {} interval (Student's t).",
        context.confidence()
    );
    let height = 70 + 34 * (WAYS.len() * first.players.len()) as u32;
    let spec = |point| Spec::Intervals { unit: unit.to_owned(), zero: false, rows: rows(point) };
    let mut html =
        context.chart_of_points(page, &format!("{title}, shared by the {many}"), caption, height, spec);
    html.push_str(&shares(context, games, unit, factor).render());
    for game in games {
        let percent = |share: f64| number(100.0 * share, 0);
        let at =
            if context.several_points() { format!("{}: ", context.point(game.point)) } else { String::new() };
        // Writing to a string cannot fail.
        let _ = writeln!(
            html,
            "<p>{}of {} replications, {} % have a Core that is not empty, and in {} % the Shapley value lies in it.</p>",
            escape(&at),
            game.replications,
            percent(game.core_not_empty),
            percent(game.shapley_in_core)
        );
    }
    html
}

fn shares(context: &Context, games: &[Game], unit: &str, factor: f64) -> Table {
    let (one, many) = games.first().map_or(("fleet", "fleets"), Game::players_are);
    let mut heads = vec![words(if one == "fleet" { "Fleet" } else { "Operator" })];
    if context.several_points() {
        heads.push(words("Point"));
    }
    heads.extend(
        ["Alone", "Shapley value", "Nucleolus", "Shapley value less alone"].map(|w| numbers(w, unit)),
    );
    let mut table = Table::new(&format!("Shares of the {many}, with their intervals below"), heads);
    for game in games {
        for player in &game.players {
            let mut cells = vec![Cell::text(&player.player)];
            if context.several_points() {
                cells.push(Cell::text(&context.point(game.point)));
            }
            let digits = digits_for(factor * player.alone.mean);
            cells.extend(player.estimates().map(|estimate| {
                let Some(estimate) = estimate else { return Cell::number(f64::NAN, 0) };
                let cell = Cell::number(factor * estimate.mean, digits);
                match estimate.low.zip(estimate.high) {
                    Some((low, high)) => cell.below(&format!(
                        "{} to {}",
                        number(factor * low, digits),
                        number(factor * high, digits)
                    )),
                    None => cell,
                }
            }));
            cells.push(Cell::number(factor * (player.shapley.mean - player.alone.mean), digits));
            table.row(cells);
        }
    }
    table
}

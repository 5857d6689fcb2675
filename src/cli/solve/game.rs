//! `gridfleet solve game`: shares the costs, or the gains, of a coalition, given those of each of its parts.

use super::print;
use crate::cli::terminal;
use crate::error::{Error, Result};
use crate::games::coalition::WorthKind;
use crate::games::coalition::file::NamedGame;
use crate::games::coalition::formation::{Stability, of_game};
use crate::games::coalition::properties::Properties;
use crate::games::coalition::solution::{CoreFigures, Shares, SolutionConcepts};
use crate::outputs::summary::thousands;
use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `gridfleet solve game`.
#[derive(Debug, Args)]
#[command(after_help = "Example, fleets.json:\n  \
    {\"players\": [\"a\", \"b\", \"c\"],\n   \
    \"costs\": {\"a\": 1.850, \"b\": 3.044, \"c\": 2.651, \"a,b\": 1.635, \"a,c\": 1.599, \"b,c\": 2.187, \
    \"a,b,c\": 1.381}}\n\n  \
    gridfleet solve game fleets.json\n  \
    gridfleet solve game fleets.json --json | jq .core\n\n\
    Up to 20 players; each coalition needs a cost. With \"gains\" instead of \"costs\" more is better.")]
pub struct GameArgs {
    /// The game: names of the players and the cost, or the gain, of each coalition.
    #[arg(value_name = "FILE.json")]
    pub file: PathBuf,
    /// Print JSON on stdout, with all digits.
    #[arg(long)]
    pub json: bool,
}

/// Runs `gridfleet solve game`.
///
/// # Errors
/// If the game is invalid.
pub fn run(args: &GameArgs, out: &mut dyn Write) -> Result<()> {
    let named = NamedGame::read(&args.file)?;
    let solution = SolutionConcepts::of(&named)?;
    let formation = formation(&named);
    if args.json {
        let output = Output { solution: &solution, formation: formation.as_deref() };
        let json = serde_json::to_string_pretty(&output).map_err(|error| Error::Other(error.to_string()))?;
        return print::text(out, &format!("{json}\n"));
    }
    let mut text = text(&named, &solution, terminal::draws());
    if let Some(stable) = &formation {
        text.push_str(&format!(" {}\n", formation_in_words(stable)));
    }
    print::text(out, &text)
}

/// Output of `--json`.
#[derive(Serialize)]
struct Output<'a> {
    #[serde(flatten)]
    solution: &'a SolutionConcepts,
    /// Partitions that are stable by some notion, for up to eight players.
    #[serde(skip_serializing_if = "Option::is_none")]
    formation: Option<&'a [Stable]>,
}

/// A partition in which each coalition shares its worth by the Shapley value, and the notions by which it is stable.
#[derive(Serialize)]
struct Stable {
    /// Members of each coalition.
    coalitions: Vec<Vec<String>>,
    core: bool,
    nash: bool,
    individual: bool,
}

/// The stable partitions; `None` for more than eight players.
fn formation(named: &NamedGame) -> Option<Vec<Stable>> {
    let stable = |found: Stability| {
        let names = |members: Vec<usize>| members.into_iter().map(|i| named.names[i].clone()).collect();
        Stable {
            coalitions: found.partition.coalitions().into_iter().map(names).collect(),
            core: found.core.is_none(),
            nash: found.nash.is_none(),
            individual: found.individual.is_none(),
        }
    };
    let all = of_game(&named.game)?.into_iter().map(stable);
    Some(all.filter(|found| found.core || found.nash || found.individual).collect())
}

/// The first stable partitions, each with the notions of stability.
fn formation_in_words(stable: &[Stable]) -> String {
    const MOST: usize = 5;
    let words = |found: &Stable| {
        let coalitions: Vec<String> =
            found.coalitions.iter().map(|members| format!("{{{}}}", members.join(", "))).collect();
        let notions = [(found.core, "core"), (found.nash, "Nash"), (found.individual, "individual")];
        let notions: Vec<&str> =
            notions.into_iter().filter(|(holds, _)| *holds).map(|(_, word)| word).collect();
        format!("{} ({})", coalitions.join(" "), notions.join(", "))
    };
    let mut list: Vec<String> = stable.iter().take(MOST).map(words).collect();
    if list.is_empty() {
        list.push("none".to_owned());
    } else if stable.len() > MOST {
        list.push(format!("and {} more", stable.len() - MOST));
    }
    format!("Stable partitions, each coalition sharing by its Shapley value: {}.", list.join("; "))
}

/// The solution as a table and a few sentences.
fn text(named: &NamedGame, solution: &SolutionConcepts, lines: bool) -> String {
    let game = &named.game;
    let largest = game.table().iter().fold(0.0f64, |a, b| a.max(b.abs()));
    // Four digits of the largest cost, with at least two decimals.
    let digits = if largest > 0.0 { (3.0 - largest.log10().floor()).clamp(2.0, 15.0) as usize } else { 2 };
    let amount = |value: f64| thousands(value, digits);

    let mut table = Table::new();
    table.load_preset(if lines { presets::UTF8_BORDERS_ONLY } else { presets::NOTHING });
    let gains = game.worth_kind() == WorthKind::Gains;
    let better = |alone: f64, share: f64| if gains { share - alone } else { alone - share };
    table.set_header(["", "alone", "Shapley", if gains { "gained" } else { "saved" }, "nucleolus"]);
    let add = |table: &mut Table, name: &str, alone: f64, share: f64, nucleolus: Option<f64>| {
        let nucleolus = nucleolus.map_or_else(|| "-".to_owned(), &amount);
        table.add_row([
            name.to_owned(),
            amount(alone),
            amount(share),
            amount(better(alone, share)),
            nucleolus,
        ]);
    };
    let sum = |shares: &Shares| shares.0.iter().map(|(_, share)| share).sum::<f64>();
    for (player, (name, share)) in solution.shapley.0.iter().enumerate() {
        let nucleolus = solution.nucleolus.as_ref().map(|shares| shares.0[player].1);
        add(&mut table, name, game.alone(player), *share, nucleolus);
    }
    let alone = (0..game.players()).map(|player| game.alone(player)).sum();
    add(&mut table, "all", alone, sum(&solution.shapley), solution.nucleolus.as_ref().map(sum));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let core = core_in_words(&solution.core, if gains { "gain" } else { "save" }, &amount);
    let properties = properties_in_words(&solution.properties.game, gains);
    format!("{}\n\n {core}\n {properties}\n", terminal::trimmed(&table))
}

fn core_in_words(core: &CoreFigures, verb: &str, amount: &dyn Fn(f64) -> String) -> String {
    let epsilon = core
        .least_core_epsilon
        .map_or_else(String::new, |epsilon| format!(" (least-core epsilon {})", amount(epsilon)));
    let shapley = if core.shapley_inside {
        "the Shapley value lies in it".to_owned()
    } else {
        format!(
            "under the Shapley value {} would {verb} {} by leaving",
            core.objecting.join(", "),
            amount(core.objecting_saves)
        )
    };
    let empty = if core.empty { "empty" } else { "not empty" };
    format!("Core: {empty}{epsilon}; {shapley}.")
}

fn properties_in_words(properties: &Properties, gains: bool) -> String {
    let Properties { essential, monotone, subadditive, convex } = *properties;
    let named = [
        (essential, "essential"),
        (monotone, "monotone"),
        (subadditive, if gains { "superadditive" } else { "subadditive" }),
        (convex, if gains { "convex" } else { "convex in its savings" }),
    ];
    let words = named.map(|(holds, name)| if holds { name.to_owned() } else { format!("not {name}") });
    format!("The game is {}.", words.join(", "))
}

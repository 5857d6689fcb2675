//! Games in JSON: names of players, and a cost for each coalition, or a gain.
//!
//! ```json
//! {"players": ["a", "b"], "costs": {"a": 2.5, "b": 1.5, "a,b": 3.0}}
//! {"players": ["a", "b"], "gains": {"a": 1.5, "b": 0.5, "a,b": 3.0}}
//! ```

use super::game::LARGEST_WORTH;
use super::{Coalition, CooperativeGame, MOST_PLAYERS, WorthKind};
use gridfleet_core::error::{Error, InputError, Result, input};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use std::path::Path;

/// Maximum file size [bytes]: a game of [`MOST_PLAYERS`] players with long names.
const MOST_BYTES: u64 = 256 << 20;

/// Maximum length of a player's name [characters].
const LONGEST_NAME: usize = 100;

/// Maximum number of wrong coalitions reported, to bound memory.
const MOST_ERRORS: usize = 100;

const EXPECTED: &str = r#"{"players": ["a", "b"], "costs": {"a": 2.5, "b": 1.5, "a,b": 3.0}}"#;

/// A game with named players.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedGame {
    /// Names of the players, in the order of the file.
    pub names: Vec<String>,
    /// Worth of the coalitions.
    pub game: CooperativeGame,
}

impl NamedGame {
    /// Reads a game from a file.
    ///
    /// # Errors
    /// If the file cannot be read, or the game is invalid: see [`NamedGame::parse`].
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = input::read(path, MOST_BYTES)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| InputError::new("bytes that are no UTF-8 text", "a JSON file").file(path))?;
        let in_file = |errors: Vec<InputError>| {
            Error::Input(errors.into_iter().map(|error| error.file(path)).collect())
        };
        Self::parse(&text).map_err(in_file)
    }

    /// Reads a game from the text of a file.
    ///
    /// Players are strings or integers. A coalition is a comma-separated list of players, in any order; spaces around
    /// names are ignored. The empty coalition may be given if it costs nothing.
    ///
    /// # Errors
    /// All problems found: players without a name, with the same name, or too many; coalitions with unknown or repeated
    /// players, duplicated, or missing; costs that are not finite.
    pub fn parse(text: &str) -> Result<Self, Vec<InputError>> {
        let file: File = serde_json::from_str(text).map_err(|error| vec![no_json(text, &error)])?;
        let (key, pairs) = match (file.costs, file.gains) {
            (Some(costs), None) => ("costs", costs),
            (None, Some(gains)) => ("gains", gains),
            (found, _) => {
                let found =
                    if found.is_some() { "`costs` and `gains`" } else { "neither `costs` nor `gains`" };
                return Err(vec![InputError::new(found, EXPECTED)]);
            }
        };
        let names = names(&file.players)?;
        let mut worth: Vec<Option<f64>> = vec![None; 1 << names.len()];
        let mut errors = Vec::new();
        for (written, value) in &pairs.0 {
            if let Err(error) = enter(written, value, &names, key, &mut worth) {
                errors.push(error.key(format!("{key}[{written:?}]")));
            }
            if errors.len() == MOST_ERRORS {
                return Err(errors);
            }
        }
        worth[0] = Some(0.0);
        // A misspelt coalition would otherwise be reported twice.
        if errors.is_empty() {
            errors.extend(missing(&worth, &names, key));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let kind = if key == "costs" { WorthKind::Costs } else { WorthKind::Gains };
        let game =
            CooperativeGame::new(names.len(), kind, |coalition| worth[coalition.place()].unwrap_or(f64::NAN));
        Ok(Self { game: game.map_err(|error| vec![error.into()])?, names })
    }

    /// Names of the members of `coalition`.
    pub fn members(&self, coalition: Coalition) -> Vec<String> {
        coalition.players().map(|player| self.names[player].clone()).collect()
    }
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with players and costs, or gains")]
struct File {
    players: Value,
    costs: Option<Pairs>,
    gains: Option<Pairs>,
}

/// An object with all its entries: a map would keep only the last entry of each key.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Pairs;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of numbers by coalition")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// Converts the error of a text that could not be parsed as a [`File`].
fn no_json(text: &str, error: &serde_json::Error) -> InputError {
    let (line, column) = (error.line(), error.column());
    if let Some((key, token)) = entry_at(text, line, column)
        && error.is_syntax()
    {
        // JSON has neither NaN nor infinity, and a number out of range is a syntax error.
        let list = if text.contains("\"gains\"") { "gains" } else { "costs" };
        return InputError::new(token, "a finite number").key(format!("{list}[\"{key}\"]")).line(line as u64);
    }
    let message = error.to_string();
    let found = message.split(" at line ").next().unwrap_or(&message);
    InputError::new(format!("no game ({found})"), EXPECTED).line(line as u64)
}

/// Key and value of the object entry at a position; `None` if there is no entry.
fn entry_at(text: &str, line: usize, column: usize) -> Option<(&str, &str)> {
    let before: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let head = text.get(..before + column.checked_sub(1)?)?;
    let (start, rest) = (head.rfind('"')?, &text[head.rfind('"')? + 1..]);
    let key = &head[head[..start].rfind('"')? + 1..start];
    let value = rest.trim_start().strip_prefix(':')?.trim_start();
    let token = value.split([',', '}', ']', '{', '[', '"', '\n']).next()?.trim_end();
    let is_word = token.len() <= 400 && token.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    (is_word && !token.is_empty()).then_some((key, token))
}

fn names(players: &Value) -> Result<Vec<String>, Vec<InputError>> {
    let Value::Array(players) = players else {
        return Err(vec![InputError::new(players.to_string(), "a list of names").key("players")]);
    };
    if players.is_empty() || players.len() > MOST_PLAYERS {
        let found =
            if players.is_empty() { "no player".into() } else { format!("{} players", players.len()) };
        return Err(vec![InputError::new(found, format!("1 to {MOST_PLAYERS} players")).key("players")]);
    }
    let mut names: Vec<String> = Vec::new();
    let mut errors = Vec::new();
    for (i, player) in players.iter().enumerate() {
        let name = match player {
            Value::String(name) => name.trim().to_owned(),
            Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
            _ => String::new(),
        };
        let error = if name.is_empty() || name.contains(',') || name.chars().count() > LONGEST_NAME {
            let expected = format!("a name without commas, of at most {LONGEST_NAME} characters");
            InputError::new(player.to_string(), expected)
        } else if names.contains(&name) {
            InputError::new(format!("{name:?} again"), "each player once")
        } else {
            names.push(name);
            continue;
        };
        errors.push(error.key(format!("players[{i}]")));
    }
    if errors.is_empty() { Ok(names) } else { Err(errors) }
}

/// Singular of `costs` or `gains`.
fn one(key: &str) -> &str {
    key.trim_end_matches('s')
}

/// Enters the worth of the coalition written as `a,b`.
fn enter(
    written: &str,
    value: &Value,
    names: &[String],
    key: &str,
    worth: &mut [Option<f64>],
) -> Result<(), InputError> {
    let (coalition, value) = (coalition(written, names)?, finite(value)?);
    if coalition.is_empty() && value != 0.0 {
        return Err(InputError::new(value.to_string(), "0, for the empty coalition").help("leave it out"));
    }
    if worth[coalition.place()].replace(value).is_some() {
        let found = format!("the {} of {} again", one(key), label(coalition, names));
        return Err(InputError::new(found, "each coalition once"));
    }
    Ok(())
}

/// Parses a coalition written as `a,b`.
fn coalition(written: &str, names: &[String]) -> Result<Coalition, InputError> {
    let mut members = Coalition::EMPTY;
    if written.trim().is_empty() {
        return Ok(members);
    }
    for name in written.split(',').map(str::trim) {
        let Some(player) = names.iter().position(|known| known == name) else {
            return Err(InputError::new(
                format!("an unknown player {name:?}"),
                format!("players among {}, with commas between them", names.join(", ")),
            ));
        };
        if members.contains(player) {
            return Err(InputError::new(format!("player {name:?} twice"), "each player of a coalition once"));
        }
        members = members.with(player);
    }
    Ok(members)
}

fn finite(cost: &Value) -> Result<f64, InputError> {
    let number = cost.as_f64().filter(|cost| cost.is_finite() && cost.abs() <= LARGEST_WORTH);
    number.ok_or_else(|| {
        InputError::new(cost.to_string(), format!("a finite number of at most {LARGEST_WORTH:e} in size"))
    })
}

/// Reports the coalitions without a worth in one error; `None` if all have one.
fn missing(costs: &[Option<f64>], names: &[String], key: &str) -> Option<InputError> {
    let missing: Vec<Coalition> =
        (0..costs.len()).filter(|&place| costs[place].is_none()).map(Coalition::at).collect();
    let first = label(*missing.first()?, names);
    let found = if missing.len() == 1 {
        "nothing".to_owned()
    } else {
        let some: Vec<String> = missing.iter().take(5).map(|&coalition| label(coalition, names)).collect();
        let more = if missing.len() > 5 { "; ..." } else { "" };
        format!("nothing for {} of {} coalitions ({}{more})", missing.len(), costs.len() - 1, some.join("; "))
    };
    let expected = format!("the {} of every coalition", one(key));
    Some(InputError::new(found, expected).key(format!("{key}[{first:?}]")))
}

fn label(coalition: Coalition, names: &[String]) -> String {
    coalition.players().map(|player| names[player].as_str()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> String {
        let errors = NamedGame::parse(text).unwrap_err();
        errors.iter().map(|error| format!("{error}\n")).collect()
    }

    #[test]
    fn a_game_is_read_whatever_the_order() {
        let text = r#"{"costs": {"": 0, "b , 7": -3e0, "7": 2.5, "b": 1}, "players": ["b", 7]}"#;
        let named = NamedGame::parse(text).unwrap();
        assert_eq!(named.names, ["b", "7"]);
        assert_eq!(named.game.table(), [0.0, 1.0, 2.5, -3.0]);
        assert_eq!(named.members(Coalition::all(2)), ["b", "7"]);
    }

    #[test]
    fn a_game_of_gains_is_read_and_not_both() {
        let named = NamedGame::parse(r#"{"players": [1, 2], "gains": {"1": 1, "2": 2, "1,2": 5}}"#).unwrap();
        assert_eq!(named.game.worth_kind(), WorthKind::Gains);
        assert_eq!(named.game.table(), [0.0, 1.0, 2.0, 5.0]);
        let both = errors(r#"{"players": [1], "gains": {"1": 1}, "costs": {"1": 1}}"#);
        assert!(both.starts_with("found `costs` and `gains`"), "{both}");
        let twice = errors(r#"{"players": [1], "gains": {"1": 1, "1": 2}}"#);
        assert_eq!(twice, "gains[\"1\"]: found the gain of 1 again, expected each coalition once\n");
        let missing = errors(r#"{"players": [1], "gains": {}}"#);
        assert_eq!(missing, "gains[\"1\"]: found nothing, expected the gain of every coalition\n");
        let key = errors(r#"{"players": [1], "players": [2], "gains": {"1": 1}}"#);
        assert!(key.contains("duplicate field `players`"), "{key}");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_key() {
        let costs = |costs: &str| errors(&format!(r#"{{"players": ["a", "b"], "costs": {{{costs}}}}}"#));
        let all = r#""a": 1, "b": 2, "a,b": 2.5"#;
        insta::assert_snapshot!(
            [
                costs(r#""a": 1, "b": 2"#),
                costs(r#""a": 1"#),
                costs(&format!(r#"{all}, "a,c": 1"#)),
                costs(&format!(r#"{all}, "b,b": 1, "b,a": 1, "a": 1, "a,": 1"#)),
                costs(r#""a": null, "b": "2", "a,b": 1e101"#),
                costs(r#""a": 1, "b": NaN, "a,b": 3"#),
                costs("\"a\": 1,\n \"b\": -Infinity, \"a,b\": 3"),
                costs(r#""a": 1, "b": 2, "a,b": 1e999"#),
                costs(&format!(r#"{all}, "": 3"#)),
                errors(r#"{"players": ["a", "a", "", "b,c", 1.5], "costs": {}}"#),
                errors(r#"{"players": [], "costs": {}}"#),
                errors(r#"{"players": "a", "costs": {}}"#),
                errors(&format!(r#"{{"players": {:?}, "costs": {{}}}}"#, (0..21).collect::<Vec<_>>())),
                errors(r#"{"players": ["a"], "costs": [1]}"#),
                errors(r#"{"players": ["a"], "cost": {"a": 1}}"#),
                errors(r#"{"players": ["a"]}"#),
                errors("{\n\"players\""),
                errors(""),
                errors("[]"),
            ]
            .concat(),
            @r#"
        costs["a,b"]: found nothing, expected the cost of every coalition
        costs["b"]: found nothing for 2 of 3 coalitions (b; a,b), expected the cost of every coalition
        costs["a,c"]: found an unknown player "c", expected players among a, b, with commas between them
        costs["b,b"]: found player "b" twice, expected each player of a coalition once
        costs["b,a"]: found the cost of a,b again, expected each coalition once
        costs["a"]: found the cost of a again, expected each coalition once
        costs["a,"]: found an unknown player "", expected players among a, b, with commas between them
        costs["a"]: found null, expected a finite number of at most 1e100 in size
        costs["b"]: found "2", expected a finite number of at most 1e100 in size
        costs["a,b"]: found 1e+101, expected a finite number of at most 1e100 in size
        costs["b"]: found NaN, expected a finite number
        costs["b"]: found -Infinity, expected a finite number
        costs["a,b"]: found 1e999, expected a finite number
        costs[""]: found 3, expected 0, for the empty coalition; leave it out
        players[1]: found "a" again, expected each player once
        players[2]: found "", expected a name without commas, of at most 100 characters
        players[3]: found "b,c", expected a name without commas, of at most 100 characters
        players[4]: found 1.5, expected a name without commas, of at most 100 characters
        players: found no player, expected 1 to 20 players
        players: found "a", expected a list of names
        players: found 21 players, expected 1 to 20 players
        found no game (invalid type: sequence, expected an object of numbers by coalition), expected {"players": ["a", "b"], "costs": {"a": 2.5, "b": 1.5, "a,b": 3.0}}
        found no game (unknown field `cost`, expected one of `players`, `costs`, `gains`), expected {"players": ["a", "b"], "costs": {"a": 2.5, "b": 1.5, "a,b": 3.0}}
        found neither `costs` nor `gains`, expected {"players": ["a", "b"], "costs": {"a": 2.5, "b": 1.5, "a,b": 3.0}}
        found no game (EOF while parsing an object), expected {"players": ["a", "b"], "costs": {"a": 2.5, "b": 1.5, "a,b": 3.0}}
        found no game (EOF while parsing a value), expected {"players": ["a", "b"], "costs": {"a": 2.5, "b": 1.5, "a,b": 3.0}}
        found no game (invalid length 0, expected an object with players and costs, or gains), expected {"players": ["a", "b"], "costs": {"a": 2.5, "b": 1.5, "a,b": 3.0}}
        "#
        );
    }

    #[test]
    fn cut_or_changed_anywhere_a_file_does_no_harm() {
        let text = "{\"players\": [\"ä\", 2],\n\"costs\": {\"ä\": 1, \"2\": NaN, \"ä,2\": 1.5e999}}";
        for at in (0..=text.len()).filter(|&at| text.is_char_boundary(at)) {
            for with in ["", "\"", ":", "{", "]", ",", "\n", "1", "e9", "é"] {
                let (head, tail) = text.split_at(at);
                for changed in [format!("{head}{with}"), format!("{head}{with}{tail}")] {
                    assert!(!NamedGame::parse(&changed).unwrap_err().is_empty());
                }
            }
        }
    }
}

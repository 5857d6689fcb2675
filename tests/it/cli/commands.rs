//! The commands from the user's side: output, streams and exit status.

use crate::support::cli::{Dir, gridfleet};
use clap::{CommandFactory as _, Parser as _};

#[test]
fn a_new_scenario_is_valid_and_never_overwritten() {
    let folder = Dir::new();
    let name = folder.path().join("sub/my-town");
    gridfleet(["new"]).arg(&name).succeeds().prints("my-town.toml").prints("my-town-trips.csv");
    let scenario = name.with_extension("toml");
    let out = gridfleet(["validate"]).arg(&scenario).succeeds().out;
    assert!(out.starts_with("my-town: ok\n") && out.contains("480 (480 rows read)"), "{out}");
    let before = std::fs::read(&scenario).unwrap();
    gridfleet(["new"]).arg(&name).fails(2).reports("nothing is overwritten");
    assert_eq!(std::fs::read(&scenario).unwrap(), before);
}

#[test]
fn the_shipped_small_scenario_is_the_starter() {
    let folder = Dir::new();
    folder.gridfleet(["new", "small"]).succeeds();
    let text = folder.read("small.toml");
    let shipped = std::fs::read_to_string("scenarios/small.toml").unwrap();
    assert_eq!(text.replace("small-trips.csv", "../datasets/small/trips.csv"), shipped);
    let trips = std::fs::read(folder.path().join("small-trips.csv")).unwrap();
    assert!(trips == std::fs::read("datasets/small/trips.csv").unwrap());
}

#[test]
fn odd_names_are_refused() {
    for name in ["", "..", "/", ".hidden", "a\"b"] {
        gridfleet(["new", name]).fails(2);
    }
}

#[test]
fn a_wrong_scenario_shows_the_place_and_ends_with_2() {
    let folder = Dir::new();
    folder.gridfleet(["new", "town"]).succeeds();
    let text = folder.read("town.toml");
    let wrong = text.replace("circuity = 1.3 ", "circuty = 1.3 ").replace("count = 12", "count = -12");
    let file = folder.write("town.toml", wrong);
    for command in ["validate", "run"] {
        let err = gridfleet([command]).arg(&file).refused().err;
        let err = err.replace(folder.path().to_str().unwrap(), "");
        insta::allow_duplicates! {
            insta::assert_snapshot!(err, @r#"
            error: /town.toml:33: travel.circuty: found an unknown key, expected a key of this table
                |
             33 | circuty = 1.3                   # road over great-circle distance
                | ^^^^^^^
              help: did you mean `circuity`?
            error: /town.toml:66: fleets[0].vehicles[0].count: found -12, expected a whole number from 1 to 1000000
                |
             66 | vehicles = [{ type = "hatchback", count = -12, initial_soc = [0.4, 0.9] }]
                |                                           ^^^
            2 problems
            "#);
        }
    }
}

#[test]
fn a_slip_in_the_syntax_is_marked() {
    let folder = Dir::new();
    let file = folder.write("a.toml", "version = 2\n[time\nstart = 1\n");
    gridfleet(["validate"])
        .arg(&file)
        .fails(2)
        .reports("a.toml:2: found something that is not TOML")
        .reports("2 | [time\n");
}

#[test]
fn missing_files_and_wrong_arguments_end_with_2() {
    gridfleet(["validate", "nowhere.toml"])
        .fails(2)
        .reports("no such file: nowhere.toml")
        .reports("gridfleet new");
    gridfleet(["validate", "scenarios"]).fails(2);
    gridfleet(["validate", "datasets/small/trips.csv"]).fails(2);
    gridfleet(["frobnicate"]).fails(2);
    gridfleet(["run"]).fails(2);
    gridfleet(["run", "scenarios/small.toml", "--seed", "x"]).fails(2);
    gridfleet(["validate", "scenarios/small.toml", "--set", "time.days=0"])
        .fails(2)
        .reports("--set time.days=0");
    gridfleet(["run", "scenarios/small.toml", "--policy", "batchd"])
        .fails(2)
        .reports("did you mean `batched`");
}

#[test]
fn the_documented_ranges_are_those_of_the_program() {
    let out = gridfleet(["schema", "--ranges"]).succeeds().out;
    let text = std::fs::read_to_string("docs/input-ranges.md").unwrap().replace("\r\n", "\n");
    let (_, table) = text.split_once("\n| ").unwrap();
    assert!(
        format!("| {table}") == out,
        "docs/input-ranges.md is out of date: put the output of `gridfleet schema --ranges` below its introduction"
    );
}

#[test]
fn the_documented_tables_are_those_of_the_program() {
    let out = gridfleet(["schema", "--tables"]).succeeds().out;
    let text = std::fs::read_to_string("docs/output-tables.md").unwrap().replace("\r\n", "\n");
    let (_, tables) = text.split_once("\n## ").unwrap();
    assert!(
        format!("## {tables}") == out,
        "docs/output-tables.md is out of date: put the output of `gridfleet schema --tables` below its introduction"
    );
}

#[test]
fn the_documented_input_tables_are_those_of_the_program() {
    let out = gridfleet(["schema", "--inputs"]).succeeds().out;
    let text = std::fs::read_to_string("docs/input-tables.md").unwrap().replace("\r\n", "\n");
    let (_, tables) = text.split_once("\n## ").unwrap();
    assert!(
        format!("## {tables}") == out,
        "docs/input-tables.md is out of date: put the output of `gridfleet schema --inputs` below its introduction"
    );
}

#[test]
fn the_documented_figures_are_those_of_the_program() {
    let out = gridfleet(["schema", "--summary"]).succeeds().out;
    let text = std::fs::read_to_string("docs/summary.md").unwrap().replace("\r\n", "\n");
    let (_, figures) = text.split_once("\n## ").unwrap();
    assert!(
        format!("## {figures}") == out,
        "docs/summary.md is out of date: put the output of `gridfleet schema --summary` below its introduction"
    );
}

#[test]
fn the_schema_is_json_and_describes_every_key() {
    let schema = gridfleet(["schema"]).succeeds().json();
    fn walk(value: &serde_json::Value, path: &str, keys: &mut usize) {
        if let Some(properties) = value.get("properties").and_then(|p| p.as_object()) {
            for (key, schema) in properties.iter().filter(|(_, s)| s.get("const").is_none()) {
                assert!(schema.get("description").is_some(), "{path}.{key} has no description");
                *keys += 1;
            }
        }
        match value {
            serde_json::Value::Object(object) => {
                for (key, value) in object {
                    walk(value, &format!("{path}/{key}"), keys);
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, path, keys)),
            _ => {}
        }
    }
    let mut keys = 0;
    walk(&schema, "", &mut keys);
    assert!(keys > 100, "{keys}");
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let out = gridfleet(["completions", shell]).succeeds().out;
        assert!(out.contains("validate") && out.contains("policy"), "{shell}");
    }
}

/// Every command with its subcommands, without `help`.
fn commands() -> Vec<clap::Command> {
    let mut root = gridfleet::cli::Cli::command().disable_help_subcommand(true);
    root.build();
    let (mut all, mut open) = (Vec::new(), vec![root]);
    while let Some(command) = open.pop() {
        open.extend(command.get_subcommands().cloned());
        all.push(command);
    }
    all
}

/// A line for a shell, split into words, up to a comment, a pipe or a redirection. If an explanation is separated by
/// blanks, as in `gridfleet schema --tables     the columns ...`, up to there.
fn words(line: &str) -> Vec<String> {
    let line = line.split_once("   ").map_or(line, |(command, _)| command);
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars().chain([' ']) {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ' ' | ';') if !word.is_empty() => words.push(std::mem::take(&mut word)),
            (None, ' ') => {}
            (None, '#' | '|' | '>') => break,
            (_, c) => word.push(c),
        }
    }
    words
}

#[test]
fn every_command_shows_examples_that_can_be_typed() {
    let (mut shown, commands) = (0, commands());
    assert!(commands.len() > 30, "{}", commands.len());
    for command in &commands {
        let name = command.get_display_name().unwrap_or("gridfleet");
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.contains("Example"), "`{name} --help` shows no example");
        // A command continues on the next line after a backslash.
        let help = help.split("\\\n").map(str::trim_start).collect::<Vec<_>>().join(" ");
        for line in help.lines().map(str::trim).filter(|line| line.starts_with("gridfleet ")) {
            if let Err(error) = gridfleet::cli::Cli::try_parse_from(words(line)) {
                panic!("`{name} --help` shows `{line}`:\n{error}");
            }
            shown += 1;
        }
    }
    assert!(shown > 50, "{shown}");
    gridfleet(["study", "merge", "--help"]).succeeds().prints("Example:\n  gridfleet study merge");
    let version = concat!("gridfleet ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(gridfleet(["--version"]).succeeds().out, version);
}

#[test]
fn each_command_has_a_manual_page() {
    let folder = Dir::new();
    let out = gridfleet(["man"]).output(folder.path()).succeeds().out;
    let commands = commands();
    assert!(out.ends_with(&format!(": {} pages\n", commands.len())), "{out}");
    for command in &commands {
        let name = command.get_display_name().unwrap_or("gridfleet");
        let page = folder.read(format!("{name}.1"));
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
        let about = command.get_about().unwrap().to_string();
        assert!(page.replace("\\*(Aq", "'").replace('\\', "").contains(&about), "{name}: {about}\n{page}");
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"] {
            assert!(page.contains(&format!(".SH {section}\n")), "{name}: {section}");
        }
    }
    let out = gridfleet(["man", "data", "import", "tlc"]).succeeds().out;
    assert_eq!(out, folder.read("gridfleet-data-import-tlc.1"));
    gridfleet(["man", "solve", "chess"]).fails(2).reports("\"chess\"").reports("stackelberg");
}

//! The commands from the user's side: output, streams and exit status.

use assert_cmd::Command;
use clap::{CommandFactory as _, Parser as _};
use std::path::Path;

fn gridfleet(args: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("gridfleet").unwrap().args(args).output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_new_scenario_is_valid_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("sub/my-town");
    let (status, out, _) = gridfleet(&["new", path(&name)]);
    assert_eq!(status, 0);
    assert!(out.contains("my-town.toml") && out.contains("my-town-trips.csv"), "{out}");
    let scenario = name.with_extension("toml");
    let (status, out, _) = gridfleet(&["validate", path(&scenario)]);
    assert_eq!(status, 0);
    assert!(out.starts_with("my-town: ok\n") && out.contains("480 (480 rows read)"), "{out}");
    let before = std::fs::read(&scenario).unwrap();
    let (status, _, err) = gridfleet(&["new", path(&name)]);
    assert_eq!(status, 2);
    assert!(err.contains("nothing is overwritten"), "{err}");
    assert_eq!(std::fs::read(&scenario).unwrap(), before);
}

#[test]
fn the_shipped_small_scenario_is_the_starter() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(gridfleet(&["new", path(&folder.path().join("small"))]).0, 0);
    let text = std::fs::read_to_string(folder.path().join("small.toml")).unwrap();
    let shipped = std::fs::read_to_string("scenarios/small.toml").unwrap();
    assert_eq!(text.replace("small-trips.csv", "../datasets/small/trips.csv"), shipped);
    let trips = std::fs::read(folder.path().join("small-trips.csv")).unwrap();
    assert!(trips == std::fs::read("datasets/small/trips.csv").unwrap());
}

#[test]
fn odd_names_are_refused() {
    for name in ["", "..", "/", ".hidden", "a\"b"] {
        let (status, _, err) = gridfleet(&["new", name]);
        assert_eq!(status, 2, "{name}: {err}");
    }
}

#[test]
fn a_wrong_scenario_shows_the_place_and_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("town");
    assert_eq!(gridfleet(&["new", path(&name)]).0, 0);
    let file = name.with_extension("toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        text.replace("circuity = 1.3 ", "circuty = 1.3 ").replace("count = 12", "count = -12"),
    )
    .unwrap();
    for command in ["validate", "run"] {
        let (status, out, err) = gridfleet(&[command, path(&file)]);
        assert_eq!((status, out.as_str()), (2, ""));
        let err = err.replace(path(folder.path()), "");
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
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    std::fs::write(&file, "version = 2\n[time\nstart = 1\n").unwrap();
    let (status, _, err) = gridfleet(&["validate", path(&file)]);
    assert_eq!(status, 2);
    assert!(
        err.contains("a.toml:2: found something that is not TOML") && err.contains("2 | [time\n"),
        "{err}"
    );
}

#[test]
fn missing_files_and_wrong_arguments_end_with_2() {
    let (status, _, err) = gridfleet(&["validate", "nowhere.toml"]);
    assert_eq!(status, 2);
    assert!(err.contains("no such file: nowhere.toml") && err.contains("gridfleet new"), "{err}");
    assert_eq!(gridfleet(&["validate", "scenarios"]).0, 2);
    assert_eq!(gridfleet(&["validate", "datasets/small/trips.csv"]).0, 2);
    assert_eq!(gridfleet(&["frobnicate"]).0, 2);
    assert_eq!(gridfleet(&["run"]).0, 2);
    assert_eq!(gridfleet(&["run", "scenarios/small.toml", "--seed", "x"]).0, 2);
    let (status, _, err) = gridfleet(&["validate", "scenarios/small.toml", "--set", "time.days=0"]);
    assert_eq!(status, 2);
    assert!(err.contains("--set time.days=0"), "{err}");
    let (status, _, err) = gridfleet(&["run", "scenarios/small.toml", "--policy", "batchd"]);
    assert_eq!(status, 2);
    assert!(err.contains("did you mean `batched`"), "{err}");
}

#[test]
fn the_documented_ranges_are_those_of_the_program() {
    let (status, out, _) = gridfleet(&["schema", "--ranges"]);
    assert_eq!(status, 0);
    let text = std::fs::read_to_string("docs/input-ranges.md").unwrap().replace("\r\n", "\n");
    let (_, table) = text.split_once("\n| ").unwrap();
    assert!(
        format!("| {table}") == out,
        "docs/input-ranges.md is out of date: put the output of `gridfleet schema --ranges` below its introduction"
    );
}

#[test]
fn the_documented_tables_are_those_of_the_program() {
    let (status, out, _) = gridfleet(&["schema", "--tables"]);
    assert_eq!(status, 0);
    let text = std::fs::read_to_string("docs/output-tables.md").unwrap().replace("\r\n", "\n");
    let (_, tables) = text.split_once("\n## ").unwrap();
    assert!(
        format!("## {tables}") == out,
        "docs/output-tables.md is out of date: put the output of `gridfleet schema --tables` below its introduction"
    );
}

#[test]
fn the_documented_figures_are_those_of_the_program() {
    let (status, out, _) = gridfleet(&["schema", "--summary"]);
    assert_eq!(status, 0);
    let text = std::fs::read_to_string("docs/summary.md").unwrap().replace("\r\n", "\n");
    let (_, figures) = text.split_once("\n## ").unwrap();
    assert!(
        format!("## {figures}") == out,
        "docs/summary.md is out of date: put the output of `gridfleet schema --summary` below its introduction"
    );
}

#[test]
fn the_schema_is_json_and_describes_every_key() {
    let (status, out, _) = gridfleet(&["schema"]);
    assert_eq!(status, 0);
    let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
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
        let (status, out, _) = gridfleet(&["completions", shell]);
        assert_eq!(status, 0);
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
    let (status, out, _) = gridfleet(&["study", "merge", "--help"]);
    assert_eq!(status, 0);
    assert!(out.contains("Example:\n  gridfleet study merge"), "{out}");
    let (status, out, _) = gridfleet(&["--version"]);
    assert_eq!((status, out.as_str()), (0, concat!("gridfleet ", env!("CARGO_PKG_VERSION"), "\n")));
}

#[test]
fn each_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let (status, out, _) = gridfleet(&["man", "-o", path(folder.path())]);
    let commands = commands();
    assert_eq!(status, 0);
    assert!(out.ends_with(&format!(": {} pages\n", commands.len())), "{out}");
    for command in &commands {
        let name = command.get_display_name().unwrap_or("gridfleet");
        let page = std::fs::read_to_string(folder.path().join(format!("{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
        let about = command.get_about().unwrap().to_string();
        assert!(page.replace("\\*(Aq", "'").replace('\\', "").contains(&about), "{name}: {about}\n{page}");
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"] {
            assert!(page.contains(&format!(".SH {section}\n")), "{name}: {section}");
        }
    }
    let (status, out, _) = gridfleet(&["man", "data", "import", "tlc"]);
    assert_eq!(status, 0);
    assert_eq!(out, std::fs::read_to_string(folder.path().join("gridfleet-data-import-tlc.1")).unwrap());
    let (status, _, err) = gridfleet(&["man", "solve", "chess"]);
    assert_eq!(status, 2);
    assert!(err.contains("\"chess\"") && err.contains("stackelberg"), "{err}");
}

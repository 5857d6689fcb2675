//! `gridfleet reproduce` from the user's side, and the frame with custom targets.

use crate::support::cli::{Dir, Ended, TestCommand};
use crate::support::files::{self, json, parquet, results, summary};
use crate::support::targets::Silent;
use gridfleet::error::{Error, Result};
use gridfleet::outputs::Manifest;
use gridfleet::plots::{self, Axis, Line, Plane};
use gridfleet::reproduce::{
    self, Context, Draws, Figure, Finding, Options, Outcome, Reproduction, Rule, Table, Target,
};
use gridfleet::statistics::Interval;
use polars_core::prelude::DataFrame;
use rand::Rng as _;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// `gridfleet reproduce` in a folder.
fn reproduce(dir: &Dir, args: &[&str]) -> TestCommand {
    dir.gridfleet(["reproduce"]).args(args)
}

fn names(frame: &DataFrame) -> Vec<&str> {
    frame.get_column_names().into_iter().map(|name| name.as_str()).collect()
}

#[test]
fn threads_leave_the_same_bytes_and_every_file_is_there() {
    let temporary = Dir::new();
    let Ended { out, err, .. } = reproduce(&temporary, &["erlang-c", "-r", "2", "-j", "1"]).succeeds();
    assert!(out.contains("load 0.85") && out.contains("Erlang, 1917") && out.contains("figures: "), "{out}");
    assert!(err.contains("2 replications, seed 1, results in out/reproduce/erlang-c"), "{err}");
    let folder = temporary.at("out/reproduce/erlang-c");
    let ours = results(&folder);
    let expected = [
        "figures.parquet",
        "findings.parquet",
        "replications.parquet",
        "summary.json",
        "waits.png",
        "waits.svg",
    ];
    assert_eq!(ours.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    let manifest = json(folder.join("manifest.json"));
    assert_eq!(manifest["files"].as_array().unwrap().len(), expected.len() + 1);
    assert_eq!(manifest["threads"], 1);

    let json_of = ["erlang-c", "-r", "2", "-j", "3", "--json", "-o", "other"];
    let out = reproduce(&temporary, &json_of).succeeds().out;
    assert_eq!(out.as_bytes(), ours["summary.json"].as_slice());
    let other = results(temporary.at("other"));
    let differ: Vec<_> = expected.iter().filter(|name| ours.get(**name) != other.get(**name)).collect();
    assert!(differ.is_empty() && other.len() == ours.len(), "{differ:?}");
    // Another seed gives other numbers; the folder is replaced.
    reproduce(&temporary, &["erlang-c", "-r", "2", "--seed", "2", "-q", "-o", "other"]).succeeds();
    assert_ne!(results(temporary.at("other"))["figures.parquet"], ours["figures.parquet"]);

    let figures = parquet(folder.join("figures.parquet"));
    assert_eq!(figures.height(), 9);
    let text = |name: &str, row| figures.column(name).unwrap().str().unwrap().get(row).unwrap().to_owned();
    let number = |name: &str, row| figures.column(name).unwrap().f64().unwrap().get(row).unwrap();
    assert_eq!(
        (text("case", 0), text("figure", 0), text("unit", 0)),
        ("load 0.5".into(), "mean wait".into(), "min".into())
    );
    // 4 connectors at 2 Erlang: 4/23 wait, 30 minutes each in the mean.
    assert!((number("published", 0) - 30.0 * 4.0 / 23.0).abs() < 1e-12);
    assert_eq!(number("difference", 0), number("computed", 0) - number("published", 0));
    assert!((number("accepted_high", 0) / number("published", 0) - 1.05).abs() < 1e-12);
    // The figure is the mean of the replications, which are in the folder too.
    let replications = parquet(folder.join("replications.parquet"));
    let waits = replications.column("mean_wait_s").unwrap().f64().unwrap();
    let mean_min = (waits.get(0).unwrap() + waits.get(1).unwrap()) / 120.0;
    assert!((number("computed", 0) - mean_min).abs() < 1e-9);
    let findings = parquet(folder.join("findings.parquet"));
    assert_eq!((names(&findings), findings.height()), (vec!["finding", "verdict", "how"], 1));
}

#[test]
fn a_target_that_does_not_hold_is_an_error_only_when_strict() {
    let temporary = Dir::new();
    // Two replications have intervals of 12.7 standard errors: they cannot decide.
    let Ended { out, err, .. } =
        reproduce(&temporary, &["all", "-r", "2", "--strict", "-o", "here"]).fails(1);
    assert!(err.contains("not shown to hold") && out.contains("undecided"), "{err}{out}");
    assert!(out.contains("All targets:\nerlang-c: figures: "), "{out}");
    assert!(temporary.at("here/erlang-c/summary.json").exists());
}

#[test]
fn targets_are_listed_and_unknown_ones_refused() {
    let temporary = Dir::new();
    let out = reproduce(&temporary, &["--list"]).succeeds().out;
    for target in reproduce::TARGETS {
        assert!(
            out.contains(target.name) && out.contains(target.title) && out.contains(target.source),
            "{out}"
        );
    }
    for (args, words) in [
        (&["erlang"][..], "did you mean `erlang-c`?"),
        (&["table-99"], "known: erlang-c"),
        (&[""], "--list"),
        (&[], "TARGET"),
        (&["erlang-c", "-r", "1"], "2..=1000000"),
        (&["--list", "erlang-c"], "cannot be used with"),
    ] {
        reproduce(&temporary, args).refused().reports(words);
    }
    temporary.write("mine/thesis.tex", "");
    reproduce(&temporary, &["erlang-c", "-o", "mine"])
        .fails(2)
        .reports("refusing to replace a folder that is not gridfleet's");
    assert_eq!(files::names(temporary.path()), ["mine"]);
}

/// Runs a custom target.
fn run(target: &'static Target, output: &Path, draws: Option<Draws>) -> Result<Reproduction> {
    let stop = AtomicBool::new(false);
    let options = Options {
        output,
        draws,
        data: Path::new("no data"),
        force: false,
        threads: 2,
        progress: &Silent,
        stop: &stop,
        manifest: Manifest::new(Vec::new()),
        elapsed_s: &|| 0.0,
    };
    reproduce::run(target, options)
}

const PLAIN: Target =
    Target { name: "plain", title: "Plain", source: "Nobody, 1900", replications: None, run: plain };

/// One figure of each kind.
fn plain(_: &Context<'_>) -> Result<Outcome> {
    let peak = Figure::new("peak", "kW", 2_755.0).published(3_000.0);
    Ok(Outcome {
        figures: vec![
            peak.clone().rule(Rule::Absolute(0.5)),
            peak.clone().case("night").rule(Rule::at_least(2_000.0)),
            peak.clone().interval(Interval { low: 2_000.0, high: 2_990.0 }).rule(Rule::Relative(0.1)),
            peak,
            Figure::new("none", "", f64::NAN).rule(Rule::at_most(1.0)),
        ],
        findings: vec![
            Finding::checked("cheaper with more", true, "by hand"),
            Finding::not_checked("cheaper with fewer", "no data"),
        ],
        tables: vec![
            Table::new("hours")
                .integers("hour", 0..3)
                .numbers("load_kw", [1.0, f64::NAN, 3.0])
                .texts("day", ["a", "b", "c"]),
        ],
        pictures: vec![(
            "load".to_owned(),
            plots::Figure::new("Load").panel(
                "",
                Plane::new(Axis::number("hour", ""), Axis::number("load", "kW"))
                    .with(Line::new("", vec![(0.0, 1.0), (1.0, 2.0)])),
            ),
        )],
        notes: vec!["the instance is not published".to_owned()],
    })
}

#[test]
fn verdicts_reach_the_terminal_the_summary_and_the_tables() {
    let temporary = Dir::new();
    let folder = temporary.at("plain");
    let reproduction = run(&PLAIN, &folder, PLAIN.draws(None, None)).unwrap();
    assert_eq!(reproduction.missed(), 3);
    insta::assert_snapshot!(reproduction.table(true));
    let summary = summary(&folder);
    assert_eq!(summary["seed"], serde_json::Value::Null);
    assert_eq!(summary["figures_by_verdict"]["fails"], 2);
    let verdicts = |list: &str| -> Vec<String> {
        let rows = summary[list].as_array().unwrap().iter();
        rows.map(|row| row["verdict"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(verdicts("figures"), ["fails", "holds", "undecided", "shown", "fails"]);
    assert_eq!(verdicts("findings"), ["holds", "not_checked"]);
    let figures = parquet(folder.join("figures.parquet"));
    let column = figures.column("verdict").unwrap().str().unwrap();
    assert_eq!(column.iter().flatten().collect::<Vec<_>>(), verdicts("figures"));
    let computed = figures.column("computed").unwrap().f64().unwrap();
    assert_eq!((computed.get(0), computed.get(4)), (Some(2_755.0), None));
    assert_eq!(figures.column("accepted_high").unwrap().f64().unwrap().get(1), None);
    let hours = parquet(folder.join("hours.parquet"));
    assert_eq!((names(&hours), hours.height()), (vec!["hour", "load_kw", "day"], 3));
    assert_eq!(hours.column("load_kw").unwrap().null_count(), 1);
    // All files listed in the summary exist.
    for file in summary["files"].as_array().unwrap() {
        assert!(folder.join(file.as_str().unwrap()).exists(), "{file}");
    }
    // A result of gridfleet like any other: replaced by the next.
    run(&PLAIN, &folder, None).unwrap();
}

const RANDOM: Target = Target { name: "random", replications: Some(3), run: random, ..PLAIN };

fn random(context: &Context<'_>) -> Result<Outcome> {
    let replications: Vec<u32> = (0..context.replications()).collect();
    let draw = |&r: &u32| Ok(context.streams(r).stream(gridfleet::rng::Purpose::Synthesis, 0).next_u32());
    let values: Vec<f64> = context.map(&replications, draw)?.into_iter().map(f64::from).collect();
    Ok(Outcome { figures: vec![Figure::mean("draw", "", &values)], ..Outcome::default() })
}

#[test]
fn draws_are_those_asked_for() {
    let temporary = Dir::new();
    let outcome = |seed, replications| {
        let draws = RANDOM.draws(seed, replications);
        let reproduction = run(&RANDOM, &temporary.at("out"), draws).unwrap();
        (reproduction.draws.unwrap().replications, reproduction.outcome.figures[0].computed)
    };
    assert_eq!(outcome(None, None), outcome(Some(reproduce::SEED), Some(3)));
    assert_eq!(outcome(Some(5), Some(4)), outcome(Some(5), Some(4)));
    assert_ne!(outcome(Some(5), None).1, outcome(Some(6), None).1);
    assert_ne!(outcome(None, Some(4)).1, outcome(None, None).1);
    let none = run(&RANDOM, &temporary.at("none"), RANDOM.draws(None, Some(0)));
    assert!(none.unwrap_err().is_input());
    let metadata = json(temporary.at("out/summary.json"));
    assert_eq!((&metadata["seed"], &metadata["replications"]), (&1.into(), &3.into()));
}

const BROKEN: Target =
    Target { name: "broken", run: |_| Err(Error::Other("no solution".to_owned())), ..PLAIN };
const TWICE: Target = Target {
    name: "twice",
    run: |_| Ok(Outcome { tables: vec![Table::new("t"), Table::new("t")], ..Outcome::default() }),
    ..PLAIN
};
const UNEVEN: Target = Target {
    name: "uneven",
    run: |_| {
        let table = Table::new("t").integers("a", 0..3).integers("b", 0..2);
        Ok(Outcome { tables: vec![table], ..Outcome::default() })
    },
    ..PLAIN
};

/// A target that fails leaves no files.
#[test]
fn there_are_complete_files_or_none() {
    let temporary = Dir::new();
    for (target, words) in [
        (&BROKEN, "no solution"),
        (&TWICE, "twice: two files would be called t.parquet"),
        (&UNEVEN, "t.parquet"),
    ] {
        let error = run(target, &temporary.at("out"), None).unwrap_err();
        assert!(!error.is_input() && error.to_string().contains(words), "{error}");
        assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "{}", target.name);
    }
}

/// Targets use the files in the folder of data, and otherwise report that data are synthetic.
#[test]
fn the_output_tells_the_data() {
    let temporary = Dir::new();
    let at = |name: &str| temporary.at(name);
    let ran_on = |args: &[&str]| {
        let all = [&["coop-fig6", "-r", "2", "-o", "out"], args].concat();
        let out = reproduce(&temporary, &all).succeeds().out;
        let line = out.lines().find(|line| line.starts_with("Data: ")).unwrap().to_owned();
        (line, json(at("out/summary.json"))["data"].clone())
    };
    // A folder without files for this target.
    std::fs::create_dir_all(at("mine/tlc")).unwrap();
    let (line, data) = ran_on(&["--data", "mine"]);
    assert_eq!(line, "Data: MADE UP (no files of real data found)");
    assert_eq!(data, serde_json::json!({ "kind": "made_up" }));
    // A month as published by the commission: rides from zone 4 to 79 in the evening.
    let mut month =
        "tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,PULocationID,DOLocationID,\
                     fare_amount\n"
            .to_owned();
    for minute in 0..60 {
        month += &format!("2018-03-05 18:{minute:02}:00,2018-03-05 19:{minute:02}:30,1,1.1,4,79,9.5\n");
    }
    temporary.write("mine/tlc/made.csv", month);
    let (line, data) = ran_on(&["--data", "mine"]);
    assert_eq!(line, "Data: tlc/made.csv");
    assert_eq!(data, serde_json::json!({ "kind": "files", "files": ["tlc/made.csv"] }));
    // `datasets` in the working folder needs no flag.
    std::fs::rename(at("mine"), at("datasets")).unwrap();
    assert_eq!(ran_on(&[]).0, "Data: tlc/made.csv");

    for (flag, variable, key) in [
        (Some("nowhere"), None, "--data"),
        (None, Some("nowhere"), "GRIDFLEET_DATA"),
        (Some("nowhere"), Some("datasets"), "--data"),
    ] {
        let command = reproduce(&temporary, &["coop-fig6", "-o", "new"]);
        let command = command.args(flag.map(|folder| format!("--data={folder}")));
        let command = variable.into_iter().fold(command, |c, folder| c.env("GRIDFLEET_DATA", folder));
        let err = command.fails(2).err;
        assert!(err.starts_with(&format!("error: {key}: found no folder `nowhere`")), "{err}");
        assert!(!at("new").exists());
    }
}

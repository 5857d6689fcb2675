//! `gridfleet study` from the user's side: however it is interrupted or divided, the bytes are the same; and errors are
//! reported.

use crate::support::cli::{Dir, TestCommand, gridfleet, root};
use crate::support::files::{self, assert_same, parquet, results, summary};
use gridfleet::policies::{Cadence, Dispatch, News, Turn};
use gridfleet::studies::run::{Finished, Options, work_dir};
use gridfleet::studies::{self, Progress, load};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

const HEAD: &str = "version = 2\nname = \"s\"\n";

/// Two policies, two points, a few replications of the small scenario.
fn study(dir: &Dir, more: &str) -> PathBuf {
    let scenario = root().join("scenarios/small.toml");
    let text = format!(
        "{HEAD}scenario = {:?}\nreplications = 6\nmetrics = [\"service_rate\", \"wait_mean_s\", \"charging_cost\"]\n\
         policies = [{{ name = \"batched\" }}, {{ name = \"quick\", use = [\"nearest-idle\"], set = {{ \"operation.patience_s\" = 600 }} }}]\n\
         {more}\n[[factors]]\nname = \"cars\"\nkey = \"fleets.0.vehicles.0.count\"\nvalues = [4, 8]\n",
        scenario.display().to_string()
    );
    dir.write("s.toml", text)
}

/// `gridfleet study` on the file.
fn run_study(study: &Path, output: &Path, more: &[&str]) -> TestCommand {
    gridfleet(["study"]).arg(study).output(output).args(more)
}

/// `gridfleet study merge` of folders in `dir`.
fn merge(dir: &Dir, parts: &[&str], output: &str) -> TestCommand {
    dir.gridfleet(["study", "merge", "-o", output]).args(parts)
}

#[test]
fn threads_interruptions_and_shards_leave_the_same_bytes() {
    let temporary = Dir::new();
    let at = |name: &str| temporary.at(name);
    let file = study(&temporary, "");
    run_study(&file, &at("whole"), &["-j", "1"])
        .succeeds()
        .prints("cars = 4")
        .prints("Service rate")
        .prints("difference");
    let whole = results(at("whole"));
    let names: Vec<&str> = whole.keys().map(String::as_str).collect();
    for name in
        ["replications.parquet", "summary.parquet", "comparisons.parquet", "summary.json", "tasks.jsonl"]
    {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert!(!work_dir(&at("whole")).exists());

    run_study(&file, &at("threads"), &["-j", "3"]).succeeds();
    assert_same(&results(at("threads")), &whole, "threads");

    // State after a kill: some tasks are there, in any order, and a line is cut.
    let journal = String::from_utf8(whole["tasks.jsonl"].clone()).unwrap();
    let lines: Vec<&str> = journal.split_inclusive('\n').collect();
    let unfinished = work_dir(&at("killed"));
    std::fs::create_dir(&unfinished).unwrap();
    let half = &lines[7][..lines[7].len() / 2];
    let text = [lines[0], lines[5], lines[2], lines[9], half].concat();
    std::fs::write(unfinished.join("tasks.jsonl"), &text).unwrap();
    run_study(&file, &at("killed"), &[])
        .fails(2)
        .reports("found a study that was not finished")
        .reports("--resume");
    run_study(&file, &at("killed"), &["--resume"]).succeeds();
    assert_same(&results(at("killed")), &whole, "killed");
    assert!(!unfinished.exists());

    // Fewer first, then more of the same.
    run_study(&file, &at("longer"), &["-r", "2"]).succeeds();
    assert_ne!(results(at("longer")), whole);
    run_study(&file, &at("longer"), &["--resume"]).succeeds();
    assert_same(&results(at("longer")), &whole, "longer");

    for part in ["1/3", "2/3", "3/3"] {
        run_study(&file, &at(&part.replace('/', "of")), &["--shard", part]).succeeds();
    }
    merge(&temporary, &["3of3", "1of3", "2of3"], "merged").succeeds();
    assert_same(&results(at("merged")), &whole, "merged");
    merge(&temporary, &["3of3", "1of3"], "torn").fails(2).reports("of 24 tasks (shards 3/3, 1/3)");
    assert!(!at("torn").exists());
    assert!(files::names(temporary.path()).iter().all(|name| !name.starts_with('.')));
}

#[test]
fn a_replication_is_that_of_a_run_and_policies_see_one_world() {
    let temporary = Dir::new();
    let file = study(&temporary, "");
    let output = temporary.at("out");
    run_study(&file, &output, &[]).succeeds();
    let frame = parquet(output.join("replications.parquet"));
    let column = |name: &str| frame.column(name).unwrap();
    assert_eq!(frame.height(), 24);
    // The fourth task: the other policy at the other point.
    assert_eq!(column("policy").str().unwrap().get(3), Some("quick"));
    assert_eq!(column("factor.cars").i64().unwrap().get(3), Some(8));
    let row = frame.height() - 1;
    let replication = column("replication").i64().unwrap().get(row).unwrap().to_string();
    let run = ["run", "scenarios/small.toml", "--json", "-q", "--policy", "nearest-idle"];
    let settings = ["operation.patience_s=600", "fleets.0.vehicles.0.count=8"];
    let run = gridfleet(run).set(settings).args(["--replication", &replication]).output(temporary.at("run"));
    let summary = run.succeeds().json();
    for figure in ["service_rate", "charging_cost", "km_total", "mean_soc", "operating_profit"] {
        let (ours, its) =
            (column(figure).f64().unwrap().get(row).unwrap(), summary[figure].as_f64().unwrap());
        assert!((ours - its).abs() <= 1e-12 * its.abs(), "{figure}: {ours} and {its}");
    }
    let requested = column("trips_requested").f64().unwrap();
    assert!((0..frame.height()).step_by(2).all(|i| requested.get(i) == requested.get(i + 1)));
}

#[test]
fn a_stopping_rule_ends_a_study_when_its_interval_is_narrow() {
    let temporary = Dir::new();
    let stop = "[stop]\nmetric = \"service_rate\"\nrelative_half_width = 0.5\nmin = 3\nevery = 2\n";
    let file = study(&temporary, stop);
    let read = |folder: &str| summary(temporary.at(folder));
    run_study(&file, &temporary.at("wide"), &["-r", "50"]).succeeds();
    assert_eq!(read("wide")["replications"], 3);
    let file = study(&temporary, &stop.replace("0.5", "0.000001"));
    run_study(&file, &temporary.at("narrow"), &["-r", "6"]).succeeds();
    assert_eq!(read("narrow")["replications"], 6);
    run_study(&file, &temporary.at("part"), &["--shard", "1/2"])
        .fails(2)
        .reports("found a stopping rule and --shard");
}

/// Dispatches nothing, and fails in one of its replications.
struct Broken {
    breaks: bool,
}

impl Dispatch for Broken {
    fn cadence(&self) -> Cadence {
        Cadence::OnChange
    }
    fn decide(&mut self, _: &mut Turn<'_>, _: News<'_>) {
        assert!(!self.breaks, "out of ideas");
    }
}

struct Silent;

impl Progress for Silent {
    fn update(&self, _: usize, _: usize, _: &str) {}
}

/// A custom policy fails in one replication: that is reported with the command that runs it alone, and everything else
/// is kept.
#[test]
fn a_policy_that_fails_sinks_nothing_but_its_task() {
    let temporary = Dir::new();
    let file = study(&temporary, "");
    let study = load::load(&file).unwrap();
    let output = temporary.at("out");
    let made = std::sync::atomic::AtomicUsize::new(0);
    let policies = |name: &str,
                    specs: &gridfleet::policies::PolicySpecs,
                    setup: &std::sync::Arc<gridfleet::world::Setup>,
                    streams: gridfleet::rng::Streams| {
        let mut policies = gridfleet::engine::policies(specs, setup, streams);
        if name == "quick" {
            let number = made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            policies.dispatch = Box::new(Broken { breaks: number == 4 });
        }
        policies
    };
    let stop = AtomicBool::new(false);
    let options = |resume| Options {
        output: &output,
        threads: 1,
        shard: None,
        replications: None,
        resume,
        force: false,
        policies: &policies,
        progress: &Silent,
        stop: &stop,
        manifest: gridfleet::outputs::Manifest::new(Vec::new()),
        elapsed_s: &|| 0.0,
    };
    let Finished::Study(collated) = studies::run(&study, options(false)).unwrap() else { panic!("a shard") };
    let [failure] = collated.summary.failures.as_slice() else { panic!("{:?}", collated.summary.failures) };
    assert_eq!((failure.policy.as_str(), failure.replication, failure.point), ("quick", 2, 0));
    assert_eq!(failure.error, "panic: out of ideas");
    assert!(
        failure.rerun.contains("--policy nearest-idle")
            && failure.rerun.ends_with("--seed 1 --replication 2")
    );
    let n = |policy: &str, point| collated.summary.result(policy, point, "service_rate").unwrap().n;
    assert_eq!((n("batched", 0), n("quick", 0), n("quick", 1)), (6, 5, 6));
    assert_eq!(collated.summary.comparison("quick", 0, "service_rate").unwrap().n, 5);
    // After the repair, the one task is done and nothing else.
    let Finished::Study(collated) = studies::run(&study, options(true)).unwrap() else { panic!("a shard") };
    assert!(collated.summary.failures.is_empty());
    assert_eq!(made.load(std::sync::atomic::Ordering::Relaxed), 13);
}

/// Errors in a study are reported at their place.
#[test]
fn bad_studies_are_reported() {
    let temporary = Dir::new();
    let whole = std::fs::read_to_string(study(&temporary, "")).unwrap();
    let path = temporary.at("bad.toml");
    let complaint = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        std::fs::write(&path, whole.replace(from, to)).unwrap();
        let output = temporary.at("bad");
        let err = run_study(&path, &output, &["-r", "1"]).refused().err;
        assert!(!output.exists() && !work_dir(&output).exists());
        let lines = err.lines().filter(|line| line.starts_with("error:") || line.starts_with("  help:"));
        let folders = [temporary.path().display().to_string(), env!("CARGO_MANIFEST_DIR").to_owned()];
        folders.iter().fold(lines.collect::<Vec<_>>().join("\n"), |text, folder| text.replace(folder, ""))
    };
    let cases = [
        ("replications = 6", "replication = 6"),
        ("replications = 6", "replications = 0"),
        ("replications = 6", "replications = 6\nbaseline = \"bached\""),
        ("\"service_rate\"", "\"service_rat\""),
        ("\"service_rate\"", "\"fleets.town.sessions\""),
        ("small.toml", "smal.toml"),
        ("{ name = \"batched\" }", "{ name = \"batch\" }"),
        ("\"operation.patience_s\" = 600", "\"operation.patience\" = 600"),
        ("name = \"quick\"", "name = \"batched\""),
        ("values = [4, 8]", "values = [4, \"many\"]"),
        ("values = [4, 8]", "range = [8, 4]"),
        ("values = [4, 8]", "range = [4, 8]"),
        ("values = [4, 8]", ""),
        ("replications = 6", "replications = 6\nstop = { metric = \"km_total\", relative_half_width = 0.1 }"),
    ];
    let complaints: Vec<String> = cases.iter().map(|(from, to)| complaint(from, to)).collect();
    insta::assert_snapshot!(complaints.join("\n\n"));
}

#[test]
fn too_few_replications_give_no_test_and_no_best() {
    let temporary = Dir::new();
    let file = study(&temporary, "");
    let run = |replications: &str| {
        let folder = temporary.at(replications);
        let out = run_study(&file, &folder, &["-r", replications]).succeeds().out;
        (out, summary(folder))
    };
    for (replications, words) in [("1", "one replication has no interval"), ("5", "it takes 6 replications")]
    {
        let (out, summary) = run(replications);
        assert!(out.contains(words) && !out.contains(" *\n") && !out.contains("best with"), "{out}");
        let comparisons = summary["comparisons"].as_array().unwrap();
        assert!(!comparisons.is_empty());
        assert!(comparisons.iter().all(|c| c["wilcoxon_p"].is_null() && c["holm_p"].is_null()), "{summary}");
        assert!(summary["best"].as_array().unwrap().is_empty());
        assert!(out.contains("do_nothing"), "no policy is named that does nothing: {out}");
    }
    let (out, summary) = run("6");
    assert!(!out.contains("no test") && out.contains("best with"), "{out}");
    assert!(summary["comparisons"].as_array().unwrap().iter().all(|c| c["holm_p"].is_number()));
    for best in summary["best"].as_array().unwrap() {
        assert_eq!(best["selected"].as_bool().unwrap(), best["probability"].as_f64().unwrap() >= 0.95);
    }
}

/// Three days of trips with 20, 40 and 60 riders, and the scenario, in `dir`.
fn three_days(dir: &Dir) {
    let mut trips = String::from(
        "request_time,origin_lat,origin_lon,destination_lat,destination_lon,distance_km,duration_s,fare\n",
    );
    for (day, riders) in [(5, 20), (6, 40), (7, 60)] {
        for i in 0..riders {
            let (hour, minute) = (i * 22 / riders, i % 60);
            trips +=
                &format!("2018-03-{day:02}T{hour:02}:{minute:02}:00Z,51.54,9.93,51.53,9.94,2.0,600,{day}\n");
        }
        trips += &format!("2018-03-{day:02}T23:59:00Z,51.54,9.93,51.53,9.94,2.0,600,{day}\n");
        trips += &format!("2018-03-{day:02}T00:00:01Z,51.54,9.93,51.53,9.94,2.0,600,{day}\n");
    }
    dir.write("trips.csv", trips);
    dir.write("base.toml", std::fs::read_to_string("scenarios/small.toml").unwrap());
}

/// A study of days drawn from the three, as a file in `dir`.
fn drawn(dir: &Dir, name: &str, days: u32, head: &str) -> PathBuf {
    let text = format!(
        "{HEAD}{head}scenario = \"base.toml\"\nmetrics = [\"trips_requested\", \"wait_mean_s\"]\n\
         policies = [{{ name = \"batched\" }}, {{ name = \"nearest-idle\" }}]\n\
         set = {{ \"trips.files\" = [\"trips.csv\"], \"time.start\" = \"2018-03-06\", \"time.days\" = {days}, \
         \"time.timezone\" = \"UTC\" }}\nvariation = {{ demand_days = \"bootstrap\", day_classes = \"any\" }}\n"
    );
    dir.write(name, text)
}

/// A study of one day, drawn from three: twelve replications of three days are at most three clusters. However the work
/// is divided, the bytes are the same.
#[test]
fn replications_that_drew_the_same_day_are_clusters() {
    let temporary = Dir::new();
    let at = |name: &str| temporary.at(name);
    three_days(&temporary);
    let file = drawn(&temporary, "s.toml", 1, "replications = 12\n");
    let ended = run_study(&file, &at("whole"), &[]).succeeds();
    let ended = ended.prints("12 replications in 3 clusters").prints("over clusters");
    // Three pairs cannot be significant.
    let out = ended.prints("clusters of replications before p").out;
    assert!(!out.contains("share days"), "{out}");
    let found = summary(at("whole"));
    let riders = &found["results"][0];
    assert_eq!(
        (&riders["metric"], &riders["n"], &riders["clusters"]),
        (&"trips_requested".into(), &12.into(), &3.into())
    );
    assert!(riders["bca_low"].is_null() && found["comparisons"][0]["wilcoxon_p"].is_null());
    // Riders are those of the day: all spread is between clusters, and the interval is that of three values.
    let all = parquet(at("whole/replications.parquet"));
    let cluster = all.column("cluster").unwrap().i64().unwrap();
    let requested = all.column("trips_requested").unwrap().f64().unwrap();
    let mut by_cluster = BTreeMap::new();
    for (cluster, riders) in cluster.into_no_null_iter().zip(requested.into_no_null_iter()) {
        assert_eq!(*by_cluster.entry(cluster).or_insert(riders), riders);
    }
    assert_eq!(by_cluster.len(), 3);
    let width = |key: &str| riders["high"].as_f64().unwrap() - riders[key].as_f64().unwrap();
    let plain = 2.0 * 2.201 * riders["sd"].as_f64().unwrap() / 12_f64.sqrt();
    assert!(width("low") > 3.0 * plain, "{} {plain}", width("low"));
    let expected = results(at("whole"));
    for part in ["1/2", "2/2"] {
        run_study(&file, &at(&part.replace('/', "of")), &["--shard", part]).succeeds();
    }
    merge(&temporary, &["1of2", "2of2"], "merged").succeeds();
    assert_same(&results(at("merged")), &expected, "merged");
    run_study(&file, &at("longer"), &["-r", "5", "-j", "1"]).succeeds();
    run_study(&file, &at("longer"), &["--resume"]).succeeds();
    assert_same(&results(at("longer")), &expected, "longer");
}

/// Two days each: some are shared by replications that are no cluster. Two replications of the same day, found with one
/// of the first seeds, are a single cluster, which carries no information.
#[test]
fn days_that_are_shared_are_reported_and_one_cluster_has_no_interval() {
    let temporary = Dir::new();
    three_days(&temporary);
    let file = drawn(&temporary, "two.toml", 2, "replications = 12\n");
    let two = run_study(&file, &temporary.at("two"), &[]);
    two.succeeds().prints("replications share days: each of 3 days of trips is in ");
    let alone = (1..30).find_map(|seed| {
        let head = format!("seed = {seed}\nreplications = 2\n");
        let file = drawn(&temporary, "one.toml", 1, &head);
        let out = run_study(&file, &temporary.at("one"), &["--force"]).succeeds().out;
        out.contains("in 1 cluster").then_some(out)
    });
    assert!(alone.unwrap().contains("are one cluster"));
    assert!(summary(temporary.at("one"))["results"][0]["low"].is_null());
}

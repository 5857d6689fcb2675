//! `gridfleet study` from the user's side: however it is interrupted or divided, the bytes are the same; and errors are
//! reported.

use assert_cmd::cargo::cargo_bin;
use gridfleet::policies::{Cadence, Dispatch, News, Turn};
use gridfleet::studies::run::{Finished, Options, work_dir};
use gridfleet::studies::{self, Progress, load};
use polars_io::prelude::{ParquetReader, SerReader};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

const HEAD: &str = "version = 2\nname = \"s\"\n";

/// Two policies, two points, a few replications of the small scenario.
fn study(folder: &Path, more: &str) -> PathBuf {
    let path = folder.join("s.toml");
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/small.toml");
    let text = format!(
        "{HEAD}scenario = {:?}\nreplications = 6\nmetrics = [\"service_rate\", \"wait_mean_s\", \"charging_cost\"]\n\
         policies = [{{ name = \"batched\" }}, {{ name = \"quick\", use = [\"nearest-idle\"], set = {{ \"operation.patience_s\" = 600 }} }}]\n\
         {more}\n[[factors]]\nname = \"cars\"\nkey = \"fleets.0.vehicles.0.count\"\nvalues = [4, 8]\n",
        scenario.display().to_string()
    );
    std::fs::write(&path, text).unwrap();
    path
}

/// Exit status, stdout, stderr of `gridfleet study` on the file.
fn run_command(study: &Path, output: &Path, more: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(cargo_bin("gridfleet"));
    command.arg("study").arg(study).arg("-o").arg(output).args(more);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Contents of all files but the manifest, which may differ.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = entries.map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap()));
    files.filter(|(name, _)| name != "manifest.json").collect()
}

/// Asserts that the folder has these files; names those that differ, without their bytes.
fn same(folder: &Path, expected: &BTreeMap<String, Vec<u8>>) {
    let found = files(folder);
    let names: std::collections::BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    let differ: Vec<_> = names.into_iter().filter(|name| found.get(*name) != expected.get(*name)).collect();
    assert!(differ.is_empty(), "{}: {differ:?}", folder.display());
}

#[test]
fn threads_interruptions_and_shards_leave_the_same_bytes() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    let file = study(temporary.path(), "");
    let (status, out, err) = run_command(&file, &at("whole"), &["-j", "1"]);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("cars = 4") && out.contains("Service rate") && out.contains("difference"), "{out}");
    let whole = files(&at("whole"));
    let names: Vec<&str> = whole.keys().map(String::as_str).collect();
    for name in
        ["replications.parquet", "summary.parquet", "comparisons.parquet", "summary.json", "tasks.jsonl"]
    {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    assert!(!work_dir(&at("whole")).exists());

    assert_eq!(run_command(&file, &at("threads"), &["-j", "3"]).0, 0);
    same(&at("threads"), &whole);

    // State after a kill: some tasks are there, in any order, and a line is cut.
    let journal = String::from_utf8(whole["tasks.jsonl"].clone()).unwrap();
    let lines: Vec<&str> = journal.split_inclusive('\n').collect();
    let unfinished = work_dir(&at("killed"));
    std::fs::create_dir(&unfinished).unwrap();
    let half = &lines[7][..lines[7].len() / 2];
    let text = [lines[0], lines[5], lines[2], lines[9], half].concat();
    std::fs::write(unfinished.join("tasks.jsonl"), &text).unwrap();
    let (status, _, err) = run_command(&file, &at("killed"), &[]);
    assert_eq!(status, 2);
    assert!(err.contains("found a study that was not finished") && err.contains("--resume"), "{err}");
    assert_eq!(run_command(&file, &at("killed"), &["--resume"]).0, 0);
    same(&at("killed"), &whole);
    assert!(!unfinished.exists());

    // Fewer first, then more of the same.
    assert_eq!(run_command(&file, &at("longer"), &["-r", "2"]).0, 0);
    assert_ne!(files(&at("longer")), whole);
    assert_eq!(run_command(&file, &at("longer"), &["--resume"]).0, 0);
    same(&at("longer"), &whole);

    for part in ["1/3", "2/3", "3/3"] {
        let (status, _, err) = run_command(&file, &at(&part.replace('/', "of")), &["--shard", part]);
        assert_eq!(status, 0, "{err}");
    }
    let merge = |parts: &[&str], output: &str| {
        let mut command = Command::new(cargo_bin("gridfleet"));
        command.arg("study").arg("merge").args(parts.iter().map(|p| at(p))).arg("-o").arg(at(output));
        let output = command.output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(merge(&["3of3", "1of3", "2of3"], "merged").0, 0);
    same(&at("merged"), &whole);
    let (status, err) = merge(&["3of3", "1of3"], "torn");
    assert_eq!(status, 2);
    assert!(err.contains("of 24 tasks (shards 3/3, 1/3)") && !at("torn").exists(), "{err}");
    assert!(
        std::fs::read_dir(temporary.path()).unwrap().all(|e| !e
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with('.'))
    );
}

#[test]
fn a_replication_is_that_of_a_run_and_policies_see_one_world() {
    let temporary = tempfile::tempdir().unwrap();
    let file = study(temporary.path(), "");
    let output = temporary.path().join("out");
    assert_eq!(run_command(&file, &output, &[]).0, 0);
    let frame = ParquetReader::new(std::fs::File::open(output.join("replications.parquet")).unwrap())
        .finish()
        .unwrap();
    let column = |name: &str| frame.column(name).unwrap();
    assert_eq!(frame.height(), 24);
    // The fourth task: the other policy at the other point.
    assert_eq!(column("policy").str().unwrap().get(3), Some("quick"));
    assert_eq!(column("factor.cars").i64().unwrap().get(3), Some(8));
    let row = frame.height() - 1;
    let replication = column("replication").i64().unwrap().get(row).unwrap().to_string();
    let run = Command::new(cargo_bin("gridfleet"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", "scenarios/small.toml", "--json", "-q", "--policy", "nearest-idle"])
        .args(["--set", "operation.patience_s=600", "--set", "fleets.0.vehicles.0.count=8"])
        .args(["--replication", &replication, "-o"])
        .arg(temporary.path().join("run"))
        .output()
        .unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
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
    let temporary = tempfile::tempdir().unwrap();
    let stop = "[stop]\nmetric = \"service_rate\"\nrelative_half_width = 0.5\nmin = 3\nevery = 2\n";
    let file = study(temporary.path(), stop);
    let read = |folder: &str| -> serde_json::Value {
        let text = std::fs::read(temporary.path().join(folder).join("summary.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    };
    let (status, _, err) = run_command(&file, &temporary.path().join("wide"), &["-r", "50"]);
    assert_eq!(status, 0, "{err}");
    assert_eq!(read("wide")["replications"], 3);
    let file = study(temporary.path(), &stop.replace("0.5", "0.000001"));
    assert_eq!(run_command(&file, &temporary.path().join("narrow"), &["-r", "6"]).0, 0);
    assert_eq!(read("narrow")["replications"], 6);
    let (status, _, err) = run_command(&file, &temporary.path().join("part"), &["--shard", "1/2"]);
    assert!(status == 2 && err.contains("found a stopping rule and --shard"), "{err}");
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
    let temporary = tempfile::tempdir().unwrap();
    let file = study(temporary.path(), "");
    let study = load::load(&file).unwrap();
    let output = temporary.path().join("out");
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
    let temporary = tempfile::tempdir().unwrap();
    let whole = std::fs::read_to_string(study(temporary.path(), "")).unwrap();
    let path = temporary.path().join("bad.toml");
    let complaint = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        std::fs::write(&path, whole.replace(from, to)).unwrap();
        let output = temporary.path().join("bad");
        let (status, out, err) = run_command(&path, &output, &["-r", "1"]);
        assert_eq!((status, out.as_str()), (2, ""), "{err}");
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
    let temporary = tempfile::tempdir().unwrap();
    let file = study(temporary.path(), "");
    let run = |replications: &str| {
        let folder = temporary.path().join(replications);
        let (status, out, err) = run_command(&file, &folder, &["-r", replications]);
        assert_eq!(status, 0, "{err}");
        let text = std::fs::read_to_string(folder.join("summary.json")).unwrap();
        (out, serde_json::from_str::<serde_json::Value>(&text).unwrap())
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

/// A study of one day, drawn from three: twelve replications of three days are at most three clusters. However the work
/// is divided, the bytes are the same; with one day to draw from, nothing is drawn, and nothing is in clusters.
#[test]
fn replications_that_drew_the_same_day_are_clusters() {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
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
    std::fs::write(at("trips.csv"), trips).unwrap();
    let scenario =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/small.toml")).unwrap();
    std::fs::write(at("base.toml"), scenario).unwrap();
    let write = |name: &str, days: u32, replications: u32| {
        let text = format!(
            "{HEAD}scenario = \"base.toml\"\nreplications = {replications}\nmetrics = [\"trips_requested\", \"wait_mean_s\"]\n\
             policies = [{{ name = \"batched\" }}, {{ name = \"nearest-idle\" }}]\n\
             set = {{ \"trips.files\" = [\"trips.csv\"], \"time.start\" = \"2018-03-06\", \"time.days\" = {days}, \
             \"time.timezone\" = \"UTC\" }}\nvariation = {{ demand_days = \"bootstrap\", day_classes = \"any\" }}\n"
        );
        std::fs::write(at(name), text).unwrap();
        at(name)
    };
    let summary = |folder: &Path| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(folder.join("summary.json")).unwrap()).unwrap()
    };

    let file = write("s.toml", 1, 12);
    let (status, out, err) = run_command(&file, &at("whole"), &[]);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("12 replications in 3 clusters") && out.contains("over clusters"), "{out}");
    assert!(out.contains("clusters of replications before p"), "three pairs cannot be significant: {out}");
    assert!(!out.contains("share days"), "{out}");
    let found = summary(&at("whole"));
    let riders = &found["results"][0];
    assert_eq!(
        (&riders["metric"], &riders["n"], &riders["clusters"]),
        (&"trips_requested".into(), &12.into(), &3.into())
    );
    assert!(riders["bca_low"].is_null() && found["comparisons"][0]["wilcoxon_p"].is_null());
    // Riders are those of the day: all spread is between clusters, and the interval is that of three values.
    let frame = |name: &str| {
        ParquetReader::new(std::fs::File::open(at("whole").join(name)).unwrap()).finish().unwrap()
    };
    let all = frame("replications.parquet");
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
    let expected = files(&at("whole"));
    for part in ["1/2", "2/2"] {
        assert_eq!(run_command(&file, &at(&part.replace('/', "of")), &["--shard", part]).0, 0);
    }
    let mut merge = Command::new(cargo_bin("gridfleet"));
    merge.args(["study", "merge"]).args([at("1of2"), at("2of2")]).arg("-o").arg(at("merged"));
    assert!(merge.output().unwrap().status.success());
    same(&at("merged"), &expected);
    assert_eq!(run_command(&file, &at("longer"), &["-r", "5", "-j", "1"]).0, 0);
    assert_eq!(run_command(&file, &at("longer"), &["--resume"]).0, 0);
    same(&at("longer"), &expected);

    // Two days each: some are shared by replications that are no cluster.
    let (status, out, err) = run_command(&write("two.toml", 2, 12), &at("two"), &[]);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("replications share days: each of 3 days of trips is in "), "{out}");
    // Two replications of the same day, found with one of the first seeds, are a single cluster, which carries no
    // information.
    let alone = (1..30).find_map(|seed| {
        let text = std::fs::read_to_string(write("one.toml", 1, 2)).unwrap();
        std::fs::write(
            at("one.toml"),
            text.replacen("replications", &format!("seed = {seed}\nreplications"), 1),
        )
        .unwrap();
        let (status, out, err) = run_command(&at("one.toml"), &at("one"), &["--force"]);
        assert_eq!(status, 0, "{err}");
        out.contains("in 1 cluster").then_some(out)
    });
    assert!(alone.unwrap().contains("are one cluster"));
    assert!(summary(&at("one"))["results"][0]["low"].is_null());
}

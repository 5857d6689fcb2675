//! A month of car sharing that trades in two markets, replayed from snapshots: 500 vehicles, 28 days, with 200 and with
//! 4,032 charging stations, by bidding strategy. One iteration is one task of a study: policies, simulation, metrics.
//!
//! `cargo bench --bench replay`

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gridfleet::datasets::stations::write_csv;
use gridfleet::datasets::synth::stuttgart::{StuttgartOptions, synthesize};
use gridfleet::engine;
use gridfleet::rng::Streams;
use gridfleet::scenario::{self, Overrides, Scenario};
use gridfleet::studies::task;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Bidding strategies, as values of `operation.bidding`.
const STRATEGIES: [(&str, &str); 4] = [
    ("regular", "{ kind = \"regular\" }"),
    ("balancing", "{ kind = \"balancing\", risk = 0.5, accuracy = 0.7 }"),
    ("intraday", "{ kind = \"intraday\", risk = 0.3, accuracy = 0.9 }"),
    ("integrated", "{ kind = \"integrated\", risk_balancing = 0.5, risk_intraday = 0.3 }"),
];

/// The shipped week as a month with this many stations.
fn month(folder: &Path, stations: u32, bidding: &str) -> Scenario {
    let (snapshots, table) = (folder.join("snapshots.csv"), folder.join("stations.csv"));
    if !snapshots.exists() {
        let start = "2016-11-28".parse().expect("a date");
        let options = StuttgartOptions { cars: 500, stations, start, days: 28, seed: 1 };
        let feed = synthesize(options).expect("options in range");
        let file = |path: &Path| BufWriter::new(File::create(path).expect("a file"));
        feed.write_csv(&mut file(&snapshots)).expect("room");
        write_csv(&feed.stations(), file(&table)).expect("room");
    }
    let set = [
        "time.days=28".to_owned(),
        format!("trips.files=[{:?}]", snapshots.display().to_string()),
        format!("stations_file={:?}", table.display().to_string()),
        format!("operation.bidding={bidding}"),
    ];
    let overrides = Overrides { set: set.to_vec(), ..Overrides::default() };
    scenario::load(Path::new("scenarios/stuttgart-vpp.toml"), &overrides).expect("a valid scenario")
}

fn months(c: &mut Criterion) {
    let mut group = c.benchmark_group("month of car sharing");
    group.sample_size(10);
    for stations in [200, 4_032] {
        let folder = tempfile::tempdir().expect("a folder");
        let recorded = month(folder.path(), stations, STRATEGIES[0].1).read().expect("snapshots");
        for (name, bidding) in STRATEGIES {
            let streams = Streams { seed: 1, replication: 0 };
            let built = month(folder.path(), stations, bidding).build_from(&recorded, streams);
            let (setup, prepared) = built.expect("a world");
            let setup = Arc::new(setup);
            group.bench_function(BenchmarkId::new(name, stations), |b| {
                b.iter(|| {
                    let policies = engine::policies(&prepared.policies, &setup, streams);
                    let stop = AtomicBool::new(false);
                    task::simulate(Arc::clone(&setup), policies, streams, &stop).expect("a replication")
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, months);
criterion_main!(benches);

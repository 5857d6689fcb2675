//! Imported prices in a run.

use assert_cmd::cargo::cargo_bin;
use gridfleet::datasets::prices::read;
use gridfleet::time::SimTime;
use std::path::Path;
use std::process::Command;

pub(super) fn gridfleet(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(cargo_bin("gridfleet")).current_dir(folder).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn an_imported_file_is_a_tariff_of_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let (status, out, err) = gridfleet(folder.path(), args);
        assert_eq!(status, 0, "{err}");
        out
    };
    let synth = ["data", "synth", "prices", "--format", "nordpool", "--start", "2018-03-04", "--days", "10"];
    run(&[&synth[..], &["-o", "elspot.csv"]].concat());
    run(&["data", "import", "nordpool", "elspot.csv", "--area", "FI", "-o", "prices.parquet"]);
    run(&["new", "town"]);
    let town = std::fs::read_to_string(folder.path().join("town.toml")).unwrap();
    let at = town.find("[retailers.tariff]").unwrap();
    let tariff = "[retailers.tariff]\nkind = \"real-time\"\nfile = \"prices.parquet\"\n";
    std::fs::write(folder.path().join("town.toml"), format!("{}{tariff}", &town[..at])).unwrap();
    run(&["run", "town.toml", "--quiet", "--audit", "-o", "out"]);
    // The retailer's broadcasts are the file's prices of the slots.
    let file = read(&folder.path().join("prices.parquet")).unwrap();
    let table =
        gridfleet::datasets::table::TableFile::open(folder.path().join("out/prices.parquet")).unwrap();
    let (from, price) = (table.require(&["valid_from"]).unwrap(), table.require(&["price_per_mwh"]).unwrap());
    let rows = table.read(&[from, price]).unwrap();
    let (times, prices) = (rows.times(from).unwrap(), rows.numbers(price).unwrap());
    assert!(times.len() >= 24);
    for (time, price) in times.iter().zip(&prices.values) {
        let gridfleet::datasets::times::RawTime::Utc(time) = time else { panic!("{time:?}") };
        let told = file.at(SimTime(*time)).unwrap();
        assert!((told - price).abs() < 1e-6, "{time}: {told} {price}");
    }
}

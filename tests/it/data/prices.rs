//! Imported prices in a run.

use crate::support::cli::Dir;
use gridfleet::datasets::prices::read;
use gridfleet::time::SimTime;

#[test]
fn an_imported_file_is_a_tariff_of_a_run() {
    let folder = Dir::new();
    let run = |args: &[&str]| folder.gridfleet(args).succeeds();
    let synth = ["data", "synth", "prices", "--format", "nordpool", "--start", "2018-03-04", "--days", "10"];
    run(&[&synth[..], &["-o", "elspot.csv"]].concat());
    run(&["data", "import", "nordpool", "elspot.csv", "--area", "FI", "-o", "prices.parquet"]);
    run(&["new", "town"]);
    let town = folder.read("town.toml");
    let at = town.find("[retailers.tariff]").unwrap();
    let tariff = "[retailers.tariff]\nkind = \"real-time\"\nfile = \"prices.parquet\"\n";
    folder.write("town.toml", format!("{}{tariff}", &town[..at]));
    run(&["run", "town.toml", "--quiet", "--audit", "-o", "out"]);
    // The retailer's broadcasts are the file's prices of the slots.
    let file = read(&folder.at("prices.parquet")).unwrap();
    let table = gridfleet::datasets::table::TableFile::open(folder.at("out/prices.parquet")).unwrap();
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

//! Findings about a scenario that are no errors: printed by each command, and errors with `--strict`.

use crate::support::cli::Dir;

/// An hour of two trips whose distances are likely metres, and a tariff that is likely per kWh.
fn doubtful() -> Dir {
    let folder = Dir::new();
    folder.write(
        "trips.csv",
        "request_time,origin_lat,origin_lon,destination_lat,destination_lon,distance_km\n\
         2018-03-05T00:10:00+01:00,51.54,9.92,51.53,9.93,1200\n2018-03-05T00:20:00+01:00,51.53,9.93,51.55,9.91,1500\n",
    );
    folder.write(
        "s.toml",
        include_str!("../../../fuzz/corpus/run/taxis.toml")
            .replace("price_per_mwh = 150.0", "price_per_mwh = 0.23"),
    );
    folder
}

#[test]
fn doubtful_units_are_warnings_and_with_strict_errors_before_anything_is_written() {
    let folder = doubtful();
    for command in ["validate", "run"] {
        let args = if command == "run" {
            vec![command, "s.toml", "-q", "-o", "out"]
        } else {
            vec![command, "s.toml"]
        };
        let ended = folder.gridfleet(&args).succeeds();
        assert!(
            ended.err.contains(
                "warning: retailers[0].tariff.price_per_mwh: 0.23 per MWh: is it per kWh? Then write 230"
            ),
            "{}",
            ended.err
        );
        assert!(
            ended.err.contains("warning: median distance of 1500 km: are the distances in metres?"),
            "{}",
            ended.err
        );
    }
    // Both are kept with the results.
    assert!(folder.read("out/summary.json").contains("are the distances in metres?"));
    let strict =
        ["run", "s.toml", "--strict", "--set", "retailers[0].tariff.price_per_mwh=230.0", "-o", "strict"];
    let ended = folder.gridfleet(strict).fails(2);
    assert!(ended.err.contains("are the distances in metres?"), "{}", ended.err);
    assert!(!folder.path().join("strict").exists());
}

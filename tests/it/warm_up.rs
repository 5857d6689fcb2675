//! A warm-up is simulated and audited, and excluded from all figures; stored energy at the end is valued.

use assert_cmd::cargo::cargo_bin;
use std::process::Command;

fn gridfleet(args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(cargo_bin("gridfleet"));
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn summary(settings: &[&str]) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let mut args = vec!["run", "scenarios/small.toml", "--json", "--audit", "-o", out.to_str().unwrap()];
    for setting in settings {
        args.extend(["--set", setting]);
    }
    let (status, text, err) = gridfleet(&args);
    assert_eq!(status, 0, "{err}");
    // The report of the audit may follow the summary.
    serde_json::Deserializer::from_str(&text).into_iter().next().unwrap().unwrap()
}

fn figure(summary: &serde_json::Value, name: &str) -> f64 {
    summary[name].as_f64().unwrap_or_else(|| panic!("no figure {name}"))
}

#[test]
fn a_warm_up_is_in_no_figure_and_changes_nothing_else() {
    let (whole, first, second) = (summary(&[]), summary(&["time.days=1"]), summary(&["time.warm_up=1"]));
    assert_eq!(whole["events"], second["events"], "the warm-up is simulated");
    assert!(whole.get("measured_from").is_none());
    assert_eq!(second["measured_from"], "2018-03-05T23:00:00Z");
    // Requests count by the day on which they are made.
    let requested = |of| figure(of, "trips_requested");
    assert_eq!(requested(&first) + requested(&second), requested(&whole));
    assert!(requested(&second) > 0.0 && figure(&second, "km_total") < figure(&whole, "km_total"));
}

#[test]
fn money_adds_up_and_stored_energy_is_valued() {
    for settings in [&["time.warm_up=1", "time.end_value_eur_mwh=200"][..], &["time.end_value_eur_mwh=200"]] {
        let of = summary(settings);
        let f = |name| figure(&of, name);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-5, "{a} {b}");
        near(f("fares_eur") - f("operating_cost_eur"), f("operating_profit_eur"));
        near(f("operating_cost_eur") + f("lost_fares_eur"), f("cost_with_lost_fares_eur"));
        near(f("operating_profit_eur") + f("stored_value_eur"), f("net_profit_eur"));
        let change_kwh = f("stored_end_kwh") - f("stored_start_kwh");
        assert!(change_kwh != 0.0);
        near(f("stored_value_eur"), change_kwh * 0.2);
        near(change_kwh, f("energy_stored_kwh") - f("energy_driven_kwh"));
    }
}

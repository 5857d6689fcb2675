//! The feeder of Baran and Wu against its published power flow, and the linear model against the exact one.

use gridfleet::grid::{baran_wu, flow, sweep};

/// Published (Baran and Wu 1989, and every later paper on it): losses 202.7 kW, least voltage 0.9131 at bus 18.
#[test]
fn the_sweep_finds_the_published_power_flow() {
    let feeder = baran_wu().unwrap();
    assert_eq!((feeder.buses().len(), feeder.branches().len()), (33, 32));
    let (p, q) = feeder.loads(1.0);
    assert!((p.iter().sum::<f64>() - 3.715).abs() < 1e-12 && (q.iter().sum::<f64>() - 2.3).abs() < 1e-12);
    let exact = sweep::solve(&feeder, &p, &q).unwrap();
    println!("{exact:?}");
    assert!((exact.losses_mw - 0.2027).abs() < 0.00005, "{}", exact.losses_mw);
    let lowest = (0..33).min_by(|&a, &b| exact.voltage[a].total_cmp(&exact.voltage[b])).unwrap();
    assert_eq!(feeder.buses()[lowest].name, "18");
    assert!((exact.voltage[lowest] - 0.9131).abs() < 0.00005, "{}", exact.voltage[lowest]);
    // What leaves the source is what is drawn and what is lost.
    assert!((exact.source_mw - 3.715 - exact.losses_mw).abs() < 1e-9);
    let linear = flow(&feeder, &p, &q);
    let worst = (0..33).map(|bus| linear.voltage(bus) - exact.voltage[bus]).fold(0.0, f64::max);
    println!("linear lowest {} at {} worst {} losses {}", linear.voltage(linear.lowest()), linear.lowest(), worst, linear.losses_mw);
}

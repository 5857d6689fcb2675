//! Tests of the feeder of Baran and Wu against its published power flow, of the linear model against the exact one, and
//! of published cases.

use gridfleet_games::grid::sweep::Sweep;
use gridfleet_games::grid::{BARAN_WU, Feeder, baran_wu, flow, matpower, sweep};

/// Published (Baran and Wu 1989, and every later paper on it): losses 202.7 kW, minimum voltage 0.9131 at bus 18.
#[test]
fn the_sweep_finds_the_published_power_flow() {
    let feeder = baran_wu().unwrap();
    assert_eq!((feeder.buses().len(), feeder.branches().len()), (33, 32));
    let (p, q) = feeder.loads(1.0);
    assert!((p.iter().sum::<f64>() - 3.715).abs() < 1e-12 && (q.iter().sum::<f64>() - 2.3).abs() < 1e-12);
    let exact = sweep::solve(&feeder, &p, &q).unwrap();
    assert!((exact.losses_mw - 0.2027).abs() < 0.00005, "{}", exact.losses_mw);
    let lowest = (0..33).min_by(|&a, &b| exact.voltage[a].total_cmp(&exact.voltage[b])).unwrap();
    assert_eq!(feeder.buses()[lowest].name, "18");
    assert!((exact.voltage[lowest] - 0.9131).abs() < 0.00005, "{}", exact.voltage[lowest]);
    // The power that leaves the source is the load plus the losses.
    assert!((exact.source_mw - 3.715 - exact.losses_mw).abs() < 1e-9);
}

/// The voltages of the sweep satisfy the exact branch equations of Baran and Wu, which it does not use.
#[test]
fn the_sweep_obeys_the_branch_flow_equations() {
    let feeder = baran_wu().unwrap();
    let (p, q) = feeder.loads(1.0);
    let found = sweep::solve(&feeder, &p, &q).unwrap();
    let base = feeder.base_mva();
    // Flows at the sending ends, from the far ends towards the source, with losses at the voltages found.
    let (mut active, mut reactive) = (p.clone(), q.clone());
    for &bus in feeder.order().iter().rev() {
        let Some((branch, before)) = feeder.feed(bus) else { continue };
        let branch = &feeder.branches()[branch];
        let current =
            (active[bus].powi(2) + reactive[bus].powi(2)) / base.powi(2) / found.voltage[bus].powi(2);
        let (sent, sent_reactive) =
            (active[bus] + branch.r * current * base, reactive[bus] + branch.x * current * base);
        let squared = found.voltage[before].powi(2)
            - 2.0 * (branch.r * sent + branch.x * sent_reactive) / base
            + (branch.r.powi(2) + branch.x.powi(2)) * current;
        assert!((squared - found.voltage[bus].powi(2)).abs() < 1e-9, "{bus}");
        active[before] += sent;
        reactive[before] += sent_reactive;
    }
}

/// Reference values of pandapower 3.5.6 (Newton-Raphson) for `case33bw` at 0.8 of its load, fed at 1.02, with a
/// capacitor at bus 30, a load at bus 18 and a feed-in at bus 25.
#[test]
fn the_sweep_agrees_with_pandapower() {
    let case = baran_wu().unwrap();
    let mut buses = case.buses().to_vec();
    (buses[29].shunt_mw, buses[29].shunt_mvar) = (0.02, 0.5);
    let feeder = Feeder::new(10.0, 0, 1.02, buses, case.branches().to_vec()).unwrap();
    let mut p: Vec<f64> = feeder.buses().iter().map(|bus| 0.8 * bus.load_mw).collect();
    let mut q: Vec<f64> = feeder.buses().iter().map(|bus| 0.8 * bus.load_mvar).collect();
    (p[17], q[17], p[24]) = (p[17] + 0.4, q[17] + 0.1, p[24] - 0.9);
    let mut sweep = Sweep::new(&feeder);
    // Earlier solutions have no effect.
    sweep.solve(&feeder, &q, &p).unwrap();
    sweep.solve(&feeder, &p, &q).unwrap();
    for (bus, voltage) in [
        (18, 0.923_288_981),
        (22, 1.013_801_756),
        (25, 1.011_105_293),
        (30, 0.966_458_576),
        (33, 0.962_374_123),
    ] {
        assert!((sweep.voltage(bus - 1) - voltage).abs() < 2e-9, "{bus}: {}", sweep.voltage(bus - 1));
    }
    assert!((sweep.losses(&feeder).0 - 0.138_807_703).abs() < 1e-8, "{:?}", sweep.losses(&feeder));
    assert!((sweep.source_mw(&feeder) - 2.629_488_55).abs() < 1e-7, "{}", sweep.source_mw(&feeder));
    // Flows by the bus that the branch feeds; power flows back from bus 25 to 24.
    for (bus, mva) in [(2, 3.063_854_200), (3, 2.651_213_889), (24, 0.393_093_134), (25, 0.586_255_917)] {
        let found = sweep.flow_mva(&feeder, bus - 1);
        assert!((found - mva).abs() < 1e-7, "{bus}: {found}");
    }
}

/// The linear model neglects losses, so its voltages are above the exact ones, by at most 0.0029 per unit (at bus 18:
/// 0.9159 instead of 0.9131), and its losses, from lossless flows at a voltage of 1, are 13 % too low (176.4 kW).
#[test]
fn the_linear_model_is_as_near_as_is_said() {
    let feeder = baran_wu().unwrap();
    let (p, q) = feeder.loads(1.0);
    let (linear, exact) = (flow(&feeder, &p, &q), sweep::solve(&feeder, &p, &q).unwrap());
    let over: Vec<f64> = (0..33).map(|bus| linear.voltage(bus) - exact.voltage[bus]).collect();
    assert!(over.iter().all(|over| (0.0..0.0029).contains(over)), "{over:?}");
    assert_eq!(feeder.buses()[linear.lowest()].name, "18");
    assert!((linear.voltage(17) - 0.9159).abs() < 0.0001);
    assert!((linear.losses_mw / exact.losses_mw - 0.870).abs() < 0.001, "{}", linear.losses_mw);
    // The error grows with the square of the load: at half of it, a quarter.
    let (p, q) = feeder.loads(0.5);
    let (linear, exact) = (flow(&feeder, &p, &q), sweep::solve(&feeder, &p, &q).unwrap());
    let half = (0..33).map(|bus| linear.voltage(bus) - exact.voltage[bus]).fold(0.0, f64::max);
    assert!(half < 0.3 * over.iter().copied().fold(0.0, f64::max), "{half}");
}

/// A load that the feeder cannot carry has no power flow, which is reported.
#[test]
fn a_feeder_that_collapses_has_no_solution() {
    let feeder = baran_wu().unwrap();
    let (p, q) = feeder.loads(10.0);
    assert_eq!(sweep::solve(&feeder, &p, &q), None);
}

/// Truncated, shuffled and corrupted cases are reported or read, and never panic.
#[test]
fn broken_cases_do_not_panic() {
    for cut in (0..BARAN_WU.len()).step_by(97) {
        if BARAN_WU.is_char_boundary(cut) {
            drop(matpower::read(&BARAN_WU[..cut]));
            drop(matpower::read(&BARAN_WU[cut..]));
            drop(matpower::read(&format!("{}[{}", &BARAN_WU[..cut], &BARAN_WU[cut..])));
        }
    }
    let looped = BARAN_WU.replacen(
        "  18 33  0.5000 0.5000  0  0 0 0  0 0  0 ",
        "  18 33  0.5000 0.5000  0  0 0 0  0 0  1 ",
        1,
    );
    assert_ne!(looped, BARAN_WU);
    let problems = matpower::read(&looped).unwrap_err();
    assert_eq!(problems.len(), 1);
    let text = problems[0].to_string();
    assert!(text.contains("branch 18-33, which closes a loop"), "{text}");
    assert_eq!(
        problems[0].line,
        Some(looped.lines().position(|line| line.contains("  18 33  0.5")).unwrap() as u64 + 1)
    );
}

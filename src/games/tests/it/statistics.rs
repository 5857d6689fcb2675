//! Statistics against scipy, numpy and statsmodels (`tests/fixtures/statistics.py` made the figures).

use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_games::statistics::bootstrap::bca_of_mean;
use gridfleet_games::statistics::describe::{quantile, t_quantile};
use gridfleet_games::statistics::holm::holm;
use gridfleet_games::statistics::paired::{compare, welch};
use gridfleet_games::statistics::wilcoxon::signed_rank;
use gridfleet_games::statistics::{Interval, Sample};
use rand_pcg::Pcg64;
use serde_json::Value;

fn fixtures() -> Value {
    serde_json::from_str(include_str!("../fixtures/statistics.json")).unwrap()
}

/// The cases of one part; a part that is gone would prove nothing.
fn cases(part: &str) -> Vec<Value> {
    let cases = fixtures()[part].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases
}

fn number(case: &Value, key: &str) -> f64 {
    case[key].as_f64().unwrap_or_else(|| panic!("no number {key} in {case}"))
}

fn numbers(case: &Value, key: &str) -> Vec<f64> {
    case[key].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn assert_near(found: f64, expected: f64, relative: f64, what: &Value) {
    let allowed = relative * expected.abs().max(1e-300);
    assert!((found - expected).abs() <= allowed, "{found} is not {expected}: {what}");
}

fn stream(seed: u64) -> Pcg64 {
    Streams { seed, replication: 0 }.stream(Purpose::Synthesis, 0)
}

#[test]
fn means_and_t_intervals() {
    for case in cases("t_intervals") {
        let sample = Sample::of(&numbers(&case, "values")).unwrap();
        let interval = sample.t_interval(number(&case, "level")).unwrap();
        assert_near(sample.mean, number(&case, "mean"), 1e-14, &case);
        assert_near(sample.sd.unwrap(), number(&case, "sd"), 1e-9, &case);
        // Ends near zero lose digits to the subtraction: measured against the width.
        let expected = Interval { low: number(&case, "low"), high: number(&case, "high") };
        let allowed = 1e-9 * expected.half_width();
        assert!((interval.low - expected.low).abs() < allowed, "{interval:?} {case}");
        assert!((interval.high - expected.high).abs() < allowed, "{interval:?} {case}");
    }
}

#[test]
fn t_quantiles() {
    for case in cases("t_quantiles") {
        assert_near(
            t_quantile(number(&case, "level"), number(&case, "freedom")),
            number(&case, "t"),
            1e-9,
            &case,
        );
    }
}

/// Both are run with 100,000 resamples and differ by Monte Carlo error alone. scipy's, for one run, is
/// known from its twelve seeds (mean and standard deviation of each end): ours must lie within five
/// standard deviations of a difference between one run and the mean of twelve (a deviation itself known
/// from twelve only, hence five and not three).
#[test]
fn bca_intervals() {
    let fixtures = fixtures();
    let resamples = usize::try_from(fixtures["resamples"].as_u64().unwrap()).unwrap();
    let one_and_mean = (1.0 + 1.0 / number(&fixtures, "seeds")).sqrt();
    for (i, case) in cases("bca").iter().enumerate() {
        let values = numbers(case, "values");
        let found = bca_of_mean(&values, number(case, "level"), resamples, &mut stream(i as u64)).unwrap();
        for (end, key) in [(found.low, "low"), (found.high, "high")] {
            let allowed = 5.0 * one_and_mean * number(case, &format!("{key}_sd"));
            assert!((end - number(case, key)).abs() <= allowed, "{key} {end} +- {allowed}: {case}");
            assert!(allowed < 0.05 * found.half_width(), "{allowed} {case}");
        }
        // What this would notice: for skewed values the t interval is far outside the allowance.
        if case["name"] == "lognormal" {
            let t = Sample::of(&values).unwrap().t_interval(number(case, "level")).unwrap();
            assert!(number(case, "high") - t.high > 10.0 * number(case, "high_sd"), "{t:?} {case}");
            assert!(number(case, "low") - t.low > 10.0 * number(case, "low_sd"), "{t:?} {case}");
        }
    }
}

#[test]
fn paired_comparisons() {
    for case in cases("pairs") {
        let found = compare(&numbers(&case, "a"), &numbers(&case, "b"), 0.95, 100, &mut stream(1)).unwrap();
        let interval = found.t_interval.unwrap();
        assert_near(found.mean_difference, number(&case, "mean"), 1e-12, &case);
        assert_near(interval.low, number(&case, "low"), 1e-9, &case);
        assert_near(interval.high, number(&case, "high"), 1e-9, &case);
        let half_width = (number(&case, "welch_high") - number(&case, "welch_low")) / 2.0;
        assert_near(found.unpaired_half_width.unwrap(), half_width, 1e-9, &case);
        assert_near(found.variance_reduction.unwrap(), number(&case, "ratio"), 1e-9, &case);
    }
}

#[test]
fn welch_intervals_of_unequal_samples() {
    for case in cases("welch") {
        let sample = |key| Sample::of(&numbers(&case, key)).unwrap();
        let found = welch(&sample("a"), &sample("b"), number(&case, "level")).unwrap();
        assert_near(found.low, number(&case, "low"), 1e-9, &case);
        assert_near(found.high, number(&case, "high"), 1e-9, &case);
    }
}

#[test]
fn signed_rank_tests() {
    let cases = cases("wilcoxon");
    for case in &cases {
        let found = signed_rank(&numbers(case, "values"));
        assert_eq!(found.exact, case["exact"].as_bool().unwrap(), "{case}");
        assert_eq!(found.w_plus.min(found.w_minus), number(case, "smaller"), "{case}");
        assert_near(found.p_value, number(case, "p"), 1e-10, case);
    }
    // Both ways, ties and zeros are among the cases.
    let zeros = |case: &&Value| numbers(case, "values").contains(&0.0);
    assert!(cases.iter().any(|c| c["exact"] == true && zeros(&c)));
    assert!(cases.iter().any(|c| c["exact"] == false && zeros(&c)));
    assert!(cases.iter().any(|c| c["exact"] == false && !zeros(&c)));
}

#[test]
fn holm_adjustments() {
    for case in cases("holm") {
        for (found, expected) in holm(&numbers(&case, "p")).iter().zip(numbers(&case, "adjusted")) {
            assert_near(*found, expected, 1e-14, &case);
        }
    }
}

#[test]
fn quantiles() {
    for case in cases("quantiles") {
        let found = quantile(&numbers(&case, "values"), number(&case, "share")).unwrap();
        assert_near(found, number(&case, "quantile"), 1e-14, &case);
    }
}

//! Points of a study: settings of its factors.

use super::spec::{DesignSpec, FactorSpec};
use crate::rng::{Purpose, Streams};
use crate::scenario::problems::Problems;
use crate::statistics::design;
use serde_json::{Number, Value as Json};

/// Most points of one study.
const MOST_POINTS: usize = 100_000;

/// Source of the values of a factor.
enum Levels {
    List(Vec<Json>),
    Range(f64, f64),
    Integers(i64, i64),
}

/// Values of all factors at each point, in the order of the factors; one empty point if there are no factors.
pub(super) fn points(
    factors: &[FactorSpec],
    kind: &DesignSpec,
    seed: u64,
    problems: &mut Problems<'_>,
) -> Vec<Vec<Json>> {
    let grid = matches!(kind, DesignSpec::Grid);
    let mut levels = Vec::with_capacity(factors.len());
    for (i, factor) in factors.iter().enumerate() {
        levels.extend(level(factor, &format!("factors[{i}]"), grid, problems));
    }
    if levels.len() < factors.len() {
        return Vec::new();
    }
    let (wanted, samples) = match *kind {
        DesignSpec::Grid => {
            let sizes: Vec<usize> =
                levels.iter().map(|l| if let Levels::List(l) = l { l.len() } else { 0 }).collect();
            let size = design::grid_size(&sizes).unwrap_or(usize::MAX);
            if size > MOST_POINTS {
                problems
                    .add("factors", format!("{size} combinations"), format!("at most {MOST_POINTS}"))
                    .help("take fewer values, or a design of kind \"latin-hypercube\" or \"sobol\"");
                return Vec::new();
            }
            let point = |number| {
                let indices = design::grid_point(&sizes, number).unwrap_or_default();
                let pick = |(levels, index): (&Levels, usize)| match levels {
                    Levels::List(list) => list[index].clone(),
                    Levels::Range(..) | Levels::Integers(..) => Json::Null,
                };
                levels.iter().zip(indices).map(pick).collect()
            };
            return (0..size).map(point).collect();
        }
        DesignSpec::LatinHypercube { points } => {
            let mut random = Streams { seed, replication: 0 }.stream(Purpose::Design, 0);
            (points, Some(design::latin_hypercube(points as usize, levels.len(), &mut random)))
        }
        // The scrambling takes 32 bits; folding uses all bits of the seed.
        DesignSpec::Sobol { points } => {
            (points, design::sobol(points as usize, levels.len(), (seed ^ (seed >> 32)) as u32))
        }
    };
    if levels.is_empty() {
        problems.add("design", format!("{wanted} points without factors"), "[[factors]]");
        return Vec::new();
    }
    let at = |u: f64, levels: &Levels| match levels {
        Levels::List(list) => list[design::cell(u, list.len())].clone(),
        Levels::Range(low, high) => number(design::in_range(u, *low, *high)),
        Levels::Integers(low, high) => Json::from(design::in_integers(u, *low, *high)),
    };
    let samples = samples.unwrap_or_default();
    samples.iter().map(|sample| sample.iter().zip(&levels).map(|(&u, l)| at(u, l)).collect()).collect()
}

fn number(value: f64) -> Json {
    Number::from_f64(value).map_or(Json::Null, Json::Number)
}

fn level(factor: &FactorSpec, key: &str, grid: bool, problems: &mut Problems<'_>) -> Option<Levels> {
    if factor.key.is_some() != factor.keys.is_empty() {
        let found = if factor.key.is_some() { "both `key` and `keys`" } else { "neither `key` nor `keys`" };
        problems.add(&format!("{key}.key"), found, "one of them");
        return None;
    }
    let Some(range) = &factor.range else {
        if factor.values.is_empty() {
            problems.add(&format!("{key}.values"), "neither `values` nor `range`", "one of them");
            return None;
        }
        return Some(Levels::List(factor.values.clone()));
    };
    if !factor.values.is_empty() {
        problems.add(&format!("{key}.range"), "both `values` and `range`", "one of them");
        return None;
    }
    let (low, high) = (*range.first()?, *range.get(1)?);
    let in_order = low < high && low.is_finite() && high.is_finite();
    // Whole numbers up to 2^53 are exact in a float.
    let whole = !factor.integer || [low, high].iter().all(|x| x.fract() == 0.0 && x.abs() <= 9.0e15);
    if !in_order || !whole {
        let expected = if factor.integer {
            "two whole numbers, the smaller first"
        } else {
            "two numbers, the smaller first"
        };
        problems.add(&format!("{key}.range"), format!("{low:?} to {high:?}"), expected);
        return None;
    }
    if !grid {
        return Some(if factor.integer {
            Levels::Integers(low as i64, high as i64)
        } else {
            Levels::Range(low, high)
        });
    }
    let Some(steps) = factor.steps else {
        problems.add(&format!("{key}.steps"), "nothing", "the number of values of the range in the grid");
        return None;
    };
    let last = f64::from(steps.max(2) - 1);
    let mut list: Vec<Json> = (0..steps)
        .map(|i| {
            let value = low + (high - low) * f64::from(i) / last;
            if factor.integer { Json::from(value.round() as i64) } else { number(value) }
        })
        .collect();
    list.dedup();
    Some(Levels::List(list))
}

//! Targets `bilevel-table1` and `bilevel-fig3` to `bilevel-fig14`: the aggregator's day, as in the paper's case study.
//!
//! The case study is in `games::bilevel::paper`; here its days are drawn and solved for all weights of risk, compared
//! with published values, and plotted. Prices are those of Nord Pool where its files are present, and synthetic
//! otherwise. The paper's instance is not published, so its numbers are shown beside ours, and its statements are
//! checked.

pub mod owners;
pub mod prices;
pub mod profits;
pub mod source;
pub mod table1;
pub mod trade;

use super::outcome::LEVEL;
use super::{Context, Finding, Verdict};
use crate::error::Result;
use crate::games::bilevel::paper::{self, ALPHA, BETAS, CaseStudy, HOURS};
use crate::games::bilevel::{BilevelSolution, Risk, SearchOptions, solve, verify};
use crate::plots::{Axis, Colour, Dash, Line, palette};
use crate::rng::Purpose;
use crate::statistics::{Interval, Sample};

/// Publication of the case study.
pub const SOURCE: &str = "Rashidizadeh-Kermani, Najafi, Anvari-Moghaddam and Guerrero, Optimal Decision-Making Strategy \
                          of an Electric Vehicle Aggregator in Short-Term Electricity Markets, 2018";

/// Weights of risk whose curves are plotted, as positions in the list of all.
const DRAWN: [usize; 4] = [0, 1, 2, 7];
/// Days drawn for a figure: the first is shown, and findings are counted over all.
const DAYS: u32 = 20;
/// Relative gap of the solutions: small, because neighbouring weights are compared.
const GAP: f64 = 1e-7;
/// Relative difference up to which two figures count as equal: the gap of both.
const EQUAL: f64 = 1e-6;

/// A day of the case study and its solution for each weight of risk.
struct Day {
    case: CaseStudy,
    plans: Vec<BilevelSolution>,
    /// Whether all solutions pass the independent check.
    right: bool,
}

impl Day {
    /// A figure of each solution, in the order of the weights.
    fn each(&self, figure: impl Fn(&BilevelSolution) -> f64) -> Vec<f64> {
        self.plans.iter().map(figure).collect()
    }

    /// Total energy bought ahead (0), bought (1) or given back (2), in MWh, in the order of the weights.
    fn traded(&self, which: usize) -> Vec<f64> {
        self.each(|plan| plan.traded_in_all(&self.case.game)[which])
    }
}

/// Draws a day for each replication and solves it for these weights of risk; returns the days and notes on the prices.
fn days(context: &Context<'_>, betas: &[f64]) -> Result<(Vec<Day>, Vec<String>)> {
    let (prices, note) = source::prices(context)?;
    let model = paper::price_model(prices)?;
    let replications: Vec<u32> = (0..context.replications()).collect();
    let days = context.map(&replications, |&replication| {
        let mut random = context.streams(replication).stream(Purpose::Synthesis, 0);
        let case = paper::draw(&model, &mut random)?;
        let options = SearchOptions { gap: GAP, ..SearchOptions::default() };
        let mut plans = Vec::with_capacity(betas.len());
        let mut right = true;
        for &beta in betas {
            let plan = solve(&case.game, Risk::new(beta, ALPHA)?, options)?;
            right &= plan.gap() <= GAP && verify(&case.game, &plan)?.holds(&case.game, &plan);
            plans.push(plan);
        }
        Ok(Day { case, plans, right })
    })?;
    let assumed = "Not published and assumed: the fleet (40,000 vehicles that need 384 MWh a day, the total of table \
                   1), its demand by hour, how demand follows the price, the forecasts of the rivals and their \
                   errors, and the orders (2,0,1)(0,1,1) of period 24 of the price models, one for each price; so \
                   published totals are shown beside ours and not compared.";
    Ok((days, vec![note, assumed.to_owned()]))
}

/// Days solved for all eight weights.
fn solved(context: &Context<'_>) -> Result<(Vec<Day>, Vec<String>)> {
    days(context, &BETAS)
}

/// Finding that the solutions are correct: proven to the gap, and confirmed by the independent check.
fn checked(days: &[Day]) -> Finding {
    Finding::follows(
        "every solution keeps all limits, the owners' answer is optimal (solved anew), strong duality holds and the \
         CVaR is that of the sorted profits",
        days.iter().filter(|day| day.right).count(),
        days.len(),
    )
}

/// Whether a list never rises, apart from rounding.
fn never_rises(list: &[f64]) -> bool {
    list.windows(2).all(|pair| pair[1] <= pair[0] + EQUAL * pair[0].abs().max(1.0))
}

/// A statement of the paper on how a quantity moves with the weight of risk, on average over the days. It holds if the
/// change from the least weight to the greatest is in the stated direction with its whole interval, and fails if that
/// change, or the change between two neighbouring weights, is in the opposite direction with its whole interval.
fn moves(text: &str, unit: &str, falls: bool, days: &[Day], figures: impl Fn(&Day) -> Vec<f64>) -> Finding {
    let lists: Vec<Vec<f64>> = days.iter().map(figures).collect();
    let last = BETAS.len() - 1;
    // Above zero if it moves as stated.
    let change = |from: usize, to: usize| -> Interval {
        let sign = if falls { 1.0 } else { -1.0 };
        let changes: Vec<f64> = lists.iter().map(|list| sign * (list[from] - list[to])).collect();
        let sample = Sample::of(&changes);
        let mean = sample.map_or(f64::NAN, |sample| sample.mean);
        sample.and_then(|sample| sample.t_interval(LEVEL)).unwrap_or(Interval { low: mean, high: mean })
    };
    let all = change(0, last);
    let near = |k: usize| EQUAL * lists.iter().fold(1.0f64, |most, list| most.max(list[k].abs()));
    let against = (0..last).any(|k| change(k, k + 1).high < -near(k));
    let verdict = if against || all.high < 0.0 {
        Verdict::Fails
    } else if all.low > 0.0 {
        Verdict::Holds
    } else {
        Verdict::Undecided
    };
    let mean = |k: usize| lists.iter().map(|list| list[k]).sum::<f64>() / lists.len() as f64;
    let ordered =
        |list: &[f64]| never_rises(&list.iter().map(|x| if falls { *x } else { -x }).collect::<Vec<_>>());
    let how = format!(
        "mean {} {unit}, in the order of the weights; so from the least weight to the greatest in {} of {} days, at each \
         step in {}",
        (0..BETAS.len()).map(|k| format!("{:.1}", mean(k))).collect::<Vec<_>>().join(", "),
        lists.iter().filter(|list| ordered(&[list[0], list[last]])).count(),
        lists.len(),
        lists.iter().filter(|list| ordered(list)).count(),
    );
    Finding { text: text.to_owned(), verdict, how }
}

/// The hours of a day.
fn hours() -> Axis {
    Axis::number("hour", "").within(0.0, (HOURS - 1) as f64)
}

/// A value per hour as a curve.
fn by_hour(name: impl Into<String>, values: &[f64]) -> Line {
    Line::new(name, values.iter().enumerate().map(|(t, x)| (t as f64, *x)).collect())
}

/// A thin line among many.
fn thin(values: &[f64]) -> Line {
    Line { width: Some(0.5), ..by_hour("", values).colour(palette::GREY) }
}

/// The curve of a weight, by its position among those plotted. Each is thinner than the one below it, because they
/// often coincide.
fn curve(line: Line, place: usize) -> Line {
    Line { width: Some(4.0 - 0.9 * place as f64), ..line.colour(Colour::of_line(place)).dash(Dash::Solid) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_no_rise() {
        assert!(never_rises(&[3.0, 3.0 + 1e-9, 2.0]));
        assert!(!never_rises(&[3.0, 3.01, 2.0]));
    }
}

//! Targets `cnash-fig2` to `cnash-fig5`: Nash against C-Nash equilibria of charging stations, as in the paper's figures; and
//! `cnash-formation`: the coalitions that form.
//!
//! The games are in `games::c_nash::paper`; here they are repeated, compared with published values, and plotted. All
//! four figures show M = cost without the coalition over cost with it, of all stations, of the coalition and of the
//! rest: below 1, the Nash equilibrium is better for the group.

pub mod fig2;
pub mod fig3;
pub mod fig4;
pub mod fig5;
pub mod formation;

use super::{Context, Figure, Table};
use crate::error::Result;
use crate::games::c_nash::{Comparison, Ratios};
use crate::plots::{Axis, Colour, Interval, Line, Marker, NamedPoint, Plane, Points, palette};
use crate::rng::Purpose;
use rand_pcg::Pcg64;
use std::ops::Range;

/// Groups of M, in the order of all lists here: names in tables, and in pictures.
const GROUPS: [(&str, &str); 3] =
    [("M_all", "all stations"), ("M_C", "the coalition"), ("M_rest", "the rest")];

/// Note for every reader.
const MEANING: &str = "M is the cost without the coalition over the cost with it, of all stations, of the coalition \
                       (M_C) and of the rest: below 1, Nash is better.";

/// One point of a curve: the figures for coalitions of one size.
struct Size {
    /// Stations in the coalition.
    size: usize,
    /// M of all, of the coalition and of the rest; `None` where there is no rest.
    m: [Option<Figure>; 3],
}

impl Size {
    /// Figures of exact ratios.
    fn exact(size: usize, ratios: &Ratios) -> Self {
        let values = [ratios.all, ratios.coalition, ratios.rest];
        let figure = |group: usize| Some(Figure::new(GROUPS[group].0, "", values[group]?));
        Self { size, m: std::array::from_fn(figure) }
    }

    /// Figures of many draws.
    fn drawn(size: usize, draws: &[Costs]) -> Self {
        let costs_of = |group: usize| draws.iter().map(|costs| costs[group]).collect::<Vec<_>>();
        Self { size, m: std::array::from_fn(|group| mean(GROUPS[group].0, &costs_of(group))) }
    }

    /// The figures that exist, with their case.
    fn figures(&self, case: &str) -> Vec<Figure> {
        self.m.iter().flatten().map(|figure| figure.clone().case(case)).collect()
    }

    /// Whether M of every existing group is below 1, with its whole interval.
    fn nash_for_all(&self) -> bool {
        self.m.iter().flatten().all(nash_better)
    }

    /// Whether M of every existing group is above 1, with its whole interval.
    fn coalition_for_all(&self) -> bool {
        self.m.iter().flatten().all(coalition_better)
    }

    /// Whether M of the coalition is below 1, with its whole interval.
    fn nash_for_coalition(&self) -> bool {
        self.m[1].as_ref().is_some_and(nash_better)
    }
}

fn nash_better(m: &Figure) -> bool {
    m.interval.map_or(m.computed, |interval| interval.high) < 1.0
}

fn coalition_better(m: &Figure) -> bool {
    m.interval.map_or(m.computed, |interval| interval.low) > 1.0
}

/// Costs of all, of the coalition and of the rest in one draw: \[group\], without and with the coalition.
type Costs = [(f64, f64); 3];

/// Costs of the groups if the coalition is the first `size` stations.
fn costs(comparison: &Comparison, size: usize) -> Costs {
    let (nash, c_nash) = (&comparison.nash.costs, &comparison.c_nash.costs);
    let sums = |stations: Range<usize>| -> (f64, f64) {
        (nash[stations.clone()].iter().sum(), c_nash[stations].iter().sum())
    };
    [sums(0..nash.len()), sums(0..size), sums(size..nash.len())]
}

/// M over many draws: mean cost without the coalition over mean cost with it, as in the authors' code, not the mean of
/// the ratios. `None` for an empty group.
///
/// The interval is that of the mean of the ratio linearised about its value (Cochran, Sampling Techniques, 1977,
/// chapter 6).
fn mean(name: &str, draws: &[(f64, f64)]) -> Option<Figure> {
    let (without, with) = draws.iter().fold((0.0, 0.0), |sum, draw| (sum.0 + draw.0, sum.1 + draw.1));
    if with <= 0.0 {
        return None;
    }
    let (ratio, mean) = (without / with, with / draws.len() as f64);
    let linear: Vec<f64> = draws.iter().map(|(n, c)| ratio + (n - ratio * c) / mean).collect();
    Some(Figure::mean(name, "", &linear))
}

/// Plays a game with random parts in each replication, for coalitions of 1 to `largest`; returns sizes and costs of the
/// draws.
///
/// Each size has separate draws, as in the authors' code; other games at the same size and replication use the same
/// draws.
fn play(
    context: &Context<'_>,
    largest: usize,
    game: impl Fn(usize, &mut Pcg64) -> Result<Comparison> + Sync,
) -> Result<Vec<(usize, Vec<Costs>)>> {
    let replications = context.replications();
    let tasks: Vec<(usize, u32)> = (1..=largest)
        .flat_map(|size| (0..replications).map(move |replication| (size, replication)))
        .collect();
    let all = context.map(&tasks, |&(size, replication)| {
        let mut random = context.streams(replication).stream(Purpose::Synthesis, size as u64);
        Ok(costs(&game(size, &mut random)?, size))
    })?;
    Ok((1..=largest).zip(all.chunks(replications as usize).map(<[Costs]>::to_vec)).collect())
}

/// The table behind a picture: a row for each variant, size and group.
fn table(variants: &[(&str, &[Size])]) -> Table {
    let mut rows = Vec::new();
    for (variant, sizes) in variants {
        for size in *sizes {
            rows.extend(size.m.iter().flatten().map(|m| (*variant, size.size as i64, m, interval(m))));
        }
    }
    Table::new("curves")
        .texts("variant", rows.iter().map(|row| row.0))
        .integers("stations_in_coalition", rows.iter().map(|row| row.1))
        .texts("ratio", rows.iter().map(|row| row.2.name.as_str()))
        .numbers("value", rows.iter().map(|row| row.3.mean))
        .numbers("low", rows.iter().map(|row| row.3.lower))
        .numbers("high", rows.iter().map(|row| row.3.upper))
}

/// A figure with its interval, for plotting.
fn interval(figure: &Figure) -> Interval {
    let (low, high) = figure.interval.map_or((f64::NAN, f64::NAN), |i| (i.low, i.high));
    Interval::new(figure.computed, low, high)
}

/// The range of M over several panels, with a small margin.
fn axis(variants: &[&[Size]]) -> Axis {
    let figures = variants.iter().flat_map(|sizes| sizes.iter().flat_map(|size| size.m.iter().flatten()));
    let ends = figures.flat_map(|m| m.interval.map_or([m.computed; 2], |i| [i.low, i.high]));
    let (low, high) = ends.fold((1.0f64, 1.0f64), |(low, high), m| (low.min(m), high.max(m)));
    let room = 0.06 * (high - low);
    Axis::number("M", "").within(low - room, high + room)
}

/// M over coalition size, as plotted in the paper, with published values beside it if there are any.
fn plane(sizes: &[Size], y: Axis, published: &[(usize, [f64; 3])]) -> Plane {
    const EVEN: Colour = Colour(150, 150, 150);
    // Beside the point, so that neither hides the other.
    const BESIDE: f64 = 0.18;
    let reach = |size: Option<&Size>| size.map_or(0.0, |size| size.size as f64);
    let (from, to) = (reach(sizes.first()) - 0.4, reach(sizes.last()) + 0.4);
    let mut plane = Plane::new(Axis::number("stations in the coalition", "").within(from, to), y)
        .with(Line { width: Some(1.0), ..Line::new("", vec![(from, 1.0), (to, 1.0)]).colour(EVEN) });
    for (group, (_, name)) in GROUPS.iter().enumerate() {
        let colour = Colour::of_line(group);
        let curve =
            || sizes.iter().filter_map(|size| Some((size.size as f64, interval(size.m[group].as_ref()?))));
        let line = Line::new("", curve().map(|(x, m)| (x, m.mean)).collect()).colour(colour);
        plane = plane.with(Line { width: Some(1.0), ..line }).with(Points {
            name: (*name).to_owned(),
            points: curve().map(|(x, y)| NamedPoint { y, ..NamedPoint::at(x, y.mean) }).collect(),
            colour: Some(colour),
            marker: Some(Marker::of(group)),
            each_its_own: false,
        });
    }
    let beside = |&(size, m): &(usize, [f64; 3])| m.map(|m| NamedPoint::at(size as f64 + BESIDE, m));
    let points: Vec<NamedPoint> = published.iter().flat_map(beside).collect();
    if points.is_empty() {
        return plane;
    }
    plane.with(Points {
        name: "published".to_owned(),
        points,
        colour: Some(palette::INK),
        marker: Some(Marker::Wedge),
        each_its_own: false,
    })
}

/// Sizes in words: `2 and 3`, `none`.
fn listed(sizes: impl IntoIterator<Item = usize>) -> String {
    let sizes: Vec<String> = sizes.into_iter().map(|size| size.to_string()).collect();
    match sizes.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The sizes above one station for which `holds` is true; a single station is no coalition.
fn sizes_where<'a>(
    sizes: &'a [Size],
    holds: impl Fn(&Size) -> bool + 'a,
) -> impl Iterator<Item = usize> + 'a {
    sizes.iter().filter(move |size| size.size > 1 && holds(size)).map(|size| size.size)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two draws by hand: 3 over 2, and (1, 1), (2, 1) are -1/2 and 1/2 off the line through 0 of that slope, over a
    /// mean cost of 1: a standard error of 1/2, and 12.7062 of them (any table of Student's t, one degree of freedom).
    #[test]
    fn m_is_of_mean_costs() {
        let m = mean("M", &[(1.0, 1.0), (2.0, 1.0)]).unwrap();
        assert!((m.computed - 1.5).abs() < 1e-15);
        assert!((m.interval.unwrap().half_width() - 12.706_205 / 2.0).abs() < 1e-6);
        // Not the mean of 1/1 and 6/2, and without spread if all ratios are equal.
        assert_eq!(mean("M", &[(1.0, 1.0), (6.0, 2.0)]).unwrap().computed, 7.0 / 3.0);
        assert_eq!(mean("M", &[(2.0, 1.0), (6.0, 3.0)]).unwrap().interval.unwrap().half_width(), 0.0);
        assert!(mean("M", &[(0.0, 0.0)]).is_none());
    }

    #[test]
    fn sizes_are_put_in_words() {
        assert_eq!([listed([]), listed([2]), listed(2..=4)], ["none", "2", "2, 3 and 4"]);
    }
}

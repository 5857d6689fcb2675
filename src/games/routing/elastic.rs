//! Minimum violation of the limits, for a coalition that cannot serve its mandatory trips within them.

use super::bound::{Choice, Chosen, Worth};
use crate::optimize::{Lp, Sense, SolveError, Variable};

/// Number of columns considered at first.
const AT_FIRST: usize = 120;

impl Choice<'_> {
    /// Finds the choice with the least violation of limits by a mixed-integer program over the columns of least reduced
    /// cost, whose number grows until no other column can be part of a better choice.
    pub fn least_broken(&self, worth: &Worth) -> Result<Chosen, SolveError> {
        let mut by_reduced: Vec<(f64, u32)> =
            self.columns.iter().map(|&place| (self.reduced(self.column(place), worth), place)).collect();
        by_reduced.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        // Rounding error of a sum of costs, far below the required accuracy.
        let near = 1e-9 * (1.0 + worth.bound.abs());
        let mut n = AT_FIRST.min(by_reduced.len());
        loop {
            let reach = by_reduced.get(n).map_or(f64::INFINITY, |(reduced, _)| *reduced);
            let left_out = |trip: usize| self.penalty[trip].is_some_and(|p| p - worth.trips[trip] >= reach);
            let places: Vec<u32> = by_reduced[..n].iter().map(|(_, place)| *place).collect();
            let all_trips_in = (0..self.penalty.len()).all(|trip| !left_out(trip));
            let chosen = match self.among(&places, left_out) {
                Ok(chosen) => Some(chosen),
                Err(SolveError::Infeasible) if n < by_reduced.len() || !all_trips_in => None,
                Err(other) => return Err(other),
            };
            // Any choice with another column costs at least the bound plus the column's reduced cost.
            let distance = chosen.as_ref().map_or(f64::INFINITY, |(cost, _)| cost - worth.bound);
            if let Some((_, chosen)) = chosen
                && distance <= reach + near
            {
                return Ok(chosen);
            }
            let enough = by_reduced.partition_point(|(reduced, _)| *reduced <= distance + near);
            n = enough.min(4 * n.max(1)).max(n + 1).min(by_reduced.len());
        }
    }

    /// The best choice among some columns; trips selected by `left_out` must not be left unserved.
    fn among(&self, places: &[u32], left_out: impl Fn(usize) -> bool) -> Result<(f64, Chosen), SolveError> {
        let mut lp = Lp::new();
        let taken: Vec<Variable> =
            places.iter().map(|&place| lp.binary(self.cost(self.column(place)))).collect();
        let mut unserved = vec![None; self.penalty.len()];
        for (trip, penalty) in self.penalty.iter().enumerate() {
            let Some(penalty) = *penalty else { continue };
            let mut terms: Vec<(Variable, f64)> = places
                .iter()
                .zip(&taken)
                .filter(|(place, _)| self.column(**place).trips >> trip & 1 == 1)
                .map(|(_, variable)| (*variable, 1.0))
                .collect();
            if !left_out(trip) {
                let variable = lp.binary(penalty);
                unserved[trip] = Some(variable);
                terms.push((variable, 1.0));
            }
            if terms.is_empty() {
                return Err(SolveError::Infeasible);
            }
            lp.row(terms, Sense::Equal, 1.0);
        }
        for (kind, vehicles) in self.model.instance.vehicles.iter().enumerate() {
            let terms: Vec<(Variable, f64)> = places
                .iter()
                .zip(&taken)
                .filter(|(place, _)| self.column(**place).vehicles == kind)
                .map(|(_, variable)| (*variable, 1.0))
                .collect();
            if terms.len() > vehicles.count {
                lp.row(terms, Sense::AtMost, vehicles.count as f64);
            }
        }
        let mut by_row = vec![Vec::new(); self.rows.len()];
        for (&place, &variable) in places.iter().zip(&taken) {
            for (row, weight) in self.weights(self.column(place)) {
                by_row[row].push((variable, weight));
            }
        }
        for (&row, mut terms) in self.rows.iter().zip(by_row) {
            if terms.is_empty() {
                continue;
            }
            terms.push((lp.variable(1.0, 0.0, f64::INFINITY), -1.0));
            lp.row(terms, Sense::AtMost, self.model.rows[row].room);
        }
        let optimum = lp.solve()?;
        let is_taken = |variable: Variable| optimum.value(variable) > 0.5;
        let columns =
            places.iter().zip(&taken).filter(|(_, v)| is_taken(**v)).map(|(place, _)| *place).collect();
        let unserved = (0..unserved.len()).filter(|&trip| unserved[trip].is_some_and(is_taken)).collect();
        Ok((optimum.objective, Chosen { columns, unserved }))
    }
}

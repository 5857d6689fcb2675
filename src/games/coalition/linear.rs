//! Coalition sums that follow from other fixed sums: reduced rows of ones and zeros.

use super::Coalition;

/// Entries below this are zero: rows contain small integers and their ratios.
const ZERO: f64 = 1e-9;

/// Known, mutually independent sums of coalitions, as a reduced system of equations (Gauss and Jordan): row k has a one
/// in a column where all other rows are zero.
#[derive(Debug, Clone)]
pub(super) struct Fixed {
    players: usize,
    /// Left-hand side followed by the known sum, and the column of the pivot.
    rows: Vec<(Vec<f64>, usize)>,
}

impl Fixed {
    /// Creates an empty system, with no known sum.
    pub fn new(players: usize) -> Self {
        Self { players, rows: Vec::new() }
    }

    /// Number of independent known sums.
    pub fn rank(&self) -> usize {
        self.rows.len()
    }

    /// Whether the sum of `coalition` follows from the known sums.
    pub fn knows(&self, coalition: Coalition) -> bool {
        self.pivot(&self.reduced(coalition, 0.0)).is_none()
    }

    /// Adds the equation that the shares of `coalition` sum to `sum`; returns false if its sum was already determined,
    /// also if to another value.
    pub fn fix(&mut self, coalition: Coalition, sum: f64) -> bool {
        let mut row = self.reduced(coalition, sum);
        let Some(pivot) = self.pivot(&row) else { return false };
        let one = row[pivot];
        row.iter_mut().for_each(|entry| *entry /= one);
        for (other, _) in &mut self.rows {
            let factor = other[pivot];
            subtract(other, factor, &row);
        }
        self.rows.push((row, pivot));
        for (row, _) in &mut self.rows {
            // Rounding residues of a zero would look like a coefficient of another magnitude.
            row[..self.players].iter_mut().filter(|entry| entry.abs() <= ZERO).for_each(|entry| *entry = 0.0);
        }
        true
    }

    /// The equations: coefficients of the players' shares, and the sum.
    pub fn rows(&self) -> impl Iterator<Item = (&[f64], f64)> {
        self.rows.iter().map(|(row, _)| (&row[..self.players], row[self.players]))
    }

    /// Share of each player, if all are determined.
    pub fn shares(&self) -> Option<Vec<f64>> {
        let mut shares = vec![0.0; self.players];
        for (row, pivot) in &self.rows {
            shares[*pivot] = row[self.players];
        }
        (self.rank() == self.players).then_some(shares)
    }

    /// Row of `coalition` reduced by the known rows, with the sum as the last entry.
    fn reduced(&self, coalition: Coalition, sum: f64) -> Vec<f64> {
        let mut row: Vec<f64> =
            (0..self.players).map(|i| f64::from(u8::from(coalition.contains(i)))).collect();
        row.push(sum);
        for (known, pivot) in &self.rows {
            let factor = row[*pivot];
            subtract(&mut row, factor, known);
        }
        row
    }

    /// Column of the largest entry of a left-hand side; `None` if all are zero.
    fn pivot(&self, row: &[f64]) -> Option<usize> {
        let size = |player: &usize| row[*player].abs();
        let largest = (0..self.players).max_by(|a, b| size(a).total_cmp(&size(b)))?;
        (size(&largest) > ZERO).then_some(largest)
    }
}

fn subtract(from: &mut [f64], factor: f64, row: &[f64]) {
    if factor != 0.0 {
        from.iter_mut().zip(row).for_each(|(entry, other)| *entry -= factor * other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_coalitions_give_the_shares() {
        let mut fixed = Fixed::new(3);
        assert!(fixed.fix(Coalition::all(3), 6.0) && !fixed.knows(Coalition::at(0b011)));
        assert!(fixed.fix(Coalition::at(0b011), 3.0));
        // Two known sums determine the third.
        assert!(fixed.knows(Coalition::at(0b100)) && !fixed.fix(Coalition::at(0b100), 9.0));
        assert_eq!((fixed.rank(), fixed.shares()), (2, None));
        assert!(fixed.fix(Coalition::at(0b101), 4.0));
        assert_eq!(fixed.shares().unwrap(), [1.0, 2.0, 3.0]);
    }

    /// Three pairs of three players are independent; the four triples and two opposite pairs of four are not.
    #[test]
    fn dependence_is_seen_where_fractions_arise() {
        let mut fixed = Fixed::new(3);
        assert!([0b011, 0b101, 0b110].into_iter().all(|place| fixed.fix(Coalition::at(place), 1.0)));
        assert_eq!(fixed.shares().unwrap(), [0.5; 3]);
        let mut fixed = Fixed::new(4);
        assert!([0b0111, 0b1011, 0b1101].into_iter().all(|place| fixed.fix(Coalition::at(place), 0.0)));
        assert!(!fixed.knows(Coalition::at(0b1110)));
        assert!(fixed.fix(Coalition::at(0b1110), 3.0) && fixed.knows(Coalition::all(4)));
        assert_eq!(fixed.shares().unwrap(), [-2.0, 1.0, 1.0, 1.0]);
    }
}

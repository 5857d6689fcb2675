//! Coalition structure: disjoint coalitions, all other stations alone.

use gridfleet_core::error::{Error, InputError, Result};

/// Disjoint coalitions of stations, counted from 0; a station in no coalition plays alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structure {
    coalitions: Vec<Vec<usize>>,
    /// Coalition of each station, if any.
    coalition_of: Vec<Option<usize>>,
}

impl Structure {
    /// Creates the coalition structure of `stations`.
    ///
    /// # Errors
    /// If a coalition is empty, contains an unknown station, or one that has already been named. Keys are those of
    /// `gridfleet solve c-nash`: `coalitions[k][j]`.
    pub fn new(stations: usize, coalitions: Vec<Vec<usize>>) -> Result<Self> {
        let mut coalition_of = vec![None; stations];
        let mut problems = Vec::new();
        for (k, members) in coalitions.iter().enumerate() {
            if members.is_empty() {
                let key = format!("coalitions[{k}]");
                problems.push(InputError::new("an empty coalition", "at least one station").key(key));
            }
            for (j, &i) in members.iter().enumerate() {
                let key = format!("coalitions[{k}][{j}]");
                match coalition_of.get_mut(i) {
                    None => {
                        let expected = match stations {
                            0 => "no station, for there are none".to_owned(),
                            n => format!("a station from 0 to {}", n - 1),
                        };
                        problems.push(InputError::new(format!("station {i}"), expected).key(key));
                    }
                    Some(entry @ None) => *entry = Some(k),
                    Some(Some(other)) => {
                        let found = format!("station {i}, which is in coalition {other} already");
                        let expected = "each station in at most one coalition, once";
                        problems.push(InputError::new(found, expected).key(key));
                    }
                }
            }
        }
        if problems.is_empty() { Ok(Self { coalitions, coalition_of }) } else { Err(Error::Input(problems)) }
    }
    /// All stations alone: Nash.
    pub fn alone(stations: usize) -> Self {
        Self { coalitions: Vec::new(), coalition_of: vec![None; stations] }
    }
    /// The grand coalition: full coordination.
    pub fn grand_coalition(stations: usize) -> Self {
        let members = (0..stations).collect();
        Self { coalitions: vec![members], coalition_of: vec![Some(0); stations] }
    }
    /// Number of stations.
    pub fn stations(&self) -> usize {
        self.coalition_of.len()
    }
    /// The coalitions.
    pub fn coalitions(&self) -> &[Vec<usize>] {
        &self.coalitions
    }
    /// Coalition of a station, if any.
    pub fn of(&self, station: usize) -> Option<usize> {
        self.coalition_of[station]
    }
    /// Stations in no coalition, in order.
    pub fn outside(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.stations()).filter(|&i| self.coalition_of[i].is_none())
    }
    /// Stations that decide alone, in order: in no coalition, or in a coalition of one.
    pub(super) fn singles(&self) -> impl Iterator<Item = usize> + '_ {
        let one = |k: usize| self.coalitions[k].len() == 1;
        (0..self.stations()).filter(move |&i| self.coalition_of[i].is_none_or(one))
    }
    /// The coalitions of two or more.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Vec<usize>> {
        self.coalitions.iter().filter(|members| members.len() > 1)
    }
}

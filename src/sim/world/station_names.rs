//! Stations by name, or by the name of their operator.

use super::Station;
use gridfleet_core::ids::{IdVec, OperatorId, StationId};
use rustc_hash::FxHashMap;

/// Stations by name: a name denotes all stations of the operator of that name, or else the station of that name.
pub struct StationNames<'a> {
    stations: FxHashMap<&'a str, StationId>,
    operators: FxHashMap<&'a str, OperatorId>,
    of_operator: IdVec<OperatorId, Vec<StationId>>,
}

impl<'a> StationNames<'a> {
    /// Names of operators and of stations, both in the order of their numbers.
    pub fn new(
        operators: impl ExactSizeIterator<Item = &'a str>,
        stations: impl Iterator<Item = &'a Station>,
    ) -> Self {
        let mut of_operator = IdVec::filled(operators.len(), Vec::new());
        let mut by_name = FxHashMap::default();
        for (i, station) in stations.enumerate() {
            let id = StationId::new(i);
            by_name.insert(station.name.as_str(), id);
            if let Some(list) = of_operator.of_mut(station.operator) {
                list.push(id);
            }
        }
        let operators = operators.enumerate().map(|(i, name)| (name, OperatorId::new(i))).collect();
        Self { stations: by_name, operators, of_operator }
    }

    /// The stations that a name denotes; `None` if no operator and no station has it.
    pub fn find(&self, name: &str) -> Option<&[StationId]> {
        match self.operators.get(name) {
            Some(operator) => Some(&self.of_operator[*operator]),
            None => self.stations.get(name).map(std::slice::from_ref),
        }
    }

    /// All names, sorted.
    pub fn all(&self) -> Vec<&'a str> {
        let mut names: Vec<&'a str> = self.operators.keys().chain(self.stations.keys()).copied().collect();
        names.sort_unstable();
        names
    }

    /// The stations of each operator.
    pub fn by_operator(&self) -> Vec<Vec<StationId>> {
        self.of_operator.iter().cloned().collect()
    }
}

//! Coalitions of stations as the structure of a game.

use gridfleet_core::ids::StationId;
use gridfleet_games::c_nash::Structure;

/// Stations that decide together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Together {
    /// None: each station decides alone.
    Alone,
    /// Those of each of these coalitions, which are disjoint.
    Coalitions(Vec<Vec<StationId>>),
    /// All stations.
    All,
}

impl Together {
    /// Coalition structure of some of the stations, in ascending order. It does not depend on the order in which
    /// coalitions and their members were named.
    pub(super) fn structure(&self, stations: &[StationId]) -> Structure {
        let coalitions = match self {
            Self::Alone => return Structure::alone(stations.len()),
            Self::All => return Structure::grand_coalition(stations.len()),
            Self::Coalitions(coalitions) => coalitions,
        };
        let positions = |members: &Vec<StationId>| -> Vec<usize> {
            let mut positions: Vec<usize> =
                members.iter().filter_map(|id| stations.binary_search(id).ok()).collect();
            positions.sort_unstable();
            positions
        };
        let mut all: Vec<Vec<usize>> = coalitions.iter().map(positions).collect();
        all.retain(|members| !members.is_empty());
        all.sort_unstable();
        // The scenario checks that no station is named twice; otherwise each decides alone.
        Structure::new(stations.len(), all).unwrap_or_else(|_| Structure::alone(stations.len()))
    }
}

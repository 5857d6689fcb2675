//! Random structures of charging games, and the sets of stations that decide together.

use gridfleet_games::c_nash::Structure;
use rand::RngExt as _;
use rand_pcg::Pcg64;

/// Random disjoint coalitions: each station draws one of `choices` numbers, of which the first `coalitions` name a
/// coalition; the others play alone.
pub fn random_structure(random: &mut Pcg64, stations: usize, [coalitions, choices]: [usize; 2]) -> Structure {
    let mut coalitions = vec![Vec::new(); coalitions];
    for i in 0..stations {
        if let Some(list) = coalitions.get_mut(random.random_range(0..choices)) {
            list.push(i);
        }
    }
    coalitions.retain(|list| !list.is_empty());
    Structure::new(stations, coalitions).unwrap()
}

/// Sets of stations that decide together.
pub fn players(structure: &Structure) -> Vec<Vec<usize>> {
    let alone = structure.outside().map(|i| vec![i]);
    structure.coalitions().iter().cloned().chain(alone).collect()
}

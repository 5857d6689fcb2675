//! Spatial index: a grid over the map that stores moving items and finds the nearest.
//!
//! Items at one place are stored together, so that a search evaluates a property of a place (such as the travel time)
//! once, however many items wait there. The search walks rings of cells around a point, visits places in order of
//! distance, and stops when it has found enough or when no further ring can contain anything near enough. It is exact
//! for great-circle distance.

use gridfleet_core::geo::{EARTH_RADIUS_KM, Places, great_circle_km};
use gridfleet_core::ids::PlaceId;

/// An absent position.
const NOWHERE: u32 = u32::MAX;

/// Items (numbered densely) by place.
#[derive(Debug, Clone)]
pub struct Nearby {
    south: f64,
    west: f64,
    /// Cell size [degrees].
    cell_lat: f64,
    cell_lon: f64,
    rows: usize,
    columns: usize,
    /// The map spans more than half the globe: its first column is adjacent to its last.
    round: bool,
    /// Minimum distance that one ring of cells adds [km].
    ring_km: f64,
    /// Places with items in each cell, row by row from the south-west.
    cells: Vec<Vec<Group>>,
    /// Cell and place of each item; the cell is `NOWHERE` for items that are not in the index.
    whereabouts: Vec<(u32, PlaceId)>,
    /// Position of each item in its group.
    slot_of: Vec<u32>,
    len: usize,
    /// Number of places with items.
    groups: usize,
    /// Spare allocations of groups that have become empty.
    spare: Vec<Vec<u32>>,
    /// Items at one place keep their order of arrival, which is that of their numbers.
    ordered: bool,
}

/// The items at one place.
#[derive(Debug, Clone)]
struct Group {
    place: PlaceId,
    unit: [f64; 3],
    items: Vec<u32>,
}

/// Callbacks of a search.
pub trait Visitor {
    /// Decision about the items at `place`, at a great-circle distance of `km`.
    fn place(&mut self, place: PlaceId, km: f64) -> Look;
    /// Verdict on `item`, at the place visited last.
    fn item(&mut self, item: u32) -> Verdict;
}

/// Decision of a search about a place it has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Visit the items there.
    Visit,
    /// Continue with the next place.
    Pass,
    /// End the search: no further place is needed.
    Stop,
}

impl Look {
    /// `Visit` if `worth` is true, otherwise `Pass`.
    pub fn visit_if(worth: bool) -> Self {
        if worth { Self::Visit } else { Self::Pass }
    }
}

/// Verdict of a search on an item it has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The item counts as found.
    Found,
    /// The item does not count as found.
    Not,
    /// Neither the item nor the rest of its place is needed.
    Leave,
}

impl From<bool> for Verdict {
    fn from(found: bool) -> Self {
        if found { Self::Found } else { Self::Not }
    }
}

/// Visitor that stops at the first item that a rule accepts.
#[derive(Debug)]
pub struct First<F> {
    accept: F,
    /// The accepted item, if any.
    pub found: Option<u32>,
}

impl<F: Fn(u32) -> bool> First<F> {
    /// A search for the first item that `accept` accepts.
    pub fn new(accept: F) -> Self {
        Self { accept, found: None }
    }
}

impl<F: Fn(u32) -> bool> Visitor for First<F> {
    fn place(&mut self, _: PlaceId, _: f64) -> Look {
        Look::Visit
    }
    fn item(&mut self, item: u32) -> Verdict {
        let accepted = (self.accept)(item);
        if accepted {
            self.found = Some(item);
        }
        accepted.into()
    }
}

/// Buffers of searches, reused between them.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Groups seen.
    seen: Vec<Seen>,
}

/// A group seen by a search: (squared chord, place, cell, position in the cell).
type Seen = (f64, u32, u32, u32);

impl Nearby {
    /// An empty index for items `0..items` on the map of `places`.
    ///
    /// The number of cells is close to `cells`, and at most that of places, because walking empty cells takes time; cells
    /// are as square as the map allows, and a one-dimensional map has that many in a row.
    pub fn new(places: &Places, items: usize, cells: usize) -> Self {
        let (mut south, mut north, mut west, mut east) = (90.0_f64, -90.0_f64, 180.0_f64, -180.0_f64);
        for i in 0..places.len() {
            let place = PlaceId::new(i);
            (south, north) = (south.min(places.lat(place)), north.max(places.lat(place)));
            (west, east) = (west.min(places.lon(place)), east.max(places.lon(place)));
        }
        let cells = cells.min(places.len());
        if places.is_empty() {
            (south, north, west, east) = (0.0, 0.0, 0.0, 0.0);
        }
        if east - west > 180.0 {
            // The map may cross the 180 degree meridian: it begins east of its widest gap.
            (west, east) = narrowest(places, west, east);
        }
        let round = east - west > 180.0;
        if round {
            east = west + 360.0;
        }
        // A degree of longitude is shortest where the map is farthest from the equator.
        let shrink = south.abs().max(north.abs()).min(89.0).to_radians().cos();
        let km_per_degree = EARTH_RADIUS_KM.to_radians();
        let height_km = ((north - south) * km_per_degree).max(1e-3);
        let width_km = ((east - west) * km_per_degree * shrink).max(1e-3);
        let side_km = (height_km * width_km / cells.max(1) as f64)
            .sqrt()
            .max(height_km.max(width_km) / cells.max(1) as f64);
        let rows = (height_km / side_km).ceil().max(1.0);
        let columns = (width_km / side_km).ceil().max(1.0);
        // Chords are shorter than arcs; the difference over a cell is far below this margin. A great circle is shorter
        // than the parallel; the difference grows with the width of the map.
        let half_width = (0.5 * (east - west).min(180.0)).to_radians();
        let bend = if half_width > 1e-6 { half_width.sin() / half_width } else { 1.0 };
        let ring_km = 0.999 * (height_km / rows).min(bend * width_km / columns);
        Self {
            south,
            west,
            cell_lat: ((north - south) / rows).max(1e-9),
            cell_lon: ((east - west) / columns).max(1e-9),
            rows: rows as usize,
            columns: columns as usize,
            round,
            ring_km,
            cells: vec![Vec::new(); rows as usize * columns as usize],
            whereabouts: vec![(NOWHERE, PlaceId(0)); items],
            slot_of: vec![0; items],
            ordered: false,
            len: 0,
            groups: 0,
            spare: Vec::new(),
        }
    }

    /// Number of items in the index.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the index is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `id` is in the index.
    #[inline]
    pub fn contains(&self, id: u32) -> bool {
        self.whereabouts[id as usize].0 != NOWHERE
    }

    /// All items, in an order that depends only on the history of the index.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.cells.iter().flatten().flat_map(|group| group.items.iter().copied())
    }

    /// The items at `place`.
    pub fn at(&self, places: &Places, place: PlaceId) -> &[u32] {
        let (row, column) = self.cell(places, place);
        let groups = &self.cells[row * self.columns + column];
        groups.iter().find(|group| group.place == place).map_or(&[], |group| &group.items)
    }

    fn cell(&self, places: &Places, place: PlaceId) -> (usize, usize) {
        let row = ((places.lat(place) - self.south) / self.cell_lat).max(0.0) as usize;
        let column = (east_of(self.west, places.lon(place)) / self.cell_lon).max(0.0) as usize;
        (row.min(self.rows - 1), column.min(self.columns - 1))
    }

    /// Inserts `id` at `place`; it must not be in the index.
    pub fn insert(&mut self, places: &Places, id: u32, place: PlaceId) {
        debug_assert!(!self.contains(id));
        let (row, column) = self.cell(places, place);
        let cell = row * self.columns + column;
        let groups = &mut self.cells[cell];
        let group = groups.iter().position(|g| g.place == place).unwrap_or_else(|| {
            let items = self.spare.pop().unwrap_or_default();
            groups.push(Group { place, unit: places.unit(place), items });
            self.groups += 1;
            groups.len() - 1
        });
        self.whereabouts[id as usize] = (cell as u32, place);
        let items = &mut groups[group].items;
        debug_assert!(!self.ordered || items.last().is_none_or(|&last| last < id));
        self.slot_of[id as usize] = items.len() as u32;
        items.push(id);
        self.len += 1;
    }

    /// The same index for items that arrive in ascending order: searches visit the items at one place in that order, so
    /// that the first to arrive is the first to be found. Removing an item shifts the items behind it.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        debug_assert!(self.len == 0);
        self.ordered = true;
        self
    }

    /// Removes `id` if it is in the index.
    pub fn remove(&mut self, id: u32) {
        let (cell, place) = self.whereabouts[id as usize];
        if cell == NOWHERE {
            return;
        }
        let groups = &mut self.cells[cell as usize];
        let Some(group) = groups.iter().position(|g| g.place == place) else { return };
        let (slot, items) = (self.slot_of[id as usize], &mut groups[group].items);
        if self.ordered {
            items.remove(items.partition_point(|&other| other < id));
        } else {
            items.swap_remove(slot as usize);
            if let Some(&moved) = items.get(slot as usize) {
                self.slot_of[moved as usize] = slot;
            }
        }
        if items.is_empty() {
            self.spare.push(groups.swap_remove(group).items);
            self.groups -= 1;
        }
        self.whereabouts[id as usize].0 = NOWHERE;
        self.len -= 1;
    }

    /// Calls `look` with number, position and content of each group in the cells at a distance of `ring` cells from a
    /// cell at (row, column), between two columns.
    #[inline]
    fn look_at(
        &self,
        ring: isize,
        (row, column): (isize, isize),
        (first, last): (isize, isize),
        mut look: impl FnMut(u32, u32, &Group),
    ) {
        let (rows, columns) = (self.rows as isize, self.columns as isize);
        let mut visit = |r: isize, c: isize| {
            let cell = r as usize * self.columns + c.rem_euclid(columns) as usize;
            for (i, group) in self.cells[cell].iter().enumerate() {
                look(cell as u32, i as u32, group);
            }
        };
        if ring == 0 {
            return visit(row, column);
        }
        for r in [row - ring, row + ring] {
            if (0..rows).contains(&r) {
                (first.max(column - ring)..=last.min(column + ring)).for_each(|c| visit(r, c));
            }
        }
        for c in [column - ring, column + ring] {
            if (first..=last).contains(&c) {
                (0.max(row - ring + 1)..rows.min(row + ring)).for_each(|r| visit(r, c));
            }
        }
    }

    /// Visits places within `max_km` of `from`, nearest first, and the items at each, until `visitor` has counted `k`
    /// items as found. Ties of distance are broken by place number.
    pub fn nearest(
        &self,
        places: &Places,
        from: PlaceId,
        k: usize,
        max_km: f64,
        search: &mut Search,
        visitor: &mut impl Visitor,
    ) {
        if self.len == 0 || k == 0 {
            return;
        }
        let unit = places.unit(from);
        let (row, column) = self.cell(places, from);
        let (row, column) = (row as isize, column as isize);
        let rings = self.rows.max(self.columns) as isize;
        // Distances are compared as squared chords of the unit sphere.
        let limit = if max_km.is_finite() {
            let half = (0.5 * max_km / EARTH_RADIUS_KM).min(std::f64::consts::FRAC_PI_2).sin();
            4.0 * half * half
        } else {
            f64::INFINITY
        };
        let seen = &mut search.seen;
        seen.clear();
        let (mut looked, mut asked, mut found) = (0, 0, 0);
        // A map is often a line or a strip: only the part of a ring that lies on it is walked. On a map around the
        // globe each column is visited once, from its nearer side.
        let columns = self.columns as isize;
        let (first, last) =
            if self.round { (column - (columns - 1) / 2, column + columns / 2) } else { (0, columns - 1) };
        for ring in 0..=rings {
            self.look_at(ring, (row, column), (first, last), |cell, i, group| {
                looked += 1;
                let (dx, dy, dz) =
                    (unit[0] - group.unit[0], unit[1] - group.unit[1], unit[2] - group.unit[2]);
                let d = dx * dx + dy * dy + dz * dz;
                if d <= limit {
                    seen.push((d, group.place.0, cell, i));
                }
            });
            // Items not yet seen are at least `ring` whole cells away.
            let all = looked == self.groups || ring == rings;
            let sure = if all { f64::INFINITY } else { least_chord2(ring as f64 * self.ring_km) };
            let due = asked + bring_forward(&mut seen[asked..], sure);
            seen[asked..due].sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            while asked < due {
                let (d, place, cell, group) = seen[asked];
                asked += 1;
                match visitor.place(PlaceId(place), great_circle_km(d)) {
                    Look::Visit => {}
                    Look::Pass => continue,
                    Look::Stop => return,
                }
                for &item in &self.cells[cell as usize][group as usize].items {
                    match visitor.item(item) {
                        Verdict::Found => found += 1,
                        Verdict::Not => {}
                        Verdict::Leave => break,
                    }
                    if found == k {
                        return;
                    }
                }
            }
            if all || sure > limit {
                return;
            }
        }
    }
}

/// Brings the groups seen within a squared chord of `sure` to the front, in no order; returns their number.
fn bring_forward(seen: &mut [Seen], sure: f64) -> usize {
    let mut near = 0;
    for i in 0..seen.len() {
        if seen[i].0 <= sure {
            seen.swap(near, i);
            near += 1;
        }
    }
    near
}

/// Distance of `lon` east of `west` [degrees, 0 to 360].
#[inline]
fn east_of(west: f64, lon: f64) -> f64 {
    let east = lon - west;
    if east < 0.0 { east + 360.0 } else { east }
}

/// Westernmost and easternmost longitude of the narrowest strip that contains all places [degrees]; the second may
/// exceed 180.
fn narrowest(places: &Places, west: f64, east: f64) -> (f64, f64) {
    let mut lon: Vec<f64> = (0..places.len()).map(|i| places.lon(PlaceId::new(i))).collect();
    lon.sort_unstable_by(f64::total_cmp);
    let gaps = lon.windows(2).map(|pair| (pair[1] - pair[0], pair[1], pair[0] + 360.0));
    let around = (west + 360.0 - east, west, east);
    let (_, west, east) = gaps.fold(around, |widest, gap| if gap.0 > widest.0 { gap } else { widest });
    (west, east)
}

/// Minimum squared chord of the unit sphere for an arc of `km`: sin x > x - x^3 / 6.
fn least_chord2(km: f64) -> f64 {
    let x = (0.5 * km / EARTH_RADIUS_KM).min(1.0);
    let half = x - x * x * x / 6.0;
    4.0 * half * half
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Visitor that collects the items that a rule accepts.
    struct Take<F> {
        rule: F,
        km: f64,
        found: Vec<(f64, u32)>,
    }

    impl<F: Fn(u32) -> bool> Visitor for Take<F> {
        fn place(&mut self, _: PlaceId, km: f64) -> Look {
            self.km = km;
            Look::Visit
        }
        fn item(&mut self, item: u32) -> Verdict {
            let takes = (self.rule)(item);
            if takes {
                self.found.push((self.km, item));
            }
            takes.into()
        }
    }

    #[test]
    fn the_nearest_are_found_across_180_degrees_and_around_the_globe() {
        for lons in [vec![179.98, -179.97, 179.95, -179.9], vec![-170.0, -60.0, 10.0, 95.0, 175.0]] {
            let mut places = Places::default();
            for (i, &lon) in lons.iter().enumerate() {
                places.add_point(1.8 + 0.01 * i as f64, lon);
            }
            let mut nearby = Nearby::new(&places, lons.len(), 64);
            for i in 0..lons.len() {
                nearby.insert(&places, i as u32, PlaceId::new(i));
            }
            for from in (0..lons.len()).map(PlaceId::new) {
                let mut take = Take { rule: |_| true, km: 0.0, found: Vec::new() };
                nearby.nearest(&places, from, lons.len(), f64::INFINITY, &mut Search::default(), &mut take);
                let mut expected: Vec<f64> =
                    (0..lons.len()).map(|i| places.distance_km(from, PlaceId::new(i))).collect();
                expected.sort_by(f64::total_cmp);
                let found: Vec<f64> = take.found.iter().map(|f| f.0).collect();
                assert_eq!(found.len(), expected.len(), "{lons:?}");
                assert!(
                    found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6),
                    "{found:?} {expected:?}"
                );
            }
        }
    }

    proptest! {
        /// Compares with the simplest method: sorting all items by distance.
        #[test]
        fn the_nearest_are_the_nearest(
            points in prop::collection::vec((0.0..0.5f64, 0.0..0.6f64), 1..60),
            // A town, streets along a parallel and a meridian, a strip, one place.
            shape in prop::sample::select(vec![(1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1e-3), (0.0, 0.0)]),
            at in prop::collection::vec(any::<prop::sample::Index>(), 1..120),
            moved in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..60),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
            k in 1usize..12, max_km in 1.0..80.0f64, cells in 1usize..400, modulus in 1u32..4,
        ) {
            let mut places = Places::default();
            for &(lat, lon) in &points {
                places.add_point(40.5 + shape.0 * lat, -74.3 + shape.1 * lon);
            }
            let mut place_of: Vec<usize> = at.iter().map(|i| i.index(points.len())).collect();
            let mut nearby = Nearby::new(&places, place_of.len(), cells);
            for (item, &place) in place_of.iter().enumerate() {
                nearby.insert(&places, item as u32, PlaceId::new(place));
            }
            for (item, place) in moved {
                let (item, place) = (item.index(place_of.len()), place.index(points.len()));
                nearby.remove(item as u32);
                nearby.insert(&places, item as u32, PlaceId::new(place));
                place_of[item] = place;
            }
            for index in removed {
                nearby.remove(index.index(place_of.len()) as u32);
            }
            prop_assert_eq!(nearby.iter().count(), nearby.len());
            let from = PlaceId(0);
            let mut take = Take { rule: |id| id % modulus == 0, km: 0.0, found: Vec::new() };
            nearby.nearest(&places, from, k, max_km, &mut Search::default(), &mut take);
            let mut expected: Vec<f64> = (0..place_of.len() as u32)
                .filter(|&id| nearby.contains(id) && id % modulus == 0)
                .map(|id| places.distance_km(from, PlaceId::new(place_of[id as usize])))
                .filter(|&km| km <= max_km)
                .collect();
            expected.sort_by(f64::total_cmp);
            expected.truncate(k);
            prop_assert_eq!(take.found.len(), expected.len());
            let mut items: Vec<u32> = take.found.iter().map(|f| f.1).collect();
            items.sort_unstable();
            items.dedup();
            prop_assert_eq!(items.len(), expected.len(), "nothing is found twice");
            for (&(km, item), e) in take.found.iter().zip(&expected) {
                prop_assert!((km - e).abs() < 1e-6);
                let expected_km = places.distance_km(from, PlaceId::new(place_of[item as usize]));
                prop_assert!((km - expected_km).abs() < 1e-6);
            }
        }
    }
}

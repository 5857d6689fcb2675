//! Who is near: a grid over the map that holds moving items and finds the nearest.
//!
//! The search walks rings of cells around a point and stops when no further
//! ring can hold anything nearer, so it is exact for great-circle distance.

use crate::geo::{EARTH_RADIUS_KM, Places, great_circle_km};
use crate::ids::PlaceId;

/// An absent position.
const NOWHERE: u32 = u32::MAX;

/// Items (numbered densely) by where they are.
#[derive(Debug, Clone)]
pub struct Nearby {
    south: f64,
    west: f64,
    /// Size of a cell [degrees].
    cell_lat: f64,
    cell_lon: f64,
    rows: usize,
    columns: usize,
    /// Distance that one ring of cells adds at least [km].
    ring_km: f64,
    /// Items in each cell, row by row from the south-west.
    cells: Vec<Vec<Item>>,
    /// Cell of each item, or `NOWHERE`.
    cell_of: Vec<u32>,
    /// Position of each item in its cell.
    slot_of: Vec<u32>,
    len: usize,
}

#[derive(Debug, Clone, Copy)]
struct Item {
    id: u32,
    unit: [f64; 3],
}

impl Nearby {
    /// An empty index for items `0..items` on the map of `places`.
    ///
    /// Cells are about as many as `cells`, as square as the map allows.
    pub fn new(places: &Places, items: usize, cells: usize) -> Self {
        let (mut south, mut north, mut west, mut east) = (90.0_f64, -90.0_f64, 180.0_f64, -180.0_f64);
        for i in 0..places.len() {
            let place = PlaceId::new(i);
            (south, north) = (south.min(places.lat(place)), north.max(places.lat(place)));
            (west, east) = (west.min(places.lon(place)), east.max(places.lon(place)));
        }
        if places.is_empty() {
            (south, north, west, east) = (0.0, 0.0, 0.0, 0.0);
        }
        // A degree of longitude is shortest where the map is farthest from the equator.
        let shrink = south.abs().max(north.abs()).min(89.0).to_radians().cos();
        let km_per_degree = EARTH_RADIUS_KM.to_radians();
        let height_km = ((north - south) * km_per_degree).max(1e-3);
        let width_km = ((east - west) * km_per_degree * shrink).max(1e-3);
        let side_km =
            (height_km * width_km / cells.max(1) as f64).sqrt().max(height_km.max(width_km) / 4_096.0);
        let rows = (height_km / side_km).ceil().max(1.0);
        let columns = (width_km / side_km).ceil().max(1.0);
        // Chords are shorter than arcs; the shortfall over a cell is far below this margin.
        let ring_km = 0.999 * (height_km / rows).min(width_km / columns);
        Self {
            south,
            west,
            cell_lat: ((north - south) / rows).max(1e-9),
            cell_lon: ((east - west) / columns).max(1e-9),
            rows: rows as usize,
            columns: columns as usize,
            ring_km,
            cells: vec![Vec::new(); rows as usize * columns as usize],
            cell_of: vec![NOWHERE; items],
            slot_of: vec![0; items],
            len: 0,
        }
    }

    /// Number of items in the index.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is in the index.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether `id` is in the index.
    #[inline]
    pub fn contains(&self, id: u32) -> bool {
        self.cell_of[id as usize] != NOWHERE
    }

    /// All items, in an order that depends on the history of the index alone.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.cells.iter().flatten().map(|item| item.id)
    }

    fn cell(&self, places: &Places, place: PlaceId) -> (usize, usize) {
        let row = ((places.lat(place) - self.south) / self.cell_lat).max(0.0) as usize;
        let column = ((places.lon(place) - self.west) / self.cell_lon).max(0.0) as usize;
        (row.min(self.rows - 1), column.min(self.columns - 1))
    }

    /// Puts `id` at `place`; it must not be in the index.
    pub fn insert(&mut self, places: &Places, id: u32, place: PlaceId) {
        debug_assert!(!self.contains(id));
        let (row, column) = self.cell(places, place);
        let cell = row * self.columns + column;
        self.cell_of[id as usize] = cell as u32;
        self.slot_of[id as usize] = self.cells[cell].len() as u32;
        self.cells[cell].push(Item { id, unit: places.unit(place) });
        self.len += 1;
    }

    /// Takes `id` out, if it is in.
    pub fn remove(&mut self, id: u32) {
        let cell = self.cell_of[id as usize];
        if cell == NOWHERE {
            return;
        }
        let slot = self.slot_of[id as usize];
        let items = &mut self.cells[cell as usize];
        items.swap_remove(slot as usize);
        if let Some(moved) = items.get(slot as usize) {
            self.slot_of[moved.id as usize] = slot;
        }
        self.cell_of[id as usize] = NOWHERE;
        self.len -= 1;
    }

    /// The `k` nearest items within `max_km` of `from` that `accept` takes, nearest first, ties by
    /// number, appended to `found` as (great-circle km, item). `found` must come empty.
    pub fn nearest(
        &self,
        places: &Places,
        from: PlaceId,
        k: usize,
        max_km: f64,
        found: &mut Vec<(f64, u32)>,
        mut accept: impl FnMut(u32) -> bool,
    ) {
        debug_assert!(found.is_empty());
        if self.len == 0 || k == 0 {
            return;
        }
        let unit = places.unit(from);
        let (row, column) = self.cell(places, from);
        let (row, column) = (row as isize, column as isize);
        let rings = self.rows.max(self.columns) as isize;
        // Distances are compared as squared chords of the unit sphere and turned into km at the end.
        let chord2 = |km: f64| {
            let half = (0.5 * km / EARTH_RADIUS_KM).min(std::f64::consts::FRAC_PI_2).sin();
            4.0 * half * half
        };
        let mut limit = if max_km.is_finite() { chord2(max_km) } else { f64::INFINITY };
        for ring in 0..=rings {
            // Everything in this ring is at least (ring - 1) whole cells away.
            if ring > 1 {
                let reach_km = (ring - 1) as f64 * self.ring_km;
                if chord2(reach_km) > limit {
                    break;
                }
            }
            let mut visit = |r: isize, c: isize| {
                if r < 0 || c < 0 || r >= self.rows as isize || c >= self.columns as isize {
                    return;
                }
                for item in &self.cells[r as usize * self.columns + c as usize] {
                    let (dx, dy, dz) =
                        (unit[0] - item.unit[0], unit[1] - item.unit[1], unit[2] - item.unit[2]);
                    let d = dx * dx + dy * dy + dz * dz;
                    if d > limit {
                        continue;
                    }
                    let full = found.len() == k;
                    if full && found.last().is_some_and(|&last| (d, item.id) >= last) {
                        continue;
                    }
                    if !accept(item.id) {
                        continue;
                    }
                    if full {
                        found.pop();
                    }
                    let at = found.partition_point(|&other| other < (d, item.id));
                    found.insert(at, (d, item.id));
                    if found.len() == k {
                        limit = limit.min(found[k - 1].0);
                    }
                }
            };
            if ring == 0 {
                visit(row, column);
                continue;
            }
            for c in column - ring..=column + ring {
                visit(row - ring, c);
                visit(row + ring, c);
            }
            for r in row - ring + 1..row + ring {
                visit(r, column - ring);
                visit(r, column + ring);
            }
        }
        for entry in found.iter_mut() {
            entry.0 = great_circle_km(entry.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against the plainest method: sort everything by distance.
        #[test]
        fn the_nearest_are_the_nearest(
            points in prop::collection::vec((40.5..41.0f64, -74.3..-73.7f64), 1..120),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
            k in 1usize..12, max_km in 1.0..80.0f64, cells in 1usize..400, modulus in 1u32..4,
        ) {
            let mut places = Places::default();
            for &(lat, lon) in &points {
                places.add_point(lat, lon);
            }
            let mut nearby = Nearby::new(&places, points.len(), cells);
            for i in 0..points.len() {
                nearby.insert(&places, i as u32, PlaceId::new(i));
            }
            for index in removed {
                nearby.remove(index.index(points.len()) as u32);
            }
            let from = PlaceId(0);
            let mut found = Vec::new();
            nearby.nearest(&places, from, k, max_km, &mut found, |id| id % modulus == 0);
            let mut expected: Vec<(f64, u32)> = (0..points.len() as u32)
                .filter(|&id| nearby.contains(id) && id % modulus == 0)
                .map(|id| (if id == 0 { 0.0 } else { places.distance_km(from, PlaceId(id)) }, id))
                .filter(|&(km, _)| km <= max_km)
                .collect();
            expected.sort_by(|a, b| a.partial_cmp(b).unwrap());
            expected.truncate(k);
            prop_assert_eq!(
                found.iter().map(|f| f.1).collect::<Vec<_>>(),
                expected.iter().map(|e| e.1).collect::<Vec<_>>()
            );
            for (f, e) in found.iter().zip(&expected) {
                prop_assert!((f.0 - e.0).abs() < 1e-6);
            }
        }
    }
}

//! Ends of trips: a zone, or a point.

use super::super::builder::{TraceBuilder, Wrong};
use super::super::table::{Names, Numbers, Table, TableFile};
use super::super::trace::Trace;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::ids::PlaceId;
use gridfleet_core::ranges;

/// Columns of one end of the trips: the zone, and latitude and longitude.
pub(super) type EndColumns = (Option<usize>, Option<(usize, usize)>);

/// One end of the trips: its loaded columns.
pub(super) struct End {
    /// Column, codes and the place of each code.
    zone: Option<(usize, Names, Vec<Option<PlaceId>>)>,
    /// Columns and values of latitude and longitude.
    point: Option<([usize; 2], [Numbers; 2])>,
}

impl End {
    pub(super) fn load(
        table: &Table,
        file: &TableFile,
        (zone, point): (Option<usize>, Option<(usize, usize)>),
        builder: &TraceBuilder,
    ) -> Result<Self> {
        let zone = match zone {
            Some(column) => {
                let names = table.names(column)?;
                let places = names.names.iter().map(|name| builder.zone(name)).collect();
                if point.is_none() && !builder.has_zones() && !names.names.is_empty() {
                    return Err(InputError::new("zones by name", "places of the zones")
                        .file(file.path())
                        .key(file.names().get(column).map_or("", String::as_str))
                        .help("give the zones: a shapefile or a CSV with zone_id, lat, lon, area_km2")
                        .into());
                }
                Some((column, names, places))
            }
            None => None,
        };
        let point = match point {
            Some((lat, lon)) => Some(([lat, lon], [table.numbers(lat)?, table.numbers(lon)?])),
            None => None,
        };
        Ok(Self { zone, point })
    }

    pub(super) fn place(&self, row: usize, builder: &mut TraceBuilder) -> Result<PlaceId, Wrong> {
        let point = self.point.as_ref().map(|(columns, [lat, lon])| (*columns, lat.get(row), lon.get(row)));
        let located = |lat: f64, lon: f64| {
            ranges::LATITUDE.holds(lat) && ranges::LONGITUDE.holds(lon) && (lat != 0.0 || lon != 0.0)
        };
        if let Some((column, names, places)) = &self.zone {
            let code = names.codes.get(row).copied().unwrap_or(Trace::NONE) as usize;
            if let Some(place) = places.get(code) {
                return match (place, point, names.names.get(code)) {
                    (Some(place), ..) => Ok(*place),
                    (None, Some((_, lat, lon)), Some(name)) if located(lat, lon) => {
                        Ok(builder.zone_at(name, lat, lon))
                    }
                    _ => Err(Wrong::new(*column, "unknown zone", "a zone that is known")),
                };
            }
            if point.is_none() {
                return Err(Wrong::new(*column, "no zone", "a zone's id"));
            }
        }
        match point {
            Some((_, lat, lon)) if located(lat, lon) => Ok(builder.point(lat, lon)),
            Some(([column, other], lat, _)) => {
                let column = if ranges::LATITUDE.holds(lat) { other } else { column };
                let expected = "latitude (-90 to 90) and longitude (-180 to 180) in degrees";
                Err(Wrong::new(column, "no such coordinates", expected))
            }
            // Each end has a zone or a point; otherwise the file was rejected.
            None => Err(Wrong::new(0, "no zone", "a zone's id")),
        }
    }
}

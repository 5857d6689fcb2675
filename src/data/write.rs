//! Writes a trace as the canonical table of trips, in Parquet.
//!
//! Timestamps are milliseconds UTC, absent values are null, and a column of nulls is omitted. The zones are
//! stored as text in the file's metadata, so that the file can be read without other files; so are the counts
//! of the import that made it.

use super::trace::{ImportReport, Trace};
use super::zones::Zones;
use gridfleet_core::error::{Error, Result};
use gridfleet_core::geo::{MEAN_DISTANCE_IN_UNIT_SQUARE, Places};
use gridfleet_core::ids::PlaceId;
use polars_core::prelude::{
    Column, DataFrame, Int64Chunked, IntoColumn, IntoSeries, NamedFrom, Series, TimeUnit, TimeZone,
};
use polars_io::parquet::write::{KeyValueMetadata, ParquetCompression, ParquetWriter};
use std::io::Write;
use std::path::Path;

/// Key of the zones (CSV text, see [`Zones::to_csv`]) in the file's metadata.
pub const ZONES_KEY: &str = "gridfleet.zones";
/// Key of the import report (JSON) in the file's metadata.
pub const REPORT_KEY: &str = "gridfleet.import";

/// Writes `trace` to `path`: to a temporary file first, then renamed, so that the file is either complete or
/// absent.
///
/// # Errors
/// If the file cannot be written.
pub fn write(trace: &Trace, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.exists() {
        std::fs::create_dir_all(folder).map_err(|e| Error::writing(folder, e))?;
    }
    let mut file = tempfile::Builder::new()
        .prefix(".gridfleet-")
        .suffix(".tmp")
        .tempfile_in(folder)
        .map_err(|e| Error::writing(path, e))?;
    encode(trace, file.as_file_mut()).map_err(|e| match e {
        Error::Other(text) => Error::writing(path, std::io::Error::other(text)),
        other => other,
    })?;
    file.as_file_mut().sync_all().map_err(|e| Error::writing(path, e))?;
    readable_by_all(file.as_file()).map_err(|e| Error::writing(path, e))?;
    file.persist(path).map_err(|e| Error::writing(path, e.error))?;
    Ok(())
}

/// Temporary files are readable by their owner only; for a result, the permissions of its folder decide.
fn readable_by_all(file: &std::fs::File) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    let _ = file;
    Ok(())
}

/// Writes `trace` as Parquet bytes to `out`.
///
/// # Errors
/// If writing to `out` fails.
pub fn encode(trace: &Trace, out: impl Write) -> Result<()> {
    let failed = |e: polars_core::error::PolarsError| Error::Other(e.to_string());
    let mut columns = Vec::new();
    let ms: Vec<i64> = trace.request_time.iter().map(|t| t.0.saturating_mul(1_000)).collect();
    // A cast would drop the time zone if polars is built without its feature `timezones`.
    let times = Int64Chunked::from_vec("request_time".into(), ms);
    columns
        .push(times.into_datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC)).into_series().into_column());
    for (end, places) in [("origin", &trace.origin), ("destination", &trace.destination)] {
        let zones: Vec<Option<&str>> = places.iter().map(|&p| trace.places.zone_name(p)).collect();
        let all_zones = zones.iter().all(Option::is_some);
        push_some(&mut columns, &format!("{end}_zone"), zones);
        if !all_zones {
            let coordinates = |value: fn(&Places, PlaceId) -> f64| {
                places
                    .iter()
                    .map(|&p| trace.places.zone_name(p).is_none().then(|| value(&trace.places, p)))
                    .collect()
            };
            push_some::<f64>(&mut columns, &format!("{end}_lat"), coordinates(Places::lat));
            push_some::<f64>(&mut columns, &format!("{end}_lon"), coordinates(Places::lon));
        }
    }
    let known = |values: &[f64]| values.iter().map(|v| (!v.is_nan()).then_some(*v)).collect::<Vec<_>>();
    push_some(&mut columns, "duration_s", known(&trace.duration_s));
    push_some(&mut columns, "distance_km", known(&trace.distance_km));
    push_some(&mut columns, "fleet", named(&trace.fleet, &trace.fleet_names));
    push_some(
        &mut columns,
        "passengers",
        trace.passengers.iter().map(|&p| (p > 0).then_some(i32::from(p))).collect::<Vec<_>>(),
    );
    push_some(&mut columns, "fare", known(&trace.fare));
    push_some(&mut columns, "vehicle", named(&trace.vehicle, &trace.vehicle_names));
    push_some(&mut columns, "soc_start", known(&trace.soc_start));
    push_some(&mut columns, "soc_end", known(&trace.soc_end));
    if trace.ends_at_charger.contains(&true) {
        columns.push(Series::new("ends_at_charger".into(), &trace.ends_at_charger).into_column());
    }
    let mut frame = DataFrame::new(trace.len(), columns).map_err(failed)?;
    let mut metadata = vec![
        ("gridfleet.version".to_string(), env!("CARGO_PKG_VERSION").to_string()),
        (REPORT_KEY.to_string(), report(&trace.report)),
    ];
    let zones = zones_of(&trace.places);
    if !zones.is_empty() {
        metadata.push((ZONES_KEY.to_string(), zones.to_csv()));
    }
    ParquetWriter::new(out)
        .with_compression(ParquetCompression::Zstd(None))
        .with_key_value_metadata(Some(KeyValueMetadata::from_static(metadata)))
        .set_parallel(false)
        .finish(&mut frame)
        .map_err(failed)?;
    Ok(())
}

fn report(report: &ImportReport) -> String {
    serde_json::to_string(report).unwrap_or_default()
}

/// The zones among the places.
fn zones_of(places: &Places) -> Zones {
    let mut zones = Zones::default();
    for place in (0..places.len()).map(PlaceId::new) {
        if let Some(name) = places.zone_name(place) {
            zones.id.push(name.to_string());
            zones.name.push(String::new());
            zones.borough.push(String::new());
            zones.lat.push(places.lat(place));
            zones.lon.push(places.lon(place));
            // The places store the length of a trip inside the zone instead of its area. Areas are read with
            // a resolution of one square metre; rounding to the nearest one restores exactly the same length.
            let within_km = places.distance_km(place, place);
            let area = (within_km / MEAN_DISTANCE_IN_UNIT_SQUARE).powi(2);
            let rounded = (area * 1e6).round() / 1e6;
            let same = (MEAN_DISTANCE_IN_UNIT_SQUARE * rounded.sqrt()).to_bits() == within_km.to_bits();
            zones.area_km2.push(if same { rounded } else { area });
        }
    }
    zones
}

fn named<'a>(codes: &[u32], names: &'a [String]) -> Vec<Option<&'a str>> {
    codes.iter().map(|&code| names.get(code as usize).map(String::as_str)).collect()
}

/// Adds a column unless it has no values.
fn push_some<T>(columns: &mut Vec<Column>, name: &str, values: Vec<Option<T>>)
where
    Series: NamedFrom<Vec<Option<T>>, [Option<T>]>,
{
    if values.iter().any(Option::is_some) {
        columns.push(Series::new(name.into(), values).into_column());
    }
}

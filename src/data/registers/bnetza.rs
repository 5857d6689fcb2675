//! Register of the German regulator: the power of up to six connectors of a site, one station per power and kind of current.

use super::super::stations::MOST_AC_KW;
use super::super::table::TableFile;
use super::{Register, place, station};
use gridfleet_core::error::Result;
use gridfleet_core::ranges;
use std::collections::BTreeMap;

/// Adds the stations of a file.
///
/// # Errors
/// If it cannot be read or lacks a column.
pub(super) fn add(file: &TableFile, register: &mut Register) -> Result<()> {
    let table = file.read_all()?;
    let lines = table.lines();
    let place = place(file, &table, ["Breitengrad", "Längengrad"])?;
    let count = file.require(&["Anzahl Ladepunkte"])?;
    let counts = table.numbers(count)?;
    let operator = file.find(&["Betreiber", "Anzeigename (Karte)"]);
    let id = file.find(&["Ladeeinrichtungs-ID", "ID"]);
    let site = file.find(&["Anschlussleistung", "Nennleistung Ladeeinrichtung [kW]"]);
    let sites = site.map(|column| table.numbers(column)).transpose()?;
    let mut plugs = Vec::new();
    for number in 1..=6 {
        let power = file.find(&[
            &format!("P{number} [kW]"),
            &format!("Nennleistung Stecker{number}"),
            &format!("Nennleistung Stecker{number} [kW]"),
        ]);
        let kind = file.find(&[&format!("Steckertypen{number}")]);
        if let Some(power) = power {
            plugs.push((table.numbers(power)?, kind));
        }
    }
    register.report.rows_read += table.rows() as u64;
    for (row, &line) in lines.iter().enumerate() {
        let Some(location) = place.of(row) else {
            register.skip("no such coordinates", &table, place.columns[0], row);
            continue;
        };
        let points = counts.get(row);
        if !ranges::CONNECTORS.holds(points) || points.fract() != 0.0 {
            register.skip("no number of connectors", &table, count, row);
            continue;
        }
        let site_kw = sites.as_ref().map_or(f64::NAN, |values| values.get(row));
        // Power [W, for order], whether DC, number of connectors.
        let mut groups: BTreeMap<(u64, bool), u32> = BTreeMap::new();
        for (powers, kind) in &plugs {
            let kw = powers.get(row);
            if ranges::CONNECTOR_POWER.holds(kw) {
                let kind = kind.map(|column| table.cell(column, row)).unwrap_or_default();
                let dc = kind.contains("DC") || (!kind.contains("AC") && kw > MOST_AC_KW);
                *groups.entry(((kw * 1_000.0).round() as u64, dc)).or_default() += 1;
            }
        }
        if groups.is_empty() && ranges::SITE_POWER.holds(site_kw) {
            // Without powers of connectors, those of the site are shared evenly.
            let kw = site_kw / points;
            groups.insert(((kw * 1_000.0).round() as u64, kw > MOST_AC_KW), points as u32);
            *register
                .report
                .repaired
                .entry("power of the site shared by its connectors".into())
                .or_default() += 1;
        }
        if groups.is_empty() {
            register.skip("no power", &table, count, row);
            continue;
        }
        let named = operator.map(|column| table.cell(column, row)).unwrap_or_default();
        let number = id.map(|column| table.cell(column, row)).filter(|id| !id.is_empty());
        let id = number.unwrap_or_else(|| format!("bnetza-{line}"));
        let single = groups.len() == 1;
        for ((watts, dc), connectors) in groups {
            let kw = watts as f64 / 1_000.0;
            let id = if single { id.clone() } else { format!("{id}-{kw}{}", if dc { "dc" } else { "ac" }) };
            let connectors = if single { points as u32 } else { connectors };
            let mut made = station(line, &id, location.clone(), &named, connectors, kw, dc);
            let all = kw * f64::from(connectors);
            made.site_limit_kw =
                Some(site_kw).filter(|limit| ranges::SITE_POWER.holds(*limit) && *limit < all);
            register.push(made);
        }
    }
    Ok(())
}

//! Synthetic charging stations for New York's cabs.
//!
//! Three operators: `hub`, large DC sites at airports and near garages; `city`, small DC sites where most
//! trips end; `kerb`, AC posts in the surrounding streets. Sizes and prices are assumed; the zones are the
//! busiest of the records, or named below.

use super::nyc::City;
use crate::stations::{AccessRule, Location, StationRow};
use gridfleet_core::error::Result;

/// Zones of the hubs: both airports and Long Island City, Astoria, Greenpoint, Crown Heights, Park Slope,
/// Fort Greene, Clinton, Hudson Yards, East Harlem, Mott Haven, Alphabet City, the Seaport; assumed.
const HUB_ZONES: [u16; 15] = [132, 138, 145, 146, 7, 112, 61, 181, 97, 50, 246, 74, 168, 4, 209];
const CITY_STATIONS: usize = 20;
const KERB_STATIONS: usize = 25;

/// Stations, hubs first, each kind in descending order of the demand of its zone.
///
/// # Errors
/// If the built-in tables cannot be read.
pub fn stations() -> Result<Vec<StationRow>> {
    let mut stations = Vec::new();
    for zone in HUB_ZONES {
        stations.push(station("hub", stations.len() + 1, zone, 8, 50.0, Some(300.0), 60.0));
    }
    let rest = by_demand()?.into_iter().filter(|zone| !HUB_ZONES.contains(zone));
    let rest = rest.take(CITY_STATIONS + KERB_STATIONS);
    for (rank, zone) in rest.enumerate() {
        // Every second of the busiest zones has a city site; posts are in the other zones and further out.
        let city_site = rank < 2 * CITY_STATIONS && rank % 2 == 0;
        stations.push(if city_site {
            station("city", rank / 2 + 1, zone, 4, 50.0, Some(150.0), 90.0)
        } else {
            station("kerb", rank + 1, zone, 6, 11.0, None, 40.0)
        });
    }
    Ok(stations)
}

/// Zones in descending order of demand.
fn by_demand() -> Result<Vec<u16>> {
    let city = City::new()?;
    let demand = |(i, &zone): (usize, &u16)| (city.pickups.iter().map(|block| block[i]).sum(), zone);
    let mut zones: Vec<(f64, u16)> = city.zone.iter().enumerate().map(demand).collect();
    zones.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    Ok(zones.into_iter().map(|(_, zone)| zone).collect())
}

/// Names of the companies in [`companies`].
const COMPANIES: [&str; 3] = ["amber", "cobalt", "jade"];
const COMPANY_STATIONS: usize = 10;

/// Thirty DC sites of three companies, assigned in turn to the busiest zones: identical, so that only the
/// grouping of decision makers makes a difference.
///
/// # Errors
/// If the built-in tables cannot be read.
pub fn companies() -> Result<Vec<StationRow>> {
    let zones = by_demand()?.into_iter().take(COMPANIES.len() * COMPANY_STATIONS);
    let dealt = zones.enumerate().map(|(rank, zone)| {
        let number = rank / COMPANIES.len() + 1;
        station(COMPANIES[rank % COMPANIES.len()], number, zone, 4, 50.0, Some(150.0), 60.0)
    });
    Ok(dealt.collect())
}

fn station(
    operator: &str,
    number: usize,
    zone: u16,
    connectors: u32,
    connector_kw: f64,
    site_limit_kw: Option<f64>,
    markup_per_mwh: f64,
) -> StationRow {
    StationRow {
        line: 0,
        station_id: format!("{operator}-{number:02}"),
        location: Location::Zone(zone.to_string()),
        operator: operator.to_owned(),
        access: AccessRule::Public,
        connectors,
        connector_kw,
        dc: connector_kw > crate::stations::MOST_AC_KW,
        site_limit_kw,
        retailer: None,
        markup_per_mwh: Some(markup_per_mwh),
        queue_patience_s: None,
        bus: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companies_have_ten_stations_each() {
        let stations = companies().unwrap();
        for company in COMPANIES {
            assert_eq!(stations.iter().filter(|s| s.operator == company).count(), 10);
        }
        let mut zones: Vec<String> = stations.iter().map(|s| format!("{:?}", s.location)).collect();
        zones.sort_unstable();
        zones.dedup();
        assert_eq!(zones.len(), 30);
    }

    #[test]
    fn sixty_stations_each_in_a_zone_of_its_own() {
        let stations = stations().unwrap();
        assert_eq!(stations.len(), 60);
        let mut zones: Vec<String> = stations.iter().map(|s| format!("{:?}", s.location)).collect();
        let mut names: Vec<&str> = stations.iter().map(|s| s.station_id.as_str()).collect();
        zones.sort_unstable();
        zones.dedup();
        names.sort_unstable();
        names.dedup();
        assert_eq!((zones.len(), names.len()), (60, 60));
        for operator in ["hub", "city", "kerb"] {
            assert!(stations.iter().any(|s| s.operator == operator));
        }
    }
}

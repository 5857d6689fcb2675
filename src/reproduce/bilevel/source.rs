//! A year of prices for the case study: Nord Pool's files of 2016 if present, synthetic prices otherwise.

use crate::datasets::prices::nordpool::{self, CLOCK, Kind};
use crate::datasets::prices::text::Text;
use crate::datasets::prices::{GapRule, PriceTable};
use crate::datasets::synth::prices::NORDIC;
use crate::datasets::synth::regulating::regulating;
use crate::error::{InputError, Result};
use crate::reproduce::{Context, Data};
use crate::time::HOUR_S;
use chrono::NaiveDate;
use std::path::{Path, PathBuf};

/// Day-ahead prices of all areas, in the folder of data.
const SPOT: &str = "nordpool/elspot-prices_2016_hourly_eur.csv";
/// Regulating prices of all areas.
const REGULATING: &str = "nordpool/regulating-prices_2016_hourly_eur.csv";
/// The area whose prices are used (assumed; the paper names none): of the areas with the same name in both files, the
/// one with the lowest peak of up-regulation, 335 EUR/MWh.
const AREA: &str = "DK1";

/// Hourly prices of 2016, day-ahead, positive and negative balancing [EUR/MWh], and a sentence that describes them.
///
/// # Errors
/// If a file exists and cannot be read.
pub fn prices(context: &Context<'_>) -> Result<([Vec<f64>; 3], String)> {
    let folder = context.data;
    match [SPOT, REGULATING].iter().all(|name| folder.join(name).is_file()) {
        true => {
            context.runs_on(Data::Files(vec![SPOT.to_owned(), REGULATING.to_owned()]));
            let note = format!(
                "Prices are of Nord Pool, area {AREA}, 2016, hourly: day-ahead; positive balancing: up-regulation; \
                 negative balancing: down-regulation."
            );
            Ok((read(folder)?, note))
        }
        false => {
            context.runs_on(Data::MadeUp);
            let note = format!(
                "Prices are MADE UP, after figures of Nord Pool, because its files are not there: put {SPOT} and \
                 {REGULATING} (Nord Pool's archive of historical market data, in EUR) into {} and run again.",
                folder.display()
            );
            Ok((made_up()?, note))
        }
    }
}

fn read(folder: &Path) -> Result<[Vec<f64>; 3]> {
    let table = |name: &str, kind: Kind| -> Result<(PathBuf, PriceTable)> {
        let path = folder.join(name);
        let rows = nordpool::read(&Text::read(&path)?, kind, Some(AREA), CLOCK)?;
        let (table, _) = rows.regular(GapRule::Interpolate { limit_s: 3 * HOUR_S }, CLOCK)?;
        Ok((path, table))
    };
    let (_, spot) = table(SPOT, Kind::Spot)?;
    let (path, regulating) = table(REGULATING, Kind::Regulating)?;
    if (spot.start, spot.slot_s, spot.slots()) != (regulating.start, regulating.slot_s, regulating.slots()) {
        let hours = |table: &PriceTable| format!("{} hours from {}", table.slots(), table.start.iso());
        let (found, expected) = (hours(&regulating), format!("{}, as in {SPOT}", hours(&spot)));
        return Err(InputError::new(found, expected).file(path).into());
    }
    let mut columns = spot.columns.into_iter().chain(regulating.columns).map(|(_, values)| values);
    Ok(std::array::from_fn(|_| columns.next().unwrap_or_default()))
}

/// A synthetic year with the mean and spread of a Nordic area.
fn made_up() -> Result<[Vec<f64>; 3]> {
    let start = NaiveDate::from_ymd_opt(2016, 1, 1).unwrap_or_default();
    let spot = NORDIC.series(start, 366, 1)?.price_per_mwh;
    let [positive, negative] = regulating(&spot, 1);
    Ok([spot, positive, negative])
}

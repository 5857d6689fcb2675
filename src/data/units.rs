//! Units of columns, as headers or users state them, and their conversion.

use super::cells::is_currency;

/// A quantity that a column of trips, stations or prices holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Distance [km].
    Distance,
    /// Duration [s].
    Duration,
    /// Power [kW].
    Power,
    /// Energy [kWh].
    Energy,
    /// Price of energy [currency/MWh].
    Price,
}

/// An international mile [km] (1959 agreement).
pub const MILE_KM: f64 = 1.609_344;

/// Names of units of distance [km], duration [s], power [kW] and energy [MWh].
const DISTANCES: [(&str, f64); 13] = [
    ("km", 1.0),
    ("kilometer", 1.0),
    ("kilometers", 1.0),
    ("kilometre", 1.0),
    ("kilometres", 1.0),
    ("m", 0.001),
    ("meters", 0.001),
    ("metres", 0.001),
    ("mi", MILE_KM),
    ("mile", MILE_KM),
    ("miles", MILE_KM),
    ("ft", 0.000_304_8),
    ("feet", 0.000_304_8),
];
const DURATIONS: [(&str, f64); 15] = [
    ("s", 1.0),
    ("sec", 1.0),
    ("secs", 1.0),
    ("second", 1.0),
    ("seconds", 1.0),
    ("ms", 0.001),
    ("milliseconds", 0.001),
    ("min", 60.0),
    ("mins", 60.0),
    ("minute", 60.0),
    ("minutes", 60.0),
    ("h", 3_600.0),
    ("hr", 3_600.0),
    ("hour", 3_600.0),
    ("hours", 3_600.0),
];
const POWERS: [(&str, f64); 3] = [("w", 0.001), ("kw", 1.0), ("mw", 1_000.0)];
const ENERGIES: [(&str, f64); 6] =
    [("wh", 1e-6), ("kwh", 0.001), ("mwh", 1.0), ("mwhr", 1.0), ("kwhr", 0.001), ("gwh", 1_000.0)];

/// Hundredths of a currency.
const CENTS: [&str; 6] = ["ct", "cent", "cents", "¢", "c", "p"];

/// Factor from a unit to that of the quantity; `None` if the unit is unknown or of another quantity.
pub fn factor(quantity: Quantity, unit: &str) -> Option<f64> {
    let unit = unit.trim();
    let lower = unit.to_lowercase();
    let look =
        |table: &[(&str, f64)]| table.iter().find(|(name, _)| *name == lower).map(|(_, factor)| *factor);
    match quantity {
        Quantity::Distance => look(&DISTANCES),
        Quantity::Duration => look(&DURATIONS),
        Quantity::Energy => look(&ENERGIES).map(|factor| factor * 1_000.0),
        Quantity::Power => look(&POWERS),
        Quantity::Price => {
            let (money, energy) = unit.split_once('/')?;
            let energy = energy.trim().to_lowercase();
            let energy = ENERGIES.iter().find(|(name, _)| *name == energy)?.1;
            // `€ct`, `EUR ct` and `US cents` as well as `ct`.
            let money = money.trim();
            let last = money.rsplit(' ').next().unwrap_or(money).to_lowercase();
            let bare = last.trim_start_matches(['€', '$', '£']);
            let share = if CENTS.contains(&bare) || bare == "euroct" || bare == "eurocent" {
                0.01
            } else if is_currency(money) || is_code(money) || money.eq_ignore_ascii_case("euro") {
                1.0
            } else {
                return None;
            };
            Some(share / energy)
        }
    }
}

/// Whether a text is built as the code of a currency (ISO 4217).
fn is_code(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// Texts in the brackets of a header.
fn bracketed(header: &str) -> impl Iterator<Item = &str> {
    header.split(['[', '(']).skip(1).map(|part| part.split([']', ')']).next().unwrap_or_default().trim())
}

/// The unit that a header states: in brackets (`Price [EUR/kWh]`, `(mi)`, `($/MWHr)`), behind a comma or blank
/// (`price, ct/kWh`, `LMP $/MWh`), or as a word (`trip_miles`).
pub fn of_header(quantity: Quantity, header: &str) -> Option<String> {
    for inner in bracketed(header) {
        for part in std::iter::once(inner).chain(inner.split(',')) {
            if factor(quantity, part).is_some() {
                return Some(part.trim().to_owned());
            }
        }
    }
    if quantity == Quantity::Price {
        let mut words = header.split([' ', ',', ';', ':']).filter(|word| !word.is_empty());
        let stated = words.find(|word| factor(quantity, word.trim_matches(['[', ']', '(', ')'])).is_some());
        let stated = stated.map(|word| word.trim_matches(['[', ']', '(', ')']).to_owned());
        return stated.or_else(|| {
            // `price_eur_kwh`, `price_per_kwh`, `price_kwh`.
            let parts: Vec<String> = header.split(['_', ' ', '-']).map(str::to_lowercase).collect();
            let energy = parts.iter().find(|part| ENERGIES.iter().any(|(name, _)| name == part))?;
            let cents = parts.iter().any(|part| ["ct", "cent", "cents"].contains(&part.as_str()));
            Some(format!("{}/{energy}", if cents { "ct" } else { "EUR" }))
        });
    }
    // A letter alone is no unit.
    let words = header.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1);
    words.map(str::to_lowercase).find(|word| factor(quantity, word).is_some() && word != "min")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_state_their_unit() {
        use Quantity::{Distance, Duration, Price};
        for (quantity, header, unit, size) in [
            (Price, "price [EUR/kWh]", Some("EUR/kWh"), 1_000.0),
            (Price, "Preis [ct/kWh]", Some("ct/kWh"), 10.0),
            (Price, "LBMP ($/MWHr)", Some("$/MWHr"), 1.0),
            (Price, "Price (EUR/MWh, EUR/tCO2)", Some("EUR/MWh"), 1.0),
            (Price, "Deutschland/Luxemburg [€/MWh] Original", Some("€/MWh"), 1.0),
            (Price, "Germany €ct/kWh", Some("€ct/kWh"), 10.0),
            (Price, "price_kwh", Some("EUR/kwh"), 1_000.0),
            (Price, "price_ct_kwh", Some("ct/kwh"), 10.0),
            (Price, "price", None, 1.0),
            (Price, "Germany/Luxembourg", None, 1.0),
            (Distance, "trip_miles", Some("miles"), MILE_KM),
            (Distance, "Distance (mi)", Some("mi"), MILE_KM),
            (Distance, "distance_m", None, 1.0),
            (Distance, "distance [m]", Some("m"), 0.001),
            (Distance, "trip_distance", None, 1.0),
            (Duration, "Trip Seconds", Some("seconds"), 1.0),
            (Duration, "duration (min)", Some("min"), 60.0),
            (Duration, "Minutes", Some("minutes"), 60.0),
            (Duration, "trip_time", None, 1.0),
        ] {
            let found = of_header(quantity, header);
            assert_eq!(found.as_deref(), unit, "{header}");
            let found = found.map_or(1.0, |unit| factor(quantity, &unit).unwrap());
            assert!((found / size - 1.0).abs() < 1e-12, "{header}: {found}");
        }
    }

    #[test]
    fn units_of_other_quantities_are_unknown() {
        assert_eq!(factor(Quantity::Distance, "kWh"), None);
        assert_eq!(factor(Quantity::Price, "apples/MWh"), None);
        assert_eq!(factor(Quantity::Price, "EUR"), None);
        assert_eq!(factor(Quantity::Price, "JPY/kWh"), Some(1_000.0));
        assert_eq!(factor(Quantity::Power, "MW"), Some(1_000.0));
    }
}

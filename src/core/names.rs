//! Names of keys, figures and input columns in version 1 of the file formats, and the names that replaced them.
//!
//! Version 1 named amounts of any currency after the euro. Files of that version are still read: their names are
//! replaced before anything else looks at them.

/// Present version of scenario and study files.
pub const VERSION: u32 = 2;

/// Names of version 1 and of version 2, sorted by the former.
const RENAMED: [(&str, &str); 66] = [
    ("a_eur_mwh_kw", "a_per_mwh_kw"),
    ("b_eur_mwh", "b_per_mwh"),
    ("base_eur", "base"),
    ("base_eur_mwh", "base_per_mwh"),
    ("c_eur_h", "c_per_h"),
    ("capacity_price_eur_mw_h", "capacity_price_per_mw_h"),
    ("cash_eur", "cash"),
    ("charging_cost_eur", "charging_cost"),
    ("cost_with_lost_fares_eur", "cost_with_lost_fares"),
    ("day_profit_cvar_eur", "day_profit_cvar"),
    ("day_profit_sd_eur", "day_profit_sd"),
    ("deviation_cost_eur", "deviation_cost"),
    ("down_eur_mwh", "down_per_mwh"),
    ("driving_cost_eur", "driving_cost"),
    ("driving_eur_per_km", "driving_cost_per_km"),
    ("end_value_eur_mwh", "end_value_per_mwh"),
    ("energy_cost_eur", "energy_cost"),
    ("fares_eur", "fares"),
    ("generation_cost_eur", "generation_cost"),
    ("household_payments_eur", "household_payments"),
    ("imbalance_cost_eur", "imbalance_cost"),
    ("kappa_kwh_per_eur_mwh", "kappa_kwh_per_price"),
    ("limit_eur_mwh", "limit_per_mwh"),
    ("load_price_eur_mwh", "load_price_per_mwh"),
    ("lost_committed_fares_eur", "lost_committed_fares"),
    ("lost_fares_eur", "lost_fares"),
    ("lost_request_cost_eur", "lost_request_cost"),
    ("lost_request_eur", "lost_request_cost"),
    ("margin_eur_mwh", "margin_per_mwh"),
    ("market_cost_eur", "market_cost"),
    ("market_profit_bound_eur", "market_profit_bound"),
    ("market_profit_eur", "market_profit"),
    ("market_profit_net_eur", "market_profit_net"),
    ("markup_eur_mwh", "markup_per_mwh"),
    ("max_price_eur_mwh", "max_price_per_mwh"),
    ("mean_price_eur_mwh", "mean_price_per_mwh"),
    ("net_profit_eur", "net_profit"),
    ("omega_eur_mwh", "omega_per_mwh"),
    ("operating_cost_eur", "operating_cost"),
    ("operating_profit_eur", "operating_profit"),
    ("payments_eur", "payments"),
    ("per_km_eur", "per_km"),
    ("per_minute_eur", "per_minute"),
    ("price_by_hour_eur_mwh", "hourly_price_per_mwh"),
    ("price_cap_eur_mwh", "price_cap_per_mwh"),
    ("price_eur_mwh", "price_per_mwh"),
    ("price_floor_eur_mwh", "price_floor_per_mwh"),
    ("profit_eur", "profit"),
    ("purchase_cost_eur", "purchase_cost"),
    ("referral_cost_eur", "referral_cost"),
    ("reluctance_eur_mwh", "reluctance_per_mwh"),
    ("rescue_cost_eur", "rescue_cost"),
    ("rescue_eur", "rescue_cost"),
    ("revenue_eur", "revenue"),
    ("rides_in_progress_value_eur", "rides_in_progress_value"),
    ("sensitivity_eur_mwh_per_mw", "sensitivity_per_mwh_mw"),
    ("slope_eur_mwh_per_mw", "slope_per_mwh_mw"),
    ("sold_at_eur_mwh", "sold_at_per_mwh"),
    ("station_cost_eur", "station_cost"),
    ("stored_value_eur", "stored_value"),
    ("supply_credit_eur", "supply_credit"),
    ("theta_eur_mwh_kw", "theta_per_mwh_kw"),
    ("time_value_eur_h", "time_value_per_h"),
    ("up_eur_mwh", "up_per_mwh"),
    ("wear_cost_eur", "wear_cost"),
    ("wear_eur_per_kwh", "wear_cost_per_kwh"),
];

/// Present name of the key, figure or column that version 1 called `name`; `None` if its name did not change.
pub fn renamed(name: &str) -> Option<&'static str> {
    RENAMED
        .binary_search_by_key(&name, |(old, _)| old)
        .ok()
        .and_then(|at| RENAMED.get(at))
        .map(|(_, new)| *new)
}

/// Present form of a path of keys, for example `fleets.0.rescue_eur`; `None` if none of its keys changed.
pub fn renamed_path(path: &str) -> Option<String> {
    let mut changed = false;
    let parts: Vec<&str> = path
        .split('.')
        .map(|part| match renamed(part) {
            Some(new) => {
                changed = true;
                new
            }
            None => part,
        })
        .collect();
    changed.then(|| parts.join("."))
}

/// Whether `name` is the present name of an amount of money, or of a price, that version 1 named after the euro.
pub fn is_money(name: &str) -> bool {
    RENAMED.iter().any(|(_, new)| *new == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_old_name_is_found_once_and_no_new_name_is_old() {
        for pair in RENAMED.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{pair:?}");
        }
        for (old, new) in RENAMED {
            assert_eq!(renamed(old), Some(new));
            assert_eq!(renamed(new), None, "{new}");
        }
    }

    #[test]
    fn paths_are_renamed_part_by_part() {
        assert_eq!(renamed_path("fleets.0.fare.per_km_eur").unwrap(), "fleets.0.fare.per_km");
        assert_eq!(renamed_path("operators.hub.profit_eur").unwrap(), "operators.hub.profit");
        assert_eq!(renamed_path("time.days"), None);
    }
}

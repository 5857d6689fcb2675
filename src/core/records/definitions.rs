//! Definitions of the figures of `summary.json`, for people: name, unit, better direction, meaning, and the sums among
//! them.

use super::catalogue::{
    COMPETITOR_FIGURES, Direction, FIGURES, FigureInfo, GROUP_FIGURES, MARKET_FIGURES, OPERATOR_FIGURES,
    RETAILER_FIGURES, STATION_FIGURES,
};
use super::figures::{
    CompetitorFigures, Figures, GroupFigures, MarketFigures, OperatorFigures, RetailerFigures, StationFigures,
};
use schemars::JsonSchema;
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// A figure that is the sum of others, each with its sign. Figures that a run does not have count as zero.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// Name of the sum.
    pub sum: &'static str,
    /// Signs and names of its parts.
    pub parts: &'static [(f64, &'static str)],
}

/// Sums among the figures of one fleet, and of all together.
pub const IDENTITIES: &[Identity] = &[
    Identity {
        sum: "trips_requested",
        parts: &[(1.0, "trips_served"), (1.0, "trips_lost"), (1.0, "trips_in_progress")],
    },
    Identity {
        sum: "trips_lost",
        parts: &[
            (1.0, "trips_lost_no_vehicle"),
            (1.0, "trips_lost_low_charge"),
            (1.0, "trips_lost_committed"),
        ],
    },
    Identity {
        sum: "operating_cost",
        parts: &[
            (1.0, "charging_cost"),
            (1.0, "driving_cost"),
            (1.0, "wear_cost"),
            (1.0, "lost_request_cost"),
            (1.0, "rescue_cost"),
            (1.0, "referral_cost"),
            (-1.0, "market_profit"),
        ],
    },
    Identity { sum: "operating_profit", parts: &[(1.0, "fares"), (-1.0, "operating_cost")] },
    Identity { sum: "cost_with_lost_fares", parts: &[(1.0, "operating_cost"), (1.0, "lost_fares")] },
    Identity {
        sum: "net_profit",
        parts: &[(1.0, "operating_profit"), (1.0, "stored_value"), (1.0, "rides_in_progress_value")],
    },
    Identity {
        sum: "market_profit",
        parts: &[(1.0, "supply_credit"), (-1.0, "market_cost"), (-1.0, "imbalance_cost")],
    },
    Identity { sum: "market_profit_net", parts: &[(1.0, "market_profit"), (-1.0, "lost_committed_fares")] },
    Identity { sum: "tariff_kwh", parts: &[(1.0, "energy_charged_kwh"), (-1.0, "market_delivered_kwh")] },
];

/// Figures that only fleets trading in markets have.
pub const OF_TRADING: [&str; 3] = ["market_profit", "market_profit_net", "tariff_kwh"];

impl Identity {
    /// Whether only a fleet that trades has the sum.
    pub fn is_of_trading(&self) -> bool {
        OF_TRADING.contains(&self.sum)
    }
}

/// The identities that `figures`, as in `summary.json`, break by more than `tolerance`; those whose sum is absent do
/// not apply.
pub fn broken(figures: &Map<String, Value>, tolerance: f64) -> Vec<String> {
    let value = |name: &str| figures.get(name).and_then(Value::as_f64);
    let check = |identity: &Identity| {
        let sum = value(identity.sum)?;
        let parts: f64 = identity.parts.iter().map(|(sign, name)| sign * value(name).unwrap_or(0.0)).sum();
        ((sum - parts).abs() > tolerance).then(|| format!("{} is {sum}, its parts are {parts}", identity.sum))
    };
    IDENTITIES.iter().filter_map(check).collect()
}

/// Descriptions of the figures of one kind by name, from their documentation.
fn meanings<T: JsonSchema>() -> Map<String, Value> {
    let schema = schemars::schema_for!(T);
    let mut found = Map::new();
    collect(schema.as_value(), schema.as_value(), &mut found);
    found
}

/// Collects the properties of a schema and of the schemas flattened into it.
fn collect(schema: &Value, root: &Value, found: &mut Map<String, Value>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (name, property) in properties {
            if let Some(text) = property.get("description") {
                found.entry(name.clone()).or_insert_with(|| text.clone());
            }
        }
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str)
        && let Some(target) = reference.strip_prefix('#').and_then(|path| root.pointer(path))
    {
        collect(target, root, found);
    }
    for list in ["allOf", "anyOf", "oneOf"] {
        for part in schema.get(list).and_then(Value::as_array).into_iter().flatten() {
            collect(part, root, found);
        }
    }
}

/// The definitions as Markdown.
pub fn markdown() -> String {
    let mut text = String::new();
    section::<Figures>(&mut text, "Fleets: `total` and `fleets`", FIGURES);
    section::<OperatorFigures>(&mut text, "Operators of stations: `operators`", OPERATOR_FIGURES);
    section::<GroupFigures>(
        &mut text,
        "Groups of stations: `groups`, `coalition` and `rest`, where the scenario names stations",
        GROUP_FIGURES,
    );
    section::<StationFigures>(&mut text, "Stations: `stations`, in runs alone", STATION_FIGURES);
    section::<MarketFigures>(&mut text, "Markets: `markets`", MARKET_FIGURES);
    section::<RetailerFigures>(&mut text, "Retailers: `retailers`", RETAILER_FIGURES);
    section::<CompetitorFigures>(&mut text, "Retailers that compete: `competitors`", COMPETITOR_FIGURES);
    text.push_str(
        "## Sums\n\nFor each fleet and for all together; figures that a run does not have count as zero.\n\n",
    );
    for identity in IDENTITIES {
        let _ = write!(text, "- `{}` =", identity.sum);
        for (i, (sign, name)) in identity.parts.iter().enumerate() {
            let sign = match (i, *sign < 0.0) {
                (0, false) => "",
                (_, false) => "+ ",
                (_, true) => "− ",
            };
            let _ = write!(text, " {sign}`{name}`");
        }
        text.push('\n');
    }
    text
}

fn section<T: JsonSchema>(text: &mut String, title: &str, figures: &[FigureInfo]) {
    let meanings = meanings::<T>();
    let _ = write!(text, "## {title}\n\n| figure | unit | better | meaning |\n|---|---|---|---|\n");
    for figure in figures {
        let better = match figure.better {
            Direction::Higher => "more",
            Direction::Lower => "less",
            Direction::Neither => "",
        };
        let meaning = meanings.get(figure.name).and_then(Value::as_str).unwrap_or("").replace('\n', " ");
        let _ = writeln!(text, "| `{}` | {} | {better} | {meaning} |", figure.name, figure.unit);
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_meaning() {
        let text = markdown();
        for row in text.lines().filter(|line| line.starts_with("| `")) {
            assert!(!row.ends_with("|  |"), "{row}");
        }
        assert!(text.contains("| `market_profit` | currency | more | Profit from trading"), "{text}");
    }

    #[test]
    fn a_sum_that_does_not_add_up_is_found() {
        let figures = serde_json::json!({ "fares": 10.0, "operating_cost": 4.0, "operating_profit": 6.5 });
        assert_eq!(
            broken(figures.as_object().unwrap(), 1e-6),
            ["operating_cost is 4, its parts are 0", "operating_profit is 6.5, its parts are 6"]
        );
    }
}

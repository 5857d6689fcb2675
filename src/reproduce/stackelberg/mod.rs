//! Targets `stackelberg-table3`, `-table4`, `-fig7` to `-fig12`: a retailer, three groups of homes, fifty vehicles whose
//! drivers are drawn at random.
//!
//! | file | what |
//! |---|---|
//! | `draws` | days drawn and their equilibria, and notes on all targets |
//! | `tables` | tables III and IV, and the findings that must hold |
//! | `figures` | figures 7 to 12 |

mod draws;
mod figures;
mod tables;

use super::{Context, Outcome, Target};
use crate::error::Result;

/// Default number of days: enough to give the means of table III to a few tenths of a percent.
const DAYS: u32 = 1_000;

const fn target(
    name: &'static str,
    title: &'static str,
    source: &'static str,
    run: fn(&Context<'_>) -> Result<Outcome>,
) -> Target {
    Target { name, title, source, replications: Some(DAYS), run }
}

/// Table III.
pub const TABLE_3: Target = target(
    "stackelberg-table3",
    "Peak, energy, payments and cost without and with answers to the price",
    "Azimian and others, Stackelberg game approach considering BEV uncertainty, table III",
    tables::table_3,
);
/// Table IV.
pub const TABLE_4: Target = target(
    "stackelberg-table4",
    "Expected load and its deviation by hour, over drivers at random",
    "Azimian and others, Stackelberg game approach considering BEV uncertainty, table IV",
    tables::table_4,
);
/// Figure 7.
pub const FIG_7: Target = target(
    "stackelberg-fig7",
    "Load of groups 2 and 3 before and after",
    "Azimian and others, Stackelberg game approach considering BEV uncertainty, figure 7",
    figures::fig_7,
);
/// Figure 8.
pub const FIG_8: Target = target(
    "stackelberg-fig8",
    "Load of 50 vehicles that charge as they come home",
    "Azimian and others, Stackelberg game approach considering BEV uncertainty, figure 8",
    figures::fig_8,
);
/// Figure 9.
pub const FIG_9: Target = target(
    "stackelberg-fig9",
    "Load of 50 vehicles that answer to the price and feed back",
    "Azimian and others, Stackelberg game approach considering BEV uncertainty, figure 9",
    figures::fig_9,
);
/// Figure 10.
pub const FIG_10: Target = target(
    "stackelberg-fig10",
    "Load of group 1, with its vehicles, before and after",
    "Azimian and others, Stackelberg game approach considering BEV uncertainty, figure 10",
    figures::fig_10,
);
/// Figure 11.
pub const FIG_11: Target = target(
    "stackelberg-fig11",
    "Generation before and after",
    "Azimian and others, Stackelberg game approach considering BEV uncertainty, figure 11",
    figures::fig_11,
);
/// Figure 12.
pub const FIG_12: Target = target(
    "stackelberg-fig12",
    "Prices before and after",
    "Azimian and others, Stackelberg game approach considering BEV uncertainty, figure 12",
    figures::fig_12,
);

//! An aggregator that sells to owners of electric vehicles against rivals, and buys ahead and in a balancing market.
//!
//! A game of two levels. The aggregator sets a selling price for each hour and buys energy a day ahead; the owners then
//! split their demand over all aggregators at least cost; prices of the markets come out, and the balancing market takes
//! what is short or left. The aggregator maximises its expected profit + beta * CVaR over scenarios of prices and demand.
//!
//! | file | what |
//! |---|---|
//! | `model` | the game: scenarios, rivals, owners, limits |
//! | `owners` | the lower level: how owners answer to prices |
//! | `hour` | the best balancing of an hour in each scenario |
//! | `offer`, `program` | what can be offered in an hour: by corners, or by a linear program |
//! | `search` | the choice of one offer per hour: the default method, exact |
//! | `kkt` | the paper's method: one mixed-integer program by the optimality conditions of the lower level |
//! | `plan` | a solution and what it comes to |
//! | `verify` | a solution checked again from the game alone |
//! | `risk` | CVaR and spread of profits |
//! | `paper` | the case study of the paper |
//! | `scenarios` | price model, sampling, reduction, rivals |
//!
//! Source: H. Rashidizadeh-Kermani, H. R. Najafi, A. Anvari-Moghaddam and J. M. Guerrero, Optimal decision-making strategy
//! of an electric vehicle aggregator in short-term electricity markets, Energies 11, 2018, read as the usual bi-level model
//! of a retailer with CVaR.
//!
#![doc = include_str!("../../../docs/equations/rendered/bilevel.md")]

mod hour;
pub mod kkt;
mod model;
mod offer;
mod owners;
pub mod paper;
mod plan;
mod program;
pub mod risk;
pub mod scenarios;
mod search;
mod verify;

pub use model::{Game, Parameters, Purchase, Risk, RivalScenario, Scenario};
pub use owners::{Owners, ShareRange, Split};
pub use plan::{HourPlan, Options, Plan, solve};
pub use risk::Profit;
pub use verify::{Check, verify};

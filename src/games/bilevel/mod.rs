//! An aggregator that sells energy to owners of electric vehicles in competition with rivals, and buys it day-ahead and
//! in a balancing market.
//!
//! A bi-level game. The aggregator sets a selling price for each hour and buys energy a day ahead; the owners then
//! split their demand over all aggregators at least cost; market prices are revealed, and shortages and surpluses are
//! settled in the balancing market. The aggregator maximises its expected profit + beta * CVaR over scenarios of prices
//! and demand.
//!
//! | file | contents |
//! |---|---|
//! | `model` | the game: scenarios, rivals, owners, limits |
//! | `owners` | the lower level: response of the owners to prices |
//! | `hour` | optimal balancing of an hour in each scenario |
//! | `offer`, `program` | feasible offers of an hour: by extreme points, or by a linear program |
//! | `search` | the choice of one offer per hour: the default method, exact |
//! | `kkt` | the paper's method: one mixed-integer program with the optimality conditions of the lower level |
//! | `plan` | a solution and its results |
//! | `verify` | independent check of a solution from the game data alone |
//! | `risk` | mean, standard deviation and CVaR of profits |
//! | `paper` | the case study of the paper |
//! | `scenarios` | price model, sampling, reduction, rivals |
//!
//! Source: H. Rashidizadeh-Kermani, H. R. Najafi, A. Anvari-Moghaddam and J. M. Guerrero, Optimal decision-making
//! strategy of an electric vehicle aggregator in short-term electricity markets, Energies 11, 2018, interpreted as the
//! usual bi-level model of a retailer with CVaR.
//!
#![doc = include_str!("../../../docs/equations/rendered/bilevel.md")]
//!
//! ## How it is solved
//!
//! The paper puts the optimality conditions of the owners into one mixed-integer program, too slow for `microlp` beyond
//! a few hours. The default method is also exact and takes milliseconds, because of three properties:
//!
//! - **The owners' response is a step function** (`owners`). Each initial group compares staying with the cheapest path
//!   to each other; it buys from the aggregator below a threshold. Below a step the aggregator's price can rise without
//!   losing any group, so only prices at a step (or the highest allowed) are candidates. At a step indifferent owners
//!   decide in the aggregator's favour, so the share is any between both sides: the optimistic response, as in the
//!   paper's program, and one purchase can hedge with a part of them.
//! - **At one price an hour is a small concave problem** in share and purchase, with the same flat pieces in each
//!   scenario. All feasible outcomes are mixtures of the corners where two of its lines meet (`offer`). With bidding
//!   curves, or more than 40 scenarios, a linear program finds the best point instead (`program`).
//! - **Only the CVaR couples the hours, and it is a least mean** over the weights that the tail may assign to
//!   scenarios. For given weights each hour takes its best corner: a bound. The least such bound is convex in as many
//!   dimensions as there are scenarios, and is found by cutting planes (`search`); in the dual view, the cuts are a
//!   mixture of corners, and the few hours that mix two prices are branched on.
//!
//! The paper's program ([`kkt`]) is the oracle, of whole days by HiGHS. [`verify()`] uses none of this and starts from
//! the game's figures.

mod error;
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

pub use error::{BilevelError, BilevelProblem, Parameter, ScenarioPart};
pub use model::{BilevelGame, BilevelParameters, Purchase, Risk, RivalScenario, Scenario};
pub use owners::{Owners, ShareRange, Split};
pub use plan::{BilevelSolution, HourPlan, SearchOptions, solve};
pub use risk::Profit;
pub use verify::{Check, verify};

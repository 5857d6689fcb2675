//! Nash and C-Nash equilibria of charging stations: each plans its load, and the price depends on the total load.
//!
//! Station i draws x_i^t at step t, in total its demand d_i, and pays the price p^t = a^t + b^t sum_i x_i^t; a
//! deviation from its nominal profile costs mu_i / 2 times the squared distance. A coalition minimises the joint cost
//! of its members; a station outside any coalition minimises its own cost. No coalition: Nash; the grand coalition:
//! full coordination. The game is strongly monotone, so there is exactly one equilibrium.
//!
//! | file | contents |
//! |---|---|
//! | `model`, `structure`, `profiles` | the game, its coalitions, a value per station and step |
//! | `closed_form` | the equilibrium without bounds |
//! | `bounded`, `response` | with bounds, a common limit, elastic demand, or rows |
//! | `delivery` | rows: energy that must or may have been drawn by the end of each step |
//! | `least_cost` | the least total cost of known deliveries: a bound for any plan |
//! | `residual` | largest remaining gain of any player |
//! | `check` | conditions that an equilibrium must satisfy before it is returned |
//! | `ratios` | Nash compared with C-Nash |
//! | `coupling`, `conditions`, `theorems` | the paper's matrix Q and its theorems on when Nash is better, and their check on a game |
//! | `paper` | the games behind the paper's figures |
//!
//! Source: S. Kudva, K. Kulkarni, C. Maheshwari, A. Aswani and S. Sastry, "Understanding the impact of coalitions
//! between EV charging stations".
//!
#![doc = include_str!("../../../docs/equations/rendered/c_nash.md")]
//!
//! ## How it is solved
//!
//! The paper inverts b (1 1' + C) + diag(mu); the code does the same, in economic terms:
//!
//! - Members of a coalition see the same marginal price, so each deviates from its nominal profile in proportion to 1 /
//!   mu_i. Together they are one station with the sum of their profiles and 1 / mu = sum of 1 / mu_i. The result is a
//!   Nash game.
//! - At given prices a station's best response is a division per step; the sum of all responses decreases linearly in
//!   the markup that they cause together. One system of T equations yields the markup, and it decouples where the slope
//!   b is the same at all steps: two passes over the profiles, O(N T).
//!
//! With bounds, a common limit, elastic demand or rows the responses are still exact, by a small problem per station
//! (`response`), but they are only piecewise linear. The equilibrium then minimises a potential, and the markups (one
//! per step, and one more per step and coalition) maximise its dual (`bounded`). Newton's method with a line search
//! needs a few tens of passes for any N. Best responses in turn would need about N passes, because each station
//! reverses the effect of the one before it. [`residual()`] then bounds the remaining gain of any station or coalition,
//! from the profiles alone. A limit that cannot be satisfied shows in markups that grow; the steps where they do are
//! tested by Hoffman's condition and named in the message.

mod bounded;
pub mod check;
mod closed_form;
pub mod conditions;
mod coupling;
mod delivery;
mod least_cost;
pub(super) mod linear;
mod model;
pub mod paper;
mod profiles;
mod ratios;
mod residual;
mod response;
mod structure;
mod theorems;

pub use bounded::SearchStats;
pub use coupling::Coupling;
pub use delivery::{Delivery, Undeliverable};
pub use least_cost::{Deliveries, LeastCost, least_cost};
pub use model::{CNashGame, CNashParameters, Elastic, LoadBound};
pub use profiles::Profiles;
pub use ratios::{Better, Comparison, Favoured, Ratios, compare};
pub use residual::residual;
pub use structure::Structure;
pub use theorems::{GroupCheck, TheoremCheck, theorems};

use gridfleet_core::error::Result;

/// Loads, prices and costs at an equilibrium.
#[derive(Debug, Clone, PartialEq)]
pub struct CNashEquilibrium {
    /// Load of each station at each step.
    pub profiles: Profiles,
    /// Total load at each step \[T\].
    pub load: Vec<f64>,
    /// Price of each step \[T\], a + b * load.
    pub prices: Vec<f64>,
    /// Shadow price of the common limit for each player at each step \[T\]; 0 where it does not bind. No player pays
    /// it: it keeps the stations within the limit (see [`solve`]).
    pub limit_prices: Vec<f64>,
    /// Cost of each station \[N\] (equation 1 of the paper).
    pub costs: Vec<f64>,
    /// Value of the energy to each station \[N\]; empty if demand is fixed.
    pub values: Vec<f64>,
    /// Computational work; zero for the closed form.
    pub work: SearchStats,
}

impl CNashEquilibrium {
    /// Computes the prices, costs and values that follow from the profiles.
    fn of(game: &CNashGame, profiles: Profiles, limit_prices: Vec<f64>) -> Self {
        let load = profiles.load();
        let prices = game.prices(&load);
        let costs = game.costs(&profiles, &prices);
        let values = game.values(&profiles);
        Self { profiles, load, prices, limit_prices, costs, values, work: SearchStats::default() }
    }
}

/// Computes the equilibrium of a game among coalitions: in closed form, or with bounds by Newton's method on prices.
///
/// A common limit couples the feasible sets of the stations, so there may be many equilibria. The solution is the one
/// in which the limit has the same shadow price for all (the normalised equilibrium: J. B. Rosen, Existence and
/// uniqueness of equilibrium points for concave n-person games, Econometrica 33, 1965).
///
/// Every result is [checked](check): demands, bounds and the limit are kept to [`check::KEPT`], and no player could
/// gain more than [`check::GAIN`] of all payments.
///
/// # Errors
/// If the stations cannot keep the limit, or the magnitudes of the input differ too much for double precision
/// ([`check::Unkept`]). The work is bounded for any input.
///
/// # Panics
/// If `structure` has a different number of stations.
pub fn solve(game: &CNashGame, structure: &Structure) -> Result<CNashEquilibrium> {
    assert_eq!(game.stations(), structure.stations(), "stations of the game and of the coalitions");
    let (mut profiles, limit_prices, work) = if game.is_unbounded() {
        (closed_form::profiles(game, structure).0, vec![0.0; game.steps()], SearchStats::default())
    } else {
        bounded::profiles(game, structure)?
    };
    check::mend(game, &mut profiles);
    let equilibrium = CNashEquilibrium { work, ..CNashEquilibrium::of(game, profiles, limit_prices) };
    check::check(game, structure, &equilibrium)?;
    Ok(equilibrium)
}

//! Nash and C-Nash equilibria of charging stations: each plans its load, and the load of all makes the price.
//!
//! Station i draws x_i^t at step t, in all its demand d_i, and pays the price p^t = a^t + b^t sum_i x_i^t; being away
//! from its nominal profile costs it mu_i / 2 times the squared distance. A coalition minimises what its members
//! pay together; whoever is in none minimises its own cost. No coalition: Nash; one of everybody: full coordination.
//! The game is strongly monotone, so there is exactly one equilibrium.
//!
//! | file | what |
//! |---|---|
//! | `model`, `structure`, `profiles` | the game, who decides together, a figure per station and step |
//! | `closed_form` | the equilibrium without bounds |
//! | `bounded`, `response` | with bounds, a limit for all together and elastic demand |
//! | `residual` | what anybody could still gain |
//! | `check` | what an equilibrium must keep before it is given out |
//! | `ratios` | Nash against C-Nash |
//! | `coupling`, `conditions` | the paper's matrix Q and its theorems on when Nash is better |
//! | `paper` | the games behind the paper's figures |
//!
//! Source: S. Kudva, K. Kulkarni, C. Maheshwari, A. Aswani and S. Sastry, "Understanding the impact of coalitions
//! between EV charging stations".
//!
#![doc = include_str!("../../../docs/equations/rendered/c_nash.md")]

mod bounded;
pub mod check;
mod closed_form;
pub mod conditions;
mod coupling;
pub(super) mod linear;
mod model;
pub mod paper;
mod profiles;
mod ratios;
mod residual;
mod response;
mod structure;

pub use bounded::Work;
pub use coupling::Coupling;
pub use model::{Bound, Elastic, Game, Parameters};
pub use profiles::Profiles;
pub use ratios::{Comparison, Ratios, compare};
pub use residual::residual;
pub use structure::Structure;

use gridfleet_core::error::Result;

/// What all draw, and what it costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Equilibrium {
    /// What each station draws at each step.
    pub profiles: Profiles,
    /// What all draw at each step \[T\].
    pub load: Vec<f64>,
    /// Price of each step \[T\], a + b * load.
    pub prices: Vec<f64>,
    /// What a unit more of the common limit would be worth to each player at each step \[T\]; 0 where it does not
    /// bind. Nobody pays it: it is what keeps the stations within the limit (see [`solve`]).
    pub limit_prices: Vec<f64>,
    /// Cost of each station \[N\] (equation 1 of the paper).
    pub costs: Vec<f64>,
    /// What the energy is worth to each station \[N\]; empty where demand is fixed.
    pub values: Vec<f64>,
    /// Work of finding it; none in closed form.
    pub work: Work,
}

impl Equilibrium {
    /// With the price, the costs and the values that follow from the profiles.
    fn of(game: &Game, profiles: Profiles, limit_prices: Vec<f64>) -> Self {
        let load = profiles.load();
        let prices = game.prices(&load);
        let costs = game.costs(&profiles, &prices);
        let values = game.values(&profiles);
        Self { profiles, load, prices, limit_prices, costs, values, work: Work::default() }
    }
}

/// The equilibrium of a game among coalitions: in closed form, or with bounds by Newton's method on prices.
///
/// A limit for all together ties the sets from which stations choose to each other, so that there may be many
/// equilibria. Found is the one in which the limit is worth the same to all (the normalised equilibrium: J. B.
/// Rosen, Existence and uniqueness of equilibrium points for concave n-person games, Econometrica 33, 1965).
///
/// A result has been [checked](check): demands, bounds and the limit are kept to [`check::KEPT`], and no player
/// could gain more than [`check::GAIN`] of what is paid.
///
/// # Errors
/// If the stations cannot keep the limit, or the figures are so far apart that double precision cannot hold the
/// result ([`check::Unkept`]). The work is bounded for any figures.
///
/// # Panics
/// If `structure` is of another number of stations.
pub fn solve(game: &Game, structure: &Structure) -> Result<Equilibrium> {
    assert_eq!(game.stations(), structure.stations(), "stations of the game and of the coalitions");
    let (mut profiles, limit_prices, work) = if game.is_unbounded() {
        (closed_form::profiles(game, structure).0, vec![0.0; game.steps()], Work::default())
    } else {
        bounded::profiles(game, structure)?
    };
    check::mend(game, &mut profiles);
    let equilibrium = Equilibrium { work, ..Equilibrium::of(game, profiles, limit_prices) };
    check::check(game, structure, &equilibrium)?;
    Ok(equilibrium)
}

//! Double-entry bookkeeping: each posting moves an amount from one account to another.
//!
//! Amounts are whole millionths of the scenario's currency, so that sums are
//! exact and the ledger balances to zero, not to a rounding error.
//!
//! Money never wraps or saturates. One amount is at most [`Money::MOST_UNITS`]; a larger one is refused on conversion
//! from a float. That is 10^24 millionths, and an `i128` stores 1.7 x 10^38 of them: sums of up to 1.7 x 10^14 amounts
//! of any sign are exact. No run posts that many: at ten million postings a second it would take half a year, and the
//! rows would fill petabytes. Operators check for overflow all the same.
//!
//! The release build has no overflow checks: with them
//! (`--config 'profile.release.package.gridfleet.overflow-checks=true'`, all code in one crate then) a simulated week
//! of 120,000 requests took 3 % more (`cargo bench --bench engine`, `week/nearest-idle`, medians of five alternating
//! runs: 209 against 203 ms), beyond the 2 % that they were allowed. Amounts of money and sizes of inputs are checked
//! where they enter; tests and fuzz targets run with the checks.

mod chart;

pub use chart::{Account, Chart};

use crate::ids::{AccountId, BidId, HouseholdId, IdVec, RequestId, RetailerId, SessionId, VehicleId};
use crate::time::SimTime;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

/// An amount of money in millionths of the scenario's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(pub i128);

/// An amount that is not a finite number, or exceeds [`Money::MOST_UNITS`] [currency].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoAmount(pub f64);

impl fmt::Display for NoAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an amount of {:e}", self.0)
    }
}

impl Money {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// Largest amount of either sign [currency].
    pub const MOST_UNITS: f64 = 1e18;

    /// Converts an amount in whole units of currency, rounded to the nearest millionth.
    ///
    /// # Errors
    /// If it is not a number or exceeds [`Self::MOST_UNITS`].
    pub fn from_units(amount: f64) -> Result<Self, NoAmount> {
        // NaN is within no bounds.
        if amount.abs() <= Self::MOST_UNITS {
            Ok(Self((amount * 1e6).round() as i128))
        } else {
            Err(NoAmount(amount))
        }
    }

    /// The amount in whole units of currency.
    pub fn units(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The sum; `None` on overflow.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

/// An amount in whole units of currency, rounded to the nearest millionth: for figures that are in no account.
pub fn rounded(amount: f64) -> f64 {
    (amount * 1e6).round() / 1e6
}

/// Reason why the operators below cannot overflow.
const BOUNDED: &str = "amounts are bounded, and there are too few of them to exceed what can be held";

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.checked_add(other).expect(BOUNDED)
    }
}
impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}
impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.checked_neg().expect(BOUNDED))
    }
}
impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

names! {
    /// Reason for a posting.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[non_exhaustive]
    pub enum EntryKind {
        /// A rider pays a fleet for a trip.
        Fare = "fare",
        /// A fleet pays a station's operator for a session.
        Charging = "charging",
        /// A station's operator pays its retailer for the energy of a session.
        Energy = "energy",
        /// Cost of driving a leg (tyres, cleaning, insurance by distance).
        Driving = "driving",
        /// Wear of the battery by the energy charged and discharged.
        Wear = "wear",
        /// Income lost with a request that was not served, where the scenario prices it.
        LostRequest = "lost_request",
        /// Recovery of a stranded vehicle.
        Rescue = "rescue",
        /// A bidder pays a market for energy bought, or is paid for energy sold.
        Trade = "trade",
        /// A retailer refunds a fleet for energy that came from a market.
        SupplyCredit = "supply_credit",
        /// Households pay their retailer for their consumption.
        Household = "household",
        /// Cost to a retailer of serving its customers.
        Generation = "generation",
        /// A bidder settles its imbalance with the system operator: energy bought and not taken, or taken beyond its
        /// purchases.
        Imbalance = "imbalance",
        /// A fleet pays another fleet of its coalition, whose rider it served.
        Referral = "referral",
    }
}

/// The row of another table that an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reference {
    /// `trips.parquet`, by request.
    Trip(RequestId),
    /// `sessions.parquet`, by session.
    Session(SessionId),
    /// A vehicle.
    Vehicle(VehicleId),
    /// `market.parquet`, by bid.
    Bid(BidId),
    /// A settlement interval, counted from the start.
    Interval(u32),
    /// A group of households.
    Household(HouseholdId),
    /// A retailer.
    Retailer(RetailerId),
}

/// One posting: `amount` leaves the account `credit` and arrives at the account `debit`.
///
/// In the payer's books, cash is credited; in the receiver's books, cash is debited. So `debit` is the receiver and
/// `credit` the payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Time of posting.
    pub time: SimTime,
    /// Receiving account.
    pub debit: AccountId,
    /// Paying account.
    pub credit: AccountId,
    /// Amount; not negative.
    pub amount: Money,
    /// Reason.
    pub kind: EntryKind,
    /// Row of another table, vehicle or interval to which it refers.
    pub reference: Reference,
}

/// Balances of all accounts.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    balances: IdVec<AccountId, Money>,
}

impl Ledger {
    /// A ledger of `accounts` accounts, all at zero.
    pub fn new(accounts: usize) -> Self {
        Self { balances: IdVec::filled(accounts, Money::ZERO) }
    }

    /// Posts an entry.
    pub fn post(&mut self, entry: &LedgerEntry) {
        self.balances[entry.debit] += entry.amount;
        self.balances[entry.credit] += -entry.amount;
    }

    /// Balance of an account: received less paid.
    pub fn balance(&self, account: AccountId) -> Money {
        self.balances[account]
    }

    /// Sum over all accounts: always zero.
    pub fn total(&self) -> Money {
        self.balances.iter().copied().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_cannot_be_held_is_no_sum() {
        assert_eq!(Money(i128::MAX).checked_add(Money(1)), None);
        assert_eq!(Money(i128::MIN).checked_add(Money(-1)), None);
        assert_eq!(Money::from_units(1.5e-6), Ok(Money(2)));
        assert!(Money::from_units(f64::INFINITY).is_err() && Money::from_units(1.1e18).is_err());
    }

    proptest! {
        #[test]
        fn the_books_balance_whatever_is_posted(
            entries in prop::collection::vec((0u16..5, 0u16..5, -1e9..1e9f64), 0..200)
        ) {
            let mut ledger = Ledger::new(5);
            for (debit, credit, amount) in entries {
                ledger.post(&LedgerEntry {
                    time: SimTime(0),
                    debit: AccountId(debit),
                    credit: AccountId(credit),
                    amount: Money::from_units(amount).unwrap(),
                    kind: EntryKind::Fare,
                    reference: Reference::Trip(RequestId(0)),
                });
            }
            prop_assert_eq!(ledger.total(), Money::ZERO);
        }

        #[test]
        fn an_amount_is_rounded_to_the_nearest_millionth_or_refused(amount in prop::num::f64::ANY) {
            match Money::from_units(amount) {
                Ok(money) => {
                    prop_assert!(amount.abs() <= Money::MOST_UNITS);
                    // Half a millionth, and the rounding error of the float itself.
                    let error = (money.units() - amount).abs();
                    prop_assert!(error <= 0.500_001e-6 + amount.abs() * 4.0 * f64::EPSILON, "{error}");
                    prop_assert_eq!(Money::from_units(-amount), Ok(-money));
                }
                Err(NoAmount(refused)) => {
                    prop_assert!(refused.is_nan() || refused.abs() > Money::MOST_UNITS);
                }
            }
        }

        /// The order of postings does not matter, and no sum of the largest amounts wraps.
        #[test]
        fn sums_are_exact(signs in prop::collection::vec(any::<bool>(), 1..400), small in -1e3..1e3f64) {
            let most = Money::from_units(Money::MOST_UNITS).unwrap();
            let small = Money::from_units(small).unwrap();
            let amounts = signs.iter().map(|&up| if up { most } else { -most });
            let sum: Money = amounts.clone().chain([small]).sum();
            let back: Money = std::iter::once(small).chain(amounts.rev()).sum();
            let up = signs.iter().filter(|&&up| up).count() as i128;
            prop_assert_eq!(sum, back);
            prop_assert_eq!(sum - small, Money((2 * up - signs.len() as i128) * most.0));
        }
    }
}

//! Accounts of the ledger, postings of the engine, and the bills of sessions.
//!
//! A session is paid when it has been recorded. If its energy has a load-dependent price, that is known only at the end
//! of the slot: the bill waits here, and the end of the slot (`loads`) settles it.

use crate::world::{Party, Setup};
use gridfleet_core::error::InputError;
use gridfleet_core::ids::{AccountId, FleetId, HouseholdId, MarketId, OperatorId, RetailerId};
use gridfleet_core::ledger::{EntryKind, Ledger, LedgerEntry, Money, NoAmount, Reference};
use gridfleet_core::records::{Recorder, SessionRecord};
use gridfleet_core::time::SimTime;

/// Numbers of the accounts, in the order of `Setup::labels`.
#[derive(Debug, Clone)]
pub(super) struct Accounts {
    fleets: usize,
    operators: usize,
    retailers: usize,
    markets: usize,
    /// Number of the first household account.
    first_households: usize,
    pub ledger: Ledger,
    /// Completed sessions in slots whose price is not known yet.
    pub unpaid: Vec<Bill>,
    /// The first amount that was too large to be posted: its kind and time.
    fault: Option<(NoAmount, EntryKind, SimTime)>,
}

impl Accounts {
    pub fn new(setup: &Setup) -> Self {
        let (fleets, operators, retailers) =
            (setup.fleets.len(), setup.operators.len(), setup.retailers.len());
        let markets = setup.trading.markets.len();
        // Without trading, neither markets nor the system operator have an account; the additional one is the system
        // operator's.
        let traders = if setup.trading.is_active() { markets + 1 } else { 0 };
        let first_households = 2 + fleets + operators + retailers + traders;
        let ledger = Ledger::new(first_households + setup.retail.households.len() + markets + 1);
        let unpaid = Vec::new();
        Self { fleets, operators, retailers, markets, first_households, ledger, unpaid, fault: None }
    }

    /// All riders.
    pub const RIDERS: AccountId = AccountId(0);
    /// External parties: garages, tyre shops, insurers.
    pub const OUTSIDE: AccountId = AccountId(1);

    pub fn fleet(fleet: FleetId) -> AccountId {
        AccountId::new(2 + fleet.index())
    }

    pub fn operator(&self, operator: OperatorId) -> AccountId {
        AccountId::new(2 + self.fleets + operator.index())
    }

    pub fn retailer(&self, retailer: RetailerId) -> AccountId {
        AccountId::new(2 + self.fleets + self.operators + retailer.index())
    }

    pub fn market(&self, market: MarketId) -> AccountId {
        AccountId::new(2 + self.fleets + self.operators + self.retailers + market.index())
    }

    pub fn households(&self, group: HouseholdId) -> AccountId {
        AccountId::new(self.first_households + group.index())
    }

    pub fn system_operator(&self) -> AccountId {
        AccountId::new(2 + self.fleets + self.operators + self.retailers + self.markets)
    }

    pub fn party(&self, party: Party) -> AccountId {
        match party {
            Party::Fleet(fleet) => Self::fleet(fleet),
            Party::Retailer(retailer) => self.retailer(retailer),
        }
    }

    /// Converts an amount in whole units of currency to the amount posted. An amount that is too large is posted as
    /// zero and recorded: see [`Self::fault`].
    pub fn money(&mut self, amount: f64, kind: EntryKind, time: SimTime) -> Money {
        Money::from_units(amount).unwrap_or_else(|refused| {
            self.fault.get_or_insert((refused, kind, time));
            Money::ZERO
        })
    }

    /// Accounting fault, if an amount was too large.
    pub fn fault(&self) -> Option<InputError> {
        let (refused, kind, time) = self.fault?;
        let found = format!("{refused} for {} at {}", kind.name().replace('_', " "), time.iso());
        let expected = format!("amounts up to {:e} of the scenario's currency", Money::MOST_UNITS);
        let help =
            "prices, powers, counts or slopes of the scenario are too large together: make one smaller";
        Some(InputError::new(found, expected).help(help))
    }
}

/// A completed session with the amounts it owes.
#[derive(Debug, Clone)]
pub(super) struct Bill {
    /// The record, complete except for its cost.
    pub record: SessionRecord,
    /// Amount owed to retailers for the billed energy [currency].
    pub energy_cost: f64,
    /// Part already settled with previous retailers.
    pub earlier_cost: f64,
    /// Energy drawn in the current slot, whose price is not known yet [kWh].
    pub unbilled_kwh: f64,
    /// Operator's markup on the retailer's price [currency/MWh].
    pub markup_per_mwh: f64,
    /// Battery wear.
    pub wear: Money,
}

/// Postings and records.
pub(super) struct Books<'a> {
    pub accounts: &'a mut Accounts,
    pub recorder: &'a mut dyn Recorder,
}

impl Books<'_> {
    /// `payer` pays `amount` to `receiver`; a negative amount is paid in the opposite direction, and a zero amount is
    /// not posted.
    pub fn pay(
        &mut self,
        time: SimTime,
        receiver: AccountId,
        payer: AccountId,
        amount: Money,
        kind: EntryKind,
        reference: Reference,
    ) {
        if amount == Money::ZERO {
            return;
        }
        let (debit, credit) = if amount > Money::ZERO { (receiver, payer) } else { (payer, receiver) };
        let entry = LedgerEntry { time, debit, credit, amount: Money(amount.0.abs()), kind, reference };
        self.accounts.ledger.post(&entry);
        self.recorder.ledger(&entry);
    }

    /// Records a completed session and posts its cost.
    pub fn pay_session(&mut self, now: SimTime, bill: Bill) {
        let Bill { mut record, energy_cost, earlier_cost, markup_per_mwh, wear, .. } = bill;
        let net_kwh = record.energy_kwh - record.discharged_kwh;
        let cost = energy_cost + net_kwh * markup_per_mwh / 1_000.0;
        let cost = self.accounts.money(cost, EntryKind::Charging, now);
        record.cost = cost.units();
        self.recorder.session(&record);
        let reference = Reference::Session(record.session.0);
        let (fleet, operator) = (Accounts::fleet(record.fleet), self.accounts.operator(record.operator));
        let retailer = self.accounts.retailer(record.retailer);
        let energy_cost = self.accounts.money(energy_cost - earlier_cost, EntryKind::Energy, now);
        self.pay(now, operator, fleet, cost, EntryKind::Charging, reference);
        self.pay(now, retailer, operator, energy_cost, EntryKind::Energy, reference);
        self.pay(now, Accounts::OUTSIDE, fleet, wear, EntryKind::Wear, reference);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_that_is_too_large_is_nothing_and_is_reported() {
        let mut accounts = Accounts {
            fleets: 1,
            operators: 0,
            retailers: 0,
            markets: 0,
            first_households: 3,
            ledger: Ledger::new(3),
            unpaid: Vec::new(),
            fault: None,
        };
        assert_eq!(accounts.money(2.5, EntryKind::Fare, SimTime(0)), Money(2_500_000));
        assert!(accounts.fault().is_none());
        assert_eq!(accounts.money(-3e18, EntryKind::SupplyCredit, SimTime(60)), Money::ZERO);
        assert_eq!(accounts.money(f64::NAN, EntryKind::Fare, SimTime(90)), Money::ZERO);
        insta::assert_snapshot!(accounts.fault().unwrap(), @"found an amount of -3e18 for supply credit at 1970-01-01T00:01:00Z, expected amounts up to 1e18 of the scenario's currency; prices, powers, counts or slopes of the scenario are too large together: make one smaller");
    }
}

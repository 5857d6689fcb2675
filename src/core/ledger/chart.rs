//! The chart of accounts: the holder of each account, and its number.

use crate::ids::{AccountId, FleetId, HouseholdId, MarketId, OperatorId, RetailerId};

/// An account, by its holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// All riders.
    Riders,
    /// External parties: garages, tyre shops, insurers.
    Outside,
    /// A fleet.
    Fleet(FleetId),
    /// An operator of stations.
    Operator(OperatorId),
    /// A retailer.
    Retailer(RetailerId),
    /// A market.
    Market(MarketId),
    /// The operator of the transmission grid, which settles imbalance.
    SystemOperator,
    /// A group of households.
    Households(HouseholdId),
}

/// Numbers of accounts: riders and external parties, then all fleets, operators, retailers, markets with the system
/// operator, and groups of households.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chart {
    /// Number of fleets.
    pub fleets: usize,
    /// Number of operators of stations.
    pub operators: usize,
    /// Number of retailers.
    pub retailers: usize,
    /// Number of markets. Without any, the system operator has no account either.
    pub markets: usize,
    /// Number of groups of households.
    pub households: usize,
}

impl Chart {
    /// First numbers of fleets, operators, retailers, markets and households, and the number of accounts.
    const fn firsts(&self) -> [usize; 6] {
        let operators = 2 + self.fleets;
        let retailers = operators + self.operators;
        let markets = retailers + self.retailers;
        let households = markets + self.markets + (self.markets > 0) as usize;
        [2, operators, retailers, markets, households, households + self.households]
    }

    /// Number of accounts.
    pub const fn accounts(&self) -> usize {
        self.firsts()[5]
    }

    /// Number of an account. Its holder is one of those counted; the system operator has an account only beside
    /// markets.
    #[inline]
    pub fn id(&self, account: Account) -> AccountId {
        let [fleets, operators, retailers, markets, households, _] = self.firsts();
        AccountId::new(match account {
            Account::Riders => 0,
            Account::Outside => 1,
            Account::Fleet(id) => fleets + id.index(),
            Account::Operator(id) => operators + id.index(),
            Account::Retailer(id) => retailers + id.index(),
            Account::Market(id) => markets + id.index(),
            Account::SystemOperator => markets + self.markets,
            Account::Households(id) => households + id.index(),
        })
    }

    /// The account of a number; `None` if there are fewer accounts.
    pub fn account(&self, id: AccountId) -> Option<Account> {
        let number = id.index();
        let firsts = self.firsts();
        let within = |kind: usize| number - firsts[kind];
        Some(match firsts.iter().filter(|&&first| first <= number).count() {
            0 if number == 0 => Account::Riders,
            0 => Account::Outside,
            1 => Account::Fleet(FleetId::new(within(0))),
            2 => Account::Operator(OperatorId::new(within(1))),
            3 => Account::Retailer(RetailerId::new(within(2))),
            4 if within(3) == self.markets => Account::SystemOperator,
            4 => Account::Market(MarketId::new(within(3))),
            5 => Account::Households(HouseholdId::new(within(4))),
            _ => return None,
        })
    }

    /// All accounts, in the order of their numbers.
    pub fn all(&self) -> impl Iterator<Item = Account> + '_ {
        (0..self.accounts()).filter_map(|number| self.account(AccountId::new(number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_holders_agree() {
        let large = Chart { fleets: 2, operators: 3, retailers: 1, markets: 2, households: 2 };
        for chart in [Chart::default(), Chart { markets: 0, ..large }, Chart { fleets: 0, ..large }, large] {
            let all: Vec<Account> = chart.all().collect();
            assert_eq!(all.len(), chart.accounts());
            assert!(all.is_sorted());
            for (number, &account) in all.iter().enumerate() {
                assert_eq!(chart.id(account), AccountId::new(number));
            }
            assert_eq!(all.contains(&Account::SystemOperator), chart.markets > 0);
            assert_eq!(chart.account(AccountId::new(all.len())), None);
        }
        assert_eq!(large.id(Account::Market(MarketId(1))), AccountId(9));
    }
}

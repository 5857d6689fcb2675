//! A coalition: a set of players, one bit per player.

/// A set of at most 128 players, numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Coalition(u128);

impl Coalition {
    /// The empty coalition.
    pub const EMPTY: Self = Self(0);
    /// Maximum number of players in a coalition.
    pub const MOST: usize = 128;

    /// The grand coalition of `players` players, at most 128.
    pub fn all(players: usize) -> Self {
        assert!(players <= Self::MOST, "a coalition has at most 128 players: {players}");
        Self(if players == Self::MOST { u128::MAX } else { (1 << players) - 1 })
    }

    /// The coalition at this index in the table of a game: bit i is player i.
    pub fn at(place: usize) -> Self {
        Self(place as u128)
    }

    /// Index of the coalition in the table of a game, which has at most twenty players.
    pub fn place(self) -> usize {
        self.0 as usize
    }

    /// Whether `player` is a member.
    pub fn contains(self, player: usize) -> bool {
        self.0 >> player & 1 == 1
    }

    /// The coalition with `player` added.
    #[must_use]
    pub fn with(self, player: usize) -> Self {
        Self(self.0 | 1 << player)
    }

    /// The coalition without `player`.
    #[must_use]
    pub fn without(self, player: usize) -> Self {
        Self(self.0 & !(1 << player))
    }

    /// The union of both coalitions.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The members that are not in `other`.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Number of members.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether the coalition has no member.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in ascending order.
    pub fn players(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let first = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(first)
        })
    }

    /// Sum of the members' entries in `shares`, one per player of the game.
    pub fn sum(self, shares: &[f64]) -> f64 {
        self.players().map(|player| shares[player]).sum()
    }
}

impl FromIterator<usize> for Coalition {
    fn from_iter<I: IntoIterator<Item = usize>>(players: I) -> Self {
        players.into_iter().fold(Self::EMPTY, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_and_go() {
        let some = Coalition::from_iter([3, 0, 127]);
        assert_eq!(some.players().collect::<Vec<_>>(), [0, 3, 127]);
        assert_eq!((some.len(), some.contains(3), some.contains(4)), (3, true, false));
        assert_eq!(some.without(127).place(), 0b1001);
        assert_eq!(Coalition::all(4).minus(some), Coalition::at(0b0110));
        assert_eq!(Coalition::at(0b1001).union(Coalition::at(0b0110)), Coalition::all(4));
        assert_eq!(Coalition::all(128).len(), 128);
        assert!(Coalition::all(0).is_empty() && Coalition::EMPTY.players().next().is_none());
        assert_eq!(Coalition::at(0b101).sum(&[1.0, 10.0, 100.0]), 101.0);
    }
}

//! A coalition: a set of players, one bit for each.

/// A set of players, who are numbered from 0; at most 128.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Coalition(u128);

impl Coalition {
    /// Nobody.
    pub const EMPTY: Self = Self(0);
    /// Most players that a coalition can have.
    pub const MOST: usize = 128;

    /// All of `players` players, at most 128.
    pub fn all(players: usize) -> Self {
        assert!(players <= Self::MOST, "a coalition has at most 128 players: {players}");
        Self(if players == Self::MOST { u128::MAX } else { (1 << players) - 1 })
    }

    /// The coalition with this place in the table of a game: bit i is player i.
    pub fn at(place: usize) -> Self {
        Self(place as u128)
    }

    /// Its place in the table of a game, which has at most twenty players.
    pub fn place(self) -> usize {
        self.0 as usize
    }

    /// Whether `player` is a member.
    pub fn contains(self, player: usize) -> bool {
        self.0 >> player & 1 == 1
    }

    /// With `player` as well.
    #[must_use]
    pub fn with(self, player: usize) -> Self {
        Self(self.0 | 1 << player)
    }

    /// Without `player`.
    #[must_use]
    pub fn without(self, player: usize) -> Self {
        Self(self.0 & !(1 << player))
    }

    /// The members of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The members who are not in `other`.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// How many members there are.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is no member.
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

    /// What the members have together of `shares`, one for each player of the game.
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

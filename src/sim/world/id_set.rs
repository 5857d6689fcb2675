//! A set of entities as one bit each, walked in ascending order.

/// A set of indices below a fixed number.
#[derive(Debug, Clone, Default)]
pub struct IdSet {
    words: Vec<u64>,
}

impl IdSet {
    /// An empty set of indices below `count`.
    pub fn new(count: usize) -> Self {
        Self { words: vec![0; count.div_ceil(64)] }
    }

    /// All indices below `count`.
    pub fn full(count: usize) -> Self {
        let mut set = Self::new(count);
        (0..count).for_each(|index| set.insert(index));
        set
    }

    /// Adds an index.
    ///
    /// # Panics
    /// If it is not below the number given to [`new`](Self::new), rounded up to 64.
    #[inline]
    pub fn insert(&mut self, index: usize) {
        self.words[index / 64] |= 1 << (index % 64);
    }

    /// Removes an index; no effect if it is absent.
    #[inline]
    pub fn remove(&mut self, index: usize) {
        if let Some(word) = self.words.get_mut(index / 64) {
            *word &= !(1 << (index % 64));
        }
    }

    /// Whether the index is in the set.
    #[inline]
    pub fn contains(&self, index: usize) -> bool {
        self.words.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// The smallest index in the set that is at least `from`. Walking with it allows changes in between.
    #[inline]
    pub fn next(&self, from: usize) -> Option<usize> {
        let mut at = from / 64;
        let mut word = self.words.get(at)? & (u64::MAX << (from % 64));
        while word == 0 {
            at += 1;
            word = *self.words.get(at)?;
        }
        Some(at * 64 + word.trailing_zeros() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_walked_in_ascending_order() {
        let mut set = IdSet::new(200);
        for index in [199, 0, 63, 64, 130, 64] {
            set.insert(index);
        }
        set.remove(130);
        set.remove(5_000);
        assert!(set.contains(63) && !set.contains(62) && !set.contains(130) && !set.contains(5_000));
        let mut walked = Vec::new();
        let mut from = 0;
        while let Some(index) = set.next(from) {
            walked.push(index);
            from = index + 1;
        }
        assert_eq!(walked, [0, 63, 64, 199]);
        assert_eq!(IdSet::new(0).next(0), None);
        let full = IdSet::full(65);
        assert_eq!((full.next(0), full.next(64), full.next(65)), (Some(0), Some(64), None));
        assert_eq!(set.next(1_000), None);
    }
}

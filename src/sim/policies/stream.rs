//! Random streams of policies: one for each role, so that a draw of one moves no draw of another.
//!
//! All have the purpose [`Purpose::Policy`] and differ in their number, which is given here and nowhere else. The
//! numbers leave room for as many bidders, days and steps as a scenario can have.

use gridfleet_core::ids::BidderId;
use gridfleet_core::rng::{Purpose, Streams};
use rand_pcg::Pcg64;

/// Random stream of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyStream {
    /// Dispatch.
    Dispatch,
    /// Charging.
    Charging,
    /// Relocation.
    Relocation,
    /// A bidder.
    Bidder(BidderId),
    /// Control of stations.
    Stations,
    /// Pricing of retailers.
    Pricing,
    /// Response of households and drivers.
    Response,
    /// Pricing of an aggregator.
    Aggregator,
    /// Plan of an aggregator for the day with this number, counted from 1970.
    Plan(u64),
    /// Part of a training.
    Training(TrainingStream),
}

/// Random stream of a part of a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrainingStream {
    /// Action tried at a step. The first steps have the numbers of the roles above, which no policy that ships draws
    /// from while an agent learns.
    Choice(u64),
    /// Sample of past transitions from which the agent learns after a new one.
    Lesson(u64),
    /// The week with this number, over all lanes.
    Week(u64),
    /// First weights of the agent.
    Weights,
    /// Actions before the first week of a lane.
    First(u64),
}

impl PolicyStream {
    /// Number of the stream among those of [`Purpose::Policy`].
    pub const fn number(self) -> u64 {
        match self {
            Self::Dispatch => 0,
            Self::Charging => 1,
            Self::Relocation => 2,
            Self::Bidder(bidder) => 3 + bidder.index() as u64,
            Self::Stations => 1 << 20,
            Self::Pricing => 1 << 32,
            Self::Response => (1 << 32) + 1,
            Self::Aggregator => (1 << 32) + 2,
            Self::Plan(day) => (1 << 40) + day,
            Self::Training(part) => match part {
                TrainingStream::Choice(step) => step,
                TrainingStream::Lesson(transition) => 1 << 56 | transition,
                TrainingStream::Week(week) => 2 << 56 | week,
                TrainingStream::Weights => 3 << 56,
                TrainingStream::First(lane) => 4 << 56 | lane,
            },
        }
    }

    /// The stream, at its start.
    pub fn of(self, streams: Streams) -> Pcg64 {
        streams.stream(Purpose::Policy, self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_policies_of_a_replication_share_a_stream() {
        let bidders = [0, 1, u16::MAX].map(|bidder| PolicyStream::Bidder(BidderId(bidder)));
        let plans = [0, 1, 1 << 32].map(PolicyStream::Plan);
        let parts = [
            TrainingStream::Lesson(7),
            TrainingStream::Week(7),
            TrainingStream::Weights,
            TrainingStream::First(7),
        ];
        let roles = [
            PolicyStream::Dispatch,
            PolicyStream::Charging,
            PolicyStream::Relocation,
            PolicyStream::Stations,
            PolicyStream::Pricing,
            PolicyStream::Response,
            PolicyStream::Aggregator,
        ];
        let parts = parts.map(PolicyStream::Training);
        let all: Vec<_> = roles.into_iter().chain(bidders).chain(plans).chain(parts).collect();
        let mut numbers: Vec<u64> = all.iter().map(|stream| stream.number()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), all.len());
    }

    #[test]
    fn streams_keep_their_numbers() {
        // Results of seeds depend on them, as on those of `gridfleet_core::rng`.
        assert_eq!(PolicyStream::Bidder(BidderId(4)).number(), 7);
        assert_eq!(PolicyStream::Stations.number(), 1_048_576);
        assert_eq!(PolicyStream::Aggregator.number(), 4_294_967_298);
        assert_eq!(PolicyStream::Training(TrainingStream::Lesson(3)).number(), (1 << 56) + 3);
    }
}

//! Random streams: one per (seed, replication, purpose, entity).
//!
//! The four parts are hashed, not added: neighbouring seeds have nothing in common. A purpose is identified by its
//! name, so adding one changes no other stream, and an additional draw by a policy affects neither demand nor the
//! initial charge of vehicles: two policies in one replication see the same world (common random numbers). There is no
//! other source of randomness.

use rand_pcg::Pcg64;

names! {
    /// Purpose of a random draw. Each purpose has separate streams, named by its variant, so that adding a purpose
    /// changes none of the others.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Purpose {
        /// Trips of a trace that are kept, doubled or moved in time.
        Demand = "demand",
        /// Recorded day used for a simulated day.
        DemandDays = "demand days",
        /// Level of demand of a day.
        DemandLevel = "demand level",
        /// Trips that happen once more or not at all on a day of more or less demand, and their times.
        DemandCopies = "demand copies",
        /// Trips that are left out.
        DemandThinning = "demand thinning",
        /// Shifts of trips in time.
        DemandJitter = "demand jitter",
        /// Durations of rides.
        RideDuration = "ride duration",
        /// Consumption by a vehicle's drivers.
        DrivingStyle = "driving style",
        /// Temperature of a day.
        Temperature = "temperature",
        /// Day whose prices are used for a simulated day.
        PriceDays = "price days",
        /// Fleet of a request.
        FleetChoice = "fleet choice",
        /// Departures and returns of drivers, and their distances.
        Drivers = "drivers",
        /// Initial place of a vehicle.
        Placement = "placement",
        /// Initial charge of a vehicle.
        InitialSoc = "initial soc",
        /// Prices asked by the rivals of an aggregator.
        RivalPrices = "rival prices",
        /// Retailers with which vehicle owners have a contract.
        Contracts = "contracts",
        /// Exploration and tie-breaking of a policy.
        Policy = "policy",
        /// Errors of forecasts.
        Forecast = "forecast",
        /// Points of a study.
        Design = "design",
        /// Resampling in the statistics of a study.
        Resampling = "resampling",
        /// Synthetic data sets.
        Synthesis = "synthesis",
    }
}

/// The source of all streams of one replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    /// Seed of the study or run.
    pub seed: u64,
    /// Replication, counted from 0.
    pub replication: u32,
}

impl Streams {
    /// The stream for `purpose` and `entity` (its number, or 0 where there is one stream for all).
    pub fn stream(&self, purpose: Purpose, entity: u64) -> Pcg64 {
        self.of(purpose).stream(entity)
    }

    /// All streams for `purpose`, for callers that need many of them: their common part is hashed once.
    pub fn of(&self, purpose: Purpose) -> PurposeStreams {
        let mut hash = Mixer(0x6772_6964_666c_6565); // "gridflee": any fixed start will do
        hash.word(self.seed);
        hash.word(u64::from(self.replication));
        for byte in purpose.name().bytes() {
            hash.word(u64::from(byte));
        }
        PurposeStreams(hash)
    }
}

/// Streams of one replication for one purpose.
#[derive(Debug, Clone, Copy)]
pub struct PurposeStreams(Mixer);

impl PurposeStreams {
    /// The stream for `entity`.
    #[inline]
    pub fn stream(&self, entity: u64) -> Pcg64 {
        let mut hash = self.0;
        hash.word(entity);
        let mut next = || u128::from(hash.next()) << 64 | u128::from(hash.next());
        Pcg64::new(next(), next())
    }
}

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), used to absorb words and to squeeze the state out.
#[derive(Debug, Clone, Copy)]
struct Mixer(u64);

impl Mixer {
    fn word(&mut self, word: u64) {
        self.0 = mix(self.0 ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
    }
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn each_part_of_the_name_gives_another_stream() {
        let draw = |seed, replication, purpose, entity| {
            Streams { seed, replication }.stream(purpose, entity).next_u64()
        };
        let all = [
            draw(1, 0, Purpose::Demand, 0),
            draw(2, 0, Purpose::Demand, 0),
            draw(1, 1, Purpose::Demand, 0),
            draw(1, 0, Purpose::Policy, 0),
            draw(1, 0, Purpose::Demand, 1),
            draw(0, 1, Purpose::Demand, 0),
        ];
        for (i, a) in all.iter().enumerate() {
            for b in &all[i + 1..] {
                assert_ne!(a, b);
            }
        }
    }

    #[test]
    fn streams_are_the_same_on_every_machine() {
        // The figures are a promise of this project: they must not change between versions without a note in the
        // changelog, because they change every result.
        let mut stream = Streams { seed: 1, replication: 0 }.stream(Purpose::Demand, 0);
        assert_eq!(
            [stream.next_u64(), stream.next_u64()],
            [17_272_194_962_146_185_530, 8_146_838_661_398_087_869]
        );
    }
}

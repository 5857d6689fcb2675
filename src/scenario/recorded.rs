//! Shim.
use super::{Prepared, Scenario};
use crate::error::Result;
use crate::rng::Streams;
use crate::world::Setup;
/// Shim.
#[derive(Debug)]
pub struct Recorded;
impl Scenario {
    /// Shim.
    pub fn read(&self) -> Result<Recorded> {
        Ok(Recorded)
    }
    /// Shim.
    pub fn reads_like(&self, _: &Self) -> bool {
        true
    }
    /// Shim.
    pub fn build_from(&self, _: &Recorded, streams: Streams) -> Result<(Setup, Prepared)> {
        self.build(streams)
    }
}

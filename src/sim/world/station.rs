//! Charging stations: connectors behind one grid connection, and who may use them.

use gridfleet_core::ids::{FleetId, OperatorId, PlaceId, RetailerId};

/// Which fleets may use a station: a set of up to 64 fleets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access(pub u64);

impl Access {
    /// Everybody.
    pub const PUBLIC: Self = Self(u64::MAX);
    /// Nobody, to add fleets to.
    pub const NOBODY: Self = Self(0);

    /// The same and `fleet`.
    #[must_use]
    pub const fn with(self, fleet: FleetId) -> Self {
        Self(self.0 | 1 << fleet.0)
    }
    /// Whether `fleet` may charge here.
    #[inline]
    pub const fn allows(self, fleet: FleetId) -> bool {
        self.0 >> fleet.0 & 1 == 1
    }
}

/// One connector (EVSE): serves one vehicle at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Connector {
    /// Most power it gives [kW].
    pub power_kw: f64,
    /// Direct current: the vehicle's DC limit and charging curve apply, not its on-board charger's.
    pub dc: bool,
}

/// A charging station as built.
#[derive(Debug, Clone)]
pub struct Station {
    /// Name, unique among stations.
    pub name: String,
    /// Where it stands.
    pub place: PlaceId,
    /// Who runs it.
    pub operator: OperatorId,
    /// Whom it sells to.
    pub access: Access,
    /// Its connectors; never empty.
    pub connectors: Vec<Connector>,
    /// Most power of all connectors together [kW]; infinite where the sum of the connectors is the limit.
    pub site_limit_kw: f64,
    /// Who sells it energy.
    pub retailer: RetailerId,
    /// What the operator adds to the retailer's price [currency/MWh].
    pub markup_eur_mwh: f64,
    /// How much being away from its nominal profile costs it, where its load makes the price: half of this times the
    /// squared distance [currency/MWh per kW].
    pub sensitivity_eur_mwh_kw: f64,
    /// Bus of the distribution feeder it hangs on.
    pub bus: Option<u32>,
    /// Longest time a vehicle stands in its queue before it gives up [s].
    pub queue_patience_s: i64,
}

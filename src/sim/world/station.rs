//! Charging stations: connectors behind one grid connection, and access rights.

use gridfleet_core::ids::{FleetId, OperatorId, PlaceId, RetailerId};

/// Fleets that may use a station: a set of up to 64 fleets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access(pub u64);

impl Access {
    /// All fleets.
    pub const PUBLIC: Self = Self(u64::MAX);
    /// No fleets; a basis to add fleets to.
    pub const NOBODY: Self = Self(0);

    /// This set plus `fleet`.
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

/// One connector (EVSE); serves one vehicle at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Connector {
    /// Maximum power [kW].
    pub power_kw: f64,
    /// Direct current: the vehicle's DC limit and charging curve apply instead of the limit of its on-board charger.
    pub dc: bool,
}

/// A charging station as built.
#[derive(Debug, Clone)]
pub struct Station {
    /// Name, unique among stations.
    pub name: String,
    /// Location.
    pub place: PlaceId,
    /// Station operator.
    pub operator: OperatorId,
    /// Fleets that may use it.
    pub access: Access,
    /// Its connectors; never empty.
    pub connectors: Vec<Connector>,
    /// Maximum power of all connectors together [kW]; infinite if the sum of the connectors is the limit.
    pub site_limit_kw: f64,
    /// Retailer that sells it energy.
    pub retailer: RetailerId,
    /// Operator's markup on the retailer's price [currency/MWh].
    pub markup_per_mwh: f64,
    /// Cost of deviating from its nominal profile, for load-dependent prices: half of this times the squared deviation
    /// [currency/MWh per kW].
    pub sensitivity_per_mwh_kw: f64,
    /// Bus of the distribution feeder to which it is connected.
    pub bus: Option<u32>,
    /// Maximum time that a vehicle waits in its queue before it gives up [s].
    pub queue_patience_s: i64,
}

impl Station {
    /// Power of all connectors together [kW].
    pub fn connectors_kw(&self) -> f64 {
        self.connectors.iter().map(|connector| connector.power_kw).sum()
    }

    /// Maximum power as built: the site limit, or the power of all connectors if that is less [kW].
    pub fn capacity_kw(&self) -> f64 {
        self.site_limit_kw.min(self.connectors_kw())
    }
}

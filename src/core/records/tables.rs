//! Every output table: its record, its columns and their meaning.
//!
//! The texts are those of the data dictionary, which users read. The rules of a declaration are at
//! [`tables!`](super::table).

use super::cells::{Cell, Columns, Currency, MarketOrImbalance, SiteName};
use super::dictionary::{Column, Table};
use super::table::{Row, values};
use super::{EndReason, FeederRecord, Labels, LegPurpose, Recorder, SiteKind, StationSite, TripStatus};
use crate::ids::{
    AccountId, BidId, BidderId, FleetId, HouseholdId, MarketId, OperatorId, PlaceId, RequestId, RetailerId,
    SessionId, StationId, TypeId, VehicleId,
};
use crate::ledger::{EntryKind, LedgerEntry, Money, Reference};
use crate::markets::Side;
use crate::time::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

tables! {
tables {
    /// Requests.
    Trips(trips) = struct TripRecord(Trip), "One row per request, when it has ended or the simulation has." {
        request as request_id: RequestId, "Number of the request, in the order of request times.";
        fleet: FleetId, "Fleet that served it, or that was asked.";
        vehicle as vehicle_id: Option<VehicleId>,
            "Vehicle that served it, or that it was assigned to in advance; else null when lost.";
        status: TripStatus, "served, lost_no_vehicle, lost_low_charge, lost_committed or in_progress.";
        request_time: SimTime, "When the rider asked.";
        pickup_time: Option<SimTime>, "When the rider got in; null if that did not happen.";
        dropoff_time: Option<SimTime>, "When the rider got out; null if that did not happen.";
        wait_s: Option<i64>, "Pick-up less request." ["s"];
        origin: PlaceId, "Zone, or latitude,longitude, where the rider asked.";
        destination: PlaceId, "Zone, or latitude,longitude, where the rider went.";
        distance_km: f64, "Distance with the rider." ["km"];
        deadhead_km: f64, "Distance driven empty to the pick-up." ["km"];
        energy_kwh: f64, "Taken from the battery by both." ["kWh"];
        fare: f64, "Paid by the rider; 0 when lost." ["currency"];
        lost_fare: f64, "What the rider would have paid; 0 unless lost." ["currency"];
        accrued_fare: f64,
            "Of a ride in progress at the end, the part of the fare for the way driven with the rider; 0 \
             otherwise." ["currency"];
        soc_start: Option<f64>, "State of charge when the vehicle set out for the pick-up." ["0..1"];
        soc_end: Option<f64>, "State of charge at drop-off." ["0..1"];
    }
    /// Movements of vehicles.
    Legs(legs) = struct LegRecord(Leg),
        "One row per movement of a vehicle: all of them together are its days." {
        vehicle as vehicle_id: VehicleId, "Vehicle.";
        fleet: FleetId, "Its fleet.";
        purpose: LegPurpose, "pickup, service, to_station, to_depot or relocation.";
        request as request_id: Option<RequestId>,
            "Request that a pickup or service leg serves, as in trips; null for the others.";
        start_time: SimTime, "Departure.";
        end_time: SimTime, "Arrival, or the end of the simulation.";
        origin: PlaceId, "Zone, or latitude,longitude, of departure.";
        destination: PlaceId, "Zone, or latitude,longitude, of arrival.";
        distance_km: f64, "Driven until end_time." ["km"];
        energy_kwh: f64, "Taken from the battery until end_time." ["kWh"];
        charged_kwh: f64, "Charged elsewhere on the way, as recorded; not billed." ["kWh"];
        soc_start: f64, "State of charge at start_time." ["0..1"];
        soc_end: f64, "State of charge at end_time." ["0..1"];
    }
    /// Visits to stations.
    Sessions(sessions) = struct SessionRecord(Session),
        "One row per visit to a charging station, when it has ended or the simulation has." {
        session as session_id: SessionId, "Number of the session, in the order of arrival.";
        vehicle as vehicle_id: VehicleId, "Vehicle.";
        fleet: FleetId, "Its fleet.";
        station as station_id: StationId, "Station.";
        operator as station_operator: OperatorId, "Operator of the station.";
        retailer: RetailerId,
            "Retailer of its energy; where owners choose theirs, the one at the end of the visit.";
        connector: Option<u16>, "Number of the connector at its station; null if it never got one.";
        arrival_time: SimTime, "When the vehicle joined the station.";
        plug_in_time: Option<SimTime>, "When it got a connector.";
        charge_start_time: Option<SimTime>, "First instant at which power flowed.";
        charge_end_time: Option<SimTime>, "Last instant at which power flowed.";
        unplug_time: Option<SimTime>, "When it left; null if still there at the end.";
        queue_s: i64, "Waited for a connector." ["s"];
        need_wait_s: Option<i64>,
            "From first joining any station for this charging need, also one given up since, to first \
             power; null without power." ["s"];
        energy_kwh: f64, "Drawn from the grid." ["kWh"];
        battery_kwh: f64, "Stored in the battery." ["kWh"];
        discharged_kwh: f64, "Fed back to the grid." ["kWh"];
        (withdrawn_kwh: f64),
            "Taken from the battery for that; the table contains it as energy fed back over the efficiency." ["kWh"];
        max_power_kw: f64, "Highest power at the plug." ["kW"];
        soc_start: f64, "State of charge on arrival." ["0..1"];
        soc_end: f64, "State of charge when it left." ["0..1"];
        cost: f64, "Paid by the fleet." ["currency"];
        end_reason: EndReason, "target, full, short_stay, departure, gave_up, interrupted or in_progress.";
    }
    /// State of fleets over time.
    Fleet(fleet) = struct FleetRecord(Fleet), "State of each fleet at every control interval." {
        (since: SimTime), "Time of the meter reading before.";
        time: SimTime, "When the meters were read.";
        fleet: FleetId, "Fleet.";
        idle: u32, "Vehicles parked without power flowing." ["vehicles"];
        driving: u32, "Vehicles on a leg." ["vehicles"];
        queued: u32, "Vehicles waiting for a connector." ["vehicles"];
        charging: u32, "Vehicles that take power." ["vehicles"];
        discharging: u32, "Vehicles that give power." ["vehicles"];
        mean_soc: f64, "Mean state of charge." ["0..1"];
        (stored_kwh: f64),
            "Energy in batteries, without the energy that legs and sessions in progress have taken or given so \
             far." ["kWh"];
        power_kw: f64, "Mean grid power since the last reading." ["kW"];
    }
    /// State of stations over time.
    Stations(stations) = struct StationRecord(Station), "State of each station at every control interval." {
        (since: SimTime), "Time of the meter reading before.";
        time: SimTime, "When the meters were read.";
        station as station_id: StationId, "Station.";
        operator: OperatorId, "Operator of the station.";
        retailer: RetailerId, "Its retailer; where owners choose theirs, the one in the scenario.";
        occupied: u32, "Connectors with a vehicle." ["connectors"];
        queue: u32, "Vehicles waiting." ["vehicles"];
        power_kw: f64, "Mean power since the last reading." ["kW"];
        limit_kw: f64, "Site limit, or the sum of its connectors' power." ["kW"];
    }
    /// Readings of households.
    Households(households) = struct HouseholdRecord(Household),
        "State of each group of households at every control interval: totals of all its homes." {
        time: SimTime, "When the meters were read.";
        household as group: HouseholdId, "Group of households.";
        retailer: RetailerId, "Its retailer.";
        power_kw: f64, "Mean power since the last reading." ["kW"];
        price_per_mwh: f64,
            "Mean price paid for it; the price in force where nothing was drawn." ["currency/MWh"];
    }
    /// Voltages and loads of the feeder's buses over time.
    Grid(grid) = struct BusRecord(Bus), "State of each bus of the feeder at every control interval." {
        time: SimTime, "When the meters were read.";
        bus: u32, "Number of the bus in the case.";
        voltage_pu: Option<f64>,
            "Voltage that goes with the loads of all buses; null if the feeder cannot carry them." ["p.u."];
        p_kw: f64,
            "Mean active load since the last reading: the case's, stations and households, less what is \
             fed back." ["kW"];
        q_kvar: f64, "Mean reactive load since the last reading; what goes to earth is in neither." ["kvar"];
    }
    /// Price broadcasts.
    Prices(prices) = struct PriceRecord(Price), "One row per price that a retailer broadcast." {
        broadcast_time: SimTime, "When it was announced.";
        valid_from: SimTime, "First instant at which it holds.";
        valid_to: SimTime, "First instant at which it holds no longer.";
        retailer: RetailerId, "Retailer that asks this price.";
        price_per_mwh: f64, "Price of energy." ["currency/MWh"];
    }
    /// Load, price and cost by slot of stations with load-dependent prices.
    Loads(loads) = struct LoadRecord(Load),
        "One row per station and slot of a price that follows the load, when the slot is over." {
        slot_start: SimTime, "First instant of the slot, or of the simulation.";
        slot_end: SimTime, "First instant after the slot, or the end of the simulation.";
        station as station_id: StationId, "Station.";
        operator: OperatorId, "Operator of the station.";
        nominal_kw: f64, "Mean power if every vehicle had charged from its arrival as fast as it can." ["kW"];
        budget_kw: Option<f64>,
            "Most power that a policy let it draw at the end of the slot; null without limit." ["kW"];
        power_kw: f64, "Mean power." ["kW"];
        base_price_per_mwh: f64, "Price announced." ["currency/MWh"];
        price_per_mwh: f64, "Price that the load of all stations of the retailer made." ["currency/MWh"];
        energy_cost: f64, "Energy at that price." ["currency"];
        deviation_cost: f64,
            "Half the station's sensitivity times the squared difference of power and nominal power; \
             it is not paid." ["currency"];
        planned_kw: Option<f64>,
            "Mean power that the plan at the start of the slot expected; null without a plan." ["kW"];
        planned_cost: Option<f64>,
            "Cost that it expected: of energy at the price of all planned loads, and of deviations." ["currency"];
    }
    /// Prices and sales of competing retailers, by slot.
    Supply(supply) = struct SupplyRecord(Supply),
        "One row per retailer that competes and slot, when the slot is over." {
        slot_start: SimTime, "First instant of the slot, or of the simulation.";
        slot_end: SimTime, "First instant after the slot, or the end of the simulation.";
        retailer: RetailerId, "Retailer that sells.";
        price_per_mwh: f64, "What it asked." ["currency/MWh"];
        share: f64, "Share of owners who chose it (0..1), whether they charged or not.";
        energy_kwh: f64, "Drawn by its customers, less what they fed back." ["kWh"];
        revenue: f64, "What they owe for it, without the markups of stations." ["currency"];
    }
    /// Bids and settlements of imbalance.
    Market(market) = struct MarketRecord(Market),
        "One row per bid, when its product has been delivered or it was rejected, and per settlement of \
         imbalance." {
        bid as bid_id: BidId, "Number of the bid; settlements of imbalance are numbered with them.";
        (market: Option<MarketId>), "The market; `None` for imbalance.";
        let market: MarketOrImbalance = |row, _| MarketOrImbalance(row.market), "Market, or imbalance.";
        product_start: SimTime, "First instant of delivery.";
        product_end: SimTime, "First instant after delivery.";
        gate_closure: SimTime, "When the gate closed; of imbalance the end of the interval.";
        cleared_at: SimTime, "When the result was known.";
        bidder: BidderId, "Account of who bid.";
        side: Side, "buy or sell.";
        quantity_kw: f64, "Bid for." ["kW"];
        limit_price_per_mwh: Option<f64>,
            "Buys at this price or below, sells at this or above; null for imbalance." ["currency/MWh"];
        clearing_price_per_mwh: f64, "Price of the product." ["currency/MWh"];
        capacity_price_per_mw_h: f64, "Paid for power kept ready; 0 for energy alone." ["currency/MW per h"];
        accepted_kw: f64, "Accepted." ["kW"];
        delivered_kwh: f64, "Of what was accepted, taken or given." ["kWh"];
        imbalance_kwh: f64,
            "Of what was accepted, not taken; in a row of imbalance what was settled." ["kWh"];
        cash: f64, "Received by the bidder; paid if below zero." ["currency"];
    }
    /// Postings.
    Ledger(ledger) = use LedgerEntry(Ledger),
        "One row per posting: amount goes from the account credit to the account debit." {
        time: SimTime, "When it was posted.";
        debit: AccountId, "Account that receives.";
        credit: AccountId, "Account that pays.";
        amount: Money, "How much, in whole millionths; not negative." ["currency"];
        let currency: Currency = |_, _| Currency, "Currency of the amount.";
        kind: EntryKind,
            "fare, charging, energy, driving, wear, lost_request, rescue, trade, supply_credit, \
             household, generation, imbalance or referral.";
        reference: Reference,
            "Row it belongs to: trip:<request_id>, session:<session_id>, vehicle:<vehicle_id>, \
             bid:<bid_id>, households:<group>, retailer:<name>, or interval:<number> of settlement, from \
             0.";
    }
    /// Zones, stations and depots on the map.
    Sites(sites) = struct SiteRecord(Site), "One row per zone, station and depot: what stands where." {
        kind: SiteKind, "zone, station or depot.";
        let name: SiteName = |row, _| SiteName(*row),
            "Zone or station; of a depot its zone, or latitude,longitude.";
        let lat: f64 = |row, labels| labels.places.lat(row.place),
            "Latitude, of a zone that of its centroid." ["degrees north"];
        let lon: f64 = |row, labels| labels.places.lon(row.place),
            "Longitude, of a zone that of its centroid." ["degrees east"];
        place: PlaceId, "Its place, as in places.";
        (station: Option<StationSite>), "The station, if it is one.";
        let operator: Option<OperatorId> = |row, _| row.station.map(|site| site.operator),
            "Operator of the station; null for the others.";
        let connectors: Option<u32> = |row, _| row.station.map(|site| site.connectors),
            "Connectors of the station; null for the others." ["connectors"];
        let connector_kw: Option<f64> = |row, _| row.station.map(|site| site.connector_kw),
            "Power of its strongest connector; null for the others." ["kW"];
    }
    /// Vehicles.
    Vehicles(vehicles) = struct VehicleRecord(Vehicle), "One row per vehicle, as it is at the start." {
        vehicle as vehicle_id: VehicleId, "Vehicle.";
        fleet: FleetId, "Its fleet.";
        vehicle_type: TypeId, "Its type.";
        battery_kwh: f64, "Energy between state of charge 0 and 1." ["kWh"];
        (usable_soc: [f64; 2]), "Lowest and highest state of charge that operation may use." ["0..1"];
        let usable_soc_min: f64 = |row, _| row.usable_soc[0],
            "Lowest state of charge that operation may use." ["0..1"];
        let usable_soc_max: f64 = |row, _| row.usable_soc[1],
            "Highest state of charge that operation may use." ["0..1"];
        consumption_kwh_per_km: f64,
            "Energy taken from the battery per kilometre at mild temperature." ["kWh/km"];
        ac_kw: f64, "Maximum power of the on-board charger." ["kW"];
        dc_kw: f64, "Maximum power from a DC connector; 0 without a DC inlet." ["kW"];
        initial_soc: f64, "State of charge at the start." ["0..1"];
        initial_place: PlaceId, "Zone, or latitude,longitude, at the start.";
        depot: Option<PlaceId>,
            "That place, if it is a depot of the fleet or the home of the driver; null if it is neither.";
    }
    /// Coordinates of places.
    Places(places) = struct PlaceRecord(Place),
        "One row per place: the coordinates behind origins, destinations and other places of the tables." {
        /// No other recorded place has its label.
        place: PlaceId, "Zone, or latitude,longitude to five decimals, as in the other tables.";
        let lat: f64 = |row, labels| labels.places.lat(row.place),
            "Latitude, of a zone that of its centroid." ["degrees north"];
        let lon: f64 = |row, labels| labels.places.lon(row.place),
            "Longitude, of a zone that of its centroid." ["degrees east"];
        let zone: Option<PlaceId> = |row, labels| labels.places.zone_name(row.place).and(Some(row.place)),
            "The zone that the place is; null for a point.";
    }
}
others {
    feeder = FeederRecord(Feeder), "State of the whole feeder at every control interval.";
}
}

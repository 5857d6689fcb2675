//! Vehicle types: battery, consumption and charging speed.
//!
//! The power that a battery accepts is piecewise linear in its state of charge. On a piece with power
//! `p(s) = p0 + k (s - s0)` the state of charge obeys `ds/dt = η p(s) / E`: a straight line in time where `k = 0` or
//! where the connector limits, an exponential elsewhere. Both directions are available in closed form by walking the
//! pieces: [`VehicleType::soc_after`] (state of charge after a number of seconds) and [`VehicleType::seconds_to`] (time
//! to a target). Nothing is integrated in steps and there is no tick: a session of three hours costs as many events as
//! one of three minutes.
//!
#![doc = include_str!("../../../docs/equations/rendered/battery.md")]

use super::Connector;

/// Power that a battery accepts as a function of its state of charge, at the plug [kW]; linear between points.
#[derive(Debug, Clone, PartialEq)]
pub struct ChargingCurve {
    /// States of charge, ascending; the first is 0, the last is 1.
    soc: Vec<f64>,
    /// Power at each [kW], positive.
    power_kw: Vec<f64>,
}

/// A vehicle type.
#[derive(Debug, Clone)]
pub struct VehicleType {
    /// Name, unique among types.
    pub name: String,
    /// Energy between state of charge 0 and 1 [kWh].
    pub battery_kwh: f64,
    /// Lowest and highest state of charge that operation may use.
    pub usable_soc: [f64; 2],
    /// Energy taken from the battery per kilometre at mild temperature [kWh/km].
    pub consumption_kwh_per_km: f64,
    /// Consumption factor by ambient temperature [°C], ascending; linear between points, constant outside. Empty if the
    /// temperature has no effect.
    pub consumption_by_temperature: Vec<[f64; 2]>,
    /// Maximum power of the on-board charger [kW].
    pub ac_kw: f64,
    /// Maximum power from a DC connector [kW]; 0 if the vehicle has no DC inlet.
    pub dc_kw: f64,
    /// Limit by state of charge, for any connector.
    pub curve: ChargingCurve,
    /// Stored energy over energy drawn from the grid.
    pub charge_efficiency: f64,
    /// Energy fed to the grid over energy taken from the battery.
    pub discharge_efficiency: f64,
    /// Maximum power fed back at the plug [kW]; 0 if the vehicle cannot feed back.
    pub feed_kw: f64,
    /// Maximum hours of charging and feeding back in one stay of a vehicle that feeds back, unless more are needed to
    /// be full.
    pub max_active_hours: f64,
    /// Cost of battery wear [currency per kWh of throughput].
    pub wear_cost_per_kwh: f64,
}

impl ChargingCurve {
    /// Curve through `points` of (state of charge, power at the plug [kW]).
    ///
    /// # Panics
    /// If the points do not start at 0, end at 1 and ascend strictly, or if a power is not positive.
    pub fn new(points: &[[f64; 2]]) -> Self {
        let ascending = points.windows(2).all(|w| w[0][0] < w[1][0]);
        assert!(points.len() >= 2 && points[0][0] == 0.0 && points[points.len() - 1][0] == 1.0 && ascending);
        assert!(points.iter().all(|p| p[1] > 0.0 && p[1].is_finite()));
        Self { soc: points.iter().map(|p| p[0]).collect(), power_kw: points.iter().map(|p| p[1]).collect() }
    }

    /// Curve with the same power at every state of charge.
    pub fn constant(power_kw: f64) -> Self {
        Self::new(&[[0.0, power_kw], [1.0, power_kw]])
    }

    /// Index of the piece that starts at or below `soc`.
    fn piece(&self, soc: f64) -> usize {
        let last = self.soc.len() - 2;
        self.soc[1..=last].iter().take_while(|&&start| start <= soc).count()
    }

    /// Power at the plug at `soc` [kW].
    pub fn power_kw(&self, soc: f64) -> f64 {
        self.on_piece(self.piece(soc), soc)
    }

    fn on_piece(&self, i: usize, soc: f64) -> f64 {
        let (s0, s1) = (self.soc[i], self.soc[i + 1]);
        let (p0, p1) = (self.power_kw[i], self.power_kw[i + 1]);
        p0 + (p1 - p0) * ((soc - s0) / (s1 - s0))
    }

    /// Maximum power between two states of charge [kW].
    pub fn peak_between(&self, from: f64, to: f64) -> f64 {
        let (first, last) = (self.piece(from), self.piece(to));
        let corners = self.power_kw[first + 1..=last].iter().copied();
        corners.fold(self.on_piece(first, from).max(self.on_piece(last, to)), f64::max)
    }

    /// Maximum power between `soc` and the next breakpoint of the curve [kW], and that breakpoint.
    pub fn peak_until_corner(&self, soc: f64) -> (f64, f64) {
        let i = self.piece(soc);
        (self.on_piece(i, soc).max(self.power_kw[i + 1]), self.soc[i + 1])
    }
}

impl VehicleType {
    /// Maximum power on `connector` [kW], at any state of charge; 0 if it does not fit.
    #[inline]
    pub fn limit_kw(&self, connector: Connector) -> f64 {
        connector.power_kw.min(if connector.dc { self.dc_kw } else { self.ac_kw })
    }

    /// Consumption at ambient temperature `temperature_c` [kWh/km].
    pub fn consumption_kwh_per_km(&self, temperature_c: Option<f64>) -> f64 {
        let points = &self.consumption_by_temperature;
        let (Some(t), Some(first), Some(last)) = (temperature_c, points.first(), points.last()) else {
            return self.consumption_kwh_per_km;
        };
        let factor = if t <= first[0] {
            first[1]
        } else if t >= last[0] {
            last[1]
        } else {
            let i = points.partition_point(|p| p[0] <= t);
            let ([t0, f0], [t1, f1]) = (points[i - 1], points[i]);
            f0 + (f1 - f0) * (t - t0) / (t1 - t0)
        };
        self.consumption_kwh_per_km * factor
    }

    /// Energy taken from the battery as the state of charge falls, or stored in it as it rises [kWh].
    #[inline]
    pub fn kwh(&self, soc: f64) -> f64 {
        soc * self.battery_kwh
    }

    /// State of charge after charging for `seconds` at no more than `limit_kw` at the plug, from `soc` towards
    /// `target_soc`, where charging stops.
    pub fn soc_after(&self, soc: f64, limit_kw: f64, target_soc: f64, seconds: f64) -> f64 {
        self.charge(soc, limit_kw, target_soc, seconds).0
    }

    /// Time to charge from `soc` to `target_soc` at no more than `limit_kw` at the plug [s];
    /// infinite without power.
    pub fn seconds_to(&self, soc: f64, limit_kw: f64, target_soc: f64) -> f64 {
        self.charge(soc, limit_kw, target_soc, f64::INFINITY).1
    }

    /// State of charge after feeding back `power_kw` at the plug for `seconds`, from `soc` down to `floor_soc`, where
    /// it stops. The battery supplies the energy fed back and the losses; the charging curve does not apply.
    pub fn soc_after_feeding(&self, soc: f64, power_kw: f64, floor_soc: f64, seconds: f64) -> f64 {
        let given = power_kw * seconds / 3_600.0 / self.discharge_efficiency / self.battery_kwh;
        (soc - given).max(floor_soc.min(soc))
    }

    /// Time to feed back `power_kw` from `soc` down to `floor_soc` [s]; infinite without power.
    pub fn seconds_to_floor(&self, soc: f64, power_kw: f64, floor_soc: f64) -> f64 {
        self.kwh((soc - floor_soc).max(0.0)) * self.discharge_efficiency / power_kw * 3_600.0
    }

    /// State of charge after charging for `seconds` as in [`soc_after`](Self::soc_after); `None` if `target_soc` is
    /// reached before [s, to a microsecond, the rounding error of the charge].
    pub fn soc_if_charging_for(&self, soc: f64, limit_kw: f64, target_soc: f64, seconds: f64) -> Option<f64> {
        let (then, time_s) = self.charge(soc, limit_kw, target_soc, seconds);
        (time_s >= seconds - 1e-6).then_some(then)
    }

    /// Walks the pieces of the curve until `target_soc` or for `seconds`, whichever comes first. Returns (state of
    /// charge, time taken).
    fn charge(&self, mut soc: f64, limit_kw: f64, target_soc: f64, seconds: f64) -> (f64, f64) {
        if soc >= target_soc {
            return (soc, 0.0);
        }
        if limit_kw <= 0.0 {
            return (soc, seconds);
        }
        // State of charge per second and kW at the plug.
        let rate = self.charge_efficiency / (self.battery_kwh * 3_600.0);
        let mut used_s = 0.0;
        let mut i = self.curve.piece(soc);
        while soc < target_soc {
            let corner = self.curve.soc[i + 1];
            let mut end = corner.min(target_soc);
            let (mut p0, mut p1) = (self.curve.on_piece(i, soc), self.curve.on_piece(i, end));
            // If the curve crosses the limit inside the piece, the piece ends at the crossing for now.
            if (p0 < limit_kw) != (p1 < limit_kw) && p0 != limit_kw && p1 != limit_kw {
                let crossing = soc + (end - soc) * (limit_kw - p0) / (p1 - p0);
                if crossing > soc && crossing < end {
                    (end, p1) = (crossing, limit_kw);
                }
            }
            (p0, p1) = (p0.min(limit_kw), p1.min(limit_kw));
            let width = end - soc;
            // dsoc/dt = rate * p(soc) with p linear: time = width / rate * ln(p1 / p0) / (p1 - p0).
            let time_s = || {
                let ratio = p1 / p0 - 1.0;
                width / (rate * p0) * if ratio.abs() < 1e-9 { 1.0 } else { ratio.ln_1p() / ratio }
            };
            // Most readings end within a piece, and most of them well before its end at the highest power.
            let ends_within = || used_s + width / (rate * p0.max(p1)) * (1.0 - 1e-9) > seconds;
            let time_s = if ends_within() { f64::INFINITY } else { time_s() };
            if used_s + time_s > seconds {
                let left_s = seconds - used_s;
                let slope = (p1 - p0) / width;
                let x = rate * slope * left_s;
                let gained = rate * p0 * left_s * if x.abs() < 1e-9 { 1.0 } else { x.exp_m1() / x };
                return ((soc + gained).min(end), seconds);
            }
            used_s += time_s;
            soc = end;
            if soc >= corner && i + 2 < self.curve.soc.len() {
                i += 1;
            }
        }
        (soc, used_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vehicle(curve: &[[f64; 2]]) -> VehicleType {
        VehicleType {
            name: "test".into(),
            battery_kwh: 40.0,
            usable_soc: [0.0, 1.0],
            consumption_kwh_per_km: 0.2,
            consumption_by_temperature: vec![[-10.0, 1.5], [20.0, 1.0], [35.0, 1.1]],
            ac_kw: 7.4,
            dc_kw: 50.0,
            curve: ChargingCurve::new(curve),
            charge_efficiency: 0.9,
            discharge_efficiency: 0.9,
            feed_kw: 7.4,
            max_active_hours: 8.0,
            wear_cost_per_kwh: 0.0,
        }
    }

    #[test]
    fn constant_power_takes_energy_over_power() {
        let v = vehicle(&[[0.0, 50.0], [1.0, 50.0]]);
        // 0.5 x 40 kWh / 0.9 / 20 kW = 1.1111 h.
        assert!((v.seconds_to(0.2, 20.0, 0.7) - 4_000.0).abs() < 1e-9);
        assert!((v.soc_after(0.2, 20.0, 1.0, 4_000.0) - 0.7).abs() < 1e-12);
        assert_eq!(v.soc_after(0.9, 20.0, 0.8, 100.0), 0.9, "a target below the charge asks for nothing");
    }

    #[test]
    fn tapering_power_is_exponential() {
        // Power 50 kW at 0.8 falling to 10 kW at 1.0: p = 50 - 200 (s - 0.8); the closed form is
        // t = C / (eta * 200) * ln(50 / 10) hours.
        let v = vehicle(&[[0.0, 50.0], [0.8, 50.0], [1.0, 10.0]]);
        let expected_s = 40.0 / (0.9 * 200.0) * 5.0_f64.ln() * 3_600.0;
        assert!((v.seconds_to(0.8, 100.0, 1.0) - expected_s).abs() < 1e-6);
    }

    #[test]
    fn feeding_back_is_a_straight_line_to_the_floor() {
        let v = vehicle(&[[0.0, 50.0], [1.0, 50.0]]);
        // 7.2 kW at the plug take 8 kW from the battery: a fifth of 40 kWh in one hour.
        assert!((v.soc_after_feeding(0.7, 7.2, 0.2, 3_600.0) - 0.5).abs() < 1e-12);
        assert_eq!(v.soc_after_feeding(0.3, 7.2, 0.2, 3_600.0), 0.2);
        assert_eq!(v.soc_after_feeding(0.1, 7.2, 0.2, 3_600.0), 0.1, "below the floor nothing is given");
        assert!((v.seconds_to_floor(0.7, 7.2, 0.5) - 3_600.0).abs() < 1e-9);
        assert_eq!(v.seconds_to_floor(0.1, 7.2, 0.5), 0.0);
    }

    #[test]
    fn consumption_follows_temperature() {
        let v = vehicle(&[[0.0, 50.0], [1.0, 50.0]]);
        for (t, factor) in [(-20.0, 1.5), (-10.0, 1.5), (5.0, 1.25), (20.0, 1.0), (27.5, 1.05), (50.0, 1.1)] {
            assert!((v.consumption_kwh_per_km(Some(t)) - 0.2 * factor).abs() < 1e-12, "{t}");
        }
        assert_eq!(v.consumption_kwh_per_km(None), 0.2);
    }

    proptest! {
        /// Checks the closed form against a second method: small Euler steps.
        #[test]
        fn the_closed_form_agrees_with_small_steps(
            soc in 0.0..0.99f64, limit in 1.0..60.0f64, minutes in 1.0..120.0f64,
            p in prop::array::uniform4(3.0..60.0f64)
        ) {
            let v = vehicle(&[[0.0, p[0]], [0.3, p[1]], [0.7, p[2]], [1.0, p[3]]]);
            let steps = 20_000;
            let h = minutes * 60.0 / f64::from(steps);
            let mut stepped = soc;
            for _ in 0..steps {
                let power = v.curve.power_kw(stepped).min(limit);
                stepped = (stepped + power * 0.9 / 40.0 * h / 3_600.0).min(1.0);
            }
            prop_assert!((v.soc_after(soc, limit, 1.0, minutes * 60.0) - stepped).abs() < 1e-3);
        }

        /// Time to a charge and charge after a time are inverse; two consecutive waits equal one long wait.
        #[test]
        fn time_and_charge_are_inverse(
            soc in 0.0..0.9f64, gain in 0.01..0.1f64, limit in 1.0..60.0f64, split in 0.0..1.0f64
        ) {
            let v = vehicle(&[[0.0, 20.0], [0.2, 50.0], [0.8, 40.0], [1.0, 5.0]]);
            let time_s = v.seconds_to(soc, limit, soc + gain);
            prop_assert!((v.soc_after(soc, limit, 1.0, time_s) - soc - gain).abs() < 1e-9);
            let half_way = v.soc_after(soc, limit, 1.0, split * time_s);
            prop_assert!((v.soc_after(half_way, limit, 1.0, (1.0 - split) * time_s) - soc - gain).abs() < 1e-9);
        }
    }
}

//! Synthetic hourly energy prices: a mean by hour of the day plus slowly decaying noise.

use super::super::prices::PriceSeries;
use chrono::NaiveDate;
use chrono_tz::Tz;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_core::time::{HOUR_S, LocalClock, SimTime, local_to_utc};
use rand::RngExt;
use rand_distr::StandardNormal;

/// Mean price by hour of the day, Monday to Friday and at the weekend [currency/MWh], and the noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceShape {
    weekday: [f64; 24],
    weekend: [f64; 24],
    spread: f64,
    /// Share of the noise of an hour that carries over to the next.
    memory: f64,
    tz: Tz,
}

/// German day-ahead prices: hourly means, standard deviation around them (13.4) and correlation with the
/// hour before (0.956), measured on the EPEX auctions of 2016 and 2017.
pub const GERMANY: PriceShape = PriceShape {
    weekday: [
        26.1, 24.6, 23.5, 23.0, 23.7, 26.1, 33.6, 41.7, 43.5, 41.4, 39.3, 38.3, 35.7, 34.6, 34.1, 35.1, 36.8,
        41.6, 43.7, 43.5, 39.5, 35.4, 33.0, 28.5,
    ],
    weekend: [
        24.5, 22.1, 20.9, 20.0, 19.9, 19.8, 20.0, 22.2, 24.9, 26.4, 25.6, 25.6, 23.3, 20.0, 18.5, 20.1, 22.9,
        28.7, 32.9, 34.2, 32.0, 29.8, 29.6, 24.8,
    ],
    spread: 13.4,
    memory: 0.956,
    tz: chrono_tz::Europe::Berlin,
};

/// Day-ahead prices of the Nordic area SE3: as for Germany, measured on Nord Pool's auctions of 2016 (standard
/// deviation 11.3, correlation with the hour before 0.911).
pub const NORDIC: PriceShape = PriceShape {
    weekday: [
        24.5, 23.6, 23.0, 22.8, 23.5, 25.6, 29.1, 35.6, 38.8, 37.5, 35.4, 34.5, 33.7, 33.1, 32.5, 32.6, 34.1,
        36.6, 35.1, 32.8, 30.4, 29.0, 27.7, 25.8,
    ],
    weekend: [
        24.6, 23.3, 22.6, 21.8, 21.7, 22.2, 22.8, 24.3, 25.7, 26.8, 27.1, 27.2, 26.7, 26.1, 25.8, 25.9, 26.6,
        27.9, 28.4, 28.4, 27.8, 27.3, 26.7, 25.1,
    ],
    spread: 11.3,
    memory: 0.911,
    tz: chrono_tz::Europe::Oslo,
};

/// Wholesale prices of a New York winter; all figures are assumed (a minimum of 20 $ at night, peaks in the
/// morning and, higher, in the evening).
pub const NEW_YORK: PriceShape = PriceShape {
    weekday: [
        23.0, 21.0, 20.0, 20.0, 21.0, 25.0, 33.0, 41.0, 42.0, 38.0, 36.0, 35.0, 33.0, 32.0, 32.0, 33.0, 38.0,
        48.0, 52.0, 48.0, 42.0, 36.0, 31.0, 26.0,
    ],
    weekend: [
        24.0, 22.0, 20.0, 20.0, 20.0, 21.0, 24.0, 28.0, 32.0, 34.0, 34.0, 33.0, 31.0, 30.0, 30.0, 31.0, 35.0,
        43.0, 47.0, 44.0, 39.0, 34.0, 30.0, 26.0,
    ],
    spread: 8.0,
    memory: 0.9,
    tz: chrono_tz::America::New_York,
};

/// Local midnights at which the period of `days` days from `start` begins and ends.
///
/// # Errors
/// If there are no days, or more than ten years.
pub(super) fn days_of(tz: Tz, start: NaiveDate, days: u32) -> Result<(SimTime, SimTime)> {
    let end = start.checked_add_days(chrono::Days::new(u64::from(days)));
    let (Some(end), 1..=3_660) = (end, days) else {
        return Err(InputError::new(format!("{days} days from {start}"), "1 to 3660 days of this era").into());
    };
    let midnight =
        |date: NaiveDate| local_to_utc(tz, date.and_hms_opt(0, 0, 0).unwrap_or_default()).earliest();
    Ok((midnight(start), midnight(end)))
}

impl PriceShape {
    /// Time zone of the hours of the day.
    pub fn tz(&self) -> Tz {
        self.tz
    }

    /// Hourly prices from the local midnight of `start` over `days` days.
    ///
    /// # Errors
    /// If there are no days, or more than ten years.
    pub fn series(&self, start: NaiveDate, days: u32, seed: u64) -> Result<PriceSeries> {
        let (start, end) = days_of(self.tz, start, days)?;
        let clock = LocalClock::new(self.tz, start, end);
        let mut random = Streams { seed, replication: 0 }.stream(Purpose::Synthesis, 1);
        let step = self.spread * (1.0 - self.memory * self.memory).sqrt();
        let mut noise = self.spread * random.sample::<f64, _>(StandardNormal);
        let price_per_mwh = (0..(end - start) / HOUR_S)
            .map(|hour| {
                let hour = clock.hour_of_week(start + hour * HOUR_S);
                let mean = if hour / 24 < 5 { self.weekday[hour % 24] } else { self.weekend[hour % 24] };
                let price = mean + noise;
                noise = self.memory * noise + step * random.sample::<f64, _>(StandardNormal);
                // Rounds to whole cents; the sum avoids negative zero in the file.
                (price * 100.0).round() / 100.0 + 0.0
            })
            .collect();
        Ok(PriceSeries { start, slot_s: HOUR_S, price_per_mwh })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_series_has_the_means_it_was_made_from() {
        let start = NaiveDate::from_ymd_opt(2016, 1, 4).unwrap();
        let series = GERMANY.series(start, 3_640, 7).unwrap();
        let mean = series.price_per_mwh.iter().sum::<f64>() / series.price_per_mwh.len() as f64;
        let expected =
            (5.0 * GERMANY.weekday.iter().sum::<f64>() + 2.0 * GERMANY.weekend.iter().sum::<f64>()) / 168.0;
        // The mean of a process with autocorrelation 0.956 over 87,360 hours has a standard error of 0.3.
        assert!((mean - expected).abs() < 1.2, "{mean} {expected}");
    }

    #[test]
    fn a_week_with_a_clock_change_has_an_hour_less() {
        let start = NaiveDate::from_ymd_opt(2018, 3, 5).unwrap();
        assert_eq!(NEW_YORK.series(start, 7, 1).unwrap().price_per_mwh.len(), 167);
        assert!(NEW_YORK.series(start, 0, 1).is_err());
    }
}

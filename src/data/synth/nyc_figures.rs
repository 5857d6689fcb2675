//! Figures of New York's yellow cabs, from which a week is synthesised.
//!
//! Unless another source is named, all figures were measured on 60,000 trips of the yellow taxi records of
//! the NYC Taxi and Limousine Commission, 10,000 random trips of each month from January to June 2018 (58,351
//! of them usable).

/// Pick-ups in each hour of the week, from Monday 0:00, per 100,000 in a week.
pub const PICKUPS_BY_HOUR_OF_WEEK: [f64; 168] = [
    240., 156., 108., 101., 96., 168., 372., 609., 700., 653., 619., 667., 595., 653., 707., 755., 665.,
    836., 974., 844., 766., 809., 594., 466., // Monday
    262., 131., 80., 58., 73., 176., 335., 662., 766., 698., 683., 695., 766., 717., 798., 756., 697., 826.,
    906., 904., 916., 922., 789., 532., // Tuesday
    294., 168., 90., 60., 71., 149., 415., 615., 872., 788., 713., 715., 731., 738., 765., 720., 665., 818.,
    1027., 887., 864., 869., 851., 639., // Wednesday
    352., 199., 100., 88., 86., 151., 378., 715., 811., 760., 775., 738., 745., 726., 851., 811., 703., 872.,
    993., 959., 925., 970., 872., 804., // Thursday
    526., 305., 192., 139., 108., 148., 385., 627., 838., 683., 707., 715., 743., 751., 866., 771., 745.,
    851., 989., 985., 798., 867., 849., 823., // Friday
    717., 599., 453., 338., 206., 113., 177., 264., 340., 546., 635., 718., 811., 811., 803., 811., 780.,
    904., 901., 872., 687., 690., 756., 828., // Saturday
    778., 645., 421., 357., 269., 102., 147., 231., 286., 452., 562., 714., 718., 735., 731., 728., 719.,
    661., 771., 680., 581., 512., 476., 348., // Sunday
];

/// Blocks of the week with similar distributions of pick-ups and destinations.
pub const BLOCKS: usize = 6;

/// Block of an hour of the week: weekday 6-10 h, 10-16 h, 16-20 h, night; Saturday and Sunday
/// 6-20 h; nights from Friday to Sunday.
pub fn block(hour_of_week: usize) -> usize {
    let (day, hour) = (hour_of_week / 24, hour_of_week % 24);
    if !(6..20).contains(&hour) {
        let weekend = if hour >= 20 { day == 4 || day == 5 } else { day == 5 || day == 6 };
        return if weekend { 5 } else { 3 };
    }
    if day >= 5 {
        return 4;
    }
    match hour {
        ..10 => 0,
        10..16 => 1,
        _ => 2,
    }
}

/// By block and zone: pick-ups, and attraction as a destination, per 100,000.
///
/// The attraction is that of a gravity model, P(j | i) ~ pull_j x deterrence(distance_ij), fitted by
/// proportional adjustment to the drop-offs by zone and the trips by distance of each block.
pub const DEMAND: &str = include_str!("nyc_demand.csv");

/// Upper bounds of the distance classes of [`DETERRENCE`] [km, great circle between centroids]; the first
/// class is the zone itself, the last is unbounded.
pub const DISTANCE_CLASSES_KM: [f64; 11] = [0.0, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0, 7.0, 10.0, 14.0, 20.0];

/// Deterrence by block and distance class, relative to the class of 1.25 to 1.75 km.
pub const DETERRENCE: [[f64; 12]; BLOCKS] = [
    [0.888, 1.1526, 1.1224, 1.0, 0.61, 0.356, 0.2027, 0.1235, 0.0979, 0.0561, 0.0897, 0.0626],
    [1.014, 1.0936, 1.1334, 1.0, 0.6336, 0.3604, 0.1984, 0.1233, 0.1061, 0.0791, 0.0953, 0.0807],
    [0.8992, 1.0229, 1.0831, 1.0, 0.5822, 0.3538, 0.2038, 0.1048, 0.0762, 0.0605, 0.0681, 0.0836],
    [0.9359, 0.9282, 1.0081, 1.0, 0.6621, 0.4677, 0.289, 0.1717, 0.114, 0.0795, 0.0736, 0.0655],
    [0.9452, 1.0592, 1.0589, 1.0, 0.6116, 0.3739, 0.2174, 0.1247, 0.0844, 0.0605, 0.0931, 0.0881],
    [1.0426, 1.0543, 1.0569, 1.0, 0.6773, 0.444, 0.2692, 0.1773, 0.0972, 0.0526, 0.0467, 0.0514],
];

/// Median ratio of distance driven to great-circle distance between centroids, by great-circle distance [km].
pub const CIRCUITY: [[f64; 2]; 6] =
    [[0.65, 1.653], [1.5, 1.235], [3.0, 1.21], [6.0, 1.261], [12.0, 1.46], [23.0, 1.43]];
/// Standard deviation of the logarithm of the ratio in [`CIRCUITY`].
pub const CIRCUITY_SPREAD: [[f64; 2]; 6] =
    [[0.65, 0.418], [1.5, 0.358], [3.0, 0.273], [6.0, 0.234], [12.0, 0.207], [23.0, 0.123]];
/// Median ratio of the distance of a trip within a zone to the square root of the area of the zone.
pub const WITHIN_ZONE: f64 = 0.976;
/// Standard deviation of the logarithm of the ratio in [`WITHIN_ZONE`] (from its quartiles, 0.709 and 1.353).
pub const WITHIN_ZONE_SPREAD: f64 = 0.48;

/// Geometric mean speed [km/h] by distance of the trip [km], adjusted for the factor of the hour.
pub const SPEED_KMH: [[f64; 2]; 9] = [
    [0.8, 12.6],
    [1.48, 13.7],
    [2.41, 14.6],
    [3.75, 16.0],
    [6.12, 18.7],
    [9.5, 24.1],
    [14.9, 30.3],
    [24.62, 35.6],
    [32.51, 40.9],
];
/// Factor on the speed by hour of the day, Monday to Friday.
pub const PACE_WEEKDAY: [f64; 24] = [
    1.34, 1.42, 1.45, 1.5, 1.55, 1.57, 1.37, 1.07, 0.88, 0.82, 0.82, 0.81, 0.81, 0.83, 0.83, 0.83, 0.86,
    0.86, 0.9, 0.99, 1.1, 1.13, 1.16, 1.2,
];
/// Factor on the speed by hour of the day, Saturday and Sunday.
pub const PACE_WEEKEND: [f64; 24] = [
    1.13, 1.21, 1.27, 1.33, 1.45, 1.52, 1.54, 1.54, 1.42, 1.32, 1.2, 1.1, 1.04, 1.01, 0.97, 0.97, 0.98, 0.95,
    0.98, 0.99, 1.05, 1.1, 1.11, 1.14,
];
/// Standard deviation of the logarithm of the residual speed.
pub const SPEED_SPREAD: f64 = 0.342;

/// Share of trips with 0, 1, 2, ... recorded passengers.
pub const PASSENGERS: [f64; 7] = [0.0078, 0.7130, 0.1453, 0.0413, 0.0189, 0.0457, 0.0280];
/// Share of trips of the two meter providers, VendorID 1 and 2.
pub const VENDORS: [f64; 2] = [0.432, 0.568];
/// Share of trips by payment: card, cash, no charge, dispute.
pub const PAYMENTS: [f64; 4] = [0.6970, 0.2964, 0.0053, 0.0013];
/// Share of card payments with a tip, and mean and standard deviation of tip over fare.
pub const TIPS: (f64, f64, f64) = (0.956, 0.22, 0.085);
/// Share of records stored in the vehicle's memory because there was no connection.
pub const STORED: f64 = 0.0041;
/// Share of trips with a toll among trips between boroughs over 12 km (5.4 % of all trips pay one).
pub const TOLLED: f64 = 0.9;
/// Toll of a bridge or tunnel [$]: MTA Bridges and Tunnels, E-ZPass, 2017 to 2019.
pub const TOLL: f64 = 5.76;

/// Fare at the start of a trip, and per unit of 1/5 mile or of 60 s of slow driving [$]: TLC, Rules of the
/// City of New York, title 35, section 58-26, as of 2012 to 2022.
pub const FARE_START: f64 = 2.5;
/// See [`FARE_START`].
pub const FARE_UNIT: f64 = 0.5;
/// Flat fare between John F. Kennedy airport and Manhattan [$], and its rush-hour surcharge (same source).
pub const FARE_JFK: (f64, f64) = (52.0, 4.5);
/// Surcharge of a trip to Newark airport [$] (same source).
pub const FARE_NEWARK: f64 = 17.5;
/// Speed [mi/h] of a cab while it is moving, chosen such that the meter's fares have no bias against the
/// fares of the records.
pub const MOVING_MPH: f64 = 17.0;

/// Share of rows with each kind of defect.
pub const DIRT: [(&str, f64); 10] = [
    ("zone 264 (unknown)", 0.0165),
    ("zone 265 (outside the city)", 0.0022),
    ("duration zero", 0.0009),
    ("meter left running for most of a day", 0.0017),
    ("distance zero", 0.006),
    ("distance absurd", 0.00005), // one of 60,000 in the records
    ("amounts negative", 0.00055),
    ("fare zero", 0.0002),
    ("year wrong", 0.00005), // as in the green records of 2021 to 2023
    ("row twice", 0.0001),   // assumed
];

//! A random scenario: the scenario file and the tables that it reads, from the seed and the features of a case.

use super::features::{Switches, stream};
use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use rand::{Rng, RngExt as _};
use std::fmt::Write as _;
use std::path::Path;

/// Text of a scenario and of its tables.
#[derive(Debug, Clone)]
pub struct World {
    /// Scenario file.
    pub scenario: String,
    /// Tables by file name.
    pub files: Vec<(String, String)>,
    /// First instant simulated.
    pub start: DateTime<Utc>,
    /// Duration of the horizon in seconds, without clock changes [s].
    pub horizon_s: i64,
}

/// Time zones by feature, with a date near a change of the clock.
const ZONES: [(&str, &str, (i32, u32, u32)); 10] = [
    ("zone-new-york-spring", "America/New_York", (2018, 3, 11)),
    ("zone-new-york-autumn", "America/New_York", (2018, 11, 4)),
    ("zone-berlin-spring", "Europe/Berlin", (2018, 3, 25)),
    ("zone-berlin-autumn", "Europe/Berlin", (2018, 10, 28)),
    ("zone-lord-howe-spring", "Australia/Lord_Howe", (2018, 10, 7)),
    ("zone-lord-howe-autumn", "Australia/Lord_Howe", (2018, 4, 1)),
    ("zone-sao-paulo-midnight", "America/Sao_Paulo", (2018, 11, 3)),
    ("zone-kolkata", "Asia/Kolkata", (2018, 6, 11)),
    ("zone-kathmandu", "Asia/Kathmandu", (2018, 6, 15)),
    ("zone-chatham", "Pacific/Chatham", (2018, 4, 1)),
];

/// Centre of the synthetic town [degrees].
const TOWN: (f64, f64) = (51.53, 9.93);

impl World {
    /// The world of a case.
    pub fn new(seed: u64, on: &Switches) -> Self {
        Builder::new(seed, on).build()
    }

    /// Writes the scenario, as `scenario.toml`, and its tables into a folder.
    pub fn write(&self, folder: &Path) {
        std::fs::write(folder.join("scenario.toml"), &self.scenario).expect("a scenario file");
        for (name, text) in &self.files {
            std::fs::write(folder.join(name), text).expect("a table");
        }
    }
}

struct Builder<'a> {
    seed: u64,
    on: &'a Switches,
    zone: Tz,
    start_local: NaiveDateTime,
    start: DateTime<Utc>,
    horizon_s: i64,
    files: Vec<(String, String)>,
    text: String,
}

impl<'a> Builder<'a> {
    fn new(seed: u64, on: &'a Switches) -> Self {
        let zone = ZONES.iter().find(|(feature, ..)| on.contains(feature));
        let (name, (year, month, day)) = zone.map_or(("UTC", (2018, 3, 5)), |(_, name, date)| (name, *date));
        let zone: Tz = name.parse().expect("a time zone");
        let hour = if on.contains("start-at-noon") { 12 } else { 0 };
        let date = NaiveDate::from_ymd_opt(year, month, day).expect("a date");
        let start_local = date.and_hms_opt(hour, 0, 0).expect("a time of day");
        let start = zone.from_local_datetime(&start_local).earliest().expect("a start that exists");
        let mut random = stream(seed, "horizon");
        let horizon_s = if on.contains("horizon-seconds") {
            random.random_range(1..300)
        } else if on.contains("horizon-hours") {
            random.random_range(3_600..36_000)
        } else if on.contains("horizon-two-days") {
            2 * 86_400
        } else {
            86_400
        };
        Self {
            seed,
            on,
            zone,
            start_local,
            start: start.with_timezone(&Utc),
            horizon_s,
            files: Vec::new(),
            text: String::new(),
        }
    }

    fn has(&self, feature: &str) -> bool {
        self.on.contains(feature)
    }

    fn random(&self, purpose: &str) -> impl Rng + use<> {
        stream(self.seed, purpose)
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn fleets(&self) -> Vec<&'static str> {
        let mut fleets = vec!["amber"];
        fleets.extend(self.has("second-fleet").then_some("cobalt"));
        fleets.extend(self.has("third-fleet").then_some("jade"));
        fleets
    }

    fn slot_s(&self) -> i64 {
        900
    }

    fn build(mut self) -> World {
        self.head();
        self.trips();
        self.operation();
        self.variation();
        self.types();
        self.fleet_tables();
        self.stations();
        self.retailers();
        self.markets();
        self.rest();
        World { scenario: self.text, files: self.files, start: self.start, horizon_s: self.horizon_s }
    }

    fn head(&mut self) {
        let (seed, zone, start) = (self.seed, self.zone, self.start_local.format("%Y-%m-%dT%H:%M"));
        let mut random = self.random("control");
        let control_s = if self.has("control-odd") {
            random.random_range(60..1_800)
        } else if self.has("control-second") {
            1
        } else if self.has("control-hours") {
            7_200
        } else if self.horizon_s < 300 {
            random.random_range(1..=self.horizon_s)
        } else {
            [300, 900][random.random_range(0..2)]
        };
        let end = if self.has("horizon-seconds") || self.has("horizon-hours") {
            let end = self.start + Duration::seconds(self.horizon_s);
            format!("end = \"{}\"", end.format("%Y-%m-%dT%H:%M:%SZ"))
        } else {
            format!("days = {}", self.horizon_s / 86_400)
        };
        // A load-dependent price needs slots of a whole number of control intervals.
        let control_s =
            if self.has("load-dependent") && self.slot_s() % control_s != 0 { 1 } else { control_s };
        self.line(&format!(
            "version = 2\nname = \"swarm-{seed}\"\nseed = {seed}\n\n[time]\nstart = \"{start}\"\n{end}\n\
             timezone = \"{zone}\"\ncontrol_interval_s = {control_s}"
        ));
        let speed: f64 = self.random("speed").random_range(5.0..60.0);
        self.line(&format!("\n[travel]\nspeed_kmh = {speed:.1}"));
        if self.has("temperature") {
            let degrees: f64 = self.random("temperature").random_range(-20.0..35.0);
            self.line(&format!("\n[environment]\ntemperature_c = {degrees:.1}\nco2_kg_per_kwh = 0.4"));
        }
    }

    fn trips(&mut self) {
        if self.has("no-trips") {
            return;
        }
        let mut random = self.random("trips");
        let count = if self.has("one-trip") {
            1
        } else if self.has("many-trips") {
            random.random_range(50..250)
        } else {
            random.random_range(2..50)
        };
        let beyond_s = if self.has("trips-beyond-the-end") { 20_000 } else { 0 };
        // A day on which clocks go forward is an hour shorter.
        let instant_s = random.random_range(0..self.horizon_s.min(86_400 - 3_600));
        let fleets = self.fleets();
        let mut rows: Vec<(i64, String)> = (0..count)
            .map(|trip| {
                let within_s = random.random_range(0..self.horizon_s + beyond_s);
                // The first trip is always within the horizon.
                let at_s = match self.has("trips-at-one-instant") && trip % 2 == 0 {
                    true => instant_s,
                    false if trip == 0 => instant_s,
                    false => within_s,
                };
                (at_s, self.trip(at_s, &fleets, &mut random))
            })
            .collect();
        rows.sort();
        let mut table = String::from(
            "request_time,origin_lat,origin_lon,destination_lat,destination_lon,fleet,duration_s,distance_km,fare",
        );
        if self.has("replay") {
            table.push_str(",vehicle,soc_start,soc_end,ends_at_charger");
        }
        table.push('\n');
        rows.iter().for_each(|(_, row)| {
            table.push_str(row);
            table.push('\n');
        });
        self.files.push(("trips.csv".to_owned(), table));
        self.line("\n[trips]\nfiles = [\"trips.csv\"]\non_bad_row = \"skip\"");
        if self.has("fleet-shares") {
            let share = 1.0 / fleets.len() as f64;
            let shares: Vec<String> = fleets.iter().map(|fleet| format!("{fleet} = {share}")).collect();
            self.line(&format!("fleet_shares = {{ {} }}", shares.join(", ")));
        } else {
            self.line("fleet_column = \"fleet\"");
        }
    }

    /// A row of the table of trips.
    fn trip(&self, at_s: i64, fleets: &[&str], random: &mut impl Rng) -> String {
        let mut place = || {
            let (north, east) = (random.random_range(-0.05..0.05), random.random_range(-0.05..0.05));
            (TOWN.0 + north, TOWN.1 + east)
        };
        let (from, to) = (place(), place());
        let (from, to) = if self.has("trips-at-one-place") { (TOWN, TOWN) } else { (from, to) };
        let time = (self.start + Duration::seconds(at_s)).format("%Y-%m-%dT%H:%M:%SZ");
        let fleet = fleets[random.random_range(0..fleets.len())];
        let mut row = format!("{time},{:.5},{:.5},{:.5},{:.5},{fleet}", from.0, from.1, to.0, to.1);
        let (duration_s, km) = (random.random_range(1..4_000), random.random_range(0.0..30.0));
        let fare: f64 = random.random_range(0.0..50.0);
        let vehicle = random.random_range(0..6);
        let (soc, ends): (f64, bool) = (random.random(), random.random());
        let drop: f64 = random.random_range(-0.1..0.3);
        for (feature, value) in [
            ("told-durations", duration_s.to_string()),
            ("told-distances", format!("{km:.2}")),
            ("told-fares", format!("{fare:.2}")),
        ] {
            let _ = write!(row, ",{}", if self.has(feature) { &value } else { "" });
        }
        if self.has("replay") {
            let left = (soc - drop).clamp(0.0, 1.0);
            let _ = write!(row, ",{fleet}-{vehicle},{soc:.3},{left:.3},{ends}");
        }
        row
    }

    fn operation(&mut self) {
        self.line("\n[operation]");
        if self.has("replay") {
            self.line("mode = \"replay\"");
            if self.has("clairvoyant-bound") && self.trades() {
                self.line("clairvoyant_bound = true");
            }
        } else {
            self.dispatch();
        }
        self.coalitions();
        self.bidding();
        self.prices_and_answers();
    }

    /// Policies that a replay does not have.
    fn dispatch(&mut self) {
        let mut random = self.random("operation");
        let patience_s = match (self.has("zero-patience"), self.has("long-patience")) {
            (true, _) => 0,
            (_, true) => 40_000,
            _ => random.random_range(60..2_000),
        };
        let dispatch = if self.has("nearest-idle") {
            "{ kind = \"nearest-idle\" }".to_owned()
        } else {
            format!("{{ kind = \"batched\", interval_s = {} }}", random.random_range(1..600))
        };
        let charging = ["threshold-nearest", "opportunistic", "price-aware"]
            .into_iter()
            .find(|name| self.has(name))
            .unwrap_or("threshold-fastest");
        let start_soc: f64 = random.random_range(0.15..0.6);
        let relocation =
            ["follow-demand", "to-depot"].into_iter().find(|name| self.has(name)).unwrap_or("none");
        self.line(&format!(
            "patience_s = {patience_s}\ndispatch = {dispatch}\n\
             charging = {{ kind = \"{charging}\", start_soc = {start_soc:.2}, target_soc = 0.9{} }}\n\
             relocation = {{ kind = \"{relocation}\" }}",
            if ["opportunistic", "price-aware"].contains(&charging) { ", idle_soc = 0.7" } else { "" },
        ));
    }

    /// Fleets that act together, and those that take part.
    fn coalitions(&mut self) {
        if self.has("coalition") {
            self.line("coalitions = [[\"amber\", \"cobalt\"]]");
            if self.has("coalition-of-riders") {
                self.line("coalition_shares = \"riders\"");
            }
            if self.has("referral") {
                self.line("referral_share = 0.1");
            }
        }
        if self.has("take-part") {
            self.line("take_part = [\"amber\"]");
            if self.has("riders-of-all") {
                self.line("demand = \"all\"");
            }
        }
    }

    /// Energy bought ahead, and the power of stations.
    fn bidding(&mut self) {
        let forecast = if self.has("bids-by-forecast") { ", forecast = \"seasonal-naive\"" } else { "" };
        let agent = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/agents/stuttgart.gridfleet");
        for (feature, bidding) in [
            ("bids-day-ahead", "kind = \"day-ahead\", risk = 0.2, accuracy = 0.8".to_owned()),
            ("bids-intraday", "kind = \"intraday\", risk = 0.1".to_owned()),
            ("bids-balancing", "kind = \"balancing\", accuracy = 0.7".to_owned()),
            (
                "bids-integrated",
                "kind = \"integrated\", risk_balancing = 0.5, risk_intraday = 0.3".to_owned(),
            ),
            ("bids-learned", format!("kind = \"learned\", file = '{}'", agent.display())),
        ] {
            if self.has(feature) {
                self.line(&format!("bidding = {{ {bidding}{forecast} }}"));
            }
        }
        if self.has("one-bidder") {
            self.line("bidders = [\"cobalt\"]");
        }
        let forecast = if self.has("stations-by-forecast") { "persistence" } else { "perfect" };
        for kind in ["nash", "c-nash", "coordinated"] {
            if self.has(kind) {
                let members = if kind == "c-nash" { ", coalitions = [\"town\"]" } else { "" };
                self.line(&format!("stations = {{ kind = \"{kind}\", horizon_s = 14400, forecast = \"{forecast}\"{members} }}"));
            }
        }
    }

    /// Prices of retailers, and the response to them.
    fn prices_and_answers(&mut self) {
        for (feature, pricing) in [
            ("pricing-flat", "kind = \"flat\", price_per_mwh = 200.0".to_owned()),
            ("pricing-time-of-use", {
                let hours: Vec<String> = (0..24).map(|hour| format!("{}.0", 100 + 7 * (hour % 12))).collect();
                format!("kind = \"time-of-use\", hourly_price_per_mwh = [{}]", hours.join(", "))
            }),
            (
                "stackelberg-marginal",
                "kind = \"stackelberg\", leader = \"marginal\", margin = 1.2".to_owned(),
            ),
            (
                "stackelberg-flatten",
                "kind = \"stackelberg\", leader = \"flatten\", margin_most = 1.5".to_owned(),
            ),
            (
                "stackelberg-profit",
                "kind = \"stackelberg\", leader = \"profit\", margin_most = 2.0".to_owned(),
            ),
        ] {
            if self.has(feature) {
                self.line(&format!("pricing = {{ {pricing} }}"));
            }
        }
        if self.has("nominal-response") {
            self.line("response = { kind = \"nominal\" }");
        }
        for (feature, aggregator) in [
            ("aggregator-naive", "kind = \"naive\""),
            (
                "aggregator-bilevel",
                "kind = \"bilevel\", paths = 20, scenarios = 3, rival_scenarios = 3, history_days = 28",
            ),
            ("aggregator-perfect", "kind = \"perfect-foresight\""),
        ] {
            if self.has(feature) {
                self.line(&format!("aggregator = {{ {aggregator} }}"));
            }
        }
    }

    fn trades(&self) -> bool {
        ["day-ahead", "intraday", "balancing"].into_iter().any(|market| self.has(market))
    }

    fn variation(&mut self) {
        self.line("\n[variation]");
        for (feature, line) in [
            ("demand-jitter", "demand_jitter_s = 300"),
            ("demand-thinning", "demand_thinning = 0.9"),
            ("demand-level", "demand_level_cv = 0.3"),
            ("ride-durations", "ride_duration_cv = 0.2"),
            ("driving-style", "driving_style_cv = 0.1"),
            ("temperature-varies", "temperature_sd_c = 5.0"),
        ] {
            if self.has(feature) {
                self.line(line);
            }
        }
    }

    fn types(&mut self) {
        let mut random = self.random("types");
        for name in ["car", "van"].into_iter().take(1 + usize::from(self.has("second-type"))) {
            let battery_kwh: f64 = match (self.has("tiny-battery"), self.has("huge-battery")) {
                (true, _) => random.random_range(0.5..3.0),
                (_, true) => 9_000.0,
                _ => random.random_range(10.0..90.0),
            };
            let (ac_kw, efficiency): (f64, f64) =
                (random.random_range(3.0..22.0), random.random_range(0.7..1.0));
            self.line(&format!(
                "\n[[vehicle_types]]\nname = \"{name}\"\nbattery_kwh = {battery_kwh:.2}\n\
                 usable_soc = [0.05, 1.0]\nconsumption_kwh_per_km = 0.17\nac_kw = {ac_kw:.1}\ndc_kw = 50.0\n\
                 charge_efficiency = {efficiency:.3}\ndischarge_efficiency = {efficiency:.3}"
            ));
            for (feature, line) in [
                ("curve", "charging_curve_share = [[0.0, 0.6], [0.2, 1.0], [0.7, 1.0], [1.0, 0.1]]"),
                ("wear", "wear_cost_per_kwh = 0.03"),
                ("feeding", "feed_kw = 7.0"),
                ("temperature", "consumption_by_temperature = [[-10.0, 1.4], [20.0, 1.0]]"),
            ] {
                if self.has(feature) {
                    self.line(line);
                }
            }
        }
    }

    fn initial_soc(&self) -> &'static str {
        match (self.has("start-empty"), self.has("start-full")) {
            (true, _) => "0.05",
            (_, true) => "1.0",
            _ => "[0.2, 0.95]",
        }
    }

    fn fleet_tables(&mut self) {
        let mut random = self.random("fleets");
        let soc = self.initial_soc();
        for fleet in self.fleets() {
            let count = if self.has("one-vehicle") {
                1
            } else if self.has("many-vehicles") {
                random.random_range(10..40)
            } else {
                random.random_range(1..8)
            };
            let vehicles = if self.has("replay") {
                format!("{{ type = \"car\", initial_soc = {soc} }}")
            } else if self.has("second-type") {
                format!(
                    "{{ type = \"car\", count = {count}, initial_soc = {soc} }}, {{ type = \"van\", count = 1 }}"
                )
            } else {
                format!("{{ type = \"car\", count = {count}, initial_soc = {soc} }}")
            };
            self.line(&format!(
                "\n[[fleets]]\nname = \"{fleet}\"\nvehicles = [{vehicles}]\n\
                 fare = {{ base = 2.0, per_km = 0.6, per_minute = 0.1 }}"
            ));
            if self.has("costs") {
                self.line("driving_cost_per_km = 0.05\nrescue_cost = 80.0\nlost_request_cost = 1.5");
            }
            if self.has("depots") {
                self.line(&format!("depots = [[{}, {}]]", TOWN.0, TOWN.1));
                if self.has("start-at-demand") {
                    self.line("start_at = \"demand\"");
                }
            }
        }
        if self.has("private-fleet") {
            self.line(&format!(
                "\n[[fleets]]\nname = \"residents\"\nvehicles = [{{ type = \"car\", count = 5, initial_soc = {soc} }}]\n\
                 drivers = {{ home = \"homes\", distance_km = {{ from = 1.0, width = 2.0, weights = [2, 1, 1] }} }}"
            ));
        }
    }

    fn stations(&mut self) {
        let mut random = self.random("stations");
        let patience = match (self.has("queue-patience-short"), self.has("queue-patience-none")) {
            (true, _) => "queue_patience_s = 120",
            (_, true) => "queue_patience_s = 0",
            _ => "",
        };
        let mut stations = vec![("square", "town")];
        if self.has("second-station") {
            stations.push(("suburb", if self.has("second-operator") { "county" } else { "town" }));
        }
        if self.has("private-fleet") {
            stations.push(("homes", "residents"));
        }
        for (i, (name, operator)) in stations.into_iter().enumerate() {
            let homes = name == "homes";
            let connectors = match (homes, self.has("one-connector")) {
                (true, _) => 5,
                (_, true) => 1,
                _ => random.random_range(1..8),
            };
            let fast: bool = random.random();
            let (connector_kw, dc) = match (homes, self.has("slow-connectors")) {
                (true, _) => (11.0, false),
                (_, true) => (1.0, false),
                _ if fast => (50.0, true),
                _ => (11.0, false),
            };
            let (north, east): (f64, f64) =
                (random.random_range(-0.03..0.03), random.random_range(-0.03..0.03));
            let access = match (homes, self.has("own-stations") && name == "suburb") {
                (true, _) => "access = \"own\"",
                (_, true) => "access = [\"amber\"]",
                _ => "",
            };
            let retailer = if self.has("second-retailer") && i == 1 {
                "other"
            } else if self.has("competition") && homes {
                "ours"
            } else {
                "power"
            };
            self.line(&format!(
                "\n[[stations]]\nname = \"{name}\"\nlat = {:.4}\nlon = {:.4}\noperator = \"{operator}\"\n{access}\n\
                 connectors = {connectors}\nconnector_kw = {connector_kw:.1}\ndc = {dc}\nretailer = \"{retailer}\"\n\
                 markup_per_mwh = 40.0\n{patience}",
                TOWN.0 + north,
                TOWN.1 + east,
            ));
            if self.has("site-limit") && !homes {
                self.line(&format!("site_limit_kw = {:.1}", 0.6 * connector_kw * f64::from(connectors)));
            }
            if self.has("feeder") {
                self.line(&format!("bus = {}", [18, 33, 22][i % 3]));
            }
        }
    }

    fn retailers(&mut self) {
        let slot_s = self.slot_s();
        let lead_s = match (self.has("lead-none"), self.has("lead-day")) {
            (true, _) => 0,
            (_, true) => 86_400,
            _ => 3_600,
        };
        let time_of_use = "[retailers.tariff]\nkind = \"time-of-use\"\nbase_per_mwh = 180.0\nperiods = [\n  \
            { days = \"mon-fri\", from = \"07:00\", to = \"20:00\", price_per_mwh = 260.0 },\n  \
            { days = \"daily\", from = \"22:00\", to = \"06:00\", price_per_mwh = 90.0 },\n]";
        let file = "retail.csv";
        let tariff = if self.has("time-of-use") {
            time_of_use.to_owned()
        } else if self.has("real-time") {
            format!("tariff = {{ kind = \"real-time\", file = \"{file}\", margin_per_mwh = 5.0 }}")
        } else if self.has("load-dependent") {
            format!("tariff = {{ kind = \"load-dependent\", file = \"{file}\", slope_per_mwh_mw = 200.0 }}")
        } else if self.has("market-tariff") {
            "tariff = { kind = \"market\", market = \"spot\", margin_per_mwh = 20.0 }".to_owned()
        } else {
            "tariff = { kind = \"flat\", price_per_mwh = 180.0 }".to_owned()
        };
        let lead = if self.has("market-tariff") { lead_s.min(3_600) } else { lead_s };
        self.line(&format!(
            "\n[[retailers]]\nname = \"power\"\nslot_s = {slot_s}\nlead_s = {lead}\n{tariff}"
        ));
        if self.has("generation") {
            self.line("\n[retailers.generation]\na_per_mwh_kw = 0.1\nb_per_mwh = 20.0");
        }
        if self.has("real-time") || self.has("load-dependent") {
            let prices = self.prices("retail", 3_600);
            self.files.push((file.to_owned(), prices));
        }
        if self.has("second-retailer") {
            self.line(
                &format!("\n[[retailers]]\nname = \"other\"\nslot_s = 1800\nlead_s = 7200\n{time_of_use}")
                    .replace("1800", &slot_s.to_string()),
            );
        }
        if self.has("competition") {
            self.line("\n[[retailers]]\nname = \"ours\"\ntariff = { kind = \"flat\", price_per_mwh = 44.0 }");
            self.line(
                "\n[[retailers]]\nname = \"rival\"\ntariff = { kind = \"flat\", price_per_mwh = 42.0 }",
            );
            self.line(
                "\n[competition]\nretailers = [\"ours\", \"rival\"]\nmax_price_per_mwh = 500.0\nrival_price_sd = 0.05",
            );
        }
    }

    /// A table of prices from some days before the start until after the end.
    fn prices(&self, purpose: &str, slot_s: i64) -> String {
        let mut random = self.random(purpose);
        let low = if self.has("negative-prices") { -80.0 } else { 5.0 };
        let mut text = String::from("time,price_per_mwh\n");
        for time in self.price_times(slot_s) {
            let price: f64 = random.random_range(low..160.0);
            let _ = writeln!(text, "{},{price:.2}", time.format("%Y-%m-%dT%H:%M:%SZ"));
        }
        text
    }

    fn price_times(&self, slot_s: i64) -> impl Iterator<Item = DateTime<Utc>> + use<> {
        // A forecast of an aggregator needs weeks.
        let days = if self.has("competition") { 60 } else { 9 };
        let first =
            self.start.date_naive().and_hms_opt(0, 0, 0).expect("midnight").and_utc() - Duration::days(days);
        let last = self.start + Duration::seconds(self.horizon_s) + Duration::days(3);
        (0..).map(move |i| first + Duration::seconds(i * slot_s)).take_while(move |time| *time < last)
    }

    fn markets(&mut self) {
        if self.has("day-ahead") {
            let prices = self.prices("day-ahead", 3_600);
            self.files.push(("day-ahead.csv".to_owned(), prices));
            self.line("\n[[markets]]\nname = \"spot\"\nkind = \"day-ahead\"\nfile = \"day-ahead.csv\"\npublish_s = 2520");
            if self.has("market-slope") {
                self.line("slope_per_mwh_mw = 50.0");
            }
        }
        if self.has("balancing") {
            let prices = self.prices("balancing", 900);
            self.files.push(("balancing.csv".to_owned(), prices));
            self.line("\n[[markets]]\nname = \"reserve\"\nkind = \"balancing\"\nfile = \"balancing.csv\"\ngate = { kind = \"lead\", lead_s = 86400 }");
            if self.has("balancing-capacity") {
                let prices = self.prices("capacity", 900);
                self.files.push(("capacity.csv".to_owned(), prices));
                self.line("capacity_file = \"capacity.csv\"");
            }
        }
        if self.has("intraday") {
            let prices = self.prices("intraday", 900);
            self.files.push(("intraday.csv".to_owned(), prices));
            self.line("\n[[markets]]\nname = \"continuous\"\nkind = \"intraday\"\nfile = \"intraday.csv\"\ngate = { kind = \"lead\", lead_s = 1800 }");
            if self.has("market-lots") {
                self.line("minimum_kw = 2.0\nstep_kw = 1.0");
            }
        }
        if !self.trades() {
            return;
        }
        if self.has("imbalance-single") {
            let prices = self.prices("imbalance", 3_600);
            self.files.push(("imbalance.csv".to_owned(), prices));
            self.line("\n[imbalance]\nkind = \"single\"\nfile = \"imbalance.csv\"");
        } else if self.has("imbalance-dual") {
            let mut random = self.random("imbalance");
            let mut text = String::from("time,up_per_mwh,down_per_mwh\n");
            for time in self.price_times(3_600) {
                let (price, spread): (f64, f64) =
                    (random.random_range(5.0..160.0), random.random_range(0.0..20.0));
                let time = time.format("%Y-%m-%dT%H:%M:%SZ");
                let _ = writeln!(text, "{time},{:.2},{:.2}", price + spread, price - spread);
            }
            self.files.push(("imbalance.csv".to_owned(), text));
            self.line("\n[imbalance]\nkind = \"dual\"\nfile = \"imbalance.csv\"");
        }
    }

    fn rest(&mut self) {
        if self.has("households") {
            let bus = if self.has("feeder") { "bus = 6" } else { "" };
            self.line(&format!(
                "\n[[households]]\nname = \"terrace\"\ncount = 40\nretailer = \"power\"\nenergy_kwh = 12.0\nleast = 0.7\nmost = 1.5\n{bus}"
            ));
        }
        if self.has("feeder") {
            let load = if self.has("weak-feeder") { 1.3 } else { 0.3 };
            let enforce = if self.has("feeder-limit") { "limit" } else { "observe" };
            self.line(&format!("\n[feeder]\ncase = \"ieee33\"\nbase_load = {load}\nenforce = \"{enforce}\""));
        }
    }
}

//! Damaged price files of any kind: no panic.

use gridfleet_data::prices::slots::GapRule;
use gridfleet_data::prices::srl::HighDays;
use gridfleet_data::prices::srl_files::Direction;
use gridfleet_data::prices::summary::{of_raw, recognise};
use gridfleet_data::prices::text::Text;
use gridfleet_data::prices::{dayahead, intraday, nordpool, srl};
use std::path::Path;

fn shipped(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/prices").join(name)).unwrap()
}

/// All operations on a text of prices.
fn try_all(bytes: &[u8], other: &[u8]) {
    let file = Path::new("x.csv");
    let Ok(text) = Text::from_bytes(file, bytes) else { return };
    if let Some(format) = recognise(&text) {
        let _ = of_raw(&text, format, chrono_tz::Europe::Berlin);
    }
    for rule in [GapRule::Fail, GapRule::PreviousWeek, GapRule::Interpolate { limit_s: 7_200 }] {
        for kind in [nordpool::Kind::Spot, nordpool::Kind::Regulating] {
            let _ = nordpool::read(&text, kind, Some("SE3"), nordpool::CLOCK)
                .and_then(|rows| rows.regular(rule, nordpool::CLOCK));
        }
        let options = dayahead::Options { timezone: Some(chrono_tz::Europe::Berlin), ..Default::default() };
        let _ = dayahead::read(&text, options).and_then(|rows| rows.regular(rule, chrono_tz::Europe::Berlin));
        let _ = intraday::read(&text).and_then(|rows| rows.regular(rule, intraday::CLOCK));
    }
    let Ok(other) = Text::from_bytes(file, other) else { return };
    let pair = ([text], [other]);
    for (a, b) in [(&pair.0, &pair.1), (&pair.1, &pair.0)] {
        let _ = srl::read(a, b, Direction::Neg, HighDays::Working)
            .and_then(|rows| rows.regular(GapRule::PreviousWeek, chrono_tz::Europe::Berlin));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_files_do_not_panic(
        at in 0.0_f64..1.0,
        damage in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..6),
        cut in proptest::bool::ANY,
    ) {
        let activation = shipped("srl_activation_2017-03-25.csv");
        for name in
            ["elspot_2016-10-24.csv", "intraday_2017-03-25.csv", "srl_tenders_2017-03-20.csv", "srl_activation_2017-03-25.csv"]
        {
            let mut bytes = shipped(name);
            bytes.truncate(3_000);
            let at = (at * bytes.len() as f64) as usize;
            let end = if cut { bytes.len() } else { (at + damage.len()).min(bytes.len()) };
            bytes.splice(at..end, damage.iter().copied());
            try_all(&bytes, &activation[..2_000]);
        }
    }

    #[test]
    fn made_up_text_does_not_panic(
        text in "((Hours|Up|time|price|DATUM|UHRZEIT VON|[0-9.,:/-]{1,10}|\\PC)[;,\n]){0,40}",
        regulating in "(;|,|\n|Hours|Up|Down|SE3|1/2/2016|00 - 01|17){0,30}",
    ) {
        try_all(text.as_bytes(), text.as_bytes());
        try_all(regulating.as_bytes(), text.as_bytes());
        try_all(format!("time;price\n{text}").as_bytes(), text.as_bytes());
        try_all(format!(";;SE3;\n;Hours;Up;Down\n{regulating}").as_bytes(), text.as_bytes());
    }
}

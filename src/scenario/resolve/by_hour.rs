//! Values by hour of the local day, checked.

use crate::document::Problems;
use crate::spec::ByHour;

impl ByHour {
    /// The 24 values; those that do not satisfy `fits` are reported with the value expected.
    pub(super) fn resolve(
        &self,
        key: &str,
        expected: &str,
        fits: impl Fn(f64) -> bool,
        problems: &mut Problems<'_>,
    ) -> Box<[f64]> {
        match self {
            Self::All(x) => {
                if !fits(*x) {
                    problems.add(key, format!("{x:?}"), expected);
                }
                vec![*x; 24].into()
            }
            Self::Hours(hours) => {
                if hours.len() != 24 {
                    let found = format!("a list of {}", hours.len());
                    problems.add(key, found, "one figure, or 24 from midnight on");
                }
                for (hour, x) in hours.iter().enumerate().filter(|(_, x)| !fits(**x)) {
                    problems.add(&format!("{key}[{hour}]"), format!("{x:?}"), expected);
                }
                let mut hours = hours.clone();
                hours.resize(24, 0.0);
                hours.into()
            }
        }
    }
}

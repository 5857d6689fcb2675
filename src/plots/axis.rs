//! Axes: labels, ranges and ticks.

use super::time_axis;
use gridfleet_core::time::LocalClock;

/// One axis of a plane.
#[derive(Debug, Clone, Default)]
pub struct Axis {
    /// Measured quantity, for example `power`.
    pub label: String,
    /// Unit, for example `kW`; empty for none.
    pub unit: String,
    /// Numbers, or instants shown in local time.
    pub kind: AxisKind,
    /// Displayed range; the range of the data if `None`.
    pub range: Option<(f64, f64)>,
    /// Whether zero is always included.
    pub from_zero: bool,
}

/// Meaning of the numbers along an axis.
#[derive(Debug, Clone, Default)]
pub enum AxisKind {
    /// Plain numbers.
    #[default]
    Number,
    /// Seconds since 1970, UTC, shown in the local time of the clock.
    Time(Box<LocalClock>),
}

impl Axis {
    /// An axis of numbers over the range of the data.
    pub fn number(label: impl Into<String>, unit: impl Into<String>) -> Self {
        Self { label: label.into(), unit: unit.into(), ..Self::default() }
    }
    /// An axis of instants (seconds since 1970, UTC), shown in local time.
    pub fn time(clock: LocalClock) -> Self {
        Self { kind: AxisKind::Time(Box::new(clock)), ..Self::default() }
    }
    /// Includes zero, whatever the data.
    #[must_use]
    pub fn from_zero(mut self) -> Self {
        self.from_zero = true;
        self
    }
    /// Sets the range to `low` to `high`, whatever the data.
    #[must_use]
    pub fn within(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }

    /// Label and unit, as written along the axis.
    pub(super) fn title(&self) -> String {
        titled(&self.label, &self.unit)
    }

    /// Whether a value can be shown. Values beyond 1e100 are rejected because sums would overflow; instants
    /// are limited to four-digit years.
    pub(super) fn shows(&self, value: f64) -> bool {
        match self.kind {
            AxisKind::Number => usable(value),
            AxisKind::Time(_) => time_axis::SPAN.contains(&value),
        }
    }

    /// Range to show for data of `extent`, with padding `pad` (a share of the range) at ends that are not
    /// zero.
    pub(super) fn shown(&self, extent: Extent, pad: f64) -> Option<(f64, f64)> {
        if let Some((low, high)) = self.range
            && self.shows(low)
            && self.shows(high)
            && low != high
        {
            return Some(widened(low.min(high), low.max(high)));
        }
        let (mut low, mut high) = extent.0?;
        if self.from_zero {
            (low, high) = (low.min(0.0), high.max(0.0));
            if high == low {
                high = 1.0;
            }
        }
        let (low, high) = widened(low, high);
        let pad = pad * (high - low);
        let is_end = |v: f64| self.from_zero && v == 0.0;
        Some((if is_end(low) { low } else { low - pad }, if is_end(high) { high } else { high + pad }))
    }

    /// Scale of `range` with the most ticks that satisfy `fits`, at most `most`.
    pub(super) fn scale(
        &self,
        (low, high): (f64, f64),
        most: usize,
        fits: &dyn Fn(&[Tick]) -> bool,
    ) -> Scale {
        let ticks = match &self.kind {
            AxisKind::Number => {
                let some = (1..=most.clamp(1, 20)).rev().map(|most| ticks(low, high, most));
                some.into_iter().find(|ticks| fits(ticks)).unwrap_or_default()
            }
            AxisKind::Time(clock) => {
                time_axis::ticks(clock, low, high, &|ticks| ticks.len() <= most && fits(ticks))
            }
        };
        Scale { low, high, ticks }
    }
}

/// `label (unit)`, or whichever of the two is not empty.
pub(super) fn titled(label: &str, unit: &str) -> String {
    match (label.is_empty(), unit.is_empty()) {
        (false, false) => format!("{label} ({unit})"),
        (false, true) => label.to_owned(),
        (true, _) => unit.to_owned(),
    }
}

/// Whether `value` is a number that can be drawn.
pub(super) fn usable(value: f64) -> bool {
    value.abs() <= 1e100
}

/// Least and greatest of a set of values.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Extent(pub Option<(f64, f64)>);

impl Extent {
    pub fn add(&mut self, value: f64) {
        let (low, high) = self.0.unwrap_or((value, value));
        self.0 = Some((low.min(value), high.max(value)));
    }
    /// Extent of all usable values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut extent = Self::default();
        values.into_iter().filter(|v| usable(*v)).for_each(|v| extent.add(v));
        extent
    }
}

/// Widens a range to at least a billionth of its values, so that it can be divided.
fn widened(low: f64, high: f64) -> (f64, f64) {
    let size = low.abs().max(high.abs());
    if high - low > 1e-9 * size && high - low > 1e-100 {
        return (low, high);
    }
    let by = if size > 1e-90 { 0.05 * size } else { 0.5 };
    (low - by, high + by)
}

/// A mark on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub at: f64,
    pub text: String,
}

/// A range with its ticks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<Tick>,
}

impl Scale {
    /// Position of `value` between the pixels `from` (at `low`) and `to` (at `high`).
    pub fn place(&self, value: f64, from: f64, to: f64) -> f64 {
        // A point far outside is sufficient: the square of the result must remain finite.
        from + (to - from) * ((value - self.low) / (self.high - self.low)).clamp(-1e6, 1e6)
    }
}

/// Round numbers in `low..=high`, about `most` of them: multiples of 1, 2 or 5 times a power of ten.
pub(super) fn ticks(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let raw = (high - low) / most.max(1) as f64;
    if !(raw > 0.0 && raw.is_finite()) {
        return Vec::new();
    }
    let power = 10f64.powi(raw.log10().floor() as i32);
    let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= raw * (1.0 - 1e-9));
    let step = step.unwrap_or(10.0 * power);
    let (first, last) = ((low / step - 1e-6).ceil(), (high / step + 1e-6).floor());
    let count = (last - first + 1.0).clamp(0.0, most as f64 + 2.0) as usize;
    let largest = low.abs().max(high.abs());
    (0..count)
        .map(|i| {
            let at = (first + i as f64) * step;
            // Avoids negative zero.
            let at = if at == 0.0 { 0.0 } else { at };
            Tick { at, text: number(at, step, largest) }
        })
        .collect()
}

/// A tick at a multiple of `step`, on an axis that reaches `largest`: `12,500`, `0.05`, `3×10⁹`.
pub(super) fn number(value: f64, step: f64, largest: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let minus = if value < 0.0 { "−" } else { "" };
    if largest >= 1e9 || step < 0.999e-5 {
        let exponent = value.abs().log10().floor() as i32;
        let digits = (exponent - (step * 1.000_001).log10().floor() as i32).clamp(0, 12) as usize;
        let mut text = format!("{:.digits$e}", value.abs());
        let exponent = text.find('e').map(|at| text.split_off(at)).unwrap_or_default();
        let exponent: String = exponent.chars().skip(1).map(superscript).collect();
        return format!("{minus}{text}×10{exponent}");
    }
    let decimals = (-(step * 1.000_001).log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{minus}{}", grouped(&format!("{:.decimals$}", value.abs())))
}

/// A quantity outside an axis: three significant digits, more only before the decimal point.
pub(super) fn quantity(value: f64) -> String {
    if !usable(value) {
        return "–".to_owned();
    }
    let size = value.abs();
    if !(1e-3..1e9).contains(&size) {
        return number(value, size / 100.0, size);
    }
    let step = 10f64.powi(size.log10().floor() as i32 - 2).min(1.0);
    number((value / step).round() * step, step, size)
}

/// Inserts commas between groups of three digits before the decimal point.
fn grouped(digits: &str) -> String {
    let whole = digits.find('.').unwrap_or(digits.len());
    let mut out = String::new();
    for (i, digit) in digits.char_indices() {
        if i > 0 && i < whole && (whole - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn superscript(digit: char) -> char {
    match digit {
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁻',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(low: f64, high: f64, most: usize) -> Vec<String> {
        ticks(low, high, most).into_iter().map(|t| t.text).collect()
    }

    #[test]
    fn ticks_are_round_and_readable() {
        assert_eq!(texts(0.0, 103.0, 6), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(texts(-0.1, 0.11, 5), ["−0.10", "−0.05", "0", "0.05", "0.10"]);
        assert_eq!(texts(0.0, 25_000.0, 3), ["0", "10,000", "20,000"]);
        assert_eq!(texts(0.0, 1.2e6, 3), ["0", "500,000", "1,000,000"]);
        assert_eq!(texts(0.0, 4e9, 4), ["0", "1×10⁹", "2×10⁹", "3×10⁹", "4×10⁹"]);
        assert_eq!(texts(0.0, 3e-6, 3), ["0", "1×10⁻⁶", "2×10⁻⁶", "3×10⁻⁶"]);
        assert_eq!(texts(1.0e9, 1.1e9, 2), ["1.00×10⁹", "1.05×10⁹", "1.10×10⁹"]);
    }

    #[test]
    fn any_range_has_few_ticks() {
        for low in [-1e100, -1e9, -1.0, 0.0, 1e-90, 1e15, 1e99] {
            for width in [0.0, 1e-300, 1e-12, 1.0, 1e50, 1e100] {
                let (low, high) = Axis::default().shown(Extent(Some((low, low + width))), 0.05).unwrap();
                assert!(high > low);
                for most in 1..20 {
                    let ticks = ticks(low, high, most);
                    assert!(ticks.len() <= most + 2, "{low} {high} {most}");
                    assert!(ticks.windows(2).all(|t| t[0].at < t[1].at));
                }
            }
        }
    }

    #[test]
    fn quantities_have_three_digits() {
        let all = [0.0, 1234.5, 12.345, 0.012_345, -3.0, 99.96, 2.5e12, f64::NAN].map(quantity);
        assert_eq!(all, ["0", "1,235", "12.3", "0.0123", "−3.00", "100.0", "2.50×10¹²", "–"]);
    }
}

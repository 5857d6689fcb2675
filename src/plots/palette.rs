//! Colours, dashes and markers that colour-blind readers can distinguish, also in black and white.

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

// The palette of Okabe and Ito (2008), "Color Universal Design".
/// Blue of Okabe and Ito.
pub const BLUE: Colour = Colour(0, 114, 178);
/// Sky blue of Okabe and Ito.
pub const SKY: Colour = Colour(86, 180, 233);
/// Bluish green of Okabe and Ito.
pub const GREEN: Colour = Colour(0, 158, 115);
/// Yellow of Okabe and Ito; only for areas, as a yellow line is hard to see on white.
pub const YELLOW: Colour = Colour(240, 228, 66);
/// Orange of Okabe and Ito.
pub const ORANGE: Colour = Colour(230, 159, 0);
/// Vermilion of Okabe and Ito.
pub const VERMILION: Colour = Colour(213, 94, 0);
/// Reddish purple of Okabe and Ito.
pub const PURPLE: Colour = Colour(204, 121, 167);
/// Near black: text, axes, and emphasised lines.
pub const INK: Colour = Colour(45, 52, 60);
/// For the background, such as idle vehicles.
pub const GREY: Colour = Colour(200, 204, 209);

pub(super) const WHITE: Colour = Colour(255, 255, 255);
pub(super) const GRID: Colour = Colour(226, 229, 233);
/// Subtitles, notes and axes: contrast with white 6:1.
pub(super) const FAINT: Colour = Colour(95, 103, 112);

const LINES: [Colour; 7] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, INK];
const AREAS: [Colour; 8] = [BLUE, ORANGE, GREEN, SKY, VERMILION, PURPLE, YELLOW, GREY];

impl Colour {
    /// This colour with opacity `share` (0 to 1) over a background of `other`.
    #[must_use]
    pub fn over(self, other: Self, share: f64) -> Self {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        let mix = |a: u8, b: u8| (f64::from(b) + (f64::from(a) - f64::from(b)) * share).round() as u8;
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// Colour of the line or marker of series `index`. Seven are distinct; then they repeat with another
    /// [`Dash::of`] and [`Marker::of`].
    pub fn of_line(index: usize) -> Self {
        LINES[index % LINES.len()]
    }

    /// Colour of the area or bar of series `index`. Eight are distinct; then they repeat in a paler shade.
    pub fn of_area(index: usize) -> Self {
        let pale = (index / AREAS.len()).min(3) as f64 * 0.3;
        AREAS[index % AREAS.len()].over(WHITE, 1.0 - pale)
    }

    /// Whether text on this colour should be white (relative luminance of WCAG 2.1 below 0.36).
    pub(super) fn is_dark(self) -> bool {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2) < 0.36
    }
}

/// Dash pattern of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dash {
    /// Solid.
    #[default]
    Solid,
    /// Long dashes.
    Dashed,
    /// Dots.
    Dotted,
    /// Alternating dashes and dots.
    DashDot,
}

impl Dash {
    /// Dash of the line of series `index`: changes each time the line colours repeat.
    pub fn of(index: usize) -> Self {
        [Self::Solid, Self::Dashed, Self::Dotted, Self::DashDot][(index / LINES.len()) % 4]
    }

    /// Alternating lengths of dashes and gaps, in multiples of the line width; empty if solid.
    pub(super) fn pattern(self) -> &'static [f64] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[5.0, 2.5],
            Self::Dotted => &[1.2, 1.8],
            Self::DashDot => &[5.0, 2.0, 1.2, 2.0],
        }
    }
}

/// Shape of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Marker {
    /// A disc.
    #[default]
    Circle,
    /// A square.
    Square,
    /// A triangle on its base.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// A triangle on its tip.
    Wedge,
}

impl Marker {
    /// Shape of series `index`: five in rotation, so that with seven colours 35 series are distinct.
    pub fn of(index: usize) -> Self {
        [Self::Circle, Self::Square, Self::Triangle, Self::Diamond, Self::Wedge][index % 5]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_differ_in_something() {
        let lines: Vec<_> = (0..28).map(|i| (Colour::of_line(i), Dash::of(i))).collect();
        let points: Vec<_> = (0..35).map(|i| (Colour::of_line(i), Marker::of(i))).collect();
        let areas: Vec<_> = (0..32).map(Colour::of_area).collect();
        fn distinct<T: PartialEq>(all: &[T]) -> bool {
            all.iter().enumerate().all(|(i, a)| !all[..i].contains(a))
        }
        assert!(distinct(&lines) && distinct(&points) && distinct(&areas));
    }

    #[test]
    fn mixing_ends_at_both_colours() {
        assert_eq!(BLUE.over(WHITE, 1.0), BLUE);
        assert_eq!(BLUE.over(WHITE, 0.0), WHITE);
        assert_eq!(BLUE.over(WHITE, f64::NAN), WHITE);
        assert!(INK.is_dark() && !YELLOW.is_dark());
    }
}

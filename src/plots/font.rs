//! The one font of all pictures, embedded in the program (Noto Sans, SIL Open Font License 1.1), and text
//! widths in it.

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};
use std::sync::Once;

/// Name under which the font is registered with plotters. In an SVG it is the list of fonts that the viewer
/// tries, in this order.
pub const FAMILY: &str = "Noto Sans, Helvetica, Arial, sans-serif";

/// Height of the font from descender to ascender [em]: (1069 + 293) / 1000, from its `hhea` table.
pub(super) const HEIGHT_EM: f64 = 1.362;
/// Height of a capital letter [em]: 714 / 1000, from its `OS/2` table.
pub(super) const CAPITAL_EM: f64 = 0.714;

/// Factor for a viewer's font that is wider than this one, such as DejaVu Sans: regular, bold.
const SLACK: (f64, f64) = (1.08, 1.15);

/// Registers the font. Must be called before anything is drawn; repeated calls are harmless.
pub fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Both files are complete fonts from the crate; if they were not, each label would fail to draw.
        let _ = register_font(FAMILY, FontStyle::Normal, notosans::REGULAR_TTF);
        let _ = register_font(FAMILY, FontStyle::Bold, notosans::BOLD_TTF);
    });
}

/// Width of `text` [pixels] at `size` pixels per em.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    register();
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    // Measured at a large size, because plotters returns whole pixels.
    let large = FontDesc::new(FontFamily::Name(FAMILY), 1_000.0 * HEIGHT_EM, style);
    let em = match large.layout_box(text) {
        Ok(((from, _), (to, _))) => f64::from(to - from) / 1_000.0,
        Err(_) => text.chars().count() as f64 * 0.6,
    };
    em * size * if bold { SLACK.1 } else { SLACK.0 }
}

/// `text`, or the longest beginning of it that fits `room` pixels with an ellipsis; empty if not even that
/// fits.
pub(super) fn shortened(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    // Finds the longest beginning that fits by bisection: width increases with length.
    let (mut fits, mut too_long) = (0, letters.len());
    while too_long - fits > 1 {
        let middle = fits.midpoint(too_long);
        let start: String = letters[..middle].iter().collect();
        if width(&format!("{}…", start.trim_end()), size, bold) <= room {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    if fits == 0 {
        return String::new();
    }
    let start: String = letters[..fits].iter().collect();
    format!("{}…", start.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_font_file() {
        // Advances of Noto Sans Regular, from its `hmtx` table: digits 572, space 260 of 1000 units.
        assert!((width("0123456789", 10.0, false) - 57.2 * SLACK.0).abs() < 0.1);
        assert!((width("0 0", 100.0, false) - 140.4 * SLACK.0).abs() < 1.0);
        assert!(width("Aa", 12.0, true) > width("Aa", 12.0, false));
    }

    #[test]
    fn what_is_shortened_fits() {
        let name = "threshold-fastest with price broadcasts, operator 12";
        for room in [0.0, 5.0, 20.0, 60.0, 150.0, 1e4] {
            let short = shortened(name, 12.0, false, room);
            assert!(short.is_empty() || width(&short, 12.0, false) <= room, "{short}");
            assert!(room < 20.0 || !short.is_empty());
        }
        assert_eq!(shortened(name, 12.0, false, 1e4), name);
        assert!(shortened(name, 12.0, false, 100.0).ends_with('…'));
    }
}

//! The one font of all pictures, carried in the program (Noto Sans, SIL Open Font License 1.1).

use plotters::style::{FontStyle, register_font};
use std::sync::Once;

/// Name under which the font is known to plotters.
pub const FAMILY: &str = "sans-serif";

/// Makes the font known; to be called before anything is drawn, as often as one likes.
pub fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Both files are whole fonts of the crate; were they not, each label would fail to draw.
        let _ = register_font(FAMILY, FontStyle::Normal, notosans::REGULAR_TTF);
        let _ = register_font(FAMILY, FontStyle::Bold, notosans::BOLD_TTF);
    });
}

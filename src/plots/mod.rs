//! Pictures: typed charts drawn as SVG or PNG, without any font or library of the system.

pub mod font;

//! Rules of the source: layers, length of files and functions, and plain English.

mod layers;
mod style;

//! Rules of the source: layers, length of files and functions, and plain English.

mod functions;
mod layers;
mod style;

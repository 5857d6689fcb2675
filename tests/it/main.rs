//! Tests of the crate from outside, in one binary.

mod car2go;
mod synth;

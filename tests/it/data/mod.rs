//! Data as published: real and damaged files, imports, synthetic tables, and the seeds of the fuzz targets.

mod commands;
mod found;
mod fuzz_corpus;
mod prices;
mod prices_bad;
mod real_data;
mod synth;

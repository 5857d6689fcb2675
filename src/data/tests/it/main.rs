//! Tests of the readers on files, in one binary.

mod car2go;
mod parquet;
mod prices;
mod prices_bad;
mod published;
mod real;
mod trips;
mod trips_bad;

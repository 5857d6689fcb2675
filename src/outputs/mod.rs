//! What a run leaves behind: tables, summary, manifest, picture, in one folder.
//!
//! Everything here is made from records; nothing here knows the engine or the world.

mod columns;
mod names;
mod parquet;
pub mod run_dir;
pub mod tables;

pub use run_dir::RunDir;
pub use tables::{OutputOptions, ParquetRecorder, Provenance, WrittenTable};

//! What a run leaves behind: tables, summary, manifest, picture, in one folder.
//!
//! Everything here is made from records; nothing here knows the engine or the world.

mod columns;
pub mod frame;
pub mod manifest;
mod names;
mod parquet;
pub mod picture;
pub mod run_dir;
pub mod summary;
pub mod tables;

pub use manifest::{InputFile, Manifest};
pub use picture::Overview;
pub use run_dir::RunDir;
pub use summary::{Summary, SummaryHead};
pub use tables::{OutputOptions, ParquetRecorder, Provenance, WrittenTable};

//! Outputs of a run: tables, summary, manifest and pictures, in one folder.
//!
//! Everything here is made from records; nothing here depends on the engine or the world.

mod columns;
pub mod frame;
pub mod grid_picture;
pub mod kind;
pub mod manifest;
pub mod market_picture;
mod parquet;
pub mod picture;
pub mod run_dir;
pub mod summary;
pub mod tables;
pub mod traded;

pub use grid_picture::{FeederShape, GridPicture};
pub use gridfleet_core::files::abandon;
pub use kind::{Kind, Replace};
pub use manifest::{InputFile, Manifest};
pub use market_picture::MarketPicture;
pub use picture::Overview;
pub use run_dir::RunDir;
pub use summary::{Summary, SummaryHead};
pub use tables::{OutputOptions, ParquetRecorder, Provenance, WrittenTable};

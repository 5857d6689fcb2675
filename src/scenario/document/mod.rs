//! TOML files as trees that know the place of each value: reading, changes from the command line, names of earlier
//! versions, checks against a schema, and problems with their places.

mod file;
mod overrides;
pub mod problems;
pub mod schema;
pub mod suggest;
mod tree;
pub mod version;

pub use file::{Checked, read_file, read_text};
pub use overrides::Overrides;
pub use tree::Document;

pub(crate) use file::{MOST_BYTES, sha256};
pub(crate) use problems::{Problems, Subject, sorted};

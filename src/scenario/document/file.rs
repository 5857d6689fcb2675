//! TOML files read, brought to the present version and checked against a schema.

use super::problems::sorted;
use super::tree::Document;
use super::{schema, version};
use gridfleet_core::error::{InputError, Result, input};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Largest TOML file [bytes]; data belongs in separate tables.
pub(crate) const MOST_BYTES: usize = 16 << 20;

/// Text of the TOML file in `path`.
///
/// # Errors
/// If it cannot be read, is too large, or is not text.
pub fn read_text(path: &Path) -> Result<String> {
    if path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Err(InputError::plain("no such file")
            .file(path)
            .help("`gridfleet new NAME` writes a scenario to start from")
            .into());
    }
    let bytes = input::read(path, MOST_BYTES as u64)?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(valid).filter(|&&b| b == b'\n').count() as u64;
        InputError::new("bytes that are no UTF-8 text", "a TOML file").file(path).line(line).into()
    })
}

/// Another kind of TOML file, checked against the schema of `T`.
#[derive(Debug)]
pub struct Checked<T> {
    /// Content of the file.
    pub file: T,
    /// Tree of the file, for messages.
    pub document: Document,
    /// SHA-256 of the file's text, in hexadecimal.
    pub sha256: String,
    /// Findings that are no errors, for the user.
    pub warnings: Vec<String>,
}

/// Reads another kind of TOML file and checks it against the schema of `T`.
///
/// # Errors
/// [`gridfleet_core::error::Error::Input`] with all violations of the schema.
pub fn read_file<T: JsonSchema + DeserializeOwned>(path: &Path, what: &str) -> Result<Checked<T>> {
    let text = read_text(path)?;
    let sha256 = sha256(&text);
    let mut document = Document::parse(path, text).map_err(sorted)?;
    let warnings = version::upgrade(&mut document).into_iter().collect();
    let errors = schema::check(&document, &schema::schema_of::<T>());
    if !errors.is_empty() {
        return Err(sorted(errors));
    }
    let file = serde_json::from_value(document.root.to_json())
        .map_err(|error| InputError::new(error.to_string(), what).file(path))?;
    Ok(Checked { file, document, sha256, warnings })
}

/// SHA-256 of `text`, in hexadecimal.
pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

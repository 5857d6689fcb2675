//! Keeps a panic inside a file reader of another crate from reaching the user.
//!
//! Decoders of binary formats make assumptions about their input: a damaged Parquet file makes some of them index out
//! of bounds. Such a file is wrong input, not a bug of ours, so the panic becomes an [`InputError`]. No other module
//! does so; panics of our own code are bugs.

use super::{InputError, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Number of guarded calls in progress; while there is one, panics print nothing.
static GUARDED: AtomicUsize = AtomicUsize::new(0);
static HOOK: Once = Once::new();

/// Runs `decode` on the content of `file`; an error or a panic in it means that the file is damaged.
///
/// # Errors
/// If `decode` fails or panics.
pub fn decode<T, E: std::fmt::Display>(
    file: &Path,
    expected: &str,
    decode: impl FnOnce() -> std::result::Result<T, E>,
) -> Result<T> {
    // Decoders use their own threads, so the hook cannot ask which thread panics.
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if GUARDED.load(Ordering::SeqCst) == 0 {
                before(info);
            }
        }));
    });
    let damaged = |what: &str| {
        InputError::new(format!("a file that cannot be decoded ({})", first_line(what)), expected)
            .file(file)
            .help("it may be truncated or damaged: fetch or write it again")
    };
    GUARDED.fetch_add(1, Ordering::SeqCst);
    let result = catch_unwind(AssertUnwindSafe(decode));
    GUARDED.fetch_sub(1, Ordering::SeqCst);
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(damaged(&error.to_string()).into()),
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("its content contradicts itself");
            Err(damaged(text).into())
        }
    }
}

/// The first line of a message.
fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let file = Path::new("x.parquet");
        let error =
            decode(file, "a Parquet file", || -> std::result::Result<(), String> { panic!("index {}", 3) });
        insta::assert_snapshot!(error.unwrap_err(), @"x.parquet: found a file that cannot be decoded (index 3), expected a Parquet file; it may be truncated or damaged: fetch or write it again");
        assert_eq!(decode(file, "", || Ok::<_, String>(7)).unwrap(), 7);
    }
}

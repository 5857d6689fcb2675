//! Ctrl-C, `SIGTERM` and `SIGHUP`.
//!
//! Every command listens. The first one sets a flag at which the loops of simulations, studies and trainings look, so that
//! a command ends by itself and says what it keeps. Where nothing looks at the flag for a while (a large file is read, a
//! program is solved, a week is simulated for a forecast that knows it), the process is ended from here: outputs are complete or absent at any instant, and what is under way is
//! removed. A second one ends the process at once.

use super::terminal;
use crate::error::{Error, Result};
use crate::outputs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Exit status after a second Ctrl-C, as shells have it: 128 and the number of `SIGINT`.
const INTERRUPTED_TWICE: i32 = 130;

/// How long a command has to end by itself.
const GRACE: Duration = Duration::from_millis(700);

static STOP: AtomicBool = AtomicBool::new(false);
static ENDING: AtomicBool = AtomicBool::new(false);
static KEPT: Mutex<Option<String>> = Mutex::new(None);

/// A flag that the first signal sets.
///
/// # Errors
/// If the system does not let us listen.
pub fn listen() -> Result<&'static AtomicBool> {
    let handler = || {
        if STOP.swap(true, Ordering::Relaxed) {
            // Outputs are complete or absent at any instant, so there is nothing to wait for.
            std::process::exit(INTERRUPTED_TWICE);
        }
        // Beside the handler, which must be free for a second signal. Without a thread there is no limit.
        let _ = std::thread::Builder::new().spawn(|| {
            std::thread::sleep(GRACE);
            if !ENDING.load(Ordering::Relaxed) {
                outputs::abandon();
                let error = Error::Interrupted;
                let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner).take();
                let text = kept.map_or_else(|| error.to_string(), |kept| format!("interrupted; {kept}"));
                terminal::message(&format!("error: {text}\n"));
                std::process::exit(i32::from(error.exit_status()));
            }
        });
    };
    match ctrlc::set_handler(handler) {
        Ok(()) | Err(ctrlc::Error::MultipleHandlers) => Ok(&STOP),
        Err(error) => Err(Error::Other(format!("cannot listen for Ctrl-C: {error}"))),
    }
}

/// Says what is kept if the command is ended from now on, instead of that nothing was written.
pub fn keep(what: impl Into<String>) {
    *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = Some(what.into());
}

/// The command has come to its end: only its own message is printed.
pub fn ending() {
    ENDING.store(true, Ordering::Relaxed);
}

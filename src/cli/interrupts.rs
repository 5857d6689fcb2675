//! Ctrl-C, `SIGTERM` and `SIGHUP`.
//!
//! Every command listens. The first signal sets a flag that the loops of simulations, studies and trainings check, so
//! that a command ends in order and reports what it keeps. Where the flag is not checked for a while (a large file is
//! read, a program is solved, a week is simulated for a perfect forecast), the process is ended from here: outputs are
//! complete or absent at any instant, and output in progress is removed. A second signal ends the process at once.

use super::{errors, terminal};
use crate::error::{Error, Result};
use crate::outputs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Exit status after a second Ctrl-C, as in shells: 128 plus the number of `SIGINT`.
const INTERRUPTED_TWICE: i32 = 130;

/// Time that a command has to end in order.
const GRACE: Duration = Duration::from_millis(700);

static STOP: AtomicBool = AtomicBool::new(false);
static ENDING: AtomicBool = AtomicBool::new(false);
static KEPT: Mutex<Option<String>> = Mutex::new(None);

/// Flag that the first signal sets.
///
/// # Errors
/// If the system does not allow listening.
pub fn listen() -> Result<&'static AtomicBool> {
    let handler = || {
        if STOP.swap(true, Ordering::Relaxed) {
            // Outputs are complete or absent at any instant, so there is nothing to wait for.
            std::process::exit(INTERRUPTED_TWICE);
        }
        // In a thread, because the handler must be free for a second signal. Without a thread there is no limit.
        let _ = std::thread::Builder::new().spawn(|| {
            std::thread::sleep(GRACE);
            if !ENDING.load(Ordering::Relaxed) {
                outputs::abandon();
                let error = Error::Interrupted;
                let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner).take();
                let text = kept.map_or_else(|| error.to_string(), |kept| format!("interrupted; {kept}"));
                terminal::message(&format!("error: {text}\n"));
                std::process::exit(i32::from(errors::exit_status(&error)));
            }
        });
    };
    match ctrlc::set_handler(handler) {
        Ok(()) | Err(ctrlc::Error::MultipleHandlers) => Ok(&STOP),
        Err(error) => Err(Error::Other(format!("cannot listen for Ctrl-C: {error}"))),
    }
}

/// Sets the message on what is kept if the command is ended from now on, in place of the message that nothing was
/// written.
pub fn keep(what: impl Into<String>) {
    *KEPT.lock().unwrap_or_else(PoisonError::into_inner) = Some(what.into());
}

/// Marks the command as ended: only its own message is printed.
pub fn ending() {
    ENDING.store(true, Ordering::Relaxed);
}

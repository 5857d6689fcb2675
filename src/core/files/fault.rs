//! Deliberate faults, for tests: the n-th operation on a file fails, tears or is the last one.
//!
//! Debug builds and unit tests count the operations of [`super::ops`]. Unit tests plan a fault for their thread with
//! `plan`; a debug build started with `GRIDFLEET_FAULT=KIND:N` meets the fault at its N-th operation. After
//! [`Fault::Kill`] no further operation reaches the disk, which is then as after `kill -9`. Release builds contain none
//! of this.

#[cfg(not(any(test, debug_assertions)))]
use std::io;

/// Kind of a fault.
#[cfg(any(test, debug_assertions))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The disk is full.
    NoSpace,
    /// The device fails.
    Device,
    /// Half of a write reaches the disk, then the device fails.
    Tear,
    /// Half of a write reaches the disk, then the process ends.
    Kill,
}

/// Counts the next operation: an error if it must fail. `tear` performs its first half, if it has halves.
#[cfg(not(any(test, debug_assertions)))]
pub(super) fn next(_tear: impl FnOnce()) -> io::Result<()> {
    Ok(())
}

#[cfg(any(test, debug_assertions))]
pub(super) use planned::next;

#[cfg(any(test, debug_assertions))]
mod planned {
    use super::Fault;
    use std::cell::Cell;
    use std::io;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Environment variable that plans a fault of the whole program.
    const VARIABLE: &str = "GRIDFLEET_FAULT";

    /// Fault of a thread: number of the operation, and operations so far.
    #[derive(Clone, Copy)]
    pub(super) struct Plan {
        pub(super) fault: Fault,
        pub(super) at: u64,
        pub(super) count: u64,
    }

    thread_local! {
        pub(super) static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
    }

    fn of_program() -> Option<(Fault, u64)> {
        static OF_PROGRAM: OnceLock<Option<(Fault, u64)>> = OnceLock::new();
        *OF_PROGRAM.get_or_init(|| {
            let text = std::env::var(VARIABLE).ok()?;
            let (kind, at) = text.split_once(':')?;
            let fault = match kind {
                "enospc" => Fault::NoSpace,
                "eio" => Fault::Device,
                "tear" => Fault::Tear,
                "kill" => Fault::Kill,
                _ => return None,
            };
            Some((fault, at.parse().ok()?))
        })
    }

    fn error(fault: Fault) -> io::Error {
        match fault {
            Fault::NoSpace => io::Error::new(io::ErrorKind::StorageFull, "no space left on device (planned)"),
            _ => io::Error::other("input/output error (planned)"),
        }
    }

    pub(in crate::files) fn next(tear: impl FnOnce()) -> io::Result<()> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        if let Some(plan) = PLAN.get() {
            let count = plan.count + 1;
            PLAN.set(Some(Plan { count, ..plan }));
            let over = plan.fault == Fault::Kill && count > plan.at;
            if count == plan.at && matches!(plan.fault, Fault::Tear | Fault::Kill) {
                tear();
            }
            return if count == plan.at || over { Err(error(plan.fault)) } else { Ok(()) };
        }
        let Some((fault, at)) = of_program() else { return Ok(()) };
        if COUNT.fetch_add(1, Ordering::Relaxed) + 1 != at {
            return Ok(());
        }
        if matches!(fault, Fault::Tear | Fault::Kill) {
            tear();
        }
        if fault == Fault::Kill {
            std::process::abort();
        }
        Err(error(fault))
    }
}

/// Plans a fault at the `at`-th operation of this thread while `work` runs; returns its result and the number of
/// operations.
#[cfg(test)]
pub(crate) fn plan<T>(fault: Fault, at: u64, work: impl FnOnce() -> T) -> (T, u64) {
    planned::PLAN.set(Some(planned::Plan { fault, at, count: 0 }));
    let result = work();
    let count = planned::PLAN.take().map_or(0, |plan| plan.count);
    (result, count)
}

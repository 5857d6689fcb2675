//! Context of a target: random streams, threads, folder of data and progress.

use super::Draws;
use crate::error::{Error, Result};
use crate::rng::Streams;
use crate::studies::Progress;
use rayon::prelude::*;
use serde::Serialize;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The data that a target ran on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "files")]
pub enum Data {
    /// No file: published numbers, and draws.
    #[default]
    BuiltIn,
    /// Synthetic, or shipped with the program, because files of real data are missing in the folder.
    MadeUp,
    /// These files of real data, by their names in the folder.
    Files(Vec<String>),
}

impl Data {
    /// One line for people.
    pub fn text(&self) -> String {
        match self {
            Self::BuiltIn => "built in (no files are read)".to_owned(),
            Self::MadeUp => "MADE UP (no files of real data found)".to_owned(),
            Self::Files(names) => names.join(", "),
        }
    }
}

/// Seed, replications, data, progress and interruption of one run of a target.
pub struct Context<'a> {
    /// Seed and number of replications; one replication if nothing is random.
    pub draws: Draws,
    /// Folder with files of real data; it may be missing.
    pub data: &'a Path,
    /// The data that the target ran on, once reported.
    pub ran_on: OnceLock<Data>,
    /// Receiver of progress.
    pub progress: &'a dyn Progress,
    /// Set to stop.
    pub stop: &'a AtomicBool,
}

impl<'a> Context<'a> {
    /// A context of a target that has not read any data.
    pub fn new(draws: Draws, data: &'a Path, progress: &'a dyn Progress, stop: &'a AtomicBool) -> Self {
        Self { draws, data, ran_on: OnceLock::new(), progress, stop }
    }

    /// Reports the data on which the target runs. Only the first call counts.
    pub fn runs_on(&self, data: Data) {
        self.ran_on.get_or_init(|| data);
    }

    /// Number of replications or instances.
    pub fn replications(&self) -> u32 {
        self.draws.replications
    }

    /// The random streams of a replication, counted from 0.
    pub fn streams(&self, replication: u32) -> Streams {
        Streams { seed: self.draws.seed, replication }
    }

    /// Runs `work` on each item in parallel and reports progress; results are in the order of the items.
    ///
    /// # Errors
    /// The error of the first item that fails; [`Error::Interrupted`] if the user stops meanwhile.
    pub fn map<I: Sync, T: Send>(
        &self,
        items: &[I],
        work: impl Fn(&I) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let done = AtomicUsize::new(0);
        self.progress.update(0, items.len(), "");
        let task = |item: &I| {
            let result = self.check().and_then(|()| work(item));
            self.progress.update(done.fetch_add(1, Ordering::Relaxed) + 1, items.len(), "");
            result
        };
        // All results first: the error that is returned must not depend on threads.
        let results: Vec<Result<T>> = items.par_iter().map(task).collect();
        results.into_iter().collect()
    }

    /// Checks for interruption: for work that is not a [`map`](Self::map).
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the user has asked to stop.
    pub fn check(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Default)]
    struct RecordedProgress(Mutex<Vec<(usize, usize)>>);

    impl Progress for RecordedProgress {
        fn update(&self, done: usize, all: usize, _: &str) {
            self.0.lock().unwrap().push((done, all));
        }
    }

    #[test]
    fn results_and_errors_come_in_the_order_of_the_items() {
        let (progress, stop) = (RecordedProgress::default(), AtomicBool::new(false));
        let draws = Draws { seed: 1, replications: 1 };
        let context = Context::new(draws, Path::new("none"), &progress, &stop);
        let items: Vec<u32> = (0..100).collect();
        assert_eq!(context.map(&items, |&i| Ok(2 * i)).unwrap(), (0..100).map(|i| 2 * i).collect::<Vec<_>>());
        let mut updates = std::mem::take(&mut *progress.0.lock().unwrap());
        updates.sort_unstable();
        assert_eq!(updates, (0..=100).map(|done| (done, 100)).collect::<Vec<_>>());

        let broken = |&i: &u32| if i % 30 == 29 { Err(Error::Other(i.to_string())) } else { Ok(()) };
        assert_eq!(context.map(&items, broken).unwrap_err().to_string(), "29");
        stop.store(true, Ordering::Relaxed);
        assert!(matches!(context.map(&items, |_| Ok(())), Err(Error::Interrupted)));
    }
}

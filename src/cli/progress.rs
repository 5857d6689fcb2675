//! Progress bars: of a run (simulated days, events per second) and of a study (tasks, best estimate).

use crate::time::SimTime;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// Progress of one run, on stderr, or hidden.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    start: SimTime,
    began: Instant,
}

impl Progress {
    /// Progress from `start` to `end`; shown only if `visible`.
    #[expect(clippy::disallowed_methods, reason = "wall time, for the bar and the manifest only")]
    pub fn new(start: SimTime, end: SimTime, visible: bool) -> Self {
        let bar = if visible {
            ProgressBar::new(u64::try_from(end - start).unwrap_or(0))
        } else {
            ProgressBar::hidden()
        };
        let template = "{bar:30.cyan/blue} {percent:>3} %  {msg}  {elapsed} / {eta} to go";
        // An invalid template would be a bug; the default bar is good enough.
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        if visible {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar, start, began: Instant::now() }
    }

    /// The simulation has reached `now`, with `events` processed in total.
    pub fn update(&self, now: SimTime, events: u64) {
        if self.bar.is_hidden() {
            return;
        }
        let seconds = u64::try_from(now - self.start).unwrap_or(0);
        self.bar.set_position(seconds);
        let rate = events as f64 / self.began.elapsed().as_secs_f64().max(1e-3);
        self.bar.set_message(format!("day {}  {} events/s", seconds / 86_400 + 1, thousands(rate)));
    }

    /// Wall time since the start.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Drop for Progress {
    /// Removes the bar in any case.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn thousands(rate: f64) -> String {
    match rate {
        r if r >= 1e6 => format!("{:.1} M", r / 1e6),
        r if r >= 1e3 => format!("{:.0} k", r / 1e3),
        r => format!("{r:.0}"),
    }
}

/// Wall time of a command, for the manifest.
#[derive(Debug)]
pub struct Clock {
    began: Instant,
    started: chrono::DateTime<chrono::Utc>,
}

impl Clock {
    /// Starts the clock.
    #[expect(clippy::disallowed_methods, reason = "wall time, for the manifest only")]
    pub fn start() -> Self {
        Self { began: Instant::now(), started: chrono::Utc::now() }
    }

    /// Start time, ISO 8601 in UTC.
    pub fn started(&self) -> String {
        self.started.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }

    /// Time since the start [s].
    pub fn elapsed_s(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }
}

/// Progress of a study: tasks done, tasks per second, remaining time, the best estimate so far.
#[derive(Debug)]
pub struct StudyProgress {
    bar: ProgressBar,
}

impl StudyProgress {
    /// Shown only if `visible`.
    pub fn new(visible: bool) -> Self {
        let bar = if visible { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let template = "{bar:24.cyan/blue} {pos}/{len} tasks  {per_sec}  {elapsed} / {eta} to go  {wide_msg}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        if visible {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar }
    }
}

impl crate::studies::Progress for StudyProgress {
    fn update(&self, done: usize, all: usize, estimate: &str) {
        if self.bar.is_hidden() {
            return;
        }
        if self.bar.length() != Some(all as u64) {
            self.bar.set_length(all as u64);
            // Tasks done earlier must not affect the remaining time.
            self.bar.set_position(done as u64);
            self.bar.reset_eta();
        }
        self.bar.set_position(done as u64);
        self.bar.set_message(estimate.to_owned());
    }
}

impl Drop for StudyProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Progress of a training: steps, and the mean result of the latest weeks.
#[derive(Debug)]
pub struct TrainProgress {
    bar: ProgressBar,
}

/// Weeks whose mean is shown.
const LATEST: usize = 10;

impl TrainProgress {
    /// Shown only if `visible`.
    pub fn new(steps: u64, visible: bool) -> Self {
        let bar = if visible { ProgressBar::new(steps) } else { ProgressBar::hidden() };
        let template = "{bar:24.cyan/blue} {pos}/{len} steps  {per_sec}  {elapsed} / {eta} to go  {wide_msg}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        if visible {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Self { bar }
    }

    /// Shows the progress of a training.
    pub fn update(&self, trainer: &crate::training::Trainer) {
        if self.bar.is_hidden() {
            return;
        }
        let steps = trainer.steps().min(trainer.all_steps());
        if self.bar.position() == 0 {
            // Steps done earlier must not affect the remaining time.
            self.bar.set_position(steps);
            self.bar.reset_eta();
        }
        self.bar.set_position(steps);
        let latest = &trainer.curve()[trainer.curve().len().saturating_sub(LATEST)..];
        let Some(last) = latest.last() else { return };
        let reward = latest.iter().map(|row| row.reward).sum::<f64>() / latest.len() as f64;
        let (epsilon, loss) = (last.epsilon, last.loss);
        self.bar.set_message(format!("reward {reward:.0} a week  epsilon {epsilon:.2}  loss {loss:.3}"));
    }
}

impl Drop for TrainProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

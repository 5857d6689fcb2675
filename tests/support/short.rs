//! Long commands made short: a study of the small scenario, and a training of a week.

use super::cli::{Dir, root};
use std::path::PathBuf;

/// Writes a study of the small scenario under two dispatch policies, `s.toml`.
pub fn study(dir: &Dir, replications: u32) -> PathBuf {
    let policies = "[{ name = \"batched\" }, { name = \"quick\", use = [\"nearest-idle\"] }]";
    let text = format!(
        "version = 2\nname = \"s\"\nscenario = {:?}\nreplications = {replications}\n\
         metrics = [\"service_rate\", \"wait_mean_s\"]\npolicies = {policies}\n",
        root().join("scenarios/small.toml").display().to_string()
    );
    dir.write("s.toml", text)
}

/// A training of weeks, one at a time; `--steps` says how many.
pub const TRAINING: [&str; 8] = [
    "train",
    "scenarios/stuttgart-rl.toml",
    "--set=training.weeks=1",
    "--set=training.held_out_weeks=1",
    "--set=training.replications=1",
    "--set=training.lanes=1",
    "--set=training.checkpoint_weeks=1",
    "--set=training.agent.memory=700",
];

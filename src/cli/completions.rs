//! `gridfleet completions`: scripts for the completion of its arguments in a shell.

use super::{Cli, terminal};
use crate::error::Result;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

/// Arguments of `gridfleet completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gridfleet completions bash > ~/.local/share/bash-completion/completions/gridfleet\n  \
    gridfleet completions zsh > ~/.zfunc/_gridfleet\n  \
    gridfleet completions fish > ~/.config/fish/completions/gridfleet.fish")]
pub struct CompletionsArgs {
    /// The shell.
    pub shell: Shell,
}

/// Runs `gridfleet completions`.
///
/// # Errors
/// If stdout cannot be written.
pub fn run(args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "gridfleet", &mut script);
    terminal::print(&String::from_utf8_lossy(&script))
}

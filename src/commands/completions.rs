//! `completions`: what completes the command line in a shell.

use crate::cli;

/// The script for a shell. Reads nothing, and asks nothing.
pub fn run(arguments: &cli::Completions) -> String {
    cli::completions(arguments.shell)
}

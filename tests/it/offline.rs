//! The program in places and with pipes that the usual harness does not make.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use crate::harness::{Ran, Repository};

/// A program in a directory of the repository, with the environment that the harness gives.
#[expect(clippy::disallowed_methods, reason = "tests start programs and hand on PATH")]
fn program(name: &str, repository: &Repository, directory: &str) -> Command {
    let mut command = Command::new(name);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", repository.path());
    command.current_dir(repository.path().join(directory)).stdin(Stdio::null());
    command
}

/// `shipgate` in a directory of the repository.
pub fn shipgate<A: AsRef<OsStr>>(repository: &Repository, directory: &str, arguments: &[A]) -> Command {
    let mut command = program(env!("CARGO_BIN_EXE_shipgate"), repository, directory);
    command.args(arguments);
    command
}

/// A shell script in the repository; `$SHIPGATE` is the program.
pub fn shell(repository: &Repository, script: &str) -> Command {
    let mut command = program("sh", repository, "");
    command.args(["-c", script]).env("SHIPGATE", env!("CARGO_BIN_EXE_shipgate"));
    command
}

/// Runs to the end.
pub fn run(mut command: Command) -> Ran {
    Ran::new(command.output().unwrap())
}

/// Runs to the end without a reader of its output, and returns the exit code.
pub fn run_deaf(mut command: Command) -> Option<i32> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    child.wait().unwrap().code()
}

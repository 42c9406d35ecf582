//! A process that ends another one when this process is gone, even where it was killed and could do nothing.
//!
//! The guard is this program under another name. Its standard input is a pipe whose other end only this process holds, so
//! the end of that input is the end of this process. Linux alone could do without it (`PR_SET_PDEATHSIG`).

use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

use rustix::process::{Pid, Signal, getpgrp, getpid, kill_current_process_group, kill_process_group};

/// The name that this program is started under to be a guard: `NAME PROGRAM ARGUMENT…`.
pub const NAME: &str = "shipgate-guard";

/// What a shell says of a program that cannot be run.
const CANNOT_RUN: u8 = 126;

/// This program's own file.
pub(super) fn executable() -> PathBuf {
    // On Linux this is the program that runs, also where its file has been replaced since.
    let of_linux = PathBuf::from("/proc/self/exe");
    if of_linux.exists() { of_linux } else { std::env::current_exe().unwrap_or(of_linux) }
}

/// A process group that is killed when this is dropped.
#[derive(Debug)]
pub(super) struct GuardedGroup(Option<Pid>);

impl GuardedGroup {
    /// The group of a process that leads one.
    pub(super) fn new(leader: Option<u32>) -> Self {
        Self(leader.and_then(|leader| Pid::from_raw(i32::try_from(leader).ok()?)))
    }

    /// The leader has ended: its number may be another's now.
    pub(super) fn has_ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for GuardedGroup {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // It may have ended at this moment.
            let _killed = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// Runs a program with this process's output and environment, and kills it with all that it started when standard input
/// ends.
#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "this process is a child that starts another")]
pub fn run() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let Some(program) = words.next() else { return ExitCode::from(CANNOT_RUN) };
    if getpgrp() != getpid() {
        eprintln!("{NAME} has to lead a process group");
        return ExitCode::from(CANNOT_RUN);
    }
    std::thread::spawn(|| {
        // Nothing is ever written to it.
        let _end = std::io::stdin().read_to_end(&mut Vec::new());
        let _killed = kill_current_process_group(Signal::KILL);
    });
    let ran = std::process::Command::new(&program).args(words).stdin(Stdio::null()).status();
    match ran {
        Ok(status) => {
            let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
            ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
        }
        Err(error) => {
            eprintln!("{}: {error}", program.display());
            ExitCode::from(CANNOT_RUN)
        }
    }
}

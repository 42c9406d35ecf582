//! A panic is a bug of shipgate's own, and the end of the program: the hook says what happened, through the sink, and
//! leaves with the exit code of an outcome. No destructor runs, in no build: in a release it could not. So nothing may
//! need one to be safe: secrets are in no file, and what must not outlive the process has a guard.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::RefCell;

use tokio::sync::oneshot;

use crate::domain::outcome::Outcome;
use crate::sink;

thread_local! {
    /// Where a panic of this thread is reported, instead of being the end.
    static CONTAINED: RefCell<Option<oneshot::Sender<()>>> = const { RefCell::new(None) };
}

/// The work panicked, and its thread stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokeOff;

/// From now on a panic ends the program, with the outcome that its report comes to.
pub fn end_with(report: impl Fn(&str) -> Outcome + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |info| {
        // It names functions and places, no values; where the variables of Rust do not ask for it, there is none.
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            sink::line(&backtrace.to_string());
        }
        let text = info.to_string();
        if let Some(messages) = CONTAINED.take() {
            sink::line(&text);
            // Where this fails, the receiver is gone.
            let _told = messages.send(());
            stand_still();
        }
        leave(report(&text));
    }));
}

/// Does work in which foreign code may panic, on a thread of its own, which such a panic stops for ever. When this is
/// dropped, the work goes on unobserved.
///
/// # Errors
///
/// It panicked. What it said is written.
pub async fn contained<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, BrokeOff> {
    let (messages, broke_off) = oneshot::channel();
    let work = tokio::task::spawn_blocking(move || {
        CONTAINED.set(Some(messages));
        let result = work();
        // With the result: dropped before it, this would report a panic.
        (result, CONTAINED.take())
    });
    tokio::select! {
        done = work => done.map(|(result, _told)| result).map_err(|_| BrokeOff),
        _ = broke_off => Err(BrokeOff),
    }
}

/// To return from the hook would end the program.
fn stand_still() -> ! {
    loop {
        std::thread::park();
    }
}

#[expect(clippy::disallowed_methods, clippy::exit, reason = "there is no way back to main")]
fn leave(outcome: Outcome) -> ! {
    std::process::exit(outcome.exit_code().into())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    const CANARY: &str = "canary-of-a-contained-panic";

    /// The hook is that of the whole process.
    #[test]
    #[ignore = "run by the next test, in a process of its own"]
    fn alone() {
        end_with(|_| Outcome::Broken);
        sink::hide(CANARY);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(contained(|| -> u8 { panic!("{CANARY}") })), Err(BrokeOff));
        assert_eq!(runtime.block_on(contained(|| 7)), Ok(7));
        runtime.shutdown_background();
        sink::line("it went on");
        // The harness would wait for the hook, which the other thread is in.
        leave(Outcome::Deployed);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test starts itself")]
    fn a_contained_panic_is_told_without_secrets_and_ends_nothing_but_its_thread() {
        let alone = ["--exact", "panics::tests::alone", "--ignored", "--nocapture"];
        let ran = Command::new(std::env::current_exe().unwrap()).args(alone).output().unwrap();
        let said = String::from_utf8(ran.stderr).unwrap();
        assert!(ran.status.success() && said.ends_with("it went on\n"), "{said}");
        assert!(said.contains("panicked at") && said.contains("***") && !said.contains(CANARY), "{said}");
    }
}

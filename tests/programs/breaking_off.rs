//! shipgate with a bug: it panics, on another thread, with the text that a test writes into a pipe meanwhile.

use std::process::ExitCode;

#[expect(clippy::disallowed_methods, clippy::panic, reason = "this is the bug")]
fn main() -> ExitCode {
    // What it starts under other names is not handed the variable.
    if let Some(pipe) = std::env::var_os("BUG") {
        std::thread::spawn(move || {
            let text = std::fs::read_to_string(pipe);
            panic!("{}", text.unwrap_or_default())
        });
    }
    shipgate::run()
}

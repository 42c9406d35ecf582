//! The `shipgate` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    shipgate::run()
}

//! Shell scripts, as far as it matters which programs run, on which branches, and whether a failure of them is noticed.
//!
//! `split` cuts a script into pieces at what separates commands; `commands` reads `if`, `case` and groups from the pieces;
//! `branches` is the set of branches in which a command runs, and `tests` takes it from a comparison; `swallowed` says
//! whether a failure has consequences; `program` is the program behind `env`, `npx` and the like; `named` is a
//! command as messages name it.

mod branches;
mod commands;
mod named;
mod program;
mod split;
mod swallowed;
mod tests;

pub use branches::BranchSet;
pub use commands::{LONGEST, Simple, commands};
pub use named::named;
pub use program::{ShellCommand, base_name, invocation};

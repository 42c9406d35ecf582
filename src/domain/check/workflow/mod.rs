//! Workflow files, as far as shipgate runs in them. What holds for all workflows is for zizmor to say.
//!
//! `file` reads one; `script` and `invocation` find where shipgate runs, and `command` is what it is asked there;
//! `checkouts` is where a job gets the repository, `permissions` says what its token may do, and `called` what shipgate's
//! workflows ask for; the rules are in `job`, `rights` and `environment` (one run of shipgate in one job), in `caller` (a
//! job that calls a workflow of shipgate), in `trusted` (which commits of shipgate are called) and in `files` (all of them).

mod called;
mod caller;
mod checkouts;
mod command;
mod environment;
mod file;
mod files;
mod invocation;
mod job;
mod permissions;
mod rights;
mod script;
#[cfg(test)]
mod tests;
mod trusted;

#[cfg(test)]
pub use command::CommandVerb;
pub use file::WorkflowFile;
pub use files::judge;
pub use script::{CommandLine, programs};

//! Workflow files, as far as shipgate runs in them. What holds for all workflows is for zizmor to say.
//!
//! `file` reads one, with the places of its parts; `script` and `invocation` find where shipgate runs; `permissions`
//! says what a job's token may do; the rules are in `job`, `rights` and `environment` (one run of shipgate in
//! one job) and in `files` (all of them).

mod environment;
mod file;
mod files;
mod invocation;
mod job;
mod nesting;
mod permissions;
mod rights;
mod script;
#[cfg(test)]
mod tests;

pub use file::WorkflowFile;
pub use files::judge;
#[cfg(test)]
pub use invocation::Verb;
pub use script::CommandLine;

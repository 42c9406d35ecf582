//! shipgate: build once, prove it on stage, promote exactly that, and never say "deployed" when it is not.
//!
//! Every command is the same sentence: observe → plan → authorize → apply → report. `ARCHITECTURE.md` says which file
//! to open for which change.

mod apply;
mod cli;
mod clients;
mod commands;
mod config;
mod context;
mod domain;
mod events;
mod evidence;
mod explain;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod golden;
#[cfg(test)]
#[expect(dead_code, reason = "the end-to-end tests use the rest")]
#[path = "../tests/it/http_server.rs"]
mod http_server;
mod kinds;
mod observe;
#[cfg(test)]
mod pages;
mod panics;
mod poll;
#[cfg(test)]
mod rehearsal;
mod report;
mod run;
mod session;
mod sink;
mod together;
mod verify;

pub use run::run;

/// What the compile-fail tests of `tests/it/offline_unauthorized.rs` need to name: no other program uses this library.
#[doc(hidden)]
pub mod authorization {
    pub use crate::apply::apply;
    pub use crate::domain::gate::{Authorized, Gate, GateEvidence, Gated, Permit, authorize, evaluate};
    pub use crate::domain::hold::{Hold, HoldRequest};
    pub use crate::domain::target::Component;
    pub use crate::kinds::{ApplyRun, WholePlan, driver};
    pub use crate::observe::{Cloud, Writable, Writer, WriterSession};
}

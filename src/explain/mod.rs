//! The one place that turns an error and the phase of a run into a [`Failure`]: the outcome, the causes, the hints.
//!
//! Clients say what happened. What that means for an environment depends on when it happened, and what to do about it
//! is said in the words of this program: its commands, the keys of its configuration, the statements of its policies.

mod aws;
mod config;
mod docker;
mod ecs;
mod git;
pub mod github;
mod identity;
mod plan;
mod refused_job;
mod registry;
mod role;
mod static_site_bundle;
mod static_site_placeholder;
mod static_site_store;
#[cfg(test)]
mod tests;

use crate::clients::aws::AwsError;
use crate::domain::failure::{Cause, Failure};
use crate::domain::outcome::Outcome;

pub use refused_job::{AskedRole, WhichRole, refused_job};
pub use role::no_way;

/// When an error happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Before anything that serves was changed.
    Before,
    /// In the call that changes what serves.
    During,
    /// After that call.
    After,
}

/// An error that can be explained.
pub trait Explain {
    /// What it means as long as nothing that serves was changed, and whether that may be over at the next try.
    fn before(&self) -> Failure;

    /// Whether the call is known not to have been carried out.
    fn is_refused(&self) -> bool {
        false
    }
}

/// What an error means.
pub fn explain(error: &impl Explain, phase: Phase) -> Failure {
    match phase {
        Phase::Before => error.before(),
        Phase::During if error.is_refused() => error.before(),
        Phase::During => unanswered(error, None::<&AwsError>),
        Phase::After => {
            let Failure { reason, kind, causes, hints, .. } = error.before();
            let failure =
                Failure::new(Outcome::Broken, "the deployment cannot be read any more").of(kind).cause(reason);
            let failure = causes.into_iter().fold(failure, Failure::because);
            hints.into_iter().fold(failure, Failure::hint)
        }
    }
}

/// It is unknown whether a change was made: its own call was not answered, or a read of the service that followed it.
pub fn unanswered(change: &impl Explain, read: Option<&impl Explain>) -> Failure {
    let change = change.before();
    let failure = Failure::new(Outcome::Broken, "whether the service took the update is unknown").of(change.kind);
    let failure = failure.because(as_cause(&change));
    let failure = read.map(|read| as_cause(&read.before())).into_iter().fold(failure, Failure::because);
    failure.hint("inspect the service; run this again when AWS answers: it takes up what is there then")
}

/// A failure as the cause of another.
fn as_cause(failure: &Failure) -> Cause {
    let first = failure.causes.first();
    Cause::new(failure.kind, failure.brief()).code(first.and_then(|cause| cause.code.clone()))
}

/// Lets `?` explain an error as one that happened before anything that serves was changed.
macro_rules! explained {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for $crate::domain::failure::Failure {
            fn from(error: $error) -> Self {
                $crate::explain::explain(&error, $crate::explain::Phase::Before)
            }
        }
    )+};
}
use explained;

//! How a command ended, and what a sink does with that.

use std::fmt;

use futures_util::future::LocalBoxFuture;

use super::record::Record;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::outcome::Outcome;
use crate::domain::view::{CommandAnswer, CommandRequest};
use crate::events::Events;

/// How a command ended, with all that is reported of it.
#[derive(Debug, Clone, Copy)]
pub struct CommandEnd<'a> {
    /// The command.
    pub request: &'a CommandRequest,
    /// The fold of its events.
    pub record: &'a Record,
    /// What it returned.
    pub result: Result<&'a CommandAnswer, &'a Failure>,
}

impl CommandEnd<'_> {
    /// The outcome.
    pub fn outcome(&self) -> Outcome {
        match self.result {
            Ok(answer) => answer.outcome(),
            Err(failure) => failure.outcome,
        }
    }
}

/// Somewhere that a run is reported to.
pub trait Sink: fmt::Debug {
    /// Something happened.
    fn event(&self, _event: &RunEvent) {}

    /// The command has ended: reports what may fail. The events that it emits are seen by the sinks that settle after it,
    /// and by all when they report the end.
    fn settle<'s>(&'s self, _end: CommandEnd<'s>, _events: &'s Events) -> LocalBoxFuture<'s, ()> {
        Box::pin(std::future::ready(()))
    }

    /// The command has ended, and all that may fail has been reported.
    fn end(&self, _end: CommandEnd<'_>) {}
}

//! How a component ended.

use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::view::plan::Running;
use crate::kinds::ApplyRun;

/// Emits how a component ended. `released`: what it runs if it runs the release now.
pub fn emit_end(
    run: &ApplyRun<'_>,
    name: &ComponentName,
    result: Result<Outcome, &Failure>,
    released: Option<Running>,
) {
    let (outcome, causes) = match result {
        Ok(outcome) => (outcome, Vec::new()),
        Err(failure) => (failure.outcome, failure.causes.clone()),
    };
    run.events.emit(RunEvent::ComponentEnded { component: name.clone(), outcome, causes, released });
}

//! The write-only end of a run's events: what happens goes out here, and nothing comes back.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::event::{RunEvent, StepResult};
use crate::domain::names::ComponentName;
use crate::domain::step::StepId;

/// How long a silent wait may be before there is a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Takes events in.
pub trait Listener: fmt::Debug {
    /// Takes one in.
    fn event(&self, event: RunEvent);
}

/// Takes nothing in.
#[derive(Debug)]
struct Silence;

impl Listener for Silence {
    fn event(&self, _event: RunEvent) {}
}

/// Where the events of a run go.
#[derive(Debug, Clone)]
pub struct Events {
    listener: Rc<dyn Listener>,
    /// The component that notes and warnings are about, where there is one.
    about: Option<ComponentName>,
    began: Instant,
    last_shown: Rc<Cell<Instant>>,
    progress: Rc<RefCell<HashMap<StepId, String>>>,
}

impl Events {
    /// The events of a run that begins now.
    pub fn new(listener: Rc<dyn Listener>) -> Self {
        let began = Instant::now();
        Self { listener, about: None, began, last_shown: Rc::new(Cell::new(began)), progress: Rc::default() }
    }

    /// Events that are dropped.
    pub fn silent() -> Self {
        Self::new(Rc::new(Silence))
    }

    /// The events of one component in the run.
    #[must_use]
    pub fn of(&self, component: &ComponentName) -> Self {
        Self { about: Some(component.clone()), ..self.clone() }
    }

    /// The events of a run within this one.
    pub fn within(&self, environment: &str) -> Self {
        let outer = Rc::clone(&self.listener);
        Self::new(Rc::new(Inner { outer, environment: environment.to_owned() }))
    }

    /// Emits an event.
    pub fn emit(&self, event: RunEvent) {
        self.listener.event(event);
    }

    /// Emits one that people see, which is a sign of life.
    fn show(&self, event: RunEvent) {
        self.last_shown.set(Instant::now());
        self.emit(event);
    }

    /// Takes a step. That it ended is emitted also when the work is dropped half-way.
    ///
    /// # Errors
    ///
    /// What the work returns.
    pub async fn step<T, E>(&self, step: &StepId, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let began = Instant::now();
        let mut open = StartedStep { events: self, step, began, result: StepResult::Interrupted };
        self.show(RunEvent::StepStarted(step.clone()));
        let result = work.await;
        open.result = if result.is_ok() { StepResult::Done } else { StepResult::Failed };
        result
    }

    /// Shows a line of output.
    pub fn output(&self, step: &StepId, line: &str) {
        self.show(RunEvent::Output { step: step.clone(), line: line.to_owned() });
    }

    /// It is known what a step led to.
    pub fn result(&self, step: &StepId, text: impl Into<String>) {
        self.emit(RunEvent::StepResult { step: step.clone(), text: text.into() });
    }

    /// Shows that a task failed.
    pub fn task_failed(&self, step: &StepId, text: &str, last_line: Option<String>) {
        self.show(RunEvent::TaskFailed { step: step.clone(), text: text.to_owned(), last_line });
    }

    /// Shows how far a step is, if that has changed.
    pub fn progress(&self, step: &StepId, text: &str) {
        let before = self.progress.borrow_mut().insert(step.clone(), text.to_owned());
        if before.as_deref() != Some(text) {
            self.show(RunEvent::Progress { step: step.clone(), text: text.to_owned() });
        }
    }

    /// When the run began.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// When a sign of life is due, if nothing is shown until then.
    pub fn heartbeat_due(&self) -> Instant {
        self.last_shown.get() + HEARTBEAT
    }

    /// Shows that a step goes on.
    pub fn heartbeat(&self, step: &StepId, elapsed: Duration) {
        let text = self.progress.borrow().get(step).cloned().unwrap_or_default();
        self.show(RunEvent::Heartbeat { step: step.clone(), text, elapsed });
    }

    /// Something new exists, which is left behind if none of its users gets to run the release.
    pub fn made(&self, what: impl Into<String>, used_by: Vec<ComponentName>) {
        self.emit(RunEvent::Made { what: what.into(), used_by });
    }

    /// Shows a note.
    pub fn note(&self, text: impl Into<String>) {
        self.show(RunEvent::Note { about: self.about.clone(), text: text.into() });
    }

    /// Shows a warning.
    pub fn warning(&self, text: impl Into<String>, hint: Option<String>) {
        self.show(RunEvent::Warning { about: self.about.clone(), text: text.into(), hint });
    }
}

/// Hands the events of an inner run to the outer one.
#[derive(Debug)]
struct Inner {
    outer: Rc<dyn Listener>,
    environment: String,
}

impl Listener for Inner {
    fn event(&self, event: RunEvent) {
        self.outer.event(RunEvent::Within { environment: self.environment.clone(), event: Box::new(event) });
    }
}

struct StartedStep<'a> {
    events: &'a Events,
    step: &'a StepId,
    began: Instant,
    result: StepResult,
}

impl Drop for StartedStep<'_> {
    fn drop(&mut self) {
        self.events.progress.borrow_mut().remove(self.step);
        self.events.show(RunEvent::StepEnded {
            step: self.step.clone(),
            began: self.began.duration_since(self.events.began),
            took: self.began.elapsed(),
            result: self.result,
        });
    }
}

/// A listener of tests: it keeps what happened.
#[cfg(test)]
#[derive(Debug, Default)]
pub struct EventRecorder(pub RefCell<Vec<RunEvent>>);

#[cfg(test)]
impl Listener for EventRecorder {
    fn event(&self, event: RunEvent) {
        self.0.borrow_mut().push(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::step::StepVerb;

    fn events() -> (Events, Rc<EventRecorder>, StepId) {
        let recorder = Rc::new(EventRecorder::default());
        (Events::new(Rc::clone(&recorder) as _), recorder, StepId::new(StepVerb::WaitFor, &"backend".parse().unwrap()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_step_ends_interrupted() {
        let (events, recorder, step) = events();
        tokio::time::advance(Duration::from_secs(2)).await;
        let work = events.step(&step, std::future::pending::<Result<(), ()>>());
        assert!(tokio::time::timeout(Duration::from_secs(5), work).await.is_err());
        let (began, took) = (Duration::from_secs(2), Duration::from_secs(5));
        let ended = RunEvent::StepEnded { step: step.clone(), began, took, result: StepResult::Interrupted };
        assert_eq!(*recorder.0.borrow(), [RunEvent::StepStarted(step), ended]);
    }
}

//! The write-only end of a run's events: what happens goes out here, and nothing comes back.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::event::{Event, StepResult};
use crate::domain::names::ComponentName;
use crate::domain::step::StepId;

/// How long a silent wait may be before there is a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Takes events in.
pub trait Listener: fmt::Debug {
    /// Takes one in.
    fn event(&self, event: Event);
}

/// Takes nothing in.
#[derive(Debug)]
struct Silence;

impl Listener for Silence {
    fn event(&self, _event: Event) {}
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
    pub fn emit(&self, event: Event) {
        self.listener.event(event);
    }

    /// Emits one that people see, which is a sign of life.
    fn show(&self, event: Event) {
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
        let mut open = OpenStep { events: self, step, began, result: StepResult::Interrupted };
        self.show(Event::StepStarted(step.clone()));
        let result = work.await;
        open.result = if result.is_ok() { StepResult::Done } else { StepResult::Failed };
        result
    }

    /// Shows a line of output.
    pub fn output(&self, step: &StepId, line: &str) {
        self.show(Event::Output { step: step.clone(), line: line.to_owned() });
    }

    /// It is known what a step led to.
    pub fn result(&self, step: &StepId, text: impl Into<String>) {
        self.emit(Event::StepResult { step: step.clone(), text: text.into() });
    }

    /// Shows that a task failed.
    pub fn task_failed(&self, step: &StepId, text: &str, last_line: Option<String>) {
        self.show(Event::TaskFailed { step: step.clone(), text: text.to_owned(), last_line });
    }

    /// Shows how far a step is, if that has changed.
    pub fn progress(&self, step: &StepId, text: &str) {
        let before = self.progress.borrow_mut().insert(step.clone(), text.to_owned());
        if before.as_deref() != Some(text) {
            self.show(Event::Progress { step: step.clone(), text: text.to_owned() });
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
        self.show(Event::Heartbeat { step: step.clone(), text, elapsed });
    }

    /// Something new exists, which is left behind if none of its users gets to run the release.
    pub fn made(&self, what: impl Into<String>, used_by: Vec<ComponentName>) {
        self.emit(Event::Made { what: what.into(), used_by });
    }

    /// Shows a note.
    pub fn note(&self, text: impl Into<String>) {
        self.show(Event::Note { about: self.about.clone(), text: text.into() });
    }

    /// Shows a warning.
    pub fn warning(&self, text: impl Into<String>, hint: Option<String>) {
        self.show(Event::Warning { about: self.about.clone(), text: text.into(), hint });
    }
}

/// Hands the events of an inner run to the outer one.
#[derive(Debug)]
struct Inner {
    outer: Rc<dyn Listener>,
    environment: String,
}

impl Listener for Inner {
    fn event(&self, event: Event) {
        self.outer.event(Event::Within { environment: self.environment.clone(), event: Box::new(event) });
    }
}

struct OpenStep<'a> {
    events: &'a Events,
    step: &'a StepId,
    began: Instant,
    result: StepResult,
}

impl Drop for OpenStep<'_> {
    fn drop(&mut self) {
        self.events.progress.borrow_mut().remove(self.step);
        self.events.show(Event::StepEnded {
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
pub struct Recorder(pub RefCell<Vec<Event>>);

#[cfg(test)]
impl Listener for Recorder {
    fn event(&self, event: Event) {
        self.0.borrow_mut().push(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::step::Verb;

    fn events() -> (Events, Rc<Recorder>, StepId) {
        let recorder = Rc::new(Recorder::default());
        (Events::new(Rc::clone(&recorder) as _), recorder, StepId::new(Verb::WaitFor, &"backend".parse().unwrap()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_step_ends_interrupted() {
        let (events, recorder, step) = events();
        tokio::time::advance(Duration::from_secs(2)).await;
        let work = events.step(&step, std::future::pending::<Result<(), ()>>());
        assert!(tokio::time::timeout(Duration::from_secs(5), work).await.is_err());
        let (began, took) = (Duration::from_secs(2), Duration::from_secs(5));
        let ended = Event::StepEnded { step: step.clone(), began, took, result: StepResult::Interrupted };
        assert_eq!(*recorder.0.borrow(), [Event::StepStarted(step), ended]);
    }
}

//! The record of a run, filled as it goes, so that an interrupted one can still be told.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::time::Duration;

use indexmap::IndexMap;
use tokio::time::Instant;

use super::{Event, Reporter};
use crate::domain::ecs::plan::Drift;
use crate::domain::ecs::task_definition::{Change, MissingVariable};
use crate::domain::failure::Failure;
use crate::domain::gate::Gate;
use crate::domain::image::{Digest, Repository};
use crate::domain::names::ComponentName;
use crate::domain::neutral;
use crate::domain::origin::ReusedImage;
use crate::domain::outcome::Outcome;
use crate::domain::release::{Commits, ReleaseName};

/// How long a silent wait may be before we say that we are still there.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// All that is told of a run.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// The command as it was given: `deploy`, `plan deploy`.
    pub command: String,
    /// The environment as it was given.
    pub environment: String,
    /// The same with the components that were named: `backend of stage`.
    pub place: String,
    /// The release.
    pub release: Option<ReleaseName>,
    /// The digests of its images, by the component that builds them.
    pub digests: IndexMap<ComponentName, Digest>,
    /// The plan's digest.
    pub plan_digest: Option<Digest>,
    /// The repositories of those images, with the registry's host.
    pub repositories: IndexMap<ComponentName, Repository>,
    /// Where people find the environment.
    pub url: Option<String>,
    /// The gates with their verdicts.
    pub gates: Vec<Gate>,
    /// The commits between what ran before and the release, where the history is there.
    pub commits: Option<Between>,
    /// The components, in order.
    pub components: Vec<ComponentRecord>,
    /// The images that were in their repositories before.
    pub reused: Vec<ReusedImage>,
    /// The steps, in the order they began.
    pub steps: Vec<StepRecord>,
    /// What is odd and stops nothing.
    pub warnings: Vec<String>,
    /// What was made and not used.
    left_behind: Vec<LeftBehind>,
}

/// A component in the record.
#[derive(Debug, Clone)]
pub struct ComponentRecord {
    /// The component.
    pub name: ComponentName,
    /// Its kind, as in the configuration.
    pub kind: &'static str,
    /// How it ended. `None`: it was skipped, or the run ended before its turn.
    pub outcome: Option<Outcome>,
    /// Whether anything that serves was changed.
    pub changed: bool,
    /// Its page in the console of AWS.
    pub console: Option<String>,
    /// What it ran before.
    pub previous: Option<Running>,
    /// What it runs now, as far as it is known.
    pub current: Option<Running>,
    /// Why it ended so.
    pub causes: Vec<String>,
    /// What the plan would change or changed.
    pub changes: Vec<Change>,
    /// What somebody changed by hand since our last release.
    pub drift: Option<Drift>,
    /// What the source's definition has and this one lacks.
    pub missing_variables: Vec<MissingVariable>,
}

/// The commits between what an environment ran and a release.
#[derive(Debug, Clone)]
pub struct Between {
    /// Whether the release takes them back instead of bringing them.
    pub taken_back: bool,
    /// The commits.
    pub commits: Commits,
}

impl ComponentRecord {
    /// Whether the component runs the release, or may: what it uses then is not left behind, whatever else is wrong.
    fn may_run_release(&self) -> bool {
        match self.outcome {
            Some(Outcome::Deployed | Outcome::Unchanged | Outcome::Unproven) => true,
            Some(Outcome::Broken | Outcome::TimedOut | Outcome::Interrupted) => self.changed,
            _ => false,
        }
    }
}

/// What a component runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The release's name, where it is known.
    pub sha: Option<String>,
    /// The digest, where the image is pinned.
    pub digest: Option<Digest>,
}

/// A step in the record.
#[derive(Debug, Clone)]
pub struct StepRecord {
    /// The step.
    pub name: String,
    /// When it began, in seconds since the run did.
    pub began: f64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// `done`, `failed`, `interrupted`, or `planned`.
    pub result: &'static str,
}

#[derive(Debug, Clone)]
struct LeftBehind {
    what: String,
    used_by: Vec<ComponentName>,
}

impl Record {
    /// An empty record of a command.
    pub fn new(command: &str, environment: &str, components: &[String]) -> Self {
        let environment = neutral::phrase(environment, 100);
        let place = match components {
            [] => environment.clone(),
            some => neutral::phrase(&format!("{} of {environment}", some.join(", ")), 200),
        };
        Self { command: command.to_owned(), environment, place, ..Self::default() }
    }

    /// The image of a component, pinned, as a task definition has it.
    pub fn image(&self, component: &ComponentName) -> Option<String> {
        let (repository, digest) = (self.repositories.get(component)?, self.digests.get(component)?);
        Some(format!("{repository}:{}@{digest}", self.release.as_ref()?))
    }

    /// What was made and is used by no component that runs the release.
    pub fn left_behind(&self) -> Vec<String> {
        let serves = |name: &ComponentName| {
            self.components.iter().any(|component| component.name == *name && component.may_run_release())
        };
        self.left_behind.iter().filter(|left| !left.used_by.iter().any(serves)).map(|left| left.what.clone()).collect()
    }
}

/// Keeps the record and shows events as they come.
#[derive(Debug)]
pub struct Journal {
    reporter: Box<dyn Reporter>,
    record: RefCell<Record>,
    began: Instant,
    last_shown: Cell<Instant>,
    last_progress: RefCell<Option<(String, String)>>,
}

impl Journal {
    /// An empty record.
    pub fn new(reporter: Box<dyn Reporter>, command: &str, environment: &str, components: &[String]) -> Self {
        Self {
            reporter,
            record: RefCell::new(Record::new(command, environment, components)),
            began: Instant::now(),
            last_shown: Cell::new(Instant::now()),
            last_progress: RefCell::new(None),
        }
    }

    /// The record as it is now.
    pub fn record(&self) -> Record {
        self.record.borrow().clone()
    }

    /// Changes the record.
    pub fn update(&self, change: impl FnOnce(&mut Record)) {
        change(&mut self.record.borrow_mut());
    }

    /// Changes a component's entry.
    pub fn component(&self, name: &ComponentName, change: impl FnOnce(&mut ComponentRecord)) {
        if let Some(component) = self.record.borrow_mut().components.iter_mut().find(|entry| entry.name == *name) {
            change(component);
        }
    }

    /// Notes something that was made, to be told if none of the components comes to run the release.
    pub fn made(&self, what: impl Into<String>, used_by: Vec<ComponentName>) {
        self.record.borrow_mut().left_behind.push(LeftBehind { what: what.into(), used_by });
    }

    /// Takes a step and records how long it took and how it ended, also when it is dropped half-way.
    ///
    /// # Errors
    ///
    /// What the step returns.
    pub async fn step<T>(&self, name: &str, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let mut open = OpenStep { journal: self, name, began: Instant::now(), result: "interrupted" };
        self.show(Event::Started { step: name.to_owned() });
        let result = work.await;
        open.result = if result.is_ok() { "done" } else { "failed" };
        result
    }

    /// Shows a line of output.
    pub fn output(&self, step: &str, line: &str) {
        self.show(Event::Output { step: step.to_owned(), line: line.to_owned() });
    }

    /// Shows how far a step is, if that has changed.
    pub fn progress(&self, step: &str, text: &str) {
        let now = (step.to_owned(), text.to_owned());
        if self.last_progress.borrow().as_ref() != Some(&now) {
            *self.last_progress.borrow_mut() = Some(now);
            self.show(Event::Progress { step: step.to_owned(), text: text.to_owned() });
        }
    }

    /// Waits in a step that began so long ago, and shows a sign of life when the silence gets long.
    pub async fn pause(&self, step: &str, elapsed: Duration, pause: Duration) {
        let began = Instant::now();
        let until = began + pause;
        while Instant::now() < until {
            let heartbeat = self.last_shown.get() + HEARTBEAT;
            tokio::time::sleep_until(until.min(heartbeat)).await;
            if Instant::now() >= heartbeat {
                let text = self.last_progress.borrow().as_ref().map(|(_, text)| text.clone()).unwrap_or_default();
                let seconds = (elapsed + began.elapsed()).as_secs();
                self.show(Event::Heartbeat { step: step.to_owned(), text, seconds });
            }
        }
    }

    /// Shows a note.
    pub fn note(&self, text: impl Into<String>) {
        self.show(Event::Note { text: text.into() });
    }

    /// Shows a warning, and records it.
    pub fn warning(&self, text: impl Into<String>, hint: Option<String>) {
        let text = text.into();
        self.update(|record| record.warnings.push(anstream::adapter::strip_str(&text).to_string()));
        self.show(Event::Warning { text, hint });
    }

    #[expect(clippy::needless_pass_by_value, reason = "an event is made to be shown once")]
    fn show(&self, event: Event) {
        self.last_shown.set(Instant::now());
        self.reporter.show(&event);
    }
}

struct OpenStep<'a> {
    journal: &'a Journal,
    name: &'a str,
    began: Instant,
    result: &'static str,
}

impl Drop for OpenStep<'_> {
    fn drop(&mut self) {
        let seconds = self.began.elapsed().as_secs_f64();
        let began = self.began.duration_since(self.journal.began).as_secs_f64();
        let record = StepRecord { name: self.name.to_owned(), began, seconds, result: self.result };
        self.journal.update(|journal| journal.steps.push(record));
        self.journal.show(Event::Finished { step: self.name.to_owned(), result: self.result, seconds });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::human::{Level, line};
    use std::rc::Rc;

    #[derive(Debug, Default, Clone)]
    struct Recorder(Rc<RefCell<Vec<Event>>>);

    impl Reporter for Recorder {
        fn show(&self, event: &Event) {
            self.0.borrow_mut().push(event.clone());
        }
    }

    fn journal() -> (Journal, Recorder) {
        let recorder = Recorder::default();
        (Journal::new(Box::new(recorder.clone()), "deploy", "stage", &[]), recorder)
    }

    #[tokio::test(start_paused = true)]
    async fn one_line_for_each_change_and_a_heartbeat_every_thirty_seconds() {
        let (journal, recorder) = journal();
        for second in 0..90 {
            let text = if second < 60 { "0 of 1" } else { "1 of 1" };
            journal.progress("wait", text);
            journal.pause("wait", Duration::from_secs(second), Duration::from_secs(1)).await;
        }
        let shown: Vec<String> =
            recorder.0.borrow().iter().filter_map(|event| line(event, Level::Everything)).collect();
        assert_eq!(
            shown,
            [
                "  0 of 1",
                "  still in `wait` after 30 s: 0 of 1",
                "  still in `wait` after 60 s: 0 of 1",
                "  1 of 1",
                "  still in `wait` after 90 s: 1 of 1",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_step_is_recorded_as_interrupted() {
        let (journal, _) = journal();
        let step = journal.step("wait", std::future::pending::<Result<(), Failure>>());
        assert!(tokio::time::timeout(Duration::from_secs(5), step).await.is_err());
        let steps = journal.record().steps;
        assert_eq!((steps[0].name.as_str(), steps[0].result), ("wait", "interrupted"));
        assert!((steps[0].seconds - 5.0).abs() < 0.1);
    }

    #[test]
    fn what_a_component_came_to_use_is_not_left_behind() {
        let (backend, worker): (ComponentName, ComponentName) = ("backend".parse().unwrap(), "worker".parse().unwrap());
        let component = |name: &ComponentName, outcome| ComponentRecord {
            name: name.clone(),
            kind: "ecs",
            outcome,
            changed: false,
            console: None,
            previous: None,
            current: None,
            causes: Vec::new(),
            changes: Vec::new(),
            drift: None,
            missing_variables: Vec::new(),
        };
        let mut record = Record {
            components: vec![component(&backend, Some(Outcome::Deployed)), component(&worker, Some(Outcome::Failed))],
            ..Record::default()
        };
        let left = |what: &str, used_by: &[&ComponentName]| LeftBehind {
            what: what.to_owned(),
            used_by: used_by.iter().map(|name| (*name).clone()).collect(),
        };
        record.left_behind = vec![left("image", &[&backend, &worker]), left("revision", &[&worker])];
        assert_eq!(record.left_behind(), ["revision"]);
    }
}

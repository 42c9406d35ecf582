//! What it means that a run was interrupted: follows from the steps that were open, and from what they had begun.

use indexmap::IndexMap;

use super::event::{RunEvent, StepResult};
use super::names::ComponentName;
use super::step::{StepId, StepVerb};

/// The work of a run that is not finished, from its events.
#[derive(Debug, Default)]
pub struct OpenWork {
    components: IndexMap<ComponentName, ComponentProgress>,
    /// What the steps started that continues without the run.
    continuing: Vec<(StepId, String)>,
    /// The steps that ended half-way.
    interrupted: Vec<StepId>,
}

#[derive(Debug, Default)]
struct ComponentProgress {
    has_ended: bool,
    /// Something was prepared that no other step has followed yet.
    is_prepared: bool,
    /// What continues without the run, once something that serves is about to be changed.
    continues: Option<String>,
}

/// What there is to say of an interrupted run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interruption {
    /// The steps that were in progress.
    pub steps: Vec<StepId>,
    /// What continues without the run, and what to do about it.
    pub continues: Vec<String>,
    /// The components that the run was at work on.
    pub components: Vec<ComponentName>,
}

impl OpenWork {
    /// Takes an event in.
    pub fn see(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Planned(plan) => {
                self.components = plan
                    .components
                    .iter()
                    .map(|planned| (planned.name.clone(), ComponentProgress::default()))
                    .collect();
            }
            RunEvent::ChangeStarted { component, continues } => {
                self.of(component, |state| state.continues = Some(continues.clone()));
            }
            RunEvent::ChangeRefused { component } => self.of(component, |state| state.continues = None),
            RunEvent::ComponentEnded { component, .. } => self.of(component, |state| state.has_ended = true),
            RunEvent::Continues { step, hint } => self.continuing.push((step.clone(), hint.clone())),
            RunEvent::StepEnded { step, result: StepResult::Interrupted, .. } => self.interrupted.push(step.clone()),
            RunEvent::StepEnded { step, result: StepResult::Done, .. } if prepares(step.verb) => {
                if let Some(component) = step.component() {
                    self.of(component, |state| state.is_prepared = true);
                }
            }
            RunEvent::ReleaseChosen(_)
            | RunEvent::UnholdPlanned(_)
            | RunEvent::NothingToPromote(_)
            | RunEvent::ImagesReused(_)
            | RunEvent::ApplyStarted
            | RunEvent::ImageKnown { .. }
            | RunEvent::Refined { .. }
            | RunEvent::Made { .. }
            | RunEvent::DeploymentFollowed { .. }
            | RunEvent::RevisionKnown { .. }
            | RunEvent::TasksProven { .. }
            | RunEvent::ProbeAnswered { .. }
            | RunEvent::Serves { .. }
            | RunEvent::StepStarted(_)
            | RunEvent::StepResult { .. }
            | RunEvent::StepEnded { .. }
            | RunEvent::Output { .. }
            | RunEvent::TaskFailed { .. }
            | RunEvent::Tasks { .. }
            | RunEvent::Expected { .. }
            | RunEvent::Progress { .. }
            | RunEvent::Heartbeat { .. }
            | RunEvent::Note { .. }
            | RunEvent::Warning { .. }
            | RunEvent::NotReported { .. }
            | RunEvent::Logged { .. }
            | RunEvent::Within { .. } => {}
        }
    }

    fn of(&mut self, component: &ComponentName, change: impl FnOnce(&mut ComponentProgress)) {
        if let Some(state) = self.components.get_mut(component) {
            change(state);
        }
    }

    /// What the interruption of the run means now.
    pub fn interrupted(&self) -> Interruption {
        let is_open = |step: &StepId| self.interrupted.contains(step);
        let of_steps = self.continuing.iter().filter(|(step, _)| is_open(step)).map(|(_, hint)| hint.clone());
        let unfinished = || self.components.iter().filter(|(_, state)| !state.has_ended);
        let of_components = unfinished().filter_map(|(_, state)| state.continues.clone());
        let is_in_progress = |name: &ComponentName| self.interrupted.iter().any(|step| step.component() == Some(name));
        let at_work =
            unfinished().filter(|(name, state)| state.continues.is_some() || state.is_prepared || is_in_progress(name));
        Interruption {
            steps: self.interrupted.clone(),
            continues: of_steps.chain(of_components).collect(),
            components: at_work.map(|(name, _)| name.clone()).collect(),
        }
    }
}

/// Whether a step makes something for its component alone.
fn prepares(verb: StepVerb) -> bool {
    matches!(verb, StepVerb::Register | StepVerb::UseRevision | StepVerb::PreDeploy)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::names::EnvironmentName;
    use crate::domain::outcome::Outcome;
    use crate::domain::view::plan::ShownPlan;

    fn name(text: &str) -> ComponentName {
        text.parse().unwrap()
    }

    fn step(verb: StepVerb, component: &str) -> StepId {
        StepId::new(verb, &name(component))
    }

    fn planned() -> RunEvent {
        RunEvent::Planned(Box::new(ShownPlan::sample()))
    }

    fn cut(step: StepId) -> RunEvent {
        let (began, took) = (Duration::ZERO, Duration::from_secs(1));
        RunEvent::StepEnded { step, began, took, result: StepResult::Interrupted }
    }

    fn changed(component: &str) -> RunEvent {
        RunEvent::ChangeStarted { component: name(component), continues: format!("ECS goes on with {component}") }
    }

    fn interrupted(events: impl IntoIterator<Item = RunEvent>) -> (Vec<String>, Vec<String>, Vec<String>) {
        let mut open = OpenWork::default();
        open.see(&planned());
        events.into_iter().for_each(|event| open.see(&event));
        let Interruption { steps, continues, components } = open.interrupted();
        let text = |names: &[ComponentName]| names.iter().map(ToString::to_string).collect();
        (steps.iter().map(ToString::to_string).collect(), continues, text(&components))
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_step_in_progress_names_its_component() {
        let expected = (texts(&["register backend"]), texts(&[]), texts(&["backend"]));
        assert_eq!(interrupted([cut(step(StepVerb::Register, "backend"))]), expected);
        let stage: EnvironmentName = "stage".parse().unwrap();
        let of_source = StepId::of_source(StepVerb::Probe, &stage, &name("backend"));
        assert_eq!(interrupted([cut(of_source)]), (texts(&["probe stage backend"]), texts(&[]), texts(&[])));
        // A name is compared as a whole.
        let other = cut(step(StepVerb::Build, "the-worker"));
        assert_eq!(interrupted([other]), (texts(&["build the-worker"]), texts(&[]), texts(&[])));
    }

    #[test]
    fn a_change_that_was_made_or_may_have_been_continues() {
        let wait = || cut(step(StepVerb::WaitFor, "backend"));
        let expected = (texts(&["wait for backend"]), texts(&["ECS goes on with backend"]), texts(&["backend"]));
        assert_eq!(interrupted([changed("backend"), wait()]), expected);
        let refused = RunEvent::ChangeRefused { component: name("backend") };
        assert_eq!(interrupted([changed("backend"), refused]), (texts(&[]), texts(&[]), texts(&[])));
        // Between two steps.
        let expected = (texts(&[]), texts(&["ECS goes on with worker"]), texts(&["worker"]));
        assert_eq!(interrupted([changed("worker")]), expected);
    }

    /// Its revision is there, and its turn to be changed had not come.
    #[test]
    fn a_component_that_is_prepared_is_interrupted() {
        let (began, took, result) = (Duration::ZERO, Duration::ZERO, StepResult::Done);
        let done = |step| RunEvent::StepEnded { step, began, took, result };
        let found = interrupted([done(step(StepVerb::Register, "worker")), done(step(StepVerb::Build, "backend"))]);
        assert_eq!(found, (texts(&[]), texts(&[]), texts(&["worker"])));
    }

    #[test]
    fn what_has_ended_stays_as_it_ended() {
        let (outcome, causes, released) = (Outcome::Deployed, Vec::new(), None);
        let ended = RunEvent::ComponentEnded { component: name("backend"), outcome, causes, released };
        let events = [changed("backend"), ended, cut(step(StepVerb::Update, "worker"))];
        assert_eq!(interrupted(events), (texts(&["update worker"]), texts(&[]), texts(&["worker"])));
    }

    #[test]
    fn what_a_step_started_continues_only_if_the_step_was_open() {
        let pre_deploy = || step(StepVerb::PreDeploy, "backend");
        let started = || RunEvent::Continues { step: pre_deploy(), hint: "task 1 goes on".to_owned() };
        let open = interrupted([started(), cut(pre_deploy())]);
        assert_eq!(open, (texts(&["pre-deploy backend"]), texts(&["task 1 goes on"]), texts(&["backend"])));
        let done = interrupted([started(), cut(step(StepVerb::Update, "backend"))]);
        assert_eq!(done.1, texts(&[]));
    }
}

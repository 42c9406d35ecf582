//! Which step of a plan may be taken when. What failed ends all that has not begun; what was changed is followed to its end.

use super::steps::PlanStep;
use crate::domain::names::ComponentName;
use crate::domain::step::{StepId, StepVerb};

/// Steps that are taken one after the other: those of what a component ships, of the component, or the holds on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Lane {
    /// What a component ships, an image or the files of a site, by the component that builds it.
    Artifact(ComponentName),
    /// The holds of a rollback on a component.
    Holds(ComponentName),
    /// A component.
    Component(ComponentName),
    /// The tags of an image, by the component that builds it.
    Tags(ComponentName),
}

impl Lane {
    /// The lane of a step. `None`: it is about another environment.
    pub fn of(step: &StepId) -> Option<Self> {
        let component = step.component()?.clone();
        Some(match step.verb {
            StepVerb::CreateRepository
            | StepVerb::Build
            | StepVerb::Tag
            | StepVerb::Copy
            | StepVerb::Bundle
            | StepVerb::Store => Self::Artifact(component),
            StepVerb::Hold => Self::Holds(component),
            StepVerb::MoveTags => Self::Tags(component),
            StepVerb::UseRevision
            | StepVerb::Register
            | StepVerb::PreDeploy
            | StepVerb::Update
            | StepVerb::Publish
            | StepVerb::WaitForOthers
            | StepVerb::WaitFor
            | StepVerb::Prove
            | StepVerb::CleanUp
            | StepVerb::Verify
            | StepVerb::Probe
            | StepVerb::Settle
            | StepVerb::RollBack => Self::Component(component),
        })
    }
}

/// Whether a step may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepTurn {
    /// Now.
    Now,
    /// Perhaps later: steps that it needs are not done.
    Later,
    /// It will not be: something failed.
    Never,
    /// It is not in the plan.
    Unplanned,
}

/// How a lane ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneEnd {
    /// As it should, or so that others go on.
    Done,
    /// With a failure that nothing new begins after.
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepState {
    Waiting,
    Begun,
    Done,
    /// It failed, or will not be taken.
    Lost,
}

#[derive(Debug)]
struct ScheduledStep {
    step: StepId,
    lane: Option<Lane>,
    needs: Vec<usize>,
    state: StepState,
}

/// The steps of a plan while it is carried out.
#[derive(Debug, Default)]
pub struct Schedule {
    entries: Vec<ScheduledStep>,
    has_failed: bool,
}

impl Schedule {
    /// The steps of a plan, each after those that it needs.
    pub fn new(steps: &[PlanStep]) -> Self {
        let place = |needed: &StepId| steps.iter().position(|step| step.id == *needed);
        let entry = |step: &PlanStep| ScheduledStep {
            step: step.id.clone(),
            lane: Lane::of(&step.id),
            needs: step.needs.iter().filter_map(place).collect(),
            state: StepState::Waiting,
        };
        Self { entries: steps.iter().map(entry).collect(), has_failed: false }
    }

    /// Whether a step may be taken.
    pub fn turn(&self, step: &StepId) -> StepTurn {
        let Some(entry) = self.entries.iter().find(|entry| entry.step == *step) else {
            return StepTurn::Unplanned;
        };
        let states = || entry.needs.iter().map(|needed| self.entries[*needed].state);
        match () {
            () if entry.state == StepState::Lost || states().any(|state| state == StepState::Lost) => StepTurn::Never,
            () if self.has_failed && !entry.step.verb.follows_success() && !self.has_changed(entry) => StepTurn::Never,
            () if states().all(|state| state == StepState::Done) => StepTurn::Now,
            () => StepTurn::Later,
        }
    }

    /// Whether a step that has begun goes on to change something.
    pub fn goes_on(&self, step: &StepId) -> bool {
        let entry = self.entries.iter().find(|entry| entry.step == *step);
        !self.has_failed || entry.is_some_and(|entry| self.has_changed(entry))
    }

    /// Whether what serves was changed in the lane of a step, or may have been. What is only verified is followed too, once
    /// that has begun.
    fn has_changed(&self, entry: &ScheduledStep) -> bool {
        let of_lane = || self.entries.iter().filter(|other| other.lane == entry.lane);
        let changes = |other: &ScheduledStep| other.step.verb.changes_what_serves();
        let has_begun = |other: &ScheduledStep| matches!(other.state, StepState::Begun | StepState::Done);
        let only_verifies = !of_lane().any(|other| other.step.verb.changes());
        of_lane().any(|other| has_begun(other) && (changes(other) || only_verifies))
    }

    /// Whether a step of a lane was begun that changes something.
    pub fn has_prepared(&self, lane: &Lane) -> bool {
        let mut of_lane = self.entries.iter().filter(|entry| entry.lane.as_ref() == Some(lane));
        of_lane.any(|entry| entry.step.verb.changes() && matches!(entry.state, StepState::Begun | StepState::Done))
    }

    /// A step begins.
    pub fn begin(&mut self, step: &StepId) {
        self.set(step, StepState::Begun);
    }

    /// A step has ended. After a failure nothing new begins.
    pub fn end(&mut self, step: &StepId, end: LaneEnd) {
        self.has_failed |= end == LaneEnd::Failed;
        self.set(step, if end == LaneEnd::Done { StepState::Done } else { StepState::Lost });
    }

    /// A lane has ended: what it did not take of its steps was not needed, or is lost.
    pub fn end_lane(&mut self, lane: &Lane, end: LaneEnd) {
        self.has_failed |= end == LaneEnd::Failed;
        let state = if end == LaneEnd::Done { StepState::Done } else { StepState::Lost };
        for entry in self.entries.iter_mut().filter(|entry| entry.lane.as_ref() == Some(lane)) {
            if entry.state != StepState::Done {
                entry.state = state;
            }
        }
    }

    fn set(&mut self, step: &StepId, state: StepState) {
        self.entries.iter_mut().filter(|entry| entry.step == *step).for_each(|entry| entry.state = state);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(verb: StepVerb, component: &str) -> StepId {
        StepId::new(verb, &component.parse().unwrap())
    }

    fn step(verb: StepVerb, component: &str, needs: &[(StepVerb, &str)]) -> PlanStep {
        let needs = needs.iter().map(|(verb, component)| id(*verb, component)).collect();
        PlanStep { needs, ..PlanStep::new(verb, &component.parse().unwrap(), "") }
    }

    /// The steps of a service.
    fn service(name: &str, needs: &[(StepVerb, &str)]) -> Vec<PlanStep> {
        vec![
            step(StepVerb::Register, name, needs),
            step(StepVerb::Update, name, &[(StepVerb::Register, name)]),
            step(StepVerb::WaitFor, name, &[(StepVerb::Update, name)]),
        ]
    }

    /// `backend` and `worker` side by side, `site` after `backend`.
    fn shop() -> Schedule {
        let steps =
            [service("backend", &[]), service("worker", &[]), service("site", &[(StepVerb::WaitFor, "backend")])];
        Schedule::new(&steps.concat())
    }

    fn take(schedule: &mut Schedule, verb: StepVerb, component: &str) {
        let step = id(verb, component);
        assert_eq!(schedule.turn(&step), StepTurn::Now, "{step}");
        schedule.begin(&step);
        schedule.end(&step, LaneEnd::Done);
    }

    fn component(name: &str) -> Lane {
        Lane::Component(name.parse().unwrap())
    }

    #[test]
    fn tags_move_with_what_serves_whatever_else_fails() {
        let tags = |name| step(StepVerb::MoveTags, name, &[(StepVerb::WaitFor, name)]);
        let steps = [service("backend", &[]), service("worker", &[]), vec![tags("backend"), tags("worker")]].concat();
        let mut schedule = Schedule::new(&steps);
        for name in ["backend", "worker"] {
            take(&mut schedule, StepVerb::Register, name);
            take(&mut schedule, StepVerb::Update, name);
        }
        schedule.end(&id(StepVerb::WaitFor, "worker"), LaneEnd::Failed);
        assert_eq!(schedule.turn(&id(StepVerb::MoveTags, "backend")), StepTurn::Later);
        take(&mut schedule, StepVerb::WaitFor, "backend");
        take(&mut schedule, StepVerb::MoveTags, "backend");
        assert_eq!(schedule.turn(&id(StepVerb::MoveTags, "worker")), StepTurn::Never);
    }

    #[test]
    fn what_does_not_depend_on_each_other_may_be_taken_at_once() {
        let mut schedule = shop();
        take(&mut schedule, StepVerb::Register, "backend");
        take(&mut schedule, StepVerb::Register, "worker");
        take(&mut schedule, StepVerb::Update, "worker");
        assert_eq!(schedule.turn(&id(StepVerb::Register, "site")), StepTurn::Later);
        take(&mut schedule, StepVerb::Update, "backend");
        assert_eq!(schedule.turn(&id(StepVerb::Register, "site")), StepTurn::Later);
        take(&mut schedule, StepVerb::WaitFor, "backend");
        take(&mut schedule, StepVerb::Register, "site");
        assert_eq!(schedule.turn(&id(StepVerb::Probe, "site")), StepTurn::Unplanned);
    }

    #[test]
    fn after_a_failure_what_was_changed_is_followed_and_nothing_new_begins() {
        let mut schedule = shop();
        take(&mut schedule, StepVerb::Register, "backend");
        take(&mut schedule, StepVerb::Register, "worker");
        take(&mut schedule, StepVerb::Update, "worker");
        schedule.begin(&id(StepVerb::Update, "backend"));
        schedule.end(&id(StepVerb::Update, "backend"), LaneEnd::Failed);
        schedule.end_lane(&component("backend"), LaneEnd::Failed);
        for (verb, component, turn) in [
            (StepVerb::WaitFor, "backend", StepTurn::Never),
            (StepVerb::WaitFor, "worker", StepTurn::Now),
            (StepVerb::Register, "site", StepTurn::Never),
        ] {
            assert_eq!(schedule.turn(&id(verb, component)), turn, "{verb} {component}");
        }
    }

    #[test]
    fn a_revision_that_is_only_registered_is_not_used_after_a_failure() {
        let mut schedule = shop();
        take(&mut schedule, StepVerb::Register, "worker");
        schedule.end_lane(&component("backend"), LaneEnd::Failed);
        assert_eq!(schedule.turn(&id(StepVerb::Update, "worker")), StepTurn::Never);
        assert_eq!(
            (schedule.has_prepared(&component("worker")), schedule.has_prepared(&component("site"))),
            (true, false)
        );
    }

    /// Nothing is wrong with a component that is meant to run nothing.
    #[test]
    fn a_lane_that_ends_early_and_well_lets_its_dependents_go_on() {
        let mut schedule = shop();
        take(&mut schedule, StepVerb::Register, "backend");
        schedule.end_lane(&component("backend"), LaneEnd::Done);
        assert_eq!(schedule.turn(&id(StepVerb::Register, "site")), StepTurn::Now);
    }

    /// It is what it is, whatever happens to the others.
    #[test]
    fn a_component_that_is_only_verified_is_verified_to_its_end() {
        let verify =
            |name| [step(StepVerb::Verify, name, &[]), step(StepVerb::Probe, name, &[(StepVerb::Verify, name)])];
        let mut schedule =
            Schedule::new(&[service("backend", &[]), [verify("worker"), verify("site")].concat()].concat());
        take(&mut schedule, StepVerb::Verify, "worker");
        schedule.end_lane(&component("backend"), LaneEnd::Failed);
        assert_eq!(schedule.turn(&id(StepVerb::Probe, "worker")), StepTurn::Now);
        assert_eq!(schedule.turn(&id(StepVerb::Verify, "site")), StepTurn::Never);
        assert!(!schedule.has_prepared(&component("worker")));
        assert!(!schedule.goes_on(&id(StepVerb::Register, "backend")));
    }

    /// A change whose answer is lost may have been made.
    #[test]
    fn a_change_that_has_begun_is_followed() {
        let mut schedule = shop();
        take(&mut schedule, StepVerb::Register, "worker");
        schedule.begin(&id(StepVerb::Update, "worker"));
        schedule.end_lane(&component("backend"), LaneEnd::Failed);
        assert_eq!(schedule.turn(&id(StepVerb::WaitFor, "worker")), StepTurn::Later);
    }

    proptest! {
        /// Whatever depends on what, and whatever fails: each step gets an answer in the end, none is taken before those
        /// that it needs, and each that was changed is followed.
        #[test]
        fn every_plan_comes_to_an_end(
            depends in proptest::collection::vec(proptest::collection::vec(0usize..8, 0..3), 1..8),
            fails in proptest::option::of((0usize..8, 0usize..3)),
            order in proptest::collection::vec(any::<proptest::sample::Index>(), 30),
        ) {
            const VERBS: [StepVerb; 3] = [StepVerb::Register, StepVerb::Update, StepVerb::WaitFor];
            let name = |number: usize| format!("c{number}");
            let mut steps = Vec::new();
            for (number, on) in depends.iter().enumerate() {
                let names: Vec<String> = on.iter().filter(|on| **on < number).map(|on| name(*on)).collect();
                let needs: Vec<(StepVerb, &str)> = names.iter().map(|on| (StepVerb::WaitFor, on.as_str())).collect();
                steps.extend(service(&name(number), &needs));
            }
            let mut schedule = Schedule::new(&steps);
            let mut done: Vec<StepId> = Vec::new();
            let failing = fails.map(|(number, verb)| id(VERBS[verb], &name(number)));
            for turn in 0..=steps.len() {
                let open: Vec<&PlanStep> = steps.iter()
                    .filter(|step| !done.contains(&step.id) && schedule.turn(&step.id) == StepTurn::Now)
                    .collect();
                let Some(index) = order.get(turn).filter(|_| !open.is_empty()) else { break };
                let step = *index.get(&open);
                prop_assert!(step.needs.iter().all(|needed| done.contains(needed)));
                schedule.begin(&step.id);
                if failing.as_ref() == Some(&step.id) {
                    schedule.end(&step.id, LaneEnd::Failed);
                    schedule.end_lane(&Lane::of(&step.id).unwrap(), LaneEnd::Failed);
                } else {
                    schedule.end(&step.id, LaneEnd::Done);
                    done.push(step.id.clone());
                }
            }
            for step in &steps {
                let turn = schedule.turn(&step.id);
                prop_assert!(done.contains(&step.id) || turn == StepTurn::Never, "{} is {:?}", step.id, turn);
            }
            for step in steps.iter().filter(|step| step.id.verb == StepVerb::Update && done.contains(&step.id)) {
                let follow = StepId { verb: StepVerb::WaitFor, ..step.id.clone() };
                prop_assert!(done.contains(&follow) || failing.as_ref() == Some(&follow));
            }
        }
    }
}

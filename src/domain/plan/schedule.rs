//! Which step of a plan may be taken when. What failed ends all that has not begun; what was changed is followed to its end.

use super::steps::Step;
use crate::domain::names::ComponentName;
use crate::domain::step::{StepId, Verb};

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
            Verb::CreateRepository | Verb::Build | Verb::Tag | Verb::Copy | Verb::Bundle | Verb::Store => {
                Self::Artifact(component)
            }
            Verb::Hold => Self::Holds(component),
            Verb::MoveTags => Self::Tags(component),
            Verb::UseRevision
            | Verb::Register
            | Verb::PreDeploy
            | Verb::Update
            | Verb::Publish
            | Verb::WaitForOthers
            | Verb::WaitFor
            | Verb::Prove
            | Verb::CleanUp
            | Verb::Verify
            | Verb::Probe
            | Verb::Settle
            | Verb::RollBack => Self::Component(component),
        })
    }
}

/// Whether a step may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
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
enum State {
    Waiting,
    Begun,
    Done,
    /// It failed, or will not be taken.
    Lost,
}

#[derive(Debug)]
struct Entry {
    step: StepId,
    lane: Option<Lane>,
    needs: Vec<usize>,
    state: State,
}

/// The steps of a plan while it is carried out.
#[derive(Debug, Default)]
pub struct Schedule {
    entries: Vec<Entry>,
    has_failed: bool,
}

impl Schedule {
    /// The steps of a plan, each after those that it needs.
    pub fn new(steps: &[Step]) -> Self {
        let place = |needed: &StepId| steps.iter().position(|step| step.id == *needed);
        let entry = |step: &Step| Entry {
            step: step.id.clone(),
            lane: Lane::of(&step.id),
            needs: step.needs.iter().filter_map(place).collect(),
            state: State::Waiting,
        };
        Self { entries: steps.iter().map(entry).collect(), has_failed: false }
    }

    /// Whether a step may be taken.
    pub fn turn(&self, step: &StepId) -> Turn {
        let Some(entry) = self.entries.iter().find(|entry| entry.step == *step) else {
            return Turn::Unplanned;
        };
        let states = || entry.needs.iter().map(|needed| self.entries[*needed].state);
        match () {
            () if entry.state == State::Lost || states().any(|state| state == State::Lost) => Turn::Never,
            () if self.has_failed && !entry.step.verb.follows_success() && !self.has_changed(entry) => Turn::Never,
            () if states().all(|state| state == State::Done) => Turn::Now,
            () => Turn::Later,
        }
    }

    /// Whether a step that has begun goes on to change something.
    pub fn goes_on(&self, step: &StepId) -> bool {
        let entry = self.entries.iter().find(|entry| entry.step == *step);
        !self.has_failed || entry.is_some_and(|entry| self.has_changed(entry))
    }

    /// Whether what serves was changed in the lane of a step, or may have been. What is only verified is followed too, once
    /// that has begun.
    fn has_changed(&self, entry: &Entry) -> bool {
        let of_lane = || self.entries.iter().filter(|other| other.lane == entry.lane);
        let changes = |other: &Entry| other.step.verb.changes_what_serves();
        let has_begun = |other: &Entry| matches!(other.state, State::Begun | State::Done);
        let only_verifies = !of_lane().any(|other| other.step.verb.changes());
        of_lane().any(|other| has_begun(other) && (changes(other) || only_verifies))
    }

    /// Whether a step of a lane was begun that changes something.
    pub fn has_prepared(&self, lane: &Lane) -> bool {
        let mut of_lane = self.entries.iter().filter(|entry| entry.lane.as_ref() == Some(lane));
        of_lane.any(|entry| entry.step.verb.changes() && matches!(entry.state, State::Begun | State::Done))
    }

    /// A step begins.
    pub fn begin(&mut self, step: &StepId) {
        self.set(step, State::Begun);
    }

    /// A step has ended. After a failure nothing new begins.
    pub fn end(&mut self, step: &StepId, end: LaneEnd) {
        self.has_failed |= end == LaneEnd::Failed;
        self.set(step, if end == LaneEnd::Done { State::Done } else { State::Lost });
    }

    /// A lane has ended: what it did not take of its steps was not needed, or is lost.
    pub fn end_lane(&mut self, lane: &Lane, end: LaneEnd) {
        self.has_failed |= end == LaneEnd::Failed;
        let state = if end == LaneEnd::Done { State::Done } else { State::Lost };
        for entry in self.entries.iter_mut().filter(|entry| entry.lane.as_ref() == Some(lane)) {
            if entry.state != State::Done {
                entry.state = state;
            }
        }
    }

    fn set(&mut self, step: &StepId, state: State) {
        self.entries.iter_mut().filter(|entry| entry.step == *step).for_each(|entry| entry.state = state);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(verb: Verb, component: &str) -> StepId {
        StepId::new(verb, &component.parse().unwrap())
    }

    fn step(verb: Verb, component: &str, needs: &[(Verb, &str)]) -> Step {
        let needs = needs.iter().map(|(verb, component)| id(*verb, component)).collect();
        Step { needs, ..Step::new(verb, &component.parse().unwrap(), "") }
    }

    /// The steps of a service.
    fn service(name: &str, needs: &[(Verb, &str)]) -> Vec<Step> {
        vec![
            step(Verb::Register, name, needs),
            step(Verb::Update, name, &[(Verb::Register, name)]),
            step(Verb::WaitFor, name, &[(Verb::Update, name)]),
        ]
    }

    /// `backend` and `worker` side by side, `site` after `backend`.
    fn shop() -> Schedule {
        let steps = [service("backend", &[]), service("worker", &[]), service("site", &[(Verb::WaitFor, "backend")])];
        Schedule::new(&steps.concat())
    }

    fn take(schedule: &mut Schedule, verb: Verb, component: &str) {
        let step = id(verb, component);
        assert_eq!(schedule.turn(&step), Turn::Now, "{step}");
        schedule.begin(&step);
        schedule.end(&step, LaneEnd::Done);
    }

    fn component(name: &str) -> Lane {
        Lane::Component(name.parse().unwrap())
    }

    #[test]
    fn tags_move_with_what_serves_whatever_else_fails() {
        let tags = |name| step(Verb::MoveTags, name, &[(Verb::WaitFor, name)]);
        let steps = [service("backend", &[]), service("worker", &[]), vec![tags("backend"), tags("worker")]].concat();
        let mut schedule = Schedule::new(&steps);
        for name in ["backend", "worker"] {
            take(&mut schedule, Verb::Register, name);
            take(&mut schedule, Verb::Update, name);
        }
        schedule.end(&id(Verb::WaitFor, "worker"), LaneEnd::Failed);
        assert_eq!(schedule.turn(&id(Verb::MoveTags, "backend")), Turn::Later);
        take(&mut schedule, Verb::WaitFor, "backend");
        take(&mut schedule, Verb::MoveTags, "backend");
        assert_eq!(schedule.turn(&id(Verb::MoveTags, "worker")), Turn::Never);
    }

    #[test]
    fn what_does_not_depend_on_each_other_may_be_taken_at_once() {
        let mut schedule = shop();
        take(&mut schedule, Verb::Register, "backend");
        take(&mut schedule, Verb::Register, "worker");
        take(&mut schedule, Verb::Update, "worker");
        assert_eq!(schedule.turn(&id(Verb::Register, "site")), Turn::Later);
        take(&mut schedule, Verb::Update, "backend");
        assert_eq!(schedule.turn(&id(Verb::Register, "site")), Turn::Later);
        take(&mut schedule, Verb::WaitFor, "backend");
        take(&mut schedule, Verb::Register, "site");
        assert_eq!(schedule.turn(&id(Verb::Probe, "site")), Turn::Unplanned);
    }

    #[test]
    fn after_a_failure_what_was_changed_is_followed_and_nothing_new_begins() {
        let mut schedule = shop();
        take(&mut schedule, Verb::Register, "backend");
        take(&mut schedule, Verb::Register, "worker");
        take(&mut schedule, Verb::Update, "worker");
        schedule.begin(&id(Verb::Update, "backend"));
        schedule.end(&id(Verb::Update, "backend"), LaneEnd::Failed);
        schedule.end_lane(&component("backend"), LaneEnd::Failed);
        for (verb, component, turn) in [
            (Verb::WaitFor, "backend", Turn::Never),
            (Verb::WaitFor, "worker", Turn::Now),
            (Verb::Register, "site", Turn::Never),
        ] {
            assert_eq!(schedule.turn(&id(verb, component)), turn, "{verb} {component}");
        }
    }

    #[test]
    fn a_revision_that_is_only_registered_is_not_used_after_a_failure() {
        let mut schedule = shop();
        take(&mut schedule, Verb::Register, "worker");
        schedule.end_lane(&component("backend"), LaneEnd::Failed);
        assert_eq!(schedule.turn(&id(Verb::Update, "worker")), Turn::Never);
        assert_eq!(
            (schedule.has_prepared(&component("worker")), schedule.has_prepared(&component("site"))),
            (true, false)
        );
    }

    /// Nothing is wrong with a component that is meant to run nothing.
    #[test]
    fn a_lane_that_ends_early_and_well_lets_its_dependents_go_on() {
        let mut schedule = shop();
        take(&mut schedule, Verb::Register, "backend");
        schedule.end_lane(&component("backend"), LaneEnd::Done);
        assert_eq!(schedule.turn(&id(Verb::Register, "site")), Turn::Now);
    }

    /// It is what it is, whatever happens to the others.
    #[test]
    fn a_component_that_is_only_verified_is_verified_to_its_end() {
        let verify = |name| [step(Verb::Verify, name, &[]), step(Verb::Probe, name, &[(Verb::Verify, name)])];
        let mut schedule =
            Schedule::new(&[service("backend", &[]), [verify("worker"), verify("site")].concat()].concat());
        take(&mut schedule, Verb::Verify, "worker");
        schedule.end_lane(&component("backend"), LaneEnd::Failed);
        assert_eq!(schedule.turn(&id(Verb::Probe, "worker")), Turn::Now);
        assert_eq!(schedule.turn(&id(Verb::Verify, "site")), Turn::Never);
        assert!(!schedule.has_prepared(&component("worker")));
        assert!(!schedule.goes_on(&id(Verb::Register, "backend")));
    }

    /// A change whose answer is lost may have been made.
    #[test]
    fn a_change_that_has_begun_is_followed() {
        let mut schedule = shop();
        take(&mut schedule, Verb::Register, "worker");
        schedule.begin(&id(Verb::Update, "worker"));
        schedule.end_lane(&component("backend"), LaneEnd::Failed);
        assert_eq!(schedule.turn(&id(Verb::WaitFor, "worker")), Turn::Later);
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
            const VERBS: [Verb; 3] = [Verb::Register, Verb::Update, Verb::WaitFor];
            let name = |number: usize| format!("c{number}");
            let mut steps = Vec::new();
            for (number, on) in depends.iter().enumerate() {
                let names: Vec<String> = on.iter().filter(|on| **on < number).map(|on| name(*on)).collect();
                let needs: Vec<(Verb, &str)> = names.iter().map(|on| (Verb::WaitFor, on.as_str())).collect();
                steps.extend(service(&name(number), &needs));
            }
            let mut schedule = Schedule::new(&steps);
            let mut done: Vec<StepId> = Vec::new();
            let failing = fails.map(|(number, verb)| id(VERBS[verb], &name(number)));
            for turn in 0..=steps.len() {
                let open: Vec<&Step> = steps.iter()
                    .filter(|step| !done.contains(&step.id) && schedule.turn(&step.id) == Turn::Now)
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
                prop_assert!(done.contains(&step.id) || turn == Turn::Never, "{} is {:?}", step.id, turn);
            }
            for step in steps.iter().filter(|step| step.id.verb == Verb::Update && done.contains(&step.id)) {
                let follow = StepId { verb: Verb::WaitFor, ..step.id.clone() };
                prop_assert!(done.contains(&follow) || failing.as_ref() == Some(&follow));
            }
        }
    }
}

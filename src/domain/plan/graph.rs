//! Which step of a plan needs which: the graph that is shown, and that is carried out.

use indexmap::IndexMap;

use super::component::ComponentPlan;
use super::steps::{PlanStep, hold_summary, image_steps};
use super::tags::PlannedTags;
use super::{Intent, Plan};
use crate::domain::names::ComponentName;
use crate::domain::step::{StepId, StepVerb};

/// Steps that are taken one after the other, the first after some others.
fn chained(steps: impl IntoIterator<Item = PlanStep>, mut before: Vec<StepId>) -> Vec<PlanStep> {
    let mut chained = Vec::new();
    for mut step in steps {
        step.needs.append(&mut before);
        before.push(step.id.clone());
        chained.push(step);
    }
    chained
}

/// The last of some steps.
fn end(steps: &[PlanStep]) -> Option<StepId> {
    steps.last().map(|step| step.id.clone())
}

impl<C: AsRef<ComponentPlan>> Plan<C> {
    /// The steps, each after those that it needs.
    ///
    /// All images, and the files of all sites, are there before the first component begins: a build that fails changes
    /// nothing. A component begins when those are done that come before it ([`Self::is_after`]). The holds of a rollback
    /// are put once the first change of what serves is prepared, and before it is made: without them the next promotion
    /// would bring back what is being left. Tags that lead to what serves come last.
    pub fn steps(&self) -> Vec<PlanStep> {
        let images: Vec<Vec<PlanStep>> =
            self.images.iter().map(|image| chained(image_steps(image), Vec::new())).collect();
        let prepared = self.components().map(|component| chained(component.preparation.clone(), Vec::new()));
        let artifacts: Vec<Vec<PlanStep>> = images.into_iter().chain(prepared).collect();
        let built: Vec<StepId> = artifacts.iter().filter_map(|steps| end(steps)).collect();
        let mut ends: IndexMap<&ComponentName, StepId> = IndexMap::new();
        let mut steps = artifacts.concat();
        for component in self.in_turn() {
            let ended = self.components().filter(|other| self.is_after(component, other));
            let before = ended.filter_map(|other| ends.get(&other.name).cloned());
            let chain = chained(component.steps.clone(), built.iter().cloned().chain(before).collect());
            ends.extend(end(&chain).map(|end| (&component.name, end)));
            steps.extend(chain);
        }
        steps.extend(self.tag_steps(&ends));
        self.with_holds(steps)
    }

    /// The components in the order in which they begin: each after those that come before it, and otherwise as they are.
    fn in_turn(&self) -> Vec<&ComponentPlan> {
        let mut waiting: Vec<&ComponentPlan> = self.components().collect();
        let mut turns = Vec::new();
        let is_next = |waiting: &[&ComponentPlan], component: &ComponentPlan| {
            !waiting.iter().any(|other| self.is_after(component, other))
        };
        while let Some(next) = waiting.iter().position(|component| is_next(&waiting, component)) {
            turns.push(waiting.remove(next));
        }
        // A circle: the configuration refuses it.
        turns.extend(waiting);
        turns
    }

    /// Whether a component begins when another one is done. A deploy changes first what others depend on: for a while the
    /// old pages use the new API. In a rollback a site goes back before what it depends on, so that it passes through
    /// nothing that the deploy did not pass through: new pages never meet an old API.
    fn is_after(&self, component: &ComponentPlan, other: &ComponentPlan) -> bool {
        match self.intent {
            Intent::Deploy | Intent::Promote { .. } => component.follows.contains(&other.name),
            Intent::Rollback if other.publishes() && other.follows.contains(&component.name) => true,
            Intent::Rollback => !component.publishes() && component.follows.contains(&other.name),
        }
    }

    /// The tags that move, each with the components that have to serve before.
    pub fn tags_to_move(&self) -> impl Iterator<Item = (&PlannedTags, Vec<&C>)> {
        let moving = self.tags.iter().filter(|tags| !tags.moves.is_empty());
        let with_users = moving.map(|tags| (tags, self.users_of(&tags.component).collect::<Vec<_>>()));
        with_users.filter(|(_, users)| !users.is_empty())
    }

    /// Tags move once all components of this plan that run the image serve the release.
    fn tag_steps(&self, ends: &IndexMap<&ComponentName, StepId>) -> Vec<PlanStep> {
        let steps = self.tags_to_move().filter_map(|(tags, users)| {
            let needs = users.iter().filter_map(|user| ends.get(&user.as_ref().name).cloned()).collect();
            Some(PlanStep { needs, ..tags.step()? })
        });
        steps.collect()
    }

    fn with_holds(&self, mut steps: Vec<PlanStep>) -> Vec<PlanStep> {
        let Some(first) = steps.iter().position(|step| step.id.verb.changes_what_serves()) else {
            return steps;
        };
        let mut holds = self.hold_steps();
        for hold in &mut holds {
            hold.needs.clone_from(&steps[first].needs);
        }
        for change in steps.iter_mut().filter(|step| step.id.verb.changes_what_serves()) {
            change.needs.extend(holds.iter().map(|hold| hold.id.clone()));
        }
        steps.splice(first..first, holds);
        steps
    }

    /// One step for each component that is held.
    fn hold_steps(&self) -> Vec<PlanStep> {
        let mut summaries: IndexMap<&ComponentName, Vec<String>> = IndexMap::new();
        for hold in &self.holds {
            summaries.entry(&hold.component).or_default().push(hold_summary(hold));
        }
        summaries.iter().map(|(component, parts)| PlanStep::new(StepVerb::Hold, component, parts.join("; "))).collect()
    }
}

//! The record of a run: a fold over its events, for those who report how it ended.

use std::collections::HashMap;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;

use super::plan_lines::shown_change;
use crate::domain::event::{RunEvent, StepResult};
use crate::domain::failure::Cause;
use crate::domain::gate::{Gate, GatePolicy};
use crate::domain::ids::DeploymentId;
use crate::domain::image::{Digest, ImageRepository};
use crate::domain::names::{AccountId, ComponentName, Region};
use crate::domain::origin::ReusedImage;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{
    Drift, HeldComponent, Intent, LeftRelease, MissingVariable, PlanChange, PlanStep, PlanWarning, UnholdPlan,
};
use crate::domain::proof::{ProbeAnswer, ProvenTasks, Whereabouts};
use crate::domain::release::ReleaseName;
use crate::domain::step::{StepId, StepSubject};
use crate::domain::view::CommandRequest;
use crate::domain::view::check::Checked;
use crate::domain::view::holds::PlannedUnhold;
use crate::domain::view::plan::{CommitRange, PlannedComponent, Running, ShownPlan};

/// All that is reported of a run.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// The command as it was given: `deploy`, `plan deploy`.
    pub command: String,
    /// Whether it plans a change, and carries none out.
    pub is_plan: bool,
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
    /// What the plan's digest is made from, where a later run may need it.
    pub plan_document: Option<String>,
    /// The repositories of those images, with the registry's host.
    pub repositories: IndexMap<ComponentName, ImageRepository>,
    /// Where people find the environment.
    pub url: Option<String>,
    /// The gates with their verdicts.
    pub gates: Vec<Gate>,
    /// The gate policy. Absent: there is no plan.
    pub policy: Option<GatePolicy>,
    /// The commits between what ran before and the release, where the history is there.
    pub commits: Option<CommitRange>,
    /// What the plan is to do. Absent: there is no plan.
    pub intent: Option<Intent>,
    /// The application, the account and the region. Absent: there is no plan.
    pub target: Option<RecordedTarget>,
    /// The commits that a rollback bars.
    pub barred: Vec<LeftRelease>,
    /// What proves what runs, here and where the release comes from.
    pub proofs: IndexMap<StepSubject, ComponentProof>,
    /// The page of the workflow run. Absent: it is none.
    pub run: Option<String>,
    /// Who started the workflow run, by login. Absent: it is none.
    pub by: Option<String>,
    /// When the run began and ended. Absent: it is not known, or it goes on.
    pub began: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// The components, in order.
    pub components: Vec<ComponentRecord>,
    /// Which holds would be taken off, and why.
    pub unhold: Option<UnholdPlan>,
    /// The images that were in their repositories before.
    pub reused: Vec<ReusedImage>,
    /// The steps, in the order they began.
    pub steps: Vec<StepRecord>,
    /// What is odd and stops nothing.
    pub warnings: Vec<RecordedWarning>,
    /// The runs within this one, by their environment.
    pub parts: IndexMap<String, Self>,
    /// The steps that the plan has before each.
    needs: HashMap<StepId, Vec<StepId>>,
    /// What was made and not used.
    left_behind: Vec<LeftBehind>,
}

/// Something that is odd and stops nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedWarning {
    /// What, without colours.
    pub text: String,
    /// The differences that it is about.
    pub changes: Vec<PlanChange>,
    /// What to do.
    pub hint: Option<String>,
}

impl RecordedWarning {
    fn new(text: &str, hint: Option<&String>) -> Self {
        Self { text: plain(text), changes: Vec::new(), hint: hint.map(|hint| plain(hint)) }
    }

    /// What it says with the differences, each in a line of its own.
    pub fn shown(&self) -> String {
        let changes = self.changes.iter().map(|change| format!("      {}", plain(&shown_change(change))));
        std::iter::once(self.text.clone()).chain(changes).collect::<Vec<_>>().join("\n")
    }
}

impl From<&PlanWarning> for RecordedWarning {
    fn from(warning: &PlanWarning) -> Self {
        Self { changes: warning.changes.clone(), ..Self::new(&warning.text, warning.hint.as_ref()) }
    }
}

/// Where the plan is for.
#[derive(Debug, Clone)]
pub struct RecordedTarget {
    /// The application.
    pub app: String,
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

/// What proves what a component runs.
#[derive(Debug, Clone, Default)]
pub struct ComponentProof {
    /// The tasks that were read back.
    pub tasks: Option<ProvenTasks>,
    /// How each probe was decided last.
    pub probes: Vec<ProbeAnswer>,
}

impl ComponentProof {
    fn answered(&mut self, answer: &ProbeAnswer) {
        let is_same = |other: &ProbeAnswer| (&other.method, &other.url) == (&answer.method, &answer.url);
        self.probes.retain(|other| !is_same(other));
        self.probes.push(answer.clone());
    }
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
    /// The deployment that the run followed.
    pub deployment: Option<DeploymentId>,
    /// Where it runs, with what it ran before the plan.
    pub whereabouts: Whereabouts,
    /// The version of Node.js that its build asks for.
    pub node: Option<String>,
    /// The revision that it is to run, once that is known.
    pub revision: Option<String>,
    /// What it runs once the plan is carried out.
    pub planned: Option<Running>,
    /// What it ran before.
    pub previous: Option<Running>,
    /// What it runs now, as far as it is known.
    pub current: Option<Running>,
    /// Why it ended so.
    pub causes: Vec<Cause>,
    /// What the plan would change or changed.
    pub changes: Vec<PlanChange>,
    /// What was changed by hand since the last release of shipgate.
    pub drift: Option<Drift>,
    /// What the source's definition has and this one lacks.
    pub missing_variables: Vec<MissingVariable>,
}

impl ComponentRecord {
    fn new(component: &PlannedComponent, plan: &ShownPlan) -> Self {
        Self {
            name: component.name.clone(),
            kind: component.kind,
            outcome: plan.is_all.then_some(Outcome::Planned),
            changed: false,
            console: component.console.clone(),
            deployment: None,
            whereabouts: component.whereabouts.clone(),
            node: component.node.clone(),
            revision: None,
            planned: Some(component.planned.clone()),
            previous: Some(component.running.clone()),
            current: Some(component.running.clone()),
            causes: Vec::new(),
            changes: component.changes.clone(),
            drift: component.drift.clone(),
            missing_variables: component.missing_variables.clone(),
        }
    }

    /// Of one whose holds would be taken off, nothing else is known.
    fn held(component: &HeldComponent) -> Self {
        Self {
            name: component.name.clone(),
            kind: component.kind,
            outcome: Some(Outcome::Planned),
            changed: false,
            console: None,
            deployment: None,
            whereabouts: Whereabouts::default(),
            node: None,
            revision: None,
            planned: None,
            previous: None,
            current: None,
            causes: Vec::new(),
            changes: Vec::new(),
            drift: None,
            missing_variables: Vec::new(),
        }
    }

    /// What the component's end means for what it runs now.
    fn ended(&mut self, outcome: Outcome, causes: &[Cause], released: Option<&Running>) {
        self.outcome = Some(outcome);
        self.causes.extend_from_slice(causes);
        match outcome {
            Outcome::Deployed | Outcome::Unchanged | Outcome::Unproven => self.current = released.cloned(),
            // It was seen to serve again, or what was seen before planning is untouched.
            Outcome::RolledBack | Outcome::Failed | Outcome::Invalid | Outcome::Refused | Outcome::Planned => {}
            Outcome::Interrupted if !self.changed => {}
            // What serves now was not verified, so it is not named.
            Outcome::Stale | Outcome::Broken | Outcome::Superseded | Outcome::TimedOut | Outcome::Interrupted => {
                self.current = None;
            }
        }
    }

    /// Whether the component runs the release, or may: what it uses then is not left behind, whatever else is wrong.
    fn may_run_release(&self) -> bool {
        match self.outcome {
            Some(Outcome::Deployed | Outcome::Unchanged | Outcome::Unproven) => true,
            Some(Outcome::Broken | Outcome::TimedOut | Outcome::Interrupted) => self.changed,
            _ => false,
        }
    }
}

/// A step in the record.
#[derive(Debug, Clone)]
pub struct StepRecord {
    /// The step.
    pub step: StepId,
    /// The steps that the plan has before it.
    pub needs: Vec<StepId>,
    /// When it began, since the run did.
    pub began: Duration,
    /// How long it took.
    pub took: Duration,
    /// How it ended. Absent: it is only planned.
    pub result: Option<StepResult>,
}

impl StepRecord {
    /// The word of the contract for how it ended.
    pub fn result(&self) -> &'static str {
        self.result.map_or("planned", StepResult::as_str)
    }
}

#[derive(Debug, Clone)]
struct LeftBehind {
    what: String,
    used_by: Vec<ComponentName>,
}

impl Record {
    /// An empty record of a command.
    pub fn new(request: &CommandRequest) -> Self {
        Self {
            command: request.command.clone(),
            is_plan: request.plans && !request.applies,
            environment: request.environment(),
            place: request.place(),
            ..Self::default()
        }
    }

    /// Takes an event in.
    pub fn see(&mut self, event: &RunEvent) {
        match event {
            RunEvent::ReleaseChosen(release) => self.release = Some(release.clone()),
            RunEvent::NothingToPromote(nothing) => self.gates.clone_from(&nothing.gates),
            RunEvent::ImagesReused(reused) => self.reused.clone_from(reused),
            RunEvent::Planned(plan) => self.planned(plan),
            RunEvent::UnholdPlanned(planned) => self.unhold_planned(planned),
            RunEvent::ImageKnown { component, digest } => {
                self.digests.insert(component.clone(), digest.clone());
            }
            RunEvent::Refined { component, changes } => self.of(component, |record| record.changes.clone_from(changes)),
            RunEvent::Made { what, used_by } => {
                self.left_behind.push(LeftBehind { what: what.clone(), used_by: used_by.clone() });
            }
            RunEvent::ChangeStarted { component, .. } => self.of(component, |record| record.changed = true),
            RunEvent::ChangeRefused { component } => self.of(component, |record| record.changed = false),
            RunEvent::DeploymentFollowed { component, deployment } => {
                self.of(component, |record| record.deployment = Some(deployment.clone()));
            }
            RunEvent::RevisionKnown { component, revision } => {
                self.of(component, |record| record.revision = Some(revision.clone()));
            }
            RunEvent::TasksProven { subject, tasks } => {
                self.proofs.entry(subject.clone()).or_default().tasks = Some(tasks.clone());
            }
            RunEvent::ProbeAnswered { subject, answer } => {
                self.proofs.entry(subject.clone()).or_default().answered(answer);
            }
            RunEvent::Serves { component, running } => {
                self.of(component, |record| record.current = Some(running.clone()));
            }
            RunEvent::ComponentEnded { component, outcome, causes, released } => {
                self.of(component, |record| record.ended(*outcome, causes, released.as_ref()));
            }
            RunEvent::StepEnded { step, began, took, result } => {
                self.step_ended(step, *began, *took, *result);
            }
            // A plan that is made anew after a wait warns again.
            RunEvent::Warning { text, hint, .. } => {
                let warning = RecordedWarning::new(text, hint.as_ref());
                if !self.warnings.iter().any(|other| other.text == warning.text) {
                    self.warnings.push(warning);
                }
            }
            RunEvent::Within { environment, event } => self.part(environment).see(event),
            RunEvent::ApplyStarted
            | RunEvent::StepStarted(_)
            | RunEvent::StepResult { .. }
            | RunEvent::Continues { .. }
            | RunEvent::Output { .. }
            | RunEvent::TaskFailed { .. }
            | RunEvent::Tasks { .. }
            | RunEvent::Expected { .. }
            | RunEvent::Progress { .. }
            | RunEvent::Heartbeat { .. }
            | RunEvent::Note { .. }
            | RunEvent::NotReported { .. }
            | RunEvent::Logged { .. } => {}
        }
    }

    fn step_ended(&mut self, step: &StepId, began: Duration, took: Duration, result: StepResult) {
        let needs = self.needs.get(step).cloned().unwrap_or_default();
        let place = self.steps.partition_point(|other| other.began <= began);
        self.steps.insert(place, StepRecord { step: step.clone(), needs, began, took, result: Some(result) });
    }

    fn planned(&mut self, plan: &ShownPlan) {
        self.release = Some(plan.release.clone());
        self.plan_digest = Some(plan.digest.clone());
        self.plan_document.clone_from(&plan.document);
        self.url.clone_from(&plan.url);
        self.gates.clone_from(&plan.gates);
        self.policy = Some(plan.policy.clone());
        self.commits.clone_from(&plan.commits);
        self.intent = Some(plan.intent.clone());
        let (app, account, region) = (plan.app.clone(), plan.account.clone(), plan.region.clone());
        self.target = Some(RecordedTarget { app, account, region });
        self.barred.clone_from(&plan.barred);
        self.repositories.clone_from(&plan.repositories);
        self.digests.extend(plan.digests.clone());
        self.components = plan.components.iter().map(|component| ComponentRecord::new(component, plan)).collect();
        self.warnings.extend(plan.warnings.iter().map(RecordedWarning::from));
        self.needs = plan.steps.iter().map(|step| (step.id.clone(), step.needs.clone())).collect();
        if plan.is_all {
            let planned = |step: &PlanStep| StepRecord {
                step: step.id.clone(),
                needs: step.needs.clone(),
                began: Duration::ZERO,
                took: Duration::ZERO,
                result: None,
            };
            self.steps = plan.steps.iter().map(planned).collect();
        }
    }

    fn unhold_planned(&mut self, PlannedUnhold { plan, gates }: &PlannedUnhold) {
        self.plan_digest = Some(plan.digest());
        self.plan_document = Some(plan.document());
        self.gates.clone_from(gates);
        self.policy = Some(plan.policy.clone());
        self.components = plan.components.iter().map(ComponentRecord::held).collect();
        self.unhold = Some(plan.clone());
    }

    fn of(&mut self, component: &ComponentName, change: impl FnOnce(&mut ComponentRecord)) {
        if let Some(record) = self.components.iter_mut().find(|record| record.name == *component) {
            change(record);
        }
    }

    fn part(&mut self, environment: &str) -> &mut Self {
        self.parts.entry(environment.to_owned()).or_insert_with(|| {
            let environment = Some(environment.to_owned());
            Self::new(&CommandRequest {
                command: "plan deploy".to_owned(),
                environment,
                plans: true,
                ..CommandRequest::default()
            })
        })
    }

    /// The plans of a check.
    pub fn plans_of<'r>(&'r self, checked: &'r Checked) -> impl Iterator<Item = &'r Self> {
        checked.planned.iter().filter_map(|environment| self.parts.get(environment))
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

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::check::Findings;
    use crate::domain::failure::CauseKind;
    use crate::domain::step::StepVerb;

    fn name(text: &str) -> ComponentName {
        text.parse().unwrap()
    }

    fn plan(is_all: bool) -> RunEvent {
        let mut plan = ShownPlan {
            steps: vec![PlanStep::new(StepVerb::Update, &name("backend"), "")],
            warnings: vec![PlanWarning { text: "odd".to_owned(), changes: Vec::new(), hint: None }],
            is_all,
            ..ShownPlan::sample()
        };
        plan.components.iter_mut().for_each(|component| component.running = running("before"));
        RunEvent::Planned(Box::new(plan))
    }

    fn running(sha: &str) -> Running {
        Running { sha: Some(sha.to_owned()), ..Running::default() }
    }

    fn fold(events: impl IntoIterator<Item = RunEvent>) -> Record {
        let mut record = Record::default();
        events.into_iter().for_each(|event| record.see(&event));
        record
    }

    fn changed(component: &str) -> RunEvent {
        RunEvent::ChangeStarted { component: name(component), continues: "ECS goes on".to_owned() }
    }

    fn ended(component: &str, outcome: Outcome) -> RunEvent {
        let released = Some(running("released"));
        RunEvent::ComponentEnded {
            component: name(component),
            outcome,
            causes: vec![Cause::new(CauseKind::Application, "why")],
            released,
        }
    }

    #[test]
    fn a_plan_alone_has_its_steps_and_one_that_is_applied_has_those_that_were_taken() {
        let planned = fold([plan(true)]);
        assert_eq!((planned.steps[0].result(), planned.components[0].outcome), ("planned", Some(Outcome::Planned)));
        assert_eq!(planned.warnings[0].shown(), "odd");
        let step = StepId::new(StepVerb::Register, &name("backend"));
        let (began, took) = (Duration::from_secs(1), Duration::from_secs(2));
        let applied = fold([plan(false), RunEvent::StepEnded { step, began, took, result: StepResult::Failed }]);
        assert_eq!((applied.steps.len(), applied.steps[0].result()), (1, "failed"));
        assert_eq!(applied.components[0].outcome, None);
    }

    /// What runs is named only where it was seen or cannot have changed.
    #[test]
    fn what_runs_follows_from_how_a_component_ended() {
        use Outcome::{Broken, Deployed, Failed, Interrupted, RolledBack, Superseded, TimedOut, Unchanged, Unproven};
        for (outcome, is_changed, expected) in [
            (Deployed, true, Some("released")),
            (Unchanged, false, Some("released")),
            (Unproven, true, Some("released")),
            (Failed, false, Some("before")),
            (RolledBack, true, Some("before")),
            (Broken, true, None),
            (Superseded, true, None),
            (TimedOut, true, None),
            (Interrupted, true, None),
            (Interrupted, false, Some("before")),
        ] {
            let change = is_changed.then(|| changed("backend"));
            let record = fold([plan(false)].into_iter().chain(change).chain([ended("backend", outcome)]));
            let current = record.components[0].current.as_ref().and_then(|running| running.sha.as_deref());
            assert_eq!((current, record.components[0].changed), (expected, is_changed), "{outcome}");
            assert_eq!(record.components[1].outcome, None);
        }
        let refused = RunEvent::ChangeRefused { component: name("backend") };
        assert!(!fold([plan(false), changed("backend"), refused]).components[0].changed);
    }

    #[test]
    fn what_a_component_uses_now_is_not_left_behind() {
        let made = |what: &str, used_by: &[&str]| RunEvent::Made {
            what: what.to_owned(),
            used_by: used_by.iter().map(|text| name(text)).collect(),
        };
        let all = [made("image", &["backend", "worker"]), made("revision", &["worker"])];
        let ends = |worker| [ended("backend", Outcome::Deployed), ended("worker", worker)];
        let left = |events: Vec<RunEvent>| fold(events).left_behind();
        let run = |worker| [plan(false)].into_iter().chain(all.clone()).chain(ends(worker)).collect::<Vec<_>>();
        assert_eq!(left(run(Outcome::Failed)), ["revision"]);
        let mut timed_out = run(Outcome::TimedOut);
        timed_out.insert(3, changed("worker"));
        assert!(left(timed_out).is_empty());
    }

    #[test]
    fn the_plans_of_a_check_are_records_of_their_own() {
        let within =
            |environment: &str, event| RunEvent::Within { environment: environment.to_owned(), event: Box::new(event) };
        let record = fold([
            within("stage", plan(true)),
            within("dev", RunEvent::Note { about: None, text: "no plan".to_owned() }),
        ]);
        assert!(record.components.is_empty() && record.warnings.is_empty());
        let checked =
            Checked { findings: Findings::default(), planned: vec!["stage".to_owned()], wants_comment: false };
        let plans: Vec<&Record> = record.plans_of(&checked).collect();
        assert_eq!((plans.len(), plans[0].place.as_str(), plans[0].components.len()), (1, "stage", 2));
    }
}

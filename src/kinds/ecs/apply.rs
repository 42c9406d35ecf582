//! Carries out the plan of one ECS service.
//!
//! others' rollout is over → revision → pre-deploy → look again → one minimal `UpdateService` → follow until proven → probes → still the same tasks →
//! ledger. Each step is taken when it is its turn in the whole plan.
//! Until `UpdateService` nothing that serves is touched; afterwards no error may call itself `failed` but its refusal.

use std::cell::{Cell, OnceCell, RefCell};

use crate::clients::ecs::Placement;
use crate::clients::ecs_write::Tagged;
use crate::domain::asked_probe::AskedProbe;
use crate::domain::ecs::diagnosis::DeploymentEvidence;
use crate::domain::ecs::expectation::Expectation;
use crate::domain::ecs::ids::{DeploymentId, RevisionArn, TaskArn};
use crate::domain::ecs::ledger::{self, Fitting, LedgerEntry};
use crate::domain::ecs::plan::{EcsPlan, NextRevision};
use crate::domain::ecs::rollout::OwnDeployment;
use crate::domain::ecs::service::{Service, TaskRevision};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::ecs::watch::{RolloutEnd, WatchSettings, WatchedDeployment};
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::hold::Hold;
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{Later, PlanError};
use crate::domain::provenance::{PLAN_RUNS, Provenance};
use crate::domain::step::{StepId, StepVerb};
use crate::explain::{Phase, explain};
use crate::kinds::ecs::diagnose::{self, Diagnosis};
use crate::kinds::ecs::follow::Follow;
use crate::kinds::ecs::pre_deploy::PreDeploy;
use crate::kinds::ecs::stopped_tasks::StoppedTasks;
use crate::kinds::ecs::unfinished::Unfinished;
use crate::kinds::{Applied, ApplyRun};
use crate::verify::Prober;

/// One service in the course of a run.
pub(super) struct Apply<'a> {
    pub(super) run: &'a ApplyRun<'a>,
    pub(super) component: &'a ComponentName,
    pub(super) plan: &'a EcsPlan,
    /// Whether the service was changed, or may have been.
    changed: Cell<bool>,
    /// The deployment that is followed.
    pub(super) followed: RefCell<Option<DeploymentId>>,
    /// The stopped tasks that were seen of the service.
    pub(super) stopped: StoppedTasks,
    /// What was there before the update.
    pub(super) before: RefCell<BeforeUpdate>,
}

/// What was there before the update, and so says little about the release.
#[derive(Debug, Clone, Default)]
pub(super) struct BeforeUpdate {
    /// What each probe got. Empty: nothing was updated.
    pub(super) asked: Vec<AskedProbe>,
    /// The alarms that were on.
    pub(super) alarms: Vec<String>,
}

/// A service that still runs what it ran when the plan was made.
pub(super) struct Unmoved {
    /// How it places its tasks.
    pub(super) placement: Placement,
    /// The id of its primary deployment.
    pub(super) primary: DeploymentId,
    /// What served before, as far as its rollout was done; then what it was meant to run.
    pub(super) previous: Vec<RevisionArn>,
}

/// The revision that the service is to run.
struct TargetRevision {
    arn: RevisionArn,
    definition: TaskDefinition,
    /// The keys of its tags.
    tag_keys: Vec<String>,
}

impl TargetRevision {
    fn of(revision: &TaskRevision) -> Self {
        let TaskRevision { arn, definition, tag_keys, .. } = revision;
        Self { arn: arn.clone(), definition: definition.clone(), tag_keys: tag_keys.clone() }
    }
}

impl<'a> Apply<'a> {
    /// A service whose plan is to be carried out.
    pub fn new(run: &'a ApplyRun<'a>, component: &'a ComponentName, plan: &'a EcsPlan) -> Self {
        Self {
            run,
            component,
            plan,
            changed: Cell::new(false),
            followed: RefCell::default(),
            stopped: StoppedTasks::default(),
            before: RefCell::default(),
        }
    }

    /// Carries out the plan and verifies what runs then.
    pub async fn apply(self) -> Applied {
        let result = self.execute().await;
        Applied { changed: self.changed.get(), result: result.map_err(|unfinished| unfinished.failure) }
    }
}

impl Apply<'_> {
    pub(super) fn step(&self, verb: StepVerb) -> StepId {
        StepId::new(verb, self.component)
    }

    async fn execute(&self) -> Result<Outcome, Unfinished> {
        let next = match &self.plan.next {
            NextRevision::Live => return self.verify_unchanged().await,
            NextRevision::Registered(revision) => {
                self.wait_for_others(StepVerb::UseRevision).await?;
                self.run.take(&self.step(StepVerb::UseRevision), self.take_up(revision)).await?
            }
            NextRevision::New(definition) => {
                self.wait_for_others(StepVerb::Register).await?;
                self.run.take(&self.step(StepVerb::Register), self.register(definition)).await?
            }
        };
        let (component, revision) = (self.component.clone(), next.arn.short().to_owned());
        self.run.events.emit(RunEvent::RevisionKnown { component, revision });
        let result = self.roll_out(&next).await;
        if let Some(end) = known_end(&result) {
            self.write_outcome(&next, end).await;
        }
        result
    }

    /// Whether the service was changed, or may have been.
    pub(super) fn has_changed(&self) -> bool {
        self.changed.get()
    }

    /// The service is about to be changed.
    fn change_started(&self) {
        self.changed.set(true);
        let component = self.component.clone();
        let continues = format!("ECS goes on with {component}: `shipgate status` shows how it ends");
        self.run.events.emit(RunEvent::ChangeStarted { component, continues });
    }

    /// The service was not changed after all.
    pub(super) fn change_refused(&self) {
        self.changed.set(false);
        self.run.events.emit(RunEvent::ChangeRefused { component: self.component.clone() });
    }

    /// Registers the next revision.
    async fn register(&self, definition: &Later<TaskDefinition>) -> Result<TargetRevision, Failure> {
        let definition = definition.now().map_err(PlanError::from)?;
        self.can_be_held().await?;
        self.look_before_settling(definition).await?;
        let mut tags = self.plan.kept_tags().0.to_vec();
        let entry = LedgerEntry {
            digest: self.plan.digests().into_iter().next(),
            previous: Some(self.plan.live.arn.clone()),
            restores: self.plan.restores.clone(),
            pre_deploy: self.plan.target.has_pre_deploy,
            at: Some(self.run.now()),
            provenance: self.run.provenance.clone(),
            ..LedgerEntry::new(self.run.release.clone(), &self.plan.service_arn)
        };
        tags.extend(entry.tags());
        tags.extend(self.plan.carried(self.run.provenance.author(), self.run.began()).iter().map(Hold::tag));
        let Fitting { tags: fitting, left_out } = ledger::fitting(&self.run.provenance, &ledger::keys(&tags));
        self.keeps_approval(&left_out)?;
        tags.extend(fitting);
        let arn = self.run.writer.ecs().register(definition, &tags).await?;
        self.run.events.result(&self.step(StepVerb::Register), arn.short());
        self.run.events.made(format!("task-definition revision {}", arn.short()), vec![self.component.clone()]);
        self.warn_of_room(&arn, &left_out);
        Ok(TargetRevision { arn, definition: definition.clone(), tag_keys: ledger::keys(&tags) })
    }

    /// The holds of a rollback come next, and there is nothing to hold for a service that was moved.
    async fn can_be_held(&self) -> Result<(), Failure> {
        if !self.plan.new_holds.is_empty() {
            self.unmoved().await?;
        }
        Ok(())
    }

    /// Takes a revision of a run that did not get to use it: writes on it that this one does, and the holds that came since.
    async fn take_up(&self, revision: &TaskRevision) -> Result<TargetRevision, Failure> {
        self.can_be_held().await?;
        self.look_before_settling(&revision.definition).await?;
        let mut wanted = TargetRevision::of(revision);
        let carried = self.plan.carried(self.run.provenance.author(), self.run.began());
        let has = |hold: &&Hold| revision.holds.iter().any(|it| it.key == hold.key && it.scope == hold.scope);
        let missing: Vec<_> = carried.iter().filter(|hold| !has(hold)).map(Hold::tag).collect();
        if !missing.is_empty() {
            match self.run.writer.ecs().tag_if_room(&revision.arn, &missing).await? {
                Tagged::Written => wanted.tag_keys.extend(ledger::keys(&missing)),
                Tagged::NoRoom(message) => {
                    let text = format!("revision {} has no room for the holds: {message}", revision.short());
                    self.run.events.warning(text, Some("take tags off it that nothing needs".to_owned()));
                }
            }
        }
        self.run.events.result(&self.step(StepVerb::UseRevision), revision.short());
        // Whose plan was carried out with it before stays known.
        let before = revision.ledger.iter().flat_map(|entry| &entry.provenance.plan_runs);
        let plan_runs = before.chain(&self.run.provenance.plan_runs).copied().collect();
        let provenance = Provenance { plan_runs, ..self.run.provenance.clone() };
        let Fitting { tags, left_out } = ledger::taken_up(&provenance, &wanted.tag_keys);
        self.keeps_approval(&left_out)?;
        if self.run.provenance.plan_runs.is_empty() {
            self.write(&revision.arn, "run", &tags).await;
        } else {
            self.run.writer.ecs().tag(&revision.arn, &tags).await?;
        }
        let new = ledger::keys(&tags).into_iter().filter(|key| !wanted.tag_keys.contains(key));
        let new: Vec<_> = new.collect();
        wanted.tag_keys.extend(new);
        self.warn_of_room(&revision.arn, &left_out);
        Ok(wanted)
    }

    /// An approval counts once, so nothing is changed by one whose use cannot be written down.
    fn keeps_approval(&self, left_out: &[&str]) -> Result<(), Failure> {
        if self.run.provenance.plan_runs.is_empty() || !left_out.contains(&PLAN_RUNS) {
            return Ok(());
        }
        Err(Failure::failed(format!("the next revision of {} has no room for `{PLAN_RUNS}`", self.component))
            .cause("without it the plan that people approved could be carried out again")
            .hint("take tags off the task definition that nothing needs: a revision has room for 50"))
    }

    /// Names what the ledger does not say of this run because the revision has other tags.
    fn warn_of_room(&self, revision: &RevisionArn, left_out: &[&str]) {
        if left_out.is_empty() {
            return;
        }
        let keys = left_out.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        let text = format!("revision {} has no room for {keys}", revision.short());
        self.run.events.warning(text, Some("take tags off it that nothing needs: the next one keeps them".to_owned()));
    }

    async fn roll_out(&self, next: &TargetRevision) -> Result<Outcome, Unfinished> {
        if let Some(command) = &self.plan.target.pre_deploy {
            let Unmoved { placement, .. } = self.unmoved().await?;
            let step = self.step(StepVerb::PreDeploy);
            let pre_deploy = PreDeploy {
                run: self.run,
                component: self.component,
                target: &self.plan.target,
                command,
                task_definition: &next.arn,
                definition: &next.definition,
                placement: &placement,
                step: &step,
            };
            self.run.take(&step, pre_deploy.execute()).await?;
        }
        let just_asked = self.run.asked.recent(self.component);
        let asked = self.prober().before(&self.plan.target.probes, just_asked).await;
        self.before.borrow_mut().asked = asked;
        let step = self.step(StepVerb::Update);
        // The service still runs what it ran when the plan was made: a migration takes time, and so do the components
        // before and the wait for a slot, in which others may have deployed.
        let check = async || Ok::<_, Unfinished>(self.unmoved().await?);
        let change = async |unmoved| self.change(&step, &next.arn, unmoved).await;
        let (updated, before, previous) = self.run.take_checked(&step, check, change).await?;
        let ours = OwnDeployment::find(&updated, &next.arn, None, previous);
        let ended = self.follow(StepVerb::WaitFor, &ours, Some(before), updated, next).await;
        self.finish(ended, self.plan.settles(), ours, &next.definition).await?;
        Ok(Outcome::Deployed)
    }

    /// What a rollout that was followed to its end comes to: it is proven, or what served before is brought back.
    async fn finish(
        &self,
        ended: Result<RolloutEnd, Unfinished>,
        settles: bool,
        ours: OwnDeployment,
        definition: &TaskDefinition,
    ) -> Result<(), Unfinished> {
        let result = match ended {
            Ok(ended) => self.prove(ended, settles, ours.clone(), definition).await,
            Err(unfinished) => Err(unfinished),
        };
        match result {
            Ok(()) => Ok(()),
            Err(unfinished) => {
                let unfinished = self.aftermath(unfinished, &ours, definition).await;
                Err(unfinished.map(|failure| self.told_of_pre_deploy(failure)))
            }
        }
    }

    /// Asks the probes.
    pub(super) fn prober(&self) -> Prober<'_> {
        let ApplyRun { http, browser, events, release, .. } = self.run;
        Prober { http, browser, events, release }
    }

    /// Changes the service. Returns it with the id of the deployment that was its primary.
    async fn change(
        &self,
        step: &StepId,
        arn: &RevisionArn,
        unmoved: Unmoved,
    ) -> Result<(Service, DeploymentId, Vec<RevisionArn>), Unfinished> {
        // Said before it is so: a signal in the middle of the call must not leave it unsaid.
        self.change_started();
        Ok((self.update(step, arn).await?, unmoved.primary, unmoved.previous))
    }

    /// What serves again after a rollback meets what the pre-deploy command of the failed release did.
    fn told_of_pre_deploy(&self, failure: Failure) -> Failure {
        if self.plan.target.pre_deploy.is_none() || failure.outcome != Outcome::RolledBack {
            return failure;
        }
        failure.cause("the pre-deploy command of the failed release had run, and is not undone by the rollback")
    }

    async fn follow(
        &self,
        verb: StepVerb,
        ours: &OwnDeployment,
        before: Option<DeploymentId>,
        first: Service,
        wanted: &TargetRevision,
    ) -> Result<RolloutEnd, Unfinished> {
        let step = self.step(verb);
        let definition = &wanted.definition;
        let mut follow = self.follower(&step, ours, definition, &[]);
        follow.subject.note = before.is_some() && ledger::takes_deployment(&wanted.tag_keys);
        follow.subject.before = before;
        let WatchSettings { last_rollout: usual, timeout, .. } = follow.settings;
        let followed = async {
            self.run.events.emit(RunEvent::Expected { step: step.clone(), usual, timeout });
            let ended = follow.run(Some(first)).await?;
            if let RolloutEnd::Proven { tasks } | RolloutEnd::Replaced { tasks } = &ended {
                self.run.events.result(&step, self.rolled_out(tasks.len()));
            }
            Ok(ended)
        };
        self.run.take(&step, followed).await
    }

    /// What a rollout led to, in words.
    fn rolled_out(&self, tasks: usize) -> String {
        let digest = self.plan.digests().into_iter().next();
        let what = digest.map_or_else(|| "the revision".to_owned(), |digest| digest.to_string());
        format!("{tasks} of {tasks} tasks run {what}")
    }

    /// Follows a deployment that was there before, in a step. `verified`: the tasks that were seen to run it.
    pub(super) fn follower<'s>(
        &'s self,
        step: &'s StepId,
        ours: &OwnDeployment,
        definition: &'s TaskDefinition,
        verified: &[TaskArn],
    ) -> Follow<'s> {
        let target = &self.plan.target;
        let digests = self.plan.digests();
        let expected = Expectation::new(&ours.task_definition, definition, &target.container, digests);
        let subject = WatchedDeployment {
            expected: Expectation { any_image: self.plan.image.is_none(), ..expected },
            verified: verified.to_vec(),
            deployment: ours.clone(),
            before: None,
            note: false,
            going_back: false,
        };
        let settings = WatchSettings {
            fail_fast: target.fail_fast,
            timeout: target.timeout,
            last_rollout: self.plan.last_rollout,
            watched: self.run.context.interactive,
        };
        Follow {
            subject,
            settings,
            cloud: self.run.cloud,
            writer: self.run.writer,
            registry: &self.run.access.registry,
            component: self.component,
            followed: &self.followed,
            stopped: &self.stopped,
            service_deployment: OnceCell::new(),
            definition,
            last_lines: RefCell::default(),
            clock: self.run.clock,
            target,
            events: &self.run.events,
            step,
        }
    }

    /// Why tasks of shipgate stopped, or are not healthy.
    pub(super) async fn diagnosis(&self, ours: &OwnDeployment, definition: &TaskDefinition) -> Diagnosis {
        let mut seen = DeploymentEvidence::default();
        seen.add_stopped(self.stopped.all().into_iter().filter(|task| task.revision == ours.task_definition));
        diagnose::causes(self.run.cloud, &self.plan.target, &ours.task_definition, definition, seen).await
    }

    /// What already is meant to run is verified as strictly as what this run put there.
    async fn verify_unchanged(&self) -> Result<Outcome, Unfinished> {
        let live: &TaskRevision = &self.plan.live;
        let target = &self.plan.target;
        // What was seen before the components that it depends on were changed may be long over.
        self.run.ready(&self.step(if self.plan.rolling_out { StepVerb::WaitFor } else { StepVerb::Verify })).await?;
        let found = self.run.cloud.ecs().service(&target.cluster, &target.service).await?;
        let service = found.map(|(service, _)| service).filter(|service| service.primary().is_some());
        let Some(service) = service else {
            return Err(Failure::new(Outcome::Stale, format!("service `{}` is gone since the plan", target.service))
                .hint("create it again; nothing was changed")
                .into());
        };
        let entry = live.ledger.as_ref().filter(|entry| entry.release == self.run.release);
        // A rollout of this release that an earlier run began is this release's deployment.
        let (verb, outcome, previous) = if self.plan.rolling_out {
            // One that served already is only restarted: what it ran before is long over.
            let unfinished = entry.filter(|entry| !entry.succeeded());
            let before = unfinished.and_then(|entry| entry.previous.as_ref());
            let last = self.plan.last_completed.iter().filter(|last| unfinished.is_some() && **last != live.arn);
            (StepVerb::WaitFor, Outcome::Deployed, last.chain(before).cloned().collect())
        } else {
            (StepVerb::Verify, Outcome::Unchanged, Vec::new())
        };
        let recorded = entry.and_then(|entry| entry.deployment.as_ref());
        let ours = OwnDeployment::find(&service, &live.arn, recorded, previous);
        let wanted = TargetRevision::of(live);
        if self.plan.settles() {
            self.look_before_settling(&live.definition).await?;
        }
        let ended = self.follow(verb, &ours, None, service, &wanted).await;
        let result = self.finish(ended, self.plan.settles(), ours, &live.definition).await.map(|()| outcome);
        // The run that put it here ended before it knew, or before it could write it down.
        if let (Some(entry), Some(end)) = (entry, known_end(&result))
            && !entry.succeeded()
            && entry.outcome.as_deref() != Some(end.as_str())
        {
            self.write_outcome(&wanted, end).await;
        }
        result
    }

    /// Writes the outcome into the ledger.
    async fn write_outcome(&self, wanted: &TargetRevision, outcome: Outcome) {
        let deployment = self.followed.borrow().clone();
        let tags = ledger::outcome(outcome, deployment.as_ref(), &wanted.tag_keys, self.run.now());
        self.write(&wanted.arn, "outcome", &tags).await;
    }

    /// Writes into the ledger. The release runs as it runs, written or not.
    async fn write(&self, arn: &RevisionArn, what: &str, tags: &[(String, String)]) {
        if let Err(error) = self.run.writer.ecs().tag(arn, tags).await {
            let failure = explain(&error, Phase::Before);
            let hint = failure.hints.first().cloned();
            self.run
                .events
                .warning(format!("the {what} could not be written on {}: {}", arn.short(), failure.brief()), hint);
        }
    }
}

/// The outcome for the ledger, where it is known: what is not may be found out by the next run.
fn known_end(result: &Result<Outcome, Unfinished>) -> Option<Outcome> {
    match result {
        Ok(Outcome::Unchanged) => Some(Outcome::Deployed),
        Ok(outcome) => Some(*outcome),
        Err(unfinished) => unfinished.is_known.then_some(unfinished.failure.outcome),
    }
}

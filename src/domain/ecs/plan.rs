//! What has to change for an ECS service to run a release.

use std::time::Duration;

use super::cautions::{Caution, cautions, cautions_back};
use super::company::{Company, company};
use super::homes;
use super::ids::{RevisionArn, ServiceArn};
use super::rollout;
use super::service::{RolloutState, Service, TaskRevision};
use super::target::EcsTarget;
use super::task_definition::{TaskDefinition, TaskDefinitionError};
use crate::domain::ecs::ledger::LedgerEntry;
use crate::domain::ecs::names::ContainerName;
use crate::domain::hold::Hold;
use crate::domain::image::Digest;
use crate::domain::plan::{KnownImage, Later, LeftRelease, MissingVariable, PlanChange, PlannedImage};
use crate::domain::release::ReleaseName;

/// What was seen of a component before planning.
#[derive(Debug, Clone, PartialEq)]
pub struct EcsFacts {
    /// The service.
    pub service: Service,
    /// The revision that its primary deployment runs.
    pub live: TaskRevision,
    /// Other revisions of the family, newest first; not all of them.
    pub others: Vec<TaskRevision>,
    /// The ARNs of the family's newest revisions, newest first; not all of them.
    pub listed: Vec<RevisionArn>,
    /// The repository's task-definition file, where the configuration names one.
    pub file: Option<TaskDefinition>,
    /// The definition with which the source of a promotion ran the release, with the name of its container.
    pub source: Option<(TaskDefinition, ContainerName)>,
}

impl EcsFacts {
    /// All holds on the service, in either home.
    pub fn holds(&self) -> Vec<Hold> {
        homes::holds(&self.service, &self.live, &self.others)
    }
}

/// The plan for one service.
#[derive(Debug, Clone, PartialEq)]
pub struct EcsPlan {
    /// The service and all that is configured for it.
    pub target: EcsTarget,
    /// The service's ARN.
    pub service_arn: ServiceArn,
    /// The precondition: what the service runs now.
    pub live: TaskRevision,
    /// Whether a rollout of that is still going on.
    pub rolling_out: bool,
    /// The rollout of something else that is in progress, where this plan changes the service.
    pub company: Option<Company>,
    /// The ARN of the revision whose rollout was finished last: another one than the live one while that rolls out.
    pub last_completed: Option<RevisionArn>,
    /// How long the last rollout took, where the service says so.
    pub last_rollout: Option<Duration>,
    /// The image that the container gets. `None`: whatever the baseline leads to, which no digest pins.
    pub image: Option<PlannedImage>,
    /// Which revision the service is to run.
    pub next: NextRevision,
    /// What differs from the live revision to the next one.
    pub changes: Vec<PlanChange>,
    /// What was changed by hand since the last release of shipgate.
    pub drift: Option<ServiceHandChange>,
    /// What may go wrong with the rollout, as the service is set up. Empty: nothing is rolled out.
    pub cautions: Vec<Caution>,
    /// What the source's definition has and the next one lacks.
    pub missing_variables: Vec<MissingVariable>,
    /// The ARN of the revision whose content is restored, in a rollback.
    pub restores: Option<RevisionArn>,
    /// Whether what is restored is what ran before the first release.
    pub is_baseline: bool,
    /// What of the probes is not asked, since that has no commit, in words.
    pub probe_remarks: Vec<String>,
    /// The release that the service leaves, in a rollback.
    pub leaves: Option<LeftRelease>,
    /// Whether the release that a rollback returns to has all that it leaves, so that nothing is held.
    pub is_forward: bool,
    /// The holds that were on the service when it was planned.
    pub holds: Vec<Hold>,
    /// The holds that the next revision takes over.
    pub carries: Vec<Hold>,
    /// What the rollback holds on the service, and the next revision with it.
    pub new_holds: Vec<LeftRelease>,
}

/// Which revision a service is to run.
#[derive(Debug, Clone, PartialEq)]
pub enum NextRevision {
    /// The one it runs.
    Live,
    /// One that an earlier run registered for this release and did not get to use.
    Registered(Box<TaskRevision>),
    /// A new one.
    New(Later<TaskDefinition>),
}

/// The service does not run what shipgate last put there.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceHandChange {
    /// The last revision of shipgate that the service took, unless it was seen to go back.
    pub last: RevisionArn,
    /// Whether that was not seen to serve, and what runs is older: then ECS may have gone back by itself.
    pub by_ecs: bool,
    /// What differs from that to what runs now.
    pub changes: Vec<PlanChange>,
}

impl EcsPlan {
    /// Whether the service already is meant to run the release.
    pub fn is_empty(&self) -> bool {
        self.next == NextRevision::Live
    }

    /// Whether what the service runs in the end is new there: the release is rolled out, or the run that did that is not known
    /// to have seen it serve.
    pub fn settles(&self) -> bool {
        let is_known = self.live.ledger.as_ref().is_none_or(LedgerEntry::succeeded);
        self.target.settle.is_on() && (self.rolling_out || !self.is_empty() || !is_known)
    }

    /// The precondition as the plan's digest has it: the revision that ran before the first step. A service that was
    /// brought to this release by shipgate has not moved; what it ran before is in the ledger.
    pub fn ran_before(&self, release: &ReleaseName) -> &RevisionArn {
        let is_release = self.live.put_there(&self.target.container).as_ref() == Some(release);
        let ours = self.live.ledger.as_ref().filter(|_| self.is_empty() && is_release);
        ours.and_then(|entry| entry.previous.as_ref()).unwrap_or(&self.live.arn)
    }

    /// The digests that a running container may show; empty until the image is built.
    pub fn digests(&self) -> Vec<Digest> {
        self.image.as_ref().and_then(|image| image.image().known()).map_or_else(Vec::new, KnownImage::digests)
    }

    /// The plan with all that has become known, where a new revision was planned: another one that would do is not used
    /// then, because the plan that was shown registers one.
    #[must_use]
    pub fn refining(mut self, shown: &Self) -> Self {
        if let (NextRevision::Registered(revision), NextRevision::New(_)) = (&self.next, &shown.next) {
            self.next = NextRevision::New(Later::Known(revision.definition.clone()));
        }
        self
    }
}

/// Plans one service.
///
/// # Errors
///
/// The configured container is not in the task definition.
pub fn plan(
    target: &EcsTarget,
    facts: &EcsFacts,
    image: &PlannedImage,
    release: &ReleaseName,
) -> Result<EcsPlan, TaskDefinitionError> {
    let base = facts.file.as_ref().unwrap_or(&facts.live.definition);
    let desired = base.with_image(&target.container, &image.to_string(), release)?;
    let missing_variables = facts.source.as_ref().map_or_else(Vec::new, |(source, container)| {
        desired.variables_missing_from(source, (container, &target.container))
    });
    let changes = facts.live.definition.changes_to(&desired);
    let cautions =
        if changes.is_empty() { Vec::new() } else { cautions(target, (&facts.service, &facts.live), &desired) };
    let next = match image.image() {
        _ if changes.is_empty() => NextRevision::Live,
        Later::After(step) => NextRevision::New(Later::After(step.clone())),
        Later::Known(_) => reusable(facts, &desired, release).map_or_else(
            || NextRevision::New(Later::Known(desired)),
            |revision| NextRevision::Registered(Box::new(revision.clone())),
        ),
    };
    let company = if changes.is_empty() { None } else { company(&facts.service, &facts.live, &target.container) };
    Ok(EcsPlan {
        company,
        next,
        changes,
        cautions,
        missing_variables,
        ..nothing_to_do(target, facts, Some(image.clone()))
    })
}

/// Plans to put back what a revision was that served before. `image`: its image, where it is pinned to one. `baseline`:
/// whether that ran before the first release.
pub fn plan_rollback(
    target: &EcsTarget,
    facts: &EcsFacts,
    restored: &TaskRevision,
    image: Option<&KnownImage>,
    baseline: bool,
) -> EcsPlan {
    let image = image.cloned().map(PlannedImage::from);
    let plan = EcsPlan { is_baseline: baseline, ..nothing_to_do(target, facts, image) };
    if facts.live.arn == restored.arn {
        return plan;
    }
    let unused = |entry: &LedgerEntry| {
        entry.restores.as_ref() == Some(&restored.arn)
            && entry.outcome.is_none()
            && entry.previous.as_ref() == Some(&facts.live.arn)
    };
    let registered = facts.others.iter().find(|revision| {
        revision.ledger.as_ref().is_some_and(unused) && revision.definition.changes_to(&restored.definition).is_empty()
    });
    let next = match registered {
        Some(revision) => NextRevision::Registered(Box::new(revision.clone())),
        None => NextRevision::New(Later::Known(restored.definition.clone())),
    };
    EcsPlan {
        next,
        changes: facts.live.definition.changes_to(&restored.definition),
        company: company(&facts.service, &facts.live, &target.container),
        cautions: cautions_back(target, (&facts.service, &facts.live), &restored.definition),
        restores: Some(restored.arn.clone()),
        leaves: left(&facts.live, restored, baseline, &target.container),
        ..plan
    }
}

/// The release that a rollback leaves. What somebody changed by hand may be the release that is restored: then no commit is
/// left.
fn left(
    live: &TaskRevision,
    restored: &TaskRevision,
    baseline: bool,
    container: &ContainerName,
) -> Option<LeftRelease> {
    let left = live.put_there(container)?.sha()?.clone();
    if baseline {
        return Some(LeftRelease { left, returned: None });
    }
    let returned = restored.release(container)?.sha()?.clone();
    (left != returned).then_some(LeftRelease { left, returned: Some(returned) })
}

fn nothing_to_do(target: &EcsTarget, facts: &EcsFacts, image: Option<PlannedImage>) -> EcsPlan {
    let primary = facts.service.primary();
    EcsPlan {
        target: target.clone(),
        service_arn: facts.service.arn.clone(),
        live: facts.live.clone(),
        rolling_out: primary.is_some_and(|primary| primary.rollout_state == Some(RolloutState::InProgress)),
        company: None,
        last_completed: rollout::last_completed(&facts.service).cloned(),
        last_rollout: rollout::last_rollout(&facts.service),
        image,
        next: NextRevision::Live,
        changes: Vec::new(),
        cautions: Vec::new(),
        drift: drift(&facts.live, &facts.others),
        missing_variables: Vec::new(),
        restores: None,
        is_baseline: false,
        probe_remarks: Vec::new(),
        leaves: None,
        is_forward: false,
        holds: facts.service.holds.clone(),
        carries: homes::to_carry(&facts.service, &facts.live, &facts.others),
        new_holds: Vec::new(),
    }
}

/// A revision that shipgate registered for this very release in this very place, without a recorded outcome: that run ended
/// before it was used.
fn reusable<'a>(facts: &'a EcsFacts, desired: &TaskDefinition, release: &ReleaseName) -> Option<&'a TaskRevision> {
    let unused = |entry: &LedgerEntry| {
        let same_place = entry.previous.as_ref().is_none_or(|previous| *previous == facts.live.arn);
        entry.release == *release && entry.outcome.is_none() && entry.restores.is_none() && same_place
    };
    facts.others.iter().find(|revision| {
        revision.ledger.as_ref().is_some_and(unused) && revision.definition.changes_to(desired).is_empty()
    })
}

/// Compares what runs with the newest revision of shipgate that the service took, of others that are newest first.
pub fn drift(live: &TaskRevision, others: &[TaskRevision]) -> Option<ServiceHandChange> {
    let last = others.iter().find(|revision| was_deployed(revision))?;
    // An older revision of shipgate below a live one of shipgate is just history.
    let live_is_newer = live.arn.number() > last.arn.number();
    let is_history = live.ledger.is_some() && live_is_newer;
    (!is_history).then(|| ServiceHandChange {
        last: last.arn.clone(),
        by_ecs: !live_is_newer && !was_accepted(last),
        changes: last.definition.changes_to(&live.definition),
    })
}

/// The newest revision of shipgate with its entry: what runs, or a newer one that came to nothing.
pub fn last_of_ours<'a>(
    live: &'a TaskRevision,
    others: &'a [TaskRevision],
) -> Option<(&'a TaskRevision, &'a LedgerEntry)> {
    let ours = others.iter().chain([live]).filter_map(|revision| Some((revision, revision.ledger.as_ref()?)));
    ours.max_by_key(|(revision, _)| revision.arn.number())
}

/// Whether shipgate registered a revision, and the service took it and was not seen to go back.
pub fn was_deployed(revision: &TaskRevision) -> bool {
    was_accepted(revision) || outcome(revision).is_some_and(|outcome| matches!(outcome, "broken" | "timed-out"))
}

/// Whether the rollout of a revision of shipgate is known to have come to its end.
fn was_accepted(revision: &TaskRevision) -> bool {
    outcome(revision).is_some_and(|outcome| matches!(outcome, "deployed" | "unproven"))
}

fn outcome(revision: &TaskRevision) -> Option<&str> {
    revision.ledger.as_ref()?.outcome.as_deref()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::ecs::service::{Controller, Deployment, ServiceStatus};
    use crate::domain::ecs::target::{Busy, MissingVariables, TaskDefinitionSource};
    use crate::domain::image::ImageRepository;
    use crate::domain::settle::Settle;
    use crate::domain::step::{StepId, StepVerb};
    use proptest::prelude::*;
    use serde_json::json;

    const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    const OTHER_SHA: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

    pub(crate) fn target() -> EcsTarget {
        EcsTarget {
            cluster: "stage-cluster".parse().unwrap(),
            cluster_line: None,
            service: "stage-backend-blue".parse().unwrap(),
            service_line: None,
            container: "web".parse().unwrap(),
            image: "backend".parse().unwrap(),
            task_definition: TaskDefinitionSource::Live,
            pre_deploy: None,
            has_pre_deploy: Some(false),
            probes: Vec::new(),
            probes_left_out: false,
            timeout: Duration::from_mins(1),
            fail_fast: EcsTarget::FAIL_FAST,
            settle: Settle::default(),
            busy: Busy::Wait,
            missing_variables: MissingVariables::Warning,
        }
    }

    pub(crate) fn revision(number: u64, image: &str, variable: &str, ledger: Option<LedgerEntry>) -> TaskRevision {
        TaskRevision {
            arn: format!("arn:aws:ecs:us-east-1:123456789012:task-definition/backend:{number}").into(),
            definition: TaskDefinition::from_json(json!({
                "family": "backend",
                "containerDefinitions": [
                    {"name": "web", "image": image, "environment": [{"name": "LOG_LEVEL", "value": variable}]},
                ],
            }))
            .unwrap(),
            ledger,
            other_tags: Vec::new(),
            holds: Vec::new(),
            tag_keys: Vec::new(),
            of_another: false,
        }
    }

    pub(crate) fn facts(live: TaskRevision, others: Vec<TaskRevision>) -> EcsFacts {
        EcsFacts {
            service: Service {
                arn: "arn:aws:ecs:us-east-1:123456789012:service/stage-cluster/stage-backend-blue".into(),
                status: ServiceStatus::Active,
                controller: Controller::Ecs,
                desired: 1,
                running: 1,
                deployments: vec![Deployment {
                    id: "ecs-svc/1".into(),
                    is_primary: true,
                    task_definition: live.arn.clone(),
                    rollout_state: Some(RolloutState::Completed),
                    reason: None,
                    desired: 1,
                    running: 1,
                    pending: 0,
                    failed: 0,
                    created: None,
                    updated: None,
                }],
                events: Vec::new(),
                holds: Vec::new(),
                tag_keys: Vec::new(),
                settings: Box::default(),
                announced: None,
            },
            live,
            others,
            listed: Vec::new(),
            file: None,
            source: None,
        }
    }

    pub(crate) fn known_image(character: char) -> PlannedImage {
        let repository = ImageRepository {
            host: "123456789012.dkr.ecr.us-east-1.amazonaws.com".to_owned(),
            name: "stage-cloudshop-backend".parse().unwrap(),
        };
        let digest: Digest = format!("sha256:{}", character.to_string().repeat(64)).parse().unwrap();
        let reference = repository.pinned(&SHA.parse().unwrap(), &digest);
        KnownImage { reference, digest, platforms: Vec::new() }.into()
    }

    fn release() -> ReleaseName {
        SHA.parse().unwrap()
    }

    fn entry(sha: &str, outcome: Option<&str>) -> LedgerEntry {
        LedgerEntry { outcome: outcome.map(str::to_owned), ..LedgerEntry::new(sha.parse().unwrap(), &"arn".into()) }
    }

    /// The facts after a plan was carried out, as ECS would show them.
    pub(crate) fn carried_out(before: &EcsFacts, plan: &EcsPlan) -> EcsFacts {
        let mut after = before.clone();
        let next = match &plan.next {
            NextRevision::Live => return after,
            NextRevision::Registered(revision) => (**revision).clone(),
            NextRevision::New(definition) => {
                let mut next =
                    revision(before.live.arn.number().unwrap() + 1, "", "", Some(entry(SHA, Some("deployed"))));
                next.definition = definition.known().unwrap().clone();
                next
            }
        };
        after.service.deployments[0].task_definition = next.arn.clone();
        after.others.insert(0, after.live);
        after.live = next;
        after
    }

    #[test]
    fn a_first_deploy_registers_and_keeps_the_variables() {
        let facts = facts(revision(1, "repo:bootstrap", "debug", None), vec![]);
        let plan = plan(&target(), &facts, &known_image('a'), &release()).unwrap();
        let NextRevision::New(Later::Known(definition)) = &plan.next else { panic!("{plan:?}") };
        assert_eq!(definition.to_json()["containerDefinitions"][0]["environment"][0]["value"], "debug");
        assert_eq!(plan.drift, None);
    }

    #[test]
    fn before_the_build_only_the_digest_is_open() {
        let facts = facts(revision(1, "repo:bootstrap", "debug", None), vec![]);
        let repository = ImageRepository { host: "host".to_owned(), name: "stage-cloudshop-backend".parse().unwrap() };
        let build = StepId::new(StepVerb::Build, &"backend".parse().unwrap());
        let open = PlannedImage::after(build.clone(), &repository, &SHA.parse().unwrap());
        let before = plan(&target(), &facts, &open, &release()).unwrap();
        let after = plan(&target(), &facts, &known_image('a'), &release()).unwrap();
        assert_eq!(before.next, NextRevision::New(Later::After(build)));
        assert!(before.changes[0].to.as_ref().unwrap().ends_with("@(known after build)"), "{before:?}");
        let paths = |plan: &EcsPlan| plan.changes.iter().map(|change| change.path.clone()).collect::<Vec<_>>();
        assert_eq!(paths(&before), paths(&after));
    }

    #[test]
    fn a_revision_left_over_from_an_interrupted_run_is_used() {
        let facts = facts(revision(1, "repo:bootstrap", "debug", None), vec![]);
        let first = plan(&target(), &facts, &known_image('a'), &release()).unwrap();
        let NextRevision::New(Later::Known(definition)) = first.next else { panic!() };
        for (ledger, reused) in [
            (Some(entry(SHA, None)), true),
            (Some(entry(SHA, Some("rolled-back"))), false),
            (Some(entry(OTHER_SHA, None)), false),
            (None, false),
        ] {
            let mut left_over = revision(2, "", "", ledger);
            left_over.definition = definition.clone();
            let mut facts = facts.clone();
            facts.others.push(left_over.clone());
            let again = plan(&target(), &facts, &known_image('a'), &release()).unwrap();
            assert_eq!(again.next == NextRevision::Registered(Box::new(left_over.clone())), reused, "{left_over:?}");
        }
    }

    #[test]
    fn a_hand_made_revision_is_told_from_ours() {
        let ours = revision(2, &known_image('a').to_string(), "debug", Some(entry(SHA, Some("deployed"))));
        let by_hand = revision(3, "repo:latest", "trace", None);
        let plan = plan(&target(), &facts(by_hand, vec![ours.clone()]), &known_image('a'), &release()).unwrap();
        let drift = plan.drift.unwrap();
        assert_eq!(drift.last, ours.arn);
        let paths: Vec<&str> = drift.changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(
            paths,
            ["containerDefinitions[web].image", "containerDefinitions[web].environment[LOG_LEVEL].value"]
        );
    }

    #[test]
    fn an_older_revision_put_back_by_hand_is_drift_and_history_is_not() {
        let newer = revision(5, "repo:new", "debug", Some(entry(SHA, Some("deployed"))));
        let older = revision(3, "repo:old", "debug", Some(entry(OTHER_SHA, Some("deployed"))));
        let put_back = plan(&target(), &facts(older.clone(), vec![newer.clone()]), &known_image('a'), &release());
        assert_eq!(put_back.unwrap().drift.unwrap().last, newer.arn);
        let history = plan(&target(), &facts(newer, vec![older]), &known_image('a'), &release());
        assert_eq!(history.unwrap().drift, None);
    }

    #[test]
    fn what_ecs_may_have_taken_back_is_told_from_a_change_by_hand() {
        let good = revision(2, "repo:good", "debug", Some(entry(OTHER_SHA, Some("deployed"))));
        let by_hand = revision(4, "repo:latest", "debug", None);
        for (outcome, by_ecs) in [("deployed", false), ("unproven", false), ("broken", true), ("timed-out", true)] {
            let last = revision(3, "repo:last", "debug", Some(entry(SHA, Some(outcome))));
            let seen =
                |live: &TaskRevision| drift(live, std::slice::from_ref(&last)).map(|drift| (drift.last, drift.by_ecs));
            assert_eq!(seen(&good), Some((last.arn.clone(), by_ecs)), "{outcome}");
            assert_eq!(seen(&by_hand), Some((last.arn.clone(), false)), "{outcome}");
        }
        for outcome in ["rolled-back", "failed", "superseded"] {
            let last = revision(3, "repo:last", "debug", Some(entry(SHA, Some(outcome))));
            assert_eq!(drift(&good, &[last]), None, "{outcome}");
        }
    }

    proptest! {
        #[test]
        fn planning_what_a_plan_leads_to_is_empty(
            image in "[a-z:/]{0,20}",
            variable in "[ -~]{0,20}",
            number in 1u64..1000,
            built in proptest::char::range('a', 'f'),
        ) {
            let before = facts(revision(number, &image, &variable, None), vec![]);
            let first = plan(&target(), &before, &known_image(built), &release()).unwrap();
            prop_assert!(!first.is_empty());
            let after = carried_out(&before, &first);
            let second = plan(&target(), &after, &known_image(built), &release()).unwrap();
            prop_assert!(second.is_empty(), "{:?}", second.changes);
            prop_assert_eq!(&second.changes, &vec![]);
            prop_assert_eq!(second.drift, None);
        }
    }
}

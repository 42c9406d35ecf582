//! `rollback` and `plan rollback`: back to a release that served here before, as it was; where there is none, to what ran
//! before the first one.

use std::collections::BTreeSet;

use super::change::{ChangeRun, LEDGER_ALONE, PreparedChange, finish};
use crate::cli;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::gate::ChangeCommand;
use crate::domain::git::FETCH_HISTORY;
use crate::domain::hold::HoldScope;
use crate::domain::names::EnvironmentName;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{Intent, LeftRelease, PlannedHold, PlannedTags, left_releases};
use crate::domain::release::ReleaseName;
use crate::domain::rollback::{ComponentBaseline, RollbackCandidates, common, to_baseline};
use crate::domain::target::EnvironmentTarget;
use crate::evidence;
use crate::kinds::{self, ComponentWithPlan, PastReleases, Restorable, WholePlan};
use crate::observe::{self, Cloud, DefinitionFiles, RegistryAccess};
use crate::together::try_each;

/// What to do where what ran before the first release cannot be run again.
const DEREGISTERED: &str =
    "register its content again and point the service at that by hand, or ship another commit instead";
const BY_HAND: &str = "point the service at its old revision by hand, or ship another commit instead";

/// Maximum number of revisions of a component for which the reason of their omission is said.
const LEFT_OUT_SHOWN: usize = 5;

/// What was seen of an environment, now and before.
type ObservedEnvironment = [Box<dyn PastReleases>];

/// Rolls back, or plans to.
///
/// # Errors
///
/// With the outcome.
pub async fn run(invocation: ChangeRun<'_>, arguments: &cli::Rollback) -> Result<Outcome, Failure> {
    let (invocation, expected) = invocation.expecting(arguments.expect_plan.as_deref(), arguments.plan_run)?;
    let invocation = &invocation;
    let (context, configuration) = (invocation.context, &invocation.configuration);
    let target = configuration.target(context, &arguments.environment, &arguments.components)?;
    kinds::can_be_planned("a rollback", &target)?;
    let wanted = match arguments.release.as_deref() {
        Some(ReleaseName::BASELINE) => Some(ReleaseName::Baseline),
        written => invocation.release(written).await?.map(ReleaseName::Commit),
    };
    let cloud = observe::WriterSession::enter(&invocation.identities, &target, invocation.until.access()).await?;
    let access = observe::registry(&cloud, &invocation.addresses, &target, invocation.context.masks()).await?;
    let look = async |component| {
        let observed = kinds::observe(&cloud, component, &DefinitionFiles::Unused, None).await?;
        observed.past(&cloud, wanted.as_ref()).await
    };
    let seen = try_each(&target.components, look).await?;
    warn_of_left_out(invocation, &seen);
    let release = match wanted {
        Some(wanted) => wanted,
        None => newest(invocation, &target.environment, &seen).await?,
    };
    invocation.events.emit(RunEvent::ReleaseChosen(release.clone()));
    let mut plan = WholePlan::new(Intent::Rollback, cloud.account.clone(), &target, release);
    if arguments.release.is_some() {
        // One person may go back to what served before, and to nothing else.
        plan.command = ChangeCommand::Restore;
    }
    let restored = plan_components(&target, &access, seen, &plan.release).await?;
    plan.tags = plan_tags(invocation, &target, (&cloud, &access), (&restored, &plan.release)).await;
    plan.components = restored;
    leave_out_forward(invocation, &mut plan.components).await;
    plan.holds = plan_holds(invocation, &mut plan.components).await;
    note(invocation, &target, &plan);
    let evidence = invocation.evidence(&cloud, &plan).await;
    let prepared = PreparedChange { cloud, access, source: None, plan, evidence };
    finish(invocation, prepared, expected.as_ref()).await
}

/// The newest release that all components can go back to and no rollback has left before.
async fn newest(
    invocation: &ChangeRun<'_>,
    environment: &EnvironmentName,
    seen: &ObservedEnvironment,
) -> Result<ReleaseName, Failure> {
    let history = format!("`shipgate history {environment}` lists what served; name one with --release");
    let past: Vec<RollbackCandidates> = seen.iter().map(|component| component.past()).collect();
    let mut barred = Vec::new();
    for release in common(&past) {
        match left_before(invocation, seen, &release).await {
            None => {
                note_cut_off(invocation, &past, &release);
                return Ok(release);
            }
            Some(RollbackSource::Barred(reason)) => barred.push(format!("{} is barred: {reason}", release.short())),
            Some(RollbackSource::Unknown(reason)) => {
                return Err(Failure::failed(format!(
                    "whether release {} is barred is unknown in this clone",
                    release.short()
                ))
                .cause(reason)
                .hint(FETCH_HISTORY)
                .hint(history));
            }
        }
    }
    let left = left_of(invocation, seen, &past).await;
    if to_baseline(&past, &left) {
        return Ok(ReleaseName::Baseline);
    }
    let failure = Failure::failed(format!("there is no release that {environment} can go back to"));
    let failure = barred.iter().fold(failure, Failure::cause);
    let left_out = seen_left_out(seen);
    let failure = left_out.iter().fold(failure, Failure::cause);
    Err(nowhere(environment, seen, (&past, &left), history, failure))
}

/// The releases that a rollback left, of those that came before what runs.
async fn left_of(
    invocation: &ChangeRun<'_>,
    seen: &ObservedEnvironment,
    past: &[RollbackCandidates],
) -> Vec<ReleaseName> {
    let mut left = Vec::new();
    for release in past.iter().flat_map(|past| &past.earlier) {
        if !left.contains(release)
            && matches!(left_before(invocation, seen, release).await, Some(RollbackSource::Barred(_)))
        {
            left.push(release.clone());
        }
    }
    left
}

/// Says why no component can go back, and what can be done where there is something.
fn nowhere(
    environment: &EnvironmentName,
    seen: &ObservedEnvironment,
    (past, left): (&[RollbackCandidates], &[ReleaseName]),
    history: String,
    mut failure: Failure,
) -> Failure {
    let stuck: Vec<_> = past.iter().map(|past| (&past.component, past.stuck(left))).collect();
    for (component, stuck) in &stuck {
        failure = failure.cause(format!("{component}: {}", stuck.described()));
    }
    let before = past.iter().filter(|past| past.baseline != ComponentBaseline::NoRelease);
    failure = before.fold(failure, |failure, before| of_baseline(failure, environment, before, past.len()));
    if is_any_left(seen) && stuck.iter().any(|(_, stuck)| stuck.left > 0) {
        failure = failure
            .hint(format!("`shipgate unhold {environment} --reason …` lets what a rollback bars be shipped again"));
    }
    for (component, _) in stuck.iter().filter(|(_, stuck)| past.len() > 1 && stuck.open > 0) {
        failure = failure.hint(format!("roll {component} back alone with --component {component}"));
    }
    let is_at_baseline = past.iter().all(|past| matches!(past.baseline, ComponentBaseline::Runs(_)));
    if is_at_baseline || stuck.iter().all(|(_, stuck)| stuck.left + stuck.open == 0) {
        return failure.hint("only what succeeded before what runs can be gone back to: ship another commit instead");
    }
    failure.hint(history)
}

/// Says of a component that cannot go back what it ran before its first release.
fn of_baseline(
    failure: Failure,
    environment: &EnvironmentName,
    past: &RollbackCandidates,
    components: usize,
) -> Failure {
    let name = &past.component;
    let failure = match (&past.baseline, past.baseline.closed()) {
        (_, Some(why)) => failure.cause(format!("{name}: {why}")),
        (ComponentBaseline::Open(place), None) => {
            failure.cause(format!("{name}: before its first release it ran {place}"))
        }
        (_, None) => failure,
    };
    match &past.baseline {
        ComponentBaseline::Gone(_) => failure.hint(DEREGISTERED),
        ComponentBaseline::Unknown(_) => failure.hint(BY_HAND),
        ComponentBaseline::Open(_) if components > 1 => failure.hint(format!(
            "`shipgate rollback {environment} --release baseline --component {name}` takes {name} there"
        )),
        ComponentBaseline::Open(_)
        | ComponentBaseline::Runs(_)
        | ComponentBaseline::NotKept
        | ComponentBaseline::NoRelease => failure,
    }
}

/// Whether a hold is there that a rollback put there.
fn is_any_left(seen: &ObservedEnvironment) -> bool {
    let mut holds = seen.iter().flat_map(|component| component.observed().holds());
    holds.any(|hold| matches!(hold.scope, HoldScope::Left { .. }))
}

/// Says where the rollback before this one is taken up, so that no reader waits for an older release.
fn note_cut_off(invocation: &ChangeRun<'_>, past: &[RollbackCandidates], release: &ReleaseName) {
    for past in past.iter().filter(|past| past.cut_off && past.runs.as_ref() == Some(release)) {
        invocation.events.warning(
            format!(
                "how the last rollback of {} to {} ended is not known, so it is taken up",
                past.component,
                release.short()
            ),
            Some("name an older release with --release to go further back".to_owned()),
        );
    }
}

enum RollbackSource {
    Barred(String),
    Unknown(String),
}

/// Whether a rollback left a release before. A hold by hand stops what is new, not the way back.
async fn left_before(
    invocation: &ChangeRun<'_>,
    seen: &ObservedEnvironment,
    release: &ReleaseName,
) -> Option<RollbackSource> {
    // What has no commit is none that a hold covers.
    let commit = release.sha()?;
    for hold in seen.iter().flat_map(|component| component.observed().holds()) {
        if !matches!(hold.scope, HoldScope::Left { .. }) {
            continue;
        }
        match evidence::held(&invocation.history(), &hold, commit).await {
            Some(false) => {}
            Some(true) => return Some(RollbackSource::Barred(hold.reason())),
            None => return Some(RollbackSource::Unknown(hold.reason())),
        }
    }
    None
}

async fn plan_components(
    target: &EnvironmentTarget,
    access: &RegistryAccess,
    seen: Vec<Box<dyn PastReleases>>,
    release: &ReleaseName,
) -> Result<Vec<Box<dyn ComponentWithPlan>>, Failure> {
    let mut components = Vec::new();
    for component in seen {
        let (name, left_out) = (component.observed().name().clone(), component.left_out());
        let before = component.past();
        let never = || {
            if release.is_baseline() {
                let failure =
                    Failure::failed(format!("`{name}` cannot go back to what it ran before its first release"));
                let failure = of_baseline(failure, &target.environment, &before, 1);
                return failure.hint(format!("`shipgate history {}` lists what served", target.environment));
            }
            let failure =
                Failure::failed(format!("release {release} never succeeded as `{name}` on {}", target.environment));
            let failure = left_out.iter().fold(failure, Failure::cause);
            failure.hint(format!("`shipgate history {}` lists what did", target.environment))
        };
        let image = match component.restorable(release).ok_or_else(never)?? {
            Restorable::Kept => None,
            Restorable::Image(reference) if release.is_baseline() => {
                observe::baseline_image(access, &reference).await?
            }
            Restorable::Image(reference) => Some(observe::restored_image(access, &reference, release).await?),
        };
        components.push(component.plan(release, image.as_ref()).ok_or_else(never)?);
    }
    Ok(components)
}

/// What is planned for the tags beside the release's own: back to the image that is restored, where all components restore
/// the same one. The way back does not fail by a tag that cannot be read.
async fn plan_tags(
    invocation: &ChangeRun<'_>,
    target: &EnvironmentTarget,
    (cloud, access): (&Cloud, &RegistryAccess),
    (components, release): (&[Box<dyn ComponentWithPlan>], &ReleaseName),
) -> Vec<PlannedTags> {
    let mut planned = Vec::new();
    // What ran before the first release may be of any repository.
    if release.is_baseline() {
        return planned;
    }
    for image in &target.images {
        let of_image = components.iter().filter_map(|component| component.plan().image.as_ref());
        let digests = of_image.filter(|(owner, _)| *owner == image.component).filter_map(|(_, digest)| digest.known());
        let digests: BTreeSet<_> = digests.collect();
        let Some(digest) = digests.first().filter(|_| digests.len() == 1) else { continue };
        match observe::planned_tags(cloud, &access.registry, image, Some(digest), release).await {
            Ok(tags) => planned.extend(tags),
            Err(failure) => {
                let text = format!("the tags of {} stay where they are: {}", image.component, failure.brief());
                invocation.events.warning(text, failure.hints.first().cloned());
            }
        }
    }
    planned
}

/// Plans the holds: whatever a component leaves is stopped on all of them. Those of earlier rollbacks that new ones cover are
/// taken off: a service has room for fifty tags.
async fn plan_holds(invocation: &ChangeRun<'_>, components: &mut [Box<dyn ComponentWithPlan>]) -> Vec<PlannedHold> {
    let left = left_releases(components.iter().map(|component| component.plan()));
    let mut holds = Vec::new();
    for component in components {
        for mut planned in component.plan_holds(&left) {
            planned.covers =
                evidence::covered(&invocation.history(), &planned.left, &component.observed().holds()).await;
            component.drop_covered(&planned.covers);
            holds.push(planned);
        }
    }
    holds
}

/// A release that has all that is left leaves nothing to stop.
async fn leave_out_forward(invocation: &ChangeRun<'_>, components: &mut [Box<dyn ComponentWithPlan>]) {
    for component in components {
        let Some(LeftRelease { left, returned: Some(returned) }) = component.plan().back.leaves.clone() else {
            continue;
        };
        if evidence::has(&invocation.history(), &left, &returned).await == Some(true) {
            let (name, left, returned) = (&component.plan().name, left.short(), returned.short());
            invocation
                .events
                .note(format!("{name} goes forward from {left} to {returned}, so no commit is barred for it"));
            component.go_forward();
        }
    }
}

/// The revisions that are called a success by tags which their content does not confirm, in words.
fn seen_left_out(seen: &ObservedEnvironment) -> Vec<String> {
    let each = seen.iter().flat_map(|component| {
        let reasons = component.left_out().into_iter().take(LEFT_OUT_SHOWN);
        reasons.map(|reason| format!("{} does not go back to {reason}", component.observed().name()))
    });
    each.collect()
}

fn warn_of_left_out(invocation: &ChangeRun<'_>, seen: &ObservedEnvironment) {
    for text in seen_left_out(seen) {
        let hint = "find out who wrote its tags: CloudTrail has TagResource and RegisterTaskDefinition";
        invocation.events.warning(text, Some(hint.to_owned()));
    }
}

/// What somebody who rolls back should know before.
fn note(invocation: &ChangeRun<'_>, target: &EnvironmentTarget, plan: &WholePlan) {
    let release = &plan.release;
    for component in plan.components().filter(|component| !component.is_empty()) {
        let name = &component.name;
        if let Some(revision) = &component.back.restores {
            let text = if release.is_baseline() {
                format!("that {revision} ran as {name} before the first release is known by the ledger alone")
            } else {
                let release = release.short();
                format!("that {release} served as {name} is known by the ledger alone: the tags of {revision}")
            };
            invocation.events.warning(text, Some(LEDGER_ALONE.to_owned()));
        }
        let brought_back = &component.back.brought_back;
        if !brought_back.is_empty() {
            let (shipped, whole) = if component.publishes() {
                ("files", "what was written beside them, too")
            } else {
                ("image", "the whole task definition")
            };
            invocation.events.warning(
                format!("{name} gets back more than its {shipped}: {}", brought_back.join(", ")),
                Some(format!("make sure that you want it: a rollback restores {whole}")),
            );
        }
        if target.components.iter().any(|it| it.name == *name && it.kind.pre_deploy().is_some()) {
            invocation.events.warning(
                format!("what the pre-deploy commands of {name} did is not undone"),
                Some("make sure that the older release can work with what they left".to_owned()),
            );
        }
        if component.back.leaves.is_none() && !component.back.is_forward {
            let why = match &component.runs {
                Some(runs) if runs.sha() == release.sha() && !release.is_baseline() => {
                    format!("{name} runs a build of the same commit")
                }
                _ => format!("which commit {name} runs is not known"),
            };
            invocation.events.warning(
                format!("{why}, so no commit is barred for it"),
                Some(format!("`shipgate hold {} --reason …` stops every release", target.environment)),
            );
        }
    }
}

//! `promote` and `plan promote`: what another environment has proven, by the same digests.

use std::collections::BTreeMap;

use super::awaited::wait_for_statuses;
use super::change::{
    ChangeRun, CheckedChange, LEDGER_ALONE, PreparedChange, StopPoint, finish, planned_tags, refused, take_bundles,
};
use super::held::held;
use crate::cli;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::gate::{self, Fact, Gate, GateName, GateOverride, Soaked, SourceProof};
use crate::domain::given_bundle::GivenBundle;
use crate::domain::image::Digest;
use crate::domain::names::{ComponentName, EnvironmentName};
use crate::domain::outcome::Outcome;
use crate::domain::plan::{ImagePlan, Intent, plan_promoted_image};
use crate::domain::promotion::{Choice, LedgerSearch, Recorded, ReleaseEvidence, SourceObservation, choose};
use crate::domain::release::{GitSha, ReleaseName};
use crate::domain::role::RolePurpose;
use crate::domain::step::{StepId, StepSubject, StepVerb};
use crate::domain::target::EnvironmentTarget;
use crate::domain::view::plan::NothingToPromote;
use crate::kinds::{self, Promoted, WholePlan, driver};
use crate::observe::{self, Cloud, DefinitionFiles, RegistryAccess};
use crate::together::try_each;
use crate::verify::Prober;

/// The environment that is promoted from, as it was seen.
struct ObservedSource {
    target: EnvironmentTarget,
    cloud: Cloud,
    access: RegistryAccess,
    components: Vec<Box<dyn kinds::PromotionSource>>,
}

impl ObservedSource {
    /// A component that a release was chosen for.
    fn component(&self, name: &ComponentName) -> Result<&dyn kinds::PromotionSource, Failure> {
        let found = self.components.iter().find(|component| component.name() == name);
        found.map(AsRef::as_ref).ok_or_else(|| missing(name, &self.target.environment))
    }
}

/// Nothing is promoted of a component that the source was not seen to have.
fn missing(name: &ComponentName, source: &EnvironmentName) -> Failure {
    Failure::failed(format!("component `{name}` was not seen on {source}"))
        .hint(format!("compare what `{source}` has of `{name}` in the configuration with the environment promoted to"))
}

/// A release of the source with what speaks against it.
struct SourceRelease {
    choice: Choice,
    failures: Vec<(ComponentName, String)>,
    /// What is promoted of each component.
    promoted: BTreeMap<ComponentName, Box<dyn Promoted>>,
}

/// Promotes, or plans to.
///
/// # Errors
///
/// With the outcome.
pub async fn run(invocation: ChangeRun<'_>, arguments: &cli::Promote) -> Result<Outcome, Failure> {
    let (invocation, expected) = invocation.expecting(arguments.expect_plan.as_deref(), arguments.plan_run)?;
    let invocation = &invocation;
    let mut found = plan(invocation, arguments).await?;
    if let CheckedChange::Plan(prepared) = &found
        && let Some(awaited) = wait_for_statuses(invocation, prepared, expected.as_ref()).await
    {
        found = plan(invocation, arguments).await?;
        if let CheckedChange::Plan(prepared) = &mut found {
            awaited.give_to(prepared);
        }
    }
    match found {
        CheckedChange::Plan(prepared) => finish(invocation, *prepared, expected.as_ref()).await,
        // Without a release there is no plan: that refuses a promotion, and is what somebody who plans one gets to know.
        CheckedChange::Nothing(gates) => match invocation.until {
            StopPoint::Planned => Ok(Outcome::Planned),
            StopPoint::Applied => Err(refused(&gates)),
        },
    }
}

/// Plans to promote, with the evidence for the gates.
///
/// # Errors
///
/// With the outcome.
pub async fn plan(invocation: &ChangeRun<'_>, arguments: &cli::Promote) -> Result<CheckedChange, Failure> {
    let (context, configuration) = (invocation.context, &invocation.configuration);
    let target = configuration.target(context, &arguments.environment, &arguments.components)?;
    let source_name = source_of(&target)?;
    kinds::can_be_planned("a promotion", &target)?;
    let overrides = ChangeRun::overrides(&target, &arguments.overrides)?;
    let source = configuration.target(context, source_name.as_str(), &arguments.components)?;
    let wanted = invocation.release(arguments.release.as_deref()).await?;
    let cloud = observe::WriterSession::enter(&invocation.identities, &target, invocation.until.access()).await?;
    let asked = asked_of(&source_name, &target);
    let source = observe_source(invocation, source).await.map_err(|failure| failure.cause(&asked))?;
    let proven = prove(invocation, &source, wanted.as_ref()).await.map_err(|failure| failure.cause(&asked))?;
    let proven = match proven {
        Ok(proven) => proven,
        Err(gate) => return Ok(nothing_to_promote(invocation, &target, &source, gate)),
    };
    let prepared =
        prepare(invocation, (target, cloud), source, proven, (wanted.as_ref(), overrides, &arguments.bundles)).await?;
    Ok(CheckedChange::Plan(Box::new(prepared)))
}

/// The same permission may be missing on either side.
fn asked_of(source: &EnvironmentName, target: &EnvironmentTarget) -> String {
    format!("asked of {source}, which {} promotes from", target.environment)
}

fn source_of(target: &EnvironmentTarget) -> Result<EnvironmentName, Failure> {
    target.promotes_from.clone().ok_or_else(|| {
        let environment = &target.environment;
        Failure::invalid(format!("environment `{environment}` promotes from no other")).hint(format!(
            "`shipgate deploy {environment}`, or write `promotes-from` in `[environments.{environment}]`"
        ))
    })
}

async fn observe_source(invocation: &ChangeRun<'_>, target: EnvironmentTarget) -> Result<ObservedSource, Failure> {
    let cloud = observe::cloud(&invocation.identities, &target, RolePurpose::Read).await?;
    let access = observe::registry(&cloud, &invocation.addresses, &target, invocation.context.masks()).await?;
    let look = |component| driver(component).observe_source(component, &cloud, &access.registry);
    let components = try_each(&target.components, look).await?;
    Ok(ObservedSource { target, cloud, access, components })
}

/// Chooses the release and gathers its evidence: running tasks and probes, or the ledger where a release is named. Where
/// there is none, the gate says why.
async fn prove(
    invocation: &ChangeRun<'_>,
    source: &ObservedSource,
    wanted: Option<&GitSha>,
) -> Result<Result<SourceRelease, Gate>, Failure> {
    let looks = look(source, wanted).await?;
    let mut choice = match choose(&looks, wanted) {
        Ok(choice) => choice,
        Err(reasons) => return Ok(Err(with_first_step(gate::unproven(&source.target.environment, &reasons), source))),
    };
    let failures = ask_probes(invocation, source, wanted, &mut choice).await?;
    let mut promoted = BTreeMap::new();
    for chosen in &choice.components {
        let entry = source.component(&chosen.component)?.promoted(&source.cloud, &chosen.evidence).await?;
        promoted.insert(chosen.component.clone(), entry);
    }
    Ok(Ok(SourceRelease { choice, failures, promoted }))
}

/// Says that there is no plan, because there is no release.
fn nothing_to_promote(
    invocation: &ChangeRun<'_>,
    target: &EnvironmentTarget,
    source: &ObservedSource,
    gate: Gate,
) -> CheckedChange {
    let gates = vec![gate];
    invocation.events.emit(RunEvent::NothingToPromote(Box::new(NothingToPromote {
        app: target.app.clone(),
        environment: target.environment.clone(),
        source: source.target.environment.clone(),
        gates: gates.clone(),
        is_all: invocation.until == StopPoint::Planned,
    })));
    CheckedChange::Nothing(gates)
}

/// Where the source never got a release, waiting does not help.
fn with_first_step(unproven: Gate, source: &ObservedSource) -> Gate {
    if source.components.iter().all(|component| component.has_release()) {
        return unproven;
    }
    let command = if source.target.promotes_from.is_some() { "promote" } else { "deploy" };
    let hint = format!("put a release there first: `shipgate {command} {}`", source.target.environment);
    Gate { hint: Some(hint), ..unproven }
}

/// What every component runs; where that is not the release that is wanted, also what the ledger says of that.
async fn look(source: &ObservedSource, wanted: Option<&GitSha>) -> Result<Vec<SourceObservation>, Failure> {
    let mut looks = Vec::new();
    for component in &source.components {
        let running = component.promotable();
        let runs_it = running.as_ref().is_ok_and(|runs| wanted.is_none_or(|wanted| runs.release == *wanted));
        let LedgerSearch { recorded, doubts } = match wanted {
            Some(wanted) if !runs_it => component.recorded(&source.cloud, wanted).await?,
            _ => LedgerSearch::default(),
        };
        let image = component.image().cloned();
        looks.push(SourceObservation { component: component.name().clone(), image, running, recorded, doubts });
    }
    Ok(looks)
}

/// Asks the source's probes whether what runs also answers. Somebody who names a release may take one that answered
/// when it was deployed, by the ledger. Returns the components that do not answer, with the reason.
async fn ask_probes(
    invocation: &ChangeRun<'_>,
    source: &ObservedSource,
    wanted: Option<&GitSha>,
    choice: &mut Choice,
) -> Result<Vec<(ComponentName, String)>, Failure> {
    let mut failures = Vec::new();
    let release = ReleaseName::Commit(choice.release.clone());
    let environment = &source.target.environment;
    let prober =
        Prober { http: &invocation.http, browser: &invocation.browser, events: invocation.events, release: &release };
    for chosen in choice.components.iter_mut().filter(|chosen| chosen.evidence == ReleaseEvidence::Runs) {
        let component = source.component(&chosen.component)?;
        let step = StepId::of_source(StepVerb::Probe, environment, component.name());
        let Err(failure) = prober.ask_all(component.probes(), &step).await else { continue };
        match recorded(source, component, wanted, &chosen.digest).await? {
            Some(recorded) => chosen.evidence = ReleaseEvidence::Recorded(recorded),
            None => failures.push((component.name().clone(), failure.brief())),
        }
    }
    Ok(failures)
}

/// The success that the ledger has of a release that somebody names, with the same bytes.
async fn recorded(
    source: &ObservedSource,
    component: &dyn kinds::PromotionSource,
    wanted: Option<&GitSha>,
    digest: &Digest,
) -> Result<Option<Recorded>, Failure> {
    let Some(wanted) = wanted else { return Ok(None) };
    let recorded = component.recorded(&source.cloud, wanted).await?.recorded;
    Ok(recorded.filter(|recorded| recorded.digest == *digest))
}

/// Makes sure, right before the gates, that the source still runs what was examined: the answers of its probes are worth
/// nothing when another deployment, or another task, may have given them. A release that somebody names may have moved
/// on, where the ledger records the success of that same revision.
async fn confirm(
    invocation: &ChangeRun<'_>,
    source: &ObservedSource,
    wanted: Option<&GitSha>,
    proven: &mut SourceRelease,
) -> Result<(), Failure> {
    for chosen in proven.choice.components.iter_mut().filter(|chosen| chosen.evidence == ReleaseEvidence::Runs) {
        let component = source.component(&chosen.component)?;
        if proven.failures.iter().any(|(name, _)| name == component.name()) {
            continue;
        }
        let still_runs = component.still_runs(&source.cloud, &source.access.registry).await?;
        let Err(reason) = still_runs else {
            if let Some(tasks) = component.tasks() {
                let subject = StepSubject::Source(source.target.environment.clone(), component.name().clone());
                invocation.events.emit(RunEvent::TasksProven { subject, tasks });
            }
            continue;
        };
        let recorded = recorded(source, component, wanted, &chosen.digest).await?;
        match recorded.filter(|recorded| component.is_running(&recorded.revision)) {
            Some(recorded) => chosen.evidence = ReleaseEvidence::Recorded(recorded),
            None => proven.failures.push((component.name().clone(), reason)),
        }
    }
    Ok(())
}

async fn prepare(
    invocation: &ChangeRun<'_>,
    (mut target, cloud): (EnvironmentTarget, observe::WriterSession),
    source: ObservedSource,
    mut proven: SourceRelease,
    (wanted, overrides, bundles): (Option<&GitSha>, Vec<GateOverride>, &[GivenBundle]),
) -> Result<PreparedChange, Failure> {
    let sha = &proven.choice.release;
    let release = ReleaseName::Commit(sha.clone());
    invocation.events.emit(RunEvent::ReleaseChosen(release.clone()));
    warn_of_ledger_alone(invocation, &source.target.environment, &proven.choice);
    let (context, configuration) = (invocation.context, &invocation.configuration);
    let recorded = |name: &ComponentName| proven.promoted.get(name).and_then(|promoted| promoted.has_pre_deploy());
    let files = observe::at_release(context, configuration, &invocation.git, sha, &mut target, &recorded).await?;
    if matches!(files, DefinitionFiles::Unused) {
        warn_of_unknown_pre_deploy(invocation, &target, &proven);
    }
    let access = observe::registry(&cloud, &invocation.addresses, &target, invocation.context.masks()).await?;
    let mut observed =
        try_each(&target.components, |component| kinds::observe(&cloud, component, &files, Some(&release))).await?;
    for component in &mut observed {
        let promoted = proven.promoted.get(component.name());
        let promoted = promoted.ok_or_else(|| missing(component.name(), &source.target.environment))?;
        component.take_promoted(promoted.as_ref()).await?;
    }
    take_bundles(&mut observed, bundles)?;
    let images = images(&source, (&cloud, &access), &target, &proven.choice).await?;
    let intent = Intent::Promote { source: source.target.environment.clone() };
    let mut plan = WholePlan::new(intent, cloud.account.clone(), &target, release);
    for component in observed {
        plan.components.push(component.plan(&images, &plan.release)?);
    }
    plan.tags = planned_tags(&cloud, &access, &images, &plan.release).await?;
    (plan.images, plan.overrides) = (images, overrides);
    let mut evidence = invocation.evidence(&cloud, &plan).await;
    evidence.contract = held(invocation, &target, &plan, Some((&source.target, &source.components))).await;
    let asked = asked_of(&source.target.environment, &target);
    confirm(invocation, &source, wanted, &mut proven).await.map_err(|failure| failure.cause(&asked))?;
    if plan.policy.is_evaluated(GateName::Soak, plan.command) {
        evidence.soak = Fact::Is(soaked(&source, &proven.choice).await.map_err(|failure| failure.cause(&asked))?);
    }
    let SourceRelease { choice, failures, .. } = proven;
    evidence.proof = Fact::Is(SourceProof { source: source.target.environment.clone(), choice, failures });
    Ok(PreparedChange { cloud, access, source: Some(source.access), plan, evidence })
}

/// Since when each component of the source runs what is promoted.
async fn soaked(source: &ObservedSource, choice: &Choice) -> Result<Vec<Soaked>, Failure> {
    let mut soaked = Vec::new();
    for chosen in &choice.components {
        let component = source.component(&chosen.component)?;
        let runs = match &chosen.evidence {
            ReleaseEvidence::Runs => true,
            ReleaseEvidence::Recorded(recorded) => component.is_running(&recorded.revision),
        };
        let run = component.ran(&source.cloud, &chosen.digest, runs).await?;
        soaked.push(Soaked::of(chosen.component.clone(), &run));
    }
    Ok(soaked)
}

/// Says where nothing that runs proves the release: everyone who may tag the revisions of the source could have said it.
fn warn_of_ledger_alone(invocation: &ChangeRun<'_>, source: &EnvironmentName, choice: &Choice) {
    let recorded = choice.by_tags_alone();
    if !recorded.is_empty() {
        invocation.events.warning(
            format!(
                "that {} succeeded on {source} is known by the ledger alone, which are tags: {}",
                choice.release.short(),
                recorded.join(", ")
            ),
            Some(LEDGER_ALONE.to_owned()),
        );
    }
}

/// Says of which components it is not known whether the release has a command before traffic.
fn warn_of_unknown_pre_deploy(invocation: &ChangeRun<'_>, target: &EnvironmentTarget, proven: &SourceRelease) {
    for component in target.components.iter().filter(|component| component.kind.has_pre_deploy().is_none()) {
        if let Some(promoted) = proven.promoted.get(&component.name) {
            invocation.events.warning(
                format!(
                    "whether the release has a pre-deploy command for {} is not known, so none runs: commit {} is not \
                     in the clone, and {} does not say",
                    component.name,
                    proven.choice.release.short(),
                    promoted.short()
                ),
                Some("fetch the whole history: `fetch-depth: 0` of actions/checkout".to_owned()),
            );
        }
    }
}

async fn images(
    source: &ObservedSource,
    (cloud, access): (&Cloud, &RegistryAccess),
    target: &EnvironmentTarget,
    choice: &Choice,
) -> Result<Vec<ImagePlan>, Failure> {
    let release = ReleaseName::Commit(choice.release.clone());
    let release = &release;
    try_each(&target.images, |image| async move {
        let of_source = source.target.images.iter().find(|other| other.component == image.component);
        let (Some(of_source), Some(digest)) = (of_source, choice.digest_of(&image.component)) else {
            let reason = format!("the source runs no image of `{}`", image.component);
            return Err(Failure::failed(reason).hint("deploy the commit to the source again"));
        };
        let seen = observe::promoted_image(&source.access, of_source, (cloud, access), image, digest, release).await?;
        let (repository, seen) = seen;
        Ok(plan_promoted_image(image, repository, &seen, release)?)
    })
    .await
}

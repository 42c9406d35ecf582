//! `deploy` and `plan deploy`.

use super::awaited::wait_for_statuses;
use super::change::{ChangeRun, PreparedChange, StopPoint, finish, planned_tags, take_bundles};
use super::held::held;
use crate::cli;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::gate::{ChangeCommand, Fact, GateOverride};
use crate::domain::given_bundle::GivenBundle;
use crate::domain::origin::ReusedImage;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{ComponentPlan, ImageStep, Intent, plan_image};
use crate::domain::release::ReleaseName;
use crate::domain::step::StepVerb;
use crate::domain::target::{EnvironmentTarget, Reuse};
use crate::domain::workflow::Endpoint;
use crate::evidence::Origins;
use crate::kinds::{self, WholePlan};
use crate::observe::{self, Checkout, Cloud, DefinitionFiles, RegistryAccess};
use crate::together::try_each;

/// Deploys, or plans to.
///
/// # Errors
///
/// With the outcome.
pub async fn run(invocation: &ChangeRun<'_>, arguments: &cli::Deploy) -> Result<Outcome, Failure> {
    let mut prepared = plan(invocation, arguments, ChangeCommand::Deploy).await?;
    if let Some(awaited) = wait_for_statuses(invocation, &prepared, None).await {
        prepared = plan(invocation, arguments, ChangeCommand::Deploy).await?;
        awaited.give_to(&mut prepared);
    }
    finish(invocation, prepared, None).await
}

/// Plans to deploy, with the evidence for the gates of a command.
///
/// # Errors
///
/// With the outcome.
pub async fn plan(
    invocation: &ChangeRun<'_>,
    arguments: &cli::Deploy,
    command: ChangeCommand,
) -> Result<PreparedChange, Failure> {
    let target = invocation.configuration.target(invocation.context, &arguments.environment, &arguments.components)?;
    directly_deployable(&target)?;
    kinds::can_be_planned("a deploy", &target)?;
    let overrides = ChangeRun::overrides(&target, &arguments.overrides)?;
    let directory = &invocation.configuration.directory;
    let contexts = target.images.iter().map(|image| image.build.context.as_path());
    let sites = target.components.iter().filter_map(|component| component.kind.built_from());
    let built: Vec<_> = contexts.chain(sites).map(|built| directory.join(built)).collect();
    let release = observe::release(&invocation.git, &built, arguments.allow_dirty, (invocation.clock)()).await?;
    invocation.events.emit(RunEvent::ReleaseChosen(release.clone()));
    prepare(invocation, target, release, (command, overrides), &arguments.bundles).await
}

fn directly_deployable(target: &EnvironmentTarget) -> Result<(), Failure> {
    match &target.promotes_from {
        None => Ok(()),
        Some(source) => Err(Failure::invalid(format!(
            "environment `{}` promotes from `{source}` and cannot be deployed to directly",
            target.environment
        ))
        .hint(format!("deploy to `{source}`, then `shipgate promote {}`", target.environment))),
    }
}

async fn prepare(
    invocation: &ChangeRun<'_>,
    target: EnvironmentTarget,
    release: ReleaseName,
    (command, overrides): (ChangeCommand, Vec<GateOverride>),
    bundles: &[GivenBundle],
) -> Result<PreparedChange, Failure> {
    let directory = &invocation.configuration.directory;
    let cloud = observe::WriterSession::enter(&invocation.identities, &target, invocation.until.access()).await?;
    let access = observe::registry(&cloud, &invocation.addresses, &target, invocation.context.masks()).await?;
    let checkout = Checkout::around(invocation.context, directory);
    let files = DefinitionFiles::working_tree(invocation.context, directory);
    let mut observed =
        try_each(&target.components, |component| kinds::observe(&cloud, component, &files, Some(&release))).await?;
    take_bundles(&mut observed, bundles)?;
    let (cloud_of, registry, wanted) = (&cloud, &access.registry, &release);
    let images = try_each(&target.images, |image| {
        let checkout = &checkout;
        async move {
            let (repository, state) = observe::image(cloud_of, registry, image, wanted).await?;
            let planned = plan_image(image, repository, &state, wanted)?;
            if matches!(planned.step, ImageStep::Build { .. }) {
                checkout.can_build(directory, &image.build)?;
            }
            Ok::<_, Failure>(planned)
        }
    });
    let images = images.await?;
    let mut plan = WholePlan::new(Intent::Deploy, cloud.account.clone(), &target, release);
    for component in observed {
        plan.components.push(component.plan(&images, &plan.release)?);
    }
    if invocation.until == StopPoint::Applied {
        built_without_credentials(invocation, &plan)?;
    }
    plan.tags = planned_tags(&cloud, &access, &images, &plan.release).await?;
    plan.images = images;
    (plan.command, plan.overrides) = (command, overrides);
    let mut evidence = invocation.evidence(&cloud, &plan).await;
    evidence.contract = held(invocation, &target, &plan, None).await;
    evidence.reused = Fact::Is(reused(invocation, &target, (&cloud, &access), &plan).await?);
    Ok(PreparedChange { cloud, access, source: None, plan, evidence })
}

/// Makes sure that no command of the repository runs where a token of the role can be had: whatever it installs could
/// assume the role.
fn built_without_credentials(invocation: &ChangeRun<'_>, plan: &WholePlan) -> Result<(), Failure> {
    let is_built =
        |component: &&ComponentPlan| component.preparation.iter().any(|step| step.id.verb == StepVerb::Bundle);
    let Some(component) = plan.components().find(is_built) else { return Ok(()) };
    if invocation.context.endpoint() == Endpoint::Absent {
        return Ok(());
    }
    let name = &component.name;
    Err(Failure::invalid(format!("`{name}` is not stored yet, and this job may not build it"))
        .cause("the job can get a token for the role, and so could all that the build runs")
        .hint(format!(
            "run `shipgate build {name}` in a job without `id-token: write`, and hand its file on with --bundle; the \
             workflow deploy-stage.yml does that"
        )))
}

/// The images that were in their repositories before. One from elsewhere is worth a warning, where it does not refuse.
async fn reused(
    invocation: &ChangeRun<'_>,
    target: &EnvironmentTarget,
    (cloud, access): (&Cloud, &RegistryAccess),
    plan: &WholePlan,
) -> Result<Vec<ReusedImage>, Failure> {
    // What names the services of other components may not be set where some are deployed alone.
    let all = invocation.configuration.services(invocation.context, target.environment.as_str(), &[]);
    let components = all.map_or_else(|_| target.components.clone(), |all| all.components);
    let origins = Origins { cloud, access, planned: &plan.components, components: &components, release: &plan.release };
    let reused = origins.of(&plan.images).await?;
    invocation.events.emit(RunEvent::ImagesReused(reused.clone()));
    for (warning, hint) in reused.iter().filter(|image| image.reuse == Reuse::Any).filter_map(ReusedImage::warning) {
        invocation.events.warning(warning, Some(hint));
    }
    Ok(reused)
}

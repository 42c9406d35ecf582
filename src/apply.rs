//! Carries out an authorized plan: images first, then the components in order. The only caller of mutating methods.

use jiff::Timestamp;

use crate::clients::docker::{BuildRequest, Docker, DockerConfig, ExistingConfig};
use crate::clients::git::Git;
use crate::clients::http::Http;
use crate::clients::process::Processes;
use crate::clients::registry::REVISION_LABEL;
use crate::context::Context;
use crate::domain::gate::Authorized;
use crate::domain::image::{Digest, Repository};
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::plan::{ComponentFacts, ImagePlan, ImageState, ImageStep, Plan, plan_component, plan_image};
use crate::domain::release::ReleaseName;
use crate::domain::target::{Image, Kind};
use crate::error::Failure;
use crate::kinds;
use crate::observe::{self, Cloud, RegistryAccess};
use crate::report::journal::{Journal, Running};

/// What every part of carrying out a plan needs.
#[derive(Debug)]
pub struct Run<'a> {
    /// The facts of the invocation.
    pub context: &'a Context,
    /// AWS.
    pub cloud: &'a Cloud,
    /// The registry.
    pub access: &'a RegistryAccess,
    /// Child processes.
    pub processes: &'a Processes,
    /// HTTP for probes.
    pub http: &'a Http,
    /// The record.
    pub journal: &'a Journal,
    /// The release.
    pub release: ReleaseName,
    /// What names this run in the ledger.
    pub name: String,
    /// Reads the wall clock.
    pub clock: fn() -> Timestamp,
}

impl Run<'_> {
    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// Carries out the plan. Each component's outcome is in the journal; the total is returned.
///
/// # Errors
///
/// The first failure. Components after it are skipped, those before it stay as they are.
pub async fn apply(
    run: &Run<'_>,
    plan: &Authorized<Plan>,
    facts: &[(ComponentName, ComponentFacts)],
) -> Result<Outcome, Failure> {
    let plan = plan.plan();
    let images = build_images(run, plan).await?;
    let mut outcomes = Vec::new();
    let mut unproven = None;
    for planned in &plan.components {
        match apply_component(run, plan, &planned.name, facts, &images).await {
            Ok(outcome) => outcomes.push(outcome),
            Err(failure) => {
                // Nothing is wrong with a component that nobody wants to run: the others go on.
                let failure = name_components(run, plan, &planned.name, failure);
                if failure.outcome != Outcome::Unproven {
                    return Err(failure);
                }
                unproven = unproven.or(Some(failure));
            }
        }
    }
    match unproven {
        Some(failure) => Err(failure),
        None => Ok(Outcome::worst(outcomes).unwrap_or(Outcome::Unchanged)),
    }
}

/// Says which of several components a failure is of, and which ones were changed before it and stay.
fn name_components(run: &Run<'_>, plan: &Plan, name: &ComponentName, mut failure: Failure) -> Failure {
    if plan.components.len() < 2 {
        return failure;
    }
    failure.reason = format!("{name}: {}", failure.reason);
    let record = run.journal.record();
    let before = record.components.iter().filter(|component| component.changed && component.name != *name);
    let before: Vec<String> = before.map(|component| component.name.to_string()).collect();
    if !before.is_empty() {
        failure.reason = format!("{}; changed before and left so: {}", failure.reason, before.join(", "));
    }
    failure
}

/// What a component's end means for its entry. `released`: what it runs if it came to run the release.
fn record_end(run: &Run<'_>, name: &ComponentName, result: &Result<Outcome, Failure>, released: Option<Running>) {
    run.journal.component(name, |component| {
        let outcome = match result {
            Ok(outcome) => *outcome,
            Err(failure) => {
                component.causes.clone_from(&failure.causes);
                failure.outcome
            }
        };
        component.outcome = Some(outcome);
        if matches!(outcome, Outcome::Deployed | Outcome::Unchanged | Outcome::Unproven) {
            component.current = released;
        } else if component.changed && outcome != Outcome::RolledBack {
            // What serves now was not verified, so it is not said.
            component.current = None;
        }
    });
}

/// Plans a component again now that its image is known, and carries that out.
async fn apply_component(
    run: &Run<'_>,
    plan: &Plan,
    name: &ComponentName,
    facts: &[(ComponentName, ComponentFacts)],
    images: &[ImagePlan],
) -> Result<Outcome, Failure> {
    let bug = |what: &str| Failure::failed(format!("{what} component `{name}`: please report this as a bug"));
    let component = plan.target.components.iter().find(|component| component.name == *name);
    let observed = facts.iter().find(|(observed, _)| observed == name);
    let shown = plan.components.iter().find(|shown| shown.name == *name);
    let (Some(component), Some((_, observed)), Some(shown)) = (component, observed, shown) else {
        return Err(bug("the plan lost"));
    };
    let refined = plan_component(component, observed, images, &run.release)?;
    if refined.is_empty() != shown.is_empty() {
        return Err(bug("what is known now contradicts the plan of"));
    }
    run.journal.component(name, |record| record.changes = refined.differences().0.to_vec());
    let result = kinds::apply(run, &refined).await;
    record_end(run, name, &result, Some(kinds::released(&refined, &run.release)));
    result
}

/// Makes every image known: builds those that are not there.
async fn build_images(run: &Run<'_>, plan: &Plan) -> Result<Vec<ImagePlan>, Failure> {
    let mut known = Vec::new();
    for image in &plan.images {
        let users = users_of(plan, &image.image);
        let built = match &image.step {
            ImageStep::Reuse { missing_tags, image: found } => {
                let step = format!("tag {}", image.image.component);
                for tag in missing_tags {
                    run.journal.step(&step, run.access.registry.tag(&image.repository, &found.digest, tag)).await?;
                }
                image.clone()
            }
            ImageStep::Build { create_repository } => match build(run, image, *create_repository, &users).await {
                Ok(built) => built,
                Err(failure) => {
                    let result = Err(failure);
                    for user in &users {
                        record_end(run, user, &result, None);
                    }
                    return result.map(|_| known);
                }
            },
        };
        if let crate::domain::plan::PlannedImage::Known(found) = built.planned() {
            run.journal.update(|record| {
                record.digests.insert(image.image.component.clone(), found.digest);
            });
        }
        known.push(built);
    }
    Ok(known)
}

fn users_of(plan: &Plan, image: &Image) -> Vec<ComponentName> {
    let uses = |kind: &Kind| match kind {
        Kind::Ecs(target) => target.image == image.component,
    };
    plan.target
        .components
        .iter()
        .filter(|component| uses(&component.kind))
        .map(|component| component.name.clone())
        .collect()
}

/// Builds and pushes one image, and lets the registry confirm what it has.
async fn build(
    run: &Run<'_>,
    plan: &ImagePlan,
    create_repository: bool,
    users: &[ComponentName],
) -> Result<ImagePlan, Failure> {
    let component = &plan.image.component;
    // Before anything is made: without an engine nothing can be built.
    let docker = Docker::detect(run.processes.clone(), &run.cloud.directory).await?;
    if create_repository {
        let create = run.cloud.ecr.create_repository(&plan.repository.name);
        run.journal.step(&format!("create repository {component}"), create).await?;
        run.journal.made(format!("repository {}", plan.repository), users.to_vec());
    }
    let request = build_request(run, plan).await?;
    let existing = ExistingConfig::new(run.context.variable("DOCKER_CONFIG"), run.context.variable("HOME"));
    let config = DockerConfig::create(&existing, &plan.repository.host, &run.access.login)?;
    let step = format!("build {component}");
    let work = docker.build_and_push(&request, &config, |line| run.journal.output(&step, line));
    let digest = run.journal.step(&step, work).await?;
    run.journal.made(format!("image {}:{}@{digest}", plan.repository, plan.tag), users.to_vec());
    confirm(run, plan, &digest).await
}

async fn build_request(run: &Run<'_>, plan: &ImagePlan) -> Result<BuildRequest, Failure> {
    let directory = &run.cloud.directory;
    let build = &plan.image.build;
    let mut tags = vec![plan.tag.clone()];
    tags.extend(observe::extra_tags(&plan.image, &run.release)?);
    let source = match run.context.source_url() {
        Some(url) => Some(url),
        None => Git::new(run.processes.clone(), directory).origin().await?,
    };
    let release = run.release.to_string();
    let mut labels = vec![
        (REVISION_LABEL.to_owned(), release.clone()),
        ("org.opencontainers.image.version".to_owned(), release),
        ("org.opencontainers.image.created".to_owned(), run.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
    ];
    labels.extend(source.map(|source| ("org.opencontainers.image.source".to_owned(), source)));
    Ok(BuildRequest {
        context: directory.join(&build.context),
        dockerfile: build.dockerfile.as_ref().map(|path| directory.join(path)),
        platforms: build.platforms.clone(),
        arguments: build.args.iter().map(|(name, value)| (name.clone(), value.render(&run.release))).collect(),
        labels,
        repository: plan.repository.clone(),
        tags,
    })
}

/// The registry has under the release's tag what docker says it pushed, with our label.
async fn confirm(run: &Run<'_>, plan: &ImagePlan, pushed: &Digest) -> Result<ImagePlan, Failure> {
    let state = observe::image(run.cloud, &run.access.registry, &plan.image, &run.release).await?;
    let repository: &Repository = &plan.repository;
    match state {
        (_, ImageState::Present(present)) if present.digest == *pushed => {
            Ok(plan_image(&plan.image, repository.clone(), &ImageState::Present(present), &run.release)?)
        }
        (_, ImageState::Present(present)) => Err(Failure::failed(format!(
            "registry has {} under {repository}:{}, but docker pushed {pushed}",
            present.digest, plan.tag
        ))
        .hint("another build of the same commit pushed at the same time: run this again")),
        (_, ImageState::Missing | ImageState::RepositoryMissing) => {
            Err(Failure::failed(format!("registry has no {repository}:{} after the push", plan.tag))
                .hint("check the registry; run this again"))
        }
    }
}

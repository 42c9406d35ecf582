//! Makes the images of a plan known: tags, builds or copies them.

use super::announce;
use super::ended::emit_end;
use crate::clients::docker::{BuildRequest, Docker, DockerConfig};
use crate::clients::git::Git;
use crate::clients::registry::{self, REVISION_LABEL};
use crate::domain::event::Event;
use crate::domain::failure::Failure;
use crate::domain::image::{Digest, Repository};
use crate::domain::names::ComponentName;
use crate::domain::origin::PUSH_LABEL;
use crate::domain::plan::{ImagePlan, ImageState, ImageStep, KnownImage, PlannedImage, plan_image};
use crate::domain::step::{StepId, Verb};
use crate::kinds::{Run, WholePlan};
use crate::observe;

/// Makes every image known: what is missing is built, or copied from where it is.
///
/// # Errors
///
/// The first image that cannot be had; the components that use it are recorded with that.
pub async fn make_known(run: &Run<'_>, plan: &WholePlan) -> Result<Vec<ImagePlan>, Failure> {
    let mut known = Vec::new();
    for image in &plan.images {
        let users: Vec<_> = plan.users_of(&image.image.component).map(|user| user.plan().name.clone()).collect();
        let made = match make_one(run, plan, image, &users).await {
            Ok(made) => made,
            Err(failure) => {
                let result = Err(failure);
                for user in &users {
                    emit_end(run, user, &result, None);
                }
                return result.map(|_| known);
            }
        };
        if let PlannedImage::Known(found) = made.planned() {
            let (component, digest) = (image.image.component.clone(), found.digest);
            run.events.emit(Event::ImageKnown { component, digest });
        }
        known.push(made);
    }
    Ok(known)
}

async fn make_one(
    run: &Run<'_>,
    plan: &WholePlan,
    image: &ImagePlan,
    users: &[ComponentName],
) -> Result<ImagePlan, Failure> {
    match &image.step {
        ImageStep::Reuse { missing_tags, image: found } => {
            let step = StepId::new(Verb::Tag, &image.image.component);
            let (registry, repository) = (&run.access.registry, &image.repository);
            for tag in missing_tags {
                // The release's own never moves; the others, such as `latest`, are there to be moved.
                if *tag == image.tag {
                    let put = registry::tag(registry, repository, &found.digest, tag);
                    run.events.step(&step, put).await?;
                } else {
                    run.events.step(&step, registry.move_tag(repository, &found.digest, tag)).await?;
                }
            }
            Ok(image.clone())
        }
        ImageStep::Build { create_repository } => build(run, plan, image, *create_repository, users).await,
        ImageStep::Copy { image: found, from, create_repository } => {
            create_if_missing(run, image, *create_repository, users).await?;
            copy(run, image, found, from, users).await?;
            Ok(image.clone())
        }
    }
}

/// Copies an image byte for byte, and lets the target confirm its digest.
async fn copy(
    run: &Run<'_>,
    plan: &ImagePlan,
    found: &KnownImage,
    from: &Repository,
    users: &[ComponentName],
) -> Result<(), Failure> {
    let Some(source) = run.source else {
        return Err(Failure::failed("the plan has an image to copy, but no source: please report this as a bug"));
    };
    let step = StepId::new(Verb::Copy, &plan.image.component);
    let copy = registry::copy(
        &source.registry,
        from,
        &run.access.registry,
        &plan.repository,
        &found.digest,
        &plan.tag,
        |text| run.events.progress(&step, text),
    );
    let copied = run.events.step(&step, copy).await?;
    run.events.note(format!("  {copied}"));
    run.events.made(format!("image {}", found.reference), users.to_vec());
    Ok(())
}

async fn create_if_missing(
    run: &Run<'_>,
    plan: &ImagePlan,
    create_repository: bool,
    users: &[ComponentName],
) -> Result<(), Failure> {
    if create_repository {
        let create = run.cloud.ecr.create_repository(&plan.repository.name);
        run.events.step(&StepId::new(Verb::CreateRepository, &plan.image.component), create).await?;
        run.events.made(format!("repository {}", plan.repository), users.to_vec());
    }
    Ok(())
}

/// Builds and pushes one image, and lets the registry confirm what it has.
async fn build(
    run: &Run<'_>,
    whole: &WholePlan,
    plan: &ImagePlan,
    create_repository: bool,
    users: &[ComponentName],
) -> Result<ImagePlan, Failure> {
    let component = &plan.image.component;
    // Before anything is made: without its files and an engine nothing can be built.
    let directory = &run.cloud.directory;
    observe::Checkout::around(run.context, directory).can_build(directory, &plan.image.build)?;
    let docker = Docker::detect(run.processes.clone(), &run.cloud.directory).await?;
    create_if_missing(run, plan, create_repository, users).await?;
    let mut request = build_request(run, plan).await?;
    let announced = announce::announce(run, whole, plan).await;
    request.labels.push((PUSH_LABEL.to_owned(), announced.clone()));
    // Docker says which labels it sets, and a log may have readers before the push.
    let hidden = |line: &str| line.replace(&announced, "(not shown)");
    let config = DockerConfig::create(&run.context.docker(), &plan.repository.host, &run.access.login)?;
    let step = StepId::new(Verb::Build, component);
    let work = docker.build_and_push(&request, &config, |line| run.events.output(&step, &hidden(line)));
    let digest = run.events.step(&step, work).await.map_err(|error| {
        let mut failure = Failure::from(error);
        failure.causes.iter_mut().for_each(|cause| cause.text = hidden(&cause.text));
        failure
    })?;
    run.events.made(format!("image {}:{}@{digest}", plan.repository, plan.tag), users.to_vec());
    confirm(run, plan, &digest).await
}

async fn build_request(run: &Run<'_>, plan: &ImagePlan) -> Result<BuildRequest, Failure> {
    let directory = &run.cloud.directory;
    let build = &plan.image.build;
    let mut tags = vec![plan.tag.clone()];
    tags.extend(observe::extra_tags(&plan.image, &run.release)?);
    let source = match run.context.source_url() {
        Some(url) => Some(url),
        None => Git::new(run.processes.clone(), directory, run.context.owners()).origin().await?,
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

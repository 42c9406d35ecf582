//! Makes the images of a plan known: tags, builds or copies them.

use futures_util::future::join_all;
use tokio::sync::OnceCell;

use super::announce;
use super::ended::emit_end;
use crate::clients::docker::{Docker, DockerBuild, DockerConfig, DockerError};
use crate::clients::git::Git;
use crate::clients::registry::{self, REVISION_LABEL};
use crate::domain::build_failure;
use crate::domain::event::RunEvent;
use crate::domain::failure::Failure;
use crate::domain::image::{Digest, ImageRepository};
use crate::domain::names::ComponentName;
use crate::domain::origin::PUSH_LABEL;
use crate::domain::plan::schedule::Lane;
use crate::domain::plan::{ImagePlan, ImageState, ImageStep, KnownImage, plan_image};
use crate::domain::step::{StepId, StepVerb};
use crate::domain::target::Reuse;
use crate::kinds::{ApplyRun, WholePlan};
use crate::observe;

/// Makes every image known, side by side: what is missing is built, or copied from where it is.
///
/// # Errors
///
/// The first image in order that cannot be had, with the others as causes and the worst of their outcomes; the components
/// that use them are recorded with that.
pub async fn make_known(run: &ApplyRun<'_>, plan: &WholePlan) -> Result<Vec<ImagePlan>, Failure> {
    let docker = OnceCell::new();
    let made = plan.images.iter().map(|image| {
        let users = plan.users_of(&image.image.component).map(|user| user.plan().name.clone()).collect();
        let making = Making { run: run.of(&image.image.component), plan: image, users, docker: &docker };
        make_one(run, plan, making)
    });
    let (mut known, mut failed) = (Vec::new(), None::<Failure>);
    for made in join_all(made).await.into_iter().flatten() {
        match (made, &mut failed) {
            (Ok(image), _) => known.push(image),
            (Err(failure), None) => failed = Some(failure),
            (Err(failure), Some(first)) => *first = first.clone().beside(&failure),
        }
    }
    failed.map_or(Ok(known), Err)
}

/// Makes one image known. Absent: its turn did not come.
async fn make_one(run: &ApplyRun<'_>, plan: &WholePlan, making: Making<'_>) -> Option<Result<ImagePlan, Failure>> {
    let component = making.plan.image.component.clone();
    let lane = Lane::Artifact(component.clone());
    let made = run.turns.lane(&lane, Box::pin(making.make(plan)), |made| made.as_ref().err()).await?;
    match &made {
        Ok(made) => {
            if let Some(found) = made.planned().image().known() {
                run.events.emit(RunEvent::ImageKnown { component, digest: found.digest.clone() });
            }
        }
        Err(failure) => {
            making.users.iter().for_each(|user| emit_end(run, user, Err(failure), None));
        }
    }
    Some(made)
}

/// An image in the course of a run.
struct Making<'a> {
    run: ApplyRun<'a>,
    plan: &'a ImagePlan,
    /// The components that use it.
    users: Vec<ComponentName>,
    /// The builder, for all images of the run.
    docker: &'a OnceCell<Docker>,
}

impl Making<'_> {
    fn step(&self, verb: StepVerb) -> StepId {
        StepId::new(verb, &self.plan.image.component)
    }

    async fn make(&self, plan: &WholePlan) -> Result<ImagePlan, Failure> {
        match &self.plan.step {
            ImageStep::Reuse { is_tagged: true, .. } => Ok(self.plan.clone()),
            ImageStep::Reuse { is_tagged: false, image } => {
                self.run.take(&self.step(StepVerb::Tag), self.tag(image)).await?;
                Ok(self.plan.clone())
            }
            ImageStep::Build { create_repository } => {
                // Before anything is made: without its files and an engine nothing can be built.
                let directory = &self.run.cloud.directory;
                observe::Checkout::around(self.run.context, directory).can_build(directory, &self.plan.image.build)?;
                let docker =
                    self.docker.get_or_try_init(|| Docker::detect(self.run.processes.clone(), directory)).await?;
                self.create_if_missing(*create_repository).await?;
                let digest = self.run.take(&self.step(StepVerb::Build), self.build(plan, docker)).await?;
                self.confirm(&digest).await
            }
            ImageStep::Copy { image, from, create_repository } => {
                self.create_if_missing(*create_repository).await?;
                self.run.take(&self.step(StepVerb::Copy), self.copy(image, from)).await?;
                Ok(self.plan.clone())
            }
        }
    }

    /// Puts the release's own tag on an image, which never moves.
    async fn tag(&self, found: &KnownImage) -> Result<(), Failure> {
        let registry = self.run.access.registry.open(self.run.writer.permit());
        registry::tag(registry, &self.plan.repository, &found.digest, &self.plan.tag).await?;
        self.run.events.result(&self.step(StepVerb::Tag), format!("{} on {}", self.plan.tag, found.digest));
        Ok(())
    }

    /// Copies the image byte for byte, and lets the target confirm its digest.
    async fn copy(&self, found: &KnownImage, from: &ImageRepository) -> Result<(), Failure> {
        let Self { run, plan, users, .. } = self;
        let step = self.step(StepVerb::Copy);
        let copy = registry::copy(
            &run.source.registry,
            from,
            run.access.registry.open(run.writer.permit()),
            &plan.repository,
            &found.digest,
            &plan.tag,
            |text| run.events.progress(&step, text),
        );
        let copied = copy.await?;
        run.events.result(&step, format!("{}: {copied}", found.digest));
        run.events.made(format!("image {}", found.reference), users.clone());
        Ok(())
    }

    async fn create_if_missing(&self, create_repository: bool) -> Result<(), Failure> {
        let Self { run, plan, users, .. } = self;
        if create_repository {
            let create = async { Ok::<_, Failure>(run.writer.create_repository(&plan.repository.name).await?) };
            let step = self.step(StepVerb::CreateRepository);
            let create =
                async { create.await.inspect(|()| run.events.result(&step, plan.repository.name.to_string())) };
            run.take(&step, create).await?;
            run.events.made(format!("repository {}", plan.repository), users.clone());
        }
        Ok(())
    }

    /// Builds and pushes the image. Returns what docker says that it pushed.
    async fn build(&self, whole: &WholePlan, docker: &Docker) -> Result<Digest, Failure> {
        let Self { run, plan, users, .. } = self;
        let mut request = build_request(run, plan).await?;
        let announced = announce::announce(run, whole, plan).await;
        request.labels.push((PUSH_LABEL.to_owned(), announced.clone()));
        // Docker says which labels it sets, and a log may have readers before the push.
        let hidden = |line: &str| line.replace(&announced, "(not shown)");
        let config = DockerConfig::create(&run.context.docker(), &plan.repository.host, &run.access.login)?;
        let step = self.step(StepVerb::Build);
        let work = docker.build_and_push(&request, &config, run.writer.permit(), |line| {
            run.events.output(&step, &hidden(line));
        });
        let failure = |error: DockerError| {
            let is_of_build = matches!(error, DockerError::Build { .. });
            let mut failure = Failure::from(error);
            failure.causes.iter_mut().for_each(|cause| cause.text = hidden(&cause.text));
            if !is_of_build {
                return failure;
            }
            let by_hand = build_failure::command(&plan.image.build, &run.release);
            failure.hint(format!("run the build by hand, in the directory of the configuration file: `{by_hand}`"))
        };
        let digest = match work.await {
            Ok(digest) => digest,
            // Where tags are immutable, who comes second cannot push.
            Err(error) => return self.pushed_by_another().await.ok_or_else(|| failure(error)),
        };
        run.events.result(&step, format!("{}:{} pushed, {digest}", plan.repository.name, plan.tag));
        run.events.made(format!("image {}:{}@{digest}", plan.repository, plan.tag), users.clone());
        Ok(digest)
    }

    /// The image that another run pushed since the plan was made, where any image of the commit will do.
    async fn pushed_by_another(&self) -> Option<Digest> {
        let Self { run, plan, .. } = self;
        if plan.image.reuse != Reuse::Any {
            return None;
        }
        let (repository, state) =
            observe::image(run.cloud, &run.access.registry, &plan.image, &run.release).await.ok()?;
        let ImageState::Present(present) = &state else { return None };
        plan_image(&plan.image, repository, &state, &run.release).ok()?;
        self.warn_of_another(&present.digest);
        Some(present.digest.clone())
    }

    fn warn_of_another(&self, found: &Digest) {
        let ImagePlan { repository, tag, .. } = self.plan;
        let text =
            format!("another run pushed an image of this commit at the same time: {repository}:{tag} is {found}");
        let hint = "its label names the same commit, so it is deployed; let one run build a commit";
        self.run.events.warning(text, Some(hint.to_owned()));
    }

    /// The registry has under the release's tag what docker printed that it pushed, with shipgate's label. Or what another run
    /// pushed, which built the same commit at the same time: where any image of the commit will do, that one is taken, as it
    /// would be by a run that begins now.
    async fn confirm(&self, pushed: &Digest) -> Result<ImagePlan, Failure> {
        let Self { run, plan, .. } = self;
        let state = observe::image(run.cloud, &run.access.registry, &plan.image, &run.release).await?;
        let repository: &ImageRepository = &plan.repository;
        match state {
            (_, ImageState::Present(present)) if present.digest == *pushed || plan.image.reuse == Reuse::Any => {
                let found = present.digest.clone();
                let known = plan_image(&plan.image, repository.clone(), &ImageState::Present(present), &run.release)?;
                if found != *pushed {
                    self.warn_of_another(&found);
                }
                Ok(known)
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
}

async fn build_request(run: &ApplyRun<'_>, plan: &ImagePlan) -> Result<DockerBuild, Failure> {
    let directory = &run.cloud.directory;
    let build = &plan.image.build;
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
    Ok(DockerBuild {
        context: directory.join(&build.context),
        dockerfile: build.dockerfile.as_ref().map(|path| directory.join(path)),
        platforms: build.platforms.clone(),
        arguments: build.args.iter().map(|(name, value)| (name.clone(), value.render(&run.release))).collect(),
        labels,
        repository: plan.repository.clone(),
        tag: plan.tag.clone(),
    })
}

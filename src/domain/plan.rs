//! The plan: what a command will change, as data, computed from facts and configuration by plain functions.

use std::fmt;

use serde_json::{Value, json};

use super::ecs::plan::{Drift, EcsFacts, EcsPlan, NextRevision};
use super::ecs::history;
use super::ecs::service::{Revision, short_arn};
use super::ecs::task_definition::{Change, MissingVariable, TaskDefinitionError};
use super::hold::Hold;
use super::image::{Digest, ImageReference, ImageTag, Repository};
use super::names::{AccountId, ComponentName, EnvironmentName};
use super::neutral;
use super::release::ReleaseName;
use super::rollback::Past;
use super::target::{Component, EcsTarget, Image, Kind, Target};

/// An image whose bytes are in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownImage {
    /// What a task definition gets: repository, tag and digest.
    pub reference: ImageReference,
    /// The digest of the manifest or index.
    pub digest: Digest,
    /// The digests of an index's platforms; empty for a single manifest.
    pub platforms: Vec<Digest>,
}

impl KnownImage {
    /// The digests that a running container may show.
    pub fn digests(&self) -> Vec<Digest> {
        std::iter::once(&self.digest).chain(&self.platforms).cloned().collect()
    }
}

/// An image as a plan knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlannedImage {
    /// It is there.
    Known(KnownImage),
    /// It is known after the build.
    AfterBuild {
        /// The repository's host and name.
        repository: String,
        /// The tag that it will have.
        tag: ImageTag,
    },
}

impl fmt::Display for PlannedImage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(image) => image.reference.fmt(formatter),
            Self::AfterBuild { repository, tag } => write!(formatter, "{repository}:{tag}@(known after build)"),
        }
    }
}

/// What a registry says about the image of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImageState {
    /// The repository does not exist.
    RepositoryMissing,
    /// The repository has no image with the release's tag.
    Missing,
    /// There is one.
    Present(PresentImage),
}

/// An image that a registry has under the release's tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentImage {
    /// The digest of the manifest or index.
    pub digest: Digest,
    /// The digests of an index's platforms; empty for a single manifest.
    pub platforms: Vec<Digest>,
    /// The revision labels (`org.opencontainers.image.revision`), one for each platform; `None` where it is missing.
    pub revisions: Vec<Option<String>>,
    /// The configured extra tags that do not lead to this image.
    pub missing_tags: Vec<ImageTag>,
}

/// Why an image cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The repository does not exist, and the configuration does not say to create it.
    #[error("repository `{0}` does not exist")]
    RepositoryMissing(Repository),
    /// Somebody else's image has our tag.
    #[error("image `{repository}:{tag}` is there, but its label `org.opencontainers.image.revision` is {found}")]
    TagTaken {
        /// The repository.
        repository: Repository,
        /// The release's tag.
        tag: ImageTag,
        /// The label as it was found, in words.
        found: String,
    },
    /// The source has the image no more.
    #[error("image `{repository}@{digest}` is not there any more")]
    Expired {
        /// The repository.
        repository: Repository,
        /// The image's digest.
        digest: Digest,
    },
    /// The image that runs as a release was built from something else.
    #[error("image `{repository}@{digest}` runs as release {release}, but its label `org.opencontainers.image.revision` is {found}")]
    OtherCommit {
        /// The repository.
        repository: Repository,
        /// The image's digest.
        digest: Digest,
        /// What it runs as.
        release: ReleaseName,
        /// The label as it was found, in words.
        found: String,
    },
    /// The release's tag leads to another image in the target's repository.
    #[error("`{repository}:{tag}` leads to {found}, not to {wanted}, which the source runs")]
    TagLeadsElsewhere {
        /// The target's repository.
        repository: Repository,
        /// The release's tag.
        tag: ImageTag,
        /// Where it leads.
        found: Digest,
        /// The image to promote.
        wanted: Digest,
    },
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// An image cannot be planned.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A task definition cannot take the image.
    #[error(transparent)]
    TaskDefinition(#[from] TaskDefinitionError),
    /// The source's task definition has variables that the target's lacks, and the configuration makes that an error.
    #[error("component `{component}` lacks {names}, which the source has")]
    MissingVariables {
        /// The component.
        component: ComponentName,
        /// The variables, in words.
        names: String,
    },
    /// What was seen does not cover what is configured: a fault of ours.
    #[error("nothing was observed of component `{0}`")]
    NotObserved(ComponentName),
}

/// What is planned for one image.
#[derive(Debug, Clone, PartialEq)]
pub struct ImagePlan {
    /// The image as configured.
    pub image: Image,
    /// Its repository with the registry's host.
    pub repository: Repository,
    /// The release's tag.
    pub tag: ImageTag,
    /// What to do.
    pub step: ImageStep,
}

/// What is to be done about one image.
#[derive(Debug, Clone, PartialEq)]
pub enum ImageStep {
    /// It is there.
    Reuse {
        /// The image.
        image: KnownImage,
        /// The extra tags to put on it.
        missing_tags: Vec<ImageTag>,
    },
    /// Build and push it.
    Build {
        /// Create the repository before.
        create_repository: bool,
    },
    /// Copy it by digest.
    Copy {
        /// The image as it will be.
        image: KnownImage,
        /// Where it is.
        from: Repository,
        /// Create the repository before.
        create_repository: bool,
    },
}

impl ImagePlan {
    /// The image as the rest of the plan knows it.
    pub fn planned(&self) -> PlannedImage {
        match &self.step {
            ImageStep::Reuse { image, .. } | ImageStep::Copy { image, .. } => PlannedImage::Known(image.clone()),
            ImageStep::Build { .. } => {
                PlannedImage::AfterBuild { repository: self.repository.to_string(), tag: self.tag.clone() }
            }
        }
    }
}

/// What was seen of a component.
#[derive(Debug, Clone, PartialEq)]
pub enum ComponentFacts {
    /// An ECS service.
    Ecs(EcsFacts),
}

impl ComponentFacts {
    /// The holds on the component.
    pub fn holds(&self) -> &[Hold] {
        match self {
            Self::Ecs(facts) => &facts.service.holds,
        }
    }
}

/// What a component ran before.
#[derive(Debug, Clone, PartialEq)]
pub enum ComponentPast {
    /// The revisions of a service's family, newest first.
    Ecs(Vec<Revision>),
}

/// What a component can go back to, by release.
pub fn past_releases(component: &Component, facts: &ComponentFacts, past: &ComponentPast) -> Past {
    let (Kind::Ecs(target), ComponentFacts::Ecs(facts), ComponentPast::Ecs(past)) = (&component.kind, facts, past);
    let release = |revision: &&Revision| revision.ledger.as_ref().map(|entry| entry.release.clone());
    Past {
        component: component.name.clone(),
        runs: facts.live.release(&target.container),
        earlier: history::earlier(&facts.live, past, &target.container).iter().filter_map(release).collect(),
    }
}

/// The revision with which a component goes back to a release: the one it runs, or the newest that succeeded. `None`:
/// there is none.
pub fn revision_to_restore<'a>(
    component: &Component,
    facts: &'a ComponentFacts,
    past: &'a ComponentPast,
    release: &ReleaseName,
) -> Option<&'a Revision> {
    let (Kind::Ecs(target), ComponentFacts::Ecs(facts), ComponentPast::Ecs(past)) = (&component.kind, facts, past);
    if facts.live.release(&target.container).as_ref() == Some(release) {
        return Some(&facts.live);
    }
    let mut earlier = history::earlier(&facts.live, past, &target.container).into_iter();
    let of_release = |revision: &&Revision| revision.ledger.as_ref().is_some_and(|entry| entry.release == *release);
    earlier.find(of_release).or_else(|| history::of_release(past, release))
}

/// Plans to put a component back to what a revision was.
pub fn plan_component_rollback(
    component: &Component,
    facts: &ComponentFacts,
    restored: &Revision,
    image: &KnownImage,
) -> ComponentPlan {
    let (Kind::Ecs(target), ComponentFacts::Ecs(facts)) = (&component.kind, facts);
    // A rollback runs no command before: it would be the older one, on data that the newer one has changed.
    let target = EcsTarget { pre_deploy: None, ..target.clone() };
    let plan = super::ecs::plan::plan_rollback(&target, facts, restored, image);
    ComponentPlan { name: component.name.clone(), kind: KindPlan::Ecs(plan) }
}

/// What is planned for one component.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentPlan {
    /// The component.
    pub name: ComponentName,
    /// The plan of its kind.
    pub kind: KindPlan,
}

/// The plan of a component, by kind.
#[derive(Debug, Clone, PartialEq)]
pub enum KindPlan {
    /// An ECS service.
    Ecs(EcsPlan),
}

impl ComponentPlan {
    /// What the plan changes, and what somebody changed by hand before.
    pub fn differences(&self) -> (&[Change], Option<&Drift>) {
        match &self.kind {
            KindPlan::Ecs(plan) => (&plan.changes, plan.drift.as_ref()),
        }
    }

    /// The component whose image it runs, and the digest where that is known.
    pub fn image(&self) -> Option<(&ComponentName, &Digest)> {
        let KindPlan::Ecs(plan) = &self.kind;
        match &plan.image {
            PlannedImage::Known(image) => Some((&plan.target.image, &image.digest)),
            PlannedImage::AfterBuild { .. } => None,
        }
    }

    /// What the source has and the component lacks.
    pub fn missing_variables(&self) -> &[MissingVariable] {
        match &self.kind {
            KindPlan::Ecs(plan) => &plan.missing_variables,
        }
    }

    /// Whether nothing in it is still to become known.
    pub fn is_known(&self) -> bool {
        match &self.kind {
            KindPlan::Ecs(plan) => matches!(plan.image, PlannedImage::Known(_)),
        }
    }

    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        match &self.kind {
            KindPlan::Ecs(plan) => plan.is_empty(),
        }
    }
}

/// What a plan is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// To put a release on an environment that takes it directly.
    Deploy,
    /// To put a release there that another environment has proven.
    Promote {
        /// The other environment.
        source: EnvironmentName,
    },
    /// To put a release back that served there before.
    Rollback,
}

impl Intent {
    /// From where to where, for people.
    pub fn direction(&self, environment: &EnvironmentName) -> String {
        match self {
            Self::Deploy => format!("to {environment}"),
            Self::Promote { source } => format!("from {source} to {environment}"),
            Self::Rollback => format!("on {environment}"),
        }
    }

    /// The command's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Promote { .. } => "promote",
            Self::Rollback => "rollback",
        }
    }
}

/// What a command will change.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What it is for.
    pub intent: Intent,
    /// The environment and what is configured for it.
    pub target: Target,
    /// The account that the credentials are of.
    pub account: AccountId,
    /// The release.
    pub release: ReleaseName,
    /// The images, in the order they are built.
    pub images: Vec<ImagePlan>,
    /// The components, in the order they are changed.
    pub components: Vec<ComponentPlan>,
}

/// One line of a plan, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The step's name, the same that its execution is reported under: `build backend`.
    pub name: String,
    /// What it does.
    pub summary: String,
    /// What differs afterwards, where that can be listed.
    pub changes: Vec<Change>,
}

/// Plans an image.
///
/// # Errors
///
/// [`ImageError`]
pub fn plan_image(
    image: &Image,
    repository: Repository,
    state: &ImageState,
    release: &ReleaseName,
) -> Result<ImagePlan, ImageError> {
    let tag = release_tag(release);
    let step = match state {
        ImageState::RepositoryMissing if !image.create_repository => {
            return Err(ImageError::RepositoryMissing(repository));
        }
        ImageState::RepositoryMissing => ImageStep::Build { create_repository: true },
        ImageState::Missing => ImageStep::Build { create_repository: false },
        ImageState::Present(present) => {
            if let Some(found) = other_revision(&present.revisions, release) {
                return Err(ImageError::TagTaken { repository, tag, found });
            }
            ImageStep::Reuse {
                image: KnownImage {
                    reference: repository.pinned(&tag, &present.digest),
                    digest: present.digest.clone(),
                    platforms: present.platforms.clone(),
                },
                missing_tags: present.missing_tags.clone(),
            }
        }
    };
    Ok(ImagePlan { image: image.clone(), repository, tag, step })
}

/// What the registries say of an image that is to be promoted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromotedImage {
    /// The digest that the source runs.
    pub digest: Digest,
    /// Where the source has it.
    pub from: Repository,
    /// The image there. `None`: it is not there any more.
    pub found: Option<PresentImage>,
    /// What the target's repository has under the release's tag.
    pub target: TagState,
}

/// What a repository has under a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagState {
    /// The repository does not exist.
    RepositoryMissing,
    /// Nothing.
    Missing,
    /// An image.
    LeadsTo(Digest),
}

/// Plans to have an image of the source in the target's repository.
///
/// # Errors
///
/// [`ImageError`]
pub fn plan_promoted_image(
    image: &Image,
    repository: Repository,
    seen: &PromotedImage,
    release: &ReleaseName,
) -> Result<ImagePlan, ImageError> {
    let tag = release_tag(release);
    let digest = seen.digest.clone();
    let Some(found) = &seen.found else {
        return Err(ImageError::Expired { repository: seen.from.clone(), digest });
    };
    if let Some(found) = other_revision(&found.revisions, release) {
        return Err(ImageError::OtherCommit { repository: seen.from.clone(), digest, release: release.clone(), found });
    }
    let known = KnownImage {
        reference: repository.pinned(&tag, &digest),
        digest: digest.clone(),
        platforms: found.platforms.clone(),
    };
    let copy = |create_repository| ImageStep::Copy { image: known.clone(), from: seen.from.clone(), create_repository };
    let step = match &seen.target {
        TagState::LeadsTo(there) if *there != digest => {
            return Err(ImageError::TagLeadsElsewhere { repository, tag, found: there.clone(), wanted: digest });
        }
        TagState::LeadsTo(_) => ImageStep::Reuse { image: known, missing_tags: Vec::new() },
        // Nothing moves within one repository.
        _ if repository == seen.from => ImageStep::Reuse { image: known, missing_tags: vec![tag.clone()] },
        TagState::Missing => copy(false),
        TagState::RepositoryMissing if image.create_repository => copy(true),
        TagState::RepositoryMissing => return Err(ImageError::RepositoryMissing(repository)),
    };
    Ok(ImagePlan { image: image.clone(), repository, tag, step })
}

/// The first revision label that is not the release's name, in words.
fn other_revision(revisions: &[Option<String>], release: &ReleaseName) -> Option<String> {
    let name = release.to_string();
    let other = revisions.iter().find(|revision| revision.as_ref() != Some(&name))?;
    Some(other.as_ref().map_or_else(|| "missing".to_owned(), |other| format!("`{}`", neutral::phrase(other, 100))))
}

/// The tag of a release's image: its name, which always is a well-formed tag.
pub fn release_tag(release: &ReleaseName) -> ImageTag {
    // The grammar of a release's name is a part of a tag's grammar; a test holds that.
    release.to_string().parse().unwrap_or_else(|_| unreachable!("a release's name is a tag"))
}

/// Plans one component.
///
/// # Errors
///
/// [`PlanError`]
pub fn plan_component(
    component: &Component,
    facts: &ComponentFacts,
    images: &[ImagePlan],
    release: &ReleaseName,
) -> Result<ComponentPlan, PlanError> {
    let (Kind::Ecs(target), ComponentFacts::Ecs(facts)) = (&component.kind, facts);
    let image = images
        .iter()
        .find(|plan| plan.image.component == target.image)
        .ok_or_else(|| PlanError::NotObserved(component.name.clone()))?;
    let plan = super::ecs::plan::plan(target, facts, &image.planned(), release)?;
    Ok(ComponentPlan { name: component.name.clone(), kind: KindPlan::Ecs(plan) })
}

impl Plan {
    /// The steps in the order they are taken. Empty: nothing is to change.
    pub fn steps(&self) -> Vec<Step> {
        let images = self.images.iter().flat_map(image_steps);
        images.chain(self.components.iter().flat_map(component_steps)).collect()
    }

    /// The digest of what the plan means: release, target, inputs, preconditions and gate policy.
    ///
    /// Left out is what two honest looks at the same intention may see differently: whether the image is built yet or
    /// the revision registered, counts, clocks, and who looked.
    pub fn digest(&self) -> Digest {
        let mut value = self.canonical();
        value.sort_all_objects();
        Digest::of(value.to_string())
    }

    fn canonical(&self) -> Value {
        let target = &self.target;
        json!({
            "version": 1,
            "command": self.intent.as_str(),
            "source": match &self.intent {
                Intent::Promote { source } => Some(source.as_str()),
                Intent::Deploy | Intent::Rollback => None,
            },
            "app": target.app,
            "environment": target.environment.as_str(),
            "account": self.account,
            "region": target.region,
            "release": self.release.to_string(),
            "gates": target.gates,
            "images": self.images.iter().map(|image| self.canonical_image(image)).collect::<Vec<_>>(),
            "components": self.components.iter().map(|component| self.canonical_component(component)).collect::<Vec<_>>(),
        })
    }

    /// What is built where a release is made; where one is moved, its digest.
    fn canonical_image(&self, plan: &ImagePlan) -> Value {
        let build = &plan.image.build;
        let args: Vec<[String; 2]> = build.args.iter().map(|(key, value)| [key.clone(), value.to_string()]).collect();
        let mut value = json!({ "component": plan.image.component, "repository": plan.repository.to_string() });
        let inputs = match (&self.intent, plan.planned()) {
            (Intent::Promote { .. }, PlannedImage::Known(image)) => json!({ "digest": image.digest }),
            _ => json!({
                "context": build.context.as_str(),
                "dockerfile": build.dockerfile.as_ref().map(|path| path.as_str()),
                "platforms": build.platforms,
                "args": args,
                "tags": build.tags.iter().map(ToString::to_string).collect::<Vec<_>>(),
            }),
        };
        value["inputs"] = inputs;
        value
    }

    fn canonical_component(&self, component: &ComponentPlan) -> Value {
        let KindPlan::Ecs(plan) = &component.kind;
        json!({
            "name": component.name,
            "kind": "ecs",
            "cluster": plan.target.cluster.as_str(),
            "service": plan.target.service.as_str(),
            "container": plan.target.container.as_str(),
            "image": plan.target.image,
            "task_definition": format!("{:?}", plan.target.task_definition),
            "pre_deploy": pre_deploy_of(&plan.target),
            "restores": plan.restores,
            "runs": plan.ran_before(&self.release),
        })
    }
}

fn pre_deploy_of(target: &EcsTarget) -> Option<Vec<String>> {
    Some(target.pre_deploy.as_ref()?.iter().map(ToString::to_string).collect())
}

fn image_steps(plan: &ImagePlan) -> Vec<Step> {
    let component = &plan.image.component;
    let step = |name: String, summary: String| Step { name, summary, changes: Vec::new() };
    match &plan.step {
        ImageStep::Reuse { image, missing_tags } => missing_tags
            .iter()
            .map(|tag| step(format!("tag {component}"), format!("put tag {tag} on {}", image.reference)))
            .collect(),
        ImageStep::Build { create_repository } => {
            let create = create_repository
                .then(|| step(format!("create repository {component}"), format!("create {}", plan.repository)));
            let build = step(
                format!("build {component}"),
                format!("build {} and push it as {}:{}", plan.image.build.context, plan.repository, plan.tag),
            );
            create.into_iter().chain([build]).collect()
        }
        ImageStep::Copy { image, from, create_repository } => {
            let create = create_repository
                .then(|| step(format!("create repository {component}"), format!("create {}", plan.repository)));
            let copy = step(
                format!("copy {component}"),
                format!("copy {} from {from} to {}:{}", image.digest, plan.repository, plan.tag),
            );
            create.into_iter().chain([copy]).collect()
        }
    }
}

fn component_steps(component: &ComponentPlan) -> Vec<Step> {
    let KindPlan::Ecs(plan) = &component.kind;
    let name = &component.name;
    let family = plan.live.definition.family();
    let revision = match &plan.next {
        NextRevision::Live => return Vec::new(),
        NextRevision::Registered(revision) => Step {
            name: format!("use revision {name}"),
            summary: format!("use revision {}, registered for this release before", revision.short()),
            changes: plan.changes.clone(),
        },
        NextRevision::New(definition) => {
            let family = definition.as_ref().map_or(family, |definition| definition.family());
            Step {
                name: format!("register {name}"),
                summary: match &plan.restores {
                    None => format!("register a new revision of {}", neutral::phrase(family, 255)),
                    Some(arn) => format!("register what {} was again", short_arn(arn)),
                },
                changes: plan.changes.clone(),
            }
        }
    };
    let pre_deploy = plan.target.pre_deploy.as_ref().map(|_| Step {
        name: format!("pre-deploy {name}"),
        summary: "run the pre-deploy command as a one-off task of the new revision".to_owned(),
        changes: Vec::new(),
    });
    let update = Step {
        name: format!("update {name}"),
        summary: format!(
            "update service {} of {} from {}",
            plan.target.service,
            plan.target.cluster,
            plan.live.short()
        ),
        changes: Vec::new(),
    };
    let hold = plan.hold.as_ref().map(|hold| Step {
        name: format!("hold {name}"),
        summary: format!("stop the commits of {} that {} does not have", hold.left.short(), hold.returned.short()),
        changes: Vec::new(),
    });
    [Some(revision), pre_deploy, hold, Some(update)].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ecs::plan::tests::{facts, revision, target};
    use crate::domain::target::Build;
    use indexmap::IndexMap;
    use proptest::prelude::*;

    const SHA: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn image() -> Image {
        Image {
            component: "backend".parse().unwrap(),
            repository: "stage-cloudshop-backend".parse().unwrap(),
            create_repository: false,
            build: Build {
                context: "backend".into(),
                dockerfile: None,
                platforms: Vec::new(),
                args: IndexMap::new(),
                tags: Vec::new(),
            },
        }
    }

    fn repository() -> Repository {
        Repository { host: "localhost:4566".to_owned(), name: "stage-cloudshop-backend".parse().unwrap() }
    }

    fn present(revisions: &[Option<&str>]) -> ImageState {
        ImageState::Present(PresentImage {
            digest: format!("sha256:{}", "a".repeat(64)).parse().unwrap(),
            platforms: Vec::new(),
            revisions: revisions.iter().map(|revision| revision.map(str::to_owned)).collect(),
            missing_tags: Vec::new(),
        })
    }

    fn planned(state: &ImageState) -> Result<ImagePlan, ImageError> {
        plan_image(&image(), repository(), state, &SHA.parse().unwrap())
    }

    fn whole_plan(state: &ImageState, live: u64, desired: i32) -> Plan {
        let (name, kind) = ("backend".parse().unwrap(), Kind::Ecs(target()));
        let component = Component { name, depends_on: Vec::new(), kind };
        let mut facts = facts(revision(live, "repo:old", "debug", None), vec![]);
        facts.service.desired = desired;
        let images = vec![planned(state).unwrap()];
        let release = SHA.parse().unwrap();
        let plan = plan_component(&component, &ComponentFacts::Ecs(facts), &images, &release).unwrap();
        Plan {
            intent: Intent::Deploy,
            target: Target {
                app: "cloudshop".to_owned(),
                environment: "stage".parse().unwrap(),
                region: "us-east-1".parse().unwrap(),
                account: None,
                promotes_from: None,
                gates: IndexMap::new(),
                images: vec![image()],
                components: vec![component],
            },
            account: "123456789012".parse().unwrap(),
            release,
            images,
            components: vec![plan],
        }
    }

    #[test]
    fn an_image_is_reused_only_when_every_label_agrees() {
        assert!(matches!(planned(&present(&[Some(SHA)])).unwrap().step, ImageStep::Reuse { .. }));
        for labels in [vec![None], vec![Some("other")], vec![Some(SHA), None]] {
            let error = planned(&present(&labels)).unwrap_err();
            assert!(matches!(error, ImageError::TagTaken { .. }), "{labels:?}");
        }
    }

    #[test]
    fn a_missing_repository_is_created_only_when_asked() {
        assert_eq!(planned(&ImageState::RepositoryMissing), Err(ImageError::RepositoryMissing(repository())));
        let creating = Image { create_repository: true, ..image() };
        let plan = plan_image(&creating, repository(), &ImageState::RepositoryMissing, &SHA.parse().unwrap()).unwrap();
        assert_eq!(plan.step, ImageStep::Build { create_repository: true });
    }

    #[test]
    fn the_digest_leaves_out_what_is_already_done_and_how_many_run() {
        let digest = whole_plan(&ImageState::Missing, 7, 1).digest();
        assert_eq!(digest, whole_plan(&present(&[Some(SHA)]), 7, 1).digest());
        assert_eq!(digest, whole_plan(&ImageState::Missing, 7, 5).digest());
        assert_ne!(digest, whole_plan(&ImageState::Missing, 8, 1).digest());
    }

    #[test]
    fn steps_come_in_order() {
        let names: Vec<String> =
            whole_plan(&ImageState::Missing, 7, 1).steps().into_iter().map(|step| step.name).collect();
        assert_eq!(names, ["build backend", "register backend", "update backend"]);
    }

    proptest! {
        #[test]
        fn every_release_name_is_a_tag(sha in "[0-9a-f]{40}", time in proptest::option::of("[0-9]{8}T[0-9]{6}Z")) {
            let name = time.map_or(sha.clone(), |time| format!("{sha}-dirty-{time}"));
            prop_assert_eq!(release_tag(&name.parse().unwrap()).to_string(), name);
        }
    }
}

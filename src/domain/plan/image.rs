//! What is planned for an image: built, reused, or copied.

use std::fmt;

use super::later::Later;
use crate::domain::image::{Digest, ImageReference, ImageRepository, ImageTag};
use crate::domain::neutral;
use crate::domain::release::ReleaseName;
use crate::domain::step::{StepId, StepVerb};
use crate::domain::target::Image;

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
pub struct PlannedImage {
    /// Its repository and tag.
    tagged: String,
    image: Later<KnownImage>,
}

impl PlannedImage {
    /// An image that a step builds.
    pub fn after(step: StepId, repository: &ImageRepository, tag: &ImageTag) -> Self {
        Self { tagged: format!("{repository}:{tag}"), image: Later::After(step) }
    }

    /// The image, where it is known.
    pub fn image(&self) -> &Later<KnownImage> {
        &self.image
    }
}

impl From<KnownImage> for PlannedImage {
    fn from(image: KnownImage) -> Self {
        Self { tagged: image.reference.to_string(), image: Later::Known(image) }
    }
}

impl fmt::Display for PlannedImage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.image {
            Later::Known(_) => formatter.write_str(&self.tagged),
            Later::After(_) => write!(formatter, "{}@{}", self.tagged, self.image.map(|_| "")),
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
}

/// Why an image cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The repository does not exist, and the configuration does not say to create it.
    #[error("repository `{0}` does not exist")]
    RepositoryMissing(ImageRepository),
    /// Another program's image has the release's tag.
    #[error("image `{repository}:{tag}` is there, but its label `org.opencontainers.image.revision` is {found}")]
    TagTaken {
        /// The repository.
        repository: ImageRepository,
        /// The release's tag.
        tag: ImageTag,
        /// The label as it was found, in words.
        found: String,
    },
    /// The source has the image no more.
    #[error("image `{0}` is not there any more")]
    Expired(String),
    /// The image that runs as a release was built from something else.
    #[error("image `{image}` runs as release {release}, but its label `org.opencontainers.image.revision` is {found}")]
    OtherCommit {
        /// The image in the source's repository.
        image: String,
        /// What it runs as.
        release: String,
        /// The label as it was found, in words.
        found: String,
    },
    /// The release's tag leads to another image in the target's repository.
    #[error("`{image}` leads to {found}, not to {wanted}, which the source runs")]
    TagLeadsElsewhere {
        /// The image in the target's repository, by tag.
        image: String,
        /// Where it leads.
        found: Digest,
        /// The image to promote.
        wanted: Digest,
    },
}

/// What is planned for one image.
#[derive(Debug, Clone, PartialEq)]
pub struct ImagePlan {
    /// The image as configured.
    pub image: Image,
    /// Its repository with the registry's host.
    pub repository: ImageRepository,
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
        /// Whether the release's tag leads to it.
        is_tagged: bool,
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
        from: ImageRepository,
        /// Create the repository before.
        create_repository: bool,
    },
}

impl ImagePlan {
    /// The image as the rest of the plan knows it.
    pub fn planned(&self) -> PlannedImage {
        match &self.step {
            ImageStep::Reuse { image, .. } | ImageStep::Copy { image, .. } => image.clone().into(),
            ImageStep::Build { .. } => {
                let step = StepId::new(StepVerb::Build, &self.image.component);
                PlannedImage::after(step, &self.repository, &self.tag)
            }
        }
    }
}

/// Plans an image.
///
/// # Errors
///
/// [`ImageError`]
pub fn plan_image(
    image: &Image,
    repository: ImageRepository,
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
                is_tagged: true,
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
    pub from: ImageRepository,
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
    repository: ImageRepository,
    seen: &PromotedImage,
    release: &ReleaseName,
) -> Result<ImagePlan, ImageError> {
    let tag = release_tag(release);
    let digest = seen.digest.clone();
    let Some(found) = &seen.found else {
        return Err(ImageError::Expired(format!("{}@{digest}", seen.from)));
    };
    if let Some(found) = other_revision(&found.revisions, release) {
        let image = format!("{}@{digest}", seen.from);
        return Err(ImageError::OtherCommit { image, release: release.to_string(), found });
    }
    let known = KnownImage {
        reference: repository.pinned(&tag, &digest),
        digest: digest.clone(),
        platforms: found.platforms.clone(),
    };
    let copy = |create_repository| ImageStep::Copy { image: known.clone(), from: seen.from.clone(), create_repository };
    let step = match &seen.target {
        TagState::LeadsTo(there) if *there != digest => {
            let image = format!("{repository}:{tag}");
            return Err(ImageError::TagLeadsElsewhere { image, found: there.clone(), wanted: digest });
        }
        TagState::LeadsTo(_) => ImageStep::Reuse { image: known, is_tagged: true },
        // Nothing moves within one repository.
        _ if repository == seen.from => ImageStep::Reuse { image: known, is_tagged: false },
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

//! What registries have of a release.

use super::{Cloud, RegistryAccess};
use crate::clients::registry::{FoundImage, Registry, RegistrySide};
use crate::domain::failure::Failure;
use crate::domain::image::{Digest, ImageReference, ImageRepository, ImageTag};
use crate::domain::plan::{ImageState, KnownImage, PlannedTags, PresentImage, PromotedImage, TagState, release_tag};
use crate::domain::release::ReleaseName;
use crate::domain::target::Image;

/// What the registry says about the image of a release.
///
/// # Errors
///
/// It cannot be asked.
pub async fn image(
    cloud: &Cloud,
    registry: &Registry,
    image: &Image,
    release: &ReleaseName,
) -> Result<(ImageRepository, ImageState), Failure> {
    let repository = ImageRepository { host: registry.host.clone(), name: image.repository.clone() };
    let Some(found) = registry.find(&repository, &release_tag(release)).await? else {
        let exists = cloud.ecr.repository_exists(&image.repository).await?;
        return Ok((repository, if exists { ImageState::Missing } else { ImageState::RepositoryMissing }));
    };
    Ok((repository, ImageState::Present(present(found))))
}

/// What is planned for the configured tags beside the release's own. `digest`: that of the image; `None`: it is not built
/// yet.
///
/// # Errors
///
/// `invalid`: one is no tag. Or the registry cannot be asked.
pub async fn planned_tags(
    cloud: &Cloud,
    registry: &Registry,
    image: &Image,
    digest: Option<&Digest>,
    release: &ReleaseName,
) -> Result<Option<PlannedTags>, Failure> {
    let repository = ImageRepository { host: registry.host.clone(), name: image.repository.clone() };
    let mut leads = Vec::new();
    for tag in extra_tags(image, release)? {
        let led = registry.digest_of(RegistrySide::Target, &repository, &tag).await?;
        leads.push((tag, led));
    }
    if leads.is_empty() {
        return Ok(None);
    }
    let leads_elsewhere = leads.iter().any(|(_, leads)| leads.is_some() && leads.as_ref() != digest);
    // Unknown is no warning: a tag that cannot be moved is one then.
    let is_immutable = leads_elsewhere && cloud.ecr.is_immutable(&image.repository).await.unwrap_or_default();
    Ok(Some(PlannedTags::new(image.component.clone(), repository, digest.cloned(), leads, is_immutable)))
}

fn extra_tags(image: &Image, release: &ReleaseName) -> Result<Vec<ImageTag>, Failure> {
    let tags = image.build.tags.iter().map(|tag| tag.render(release).parse());
    tags.collect::<Result<_, crate::domain::names::InvalidName>>().map_err(|error| {
        Failure::invalid(format!("`tags` of component `{}` has a malformed tag", image.component))
            .cause(error.to_string())
    })
}

/// What source and target have of an image that is to be promoted, with the target's repository.
///
/// # Errors
///
/// One of them cannot be asked.
pub async fn promoted_image(
    source: &RegistryAccess,
    source_image: &Image,
    target: (&Cloud, &RegistryAccess),
    image: &Image,
    digest: &Digest,
    release: &ReleaseName,
) -> Result<(ImageRepository, PromotedImage), Failure> {
    let (cloud, access) = target;
    let from = ImageRepository { host: source.registry.host.clone(), name: source_image.repository.clone() };
    let to = ImageRepository { host: access.registry.host.clone(), name: image.repository.clone() };
    let found = source.registry.image(&from, digest).await?.map(present);
    let state = match access.registry.digest_of(RegistrySide::Target, &to, &release_tag(release)).await? {
        Some(there) => TagState::LeadsTo(there),
        None if from == to || cloud.ecr.repository_exists(&image.repository).await? => TagState::Missing,
        None => TagState::RepositoryMissing,
    };
    Ok((to, PromotedImage { digest: digest.clone(), from, found, target: state }))
}

/// The image that an earlier revision is pinned to, when the registry still has it.
///
/// # Errors
///
/// It has it no more, or cannot be asked.
pub async fn restored_image(
    access: &RegistryAccess,
    reference: &ImageReference,
    release: &ReleaseName,
) -> Result<KnownImage, Failure> {
    let unusable = |reason: String| {
        Failure::failed(reason).hint("name another release with --release: `shipgate history` lists them")
    };
    let Some(digest) = &reference.digest else {
        return Err(unusable(format!("the image of release {} is not pinned by digest", release.short())));
    };
    let Some(repository) = repository_of(access, reference) else {
        let registry = &access.registry.host;
        return Err(unusable(format!(
            "image {reference} of release {} is not in registry {registry}",
            release.short()
        )));
    };
    match access.registry.image(&repository, digest).await? {
        Some(found) => {
            Ok(KnownImage { reference: reference.clone(), digest: found.digest, platforms: found.platforms })
        }
        None => Err(unusable(format!("image {reference} of release {} is not there any more", release.short()))
            .cause("a lifecycle rule of the repository may have removed it")),
    }
}

/// The image that what ran before the first release is pinned to. `None`: it is pinned to none, and ECS runs whatever its tag
/// leads to. One of another registry is not looked for, and neither are the platforms of an index there.
///
/// # Errors
///
/// It is of this registry, which has it no more or cannot be asked.
pub async fn baseline_image(
    access: &RegistryAccess,
    reference: &ImageReference,
) -> Result<Option<KnownImage>, Failure> {
    let Some(digest) = &reference.digest else { return Ok(None) };
    if repository_of(access, reference).is_some() {
        return restored_image(access, reference, &ReleaseName::Baseline).await.map(Some);
    }
    Ok(Some(KnownImage { reference: reference.clone(), digest: digest.clone(), platforms: Vec::new() }))
}

/// The repository of a reference, when it is of this registry, by its AWS name or by the address in use.
fn repository_of(access: &RegistryAccess, reference: &ImageReference) -> Option<ImageRepository> {
    let (host, name) = reference.repository.split_once('/')?;
    let is_ours = host == access.registry.host || host == access.login.host;
    Some(ImageRepository { host: access.registry.host.clone(), name: is_ours.then(|| name.parse().ok())?? })
}

fn present(found: FoundImage) -> PresentImage {
    PresentImage { digest: found.digest, platforms: found.platforms, revisions: found.revisions }
}

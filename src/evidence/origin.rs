//! Where the images are from that a deploy finds in their repositories.

use crate::domain::failure::Failure;
use crate::domain::image::Digest;
use crate::domain::origin::{ImageOrigin, ReusedImage};
use crate::domain::plan::{ImagePlan, ImageStep};
use crate::domain::release::ReleaseName;
use crate::domain::target::Component;
use crate::kinds::{ComponentWithPlan, ObservedComponent, driver};
use crate::observe::{Cloud, RegistryAccess};

/// What is needed to find out.
#[derive(Debug)]
pub struct Origins<'a> {
    /// AWS.
    pub cloud: &'a Cloud,
    /// The registry.
    pub access: &'a RegistryAccess,
    /// The components that are deployed.
    pub planned: &'a [Box<dyn ComponentWithPlan>],
    /// All components of the environment, also those that the command was not asked for: any of them may have brought an
    /// image that several use.
    pub components: &'a [Component],
    /// The release.
    pub release: &'a ReleaseName,
}

impl Origins<'_> {
    /// The images of a plan that are not built by this run.
    ///
    /// # Errors
    ///
    /// The ledger or the registry cannot be read.
    pub async fn of(&self, images: &[ImagePlan]) -> Result<Vec<ReusedImage>, Failure> {
        let mut reused = Vec::new();
        for plan in images {
            if let ImageStep::Reuse { image, .. } = &plan.step {
                let origin = self.origin(plan, &image.digest).await?;
                let (component, reuse) = (plan.image.component.clone(), plan.image.reuse);
                reused.push(ReusedImage { component, image: image.reference.clone(), reuse, origin });
            }
        }
        Ok(reused)
    }

    async fn origin(&self, plan: &ImagePlan, digest: &Digest) -> Result<ImageOrigin, Failure> {
        let is_user = |component: &&Component| component.kind.image() == Some(&plan.image.component);
        let users = || self.components.iter().filter(is_user);
        let seen = |component: &Component| {
            let found = self.planned.iter().find(|planned| planned.plan().name == component.name);
            found.map(|planned| planned.observed())
        };
        for component in users() {
            let recorded = |observed: &dyn ObservedComponent| observed.image_recorded(self.release, digest);
            if let Some(entry) = seen(component).and_then(recorded) {
                return Ok(ImageOrigin::Recorded(entry));
            }
        }
        let most = plan.image.reuse.looked_at();
        let mut labels = None;
        for component in users() {
            let image = (self.release, digest);
            let records = match seen(component) {
                Some(observed) => observed.image_records(self.cloud, image, most).await?,
                None => driver(component).image_records(self.cloud, image, most).await?,
            };
            if let Some(entry) = records.recorded {
                return Ok(ImageOrigin::Recorded(entry));
            }
            let Some(announced) = records.announced.filter(|announced| announced.release == *self.release) else {
                continue;
            };
            if labels.is_none() {
                let found = self.access.registry.image(&plan.repository, digest).await?;
                labels = Some(found.map(|found| found.pushes).unwrap_or_default());
            }
            if labels.as_ref().is_some_and(|labels| announced.is_of(self.release, labels)) {
                return Ok(ImageOrigin::Announced(announced.run));
            }
        }
        Ok(ImageOrigin::Elsewhere)
    }
}

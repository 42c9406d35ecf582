//! Before an image is pushed, its run writes on a service that it will: should the run end before it registers a revision,
//! the next one knows the image for one of shipgate's.

use uuid::Uuid;

use super::Run;
use crate::domain::names::ComponentName;
use crate::domain::origin::Announcement;
use crate::domain::plan::{ComponentPlan, ImagePlan, ImageStep, Plan};
use crate::kinds;

/// Announces an image on the first component that uses it, and returns the text for its label. What cannot be announced is
/// pushed all the same: only an image whose run ends early is then taken for somebody else's.
pub async fn announce(run: &Run<'_>, plan: &Plan, image: &ImagePlan) -> String {
    let text = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let announcement = Announcement::new(run.release.clone(), &text, &run.name);
    if let Some(component) = announces(plan, image)
        && let Err(failure) = kinds::announce(run.cloud, component, &announcement).await
    {
        let what = format!("that {} is about to be pushed cannot be written on {}", image.planned(), component.name);
        let hint = "if this run ends before it registers a revision, the next one does not know the image for its own";
        run.events.warning(format!("{what}: {}", failure.brief()), Some(hint.to_owned()));
    }
    text
}

/// Takes an announcement off where the ledger has the image now, or has no need of it: this run's, and one that an earlier
/// run left (`is_left`). One that stays does no harm, and the next build takes its place.
pub async fn retire(run: &Run<'_>, plan: &Plan, component: &ComponentPlan, is_left: bool) {
    let is_own = |image: &ImagePlan| {
        let is_built = matches!(image.step, ImageStep::Build { .. });
        is_built && announces(plan, image).is_some_and(|announces| announces.name == component.name)
    };
    if !is_left && !plan.images.iter().any(is_own) {
        return;
    }
    if let Err(failure) = kinds::retire_announcement(run.cloud, component).await {
        tracing::debug!(reason = failure.reason, "the announcement of a push stays");
    }
}

/// The component that an image is announced on.
fn announces<'a>(plan: &'a Plan, image: &ImagePlan) -> Option<&'a ComponentPlan> {
    let uses = |name: &ComponentName| {
        let configured = plan.target.components.iter().find(|component| component.name == *name);
        configured.is_some_and(|component| *kinds::image(component) == image.image.component)
    };
    plan.components.iter().find(|component| uses(&component.name))
}

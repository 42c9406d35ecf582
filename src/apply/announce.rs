//! Before an image is pushed, its run writes on a service that it will: should the run end before it registers a revision,
//! the next one knows the image for one of shipgate's.

use uuid::Uuid;

use crate::domain::origin::Announcement;
use crate::domain::plan::{ImagePlan, ImageStep};
use crate::kinds::{ApplyRun, ComponentWithPlan, WholePlan};

/// Announces an image on the first component that uses it, and returns the text for its label. What cannot be announced is
/// pushed all the same: only an image whose run ends early is then taken for somebody else's.
pub async fn announce(run: &ApplyRun<'_>, plan: &WholePlan, image: &ImagePlan) -> String {
    let text = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let announcement = Announcement::new(run.release.clone(), &text, run.provenance.author());
    if let Some(component) = plan.users_of(&image.image.component).next()
        && let Err(failure) = component.announce(run.writer, &announcement).await
    {
        let what =
            format!("that {} is about to be pushed cannot be written on {}", image.planned(), component.plan().name);
        let hint = "if this run ends before it registers a revision, the next one does not know the image for its own";
        run.events.warning(format!("{what}: {}", failure.brief()), Some(hint.to_owned()));
    }
    text
}

/// Takes an announcement off where the ledger has the image now, or has no need of it: this run's, and one that an earlier
/// run left. One that stays does no harm, and the next build takes its place.
pub async fn retire(run: &ApplyRun<'_>, plan: &WholePlan, component: &dyn ComponentWithPlan) {
    let is_first_user = |image: &ImagePlan| {
        let first = plan.users_of(&image.image.component).next();
        first.is_some_and(|first| first.plan().name == component.plan().name)
    };
    let is_own = |image: &ImagePlan| matches!(image.step, ImageStep::Build { .. }) && is_first_user(image);
    if !component.announces() && !plan.images.iter().any(is_own) {
        return;
    }
    if let Err(failure) = component.retire_announcement(run.writer).await {
        tracing::debug!(reason = failure.reason, "the announcement of a push stays");
    }
}

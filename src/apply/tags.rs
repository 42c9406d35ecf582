//! Moves the tags that lead to what serves, such as `latest`, once the release does.

use futures_util::future::join_all;

use super::total::PartEnd;
use crate::domain::failure::Failure;
use crate::domain::names::ComponentName;
use crate::domain::outcome::Outcome;
use crate::domain::plan::schedule::Lane;
use crate::domain::plan::{ImagePlan, PlannedTags};
use crate::domain::step::{StepId, StepVerb};
use crate::kinds::{Applied, ApplyRun, WholePlan};

/// Moves the tags of each image that all components of the plan serve which run it. Others stay where they are, with what
/// served before. The release serves, moved tags or not: a failure is a warning.
pub async fn move_all(run: &ApplyRun<'_>, plan: &WholePlan, images: &[ImagePlan], ended: &[PartEnd]) {
    let ready = plan.tags_to_move().filter(|(_, users)| users.iter().all(|user| serves(ended, &user.plan().name)));
    join_all(ready.map(|(tags, _)| move_tags(run, images, tags))).await;
}

/// Whether a component was seen to run the release.
fn serves(ended: &[PartEnd], component: &ComponentName) -> bool {
    ended.iter().any(|end| {
        matches!(end, PartEnd::Component { name, applied: Applied { result: Ok(Outcome::Deployed | Outcome::Unchanged), .. } }
            if name == component)
    })
}

async fn move_tags(run: &ApplyRun<'_>, images: &[ImagePlan], tags: &PlannedTags) {
    let run = run.of(&tags.component);
    let lane = Lane::Tags(tags.component.clone());
    let step = StepId::new(StepVerb::MoveTags, &tags.component);
    let put = async {
        put(&run, images, tags).await?;
        run.events.result(&step, tags.moves.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
        Ok(())
    };
    let moved = run.take(&step, put);
    let moved = run.turns.lane(&lane, moved, |moved: &Result<(), Failure>| moved.as_ref().err()).await;
    if let Some(Err(failure)) = moved {
        let text = format!("a tag does not lead to the release, which serves: {}", failure.brief());
        let hint = failure.hints.first().cloned().unwrap_or_else(|| "run it again: it moves the tag".to_owned());
        run.events.warning(text, Some(hint));
    }
}

/// Moves all that can be moved.
async fn put(run: &ApplyRun<'_>, images: &[ImagePlan], tags: &PlannedTags) -> Result<(), Failure> {
    let built = images.iter().find(|plan| plan.image.component == tags.component).map(ImagePlan::planned);
    let built = built.as_ref().and_then(|image| image.image().known()).map(|image| &image.digest);
    let Some(digest) = tags.digest.as_ref().or(built) else {
        return Err(Failure::failed(format!("the image of `{}` has no known digest", tags.component)));
    };
    let registry = run.access.registry.open(run.writer.permit());
    let mut first = None;
    for tag in &tags.moves {
        if let Err(error) = registry.move_tag(&tags.repository, digest, tag).await {
            first.get_or_insert(Failure::from(error));
        }
    }
    first.map_or(Ok(()), Err)
}

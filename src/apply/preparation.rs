//! Makes ready what components ship that is no image: builds the files of sites, and puts them where they are kept.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::ended::emit_end;
use crate::domain::failure::Failure;
use crate::domain::names::ComponentName;
use crate::domain::plan::schedule::Lane;
use crate::kinds::{ApplyRun, ComponentWithPlan, WholePlan};

/// Makes ready what each component ships, side by side. Returns their plans with what is known now.
///
/// # Errors
///
/// The first component in order whose artifact cannot be had, with the others as causes and the worst of their outcomes.
pub async fn prepare(
    run: &ApplyRun<'_>,
    plan: &WholePlan,
) -> Result<BTreeMap<ComponentName, Box<dyn ComponentWithPlan>>, Failure> {
    let preparing = plan.components.iter().filter(|planned| !planned.plan().preparation.is_empty());
    let made = join_all(preparing.map(|planned| prepare_one(run, planned.as_ref()))).await;
    let (mut prepared, mut failed) = (BTreeMap::new(), None::<Failure>);
    for (name, made) in made.into_iter().flatten() {
        match (made, &mut failed) {
            (Ok(planned), _) => {
                prepared.insert(name, planned);
            }
            (Err(failure), None) => failed = Some(failure),
            (Err(failure), Some(first)) => *first = first.clone().beside(&failure),
        }
    }
    failed.map_or(Ok(prepared), Err)
}

/// Makes ready what one component ships. Absent: its turn did not come.
async fn prepare_one(
    run: &ApplyRun<'_>,
    planned: &dyn ComponentWithPlan,
) -> Option<(ComponentName, Result<Box<dyn ComponentWithPlan>, Failure>)> {
    let name = planned.plan().name.clone();
    let within = run.of(&name);
    let lane = Lane::Artifact(name.clone());
    let made = run.turns.lane(&lane, planned.prepare(&within), |made| made.as_ref().err()).await?;
    if let Err(failure) = &made {
        emit_end(run, &name, Err(failure), None);
    }
    Some((name, made))
}

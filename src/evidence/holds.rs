//! Which holds cover a release, as far as the clone's history tells.

use crate::clients::git::Git;
use crate::domain::failure::Failure;
use crate::domain::gate::HoldEvidence;
use crate::domain::hold::{Hold, HoldScope};
use crate::domain::plan::LeftRelease;
use crate::domain::release::{GitSha, ReleaseName};
use crate::kinds::Planned;

/// The holds on some components, each with whether it covers the release.
///
/// # Errors
///
/// Git cannot be run.
pub async fn hold_evidence(
    git: &Git,
    components: &[Box<dyn Planned>],
    release: &ReleaseName,
) -> Result<Vec<HoldEvidence>, Failure> {
    let mut evidence = Vec::new();
    for component in components {
        for hold in component.observed().holds() {
            let covers = held(git, &hold, release.sha()).await?;
            evidence.push(HoldEvidence { component: component.plan().name.clone(), hold, covers });
        }
    }
    Ok(evidence)
}

/// Whether a hold covers a commit. `None`: the clone does not tell.
///
/// # Errors
///
/// Git cannot be run.
pub async fn held(git: &Git, hold: &Hold, release: &GitSha) -> Result<Option<bool>, Failure> {
    let HoldScope::Left { left, returned } = &hold.scope else {
        return Ok(hold.covers(None, None, None));
    };
    let is_empty = git.is_ancestor(left, returned).await?;
    let in_left = git.is_ancestor(release, left).await?;
    let in_returned = git.is_ancestor(release, returned).await?;
    Ok(hold.covers(in_left, in_returned, is_empty))
}

/// Those of a component's holds that a new one wholly covers. One that the clone does not tell of stays.
///
/// # Errors
///
/// Git cannot be run.
pub async fn covered(git: &Git, new: &LeftRelease, holds: &[Hold]) -> Result<Vec<Hold>, Failure> {
    let mut covered = Vec::new();
    for hold in holds {
        let HoldScope::Left { left, returned } = &hold.scope else { continue };
        // One of the same release has the same key: the new one takes its place.
        let is_covered = *left != new.left
            && git.is_ancestor(left, &new.left).await? == Some(true)
            && git.is_ancestor(&new.returned, returned).await? == Some(true);
        if is_covered {
            covered.push(hold.clone());
        }
    }
    Ok(covered)
}

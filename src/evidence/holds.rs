//! Which holds cover a release, as far as the repository's history is known.

use super::CommitHistory;
use crate::domain::gate::{Fact, HoldEvidence};
use crate::domain::hold::{Hold, HoldScope};
use crate::domain::plan::LeftRelease;
use crate::domain::release::{GitSha, ReleaseName};
use crate::kinds::ComponentWithPlan;

/// The holds on some components, each with whether it covers the release.
pub async fn hold_evidence(
    history: &CommitHistory<'_>,
    components: &[Box<dyn ComponentWithPlan>],
    release: &ReleaseName,
) -> Vec<HoldEvidence> {
    let mut evidence = Vec::new();
    for component in components {
        for hold in component.observed().holds() {
            let covers = match release.sha() {
                Some(release) => held(history, &hold, release).await,
                None => hold.covers(None, None, None),
            };
            evidence.push(HoldEvidence { component: component.plan().name.clone(), hold, covers });
        }
    }
    evidence
}

/// Whether a hold covers a commit. `None`: that is not known.
pub async fn held(history: &CommitHistory<'_>, hold: &Hold, release: &GitSha) -> Option<bool> {
    let HoldScope::Left { left, returned } = &hold.scope else {
        return hold.covers(None, None, None);
    };
    let in_left = has(history, release, left).await;
    let Some(returned) = returned else {
        return hold.covers(in_left, Some(false), Some(false));
    };
    let is_empty = has(history, left, returned).await;
    let in_returned = has(history, release, returned).await;
    hold.covers(in_left, in_returned, is_empty)
}

/// Those of a component's holds that a new one wholly covers. One of which that is not known stays.
pub async fn covered(history: &CommitHistory<'_>, new: &LeftRelease, holds: &[Hold]) -> Vec<Hold> {
    let mut covered = Vec::new();
    for hold in holds {
        let HoldScope::Left { left, returned } = &hold.scope else { continue };
        // One of the same release has the same key: the new one takes its place.
        let is_covered = *left != new.left
            && has(history, left, &new.left).await == Some(true)
            && spares_no_more(history, new.returned.as_ref(), returned.as_ref()).await;
        if is_covered {
            covered.push(hold.clone());
        }
    }
    covered
}

/// Whether what a new hold leaves out an old one leaves out, too. One of a rollback to the baseline leaves nothing out.
async fn spares_no_more(history: &CommitHistory<'_>, new: Option<&GitSha>, old: Option<&GitSha>) -> bool {
    match (new, old) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(new), Some(old)) => has(history, new, old).await == Some(true),
    }
}

/// Whether a commit is in the history of another one. `None`: that is not known.
pub async fn has(history: &CommitHistory<'_>, commit: &GitSha, of: &GitSha) -> Option<bool> {
    match history.is_ancestor(commit, of).await {
        Fact::Is(has) => Some(has),
        Fact::Unknown(_) => None,
    }
}

//! `hold`: no stop sign covers the release.

use indexmap::IndexMap;

use super::judgement::{Judgement, Unknown};
use super::subject::Subject;
use crate::domain::git::FETCH_HISTORY;
use crate::domain::hold::{Hold, HoldScope};
use crate::domain::names::ComponentName;

/// A hold, and whether it stops the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldEvidence {
    /// The component that it is on.
    pub component: ComponentName,
    /// The hold.
    pub hold: Hold,
    /// Whether it covers the release. `None`: that cannot be told.
    pub covers: Option<bool>,
}

/// No hold covers the release. What already runs and is only verified passes.
pub(super) fn judge(subject: &Subject<'_>, evidence: &[HoldEvidence], changes_nothing: bool) -> Judgement {
    let (environment, place) = (subject.environment, subject.place);
    let that = |covers| evidence.iter().filter(|found| found.covers == covers && !changes_nothing).collect::<Vec<_>>();
    let covering = that(Some(true));
    if !covering.is_empty() {
        let unhold = format!("`shipgate unhold {environment} --reason …`");
        let lift = if covering.iter().all(|found| matches!(found.hold.scope, HoldScope::Left { .. })) {
            format!("ship a commit that is not held, or {unhold}")
        } else {
            format!("it stops every release: {unhold} when its reason is gone")
        };
        return Judgement::unsatisfied(format!("{environment} is held ({})", told(&covering)), lift);
    }
    let unknown = that(None);
    if !unknown.is_empty() {
        let reason = format!(
            "{environment} is held ({}), and whether that covers this commit cannot be told from this clone",
            told(&unknown)
        );
        return Judgement::unknown(&Unknown::new(reason).hint(FETCH_HISTORY));
    }
    let reason = match evidence {
        [] => format!("no hold on {place}"),
        _ if changes_nothing => format!("{place} is held, and nothing is to change"),
        _ => format!("no hold on {place} covers this commit"),
    };
    Judgement::satisfied(reason)
}

/// Why each component is held; a reason that several have stands once.
fn told(evidence: &[&HoldEvidence]) -> String {
    let mut by_reason: IndexMap<String, Vec<&str>> = IndexMap::new();
    for found in evidence {
        by_reason.entry(found.hold.reason()).or_default().push(found.component.as_str());
    }
    let each = by_reason.iter().map(|(reason, components)| format!("{}: {reason}", components.join(", ")));
    each.collect::<Vec<_>>().join("; ")
}

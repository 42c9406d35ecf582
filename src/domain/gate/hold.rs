//! `hold`: no stop sign covers the release.

use indexmap::IndexMap;

use super::judgement::{GateJudgement, Unknown};
use super::subject::GateSubject;
use crate::domain::git::FETCH_HISTORY;
use crate::domain::hold::Hold;
use crate::domain::names::ComponentName;

/// A hold, and whether it stops the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldEvidence {
    /// The component that it is on.
    pub component: ComponentName,
    /// The hold.
    pub hold: Hold,
    /// Whether it covers the release. `None`: that is not known.
    pub covers: Option<bool>,
}

/// No hold covers the release. What already runs and is only verified passes.
pub(super) fn judge(subject: &GateSubject<'_>, evidence: &[HoldEvidence], changes_nothing: bool) -> GateJudgement {
    let (environment, place) = (subject.environment, subject.place);
    let that = |covers| evidence.iter().filter(|found| found.covers == covers && !changes_nothing).collect::<Vec<_>>();
    let covering = that(Some(true));
    if !covering.is_empty() {
        let unhold = format!("`shipgate unhold {environment} --reason …`");
        let reasons = reported(&covering);
        return if covering.iter().all(|found| found.hold.is_bar()) {
            let reason = format!("this commit is barred from {environment} ({reasons})");
            GateJudgement::unsatisfied(reason, format!("ship a newer commit, or {unhold}"))
        } else {
            let lift = format!("it stops every release: {unhold} when its reason is gone");
            GateJudgement::unsatisfied(format!("{environment} is held ({reasons})"), lift)
        };
    }
    let unknown = that(None);
    if !unknown.is_empty() {
        let reasons = reported(&unknown);
        let reason = if unknown.iter().all(|found| found.hold.is_bar()) {
            format!(
                "commits are barred from {environment} ({reasons}), and this clone cannot say whether this is one of them"
            )
        } else {
            format!("{environment} is held ({reasons}), and this clone cannot say whether that covers this commit")
        };
        return GateJudgement::unknown(&Unknown::new(reason).hint(FETCH_HISTORY));
    }
    let reason = match evidence {
        [] => format!("no hold on {place}"),
        _ if changes_nothing && evidence.iter().all(|found| found.hold.is_bar()) => {
            format!("commits are barred from {place}, and nothing is to change")
        }
        _ if changes_nothing => format!("{place} is held, and nothing is to change"),
        _ => format!("no hold on {place} covers this commit"),
    };
    GateJudgement::satisfied(reason)
}

/// Why each component is held; a reason that several have stands once.
fn reported(evidence: &[&HoldEvidence]) -> String {
    let mut by_reason: IndexMap<String, Vec<&str>> = IndexMap::new();
    for found in evidence {
        by_reason.entry(found.hold.reason()).or_default().push(found.component.as_str());
    }
    let each = by_reason.iter().map(|(reason, components)| format!("{}: {reason}", components.join(", ")));
    each.collect::<Vec<_>>().join("; ")
}

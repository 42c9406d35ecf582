//! What a commit on GitHub says of its release: which state an outcome is, and in which words.
//!
//! For people. shipgate never reads its own statuses: anyone with a token can write them.

use super::neutral;
use super::outcome::Outcome;

/// As many characters as GitHub takes.
const LONGEST_DESCRIPTION: usize = 140;

/// The states that GitHub knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitState {
    /// It is on its way.
    Pending,
    /// The release serves.
    Success,
    /// It was not put there, or not for good.
    Failure,
    /// How it ended is open.
    Error,
}

impl CommitState {
    /// GitHub's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Error => "error",
        }
    }

    /// What an outcome is. Success only where the release was read back; `None` where nothing is said of the commit:
    /// planning changes nothing, and wrong usage has nothing to do with it.
    fn of(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Deployed | Outcome::Unchanged => Some(Self::Success),
            Outcome::Failed | Outcome::Refused | Outcome::RolledBack | Outcome::Broken => Some(Self::Failure),
            Outcome::Stale | Outcome::Superseded | Outcome::TimedOut | Outcome::Unproven | Outcome::Interrupted => {
                Some(Self::Error)
            }
            Outcome::Planned | Outcome::Invalid => None,
        }
    }
}

/// A commit status, but for its commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitStatus {
    /// The state.
    pub state: CommitState,
    /// What it is about: the latest status of each context counts.
    pub context: String,
    /// Why, in a phrase.
    pub description: String,
}

/// What statuses about an environment are called.
pub fn context(environment: &str) -> String {
    format!("{OWN}{environment}")
}

/// What every context of shipgate's own begins with.
const OWN: &str = "shipgate/";

/// Whether a context is one of shipgate's own. GitHub compares contexts without regard to case.
pub fn is_own(context: &str) -> bool {
    context.get(..OWN.len()).is_some_and(|start| start.eq_ignore_ascii_case(OWN))
}

/// A text as GitHub takes it for a description.
pub fn description(text: &str) -> String {
    neutral::phrase(text, LONGEST_DESCRIPTION - 1)
}

/// The status when a release is about to be put somewhere. `place`: the environment with the components that were named.
pub fn begun(command: &str, environment: &str, place: &str) -> CommitStatus {
    let description = description(&format!("{command} of {place} is in progress"));
    CommitStatus { state: CommitState::Pending, context: context(environment), description }
}

/// The status of how it ended; `reason` is given where it did not succeed. What was said to be in progress does not stay
/// so, whatever the outcome.
pub fn ended(
    outcome: Outcome,
    environment: &str,
    place: &str,
    reason: Option<&str>,
    was_begun: bool,
) -> Option<CommitStatus> {
    let state = CommitState::of(outcome).or(was_begun.then_some(CommitState::Error))?;
    let text = match (outcome, reason) {
        (Outcome::Deployed, _) => format!("deployed: runs on {place}, read back"),
        (Outcome::Unchanged, _) => format!("unchanged: ran on {place} already, read back"),
        (_, Some(reason)) => format!("{outcome}: {reason}"),
        (_, None) => format!("{outcome}: {place}"),
    };
    Some(CommitStatus { state, context: context(environment), description: description(&text) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn state(outcome: Outcome, was_begun: bool) -> Option<&'static str> {
        ended(outcome, "stage", "stage", Some("why"), was_begun).map(|status| status.state.as_str())
    }

    #[test]
    fn only_what_was_read_back_is_a_success() {
        let table = [
            (Outcome::Deployed, Some("success")),
            (Outcome::Unchanged, Some("success")),
            (Outcome::Failed, Some("failure")),
            (Outcome::Refused, Some("failure")),
            (Outcome::RolledBack, Some("failure")),
            (Outcome::Broken, Some("failure")),
            (Outcome::Stale, Some("error")),
            (Outcome::Superseded, Some("error")),
            (Outcome::TimedOut, Some("error")),
            (Outcome::Unproven, Some("error")),
            (Outcome::Interrupted, Some("error")),
            (Outcome::Planned, None),
            (Outcome::Invalid, None),
        ];
        for (outcome, expected) in table {
            assert_eq!(state(outcome, false), expected, "{outcome}");
        }
    }

    #[test]
    fn nothing_stays_in_progress() {
        assert_eq!(state(Outcome::Invalid, true), Some("error"));
    }

    #[test]
    fn it_says_what_happened_where_and_why() {
        let said = |outcome, place, reason| ended(outcome, "stage", place, reason, true).unwrap();
        assert_eq!(said(Outcome::Deployed, "stage", None).context, "shipgate/stage");
        let partial = said(Outcome::Deployed, "backend of stage", None);
        assert_eq!(partial.description, "deployed: runs on backend of stage, read back");
        assert_eq!(partial.context, "shipgate/stage");
        let failed = said(Outcome::RolledBack, "stage", Some("backend does not start: exit code 1"));
        assert_eq!(failed.description, "rolled-back: backend does not start: exit code 1");
        assert_eq!(said(Outcome::Broken, "stage", None).description, "broken: stage");
        assert_eq!(begun("promote", "production", "production").description, "promote of production is in progress");
    }

    proptest! {
        #[test]
        fn every_reason_fits(reason in "\\PC{0,300}") {
            let status = ended(Outcome::Failed, "stage", "stage", Some(&reason), false).unwrap();
            prop_assert!(status.description.chars().count() <= LONGEST_DESCRIPTION);
            prop_assert!(!status.description.contains(['\n', '\r']));
        }
    }
}

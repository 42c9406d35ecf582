//! What really happened, in one word with one exit code. A contract: users' workflows rely on it.

use std::fmt;

/// How a command that changes an environment, or plans to, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The release serves, read back.
    Deployed,
    /// It already ran this release, verified the same way.
    Unchanged,
    /// A plan was made, nothing was changed.
    Planned,
    /// It failed, and what served before still serves untouched.
    Failed,
    /// Usage, configuration or identity.
    Invalid,
    /// A gate said no or could not know; nothing was changed.
    Refused,
    /// The target moved between plan and apply, before the first change.
    Stale,
    /// The rollout failed; the previous release serves again, verified.
    RolledBack,
    /// The rollout failed or is unknown, and the previous release is not verified.
    Broken,
    /// Another deployment replaced this one during the rollout.
    Superseded,
    /// Still in progress at the timeout.
    TimedOut,
    /// Accepted, but nothing runs to prove it.
    Unproven,
    /// Stopped by a signal; what is in flight is named.
    Interrupted,
}

impl Outcome {
    /// All outcomes, the worst first: the order in which several components make one total.
    pub const WORST_FIRST: [Self; 13] = [
        Self::Broken,
        Self::Interrupted,
        Self::TimedOut,
        Self::Superseded,
        Self::RolledBack,
        Self::Failed,
        Self::Invalid,
        Self::Refused,
        Self::Stale,
        Self::Unproven,
        Self::Deployed,
        Self::Planned,
        Self::Unchanged,
    ];

    /// Whether it neither succeeded nor failed, as far as anybody could see.
    pub fn is_undecided(self) -> bool {
        matches!(self, Self::Unproven | Self::Superseded | Self::TimedOut | Self::Interrupted)
    }

    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Unchanged => "unchanged",
            Self::Planned => "planned",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Refused => "refused",
            Self::Stale => "stale",
            Self::RolledBack => "rolled-back",
            Self::Broken => "broken",
            Self::Superseded => "superseded",
            Self::TimedOut => "timed-out",
            Self::Unproven => "unproven",
            Self::Interrupted => "interrupted",
        }
    }

    /// The exit code of the contract.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Deployed | Self::Unchanged | Self::Planned => 0,
            Self::Failed => 1,
            Self::Invalid => 2,
            Self::Refused => 3,
            Self::Stale => 4,
            Self::RolledBack => 5,
            Self::Broken => 6,
            Self::Superseded => 7,
            Self::TimedOut => 8,
            Self::Unproven => 9,
            Self::Interrupted => 130,
        }
    }

    /// The total of several components: the worst of theirs. `None` for none.
    pub fn worst(outcomes: impl IntoIterator<Item = Self>) -> Option<Self> {
        let rank = |outcome: &Self| Self::WORST_FIRST.iter().position(|other| other == outcome);
        outcomes.into_iter().min_by_key(rank)
    }

    /// Whether the command did what it was asked.
    pub fn is_success(self) -> bool {
        self.exit_code() == 0
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_the_contract() {
        let table: Vec<(&str, u8)> =
            Outcome::WORST_FIRST.iter().map(|outcome| (outcome.as_str(), outcome.exit_code())).collect();
        assert_eq!(
            table,
            [
                ("broken", 6),
                ("interrupted", 130),
                ("timed-out", 8),
                ("superseded", 7),
                ("rolled-back", 5),
                ("failed", 1),
                ("invalid", 2),
                ("refused", 3),
                ("stale", 4),
                ("unproven", 9),
                ("deployed", 0),
                ("planned", 0),
                ("unchanged", 0),
            ]
        );
    }

    #[test]
    fn the_readme_and_the_page_have_the_same_table() {
        for page in [include_str!("../../README.md"), include_str!("../../docs/outcomes/README.md")] {
            for outcome in Outcome::WORST_FIRST {
                let row = format!("\n| `{outcome}` | {} | ", outcome.exit_code());
                assert!(page.contains(&row), "{row}");
            }
        }
    }

    #[test]
    fn the_worst_component_decides() {
        use Outcome::{Broken, Deployed, Failed, Unchanged, Unproven};
        assert_eq!(Outcome::worst([Unchanged, Deployed]), Some(Deployed));
        assert_eq!(Outcome::worst([Deployed, Failed, Unproven]), Some(Failed));
        assert_eq!(Outcome::worst([Failed, Broken]), Some(Broken));
        assert_eq!(Outcome::worst([]), None);
    }
}

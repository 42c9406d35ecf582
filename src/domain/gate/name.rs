//! The names of gates.

use std::fmt;
use std::str::FromStr;

/// A gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GateName {
    /// Who makes the change.
    Identity,
    /// No stop sign.
    Hold,
    /// The source has proven the release.
    Proven,
    /// It ran there long enough.
    Soak,
    /// Images that were there already are own ones.
    Reuse,
    /// The commit is on an allowed branch.
    Branch,
    /// It is not older than what runs.
    Forward,
    /// Named commit statuses and check runs are green.
    Statuses,
    /// GitHub's environment asks its reviewers.
    Protected,
    /// People have approved.
    Approved,
    /// No freeze is open.
    Freeze,
    /// A window is open.
    Windows,
    /// The environment's values fit what is declared of them.
    Contract,
}

impl GateName {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 13] = [
        Self::Identity,
        Self::Hold,
        Self::Proven,
        Self::Soak,
        Self::Reuse,
        Self::Branch,
        Self::Forward,
        Self::Statuses,
        Self::Protected,
        Self::Approved,
        Self::Freeze,
        Self::Windows,
        Self::Contract,
    ];

    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Hold => "hold",
            Self::Proven => "proven",
            Self::Soak => "soak",
            Self::Reuse => "reuse",
            Self::Branch => "branch",
            Self::Forward => "forward",
            Self::Statuses => "statuses",
            Self::Protected => "protected",
            Self::Approved => "approved",
            Self::Freeze => "freeze",
            Self::Windows => "windows",
            Self::Contract => "contract",
        }
    }

    /// Whether a policy can let people override it. Who makes the change, and who has to agree, is never open to the person who
    /// makes it.
    pub fn may_be_overridden(self) -> bool {
        !matches!(self, Self::Identity | Self::Protected | Self::Approved)
    }
}

impl fmt::Display for GateName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for GateName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|name| name.as_str() == text).ok_or(())
    }
}

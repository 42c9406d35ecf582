//! What is reported, as data: what commands return, and what reports show. Neither knows the other.

pub mod approval;
pub mod build;
pub mod check;
pub mod contract;
pub mod failures;
pub mod gates;
pub mod history;
pub mod holds;
pub mod identity;
pub mod logs;
pub mod plan;
pub mod status;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use super::neutral;
use super::outcome::Outcome;
use approval::CountedApproval;
use build::BuiltSites;
use check::Checked;
use contract::AskedContract;
use gates::AskedGates;
use history::FoundReleases;
use holds::ChangedHolds;
use identity::SeenIdentities;
use logs::LogEntry;
use status::EnvironmentStatus;

/// The command that a run carries out, as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommandRequest {
    /// The command: `deploy`, `plan deploy`.
    pub command: String,
    /// The environment. Absent: the command takes none, or none was named.
    pub environment: Option<String>,
    /// The components that were named.
    pub components: Vec<String>,
    /// Whether it carries out a change.
    pub applies: bool,
    /// Whether it plans a change, or carries one out.
    pub plans: bool,
    /// Whether somebody is asked before it changes anything.
    pub asks: Confirmation,
}

/// Whether somebody is asked before anything is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Confirmation {
    /// No: there is nothing to ask, it was said already, or it is no person.
    #[default]
    No,
    /// Somebody at a terminal.
    Somebody,
    /// Somebody is there who would not see the question.
    Unseen,
}

impl CommandRequest {
    /// The environment, as text that is safe to show. Empty: there is none.
    pub fn environment(&self) -> String {
        neutral::phrase(self.environment.as_deref().unwrap_or_default(), 100)
    }

    /// What the command is about, in words: `stage`, `backend of stage`.
    pub fn place(&self) -> String {
        let environment = self.environment();
        match self.components.as_slice() {
            [] => environment,
            some => neutral::phrase(&format!("{} of {environment}", some.join(", ")), 200),
        }
    }
}

/// What a command returns when it has done its work.
#[derive(Debug)]
pub enum CommandAnswer {
    /// A change, planned or carried out. What is reported of it are its events.
    Change(Outcome),
    /// `check`.
    Check(Checked),
    /// `contract`.
    Contract(AskedContract),
    /// `build`.
    Built(BuiltSites),
    /// `approve`.
    Approval(CountedApproval),
    /// `gates`.
    Gates(Vec<AskedGates>),
    /// `status`.
    Status(Vec<EnvironmentStatus>),
    /// `history`.
    History(FoundReleases),
    /// `logs`.
    Logs {
        /// All entries, where they are wanted as a whole.
        entries: Vec<LogEntry>,
        /// There were no entries at all since then.
        none_since: Option<Timestamp>,
    },
    /// `hold` and `unhold`.
    Holds(ChangedHolds),
    /// `whoami`.
    Identities(SeenIdentities),
    /// A document whose form somebody else defines, whatever `--output` says.
    Document(Value),
    /// A script for a shell, whatever `--output` says.
    Script(String),
    /// A document with a credential in it.
    Credential(SecretString),
}

impl CommandAnswer {
    /// How the command ended.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Change(outcome) => *outcome,
            Self::Check(checked) => checked.findings.outcome(),
            Self::Contract(asked) => asked.findings.outcome(),
            Self::Status(environments) => {
                let worst = Outcome::worst(environments.iter().filter_map(EnvironmentStatus::failure_outcome));
                worst.unwrap_or(Outcome::Unchanged)
            }
            Self::Gates(asked) => Outcome::worst(asked.iter().map(AskedGates::outcome)).unwrap_or(Outcome::Planned),
            Self::Holds(changed) => changed.failure.as_ref().map_or(Outcome::Unchanged, |failure| failure.outcome),
            Self::Identities(seen) => {
                Outcome::worst(seen.failures().map(|(_, failure)| failure.outcome)).unwrap_or(Outcome::Unchanged)
            }
            Self::Approval(_) => Outcome::Planned,
            Self::Built(_)
            | Self::History(_)
            | Self::Logs { .. }
            | Self::Document(_)
            | Self::Script(_)
            | Self::Credential(_) => Outcome::Unchanged,
        }
    }
}

//! What runs where.

use jiff::Timestamp;

use super::plan::{PlanChange, Running};
use crate::domain::behind::Behind;
use crate::domain::failure::Failure;
use crate::domain::hold::Hold;
use crate::domain::ids::RecordId;
use crate::domain::names::EnvironmentName;
use crate::domain::outcome::Outcome;
use crate::domain::proof::Whereabouts;
use crate::domain::release::{GitSha, ReleaseName};

/// What is said of an environment.
#[derive(Debug)]
pub struct EnvironmentStatus {
    /// The environment.
    pub name: String,
    /// The environment that its releases come from.
    pub source: Option<EnvironmentName>,
    /// Its components, in the order they are changed.
    pub components: Vec<SeenComponent>,
    /// Why nothing could be looked at.
    pub failure: Option<Failure>,
}

/// What is said of a component.
#[derive(Debug)]
pub struct SeenComponent {
    /// The component.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// What was seen, or why nothing was.
    pub seen: Result<ComponentStatus, Failure>,
    /// How far it is behind the environment that its releases come from.
    pub behind: Option<Behind>,
    /// The first line of the message of the commit that it runs, neutral. `None`: the commit is not in this clone.
    pub subject: Option<String>,
}

impl EnvironmentStatus {
    /// The outcome of the worst thing that could not be looked at.
    pub fn failure_outcome(&self) -> Option<Outcome> {
        Outcome::worst(self.failures().map(|failure| failure.outcome))
    }

    /// Everything that could not be looked at.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.failure.iter().chain(self.components.iter().filter_map(|component| component.seen.as_ref().err()))
    }

    /// The commit that a component is known to run.
    pub fn commit_of(&self, component: &str) -> Option<GitSha> {
        let component = self.components.iter().find(|seen| seen.name == component)?;
        component.commit()
    }
}

impl SeenComponent {
    /// The commit that it runs. A build of a changed tree is none.
    pub fn commit(&self) -> Option<GitSha> {
        self.seen.as_ref().ok()?.running_release.sha.as_ref()?.parse().ok()
    }

    /// All that is to be said of it, in words.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if let Ok(seen) = &self.seen {
            remarks.extend(seen.holds.iter().filter(|hold| !hold.is_over()).map(SeenHold::described));
            remarks.extend(seen.drift.iter().map(|drift| drift.text.clone()));
            remarks.extend(seen.remarks.iter().map(|remark| remark.text.clone()));
            remarks.extend(seen.too_few());
        }
        remarks.extend(self.behind.as_ref().map(Behind::described));
        remarks
    }
}

/// What `status` says of a component.
#[derive(Debug, Clone)]
pub struct ComponentStatus {
    /// What it runs.
    pub running_release: Running,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Where it runs, and how many tasks.
    pub whereabouts: Whereabouts,
    /// The last release that shipgate put there or tried to, as the ledger has it. `None`: there is none, or what the ledger
    /// says is not believed.
    pub last: Option<LastRelease>,
    /// The holds on it.
    pub holds: Vec<SeenHold>,
    /// It does not run what shipgate deployed last.
    pub drift: Option<ComponentHandChange>,
    /// What else there is to say of it.
    pub remarks: Vec<Remark>,
}

impl ComponentStatus {
    /// That fewer tasks run than are wanted, in words.
    pub fn too_few(&self) -> Option<String> {
        let (desired, running) = (self.whereabouts.desired?, self.whereabouts.running?);
        (running < desired).then(|| format!("{running} of {desired} tasks run"))
    }
}

/// The last release of a component, whether it runs or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRelease {
    /// The release.
    pub release: ReleaseName,
    /// How it ended. `None`: not recorded.
    pub outcome: Option<String>,
    /// When it ended; without an outcome, when it began.
    pub at: Option<Timestamp>,
    /// Who started the run.
    pub by: Option<String>,
    /// The run, `OWNER/NAME/ID/ATTEMPT`, or `local`.
    pub run: Option<String>,
    /// The address of the run's page.
    pub url: Option<String>,
    /// Whether the component is meant to run it.
    pub is_live: bool,
}

/// A hold on a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenHold {
    /// The hold.
    pub hold: Hold,
    /// Whether the service has it. Otherwise it is on a revision alone, and is no less a hold.
    pub is_on_service: bool,
    /// Of what a rollback bars: whether a newer release has passed it, and runs. `None`: that is not known.
    pub passed: Option<bool>,
}

impl SeenHold {
    /// Whether it is what a rollback left, and a newer release runs.
    pub fn is_over(&self) -> bool {
        self.hold.is_bar() && self.passed == Some(true)
    }

    /// In words.
    pub fn described(&self) -> String {
        let place = if self.is_on_service { "" } else { "; on the revision alone, the service does not have the tag" };
        format!("{}: {}{place}", self.hold.word(), self.hold.described())
    }
}

/// Something else that is to be said of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// In words.
    pub text: String,
    /// Whether somebody has to do something about it.
    pub is_odd: bool,
}

impl Remark {
    /// What somebody has to do something about.
    pub fn odd(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_odd: true }
    }

    /// What is only said.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_odd: false }
    }
}

/// A file that somebody changed by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFile {
    /// Where it is, as it may be shown.
    pub path: String,
    /// What happened to it: `changed`, `headers`, `deleted`.
    pub what: &'static str,
}

impl ChangedFile {
    /// Maximum number that are named.
    pub const NAMED: usize = 5;

    /// Files in words: each with what happened to it, where there are not too many.
    pub fn described(files: &[Self]) -> String {
        let named = files.iter().take(Self::NAMED).map(|file| format!("{} ({})", file.path, file.what));
        let named = named.collect::<Vec<_>>().join(", ");
        match files.len().saturating_sub(Self::NAMED) {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }
}

/// Somebody changed a component by hand since the last release of shipgate, or that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentHandChange {
    /// What shipgate deployed last: the ARN of the revision. `None`: that is not known.
    pub last: Option<RecordId>,
    /// In words.
    pub text: String,
    /// What differs from that to what runs now.
    pub changes: Vec<PlanChange>,
    /// The files that are not those of the release.
    pub files: Vec<ChangedFile>,
    /// Whether the next deploy keeps what differs. `None`: nothing is known to differ.
    pub is_kept: Option<bool>,
}

//! How far the approval of a plan is.

use crate::domain::image::Digest;
use crate::domain::names::ComponentName;
use crate::domain::plan::{PlannedChange, PlannedCommand};

/// An approval that counts, and what it approves.
#[derive(Debug)]
pub struct CountedApproval {
    /// The number of the run that planned.
    pub plan_run: u64,
    /// The plan's digest.
    pub digest: Digest,
    /// What the digest is made from.
    pub document: String,
    /// The command that the plan is of.
    pub planned: PlannedCommand,
    /// Whether the plan is of some of the components alone.
    pub is_part: bool,
    /// Those who have approved, each once.
    pub approvers: Vec<String>,
    /// How many people have to.
    pub quorum: usize,
    /// What the next person does.
    pub next_step: String,
}

impl CountedApproval {
    /// Whether the plan can be carried out.
    pub fn is_complete(&self) -> bool {
        self.approvers.len() >= self.quorum
    }

    /// How many have approved, and who, in words.
    pub fn counted(&self) -> String {
        let (count, by) = (self.approvers.len(), self.approvers.join(", "));
        format!("{count} of {} approval{}: {by}", self.quorum, if self.quorum == 1 { "" } else { "s" })
    }

    /// What is planned, in words.
    pub fn what(&self) -> String {
        let PlannedCommand { command, environment, components, change } = &self.planned;
        let part = if self.is_part {
            let names: Vec<&str> = components.iter().map(ComponentName::as_str).collect();
            format!("{} of ", names.join(", "))
        } else {
            String::new()
        };
        let what = match change {
            PlannedChange::Release { release, .. } => format!("{command} of {} on", release.short()),
            PlannedChange::Holds { .. } => format!("{command} of"),
        };
        let why = match change {
            PlannedChange::Release { .. } => String::new(),
            PlannedChange::Holds { reason } => format!(" ({reason})"),
        };
        format!("{what} {part}{environment}{why}, planned in run {}", self.plan_run)
    }
}

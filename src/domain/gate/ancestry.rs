//! `branch` and `forward`: where the commit stands.

use indexmap::IndexMap;

use super::judgement::{Fact, GateJudgement, Unknown};
use super::policy::ChangeCommand;
use super::subject::GateSubject;
use crate::domain::comparison::CommitComparison;
use crate::domain::names::ComponentName;
use crate::domain::release::{GitSha, ReleaseName};

/// The branches that count, and which of them have the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// What was looked for: the names and patterns of the configuration, or the default branch.
    pub wanted: Vec<String>,
    /// Each branch that is meant.
    pub branches: Vec<BranchReach>,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchReach {
    /// Its name.
    pub name: String,
    /// Whether the commit is reachable from it.
    pub has_commit: Fact<bool>,
}

/// How the release stands to what a component runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRelation {
    /// The component.
    pub component: ComponentName,
    /// What it runs. `None`: nothing says which release that is.
    pub runs: Option<GitSha>,
    /// How the release stands to that, which is the base.
    pub comparison: Fact<CommitComparison>,
}

/// The commit is reachable from an allowed branch.
pub(super) fn branch(subject: &GateSubject<'_>, seen: &Reach) -> GateJudgement {
    let commit = subject.release.map(ReleaseName::short).unwrap_or_default();
    if let Some(found) = seen.branches.iter().find(|branch| branch.has_commit == Fact::Is(true)) {
        return GateJudgement::satisfied(format!("{commit} is on {}", found.name));
    }
    let wanted = seen.wanted.join(", ");
    let unknown = seen.branches.iter().find_map(|branch| match &branch.has_commit {
        Fact::Unknown(unknown) => Some((branch, unknown)),
        Fact::Is(_) => None,
    });
    if let Some((branch, unknown)) = unknown {
        let reason = format!("whether {commit} is on {} is not known: {}", branch.name, unknown.reason);
        return GateJudgement::unknown(&Unknown { reason, hint: unknown.hint.clone() });
    }
    if seen.branches.is_empty() {
        return GateJudgement::unsatisfied(
            format!("there is no branch {wanted}"),
            "name a branch that exists in `branch` of the gates",
        );
    }
    GateJudgement::unsatisfied(format!("{commit} is not on {wanted}"), format!("merge it into {wanted} first"))
}

/// The release is not older than what runs.
pub(super) fn forward(subject: &GateSubject<'_>, seen: &[CommitRelation]) -> GateJudgement {
    let environment = subject.environment;
    let mut by_release: IndexMap<Option<&GitSha>, (Vec<&str>, &Fact<CommitComparison>)> = IndexMap::new();
    for standing in seen {
        let entry = by_release.entry(standing.runs.as_ref()).or_insert_with(|| (Vec::new(), &standing.comparison));
        entry.0.push(standing.component.as_str());
    }
    let release = subject.release.map(ReleaseName::short).unwrap_or_default();
    let (mut unsatisfied, mut unknown, mut notes) = (None, None, Vec::new());
    for (runs, (components, comparison)) in &by_release {
        let components = components.join(", ");
        let Some(runs) = runs else {
            notes.push(format!("no release of {components} is recorded"));
            continue;
        };
        let runs = runs.short();
        match comparison {
            Fact::Is(CommitComparison::Identical) => notes.push(format!("{components} runs it")),
            Fact::Is(CommitComparison::Ahead(count)) => {
                notes.push(format!("{} ahead of {runs}, which {components} runs", commits(*count)));
            }
            Fact::Is(CommitComparison::Behind(count)) => {
                let verb = if subject.command == ChangeCommand::Promote { "promote" } else { "deploy" };
                unsatisfied.get_or_insert(GateJudgement::unsatisfied(
                    format!("{release} is {} older than {runs}, which {components} runs on {environment}", commits(*count)),
                    format!(
                        "{verb} a newer commit, or go back with `shipgate rollback {environment}`, which bars what it takes back"
                    ),
                ));
            }
            Fact::Is(CommitComparison::Diverged { behind, .. }) => {
                let reason =
                    format!("{release} lacks {} of {runs}, which {components} runs on {environment}", commits(*behind));
                let hint = format!("merge {runs} into the branch first: {environment} has what the branch has not");
                unknown.get_or_insert(GateJudgement::unknown(&Unknown::new(reason).hint(hint)));
            }
            Fact::Unknown(why) => {
                let reason =
                    format!("whether {release} contains {runs}, which {components} runs, is not known: {}", why.reason);
                unknown.get_or_insert(GateJudgement::unknown(&Unknown { reason, hint: why.hint.clone() }));
            }
        }
    }
    unsatisfied.or(unknown).unwrap_or_else(|| GateJudgement::satisfied(notes.join("; ")))
}

fn commits(count: u64) -> String {
    if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") }
}

//! What GitHub says of the runs by which people approve a plan.

use jiff::Timestamp;

use super::history::CommitHistory as Commits;
use super::hosted::unknown;
use crate::clients::github::error::GitHubErrorKind;
use crate::clients::github::{GitHub, GitHubError};
use crate::domain::comparison::CommitComparison;
use crate::domain::gate::{ApprovalRun, Fact, PlanRun, SecondPersonEvidence, Unknown, approval_title};
use crate::domain::github::run::GitHubRun;
use crate::domain::github::workflows::TrustedWorkflows;
use crate::domain::image::Digest;
use crate::domain::provenance::Provenance;
use crate::domain::release::GitSha;
use crate::domain::target::Component;
use crate::domain::view::history::ReleaseHistory;
use crate::kinds::driver;
use crate::observe::{Cloud, Configuration};
use crate::together::try_each;

/// Number of the newest entries of a component's ledger that are read: an approval counts for a week at most.
const ENTRIES_READ: usize = 100;

/// A plan that people were asked about.
#[derive(Debug)]
pub struct AskedPlan<'a> {
    /// The number of the run that made it.
    pub run: u64,
    /// Its digest.
    pub digest: &'a Digest,
    /// The workflows that are trusted.
    pub trusted: Vec<TrustedWorkflows>,
    /// The configuration that says who approves.
    pub configuration: &'a Configuration,
    /// What the ledgers of its components say was carried out.
    pub carried_out: Fact<Vec<CarriedOut>>,
}

/// Gathers what is known of the approval of a plan. `own`: the number of the run that asks. `now`: the time.
///
/// # Errors
///
/// GitHub does not say what it takes to judge anything.
pub async fn runs(
    history: &Commits<'_>,
    (own, now): (u64, Timestamp),
    asked: &AskedPlan<'_>,
) -> Result<SecondPersonEvidence, Unknown> {
    let github = history.hosted.github()?;
    let failed = |error: GitHubError| unknown(&error);
    let own = github.workflow_run(own).await.map_err(failed)?;
    let plan = github.workflow_run(asked.run).await.map_err(|error| {
        if matches!(error.kind, GitHubErrorKind::NotFound(_)) {
            let hint = "copy run and plan from the page of the planning run";
            return Unknown::new(format!("GitHub has no run {}", asked.run)).hint(hint);
        }
        unknown(&error)
    })?;
    let jobs = github.jobs(asked.run).await.map_err(failed)?;
    let listed = github.dispatched_runs(own.workflow, plan.created).await.map_err(failed)?;
    let title = approval_title(plan.id, asked.digest);
    let others = listed.into_iter().filter(|run| run.title == title && run.id != own.id);
    let branch = Branch { history, tip: tip(history).await };
    let mut found = SecondPersonEvidence {
        digest: asked.digest.clone(),
        now,
        own: own.id,
        trusted: asked.trusted.clone(),
        configuration: branch.has_file(github, asked.configuration).await,
        used_by: used_by(&asked.carried_out, &plan),
        plan: PlanRun { is_on_default_branch: branch.has(&plan.commit).await, run: plan, jobs },
        approvals: Vec::new(),
    };
    for run in others.chain([own.clone()]) {
        let is_on_default_branch = branch.has(&run.commit).await;
        let may_write = may_write(github, &run).await;
        found.approvals.push(ApprovalRun { run, is_on_default_branch, may_write });
    }
    found.approvals.sort_by_key(|approval| approval.run.id);
    Ok(found)
}

/// The newest entries of the components' ledgers.
pub async fn carried_out(cloud: &Cloud, components: &[Component]) -> Fact<Vec<CarriedOut>> {
    let look = async |component| driver(component).history(cloud, ENTRIES_READ).await;
    let histories = match try_each(components, look).await {
        Ok(histories) => histories,
        Err(failure) => return Fact::unknown(format!("whether the plan was carried out before: {}", failure.brief())),
    };
    let of_component = |history: ReleaseHistory| {
        let beyond = history.looked_at.is_some() || history.releases.len() >= ENTRIES_READ;
        let oldest = history.releases.last().and_then(|entry| entry.at).filter(|_| beyond);
        let entries = history.releases.into_iter().map(|entry| entry.provenance).collect();
        CarriedOut { entries, since: if beyond { oldest.or(Some(Timestamp::MAX)) } else { None } }
    };
    Fact::Is(histories.into_iter().map(of_component).collect())
}

/// What a component's ledger says was put there.
#[derive(Debug, Clone)]
pub struct CarriedOut {
    entries: Vec<Provenance>,
    /// The time that the entries reach back to. `None`: they are all that there are.
    since: Option<Timestamp>,
}

/// The run that carried out a run's plan before.
fn used_by(ledgers: &Fact<Vec<CarriedOut>>, plan: &GitHubRun) -> Fact<Option<String>> {
    let ledgers = match ledgers {
        Fact::Is(ledgers) => ledgers,
        Fact::Unknown(unknown) => return Fact::Unknown(unknown.clone()),
    };
    let mut entries = ledgers.iter().flat_map(|ledger| &ledger.entries);
    if let Some(entry) = entries.find(|entry| entry.plan_runs.contains(&plan.id)) {
        return Fact::Is(Some(entry.run.clone().unwrap_or_else(|| "a run that is not recorded".to_owned())));
    }
    if ledgers.iter().filter_map(|ledger| ledger.since).any(|since| since >= plan.created) {
        return Fact::unknown("whether the plan was carried out before: there are too many newer releases");
    }
    Fact::Is(None)
}

async fn may_write(github: &GitHub, run: &GitHubRun) -> Fact<bool> {
    let Some(person) = &run.actor else { return Fact::Is(false) };
    github.may_write(person).await.map_or_else(|error| Fact::Unknown(unknown(&error)), Fact::Is)
}

/// The newest commit of the default branch. Its name alone would also be that of a tag.
async fn tip(history: &Commits<'_>) -> Result<GitSha, Unknown> {
    let name = history.hosted.default_branch().await.map_err(|why| why.unknown("the default branch is not known"))?;
    let tip = history.hosted.branch(&name).await;
    tip.map_err(|why| why.unknown("the newest commit of the default branch is not known"))
}

/// Whether the configuration is the one that a branch has now; by default the default branch.
pub async fn is_current(history: &Commits<'_>, configuration: &Configuration, branch: Option<&str>) -> Fact<bool> {
    let github = match history.hosted.github() {
        Ok(github) => github,
        Err(unknown) => return Fact::Unknown(unknown),
    };
    let tip = match branch {
        Some(branch) => {
            let tip = history.hosted.branch(branch).await;
            tip.map_err(|why| why.unknown("the newest commit of the job's branch is not known"))
        }
        None => tip(history).await,
    };
    Branch { history, tip }.has_file(github, configuration).await
}

struct Branch<'h> {
    history: &'h Commits<'h>,
    tip: Result<GitSha, Unknown>,
}

impl Branch<'_> {
    /// Whether it has a commit.
    async fn has(&self, commit: &GitSha) -> Fact<bool> {
        let tip = match &self.tip {
            Ok(tip) => tip,
            Err(unknown) => return Fact::Unknown(unknown.clone()),
        };
        match self.history.hosted.compare(commit, tip).await {
            Ok(CommitComparison::Identical | CommitComparison::Ahead(_)) => Fact::Is(true),
            Ok(CommitComparison::Behind(_) | CommitComparison::Diverged { .. }) => Fact::Is(false),
            Err(why) => Fact::Unknown(why.unknown("GitHub does not have the commit of a run")),
        }
    }

    /// Whether it has a file with this content.
    async fn has_file(&self, github: &GitHub, file: &Configuration) -> Fact<bool> {
        let (tip, path) = match (&self.tip, file.path_in_repository()) {
            (Ok(tip), Some(path)) => (tip, path),
            (Err(unknown), _) => return Fact::Unknown(unknown.clone()),
            (Ok(_), None) => return Fact::unknown("the configuration is in no repository"),
        };
        match github.file(&path, tip).await {
            Ok(content) => Fact::Is(content == file.text.as_bytes()),
            Err(error) => Fact::Unknown(unknown(&error)),
        }
    }
}

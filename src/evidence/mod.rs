//! What gates look at, gathered from what was observed of each component and from the repository's history.

mod approval;
mod commits;
mod contract;
mod history;
mod holds;
mod hosted;
mod origin;
mod second_person;
mod statuses;

use jiff::Timestamp;

use self::statuses::PolicyStatuses;
use crate::domain::gate::{ChangeCommand, Fact, GateEvidence, GateName, IdentityEvidence, StatusesEvidence};
use crate::domain::plan::ComponentPlan;
use crate::domain::token::Claim;
use crate::events::Events;
use crate::kinds::WholePlan;
use crate::observe::{Cloud, Configuration};

pub use approval::Approvals;
pub use contract::others;
pub use history::CommitHistory;
pub use holds::{covered, has, held};
pub use hosted::Hosted;
pub use origin::Origins;
pub use second_person::{AskedPlan, carried_out, runs as approval_runs};

/// Who makes a change, by which configuration. What one person may do alone does not ask which one that is.
pub async fn identity(
    cloud: &Cloud,
    history: &CommitHistory<'_>,
    repository: Option<&str>,
    (command, configuration): (ChangeCommand, &Configuration),
) -> IdentityEvidence {
    let asks = matches!(command, ChangeCommand::Promote | ChangeCommand::Restore | ChangeCommand::Unhold)
        && history.hosted.run().is_some();
    let reference = cloud.claims.as_ref().map(|claims| claims.get("ref"));
    let branch = match &reference {
        Some(Claim::Is(reference)) => reference.strip_prefix("refs/heads/"),
        _ => None,
    };
    let is_current = if asks { Some(second_person::is_current(history, configuration, branch).await) } else { None };
    IdentityEvidence {
        account: cloud.account.clone(),
        expected: cloud.expected.clone(),
        caller: cloud.caller.clone(),
        token: cloud.claims.clone(),
        repository: repository.map(str::to_owned),
        is_current,
        default_branch: if cloud.claims.is_some() { history.default_branch().await } else { None },
    }
}

/// What the gates of a plan look at that every plan has. What its command does not ask for is not looked at.
pub async fn of_plan(
    plan: &WholePlan,
    history: &CommitHistory<'_>,
    identity: IdentityEvidence,
    now: Timestamp,
) -> GateEvidence {
    let mut evidence = GateEvidence::new(now);
    let is_evaluated = |gate| plan.policy.is_evaluated(gate, plan.command);
    evidence.identity = Fact::Is(identity);
    evidence.changes_nothing = plan.components().all(ComponentPlan::is_empty);
    if is_evaluated(GateName::Hold) {
        evidence.holds = Fact::Is(holds::hold_evidence(history, &plan.components, &plan.release).await);
    }
    if is_evaluated(GateName::Branch)
        && let Some(commit) = plan.release.sha()
    {
        evidence.reach = history.reach(&plan.policy, commit).await;
    }
    if is_evaluated(GateName::Forward) {
        evidence.standings = Fact::Is(history.standings(plan.components(), &plan.release).await);
    }
    if is_evaluated(GateName::Statuses)
        && let Some(statuses) = statuses_of(history.hosted, plan)
    {
        evidence.statuses = statuses.look().await.evidence(None);
    }
    evidence
}

/// The statuses of the release, once those that had not ended have, or the time for that is over.
pub async fn wait_for_statuses(hosted: &Hosted, plan: &WholePlan, events: &Events) -> Fact<StatusesEvidence> {
    match statuses_of(hosted, plan) {
        Some(statuses) => statuses.wait(events).await,
        None => Fact::unknown("no statuses are named"),
    }
}

fn statuses_of<'a>(hosted: &'a Hosted, plan: &'a WholePlan) -> Option<PolicyStatuses<'a>> {
    Some(PolicyStatuses { hosted, policy: plan.policy.statuses.as_ref()?, release: &plan.release })
}

#[cfg(test)]
mod tests;

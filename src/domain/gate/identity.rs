//! `identity`: the change is made by who is configured to make it.

use super::judgement::{Fact, GateJudgement, Unknown};
use super::policy::ChangeCommand;
use super::subject::GateSubject;
use crate::domain::names::AccountId;
use crate::domain::token::{Claim, Claims};

/// Who makes the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityEvidence {
    /// The account that AWS says the credentials are of.
    pub account: AccountId,
    /// The configured one. `None`: none is.
    pub expected: Option<AccountId>,
    /// Whom AWS takes the credentials for, as an ARN.
    pub caller: String,
    /// The token that the role was assumed with. `None`: the credentials are ambient ones.
    pub token: Option<Claims>,
    /// The repository that the job runs for, `OWNER/NAME`.
    pub repository: Option<String>,
    /// The default branch, where it is known.
    pub default_branch: Option<String>,
    /// Whether the configuration is the one that the job's branch has now. `None`: it does not matter for the command, or
    /// this is no run of a workflow.
    pub is_current: Option<Fact<bool>>,
}

/// Account, and where a token is used its repository, environment and ref, are the configured ones; and the configuration
/// is not one of before, which a run has that somebody runs again.
pub(super) fn judge(subject: &GateSubject<'_>, seen: &IdentityEvidence) -> GateJudgement {
    match &seen.is_current {
        None | Some(Fact::Is(true)) => of_job(subject, seen),
        Some(Fact::Is(false)) => GateJudgement::unsatisfied(
            "shipgate.toml is not the one that the branch has now",
            "start the workflow again, instead of running it once more as it was",
        ),
        Some(Fact::Unknown(unknown)) => GateJudgement::unknown(unknown),
    }
}

fn of_job(subject: &GateSubject<'_>, seen: &IdentityEvidence) -> GateJudgement {
    if let Some(expected) = seen.expected.as_ref().filter(|expected| **expected != seen.account) {
        return GateJudgement::unsatisfied(
            format!("the account is {}, not {expected}", seen.account),
            "use credentials of the configured account",
        );
    }
    let Some(token) = &seen.token else {
        return GateJudgement::satisfied(format!("{} in account {}, without a token", seen.caller, seen.account));
    };
    let Claim::Is(claim) = token.get("repository") else {
        return GateJudgement::unknown(&Unknown::new("the token does not say of which repository the job is"));
    };
    // Where nothing says which repository it should be, the role's trust policy alone does.
    if let Some(repository) = seen.repository.as_ref().filter(|repository| *repository != claim) {
        return GateJudgement::unsatisfied(
            format!("the token is of repository {claim}, not {repository}"),
            "run it in a workflow of the repository itself",
        );
    }
    if let Claim::Is(claim) = token.get("environment")
        && claim != subject.environment.as_str()
    {
        return GateJudgement::unsatisfied(
            format!("the token is of GitHub's environment {claim}, not {}", subject.environment),
            format!("write `environment: {}` in the job", subject.environment),
        );
    }
    // In an emergency a stop sign is put from wherever one is; the role's trust policy says who may.
    if matches!(subject.command, ChangeCommand::Hold | ChangeCommand::Unhold) {
        return GateJudgement::satisfied(format!("{} in account {}", seen.caller, seen.account));
    }
    let Claim::Is(reference) = token.get("ref") else {
        return GateJudgement::unknown(&Unknown::new("the token does not say for which ref the job runs"));
    };
    let branch = reference.strip_prefix("refs/heads/");
    let allowed = match (&subject.policy.branch, &seen.default_branch) {
        (Some(patterns), _) => branch.is_some_and(|branch| patterns.iter().any(|pattern| pattern.matches(branch))),
        (None, Some(default)) => branch == Some(default.as_str()),
        (None, None) => {
            let hint = format!("write `branch = [\"main\"]` in `[environments.{}.gates]`", subject.environment);
            return GateJudgement::unknown(&Unknown::new("which branch is the default one is not known").hint(hint));
        }
    };
    if allowed {
        return GateJudgement::satisfied(format!("{} in account {}, from {reference}", seen.caller, seen.account));
    }
    GateJudgement::unsatisfied(
        format!("the job runs for {reference}, which is no allowed branch"),
        "start the workflow on an allowed branch, or name the branch in `branch` of the gates",
    )
}

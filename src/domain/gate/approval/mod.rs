//! Approval by people: what the configuration asks for, and what counts.

mod asked;
mod people;
mod protected;
mod reviewed;
mod second_person;

pub use self::asked::{Approval, GitHubLogin, SecondPerson};
use self::people::distinct;
pub(super) use self::protected::judge as protected;
pub use self::protected::{AllowedBranches, Protection, ProtectionEvidence};
pub use self::reviewed::{Review, ReviewEvidence, ReviewState};
pub use self::second_person::{ApprovalRun, PlanRun, SecondPersonEvidence, approval_title};
#[cfg(test)]
pub(super) use self::second_person::{NotCounted, sample as second_person_sample};
use super::judgement::{GateJudgement, GateVerdict, Unknown};
use super::policy::ChangeCommand;
use super::subject::GateSubject;
use crate::domain::names::EnvironmentName;

/// What is known of the approval of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalEvidence {
    /// This only plans. People are asked when it is carried out.
    Later,
    /// Nothing names this plan as one that people have approved.
    Unasked,
    /// The reviews of this run.
    Reviews(ReviewEvidence),
    /// The runs of other people.
    Runs(Box<SecondPersonEvidence>),
}

/// People have approved, as the policy asks for it.
pub(super) fn approved(subject: &GateSubject<'_>, seen: &ApprovalEvidence) -> GateJudgement {
    let environment = subject.environment;
    match (&subject.policy.approval, seen) {
        (Some(Approval::Required { .. }), ApprovalEvidence::Later) => {
            pending(format!("a reviewer of GitHub's environment {environment} is asked when it is carried out"))
        }
        (Some(Approval::SecondPerson(policy)), ApprovalEvidence::Later) => pending(format!("waits for {policy}")),
        (Some(Approval::Required { self_approval }), ApprovalEvidence::Reviews(seen)) => {
            reviewed::judge(subject, *self_approval, seen)
        }
        (Some(Approval::SecondPerson(policy)), ApprovalEvidence::Unasked) => {
            let file = match subject.command {
                ChangeCommand::Unhold => "hold.yml",
                ChangeCommand::Rollback | ChangeCommand::Restore => "rollback.yml",
                ChangeCommand::Promote | ChangeCommand::Deploy | ChangeCommand::Hold | ChangeCommand::Check => {
                    "promote.yml"
                }
            };
            let hint = format!(
                "start the workflow that calls {file}: it plans, and its page says how another person approves"
            );
            GateJudgement::unsatisfied(
                format!("needs {policy}, and nothing says that people were asked about this plan"),
                hint,
            )
        }
        (Some(Approval::SecondPerson(policy)), ApprovalEvidence::Runs(seen)) => {
            second_person::judge(environment, policy, seen)
        }
        _ => GateJudgement::unknown(&Unknown::new("what is known is not of the approval that is asked for")),
    }
}

fn pending(reason: String) -> GateJudgement {
    GateJudgement { verdict: GateVerdict::Pending, reason, hint: None }
}

/// How far the approval of a plan is: those who have approved, each once, in the order of their runs.
///
/// # Errors
///
/// Why the run that asks is no approval of a plan.
pub fn counted(
    environment: &EnvironmentName,
    policy: &SecondPerson,
    seen: &SecondPersonEvidence,
) -> Result<Vec<String>, Unknown> {
    let counted = second_person::count(environment, policy, seen);
    let counted = counted.map_err(|GateJudgement { reason, hint, .. }| Unknown { reason, hint })?;
    Ok(counted.people.into_iter().map(|person| person.login.clone()).collect())
}

/// The names of those whose approval counts, each once.
pub(super) fn approvers(subject: &GateSubject<'_>, seen: &ApprovalEvidence) -> Vec<String> {
    let people = match (&subject.policy.approval, seen) {
        (Some(Approval::Required { self_approval }), ApprovalEvidence::Reviews(seen)) => {
            seen.counted(subject.environment, *self_approval)
        }
        (Some(Approval::SecondPerson(policy)), ApprovalEvidence::Runs(seen)) => seen.judged(policy).people,
        _ => Vec::new(),
    };
    distinct(&people).into_iter().map(|person| person.login.clone()).collect()
}

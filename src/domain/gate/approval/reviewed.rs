//! `approved`, where GitHub's environment asks: a reviewer who did not start the run has let this attempt in.

use super::people::names;
use crate::domain::gate::judgement::{GateJudgement, Unknown};
use crate::domain::gate::subject::GateSubject;
use crate::domain::github::run::Person;
use crate::domain::names::EnvironmentName;

/// The reviews of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewEvidence {
    /// Which attempt of the run this is, from 1.
    pub attempt: u64,
    /// Who started the run, and who started this attempt.
    pub started_by: Vec<Person>,
    /// All that was decided, of every attempt and every environment.
    pub reviews: Vec<Review>,
}

/// A decision of a reviewer
/// ([review history](https://docs.github.com/en/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run)).
/// GitHub does not say when it was made, nor for which attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The names of the environments that it is about, as they are.
    pub environments: Vec<String>,
    /// What was decided.
    pub state: ReviewState,
    /// Who decided.
    pub reviewer: Option<Person>,
}

/// What a reviewer decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    /// The jobs may go on.
    Approved,
    /// They may not.
    Rejected,
    /// Nothing yet.
    Pending,
}

/// GitHub compares names of environments without regard to case.
fn of_environment<'e>(seen: &'e ReviewEvidence, environment: &EnvironmentName) -> Vec<&'e Review> {
    let is_here =
        |review: &&Review| review.environments.iter().any(|name| name.eq_ignore_ascii_case(environment.as_str()));
    seen.reviews.iter().filter(is_here).collect()
}

/// The approvals for an environment, each with its reviewer.
fn approvals<'e>(here: &[&'e Review]) -> Vec<&'e Person> {
    let approved = here.iter().filter(|review| review.state == ReviewState::Approved);
    approved.filter_map(|review| review.reviewer.as_ref()).collect()
}

impl ReviewEvidence {
    fn is_started_by(&self, person: &Person) -> bool {
        self.started_by.iter().any(|starter| starter.id == person.id)
    }

    /// Those whose approvals for an environment count, one for each approval.
    pub(super) fn counted(&self, environment: &EnvironmentName, self_approval: bool) -> Vec<&Person> {
        let mut counted = approvals(&of_environment(self, environment));
        counted.retain(|person| person.is_user && (self_approval || !self.is_started_by(person)));
        counted
    }
}

/// Every attempt that was not rejected has an approval of its own by somebody who started none of them.
pub(super) fn judge(subject: &GateSubject<'_>, self_approval: bool, seen: &ReviewEvidence) -> GateJudgement {
    let environment = subject.environment;
    if seen.started_by.is_empty() {
        return GateJudgement::unknown(&Unknown::new("GitHub does not say who started this run"));
    }
    // A job with `actions: write` starts workflows as a bot, and the author of that job could be the reviewer.
    if let Some(bot) = seen.started_by.iter().find(|starter| !starter.is_user && !self_approval) {
        let reason = format!("{} started this run, so who asked for it is not known", bot.login);
        let hint = "start the workflow by hand; `self-approval = true` accepts reviewers who may have started it";
        return GateJudgement::unsatisfied(reason, hint);
    }
    let here = of_environment(seen, environment);
    let counted = seen.counted(environment, self_approval);
    if counted.is_empty() {
        let reason = match approvals(&here).into_iter().find(|person| seen.is_started_by(person)) {
            Some(person) => format!("{} approved for {environment}, and started this run", person.login),
            None => format!("no reviewer of {environment} has approved this run"),
        };
        return GateJudgement::unsatisfied(reason, "start the workflow again, and let another person approve it");
    }
    // An attempt that got in without a review of its own would use that of an earlier one.
    let rejected = here.iter().filter(|review| review.state == ReviewState::Rejected).count();
    let wanted = usize::try_from(seen.attempt).unwrap_or(usize::MAX).saturating_sub(rejected).max(1);
    if counted.len() < wanted {
        let reason = format!(
            "this is attempt {} of the run, and {} approved by another person",
            seen.attempt,
            were(counted.len())
        );
        return GateJudgement::unsatisfied(reason, "start the workflow again instead of re-running it");
    }
    GateJudgement::satisfied(format!("{} approved this run for {environment}", names(&counted)))
}

fn were(count: usize) -> String {
    if count == 1 { "1 was".to_owned() } else { format!("{count} were") }
}

//! `approved`, where other people start a workflow of their own, each for one plan: which of these runs count.
//!
//! Nothing that a run says of itself is believed, only what GitHub's API says of the run.

use std::fmt;

#[cfg(test)]
use jiff::SignedDuration;
use jiff::Timestamp;

use super::asked::{GitHubLogin, SecondPerson};
use super::people::names;
use crate::domain::gate::judgement::{Fact, GateJudgement, Unknown};
use crate::domain::github::run::{GitHubRun, Person, RunJob, WorkflowConclusion};
use crate::domain::github::workflows::{GatedWorkflow, TrustedWorkflows};
use crate::domain::image::Digest;
use crate::domain::names::EnvironmentName;
use crate::domain::neutral;

/// The title of a run that approves a plan.
pub fn approval_title(plan_run: u64, digest: &Digest) -> String {
    format!("approve {plan_run} {digest}")
}

/// Whether a job's name says that its run made a plan for an environment: `plan DIGEST for ENVIRONMENT`, with the name of
/// the caller's job and ` / ` before it. GitHub cuts what is longer than a hundred characters. What is missing then does not
/// matter as long as the digest is whole: it is of the environment, too.
fn announces(name: &str, environment: &EnvironmentName, digest: &Digest) -> bool {
    let Some((before, rest)) = name.rsplit_once(&format!("plan {digest}")) else { return false };
    let wanted = format!(" for {environment}");
    let is_cut = || rest.strip_suffix("...").is_some_and(|begin| wanted.starts_with(begin));
    (before.is_empty() || before.ends_with(" / ")) && (rest == wanted || is_cut())
}

/// All that is known of a plan's approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondPersonEvidence {
    /// The digest of the plan that is about to be carried out.
    pub digest: Digest,
    /// The time: what was approved is carried out in the time in which approvals count.
    pub now: Timestamp,
    /// The run that asks, which is one of the approvals.
    pub own: u64,
    /// The workflows that are trusted.
    pub trusted: Vec<TrustedWorkflows>,
    /// Whether the configuration is the default branch's.
    pub configuration: Fact<bool>,
    /// The run that made the plan.
    pub plan: PlanRun,
    /// The run that carried this plan out before, where there is one.
    pub used_by: Fact<Option<String>>,
    /// The runs of the same workflow that ask for the same plan by their title, this one among them.
    pub approvals: Vec<ApprovalRun>,
}

/// The run that made a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRun {
    /// The run.
    pub run: GitHubRun,
    /// Its jobs.
    pub jobs: Vec<RunJob>,
    /// Whether the default branch has its commit.
    pub is_on_default_branch: Fact<bool>,
}

/// A run that asks to be taken for an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRun {
    /// The run.
    pub run: GitHubRun,
    /// Whether the default branch has its commit.
    pub is_on_default_branch: Fact<bool>,
    /// Whether the person who started it may write to the repository now.
    pub may_write: Fact<bool>,
}

/// The words of GitHub for what triggered a run and how it ended are shorter.
const LONGEST_WORD: usize = 40;

/// Why a run does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotCounted<'a> {
    /// Something else than a click started it.
    Event(&'a str),
    /// It was run again, which keeps who started it first.
    RunAgain,
    /// It is of a fork.
    Fork,
    /// Its commit is not on the default branch.
    OtherBranch,
    /// It does not call the trusted workflow at a trusted commit.
    Untrusted(GatedWorkflow),
    /// It ended otherwise than well.
    Ended(&'a str),
    /// Its title is not that of an approval of this plan.
    Title,
    /// It has no job that names the plan.
    Unannounced,
    /// GitHub does not say who started it.
    Unnamed,
    /// A bot started it.
    Bot,
    /// It was started before the plan, or too long after it.
    Expired,
    /// The person who planned started it.
    Planner,
    /// The person who started it is not in `people`.
    Unlisted,
    /// The person who started it may not write to the repository any more.
    NoAccess,
    /// Something of it is not known.
    Unknown(&'a Unknown),
}

impl fmt::Display for NotCounted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Event(event) => {
                return write!(formatter, "it was started by {}, not by a click", neutral::phrase(event, LONGEST_WORD));
            }
            Self::RunAgain => "it was run again",
            Self::Fork => "it is of a fork",
            Self::OtherBranch => "its commit is not on the default branch",
            Self::Untrusted(workflow) => {
                return write!(formatter, "it does not call {} of `[github] workflows`", workflow.path());
            }
            Self::Ended(how) => return write!(formatter, "it ended with {}", neutral::phrase(how, LONGEST_WORD)),
            Self::Title => "its title does not name this plan",
            Self::Unannounced => "none of its jobs names this plan",
            Self::Unnamed => "GitHub does not say who started it",
            Self::Bot => "a bot started it",
            Self::Expired => "it was not started in the time after the plan in which approvals count",
            Self::Planner => "the person who planned started it",
            Self::Unlisted => "the person who started it is not in `people`",
            Self::NoAccess => "the person who started it may not write to the repository",
            Self::Unknown(unknown) => return formatter.write_str(&unknown.reason),
        };
        formatter.write_str(text)
    }
}

impl SecondPersonEvidence {
    /// What keeps the plan's run from being one, if anything.
    fn plan_problem(&self, environment: &EnvironmentName) -> Option<NotCounted<'_>> {
        let PlanRun { run, jobs, is_on_default_branch } = &self.plan;
        let is_announced = |job: &RunJob| job.succeeded && announces(&job.name, environment, &self.digest);
        let workflows = [GatedWorkflow::Promote, GatedWorkflow::Rollback, GatedWorkflow::Hold];
        let calls = workflows.into_iter().any(|workflow| self.calls(run, workflow));
        if let Some(problem) = of_run(run, is_on_default_branch) {
            return Some(problem);
        }
        // A job may start a workflow as the bot of GitHub Actions: the person behind it might be the one who approves.
        let planners = [&run.actor, &run.triggering_actor];
        match &run.end {
            _ if planners.contains(&&None) => Some(NotCounted::Unnamed),
            _ if !planners.into_iter().flatten().all(|planner| planner.is_user) => Some(NotCounted::Bot),
            _ if !calls => Some(NotCounted::Untrusted(GatedWorkflow::Promote)),
            WorkflowConclusion::Otherwise(how) => Some(NotCounted::Ended(how)),
            WorkflowConclusion::Open | WorkflowConclusion::Succeeded if !jobs.iter().any(is_announced) => {
                Some(NotCounted::Unannounced)
            }
            WorkflowConclusion::Open | WorkflowConclusion::Succeeded => None,
        }
    }

    /// Those whose runs count, and the others. Runs that were started after the one that asks are left out: of two at the
    /// same time, one completes the quorum.
    pub(super) fn judged(&self, policy: &SecondPerson) -> Counted<'_> {
        let mut counted = Counted { people: Vec::new(), others: Vec::new() };
        for approval in self.approvals.iter().filter(|approval| approval.run.id <= self.own) {
            match self.approver(approval, policy) {
                Ok(person) if counted.people.iter().any(|other| other.id == person.id) => {}
                Ok(person) => counted.people.push(person),
                Err(why) => counted.others.push((approval.run.id, why)),
            }
        }
        counted
    }

    /// What the next person does.
    pub fn next_step(&self) -> String {
        let (run, digest) = (self.plan.run.id, &self.digest);
        format!("another person starts the workflow that calls approve.yml, with run {run} and plan {digest}")
    }

    fn calls(&self, run: &GitHubRun, workflow: GatedWorkflow) -> bool {
        let is = |trusted: &TrustedWorkflows| {
            run.called.iter().any(|called| trusted.is(workflow, &called.path, &called.commit))
        };
        self.trusted.iter().any(is)
    }

    /// Who approves by a run.
    fn approver<'a>(&'a self, approval: &'a ApprovalRun, policy: &SecondPerson) -> Result<&'a Person, NotCounted<'a>> {
        let ApprovalRun { run, is_on_default_branch, may_write } = approval;
        if let Some(problem) = of_run(run, is_on_default_branch) {
            return Err(problem);
        }
        if !self.calls(run, GatedWorkflow::Approve) {
            return Err(NotCounted::Untrusted(GatedWorkflow::Approve));
        }
        if run.title != approval_title(self.plan.run.id, &self.digest) {
            return Err(NotCounted::Title);
        }
        if let WorkflowConclusion::Otherwise(how) = &run.end {
            return Err(NotCounted::Ended(how));
        }
        // Both are the same person in a first attempt.
        let (Some(person), Some(_)) =
            (&run.actor, run.triggering_actor.as_ref().filter(|it| Some(*it) == run.actor.as_ref()))
        else {
            return Err(NotCounted::Unnamed);
        };
        let begun = run.created.duration_since(self.plan.run.created);
        let age = self.now.duration_since(self.plan.run.created);
        if begun.is_negative() || begun.max(age).unsigned_abs() > policy.expires {
            return Err(NotCounted::Expired);
        }
        self.standing(person, may_write, policy).map_or(Ok(person), Err)
    }

    /// What keeps a person from approving, if anything.
    fn standing<'a>(
        &'a self,
        person: &Person,
        may_write: &'a Fact<bool>,
        policy: &SecondPerson,
    ) -> Option<NotCounted<'a>> {
        let planners = [&self.plan.run.actor, &self.plan.run.triggering_actor];
        let is_named = |login: &GitHubLogin| login.is(&person.login);
        match may_write {
            _ if !person.is_user => Some(NotCounted::Bot),
            _ if planners.into_iter().flatten().any(|planner| planner.id == person.id) => Some(NotCounted::Planner),
            _ if !policy.people.is_empty() && !policy.people.iter().any(is_named) => Some(NotCounted::Unlisted),
            Fact::Is(true) => None,
            Fact::Is(false) => Some(NotCounted::NoAccess),
            Fact::Unknown(unknown) => Some(NotCounted::Unknown(unknown)),
        }
    }
}

/// What keeps any run from being believed, if anything.
fn of_run<'a>(run: &'a GitHubRun, is_on_default_branch: &'a Fact<bool>) -> Option<NotCounted<'a>> {
    match is_on_default_branch {
        _ if run.event != "workflow_dispatch" => Some(NotCounted::Event(&run.event)),
        _ if run.attempt != 1 => Some(NotCounted::RunAgain),
        _ if !run.is_of_repository => Some(NotCounted::Fork),
        Fact::Is(true) => None,
        Fact::Is(false) => Some(NotCounted::OtherBranch),
        Fact::Unknown(unknown) => Some(NotCounted::Unknown(unknown)),
    }
}

/// What helps where a plan cannot be carried out any more.
const ANEW: &str = "plan again: start the workflow that planned it, and let another person approve that plan";

/// The people who have approved, and the runs that do not count.
#[derive(Debug)]
pub struct Counted<'a> {
    /// Each once.
    pub people: Vec<&'a Person>,
    /// The runs that do not count, with why.
    pub others: Vec<(u64, NotCounted<'a>)>,
}

/// Counts the approvals, of which this run is one.
///
/// # Errors
///
/// The plan is none that can be approved, or this run is no approval of it.
pub(super) fn count<'a>(
    environment: &EnvironmentName,
    policy: &SecondPerson,
    seen: &'a SecondPersonEvidence,
) -> Result<Counted<'a>, GateJudgement> {
    match &seen.configuration {
        Fact::Is(true) => {}
        Fact::Is(false) => {
            let reason = "shipgate.toml is not that of the default branch, which says who approves";
            return Err(GateJudgement::unsatisfied(reason, "start the workflow again on the default branch"));
        }
        Fact::Unknown(unknown) => return Err(GateJudgement::unknown(unknown)),
    }
    match seen.plan_problem(environment) {
        None => {}
        Some(NotCounted::Unknown(unknown)) => return Err(GateJudgement::unknown(unknown)),
        Some(problem) => {
            let reason = format!("run {} is no plan that can be approved: {problem}", seen.plan.run.id);
            return Err(GateJudgement::unsatisfied(reason, ANEW));
        }
    }
    let counted = seen.judged(policy);
    // The run that asks has to be one of them: a run that is no approval carries nothing out.
    if let Some((_, why)) = counted.others.iter().find(|(run, _)| *run == seen.own) {
        return Err(refused(format!("this run is no approval: {why}"), why));
    }
    if !seen.approvals.iter().any(|approval| approval.run.id == seen.own) {
        return Err(GateJudgement::unknown(&Unknown::new("this run is not among the approvals that GitHub lists")));
    }
    Ok(counted)
}

/// Enough people other than the one who planned have approved exactly this plan, which was not carried out before.
pub(super) fn judge(
    environment: &EnvironmentName,
    policy: &SecondPerson,
    seen: &SecondPersonEvidence,
) -> GateJudgement {
    let plan = seen.plan.run.id;
    let counted = match count(environment, policy, seen) {
        Ok(counted) => counted,
        Err(judgement) => return judgement,
    };
    match &seen.used_by {
        Fact::Is(None) => {}
        Fact::Is(Some(run)) => {
            let reason = format!("the plan of run {plan} was carried out already, by {run}");
            return GateJudgement::unsatisfied(reason, ANEW);
        }
        Fact::Unknown(unknown) => return GateJudgement::unknown(unknown),
    }
    let by = names(&counted.people);
    if counted.people.len() >= policy.quorum {
        return GateJudgement::satisfied(format!("{by} approved the plan of run {plan}"));
    }
    let others = counted.others.iter().map(|(run, why)| format!("; run {run} does not count: {why}"));
    let reason = format!("{} of {} approvals: {by}{}", counted.people.len(), policy.quorum, others.collect::<String>());
    let hint = seen.next_step();
    let unknown = counted
        .others
        .iter()
        .find_map(|(_, why)| if let NotCounted::Unknown(unknown) = why { Some(unknown) } else { None });
    match unknown {
        Some(unknown) => GateJudgement::unknown(&Unknown { reason, hint: unknown.hint.clone().or(Some(hint)) }),
        None => GateJudgement::unsatisfied(reason, hint),
    }
}

/// A run that does not count, by why.
fn refused(reason: String, why: &NotCounted<'_>) -> GateJudgement {
    let hint = match why {
        NotCounted::Unknown(unknown) => {
            return GateJudgement::unknown(&Unknown { reason, hint: unknown.hint.clone() });
        }
        NotCounted::Planner | NotCounted::Unlisted | NotCounted::NoAccess | NotCounted::Bot => {
            "let another person start it, who may approve"
        }
        NotCounted::Untrusted(_) => "call approve.yml at a commit that `[github] workflows` names",
        NotCounted::Title => {
            "write `run-name: approve ${{ inputs.run }} ${{ inputs.plan }}` in the workflow, or plan again"
        }
        NotCounted::Expired | NotCounted::Unannounced => "plan again, and approve that plan in time",
        NotCounted::Event(_)
        | NotCounted::RunAgain
        | NotCounted::Fork
        | NotCounted::OtherBranch
        | NotCounted::Ended(_)
        | NotCounted::Unnamed => "start it by hand on the default branch, instead of re-running it",
    };
    GateJudgement::unsatisfied(reason, hint)
}

/// Ben approves in run 9 what ana planned in run 7 an hour before.
#[cfg(test)]
pub(in crate::domain::gate) fn sample() -> SecondPersonEvidence {
    use crate::domain::github::run::CalledWorkflow;

    let trusted: TrustedWorkflows = format!("acme/shipgate@{}", "0f".repeat(20)).parse().unwrap();
    let digest = Digest::of("plan");
    let run = |id: u64, person: &str, workflow: GatedWorkflow| {
        let person = Person { id: 100 + id, login: person.to_owned(), is_user: true };
        GitHubRun {
            id,
            workflow: 1,
            event: "workflow_dispatch".to_owned(),
            attempt: 1,
            commit: "a".repeat(40).parse().unwrap(),
            title: approval_title(7, &digest),
            actor: Some(person.clone()),
            triggering_actor: Some(person),
            created: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(i64::try_from(id).unwrap()),
            end: WorkflowConclusion::Open,
            called: vec![CalledWorkflow {
                path: format!("{}/{}@v1", trusted.repository, workflow.path()),
                commit: trusted.commit.to_string(),
            }],
            is_of_repository: true,
        }
    };
    let mut planned = run(7, "ana", GatedWorkflow::Promote);
    planned.end = WorkflowConclusion::Succeeded;
    let approved = ApprovalRun {
        run: run(9, "ben", GatedWorkflow::Approve),
        is_on_default_branch: Fact::Is(true),
        may_write: Fact::Is(true),
    };
    let name = format!("promote / plan {digest} for production");
    SecondPersonEvidence {
        digest,
        now: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(10),
        own: 9,
        trusted: vec![trusted.clone()],
        configuration: Fact::Is(true),
        plan: PlanRun {
            run: planned,
            jobs: vec![RunJob { name, succeeded: true }],
            is_on_default_branch: Fact::Is(true),
        },
        used_by: Fact::Is(None),
        approvals: vec![approved],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_announces_a_plan_by_the_whole_digest() {
        let digest = Digest::of("plan");
        let environment = "production-in-the-european-union".parse().unwrap();
        let is = |name: &str| announces(&name.replace('#', &digest.to_string()), &environment, &digest);
        for name in [
            "plan # for production-in-the-european-union",
            "plan # for production-in-the-eu...",
            "a / b / plan # for ...",
            "promote-production / plan #...",
        ] {
            assert!(is(name), "{name}");
        }
        for name in [
            "plan # for production",
            "plan # for stage...",
            "no plan # for production-in-the-european-union",
            "plan # for production-in-the-european-union / other",
            "plan #",
            "plan sha256:0 for production-in-the-european-union",
        ] {
            assert!(!is(name), "{name}");
        }
    }
}

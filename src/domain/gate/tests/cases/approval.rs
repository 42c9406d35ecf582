//! `protected` and `approved`

use std::time::Duration;

use super::super::approval::{NotCounted, second_person_sample};
use super::super::*;
use super::GateCase;
use crate::domain::github::run::{Person, WorkflowConclusion};

const SETTINGS: &str = "https://github.com/acme/shop/settings/environments/7/edit";

fn required(self_approval: bool) -> impl FnOnce(&mut GatePolicy) {
    move |policy| policy.approval = Some(Approval::Required { self_approval })
}

fn protection(situation: &'static str, change: impl FnOnce(&mut Protection)) -> GateCase {
    let mut found = Protection {
        reviewers: 2,
        prevents_self_review: true,
        branches: AllowedBranches::Matching(vec!["main".to_owned()]),
        admins_can_bypass: Some(false),
    };
    change(&mut found);
    seen(situation, Some(found))
}

fn seen(situation: &'static str, found: Option<Protection>) -> GateCase {
    let seen = ProtectionEvidence { settings: SETTINGS.to_owned(), found };
    GateCase::new(GateName::Protected, ChangeCommand::Promote, situation)
        .policy(required(false))
        .evidence(|evidence| evidence.protection = Fact::Is(seen))
}

pub(super) fn protected_cases() -> Vec<GateCase> {
    let at = |fix: &str| format!("{fix} at {SETTINGS}");
    let second = "; on a private repository without GitHub Enterprise no reviewer can be required: write `approval = { by = \
                  \"second-person\" }`";
    let name = "GitHub's environment production";
    let asks = "asks one of 2 reviewers and teams; administrators";
    vec![
        protection("it has reviewers, allows named branches, and no reviewer approves what they started", |_| {})
            .satisfied(format!("{name} {asks} cannot bypass it")),
        protection("administrators can go past its rules", |found| found.admins_can_bypass = Some(true))
            .satisfied(format!("{name} {asks} can bypass it")),
        protection("GitHub does not say whether administrators can", |found| {
            found.admins_can_bypass = None;
            found.reviewers = 1;
        })
        .satisfied(format!("{name} asks 1 reviewer or team; whether administrators can bypass it GitHub does not say")),
        seen("there is none of this name", None).unsatisfied(
            "there is no environment production on GitHub, and a job would create one without rules",
            format!("create it with required reviewers: {SETTINGS}"),
        ),
        protection("it has no reviewers", |found| found.reviewers = 0)
            .unsatisfied(format!("{name} has no required reviewers"), at("add required reviewers") + second),
        protection("reviewers may approve what they started", |found| found.prevents_self_review = false)
            .unsatisfied(format!("{name} lets people approve their own runs"), at("turn on \"Prevent self-review\"")),
        protection("the same, with `self-approval = true`", |found| found.prevents_self_review = false)
            .policy(required(true))
            .satisfied(format!("{name} {asks} cannot bypass it")),
        protection("any branch may deploy to it", |found| found.branches = AllowedBranches::All).unsatisfied(
            format!("{name} takes every branch"),
            at("select the branches that may deploy by their names"),
        ),
        protection("a pattern of its branches takes all of them", |found| {
            found.branches = AllowedBranches::Matching(vec!["main".to_owned(), "tag **/*".to_owned()]);
        })
        .unsatisfied(format!("{name} takes every branch"), at("select the branches that may deploy by their names")),
        protection("named branches may deploy to it", |found| {
            found.branches = AllowedBranches::Matching(vec!["main".to_owned(), "release/*".to_owned()]);
        })
        .satisfied(format!("{name} {asks} cannot bypass it")),
        protection("it takes protected branches, whichever these are", |found| {
            found.branches = AllowedBranches::Protected;
        })
        .unsatisfied(
            format!("{name} takes protected branches, which are all while no rule protects any"),
            at("select the branches that may deploy by their names"),
        ),
        protection("several settings are missing", |found| {
            found.reviewers = 0;
            found.branches = AllowedBranches::All;
        })
        .unsatisfied(
            format!("{name} has no required reviewers, takes every branch"),
            at("add required reviewers, select the branches that may deploy by their names") + second,
        ),
    ]
}

fn person(id: u64, login: &str) -> Person {
    Person { id, login: login.to_owned(), is_user: true }
}

fn review(state: ReviewState, environment: &str, reviewer: Person) -> Review {
    Review { environments: vec![environment.to_owned()], state, reviewer: Some(reviewer) }
}

/// Started by ana, this attempt by the given person.
fn reviewed(situation: &'static str, attempt: u64, by: Person, reviews: Vec<Review>) -> GateCase {
    let seen = ReviewEvidence { attempt, started_by: vec![person(1, "ana"), by], reviews };
    GateCase::new(GateName::Approved, ChangeCommand::Promote, situation)
        .policy(required(false))
        .evidence(|evidence| evidence.approval = Fact::Is(ApprovalEvidence::Reviews(seen)))
}

fn review_cases() -> Vec<GateCase> {
    use ReviewState::{Approved, Rejected};
    let (ana, ben, eva) = (|| person(1, "ana"), || person(2, "ben"), || person(3, "eva"));
    let here = |state, reviewer| review(state, "production", reviewer);
    let unreviewed = "no reviewer of production has approved this run";
    let again = "start the workflow again, and let another person approve it";
    vec![
        reviewed("`required`: a reviewer who did not start the run approved it", 1, ana(), vec![here(Approved, ben())])
            .satisfied("ben approved this run for production"),
        reviewed("`required`: no person approved it; an administrator went past the rules", 1, ana(), vec![])
            .unsatisfied(unreviewed, again),
        reviewed("`required`: the person who started it approved it", 1, ana(), vec![here(Approved, ana())])
            .unsatisfied("ana approved for production, and started this run", again),
        reviewed("`required`: the same, with `self-approval = true`", 1, ana(), vec![here(Approved, ana())])
            .policy(required(true))
            .satisfied("ana approved this run for production"),
        reviewed(
            "`required`: it was approved for another environment",
            1,
            ana(),
            vec![review(Approved, "stage", ben())],
        )
        .unsatisfied(unreviewed, again),
        reviewed(
            "`required`: it was rejected, run again and approved",
            2,
            ana(),
            vec![here(Rejected, ben()), here(Approved, eva())],
        )
        .satisfied("eva approved this run for production"),
        reviewed("`required`: the person who ran it again approved it", 2, ben(), vec![here(Approved, ben())])
            .unsatisfied("ben approved for production, and started this run", again),
        reviewed(
            "`required`: it was approved, and run again without another approval",
            2,
            eva(),
            vec![here(Approved, ben())],
        )
        .unsatisfied(
            "this is attempt 2 of the run, and 1 was approved by another person",
            "start the workflow again instead of re-running it",
        ),
        reviewed(
            "`required`: each attempt was approved by another person",
            2,
            ana(),
            vec![here(Approved, ben()), here(Approved, eva())],
        )
        .satisfied("ben, eva approved this run for production"),
        reviewed("`required`: a bot approved it", 1, ana(), vec![here(Approved, Person { is_user: false, ..ben() })])
            .unsatisfied(unreviewed, again),
        reviewed(
            "`required`: a bot started it, perhaps for the person who approves",
            1,
            Person { is_user: false, ..person(9, "github-actions[bot]") },
            vec![here(Approved, ben())],
        )
        .unsatisfied(
            "github-actions[bot] started this run, so who asked for it is not known",
            "start the workflow by hand; `self-approval = true` accepts reviewers who may have started it",
        ),
        reviewed("`required`: this is only a plan", 1, ana(), vec![])
            .evidence(|evidence| evidence.approval = Fact::Is(ApprovalEvidence::Later))
            .pending("a reviewer of GitHub's environment production is asked when it is carried out"),
        reviewed("it was not read", 1, ana(), vec![])
            .evidence(|evidence| evidence.approval = Fact::unknown("it was not read"))
            .unknown("it was not read", ""),
    ]
}

/// Ben approves what ana planned an hour ago, in run 9; the plan was made by run 7.
fn second(situation: &'static str, change: impl FnOnce(&mut SecondPersonEvidence)) -> GateCase {
    let mut seen = second_person_sample();
    change(&mut seen);
    GateCase::new(GateName::Approved, ChangeCommand::Promote, situation)
        .policy(second_person(1, &[]))
        .evidence(|evidence| evidence.approval = Fact::Is(ApprovalEvidence::Runs(Box::new(seen))))
}

fn second_person(quorum: usize, people: &[&str]) -> impl FnOnce(&mut GatePolicy) {
    let people = people.iter().map(|name| GitHubLogin::parse(name).unwrap()).collect();
    move |policy| {
        let expires = Duration::from_hours(24);
        policy.approval = Some(Approval::SecondPerson(SecondPerson { quorum, people, expires }));
    }
}

/// The approval that asks.
fn own(seen: &mut SecondPersonEvidence) -> &mut ApprovalRun {
    seen.approvals.last_mut().unwrap()
}

/// Run 8 of eva, before that of ben.
fn another(seen: &mut SecondPersonEvidence) -> &mut ApprovalRun {
    let mut other = own(seen).clone();
    other.run.id = 8;
    other.run.end = WorkflowConclusion::Succeeded;
    other.run.actor = Some(person(3, "eva"));
    other.run.triggering_actor = Some(person(3, "eva"));
    seen.approvals.insert(0, other);
    &mut seen.approvals[0]
}

/// What is wrong with a run that ben or somebody else uses as an approval of ana's plan.
type Forged = (&'static str, fn(&mut SecondPersonEvidence), NotCounted<'static>, &'static str);

const BY_HAND: &str = "start it by hand on the default branch, instead of re-running it";
const OTHER: &str = "let another person start it, who may approve";
const ANEW: &str = "plan again: start the workflow that planned it, and let another person approve that plan";

fn forged() -> Vec<Forged> {
    use crate::domain::github::workflows::GatedWorkflow;
    vec![
        (
            "`second-person`: its commit is not on the default branch: it is of another branch, or of a tag of that name",
            |seen| own(seen).is_on_default_branch = Fact::Is(false),
            NotCounted::OtherBranch,
            BY_HAND,
        ),
        ("`second-person`: it is of a fork", |seen| own(seen).run.is_of_repository = false, NotCounted::Fork, BY_HAND),
        ("`second-person`: somebody ran it again", |seen| own(seen).run.attempt = 2, NotCounted::RunAgain, BY_HAND),
        (
            "`second-person`: a push started it",
            |seen| "push".clone_into(&mut own(seen).run.event),
            NotCounted::Event("push"),
            BY_HAND,
        ),
        (
            "`second-person`: it calls a copy of approve.yml",
            |seen| own(seen).run.called[0].path = "acme/shop/.github/workflows/approve.yml@refs/heads/main".to_owned(),
            NotCounted::Untrusted(GatedWorkflow::Approve),
            "call approve.yml at a commit that `[github] workflows` names",
        ),
        (
            "`second-person`: it calls approve.yml at another commit",
            |seen| own(seen).run.called[0].commit = "1".repeat(40),
            NotCounted::Untrusted(GatedWorkflow::Approve),
            "call approve.yml at a commit that `[github] workflows` names",
        ),
        (
            "`second-person`: its title is of another plan, or the caller was edited and has no `run-name`",
            |seen| "Approve".clone_into(&mut own(seen).run.title),
            NotCounted::Title,
            "write `run-name: approve ${{ inputs.run }} ${{ inputs.plan }}` in the workflow, or plan again",
        ),
        (
            "`second-person`: it was started too long after the plan",
            |seen| own(seen).run.created = seen.plan.run.created + jiff::SignedDuration::from_hours(25),
            NotCounted::Expired,
            "plan again, and approve that plan in time",
        ),
        (
            "`second-person`: it was started before the plan",
            |seen| own(seen).run.created = seen.plan.run.created - jiff::SignedDuration::from_secs(1),
            NotCounted::Expired,
            "plan again, and approve that plan in time",
        ),
        (
            "`second-person`: the person who planned started it",
            |seen| {
                own(seen).run.actor = seen.plan.run.actor.clone();
                own(seen).run.triggering_actor = seen.plan.run.actor.clone();
            },
            NotCounted::Planner,
            OTHER,
        ),
        (
            "`second-person`: the person who ran the plan again started it",
            |seen| seen.plan.run.triggering_actor = own(seen).run.actor.clone(),
            NotCounted::Planner,
            OTHER,
        ),
        (
            "`second-person`: a bot started it",
            |seen| {
                let run = &mut own(seen).run;
                let people = run.actor.iter_mut().chain(&mut run.triggering_actor);
                people.for_each(|person| person.is_user = false);
            },
            NotCounted::Bot,
            OTHER,
        ),
        (
            "`second-person`: the person who started it may only read, or lost access since",
            |seen| own(seen).may_write = Fact::Is(false),
            NotCounted::NoAccess,
            OTHER,
        ),
    ]
}

/// Plans of which it is not known who is behind them.
fn planned_without_a_person() -> Vec<GateCase> {
    let no_plan = |why: &NotCounted<'_>| format!("run 7 is no plan that can be approved: {why}");
    vec![
        second("`second-person`: a bot started the run that planned, perhaps for the person who approves", |seen| {
            seen.plan.run.actor = Some(Person { is_user: false, ..person(4, "github-actions[bot]") });
            seen.plan.run.triggering_actor = seen.plan.run.actor.clone();
        })
        .unsatisfied(no_plan(&NotCounted::Bot), ANEW),
        second("`second-person`: GitHub does not say who started the run that planned", |seen| {
            seen.plan.run.triggering_actor = None;
        })
        .unsatisfied(no_plan(&NotCounted::Unnamed), ANEW),
    ]
}

fn second_person_cases() -> Vec<GateCase> {
    let fits = || second("`second-person`: another person approved the plan", |_| {});
    let hint = |plan: &SecondPersonEvidence| {
        format!("another person starts the workflow that calls approve.yml, with run 7 and plan {}", plan.digest)
    };
    let no_plan = |why: NotCounted<'_>| format!("run 7 is no plan that can be approved: {why}");
    let sample = second_person_sample();
    let mut cases = vec![
        fits().satisfied("ben approved the plan of run 7"),
        second("`second-person`: of two that are asked for, one approved", |_| {})
            .policy(second_person(2, &[]))
            .unsatisfied("1 of 2 approvals: ben", hint(&sample)),
        second("`second-person`: two approved", |seen| {
            another(seen);
        })
            .policy(second_person(2, &["eva", "Ben"]))
            .satisfied("eva, ben approved the plan of run 7"),
        second("`second-person`: one person approved twice", |seen| {
            let ben = own(seen).run.actor.clone();
            let run = &mut another(seen).run;
            (run.actor, run.triggering_actor) = (ben.clone(), ben);
        })
        .policy(second_person(2, &[]))
        .unsatisfied("1 of 2 approvals: ben", hint(&sample)),
        second("`second-person`: one of two was cancelled, which takes the approval back", |seen| {
            another(seen).run.end = WorkflowConclusion::Otherwise("cancelled".to_owned());
        })
        .policy(second_person(2, &[]))
        .unsatisfied("1 of 2 approvals: ben; run 8 does not count: it ended with cancelled", hint(&sample)),
        second("`second-person`: whether one of two may write is not known", |seen| {
            another(seen).may_write = Fact::unknown("GitHub answers 502");
        })
        .policy(second_person(2, &[]))
        .unknown("1 of 2 approvals: ben; run 8 does not count: GitHub answers 502", hint(&sample)),
        second("`second-person`: a run that came later does not count for this one", |seen| another(seen).run.id = 10)
            .policy(second_person(2, &[]))
            .unsatisfied("1 of 2 approvals: ben", hint(&sample)),
        second("`second-person`: it was approved in time, and is carried out too late", |seen| {
            seen.now = seen.plan.run.created + jiff::SignedDuration::from_hours(25);
        })
        .unsatisfied(format!("this run is no approval: {}", NotCounted::Expired), "plan again, and approve that plan in time"),
        second("`second-person`: `people` does not name the person who started it", |_| {})
            .policy(second_person(1, &["eva"]))
            .unsatisfied(format!("this run is no approval: {}", NotCounted::Unlisted), OTHER),
        second("`second-person`: this run is none of those that GitHub lists", |seen| seen.own = 11)
            .unknown("this run is not among the approvals that GitHub lists", ""),
        second("`second-person`: the plan was carried out before", |seen| {
            seen.used_by = Fact::Is(Some("acme/shop/8/1".to_owned()));
        })
        .unsatisfied("the plan of run 7 was carried out already, by acme/shop/8/1", ANEW),
        second("`second-person`: whether the plan was carried out before is not known", |seen| {
            seen.used_by = Fact::unknown("its tags cannot be read");
        })
        .unknown("its tags cannot be read", ""),
        second("`second-person`: the run that planned is of another branch", |seen| {
            seen.plan.is_on_default_branch = Fact::Is(false);
        })
        .unsatisfied(no_plan(NotCounted::OtherBranch), ANEW),
        second("`second-person`: the run that planned was run again", |seen| seen.plan.run.attempt = 2)
            .unsatisfied(no_plan(NotCounted::RunAgain), ANEW),
        second("`second-person`: the run that planned failed", |seen| {
            seen.plan.run.end = WorkflowConclusion::Otherwise("failure".to_owned());
        })
        .unsatisfied(no_plan(NotCounted::Ended("failure")), ANEW),
        second("`second-person`: the run names another plan, as that of another run of the person who planned", |seen| {
            seen.plan.jobs[0].name = format!("promote / plan sha256:{} for production", "0".repeat(64));
        })
        .unsatisfied(no_plan(NotCounted::Unannounced), ANEW),
        second("`second-person`: the run planned for another environment", |seen| {
            seen.plan.jobs[0].name = seen.plan.jobs[0].name.replace("production", "staging");
        })
        .unsatisfied(no_plan(NotCounted::Unannounced), ANEW),
        second("`second-person`: the run that planned calls no workflow of shipgate", |seen| seen.plan.run.called.clear())
            .unsatisfied(
                "run 7 is no plan that can be approved: it does not call .github/workflows/promote.yml of `[github] workflows`",
                ANEW,
            ),
        second("`second-person`: shipgate.toml is another one than the default branch's", |seen| {
            seen.configuration = Fact::Is(false);
        })
        .unsatisfied(
            "shipgate.toml is not that of the default branch, which says who approves",
            "start the workflow again on the default branch",
        ),
        second("`second-person`: nothing names this plan as one that people have approved", |_| {})
            .evidence(|evidence| evidence.approval = Fact::Is(ApprovalEvidence::Unasked))
            .unsatisfied(
                "needs 1 approval of people who may write to the repository, not of the person who planned, within 24h of the plan, \
                 and nothing says that people were asked about this plan",
                "start the workflow that calls promote.yml: it plans, and its page says how another person approves",
            ),
        second("`second-person`: this is only a plan", |_| {})
            .policy(second_person(2, &["alice", "bob"]))
            .evidence(|evidence| evidence.approval = Fact::Is(ApprovalEvidence::Later))
            .pending("waits for 2 approvals of alice or bob, not of the person who planned, within 24h of the plan"),
    ];
    cases.extend(planned_without_a_person());
    cases.extend(forged().into_iter().map(|(situation, change, why, hint)| {
        second(situation, change).unsatisfied(format!("this run is no approval: {why}"), hint)
    }));
    cases
}

/// Which workflows' plans are approved.
fn planning_workflow_cases() -> Vec<GateCase> {
    let by = |situation, file: &'static str| {
        second(situation, |seen| seen.plan.run.called[0].path = format!("acme/shipgate/.github/workflows/{file}@v1"))
    };
    vec![
        by("`second-person`: the plan takes holds off, by hold.yml", "hold.yml")
            .satisfied("ben approved the plan of run 7"),
        by("`second-person`: the run that planned calls deploy-stage.yml", "deploy-stage.yml").unsatisfied(
            "run 7 is no plan that can be approved: it does not call .github/workflows/promote.yml of `[github] workflows`",
            ANEW,
        ),
    ]
}

pub(super) fn approved_cases() -> Vec<GateCase> {
    [review_cases(), second_person_cases(), planning_workflow_cases()].concat()
}
